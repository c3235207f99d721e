"""One block: build, compile, solve, prove; and again, cold, by another algorithm if that fails."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models import solver
from models.case import Case
from models.compile import compile_model, scaling
from models.errors import SolverError
from models.expand import SPOT, Cell, Expanded, Floats, Ints
from models.frame import Frame
from models.proof import (
    MOST_VIOLATION,
    Certificate,
    Point,
    certify,
    differences,
    fits,
    recount,
    wrong_bounds,
)
from models.solver import Rows, Solution
from models.sourcing import build

if TYPE_CHECKING:
    from collections.abc import Iterator

_DUST = 1e-9
"""A value below this part of the block's smallest need is the solver's rounding: it is taken as 0.

The need of a mineral and year is its largest demand of one member."""


@dataclass(frozen=True)
class BlockResult:
    """A solved and proved block.

    ``delivered`` [t] belongs to ``at``, positions in the case's deliveries; ``values`` are the
    other columns by component and key, zeros left out; ``duals`` are the rows' undiscounted shadow
    prices (d cost / d right-hand side) by component and key, zeros left out.
    """

    at: Ints
    delivered: Floats
    reduced: Floats
    values: Mapping[str, Mapping[Any, float]]
    duals: Mapping[str, Mapping[Any, float]]
    objective: float
    certificate: Certificate
    attempt: str
    failures: tuple[str, ...]
    size: tuple[int, int, int]
    build_seconds: float
    solve_seconds: float


class BlockSolver:
    """Solves blocks of one Case; what is sent to another process is the Case alone."""

    def __init__(self, expanded: Expanded) -> None:
        """Keep the resolved case."""
        self.expanded = expanded

    def __getstate__(self) -> Case:
        """Send the Case; it is resolved again where it arrives."""
        return self.expanded.case

    def __setstate__(self, case: Case) -> None:
        """Resolve the Case that arrived."""
        self.expanded = Expanded(case)

    def __call__(self, cells: Sequence[Cell]) -> BlockResult:
        """Solve one block; raises SolverError where no attempt gives a proven optimum."""
        began = time.perf_counter()
        with _no_collection():
            frame = build(self.expanded, cells)
            rows = compile_model(frame.model)
        built = time.perf_counter()
        fractions = frozenset(frame.units)
        wrong = differences(*_random_point(frame, rows)) + wrong_bounds(self.expanded, rows)
        if wrong:
            msg = f"the program built is not the case's: {'; '.join(wrong[:3])}"
            raise SolverError(msg)
        failures: list[str] = []
        for attempt in solver.ATTEMPTS:
            scale = scaling(frame, rows, raised=attempt.raised)
            try:
                found = solver.solve(scale.scaled(rows), attempt)
            except SolverError as error:
                failures.append(f"{attempt.name}: {error}")
                continue
            if not fits(rows, found):
                failures.append(f"{attempt.name}: not a number for every column and row")
                continue
            solution = scale.unscaled(found)
            largest = self.expanded.case.yardstick
            certificate = certify(rows, solution, largest, fractions)
            trouble = _trouble(frame, rows, solution, certificate, largest)
            if trouble:
                failures.append(f"{attempt.name}: {trouble}")
                continue
            return _result(frame, rows, solution, certificate, failures, (began, built))
        names = sorted({self.expanded.minerals[m] for m, _ in cells})
        years = sorted({self.expanded.years[t] for _, t in cells})
        where = f"{', '.join(names)} {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else "")
        msg = f"no proven optimum for {where}: {'; '.join(failures)}"
        raise SolverError(msg)


def _trouble(
    frame: Frame, rows: Rows, solution: Solution, certificate: Certificate, largest: float
) -> str:
    """Return why a solution is no proof, "" if it is one."""
    if not certificate.passed:
        return (
            f"violation {certificate.violation:.2g} of the largest demand in "
            f"{certificate.violated or 'no row'}, dual infeasibility "
            f"{certificate.dual_infeasibility:.2g}, gap {certificate.gap:.2g}, "
            f"MIP gap {certificate.mip_gap:.2g}"
        )
    point = _point(frame, rows, solution.x)
    counted = recount(frame.expanded, frame.cells, frame.at, point)
    cost = float(rows.cost @ solution.x)
    if abs(counted.cost - cost) > 1e-9 * max(abs(cost), abs(counted.cost), 1e-12):
        return f"the plan costs {counted.cost:.9g} by the case, {cost:.9g} by the solver"
    for name, entries in counted.rows.items():
        for key, (activity, least, most) in entries.items():
            by = max(least - activity, activity - most)
            unit = max(1.0, abs(most)) if name in frame.units else largest
            if by > MOST_VIOLATION * unit:
                return f"{name}{key} of the case is violated by {by:.3g}"
    return ""


def _point(frame: Frame, rows: Rows, x: Floats) -> Point:
    named: dict[str, Mapping[Any, float]] = {}
    delivered = np.zeros(len(frame.at))
    spot = frame.of_deliveries("contract") == SPOT
    for keys in rows.column_keys:
        if keys.name == "spot":
            delivered[spot] = x[keys.stretch]
        elif keys.name == "contracted":
            delivered[~spot] = x[keys.stretch]
        else:
            named[keys.name] = dict(zip(keys.index, x[keys.stretch].tolist(), strict=True))
    return Point(delivered, named)


def _random_point(frame: Frame, rows: Rows) -> tuple[Rows, Floats, Any]:
    """Return the arrays, a random point, and what the case says there."""
    x = np.random.default_rng(len(rows.cost)).uniform(0.5, 1.5, len(rows.cost))
    return rows, x, recount(frame.expanded, frame.cells, frame.at, _point(frame, rows, x))


def _result(  # noqa: PLR0913, PLR0917 - the parts of a result
    frame: Frame,
    rows: Rows,
    solution: Solution,
    certificate: Certificate,
    failures: list[str],
    times: tuple[float, float],
) -> BlockResult:
    case = frame.case
    needs = (float(frame.expanded.demand[m, :, t].max(initial=0.0)) for m, t in frame.cells)
    dust = _DUST * min((need for need in needs if need > 0), default=1.0)
    point = _point(frame, rows, solution.x)
    reduced = _point(frame, rows, rows.cost - rows.priced(solution.duals)).delivered
    fine = {name: _DUST if name in frame.units else dust for name in point.named}
    values = {
        name: {key: value for key, value in of.items() if abs(value) > fine[name]}
        for name, of in point.named.items()
    }
    duals = {
        keys.name: {
            key: dual / _discount(case, key)
            for key, dual in zip(keys.index, solution.duals[keys.stretch].tolist(), strict=True)
            if dual != 0.0
        }
        for keys in rows.row_keys
    }
    return BlockResult(
        at=frame.at,
        delivered=np.where(point.delivered > dust, point.delivered, 0.0),
        reduced=reduced,
        values=values,
        duals=duals,
        objective=float(rows.cost @ solution.x),
        certificate=certificate,
        attempt=solution.attempt,
        failures=tuple(failures),
        size=(len(rows.row_lower), len(rows.cost), len(rows.values)),
        build_seconds=times[1] - times[0],
        solve_seconds=time.perf_counter() - times[1],
    )


def _discount(case: Case, key: Any) -> float:
    """Return the discount of a row's year: the last part of its key, 1 where it has none."""
    last = key[-1] if isinstance(key, tuple) else key
    return case.discount(last) if isinstance(last, int) else 1.0


@contextmanager
def _no_collection() -> Iterator[None]:
    """Switch the garbage collector off: a model is many objects and no garbage."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
