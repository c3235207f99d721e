"""The command diff: what differs between two plans, by hand, and what cannot be compared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import openpyxl
import pandas as pd
import pytest

from models.measures import SAME_COST
from models.results import Figure, Name
from planner.documents.difference import MeasurePair, PlanDifference
from planner.documents.pair import Pair, _all_names
from tests.books import editing, in_euros, write_book
from tests.order_book import PLAN as OLD
from tests.order_book import order_rows, table
from tests.reference.measures import same_tonnes

ANSWER = {
    "status", "old", "new", "equal", "currency", "years", "notes", "totals", "words", "minerals",
    "members", "who_pays", "moves", "among_equals", "prices_differ", "inputs", "output",
    "warnings", "errors", "seconds",
}  # fmt: skip


@pytest.mark.slow
def test_equal_plans(old, call, ask):
    call("solve", "two.xlsx", "--output", "again.xlsx")
    code, answer = ask("diff", OLD, "again.xlsx")
    assert (code, answer["equal"], answer["notes"]) == (0, True, [])
    assert (answer["moves"], answer["prices_differ"], answer["words"]) == ([], 0, [])
    assert answer["inputs"]["compared"]
    assert answer["totals"]["objective"]["change"] == 0
    assert answer["output"] == "outputs/again-diff.xlsx"
    code, out, err = call("diff", OLD, "again.xlsx")
    assert (code, out) == (0, "")
    assert "The two plans are equal" in err
    assert "Flows" not in err
    first = table("outputs/again-diff.xlsx", "Difference")[0]
    assert first["Measure"].startswith("The two plans are equal")


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (
            (100, 101.2, 0, 0),
            "costs 1.2 % more, with shortage at its price, and leaves nothing missing, like",
        ),
        (
            (100, 90, 5000, 2000),
            "costs 10.0 % less, with shortage at its price, and leaves 3,000 t less",
        ),
        ((100, 100, 0, 7), "costs the same and leaves 7 t more missing."),
        ((0, 5, 3, 3), "costs 5 USD more, with shortage at its price, and leaves as much missing."),
        ((1e6, 1e6 + 1, 3, 3), "costs 1 USD more, with shortage at its price, and"),
    ],
)
def test_the_headline(totals, said):
    """Cost in per cent, where as printed it is not 0, and what is missing more."""
    was, now, lacked, lacks = map(float, totals)
    lines = (
        MeasurePair(Figure.TOTAL_COST, was, now, unit="USD"),
        MeasurePair(Figure.SHORTAGE, lacked, lacks),
    )
    none, pair = cast("Any", None), cast("Any", SimpleNamespace(same_years=True))
    found = PlanDifference(pair, lines, none, none, none, cast("Any", [1]), cast("Any", [1]), 1, ())
    with mock.patch.object(PlanDifference, "verdict", ""):
        assert found.headline.startswith(f"The new plan {said}")


def test_the_headline_is_first_and_ties_are_said_once(old, dearer, call):
    _, _, err = call("diff", OLD, dearer)
    [line] = [line for line in err.splitlines() if line.startswith("The new plan ")]
    assert line.endswith(" and leaves 30 t more missing.")
    assert len(err.splitlines()) <= 25
    [path] = Path("outputs").glob("*-diff.xlsx")
    first, *others = table(str(path), "Difference")
    assert first["Measure"] == line
    assert sum(row["Remark"] == SAME_COST for row in others) == 1


def test_totals_by_hand(old, dearer, ask):
    """The new plan: 2026 80 t from China at 12, and 20 t from Chile at 21, its contract untaken.

    2027: China 80 t at 12, Chile 30 t at 21, the stock 5 t, of 170 t: 55 are short, 30 more.
    """
    code, answer = ask("diff", OLD, dearer)
    assert code == 0
    assert set(answer) == ANSWER
    assert not answer["equal"]
    assert answer["years"] == [2026, 2027]
    totals = answer["totals"]
    paid = 80 * 12 + 20 * 21 + 80 * 12 + 30 * 21
    assert totals["purchases"]["old"] == pytest.approx(2830)
    assert totals["purchases"]["new"] == pytest.approx(paid)
    assert totals["purchases"]["change"] == pytest.approx(paid - 2830)
    assert totals["demand_t"]["change"] == pytest.approx(10)
    assert totals["tonnes"]["change"] == pytest.approx(210 - 230)
    assert totals["shortage_t"]["change"] == pytest.approx(30)
    [copper] = answer["minerals"]
    assert copper["mineral"] == "Copper"
    assert copper["paid"]["change"] == pytest.approx(paid - 2830)
    assert copper["landed"]["new"] == pytest.approx(paid / 210)
    assert copper["share"]["old"] == pytest.approx(1.0)
    assert copper["share"]["new"] == pytest.approx(0.8)
    assert copper["share"]["change"] == pytest.approx(-0.2)
    members = {row["member"]: row for row in answer["members"]}
    assert set(members) == {"A", "B/C"}
    changes = [row["short"]["change"] for row in members.values()]
    assert sum(changes) == pytest.approx(30)
    assert members["A"]["short"]["new"] == pytest.approx(55 * 110 / 170)
    by_seller = {}
    for row in answer["moves"]:
        by_seller[row["from"]] = by_seller.get(row["from"], 0) + row["change_t"]
    assert by_seller == {"China": pytest.approx(-40), "Chile": pytest.approx(20)}


@pytest.mark.slow
def test_equally_cheap_flows_are_not_told(old, made, call, ask):
    """A twin of the works in Chile, stood in China's name order: same cost, other flows."""
    rows = order_rows()
    twin = {
        **rows["Refiners"][1],
        "Refiner": "Another works",
        "Country": "Peru",
        "Capacity (t/yr)": 15,
    }
    half = {**rows["Refiners"][1], "Capacity (t/yr)": 15}
    bare = {"Contracts": [], "Lanes": []}
    whole = made("whole", **bare)
    split = made("split", Refiners=[rows["Refiners"][0], half, twin], **bare)
    _, answer = ask("diff", whole, split)
    assert answer["among_equals"] == ["Copper"]
    assert answer["moves"] == []
    assert not answer["equal"]
    _, _, err = call("diff", whole, split)
    assert "they only differ in which" in err or "cost the same in" in err


def test_other_years_and_members(old, made, ask, call):
    demand = [{"Mineral": "copper", "Member": "A", "2027": 100, "2028": 100},
              {"Mineral": "Tin", "Member": "A", "2027": 0, "2028": 1}]  # fmt: skip
    minerals = [*order_rows()["Minerals"], {"Mineral": "Tin", "Price (USD/t)": 9}]
    path = made("later", Demand=demand, Minerals=minerals, Contracts=[], Stockpiles=[], Lanes=[])
    code, answer = ask("diff", OLD, path)
    assert code == 0
    notes = " ".join(answer["notes"])
    for said in (
        "The plans cover different years (2026 to 2027; 2027 to 2028)",
        "Only the years in both plans (2027) are compared",
        "Only the new plan has the mineral Tin",
        "Only the old plan has the member B/C",
    ):
        assert said in notes
    assert answer["years"] == [2027]
    assert answer["totals"]["objective"]["change"] is None
    assert answer["totals"]["tonnes"]["change"] is not None
    assert "Note" in call("diff", OLD, path)[2]


def test_plans_in_other_units_are_refused(old, made, call):
    """A currency, and the unit of a mineral."""
    other = [{**row, "Unit": "t ore"} for row in order_rows()["Minerals"]]
    code, _, err = call("diff", OLD, made("ore", Minerals=other))
    assert code == 1
    assert "Copper is in t Cu, now in t ore" in err
    euro = in_euros(order_rows())
    euro["Settings"].append({"Setting": "Currency", "Value": "EUR"})
    code, _, err = call("diff", OLD, made("euro", **euro))
    assert code == 1
    assert "money is in USD, now in EUR" in err


def test_minerals_whose_names_are_codes_of_countries(made, ask):
    """Cobalt called Co and Colombia, gallium called Ga and Gabon: each keeps its own name."""
    rows = order_rows()
    refiners = [
        {"Refiner": f"{mineral} of {country}", "Mineral": mineral, "Country": country,
         "Capacity (t/yr)": 100, "Cost (USD/t)": 10}
        for mineral, country in (("Co", "Colombia"), ("Ga", "Gabon"), ("Ni", "Nicaragua"))
    ]  # fmt: skip
    minerals = [{"Mineral": name, "Price (USD/t)": 50} for name in ("Co", "Ga", "Ni")]
    changes = {
        "Refiners": refiners, "Minerals": minerals, "Contracts": [], "Stockpiles": [], "Lanes": [],
    }  # fmt: skip
    paths = []
    for name, tonnes in (("before", 60), ("after", 70)):
        demand = [{"Mineral": m["Mineral"], "Member": "A", "2026": tonnes} for m in minerals]
        paths.append(made(name, **rows | changes | {"Demand": demand}))
    code, answer = ask("diff", *paths)
    assert code == 0
    found = [(m["mineral"], m["from"], m["old_t"], m["new_t"]) for m in answer["moves"]]
    assert sorted(found) == [
        ("Co", "Colombia", 60.0, 70.0),
        ("Ga", "Gabon", 60.0, 70.0),
        ("Ni", "Nicaragua", 60.0, 70.0),
    ]
    assert [row["mineral"] for row in answer["minerals"]] == ["Co", "Ga", "Ni"]


def test_no_year_in_common(old, made, call, ask):
    demand = [{"Mineral": "Copper", "Member": "A", "2031": 10}]
    path = made("later", Demand=demand, Contracts=[], Stockpiles=[], Lanes=[])
    code, answer = ask("diff", OLD, path)
    assert (code, answer["years"], answer["minerals"], answer["moves"]) == (0, [], [], [])
    assert any("(none)" in said for said in answer["notes"])
    assert (answer["totals"]["tonnes"]["old"], answer["totals"]["tonnes"]["new"]) == (230, 10)
    assert {amounts["change"] for amounts in answer["totals"].values()} == {None}
    assert "The totals can't be compared." in call("diff", OLD, path)[2]


@pytest.mark.slow
def test_plans_without_a_flow(old, made, call, ask):
    """A lane that is shut for good: nothing is bought, all is short but what the stock gives."""
    shut = made("shut", Lanes=[{"Open": "no"}], Contracts=[])
    for pair, change in (((OLD, shut), -230), ((shut, OLD), 230), ((shut, shut), 0)):
        code, answer = ask("diff", *pair, "--output", "what.xlsx")
        assert code == 0
        assert answer["totals"]["tonnes"]["change"] == pytest.approx(change)
        assert sum(row["change_t"] for row in answer["moves"]) == pytest.approx(change)
        assert answer["equal"] == (change == 0)
        assert (answer["prices_differ"] == 0) == (change == 0)
    _, _, err = call("diff", shut, shut)
    assert "The two plans are equal" in err
    _, _, err = call("diff", OLD, shut)
    assert "Copper short +230 t, paid -2,830 USD" in err


@pytest.mark.slow
def test_moves_are_limited_and_the_rest_counted(folder, call, ask):
    """13 members that move from one refiner to another: 10 flows listed, 16 counted."""
    members = [f"M{i:02}" for i in range(13)]

    def rows(cost):
        return {
            "Minerals": [{"Mineral": "Copper", "Price (USD/t)": 50}],
            "Settings": [{"Setting": "Default freight (USD/t)", "Value": 1}],
            "Members": [{"Member": name} for name in members],
            "Refiners": [
                {"Refiner": "a", "Mineral": "Copper", "Country": "Chile",
                 "Capacity (t/yr)": 1000, "Cost (USD/t)": cost},
                {"Refiner": "b", "Mineral": "Copper", "Country": "Peru",
                 "Capacity (t/yr)": 1000, "Cost (USD/t)": 20},
            ],
            "Demand": [
                {"Mineral": "Copper", "Member": n, "2026": 1 + i} for i, n in enumerate(members)
            ],
        }  # fmt: skip

    for name, cost in (("one", 10), ("two", 30)):
        write_book(folder / f"{name}.xlsx", rows(cost))
        call("solve", f"{name}.xlsx")
    _, answer = ask("diff", "outputs/one-plan.xlsx", "outputs/two-plan.xlsx")
    assert len(answer["moves"]) == 11
    first, last = answer["moves"][0], answer["moves"][-1]
    assert (first["from"], first["to"], first["change_t"]) == ("Chile", "M12", pytest.approx(-13))
    assert last["from"] == "16 other flows"
    # members with up to 8 t are counted: 36 t from Chile to Peru
    assert last["old_t"] == pytest.approx(36)
    assert last["new_t"] == pytest.approx(36)
    _, _, err = call("diff", "outputs/one-plan.xlsx", "outputs/two-plan.xlsx")
    assert "; and 8 more" in err


def test_the_workbook(old, dearer, call):
    call("diff", OLD, dearer, "--output", "what.xlsx")
    book = openpyxl.load_workbook("what.xlsx")
    assert book.sheetnames == [
        "Difference", "Inputs", "By mineral", "By member", "Who pays", "Moves", "Prices",
    ]  # fmt: skip
    lines = {row["Measure"]: row for row in table("what.xlsx", "Difference")}
    assert lines["Shortage"]["Old"] == pytest.approx(25)
    assert lines["Shortage"]["Change"] == pytest.approx(30)
    assert lines["Shortage"]["Change (%)"] == pytest.approx(30 / 25)
    assert lines["Input file"]["Change"] == "differs"
    assert lines["Scenario"]["Change"] is None
    [copper] = table("what.xlsx", "By mineral")
    assert copper["Demand, change (t)"] == pytest.approx(10)
    assert copper["Largest country, old"] == "China"
    moved = sum(row["Change (t)"] for row in table("what.xlsx", "Moves"))
    assert moved == pytest.approx(-20)
    shorts = sum(row["Short, change (t)"] for row in table("what.xlsx", "By member"))
    assert shorts == pytest.approx(30)


def test_wrong_usage(old, call, ask):
    assert call("diff", OLD)[0] == 2
    code, _, err = call("diff", OLD, "two.xlsx")
    assert code == 1
    assert "planner solve two.xlsx" in err
    code, answer = ask("diff", "outputs/two-pan.xlsx", OLD)
    assert (code, answer["status"]) == (1, "input_error")
    assert "two-plan.xlsx" in answer["errors"][0]["message"]


@pytest.mark.slow
def test_plans_that_cannot_be_compared(old, dearer, call, ask):
    """One without a sheet, one with a word among its numbers."""
    with editing(OLD, "broken.xlsx") as book:
        del book["Country shares"]
        prices = book["Prices"]
        prices["F2"], prices["A3"] = "much", None
        prices["H1"] = "Lacking (t)"
    code, answer = ask("diff", "broken.xlsx", dearer)
    assert code == 1
    assert {(e["sheet"], e["cell"]) for e in answer["errors"]} == {
        ("Country shares", ""), ("Prices", "A1"), ("Prices", "A3"), ("Prices", "F2"),
    }  # fmt: skip
    code, _, err = call("diff", "broken.xlsx", dearer)
    assert code == 1
    assert "The sheet Country shares is missing" in err
    assert not Path("outputs/dearer-plan-diff.xlsx").exists()


@pytest.mark.slow
def test_who_pays_by_hand(old, dearer, ask):
    """Each member's tonnes at what a tonne cost it in the old plan, from the sheets Prices."""
    _, same = ask("diff", OLD, OLD)
    for row in same["who_pays"]:
        assert (row["extra"], row["paid_change"], row["shortage_change"]) == (0, 0, 0)
    _, answer = ask("diff", OLD, dearer)
    after = {(r["Year"], r["Member"]): r for r in table(dearer, "Prices")}
    landed = "Average landed cost (USD/t)"
    paid: dict[str, float] = {}
    for (_, member), row in after.items():
        paid[member] = paid.get(member, 0) + row["Purchases (t)"] * (row[landed] or 0)
    lots = [
        [
            (r["Member"], r["Mineral"], r["Year"], r["Tonnes"], r["Landed cost (USD/t)"])
            for r in rows
        ]
        for rows in (table(dearer, "Plan"), table(OLD, "Plan"))
    ]
    extra: dict[str, float] = {}
    for (member, *_), (_, more, _) in same_tonnes(*lots).items():
        extra[member] = extra.get(member, 0) + more
    for row in answer["who_pays"]:
        assert row["paid_new"] == pytest.approx(paid.get(row["member"], 0))
        assert row["extra"] == pytest.approx(extra.get(row["member"], 0), abs=1e-6)
    lost = sum(row["shortage_change"] for row in answer["who_pays"])
    costs = [
        next(r["Value"] for r in table(path, "Summary") if r["Measure"] == "Cost: shortage")
        for path in (OLD, dearer)
    ]
    assert lost == pytest.approx(costs[1] - costs[0])


def test_names_of_one_plan_alone_are_singular_and_plural():
    """One member, two minerals, and of seven names the first five."""
    names = {Name.MEMBER: (["A"], ["a", "B"]), Name.MINERAL: (["Tin", "Zinc"], [*"CDEFGHI"])}
    with mock.patch("planner.documents.pair._all_names", lambda plan, kind: names[kind][plan]):
        pair = Pair(cast("Any", 0), cast("Any", 1))
        assert [*pair._alone(Name.MEMBER, "member")] == ["Only the new plan has the member B"]
        assert [*pair._alone(Name.MINERAL, "mineral")] == [
            "Only the old plan has the minerals Tin, Zinc",
            "Only the new plan has the minerals C, D, E, F, G and 2 more",
        ]


def test_how_many_members_depend_alike_is_no_name():
    """By mineral may say ``3 of 12 members`` in place of the one that depends most."""
    frame = pd.DataFrame({"dependent": ["3 of 12 members"], "member": ["A"]})
    plan = SimpleNamespace(result=lambda _: SimpleNamespace(frame=lambda: frame))
    assert set(_all_names(cast("Any", plan), Name.MEMBER)) == {"A"}
