"""Sweeps: points, premiums, slopes and smallest caps by hand, and against single solves."""

from __future__ import annotations

import pickle
from typing import Any

import pandas as pd
import pytest

from models.answers.search import least_share
from models.errors import SolverError, UsageError
from models.plan import Plan, Session
from models.plan import solve as solve_case
from planner.render.table import table_of as table_sheet
from planner.scenarios import set_max_country_share
from planner.scenarios.parameters import KINDS, THE_CAP, parameter_of
from planner.studies.source import (
    AS_IN_WORKBOOK,
    CHAIN,
    cap_path_words,
    evenly_spaced,
    number_source,
)
from planner.studies.sweep import Sweep
from planner.studies.sweep_tables import Frontier, Reference, SmallestCaps
from tests.budget import few
from tests.models.desk import BookT, jin, make, refiner, sur
from tests.models.desk import read as case_of
from tests.models.mutate import put
from tests.models.stages import oxide_and_alloy
from tests.models.test_laws import draw, rounding
from tests.study.planned import ALL, row, said, swept, table, tables_of

CARE = "Where supply is missing, a country's share of what is bought can exceed the cap."
THAN = "further missing than without a cap."


def at(study: Sweep, value: float, mineral: str = ALL) -> pd.Series:
    return row(table(study, Frontier), value=value, mineral=mineral)


def smallest(study: Sweep) -> pd.DataFrame:
    return table(study, SmallestCaps)


def reference(study: Sweep) -> pd.DataFrame:
    return table(study, Reference)


# ---- by hand: China has 100 t at 10, Chile 100 t at 20, demand 100 t, a tonne short costs 500 ---


def test_by_hand_while_supply_suffices() -> None:
    """At a cap of 80 % China gives 80 t, Chile 20: 1,200 instead of 1,000."""
    found = swept(make(jin(), sur()), 0.9, 0.8)
    row = at(found, 0.8)
    assert row["objective"] == row["cash"] == row["purchases"] == pytest.approx(1200)
    assert (row["tonnes"], row["missing"], row["further_missing"]) == (100, 0, 0)
    assert (row["share"], row["country"]) == (pytest.approx(0.8), "CHN")
    assert row["slope"] == pytest.approx(10)  # a point more is a tonne, 10 cheaper from China
    assert row["extra_cost"] == pytest.approx(200)
    assert row["extra_cost_per_t"] == pytest.approx(2)
    assert row["extra_cost_share"] == pytest.approx(0.2)
    assert reference(found)["cash"].tolist() == pytest.approx([1000, 1000])


def test_by_hand_where_tonnes_are_lacking() -> None:
    """At 30 % both give 30 t and 40 t are short; a point more saves 2 t short for 10 and 20."""
    row = at(swept(make(jin(), sur()), 0.3), 0.3, "copper")
    assert (row["tonnes"], row["missing"], row["further_missing"]) == pytest.approx((60, 40, 40))
    assert (row["missing_share"], row["further_missing_share"]) == pytest.approx((0.4, 0.4))
    assert row["cash"] == pytest.approx(900)
    assert row["objective"] == pytest.approx(20_900)
    assert row["slope"] == pytest.approx(490 + 480)
    assert row["extra_cost"] == pytest.approx(900 - 600)  # the 60 t cost 600 without limits
    assert row["extra_cost_share"] == pytest.approx(0.5)
    assert row["tonnes_compared"] == pytest.approx(0.6)


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
    assert smallest(found)["smallest"].tolist() == pytest.approx([0.5, 0.5], abs=1e-5)


def test_smallest_cap_is_exact_and_the_first_costly_point_is_of_the_grid() -> None:
    """Two suppliers of enough: a cap of a half loses nothing, 45 % does."""
    found = smallest(swept(make(jin(), sur()), *evenly_spaced(THE_CAP, 0.9, 0.3, 0.05)))
    assert found["mineral"].tolist() == [ALL, "copper"]
    assert found["smallest"].tolist() == pytest.approx([0.5, 0.5])
    assert found["costs_from"].tolist() == pytest.approx([0.45, 0.45])
    assert found["further_missing"].tolist() == pytest.approx([10, 10])


def test_smallest_cap_leaves_alone_what_the_workbook_does() -> None:
    """The cap is on China alone, so Chile may serve all: no cap is too small."""
    row = {"Limit": "max", "Supplier group": "country", "Supplier": "each outside home",
           "Share": 0.7}  # fmt: skip
    book = make(jin(), sur(), Share_limits=[row], Countries=[{"Country": "CHL", "Bloc": "home"}])
    found = smallest(swept(book, 0.4))
    assert found["smallest"].tolist() == pytest.approx([0, 0])
    assert found["costs_from"].isna().all()


def test_all_is_compared_with_the_case_without_caps_on_single_countries() -> None:
    """A limit of 60 % on China by name holds in all plans; a cap of 55 % costs 0.5 more a tonne."""
    row = {"Limit": "max", "Supplier group": "country", "Supplier": "China", "Share": 0.6}
    found = swept(make(jin(), sur(), Share_limits=[row]), 0.7, 0.55)
    assert at(found, 0.7)["extra_cost_per_t"] == at(found, 0.7)["slope"] == 0
    assert at(found, 0.55)["extra_cost_per_t"] == pytest.approx(0.5)
    assert reference(found)["cash"].tolist() == pytest.approx([1400, 1400])
    assert smallest(found)["share"].tolist() == pytest.approx([0.6, 0.6])
    assert smallest(found)["smallest"].tolist() == pytest.approx([0.5, 0.5])


def test_what_other_limits_leave_missing_is_not_further_missing() -> None:
    """Chile has 30 t, and China's limit leaves 10 t missing at any cap down to 60 %."""
    row = {"Limit": "max", "Supplier group": "country", "Supplier": "China", "Share": 0.6}
    found = swept(make(jin(), sur(30), Share_limits=[row]), 0.9, 0.6, 0.5)
    assert smallest(found)["smallest"].tolist() == pytest.approx([0.6, 0.6])
    further = [at(found, cap)["further_missing"] for cap in (0.9, 0.6, 0.5)]
    assert further == pytest.approx([0, 0, 10])
    assert (
        said(found)[0] == "Down to a cap of 60 %, no mineral is further missing than without a cap."
    )


# ---- laws --------------------------------------------------------------------------------------

POINTS = (0.9, 0.7, 0.5, 0.3, 0.1)


@pytest.mark.parametrize("seed", few(range(8), 3))
def test_cost_is_convex_in_the_cap_and_the_slope_supports_it(seed: int) -> None:
    """Without whole projects and in basis demand; every point is the single solve's to 1e-9."""
    book = put(draw(seed, {"whole projects"}), "Share basis", "demand")
    case = case_of(book)
    found = swept(book, *POINTS)
    every = table(found, Frontier)
    rows = every[every["mineral"] == ALL]
    cost, slope = rows["objective"].to_numpy(), rows["slope"].to_numpy() * 100
    alone = [solve_case(set_max_country_share(case, share)) for share in POINTS]
    slack = rounding(alone[0]) + 1e-7 * abs(cost).max()
    assert cost.tolist() == pytest.approx([p.objective for p in alone], rel=1e-9, abs=slack * 1e-2)
    rise = (cost[1:] - cost[:-1]) / 0.2  # per unit of cap taken away
    assert (rise >= -slack * 5).all()
    assert (rise[1:] >= rise[:-1] - slack * 10).all()
    assert (slope[:-1] <= rise + slack * 10).all()
    assert (slope[1:] >= rise - slack * 10).all()
    free, by = reference(found).iloc[0], every[every["mineral"] != ALL]
    assert free["objective"] <= cost.min() + slack
    for column in ("objective", "purchases", "cash", "need", "tonnes", "missing", "slope"):
        sums = by.groupby("value", sort=False)[column].sum()
        scale = max(1.0, abs(rows[column]).max())
        assert sums.tolist() == pytest.approx(rows[column].tolist(), rel=1e-9, abs=1e-9 * scale)


def test_smallest_cap_serves_what_can_be_served() -> None:
    """At it nothing is lost; at a little less something is."""
    book = make(jin(60), sur(50), demand={"A": 70, "B": 50})
    case = case_of(book)
    caps = smallest(swept(book, 0.5))
    found = dict(zip(caps["mineral"], caps["smallest"], strict=True))
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
    assert least_share(case, solve_case(case)) == pytest.approx({"copper": 0.5, ALL: 0.5})


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
    frontier = table(found, Frontier)
    own = frontier[frontier["point"] == f"{AS_IN_WORKBOOK}: {found.path}"]
    assert own["mineral"].tolist() == [ALL, "copper"]
    assert own["value"].isna().all()
    given = own.iloc[0]
    assert given["objective"] == given["cash"] == pytest.approx(2500)
    assert given["slope"] == pytest.approx(20)
    assert given["extra_cost_per_t"] == pytest.approx(500 / 200)
    assert given["share"] == pytest.approx(0.85)
    assert at(found, 0.8)["objective"] == pytest.approx(2400)
    levels = [s for s in found.pictures(tables_of(found))[0].series if s.name == AS_IN_WORKBOOK]
    assert [level.values for level in levels] == [pytest.approx([0.25] * 2)]


def test_no_path_no_point() -> None:
    """A flat cap, no cap, and another knob than the cap are as before."""
    for book in (capped(), make(jin(), sur(), years=(2026, 2027))):
        found = swept(book, 0.9, 0.8)
        assert found.path == ""
        assert "point" not in table(found, Frontier)
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
    assert at(found, 0.9)["objective"] == pytest.approx(2200)
    assert table(found, Frontier)["trouble"].iloc[0] == "no proven optimum"


# ---- other knobs -------------------------------------------------------------------------------


def test_a_factor_on_a_countrys_capacity() -> None:
    """Half of Jin's 100 t: 50 from Chile; a point more is a tonne, 10 cheaper."""
    found = swept(make(jin(), sur()), 1.0, 0.5, 0.4, over="capacity:CHN")
    assert at(found, 1.0)["objective"] == pytest.approx(1000)
    assert pd.isna(at(found, 1.0)["slope"])
    half = at(found, 0.5)
    assert (half["objective"], half["slope"]) == pytest.approx((1500, -10))
    assert (half["extra_cost_per_t"], half["further_missing"]) == pytest.approx((5, 0))
    assert SmallestCaps not in tables_of(found)


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
    assert at(swept(mines, 0.25, over="mines:Peru"), 0.25)["missing"] == pytest.approx(75)


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
    assert evenly_spaced(THE_CAP, *span) == points


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
        evenly_spaced(THE_CAP, *span)
    assert said in str(error.value)


def test_every_kind_has_points_of_its_own() -> None:
    for kind in KINDS:
        points = evenly_spaced(
            type(THE_CAP)(kind, kind.word, kind.title, ()), kind.first, kind.last, kind.step
        )
        assert 5 < len(points) <= 21


# ---- where and how it runs ---------------------------------------------------------------------


def test_chains_are_fixed_and_can_be_sent_away() -> None:
    """Neighbours in chunks of at most ten, the reference alone; all of it picklable."""
    case = case_of(make(jin(), sur()))
    points = evenly_spaced(THE_CAP, 0.9, 0.3, 0.05)
    study = number_source(case, THE_CAP, points).study
    assert [len(chain) for chain in study.chains] == [1, 10, 3]
    assert CHAIN == 10
    names = [run.name for chain in study.chains for run in chain]
    assert names[:3] == ["No caps on single countries", "Cap 90 %", "Cap 85 %"]
    sent = pickle.loads(pickle.dumps(study))
    assert sent == study
    assert pickle.loads(pickle.dumps(THE_CAP)).is_cap
    plan = solve_case(sent.chains[0][0].change(case))
    read_of = sent.chains[0][0].read
    assert dict(read_of(plan).smallest) == pytest.approx({ALL: 0.5, "copper": 0.5})


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
    money = found.pictures(tables_of(found))[0]
    assert money.series[0].values == pytest.approx((0.1, None, 0.3))


# ---- sheets ------------------------------------------------------------------------------------


def test_a_mineral_called_all_is_no_total() -> None:
    book = make(jin(), sur(), refiner("Tin", "CHL", 50, 30))
    book["Refiners"][2]["Mineral"] = "all"
    book["Minerals"].append({"Mineral": "all", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "all", "Member": "A", "2026": 50})
    found = swept(book, 1.0)
    assert at(found, 1.0)["tonnes"] == pytest.approx(150)
    assert at(found, 1.0, "all")["tonnes"] == pytest.approx(50)
    shown = table_sheet(tables_of(found)[Frontier])
    assert shown.column("Mineral").values == ["all", "all", "copper"]


def test_the_sheets_of_a_cap() -> None:
    """They follow the points, whatever their order; charts follow them, too."""
    found = swept(make(jin(), sur()), 0.3, 0.6, 0.9)
    tables = tables_of(found)
    frontier, caps = (table_sheet(tables[kind]) for kind in (Frontier, SmallestCaps))
    assert frontier.headers[:4] == ("Cap", "Mineral", "Need (t)", "Missing (t)")
    assert frontier.column("Cap").values == [0.3, 0.3, 0.6, 0.6, 0.9, 0.9]
    assert frontier.column("Mineral").values == ["all", "copper"] * 3
    assert caps.column("First point with more missing").values == [0.3, 0.3]
    assert caps.column("Further missing there (t)").values == pytest.approx([40, 40])
    money, short, *_ = found.pictures(tables)
    assert money.categories == short.categories == (0.3, 0.6, 0.9)
    assert money.series[0].values == pytest.approx((0.5, 0.4, 0.1))  # 60 t at 15, not 10
    assert short.series[0].values == pytest.approx((0.4, 0, 0))


def test_the_sheets_of_another_number() -> None:
    """Jin has 100 t at 10: of a demand of 150 t 50 are missing."""
    found = swept(make(jin()), 0.5, 1.0, 1.5, over="demand")
    frontier = table_sheet(tables_of(found)[Frontier])
    assert frontier.headers[:2] == ("Demand", "Mineral")
    assert frontier.column("Missing (t)").values == pytest.approx([0, 0, 0, 0, 50, 50])
    costs = frontier.column("A point more costs (USD)").values
    assert costs[::2] == [None, pytest.approx(10), pytest.approx(500)]  # a tonne; one missing
    paid, short = found.pictures(tables_of(found))
    assert paid.series[0].values == pytest.approx((500, 1000, 1000))
    assert short.series[0].values == pytest.approx((0, 0, 1 / 3))
    further = "further missing than in the case as given."
    assert said(found) == [
        f"Demand at 50 %: no mineral is {further}",
        f"Demand at 150 %: 33.3 % of the need for copper is {further}",
        "Demand at 50 %: buyers pay 500 USD.", "Demand at 150 %: buyers pay 1,000 USD.",
    ]  # fmt: skip


def test_one_point_and_nothing_to_plan() -> None:
    one = swept(make(jin(), sur()), 0.5)
    assert one.pictures(tables_of(one)) == ()
    empty = swept(make(jin(), sur(), demand=0), 0.9, 0.5)
    assert at(empty, 0.5)["objective"] == 0
    assert at(empty, 0.5)["missing_share"] is None or pd.isna(at(empty, 0.5)["missing_share"])
    assert said(empty) is not None


# ---- findings ------------------------------------------------------------------------------------


def test_what_is_missing_is_named_at_the_workbooks_cap_and_at_the_tightest() -> None:
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.45}
    further = "of the need for copper is further missing than without a cap."
    assert said(swept(make(jin(), sur(), Share_limits=[limit]), 0.9, 0.45, 0.3)) == [
        "Down to a cap of 50 %, no mineral is further missing than without a cap.",
        f"At the workbook's cap of 45 %: 10 % {further}",
        f"At a cap of 30 %: 40 % {further}",
        "At a cap of 45 %: the same tonnes cost 50 % more than without a cap.",
        "At a cap of 30 %: the same tonnes cost 50 % more than without a cap.",
        CARE,
    ]


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        (50, "Down to a cap of 50 %, no mineral is further"),
        (49.9999, "Down to a cap of 50 %: under 1 % of any mineral's need is further"),
        (49.5, "Down to a cap of 50 %: under 1 % of any mineral's need is further"),
        (48, "Down to a cap of 52 %, no mineral is further"),
        (5, "Below a cap of 95 %, more is"),
    ],
)
def test_a_trifle_is_no_threshold(others: float, answer: str) -> None:
    """Of 100 t, others sell so much; at 50 % the rest is missing."""
    found = said(swept(make(jin(), sur(others)), 0.9, 0.5, 0.3))[0]
    assert found.removesuffix(" missing than without a cap.") == answer


def of_one(country: str, share: float) -> dict[str, object]:
    """Return a limit on one country, which is no cap on every country."""
    return {"Limit": "max", "Supplier group": "country", "Supplier": country, "Share": share}


@pytest.mark.parametrize(
    ("book", "points", "said_first"),
    [
        # Sur's 40 t: a limit of 50 % on China alone leaves 10 t missing, also without a cap
        (make(jin(), sur(40), Share_limits=[of_one("China", 0.5)]), (0.9, 0.7),
         [f"Down to a cap of 50 %, no mineral is {THAN}"]),
        (make(jin(), sur(40), Share_limits=[of_one("China", 0.5)]), (0.9, 0.3),
         [f"Down to a cap of 50 %, no mineral is {THAN}",
          f"At a cap of 30 %: 30 % of the need for copper is {THAN}"]),
        # 30 t are missing, whatever the cap
        (make(jin(40), sur(30)), (0.9, 0.5), [f"Down to a cap of 40 %, no mineral is {THAN}"]),
        (make(jin(40), sur(30)), (0.9, 0.3),
         [f"Down to a cap of 40 %, no mineral is {THAN}",
          f"At a cap of 30 %: 10 % of the need for copper is {THAN}"]),
        (make(jin(0)), (0.9, 0.3),
         [f"At no point of the sweep is a mineral {THAN}"]),
        (make(jin(), sur(), demand=0), (0.9, 0.5), ["Nothing is needed in the planned years."]),
    ],
)  # fmt: skip
def test_only_what_the_caps_leave_missing_is_said_of_them(
    book: BookT, points: tuple[float, ...], said_first: list[str]
) -> None:
    """What is missing without a cap, too, such as what other limits take, is not the caps'."""
    answers = [text for text in said(swept(book, *points)) if "compare costs" not in text]
    assert [
        text for text in answers if text not in CARE and "tonnes cost" not in text
    ] == said_first


def test_what_costs_nothing_or_is_not_paid_is_left_out() -> None:
    """The same tonnes are bought at any cap; without a supplier nobody pays."""
    assert not [text for text in said(swept(make(jin(50)), 0.9, 0.6)) if "cost" in text]
    closed = make(jin(100), Lanes=[{"Open": "no"}])
    further = "further missing than in the case as given."
    assert said(swept(closed, 1.0, 0.5, over="demand")) == [
        f"At no point of the sweep is a mineral {further}"
    ]


def test_a_chain_never_says_that_nothing_is_missing_where_it_is() -> None:
    """Alloy needs oxide; whichever cap is smallest, no point at or above it lacks a tonne."""
    for points in ((0.95, 0.85, 0.75, 0.65), (0.85, 0.5)):
        found = swept(oxide_and_alloy(), *points)
        caps = smallest(found)
        least = caps[caps["mineral"] == ALL]["smallest"].iloc[0]
        rows = table(found, Frontier)
        if not pd.isna(least):
            looser = rows[rows["value"] >= least]
            assert (looser["further_missing_share"].fillna(0) <= 1e-6).all()
        promised = any("no mineral is further missing" in text for text in said(found))
        short = rows[(rows["value"] >= (1 if pd.isna(least) else least)) & (rows["mineral"] != ALL)]
        assert not promised or (short["further_missing_share"].fillna(0) <= 1e-6).all()
