"""Pyomo models as arrays, compared number by number with the program; and the model for others.

Pyomo's own ``LinearStandardFormCompiler`` does the same in about twice the time; here an expression
that is not a flat ``LinearExpression`` goes through Pyomo's ``generate_standard_repn``, so any
linear model compiles.

The model is also for others: an analyst's extension, another solver, a file of the model. An
extension adds variables and constraints to a model and changes nothing of the case. So every plan
obeys the case's rules, and costs no less than without the extension. Changes of the case's own rows
are found by the same comparison that checks every model against its arrays.
"""

from __future__ import annotations

import dataclasses
import math
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.core as pyo
from numpy.typing import NDArray
from pyomo.core.expr import LinearExpression
from pyomo.repn import generate_standard_repn

from models import tolerances
from models.errors import SolverError, UsageError
from models.program.component import TONNES, components
from models.program.scaling import powers_of_two
from models.program.sourcing import unlogged
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
            columns.extend(_at(position, found, row))
            values.extend(amounts)
            starts.append(len(columns))
            row_lower.append(-math.inf if low is None else low - constant)
            row_upper.append(math.inf if high is None else high - constant)
    cost = np.zeros(len(lower))
    for objective in model.component_data_objects(pyo.Objective, active=True):
        _, amounts, found = _linear(objective.expr)
        np.add.at(cost, np.array(_at(position, found, objective), dtype=np.int64), list(amounts))
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


def _at(position: dict[int, int], found: Sequence[Any], where: Any) -> list[int]:
    try:
        return [position[id(v)] for v in found]
    except KeyError:
        msg = f"{where.name} has a variable that is not of this model"
        raise ValueError(msg) from None


def _linear(body: Any) -> tuple[float, Iterable[float], list[Any]]:
    if type(body) is LinearExpression:
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
    columns, said = matched_positions(model.column_keys, counted.column_keys)
    rows, more = matched_positions(model.row_keys, counted.row_keys)
    said += more
    if said:
        return said
    place = np.empty(len(columns), dtype=np.int64)
    place[columns] = np.arange(len(columns))
    for what, keys, order, names in (
        ("the cost of", counted.column_keys, columns, ("cost",)),
        ("the bounds of", counted.column_keys, columns, ("lower", "upper", "whole")),
        ("the limit of", counted.row_keys, rows, ("row_lower", "row_upper")),
    ):
        apart = np.zeros(len(order), dtype=bool)
        for name in names:
            one, other = getattr(model, name)[order], getattr(counted, name)
            apart |= ~_close(one.astype(float), other.astype(float))
        said += [f"{what} {name} differs" for name in _first(keys, np.flatnonzero(apart))]
    return said + _entries(model, counted, rows, place)


def _entries(model: LinearProgram, counted: LinearProgram, rows: Ints, place: Ints) -> list[str]:
    """Compare coefficients; entries of the same row and column are added up."""
    where = np.empty(len(rows), dtype=np.int64)
    where[rows] = np.arange(len(rows))
    wide = max(len(place), 1)
    ours, our_values = _summed(
        where[model.entry_rows()] * wide + place[model.columns], model.values
    )
    theirs, values = _summed(counted.entry_rows() * wide + counted.columns, counted.values)
    if len(ours) == len(theirs) and (ours == theirs).all():
        apart = ours[~_close(our_values, values)]
    else:
        apart = np.setxor1d(ours, theirs)
    names = _first(counted.row_keys, np.unique(apart // wide))
    return [f"a coefficient of {name} differs" for name in names]


def _summed(code: Ints, values: Floats) -> tuple[Ints, Floats]:
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
    found, said = [], twice[:3]
    for keys in counted:
        for key in keys.index:
            at = place.pop((keys.name, key), -1)
            if at < 0:
                said.append(f"{keys.name}{key} is missing")
            found.append(at)
    said += [f"{name}{key} does not exist in the case" for name, key in list(place)[:3]]
    return np.array(found, dtype=np.int64), said[:9]


def _first(keys: Sequence[Keys], at: Ints) -> list[str]:
    return [name_at(keys, position) for position in at[:3].tolist()]


def _close(one: Floats, other: Floats) -> Any:
    size = np.maximum(np.abs(one), np.abs(other))
    with np.errstate(invalid="ignore"):
        near = np.isfinite(size) & (np.abs(one - other) <= tolerances.SAME_COEFFICIENT * size)
    return near | (one == other)


# ---- extensions of a model -----------------------------------------------------------------------

Extend = Callable[[Any], object]
"""A function that adds variables and constraints to a Pyomo model; its result is ignored."""

Units = NDArray[np.signedinteger[Any]]

_KNOWN = (pyo.Var, pyo.Constraint, pyo.Objective, pyo.Block, pyo.Set, pyo.RangeSet, pyo.Param,
          pyo.Expression, pyo.Suffix, pyo.BuildAction, pyo.BuildCheck)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ExtendedProgram:
    """A block's program with the additions to its model.

    ``rows`` has the case's columns and rows first, in the program's order, then the added ones,
    each row times its ``factor``. ``unit`` has the units of columns and rows. ``columns`` and
    ``own`` are the model's variables and constraints in that order. ``added`` are the names of
    added columns and of added rows.
    """

    rows: LinearProgram
    factor: Floats
    unit: tuple[Units, Units]
    columns: Sequence[Any]
    own: Sequence[Any]
    added: tuple[tuple[Keys, ...], tuple[Keys, ...]]


@unlogged()
def extended_program(
    model: Any,
    counted: LinearProgram,
    unit: tuple[Units, Units],
    need: float,
    extend: Extend | None = None,
) -> ExtendedProgram:
    """Let a function extend a block's model; return the program in its order, additions last.

    ``counted`` are the block's arrays, ``unit`` the units of its columns and rows, ``need`` [t] its
    largest demand. Raises SolverError where the model does not match the arrays, ValueError where
    the function changes the case's rows, or adds anything but variables, linear constraints and
    costs.
    """
    wrong = differences(compile_model(model), counted)
    if wrong:
        msg = f"the linear program that was built does not match the case: {'; '.join(wrong[:3])}"
        raise SolverError(msg)
    if extend is not None:
        extend(model)
        _refuse_unknown(model)
    objects: tuple[list[Any], list[Any]] = ([], [])
    made = compile_model(model, objects)
    orders, added, wrong = [], [], []
    for keys, of in ((made.column_keys, counted.column_keys), (made.row_keys, counted.row_keys)):
        own = {each.name for each in of}
        place, said = matched_positions([each for each in keys if each.name in own], of)
        more = [each for each in keys if each.name not in own and each.index]
        stretches = [np.arange(each.start, each.start + len(each.index)) for each in more]
        orders.append(np.concatenate([place, *stretches]).astype(np.int64))
        starts = np.cumsum([len(place), *(len(each.index) for each in more)]).tolist()
        numbered = zip(more, starts, strict=False)
        added.append(tuple(Keys(each.name, start, each.index) for each, start in numbered))
        wrong += said
    if not wrong:
        made = _placed(made, orders[0], orders[1], counted, (added[0], added[1]))
        wrong = differences(_without(made, len(counted.cost), len(counted.row_lower)), counted)
    if wrong:
        msg = f"an extension may add, not change, rows of the case: {'; '.join(wrong[:3])}"
        raise ValueError(msg)
    made, factor, units = _measured(made, unit, need)
    columns, own_rows = ([of[i] for i in order] for of, order in zip(objects, orders, strict=True))
    return ExtendedProgram(made, factor, units, columns, own_rows, (added[0], added[1]))


def _refuse_unknown(model: Any) -> None:
    """Raise ValueError for additions that the program would silently leave out."""
    for component in model.component_objects(active=True, descend_into=True):
        if component.ctype not in _KNOWN:
            msg = f"{component.name} is a {component.ctype.__name__}: an extension adds variables"
            raise ValueError(f"{msg} and linear constraints")  # noqa: EM102, TRY003
    goals = list(model.component_data_objects(pyo.Objective, active=True))
    if len(goals) != 1 or goals[0].sense != pyo.minimize:
        msg = "an extension keeps the one objective, the cost, and may add to it"
        raise ValueError(msg)


def _placed(
    made: LinearProgram,
    columns: Ints,
    rows: Ints,
    counted: LinearProgram,
    added: tuple[tuple[Keys, ...], ...],
) -> LinearProgram:
    where = np.empty(len(columns), dtype=np.int64)
    where[columns] = np.arange(len(columns))
    counts = np.diff(made.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    entries = np.repeat(made.starts[:-1][rows] - starts[:-1], counts) + np.arange(starts[-1])
    return LinearProgram(
        **{name: getattr(made, name)[columns] for name in ("cost", "lower", "upper", "whole")},
        **{name: getattr(made, name)[rows] for name in ("row_lower", "row_upper")},
        starts=starts,
        columns=where[made.columns[entries]],
        values=made.values[entries],
        column_keys=(*counted.column_keys, *added[0]),
        row_keys=(*counted.row_keys, *added[1]),
    )


def _without(rows: LinearProgram, columns: int, count: int) -> LinearProgram:
    """Return the first columns and rows of a program; entries outside count as changes."""
    end = int(rows.starts[count])
    return dataclasses.replace(
        rows,
        **{name: getattr(rows, name)[:columns] for name in ("cost", "lower", "upper", "whole")},
        **{name: getattr(rows, name)[:count] for name in ("row_lower", "row_upper")},
        starts=rows.starts[: count + 1],
        columns=np.minimum(rows.columns[:end], columns - 1),
        values=rows.values[:end],
        column_keys=[keys for keys in rows.column_keys if keys.start < columns],
        row_keys=[keys for keys in rows.row_keys if keys.start < count],
    )


def _measured(
    rows: LinearProgram, unit: tuple[Units, Units], need: float
) -> tuple[LinearProgram, Floats, tuple[Ints, Ints]]:
    """Return a program with its added rows scaled to the size of the others, factors and units.

    An added column is in tonnes unless it is integer or at most 1, an added row if it has a column
    in tonnes. Its largest term is then the need [t], or 1, for any units of its author: violations
    are relative to it. Factors are powers of two, so scaling causes no rounding.
    """
    n, m = len(unit[0]), len(unit[1])
    is_fraction = rows.whole[n:] | (rows.upper[n:] <= 1)
    columns = np.concatenate([unit[0], np.where(is_fraction, TONNES + 1, TONNES)])
    of_row, in_tonnes = rows.entry_rows(), columns[rows.columns] == TONNES
    holds, largest = np.zeros(len(rows.row_lower), dtype=bool), np.zeros(len(rows.row_lower))
    np.logical_or.at(holds, of_row, in_tonnes)
    np.maximum.at(largest, of_row, np.abs(rows.values) * np.where(in_tonnes, need, 1.0))
    factor = powers_of_two(np.where(holds, need, 1.0) / np.where(largest > 0, largest, 1.0))
    factor[:m] = 1.0
    made = dataclasses.replace(
        rows,
        row_lower=rows.row_lower * factor,
        row_upper=rows.row_upper * factor,
        values=rows.values * factor[of_row],
    )
    return made, factor, (columns, np.concatenate([unit[1], np.where(holds[m:], TONNES, 1)]))


# ---- another solver ------------------------------------------------------------------------------

_LIKELY = ("gurobi", "cplex", "xpress", "mosek", "glpk", "cbc", "scip", "highs")
_NO_GAP = {
    "gurobi": "MIPGap", "cplex": "mip_tolerances_mipgap", "glpk": "mipgap", "cbc": "ratio",
    "highs": "mip_rel_gap",
}  # fmt: skip
"""Options that make an integer search run to proven optimality; other solvers use their own."""


@unlogged()
def find_solver(name: str) -> Any:
    """Return the solver with this name in Pyomo; UsageError if it is not installed."""
    import pyomo.environ as env

    def found(each: str) -> Any:
        made = env.SolverFactory(each) if re.fullmatch(r"\w+", each) else None
        return made if made is not None and made.available(exception_flag=False) else None

    solver = found(name)
    if solver is None:
        here = ", ".join(each for each in _LIKELY if found(each))
        msg = f"--solver {name!r}: Pyomo finds no such solver here; it finds {here or 'none'}"
        raise UsageError(msg)
    return solver


def solver_version(name: str) -> str:
    """Return a solver's name and version, as far as known, and Pyomo's."""
    import pyomo.version

    version = find_solver(name).version()
    parts = ".".join(str(part) for part in version[:3]) if version else ""
    return f"{name}{f' {parts}' if parts else ''}, by Pyomo {pyomo.version.version}"


@unlogged()
def solve_by(name: str, model: Any, made: ExtendedProgram) -> tuple[Floats, Floats | None, float]:
    """Solve a model by another solver; return columns' values, rows' duals (if any), MIP gap.

    Integer columns are then fixed, and the duals are those of the remaining linear program. Raises
    SolverError where it reports no optimum.
    """
    import pyomo.environ as env

    solver, family = find_solver(name), name.removeprefix("appsi_").partition("_")[0]
    gap = 0.0
    if made.rows.whole.any():
        option = {_NO_GAP[family]: 0} if family in _NO_GAP else {}
        gap = _gap(_run(solver, name, model, option))
        for column in np.flatnonzero(made.rows.whole).tolist():
            whole = made.columns[column]
            whole.fix(round(whole.value))
            # a program with integer columns has no duals, even if all are fixed
            whole.domain = env.Reals
    model.dual = env.Suffix(direction=env.Suffix.IMPORT)
    _run(solver, name, model, {})
    # solvers leave out a column without entries and cost: it is at a bound
    free = np.clip(0.0, made.rows.lower, made.rows.upper)
    given = [column.value for column in made.columns]
    x = np.where([value is None for value in given], free, np.array(given, dtype=float))
    duals = np.array([model.dual.get(row, np.nan) for row in made.own], dtype=float)
    if np.isnan(duals).all() and len(duals):
        return x, None, gap
    return x, np.nan_to_num(duals) / made.factor, gap


def _run(solver: Any, name: str, model: Any, options: dict[str, Any]) -> Any:
    import pyomo.environ as env

    try:
        result = solver.solve(model, options=options)
    except Exception as error:  # another program may raise anything
        msg = f"{name} failed: {error}"
        raise SolverError(msg) from error
    if not env.check_optimal_termination(result):
        msg = f"{name} ended with: {result.solver.termination_condition}"
        raise SolverError(msg)
    return result


def _gap(result: Any) -> float:
    """Return the gap of a search from its bounds; 0 if it reports an optimum without bounds."""
    low, high = float(result.problem.lower_bound), float(result.problem.upper_bound)
    if not np.isfinite([low, high]).all():
        return 0.0
    return abs(high - low) / max(abs(high), abs(low), 1e-300)


# ---- a file of it --------------------------------------------------------------------------------

FORMATS = ("lp", "mps")
_LONGEST = 200
_ALLOWED = {*string.ascii_letters, *string.digits, *"_."}


class ModelNames:
    """Gives every part of a model a readable name: ``spot(Jin,,Copper,Japan,2026)``.

    Names are unique, and use only characters that every reader of such files accepts.
    """

    def __init__(self) -> None:
        self._given: dict[int, str] = {}
        self._taken: set[str] = set()

    def __call__(self, part: Any) -> str:
        if id(part) not in self._given:
            index = part.index() if part.parent_component().is_indexed() else ()
            keys = index if isinstance(index, tuple) else (index,)
            base, said = _plain(part.parent_component().name), [_plain(str(key)) for key in keys]
            wanted = f"{base}({','.join(said)})"[:_LONGEST] if keys else base
            name, number = wanted, 1
            while name in self._taken:
                number += 1
                name = f"{wanted}_{number}"
            self._taken.add(name)
            self._given[id(part)] = name
        return self._given[id(part)]


def _plain(text: str) -> str:
    """Return a text in characters that every solver reads; other letters as their numbers."""
    said = "".join(
        each if each.isascii() else f"u{ord(each):04X}"
        for each in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(each)
    )
    return "".join(each if each in _ALLOWED else "_" for each in said)


@unlogged()
def write_model(model: Any, path: Path, form: str, about: Sequence[str]) -> None:
    """Write a model as a file in one of FORMATS, below comment lines (``about``)."""
    import pyomo.environ  # noqa: F401 - its writers, which the core leaves out

    model.write(str(path), format=form, io_options={"labeler": ModelNames()})
    mark = "\\" if form == "lp" else "*"
    legend = (
        f"{of.name}({','.join(of.key)}): {of.meaning}"
        for of in components()
        if (part := model.component(of.name)) is not None and len(part)
    )
    text = path.read_text(encoding="utf-8")
    text = text.replace("OBJSENSE\n MIN\n", "", 1)  # the default; GLPK knows no such section
    with path.open("w", encoding="ascii", newline="\n") as file:
        for line in (*about, *legend):
            plain = " ".join(line.encode("ascii", "replace").decode("ascii").split())
            file.write(f"{mark} {plain}\n")
        file.write(text)
