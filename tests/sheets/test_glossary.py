"""The glossary: the terms that a workbook uses, and where."""

from __future__ import annotations

import pytest

from models.plan import solve
from models.program.component import cost_headings
from models.results import Figure
from planner.sheets import tables
from planner.sheets.glossary import TERMS
from planner.workbook import read_tables
from tests.sheets.desk import context, refiner, rows


def glossary_of(book) -> dict[str, str]:
    of = context(book)
    table = tables(of.plan, of.book, without_limits=of.without_limits)["Glossary"]
    return dict(zip(table.column("Term").values, table.column("Where").values, strict=True))


def test_terms_stand_in_order_and_are_those_used():
    names = [term.name for term in TERMS]
    assert names == sorted(names, key=str.casefold)
    found = glossary_of(rows())
    assert found["HHI"] == "Summary, By mineral, Scorecard"
    for term in ("CR1", "CR3", "HHI-WGI", "Import reliance", "EU benchmarks"):
        assert found[term] == "Scorecard"
    assert "Share limits" in found["Shadow price"]
    assert found["Marginal price"] == "Prices"
    assert {"Gap", "Proof", "Share base", "N-1", "Diversification premium"} <= set(found)
    assert not {"Take or pay", "Tier", "Ore, contained"} & set(found)


def test_cash_names_all_that_is_paid():
    (cash,) = (term.meaning for term in TERMS if term.name == Figure.CASH_COST)
    paid = {heading.name.split()[0][:3] for heading in cost_headings() if not heading.is_penalty}
    assert {"pur", "swi"} <= paid
    assert not {stem for stem in paid if stem not in cash.lower()}


def test_terms_of_sheets_that_the_input_asks_for():
    book = rows()
    book["Contracts"] = [
        {"Refiner": "Chile works", "Mineral": "copper", "Member": "A", "Min (t/yr)": 1},
    ]
    book["Stockpiles"] = [{"Mineral": "copper", "Member": "A", "Max (t)": 20}]
    found = glossary_of(book)
    assert "Contracts" in found["Take or pay"]
    assert "Stocks" in found["Days of cover"]


def test_the_marginal_price_is_that_of_supply():
    """A tonne more in Demand also moves limits that are shares of it, and costs otherwise.

    One country may sell half: of 100 t at most 50 come at 11, the rest at 21. A tonne more of
    demand lets half a tonne more come at 11: it costs 16, and a tonne more of supply is worth 21.
    """
    [meaning] = [term.meaning for term in TERMS if term.name == "Marginal price"]
    assert "one more tonne of supply" in meaning
    assert "also moves limits that are shares of demand" in meaning
    costs = []
    for need in (100, 101):
        book = rows()
        book["Demand"] = [{"Mineral": "copper", "Member": "A", "2026": need}]
        book["Refiners"] = [
            refiner("China works", "China", 200, 10),
            refiner("Chile works", "Chile", 200, 20),
        ]
        book["Share limits"] = [
            {"Limit": "max", "Supplier group": "country", "Supplier": "China", "Share": 0.5}
        ]
        costs.append(solve(read_tables(book).case))
    [price] = costs[0].supply["marginal_price"].tolist()
    assert (price, costs[1].objective - costs[0].objective) == pytest.approx((21, 16))
