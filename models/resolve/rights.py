"""Rights: what part of each plant, mine and budget a member may count as its own, alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from models.case import Case
from models.resolve.expanded import Expanded, Floats
from models.schema import COALITION, HOME_FIRST, TODAY, Mine, Project, Refiner, Right


class Rights:
    """The parts that members have of what they share; of each plant, mine and year they sum to 1.

    What the rows of the sheet Rights name for a member, a later one overriding, is its whole part.
    What they leave of a plant is divided by the setting Rights among the members that no row names
    there, by demand where the setting has nothing for these; where all are named, their shares are
    scaled up to 1.
    """

    def __init__(self, expanded: Expanded) -> None:
        self.expanded, self.case = expanded, expanded.case

    @cached_property
    def sources(self) -> Floats:
        """Parts of each source's capacity, by (source, year, member).

        A project is built once, so that its part is one for all years: that of the years weighed
        by the coalition's demand.
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
    def projects(self) -> Floats:
        """Parts of each project, by (project, member), in the order of the case."""
        of = {
            s.project: parts[0]
            for s, parts in zip(self.expanded.sources, self.sources, strict=True)
        }
        found = [of[p.name] for p in self.case.projects]
        return np.array(found).reshape(-1, len(self.case.members))

    @cached_property
    def mines(self) -> Floats:
        """Parts of each mine country's capacity, by (mine, year, member), in the case's order."""
        e = self.expanded
        found = [self._divided(mine) for mine in self.case.mines]
        return np.array(found).reshape(-1, len(e.years), len(e.members))

    @cached_property
    def capital(self) -> Floats:
        """Parts of every year's budget, by member: those of all projects, weighed by capital."""
        capex = np.array([p.capex for p in self.case.projects], dtype=float)
        if capex.sum() <= 0:
            return np.full(len(self.case.members), 1.0 / max(len(self.case.members), 1))
        return np.asarray(np.average(self.projects, axis=0, weights=capex))

    def _divided(self, of: Refiner | Project | Mine) -> Floats:
        """Return the members' parts of a plant or a mine, by (year, member)."""
        rule = self._rule(of)
        shares = {name: row.share for name, row in stated(self.case, of).items()}
        named = np.array([m.name in shares for m in self.case.members], dtype=bool)
        own = np.array([shares.get(m.name, 0.0) for m in self.case.members])
        whole = float(own.sum())
        if named.all() and whole > 0:
            return np.broadcast_to(own / whole if whole < 1.0 else own, rule.shape)
        # nobody named has more than its share; where all are named with nothing there is no share
        others = np.ones(len(named), dtype=bool) if named.all() else ~named
        tables = (rule, *_by_demand(self.expanded, of.mineral))
        left = _first_filled(np.where(others, table, 0.0) for table in tables)
        parts = left / left.sum(axis=1, keepdims=True)
        return np.asarray(own + max(0.0, 1.0 - whole) * parts)

    def _rule(self, of: Refiner | Project | Mine) -> Floats:
        """Return what the setting divides by, by (year, member); every year has something."""
        e, setting = self.expanded, self.case.settings.rights
        demand = _first_filled(_by_demand(e, of.mineral))
        if setting == TODAY and isinstance(of, Refiner):
            bought = np.zeros(len(e.members))
            for row in self.case.current_supply:
                if (row.refiner, row.mineral) == (of.name, of.mineral) and row.member:
                    bought[e.member_at[row.member]] += row.tonnes
            return np.broadcast_to(bought, demand.shape) if bought.sum() > 0 else demand
        if setting == HOME_FIRST:
            at_home = homes(self.case).get(of.country, ())
            own = np.array([m.name in at_home for m in self.case.members], dtype=bool)
            if own.any():
                return _first_filled([np.where(own, demand, 0.0), np.where(own, demand * 0 + 1, 0)])
        return demand


def _by_demand(e: Expanded, mineral: str) -> Iterable[Floats]:
    """Yield what may be divided by, until a year has something: its demand, all years', alike.

    Demand for an input has beside it what the demand for its products takes, through all stages.
    """
    m = e.mineral_at[mineral]
    demand = (e.demand[m] + e.taken_for(e.demand)[m]).T
    yield demand
    yield np.broadcast_to(demand.sum(axis=0), demand.shape)
    yield np.ones(demand.shape)


def _first_filled(tables: Iterable[Floats]) -> Floats:
    """Return of each row that of the first table in which it is not all 0."""
    first, *others = tables
    for other in others:
        first = np.where(first.sum(axis=1, keepdims=True) > 0, first, other)
    return first


def stated(case: Case, of: Refiner | Project | Mine) -> dict[str, Right]:
    """Return the row of Rights that says each member's share of a plant or a mine: its last."""
    seller = of.refiner if isinstance(of, Project) else getattr(of, "name", "")
    return {
        row.member: row
        for row in case.rights
        if row.mineral in {"", of.mineral}
        and row.country in {"", of.country}
        and row.refiner in {"", seller}
    }


def homes(case: Case) -> dict[str, tuple[str, ...]]:
    """Return the members that a country of the coalition is home to.

    The coalition's countries that are no member's own are home to the member that stands for
    several, if there is one such member.
    """
    several = [m.name for m in case.members if not m.country]
    found: dict[str, tuple[str, ...]] = {}
    if len(several) == 1:
        listed = (c.code for c in case.countries if COALITION in c.blocs)
        found = dict.fromkeys(listed, (several[0],))
    for code in {m.country for m in case.members if m.country}:
        found[code] = tuple(m.name for m in case.members if m.country == code)
    return found
