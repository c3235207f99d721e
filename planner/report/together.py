"""A plan and studies of the same input in one report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.results import Figure
from planner.report.part import Facts, Headline, Page, Part

_INPUT = Figure.INPUT_SHA256


def together(first: Page, further: Sequence[Page]) -> Page:
    """Return the first page with the parts of the further ones after its own.

    What is of a further page says so in its name. A note tells which were made from another input.
    """
    if not further:
        return first
    unsound = [f"{page.kind}: {page.verdict}" for page in further if not page.sound]
    return replace(
        first,
        verdict=". ".join([first.verdict.rstrip("."), *unsound]) if unsound else first.verdict,
        sound=first.sound and not unsound,
        headlines=(*first.headlines, *(h for page in further for h in _headlines(page))),
        parts=(*first.parts, *(p for n, page in enumerate(further, 1) for p in _parts(page, n))),
        about=_about(first, further),
        notes=(*first.notes, *(note for page in further for note in _notes(first, page))),
    )


def _headlines(page: Page) -> Iterator[Headline]:
    for headline in page.headlines:
        yield replace(headline, name=f"{page.kind}: {headline.name}")


def _parts(page: Page, number: int) -> Iterator[Part]:
    for part in page.parts:
        heading = f"{page.kind}: {part.heading[:1].lower()}{part.heading[1:]}"
        yield replace(part, key=f"study{number}-{part.key}", heading=heading)


def _notes(first: Page, page: Page) -> Iterator[str]:
    if _input(page) != _input(first):
        yield (
            f"{page.kind}: it was made from another input than what stands first here, so their "
            "numbers need not agree."
        )
    if page.sound:
        yield f"{page.kind}: {page.verdict}"
    yield from (f"{page.kind}: {note}" for note in page.notes)


def _input(page: Page) -> str:
    return next((value for what, value in page.about.rows if what == _INPUT), "")


def _about(first: Page, further: Sequence[Page]) -> Facts:
    rows = [(f"{page.kind}: {what}", value) for page in further for what, value in page.about.rows]
    return replace(first.about, rows=(*first.about.rows, *rows))
