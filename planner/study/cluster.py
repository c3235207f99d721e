"""A Dask cluster: a scheduler, and workers on any machines that reach it.

Of Dask is used what its manual has: a task a chain, a value that all tasks depend on (the case, so
that each worker is sent it once), events (which run is finished), and ``run`` (to compare versions,
and to end). Dask runs a task again whose worker died.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.case import Case
from models.errors import UsageError
from planner.study import remote
from planner.study.board import Board, Errand, pack_runs, pack_study, unpack
from planner.study.chain import NOT_RUN, Study, fault

if TYPE_CHECKING:
    from distributed import Client, Future

    from models.plan import Map

CONNECT = 5.0
"""Seconds in which a scheduler has to answer."""

WAIT = 60.0
"""Seconds that a study waits for a worker, at its start and whenever none is left."""

LAST_WORDS = 10.0
"""Seconds in which workers have to hand over what they have when a study is ended."""

_ADDRESS = re.compile(
    r"(?:(?:tcp|tls)://)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})", re.ASCII
)
_PORTS = range(1, 65536)


@dataclass(frozen=True)
class Cluster:
    """The workers of the Dask scheduler at an address such as ``tcp://host:8786``."""

    address: str

    def __post_init__(self) -> None:
        """Refuse what is no address; raises UsageError."""
        match = _ADDRESS.fullmatch(self.address)
        if match is None or int(match["port"]) not in _PORTS:
            msg = (
                f"{self.address!r} is no address of a Dask scheduler: it looks like "
                "tcp://host:8786, as the scheduler says when it starts"
            )
            raise UsageError(msg)

    def run(self, study: Study[Any], board: Board) -> None:
        """Plan all chains on the cluster's workers, which are left as they were found.

        Raises UsageError where nothing answers at the address, no worker joins, or a worker has
        other versions.
        """
        with connected(self.address) as client:
            _wait_for_workers(client, self.address, board.notify)
            _compare_versions(client)
            begun = _Begun(client, self.address, study, board)
            try:
                begun.work()
            finally:
                begun.end()

    @contextlib.contextmanager
    def mapping(self, case: Case) -> Iterator[Map]:
        """Give a map over the cluster's workers.

        Raises UsageError where nothing answers, no worker joins, or one has other versions.
        """
        del case
        with connected(self.address) as client:
            _wait_for_workers(client, self.address, lambda _: None)
            _compare_versions(client)

            def over(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
                futures = client.map(
                    functools.partial(remote.alone, function), list(items), pure=False
                )
                return list(client.gather(futures))

            yield over


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of a scheduler; UsageError where there is none."""
    try:
        import distributed
    except ImportError as error:
        msg = 'a cluster needs Dask, which is not installed here: pip install ".[cluster]"'
        raise UsageError(msg) from error
    with _quiet():
        answer: queue.SimpleQueue[Client | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(distributed.Client(address, timeout=CONNECT, set_as_default=False))
            except Exception as error:  # noqa: BLE001 - whatever a stranger answers with
                answer.put(error)

        # Beside the main thread: one that is no scheduler may keep Dask waiting for ever.
        threading.Thread(target=ask, daemon=True).start()
        try:
            client = answer.get(timeout=2 * CONNECT)
        except queue.Empty:
            client = TimeoutError("no word that Dask understands")
        if isinstance(client, Exception):
            msg = (
                f"no Dask scheduler answers at {address} ({fault(client)}): "
                "start one with 'dask scheduler', and give the address that it says"
            )
            raise UsageError(msg) from client
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):  # what matters has been said and done
                client.close(timeout=CONNECT)


def _wait_for_workers(client: Client, address: str, notify: Callable[[str], None]) -> None:
    """Wait until there is a worker, and say so."""
    begun = time.monotonic()
    if not client.nthreads():
        notify(f"the scheduler at {address} has no workers yet: waiting for one")
    while not (threads := client.nthreads()):
        if time.monotonic() - begun > WAIT:
            msg = (
                f"no worker has joined the Dask scheduler at {address} in {WAIT:g} seconds: start "
                f"some with 'dask worker {address} --nworkers -1 --nthreads 1'"
            )
            raise UsageError(msg)
        time.sleep(1.0)
    most = max(threads.values())
    if most > 1:
        notify(
            f"a worker with {most} threads plans one chain at a time: "
            f"'dask worker {address} --nworkers {most} --nthreads 1' would plan {most}"
        )


def _threads(client: Client) -> int:
    """Return how many threads the cluster's workers have in all."""
    threads: Mapping[str, int] = client.nthreads()
    return sum(threads.values())


def _compare_versions(client: Client) -> None:
    """Refuse workers whose plans could differ from those made here; raises UsageError."""
    here = remote.versions()
    for worker, there in client.run(remote.versions, on_error="return").items():
        if isinstance(there, Mapping):
            wrong = [
                f"{name} {there.get(name)} (here {version})"
                for name, version in here.items()
                if there.get(name) != version
            ]
            if wrong:
                msg = f"the worker {worker} has other versions, so its plans may differ: "
                raise UsageError(msg + ", ".join(wrong))
        elif isinstance(there, BaseException):
            msg = f"the worker {worker} cannot plan, is the same planner installed there? "
            raise UsageError(msg + fault(there))


class _Begun:
    """A study that the cluster is at work on."""

    def __init__(self, client: Client, address: str, study: Study[Any], board: Board) -> None:
        self.client = client
        self.address = address
        self.study = study
        self.board = board
        self.name = f"planner-{uuid.uuid4().hex}"
        self.inbox: queue.SimpleQueue[Future | tuple[int, int] | remote.Found] = queue.SimpleQueue()
        self.waiting = deque(board.errands())
        self.pending: dict[Future, Errand] = {}
        self.sent = 0
        self.deserted: float | None = None

    def work(self) -> None:
        """Send all errands and take what comes back, until none is out.

        No more are out than workers can plan at once: Dask blames a worker's death on all that it
        had been given, and one that it had not begun shall not be blamed.
        """
        self.client.subscribe_topic(remote.TOPIC, self._heard)
        packed = pack_study(self.study)
        case = self.client.submit(remote.carry, packed, key=f"{self.name}-case")
        room = self._room()
        while self.waiting or self.pending:
            while self.waiting and len(self.pending) < room:
                self._send(case, self.waiting.popleft())
            try:
                news = self.inbox.get(timeout=1.0)
            except queue.Empty:
                room = self._look_around()
                continue
            if isinstance(news, tuple):
                self.board.saw(*news)
            elif news in self.pending:
                self.waiting.extendleft(reversed(self._done(news, self.pending.pop(news))))

    def _room(self) -> int:
        """Return how many errands may be out: one a worker's thread."""
        return max(1, _threads(self.client))

    def _send(self, case: Future, errand: Errand) -> None:
        self.sent += 1
        future = self.client.submit(
            remote.plan_errand,
            self.name,
            case,
            (errand.chain, errand.first),
            pack_runs(self.study, errand),
            key=f"{self.name}-{self.sent}",
        )
        self.pending[future] = errand
        future.add_done_callback(self.inbox.put)

    def _heard(self, event: tuple[float, Any]) -> None:
        """Take the word of a worker that a run is finished; called in the client's own thread."""
        study, chain, run = event[1]
        if study == self.name:
            self.inbox.put((chain, run))

    def _done(self, future: Future, errand: Errand) -> list[Errand]:
        """Take what came of an errand; return what is left to do of it."""
        from distributed import KilledWorker

        if future.status == "finished":
            self._keep(future.result())
        elif future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                errand = replace(errand, deaths=errand.deaths + error.allowed_failures)
                return self.board.after_death(errand, "a worker of the cluster died")
            self.board.fail(errand, f"its worker could not plan it: {fault(error)}")
        else:  # cancelled: the client lost its scheduler, or someone restarted the cluster
            self._lose(errand, f"the cluster at {self.address} was lost")
        return []

    def _keep(self, found: remote.Found) -> None:
        for (chain, run), outcome in found.items():
            self.board.keep(chain, run, unpack(outcome, self.board.name(chain, run)))

    def _lose(self, errand: Errand, why: str) -> None:
        self.board.fail(errand, NOT_RUN + why, ran=False)

    def _look_around(self) -> int:
        """See whether the cluster is still there and has workers; give up where it is not.

        Returns how many errands may be out.
        """
        if self.client.status != "running":
            self._lose_all(f"the cluster at {self.address} was lost")
            return 0
        try:
            room = _threads(self.client)
        except Exception:  # noqa: BLE001 - the next look will tell whether it is gone
            return 0
        if room:
            self.deserted = None
            return room
        if self.deserted is None:
            self.deserted = time.monotonic()
            text = f"the scheduler at {self.address} has no workers left: waiting for one"
            self.board.notify(text)
        if time.monotonic() - self.deserted > WAIT:
            self._lose_all(f"the cluster at {self.address} had no workers left")
        return 0

    def _lose_all(self, why: str) -> None:
        for errand in (*self.pending.values(), *self.waiting):
            self._lose(errand, why)
        self.pending.clear()
        self.waiting.clear()

    def end(self) -> None:
        """End what still runs, and take what the workers have found so far."""
        if self.client.status != "running":
            return
        asked = threading.Thread(target=self._last_words, daemon=True)
        asked.start()
        asked.join(LAST_WORDS)
        while not self.inbox.empty():
            news = self.inbox.get()
            if isinstance(news, dict):
                self._keep(news)

    def _last_words(self) -> None:
        """Release the tasks, and let every worker drop the study; done beside the main thread."""
        with contextlib.suppress(Exception):  # a cluster that is gone has nothing to say
            self.client.cancel(list(self.pending))
            for found in self.client.run(remote.end_study, self.name, on_error="ignore").values():
                self.inbox.put(found)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log and its warnings off the terminal: what matters is said in a sentence."""
    import logging
    import warnings

    names = [
        name
        for name in logging.root.manager.loggerDict
        if name.split(".")[0] in {"distributed", "tornado"}
    ]
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
