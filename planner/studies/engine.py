"""Many Cases to many Plans: a study, how its runs are planned, and their outcomes.

A study is a base case and chains of runs. ``planner.studies.places`` says where chains run: here,
in processes of this machine, on a cluster. What every place shares is here: who tracks the
outcomes, and what is sent to a worker and back.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_origin, get_type_hints

from models.background import result_getter
from models.case import Case, CaseSteps
from models.errors import PlannerError, SolverError
from models.plan import Plan, Proof, Session
from models.plan.block_solver import BlockSolver
from models.plan.solving import check
from models.resolve import Expanded
from planner.render.words import counted
from planner.stops import Stop, mark_handled, raise_pending_stop

if TYPE_CHECKING:
    from planner.studies.places import Where

T = TypeVar("T")

Change = Callable[[Case], Case]
"""From the base case to a variant; pure, and picklable: a function of a module, a partial of one,
or a frozen dataclass that can be called. One that is ``CaseSteps`` is planned by vectors where they
express it; what is read of its plan is then what ``Session.vary`` says."""

NOT_RUN = "not run: "
"""What the error of a run without a turn begins with."""


def as_given(case: Case) -> Case:
    """Return the case itself: a run that changes nothing."""
    return case


def chains_of(runs: Sequence[Run], most: int) -> tuple[tuple[Run, ...], ...]:
    """Return runs in chains of neighbours, at most so many in each."""
    return tuple(tuple(runs[i : i + most]) for i in range(0, len(runs), most))


@dataclass(frozen=True)
class Run:
    """One variant of a study's base case, or the base case itself.

    What is read of its plan is ``compare(plan, session)``, else ``read(plan)``, else what the study
    reads. ``compare`` may hold the plan against the base plan of the session that made it, and may
    plan further cases in that session. A run that ``is_cold`` starts from no other plan. So its
    plan is the one that ``solve`` finds, whatever the base case is.
    """

    name: str
    change: Change = as_given
    read: Callable[[Plan], Any] | None = None
    is_cold: bool = False
    compare: Callable[[Plan, Session], Any] | None = None


@dataclass(frozen=True)
class Study(Generic[T]):
    """A base case, chains of runs, and what is read of each plan.

    The first run of a chain starts from the base case's plan, each next from the one before; chains
    are independent of one another, and the unit that is sent to a worker. ``read`` is picklable as
    a change is, and takes a plan. ``is_near`` is as of ``Session``. Without ``is_compared`` the
    base case is one of a kind that another study compares with its model.
    """

    base: Case
    chains: tuple[tuple[Run, ...], ...]
    read: Callable[[Plan], T]
    is_near: bool = False
    is_compared: bool = True


@dataclass(frozen=True)
class Joined(Generic[T]):
    """Studies that are planned as one: the chains of one behind those of the other."""

    parts: tuple[Study[T], ...]

    @cached_property
    def chains(self) -> tuple[tuple[Run, ...], ...]:
        """The chains of all studies, in the order of ``parts``."""
        return tuple(chain for study in self.parts for chain in study.chains)

    @cached_property
    def part_of(self) -> tuple[int, ...]:
        """By chain: the number of its study in ``parts``."""
        return tuple(i for i, study in enumerate(self.parts) for _ in study.chains)

    @cached_property
    def runs(self) -> int:
        """How many runs all studies have."""
        return sum(map(len, self.chains))


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The result of a run: what was read of its plan and the proof, or why there is none.

    ``ran`` is False where the study ended before the run had its turn, ``unproven`` is True where
    the solver had its turn and gave no proof.
    """

    name: str
    found: T | None = None
    objective: float | None = None
    proof: Proof | None = None
    error: str = ""
    ran: bool = True
    unproven: bool = False

    @property
    def planned(self) -> bool:
        """Whether there is a proven plan, and ``found`` what was read of it."""
        return not self.error


@dataclass(frozen=True)
class Outcomes(Generic[T]):
    """One outcome a run, in the order of the chains and of the runs in each.

    ``stopped`` is what ended the study before its time, None where all runs had their turn.
    """

    every: tuple[Outcome[T], ...]
    stopped: Stop | None = None

    def __iter__(self) -> Iterator[Outcome[T]]:
        return iter(self.every)

    def __len__(self) -> int:
        return len(self.every)

    def __getitem__(self, position: int) -> Outcome[T]:
        return self.every[position]


class Planner(Generic[T]):
    """What one worker keeps of a study: a session of its base case, for all chains sent to it."""

    def __init__(self, base: Case, read: Callable[[Plan], T], *, is_near: bool = False) -> None:
        """Keep the base case and what is read of each plan."""
        self.base = base
        self.read = read
        self.is_near = is_near

    @cached_property
    def session(self) -> Session:
        """The session, begun with the first run."""
        return Session(self.base, is_near=self.is_near, is_compared=False)

    def outcomes(self, chain: tuple[Run, ...]) -> Iterator[Outcome[T]]:
        """Plan the runs of a chain one after another, each when it is asked for.

        The first starts from the base case's plan. So does the one after a run that failed, since
        a session is restarted then: that a run failed changes what the next starts from, but in the
        same way wherever the chain runs.
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
                    else (run.read or self.read)(plan)
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
                outcome, fresh = Outcome(run.name, error=fault(error)), True
            yield outcome

    def _plan(self, run: Run) -> Plan:
        """Return a run's plan: by vectors where its change is parts that they express."""
        session, change = self.session, run.change
        if run.is_cold:
            return session.solve_cold(change(self.base))
        steps = change.parts if isinstance(change, CaseSteps) else ()
        varied = session.vary(steps) if steps else None
        return varied or session.solve(change(self.base))


def fault(error: BaseException) -> str:
    """Return an exception nobody foresaw in words: its type and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# ---- what is known while it runs, and what is sent to a worker and back --------------------------


TRIES = 3
"""How often a run may take its worker down before it is reported as failed."""


@dataclass(frozen=True)
class Progress:
    """How far a study is: runs finished of all, and a notice where there is something to say."""

    done: int
    total: int
    notice: str = ""


Tell = Callable[[Progress], None]
"""Hears of a study's progress; called in the process and thread of ``run_study`` alone."""


class Tracker:
    """The outcomes known so far, by the positions of the chain and of the run in it."""

    def __init__(self, study: Joined[Any], tell: Tell) -> None:
        """Know nothing yet."""
        self.study = study
        self.tell = tell
        self.kept: dict[tuple[int, int], Outcome[Any]] = {}
        self.finished: set[tuple[int, int]] = set()

    def keep(self, chain: int, run: int, outcome: Outcome[Any]) -> None:
        """Take an outcome; one that comes again is the same and changes nothing."""
        self.kept.setdefault((chain, run), outcome)
        self.saw(chain, run)

    def take(self, sent: object) -> None:
        """Keep what a worker sent back: packed outcomes by the positions of chain and run.

        Anything but a dict, and entries at positions of no run, are ignored. Bytes that are no
        outcome of their run count as an outcome with an error.
        """
        if not isinstance(sent, dict):
            return
        for chain, run in sorted(self.positions & sent.keys()):
            promised = self.promised[self.study.part_of[chain]]
            self.keep(chain, run, unpack(sent[chain, run], self.name(chain, run), promised))

    @cached_property
    def positions(self) -> frozenset[tuple[int, int]]:
        """The (chain, run) of every run."""
        chains = enumerate(self.study.chains)
        return frozenset((i, j) for i, chain in chains for j in range(len(chain)))

    @cached_property
    def promised(self) -> tuple[type, ...]:
        """The class of what is read of each plan, by study."""
        return tuple(returned_by(study.read) for study in self.study.parts)

    def saw(self, chain: int, run: int) -> None:
        """Count a run as finished, whose outcome is here or still to come."""
        if (chain, run) in self.positions - self.finished:
            self.finished.add((chain, run))
            self.notify()

    def notify(self, notice: str = "") -> None:
        """Tell how far the study is, and what else there is to say."""
        self.tell(Progress(len(self.finished), self.study.runs, notice))

    def fail(self, task: Task, error: str, *, ran: bool = True) -> None:
        """Give every run of a task without an outcome the same error."""
        for i in task.runs:
            if (task.chain, i) not in self.kept:
                name = self.name(task.chain, i)
                self.keep(task.chain, i, Outcome(name, error=error, ran=ran))

    def name(self, chain: int, run: int) -> str:
        """Return the name of a run."""
        return self.study.chains[chain][run].name

    def tasks(self) -> list[Task]:
        """Return one task a chain: the first of each study, then the others, the longest first.

        Reference runs come first, so a stopped study can still be compared. The longest come next,
        so workers end at about the same time.
        """
        study = self.study

        def place(task: Task) -> tuple[bool, int, int]:
            part = study.part_of[task.chain]
            is_first = not any(study.chains[study.part_of.index(part) : task.chain])
            return not is_first, part, -task.end

        tasks = (Task(i, 0, len(chain)) for i, chain in enumerate(study.chains) if chain)
        return sorted(tasks, key=place)

    def after_death(self, task: Task, died: str) -> list[Task]:
        """Return what is left to do of a task whose worker died.

        The task is done again from its start, since each run starts from the one before. A run that
        has taken its worker down ``TRIES`` times has failed, and the chain goes on behind it as
        behind any failed run. If all runs are finished but their outcomes are not here, sending
        them takes the worker down: all have failed.
        """
        chain, deaths = task.chain, task.deaths + 1
        run = next((i for i in task.runs if (chain, i) not in self.finished), task.end)
        if deaths < TRIES:
            name = self.name(chain, min(run, task.end - 1))
            self.notify(f"{died} while planning {name}; its runs are planned again")
            return [Task(chain, task.first, task.end, deaths)]
        times = counted(deaths, "time")
        if run == task.end:
            self.fail(task, f"{died} while handing over its results, {times}")
            return []
        error = f"{died} while planning it, {times}"
        self.keep(chain, run, Outcome(self.name(chain, run), error=error))
        parts = (Task(chain, task.first, run), Task(chain, run + 1, task.end))
        return [part for part in parts if any((chain, i) not in self.kept for i in part.runs)]


@dataclass(frozen=True)
class Task:
    """What a worker is sent: runs ``first`` to before ``end`` of a chain, from the base's plan on.

    ``deaths`` counts the workers that died on it.
    """

    chain: int
    first: int
    end: int
    deaths: int = 0

    @property
    def runs(self) -> range:
        """The numbers of its runs in their chain."""
        return range(self.first, self.end)


@dataclass
class StudyCopy:
    """A worker's copy of one study: its cases and sessions, and the outcomes found here.

    One session is kept at a time, since the chains of a part come together. ``study`` is what
    ``pack_study`` returned, unpacked with the first chain; ``kept`` are packed outcomes by the
    positions of chain and run; ``ended`` asks the running chain to end.
    """

    study: bytes
    kept: dict[tuple[int, int], bytes] = field(default_factory=dict)
    ended: bool = False
    _current: tuple[int, Planner[Any]] | None = None

    @cached_property
    def _parts(self) -> list[tuple[Case, Callable[[Plan], Any], bool]]:
        """Of each part of the study the case, what is read of a plan, and whether it is near."""
        parts: list[Any] = pickle.loads(self.study)  # noqa: S301 - from the process that began it
        return parts

    def _planner(self, part: int) -> Planner[Any]:
        """Return the planner of a part, and forget the one of any other part first."""
        if self._current is None or self._current[0] != part:
            self._current = None
            base, read, is_near = self._parts[part]
            self._current = part, Planner(base, read, is_near=is_near)
        return self._current[1]

    def outcomes(self, runs: bytes) -> Iterator[bytes]:
        """Plan runs one after another; each outcome comes packed."""
        part, chain = pickle.loads(runs)  # noqa: S301 - as above
        for outcome in self._planner(part).outcomes(chain):
            try:
                yield pickle.dumps(outcome)
            except Exception as error:  # noqa: BLE001 - whatever an object raises there
                text = f"what was read of the plan cannot be sent back: {fault(error)}"
                yield pickle.dumps(Outcome(outcome.name, error=text))
            if self.ended:
                return


def pack_study(study: Joined[Any]) -> bytes:
    """Return the base cases and what is read of each plan, as sent to each worker once.

    Raises TypeError where ``read`` cannot be sent.
    """
    parts = [(part.base, part.read, part.is_near) for part in study.parts]
    return _pack(parts, "what a study reads of a plan")


def pack_runs(study: Joined[Any], task: Task) -> bytes:
    """Return the runs of a task, and whose they are; TypeError where a change cannot be sent."""
    runs = study.chains[task.chain][task.first : task.end]
    return _pack((study.part_of[task.chain], runs), "a run of a study")


def unpack(outcome: bytes, name: str, promised: type = object) -> Outcome[Any]:
    """Return an outcome that was sent back; if the bytes hold none, one whose error says so.

    It must be of the run ``name``. ``promised`` is the class of what is read of a plan.
    """
    try:
        received = pickle.loads(outcome)  # noqa: S301 - from a worker we gave work to
    except Exception as error:  # noqa: BLE001 - whatever an object raises there
        return Outcome(name, error=f"what was read of the plan did not arrive: {fault(error)}")
    if isinstance(received, Outcome) and received.name == name and _is_whole(received, promised):
        return received
    return Outcome(name, error=f"its worker sent back what is no outcome of it: {received!r:.80}")


def _is_whole(outcome: Outcome[Any], promised: type) -> bool:
    """Return whether an outcome has why there is no plan, or all that there is of one."""
    flags = outcome.ran, outcome.unproven
    if not isinstance(outcome.error, str) or not all(isinstance(flag, bool) for flag in flags):
        return False
    of_plan = (outcome.found, promised), (outcome.objective, float), (outcome.proof, Proof)
    return bool(outcome.error) or all(isinstance(value, kind) for value, kind in of_plan)


def returned_by(read: Callable[..., object]) -> type:
    """Return the class that a function, or an object that can be called, says that it returns."""
    function = read if inspect.isroutine(read) else type(read).__call__
    try:
        returned = get_type_hints(function).get("return", object)
    except (NameError, TypeError):  # names that are there for a type checker alone
        return object
    kind = get_origin(returned) or returned
    return kind if isinstance(kind, type) else object


def _pack(thing: object, name: str) -> bytes:
    try:
        return pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        msg = f"{name} cannot be sent to another process: {fault(error)}"
        raise TypeError(msg) from error


# ---- run -----------------------------------------------------------------------------------------


_STOPPED = f"{NOT_RUN}the study was stopped before"


def unbegun(names: Iterable[str], stop: Stop) -> Outcomes[Any]:
    """Return what a study is that was stopped before its first run: each has had no turn.

    To be called where the stop is caught, which is then heard.
    """
    mark_handled()
    return Outcomes(tuple(Outcome(name, error=_STOPPED, ran=False) for name in names), stop)


def run_study(study: Study[T], where: Where | None = None, tell: Tell | None = None) -> Outcomes[T]:
    """Return the outcomes of all runs, in the order of the chains and of the runs in each.

    ``where`` is this machine unless given; the outcomes do not depend on it. ``tell`` hears of each
    finished run.

    A run that fails does not lose the others: its outcome says why. Nor does Ctrl-C: the outcomes
    then hold what was finished, say of the others that they were not run, and ``stopped`` is set;
    a command writes what there is and ends with the code of the stop.

    Raises UsageError where the place is not there (a cluster's address at which nothing listens),
    TypeError where a change or ``read`` is no function that can be sent to another process.
    """
    (outcomes,) = run_studies([study], where, tell)
    return outcomes


def run_studies(
    studies: Sequence[Study[T]], where: Where | None = None, tell: Tell | None = None
) -> list[Outcomes[T]]:
    """Return the outcomes of studies that are parts of one, planned as one; see ``run_study``.

    ``tell`` hears of the progress of all together. After a stop, ``stopped`` is set for each study
    with a run that had no turn, and for the last study.
    """
    from planner.studies.places import LocalProcesses, is_worth_a_fork

    joined = Joined(tuple(studies))
    place = where or LocalProcesses()

    def compare() -> list[str]:
        """Return for each study why its base case's program is not its model's, "" if it is.

        It is "" without ``is_compared``, too.
        """
        return [_compared(study.base) if study.is_compared else "" for study in studies]

    bases = (study.base for study in studies if study.is_compared)
    compared = result_getter(compare, in_background=is_worth_a_fork(place, bases))
    tracker = Tracker(joined, tell or (lambda _: None))
    stopped: Stop | None = None
    wrong = [""] * len(studies)
    try:
        tracker.notify()
        place.run(joined, tracker)
        wrong = compared()
    except (KeyboardInterrupt, SystemExit) as stop:
        mark_handled()
        stopped = stop
    every: list[list[Outcome[Any]]] = [[] for _ in studies]
    for i, chain in enumerate(joined.chains):
        part = joined.part_of[i]
        every[part] += [
            Outcome(run.name, error=wrong[part], unproven=True)
            if wrong[part]
            else tracker.kept.get((i, j)) or Outcome(run.name, error=_STOPPED, ran=False)
            for j, run in enumerate(chain)
        ]
    ended = [i == len(every) - 1 or any(not o.ran for o in part) for i, part in enumerate(every)]
    return [
        Outcomes(tuple(part), stopped if late else None)
        for part, late in zip(every, ended, strict=True)
    ]


def _compared(base: Case) -> str:
    """Return why a base case's program is not its model's, "" where it is.

    What else is wrong with a case its runs say.
    """
    try:
        check(base)
        BlockSolver(Expanded(base)).compare_shapes()
    except SolverError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - one faulty case must not lose the others
        return ""
    return ""


def add_done(tell: Tell | None, done: int, total: int) -> Tell | None:
    """Return a listener that adds the runs done before: a study is a part of a longer one."""
    if tell is None:
        return None
    return lambda progress: tell(Progress(done + progress.done, total, progress.notice))
