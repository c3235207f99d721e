"""Price floors worked by hand; the arithmetic is in each docstring."""

from __future__ import annotations

import numpy as np
import pytest

from tests.budget import few

from .agreement import solved
from .cases import FLOORED, random_book
from .cases_sheets import BookT
from .formulation import solve
from .hand import book_of, seller
from .test_random_books import legal


def border(floor: float | None, **cells: object) -> BookT:
    """An outsider at 8, an insider at 11 with 60 t, demand 100 of a member without a country."""
    sellers = [seller("Out", "tin", "CHN", 8), seller("In", "tin", "AUS", 11, 60)]
    book = book_of({"tin": 100.0}, sellers)
    book["Countries"] = [{"Country": "AUS", "Bloc": "coalition; pact"}]
    row = {header.replace("_", " "): value for header, value in cells.items()}
    if floor is not None:
        book["Price floors"] = [{"Mineral": "tin", "Floor (USD/t)": floor} | row]
    return book


@pytest.mark.parametrize("seed", few(range(60), 20))
def test_halves_agree_on_floors(seed: int) -> None:
    """evaluate(solve) = solve on books with price floors; without them no plan is dearer."""
    book = random_book(np.random.default_rng(seed), 3, FLOORED)
    legal(book)
    without = {sheet: rows for sheet, rows in book.items() if sheet != "Price floors"}
    cost = solve(without).objective
    assert solved(book).objective >= cost * (1 - 1e-9) - 1e-6
