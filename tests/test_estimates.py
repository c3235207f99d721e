"""README counts the estimates of the example workbooks as they are marked in their rows."""

from pathlib import Path

import openpyxl
import pytest

from inputs.tables import ESTIMATE
from planner.sheets.context import estimates
from planner.workbook import read

TOP = Path(__file__).parent.parent


def counted(name: str) -> tuple[int, int]:
    """Return how many rows of sheets with notes are estimates, and how many there are.

    Settings is one record, as the plan's first page counts.
    """
    book = openpyxl.load_workbook(TOP / "inputs" / f"{name}.xlsx", read_only=True)
    marked = rows = 0
    for sheet in book.worksheets:
        header, *body = sheet.iter_rows(values_only=True)
        if "Note" in header and sheet.title != "Settings":
            notes = [row[header.index("Note")] for row in body if any(c is not None for c in row)]
            rows += len(notes)
            marked += sum(str(note or "").startswith(ESTIMATE) for note in notes)
    book.close()
    return marked, rows


@pytest.mark.parametrize("name", ["critical-minerals", "critical-minerals-first-use"])
def test_readme_counts_estimates(name: str) -> None:
    marked, rows = counted(name)
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert f"{marked:,} of {rows:,}" in readme


@pytest.mark.parametrize(
    "name", ["critical-minerals", "critical-minerals-first-use", "magnets", "plain"]
)
def test_the_planner_counts_as_many(name: str) -> None:
    """One function counts for the first page, Summary, the report and all studies."""
    marked, rows = counted(name)
    assert estimates(read(TOP / "inputs" / f"{name}.xlsx").case) == f"{marked:,} of {rows:,} rows"
