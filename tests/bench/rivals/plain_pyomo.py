"""Plain Pyomo: rules that filter and ``sum()``, as its manual teaches, and ``appsi_highs``."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.case import Case
from tests.bench.clock import Clock
from tests.bench.facts import FAIR_WEIGHT, Facts, of_case
from tests.bench.rivals.child import SOLVER, Answer, main


def model(facts: Facts) -> Any:
    """Return the model; names are indices, ``share`` is a mutable parameter."""
    capacity = dict(zip(facts.refiners, facts.capacity.tolist(), strict=True))
    country = {r: facts.countries[c] for r, c in zip(facts.refiners, facts.country_of, strict=True)}
    refiners_of: dict[str, list[str]] = {name: [] for name in facts.minerals}
    for r, i in zip(facts.refiners, facts.mineral_of, strict=True):
        refiners_of[facts.minerals[i]].append(r)
    landed = {
        (r, j): float(facts.cost[i] + facts.freight[facts.country_of[i], k])
        for i, r in enumerate(facts.refiners)
        for k, j in enumerate(facts.members)
    }
    demand = {
        (m, j, t): float(facts.demand[a, b, c])
        for a, m in enumerate(facts.minerals)
        for b, j in enumerate(facts.members)
        for c, t in enumerate(facts.years)
    }
    of_all = {
        (m, t): sum(demand[m, j, t] for j in facts.members)
        for m in facts.minerals
        for t in facts.years
    }
    price = dict(zip(facts.minerals, facts.short_cost.tolist(), strict=True))
    worth = dict(zip(facts.years, facts.worth.tolist(), strict=True))

    b = pyo.ConcreteModel()
    b.R = pyo.Set(initialize=facts.refiners)
    b.M = pyo.Set(initialize=facts.minerals)
    b.C = pyo.Set(initialize=facts.countries)
    b.J = pyo.Set(initialize=facts.members)
    b.T = pyo.Set(initialize=facts.years)
    b.share = pyo.Param(initialize=facts.cap_all, mutable=True, within=pyo.Reals)
    b.flow = pyo.Var(b.R, b.J, b.T, within=pyo.NonNegativeReals)
    b.short = pyo.Var(
        b.M,
        b.J,
        b.T,
        within=pyo.NonNegativeReals,
        bounds=lambda _, *key: (0, demand[key] if facts.piles else None),
    )
    b.pooled = pyo.Var(b.M, b.T, within=pyo.NonNegativeReals)
    b.unfair = pyo.Var(b.M, b.J, b.T, within=pyo.NonNegativeReals)

    piles = _stocks(b, facts)

    def capacity_rule(b: Any, r: str, t: int) -> Any:
        return sum(b.flow[r, j, t] for j in b.J) <= capacity[r]

    def balance_rule(b: Any, m: str, j: str, t: int) -> Any:
        arrives = sum(b.flow[r, j, t] for r in refiners_of[m]) + b.short[m, j, t]
        if facts.piles:
            before = b.stock[m, j, t - 1] if t > facts.years[0] else piles[m, j][1]
            arrives += before - b.stock[m, j, t]
        return arrives == demand[m, j, t]

    def cap_all_rule(b: Any, m: str, c: str, t: int) -> Any:
        flows = [b.flow[r, j, t] for r in refiners_of[m] if country[r] == c for j in b.J]
        if not flows:
            return pyo.Constraint.Skip
        return sum(flows) <= b.share * of_all[m, t]

    def cap_each_rule(b: Any, m: str, c: str, j: str, t: int) -> Any:
        flows = [b.flow[r, j, t] for r in refiners_of[m] if country[r] == c]
        if not flows:
            return pyo.Constraint.Skip
        return sum(flows) <= facts.cap_each * demand[m, j, t]

    def total_rule(b: Any, m: str, t: int) -> Any:
        return sum(b.short[m, j, t] for j in b.J) == b.pooled[m, t]

    def fair_rule(b: Any, m: str, j: str, t: int) -> Any:
        part = demand[m, j, t] / of_all[m, t]
        return b.short[m, j, t] - part * b.pooled[m, t] <= b.unfair[m, j, t]

    def cost_rule(b: Any) -> Any:
        bought = sum(landed[r, j] * worth[t] * b.flow[r, j, t] for r, j, t in b.flow)
        missed = sum(
            price[m] * worth[t] * (b.short[m, j, t] + FAIR_WEIGHT * b.unfair[m, j, t])
            for m, j, t in b.short
        )
        if facts.piles:
            missed += sum(
                worth[t] * (piles[m, j][3] * b.missed[m, j, t] + piles[m, j][4] * b.stock[m, j, t])
                for m, j, t in b.stock
            )
        return bought + missed

    b.capacity = pyo.Constraint(b.R, b.T, rule=capacity_rule)
    b.balance = pyo.Constraint(b.M, b.J, b.T, rule=balance_rule)
    b.cap_all = pyo.Constraint(b.M, b.C, b.T, rule=cap_all_rule)
    b.cap_each = pyo.Constraint(b.M, b.C, b.J, b.T, rule=cap_each_rule)
    b.total = pyo.Constraint(b.M, b.T, rule=total_rule)
    b.fair = pyo.Constraint(b.M, b.J, b.T, rule=fair_rule)
    b.cost = pyo.Objective(rule=cost_rule, sense=pyo.minimize)
    return b


def _stocks(b: Any, facts: Facts) -> dict[tuple[str, str], tuple[float, ...]]:
    """Add reserves; return what each is: most, opening, target, penalty, holding cost."""
    if facts.piles is None:
        return {}
    piles = {
        (m, j): tuple(float(values[a, c]) for values in vars(facts.piles).values())
        for a, m in enumerate(facts.minerals)
        for c, j in enumerate(facts.members)
    }
    keys, positive = (b.M, b.J, b.T), pyo.NonNegativeReals
    b.stock = pyo.Var(*keys, within=positive, bounds=lambda _, m, j, __: (0, piles[m, j][0]))
    b.missed = pyo.Var(*keys, within=positive)
    b.target = pyo.Constraint(
        *keys, rule=lambda b, m, j, t: b.stock[m, j, t] + b.missed[m, j, t] >= piles[m, j][2]
    )
    return piles


def solved(facts: Facts) -> Any:
    """Return the solved model, values and duals loaded."""
    b = model(facts)
    b.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    solver = pyo.SolverFactory("appsi_highs")
    solver.highs_options = dict(SOLVER)
    pyo.assert_optimal_termination(solver.solve(b))
    return b


def solve(case: Case, clock: Clock) -> Answer:
    """Build and solve."""
    clock.start()
    b = solved(of_case(case))
    return Answer([float(pyo.value(b.cost))], clock.stop())


if __name__ == "__main__":
    main(solve)
