"""Actions on buyers, by hand: demand, stock targets, members.

Jin of China sells at 10, Sur of Chile at 20; a tonne short costs 500.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import pytest

from models import checks
from models.case import Case, SortedRecords
from models.errors import Severity
from models.schema import SHEETS, CellKind, Column, Member, Record, ScenarioStep
from planner.scenarios.actions import ACTIONS
from tests.models.desk import BookT, jin, make, new_works, read, solve, sur, tonnes
from tests.scenarios.edits import Row
from tests.scenarios.what_if import base_of, case_of, objective, plan_of, step

near = pytest.approx
THREE = (2026, 2027, 2028)

# ---- demand ------------------------------------------------------------------------------------


def test_demand_of_one_member_in_one_year() -> None:
    """A and B want 50 a year; B twice as much in 2027, of 120 t from Jin: 1,000 + 1,200 + 30 x 20.

    The same of the mineral: 1,000 + 1,200 + 80 x 20.
    """
    book = make(jin(120), sur(), demand={"A": 50, "B": 50}, years=(2026, 2027))
    twice = step("scale demand", 2, Member="B", First_year=2027, Last_year=2027)
    assert objective(book, twice) == near(2200 + 600)
    assert objective(book, step("scale demand", 2, Mineral="copper", First_year=2027)) == near(3800)


def test_demand_of_all_tiers() -> None:
    """60 t and 40 t of a tier, x 1.5: 150 t, of which 100 at 10 and 50 at 20."""
    book = make(jin(), sur(), demand=60)
    book["Tiers"] = [{"Tier": "defence", "Shortage cost multiple": 50}]
    book["Demand"][0]["Tier"] = None
    book["Demand"].append(book["Demand"][0] | {"Tier": "defence", "2026": 40})
    assert objective(book, step("scale demand", 1.5)) == near(2000)


# ---- stock targets -----------------------------------------------------------------------------


def depot(demand: float | Sequence[float] = 100, **cells: object) -> BookT:
    """A stockpile of 50 t at most, none at first; 1 a t and year to hold, 100 a t below target."""
    pile: Row = {
        "Mineral": "copper",
        "Member": "A",
        "Max (t)": 50,
        "Opening (t)": 0,
        "Target (t)": None,
        "Target (days)": None,
        "Target penalty (USD/t/yr)": 100,
        "Holding cost (USD/t/yr)": 1,
    }
    cells = {h.replace("_", " "): said for h, said in cells.items()}
    return make(jin(300), demand={"A": demand}, years=THREE, Stockpiles=[pile | cells])


def targets(book: BookT, *steps: Row) -> list[float]:
    """The target of each year."""
    return plan_of(book, *steps).stocks["target"].tolist()


ONE_YEAR = step("set stock target", 30, First_year=2027, Last_year=2027)


def test_target_in_one_year_beside_one_in_tonnes() -> None:
    """10 t: bought 310 in all, held 10 + 10 + 10: 3,130.

    30 t in 2027: 110 + 120 + 80 t are bought, held 10 + 30 + 10: 3,100 + 50.
    """
    book = depot(**{"Target (t)": 10})
    assert solve(book).objective == near(3130)
    assert objective(book, ONE_YEAR) == near(3150)
    assert targets(book, ONE_YEAR) == near([10, 30, 10])


def test_target_in_one_year_beside_one_in_days() -> None:
    """36.5 days of 100, 200 and 100 t: 10, 20, 10. 30 t in 2027: 410 t bought, 50 t held: 4,150."""
    book = depot((100, 200, 100), **{"Target (days)": 36.5})
    assert targets(book, step("scale demand", 1)) == near([10, 20, 10])
    assert objective(book, ONE_YEAR) == near(4150)
    assert targets(book, ONE_YEAR) == near([10, 30, 10])


def test_days_before_and_after_follow_scaled_demand() -> None:
    """Twice the demand: 36.5 days are 20, (30 as set) and 20 t; 2 x 300 + 20 t and 70 t held."""
    book = depot(**{"Target (days)": 36.5})
    twice = step("scale demand", 2)
    for steps in ((ONE_YEAR, twice), (twice, ONE_YEAR)):
        assert targets(book, *steps) == near([20, 30, 20])
        assert objective(book, *steps) == near(6200 + 70)


def test_target_in_one_year_beside_a_blank() -> None:
    """The opening stock of 5 is the target: 5, 30, 5. Bought 300, held 5 + 30 + 5: 3,040."""
    book = depot(**{"Opening (t)": 5})
    assert targets(book, ONE_YEAR) == near([5, 30, 5])
    assert objective(book, ONE_YEAR) == near(3040)


def test_target_of_nothing_and_back_again() -> None:
    """0 t in all years: 3,000; then 30 t in 2027 alone: 3,000 + 30 held, sold off after it.

    A target of 0 over an opening stock of 5 is no blank: the 5 t are used at once, 295 x 10.
    """
    nothing = step("set stock target", 0)
    assert objective(depot(**{"Target (t)": 10}), nothing) == near(3000)
    assert objective(depot(**{"Target (t)": 10}), nothing, ONE_YEAR) == near(3030)
    assert objective(depot(**{"Opening (t)": 5}), nothing) == near(2950)
    assert targets(depot(**{"Target (days)": 36.5}), nothing) == near([0, 0, 0])


def test_target_above_max_is_missed_and_paid() -> None:
    """70 t of 50 in 2027: 20 x 100, 50 t held, sold off after it: 3,000 + 50 + 2,000."""
    book = depot(**{"Target (t)": 0})
    over = step("set stock target", 70, First_year=2027, Last_year=2027)
    assert objective(book, over) == near(5050)


# ---- members -----------------------------------------------------------------------------------


def club() -> BookT:
    """A of Chile, alone in the group G, and B want 50 t each; A is in every sheet there is."""
    book = make(jin(), sur(), demand={"A": 50, "B": 50})
    book["Members"] = [
        {"Member": "A", "Country": "CHL", "Group": "G"},
        {"Member": "B", "Country": None, "Group": "H"},
    ]
    for sheet, cells in {
        "Stockpiles": {"Mineral": "copper", "Max (t)": 30, "Target (t)": 20},
        "Contracts": {"Refiner": "Sur", "Mineral": "copper", "Min (t/yr)": 10},
        "Current supply": {"Refiner": "Jin", "Mineral": "copper", "Tonnes (t/yr)": 60},
    }.items():
        book[sheet] = [{**cells, "Member": name} for name in ("A", "B")]
    book["Lanes"] = [
        {"To member": name, "Freight (USD/t)": t} for name, t in (("A", 1), ("B", 2), (None, 3))
    ]
    book["Freight"] = [{"From country": "CHN", "A": 7, "B": 8}]
    book["Share limits"] = [
        {"Limit": "max", "Buyer": buyer, "Supplier group": "country", "Share": share}
        for buyer, share in (("A", 0.1), ("B", 0.8), ("G", 0.2), ("H", 0.9), ("each", 0.7))
    ]
    return book


def without_a(book: BookT) -> BookT:
    """The book without A, by hand; Chile stays the coalition's."""
    left = {
        sheet: [
            {h: said for h, said in row.items() if h != "A"}
            for row in rows
            if "A" not in {row.get("Member"), row.get("To member"), row.get("Buyer")}
            and row.get("Buyer") != "G"
        ]
        for sheet, rows in book.items()
    }
    return left | {"Countries": [{"Country": "CHL", "Bloc": "coalition"}]}


LEAVES = step("remove member", Member="A")


@pytest.mark.parametrize("payer", ["A", "G", "B", "H", None])
def test_what_a_member_pays_goes_with_it(payer: str | None) -> None:
    """A support that A, or its group, pays is gone; of others, and of all, it is left."""
    support = {"Plant": "Jin", "Mineral": "copper", "Strike price (USD/t)": 30, "Payer": payer}
    case = case_of({**club(), "Supports": [support]}, LEAVES)
    assert [row.payer for row in case.supports] == [payer or ""] * (payer not in {"A", "G"})
    assert not [f for f in checks.check_rules(case) if f.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("record", "column"),
    [(r, c) for r in SHEETS for c in r.columns() if c.holds_member],
    ids=lambda of: of.SHEET if isinstance(of, type) else of.field,
)
def test_no_row_that_names_a_member_is_left(record: type[Record], column: Column) -> None:
    """A record of any sheet that names A, or its group, is gone with it; a blank selector stays."""

    def row(who: str) -> Record:
        made = object.__new__(record)
        for field in dataclasses.fields(record):
            object.__setattr__(made, field.name, who if field.name == column.field else "")
        return made

    table = Case.SHEET_FIELDS[record.SHEET]
    case = read(club()).change(**{table: SortedRecords(map(row, ("A", "B", "G", "")))})
    leaves = ScenarioStep(name="gone", action="remove member", member="A")
    left = getattr(ACTIONS["remove member"](case, leaves), table)
    assert sorted(getattr(each, column.field) for each in left) == ["", "B"]


def test_each_column_that_holds_a_member_declares_it() -> None:
    """A name that its header or its meaning calls a member's is known as one."""
    names = [(r, c) for r in SHEETS for c in r.columns() if c.kind is CellKind.NAME]
    assert not [
        (record.SHEET, column.header)
        for record, column in names
        if re.search(r"\bmember\b", f"{column.header} {column.meaning}", re.IGNORECASE)
        and not (column.holds_member or record is Member)
    ]
    assert [r.SHEET for r in SHEETS if r.SPREAD == "members"] == ["Freight"]


def test_a_member_goes_with_all_its_rows() -> None:
    """Demand, stocks, contracts, today's supply, lanes, freight and limits of A and of G."""
    case = case_of(club(), LEAVES)
    assert [m.name for m in case.members] == ["B"]
    for records in (case.demand, case.stockpiles, case.contracts, case.current_supply):
        assert [row.member for row in records] == ["B"]
    assert [row.member for row in case.lanes] == ["B", ""]
    assert [row.costs for row in case.freight] == [(("B", 8.0),)]
    assert {row.buyer for row in case.share_limits} == {"B", "H", "each"}
    assert not [f for f in checks.check_rules(case) if f.severity is Severity.ERROR]


def test_the_plan_is_that_of_the_book_without_it() -> None:
    """The same to a billionth, and the refiners all there."""
    plan = plan_of(club(), LEAVES)
    assert plan.objective == near(solve(without_a(club())).objective, rel=1e-9)
    assert [r.name for r in plan.case.refiners] == ["Jin", "Sur"]
    assert plan.case.refiners == base_of(club(), LEAVES).refiners


def test_a_group_of_which_a_member_is_left_keeps_its_limits() -> None:
    """G is A and B; a limit of 0.2 on Jin into G: 10 of B's 50 once A is gone: 100 + 800."""
    book = make(jin(), sur(), demand={"A": 50, "B": 50})
    for row in book["Members"]:
        row["Group"] = "G"
    book["Share limits"] = [
        {"Limit": "max", "Buyer": "G", "Supplier group": "country", "Supplier": "CHN", "Share": 0.2}
    ]
    assert solve(book).objective == near(200 + 1600)
    assert objective(book, LEAVES) == near(900)


def test_countries_keep_their_blocs() -> None:
    """Chile stays the coalition's once A of Chile is gone, uncapped: 15 x 10 + 35 x 20 = 850.

    Were it outside, its 35 t would be 15 and 20 t would be short.
    """
    book = make(jin(), sur(), demand={"A": 50, "B": 50})
    book["Members"][0]["Country"] = "CHL"
    book["Share limits"] = [
        {
            "Limit": "max",
            "Supplier group": "country",
            "Supplier": "each outside coalition",
            "Share": 0.3,
        }
    ]
    assert objective(book, LEAVES) == near(850)
    case = case_of(book, LEAVES)
    assert (case.blocs_of("CHL"), case.blocs_of("CHN")) == (("coalition",), ("other",))


def test_its_limits_are_gone_and_those_of_the_coalition_are_of_the_rest() -> None:
    """At most 0.6 of demand from each country: of 100 t 60, of B's 50 t 30: 300 + 400."""
    book = make(jin(), sur(), demand={"A": 50, "B": 50})
    book["Share limits"] = [{"Limit": "max", "Supplier group": "country", "Share": 0.6}]
    plan = plan_of(book, LEAVES)
    assert plan.objective == near(700)
    assert tonnes(plan, refiner="Jin", member="B") == near(30)


@pytest.mark.parametrize(
    "after",
    [
        step("block lanes", Member="A"),
        step("set lane max", 5, Member="A"),
        step("set tariff", 0.5, Member="A"),
        step("scale freight", 2, Member="A"),
        step("scale demand", 2, Member="A"),
        step("set stock target", 5, Member="A"),
        step("remove member", Member="A"),
    ],
    ids=lambda row: row["Action"],
)
def test_a_later_step_for_a_member_that_is_gone(after: Row) -> None:
    """It touches nobody: a plan as without it, B's 50 x 10."""
    book = make(jin(), sur(), demand={"A": 50, "B": 50})
    assert objective(book, LEAVES, after) == near(500)


@pytest.mark.parametrize("steps", [(step("remove member"),), (LEAVES, step("remove member"))])
def test_all_members_removed(steps: tuple[Row, ...]) -> None:
    """An empty plan: nothing bought, nothing short, objective 0, served share 1."""
    book = club()
    book["Projects"] = [new_works()]
    book["Mines"] = [{"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 80}]
    book["Settings"].append({"Setting": "Switching cost (USD/t)", "Value": 5})
    plan = plan_of(book, *steps)
    assert plan.objective == 0
    assert (plan.served_share, plan.shortage, plan.tonnes, plan.purchases) == (1, 0, 0, 0)
    for table in (plan.flows, plan.supply, plan.shortages, plan.stocks, plan.contracts, plan.ore):
        assert table.empty
    assert plan.status == "optimal"
    assert plan.case.members == ()
