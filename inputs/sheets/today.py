"""The sheet that says who buys from whom today."""

from inputs.cases import Case
from inputs.tables import (
    YEARS,
    Record,
    Row,
    in_force,
    member,
    mineral,
    note,
    number,
    read,
    source,
    tonnes,
)

SMALLEST = 0.01
RULE = "supply of 2024 of the country, to its refiners by open capacity, to members by first use"


def current_supply(case: Case) -> list[Record]:
    """Supply of 2024 by refiner and member, where the case buys refined material.

    A country's tonnes go to its refiners by open capacity and to members by first use, along lanes
    that are open. Where open supply was more than first use, every country is scaled down alike.
    """
    if not case.has_today:
        return []
    found = []
    for row in read("today"):
        plants = _open_capacity(case, row)
        buyers = {
            r["member"]: float(r["first_use_2024_t"])
            for r in read("demand")
            if r["mineral"] == row["mineral"]
        }
        supplied = _scale(row["mineral"]) * float(row["tonnes"])
        for plant, size in plants.items():
            allowed = {m: t for m, t in buyers.items() if not _closed(plant, m)}
            part = supplied * size / sum(plants.values())
            for buyer, used in allowed.items():
                amount = tonnes(part * used / sum(allowed.values()))
                if amount >= SMALLEST:
                    found.append(_record(row, plant, buyer, amount))
    return found


def _open_capacity(case: Case, row: Row) -> dict[str, float]:
    """The open capacity of the refiners of a country, by refiner id, in the first year."""
    plants = {}
    for plant in in_force():
        if plant["mineral"] == row["mineral"] and plant["country"] == row["country"]:
            start = number(plant["first_year"])
            size = float(plant["capacity_t"]) * case.share(plant).value
            if size > 0 and (start is None or start <= YEARS[0]):
                plants[plant["id"]] = size
    return plants


def _scale(of: str) -> float:
    """First use over open supply of 2024, at most 1."""
    rows = [row for row in read("today") if row["mineral"] == of]
    supply = sum(float(row["tonnes"]) for row in rows)
    return min(1.0, float(rows[0]["coalition_first_use_t"]) / supply)


def _closed(plant: str, buyer: str) -> bool:
    """Whether the lane from a refiner to a member is closed in the base case."""
    return any(
        row["base"] == "yes" and row["refiner_id"] == plant and row["to_member"] == buyer
        for row in read("lanes_closed")
    )


def _record(row: Row, plant: str, buyer: str, amount: float) -> Record:
    """One flow of today."""
    refiner = {r["id"]: r["refiner"] for r in read("refiners")}
    scale = _scale(row["mineral"])
    return {
        "Refiner": refiner[plant],
        "Mineral": mineral(row["mineral"]),
        "Member": member(buyer),
        "Tonnes (t/yr)": amount,
        "Source": source("today", row["basis"], f"{row['mineral']} {row['country']}"),
        "Note": note(
            [
                RULE,
                f"all countries x {scale:.3f}, first use over open supply" if scale < 1 else "",
            ]
        ),
    }
