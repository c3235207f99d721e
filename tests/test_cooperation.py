"""A member alone: its part of every plant, the law that together costs no more, and the page."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from inputs.cooperation import Division, alone, home_first, pro_rata, whole_world
from inputs.cooperation_chart import Bar, Panel, amount, chart
from inputs.cooperation_sums import Result, added, result, steps
from inputs.cooperation_tables import by_member, by_mineral, totals
from models.case import Case
from models.plan import Plan, solve
from planner.workbook import read
from tests.models.desk import BookT, jin, make, neutral, refiner, sur
from tests.models.desk import read as case_of
from tests.reference.cases import ALL, random_book
from tests.reference.formulation import Flows, evaluate

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "cooperation.md"
BROKEN = {"contracts", "growth", "whole projects"}
"""Where a part of a plant is no plant in small, so that the law may not hold."""


# ---- by hand -----------------------------------------------------------------------------------


def crossed() -> BookT:
    """Two members, two plants; each is nearer to another plant, and both want half of all."""
    freight = [
        {"From country": "CHN", "A (USD/t)": 0, "B (USD/t)": 5},
        {"From country": "CHL", "A (USD/t)": 5, "B (USD/t)": 0},
    ]
    return make(jin(50), sur(50), demand={"A": 50.0, "B": 50.0}, Freight=freight)


def test_freight_by_hand() -> None:
    """Alone each takes 25 from both plants, half of it from afar; together all is from near."""
    found = result(case_of(crossed()))
    assert found.apart.purchases == pytest.approx(50 * 10 + 50 * 20 + 50 * 5)
    assert found.together.purchases == pytest.approx(50 * 10 + 50 * 20)
    assert found.apart.whole - found.together.whole == pytest.approx(250)
    assert found.apart.total("short") == pytest.approx(0.0, abs=1e-6)


def test_closed_lane_by_hand() -> None:
    """What A may not buy stands idle alone; together B takes it and leaves A its part of Sur."""
    lanes = [{"From country": "CHN", "To member": "A", "Open": "no"}]
    book = make(jin(50), sur(50), demand={"A": 50.0, "B": 50.0}, Lanes=lanes)
    found = result(case_of(book))
    assert found.apart.total("short", member="A") == pytest.approx(25)
    assert found.apart.total("short", member="B") == pytest.approx(0.0, abs=1e-6)
    assert found.together.total("short") == pytest.approx(0.0, abs=1e-6)
    assert "| short, t | 25 | 0 | -25 | -100.00% |" in totals(found)
    assert "| copper | 100 | 25 | 25.0% | 0 | 0.0% | 17 | 15 |" in by_mineral(found)
    assert "| A | 50 | 0 | 0 | 25 | 50.0% | 0 | 0.0% |" in by_member(found)


def test_parts_follow_demand_of_the_year() -> None:
    """A fifth of the demand in one year and all in the next: a fifth of a plant, then all of it."""
    book = make(
        jin(100, Available_share=0.5), demand={"A": [20.0, 60.0], "B": [80.0, 0.0]},
        years=(2026, 2027), Projects=[project(30.0, 16.0)],
        Budget=[{"Year": 2026, "Capex (USD m)": 8}],
        Mines=[{"Mineral": "copper", "Country": "CHN", "Capacity (t/yr)": 50}],
    )  # fmt: skip
    case = case_of(book).change(ceilings=(("Jin", "", "copper", 2026, 40.0),))
    one, other = alone(case, "A"), alone(case, "B")
    assert [one.refiners[0].capacity.value(y) for y in case.years] == pytest.approx([20.0, 100.0])
    assert [other.refiners[0].capacity.value(y) for y in case.years] == pytest.approx([80.0, 0.0])
    # a project is one part for all years: A has 80 of the 160 t of both years
    assert one.projects[0].capacity.value(2026) == pytest.approx(15.0)
    assert one.projects[0].capex == pytest.approx(8.0)
    assert one.budget[0].capex == pytest.approx(4.0)
    assert [one.mines[0].capacity.value(y) for y in case.years] == pytest.approx([10.0, 50.0])
    assert one.ceilings[0][-1] == pytest.approx(8.0)
    assert [m.name for m in one.members] == ["A"]
    assert one.home_blocs == case.home_blocs


def test_home_plants_stay_at_home() -> None:
    """A plant in a member's country is its own; others are divided by demand."""
    book = make(jin(100), refiner("Own", "JPN", 40, 30), demand={"A": 25.0, "B": 75.0})
    book["Members"][0]["Country"] = "Japan"
    case = case_of(book)
    kept = {m: _capacities(alone(case, m, home_first)) for m in ("A", "B")}
    assert kept == {"A": {"Jin": 25.0, "Own": 40.0}, "B": {"Jin": 75.0, "Own": 0.0}}
    assert _capacities(alone(case, "A", whole_world)) == {"Jin": 100.0, "Own": 40.0}


def project(capacity: float, capex: float) -> dict[str, object]:
    """Return a row of Projects for copper."""
    return {
        "Project": "New", "Refiner": "New", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": capacity, "Capex (USD m)": capex, "Cost (USD/t)": 1, "First year": 2026,
    }  # fmt: skip


def _capacities(case: Case) -> dict[str, float]:
    return {r.name: r.capacity.value(case.years[0]) for r in case.refiners}


# ---- the law -----------------------------------------------------------------------------------


def side_by_side(case: Case, plans: dict[str, Plan]) -> Flows:
    """Return the plans of members alone as one plan of the coalition."""
    whole = {p.name: p for p in case.projects}
    found = Flows()
    for plan in plans.values():
        flows = neutral(plan)
        found.spot += flows.spot
        found.stock += flows.stock
        found.ore += flows.ore
        for name, year, built in flows.builds:
            own = next(p for p in plan.case.projects if p.name == name)
            part = own.capacity.value(year) / (whole[name].capacity.value(year) or 1.0)
            found.builds.append((name, year, built * part))
    return found


def tight() -> BookT:
    """Plants, ore, budget, project and cap all bind, in one of two years more than in the other."""
    return make(
        jin(60), sur(20, Kind="recycled"), demand={"A": [60.0, 90.0], "B": [40.0, 70.0]},
        years=(2026, 2027), Projects=[project(30.0, 0.001) | {"Kind": "recycled"}],
        Budget=[{"Year": 2026, "Capex (USD m)": 0.0005}, {"Year": 2027, "Capex (USD m)": 0.0001}],
        Mines=[{"Mineral": "copper", "Country": "CHN", "Capacity (t/yr)": 50}],
        Share_limits=[{"Limit": "max", "Supplier group": "country", "Share": 0.45}],
        Stockpiles=[{"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 10}],
    )  # fmt: skip


def random(seed: int) -> BookT:
    """Return a random book of what the law holds for."""
    return random_book(np.random.default_rng([23, seed]), 3, ALL - BROKEN)


BOOKS = {"tight": tight} | {f"random {seed}": partial(random, seed) for seed in range(10)}


@pytest.mark.parametrize("division", [pro_rata, home_first])
@pytest.mark.parametrize("name", BOOKS)
def test_members_alone_are_a_plan_of_the_coalition(name: str, division: Division) -> None:
    """Side by side they keep every limit, at the sum of their costs; so together costs no more."""
    book = BOOKS[name]()
    case = case_of(book)
    plans = {m.name: solve(alone(case, m.name, division)) for m in case.members}
    check = evaluate(book, side_by_side(case, plans))
    apart = sum(plan.objective for plan in plans.values())
    tonnes, money = max(case.largest_demand, 1.0), max(apart, 1.0)
    assert check.violation <= 1e-5 * tonnes, check.violated
    # a member alone knows no unfair shortage, the coalition may: apart from it costs are equal
    unfair = check.costs.get("unfair shortage", 0.0)
    assert check.objective - unfair == pytest.approx(apart, rel=1e-5, abs=1e-5)
    assert solve(case).objective <= apart + unfair + 1e-6 * money
    fair = [r for r in book["Settings"] if r["Setting"] != "Fair shortage weight"]
    fair.append({"Setting": "Fair shortage weight", "Value": 0})
    assert solve(case_of(book | {"Settings": fair})).objective <= apart + 1e-6 * money


def test_members_that_differ_in_size_only_gain_nothing() -> None:
    """The first step of the page: each alone is the coalition in small, under the cap too."""
    limits = [{"Limit": "max", "Supplier group": "country", "Share": 0.6}]
    book = crossed() | {"Share limits": limits}
    book["Demand"][0]["2026"] = 90.0
    case = case_of(book)
    even = steps(case)[0][1].change(share_limits=case.share_limits)
    found = result(even)
    assert found.apart.total("short") == pytest.approx(40.0)
    assert found.apart.whole == pytest.approx(found.together.whole)
    assert steps(case)[-1][1] is case
    assert steps(case)[1][1].freight == case.freight


# ---- the page ----------------------------------------------------------------------------------


@cache
def fresh(workbook: str) -> tuple[Case, Plan]:
    """Return a workbook's case and the coalition's plan."""
    case = read(ROOT / "inputs" / f"{workbook}.xlsx").case
    return case, solve(case)


@pytest.mark.parametrize(
    ("workbook", "member"),
    [("critical-minerals", "United Kingdom"), ("critical-minerals-first-use", "South Korea")],
)
def test_page_is_current(workbook: str, member: str) -> None:
    """A member's row on the page is what planning it anew gives, and so are the sums together."""
    case, plan = fresh(workbook)
    together, apart = added([plan]), added([solve(alone(case, member))])
    demand = together.total("demand", member=member)
    bought = [s.total("paid", member=member) / 1e6 for s in (apart, together)]
    short = [s.total("short", member=member) for s in (apart, together)]
    row = [demand, *bought, short[0], short[0] / demand * 100, short[1], short[1] / demand * 100]
    part = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    said = next(p for p in part if p.startswith(f"{workbook}\n"))
    assert _numbers(said, member) == pytest.approx(row, rel=1e-3, abs=0.06)
    for name, value in (
        ("cash in all, USD m", together.cash / 1e6),
        ("short, t", together.total("short")),
        ("whole cost, discounted, USD m", together.whole / 1e6),
    ):
        assert _numbers(said, name)[1] == pytest.approx(value, rel=1e-4)


def _numbers(text: str, first: str) -> list[float]:
    """Return the numbers of the first row of a table that begins so."""
    line = next(row for row in text.splitlines() if row.startswith(f"| {first} |"))
    return [float(cell.strip(" %").replace(",", "")) for cell in line.split("|")[2:-1]]


def test_chart() -> None:
    """Bars are as long as the parts of demand that are short, and say them."""
    found = chart("T", "s", [Panel("P", [Bar("copper & tin", 200.0, 50.0, 25.0)], "none")])
    widths = [float(w) for w in re.findall(r'width="([0-9.]+)" height="14"', found)]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert "25.0% (50 t)" in found
    assert "copper &amp; tin" in found
    assert [amount(t) for t in (12.4, 1726.0, 236e3, 4.216e6)] == [
        "12.4 t", "1.73 kt", "236 kt", "4.22 Mt",
    ]  # fmt: skip


def test_sums_of_one_plan() -> None:
    """What is added up of one plan is the plan's own."""
    plan = solve(case_of(crossed()))
    one = added([plan])
    assert one.purchases == pytest.approx(plan.purchases)
    assert one.cash == pytest.approx(plan.cash)
    assert isinstance(result(plan.case), Result)
