"""What to decide now, by hand; and exchanges that cost nothing, which are no change."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.answers import exchanged
from models.answers.nearest import columns_of_purchases, nearest_plan
from models.answers.recourse import Tail
from models.plan import BUILT, REST, SHORTAGE, STOCK, Plan, Session
from models.plan import solve as solve_case
from models.results import DecideNow
from models.results.decisions import (
    KEY_FIELDS,
    DecidedAmount,
    Decisions,
    Key,
    changes_of,
    decisions_of,
)
from models.schema import ScenarioStep
from models.solve import highs
from planner.render.claims import SheetRows
from planner.scenarios import Variant, WhatIf
from planner.sheets.findings import decide_now
from planner.studies import Here
from planner.studies.agreed_plan import Unforeseen, decisions_before
from planner.studies.cases import compared_cases, compared_with_base, plan_cases, with_unforeseen
from planner.studies.under_risk import plan_together
from tests.models.desk import BookT, jin, make, read, refiner, solve, sur, tonnes
from tests.models.stages import cap
from tests.models.test_futures import futures_of, step
from tests.models.test_hand_built import PLANT, YEARS, begun
from tests.models.test_hand_contracts import signed
from tests.models.test_hand_stages import oxide_and_alloy
from tests.reference.cases import END_USE, SECURE, random_book
from tests.scenarios.what_if import NAME, with_steps
from tests.scenarios.what_if import step as step_of

near = pytest.approx
LANE = {"Mineral": "copper", "To member": "A", "Open": "no"}


def decided(plan: Plan) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return amount and cost of each decision, by kind, what and member."""
    table = DecideNow.from_plan(plan)
    fields = DecideNow.decision, DecideNow.what, DecideNow.member, DecideNow.amount, DecideNow.cost
    return {
        (kind, what, who): (amount, cost) for kind, what, who, amount, cost in table.rows(*fields)
    }


def reserve(**more: Any) -> list[dict[str, Any]]:
    """Return a reserve of A of at most 50 t."""
    return [{"Mineral": "copper", "Member": "A", "Max (t)": 50} | more]


def test_tonnes_cost_what_they_cost_landed() -> None:
    """100 t of Jin at 10, freight 2, tariff 10 %: 13 a t; today's purchases only."""
    lane = {"Mineral": "copper", "Tariff": 0.1, "Freight (USD/t)": 2}
    plan = solve(make(jin(), demand={"A": [100, 40]}, years=YEARS[:2], Lanes=[lane]))
    assert decided(plan) == {("buy", "Jin", "A"): near((100, 1300))}


def test_what_plants_buy_has_the_plant_as_member() -> None:
    """13 t of alloy come from China, 5 of the ally; each t takes one of oxide."""
    found = decided(solve(oxide_and_alloy(cap(0.65))))
    plants = {who for kind, what, who in found if what in {"Bao", "Lyn"}}
    assert plants <= {"Zhong", "Arafura"}
    bought = [t for (_, what, _), (t, _) in found.items() if what in {"Bao", "Lyn"}]
    assert sum(bought) == near(18)


def test_contracts_are_apart_from_spot() -> None:
    """30 t are agreed at 12, the other 70 are bought at 10."""
    plan = solve(make(jin(), Contracts=[signed(30)]))
    assert decided(plan) == {
        ("contract", "Jin", "A"): near((30, 360)), ("buy", "Jin", "A"): near((70, 700)),
    }  # fmt: skip


def test_stocks_are_filled_at_what_is_paid_and_drawn_for_nothing() -> None:
    """Nobody sells in 2027: 20 t are stored for it at 10 a t. Of 20 t in stock 20 are drawn."""
    later = refiner("Jin", "CHN", 100, 10, First_year=2026, Last_year=2026)
    book = make(later, demand={"A": [50, 20]}, years=YEARS[:2], Stockpiles=reserve())
    found = decided(solve(book))
    assert found["fill", "", "A"] == near((20, 200))
    assert found["buy", "Jin", "A"] == near((70, 700))
    book = make(jin(80), Stockpiles=reserve(**{"Opening (t)": 20, "Target (t)": 0}))
    assert decided(solve(book))["draw", "", "A"] == near((20, 0))


def test_a_plant_is_begun_a_lead_time_before_its_output() -> None:
    """40 t at 5 instead of 500 short. Begun in 2026 for 2027: 2,000 of capital; not in 2027."""
    assert decided(solve(begun()))["begin", "P", ""] == near((1, 2000))
    later = begun()
    later["Projects"][0] = PLANT | {"First year": 2028}
    assert ("begin", "P", "") not in decided(solve(later))
    assert ("begin", "P", "") not in decided(solve(begun((2027, 1))))
    half = decided(solve(begun((2027, 0.5))))
    assert ("begin", "P", "") not in half  # the rest can be begun in another year alone


def two_sellers(cost: float = 10, **more: Any) -> BookT:
    """A and B need 50 t each; Jin has 50 at 10, Kim 50 at a cost."""
    kim = refiner("Kim", "KOR", 50, cost)
    return make(jin(50), kim, sur(0), demand={"A": 50, "B": 50}, **more)


def changes(plan: Plan, base: Plan) -> dict[tuple[str, str], tuple[float, float]]:
    """Return amount and amount before of the decisions that change, by seller and buyer."""
    now, was = map(decisions_of, (plan, base))
    rows = changes_of(now, was, exchanged(plan, was))
    return {(row["what"], row["member"]): (row["amount"], row["before"]) for row in rows}


@pytest.mark.parametrize("seller", ["Jin", "Kim"])
def test_an_exchange_that_costs_nothing_is_no_change(seller: str) -> None:
    """With a lane closed A has to buy from the other; with it open again it need not go back."""
    free, shut = solve(two_sellers()), solve(two_sellers(Lanes=[LANE | {"Refiner": seller}]))
    assert changes(free, shut) == {}
    if tonnes(free, refiner=seller, member="A") == near(50):
        other = {"Jin": "Kim", "Kim": "Jin"}[seller]
        assert changes(shut, free) == {
            (seller, "A"): near((0, 50)), (seller, "B"): near((50, 0)),
            (other, "A"): near((50, 0)), (other, "B"): near((0, 50)),
        }  # fmt: skip
    else:
        assert changes(shut, free) == {}


def test_a_dearer_seller_is_a_change() -> None:
    """Kim's tonnes at 700 are worse than a shortage: nobody buys them any more."""
    found = changes(solve(two_sellers(700)), solve(two_sellers()))
    assert {what for what, _ in found} >= {"Kim"}
    assert sum(now for (what, _), (now, _) in found.items() if what == "Kim") == 0


def test_sales_of_the_country_that_is_left_are_not_exchanged() -> None:
    """A bought in Jin or Kim at the same cost; told to keep China's sales, each change is one."""
    free, shut = solve(two_sellers()), solve(two_sellers(Lanes=[LANE | {"Refiner": "Jin"}]))
    if tonnes(free, refiner="Jin", member="A") == near(50):
        assert exchanged(free, decisions_of(shut), "CHN") == set()
    assert {"Jin", "Kim"} <= {key[2] for key in exchanged(free, decisions_of(shut))}


@pytest.mark.parametrize("member", ["A", "B"])
@pytest.mark.parametrize(("small", "large"), [("Jin", "Kim"), ("Kim", "Jin")])
def test_under_risk_the_base_is_the_nearest_plain_plan(small: str, large: str, member: str) -> None:
    """Two at 10 a t, 50 t and 70 t; 20 t more are bought and stored for a year without the second.

    Whoever sells to whom in the plain plan, the changes are those 20 t.
    """
    sellers = refiner(small, "CHN", 50, 10), refiner(large, "KOR", 70, 10)
    pile = {"Member": member, "Max (t)": 20, "Target (t)": 0, "Holding cost (USD/t/yr)": 1}
    book = make(*sellers, demand={"A": [50, 50], "B": [50, 50]}, years=YEARS[:2],
                Stockpiles=reserve(**pile))  # fmt: skip
    plan = solve(book)
    ban = {2027: [step("block lanes", 2027, country="KOR")]}
    futures, calm = futures_of(plan, [(0.5, {}), (0.5, ban)])
    session: Any = SimpleNamespace(variation=None)
    found = plan_together(plan, session, futures=futures, calm=calm, tail=Tail())
    assert [(row["decision"], row["what"], row["change"]) for row in found.changes] == [
        ("buy", large, near(20)), ("fill", "", near(20)),
    ]  # fmt: skip
    assert {row["who"]: row["change"] for row in found.decided} == {
        "CHN": near(0), "KOR": near(20), member: near(20)
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_the_rest_can_stay_as_it_is(seed: int) -> None:
    """With a tight cap and without: all purchases that are not listed can be those of the other."""
    case = read(random_book(np.random.default_rng([57, seed]), 3, (END_USE, SECURE)[seed % 2]))
    plans = [solve_case(Variant(max_country_share=share)(case)) for share in (0.3, None)]
    for plan, other in (plans, plans[::-1]):
        was = decisions_of(other)
        changed = changes_of(decisions_of(plan), was, exchanged(plan, was))
        the_rest_can_stay(plan, was, keys_of(changed))


def the_rest_can_stay(plan: Plan, was: Decisions, shown: set[Key]) -> None:
    """Assert that a plan can have all purchases that are not ``shown`` as ``was`` has them.

    The plan's program is solved again with these purchases, and with its own stocks, builds and
    shortages. It costs the same.
    """
    rows = plan.program.rows
    moved = nearest_plan(plan, was).x
    assert rows.cost @ moved == near(rows.cost @ plan.x, rel=1e-7)
    activity = rows.activity(moved)
    kept_in = np.clip(activity, rows.row_lower, rows.row_upper)
    assert kept_in == near(activity, rel=1e-6, abs=1e-6 * moved.max(initial=1.0))
    low, high = rows.lower.copy(), rows.upper.copy()
    for group in plan.program.variables:
        if group.component in {BUILT, REST, STOCK, SHORTAGE}:
            low[group.at] = high[group.at] = plan.x[group.at]
    kept = [(key, at) for key, at in columns_of_purchases(plan).items() if key not in shown]
    tonnes = np.array([was[key].amount if key in was else 0.0 for key, _ in kept])
    slack = 2e-3 + 2e-5 * tonnes
    added = np.repeat(np.arange(len(kept)), [len(at) for _, at in kept])
    entries = (
        len(rows.row_lower) + added,
        np.concatenate([*(at for _, at in kept), np.zeros(0, int)]),
    )
    kept_so = dataclasses.replace(rows, lower=low, upper=high).extended(
        (*entries, np.ones(len(added))), rows=(tonnes - slack, tonnes + slack)
    )
    again = highs.solve(dataclasses.replace(kept_so, whole=np.zeros_like(kept_so.whole)))
    assert rows.cost @ again.x == near(rows.cost @ plan.x, rel=1e-5, abs=1)


def keys_of(changed: Iterable[dict[str, Any]]) -> set[Key]:
    return {tuple(row[name] for name in KEY_FIELDS) for row in changed}  # type: ignore[misc]


@pytest.mark.parametrize("seed", [1, 4, 20])
def test_what_a_surprise_changes_is_listed(seed: int) -> None:
    """Each country stops selling in each year, as a surprise.

    In the first year each purchase, contract, stock and plant that differs is listed, or could be
    as before. Later nothing has to be decided otherwise now.
    """
    case = read(random_book(np.random.default_rng([58, seed]), 3, (END_USE, SECURE)[seed % 2]))
    first, session = case.years[0], Session(case)
    before, was = tables_of_year(session.base, first), decisions_of(session.base)
    for year, country in product(case.years[:2], {each.country for each in case.refiners}):
        lost = ScenarioStep(name="", action="scale capacity", country=country, value=0.0)
        variant = Variant(what_ifs=(WhatIf("--lose", country, country, (lost,)),))
        plan = session.solve(Unforeseen(variant, decisions_before(session.base, year))(case))
        now = tables_of_year(plan, first)
        apart = {key for key in {**before, **now} if now[key] != near(before[key], 1e-5, 1e-3)}
        shown = keys_of(compared_with_base(plan, session).decisions)
        assert shown <= apart
        if year > first:
            assert not apart
        else:
            assert {key for key in apart - shown if key[0] not in {"buy", "contract"}} == set()
            the_rest_can_stay(plan, was, shown)


def tables_of_year(plan: Plan, year: int) -> Counter[Key]:
    """Return what is bought, filled, drawn and begun in a year by the plan's tables."""
    found = Counter[Key]()
    for row in plan.flows[plan.flows["year"] == year].to_dict("records"):
        kind, what = "contract" if row["contract"] >= 0 else "buy", row["project"] or row["refiner"]
        found[kind, row["mineral"], what, row["country"], row["member"]] += row["tonnes"]
    inputs = plan.inputs if plan.expanded.plant_inputs else plan.flows[:0]
    for row in inputs[inputs["year"] == year].to_dict("records"):
        what, plant = row["project"] or row["refiner"], row["plant_project"] or row["plant"]
        if row["refiner"]:
            found["buy", row["mineral"], what, row["country"], plant] += row["tonnes"]
    for row in plan.stocks[plan.stocks["year"] == year].to_dict("records"):
        more = row["closing"] - row["opening"]
        found["fill" if more > 0 else "draw", row["mineral"], "", "", row["member"]] += abs(more)
    for project in plan.case.projects:
        for (name, start), part in plan.amounts(BUILT).items():
            is_now = max(start - project.lead_time, year) == year
            if name == project.name and is_now and start not in dict(project.begun):
                found["begin", project.mineral, name, project.country, ""] += part
    return found


def test_a_plant_that_is_late_as_a_surprise_is_begun_as_planned() -> None:
    """Begun in 2026 for 2027, it is late by a year from 2027 on; known, half of it is for 2028."""
    late = step_of("delay project", 1, First_year=2027)
    case = read(with_steps(begun(), late))
    cases = with_unforeseen(case, compared_cases(case, (NAME,), None), 2027)
    _, (base, *_, surprise) = plan_cases(case, cases, Here(), None)
    assert ("begin", "P", "") in decided(base.result.plan)
    assert surprise.result.decisions == ()


@pytest.mark.parametrize(
    ("unit", "now", "before", "is_listed"),
    [
        ("t", 0.0, 0.0011, True), ("t", 1.2e-6, 0.0, False), ("t", 0.0009, 0.0, False),
        ("t", 100.0, 100.0005, False), ("of the plant", 0.001, 0.0, True),
        ("of the plant", 0.9, 0.9001, True),
    ],
)  # fmt: skip
def test_less_than_a_kilogram_is_no_change(
    unit: str, now: float, before: float, is_listed: bool
) -> None:
    key = ("begin" if unit != "t" else "buy", "copper", "Jin", "CHN", "A")
    amounts = ({key: DecidedAmount(tonnes, unit, 1.0)} for tonnes in (now, before))
    assert bool(changes_of(*amounts, ())) == is_listed


def test_dropped_decisions_have_the_amount_zero() -> None:
    """Jin sells nothing any more: Sur sells 100 t."""
    plan, base = solve(make(jin(0), sur())), solve(make(jin(), sur()))
    table = DecideNow.of_changes(
        {"No Jin": changes_of(*map(decisions_of, (plan, base)), ())}, plan.case
    )
    fields = DecideNow.what, DecideNow.amount, DecideNow.before, DecideNow.change, DecideNow.cost
    assert [*table.rows(*fields)] == [
        ("Sur", near(100), 0.0, near(100), near(2000)), ("Jin", 0.0, near(100), near(-100), 0.0),
    ]  # fmt: skip
    assert {*table.case} == {"No Jin"}
    assert changes_of(decisions_of(base), decisions_of(base), ()) == ()


@pytest.mark.parametrize(
    ("kind", "amount", "said"),
    [
        ("begin", 1.0, "Begin 100 % of P (tin) in 2026, 46 % in the plan."),
        ("begin", 0.0, "Do not begin P (tin) in 2026, 46 % in the plan."),
        ("buy", 0.0, "Do not buy tin for A from P in 2026, 0.46 t in the plan."),
        ("contract", 7.0,
         "Buy 7 t of tin for A from P under its contract in 2026, 0.46 t in the plan."),
        ("fill", 7.0, "Put 7 t of tin into the stockpile of A in 2026, 0.46 t in the plan."),
        ("draw", 0.0, "Do not draw tin from the stockpile of A in 2026, 0.46 t in the plan."),
    ],
)  # fmt: skip
def test_a_changed_decision_in_words(kind: str, amount: float, said: str) -> None:
    """A part of a plant in per cent, tonnes with their unit, and what is dropped is said so."""
    row = {"case": "x", "year": 2026, "decision": kind, "mineral": "tin", "what": "P",
           "country": "CHN", "member": "A", "unit": "of the plant" if kind == "begin" else "t",
           "cost": 1.0, "amount": amount, "before": 0.46, "change": amount - 0.46}  # fmt: skip
    rows = SheetRows(DecideNow.of_rows([row], words={"money": "USD"}))
    first, count = decide_now(rows, "the plan")
    assert (first.text, count.text) == (said, "All 1 decisions: sheet Decide now.")
