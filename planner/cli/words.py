"""Lines on the terminal: labels, rows of a table, and the findings on a workbook."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from models.errors import Finding, Severity
from planner.cli.front import MOST_WIDE
from planner.render.words import number_of, terminal_safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from planner.workbook import DefaultUsed

MOST_FINDINGS = 200
"""Largest number of findings listed; the others are counted."""

MOST_CHOICES = 5
"""Largest number of a cell's allowed values that a terminal shows; a file lists them all."""

UNLIMITED_WIDTH = 10_000
"""Width of output that is not a terminal: each finding stays on one line, for grep."""

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def line(label: str, text: str, colour: str | None = None, *, of_label: bool = False) -> None:
    """Print label and text on stderr; ``colour`` applies to the text, or to the label."""
    label = f"{label:<13}"
    if of_label:
        label = click.style(label, fg=colour)
    elif colour is not None:
        text = click.style(text, fg=colour)
    click.echo(f"{label} {text}", err=True)


def row(name: str, cells: Iterable[str], wide: int, each: int, more: str = "") -> None:
    """Print a name in ``wide`` characters, each cell right-aligned in ``each``, and ``more``."""
    click.echo(f"{name:<{wide}}{''.join(f'{cell:>{each}}' for cell in cells)}{more}", err=True)


def show_some(findings: Sequence[Finding], most: int, rest: str) -> None:
    """List the first findings and count the others; ``rest`` says where those are listed."""
    from planner.workbook.findings import sentence

    for finding in findings[:most]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {terminal_safe(place + sentence(finding))}", err=True)
    if len(findings) > most:
        click.echo(f"  and {len(findings) - most:,} more{rest}", err=True)


def show_warnings(findings: Sequence[Finding], file: Path | None) -> None:
    """Count the warnings on an input, and name the command that lists them."""
    if findings:
        line("Warnings", warned(findings, file), "yellow")


def warned(findings: Sequence[Finding], file: Path | None) -> str:
    """Return how many warnings an input has, what they mean, and the command that shows them."""
    count = f"The input has {number_of(len(findings), 'warning')}: allowed, but perhaps a slip"
    if file is None:
        return f"{count}."
    command = f"planner check {shlex.quote(str(file))}"
    text = f"{count}. See {'it' if len(findings) == 1 else 'them'} with {command}"
    return text if len(text) <= MOST_WIDE else text.replace(" with ", " with:\n", 1)


def console(stream: TextIO) -> Console:
    """Return a console that wraps lines only on a terminal."""
    from rich.console import Console

    class Screen(Console):
        """A console that lets ``main`` handle a broken pipe."""

        def on_broken_pipe(self) -> None:
            """Raise the error again; rich would exit with 1, the code for errors in a workbook."""
            raise  # noqa: PLE0704 - rich calls this as it handles the BrokenPipeError

    screen = Screen(file=stream, highlight=False, emoji=False)
    if not screen.is_terminal:
        screen.width = UNLIMITED_WIDTH
    return screen


def show_findings(file: Path, findings: Iterable[Finding], *, err: bool = False) -> None:
    """List findings by sheet, and count errors and warnings in the last line."""
    from rich.text import Text

    from planner.workbook.findings import Layout

    screen = console(sys.stderr if err else sys.stdout)
    ordered = Layout().in_order(findings)
    for sheet, group in groupby(ordered[:MOST_FINDINGS], key=lambda f: f.sheet):
        screen.print(Text(terminal_safe(sheet) or "Workbook", style="bold"))
        screen.print(_table(list(group), brief=screen.is_terminal))
    if len(ordered) > MOST_FINDINGS:
        screen.print(f"... and {len(ordered) - MOST_FINDINGS:,} more", markup=False)
    errors = sum(f.severity is Severity.ERROR for f in ordered)
    count = f"{number_of(errors, 'error')}, {number_of(len(ordered) - errors, 'warning')}"
    screen.print(f"{file}: {count}", markup=False, soft_wrap=True)


def show_defaults(defaults: Sequence[DefaultUsed]) -> None:
    """Print how many blank cells took a default; the plan's sheet Checks lists them by column."""
    cells = sum(default.cells for default in defaults)
    if cells:
        columns = number_of(len(defaults), "column")
        click.echo(f"{number_of(cells, 'blank cell')} in {columns} took the default")


def shortened(expected: str) -> str:
    """Return a long list of values, ``a, b, c or d``, with only its first few."""
    values = re.split(r", | or ", expected)
    if " or " not in expected or len(values) <= MOST_CHOICES + 1:
        return expected
    return f"{', '.join(values[:MOST_CHOICES])}, ... ({len(values)} in all)"


def _table(findings: Sequence[Finding], *, brief: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    from planner.workbook.findings import sentence

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for no_wrap in (True, True, False):
        table.add_column(overflow="fold", no_wrap=no_wrap)
    for finding in findings:
        wanted = shortened(finding.expected) if brief else finding.expected
        text = sentence(replace(finding, expected=wanted))
        table.add_row(
            Text(f"  {terminal_safe(finding.place) or '-'}"),
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            Text(terminal_safe(text)),
        )
    return table
