"""Continuity: what is bought today, or was agreed, cannot change overnight."""

from __future__ import annotations

from typing import Any

import pyomo.core as pyo

from models.expand import growth
from models.frame import Frame, total
from models.schema import Refiner


def add(f: Frame) -> None:
    r"""Leaving a supplier of today costs; sales grow no faster than they can, or than was agreed.

    .. math:: d_{r,j} \ge today_{r,j} - (x + y)_{r,j,t_0}, \qquad
              S_{r,t} \le (1 + g_r)^{t - t'} S_{r,t'} + floor_{r,t}, \qquad
              S_{r,t} \le agreed_{r,t}                                              [t/yr]

    S is what a refiner sells to the coalition; t' is the year before, and before the first one
    today. The floor is for a refiner that sells nothing today (``models.expand.growth``).

    variables   switched d [t]: what a flow of the first year falls below today's
    posts       cost heading "switching" (d at the switching cost)
    dual        of growth and of what was agreed: what one more tonne of sales would save [money/t]
    source      adjustment costs, Holt, Modigliani, Muth & Simon (1960), Planning Production,
                Inventories, and Work Force
    """
    _switching(f)
    _growth(f)
    _agreed(f)


def _switching(f: Frame) -> None:
    case, e = f.case, f.expanded
    price = case.settings.switching_cost
    first = [e.minerals[m] for m, t in f.cells if t == 0]
    today = {
        (s.refiner, s.mineral, s.member): s.tonnes
        for s in case.current_supply
        if price > 0 and s.tonnes > 0 and s.mineral in first
    }
    f.model.switched = pyo.Var(list(today), within=pyo.NonNegativeReals)

    def rule(b: Any, *key: Any) -> Any:
        refiner, mineral, member = key
        at = (e.source_of_refiner[refiner, mineral], e.member_at[member], 0)
        flows = f.by_source_member_year.get(at, [])
        return (today[key], total([*flows, b.switched[key]]), None)

    f.model.switching = pyo.Constraint(list(today), rule=rule)
    f.books.cost(
        "switching",
        list(f.model.switched.values()),
        [price] * len(today),
        [e.years[0]] * len(today),
    )


def _growth(f: Frame) -> None:
    e = f.expanded
    rows: dict[tuple[str, str, int], tuple[list[Any], list[float], float]] = {}
    for (r, t), columns in f.by_source_year.items():
        record = e.sources[r].record
        if not isinstance(record, Refiner):
            continue
        allowed = growth(f.case, record, e.years[t], float(e.usable[r, t]))
        if allowed is None:
            continue
        before = f.by_source_year.get((r, t - 1), []) if allowed.before is not None else []
        amounts = [1.0] * len(columns) + [-allowed.times] * len(before)
        key = (record.name, record.mineral, e.years[t])
        rows[key] = ([*columns, *before], amounts, allowed.most)
    f.model.sales_growth = pyo.Constraint(
        list(rows), rule=lambda _, *key: (None, total(*rows[key][:2]), rows[key][2])
    )


def _agreed(f: Frame) -> None:
    e = f.expanded
    ceilings = {c[:4]: c[4] for c in f.case.ceilings}
    rows: dict[tuple[str, str, str, int], tuple[list[Any], float]] = {}
    for (r, t), columns in f.by_source_year.items():
        source = e.sources[r]
        key = (source.name, source.project, source.mineral, e.years[t])
        if key in ceilings:
            rows[key] = (columns, ceilings[key])
    f.model.agreed_sales = pyo.Constraint(
        list(rows), rule=lambda _, *key: (None, total(rows[key][0]), rows[key][1])
    )
