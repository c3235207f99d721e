"""Where rows of other sheets come from; a plan does not read it."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema import market, policy, stages
from models.schema.column import CellKind, Record, choice, column

_DECLARED = (
    each
    for module in (market, policy, stages)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Record) and hasattr(each, "SHEET")
)
FILLED = tuple(r.SHEET for r in dict.fromkeys(_DECLARED) if any(c.key for c in r.columns()))
"""The sheets that can be filled: a row is known by its key."""


@dataclass(frozen=True, kw_only=True)
class DataSource(Record):
    """A table elsewhere whose rows fill a sheet."""

    SHEET = "Sources"
    MEANING = "Tables from which `planner pull` fills sheets. A plan does not read it."
    IS_PLANNED, IS_ORDERED = False, True

    sheet: str = choice("Sheet", "The sheet to fill; its rows are matched by their key.", *FILLED)
    place: str = column(
        "From",
        CellKind.TEXT,
        "A CSV, Excel, Parquet or SQLite file beside the workbook, or the name of an environment"
        " variable that holds the URL of a database.",
    )
    table: str = column(
        "Table or query",
        CellKind.TEXT,
        "A sheet of Excel; a table of a database, or a query that begins with SELECT or WITH.",
        value="",
        default="the only table",
    )
    columns_of: str = column(
        "Columns",
        CellKind.TEXT,
        "Which of their columns fills which of ours: `theirs=ours`, with ; between them. A unit"
        " behind ours says what theirs is in.",
        value="",
        default="columns of the same name",
    )
    where: str = column(
        "Where",
        CellKind.TEXT,
        "Rows to take: `theirs=value`, with ; between them. All must hold.",
        value="",
        default="all rows",
    )
