"""A plan's numbers by mineral, by hand, also with stages, stocks and plants that buy."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from models import measures
from models.measures.same_tonnes import Purchases, is_named
from models.plan import solve as solve_case
from models.plan.stages import dependence
from models.results import PlanNumbers
from planner.scenarios import drop_share_limits
from tests.models.desk import BookT, jin, make, read, sur
from tests.models.desk import solve_once as solve
from tests.models.stages import ALLY, CHINA, cap, oxide_and_alloy

near = pytest.approx
A, B = ("A", ""), ("B", "")


def bought(*flows: tuple[tuple[str, str], int, float, float]) -> Purchases:
    """Return purchases of copper, each by buyer, year, tonnes and landed cost."""
    buyers, years = (sorted({flow[i] for flow in flows}) for i in (0, 1))
    at = (
        np.array([buyers.index(buyer) for buyer, *_ in flows]),
        np.zeros(len(flows), dtype=int),
        np.array([years.index(year) for _, year, *_ in flows]),
    )
    tonnes, price = (np.array([flow[i] for flow in flows], dtype=float) for i in (2, 3))
    return Purchases.of((buyers, ["copper"], years), at, tonnes, price)


THERE = bought((A, 2026, 40, 10), (A, 2026, 20, 30), (B, 2026, 30, 10))
"""A pays 40 x 10 + 20 x 30, B 30 x 10."""


def test_tonnes_of_a_buyer_that_is_not_here_any_more_count_as_bought_there() -> None:
    """A member that a what-if removes: 20 of the 90 t are compared."""
    whole = bought((A, 2026, 20, 10)).against(THERE)
    assert whole.by_mineral()["copper"].compared == near(20 / 90)
    assert whole.by_buyer()[B].compared == 0


@pytest.mark.parametrize(
    ("here", "tonnes", "extra", "cost"),
    [
        pytest.param(THERE, 90, 0, 1300, id="the same plan"),
        pytest.param(bought((A, 2026, 50, 10)), 50, 500 - 700, 700, id="A's 50 t are all cheap"),
        pytest.param(bought((A, 2026, 30, 12)), 30, 360 - 300, 300, id="dear tonnes are missing"),
        pytest.param(bought((A, 2026, 80, 10)), 60, 600 - 1000, 1000, id="more is bought here"),
        pytest.param(
            bought((A, 2026, 60, 30), (B, 2026, 10, 10), (B, 2026, 30, 40)),
            90, 1800 - 1000 + 100 + 800 - 300, 1300, id="A and B apart",
        ),
        pytest.param(bought((A, 2027, 60, 99)), 0, 0, 0, id="another year is not compared"),
        pytest.param(bought((("", "alloy"), 2026, 60, 99)), 0, 0, 0, id="plants are a buyer"),
    ],
)  # fmt: skip
def test_the_extra_cost_of_the_same_tonnes(
    here: Purchases, tonnes: float, extra: float, cost: float
) -> None:
    """By buyer and year: the n cheapest tonnes here less the n cheapest there, n the fewer."""
    whole = here.against(THERE).whole()
    assert (whole.tonnes, whole.extra, whole.cost) == near((tonnes, extra, cost))


def test_where_less_than_half_is_compared_no_sentence_names_it() -> None:
    """29 of 60 t are too few, 30 are enough."""
    for tonnes, named in ((29, False), (30, True)):
        of = bought((A, 2026, tonnes, 10), (B, 2026, 0.5, 1)).against(bought((A, 2026, 60, 5)))
        assert is_named(of.by_mineral()["copper"].compared) is named
    assert not is_named(None)


def numbers(book: BookT) -> PlanNumbers:
    """Return the numbers of a book's plan against the plan without share limits."""
    return PlanNumbers.of(solve(book), solve_case(drop_share_limits(read(book))))


def test_a_cap_in_a_book_of_one_mineral() -> None:
    """100 t from Jin (China, 10) without the cap; at 60 %, 60 of them and 30 t of Sur (Chile, 20).

    10 t are missing. n is 90: 60 x 10 + 30 x 20 less 90 x 10 is 300, a third of 900.
    """
    row = numbers(make(jin(), sur(30), Share_limits=[cap(0.6)])).row("copper")
    assert (row["need"], row["missing"], row["missing_share"]) == near((100, 10, 0.1))
    assert (row["further_missing"], row["further_missing_share"]) == near((10, 0.1))
    assert (row["tonnes"], row["inputs"], row["cash"]) == near((90, 0, 1200))
    assert (row["extra_cost"], row["extra_cost_per_t"]) == near((300, 300 / 90))
    assert (row["extra_cost_share"], row["tonnes_compared"]) == near((1 / 3, 0.9))
    assert (row["supplier"], row["supplier_share"]) == (CHINA, near(60 / 90))
    assert (row["supplier_of_demand"], row["served_last"]) == near((0.6, 0.3))
    assert (row["served_through"], row["dependence"]) == (None, None)


def test_plants_that_buy_are_buyers() -> None:
    """Plants alone buy oxide: 13 t in China, 7 of an ally; without the cap all 20 in China.

    The extra cost of oxide is 13 x 1 + 7 x 2 - 20 x 1 = 7; that of alloy is 0, all of it Chinese.
    Its dependence on China is 1 at the last stage, and so through all stages.
    """
    of = numbers(oxide_and_alloy(cap(0.65, "oxide")))
    oxide, alloy, whole = (of.row(name) for name in ("oxide", "alloy", ""))
    assert (oxide["tonnes"], oxide["inputs"], oxide["need"]) == near((0, 20, 0))
    assert oxide["missing_share"] is None
    assert (oxide["extra_cost"], alloy["extra_cost"], whole["extra_cost"]) == near((7, 0, 7))
    assert of.extra_by_buyer()["", "alloy"].extra == near(7)
    assert (oxide["supplier_share"], oxide["served_last"]) == near((0.65, 0.35))
    assert (alloy["dependence"], alloy["served_through"]) == near((1, 0))
    assert (oxide["cash"], alloy["cash"], whole["cash"]) == near((0, 47, 47))


def one_draws_one_fills() -> BookT:
    """A draws its 30 t; B has to fill 20 t. Jin and Sur sell 90 t."""
    piles = [
        {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 30, "Target (t)": 0},
        {"Mineral": "copper", "Member": "B", "Max (t)": 20, "Opening (t)": 0, "Target (t)": 20,
         "Target penalty (USD/t/yr)": 1e4},
    ]  # fmt: skip
    return make(jin(60), sur(30), demand={"A": 50, "B": 50}, Stockpiles=piles)


def test_what_one_member_fills_takes_nothing_off_what_another_draws() -> None:
    """Bought are 60 + 30, drawn 30, filled 20: all 100 are served. Without Jin's 60 t, 30 + 30."""
    row = numbers(one_draws_one_fills()).row("copper")
    assert (row["missing"], row["served_last"]) == near((0, 0.6), abs=1e-9)


def test_a_country_through_all_stages() -> None:
    """The contract's oxide 65/35 and an ally's alloy: 0 at the last stage, 65 % through all.

    Of the 20 t of alloy 5 are drawn by A's stock: the plant makes 15, and 65 % of these are lost.
    """
    book = oxide_and_alloy(cap(0.65, "oxide"))
    book["Refiners"] = [r for r in book["Refiners"] if r["Refiner"] != "Zhong"]
    book["Refiners"][-1]["Capacity (t/yr)"] = 100
    plan = solve(book)
    at = plan.expanded.mineral_at["alloy"]
    assert dependence(plan, CHINA, through=False)[at, 0] == near(0)
    assert dependence(plan, CHINA)[at, 0] == near(0.65)
    assert dependence(plan, ALLY)[at, 0] == near(1)
    book["Stockpiles"] = [
        {"Mineral": "alloy", "Member": "A", "Max (t)": 5, "Opening (t)": 5, "Target (t)": 0}
    ]
    plan = solve(book)
    assert dependence(plan, CHINA)[at, 0] == near(0.65)
    last, through = plan.served_if_lost(2026)["alloy"][CHINA]
    assert (last, through) == near((1, (5 + 15 * 0.35) / 20))


def test_it_is_the_same_when_it_comes_home() -> None:
    of = numbers(oxide_and_alloy(cap(0.65, "oxide")))
    again = pickle.loads(pickle.dumps(of))
    assert again.by_mineral() == of.by_mineral()
    assert again.against(PlanNumbers.of(solve(oxide_and_alloy()))).by_mineral() == of.by_mineral()


def test_years_and_names_that_only_one_plan_has() -> None:
    """Without B nothing of B is compared: of the year's 100 t, A's 50, at the same cost."""
    book = make(jin(), demand={"A": [50, 40], "B": [50, 60]}, years=(2026, 2027))
    alone = make(jin(), demand={"A": [50]})
    of = PlanNumbers.of(solve(alone), solve(book)).row("copper")
    assert (of["extra_cost"], of["tonnes_compared"]) == near((0, 0.5))
    both = PlanNumbers.of(solve(book), solve(alone))
    assert both.row("copper")["extra_cost"] == near(0)
    assert both.missing_by_year(PlanNumbers.of(solve(alone))) == {
        ("copper", 2026): (near(100), near(0), near(0)),
        ("copper", 2027): (near(100), near(0), None),
    }


def test_largest_supplier_is_a_single_country_outside() -> None:
    """Rest of world sells 60 t and Chile, of the coalition, 30: China's 10 t are the largest."""
    book = make(
        jin(10, **{"Cost (USD/t)": 1}),
        sur(30),
        {**jin(60), "Refiner": "Rest", "Country": "Rest of world"},
        Countries=[{"Country": "Chile", "Bloc": "coalition"}],
    )
    row = numbers(book).row("copper")
    assert (row["supplier"], row["supplier_share"]) == (CHINA, near(0.1))
    assert row["outside"] == near(70)


def test_of_equal_suppliers_the_first_by_name_and_no_more_is_served_than_in_the_plan() -> None:
    assert measures.largest_countries({"PER": 1.0, "ROW": 9.0, "CHL": 1.0}, 2) == [
        ("CHL", 1.0),
        ("PER", 1.0),
    ]
    assert measures.served_without(80.0, 10.0, 100.0, missing=50.0) == near(0.5)
    assert measures.served_without(20.0, 10.0, 100.0, missing=50.0) == near(0.3)
    assert measures.served_without(0.0, 0.0, 0.0, missing=0.0) is None
