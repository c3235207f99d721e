"""Days of stock, tiers of demand, today's supply, laid over the sheets already drawn."""

from __future__ import annotations

from .cases_sheets import Cells, Draft

TIERS = ["defence", "energy", "industry"]


def days(draft: Draft) -> None:
    """Targets in days in place of tonnes, some above Max, some 0."""
    choose = draft.choose
    if not draft.on("days"):
        return
    for row in draft.sheets.get("Stockpiles", []):
        row["Target (days)"] = None
        if choose.chance(50):
            row["Target (days)"] = choose.pick([30, 90, 60.5, 365, 0, 1000])
            row["Target (t)"] = None


def tiers(draft: Draft) -> None:
    """Rows of Demand split into tiers, also beside a row without one; tiers of one cost."""
    choose = draft.choose
    if not draft.on("tiers") or not choose.chance(85):
        return
    names = TIERS[: choose.integer(1, len(TIERS))]
    draft.sheets["Tiers"] = [
        {"Tier": name, "Shortage cost multiple": choose.pick([5, 20, 1.5, 10, 50, 0, 1, None])}
        for name in names
    ]
    rows: list[Cells] = []
    for row in draft.sheets["Demand"]:
        held = choose.some([None, *names], 50) if choose.chance(75) else [None]
        for index, name in enumerate(held or [choose.pick(names)]):
            split = row | {"Tier": name}
            for year in draft.years if index > 0 else ():
                split[str(year)] = None if choose.chance(10) else choose.amount(300)
            rows.append(split)
    draft.sheets["Demand"] = rows


def put(draft: Draft, setting: str, value: float | None) -> None:
    """A setting; left out or blank where there is no value."""
    if value is not None or draft.choose.chance(20):
        draft.sheets["Settings"].append({"Setting": setting, "Value": value})


def supply(draft: Draft) -> None:
    """Current supply of some minerals, some rows 0; switching cost; growth of refiners."""
    choose = draft.choose
    switching, growth = draft.on("switching"), draft.on("growth")
    if switching:
        put(draft, "Switching cost (USD/t)", choose.cost(500) if choose.chance(80) else None)
    if growth:
        put(draft, "Growth floor", choose.maybe(40, [0.3, 0, 1, 0.02]))
        for row in draft.sheets["Refiners"]:
            row["Max growth"] = choose.maybe(60, [0.2, 0.05, 0, 1, 3.5])
    if not (switching or growth) or not choose.chance(85):
        return
    rows = draft.sheets["Current supply"] = []
    for mineral in choose.some(draft.minerals, 80):
        for seller in draft.sheets["Refiners"]:
            if seller["Mineral"] != mineral or choose.chance(25):
                continue
            rows += [
                {
                    "Refiner": seller["Refiner"],
                    "Mineral": mineral,
                    "Member": member,
                    "Tonnes (t/yr)": choose.amount(400),
                }
                for member in choose.some(draft.members, 60)
            ]
