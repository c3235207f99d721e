"""What holds of every plan of minerals that are made from one another, on random books."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from models.plan import Plan, Session
from models.plan.stages import dependence, outside_countries
from models.program.families.stockpiles import STOCK
from models.results import CATALOGUE
from models.results.common import PlanTable
from planner.scenarios import ACTIONS
from tests.budget import at_length
from tests.models.desk import BookT, read
from tests.models.desk import solve_once as solve
from tests.models.stages import CHINA, made, oxide_and_alloy, random_stages

SEEDS = range(at_length(5, 12))
near = pytest.approx


@pytest.fixture(scope="module", params=SEEDS)
def plan(request: pytest.FixtureRequest) -> Plan:
    """A plan of a random book, its model compared with the arrays."""
    return solve(random_stages(request.param))


def test_what_goes_in_is_what_comes_out_times_the_ratio(plan: Plan) -> None:
    """At each plant and of each input, from the tables: what a joint line takes is no less."""
    sold = plan.sources.set_index(["year", "refiner", "project", "mineral"])["tonnes"]
    arrived = plan.inputs.groupby(["year", "mineral", "plant", "plant_project", "product"])
    came = arrived["tonnes"].sum()
    for of in plan.expanded.plant_inputs:
        for year in plan.case.years:
            key = (year, of.mineral, of.refiner, of.project, of.product)
            needs = [
                ratio * sold[year, of.refiner, of.project, plan.expanded.sources[r].mineral]
                for r, ratio in of.needs
            ]
            if of.is_joint:
                assert came.get(key, 0.0) >= max(needs) - 1e-4
            else:
                assert came.get(key, 0.0) == near(needs[0], abs=1e-4)


def test_books_of_tonnes_close(plan: Plan) -> None:
    """Of each member: bought, drawn and short is demand and what it hands over."""
    e = plan.expanded
    bought = np.zeros(e.demand.shape)
    d = e.deliveries
    np.add.at(bought, (d.mineral, d.member, d.year), plan.delivered)
    for m, mineral in enumerate(e.minerals):
        for j, member in enumerate(e.members):
            pile = plan.case.stockpile_of.get((mineral, member))
            before = 0.0 if pile is None else pile.opening
            for t, year in enumerate(e.years):
                key = (mineral, member, year)
                after = plan.value(STOCK, key)
                left = bought[m, j, t] + before - after + plan.value("shortage", key)
                assert left == near(e.demand[m, j, t] + plan.transferred_by[m, j, t], abs=1e-4)
                before = after


def test_every_cap_is_kept_of_its_base(plan: Plan) -> None:
    """Counted from the tables: what the group sells to buyer and plants, of what they take."""
    flows, inputs = plan.flows, plan.inputs
    for row in plan.limits.to_dict("records"):
        record = plan.case.share_limits[row["limit"]]
        if row["kind"] != "max" or record.penalty is not None or row["group"] != "country":
            continue
        here = (flows["mineral"] == row["mineral"]) & (flows["year"] == row["year"])
        if row["buyer"]:
            here &= flows["member"] == row["buyer"]
        theirs = here & (flows["country"] == row["supplier"])
        tonnes, whole = flows[theirs]["tonnes"].sum(), flows[here]["tonnes"].sum()
        if not row["buyer"]:
            there = (inputs["mineral"] == row["mineral"]) & (inputs["year"] == row["year"])
            sold = inputs[there & (inputs["member"] == "")]
            tonnes += sold[sold["country"] == row["supplier"]]["tonnes"].sum()
            whole += sold["tonnes"].sum()
        base = whole if plan.case.settings.share_basis == "purchases" else row["base"]
        assert tonnes <= record.share.value(row["year"]) * base + 1e-3


def test_through_all_stages_no_less_is_lost(plan: Plan) -> None:
    """If a country stops, its inputs are gone, too."""
    for country in outside_countries(plan):
        last, through = (dependence(plan, country, through=each) for each in (False, True))
        bought = np.isfinite(last)
        assert (through[bought] >= last[bought] - 1e-12).all()
        assert (through[bought] <= 1.0 + 1e-12).all()
    for of in plan.served_if_lost(plan.case.years[-1]).values():
        assert all(0.0 <= part <= 1.0 for parts in of.values() for part in parts)


def test_what_members_pay_is_what_is_paid(plan: Plan) -> None:
    """Inputs are charged to the buyers of what is made from them, to the cent."""
    paid = float((plan.supply["purchased"] * plan.supply["landed"]).fillna(0.0).sum())
    assert paid == near(plan.purchases, rel=1e-6, abs=1e-2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_variant_in_a_session_is_the_case_planned_alone(seed: int) -> None:
    """An embargo, a lost capacity and a demand: the session's plan costs what a cold one does."""
    from models.schema import ScenarioStep

    case = read(random_stages(seed))
    session = Session(case)
    _ = session.base
    first = case.minerals[0].name
    for step in (
        ScenarioStep(name="S", action="block lanes", country=CHINA),
        ScenarioStep(name="S", action="scale capacity", mineral=first, value=0.5),
        ScenarioStep(name="S", action="scale demand", member="A", value=1.3),
    ):
        variant = ACTIONS[step.action](case, step)
        near_base, alone = session.solve(variant), session.solve_cold(variant)
        assert near_base.objective == near(alone.objective, rel=1e-7, abs=1e-6)
        assert near_base.inputs["tonnes"].sum() >= 0.0


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_inputs_may_stand_in_any_order(seed: int) -> None:
    """The plan is the same, to the bit."""
    book = random_stages(seed)
    other = copy.deepcopy(book)
    for sheet in ("Inputs", "Refiners", "Minerals"):
        other[sheet] = other.get(sheet, [])[::-1]
    one, two = solve(book), solve({name: rows for name, rows in other.items() if rows})
    assert one.inputs.equals(two.inputs)
    assert one.flows.equals(two.flows)


def tables(book: BookT) -> dict[str, Any]:
    """Return every table of the plan of a book."""
    plan = solve(book)
    due = [of for of in CATALOGUE.values() if issubclass(of, PlanTable)]
    return {of.TABLE: of.from_plan(plan).frame() for of in due if of.is_shown(plan, plan.case)}


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_0_are_no_inputs(seed: int) -> None:
    """A sheet whose rows say that nothing is needed gives the plan without it, cell by cell."""
    book = random_stages(seed)
    plain = {name: rows for name, rows in book.items() if name not in {"Inputs", "Input lanes"}}
    nothing = [row | {"Tonnes per tonne": 0} for row in book.get("Inputs", [])]
    one, two = tables(plain), tables(plain | ({"Inputs": nothing} if nothing else {}))
    assert one.keys() == two.keys()
    for name, table in one.items():
        assert table.equals(two[name]), name


def test_a_stage_through_an_ally_alone_hides_nothing() -> None:
    """The contract's test: oxide of A (China) and B, 65 to 35, alloy of C (an ally) alone."""
    book = oxide_and_alloy({"Limit": "max", "Mineral": "oxide", "Supplier group": "country",
                            "Supplier": CHINA, "Share": 0.65})  # fmt: skip
    book["Refiners"] = [r for r in book["Refiners"] if r["Refiner"] != "Zhong"]
    book["Refiners"][-1]["Capacity (t/yr)"] = 100
    plan = solve(book)
    last, through = plan.served_if_lost(2026)["alloy"][CHINA]
    assert (last, through) == near((1.0, 0.35))
    assert made("alloy", "oxide") in book["Inputs"]
