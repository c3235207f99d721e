"""The scorecard and the price of benchmarks, of cases small enough to work out by hand."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from inputs.scorecard_story import published
from models.measures import over_by_purchases
from models.plan import Plan
from models.results import CountryShares
from models.scorecard import MEASURES, Score, scorecard
from planner.sheets.figures import remark
from planner.studies import Here
from planner.studies.scorecard import (
    AT_A_SHORTAGE,
    NO,
    AddBenchmark,
    ScoredPlan,
    benchmark_limit,
    missed_table,
    score_plan,
)
from tests.models.desk import BookT, Row, jin, make, read, refiner, sur
from tests.models.desk import solve_once as solve
from tests.models.stages import ALLY, made, oxide_and_alloy, plant

YEARS = (2030, 2031)
CAP = {"Limit": "max", "Supplier group": "country", "Share": 0.6}
BLOCS = [
    {"Country": "FRA", "Bloc": "EU; coalition", "Governance": 1.0},
    {"Country": "CHN", "Bloc": "other", "Governance": -0.5},
    {"Country": "CHL", "Bloc": "other", "Governance": 1.0},
]


def lyon(**more: object) -> dict[str, object]:
    return refiner("Lyon", "FRA", 30, 40, Kind="recycled", **more)


def book(*more: dict[str, object], **sheets: list[dict[str, object]]) -> BookT:
    """Return 100 t of demand a year, half the EU's, of China (100 t at 10), Chile (60 t at 20)
    and recycling in France (30 t at 40); one country may have 60 %.

    So China gives 60 t and Chile 40 t a year, France nothing.
    """
    sheets = {"Countries": BLOCS, "Share_limits": [CAP]} | sheets
    made = make(jin(), sur(60), lyon(), *more, demand={"A": 50.0, "B": 50.0}, years=YEARS, **sheets)
    made["Members"] = [
        {"Member": "A", "Country": "FRA", "Group": "EU"},
        {"Member": "B", "Country": "JPN"},
    ]
    return made


def scores(plan: Plan) -> dict[tuple[str, str], Score]:
    """Return the scores of the only mineral by measure and buyer."""
    return {(s.measure.name, s.buyer.name): s for s in scorecard(plan)}


def amounts(score: Score) -> tuple[float | None, ...]:
    return score.before.amount, score.first.amount, score.last.amount


HAND = {
    ("cr1", ""): (100 / 190, 0.6, 0.6),
    ("cr3", ""): (1.0, 1.0, 1.0),
    ("hhi_country", ""): ((100**2 + 60**2 + 30**2) / 190**2 * 1e4, 5200.0, 5200.0),
    ("hhi_owner", ""): ((100**2 + 60**2 + 30**2) / 190**2 * 1e4, 5200.0, 5200.0),
    # China weighs 2 (2.5 + 0.5) = 6, Chile and France 2 (2.5 - 1) = 3
    ("hhi_governance", ""): ((100**2 * 6 + 60**2 * 3 + 30**2 * 3) / 190**2, 2.64, 2.64),
    ("processing", ""): (0.3, 0.0, 0.0),
    ("processing", "EU"): (0.6, 0.0, 0.0),
    ("recycling", ""): (0.3, 0.0, 0.0),
    ("one_country", ""): (100 / 190, 0.6, 0.6),
    ("import_reliance", ""): (0.7, 1.0, 1.0),
    ("import_reliance", "EU"): (0.4, 1.0, 1.0),
    ("n_1_all", ""): (0.9, 0.9, 0.9),
    ("n_1_rest", ""): (0.9, 0.9, 0.9),
}


@pytest.fixture(scope="module")
def plain() -> Plan:
    return solve(book())


@pytest.mark.parametrize("key", HAND, ids=lambda key: " ".join(key).strip())
def test_a_measure_is_what_it_is_by_hand(plain, key):
    assert amounts(scores(plain)[key]) == pytest.approx(HAND[key], abs=1e-9)


def test_what_is_met_and_what_is_missed(plain):
    found = scores(plain)
    assert found["one_country", ""].met is True
    assert found["one_country", ""].last.remark == "CHN"
    missed = found["processing", ""]
    assert (missed.met, missed.missed) == (False, YEARS)
    assert found["extraction", ""].met is None
    assert "no mines" in found["extraction", ""].last.remark
    assert found["cr1", ""].met is None


def test_without_a_group_and_a_bloc_called_eu_there_is_no_row_of_the_eu():
    made = book()
    made["Members"][0]["Group"] = "Europe"
    assert {score.buyer.name for score in scorecard(solve(made))} == {""}


def test_benchmarks_are_due_in_2030_or_else_in_the_last_year():
    made = make(jin(), demand=100.0, years=(2026, 2028))
    score = scores(solve(made))["processing", ""]
    assert score.missed == (2028,)
    made = make(jin(), demand=100.0, years=(2029, 2030, 2031))
    assert scores(solve(made))["processing", ""].missed == (2030, 2031)


def test_years_without_demand_are_skipped():
    """Met by the years that have a share, and not told where none has."""
    made = book()
    for row in made["Demand"]:
        row["2031"] = 0
    found = scores(solve(made))
    assert found["one_country", ""].due[1][1].remark == "no demand"
    assert found["one_country", ""].share_by_year == {2030: pytest.approx(0.6)}
    assert found["one_country", ""].met is True
    assert (found["processing", ""].met, found["processing", ""].missed) == (False, (2030,))
    made = make(jin(), demand=100.0, years=(2029, 2030))
    made["Demand"][0]["2030"] = 0
    assert scores(solve(made))["processing", ""].met is None


def test_no_governance_value_is_said_with_the_range_it_leaves():
    blocs = [row | {"Governance": None} if row["Country"] == "CHL" else row for row in BLOCS]
    last = scores(solve(book(Countries=blocs)))["hhi_governance", ""].last
    assert last.amount is None
    # China alone 0.36 x 6 = 2.16; Chile adds 0.16 x 10 at worst
    assert last.remark == "between 2.16 and 3.76: no Governance for CHL"
    blocs = [row | {"Governance": 80} if row["Country"] == "CHL" else row for row in BLOCS]
    last = scores(solve(book(Countries=blocs)))["hhi_governance", ""].last
    assert (last.amount, last.remark) == (
        None,
        "Governance beyond -2.5 to 2.5 for CHL",
    )


def test_rest_of_world_counts_in_the_whole_and_is_no_country():
    made = make(jin(40), refiner("Others", "Rest of world", 60, 5), demand=100.0)
    found = scores(solve(made))
    assert amounts(found["cr1", ""]) == pytest.approx((0.4, 0.4, 0.4))
    assert amounts(found["hhi_country", ""]) == pytest.approx((1600.0,) * 3)
    assert found["one_country", ""].last.amount == pytest.approx(0.4)


def test_an_owner_counts_where_it_sits():
    made = make(jin(), sur(100, Owner_country="CHN"), demand=150.0)
    found = scores(solve(made))
    assert found["hhi_owner", ""].last.amount == pytest.approx(10_000.0)
    assert found["hhi_country", ""].last.amount == pytest.approx(((2 / 3) ** 2 + 1 / 9) * 1e4)


def test_before_is_what_is_bought_today_where_the_workbook_says_so():
    today = [
        {"Refiner": "Sur", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 30},
        {"Refiner": "Lyon", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 10},
    ]
    found = scores(solve(book(Current_supply=today)))
    assert found["cr1", ""].before_is == "today"
    assert found["cr1", ""].before.amount == pytest.approx(0.75)
    assert found["processing", ""].before.amount == pytest.approx(0.25)
    assert found["processing", "EU"].before.amount == 0.0
    assert found["one_country", "EU"].before.amount == pytest.approx(1.0)
    assert found["import_reliance", ""].before.amount == pytest.approx(0.75)


def test_days_of_cover_before_and_after():
    piles = [
        {
            "Mineral": "copper", "Member": "A", "Max (t)": 20, "Opening (t)": 5,
            "Target (t)": 20, "Target penalty (USD/t/yr)": 400,
        }
    ]  # fmt: skip
    found = scores(solve(book(Stockpiles=piles)))
    assert amounts(found["cover", ""]) == pytest.approx((18.25, 73.0, 73.0))
    assert amounts(found["cover", "EU"]) == pytest.approx((36.5, 146.0, 146.0))
    assert scores(solve(book()))["cover", ""].last.remark == "no stockpile"


def ore() -> BookT:
    """Return the book with mines: Chile's 60 t are cheapest, then China's, France's 20 t dear."""
    mines = [
        {"Mineral": "copper", "Country": c, "Capacity (t/yr)": t, "Premium (USD/t)": p}
        for c, t, p in (("CHL", 60, 0), ("CHN", 100, 5), ("FRA", 20, 9))
    ]
    return book(Mines=mines)


def test_ore_counts_by_where_it_is_mined():
    found = scores(solve(ore()))
    assert amounts(found["extraction", ""]) == pytest.approx((0.2, 0.0, 0.0))
    assert amounts(found["extraction", "EU"]) == pytest.approx((0.4, 0.0, 0.0))
    assert amounts(found["one_country_ore", ""]) == pytest.approx((100 / 180, 0.6, 0.6))
    assert found["one_country_ore", ""].last.remark == "CHL"
    assert ("one_country_ore", "EU") not in found


def test_every_measure_says_its_formula_unit_and_source():
    titles = set()
    for measure in MEASURES:
        titles.add(measure.title)
        assert measure.formula, measure
        assert measure.source, measure
        assert measure.unit.startswith(("share of", "days", "index, 0 to 10")), measure
    assert len(titles) == len(MEASURES)
    assert [m.required.share for m in MEASURES if m.required] == [0.10, 0.40, 0.25, 0.65, 0.65]


# ---- what keeping a benchmark costs ------------------------------------------------------------


def priced(made: BookT) -> tuple[ScoredPlan, dict[tuple[str, str], tuple[object, ...]]]:
    """Return by measure and buyer: kept, reached, extra cash, extra cost, extra shortage."""
    found = score_plan(solve(made), Here())
    told_of = {}
    for each in found.priced:
        other, base = each.totals, found.base
        key = (each.score.measure.name, each.score.buyer.name)
        told_of[key] = (each.can_be_met, each.reason)
        if other is not None:
            short = other.short["copper"] - base.short["copper"]
            numbers = (other.cash - base.cash, other.cost - base.cost, short)
            told_of[key] = (each.can_be_met, each.worst_asked[1], *numbers)
    return found, told_of


def approx(*values: object) -> object:
    return pytest.approx(values, abs=1e-6)


def test_the_price_of_what_is_missed_by_hand():
    """France takes Chile's place at 20 a tonne more: 30 t is all it has, 25 t are 25 %."""
    found, of = priced(book())
    assert of["processing", ""] == approx(False, 0.3, 1200.0, 1200.0, 0.0)
    assert of["recycling", ""] == approx(True, 0.25, 1000.0, 1000.0, 0.0)
    assert of["processing", "EU"] == approx(True, 0.4, 800.0, 800.0, 0.0)
    assert of["recycling", "EU"] == approx(True, 0.25, 500.0, 500.0, 0.0)
    assert ("one_country", "") not in of
    assert found.base.cash == pytest.approx(2 * (600 + 800))


@pytest.mark.parametrize("mineral", ["", "copper"])
def test_a_row_of_the_workbook_is_never_taken_for_an_added_one(mineral: str):
    """Whatever its Source and Note say: only the limit that was added is priced and measured."""
    own = {"Limit": "min", "Mineral": mineral, "Supplier group": "bloc", "Supplier": "EU",
           "Share": 0.1, "Penalty (USD/t)": 5}  # fmt: skip
    marked = own | {"Source": "benchmark", "Note": "processing EU"}
    plain, same = (priced(book(Share_limits=[CAP, row]))[1] for row in (own, marked))
    assert same == plain


@pytest.mark.parametrize("mineral", ["", "copper"])
def test_a_most_is_priced_beside_a_least_of_the_workbook(mineral: str):
    """China sells all 100 t at 10 without a cap: 35 t of Chile at 20 are 35 % a year.

    A case sorts its rows, so the limit that is added isn't always the last.
    """
    own = {"Limit": "min", "Mineral": mineral, "Supplier group": "country", "Supplier": "FRA",
           "Share": 0.0}  # fmt: skip
    rows = make(jin(), sur(60), demand=100.0, years=YEARS, Share_limits=[own], Countries=BLOCS)
    _, of = priced(rows)
    assert of["one_country", ""] == approx(True, 0.65, 700.0, 700.0, 0.0)


def test_a_year_in_which_the_plan_buys_nothing_says_what_supply_allows():
    """Of equally cheap plans one may buy in a year in which the other buys nothing."""
    each = next(p for p in priced(book())[0].priced if p.score.measure.name == "processing")
    years = replace(each.totals, reached={2029: 0.2, **each.reached})
    (said,) = missed_table([replace(each, totals=years)], solve(book()).case).remark
    assert said.startswith("cannot be met: supply allows 20.0% in 2029")


def test_a_least_is_met_even_where_that_is_dearer_than_a_shortage():
    """France's 40 t cost 900 each in the place of China's at 10; a tonne short would cost 500."""
    _, of = priced(
        make(jin(), refiner("Lyon", "FRA", 60, 900), demand=100.0, years=YEARS, Countries=BLOCS)
    )
    assert of["processing", ""] == approx(True, 0.4, 71_200.0, 71_200.0, 0.0)


def test_the_years_in_which_it_is_kept_are_told():
    """France's works open in 2031: nothing before, all that is asked for then."""
    found, of = priced(
        make(
            jin(),
            sur(60),
            refiner("Lyon", "FRA", 40, 40, First_year=2031),
            demand=100.0,
            years=YEARS,
            Share_limits=[CAP],
            Countries=BLOCS,
        )
    )
    assert of["processing", ""] == approx(False, 0.0, 800.0, 800.0, 0.0)
    (each,) = (p for p in found.priced if p.score.measure.name == "processing")
    assert (each.worst_asked, each.years_met) == ((2030, 0.0), (2031,))
    (remark_of,) = missed_table([each], found.plan.case).remark
    assert "cannot be met: supply allows 0.0% in 2030" in remark_of


def test_a_limit_kept_of_demand_and_broken_of_purchases():
    """60 t of China and 20 of Chile are 60 % of 100 t, and 75 % of what is bought; 20 t are short.

    In 2031 Chile has 40 t, so that nothing is short. As a limit on purchases it is 30 t of China.
    """
    chile = sur(20) | {"Capacity 2031 (t/yr)": 40}
    case = make(jin(), chile, demand=100.0, years=YEARS, Share_limits=[CAP | {"Supplier": "CHN"}])
    plan = solve(case)
    (over,) = over_by_purchases(plan.countries, "demand")
    assert (over.mineral, over.buyer, over.country, over.year) == ("copper", "", "CHN", 2030)
    shares = (over.of_demand, over.of_purchases, over.limit, over.excess)
    assert shares == pytest.approx((0.6, 0.75, 0.6, 0.15))
    assert over_by_purchases(plan.countries, "purchases") == []

    table = CountryShares.from_plan(plan).frame()
    assert table.columns.tolist().index("over") == table.columns.tolist().index("headroom") + 1
    marked = table[table["over"].notna()]
    assert marked[["buyer", "country", "year"]].to_numpy().tolist() == [["", "CHN", 2030]]
    assert marked["over"].tolist() == pytest.approx([0.15])
    assert over_by_purchases(table, "demand") == [over]

    of = scores(plan)
    said = "CHN has 75% of purchases in 2030, over the limit of 60% of demand"
    assert remark(of["one_country", ""], plan.case) == f"CHN; {said}"
    assert not any(
        score.exceeded_by_purchases for (name, _), score in of.items() if name != "one_country"
    )

    case["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    other = solve(case)
    assert "over" not in CountryShares.from_plan(other).data
    assert not any(score.exceeded_by_purchases for score in scorecard(other))


def test_without_recycled_supply_there_is_no_recycling_benchmark():
    found, of = priced(make(jin(), sur(60), demand=100.0, years=YEARS))
    score = next(s for s in found.scores if s.measure.name == "recycling")
    assert amounts(score) == (None,) * 3
    assert (score.met, score.last.remark) == (None, "no recycled supply of it in the workbook")
    assert ("recycling", "") not in of


def test_recycling_elsewhere_alone_is_none_inside():
    old = refiner("Vieja", "CHL", 100, 15, Kind="recycled")
    found, of = priced(make(jin(), old, demand=100.0, years=YEARS))
    assert of["recycling", ""] == approx(False, 0.0, 0.0, 0.0, 0.0)
    (each,) = (p for p in found.priced if p.score.measure.name == "recycling")
    (remark_of,) = missed_table([each], found.plan.case).remark
    assert "supply allows no more than the plan has, 0.0% in 2030" in remark_of


def test_a_most_is_kept_by_leaving_short_what_others_cannot_give():
    """Without a limit China gives 100 t; at 65 % the other 35 t are short."""
    found, of = priced(make(jin(), demand=100.0, years=YEARS))
    # 2 x 35 t short at 500 instead of bought at 10
    assert of["one_country", ""] == approx(True, 0.65, -700.0, 34_300.0, 70.0)
    assert [*missed_table(found.priced, found.plan.case).can_be_met] == [NO, AT_A_SHORTAGE]


def test_ore_of_the_eu_is_asked_for_of_the_coalition_as_one():
    _, of = priced(ore())
    # 10 t of France's ore a year in the place of China's: 4 a tonne more
    assert of["extraction", ""] == approx(True, 0.1, 80.0, 80.0, 0.0)
    # of the EU's 50 t 5 t
    assert of["extraction", "EU"] == approx(True, 0.1, 40.0, 40.0, 0.0)


def test_recycling_elsewhere_does_not_count():
    """Chile recycles 100 t at 15: 25 % are still France's to give."""
    old = refiner("Vieja", "CHL", 100, 15, Kind="recycled")
    _, of = priced(book(old))
    # China 60 t, Vieja 40 t; 25 t of Vieja's at 15 become France's at 40
    assert of["recycling", ""] == approx(True, 0.25, 1250.0, 1250.0, 0.0)


def test_what_no_limit_says_is_not_asked_for():
    plant = {
        "Project": "Nueva", "Refiner": "Vieja", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 10, "Capex (USD m)": 1, "Cost (USD/t)": 90, "First year": 2030,
        "Kind": "recycled",
    }  # fmt: skip
    _, of = priced(book(Projects=[plant]))
    assert of["recycling", ""][1].startswith("not planned: a limit on recycling would also")
    old = refiner("Vieja", "CHL", 100, 15, Kind="recycled")
    by_kind = {"Limit": "max", "Supplier group": "kind", "Supplier": "recycled", "Share": 0.9}
    _, of = priced(book(old, Share_limits=[CAP, by_kind]))
    assert of["recycling", ""][1].startswith("not planned: the workbook's own limits by kind")


def test_a_change_can_be_sent_and_leaves_the_case_alone():
    case = read(book())
    score = scores(solve(book()))["processing", ""]
    change = benchmark_limit(case, score)
    assert isinstance(change, AddBenchmark)
    assert pickle.loads(pickle.dumps(change))(case) == change(case)
    assert len(change(case).share_limits) == len(case.share_limits) + 1


# ---- the page ----------------------------------------------------------------------------------


def test_the_page_has_every_measure_and_the_published_shares_of_the_data():
    page = (Path(__file__).parents[1] / "docs" / "scorecard.md").read_text(encoding="utf-8")
    for measure in MEASURES:
        assert f"| {measure.title} |" in page
    found = published()
    country, first, three = found["Rare earths", "refining"]
    assert (country, round(first, 3), round(three, 3)) == ("CHN", 0.913, 0.970)
    refined = {mineral: shares for (mineral, stage), shares in found.items() if stage == "refining"}
    assert len(refined) == 6
    # The IEA's own words of the six: 86 % on average in 2024.
    mean = sum(three for _, _, three in refined.values()) / len(refined)
    assert mean == pytest.approx(0.86, abs=0.01)
    assert f"| {mean:.1%} |" in page
    lines = page.partition("<!-- published -->")[2].splitlines()
    for mineral, (_, first, three) in refined.items():
        (line,) = [line for line in lines if line.startswith(f"| {mineral} |")]
        assert f" {first:.1%} |" in line
        assert f" {three:.1%} |" in line


# ---- minerals that are made from one another -----------------------------------------------------


def staged(**sheets: list[Row]) -> BookT:
    """Oxide of China and of an ally in the coalition; alloy is made of it at either place."""
    book = oxide_and_alloy(**sheets)
    book["Countries"] = [{"Country": ALLY, "Bloc": "coalition"}]
    return book


def benchmarks_of(book: BookT, mineral: str) -> dict[str, Score]:
    """Extraction and processing of a mineral."""
    names = ("extraction", "processing")
    scores = scorecard(solve(book))
    return {s.measure.name: s for s in scores if s.mineral == mineral and s.measure.name in names}


def test_a_first_stage_is_extracted_and_its_products_are_processed():
    """Article 5(1)(a)(i) names concentrates; members need no oxide, and it is made of nothing."""
    of = benchmarks_of(staged(), "oxide")
    plan = solve(staged())
    taken = plan.inputs.groupby("country")["tonnes"].sum()
    inside = taken.get(ALLY, 0.0) / taken.sum()
    assert of["extraction"].last.amount == pytest.approx(inside)
    assert of["extraction"].met == (inside >= 0.1)
    assert of["processing"].last.amount is None
    assert of["processing"].met is None
    assert "Extraction at home" in of["processing"].last.remark
    assert benchmarks_of(staged(), "alloy")["processing"].last.amount is not None


@pytest.mark.parametrize("why", ["needed", "mined", "made", "no inputs"])
def test_what_is_no_first_stage_is_processed(why: str):
    """Members need it, its ore is known, it is made from another, or nothing is made from it."""
    book = staged()
    if why == "needed":
        book["Demand"].append({"Mineral": "oxide", "Member": "A", "2026": 5})
    elif why == "mined":
        book["Mines"] = [{"Mineral": "oxide", "Country": ALLY, "Capacity (t/yr)": 9}]
    elif why == "made":
        book["Minerals"].append({"Mineral": "ore", "Price (USD/t)": 1})
        book["Refiners"].append(plant("Pit", "ore", ALLY, 1, 100))
        book["Inputs"].append(made("oxide", "ore"))
    else:
        del book["Inputs"]
        book["Demand"].append({"Mineral": "oxide", "Member": "A", "2026": 5})
    of = benchmarks_of(book, "oxide")
    assert of["processing"].last.amount is not None
    if why != "mined":
        assert of["extraction"].last.amount is None


def test_extraction_of_a_first_stage_is_asked_for_where_its_plants_are():
    """The ally's 7 t of oxide are dearer: 10 % of what plants take is 2 t."""
    book = staged()
    for row in book["Refiners"]:
        if row["Mineral"] == "oxide" and row["Country"] == ALLY:
            row["Cost (USD/t)"] = 60
    found = score_plan(solve(book), Here())
    (price,) = [p for p in found.priced if p.score.measure.name == "extraction"]
    assert price.worst[1] == 0.0
    assert price.can_be_met
    assert price.worst_asked is not None
    assert price.worst_asked[1] == pytest.approx(0.1, abs=1e-6)
    assert price.cash is not None
    assert price.cash > 0
