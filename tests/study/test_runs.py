"""Where runs take place changes nothing, and nothing that happens there loses a finished run."""

from __future__ import annotations

import dataclasses
import os
import pickle
import signal
import subprocess
import sys
import textwrap

import pytest

from models import background
from models.errors import UsageError
from models.plan import Session
from models.program import sourcing
from planner.studies import Here, LocalProcesses, Progress, Run, run_studies, run_study
from planner.studies import engine as board
from planner.studies import places as pool
from planner.studies.places import MIN_ROUTES_FOR_WORKERS, Processes, routes_of_study
from tests.cli.desk import ROOT
from tests.study.variants import (
    FAULTS,
    Deadly,
    capped,
    figures,
    joined,
    study,
    unproven,
    unreadable,
    unsendable,
)
from tests.waiting import HANG, wait_until

TWO = Processes(2)


def alone(*chain, read=figures):
    """What a chain gives by itself, in this process."""
    return run_study(study(chain, read=read), Here()).of_runs


# ---- what a study gives --------------------------------------------------------------------------


def test_every_run_has_its_turn_in_this_process():
    heard = []
    found = run_study(study(*FAULTS, read=unreadable), Here(), heard.append)
    assert [outcome.name for outcome in found] == [run.name for chain in FAULTS for run in chain]
    errors = {o.name: o.error for o in found if not o.is_planned}
    assert errors.pop("contradicting").startswith("2 error(s) in the input: Demand!row 2: ")
    assert errors == {
        "unproven": "no proven optimum for copper",
        "faulty": "ZeroDivisionError: division by 3",
        "unread": "LookupError: nothing to read",
    }
    assert all(outcome.ran for outcome in found)
    assert heard == [Progress(done, 11) for done in range(12)]
    assert found.stopped is None


def test_costs_of_the_caps_by_hand():
    """Of 120 t a year: China's at 10, up to the cap, Chile's 60 t at 20, Australia's at 35."""
    found = run_study(study([capped(0.5), capped(0.25)]), Here())
    undiscounted = 60 * 10 + 60 * 20, 30 * 10 + 30 * 20 + 30 * 35 + 30 * 500
    years = 1 + 1 / 1.07 + 1 / 1.07**2
    assert [o.objective for o in found] == pytest.approx([cost * years for cost in undiscounted])


def test_what_all_is_measured_against_is_handed_out_first():
    """The reference of a sweep is a chain of one run, and the chains behind it are longer."""
    what = joined([capped(0.9)], [capped(0.8), capped(0.7)], [], [capped(0.6)] * 3)
    tasks = board.Tracker(what, lambda _: None).tasks()
    assert [task.chain for task in tasks] == [0, 3, 1]


def test_so_is_it_in_each_study_of_several():
    first, second = [[capped(0.9)], [capped(0.8)] * 2], [[capped(0.7)], [capped(0.6)] * 3]
    what = board.JoinedStudies((study(*first), study(*second)))
    tasks = board.Tracker(what, lambda _: None).tasks()
    assert [task.chain for task in tasks] == [0, 2, 1, 3]


def test_a_worker_keeps_one_session_of_several_studies(monkeypatch):
    """Chains that go to and fro between two of them give what they give by themselves."""
    begun = []
    monkeypatch.setattr(
        board, "Session", lambda base, **how: begun.append(base) or Session(base, **how)
    )
    what = board.JoinedStudies((study([capped(0.5)], [capped(0.4)]), study([capped(0.3)])))
    copy = board.StudyCopy(board.pack_studies(what))
    tasks = [board.Task(at, 0, 1) for at in (0, 1, 2, 0)]
    found = [next(copy.outcomes(board.pack_runs(what, task))) for task in tasks]
    assert found[0] == found[3]
    assert len(begun) == 3


def test_the_base_of_a_study_is_compared_with_its_model_where_the_study_is(monkeypatch):
    """Once, by the process that has it, unless another study of its kind is; by no worker."""
    built, build = [], sourcing.build
    monkeypatch.setattr("models.program.sourcing.build", lambda *of: built.append(of) or build(*of))
    base = Run("base", board.no_change)
    what = study([], [base, capped(0.5)], [capped(0.4)], read=figures)
    here = run_study(what, Here())
    assert (here[0].proof.models, here[1].proof.models, len(built)) == (1, 0, 1)
    run_studies([what, dataclasses.replace(what, is_compared=False)], Here())
    assert len(built) == 2
    sent = board.JoinedStudies((what,))
    copy = board.StudyCopy(board.pack_studies(sent))
    for chain in (2, 1):
        task = board.Task(chain, 0, len(what.chains[chain]))
        outcomes = [*map(pickle.loads, copy.outcomes(board.pack_runs(sent, task)))]
        assert outcomes == [*here][2:] if chain == 2 else [*here][:2]
    assert len(built) == 2


def test_no_run_of_a_base_that_is_not_its_model_s_has_a_plan(monkeypatch):
    """Whichever the study: its outcomes say so, and those of the others are as they are."""
    what, other = study([capped(0.5)], [capped(0.4)]), study([capped(0.3)])
    monkeypatch.setattr("models.program.compile.differences", lambda *_: ["a cost differs"])
    found, fine = run_studies([what, dataclasses.replace(other, is_compared=False)], Here())
    assert all(o.unproven and "a cost differs" in o.error for o in found)
    assert all(o.is_planned for o in fine)


def test_studies_of_one_are_told_of_as_one_and_stop_as_one():
    heard = []
    parts = [study([capped(0.5)]), study([Run("ends", stop), capped(0.4)]), study([capped(0.3)])]
    found = run_studies(parts, Here(), heard.append)
    assert [[o.ran for o in of] for of in found] == [[True], [False, False], [False]]
    assert [of.stopped is not None for of in found] == [False, True, True]
    assert (heard[-1].done, heard[-1].total) == (1, 4)


def test_the_run_after_a_failed_one_starts_as_the_first_does():
    failing = run_study(study([capped(0.8), Run("unproven", unproven), capped(0.7)]), Here())
    assert failing[2] == alone(capped(0.7))[0]
    assert failing[0] == alone(capped(0.8))[0]


def test_processes_give_the_same_to_the_last_bit(tmp_path):
    """With faults of every kind, and a worker that is killed in the middle of a chain."""
    deadly = [capped(0.55), Run("deadly", Deadly(tmp_path / "killed")), capped(0.33)]
    heard = []
    what = study(*FAULTS, deadly, read=unreadable)
    found = run_study(what, TWO, heard.append)
    assert (tmp_path / "killed").exists()
    assert found == run_study(what, Here())  # the mark is there: nobody is killed any more
    assert sum(o.is_planned for o in found) == 10
    assert heard[-1].done == heard[-1].total == 14
    died = "a worker process was ended by SIGKILL while planning deadly; its runs are planned again"
    assert [each.notice for each in heard if each.notice] == [died]


def test_a_run_that_keeps_killing_its_worker_fails_alone(monkeypatch):
    monkeypatch.setattr(board, "TRIES", 2)
    kills = Run("kills", Deadly(None))
    what = study([capped(0.9), kills, capped(0.8)], [capped(0.2, "unsent"), capped(0.7)],
                 read=unsendable)  # fmt: skip
    found = run_study(what, Processes(1))
    said = {o.name: o.error for o in found if not o.is_planned}
    assert said["kills"] == "a worker process was ended by SIGKILL while planning it, 2 times"
    assert said["unsent"].startswith(
        "the result read from the plan cannot be sent back: TypeError: "
    )
    assert len(said) == 2
    assert found[2] == alone(capped(0.8))[0]
    assert found[4] == alone(capped(0.2), capped(0.7))[1]  # only the way back failed


def test_what_cannot_be_sent_is_the_fault_of_the_study():
    local = [Run("local", lambda case: case)]
    with pytest.raises(TypeError, match="a run of a study cannot be sent to another process"):
        run_study(study(local, [capped(0.5)]), TWO)


def test_processes_that_never_start_are_told_of(monkeypatch):
    monkeypatch.setattr(pool, "_work", os._exit)  # in vain: the worker gets no whole number
    with pytest.raises(
        UsageError, match=r"^3 worker processes in a row ended before .*--workers 1"
    ):
        run_study(study([capped(0.5)], [capped(0.4)]), Processes(1))


# ---- which place ---------------------------------------------------------------------------------


def test_little_work_is_done_in_this_process():
    """Three refiners, two members, three years: 18 routes a run."""
    few = joined([capped(0.5)] * 5, [capped(0.4)] * 5)
    assert routes_of_study(few) == 180
    assert LocalProcesses(8).processes(few) == 1
    each = MIN_ROUTES_FOR_WORKERS // 36 + 1
    many = joined([capped(0.5)] * each, [capped(0.4)] * each)
    assert LocalProcesses(8).processes(many) == 2  # no more than chains
    assert LocalProcesses(1).processes(many) == 1
    assert LocalProcesses().processes(joined(*[[capped(0.5)] * each] * 99)) == len(
        os.sched_getaffinity(0)
    )


# ---- stopped -------------------------------------------------------------------------------------


def stop(case):
    raise KeyboardInterrupt


def end(case):
    raise SystemExit(143)


@pytest.mark.parametrize("ends", [stop, end])
def test_a_stop_keeps_what_is_finished(ends):
    found = run_study(study([capped(0.5), Run("ends", ends), capped(0.4)], [capped(0.3)]), Here())
    assert tuple(o for o in found if o.is_planned) == alone(capped(0.5))
    never = "not run: the study was stopped before"
    assert [(o.name, o.error, o.ran) for o in found if not o.is_planned] == [
        (name, never, False) for name in ("ends", "cap 0.4", "cap 0.3")
    ]
    assert isinstance(found.stopped, (KeyboardInterrupt, SystemExit))


STOPPED = """
    from planner.studies import run_study
    from planner.studies.places import Processes
    from tests.study.variants import slow, study

    def on_progress(progress):
        print(progress.done, flush=True)

    if __name__ == "__main__":
        chains = [[slow(0.9, 0), slow(0.8, 600)], [slow(0.7, 0), slow(0.6, 600)]]
        found = run_study(study(*chains), Processes(2), on_progress)
        print(*(outcome.name for outcome in found if outcome.is_planned), sep=",")
        print(*(outcome.name for outcome in found if not outcome.is_planned), sep=",")
        print(repr(found.stopped), flush=True)
        raise found.stopped
"""


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_keeps_what_is_finished(tmp_path):
    """As a terminal sends it: to all processes of the command."""
    script = tmp_path / "stopped.py"
    script.write_text(textwrap.dedent(STOPPED))
    with subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        assert [command.stdout.readline() for _ in range(3)] == ["0\n", "1\n", "2\n"]
        os.killpg(command.pid, signal.SIGINT)
        out, err = command.communicate(timeout=HANG)
    assert out.splitlines() == ["cap 0.9,cap 0.7", "cap 0.8,cap 0.6", "KeyboardInterrupt()"]
    assert command.returncode == -signal.SIGINT
    assert err.count("Traceback") == 1  # of the script, not of its workers
    wait_until(lambda: is_gone(command.pid))


def is_gone(group):
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def in_a_new_process(code):
    """What a script prints that imports nothing from its folder, as the command ``planner``."""
    run = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True,
        timeout=HANG, cwd=ROOT.parent, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert run.stderr == ""
    return run.stdout.split()


@pytest.mark.slow
def test_a_process_that_has_loaded_the_solver_forks_no_workers():
    """The fork would have the solver's state without its threads."""
    before, after, *planned = in_a_new_process(
        "from planner.studies import Here, forkserver, run_study\n"
        "from tests.study.variants import capped, study\n"
        "before = forkserver.may_fork()\n"
        "outcomes = run_study(study([capped(0.8)]), Here())\n"
        "print(before, forkserver.may_fork(), outcomes[0].is_planned)"
    )
    assert (before, after, *planned) == (str(background.can_fork()), "False", "True")


@pytest.mark.slow
def test_forked_and_other_workers_give_the_same_outcomes():
    started, *rest = in_a_new_process(
        "from planner.studies import LocalProcesses, Processes, places, run_study\n"
        "from tests.study.variants import capped, figures, study\n"
        "what = study([capped(0.8), capped(0.7)], [capped(0.9)])\n"
        "LocalProcesses(2).preload()\n"
        "started = len(places._STARTED)\n"
        "forked = run_study(what, Processes(2)).of_runs\n"
        "others = run_study(what, Processes(2)).of_runs\n"
        "print(started, len(places._STARTED), forked == others, all(o.is_planned for o in forked))"
    )
    assert (int(started), *rest) == (2 * background.can_fork(), "0", "True", "True")


@pytest.mark.slow
def test_workers_that_a_small_study_does_not_need_are_ended():
    started, *rest = in_a_new_process(
        "from planner.studies import LocalProcesses, places, run_study\n"
        "from tests.study.variants import capped, study\n"
        "LocalProcesses(3).preload()\n"
        "workers = [*places._STARTED]\n"
        "planned = run_study(study([capped(0.8)]), LocalProcesses(3))[0].is_planned\n"
        "print(len(workers), sum(w.process.is_alive() for w in workers), planned)"
    )
    assert (int(started), *rest) == (3 * background.can_fork(), "0", "True")


def test_workers_that_miss_a_request_to_end_are_ended_with_the_command():
    """As those do that are just starting, when the command is stopped before its study begins."""
    (started,) = in_a_new_process(
        "import signal\n"
        "from planner.studies import LocalProcesses, places\n"
        "def deaf(pipe, copies):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    [end.close() for end in copies]\n"
        "    pipe.send(None)\n"
        "    pipe.recv_bytes()\n"
        "places._work = deaf\n"
        "LocalProcesses(2).preload()\n"
        "print(sum(w.pipe.poll(30) for w in places._STARTED))"
    )
    assert int(started) == 2 * background.can_fork()


def test_a_worker_imports_nothing_from_the_current_folder(tmp_path) -> None:
    for name in ("models", "numpy", "planner", "queue"):
        (tmp_path / f"{name}.py").write_text(f"open('seen-{name}', 'w').close()\n", "utf-8")
    script = (
        "import os, sys\n"
        "from planner.studies import forkserver\n"
        "import models.plan\n"
        "import operator\n"
        "if __name__ == '__main__':\n"
        "    forkserver.preload()\n"
        "    worker = forkserver.context().Process(target=operator.index, args=(1,))\n"
        "    worker.start()\n"
        "    worker.join()\n"
        "    is_left = sys.platform == 'linux' and 'PYTHONSAFEPATH' in os.environ\n"
        "    sys.exit(worker.exitcode or is_left)\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "run.py").write_text(script, "utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    ran = subprocess.run(
        [sys.executable, home / "run.py"], cwd=tmp_path, capture_output=True, check=False,
        env={**kept, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert not list(tmp_path.glob("seen-*"))
