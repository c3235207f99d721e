"""Scenarios that act on sources and lanes, so on input flows too (contract sections 2 and 7.1)."""

from __future__ import annotations

from .cases_sheets import BookT, Cells
from .dice import Chooser

SCENARIO = "What if"
ACTIONS: dict[str, tuple[str, ...]] = {
    "block lanes": ("Mineral", "Country", "Refiner", "Member"),
    "set lane max": ("Mineral", "Country", "Refiner", "Member"),
    "set tariff": ("Mineral", "Country", "Refiner", "Member"),
    "scale freight": ("Mineral", "Country", "Refiner", "Member"),
    "scale capacity": ("Mineral", "Country", "Refiner"),
    "scale cost": ("Mineral", "Country", "Refiner"),
    "scale demand": ("Mineral", "Member"),
    "remove member": ("Member",),
    "drop share limits": ("Mineral",),
    "set max country share": ("Mineral",),
    "build project": ("Mineral", "Country", "Refiner"),
}
"""Actions with their selectors."""
LASTING = {"scale capacity", "scale cost"}
"""Actions on projects, which have one cell for all years."""
YEARLESS = {"remove member", "drop share limits", "set max country share", "build project"}
VALUES = {
    "set lane max": [0.0, 50.0, 200.0],
    "set tariff": [0, 0.3, 2],
    "scale freight": [0, 0.5, 3],
    "scale capacity": [0, 0.5, 2],
    "scale cost": [0.5, 1.5],
    "scale demand": [0, 0.5, 1.5],
    "set max country share": [0.3, 0.65, 1],
}


def scenario(choose: Chooser, book: BookT, years: list[int]) -> list[Cells]:
    """One to three rows of one scenario, of actions on what the book has."""
    sellers = [*book["Refiners"], *book.get("Projects", [])]
    names = list(ACTIONS) if book.get("Projects") else list(ACTIONS)[:-1]
    gone: list[object] = []
    rows = []
    for _ in range(choose.integer(1, 3)):
        action = choose.pick(names)
        row: Cells = {"Scenario": SCENARIO, "Action": action}
        row |= dict.fromkeys(("Mineral", "Country", "Refiner", "Member"))
        seller = choose.pick(book["Projects"] if action == "build project" else sellers)
        members = [r["Member"] for r in book["Members"] if r["Member"] not in gone]
        if action == "remove member" and len(members) < 2:
            continue
        for selector in ACTIONS[action]:
            value = choose.pick(members) if selector == "Member" else seller[selector]
            must = action == "remove member" or (
                action == "build project" and selector != "Country"
            )
            row[selector] = value if must or choose.chance(45) else None
        if action == "remove member":
            gone.append(row["Member"])
        first = last = None
        if action not in YEARLESS | LASTING and choose.chance(30):
            first = choose.pick(years)
        if action == "build project":
            first = choose.pick(years)
        rows.append(
            row
            | {
                "First year": first,
                "Last year": last,
                "Value": choose.pick(VALUES[action]) if action in VALUES else None,
            }
        )
    return rows
