"""The command watch: plans again when the workbook is saved, and says what changed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import Any, cast

import openpyxl
import pytest

from models.results.difference import Moves
from planner.cli.commands.diff import _flow_changes
from planner.documents.difference import PlanDifference
from tests.cli.desk import POSIX, ROOT
from tests.test_saved import as_excel, as_libreoffice, book
from tests.waiting import HANG, wait_until

pytestmark = pytest.mark.slow

CAPACITY = openpyxl.load_workbook(ROOT / "inputs" / "plain.xlsx")["Refiners"]["D2"].value
"""What China's lithium plants can make in the example."""


class Watched:
    """A watch in a process of its own, and what it says."""

    def __init__(self, *arguments: object) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.log = arguments[0].parent / "log.txt"
        self.file = self.log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "planner", "watch", *map(str, arguments)],
            stdout=self.file, stderr=subprocess.STDOUT, env=env, cwd=self.log.parent,
        )  # fmt: skip

    def wait(self, text: str, times: int = 1) -> str:
        """Wait until it has said something so often; return all that it said."""

        def fmt() -> str:
            has_ended = self.process.poll() is not None
            said = self.log.read_text(encoding="utf-8")
            assert said.count(text) >= times or not has_ended, said
            return said if said.count(text) >= times else ""

        return wait_until(fmt, lambda: self.log.read_text(encoding="utf-8"))

    def stop(self, by: int = signal.SIGINT) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(by)
        code = self.process.wait(HANG)
        self.file.close()
        return code


@POSIX
def test_a_day_of_edits(plain) -> None:
    """Saved as Excel does, broken, mended as LibreOffice saves, ended by Ctrl-C."""
    watch = Watched(plain)
    said = watch.wait("Watching")
    assert "Two minerals, three buyers" in said
    as_excel(plain, book(5_000))
    said = watch.wait("Watching", 2).split("Watching")[-2]
    heads = {"Workbook", "Minerals", "Flows"}
    lines = [line for line in said.splitlines() if line[:13].strip() in heads]
    assert len(lines) == 3
    assert "1 input differs: Refiners!D2 " in lines[0]
    assert f"{CAPACITY:,} to 5,000" in lines[0]
    assert "Lithium" in lines[1]
    assert "1 without any change" in lines[1]
    assert re.search(r"China to European Union -\d{3},\d{3} t", lines[2])
    broken = openpyxl.load_workbook(plain)
    broken["Refiners"]["D2"] = "much"
    broken.save(plain.with_name("broken.xlsx"))
    plain.with_name("broken.xlsx").replace(plain)
    said = watch.wait("Watching", 3).split("Watching")[-2]
    assert "D2" in said
    assert "much" in said
    before = (plain.parent / "outputs" / "plain-plan.xlsx").stat().st_mtime_ns
    as_libreoffice(plain, book(4_000))
    said = watch.wait("Watching", 4).split("Watching")[-2]
    assert "5,000 to 4,000" in said
    assert (plain.parent / "outputs" / "plain-plan.xlsx").stat().st_mtime_ns > before
    assert watch.stop() == 0
    said = watch.log.read_text(encoding="utf-8")
    assert said.endswith("Ended: 3 plans of " + str(plain) + "\n")
    assert not [f for f in (plain.parent / "outputs").iterdir() if f.name != "plain-plan.xlsx"]


@POSIX
def test_a_full_disk_ends_nothing(full, plain) -> None:
    """It says so, and waits for the next time the workbook is saved."""
    watch = Watched(plain, "--output", full / "plan.xlsx")
    watch.wait("Watching")
    as_excel(plain, book(5_000))
    said = watch.wait("Watching", 2)
    assert said.count("No space left on device") == 2
    assert watch.stop() == 0
    assert list(full.iterdir()) == []


@pytest.fixture
def turns(monkeypatch):
    """Have the workbook saved so often, each time by a function, and then Ctrl-C."""

    def of(*edits):
        def watch_saves(*_):
            for edit in edits:
                edit()
                yield
            raise KeyboardInterrupt

        monkeypatch.setattr("planner.workbook.save.watch_saves", watch_saves)

    return of


def test_a_line_of_json_a_plan(call, plain, turns) -> None:
    """A plan, a broken workbook, a plan of another cap: three lines."""
    turns(lambda: plain.write_bytes(b"no"), lambda: plain.write_bytes(book(CAPACITY)))
    code, out, err = call("watch", plain, "--json")
    first, second, third = map(json.loads, out.splitlines())
    assert (code, err) == (0, "")
    assert first["status"] == third["status"] == "optimal"
    assert (second["status"], len(second["errors"])) == ("input_error", 1)
    assert first["changes"] == {}
    assert third["changes"]["plan"].startswith("The two plans are equal")


def test_wrong_words_end_it(call, plain, turns) -> None:
    """A scenario that the workbook does not have, an output that is the input."""
    turns()
    assert call("watch", plain, "--scenario", "None such")[0] == 2
    assert call("watch", plain, "--output", plain)[0] == 2


def test_without_watchfiles(call, plain, monkeypatch) -> None:
    """It says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    code, _, err = call("watch", plain)
    assert code == 2
    assert 'pip install "coalition-sourcing-planner[watch]"' in err


@pytest.fixture
def difference():
    """A difference of two plans with some moves; nothing else of it is read."""

    def of(*moves, among_equals=()):
        names = ("mineral", "seller", "buyer", "change")
        rows = [dict(zip(names, move, strict=True)) for move in moves]
        blank = cast("Any", None)
        return PlanDifference(
            blank, (), blank, blank, blank, blank, Moves.of_rows(rows), 0, among_equals
        )

    return of


def test_flows_that_are_counted_are_not_shown_as_one(difference) -> None:
    """The row that counts the other flows of a mineral sells to nobody."""
    moves = (("Copper", "Chile", "Japan", 5.0), ("Copper", "3 other flows", "", -9.0))
    assert _flow_changes(difference(*moves)) == "Copper: Chile to Japan +5 t"


def test_the_largest_flow_is_first_and_two_are_named(difference) -> None:
    """By the size of the change, whichever way it goes; three are two and a number."""
    moves = [("Tin", "A", "B", 5.0), ("Tin", "C", "B", -9.0), ("Tin", "D", "B", 7.0)]
    assert _flow_changes(difference(*moves[:2])) == "Tin: C to B -9 t; Tin: A to B +5 t"
    assert _flow_changes(difference(*moves)) == "Tin: C to B -9 t; Tin: D to B +7 t; and 1 more"
    equal = difference(among_equals=("Tin", "Zinc"))
    same = "these minerals cost the same in both plans, so their flows are not shown: Tin, Zinc"
    assert _flow_changes(equal) == same
    assert _flow_changes(difference()) == "none differs"
