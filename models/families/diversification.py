"""Diversification: no supplier has more, or less, of a buyer than a share."""

from __future__ import annotations

from typing import Any

import pyomo.core as pyo

from models.expand import Cap
from models.frame import Frame, total


def add(f: Frame) -> None:
    r"""A supplier group's flow into a buyer keeps to its share of the base.

    .. math:: \sum_{r \in S, j \in B} (x + y)_{r,m,j,t} \le share \cdot base_{m,B,t} + e, \qquad
              \sum_{r \in S, j \in B} (x + y)_{r,m,j,t} \ge share \cdot base_{m,B,t} - e    [t/yr]

    The base is the buyer's demand, or for a max in basis purchases a column Q that totals what the
    buyer purchases. In stage mining the ore behind the flow counts. A hard max has no excess e.

    variables   excess e [t]; purchases Q [t], ore total Z [t] in basis purchases
    posts       cost heading "limit penalty" (e at the limit's penalty)
    dual        what one tonne of relief would save [money/t]
    source      the share of annual consumption of Regulation (EU) 2024/1252, Art. 5(1)(b)
    """
    caps = {cap.key: cap for cap in f.caps if cap.penalty is not None or _flows(f, cap)}
    soft = [key for key, cap in caps.items() if cap.penalty is not None]
    f.model.excess = pyo.Var(soft, within=pyo.NonNegativeReals)
    f.books.cost(
        "limit penalty",
        [f.model.excess[key] for key in soft],
        [caps[key].penalty or 0.0 for key in soft],
        [caps[key].year for key in soft],
    )
    _totals(f, [cap for cap in caps.values() if cap.of_purchases])

    def rule(_: Any, *key: Any) -> Any:
        cap = caps[key]
        flows = _flows(f, cap)
        columns, amounts = list(flows), [1.0] * len(flows)
        if cap.penalty is not None:
            columns.append(f.model.excess[key])
            amounts.append(-1.0 if cap.is_max else 1.0)
        right = cap.share * cap.demand
        if cap.of_purchases:
            columns.append(f.model.base[_base(cap)])
            amounts.append(-cap.share)
            right = 0.0
        body = total(columns, amounts)
        return (None, body, right) if cap.is_max else (right, body, None)

    f.model.share_limit = pyo.Constraint(list(caps), rule=rule)


def _flows(f: Frame, cap: Cap) -> list[Any]:
    """Return the columns that count under a cap: deliveries, or in stage mining the ore."""
    if not cap.is_mining:
        return f.columns_of(cap.flows)
    return [
        column
        for country in cap.ore
        for column in f.ore_of.get((country, cap.mineral, cap.year), ())
    ]


def _base(cap: Cap) -> tuple[str, str, str, int]:
    return (cap.record.stage, cap.mineral, cap.buyer, cap.year)


def _totals(f: Frame, caps: list[Cap]) -> None:
    """Add a column for what each buyer purchases, so that each cap is a short row."""
    e = f.expanded
    bases: dict[tuple[str, str, str, int], Cap] = {_base(cap): cap for cap in caps}
    by_cell = f.grouped("mineral", "member", "year") if bases else {}
    f.model.base = pyo.Var(list(bases), within=pyo.NonNegativeReals)

    def rule(b: Any, *key: Any) -> Any:
        cap = bases[key]
        if cap.is_mining:
            flows = [
                column
                for (_, mineral, year), columns in f.ore_of.items()
                if (mineral, year) == (cap.mineral, cap.year)
                for column in columns
            ]
        else:
            m, t = e.mineral_at[cap.mineral], e.years.index(cap.year)
            flows = [column for j in cap.buyers for column in by_cell.get((m, j, t), ())]
        return (0.0, total([*flows, b.base[key]], [1.0] * len(flows) + [-1.0]), 0.0)

    f.model.purchases_total = pyo.Constraint(list(bases), rule=rule)
