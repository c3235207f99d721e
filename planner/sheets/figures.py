"""What is said of each mineral: shortage, the largest country, concentration, resilience."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from models.plan import Plan
from models.schema import MAX, REST_OF_WORLD
from planner.sheets.context import Context, once

_NOISE = 1e-9
"""Shares that differ by less are equal: the earlier year, then the first country, is named."""


@dataclass(frozen=True)
class Top:
    """The largest share of one country in what the coalition's limits are a share of."""

    country: str
    year: int
    share: float
    limit: float | None


@dataclass(frozen=True)
class Figures:
    """One mineral over the whole horizon.

    Tonnes in t, ``cost`` in the case's money; ``demand_value`` is demand at the stated price.
    ``hhi_capacity`` and ``hhi_purchases`` run from 0 to 10,000 (None: nothing to count).
    ``short_of_supply`` is the shortage without share limits and ``short_by_limits`` what they add
    (None: not known). ``served_if_lost`` is the share of demand served if the largest supplier
    country of each year stops.
    """

    name: str
    unit: str
    demand: float
    purchased: float
    short: float
    cost: float
    demand_value: float
    top: Top | None
    years_at_limit: int
    hhi_capacity: float | None
    hhi_purchases: float | None
    short_of_supply: float | None
    short_by_limits: float | None
    left_if_lost: float

    @property
    def served(self) -> float:
        """The share of demand served; 1 where there is none."""
        return 1.0 - self.short / self.demand if self.demand > 0 else 1.0

    @property
    def served_if_lost(self) -> float:
        """The share of demand served if the largest supplier country of each year stops."""
        return min(1.0, self.left_if_lost / self.demand) if self.demand > 0 else 1.0


@once
def figures(context: Context) -> tuple[Figures, ...]:
    """Return the figures of every mineral, in the case's order."""
    plan, case = context.plan, context.case
    demand, purchased, shortage = (
        total(plan.supply, "mineral", amount) for amount in ("demand", "purchased", "short")
    )
    paid = total(plan.flows, "mineral", "total")
    unlimited = context.without_limits
    free = None if unlimited is None else total(unlimited.supply, "mineral", "short")
    has_limits = bool(case.share_limits)
    sold = coalition_purchases(plan)
    refiners = plan.sources[plan.sources["project"] == ""]
    bound = binding(plan)
    at_limit = bound[bound["kind"] == MAX].groupby("mineral")["year"].nunique().to_dict()
    found = []
    for mineral in case.minerals:
        name = mineral.name
        short = shortage.get(name, 0.0)
        of_supply = free.get(name, 0.0) if free is not None else (None if has_limits else short)
        mine = sold[sold["mineral"] == name]
        found.append(
            Figures(
                name=name,
                unit=context.units[name],
                demand=demand.get(name, 0.0),
                purchased=purchased.get(name, 0.0),
                short=short,
                cost=paid.get(name, 0.0),
                demand_value=sum(
                    case.coalition_demand(name, year) * mineral.price.value(year)
                    for year in case.years
                ),
                top=_top(context, mine),
                years_at_limit=int(at_limit.get(name, 0)),
                hhi_capacity=hhi(refiners[refiners["mineral"] == name], "nameplate"),
                hhi_purchases=hhi(mine, "tonnes"),
                short_of_supply=of_supply,
                short_by_limits=None if of_supply is None else short - of_supply,
                left_if_lost=left_if_largest_stops(mine),
            )
        )
    return tuple(found)


def total(table: pd.DataFrame, by: str, amount: str) -> dict[str, float]:
    """Return an amount's sum for each name in a column."""
    sums = table.groupby(by)[amount].sum()
    return dict(zip(map(str, sums.index), sums.tolist(), strict=True))


def coalition_purchases(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.countries`` whose buyer is the coalition."""
    table = plan.countries
    return table[table["buyer"] == ""]


def hhi(table: pd.DataFrame, amount: str) -> float | None:
    """Return the Herfindahl-Hirschman index by country, 0 to 10,000, of amounts summed over years.

    The sum of squared shares in per cent (Hirschman 1945; Herfindahl 1950). Rest of world is many
    small suppliers: it counts in the whole and adds nothing itself.
    """
    by_country = table.groupby("country")[amount].sum()
    whole = float(by_country.sum())
    if whole <= 0:
        return None
    named = by_country[by_country.index != REST_OF_WORLD]
    return float(((named / whole * 100.0) ** 2).sum())


def left_if_largest_stops(sold: pd.DataFrame) -> float:
    """Return purchases less those from the largest country of each mineral and year [t]."""
    named = sold[sold["country"] != REST_OF_WORLD]
    largest = named.groupby(["mineral", "year"])["tonnes"].max()
    return float(sold["tonnes"].sum() - largest.sum())


def largest_share(context: Context, sold: pd.DataFrame) -> Top | None:
    """Return the largest share of a country in its base among rows of ``Plan.countries``."""
    return _top(context, sold)


def _top(context: Context, sold: pd.DataFrame) -> Top | None:
    base = context.base_column
    rows = sold[(sold["country"] != REST_OF_WORLD) & (sold[base] > 0) & (sold["tonnes"] > 0)]
    best: Top | None = None
    for year, country, tonnes, whole, limit in zip(
        *(rows[c] for c in ("year", "country", "tonnes", base, "limit")), strict=True
    ):
        share = float(tonnes) / float(whole)
        if best is None or share > best.share + _NOISE:
            best = Top(country, int(year), share, None if pd.isna(limit) else float(limit))
    return best


def binding(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.limits`` that bind; a limit on a buyer without need does not."""
    table = plan.limits
    return table[binds(table)]


def binds(table: pd.DataFrame) -> pd.Series[bool]:
    """Return whether each row of ``Plan.limits`` binds."""
    needed = (table["base"] > 0) | (table["shadow_price"] > 0)
    return table["binding"].astype(bool) & needed
