"""The larger example by a plain program: openpyxl, dicts of columns and rows, scipy's linprog.

It is the second formulation of the tests, which says all that the workbook does; it writes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import openpyxl

from tests.bench.rivals.child import Answer, say
from tests.reference import formulation


def run(path: Path) -> float:
    """Read and solve; return the objective."""
    book = {}
    for sheet in openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets:
        header, *rows = [*sheet.iter_rows(values_only=True)] or [()]
        cells = (zip(header, row, strict=False) for row in rows if any(v is not None for v in row))
        book[sheet.title] = [{str(h): v for h, v in pairs if h is not None} for pairs in cells]
    return formulation.solve(book).objective


if __name__ == "__main__":
    say(Answer([run(Path(sys.argv[1]))]))
