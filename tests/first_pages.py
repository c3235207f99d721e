"""The budgets of first pages and terminals, and what exceeds them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from planner.cli.words import show_front
from planner.render.front import DECIDE, MOST, WITH_CARE, FirstPage

WORDS, NUMBERS, COLUMNS, SENTENCE, LINES, WIDE = 160, 20, 9, 20, 25, 120
"""Most words and numbers outside the table, columns, words of a sentence; lines of a terminal, and
characters of a line."""
_NUMBER, _YEAR = re.compile(r"(?<!\w)\d(?:[\d.,]*\d)?"), re.compile(r"(?:19|20|21)\d\d")
_LAST = ("Note", "Warnings", "Workbook")
"""What a command prints below a page."""


def sizes(page: FirstPage) -> dict[str, int]:
    """Return how much a page says, by the name of its budget."""
    said = [part for s in page.findings for part in (s.name, s.number, s.text)]
    fixed = (
        page.title,
        page.made_by,
        page.question,
        page.proof,
        page.table_note,
        page.rest_of_table,
        DECIDE,
        WITH_CARE,
    )
    text = " ".join((*fixed, *said))
    sentences = (part for s in page.findings for part in re.split(r"(?<=[.?!:;]) ", s.text))
    return {
        "words": len(text.split()),
        "numbers": sum(not _YEAR.fullmatch(n) for n in _NUMBER.findall(text)),
        "columns": 0 if page.table is None else len(page.table.columns),
        "sentence": max((len(each.split()) for each in sentences), default=0),
    }


def over_budget(page: FirstPage, printed: list[str]) -> Iterator[str]:
    """Yield what exceeds a budget; ``printed`` are the lines that a terminal shows of the page."""
    most = {"words": WORDS, "numbers": NUMBERS, "columns": COLUMNS, "sentence": SENTENCE}
    for name, size in sizes(page).items():
        if size > most[name]:
            yield f"{size} {name} for {most[name]}"
    if len(printed) > LINES:
        yield f"{len(printed)} lines"
    yield from (f"wide: {line}" for line in printed if len(line) > WIDE)
    for place, count in MOST.items():
        if len(page.of(place)) > count:
            yield f"{len(page.of(place))} sentences of {place}"


def printed_of(page: FirstPage) -> list[str]:
    """Return the lines that a terminal shows of a page."""
    lines: list[str] = []
    was = click.echo, click.secho
    click.echo = click.secho = lambda text="", **_: lines.append(str(text))  # type: ignore[assignment]
    try:
        show_front(page, _LAST)
    finally:
        click.echo, click.secho = was  # type: ignore[assignment]
    return lines
