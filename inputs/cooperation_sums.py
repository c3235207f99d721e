"""Plans of members alone and of the coalition, added up, and the way from equal members."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from inputs.cooperation import Division, alone, pro_rata
from models.case import Case
from models.plan import Plan, solve
from models.schema import Freight
from planner.scenarios import drop_share_limits

UNFAIR = "unfair shortage"
MILLION = 1e6


@dataclass(frozen=True)
class Sum:
    """Plans added up: one of the coalition, or those of its members alone.

    ``money`` is by cost heading, undiscounted; ``whole`` is the discounted total without the
    penalty on unfair shortage; ``supply`` has the plans' rows of supply, and ``paid``.
    """

    money: dict[str, float]
    cash: float
    whole: float
    supply: pd.DataFrame

    @property
    def purchases(self) -> float:
        """Cost or price, tariff and freight of all flows [money]."""
        return float(self.supply["paid"].sum())

    def total(self, column: str, **where: str) -> float:
        """Return the sum of a column of supply over the rows that match."""
        table = self.supply
        for name, value in where.items():
            table = table[table[name] == value]
        return round(float(table[column].sum()), 6)  # or 18.5 shows as 18 here and 19 there


def added(plans: Iterable[Plan]) -> Sum:
    """Add plans up."""
    found = list(plans)
    costs = pd.concat([p.costs for p in found]).groupby("heading")[["money", "discounted"]].sum()
    supply = pd.concat([p.supply.assign(paid=_paid(p)) for p in found], ignore_index=True)
    return Sum(
        money={str(k): float(v) for k, v in costs["money"].items()},
        cash=sum(p.cash for p in found),
        whole=sum(p.objective for p in found) - float(costs["discounted"][UNFAIR]),
        supply=supply,
    )


def _paid(plan: Plan) -> pd.Series:
    """What each row of supply is paid [money]."""
    return (plan.supply["purchased"] * plan.supply["landed"]).fillna(0.0)


def members(case: Case, division: Division = pro_rata) -> dict[str, Plan]:
    """Plan each member alone."""
    return {m.name: solve(alone(case, m.name, division)) for m in case.members}


@dataclass(frozen=True)
class Result:
    """One workbook: the coalition together, its members alone, and what they are alone in sum."""

    case: Case
    together: Sum
    apart: Sum


def result(case: Case) -> Result:
    """Plan the coalition, and each member alone."""
    return Result(case, added([solve(case)]), added(members(case).values()))


def steps(case: Case) -> list[tuple[str, Case]]:
    """Return the way from members that differ in nothing but size to the workbook, step by step."""
    even = drop_share_limits(case).change(
        freight=tuple(_one_for_all(row) for row in case.freight),
        lanes=(),
        projects=(),
        budget=(),
        stockpiles=(),
        scenarios=(),
    )
    freight = even.change(freight=case.freight)
    lanes = freight.change(lanes=case.lanes)
    cap = lanes.change(share_limits=case.share_limits)
    projects = cap.change(projects=case.projects, budget=case.budget)
    return [
        ("members that differ in size only", even),
        ("+ each its own freight", freight),
        ("+ lanes that are closed", lanes),
        ("+ the cap", cap),
        ("+ projects and the budget", projects),
        ("+ reserves: the workbook", case),
    ]


def _one_for_all(row: Freight) -> Freight:
    """Return a row of freight with the mean of its members for all of them."""
    mean = sum(cost for _, cost in row.costs) / max(len(row.costs), 1)
    return dataclasses.replace(row, costs=tuple((member, mean) for member, _ in row.costs))


def ladder(last: Result) -> list[tuple[str, Result]]:
    """Plan every step; the last one is the workbook's, planned before."""
    found = steps(last.case)
    return [(name, result(case)) for name, case in found[:-1]] + [(found[-1][0], last)]


def oversold(plans: Iterable[Plan]) -> float:
    """Return what plans with the same plants buy beyond what these can sell [t]."""
    table = pd.concat([p.sources[p.sources["project"] == ""] for p in plans])
    found = table.groupby(["refiner", "mineral", "year"]).agg({"tonnes": "sum", "usable": "first"})
    return float((found["tonnes"] - found["usable"]).clip(lower=0.0).sum())
