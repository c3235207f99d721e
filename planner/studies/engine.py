"""Studies: a base case, its variants (runs), and the outcome of planning each of them.

Runs are grouped in chains. ``planner.studies.places`` plans chains in this process, in processes of
this machine or on a cluster. All places share this module's ``Tracker`` of outcomes and its
messages to and from workers.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_origin, get_type_hints

from models.background import result_getter
from models.case import Case, CaseSteps
from models.errors import OUT_OF_MEMORY, PlannerError, SolverError, is_out_of_memory
from models.plan import Plan, Proof, Session
from models.plan.block_solver import BlockSolver
from models.plan.solving import require_valid
from models.resolve import Expanded
from planner.render.words import counted
from planner.stops import Stop, mark_handled, raise_pending_stop

if TYPE_CHECKING:
    from planner.studies.places import Where

T = TypeVar("T")

Change = Callable[[Case], Case]
"""Makes a variant of the base case: a pure, picklable callable (a module's function, a partial of
one, or a frozen dataclass). If ``CaseSteps`` only change numbers of the base's program, the run is
solved by ``Session.vary``, which says what may be read of such a plan."""

NOT_RUN = "not run: "
"""Start of the error of a run that was not started."""


def no_change(case: Case) -> Case:
    """Return the case itself, for a run that changes nothing."""
    return case


def whole_plan(plan: Plan) -> object:
    """Return the plan itself, for a study that needs all of it; other runs read for themselves."""
    return plan


def split_chains(runs: Sequence[Run], size: int) -> tuple[tuple[Run, ...], ...]:
    """Split runs, in order, into chains of at most ``size`` runs."""
    return tuple(tuple(runs[i : i + size]) for i in range(0, len(runs), size))


@dataclass(frozen=True)
class Run:
    """One variant of a study's base case, or the base case itself.

    Args:
        name: What the run is called in outcomes.
        change: Makes the variant: a picklable function of the case; by default the case itself.
        read: Replaces the study's ``read``, if given.
        is_cold: Solve it without a warm start, so that its plan doesn't depend on the base case.
        compare: Replaces both, if given: a function of the plan and the session, which may compare
            the plan with the base's and plan further cases.
        weight: About how many plain runs of the study take as long as this one.
    """

    name: str
    change: Change = no_change
    read: Callable[[Plan], Any] | None = None
    is_cold: bool = False
    compare: Callable[[Plan, Session], Any] | None = None
    weight: int = 1


@dataclass(frozen=True)
class Study(Generic[T]):
    """A base case, chains of runs, and the function that reads a result from each plan.

    A chain is a sequence of runs that one worker plans in order: the first is warm-started from the
    base case's plan, each later run from the run before it. Chains do not depend on one another.

    Args:
        base: The base case.
        chains: The runs, by chain.
        read: A picklable function of a plan.
        is_near: As for ``Session``.
        is_compared: Compare the base case's program with its Pyomo model; False if another study
            compares a program of the same kind.
        is_local: As for ``Session``.
    """

    base: Case
    chains: tuple[tuple[Run, ...], ...]
    read: Callable[[Plan], T]
    is_near: bool = False
    is_compared: bool = True
    is_local: bool = False


@dataclass(frozen=True)
class JoinedStudies(Generic[T]):
    """Several studies that are planned as one: their chains, one study after another."""

    studies: tuple[Study[T], ...]

    @cached_property
    def chains(self) -> tuple[tuple[Run, ...], ...]:
        return tuple(chain for study in self.studies for chain in study.chains)

    @cached_property
    def study_of_chain(self) -> tuple[int, ...]:
        """For each chain, the position of its study in ``studies``."""
        return tuple(i for i, study in enumerate(self.studies) for _ in study.chains)

    @cached_property
    def kinds_of_chain(self) -> tuple[frozenset[Any], ...]:
        """For each chain, the kinds of change of its runs that are planned by vectors."""
        changes = [[run.change for run in chain] for chain in self.chains]
        steps = [[c.parts for c in of if isinstance(c, CaseSteps)] for of in changes]
        return tuple(frozenset(step.kind for of in each for step in of) for each in steps)

    @cached_property
    def run_count(self) -> int:
        return sum(map(len, self.chains))


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The outcome of a run: the result read from its plan and the proof, or an error.

    ``ran`` is False if the study ended before the run was started, ``unproven`` is True if the
    solver ran but gave no proven optimum.
    """

    name: str
    result: T | None = None
    objective: float | None = None
    proof: Proof | None = None
    error: str = ""
    ran: bool = True
    unproven: bool = False

    @property
    def is_planned(self) -> bool:
        """Whether there is a proven plan, so that ``result`` was read from it."""
        return not self.error


@dataclass(frozen=True)
class Outcomes(Generic[T]):
    """One outcome per run, in the order of the chains and of the runs in each.

    ``stopped`` is what ended the study early (such as Ctrl-C), None if all runs were started.
    """

    of_runs: tuple[Outcome[T], ...]
    stopped: Stop | None = None

    def __iter__(self) -> Iterator[Outcome[T]]:
        return iter(self.of_runs)

    def __len__(self) -> int:
        return len(self.of_runs)

    def __getitem__(self, position: int) -> Outcome[T]:
        return self.of_runs[position]


class ChainPlanner(Generic[T]):
    """Plans chains of one study, with one session of the study's base case."""

    def __init__(self, study: Study[T]) -> None:
        self.study = study

    @cached_property
    def session(self) -> Session:
        """The session, made for the first run."""
        study = self.study
        return Session(
            study.base, is_near=study.is_near, is_local=study.is_local, is_compared=False
        )

    def outcomes(self, chain: tuple[Run, ...]) -> Iterator[Outcome[T]]:
        """Plan the runs of a chain one after another, each when its outcome is asked for.

        The first run is warm-started from the base case's plan. The run after a failed one is, too.
        So outcomes are the same wherever the chain runs.
        """
        fresh = True
        for run in chain:
            try:
                if fresh:
                    self.session.restart()
                plan = self._plan(run)
                result: Any = (
                    run.compare(plan, self.session)
                    if run.compare
                    else (run.read or self.study.read)(plan)
                )
                outcome = Outcome(run.name, result, plan.objective, plan.proof)
                fresh = False
            except PlannerError as error:
                raise_pending_stop()
                unproven = isinstance(error, SolverError)
                outcome = Outcome[T](run.name, error=str(error), unproven=unproven)
                fresh = True
            except Exception as error:  # noqa: BLE001 - one faulty run must not lose the others
                raise_pending_stop()
                outcome, fresh = Outcome(run.name, error=describe_error(error)), True
            yield outcome

    def _plan(self, run: Run) -> Plan:
        """Return a run's plan; ``Session.vary`` makes it if it can, which is faster."""
        session, change = self.session, run.change
        if run.is_cold:
            return session.solve_cold(change(self.study.base))
        steps = change.parts if isinstance(change, CaseSteps) else ()
        varied = session.vary(steps) if steps else None
        return varied or session.solve(change(self.study.base))


def describe_error(error: BaseException) -> str:
    """Return the type and the message of an unexpected exception, or that memory ran out."""
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# ---- progress of a study, and messages to and from workers ---------------------------------------


TRIES = 3
"""How often a run may crash its worker before it is reported as failed."""


@dataclass(frozen=True)
class Progress:
    """How many of a study's runs are finished, and a notice for the user ("": none)."""

    done: int
    total: int
    notice: str = ""


OnProgress = Callable[[Progress], None]
OnStage = Callable[[str], None]
"""Callback for a study's progress; called only in the process and thread of ``run_study``."""


class Tracker:
    """The outcomes known so far, by the position of the chain and of the run in the chain."""

    def __init__(self, study: JoinedStudies[Any], on_progress: OnProgress) -> None:
        self.study = study
        self.on_progress = on_progress
        self.outcomes: dict[tuple[int, int], Outcome[Any]] = {}
        self.finished: set[tuple[int, int]] = set()

    def add(self, chain: int, run: int, outcome: Outcome[Any]) -> None:
        """Keep an outcome. If a run is planned twice, both outcomes are equal; keep the first."""
        self.outcomes.setdefault((chain, run), outcome)
        self.mark_finished(chain, run)

    def add_packed(self, sent: object) -> None:
        """Keep the outcomes that a worker sent back, if ``sent`` is a ``PackedOutcomes``."""
        if not isinstance(sent, dict):
            return
        for chain, run in sorted(self.positions & sent.keys()):
            result_type = self.result_types[self.study.study_of_chain[chain]]
            self.add(chain, run, unpack(sent[chain, run], self.name(chain, run), result_type))

    @cached_property
    def positions(self) -> frozenset[tuple[int, int]]:
        chains = enumerate(self.study.chains)
        return frozenset((i, j) for i, chain in chains for j in range(len(chain)))

    @cached_property
    def result_types(self) -> tuple[type, ...]:
        """The class of the result of a run, by study."""
        return tuple(return_class(study.read) for study in self.study.studies)

    def mark_finished(self, chain: int, run: int) -> None:
        """Count a run as finished, even if its outcome has not arrived yet."""
        if (chain, run) in self.positions - self.finished:
            self.finished.add((chain, run))
            self.notify()

    def notify(self, notice: str = "") -> None:
        """Report the progress, and a notice if there is one."""
        self.on_progress(Progress(len(self.finished), self.study.run_count, notice))

    def fail(self, task: Task, error: str, *, ran: bool = True) -> None:
        """Give the same error to each run of a task that has no outcome yet."""
        for i in task.runs:
            if (task.chain, i) not in self.outcomes:
                name = self.name(task.chain, i)
                self.add(task.chain, i, Outcome(name, error=error, ran=ran))

    def name(self, chain: int, run: int) -> str:
        return self.study.chains[chain][run].name

    def tasks(self) -> list[Task]:
        """Return one task per chain: each study's first chain, then the others by falling length.

        Reference runs come first, so a stopped study can still be compared. The longest come next,
        so workers end at about the same time.
        """
        study = self.study

        def sort_key(task: Task) -> tuple[bool, int, int]:
            position = study.study_of_chain[task.chain]
            is_first = not any(study.chains[study.study_of_chain.index(position) : task.chain])
            weight = sum(run.weight for run in study.chains[task.chain])
            return not is_first, position, -weight

        tasks = (Task(i, 0, len(chain)) for i, chain in enumerate(study.chains) if chain)
        return sorted(tasks, key=sort_key)

    def tasks_after_crash(self, task: Task, crash: str) -> list[Task]:
        """Return the tasks that remain to be done of a task whose worker crashed.

        The task is repeated from its start, since each run is warm-started from the run before it.
        ``crash`` says what happened to the worker.
        """
        crashes = task.crashes + 1
        if crashes >= TRIES:
            return self.tasks_without_run(task, crash, crashes)
        name = self.name(task.chain, min(self._unfinished_run(task), task.end - 1))
        self.notify(f"{crash} while planning {name}; its runs are planned again")
        return [replace(task, crashes=crashes)]

    def tasks_without_run(self, task: Task, crash: str, crashes: int) -> list[Task]:
        """Return the tasks that remain if a run has crashed its worker so often that it has failed.

        The chain continues with the next run. If all runs are finished but their outcomes have not
        arrived, sending them crashes the worker, so all have failed.
        """
        chain, run, times = task.chain, self._unfinished_run(task), counted(crashes, "time")
        if run == task.end:
            self.fail(task, f"{crash} while handing over its results, {times}")
            return []
        error = f"{crash} while planning it, {times}"
        self.add(chain, run, Outcome(self.name(chain, run), error=error))
        remaining = (Task(chain, task.first, run), Task(chain, run + 1, task.end))
        return [
            each for each in remaining if any((chain, i) not in self.outcomes for i in each.runs)
        ]

    def _unfinished_run(self, task: Task) -> int:
        return next((i for i in task.runs if (task.chain, i) not in self.finished), task.end)


@dataclass(frozen=True)
class Task:
    """Work for one worker: the runs of a chain from ``first`` up to, but not including, ``end``.

    The first of them is warm-started from the base case's plan. ``crashes`` counts the workers that
    crashed on the task.
    """

    chain: int
    first: int
    end: int
    crashes: int = 0

    @property
    def runs(self) -> range:
        """The positions of its runs in their chain."""
        return range(self.first, self.end)


@dataclass
class StudyCopy:
    """A worker's copy of a (joined) study, and the packed outcomes that this worker has made.

    ``study`` is what ``pack_studies`` returned; it is unpacked when the first chain arrives.
    ``kept`` has the packed outcomes by position of chain and run. Set ``ended`` to stop the running
    chain after its current run. Only one session is kept: chains of a study follow one another.
    """

    study: bytes
    kept: dict[tuple[int, int], bytes] = field(default_factory=dict)
    ended: bool = False
    _current: tuple[int, ChainPlanner[Any]] | None = None

    @cached_property
    def _studies(self) -> list[Study[Any]]:
        studies: list[Any] = pickle.loads(self.study)  # noqa: S301 - from the process that runs the study
        return studies

    def _planner(self, position: int) -> ChainPlanner[Any]:
        """Return the planner of one of the joined studies; that of another is dropped first."""
        if self._current is None or self._current[0] != position:
            self._current = None
            self._current = position, ChainPlanner(self._studies[position])
        return self._current[1]

    def outcomes(self, runs: bytes) -> Iterator[bytes]:
        """Plan packed runs one after another; yield packed outcomes."""
        position, chain = pickle.loads(runs)  # noqa: S301 - as above
        for outcome in self._planner(position).outcomes(chain):
            try:
                yield pickle.dumps(outcome)
            except Exception as error:  # noqa: BLE001 - whatever an object raises there
                text = f"the result read from the plan cannot be sent back: {describe_error(error)}"
                yield pickle.dumps(Outcome(outcome.name, error=text))
            if self.ended:
                return


def pack_studies(joined: JoinedStudies[Any]) -> bytes:
    """Return the studies without their chains, pickled; each worker is sent them once.

    Raises TypeError if a study's function ``read`` cannot be pickled.
    """
    studies = [replace(each, chains=()) for each in joined.studies]
    return _pack(studies, "the function that reads a result from a plan")


def pack_runs(study: JoinedStudies[Any], task: Task) -> bytes:
    """Return the runs of a task and their study's position, pickled.

    Raises TypeError if a change cannot be pickled.
    """
    runs = study.chains[task.chain][task.first : task.end]
    return _pack((study.study_of_chain[task.chain], runs), "a run of a study")


def unpack(outcome: bytes, name: str, result_type: type = object) -> Outcome[Any]:
    """Unpack the outcome of the run ``name``; if it is not valid, return one that reports so."""
    try:
        received = pickle.loads(outcome)  # noqa: S301 - from a worker we gave work to
    except Exception as error:  # noqa: BLE001 - whatever an object raises there
        return Outcome(
            name, error=f"the result read from the plan did not arrive: {describe_error(error)}"
        )
    if (
        isinstance(received, Outcome)
        and received.name == name
        and _is_complete(received, result_type)
    ):
        return received
    return Outcome(
        name, error=f"its worker sent back something other than its result: {received!r:.80}"
    )


def _is_complete(outcome: Outcome[Any], result_type: type) -> bool:
    """Return whether an outcome has an error, or else a result, an objective and a proof."""
    flags = outcome.ran, outcome.unproven
    if not isinstance(outcome.error, str) or not all(isinstance(flag, bool) for flag in flags):
        return False
    of_plan = (outcome.result, result_type), (outcome.objective, float), (outcome.proof, Proof)
    return bool(outcome.error) or all(isinstance(value, kind) for value, kind in of_plan)


def return_class(read: Callable[..., object]) -> type:
    """Return the class in a callable's return annotation, ``object`` if it has none."""
    function = read if inspect.isroutine(read) else type(read).__call__
    try:
        returned = get_type_hints(function).get("return", object)
    except (NameError, TypeError):  # names imported only for type checking
        return object
    kind = get_origin(returned) or returned
    return kind if isinstance(kind, type) else object


def _pack(content: object, name: str) -> bytes:
    try:
        return pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        msg = f"{name} cannot be sent to another process: {describe_error(error)}"
        raise TypeError(msg) from error


# ---- run -----------------------------------------------------------------------------------------


_STOPPED = f"{NOT_RUN}the study was stopped before"
_CONFIRMED_LATER: ContextVar[list[Case] | None] = ContextVar("confirmed_later", default=None)
"""The cases that are compared later with their Pyomo models; None: each study compares its own."""


class UnconfirmedError(PlannerError):
    """A ``stop`` while the programs of finished runs are compared with their Pyomo models."""

    def __init__(self, stop: Stop) -> None:
        super().__init__("stopped before the programs were compared with their models")
        self.stop = stop


@contextmanager
def confirmed_later(place: Where | None = None) -> Iterator[Callable[[], None]]:
    """Let studies in this block return before their programs are compared with their Pyomo models.

    This is for studies that use every core; others are compared while they run. The comparison
    begins at the end of the block, where cores are idle. Yields a function that waits for it;
    results are valid only after that has returned. It raises SolverError if a program differs from
    its model, UnconfirmedError at a stop.
    """
    from planner.studies.places import builds_in_background

    bases, compared = list[Case](), list[Callable[[], list[str]]]()

    def confirm() -> None:
        if not compared:
            return
        try:
            wrong = [mismatch for mismatch in compared.pop()() if mismatch]
        except (KeyboardInterrupt, SystemExit) as stop:
            mark_handled()
            raise UnconfirmedError(stop) from None
        if wrong:
            raise SolverError(wrong[0])

    token = _CONFIRMED_LATER.set(bases)
    try:
        yield confirm
    finally:
        _CONFIRMED_LATER.reset(token)
    compared.append(
        result_getter(
            lambda: [_model_mismatch(base) for base in bases],
            in_background=builds_in_background(place, bases),
        )
    )


def run_study(
    study: Study[T], where: Where | None = None, on_progress: OnProgress | None = None
) -> Outcomes[T]:
    """Plan all runs of a study, on all cores of this machine or elsewhere.

    If a run fails, its outcome has the error, and the other runs are planned all the same. After
    Ctrl-C, finished runs keep their outcomes, all others are reported as not run, and ``stopped``
    is set; a command then writes these outcomes and exits with the stop's code.

    Args:
        study: The study.
        where: Where to plan; outcomes don't depend on it. None: processes of this machine.
        on_progress: Is called after each finished run, with a ``Progress``.

    Returns:
        One outcome per run, in the order of the chains and of the runs in each, with ``name``,
        ``result``, ``objective`` [money, discounted], ``error`` ("": none).

    Raises:
        UsageError: The place is not available, such as a cluster that doesn't answer.
        TypeError: A change or ``read`` cannot be pickled.

    Example:
        >>> from functools import partial
        >>> from operator import attrgetter
        >>> cap = planner.set_max_country_share
        >>> runs = [planner.Run(f"{s:.0%}", partial(cap, share=s)) for s in (0.8, 0.65, 0.5)]
        >>> study = planner.Study(book.case, (tuple(runs),), attrgetter("shortage"))
        >>> [(each.name, round(each.result)) for each in planner.run_study(study)]
        [('80%', 0), ('65%', 20733), ('50%', 82884)]
    """
    (outcomes,) = run_studies([study], where, on_progress)
    return outcomes


def run_studies(
    studies: Sequence[Study[T]], where: Where | None = None, on_progress: OnProgress | None = None
) -> list[Outcomes[T]]:
    """Plan several studies as one, and return the outcomes of each; see ``run_study``.

    ``on_progress`` gets the progress of all studies together. After a stop, ``stopped`` is set for
    each study that has runs which were not started, and for the last study.
    """
    from planner.studies.places import LocalProcesses, builds_in_background, uses_every_core

    joined = JoinedStudies(tuple(studies))
    where_run = where or LocalProcesses()

    def model_mismatches() -> list[str]:
        return [_model_mismatch(study.base) if study.is_compared else "" for study in studies]

    later = _CONFIRMED_LATER.get() if uses_every_core(where_run, joined) else None
    bases = [study.base for study in studies if study.is_compared]
    in_background = later is None and builds_in_background(where_run, bases)
    compared = result_getter(model_mismatches, in_background=in_background)
    tracker = Tracker(joined, on_progress or (lambda _: None))
    stopped: Stop | None = None
    mismatches = [""] * len(studies)
    try:
        tracker.notify()
        where_run.run(joined, tracker)
        if later is None:
            mismatches = compared()
        else:
            known = {*map(id, later)}
            later += [base for base in bases if id(base) not in known]
    except (KeyboardInterrupt, SystemExit) as stop:
        mark_handled()
        stopped = stop
    outcomes_by_study: list[list[Outcome[Any]]] = [[] for _ in studies]
    for i, chain in enumerate(joined.chains):
        position = joined.study_of_chain[i]
        outcomes_by_study[position] += [
            Outcome(run.name, error=mismatches[position], unproven=True)
            if mismatches[position]
            else tracker.outcomes.get((i, j)) or Outcome(run.name, error=_STOPPED, ran=False)
            for j, run in enumerate(chain)
        ]
    ended = [
        i == len(outcomes_by_study) - 1 or any(not o.ran for o in outcomes)
        for i, outcomes in enumerate(outcomes_by_study)
    ]
    return [
        Outcomes(tuple(outcomes), stopped if late else None)
        for outcomes, late in zip(outcomes_by_study, ended, strict=True)
    ]


def _model_mismatch(base: Case) -> str:
    """Return how the arrays of a case's program differ from its Pyomo model, "" if they don't.

    Any other error of a case is reported by its runs.
    """
    try:
        require_valid(base)
        BlockSolver(Expanded(base)).compare_shapes()
    except SolverError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - one faulty case must not lose the others
        return ""
    return ""


def offset_progress(on_progress: OnProgress | None, done: int, total: int) -> OnProgress | None:
    """Return a callback for one part of a longer study; it adds the ``done`` runs before it."""
    if on_progress is None:
        return None
    return lambda progress: on_progress(Progress(done + progress.done, total, progress.notice))
