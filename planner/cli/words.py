"""What a person reads of a workbook: its findings by sheet, and how many there are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.errors import Finding, Severity
from models.schema import SHEETS
from planner.render.words import number_of, plain
from planner.workbook.findings import advice, statement

if TYPE_CHECKING:
    from planner.workbook import DefaultTaken
    from planner.workbook.marked import Marked

SHOWN = 200
"""Findings listed at most; the rest is counted."""

CHOICES = 5
"""Values that a cell may have which a terminal lists at most; a file gets them all."""

NAMED = 3
"""Names told in a line that has more of them."""

ENDLESS = 10_000
"""Columns of a console that is no terminal: a finding keeps its one line, for grep."""

_ORDER = {record.SHEET: i for i, record in enumerate(SHEETS)}
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


class _Console(Console):
    """A console that leaves the end of a broken pipe to the command line."""

    def on_broken_pipe(self) -> None:
        """Raise on, where rich would exit with the code of a workbook with errors."""
        raise  # noqa: PLE0704 - rich calls this as it handles the BrokenPipeError


def console(stream: TextIO) -> Console:
    """Return a console; where it is no terminal its lines are as long as they are."""
    made = _Console(file=stream, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = ENDLESS
    return made


def show_findings(file: Path, findings: Iterable[Finding], *, err: bool = False) -> None:
    """List findings by sheet, errors and warnings marked, and count them in the last line."""
    stream = sys.stderr if err else sys.stdout
    screen = console(stream)
    terminal = screen.is_terminal
    ordered = sorted(findings, key=_place)
    for sheet, group in groupby(ordered[:SHOWN], key=lambda f: f.sheet):
        screen.print(Text(plain(sheet) or "Workbook", style="bold"))
        screen.print(_table(list(group), brief=terminal))
    if len(ordered) > SHOWN:
        screen.print(f"... and {len(ordered) - SHOWN:,} more", markup=False)
    screen.print(f"{file}: {counted(ordered)}", markup=False, soft_wrap=True)


def show_defaults(defaults: Sequence[DefaultTaken]) -> None:
    """Count the blank cells that took a default; the plan's sheet Checks lists them by column."""
    cells = sum(default.cells for default in defaults)
    if cells:
        columns = number_of(len(defaults), "column")
        click.echo(f"{number_of(cells, 'blank cell')} in {columns} took the default")


def show_marked(marked: Marked) -> None:
    """Tell where the marked copy stands and how many cells are marked in it."""
    left = f", {marked.left:,} more are not" if marked.left else ""
    cells = f"{number_of(marked.cells, 'cell')} marked{left}"
    click.echo(f"Wrote {marked.path}: {cells}; its first sheet lists the findings", err=True)


def counted(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are."""
    errors = sum(f.severity is Severity.ERROR for f in findings)
    return f"{number_of(errors, 'error')}, {number_of(len(findings) - errors, 'warning')}"


def few(names: Sequence[str]) -> str:
    """Return names in a line, the first few alone where they are many: a, b, c and 5 more."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def shortened(expected: str) -> str:
    """Return a list of values with its first few alone: ``a, b, c or d`` where it is long."""
    values = re.split(r", | or ", expected)
    if " or " not in expected or len(values) <= CHOICES + 1:
        return expected
    return f"{', '.join(values[:CHOICES])}, ... ({len(values)} in all)"


def _place(finding: Finding) -> tuple[int, str, int, int, str]:
    """Errors and warnings in the order of the sheets, rows and columns."""
    column = "".join(c for c in finding.cell if c.isalpha())
    sheet = _ORDER.get(finding.sheet, len(_ORDER))
    return sheet, finding.sheet, finding.row, len(column), column


def _table(findings: Sequence[Finding], *, brief: bool) -> Table:
    """Return a line a finding: its cell, how much it matters, the nearest fix, what is there."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for whole in (True, True, False):
        table.add_column(overflow="fold", no_wrap=whole)
    for finding in findings:
        wanted = shortened(finding.expected) if brief else finding.expected
        parts = (advice(finding), statement(finding, wanted))
        # without a cell that says what it is about, the fix is not understood first
        said = " ".join(filter(None, parts if finding.place else reversed(parts)))
        table.add_row(
            Text(f"  {plain(finding.place) or '-'}"),
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            Text(plain(said)),
        )
    return table
