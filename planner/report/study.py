"""The report of any study, from what its kind says and draws of the tables read back."""

from __future__ import annotations

from dataclasses import replace

from models.errors import UsageError
from models.results import About, Runs
from models.results import Figure as Measure
from planner.render import chart, table, words
from planner.report import part
from planner.studies import kind_of
from planner.studies.kind import Numbers, Section, Tables
from planner.workbook.plan_file import StudyFile

_IN_WORDS = 12
"""Categories whose values stand in a chart's sentence; of more the largest is told."""
_MOST_NOTES = 8
_ORIGIN = (Measure.INPUT_FILE, Measure.INPUT_SHA256, "Planner", "Solver")


def study_page(study: StudyFile) -> part.ReportPage:
    """Return the report of a study; UsageError where the workbook holds none."""
    kind = kind_of(study.tables)
    if kind is None:
        msg = f"{study.path} holds no study that a report can be made of"
        raise UsageError(msg)
    tables = Tables.read(study.tables, (*kind.RESULTS, About, Runs))
    verdict, sound = _verdict(tables)
    about, notes = _about(study, tables)
    headline = kind.headline(tables)
    return part.ReportPage(
        kind.TITLE,
        study.title or words.word(study.path.stem),
        "",
        verdict,
        sound,
        headline.figures,
        tuple(part_of(section) for section in kind.sections(tables)),
        about,
        notes,
        kind.QUESTION,
        headline.finding,
        headline.care,
    )


def part_of(section: Section) -> part.ReportSection:
    """Return a section as a part of the report; what is read back has countries by name."""
    views: dict[part.Choice, part.View] = {
        (i,) if section.choice else (): part.View(tuple(map(plot_of, pictures)), _facts(numbers))
        for i, (pictures, numbers) in enumerate(section.views.values())
    }
    return part.ReportSection(
        section.key,
        section.heading,
        section.lead,
        views,
        {section.choice: tuple(section.views)} if section.choice else {},
        small=bool(section.choice) and any(len(p) > 1 for p, _ in section.views.values()),
        blocks=tuple(map(_facts, section.blocks)),
    )


def _facts(numbers: Numbers) -> part.Facts:
    made = part.facts_of(numbers.result, *numbers.fields)
    return replace(made, heading=numbers.heading, note=numbers.note)


def plot_of(picture: chart.Picture) -> part.Plot:
    """Draw a picture, with a sentence that says what it shows."""
    return part.plot(picture, f"{picture.title}. {_sentence(picture)}.")


def _sentence(picture: chart.Picture) -> str:
    if picture.form is chart.Form.LINES:
        first, last = (table.shown(picture.categories[at], picture.scale) for at in (0, -1))
        ends = (
            f"{s.name}, is marked"
            if s.role is chart.Role.HERE
            else f"{s.name} from {_value(picture, s.values[0])} to {_value(picture, s.values[-1])}"
            for s in picture.series
        )
        return f"Lines from {first} to {last}: {'; '.join(ends)}"
    cells: list[tuple[float, str, table.Cell]] = [
        (value, series.name, category)
        for series in picture.series
        for category, value in zip(picture.categories, series.values, strict=True)
        if value is not None
    ]
    if picture.form is chart.Form.HEAT or len(picture) > _IN_WORDS:
        what = "A map of" if picture.form is chart.Form.HEAT else "Bars:"
        size = f"{len(picture.series)} by {len(picture)}"
        if not cells:
            return f"{what} {size}"
        value, name, category = max(cells, key=lambda cell: cell[0])
        return f"{what} {size}; the most is {_value(picture, value)}: {category}, {name}"
    each = (
        f"{c}: {', '.join(f'{n} {_value(picture, v)}' for v, n, at in cells if at == c)}"
        for c in dict.fromkeys(picture.categories)
    )
    return f"Bars. {'; '.join(each)}"


def _value(picture: chart.Picture, value: float | None) -> str:
    return table.shown(value, picture.look) or "unknown"


def _verdict(tables: Tables) -> tuple[str, bool]:
    """Return whether each run of the study is proven."""
    proven = [proof == "yes" for proof in tables[Runs].proven] if Runs in tables else []
    every, lacking = len(proven), proven.count(False)
    if not every:
        return "No runs in the file", False
    if not lacking:
        one = f"Each of {every:,} runs is" if every > 1 else "The one run is"
        return f"{one} proven optimal.", True
    return f"{lacking:,} of {every:,} runs have no proven plan and are left out.", False


def _about(study: StudyFile, tables: Tables) -> tuple[part.Facts, tuple[str, ...]]:
    """Return where the study comes from, and what its sheet About warns of."""
    about = tables[About].rows(About.what, About.value) if About in tables else ()
    pairs = [(words.word(what), words.word(value)) for what, value in about]
    warned = [value for what, value in pairs if what == "Warning"]
    notes = [f"Warning: {value}" for value in warned[:_MOST_NOTES]]
    if len(warned) > _MOST_NOTES:
        notes.append(f"{len(warned) - _MOST_NOTES:,} more warnings stand in the sheet About.")
    rows = [("Workbook", study.path.name), ("SHA-256 of the workbook", study.sha256)]
    rows += [(w, v) for w, v in pairs if w != "Warning" and w not in _ORIGIN]
    rows += [(w, v) for w, v in pairs if w in _ORIGIN]
    columns = zip((About.what, About.value), zip(*rows, strict=True), strict=True)
    return part.facts(dict(columns)), tuple(notes)
