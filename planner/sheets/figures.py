"""What is said of each mineral: shortage, the largest country, concentration, resilience."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from models import measures, results, schema
from models.measures import Top
from models.plan import Plan
from models.results import common, supply
from planner.sheets import findings, suppliers
from planner.sheets.context import Context, once


@once
def figures(context: Context) -> tuple[findings.Row, ...]:
    """Return a row of By mineral for every mineral, in the case's order, and what that rests on.

    Beside its fields: ``top`` and ``last``, the largest share of a country in any year and in the
    last one; ``demand_value``, demand at the stated price; ``extra_paid``, what it costs more than
    the same tonnes without share limits [money].
    """
    plan, case, unlimited = context.plan, context.case, context.without_limits
    demand, purchased, shortage = (
        measures.sums(plan.supply, amount, "mineral") for amount in ("demand", "purchased", "short")
    )
    paid = paid_by_mineral(plan)
    free = None if unlimited is None else measures.sums(unlimited.supply, "short", "mineral")
    has_limits = bool(case.share_limits)
    extra, lost = ({}, {}) if unlimited is None else _against(plan, unlimited)
    sold, bound = coalition_purchases(plan), _bound(plan)
    tops, lasts = (
        measures.largest_country_shares(rows, context.basis)
        for rows in (sold, sold[sold["year"] == case.years[-1]] if case.years else sold[:0])
    )
    refiners = plan.sources[plan.sources["project"] == ""]
    capacity = measures.sums_within(refiners, "nameplate", "mineral", "country")
    sold_by = measures.sums_within(sold, "tonnes", "mineral", "country")
    found = []
    for of in case.minerals:
        name = of.name
        needed, short = demand.get(name, 0.0), shortage.get(name, 0.0)
        of_supply = free.get(name, 0.0) if free is not None else (None if has_limits else short)
        last, own = lasts.get(name), bound[name]
        at_limit, of_others = _bound_on(own, last)
        spent, bought = paid.get(name, 0.0), purchased.get(name, 0.0)
        more = extra.get(name) if has_limits else None
        top = tops.get(name)
        found.append(
            {
                "mineral": name,
                "unit": of.unit or "t",
                "demand": needed,
                "purchased": bought,
                "short": short,
                "served": measures.served_share(needed, short),
                "paid": spent,
                "landed": measures.landed_cost(spent, bought),
                "extra_paid": more,
                "extra": None if more is None else measures.part(more, bought),
                "demand_value": sum(
                    case.coalition_demand(name, year) * of.price.value(year) for year in case.years
                ),
                "top": top,
                "last": last,
                **(vars(top) if top else {}),
                **({f"last_{key}": value for key, value in vars(last).items()} if last else {}),
                "years_at_limit": at_limit,
                "bound_on_members": sum(buyer != "" for buyer, *_ in own),
                "bound_on_others": of_others,
                "hhi_capacity": measures.hhi(capacity[name]),
                "hhi_purchases": measures.hhi(sold_by[name]),
                "short_of_supply": of_supply,
                "short_by_limits": None
                if of_supply is None
                else measures.short_by_limits(short, of_supply, needed),
                "shortage_by_limits": lost.get(name),
                **suppliers.supplies(context).get(name, {}),
            }
        )
    return tuple(found)


def paid_by_mineral(plan: Plan) -> dict[str, float]:
    """Return what members pay for each mineral [money], what its inputs cost included."""
    table = plan.flows
    if not plan.expanded.intakes:
        return measures.sums(table, "total", "mineral")
    of = plan.supply.assign(paid=measures.paid(plan.supply))
    return measures.sums(of, "paid", "mineral")


def _against(plan: Plan, free: Plan) -> tuple[dict[str, float], dict[str, float]]:
    """Return what each mineral costs more than the same tonnes without share limits, where bought.

    Beside it what its shortage costs more.
    """
    more = measures.constant_basket(plan.supply, free.supply).get((), {})
    here, there = (measures.sums(of.supply, "short_cost", "mineral") for of in (plan, free))
    return (
        {name: extra for name, (extra, _) in more.items()},
        {m: measures.beyond(cost, there[m], max(cost, there[m])) for m, cost in here.items()},
    )


def _bound(plan: Plan) -> dict[str, list[tuple[str, str, str, int]]]:
    """Return buyer, group, supplier and year of each max limit that binds, by mineral."""
    table, found = binding(plan), defaultdict[str, list[tuple[str, str, str, int]]](list)
    columns = (table[c].tolist() for c in ("kind", "mineral", "buyer", "group", "supplier", "year"))
    for kind, mineral, *row in zip(*columns, strict=True):
        if kind == schema.MAX:
            found[mineral].append(tuple(row))
    return found


def _bound_on(
    bound: Sequence[tuple[str, str, str, int]], last: Top | None
) -> tuple[int | None, int]:
    """Return how many years the limit on a country binds, and how many others of the coalition."""
    of_coalition = [row for buyer, *row in bound if buyer == ""]
    if last is None:
        return None, len(of_coalition)
    on_it = [year for *on, year in of_coalition if on == [schema.BY_COUNTRY, last.country]]
    years = len(set(on_it))
    known = years > 0 or last.limit is not None
    return (years if known else None), len(of_coalition) - len(on_it)


def coalition_purchases(plan: Plan) -> pd.DataFrame:
    table = plan.countries
    return table[table["buyer"] == ""]


def binding(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.limits`` that bind; a limit on a buyer without need does not."""
    table = plan.limits
    return table[supply.binds(table)]


@once
def by_mineral(context: Context) -> results.ByMineral:
    made = results.ByMineral.of_rows(figures(context), words=common.words_of(context.case))
    if context.plan.expanded.intakes:
        return made
    return made.without(results.ByMineral.stage_country, results.ByMineral.served_through)


@once
def members(context: Context) -> results.Members:
    return results.Members.of(context.plan, context.without_limits)
