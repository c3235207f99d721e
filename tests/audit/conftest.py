"""What the tests of verify share: a plan in which copper is short."""

from __future__ import annotations

import pytest

from planner.cli import main
from tests.small_book import workbook


def short_book():
    """The small book with more demand for copper than there is."""
    book = workbook()
    book["Demand"]["C2"] = 4600
    return book


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An input with every sheet, in which copper is short, and its plan."""
    folder = tmp_path_factory.mktemp("audit")
    short_book().save(folder / "case.xlsx")
    assert main(["solve", str(folder / "case.xlsx"), "--output", str(folder / "plan.xlsx")]) == 0
    return folder
