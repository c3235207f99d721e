"""End use, cut-off plants and late plants: by hand, and the planner's command on random books."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.budget import at_length
from tests.scenarios.edits import by_hand, decided

from .agreement import solved
from .cases import END_USE, random_book
from .cases_end_use import cut_offs
from .cases_scenarios import SCENARIO
from .cases_sheets import BookT, Cells
from .dice import Chooser, NumpyDice
from .formulation import evaluate
from .hand import book_of, made_from, project, seller
from .product import NEAR, agrees, run
from .reading import Case

near = pytest.approx


def scenario_agrees(book: BookT, steps: list[Cells], folder: Path) -> float:
    """The objective of the command is that of the book with the steps done by hand."""
    edited = decided(by_hand(book, steps)).solve().objective if steps else solved(book).objective
    options = ["--scenario", SCENARIO] if steps else []
    told = book | ({"Scenarios": steps} if steps else {})
    plan = str(folder / "plan.xlsx")
    code, said = run(told, folder, "solve", "--output", plan, *options)
    assert code == 0, said
    assert said["objective_usd"] == pytest.approx(edited, rel=NEAR, abs=NEAR), steps
    return edited


def banned(*lanes: Cells, **stock: object) -> BookT:
    """Jin of China has 100 t at 1 and Sur of Chile 15 at 3. Defence needs 20 t at 50 a tonne short,
    other 80 at 10."""
    sellers = [seller("Jin", "tin", "CHN", 1, 100), seller("Sur", "tin", "CHL", 3, 15)]
    book = book_of({"tin": 80.0}, sellers, short=10)
    book["Tiers"] = [{"Tier": name, "Shortage cost multiple": 50} for name in ("Defence", "Space")]
    book["Demand"][0]["Tier"] = None
    book["Demand"].append({"Mineral": "tin", "Member": "A", "Tier": "Defence", "2026": 20})
    book["Lanes"] = list(lanes)
    if stock:
        row: Cells = {"Mineral": "tin", "Member": "A", "Max (t)": 100, "Opening (t)": 10}
        more = {header.replace("_", " "): value for header, value in stock.items()}
        book["Stockpiles"] = [row | {"Target (t)": 0} | more]
    return book


BAN: Cells = {"From country": "CHN", "Tier": "Defence", "Open": "no"}
ALL: Cells = {"From country": "CHN", "Open": "no"}
REST: Cells = {"From country": "CHN", "Tier": "Defence", "Open": "yes"}
SPACE: Cells = {"From country": "CHN", "Tier": "Space", "Open": "no"}
FULL = {"Max_(t)": 100}
SLOW = {"Max_draw_(t/yr)": 4}


@pytest.mark.parametrize(
    ("book", "usd"),
    [
        (banned(), 100),
        (banned(BAN), 15 * 3 + 5 * 50 + 80),
        (banned(BAN, **FULL), 10 * 3 + 80),
        (banned(BAN, **SLOW), 15 * 3 + 1 * 50 + 80),
        (banned(SPACE), 100),  # nobody has such demand
        (banned(ALL), 15 * 3 + 5 * 50 + 80 * 10),
        (banned(ALL, REST), 20 + 15 * 3 + 65 * 10),  # Defence alone is open again
        (banned(ALL, SPACE | {"Open": "yes"}), 15 * 3 + 5 * 50 + 80 * 10),
        (banned(BAN, BAN | {"Open": "yes", "From country": None}), 100),
    ],
)
def test_by_hand(book: BookT, usd: float, tmp_path: Path) -> None:
    """In both formulations."""
    assert scenario_agrees(book, [], tmp_path) == near(usd)


def test_a_tier_that_nobody_may_serve_is_seen() -> None:
    """The plan without the ban: all that Defence has comes from China."""
    plan = solved(banned()).flows
    check = evaluate(banned(BAN), plan)
    assert check.violation == near(20)
    assert check.violated == "tiers of tin A 2026"


def test_contracts_stand_while_a_tier_is_open(tmp_path: Path) -> None:
    """A minimum of 90 t: with Defence cut off 80 are used, and 10 paid for. With both cut off it
    lapses, and nothing can be sold to anyone."""
    contract: Cells = {"Contract": "C", "Refiner": "Jin", "Mineral": "tin", "Member": "A"}
    book = banned(BAN) | {"Contracts": [contract | {"Min (t/yr)": 90}]}
    assert scenario_agrees(book, [], tmp_path) == near(80 + 10 + 45 + 250)
    book["Lanes"].append({"Refiner": "Jin", "Tier": None, "Open": "no"})
    assert scenario_agrees(book, [], tmp_path) == near(45 + 250 + 800)


ALLOY = [seller("Lyn", "alloy", "AUS", 1, 10), seller("Mag", "alloy", "DEU", 2, 10)]
OXIDE = [seller("Bao", "oxide", "CHN", 1), seller("Cod", "oxide", "CHL", 5)]


def chain(*lanes: Cells) -> BookT:
    """A needs 20 t of alloy, of Lyn and Mag, and 5 t of oxide; Cod's oxide costs 4 a tonne more."""
    book = book_of(
        {"oxide": 5, "alloy": 20}, [*ALLOY, *OXIDE], [made_from("alloy", "oxide", 1)], country="AUS"
    )
    return book | {"Input lanes": list(lanes)}


@pytest.mark.parametrize(
    ("step", "usd"),
    [
        ({"Country": "CHN", "Plant": "Lyn"}, 40),
        ({"Mineral": "oxide", "Plant": "Mag"}, 10 * 1000 - 30),  # nobody sells to Mag
        ({"Refiner": "Cod", "Plant": "Lyn"}, 0),
        ({"Country": "CHN", "Member": "A"}, 40 + 20),  # its plants and itself
        ({"Country": "CHN", "Tier": "Space"}, 0),  # nobody has it; plants are reached anyhow
    ],
)
def test_a_plant_that_is_cut_off(step: Cells, usd: float, tmp_path: Path) -> None:
    """What a block of lanes costs beyond the 5 + 20 + 10 + 20 of the book."""
    book = chain() | {"Tiers": [{"Tier": "Space", "Shortage cost multiple": 9}]}
    assert scenario_agrees(book, [does("block lanes", **step)], tmp_path) == near(55 + usd)


def late(*rows: tuple[int, float], first: int = 2026) -> BookT:
    """10, 20 and 40 t, of Sur at 5 or of a plant of 80 t for nothing: 30 USD over two years."""
    book = book_of({"tin": 0}, [seller("Sur", "tin", "CHL", 5)], years=3)
    settings = {"Cost of capital": 0, "Whole projects": "yes"}
    book["Settings"] += [{"Setting": name, "Value": value} for name, value in settings.items()]
    book["Demand"][0] |= {"2026": 10, "2027": 20, "2028": 40}
    plant = project("P", "tin", "AUS", 0, **{"Capacity_(t/yr)": 80, "First_year": first})
    book["Projects"] = [plant | {"Capex (USD m)": 3e-5}]
    book["Built"] = [{"Project": "P", "Year": year, "Fraction": part} for year, part in rows]
    return book


def does(action: str, **cells: object) -> Cells:
    """A row of the scenario."""
    named = {header.replace("_", " "): value for header, value in cells.items()}
    return {"Scenario": SCENARIO, "Action": action} | named


def delay(years: int, **cells: object) -> Cells:
    """A delay of the plant."""
    return does("delay project", Refiner="P", Value=years, **cells)


BUILD = does("build project", Mineral="tin", Refiner="P", First_year=2026)


@pytest.mark.parametrize(
    ("book", "steps", "usd"),
    [
        (late((2026, 1)), [delay(1)], 30 + 50),  # output and capital apart
        (late((2026, 1)), [delay(2)], 30 + 150),
        (late((2026, 1)), [delay(1), delay(1, First_year=2027)], 30 + 150),
        (late((2026, 1)), [delay(1, First_year=2027)], 30 + 200),  # begun before
        (late((2025, 1)), [delay(1)], 15 + 300),  # not in the horizon
        (late(), [delay(2)], 15 + 150),  # capital from the new year on
        (late(first=2020), [delay(2)], 15 + 150),
        (late((2028, 0.5), first=2027), [delay(1)], 7.5 + 7.5 + 150),  # 2028 is free again
        (late((2027, 0.25), first=2027), [delay(1)], 7.5 + 150 + 100),  # 2028 is taken
        (late(), [BUILD, delay(1), delay(1)], 15 + 150),
        (late(), [BUILD, delay(4)], 350),
        (late(), [delay(1), BUILD], 30 + 200),  # as written
    ],
)
def test_a_plant_that_is_late(book: BookT, steps: list[Cells], usd: float, tmp_path: Path) -> None:
    """Its output comes later; what is begun is paid as before."""
    assert scenario_agrees(book, steps, tmp_path) == near(usd)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(8, 300)))
def test_a_random_book(seed: int, tmp_path: Path) -> None:
    """A small book with everything, every other one under a scenario that cuts off and delays."""
    rng = np.random.default_rng([853, seed])
    book, steps = random_book(rng, 1 + seed // 2 % 2, END_USE), []
    if seed % 2:
        steps = cut_offs(Chooser(NumpyDice(rng)), book, Case(book).years)
    scenario_agrees(book, steps, tmp_path)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(1, 40)))
def test_everything_with_end_use(seed: int, tmp_path: Path) -> None:
    """All sums of the plan, and the plan itself priced from the book."""
    agrees(random_book(np.random.default_rng([852, seed]), 2 + seed % 2, END_USE), tmp_path)
