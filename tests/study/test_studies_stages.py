"""Studies of minerals that are made from one another: what plants buy counts everywhere."""

from __future__ import annotations

import pytest

from planner.studies.compare import LEVELS, Entry, FlowDifferences, results
from planner.workbook import read_tables
from tests.models.stages import CHINA, oxide_and_alloy, random_stages
from tests.scenarios.what_if import step
from tests.study.test_comparison import entries, named, rows_of

near = pytest.approx
SEEDS = range(8)


def compared_entries(seed: int) -> list[Entry]:
    """A random book with three scenarios that hit its first mineral and its inputs."""
    book = random_stages(seed)
    first, *_, last = (row["Mineral"] for row in book["Minerals"])
    scenarios = rows_of(
        named("No China", step("block lanes", Country=CHINA)),
        named("Half of the first", step("scale capacity", 0.5, Mineral=first)),
        named("None of the last", step("scale capacity", 0.25, Mineral=last)),
    )
    return entries(read_tables(book | {"Scenarios": scenarios}))


@pytest.mark.parametrize("seed", SEEDS)
def test_flows_that_differ_add_up_to_what_refiners_make(seed: int) -> None:
    """Of each mineral and scenario: by refiner, and by country to members and plants."""
    found = compared_entries(seed)
    (table,) = (t for t in results(found) if isinstance(t, FlowDifferences))
    base, *others = found
    rows = table.frame()
    assert len(others) == 3
    for entry in others:
        made = [of.context.plan.sources.groupby("mineral")["tonnes"].sum() for of in (base, entry)]
        here = rows[rows["scenario"] == entry.name]
        for mineral, flows in here.groupby("mineral"):
            more = made[1][mineral] - made[0][mineral]
            by_level = flows.groupby("level")["change"].sum().reindex(LEVELS, fill_value=0.0)
            assert by_level[LEVELS[-1]] == near(more, abs=1e-4)
            assert by_level[:-1].sum() == near(more, abs=1e-4)


def test_flows_that_differ_by_hand() -> None:
    """Without China's oxide its plants buy the ally's 7 t: oxide has no buyer but plants."""
    scenario = named("No Bao", step("scale capacity", 0, Refiner="Bao"))
    found = entries(read_tables(oxide_and_alloy() | {"Scenarios": [scenario]}))
    (table,) = (t for t in results(found) if isinstance(t, FlowDifferences))
    rows = table.frame()
    oxide = rows[rows["mineral"] == "oxide"]
    cells = oxide[["level", "seller", "buyer", "old", "new"]].itertuples(index=False, name=None)
    assert list(cells) == [
        ("country to plants", "CHN", "plants in CHN", 20, 0),
        ("country to plants", "AUS", "plants in CHN", 0, near(7)),
        ("refiner to coalition", "Bao", "Coalition", 20, 0),
        ("refiner to coalition", "Lyn", "Coalition", 0, near(7)),
    ]
