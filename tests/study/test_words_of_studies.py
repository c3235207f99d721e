"""What studies say at their thresholds: counts, order, singulars and signs of results by hand."""

from __future__ import annotations

from typing import Any

import pytest

from models.results import About, Result
from planner.studies.exit import Builds, Exits, ExitStudy, WayOut
from planner.studies.kind import BASIS, Tables
from tests.models.desk import jin, make
from tests.study.test_way_out import told

WORDS = {"money": "USD", "plan": "", "last": "2027", "basis": "demand", "discounted": "discounted"}
Row = dict[str, Any]


def made(kind: type[Result], *rows: Row) -> Result:
    """Return a table of rows; what a row does not say is blank."""
    return kind.of_rows(rows, words=WORDS)


def about(**options: str) -> About:
    return About(what=[*options], value=[*options.values()])


# ---- the way out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("tonnes", [0.4, 1e-5])
def test_a_country_that_sells_little_is_left_all_the_same(tonnes: float) -> None:
    """What is above a millionth of a tonne is bought there, and stays there."""
    tables = told(make(jin(200), demand=tonnes, years=(2026, 2027)))
    (row,) = tables[Exits].frame().to_dict("records")
    assert row["left_share"] == pytest.approx(1.0)
    assert "China still sells" in row["remark"]
    assert ExitStudy.headline(tables).finding.startswith("copper cannot do without China by 2027")


def exits(*minerals: tuple[str, float, float, int | None], last: int = 2027) -> Tables:
    """Return an exit of minerals by name, planned and left share, and the year of none."""
    rows = [
        {"mineral": m, "planned": 9.0, "left": 9.0, "planned_share": planned, "left_share": left,
         "none": none, "cash": 1e6 * i, "a_tonne": 5.0, "remark": ""}
        for i, (m, planned, left, none) in enumerate(minerals)
    ]  # fmt: skip
    years = [
        {"mineral": m, "year": year, "demand": 100.0, "planned": 9.0, "left": 9.0, "short": 0.0,
         "others": year - 2000.0, "planned_share": planned, "left_share": left}
        for m, planned, left, _ in minerals for year in (last - 1, last)
    ]  # fmt: skip
    options = about(**{"Country": "China", BASIS: "demand"})
    return Tables([made(Exits, *rows), made(WayOut, *years), made(Builds), options])


def test_the_mineral_that_falls_by_most_gets_furthest() -> None:
    tables = exits(("tin", 0.9, 0.5, None), ("zinc", 0.6, 0.1, None), ("lead", 0.3, 0.0, 2027))
    finding = ExitStudy.headline(tables).finding
    assert finding == (
        "By 2027, 1 of 3 minerals can do without China: lead from 2027. China's share falls most"
        " for zinc, from 60.0 % to 10.0 % of demand in 2027."
    )


def test_a_fall_that_does_not_show_is_none() -> None:
    """Half a tenth of a percent reads the same; more is a fall."""
    same = exits(("tin", 0.6, 0.5996, None), ("zinc", 0.5, 0.5, None))
    assert ExitStudy.headline(same).finding.endswith(
        "By 2027, none of 2 minerals can do without China. China's share in 2027 cannot"
        " fall for any of these minerals."
    )
    less = exits(("tin", 0.6, 0.5994, None), ("zinc", 0.5, 0.5, None))
    assert "China's share falls most for tin" in ExitStudy.headline(less).finding
    shown = exits(("tin", 0.6504, 0.6496, None), ("zinc", 0.5006, 0.4994, None))
    assert "falls most for zinc, from 50.1 % to 49.9 %" in ExitStudy.headline(shown).finding


@pytest.mark.parametrize(
    ("second", "left"), [(0.5995, "tin and zinc each: 60.0 %"), (0.5994, "tin: 60.0 %")]
)
def test_minerals_that_read_the_same_are_named_together(second: float, left: str) -> None:
    first, extra = ExitStudy.headline(
        exits(("tin", 0.9, 0.6, None), ("zinc", 0.9, second, None))
    ).figures
    assert (
        f"The largest share remains for {left} of demand. In 2027 other countries sell 27 t"
        in first.remark
    )
    said = "The largest amount is for zinc: 5 USD per tonne no longer bought from China."
    assert said in extra.remark
