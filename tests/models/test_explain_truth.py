"""Prices and worths as told are what planning the edited workbook gives."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.answers.explain import Bound, explain
from models.case import Case
from models.schema import EACH, ShareLimit
from tests.budget import at_length
from tests.models.desk import FIRST, BookT, changed, jin, make, solve_case, sur
from tests.models.desk import solve_once as solve
from tests.models.test_explain import bound, capped, of
from tests.models.test_laws import dearest, draw
from tests.models.typed import books, header_of

near = pytest.approx


def told_at(book: BookT, b: Bound, units: float) -> float:
    """Return the objective with the cell of what binds moved by so many units."""
    assert b.place is not None
    sheet, row = b.place.sheet, b.place.row
    header = header_of(book, sheet, row, b.place.column)
    was = float(str(book[sheet][row - 2][header]))
    assert was == near(b.limit)
    by = units * (0.01 if b.unit == "point" else 1.0)
    return solve(changed(book, sheet, row - 2, **{header: was + by})).objective


def objective_with(book: BookT, member: str, by: float) -> float:
    """Return the objective with more demand and limits as they stand, in tonnes."""
    whole = sum(float(row[str(FIRST)]) for row in book["Demand"])
    at = next(i for i, row in enumerate(book["Demand"]) if row["Member"] == member)
    wants = float(book["Demand"][at][str(FIRST)]) + by
    after = changed(book, "Demand", at, **{str(FIRST): wants})
    for i, row in enumerate(book.get("Share limits", [])):
        after = changed(after, "Share limits", i, Share=row["Share"] * whole / (whole + by))
    return solve(after).objective


# ---- prices ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=at_length(4, 25))
@given(books())
def test_a_price_is_the_difference_in_cost(book: BookT) -> None:
    """A tonne more, a tonne less, and as far as the price is told to hold; unshared shortages."""
    book["Settings"] = [s for s in book["Settings"] if s["Setting"] != "Fair shortage weight"]
    book["Settings"].append({"Setting": "Fair shortage weight", "Value": 0})
    plan = solve(book)
    before = plan.objective
    for member in "AB":
        price = of(plan, member).price
        assert price is not None
        assert price.more == near(objective_with(book, member, 1.0) - before, abs=1e-4)
        assert price.less == near(before - objective_with(book, member, -1.0), abs=1e-4)
        for far, sign in ((price.up, 1.0), (price.down, -1.0)):
            by = sign * min(far, 30.0)  # a member's demand is at least 40
            if by:
                assert objective_with(book, member, by) == near(before + by * price.amount)
        assert (price.less or 0.0) - 1e-4 <= price.amount <= (price.more or 0.0) + 1e-4


def test_a_price_between_two_steps() -> None:
    """Jin's 60 and Sur's 40 are just enough for 100: a tonne more is short, one less is Sur's."""
    book = make(jin(60), sur(40))
    price = of(solve(book)).price
    assert price is not None
    assert (price.more, price.less) == near((500, 20))
    assert (price.up == 0) or (price.down == 0)
    assert 20 - 1e-6 <= price.amount <= 500 + 1e-6


def test_how_far_a_price_holds() -> None:
    """Sur's 100 serve 40: its price holds for 60 more, and for the 40 it sells."""
    price = of(solve(make(jin(60), sur(100)))).price
    assert price is not None
    assert (price.amount, price.up, price.down) == near((20, 60, 40))


# ---- what binds --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=at_length(4, 25))
@given(books(), st.sampled_from("AB"))
def test_a_unit_of_a_limit_is_worth_what_the_edited_workbook_saves(
    book: BookT, member: str
) -> None:
    """One unit either way, to the end of the range and not beyond: by planning again."""
    plan = solve(book)
    before = plan.objective
    for b in explain(plan, "copper", member, FIRST).binding:
        unit = 0.01 if b.unit == "point" else 1.0
        assert b.direction == 1
        assert b.saves == near(before - told_at(book, b, 1.0), abs=1e-4)
        assert b.costs == near(told_at(book, b, -1.0) - before, abs=1e-4)
        assert b.saves is not None
        assert b.costs is not None
        assert b.saves - 1e-4 <= b.shadow_price <= b.costs + 1e-4
        assert b.low is not None
        assert b.high is not None
        up = (min(b.high, 1.0 if b.unit == "point" else 1e4) - b.limit) / unit
        down = (b.low - b.limit) / unit
        for units in (up, down):
            assert told_at(book, b, units) == near(before - units * b.shadow_price, abs=1e-3)
        for end, by in ((b.high, up + 2.0), (b.low, down - 2.0)):
            inside = 0.0 < b.limit + by * unit < (1.0 if b.unit == "point" else 1e4)
            if math.isfinite(end) and inside and end > 0.0:
                assert told_at(book, b, by) > before - by * b.shadow_price + 1e-4


def test_two_limits_at_once_are_worth_nothing_alone() -> None:
    """Jin has 60 behind a cap of 60: neither alone brings a tonne; taking one away costs 10."""
    plan = solve(make(jin(60), sur(), Share_limits=[capped(0.6, "CHN")]))
    found = of(plan).binding
    assert found
    for b in found:
        unit = 1 if b.unit == "point" else 1.0
        assert b.saves == near(0, abs=1e-6)
        assert b.costs == near(10 * unit)
    assert all(b.high == near(b.limit) for b in found)


def test_a_point_of_a_limit_on_purchases() -> None:
    """At most half of what is bought is Jin's: 51 % is a tonne more of it, 10 saved."""
    limits = [capped(0.5, "CHN")]
    book = make(jin(), sur(), settings={"Share basis": "purchases"}, Share_limits=limits)
    b = bound(of(solve(book)), "Share limits")
    assert (b.low, b.high) == (None, None)
    assert (b.saves, b.costs) == near((10, 10))
    assert told_at(book, b, 1.0) == near(solve(book).objective - 10)


def test_a_million_of_a_budget() -> None:
    """A plant of 50 t for 2 m: the 0.5 m there are build 12.5 t, a million more 25 t."""
    plant = {
        "Project": "P", "Refiner": "P", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 50, "Capex (USD m)": 2, "Cost (USD/t)": 10, "First year": 2026,
    }  # fmt: skip
    budget = [{"Year": 2026, "Capex (USD m)": 0.5}]
    settings = {"Cost of capital": 0, "Shortage cost multiple": 100}
    book = make(jin(50), settings=settings, Projects=[plant], Budget=budget)
    plan = solve(book)
    b = bound(of(plan), "budget")
    assert (b.limit, b.unit) == (0.5, "money m")
    assert b.saves == near(plan.objective - told_at(book, b, 1.0))
    assert (b.low, b.high) == near((0, 2))


def test_sales_that_may_grow() -> None:
    """Jin sold 40 today and may sell half as much again: a tonne above 60 saves 10."""
    today = [{"Mineral": "copper", "Refiner": "Jin", "Member": "A", "Tonnes (t/yr)": 40}]
    book = make(jin(500, Max_growth=0.5), sur(), Current_supply=today)
    b = bound(of(solve(book)), "Max growth")
    assert (b.limit, b.saves, b.costs, b.low, b.high) == near((60, 10, 10, 0, 100))


def test_a_minimum_saves_the_other_way() -> None:
    """At least 30 % from Sur at 20, where Jin's cost 10: a point less saves 10."""
    row = {"Limit": "min", "Supplier group": "country", "Supplier": "CHL", "Share": 0.3}
    b = bound(of(solve(make(jin(), sur(), Share_limits=[row]))), "at least 30 %")
    assert (b.kind, b.direction) == ("minimum share", -1)
    assert (b.saves, b.costs) == near((10, 10))
    assert (b.low, b.high) == near((0, 1))


def test_a_tonne_of_capacity_is_one_of_the_cell() -> None:
    """Half of Jin's 120 is open: a tonne more in the cell brings half of one, 5."""
    book = make(jin(120, Available_share=0.5), sur())
    b = bound(of(solve(book)), "Jin")
    assert (b.limit, b.shadow_price, b.saves) == near((120, 5, 5))
    assert told_at(book, b, 1.0) == near(solve(book).objective - 5)
    assert "50 % of it open" in b.words


def test_a_tonne_of_a_plant_that_is_built_in_part() -> None:
    """0.4 of a plant of 50 t is paid for: a tonne more in the cell brings 0.4 t."""
    plant = {
        "Project": "P", "Refiner": "P", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 50, "Capex (USD m)": 0.01, "Cost (USD/t)": 10, "First year": 2026,
    }  # fmt: skip
    budget = [{"Year": 2026, "Capex (USD m)": 0.004}]
    book = make(jin(50), demand=100, Projects=[plant], Budget=budget)
    b = bound(of(solve(book)), "project P")
    assert (b.limit, b.low, b.high) == (50, None, None)
    assert b.saves == near(solve(book).objective - told_at(book, b, 1.0))
    assert b.shadow_price == near(0.4 * 490)


_FIELDS = {"Capacity": "capacity", "Share": "share"}


def with_cell(case: Case, b: Bound, by: float) -> Case | None:
    """Return a case with what binds moved in its year alone; None where its cell says more."""
    if b.place is None or b.place.header not in _FIELDS or b.place.sheet == "Projects":
        return None
    name = Case.SHEET_FIELDS[b.place.sheet]
    records: list[Any] = []
    for record in getattr(case, name):
        if record.row == b.place.row:
            of_many = isinstance(record, ShareLimit) and not (record.mineral and record.supplier)
            if of_many or getattr(record, "buyer", "") == EACH:
                return None
            field = _FIELDS[b.place.header]
            series = getattr(record, field).map(
                case.years, lambda y, v: max(0.0, v + by) if y == b.year else v
            )
            record = dataclasses.replace(record, **{field: series})  # noqa: PLW2901 - frozen
        records.append(record)
    return case.change(**{name: tuple(records)})


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(3, 20)))
def test_worths_in_books_with_every_feature(seed: int) -> None:
    """A unit of a cell, in one year alone, by planning the case again: reserves, plants, all."""
    plan = solve(draw(seed, {"whole projects", "contracts", "agreed"}))
    slack = 1e-7 * abs(plan.objective) + 1e-9 * dearest(plan) * plan.case.largest_demand
    for row in plan.supply.head(6).to_dict("records"):
        for b in explain(plan, row["mineral"], row["member"], row["year"]).binding:
            unit = 0.01 if b.unit == "point" else 1.0
            for sign, told in ((b.direction, b.saves), (-b.direction, b.costs)):
                if (
                    told is None
                    or b.limit + sign * unit < 0
                    or (b.unit == "point" and b.limit > 0.99)
                ):
                    continue
                case = with_cell(plan.case, b, sign * unit)
                if case is None:
                    continue
                changed_by = (solve_case(case).objective - plan.objective) / case.discount(b.year)
                way = -1.0 if sign == b.direction else 1.0
                assert way * changed_by == near(told, abs=slack, rel=1e-6), (b, sign)
