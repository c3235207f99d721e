"""Security as a plan tells it: its sheet, the first page, the report, what explains a price."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.answers.explain import explain
from models.answers.least_change import least_change
from models.plan import solve
from planner.render.front import AnswerState, TrafficLight
from planner.report.plan import headlines
from planner.sheets import Context, tables, write_plan
from planner.sheets.front import overview
from planner.workbook import read_tables
from planner.workbook.plan_file import read_plan
from tests.sheets.desk import BookT, refiner, rows

near = pytest.approx
SURVIVES = "Does it survive"


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


def light(book: BookT) -> TrafficLight | None:
    """Return what the first page says of it."""
    read = read_tables(book)
    lights = overview(Context(solve(read.case), read), ()).lights
    return next((each for each in lights if each.question.startswith(SURVIVES)), None)


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


def test_only_where_it_is_asked_for() -> None:
    """No sheet, no sentence and no heading of cost without the sheet."""
    read = read_tables(two())
    made = tables(solve(read.case), read)
    assert "Security" not in made
    assert not any(
        "ecurity" in str(v) or "Surge" in str(v) for v in made["Summary"].columns[0].values
    )
    assert light(two()) is None


COUNTED = (
    "This test loses one country at a time. It counts the extra tonnes that the others can sell,"
    " and all stocks."
)


@pytest.mark.parametrize(
    ("security", "asked", "state", "said"),
    [
        (
            [{"Max short": 0.5}], "a country", AnswerState.GOOD,
            (
                "Without any one country outside the coalition, at most 50 % of the need for copper"
                " is missing."
            ),
        ),
        (
            [{"Max short": 0.5, "Lost country": "China"}], "China", AnswerState.GOOD,
            "Without China, at most 50 % of the need for copper is missing.",
        ),
        (
            [{"Max short": 0.5, "Max short 2027": 0.1, "Penalty (USD/t)": 1}], "a country",
            AnswerState.BAD,
            (
                "Without at least one country outside the coalition, more than 10 % to 50 % of the"
                " need for copper is missing. The worst case: without China, 80 % of the need for"
                " copper is missing in 2027; at most 10 % is allowed."
            ),
        ),
    ],
)  # fmt: skip
def test_first_page(
    security: list[dict[str, Any]], asked: str, state: AnswerState, said: str
) -> None:
    """Whose loss, of what, how much: yes, partly or no."""
    found = light(two(*security))
    assert found is not None
    assert found.question == f"Does it survive the loss of {asked}?"
    assert (found.state, found.text) == (state, f"{said} {COUNTED}")


def zinc(book: BookT) -> BookT:
    """Add zinc, which China alone refines."""
    book["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 50})
    book["Refiners"].append(refiner("China zinc", "China", 100, 10) | {"Mineral": "zinc"})
    book["Demand"].append({"Mineral": "zinc", "Member": "A", "2026": 10, "2027": 10})
    return book


def test_first_page_and_report_name_what_is_not_survived(tmp_path: Path) -> None:
    """Partly: but for zinc; the report says the same of the workbook."""
    book = zinc(two({"Max short": 0.5}))
    found = light(book)
    said = (
        "Without any one country outside the coalition, at most 50 % of the need for copper is"
        " missing. Without at least one country outside the coalition, more than 50 % of the need"
        " for zinc is missing. The worst case: without China, 100 % of the need for zinc is missing"
        f" in 2026; at most 50 % is allowed. {COUNTED}"
    )
    assert found is not None
    assert (found.state, found.text) == (AnswerState.CARE, said)
    read = read_tables(book)
    write_plan(tmp_path / "plan.xlsx", solve(read.case), read)
    head = headlines(read_plan(tmp_path / "plan.xlsx"))[-1]
    assert (head.name, head.value, head.remark) == (
        f"{SURVIVES} the loss of a country?",
        "Partly",
        said,
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
