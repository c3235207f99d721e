"""The workers of a Dask cluster: which are alive, and the code they run."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

from models.background import with_timeout
from models.errors import UsageError
from planner._version import __version__
from planner.studies.engine import StudyCopy, describe_error

if TYPE_CHECKING:
    from distributed import Client

ANSWER_SECONDS = 10.0
"""Seconds within which a healthy scheduler or worker answers a request."""

WAIT_SECONDS = 60.0
"""Seconds that a study waits if there is no worker, or if the scheduler does not answer."""

POLL_SECONDS = 1.0
"""Seconds between two checks of which workers are alive."""


class ClusterLostError(Exception):
    """The connection to the cluster is lost, or the cluster has no workers left."""


class Workers:
    """The live workers of a cluster: the number of ``threads`` by a worker's address."""

    def __init__(self, client: Client, address: str, notify: Callable[[str], None]) -> None:
        self.client = client
        self.address = address
        self.notify = notify
        self.threads: dict[str, int] = {}
        self._empty_since: float | None = None

    @property
    def capacity(self) -> int:
        """How many jobs the workers can run at a time."""
        return sum(self.threads.values())

    def wait_until_ready(self) -> None:
        """Wait for a worker, and check that all workers have the software versions of this process.

        Raises UsageError if no worker joins or versions differ.
        """
        try:
            self._wait_for_worker()
            self._compare_versions()
        except ClusterLostError as lost:
            raise UsageError(str(lost)) from lost

    def refresh(self, *, needs_workers: bool = True) -> None:
        """Update the live workers; Dask drops one that is silent for its setting worker-ttl.

        Raises ClusterLostError if the connection is lost, or if for ``WAIT_SECONDS`` the scheduler
        has not answered or, if the study ``needs_workers``, has had no worker.
        """
        if self.client.status != "running":
            msg = f"the cluster at {self.address} was lost"
            raise ClusterLostError(msg)
        try:
            self.threads = self._workers()
        except Exception as error:  # noqa: BLE001 - a later request may be answered
            self.threads = {}
            silence = f"the scheduler at {self.address} does not answer"
            self._wait_or_give_up(silence, f"{silence} ({describe_error(error)})")
            return
        if self.threads:
            self._empty_since = None
        elif needs_workers:
            none = f"the scheduler at {self.address} has no workers left"
            self._wait_or_give_up(
                f"{none}: waiting for one", f"the cluster at {self.address} had no workers left"
            )

    def ask(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
        """Call a function on each worker; return by worker the result or the exception.

        Raises TimeoutError if not all workers answer within ``seconds``.
        """
        asked = list(self.threads)
        return with_timeout(
            lambda: self.client.run(function, *arguments, workers=asked, on_error="return"), seconds
        )

    def _workers(self) -> dict[str, int]:
        """Return the number of threads of each worker."""
        identity = self.client.sync(self.client.scheduler.identity, callback_timeout=ANSWER_SECONDS)
        return {str(name): int(facts["nthreads"]) for name, facts in identity["workers"].items()}

    def _wait_or_give_up(self, notice: str, error: str) -> None:
        """Report once what is missing; raises ClusterLostError after ``WAIT_SECONDS``."""
        now = time.monotonic()
        if self._empty_since is None:
            self._empty_since = now
            self.notify(notice)
        if now - self._empty_since > WAIT_SECONDS:
            raise ClusterLostError(error)

    def _wait_for_worker(self) -> None:
        """Wait until there is a worker; raises UsageError after ``WAIT_SECONDS``."""
        self.refresh(needs_workers=False)
        if not self.threads and self._empty_since is None:
            self.notify(f"the scheduler at {self.address} has no workers yet: waiting for one")
        start = time.monotonic()
        while not self.threads:
            if time.monotonic() - start > WAIT_SECONDS:
                msg = (
                    f"no worker has joined the Dask scheduler at {self.address} in "
                    f"{WAIT_SECONDS:g} seconds: start some with 'dask worker {self.address} "
                    "--nworkers -1 --nthreads 1'"
                )
                raise UsageError(msg)
            time.sleep(POLL_SECONDS)
            self.refresh(needs_workers=False)
        most = max(self.threads.values())
        if most > 1:
            self.notify(
                f"a worker with {most} threads plans only one chain at a time: use 'dask worker "
                f"{self.address} --nworkers {most} --nthreads 1' to plan {most} chains at a time"
            )

    def _compare_versions(self) -> None:
        """Raise UsageError if a worker's software versions differ, since its plans might, too."""
        here = software_versions()
        for worker, versions in self._versions().items():
            if not isinstance(versions, Mapping):
                reason = (
                    describe_error(versions)
                    if isinstance(versions, BaseException)
                    else f"it answers {versions!r:.80}"
                )
                msg = f"the worker {worker} cannot plan. Is the same planner there? ({reason})"
                raise UsageError(msg)
            differences = [
                f"{name} {versions.get(name)} (here {version})"
                for name, version in here.items()
                if versions.get(name) != version
            ]
            if differences:
                msg = f"the worker {worker} has other versions, so its plans may differ: "
                raise UsageError(msg + ", ".join(differences))

    def _versions(self) -> Mapping[str, object]:
        """Return the software versions of each worker that answers; UsageError if none do."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            try:
                answer = self.ask(software_versions, seconds=ANSWER_SECONDS)
            except TimeoutError:
                self.refresh()
                continue
            if isinstance(answer, Mapping):
                return answer
            break
        msg = (
            f"the workers of the Dask scheduler at {self.address} do not report their software "
            "versions: check whether they have stopped, and read their logs"
        )
        raise UsageError(msg)


# ---- code that runs on a worker ------------------------------------------------------------------

TOPIC = "planner"
"""The topic of the events by which workers report a finished run: (study, chain, run)."""

LIBRARIES = ("highspy", "numpy", "pandas", "pyomo")
"""Packages whose version may change the last digits of a plan."""

COPIES = 4
"""How many studies a worker keeps unpacked at most."""

PackedOutcomes: TypeAlias = dict[tuple[int, int], bytes]
"""Packed outcomes by the position of the chain and of the run in the chain."""

_copies: OrderedDict[str, StudyCopy] = OrderedDict()
_ended: deque[str] = deque(maxlen=1000)
"""The studies that ended most recently: a task of theirs that still arrives or waits is dropped."""
_solver_lock = threading.Lock()
"""Held while HiGHS runs: only one thread of a process may run it at a time."""


def software_versions() -> dict[str, str]:
    """Return the versions of the software that can influence a plan."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    installed = {name: version(name) for name in LIBRARIES}
    return {"planner": __version__, "Python": python, **installed}


def shared_value(study: bytes) -> bytes:
    """Return a packed study: all its tasks depend on this Dask task, which Dask can repeat."""
    return study


def plan_task(name: str, study: bytes, start: tuple[int, int], runs: bytes) -> PackedOutcomes:
    """Plan packed runs of a chain; ``start`` has the positions of the chain and of the first run.

    Each finished run is reported as an event, and its outcome is kept for ``end_study``.
    """
    from distributed import get_worker

    worker = get_worker()
    chain, first = start
    outcomes: PackedOutcomes = {}
    with _solver_lock:
        if name in _ended:
            return {}
        copy = _copy_of(name, study)
        for i, outcome in enumerate(copy.outcomes(runs), first):
            outcomes[chain, i] = copy.kept[chain, i] = outcome
            worker.log_event(TOPIC, [name, chain, i])
    return outcomes


def end_study(name: str) -> PackedOutcomes:
    """Drop a study, stop its chain after the current run, and return the outcomes so far."""
    _ended.append(name)
    copy = _copies.pop(name, None)
    if copy is None:
        return {}
    copy.ended = True
    return dict(copy.kept)


def _copy_of(name: str, study: bytes) -> StudyCopy:
    """Return this worker's copy of a study; the least recently used copies are dropped."""
    copy = _copies.setdefault(name, StudyCopy(study))
    _copies.move_to_end(name)
    while len(_copies) > COPIES:
        _copies.popitem(last=False)
    return copy
