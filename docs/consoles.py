"""Commands on pages and what they print: ``make docs`` runs them and writes the output below each.

A page may fill a workbook, too: a comment ``<!-- fill case.xlsx: Refiners -->`` above a table means
that the table's rows are the rows of that sheet, as a reader would type them; without a table the
sheet has none. A comment ``<!-- lines: Mineral|Finding -->`` above commands keeps the lines that
begin so, as a regular expression, with the lines that continue them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl

TOP = Path(__file__).parent.parent
PAGES = (
    "README.md",
    *(
        f"docs/{name}.md"
        for name in (
            "tutorial", "what-ifs", "sweep", "stress", "security", "exit", "explain", "ranges",
            "under-risk", "cooperation", "scorecard", "model", "going-on", "support",
        )
    ),
)  # fmt: skip
"""The pages with commands, from the repository's top."""

_STEP = re.compile(
    r"^(?P<head>(?:<!-- lines: (?P<lines>.+) -->\n+)?```console\n)(?P<console>(?:.*\n)*?)^```$"
    r"|^<!-- fill (?P<file>\S+): (?P<sheet>[^>]+?) -->\n+(?P<table>(?:\|.*\n)*)",
    re.MULTILINE,
)
_SECONDS = re.compile(r"\(\d+\.\d s\)")
"""Times differ from run to run; the pages show one."""
_WIDTH = "100"
_GOES_ON = " " * 14
"""What a line begins with that continues the one above it."""


def rerun(page: str) -> str:
    """Return the text of a page with its commands run again, in order, in a fresh folder."""
    text = (TOP / page).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "inputs").symlink_to(TOP / "inputs")

        def step(match: re.Match[str]) -> str:
            if match["console"] is not None:
                shown = _run(match["console"], folder, re.compile(match["lines"] or ""))
                return f"{match['head']}{''.join(shown)}```"
            _fill(folder / match["file"], match["sheet"], match["table"])
            return match[0]

        return _STEP.sub(step, text)


def _run(block: str, folder: Path, begins: re.Pattern[str]) -> Iterator[str]:
    """Yield each command of a block and the lines that are kept of what it prints."""
    scripts = Path(sys.executable).parent
    variables = {
        **os.environ,
        "COLUMNS": _WIDTH,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    for line in block.splitlines():
        if line.startswith("$ "):
            done = subprocess.run(  # noqa: S602 - a command of our own page
                line[2:], shell=True, cwd=folder, env=variables, check=False, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            if done.returncode:
                msg = f"{line[2:]}: exit {done.returncode}\n{done.stdout}"
                raise ValueError(msg)
            yield f"{line}\n"
            yield from kept_lines(_SECONDS.sub("(1.0 s)", done.stdout).splitlines(), begins)


def kept_lines(printed: list[str], begins: re.Pattern[str]) -> Iterator[str]:
    """Yield the lines that are kept, with ``...`` where lines between them are left out."""
    is_kept, any_kept, left_out = True, False, ""
    for line in printed:
        is_kept = is_kept if line.startswith(_GOES_ON) else bool(begins.match(line))
        if is_kept:
            yield f"{left_out}{line.rstrip()}\n"
            any_kept, left_out = True, ""
        elif any_kept and line.strip():
            left_out = "...\n"


def _fill(path: Path, name: str, table: str) -> None:
    """Write the rows of a table into a sheet, in place of its rows; of Settings those named."""
    book = openpyxl.load_workbook(path)
    sheet = book[name]
    texts = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()
    ]
    headers, rows = texts[0] if texts else [], texts[2:]
    columns = {cell.value: cell.column for cell in sheet[1]}
    kept: dict[object, int] = {}
    for row in sheet.iter_rows(min_row=2):
        if name == "Settings":
            kept[row[0].value] = row[0].row
            continue
        for cell in row:
            cell.value = None
    for number, row_texts in enumerate(rows, start=2):
        for header, text in zip(headers, row_texts, strict=True):
            sheet.cell(kept.get(row_texts[0], number), columns[header]).value = _value(text)
    book.save(path)


def _value(text: str) -> str | float | None:
    """Return what a reader types for the text of a cell."""
    if not text:
        return None
    number = text.replace(",", "").removesuffix("%").strip()
    try:
        return float(number) / (100 if text.endswith("%") else 1)
    except ValueError:
        return text


def main() -> None:
    """Write the pages."""
    for page in PAGES:
        (TOP / page).write_text(rerun(page), encoding="utf-8")


if __name__ == "__main__":
    main()
