"""The JSON of every command that tells money says in which currency."""

from __future__ import annotations

import pytest

from tests.books import in_euros
from tests.order_book import order_rows, write_order_book


@pytest.fixture
def euros(folder):
    """The tiny workbook, its money in euros."""
    rows = in_euros(order_rows())
    rows["Settings"].append({"Setting": "Currency", "Value": "EUR"})
    return write_order_book(folder / "two.xlsx", **rows)


@pytest.mark.slow
def test_each_object_with_money_says_the_currency(euros, ask):
    plan = "outputs/two-plan.xlsx"
    cell = ("--mineral", "Copper", "--member", "A", "--year", "2026")
    here = ("--workers", "1")
    for command in (
        ("solve", euros),
        ("verify", plan, euros),
        ("diff", plan, plan),
        ("orders", plan, "orders"),
        ("explain", euros, *cell),
        ("compare", euros, "--lose", "Chile", *here),
        ("sweep", euros, "--from", "1", "--to", "0.9", *here),
        ("stress", euros, *here),
        ("scorecard", euros, *here),
        ("exit", euros, "--country", "Chile", *here),
    ):
        code, answer = ask(*command)
        assert (code, answer.get("currency")) == (0, "EUR"), (command[0], answer)
