"""The sheet Sources: tables from which `planner pull` fills other sheets."""

from __future__ import annotations

from models.schema import market, policy, stages
from models.schema.column import CellKind, Record, choice, column

_DECLARED = (
    each
    for module in (market, policy, stages)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Record) and hasattr(each, "SHEET")
)
FILLED = tuple(r.SHEET for r in dict.fromkeys(_DECLARED) if any(c.key for c in r.columns()))
"""The sheets that `planner pull` can fill: those with a key, by which rows are matched."""


class DataSource(Record):
    """A table elsewhere whose rows fill a sheet."""

    SHEET = "Sources"
    MEANING = "Tables from which `planner pull` fills sheets. A plan does not read this sheet."
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
        "Pairs `source column=workbook column`, with ; between them. After the"
        " workbook's column, a unit in parentheses gives the unit of the source.",
        value="",
        default="columns of the same name",
    )
    where: str = column(
        "Where",
        CellKind.TEXT,
        "Filters `source column=value`, with ; between them. Only rows that pass all"
        " filters are read.",
        value="",
        default="all rows",
    )
