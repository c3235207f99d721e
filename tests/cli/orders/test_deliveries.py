"""Orders split by quarter and month: deliveries add up to their order, and keep their ids."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planner.documents.orders import PARTS, days_of, equal_parts, rounded, split_id
from tests.order_book import PLAN, lines, order_rows, table, write_order_book

TONNES = st.floats(1e-6, 1e9, allow_nan=False)


@given(TONNES, st.sampled_from([4, 12]))
@example(0.00087206, 12)
def test_deliveries_add_up_exactly(tonnes, parts):
    """In decimals, as orders.csv has the order; none is below 0, and all are nearly alike."""
    shares = equal_parts(tonnes, parts)
    assert len(shares) == parts
    assert sum(shares) == rounded(tonnes, 8)
    assert all(share >= 0 for share in shares)
    assert max(shares) - min(shares) <= Decimal("0.002") + rounded(tonnes, 8) * Decimal("1e-10")


@pytest.mark.parametrize("period", PARTS)
def test_files_by_period(plan, call, period):
    """Tonnes and money of deliveries.csv by order are those of orders.csv, to the last digit."""
    assert call("orders", PLAN, "orders", "--periods", period)[0] == 0
    orders = {row["order_id"]: row for row in lines()}
    by_order = {}
    for row in lines("orders/deliveries.csv"):
        assert split_id(row["delivery_id"]) == (row["order_id"], row["period"])
        assert (row["start_date"], row["end_date"]) == days_of(int(row["year"]), row["period"])
        by_order.setdefault(row["order_id"], []).append(row)
    assert by_order.keys() == orders.keys()
    for name, parts in by_order.items():
        for column in ("tonnes", "total_amount"):
            total = sum(Decimal(part[column]) for part in parts)
            assert total == Decimal(orders[name][column]), (name, column)
        assert len(parts) == len(PARTS[period])


def test_the_calendar_of_a_member(plan, call):
    """An order a row; the parts of the year add up to it."""
    call("orders", PLAN, "orders", "--periods", "month")
    rows = table("orders/A.xlsx", "Calendar")
    assert len(rows) == len(table("orders/A.xlsx", "Orders"))
    for row in rows:
        parts = [row[part] for part in PARTS["month"]]
        assert sum(parts) == pytest.approx(row["Tonnes"], rel=1e-12)


def test_without_periods_nothing_is_split(plan, call):
    """A second run takes the file of deliveries away again."""
    call("orders", PLAN, "orders", "--periods", "quarter")
    assert Path("orders/deliveries.csv").exists()
    call("orders", PLAN, "orders")
    assert not Path("orders/deliveries.csv").exists()
    assert "Calendar" not in openpyxl.load_workbook("orders/A.xlsx").sheetnames


def test_ids_stay_in_a_later_plan(plan, call, folder):
    """More is ordered: the deliveries of the same orders keep their ids."""
    call("orders", PLAN, "one", "--periods", "quarter")
    rows = order_rows()
    rows["Demand"][0]["2026"] = 70
    write_order_book(folder / "more.xlsx", **rows)
    call("solve", "more.xlsx")
    call("orders", "outputs/more-plan.xlsx", "two", "--periods", "quarter")
    one, two = ({r["delivery_id"] for r in _rows(name)} for name in ("one", "two"))
    assert one <= two


def test_parts_of_a_year():
    """Months of a leap year; an id that is none of a delivery."""
    assert days_of(2028, "M02") == ("2028-02-01", "2028-02-29")
    assert days_of(2027, "Q4") == ("2027-10-01", "2027-12-31")
    assert split_id("ORD-2026-abc-q3") == ("ORD-2026-abc", "Q3")
    assert split_id("ORD-2026-abc") == ("ORD-2026-abc", "")


def _rows(folder):
    with Path(folder, "deliveries.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
