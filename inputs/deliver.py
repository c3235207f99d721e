"""Fill in a workbook of actuals: `python -m inputs.deliver actuals.xlsx 0.9`.

Of each order so large a part comes, to the tonne, at the planned price. An extract of a purchasing
system would say what really came.
"""

import sys
from pathlib import Path

import openpyxl


def deliver(path: Path, part: float) -> int:
    """Fill the column Delivered of the sheet Deliveries; return how many orders there are."""
    book = openpyxl.load_workbook(path)
    sheet = book["Deliveries"]
    places = {str(cell.value).partition(" (")[0]: cell.column for cell in sheet[1]}
    orders = 0
    for row in range(2, sheet.max_row + 1):
        planned = sheet.cell(row, places["Planned"]).value
        if planned is not None:
            sheet.cell(row, places["Delivered"]).value = round(planned * part)
            orders += 1
    book.save(path)
    return orders


if __name__ == "__main__":
    filled = deliver(Path(sys.argv[1]), float(sys.argv[2]))
    sys.stdout.write(f"{filled:,} orders filled in\n")
