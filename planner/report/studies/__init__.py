"""The reports of studies: a sweep, a stress test, a comparison, a study of risks."""

from __future__ import annotations

from types import ModuleType

from models.results import About
from planner.render.text import word
from planner.report.part import Facts, Headline, Page, Part
from planner.report.studies.comparison import comparison
from planner.report.studies.sections import part_of
from planner.report.studies.sweep import sweep
from planner.report.tables import Tables, facts
from planner.studies import kind as kinds
from planner.studies import risk, stress
from planner.workbook.study_file import Kind, StudyFile

_NAMES = {
    Kind.SWEEP: "Sweep",
    Kind.STRESS: "Stress test",
    Kind.COMPARISON: "Comparison of scenarios",
    Kind.RISK: "Study of risks",
}
_MOST_NOTES = 8
_ORIGIN = ("Input file", "Input SHA-256", "Planner", "Solver")


def study_page(study: StudyFile) -> Page:
    """Return the report of a study."""
    tables = Tables(study.tables)
    headlines, parts = _made(study.kind, tables)
    said, sound = _verdict(tables)
    about, notes = _about(study, tables)
    title = study.title or word(study.path.stem)
    return Page(_NAMES[study.kind], title, "", said, sound, headlines, parts, about, notes)


def _made(kind: Kind, tables: Tables) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    if kind is Kind.SWEEP:
        return sweep(tables)
    if kind is Kind.STRESS:
        return _of_kind(stress, tables)
    if kind is Kind.COMPARISON:
        return comparison(tables)
    return _of_kind(risk, tables)


def _of_kind(kind: ModuleType, tables: Tables) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    """Return what a study says of its own tables, read back."""
    own = kinds.Tables.read(tables.sheets, (*kind.RESULTS, About))
    figures = kind.headline(own).figures
    made = tuple(Headline(f.name, f.value, f.remark) for f in figures)
    return made, tuple(part_of(section) for section in kind.sections(own))


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
