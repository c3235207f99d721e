"""End use by hand: a supplier that may sell to some tiers of a member's demand, and not to others.

Unless a test says otherwise, Jin of China has 100 t at 1 a tonne and is closed to defence; Sur of
Chile has 15 t at 3. Defence needs 20 t (50 a tonne short), other 80 t (10 a tonne short).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.answers.explain import explain
from models.answers.least_change import least_change
from models.errors import InputError
from models.plan import Plan
from models.plan import solve as solve_case
from models.schema import ScenarioStep
from planner.scenarios.actions import apply_steps
from planner.scenarios.events import apply_events
from planner.studies import Here
from planner.studies.agreed_plan import Rules
from planner.studies.losses import Loss, LossKind, stress
from planner.workbook import read_tables
from tests.models.desk import BookT, make, one, price, refiner, slope, solve

near = pytest.approx
BAN = {"From country": "CHN", "Tier": "defence", "Open": "no"}
_NEED = {"defence": 20.0, "other": 80.0}
_TIERS = {"defence": 50, "other": 10}


def demand(member: str = "A", need: dict[str, float] | None = None, years: int = 1) -> list[Any]:
    """Return the rows of Demand of a member, with the tonnes of each tier in every year."""
    names = [str(2026 + i) for i in range(years)]
    return [
        {"Mineral": "copper", "Member": member, "Tier": tier or None} | dict.fromkeys(names, tonnes)
        for tier, tonnes in (need or _NEED).items()
    ]


def book(*lanes: dict[str, object], sellers: list[Any] | None = None, **sheets: list[Any]) -> BookT:
    sold = sellers or [refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 15, 3)]
    made = make(*sold, Lanes=list(lanes))
    made["Minerals"][0]["Price (USD/t)"] = 1
    made["Demand"] = demand()
    made["Tiers"] = [{"Tier": t, "Shortage cost multiple": times} for t, times in _TIERS.items()]
    return made | {name.replace("_", " "): rows for name, rows in sheets.items()}


def reserve(**more: object) -> list[Any]:
    stock = {"Max (t)": 100, "Opening (t)": 10, "Target (t)": 0}
    return [{"Mineral": "copper", "Member": "A"} | stock | more]


def tier(plan: Plan, name: str, member: str = "A", year: int = 2026) -> Any:
    """Return the row of a tier in the plan's table."""
    return one(plan.tiers, tier=name, member=member, year=year)


def test_the_closed_forms_of_the_contract() -> None:
    """Sur's 15 t serve defence, 5 t of it are short, Jin serves the rest: 45 + 250 + 80 = 375.

    Without the ban Jin serves all: 100. A reserve of 10 t leaves 10 t to Sur: 30 + 80 = 110. With
    Max draw 4, Sur's 15 t and 1 t short: 45 + 50 + 80 = 175. One more tonne for defence is short
    (50); for other it is Jin's (1).
    """
    plan = solve(book(BAN))
    assert plan.objective == near(375)
    defence, other = tier(plan, "defence"), tier(plan, "other")
    assert (defence["suppliers"], other["suppliers"]) == ("Sur 15 t", "Jin 80 t")
    assert (defence["served"], defence["short"], other["short"]) == near((15, 5, 0))
    assert (defence["price"], other["price"], price(plan)) == near((50, 1, 50))
    assert solve(book()).objective == near(100)
    plan = solve(book(BAN, Stockpiles=reserve()))
    assert plan.objective == near(110)
    assert (tier(plan, "defence")["from_stock"], tier(plan, "other")["from_stock"]) == near((10, 0))
    plan = solve(book(BAN, Stockpiles=reserve(**{"Max draw (t/yr)": 4})))
    assert plan.objective == near(175)
    assert tier(plan, "defence")["from_stock"] == near(4)


def test_rows_apply_top_to_bottom_for_each_tier() -> None:
    """A later row without a tier opens the lane to all: 100. Closed to all, then open to other, it
    is the ban again: 375. Closed to both tiers one by one, China is cut off: Sur's 15 t (45), 5 t
    of defence (250) and 80 t of other (800) short.
    """
    opened = {"From country": "CHN", "Open": "yes"}
    closed = {"From country": "CHN", "Open": "no"}
    assert solve(book(BAN, opened)).objective == near(100)
    assert solve(book(closed, opened | {"Tier": "other"})).objective == near(375)
    plan = solve(book(BAN, BAN | {"Tier": "other"}))
    assert plan.objective == near(45 + 250 + 800)
    assert not plan.expanded.cut_off  # a lane closed to all tiers is a closed lane


def test_without_a_cut_off_tier_the_program_is_as_before() -> None:
    """Rows that close nothing, or to a tier that the demand doesn't have, add no column or row."""
    plain = solve(book()).program.rows
    tiers = [*_TIERS, "energy"]
    for row in (BAN | {"Open": "yes"}, BAN | {"Tier": "energy"}, BAN | {"First year": 2030}):
        made = book(row)
        made["Tiers"] = [{"Tier": name, "Shortage cost multiple": 10} for name in tiers]
        rows = solve(made).program.rows
        assert (len(rows.cost), len(rows.row_lower)) == (len(plain.cost), len(plain.row_lower))


def test_a_ban_for_one_year_and_one_member() -> None:
    """A and B need 20 and 80 t each, Jin has 200 t. The ban is on A in 2027 alone.

    2026: 200. 2027: Sur's 15 t for A's defence (45), 5 t short (250), Jin 180: 475. Fair shares
    don't count (weight 0).
    """
    ban = BAN | {"To member": "A", "First year": 2027}
    made = book(ban, sellers=[refiner("Jin", "CHN", 200, 1), refiner("Sur", "CHL", 15, 3)])
    made["Members"].append({"Member": "B", "Country": None})
    made["Demand"] = [*demand("A", years=2), *demand("B", years=2)]
    made["Settings"].append({"Setting": "Fair shortage weight", "Value": 0})
    plan = solve(made)
    assert plan.objective == near(200 + 475)
    assert tier(plan, "defence", year=2027)["short"] == near(5)
    assert tier(plan, "defence", "B", 2027)["suppliers"] == "Jin 20 t"


def test_demand_without_a_tier_is_a_tier() -> None:
    """Other has no tier, and no supplier: China serves defence alone, by a row for each.

    Closed for all, open to defence: 20 x 1 + Sur's 15 x 3 + 65 short x 10 = 715.
    """
    made = book({"From country": "CHN", "Open": "no"}, BAN | {"Open": "yes"})
    made["Demand"] = demand(need={"defence": 20, "": 80})
    plan = solve(made)
    assert plan.objective == near(20 + 45 + 650)
    assert (tier(plan, "")["suppliers"], tier(plan, "defence")["suppliers"]) == (
        "Sur 15 t", "Jin 20 t",
    )  # fmt: skip


def test_suppliers_with_other_sets_of_tiers() -> None:
    """Jin (closed to defence) 60 t at 1, Yin (closed to other) 10 t at 2, Sur 15 t at 3.

    Yin's 10 t and 10 of Sur's serve defence; Jin's 60 and 5 of Sur's serve other, 15 t are short:
    20 + 45 + 60 + 150 = 275.
    """
    sellers = [refiner("Jin", "CHN", 60, 1), refiner("Yin", "IND", 10, 2),
               refiner("Sur", "CHL", 15, 3)]  # fmt: skip
    closed = {"From country": "IND", "Tier": "other", "Open": "no"}
    plan = solve(book(BAN, closed, sellers=sellers))
    assert plan.objective == near(275)
    assert tier(plan, "defence")["suppliers"] == "Sur 10 t, Yin 10 t"
    assert tier(plan, "other")["suppliers"] == "Jin 60 t, Sur 5 t"


def test_a_supplier_serves_a_tier_only_as_others_still_get_theirs() -> None:
    """Jin may serve a and b, Sur a and c, 10 t each. In order alone, a would take Jin's tonnes.

    Then nobody could serve b. So b gets Jin's, a Sur's, and c nothing: 20 + 10 t at 10.
    """
    sellers = [refiner("Jin", "CHN", 10, 1), refiner("Sur", "CHL", 10, 1)]
    lanes = [{"From country": c, "Tier": t, "Open": "no"} for c, t in (("CHN", "c"), ("CHL", "b"))]
    made = book(*lanes, sellers=sellers)
    made["Demand"] = demand(need=dict.fromkeys("abc", 10))
    costs = {"a": 50, "b": 50, "c": 10}
    made["Tiers"] = [{"Tier": t, "Shortage cost multiple": cost} for t, cost in costs.items()]
    plan = solve(made)
    assert plan.objective == near(20 + 100)
    assert [tier(plan, t)["suppliers"] for t in "abc"] == ["Sur 10 t", "Jin 10 t", ""]


def test_contracts_stand_if_one_tier_is_open_and_lapse_if_none_is() -> None:
    """Jin's contract of at least 10 t at 2 stands for A, who has other demand, too.

    A takes 10 t at 2 and 70 at 1 from Jin: 375 + 10. With defence alone China is closed to A: the
    contract lapses, Sur's 15 t and 5 short cost 295.
    """
    contract = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 10,
                "Price (USD/t)": 2}  # fmt: skip
    assert solve(book(BAN, Contracts=[contract])).objective == near(385)
    made = book(BAN, Contracts=[contract])
    made["Demand"] = demand(need={"defence": 20})
    assert solve(made).objective == near(45 + 250)


def test_a_reserve_serves_every_tier_and_is_filled_by_any_supplier() -> None:
    """A reserve of 10 t with a target of 10: Jin fills what defence takes from it.

    Sur's 10 t for defence (30), Jin's 80 + 10 t (90): 120.
    """
    plan = solve(book(BAN, Stockpiles=reserve(**{"Target (t)": 10})))
    assert plan.objective == near(120)
    assert tier(plan, "defence")["from_stock"] == near(10)


def test_scenarios_close_lanes_to_a_tier_and_scale_tiers_alike() -> None:
    """Demand halved: Sur's 10 t (30) and Jin's 40 t: 70. `block lanes` is the row of Lanes."""
    case = read_tables(book()).case
    steps = [{"action": "block lanes", "country": "CHN", "tier": "defence"},
             {"action": "scale demand", "value": 0.5}]  # fmt: skip
    banned, halved = (apply_steps(case, [ScenarioStep(name="X", **s) for s in steps[:n]])
                      for n in (1, 2))  # fmt: skip
    assert solve_case(banned).objective == near(375)
    assert solve_case(halved).objective == near(70)
    idle = apply_steps(case, [ScenarioStep(name="X", action="block lanes", tier="energy")])
    assert idle == case


def test_an_event_closes_lanes_to_a_tier() -> None:
    """In a year of the event the plan is that of the ban."""
    event = {"Event": "Ban", "Action": "block lanes", "Country": "CHN", "Tier": "defence",
             "Yearly probability": 0.1}  # fmt: skip
    case = read_tables(book(Risks=[event])).case
    assert solve_case(apply_events(case, ((0, 2026),))).objective == near(375)


def test_a_tonne_is_worth_what_the_tiers_that_it_may_serve_pay() -> None:
    """Aus (60 a tonne) is 10 too dear for defence (50), Yin of China (4) 3 too dear for other (1).

    This is the gap that `support` names.
    """
    more = [refiner("Aus", "AUS", 30, 60), refiner("Yin", "CHN", 30, 4)]
    sellers = [refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 15, 3), *more]
    plan = solve(book(BAN, sellers=sellers))
    named = [source.name for source in plan.expanded.sources]
    gaps = dict(zip(named, plan.gaps.gap[:, 0], strict=True))
    assert (gaps["Aus"], gaps["Yin"]) == near((10, 3))


def test_an_input_that_is_closed_to_a_tier_still_reaches_plants() -> None:
    """Tiers bind at the last stage: Alloy makes copper from ore oxide of China, closed to defence.

    Copper from Alloy (20 t at 1) needs 1 t of oxide at 1: 40 for defence; other is not needed.
    """
    made = book(BAN | {"Mineral": "oxide"}, sellers=[refiner("Alloy", "DEU", 20, 1)])
    made["Minerals"].append({"Mineral": "oxide", "Price (USD/t)": 1})
    made["Refiners"].append(refiner("Jin", "CHN", 100, 1) | {"Mineral": "oxide"})
    made["Inputs"] = [{"Mineral": "copper", "Input": "oxide", "Tonnes per tonne": 1}]
    made["Demand"] = demand(need={"defence": 20})
    assert solve(made).objective == near(40)


def test_stress_loses_a_country_for_a_tier() -> None:
    """Without the ban Jin serves all. If China no longer sells to defence, 20 t are lost.

    Sur, which may use all of its capacity (surge 1), replaces 15 t, and 5 t are missing.
    """
    case = read_tables(book()).case
    found = stress(case, Rules(1.0), [LossKind.END_USE], where=Here()).capped
    loss = Loss(LossKind.END_USE, "CHN", tier="defence")
    assert loss in found.losses
    effect = found.effects[loss]
    assert effect is not None
    assert effect.tonnes(...) == near(
        {"lost_t": 20, "replaced_t": 15, "stock_t": 0, "short_t": 5, "less_t": 0}
    )
    assert loss.name(case) == "CHN to defence"


def test_explain_names_the_tier_and_the_supplier_that_is_closed_to_it() -> None:
    """5 t of defence are short since China is closed to it; opening that row ends it."""
    plan = solve(book(BAN))
    found = explain(plan, "copper", "A", 2026)
    assert found.cause == (
        "No lane open to defence from Jin (CHN); capacity open to the coalition is used up at Sur."
    )
    assert (found.dearest_tier, found.closed) == ("defence", {"defence": ("Jin (CHN)",)})
    assert found.tier_prices == near({"defence": 50, "other": 1})
    assert found.price is not None
    assert [(t.kind, t.amount) for t in found.price.terms] == [("shortage", near(50))]
    assert (found.price.more, found.price.less) == near((50, 50))
    change = least_change(plan, "copper", "A", 2026)
    assert [(c.place.sheet, c.place.column, c.to) for c in change.changes] == [("Lanes", "Open", 1)]
    made = book(BAN)
    made["Demand"] = demand(need={"defence": 20})  # its only tier: the lane is closed
    change = least_change(solve(made), "copper", "A", 2026)
    assert [(c.place.sheet, c.place.column, c.to) for c in change.changes] == [("Lanes", "Open", 1)]
    served = explain(solve(book(BAN, Stockpiles=reserve())), "copper", "A", 2026).price
    assert served is not None  # Sur serves one more tonne of defence, at its cost
    assert [(t.what, t.amount) for t in served.terms] == [("cost at Sur (CHL)", near(3))]


@pytest.mark.parametrize(("row", "name"), [(0, "defence"), (1, "other")])
def test_the_price_of_a_tier_is_the_slope_of_cost_in_its_demand(row: int, name: str) -> None:
    """One tonne more of a tier costs what the sheet says (50 short, or Jin's 1)."""
    made = book(BAN)
    assert slope(made, "Demand", row, "2026") == near(tier(solve(made), name)["price"])


# ---- laws ----------------------------------------------------------------------------------------

AMOUNT = st.integers(0, 30)


@given(
    sellers=st.lists(st.tuples(AMOUNT, st.integers(1, 60)), min_size=1, max_size=4),
    need=st.dictionaries(st.sampled_from(["", "a", "b", "c"]), AMOUNT, min_size=1, max_size=4),
    closed=st.sets(st.tuples(st.integers(0, 3), st.sampled_from("abc")), max_size=6),
)
@settings(max_examples=25, deadline=None)
def test_tiers_cost_what_members_of_their_own_cost(
    sellers: list[tuple[int, int]], need: dict[str, int], closed: set[tuple[int, str]]
) -> None:
    """A member with tiers costs as much as a member for each tier, with lanes closed to it.

    What is served and missing adds up to demand, and no supplier serves a tier that it may not.
    """
    costs = {"a": 50, "b": 20, "c": 5}
    codes = ["CHN", "CHL", "IND", "AUS"]
    rows = [{"From country": codes[s], "Tier": t, "Open": "no"} for s, t in sorted(closed)]
    sold = [refiner(f"S{i}", codes[i], t, cost) for i, (t, cost) in enumerate(sellers)]
    made = book(*rows, sellers=sold)
    made["Demand"] = demand(need={t: float(x) for t, x in need.items()})
    made["Tiers"] = [{"Tier": t, "Shortage cost multiple": cost} for t, cost in costs.items()]
    plan = solve(made)
    apart = {**made, "Members": [{"Member": f"A {t}", "Country": None} for t in need]}
    apart["Demand"] = [{**row, "Member": f"A {row['Tier'] or ''}"} for row in made["Demand"]]
    apart["Members"] = [{"Member": row["Member"], "Country": None} for row in apart["Demand"]]
    apart["Lanes"] = [{**row, "To member": f"A {row['Tier']}", "Tier": None}
                      for row in rows if row["Tier"] in need]  # fmt: skip
    apart["Settings"] = [*made["Settings"], {"Setting": "Fair shortage weight", "Value": 0}]
    assert plan.objective == near(solve(apart).objective, abs=1e-6)
    for row in plan.tiers.to_dict("records"):
        served = [name.split(" ")[0] for name in row["suppliers"].split(", ") if name]
        assert row["served"] + row["short"] == near(row["demand"], abs=1e-6)
        assert row["from_stock"] == 0
        assert not {(int(name[1:]), row["tier"]) for name in served} & closed


# ---- rows that name a tier -----------------------------------------------------------------------

STEP = {"Scenario": "X", "Action": "block lanes", "Tier": "defence"}


@pytest.mark.parametrize(
    ("sheet", "row", "place", "said"),
    [
        ("Lanes", BAN | {"Freight (USD/t)": 3}, "Freight", "sets only Open"),
        ("Lanes", BAN | {"Tariff": 0.1}, "Tariff", "sets only Open"),
        ("Lanes", BAN | {"Max (t/yr)": 0}, "Max", "sets only Open"),
        ("Lanes", BAN | {"Tier": "defense"}, "Tier", "did you mean 'defence'"),
        ("Lanes", BAN | {"To member": "B"}, "Tier", "no demand of B has the tier 'defence'"),
        ("Scenarios", STEP | {"Tier": "defense"}, "Tier", "did you mean 'defence'"),
        ("Scenarios", STEP | {"Action": "set tariff", "Value": 1}, "Tier", "does not read"),
        ("Scenarios", STEP | {"Member": "B"}, "Tier", "no demand of B has the tier 'defence'"),
    ],
)
def test_rows_that_name_a_tier(sheet: str, row: dict[str, Any], place: str, said: str) -> None:
    """Found at their cells."""
    made = book(**{sheet: [row]})
    made["Members"].append({"Member": "B", "Country": None})
    made["Demand"].append({"Mineral": "copper", "Member": "B", "Tier": None, "2026": 5})
    try:
        found = read_tables(made).warnings
    except InputError as error:
        found = error.findings
    at = [(f.column, f.message) for f in found if f.sheet == sheet and f.row == 2]
    assert any(column == place and said in text for column, text in at), at


# ---- tiers without a cost of their own -----------------------------------------------------------


@pytest.mark.parametrize(
    ("defence", "other"), [(None, None), (10, 10), (None, 10), (10, None), (50, None)]
)
def test_a_blank_multiple_is_the_shortage_cost_of_the_mineral(
    defence: float | None, other: float | None
) -> None:
    """75 t for 100 t: 60 x 1 + 15 x 3 + 25 x 10 = 355, and 5 t of defence are short where none says
    otherwise; at 50 a tonne it is none of them.
    """
    sellers = [refiner("Jin", "CHN", 60, 1), refiner("Sur", "CHL", 15, 3)]
    costs = [("defence", defence), ("other", other)]
    tiers = [{"Tier": name, "Shortage cost multiple": cost} for name, cost in costs]
    plan = solve(book(sellers=sellers, Tiers=tiers))
    assert plan.objective == near(355)
    if defence == other is None:
        assert [tier(plan, name)["short"] for name in _NEED] == near([5, 20])
        assert [tier(plan, name)["cost"] for name in _NEED] == near([10, 10])
    if defence == 50:
        assert tier(plan, "defence")["short"] == 0


def test_a_blank_multiple_with_a_shortage_cost_and_a_ban() -> None:
    """Sur's 15 t are for defence, and 5 t are short at 12: 80 + 45 + 60; Jin serves the others."""
    made = book(BAN, Tiers=[{"Tier": name, "Shortage cost multiple": None} for name in _NEED])
    made["Minerals"][0]["Shortage cost (USD/t)"] = 12
    plan = solve(made)
    assert plan.objective == near(185)
    assert [tier(plan, name)["short"] for name in _NEED] == near([5, 0])
    assert tier(plan, "defence")["price"] == near(12)


def test_tiers_that_cost_the_same_leave_the_program_as_it_was() -> None:
    """The program, and so the plan, is that of the same demand without tiers, to the bit."""
    split = book(Tiers=[{"Tier": name, "Shortage cost multiple": None} for name in _NEED])
    whole = split | {"Tiers": [], "Demand": demand(need={"": 100.0})}
    one_, other = (solve(each).program.rows for each in (split, whole))
    for name in ("cost", "lower", "upper", "columns", "values"):
        assert getattr(one_, name).tolist() == getattr(other, name).tolist()
