"""What belongs to a member that plans alone, and what it pays: Rights and Supports resolved."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from models import schema
from models.case import Case, in_force
from models.resolve.expanded import Expanded
from models.resolve.sources import Floats, Source
from models.resolve.stages import need_ratios
from models.schema import Mine, Project, Refiner


class Rights:
    """Members' shares of plants, mines and budgets; they add up to 1 for each plant, mine and year.

    A row of the sheet Rights sets a member's share; a later row overrides an earlier one. The rest
    of a plant is divided by the setting Rights among the members without a row, and by demand if
    the setting gives none of them a share. If all members have rows, their shares are scaled up to
    1.
    """

    def __init__(self, expanded: Expanded) -> None:
        self.expanded, self.case = expanded, expanded.case

    @cached_property
    def source_shares(self) -> Floats:
        """Shares of each source's capacity, by (source, year, member).

        A project is built once, so it has one share for all years: the average weighted by the
        coalition's demand.
        """
        e = self.expanded
        found = np.zeros((len(e.sources), len(e.years), len(e.members)))
        for r, source in enumerate(e.sources):
            found[r] = self._divided(source.record)
            if isinstance(source.record, Project):
                weight = e.demand[e.mineral_at[source.mineral]].sum(axis=0)
                weight = weight if weight.sum() > 0 else np.ones(len(e.years))
                found[r] = np.average(found[r], axis=0, weights=weight)
        return found

    @cached_property
    def project_shares(self) -> Floats:
        """Shares of each project, by (project, member), in the order of the case."""
        sources = self.expanded.sources
        shares = {s.project: parts[0] for s, parts in zip(sources, self.source_shares, strict=True)}
        found = [shares[p.name] for p in self.case.projects]
        return np.array(found).reshape(-1, len(self.case.members))

    @cached_property
    def mines(self) -> Floats:
        """Shares of each mine country's capacity, by (mine, year, member), in the case's order."""
        e = self.expanded
        found = [self._divided(mine) for mine in self.case.mines]
        return np.array(found).reshape(-1, len(e.years), len(e.members))

    @cached_property
    def capital(self) -> Floats:
        """Shares of every year's budget, by member: the capital-weighted average over projects."""
        capex = np.array([p.capex for p in self.case.projects], dtype=float)
        if capex.sum() <= 0:
            return np.full(len(self.case.members), 1.0 / max(len(self.case.members), 1))
        return np.asarray(np.average(self.project_shares, axis=0, weights=capex))

    def _divided(self, record: Refiner | Project | Mine) -> Floats:
        """Return the members' shares of a plant or a mine, by (year, member)."""
        rule = self._rule(record)
        shares = {name: row.share for name, row in last_rights(self.case, record).items()}
        named = np.array([m.name in shares for m in self.case.members], dtype=bool)
        own = np.array([shares.get(m.name, 0.0) for m in self.case.members])
        whole = float(own.sum())
        if named.all() and whole > 0:
            return np.broadcast_to(own / whole if whole < 1.0 else own, rule.shape)
        # no member with a row gets more than its share; if all rows are 0 there are no shares
        others = np.ones(len(named), dtype=bool) if named.all() else ~named
        tables = (rule, *_by_demand(self.expanded, record.mineral))
        left = _first_filled(np.where(others, table, 0.0) for table in tables)
        parts = left / left.sum(axis=1, keepdims=True)
        return np.asarray(own + max(0.0, 1.0 - whole) * parts)

    def _rule(self, record: Refiner | Project | Mine) -> Floats:
        """Return the amounts by which the setting divides, by (year, member); never only 0."""
        e, setting = self.expanded, self.case.settings.rights
        demand = _first_filled(_by_demand(e, record.mineral))
        if setting == schema.TODAY and isinstance(record, Refiner):
            bought = np.zeros(len(e.members))
            for row in self.case.current_supply:
                if (row.refiner, row.mineral) == (record.name, record.mineral) and row.member:
                    bought[e.member_at[row.member]] += row.tonnes
            return np.broadcast_to(bought, demand.shape) if bought.sum() > 0 else demand
        if setting == schema.HOME_FIRST:
            at_home = homes(self.case).get(record.country, ())
            own = np.array([m.name in at_home for m in self.case.members], dtype=bool)
            if own.any():
                return _first_filled([np.where(own, demand, 0.0), np.where(own, demand * 0 + 1, 0)])
        return demand


def _by_demand(e: Expanded, mineral: str) -> Iterable[Floats]:
    """Yield amounts to divide by, best first: a year's demand, that of all years, equal shares.

    Demand for an input includes the need of demand for its products, through all stages.
    """
    m = e.mineral_at[mineral]
    demand = (e.demand[m] + e.inputs_for(e.demand)[m]).T
    yield demand
    yield np.broadcast_to(demand.sum(axis=0), demand.shape)
    yield np.ones(demand.shape)


def _first_filled(tables: Iterable[Floats]) -> Floats:
    """Return each row from the first table in which it is not all 0."""
    first, *others = tables
    for other in others:
        first = np.where(first.sum(axis=1, keepdims=True) > 0, first, other)
    return first


def last_rights(case: Case, record: Refiner | Project | Mine) -> dict[str, schema.Right]:
    """Return for each member the last row of Rights that sets its share of a plant or a mine."""
    seller = record.refiner if isinstance(record, Project) else getattr(record, "name", "")
    return {
        row.member: row
        for row in case.rights
        if row.mineral in {"", record.mineral}
        and row.country in {"", record.country}
        and row.refiner in {"", seller}
    }


def homes(case: Case) -> dict[str, tuple[str, ...]]:
    """Return the members of each country of the coalition.

    A coalition country without a member belongs to the member that represents several countries, if
    there is one such member.
    """
    several = [m.name for m in case.members if not m.country]
    found: dict[str, tuple[str, ...]] = {}
    if len(several) == 1:
        listed = (c.code for c in case.countries if schema.COALITION in c.blocs)
        found = dict.fromkeys(listed, (several[0],))
    for code in {m.country for m in case.members if m.country}:
        found[code] = tuple(m.name for m in case.members if m.country == code)
    return found


# ---- supports -----------------------------------------------------------------------------------


def supported(expanded: Expanded, row: schema.Support) -> list[int]:
    """Return the sources of the row's mineral that a row of Supports names, by position.

    They are the refiner or project of that name. If there is none, they are all projects that sell
    under a refiner of that name.
    """
    sources = [(i, s) for i, s in enumerate(expanded.sources) if s.mineral == row.mineral]
    own = [i for i, source in sources if row.plant == (source.project or source.name)]
    return own or [i for i, source in sources if row.plant == source.name]


def shares_of_payers(case: Case, payer: str, mineral: str, year: int) -> dict[str, float]:
    """Return the share of a bill that each member pays: by demand, or equal shares without any.

    Demand includes the need of demand for products, through all stages.
    """
    members = case.groups.get(payer, (payer,)) if payer else tuple(case.member_of)
    ratios = need_ratios(case, mineral).items()
    demand = {
        member: sum(ratio * case.demand_of.get((m, member, year), 0.0) for m, ratio in ratios)
        for member in members
    }
    total = sum(demand.values())
    if members and total <= 0:
        return dict.fromkeys(demand, 1.0 / len(members))
    return {name: tonnes / total for name, tonnes in demand.items() if tonnes > 0}


def payer_of(expanded: Expanded, source: Source, year: int) -> str:
    """Return the payer of a plant's subsidy, from its row of Supports."""
    for row in expanded.case.supports:
        plants = (expanded.sources[i] for i in supported(expanded, row))
        if in_force(row, year) and any(plant is source for plant in plants):
            return row.payer
    return ""
