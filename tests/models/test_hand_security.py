"""Security by hand: what surviving the loss of a country costs, and what is paid where it cannot.

Jin of China sells at 10, Sur of Chile at 20, 100 t each; 100 t are needed; what lacks if a country
is lost costs a tenth of 500.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.plan.solving import case_of, linked_minerals
from planner.scenarios import apply, drop_share_limits
from planner.studies.agreed_plan import Rules
from planner.studies.losses import LossKind, stress
from planner.studies.places import Here
from planner.workbook.template import template_tables
from tests.budget import at_length, few
from tests.models.desk import (
    BookT,
    Row,
    changed,
    cost,
    jin,
    make,
    one,
    read,
    refiner,
    rent,
    slope,
    solve,
    solve_case,
    sur,
    tonnes,
)
from tests.models.test_laws import draw, no_dearer

near = pytest.approx


def secure(short: float = 0.5, **more: Any) -> list[Row]:
    """Return a row of Security; ``more`` are columns, spaces as underscores."""
    return [{"Max short": short} | {name.replace("_", " "): v for name, v in more.items()}]


def two(*security: Row, surge: float = 0.2, **more: Any) -> BookT:
    """Return the book of Jin and Sur."""
    settings = {"Surge": surge} | more.pop("settings", {})
    return make(jin(), sur(), settings=settings, Security=list(security), **more)


# ---- the closed form -----------------------------------------------------------------------------


@pytest.mark.parametrize("short", [i / 20 for i in range(21)])
def test_closed_form(short: float) -> None:
    """At 1 and 2 a tonne it costs 100 + max(0, 80 - 100 x Max short) from 0.3 on.

    Whoever is lost, the other sells what it does and 20 t more. So each has to sell 80 - 100 x Max
    short, and below 0.3 both cannot: Jin sells that, Sur the rest, and 2 x (80 - 100 x Max short) -
    100 t lack at 50.
    """
    book = make(
        refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 100, 2), Security=secure(short)
    )
    plan, each = solve(book), 80 - 100 * short
    if short >= 0.3 - 1e-9:
        assert plan.objective == near(100 + max(0.0, each))
        assert not plan.security["missing"].any()
    else:
        lacks = 2 * each - 100
        assert plan.objective == near(200 - each + 50 * lacks)
        assert cost(plan, "security") == near(50 * lacks)
        assert plan.security["missing"].sum() == near(lacks)
    assert plan.cash == near(plan.objective - cost(plan, "security"))
    left = [tonnes(plan, refiner=name) for name in ("Jin", "Sur")]  # if Chile, China is lost
    assert plan.security["served"].tolist() == near([min(1.0, 0.2 + t / 100) for t in left])


def test_a_point_and_a_tonne_of_capacity() -> None:
    """At a half each sells 30: a point more of target is a tonne moved at 10.

    A tonne more of Sur's capacity surges by 0.2 t, which then need not be sold: it saves 2.
    """
    book = two(*secure())
    plan = solve(book)
    assert plan.objective == near(1300)
    assert one(plan.security, country="CHN")["point"] == near(10)
    assert one(plan.security, country="CHL")["point"] == near(0)
    assert slope(book, "Security", 0, "Max short", -0.01) == near(-1000)
    assert rent(plan, "Sur") == near(2)
    assert slope(book, "Refiners", 1, "Capacity (t/yr)") == near(-2)
    row = one(plan.security, country="CHN")
    assert (row["lost"], row["left"], row["served"], row["target"]) == near((70, 50, 0.5, 0.5))
    assert bool(row["binding"])
    assert not one(plan.security, country="CHL")["binding"]


# ---- what counts ---------------------------------------------------------------------------------


def test_a_stock_counts_in_the_first_year() -> None:
    """No surge, an opening stock of 30 that is kept: Sur has to sell 20, without it 50."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 30}
    assert solve(two(*secure(), surge=0, Stockpiles=[pile])).objective == near(1200)
    book = two(*secure(Count_stocks="no"), surge=0, Stockpiles=[pile])
    assert solve(book).objective == near(1500)


def test_a_stock_of_the_year_before_counts() -> None:
    """No surge: Sur has to sell 50 in 2026, and 50 less the stock in 2027, when that is used.

    A tonne stored costs 10 and 1 to hold, and spares one of Sur's at 20: 40 of it, all that there
    is room for. 90 x 10 + 50 x 20 + 40, then 50 x 10 + 10 x 20.
    """
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 40, "Holding cost (USD/t/yr)": 1}
    book = two(*secure(), surge=0, years=(2026, 2027), Stockpiles=[pile])
    plan = solve(book)
    assert plan.objective == near(1940 + 700)
    assert one(plan.security, year=2027, country="CHN")["left"] == near(50)
    free = changed(book, "Security", 0, **{"Count stocks": "no"})
    assert solve(free).objective == near(3000)


def test_room_for_a_stock_against_a_loss() -> None:
    """Jin alone can sell; a stock of a year's demand is bought ahead, whatever the Max says.

    2026 cannot be survived: 50 t lack at 50 each, in 2027 none. 150 x 10 + 2,500, then 50 x 10.
    """
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 1e9}
    book = make(jin(200), years=(2026, 2027), Security=secure(), Stockpiles=[pile])
    plan = solve(book)
    assert plan.objective == near(2000 + 2500)
    assert plan.stocks["closing"].tolist() == near([50, 0])


def test_ore_bounds_what_could_be_sold_more() -> None:
    """60 t can be mined, 50 are needed, 30 have to be left: Jin and Sur could sell 10 more in all.

    With 10 t to spare Sur has to sell 20, and Jin's 30 do without any. Without mines both could
    sell 20 more: Sur has to sell 10.
    """
    mines = [{"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 60}]
    book = two(*secure(0.4), demand=50, Mines=mines)
    plan = solve(book)
    assert plan.objective == near(30 * 10 + 20 * 20)
    assert plan.security["left"].tolist() == near([30, 30])
    assert solve(book | {"Mines": []}).objective == near(40 * 10 + 10 * 20)
    assert slope(book, "Mines", 0, "Capacity (t/yr)") == near(-10)
    assert plan.ore["rent"].tolist() == near([10, 10])


def test_recovery_counts_ore() -> None:
    """Sur recovers half: its 20 t more need 40 of ore.

    100 can be mined, 50 are needed, 30 have to be left. Sur sells s, could sell g more: s + g is
    30, and Jin takes 50 - s of ore, Sur 60: 110 - s is 100, so that s is 10, as without mines.
    """
    mines = [{"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 100}]
    book = make(
        jin(), sur(Recovery=0.5), demand=50, settings={"Surge": 0.2}, Security=secure(0.4),
        Mines=mines,
    )  # fmt: skip
    assert solve(book).objective == near(400 + 200)
    mines[0]["Capacity (t/yr)"] = 95  # 5 t of ore less: Sur sells 15
    assert solve(book).objective == near(350 + 300)


PLANT = {
    "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "AUS", "Cost (USD/t)": 35,
    "Capacity (t/yr)": 40, "Capex (USD m)": 0.0004, "First year": 2026, "Life (yr)": 1,
}  # fmt: skip


def test_a_plant_is_built_to_stand_by() -> None:
    """Jin alone stands; 20 t have to be left, a surge of a half; a plant of 40 t costs 400 a year.

    Built in full it could sell 20 and sells none: 1,400. At a cost of 25 half of it that sells 10
    is cheaper: 200 + 10 x 15, unless it has to be whole.
    """
    book = make(
        jin(), settings={"Surge": 0.5, "Cost of capital": 0}, Security=secure(0.8),
        Projects=[PLANT],
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(1400)
    assert tonnes(plan, refiner="New") == 0
    assert one(plan.projects)["running"] == near(1)
    assert one(plan.security, country="CHN")["left"] == near(20)
    cheap = changed(book, "Projects", 0, **{"Cost (USD/t)": 25})
    assert solve(cheap).objective == near(1350)
    cheap["Settings"].append({"Setting": "Whole projects", "Value": "yes"})
    assert solve(cheap).objective == near(1400)


def test_penalty() -> None:
    """30 t lack at 3 each, which is cheaper than 10 each; at 12 they do not."""
    plan = solve(two(*secure()))
    assert plan.objective == near(1300)
    cheap = solve(two({"Max short": 0.5, "Penalty (USD/t)": 3}))
    assert (cheap.objective, cost(cheap, "security")) == near((1090, 90))
    assert one(cheap.security, country="CHN")["missing"] == near(30)
    assert one(cheap.security, country="CHN")["served"] == near(0.2)
    assert solve(two({"Max short": 0.5, "Penalty (USD/t)": 12})).objective == near(1300)


def test_a_series_and_years() -> None:
    """All may be short in 2026, a half from 2027 on; discounted at 1."""
    years = {"years": (2026, 2027, 2028), "settings": {"Discount rate": 1}}
    rows = {"Max short": 1, "Max short 2027": 0.5}
    plan = solve(two(rows, **years))
    assert plan.objective == near(1000 + 1300 / 2 + 1300 / 4)
    rows = {"Max short": 0.5, "First year": 2027, "Last year": 2027}
    plan = solve(two(rows, **years))
    assert plan.objective == near(1000 + 1300 / 2 + 1000 / 4)
    assert sorted({*plan.security["year"]}) == [2027]


def test_a_contract_counts() -> None:
    """30 t of Sur's at 15 have to be taken: it then could sell 50."""
    row = {"Refiner": "Sur", "Mineral": "copper", "Member": "A", "Min (t/yr)": 30}
    plan = solve(two(*secure(), Contracts=[row | {"Price (USD/t)": 15}]))
    assert plan.objective == near(70 * 10 + 30 * 15)
    assert not plan.security["missing"].any()


def test_growth_of_sales_leaves_the_reserve_alone() -> None:
    """Sur sells 10 today and no more: 30 are left, 20 lack at 50."""
    today = [{"Refiner": "Sur", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 10}]
    book = make(
        jin(), sur(**{"Max growth": 0}), settings={"Surge": 0.2}, Security=secure(),
        Current_supply=today,
    )  # fmt: skip
    assert solve(book).objective == near(900 + 200 + 20 * 50)


def test_what_is_open_counts() -> None:
    """Half of Sur's 100 t is open: it could sell 10 more."""
    book = make(jin(), sur(**{"Available share": 0.5}), settings={"Surge": 0.2}, Security=secure())
    assert solve(book).objective == near(600 + 800)


# ---- who is lost ---------------------------------------------------------------------------------


def test_rest_of_world_is_never_lost() -> None:
    """It sells all at 5 and is left whoever is lost; to name it asks for nothing."""
    book = two(*secure(0))
    book["Refiners"].append(refiner("Row", "ROW", 100, 5))
    plan = solve(book)
    assert plan.objective == near(500)
    assert {*plan.security["country"]} == {"CHN", "CHL"}
    named = solve(changed(book, "Security", 0, **{"Lost country": "ROW"}))
    assert named.security.empty


def test_who_may_be_lost() -> None:
    """Blank: outside the coalition; a name: that country, the coalition's own too."""
    book = two(*secure())
    book["Members"][0]["Country"] = "CHN"
    assert {*solve(book).security["country"]} == {"CHL"}
    assert solve(book).objective == near(1000)
    own = changed(book, "Security", 0, **{"Lost country": "CHN"})
    assert solve(own).objective == near(1300)
    book["Countries"] = [{"Country": "CHL", "Bloc": "south; coalition"}]
    outside = changed(book, "Security", 0, **{"Lost country": "each outside south"})
    assert {*solve(outside).security["country"]} == {"CHN"}


def test_rows_stand_beside_one_another() -> None:
    """Each has its own penalty: a half at 12, all at 1 a tonne."""
    rows = [{"Max short": 0.5, "Penalty (USD/t)": 12}, {"Max short": 0, "Penalty (USD/t)": 1}]
    plan = solve(two(*rows))
    assert plan.objective == near(1300 + 50 + 10)
    assert cost(plan, "security") == near(60)


def test_nobody_else_sells_and_nobody_needs() -> None:
    """Of Jin alone all lacks; without demand, or a supplier, nothing is asked."""
    plan = solve(make(jin(), Security=secure(0)))
    assert cost(plan, "security") == near(100 * 50)
    assert plan.security["served"].tolist() == [0.0]
    assert solve(make(jin(), demand=0, Security=secure(0))).security.empty
    none = solve(make(jin(0), Security=secure(0)))
    assert none.security.empty
    assert none.objective == near(100 * 500)


def test_a_closed_lane_sells_nothing() -> None:
    """Sur's lane is closed: it is none that can sell, nor one that can be lost."""
    plan = solve(two(*secure(), Lanes=[{"Refiner": "Sur", "Open": "no"}]))
    assert plan.security["country"].tolist() == ["CHN"]
    assert cost(plan, "security") == near(50 * 50)


# ---- scenarios -----------------------------------------------------------------------------------


def test_security_outlives_share_limits() -> None:
    """A scenario that drops share limits keeps it."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.6}
    case = read(two(*secure(), Share_limits=[limit]))
    assert solve_case(case).objective == near(1400)
    assert solve_case(drop_share_limits(case)).objective == near(1300)


def test_set_max_short() -> None:
    """It sets the rows that there are; of one mineral the others keep theirs."""
    book = two(*secure(), years=(2026, 2027))
    book["Scenarios"] = [
        {"Scenario": "Tight", "Action": "set max short", "First year": 2027, "Value": 0.4},
        {"Scenario": "Zinc", "Action": "set max short", "Mineral": "zinc", "Value": 0.4},
    ]
    book["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 50})
    case = read(book)
    assert solve_case(apply(case, "Tight")).objective == near(1300 + 1400)
    zinc = apply(case, "Zinc")
    assert {row.mineral: row.max_short.value(2026) for row in zinc.security} == {
        "copper": 0.5, "zinc": 0.4,
    }  # fmt: skip
    assert solve_case(zinc).objective == near(2600)
    assert apply(case.change(security=()), "Tight").change(scenario="Base").security == ()


# ---- laws ----------------------------------------------------------------------------------------

LOST = (None, None, "CHN", "each outside other", "CHL", "ROW")


def secured(seed: int) -> BookT:
    """Return a random book with rows of Security."""
    book, rng = draw(seed), np.random.default_rng([29, seed])
    minerals = [None, *(row["Mineral"] for row in book["Minerals"])]
    book["Security"] = [
        {
            "Mineral": minerals[rng.integers(len(minerals))],
            "Lost country": LOST[rng.integers(len(LOST))],
            "Max short": float(rng.integers(0, 5)) / 5,
            "Count stocks": (None, "no")[rng.integers(2)],
        }
        for _ in range(rng.integers(1, 4))
    ]
    surge = float(rng.integers(0, 4)) / 4
    book["Settings"] = [*book.get("Settings", []), {"Setting": "Surge", "Value": surge}]
    return book


@pytest.mark.parametrize("seed", few(range(12), 5))
def test_more_may_be_short_and_it_never_costs_more(seed: int) -> None:
    """A plan is a plan of the wider rows too; without any it is cheapest, where they ask for all.

    Rows that let all be short change nothing.
    """
    book = secured(seed)
    before = None
    for short in (0.0, 0.4, 1.0):
        rows = [row | {"Max short": short} for row in book["Security"]]
        plan = solve(book | {"Security": rows})
        assert before is None or no_dearer(plan, before)
        assert plan.costs["discounted"].sum() == near(plan.objective, rel=1e-9, abs=1e-6)
        before = plan
    free = solve(book | {"Security": []})
    assert before is not None
    assert before.objective == near(free.objective, rel=1e-7, abs=1e-6)


def test_a_part_of_a_secured_case_is_the_same() -> None:
    """Minerals planned apart cost what they cost together."""
    case = read(secured(3))
    whole = solve_case(case).objective
    assert sum(solve_case(case_of(case, p)).objective for p in linked_minerals(case)) == near(whole)


def test_parts_of_a_workbook_with_every_sheet() -> None:
    """A part has no row that names what it has not: of the template, too."""
    case = read(template_tables())
    whole = solve_case(case).objective
    assert sum(solve_case(case_of(case, p)).objective for p in linked_minerals(case)) == near(whole)


# ---- stress confirms it --------------------------------------------------------------------------


def open_market(seed: int) -> BookT:
    """Return a random book of one member, without lanes that bind, ore or stocks."""
    rng = np.random.default_rng([31, seed])
    plants = [
        refiner(f"R{i}", ("CHN", "CHL", "AUS", "JPN", "PER")[rng.integers(5)],
                float(rng.integers(10, 90)), float(rng.integers(5, 30)))
        for i in range(rng.integers(2, 6))
    ]  # fmt: skip
    security = secure(float(rng.integers(0, 5)) / 5)
    return make(
        *plants, years=(2026, 2027), demand={"A": [100, 120]},
        settings={"Surge": float(rng.integers(0, 4)) / 5}, Security=security,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(at_length(5, 12)))
def test_stress_confirms_what_is_survived(seed: int) -> None:
    """With the same surge, what a loss leaves short is what the sheet says, in each year.

    One member and open lanes: nothing else keeps what is left from where it is needed.
    """
    case = read(open_market(seed))
    plan = solve_case(case)
    for first in case.years:
        rules = Rules(case.settings.surge, first_year=first)
        found = stress(case, rules, [LossKind.COUNTRY], where=Here()).capped
        for loss in found.losses:
            effect = found.effects[loss]
            assert effect is not None
            for t, year in enumerate(y for y in case.years if y >= first):
                row = one(plan.security, country=loss.country, year=year)
                short = float((effect.short + found.agreed_totals.short)[0, :, t].sum())
                assert 1.0 - short / row["demand"] == near(row["served"], abs=1e-6)


def test_lanes_make_a_difference() -> None:
    """Sur's tonnes reach A alone: the sheet adds members up and says half is left, stress less.

    Jin sells B its 50; without it A keeps 50 of Sur's, which B cannot get.
    """
    lanes = [{"Refiner": "Sur", "To member": "B", "Open": "no"}]
    book = two(*secure(), surge=1, demand={"A": 50, "B": 50}, Lanes=lanes)
    case = read(book)
    assert one(solve_case(case).security, country="CHN")["served"] == near(1)
    found = stress(case, Rules(1), [LossKind.COUNTRY], where=Here()).capped
    china = next(effect for loss, effect in found.effects.items() if loss.country == "CHN")
    assert china is not None
    assert china.short.sum() == near(50)
