"""What is said of each mineral: shortage, the largest country, concentration, resilience."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from models.plan import Plan
from models.results.shares import binds
from models.schema import BY_COUNTRY, MAX, REST_OF_WORLD
from planner.sheets.context import Context, once

_NOISE = 1e-9
"""Shares that differ by less are equal: the earlier year, then the first country, is named."""
_DUST = 1e-9
"""A difference of two shortages, or costs, below this part of what they are of is rounding."""


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

    Tonnes in t, ``cost`` in the case's money; ``demand_value`` is demand at the stated price;
    ``cost_without`` is the average landed cost without share limits (None: not known). ``top`` is
    the largest share of a country in any year, ``last`` in the last year; ``years_at_limit`` says
    in how many years the coalition's limit on the latter's country binds (None: it has none).
    ``bound_on_members`` and ``bound_on_others`` count the max limits that bind on buyers other than
    the coalition, and those of the coalition on others than that country.
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
    cost_without: float | None
    demand_value: float
    top: Top | None
    last: Top | None
    years_at_limit: int | None
    bound_on_members: int
    bound_on_others: int
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
    def average_cost(self) -> float | None:
        """What a tonne bought costs landed; None where nothing is bought."""
        return self.cost / self.purchased if self.purchased > 0 else None

    @property
    def extra(self) -> float | None:
        """What the share limits add to the cost of a tonne bought; None where not known."""
        if self.average_cost is None or self.cost_without is None:
            return None
        extra = self.average_cost - self.cost_without
        return extra if abs(extra) > _DUST * self.average_cost else 0.0

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
    without = _average_costs(unlimited)
    bound = binding(plan)
    bound = bound[bound["kind"] == MAX]
    found = []
    for mineral in case.minerals:
        name = mineral.name
        short = shortage.get(name, 0.0)
        of_supply = free.get(name, 0.0) if free is not None else (None if has_limits else short)
        by_limits = None if of_supply is None else short - of_supply
        if by_limits is not None and abs(by_limits) <= _DUST * demand.get(name, 0.0):
            by_limits = 0.0
        mine = sold[sold["mineral"] == name]
        last = _top(context, mine[mine["year"] == case.years[-1]]) if case.years else None
        own = bound[bound["mineral"] == name]
        at_limit, of_others = _bound_on(own, last)
        found.append(
            Figures(
                name=name,
                unit=context.units[name],
                demand=demand.get(name, 0.0),
                purchased=purchased.get(name, 0.0),
                short=short,
                cost=paid.get(name, 0.0),
                cost_without=None if not has_limits else without.get(name),
                demand_value=sum(
                    case.coalition_demand(name, year) * mineral.price.value(year)
                    for year in case.years
                ),
                top=_top(context, mine),
                last=last,
                years_at_limit=at_limit,
                bound_on_members=int((own["buyer"] != "").sum()),
                bound_on_others=of_others,
                hhi_capacity=hhi(refiners[refiners["mineral"] == name], "nameplate"),
                hhi_purchases=hhi(mine, "tonnes"),
                short_of_supply=of_supply,
                short_by_limits=by_limits,
                left_if_lost=left_if_largest_stops(mine),
            )
        )
    return tuple(found)


def _average_costs(plan: Plan | None) -> dict[str, float]:
    """Return each mineral's average landed cost in a plan."""
    if plan is None:
        return {}
    tonnes, paid = (total(plan.flows, "mineral", amount) for amount in ("tonnes", "total"))
    return {name: paid[name] / tonnes[name] for name in tonnes if tonnes[name] > 0}


def _bound_on(bound: pd.DataFrame, last: Top | None) -> tuple[int | None, int]:
    """Return how many years the limit on a country binds, and how many others of the coalition."""
    of_coalition = bound[bound["buyer"] == ""]
    if last is None:
        return None, len(of_coalition)
    on_it = (of_coalition["group"] == BY_COUNTRY) & (of_coalition["supplier"] == last.country)
    years = int(of_coalition[on_it]["year"].nunique())
    known = years > 0 or last.limit is not None
    return (years if known else None), int((~on_it).sum())


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
