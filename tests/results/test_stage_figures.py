"""What is read off a plan in which minerals are made from one another: by hand, and as laws."""

from __future__ import annotations

from typing import Any

import pytest

from models.checks import check_rules
from models.plan import Plan
from models.plan import solve as solve_case
from models.resolve import stock_room
from models.results import Changes, Levies, Members, PlantInputs
from models.schema import ScenarioStep
from planner.scenarios import ACTIONS
from planner.sheets.context import Context
from planner.sheets.figures import by_year_table, figures
from planner.workbook import read_tables
from tests.budget import at_length
from tests.models.desk import BookT, Row, cost, read, solve
from tests.models.stages import (
    ALLY,
    CHINA,
    cap,
    made,
    oxide_and_alloy,
    plant,
    random_stages,
    stages,
)

near = pytest.approx
SEEDS = range(at_length(3, 8))


def two_members(**sheets: Any) -> BookT:
    """Return a book in which A needs 15 t of alloy and B 5 t; an ally sells the oxide, at 3."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Lyn", "oxide", ALLY, 3), plant("Mag", "alloy", ALLY, 1)],
        [made("alloy", "oxide", 2)],
        {"alloy": 15},
        members={"A": None, "B": "DEU"},
        **sheets,
    )
    book["Demand"].append({"Mineral": "alloy", "Member": "B", "2026": 5})
    return book


def supported(book: BookT, name: str, value: float) -> Plan:
    """Return the plan of a book with a payment for each tonne of a plant."""
    step = ScenarioStep(name="S", action="set support", refiner=name, value=value)
    return solve_case(ACTIONS[step.action](read(book), step))


# ---- support -------------------------------------------------------------------------------------


def test_support_is_paid_on_tonnes_sold_to_plants() -> None:
    """40 t of oxide at 2 each: by the demand for the alloy, A pays 60 and B 20."""
    plan = supported(two_members(), "Lyn", 2)
    assert plan.support_paid == near({"A": 60, "B": 20})
    members = Members.from_plan(plan, None)
    assert sum(members.paid) + sum(members.support) == near(plan.cash)
    assert list(PlantInputs.from_plan(plan).support) == near([2])


def test_support_of_an_input_that_members_need_too() -> None:
    """B needs 10 t of oxide beside what its 5 t of alloy take: 20 of 50 t are for it."""
    book = two_members()
    book["Demand"].append({"Mineral": "oxide", "Member": "B", "2026": 10})
    assert supported(book, "Lyn", 2).support_paid == near({"A": 60, "B": 40})


def test_support_is_paid_by_whom_supports_names() -> None:
    row = {"Plant": "Lyn", "Mineral": "oxide", "Strike price (USD/t)": 60, "Payer": "B"}
    assert supported(two_members(Supports=[row]), "Lyn", 2).support_paid == near({"B": 80})


def test_support_of_the_first_of_three_stages() -> None:
    """A tonne of alloy takes 2 t of oxide, and they take 6 t of ore: 120 t at 1."""
    book = two_members()
    book["Minerals"].append({"Mineral": "ore", "Price (USD/t)": 20})
    book["Refiners"].append(plant("Pit", "ore", "CHL", 1.5))
    book["Inputs"].append(made("oxide", "ore", 3))
    assert supported(book, "Pit", 1).support_paid == near({"A": 90, "B": 30})


def test_without_support_nobody_pays() -> None:
    plan = solve(two_members())
    assert plan.support_paid == {}
    assert "support" not in plan.inputs


@pytest.mark.parametrize("seed", SEEDS)
def test_members_pay_all_support(seed: int) -> None:
    """What they pay is what buyers are spared: the cost heading support."""
    book = random_stages(seed)
    for name in {row["Refiner"] for row in book["Refiners"]}:
        plan = supported(book, name, 1.5)
        assert sum(plan.support_paid.values()) == near(-cost(plan, "support"), rel=1e-9, abs=1e-9)


# ---- levies --------------------------------------------------------------------------------------


def levied(**more: Any) -> BookT:
    """Return a book in which a plant of A's country, named like the member B, pays 2 x 20 t."""
    book = two_members(Price_floors=[{"Mineral": "oxide", "Floor (USD/t)": 5}], **more)
    book["Members"][0]["Country"] = ALLY
    book["Refiners"][0]["Country"] = CHINA
    book["Refiners"][1]["Refiner"] = "B"
    book["Inputs"][0]["Tonnes per tonne"] = 1
    return book


def test_a_plant_is_not_taken_for_a_member() -> None:
    """A plant pays 40; member B, of the same name, pays 8 for 4 t of oxide that it needs itself."""
    book = levied()
    book["Demand"].append({"Mineral": "oxide", "Member": "B", "2026": 4})
    plan = solve(book)
    table = Levies.from_plan(plan)
    rows = {
        (m, p): money for m, p, money in zip(table.member, table.plant, table.levies, strict=True)
    }
    assert rows == near({("", "B"): 40, ("B", ""): 8})
    members = Members.from_plan(plan, None)
    assert dict(zip(members.member, members.levies, strict=True)) == near({"A": 40, "B": 8})


def test_members_of_one_country_share_what_its_plants_pay() -> None:
    book = levied()
    book["Members"][1]["Country"] = ALLY
    assert list(Members.from_plan(solve(book), None).levies) == near([20, 20])


ZONE = [{"Country": "CHL", "Bloc": "zone"}, {"Country": "PER", "Bloc": "zone"}]


@pytest.mark.parametrize(
    ("where", "more", "paid", "received"),
    [
        pytest.param(ALLY, {}, 40, 40, id="in a member's country"),
        pytest.param("CHL", {}, 0, 0, id="outside the zone"),
        pytest.param("CHL", {"Zone": "zone"}, 40, 0, id="in a zone without members"),
        pytest.param("PER", {"Zone": "zone"}, 40, 0, id="in another country of the zone"),
        pytest.param("CHL", {"Zone": "zone", "Exempt": "CHN"}, 0, 0, id="its supplier is exempt"),
        pytest.param("CHL", {"Zone": "zone", "Floor (USD/t)": 4}, 20, 0, id="at a lower floor"),
    ],
)
def test_a_plant_abroad_pays_the_levy_and_no_member_receives_it(
    where: str, more: Row, paid: float, received: float
) -> None:
    """20 t at 2 a tonne have a row in Levies, whoever's treasury receives them."""
    book = levied(Countries=ZONE)
    book["Refiners"][1]["Country"] = where
    book["Price floors"][0] |= more
    plan = solve(book)
    table = Levies.from_plan(plan)
    assert (sum(table.levies), plan.levies) == near((paid, received))
    assert (Members.levies in Members.from_plan(plan, None).fields) == bool(received)


def test_levies_of_members_alone_need_no_column_of_plants() -> None:
    book = levied()
    book["Price floors"][0]["Mineral"] = "alloy"
    book["Refiners"][1]["Country"] = CHINA
    assert Levies.plant not in Levies.from_plan(solve(book)).fields


@pytest.mark.parametrize("seed", SEEDS)
def test_levies_add_up(seed: int) -> None:
    """By payer and by treasury they are what the plan says in all."""
    book = random_stages(seed)
    book["Price floors"] = [
        {"Mineral": row["Mineral"], "Floor (USD/t)": 8} for row in book["Minerals"]
    ]
    plan = solve(book)
    assert sum(Levies.from_plan(plan).levies) == near(plan.levies)
    members = Members.from_plan(plan, None)
    if plan.levies > 0:
        assert sum(members.levies) * len(plan.case.years) == near(plan.levies)


# ---- landed cost by year -------------------------------------------------------------------------


def test_landed_cost_by_year_counts_inputs() -> None:
    """47 for 20 t of alloy under a cap of 65 % on oxide."""
    book = read_tables(oxide_and_alloy(cap(0.65, "oxide")))
    plan = solve_case(book.case)
    table = by_year_table(Context(plan, book))
    assert table is not None
    at = [i for i, name in enumerate(table.measure) if name == "Average landed cost"]
    cells = {table.mineral[i]: table.data["of_0"][i] for i in at}
    assert cells["alloy"] == near(47 / 20)


@pytest.mark.parametrize("seed", SEEDS)
def test_landed_cost_by_year_is_that_of_all_members(seed: int) -> None:
    """Times tonnes it adds up to what is paid in all."""
    book = read_tables(random_stages(seed))
    plan = solve_case(book.case)
    table = by_year_table(Context(plan, book))
    assert table is not None
    years, paid, cells = range(len(plan.case.years)), 0.0, {}
    for i, (name, mineral) in enumerate(zip(table.measure, table.mineral, strict=True)):
        cells |= {(name, mineral, t): table.data[f"of_{t}"][i] for t in years}
    for (name, mineral, t), landed in cells.items():
        if name == "Average landed cost" and landed is not None:
            paid += landed * cells["Purchases", mineral, t]
    assert paid == near(plan.purchases, rel=1e-6, abs=1e-3)


# ---- what a loss leaves --------------------------------------------------------------------------


def test_tonnes_handed_over_are_drawn_from_stock() -> None:
    """Of 9 t in stock 4 go to a plant. Without the 5 t from China, the 9 t are left of 10 + 4.

    Through all stages 9/14 are left of each tonne that it uses or passes on, not 9 t of 10.
    """
    pile = {"Mineral": "oxide", "Member": "A", "Max (t)": 9, "Opening (t)": 9, "Target (t)": 0}
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 3, 5), plant("Mag", "alloy", ALLY, 1)],
        [made("alloy", "oxide")],
        {"alloy": 4, "oxide": 10},
        members={"A": ALLY},
        Input_lanes=[{"Input": "oxide", "Open": "no"}],
        Stockpiles=[pile],
    )
    tables = read_tables(book)
    plan = solve_case(tables.case)
    row = next(row for row in figures(Context(plan, tables)) if row["mineral"] == "oxide")
    last, through = plan.served_if_lost(2026)["oxide"][CHINA]
    assert (row["served_without"], last, through) == near((9 / 14, 9 / 14, 9 / 14))


@pytest.mark.parametrize(("bought", "left"), [(0, 7 / 20), (4, 11 / 20), (10, 17 / 20)])
def test_what_members_miss_takes_nothing_from_plants(bought: float, left: float) -> None:
    """A needs 10 t of oxide and buys less; its plant gets 7 t from an ally and 3 t from China."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 9, 3), plant("Lyn", "oxide", ALLY, 3, 7 + bought),
         plant("Mag", "alloy", ALLY, 1)],
        [made("alloy", "oxide")],
        {"alloy": 10, "oxide": 10},
        members={"A": ALLY},
        Lanes=[{"Mineral": "oxide", "From country": CHINA, "Open": "no"},
               {"Mineral": "oxide", "Max (t/yr)": bought}],
    )  # fmt: skip
    tables = read_tables(book)
    row = next(r for r in figures(Context(solve_case(tables.case), tables))
               if r["mineral"] == "oxide")  # fmt: skip
    assert row["short"] == near(10 - bought)
    assert row["served_without"] == near(left)


@pytest.mark.parametrize(
    ("oxide", "alloy", "stock", "named"),
    [
        ({"cost": 1}, {}, 0, CHINA),
        ({"cost": 5}, {}, 0, None),
        ({"cost": 1, "Last_year": 2026}, {}, 0, None),
        ({"cost": 1}, {"capacity": 0}, 0, None),
        ({"cost": 1}, {}, 20, None),
        ({"cost": 1}, {"capacity": 4}, 6, CHINA),
    ],
    ids=["cheaper", "dearer", "earlier", "not made", "from stock", "some of stock"],
)
def test_a_country_is_named_only_if_its_loss_takes_any(oxide, alloy, stock, named) -> None:
    """Bao of China and Lyn at home sell oxide; Mag at home makes the alloy, of which A needs 10."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, **oxide), plant("Lyn", "oxide", ALLY, 3),
         plant("Mag", "alloy", ALLY, 1, **alloy)],
        [made("alloy", "oxide")],
        {"alloy": 10},
        years=(2026, 2027),
        members={"A": ALLY},
        Stockpiles=[{"Mineral": "alloy", "Member": "A", "Max (t)": stock, "Opening (t)": stock,
                     "Target (t)": 0}],
    )  # fmt: skip
    tables = read_tables(book)
    rows = {r["mineral"]: r for r in figures(Context(solve_case(tables.case), tables))}
    assert rows["alloy"]["stage_country"] == named


@pytest.mark.parametrize("seed", range(at_length(7, 20)))
def test_a_loss_leaves_the_same_on_all_sheets(seed: int) -> None:
    """By mineral says of the largest supplier what ``served_if_lost`` says at the last stage."""
    tables = read_tables(random_stages(seed))
    plan = solve_case(tables.case)
    lost = plan.served_if_lost(plan.case.years[-1])
    for row in figures(Context(plan, tables)):
        if row["supplier"] is not None and row["need"] > 0:
            last, _ = lost[row["mineral"]][row["supplier"]]
            assert row["served_without"] == near(last, abs=1e-9)


# ---- what is bought today ------------------------------------------------------------------------


def today(*rows: Row) -> dict[str, Any]:
    """Return the row of oxide in By mineral, with rows of Current supply; A needs 40 t of it."""
    book = oxide_and_alloy()
    book["Demand"].append({"Mineral": "oxide", "Member": "A", "2026": 40})
    book["Current supply"] = [{"Mineral": "oxide"} | row for row in rows]
    tables = read_tables(book)
    shown = figures(Context(solve_case(tables.case), tables))
    return next(row for row in shown if row["mineral"] == "oxide")


def bought(refiner: str, tonnes: float, **buyer: str) -> Row:
    """Return a row of Current supply without its mineral."""
    return {"Refiner": refiner, "Tonnes (t/yr)": tonnes} | buyer


def test_what_plants_buy_today_counts_as_members_purchases_do() -> None:
    """A buys 10 t in China and 30 t of an ally; a plant buys 60 t in China: 70 of 100 t."""
    row = today(
        bought("Bao", 10, Member="A"),
        bought("Lyn", 30, Member="A"),
        bought("Bao", 60, Plant="Zhong"),
    )
    assert (row["supplier_today"], row["supplier_today_share"]) == (CHINA, near(0.7))


def test_where_plants_alone_buy_today_they_depend_on_a_supplier() -> None:
    row = today(bought("Bao", 60, Plant="Zhong"), bought("Lyn", 20, Plant="Zhong"))
    assert (row["supplier_today"], row["supplier_today_share"]) == (CHINA, near(0.75))


def test_changes_are_of_what_members_buy() -> None:
    """Where plants alone buy today there is no sheet of changes."""
    book = oxide_and_alloy()
    rows = [bought("Bao", 60, Plant="Zhong"), bought("Bao", 5, Member="A")]
    book["Current supply"] = [{"Mineral": "oxide"} | rows[0]]
    plan = solve(book)
    assert not Changes.is_shown(plan, plan.case)
    book["Current supply"].append({"Mineral": "oxide"} | rows[1])
    plan = solve(book)
    assert Changes.is_shown(plan, plan.case)
    assert list(Changes.from_plan(plan).today) == near([5])


# ---- rows of 0 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_0_change_no_bound_and_no_warning(seed: int) -> None:
    """A book that says that nothing is needed is checked, and its stocks bounded, as without."""
    book = random_stages(seed)
    plain = {name: rows for name, rows in book.items() if name not in {"Inputs", "Input lanes"}}
    for row in plain["Refiners"][:2]:
        row["Cost (USD/t)"] = 5000  # dearer than a shortage
    rows = [row | {"Tonnes per tonne": 0} for row in book.get("Inputs", [])]
    one, two = read(plain), read(plain | ({"Inputs": rows} if rows else {}))
    assert [*map(str, check_rules(one))] == [*map(str, check_rules(two))]
    for pile in one.stockpiles:
        assert stock_room(one, pile) == stock_room(two, pile)
