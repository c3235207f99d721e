"""Lanes closed to tiers, plants cut off from inputs, plants that are late (contract 8.5).

Drawn last of all, so that books and scenarios without them are as they were.
"""

from __future__ import annotations

from .cases_scenarios import SCENARIO, scenario
from .cases_sheets import BookT, Cells, Draft
from .dice import Chooser
from .reading import Case

OPEN = ["no", "no", "no", "yes"]


def end_use(draft: Draft) -> None:
    """Rows of Lanes with a tier, some without, among those there; input lanes to one plant."""
    choose = draft.choose
    if not draft.on("end use"):
        return
    names = [row["Tier"] for row in draft.sheets.get("Tiers", [])]
    for _ in range(choose.integer(2, 2 * draft.size + 4) if names else 0):
        refiner, mineral, country, _ = choose.pick(draft.sources)
        named = choose.chance(60)
        row: Cells = {
            "Mineral": mineral if choose.chance(25) else None,
            "From country": country if choose.chance(20 if named else 70) else None,
            "Refiner": refiner if named else None,
            "To member": choose.maybe(40, draft.members),
            "Tier": choose.maybe(85, names),
            "Open": choose.pick(OPEN),
        }
        rows = draft.sheets["Lanes"]
        rows.insert(choose.integer(0, len(rows)), draft.span(row, 10))
    for of in draft.sheets.get("Inputs", []):
        plants = takers(draft.book(), of["Input"])
        if plants and choose.chance(60):
            lane: Cells = {
                "Input": of["Input"],
                "From country": choose.maybe(60, [source[2] for source in draft.sources]),
                "To plant": choose.pick(plants),
                "Open": choose.pick(OPEN),
            }
            draft.sheets["Input lanes"].append(draft.span(lane, 10))


def takers(book: BookT, name: object) -> list[str]:
    """Refiners that take an input, those of projects alone included."""
    lines = Case(book).stages.lines
    return list(dict.fromkeys(line.refiner for line in lines if line.input == name))


def cut_offs(choose: Chooser, book: BookT, years: list[int]) -> list[Cells]:
    """One to three steps that close lanes to a tier or a plant, delay or build a project, and now
    and then other steps after them."""
    steps = []
    kinds = ["tier"] if book.get("Tiers") else []
    kinds += ["plant"] if book.get("Inputs") else []
    kinds += ["delay", "delay", "build"] if book.get("Projects") else []
    for _ in range(choose.integer(1, 3) if kinds else 0):
        step = _step(choose, book, years, choose.pick(kinds))
        steps += [] if step is None else [step]
    return steps + (scenario(choose, book, years) if choose.chance(30) or not steps else [])


def _step(choose: Chooser, book: BookT, years: list[int], kind: str) -> Cells | None:
    """One of the steps; None where there is no plant that takes an input."""
    row: Cells = {"Scenario": SCENARIO, "Action": "block lanes"}
    sellers = [*book["Refiners"], *book.get("Projects", [])]
    if kind in ("delay", "build"):
        sellers = book["Projects"]
        row["Action"] = f"{kind} project"
        row["Value"] = choose.pick([1, 1, 2, 4]) if kind == "delay" else None
    seller = choose.pick(sellers)
    row["First year"] = choose.maybe(30, years)
    if kind == "plant":
        name = choose.pick(book["Inputs"])["Input"]
        plants = takers(book, name)
        sellers = [seller for seller in sellers if seller["Mineral"] == name]
        if not plants or not sellers:
            return None
        seller = choose.pick(sellers)
        row["Plant"] = choose.pick(plants)
    if kind == "tier":
        row["Tier"] = choose.pick(book["Tiers"])["Tier"]
        row["Member"] = choose.maybe(40, [r["Member"] for r in book["Members"]])
    for selector in ("Mineral", "Country", "Refiner"):
        if kind == "build" or choose.chance(45):
            row[selector] = seller[selector]
    if kind == "build":
        row["First year"] = choose.pick(years)
    return row
