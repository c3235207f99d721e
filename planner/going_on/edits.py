"""What of an input workbook changes when a plan is rolled, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.schema import Record


@dataclass(frozen=True)
class CellEdit:
    """A cell of a row that is there: its field, what it becomes, and what it was."""

    record: type[Record]
    row: int
    field: str
    value: object
    before: object
    what: str
    reason: str


@dataclass(frozen=True)
class NewRow:
    """A row that is added: its cells by field."""

    record: type[Record]
    cells: Mapping[str, object]
    field: str
    what: str
    reason: str


@dataclass(frozen=True)
class GoneRow:
    """A row that is taken out, since all its years are over."""

    record: type[Record]
    row: int
    what: str
    reason: str


@dataclass(frozen=True)
class Edits:
    """All of them, and what a planner should know about them in sentences."""

    cells: tuple[CellEdit, ...] = ()
    rows: tuple[NewRow, ...] = ()
    gone: tuple[GoneRow, ...] = ()
    warnings: tuple[str, ...] = field(default=())
