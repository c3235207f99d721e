"""A Plan: what was decided, what it costs, and the proof; as tables of plain columns.

All amounts in tonnes of contained metal, all money undiscounted in the case's currency unless a
name says otherwise. Countries are codes; ``case.country_name`` spells them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.case import Case
from models.measures import largest_country_shares, served_share
from models.plan import tables
from models.plan.block import BlockResult
from models.plan.causes import causes
from models.plan.proof import Proof, proof_of
from models.program import TONNES, Program, Solved, program_of
from models.program.component import headings
from models.program.families.shortage import SHORTAGE
from models.resolve import Expanded, Floats

PENALTIES = tuple(heading.name for heading in headings() if heading.is_penalty)
"""Cost headings that nobody pays in cash."""
_DUST = 1e-9
"""A value below this part of the block's smallest need is the solver's rounding: it is taken as 0.

The need of a mineral and year is its largest demand of one member."""


class Plan(Solved):
    """The optimal plan of a Case."""

    status = "optimal"

    def __init__(
        self,
        case: Case,
        blocks: Sequence[BlockResult],
        expanded: Expanded | None = None,
        program: Program | None = None,
    ) -> None:
        """Join the results of a case's blocks.

        ``expanded`` and ``program`` are the case's, where they are known; else they are made when
        a table asks for them.
        """
        self.case = case
        self.blocks = tuple(sorted(blocks, key=lambda result: result.block))
        if expanded is not None and program is not None:
            self.__dict__.update(expanded=expanded, program=program)

    def __getstate__(self) -> tuple[Case, tuple[BlockResult, ...], tuple[Any, ...]]:
        """Send the case, the results, and the names that number the program's keys."""
        return self.case, self.blocks, self._names

    def __setstate__(self, state: tuple[Case, tuple[BlockResult, ...], tuple[Any, ...]]) -> None:
        """Take what arrived."""
        self.case, self.blocks, names = state
        self.__dict__["_names"] = names

    @cached_property
    def _names(self) -> tuple[Any, ...]:
        return self.program.names if "program" in self.__dict__ else ()

    @cached_property
    def expanded(self) -> Expanded:  # type: ignore[override]
        """The case with its wildcards resolved."""
        return Expanded(self.case)

    @cached_property
    def program(self) -> Program:  # type: ignore[override]
        """The case's program as arrays."""
        return program_of(self.expanded, self._names)

    # ---- values and duals, joined ---------------------------------------------------------------

    @cached_property
    def x(self) -> Floats:  # type: ignore[override]
        """The value of every column of the program, the solver's rounding taken as 0."""
        of = self.program
        x = np.concatenate([np.zeros(0), *(block.x for block in self.blocks)])
        least = _DUST * np.repeat(of.least_need, np.diff(of.column_starts))
        dust = np.where(of.column_unit == TONNES, least, _DUST)
        return np.where(np.abs(x) > dust, x, 0.0)

    @cached_property
    def prices(self) -> Floats:  # type: ignore[override]
        """The undiscounted dual of every row of the program (d cost / d right-hand side)."""
        duals = np.concatenate([np.zeros(0), *(block.duals for block in self.blocks)])
        years, which = np.unique(self.program.row_year, return_inverse=True)
        worth = np.array([self.case.discount(y) if y else 1.0 for y in years.tolist()])
        return np.asarray(duals / worth[which]) if len(years) else duals

    # ---- tables --------------------------------------------------------------------------------

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row a flow above 1e-6 t.

        year, mineral, refiner, project, country, owner, kind, member, contract (position in
        case.contracts, -1 for spot), tonnes, cost, tariff (fraction), freight, landed [money/t],
        total [money].
        """
        return tables.flows(self)

    @cached_property
    def supply(self) -> pd.DataFrame:
        """One row a mineral, member and year with demand, a stock or a flow.

        demand, purchased, short [t], marginal_price, landed (average; NaN without purchases)
        [money/t].
        """
        return tables.supply(self)

    @cached_property
    def shortages(self) -> pd.DataFrame:
        """The rows of supply that are short, with ``share`` short and ``cause`` in words."""
        table = self.supply
        nothing = [
            self.tolerance(m, y) for m, y in zip(table["mineral"], table["year"], strict=True)
        ]
        short = table[table["short"] > np.array(nothing, dtype=float)].copy()
        short["share"] = short["short"] / short["demand"]
        short["cause"] = causes(self, short)
        return short.reset_index(drop=True)

    @cached_property
    def limits(self) -> pd.DataFrame:
        """One row a single cap: what the limit's row says of one buyer, supplier, mineral and year.

        limit (position in case.share_limits), kind, stage, mineral, buyer ("" the coalition),
        group, supplier, year, tonnes, base [t], share (reached), allowed (share), room and excess
        [t], binding, shadow_price (what one tonne of relief saves) [money/t].
        """
        return tables.limits(self)

    @cached_property
    def sources(self) -> pd.DataFrame:
        """One row a refiner or project and year.

        year, refiner, project, mineral, country, owner, kind, nameplate, usable, tonnes [t/yr],
        rent (what one more tonne of capacity saves) [money/t].
        """
        return tables.sources(self)

    @cached_property
    def countries(self) -> pd.DataFrame:
        """One row a country that sells or is limited: year, mineral, buyer ("" the coalition).

        country, tonnes, demand, purchased [t], limit (the tightest share; NaN: none).
        """
        return tables.countries(self)

    @cached_property
    def contracts(self) -> pd.DataFrame:
        """One row a contract and year in force.

        contract (position), year, minimum (force majeure applied), maximum (NaN: none), taken,
        untaken [t], price [money/t], worth (what one tonne less of minimum saves) [money/t].
        """
        return tables.contracts(self)

    @cached_property
    def stocks(self) -> pd.DataFrame:
        """One row a stockpile and year.

        opening, closing, target, shortfall [t], worth (what a tonne less of target saves)
        [money/t], days (of cover; NaN without demand), day_worth (what a day less saves) [money].
        """
        return tables.stocks(self)

    @cached_property
    def projects(self) -> pd.DataFrame:
        """One row a project and year.

        built (fraction started), running (fraction), capacity [t/yr], tonnes, capex [money m],
        charge [money], rent [money/t].
        """
        return tables.projects(self)

    @cached_property
    def ore(self) -> pd.DataFrame:
        """One row a flow of ore: year, mineral, mine_country, refiner, project, country, tonnes.

        tonnes contained; premium and freight [money/t]; rent of the mine [money/t].
        """
        return tables.ore(self)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """One row a refiner and member, of minerals whose supply of today is given.

        mineral, refiner, country, member, today, planned (in the first year), change [t/yr].
        """
        return tables.changes(self)

    @cached_property
    def tiers(self) -> pd.DataFrame:
        """One row a tier of demand: year, mineral, member, tier, demand, short [t], cost [money/t].

        Only where demand has tiers.
        """
        return tables.tiers(self)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Cost by heading: ``money`` undiscounted, ``discounted``."""
        return tables.costs(self)

    @cached_property
    def mineral_costs(self) -> pd.DataFrame:
        """Cost by mineral and heading: ``money`` undiscounted, ``discounted``; every pair once."""
        return tables.mineral_costs(self)

    # ---- totals --------------------------------------------------------------------------------

    @cached_property
    def objective(self) -> float:
        """Discounted total cost [money]."""
        return float(sum(block.certificate.primal for block in self.blocks))

    @cached_property
    def purchases(self) -> float:
        """Cost or price, tariff and freight of all flows [money, undiscounted]."""
        return float((self.delivered * self.expanded.deliveries.landed).sum())

    @cached_property
    def cash(self) -> float:
        """All cost that is paid: without shortage and other penalties [money, undiscounted]."""
        costs = self.costs
        return float(costs.loc[~costs["heading"].isin(PENALTIES), "money"].sum())

    @cached_property
    def tonnes(self) -> float:
        """What the coalition purchases in all [t]."""
        return float(self.delivered.sum())

    @cached_property
    def shortage(self) -> float:
        """What the coalition is short in all [t]."""
        return float(self.part(SHORTAGE)[1].sum())

    @cached_property
    def served_share(self) -> float:
        """The part of demand that is met; 1 where there is none."""
        return served_share(self.case.total_demand, self.shortage)

    @cached_property
    def max_country_share(self) -> dict[str, float]:
        """By mineral, the largest share over years of one country in the coalition's base.

        The base is demand, or purchases where Share basis says so. Rest of world is no country.
        """
        tops = largest_country_shares(self.countries, self.case.settings.share_basis)
        return {name: tops[name].share if name in tops else 0.0 for name in self.expanded.minerals}

    @cached_property
    def proof(self) -> Proof:
        """The worst of the blocks' certificates."""
        return proof_of(self.case, self.blocks, lambda: self.program)

    @property
    def timings(self) -> dict[str, float]:
        """Seconds of building and of solving and proving, summed over blocks."""
        return {
            "build": sum(b.build_seconds for b in self.blocks),
            "solve": sum(b.solve_seconds for b in self.blocks),
        }
