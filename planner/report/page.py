"""A report as one HTML file: its sections, with their charts and tables, styles and scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from models.results import Figure
from planner.render import chart, plotly, words
from planner.render.facts import Facts
from planner.render.front import CARE, DECIDE, MOST_ROWS, FirstPage
from planner.render.html import hash_of, json_of, render
from planner.report.world import outlines

Choice = tuple[int, ...]
"""The chosen option of each selector, counted from 0."""


@dataclass(frozen=True)
class Plot:
    """One chart: a Plotly figure, its alternative text, its height in pixels.

    If there is less room than ``width`` pixels, the chart scrolls.
    """

    title: str
    figure: Any
    alt: str
    height: int = 320
    width: int = 240


_LARGE, _SMALL, _AXES, _BAR, _LINE, _NAMES, _CELL = 320, 240, 110, 34, 16, 100, 28
"""Heights in pixels: of large and small charts; of a bar chart's axes, each bar and each line of a
name; of a heat map's column names and each row."""


def plot(picture: chart.Picture, alt: str) -> Plot:
    height, figure = _SMALL if picture.small else _LARGE, plotly.figure_of(picture)
    if picture.form is chart.Form.HEAT:
        wide = plotly.heat_width(picture.categories)
        return Plot(picture.title, figure, alt, _NAMES + _CELL * len(picture.distinct), wide)
    if picture.form in {chart.Form.BARS, chart.Form.ROWS}:
        side_by_side = len(picture.series) if picture.form is chart.Form.ROWS else 1
        lines = max((len(plotly.name_lines(name)) for name in picture.categories), default=1)
        height = _AXES + max(_BAR * side_by_side, _LINE * lines + 4) * len(picture)
    return Plot(picture.title, figure, alt, height)


@dataclass(frozen=True)
class View:
    """The content below the selectors: charts, and the table of their numbers."""

    plots: tuple[Plot, ...]
    facts: Facts


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    ``front`` is the first page that it shows, with the chart and the table of its only view.
    ``selectors`` are lists of options by label; ``views`` has a view for each combination of
    options, or only ``()`` without selectors. ``blocks`` are further tables. ``small`` charts are
    shown side by side. ``is_open`` shows the table at once. ``key`` is the word in links to the
    section.
    """

    key: str
    heading: str
    lead: str
    views: Mapping[Choice, View]
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    small: bool = False
    blocks: tuple[Facts, ...] = ()
    front: FirstPage | None = None
    is_open: bool = False

    @property
    def first_choice(self) -> Choice:
        return next(iter(self.views))

    @property
    def view(self) -> View:
        return self.views[self.first_choice]

    @property
    def is_drawn(self) -> bool:
        return any(view.plots for view in self.views.values())


@dataclass(frozen=True)
class ReportPage:
    """A complete report.

    ``fronts`` are the first page, and those of a plan's studies. ``made_by`` is the scenario and
    the options; ``verdict`` says whether all is proven, and ``sound`` is True if so; ``notes`` come
    after the first pages; ``about`` lists file, input and versions.
    """

    kind: str
    fronts: tuple[ReportSection, ...]
    made_by: str
    verdict: str
    sound: bool
    parts: tuple[ReportSection, ...]
    about: Facts
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def front(self) -> FirstPage:
        """The first page."""
        return next(each.front for each in self.fronts if each.front is not None)

    @property
    def title(self) -> str:
        return self.front.title


def html_of(page: ReportPage) -> str:
    """Return the page's HTML.

    Its Content-Security-Policy allows only the page's own two scripts, by their hashes, and no
    network access, so that text from the input can never run.
    """
    script, library = _own("page.js"), _own("plotly/plotly.min.js")
    drawn = [
        {
            "key": part.key,
            "first": _name(part.first_choice),
            "views": {_name(choice): _view(view) for choice, view in part.views.items()},
        }
        for part in (*page.fronts, *page.parts)
        if part.is_drawn
    ]
    plots = [p for part in page.parts for view in part.views.values() for p in view.plots]
    has_map = any(trace.type == "choropleth" for p in plots for trace in p.figure.data)
    return render(
        "report.html",
        page=page,
        decide=DECIDE,
        care=CARE,
        most=MOST_ROWS,
        policy=(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
            f"script-src {hash_of(library)} {hash_of(script)}; base-uri 'none'; form-action 'none'"
        ),
        style=_own("page.css"),
        data=json_of(drawn),
        outlines=json_of(outlines()) if has_map else "",
        library=library,
        script=script,
    )


def _own(name: str) -> str:
    return files("planner.report").joinpath(name).read_text(encoding="utf-8")


# ---- the data of the charts ----------------------------------------------------------------------


def _name(choice: Choice) -> str:
    return "-".join(map(str, choice))


def _view(view: View) -> dict[str, object]:
    plots = []
    for p in view.plots:
        drawn = p.figure.to_plotly_json()
        drawn["layout"].pop("template", None)
        shown = {name: getattr(p, name) for name in ("title", "alt", "height", "width")}
        plots.append(shown | {"figure": {name: drawn[name] for name in ("data", "layout")}})
    facts = [
        {"headers": each.headers, "rows": each.rows, "numeric": sorted(each.numeric)}
        for each in view.facts.side_by_side
    ]
    return {"plots": plots, "facts": facts}


# ---- a plan and its studies ----------------------------------------------------------------------


def combined_page(first: ReportPage, further: Sequence[ReportPage]) -> ReportPage:
    """Return one page with the sections of the first page, followed by those of the further pages.

    Names of a further page's sections start with its kind. A note says which pages were made from
    another input; notes that several pages have are shown once.
    """
    if not further:
        return first
    unsound = [f"{page.kind}: {page.verdict}" for page in further if not page.sound]
    rows = [(f"{page.kind}: {name}", value) for page in further for name, value in page.about.rows]
    fronts = (replace(part, key=f"study{number}-{part.key}", heading=page.kind)
              for number, page in enumerate(further, 1) for part in page.fronts)  # fmt: skip
    return replace(
        first,
        fronts=(*first.fronts, *fronts),
        verdict=". ".join([first.verdict.rstrip("."), *unsound]) if unsound else first.verdict,
        sound=first.sound and not unsound,
        parts=(*first.parts, *(p for n, page in enumerate(further, 1) for p in _parts(page, n))),
        about=replace(first.about, rows=(*first.about.rows, *rows)),
        notes=tuple(dict.fromkeys((*first.notes, *_notes_of(first, further)))),
    )


def _parts(page: ReportPage, number: int) -> Iterator[ReportSection]:
    for part in page.parts:
        heading = f"{page.kind}: {words.uncapitalized(part.heading)}"
        yield replace(part, key=f"study{number}-{part.key}", heading=heading)


def _notes_of(first: ReportPage, further: Sequence[ReportPage]) -> Iterator[str]:
    """Yield the notes of the further pages; a note of several pages names all of them."""
    kinds: dict[str, list[str]] = {}
    for page in further:
        other = "made from another input than the plan above, so the numbers may not agree."
        given = [other] if _input(page) != _input(first) else []
        given += [page.verdict] if page.sound else []
        for note in dict.fromkeys((*given, *page.notes)):
            if note not in first.notes:
                kinds.setdefault(note, []).append(page.kind)
    yield from (f"{words.listed(dict.fromkeys(names))}: {note}" for note, names in kinds.items())


def _input(page: ReportPage) -> str:
    return next((value for name, value in page.about.rows if name == Figure.INPUT_SHA256), "")
