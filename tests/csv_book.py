"""A workbook of plain rows as a folder of CSV files, as programs of several kinds write them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from planner.workbook.csv_folder import csv_name

Rows = Sequence[Mapping[str, object]]


def cell(value: object, mark: str) -> str:
    """Return a cell as a spreadsheet writes it; decimals with a mark."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return repr(value).replace(".", mark)
    return "" if value is None else str(value)


def write_csv_book(
    folder: Path,
    tables: Mapping[str, Rows],
    *,
    separator: str = ",",
    mark: str = ".",
    encoding: str = "utf-8",
    end: str = "\r\n",
) -> Path:
    """Write one file a sheet; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for sheet, rows in tables.items():
        headers = list(dict.fromkeys(key for row in rows for key in row))
        with (folder / csv_name(sheet)).open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=separator, lineterminator=end)
            writer.writerow(headers)
            writer.writerows([cell(row.get(h), mark) for h in headers] for row in rows)
    return folder
