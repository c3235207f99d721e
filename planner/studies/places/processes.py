"""Worker processes on this machine.

Started afresh (spawn): HiGHS must run neither in a forked process nor in several threads. Each has
a pipe of its own, so that of a process that dies it is known which chain it had.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from models.case import Case
from models.errors import UsageError
from models.plan import Map
from planner.studies.engine import Board, Desk, Errand, Study, fault, pack_runs, pack_study, unpack

UNSTARTED = 3
"""How many workers in a row may die before they plan anything, until no more are started."""

Message = tuple[int, bytes] | str | None
"""From a worker: the position and the outcome of a run; why a chain could not be run, or "" at its
end; None once it is ready."""


@dataclass(frozen=True)
class Processes:
    """A number of worker processes on this machine, whatever the study."""

    count: int

    def run(self, study: Study[Any], board: Board) -> None:
        """Plan all chains; none of the processes outlives the call."""
        pool = _Pool(board, pack_study(study))
        try:
            pool.work(self.count)
        finally:
            pool.end()

    @contextlib.contextmanager
    def mapping(self, case: Case) -> Iterator[Map]:
        """Give a map over as many processes, which end with the block, at once where it fails."""
        del case
        context = multiprocessing.get_context("spawn")
        before = set(multiprocessing.active_children())
        with ProcessPoolExecutor(
            self.count, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)
        ) as pool:
            try:
                yield pool.map
            except BaseException:  # a stop, too: no part that is still solved is waited for
                for process in set(multiprocessing.active_children()) - before:
                    process.kill()
                raise


class _Worker:
    """One process, its pipe, and the errand it is on."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, self.far_end = context.Pipe()
        self.process = context.Process(target=_work, args=(self.far_end,), daemon=True)
        self.errand: Errand | None = None
        self.ready = False

    def start(self) -> None:
        self.process.start()
        self.far_end.close()  # so that its death closes the pipe

    def end(self) -> None:
        """End the process, whatever it is doing; it holds nothing but memory."""
        self.pipe.close()
        if self.process.pid is not None:
            self.process.kill()
            self.process.join()

    def died(self) -> str:
        """Say how the process ended."""
        self.process.join(1.0)
        code = self.process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"a worker process was ended by {signal.Signals(-code).name}"
        return f"a worker process ended with code {code}"


class _Pool:
    """Workers, and the errands that wait for one."""

    def __init__(self, board: Board, study: bytes) -> None:
        self.board = board
        self.study = study
        self.waiting = deque(board.errands())
        self.workers: list[_Worker] = []
        self.unstarted = 0

    def work(self, count: int) -> None:
        """Run all errands on at most ``count`` processes."""
        while self._busy():
            idle = sum(worker.errand is None for worker in self.workers)
            for _ in range(min(count - len(self.workers), len(self.waiting) - idle)):
                self._start()
            for pipe in wait([worker.pipe for worker in self.workers]):
                worker = next(worker for worker in self.workers if worker.pipe is pipe)
                try:
                    self._hear(worker, worker.pipe.recv())
                except (EOFError, OSError):
                    self._bury(worker)

    def _busy(self) -> bool:
        """Send idle workers on errands; return whether there is anything left to wait for."""
        for worker in [each for each in self.workers if each.ready and each.errand is None]:
            if self.waiting:
                worker.errand = self.waiting.popleft()
                try:
                    worker.pipe.send_bytes(pack_runs(self.board.study, worker.errand))
                except OSError:
                    self._bury(worker)
        return bool(self.waiting) or any(worker.errand for worker in self.workers)

    def _start(self) -> None:
        worker = _Worker()
        self.workers.append(worker)  # known before it runs, so that it is ended come what may
        with _undisturbed(), contextlib.suppress(BrokenPipeError):
            worker.start()

    def _hear(self, worker: _Worker, message: Message) -> None:
        errand = worker.errand
        if errand is None:  # it is ready
            worker.ready = True
            worker.pipe.send_bytes(self.study)
        elif isinstance(message, tuple):
            self.unstarted = 0
            at = errand.first + message[0]
            name = self.board.name(errand.chain, at)
            self.board.keep(errand.chain, at, unpack(message[1], name))
        else:
            self.unstarted = 0
            if message:
                self.board.fail(errand, message)
            worker.errand = None

    def _bury(self, worker: _Worker) -> None:
        """Put what a dead worker had to do on top of what waits."""
        died = worker.died()
        worker.end()
        self.workers.remove(worker)
        if worker.errand is not None:
            self.waiting.extendleft(reversed(self.board.after_death(worker.errand, died)))
        else:
            self.unstarted += 1
            if self.unstarted >= UNSTARTED:
                self._give_up(died)

    def _give_up(self, died: str) -> None:
        """Report that no worker gets to plan; what is finished is kept."""
        msg = (
            f"{died} before it was ready, {self.unstarted} in a row: try one process (--workers 1)"
        )
        if not self.board.kept:
            raise UsageError(msg)
        while self.waiting:
            self.board.fail(self.waiting.popleft(), msg)

    def end(self) -> None:
        """Leave no process behind."""
        for worker in self.workers:
            worker.end()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Ctrl-C from a process as it starts, which would answer with a traceback.

    A blocked signal stays so in the process started meanwhile, and reaches this one afterwards.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # as it starts, it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection) -> None:
    """Plan what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that began the study ends this one
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        desk = Desk(pipe.recv_bytes())
        while True:
            pipe.send(_errand(pipe, desk, pipe.recv_bytes()))


def _errand(pipe: Connection, desk: Desk, runs: bytes) -> str:
    """Plan runs and send each outcome; return why they could not be planned, "" if they were."""
    try:
        for i, outcome in enumerate(desk.outcomes(runs)):
            pipe.send((i, outcome))
    except OSError:  # nobody listens any more
        raise
    except Exception as error:  # noqa: BLE001 - a case or a change that cannot be unpacked here
        return f"its worker process could not plan it: {fault(error)}"
    return ""
