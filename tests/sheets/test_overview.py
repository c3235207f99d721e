"""What the first page says: rows of minerals by hand, findings that count them, lights."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.measures import (
    IF_IT_STOPS,
    KEEPS_ENOUGH,
    SEE_MORE,
    TIED_INPUTS,
    largest_supplier,
    served_without,
    with_surge,
)
from models.plan import solve
from models.results import CountryShares, Members
from models.results.members import EU_BENCHMARK, is_dependent
from planner.render.chart import Role
from planner.render.front import AnswerState
from planner.render.words import amount, fine_share, share, without_noise
from planner.report.plan import notes as notes_of
from planner.sheets import write_plan
from planner.sheets.context import Context, estimates, question
from planner.sheets.figures import by_mineral
from planner.sheets.findings import (
    _price,
    answer,
    chart,
    constant_basket,
    dependence,
    findings,
    rows_of,
)
from planner.sheets.front import _stocks, overview
from planner.sheets.summary import summary
from planner.workbook import read_tables
from planner.workbook.plan_file import read_plan
from tests.reference.cases import random_book
from tests.sheets.desk import context, plans, refiner, rows, with_peru

# ---- the measures --------------------------------------------------------------------------------


def test_the_largest_supplier_is_one_country_outside():
    sold = {"ROW": 50.0, "JPN": 30.0, "CHL": 15.0, "CHN": 15.0, "PER": 0.0}
    assert largest_supplier(sold, {"JPN"}) == ("CHL", pytest.approx(15 / 110))
    assert largest_supplier({"ROW": 5.0, "JPN": 3.0}, {"JPN"}) is None
    assert largest_supplier({}, set()) is None


def test_what_is_served_without_a_supplier():
    assert served_without(30.0, 20.0, 100.0, 0.9) == pytest.approx(0.5)
    assert served_without(120.0, 0.0, 100.0, 0.9) == pytest.approx(0.9)  # no better than with it
    assert served_without(1.0, 0.0, 0.0, 1.0) is None
    # 20 t of capacity are open beyond what is sold; a fifth of 100 t is more than that of the other
    assert (with_surge(50.0, 100.0, 0.2), with_surge(95.0, 100.0, 0.2)) == (70.0, 100.0)
    assert with_surge(120.0, 100.0, 0.2) == 120.0


# ---- the rows, by hand ---------------------------------------------------------------------------


def row_of(book, mineral="copper"):
    table = by_mineral(context(book))
    return next(row for row in rows_of(table) if row["mineral"] == mineral)


def test_the_row_of_a_mineral_by_hand():
    """2027: of 160 t China sells 96 t and Chile 30 t; today China has 100 of 130 t of capacity."""
    row = row_of(rows())
    assert row["need"] == 160
    assert (row["supplier_today"], row["supplier"]) == ("CHN", "CHN")
    assert row["supplier_today_share"] == pytest.approx(100 / 130)
    assert row["supplier_share"] == pytest.approx(96 / 126)
    assert row["supplier_of_demand"] == pytest.approx(0.6)
    assert row["supplier_limit"] == pytest.approx(0.6)
    assert row["served_without_today"] == pytest.approx(30 / 130)
    assert row["served_without"] == pytest.approx(30 / 160)
    # Chile sells 23.1 t of 30 t today and adds 6 t; in 2027 it has nothing left to add
    assert row["surged_today"] == pytest.approx((100 * 30 / 130 + 6) / 100)
    assert row["surged"] == pytest.approx(30 / 160)
    assert (row["short_of_supply"], row["short_by_limits"]) == pytest.approx((30, 14))
    assert row["limits_kept"] == "yes"


@pytest.mark.parametrize("chile", [30, 62])
def test_the_share_of_demand_stands_beside_that_of_purchases(chile):
    """Of 160 t needed China sells 96 t; 62 t of Chile's: 158 t are bought, of which it has 60.8 %.

    The chart has both shares of purchases, with limits and without, and the one that the limit is
    of beside them.
    """
    both = [refiner("China works", "China", 100, 10), refiner("Chile works", "Chile", chile, 20)]
    book = rows(Refiners=both)
    row = row_of(book)
    assert row["supplier_share"] == pytest.approx(96 / (96 + chile))
    assert row["supplier_of_demand"] == pytest.approx(0.6)
    picture = overview(context(book), ()).picture
    assert {s.name: s.values[0] for s in picture.series} == pytest.approx(
        {
            "Without limits, of purchases": 100 / min(160, 100 + chile),
            "With limits, of purchases": 96 / (96 + chile),
            "With limits, of demand": 0.6,
            "Limit, of demand": 0.6,
        }
    )
    assert not [s for s in picture.series if s.role is Role.LIMIT]  # a line would cross all bars
    assert "bought" in picture.title
    book["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    of_purchases = overview(context(book), ()).picture.series
    assert [s.name for s in of_purchases] == [
        "Without limits, of purchases", "With limits, of purchases", "Limit, of purchases",
    ]  # fmt: skip
    assert of_purchases[-1].role is Role.LIMIT


def dependent_book(a, b):
    """A buys so many of 1,000 t in China, B so many of 500 t: lanes alone decide."""
    book = rows()
    del book["Share limits"]
    book["Demand"] = [
        {"Mineral": "copper", "Member": "A", "2026": 1_000},
        {"Mineral": "copper", "Member": "B", "2026": 500},
    ]
    book["Refiners"] = [
        refiner(f"{country} {member}", country, tonnes, cost)
        for member, whole, own in (("A", 1_000, a), ("B", 500, b))
        for country, tonnes, cost in (("China", own, 1), ("Chile", whole - own, 2))
        if tonnes
    ]
    book["Lanes"] = [
        {"Refiner": f"{country} {member}", "To member": other, "Open": "no"}
        for member, other in (("A", "B"), ("B", "A"))
        for country in ("China", "Chile")
        if any(r["Refiner"] == f"{country} {member}" for r in book["Refiners"])
    ]
    return book


@pytest.mark.parametrize(
    ("a", "b", "who", "much", "said"),
    [
        (650.02, 325.3, "B", True, "B buys 65.1 % of it from China."),
        (650.02, 325.01, "all 2 members", False, "all 2 members each buy 65 % of it from China."),
        (908.368, 454.2, "all 2 members", True, "all 2 members each buy 90.8 % of it from China."),
        (1_000, 325, "A", True, "A buys all of it from China."),
    ],
)
def test_dependence_is_measured_alike_and_as_it_is_printed(a, b, who, much, said):
    """More than 65.0 % as printed, in every plan; nobody is singled out of those alike."""
    found = context(dependent_book(a, b))
    row = rows_of(by_mineral(found))[0]
    assert row["dependent"] == who
    assert row["alike"] == (2 if who.startswith("all") else 1)
    told = dependence(by_mineral(found), found.country)
    starts = "for copper, some member" if much else "no member"
    assert told.startswith(f"In 2026, {starts} buys over 65 %")
    assert told.endswith(f"). The largest share is for copper: {said}")
    above = Members.from_plan(found.plan, None).data["dependent"]
    assert sum(above) == sum(is_dependent(part) for part in (a / 1_000, b / 500))


def test_a_part_of_the_cost_is_no_larger_than_the_whole():
    def row(mineral, extra):
        paid = {"extra_cost": extra, "same_cost": 10.0 - extra, "demand": 1.0}
        return paid | {"mineral": mineral, "limits_kept": "yes", "short_by_limits": 0.0}

    def said(*parts):
        return _price([row(f"m{i}", part) for i, part in enumerate(parts)], 1, "USD").text

    assert "limits. M0 costs 5 USD more, and the other 2 USD less." in said(5.0, -2.0)
    assert "limits. M0 costs 5 USD more, and the others together 2 USD less." in said(5, -1, -1)
    assert "limits. 5 USD of that is for m0." in said(5.0, 2.0)
    assert "limits. All of the extra cost is for m0." in said(5.0, 0.0)


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        (("", ""), ""),
        (("Estimate: a guess", "from a table"), "1 of 2 rows"),
        (("estimate: a guess", "Estimate: b"), "2 of 2 rows"),
    ],
)
def test_estimates_are_counted_once_for_all_surfaces(notes, said, tmp_path):
    """Of today's supply, and of the workbook: page, Summary and report say one number."""
    flows = [
        {"Refiner": f"{country} works", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 20}
        | {"Note": note}
        for country, note in zip(("China", "Chile"), notes, strict=True)
    ]
    found = context(rows(**{"Current supply": flows}))
    remarks = " ".join(filter(None, summary(found).data["remark"]))
    assert (f"{said} are marked as estimates." in remarks) == bool(said)
    marked = estimates(found.book.case)
    assert marked == said.replace("of 2", "of 10")
    write_plan(tmp_path / "plan.xlsx", found.plan, found.book, without_limits=found.without_limits)
    file = read_plan(tmp_path / "plan.xlsx")
    assert (file.measure("Marked as estimates") or "") == marked
    everywhere = f"In the workbook, {marked} are marked as estimates."
    for surface in (" ".join(overview(found, ()).care), " ".join(notes_of(file))):
        assert (everywhere in surface) == bool(marked)


def test_stocks_give_what_the_plan_draws_and_no_more():
    """20 t are drawn in 2027: of 160 t need 126 t are bought and 14 t short; without China 50 t."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 20, "Opening (t)": 20, "Target (t)": 0}
    found = context(rows(Stockpiles=[pile]))
    row = rows_of(by_mineral(found))[0]
    supply = found.plan.supply[found.plan.supply["year"] == 2027]
    drawn = 160 - supply["short"].sum() - supply["purchased"].sum()
    assert row["served_without"] == pytest.approx((30 + drawn) / 160)


def test_today_is_the_current_supply_where_it_is_given():
    """Chile sells half today, 20 of 40 t; a fifth of its 30 t adds 6 t."""
    flows = [
        {"Refiner": "China works", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 20},
        {"Refiner": "Chile works", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 20},
    ]
    book = rows(**{"Current supply": flows})
    row = row_of(book)
    assert (row["supplier_today"], row["supplier_today_share"]) == ("CHL", pytest.approx(0.5))
    assert row["served_without_today"] == pytest.approx(0.5)
    assert row["surged_today"] == pytest.approx(1.0)  # China has 80 t left: 20 t of it
    assert row["today_by"] == "Current supply"
    picture = overview(context(book), ()).picture
    assert (picture.series[0].name, picture.series[0].values) == ("Today, of purchases", [0.5])


def test_today_is_an_estimate_where_it_is_not_given():
    """By capacity: named so, and no part of the first page."""
    found = context(rows())
    assert rows_of(by_mineral(found))[0]["today_by"] == "capacity (an estimate)"
    assert not any("oday" in said for said in overview(found, ()).texts)


def test_today_is_of_the_workbook_and_not_of_a_scenario():
    read = read_tables(rows())
    refiners = tuple(r for r in read.case.refiners if r.country != "CHN")
    plan = solve(read.case.change(refiners=refiners, scenario="Lost"))
    row = rows_of(by_mineral(Context(plan, read)))[0]
    assert (row["supplier_today"], row["supplier"]) == ("CHN", "CHL")


def test_a_member_and_rest_of_world_are_no_supplier():
    """Of 160 t Rest of world gives 60 t, Japan 70 t and Chile 30 t."""
    book = rows()
    book["Refiners"] = [
        refiner("Kobe", "Japan", 200, 6),
        refiner("Chile works", "Chile", 30, 5),
        refiner("World", "Rest of world", 60, 4),
    ]
    del book["Share limits"]
    row = row_of(book)
    assert (row["supplier"], row["supplier_share"]) == ("CHL", pytest.approx(30 / 160))
    assert row["dependent_country"] == "CHL"


def test_the_most_dependent_member_and_how_many_buy_all_from_one_country():
    book = rows(Refiners=[refiner("China works", "China", 300, 10)])
    del book["Share limits"]
    row = row_of(book)
    assert (row["dependent"], row["dependent_country"]) == ("all 2 members", "CHN")
    assert row["dependent_share"] == 1
    assert row["wholly_dependent"] == 2


# ---- the findings --------------------------------------------------------------------------------


def points(book):
    found = context(book)
    years = len(found.case.years)
    return findings(by_mineral(found), years, found.country)


def test_findings_by_hand():
    need, price, loss = points(rows())
    assert (need.number, need.text) == (
        "0 of 1 mineral", "Share of the need unmet over all years: copper 16.9 %.",
    )  # fmt: skip
    # in 2026 B buys 30 of its 36 t at 21, not 11; in 2027 A buys 30 t at 21, and B's 47.25 t cost
    # 11 a tonne, not 21 for all but 18.75: 300 + 300 - 285 of 990 + 866.25 + 804.75
    more = 315 / 2
    assert price.number == f"{share(315 / 2661)} more"
    assert price.text == (
        f"The tonnes bought cost {amount(more, 'USD')} a year more than they would without limits."
        " Because of the limits, 14 t of copper are missing over all years."
    )
    assert (loss.name, loss.number) == (
        "Minerals with 80 % of need still met if their largest supplier stops in 2027", "0 of 1",
    )  # fmt: skip
    served = "Without China, 18.8 % of the need for copper in 2027 would still be met."
    assert loss.text == f"{served} {IF_IT_STOPS} {SEE_MORE}"


def answered(book):
    found = context(book)
    return answer(by_mineral(found), "Is it?")


def test_the_answer_by_hand():
    """44 of 260 t are short, 14 of them by the limits; and where nothing is."""
    found = answered(rows())
    assert (found.state, found.text) == (
        AnswerState.BAD,
        (
            "Not fully. 16.9 % of the need for copper stays unmet; without the limits, it would be"
            " 11.5 %."
        ),
    )  # fmt: skip
    ample = [refiner(f"{c} works", c, 90, 10) for c in ("China", "Chile", "Peru")]
    found = answered(rows(Refiners=ample))
    assert (found.state, found.text) == (
        AnswerState.GOOD, "Yes. Every member gets all it needs in every year.",
    )  # fmt: skip
    free = rows()
    del free["Share limits"]
    assert answered(free).text == "Not fully. 11.5 % of the need for copper stays unmet."
    tenth = rows(Refiners=[refiner("Chile works", "Chile", 90, 10)])
    del tenth["Share limits"]
    for row in tenth["Demand"]:
        row |= {"2026": 50, "2027": 50}
    tenth["Demand"] = tenth["Demand"][:2]
    found = answered(tenth)  # 90 of 100 t: as much as a need that is partly met has
    assert (found.state, found.text) == (
        AnswerState.CARE,
        "Not fully. 10 % of the need for copper stays unmet.",
    )
    soft = with_peru()
    soft["Share limits"][0]["Penalty (USD/t)"] = 1
    found = answered(soft)
    assert (found.state, found.text) == (
        AnswerState.CARE,
        "Not fully. Copper exceeds its limit; the plan's total cost counts a penalty.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ([{"Share": 0.65}], " with at most 65 % of demand from any one country?"),
        ([{"Share": 0.65, "Supplier": "each outside coalition"}],
         " with at most 65 % of demand from any one country outside it?"),
        ([{"Share": 0.8, "Share 2027": 0.65}],
         " with at most 65 % of demand from any one country (from 2027)?"),
        ([{"Share": 0.65, "Supplier": "China"}], " within its share limits?"),
        ([{"Share": 0.65, "Buyer": "each"}], " within its share limits?"),
        ([{"Share": 0.65, "Mineral": "copper"}], " within its share limits?"),
        ([{"Share": 0.65, "Last year": 2026}], " within its share limits?"),
        ([{"Share": 0.65}, {"Share": 0.5}], " within its share limits?"),
        ([], "?"),
    ],
)  # fmt: skip
def test_the_question_names_a_cap_that_is_one(limits, said):
    whole = {"Limit": "max", "Supplier group": "country"}
    case = read_tables(rows(**{"Share limits": [whole | of for of in limits]})).case
    assert question(case) == f"Can the coalition get what it needs{said}"


def test_tonnes_that_cost_nothing_without_limits_have_no_share_of_it():
    """China sells for nothing: 30 t a year of Chile's at 20."""
    both = [refiner("China works", "China", 100, 0), refiner("Chile works", "Chile", 30, 20)]
    book = rows(Refiners=both)
    book["Settings"][0]["Value"] = 0
    for row in book["Demand"]:
        row["2027"] = row["2026"]
    price = points(book)[1]
    assert price.number == "600 USD more"
    assert price.text == (
        "The tonnes bought cost 600 USD a year more than they would without limits, where they cost"
        " nothing. Because of the limits, 20 t of copper are missing over all years."
    )


def test_a_workbook_without_limits_says_so():
    book = rows()
    del book["Share limits"]
    assert points(book)[1].number == "no limits"
    assert points(book)[1].text == "The workbook has no share limit on any mineral that is needed."


def test_what_the_limits_cost_may_not_be_known():
    read = read_tables(rows())
    found = Context(solve(read.case), read)
    assert findings(by_mineral(found), 2, found.country)[1].number == "not known"


def test_a_coalition_that_serves_itself_has_no_supplier_to_lose():
    book = rows(Refiners=[refiner("Kobe", "Japan", 130, 5)])
    del book["Share limits"]
    assert points(book)[2].number == "no such country"
    front = overview(context(book), ())
    assert front.picture is None
    assert front.lines[-1].text.startswith("No member buys from any country outside")


def test_no_demand_is_no_question():
    book = rows(Demand=[{"Mineral": "copper", "Member": "A", "2026": 0, "2027": 0}])
    front = overview(context(book), ())
    assert front.picture is None
    assert front.findings[2].number == "no need"
    assert front.answer.state is AnswerState.NONE


def test_one_year_and_names_of_other_alphabets():
    name = "Öl-7 (schwer, aus der Übersee-Förderung)"
    member = "Vereinigte Abnehmergemeinschaft der östlichen Länder e. V."
    book = rows(Members=[{"Member": member, "Country": "France"}])
    book["Minerals"][0]["Mineral"] = name
    book["Refiners"] = [{**row, "Mineral": name} for row in book["Refiners"]]
    book["Demand"] = [{"Mineral": name, "Member": member, "2026": 100}]
    need, price, loss = points(book)
    assert f"over all years: {name}" in need.text
    assert f"Without China, 30 % of the need for {name} in 2026 would still be met" in loss.text
    found = context(book)
    said = dependence(by_mineral(found), found.country)
    assert f"{name}: {member} buys 66.7 % of it from China" in said  # two thirds
    assert "a year" in price.text


# ---- numbers of findings are those of the rows, on random books ----------------------------------


@pytest.fixture(scope="module", params=range(12))
def random(request):
    """A random book's plan, with what its sheets say."""
    read = read_tables(random_book(np.random.default_rng(request.param), 1 + request.param % 4))
    plan, free = plans(read)
    return Context(plan, read, free)


def test_numbers_of_findings_are_those_of_the_rows(random):
    table = by_mineral(random)
    told = rows_of(table)
    years = len(random.case.years)
    need, price, loss = findings(table, years, random.country)
    wanted = [row for row in told if row["demand"] > 0]
    if wanted:
        full = sum(row["short"] <= 0 for row in wanted)
        assert need.number.startswith(f"{full} of {len(wanted)} mineral")
        kept = [r for r in wanted if r["short"] <= 0 and r["limits_kept"] != "no"]
        found = answer(table, "?")
        assert (found.state is AnswerState.GOOD) == (len(kept) == len(wanted))
    needed = [row for row in told if row["served_without"] is not None]
    if any(row["supplier"] for row in needed):
        keep = sum(row["served_without"] >= KEEPS_ENOUGH - 1e-6 for row in needed)
        assert loss.number == f"{keep} of {len(needed)}"
        assert share(min(row["served_without"] for row in needed)) in loss.text
    said = dependence(table, random.country)
    if any(row["dependent"] for row in told):
        much = sum(round(row["dependent_share"] or 0.0, 3) > EU_BENCHMARK for row in told)
        many = " no member" if not much else " for every" if much == len(told) > 1 else ""
        many = f" for {much} of {len(told)} minerals," if 0 < much < len(told) else many
        assert said.startswith(f"In {random.case.years[-1]},{many}")
    more = sum(row["extra_cost"] for row in told if row["extra_cost"] is not None)
    found = constant_basket(told)
    if any(row["limits_kept"] for row in told) and found is not None and found[0]:
        assert found[0] == pytest.approx(more)
        assert f"{amount(abs(more) / years, random.currency)} a year" in price.text
        lost = any((row["short_by_limits"] or 0.0) > 0 for row in told)
        assert "missing" in price.text  # a cost never without the tonnes
        assert ("missing over all years" in price.text) == lost


def test_shares_of_the_first_page_are_those_of_country_shares(random):
    """Of the plan, and of the plan without limits: what is bought, and what is needed."""
    last = random.case.years[-1]

    def sold(plan, row, country):
        table = CountryShares.from_plan(plan).frame()
        at = (table["year"] == last) & (table["buyer"] == "") & (table["country"] == country)
        (found,) = table[at & (table["mineral"] == row["mineral"])].to_dict("records")
        return found

    told = rows_of(by_mineral(random))
    for row in told:
        if row["supplier"]:
            of = sold(random.plan, row, row["supplier"])
            assert row["supplier_share"] == pytest.approx(of["of_purchases"], abs=1e-9)
            if row["need"]:
                assert row["supplier_of_demand"] == pytest.approx(of["of_demand"], abs=1e-9)
            assert (row["supplier_limit"] is None) == np.isnan(of["limit"])
        if row["supplier_free"]:
            of = sold(random.without_limits, row, row["supplier_free"])
            assert row["supplier_free_share"] == pytest.approx(of["of_purchases"], abs=1e-9)
        assert row["supplier_free"] is None or random.case.share_limits
    picture = chart(told, by_mineral(random).words)
    names = {
        "Without limits, of purchases": "supplier_free_share",
        "With limits, of purchases": "supplier_share",
        "With limits, of demand": "supplier_of_demand",
    }
    for series in picture.series if picture else ():
        if series.name in names:
            by_name = {row["mineral"]: row[names[series.name]] for row in told}
            assert list(series.values) == [by_name[m] for m in picture.categories]


def test_rows_are_those_of_the_flows(random):
    """Counted again from the flows of the last year, nothing of the planner's own in between."""
    last, flows = random.case.years[-1], random.plan.flows
    flows = flows[flows["year"] == last]
    home = {c for c in flows["country"] if "coalition" in random.case.blocs_of(c)} | {"ROW"}
    for row in rows_of(by_mineral(random)):
        mine = flows[flows["mineral"] == row["mineral"]]
        outside = mine[~mine["country"].isin(home)].groupby("country")["tonnes"].sum()
        if row["supplier"] is None:
            assert not row["need"] or outside.empty
            continue
        assert outside[row["supplier"]] == pytest.approx(outside.max(), abs=1e-5)
        whole = mine["tonnes"].sum()
        assert row["supplier_share"] == pytest.approx(outside.max() / whole, abs=1e-6)
        supply = random.plan.supply
        short = supply[(supply["year"] == last) & (supply["mineral"] == row["mineral"])]["short"]
        drawn = max(0.0, row["need"] - short.sum() - whole)
        left = min(1 - short.sum() / row["need"], (whole - outside.max() + drawn) / row["need"])
        assert row["served_without"] == pytest.approx(max(0.0, left), abs=1e-6)
        assert row["surged"] >= row["served_without"] - 1e-9
        shares = {
            member: of[~of["country"].isin(home)].groupby("country")["tonnes"].sum().max()
            / of["tonnes"].sum()
            for member, of in mine.groupby("member")
            if of["tonnes"].sum() > random.plan.tolerance(row["mineral"], last)
        }
        known = {member: part for member, part in shares.items() if part > 0}
        if row["dependent"] is not None:
            assert row["dependent_share"] == pytest.approx(max(known.values()), abs=1e-3)
            assert row["wholly_dependent"] == sum(part >= 0.9995 for part in known.values())


# ---- no sum over minerals without its weight -----------------------------------------------------

NO_SUM = re.compile(
    f"at most [0-9.]+ % from any one country|over {share(EU_BENCHMARK)} "
    f"|[(]{share(EU_BENCHMARK)} is"
    f"|with {share(KEEPS_ENOUGH)} of need still met"
)
"""What a share is that is of no mineral: a bound."""


def sums_over_minerals(said, minerals):
    """Return the sentences that say a share of no mineral, nor whose it is most of."""
    found = []
    for sentence in re.split(r"(?<=[.]) ", NO_SUM.sub("", said)):
        of_one = any(
            name.casefold() in said.casefold()
            for name in (*minerals, "The one mineral", "the limit in row", "plant")
        )
        if (" %" in sentence or "by weight" in sentence) and not of_one and len(minerals) > 1:
            found.append(sentence)
    return found


def test_no_sentence_adds_up_minerals_without_saying_the_weight(random):
    names = [m.name for m in random.case.minerals]
    front = overview(random, ())
    wrong = [s for said in front.texts for s in sums_over_minerals(said, names)]
    assert wrong == []
    assert not any("by value" in said for said in front.texts if "largest value" not in said)
    price = front.findings[1]
    paid = "USD a year" in price.text or "EUR a year" in price.text
    assert (
        not paid
        or len(names) == 1
        or re.search(
            "of that is for|All of the extra cost is for| costs .* (more|less), ", price.text
        )
    )


# ---- lights and sentences ------------------------------------------------------------------------


def states(book) -> dict[str, AnswerState]:
    return {light.question: light.state for light in overview(context(book), ()).lights}


def test_lights():
    found = states(rows())
    assert found["Are the share limits kept?"] is AnswerState.GOOD
    assert found["Is the plan proven?"] is AnswerState.GOOD
    assert not {"Do the reserves reach their targets?", "Are the contract minimums bought?"} & set(
        found
    )


def test_lights_of_a_soft_limit_a_reserve_and_a_contract():
    book = with_peru()
    book["Share limits"][0]["Penalty (USD/t)"] = 1
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 20, "Target (t)": 20}
    book["Stockpiles"] = [pile | {"Target penalty (USD/t/yr)": 1}]
    book["Contracts"] = [
        {"Refiner": "Peru works", "Mineral": "copper", "Member": "A", "Min (t/yr)": 1,
         "Price (USD/t)": 2},
    ]  # fmt: skip
    found = states(book)
    assert found["Are the share limits kept?"] is AnswerState.CARE
    assert found["Do the reserves reach their targets?"] is AnswerState.CARE
    assert found["Are the contract minimums bought?"] is AnswerState.GOOD
    said = {light.question: light.text for light in overview(context(book), ()).lights}
    assert said["Do the reserves reach their targets?"] == (
        "1 of 1 reserve is below target in some year; in the last year, 2027, 1 is still below."
    )


def test_a_plan_that_meets_all():
    book = rows(Refiners=[refiner(f"{c} works", c, 90, 10) for c in ("China", "Chile", "Peru")])
    assert overview(context(book), ()).answer.state is AnswerState.GOOD


def test_each_state_has_a_sign_and_a_word_of_its_own():
    signs, words = zip(*(state.value for state in AnswerState), strict=True)
    assert len(set(signs)) == len(set(words)) == len(AnswerState)


def test_lines_and_what_to_read_with_care():
    found = overview(context(rows()), ("Members",))
    assert found.lines[0].text.startswith("The costliest shortage: in 2027,")
    assert any(line.text.startswith("Scarcest: copper") for line in found.lines)
    assert found.lines[-1].sheet == "Members"
    assert found.care == (
        (
            "Limits are shares of demand, not of purchases. Within its limit, China still sells"
            " 76.2 % of the copper bought"
            " in 2027."
        ),
        "Made from a case without a file. Money is in USD, undiscounted.",
    )


def test_numbers_in_words():
    assert [share(p) for p in (0.0, 1e-5, 0.305, 0.65, 0.99999, 1.0)] == [
        "0 %", "under 0.1 %", "30.5 %", "65 %", "over 99.9 %", "100 %",
    ]  # fmt: skip
    assert [share(p) for p in (5e-10, 1 - 5e-10, -5e-10)] == ["0 %", "100 %", "0 %"]
    assert (without_noise(1e-4, 1e6), without_noise(1e-4, 1e4)) == (0.0, 1e-4)
    assert [fine_share(p) for p in (0.960855, 0.960849, 0.99999, 1.0)] == [
        "96.09 %", "96.08 %", "99.99 %", "100 %",
    ]  # fmt: skip
    assert amount(4_072_020, "t") == "4.1 million t"
    assert amount(-2.5e9, "USD") == "-2.5 billion USD"
    assert amount(12, "t") == "12 t"
    assert amount(0.1234, "t") == "0.123 t"


@pytest.mark.parametrize(
    ("below", "many", "end"),
    [
        ([(2026, "A"), (2027, "A")], "1 of 3 reserves is", "1 is still below."),
        ([(2026, "A"), (2027, "A"), (2027, "B")], "2 of 3 reserves are", "2 are still below."),
        ([(2026, "A"), (2026, "B")], "2 of 3 reserves are", "all are filled."),
    ],
)  # fmt: skip
def test_reserves_below_their_target_are_counted_over_all_years_and_in_the_last(below, many, end):
    rows_ = [
        {"mineral": "tin", "member": member, "year": year, "target": 5.0,
         "shortfall": 2.0 * ((year, member) in below)}
        for year in (2026, 2027) for member in "ABC"
    ]  # fmt: skip
    found = _stocks(
        SimpleNamespace(
            plan=SimpleNamespace(stocks=pd.DataFrame(rows_)),
            case=SimpleNamespace(years=(2026, 2027)),
        )
    )
    text = f"{many} below target in some year; in the last year, 2027, {end}"
    assert (found.state, found.text) == (AnswerState.CARE, text)


def test_a_loss_counts_through_all_stages_too() -> None:
    """Where minerals are made from others: all alloy is an ally's, 65 % of its oxide China's."""
    from planner.sheets.context import Context
    from planner.sheets.figures import by_mineral
    from planner.workbook import read_tables
    from tests.models.desk import solve as solve_book
    from tests.models.stages import CHINA, cap, oxide_and_alloy

    tables = oxide_and_alloy(cap(0.65, "oxide"))
    tables["Refiners"] = [r for r in tables["Refiners"] if r["Refiner"] != "Zhong"]
    tables["Refiners"][-1]["Capacity (t/yr)"] = 100
    tables["Members"][0]["Country"] = tables["Refiners"][-1]["Country"]
    table = by_mineral(Context(solve_book(tables), read_tables(tables)))
    text = " ".join(found.text for found in findings(table, 1, str))
    assert f"If plants also lose their inputs from {CHINA}, 35 % of the need for alloy" in text
    assert text.count(TIED_INPUTS) == 1


def test_a_loss_through_all_stages_of_the_same_part() -> None:
    """China makes all alloy, and all of its oxide: the part is the same, and the country named."""
    from tests.models.desk import solve as solve_book
    from tests.models.stages import CHINA, oxide_and_alloy

    tables = oxide_and_alloy()
    made = Context(solve_book(tables), read_tables(tables))
    text = " ".join(found.text for found in findings(by_mineral(made), 1, str))
    same = f"That share is the same if plants also lose inputs from {CHINA}."
    assert f"{same} {TIED_INPUTS}" in text
    assert not set("{}") & set(text)


def test_an_input_says_what_its_shares_are_of() -> None:
    """Members need no oxide: 20 t of it go into alloy, and the shares are of these."""
    from tests.models.desk import solve as solve_book
    from tests.models.stages import cap, oxide_and_alloy

    tables = oxide_and_alloy(cap(0.65, "oxide"))
    plan = solve_book(tables)
    made = Context(plan, read_tables(tables))
    table = by_mineral(made)
    taken = float(plan.inputs["tonnes"].sum())
    oxide, alloy = sorted(rows_of(table), key=lambda row: row["demand"])
    assert (oxide["mineral"], oxide["demand"]) == ("oxide", 0.0)
    assert oxide["taken"] == oxide["last_taken"] == pytest.approx(taken)
    assert (alloy["taken"], alloy["demand"]) == (0.0, 20.0)
    sold = float(plan.inputs.loc[plan.inputs["country"] == oxide["supplier"], "tonnes"].sum())
    assert oxide["supplier_share"] == pytest.approx(sold / taken)
    front = overview(made, ())
    assert "Taken by plants (t)" in [column.header for column in front.minerals.columns]
    assert any("what the plants take" in note for note in front.notes)
    whole = summary(made)
    cells = dict(zip(whole.measure, whole.rows(*whole.fields), strict=True))
    assert taken in cells["Taken by plants"]


def test_a_book_without_inputs_says_nothing_of_plants() -> None:
    """No column, no row and no note more."""
    made = context(with_peru())
    assert not [f for f in by_mineral(made).fields if f.optional]
    assert "Taken by plants" not in summary(made).measure


def test_dependence_counts_minerals_that_members_need() -> None:
    """An input is bought by plants, so no member depends on it: one mineral of one."""
    from tests.models.desk import solve as solve_book
    from tests.models.stages import oxide_and_alloy

    tables = oxide_and_alloy()
    made = Context(solve_book(tables), read_tables(tables))
    said = dependence(by_mineral(made), made.country)
    assert said.startswith("In 2026, for alloy, some member buys over"), said
