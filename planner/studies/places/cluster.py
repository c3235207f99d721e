"""A Dask cluster: a scheduler, and workers on any machines that reach it.

Of Dask is used what its manual has: a task a chain, a value that all tasks depend on (the case, so
that each worker is sent it once), events (which run is finished), and ``run`` (to compare versions,
and to end). Dask runs a task again whose worker died.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from models.case import Case
from models.errors import PlannerError, SolverError, UsageError
from models.plan import Map
from planner.studies import engine
from planner.studies.places import workers as remote
from planner.studies.places.workers import Lost, Work, Workers, answered

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT = 5.0
"""Seconds in which a scheduler has to answer."""

LAST_WORDS = 10.0
"""Seconds in which workers have to hand over what they have when a study is ended."""

TRUST = (
    "is not encrypted, and nobody proves who they are: whoever answers there, or can alter what is "
    "sent on the way, can run programs on this machine. Use tls:// and certificates beyond a "
    "network of your own"
)
"""What is said of a cluster elsewhere: Dask's messages are unpickled as they arrive."""

_ADDRESS = re.compile(
    r"(?:(?:tcp|tls)://)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})", re.ASCII
)
_PORTS = range(1, 65536)


@dataclass(frozen=True)
class Cluster:
    """The workers of the Dask scheduler at an address such as ``tcp://host:8786``."""

    address: str
    _notices: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is no address; raises UsageError."""
        match = _ADDRESS.fullmatch(self.address)
        if match is None or int(match["port"]) not in _PORTS:
            msg = (
                f"{self.address!r} is no address of a Dask scheduler: it looks like "
                "tcp://host:8786, as the scheduler says when it starts"
            )
            raise UsageError(msg)

    @property
    def is_trusted(self) -> bool:
        """Whether the connection is encrypted or stays on this machine."""
        scheme, _, place = self.address.rpartition("://")
        return scheme == "tls" or _is_here(place.rpartition(":")[0].strip("[]"))

    def run(self, study: engine.Joined[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs on the cluster's workers, which are left as they were found.

        Raises UsageError where nothing answers at the address, no worker joins, or a worker has
        other versions.
        """
        with self._workers(tracker.notify) as workers:
            begun = _Begun(workers, study, tracker)
            try:
                begun.work()
            finally:
                begun.end()

    @contextlib.contextmanager
    def mapping(self, case: Case, notify: Callable[[str], None]) -> Iterator[Map]:
        """Give a map over the cluster's workers.

        Raises UsageError where nothing answers, no worker joins, or one has other versions; the map
        does where the cluster is lost.
        """
        del case
        with self._workers(notify) as workers:
            yield lambda function, items: _map(workers, function, list(items))

    @contextlib.contextmanager
    def _workers(self, notify: Callable[[str], None]) -> Iterator[Workers]:
        """Give the cluster's workers, once there are some; raises UsageError."""
        if not self.is_trusted and TRUST not in self._notices:
            self._notices.add(TRUST)
            notify(f"what is sent to and from {self.address} {TRUST}")
        with connected(self.address) as client:
            workers = Workers(client, self.address, notify)
            workers.gather()
            yield workers


def _is_here(host: str) -> bool:
    """Return whether a host is this machine by its name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of a scheduler; UsageError where there is none."""
    try:
        import distributed
    except ImportError as error:
        msg = 'a cluster needs Dask, which is not installed here: pip install ".[cluster]"'
        raise UsageError(msg) from error
    with _quiet():
        try:
            client = answered(
                lambda: distributed.Client(address, timeout=CONNECT, set_as_default=False),
                2 * CONNECT,
            )
        except Exception as error:
            raise UsageError(_unanswered(address, error)) from error
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):  # what matters has been said and done
                answered(lambda: client.close(timeout=CONNECT), 2 * CONNECT)


def _unanswered(address: str, error: Exception) -> str:
    """Say that no scheduler answers, and what to do."""
    import dask

    if address.startswith("tls://"):
        paths = {name: dask.config.get(f"distributed.comm.tls.{name}", None) for name in TLS}
        missing = [f"distributed.comm.tls.{name}" for name, path in paths.items() if not path]
        if missing:
            return (
                f"{address} asks for certificates, and Dask's settings here name none: "
                f"set {', '.join(missing)} (docs/many-runs.md, Certificates)"
            )
        advice = "start it with the same certificate authority, and give the address that it says"
    else:
        advice = "start one with 'dask scheduler', and give the address that it says"
    return f"no Dask scheduler answers at {address} ({engine.fault(error)}): {advice}"


TLS = ("ca-file", "client.cert", "client.key")
"""Dask's settings, under distributed.comm.tls, that a client of a tls:// scheduler needs."""


def _map(workers: Workers, function: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    """Return what a function makes of items on the workers; UsageError where they are lost."""
    results: dict[int, Any] = {}

    def call(shared: Future, position: int) -> tuple[Any, ...]:
        """Return what a worker calls, and its arguments: the function sent once, and an item."""
        return remote.alone, shared, items[position]

    work = Work(workers, f"planner-{uuid.uuid4().hex}", function, range(len(items)), call)
    promised = engine.returned_by(function)
    try:
        for position, future in work.news():
            if future.status != "cancelled":
                results[position] = _result(work, future, promised)
    except Lost as error:
        msg = f"{error}, and with it what was planned there: nothing is written"
        raise UsageError(msg) from error
    if len(results) < len(items):
        msg = f"the cluster at {workers.address} was lost, and with it what was planned there"
        raise UsageError(msg)
    return [results[position] for position in range(len(items))]


def _result(work: Work[int], future: Future, promised: type) -> Any:
    """Return what a worker made of an item; SolverError where it made nothing of it."""
    try:
        result = work.result(future)
    except (Lost, PlannerError):
        raise
    except Exception as error:
        msg = f"a worker of the cluster cannot plan a part of the case: {engine.fault(error)}"
        raise SolverError(msg) from error
    if not isinstance(result, promised):
        msg = f"a worker of the cluster sent back no {promised.__name__}, but {result!r:.80}"
        raise SolverError(msg)
    return result


class _Begun:
    """A study that the cluster is at work on."""

    def __init__(
        self, workers: Workers, study: engine.Joined[Any], tracker: engine.Tracker
    ) -> None:
        self.workers = workers
        self.study = study
        self.tracker = tracker
        self.name = f"planner-{uuid.uuid4().hex}"
        self.work_of = Work(
            workers,
            self.name,
            engine.pack_study(study),
            tracker.tasks(),
            self._task,
            runs=lambda task: len(task.runs),
        )

    def work(self) -> None:
        """Send all tasks and take what comes back, until none is out or the cluster is lost."""
        self.workers.client.subscribe_topic(remote.TOPIC, self._heard)
        work = self.work_of
        try:
            for first, second in work.news():
                if isinstance(first, engine.Task):
                    work.waiting.extendleft(reversed(self._done(second, first)))
                else:
                    self.tracker.saw(first, second)
        except Lost as lost:
            for task in work.left:
                self._lose(task, str(lost))

    def _task(self, case: Future, task: engine.Task) -> tuple[Any, ...]:
        start = (task.chain, task.first)
        return remote.plan_task, self.name, case, start, engine.pack_runs(self.study, task)

    def _heard(self, event: tuple[float, Any]) -> None:
        """Take the word of a worker that a run is finished; called in the client's own thread."""
        study, chain, run = event[1]
        if study == self.name:
            self.work_of.inbox.put((chain, run))

    def _done(self, future: Future, task: engine.Task) -> list[engine.Task]:
        """Take what came of a task; return what is left to do of it."""
        from distributed import KilledWorker

        if future.status == "finished":
            self._take(future, task)
        elif future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                task = replace(task, deaths=task.deaths + error.allowed_failures)
                return self.tracker.after_death(task, "a worker of the cluster died")
            self.tracker.fail(task, f"its worker could not plan it: {engine.fault(error)}")
        else:  # cancelled: the client lost its scheduler, or someone restarted the cluster
            self._lose(task, f"the cluster at {self.workers.address} was lost")
        return []

    def _take(self, future: Future, task: engine.Task) -> None:
        """Keep the outcomes of a task that is done."""
        try:
            self.tracker.take(self.work_of.result(future))
        except Lost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends
            if future.status == "cancelled":
                self._lose(task, f"the cluster at {self.workers.address} was lost")
            self.tracker.fail(
                task, f"what its worker sent back cannot be read: {engine.fault(error)}"
            )
        self.tracker.fail(task, "its worker sent back no outcome of it")

    def _lose(self, task: engine.Task, why: str) -> None:
        self.tracker.fail(task, engine.NOT_RUN + why, ran=False)

    def end(self) -> None:
        """End what still runs, and take what the workers have found so far."""
        if self.workers.client.status != "running":
            return
        with contextlib.suppress(Exception):  # a cluster that is gone has nothing to say
            self.workers.client.cancel(list(self.work_of.out))
            kept = self.workers.ask(remote.end_study, self.name, seconds=LAST_WORDS)
            for outcomes in kept.values():
                self.tracker.take(outcomes)


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
