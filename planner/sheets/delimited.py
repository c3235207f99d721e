"""Tables as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from planner.render.table import Cell, Table
from planner.render.text import guarded


def write_csv(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """Write each table as ``<sheet name>.csv`` in lower case with hyphens; return the files.

    UTF-8 with a byte-order mark, so that Excel reads every alphabet; numbers in full; a blank cell
    is empty. A text that begins with ``= + - @`` gets a leading apostrophe, for a spreadsheet that
    opens the file would run it as a formula; numbers never do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for table in tables:
        path = folder / f"{table.name.lower().replace(' ', '-')}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(guarded(h) for h in table.headers)
            writer.writerows(
                zip(*([_field(v) for v in c.values] for c in table.columns), strict=True)
            )
        made.append(path)
    return made


def _field(value: Cell) -> str:
    if value is None:
        return ""
    return guarded(value) if isinstance(value, str) else repr(value)
