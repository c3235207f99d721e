"""Sweeps: points, premiums, slopes and smallest caps by hand, and against single solves."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.answers.search import least_share
from models.errors import SolverError, UsageError
from models.plan import Plan, Session
from models.plan import solve as solve_case
from models.results import About
from planner.render.chart import Form, Picture, Role
from planner.render.table import Table, table_of
from planner.render.words import share as in_words
from planner.run import solve_file
from planner.scenarios import set_max_country_share
from planner.scenarios.parameters import KINDS, THE_CAP, parameter_of
from planner.sheets.findings import constant_basket, findings, rows_of
from planner.studies import Here
from planner.studies.kind import BASIS, YEARS, Tables
from planner.studies.sweep import (
    ALL,
    AS_IN_WORKBOOK,
    CHAIN,
    OVER,
    Sweep,
    SweepResult,
    cap_path_words,
    frontier_rows,
    grid,
    results,
    study_of,
    sweep,
    who_pays,
)
from planner.workbook import read as read_file
from planner.workbook.template import write_book
from tests.models.desk import BookT, jin, make, refiner, sur
from tests.models.desk import read as case_of
from tests.models.mutate import put
from tests.models.stages import oxide_and_alloy
from tests.models.test_laws import draw, rounding
from tests.reference.cases import random_book


def swept(book: BookT, *points: float, over: str = "cap") -> SweepResult:
    case = case_of(book)
    return sweep(case, parameter_of(case, over), points, Here())


def at(found: SweepResult, value: float, mineral: str = ALL) -> pd.Series:
    rows = found.rows[(found.rows["value"] == value) & (found.rows["mineral"] == mineral)]
    assert len(rows) == 1, rows
    return rows.iloc[0]


# ---- by hand: China has 100 t at 10, Chile 100 t at 20, demand 100 t, a tonne short costs 500 ---


def test_by_hand_while_supply_suffices() -> None:
    """At a cap of 80 % China gives 80 t, Chile 20: 1,200 instead of 1,000."""
    found = swept(make(jin(), sur()), 0.9, 0.8)
    row = at(found, 0.8)
    assert row["objective"] == row["cash"] == row["purchases"] == pytest.approx(1200)
    assert (row["tonnes"], row["short"], row["lost"], row["served"]) == (100, 0, 0, 1)
    assert (row["share"], row["country"]) == (pytest.approx(0.8), "CHN")
    assert row["slope"] == pytest.approx(10)  # a point more is a tonne, 10 cheaper from China
    assert row["premium"] == row["like_for_like"] == pytest.approx(2)
    assert row["dearer"] == pytest.approx(0.2)
    assert row["with_shortage"] == pytest.approx(2)
    assert found.reference["cash"].tolist() == pytest.approx([1000, 1000])


def test_by_hand_where_tonnes_are_lacking() -> None:
    """At 30 % both give 30 t and 40 t are short; a point more saves 2 t short for 10 and 20."""
    row = at(swept(make(jin(), sur()), 0.3), 0.3, "copper")
    assert (row["tonnes"], row["short"], row["lost"]) == pytest.approx((60, 40, 40))
    assert row["cash"] == pytest.approx(900)
    assert row["objective"] == pytest.approx(20_900)
    assert row["slope"] == pytest.approx(490 + 480)
    assert row["premium"] == pytest.approx((900 - 1000) / 60)  # less is paid, for less
    assert row["like_for_like"] == pytest.approx(900 / 60 - 10)
    assert row["dearer"] == pytest.approx(0.5)
    assert row["with_shortage"] == pytest.approx((20_900 - 1000) / 100)


def test_slope_is_the_finite_difference_between_single_solves() -> None:
    """Between kinks, for demand that grows and a discount rate: both years' bases, discounted."""
    book = make(
        jin(300), sur(300), years=(2026, 2027), demand={"A": [100, 200]},
        settings={"Discount rate": 0.1},
    )  # fmt: skip
    case = case_of(book)
    found = swept(book, 0.8)
    higher, lower = (solve_case(set_max_country_share(case, s)).objective for s in (0.81, 0.79))
    assert at(found, 0.8)["slope"] == pytest.approx(10 + 20 / 1.1)
    assert at(found, 0.8)["slope"] == pytest.approx((lower - higher) / 2)


def test_slope_in_basis_purchases() -> None:
    """The base is then what is bought: 50 t of 100, the rest short at 30 % from each of two."""
    book = make(jin(40), sur(40), demand=100, settings={"Share basis": "purchases"})
    case = case_of(book)
    found = swept(book, 0.55)
    higher, lower = (solve_case(set_max_country_share(case, s)).objective for s in (0.551, 0.549))
    assert at(found, 0.55)["slope"] == pytest.approx((lower - higher) * 5, rel=0.02)
    assert found.smallest["smallest"].isna().all()


def test_smallest_cap_is_exact_and_the_first_costly_point_is_of_the_grid() -> None:
    """Two suppliers of enough: a cap of a half loses nothing, 45 % does."""
    found = swept(make(jin(), sur()), *grid(THE_CAP, 0.9, 0.3, 0.05)).smallest
    assert found["mineral"].tolist() == [ALL, "copper"]
    assert found["smallest"].tolist() == pytest.approx([0.5, 0.5])
    assert found["costs_from"].tolist() == pytest.approx([0.45, 0.45])
    assert found["lost"].tolist() == pytest.approx([10, 10])


def test_smallest_cap_leaves_alone_what_the_workbook_does() -> None:
    """The cap is on China alone, so Chile may serve all: no cap is too small."""
    row = {"Limit": "max", "Supplier group": "country", "Supplier": "each outside home",
           "Share": 0.7}  # fmt: skip
    book = make(jin(), sur(), Share_limits=[row], Countries=[{"Country": "CHL", "Bloc": "home"}])
    found = swept(book, 0.4).smallest
    assert found["smallest"].tolist() == pytest.approx([0, 0])
    assert found["costs_from"].isna().all()


def test_the_premium_is_that_of_all_limits_and_the_smallest_cap_keeps_the_others() -> None:
    """A limit of 60 % on China by name costs 4 a tonne at any looser cap, in solve and here."""
    row = {"Limit": "max", "Supplier group": "country", "Supplier": "China", "Share": 0.6}
    found = swept(make(jin(), sur(), Share_limits=[row]), 0.7, 0.55)
    assert at(found, 0.7)["like_for_like"] == at(found, 0.7)["premium"] == pytest.approx(4)
    assert at(found, 0.7)["slope"] == 0
    assert at(found, 0.55)["like_for_like"] == pytest.approx(4.5)
    assert found.reference["cash"].tolist() == pytest.approx([1000, 1000])
    assert [outcome.name for outcome in found.outcomes] == [
        "No share limits", "No cap on single countries", "Cap 70 %", "Cap 55 %",
    ]  # fmt: skip
    assert found.smallest["cash"].tolist() == pytest.approx([1400, 1400])
    assert found.smallest["smallest"].tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("seed", [3, 7, 10, 14, 16, 19, 20, 21])
def test_solve_and_a_sweep_say_one_premium_of_one_cap(seed, tmp_path) -> None:
    """Whatever other limits there are, and where equally cheap plans without limits differ."""
    book = random_book(np.random.default_rng(seed), 1 + seed % 4)
    path = tmp_path / "case.xlsx"
    write_book(path, book, sheets=book)
    case = read_file(path).case
    found = sweep(case, THE_CAP, (0.6, 0.4), Here())
    for cap in (0.6, 0.4):
        run = solve_file(path, max_country_share=cap)
        premium = constant_basket(rows_of(run.minerals))
        row = at(found, cap)
        extra, same = premium or (0.0, 0.0)
        if not same > 0:
            assert not row["dearer"] > 0
            continue
        assert row["dearer"] == pytest.approx(extra / same, abs=1e-9)
        words = {of.name: of.number for of in findings(run.minerals, len(case.years), str)}
        said = words["Price of the limits"]
        assert in_words(abs(row["dearer"])) in said or abs(row["dearer"]) < 1e-9


# ---- laws --------------------------------------------------------------------------------------

POINTS = (0.9, 0.7, 0.5, 0.3, 0.1)


@pytest.mark.parametrize("seed", range(8))
def test_cost_is_convex_in_the_cap_and_the_slope_supports_it(seed: int) -> None:
    """Without whole projects and in basis demand; every point is the single solve's to 1e-9."""
    book = put(draw(seed, {"whole projects"}), "Share basis", "demand")
    case = case_of(book)
    found = swept(book, *POINTS)
    rows = found.rows[found.rows["mineral"] == ALL]
    cost, slope = rows["objective"].to_numpy(), rows["slope"].to_numpy() * 100
    alone = [solve_case(set_max_country_share(case, share)) for share in POINTS]
    slack = rounding(alone[0]) + 1e-7 * abs(cost).max()
    assert cost.tolist() == pytest.approx([p.objective for p in alone], rel=1e-9, abs=slack * 1e-2)
    rise = (cost[1:] - cost[:-1]) / 0.2  # per unit of cap taken away
    assert (rise >= -slack * 5).all()
    assert (rise[1:] >= rise[:-1] - slack * 10).all()
    assert (slope[:-1] <= rise + slack * 10).all()
    assert (slope[1:] >= rise - slack * 10).all()
    assert (rows["with_shortage"].dropna().to_numpy() >= 0).all()
    free, by = found.reference.iloc[0], found.rows[found.rows["mineral"] != ALL]
    assert free["objective"] <= cost.min() + slack
    for column in ("objective", "purchases", "cash", "demand", "tonnes", "short", "slope"):
        sums = by.groupby("value", sort=False)[column].sum()
        scale = max(1.0, abs(rows[column]).max())
        assert sums.tolist() == pytest.approx(rows[column].tolist(), rel=1e-9, abs=1e-9 * scale)


@pytest.mark.parametrize("seed", range(20, 26))
def test_readings_are_the_plans(seed: int) -> None:
    """Costs by mineral are those by heading; shares are the plan's; all rows are there."""
    plan = solve_case(case_of(draw(seed)))
    readings = {r["mineral"]: r for r in frontier_rows(plan)}
    assert list(readings) == [ALL, *plan.expanded.minerals]
    for mineral, share in plan.max_country_share.items():
        assert (readings[mineral]["share"] or 0.0) == pytest.approx(share, abs=2e-9)
    headings = plan.mineral_costs.groupby("heading")[["money", "discounted"]].sum()
    for row in plan.costs.to_dict("records"):
        for column in ("money", "discounted"):
            assert headings.loc[row["heading"], column] == pytest.approx(row[column], abs=1e-6)
    total = plan.mineral_costs["discounted"].sum()
    assert total == pytest.approx(plan.objective, rel=1e-6, abs=10 * rounding(plan))


def test_smallest_cap_serves_what_can_be_served() -> None:
    """At it nothing is lost; at a little less something is."""
    book = make(jin(60), sur(50), demand={"A": 70, "B": 50})
    case = case_of(book)
    found = dict(zip(*(swept(book, 0.5).smallest[c] for c in ("mineral", "smallest")), strict=True))
    cap = found["copper"]
    assert cap == pytest.approx(0.5)  # 60 of 120 t from China, 50 from Chile, 10 short anyway
    free = solve_case(case)
    assert found["copper"] == least_share(set_max_country_share(case, 1.0), free)["copper"]
    for share, is_more in ((cap, False), (cap - 0.01, True)):
        short = solve_case(set_max_country_share(case, share)).shortage
        assert (short > free.shortage + 1e-6) is is_more


def test_smallest_cap_is_that_of_the_year_that_needs_most() -> None:
    """China has to sell 60 of 100 t in the first year, 20 of 60 in the second, planned apart."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 1.0}
    wanted = {"A": (100, 60)}
    case = case_of(make(jin(), sur(40), demand=wanted, years=(2026, 2027), Share_limits=[limit]))
    assert least_share(case, solve_case(case))["copper"] == pytest.approx(0.6)


def test_a_mineral_that_nobody_sells_has_no_smallest_cap() -> None:
    """Nobody needs it, either: its program is empty."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 1.0}
    book = make(jin(60), sur(50), Share_limits=[limit])
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    case = case_of(book)
    assert least_share(case, solve_case(case)) == {"copper": pytest.approx(0.5)}


# ---- the workbook's own caps, where they differ by year ------------------------------------------


def capped(**more: Any) -> BookT:
    """Return two years of 100 t, China's 100 t at 10, Chile's at 20, and a cap of 85 %."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.85} | more
    return make(jin(), sur(), years=(2026, 2027), Share_limits=[limit])


def test_a_path_is_a_point_of_its_own() -> None:
    """85 % falling to 65 %: 85 x 10 + 15 x 20 = 1,150, and 650 + 700 = 1,350; 2,500 in all.

    At a flat 80 % both years cost 1,200. A point looser saves a tonne's 10 in each year.
    """
    found = swept(capped(**{"Share 2027": 0.65}), 0.9, 0.8)
    assert found.path == "from 85 % in 2026 to 65 % in 2027"
    assert found.given["mineral"].tolist() == [ALL, "copper"]
    row = found.given.iloc[0]
    assert row["objective"] == row["cash"] == pytest.approx(2500)
    assert row["slope"] == pytest.approx(20)
    assert row["like_for_like"] == pytest.approx(500 / 200)
    assert row["share"] == pytest.approx(0.85)
    assert at(found, 0.8)["objective"] == pytest.approx(2400)
    frontier = results(found, {"money": "USD", "discounted": "undiscounted"})[0].frame()
    own, flat = "As in the workbook", "One cap for all years"
    assert frontier["point"].tolist() == [own, flat, flat] * 2
    assert frontier["value"].isna().tolist() == [True, False, False] * 2


@pytest.mark.parametrize(("points", "is_cheaper"), [((0.9, 0.25), True), ((0.9, 0.85), False)])
def test_it_is_said_why_the_same_tonnes_look_cheaper(
    points: tuple[float, ...], *, is_cheaper: bool
) -> None:
    """The ally's 7 t of oxide cost 2, China's 50; at 25 % half of the alloy is missing.

    Ten tonnes alone need little of China's oxide, while 20 t have paid for 13 t of it on average.
    """
    book = oxide_and_alloy()
    book["Refiners"][0]["Cost (USD/t)"] = 50
    found = swept(book, *points)
    about = About(what=[YEARS, BASIS, OVER], value=["2026", "demand", "cap"])
    tables = Tables([*results(found, {"money": "USD", "discounted": "undiscounted"}), about])
    row = at(found, points[-1])
    assert (row["dearer"] < 0, row["short"] > 0) == (is_cheaper, is_cheaper)
    said = "At 25 % the tonnes look cheaper than without limits"
    assert (said in Sweep.headline(tables).care[0]) is is_cheaper


def test_a_path_is_told_and_drawn() -> None:
    """In the finding, its figures, a level line of the charts of the workbook and the report."""
    found = swept(capped(**{"Share 2027": 0.65}), 0.9, 0.8, 0.7)
    about = About(
        what=[YEARS, BASIS, OVER, AS_IN_WORKBOOK],
        value=["2026 to 2027", "demand", "cap", found.path],
    )
    tables = Tables([*results(found, {"money": "USD", "discounted": "undiscounted"}), about])
    headline = Sweep.headline(tables)
    assert headline.finding == (
        "With a cap of 50.0 % or more, no more is missing than without a cap. With a tighter cap,"
        " copper runs short first. With the workbook's caps the coalition pays 25 % more for the"
        " same tonnes, and nothing is missing."
        " At 70 % it pays 30 % more for the same tonnes, and nothing is missing."
    )
    assert "The workbook's own caps change from 85 % in 2026 to 65 % in 2027," in headline.care[1]
    assert [(of.name, of.value) for of in headline.figures[1:]] == [
        ("With the workbook's caps", "+25 %"), ("At 70 %", "+30 %"),
    ]  # fmt: skip
    (line,) = [s for s in Sweep.pictures(tables)[0].series if s.name == AS_IN_WORKBOOK]
    assert line.values == pytest.approx((0.25,) * 3)  # 2,500 for what costs 2,000 without caps
    (section,) = Sweep.sections(tables)
    pictures, numbers = section.views["All minerals"]
    assert [AS_IN_WORKBOOK in [s.name for s in p.series] for p in pictures] == [True]
    assert numbers.fields[0].header == "Point"


def test_no_path_no_point() -> None:
    """A flat cap, no cap, and another knob than the cap are as before."""
    for book in (capped(), make(jin(), sur(), years=(2026, 2027))):
        found = swept(book, 0.9, 0.8)
        assert found.path == ""
        assert found.given.empty
        assert "point" not in {f.name for f in results(found, {})[0].fields}
    found = swept(capped(**{"Share 2027": 0.65}), 1.0, 0.5, over="capacity:CHN")
    assert found.path == ""


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ([{"First year": 2027}], "from no cap in 2026 to 85 % in 2027"),
        (
            [{"Share 2027": 0.65}, {"Buyer": "A"}],
            "from 85 % to 65 %, by year and by mineral or buyer",
        ),
        ([{"First year": 2026, "Last year": 2026}], "from 85 % in 2026 to no cap in 2027"),
        ([{"Last year": 2026}, {"First year": 2027}], ""),
        ([{"Share 2027": 0.65, "Supplier": "CHN"}], ""),  # not a cap on each country
    ],
)
def test_how_caps_go_by_year(limits: list[dict[str, Any]], said: str) -> None:
    rows = [capped(**more)["Share limits"][0] for more in limits]
    headers = dict.fromkeys(header for row in rows for header in row)
    book = capped() | {"Share limits": [{h: row.get(h) for h in headers} for row in rows]}
    assert cap_path_words(case_of(book)) == said


def test_caps_that_one_cap_is_not() -> None:
    """Flat caps that differ by buyer go by no year, and are still not one; a last year counts."""
    flat, other = capped()["Share limits"][0], {"Buyer": "A", "Share": 0.5}
    book = capped() | {"Share limits": [flat | {"Buyer": None}, flat | other]}
    assert cap_path_words(case_of(book)) == ""
    assert cap_path_words(case_of(book), is_one=True) == "from 85 % to 50 %, by mineral or buyer"
    assert cap_path_words(case_of(capped()), is_one=True) == ""
    early = make(jin(), sur(), years=(2026, 2027, 2028))
    early["Share limits"] = [flat | {"Share 2027": 0.65}]
    assert cap_path_words(case_of(early)) == "from 85 % in 2026 to 65 % in 2027"


def test_a_path_without_a_plan_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row has the trouble, all other points are there."""
    solve = Session.solve

    def failing(self: Session, case: Any) -> Plan:
        if case == self.case:
            msg = "no proven optimum"
            raise SolverError(msg)
        return solve(self, case)

    monkeypatch.setattr(Session, "solve", failing)
    found = swept(capped(**{"Share 2027": 0.65}), 0.9, 0.8)
    assert found.given["trouble"].tolist() == ["no proven optimum"]
    assert at(found, 0.9)["objective"] == pytest.approx(2200)
    frontier = results(found, {"money": "USD", "discounted": "undiscounted"})[0].frame()
    assert frontier["trouble"].iloc[0] == "no proven optimum"


# ---- other knobs -------------------------------------------------------------------------------


def test_a_factor_on_a_countrys_capacity() -> None:
    """Half of Jin's 100 t: 50 from Chile; a point more is a tonne, 10 cheaper."""
    found = swept(make(jin(), sur()), 1.0, 0.5, 0.4, over="capacity:CHN")
    assert at(found, 1.0)["objective"] == pytest.approx(1000)
    assert pd.isna(at(found, 1.0)["slope"])
    half = at(found, 0.5)
    assert (half["objective"], half["slope"]) == pytest.approx((1500, 10))
    assert (half["like_for_like"], half["lost"]) == pytest.approx((5, 0))
    assert found.smallest.empty


@pytest.mark.parametrize(
    ("over", "value", "cost"),
    [
        ("demand", 1.2, 1400),  # 100 from China, 20 from Chile
        ("demand:A:copper", 0.5, 500),
        ("demand:copper", 0.5, 500),
        ("cost:Jin", 1.5, 1500),
        ("tariff:China", 0.2, 1200),
        ("tariff:CHN", 3.0, 2000),  # all from Chile instead
        ("capacity", 0.5, 1500),
        ("capacity:J*", 0.0, 2000),
    ],
)
def test_each_knob_by_hand(over: str, value: float, cost: float) -> None:
    assert at(swept(make(jin(), sur()), value, over=over), value)["objective"] == pytest.approx(
        cost
    )


def test_freight_and_mines() -> None:
    freight = make(jin(), sur(), Freight=[{"From country": "China", "A": 4}])
    assert at(swept(freight, 2.0, over="freight:China"), 2.0)["cash"] == pytest.approx(1800)
    mines = make(jin(), Mines=[{"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 100}])
    assert at(swept(mines, 0.25, over="mines:Peru"), 0.25)["short"] == pytest.approx(75)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("capacitty:CHN", "did you mean 'capacity'? choose from cap, demand, capacity, cost"),
        ("zzz", "choose from cap, demand, capacity, cost, tariff, floor, freight, mines"),
        ("cap:CHN", "always applies to all minerals"),
        ("capacity:Chian", "did you mean 'China'?"),
        ("capacity:CHM", "did you mean 'CHN'?"),
        ("capacity:Jinn", "did you mean 'Jin'?"),
        ("tariff:CHN:coper", "did you mean 'copper'?"),
        ("capacity:CHN:zinc", "a mineral in the workbook; choose from copper"),
        ("capacity:CHM:zinc", "'zinc' is not a mineral"),
        ("capacity:CHM:zinc", "did you mean 'CHN'?"),
        ("demand:B", "'B' is not a member in the workbook"),
        (
            "capacity:Peru",
            "changes nothing in the workbook; its refiners and projects are in CHL, CHN",
        ),
        ("mines", "it has no mines"),
    ],
)
def test_a_knob_that_is_none(over: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parameter_of(case_of(make(jin(), sur())), over)
    assert said in str(error.value)
    assert repr(over) in str(error.value)


def test_the_place_is_not_blamed_for_the_mineral() -> None:
    with pytest.raises(UsageError) as error:
        parameter_of(case_of(make(jin(), sur())), "capacity:CHN:zinc")
    assert "CHN'?" not in str(error.value)


# ---- points ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "points"),
    [
        ((0.9, 0.3, 0.1), (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)),
        ((0.9, 0.3, 0.07), (0.9, 0.83, 0.76, 0.69, 0.62, 0.55, 0.48, 0.41, 0.34, 0.3)),
        ((0.3, 0.5, 0.1), (0.3, 0.4, 0.5)),
        ((0.5, 0.3, -0.1), (0.5, 0.4, 0.3)),
        ((0.5, 0.5, 0.1), (0.5,)),
        ((0.5, 0.4, 0.7), (0.5, 0.4)),
        ((0.0, 1.0, 0.5), (0.0, 0.5, 1.0)),
    ],
)
def test_both_ends_are_points(span: tuple[float, float, float], points: tuple[float, ...]) -> None:
    assert grid(THE_CAP, *span) == points


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ((0.9, 0.3, 0.0), "--step 0 is not a step"),
        ((0.9, 0.3, 5.0), "did you mean 0.05 (5 %)?"),
        ((0.3, 0.9, -0.1), "take a smaller step, in that direction"),
        ((65.0, 0.3, 0.1), "--from 65: Cap must be from 0 to 1 (100 %); did you mean 0.65 (65 %)?"),
        ((0.9, -0.3, 0.1), "--to -0.3"),
        ((0.9, 0.3, 1e-4), "6,001 points, more than 1,000"),
        ((1.0, 0.0, 0.001), "1,001 points"),
    ],
)
def test_points_that_make_no_sense(span: tuple[float, float, float], said: str) -> None:
    with pytest.raises(UsageError) as error:
        grid(THE_CAP, *span)
    assert said in str(error.value)


def test_every_kind_has_points_of_its_own() -> None:
    for kind in KINDS:
        points = grid(
            type(THE_CAP)(kind, kind.word, kind.title, ()), kind.first, kind.last, kind.step
        )
        assert 5 < len(points) <= 21


# ---- where and how it runs ---------------------------------------------------------------------


def test_chains_are_fixed_and_can_be_sent_away() -> None:
    """Neighbours in chunks of at most ten, the reference alone; all of it picklable."""
    case = case_of(make(jin(), sur()))
    points = grid(THE_CAP, 0.9, 0.3, 0.05)
    study = study_of(case, THE_CAP, points)
    assert [len(chain) for chain in study.chains] == [1, 10, 3]
    assert CHAIN == 10
    names = [run.name for chain in study.chains for run in chain]
    assert names[:3] == ["No share limits", "Cap 90 %", "Cap 85 %"]
    sent = pickle.loads(pickle.dumps(study))
    assert sent == study
    assert pickle.loads(pickle.dumps(THE_CAP)).is_cap
    plan = solve_case(sent.chains[0][0].change(case))
    read_of = sent.chains[0][0].read
    assert dict(read_of(plan).smallest) == pytest.approx({"copper": 0.5})


def test_a_point_that_fails_is_a_row_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    solve = Session.solve

    def fail(self: Session, case: Any) -> Plan:
        if case.share_limits and case.share_limits[0].share.value(2026) == 0.8:
            msg = "no proven optimum"
            raise SolverError(msg)
        return solve(self, case)

    monkeypatch.setattr(Session, "solve", fail)
    found = swept(make(jin(), sur()), 0.9, 0.8, 0.7)
    assert at(found, 0.8)["trouble"] == "no proven optimum"
    assert pd.isna(at(found, 0.8)["objective"])
    assert at(found, 0.7)["objective"] == pytest.approx(1300)
    table = sweep_tables(sheets_of(found))[0]
    assert table.headers[-1] == "Trouble"
    money = sweep_pictures(sheets_of(found))[0]
    assert money.series[0].values == pytest.approx((0.1, None, 0.3))


# ---- sheets ------------------------------------------------------------------------------------


def sheets_of(found: SweepResult) -> Tables:
    options = {OVER: found.parameter.typed, YEARS: "2026", BASIS: "demand"}
    about = About(what=list(options), value=list(options.values()))
    return Tables([*results(found, {"money": "EUR", "discounted": "undiscounted"}), about])


def sweep_tables(tables: Tables) -> list[Table]:
    return [table_of(result) for result in tables.results.values() if not isinstance(result, About)]


def sweep_pictures(tables: Tables) -> tuple[Picture, ...]:
    return Sweep.pictures(tables)


def test_the_sheets_of_a_cap() -> None:
    found = sheets_of(swept(make(jin(), sur()), 0.3, 0.6, 0.9))
    frontier, smallest = sweep_tables(found)
    assert (frontier.name, smallest.name) == ("Frontier", "Smallest caps")
    assert frontier.headers[:3] == ("Cap", "Mineral", "Total cost, undiscounted (EUR)")
    assert frontier.column("Cap").values == [0.3, 0.6, 0.9] * 2
    assert frontier.column("Mineral").values == ["all"] * 3 + ["copper"] * 3
    assert smallest.column("First point that costs tonnes").values == [0.3, 0.3]
    assert smallest.column("Short by the cap there (t)").values == pytest.approx([40, 40])


def test_charts_of_a_cap_have_the_tight_end_on_the_right() -> None:
    money, short, room, dearer, small = sweep_pictures(
        sheets_of(swept(make(jin(), sur()), 0.3, 0.6, 0.9))
    )
    assert money.categories == dearer.categories == small.categories == (0.9, 0.6, 0.3)
    assert money.series[0].values == pytest.approx((0.1, 0.4, 0.5))  # 60 t at 15, not 10
    assert dearer.series[0].values == pytest.approx((0.1, 0.4, 0.5))
    assert short.series[0].values == pytest.approx((0, 0, 0.4))
    assert room.form is Form.GROUPED
    assert [s.values[0] for s in room.series] == pytest.approx([1.0, 0.5])
    assert small.title == "copper: no supply is lost with caps of 50.0 % or more"
    assert small.series[1].role is Role.SHORT


def test_the_mineral_that_decides_is_named_and_a_least_cap_is_rounded_up() -> None:
    """100 t of copper need 66.66 t of Jin beside 33.34 t of Sur; 110 t of tin find 50 t each."""
    book = make(jin(), refiner("Sur", "CHL", 33.34, 20), refiner("Tin", "CHL", 50, 30))
    book["Refiners"][2]["Mineral"] = "tin"
    book["Refiners"].append({**refiner("Tin too", "CHN", 50, 20), "Mineral": "tin"})
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 110})
    tables = sheets_of(swept(book, 0.9, 0.3))
    headline = Sweep.headline(tables)
    assert headline.finding.startswith(
        "With a cap of 66.7 % or more, no more is missing than without a cap. With a tighter cap,"
        " copper runs short first. At 90 %"
    )
    assert "and 9.1 % of the need for tin is missing. At 30 %" in headline.finding
    cap, loose, tight = headline.figures
    assert (cap.value, loose.name, tight.name) == ("66.7 %", "At 90 %", "At 30 %")
    assert loose.remark.endswith("Missing, as a share of need: tin 9.1 %.")
    assert tight.remark.endswith("Missing, as a share of need: copper 40 % and tin 40 %.")
    assert any("caps of 66.7 % or more" in picture.title for picture in sweep_pictures(tables))


def test_a_mineral_called_all_is_no_total() -> None:
    book = make(jin(), sur(), refiner("Tin", "CHL", 50, 30))
    book["Refiners"][2]["Mineral"] = "all"
    book["Minerals"].append({"Mineral": "all", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "all", "Member": "A", "2026": 50})
    found = swept(book, 1.0)
    assert at(found, 1.0)["tonnes"] == pytest.approx(150)
    assert at(found, 1.0, "all")["tonnes"] == pytest.approx(50)
    assert sweep_tables(sheets_of(found))[0].column("Mineral").values == ["all", "all", "copper"]


def test_the_sheets_of_another_knob() -> None:
    found = sheets_of(swept(make(jin(), sur()), 1.0, 0.5, over="capacity:CHN"))
    frontier, given = sweep_tables(found)
    assert frontier.headers[:3] == ("Knob", "Value", "Mineral")
    assert frontier.column("Knob").values == ["Capacity of CHN"] * 4
    assert "Short beyond as given (t)" in frontier.headers
    assert given.name == "As given"
    assert given.column("Cash cost, undiscounted (EUR)").values == pytest.approx([1000, 1000])
    paid, *_ = sweep_pictures(found)
    assert paid.categories == (1.0, 0.5)
    assert paid.series[0].values == pytest.approx((1000, 1500))  # all that is paid, no difference
    assert frontier.column("A point more costs (EUR)").values == [None, pytest.approx(-10)] * 2


def test_more_demand_than_supply_is_charted_as_short_and_not_as_cheap() -> None:
    """Jin has 100 t at 10: of a demand of 150 t the 50 are short, and not a gain."""
    found = sheets_of(swept(make(jin()), 0.5, 1.0, 1.5, over="demand"))
    paid, short, *rest = sweep_pictures(found)
    assert paid.title == "Demand: cash paid for purchases, 2026"
    assert paid.series[0].values == pytest.approx((500, 1000, 1000))
    assert short.series[0].values == pytest.approx((0, 0, 50))
    by_mineral = next(p for p in rest if p.title.startswith("Demand that goes short, "))
    assert by_mineral.series[0].values == pytest.approx((0, 0, 1 / 3))
    costs = sweep_tables(found)[0].column("A point more costs (EUR)").values
    assert costs[1:3] == pytest.approx([10, 500])  # a tonne of Jin's; a tonne short


def test_one_point_and_nothing_to_plan() -> None:
    assert sweep_pictures(sheets_of(swept(make(jin(), sur()), 0.5))) == ()
    empty = swept(make(jin(), sur(), demand=0), 0.9, 0.5)
    assert at(empty, 0.5)["served"] == 1
    assert at(empty, 0.5)["objective"] == 0
    assert at(empty, 0.5)["country"] == ""
    sweep_tables(sheets_of(empty))
    sweep_pictures(sheets_of(empty))


# ---- who pays ------------------------------------------------------------------------------------


def test_who_pays_by_hand() -> None:
    """At 80 % 20 t cost 20, not 10; at 30 % 30 t do, and 40 t are short at 500."""
    book = make(jin(), sur())
    made = who_pays(swept(book, 0.8, 0.3), case_of(book))
    assert made is not None
    rows = made.frame().groupby("case")[["extra", "extra_shortage"]].sum()
    years = len(case_of(book).years)
    assert rows.loc[0.8].tolist() == pytest.approx([200 / years, 0])
    assert rows.loc[0.3].tolist() == pytest.approx([300 / years, 20_000 / years])


def test_who_pays_and_the_frontier_add_up() -> None:
    """Of one member and year both say the same, of a cap and of another number."""
    for over, points in (("cap", (0.8, 0.3)), ("cost:CHN", (1.5, 2.0))):
        found = swept(make(jin(), sur()), *points, over=over)
        made = who_pays(found, case_of(make(jin(), sur())))
        assert made is not None
        for value, rows in made.frame().groupby("case"):
            whole = at(found, float(value))
            assert rows["extra"].sum() == pytest.approx(whole["like_for_like"] * whole["tonnes"])
