"""Workbook to workbook the plain way: pandas with openpyxl, Pyomo rules with ``sum()``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo

from tests.bench.facts import Facts, of_sheets
from tests.bench.rivals.child import Answer, book_and_folder, say
from tests.bench.rivals.plain_pyomo import solved


def tables(facts: Facts, b: Any) -> dict[str, pd.DataFrame]:
    """Return the sheets of the plan: flows, shortages, country shares and prices."""
    at = {r: i for i, r in enumerate(facts.refiners)}
    member_at = {j: i for i, j in enumerate(facts.members)}
    flows = []
    for (r, j, t), column in b.flow.items():
        tonnes = pyo.value(column)
        if tonnes > 1e-6:
            i = at[r]
            mineral, country = facts.minerals[facts.mineral_of[i]], facts.country_of[i]
            cost, freight = facts.cost[i], facts.freight[country, member_at[j]]
            flows.append(
                (t, mineral, r, facts.countries[country], j, tonnes, cost, freight,
                 cost + freight, (cost + freight) * tonnes)
            )  # fmt: skip
    names = ["Year", "Mineral", "Refiner", "Country", "Member", "Tonnes", "Cost", "Freight",
             "Landed", "Total"]  # fmt: skip
    plan = pd.DataFrame(flows, columns=names)
    need = pd.DataFrame(
        [
            (
                t,
                m,
                j,
                pyo.value(b.balance[m, j, t].upper),
                pyo.value(column),
                b.dual[b.balance[key]],
            )
            for key, column in b.short.items()
            for m, j, t in (key,)
        ],
        columns=["Year", "Mineral", "Member", "Demand", "Short", "Price"],
    )
    base = need.groupby(["Year", "Mineral"])["Demand"].sum().rename("Base").reset_index()
    shares = plan.groupby(["Year", "Mineral", "Country"])["Tonnes"].sum().reset_index()
    shares = shares.merge(base, on=["Year", "Mineral"])
    shares["Share"] = shares["Tonnes"] / shares["Base"]
    return {
        "Plan": plan,
        "Shortages": need[need["Short"] > 1e-6],
        "Country shares": shares,
        "Prices": need,
    }


def run(book: Path, folder: Path) -> float:
    """Read, solve, write; return the objective."""
    facts = of_sheets(pd.read_excel(book, sheet_name=None, engine="openpyxl"))
    b = solved(facts)
    with pd.ExcelWriter(folder / "plain.xlsx", engine="openpyxl") as writer:
        for name, table in tables(facts, b).items():
            table.to_excel(writer, sheet_name=name, index=False)
    return float(pyo.value(b.cost))


if __name__ == "__main__":
    say(Answer([run(*book_and_folder())]))
