"""Support: gaps by hand and by planning with a payment; bills, tariffs for caps, who pays."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.answers.payment import RUNS, NeededPayment, Steps, payments, tariffs
from models.case import Case
from models.plan import Plan, difference_payment, payments_by_member, support_bills
from models.plan import solve as solve_case
from models.program.families.projects import running_fraction
from models.resolve import Expanded
from models.results import Flows, Members
from models.schema import Project
from planner.scenarios import ACTIONS, apply, drop_share_limits
from tests.budget import at_length, few
from tests.models.desk import BookT, cost, jin, make, one, read, refiner, sur, tonnes
from tests.models.desk import solve_once as solve
from tests.models.stages import (
    ALLY,
    CHINA,
    cap,
    made,
    oxide_and_alloy,
    random_stages,
    separation,
    stages,
)
from tests.models.stages import plant as plant_row
from tests.models.test_hand_floors import border
from tests.models.test_laws import draw
from tests.models.test_ranges import FREE, plain, plant
from tests.models.test_session import step

EPSILON = 1e-6


def gap(plan: Plan, name: str, year: int = 2026, project: str = "") -> float:
    return float(one(plan.sources, refiner=name, project=project, year=year)["gap"])


# ---- gaps by hand: China has 100 t at 10, Chile 100 t at 20, demand 100 t ------------------------


def test_an_idle_plant_lacks_what_it_is_dearer() -> None:
    plan = solve(make(jin(), sur()))
    assert gap(plan, "Sur") == pytest.approx(10)
    assert np.isnan(gap(plan, "Jin"))  # all of it is used


def test_what_is_missing_falls_by_what_a_plant_sells() -> None:
    """100 t are needed, Jin has 60. Sur's 30 t at 520 are dearer than a shortage at 500."""
    (needed,) = payments(solve(make(jin(60), refiner("Sur", "CHL", 30, 520))), "copper")
    assert needed.tonnes == {2026: pytest.approx(30)}
    assert needed.missing == pytest.approx(-30)
    (needed,) = payments(solve(make(jin(), sur())), "copper")  # takes the place of Jin's tonnes
    assert needed.missing == pytest.approx(0)


def test_a_cap_closes_the_gap() -> None:
    """Of 60 % Jin sells 60 t, Sur 40: both have tonnes left at what a tonne is worth."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.6}
    plan = solve(make(jin(), sur(), Share_limits=[limit]))
    assert (gap(plan, "Jin"), gap(plan, "Sur")) == (0, 0)
    assert gap(solve_case(drop_share_limits(plan.case)), "Sur") == pytest.approx(10)


def test_freight_tariff_and_ore_count() -> None:
    """Sur at 20 pays half on top, 3 of freight, and ore at 4 + 1 of which it recovers half: 43."""
    book = make(
        jin(Needs_ore="no"), sur(Recovery=0.5, Kind="primary"),
        Lanes=[{"From country": "CHL", "Tariff": 0.5, "Freight (USD/t)": 3}],
        Mines=[
            {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 500, "Premium (USD/t)": 4}
        ],
        Ore_lanes=[{"Mine country": "PER", "Freight (USD/t)": 1}],
    )  # fmt: skip
    assert gap(solve(book), "Sur") == pytest.approx(20 * 1.5 + 3 + 5 / 0.5 - 10)


def test_a_project_that_is_not_built_has_to_earn_its_capital() -> None:
    """0.02 m over 10 years at no interest is 20 a t in both years; it costs 5 and is worth 10."""
    book = make(
        jin(), Projects=[plant(**{"Capex (USD m)": 0.02})], settings=FREE,
        demand={"A": [100, 100]}, years=(2026, 2027),
    )  # fmt: skip
    plan = solve(book)
    assert [gap(plan, "New", y, "New") for y in (2026, 2027)] == pytest.approx([15, 15])


def test_a_plant_without_a_lane_has_none() -> None:
    closed = [{"From country": "CHL", "Open": "no"}]
    assert np.isnan(gap(solve(make(jin(), sur(), Lanes=closed)), "Sur"))


# ---- by planning the case with a payment ---------------------------------------------------------


def paid(case: Case, record: Any, years: set[int], value: float) -> Case:
    """Return the case with a payment for each tonne of a refiner or project."""
    made = record.support.map(case.years, lambda y, was: value if y in years else was)
    new = dataclasses.replace(record, support=made)
    name = "projects" if isinstance(record, Project) else "refiners"
    return case.change(**{name: tuple(new if r is record else r for r in getattr(case, name))})


def idle_plants(plan: Plan) -> list[tuple[int, set[int], float]]:
    """Return position, years and gap of plants that sell nothing and a payment could help."""
    found, e, of = [], plan.expanded, plan.gaps
    for r, source in enumerate(e.sources):
        years = [t for t in range(len(e.years)) if np.isfinite(of.gap[r, t])]
        for t in years[:1]:
            is_free = plan.sold[r].max() <= 1e-6 and e.costs[r, t] > of.gap[r, t] > 1e-3
            of_years = years if isinstance(source.record, Project) else [t]
            if is_free:
                found.append((r, {e.years[y] for y in of_years}, float(of.gap[r, t])))
    return found


def sold(case: Case, r: int, years: set[int]) -> float:
    plan = solve_case(case)
    at = [t for t, year in enumerate(case.years) if year in years]
    return float(plan.sold[r, at].max())


def richer(seed: int) -> BookT:
    """A plain book with a cap, and a project that is too dear to build."""
    book = plain(seed)[0]
    dice = np.random.default_rng([6, seed])
    book["Share limits"] = [{"Limit": "max", "Supplier group": "country", "Share": 0.7}]
    capex = round(float(dice.uniform(0.005, 0.02)), 4)
    cost_of = round(float(dice.uniform(10, 20)), 2)
    book["Projects"] = [plant(**{"Capex (USD m)": capex, "Cost (USD/t)": cost_of})]
    return book


@pytest.mark.parametrize("seed", range(6))
def test_a_plant_is_idle_below_its_gap_and_used_above(seed: int) -> None:
    """The workbook's own row says what is paid: a scenario of it, a millionth less and more."""
    book = richer(seed)
    plan = solve(book)
    for r, years, needs in idle_plants(plan):
        row = {"Scenario": "Paid", "Action": "set support", "First year": min(years)}
        row |= {"Mineral": "copper", "Refiner": plan.expanded.sources[r].name}
        less, more = (
            apply(read({**book, "Scenarios": [row | {"Value": needs + by}]}), "Paid")
            for by in (-EPSILON, EPSILON)
        )
        assert sold(less, r, years) <= 1e-6
        assert sold(more, r, years) > 1e-3


def test_some_plant_of_those_books_is_idle() -> None:
    found = [each for seed in range(6) for each in idle_plants(solve(richer(seed)))]
    assert len(found) >= 6


@pytest.mark.parametrize("seed", range(8))
def test_less_than_the_gap_leaves_a_plant_idle(seed: int) -> None:
    """On any book: where prices are one of several, the gap is one that surely is not enough."""
    plan = solve(draw(seed, {"whole projects"}))
    for r, years, needs in idle_plants(plan)[:2]:
        case = paid(plan.case, plan.expanded.sources[r].record, years, needs * (1.0 - EPSILON))
        assert sold(case, r, years) <= 2e-6 * max(plan.case.largest_demand, 1.0)


# ---- gaps where minerals are made from one another ----------------------------------------------


def test_gaps_of_idle_plants_in_a_chain() -> None:
    """Oxide is 1 in China and 2 with the ally, alloy 1 and 2 on top: the ally lacks 1 at each."""
    plan = solve(oxide_and_alloy())
    assert gap(plan, "Lyn") == pytest.approx(1)
    assert gap(plan, "Arafura") == pytest.approx(1)
    assert np.isnan(gap(solve(oxide_and_alloy(cap(0.65, "oxide"))), "Lyn"))


def test_an_idle_supplier_of_an_idle_plant_lacks_what_both_lack() -> None:
    """Bao's oxide at 1 reaches no one but Arafura, whose alloy at 2 comes with Lyn's oxide at 3.

    Zhong's alloy costs 2 in all. Arafura lacks 2 + 1 - 2 = 1 with Bao's oxide, which it can't buy
    cheaper: so does Bao, whose tonne Arafura would take if it cost nothing.
    """
    book = stages(
        {"oxide": 50, "ore": 50, "alloy": 100},
        [
            plant_row("Bao", "oxide", CHINA, 1), plant_row("Lyn", "oxide", ALLY, 3),
            plant_row("Arafura", "alloy", ALLY, 2), plant_row("Zhong", "alloy", CHINA, 1),
            plant_row("Mine", "ore", CHINA, 1),
        ],
        [made("alloy", "oxide", Refiner="Arafura"), made("alloy", "ore", Refiner="Zhong")],
        {"alloy": 20},
    )  # fmt: skip
    plan = solve(book)
    assert gap(plan, "Arafura") == pytest.approx(1)
    assert gap(plan, "Bao") == pytest.approx(1)
    assert gap(plan, "Lyn") == pytest.approx(3)
    r = next(i for i, s in enumerate(plan.expanded.sources) if s.name == "Bao")
    assert plan.expanded.buyer_name(int(plan.gaps.member[r, 0])) == "Arafura"
    assert plan.gaps.worth[r, 0] == pytest.approx(0)


def test_gaps_of_the_separation_lines_are_none() -> None:
    """The contract's closed form a uses both lines, and both mines: nothing is idle of them."""
    plan = solve(separation())
    assert set(plan.sources["gap"].dropna()) <= {0.0}


@pytest.mark.parametrize("seed", range(at_length(8, 24)))
def test_less_than_the_gap_leaves_a_plant_of_a_chain_idle(seed: int) -> None:
    """At any stage, whatever else its inputs and buyers are."""
    plan = solve(random_stages(seed))
    for r, years, needs in idle_plants(plan):
        case = paid(plan.case, plan.expanded.sources[r].record, years, needs * (1.0 - EPSILON))
        assert sold(case, r, years) <= 2e-6 * max(plan.case.largest_demand, 1.0)


@pytest.mark.slow
def test_more_than_the_gap_runs_most_plants_of_a_chain() -> None:
    """Else a gap of nothing would pass all of the above: at a hundredth more most sell."""
    runs = []
    for seed in range(24):
        plan = solve(random_stages(seed))
        for r, years, needs in idle_plants(plan)[:2]:
            if (
                plan.expanded.is_input(plan.expanded.sources[r].mineral)
                or plan.expanded.plant_inputs
            ):
                record = plan.expanded.sources[r].record
                runs.append(sold(paid(plan.case, record, years, needs * 1.01), r, years) > 1e-3)
    assert len(runs) > 12
    assert np.mean(runs) > 0.8


# ---- the tariff that does what a cap does --------------------------------------------------------


def test_the_tariff_in_place_of_a_cap_counts_support() -> None:
    """Out costs 8, of which a payment takes 2: at a cap of 40 % a tonne of relief saves 5."""
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHN", "Share": 0.4}
    book = border() | {"Share limits": [limit]}
    case = read(book)
    out = next(r for r in case.refiners if r.name == "Out")
    capped = solve_case(paid(case, out, {2026}, 2.0))
    (equivalent,) = tariffs(capped)
    assert equivalent.tariff == pytest.approx(5)


@pytest.mark.parametrize("seed", range(5))
def test_the_plan_under_the_tariff_costs_the_capped_and_the_revenue(seed: int) -> None:
    book = richer(seed)
    book["Share limits"][0]["Share"] = 0.45
    plan = solve(book)
    found = tariffs(plan)
    assert found, "a cap binds"
    case = plan.case
    dearer = {(t.year, t.country): t.tariff for t in found}
    refiners = tuple(
        dataclasses.replace(
            r, cost=r.cost.map(case.years, lambda y, c, at=r.country: c + dearer.get((y, at), 0.0))
        )
        for r in case.refiners
    )
    free = solve_case(drop_share_limits(case).change(refiners=refiners))
    revenue = sum(t.tariff * t.share * case.coalition_demand(t.mineral, t.year) for t in found)
    assert free.objective == pytest.approx(plan.objective + revenue, rel=1e-9)
    assert revenue == pytest.approx(sum(t.revenue for t in found), rel=1e-6)


# ---- contracts for difference --------------------------------------------------------------------


def support(**more: object) -> dict[str, object]:
    return {"Plant": "Jin", "Mineral": "copper", "Strike price (USD/t)": 60} | {
        header.replace("_", " "): value for header, value in more.items()
    }


def test_the_floor_of_mp_materials() -> None:
    """110 USD/kg of NdPr; in the first quarter of 2026 42.273 m USD on 1,006 t sold, so a market
    of 68.0: the same bill from that price, and that price from the bill."""
    market = 110_000 - 42.273e6 / 1_006
    assert market == pytest.approx(68_000, rel=5e-4)
    page = (Path(__file__).parents[2] / "docs" / "support.md").read_text(encoding="utf-8")
    assert f"| 110,000 | {market:,.0f} | 42.273 m on 1,006 t |" in page
    book = make(
        refiner("Mountain Pass", "USA", 1_006, 50_000), demand=1_006,
        Supports=[
            {
                "Plant": "Mountain Pass", "Mineral": "copper", "Strike price (USD/t)": 110_000,
                "Reference price (USD/t)": market,
            }
        ],
    )  # fmt: skip
    book["Minerals"][0]["Price (USD/t)"] = 68_000
    (bill,) = support_bills(solve(book))
    assert bill.each == pytest.approx(42_020.9, abs=0.1)
    assert bill.total == pytest.approx(42.273e6)
    # at the price of the sheet Minerals, where no reference is stated
    del book["Supports"][0]["Reference price (USD/t)"]
    assert support_bills(solve(book))[0].total == pytest.approx(1_006 * 42_000)


@pytest.mark.parametrize(
    ("reference", "clawback", "each"),
    [(50, None, 10), (70, None, 0), (70, 60, -10), (70, 65, -5), (62, 65, 0), (50, 60, 10)],
)
def test_both_ways_of_a_contract(reference: float, clawback: float | None, each: float) -> None:
    assert difference_payment(60, reference, clawback) == each


def test_a_group_pays_by_demand_in_the_years_of_the_row() -> None:
    book = make(
        jin(200), demand={"A": [30, 30], "B": [10, 10], "C": [60, 60]}, years=(2026, 2027),
        Supports=[support(Payer="EU", First_year=2027)],
    )  # fmt: skip
    for member in book["Members"][:2]:
        member["Group"] = "EU"
    plan = solve(book)
    (bill,) = support_bills(plan)
    assert (bill.year, bill.tonnes, bill.each, bill.total) == (2027, 100, 10, 1000)
    assert {member: money for member, _, money in payments_by_member(plan)} == {"A": 750, "B": 250}


def test_a_contract_changes_nothing_in_the_plan() -> None:
    book = make(jin(), sur())
    without, beside = solve(book), solve({**book, "Supports": [support()]})
    assert without.flows.equals(beside.flows)
    assert without.objective == beside.objective


# ---- set support ---------------------------------------------------------------------------------


def test_the_buyer_pays_less_and_the_payer_pays_it() -> None:
    """Sur at 20 with 12 paid: it sells 100 t for 8 in place of Jin's 10; A needs 75, B 25."""
    case = read(make(jin(), sur(), demand={"A": 75, "B": 25}))
    plan = solve_case(ACTIONS["set support"](case, step("set support", refiner="Sur", value=12)))
    assert tonnes(plan, refiner="Sur") == pytest.approx(100)
    assert (plan.objective, plan.purchases) == (pytest.approx(800), pytest.approx(800))
    assert (cost(plan, "purchase"), cost(plan, "support")) == (2000, -1200)
    assert plan.cash == pytest.approx(2000)  # a transfer: the coalition pays what tonnes cost
    assert plan.support_paid == pytest.approx({"A": 900, "B": 300})
    members = Members.from_plan(plan, None)
    both = sum(members.paid) + sum(members.support)
    assert both == pytest.approx(plan.cash)
    assert list(Flows.from_plan(plan).support) == pytest.approx([12, 12])


def test_the_payer_is_that_of_supports() -> None:
    case = read(
        make(jin(), sur(), demand={"A": 75, "B": 25}, Supports=[support(Plant="Sur", Payer="B")])
    )
    plan = solve_case(ACTIONS["set support"](case, step("set support", refiner="Sur", value=12)))
    assert plan.support_paid == pytest.approx({"B": 1200})


def test_no_more_is_paid_than_the_cost() -> None:
    case = read(make(jin(), sur()))
    plan = solve_case(ACTIONS["set support"](case, step("set support", refiner="Sur", value=500)))
    assert plan.objective == pytest.approx(0)
    assert not Expanded(case).supports.any()


def test_without_support_no_plan_says_any() -> None:
    plan = solve(make(jin(), sur()))
    assert "support" not in plan.flows
    assert Flows.support not in Flows.from_plan(plan).fields
    assert plan.support_paid == {}


# ---- payments that make a plant run, by planning again with them ---------------------------------


def needs(plan: Plan) -> list[NeededPayment]:
    return [each for m in plan.expanded.minerals for each in payments(plan, m)]


def runs(plan: Plan, r: int, years: set[int], value: float) -> bool:
    """Whether a plant runs in a plan made with a payment: it sells a tenth of what it could."""
    case, e, record = plan.case, plan.expanded, plan.expanded.sources[r].record
    again = solve_case(paid(case, record, years, value))
    at = [t for t, year in enumerate(case.years) if year in years]
    built = np.ones(len(e.years))
    if isinstance(record, Project):
        built = np.array([running_fraction(plan, record, year) for year in e.years])
    could = np.where(e.usable[r] > 0, e.usable[r], e.nameplate[r] * built)[at]
    sells, nothing = again.sold[r, at], 1e-9 * max(case.largest_demand, 1.0)
    if not built.any():
        could = (e.nameplate[r] * e.startable[r])[at]
        return bool(sells.sum() >= RUNS * could.sum() - nothing)
    return bool((sells >= RUNS * could - nothing).all())


def less(payment: float) -> float:
    """A step less, in three digits and tenths at least, and a bit: a step may be at a tie."""
    return payment - max(0.1, 0.01 * payment) * 1.001


@pytest.mark.parametrize("is_fine", [False, True])
@pytest.mark.parametrize("number", [-999, -950, -901, -900, -899, -1, 0, 1, 899, 900, 3000])
def test_every_payment_is_its_own_step_and_the_next_is_more(number: int, is_fine: bool) -> None:
    steps = Steps(is_fine)
    payment = steps.payment_at(number)
    assert steps.step_at_least(payment) == number
    assert steps.step_at_least(payment * (1.0 + 1e-9)) == steps.step_above(payment) == number + 1
    assert steps.payment_at(number + 1) > payment
    assert payment == float(f"{payment:.3g}")  # as it is said
    assert is_fine or payment == round(payment, 1)  # as a sheet shows it


def test_the_payment_fills_the_plant_that_its_gap_leaves_idle() -> None:
    """Chile may sell 12 %, which Sol sells at 8: Sur takes its place at 6 more, from a gap of 4."""
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHL", "Share": 0.12}
    book = make(
        jin(), refiner("Sur", "CHL", 100, 14), refiner("Sol", "CHL", 12, 8), Share_limits=[limit]
    )  # fmt: skip
    plan = solve(book)
    (need,) = [n for n in needs(plan) if plan.expanded.sources[n.source].name == "Sur"]
    assert need.by_year[2026] == (pytest.approx(6.1), pytest.approx(12))
    assert need.payment == pytest.approx(6.1)


def test_a_payment_that_only_the_first_tonne_needs_does_not_make_a_plant_run() -> None:
    """Sur sells one tonne at 14, since Jin has 99; for the others it has to be as cheap as Jin."""
    book = make(jin(99), refiner("Sur", "CHL", 100, 14), refiner("Dear", "USA", 1, 15))
    plan = solve(book)
    (need,) = [n for n in needs(plan) if plan.expanded.sources[n.source].name == "Dear"]
    assert tonnes(plan, refiner="Sur") == pytest.approx(1)
    (sur_needs,) = [n for n in needs(plan) if plan.expanded.sources[n.source].name == "Sur"]
    assert gap(plan, "Sur") == 0
    assert sur_needs.by_year[2026] == (pytest.approx(4.1), pytest.approx(100))
    assert need.by_year[2026] == (pytest.approx(1.1), pytest.approx(1))


def test_no_payment_helps_where_the_whole_cost_is_not_enough() -> None:
    """Its freight alone is dearer than what a tonne is worth."""
    lane = [{"From country": "CHL", "Freight (USD/t)": 11}]
    (need,) = needs(solve(make(jin(), sur(), Lanes=lane)))
    assert need.payment is None
    assert need.by_year == {2026: (None, 0.0)}


def test_one_price_for_all_years_is_that_of_the_year_that_needs_most() -> None:
    book = make(
        jin(), sur(**{"Cost 2027 (USD/t)": 25}), demand={"A": [100, 100]}, years=(2026, 2027)
    )
    (need,) = needs(solve(book))
    paid_for = {year: payment for year, (payment, _) in need.by_year.items()}
    assert paid_for == {2026: pytest.approx(10.1), 2027: pytest.approx(15.1)}
    assert need.payment == pytest.approx(15.1)
    assert need.tonnes == {2026: pytest.approx(100), 2027: pytest.approx(100)}


def test_a_plant_of_next_to_no_cost_is_asked_finely() -> None:
    """Cents a tonne: a tenth would be all of it."""
    book = make(refiner("Jin", "CHN", 100, 0.5), refiner("Sur", "CHL", 100, 0.6))
    (need,) = needs(solve(book))
    assert need.payment == pytest.approx(0.101)


def test_a_plant_that_runs_needs_nothing() -> None:
    assert needs(solve(make(jin(50), sur()))) == []


@pytest.mark.parametrize("seed", few(range(10), 4))
def test_each_payment_makes_its_plant_run_and_less_does_not(seed: int) -> None:
    """On any book, by planning again; where none helps the whole cost does not."""
    book = richer(seed) if seed % 2 else draw(seed, {"whole projects"})
    plan = solve(book)
    for need in needs(plan)[:3]:
        record = plan.expanded.sources[need.source].record
        every = {*need.tonnes}
        for years, payment in [
            *(({year}, of) for year, (of, _) in [*need.by_year.items()][:2]),
            (every, need.payment),
        ]:
            if payment is None:
                whole = max(record.cost.value(year) for year in years)
                assert not runs(plan, need.source, years, whole * 2 + 1)
            else:
                assert runs(plan, need.source, years, payment)
                if len(years) == 1 or not need.by_year:
                    assert not runs(plan, need.source, years, less(payment))


def test_a_payment_takes_the_budget_from_a_plant_of_another_mineral() -> None:
    """The budget pays for one plant: that of tin spares 10 - 5 - 1 = 4 a t.

    That of copper, at 30 + 1, needs 25 to spare 4, too. Sur, and Jin for tin, are 4 a t dearer
    than what they would replace.
    """
    book = make(
        jin(), refiner("Sur", "CHL", 100, 14), Projects=[plant(**{"Cost (USD/t)": 30})],
        Budget=[{"Year": 2026, "Capex (USD m)": 0.001}], settings=FREE,
    )  # fmt: skip
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Refiners"].append(jin() | {"Mineral": "tin"})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    book["Projects"].append(plant(Project="Tin", Refiner="Tin", Mineral="tin"))
    plan = solve(book)
    assert tonnes(plan, project="Tin") == pytest.approx(100)
    found = {plan.expanded.sources[need.source].name: need.payment for need in needs(plan)}
    assert found == pytest.approx({"Sur": 4.1, "New": 25.1, "Jin": 4.1})


def test_the_payments_of_some_books_are_beyond_their_gaps() -> None:
    """Else nothing above is tested that a gap would not say."""
    found = [
        (n, plan)
        for s in range(10)
        for plan in [solve(draw(s, {"whole projects"}))]
        for n in needs(plan)
    ]
    beyond = [
        n
        for n, plan in found
        for year, (payment, _) in n.by_year.items()
        if payment
        and payment > 1.05 * np.nan_to_num(plan.gaps.gap[n.source, plan.expanded.years.index(year)])
    ]
    assert beyond
    assert any(n.payment is None for n, _ in found)
