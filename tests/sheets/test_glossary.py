"""The glossary: the terms that a workbook uses, and where."""

from __future__ import annotations

from planner.sheets import tables
from planner.sheets.glossary import TERMS
from tests.sheets.desk import context, rows


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


def test_terms_of_sheets_that_the_input_asks_for():
    book = rows()
    book["Contracts"] = [
        {"Refiner": "Chile works", "Mineral": "copper", "Member": "A", "Min (t/yr)": 1},
    ]
    book["Stockpiles"] = [{"Mineral": "copper", "Member": "A", "Max (t)": 20}]
    found = glossary_of(book)
    assert "Contracts" in found["Take or pay"]
    assert "Stocks" in found["Days of cover"]
