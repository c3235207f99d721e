"""A table as lines that can be left out, changed and put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from planner.audit.redacted.tables import Cell, rows
from planner.sheets import Look, Table


@dataclass(frozen=True)
class Line:
    """A row: its cells, their looks where the columns mix several, whether it heads a group."""

    cells: tuple[Cell, ...]
    looks: tuple[Look | None, ...]
    is_section: bool = False


def lines_of(table: Table) -> list[Line]:
    """Return a table's rows."""
    return [
        Line(
            cells,
            tuple(c.looks[i] if c.looks is not None else None for c in table.columns),
            i in table.sections,
        )
        for i, cells in enumerate(rows(table))
    ]


def table_of(like: Table, lines: Iterable[Line]) -> Table:
    """Return a table like another, of other rows; a group without rows goes with its heading."""
    kept: list[Line] = []
    for line in lines:
        if line.is_section and kept and kept[-1].is_section:
            kept.pop()
        kept.append(line)
    if kept and kept[-1].is_section:
        kept.pop()
    columns = tuple(
        replace(
            column,
            values=[line.cells[i] for line in kept],
            looks=None if column.looks is None else [line.looks[i] or column.look for line in kept],
        )
        for i, column in enumerate(like.columns)
    )
    sections = frozenset(i for i, line in enumerate(kept) if line.is_section)
    return replace(like, columns=columns, sections=sections)
