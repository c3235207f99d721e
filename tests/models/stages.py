"""Small books in which minerals are made from one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.models.desk import BookT, Row

CHINA, ALLY = "CHN", "AUS"


def stages(
    minerals: Mapping[str, float],
    refiners: Sequence[Row],
    inputs: Sequence[Row],
    demand: Mapping[str, float | Sequence[float]],
    *,
    years: Sequence[int] = (2026,),
    settings: Mapping[str, object] | None = None,
    members: Mapping[str, str | None] | None = None,
    **sheets: list[Row],
) -> BookT:
    """Return a book of minerals (by price) with a member A that demands tonnes of some of them.

    A tonne short costs ten times the price; freight to members is 0.
    """
    wants = {name: [t] * len(years) if isinstance(t, int | float) else t for name, t in demand.items()}
    book: BookT = {
        "Settings": [
            {"Setting": "Default freight (USD/t)", "Value": 0},
            *({"Setting": name, "Value": value} for name, value in (settings or {}).items()),
        ],
        "Minerals": [{"Mineral": name, "Price (USD/t)": price} for name, price in minerals.items()],
        "Members": [
            {"Member": name, "Country": country} for name, country in (members or {"A": None}).items()
        ],
        "Refiners": list(refiners),
        "Demand": [
            {"Mineral": name, "Member": "A"}
            | {str(y): t for y, t in zip(years, tonnes, strict=True)}
            for name, tonnes in wants.items()
        ],
        "Inputs": list(inputs),
    }
    return book | {name.replace("_", " "): rows for name, rows in sheets.items()}


def plant(
    name: str, mineral: str, country: str, cost: float, capacity: float = 1e6, **more: object
) -> Row:
    """Return a row of Refiners."""
    return {
        "Refiner": name, "Mineral": mineral, "Country": country, "Capacity (t/yr)": capacity,
        "Cost (USD/t)": cost,
    } | {header.replace("_", " "): value for header, value in more.items()}  # fmt: skip


def made(product: str, of: str, ratio: float = 1.0, **more: Any) -> Row:
    """Return a row of Inputs."""
    return {"Mineral": product, "Input": of, "Tonnes per tonne": ratio} | more


def cap(share: float, mineral: str | None = None, supplier: str | None = CHINA, **more: Any) -> Row:
    """Return a max on a country, or on each."""
    row = {"Limit": "max", "Mineral": mineral, "Supplier group": "country", "Supplier": supplier}
    return row | {"Share": share} | more


def oxide_and_alloy(*limits: Row, **sheets: list[Row]) -> BookT:
    """Return the contract's closed form b: oxide and alloy, each of China and of an ally."""
    return stages(
        {"oxide": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 1),
            plant("Lyn", "oxide", ALLY, 2, 7),
            plant("Zhong", "alloy", CHINA, 1),
            plant("Arafura", "alloy", ALLY, 2, 5),
        ],
        [made("alloy", "oxide")],
        {"alloy": 20},
        Share_limits=list(limits),
        **sheets,
    )


def separation() -> BookT:
    """Return the contract's closed form a: two lines that each give NdPr and DyTb."""
    ratios = {"West": (0.22, 0.002), "East": (0.20, 0.05)}
    inputs = [
        made(product, f"ore {name}", 1 / part, Refiner=name, Joint="yes")
        for name, parts in ratios.items()
        for product, part in zip(("NdPr", "DyTb"), parts, strict=True)
    ]
    lines = [plant(name, product, ALLY, 0) for name in ratios for product in ("NdPr", "DyTb")]
    mines = [plant("M1", "ore West", ALLY, 1), plant("M2", "ore East", ALLY, 5)]
    prices = {"NdPr": 1000, "DyTb": 1000, "ore West": 1000, "ore East": 1000}
    return stages(prices, [*lines, *mines], inputs, {"NdPr": 10, "DyTb": 0.2})
