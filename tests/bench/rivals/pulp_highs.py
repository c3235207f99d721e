"""PuLP with HiGHS: one pass over the flows groups them, ``lpSum`` over each group."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pulp

from models.case import Case
from tests.bench.clock import Clock
from tests.bench.facts import FAIR_WEIGHT, Facts, of_case
from tests.bench.rivals.child import SOLVER, Answer, main


def model(facts: Facts) -> pulp.LpProblem:
    """Return the model; keys are positions."""
    years, members = range(len(facts.years)), range(len(facts.members))
    minerals = range(len(facts.minerals))
    mineral_of, country_of = facts.mineral_of.tolist(), facts.country_of.tolist()
    capacity, cost, freight = (
        values.tolist() for values in (facts.capacity, facts.cost, facts.freight)
    )
    demand, short_cost, worth = (
        values.tolist() for values in (facts.demand, facts.short_cost, facts.worth)
    )
    problem = pulp.LpProblem("sourcing", pulp.LpMinimize)

    def column(name: str, *key: int, most: float | None = None) -> pulp.LpVariable:
        return pulp.LpVariable(f"{name}_{'_'.join(map(str, key))}", 0, most)

    terms: list[tuple[Any, float]] = []
    of_capacity, of_balance, of_all, of_each = (defaultdict(list) for _ in range(4))
    for r, m in enumerate(mineral_of):
        c = country_of[r]
        for j in members:
            landed = cost[r] + freight[c][j]
            for t in years:
                x = column("x", r, j, t)
                terms.append((x, landed * worth[t]))
                of_capacity[r, t].append(x)
                of_balance[m, j, t].append(x)
                of_all[m, c, t].append(x)
                of_each[m, c, j, t].append(x)
    for m in minerals:
        for t in years:
            price, all_demand = short_cost[m] * worth[t], sum(demand[m][j][t] for j in members)
            pooled = column("pooled", m, t)
            shorts = []
            for j in members:
                need = demand[m][j][t]
                short = column("short", m, j, t, most=need if facts.piles else None)
                unfair = column("unfair", m, j, t)
                shorts.append(short)
                of_balance[m, j, t].append(short)
                problem += short - need / all_demand * pooled - unfair <= 0
                terms += [(short, price), (unfair, FAIR_WEIGHT * price)]
            problem += pulp.lpSum(shorts) == pooled
    opening = _stocks(facts, problem, column, of_balance, terms)
    for (r, _), flows in of_capacity.items():
        problem += pulp.lpSum(flows) <= capacity[r]
    for (m, j, t), flows in of_balance.items():
        problem += pulp.lpSum(flows) == demand[m][j][t] - opening.get((m, j, t), 0.0)
    for (m, _, t), flows in of_all.items():
        problem += pulp.lpSum(flows) <= facts.cap_all * sum(demand[m][j][t] for j in members)
    for (m, _, j, t), flows in of_each.items():
        problem += pulp.lpSum(flows) <= facts.cap_each * demand[m][j][t]
    problem.setObjective(pulp.LpAffineExpression(terms))
    return problem


def _stocks(
    facts: Facts, problem: pulp.LpProblem, column: Any, of_balance: Any, terms: Any
) -> dict[tuple[int, int, int], float]:
    """Add reserves; return what each member has at the start."""
    if facts.piles is None:
        return {}
    most, opening, target, penalty, holding = (
        values.tolist() for values in vars(facts.piles).values()
    )
    for m in range(len(facts.minerals)):
        for j in range(len(facts.members)):
            for t, worth in enumerate(facts.worth.tolist()):
                stock, missed = column("s", m, j, t, most=most[m][j]), column("v", m, j, t)
                of_balance[m, j, t].append(-stock)
                if t + 1 < len(facts.years):
                    of_balance[m, j, t + 1].append(stock)
                problem += stock + missed >= target[m][j]
                terms += [(stock, holding[m][j] * worth), (missed, penalty[m][j] * worth)]
    every = [(m, j) for m in range(len(facts.minerals)) for j in range(len(facts.members))]
    return {(m, j, 0): opening[m][j] for m, j in every}


def solve(case: Case, clock: Clock) -> Answer:
    """Build and solve; PuLP reads values and duals back into its columns and rows."""
    clock.start()
    problem = model(of_case(case))
    if problem.solve(pulp.HiGHS(msg=False, **SOLVER)) != pulp.LpStatusOptimal:
        msg = f"PuLP ended with {pulp.LpStatus[problem.status]}"
        raise RuntimeError(msg)
    return Answer([float(pulp.value(problem.objective))], clock.stop())


if __name__ == "__main__":
    main(solve)
