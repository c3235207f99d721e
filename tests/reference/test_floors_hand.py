"""Price floors worked by hand; the arithmetic is in each docstring."""

from __future__ import annotations

import numpy as np
import pytest

from tests.budget import few

from .agreement import solved
from .cases import FLOORED, random_book
from .cases_sheets import BookT
from .formulation import solve
from .hand import book_of, cap, made_from, seller
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


def sums(book: BookT) -> list[float]:
    """Cost, purchases, levies, net cost and tonnes from outside."""
    optimum = solved(book)
    outside = sum(t for name, *_, t in optimum.flows.spot if name == "Out")
    found = optimum.totals
    return [
        optimum.objective,
        found.purchases_usd,
        found.levies_usd,
        found.net_cost_usd,
        outside,
    ]


def test_closed_form_of_a_floor_that_moves_nothing() -> None:
    """Floor 10: a levy of 2 on 100 t from outside: 1,000, levies 200, net 800."""
    assert sums(border(10)) == pytest.approx([1000, 1000, 200, 800, 100])
    assert sums(border(7)) == pytest.approx([800, 800, 0, 800, 100])
    assert sums(border(None)) == pytest.approx([800, 800, 0, 800, 100])


def test_closed_form_of_a_floor_that_moves_the_plan() -> None:
    """Floor 12: 60 t inside at 11, 40 outside at 8 + 4: 1,140, levies 160, net 980."""
    assert sums(border(12)) == pytest.approx([1140, 1140, 160, 980, 40])


def test_closed_form_of_the_turn() -> None:
    """The plan turns at 11, where the levy of 3 equals what a tonne of a cap on the outsider saves
    that forces the same 60."""
    assert sums(border(10.999))[4] == pytest.approx(100)
    assert sums(border(11.001))[4] == pytest.approx(40)
    costs = []
    for share in (0.5, 0.51):
        book = border(None)
        book["Share limits"] = [cap(share, Supplier="CHN")]
        costs.append(solve(book).objective)
    assert costs[0] - costs[1] == pytest.approx(1 * 3)


def test_tariff_and_freight_count_before_the_floor() -> None:
    """8 x 1.25 + 1 = 11 landed, floor 11.5: levy 0.5. 60 t inside at 11, 40 at 11.5; 40 x 2 are
    tariffs, 20 levies."""
    book = border(11.5)
    book["Lanes"] = [{"Refiner": "Out", "Tariff": 0.25, "Freight (USD/t)": 1}]
    optimum = solved(book)
    assert optimum.objective == pytest.approx(660 + 460)
    assert optimum.totals.tariffs_usd == pytest.approx(80)
    assert optimum.totals.levies_usd == pytest.approx(20)
    assert optimum.totals.net_cost_usd == pytest.approx(1020)


def test_who_pays() -> None:
    """Outside the zone there is none: the seller in it, an exempt country or bloc, a buyer whose
    country is in no such zone, another year."""
    assert solved(border(12, Zone="pact")).objective == pytest.approx(800)  # no country: coalition
    book = border(12, Zone="pact")
    book["Members"][0]["Country"] = "AUS"
    assert solved(book).objective == pytest.approx(1140)
    book["Members"][0]["Country"] = "JPN"
    assert solved(book).objective == pytest.approx(800)
    for exempt in ("CHN", "JPN; CHN", "other", "CHL"):
        least = 1140 if exempt == "CHL" else 800
        assert solved(border(12, Exempt=exempt)).objective == pytest.approx(least), exempt
    assert solved(border(12, First_year=2027)).objective == pytest.approx(800)
    book = border(7) | {"Price floors": [{"Mineral": "tin", "Floor (USD/t)": 7}]}
    book["Price floors"][0]["Floor 2026 (USD/t)"] = 12
    assert solved(book).objective == pytest.approx(1140)


def test_highest_of_several_zones() -> None:
    """Floors of 9 and 10 in two zones of one buyer: 100 x 10, whatever the order."""
    book = border(9)
    book["Members"][0]["Country"] = "AUS"
    rows = book["Price floors"]
    rows.append({"Mineral": "tin", "Zone": "pact", "Floor (USD/t)": 10})
    assert solved(book).objective == pytest.approx(1000)
    rows.reverse()
    assert solved(book).objective == pytest.approx(1000)


def test_contract_under_a_floor() -> None:
    """30 t at 9, at least 20, floor 10: the contract pays 1, spot 2, so both land at 10. 100 x 10,
    of which levies 30 + 140 or 20 + 160. What is not taken pays no levy."""
    book = border(10)
    row = {"Refiner": "Out", "Mineral": "tin", "Member": "A", "Price (USD/t)": 9}
    book["Contracts"] = [row | {"Min (t/yr)": 30, "Max (t/yr)": 30}]
    optimum = solved(book)
    assert optimum.objective == pytest.approx(1000)
    assert optimum.totals.levies_usd == pytest.approx(30 + 140)
    book["Demand"][0]["2026"] = 10
    optimum = solved(book)
    assert optimum.objective == pytest.approx(100 + 20 * 9)
    assert optimum.totals.levies_usd == pytest.approx(10)


@pytest.mark.parametrize(("home", "paid", "received"), [("AUS", 12, 4), ("JPN", 8, 0)])
def test_input_under_a_floor(home: str, paid: float, received: float) -> None:
    """An input at 8 for a plant in Australia; floor 12 where that is in the zone; the levy is
    received where it is a member's country."""
    sellers = [seller("Out", "tin", "CHN", 8), seller("Plate", "plate", "AUS", 1)]
    book = book_of({"tin": 0.0, "plate": 10.0}, sellers, [made_from("plate", "tin", 1)])
    book["Price floors"] = [{"Mineral": "tin", "Floor (USD/t)": 12}]
    book["Members"][0]["Country"] = home
    optimum = solved(book)
    assert optimum.objective == pytest.approx(10 * (paid + 1))
    assert optimum.totals.levies_usd == pytest.approx(10 * received)
    assert optimum.totals.net_cost_usd == pytest.approx(90)
    book["Countries"] = [{"Country": "AUS", "Bloc": "coalition"}]
    optimum = solved(book)
    assert optimum.objective == pytest.approx(130)
    assert optimum.totals.levies_usd == pytest.approx(10 * received)


@pytest.mark.parametrize("seed", few(range(60), 20))
def test_halves_agree_on_floors(seed: int) -> None:
    """evaluate(solve) = solve on books with price floors; without them no plan is dearer."""
    book = random_book(np.random.default_rng(seed), 3, FLOORED)
    legal(book)
    without = {sheet: rows for sheet, rows in book.items() if sheet != "Price floors"}
    cost = solve(without).objective
    assert solved(book).objective >= cost * (1 - 1e-9) - 1e-6
