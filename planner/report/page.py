"""A report as one HTML file: its sections, with their charts and tables, styles and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from models.results import Field, Figure, Result
from planner.render import chart, plotly, table, words
from planner.render.front import FirstPage
from planner.render.html import hash_of, json_of, render
from planner.report.world import outlines

Choice = tuple[int, ...]
"""The chosen option of each selector, counted from 0."""


@dataclass(frozen=True)
class Facts:
    """A table of texts; ``numeric`` are the positions of columns of numbers.

    A table that does not belong to a chart has a ``heading``, and may have a ``note``.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    heading: str = ""
    note: str = ""


def facts_of(result: Result, *fields: Field, country: Callable[[str], str] = str) -> Facts:
    """Return some fields of a result, or all, as a table of texts."""
    columns = table.table_of(result, country).columns
    names = [f.name for f in result.fields]
    return facts_of_columns(
        [columns[names.index(f.name)] for f in fields or result.fields if f.name in names]
    )


def facts_of_columns(chosen: Sequence[table.TableColumn]) -> Facts:
    """Return columns of a sheet as a table of texts."""
    looks = (c.looks or [c.look] * len(c.values) for c in chosen)
    cells = [map(table.shown, c.values, each) for c, each in zip(chosen, looks, strict=True)]
    is_number = [not c.look.is_text or any(map(words.known, c.values)) for c in chosen]
    numeric = frozenset(i for i, is_one in enumerate(is_number) if is_one)
    return Facts(tuple(c.header for c in chosen), tuple(zip(*cells, strict=True)), numeric)


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


_LARGE, _SMALL, _AXES, _BAR, _NAMES, _CELL = 320, 240, 110, 34, 100, 28
"""Heights in pixels: of large and small charts; of a bar chart's axes and each bar; of a heat map's
column names and each row."""


def plot(picture: chart.Picture, alt: str) -> Plot:
    height, figure = _SMALL if picture.small else _LARGE, plotly.figure_of(picture)
    if picture.form is chart.Form.HEAT:
        wide = plotly.heat_width(picture.categories)
        return Plot(picture.title, figure, alt, _NAMES + _CELL * len(picture.distinct), wide)
    if picture.form in {chart.Form.BARS, chart.Form.ROWS}:
        side_by_side = len(picture.series) if picture.form is chart.Form.ROWS else 1
        height = _AXES + _BAR * len(picture) * side_by_side
    return Plot(picture.title, figure, alt, height)


@dataclass(frozen=True)
class View:
    """The content below the selectors: charts, and the table of their numbers."""

    plots: tuple[Plot, ...]
    facts: Facts


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    ``selectors`` are lists of options by label; ``views`` has a view for each combination of
    options, or only ``()`` without selectors. ``blocks`` are further tables. ``small`` charts are
    shown side by side. ``key`` is the word in links to the section.
    """

    key: str
    heading: str
    lead: str
    views: Mapping[Choice, View]
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    small: bool = False
    blocks: tuple[Facts, ...] = ()

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

    ``front`` is the first page; ``made_by`` is the scenario and the options; ``verdict`` says
    whether all is proven, and ``sound`` is True if so; ``notes`` come after what to read with care;
    ``about`` lists file, input and versions. ``further`` are the first pages of a plan's studies,
    by their kinds.
    """

    kind: str
    front: FirstPage
    made_by: str
    verdict: str
    sound: bool
    parts: tuple[ReportSection, ...]
    about: Facts
    notes: Sequence[str] = field(default_factory=tuple)
    further: tuple[tuple[str, FirstPage], ...] = ()

    @property
    def title(self) -> str:
        return self.front.title

    @property
    def table(self) -> Facts | None:
        """The first page's table."""
        shown = self.front.table
        return None if shown is None or not len(shown) else facts_of_columns(shown.columns)


def html_of(page: ReportPage) -> str:
    """Return the page's HTML.

    Its Content-Security-Policy allows only the page's own two scripts, by their hashes, and no
    network access, so that text from the input can never run.
    """
    from plotly.offline import get_plotlyjs

    script, library = _own("page.js"), get_plotlyjs()
    drawn = [
        {
            "key": part.key,
            "first": _name(part.first_choice),
            "views": {_name(choice): _view(view) for choice, view in part.views.items()},
        }
        for part in page.parts
        if part.is_drawn
    ]
    plots = [p for part in page.parts for view in part.views.values() for p in view.plots]
    has_map = any(trace.type == "choropleth" for p in plots for trace in p.figure.data)
    return render(
        "report.html",
        page=page,
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
    plots, facts = [], view.facts
    for p in view.plots:
        drawn = p.figure.to_plotly_json()
        drawn["layout"].pop("template", None)
        shown = {name: getattr(p, name) for name in ("title", "alt", "height", "width")}
        plots.append(shown | {"figure": {name: drawn[name] for name in ("data", "layout")}})
    numbers = {"headers": facts.headers, "rows": facts.rows, "numeric": sorted(facts.numeric)}
    return {"plots": plots, "facts": numbers}


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
    return replace(
        first,
        verdict=". ".join([first.verdict.rstrip("."), *unsound]) if unsound else first.verdict,
        sound=first.sound and not unsound,
        further=tuple((page.kind, page.front) for page in further),
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
