"""The edits to an input workbook when a plan is rolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.schema import Record


@dataclass(frozen=True)
class CellEdit:
    """A changed cell of an existing row: its field, its new value and its old value."""

    record: type[Record]
    row: int
    field: str
    value: object
    before: object
    what: str
    reason: str


@dataclass(frozen=True)
class NewRow:
    """An added row: its cells by field."""

    record: type[Record]
    cells: Mapping[str, object]
    field: str
    what: str
    reason: str


@dataclass(frozen=True)
class RemovedRow:
    """A row that is removed, since all its years are over."""

    record: type[Record]
    row: int
    what: str
    reason: str


@dataclass(frozen=True)
class Edits:
    """All edits, with warnings about them in sentences."""

    cells: tuple[CellEdit, ...] = ()
    rows: tuple[NewRow, ...] = ()
    removed: tuple[RemovedRow, ...] = ()
    warnings: tuple[str, ...] = field(default=())
