"""The workbook of a study: its first page, its tables and charts, About, the proof of each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.results import About, Figure, Format, Runs
from models.solve.highs import version
from planner._version import __version__
from planner.render import chart, xlsx
from planner.render.table import Table, table_of
from planner.sheets.context import estimates
from planner.studies.kind import ASSUMED, BASIS, StudyKind, Tables
from planner.workbook.findings import sentence

if TYPE_CHECKING:
    from planner.studies.engine import Outcome

_MOST_PRINTED = 500
"""A table with more rows (about ten pages) is not printed."""


def about_of(study: StudyKind, progress: Mapping[str, str]) -> About:
    """Return the input, options and versions of a study, and the warnings on the input.

    ``progress`` has rows that say how much of a stopped study is planned.
    """
    book, case = study.start.book, study.start.case
    assumed = study.MONEY, study.tariff_sentence, estimates(book.case)
    rows: dict[str, Any] = {
        Figure.INPUT_FILE: book.file_name,
        Figure.INPUT_SHA256: book.sha256,
        **progress,
        **study.options,
        Figure.FIRST_YEAR: (case.years[0], Format.YEAR),
        Figure.LAST_YEAR: (case.years[-1], Format.YEAR),
        BASIS: case.settings.share_basis,
        **dict(zip(ASSUMED, assumed, strict=True)),
        "Planner": __version__,
        "Solver": version(),
    }
    warnings = (f"{f.place}: {sentence(f)}" if f.place else sentence(f) for f in book.warnings)
    return About.of(rows, warnings)


def runs_of(outcomes: Sequence[Outcome[Any]]) -> Runs:
    """Return one row per run: whether it is proven, and its optimality gap."""
    rows = []
    for outcome in outcomes:
        proof, trouble = outcome.proof, outcome.error
        if proof is not None and proof.retries and not trouble:
            trouble = f"retried: {'; '.join(proof.retries[:2])}"
        run = {"run": outcome.name, "proven": proof is not None, "objective": outcome.objective}
        rows.append({**(vars(proof) if proof else {}), **run, "trouble": trouble})
    return Runs.of_rows(rows)


def write_study(
    path: Path, study: StudyKind, tables: Tables, sheets: Sequence[Table], title: str
) -> None:
    """Write the workbook; its first page has the finding, the first charts and the assumptions."""
    pictures = study.pictures(tables)
    every = [on_paper(t) for t in (*sheets, table_of(tables[About]), table_of(runs_of(study.runs)))]
    every += [replace(chart.chart_table(pictures), printed=0)] if pictures else []
    before = every[1].name if pictures else ""
    front = study.page(tables, title)
    xlsx.write_workbook(path, every, pictures, title, charts_before=before, front=front)


def on_paper(table: Table) -> Table:
    """Return the table, set to be left out of print if it has more than ``_MOST_PRINTED`` rows."""
    return replace(table, printed=0) if len(table) > _MOST_PRINTED else table
