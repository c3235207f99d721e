"""Small books for cases worked by hand: minerals, sellers and what is made from what."""

from __future__ import annotations

from .cases_sheets import BookT, Cells


def book_of(
    demand: dict[str, float],
    sellers: list[Cells],
    inputs: list[Cells] | None = None,
    *,
    years: int = 1,
    country: str | None = None,
    short: float = 1000,
) -> BookT:
    """Member A's demand of each mineral in each year from 2026; freight 0."""
    return {
        "Settings": [{"Setting": "Default freight (USD/t)", "Value": 0}],
        "Minerals": [
            {"Mineral": name, "Price (USD/t)": 1, "Shortage cost (USD/t)": short} for name in demand
        ],
        "Members": [{"Member": "A", "Country": country}],
        "Refiners": sellers,
        "Demand": [
            {"Mineral": name, "Member": "A"} | {str(2026 + i): t for i in range(years)}
            for name, t in demand.items()
        ],
        "Inputs": inputs or [],
    }


def seller(
    name: str, mineral: str, country: str, cost: float, capacity: float = 1e6, **cells: object
) -> Cells:
    """A row of Refiners."""
    return {
        "Refiner": name,
        "Mineral": mineral,
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Cost (USD/t)": cost,
    } | {header.replace("_", " "): value for header, value in cells.items()}


def project(name: str, mineral: str, country: str, cost: float, **cells: object) -> Cells:
    """A row of Projects: 100 t/yr, 1 USD m, life 2, from 2026."""
    return {
        "Project": name,
        "Refiner": name,
        "Mineral": mineral,
        "Country": country,
        "Capacity (t/yr)": 100,
        "Capex (USD m)": 1,
        "Cost (USD/t)": cost,
        "First year": 2026,
        "Life (yr)": 2,
    } | {header.replace("_", " "): value for header, value in cells.items()}


def made_from(product: str, name: str, ratio: float, **cells: object) -> Cells:
    """A row of Inputs."""
    return {"Mineral": product, "Input": name, "Tonnes per tonne": ratio} | cells


def cap(share: float, mineral: str | None = None, **cells: object) -> Cells:
    """A hard cap on each country."""
    row: Cells = {"Limit": "max", "Mineral": mineral, "Supplier group": "country", "Share": share}
    return row | {header.replace("_", " "): value for header, value in cells.items()}
