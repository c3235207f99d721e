"""Steps of scenarios drawn at random for a book: selectors, years and values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.reference.cells import number
from tests.reference.dice import Chooser, NumpyDice
from tests.reference.reading import Case
from tests.scenarios.edits import PLACES, BookT, Row, matches

NEEDS = {
    "build project": "Projects",
    "delay project": "Projects",
    "scale budget": "Budget",
    "scale mines": "Mines",
    "block ore": "Mines",
    "set stock target": "Stockpiles",
    "drop share limits": "Share limits",
}
"""The sheet without which an action touches nothing."""

_LANE = (*PLACES, "Member", "years")
SELECTORS: dict[str, tuple[str, ...]] = {
    "block lanes": _LANE,
    "set lane max": tuple(h for h in _LANE if h != "Owner"),
    "set tariff": _LANE,
    "raise tariff": _LANE,
    "scale freight": _LANE,
    "scale capacity": (*PLACES, "years"),
    "add capacity": (*PLACES, "years"),
    "scale cost": (*PLACES, "years"),
    "set support": (*PLACES, "years"),
    "scale demand": ("Mineral", "Member", "years"),
    "scale shortage cost": ("Mineral", "years"),
    "scale mines": ("Mineral", "Country", "years"),
    "block ore": ("Mineral", "Country", "years"),
    "build project": (*PLACES, "First year"),
    "delay project": (*PLACES, "First year"),
    "scale budget": ("years",),
    "set stock target": ("Mineral", "Member", "years"),
    "set max country share": ("Mineral",),
    "drop share limits": ("Mineral",),
    "remove member": ("Member",),
    "set max short": ("Mineral", "years"),
}
"""What each action can be narrowed by, as the contract lists it."""

VALUES = {
    "set lane max": "amount",
    "set tariff": "share",
    "raise tariff": "share",
    "scale freight": "factor",
    "scale capacity": "factor",
    "add capacity": "change",
    "scale cost": "factor",
    "set support": "payment",
    "scale demand": "factor",
    "scale shortage cost": "factor",
    "scale mines": "part",
    "scale budget": "factor",
    "delay project": "years",
    "set stock target": "amount",
    "set max country share": "share",
    "set max short": "share",
}
"""What the Value of an action is; the others have none."""

ACTIONS = tuple(SELECTORS)


def draw_step(seed: Sequence[int], book: BookT, action: str) -> Row | None:
    """A step of an action that the sheets can express; None where the book has nothing for it."""
    choose = Chooser(NumpyDice(np.random.default_rng(seed)))
    case = Case(book)
    needed = NEEDS.get(action)
    if needed is not None and not case.sheet(needed):
        return None
    step: Row = {"Scenario": "What if", "Action": action}
    step |= _selectors(choose, case, action)
    if "years" in SELECTORS[action]:
        step |= _years(choose, case, step)
    if "First year" in SELECTORS[action]:
        step["First year"] = choose.maybe(60, case.years)
        if action == "build project" and step["First year"] is None and _all_beyond(case, step):
            step["First year"] = choose.pick(case.years)
    if action in VALUES:
        step["Value"] = _value(choose, case, VALUES[action])
    return step


def _selectors(choose: Chooser, case: Case, action: str) -> Row:
    """Selectors of one thing there is, each filled or not: so that they match it together."""
    listed = SELECTORS[action]
    if action == "remove member":
        return {"Member": choose.maybe(90, [*case.members])}
    if action in {"scale mines", "block ore"}:
        mineral, country = choose.pick([*case.mine_rows])
        here: Row = {"Mineral": mineral, "Country": country}
    elif action == "set stock target":
        mineral, member = choose.pick([*case.stock_rows])
        here = {"Mineral": mineral, "Member": member}
    else:
        plants = [
            s for s in case.sources if NEEDS.get(action) != "Projects" or s.project is not None
        ]
        plant = choose.pick(plants)
        here = {"Mineral": plant.mineral, "Country": plant.country, "Refiner": plant.refiner}
        here["Member"] = choose.pick([*case.members])
        if plant.company is not None:
            here["Owner"] = choose.pick([plant.company, f" {plant.company.upper()}"])
    chances = {"Mineral": 50, "Country": 35, "Refiner": 35, "Member": 40, "Owner": 35}
    return {h: said for h, said in here.items() if h in listed and choose.chance(chances[h])}


def _years(choose: Chooser, case: Case, step: Row) -> Row:
    """First and last year; none, or around the whole horizon, where cells have no year."""
    one_cell = step["Action"] == "set stock target" or (
        step["Action"] in {"scale capacity", "scale cost"}
        and any(
            step.get("Mineral") in {None, source.mineral}
            and step.get("Country") in {None, source.country}
            and step.get("Refiner") in {None, source.refiner}
            for source in case.sources
            if source.project is not None
        )
    )
    if one_cell:
        start, end = case.years[0], case.years[-1]
        return {
            "First year": choose.maybe(30, [start, start - 1]),
            "Last year": choose.maybe(30, [end, end + 1]),
        }
    first, last = choose.maybe(50, case.years), choose.maybe(50, case.years)
    if first is not None and last is not None and last < first:
        first, last = last, first
    return {"First year": first, "Last year": last}


def _all_beyond(case: Case, step: Row) -> bool:
    """Whether no project that a step selects could be built in its own first year."""
    return not any(
        number(row, "First year") <= case.years[-1]
        for row in case.project_rows.values()
        if matches(row, step, PLACES)
    )


def _value(choose: Chooser, case: Case, kind: str) -> float:
    if kind == "years":
        return choose.pick([1, 2, 4])
    if kind == "share":
        return choose.pick([0, 0.1, 0.3, 0.5, 0.65, 1])
    if kind == "factor":
        return choose.pick([0, 0.25, 0.5, 1.5, 2, 3])
    if kind == "part":
        return choose.pick([0, 0.02, 0.1, 2])
    if kind == "payment":
        costs = [number(row, "Cost (USD/t)") or 0.0 for row in case.sheet("Refiners")]
        return choose.pick([0, 0.1, 0.5, 1, 2]) * choose.pick(costs)
    sizes = [number(row, "Capacity (t/yr)") or 0.0 for row in case.sheet("Refiners")]
    amount = choose.pick([0.2, 0.5, 1, 0.05, 0]) * choose.pick(sizes)
    return amount * choose.pick([1, -1, -0.3]) if kind == "change" else amount
