"""Security as a plan tells it: its sheet, the first page, the report, what explains a price."""

from __future__ import annotations

from typing import Any

import pytest

from models.answers.explain import explain
from models.answers.least_change import least_change
from models.plan import solve
from planner.sheets import tables
from planner.workbook import read_tables
from tests.sheets.desk import BookT, refiner, rows

near = pytest.approx


def two(*security: dict[str, Any], **more: Any) -> BookT:
    """Return 100 t a year for A and B together, China at 10 and Chile at 20, 100 t each."""
    book = rows(**more)
    book["Refiners"] = [
        refiner("China works", "China", 100, 10), refiner("Chile works", "Chile", 100, 20)
    ]  # fmt: skip
    book["Demand"] = [
        {"Mineral": "copper", "Member": name, "2026": 50, "2027": 50} for name in ("A", "B")
    ]
    book["Share limits"] = []
    return book | {"Security": list(security)}


def test_sheet() -> None:
    """A row a country, mineral and year; its note; the cost of a point is a tonne moved at 10."""
    read = read_tables(two({"Max short": 0.5, "Note": "As the ministers agreed."}))
    table = tables(solve(read.case), read)["Security"]
    found = {c.header.partition(" (")[0]: c.values for c in table.columns}
    assert list(found["Lost country"]) == ["Chile", "China"] * 2
    assert list(found["Year"]) == [2026, 2026, 2027, 2027]
    assert list(found["Served if it is lost"]) == near([0.9, 0.5] * 2)
    assert list(found["To be served"]) == near([0.5] * 4)
    assert list(found["Missing"]) == [0] * 4
    assert list(found["Binding"]) == ["no", "yes"] * 2
    assert list(found["A point costs"]) == near([0, 10] * 2)
    assert list(found["Sold by it"]) == near([30, 70] * 2)
    assert {*found["Note"]} == {"As the ministers agreed."}


@pytest.mark.parametrize(
    ("chile", "most", "penalty", "shortage", "missing"),
    [
        (100, 0.5, None, None, [0, 0]),
        (100, 0.5, 0, None, [0, 30]),
        (100, 0, 0, None, [0, 80]),
        (30, 0.2, 0, None, [0, 74]),
        (100, 0.5, None, 0, [30, 30]),
    ],
)
def test_missing_is_what_is_left_below_the_target(
    chile: float, most: float, penalty: float | None, shortage: float | None, missing: list[float]
) -> None:
    """If Chile is lost, then China; the program's own column is free where its penalty is 0."""
    book = two({"Max short": most, "Penalty (USD/t)": penalty})
    book["Refiners"][1]["Capacity (t/yr)"] = chile
    book["Minerals"][0]["Shortage cost (USD/t)"] = shortage
    table = solve(read_tables(book).case).security
    assert list(table.loc[table["year"] == 2026, "missing"]) == near(missing)


def test_only_where_it_is_asked_for() -> None:
    """No sheet, no sentence and no heading of cost without the sheet."""
    read = read_tables(two())
    made = tables(solve(read.case), read)
    assert "Security" not in made
    assert not any(
        "ecurity" in str(v) or "Surge" in str(v) for v in made["Summary"].columns[0].values
    )


def test_a_price_is_explained_by_it() -> None:
    """A tonne more of A's comes of China at 11 and raises what has to be left: 16 in all."""
    plan = solve(read_tables(two({"Max short": 0.5})).case)
    found = explain(plan, "copper", "A", 2026)
    assert found.demand_cost == near(16)
    (bound,) = (b for b in found.binding if b.kind == "security")
    assert bound.words == "the supply required if China is lost (50 % of demand)"
    assert (bound.limit, bound.shadow_price, bound.direction) == near((0.5, 10, -1))
    assert bound.place is not None
    assert (bound.place.sheet, bound.place.header) == ("Security", "Max short")


def test_the_least_change_takes_nothing_from_security() -> None:
    """50 t are short of 250: Chile's capacity grows by them, and no more lacks than before."""
    book = two({"Max short": 0.5})
    book["Demand"][0] |= {"2026": 200, "2027": 200}
    plan = solve(read_tables(book).case)
    found = least_change(plan, "copper", "A", 2026)
    assert found is not None
    assert found.changes
    assert found.outcome is not None
    assert found.outcome.after == near(0, abs=1e-6)
