"""The stress test: a loss hits a plan already agreed; numbers computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.case import Case
from models.errors import SolverError
from models.plan import solve
from models.resolve import Expanded, caps
from models.results import About, Figure, Result
from models.schema import MIN, ScenarioStep
from models.scorecard.supplied import n_minus_1
from planner.scenarios.actions import apply_steps
from planner.studies import Here, LocalProcesses, places
from planner.studies.agreed_plan import Rules, case_before_loss
from planner.studies.kind import Tables
from planner.studies.losses import (
    NOTHING,
    Effect,
    Loss,
    LossKind,
    Stress,
    days_until_short,
    loss_totals,
    stress,
)
from planner.studies.stress import StressTest
from planner.studies.stress_tables import (
    NOTHING_TO_LOSE,
    STOCKS,
    Embargoes,
    LossByMineral,
    Losses,
    Solidarity,
    nothing_to_lose,
    stress_findings,
    tables_of,
)
from planner.workbook import read as read_book
from planner.workbook import read_tables
from tests.budget import BUDGET
from tests.models.desk import BookT, jin, make, refiner, sur
from tests.models.desk import read as case_of
from tests.models.stages import made, plant, stages
from tests.reference.cases import random_book
from tests.small_book import small_book
from tests.study.variants import BASE

CHINA, CHILE = Loss(LossKind.COUNTRY, country="CHN"), Loss(LossKind.COUNTRY, country="CHL")
PLAIN = Path(__file__).parents[2] / "inputs" / "plain.xlsx"
COST_SHORT = 500.0
"""What a tonne of copper short costs on the desk: ten times its price."""


def lost_in(book: BookT | Case, surge: float = 0.2, **asked: object) -> Stress:
    """Return the stress test of a book or a case; ``asked`` are rules, refiners and pairs."""
    case = book if isinstance(book, Case) else case_of(book)
    more = {"refiners": LossKind.REFINER, "pairs": LossKind.EMBARGO}
    kinds = [kind for name, kind in more.items() if asked.pop(name, False)]
    return stress(case, Rules(surge, **asked), [LossKind.COUNTRY, *kinds], where=Here())


def test_an_agreed_plan_of_another_program_is_none(monkeypatch):
    """Compared here, or in a background process that the losses do not wait for."""
    monkeypatch.setattr("models.program.compile.differences", lambda *_: ["a cost differs"])
    monkeypatch.setattr("models.background.cores", lambda: 2)
    monkeypatch.setattr(places, "MIN_ROUTES_IN_BACKGROUND", 0)
    for where in (Here(), LocalProcesses(2)):
        with pytest.raises(SolverError, match="differs from the case's arrays: a cost differs"):
            stress(BASE, Rules(), where=where)


def table(found: Stress, of: type[Result]) -> pd.DataFrame:
    """Return one of the tables of a stress test."""
    return Tables(tables_of(found))[of].frame()


def effect(found: Stress, loss: Loss, *, free: bool = False) -> Effect:
    """Return what a loss does to the agreed plan, or to that without share limits."""
    side = found.free if free else found.capped
    assert side is not None
    made = side.effects[loss]
    assert made is not None, side.error_of(loss)
    return made


def sums(of: Effect) -> tuple[float, float, float, float]:
    """Return lost, replaced, from stock and short [t]."""
    return tuple(float(x.sum()) for x in (of.lost, of.replaced, of.stocked, of.short))


def cap(share: float) -> dict[str, object]:
    """Return a row that caps each country for the coalition."""
    return {"Limit": "max", "Supplier group": "country", "Share": share}


# ---- two countries, by hand --------------------------------------------------------------------


def test_a_surge_replaces_a_part() -> None:
    """China sells 60 of 100; Chile's 40 may grow by 20 % of its 100."""
    found = lost_in(make(jin(60), sur(100)))
    of = effect(found, CHINA)
    assert sums(of) == pytest.approx((60, 20, 0, 40))
    assert of.cash.sum() == pytest.approx(60 * 20 - (60 * 10 + 40 * 20))
    assert of.cost.sum() == pytest.approx(of.cash.sum() + 40 * COST_SHORT)
    assert of.survived == (0.0,)
    assert sums(effect(found, CHILE)) == pytest.approx((40, 0, 0, 40))  # China is full
    assert found.free is None


def test_without_surge_and_stock_all_that_is_lost_is_short() -> None:
    """Nobody left may sell more than was agreed."""
    found = lost_in(make(jin(60), sur(100)), surge=0.0)
    for loss in (CHINA, CHILE):
        lost, replaced, stocked, short = sums(effect(found, loss))
        assert short == pytest.approx(lost)
        assert (replaced, stocked) == (0, 0)


@pytest.mark.parametrize(
    ("capacity", "surge", "replaced"),
    [(50, 0.5, 10), (44, 0.2, 4), (40, 0.2, 0), (100, 0.2, 20), (200, 1.0, 60)],
)
def test_a_surge_ends_at_what_is_free(capacity: float, surge: float, replaced: float) -> None:
    """Chile sells 40 t as agreed: of 50 t it has 10 more, however much it may surge."""
    found = lost_in(make(jin(60), sur(capacity)), surge)
    assert effect(found, CHINA).replaced.sum() == pytest.approx(replaced)


def test_a_surge_is_of_usable_capacity() -> None:
    """Half of Chile's 160 is open: 80 usable, of which a fifth is 16."""
    found = lost_in(make(jin(60), sur(160, Available_share=0.5)))
    assert sums(effect(found, CHINA)) == pytest.approx((60, 16, 0, 44))


def test_a_stock_lasts_some_days() -> None:
    """A gap of 40 a year meets a stock of 30: 30/40 of a year, and 50 short in two years."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 30}
    found = lost_in(make(jin(60), sur(100), years=(2026, 2027), Stockpiles=[pile]))
    of = effect(found, CHINA)
    assert sums(of) == pytest.approx((120, 40, 30, 50))
    assert of.survived == pytest.approx((0.75 * 365,))
    assert of.stock_used[0] == pytest.approx(30)
    assert of.refill.sum() == pytest.approx(30 * 50)  # Chile's 20 a tonne is below the price of 50
    assert of.cost.sum() == pytest.approx(of.cash.sum() + 30 * 50 + 50 * COST_SHORT)
    row = table(found, Losses).iloc[0]
    assert (row["lost"], row["stock_days"]) == ("CHN", pytest.approx(30 / 100 * 365))


def test_a_stock_drawn_to_the_end_is_no_gain() -> None:
    """The stock gives what dear Chile sold: 40 t unpaid at 80, to be bought again at 80."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 40, "Opening (t)": 40, "Target (t)": 40}
    found = lost_in(make(jin(60), refiner("Sur", "CHL", 40, 80), Stockpiles=[pile]))
    of = effect(found, CHILE)
    assert sums(of) == pytest.approx((40, 0, 40, 0))
    assert of.cash.sum() == pytest.approx(-40 * 80)
    assert (of.refill.sum(), of.cost.sum()) == pytest.approx((40 * 80, 0), abs=1e-6)
    worst, least = table(found, Losses).to_dict("records")
    assert (worst["lost"], least["lost"], least["refill"]) == ("CHN", "CHL", pytest.approx(3200))


def test_nobody_fills_a_reserve_beyond_what_was_agreed() -> None:
    """Supply is too short to fill the reserve as agreed; a surge of Chile's goes to the loss."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 50, "Target (t)": 50}
    book = make(jin(60), sur(100), refiner("Ost", "JPN", 5, 30), demand=165, Stockpiles=[pile])
    found = lost_in(book, surge=1.0)
    assert sums(effect(found, Loss(LossKind.COUNTRY, country="JPN"))) == pytest.approx((5, 0, 0, 5))


def test_a_later_loss_comes_as_a_surprise() -> None:
    """Nothing is stored in 2026 for a loss in 2027, though 60 t are idle."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 30}
    book = make(jin(60), sur(100), years=(2026, 2027), Stockpiles=[pile])
    found = lost_in(book, first_year=2027)
    assert found.years == (2027,)
    assert sums(effect(found, CHINA)) == pytest.approx((60, 20, 0, 40))


def test_a_later_loss_meets_the_stock_of_that_year() -> None:
    """The reserve that the agreed plan filled in 2026 is there in 2027."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Target (t)": 30}
    book = make(jin(60), sur(100), years=(2026, 2027), Stockpiles=[pile])
    found = lost_in(book, first_year=2027)
    assert sums(effect(found, CHINA)) == pytest.approx((60, 20, 30, 10))


# ---- share limits ------------------------------------------------------------------------------


def test_what_diversification_buys() -> None:
    """At a cap of 50 % China's loss leaves 30 short; without one Chile sold nothing: 80."""
    found = lost_in(make(jin(100), sur(100), Share_limits=[cap(0.5)]))
    assert sums(effect(found, CHINA)) == pytest.approx((50, 20, 0, 30))
    assert sums(effect(found, CHINA, free=True)) == pytest.approx((100, 20, 0, 80))
    row = table(found, LossByMineral).iloc[0]
    assert (row["share"], row["free_share"]) == pytest.approx((0.3, 0.8))


def test_caps_that_are_kept() -> None:
    """Chile stands at its cap already: nothing is replaced."""
    found = lost_in(make(jin(100), sur(100), Share_limits=[cap(0.5)]), keep_caps=True)
    assert sums(effect(found, CHINA)) == pytest.approx((50, 0, 0, 50))


@pytest.mark.parametrize(("keep_caps", "replaced"), [(True, 0), (False, 20)])
def test_own_shortage_stays_apart(*, keep_caps: bool, replaced: float) -> None:
    """At 30 % a country the agreed plan is 40 short itself: no loss mends or counts that."""
    found = lost_in(make(jin(100), sur(100), Share_limits=[cap(0.3)]), keep_caps=keep_caps)
    assert found.capped.agreed_totals.short.sum() == pytest.approx(40)
    assert sums(effect(found, CHINA)) == pytest.approx((30, replaced, 0, 30 - replaced))
    assert table(found, LossByMineral).iloc[0]["agreed_share"] == pytest.approx(0.4)


def test_kept_caps_without_a_loss_are_the_agreed_plan() -> None:
    """Demand shrinks to what is met, limits don't: the same plan, at the same cash."""
    book = make(
        jin(100),
        sur(100),
        refiner("Ost", "JPN", 100, 30),
        demand={"A": [100, 120], "B": [50, 40]},
        years=(2026, 2027),
        Share_limits=[cap(0.25), cap(0.2) | {"Buyer": "each"}],
    )
    plan = solve(case_of(book))
    calm = solve(case_before_loss(plan, Rules(0.3, keep_caps=True)))
    assert plan.shortage > 10
    assert calm.shortage == pytest.approx(0, abs=1e-6)
    assert calm.cash == pytest.approx(plan.cash, rel=1e-9)


def limit_tonnes(case: Case) -> dict[tuple[object, ...], float]:
    """Return the tonnes that each limit of a share of demand allows, or asks for."""
    every = Expanded(case)
    return {
        cap.key: cap.share * cap.demand
        for m in range(len(every.minerals))
        for t in range(len(every.years))
        for cap in caps(every, m, t)
        if not cap.of_purchases
    }


def test_a_kept_min_asks_for_as_many_tonnes_where_little_is_met() -> None:
    """At least 70 of 100 from Chile, which has 20: 50 are missed, and 70 without Chile.

    The plan meets 20 of 100, so that 70 t are more than its demand.
    """
    least = {"Limit": "min", "Supplier group": "country", "Supplier": "Chile", "Share": 0.7}
    plan = solve(case_of(make(jin(0), sur(20), Share_limits=[least | {"Penalty (USD/t)": 3}])))
    calm = solve(case_before_loss(plan, Rules(0.2, keep_caps=True)))
    assert (plan.shortage, plan.case.total_demand) == pytest.approx((80, 100))
    gone = ScenarioStep(name="lost", action="scale capacity", country="CHL", value=0.0)
    lost = solve(apply_steps(calm.case, [gone]))
    missed = [each.limits["excess"].sum() for each in (plan, calm, lost)]
    assert missed == pytest.approx([50, 50, 70])
    half = apply_steps(calm.case, [ScenarioStep(name="half", action="scale demand", value=0.5)])
    assert list(limit_tonnes(half).values()) == pytest.approx([35])


@pytest.mark.parametrize("seed", range(max(4, BUDGET // 5)))
def test_limits_that_are_kept_have_the_tonnes_of_the_agreed_plan(seed: int) -> None:
    """For a most and a least, whatever part of demand the plan leaves short."""
    case = case_of(random_book(np.random.default_rng([23, seed]), 1 + seed % 3))
    plan = solve(case)
    agreed_totals, kept = (
        limit_tonnes(of) for of in (case, case_before_loss(plan, Rules(keep_caps=True)))
    )
    least = {key for key in agreed_totals if case.share_limits[key[0]].limit == MIN}
    assert least <= kept.keys() <= agreed_totals.keys()  # a most of who can sell no more is gone
    assert kept == pytest.approx({key: agreed_totals[key] for key in kept}, rel=1e-9, abs=1e-9)


def test_kept_caps_of_purchases() -> None:
    """At most 60 % of purchases: without Chile's 30 China may sell nothing, and 75 are short."""
    book = make(jin(100), sur(30), settings={"Share basis": "purchases"}, Share_limits=[cap(0.6)])
    assert sums(effect(lost_in(book), CHILE)) == pytest.approx((30, 20, 0, 10))
    kept = effect(lost_in(book, keep_caps=True), CHILE)
    assert sums(kept) == pytest.approx((30, -45, 0, 75))


# ---- what stands as agreed ---------------------------------------------------------------------


def project(budget: float) -> BookT:
    """Return a book with a cheap plant of 50 t in Chile for 1,000, and a budget in millions."""
    plant = {
        "Project": "New",
        "Refiner": "Sur",
        "Mineral": "copper",
        "Country": "Chile",
        "Capacity (t/yr)": 50,
        "Capex (USD m)": 0.001,
        "Cost (USD/t)": 1,
        "First year": 2026,
    }
    rows = [{"Year": 2026, "Capex (USD m)": budget}]
    return make(jin(100), Projects=[plant], Budget=rows)


def test_no_plant_springs_up() -> None:
    """What was not agreed to be built is not built when China is lost."""
    found = lost_in(project(0.0), surge=1.0)
    assert sums(effect(found, CHINA)) == pytest.approx((100, 0, 0, 100))


def test_a_plant_built_in_part_stays_so() -> None:
    """Half of it is built, and full; its country can be lost, and its capital is sunk."""
    found = lost_in(project(0.0005), surge=0.1)
    assert sums(effect(found, CHINA)) == pytest.approx((75, 0, 0, 75))
    assert sums(effect(found, CHILE)) == pytest.approx((25, 10, 0, 15))
    assert effect(found, CHINA).cash.sum() == pytest.approx(-75 * 10)


def test_force_majeure() -> None:
    """A contract with the lost supplier lapses; nothing is paid for what cannot be taken."""
    signed = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 60}
    found = lost_in(make(jin(60), sur(100), Contracts=[signed]))
    of = effect(found, CHINA)
    assert sums(of) == pytest.approx((60, 20, 0, 40))
    assert of.cash.sum() == pytest.approx(60 * 20 - (60 * 10 + 40 * 20))


def test_growth_gives_way_to_the_surge() -> None:
    """Chile may not grow at all, which bound the agreed plan; a loss lets it surge."""
    today = [
        {"Refiner": "Sur", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 30},
        {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 50},
    ]
    book = make(
        jin(60),
        sur(100, Max_growth=0.0),
        demand=90,
        settings={"Switching cost (USD/t)": 7},
        Current_supply=today,
    )
    of = effect(lost_in(book), CHINA)
    assert sums(of) == pytest.approx((60, 20, 0, 40))
    assert of.cash.sum() == pytest.approx(20 * 20 - 60 * 10)  # leaving China costs no fee


def test_tiers_are_short_in_their_order() -> None:
    """What the agreed plan leaves short of a tier is not counted again."""
    book = make(jin(60), sur(30), demand=0)
    book["Tiers"] = [{"Tier": "defence", "Shortage cost multiple": 20}]
    book["Demand"] = [
        {"Mineral": "copper", "Member": "A", "Tier": "defence", "2026": 40},
        {"Mineral": "copper", "Member": "A", "Tier": None, "2026": 60},
    ]
    found = lost_in(book)
    of = effect(found, CHINA)
    assert found.capped.agreed_totals.short.sum() == pytest.approx(10)
    assert sums(of) == pytest.approx((60, 0, 0, 60))
    assert of.cost.sum() == pytest.approx(-600 + 50 * 500 + 10 * 1000)


# ---- who can be lost ---------------------------------------------------------------------------


def test_only_who_sells_is_lost() -> None:
    """Ost sells nothing; Rest of world is no country, but its refiner can be lost."""
    book = make(jin(60), refiner("All", "ROW", 40, 20), refiner("Ost", "JPN", 40, 90))
    found = lost_in(book, refiners=True, pairs=True)
    assert [(str(o.kind), o.country, o.refiner, o.member) for o in found.losses] == [
        ("country", "CHN", "", ""),
        ("refiner", "ROW", "All", ""),
        ("refiner", "CHN", "Jin", ""),
        ("embargo", "CHN", "", "A"),
    ]


def test_an_embargo_falls_on_all_and_on_the_member() -> None:
    """Only China serves A, only Chile B, and both are full: the loss is shared in half."""
    lane = {"From country": "China", "To member": "B", "Open": "no"}
    book = make(jin(50), sur(50), demand={"A": 50, "B": 50}, Lanes=[lane])
    found = lost_in(book, pairs=True)
    pair = Loss(LossKind.EMBARGO, country="CHN", member="A")
    assert sums(effect(found, pair)) == pytest.approx((50, 0, 0, 50))
    row = table(found, Embargoes).set_index(["country", "member"]).loc[("CHN", "A")]
    assert row["own_short_t"] == pytest.approx(25)
    assert (row["own_share"], row["short_t"] / 50) == pytest.approx((0.5, 1.0))


def test_what_sharing_is_worth() -> None:
    """A buys 50 t near, in China, B in Chile. Closed to A alone, they swap: 100 of freight.

    Unshared A gets of Chile's its part of the surge, 5 t, which B buys in China: 45 t are short.
    """
    freight = [
        {"From country": "CHN", "A (USD/t)": 0, "B (USD/t)": 1},
        {"From country": "CHL", "A (USD/t)": 1, "B (USD/t)": 0},
    ]
    book = make(jin(50), sur(50), demand={"A": 50.0, "B": 50.0}, Freight=freight)
    found = lost_in(book, pairs=True, solidarity=False)
    rows = table(found, Solidarity).set_index(["lost", "member"])
    of = rows.loc["CHN to A"]
    assert of["short_t"].tolist() == pytest.approx([0, 0])  # nobody else is hit
    assert of["alone_short_t"].tolist() == pytest.approx([45, 45])
    assert of["worth"].tolist() == pytest.approx([45 * COST_SHORT] * 2)
    assert of.loc["", "cost"] == pytest.approx(100)
    assert of.loc["", "alone_cost"] == pytest.approx(
        45 * COST_SHORT - 500 + 5 * 21 - 5 * 20 + 5 * 11
    )
    shared = lost_in(book, pairs=True)
    assert shared.alone is None
    assert Solidarity not in Tables(tables_of(shared))
    assert effect(shared, CHINA).short.sum() == pytest.approx(effect(found, CHINA).short.sum())


def test_nobody_sells() -> None:
    """An empty plan has nothing to lose, and says so in empty tables."""
    found = lost_in(make(jin(60), demand=0))
    assert found.losses == ()
    assert table(found, Losses).empty
    assert table(found, LossByMineral).empty


# ---- laws --------------------------------------------------------------------------------------


CASES = {"plain": lambda: read_book(PLAIN).case, "small": lambda: read_tables(small_book()).case}


@pytest.mark.parametrize("name", CASES)
def test_a_loss_only_takes(name: str) -> None:
    """It lowers no cost and raises no service, and what is lost is accounted for to the tonne.

    And a run gives what solving its case from scratch gives.
    """
    found = lost_in(CASES[name](), refiners=True, pairs=True)
    assert len(found.losses) > 4
    calm = found.capped.without_loss
    for side in (found.capped, *([found.free] if found.free else [])):
        for loss, outcome in side.outcomes.items():
            assert outcome.error == ""
            of = effect(found, loss, free=side is found.free)
            assert np.allclose(of.lost, of.replaced + of.stocked + of.short, atol=1e-6)
            assert outcome.objective >= side.without_loss.objective * (1 - 1e-9)
            assert of.short.min() >= 0
    for loss in found.losses[::3]:
        plan = solve(loss.case_change(found.capped.base))
        outcome = found.capped.outcomes[loss]
        assert outcome.objective == pytest.approx(plan.objective, rel=1e-9)
        assert outcome.result.short.sum() == pytest.approx(plan.shortage, rel=1e-6, abs=1e-6)
    assert calm.result.short.sum() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_more_surge_is_never_worse(name: str) -> None:
    """Each loss leaves less short, or as much, the more the others may surge."""
    case = CASES[name]()
    found = [lost_in(case, surge=surge) for surge in (0.0, 0.3)]
    for loss in found[0].losses:
        tight, loose = (effect(each, loss) for each in found)
        assert loose.short.sum() <= tight.short.sum() * (1 + 1e-9) + 1e-6


def test_cash_is_the_plans_own() -> None:
    """What is read of a plan in arrays is what its tables say."""
    plan = solve(read_tables(small_book()).case)
    seen = loss_totals(plan)
    capital = float(plan.costs.set_index("heading").loc["capital", "money"])
    assert seen.cash.sum() == pytest.approx(plan.cash - capital)
    shortage = float(plan.costs.set_index("heading").loc["shortage", "money"])
    assert seen.penalty.sum() == pytest.approx(shortage)
    assert seen.short.sum() == pytest.approx(plan.shortage)


def test_nothing_lost_changes_nothing() -> None:
    """The first run is the base itself."""
    case = case_of(make(jin(60), sur(100)))
    assert NOTHING.case_change(case) is case


# ---- days and N-1 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gaps", "stock", "days"),
    [
        ([40, 40], 0, 0),
        ([40, 40], 10, 365 / 4),
        ([40, 40], 40, 365),
        ([40, 40], 60, 365 + 365 / 2),
        ([40, 40], 80, None),
        ([-20, 40], 0, 365 + 365 / 2),
        ([0, 0, 10], 0, 730),
        ([], 0, None),
    ],
)
def test_days_until_short(gaps: list[float], stock: float, days: float | None) -> None:
    """A stock fills gaps in their order; a year that buys too much adds to it."""
    assert days_until_short(gaps, stock, [0.0] * len(gaps)) == days


@pytest.mark.parametrize("noise", [-1e-9, 0.0, 1e-9])
def test_rounding_is_no_shortage(noise: float) -> None:
    """The first day short is that of a gap, not of what sums of flows leave of none."""
    assert days_until_short([noise, noise, 40], 0, [1e-6] * 3) == pytest.approx(730)
    assert days_until_short([40, 40 + noise, 0, 10], 80, [1e-6] * 4) == pytest.approx(3 * 365)


def test_little_short_in_a_year_of_little_is_a_shortage() -> None:
    """What counts as nothing is of the year's own demand: 0.005 t of 10 t are not."""
    assert days_until_short([0.005, 0.0], 0, [1e-5, 1e-2]) == 0
    assert days_until_short([0.0, 0.005], 0, [1e-5, 1e-2]) is None


def test_n_minus_1_in_both_forms() -> None:
    """Chile has 100 of 160, and 40 of the demand of 100 is a member's whose country it is."""
    book = make(jin(60), sur(100), demand={"A": 40, "B": 60})
    book["Members"][0]["Country"] = "Chile"
    (row,) = n_minus_1(solve(case_of(book))).values()
    assert row == {"largest": "CHL", "over_all": pytest.approx(0.6), "over_rest": 1.0}


# ---- plans of random books that once had no stress test -----------------------------------------


@pytest.mark.parametrize("seed", [151, 291, 371])
def test_no_demand_is_left_of_what_is_not_met(seed: int) -> None:
    """Demand less a shortage of as much is 0, not the rounding of it."""
    case = case_of(random_book(np.random.default_rng(seed), 1 + seed % 3))
    base = case_before_loss(solve(case), Rules())
    assert all(t == 0 or t > 1e-9 * case.largest_demand for t in base.demand_of.values())
    assert all(outcome.is_planned for outcome in stress(case, Rules()).outcomes)


@pytest.mark.parametrize("seed", [257, *range(400, 410)])
def test_nobody_is_short_before_the_first_year_short(seed: int) -> None:
    """Stocks that are drawn first and lent last at least until somebody is short in the plan."""
    case = case_of(random_book(np.random.default_rng(seed), 1 + seed % 3))
    found = stress(case, Rules(), [LossKind.COUNTRY, LossKind.REFINER], where=Here())
    for side in filter(None, (found.capped, found.free)):
        for of in filter(None, side.effects.values()):
            for days, short in zip(of.survived, of.short.sum(axis=1), strict=True):
                years = np.flatnonzero(short)
                assert days is None or days >= 365 * years[0] - 1e-3
                if not side.base.stockpiles:  # which may be kept though demand is short
                    assert (days is None) == (not len(years))


# ---- findings ------------------------------------------------------------------------------------


SEVERAL = "which stands for several countries and can't be lost as one"


def told(found: Stress) -> list[str]:
    """Return the sentences of the first page."""
    asked = {NOTHING_TO_LOSE: nothing_to_lose(found), str(Figure.LAST_YEAR): found.years[-1],
             STOCKS: "may be drawn" if found.case.stockpiles else ""}  # fmt: skip
    asked = {what: value for what, value in asked.items() if value}
    about = About(what=[*asked], value=[*asked.values()])
    tables = Tables([*tables_of(found), about], found.case.country_name)
    return [sentence.text for sentence in stress_findings(tables)]


@pytest.mark.parametrize(
    ("book", "said"),
    [
        (make(jin(60), demand=0.0), "In 2026, nothing is needed, so the agreed plan buys nothing."),
        (make(jin(0)), "In 2026, the agreed plan buys nothing, so no supplier can be lost."),
        (make(jin(60), years=(2026, 2027), Lanes=[{"From country": "CHN", "Open": "no"}]),
         "From 2026 to 2027, the agreed plan buys nothing, so no supplier can be lost."),
        (make(refiner("All", "ROW", 60, 5)),
         f"In 2026, the agreed plan buys only from ROW, {SEVERAL}."),
    ],
    ids=["no need", "no capacity", "closed", "rest of world"],
)  # fmt: skip
def test_a_plan_without_a_supplier_to_lose_has_a_page_and_a_report(book, said) -> None:
    """Its only sentence says why, and the report has no table to show."""
    found = lost_in(book)
    assert told(found) == [said]
    assert StressTest.sections(Tables(tables_of(found))) == ()


def test_where_nothing_is_needed_what_is_bought_for_stock_can_be_lost() -> None:
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 9, "Target (t)": 9, "Opening (t)": 0}
    found = lost_in(make(jin(60), demand=0.0, Stockpiles=[pile]))
    assert [loss.country for loss in found.losses] == ["CHN"]
    assert told(found)[:2] == [
        "In 2026, nothing is needed.",
        "If a country is lost, no mineral is further missing than in the agreed plan.",
    ]


@pytest.mark.parametrize(
    ("capacity", "said"),
    [
        ((60, 40), ("Hardest is the loss of CHN", "Next is CHL: 40 %")),
        ((50, 50), ("Without CHN: 50 %", "As much is missing without CHL: 50 %")),
        ((50.4, 49.6), ("Hardest is the loss of CHN", "Next is CHL: 49.6 %")),
        ((50.01, 49.99), ("Without CHN: 50 %", "As much is missing without CHL: 50 %")),
        ((100, 40), ("Without CHN: 92 %",)),
        ((99, 40), ("Hardest is the loss of CHN", "Next is CHL: 1 %")),
    ],
)  # fmt: skip
def test_what_is_hit_hardest_looks_like_nothing_else(capacity, said) -> None:
    """Jin of China and Sur of Chile together have 100 t or more, for a need of 100 t."""
    found = lost_in(make(jin(capacity[0]), sur(capacity[1])))
    answers = [text for text in told(found) if " mineral is further" not in text[:40]]
    for text, start in zip(answers, said, strict=False):
        assert text.startswith(start)


def test_the_loss_with_most_missing_is_named_first_and_the_dearest_row_stands_first() -> None:
    """Peru alone sells 5 t of tin; China 60 t of copper, at many times the cost."""
    book = make(jin(60), sur(100))
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 5})
    book["Refiners"].append(refiner("Lima", "PER", 5, 1) | {"Mineral": "tin"})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 5})
    found = lost_in(book)
    rows = table(found, Losses)
    assert rows["lost"].tolist() == ["CHN", "CHL", "PER"]
    assert rows["cost"].is_monotonic_decreasing
    most = "Hardest is the loss of PER: 100 % of the need for tin is further"
    assert told(found)[:3] == [
        f"{most} missing than in the agreed plan.",
        "Without PER, 1 mineral is further missing than in the agreed plan.",
        "Without CHN: 40 % of the need for copper is further missing than in the agreed plan.",
    ]


@pytest.mark.parametrize(("opening", "has_days"), [(0, False), (30, True)])
def test_uses_are_in_the_table_and_days_are_more_than_none(opening, has_days) -> None:
    """China's 60 t can't be replaced: defence alone misses 20 t if only it is cut off."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Target (t)": 0}
    book = make(jin(60), sur(40), Stockpiles=[pile | {"Opening (t)": opening}])
    demand = book["Demand"][0]
    book["Demand"] = [demand | {"Tier": t, "2026": need} for t, need in (("war", 70), ("rest", 30))]
    book["Tiers"] = [{"Tier": "war", "Shortage cost multiple": 50},
                     {"Tier": "rest", "Shortage cost multiple": 10}]  # fmt: skip
    found = stress(case_of(book), Rules(0.0), [LossKind.COUNTRY, LossKind.END_USE], where=Here())
    tables = Tables(tables_of(found))
    shown = StressTest.main_table(tables)
    assert shown is not None
    assert {*shown.result.lost} >= {"CHN", "CHL", "CHN to war"}
    said = [sentence for sentence in stress_findings(tables) if sentence.place != "care"]
    assert not any(" to war" in each.text for each in said if each.place == "answer")
    assert any("closed from CHN to war" in each.text for each in said)
    assert any("first shortage" in each.text for each in said) is has_days


@pytest.mark.parametrize(
    ("opening", "days"), [(0, "365 days"), (30, "487 days"), (None, "365 days")]
)
def test_days_without_a_shortage_are_said_of_stocks_and_of_years_without_need(opening, days):
    """2026 needs nothing; in 2027 Chile can sell 10 t of 100, and 30 t in stock last a third."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Target (t)": 0}
    stocks = [] if opening is None else [pile | {"Opening (t)": opening}]
    book = make(jin(60), sur(40), demand=100.0, years=(2026, 2027), Stockpiles=stocks)
    book["Demand"][0]["2026"] = 0
    found = stress(case_of(book), Rules(0.0), [LossKind.COUNTRY], where=Here())
    said = [each for each in told(found) if "first shortage" in each]
    first = f"Without CHN, the coalition's first shortage comes after {days}"
    assert said == [f"{first}." if opening is None else f"{first} if members share their stocks."]


def test_what_a_country_is_needed_for_through_all_stages_is_named() -> None:
    """The ally makes all alloy, from oxide that China makes alone: 0 % at the last stage, 100 %."""
    refiners = [plant("Bao", "oxide", "China", 1), plant("Ally", "alloy", "Japan", 2)]
    book = stages(
        {"oxide": 50, "alloy": 100}, refiners, [made("alloy", "oxide", 1.0)], {"alloy": 10}
    )
    found = lost_in(book)
    rows = table(found, LossByMineral)
    row = rows[(rows["lost"] == "China") & (rows["mineral"] == "alloy")].iloc[0]
    assert (row["depends_last"], row["depends"]) == pytest.approx((0.0, 1.0))
    said = [text for text in told(found) if "depend" in text]
    shares = "100 % of purchases through all stages, 0 % at the last stage"
    assert said == [f"In 2026, alloy depends on China: {shares}."]


def test_missing_in_all_and_further_missing_are_apart() -> None:
    """At 30 % a country 40 % are missing as agreed; the loss of China takes 30 t, 20 come back."""
    found = lost_in(make(jin(100), sur(100), Share_limits=[cap(0.3)]))
    row = table(found, LossByMineral).iloc[0]
    assert (row["agreed_share"], row["share"]) == pytest.approx((0.4, 0.1))
    assert (row["missing_share"], row["missing"]) == pytest.approx((0.5, 50))
