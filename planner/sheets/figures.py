"""What is said of each mineral: shortage, the largest country, concentration, resilience."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models import measures
from models.measures import Top
from models.plan import Plan
from models.results import ByMineral
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
    sold, bound = coalition_purchases(plan), binding(plan)
    refiners = plan.sources[plan.sources["project"] == ""]
    found = []
    for of in case.minerals:
        name = of.name
        needed, short = demand.get(name, 0.0), shortage.get(name, 0.0)
        of_supply = free.get(name, 0.0) if free is not None else (None if has_limits else short)
        mine = sold[sold["mineral"] == name]
        last = largest_share(context, mine[mine["year"] == case.years[-1]]) if case.years else None
        own = bound[(bound["kind"] == MAX) & (bound["mineral"] == name)]
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
                top=largest_share(context, mine),
                last=last,
                years_at_limit=at_limit,
                bound_on_members=int((own["buyer"] != "").sum()),
                bound_on_others=of_others,
                hhi_capacity=_hhi(refiners[refiners["mineral"] == name], "nameplate"),
                hhi_purchases=_hhi(mine, "tonnes"),
                short_of_supply=of_supply,
                short_by_limits=None
                if of_supply is None
                else measures.short_by_limits(short, of_supply, needed),
                shortage_by_limits=lost.get(name),
                served_if_lost=measures.served_if_largest_stops(mine, needed),
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


def _bound_on(bound: pd.DataFrame, last: Top | None) -> tuple[int | None, int]:
    """Return how many years the limit on a country binds, and how many others of the coalition."""
    of_coalition = bound[bound["buyer"] == ""]
    if last is None:
        return None, len(of_coalition)
    on_it = (of_coalition["group"] == BY_COUNTRY) & (of_coalition["supplier"] == last.country)
    years = int(of_coalition[on_it]["year"].nunique())
    known = years > 0 or last.limit is not None
    return (years if known else None), int((~on_it).sum())


def coalition_purchases(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.countries`` whose buyer is the coalition."""
    table = plan.countries
    return table[table["buyer"] == ""]


def largest_share(context: Context, sold: pd.DataFrame) -> Top | None:
    """Return the largest share of a country in what limits are of, among ``Plan.countries``."""
    return measures.largest_country_share(sold, context.basis)


def _hhi(table: pd.DataFrame, amount: str) -> float | None:
    """Return the HHI by country of amounts summed over years."""
    return measures.hhi(measures.sums(table, amount, "country"))


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
