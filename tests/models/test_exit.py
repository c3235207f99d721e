"""The way out of a country: by hand, as laws, and by the second formulation."""

from __future__ import annotations

import numpy as np
import pytest

from models.answers.exit import TOGETHER, Exit, _ExitProgram, exit_from
from models.errors import SolverError
from models.plan import Plan
from models.plan.session import Session
from tests.budget import at_length
from tests.models.desk import BookT, jin, make, read, refiner, sur, tonnes
from tests.models.desk import solve_once as solve
from tests.models.stages import ALLY, CHINA, made, stages
from tests.models.stages import plant as line
from tests.models.test_hand_projects import budget, plant
from tests.reference.alternatives import leave
from tests.reference.cases import ALL, random_book

near = pytest.approx
FIVE = (2026, 2027, 2028, 2029, 2030)
GROWING = (40, 55, 70, 85, 100)


def grown(*capacities: float, years: tuple[int, ...] = FIVE, **more: object) -> dict[str, object]:
    """Return Sur of Chile at 20 a t, its capacity one a year."""
    steps = zip(years, capacities, strict=True)
    return sur(capacities[0], **{f"Capacity {y} (t/yr)": c for y, c in steps}, **more)


def left(found: Exit, year: int, mineral: str = "copper") -> float:
    """Return what is still bought of Jin."""
    return tonnes(found.path, country="CHN", year=year, mineral=mineral)


def china(book: BookT) -> Exit:
    """Return the exit of a book's plan from China."""
    return exit_from(solve(book), "CHN")


# ---- by hand -------------------------------------------------------------------------------------


def test_the_closed_form() -> None:
    """Need 100; others have 40, 55, 70, 85, 100 at 20 a t: the rest stays with Jin at 10 a t.

    The plan buys all of Jin: 5 x 100 x 10. On the way out 350 t cost 20 instead: 3,500 more.
    """
    found = china(make(jin(200), grown(*GROWING), years=FIVE))
    assert [left(found, year) for year in FIVE] == near([60, 45, 30, 15, 0], abs=1e-5)
    assert found.plan.objective == near(5_000)
    assert found.path.objective == near(8_500)
    assert found.alone == {"copper": near(150)}
    full = {h.year: (h.limit, h.spares, h.direction) for h in found.holds if h.kind == "capacity"}
    assert full == {y: (c, near(1), 1) for y, c in zip(FIVE[:4], GROWING, strict=False)}


@pytest.mark.parametrize("years", [1, 2, 3, 4, 5])
def test_no_more_years_no_less_left(years: int) -> None:
    """A longer horizon leaves each year as it was: nothing ties the years."""
    of = FIVE[:years]
    found = china(make(jin(200), grown(*GROWING[:years], years=of), years=of))
    assert [left(found, y) for y in of] == near([60, 45, 30, 15, 0][:years], abs=1e-5)


def test_a_reserve_is_not_spent_instead() -> None:
    """The target is met in the plan, and stays met: 60 t for it and 100 t of need, 40 t of Sur."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 60, "Target (t)": 60,
            "Target penalty (USD/t/yr)": 100}  # fmt: skip
    found = china(make(jin(200), sur(40), Stockpiles=[pile]))
    assert (left(found, 2026), tonnes(found.plan, country="CHN")) == (near(120), near(160))
    assert found.path.stocks["closing"].tolist() == [near(60)]


def test_a_soft_limit_is_not_exceeded_instead() -> None:
    """At most 30 % of Sur, else a penalty of 5 a t: the plan keeps it, so 70 t stay with Jin."""
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHL", "Share": 0.3,
             "Penalty (USD/t)": 5}  # fmt: skip
    found = china(make(jin(200), sur(100), Share_limits=[limit]))
    assert left(found, 2026) == near(70)


def test_a_shortage_of_the_plan_may_stay_and_not_grow() -> None:
    """130 t are needed, 120 t there are: 10 t stay short, 20 t of Sur replace nothing more."""
    found = china(make(jin(100), sur(20), demand=130))
    assert (left(found, 2026), found.path.shortage) == (near(100), near(10))


def test_untaken_contracts_are_paid() -> None:
    """A minimum of 50 t at 12 a t is left with Jin and paid for: take or pay."""
    contract = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 50,
                "Price (USD/t)": 12}  # fmt: skip
    found = china(make(jin(200), sur(100), Contracts=[contract]))
    assert left(found, 2026) == near(0, abs=1e-5)
    assert found.path.objective == near(100 * 20 + 50 * 12)


def test_more_is_bought_and_stored_to_leave() -> None:
    """A buys of Jin or of Sur, whose share of all purchases is 5 %: B stores 19 t for each of Sur.

    1,900 t at 0.1 a t, in place of 100 t of Jin.
    """
    book = make(
        jin(100), sur(100), refiner("Oz", "AUS", 1e4, 0.1), demand={"A": 100, "B": 0},
        settings={"Share basis": "purchases"},
        Share_limits=[{"Limit": "max", "Supplier group": "country", "Supplier": "CHL",
                       "Share": 0.05}],
        Lanes=[{"Refiner": "Oz", "To member": "A", "Open": "no"}],
        Stockpiles=[{"Mineral": "copper", "Member": "B", "Max (t)": 1e5}],
    )  # fmt: skip
    found = china(book)
    assert (found.plan.objective, left(found, 2026)) == (near(1_000), near(0, abs=1e-5))
    assert found.path.objective == near(2_190)


def two_plants(**money: float) -> BookT:
    """Return copper and tin, 100 t of each at Jin's; a plant for each that a budget pays for.

    A plant of copper makes 100 t, one of tin 50 t, each for 1 USD m, and at 30 a t.
    """
    book = make(jin(200), Projects=[plant("C")], Budget=budget(**money))
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Refiners"].append(jin(200) | {"Mineral": "tin"})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    tin = {"Refiner": "Other", "Mineral": "tin", "Capacity (t/yr)": 50}
    book["Projects"] = [plant("C") | {"Cost (USD/t)": 30}, plant("T") | tin | {"Cost (USD/t)": 30}]
    return book


def test_one_budget_for_all_minerals() -> None:
    """Money goes where it spares the larger part of demand: to copper, 100 t a million against 50.

    If tin came first, it would have 80 % of its plant: 60 t left.
    """
    found = china(two_plants(y2026=0.8))
    assert (left(found, 2026), left(found, 2026, "tin")) == (near(20), near(100))
    assert found.alone == {"copper": near(20), "tin": near(60)}
    of_tin = {h.kind: h for h in found.holds if h.mineral == "tin"}
    assert (of_tin["budget"].limit, of_tin["budget"].unit) == (0.8, "money m")
    assert of_tin["budget"].spares == near(50)
    assert set(found.proofs) == {"copper", "tin", TOGETHER}
    both = china(two_plants(y2026=2))
    assert (left(both, 2026), left(both, 2026, "tin")) == (near(0, abs=1e-4), near(50))


def test_whole_projects() -> None:
    """A plant that is built in full or not at all: the million that is there pays for copper's."""
    book = two_plants(y2026=1.5)
    book["Settings"].append({"Setting": "Whole projects", "Value": "yes"})
    found = china(book)
    assert (left(found, 2026), left(found, 2026, "tin")) == (near(0, abs=1e-4), near(100))
    assert found.path.proof.mip_gap == 0


@pytest.mark.parametrize("country", ["CHL", "ROW", "DEU"])
def test_nothing_to_leave(country: str) -> None:
    """Who sells nothing in the plan leaves it as it is."""
    plan = solve(make(jin(200), sur(50), refiner("Rest", "ROW", 100, 50)))
    found = exit_from(plan, country)
    assert (found.alone, found.holds, found.proofs) == ({}, (), {})
    assert found.path.objective == plan.objective


@pytest.mark.parametrize(("capacity", "still"), [(0, 20), (2, 16), (5, 10), (7, 6), (10, 0)])
def test_a_mineral_that_comes_first_takes_no_more_of_another_there(
    capacity: float, still: float
) -> None:
    """A tonne of alloy takes half a tonne of oxide in China, a whole one with an ally.

    The plan makes all 20 t in China from its 10 t of oxide. No more than these may be bought, so
    of each tonne that an ally sells, two of the alloy can leave: 20 - 2 x capacity stay.
    """
    book = stages(
        {"oxide": 50, "alloy": 100},
        [
            line("Bao", "oxide", CHINA, 1),
            line("Lyn", "oxide", ALLY, 2, capacity),
            line("Zhong", "alloy", CHINA, 1),
            line("Mag", "alloy", ALLY, 2),
        ],
        [made("alloy", "oxide"), made("alloy", "oxide", 0.5, Refiner="Zhong")],
        {"alloy": 20},
    )
    found = china(book)
    assert found.alone["alloy"] == near(still, abs=1e-5)


# ---- as laws, and by the second formulation ------------------------------------------------------


def bought(plan: Plan, country: str) -> dict[str, float]:
    """Return what is bought of a country by mineral [t]."""
    rows = plan.flows[plan.flows["country"] == country]
    return {
        m.name: float(rows[rows["mineral"] == m.name]["tonnes"].sum()) for m in plan.case.minerals
    }


def short(plan: Plan) -> dict[tuple[str, int], float]:
    """Return what is short by mineral and year [t]."""
    return plan.supply.groupby(["mineral", "year"])["short"].sum().to_dict()


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(5, 30)))
def test_random_books(seed: int) -> None:
    """No more tonnes, no more short, no cheaper; and what the second formulation says.

    Share limits are hard there, so that of all penalties only reserves have to be held.
    """
    rng = np.random.default_rng([29, seed])
    book = random_book(rng, 2, ALL - ({"whole projects"} if seed % 4 else set()))
    limits = [row for row in book.get("Share limits", []) if row.get("Limit") != "min"]
    book["Share limits"] = [row | {"Penalty (USD/t)": None} for row in limits]
    plan = solve(book)
    lacking = {
        (row["mineral"], row["member"], row["year"]): row["shortfall"]
        for row in plan.stocks.to_dict("records")
    }
    sold = plan.flows.groupby("country")["tonnes"].sum()
    country = str(sold.idxmax()) if len(sold) else "CHN"
    found = exit_from(plan, country)
    scale = max(plan.case.largest_demand, 1.0)
    before, after = bought(plan, country), bought(found.path, country)
    assert all(after[m] <= before[m] + 1e-5 * scale for m in before)
    least, most = short(found.path), short(plan)
    assert all(least[key] <= most[key] + 1e-5 * scale for key in most)
    assert found.path.objective >= plan.objective * (1 - 1e-7) - 1e-6
    assert all(proof.gap <= 1e-7 for proof in (found.path.proof, *found.proofs.values()))
    for mineral, tonnes_left in found.alone.items():
        own = {key: tonnes for key, tonnes in lacking.items() if key[0] == mineral}
        other = leave(book, country, [mineral], most, lacking=own)
        assert other.least == near(tonnes_left, rel=1e-6, abs=2e-5 * scale)
        assert after[mineral] >= tonnes_left - 1e-5 * scale
    need = {m: sum(plan.case.coalition_demand(m, y) for y in plan.case.years) for m in before}
    weights = {m: 1 / need[m] for m in found.alone if need[m] > 0}
    if weights:
        other = leave(book, country, weights, most, most=before, lacking=lacking)
        ours = sum(weight * after[m] for m, weight in weights.items())
        assert other.least == near(ours, rel=1e-5, abs=1e-5 * scale * max(weights.values()))
        assert other.plan.objective == near(found.path.objective, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("what", ["least_alone", "least_together", "cheapest"])
def test_a_search_that_fails_leaves_the_others(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of copper alone nothing is proven: tin's way out is as it is; of both nothing is left."""
    asked, why = getattr(_ExitProgram, what), "no proven smallest amount bought there"
    expected = china(two_plants())

    def failing(fenced: _ExitProgram, *of: object) -> object:
        is_refused = of == ("copper",) if what == "least_alone" else "copper" in fenced.columns
        if is_refused or is_all:
            raise SolverError(why)
        return asked(fenced, *of)

    is_all = False
    monkeypatch.setattr(_ExitProgram, what, failing)
    found = china(two_plants())
    assert (found.failed if what == "least_alone" else found.unknown) == {"copper": why}
    assert left(found, 2026, "tin") == near(left(expected, 2026, "tin"))
    assert ("copper" in found.alone) == (what != "least_alone")
    is_all = True
    if what != "least_alone":
        with pytest.raises(SolverError, match=why):
            china(two_plants())


@pytest.mark.parametrize("seed", [209, 232, 233, 251, 253])
def test_no_way_out_changes_nothing(seed: int) -> None:
    """If no tonne can leave the country, the path is the plan, not one that is equally cheap."""
    book = random_book(np.random.default_rng(seed), 2, ALL - {"whole projects"})
    plan = Session(read(book)).base
    country = str(plan.flows.groupby("country")["tonnes"].sum().idxmax())
    found = exit_from(plan, country)
    assert bought(found.path, country) == near(bought(plan, country), abs=1e-6)
    assert found.path.x == near(plan.x, abs=1e-6)
