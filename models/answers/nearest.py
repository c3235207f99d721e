"""Which purchases have to differ between two plans, and which are exchanges that cost nothing.

Equally cheap plans often differ in which buyer gets whose tonnes. ``nearest_purchases`` finds,
among the plans that cost exactly as much as a plan, the one whose purchases of the first year are
nearest to those of another plan. What differs there has to differ; the rest could be exchanged.
These plans are the optimal face of the plan's program (see ``price``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from models.answers.price import LocalProgram, Pricing
from models.errors import SolverError
from models.plan import BUILT, STOCK, Plan
from models.program.families.projects import REST
from models.program.families.shortage import SHORTAGE
from models.resolve import Bools, Expanded, Floats, Ints
from models.results.decisions import Decisions, Key, Kind, differ
from models.solve import highs


def exchanged(plan: Plan, before: Decisions, country: str = "") -> frozenset[Key]:
    """Return the purchases of the first year that a plan could have as another plan has them.

    Some plan has all of them so, is as cheap as ``plan``, and has its builds, stocks and shortages.
    All sales of ``country`` (a code) are also those of ``plan``.
    """
    near = nearest_purchases(plan, before, country)
    wanted = {key: before[key].amount if key in before else 0.0 for key in {*near, *before}}
    return frozenset(key for key, tonnes in near.items() if not differ(tonnes, wanted[key]))


def nearest_purchases(plan: Plan, before: Decisions, country: str = "") -> dict[Key, float]:
    """Return the first year's purchases of the plan nearest to another plan [t], by decision.

    It is a plan as ``exchanged`` describes; where the solver finds none, it is ``plan``.
    """
    program, e, pricing = plan.program, plan.expanded, Pricing(plan)
    fixed = np.zeros(len(program.rows.cost), dtype=bool)
    for group in program.variables:
        fixed[group.at] = group.component in {BUILT, REST, STOCK, SHORTAGE}
    theirs = np.array([s.country == country for s in e.sources], dtype=bool)
    fixed[program.sold[theirs[e.sales.source]]] = True
    columns = _columns_of(e, program.sold)
    near = dict[Key, float]()
    for b, cells in enumerate(program.blocks):
        span = program.columns_of(b)
        if all(t > 0 for _, t in cells):
            continue
        mine = {k: at for k, at in columns.items() if span.start <= at[0] < span.stop}
        wanted = {key: before[key].amount if key in before else 0.0 for key in mine}
        now = {key: float(plan.x[at].sum()) for key, at in mine.items()}
        near |= now
        if any(differ(now[key], tonnes) for key, tonnes in wanted.items()):
            inside = {key: at - span.start for key, at in mine.items()}
            near |= _nearest(LocalProgram(pricing, b), fixed[span], inside, wanted)
    return near


def _columns_of(e: Expanded, sold: Ints) -> dict[Key, Ints]:
    """Return the columns of the first year's purchases by decision."""
    found, buyers = defaultdict[Key, list[int]](list), (e.deliveries, e.input_flows)
    for i in np.flatnonzero(e.sales.year == 0).tolist():
        source, k = e.sources[e.sales.source[i]], i - len(buyers[0])
        if k < 0:
            buyer, is_spot = e.members[e.sales.member[i]], buyers[0].contract[i] < 0
        else:
            plant = e.plant_inputs[int(buyers[1].plant_input[k])]
            buyer, is_spot = plant.project or plant.refiner, True
        kind, what = Kind.BUY if is_spot else Kind.CONTRACT, source.project or source.name
        found[kind, source.mineral, what, source.country, buyer].append(int(sold[i]))
    return {key: np.array(columns, dtype=np.int64) for key, columns in found.items()}


def _nearest(
    local: LocalProgram, fixed: Bools, columns: Mapping[Key, Ints], wanted: Mapping[Key, float]
) -> dict[Key, float]:
    """Return the purchases [t] of a block's nearest plan; ``wanted`` are the other plan's."""
    now = {key: float(local.x[at].sum()) for key, at in columns.items()}
    free = local.changes.cost == 0.0
    free[: len(fixed)] &= ~fixed
    face, place, n, k = local.face(free), np.cumsum(free) - 1, int(free.sum()), len(columns)
    # now + change - wanted lies between -deviation and deviation
    row, column, value = (list[Ints | Floats]() for _ in range(3))
    for i, at in enumerate(columns.values()):
        moved = place[at[free[at]]]
        for side, sign in enumerate((1.0, -1.0)):
            row.append(np.full(len(moved) + 1, len(face.row_lower) + 2 * i + side))
            column.append(np.append(moved, n + i))
            value.append(np.append(np.full(len(moved), sign), -1.0))
    away = np.array([wanted[key] - now[key] for key in columns])
    program = face.extended(
        tuple(map(np.concatenate, (row, column, value))),
        (np.ones(k), np.zeros(k), np.full(k, np.inf)),
        (np.full(2 * k, -np.inf), np.stack([away, -away], axis=1).ravel()),
    )
    try:
        change = highs.PersistentSolver().load(program).run_with_fallbacks().x
    except SolverError:
        return now
    return {key: now[key] + float(change[place[at[free[at]]]].sum()) for key, at in columns.items()}
