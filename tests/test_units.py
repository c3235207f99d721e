"""Units in headers: which convert, by what, and what is said of the others."""

from __future__ import annotations

import pytest

from models.errors import InputError
from models.units import UnitError, accepted, factor, in_currency
from planner.workbook import read_tables
from tests.books import in_euros
from tests.small_book import both, head, put, small_book


@pytest.mark.parametrize(
    ("text", "unit", "times"),
    [
        ("t", "t", 1),
        ("kg", "t", 1e-3),
        ("lb", "t", 0.00045359237),
        ("kt", "t", 1e3),
        ("Mt", "t", 1e6),
        ("kt/yr", "t/yr", 1e3),
        ("kt / year", "t/yr", 1e3),
        ("t/a", "t/yr", 1),
        ("USD/kg", "USD/t", 1e3),
        ("usd/lb", "USD/t", 1 / 0.00045359237),
        ("USD/kt", "USD/t", 1e-3),
        ("USD/kg/yr", "USD/t/yr", 1e3),
        ("USD m", "USD m", 1),
        ("usd M", "USD m", 1),
        ("yr", "yr", 1),
    ],
)
def test_a_unit_converts(text: str, unit: str, times: float) -> None:
    assert factor(text, unit) == pytest.approx(times, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("MT", "t", "traders write MT for tonnes"),
        ("mt/yr", "t/yr", "write t or Mt"),
        ("KT", "t", "(kt)"),
        ("Kg", "t", "(kg)"),
        ("t", "t/yr", "(t/yr)"),
        ("t/yr", "t", "(t)"),
        ("EUR/t", "USD/t", "(USD/t)"),
        ("USD", "USD/t", "(USD/t)"),
        ("KT/yr", "t/yr", "did you mean (kt/yr)?"),
        ("Kg", "t", "did you mean (kg)?"),
        ("tonnes", "t", "did you mean (t)?"),
        ("tonnes per year", "t/yr", "did you mean (t/yr)?"),
        ("tpa", "t/yr", "did you mean (t/yr)?"),
        ("ktpa", "t/yr", "did you mean (kt/yr)?"),
        ("kt", "t/yr", "did you mean (kt/yr)?"),
        ("USD/KG", "USD/t", "did you mean (USD/kg)?"),
        ("", "t", "(t)"),
        ("kUSD", "USD m", "(USD m)"),
        ("USD/t/yr", "USD/t", "(USD/t)"),
    ],
)
def test_a_unit_that_cannot_convert_says_what_is_accepted(text: str, unit: str, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        factor(text, unit)
    assert said in str(caught.value)


def test_money_is_in_the_currency_of_the_workbook() -> None:
    assert in_currency("USD/t", "EUR") == "EUR/t"
    assert accepted("USD/t", "EUR")[0] == "EUR/t"
    assert factor("eur/kg", "USD/t", "EUR") == 1000
    with pytest.raises(UnitError):
        factor("USD/t", "USD/t", "EUR")


UNITS = [
    ("Refiners", "Capacity (t/yr)", "Capacity (kt/yr)", 1000, "refiners", "capacity"),
    ("Refiners", "Cost (USD/t)", "Cost (USD/kg)", 1000, "refiners", "cost"),
    ("Lanes", "Max (t/yr)", "Max (Mt/yr)", 1e6, "lanes", "max"),
    ("Stockpiles", "Max (t)", "Max (kg)", 1 / 1000, "stockpiles", "max"),
    ("Stockpiles", "Holding cost (USD/t/yr)", "Holding cost (USD/kt/yr)", 1 / 1000, "", ""),
    ("Minerals", "Price (USD/t)", "Price (USD/lb)", 1 / 0.00045359237, "minerals", "price"),
]


@pytest.mark.parametrize("given", UNITS, ids=lambda given: given[2])
def test_the_same_amount_in_another_unit_is_the_same_case(given) -> None:
    sheet, header, unit, tonnes, records, name = given
    book = small_book()
    for i, row in enumerate(book[sheet]):
        if row[header] is not None:
            put(sheet, i + 2, header, row[header] / tonnes)(book)
    head(sheet, header, unit)(book)
    before, after = read_tables(small_book()).case, read_tables(book).case
    if not records:
        assert after.stockpiles[0].holding_cost == pytest.approx(5)
        return
    for one, other in zip(getattr(before, records), getattr(after, records), strict=True):
        was, now = getattr(one, name), getattr(other, name)
        if was is not None:
            assert getattr(now, "base", now) == pytest.approx(getattr(was, "base", was), rel=1e-12)


def test_demand_and_settings_convert() -> None:
    book = small_book()
    book["Settings"].append({"Setting": "Default freight (USD/kg)", "Value": 0.05})
    both(head("Demand", "2026", "2026 (kt)"), head("Freight", "Korea", "Korea (USD/kg)"))(book)
    case = read_tables(book).case
    assert case.settings.default_freight == pytest.approx(50)
    assert case.demand_of["Copper", "Japan", 2026] == 600_000
    assert dict(case.freight[0].costs)["Japan"] == 60
    assert dict(case.freight[0].costs)["Korea"] == 65_000


def test_headers_follow_the_currency() -> None:
    book = in_euros(small_book())
    with pytest.raises(InputError) as caught:
        read_tables(book)
    assert "accepted are (USD/t)" in caught.value.findings[0].message
    put("Settings", 3, "Value", "eur")(book)
    assert read_tables(book).case.settings.currency == "EUR"
