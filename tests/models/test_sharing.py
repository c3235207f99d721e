"""Who pays what: published games, laws on random books, and groups planned another way."""

from __future__ import annotations

import dataclasses
from functools import cache
from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from models.answers.cost_sharing import (
    AS_BOUGHT,
    BY_DEMAND,
    DUAL_PRICES,
    EQUAL_SAVINGS,
    dual_bills,
    leaving_group,
    sharing_of,
)
from models.answers.pool import (
    COLUMN_LIMITS,
    ROW_LIMITS,
    CoupledBlocks,
    DividedProgram,
    PlannedGroup,
    ProductionGame,
    divided,
    shareable,
)
from models.case import Case
from models.errors import InputError, Severity, SolverError
from models.plan import solve
from models.program import Scaling
from models.program.component import Rows, components
from models.resolve import Expanded, Floats, Rights
from models.schema import Project
from models.solve import LinearProgram, highs
from planner.workbook import read_tables
from tests.budget import at_length
from tests.models.desk import BookT, jin, make, read, refiner, sur
from tests.reference.bills import cost as group_cost
from tests.reference.cases import SECURE, random_book

# ---- published games -----------------------------------------------------------------------------


def production(
    prices: list[float], technology: list[list[float]], resources: Floats
) -> ProductionGame:
    """Return a linear production game: most worth of products from what each member has.

    ``technology`` is what a product takes, by (resource, product); ``resources`` by (member,
    resource).
    """
    table = np.array(technology, dtype=float)
    (limits, columns), members = table.shape, len(resources)
    row, column = np.indices(table.shape).reshape(2, -1)
    rows = LinearProgram.of(
        (row, column, table.ravel()),
        (-np.array(prices, dtype=float), np.zeros(columns), np.full(columns, np.inf)),
        (np.full(limits, -np.inf), resources.sum(axis=0)),
    )
    parts = {name: np.zeros((columns, members)) for name in COLUMN_LIMITS}
    parts |= {name: np.zeros((limits, members)) for name in ROW_LIMITS}
    parts["row_upper"] = resources.T
    none = [np.full(count, -1) for count in (columns, limits)]
    tonnes = [np.ones(count, dtype=bool) for count in (columns, limits)]
    ones = Scaling(*(np.ones(count) for count in (columns, limits, columns, limits)))
    whole = (slice(0, columns), slice(0, limits))
    basis = highs.solve(rows).basis
    piece = CoupledBlocks(lambda of: of, *whole, ones, float(resources.max()), basis)
    return ProductionGame(DividedProgram(rows, parts, *none, *tonnes, np.zeros(columns), (piece,)))


def groups(members: int) -> Floats:
    """Return all groups, as 0 and 1 by (group, member); bit i of the number says who is in it."""
    return ((np.arange(1 << members)[:, None] >> np.arange(members)) & 1).astype(float)


def costs(pool: ProductionGame) -> Floats:
    """Return what every group costs, planned one by one."""
    return np.array([0.0, *(pool.cost(group).cost for group in groups(pool.divided.members)[1:])])


def test_published_production_game() -> None:
    """Example of the R package coopProductGame 2.0 (D. Prieto, CRAN 2018): Owen."""
    pool = production(
        [68, 52], [[4, 5], [6, 2]], np.array([[4, 33], [6, 39], [60, 0]], dtype=float)
    )
    assert_allclose(-costs(pool), [0, 68, 102, 170, 0, 710, 762, 992], atol=1e-9)
    assert_allclose(-pool.together.bills, [230, 282, 480])


def test_gloves() -> None:
    """One left glove, two right ones: the core gives all to the left one.

    Shapley (1959), The Rand Corporation RM-2482. If it gets 2/3, it leaves with one of the others.
    """
    pool = production([1], [[1], [1]], np.array([[1, 0], [0, 1], [0, 1]], dtype=float))
    assert_allclose(-dual_bills(pool).bills, [1, 0, 0], atol=1e-9)
    leaving = leaving_group(pool, -np.array([2 / 3, 1 / 6, 1 / 6]))
    assert leaving.gain == pytest.approx(1 / 6)
    assert leaving.group in {(0, 1), (0, 2)}


HOUSES = np.array([[5.0, 8.0, 2.0], [7.0, 9.0, 6.0], [2.0, 3.0, 0.0]])
"""What each of three houses is worth to each of three buyers, less what it is to its seller:
Shapley & Shubik (1971), International Journal of Game Theory 1."""


def test_houses() -> None:
    """An assignment game: each pair's worth a product of a seller and a buyer; 16 in all."""
    pairs = [(i, j) for i in range(3) for j in range(3)]
    technology = [[float(k in {i, 3 + j}) for i, j in pairs] for k in range(6)]
    pool = production([HOUSES[pair] for pair in pairs], technology, np.eye(6))

    def worth(group: Floats) -> float:
        sellers, buyers = (np.flatnonzero(group[of]) for of in (slice(0, 3), slice(3, 6)))
        few, many = (sellers, buyers) if len(sellers) <= len(buyers) else (buyers, sellers)
        table = HOUSES if few is sellers else HOUSES.T
        ways = permutations(many.tolist(), len(few))
        return max(sum(float(table[i, j]) for i, j in zip(few, way, strict=True)) for way in ways)

    every, listed = groups(6), costs(pool)
    assert_allclose(-listed, [worth(group) for group in every], atol=1e-9)
    assert listed[-1] == pytest.approx(-16)
    found = dual_bills(pool)
    assert_allclose(found.bills.sum(), -16)
    assert (found.most - found.least).max() > 0.5  # the core is no point: the bills are one of many
    assert (every.dot(found.bills) - listed).max() <= 1e-9


# ---- laws on random books ------------------------------------------------------------------------

SEEDS = range(at_length(5, 12))


@cache
def book_of(seed: int) -> Case:
    """Return a small random case of everything, and rights that the workbook says."""
    rng = np.random.default_rng([16, seed])
    case = read(random_book(rng, 2, SECURE))
    setting = ["pro rata", "today", "home first"][seed % 3]
    return case.change(settings=dataclasses.replace(case.settings, rights=setting))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_limit_is_a_sum_of_parts(seed: int) -> None:
    """What the members own of a limit sums to it, and no bound is left undivided."""
    of = divided(book_of(seed))
    for name, parts in of.parts.items():
        limit = getattr(of.rows, name)
        limit, whole = np.where(np.isfinite(limit), limit, 0.0), parts.sum(axis=1)
        spared = (limit == 0.0) & (whole < 0.0)  # stocks beyond what has to be left
        assert_allclose(whole[~spared], limit[~spared], rtol=1e-9, atol=1e-9)


def test_rows_say_how_they_are_divided() -> None:
    """A family that is added says whose its limits are: what its rows need to be declared."""
    assert all(callable(of.divided) for of in components() if isinstance(of, Rows))


@pytest.mark.parametrize("seed", SEEDS)
def test_bills(seed: int) -> None:
    """Of all groups, listed: none gains by leaving dual prices; the search finds the most gain."""
    plan = solve(shareable(book_of(seed)))
    members = len(plan.case.members)
    found, every = sharing_of(plan), groups(members)
    size = abs(found.cost) or 1.0
    pool = ProductionGame(divided(plan.case))  # what its columns cost, the other side of the prices
    assert found.cost == pytest.approx(np.sum(pool.divided.rows.cost * pool.together.x), rel=1e-9)
    assert found.cost == pytest.approx(plan.objective, rel=1e-9)
    listed = costs(pool)
    assert_allclose(found.alone, listed[[1 << i for i in range(members)]], atol=1e-7 * size)
    for rule, split in found.bills.items():
        assert split.sum() == pytest.approx(found.cost, rel=1e-9)
        gains = every.dot(split) - listed
        gains[[0, -1]] = 0.0
        leaving = found.tempted[rule]
        assert leaving.gain == pytest.approx(max(gains.max(), 0.0), abs=2e-7 * size), rule
        assert leaving.gain_bound >= gains.max() - 2e-7 * size
        assert leaving.fractional_gain_bound is not None
        assert leaving.fractional_gain_bound >= gains.max() - 2e-7 * size
    assert found.tempted[DUAL_PRICES].group == ()
    assert (every.dot(found.duals.bills) - listed).max() <= 1e-7 * size
    assert (found.duals.least <= found.duals.most).all()


@pytest.mark.parametrize("seed", range(9, 15))  # mines and projects bind in some
def test_a_group_costs_what_the_second_formulation_says(seed: int) -> None:
    """Some members planned alone, with their part of all that is shared, by demand."""
    features = SECURE - {"growth", "whole projects"}
    book = random_book(np.random.default_rng([17, seed]), 2, features)
    case = shareable(read(book))
    order, pool = [member.name for member in case.members], ProductionGame(divided(case))
    for number in {1, 2, (1 << len(order)) - 2, (1 << len(order)) - 1}:
        group = [name for i, name in enumerate(order) if number >> i & 1]
        there = np.array([float(name in group) for name in order])
        if group:
            alone = group_cost(book, group)
            assert pool.cost(there).cost == pytest.approx(alone, rel=1e-6, abs=1e-6 * pool.scale)


# ---- by hand -------------------------------------------------------------------------------------


def test_members_that_differ_in_size_alone_gain_nothing() -> None:
    """Each is the coalition in small: every rule gives what it costs alone.

    But as bought: which of them buys the cheaper metal is nobody's right.
    """
    limits = [{"Limit": "max", "Supplier group": "country", "Share": 0.6}]
    book = make(jin(80), sur(30), demand={"A": 90.0, "B": 30.0, "C": 1.5}, Share_limits=limits)
    found = sharing_of(solve(read(book)))
    for rule in (BY_DEMAND, EQUAL_SAVINGS, DUAL_PRICES):
        assert_allclose(found.bills[rule], found.alone, rtol=1e-7)
        assert found.tempted[rule].group == ()


def test_who_adds_nothing_pays_what_it_costs_alone() -> None:
    """C alone buys tin, of which nobody else has a right: it is a null member, whoever else comes.

    60 t at 30 and 40 t short at 500. By equal savings it would be paid for being there.
    """
    book = crossed()
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Refiners"].append(refiner("Tal", "PER", 60, 30) | {"Mineral": "tin"})
    book["Demand"].append({"Mineral": "tin", "Member": "C", "2026": 100.0})
    plan = solve(read(book))
    found = sharing_of(plan)
    assert found.alone[2] == pytest.approx(60 * 30 + 40 * 500)
    for rule in (AS_BOUGHT, DUAL_PRICES):
        assert found.bills[rule][2] == pytest.approx(found.alone[2]), rule
    assert found.bills[EQUAL_SAVINGS][2] == pytest.approx(found.alone[2] - 250 / 3)


def crossed(**sheets: list[dict[str, object]]) -> BookT:
    """Two members, two plants, each nearer to another one; C needs nothing."""
    freight = [
        {"From country": "CHN", "A (USD/t)": 0, "B (USD/t)": 5, "C (USD/t)": 0},
        {"From country": "CHL", "A (USD/t)": 5, "B (USD/t)": 0, "C (USD/t)": 0},
    ]
    demand = {"A": 50.0, "B": 50.0, "C": 0.0}
    return make(jin(50), sur(50), demand=demand, Freight=freight, **sheets)


def test_by_hand() -> None:
    """Alone A and B pay 875 each; together 1,500, of which A buys at 10 and B at 20.

    Half of a plant is each one's right: at dual prices of 10 + rents each pays 750. C, who needs
    nothing and owns nothing, pays nothing.
    """
    found = sharing_of(solve(read(crossed())))
    assert_allclose(found.alone, [875, 875, 0])
    assert found.cost == pytest.approx(1500)
    assert_allclose(found.bills[AS_BOUGHT], [500, 1000, 0])
    assert_allclose(found.bills[EQUAL_SAVINGS], [875 - 250 / 3, 875 - 250 / 3, -250 / 3])
    assert found.bills[DUAL_PRICES][2] == pytest.approx(0.0, abs=1e-9)
    assert found.tempted[AS_BOUGHT].group == (1,)
    assert found.tempted[AS_BOUGHT].gain == pytest.approx(125)
    assert found.tempted[EQUAL_SAVINGS].group == (0, 1)
    assert found.tempted[EQUAL_SAVINGS].gain == pytest.approx(250 / 3)


def test_bills_are_known_where_no_other_group_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the coalition's own plan is refused: bills are known, who would leave them is not."""
    plan, why = solve(read(crossed())), "no proven cost of a group of members"
    expected, cost = sharing_of(plan), ProductionGame.cost

    def failing(pool: ProductionGame, group: Floats) -> PlannedGroup:
        if not np.array_equal(group, np.ones(len(group))):
            raise SolverError(why)
        return cost(pool, group)

    monkeypatch.setattr(ProductionGame, "cost", failing)
    found = sharing_of(plan)
    assert {*found.bills} == {*expected.bills}
    assert found.bills[AS_BOUGHT].tolist() == expected.bills[AS_BOUGHT].tolist()
    assert found.bills[DUAL_PRICES].sum() == pytest.approx(found.cost)
    assert set(found.failed.values()) == {why}
    assert not {*found.failed} & {*found.tempted}


def test_one_member_has_nothing_to_share() -> None:
    """Alone and together are the same, by every rule."""
    plan = solve(read(make(jin(60), demand=100.0)))
    found = sharing_of(plan)
    assert len(found.bills) == 4
    for split in found.bills.values():
        assert_allclose(split, [60 * 10 + 40 * 500])


def test_what_a_member_is_short_is_borne_by_it() -> None:
    """As bought each bears its own shortage, at its price; ore and plants by what is bought."""
    book = make(
        jin(40), demand={"A": 30.0, "B": 30.0}, settings={"Fair shortage weight": 0.1},
        Mines=[
            {"Mineral": "copper", "Country": "CHL", "Capacity (t/yr)": 90, "Premium (USD/t)": 2}
        ],
    )  # fmt: skip
    found = sharing_of(solve(read(book)))
    assert_allclose(found.bought_priced, [10 * 500, 10 * 500])
    assert_allclose(found.bills[AS_BOUGHT], [20 * 12 + 5000] * 2)


# ---- rights --------------------------------------------------------------------------------------


def rights_of(book: BookT) -> tuple[Floats, Rights]:
    """Return the parts of each source in the first year, by member, and all rights."""
    rights = Rights(Expanded(read(book)))
    return rights.source_shares[:, 0], rights


def test_rights_by_setting() -> None:
    """By demand; by what each buys today; plants at home to their member, the rest by demand."""
    book = make(
        jin(100), refiner("Own", "JPN", 40, 30), demand={"A": [25.0, 10.0], "B": [75.0, 0.0]},
        years=(2026, 2027),
        Current_supply=[
            {"Refiner": "Jin", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 9},
            {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 1},
        ],
    )  # fmt: skip
    book["Members"][0]["Country"] = "Japan"
    by_demand, every = rights_of(book)
    assert_allclose(by_demand, [[0.25, 0.75], [0.25, 0.75]])
    assert_allclose(every.source_shares[:, 1], [[1, 0], [1, 0]])
    book["Settings"].append({"Setting": "Rights", "Value": "today"})
    assert_allclose(rights_of(book)[0], [[0.1, 0.9], [0.25, 0.75]])
    book["Settings"][-1]["Value"] = "home first"
    assert_allclose(rights_of(book)[0], [[0.25, 0.75], [1, 0]])


def test_rights_of_the_sheet() -> None:
    """A later row overrides; what is left goes to those that no row names."""
    book = make(jin(100), sur(100), demand={"A": 25.0, "B": 50.0, "C": 25.0})
    book["Rights"] = [
        {"Member": "A", "Share": 0.1},
        {"Member": "A", "Country": "China", "Share": 0.4},
        {"Member": "B", "Country": "Chile", "Share": 0.2},
    ]
    jin_, sur_ = rights_of(book)[0]
    assert_allclose(jin_, [0.4, 0.4, 0.2])
    assert_allclose(sur_, [0.1, 0.2, 0.7])


SHARES = [
    ([0.1, 0.2, 0.3], [1 / 6, 2 / 6, 3 / 6]),  # all are named: scaled up to 1
    ([0.2, 0.3, 0.5], [0.2, 0.3, 0.5]),
    ([0.0, 0.0, 0.0], [0.25, 0.75, 0.0]),  # nothing to scale: by the setting
    ([0.1, 0.2, None], [0.1, 0.2, 0.7]),  # C has no demand, and is all that is left
    ([None, 0.2, 0.3], [0.5, 0.2, 0.3]),
    ([0.4, None, None], [0.4, 0.6, 0.0]),
    ([0.0, None, None], [0.0, 1.0, 0.0]),
]


@pytest.mark.parametrize("setting", ["pro rata", "today", "home first"])
@pytest.mark.parametrize(("shares", "parts"), SHARES)
def test_a_share_that_is_named_is_the_members_whole_part(
    setting: str, shares: list[float | None], parts: list[float]
) -> None:
    """Whatever the setting: nobody named has more, but where all are and all is not given away."""
    book = make(
        jin(100), demand={"A": 25.0, "B": 75.0, "C": 0.0}, settings={"Rights": setting},
        Current_supply=[
            {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 25},
            {"Refiner": "Jin", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 75},
        ],
    )  # fmt: skip
    for member, country in zip(book["Members"], ("Japan", "Korea", "Italy"), strict=True):
        member["Country"] = country
    book["Rights"] = [
        {"Member": name, "Share": share}
        for name, share in zip("ABC", shares, strict=True)
        if share is not None
    ]
    assert_allclose(rights_of(book)[0], [parts])
    told = [f for f in read_tables(book).warnings if f.sheet == "Rights"]
    assert bool(told) == (None not in shares and sum(filter(None, shares)) < 1.0)


def test_no_part_by_the_setting_goes_to_a_member_that_a_row_names() -> None:
    """Home first: Japan's plant is A's, but a row gives A a tenth; the rest is the others'."""
    book = make(
        refiner("Own", "JPN", 100, 10), demand={"A": 20.0, "B": 60.0, "C": 20.0},
        settings={"Rights": "home first"}, Rights=[{"Member": "A", "Share": 0.1}],
    )  # fmt: skip
    book["Members"][0]["Country"] = "Japan"
    assert_allclose(rights_of(book)[0], [[0.1, 0.675, 0.225]])


def test_a_project_is_one_right_and_a_budget_that_to_capital() -> None:
    """Of all years, weighed by demand; of all projects, weighed by capital."""
    project = {
        "Project": "New", "Refiner": "New", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 30, "Capex (USD m)": 16, "Cost (USD/t)": 1, "First year": 2026,
    }  # fmt: skip
    book = make(
        jin(100), demand={"A": [20.0, 60.0], "B": [80.0, 0.0]}, years=(2026, 2027),
        Projects=[project, project | {"Project": "Far", "Refiner": "Far", "Capex (USD m)": 48}],
        Rights=[{"Member": "B", "Refiner": "Far", "Share": 1.0}],
    )  # fmt: skip
    rights = rights_of(book)[1]
    of = {p.name: part for p, part in zip(rights.case.projects, rights.project_shares, strict=True)}
    assert_allclose(of["New"], [0.5, 0.5])
    assert_allclose(of["Far"], [0.0, 1.0])
    assert_allclose(rights.capital, [0.125, 0.875])
    assert isinstance(rights.case.projects[0], Project)


def test_more_than_all_of_a_plant_is_an_error_at_the_cell() -> None:
    """The last row that speaks of it is told, once; an unknown member, and a row for nothing."""
    book = make(jin(100), sur(100), demand={"A": 25.0, "B": 75.0})
    book["Rights"] = [
        {"Member": "A", "Share": 0.6},
        {"Member": "B", "Country": "China", "Share": 0.5},
        {"Member": "A", "Country": "Peru", "Share": 0.5},
    ]
    with pytest.raises(InputError) as wrong:
        read(book)
    (found,) = (f for f in wrong.value.findings if f.severity is Severity.ERROR)
    assert found.place == "Rights!B3"
    assert found.message == (
        "the rows of Rights give members 1.1 times the copper capacity of Jin (China);"
        " expected shares that add up to at most 1 for each plant or mine"
    )
    book["Rights"] = [book["Rights"][2]]
    assert "no refiner or mine" in " ".join(f.message for f in read_tables(book).warnings)
    book["Rights"] = [{"Member": "C", "Share": 0.5}]
    with pytest.raises(InputError, match="'C' is not in Members"):
        read(book)
