"""The report of any study, made by its kind from the tables of its workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest

from models.errors import UsageError
from models.results import About, Runs
from models.results import Figure as Measure
from planner.render import chart, table, words
from planner.render.chart import is_worth_drawing
from planner.render.facts import Facts, facts_of, facts_of_columns
from planner.render.front import FirstPage
from planner.report import page
from planner.studies import kind_of
from planner.studies.kind import Numbers, Section, StudyKind, Tables
from planner.workbook.plan_file import StudyFile

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


def study_page(study: StudyFile) -> page.ReportPage:
    """Return the report of a study; UsageError if the workbook has no study."""
    kind, tables = kind_and_tables(study)
    verdict, sound = study_verdict(tables)
    about, notes = _about(study, tables)
    front = kind.front(tables, study.title or words.word(study.path.stem))
    parts = (part_of(section, front, tables.country) for section in kind.sections(tables))
    fronts = (front_section(front),)
    return page.ReportPage(kind.TITLE, fronts, "", verdict, sound, tuple(parts), about, notes)


def front_section(front: FirstPage) -> page.ReportSection:
    """Return the first page of a report: its sentences, its chart and its table."""
    shown = front.table
    facts = facts_of_columns(shown.columns if shown is not None and len(shown) else ())
    view = page.View(tuple(map(plot_of, front.pictures)), facts)
    is_small = all(picture.small for picture in front.pictures)
    return page.ReportSection("first-page", "", "", {(): view}, small=is_small, front=front)


def part_of(
    section: Section, front: FirstPage, country: Callable[[str], str] = str
) -> page.ReportSection:
    """Return a section of the report; ``country`` turns a country's code into its name.

    Charts of the first page are left out, and those that show nothing; views with charts come
    first. Charts are side by side if all are small, or if a chosen view has several charts.
    """
    has_charts = any(pictures for pictures, _ in section.views.values())
    drawn = {
        name: ([p for p in pictures if p not in front.pictures and is_worth_drawing(p)], numbers)
        for name, (pictures, numbers) in section.views.items()
    }
    section = replace(section, views=dict(sorted(drawn.items(), key=lambda each: not each[1][0])))
    views = [(tuple(map(plot_of, drawn)), numbers) for drawn, numbers in section.views.values()]
    pictures = [picture for drawn, _ in section.views.values() for picture in drawn]
    is_small = bool(pictures) and all(picture.small for picture in pictures)
    if section.choice:
        is_small = any(len(plots) > 1 for plots, _ in views)
    return page.ReportSection(
        section.key,
        section.heading,
        section.lead,
        {
            (i,) if section.choice else (): page.View(plots, _facts(numbers, country))
            for i, (plots, numbers) in enumerate(views)
        },
        {section.choice: tuple(section.views)} if section.choice else {},
        small=is_small,
        is_open=not has_charts,
        blocks=tuple(_facts(block, country) for block in section.blocks),
    )


def _facts(numbers: Numbers, country: Callable[[str], str]) -> Facts:
    facts = facts_of(numbers.result, *numbers.fields, country=country)
    return replace(facts, heading=numbers.heading, note=numbers.note)


def plot_of(picture: chart.Picture) -> page.Plot:
    """Draw a picture, with a sentence on its content as alternative text."""
    return page.plot(picture, f"{picture.title}. {_sentence(picture)}.")


def _sentence(picture: chart.Picture) -> str:
    if picture.form is chart.Form.LINES:
        first, last = (table.formatted(picture.categories[i], picture.scale) for i in (0, -1))
        ends = (
            f"{s.name}, is marked"
            if s.role is chart.Role.HERE
            else f"{s.name} {words.from_to(*(_value(picture, s.values[i]) for i in (0, -1)))}"
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
        return f"{kind} {size}. The largest value is {_value(picture, value)}: {category}, {name}"
    each = (
        f"{c}: {', '.join(f'{n} {_value(picture, v)}' for v, n, name in cells if name == c)}"
        for c in dict.fromkeys(picture.categories)
    )
    return f"Bars. {'; '.join(each)}"


def _value(picture: chart.Picture, value: float | None) -> str:
    return table.formatted(value, picture.look) or "unknown"


def study_verdict(tables: Tables) -> tuple[str, bool]:
    """Return the verdict on the study's proofs, and whether each run is proven."""
    proven = [proof == "yes" for proof in tables[Runs].proven] if Runs in tables else []
    every, unproven = len(proven), proven.count(False)
    if not every:
        return "No runs in the file", False
    if unproven:
        return f"{unproven:,} of {every:,} runs have no proven plan and are left out.", False
    return f"{f'Each of {every:,} runs' if every > 1 else 'The one run'} is proven optimal.", True


def _about(study: StudyFile, tables: Tables) -> tuple[Facts, tuple[str, ...]]:
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
