"""Where the runs of a study take place: here, on the cores of this machine, or on a cluster.

A place is a small value, chosen once; the results do not depend on it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from models.background import can_fork, cores
from models.case import Case
from models.errors import UsageError
from models.plan import Map, Session
from planner.studies import engine, forkserver

WORTH_A_FORK = 1_000
"""Routes of a case whose model takes longer to build than a process to fork."""
WORTH_PROCESSES = 2_000_000
"""Routes of one case, from which on its parts are planned in processes.

There is one a refiner or project, member and year; a case of a million takes 3 s.
"""
WORTH_WORKERS = 30_000
"""Routes to plan, of all runs of a study, from which on worker processes are started.

A case with some 20,000 of them takes 1 s, a variant 0.03 to 0.1 s. A process plans the base case
first, so that fewer are done sooner in this process.
"""

_A_FEW = 10
"""Runs of a study, before it is known how many there are."""
UNSTARTED = 3
"""How many workers in a row may die before they plan anything, until no more are started."""

_UNSEEN = 255
"""The exit code of a process whose forkserver is gone: its end goes unseen, so it may still run."""

Message = tuple[int, bytes] | str | None
"""From a worker: position and outcome of a run; at the end of a task "", or why it could not be
planned; None once it is ready."""


class Where(Protocol):
    """A place where chains run."""

    def run(self, study: engine.Joined[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs, and put each outcome on the tracker as soon as it is known.

        A KeyboardInterrupt or SystemExit passes through once no process that was started for the
        study is left. Raises UsageError where the place is not there.
        """

    def mapping(self, case: Case, notify: Callable[[str], None]) -> AbstractContextManager[Map]:
        """Give the map that the parts of one case are solved with; it keeps their order.

        ``notify`` hears what there is to say of the place. Raises UsageError where it is not there.
        """


@dataclass(frozen=True)
class Here:
    """This process, one chain after another."""

    def mapping(self, case: Case, notify: Callable[[str], None]) -> AbstractContextManager[Map]:
        """Give the plain ``map`` of this process."""
        del case, notify
        return contextlib.nullcontext(map)

    def run(self, study: engine.Joined[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs, one after another, in this process."""
        chains = enumerate(zip(study.part_of, study.chains, strict=True))
        for part, members in groupby(chains, key=lambda each: each[1][0]):
            whole = study.parts[part]
            planner = engine.Planner(whole.base, whole.read, is_near=whole.is_near)
            for i, (_, chain) in members:
                for j, outcome in enumerate(planner.outcomes(chain)):
                    tracker.keep(i, j, outcome)


@dataclass(frozen=True)
class LocalProcesses:
    """Runs on this machine: a process a core by default; little work runs in the current one."""

    workers: int | None = None

    def run(self, study: engine.Joined[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs in as many processes as the study is worth."""
        count = self.processes(study)
        if count == 1:
            Here().run(study, tracker)
            return
        Processes(count).run(study, tracker)

    @property
    def most(self) -> int:
        """How many processes it may start."""
        return cores() if self.workers is None else self.workers

    def preload(self, case: Case, *modules: str) -> None:
        """Have workers made ready where a study of a few runs of the case is worth them."""
        if self.most > 1 and _A_FEW * routes_of(case) >= WORTH_WORKERS:
            forkserver.preload(*modules)

    def mapping(self, case: Case, notify: Callable[[str], None]) -> AbstractContextManager[Map]:
        """Give a map over processes where the case is worth them, else the built-in one."""
        if self.most == 1 or routes_of(case) < WORTH_PROCESSES:
            return Here().mapping(case, notify)
        return Processes(self.most).mapping()

    def processes(self, study: engine.Joined[Any]) -> int:
        """Return how many processes a study is worth: no more than chains, one for little work."""
        count = min(self.most, len(study.chains))
        return count if count > 1 and routes(study) >= WORTH_WORKERS else 1


def is_worth_a_fork(place: Where | None, cases: Iterable[Case]) -> bool:
    """Return whether models of cases are built in a background process while a place plans."""
    alone = isinstance(place, Here) or (isinstance(place, LocalProcesses) and place.most == 1)
    return not alone and can_fork() and any(routes_of(case) >= WORTH_A_FORK for case in cases)


def begun(case: Case, place: Where | None) -> Session:
    """Return the session with which a study of a case begins; it has planned nothing yet.

    Its program may be compared with the model in the background. So its plans are sure only once
    ``Session.confirm`` has returned.
    """
    return Session(case, in_background=is_worth_a_fork(place, [case]))


def routes(study: engine.Joined[Any]) -> int:
    """Return how many routes the runs of a study plan in all."""
    return sum(sum(map(len, part.chains)) * routes_of(part.base) for part in study.parts)


def routes_of(case: Case) -> int:
    """Return how many routes a case has: one a refiner or project, member and year."""
    sources = Counter(row.mineral for row in case.refiners)
    sources.update(row.mineral for row in case.projects)
    count = sum(sources[mineral.name] for mineral in case.minerals)
    return count * len(case.members) * len(case.years)


# ---- worker processes ----------------------------------------------------------------------------
#
# Each has its own pipe, so it is known which chain a dead process had.


@dataclass(frozen=True)
class Processes:
    """A number of worker processes on this machine, whatever the study."""

    count: int

    def run(self, study: engine.Joined[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs in processes that end with the call."""
        pool = _Pool(tracker, engine.pack_study(study))
        try:
            pool.work(self.count)
        finally:
            pool.end()

    @contextlib.contextmanager
    def mapping(self) -> Iterator[Map]:
        """Give a map over as many processes, which end with the block, at once where it fails."""
        before = set(multiprocessing.active_children())
        with ProcessPoolExecutor(
            self.count, forkserver.context(), signal.signal, (signal.SIGINT, signal.SIG_IGN)
        ) as pool:
            try:
                yield pool.map
            except BaseException:  # a stop, too: no part that is still solved is waited for
                for process in set(multiprocessing.active_children()) - before:
                    process.kill()
                raise


class _Worker:
    """One process, its pipe, and the task it is on."""

    def __init__(self) -> None:
        context = forkserver.context()
        self.pipe, self.far_end = context.Pipe()
        self.process = context.Process(target=_work, args=(self.far_end,), daemon=True)
        self.task: engine.Task | None = None
        self.part: int | None = None
        self.ready = False

    def start(self) -> None:
        """Start the process."""
        try:
            self.process.start()
        finally:
            self.far_end.close()  # so that its death closes the pipe

    def end(self) -> None:
        """End the process, whatever it is doing; it holds nothing but memory."""
        self.pipe.close()
        if self.process.pid is not None:
            if self.process.exitcode == _UNSEEN and sys.platform != "win32":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process.pid, signal.SIGKILL)
            self.process.kill()
            self.process.join()

    def died(self) -> str:
        """Say how the process ended."""
        if self.process.pid is None:
            return "a worker process did not start"
        self.process.join(1.0)
        code = self.process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"a worker process was ended by {signal.Signals(-code).name}"
        return f"a worker process ended with code {code}"


class _Pool:
    """Workers, and the tasks that wait for one."""

    def __init__(self, tracker: engine.Tracker, study: bytes) -> None:
        self.tracker = tracker
        self.study = study
        self.waiting = deque(tracker.tasks())
        self.workers: list[_Worker] = []
        self.unstarted = 0

    def work(self, count: int) -> None:
        """Run all tasks on at most ``count`` processes."""
        while self._busy():
            idle = sum(worker.task is None for worker in self.workers)
            for _ in range(min(count - len(self.workers), len(self.waiting) - idle)):
                self._start()
            for pipe in wait([worker.pipe for worker in self.workers]):
                worker = next(worker for worker in self.workers if worker.pipe is pipe)
                try:
                    self._hear(worker, worker.pipe.recv())
                except (EOFError, OSError):
                    self._reap(worker)

    def _busy(self) -> bool:
        """Send idle workers on tasks; return whether there is anything left to wait for."""
        for worker in [each for each in self.workers if each.ready and each.task is None]:
            if self.waiting:
                worker.task = self._next(worker)
                self.waiting.remove(worker.task)
                worker.part = self.tracker.study.part_of[worker.task.chain]
                try:
                    worker.pipe.send_bytes(engine.pack_runs(self.tracker.study, worker.task))
                except OSError:
                    self._reap(worker)
        return bool(self.waiting) or any(worker.task for worker in self.workers)

    def _next(self, worker: _Worker) -> engine.Task:
        """Return a task of the study that a worker is at, else of one that nobody is at, else any.

        A worker plans the base case of each study that it begins.
        """
        part_of = self.tracker.study.part_of
        taken = {each.part for each in self.workers}
        every = list(self.waiting)
        same = (task for task in every if part_of[task.chain] == worker.part)
        free = (task for task in every if part_of[task.chain] not in taken)
        return next(same, None) or next(free, None) or every[0]

    def _start(self) -> None:
        worker = _Worker()
        self.workers.append(worker)  # known before it runs, so that it is ended come what may
        with forkserver.interrupts_held(), contextlib.suppress(OSError, EOFError):
            worker.start()

    def _hear(self, worker: _Worker, message: Message) -> None:
        task = worker.task
        if task is None:  # it is ready
            worker.ready = True
            worker.pipe.send_bytes(self.study)
        elif isinstance(message, tuple):
            self.unstarted = 0
            run = task.first + message[0]
            name = self.tracker.name(task.chain, run)
            self.tracker.keep(task.chain, run, engine.unpack(message[1], name))
        else:
            self.unstarted = 0
            if message:
                self.tracker.fail(task, message)
            worker.task = None

    def _reap(self, worker: _Worker) -> None:
        """Put the task of a dead worker in front of the waiting ones."""
        died = worker.died()
        worker.end()
        self.workers.remove(worker)
        if worker.task is not None:
            self.waiting.extendleft(reversed(self.tracker.after_death(worker.task, died)))
        else:
            self.unstarted += 1
            if self.unstarted >= UNSTARTED:
                self._give_up(died)

    def _give_up(self, died: str) -> None:
        """Report that no worker gets to plan; what is finished is kept."""
        msg = (
            f"{died} before it was ready, {self.unstarted} in a row: try one process (--workers 1)"
        )
        if not self.tracker.kept:
            raise UsageError(msg)
        while self.waiting:
            self.tracker.fail(self.waiting.popleft(), msg)

    def end(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.end()


def _work(pipe: Connection) -> None:
    """Plan what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that began the study ends this one
    if sys.platform != "win32":  # else a lock that Pyomo makes as it loads is reported as leaked
        multiprocessing.set_start_method("fork", force=True)
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        copy = engine.StudyCopy(pipe.recv_bytes())
        while True:
            pipe.send(_plan_task(pipe, copy, pipe.recv_bytes()))


def _plan_task(pipe: Connection, copy: engine.StudyCopy, runs: bytes) -> str:
    """Plan runs and send each outcome; return why they could not be planned, "" if they were."""
    try:
        for i, outcome in enumerate(copy.outcomes(runs)):
            pipe.send((i, outcome))
    except OSError:  # nobody listens any more
        raise
    except Exception as error:  # noqa: BLE001 - a case or a change that cannot be unpacked here
        return f"its worker process could not plan it: {engine.fault(error)}"
    return ""
