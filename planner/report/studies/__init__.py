"""The reports of studies: a sweep, a stress test, a comparison, a study of risks."""

from __future__ import annotations

from collections.abc import Sequence

from models.results import About, Look
from planner.render.chart import Form, Picture
from planner.render.plotly import figure_of, heat_width
from planner.render.table import WHOLE
from planner.render.text import word
from planner.render.words import number, percent, shown
from planner.report.part import Block, Choice, Facts, Headline, Page, Part, Plot, Selector, View
from planner.report.tables import Tables, facts
from planner.studies.kind import Numbers, Section, StudyKind
from planner.studies.kind import Tables as StudyTables
from planner.studies.listed import STUDIES
from planner.workbook.study_file import StudyFile

_MOST_NOTES = 8
_ORIGIN = ("Input file", "Input SHA-256", "Planner", "Solver")


def study_page(study: StudyFile) -> Page:
    """Return the report of a study."""
    tables = Tables(study.tables)
    kind = next(k.kind for k in STUDIES.values() if study.sheet == k.kind.RESULTS[0].TABLE)
    headlines, parts = _read(study, kind)
    said, sound = _verdict(tables)
    about, notes = _about(study, tables)
    title = study.title or word(study.path.stem)
    return Page(kind.TITLE, title, "", said, sound, headlines, parts, about, notes)


def _read(study: StudyFile, kind: type[StudyKind]) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    """Return what the kind of study itself says and draws of its tables."""
    tables = StudyTables.read(study.tables, (*kind.RESULTS, About))
    headline = kind.headline(tables)
    said = [Headline(f.name, f.value, f.remark) for f in headline.figures]
    return tuple(said), tuple(_part(section) for section in kind.sections(tables))


def _part(section: Section) -> Part:
    views: dict[Choice, View] = {
        ((i,) if section.choice else ()): View(tuple(map(_plot, pictures)), _facts(numbers))
        for i, (pictures, numbers) in enumerate(section.views.values())
    }
    selectors = (Selector(section.choice, tuple(section.views)),) if section.choice else ()
    blocks = tuple(Block(n.heading, _facts(n), n.note) for n in section.blocks)
    small = bool(section.choice)
    return Part(
        section.key, section.heading, section.lead, views, selectors, small=small, blocks=blocks
    )


def _plot(picture: Picture) -> Plot:
    """Draw a picture, and say in a sentence what it shows."""
    is_share = picture.look is Look.SHARE
    ends = picture.categories[:1] + picture.categories[-1:]
    if picture.form is Form.LINES:
        ends_said = " to ".join(shown(c, picture.scale) for c in ends)
        said = [
            f"{s.name} from {_said(s.values[:1], is_share)} to {_said(s.values[-1:], is_share)}"
            for s in picture.series
        ]
        alt = f"Lines, {ends_said}: {'; '.join(said)}."
    elif picture.form is Form.HEAT:
        cells = [(max(v for v in s.values if v is not None), s.name) for s in picture.series
                 if any(v is not None for v in s.values)]  # fmt: skip
        most, name = max(cells, default=(None, ""), key=lambda cell: cell[0])
        alt = f"A map of {len(picture.series)} rows and {len(picture)} columns."
        alt += f" The most: {name}, {_said((most,), is_share)}." if cells else ""
    else:
        said = [
            f"{category}: {', '.join(f'{s.name} {_said((v,), is_share)}' for s, v in pairs)}"
            for category, pairs in (
                (c, [(s, s.values[i]) for s in picture.series])
                for i, c in enumerate(picture.categories)
            )
        ]
        alt = f"Bars. {'; '.join(said)}."
    rows = {
        Form.BARS: len(picture),
        Form.ROWS: len(picture) * len(picture.series),
        Form.HEAT: len(picture.series),
    }
    high = 110 + 34 * rows[picture.form] if picture.form in rows else 320
    wide = heat_width(picture.categories) if picture.form is Form.HEAT else 240
    return Plot(picture.title, figure_of(picture), f"{picture.title}. {alt}", high, wide)


def _said(values: Sequence[float | None], is_share: bool) -> str:
    value = values[0] if values else None
    return (percent(value) if is_share else number(value)) or "unknown"


def _facts(numbers: Numbers) -> Facts:
    """Return the texts of a declared table."""
    of = numbers.result
    rows = [
        tuple(word(WHOLE[f.names] if f.names in WHOLE and not v else shown(f.scaled(v), f.look))
              for f, v in zip(numbers.fields, row, strict=True))
        for row in of.rows(*numbers.fields)
    ]  # fmt: skip
    numeric = {i for i, f in enumerate(numbers.fields) if not f.look.is_text}
    return Facts(tuple(f.title(of.words) for f in numbers.fields), tuple(rows), frozenset(numeric))


def _verdict(tables: Tables) -> tuple[str, bool]:
    """Return whether each run of the study is proven."""
    runs = tables.part("Runs", proven="Proven", run="Run")
    proven, every = int((runs["proven"] == "yes").sum()), len(runs)
    if not every:
        return "No runs in the file", False
    if proven == every:
        said = f"Each of {every:,} runs is" if every > 1 else "The one run is"
        return f"{said} proven optimal.", True
    return f"{every - proven:,} of {every:,} runs have no proven plan and are left out.", False


def _about(study: StudyFile, tables: Tables) -> tuple[Facts, tuple[str, ...]]:
    """Return where the study comes from, and what its sheet About warns of."""
    table = tables.part("About", what="What", value="Value")
    pairs = [(word(w), word(v)) for w, v in zip(table["what"], table["value"], strict=True)]
    warned = [value for what, value in pairs if what == "Warning"]
    notes = [f"Warning: {value}" for value in warned[:_MOST_NOTES]]
    if len(warned) > _MOST_NOTES:
        notes.append(f"{len(warned) - _MOST_NOTES:,} more warnings stand in the sheet About.")
    rows = [("Workbook", study.path.name), ("SHA-256 of the workbook", study.sha256)]
    rows += [(w, v) for w, v in pairs if w != "Warning" and w not in _ORIGIN]
    rows += [(w, v) for w, v in pairs if w in _ORIGIN]
    return facts({"What": [r[0] for r in rows], "Value": [r[1] for r in rows]}), tuple(notes)
