"""Studies of minerals that are made from one another: what plants buy counts everywhere."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import schema, tolerances
from models.answers.exit import exit_from
from models.plan import Plan
from models.results.numbers import PlanNumbers
from models.results.supply import Refiners
from models.schema import ScenarioStep
from planner.studies import Here, exit_tables, under_risk
from planner.studies.agreed_plan import Rules
from planner.studies.kind import Tables
from planner.studies.losses import Loss, LossKind, Stress, loss_totals, losses, stress
from planner.studies.stress_tables import (
    Detail,
    Embargoes,
    LossByMineral,
    Losses,
    stress_findings,
    tables_of,
)
from planner.studies.variant_tables import RunMinerals
from planner.workbook import read_tables
from tests.models.desk import BookT, solve_case
from tests.models.desk import read as case_of
from tests.models.stages import CHINA, cap, made, oxide_and_alloy, plant, random_stages, stages
from tests.models.test_futures import planned
from tests.reference.cases import EVERYTHING, random_book
from tests.scenarios.what_if import step
from tests.study import planned as desk
from tests.study.test_comparison import compared, named, rows_of

near = pytest.approx
SEEDS = [seed for seed in range(10) if random_stages(seed).get("Inputs")]


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
    assert sum(plan.delivered_to_plants.sum() > 1 for plan in every) > 20
    return tuple(every)


def rows_by_mineral(plan: Plan) -> list[dict[str, Any]]:
    """A plan's numbers by mineral, all minerals together first."""
    return [*PlanNumbers.of(plan).by_mineral().values()]


# ---- a plan's numbers by mineral -----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["objective", "purchases", "cash", "tariffs", "levies", "net_cash"]
)
def test_money_by_mineral_adds_up_to_that_of_all(name: str) -> None:
    """Of every plan; what plants outside pay of tariffs is no treasury's of a member."""
    some = 0
    for plan in plans():
        total, *minerals = rows_by_mineral(plan)
        size = max(1.0, *(abs(row[name]) for row in minerals))
        assert sum(row[name] for row in minerals) == near(total[name], rel=1e-7, abs=1e-7 * size)
        some += total[name] > 0
    assert some >= 3


def test_money_of_an_input_is_that_of_the_products_buyers() -> None:
    """Purchases are a part of cash, and duties of purchases, of each mineral; none is below 0."""
    for plan in plans():
        _, *minerals = rows_by_mineral(plan)
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
        made = Refiners.from_plan(plan).frame()
        outside = [schema.COALITION not in plan.case.blocs_of(code) for code in made["country"]]
        tonnes = made[outside].groupby("mineral")["tonnes"].sum()
        total, *minerals = rows_by_mineral(plan)
        for row in minerals:
            expected = tonnes.get(row["mineral"], 0.0)
            assert row["outside"] == near(expected, rel=1e-7, abs=1e-4)
        assert total["outside"] == near(tonnes.sum(), rel=1e-7, abs=1e-4)


def test_money_by_mineral_by_hand() -> None:
    """20 t of alloy from China: oxide at 1 and a tariff of half for its plant, alloy at 1."""
    lanes = [{"Input": "oxide", "Tariff": 0.5}]
    book = oxide_and_alloy(Input_lanes=lanes)
    total, alloy, oxide = rows_by_mineral(solve_case(case_of(book)))
    assert (alloy["purchases"], alloy["cash"], alloy["objective"]) == (50, 50, 50)
    assert (oxide["purchases"], oxide["cash"], oxide["objective"]) == (0, 0, 0)
    assert (total["purchases"], total["cash"]) == (50, 50)
    # no member's treasury receives what China's plant pays
    assert total["tariffs"] == oxide["tariffs"] == alloy["tariffs"] == 0
    assert (oxide["tonnes"], oxide["inputs"], oxide["outside"]) == (0, 20, 20)
    at_home = book | {"Members": [{"Member": "A", "Country": "CHN"}]}
    total, alloy, oxide = rows_by_mineral(solve_case(case_of(at_home)))
    assert (total["tariffs"], oxide["tariffs"], alloy["tariffs"]) == (10, 0, 10)
    assert (alloy["net_cash"], oxide["outside"]) == (40, 0)


# ---- what a loss takes ---------------------------------------------------------------------------


def tonnes_of(rows: pd.DataFrame) -> dict[Any, float]:
    """Tonnes of some rows of a table, by mineral and year."""
    return rows.groupby(["mineral", "year"])["tonnes"].sum().to_dict()


def by_cell(plan: Plan, tonnes: Any) -> dict[Any, float]:
    """Tonnes by (mineral, buyer, year) as sums by mineral and year."""
    e = plan.expanded
    return {
        (m, y): float(tonnes[i, :, t].sum())
        for i, m in enumerate(e.minerals)
        for t, y in enumerate(e.years)
    }


def same(found: dict[Any, float], expected: dict[Any, float]) -> None:
    """Compare tonnes by mineral and year; a cell that is missing is 0."""
    for key in {*found, *expected}:
        assert found.get(key, 0.0) == near(expected.get(key, 0.0), rel=1e-7, abs=1e-4), key


def test_what_is_lost_with_a_supplier_is_what_it_makes() -> None:
    """Of every country and refiner: to members and to plants, by the sheet Refiners."""
    for plan in plans():
        made = Refiners.from_plan(plan).frame()
        for country in {s.country for s in plan.expanded.sources}:
            lost = Loss(LossKind.COUNTRY, country).purchases_lost(plan)
            same(by_cell(plan, lost), tonnes_of(made[made["country"] == country]))
        for name in {s.name for s in plan.expanded.sources}:
            lost = Loss(LossKind.REFINER, refiner=name).purchases_lost(plan)
            same(by_cell(plan, lost), tonnes_of(made[made["refiner"] == name]))


@pytest.mark.slow
def test_an_embargo_takes_what_a_member_and_the_plants_in_its_country_buy() -> None:
    """By the sheets Plan and Inputs, and it is on the list exactly if it takes something."""
    with_plants, alone = 0, 0
    for plan in plans():
        flows, inputs = plan.flows, plan.inputs[plan.inputs["member"] == ""]
        listed = losses(plan, plan.case.years[0], [LossKind.EMBARGO])
        countries = {s.country for s in plan.expanded.sources} - {schema.REST_OF_WORLD}
        for country, member in itertools.product(countries, plan.case.members):
            loss = Loss(LossKind.EMBARGO, country, member=member.name)
            sold = flows[(flows["country"] == country) & (flows["member"] == member.name)]
            lands = (inputs["plant_country"] == member.country) & (member.country != "")
            taken = inputs[(inputs["country"] == country) & lands]
            every = tonnes_of(pd.concat([sold, taken]))
            same(by_cell(plan, loss.purchases_lost(plan)), every)
            assert (loss in listed) == (loss.purchases_lost(plan).sum() > tolerances.LEAST_FLOW)
            with_plants += len(taken) > 0
            alone += loss in listed and not len(sold)
    assert with_plants > 10
    assert alone > 0


@pytest.fixture(scope="module", params=SEEDS)
def stressed(request: pytest.FixtureRequest) -> Stress:
    """A stress test of a random book, with embargoes."""
    case = case_of(random_stages(request.param))
    return stress(case, Rules(0.1), [*LossKind][1:], where=Here())


def test_what_is_lost_is_replaced_drawn_short_or_taken_less(stressed: Stress) -> None:
    """Of each mineral, buyer and year, whatever plants take and members hand over."""
    some = 0
    for side in filter(None, (stressed.capped, stressed.free)):
        for effect in filter(None, side.effects.values()):
            parts = effect.replaced + effect.stocked + effect.short + effect.input_cut
            assert effect.lost == near(parts, abs=1e-3)
            some += effect.input_cut.any()
    assert some


def test_rows_by_mineral_add_up_to_the_loss(stressed: Stress) -> None:
    """Cash, cost and tonnes short: no mineral of a chain is left out."""
    tables = Tables(tables_of(stressed))
    keys = ["lost", "kind"]
    every = pd.concat([tables[t].frame() for t in (Losses, Embargoes) if t in tables])
    every["lost"] = every["lost"].fillna("")
    minerals = tables[LossByMineral].frame().groupby(keys)
    for name in ("lost_t", "short_t", "less_t", "cash", "cost", "refill"):
        sums = minerals[name].sum().to_dict()
        for loss in every.to_dict("records"):
            if loss.get("error") is None:
                found = sums.get((loss["lost"], loss["kind"]), 0.0)
                assert found == near(loss[name], rel=1e-6, abs=1e-3), (name, loss["lost"])


@pytest.mark.parametrize(("surge", "left"), [(0.0, 0), (0.5, 3.5), (1.0, 7)])
def test_the_loss_of_an_input_leaves_the_product_short(surge: float, left: float) -> None:
    """Without China's oxide alloy is short, of which nothing is lost, but for the ally's surge."""
    found = stress(case_of(oxide_and_alloy()), Rules(surge), [LossKind.REFINER], where=Here())
    tables = Tables(tables_of(found))
    rows = tables[Losses].frame().set_index("lost")
    short = near(20 - left)
    assert (rows.loc["Bao", "lost_t"], rows.loc["Bao", "less_t"]) == (20, short)
    assert (rows.loc["Bao", "short_t"], rows.loc["Bao", "worst"]) == (short, "alloy")
    minerals = tables[LossByMineral].frame()
    minerals = minerals[minerals["lost"] == "Bao"].set_index("mineral")
    assert minerals["short_t"].to_dict() == {"alloy": short, "oxide": 0}
    assert minerals["lost_t"].to_dict() == {"alloy": 0, "oxide": 20}
    rows = tables[Detail].frame().query("lost == 'Bao' and mineral == 'oxide'")
    (row,) = rows.to_dict("records")
    assert (row["lost_t"], row["less_t"], row["demand"]) == (20, short, 0)
    assert pd.isna(row["member"])


def test_scenarios_are_compared_through_all_stages() -> None:
    """China's alloy is closed: alloy then is an ally's, and its oxide China's but for 7 t."""
    book = oxide_and_alloy()
    book["Refiners"][-1]["Capacity (t/yr)"] = 100
    closed = named("Alloy", step("block lanes", Country=CHINA, Mineral="alloy"))
    made = compared(read_tables(book | {"Scenarios": rows_of(closed)}))
    rows = desk.table(made, RunMinerals).set_index(["run", "mineral"])
    assert rows.loc[("Alloy", "oxide"), "inputs"] == near(20)
    row = rows.loc["Alloy", "alloy"]
    assert row["supplier"] != CHINA
    assert row["dependence"] <= 1.0
    assert rows.loc[("Base", "alloy"), "served_through"] < 0.8


@pytest.mark.parametrize("oxide", [None, 5.0])
def test_what_is_short_is_a_share_of_what_members_need(oxide: float | None) -> None:
    """China sells oxide alone: alloy is the worst, and oxide counts if members need it, too."""
    book = oxide_and_alloy()
    book["Refiners"] = [r for r in book["Refiners"] if r["Refiner"] != "Zhong"]
    book["Refiners"][-1]["Capacity (t/yr)"] = 100
    if oxide is not None:
        book["Demand"].append({"Mineral": "oxide", "Member": "A", "2026": oxide})
    found = stress(case_of(book), Rules(0.0), where=Here())
    tables = Tables(tables_of(found))
    china = tables[Losses].frame().set_index("country").loc["CHN"]
    rows = tables[LossByMineral].frame().query("lost == 'CHN'").set_index("mineral")
    finding = next(each.text for each in stress_findings(tables) if each.place == "answer")
    every = {"alloy": 20.0, "oxide": oxide or 0.0}
    for mineral, need in every.items():
        share = rows.loc[mineral, "short_t"] / need if need else np.nan
        assert rows.loc[mineral, "share"] == near(share, nan_ok=True), mineral
    assert china["worst_share"] == near(rows["share"].max())
    assert rows.loc["oxide", "lost_t"] == near(20.0 + (oxide or 0.0))
    worst = f"{rows['share'].max() * 100:.1f}".removesuffix(".0")
    assert f"{worst} % of the need for " in finding


def test_an_embargo_on_a_member_at_home_of_plants() -> None:
    """China's oxide to the member's plant in Australia: nothing else is sold to the member."""
    book = oxide_and_alloy(cap(0.0, "alloy"))
    book["Members"] = [{"Member": "A", "Country": "AUS"}]
    case = case_of(book)
    plan = solve_case(case)
    (loss, *others) = losses(plan, 2026, [LossKind.EMBARGO])
    assert (loss.country, loss.member) == ("AUS", "A")
    assert len(others) == 1
    assert others[0].purchases_lost(plan).sum() == 5  # alloy is made of China's oxide, 5 t at most


def test_a_stock_that_is_handed_to_plants_lasts_half_as_long() -> None:
    """A needs 10 t of oxide and hands 10 t to its plant: 10 t in stock last half a year."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Arafura", "alloy", "AUS", 1)],
        [made("alloy", "oxide")],
        {"alloy": 10, "oxide": 10},
        members={"A": "AUS"},
        Stockpiles=[{"Mineral": "oxide", "Member": "A", "Max (t)": 10, "Opening (t)": 10}],
        Input_lanes=[{"Input": "oxide", "Open": "no"}],
    )
    found = stress(case_of(book), Rules(0.0), [LossKind.REFINER], where=Here())
    rows = Tables(tables_of(found))[LossByMineral].frame().set_index(["lost", "mineral"])
    oxide = rows.loc["Bao", "oxide"]
    assert (oxide["lost_t"], oxide["stock_t"], oxide["short_t"]) == (20, 10, 10)
    assert oxide["less_t"] == 0
    assert oxide["survived"] == near(365 / 2)


def test_what_it_takes_to_refill_a_stock_counts_inputs() -> None:
    """Alloy costs 1 at its plant and takes oxide for 5; its price is 3."""
    book = stages(
        {"oxide": 2, "alloy": 3},
        [plant("Bao", "oxide", CHINA, 5), plant("Arafura", "alloy", "AUS", 1)],
        [made("alloy", "oxide")],
        {"alloy": 10},
    )
    totals = loss_totals(solve_case(case_of(book)))
    assert totals.to_refill.tolist() == [near(6), 2]


# ---- one plan for several futures ----------------------------------------------------------------


def decisions(plan: Plan, at_once: int = 100) -> list[dict[str, Any]]:
    """The rows of Decisions where China sells nothing in the last year, or all is calm."""
    last = plan.case.years[-1]
    ban = ScenarioStep(name="Ban", action="block lanes", country=CHINA, first_year=last)
    plans_made = planned(plan, [(0.5, {}), (0.5, {last: [ban]})], at_once=at_once)
    return [*under_risk._decision_rows(plan, plans_made.decisions)]


@pytest.mark.parametrize("at_once", [100, 1])
def test_decisions_under_risk_have_what_plants_buy_and_are_handed(at_once: int) -> None:
    """Of the first year, before anything happens: the plain plan's flows of inputs, all of them."""
    some = 0
    for plan in plans():
        if len(plan.case.years) == 1 or plan.case.settings.whole_projects:
            continue
        first = plan.case.years[0]
        found: dict[Any, float] = {}
        for row in decisions(plan, at_once):
            if row["kind"] in {"bought by plants", "handed to plants"} and row["plain"]:
                assert row["year"] == first
                found[row["kind"], row["mineral"], row["who"]] = row["plain"]
        inputs = plan.inputs[plan.inputs["year"] == first]
        expected: dict[Any, float] = {}
        for row in inputs.to_dict("records"):
            who = row["member"] or plan.case.country_name(row["country"])
            kind = "handed to plants" if row["member"] else "bought by plants"
            key = (kind, row["mineral"], who)
            expected[key] = expected.get(key, 0.0) + row["tonnes"]
        for key in {*found, *expected}:
            assert found.get(key, 0.0) == near(expected.get(key, 0.0), rel=1e-5, abs=1e-3), key
        some += len(expected)
    assert some > 10


@pytest.mark.parametrize("stored", ["oxide", "alloy"])
def test_a_stock_against_an_embargo_on_an_input_by_hand(stored: str) -> None:
    """Half the futures lose China's oxide in 2027, where 10 t of alloy are then short.

    Under risk A stores 10 t in 2026: of oxide, which it buys and hands to its plant, or of alloy,
    for which the plant buys oxide.
    """
    pile = {
        "Mineral": stored, "Member": "A", "Max (t)": 10, "Opening (t)": 0, "Target (t)": 0,
        "Holding cost (USD/t/yr)": 2,
    }  # fmt: skip
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Arafura", "alloy", "AUS", 1)],
        [made("alloy", "oxide")],
        {"alloy": [0, 10]},
        years=(2026, 2027),
        members={"A": "AUS"},
        Stockpiles=[pile],
    )
    rows = decisions(solve_case(case_of(book)))
    cells = {(row["kind"], row["mineral"], row["who"], row["year"]): row for row in rows}
    keys = {("in stock at the end of the year", stored, "A", 2026)}
    keys |= {("bought", "oxide", "CHN", 2026)} if stored == "oxide" else {
        ("bought by plants", "oxide", "CHN", 2026), ("bought", "alloy", "AUS", 2026)
    }  # fmt: skip
    assert set(cells) == keys
    for row in cells.values():
        assert (row["plain"], row["risky"], row["change"]) == (0, near(10), near(10))


# ---- the way out of a country --------------------------------------------------------------------


def test_what_comes_out_of_stock_on_the_way_out_is_what_stocks_give() -> None:
    """Of an input, too, whose need counts what products that are short would have taken."""
    short = 0
    for plan in plans()[: len(SEEDS)]:
        result = exit_from(plan, CHINA)
        given = result.path.stocks.assign(drawn=lambda of: of["opening"] - of["closing"])
        drawn = given.groupby(["mineral", "year"])["drawn"].sum().to_dict()
        for mineral, years in exit_tables._way_out(result).items():
            for row in years:
                size = max(1.0, row["demand"])
                assert row["stock"] == near(drawn.get((mineral, row["year"]), 0.0), abs=1e-5 * size)
                parts = row["left"] + row["others"] + row["stock"] + row["short"] + row["unmet"]
                assert parts == near(row["demand"], rel=1e-5, abs=1e-5)
                short += row["unmet"] > 0
    assert short > 3
