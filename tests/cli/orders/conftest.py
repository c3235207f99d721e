"""The plan that orders are made from."""

from __future__ import annotations

import pytest

from tests.order_book import PLAN, write_order_book


@pytest.fixture
def plan(folder, call):
    """The plan workbook of the tiny case."""
    write_order_book(folder / "two.xlsx")
    assert call("solve", "two.xlsx")[0] == 0
    return folder / PLAN
