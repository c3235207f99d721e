"""The Pyomo model for others: an analyst's extension, another solver, a file of the model.

An extension adds variables and constraints to a model and changes nothing of the case. So every
plan obeys the case's rules, and costs no less than without the extension. Changes of the case's own
rows are found by the same comparison that checks every model against its arrays.
"""

from __future__ import annotations

import dataclasses
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.core as pyo
from numpy.typing import NDArray

from models.errors import SolverError, UsageError
from models.program.compile import compile_model, differences, matched_positions
from models.program.component import TONNES, components
from models.program.scaling import powers_of_two
from models.program.sourcing import unlogged
from models.resolve import Floats, Ints
from models.solve import Keys, LinearProgram

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
        place, unmatched = matched_positions([each for each in keys if each.name in own], of)
        more = [each for each in keys if each.name not in own and each.index]
        stretches = [np.arange(each.start, each.start + len(each.index)) for each in more]
        orders.append(np.concatenate([place, *stretches]).astype(np.int64))
        starts = np.cumsum([len(place), *(len(each.index) for each in more)]).tolist()
        numbered = zip(more, starts, strict=False)
        added.append(tuple(Keys(each.name, start, each.index) for each, start in numbered))
        wrong += unmatched
    if not wrong:
        made = _placed_part(made, orders[0], orders[1], counted, (added[0], added[1]))
        wrong = differences(_first_part(made, len(counted.cost), len(counted.row_lower)), counted)
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


def _placed_part(
    built: LinearProgram,
    columns: Ints,
    rows: Ints,
    counted: LinearProgram,
    added: tuple[tuple[Keys, ...], ...],
) -> LinearProgram:
    where = np.empty(len(columns), dtype=np.int64)
    where[columns] = np.arange(len(columns))
    counts = np.diff(built.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    entries = np.repeat(built.starts[:-1][rows] - starts[:-1], counts) + np.arange(starts[-1])
    return LinearProgram(
        **{name: getattr(built, name)[columns] for name in ("cost", "lower", "upper", "whole")},
        **{name: getattr(built, name)[rows] for name in ("row_lower", "row_upper")},
        starts=starts,
        columns=where[built.columns[entries]],
        values=built.values[entries],
        column_keys=(*counted.column_keys, *added[0]),
        row_keys=(*counted.row_keys, *added[1]),
    )


def _first_part(rows: LinearProgram, columns: int, count: int) -> LinearProgram:
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
        gap = _gap(_run_solver(solver, name, model, option))
        for column in np.flatnonzero(made.rows.whole).tolist():
            whole = made.columns[column]
            whole.fix(round(whole.value))
            # a program with integer columns has no duals, even if all are fixed
            whole.domain = env.Reals
    model.dual = env.Suffix(direction=env.Suffix.IMPORT)
    _run_solver(solver, name, model, {})
    # solvers leave out a column without entries and cost: it is at a bound
    free = np.clip(0.0, made.rows.lower, made.rows.upper)
    given = [column.value for column in made.columns]
    x = np.where([value is None for value in given], free, np.array(given, dtype=float))
    duals = np.array([model.dual.get(row, np.nan) for row in made.own], dtype=float)
    if np.isnan(duals).all() and len(duals):
        return x, None, gap
    return x, np.nan_to_num(duals) / made.factor, gap


def _run_solver(solver: Any, name: str, model: Any, options: dict[str, Any]) -> Any:
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
        self._used_names: set[str] = set()

    def __call__(self, part: Any) -> str:
        if id(part) not in self._given:
            index = part.index() if part.parent_component().is_indexed() else ()
            keys = index if isinstance(index, tuple) else (index,)
            base, parts = (
                _ascii_name(part.parent_component().name),
                [_ascii_name(str(key)) for key in keys],
            )
            wanted = f"{base}({','.join(parts)})"[:_LONGEST] if keys else base
            name, number = wanted, 1
            while name in self._used_names:
                number += 1
                name = f"{wanted}_{number}"
            self._used_names.add(name)
            self._given[id(part)] = name
        return self._given[id(part)]


def _ascii_name(text: str) -> str:
    """Return a text in characters that every solver reads; other letters as their numbers."""
    spelt = "".join(
        each if each.isascii() else f"u{ord(each):04X}"
        for each in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(each)
    )
    return "".join(each if each in _ALLOWED else "_" for each in spelt)


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
