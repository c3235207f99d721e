"""Workbook to workbook with PyPSA: refiners and members' markets are buses, lanes are links."""

from __future__ import annotations

from pathlib import Path

import linopy
import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from tests.bench.facts import FAIR_WEIGHT, Facts, of_sheets
from tests.bench.rivals.book_linopy import write
from tests.bench.rivals.child import Answer, book_and_folder, say

# Not the other rivals' settings: PyPSA states every bound as a row, which takes HiGHS's presolve.
_SOLVER = {"solver_name": "highs", "io_api": "direct", "set_names": False, "solver": "simplex"}


def network(facts: Facts) -> pypsa.Network:
    """Return the network: years are snapshots, what is short a generator at a market's bus."""
    n = pypsa.Network(snapshots=pd.Index(facts.years, name="snapshot"))
    n.snapshot_weightings["objective"] = facts.worth
    at = pd.DataFrame(
        {
            "mineral": np.array(facts.minerals)[facts.mineral_of],
            "country": np.array(facts.countries)[facts.country_of],
        },
        facts.refiners,
    )
    markets = _pairs("mineral", facts.minerals, facts.members)
    lanes = _pairs("refiner", facts.refiners, facts.members).join(at, on="refiner")
    landed = facts.cost[:, None] + facts.freight[facts.country_of]
    pair = lanes["mineral"] + "|" + lanes["country"]
    n.add("Bus", facts.refiners)
    n.add("Bus", markets.index, mineral=markets["mineral"], member=markets["member"])
    n.add("Generator", facts.refiners, bus=facts.refiners, p_nom=facts.capacity)
    n.add(
        "Link",
        lanes.index,
        bus0=lanes["refiner"],
        bus1=lanes["mineral"] + "|" + lanes["member"],
        p_nom=np.inf,
        marginal_cost=landed.ravel(),
        mineral=lanes["mineral"],
        member=lanes["member"],
        of_all=pair,
        of_each=pair + "|" + lanes["member"],
    )
    demand = facts.demand.reshape(len(markets), -1).T
    demand = pd.DataFrame(demand, n.snapshots, markets.index)
    n.add("Load", markets.index, bus=markets.index, p_set=demand)
    n.add(
        "Generator",
        _short(markets.index),
        bus=markets.index,
        p_nom=np.inf,
        marginal_cost=facts.short_cost.repeat(len(facts.members)),
    )
    return n


def _pairs(one: str, ones: list[str], members: list[str]) -> pd.DataFrame:
    """Return a row for each pair of a name and a member, indexed by both."""
    found = pd.MultiIndex.from_product([ones, members], names=[one, "member"]).to_frame()
    return found.set_index(found[one] + "|" + found["member"])


def _short(markets: pd.Index) -> pd.Index:
    return markets + "|short"


def limits(n: pypsa.Network, facts: Facts) -> None:
    """Add the caps on countries' shares, and fair shortage, to the network's model."""
    m, demand = n.model, n.loads_t.p_set
    mineral = n.buses["mineral"][demand.columns]
    total = demand.T.groupby(mineral).sum().T
    for by, of, most in (
        ("of_each", "bus1", facts.cap_each * demand),
        ("of_all", "mineral", facts.cap_all * total),
    ):
        of_base = n.links.groupby(by)[of].first()
        room = xr.DataArray(most[of_base].set_axis(of_base.index, axis=1))
        m.add_constraints(m["Link-p"].groupby(n.links[by].to_xarray()).sum() <= room, name=by)

    mineral = mineral.rename_axis("market").to_xarray()
    share = (demand / total[mineral].set_axis(demand.columns, axis=1)).rename_axis(columns="market")
    markets = share.columns
    short = m["Generator-p"].sel(name=_short(markets)).rename(name="market")
    short = short.assign_coords(market=markets)
    pooled = m.add_variables(lower=0, coords=[n.snapshots, total.columns], name="pooled")
    unfair = m.add_variables(lower=0, coords=[n.snapshots, markets], name="unfair")
    fair = xr.DataArray(share) * (1 * pooled).sel(mineral=mineral).drop_vars("mineral")
    m.add_constraints(short.groupby(mineral).sum() - pooled == 0, name="total")
    m.add_constraints(short - fair - unfair <= 0, name="fair")
    cost = FAIR_WEIGHT * n.generators["marginal_cost"][_short(markets)].to_numpy()
    worth = xr.DataArray(n.snapshot_weightings["objective"])
    m.objective += (unfair * (xr.DataArray(cost, [markets]) * worth)).sum()


def solved(facts: Facts) -> pypsa.Network:
    """Return the network with its optimum."""
    linopy.options["semantics"] = "v1"
    n = network(facts)
    status = n.optimize(
        extra_functionality=lambda n, _: limits(n, facts),
        include_objective_constant=False,
        log_to_console=False,
        **_SOLVER,
    )
    if status != ("ok", "optimal"):
        msg = f"PyPSA ended with {status}"
        raise RuntimeError(msg)
    return n


def run(book: Path, folder: Path) -> float:
    """Read, solve, write; return the objective."""
    facts = of_sheets(pd.read_excel(book, sheet_name=None, engine="calamine"))
    n = solved(facts)
    columns = {"snapshot": "year", "bus0": "refiner"}
    flows = n.links_t.p0.melt(var_name="name", value_name="Tonnes", ignore_index=False)
    flows = flows.reset_index().join(n.links[["bus0", "member"]], on="name").rename(columns=columns)
    demand = n.loads_t.p_set
    need = pd.DataFrame(
        {
            "Demand": demand.stack(),
            "Short": n.generators_t.p[_short(demand.columns)]
            .set_axis(demand.columns, axis=1)
            .stack(),
            "Price": n.buses_t.marginal_price[demand.columns].stack(),
        }
    ).reset_index()
    need = need.join(n.buses[["mineral", "member"]], on="name").rename(columns=columns)
    write(facts, flows.drop(columns="name"), need.drop(columns="name"), folder / "pypsa.xlsx")
    return float(n.objective)


if __name__ == "__main__":
    say(Answer([run(*book_and_folder())]))
