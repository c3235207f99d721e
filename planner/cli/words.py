"""What a person reads of a workbook: its findings by sheet, and how many there are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from models.errors import Finding, Severity
from planner.render.words import number_of, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from planner.workbook import DefaultUsed

SHOWN = 200
"""Findings listed at most; the rest is counted."""

CHOICES = 5
"""Values that a cell may have which a terminal lists at most; a file gets them all."""

WARNINGS = 5
"""Warnings of a plan listed at most."""

ENDLESS = 10_000
"""Columns of a console that is no terminal: a finding keeps its one line, for grep."""

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def line(head: str, text: str, colour: str | None = None, *, of_head: bool = False) -> None:
    """Tell a line on stderr: what it is about, and what there is to say, one of them coloured."""
    head = f"{head:<13}"
    if colour is not None and of_head:
        head = click.style(head, fg=colour)
    elif colour is not None:
        text = click.style(text, fg=colour)
    click.echo(f"{head} {text}", err=True)


def row(name: str, cells: Iterable[str], wide: int, each: int, more: str = "") -> None:
    """Tell a row of a table on stderr: cells of a width each stand right, their name left."""
    click.echo(f"{name:<{wide}}{''.join(f'{cell:>{each}}' for cell in cells)}{more}", err=True)


def show_some(findings: Sequence[Finding], most: int, rest: str) -> None:
    """List the first few findings, and count the others: ``rest`` says where they are."""
    from planner.workbook.findings import sentence

    for finding in findings[:most]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(findings) > most:
        click.echo(f"  and {len(findings) - most:,} more{rest}", err=True)


def show_warnings(findings: Sequence[Finding], sheet: str) -> None:
    """Count the warnings on a workbook and list the first few; a sheet has them all."""
    if findings:
        line("Warnings", f"{len(findings):,}", "yellow")
        show_some(findings, WARNINGS, f", on the sheet {sheet}")


def console(stream: TextIO) -> Console:
    """Return a console; where it is no terminal its lines are as long as they are."""
    from rich.console import Console

    class Screen(Console):
        """A console that leaves the end of a broken pipe to the command line."""

        def on_broken_pipe(self) -> None:
            """Raise on, where rich would exit with the code of a workbook with errors."""
            raise  # noqa: PLE0704 - rich calls this as it handles the BrokenPipeError

    screen = Screen(file=stream, highlight=False, emoji=False)
    if not screen.is_terminal:
        screen.width = ENDLESS
    return screen


def show_findings(file: Path, findings: Iterable[Finding], *, err: bool = False) -> None:
    """List findings by sheet, errors and warnings marked, and count them in the last line."""
    from rich.text import Text

    from planner.workbook.findings import Layout

    screen = console(sys.stderr if err else sys.stdout)
    ordered = Layout().in_order(findings)
    for sheet, group in groupby(ordered[:SHOWN], key=lambda f: f.sheet):
        screen.print(Text(plain(sheet) or "Workbook", style="bold"))
        screen.print(_table(list(group), brief=screen.is_terminal))
    if len(ordered) > SHOWN:
        screen.print(f"... and {len(ordered) - SHOWN:,} more", markup=False)
    screen.print(f"{file}: {counted(ordered)}", markup=False, soft_wrap=True)


def show_defaults(defaults: Sequence[DefaultUsed]) -> None:
    """Count the blank cells that took a default; the plan's sheet Checks lists them by column."""
    cells = sum(default.cells for default in defaults)
    if cells:
        columns = number_of(len(defaults), "column")
        click.echo(f"{number_of(cells, 'blank cell')} in {columns} took the default")


def counted(findings: Sequence[Finding]) -> str:
    errors = sum(f.severity is Severity.ERROR for f in findings)
    return f"{number_of(errors, 'error')}, {number_of(len(findings) - errors, 'warning')}"


def shortened(expected: str) -> str:
    """Return a list of values with its first few alone: ``a, b, c or d`` where it is long."""
    values = re.split(r", | or ", expected)
    if " or " not in expected or len(values) <= CHOICES + 1:
        return expected
    return f"{', '.join(values[:CHOICES])}, ... ({len(values)} in all)"


def _table(findings: Sequence[Finding], *, brief: bool) -> Table:
    """Return a line a finding: its cell, how much it matters, what is there, the nearest fix."""
    from rich.table import Table
    from rich.text import Text

    from planner.workbook.findings import sentence

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for whole in (True, True, False):
        table.add_column(overflow="fold", no_wrap=whole)
    for finding in findings:
        wanted = shortened(finding.expected) if brief else finding.expected
        text = sentence(replace(finding, expected=wanted))
        table.add_row(
            Text(f"  {plain(finding.place) or '-'}"),
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            Text(plain(text)),
        )
    return table
