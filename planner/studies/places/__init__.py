"""Places where a study's runs are planned: this process, processes of this machine, a cluster.

Results do not depend on the place.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import weakref
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from multiprocessing.connection import Connection, wait
from typing import Any, ClassVar, Protocol

from models import background
from models.background import can_fork, cores
from models.case import Case
from models.errors import OUT_OF_MEMORY, OUT_OF_MEMORY_CODE, UsageError, is_out_of_memory
from models.plan import Session
from models.solve.highs import version
from planner.studies import engine, forkserver

MIN_ROUTES_IN_BACKGROUND = 1_000
"""Minimum number of routes of a case whose Pyomo model is built in a background process.

With fewer routes, forking the process takes longer than building the model.
"""
MIN_ROUTES_FOR_WORKERS = 30_000
"""Minimum number of routes, summed over a study's runs, at which worker processes are used.

A case with some 20,000 routes is planned in 1 s, its variant in 0.03 to 0.1 s. Each worker process
plans the base case first, so a smaller study is finished sooner without workers.
"""

MAX_FAILED_STARTS = 3
"""After so many workers in a row have crashed before planning anything, no more are started."""

_FORKSERVER_DIED = 255
"""Exit code if a process's forkserver has died; the process itself may still be running."""

Message = tuple[int, bytes] | str | None
"""A worker's message: None when it is ready; (position, packed outcome) of a run; at the end of a
task "" or, if it could not be planned, the reason."""


class Where(Protocol):
    """A place where chains run."""

    def run(self, study: engine.JoinedStudies[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs, and give each outcome to the tracker as soon as it is known.

        On a KeyboardInterrupt or SystemExit, all processes that were started for the study are
        ended, and the exception is raised again. Raises UsageError if the place is not available.
        """


@dataclass(frozen=True)
class Here:
    """This process, one chain after another."""

    def run(self, study: engine.JoinedStudies[Any], tracker: engine.Tracker) -> None:
        chains = enumerate(zip(study.study_of_chain, study.chains, strict=True))
        for position, chains_of_study in groupby(chains, key=lambda each: each[1][0]):
            planner = engine.ChainPlanner(study.studies[position])
            for i, (_, chain) in chains_of_study:
                for j, outcome in enumerate(planner.outcomes(chain)):
                    tracker.add(i, j, outcome)


@dataclass(frozen=True)
class LocalProcesses:
    """Worker processes on this machine, by default one per core; small studies use none."""

    workers: int | None = None

    def run(self, study: engine.JoinedStudies[Any], tracker: engine.Tracker) -> None:
        count = self.processes(study)
        if count == 1:
            _end_started()
            Here().run(study, tracker)
            return
        Processes(count).run(study, tracker)

    @property
    def max_processes(self) -> int:
        return cores() if self.workers is None else self.workers

    def preload(self) -> None:
        """Fork workers before the case is known, so that they load the solver meanwhile.

        This takes some 10 ms each. A study that turns out to be small ends them unused.
        """
        if self.max_processes == 1:
            return
        if not forkserver.may_fork():
            forkserver.preload()
        if not _STARTED:
            # A stop before the study begins ends them here. Python would only ask them to end, and
            # wait: one that is just starting may miss that.
            atexit.register(_end_started)
        while forkserver.may_fork() and len(_STARTED) < min(self.max_processes, _MAX_STARTED):
            worker = _Worker(is_forked=True)
            _STARTED.append(worker)
            worker.start()

    def processes(self, study: engine.JoinedStudies[Any]) -> int:
        """Return how many processes to use: one for a small study, at most one per chain."""
        count = min(self.max_processes, len(study.chains))
        return count if count > 1 and routes_of_study(study) >= MIN_ROUTES_FOR_WORKERS else 1


def builds_in_background(place: Where | None, cases: Iterable[Case]) -> bool:
    """Return whether the cases' Pyomo models are built in a background process during planning.

    They are if the place uses other processes anyway, and one of the cases is large enough.
    """
    is_single = isinstance(place, Here) or (
        isinstance(place, LocalProcesses) and place.max_processes == 1
    )
    return (
        not is_single
        and can_fork()
        and any(routes_of(case) >= MIN_ROUTES_IN_BACKGROUND for case in cases)
    )


def uses_every_core(place: Where, study: engine.JoinedStudies[Any]) -> bool:
    """Return whether worker processes of this machine leave no core idle while a study runs."""
    return isinstance(place, LocalProcesses) and place.processes(study) >= cores()


def start_session(case: Case, place: Where | None) -> Session:
    """Return a session of a study's base case; call ``Session.confirm`` before using its plans."""
    return Session(case, in_background=builds_in_background(place, [case]))


def routes_of_study(study: engine.JoinedStudies[Any]) -> int:
    """Return the number of routes of a study, summed over its runs."""
    return sum(sum(map(len, one.chains)) * routes_of(one.base) for one in study.studies)


def routes_of(case: Case) -> int:
    """Return a case's number of routes: one per refiner or project, member and year."""
    sources = Counter(row.mineral for row in case.refiners)
    sources.update(row.mineral for row in case.projects)
    count = sum(sources[mineral.name] for mineral in case.minerals)
    return count * len(case.members) * len(case.years)


# ---- worker processes ----------------------------------------------------------------------------
#
# Each process has its own pipe, so it is known which task it had if it crashes.


@dataclass(frozen=True)
class Processes:
    """A fixed number of worker processes on this machine, however small the study."""

    count: int

    def run(self, study: engine.JoinedStudies[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs in worker processes, which end before this returns."""
        pool = _Pool(tracker, engine.pack_studies(study))
        try:
            pool.work(self.count)
        finally:
            pool.end()


class _Worker:
    """One worker process, its pipe and its current task.

    ``position`` says which of the joined studies it planned last, ``kinds`` which kinds of change
    it has planned.
    """

    pipes: ClassVar[weakref.WeakSet[Any]] = weakref.WeakSet()
    """This process's ends of all pipes; a worker closes its copies, else no pipe ever closes."""

    def __init__(self, *, is_forked: bool = False) -> None:
        self.is_forked = is_forked
        if is_forked:
            method: Any = multiprocessing.get_context("fork")
        else:
            forkserver.preload()
            method = forkserver.context()
        self.pipe, self.worker_end = method.Pipe()
        self.pipes.add(self.pipe)
        copies = [*self.pipes] if is_forked else []
        self.process = method.Process(target=_work, args=(self.worker_end, copies), daemon=True)
        self.task: engine.Task | None = None
        self.position: int | None = None
        self.kinds = frozenset[Any]()
        self.ready = False

    def start(self) -> None:
        try:
            with forkserver.interrupts_held(), contextlib.suppress(OSError, EOFError):
                self.process.start()
        finally:
            self.worker_end.close()  # so the pipe closes if the process crashes

    def end(self) -> None:
        """Kill the process; it holds no files or locks."""
        self.pipe.close()
        if self.process.pid is not None:
            if self.process.exitcode == _FORKSERVER_DIED and sys.platform != "win32":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process.pid, signal.SIGKILL)
            self.process.kill()
            self.process.join()

    def how_it_ended(self) -> str:
        if self.process.pid is None:
            return "a worker process did not start"
        self.process.join(1.0)
        code = self.process.exitcode
        if code == OUT_OF_MEMORY_CODE:
            return OUT_OF_MEMORY
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"a worker process was ended by {signal.Signals(-code).name}"
        return f"a worker process ended with code {code}"


class _Pool:
    """Worker processes, and the tasks that wait for a worker."""

    def __init__(self, tracker: engine.Tracker, study: bytes) -> None:
        self.tracker = tracker
        self.study = study
        self.waiting = deque(tracker.tasks())
        self.workers: list[_Worker] = []
        self.failed_starts = 0

    def work(self, count: int) -> None:
        """Run all tasks on at most ``count`` processes."""
        while self._send_tasks():
            idle = sum(worker.task is None for worker in self.workers)
            for _ in range(min(count - len(self.workers), len(self.waiting) - idle)):
                self._start()
            for pipe in wait([worker.pipe for worker in self.workers]):
                worker = next(worker for worker in self.workers if worker.pipe is pipe)
                try:
                    self._handle(worker, worker.pipe.recv())
                except (EOFError, OSError):
                    self._reap(worker)

    def _send_tasks(self) -> bool:
        """Send tasks to idle workers; return whether any task is waiting or running."""
        for worker in [each for each in self.workers if each.ready and each.task is None]:
            if self.waiting:
                worker.task = self._next_task(worker)
                self.waiting.remove(worker.task)
                worker.position = self.tracker.study.study_of_chain[worker.task.chain]
                try:
                    worker.pipe.send_bytes(engine.pack_runs(self.tracker.study, worker.task))
                except OSError:
                    self._reap(worker)
        return bool(self.waiting) or any(worker.task for worker in self.workers)

    def _next_task(self, worker: _Worker) -> engine.Task:
        """Return the next task for a worker, preferably from the study that it planned last.

        Otherwise preferably from a study that no other worker is planning: each worker has to plan
        the base case of each study that it starts. Within a study it is preferably a task without
        kinds of change that only other workers know: each worker lays out each kind that it gets.
        """
        study_of, every = self.tracker.study.study_of_chain, self.tracker.study.kinds_of_chain
        in_use = {each.position for each in self.workers}
        others = frozenset[Any]().union(*(each.kinds for each in self.workers)) - worker.kinds

        def laid_out_twice(task: engine.Task) -> tuple[bool, bool, int]:
            position = study_of[task.chain]
            is_other = position != worker.position
            return is_other, is_other and position in in_use, len(every[task.chain] & others)

        task = min(self.waiting, key=laid_out_twice)
        worker.kinds |= every[task.chain]
        return task

    def _start(self) -> None:
        if _STARTED:
            self.workers.append(_STARTED.pop())
            return
        worker = _Worker()
        self.workers.append(worker)  # before it starts, so ``end`` ends it in any case
        worker.start()

    def _handle(self, worker: _Worker, message: Message) -> None:
        task = worker.task
        if task is None:  # it is ready
            worker.ready = True
            worker.pipe.send_bytes(self.study)
        elif isinstance(message, tuple):
            self.failed_starts = 0
            run = task.first + message[0]
            name = self.tracker.name(task.chain, run)
            self.tracker.add(task.chain, run, engine.unpack(message[1], name))
        else:
            self.failed_starts = 0
            if message:
                self.tracker.fail(task, message)
            worker.task = None

    def _reap(self, worker: _Worker) -> None:
        """Remove a crashed worker; its task becomes the first of the waiting tasks."""
        crash = worker.how_it_ended()
        worker.end()
        self.workers.remove(worker)
        if worker.task is not None:
            self.waiting.extendleft(reversed(self.tracker.tasks_after_crash(worker.task, crash)))
        elif not worker.is_forked:  # it may have waited long
            self.failed_starts += 1
            if self.failed_starts >= MAX_FAILED_STARTS:
                self._give_up(crash)

    def _give_up(self, crash: str) -> None:
        """Report that workers crash before they plan anything; finished runs are kept."""
        msg = (
            f"{self.failed_starts} worker processes in a row ended before they were ready "
            f"(the last one: {crash}): try one process (--workers 1)"
        )
        if not self.tracker.outcomes:
            raise UsageError(msg)
        while self.waiting:
            self.tracker.fail(self.waiting.popleft(), msg)

    def end(self) -> None:
        _end_started()
        for worker in self.workers:
            worker.end()


_STARTED: list[_Worker] = []
"""Workers that were started before their study was known."""
_MAX_STARTED = 8
"""Most workers that are started before their study is known: it may have fewer chains."""


def _end_started() -> None:
    """End the workers that no study has taken."""
    while _STARTED:
        _STARTED.pop().end()


def _work(pipe: Connection, copies: Sequence[Connection]) -> None:
    """Run in a worker process: plan the tasks that arrive on the pipe, until it is closed.

    ``copies`` are the parent process's ends of pipes, which a forked worker inherits.
    """
    for end in copies:
        end.close()
    background.leave_stops_to_parent()
    background.keep_memory()
    gc.freeze()  # the parent process's objects are no garbage here
    gc.set_threshold(50_000, 20, 100)  # plans are arrays: little garbage, and many objects stay
    if sys.platform != "win32":  # else Python reports a lock that Pyomo makes on import as leaked
        multiprocessing.set_start_method("fork", force=True)
    try:
        version()  # loads the solver while the parent process reads the case
        pipe.send(None)
        copy = engine.StudyCopy(pipe.recv_bytes())
        while True:
            pipe.send(_plan_task(pipe, copy, pipe.recv_bytes()))
    except Exception as error:
        if is_out_of_memory(error):
            os._exit(OUT_OF_MEMORY_CODE)
        if not isinstance(error, EOFError | OSError):
            raise


def _plan_task(pipe: Connection, copy: engine.StudyCopy, runs: bytes) -> str:
    """Plan packed runs and send each outcome; return the reason if they can't be planned, or ""."""
    try:
        for i, outcome in enumerate(copy.outcomes(runs)):
            pipe.send((i, outcome))
    except OSError:  # the pipe is closed
        raise
    except Exception as error:  # noqa: BLE001 - a case or a change that cannot be unpacked here
        return f"its worker process could not plan it: {engine.describe_error(error)}"
    return ""
