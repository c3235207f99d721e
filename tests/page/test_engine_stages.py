"""The page's engine where minerals are made from one another: its plans and what it shows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.errors import InputError
from models.plan import Plan, Session
from models.plan.sliders import Adjustable
from planner.page.sliders import with_sliders
from planner.workbook import read_tables
from tests.budget import BUDGET
from tests.models.stages import ALLY, CHINA, cap, oxide_and_alloy, random_stages, separation
from tests.page.draws import draw, unmoved, variant_of

BOOKS = max(2, BUDGET // 10)


def shown(answer, plan: Plan, *, is_planned: bool = True) -> None:
    """Hold what an answer shows against a plan of the same tonnes."""
    case, e = plan.case, plan.expanded
    if is_planned:
        assert answer["objective"] == pytest.approx(plan.objective, rel=1e-6, abs=1e-3)
    assert answer["paid"] == pytest.approx(plan.purchases, rel=1e-6, abs=1e-3)
    assert answer["tariffs"] == pytest.approx(plan.tariffs, rel=1e-6, abs=1e-3)
    assert answer["levies"] == pytest.approx(plan.levies, rel=1e-6, abs=1e-3)
    assert answer["plantDemand"] == pytest.approx(plan.plant_demand.ravel(), rel=1e-6, abs=1e-4)
    served = plan.served_if_lost(case.years[-1])
    for name, of in zip(e.minerals, answer["stops"], strict=True):
        assert (of is None) == (case.coalition_demand(name, case.years[-1]) <= 0)
        for stage, part in enumerate(("last", "through") if name in served else ()):
            least = min(each[stage] for each in served[name].values())
            assert of[part][0] == pytest.approx(least, abs=1e-6), (name, part)


def moved(case, planned, settings, **sliders):
    """Return the answer of the page's engine with some sliders moved, and the command's plan."""
    settings = [settings | sliders]
    (answer,) = planned(case, settings, bases=False)
    assert answer["proof"]["passed"]
    return answer, Session(case).solve(variant_of(case, answer["command"]))


def still(case):
    """Return a case's sliders as they stand, and its countries."""
    of, lacking = with_sliders(case)
    assert not lacking
    return unmoved(case, len(of.countries)), of.countries


def test_separation_lines(planned):
    """The contract's closed form (a): 54.717 as it stands; ten per cent more demand costs as much.

    Without the ally nobody makes any of it, at the last stage and through all.
    """
    case = read_tables(separation()).case
    nothing, _ = still(case)
    answer, plan = moved(case, planned, nothing)
    assert answer["objective"] == pytest.approx(54.717, abs=1e-3)
    shown(answer, plan)
    more, plan = moved(case, planned, nothing, demand=[1.1])
    assert more["objective"] == pytest.approx(1.1 * answer["objective"])
    shown(more, plan)
    served = [of["last"][0] for of in more["stops"] if of]
    assert served == pytest.approx([0, 0])


def test_a_cap_on_oxide_and_on_both(planned):
    """The closed form (b): 47 with the cap on oxide alone, 46 and 2 t short with it on both."""
    case = read_tables(oxide_and_alloy(cap(0.65, "oxide"))).case
    nothing, countries = still(case)
    answer, plan = moved(case, planned, nothing)
    shown(answer, plan)
    assert answer["objective"] == pytest.approx(47)
    at = [of.name for of in case.minerals].index("alloy")
    served = answer["stops"][at]
    assert served["through"][0] == served["last"][0] == pytest.approx(0)
    book = oxide_and_alloy(cap(0.9, "oxide", None), cap(0.9, "alloy", None))
    case = read_tables(book).case
    both, plan = moved(case, planned, still(case)[0], cap=[0.65, 0.65])
    shown(both, plan)
    assert both["short"] == pytest.approx(2)
    assert both["objective"] == pytest.approx(46 + 2 * case.shortage_cost("alloy", 2026))
    assert countries == (ALLY, CHINA)


def with_tonnes(of: Adjustable, x: list[float]) -> Plan:
    """Return a plan of a page's program with the tonnes that its engine found."""
    plan, values = Session(of.layout).solve(of.layout), np.array(x)
    results = [
        dataclasses.replace(block, x=values[of.program.columns_of(b)])
        for b, block in enumerate(plan.blocks)
    ]
    return Plan(of.layout, results, of.expanded, of.program)


@pytest.mark.parametrize("seed", range(BOOKS))
def test_random_chains(seed, planned):
    """Whatever is moved it costs what the command's plan does; what is shown is that of its tonnes.

    The latter is of demand and tariffs as they stand.
    """
    case = read_tables(random_stages(seed)).case
    of, lacking = with_sliders(case)
    assert not lacking
    rng = np.random.default_rng([36, seed])
    nothing = unmoved(case, len(of.countries))
    settings = [nothing, *(draw(of, rng) for _ in range(4))]
    settings += [each | {name: nothing[name] for name in ("demand", "tariff")} for each in settings]
    session = Session(case)
    for answer, each in zip(planned(case, settings, bases=seed % 2 == 0), settings, strict=True):
        try:
            plan = session.solve(variant_of(case, answer["command"]))
        except InputError:  # such as a minimum share that two rows make impossible
            continue
        assert answer["proof"]["passed"], (each, answer["proof"])
        assert answer["objective"] == pytest.approx(plan.objective, rel=1e-6, abs=1e-3), each
        if of.expanded.plant_inputs and (each["demand"], each["tariff"]) == (
            nothing["demand"], nothing["tariff"]
        ):  # fmt: skip
            shown(answer, with_tonnes(of, answer["x"]), is_planned=False)
