"""The first page of a plan or a study on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from planner.render.words import cut, terminal_safe

if TYPE_CHECKING:
    from planner.render.front import FirstPage
    from planner.render.table import Table, TableColumn

UNLIMITED = 1_000_000
MOST_LINES, MOST_WIDE = 25, 120
"""Lines, and characters in a line, that a command prints about a plan or a study."""


def show_front(page: FirstPage, last: Sequence[str], *, verbose: bool = False) -> None:
    """Print a first page: title, answer, what to decide, as much of the table as fits, its legend.

    ``last`` are the lines at the end: what is odd, and where the file is. With ``verbose``,
    figures, cautions and the whole table are printed, too.
    """
    from planner.render.front import DECIDE

    click.secho(cut(terminal_safe(page.title), MOST_WIDE), bold=True, err=True)
    said = list(page.findings) if verbose else [*page.of("answer"), *page.of("decide")]
    texts = [f"{each.name}: {each.text}" if each.name else each.text for each in said]
    decide = next((i for i, each in enumerate(said) if each.place == "decide"), None)
    if decide is not None:
        texts[decide] = f"{DECIDE}: {texts[decide]}"
    lines = [part for text in texts for part in wrap(terminal_safe(text), MOST_WIDE)]
    last = [
        part
        for each in last
        for part in (wrap(each, MOST_WIDE) if each.startswith("Note") else each.split("\n"))
    ]
    below = [page.proof] if page.proof else []
    if page.table is not None and len(page.table) and page.legend:
        below.append(page.legend)
    lines += [part for text in below for part in wrap(text, MOST_WIDE)]
    for each in lines:
        click.echo(each, err=True)
    room = UNLIMITED if verbose else MOST_LINES - 1 - len(lines) - len(last)
    if page.table is not None and len(page.table):
        for each in _rows_of(page.table, room):
            click.echo(each, err=True)
    for each in last:
        click.echo(each, err=True)


def _rows_of(table: Table, room: int) -> list[str]:
    """Return a table as at most ``room`` lines: headers on several lines, and the first rows."""
    columns = list(table.columns)
    cells = [_cells(c) for c in columns]
    count, most = len(columns), 10
    words = [max(map(len, c.header.split()), default=0) for c in columns]
    widths = [max([most, word, *map(len, of)]) for word, of in zip(words, cells, strict=True)]
    while count > 1 and sum(widths[:count]) + 2 * (count - 1) > MOST_WIDE:
        widest = max(range(count), key=lambda i: widths[i])
        if widths[widest] > 2 * most:
            widths[widest] -= 1
        else:
            count -= 1
    heads = [wrap(c.header, widths[i]) for i, c in enumerate(columns[:count])]
    height = max(map(len, heads))
    heads = [[""] * (height - len(head)) + head for head in heads]
    left = max(1, room - height - (len(table) > room - height))
    body = [[cut(of[r], w) for of, w in zip(cells, widths, strict=True)] for r in range(len(table))]
    every = [*zip(*heads, strict=True), *(row[:count] for row in body[:left])]
    is_text = [c.look.is_text for c in columns]
    lines = [
        "  ".join(
            f"{text:<{w}}" if of_text else f"{text:>{w}}"
            for text, w, of_text in zip(row, widths, is_text, strict=False)
        ).rstrip()
        for row in every
    ]
    more = len(table) - left
    return [*lines, f"and {more:,} more: {table.name}"] if more > 0 else lines


def _cells(column: TableColumn) -> list[str]:
    """Return cells with three digits, and without the unit, which the header or a column has."""
    from models.results import Look
    from planner.render.claims import text_of

    looks = column.looks or [column.look] * len(column.values)
    return [
        f"{float(f'{value:z.3g}'):,.10g}" if look is Look.MILLIONS and isinstance(value, float)
        else terminal_safe(text_of(value, look))
        for value, look in zip(column.values, looks, strict=True)
    ]  # fmt: skip
