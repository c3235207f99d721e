"""Books that once ended without a plan, or with a figure that was not what it says."""

from __future__ import annotations

import pytest

from tests.models.desk import BookT, jin, make, price, refiner, sur
from tests.models.desk import solve_once as solve

near = pytest.approx
PLANT = {
    "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "USA",
    "Capacity (t/yr)": 300, "Capex (USD m)": 5, "Cost (USD/t)": 1, "First year": 2026,
}  # fmt: skip


def test_a_member_of_hardly_any_demand() -> None:
    """B's part of the demand is below 1e-9, which HiGHS takes for 0 with a warning."""
    plan = solve(make(jin(), demand={"A": 1e7, "B": 0.005}))
    assert plan.objective == near(1000 + 500 * (1e7 + 0.005 - 100))


def test_a_share_of_hardly_anything() -> None:
    """A coefficient of 1e-10: at most 1e-10 of purchases from China."""
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHN", "Share": 1e-10}
    book = make(jin(), sur(), settings={"Share basis": "purchases"}, Share_limits=[limit])
    assert solve(book).objective == near(2000)


def test_a_project_of_hardly_any_capacity() -> None:
    """A plant of 1e-4 t a year beside a demand of 1e10 t."""
    small = PLANT | {"Capacity (t/yr)": 1e-4, "Capex (USD m)": 0}
    plan = solve(make(jin(), demand=1e10, Projects=[small]))
    assert plan.objective == near(500 * (1e10 - 100) + 1000)


def test_marginal_price_of_a_member_that_gets_nothing() -> None:
    """C pays 100 of freight and is short as a whole: a tonne more costs a shortage, 5,000.

    Not the 5,100 at which Jin, worth 5,000 to A, would reach it: nobody pays that.
    """
    book = make(
        refiner("Jin", "CHN", 1, 0), demand={"A": 1, "B": 0.01, "C": 0.01},
        settings={"Fair shortage weight": 0}, Freight=[{"From country": "CHN", "C": 100}],
    )  # fmt: skip
    book["Minerals"][0]["Price (USD/t)"] = 500
    plan = solve(book)
    assert plan.objective == near(100)
    assert [price(plan, member) for member in "ABC"] == near([5000, 5000, 5000])


def test_cause_of_a_shortage_behind_one_limit_and_two_refiners() -> None:
    """The limit is named once, however many refiners stand behind it."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.1}
    plan = solve(make(jin(30), refiner("Yin", "CHN", 30, 11), Share_limits=[limit]))
    (cause,) = plan.shortages["cause"]
    assert cause.count("at most 10 %") == 1


def test_served_share_is_not_below_nothing() -> None:
    """All is short, in amounts whose sums round differently."""
    demand = {"A": [510.37, 382.18, 306.68], "B": [161.87, 184.7, 24.59]}
    plan = solve(make(jin(0), years=(2026, 2027, 2028), demand=demand))
    assert 0 <= plan.served_share < 1e-9


def test_stock_without_end_and_whole_projects() -> None:
    """A stock of 1e10 t, which is its own target, beside demands of 169.59 and 375.29.

    The plant (314.05 t) costs 6.58556e6 x 0.08 / (1 - 1.08^-20) = 670,756 a year and 1 + 7.3 a
    tonne, Jin's tonne 2,218.08 + 7.3: with the plant 670,756 + 314.05 x 8.3 + 230.83 x 2,225.38 =
    1,187,047, without it 1,212,565. With a growth of 1 Jin starts with 0.1 of 1,000.
    """
    pile = {"Mineral": "copper", "Member": "B", "Max (t)": 1e10, "Opening (t)": 1e10}
    plant = PLANT | {"Capacity (t/yr)": 314.05, "Capex (USD m)": 6.58556}
    book = make(
        refiner("Jin", "USA", 1000, 2218.08), years=(2030, 2031),
        demand={"A": [0, 169.59], "B": [0, 375.29]},
        settings={"Whole projects": "yes"}, Stockpiles=[pile], Projects=[plant],
    )  # fmt: skip
    book["Settings"][0]["Value"] = 7.3
    book["Minerals"][0]["Price (USD/t)"] = 6309.57
    yearly = 6.58556e6 * 0.08 / (1 - 1.08**-20)
    both = yearly + 314.05 * 8.3 + 230.83 * 2225.38
    assert solve(book).objective == near(both)
    book["Refiners"][0]["Max growth"] = 1
    assert solve(book).objective > both


def test_room_without_end_at_a_price_without_end() -> None:
    """Room for 1e10 t beside 391.75 of demand, a tonne short at 1e9: rounding is no gap.

    204.12 t a country fit the lanes, and R5 has 1: 409.24 in 2030, of which 391.75 are used. So the
    stock ends at 143.72 + 17.49 = 161.21, 1.18 below target at a fiftieth of 1e9; a year on R1's
    0.18 at 76 and R5's 1 at 75 fill it up.
    """
    pile = {
        "Mineral": "copper", "Member": "A", "Max (t)": 1e10, "Opening (t)": 143.72,
        "Target (t)": 162.39, "Holding cost (USD/t/yr)": 10.127,
    }  # fmt: skip
    book = make(
        refiner("R1", "CHL", 341.34, 1), refiner("R4", "ROW", 565.26, 953.154),
        refiner("R5", "IDN", 1, 0), years=(2030, 2031, 2034, 2035),
        demand={"A": [391.75, 0, 0, 0]}, Stockpiles=[pile],
        Lanes=[{"Freight (USD/t)": 75, "Max (t/yr)": 204.12}],
    )  # fmt: skip
    book["Minerals"][0]["Price (USD/t)"] = 1e8
    first = 204.12 * 76 + 204.12 * 1028.154 + 1 * 75
    held = (161.21 + 3 * 162.39) * 10.127
    plan = solve(book)
    assert plan.shortage == near(0, abs=1e-6)
    assert plan.objective == near(first + 0.18 * 76 + 75 + held + 1.18 * 2e7)


def test_whole_projects_where_the_gap_is_rounding() -> None:
    """A demand of 1e10 t beside the others': a MIP gap of 5e-11 is rounding."""
    book = whole_and_vast()
    plan = solve(book)
    assert plan.proof.mip_gap <= 1e-9


def whole_and_vast() -> BookT:
    """Return four members of very different demand, reserves, a plant and a mine."""
    book = make(
        refiner("R1", "COD", 484880, 7481.75), years=(2030, 2031, 2032),
        demand={
            "Alpha": [0, 288270, 1e10], "Beta": [0, 0, 1e4], "Gamma": [0, 376180, 1e3],
            "Delta": [0, 0, 344460],
        },
        settings={"Fair shortage weight": 0.9, "Whole projects": "yes"},
    )  # fmt: skip
    book["Minerals"][0]["Price (USD/t)"] = 990.3499999999999
    book["Refiners"][0] |= {"Cost 2032 (USD/t)": 1e8, "First year": 2031, "Max growth": 1}
    book["Projects"] = [
        {
            "Project": "P1", "Refiner": "R1", "Mineral": "copper", "Country": "COD",
            "Capacity (t/yr)": 581290, "Capex (USD m)": 1101.52, "Cost (USD/t)": 2082.94,
            "First year": 2032,
        }
    ]  # fmt: skip
    freight = {"Alpha": 1953.66, "Beta": 1000, "Gamma": 796.3299999999999, "Delta": 1608.63}
    book["Freight"] = [{"From country": "COD"} | freight]
    book["Mines"] = [
        {
            "Mineral": "copper",
            "Country": "IDN",
            "Capacity (t/yr)": 502210,
            "Premium (USD/t)": 736.52,
        }
    ]
    pile = {"Mineral": "copper", "Member": "Alpha", "Max (t)": 469600, "Opening (t)": 234800}
    beta = {"Member": "Beta", "Max (t)": 474470, "Opening (t)": 237235, "Target (days)": 90}
    book["Stockpiles"] = [pile, pile | beta]
    return book


def test_prices_that_are_rounding_alone() -> None:
    """A column without cost whose rows have prices of 1e-12: its reduced cost has no sign.

    Nothing in the book is far out; it was found among random ones.
    """
    years = (2030, 2031, 2032)
    book = make(
        refiner("R1", "ROW", 908990, 254.477, Recovery=0.123), years=years,
        demand={"Beta": [0, 403670, 0], "Gamma": [0, 456110, 0], "Delta": 0, "Epsilon": 0},
        settings={"Discount rate": 0.5},
    )  # fmt: skip
    book["Minerals"][0]["Price (USD/t)"] = 480.068
    tiers = (
        ("Beta", "energy", (41820, 268820, 10000)),
        ("Gamma", "defence", (0, 100000, 300000)),
        ("Gamma", "energy", (184030, 178000, 0)),
        ("Delta", "defence", (0, 228270, 0)),
        ("Delta", "energy", (0, 10000, 64140)),
        ("Epsilon", "defence", (0, 373300, 494970)),
    )
    book["Demand"] = [row | {"Tier": None} for row in book["Demand"][:2]] + [
        {"Mineral": "copper", "Member": member, "Tier": tier}
        | {str(y): t for y, t in zip(years, amounts, strict=True)}
        for member, tier, amounts in tiers
    ]
    book["Tiers"] = [{"Tier": t, "Shortage cost multiple": 50} for t in ("defence", "energy")]
    book["Mines"] = [{"Mineral": "copper", "Country": "USA", "Capacity (t/yr)": 1468750}]
    book["Stockpiles"] = [
        {"Mineral": "copper", "Member": "Beta", "Max (t)": 0, "Target (days)": 30},
        {"Mineral": "copper", "Member": "Epsilon", "Max (t)": 1000, "Opening (t)": 500},
    ]
    book["Lanes"] = [{"Tariff": 0.25, "Max (t/yr)": 193190}, {"Freight (USD/t)": 142.345}]
    limit = {"Limit": "max", "Supplier group": "bloc", "Share": 1 / 3, "Stage": "mining"}
    book["Share limits"] = [limit | {"Penalty (USD/t)": 2665.594}]
    assert solve(book).proof.gap <= 1e-7


@pytest.mark.parametrize("whole", ["yes", "no"])
@pytest.mark.parametrize("dust", [1e-7, 1e-9, 1e-13])
def test_a_demand_of_dust_beside_what_comes_in_one_piece(dust: float, whole: str) -> None:
    """A plant, a contract and a stock of a million t, and next to nothing to be bought."""
    contract = {"Contract": "C", "Refiner": "Jin", "Mineral": "copper", "Member": "A"}
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 1e6, "Target (t)": 0}
    book = make(
        jin(2e6), demand={"A": dust, "B": dust / 3}, settings={"Whole projects": whole},
        Projects=[PLANT | {"Capacity (t/yr)": 1e6}],
        Contracts=[contract | {"Min (t/yr)": 1e6}], Stockpiles=[pile],
    )  # fmt: skip
    assert solve(book).objective == near(1e7, rel=1e-3)


def test_a_whole_plant_beside_dust() -> None:
    """A plant of a million t that has to be built as a whole, beside a demand of 1e-9 t."""
    book = make(
        demand=1e-9, settings={"Whole projects": "yes"}, Refiners=[jin(0)],
        Projects=[PLANT | {"Capacity (t/yr)": 1e10}],
    )  # fmt: skip
    assert solve(book).objective == near(0, abs=1e-3)
