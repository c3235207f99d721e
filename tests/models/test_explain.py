"""Why a price is what it is, what binds: by hand, and as laws."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from models.answers.explain import Bound, Explanation, explain
from models.case import Case
from models.plan import Plan
from models.plan import solve as solve_case
from planner.workbook import read_tables
from tests.budget import at_length
from tests.models.desk import FIRST, BookT, jin, make, refiner, slope, sur
from tests.models.desk import solve_once as solve
from tests.models.test_laws import dearest, draw
from tests.reference.cases import random_book

near = pytest.approx


def of(plan: Plan, member: str = "A", year: int = FIRST) -> Explanation:
    """Explain copper."""
    return explain(plan, "copper", member, year)


def parts(found: Explanation) -> dict[str, float]:
    """The terms of a price by kind."""
    assert found.price is not None
    terms = {term.kind: term.amount for term in found.price.terms}
    assert len(terms) == len(found.price.terms)
    assert sum(terms.values()) == near(found.price.amount)
    assert sum(move.cost for move in found.price.moves) == near(found.price.amount)
    return terms


def bound(found: Explanation, what: str) -> Bound:
    """The one thing that binds with these words in its name."""
    (one,) = [b for b in found.binding if what in b.words]
    return one


def capped(share: float, supplier: str | None = None, **more: object) -> dict[str, object]:
    """A row of Share limits."""
    row = {"Limit": "max", "Supplier group": "country", "Supplier": supplier, "Share": share}
    return row | {header.replace("_", " "): value for header, value in more.items()}


# ---- prices ------------------------------------------------------------------------------------


def test_the_dearer_refiner_sets_the_price() -> None:
    """60 of Jin's at 10, 40 of Sur's at 20 + 10 % tariff + 3: a tonne more is Sur's at 25."""
    lane = {"From country": "CHL", "Freight (USD/t)": 3, "Tariff": 0.1}
    found = of(solve(make(jin(60), sur(), Lanes=[lane])))
    assert parts(found) == near({"cost": 20, "tariff": 2, "freight": 3})
    assert found.price is not None
    assert (found.price.setter, found.price.words) == ("delivery", "Sur (CHL)")
    assert not found.price.is_scarce
    assert [(m.what, m.amount) for m in found.price.moves] == [("Sur (CHL) to A, 2026", near(1))]
    (only,) = found.binding
    assert (only.kind, only.limit, only.unit, only.shadow_price) == (
        "capacity",
        near(60),
        "t",
        near(15),
    )
    assert only.place is not None
    assert (only.place.sheet, only.place.row, only.place.column) == ("Refiners", 2, "Capacity")


def test_a_cap_adds_its_rent_to_the_price_at_the_capped_source() -> None:
    """Only Jin reaches B; China's cap of 50 % of 200 binds, so B's tonne costs A one of Sur's.

    B's price: Jin's 10 + the cap's 10. Served so: a tonne of Jin's moves from A to B (10 - 10), and
    A takes one of Sur's at 20.
    """
    closed = {"From country": "CHL", "To member": "B", "Open": "no"}
    book = make(
        jin(500), sur(500), demand={"A": 120, "B": 80},
        Lanes=[closed], Share_limits=[capped(0.5, "CHN")],
    )  # fmt: skip
    found = of(solve(book), "B")
    assert parts(found) == near({"cost": 10, "share limit": 10})
    assert found.price is not None
    assert found.price.is_scarce
    assert {(m.what, round(m.amount, 6)) for m in found.price.moves} == {
        ("Jin (CHN) to B, 2026", 1.0),
        ("Jin (CHN) to A, 2026", -1.0),
        ("Sur (CHL) to A, 2026", 1.0),
    }
    limit = bound(found, "row 2 of Share limits")
    assert (limit.unit, limit.limit) == ("point", near(0.5))
    assert limit.shadow_price == near(10 * 200 / 100)
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-limit.shadow_price * 100)
    assert found.demand_cost == near(20 - 10 / 2)  # half a tonne more may be Jin's
    assert slope(book, "Demand", 1, "2026") == near(15)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_demand_costs_what_the_objective_rises_by(seed: int) -> None:
    """Between the slopes to the left and to the right, with limits, reserves and fair parts."""
    book = draw(seed, {"tiers", "whole projects", "contracts"})
    plan = solve(book)
    for i, row in enumerate(book["Demand"][:2]):
        year = max(y for y in row if y.isdigit())
        demand = row[year] or 0.0
        if demand <= 0:
            continue
        by = demand * 1e-4
        found = explain(plan, row["Mineral"], row["Member"], int(year)).demand_cost
        assert found is not None
        slopes = [slope(book, "Demand", i, year, sign * by) for sign in (-1, 1)]
        error = (1e-8 * abs(plan.objective) + 1e-9 * dearest(plan) * demand) / by
        worth = found * plan.case.discount(int(year))
        # not convex in the shares of demand: between the two, whichever is larger
        assert min(slopes) - error <= worth <= max(slopes) + error


ALONE = {"Fair shortage weight": 0}
CLOSED_TO_B = [
    {"From country": country, "To member": "B", "Open": "no"} for country in ("CHN", "CHL")
]


@pytest.mark.parametrize(
    ("book", "member", "costs"),
    [
        pytest.param(make(jin(0)), "A", 500, id="nobody sells"),
        pytest.param(make(jin(0), demand={"A": 10, "B": 90}, settings=ALONE), "B", 500, id="both"),
        pytest.param(make(jin(0), demand={"A": 10, "B": 90}), "A", 500, id="fairly, 10"),
        pytest.param(make(jin(0), demand={"A": 10, "B": 90}), "B", 500, id="fairly, 90"),
        pytest.param(
            make(jin(200), sur(200), demand={"A": 100, "B": 50}, Lanes=CLOSED_TO_B,
                 settings=ALONE),
            "B", 500, id="closed to B alone",
        ),
        pytest.param(make(jin(200, **{"Cost (USD/t)": 900})), "A", 500, id="supply is too dear"),
        pytest.param(make(jin(0), demand={"A": [9, 8]}, years=(2026, 2027)), "A", 500, id="years"),
        pytest.param(make(jin(200), Share_limits=[capped(0, "CHN")]), "A", 500, id="a cap of 0"),
    ],
)  # fmt: skip
def test_one_tonne_more_for_a_member_that_is_wholly_short(
    book: BookT, member: str, costs: float
) -> None:
    """It is short, too: one tonne more costs the marginal price, that of a missing tonne."""
    found = of(solve(book), member)
    assert found.price is not None
    assert (found.price.amount, found.one_tonne_more) == near((costs, costs))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(5, 60)))
def test_one_tonne_more_of_need_where_none_is_met(seed: int) -> None:
    """In books with every feature, in each tier: by planning with a little more demand."""
    case = read_tables(random_book(np.random.default_rng(seed), 1 + seed % 3)).case
    plan = solve_case(case)
    cells = plan.shortages[["mineral", "member", "year"]].itertuples(index=False)
    every = [explain(plan, *cell) for cell in itertools.islice(cells, 4)]
    for found in (each for each in every if each.is_wholly_short):
        assert found.price is not None
        discount, by = case.discount(found.year), max(1e-3, 1e-6 * found.demand)
        for tier, cost in found.demand_costs.items():
            after = solve_case(with_demand(case, found, tier, by)).objective
            told = after - plan.objective
            error = 1e-3 * max(1.0, abs(cost), abs(found.price.amount)) * by * discount
            assert told == near(cost * by * discount, abs=error + 1e-9 * abs(plan.objective))


def with_demand(case: Case, at: Explanation, tier: str, by: float) -> Case:
    """Return a case with more demand of a member in a year, in the first row that has it."""
    rows = list(case.demand)
    wanted = at.mineral, at.member, tier
    i = next(
        i for i, row in enumerate(rows)
        if (row.mineral, row.member, row.tier) == wanted and at.year in dict(row.tonnes)
    )  # fmt: skip
    more = tuple((y, t + by * (y == at.year)) for y, t in rows[i].tonnes)
    rows[i] = dataclasses.replace(rows[i], tonnes=more)
    return case.change(demand=tuple(rows))


def test_a_shortage_sets_the_price() -> None:
    """Jin's 60 for 100: a tonne more is short at 500."""
    book = make(jin(60))
    found = of(solve(book))
    assert parts(found) == near({"shortage": 500})
    assert found.price is not None
    assert found.price.setter == "shortage"
    assert found.is_short
    assert (found.demand, found.purchased, found.short) == near((100, 60, 40))
    assert bound(found, "Jin").shadow_price == near(490)


def test_the_fair_share_is_a_part_of_the_price() -> None:
    """Two members of equal demand share: what a tonne more short costs one, it spares the other."""
    found = of(solve(make(jin(60), demand={"A": 100, "B": 100})))
    terms = parts(found)
    assert terms["shortage"] == near(500)
    assert set(terms) <= {"shortage", "fair share"}


def test_tiers_set_the_price_of_the_tier_that_goes_short() -> None:
    """Defence is served, other is short at 4 x 50."""
    book = make(jin(60))
    row = {"Mineral": "copper", "Member": "A"}
    book["Demand"] = [row | {"Tier": "defence", "2026": 30}, row | {"Tier": "other", "2026": 70}]
    book["Tiers"] = [
        {"Tier": "defence", "Shortage cost multiple": 20},
        {"Tier": "other", "Shortage cost multiple": 4},
    ]
    found = of(solve(book))
    assert parts(found) == near({"shortage": 200})


def test_ore_is_followed_to_the_mine() -> None:
    """Jin recovers half: 2 t of ore at 3 + 1 a tonne, and the mine's rent.

    The mine's 150 t make 75; Sur's recycled tonne at 30 sets the price, so that a tonne of ore is
    worth (30 - 10) / 2 = 10, 6 of it the mine's rent.
    """
    book = make(
        jin(200, Recovery=0.5), refiner("Sur", "CHL", 100, 30, Kind="recycled"),
        Mines=[{"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 150,
                "Premium (USD/t)": 3}],
        Ore_lanes=[{"Mine country": "PER", "Freight (USD/t)": 1}],
    )  # fmt: skip
    found = of(solve(book))
    assert parts(found) == near({"cost": 30})
    assert bound(found, "mines of").shadow_price == near(6)
    book["Refiners"][1]["Capacity (t/yr)"] = 10  # 15 short: the ore is worth (500 - 10) / 2
    found = of(solve(book))
    assert parts(found) == near({"shortage": 500})
    assert bound(found, "mines of").shadow_price == near(241)


def test_a_reserve_sets_the_price_of_a_later_year() -> None:
    """Bought at 10 in 2026 and held at 1: 11 a tonne in 2027, where Jin is closed."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 500, "Holding cost (USD/t/yr)": 1}
    book = make(jin(500, Last_year=2026), years=(2026, 2027), Stockpiles=[pile])
    found = of(solve(book), year=2027)
    assert parts(found) == near({"holding": 1, "other year": 10})


def test_no_demand_has_no_price() -> None:
    """B needs nothing: there is nothing to price, and nothing binds there."""
    found = of(solve(make(jin(60), demand={"A": 100, "B": 0})), "B")
    assert found.price is None
    assert found.binding == ()
    assert not found.is_short


def test_a_limit_on_purchases_binds_by_what_is_bought() -> None:
    """At most half of what is bought is China's, of 100: a tonne of Sur's lets Jin sell one more.

    A tonne more is half Jin's, half Sur's: (10 + 20) / 2.
    """
    book = make(
        jin(), sur(), settings={"Share basis": "purchases"}, Share_limits=[capped(0.5, "CHN")]
    )
    found = of(solve(book))
    assert found.price is not None
    assert found.price.amount == near(15)
    assert sum(term.amount for term in found.price.terms) == near(15)
    assert sorted(round(m.amount, 6) for m in found.price.moves) == [0.5, 0.5]
    assert bound(found, "Share limits").shadow_price == near(10 * 100 / 100)


# ---- laws --------------------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(4, 24)))
def test_prices_add_up(seed: int) -> None:
    """By the terms and by the moves, in every member, mineral and year of a random book."""
    plan = solve(draw(seed))
    largest = dearest(plan)
    for row in plan.supply.head(12).to_dict("records"):
        found = explain(plan, row["mineral"], row["member"], row["year"])
        price = found.price
        assert price is not None
        assert price.amount == near(row["marginal_price"], abs=1e-9 * largest)
        close = near(price.amount, rel=1e-6, abs=1e-6 * largest)
        if price.setter:
            assert sum(term.amount for term in price.terms) == close
        else:
            assert price.amount == near(0, abs=1e-9 * largest)
        assert price.moves or price.amount == near(0, abs=1e-9 * largest)
        assert sum(move.cost for move in price.moves) == close
