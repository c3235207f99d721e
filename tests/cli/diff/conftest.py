"""Plans to compare."""

from __future__ import annotations

import pytest

from tests.order_book import order_rows, write_order_book


@pytest.fixture
def old(plan):
    """The plan of the tiny case."""
    return plan


@pytest.fixture
def made(folder, call):
    """Make a plan of other rows under a name, and return its path."""

    def make(name, *options, **changes):
        write_order_book(folder / f"{name}.xlsx", **changes)
        assert call("solve", f"{name}.xlsx", *options)[0] == 0
        return f"outputs/{name}-plan.xlsx"

    return make


@pytest.fixture
def dearer(made):
    """China gives 20 t less in both years and costs 1 more; A needs 10 t more in 2027."""
    rows = order_rows()
    rows["Refiners"][0] |= {"Capacity (t/yr)": 80, "Cost (USD/t)": 11}
    rows["Demand"][0]["2027"] = 110
    return made("dearer", Refiners=rows["Refiners"], Demand=rows["Demand"])
