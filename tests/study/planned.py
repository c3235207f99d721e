"""Studies of variants, planned from a book: their tables, rows and findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from models.results import About, Result
from planner.scenarios import Variant
from planner.scenarios.start import Start
from planner.studies import Here
from planner.studies.kind import StudyKind, Tables
from planner.studies.sweep import Sweep
from planner.studies.workbook import about_of
from planner.workbook import read_tables
from tests.models.desk import BookT

ALL = ""


def start_of(book: BookT) -> Start:
    read = read_tables(book)
    return Start(read, read.case, Variant("Base"), 0.0)


def planned(study: Any) -> Any:
    study.plan(Here(), None, lambda _: None)
    return study


def swept(book: BookT, *points: float, over: str = "cap") -> Sweep:
    study = Sweep(start_of(book), over=over, first=None, last=None, step=None)
    study.points = points
    return planned(study)  # type: ignore[no-any-return]


def tables_of(study: StudyKind) -> Tables:
    return Tables([*study.tables(), about_of(study, {})], study.start.case.country_name)


def table(study: StudyKind, kind: type[Result]) -> pd.DataFrame:
    return tables_of(study)[kind].frame()


def row(rows: pd.DataFrame, **cells: Any) -> pd.Series:
    """Return the one row with some cells."""
    for name, cell in cells.items():
        rows = rows[rows[name] == cell]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def said(study: Any) -> list[str]:
    """Return the sentences of the first page."""
    return [sentence.text for sentence in study.findings(tables_of(study))]


def options(study: StudyKind) -> Sequence[str]:
    return [str(name) for name in tables_of(study)[About].what]
