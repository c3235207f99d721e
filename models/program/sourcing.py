"""The linear program in Pyomo: a block's families, balance and objective; the least change.

Only the core of Pyomo is imported here: its solvers and writers take twice as long to load. Code
that writes a model, or solves it by Pyomo, imports ``pyomo.environ`` first.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyomo.core as pyo

from models.program import component as kinds
from models.program import families, market
from models.program.families import tiers
from models.program.families.shortage import SHORTAGE
from models.program.frame import Frame, Row
from models.resolve import Cell, Expanded, pattern_of, to_plant


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Suppress Pyomo's error log, which would mix with a command's answer on stdout."""
    log = logging.getLogger("pyomo")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


@unlogged()
def build(expanded: Expanded, cells: Sequence[Cell]) -> Frame:
    f = _without_objective(expanded, cells)
    objective(f)
    return f


def _without_objective(expanded: Expanded, cells: Sequence[Cell]) -> Frame:
    f = Frame(expanded, cells)
    for family in families.FAMILIES:
        family.model(f)
    market.balance(f)
    return f


@unlogged()
def build_least_change(
    expanded: Expanded,
    cells: Sequence[Cell],
    relaxable: Sequence[kinds.InputCell],
    bounds: kinds.Bounds,
) -> Frame:
    r"""Return the model of the smallest change of limits that removes a shortage.

    .. math:: \min \sum_l weight_l \, \delta_l \quad \text{so that} \quad
              a_i x \le right_i + \sum_l amount_{i,l} \, \delta_l, \qquad
              \sum_{lanes\ of\ l} x \le size_l \, \delta_l, \qquad
              u_{m,j,t} \le short_{m,j,t} + left \; [served]

    All other rows are as in ``build``; the cost of the plan does not matter here. One unit of each
    change is the ``size`` of its cell. The column ``left`` [t] is the shortage that no change
    removes: the caller first minimises it, then fixes it.
    """
    f = _without_objective(expanded, cells)
    model = f.model
    numbers = range(len(relaxable))
    model.change = pyo.Var(
        numbers, within=pyo.NonNegativeReals, bounds=lambda _, i: (0.0, relaxable[i].most)
    )
    model.left = pyo.Var([0], within=pyo.NonNegativeReals)
    f.units.update(change=kinds.FRACTION)
    for (bounded, key), most in bounds.most.items():
        if key in f.pyomo_component(bounded):
            f.pyomo_component(bounded)[key].setub(most)
    by_row: dict[tuple[kinds.Rows, Any], list[tuple[int, float]]] = {}
    for i, cell in enumerate(relaxable):
        for limited, key, times in cell.limits:
            by_row.setdefault((limited, key), []).append((i, times * cell.size))
    for at in bounds.right:
        by_row.setdefault(at, [])
    loosened: dict[bool, list[Row]] = {False: [], True: []}  # rows in money are separate
    for (limited, key), terms in by_row.items():
        rows = f.pyomo_component(limited)
        if key in rows:
            body = rows[key].body
            right = bounds.right.get((limited, key), pyo.value(rows[key].upper))
            every = [*body.linear_vars, *(model.change[i] for i, _ in terms)]
            amounts = [*body.linear_coefs, *(-amount for _, amount in terms)]
            loosened[limited.unit == kinds.MONEY].append((None, every, amounts, right))
            del rows[key]
    f.add("loosened", dict(enumerate(loosened[False])))
    f.add("loosened_budget", dict(enumerate(loosened[True])), kinds.MONEY)
    opened: dict[int, Row] = {}
    for i, of_tiers in _tiers_opened(f, relaxable).items():
        amounts = [1.0] * len(of_tiers) + [-relaxable[i].size]
        opened[-1 - i] = (None, [*of_tiers, model.change[i]], amounts, 0.0)
    fields = (f.of_deliveries(name).tolist() for name in ("source", "member", "year"))
    flows, inside = expanded.input_flows, f.input_at.tolist()
    plants = ((flows.source[k], to_plant(flows.plant_input[k]), flows.year[k]) for k in inside)
    places = [*zip(*fields, strict=True), *plants]
    columns = [*f.delivery, *f.input_flow]
    for i, cell in enumerate(relaxable):
        wanted = set(cell.lanes)
        opens = [c for at, c in zip(places, columns, strict=True) if at in wanted]
        if opens:
            amounts = [1.0] * len(opens) + [-cell.size]
            opened[i] = (None, [*opens, model.change[i]], amounts, 0.0)
    f.add("opened", opened)
    allowed: dict[Any, Row] = {}
    for key, column in f.pyomo_component(SHORTAGE).items():
        if key in bounds.short:
            left = [model.left[0]] if key in bounds.served else []
            allowed[key] = (None, [column, *left], [1.0] + [-1.0] * len(left), bounds.short[key])
    f.add("shortage_allowed", allowed)
    weights = [cell.weight for cell in relaxable]
    model.cost = pyo.Objective(
        expr=f.weighted_sum(list(model.change.values()), weights), sense=pyo.minimize
    )
    return f


def _tiers_opened(f: Frame, relaxable: Sequence[kinds.InputCell]) -> dict[int, list[Any]]:
    """Return the columns [t] of lanes that a change opens to a tier, by position of the cell."""
    e = f.expanded
    places = [
        (i, r, j, t, tier)
        for i, cell in enumerate(relaxable)
        for r, j, t, tier in cell.tiers
        if (e.mineral_at[e.sources[r].mineral], j, t) in e.cut_off
        and (e.mineral_at[e.sources[r].mineral], t) in f.cells
    ]
    f.model.tier_opened = pyo.Var(range(len(places)), within=pyo.NonNegativeReals)
    found: dict[int, list[Any]] = {}
    for column, (i, r, j, t, tier) in zip(f.model.tier_opened.values(), places, strict=True):
        mineral, member, year = e.sources[r].mineral, e.members[j], e.years[t]
        pattern = tiers.pattern_key(pattern_of(e, r, j, t))
        f.enter(f.pyomo_component(tiers.PATTERN_SUPPLY)[mineral, member, pattern, year], column)
        f.enter(f.pyomo_component(tiers.TIER_NEED)[mineral, member, tier, year], column)
        found.setdefault(i, []).append(column)
    return found


def objective(f: Frame) -> None:
    r"""Set the objective: the discounted sum of all cost headings.

    .. math:: \min \sum_t (1 + rate)^{-(t - t_0)} \sum_{headings} cost_t            [money]
    """
    years = np.array(f.case.years)
    worth = np.array([f.case.discount(int(year)) for year in years])
    amounts: dict[int, Any] = {}
    columns: dict[int, Sequence[Any]] = {}
    for _, charged, prices, when in f.charges:
        discounted = prices * worth[np.searchsorted(years, when)]
        at = id(charged)
        columns[at] = charged
        amounts[at] = amounts[at] + discounted if at in amounts else discounted
    every = [column for at in columns for column in columns[at]]
    totals = [price for at in columns for price in amounts[at].tolist()]
    f.model.cost = pyo.Objective(expr=f.weighted_sum(every, totals), sense=pyo.minimize)
