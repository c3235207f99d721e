"""Studies of minerals that are made from one another: what plants buy counts everywhere."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from models import schema
from models.plan import Plan
from models.results.supply import Refiners
from planner.studies import sweep
from planner.studies.compare import LEVELS, Entry, FlowDifferences, results
from planner.workbook import read_tables
from tests.models.desk import BookT, solve_case
from tests.models.desk import read as case_of
from tests.models.stages import CHINA, oxide_and_alloy, random_stages
from tests.reference.cases import EVERYTHING, random_book
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


def with_duties(seed: int) -> BookT:
    """A random book with tariffs and floors at borders on inputs, and a bloc inside."""
    book = random_stages(seed)
    names = [row["Mineral"] for row in book["Minerals"]]
    lanes = [{"Input": name, "Tariff": 0.3, "From country": "CHN"} for name in names]
    floors = [
        {"Mineral": name, "Floor (USD/t)": 12, "Zone": zone}
        for name in names
        for zone in (None, "south")
    ]
    countries = [{"Country": "CHL", "Bloc": "south"}, {"Country": "AUS", "Bloc": "coalition"}]
    book["Input lanes"] = [*book.get("Input lanes", []), *lanes]
    return book | {"Price floors": floors, "Countries": countries}


@functools.cache
def plans() -> tuple[Plan, ...]:
    """Plans of random books with stages, some of them with every sheet that there is."""
    drawn = [
        random_book(np.random.default_rng([28, seed]), 3, EVERYTHING - {"whole projects"})
        for seed in range(24)
    ]
    books = [*map(random_stages, SEEDS), *map(with_duties, SEEDS), *drawn]
    every = [solve_case(case_of(book)) for book in books if book.get("Inputs")]
    assert sum(plan.taken.sum() > 1 for plan in every) > 20
    return tuple(every)


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


# ---- a sweep's rows by mineral -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["objective", "purchases", "cash", "tariffs", "levies", "net_cost"]
)
def test_money_by_mineral_adds_up_to_that_of_all(name: str) -> None:
    """Of every plan; what plants outside pay of tariffs is no treasury's of a member."""
    some = 0
    for plan in plans():
        total, *minerals = sweep.read(plan)
        size = max(1.0, *(abs(row[name]) for row in minerals))
        assert sum(row[name] for row in minerals) == near(total[name], rel=1e-7, abs=1e-7 * size)
        some += total[name] > 0
    assert some > 3


def test_money_of_an_input_is_that_of_the_products_buyers() -> None:
    """Purchases are a part of cash, and duties of purchases, of each mineral; none is below 0."""
    for plan in plans():
        _, *minerals = sweep.read(plan)
        for row in minerals:
            least = -1e-7 * max(1.0, row["cash"])
            assert row["cash"] - row["purchases"] >= least
            assert row["purchases"] - row["tariffs"] - row["levies"] >= least
            assert min(row[n] for n in ("purchases", "tariffs", "levies")) >= 0.0
            if row["tonnes"] == 0:
                assert row["purchases"] == row["tariffs"] == row["levies"] == 0.0


def test_what_is_bought_outside_counts_plants() -> None:
    """By mineral it is what sources outside the coalition make, by the sheet Refiners."""
    for plan in plans():
        made = Refiners.of(plan).frame()
        outside = [schema.COALITION not in plan.case.blocs_of(code) for code in made["country"]]
        tonnes = made[outside].groupby("mineral")["tonnes"].sum()
        total, *minerals = sweep.read(plan)
        for row in minerals:
            expected = tonnes.get(row["mineral"], 0.0)
            assert row["outside"] == near(expected, rel=1e-7, abs=1e-4)
        assert total["outside"] == near(tonnes.sum(), rel=1e-7, abs=1e-4)


def test_money_by_mineral_by_hand() -> None:
    """20 t of alloy from China: oxide at 1 and a tariff of half for its plant, alloy at 1."""
    lanes = [{"Input": "oxide", "Tariff": 0.5}]
    book = oxide_and_alloy(Input_lanes=lanes)
    total, alloy, oxide = sweep.read(solve_case(case_of(book)))
    assert (alloy["purchases"], alloy["cash"], alloy["objective"]) == (50, 50, 50)
    assert (oxide["purchases"], oxide["cash"], oxide["objective"]) == (0, 0, 0)
    assert (total["purchases"], total["cash"]) == (50, 50)
    # no member's treasury receives what China's plant pays
    assert total["tariffs"] == oxide["tariffs"] == alloy["tariffs"] == 0
    assert (oxide["tonnes"], oxide["inputs"], oxide["outside"]) == (0, 20, 20)
    at_home = book | {"Members": [{"Member": "A", "Country": "CHN"}]}
    total, alloy, oxide = sweep.read(solve_case(case_of(at_home)))
    assert (total["tariffs"], oxide["tariffs"], alloy["tariffs"]) == (10, 0, 10)
    assert (alloy["net_cost"], oxide["outside"]) == (40, 0)
