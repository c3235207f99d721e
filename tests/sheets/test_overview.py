"""What the first page says: rows of minerals by hand, findings that count them, lights."""

from __future__ import annotations

import re

import numpy as np
import pytest

from models.measures import SURGE, largest_supplier, served_without, with_surge
from models.plan import solve
from models.results import Members
from models.results.members import MUCH, is_much
from planner.render.front import State
from planner.render.words import amount, finely, share, solid
from planner.sheets.context import Context
from planner.sheets.figures import by_mineral
from planner.sheets.findings import SURVIVES, _cost, findings, like_for_like, rows_of
from planner.sheets.front import overview
from planner.sheets.summary import summary
from planner.workbook import read_tables
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

    The chart draws the one that the limit of 60 % is of, so no bar stands above a limit kept.
    """
    both = [refiner("China works", "China", 100, 10), refiner("Chile works", "Chile", chile, 20)]
    book = rows(Refiners=both)
    row = row_of(book)
    assert row["supplier_share"] == pytest.approx(96 / (96 + chile))
    assert row["supplier_of_demand"] == pytest.approx(0.6)
    picture = overview(context(book), ()).picture
    assert picture.title.startswith("Largest supplier's share of demand")
    assert [s.values[0] for s in picture.series[1:]] == pytest.approx([0.6, 0.6])
    book["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    assert "of purchases" in overview(context(book), ()).picture.title


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
    ("a", "b", "who", "number", "said"),
    [
        (650.02, 325.3, "B", "1 of 1 mineral", "B, 65.1 % of its copper in China"),
        (650.02, 325.01, "all 2 members", "0 of 1 mineral",
         "The most: all 2 members, each 65 % of its copper in China"),
        (908.368, 454.2, "all 2 members", "1 of 1 mineral",
         "The most: all 2 members, each 90.8 % of its copper in China"),
        (1_000, 325, "A", "1 of 1 mineral", "of 1 all of it: A (copper, China)"),
    ],
)  # fmt: skip
def test_dependence_is_measured_alike_and_as_it_is_printed(a, b, who, number, said):
    """More than 65.0 % as printed, in every plan; nobody is singled out of those alike."""
    found = context(dependent_book(a, b))
    row = rows_of(by_mineral(found))[0]
    assert row["dependent"] == who
    assert row["alike"] == (2 if who.startswith("all") else 1)
    point = findings(by_mineral(found), 1, found.country)[2]
    assert point.number == number
    assert said in point.said
    above = Members.of(found.plan, None).data["dependent"]
    assert sum(above) == sum(is_much(part) for part in (a / 1_000, b / 500))


def test_a_part_of_the_cost_is_no_larger_than_the_whole():
    def row(mineral, extra):
        paid = {"extra": extra, "purchased": 1.0, "landed": 10.0, "paid": 10.0}
        return paid | {"mineral": mineral, "limits_kept": "yes", "short_by_limits": 0.0}

    def said(*parts):
        return _cost([row(f"m{i}", part) for i, part in enumerate(parts)], 1, "USD").said

    assert "limits; of that m0 5 USD more, the other 2 USD less." in said(5.0, -2.0)
    assert "limits; of that m0 5 USD more, the others together 2 USD less." in said(5, -1, -1)
    assert "limits; m0 alone is 5 USD of it." in said(5.0, 2.0)
    assert "limits; m0 alone is all of it." in said(5.0, 0.0)


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        (("", ""), "Current supply, before"),
        (("Estimate: a guess", "from a table"), "Current supply (1 of its 2 rows marked"),
        (("Estimate: a guess", "Estimate: b"), "Current supply (all its 2 rows marked"),
    ],
)
def test_todays_supply_says_that_its_rows_are_estimates(notes, said):
    flows = [
        {"Refiner": f"{country} works", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 20}
        | {"Note": note}
        for country, note in zip(("China", "Chile"), notes, strict=True)
    ]
    found = context(rows(**{"Current supply": flows}))
    assert said in " ".join(overview(found, ()).notes)
    remarks = " ".join(filter(None, summary(found).data["remark"]))
    assert ("marked as estimates" in remarks) == any(notes)


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
    assert "from the sheet Current supply" in " ".join(overview(context(book), ()).notes)


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
    limits, loss, dependence, cost = points(rows())
    assert (limits.number, loss.number) == ("1 of 1", "0 of 1")
    assert limits.said == (
        "The one mineral keeps to its share limits in every year. Limits are of demand; of"
        " purchases more comes from one country (copper: China sells 76.2 % of what is bought,"
        " limit 60 %)."
    )
    assert loss.said == (
        "The one mineral does not stay served to 80 % or more in 2027 if its largest supplier"
        " stops; today none. The least is left of copper: 18.8 % without China (today 23.1 %)."
        " More than today is left of none, less of 1: copper."
    )
    assert dependence.name == "Members that depend on one country"
    # of 90 t in 2026 30 cost 21, not 11; in 2027 126 t cost 1,686, and without limits 130 t 1,730
    more = (30 * 10 + 1686 - 126 * 1730 / 130) / 2
    assert cost.number == amount(more, "USD")
    assert cost.said == (
        f"Like for like, the tonnes bought cost {amount(more, 'USD')} a year"
        f" ({share(more * 2 / (216 * 2830 / 230))}) more than the same tonnes without limits."
        " Not in it, for nobody pays it: what they leave short, 14 t of copper over all years,"
        " priced 3,500 USD a year."
    )


def test_tonnes_that_cost_nothing_without_limits_have_no_share_of_it():
    """China sells for nothing: 30 t a year of Chile's at 20."""
    both = [refiner("China works", "China", 100, 0), refiner("Chile works", "Chile", 30, 20)]
    book = rows(Refiners=both)
    book["Settings"][0]["Value"] = 0
    for row in book["Demand"]:
        row["2027"] = row["2026"]
    assert points(book)[3].said == (
        "Like for like, the tonnes bought cost 600 USD a year more than the same tonnes without"
        " limits, which cost nothing. Not in it, for nobody pays it: what they leave short, 20 t of"
        " copper over all years, priced 5,000 USD a year."
    )


def test_without_limits_they_cost_nothing():
    book = rows()
    del book["Share limits"]
    limits, *_, cost = points(book)
    assert (limits.number, cost.number) == ("none", "nothing")


def test_what_the_limits_cost_may_not_be_known():
    read = read_tables(rows())
    found = Context(solve(read.case), read)
    assert findings(by_mineral(found), 2, found.country)[3].number == "not known"


def test_a_coalition_that_serves_itself_has_no_supplier_to_lose():
    book = rows(Refiners=[refiner("Kobe", "Japan", 130, 5)])
    del book["Share limits"]
    _, loss, dependence, _ = points(book)
    assert (loss.number, dependence.number) == ("nobody", "none")
    front = overview(context(book), ())
    assert front.picture is None
    assert not any("Without " in line.said for line in front.fragile)


def test_no_demand_is_no_question():
    book = rows(Demand=[{"Mineral": "copper", "Member": "A", "2026": 0, "2027": 0}])
    front = overview(context(book), ())
    assert front.picture is None
    assert front.findings[1].number == "no need"
    assert states(book)["Is the need met?"] is State.NONE


def test_one_year_and_names_of_other_alphabets():
    name = "Öl-7 (schwer, aus der Übersee-Förderung)"
    member = "Vereinigte Abnehmergemeinschaft der östlichen Länder e. V."
    book = rows(Members=[{"Member": member, "Country": "France"}])
    book["Minerals"][0]["Mineral"] = name
    book["Refiners"] = [{**row, "Mineral": name} for row in book["Refiners"]]
    book["Demand"] = [{"Mineral": name, "Member": member, "2026": 100}]
    limits, loss, dependence, cost = points(book)
    assert limits.said.startswith("The one mineral keeps")
    assert f"The least is left of {name}: 30 % without China" in loss.said
    assert dependence.number == "1 of 1 mineral"  # two thirds
    assert f"{member}, 66.7 % of its {name} in China" in dependence.said
    assert "a year" in cost.said


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
    limits, loss, dependence, cost = findings(table, years, random.country)
    under = [row for row in told if row["limits_kept"]]
    if under:
        kept = sum(row["limits_kept"] == "yes" for row in under)
        assert limits.number == f"{kept} of {len(under)}"
    needed = [row for row in told if row["served_without"] is not None]
    if any(row["supplier"] for row in needed):
        survive = sum(row["served_without"] >= SURVIVES - 1e-6 for row in needed)
        assert loss.number == f"{survive} of {len(needed)}"
        least = min(row["served_without"] for row in needed)
        assert share(least) in loss.said
    if any(row["dependent"] for row in told):
        much = sum(round(row["dependent_share"] or 0.0, 3) > MUCH for row in told)
        assert dependence.number.startswith(f"{much} of {len(told)} mineral")
    more = sum(row["extra"] * row["purchased"] for row in told if row["extra"] is not None)
    found = like_for_like(told)
    if under and found is not None and found[0]:
        assert found[0] == pytest.approx(more)
        assert cost.number.removeprefix("-") == amount(abs(more) / years, random.currency)


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
    f"served to {share(SURVIVES)} or more|(more than|at most) {share(MUCH)} in one country"
    f"|each by {share(SURGE)} of its usable capacity"
)
"""What a share is that is of no mineral: a bound."""


def sums_over_minerals(said, minerals):
    """Return the sentences that say a share of no mineral, nor whose it is most of."""
    found = []
    for sentence in re.split(r"(?<=[.]) ", NO_SUM.sub("", said)):
        of_one = any(
            name in said for name in (*minerals, "The one mineral", "the limit in row", "plant")
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
    cost = front.findings[3]
    assert (
        "a year (" not in cost.said or len(names) == 1 or re.search("alone is|of that", cost.said)
    )


# ---- lights and sentences ------------------------------------------------------------------------


def states(book) -> dict[str, State]:
    return {light.question: light.state for light in overview(context(book), ()).lights}


def test_lights():
    found = states(rows())
    assert found["Is the need met?"] is State.BAD  # 83 % of it
    assert found["Are the share limits kept?"] is State.GOOD
    assert found["Is it proven?"] is State.GOOD
    assert not {"Are the reserves filled?", "Are the contracts taken?"} & set(found)


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
    assert found["Are the share limits kept?"] is State.CARE
    assert found["Are the reserves filled?"] is State.CARE
    assert found["Are the contracts taken?"] is State.GOOD
    said = {light.question: light.said for light in overview(context(book), ()).lights}
    assert said["Are the reserves filled?"] == (
        "Below target in some year: 1 of 1 reserve; in 2027, the last: 1."
    )


def test_a_plan_that_meets_all():
    book = rows(Refiners=[refiner(f"{c} works", c, 90, 10) for c in ("China", "Chile", "Peru")])
    found = states(book)
    assert found["Is the need met?"] is State.GOOD


def test_each_state_has_a_sign_and_a_word_of_its_own():
    signs, words = zip(*(state.value for state in State), strict=True)
    assert len(set(signs)) == len(set(words)) == len(State)


def test_what_changed_and_what_is_fragile():
    found = overview(context(rows()), ("Country shares",))
    assert found.changed[0].said == (
        "The largest supplier's share of purchases falls from today to 2027 for 1 of 1 mineral:"
        " copper 76.9 % to 76.2 % (China)."
    )
    assert found.fragile[0].said == (
        "Without China 18.8 % of the need for copper in 2027 is served (78.8 % with it)."
    )
    assert any(line.said.startswith("Scarcest: copper") for line in found.fragile)


def test_numbers_in_words():
    assert [share(p) for p in (0.0, 1e-5, 0.305, 0.65, 0.99999, 1.0)] == [
        "0 %", "under 0.1 %", "30.5 %", "65 %", "over 99.9 %", "100 %",
    ]  # fmt: skip
    assert [share(p) for p in (5e-10, 1 - 5e-10, -5e-10)] == ["0 %", "100 %", "0 %"]
    assert (solid(1e-4, 1e6), solid(1e-4, 1e4)) == (0.0, 1e-4)
    assert [finely(p) for p in (0.960855, 0.960849, 0.99999, 1.0)] == [
        "96.09 %", "96.08 %", "99.99 %", "100 %",
    ]  # fmt: skip
    assert amount(4_072_020, "t") == "4.1 million t"
    assert amount(-2.5e9, "USD") == "-2.5 billion USD"
    assert amount(12, "t") == "12 t"
    assert amount(0.1234, "t") == "0.123 t"
