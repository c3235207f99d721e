"""Thousands of damaged workbooks: each gets a proven plan that opens, or findings and no file.

``planner check`` and ``planner solve`` run in this process on every one. A failure names the seed,
what was changed, and the smallest part of the changes that still fails.
"""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import json
import re
import signal
import threading
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from planner.cli import main
from planner.workbook.template import template_tables
from tests import fuzz_cells, fuzz_parts
from tests.books import write_book
from tests.budget import BUDGET, at_length, few
from tests.reference.cases import random_book
from tests.waiting import HANG

NORMAL = at_length(6, 15)
"""Rounds of each kind in the normal run; the long run goes on from there."""
BATCH = 25
"""Rounds a test: so that they spread over processes."""
SECONDS = 30
"""What one workbook may take, check and plan together."""
LONGEST_MESSAGE = 4_000
BOOKS = 6
"""Random books that are changed, in the normal run."""

PLAIN = Path(__file__).resolve().parent.parent / "inputs" / "plain.xlsx"
KINDS = {"cells": fuzz_cells.mutated, "parts": fuzz_parts.mutated}


# ---- what is changed -----------------------------------------------------------------------------


@functools.cache
def base(name: str, folder: Path) -> bytes:
    """The bytes of a valid workbook: ``template``, ``plain``, or the number of a random book."""
    if name == "plain":
        return PLAIN.read_bytes()
    path = folder / "base.xlsx"
    if name == "template":
        write_book(path, template_tables())
    else:
        number = int(name)
        write_book(path, random_book(np.random.default_rng([11, number]), 1 + number % 4))
    content = path.read_bytes()
    path.unlink()
    return content


def base_of(number: int) -> str:
    """Which workbook a round changes: each kind by turns, ever new random ones in the long run."""
    turn, of = divmod(number, 3)
    return ("template", "plain", str(turn % BOOKS if number < NORMAL else turn))[of]


# ---- one workbook --------------------------------------------------------------------------------


class TooLongError(BaseException):
    """A run that took too long; no ``except Exception`` on the way keeps it."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Fail what computes for too long; what hangs is stopped, where the system has alarms."""
    began = time.process_time()
    alarms = hasattr(signal, "SIGALRM")
    armed = alarms and threading.current_thread() is threading.main_thread()

    def ring(_signal: int, _frame: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, ring) if armed else None
    if armed:
        signal.setitimer(signal.ITIMER_REAL, HANG)
    try:
        yield
    except TooLongError as error:
        msg = f"took longer than {HANG} s:\n{traceback.format_exc()[-2000:]}"
        raise AssertionError(msg) from error
    finally:
        if armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert time.process_time() - began <= SECONDS


def run(*words: object) -> tuple[int, str, str]:
    """Run a command in this process: exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()


def hold(path: Path) -> str:
    """Check and plan a workbook and hold both to the contract; return what became of it."""
    folder = path.parent
    plan = folder / "plan.xlsx"
    there = {p.name for p in folder.iterdir()}
    with bounded():
        checked, said, err = run("check", path, "--json")
        _is_quiet(checked, err)
        findings = json.loads(said)
        code, said, err = run("solve", path, "--json", "--output", plan)
        _is_quiet(code, err)
        answer = json.loads(said)
        _told(path, code, plan)
    after = {p.name for p in folder.iterdir()}
    _are_findings(findings, checked)
    _are_findings(answer, code)
    if code:
        assert checked == 1, "solve found errors that check did not"
        assert after == there
        return "findings"
    assert after == there | {plan.name}
    assert answer["status"] == "optimal"
    assert answer["output"] == str(plan)
    _opens(plan)
    plan.unlink()
    return "plan" if checked == 0 else "plan, but a scenario has errors"


def _told(path: Path, code: int, plan: Path) -> None:
    """Hold the form for people to the same: its words may trip over the names, too."""
    checked, _, err = run("check", path)
    _is_quiet(checked, err)
    if code:
        again, _, err = run("solve", path, "--output", plan)
        _is_quiet(again, err)
        assert again == code


def _is_quiet(code: int, err: str) -> None:
    assert code in {0, 1}, f"exit code {code}: {err[-3000:]}"
    assert "Traceback" not in err, err[-3000:]
    assert "Warning:" not in err, err[-3000:]


def _are_findings(answer: dict[str, object], code: int) -> None:
    """Errors exactly on failure, each with a place and something to say."""
    assert (answer["status"] == "input_error") == (code == 1), answer["status"]
    assert bool(answer["errors"]) == (code == 1)
    for finding in [*answer["errors"], *answer["warnings"]]:
        assert set(finding) == {"sheet", "cell", "message"}
        assert finding["message"].strip()
        assert len(finding["message"]) <= LONGEST_MESSAGE, len(finding["message"])


def _opens(plan: Path) -> None:
    """The plan opens without a complaint, its proof holds, its text is text, its tables whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = openpyxl.load_workbook(plan)
    checks = [[cell.value for cell in row] for row in book["Checks"].iter_rows()]
    assert ["verdict", "yes"] in [row[:2] for row in checks]
    assert not [row for row in checks if row[1] == "no"]
    names = set()
    for sheet in book.worksheets:
        for cell in itertools.chain.from_iterable(sheet.iter_rows()):
            assert cell.data_type not in {"f", "e"}, f"{sheet.title}!{cell.coordinate}"
            if isinstance(cell.value, str):
                assert cell.data_type == "s", f"{sheet.title}!{cell.coordinate}"
                assert len(cell.value) <= fuzz_cells.LONGEST
        for table in sheet.tables.values():
            heads = [str(cell.value) for cell in sheet[table.ref][0]]
            columns = [column.name for column in table.tableColumns]
            assert columns == heads, f"{sheet.title}: Excel would mend the table"
            assert len({head.casefold() for head in heads}) == len(heads)
            assert table.name.casefold() not in names
            names.add(table.name.casefold())


# ---- many workbooks ------------------------------------------------------------------------------


def rounds(kind: str, numbers: range, folder: Path) -> Counter[str]:
    """Hold each of some changed workbooks; on failure look for the least that still fails."""
    counts: Counter[str] = Counter()
    for number in numbers:
        name = base_of(number)
        made = functools.partial(
            KINDS[kind], folder / "book.xlsx", base(name, folder), f"{kind} {number}"
        )
        said = made()
        try:
            counts[hold(folder / "book.xlsx")] += 1
        except Exception as error:
            least = _least(made, len(said), folder)
            msg = f"{kind}, round {number}, of {name}: {least or said}\n{error}"
            raise AssertionError(msg) from error
    return counts


def _least(made: Callable[..., list[str]], count: int, folder: Path) -> list[str]:
    """The smallest part of the changes that fails, as far as one is quickly found."""
    for size in range(1, count):
        for some in itertools.combinations(range(count), size):
            (folder / "plan.xlsx").unlink(missing_ok=True)
            said = made(only=frozenset(some))
            try:
                hold(folder / "book.xlsx")
            except Exception:  # noqa: BLE001 - whatever it is, it fails
                return said
    return []


def batches(first: int, last: int) -> list[range]:
    """Rounds by the batch."""
    return [range(at, min(at + BATCH, last)) for at in range(first, last, BATCH)]


@pytest.mark.slow
@pytest.mark.parametrize("name", few(["template", "plain", *map(str, range(BOOKS))], 3))
def test_what_is_changed_is_valid(tmp_path, name: str) -> None:
    path = tmp_path / "book.xlsx"
    fuzz_cells.write(path, fuzz_cells.sheets_of(base(name, tmp_path)), [])
    assert hold(path) == "plan"


@pytest.mark.slow
@pytest.mark.parametrize("numbers", batches(0, NORMAL), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_or_findings(tmp_path, kind: str, numbers: range) -> None:
    counts = rounds(kind, numbers, tmp_path)
    assert counts["plan"]
    assert counts["findings"]


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("numbers", batches(NORMAL, NORMAL + BUDGET // 2), ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_or_findings_at_length(tmp_path, kind: str, numbers: range) -> None:
    """As many rounds more as the budget allows."""
    assert rounds(kind, numbers, tmp_path).total() == len(numbers)


# ---- names that are no words ---------------------------------------------------------------------

NAMES = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+x",
    "@SUM(A1)",
    "{=A1}",
    "[red]x[/]",
    "http://example.org",
    "🪨 銅",
    "مصفاة",
    "\u202eevil",
    "\x07bell",
    "_x0041_",
    "a\nb",
    "n" * 300,
)


@pytest.mark.slow
@pytest.mark.parametrize("at", range(0, len(NAMES), at_length(3, 1)))
def test_a_name_of_any_letters_travels_into_the_plan_as_text(tmp_path, at: int) -> None:
    """Names of a mineral, a member and a refiner: each of one of them, in a long run of all."""
    names = (NAMES * 2)[at : at + 3]
    sheets = fuzz_cells.sheets_of(base("plain", tmp_path))
    # of the members the one that is no country as well
    old = sheets["Minerals"][1][0], sheets["Members"][-1][0], sheets["Refiners"][1][0]
    new = dict(zip(old, names, strict=True))
    for rows in sheets.values():
        for row in rows:
            row[:] = [new.get(cell, cell) for cell in row]
    path, plan = tmp_path / "book.xlsx", tmp_path / "kept.xlsx"
    fuzz_cells.write(path, sheets, [])
    assert hold(path) == "plan"
    assert run("solve", path, "--output", plan)[0] == 0
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(plan)["Prices"].rows]
    for name, head in zip(names, ("Mineral", "Member"), strict=False):
        said = {row[rows[0].index(head)] for row in rows}
        assert name in said or not name.isascii() or not name.isprintable(), said
    with zipfile.ZipFile(plan) as archive:
        for part in archive.namelist():
            if "/charts/" in part:
                _refers_to_cells(archive.read(part).decode(), part)


def _refers_to_cells(chart: str, part: str) -> None:
    """Whatever a chart refers to is an area of a sheet: Excel refuses the file else."""
    for formula in re.findall(r"<c:f>([^<]*)</c:f>", chart):
        at = re.fullmatch(r"(?:'[^']+'|\w+)!\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?", formula)
        assert at, f"{part}: {formula!r}"
