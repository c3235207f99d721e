"""Pyomo models as arrays, compared number by number with the program.

Pyomo's own ``LinearStandardFormCompiler`` does the same in about twice the time; here an expression
that is not a flat ``LinearExpression`` goes through Pyomo's ``generate_standard_repn``, so any
linear model compiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyomo.core as pyo
from pyomo.core.expr import LinearExpression, MonomialTermExpression
from pyomo.repn import generate_standard_repn

from models import tolerances
from models.resolve import Floats, Ints
from models.solve import Keys, LinearProgram, name_at


def compile_model(model: Any, objects: tuple[list[Any], list[Any]] | None = None) -> LinearProgram:
    """Return a Pyomo model's active variables, constraints and objective as keyed arrays.

    A fixed variable has its value as both bounds. ``objects`` is filled with the model's Pyomo
    variables and constraints, in the arrays' order. Raises ValueError for a nonlinear expression.
    """
    position: dict[int, int] = {}
    column_keys: list[Keys] = []
    lower: list[float] = []
    upper: list[float] = []
    whole: list[bool] = []
    every_column, every_row = objects or ([], [])
    for component in model.component_objects(pyo.Var, active=True):
        column_keys.append(Keys(component.name, len(lower), tuple(component)))
        for column in component.values():
            every_column.append(column)
            position[id(column)] = len(lower)
            low, high = (column.value, column.value) if column.fixed else column.bounds
            lower.append(-math.inf if low is None else low)
            upper.append(math.inf if high is None else high)
            whole.append(column.is_integer())
    starts, columns = [0], list[int]()
    row_keys: list[Keys] = []
    values: list[float] = []
    row_lower: list[float] = []
    row_upper: list[float] = []
    for component in model.component_objects(pyo.Constraint, active=True):
        active = [(key, row) for key, row in component.items() if row.active]
        row_keys.append(Keys(component.name, len(row_lower), tuple(key for key, _ in active)))
        for _, row in active:
            every_row.append(row)
            low, body, high = row.to_bounded_expression(evaluate_bounds=True)
            constant, amounts, found = _linear(body)
            columns.extend(_positions_of(position, found, row))
            values.extend(amounts)
            starts.append(len(columns))
            row_lower.append(-math.inf if low is None else low - constant)
            row_upper.append(math.inf if high is None else high - constant)
    cost = np.zeros(len(lower))
    for objective in model.component_data_objects(pyo.Objective, active=True):
        _, amounts, found = _linear(objective.expr)
        np.add.at(
            cost, np.array(_positions_of(position, found, objective), dtype=np.int64), list(amounts)
        )
    return LinearProgram(
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


def _positions_of(position: dict[int, int], found: Sequence[Any], where: Any) -> list[int]:
    try:
        return [position[id(v)] for v in found]
    except KeyError:
        msg = f"{where.name} has a variable that is not of this model"
        raise ValueError(msg) from None


def _linear(body: Any) -> tuple[float, Iterable[float], Sequence[Any]]:
    """Return constant, coefficients and variables of an expression; ValueError if not linear."""
    if type(body) is LinearExpression:
        terms = body.args
        if {*map(type, terms)} <= {MonomialTermExpression}:  # quicker than by its properties
            pairs = [term.args for term in terms]
            return 0.0, [amount for amount, _ in pairs], [column for _, column in pairs]
        return body.constant, body.linear_coefs, body.linear_vars
    form = generate_standard_repn(body)
    if not form.is_linear():
        msg = f"not linear: {body}"
        raise ValueError(msg)
    return form.constant, form.linear_coefs, list(form.linear_vars)


# ---- the comparison ------------------------------------------------------------------------------


def differences(model: LinearProgram, counted: LinearProgram) -> list[str]:
    """Return in words where a model's arrays differ from the case's program; empty: nowhere.

    Both have keys; the order of rows and columns does not matter.
    """
    columns, wrong = matched_positions(model.column_keys, counted.column_keys)
    rows, more = matched_positions(model.row_keys, counted.row_keys)
    wrong += more
    if wrong:
        return wrong
    place = np.empty(len(columns), dtype=np.int64)
    place[columns] = np.arange(len(columns))
    for what, keys, order, names in (
        ("the cost of", counted.column_keys, columns, ("cost",)),
        ("the bounds of", counted.column_keys, columns, ("lower", "upper", "whole")),
        ("the limit of", counted.row_keys, rows, ("row_lower", "row_upper")),
    ):
        apart = np.zeros(len(order), dtype=bool)
        for name in names:
            modelled, expected = getattr(model, name)[order], getattr(counted, name)
            apart |= ~_close(modelled.astype(float), expected.astype(float))
        wrong += [f"{what} {name} differs" for name in _first_names(keys, np.flatnonzero(apart))]
    return wrong + _entries(model, counted, rows, place)


def _entries(model: LinearProgram, counted: LinearProgram, rows: Ints, place: Ints) -> list[str]:
    """Compare coefficients; entries of the same row and column are added up."""
    where = np.empty(len(rows), dtype=np.int64)
    where[rows] = np.arange(len(rows))
    wide = max(len(place), 1)
    ours, our_values = _summed_by_code(
        where[model.entry_rows()] * wide + place[model.columns], model.values
    )
    theirs, values = _summed_by_code(counted.entry_rows() * wide + counted.columns, counted.values)
    if len(ours) == len(theirs) and (ours == theirs).all():
        apart = ours[~_close(our_values, values)]
    else:
        apart = np.setxor1d(ours, theirs)
    names = _first_names(counted.row_keys, np.unique(apart // wide))
    return [f"a coefficient of {name} differs" for name in names]


def _summed_by_code(code: Ints, values: Floats) -> tuple[Ints, Floats]:
    codes, inverse = np.unique(code, return_inverse=True)
    return codes, np.bincount(inverse, weights=values, minlength=len(codes)).astype(float)


def matched_positions(model: Sequence[Keys], counted: Sequence[Keys]) -> tuple[Ints, list[str]]:
    """Return the model's position of each program key, and the keys that only one of them has."""
    place: dict[tuple[str, Any], int] = {}
    twice = []
    for keys in model:
        for i, key in enumerate(keys.index, start=keys.start):
            if (keys.name, key) in place:
                twice.append(f"{keys.name}{key} is there twice")
            place[keys.name, key] = i
    found, wrong = [], twice[:3]
    for keys in counted:
        for key in keys.index:
            at = place.pop((keys.name, key), -1)
            if at < 0:
                wrong.append(f"{keys.name}{key} is missing")
            found.append(at)
    wrong += [f"{name}{key} does not exist in the case" for name, key in list(place)[:3]]
    return np.array(found, dtype=np.int64), wrong[:9]


def _first_names(keys: Sequence[Keys], at: Ints) -> list[str]:
    return [name_at(keys, position) for position in at[:3].tolist()]


def _close(modelled: Floats, counted: Floats) -> Any:
    """Return where the model's numbers equal those counted from the case, but for rounding."""
    size = np.maximum(np.abs(modelled), np.abs(counted))
    with np.errstate(invalid="ignore"):
        near = np.isfinite(size) & (np.abs(modelled - counted) <= tolerances.SAME_NUMBER * size)
    return near | (modelled == counted)
