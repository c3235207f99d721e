"""README counts the estimates of the example workbooks as they are marked in their rows."""

from pathlib import Path

import openpyxl
import pytest

from inputs.tables import ESTIMATE

TOP = Path(__file__).parent.parent


def counted(name: str) -> tuple[int, int]:
    """Return how many rows of sheets with notes are estimates, and how many there are.

    Settings is one record, as the plan's first page counts.
    """
    book = openpyxl.load_workbook(TOP / "inputs" / f"{name}.xlsx", read_only=True)
    estimates = rows = 0
    for sheet in book.worksheets:
        header, *body = sheet.iter_rows(values_only=True)
        if "Note" in header and sheet.title != "Settings":
            notes = [row[header.index("Note")] for row in body if any(c is not None for c in row)]
            rows += len(notes)
            estimates += sum(str(note or "").startswith(ESTIMATE) for note in notes)
    book.close()
    return estimates, rows


@pytest.mark.parametrize("name", ["critical-minerals", "critical-minerals-first-use"])
def test_readme_counts_estimates(name: str) -> None:
    estimates, rows = counted(name)
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert f"{estimates:,} of {rows:,}" in readme
