"""The study of ranges: its table, finding and charts."""

from __future__ import annotations

import pytest

from models.answers import BY_COUNTRY, BY_REFINER, Range
from models.results import About
from planner.studies.kind import YEARS, Tables
from planner.studies.ranges import CHOICE, FACT, SLACK, Ranges, RangesStudy, table_of
from tests.models.desk import jin, make, read, sur


def found(*rows: tuple[str, float, float, float]) -> list[Range]:
    return [Range("copper", country, "", "", *of) for country, *of in rows]


def tables_of(made: Ranges) -> Tables:
    said = {SLACK: "1 % of each mineral's own cash", YEARS: "2026"}
    return Tables([made, About(what=[*said], value=[*said.values()])])


def test_a_point_of_demand_tells_a_choice_from_a_fact() -> None:
    case = read(make(jin(), sur()))
    made = table_of(found(("CHL", 2, 0, 2), ("CHN", 80, 79.5, 80.4)), case, BY_COUNTRY)
    assert list(made.rows(Ranges.supplier, Ranges.now_share, Ranges.verdict)) == [
        ("CHN", 0.8, FACT),
        ("CHL", 0.02, CHOICE),
    ]
    assert RangesStudy.headline(tables_of(made)).finding == "A fact: copper from CHN (80.0 %)."


def test_bars_end_at_the_most() -> None:
    case = read(make(jin(), sur()))
    made = table_of(found(("CHN", 80, 30, 95)), case, BY_COUNTRY)
    first, *_ = RangesStudy.pictures(tables_of(made))
    assert first.categories == ("copper: CHN",)
    parts = [series.values[0] for series in first.series]
    assert parts == pytest.approx([0.30, 0.50, 0.15])


def test_a_project_is_told_from_a_refiner_of_its_name() -> None:
    case = read(make(jin(), sur()))
    rows = [Range("copper", "CHN", "Jin", name, 1, 1, 1) for name in ("", "Jin")]
    assert table_of(rows, case, BY_REFINER).supplier == ["Jin", "Jin (project)"]


def test_nothing_sold_is_said() -> None:
    case = read(make(jin(), demand=0))
    tables = tables_of(table_of(found(("CHN", 0, 0, 0)), case, BY_COUNTRY))
    assert RangesStudy.headline(tables).finding == "Nobody sells anything in this plan."
    assert RangesStudy.pictures(tables) == RangesStudy.sections(tables) == ()
