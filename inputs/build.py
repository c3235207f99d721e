"""Make the two example workbooks: `python -m inputs.build`.

`book` gives a workbook as plain data, `estimates` counts what in it is estimated, `write`
puts it into a file.
"""

from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format

from inputs.cases import CASES, case
from inputs.sheets import SHEETS
from inputs.tables import ESTIMATE

Book = dict[str, list[dict[str, object]]]

HERE = Path(__file__).parent
WIDEST = 60
NARROWEST = 9


def book(name: str) -> Book:
    """The workbook of a case: sheet name -> rows, each header -> cell (None is blank).

    Every row of a sheet has the same headers in the same order.
    """
    chosen = case(name)
    return {sheet: [dict(row) for row in rows(chosen)] for sheet, rows in SHEETS}


def estimates(workbook: Book) -> dict[str, tuple[int, int]]:
    """For each sheet the number of its rows and of those that rest on an estimate."""
    return {
        sheet: (len(rows), sum(str(row.get("Note") or "").startswith(ESTIMATE) for row in rows))
        for sheet, rows in workbook.items()
    }


def number_format(header: str, value: object) -> str:
    """The Excel number format of a cell, from its heading and size."""
    head = header.casefold()
    if isinstance(value, str) or value is None or head == "value":
        return "General"
    number = float(str(value))
    if "share" in head:
        return "0 %" if (number * 100).is_integer() else "0.0 %"
    if head in ("first year", "last year"):
        return "0"
    if head == "governance":
        return "0.00"
    return "#,##0" if number.is_integer() else "#,##0.00"


def write(path: Path, workbook: Book) -> None:
    """Write the workbook: bold frozen headings with filters, fitted widths, number formats."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as out:
        out.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})
        bold = out.add_format({"bold": True})
        formats: dict[str, Format] = {}
        for name, rows in workbook.items():
            sheet = out.add_worksheet(name)
            headers = list(rows[0])
            sheet.write_row(0, 0, headers, bold)
            sheet.freeze_panes(1, 1)
            sheet.autofilter(0, 0, len(rows), len(headers) - 1)
            sheet.ignore_errors({"number_stored_as_text": "A1:XFD1"})
            for column, header in enumerate(headers):
                cells = [row[header] for row in rows]
                longest = max(len(str(cell)) for cell in [header, *cells] if cell is not None)
                sheet.set_column(column, column, min(max(longest + 3, NARROWEST), WIDEST))
                for line, cell in enumerate(cells, start=1):
                    style = number_format(header, cell)
                    if style not in formats:
                        formats[style] = out.add_format({"num_format": style})
                    sheet.write(line, column, cell, formats[style])


def main() -> None:
    """Write both workbooks beside this file."""
    for known in CASES:
        write(HERE / f"{known.name}.xlsx", book(known.name))


if __name__ == "__main__":
    main()
