"""A report as one HTML file that contains styles, charts and their library; reports in one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from models.results import Figure
from planner.render.html import hash_of, json_of, render
from planner.render.words import listed, uncapitalized
from planner.report.part import Choice, Facts, ReportPage, ReportSection, View
from planner.report.world import outlines
from planner.studies.kind import KeyFigure


def html_of(page: ReportPage) -> str:
    """Return the page's HTML.

    Its Content-Security-Policy allows only the page's own two scripts, by their hashes, and no
    network access, so that text from the input can never run.
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
        data=json_of([_data(part) for part in page.parts if part.is_drawn]),
        outlines=json_of(outlines()) if _has_map(page) else "",
        library=library,
        script=script,
    )


def _has_map(page: ReportPage) -> bool:
    plots = (p for part in page.parts for view in part.views.values() for p in view.plots)
    return any(trace.type == "choropleth" for p in plots for trace in p.figure.data)


def _own(name: str) -> str:
    return files("planner.report").joinpath(name).read_text(encoding="utf-8")


# ---- the data of the charts ----------------------------------------------------------------------


def _data(part: ReportSection) -> dict[str, object]:
    return {
        "key": part.key,
        "first": _name(part.first_choice),
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
    data = figure.to_plotly_json()
    data["layout"].pop("template", None)
    return {"data": data["data"], "layout": data["layout"]}


# ---- a plan and its studies ----------------------------------------------------------------------


def combined_page(first: ReportPage, further: Sequence[ReportPage]) -> ReportPage:
    """Return one page with the sections of the first page, followed by those of the further pages.

    Names of a further page's sections start with its kind. Its first headline, the answer, is
    shown; the others are behind a click. A note says which pages were made from another input;
    notes that several pages have are shown once.
    """
    if not further:
        return first
    unsound = [f"{page.kind}: {page.verdict}" for page in further if not page.sound]
    return replace(
        first,
        verdict=". ".join([first.verdict.rstrip("."), *unsound]) if unsound else first.verdict,
        sound=first.sound and not unsound,
        headlines=(*first.headlines, *(h for p in further for h in _named(p, p.headlines[:1]))),
        further=tuple(h for p in further for h in _named(p, p.headlines[1:])),
        parts=(*first.parts, *(p for n, page in enumerate(further, 1) for p in _parts(page, n))),
        about=_about(first, further),
        notes=tuple(dict.fromkeys((*first.notes, *_notes_of(first, further)))),
    )


def _named(page: ReportPage, headlines: Sequence[KeyFigure]) -> Iterator[KeyFigure]:
    return (replace(h, name=f"{page.kind}: {h.name}") for h in headlines)


def _parts(page: ReportPage, number: int) -> Iterator[ReportSection]:
    finding = " ".join(filter(None, (page.question, page.finding)))
    for part in page.parts:
        heading = f"{page.kind}: {uncapitalized(part.heading)}"
        lead = " ".join(filter(None, (finding, part.lead)))
        yield replace(part, key=f"study{number}-{part.key}", heading=heading, lead=lead)
        finding = ""


def _notes_of(first: ReportPage, further: Sequence[ReportPage]) -> Iterator[str]:
    """Yield the notes of the further pages; a note of several pages names all of them."""
    kinds: dict[str, list[str]] = {}
    for page in further:
        for note in dict.fromkeys(_notes(first, page)):
            if note not in first.notes:
                kinds.setdefault(note, []).append(page.kind)
    yield from (f"{listed(dict.fromkeys(names))}: {note}" for note, names in kinds.items())


def _notes(first: ReportPage, page: ReportPage) -> Iterator[str]:
    if _input(page) != _input(first):
        yield "made from another input than the plan above, so the numbers may not agree."
    if page.sound:
        yield page.verdict
    yield from page.notes


def _input(page: ReportPage) -> str:
    return next((value for name, value in page.about.rows if name == Figure.INPUT_SHA256), "")


def _about(first: ReportPage, further: Sequence[ReportPage]) -> Facts:
    rows = [(f"{page.kind}: {name}", value) for page in further for name, value in page.about.rows]
    return replace(first.about, rows=(*first.about.rows, *rows))
