"""linopy with HiGHS: labelled arrays, grouped sums, the direct interface."""

from __future__ import annotations

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from models.case import Case
from tests.bench.clock import Clock
from tests.bench.facts import FAIR_WEIGHT, Facts, of_case
from tests.bench.rivals.child import SOLVER, Answer, main


def model(facts: Facts) -> linopy.Model:
    """Return the model."""
    linopy.options["semantics"] = "v1"
    refiners = pd.Index(facts.refiners, name="refiner")
    minerals = pd.Index(facts.minerals, name="mineral")
    members = pd.Index(facts.members, name="member")
    years = pd.Index(facts.years, name="year")
    capacity = xr.DataArray(facts.capacity, [refiners])
    landed = xr.DataArray(
        facts.cost[:, None] + facts.freight[facts.country_of], [refiners, members]
    )
    demand = xr.DataArray(facts.demand, [minerals, members, years])
    short_cost = xr.DataArray(facts.short_cost, [minerals])
    worth = xr.DataArray(facts.worth, [years])
    mineral = pd.Series(np.array(facts.minerals)[facts.mineral_of], refiners, name="mineral")
    country = np.array(facts.countries)[facts.country_of]
    pair = pd.Series(mineral.to_numpy() + "|" + country, refiners, name="pair")

    m = linopy.Model()
    flow = m.add_variables(lower=0, coords=[refiners, members, years], name="flow")
    most = np.inf if facts.piles is None else demand
    short = m.add_variables(lower=0, upper=most, coords=[minerals, members, years], name="short")
    pooled = m.add_variables(lower=0, coords=[minerals, years], name="pooled")
    unfair = m.add_variables(lower=0, coords=[minerals, members, years], name="unfair")

    bought = flow.groupby(mineral.to_xarray()).sum() + short
    cost = (flow * (landed * worth)).sum() + (short * (short_cost * worth)).sum()
    cost += (unfair * (FAIR_WEIGHT * short_cost * worth)).sum()
    need = demand
    if facts.piles is not None:
        piles = {
            name: xr.DataArray(values, [minerals, members])
            for name, values in vars(facts.piles).items()
        }
        every = xr.ones_like(demand)
        stock = m.add_variables(lower=0, upper=piles["most"] * every, name="stock")
        missed = m.add_variables(lower=0, coords=[minerals, members, years], name="missed")
        bought = bought - stock + stock.shift(year=1).fillna(0)  # nothing before the first
        need = demand - piles["opening"] * (demand["year"] == facts.years[0])
        m.add_constraints(stock + missed >= piles["target"] * every, name="target")
        cost += (stock * (piles["holding"] * worth)).sum()
        cost += (missed * (piles["penalty"] * worth)).sum()
    m.add_constraints(bought == need, name="balance")
    m.add_constraints(flow.sum("member") <= capacity * xr.ones_like(worth), name="capacity")
    m.add_constraints(short.sum("member") - pooled == 0, name="total")
    m.add_constraints(short - demand / demand.sum("member") * pooled - unfair <= 0, name="fair")
    of_country = flow.groupby(pair.to_xarray()).sum()
    pairs = of_country.indexes["pair"]
    base = demand.sel(mineral=xr.DataArray(pairs.str.split("|").str[0], [pairs])).drop_vars(
        "mineral"
    )
    m.add_constraints(of_country <= facts.cap_each * base, name="cap_each")
    m.add_constraints(
        of_country.sum("member") <= facts.cap_all * base.sum("member"), name="cap_all"
    )
    m.add_objective(cost)
    return m


def solved(facts: Facts) -> linopy.Model:
    """Return the solved model; its solution and duals are labelled arrays."""
    m = model(facts)
    status = m.solve("highs", io_api="direct", set_names=False, output_flag=False, **SOLVER)
    if status != ("ok", "optimal"):
        msg = f"linopy ended with {status}"
        raise RuntimeError(msg)
    return m


def solve(case: Case, clock: Clock) -> Answer:
    """Build and solve; values and duals are read back."""
    clock.start()
    m = solved(of_case(case))
    _ = m.solution["flow"].to_numpy(), m.dual["balance"].to_numpy()
    return Answer([float(m.objective.value)], clock.stop())


if __name__ == "__main__":
    main(solve)
