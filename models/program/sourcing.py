"""The linear program in Pyomo on one page: families, balance, objective."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyomo.core as pyo

from models.program.component import FRACTION, MONEY, Rows
from models.program.families import FAMILIES
from models.program.families.diversification import SHARE
from models.program.families.shortage import SHORTAGE
from models.program.frame import Frame, total
from models.program.levers import Bounds, Lever
from models.program.market import balance
from models.resolve import Cell, Expanded


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keep Pyomo from logging what it raises: its log goes to stdout, where a command answers."""
    log = logging.getLogger("pyomo")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


@_unlogged()
def build(expanded: Expanded, cells: Sequence[Cell]) -> Frame:
    """Return the finished model of a block."""
    f = _without_objective(expanded, cells)
    objective(f)
    return f


def _without_objective(expanded: Expanded, cells: Sequence[Cell]) -> Frame:
    f = Frame(expanded, cells)
    for family in FAMILIES:
        family.model(f)
    balance(f)
    return f


@_unlogged()
def build_least_share(
    expanded: Expanded, cells: Sequence[Cell], short: Mapping[tuple[str, int], float]
) -> Frame:
    r"""Return the model that asks for the smallest cap on countries, not for the cheapest plan.

    .. math:: \min S \quad \text{so that} \quad \sum_{r \in R_c, j \in B} (x + y)_{r,m,j,t} \le
              S \cdot base_{m,B,t}, \qquad \sum_j u_{m,j,t} \le short_{m,t}

    All else stands as in ``build``. The cap S, one a mineral, takes the place of the share of each
    max on countries, each alone; ``short`` [t] is by mineral and year the shortage allowed.
    """
    f = _without_objective(expanded, cells)
    model = f.model
    minerals = sorted({expanded.minerals[m] for m, _ in f.cells})
    model.cap = pyo.Var(minerals, within=pyo.NonNegativeReals)
    f.units.update(cap=FRACTION)
    limits = f.of(SHARE)
    for cap in f.caps:
        if cap.record.caps_each_country and cap.key in limits:
            del limits[cap.key]
    asked = {cap.key: cap for cap in f.caps if cap.record.caps_each_country and cap.flows}
    model.country_cap = pyo.Constraint(
        list(asked),
        rule=lambda b, *key: (
            None,
            total(
                [*f.columns_of(asked[key].flows), b.cap[key[1]]],
                [1.0] * len(asked[key].flows) + [-asked[key].demand],
            ),
            0.0,
        ),
    )
    by_cell: dict[tuple[str, int], list[Any]] = {}
    for (mineral, _, year), column in f.of(SHORTAGE).items():
        by_cell.setdefault((mineral, year), []).append(column)
    model.shortage_allowed = pyo.Constraint(
        list(by_cell), rule=lambda _, *key: (None, total(by_cell[key]), short.get(key, 0.0))
    )
    model.cost = pyo.Objective(expr=total(list(model.cap.values())), sense=pyo.minimize)
    return f


@_unlogged()
def build_least_change(
    expanded: Expanded, cells: Sequence[Cell], levers: Sequence[Lever], bounds: Bounds
) -> Frame:
    r"""Return the model that asks for the smallest change of limits that removes a shortage.

    .. math:: \min \sum_l weight_l \, \delta_l \quad \text{so that} \quad
              a_i x \le right_i + \sum_l amount_{i,l} \, \delta_l, \qquad
              \sum_{lanes\ of\ l} x \le opened_l \, \delta_l, \qquad
              u_{m,j,t} \le short_{m,j,t} + left \; [served]

    All else stands as in ``build``, but for money, which does not count. A unit of each change is
    of the size that its lever gives it. The column ``left`` [t] is what no change removes; whoever
    solves the model first makes it as small as it gets, then keeps it there.
    """
    f = _without_objective(expanded, cells)
    model = f.model
    numbers = range(len(levers))
    model.change = pyo.Var(
        numbers, within=pyo.NonNegativeReals, bounds=lambda _, i: (0.0, levers[i].most)
    )
    model.left = pyo.Var([0], within=pyo.NonNegativeReals)
    f.units.update(change=FRACTION)
    for (columns, key), most in bounds.most.items():
        if key in f.of(columns):
            f.of(columns)[key].setub(most)
    by_row: dict[tuple[Rows, Any], list[tuple[int, float]]] = {}
    for i, lever in enumerate(levers):
        for limited, key, amount in lever.amounts:
            by_row.setdefault((limited, key), []).append((i, amount))
    for at in bounds.right:
        by_row.setdefault(at, [])
    model.loosened = pyo.ConstraintList()
    money: list[Any] = []
    for (limited, key), terms in by_row.items():
        rows = f.of(limited)
        if key not in rows:
            continue
        body, right = rows[key].body, bounds.right.get((limited, key), pyo.value(rows[key].upper))
        every = [*body.linear_vars, *(model.change[i] for i, _ in terms)]
        amounts = [*body.linear_coefs, *(-amount for _, amount in terms)]
        row = (None, total(every, amounts), right)
        del rows[key]
        money.append(row) if limited.unit == MONEY else model.loosened.add(row)
    model.loosened_budget = pyo.Constraint(range(len(money)), rule=lambda _, i: money[i])
    f.units.update(loosened_budget=MONEY)
    opening = [i for i in numbers if levers[i].opens]
    model.opened = pyo.Constraint(
        opening,
        rule=lambda b, i: (
            None,
            total(
                [*f.columns_of(levers[i].opens), b.change[i]],
                [1.0] * len(levers[i].opens) + [-levers[i].opened],
            ),
            0.0,
        ),
    )
    short = f.of(SHORTAGE)
    model.shortage_allowed = pyo.Constraint(
        [key for key in short if key in bounds.short],
        rule=lambda b, *key: (
            None,
            total(
                [short[key], *([b.left[0]] if key in bounds.served else [])],
                [1.0, -1.0][: 1 + (key in bounds.served)],
            ),
            bounds.short[key],
        ),
    )
    weights = [lever.weight for lever in levers]
    model.cost = pyo.Objective(expr=total(list(model.change.values()), weights), sense=pyo.minimize)
    return f


def objective(f: Frame) -> None:
    r"""Close the books of money: the discounted sum of all headings.

    .. math:: \min \sum_t (1 + rate)^{-(t - t_0)} \sum_{headings} cost_t            [money]
    """
    years = np.array(f.case.years)
    worth = np.array([f.case.discount(int(year)) for year in years])
    amounts: dict[int, Any] = {}
    columns: dict[int, Sequence[Any]] = {}
    for charge in f.books.charges:
        discounted = charge.amounts * worth[np.searchsorted(years, charge.years)]
        at = id(charge.columns)
        columns[at] = charge.columns
        amounts[at] = amounts[at] + discounted if at in amounts else discounted
    every = [column for at in columns for column in columns[at]]
    prices = [price for at in columns for price in amounts[at].tolist()]
    f.model.cost = pyo.Objective(expr=total(every, prices), sense=pyo.minimize)
