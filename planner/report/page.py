"""A report as one HTML file: its sections, with their charts and tables, styles and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from models.errors import UsageError
from models.results import About, Figure, Runs
from models.results import Figure as Measure
from planner.render import chart, plotly, table, words
from planner.render.chart import is_worth_drawing
from planner.render.front import DECIDE, MOST_ROWS, WITH_CARE, FirstPage
from planner.render.html import hash_of, json_of, render
from planner.render.table import Facts, facts_of, facts_of_columns
from planner.studies import kind_of
from planner.studies.kind import Section, StudyKind, Tables
from planner.workbook.plan_file import StudyFile


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
    """Return a chart in a size that its form and its number of bars need."""
    height, figure = _SMALL if picture.small else _LARGE, plotly.figure_of(picture)
    if picture.form is chart.Form.HEAT:
        wide = 150 + 62 * len(picture.categories)
        return Plot(picture.title, figure, alt, _NAMES + _CELL * len(picture.distinct_series), wide)
    if picture.form in {chart.Form.BARS, chart.Form.ROWS}:
        side_by_side = len(picture.series) if picture.form is chart.Form.ROWS else 1
        lines = max((len(plotly.name_lines(name)) for name in picture.categories), default=1)
        height = _AXES + max(_BAR * side_by_side, _LINE * lines + 4) * len(picture)
    return Plot(picture.title, figure, alt, height)


@dataclass(frozen=True)
class View:
    """The content of a section: charts, and the table of their numbers."""

    plots: tuple[Plot, ...]
    facts: Facts


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    ``front`` is the first page that it shows, with the chart and the table of its view. ``small``
    charts are shown side by side. ``is_open`` shows the table at once. ``key`` is the word in links
    to the section.
    """

    key: str
    heading: str
    lead: str
    view: View
    small: bool = False
    front: FirstPage | None = None
    is_open: bool = False


@dataclass(frozen=True)
class ReportPage:
    """A complete report.

    ``fronts`` are the first page, and those of a plan's studies. ``made_by`` is the scenario and
    the options; ``verdict`` says in words whether all is proven (``all_proven``); ``notes`` come
    after the first pages; ``about`` lists file, input and versions.
    """

    kind: str
    fronts: tuple[ReportSection, ...]
    made_by: str
    verdict: str
    all_proven: bool
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
    script, library = _packaged_text("page.js"), _packaged_text("plotly/plotly.min.js")
    drawn = [
        {"key": part.key, "plots": [*map(_plot_data, part.view.plots)]}
        for part in (*page.fronts, *page.parts)
        if part.view.plots
    ]
    return render(
        "report.html",
        page=page,
        decide=DECIDE,
        with_care=WITH_CARE,
        most=MOST_ROWS,
        policy=(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
            f"script-src {hash_of(library)} {hash_of(script)}; base-uri 'none'; form-action 'none'"
        ),
        style=_packaged_text("page.css"),
        data=json_of(drawn),
        library=library,
        script=script,
    )


def _packaged_text(name: str) -> str:
    return files("planner.report").joinpath(name).read_text(encoding="utf-8")


# ---- the data of the charts ----------------------------------------------------------------------


def _plot_data(plot: Plot) -> dict[str, object]:
    drawn = plot.figure.to_plotly_json()
    drawn["layout"].pop("template", None)
    figure = {name: drawn[name] for name in ("data", "layout")}
    return {"height": plot.height, "width": plot.width, "figure": figure}


# ---- a plan and its studies ----------------------------------------------------------------------


def combined_page(first: ReportPage, further: Sequence[ReportPage]) -> ReportPage:
    """Return one page with the sections of the first page, followed by those of the further pages.

    Names of a further page's sections start with its kind. A note says which pages were made from
    another input; notes that several pages have are shown once.
    """
    if not further:
        return first
    unproven = [f"{page.kind}: {page.verdict}" for page in further if not page.all_proven]
    rows = [(f"{page.kind}: {name}", value) for page in further for name, value in page.about.rows]
    fronts = (replace(part, key=f"study{number}-{part.key}", heading=page.kind)
              for number, page in enumerate(further, 1) for part in page.fronts)  # fmt: skip
    return replace(
        first,
        fronts=(*first.fronts, *fronts),
        verdict=". ".join([first.verdict.rstrip("."), *unproven]) if unproven else first.verdict,
        all_proven=first.all_proven and not unproven,
        parts=(
            *first.parts,
            *(p for n, page in enumerate(further, 1) for p in _numbered_parts(page, n)),
        ),
        about=replace(first.about, rows=(*first.about.rows, *rows)),
        notes=tuple(dict.fromkeys((*first.notes, *_notes_of(first, further)))),
    )


def _numbered_parts(page: ReportPage, number: int) -> Iterator[ReportSection]:
    for part in page.parts:
        heading = f"{page.kind}: {words.uncapitalized(part.heading)}"
        yield replace(part, key=f"study{number}-{part.key}", heading=heading)


def _notes_of(first: ReportPage, further: Sequence[ReportPage]) -> Iterator[str]:
    """Yield the notes of the further pages; a note of several pages names all of them."""
    kinds: dict[str, list[str]] = {}
    for page in further:
        other = "made from another input than the plan above, so the numbers may not agree."
        given = [other] if _input_hash(page) != _input_hash(first) else []
        given += [page.verdict] if page.all_proven else []
        for note in dict.fromkeys((*given, *page.notes)):
            if note not in first.notes:
                kinds.setdefault(note, []).append(page.kind)
    yield from (f"{words.listed(dict.fromkeys(names))}: {note}" for note, names in kinds.items())


def _input_hash(page: ReportPage) -> str:
    return next((value for name, value in page.about.rows if name == Figure.INPUT_SHA256), "")


_IN_WORDS = 12
"""Most categories named with their values in a chart's alternative text; else only the largest."""
_ORIGIN = (Measure.INPUT_FILE, Measure.INPUT_SHA256, "Planner", "Solver")


def kind_and_tables(study: StudyFile) -> tuple[type[StudyKind], Tables]:
    """Return a study's kind and its tables; UsageError if the workbook has no study."""
    kind = kind_of(study.tables)
    if kind is None:
        msg = f"{study.path} has no study for a report"
        raise UsageError(msg)
    return kind, Tables.read(study.tables, (*kind.RESULTS, About, Runs))


def study_page(study: StudyFile) -> ReportPage:
    """Return the report of a study; UsageError if the workbook has no study."""
    kind, tables = kind_and_tables(study)
    verdict, all_proven = study_verdict(tables)
    about, notes = _origin(study, tables)
    front = kind.front(tables, study.title or words.word(study.path.stem))
    parts = (part_of(section, front, tables.country) for section in kind.sections(tables))
    fronts = (front_section(front),)
    return ReportPage(kind.TITLE, fronts, "", verdict, all_proven, tuple(parts), about, notes)


def front_section(front: FirstPage) -> ReportSection:
    """Return the first page of a report: its sentences, its chart and its table."""
    shown = front.wide_table
    facts = facts_of_columns(shown.columns if shown is not None else ())
    view = View(tuple(map(plot_of, front.pictures)), facts)
    is_small = all(picture.small for picture in front.pictures)
    return ReportSection("first-page", "", "", view, small=is_small, front=front)


def part_of(
    section: Section, front: FirstPage, country: Callable[[str], str] = str
) -> ReportSection:
    """Return a section of the report; ``country`` turns a country's code into its name.

    Charts of the first page and charts that show nothing are left out. Charts are side by side if
    all are small.
    """
    pictures, numbers = section.view
    drawn = [p for p in pictures if p not in front.pictures and is_worth_drawing(p)]
    return ReportSection(
        section.key,
        section.heading,
        section.lead,
        View(
            tuple(map(plot_of, drawn)), facts_of(numbers.result, *numbers.fields, country=country)
        ),
        small=bool(drawn) and all(picture.small for picture in drawn),
        is_open=not pictures,
    )


def plot_of(picture: chart.Picture) -> Plot:
    """Draw a picture, with a sentence on its content as alternative text."""
    return plot(picture, f"{picture.title}. {_alternative_text(picture)}.")


def _alternative_text(picture: chart.Picture) -> str:
    """Return what a chart shows: the ends of its lines, its bars, or the largest of many."""
    if picture.form is chart.Form.LINES:
        first, last = (table.formatted(picture.categories[i], picture.scale) for i in (0, -1))
        ends = (
            f"{s.name}, is marked"
            if s.role is chart.Role.HERE
            else f"{s.name} {words.from_to(*(_value_text(picture, s.values[i]) for i in (0, -1)))}"
            for s in picture.series
        )
        return f"Lines from {first} to {last}: {'; '.join(ends)}"
    cells: list[tuple[float, str, table.Cell]] = [
        (value, f"{series.name} ({hint})" if hint else series.name, category)
        for series in picture.series
        for category, value, hint in zip_longest(picture.categories, series.values, series.hints)
        if value is not None
    ]
    if picture.form is chart.Form.HEAT or len(picture) > _IN_WORDS:
        kind = "Heat map," if picture.form is chart.Form.HEAT else "Bars,"
        size = f"{len(picture.series)} by {len(picture)}"
        if not cells:
            return f"{kind} {size}"
        value, name, category = max(cells, key=lambda cell: cell[0])
        return (
            f"{kind} {size}. The largest value is {_value_text(picture, value)}: {category}, {name}"
        )
    each = (
        f"{c}: {', '.join(f'{n} {_value_text(picture, v)}' for v, n, name in cells if name == c)}"
        for c in dict.fromkeys(picture.categories)
    )
    return f"Bars. {'; '.join(each)}"


def _value_text(picture: chart.Picture, value: float | None) -> str:
    return table.formatted(value, picture.fmt) or "unknown"


def study_verdict(tables: Tables) -> tuple[str, bool]:
    """Return the verdict on the study's proofs, and whether each run is proven."""
    proven = [proof == "yes" for proof in tables[Runs].proven] if Runs in tables else []
    count, unproven = len(proven), proven.count(False)
    if not count:
        return "No runs in the file", False
    if unproven:
        return f"{unproven:,} of {count:,} runs have no proven plan and are left out.", False
    return f"{f'Each of {count:,} runs' if count > 1 else 'The one run'} is proven optimal.", True


def _origin(study: StudyFile, tables: Tables) -> tuple[Facts, tuple[str, ...]]:
    """Return the origin of the study, and the warnings in its sheet About."""
    about = tables[About].rows(About.what, About.value) if About in tables else ()
    pairs = [(words.word(name), words.word(value)) for name, value in about]
    warned = sum(name == "Warning" for name, _ in pairs)
    notes = [f"{words.counted(warned, 'warning')} on the input: see the sheet About."]
    rows = [("Workbook", study.path.name), ("SHA-256 of the workbook", study.sha256)]
    rows += [(w, v) for w, v in pairs if w != "Warning" and w not in _ORIGIN]
    rows += [(w, v) for w, v in pairs if w in _ORIGIN]
    facts = facts_of(About(what=[w for w, _ in rows], value=[v for _, v in rows]))
    return facts, tuple(notes if warned else ())
