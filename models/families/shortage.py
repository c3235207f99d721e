"""Shortage: demand that is not met has a price, and its burden is shared."""

from __future__ import annotations

from typing import Any

import pyomo.core as pyo

from models.frame import Frame, total


def add(f: Frame) -> None:
    r"""Demand may stay unmet, at the shortage cost; being short beyond one's part costs more.

    .. math:: 0 \le u_{m,j,t} \le demand_{m,j,t}, \qquad U_{m,t} = \sum_j u_{m,j,t}, \qquad
              u_{m,j,t} - \frac{demand_{m,j,t}}{\sum_i demand_{m,i,t}} U_{m,t} \le h_{m,j,t}  [t]

    Where demand has tiers, u is the sum of what each tier is short, at the tier's cost.

    variables   shortage u [t]; coalition shortage U [t]; unfair shortage h [t]; tier shortage [t]
    posts       into the member's balance u; cost headings "shortage" (u at the shortage cost) and
                "unfair shortage" (h at weight x shortage cost)
    dual        of a member's part: what a tonne of tolerated unfairness would save [money/t]
    source      value of lost load, Stoft (2002), Power System Economics, ch. 2-5; proportional
                rationing, Moulin (2000), Econometrica 68(3)
    """
    e, weight = f.expanded, f.case.settings.fair_shortage_weight
    short = {f.key(m, j, t): demand for m, j, t, demand in f.buyers if demand > 0}
    # without a stockpile the balance itself bounds u, and a bound would only split its dual
    stored = {f.key(m, j, t) for m, j, t, _ in f.buyers if e.has_stock[m, j]}
    f.model.shortage = pyo.Var(
        list(short),
        within=pyo.NonNegativeReals,
        bounds=lambda _, *key: (0.0, short[key] if key in stored else None),
    )
    for key in short:
        f.books.into(key, f.model.shortage[key])
    plain = [key for key in short if key not in f.case.tiers_of]
    f.books.cost(
        "shortage",
        [f.model.shortage[key] for key in plain],
        [f.case.shortage_cost(m, t) for m, _, t in plain],
        [t for _, _, t in plain],
    )
    _tiers(f, [key for key in short if key in f.case.tiers_of])
    by_cell: dict[tuple[str, int], list[str]] = {}
    for mineral, member, year in short:
        by_cell.setdefault((mineral, year), []).append(member)
    shared = {cell: members for cell, members in by_cell.items() if len(members) > 1}
    if weight <= 0:
        shared = {}
    unfair = [(m, j, t) for (m, t), members in shared.items() for j in members]
    f.model.coalition_shortage = pyo.Var(list(shared), within=pyo.NonNegativeReals)
    f.model.unfair_shortage = pyo.Var(unfair, within=pyo.NonNegativeReals)
    f.model.shortage_total = pyo.Constraint(
        list(shared),
        rule=lambda b, m, t: (
            0.0,
            total(
                [*(b.shortage[m, j, t] for j in shared[m, t]), b.coalition_shortage[m, t]],
                [1.0] * len(shared[m, t]) + [-1.0],
            ),
            0.0,
        ),
    )
    demand_of_all = {
        cell: float(e.demand[e.mineral_at[cell[0]], :, e.years.index(cell[1])].sum())
        for cell in shared
    }
    f.model.fair_shortage = pyo.Constraint(
        unfair,
        rule=lambda b, m, j, t: (
            None,
            total(
                [b.shortage[m, j, t], b.coalition_shortage[m, t], b.unfair_shortage[m, j, t]],
                [1.0, -short[m, j, t] / demand_of_all[m, t], -1.0],
            ),
            0.0,
        ),
    )
    f.books.cost(
        "unfair shortage",
        [f.model.unfair_shortage[key] for key in unfair],
        [weight * f.case.shortage_cost(m, t) for m, _, t in unfair],
        [t for _, _, t in unfair],
    )


def _tiers(f: Frame, tiered: list[tuple[str, str, int]]) -> None:
    """Part a member's shortage into its tiers, each up to its demand and at its own cost."""
    demand = {
        (m, j, tier, t): tonnes
        for m, j, t in tiered
        for tier, tonnes in sorted(f.case.tiers_of[m, j, t].items())
    }
    f.model.tier_shortage = pyo.Var(
        list(demand), within=pyo.NonNegativeReals, bounds=lambda _, *key: (0.0, demand[key])
    )

    def rule(b: Any, *key: Any) -> Any:
        m, j, t = key
        parts = [b.tier_shortage[m, j, tier, t] for tier in sorted(f.case.tiers_of[key])]
        return (0.0, total([*parts, b.shortage[key]], [1.0] * len(parts) + [-1.0]), 0.0)

    f.model.tier_total = pyo.Constraint(tiered, rule=rule)
    f.books.cost(
        "shortage",
        [f.model.tier_shortage[key] for key in demand],
        [f.case.tier_cost(m, tier, t) for m, _, tier, t in demand],
        [t for _, _, _, t in demand],
    )
