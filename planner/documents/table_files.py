"""Tables into a folder, a CSV file each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from planner.documents.folder import TABLES, replace_files
from planner.render.table import Table
from planner.sheets.delimited import write_table


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
