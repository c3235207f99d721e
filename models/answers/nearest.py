"""Which purchases have to differ between two plans, and which are exchanges that cost nothing.

Equally cheap plans often differ in which buyer gets whose tonnes. ``nearest_plan`` finds, among the
plans that cost exactly as much as a plan, one whose purchases of the first year are near those of
another plan. Purchases that are equal already stay so: otherwise one that is not shown, as
it does not differ, could take over a change that is needed. These plans are the optimal face of the
plan's program (see ``price``).
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from models.answers.price import LocalProgram, Pricing
from models.errors import SolverError
from models.plan import BUILT, STOCK, Plan
from models.program.families.projects import REST
from models.program.families.shortage import SHORTAGE
from models.resolve import Bools, Floats, Ints
from models.results.decisions import Decisions, Key, Kind, differ
from models.solve import highs

_SMALL = 0.01
"""In a second solve, a tonne of a purchase that differs costs the less the more of it differs.

It costs half where this fraction of the largest difference is left, so fewer purchases differ
(Candes, Wakin & Boyd 2008, Enhancing sparsity by reweighted l1 minimization).
"""


def exchanged(plan: Plan, before: Decisions, country: str = "") -> frozenset[Key]:
    """Return the purchases of the first year that a plan could have as another plan has them."""
    near, columns = nearest_plan(plan, before, country), columns_of_purchases(plan)
    now, wanted = _tonnes(near, columns), _amounts(columns, before)
    return frozenset(key for key in columns if not differ(now[key], wanted[key]))


def nearest_plan(plan: Plan, before: Decisions, country: str = "") -> Plan:
    """Return a plan as cheap as ``plan``, with purchases of the first year near another plan's.

    Builds, stocks, shortages, all sales of ``country`` (a code) and all purchases that are equal
    already are those of ``plan``. Where the solver finds none, it is ``plan``.
    """
    program, e, pricing, x = plan.program, plan.expanded, Pricing(plan), plan.solver_x
    fixed = np.zeros(len(program.rows.cost), dtype=bool)
    for group in program.variables:
        fixed[group.at] = group.component in {BUILT, REST, STOCK, SHORTAGE}
    theirs = np.array([s.country == country for s in e.sources], dtype=bool)
    fixed[program.sold[theirs[e.sales.source]]] = True
    columns, apart = columns_of_purchases(plan), defaultdict[int, list[Key]](list)
    now, wanted = _tonnes(plan, columns), _amounts(columns, before)
    for key, at in columns.items():
        if differ(now[key], wanted[key]):
            apart[int(program.blocks_of(at[0]))].append(key)
        else:
            fixed[at] = True
    for b, keys in apart.items():
        span = program.columns_of(b)
        places = [np.array(columns[key]) - span.start for key in keys]
        away = np.array([wanted[key] - now[key] for key in keys])
        x[span] += _nearest(LocalProgram(pricing, b), fixed[span], places, away)
    return plan.with_columns(x)


def _tonnes(plan: Plan, columns: Mapping[Key, list[int]]) -> dict[Key, float]:
    x = plan.x.tolist()
    return {key: sum(x[i] for i in at) for key, at in columns.items()}


def _amounts(keys: Iterable[Key], of: Decisions) -> dict[Key, float]:
    """Return the amounts of some decisions; 0 where there is none."""
    return {key: of[key].amount if key in of else 0.0 for key in keys}


def columns_of_purchases(plan: Plan) -> dict[Key, list[int]]:
    """Return the columns of the first year's purchases by decision."""
    e, sold = plan.expanded, plan.program.sold
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
    return dict(found)


def _nearest(local: LocalProgram, fixed: Bools, columns: Sequence[Ints], away: Floats) -> Floats:
    """Return by how much a block's columns change to its nearest plan.

    ``columns`` are those of each purchase in the block, ``away`` is how far the other plan's
    amount is [t].
    """
    free = local.changes.cost == 0.0
    free[: len(fixed)] &= ~fixed
    face, place = local.face(free), np.cumsum(free) - 1
    moved = [place[at[free[at]]] for at in columns]
    change, purchase = np.concatenate(moved), np.repeat(np.arange(len(moved)), [*map(len, moved)])
    # one row a purchase: change = away + more - less, where more + less is how far it stays apart
    count, none = len(columns), np.zeros(len(face.cost))
    row = len(face.row_lower) + np.arange(count)
    more, less = len(face.cost) + np.arange(2 * count).reshape(2, count)
    program = face.extended(
        (
            np.concatenate([row[purchase], row, row]),
            np.concatenate([change, more, less]),
            np.repeat([1.0, -1.0, 1.0], [len(change), count, count]),
        ),
        (np.ones(2 * count), np.zeros(2 * count), np.full(2 * count, np.inf)),
        (away, away),
    )
    x = np.concatenate([none, np.maximum(-away, 0.0), np.maximum(away, 0.0)])
    solver = highs.PersistentSolver(highs.WARM_START).load(program)
    with suppress(SolverError):  # then ``x`` stays what it was
        solver.start_from(highs.basis_at(program, x))  # few steps from the plan itself are left
        x = solver.run_with_fallbacks().x
        left = x[more] + x[less]
        small, cost = _SMALL * left.max(initial=1.0), program.cost.copy()
        cost[more] = cost[less] = small / (small + left)
        solver.change_program(dataclasses.replace(program, cost=cost))
        x = solver.run_with_fallbacks().x
    changes = np.zeros(len(free))
    changes[free] = x[: len(none)]
    return changes[: len(fixed)]
