"""Pyomo to Rows: one pass over the model's linear expressions; and the scaling.

Pyomo's own ``LinearStandardFormCompiler`` does the same in about twice the time; here an expression
that is not a flat ``LinearExpression`` goes through Pyomo's ``generate_standard_repn``, so any
linear model compiles.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression
from pyomo.repn import generate_standard_repn

from models.expand import stock_target
from models.frame import Frame
from models.solver import Floats, Keys, Rows, Solution

_TYPICAL = 1e4
"""What the largest demand becomes: HiGHS's tolerances are absolute."""
_TYPICAL_MONEY = 1e6
"""What the largest cost of a tonne becomes; a hundredfold, since costs spread wider."""
_FINER = 1e4
"""How much finer money is counted where small numbers are raised."""
_MOST_RAISED = 2.0**20
"""How far a row with a small limit is raised beyond the others, so that it counts for as much."""

_BOUNDLESS = 1e15
"""Room beyond this many times what is needed is no limit, and no number for the solver."""

_FINEST = 2.0**-20
"""The finest unit of a fraction built."""


def compile_model(model: Any) -> Rows:
    """Return a Pyomo model's active variables, constraints and objective as keyed arrays."""
    position: dict[int, int] = {}
    column_keys: list[Keys] = []
    lower: list[float] = []
    upper: list[float] = []
    whole: list[bool] = []
    for component in model.component_objects(pyo.Var, active=True, descend_into=False):
        column_keys.append(Keys(component.local_name, len(lower), tuple(component)))
        for column in component.values():
            position[id(column)] = len(lower)
            low, high = column.bounds
            lower.append(-math.inf if low is None else low)
            upper.append(math.inf if high is None else high)
            whole.append(column.is_integer())
    starts, columns = [0], list[int]()
    row_keys: list[Keys] = []
    values: list[float] = []
    row_lower: list[float] = []
    row_upper: list[float] = []
    for component in model.component_objects(pyo.Constraint, active=True, descend_into=False):
        row_keys.append(Keys(component.local_name, len(row_lower), tuple(component)))
        for row in component.values():
            low, body, high = row.to_bounded_expression(evaluate_bounds=True)
            constant, amounts, found = _linear(body)
            columns.extend([position[id(v)] for v in found])
            values.extend(amounts)
            starts.append(len(columns))
            row_lower.append(-math.inf if low is None else low - constant)
            row_upper.append(math.inf if high is None else high - constant)
    cost = np.zeros(len(lower))
    for objective in model.component_data_objects(pyo.Objective, active=True):
        _, amounts, found = _linear(objective.expr)
        np.add.at(cost, np.array([position[id(v)] for v in found], dtype=np.int64), list(amounts))
    return Rows(
        cost=cost,
        lower=np.array(lower, dtype=np.float64),
        upper=np.array(upper, dtype=np.float64),
        row_lower=np.array(row_lower, dtype=np.float64),
        row_upper=np.array(row_upper, dtype=np.float64),
        starts=np.array(starts, dtype=np.int64),
        columns=np.array(columns, dtype=np.int64),
        values=np.array(values, dtype=np.float64),
        whole=np.array(whole, dtype=bool),
        column_keys=tuple(column_keys),
        row_keys=tuple(row_keys),
    )


def _linear(body: Any) -> tuple[float, Iterable[float], list[Any]]:
    """Return constant, coefficients and variables of a linear expression."""
    if type(body) is LinearExpression:
        return body.constant, body.linear_coefs, body.linear_vars
    form = generate_standard_repn(body)
    if not form.is_linear():
        msg = f"not linear: {body}"
        raise ValueError(msg)
    return form.constant, form.linear_coefs, list(form.linear_vars)


@dataclass(frozen=True)
class Scaling:
    """Powers of two that bring a block's largest demand and cost near ten thousand.

    A scaled column is the column divided by ``column``; a scaled row is the row times ``row``; the
    scaled cost is the cost times ``money``. Powers of two change no digit.
    """

    column: Floats
    row: Floats
    money: float

    def scaled(self, rows: Rows) -> Rows:
        """Return the program in scaled units."""
        most = rows.row_upper * self.row
        return dataclasses.replace(
            rows,
            cost=rows.cost * self.column * self.money,
            lower=rows.lower / self.column,
            upper=rows.upper / self.column,
            row_lower=rows.row_lower * self.row,
            row_upper=np.where(most > _BOUNDLESS, math.inf, most),
            values=rows.values * self.column[rows.columns] * self.row[rows.entry_rows()],
        )

    def unscaled(self, solution: Solution) -> Solution:
        """Return a solution of the scaled program in tonnes and money."""
        return dataclasses.replace(
            solution,
            x=solution.x * self.column,
            duals=solution.duals * self.row / self.money,
            reduced=solution.reduced / self.column / self.money,
        )


def scaling(frame: Frame, rows: Rows, *, raised: bool = False) -> Scaling:
    """Choose the scaling of a block.

    Tonnes by its largest need, money by the largest cost of a tonne, a fraction built by its
    capital (unless it has to be whole), a budget by its largest entry. ``raised`` lifts rows whose
    limit is next to nothing beside the others', and costs, which helps where numbers differ a
    billionfold.
    """
    tonne = _power(_largest_need(frame) / _TYPICAL)
    column, money = _of_columns(frame, rows, tonne, _FINER if raised else 1.0)
    row = np.ones(len(rows.row_lower))
    entries = np.abs(rows.values * column[rows.columns])
    for keys in rows.row_keys:
        unit = frame.units.get(keys.name)
        for i, key in enumerate(keys.index, start=keys.start):
            if unit is None:
                row[i] = 1.0 / tonne
                if raised:
                    row[i] *= _raised(_limit(frame, rows, keys.name, key, i) / tonne)
            elif unit == "money":
                inside = entries[rows.starts[i] : rows.starts[i + 1]]
                row[i] = 1.0 / _power(float(np.max(inside, initial=0.0)))
    return Scaling(column, row, money)


def _largest_need(frame: Frame) -> float:
    """Return the largest demand, opening stock or stock target of a block [t]."""
    case = frame.case
    minerals = {frame.expanded.minerals[m] for m, _ in frame.cells}
    amounts = [demand for *_, demand in frame.buyers]
    for pile in case.stockpiles:
        if pile.mineral in minerals:
            amounts += [pile.opening, *(stock_target(case, pile, year) for year in case.years)]
    return max(amounts, default=0.0)


def _of_columns(frame: Frame, rows: Rows, tonne: float, finer: float) -> tuple[Floats, float]:
    """Return the scale of each column, and of money."""
    column = np.ones(len(rows.cost))
    dearest = 0.0
    for keys in rows.column_keys:
        of = float(np.max(rows.cost[keys.stretch], initial=0.0))
        if keys.name in frame.units:
            dearest = max(dearest, of * _FINEST)
        else:
            column[keys.stretch] = tonne
            dearest = max(dearest, of * tonne)
    money = 1.0 / _power(dearest / (_TYPICAL_MONEY * finer))
    for keys in rows.column_keys:
        for i in (
            range(keys.start, keys.start + len(keys.index)) if keys.name in frame.units else ()
        ):
            if not rows.whole[i]:
                capital = _power(rows.cost[i] * money / _TYPICAL_MONEY)
                column[i] = max(_FINEST, 1.0 / max(1.0, capital))
    return column, money


def _limit(frame: Frame, rows: Rows, name: str, key: Any, at: int) -> float:
    """Return how large a row's limit is [t]; a member's part of a shortage is its demand's."""
    if name == "fair_shortage":
        return frame.case.demand_of[key]
    if rows.row_lower[at] == rows.row_upper[at]:
        return 0.0  # a balance has terms larger than its limit
    limits = (abs(v) for v in (rows.row_lower[at], rows.row_upper[at]) if math.isfinite(v))
    return max(limits, default=0.0)


def _raised(limit: float) -> float:
    """Return the power of two that a row is raised by, so that its limit is not next to nothing."""
    if limit <= 0 or limit >= 1:
        return 1.0
    return min(_MOST_RAISED, _power(1.0 / limit))


def _power(value: float) -> float:
    """Return the power of two nearest to a positive number, 1 for anything else."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    return float(2.0 ** max(-1000.0, min(1000.0, round(math.log2(value)))))
