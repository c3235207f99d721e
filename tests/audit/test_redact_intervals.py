"""Redact keeps its promise: from the copy alone no figure of a member is known too closely."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest

from planner.audit.file import open_plan
from planner.audit.redact import redact, write_redacted
from planner.cli import main
from planner.workbook.template import write_book
from tests.audit.adversary import Mineral, landed, sheets, too_close, withheld
from tests.budget import at_length
from tests.reference.cases import random_book

EXAMPLE = "inputs/critical-minerals.xlsx"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The plan of the example."""
    plan = tmp_path_factory.mktemp("example") / "plan.xlsx"
    assert main(["solve", EXAMPLE, "--output", str(plan)]) == 0
    return plan


def moved(plan, copy, hidden):
    """Return, by mineral, in how many of the years a member's change of stock is known exactly."""
    true, shown = sheets(plan), sheets(copy)
    found, prices = {}, landed(true, hidden)
    for mineral, figures in withheld(true, hidden).items():
        if mineral not in SOME:
            continue
        changes = {key for key in figures if key[0] == "Change" and key[1] == "Japan"}
        every = Mineral(mineral, shown, figures, prices[mineral]).intervals(changes)
        scale = max(abs(v) for v in figures.values())
        found[mineral] = sum(high - low < 1e-6 * scale for *_, low, high in every)
    return {mineral: years for mineral, years in found.items() if years}


ALL = ("Cobalt", "Gallium", "Germanium", "Graphite", "Lithium", "Nickel", "Rare earths")
SOME = ("Cobalt", "Gallium", "Germanium")
"""The minerals of the example that are looked at: each takes some seconds a copy."""
EMPTY = {"Cobalt": 8}
"""Years in which the stocks of two members are empty together: neither has one that moves."""


@pytest.mark.parametrize(
    ("other", "told", "withheld_of"),
    [
        ("South Korea", EMPTY | {"Gallium": 10, "Germanium": 10}, {"Gallium", "Germanium"}),
        ("Germany", dict.fromkeys(SOME, 10), set(ALL)),
    ],
)
def test_purchases_and_shortage_less_demand_do_not_tell_a_stock(  # noqa: PLR0917
    example, tmp_path, capsys, other, told, withheld_of
):
    """Of two members only one has a stock: where totals stay, every change of it is known."""
    copy, hidden = tmp_path / "copy.xlsx", {"Japan", other}
    call = ["redact", str(example), "--member", "Japan", "--member", other, "--output", str(copy)]
    assert main([*call, "--keep-totals", "--unless-computable"]) == 2
    assert "Japan: " in capsys.readouterr().err
    assert main([*call, "--keep-totals"]) == 0
    assert moved(example, copy, hidden) == told
    assert main([*call, "--unless-computable"]) == 0
    assert moved(example, copy, hidden) == {}
    demand = {r["Mineral"]: r["Demand"] for r in sheets(copy)["By mineral"]}
    assert {mineral for mineral, tonnes in demand.items() if tonnes is None} == withheld_of


def test_nothing_of_two_buyers_of_the_example_is_known_too_closely(example, tmp_path):
    copy, hidden = tmp_path / "copy.xlsx", ("Japan", "South Korea")
    write_redacted(copy, redact(open_plan(example), hidden))
    found, counted = too_close(example, copy, set(hidden), minerals=SOME)
    assert found == []
    assert counted > 300


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(4, 8)))
def test_no_figure_of_any_plan_is_known_too_closely(tmp_path, seed):
    """Each member alone, each two together: by a program that shares nothing with the planner's."""
    case, plan, copy = (tmp_path / f"{name}.xlsx" for name in ("case", "plan", "copy"))
    write_book(case, random_book(np.random.default_rng(seed), 1 + seed % 4))
    assert main(["solve", str(case), "--output", str(plan), "--workers", "1"]) == 0
    members = list(dict.fromkeys(r["Member"] for r in sheets(plan)["Prices"]))
    groups = [members[:1], members[-1:], members[:2], members[1:3], members[:3]]
    for hidden in {tuple(group) for group in groups if group}:
        write_redacted(copy, redact(open_plan(plan), hidden))
        assert too_close(plan, copy, set(hidden))[0] == [], hidden


def test_the_reader_of_these_tests_computes_what_is_told(tmp_path):
    """Where totals are kept, of a member alone every figure is found: the tests can fail."""
    case, plan, copy = (tmp_path / f"{name}.xlsx" for name in ("case", "plan", "copy"))
    write_book(case, random_book(np.random.default_rng(3), 4))
    assert main(["solve", str(case), "--output", str(plan), "--workers", "1"]) == 0
    one = openpyxl.load_workbook(plan)["Prices"]["C2"].value
    write_redacted(copy, redact(open_plan(plan), (one,), keep_totals=True))
    found, _ = too_close(plan, copy, {one})
    assert {"Demand", "flow"} <= {key[1] for key in found}


def book_of_one_site(years=(2026,)):
    """One refiner, from which three members buy at a freight of their own."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, *lines in (
        ("Settings", ("Setting", "Value"), ("Default freight (USD/t)", 10)),
        ("Minerals", ("Mineral", "Price (USD/t)"), ("Copper", 9000)),
        ("Members", ("Member", "Country"), *((m, m) for m in ("Japan", "Germany", "France"))),
        (
            "Refiners",
            ("Refiner", "Mineral", "Country", "Capacity (t/yr)", "Cost (USD/t)"),
            ("Onsan", "Copper", "South Korea", 9000, 8000),
            ("Codelco", "Copper", "Chile", 500, 7000),
        ),
        (
            "Demand",
            ("Mineral", "Member", *years),
            *(
                ("Copper", m, *(tonnes + y for y in range(len(years))))
                for m, tonnes in (("Japan", 700), ("Germany", 311), ("France", 500))
            ),
        ),
        (
            "Lanes",
            ("Mineral", "From country", "To member", "Freight (USD/t)", "Open"),
            ("Copper", "South Korea", "Germany", 160, None),
            ("Copper", "Chile", "Japan", None, "no"),
            ("Copper", "Chile", "Germany", None, "no"),
        ),
    ):
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    return book


@pytest.mark.parametrize("years", [(2026,), (2026, 2027)])
def test_what_is_paid_together_does_not_tell_who_buys_what(tmp_path, years):
    """Of two members that buy from one site, tonnes and money together tell both."""
    case, plan, copy = (tmp_path / f"{name}.xlsx" for name in ("case", "plan", "copy"))
    book_of_one_site(years).save(case)
    hidden = {"Japan", "Germany"}
    assert main(["solve", str(case), "--output", str(plan), "--workers", "1"]) == 0
    write_redacted(copy, redact(open_plan(plan), tuple(hidden)))
    found, counted = too_close(plan, copy, hidden)
    assert found == []
    assert counted >= 4 * len(years)
    others = [row for row in sheets(copy)["Plan"] if row["Member"] == "Others (redacted)"]
    assert len(others) == len(years)  # tonnes together stay
