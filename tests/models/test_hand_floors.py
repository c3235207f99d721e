"""Price floors by hand: when a plan turns, what is paid at the border, and who pays it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import measures
from models.answers.explain import explain
from models.errors import InputError, Severity, SolverError
from models.plan import Plan
from models.plan import solve as solve_case
from models.program import market
from models.resolve import Expanded
from models.schema import ByYear, PriceFloor, ScenarioStep
from planner.scenarios.actions import apply_steps
from tests.budget import at_length
from tests.models.desk import BookT, changed, cost, make, one, read, refiner, solve, tonnes
from tests.models.mutate import each_row
from tests.models.test_laws import TABLES, draw, no_dearer, rounding

near = pytest.approx
FLOOR = "Floor (USD/t)"


def border(floor: float | None = None, **more: object) -> BookT:
    """Return a book of an outsider at 8 a t and an insider at 11, who has 60 t; demand 100.

    A is in the United States; ``more`` are columns of the floor's row.
    """
    book = make(refiner("Out", "CHN", 1000, 8), refiner("In", "USA", 60, 11))
    book["Members"][0]["Country"] = "USA"
    if floor is not None:
        book["Price floors"] = [{"Mineral": "copper", FLOOR: floor} | more]
    return book


def paid(plan: Plan) -> tuple[float, float, float]:
    """Return what buyers pay, the levies in it, and the cost net of them."""
    return plan.purchases, plan.levies, plan.cash_cost.net


@pytest.mark.parametrize(
    ("floor", "outside", "money"),
    [
        (None, 100, (800, 0, 800)),
        (8, 100, (800, 0, 800)),
        (10, 100, (1000, 200, 800)),
        (10.999, 100, (1099.9, 299.9, 800)),
        (11.001, 40, (660 + 440.04, 120.04, 980)),
        (12, 40, (1140, 160, 980)),
    ],
)
def test_the_plan_turns_where_the_floor_is_what_an_insider_costs(
    floor: float | None, outside: float, money: tuple[float, float, float]
) -> None:
    """Below 11 nothing moves, and the levy lifts all to the floor; above it the insider sells."""
    plan = solve(border(floor))
    assert tonnes(plan, refiner="Out") == near(outside)
    assert paid(plan) == near(money)
    assert plan.objective == near(money[0])
    assert plan.tariffs == 0
    if plan.levies:
        assert cost(plan, "levy") == near(plan.levies)
    else:
        assert "levy" not in [*plan.costs["heading"]]


def test_at_the_turn_the_levy_is_the_shadow_price_of_the_cap_that_does_the_same() -> None:
    """A cap of 40 % on the outsider's country: the insider sells its 60, a tonne of relief saves 3.

    At a floor of 11, which lies 3 above what the outsider's tonnes land at, both cost the same.
    """
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHN", "Share": 0.4}
    capped = solve(border() | {"Share limits": [limit]})
    assert tonnes(capped, refiner="In") == near(60)
    shadow = one(capped.limits)["shadow_price"]
    assert shadow == near(3)
    turn = solve(border(11))
    assert turn.objective == near(1100)
    assert turn.objective == near(capped.objective + 40 * shadow)
    levy = turn.expanded.deliveries.levy
    assert levy.max() == near(shadow)


def test_tariff_and_freight_count_before_the_levy() -> None:
    """8 with a tariff of 10 % and freight 0.7 lands at 9.5: 0.5 are missing of a floor of 10."""
    book = border(10) | {"Lanes": [{"From country": "CHN", "Tariff": 0.1, "Freight (USD/t)": 0.7}]}
    plan = solve(book)
    assert paid(plan) == near((1000, 50, 1000 - 50 - 80))
    assert plan.tariffs == near(80)
    row = one(plan.flows)
    assert (row["levy"], row["landed"]) == (near(0.5), near(10))


def test_a_contract_pays_the_levy_and_what_is_not_taken_does_not() -> None:
    """A contract at 6 for 50 t lands 4 below a floor of 10, spot 2 below it.

    With an insider at 3 and 100 t nothing is taken: 50 x 6 are paid for nothing, without a levy.
    """
    contract = {"Refiner": "Out", "Mineral": "copper", "Member": "A", "Price (USD/t)": 6}
    book = border(10) | {"Contracts": [contract | {"Min (t/yr)": 50, "Max (t/yr)": 50}]}
    assert paid(solve(book)) == near((1000, 50 * 4 + 50 * 2, 700))
    near_by = changed(book, "Refiners", 1, **{"Capacity (t/yr)": 100, "Cost (USD/t)": 3})
    plan = solve(near_by)
    assert plan.levies == 0
    assert cost(plan, "take or pay") == near(300)


@pytest.mark.parametrize(
    ("more", "blocs", "levy"),
    [
        ({}, {}, 2),
        ({"Exempt": "China"}, {}, 0),
        ({"Exempt": "cn; Chile"}, {}, 0),
        ({"Exempt": "East"}, {"CHN": "east"}, 0),
        ({"Exempt": "Chile"}, {}, 2),
        ({"Zone": "coalition"}, {}, 2),
        ({"Zone": "PACT"}, {"USA": "coalition; pact"}, 2),
        ({"Zone": "pact"}, {"USA": "coalition; pact", "CHN": "pact"}, 0),
        ({"Zone": "pact"}, {"CHL": "pact"}, 0),
        ({"Zone": "other"}, {}, 0),
        ({}, {"CHN": "coalition"}, 0),
        ({}, {"USA": "other"}, 0),
        ({"First year": 2027}, {}, 0),
        ({"Last year": 2025}, {}, 0),
    ],
)
def test_who_pays_at_the_border(
    more: dict[str, object], blocs: dict[str, str], levy: float
) -> None:
    """Who is in the zone pays on what comes from outside it and is not exempt."""
    book = border(10, **more) | {"Countries": [{"Country": c, "Bloc": b} for c, b in blocs.items()]}
    for other in ("Chi", "Per"):  # so that every name is a country of the workbook
        book["Refiners"].append(refiner(other, "CHL", 1, 400))
    assert solve_case(read(book)).levies == near(100 * levy)  # names as people write them


def test_a_member_without_a_country_is_in_the_coalition() -> None:
    """It pays as one in the coalition does, and not as one in another zone."""
    book = border(10)
    book["Members"][0]["Country"] = None
    assert solve(book).levies == near(200)
    book["Countries"] = [{"Country": "USA", "Bloc": "pact"}]
    book["Price floors"][0]["Zone"] = "pact"
    assert solve(book).levies == 0


def test_the_rest_of_the_world_is_outside() -> None:
    """What no country is named for pays, too."""
    book = border(10)
    book["Refiners"][0]["Country"] = "ROW"
    assert solve(book).levies == near(200)


def test_where_the_refinery_stands_counts_not_its_owner() -> None:
    """An American owner spares nothing in China, a Chinese one costs nothing in America."""
    book = border(12)
    book["Refiners"][0]["Owner country"] = "USA"
    book["Refiners"][1]["Owner country"] = "CHN"
    assert paid(solve(book)) == near((1140, 160, 980))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_highest_floor_of_several_zones_is_paid(order: tuple[int, int]) -> None:
    """10 in the coalition and 10.5 in a pact within it: the one of the pact, in either order."""
    rows = [{"Mineral": "copper", FLOOR: 10}, {"Mineral": "copper", FLOOR: 10.5, "Zone": "pact"}]
    book = border() | {"Price floors": [rows[i] for i in order]}
    book["Countries"] = [{"Country": "USA", "Bloc": "coalition; pact"}]
    assert paid(solve(book)) == near((1050, 250, 800))
    book["Price floors"][order.index(1)]["Exempt"] = "CHN"
    assert paid(solve(book)) == near((1000, 200, 800))


def test_a_floor_by_year() -> None:
    """10 until 2027, then 12; and one that ends before the other begins is no second one."""
    book = border(10, **{"Floor 2027 (USD/t)": 12})
    book["Demand"][0]["2027"] = 100
    plan = solve(book)
    assert plan.levies == near(200 + 160)
    apart = [{"Mineral": "copper", FLOOR: 10, "Last year": 2026},
             {"Mineral": "copper", FLOOR: 12, "First year": 2027}]  # fmt: skip
    assert solve(book | {"Price floors": apart}).levies == near(360)


def test_the_levy_is_a_part_of_a_price() -> None:
    """A marginal tonne comes from outside: 8, and 2 up to the floor, whose cell is named."""
    found = explain(solve(border(10)), "copper", "A", 2026)
    assert found.price is not None
    assert found.price.amount == near(10)
    (levy,) = (term for term in found.price.terms if term.kind == "levy")
    assert levy.amount == near(2)
    assert levy.what == "levy that raises the price to the floor of 10"
    assert levy.place is not None
    assert (levy.place.sheet, levy.place.row, levy.place.header) == ("Price floors", 2, "Floor")


def test_support_is_no_part_of_what_a_tonne_lands_at() -> None:
    """A tonne that a scenario supports by 3 lands at 8 for the border, and the buyer pays 7."""
    step = ScenarioStep(name="s", action="set support", refiner="Out", value=3)
    plan = solve_case(apply_steps(read(border(10)), [step]))
    assert paid(plan)[:2] == near((700, 200))


# ---- the action ----------------------------------------------------------------------------------


def stepped(book: BookT, value: float, **more: Any) -> Plan:
    """Return the plan of a book with price floors set."""
    return solve_case(apply_steps(read(book), [ScenarioStep(
        name="s", action="set price floor", value=value, **more
    )]))  # fmt: skip


def test_set_price_floor() -> None:
    """It sets those that there are, and one of the coalition in years that have none."""
    assert paid(stepped(border(), 10)) == near((1000, 200, 800))
    assert paid(stepped(border(10), 12)) == near((1140, 160, 980))
    assert paid(stepped(border(10), 0)) == near((800, 0, 800))
    assert paid(stepped(border(10, Exempt="CHN"), 12)) == near((800, 0, 800))
    assert paid(stepped(border(), 10, mineral="copper")) == near((1000, 200, 800))
    assert stepped(border(), 0).case.price_floors == ()
    book = border(10, **{"First year": 2027})
    book["Demand"][0] |= {"2027": 100, "2028": 100}
    assert stepped(book, 9).levies == near(300)
    assert stepped(book, 9, first_year=2026, last_year=2026).levies == near(100 + 200 + 200)
    rows = stepped(book, 9, last_year=2027).case.price_floors
    assert {(r.first_year, r.last_year) for r in rows} == {(2026, 2026), (2027, None)}


# ---- what is wrong with a floor ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "cell", "words"),
    [
        ([{"Zone": "coaliton"}], "Price floors!C2", "did you mean 'coalition'?"),
        ([{"Exempt": "Chiina"}], "Price floors!C2", "did you mean 'China'?"),
        ([{"Exempt": "Chile, Peru"}], "Price floors!C2", "separate names with ;"),
        ([{"Mineral": "coper"}], "Price floors!A2", "did you mean 'copper'?"),
        ([{}, {}], "Price floors!A3", "row 2 already sets a floor"),
        ([{"Zone": "coalition"}, {"Zone": None}], "Price floors!A3", "row 2 already sets a floor"),
        (
            [{"Last year": 2027}, {"First year": 2027}],
            "Price floors!A3",
            "row 2 already sets a floor",
        ),
        ([{FLOOR: None}], "Price floors!B2", "must be filled"),
        ([{"First year": 2028, "Last year": 2027}], "Price floors!D2", "before the first year"),
    ],
)
def test_errors_at_their_cells(rows: list[dict[str, object]], cell: str, words: str) -> None:
    """Each names the cell, and the closest name where there is one."""
    heads = dict.fromkeys(key for row in rows for key in row)
    made = [{"Mineral": "copper", FLOOR: 10} | dict.fromkeys(heads) | row for row in rows]
    with pytest.raises(InputError) as error:
        read(border() | {"Price floors": made})
    (finding,) = (f for f in error.value.findings if f.severity is Severity.ERROR)
    places = {"Mineral": "A", "Floor": "B", **dict.fromkeys(("Zone", "Exempt"), "C")}
    places["Last year"] = "D" if "First year" in heads else "C"
    assert f"{finding.sheet}!{places[finding.column]}{finding.row}" == cell
    assert words in f"{finding.found} {finding.hint}"


# ---- laws ----------------------------------------------------------------------------------------

SEEDS = range(at_length(5, 40))


def walled(seed: int) -> BookT:
    """Return a random book with a floor on each mineral, near what its tonnes land at."""
    book, rng = draw(seed), np.random.default_rng([15, seed])
    zones, rows = ["coalition", None, "other"], list[dict[str, object]]()
    for mineral in book["Minerals"]:
        name, worth = mineral["Mineral"], float(mineral["Price (USD/t)"])
        for zone in rng.choice(len(zones), size=int(rng.integers(1, 3)), replace=False):
            if {zones[zone], *(r["Zone"] for r in rows if r["Mineral"] == name)} != {
                "coalition", None
            }:  # fmt: skip
                rows.append({"Mineral": name, "Zone": zones[zone],
                             FLOOR: worth * float(rng.uniform(0.2, 1.6))})  # fmt: skip
    return book | {"Price floors": rows}


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_levies_add_up_and_net_cost_is_never_below_the_plan_without_a_floor(seed: int) -> None:
    """Each flow pays what it lacks; by heading, by flow and in all it is one sum."""
    book = walled(seed)
    plan, free = solve(book), solve(book | {"Price floors": []})
    d = plan.expanded.deliveries
    landed = d.cost * (1 + d.tariff) + d.freight
    assert (d.levy >= 0).all()
    floors = {(row["Mineral"], row[FLOOR]) for row in book["Price floors"]}
    for i in np.flatnonzero(d.levy).tolist():  # what pays a levy lands at a floor of its mineral
        name = plan.expanded.minerals[d.mineral[i]]
        assert any(landed[i] + d.levy[i] == near(floor) for m, floor in floors if m == name)
    levies = float((plan.delivered * d.levy).sum())
    assert plan.levies == near(levies)
    if d.levy.any():
        assert cost(plan, "levy") == near(levies, abs=rounding(plan))
        listed = (plan.flows["levy"] * plan.flows["tonnes"]).sum()
        assert listed == near(levies, abs=1e-6 * d.levy.max())
    assert plan.cash_cost.net == near(plan.cash - plan.tariffs - levies, abs=rounding(plan))
    assert no_dearer(free, plan)
    # what the plan costs without its levies, discounted, is what some plan without floors costs
    worth = (plan.delivered * d.levy * plan.expanded.discounts[d.year]).sum()
    assert free.objective <= (plan.objective - worth) * (1 + 1e-7) + rounding(plan)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_a_floor_that_no_flow_meets_changes_nothing(seed: int) -> None:
    """One below all that is landed, and one on nobody: the same plan to the cell."""
    book = draw(seed)
    free = solve(book)
    least = float(free.expanded.deliveries.landed.min(initial=1e8))
    names = [row["Mineral"] for row in book["Minerals"]]
    low = [{"Mineral": name, FLOOR: 0.999 * least} for name in names]
    countries = {row["Country"] for row in (*book["Refiners"], *book.get("Projects", []))}
    exempt = [{"Mineral": name, FLOOR: 1e6, "Exempt": "; ".join(sorted(countries))}
              for name in names]  # fmt: skip
    for rows in (low, exempt):
        plan = solve(book | {"Price floors": rows})
        assert plan.objective == free.objective
        for table in TABLES:
            pd.testing.assert_frame_equal(
                getattr(plan, table), getattr(free, table), check_exact=True
            )


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    """Floors of several zones in reverse: the same to the bit."""
    book = walled(seed)
    turned = solve(book | {"Price floors": book["Price floors"][::-1]})
    plan = solve(book)
    assert plan.objective == turned.objective
    pd.testing.assert_frame_equal(plan.flows, turned.flows, check_exact=True)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_a_levy_is_a_tariff_typed_by_hand(seed: int) -> None:
    """The floors' levies as support that is negative: the freight of each lane so much more."""
    case = read(walled(seed))
    free = case.change(price_floors=())
    e, walled_case = Expanded(free), Expanded(case)
    levy = np.zeros((len(e.sources), len(e.members), len(e.years)))
    d = walled_case.deliveries
    spot = d.contract < 0
    levy[d.source[spot], d.member[spot], d.year[spot]] = d.levy[spot]
    if not spot.all():
        return  # a contract has a price, and so a levy, of its own
    for mineral, lanes in e.lanes.items():
        lanes.freight[:] += levy[[*e.of_mineral[mineral]]]
    from models.plan.block_solver import BlockSolver

    solver = BlockSolver(e)
    plan = Plan(free, solver.solve_all(), e, solver.program)
    assert plan.objective == near(solve_case(case).objective, rel=1e-9)


def test_the_certificate_tells_a_levy_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the model, and of the arrays: neither is the case's program then."""
    true_cost = market.LEVY
    from models.program.frame import Frame

    post = Frame.add_cost

    def without(self: Frame, heading: Any, *rest: Any) -> None:
        if heading is not true_cost:
            post(self, heading, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Frame, "add_cost", without)
        with pytest.raises(SolverError):
            solve(border(12))
    flows = market.add_flows

    def unlevied(b: Any) -> None:
        d = b.expanded.deliveries
        free = dataclasses.replace(d, levy=np.zeros(len(d)))
        b.expanded.__dict__["deliveries"] = free
        flows(b)
        b.expanded.__dict__["deliveries"] = d

    monkeypatch.setattr(market, "add_flows", unlevied)
    with pytest.raises(SolverError):
        solve(border(12))


def test_a_book_without_the_sheet_has_no_floor() -> None:
    """And one with an empty sheet."""
    for book in (border(), border() | {"Price floors": []}):
        plan = solve(book)
        assert plan.case.price_floors == ()
        assert not plan.expanded.deliveries.levy.any()
    assert measures.net_cost(10, 4) == 6
    assert PriceFloor(mineral="x", floor=ByYear(1)).zone == "coalition"


def test_each_row_of_a_floor_is_kept() -> None:
    """Notes and sources travel with it."""
    book = each_row(border(10), "Price floors", lambda _: {"Note": "law", "Source": "gazette"})
    (row,) = read(book).price_floors
    assert (row.note, row.source) == ("law", "gazette")
