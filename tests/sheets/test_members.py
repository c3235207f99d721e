"""The sheet Members: by hand, and parts that add up in any case."""

from __future__ import annotations

import numpy as np
import pytest

from models import measures
from models.plan import solve
from models.results import Members, PlanNumbers
from models.results.members import payments_against
from models.schema import COALITION
from planner.sheets import figures
from planner.sheets.pictures import pictures
from planner.workbook import read_tables
from tests.budget import at_length
from tests.reference.cases import random_book
from tests.sheets.desk import context, made, refiner, rows


def two_members(chile=100.0, **changes):
    """Only A is near China. China's cap of 60 of 100 t: A takes all of it, B buys in Chile.

    Without the cap China serves both: A at 11, B at 15. Chile costs 21.
    """
    book = rows(**changes)
    book["Refiners"] = [
        refiner("China works", "China", 100, 10),
        refiner("Chile works", "Chile", chile, 20),
    ]
    book["Freight"] = [{"From country": "China", "A": 1, "B": 5}]
    book["Demand"] = [
        {"Mineral": "copper", "Member": "A", "2026": 60},
        {"Mineral": "copper", "Member": "B", "2026": 40},
    ]
    return book


def members(book):
    """The sheet's rows by member."""
    of = context(book)
    made = figures.members_table(of).frame()
    return {row["member"]: row for row in made.to_dict("records")}


def test_who_pays_by_hand():
    of = members(two_members())
    a, b = of["A"], of["B"]
    assert (a["need"], b["need"]) == (3_000, 2_000)  # at 50 a tonne
    assert (a["paid"], b["paid"]) == pytest.approx((660, 840))
    assert (a["extra"], b["extra"]) == pytest.approx((0, 240))  # B paid 15 in China
    assert b["dearer"] == pytest.approx(0.4)
    assert a["extra_shortage"] == b["extra_shortage"] == 0
    assert a["short"] == 0
    assert a["short_mineral"] is None
    assert (a["depends_country"], a["depends_share"]) == ("CHN", pytest.approx(1))
    assert (b["depends_country"], b["depends_share"]) == ("CHL", pytest.approx(1))
    assert (a["dependent"], b["dependent"]) == (1, 1)


def test_cash_and_priced_shortage_are_said_apart():
    """With 30 t in Chile 10 t are short, 6 of A and 4 of B, at ten times the price."""
    of = members(two_members(chile=30))
    a, b = of["A"], of["B"]
    assert (a["paid"], b["paid"]) == pytest.approx((54 * 11, 6 * 15 + 30 * 21))
    assert (a["extra"], b["extra"]) == pytest.approx((0, 30 * (21 - 15)))
    assert (a["extra_shortage"], b["extra_shortage"]) == pytest.approx((3_000, 2_000))
    assert (a["paid_short"], b["paid_short"]) == pytest.approx((3_000, 2_000))
    assert (a["short"], b["short"]) == pytest.approx((0.1, 0.1))
    assert (a["short_mineral"], a["short_of_it"]) == ("copper", pytest.approx(0.1))
    assert b["depends_share"] == pytest.approx(30 / 36)


def test_who_gains_by_limits_has_a_remark():
    """B alone is held to half: 20 of China's 60 t, of which it had 40, go to A at 11, not 21."""
    book = two_members()
    book["Refiners"][0]["Capacity (t/yr)"] = 60
    book["Freight"] = [{"From country": "China", "A": 1, "B": 0}]
    book["Share limits"] = [
        {"Limit": "max", "Supplier group": "country", "Buyer": "B", "Share": 0.5}
    ]
    of = members(book)
    assert (of["A"]["extra"], of["B"]["extra"]) == pytest.approx((-200, 220))
    assert (
        of["A"]["remark"]
        == f"It pays less in this plan than without share limits. {measures.SAME_COST}"
    )
    assert of["B"]["remark"] != of["A"]["remark"]


def test_a_year_is_a_part_of_all_years():
    book = two_members()
    for row in book["Demand"]:
        row["2027"] = row["2026"]
    of = members(book)
    assert of["B"]["paid"] == pytest.approx(2 * 840)
    assert of["B"]["paid_a_year"] == pytest.approx(840)
    assert of["B"]["extra"] == pytest.approx(240)


def test_without_limits_nobody_pays_for_them_and_the_cells_are_blank():
    book = two_members()
    del book["Share limits"]
    table = made(book)["Members"]
    for header in (
        "Limits: cash a year (USD m)", "Limits: dearer", "Limits: shortage a year (USD m)",
    ):  # fmt: skip
        assert table.column(header).values == [None, None]


def test_the_coalitions_own_and_rest_of_world_are_nobodys_dependence():
    book = two_members()
    book["Refiners"] = [
        refiner("Own works", "Japan", 90, 1),
        refiner("Many", "Rest of world", 100, 2),
    ]
    del book["Share limits"], book["Freight"]
    of = members(book)
    assert of["A"]["depends_country"] is None
    assert of["A"]["dependent"] == 0


@pytest.mark.parametrize("seed", range(at_length(4, 12)))
def test_parts_add_up(seed):
    case = read_tables(random_book(np.random.default_rng(seed), 1 + seed % 3)).case
    plan, free = solve(case), solve(case.change(share_limits=()))
    against = payments_against(PlanNumbers.of(plan), PlanNumbers.of(free))
    table = Members.from_plan(plan, against).frame()
    years = len(case.years)
    assert list(table["member"]) == [m.name for m in case.members]
    near = pytest.approx
    assert table["paid"].sum() == near(plan.purchases, rel=1e-6, abs=1e-3)
    assert table["paid_a_year"].sum() * years == near(plan.purchases, rel=1e-6, abs=1e-3)
    priced = plan.costs.set_index("heading")["money"]["shortage"]
    assert table["paid_short"].sum() * years == near(priced, rel=1e-6, abs=1e-3)
    before = free.costs.set_index("heading")["money"]["shortage"]
    assert table["extra_shortage"].sum() * years == near(
        priced - before, rel=1e-6, abs=1e-6 * max(priced, before) + 1e-3
    )
    need = sum(
        tonnes * case.mineral_of[mineral].price.value(year)
        for (mineral, _, year), tonnes in case.demand_of.items()
    )
    assert table["need"].sum() == near(need)
    numbers = PlanNumbers.of(plan, free)
    total = sum(row["extra_cost"] for name, row in numbers.by_mineral().items() if name)
    assert table["extra"].sum() * years == near(total, rel=1e-6, abs=1e-3)
    for of in payments_against(numbers, numbers):
        assert of["extra"] == of["extra_shortage"] == 0


@pytest.mark.parametrize("seed", range(at_length(4, 12)))
def test_dependence_is_counted_from_the_flows(seed):
    case = read_tables(random_book(np.random.default_rng(seed), 1 + seed % 3)).case
    plan = solve(case)
    flows = plan.flows[plan.flows["year"] == case.years[-1]]
    for row in Members.from_plan(plan, None).frame().to_dict("records"):
        own = flows[flows["member"] == row["member"]]
        shares = {}
        for mineral, of in own.groupby("mineral"):
            for country, tonnes in of.groupby("country")["tonnes"].sum().items():
                if country != "ROW" and COALITION not in case.blocs_of(country):
                    share = tonnes / of["tonnes"].sum()
                    shares[mineral] = max(shares.get(mineral, 0.0), share)
        most = max(shares.values(), default=None)
        if most is None:
            assert not isinstance(row["depends_country"], str)
        else:
            assert row["depends_share"] == pytest.approx(most, abs=1e-6)
            assert shares[row["depends_mineral"]] == pytest.approx(most, abs=1e-6)
        assert row["dependent"] == sum(1 for share in shares.values() if share > 0.65 + 1e-9)


def test_the_chart_says_the_sheets_numbers():
    """In millions, of members that pay anything; the one that pays most stands first."""
    book = two_members(chile=30)
    for row in book["Demand"]:
        row["2026"] *= 1e5
    for row in book["Refiners"]:
        row["Capacity (t/yr)"] *= 1e5
    of = context(book)
    chart = next(p for p in pictures(of) if p.title.startswith("Who pays"))
    rows = {m.member: m for m in figures.members_table(of).frame().itertuples()}
    assert chart.categories == ("A", "B")
    for series, name in zip(chart.series, ("extra", "extra_shortage"), strict=True):
        wanted = [getattr(rows[m], name) / 1e6 for m in chart.categories]
        assert series.values == pytest.approx(wanted)
    assert chart.series[0].values[1] == pytest.approx(18)


def test_there_is_no_chart_where_nobody_pays():
    book = two_members()
    del book["Share limits"]
    assert not [p for p in pictures(context(book)) if p.title.startswith("Who pays")]
