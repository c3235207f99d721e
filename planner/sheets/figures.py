"""What is said of each mineral: shortage, the largest country, concentration, resilience."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models import measures
from models.measures import Top
from models.plan import Plan
from models.results import ByMineral, Members
from models.results.common import words_of
from models.results.supply import binds
from models.schema import BY_COUNTRY, MAX
from planner.sheets.context import Context, once
from planner.sheets.suppliers import Supply, supplies


@dataclass(frozen=True)
class Figures:
    """One mineral over the whole horizon, by the fields of ByMineral where they are the same.

    Tonnes in t, ``paid`` in the case's money; ``demand_value`` is demand at the stated price;
    ``extra_paid`` is what it costs more than the same tonnes without share limits (None: not
    known), ``shortage_by_limits`` what is short more than there, at the shortage cost (None: as
    that). ``top`` is the largest share of a country in any year, ``last`` in the last year;
    ``years_at_limit`` says in how many years the coalition's limit on the latter's country binds
    (None: it has none).
    ``bound_on_members`` and ``bound_on_others`` count the max limits that bind on buyers other than
    the coalition, and those of the coalition on others than that country.
    ``hhi_capacity`` and ``hhi_purchases`` run from 0 to 10,000 (None: nothing to count).
    ``short_of_supply`` is the shortage without share limits and ``short_by_limits`` what they add
    (None: not known). ``served_if_lost`` is the share of demand served if the largest supplier
    country of each year stops.
    """

    mineral: str
    unit: str
    demand: float
    purchased: float
    short: float
    paid: float
    extra_paid: float | None
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
    shortage_by_limits: float | None
    served_if_lost: float

    @property
    def served(self) -> float:
        """The share of demand served; 1 where there is none."""
        return measures.served_share(self.demand, self.short)

    @property
    def landed(self) -> float | None:
        """What a tonne bought costs landed; None where nothing is bought."""
        return measures.landed_cost(self.paid, self.purchased)

    @property
    def extra(self) -> float | None:
        """What the share limits add to the cost of a tonne bought; None where not known."""
        return None if self.extra_paid is None else measures.part(self.extra_paid, self.purchased)


@once
def figures(context: Context) -> tuple[Figures, ...]:
    """Return the figures of every mineral, in the case's order."""
    plan, case, unlimited = context.plan, context.case, context.without_limits
    demand, purchased, shortage = (
        measures.sums(plan.supply, amount, "mineral") for amount in ("demand", "purchased", "short")
    )
    paid = measures.sums(plan.flows, "total", "mineral")
    free = None if unlimited is None else measures.sums(unlimited.supply, "short", "mineral")
    has_limits, extra = bool(case.share_limits), _extra_paid(context)
    lost = _shortage_by_limits(context)
    sold, bound = coalition_purchases(plan), _bound(plan)
    tops, lasts = (
        measures.largest_country_shares(rows, context.basis)
        for rows in (sold, sold[sold["year"] == case.years[-1]] if case.years else sold[:0])
    )
    refiners = plan.sources[plan.sources["project"] == ""]
    capacity = measures.sums_within(refiners, "nameplate", "mineral", "country")
    bought = measures.sums_within(sold, "tonnes", "mineral", "country")
    found = []
    for of in case.minerals:
        name = of.name
        needed, short = demand.get(name, 0.0), shortage.get(name, 0.0)
        of_supply = free.get(name, 0.0) if free is not None else (None if has_limits else short)
        last, own = lasts.get(name), bound[name]
        at_limit, of_others = _bound_on(own, last)
        found.append(
            Figures(
                mineral=name,
                unit=of.unit or "t",
                demand=needed,
                purchased=purchased.get(name, 0.0),
                short=short,
                paid=paid.get(name, 0.0),
                extra_paid=extra.get(name) if has_limits else None,
                demand_value=sum(
                    case.coalition_demand(name, year) * of.price.value(year) for year in case.years
                ),
                top=tops.get(name),
                last=last,
                years_at_limit=at_limit,
                bound_on_members=sum(buyer != "" for buyer, *_ in own),
                bound_on_others=of_others,
                hhi_capacity=measures.hhi(capacity[name]),
                hhi_purchases=measures.hhi(bought[name]),
                short_of_supply=of_supply,
                short_by_limits=None
                if of_supply is None
                else measures.short_by_limits(short, of_supply, needed),
                shortage_by_limits=lost.get(name),
                served_if_lost=measures.served_if_largest_stops(
                    sold[sold["mineral"] == name], needed
                ),
            )
        )
    return tuple(found)


def _extra_paid(context: Context) -> dict[str, float]:
    """Return what each mineral costs more than its tonnes do without share limits, where known."""
    free = context.without_limits
    if free is None:
        return {}
    found = measures.like_for_like(context.plan.supply, free.supply, "mineral")
    bought = measures.sums(free.supply, "purchased", "mineral")
    return {name: more for name, (more, _) in found.items() if bought.get(name, 0.0) > 0}


def _shortage_by_limits(context: Context) -> dict[str, float]:
    """Return what each mineral's shortage costs more than without share limits, where known."""
    free = context.without_limits
    if free is None:
        return {}
    here, there = (measures.sums(of.supply, "short_cost", "mineral") for of in (context.plan, free))
    return {m: measures.beyond(cost, there[m], max(cost, there[m])) for m, cost in here.items()}


def _bound(plan: Plan) -> dict[str, list[tuple[str, str, str, int]]]:
    """Return buyer, group, supplier and year of each max limit that binds, by mineral."""
    table, found = binding(plan), defaultdict[str, list[tuple[str, str, str, int]]](list)
    columns = (table[c].tolist() for c in ("kind", "mineral", "buyer", "group", "supplier", "year"))
    for kind, mineral, *row in zip(*columns, strict=True):
        if kind == MAX:
            found[mineral].append(tuple(row))
    return found


def _bound_on(
    bound: Sequence[tuple[str, str, str, int]], last: Top | None
) -> tuple[int | None, int]:
    """Return how many years the limit on a country binds, and how many others of the coalition."""
    of_coalition = [row for buyer, *row in bound if buyer == ""]
    if last is None:
        return None, len(of_coalition)
    on_it = [year for *on, year in of_coalition if on == [BY_COUNTRY, last.country]]
    years = len(set(on_it))
    known = years > 0 or last.limit is not None
    return (years if known else None), len(of_coalition) - len(on_it)


def coalition_purchases(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.countries`` whose buyer is the coalition."""
    table = plan.countries
    return table[table["buyer"] == ""]


def binding(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.limits`` that bind; a limit on a buyer without need does not."""
    table = plan.limits
    return table[binds(table)]


@once
def by_mineral(context: Context) -> ByMineral:
    """Return the sheet By mineral; of Top come the fields of its names, ``last_`` of the last."""
    columns: dict[str, Any] = {}
    supply = [supplies(context).get(of.mineral) for of in figures(context)]
    for name in (f.name for f in ByMineral.FIELDS):
        part = name.removeprefix("last_")
        whose = "last" if part != name else "top" if part in Top.__annotations__ else ""
        rows: Iterable[Any] = (getattr(of, whose) if whose else of for of in figures(context))
        rows = supply if name in Supply.__annotations__ else rows
        columns[name] = [None if row is None else getattr(row, part) for row in rows]
    return ByMineral(words=words_of(context.case), **columns)


@once
def members(context: Context) -> Members:
    """Return the sheet Members."""
    return Members.of(context.plan, context.without_limits)
