"""Each country's tonnes to the coalition and to each member, beside the limits on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.measures import shares_of
from models.resolve import tightest_on_countries
from models.schema import DEMAND, PURCHASES

if TYPE_CHECKING:
    from models.plan.plan import Plan


def country_shares(plan: Plan) -> pd.DataFrame:
    """Return the table ``Plan.countries``; of an input what plants take counts, too."""
    e, d, case, tonnes = plan.expanded, plan.expanded.sales, plan.case, plan.all_sold
    countries, limit = tightest_on_countries(e)
    axes: dict[str, Sequence[Any]] = {
        "year": e.years, "mineral": e.minerals, "buyer": ("", *e.members), "country": countries
    }  # fmt: skip
    sold, bought = np.zeros(limit.size), np.zeros(limit.shape[:3])
    every = np.flatnonzero(tonnes > 0)
    country = np.array([countries.index(s.country) for s in e.sources], dtype=np.int64)
    to_members = every[d.member[every] >= 0]
    for at, buyer in ((every, 0), (to_members, 1 + d.member[to_members])):
        cell = (d.year[at] * len(e.minerals) + d.mineral[at]) * limit.shape[2] + buyer
        code = cell * len(countries) + country[d.source[at]]
        np.add.at(sold, code, tonnes[at])
        code = code[np.sort(np.unique(code, return_index=True)[1])]  # each once, as they come
        np.add.at(bought.reshape(-1), code // max(1, len(countries)), sold[code])
    need = np.empty(bought.shape)
    need[:, :, 0] = [[case.coalition_demand(m, year) for m in e.minerals] for year in e.years]
    need[:, :, 0] += plan.beyond_demand.T
    need[:, :, 1:] = np.moveaxis(e.demand + plan.handed_by, 2, 0)
    is_told = (sold.reshape(limit.shape) > 0) | np.isfinite(limit)
    order = [np.argsort(np.array(of)) for of in axes.values()]
    rows = tuple(o[r] for o, r in zip(order, np.nonzero(is_told[np.ix_(*order)]), strict=True))
    found: dict[str, Any] = {
        name: [of[i] for i in row.tolist()]
        for (name, of), row in zip(axes.items(), rows, strict=True)
    }
    found |= {"tonnes": sold.reshape(limit.shape)[rows], "demand": need[rows[:3]]}
    found |= {"purchased": bought[rows[:3]], "limit": limit[rows]}
    of = pd.DataFrame(found).assign(limit=lambda of: of["limit"].where(of["limit"] < np.inf))
    return of.assign(**{f"of_{base}": shares_of(of, base) for base in (DEMAND, PURCHASES)})
