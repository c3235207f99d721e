"""Laws that every plan keeps, whatever the book."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from math import inf

import numpy as np
import pandas as pd
import pytest

from models.errors import InputError
from models.plan import Plan
from models.plan.block_solver import BlockSolver
from models.plan.solving import block_groups, solve_group
from models.program.compile import compile_model
from models.program.program import split_blocks
from models.program.sourcing import build
from models.resolve import Expanded
from tests.budget import at_length
from tests.extreme_books import CASES
from tests.models.desk import BookT, changed, jin, make, new_works, read, solve_case, sur
from tests.models.desk import solve_once as solve
from tests.models.mutate import each_row, extreme, put, scaled, shuffled
from tests.reference.cases import ALL, random_book
from tests.small_book import small_book

TABLES = ("flows", "supply", "limits", "sources", "countries", "contracts", "stocks", "projects",
          "ore", "costs")  # fmt: skip
SEEDS = range(at_length(5, 40))


def draw(seed: int, without: set[str] | None = None, size: int = 3) -> BookT:
    """Return a random book, without some features."""
    return random_book(np.random.default_rng([11, seed]), size, ALL - (without or set()))


def dearest(plan: Plan) -> float:
    """Return the largest cost of a t of anything."""
    case = plan.case
    short = [case.shortage_cost(m.name, y) for m in case.minerals for y in case.years]
    return max((*plan.expanded.deliveries.landed, *short), default=0.0)


def rounding(plan: Plan) -> float:
    """Return what sums that cancel may be off by in the objective."""
    return 1e-9 * plan.case.largest_demand * dearest(plan)


def no_dearer(cheap: Plan, dear: Plan) -> bool:
    """Whether one plan costs no more than the other, to the proof's gap."""
    slack = 1e-7 * max(abs(cheap.objective), abs(dear.objective)) + rounding(dear)
    return cheap.objective <= dear.objective + slack


# ---- conservation and duality ------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_conservation(seed: int) -> None:
    """What is bought, drawn from stock or short is what is demanded or stored; tables add up."""
    plan = solve(draw(seed))
    near = 2e-6 * max(plan.case.largest_demand, 1.0)
    stocks = plan.stocks.set_index(["mineral", "member", "year"])
    for row in plan.supply.to_dict("records"):
        key = (row["mineral"], row["member"], row["year"])
        opening, closing = (
            (stocks.loc[key, "opening"], stocks.loc[key, "closing"]) if key in stocks.index
            else (0.0, 0.0)
        )  # fmt: skip
        arrives = row["purchased"] + opening - closing + row["short"]
        assert arrives == pytest.approx(row["demand"], abs=near)
        assert 0 <= row["short"] <= row["demand"] + near
    for row in plan.sources.to_dict("records"):
        assert row["tonnes"] <= row["usable"] + near
    bought = plan.flows["tonnes"].sum()
    assert bought == pytest.approx(plan.tonnes, abs=near)
    assert plan.supply["purchased"].sum() == pytest.approx(bought, abs=near)
    assert plan.sources["tonnes"].sum() == pytest.approx(bought, abs=near)
    assert plan.flows["total"].sum() == pytest.approx(plan.purchases, rel=1e-7, abs=rounding(plan))
    coalition = plan.countries[plan.countries["buyer"] == ""]
    assert coalition["tonnes"].sum() == pytest.approx(bought, abs=near)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_primal_equals_dual(seed: int) -> None:
    """The shadow prices of the plan, times their limits, are its cost (strong duality)."""
    plan = solve(draw(seed))
    e, dual = plan.expanded, 0.0
    for cells in split_blocks(e.case):
        rows = compile_model(build(e, cells).model)
        prices = np.zeros(len(rows.row_lower))
        for keys in rows.row_keys:
            for i, key in enumerate(keys.index, start=keys.start):
                last = key[-1] if isinstance(key, tuple) else key
                worth = plan.case.discount(last) if isinstance(last, int) else 1.0
                prices[i] = plan.dual(keys.name, key) * worth
        reduced = rows.cost - rows.value_at(prices)
        lower, upper = rows.lower.copy(), rows.upper.copy()
        for keys in rows.column_keys:
            for i, key in enumerate(keys.index, start=keys.start):
                if rows.whole[i]:
                    lower[i] = upper[i] = round(plan.value(keys.name, key))
        dual += valued(prices, rows.row_lower, rows.row_upper) + valued(reduced, lower, upper)
    assert dual == pytest.approx(plan.objective, rel=1e-6, abs=10 * rounding(plan))


def valued(price: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Return what limits at these prices are worth."""
    up = np.where(np.isfinite(low), low, 0) * np.maximum(price, 0)
    down = np.where(np.isfinite(high), high, 0) * np.minimum(price, 0)
    return float(up.sum() + down.sum())


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_marginal_price_lies_between_the_slopes(seed: int) -> None:
    """The cost of a little more demand and of a little less enclose the marginal price.

    Without limits (whose base is demand), stocks (which no shortage fills), tiers and fair shortage
    (whose parts are demand's), demand is the right-hand side of one row, and cost convex in it.
    """
    without = {"limits", "stockpiles", "days", "tiers", "whole projects"}
    book = put(draw(seed, without), "Fair shortage weight", 0)
    plan = solve(book)
    checked = 0
    for i, row in enumerate(book["Demand"]):
        year = max(y for y in row if y.isdigit())
        demand = row[year] or 0.0
        if demand <= 0 or checked >= 2:
            continue
        checked += 1
        by = demand * 1e-3
        more = solve(changed(book, "Demand", i, **{year: demand + by})).objective
        less = solve(changed(book, "Demand", i, **{year: demand - by})).objective
        where = plan.supply[
            (plan.supply["mineral"] == row["Mineral"]) & (plan.supply["member"] == row["Member"])
            & (plan.supply["year"] == int(year))
        ]  # fmt: skip
        worth = plan.case.discount(int(year))
        price = float(where["marginal_price"].iloc[0]) * worth
        error = (1e-8 * abs(plan.objective) + rounding(plan)) / by + 1e-9 * price
        assert (plan.objective - less) / by - error <= price
        assert price <= (more - plan.objective) / by + error


# ---- cost never falls, never rises -------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_tighter_limits_never_save(seed: int) -> None:
    """A max lowered, a min raised, a limit made hard: none of it saves."""
    book = draw(seed)
    plan = solve(book)

    def tighter(row: dict[str, object]) -> dict[str, object]:
        factor = 0.7 if row["Limit"] == "max" else 1.3
        return {
            h: min(1.0, v * factor)
            for h, v in row.items()
            if h.startswith("Share") and isinstance(v, float)
        }

    tight = solve(each_row(book, "Share limits", tighter))
    assert no_dearer(plan, tight)
    hard = each_row(
        book, "Share limits",
        lambda row: {"Penalty (USD/t)": None} if row["Limit"] == "max" else {},
    )  # fmt: skip
    assert no_dearer(plan, solve(hard))
    free = {sheet: rows for sheet, rows in book.items() if sheet != "Share limits"}
    assert no_dearer(solve(free), plan)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_losing_a_refiner_never_saves(seed: int) -> None:
    """Nothing of its capacity open: dearer or the same, where no contract lapses with it."""
    book = draw(seed, {"contracts"})
    plan = solve(book)
    for i in range(min(3, len(book["Refiners"]))):
        closed = {h: 0.0 for h in book["Refiners"][i] if h.startswith("Capacity")}
        assert no_dearer(plan, solve(changed(book, "Refiners", i, **closed)))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_more_capacity_never_costs(seed: int) -> None:
    """Of refiners, mines and budgets; without contracts, whose minimums shrink to capacity."""
    book = draw(seed, {"contracts"})
    plan = solve(book)
    for sheet, header in (("Refiners", "Capacity"), ("Mines", "Capacity"), ("Budget", "Capex")):
        more = each_row(
            book, sheet,
            lambda row, header=header: {
                h: v * 1.5 + 1 for h, v in row.items()
                if h.startswith(header) and isinstance(v, float)
            },
        )  # fmt: skip
        assert no_dearer(solve(more), plan)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_an_open_lane_never_costs(seed: int) -> None:
    """All lanes opened, or all of Max lifted; without contracts, which lapse on a closed lane."""
    book = draw(seed, {"contracts"})
    plan = solve(book)
    opened = {"Open": "yes", "Max (t/yr)": None}
    everywhere = each_row(book, "Lanes", lambda _: opened)
    everywhere = each_row(everywhere, "Ore lanes", lambda _: {"Open": "yes"})
    assert no_dearer(solve(everywhere), plan)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_dearer_freight_never_saves(seed: int) -> None:
    """Twice the freight everywhere."""
    book = draw(seed)

    def twice(row: dict[str, object]) -> dict[str, object]:
        return {h: 2 * v for h, v in row.items() if h != "Tariff" and isinstance(v, float)}

    dear = each_row(book, "Freight", twice)
    assert no_dearer(solve(book), solve(dear))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_a_slower_reserve_never_saves(seed: int) -> None:
    """A reserve filled and drawn as fast as its room costs the same; slower costs no less.

    In every year it changes by no more than it may.
    """
    book = draw(seed, {"whole projects"})
    rng, plan = np.random.default_rng([12, seed]), solve(book)
    near = {"rel": 1e-9, "abs": rounding(plan)}
    assert solve(paced(book, 1.0)).objective == pytest.approx(plan.objective, **near)
    slow = solve(paced(book, part := float(rng.choice([0.0, 0.1, 0.4]))))
    assert no_dearer(plan, slow)
    assert no_dearer(slow, solve(paced(book, part / 2)))
    change, room = slow.stocks["closing"] - slow.stocks["opening"], 2e-6 * slow.case.tolerance_scale
    for at, row in slow.stocks.iterrows():
        pile = slow.case.stockpile_of[row["mineral"], row["member"]]
        assert -pile.max_draw - room <= change[at] <= pile.max_fill + room


def paced(book: BookT, part: float) -> BookT:
    """Return a book whose reserves are filled and drawn by a part of their room a year."""
    return each_row(
        book, "Stockpiles",
        lambda row: {f"{h} (t/yr)": part * row["Max (t)"] for h in ("Max fill", "Max draw")},
    )  # fmt: skip


# ---- scaling and order -------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_scaling(seed: int) -> None:
    """All amounts a thousandth: so is the cost. All prices times 7: so is the cost."""
    book = draw(seed)
    plan = solve(book)
    near = {"rel": 1e-7, "abs": rounding(plan)}
    assert 1000 * solve(scaled(book, mass=1e-3)).objective == pytest.approx(plan.objective, **near)
    assert solve(scaled(book, money=7)).objective / 7 == pytest.approx(plan.objective, **near)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_powers_of_two_change_no_digit(seed: int) -> None:
    """Amounts a 1,024th at 1,024 times the prices: the same plan to the last bit, in other units.

    A program is scaled by its largest demand; a reserve without any demand is not.
    """
    book = draw(seed, {"stockpiles", "days"})
    plan, other = solve(book), solve(scaled(book, mass=1 / 1024, money=1024))
    assert other.objective == plan.objective
    assert (other.delivered == plan.delivered / 1024).all()


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_order_of_rows_does_not_matter(seed: int) -> None:
    """Rows and columns in another order: every table the same to the bit."""
    book = draw(seed)
    one, other = solve(book), solve(shuffled(book, np.random.default_rng(seed)))
    assert one.objective == other.objective
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


@pytest.mark.parametrize("seed", range(at_length(4, 10)))
def test_two_runs_are_the_same(seed: int) -> None:
    """Every table, causes included, the same to the bit."""
    book = draw(seed)
    one, other = solve(book), solve(book)
    assert one.objective == other.objective
    for name in (*TABLES, "shortages"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


# ---- blocks ------------------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_split_equals_whole(seed: int) -> None:
    """All cells as one program cost what the blocks cost."""
    case = read(draw(seed))
    e = Expanded(case)
    blocks = split_blocks(e.case)
    cells = sorted(cell for block in blocks for cell in block)
    assert cells == [(m, t) for m in range(len(e.minerals)) for t in range(len(e.years))]
    plan = solve_case(case)
    (whole,) = BlockSolver(e, blocks=(cells,))((0,))
    assert whole.certificate.primal == pytest.approx(plan.objective, rel=1e-9, abs=rounding(plan))


@pytest.mark.slow
def test_any_map_gives_the_same_plan() -> None:
    """Blocks solved here, backwards, and in spawned processes: the same to the bit."""
    cases = [read(draw(seed)) for seed in range(6)]

    def backwards(function: object, items: object) -> list[object]:
        return [function(item) for item in reversed(list(items))][::-1]

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for case in cases:
            here = solve_case(case)
            for run in (backwards, pool.map):
                every = run(solve_group, block_groups(case))
                there = Plan(case, [result for results in every for result in results])
                assert there.objective == here.objective
                for name in TABLES:
                    pd.testing.assert_frame_equal(
                        getattr(here, name), getattr(there, name), check_exact=True
                    )


# ---- a valid book always gets a plan -----------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("part", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(at_length(3, 20)))
def test_numbers_at_the_ends_of_what_is_legal(seed: int, part: float) -> None:
    """A plan with a proof, its tables readable, whatever the numbers."""
    book = extreme(draw(seed), np.random.default_rng([13, seed]), part)
    stands(solve(book))


BLANK = {"landed", "limit", "maximum", "days", "gap", "of_demand", "of_purchases"}
"""Columns in which NaN says that there is none."""


def stands(plan: Plan) -> None:
    """A plan is finite throughout and within its proof."""
    assert np.isfinite(plan.objective)
    assert plan.proof.violation <= plan.proof.allowed
    assert plan.proof.gap <= 1e-7
    assert 0 <= plan.served_share <= 1 + 1e-9
    for name in (*TABLES, "shortages"):
        table = getattr(plan, name)
        for column in table.select_dtypes("number"):
            assert not np.isinf(table[column]).any(), (name, column)
            if column not in BLANK:
                assert np.isfinite(table[column]).all(), (name, column)


@pytest.mark.parametrize("case", CASES)
def test_edges(case: str) -> None:
    """Each of the books that are next to nothing, or at the bounds of what a cell may hold."""
    book = small_book()
    CASES[case](book)
    stands(solve(book))


@pytest.mark.slow
def test_edges_together() -> None:
    """Two edges at a time, where one leaves what the other changes."""
    names, planned = sorted(CASES), 0
    for first, second in zip(names, names[1:] + names[:1], strict=True):
        book = small_book()
        try:
            for name in (first, second):
                CASES[name](book)
            case = read(book)
        except (KeyError, AssertionError, IndexError, InputError):
            continue
        stands(solve_case(case))
        planned += 1
    assert planned > 40


def test_the_horizon_is_one_year_or_fifty() -> None:
    """Stocks and projects over fifty years, and over one."""
    for years in ((2026,), tuple(range(2026, 2076))):
        book = make(jin(80), sur(10), years=years)
        book["Stockpiles"] = [
            {"Mineral": "copper", "Member": "A", "Max (t)": 50, "Opening (t)": 20}
        ]
        book["Projects"] = [new_works()]
        plan = solve(book)
        stands(plan)
        assert plan.objective < inf
