"""Who buys what from whom, what is short, who refines it, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from models.case import Case
from models.results.common import (
    CAPACITY,
    CONTRACT,
    COUNTRY,
    DEMAND,
    FREIGHT,
    KIND,
    LANDED,
    MEMBER,
    MINERAL,
    NOTE,
    OWNER,
    PROJECT,
    PURCHASES,
    REFINER,
    RENT,
    SHARE_SHORT,
    SHORT,
    SOURCE,
    TONNES,
    UNDISCOUNTED,
    UNIT,
    YEAR,
    of_table,
)
from models.results.field import Look, Result, field

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


class Flows(Result):
    """Every flow, spot or contract, above 1e-6 t; tonnes in t, money undiscounted."""

    TABLE = "Plan"
    GRAIN = ("year", "mineral", "refiner", "project", "member", "contract")

    year = YEAR
    mineral = MINERAL
    refiner = REFINER
    country = COUNTRY
    member = MEMBER
    contract = CONTRACT
    tonnes = TONNES
    cost = field(
        "Cost",
        Look.PRICE,
        "The refiner's cost, or the contract's price, at the gate.",
        unit="{money}/t",
    )
    tariff = field("Tariff", Look.PRICE, "Tariff rate x cost.", unit="{money}/t")
    freight = FREIGHT
    landed = field("Landed cost", Look.PRICE, "Cost, tariff and freight.", unit="{money}/t")
    total = field("Total", Look.MONEY, f"Tonnes x landed cost. {UNDISCOUNTED}", unit="{money}")
    project = PROJECT.like(printed=False)
    owner = OWNER.like(printed=False)
    kind = KIND.like(printed=False)
    unit = UNIT.like(printed=False)

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the flows of a plan, by year."""
        table = plan.flows.sort_values("year", kind="stable")
        return of_table(
            cls,
            plan,
            table,
            contract=_contracts(plan.case, table["contract"]),
            tariff=table["cost"] * table["tariff"],
        )


def _contracts(case: Case, positions: pd.Series[int]) -> list[str]:
    """Return the contracts' names, "" for what is bought without one."""
    names = [
        r.name or (f"row {r.row} of Contracts" if r.row else f"contract {k + 1}")
        for k, r in enumerate(case.contracts)
    ]
    return [names[k] if k >= 0 else "" for k in positions.tolist()]


class Shortages(Result):
    """Every member and year that is short of a mineral, and why."""

    TABLE = "Shortages"
    GRAIN = ("year", "mineral", "member")

    year = YEAR
    mineral = MINERAL
    member = MEMBER
    demand = DEMAND
    short = SHORT
    share = SHARE_SHORT
    cause = field(
        "Cause",
        Look.SENTENCE,
        "What stops each supplier that could still serve the member. Long ones stand in full in the"
        " cell, see the formula bar.",
    )
    unit = UNIT.like(printed=False)

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the shortages of a plan."""
        return of_table(cls, plan, plan.shortages)


class Refiners(Result):
    """Every refiner and project by year: capacity open to the coalition, and its use.

    Capacity is what the coalition can use: nameplate x available share, a project's by the
    fraction that runs. Utilization is tonnes over that.
    """

    TABLE = "Refiners"
    GRAIN = ("year", "refiner", "mineral", "project")

    year = YEAR
    refiner = REFINER
    mineral = MINERAL
    country = COUNTRY
    capacity = CAPACITY.like(
        meaning="What the coalition can use: nameplate capacity x available share; a project's by"
        " the part that runs."
    )
    tonnes = TONNES
    utilization = field(
        "Utilization", Look.SHARE, "Tonnes over the capacity open to the coalition."
    )
    rent = RENT
    project = PROJECT.like(printed=False)
    nameplate = field(
        "Nameplate capacity",
        Look.TONNES,
        "The whole capacity, that closed to the coalition included.",
        unit="t/yr",
        printed=False,
    )
    owner = OWNER.like(printed=False)
    kind = KIND.like(printed=False)
    unit = UNIT.like(printed=False)
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the refiners and projects of a plan."""
        table, case = plan.sources, plan.case
        usable = table["usable"].to_numpy(dtype=float)
        nothing = np.full(len(usable), np.nan)
        records = {("", r.name, r.mineral): r for r in case.refiners}
        built = {(p.name, p.refiner, p.mineral): p for p in case.projects}
        keys = zip(table["project"], table["refiner"], table["mineral"], strict=True)
        return of_table(
            cls,
            plan,
            table,
            [built[key] if key[0] else records[key] for key in keys],
            capacity=usable,
            utilization=np.divide(table["tonnes"], usable, out=nothing, where=usable > 0),
        )


class Prices(Result):
    """What one more tonne would cost each member, and what its tonnes cost on average."""

    TABLE = "Prices"
    GRAIN = ("year", "mineral", "member")

    year = YEAR
    mineral = MINERAL
    member = MEMBER
    marginal = field(
        "Marginal price",
        Look.PRICE,
        "What one more tonne of demand of this member would cost the plan. Where the member is"
        " short this is about the shortage cost, a little above or below it: the rule of fair"
        " shortage lets who is short beyond its part pay a little more, and the others a little"
        " less.",
        unit="{money}/t",
    )
    landed = LANDED
    demand = DEMAND
    purchased = PURCHASES
    short = SHORT
    unit = UNIT.like(printed=False)

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the prices of a plan."""
        return of_table(cls, plan, plan.supply, marginal=plan.supply["marginal_price"])
