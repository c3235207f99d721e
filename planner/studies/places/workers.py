"""The workers of a Dask cluster: who is there, who is silent, what is sent and what runs there."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from models.errors import UsageError
from planner._version import __version__
from planner.studies.engine import StudyCopy, fault

if TYPE_CHECKING:
    from distributed import Client, Future

J = TypeVar("J")
T = TypeVar("T")
R = TypeVar("R")

ANSWER = 10.0
"""Seconds in which a scheduler or a worker that is well has answered a question."""

WAIT = 60.0
"""Seconds that a study waits for a worker, or for a scheduler's answer, whenever there is none."""

SILENT = 30.0
"""Seconds without a sign of life, at least, until a worker's work is given to others.

A worker that is well gives one every half second, of hundreds every few seconds, while it plans,
too. One long call of a library can hold it up, and is the longer the larger the case; so a worker
may be silent for as long as the longest run of this study took, if that is more.
"""

LOOK = 1.0
"""Seconds from one look at the workers to the next."""


class Lost(Exception):  # noqa: N818 - what happened, not whose mistake it is
    """The cluster is gone, or nobody is left there who plans."""


def answered(ask: Callable[[], R], seconds: float) -> R:
    """Return the answer to a question, which may never come; TimeoutError where it does not.

    Asked in a background thread: a stranger may keep Dask waiting for ever.
    """
    answer: queue.SimpleQueue[tuple[R | None, Exception | None]] = queue.SimpleQueue()

    def wait() -> None:
        try:
            answer.put((ask(), None))
        except Exception as error:  # noqa: BLE001 - raised again below
            answer.put((None, error))

    threading.Thread(target=wait, daemon=True).start()
    try:
        result, error = answer.get(timeout=seconds)
    except queue.Empty:
        msg = f"no answer in {seconds:g} seconds"
        raise TimeoutError(msg) from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # there is an answer, or an error


class Workers:
    """The workers that give signs of life, ``threads`` by address."""

    def __init__(self, client: Client, address: str, notify: Callable[[str], None]) -> None:
        """Know nobody yet."""
        self.client = client
        self.address = address
        self.notify = notify
        self.threads: dict[str, int] = {}
        self.longest = 0.0
        self._signs: dict[str, tuple[float, float]] = {}
        self._replaced: set[str] = set()
        self._deserted: float | None = None

    @property
    def room(self) -> int:
        """How many runs the workers can take at a time."""
        return sum(self.threads.values())

    @property
    def patience(self) -> float:
        """How long a worker may be silent before it counts as lost [s]."""
        return max(SILENT, self.longest)

    def gather(self) -> None:
        """Wait for a worker, and see that all can plan what is planned here; raises UsageError."""
        try:
            self._wait()
            self._compare_versions()
        except Lost as lost:
            raise UsageError(str(lost)) from lost

    def look(self, *, begun: bool = True) -> None:
        """See who is there, and have silent workers replaced.

        Raises Lost where the connection is gone, or where for ``WAIT`` seconds the scheduler gave
        no answer or, once a study has ``begun``, had no worker.
        """
        if self.client.status != "running":
            msg = f"the cluster at {self.address} was lost"
            raise Lost(msg)
        try:
            there = self._workers()
        except Exception as error:  # noqa: BLE001 - a later look may be answered
            self.threads = {}
            mute = f"the scheduler at {self.address} does not answer"
            self._wait_on(mute, f"{mute} ({fault(error)})")
            return
        now = time.monotonic()
        for worker, (_, sign) in there.items():
            if worker not in self._signs or self._signs[worker][0] != sign:
                self._signs[worker] = sign, now
        silent = {worker for worker in there if now - self._signs[worker][1] > self.patience}
        self.threads = {
            worker: threads[0] for worker, threads in there.items() if worker not in silent
        }
        if silent:
            self._replace(silent)
        if self.threads:
            self._deserted = None
        elif begun:
            none = f"the scheduler at {self.address} has no workers left"
            self._wait_on(
                f"{none}: waiting for one", f"the cluster at {self.address} had no workers left"
            )

    def _replace(self, silent: set[str]) -> None:
        """Do what Dask does after five minutes: give a worker's work to others, and start it again.

        A worker without a nanny is only left; it ends itself when it comes to.
        """
        for worker in sorted(silent - self._replaced):
            self.notify(
                f"the worker {worker} has given no sign of life for {self.patience:z.0f} seconds: "
                "its runs are given to others"
            )
        self._replaced |= silent
        with contextlib.suppress(Exception):  # asked again with the next look
            self.client.sync(
                self.client.scheduler.restart_workers,
                workers=sorted(silent),
                timeout=ANSWER,
                wait_for_workers=False,
                on_error="return",
                stimulus_id=f"planner-silent-{time.time()}",
                callback_timeout=2 * ANSWER,
            )

    def ask(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
        """Return by worker what a function returns there, an error where it raises one.

        Raises TimeoutError where not all have answered in so many seconds.
        """
        to = list(self.threads)
        return answered(
            lambda: self.client.run(function, *arguments, workers=to, on_error="return"), seconds
        )

    def _workers(self) -> dict[str, tuple[int, float]]:
        """Return threads and the last sign of life (by the scheduler's clock) of each worker."""
        identity = self.client.sync(self.client.scheduler.identity, callback_timeout=ANSWER)
        return {
            str(worker): (int(worker_facts["nthreads"]), float(worker_facts["last_seen"]))
            for worker, worker_facts in identity["workers"].items()
        }

    def _wait_on(self, notice: str, why: str) -> None:
        """Say once that there is nobody, and wait; raises Lost after ``WAIT`` seconds."""
        now = time.monotonic()
        if self._deserted is None:
            self._deserted = now
            self.notify(notice)
        if now - self._deserted > WAIT:
            raise Lost(why)

    def _wait(self) -> None:
        """Wait until there is a worker, and say so."""
        self.look(begun=False)
        if not self.threads and self._deserted is None:
            self.notify(f"the scheduler at {self.address} has no workers yet: waiting for one")
        begun = time.monotonic()
        while not self.threads:
            if time.monotonic() - begun > WAIT:
                msg = (
                    f"no worker has joined the Dask scheduler at {self.address} in {WAIT:g} "
                    f"seconds: start some with 'dask worker {self.address} --nworkers -1 "
                    "--nthreads 1'"
                )
                raise UsageError(msg)
            time.sleep(LOOK)
            self.look(begun=False)
        most = max(self.threads.values())
        if most > 1:
            self.notify(
                f"a worker with {most} threads plans one chain at a time: "
                f"'dask worker {self.address} --nworkers {most} --nthreads 1' would plan {most}"
            )

    def _compare_versions(self) -> None:
        """Refuse workers whose plans could differ from those made here; raises UsageError."""
        here = versions()
        for worker, there in self._versions().items():
            if not isinstance(there, Mapping):
                why = fault(there) if isinstance(there, BaseException) else f"it says {there!r:.80}"
                msg = f"the worker {worker} cannot plan, is the same planner installed there? {why}"
                raise UsageError(msg)
            wrong = [
                f"{name} {there.get(name)} (here {version})"
                for name, version in here.items()
                if there.get(name) != version
            ]
            if wrong:
                msg = f"the worker {worker} has other versions, so its plans may differ: "
                raise UsageError(msg + ", ".join(wrong))

    def _versions(self) -> Mapping[str, object]:
        """Return what the workers say of their versions; silent ones are left out."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                answer = self.ask(versions, seconds=ANSWER)
            except TimeoutError:
                self.look()
                continue
            if isinstance(answer, Mapping):
                return answer
            break
        msg = (
            f"the workers of the Dask scheduler at {self.address} do not say which versions they "
            "have: look whether they are stopped, and what they have logged"
        )
        raise UsageError(msg)


class Work(Generic[J]):
    """Jobs for a workers, no more out than it can do at once.

    Dask blames a worker's death on all that it had been given, and one that it had not begun shall
    not be blamed. ``shared`` is what all jobs depend on, sent to each worker once. ``call`` makes
    of it and a job the function and the arguments to be sent; ``runs`` says how many runs it has.
    """

    def __init__(  # noqa: PLR0913 - the parts of work
        self,
        workers: Workers,
        name: str,
        shared: object,
        jobs: Iterable[J],
        call: Callable[[Future, J], tuple[Any, ...]],
        *,
        runs: Callable[[J], int] = lambda _: 1,
    ) -> None:
        """Send nothing yet."""
        self.workers = workers
        self.name = name
        self.call = call
        self.runs = runs
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.waiting = deque(jobs)
        self.out: dict[Future, tuple[J, float]] = {}
        self.shared = workers.client.submit(carry, shared, key=f"{name}-shared")
        self._sent = 0

    @property
    def left(self) -> list[J]:
        """The jobs that are not done: sent ones, then those waiting."""
        return [*(job for job, _ in self.out.values()), *self.waiting]

    def news(self) -> Iterator[Any]:
        """Send all jobs; yield (job, future) as each is done, and (chain, run) for each run.

        A worker reports each run that is finished, before its job is done. A job may be put back
        into ``waiting`` meanwhile. Raises Lost as ``Workers.look`` does.
        """
        due = time.monotonic() + LOOK
        while self.waiting or self.out:
            while self.waiting and len(self.out) < self.workers.room:
                self._send(self.waiting.popleft())
            try:
                news = self.inbox.get(timeout=LOOK)
            except queue.Empty:
                pass
            else:
                if isinstance(news, tuple):
                    yield news
                elif news in self.out:
                    yield self._done(news), news
                    del self.out[news]  # known until then, should the cluster be lost meanwhile
            if time.monotonic() >= due:
                self.workers.look()
                due = time.monotonic() + LOOK

    def result(self, future: Future) -> Any:
        """Return what came of a job that is done, however long it is on its way; see ``news``."""
        while True:
            try:
                return future.result(timeout=ANSWER)
            except TimeoutError:  # of a worker that is replaced, it is made again
                self.workers.look()

    def _send(self, job: J) -> None:
        self._sent += 1
        function, *arguments = self.call(self.shared, job)
        future = self.workers.client.submit(function, *arguments, key=f"{self.name}-{self._sent}")
        self.out[future] = job, time.monotonic()
        future.add_done_callback(self.inbox.put)

    def _done(self, future: Future) -> J:
        job, sent = self.out[future]
        took = (time.monotonic() - sent) / self.runs(job)
        self.workers.longest = max(self.workers.longest, took)
        return job


# ---- what runs on a worker -----------------------------------------------------------------------

TOPIC = "planner"
"""The topic under which workers say which run is finished: study, chain, run."""

LIBRARIES = ("highspy", "numpy", "pandas", "pyomo")
"""Whose version may change a plan in its last digits."""

COPIES = 4
"""Studies that a worker keeps at most; an older one is unpacked again if it is needed."""

Found: TypeAlias = dict[tuple[int, int], bytes]
"""Packed outcomes by the positions of chain and run."""

_copies: OrderedDict[str, StudyCopy] = OrderedDict()
_ended: deque[str] = deque(maxlen=1000)
"""The studies that ended last: a task of theirs that still comes, or waits here, is not run."""
_one_at_a_time = threading.Lock()
"""HiGHS runs in one thread of a process at a time."""


def versions() -> dict[str, str]:
    """Return what decides a plan, apart from the case."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    installed = {name: version(name) for name in LIBRARIES}
    return {"planner": __version__, "Python": python, **installed}


def carry(study: bytes) -> bytes:
    """Return a packed study as it is: a Dask task whose result all other tasks of the study use.

    If the worker that has the result is lost, Dask runs this task again.
    """
    return study


def plan_task(name: str, study: bytes, start: tuple[int, int], runs: bytes) -> Found:
    """Plan runs of a chain, from the position ``start`` (of the chain, of its first run) on.

    Says of each that it is finished, and leaves its outcome where ``end_study`` finds it.
    """
    from distributed import get_worker

    worker = get_worker()
    chain, first = start
    outcomes: Found = {}
    with _one_at_a_time:
        if name in _ended:
            return {}
        copy = _copy_of(name, study)
        for i, outcome in enumerate(copy.outcomes(runs), first):
            outcomes[chain, i] = copy.kept[chain, i] = outcome
            worker.log_event(TOPIC, [name, chain, i])
    return outcomes


def alone(function: Callable[[T], R], item: T) -> R:
    """Return what a function makes of an item, while nothing else is planned in this process."""
    with _one_at_a_time:
        return function(item)


def end_study(name: str) -> Found:
    """Drop a study, let its running chain end with the run it is at, and return what was found."""
    _ended.append(name)
    copy = _copies.pop(name, None)
    if copy is None:
        return {}
    copy.ended = True
    return dict(copy.kept)


def _copy_of(name: str, study: bytes) -> StudyCopy:
    """Return what this worker keeps of a study."""
    copy = _copies.setdefault(name, StudyCopy(study))
    _copies.move_to_end(name)
    while len(_copies) > COPIES:
        _copies.popitem(last=False)
    return copy
