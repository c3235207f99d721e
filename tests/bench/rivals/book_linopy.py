"""Workbook to workbook with linopy: pandas with its quickest engines in and out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.bench.facts import Facts, of_sheets
from tests.bench.rivals.child import Answer, book_and_folder, say
from tests.bench.rivals.linopy_highs import solved


def write(facts: Facts, flows: pd.DataFrame, need: pd.DataFrame, path: Path) -> None:
    """Write the plan: flows, shortages, country shares and prices.

    ``flows`` has refiner, member, year, Tonnes; ``need`` mineral, member, year, Demand, Short,
    Price.
    """
    flows = flows[flows["Tonnes"] > 1e-6]
    refiners = pd.DataFrame(
        {
            "refiner": facts.refiners,
            "Mineral": [facts.minerals[i] for i in facts.mineral_of],
            "Country": [facts.countries[i] for i in facts.country_of],
            "Cost": facts.cost,
        }
    )
    freight = pd.DataFrame(facts.freight, facts.countries, facts.members).stack()
    flows = flows.merge(refiners, on="refiner")
    flows["Freight"] = freight.loc[
        pd.MultiIndex.from_frame(flows[["Country", "member"]])
    ].to_numpy()
    flows["Landed"] = flows["Cost"] + flows["Freight"]
    flows["Total"] = flows["Landed"] * flows["Tonnes"]
    base = need.groupby(["mineral", "year"])["Demand"].sum()
    shares = flows.groupby(["year", "Mineral", "Country"])["Tonnes"].sum().reset_index()
    shares["Share"] = (
        shares["Tonnes"].to_numpy()
        / base.loc[pd.MultiIndex.from_frame(shares[["Mineral", "year"]])].to_numpy()
    )
    tables = {
        "Plan": flows,
        "Shortages": need[need["Short"] > 1e-6],
        "Country shares": shares,
        "Prices": need,
    }
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name, table in tables.items():
            table.to_excel(writer, sheet_name=name, index=False)


def run(book: Path, folder: Path) -> float:
    """Read, solve, write; return the objective."""
    facts = of_sheets(pd.read_excel(book, sheet_name=None, engine="calamine"))
    m = solved(facts)
    flows = m.solution["flow"].to_series().rename("Tonnes").reset_index()
    need = pd.DataFrame(
        {
            "Demand": m.constraints["balance"].rhs.to_series(),
            "Short": m.solution["short"].to_series(),
            "Price": m.dual["balance"].to_series(),
        }
    ).reset_index()
    write(facts, flows, need, folder / "linopy.xlsx")
    return float(m.objective.value)


if __name__ == "__main__":
    say(Answer([run(*book_and_folder())]))
