"""A report as one HTML file, styles, charts and their library inside; several reports in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from models.results import Figure
from planner.render.html import hash_of, json_of, render
from planner.report.part import Choice, Facts, Page, Part, View
from planner.report.world import outlines


def html_of(page: Page) -> str:
    """Return the page's HTML.

    Its policy lets run only the two scripts that it brings, known by their hashes, and fetch
    nothing: whatever a name of the input says, it is text.
    """
    from plotly.offline import get_plotlyjs

    script, library = _own("page.js"), get_plotlyjs()
    return render(
        "report.html",
        page=page,
        policy=(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
            f"script-src {hash_of(library)} {hash_of(script)}; base-uri 'none'; form-action 'none'"
        ),
        style=_own("page.css"),
        data=json_of([_data(part) for part in page.parts if part.view.plots]),
        outlines=json_of(outlines()) if _has_map(page) else "",
        library=library,
        script=script,
    )


def _has_map(page: Page) -> bool:
    plots = (p for part in page.parts for view in part.views.values() for p in view.plots)
    return any(trace.type == "choropleth" for p in plots for trace in p.figure.data)


def _own(name: str) -> str:
    return files("planner.report").joinpath(name).read_text(encoding="utf-8")


# ---- what the charts are drawn from -------------------------------------------------------------


def _data(part: Part) -> dict[str, object]:
    return {
        "key": part.key,
        "first": _name(part.chosen),
        "views": {_name(choice): _view(view) for choice, view in part.views.items()},
    }


def _name(choice: Choice) -> str:
    return "-".join(map(str, choice))


def _view(view: View) -> dict[str, object]:
    return {
        "plots": [
            {
                "title": p.title,
                "alt": p.alt,
                "height": p.height,
                "width": p.width,
                "figure": _figure(p.figure),
            }
            for p in view.plots
        ],
        "facts": {
            "headers": view.facts.headers,
            "rows": view.facts.rows,
            "numeric": sorted(view.facts.numeric),
        },
    }


def _figure(figure: Any) -> dict[str, object]:
    made = figure.to_plotly_json()
    made["layout"].pop("template", None)
    return {"data": made["data"], "layout": made["layout"]}


# ---- a plan and its studies ----------------------------------------------------------------------


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
        headlines=(
            *first.headlines,
            *(replace(h, name=f"{p.kind}: {h.name}") for p in further for h in p.headlines),
        ),
        parts=(*first.parts, *(p for n, page in enumerate(further, 1) for p in _parts(page, n))),
        about=_about(first, further),
        notes=(*first.notes, *(note for page in further for note in _notes(first, page))),
    )


def _parts(page: Page, number: int) -> Iterator[Part]:
    found = " ".join(filter(None, (page.question, page.finding)))
    for part in page.parts:
        heading = f"{page.kind}: {part.heading[:1].lower()}{part.heading[1:]}"
        lead = " ".join(filter(None, (found, part.lead)))
        yield replace(part, key=f"study{number}-{part.key}", heading=heading, lead=lead)
        found = ""


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
    return next((value for what, value in page.about.rows if what == Figure.INPUT_SHA256), "")


def _about(first: Page, further: Sequence[Page]) -> Facts:
    rows = [(f"{page.kind}: {what}", value) for page in further for what, value in page.about.rows]
    return replace(first.about, rows=(*first.about.rows, *rows))
