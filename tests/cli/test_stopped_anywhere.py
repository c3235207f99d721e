"""A request to stop is heard wherever it arrives, by Ctrl-C or by a polite signal."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from planner.studies.places import LocalProcesses  # noqa: F401 - loaded before a signal can hit it
from tests.cli.desk import POSIX, ROOT, python
from tests.waiting import HANG, wait_until

pytestmark = pytest.mark.slow

TRIALS = int(os.environ.get("PLANNER_STOPS", "10"))
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}

RUN = """
import os, signal, sys, time
SENT = getattr(signal, sys.argv[1])
def send():
    os.kill(os.getpid(), SENT)
    for _ in range(3):
        time.sleep(0.01)
def work():
    print("works on", file=sys.stderr, flush=True)
    for _ in range(2000):
        time.sleep(0.01)
    print("lost", file=sys.stderr, flush=True)
import planner.scenarios.start
def slow(path, *_):
    {body}
    work()
planner.scenarios.start.open_input = slow
from planner.cli import main
sys.exit(main(["solve", "case.xlsx"]))
"""
PLACES = {
    "a destructor": """
    class Dying:
        def __del__(self):
            send()
    Dying()""",
    "a callback of a weak reference": """
    import weakref
    class Dying: pass
    one = Dying()
    held = weakref.ref(one, lambda _: send())
    del one""",
    "a callback of the garbage collector": """
    import gc
    gc.callbacks.append(lambda *_: send())
    gc.collect()
    gc.callbacks.clear()""",
    "a destructor within a destructor": """
    class Inner:
        def __del__(self):
            send()
    class Outer:
        def __del__(self):
            Inner()
    Outer()""",
    "an import": """
    import slow_module""",
    "an import whose failure is not minded": """
    try:
        import slow_module
    except BaseException:
        pass""",
    "a handler of any exception": """
    try:
        send()
    except BaseException:
        pass""",
    "what makes another error of it": """
    try:
        send()
    except BaseException:
        raise ValueError("of the library") from None""",
    "what says that the workbook is damaged": """
    from models.errors import Finding, InputError
    try:
        send()
    except BaseException:
        raise InputError([Finding(found="damaged")])""",
    "a finally that returns": """
    def leave():
        try:
            send()
        finally:
            return
    leave()""",
    "a comparison of a sort": """
    class Key:
        def __lt__(self, other):
            send()
            return True
    sorted([Key(), Key()])""",
}
MODULE = """
import os, signal, sys, time
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
time.sleep(0.05)
DONE = True
"""


ONE_BY_ONE = """
import json, os, sys
from planner.cli import main
for name, sent, code in json.loads(sys.stdin.read()):
    child = os.fork()
    if not child:
        log = os.open(f"{name}.log", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 2)
        sys.argv = ["", sent]
        exec(code, {"__name__": "__main__"})
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@POSIX
def test_a_stop_is_heard_wherever_it_arrives(case) -> None:
    """Before the work is done, with the code of a stop, and nothing else is said."""
    (case.parent / "slow_module.py").write_text(MODULE)
    sent = [*((place, "SIGTERM") for place in PLACES), ("a destructor", "SIGINT")]
    orders = [
        (f"{place} {how}", how, RUN.replace("{body}", PLACES[place].strip())) for place, how in sent
    ]
    ran = python("-c", ONE_BY_ONE, given=json.dumps(orders))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [*["143"] * len(PLACES), "130"]
    for name, _, _ in orders:
        said = (case.parent / f"{name}.log").read_text()
        assert said.removeprefix("works on\n") == "Stopped before the command was finished\n", name


AT_IMPORT = """
import builtins, os, signal, sys
load, (name, sent) = builtins.__import__, sys.argv[1:3]

def stopping(module, *more, **named):
    if module == name:
        builtins.__import__ = load
        os.kill(os.getpid(), getattr(signal, sent))
    return load(module, *more, **named)

sys.argv = ["planner", *sys.argv[3:]]
builtins.__import__ = stopping
from planner.__main__ import run
sys.exit(run())
"""


@POSIX
@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("planner._version", "solve case.xlsx"),
        ("models", "solve case.xlsx"),
        ("gc", "solve case.xlsx"),
        ("planner.stops", "serve --port 0"),
        ("uvicorn", "serve --port 0"),
        ("pandas", "sensitivity case.xlsx"),
    ],
)
def test_a_stop_while_a_command_loads_has_no_traceback(case, module, command) -> None:
    ran = python("-c", AT_IMPORT, module, "SIGINT", *command.split())
    assert ran.returncode == 130, ran.stderr
    # serve may be serving before it has loaded the last module
    said = [line for line in ran.stderr.splitlines() if not line.startswith("Serving at ")]
    assert said in ([], ["Stopped before the command was finished"])


@POSIX
@pytest.mark.parametrize(
    ("work", "after", "said"),
    [
        ("import slow_module; work()", "print(sys.modules['slow_module'].DONE)", "True"),
        ("send()", "[time.sleep(0.01) for _ in range(60)]; print('in order')", "in order"),
    ],
    ids=["an import is whole", "a stop is raised once"],
)
def test_what_follows_a_stop_is_not_disturbed(case, work, after, said) -> None:
    """What is written afterwards of a study does not meet half a module, nor a second stop."""
    (case.parent / "slow_module.py").write_text(MODULE)
    ran = python("-c", RUN.replace("{body}", f"try: {work}\n    finally: {after}"), "SIGTERM")
    assert (ran.returncode, ran.stdout) == (143, f"{said}\n")
    assert ran.stderr.endswith("Stopped before the command was finished\n")
    assert "lost" not in ran.stderr


@POSIX
@pytest.mark.parametrize("command", ["solve case.xlsx", "serve --port 0"])
def test_what_shall_not_hear_ctrl_c_goes_on(case, command) -> None:
    """As in the background of a shell, or by nohup; a polite request ends it all the same."""
    said, lasts = case.parent / "said.txt", command.startswith("serve")
    line = [sys.executable, "-m", "planner", *command.split()]
    unheard = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    with (
        said.open("w") as file,
        subprocess.Popen(
            line,
            cwd=case.parent,
            env=ENV,
            stderr=file,
            preexec_fn=unheard,  # noqa: PLW1509
        ) as process,
    ):

        def is_ready() -> bool:
            process.send_signal(signal.SIGINT)
            return process.poll() is not None or "Serving" in said.read_text()

        wait_until(is_ready)
        if lasts:
            process.send_signal(signal.SIGINT)
            time.sleep(1)
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
        process.wait(HANG)
    assert process.returncode == (143 if lasts else 0), said.read_text()
    assert (case.parent / "outputs/case-plan.xlsx").is_file() != lasts


def ended(command: list[str], folder: Path, sent: signal.Signals, after: float) -> tuple[str, str]:
    """Run a command and stop it after a time; return how it ended, and what it said."""
    with subprocess.Popen(
        command, cwd=folder, env=ENV, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            _, err = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(sent)
            try:
                _, err = process.communicate(timeout=HANG)
            except subprocess.TimeoutExpired:
                process.kill()
                return "went on", process.communicate()[1]
    if process.returncode == 1 and f"{ROOT}/planner" not in err and "Stopped" not in err:
        return "before it began", err  # Python itself was not there yet
    codes = {128 + sent: "stopped", -sent: "before it began", 0: "done"}
    return codes.get(process.returncode, f"code {process.returncode}"), err


@POSIX
def test_a_stop_at_any_moment_is_heard(case) -> None:
    """As many trials as PLANNER_STOPS says: a plan and a study, by either signal.

    Before the planner has loaded, the signal ends Python itself; a command may be done before it.
    Where few are stopped in the middle, as on a loaded machine, later ones are given more time.
    """
    rng, counts, most = random.Random(7), Counter(), 1.5
    study = ["sweep", "case.xlsx", "--from", "0.9", "--to", "0.5", "--step", "0.05"]
    commands = [["solve", "case.xlsx"], [*study, "--workers", "1"]]
    for trial in itertools.count():
        if trial >= TRIALS and counts["stopped"] >= TRIALS // 8:
            break
        command = [sys.executable, "-m", "planner", *commands[trial % 2]]
        sent = (signal.SIGINT, signal.SIGTERM)[trial // 2 % 2]
        how, err = ended(command, case.parent, sent, rng.uniform(0.1, most))
        counts[how] += 1
        most *= {"before it began": 1.3, "done": 0.8}.get(how, 1.0)
        assert how in {"stopped", "before it began", "done"}, (how, err)
        if how == "stopped":
            assert "Traceback" not in err
            assert "ignored" not in err
        assert not [*case.parent.rglob(".planner-scratch-*")], (how, err)
        assert trial < 20 * TRIALS, counts
    counted = f"{trial} trials: {dict(counts)}\n"
    if "PLANNER_STOPS" in os.environ:
        sys.stderr.write(counted)
