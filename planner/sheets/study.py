"""What the workbooks of studies share: where they come from, and the proof of each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from models.plan import Proof
from models.results import About, Runs
from models.solve import version
from planner._version import __version__
from planner.render.chart import Picture, chart_table
from planner.render.study_front import StudyFront
from planner.render.table import Table, table_of
from planner.render.xlsx import write_workbook
from planner.sheets.context import Book
from planner.sheets.notes import noted

_MOST_PRINTED = 500
"""A table with more rows, some ten pages, is for the screen alone."""


class Proven(Protocol):
    """A run of a study with its proof, or with why it has none."""

    @property
    def name(self) -> str:
        """The run's name."""
        ...

    @property
    def objective(self) -> float | None:
        """Discounted total cost [money]; None where the run failed."""
        ...

    @property
    def proof(self) -> Proof | None:
        """The proof; None where the run failed."""
        ...

    @property
    def error(self) -> str:
        """Why the run failed, "" if it did not."""
        ...


def runs_of(runs: Sequence[Proven]) -> Runs:
    """Return one row a run: whether it is proven, and how well."""
    proofs = [run.proof for run in runs]
    return Runs(
        run=[run.name for run in runs],
        proven=[proof is not None for proof in proofs],
        objective=[run.objective for run in runs],
        violation=[p and p.violation for p in proofs],
        allowed=[p and p.allowed for p in proofs],
        dual_infeasibility=[p and p.dual_infeasibility for p in proofs],
        gap=[p and p.gap for p in proofs],
        trouble=[run.error or _retries(run.proof) for run in runs],
    )


def _retries(proof: Proof | None) -> str:
    return "" if proof is None or not proof.retries else f"retried: {'; '.join(proof.retries[:2])}"


def about_of(book: Book, options: Mapping[str, str]) -> About:
    """Return where a study comes from: input, options, versions, and the warnings on the input."""
    said = {
        "Input file": book.path.name if book.path is not None else "",
        "Input SHA-256": book.sha256,
        **options,
        "Planner": __version__,
        "Solver": version(),
    }
    said = {name: value for name, value in said.items() if value}
    warnings = [f"{f.place}: {f.message}" if f.place else f.message for f in book.warnings]
    return About(what=[*said, *("Warning" for _ in warnings)], value=[*said.values(), *warnings])


def write_study(  # noqa: PLR0913 - a study has many parts, all of them named
    path: Path,
    tables: Sequence[Table],
    pictures: Sequence[Picture],
    book: Book,
    *,
    title: str,
    options: Mapping[str, str],
    runs: Sequence[Proven],
    charts_before: str,
) -> None:
    """Write a study's workbook: its own tables and charts, then About, Runs and Chart data.

    The charts stand before the table named ``charts_before``.
    """
    made = [*tables, table_of(about_of(book, options)), table_of(runs_of(runs))]
    write_tables(path, made, pictures, title=title, charts_before=charts_before)


def write_tables(  # noqa: PLR0913 - a workbook has many parts, all of them named
    path: Path,
    tables: Sequence[Table],
    pictures: Sequence[Picture],
    *,
    title: str,
    charts_before: str,
    front: StudyFront | None = None,
) -> None:
    """Write tables and charts with the numbers behind them; long tables are not printed."""
    made = [*tables]
    if pictures:
        made.append(replace(chart_table(pictures), printed=0))
    made = [replace(table, printed=0) if len(table) > _MOST_PRINTED else table for table in made]
    write_workbook(
        path,
        noted(made),
        pictures,
        title,
        charts_before=charts_before if pictures else "",
        front=front,
    )
