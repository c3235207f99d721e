"""What commands print: lines with labels, first pages, and the findings on a workbook."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, TextIO

import click

from models.errors import Finding, Severity
from planner.render.words import number_of, terminal_safe, truncated

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as TerminalTable

    from planner.render.front import FirstPage
    from planner.render.table import Table, TableColumn
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


def print_row(name: str, cells: Iterable[str], wide: int, each: int) -> None:
    """Print a name in ``wide`` characters, and each cell right-aligned in ``each``."""
    click.echo(f"{name:<{wide}}{''.join(f'{cell:>{each}}' for cell in cells)}", err=True)


def show_some(findings: Sequence[Finding], most: int, rest: str) -> None:
    """List the first findings and count the others; ``rest`` says where those are listed."""
    from planner.workbook.findings import sentence

    for finding in findings[:most]:
        cell = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {terminal_safe(cell + sentence(finding))}", err=True)
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
    ordered = Layout().sorted_by_cell(findings)
    for sheet, group in groupby(ordered[:MOST_FINDINGS], key=lambda f: f.sheet):
        screen.print(Text(terminal_safe(sheet) or "Workbook", style="bold"))
        screen.print(_findings_table(list(group), brief=screen.is_terminal))
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


def first_values(expected: str) -> str:
    """Return a long list of values, ``a, b, c or d``, with only its first few."""
    values = re.split(r", | or ", expected)
    if " or " not in expected or len(values) <= MOST_CHOICES + 1:
        return expected
    return f"{', '.join(values[:MOST_CHOICES])}, ... ({len(values)} in all)"


def _findings_table(findings: Sequence[Finding], *, brief: bool) -> TerminalTable:
    from rich.table import Table
    from rich.text import Text

    from planner.workbook.findings import sentence

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for no_wrap in (True, True, False):
        table.add_column(overflow="fold", no_wrap=no_wrap)
    for finding in findings:
        wanted = first_values(finding.expected) if brief else finding.expected
        text = sentence(replace(finding, expected=wanted))
        table.add_row(
            Text(f"  {terminal_safe(finding.place) or '-'}"),
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            Text(terminal_safe(text)),
        )
    return table


UNLIMITED = 1_000_000
MOST_LINES, MOST_WIDE = 25, 120
"""Lines, and characters in a line, that a command prints about a plan or a study."""


def show_front(page: FirstPage, last: Sequence[str], *, verbose: bool = False) -> None:
    """Print a first page: title, answer, what to decide, as much of the table as fits, its note.

    ``last`` are the lines at the end: what is odd, and where the file is. With ``verbose``,
    figures, cautions and the whole table are printed, too.
    """
    from planner.render.front import DECIDE

    click.secho(truncated(terminal_safe(page.title), MOST_WIDE), bold=True, err=True)
    sentences = list(page.findings) if verbose else [*page.of("answer"), *page.of("decide")]
    texts = [f"{each.name}: {each.text}" if each.name else each.text for each in sentences]
    decide = next((i for i, each in enumerate(sentences) if each.place == "decide"), None)
    if decide is not None:
        texts[decide] = f"{DECIDE}: {texts[decide]}"
    lines = [part for text in texts for part in wrap(terminal_safe(text), MOST_WIDE)]
    last = [
        part
        for each in last
        for part in (wrap(each, MOST_WIDE) if each.startswith("Note") else each.split("\n"))
    ]
    below = [page.proof] if page.proof else []
    if page.table is not None and len(page.table) and page.table_note:
        below.append(page.table_note)
    lines += [part for text in below for part in wrap(text, MOST_WIDE)]
    for each in lines:
        click.echo(each, err=True)
    room = UNLIMITED if verbose else MOST_LINES - 1 - len(lines) - len(last)
    if page.table is not None and len(page.table):
        for each in _table_lines(page.table, room):
            click.echo(each, err=True)
    for each in last:
        click.echo(each, err=True)


def _table_lines(table: Table, room: int) -> list[str]:
    """Return a table as at most ``room`` lines: headers on several lines, and the first rows."""
    columns = list(table.columns)
    cells = [_rounded_cells(c) for c in columns]
    count, least_width = len(columns), 10
    longest_words = [max(map(len, c.header.split()), default=0) for c in columns]
    widths = [
        max([least_width, word, *map(len, texts)])
        for word, texts in zip(longest_words, cells, strict=True)
    ]
    while count > 1 and sum(widths[:count]) + 2 * (count - 1) > MOST_WIDE:
        widest = max(range(count), key=lambda i: widths[i])
        if widths[widest] > 2 * least_width:
            widths[widest] -= 1
        else:
            count -= 1
    heads = [wrap(c.header, widths[i]) for i, c in enumerate(columns[:count])]
    height = max(map(len, heads))
    heads = [[""] * (height - len(head)) + head for head in heads]
    shown = max(1, room - height - (len(table) > room - height))
    body = [
        [truncated(column[r], w) for column, w in zip(cells, widths, strict=True)]
        for r in range(len(table))
    ]
    rows = [*zip(*heads, strict=True), *(row[:count] for row in body[:shown])]
    is_text = [c.fmt.is_text for c in columns]
    lines = [
        "  ".join(
            f"{text:<{w}}" if of_text else f"{text:>{w}}"
            for text, w, of_text in zip(row, widths, is_text, strict=False)
        ).rstrip()
        for row in rows
    ]
    more = len(table) - shown
    return [*lines, f"and {more:,} more: {table.name}"] if more > 0 else lines


def _rounded_cells(column: TableColumn) -> list[str]:
    """Return cells with three digits, and without the unit, which the header or a column has."""
    from models.results import Format
    from planner.render.claims import text_of

    formats = column.formats or [column.fmt] * len(column.values)
    return [
        f"{float(f'{value:z.3g}'):,.10g}" if fmt is Format.MILLIONS and isinstance(value, float)
        else terminal_safe(text_of(value, fmt))
        for value, fmt in zip(column.values, formats, strict=True)
    ]  # fmt: skip
