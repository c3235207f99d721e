"""A Dask cluster: a scheduler, and workers on any machines that reach it.

Only documented features of Dask are used. Each chain is one Dask task. All tasks depend on one
value, the packed study, so each worker is sent it once. Workers report finished runs as events.
``Client.run`` compares versions and ends a study. If a worker dies or is silent for too long, Dask
repeats its task (its settings ``allowed-failures`` and ``worker-ttl``).
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.background import with_timeout
from models.errors import UsageError
from planner._version import pip_install
from planner.studies import engine
from planner.studies.places import workers as remote
from planner.studies.places.workers import ANSWER_SECONDS, POLL_SECONDS, ClusterLostError, Workers

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 5.0
"""Seconds within which a scheduler must answer a connection."""

HANDOVER_SECONDS = 10.0
"""Seconds that workers have to send their finished outcomes when a study is stopped."""

INSECURE_WARNING = (
    "is neither encrypted nor authenticated: anyone who answers at that address, or can alter the "
    "traffic, can run programs on this machine. Outside your own network, use tls:// and "
    "certificates"
)
"""Warning for a cluster on another machine without TLS: Dask unpickles messages as they arrive."""

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
        """Raise UsageError if the address is not valid."""
        match = _ADDRESS.fullmatch(self.address)
        if match is None or int(match["port"]) not in _PORTS:
            msg = (
                f"{self.address!r} is not the address of a Dask scheduler: an address looks like "
                "tcp://host:8786; the scheduler prints its address when it starts"
            )
            raise UsageError(msg)

    @property
    def is_trusted(self) -> bool:
        """Whether the connection is encrypted or stays on this machine."""
        scheme, _, place = self.address.rpartition("://")
        return scheme == "tls" or _is_here(place.rpartition(":")[0].strip("[]"))

    def run(self, study: engine.JoinedStudies[Any], tracker: engine.Tracker) -> None:
        """Plan all chains of runs on the cluster's workers, which go on running afterwards.

        Raises UsageError if nothing answers at the address, no worker joins, or a worker has other
        versions of the software.
        """
        with self._workers(tracker.notify) as workers:
            running = _RunningStudy(workers, study, tracker)
            try:
                running.run_tasks()
            finally:
                running.end()

    @contextlib.contextmanager
    def _workers(self, notify: Callable[[str], None]) -> Iterator[Workers]:
        """Yield the cluster's workers, as soon as there are some; raises UsageError as ``run``."""
        if not self.is_trusted and INSECURE_WARNING not in self._notices:
            self._notices.add(INSECURE_WARNING)
            notify(f"the connection to {self.address} {INSECURE_WARNING}")
        with connected(self.address) as client:
            workers = Workers(client, self.address, notify)
            workers.wait_until_ready()
            yield workers


def _is_here(host: str) -> bool:
    """Return whether a host's name or address says that it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """Yield a client of a scheduler; raises UsageError if none answers."""
    try:
        import distributed
    except ImportError as error:
        msg = f"a cluster needs Dask, which is not installed here: {pip_install('cluster')}"
        raise UsageError(msg) from error
    with _quiet():
        try:
            client = with_timeout(
                lambda: distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False),
                2 * CONNECT_SECONDS,
            )
        except Exception as error:
            raise UsageError(_unanswered(address, error)) from error
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):  # all results are here already
                with_timeout(lambda: client.close(timeout=CONNECT_SECONDS), 2 * CONNECT_SECONDS)


def _unanswered(address: str, error: Exception) -> str:
    """Return a message that no scheduler answers, with advice."""
    import dask

    if address.startswith("tls://"):
        paths = {name: dask.config.get(f"distributed.comm.tls.{name}", None) for name in TLS}
        missing = [f"distributed.comm.tls.{name}" for name, path in paths.items() if not path]
        if missing:
            return (
                f"{address} requires certificates, but Dask's settings on this machine give none: "
                f"set {', '.join(missing)} (docs/many-runs.md, Certificates)"
            )
        advice = "start it with the same certificate authority, and give the address that it prints"
    else:
        advice = "start one with 'dask scheduler', and give the address that it prints"
    return f"no Dask scheduler answers at {address} ({engine.describe_error(error)}): {advice}"


TLS = ("ca-file", "client.cert", "client.key")
"""Dask's settings, under distributed.comm.tls, that a client of a tls:// scheduler needs."""


class _RunningStudy:
    """A study that runs on the cluster: its tasks are sent as soon as the workers can run them.

    If a worker dies, Dask repeats all tasks sent to it, and counts that against each. So no more
    tasks are sent than the workers can run at once: a task that was only waiting must not be
    counted as its cause. ``sent`` are the tasks at the workers, ``waiting`` the others; ``inbox``
    has Dask's finished tasks, and the (chain, run) that workers report.
    """

    def __init__(
        self, workers: Workers, study: engine.JoinedStudies[Any], tracker: engine.Tracker
    ) -> None:
        self.workers = workers
        self.study = study
        self.tracker = tracker
        self.name = f"planner-{uuid.uuid4().hex}"
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.waiting = deque(tracker.tasks())
        self.sent: dict[Future, engine.Task] = {}
        packed = engine.pack_studies(study)  # each worker is sent it once
        self.shared = workers.client.submit(remote.shared_value, packed, key=f"{self.name}-shared")
        self._count = 0

    def run_tasks(self) -> None:
        """Send all tasks and collect outcomes, until no task is left or the cluster is lost."""
        self.workers.client.subscribe_topic(remote.TOPIC, self._on_event)
        due = time.monotonic() + POLL_SECONDS
        try:
            while self.waiting or self.sent:
                while self.waiting and len(self.sent) < self.workers.capacity:
                    self._send(self.waiting.popleft())
                with contextlib.suppress(queue.Empty):
                    self._handle(self.inbox.get(timeout=POLL_SECONDS))
                if time.monotonic() >= due:
                    self.workers.refresh()
                    due = time.monotonic() + POLL_SECONDS
        except ClusterLostError as lost:
            for task in (*self.sent.values(), *self.waiting):
                self._fail(task, str(lost))

    def _handle(self, event: Any) -> None:
        if isinstance(event, tuple):
            self.tracker.mark_finished(*event)
        elif event in self.sent:
            self.waiting.extendleft(reversed(self._collect(event, self.sent[event])))
            del self.sent[event]  # not before: the cluster may be lost meanwhile

    def _send(self, task: engine.Task) -> None:
        self._count += 1
        start, runs = (task.chain, task.first), engine.pack_runs(self.study, task)
        key = f"{self.name}-{self._count}"
        future = self.workers.client.submit(
            remote.plan_task, self.name, self.shared, start, runs, key=key
        )
        self.sent[future] = task
        future.add_done_callback(self.inbox.put)

    def _on_event(self, event: tuple[float, Any]) -> None:
        """Note that a worker reports a finished run; Dask's client calls it in its own thread."""
        study, chain, run = event[1]
        if study == self.name:
            self.inbox.put((chain, run))

    def _collect(self, future: Future, task: engine.Task) -> list[engine.Task]:
        """Collect the outcomes of a task; return the tasks that must be repeated, if it failed."""
        from distributed import KilledWorker

        if future.status == "finished":
            self._add_outcomes(future, task)
        elif future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                # Dask has repeated the task as often as its setting allowed-failures says
                died, crashes = "a worker of the cluster died", error.allowed_failures + 1
                return self.tracker.tasks_without_run(task, died, crashes)
            self.tracker.fail(task, f"its worker could not plan it: {engine.describe_error(error)}")
        else:  # cancelled: the client lost its scheduler, or someone restarted the cluster
            self._fail(task, f"the cluster at {self.workers.address} was lost")
        return []

    def _add_outcomes(self, future: Future, task: engine.Task) -> None:
        """Give the outcomes of a finished task to the tracker."""
        try:
            self.tracker.add_packed(self._result(future))
        except ClusterLostError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends
            if future.status == "cancelled":
                self._fail(task, f"the cluster at {self.workers.address} was lost")
            self.tracker.fail(
                task, f"its worker's results cannot be read: {engine.describe_error(error)}"
            )
        self.tracker.fail(task, "its worker did not send its result")

    def _result(self, future: Future) -> Any:
        """Return the result of a finished task, however long its transfer takes.

        Raises ClusterLostError as ``Workers.refresh``.
        """
        while True:
            try:
                return future.result(timeout=ANSWER_SECONDS)
            except TimeoutError:  # if its worker is lost, Dask repeats the task
                self.workers.refresh()

    def _fail(self, task: engine.Task, reason: str) -> None:
        self.tracker.fail(task, engine.NOT_RUN + reason, ran=False)

    def end(self) -> None:
        """Stop all tasks, and collect the outcomes that the workers have finished so far."""
        if self.workers.client.status != "running":
            return
        with contextlib.suppress(Exception):  # a lost cluster does not answer
            self.workers.client.cancel(list(self.sent))
            kept = self.workers.ask(remote.end_study, self.name, seconds=HANDOVER_SECONDS)
            for outcomes in kept.values():
                self.tracker.add_packed(outcomes)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log and warnings off the terminal: the planner reports errors itself."""
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
