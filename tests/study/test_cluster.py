"""A real cluster on this machine, started by Dask's own commands: the same plans, to the last bit.

Each worker is one process (``--no-nanny``), so that a killed one stays away.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType

import pytest

from models.errors import UsageError
from planner.cli import main
from planner.studies import Here, Progress, Run, run_study
from planner.studies.places import cluster as dask
from planner.studies.places import workers
from planner.studies.places.cluster import Cluster
from planner.workbook.template import template_tables
from tests.books import write_book
from tests.small_book import small_book
from tests.study.sensitive import same_everywhere
from tests.study.variants import FAULTS, Deadly, capped, slow, study, unreadable, unsendable
from tests.waiting import HANG, wait_until


@dataclass
class Dask:
    """A scheduler and workers, as a user starts them."""

    folder: object
    address: str = ""
    processes: list = field(default_factory=list)

    def start(self, *words):
        log = (self.folder / f"{len(self.processes)}.log").open("w")
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=self.folder)
        self.processes.append(process)
        return process

    def scheduler(self, scheme="tcp"):
        said = self.folder / "scheduler.json"
        host = ("--host", f"{scheme}://127.0.0.1", "--port", "0")
        self.start("scheduler", *host, "--scheduler-file", str(said))
        wait_until(lambda: said.exists() and said.read_text().rstrip().endswith("\n}"))
        self.address = json.loads(said.read_text())["address"]

    def worker(self):
        return self.start(
            "worker", self.address, "--nthreads", "1", "--no-nanny",
            "--host", self.address.rpartition(":")[0], "--local-directory", str(self.folder),
        )  # fmt: skip

    def end(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@contextmanager
def dask_of(folder, workers, scheme="tcp"):
    started = Dask(folder)
    try:
        started.scheduler(scheme)
        for _ in range(workers):
            started.worker()
        yield started
    finally:
        started.end()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A scheduler with two workers."""
    with dask_of(tmp_path_factory.mktemp("dask"), 2) as started:
        yield started


# ---- plans ---------------------------------------------------------------------------------------


def test_a_cluster_gives_the_same_to_the_last_bit(two, tmp_path, recwarn):
    """With faults of every kind, and a worker that is killed in the middle of a chain."""
    with dask.connected(two.address) as client:
        client.wait_for_workers(2, timeout=HANG)
    heard = []
    deadly = [capped(0.55), Run("deadly", Deadly(tmp_path / "killed")), capped(0.33)]
    what = study(*FAULTS, deadly, read=unreadable)
    found = run_study(what, Cluster(two.address), heard.append)
    killed = next(
        each for each in two.processes if each.pid == int((tmp_path / "killed").read_text())
    )
    assert killed.wait() == -signal.SIGKILL
    assert found == run_study(what, Here())  # the mark is there: nobody is killed any more
    assert sum(o.is_planned for o in found) == 10
    assert [each.done for each in heard] == list(range(15))
    assert not recwarn.list


@pytest.mark.slow
def test_a_plan_under_risk_is_the_same_on_a_cluster_and_here(two, tmp_path, capsys):
    case, said = tmp_path / "case.xlsx", []
    write_book(case, template_tables())
    for where in (("--workers", "1"), ("--cluster", two.address)):
        asked = ("--under-risk", "--futures", "8", "--seed", "3", "--json", *where)
        assert main(["solve", str(case), *asked]) == 0
        said.append(json.loads(capsys.readouterr().out))
    here, there = ({k: v for k, v in each.items() if k != "seconds"} for each in said)
    assert here == there
    assert here["different_futures"] > 1


@pytest.mark.slow
def test_sensitivity_is_the_same_on_a_cluster_and_here(two):
    same_everywhere(small_book(), Cluster(two.address))


@pytest.mark.slow
def test_a_stop_keeps_what_is_finished_and_frees_the_workers(two):
    def on_stage(progress):
        if progress.done == 2 and not stopped:
            stopped.append(progress)
            raise KeyboardInterrupt

    stopped = []
    chain = [capped(0.9), slow(0.8, 0.1), *[slow(0.7, 1.0)] * 600]
    found = run_study(study(chain), Cluster(two.address), on_stage)
    assert isinstance(found.stopped, KeyboardInterrupt)
    assert 2 <= sum(o.is_planned for o in found) < len(chain)
    serial = run_study(study(chain[:2]), Here())
    assert found.of_runs[:2] == serial.of_runs
    assert {(each.error, each.ran) for each in found if not each.is_planned} == {
        ("not run: the study was stopped before", False)
    }
    assert [o.is_planned for o in run_study(study(chain[:1]), Cluster(two.address))] == [True]


@pytest.mark.slow
def test_what_cannot_be_sent_fails_alone(two, monkeypatch):
    """There and back: a function of a module that only this process has, and a lock."""
    here = ModuleType("only_here")
    here.change = lambda case: case
    here.change.__module__, here.change.__qualname__ = "only_here", "change"
    monkeypatch.setitem(sys.modules, "only_here", here)
    what = study([capped(0.2), capped(0.5)], [Run("here", here.change)], read=unsendable)
    unsent, sent, lost = run_study(what, Cluster(two.address))
    assert unsent.error.startswith("the result read from the plan cannot be sent back: TypeError: ")
    assert sent == run_study(what, Here())[1]
    assert lost.error.startswith("its worker could not plan it: ModuleNotFoundError: ")


@pytest.mark.slow
def test_other_versions_are_refused(two, monkeypatch):
    monkeypatch.setattr(workers, "__version__", "0.0.1")
    said = r"tcp://\S+ has other versions, so its plans may differ: planner \S+ \(here 0.0.1\)"
    with pytest.raises(UsageError, match=said):
        run_study(study([capped(0.5)]), Cluster(two.address))


# ---- a cluster that falls apart ------------------------------------------------------------------


@pytest.mark.slow
def test_a_cluster_that_falls_apart(tmp_path, monkeypatch):
    """No workers; a run that kills its worker; no worker left; a scheduler that is killed."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    heard = []
    with dask_of(tmp_path, 0) as cluster:
        where = Cluster(cluster.address)
        monkeypatch.setattr(workers, "WAIT_SECONDS", 0.5)
        with pytest.raises(UsageError, match=r"no worker has joined .*'dask worker tcp://\S+ --"):
            run_study(study([capped(0.5)]), where, heard.append)
        waits = f"the scheduler at {cluster.address} has no workers yet: waiting for one"
        assert heard == [Progress(0, 1), Progress(0, 1, waits)]

        monkeypatch.setattr(workers, "WAIT_SECONDS", HANG)
        cluster.worker()
        what = study([capped(0.6), Run("kills", Deadly(None)), capped(0.4)])
        started = []

        def on_stage(progress):
            if progress.notice == left and not started:
                started.append(cluster.worker())

        left = f"the scheduler at {cluster.address} has no workers left: waiting for one"
        first, kills, last = run_study(what, where, on_stage)
        assert len(started) == 1
        assert (first, last) == (alone(capped(0.6)), alone(capped(0.4)))
        assert kills.error == "a worker of the cluster died while planning it, 1 time"

        def kill(progress):
            if progress.done == 1:
                cluster.processes[0].kill()

        chain = [capped(0.6), slow(0.5, 600.0), capped(0.4)]
        found = run_study(study(chain), where, kill)
        assert found.stopped is None
        gone = f"not run: the cluster at {cluster.address} was lost"
        assert [(each.error, each.ran) for each in [o for o in found if not o.is_planned][-2:]] == [
            (gone, False)
        ] * 2


def alone(run):
    return run_study(study([run]), Here())[0]


# ---- what a user meets ---------------------------------------------------------------------------


@pytest.mark.slow
def test_nothing_listens(monkeypatch):
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 0.5)
    said = "no Dask scheduler answers at tcp://127.0.0.1:9 .*: start one with 'dask scheduler'"
    with pytest.raises(UsageError, match=said):
        run_study(study([capped(0.5)]), Cluster("tcp://127.0.0.1:9"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    ["", "tcp://host", "host:", "http://host:8786", "tcp://host:0", "tcp://host:99999", "a b:8786"],
)
def test_what_is_no_address(address):
    with pytest.raises(
        UsageError, match=r"is not the address of a Dask scheduler: .*tcp://host:8786"
    ):
        Cluster(address)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "desk-2.local:8786", "tls://[::1]:1"])
def test_what_is_an_address(address):
    assert Cluster(address).address == address


@pytest.mark.slow
def test_dask_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = r'pip install "coalition-sourcing-planner\[cluster\]"'
    with pytest.raises(UsageError, match=said):
        run_study(study([capped(0.5)]), Cluster("tcp://127.0.0.1:9"))
