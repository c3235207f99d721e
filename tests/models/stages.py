"""Small books in which minerals are made from one another."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
    wants = {
        name: [t] * len(years) if isinstance(t, int | float) else t for name, t in demand.items()
    }
    book: BookT = {
        "Settings": [
            {"Setting": "Default freight (USD/t)", "Value": 0},
            *({"Setting": name, "Value": value} for name, value in (settings or {}).items()),
        ],
        "Minerals": [{"Mineral": name, "Price (USD/t)": price} for name, price in minerals.items()],
        "Members": [
            {"Member": name, "Country": country}
            for name, country in (members or {"A": None}).items()
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


# ---- random books --------------------------------------------------------------------------------

COUNTRIES = (CHINA, ALLY, "CHL", "DEU", "ROW")


def random_stages(seed: int) -> BookT:  # noqa: PLR0912, PLR0915 - a throw for each part of a book
    """Return a random book: a chain of two to four minerals with side inputs, and often more.

    Joint lines, stock that is handed over, recyclers, projects, contracts, mines, growth, tiers of
    caps on any stage, security, discounting and both bases of shares come by chance.
    """
    rng = np.random.default_rng([5, seed])

    def often(chance: float = 0.5) -> bool:
        return bool(rng.random() < chance)

    def pick(of: Sequence[Any]) -> Any:
        return of[int(rng.integers(len(of)))]

    def about(low: float, high: float) -> float:
        return float(np.round(rng.uniform(low, high), 1))

    years = (2026, 2028) if often() else (2026,)
    chain = [f"m{i}" for i in range(int(rng.integers(2, 5)))]  # m0 is made from m1, and so on
    names = [*chain, *(["side"] if often() else [])]
    members = {"A": pick([None, ALLY, "DEU"]), "B": pick([CHINA, "DEU"])}
    refiners = [
        plant(
            f"{name}{i}", name, pick(COUNTRIES), about(1, 9), about(5, 60),
            Kind="recycled" if often(0.15) else "primary",
            **{"Available share": pick([1, 1, 0.5]), "Max growth": pick([None, None, 0.5])},
        )
        for name in names for i in range(int(rng.integers(1, 4)))
    ]  # fmt: skip
    inputs = [
        made(product, of, about(0.2, 3)) for product, of in itertools.pairwise(chain) if often(0.9)
    ]
    if "side" in names:
        inputs.append(made(chain[0], "side", about(0.1, 1)))
        if often() and chain[-1] != chain[0]:  # one line gives the first two of the chain
            line = pick([r["Refiner"] for r in refiners if r["Mineral"] == chain[0]])
            second = next(r for r in refiners if r["Refiner"] == line)
            if len(chain) > 2:
                other = plant(line, chain[1], second["Country"], about(1, 9), about(5, 60))
                refiners.append(other)
                inputs += [
                    made(product, chain[-1], about(0.5, 4), Refiner=line, Joint="yes")
                    for product in (chain[0], chain[1])
                    if product != chain[-1]
                ]
    if often(0.3):
        named = pick([r for r in refiners if r["Mineral"] != chain[-1]])
        at = names.index(named["Mineral"])
        if at + 1 < len(chain) and named["Mineral"] in chain:
            row = made(named["Mineral"], chain[at + 1], pick([0, 1.5]), Refiner=named["Refiner"])
            keys = [(r["Mineral"], r.get("Refiner"), r["Input"]) for r in inputs]
            if (row["Mineral"], row["Refiner"], row["Input"]) not in keys:
                inputs.append(row)
    demand = {chain[0]: [about(10, 60) for _ in years]}
    for name in names[1:]:
        if often(0.4):
            demand[name] = [about(1, 20) for _ in years]
    sheets: dict[str, list[Row]] = {}
    if often(0.8):
        sheets["Share_limits"] = [
            cap(
                pick([0.4, 0.6, 0.8]), pick([None, *names]),
                pick([CHINA, None, "each outside coalition"]),
                **{"Buyer": pick([None, None, "each", "B"]), "Penalty (USD/t)": pick([None, 3])},
            )
            for _ in range(int(rng.integers(1, 4)))
        ]  # fmt: skip
        if often(0.3):
            least = cap(0.2, pick(names), ALLY) | {"Limit": "min"}
            sheets["Share_limits"].append(least)
    if often(0.6):
        sheets["Stockpiles"] = [
            {"Mineral": name, "Member": member, "Max (t)": about(0, 30), "Opening (t)": 0}
            for name, member in itertools.product(pick([names, names[1:]]), members)
            if often(0.5)
        ]
        for row in sheets["Stockpiles"]:
            row["Opening (t)"] = round(row["Max (t)"] * pick([0, 0.5]), 2)
            row["Target (t)"] = pick([None, 0])
    if often(0.5):
        sheets["Input_lanes"] = [
            {
                "Input": pick([None, *names]), "From country": pick([None, *COUNTRIES[:4]]),
                "To country": pick([None, *COUNTRIES[:4]]), "Freight (USD/t)": about(0, 3),
                "Tariff": pick([None, 0.2]), "Open": pick([None, None, "no"]),
            }
            for _ in range(int(rng.integers(1, 4)))
        ]  # fmt: skip
    if often(0.4):
        sheets["Projects"] = [
            {
                "Project": f"P{i}", "Refiner": f"New{i}", "Mineral": pick(names),
                "Country": pick(COUNTRIES[:4]), "Capacity (t/yr)": about(5, 30),
                "Capex (USD m)": 0.0001, "Cost (USD/t)": about(1, 5), "First year": pick(years),
            }
            for i in range(2)
        ]  # fmt: skip
    if often(0.3):
        sheets["Security"] = [
            {"Mineral": pick([None, *names]), "Lost country": pick([None, CHINA]),
             "Max short": pick([0, 0.3])}
        ]  # fmt: skip
    if often(0.3):
        sheets["Mines"] = [
            {"Mineral": chain[-1], "Country": c, "Capacity (t/yr)": about(20, 90)}
            for c in (CHINA, "CHL")
        ]
    if often(0.3):
        of = next(r for r in refiners if r["Mineral"] == chain[0])
        sheets["Contracts"] = [
            {"Refiner": of["Refiner"], "Mineral": chain[0], "Member": "A", "Min (t/yr)": 3,
             "Max (t/yr)": 9, "Price (USD/t)": 4}
        ]  # fmt: skip
    settings = {
        "Discount rate": pick([0, 0.1]), "Share basis": pick(["demand", "demand", "purchases"]),
        "Fair shortage weight": pick([0, 0.1]), "Surge": 0.2,
    }  # fmt: skip
    book = stages(
        {name: about(20, 60) for name in names}, refiners, inputs, demand,
        years=years, settings=settings, members=members, **sheets,
    )  # fmt: skip
    book["Demand"] += [
        {"Mineral": row["Mineral"], "Member": "B"} | {str(y): about(0, 20) for y in years}
        for row in book["Demand"]
    ]
    return {name: rows for name, rows in book.items() if rows}
