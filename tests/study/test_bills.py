"""Bills as a study: tables, words and charts; the page of the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.answers import cost_sharing
from models.answers.cost_sharing import AS_BOUGHT, BY_DEMAND, DUAL_PRICES, EQUAL_SAVINGS, sharing_of
from models.errors import SolverError
from models.plan import solve
from planner.studies.bills import (
    _COUNTED,
    NOT_KNOWN,
    RULES,
    Bills,
    BillsStudy,
    Groups,
    Savings,
    Transfers,
    _by_rule,
    bills_table,
    in_fractions,
    sharing_tables,
    tempted,
)
from planner.studies.kind import Tables
from planner.workbook import read as read_file
from tests.models.desk import jin, make, read, sur
from tests.models.test_sharing import crossed

ROOT = Path(__file__).parents[2]
BOUGHT = "If each pays for what it buys,"


def tables_of(case) -> Tables:
    """Return the tables of a case."""
    return Tables(sharing_tables(sharing_of(solve(in_fractions(case))), case))


def said_of(tables) -> list[str]:
    return [s.text for s in BillsStudy.findings(tables) if s.place in {"answer", "figure"}]


def test_tables_by_hand() -> None:
    """A pays 500 and B 1,000 as bought, 750 each by dual prices: A pays B 250."""
    tables = tables_of(read(crossed()))
    saved = {row[0]: row[1:] for row in tables[Savings].rows(*tables[Savings].fields)}
    assert saved[""] == pytest.approx((1750, 250, 250, 250, 250))
    assert saved["A"] == pytest.approx((875, 375, 125, 250 / 3, 125))
    of = tables[Bills].frame().set_index(["rule", "member"])
    assert of.loc[(DUAL_PRICES, "B"), "transfer"] == pytest.approx(-250)
    assert of.loc[(DUAL_PRICES, "A"), "cash"] == pytest.approx(750)
    paid = [row for row in tables[Transfers].rows(*Transfers.FIELDS) if row[0] == DUAL_PRICES]
    assert paid == [(DUAL_PRICES, "A", "B", pytest.approx(250))]
    for _, rows in of.drop(index="", level="member").groupby("rule"):
        assert rows["transfer"].sum() == pytest.approx(0.0, abs=1e-9)
        assert rows["bill"].sum() == pytest.approx(1500)
    assert said_of(tables) == [
        "Together, the members pay 250 USD less cash than if each plans alone.",
        f"{BOUGHT} members that pay more cash than alone: 1. B pays 125 USD more.",
        "Split at shadow prices, members that pay more cash than alone: 0.",
        f"Splits that a group of members would gain by leaving, {_COUNTED}: 2 of 4.",
        "Split at shadow prices, A saves most cash: 125 USD.",
    ]
    first = BillsStudy.pictures(tables)[0]
    left = dict(tables[Groups].rows(Groups.rule, Groups.group))
    assert [series.name.endswith("(a group would leave)") for series in first.series] == [
        bool(left[rule]) for rule in (AS_BOUGHT, DUAL_PRICES)
    ]
    for gain, bound, fractional in tables[Groups].rows(
        Groups.gain, Groups.at_most, Groups.in_parts
    ):
        assert gain <= bound + 1e-9 <= fractional + 2e-9
    groups = tables[Groups].rows(Groups.rule, Groups.group)
    read_back = Groups.of_rows([{"rule": rule, "group": group or None} for rule, group in groups])
    again = _by_rule(tables[Savings], read_back)  # a cell of no group is blank in a workbook
    assert again is not None
    assert [s.name for s in again.series] == [s.name for s in first.series]
    assert len(BillsStudy.pictures(tables)) == 1
    parts = [section.heading for section in BillsStudy.sections(tables)]
    assert parts == ["Savings", "Bills", "Transfers", "Groups"]


@pytest.mark.parametrize(
    ("sells", "cash", "members"),
    [
        (10.0, "160 USD more cash than", 1),
        (20.0, "320 USD more cash than", 1),
        (0.0, "as much cash as", 0),
        (90.0, "40 USD more cash than", 1),
        (200.0, "as much cash as", 0),
    ],
)
def test_less_may_be_missing_for_more_cash(sells: float, cash: str, members: int) -> None:
    """B can't buy from Jin. Alone it has a fifth of Sur, together all of it, at 20 a tonne."""
    closed = {"Refiner": "Jin", "To member": "B", "Open": "no"}
    book = make(jin(100), sur(sells), demand={"A": 80.0, "B": 20.0}, Lanes=[closed])
    tables = tables_of(read(book))
    said = said_of(tables)
    assert said[0] == f"Together, the members pay {cash} if each plans alone."
    less = f"Members with less missing together, weighed by its price: {members}."
    assert (less in said) == (members > 0)
    (shown,) = [row for row in tables[Savings].rows(Savings.member, Savings.duals) if not row[0]]
    assert shown[1] == pytest.approx(-20.0 * max(min(sells, 20.0) - sells / 5, 0.0))


def test_one_member_and_nothing_saved() -> None:
    """No chart and no group; what is said is true."""
    tables = tables_of(read(make(jin(60), demand=100.0)))
    assert said_of(tables) == ["A single member bears the whole cost."]
    assert BillsStudy.pictures(tables) == ()
    tables = tables_of(read(make(jin(0), sur(0), demand={"A": 0.0, "B": 0.0})))
    assert said_of(tables)[1] == (f"{BOUGHT} no member pays more cash than alone.")


@pytest.mark.parametrize("rule", [AS_BOUGHT, BY_DEMAND, DUAL_PRICES])
def test_a_search_that_fails_is_told_and_the_bills_are_kept(monkeypatch, rule: str) -> None:
    """If the search for a leaving group fails, the page names the split."""
    searched = cost_sharing.leaving_group

    def failing(pool, split):
        if len(asked := seen) == ORDER.index(rule):
            asked.append(rule)
            raise SolverError(why)
        seen.append("")
        return searched(pool, split)

    seen, why = list[str](), "the solver ended with: Unknown"
    monkeypatch.setattr(cost_sharing, "leaving_group", failing)
    case = read(crossed())
    tables = tables_of(case)
    groups = dict(tables[Groups].rows(Groups.rule, Groups.group))
    assert [r for r, group in groups.items() if group == NOT_KNOWN] == [rule]
    assert set(tables[Bills].rule) == set(ORDER)
    unknown = "Splits of which the group that would leave is not known: 1."
    assert unknown in [sentence.text for sentence in BillsStudy.findings(tables)]


ORDER = [AS_BOUGHT, BY_DEMAND, EQUAL_SAVINGS, DUAL_PRICES]


# ---- the page of the docs ------------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_is_what_the_command_says() -> None:
    """Savings and groups of the first example, planned anew."""
    case = read_file(ROOT / "inputs" / "critical-minerals.xlsx").case
    sharing = sharing_of(solve(in_fractions(case)))
    page = (ROOT / "docs" / "cooperation.md").read_text(encoding="utf-8")
    said = page.split("\n## critical-minerals\n")[1].split("\n## ")[0]
    saved = bills_table(sharing, case).frame().pivot_table("saving", "member", "rule")[list(RULES)]
    saved.insert(0, "alone", bills_table(sharing, case).frame().groupby("member")["alone"].first())
    planned = {name or "all": [a / 1e6 for a in amounts] for name, *amounts in saved.itertuples()}
    rows = re.findall(r"^\| ([\w ]+?) ((?:\| [-\d,]+ )+)\|$", said, re.MULTILINE)
    assert {"all", "Japan", "South Korea"} < {name for name, _ in rows}
    for name, cells in rows:
        told = [float(cell.replace(",", "")) for cell in cells.strip("| ").split("|")]
        assert told == pytest.approx(planned[name], abs=0.51), name
    for rule, group, gain in tempted(sharing, case).rows(Groups.rule, Groups.group, Groups.gain):
        row = f"| {rule} | {group.replace(';', ',') or 'nobody'} | {gain / 1e6:,.0f} |"
        assert row in said
    assert len(bills_table(sharing, case)) == 4 * (len(case.members) + 1)
