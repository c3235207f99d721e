"""Each country's sales to the coalition and to each member, and the limits on them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from models.measures import shares_of
from models.program.families.ore import ORE
from models.resolve import Floats, tightest_on_countries
from models.schema import DEMAND, PURCHASES

if TYPE_CHECKING:
    from models.program import Solved


def country_shares(plan: Solved, buyers: int | None = None) -> dict[str, Any]:
    """Return the columns of ``Plan.countries`` for the first ``buyers`` (None: all), as arrays.

    The first buyer is the coalition, the others are its members in their order. The coalition's
    tonnes include sales to plants; a member's do not.
    """
    e, sales, case, tonnes = plan.expanded, plan.expanded.sales, plan.case, plan.all_sold
    countries, limit = tightest_on_countries(e)
    limit = limit[:, :, :buyers]
    names = ("", *e.members)[:buyers]
    axes: dict[str, Sequence[Any]] = {
        "year": e.years, "mineral": e.minerals, "buyer": names, "country": countries
    }  # fmt: skip
    sold, bought = np.zeros(limit.size), np.zeros(limit.shape[:3])
    all_sales = np.flatnonzero(tonnes > 0)
    country = np.array([countries.index(s.country) for s in e.sources], dtype=np.int64)
    to_members = all_sales[sales.member[all_sales] >= 0]
    for kept, buyer in ((all_sales, 0), (to_members, 1 + sales.member[to_members]))[:buyers]:
        cell = (sales.year[kept] * len(e.minerals) + sales.mineral[kept]) * limit.shape[2] + buyer
        code = cell * len(countries) + country[sales.source[kept]]
        sold += np.bincount(code, tonnes[kept], limit.size)
        code = code[
            np.sort(np.unique(code, return_index=True)[1])
        ]  # each once, in order of appearance
        cell = code // max(1, len(countries))
        bought += np.bincount(cell, sold[code], bought.size).reshape(bought.shape)
    need = np.empty(bought.shape)
    need[:, :, 0] = [[case.coalition_demand(m, year) for m in e.minerals] for year in e.years]
    need[:, :, 0] += plan.plant_demand.T
    need[:, :, 1:] = np.moveaxis((e.demand + plan.transferred_by)[:, : len(names) - 1], 2, 0)
    is_row = (sold.reshape(limit.shape) > 0) | np.isfinite(limit)
    order = [np.argsort(np.array(names)) for names in axes.values()]
    rows = tuple(o[r] for o, r in zip(order, np.nonzero(is_row[np.ix_(*order)]), strict=True))
    columns: dict[str, Any] = {
        axis: np.array(names, dtype=object)[row]
        for (axis, names), row in zip(axes.items(), rows, strict=True)
    }
    columns |= {"tonnes": sold.reshape(limit.shape)[rows], "demand": need[rows[:3]]}
    columns |= {
        "purchased": bought[rows[:3]],
        "limit": np.where(limit < np.inf, limit, np.nan)[rows],
    }
    return columns | {f"of_{base}": shares_of(columns, base) for base in (DEMAND, PURCHASES)}


def reached_shares(plan: Solved) -> tuple[Floats, Floats]:
    """Return the tonnes that count under each cap, and its base [t], in the order of the caps."""
    tonnes = _sums_at([cap.flows for cap in plan.caps], plan.all_sold)
    base: list[float] = []
    for _, caps in groupby(plan.caps, attrgetter("limit", "mineral", "year", "buyer")):
        same = list(caps)
        cap = same[0]
        m, t = plan.expanded.mineral_at[cap.mineral], plan.expanded.years.index(cap.year)
        members, of_purchases = cap.buyers if cap.buyer else (), cap.of_purchases
        total = plan.base_of_plants(m, members, t, of_purchases=of_purchases)
        if cap.is_mining:
            ore = plan.amounts(ORE).items()
            of_mineral = [(key[0], z) for key, z in ore if key[3:] == (cap.mineral, cap.year)]
            tonnes[len(base) : len(base) + len(same)] = [
                sum(z for country, z in of_mineral if country in each.ore) for each in same
            ]
            total = sum(z for _, z in of_mineral) if of_purchases else cap.demand + total
        else:
            total = (plan.bought(m, cap.buyers, t) if of_purchases else cap.demand) + total
        base += [total] * len(same)
    return tonnes, np.array(base, dtype=float)


def _sums_at(places: Sequence[tuple[int, ...]], values: Floats) -> Floats:
    """Return the sum of the values at each tuple of positions."""
    sums, sizes = np.zeros(len(places)), np.fromiter(map(len, places), dtype=np.int64)
    for size in np.unique(sizes[sizes > 0]):
        at = np.flatnonzero(sizes == size)
        every = chain.from_iterable(places[i] for i in at.tolist())
        inside = np.fromiter(every, dtype=np.int64).reshape(-1, size)
        sums[at] = values[inside].sum(axis=1)
    return sums
