"""Workbooks of the tests: cells alone, in the template's columns, written twenty times as fast.

What the template adds (notes, drop-downs, widths) is tested where the template is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter

from models.schema import SHEETS
from planner.workbook.template import record_rows

_RECORDS = {record.SHEET: record for record in SHEETS}
_REQUIRED = tuple(record.SHEET for record in SHEETS if record.REQUIRED)
_PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_book(
    path: Path,
    tables: Mapping[str, Sequence[Mapping[str, object]]],
    *,
    sheets: Iterable[str] | None = None,
) -> None:
    """Write the cells that the planner's ``write_book`` writes, in the same places."""
    wanted = {*tables, *_REQUIRED} if sheets is None else {*sheets}
    with xlsxwriter.Workbook(str(path), _PLAIN) as book:
        for name in dict.fromkeys((*_RECORDS, *tables)):
            if name not in wanted:
                continue
            sheet = book.add_worksheet(name)
            if name in _RECORDS:
                rows = record_rows(_RECORDS[name], tables)
            else:
                header = [*{key: None for row in tables[name] for key in row}]
                rows = [header, *([row.get(key) for key in header] for row in tables[name])]
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if cell is None or cell == "":
                        continue
                    if isinstance(cell, bool) or not isinstance(cell, int | float):
                        text = str(cell) if not isinstance(cell, bool) else "yes" if cell else "no"
                        sheet.write_string(i, j, text)
                    else:
                        sheet.write_number(i, j, cell)


def in_euros(book: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return tables whose headers and settings of money are in EUR; not the currency itself."""
    return {
        sheet: [
            {
                header.replace("USD", "EUR"): cell.replace("(USD", "(EUR")
                if isinstance(cell, str)
                else cell
                for header, cell in row.items()
            }
            for row in rows
        ]
        for sheet, rows in book.items()
    }


@contextmanager
def editing(path: Path | str, saved: Path | str | None = None) -> Iterator[openpyxl.Workbook]:
    """Open a workbook, and save it when it was changed: over itself, or as ``saved``."""
    book = openpyxl.load_workbook(path)
    yield book
    book.save(saved or path)
