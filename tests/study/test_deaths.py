"""Workers that die where nothing is planned: a study comes to its end all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from multiprocessing import Pipe, forkserver
from pathlib import Path
from types import ModuleType

import pytest

from models import background
from models.errors import UsageError
from planner.studies import engine as board
from planner.studies import places
from planner.studies.engine import Outcome, Task, Tracker, pack_runs, pack_studies
from planner.studies.places import workers
from tests.cli.desk import ROOT
from tests.study.variants import capped, joined, slow
from tests.waiting import HANG, wait_until

pytestmark = pytest.mark.slow

TWO_RUNS = joined([capped(0.8), capped(0.7)])


def test_outcomes_that_never_arrive():
    """A cluster's worker says that runs are finished, and dies as it hands over what it found."""
    heard = []
    known = Tracker(TWO_RUNS, heard.append)
    known.mark_finished(0, 0)
    known.mark_finished(0, 1)
    left, deaths = [Task(0, 0, 2)], 0
    while left:
        deaths += 1
        assert deaths <= board.TRIES
        (task,) = left
        left = known.tasks_after_crash(task, "a worker died")
    assert deaths == board.TRIES
    said = "a worker died while handing over its results, 3 times"
    assert [known.outcomes[0, i].error for i in (0, 1)] == [said, said]


def test_outcomes_that_did_arrive_are_kept():
    """What is here before its worker dies for good is not failed."""
    known = Tracker(TWO_RUNS, lambda _: None)
    known.add(0, 0, Outcome("cap 0.8", result=1))
    known.mark_finished(0, 1)
    last = replace(Task(0, 0, 2), crashes=board.TRIES - 1)
    assert known.tasks_after_crash(last, "a worker died") == []
    assert known.outcomes[0, 0].result == 1
    assert known.outcomes[0, 1].error


class Stillborn:
    """A worker that says it is ready, and is killed as it unpacks the study."""

    started, is_forked = 0, False

    def __init__(self):
        self.pipe, self.far = Pipe()
        self.task, self.ready = None, False

    def start(self):
        Stillborn.started += 1
        assert Stillborn.started <= 30, "no end"
        self.far.send(None)
        self.far.close()

    def end(self):
        self.pipe.close()

    def how_it_ended(self):
        return "a worker process was ended by SIGKILL"


def test_workers_that_are_ready_and_die_at_once(monkeypatch):
    """They are not replaced for ever: the study says what to do instead."""
    monkeypatch.setattr(places, "_Worker", Stillborn)
    what = joined([capped(0.8)], [capped(0.7)])
    with pytest.raises(UsageError, match=r"^3 worker processes in a row .*--workers 1"):
        places.Processes(2).run(what, Tracker(what, lambda _: None))
    assert Stillborn.started <= 4


@pytest.mark.skipif(sys.platform != "linux", reason="workers come from no server elsewhere")
def test_a_worker_whose_server_is_gone_is_ended_all_the_same():
    """Nobody tells how it ends then: it is taken for dead while it plans."""
    what = joined([slow(0.8, 600)])
    worker = places._Worker()
    worker.start()
    assert worker.pipe.recv() is None
    worker.pipe.send_bytes(pack_studies(what))
    worker.pipe.send_bytes(pack_runs(what, Task(0, 0, 1)))
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    assert worker.how_it_ended() == "a worker process ended with code 255"
    assert is_running(worker.process.pid)
    worker.end()
    wait_until(lambda: not is_running(worker.process.pid))


@pytest.mark.skipif(sys.platform != "linux", reason="workers are not forked elsewhere")
def test_workers_that_wait_for_a_study_end_with_the_process_that_forked_them():
    """However it ends, a worker's pipe closes: no other worker holds this process's end of it."""
    code = (
        "import time\n"
        "from planner.studies import places\n"
        "places.MIN_ROUTES_FOR_WORKERS = 0\n"
        "places.LocalProcesses(3).preload()\n"
        "ends = [place.process.pid for place in places._STARTED]\n"
        "print(*ends, flush=True)\n"
        "time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as ran:  # fmt: skip
        numbers = ran.stdout.readline().split()
        ran.kill()
    assert len(numbers) == 3 * background.can_fork()
    wait_until(lambda: not any(map(is_running, numbers)))


def is_running(number):
    state = Path(f"/proc/{number}/stat")
    return state.exists() and " Z " not in state.read_text()


def test_a_worker_that_does_not_start_is_told_of(monkeypatch):
    """Its pipe is closed, so that nobody waits for it."""

    def start(_):
        raise EOFError

    monkeypatch.setattr(places.forkserver.context().Process, "start", start)
    what = joined([capped(0.8)], [capped(0.7)])
    with pytest.raises(UsageError, match=r"^3 worker processes in a row .*did not start"):
        places.Processes(2).run(what, Tracker(what, lambda _: None))


def test_what_waits_in_a_worker_of_several_threads_ends_with_the_study(monkeypatch):
    """Chains that wait for their turn are not planned once the study is over."""
    done, is_over = [], threading.Event()

    class Worker:
        def log_event(self, _topic, said):
            done.append(tuple(said[1:]))
            assert is_over.wait(HANG)  # so that the study ends in the middle of a chain

    dask = ModuleType("distributed")
    dask.get_worker = Worker
    monkeypatch.setitem(sys.modules, "distributed", dask)
    chains = [[capped(share - 0.01 * i) for i in range(4)] for share in (0.8, 0.6)]
    what = joined(*chains)
    packed = pack_studies(what)
    found = {}

    def plan(chain):
        runs = pack_runs(what, Task(chain, 0, 4))
        found[chain] = workers.plan_task("several threads", packed, (chain, 0), runs)

    threads = [threading.Thread(target=plan, args=(chain,)) for chain in (0, 1)]
    for thread in threads:
        thread.start()
    wait_until(lambda: done)
    said = workers.end_study("several threads")
    is_over.set()
    for thread in threads:
        thread.join()
    (chain,) = {chain for chain, _ in done}
    assert (chain, 0) in said
    assert len(done) <= 2
    assert found[1 - chain] == {}
    assert workers.plan_task("several threads", packed, (0, 0), b"") == {}  # nor what comes late
