"""HiGHS: loads a program, changes it in place, and solves it.

Known traps are handled here. Every call's status is checked: a bound of 1e20 makes HiGHS reject all
rows, and a NaN cost "solves" to optimal. The banner that the first instance of a process prints on
file descriptor 1 is suppressed. Vectors are copied only once.

A program with integer columns is also given rows that shorten its search (``tightened``).
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import operator
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import tolerances
from models.errors import SolverError
from models.solve import Floats, Ints, LinearProgram, Solution

_LISTENING = 0.1
"""Polling interval [s] for the end of a search; on Windows a wait can't be interrupted."""
_PATIENCE = 1.0
"""Seconds allowed for a search to stop after it is asked to."""
INFINITE = 1e20
"""HiGHS treats numbers of this size or larger as infinite."""
_LIMITS = ("lower", "upper"), ("row_lower", "row_upper")
"""The arrays with the limits of columns, and of rows."""


@dataclass(frozen=True)
class Attempt:
    """One way to solve: a name, HiGHS options, and whether small limits and costs are scaled up.

    ``max_iterations_per_size`` limits the iterations of a run per column and row (None: no limit).
    """

    name: str
    options: tuple[tuple[str, Any], ...] = field(default=())
    raised: bool = False
    max_iterations_per_size: int | None = None


ATTEMPTS = (
    Attempt("dual simplex", (("solver", "simplex"), ("presolve", "off"))),
    Attempt(
        "primal simplex after presolve",
        (
            ("solver", "simplex"),
            ("presolve", "on"),
            ("simplex_strategy", 4),
            ("primal_feasibility_tolerance", 1e-7),
        ),
    ),
    Attempt(
        "dual simplex, small numbers scaled up",
        (("solver", "simplex"), ("presolve", "on")),
        raised=True,
    ),
    Attempt(
        "interior point with crossover, small numbers scaled up",
        (("solver", "ipm"), ("run_crossover", "on")),
        raised=True,
    ),
    Attempt(  # HiGHS rejects a search if its rounded integer columns violate a row slightly
        "dual simplex, integer search with looser tolerances",
        (("solver", "simplex"), ("mip_feasibility_tolerance", 1e-7)),
    ),
    Attempt(  # if the solver cannot recognise an optimum at our fine tolerances
        "dual simplex after presolve, the solver's default tolerances",
        (
            ("solver", "simplex"),
            ("presolve", "on"),
            ("primal_feasibility_tolerance", 1e-7),
            ("dual_feasibility_tolerance", 1e-7),
        ),
    ),
)
"""The settings tried in turn until a solution passes its proof; each starts cold."""
_UNPERTURBED = ("dual_simplex_cost_perturbation_multiplier", 0.0)
AGAIN = Attempt(
    "dual simplex, costs as they are",
    (*ATTEMPTS[0].options, _UNPERTURBED),
    max_iterations_per_size=10,
)
"""Starts from an old optimum after limits, costs or coefficients have changed.

Perturbed costs help from scratch. Here they would make thousands of reduced costs infeasible, and
take ten times as many iterations. Without perturbation the method may cycle, so iterations are
limited.
"""
DEVEX = Attempt(
    "dual simplex with simpler prices",
    (*ATTEMPTS[0].options, ("simplex_dual_edge_weight_strategy", 1)),
)
"""For programs in which few columns have a cost; tried before the others."""
NEAR = Attempt(
    "dual simplex from a similar plan",
    (*DEVEX.options, _UNPERTURBED),
    max_iterations_per_size=10,
)
"""Starts from a basis that is near an optimum, but not feasible, of a large program.

Exact prices of its rows (steepest edge) would take longer than all iterations.
"""
WARM_START = Attempt(
    "primal simplex from the program before",
    (("solver", "simplex"), ("presolve", "off"), ("simplex_strategy", 4)),
)
"""Starts from an optimum that stays feasible: only costs changed, or limits that it meets."""

_COMMON: tuple[tuple[str, Any], ...] = (
    ("output_flag", False),
    ("random_seed", 0),
    ("primal_feasibility_tolerance", 1e-9),
    ("dual_feasibility_tolerance", 1e-9),
    ("small_matrix_value", 1e-12),
    ("large_matrix_value", 1e19),
    ("mip_feasibility_tolerance", 1e-9),
    ("mip_rel_gap", 0.0),
    ("mip_abs_gap", 0.0),
)


@dataclass(frozen=True)
class SearchProgress:
    """The progress of an integer search.

    ``gap`` is the relative gap between the best plan and the proven lower bound (infinite: no plan
    yet).
    """

    seconds: float
    gap: float


LISTENER: ContextVar[Callable[[SearchProgress], None] | None] = ContextVar("listener", default=None)
"""Called with the progress of a search, in the solver's thread, a few times per minute."""


def solve(
    rows: LinearProgram,
    attempt: Attempt = ATTEMPTS[0],
    start: Any = None,
    *,
    seconds: float | None = None,
    gap: float = 0.0,
) -> Solution:
    """Solve to optimality; raises SolverError where HiGHS reports anything else.

    ``start`` is the basis of a program of the same shape. A program with integer columns is solved
    twice: first as an integer program, with rows that help the search (``tightened``), then as a
    linear program with these columns fixed, so that the duals belong to the chosen builds. The
    search ends after ``seconds`` [s], or at a relative ``gap``, with the best solution found.
    """
    if not len(rows.cost):
        return Solution(np.zeros(0), np.zeros(len(rows.row_lower)), attempt.name)
    if not rows.whole.any():
        held = _solver(attempt).load(rows)
        if start is not None:
            held.start_from(start)
        return held.run()
    search = PersistentSolver(attempt, whole=True)
    search.stop_at(seconds, gap)
    first = search.load(tightened(rows)).run()
    fixed = rows.fixed_at(first.x)
    return dataclasses.replace(PersistentSolver(attempt).load(fixed).run(), mip_gap=first.mip_gap)


_KEPT: ContextVar[dict[Attempt, PersistentSolver] | None] = ContextVar("kept", default=None)


@contextlib.contextmanager
def solvers_kept() -> Iterator[None]:
    """Let ``solve`` load one program after another into the same instance, if the attempt is equal.

    The solutions stay the same; making an instance takes as long as solving a small block.
    """
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def _solver(attempt: Attempt) -> PersistentSolver:
    kept = _KEPT.get()
    if kept is None:
        return PersistentSolver(attempt)
    if attempt not in kept:
        kept[attempt] = PersistentSolver(attempt)
    return kept[attempt]


def first_solved(solved_by: Callable[[Attempt], Solution]) -> Solution:
    """Return the solution of the first attempt that ends at an optimum; SolverError if none does.

    For programs whose solution must also be proven, use ``first_proven``.
    """
    failures = []
    for attempt in ATTEMPTS:
        try:
            return solved_by(attempt)
        except SolverError as error:
            failures.append(f"{attempt.name}: {error}")
    raise SolverError("; ".join(failures))


def _check_numbers(rows: LinearProgram, held: LinearProgram | None = None) -> None:
    """Reject numbers that HiGHS would silently misread: NaN, or an infinite cost or coefficient.

    Arrays that ``held`` shares were checked before.
    """
    trouble = ""
    for name in ("cost", "values"):
        numbers = getattr(rows, name)
        if held is not None and numbers is getattr(held, name):
            continue
        if not np.isfinite(numbers).all():
            trouble = trouble or f"a {name} handed to the solver is not a finite number"
        if (np.abs(numbers) >= INFINITE).any():
            trouble = trouble or f"a {name} handed to the solver is beyond {INFINITE:g}"
    for names in _LIMITS:
        low, high = (getattr(rows, name) for name in names)
        if held is not None and low is getattr(held, names[0]) and high is getattr(held, names[1]):
            continue
        both = np.concatenate([low, high])
        if np.isnan(both).any():
            trouble = trouble or "a bound handed to the solver is not a number"
        if (low > high).any():
            trouble = trouble or "a lower bound handed to the solver is above its upper bound"
        if (np.abs(both[np.isfinite(both)]) >= INFINITE).any():
            trouble = trouble or f"a bound handed to the solver is beyond {INFINITE:g}"
    if trouble:
        raise SolverError(trouble)


def statuses(basis: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a basis as the status of each column and each row.

    0 at its lower limit, 1 basic, 2 at its upper limit, 3 free at 0, 4 nonbasic.
    """
    columns, rows = ([int(s) for s in kinds] for kinds in (basis.col_status, basis.row_status))
    return np.array(columns, dtype=np.uint8), np.array(rows, dtype=np.uint8)


def extended_basis(basis: Any, columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Any:
    """Return another program's basis for this larger one: new columns at 0, new rows basic.

    ``columns`` and ``rows`` are positions in the other program (-1: new). None if the other's basis
    has a basic column or row that this program lost.
    """
    places = [
        np.where(state >= 0, before[state], new)
        for state, before, new in zip((columns, rows), statuses(basis), (0, 1), strict=True)
    ]
    if sum(int((state == 1).sum()) for state in places) != len(rows):
        return None
    return basis_of(*places)


def basis_of(
    columns: NDArray[np.uint8], rows: NDArray[np.uint8], *, is_regular: bool = False
) -> Any:
    """Return the basis with the given status of each column and row, as ``statuses`` has them.

    ``is_regular``: it is known to have an inverse, so the solver need not look for one twice.
    """
    import highspy

    basis, kinds = highspy.HighsBasis(), [highspy.HighsBasisStatus(i) for i in range(5)]
    basis.col_status = [kinds[i] for i in columns.tolist()]
    basis.row_status = [kinds[i] for i in rows.tolist()]
    basis.valid, basis.alien = True, not is_regular
    return basis


def basis_at(rows: LinearProgram, x: Floats) -> Any:
    """Return a basis near a feasible point: what is between its bounds there is basic.

    If these are too few, too many or not independent, the solver exchanges some.
    """
    activity = rows.activity(x)
    return basis_of(
        *(
            np.select([(low < at) & (at < high), (at >= high) & (low < high)], [1, 2], 0)
            for low, at, high in (
                (rows.lower, x, rows.upper),
                (rows.row_lower, activity, rows.row_upper),
            )
        )
    )


def version() -> str:
    import highspy

    return f"HiGHS {highspy.Highs.version(_instance())}"


class PersistentSolver:
    """A solver that stays alive: its program is changed in place and solved from the last basis.

    A call that the solver rejects raises SolverError.
    """

    def __init__(self, attempt: Attempt = ATTEMPTS[0], *, whole: bool = False) -> None:
        self.attempt, self.whole = attempt, whole
        self.rows: LinearProgram | None = None
        self._highs = _instance()
        for option, value in (*_COMMON, *attempt.options):
            if not (whole and option == "solver"):
                _check_status(self._highs.setOptionValue(option, value), f"the option {option}")

    def stop_at(self, seconds: float | None, gap: float) -> None:
        _check_status(self._highs.setOptionValue("mip_rel_gap", gap), "the gap to stop at")
        if seconds is not None:
            _check_status(self._highs.setOptionValue("time_limit", seconds), "the time to stop at")

    def load(self, rows: LinearProgram) -> PersistentSolver:
        """Load a program in place of the one before."""
        import highspy

        _check_numbers(rows)
        columns, count = len(rows.cost), len(rows.row_lower)
        if self.attempt.max_iterations_per_size is not None:
            most = self.attempt.max_iterations_per_size * (columns + count)
            _check_status(self._highs.setOptionValue("simplex_iteration_limit", most), "a limit")
        kinds = np.zeros(columns, dtype=np.int32)
        if self.whole:
            kinds[rows.whole] = int(highspy.HighsVarType.kInteger)
        status = self._highs.passModel(
            columns,
            count,
            len(rows.values),
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            rows.cost,
            rows.lower,
            rows.upper,
            rows.row_lower,
            rows.row_upper,
            rows.starts[:-1].astype(np.int32),
            rows.columns.astype(np.int32),
            rows.values,
            kinds,
        )
        # a warning means that tiny coefficients were dropped: the proof decides
        _check_status(status, "the program", highspy.HighsStatus.kWarning)
        self.rows = rows
        return self

    def change_program(self, rows: LinearProgram) -> None:
        """Change the program to one of the same shape; only differences are passed on.

        The basis is kept. If coefficients differ, the program is loaded again, with that basis.
        """
        held, highs = self.rows, self._highs
        _check_numbers(rows, held)
        is_same = held is not None and held.values is rows.values
        if held is None or not (is_same or np.array_equal(held.values, rows.values)):
            basis = highs.getBasis() if held is not None else None
            self.load(rows)
            if basis is not None:
                self.start_from(basis)
            return
        for change, names, part in (
            (highs.changeColsCost, ("cost",), "new costs"),
            (highs.changeColsBounds, _LIMITS[0], "new bounds"),
            (highs.changeRowsBounds, _LIMITS[1], "new limits"),
        ):
            new, old = ([getattr(of, name) for name in names] for of in (rows, held))
            if all(map(operator.is_, new, old)):
                continue
            changed = np.flatnonzero(
                np.any([to != was for to, was in zip(new, old, strict=True)], axis=0)
            )
            if len(changed):
                numbers = (to[changed] for to in new)
                _check_status(change(len(changed), changed.astype(np.int32), *numbers), part)
        self.rows = rows

    def start_from(self, basis: Any) -> None:
        _check_status(self._highs.clearSolver(), "to forget its last run")
        _check_status(self._highs.setBasis(basis), "the basis to start from")

    def run(self) -> Solution:
        """Solve; raises SolverError where the solver reports anything but an optimum."""
        import highspy

        solver, name = self._highs, self.attempt.name
        # a warning: it ran out of time, or of iterations, which its status says, too
        may_end = self.whole or self.attempt.max_iterations_per_size is not None
        ends = highspy.HighsStatus.kWarning if may_end else None
        _check_status(self._search() if self.whole else solver.run(), "the run", ends)
        status = solver.getModelStatus()
        is_late = self.whole and status == highspy.HighsModelStatus.kTimeLimit
        if is_late and not np.isfinite(solver.getInfo().mip_gap):
            msg = "no plan was found in the time given to the search for whole projects"
            raise SolverError(msg)
        if status != highspy.HighsModelStatus.kOptimal and not is_late:
            msg = f"the solver ended with: {solver.modelStatusToString(status)}"
            raise SolverError(msg)
        values = solver.getSolution()
        x = np.fromiter(values.col_value, float)
        if self.whole:
            gap = max(0.0, float(solver.getInfo().mip_gap))
            return Solution(x, np.zeros(0), name, gap)
        duals = np.fromiter(values.row_dual, float)
        return Solution(x, duals, name, basis=solver.getBasis())

    def moves(self, limits: Floats) -> Floats:
        """Return how columns move as ``limits`` of rows do, while the last run's basis is kept."""
        found, basic = self._highs.getBasicVariables()
        _check_status(found, "to name its basis")
        solved, basic_moves = self._highs.getBasisSolve(limits)
        _check_status(solved, "to solve with its basis")
        moves, is_column = np.zeros(self._highs.getNumCol()), np.asarray(basic) >= 0
        moves[np.asarray(basic)[is_column]] = np.asarray(basic_moves)[is_column]
        return moves

    def run_with_fallbacks(self) -> Solution:
        """Solve from the last basis; if that fails, from scratch with each attempt in turn.

        Raises SolverError if no attempt ends at an optimum.
        """
        try:
            return self.run()
        except SolverError:
            rows = self.rows
            if rows is None:
                raise
            return first_solved(lambda attempt: solve(rows, attempt))

    def _search(self) -> Any:
        """Run in a separate thread, so that Ctrl-C and a request to stop are handled meanwhile.

        A search that does not stop soon after it is asked to is abandoned: it ends with the
        process, and highspy starts no other meanwhile. Only the main thread receives signals, so
        other threads need not wait for them.
        """
        solver = self._highs
        here = threading.current_thread()
        if here is not threading.main_thread() or solver.is_solver_running():
            return solver.run()
        solver.HandleUserInterrupt = True
        hear = LISTENER.get()
        if hear is not None:
            solver.cbMipLogging.subscribe(
                lambda event: hear(
                    SearchProgress(event.data_out.running_time, event.data_out.mip_gap)
                )
            )
        try:
            solver.startSolve()
            done, status = False, None
            while not done:
                done, status = solver.wait(_LISTENING)
        except BaseException as stop:
            solver.cancelSolve()
            if not solver.wait(_PATIENCE)[0]:
                atexit.register(_leave, solver, stop)
            raise
        return status


def _leave(solver: Any, stop: BaseException) -> None:
    if solver.is_solver_running():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(stop.code if isinstance(stop, SystemExit) and isinstance(stop.code, int) else 130)


def _check_status(status: Any, action: str, tolerated: Any = None) -> None:
    import highspy

    if status not in {highspy.HighsStatus.kOk, tolerated}:
        msg = f"the solver refused {action} ({status.name})"
        raise SolverError(msg)


_started = False


def _instance() -> Any:
    """Return a new HiGHS instance; the banner of the first one in a process is suppressed."""
    global _started  # noqa: PLW0603 - once a process, as the banner is
    import highspy

    if _started:
        return highspy.Highs()
    with _quiet_stdout():
        solver = highspy.Highs()
    _started = True
    return solver


@contextlib.contextmanager
def _quiet_stdout() -> Iterator[None]:
    """Discard output on file descriptor 1 for a moment; C code writes to it directly."""
    if sys.stdout is not None:
        sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no file descriptor 1
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


# ---- rows that help a search --------------------------------------------------------------------

# A plant's row limits its sales to its capacity times a binary variable (built or not). So half of
# a plant can serve a small buyer in full, and the search has to close that gap by branching. One
# row per buyer closes it at once: a buyer's purchases from a plant are at most the most that it can
# use, times the binary variable (the strong formulation of facility location: Nemhauser & Wolsey
# 1988, Integer and Combinatorial Optimization, ch. I.1).

_TIGHTER = 1.0 - tolerances.TIGHTER_ROW
"""A row is added only if its limit is below this fraction of the limit in the plant's own row."""


def tightened(rows: LinearProgram) -> LinearProgram:
    """Return a program with the same integer solutions, with one more row per plant and buyer.

    Such a row is made from a row ``sum of a x - sum of c b <= 0`` with a, c > 0, continuous x >= 0
    and integer b in {0, 1}: each ``a x - sum of min(c, a u) b <= 0``, where u is the upper bound
    that other rows set on x. It holds for every integer solution: x is 0 if no b is 1, and
    otherwise at most u.
    """
    most = _upper_limits(rows)
    starts, columns, values = [rows.starts], [rows.columns], [rows.values]
    count = len(rows.values)
    for flows, builds in _rows_of_builds(rows):
        size, room = -rows.values[builds], rows.values[flows] * most[rows.columns[flows]]
        for flow, limit in zip(flows.tolist(), room.tolist(), strict=True):
            if limit < _TIGHTER * size.max():
                columns += [rows.columns[[flow]], rows.columns[builds]]
                values += [rows.values[[flow]], -np.minimum(size, limit)]
                count += 1 + len(builds)
                starts.append(np.array([count]))
    added = len(starts) - 1
    return dataclasses.replace(
        rows,
        row_lower=np.concatenate([rows.row_lower, np.full(added, -np.inf)]),
        row_upper=np.concatenate([rows.row_upper, np.zeros(added)]),
        starts=np.concatenate(starts),
        columns=np.concatenate(columns),
        values=np.concatenate(values),
        row_keys=(),
    )


def _rows_of_builds(rows: LinearProgram) -> list[tuple[Ints, Ints]]:
    """Return the rows that link several flows to builds, as entries of flows and of builds."""
    whole = rows.whole[rows.columns]
    fits = np.where(whole, rows.values < 0, (rows.values > 0) & (rows.lower[rows.columns] >= 0))
    row_of = rows.entry_rows()
    is_unfit = np.bincount(row_of, ~fits, len(rows.row_lower)) > 0
    has_builds = np.bincount(row_of, whole, len(rows.row_lower)) > 0
    of_plants = has_builds & ~is_unfit & (rows.row_upper == 0.0) & np.isneginf(rows.row_lower)
    plants = []
    for row in np.flatnonzero(of_plants).tolist():
        entries = np.arange(rows.starts[row], rows.starts[row + 1])
        flows, builds = entries[~whole[entries]], entries[whole[entries]]
        if len(flows) > 1:
            plants.append((flows, builds))
    return plants


def _upper_limits(rows: LinearProgram) -> Floats:
    """Return the upper limit of each column from its bound and from each row alone."""
    most = rows.upper.copy()
    row_of, columns = rows.entry_rows(), rows.columns
    for sign, limit in ((1.0, rows.row_upper), (-1.0, -rows.row_lower)):
        values = sign * rows.values
        with np.errstate(invalid="ignore"):  # 0 x inf, of entries that do not count
            least = np.where(values > 0, values * rows.lower[columns], values * rows.upper[columns])
        slack = limit - np.bincount(row_of, np.where(values == 0, 0.0, least), len(limit))
        up = (values > 0) & np.isfinite(slack[row_of])
        alone = (slack[row_of[up]] + least[up]) / values[up]
        np.minimum.at(most, columns[up], np.maximum(alone, 0.0))
    return most
