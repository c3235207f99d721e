"""Every command on cases that are valid and next to nothing: each ends as it should, and is proved.

A command is taken from the command line's own list: one without a call here fails the first test.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from planner.cli import main
from planner.cli.commands import COMMANDS
from tests.books import write_book
from tests.budget import IS_LONG
from tests.cli.desk import LASTING
from tests.extreme_books import CASES
from tests.page.solver import solver_or_skip
from tests.small_book import small_book

Call = Callable[[str, str], tuple[str, ...]]
"""The arguments of a command, from the names of a mineral and a member of the case."""

CALLS: dict[str, Call] = {
    "check": lambda *_: ("case.xlsx", "--marked", "marked.xlsx"),
    "solve": lambda *_: ("case.xlsx", "--output", "plan.xlsx", "--csv", "csv"),
    "solve --under-risk": lambda *_: (
        *("case.xlsx", "--output", "under-risk.xlsx", "--futures", "4", "--weight", "50%"),
    ),
    "explain": lambda mineral, member: (
        *("case.xlsx", "--mineral", mineral, "--member", member, "--year", "2026"),
    ),
    "compare": lambda *_: ("case.xlsx", "--output", "compare.xlsx"),
    "sweep": lambda *_: (
        *("case.xlsx", "--output", "sweep.xlsx", "--from", "0.9", "--to", "0", "--step", "0.45"),
    ),
    "stress": lambda *_: ("case.xlsx", "--output", "stress.xlsx", "--refiners", "--pairs"),
    "risk": lambda *_: ("case.xlsx", "--output", "risk.xlsx", "--draws", "5"),
    "bills": lambda *_: ("case.xlsx", "--output", "bills.xlsx"),
    "model": lambda *_: ("case.xlsx", "-o", "model.lp"),
    "exit": lambda *_: ("case.xlsx", "--output", "exit.xlsx", "--country", "China"),
    "scorecard": lambda *_: ("case.xlsx", "--output", "scorecard.xlsx"),
    "ranges": lambda *_: ("case.xlsx", "--output", "ranges.xlsx", "--by", "refiner"),
    "support": lambda *_: ("case.xlsx", "--output", "support.xlsx"),
    "sensitivity": lambda *_: ("case.xlsx", "--output", "sensitivity.xlsx"),
    "data": lambda *_: ("plan.xlsx", "-o", "plans.sqlite"),
    "pull": lambda *_: ("case.xlsx",),
    "orders": lambda *_: ("plan.xlsx", "orders"),
    "diff": lambda *_: ("plan.xlsx", "plan.xlsx", "--inputs", "case.xlsx", "case.xlsx"),
    "verify": lambda *_: ("plan.xlsx", "case.xlsx"),
    "report": lambda *_: ("plan.xlsx", "stress.xlsx", "sweep.xlsx", "risk.xlsx", "-o", "all.html"),
    "brief": lambda *_: ("plan.xlsx", "stress.xlsx", "risk.xlsx", "-o", "brief.pptx"),
    "page": lambda *_: ("case.xlsx", "-o", "case.html"),
    "new": lambda *_: ("new.xlsx", "--force"),
    "roll": lambda *_: (
        *("plan.xlsx", "case.xlsx", "--to", "2027", "--output", "next.xlsx", "--force"),
    ),
}


ENDS = {
    ("roll", "one year"): 2,
    **{("pull", case): 1 for case in CASES},
}
"""The exit codes that are not 0: there is no year to roll to, and no case says where
rows come from."""

MADE = {"plan.xlsx": "solve", "stress.xlsx": "stress", "sweep.xlsx": "sweep", "risk.xlsx": "risk"}
"""What other commands read, and which one makes it."""

EVERY = {"solve": 3, "verify": 4, "explain": 12, "sweep": 12, "stress": 12}
"""Commands that meet one case in three in every run, or in twelve; the others one in 48.

In the long runs each meets all.
"""

NO_ANSWER = re.compile(r"Traceback|(?<![\w/])(nan|-?inf|None|NaN|Infinity)\b")


def pairs() -> Iterator[object]:
    """Yield every command with every case."""
    for i, command in enumerate(CALLS):
        for k, case in enumerate(CASES):
            is_seldom = bool((i + k) % EVERY.get(command, 48))
            if is_seldom and not IS_LONG:
                continue
            marks = [pytest.mark.fuzz] if is_seldom else []
            yield pytest.param(command, case, (i + k // 4) % 2 == 0, marks=marks)


def test_every_command_is_called() -> None:
    called = {call.partition(" ")[0] for call in CALLS}
    assert called | LASTING == {command.name for command in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "case", "as_json"), list(pairs()))
def test_it_ends_as_it_should(
    tmp_path_factory: pytest.TempPathFactory, command: str, case: str, as_json: bool
) -> None:
    if command == "page":
        solver_or_skip()
    folder, *names = made(tmp_path_factory.getbasetemp() / "degenerate", case)
    arguments = CALLS[command](*names)
    with contextlib.chdir(folder):
        for path in arguments:
            if path in MADE and command != MADE[path] and not Path(path).exists():
                assert run(MADE[path], *CALLS[MADE[path]](*names))[0] == 0
        code, out, err = run(
            *command.split(), *arguments, *(["--json"] if as_json and command != "schema" else [])
        )
    assert code == ENDS.get((command, case), 0), err or out
    assert not NO_ANSWER.search(out + err), out + err
    if as_json or command == "schema":
        json.loads(out, parse_constant=pytest.fail)
    if "--output" in arguments and code == 0:
        readable(folder / arguments[arguments.index("--output") + 1])


READING = [name for name, call in CALLS.items() if call("", "")[0] == "case.xlsx"]
"""Commands that read an input workbook."""


@pytest.mark.parametrize("command", [name for name in READING if name != "pull"])
def test_a_workbook_with_errors_is_refused(folder, broken, command: str) -> None:
    """All its errors are listed with their cells, and nothing is made of it but a marked copy."""
    broken.rename("case.xlsx")
    words = *command.split(), *CALLS[command]("Lithium", "Japan")
    code, out, err = run(*words)
    assert (code, "Refiners!D2" in out + err) == (1, True), out + err
    code, out, _ = run(*words, "--json")
    assert (code, len(json.loads(out)["errors"])) == (1, 3)
    assert {path.name for path in folder.iterdir()} <= {"case.xlsx", "marked.xlsx"}


@cache
def made(root: Path, case: str) -> tuple[Path, str, str]:
    """Return a folder with a case, and the names of a mineral and a member of it."""
    folder = root / case.replace(" ", "-")
    folder.mkdir(parents=True)
    book = small_book()
    CASES[case](book)
    write_book(folder / "case.xlsx", book, sheets=book)
    return folder, str(book["Minerals"][0]["Mineral"]), str(book["Members"][0]["Member"])


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command here; returns exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*arguments])
    return code, out.getvalue(), err.getvalue()


def readable(path: Path) -> None:
    """Assert that a workbook can be read, and that every number in it is one."""
    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        for sheet in book:
            for row in sheet.iter_rows(values_only=True):
                assert not {"nan", "inf", "-inf"} & {str(v).lower() for v in row}, (sheet, row)
