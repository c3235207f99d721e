"""What a case of the benchmark says, as the plain arrays that every rival starts from.

Read from a Case, or from the sheets of its workbook as pandas has them. Only what the benchmark's
cases have is read: no lanes, no contracts, no tiers; steps from year to year only in demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from models.case import Case

SHORTAGE_MULTIPLE, FAIR_WEIGHT = 10.0, 0.1


@dataclass(frozen=True)
class Piles:
    """The reserves, by (mineral, member); ``penalty`` and ``holding`` [money/t/yr]."""

    most: np.ndarray
    opening: np.ndarray
    target: np.ndarray
    penalty: np.ndarray
    holding: np.ndarray


@dataclass(frozen=True)
class Facts:
    """A case: names, positions and amounts; refiners stand mineral by mineral.

    ``demand`` [t] by (mineral, member, year), ``freight`` [money/t] by (country, member),
    ``short_cost`` [money/t] by mineral, ``worth`` what a year's money counts.
    """

    minerals: list[str]
    members: list[str]
    years: list[int]
    countries: list[str]
    refiners: list[str]
    mineral_of: np.ndarray
    country_of: np.ndarray
    capacity: np.ndarray
    cost: np.ndarray
    freight: np.ndarray
    demand: np.ndarray
    short_cost: np.ndarray
    worth: np.ndarray
    cap_all: float
    cap_each: float
    piles: Piles | None = None


def of_case(case: Case) -> Facts:
    """Return the facts of a case of the benchmark."""
    limits = {row.buyer: row.share.value(case.years[0]) for row in case.share_limits}
    piles = [(s.max, s.opening, s.target.base, s.target_penalty, s.holding_cost)
             for s in case.stockpiles]  # fmt: skip
    return _facts(
        years=list(case.years),
        rate=case.settings.discount_rate,
        minerals={m.name: m.price.value(case.years[0]) for m in case.minerals},
        members=[m.name for m in case.members],
        refiners=[
            (r.name, r.mineral, r.country, r.capacity.base, r.cost.base) for r in case.refiners
        ],
        demand=[(d.mineral, d.member, [t for _, t in d.tonnes]) for d in case.demand],
        freight={f.country: [dict(f.costs)[m.name] for m in case.members] for f in case.freight},
        limits=(limits[""], limits["each"]),
        piles={(s.mineral, s.member): p for s, p in zip(case.stockpiles, piles, strict=True)},
    )


def of_sheets(sheets: Mapping[str, pd.DataFrame]) -> Facts:
    """Return the facts of a workbook of the benchmark, read by pandas; without stocks."""
    refiners, demand, freight = (sheets[name] for name in ("Refiners", "Demand", "Freight"))
    minerals, members, limits = (sheets[name] for name in ("Minerals", "Members", "Share limits"))
    years = [column for column in demand.columns if str(column).isdigit()]
    names = members["Member"].tolist()
    shares = limits.set_index(limits["Buyer"].fillna(""))["Share"]
    settings = sheets["Settings"].set_index("Setting")["Value"]
    refiners = refiners.sort_values(["Mineral", "Refiner"])
    return _facts(
        years=[int(year) for year in years],
        rate=float(settings["Discount rate"]),
        minerals=dict(zip(minerals["Mineral"], minerals["Price (USD/t)"], strict=True)),
        members=names,
        refiners=list(
            refiners[
                ["Refiner", "Mineral", "Country", "Capacity (t/yr)", "Cost (USD/t)"]
            ].itertuples(index=False, name=None)
        ),
        demand=list(
            zip(demand["Mineral"], demand["Member"], demand[years].to_numpy(float), strict=True)
        ),
        freight=dict(
            zip(freight["From country"], freight[names].to_numpy(float).tolist(), strict=True)
        ),
        limits=(float(shares[""]), float(shares["each"])),
        piles={},
    )


def _facts(
    *,
    years: list[int],
    rate: float,
    minerals: dict[str, float],
    members: list[str],
    refiners: list[tuple[Any, ...]],
    demand: list[tuple[str, str, Any]],
    freight: dict[str, Any],
    limits: tuple[float, float],
    piles: dict[tuple[str, str], tuple[Any, ...]],
) -> Facts:
    names, countries = list(minerals), list(freight)
    at_mineral = {name: i for i, name in enumerate(names)}
    at_member = {name: i for i, name in enumerate(members)}
    at_country = {name: i for i, name in enumerate(countries)}
    need = np.zeros((len(names), len(members), len(years)))
    for mineral, member, tonnes in demand:
        need[at_mineral[mineral], at_member[member]] = tonnes
    stored = None
    if piles:
        table = np.zeros((5, len(names), len(members)))
        for (mineral, member), amounts in piles.items():
            table[:, at_mineral[mineral], at_member[member]] = amounts
        stored = Piles(*table)
    return Facts(
        minerals=names,
        members=members,
        years=years,
        countries=countries,
        refiners=[row[0] for row in refiners],
        mineral_of=np.array([at_mineral[row[1]] for row in refiners]),
        country_of=np.array([at_country[row[2]] for row in refiners]),
        capacity=np.array([row[3] for row in refiners], dtype=float),
        cost=np.array([row[4] for row in refiners], dtype=float),
        freight=np.array([freight[code] for code in countries], dtype=float),
        demand=need,
        short_cost=SHORTAGE_MULTIPLE * np.array(list(minerals.values()), dtype=float),
        worth=(1.0 + rate) ** -np.arange(len(years), dtype=float),
        cap_all=limits[0],
        cap_each=limits[1],
        piles=stored,
    )
