"""Run damaged workbooks through the commands at length, outside the suite, and print a table.

    python -m tests.fuzz_long --books 100000 --flips 10000 --extremes 300

``--books`` are the changed workbooks of ``test_fuzz_workbook``, through check and, where that finds
nothing, solve; ``--flips`` have one bit turned and go through each command that reads such a file;
``--extremes`` are the valid books of ``extreme_books``, each through every command. Every case is
known again by its number: ``--first`` begins there. Exit code 1: a case failed.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from planner.workbook.template import write_book
from tests import fuzz_parts
from tests.cli.test_degenerate import CALLS
from tests.extreme_books import extreme_book
from tests.test_fuzz_workbook import KINDS, PLAIN, base, base_of, bounded, run

EXPECTED = {0, 1, 2}
FAULT = 70
NEGATIVE_ZERO = re.compile(r"(?<![\w.,\-\[])-0(?:\.0+)?(?!\.?\w)")
_PEAK, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Tally:
    """What became of the cases of one command."""

    codes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    megabytes: tuple[float, str] = (0.0, "")
    failed: list[str] = field(default_factory=list)

    def add(self, case: str, code: str, seconds: float, megabytes: float) -> None:
        """Keep one case."""
        self.codes[code] += 1
        self.seconds += seconds
        self.slowest = max(self.slowest, (seconds, case))
        self.megabytes = max(self.megabytes, (megabytes, case))
        if code not in map(str, EXPECTED):
            self.failed.append(f"{case}: exit {code}")
            sys.stderr.write(f"FAILED {self.failed[-1]}\n")


Tallies = dict[str, Tally]


def peak() -> float:
    """Return the most memory in MB since the last ``forget``; 0 where the system does not tell."""
    try:
        lines = _PEAK.read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def forget() -> None:
    """Begin anew to count the most memory."""
    try:
        _RESET.write_text("5")
    except OSError:
        return


def timed(tallies: Tallies, case: str, *words: object, name: str = "") -> str:
    """Run a command on a case, keep what became of it, and return its exit code."""
    forget()
    began = time.perf_counter()
    try:
        with bounded():
            number, out, err = run(*words)
        code, why = str(number), traced(err) if number == FAULT else ""
        if NEGATIVE_ZERO.search(out + err) and not NEGATIVE_ZERO.search(case):
            code, why = "-0", f" {NEGATIVE_ZERO.search(out + err)}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        code, why = type(error).__name__, ascii(error)[-300:]
    seconds = time.perf_counter() - began
    tallies.setdefault(name or str(words[0]), Tally()).add(
        f"{name or words[0]} {case}{why}", code, seconds, peak()
    )
    return code


def traced(err: str) -> str:
    """Return where a fault came from, and what it says: the end of its traceback."""
    lines = [line.strip() for line in err.splitlines()]
    at = [line for line in lines if line.startswith("File ")]
    return f" {at[-1] if at else ''} {' '.join(lines[-2:-1])[:200]}"


def books(tallies: Tallies, numbers: range, folder: Path) -> Iterator[int]:
    """Check changed workbooks, and plan the valid ones."""
    path, plan = folder / "book.xlsx", folder / "made.xlsx"
    for number in numbers:
        kind = tuple(KINDS)[number % 2]
        content = _base(base_of(number // 2), folder)
        said = KINDS[kind](path, content, f"{kind} {number // 2}")
        case = f"book {number} ({kind}: {'; '.join(said)[:100]})"
        if timed(tallies, case, "check", path, "--json") == "0":
            timed(tallies, case, "solve", path, "--json", "--output", plan)
        yield number


_base: Callable[[str, Path], bytes] = functools.lru_cache(50)(base.__wrapped__)


def flips(tallies: Tallies, numbers: range, folder: Path) -> Iterator[int]:
    """Turn one bit of an input or a plan, and run a command that reads it."""
    book, plan, bad = folder / "in.xlsx", folder / "plan.xlsx", folder / "bad.xlsx"
    shutil.copy(PLAIN, book)
    assert run("solve", book, "--output", plan)[0] == 0
    page, copy = folder / "page.html", folder / "copy.xlsx"
    commands: tuple[tuple[Path, tuple[object, ...]], ...] = (
        (book, ("check", bad, "--marked", copy)),
        (book, ("solve", bad, "--output", copy)),
        (plan, ("verify", bad, book)),
        (book, ("verify", plan, bad)),
        (plan, ("diff", bad, plan)),
        (plan, ("orders", bad, folder / "orders")),
        (plan, ("report", bad, "-o", page)),
        (plan, ("brief", bad, "-o", folder / "brief.pptx")),
    )
    for number in numbers:
        source, words = commands[number % len(commands)]
        content, said = fuzz_parts.flipped_bit(source.read_bytes(), f"flip {number}")
        bad.write_bytes(content)
        copy.unlink(missing_ok=True)  # one of an input would be refused as the place of a plan
        timed(tallies, f"flip {number} ({said})", *words)
        yield number


def extremes(tallies: Tallies, numbers: range, folder: Path) -> Iterator[int]:
    """Run every command on books at the edge of what a workbook may say; a refused one ends there.

    Each book has a folder of its own, which is kept where a case of it failed.
    """
    for number in numbers:
        book, said = extreme_book(number)
        own = folder / f"extreme {number}"
        own.mkdir()
        write_book(own / "case.xlsx", book, sheets=book)
        names = str(book["Minerals"][0]["Mineral"]), str(book["Members"][0]["Member"])
        case = f"extreme {number} ({'; '.join(said)})"
        with contextlib.chdir(own):
            for command, arguments in CALLS.items():
                words = (*command.split(), *arguments(*names))
                if command in {"report", "brief"}:
                    made = (name for name in STUDIES if Path(name).exists())
                    words = (command, "plan.xlsx", *made, *arguments("", "")[-2:])
                code = timed(tallies, case, *words, name=command)
                if command == "check" and code == "1":
                    break
        shutil.rmtree(own)
        yield number


STUDIES = tuple(
    arguments[arguments.index("--output") + 1]
    for command, call in CALLS.items()
    for arguments in [call("", "")]
    if "--output" in arguments and command != "solve"
)
"""The workbooks of studies, of which a report is made."""


def table(tallies: Tallies) -> str:
    """Return what became of all cases, a line a command."""
    lines = [
        "command              cases   exit codes                     seconds  slowest  most MB"
    ]
    for name, tally in sorted(tallies.items()):
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(tally.codes.items()))
        lines.append(
            f"{name:<20} {tally.codes.total():>5}   {codes:<30} {tally.seconds:>7.0f}"
            f"  {tally.slowest[0]:>7.2f}  {tally.megabytes[0]:>7.0f}"
        )
    lines += [f"slowest {name}: {t.slowest[1]}" for name, t in sorted(tallies.items())]
    faults = sum(tally.codes[str(FAULT)] for tally in tallies.values())
    failed = [f"FAILED {name} {case}" for name, t in sorted(tallies.items()) for case in t.failed]
    return "\n".join([*lines, f"exit {FAULT}: {faults}", *failed])


def main() -> int:
    """Run as many cases as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, helped in (
        ("books", "changed workbooks"),
        ("flips", "files with one bit turned"),
        ("extremes", "valid books at the edge of what a workbook may say, through all commands"),
    ):
        parser.add_argument(f"--{name}", type=int, default=0, help=helped)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    asked = parser.parse_args()
    tallies: Tallies = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for what, count in ((books, asked.books), (flips, asked.flips), (extremes, asked.extremes)):
            for number in what(tallies, range(asked.first, asked.first + count), folder):
                if (number + 1) % (10 if what is extremes else 1000) == 0:
                    sys.stderr.write(f"{what.__name__}: {number + 1:,}\n")
    sys.stdout.write(f"{table(tallies)}\n")
    return int(any(tally.failed for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
