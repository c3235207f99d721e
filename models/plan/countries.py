"""What each country sells to the coalition and to each member, and the limits on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.measures import Top, largest_shares, shares_of
from models.resolve import Floats, tightest_on_countries
from models.schema import DEMAND, PURCHASES

if TYPE_CHECKING:
    from models.plan.plan import Plan


def top_shares(plan: Plan) -> dict[str, Top]:
    """Return by mineral the largest share of one country in the coalition's base, of any year.

    It is what ``largest_country_shares`` says of ``Plan.countries``, without limits.
    """
    e, sales = plan.expanded, plan.expanded.sales
    names = sorted({s.country for s in e.sources})
    country = np.array([names.index(s.country) for s in e.sources], dtype=np.int64)
    sold = np.zeros((len(e.minerals), len(e.years), len(names)))
    np.add.at(sold, (sales.mineral, sales.year, country[sales.source]), plan.all_sold)
    of_demand = plan.case.settings.share_basis == DEMAND
    base = _needs(plan).T if of_demand else sold.sum(axis=2)
    m, t, c = at = np.nonzero((sold > 0) & (base > 0)[:, :, None])
    columns = {"mineral": np.array(e.minerals)[m], "country": np.array(names)[c]}
    columns |= {"year": np.array(e.years)[t], "tonnes": sold[at], "limit": np.full(len(m), np.nan)}
    return largest_shares(columns, sold[at] / base[m, t], ("mineral",))


def _needs(plan: Plan) -> Floats:
    """Return the demand of the coalition [t] by (year, mineral), and what plants take of it."""
    e, case = plan.expanded, plan.case
    demand = [[case.coalition_demand(m, year) for m in e.minerals] for year in e.years]
    return np.reshape(demand, (len(e.years), len(e.minerals))) + plan.beyond_demand.T


def country_shares(plan: Plan) -> pd.DataFrame:
    """Return the table ``Plan.countries``; what plants take of an input counts, too."""
    e, sales, tonnes = plan.expanded, plan.expanded.sales, plan.all_sold
    countries, limit = tightest_on_countries(e)
    axes: dict[str, Sequence[Any]] = {
        "year": e.years, "mineral": e.minerals, "buyer": ("", *e.members), "country": countries
    }  # fmt: skip
    sold, bought = np.zeros(limit.size), np.zeros(limit.shape[:3])
    all_sales = np.flatnonzero(tonnes > 0)
    country = np.array([countries.index(s.country) for s in e.sources], dtype=np.int64)
    to_members = all_sales[sales.member[all_sales] >= 0]
    for kept, buyer in ((all_sales, 0), (to_members, 1 + sales.member[to_members])):
        cell = (sales.year[kept] * len(e.minerals) + sales.mineral[kept]) * limit.shape[2] + buyer
        code = cell * len(countries) + country[sales.source[kept]]
        np.add.at(sold, code, tonnes[kept])
        code = code[np.sort(np.unique(code, return_index=True)[1])]  # each once, as they come
        np.add.at(bought.reshape(-1), code // max(1, len(countries)), sold[code])
    need = np.empty(bought.shape)
    need[:, :, 0] = _needs(plan)
    need[:, :, 1:] = np.moveaxis(e.demand + plan.handed_by, 2, 0)
    is_row = (sold.reshape(limit.shape) > 0) | np.isfinite(limit)
    order = [np.argsort(np.array(names)) for names in axes.values()]
    rows = tuple(o[r] for o, r in zip(order, np.nonzero(is_row[np.ix_(*order)]), strict=True))
    columns: dict[str, Any] = {
        axis: [names[i] for i in row.tolist()]
        for (axis, names), row in zip(axes.items(), rows, strict=True)
    }
    columns |= {"tonnes": sold.reshape(limit.shape)[rows], "demand": need[rows[:3]]}
    columns |= {
        "purchased": bought[rows[:3]],
        "limit": np.where(limit < np.inf, limit, np.nan)[rows],
    }
    table = pd.DataFrame(columns)
    return table.assign(**{f"of_{base}": shares_of(table, base) for base in (DEMAND, PURCHASES)})
