"""Stages by hand: one mineral made from another, through plants that buy it."""

from __future__ import annotations

import numpy as np
import pytest

from models.plan.stages import lost_fractions
from tests.models.desk import changed, cost, one, price, short, solve, tonnes
from tests.models.stages import ALLY, CHINA, cap, made, oxide_and_alloy, plant, separation, stages

near = pytest.approx


def test_joint_lines() -> None:
    """Form a: 43.396 t and 2.264 t of concentrate, 54.717 in all; prices 3.774 and 84.906.

    0.22 x + 0.20 y = 10 and 0.002 x + 0.05 y = 0.2.
    """
    plan = solve(separation())
    assert plan.objective == near(54.717, abs=5e-4)
    flows = plan.inputs
    assert float(one(flows, mineral="ore West")["tonnes"]) == near(43.396, abs=5e-4)
    assert float(one(flows, mineral="ore East")["tonnes"]) == near(2.264, abs=5e-4)
    assert price(plan, mineral="NdPr") == near(3.774, abs=5e-4)
    assert price(plan, mineral="DyTb") == near(84.906, abs=5e-4)
    assert float(one(flows, mineral="ore West")["worth"]) == near(1)
    assert float(one(flows, mineral="ore East")["worth"]) == near(5)


def test_a_cap_on_one_stage() -> None:
    """Form b: a cap of 65 % on oxide is kept with 13 and 7 t; all alloy is China's; cost 47."""
    plan = solve(oxide_and_alloy(cap(0.65, "oxide")))
    assert plan.objective == near(47)
    assert tonnes(plan, refiner="Zhong") == near(20)
    assert dict(plan.inputs.groupby("refiner")["tonnes"].sum().items()) == near(
        {"Bao": 13, "Lyn": 7}
    )
    assert plan.max_country_share == near({"alloy": 1.0, "oxide": 0.65})


def test_a_cap_on_both_stages() -> None:
    """Form b: 13 t of alloy come from China, 5 from the ally, 2 are short; cost 46 without them.

    The base of oxide counts what the missing 2 t would have taken: 13 of 18 t may be China's.
    """
    plan = solve(oxide_and_alloy(cap(0.65)))
    assert plan.objective - 2 * 1000 == near(46)
    assert (tonnes(plan, refiner="Zhong"), tonnes(plan, refiner="Arafura")) == near((13, 5))
    assert short(plan, mineral="alloy") == near(2)
    assert plan.inputs.groupby("refiner")["tonnes"].sum().to_dict() == near({"Bao": 13, "Lyn": 5})
    assert plan.max_country_share == near({"alloy": 0.65, "oxide": 0.65})
    assert float(one(plan.limits, mineral="oxide")["base"]) == near(20)


@pytest.mark.parametrize("extra", [[], [cap(0.65, "alloy")]])
def test_a_free_stage_more(extra: list) -> None:
    """Form c: an oxide in between at no cost changes no digit of the cost."""
    straight = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1.37, 13), plant("Lyn", "oxide", ALLY, 2.11, 9),
         plant("Z", "alloy", CHINA, 1.3, 12), plant("B", "alloy", ALLY, 2.7, 11)],
        [made("alloy", "oxide", 1.25)],
        {"alloy": 20},
        Share_limits=extra,
    )  # fmt: skip
    longer = stages(
        {"oxide": 50, "alloy": 100, "powder": 70},
        [*straight["Refiners"], plant("P", "powder", CHINA, 0, 1e9)],
        [made("alloy", "powder", 1.25), made("powder", "oxide")],
        {"alloy": 20},
        Share_limits=extra,
    )
    assert solve(longer).objective == near(solve(straight).objective, rel=1e-15)


def test_one_country_makes_the_input() -> None:
    """Form d: a cap of 65 % on the input serves 6.5 of 10, as a cap on demand would."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Z", "alloy", ALLY, 1)],
        [made("alloy", "oxide")],
        {"alloy": 10},
        Share_limits=[cap(0.65, "oxide")],
    )
    plan = solve(book)
    assert tonnes(plan) == near(6.5)
    assert short(plan, mineral="alloy") == near(3.5)


def test_tonnes_in_are_tonnes_out_times_ratio() -> None:
    """1.25 t of oxide a tonne, with tariff and freight on the way: 20 x 1 + 25 x (2 x 1.1 + 3)."""
    lane = {"Input": "oxide", "From country": CHINA, "Tariff": 0.1, "Freight (USD/t)": 3}
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 2), plant("Z", "alloy", ALLY, 1)],
        [made("alloy", "oxide", 1.25)],
        {"alloy": 20},
        Input_lanes=[lane],
    )
    plan = solve(book)
    assert plan.objective == near(20 * 1 + 25 * (2 * 1.1 + 3))
    assert (cost(plan, "purchase"), cost(plan, "tariff"), cost(plan, "freight")) == near(
        (70, 5, 75)
    )
    assert plan.purchases == near(plan.objective)
    assert plan.tonnes == near(20)
    assert plan.inputs_tonnes == near(25)


def test_a_member_hands_over_what_it_holds() -> None:
    """Stock of oxide goes into the plant in the member's country: 8 t of 10 are bought."""
    pile = {"Mineral": "oxide", "Member": "A", "Max (t)": 5, "Opening (t)": 2, "Target (t)": 0}
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 3), plant("Z", "alloy", ALLY, 1)],
        [made("alloy", "oxide")],
        {"alloy": 10},
        members={"A": ALLY},
        Stockpiles=[pile],
    )
    plan = solve(book)
    assert plan.objective == near(10 + 8 * 3)
    assert plan.transferred.sum() == near(2) or plan.transferred.sum() >= 2 - 1e-9


def test_a_refiner_replaces_the_row_of_all() -> None:
    """A refiner's own row counts for it alone; 0 says that it needs none of the input."""
    rows = [made("alloy", "oxide", 2), made("alloy", "oxide", 0, Refiner="Z")]
    book = stages(
        {"oxide": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 1),
            plant("Z", "alloy", ALLY, 1, 4),
            plant("Y", "alloy", ALLY, 1),
        ],
        rows,
        {"alloy": 10},
    )
    plan = solve(book)
    assert plan.objective == near(10 + 6 * 2)


def test_recycled_plants_need_inputs_only_where_named() -> None:
    """Of a row that names nobody, a recycler needs nothing."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Z", "alloy", ALLY, 1, Kind="recycled")],
        [made("alloy", "oxide", 2)],
        {"alloy": 10},
    )
    assert solve(book).objective == near(10)


def test_what_a_joint_line_takes_beyond_its_need_is_told() -> None:
    """Ore that a line wastes makes room for China's under a cap of half: 10 of 20 t, 9 unused."""
    book = stages(
        {"ore": 50, "X": 100, "Y": 100},
        [
            plant("Bao", "ore", CHINA, 1), plant("Lyn", "ore", ALLY, 1),
            plant("Ling", "X", CHINA, 0), plant("Lang", "Y", ALLY, 0),
        ],
        [made(product, "ore", 1, Refiner=name, Joint="yes")
         for product, name in (("X", "Ling"), ("Y", "Lang"))],
        {"X": 10, "Y": 1},
        Input_lanes=[
            {"From country": CHINA, "To country": ALLY, "Open": "no"},
            {"From country": ALLY, "To country": CHINA, "Open": "no"},
        ],
        Share_limits=[cap(0.5, "ore")],
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(20)
    assert float(one(plan.inputs, refiner="Lyn")["unused"]) == near(9)
    (found,) = plan.findings
    assert (found.sheet, found.column) == ("Inputs", "Joint")
    assert "Lang takes 9 t of ore more than its largest need" in found.found


@pytest.mark.parametrize(("grown", "short_t"), [(0.1, 1.2), (0.5, 0.0)])
def test_growth_counts_what_plants_buy_today(grown: float, short_t: float) -> None:
    """5 t to a plant and 3 t to a member today: at 10 % growth 8.8 of the 10 t that are needed."""
    today = [
        {"Refiner": "Bao", "Mineral": "oxide", "Member": None, "Plant": "Z", "Tonnes (t/yr)": 5},
        {"Refiner": "Bao", "Mineral": "oxide", "Member": "A", "Plant": None, "Tonnes (t/yr)": 3},
    ]
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1, **{"Max growth": grown}), plant("Z", "alloy", ALLY, 1)],
        [made("alloy", "oxide")],
        {"alloy": 7, "oxide": 3},
        settings={"Switching cost (USD/t)": 1},
        Current_supply=today,
    )
    plan = solve(book)
    assert plan.shortage == near(short_t, abs=1e-6)
    assert len(plan.changes) == 1  # a plant is no member


def test_lanes_of_inputs_select_by_supplier_and_year() -> None:
    """A later row overrides, cell by cell: China's lane is dear from 2027 on, but not Bao's."""
    lanes = [
        {"From country": CHINA, "Freight (USD/t)": 9, "First year": 2027},
        {"Refiner": "Bao", "Tariff": 0.5, "Freight (USD/t)": 0},
    ]
    book = stages(
        {"oxide": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 2, 6),
            plant("Jin", "oxide", CHINA, 1),
            plant("Z", "alloy", ALLY, 0),
        ],
        [made("alloy", "oxide")],
        {"alloy": [10, 10]},
        years=(2026, 2027),
        Input_lanes=lanes,
    )
    plan = solve(book)
    assert plan.objective == near(10 * 1 + 6 * 3 + 4 * 10)


def test_bills_charge_inputs_to_the_buyers_of_the_product() -> None:
    """A buys 10 t of alloy, B 5 t of oxide: as bought A pays 20 and B 5; nobody would leave."""
    from models.answers.cost_sharing import AS_BOUGHT, DUAL_PRICES, sharing_of

    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1, 60), plant("Z", "alloy", ALLY, 1, 60)],
        [made("alloy", "oxide")],
        {"alloy": 10},
        members={"A": ALLY, "B": "DEU"},
    )
    book["Demand"].append({"Mineral": "oxide", "Member": "B", "2026": 5})
    sharing = sharing_of(solve(book))
    assert sharing.bills[AS_BOUGHT].tolist() == near([20, 5])
    assert sharing.bills[DUAL_PRICES].sum() == near(25)
    assert sharing.tempted[DUAL_PRICES].gain == near(0, abs=1e-6)


def test_a_member_that_is_not_there_hands_nothing_over() -> None:
    """B's lane is free where the plant's is dear; without B, A pays 10 x (1 + 1 + 9)."""
    from models.answers.cost_sharing import sharing_of

    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1, 90), plant("Z", "alloy", ALLY, 1, 90)],
        [made("alloy", "oxide")],
        {"alloy": 10},
        members={"A": "DEU", "B": ALLY},
        Input_lanes=[{"Freight (USD/t)": 9}],
        Stockpiles=[{"Mineral": "oxide", "Member": "B", "Max (t)": 0}],
    )
    plan = solve(book)
    assert plan.objective == near(20)
    assert sharing_of(plan).alone[0] == near(110)


def test_an_exit_counts_what_plants_take() -> None:
    """Of 10 t of oxide the ally makes 7: 3 stay with China, of a base that plants make."""
    from models.answers.exit import exit_from

    book = oxide_and_alloy()
    book["Refiners"][-1]["Capacity (t/yr)"] = 100
    book["Demand"][0]["2026"] = 10
    found = exit_from(solve(book), CHINA)
    assert found.alone["oxide"] == near(3, abs=1e-5)
    assert found.path.max_country_share["oxide"] == near(0.7, abs=1e-5)  # of the ally


def test_ranges_move_a_chain_together() -> None:
    """For 10 % more than 20 USD two of 10 t of alloy, or of oxide, could come from the ally."""
    from models.answers.ranges import ranges

    book = oxide_and_alloy()
    book["Refiners"][-1]["Capacity (t/yr)"] = 100
    book["Demand"][0]["2026"] = 10
    plan = solve(book)
    for mineral in ("alloy", "oxide"):
        (china,) = [r for r in ranges(plan, mineral, 0.1) if r.country == CHINA]
        assert (china.now, china.least) == near((10, 8), abs=1e-4)
        assert china.base == near(10)


def test_a_broken_need_or_base_is_shown() -> None:
    """The certificate is computed from the case and the values alone, and names what they break."""
    from models.plan.solving import plan_from_solution

    plan = solve(oxide_and_alloy(cap(0.65)))
    assert plan.proof.violation <= plan.proof.allowed
    column = {of.name: of for of in plan.program.variables}
    flows, base = column["input_flow"], column["taken_by_plants"]
    bao = [at for at, key in zip(flows.at, flows.keys(np.arange(len(flows))), strict=True)
           if key[0] == "Bao"]  # fmt: skip
    for moved, row in (
        ({bao[0]: 2.0, bao[1]: -2.0}, "input need"),  # from one plant to another
        ({base.at[0]: 2.0}, "taken by plants total"),
    ):
        x = plan.solver_x
        for at, by in moved.items():
            x[at] += by
        proof = plan_from_solution(plan.expanded, plan.program, x, plan.prices).proof
        assert proof.violation == near(2)
        assert row in proof.violated


def test_security_of_an_input_is_of_what_plants_elsewhere_take() -> None:
    """18 t of oxide go to plants outside China, 2 to China's: 9 have to be left, 7 and a surge are.

    Without China the ally sells 7 t and 1.4 more: 8.4 of 18 t; 0.6 t are missing at 50 a t.
    """
    book = oxide_and_alloy(Security=[{"Mineral": "oxide", "Lost country": CHINA, "Max short": 0.5}])
    alloy = [r for r in book["Refiners"] if r["Mineral"] == "alloy"]
    alloy[0]["Capacity (t/yr)"], alloy[1]["Capacity (t/yr)"] = 2, 18
    book["Refiners"][1] |= {"Capacity (t/yr)": 8.4}
    book["Settings"].append({"Setting": "Surge", "Value": 1 / 6})
    plan = solve(book)
    row = one(plan.security, country=CHINA)
    assert row["demand"] == near(18)
    assert row["left"] == near(8.4)
    assert row["served"] == near(8.4 / 18)
    assert row["missing"] == near(0.6)
    assert row["point"] == near(50 * 0.18)
    assert cost(plan, "security") == near(30)


@pytest.mark.parametrize(
    ("floor", "theirs", "levies"), [(2.5, 20.0, 30.0), (2.9, 20.0, 38.0), (3.1, 0.0, 0.0)]
)
def test_a_plant_in_the_zone_pays_the_levy_on_its_input(
    floor: float, theirs: float, levies: float
) -> None:
    """20 t of alloy in an ally's country; oxide costs 1 in China and 3 at home, levied up to it."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 1), plant("Lyn", "oxide", ALLY, 3),
            plant("Mag", "alloy", ALLY, 0),
        ],
        [made("alloy", "oxide")],
        {"alloy": 20},
        members={"A": ALLY},
        Price_floors=[{"Mineral": "oxide", "Zone": "Pact", "Floor (USD/t)": floor}],
        Countries=[{"Country": ALLY, "Bloc": "Pact"}],
    )  # fmt: skip
    plan = solve(book)
    sold = {s.name: float(plan.sold[r].sum()) for r, s in enumerate(plan.expanded.sources)}
    assert sold["Bao"] == near(theirs)
    assert plan.levies == near(levies)
    paid = theirs + levies + 3.0 * (20.0 - theirs)
    assert (plan.purchases, plan.cash_cost.net) == near((paid, paid - levies))
    abroad = solve(changed(book, "Refiners", 2, Country="JPN"))  # no plant of the zone
    assert abroad.levies == 0.0


@pytest.mark.parametrize(
    ("acid", "oxide", "ore", "lost"),
    [
        (2, 6, 4, 0.6), (6, 2, 4, 0.6), (2, 4, 6, 0.6), (6, 5, 0, 0.6), (0, 0, 0, 0.0),
        (0, 10, 1, 1.0),
    ],
)  # fmt: skip
def test_a_plant_loses_the_largest_part_of_what_it_takes(
    acid: float, oxide: float, ore: float, lost: float
) -> None:
    """10 t of alloy need 10 t each of acid, oxide and ore: without China, the scarcest counts.

    With 2, 6 and 4 t from China it keeps 8 t of acid, 4 t of oxide and 6 t of ore: 4 t of alloy, so
    6 of 10 t are lost, neither the first part (0.2) nor the sum (1.2).
    """
    parts = {"acid": acid, "oxide": oxide}
    plants = [plant("Arafura", "alloy", ALLY, 1, 10)]
    for name, most in parts.items():
        plants += [plant(f"{name} C", name, CHINA, 1, most), plant(f"{name} A", name, ALLY, 2)]
    mines = [
        {"Mineral": "alloy", "Country": country, "Capacity (t/yr)": most, "Premium (USD/t)": dearer}
        for country, most, dearer in ((CHINA, ore, 0), (ALLY, 100, 1))
    ]
    book = stages(
        {"acid": 50, "oxide": 50, "alloy": 900}, plants,
        [made("alloy", "acid"), made("alloy", "oxide")], {"alloy": 10}, Mines=mines,
    )  # fmt: skip
    plan = solve(book)
    alloy = [s.name for s in plan.expanded.sources].index("Arafura")
    assert lost_fractions(plan, CHINA)[alloy, 0] == near(lost)
