"""The sentences of an explanation: what a planner reads who knows no linear program."""

from __future__ import annotations

import dataclasses
import json

import pytest

from models.answers.explain import explain
from models.answers.least_change import least_change
from models.program.component import PriceTerm
from planner.sheets.explain import Cells, explained, explanation_json
from tests.models.desk import FIRST, BookT, jin, make, refiner, sur
from tests.models.desk import solve_once as solve
from tests.models.test_explain import capped


def said(book: BookT, member: str = "A", year: int = FIRST) -> list[str]:
    """The lines of an explanation; a cell is its sheet, row and header."""
    plan = solve(book)
    cells = Cells(
        plan.case, plan.case, lambda _, row, column: f"{row}.{column}", lambda *_: None
    )  # fmt: skip
    change = least_change(plan, "copper", member, year)
    found = explain(plan, "copper", member, year)
    json.dumps(explanation_json(found, change, cells), allow_nan=False)
    return [" ".join(line.split()) for line in explained(found, change, cells)]


def test_a_price_that_holds() -> None:
    """Sur's 100 serve 40: its price holds for 60 more, and for the 40 it sells."""
    lines = said(make(jin(60), sur(100)))
    assert lines[:5] == [
        "copper for A in 2026",
        "Needs 100 t, buys 100 t; nothing is missing.",
        "",
        "Marginal price of supply: 20.00 USD/t (sheet Prices).",
        (
            "One tonne more for A would cost 20.00 USD; the price holds for up to 60 t more and"
            " 40 t less."
        ),
    ]
    assert "One tonne more saves 10.00 USD, as does each from 0 t to 100 t." in lines
    assert "Capacity of Jin (CHN), at 60 t [Refiners!2.Capacity]" in lines


@pytest.mark.parametrize(("member", "shown"), [("A", "500.00"), ("B", "500.00")])
def test_what_need_costs_and_supply_saves_where_nothing_is_met(member: str, shown: str) -> None:
    """Fairly: A's 10 t and B's 90 t are all short; a tonne more of either is short, too."""
    lines = said(make(jin(0), demand={"A": 10, "B": 90}), member)
    assert any(line.startswith(f"One more tonne of need would cost {shown} USD") for line in lines)
    assert not any(line.startswith("One tonne more for") for line in lines)


def test_what_need_costs_in_each_tier() -> None:
    book = make(jin(0))
    row = {"Mineral": "copper", "Member": "A"}
    book["Demand"] = [row | {"Tier": "defence", "2026": 30}, row | {"Tier": "other", "2026": 70}]
    book["Tiers"] = [
        {"Tier": "defence", "Shortage cost multiple": 20},
        {"Tier": "other", "Shortage cost multiple": 4},
    ]
    need = (
        "One more tonne of need would cost 1,000 USD in tier defence and 200.00 USD in tier other"
    )
    assert any(line.startswith(need) for line in said(book))


def test_a_range_that_reads_as_one_number_is_left_out() -> None:
    """Sur has 0.0004 t more than is bought: the price of Jin's tonne holds for as much."""
    lines = said(make(jin(100), sur(0.0004), demand=100.0002))
    assert "Capacity of Jin (CHN), at 100 t [Refiners!2.Capacity]" in lines
    assert not any("from 100 t to 100 t" in line for line in lines)


def test_a_price_at_a_corner() -> None:
    """All capacity is used: a tonne more is short, one less is Sur's; Jin's tonne likewise."""
    lines = said(make(jin(60), sur(40)))
    assert any(
        line.startswith(
            "One tonne more for A would cost 500.00 USD, one tonne less would save 20.00 USD. The "
        )
        for line in lines
    )
    assert "How the plan would get one more tonne:" not in lines
    assert "One tonne more saves 10.00 USD; one tonne less costs 490.00 USD." in lines


def test_what_is_worth_nothing_by_itself() -> None:
    """A capacity of 60 behind a cap of 60."""
    lines = said(make(jin(60), sur(), Share_limits=[capped(0.6, "CHN")]))
    nothing = [line for line in lines if "saves nothing alone, because another limit binds" in line]
    assert nothing
    assert all("less costs 10.00 USD" in line for line in nothing)


def test_many_moves_are_told_by_what_they_come_to() -> None:
    """Five members share a shortage: in all a tonne more is short; each move is in the data."""
    book = make(jin(300), sur(100), demand=dict.fromkeys("ABCDE", 100.0))
    lines = said(book)
    assert "+1 t 500.00 USD short: all members, 2026" in lines
    assert "The price is the cost of a missing tonne:" in lines
    found = explain(solve(book), "copper", "A", FIRST)
    assert found.price is not None
    assert len(found.price.moves) > 4


def test_whose_shortage_a_change_ends() -> None:
    """A's alone; all members', who share it; and a cell that holds for other years, too."""
    lines = said(make(jin(60)))
    assert "The smallest change of cells that ends the shortage of A:" in lines
    assert "Refiners!2.Capacity: 60 t/yr -> 100 t/yr" in lines
    assert "With this change, nobody is short of copper in 2026 in a new plan." in lines
    assert "If the change is 1 % smaller, A is still short." in lines
    lines = said(make(jin(150), demand={"A": 100, "B": 100}, years=(2026, 2027, 2028)))
    assert "capacity of Jin (CHN); the cell also applies to 2027 and 2028" in lines
    assert "With this change, nobody is short of copper in 2026 in a new plan." in lines


def test_who_is_still_short_with_the_change() -> None:
    """B is short for its own lane: A's change leaves it so, and says so."""
    lanes = [{"From country": "CHN", "To member": "B", "Max (t/yr)": 20}]
    book = make(
        jin(60), sur(20), demand={"A": 100, "B": 50}, Lanes=lanes,
        settings={"Fair shortage weight": 0},
    )  # fmt: skip
    lines = said(book)
    assert "With this change, A is not short of copper in 2026 in a new plan." in lines
    assert any(line.startswith("Still short of copper in 2026: B ") for line in lines)


def test_a_lane_is_opened() -> None:
    """`no -> yes`, and which lanes those are."""
    lines = said(make(jin(), Lanes=[{"From country": "CHN", "Open": "no"}]))
    assert "Why short: No open lane from Jin (CHN)." in lines
    assert "Lanes!2.Open: no -> yes" in lines
    assert "row 2: lanes from CHN to every member" in lines


def test_what_would_end_it_where_no_cell_does() -> None:
    """The only refiner has closed."""
    book = make(jin(Last_year=2025), demand={"A": 60, "B": 40})
    book["Members"][0]["Country"] = "Japan"
    (line,) = [line for line in said(book) if line.startswith("A new refiner")]
    assert line == (
        "A new refiner in Japan would end it if it made 100 t in 2026 and needed no ore: in a plan"
        " with it, A is not short. Demand that is smaller by as much would end it, too."
    )


def test_supply_that_is_too_dear() -> None:
    """600 a tonne, 500 a tonne short: at 600 neither is cheaper, so that is told in full."""
    lines = said(make(refiner("Jin", "CHN", 100, 600)))
    head = (
        "Supply is available, but costs more than a missing tonne does. The plan would buy it"
        " with this change:"
    )
    assert head in lines
    assert "Minerals!2.Shortage cost: 500 USD/t -> 600.1 USD/t" in lines


def test_a_reserve() -> None:
    """Filled in 2026, used in 2027, and what a tonne of it costs."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 500, "Holding cost (USD/t/yr)": 1}
    book = make(jin(500, Last_year=2026), years=(2026, 2027), Stockpiles=[pile])
    assert "Needs 100 t, buys 200 t, puts 100 t into its reserve; nothing is missing." in said(book)
    lines = said(book, year=2027)
    assert "Needs 100 t, buys 0 t, takes 100 t from its reserve; nothing is missing." in lines
    assert "One more tonne would come from the reserve at the end of 2026:" in lines


def test_ore_that_is_used_up_is_told_with_its_mines() -> None:
    """Jin has room and no ore: the largest mines come first."""
    mines = [
        {"Mineral": "copper", "Country": country, "Capacity (t/yr)": tonnes}
        for country, tonnes in (("PER", 20), ("CHL", 30), ("ZMB", 5), ("AUS", 5))
    ]
    lines = said(make(jin(), Mines=mines))
    assert (
        "Why short: 1 supplier without more ore: the mines that can ship to them are used up"
        " (CHL, PER, AUS and 1 more)." in lines
    )


@pytest.mark.parametrize("demand", [0.0, 1.0])
def test_where_nothing_can_be_taken_away(demand: float) -> None:
    """A reserve without demand: there is no tonne less, and no -0.00."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 500}
    lines = said(make(jin(500), demand=demand, Stockpiles=[pile]))
    assert not any("-0.00" in line for line in lines)
    assert any("One tonne more for A would cost 10.00 USD" in line for line in lines)


def test_a_shortage_cost_is_told_by_what_makes_it() -> None:
    """500 is 50 x 10, and 200 is 50 x 4 of a tier: the price, the multiple, and both cells."""
    lines = said(make(jin(60)))
    words = "500.00 the cost of a tonne short (price x shortage cost multiple 10)"
    assert f"{words} [Minerals!2.Price; Settings!0.Shortage cost multiple]" in lines
    book = make(jin(60))
    row = {"Mineral": "copper", "Member": "A"}
    book["Demand"] = [row | {"Tier": "defence", "2026": 30}, row | {"Tier": "other", "2026": 70}]
    book["Tiers"] = [
        {"Tier": "defence", "Shortage cost multiple": 20},
        {"Tier": "other", "Shortage cost multiple": 4},
    ]
    words = "200.00 the cost of a tonne short of other (price x shortage cost multiple 4)"
    assert f"{words} [Minerals!2.Price; Tiers!3.Shortage cost multiple]" in said(book)


def test_parts_that_are_rounding_are_not_told() -> None:
    """A fair part of 0.001 a tonne is in the data and not in the words."""
    plan = solve(make(jin(60)))
    found = explain(plan, "copper", "A", FIRST)
    assert found.price is not None
    dust = PriceTerm("fair share", "its part in sharing the shortage fairly", 0.001)
    price = dataclasses.replace(found.price, terms=(*found.price.terms, dust))
    cells = Cells(plan.case, plan.case, lambda *_: "", lambda *_: None)
    lines = list(explained(dataclasses.replace(found, price=price), None, cells))
    assert any("the cost of a tonne short" in line for line in lines)
    assert not any("sharing the shortage" in line or "in all, " in line for line in lines)


WHOLE = {"Whole projects": "yes"}


@pytest.mark.parametrize(
    ("settings", "money", "start", "end"),
    [
        ({}, (2, 0), "P is 20 % built: the rest costs 8 m USD", "of 2026 leaves nothing for it"),
        ({}, (0, 0), "P is not built: it costs 10 m USD", "of 2026 leaves nothing for it"),
        (WHOLE, (2, 9), "P is not built: it costs 10 m USD", "of 2027 leaves 9 m for it"),
        (
            WHOLE | {"Carry over budget": "yes"}, (2, 7),
            "P is not built: it costs 10 m USD",
            "of 2027 and the money left of earlier ones leaves 9 m for it",
        ),
    ],
)  # fmt: skip
def test_a_plant_that_the_budget_keeps_from_being_built(
    settings: dict[str, object], money: tuple[float, float], start: str, end: str
) -> None:
    """A plant of 100 t for 10 m; a tonne short costs 50,000."""
    plant = {
        "Project": "P", "Refiner": "P", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 100, "Capex (USD m)": 10, "Cost (USD/t)": 10, "First year": 2026,
    }  # fmt: skip
    budget = [
        {"Year": year, "Capex (USD m)": m} for year, m in zip((2026, 2027), money, strict=True)
    ]
    settings = {"Shortage cost multiple": 1000} | settings
    book = make(jin(0), years=(2026, 2027), settings=settings, Projects=[plant], Budget=budget)
    row = 3 if "2027" in end else 2
    assert f"{start}, and the budget {end}. [Budget!{row}.Capex]" in said(book, year=2027)
