"""What the tests of sensitivity share: a study of a book, and its cells edited by hand."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl.utils import coordinate_to_tuple

from models.plan import Plan, Session
from planner.scenarios import Variant
from planner.scenarios.start import Start
from planner.studies.kind import Tables
from planner.studies.places import Here
from planner.studies.sensitivity import COST, SensitivityStudy
from planner.studies.workbook import about_of
from planner.workbook.read import read_tables

Book = Mapping[str, Sequence[Mapping[str, object]]]
NEAR = 1e-6


def studied(book: Book, where: Any = None, **asked: Any) -> tuple[SensitivityStudy, Tables]:
    """A study of a book, planned, and its tables."""
    read = read_tables(book)
    options = {"is_grouped": False, "by": COST, **asked}
    study = SensitivityStudy(Start(read, read.case, Variant("Base"), 0.0), **options)
    study.plan(where or Here(), None, lambda _: None)
    return study, Tables([*study.tables(), about_of(study, {})])


def same_everywhere(book: Book, there: Any) -> None:
    """Numbers and groups of a study are those of one process, to the last bit."""
    one, other = (studied(book, where, is_grouped=True)[1] for where in (Here(), there))
    kinds = [kind for kind in SensitivityStudy.RESULTS if kind in one or kind in other]
    assert len(kinds) >= len(SensitivityStudy.RESULTS) - 1, "all but numbers that decide"
    for kind in kinds:
        assert len(one[kind]) > 0, kind
        assert one[kind].frame().equals(other[kind].frame()), kind


def rows_of(book: Book, where: Any = None, **asked: Any) -> list[dict[str, Any]]:
    """The rows of a study's factors, as JSON has them."""
    study, tables = studied(book, where, **asked)
    rows: Any = study.answer(tables)["factors"]
    return rows


def of(rows: Sequence[Mapping[str, Any]], sheet: str, column: str, what: str = "") -> Any:
    """The one row of a sheet and column, and of a name in what it moves."""
    (row,) = (r for r in rows if (r["sheet"], r["column"]) == (sheet, column) and what in r["what"])
    return row


def edited(book: Book, sheet: str, cells: Sequence[str], factor: float) -> Book:
    """The book with some cells times a factor; a cell may name its sheet: ``Demand!D2``."""
    new = copy.deepcopy(dict(book))
    for each in cells:
        own, _, cell = each.rpartition("!")
        rows: Any = new[own or sheet]
        headers = list(dict.fromkeys(header for row in rows for header in row))
        row, column = coordinate_to_tuple(cell)
        rows[row - 2][headers[column - 1]] *= factor
    return new


def planned(book: Book) -> Plan:
    """The plan of a book, by itself."""
    return Session(read_tables(book).case, is_compared=False).base


def agrees(book: Book, row: Mapping[str, Any]) -> None:
    """Both ends of a number equal plans of the edited workbook."""
    for end in ("low", "high"):
        if row[f"cost_{end}_usd"] is None:
            continue
        plan = planned(edited(book, row["sheet"], row["cells"], row[end]))
        cost, short = row[f"cost_{end}_usd"], row[f"short_{end}_t"]
        assert abs(cost - plan.objective) <= NEAR * max(1.0, abs(plan.objective)), (row, end)
        assert abs(short - plan.shortage) <= NEAR * max(1.0, plan.shortage), (row, end)
        if plan.objective == row[f"cost_{end}_usd"]:  # of equally cheap plans, the same one
            assert abs(row[f"cash_{end}_usd"] - plan.cash) <= NEAR * max(1.0, plan.cash), (row, end)
