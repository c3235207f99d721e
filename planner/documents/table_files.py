"""Tables into a folder, a CSV file each."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from planner.documents.folder import TABLES, replace_files
from planner.render.table import Table
from planner.render.words import guarded


def write_csv(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """Write each table as ``<sheet name>.csv`` in lower case with hyphens; return the files.

    The folder is new, empty or one that this function filled before: all files of it are replaced
    together, and WriteError says where a file is somebody else's.
    """
    files = {
        f"{table.name.lower().replace(' ', '-')}.csv": partial(write_table, table)
        for table in tables
    }
    return list(replace_files(folder, files, TABLES).files)


def write_table(table: Table, path: Path) -> None:
    """Write a table as CSV, its headers first; see ``write_rows``."""
    write_rows(path, table.headers, zip(*(column.values for column in table.columns), strict=True))


def write_rows(path: Path, headers: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as CSV, for programs and for Excel: UTF-8 with a byte-order mark, CR LF.

    Texts are quoted and numbers are not, so that a text stays one whatever it holds; a blank cell
    is an empty text. Where a spreadsheet would take a text for a formula, it is ``guarded``.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(map(guarded, headers))
        writer.writerows([guarded(v) if isinstance(v, str) else v for v in row] for row in rows)
