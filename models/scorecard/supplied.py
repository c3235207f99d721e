"""Who supplies whom, before and after: what every measure is read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.case import Case, fold
from models.plan import Plan
from models.program.families.ore import ORE
from models.program.families.stockpiles import STOCK
from models.resolve import Source, mine_capacity
from models.schema import COALITION, PRIMARY, RECYCLED, REST_OF_WORLD
from models.scorecard.n_minus_1 import n_minus_1

EU = "EU"
"""The group of members, and the bloc of countries, that the European Union is called by."""

Tonnes = tuple[tuple[Source, float], ...]
"""What each source supplies [t]; sources that supply nothing are left out."""


@dataclass(frozen=True)
class Buyer:
    """Who consumes: the coalition ("") or the EU, its members, and the bloc that is its inside."""

    name: str
    members: tuple[int, ...]
    bloc: str


def buyers(case: Case) -> tuple[Buyer, ...]:
    """Return the coalition; and the EU where members are grouped as EU and a bloc is called EU."""
    at = {m.name: j for j, m in enumerate(case.members)}
    found = [Buyer("", tuple(range(len(at))), COALITION)]
    group = next((name for name in case.groups if fold(name) == fold(EU)), None)
    bloc = next((name for name in case.blocs if fold(name) == fold(EU)), None)
    if group is not None and bloc is not None:
        found.append(Buyer(group, tuple(at[m] for m in case.groups[group]), bloc))
    return tuple(found)


class Supplied:
    """The supply of a plan's case before the plan, and of the plan year by year.

    Before is what the workbook says of today: of a mineral with rows in Current supply, what
    members buy from whom; of any other, the nameplate capacity of all its refiners in the first
    year, that closed to the coalition included. ``when`` is None for before, else a year.
    """

    def __init__(self, plan: Plan) -> None:
        """Keep a plan."""
        self.plan = plan
        self.case = plan.case
        self.expanded = plan.expanded
        self.first, self.last = plan.case.years[0], plan.case.years[-1]
        self._tonnes: dict[tuple[str, int | None, str], Tonnes] = {}

    @cached_property
    def _sold(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Tonnes by (source, member, year)."""
        e, d = self.expanded, self.expanded.deliveries
        sold = np.zeros((len(e.sources), len(e.members), len(e.years)))
        np.add.at(sold, (d.source, d.member, d.year), self.plan.delivered)
        return sold

    @cached_property
    def _today(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Tonnes of Current supply by (source, member)."""
        e = self.expanded
        today = np.zeros((len(e.sources), len(e.members)))
        for row in self.case.current_supply:
            today[e.source_of_refiner[row.refiner, row.mineral], e.member_at[row.member]] += (
                row.tonnes
            )
        return today

    @cached_property
    def _known_today(self) -> frozenset[str]:
        return frozenset(row.mineral for row in self.case.current_supply if row.tonnes > 0)

    def is_of_today(self, mineral: str) -> bool:
        """Whether before is what members buy today, not capacity."""
        return mineral in self._known_today

    def tonnes(self, mineral: str, when: int | None, buyer: Buyer) -> Tonnes:
        """Return what each source supplies to a buyer [t/yr]; its capacity where that is before."""
        key = (mineral, when, buyer.name)
        if key not in self._tonnes:
            self._tonnes[key] = self._supplied(mineral, when, buyer)
        return self._tonnes[key]

    def _supplied(self, mineral: str, when: int | None, buyer: Buyer) -> Tonnes:
        e, members = self.expanded, list(buyer.members)
        at = list(e.of_mineral[mineral])
        if when is not None:
            amounts = self._sold[at][:, members, e.years.index(when)].sum(axis=1)
        elif self.is_of_today(mineral):
            amounts = self._today[at][:, members].sum(axis=1)
        else:
            amounts = np.where([bool(e.sources[i].project) for i in at], 0.0, e.nameplate[at, 0])
        found = zip(at, amounts.tolist(), strict=True)
        return tuple((e.sources[i], amount) for i, amount in found if amount > 0)

    def consumed(self, mineral: str, when: int | None, buyer: Buyer) -> float:
        """Return what a buyer consumes in a year [t].

        Its demand; before it is the first year's, or all that it buys today.
        """
        if when is None and self.is_of_today(mineral):
            return sum(t for _, t in self.tonnes(mineral, None, buyer))
        return self.demand(mineral, self.first if when is None else when, buyer)

    def demand(self, mineral: str, year: int, buyer: Buyer) -> float:
        """Return a buyer's demand [t]."""
        e = self.expanded
        own = e.demand[e.mineral_at[mineral], list(buyer.members), e.years.index(year)]
        return float(own.sum())

    def is_mined(self, mineral: str) -> bool:
        """Whether the workbook has mines of a mineral."""
        return mineral in self._mined

    @cached_property
    def _mined(self) -> frozenset[str]:
        return frozenset(mine.mineral for mine in self.case.mines)

    def is_recycled(self, mineral: str) -> bool:
        """Whether the workbook has recycled supply of a mineral, a project's included."""
        e = self.expanded
        return any(e.sources[i].kind == RECYCLED for i in e.of_mineral[mineral])

    def ore(self, mineral: str, when: int | None) -> dict[str, float]:
        """Return contained metal in ore by mine country [t/yr]; before it is mine capacity."""
        return self._ore.get((mineral, when), {})

    @cached_property
    def _ore(self) -> dict[tuple[str, int | None], dict[str, float]]:
        """Contained metal [t/yr] by (mineral, year), then mine country; of year None capacity."""
        found: dict[tuple[str, int | None], dict[str, float]] = {}
        listed: list[tuple[str, int | None, str, float]] = [
            (mine.mineral, None, mine.country, mine_capacity(mine, self.first))
            for mine in self.case.mines
        ]
        ore = self.plan.amounts(ORE)
        listed += [(of, year, country, t) for (country, _, _, of, year), t in ore.items()]
        for mineral, when, country, amount in listed:
            if amount > 0:
                by_country = found.setdefault((mineral, when), {})
                by_country[country] = by_country.get(country, 0.0) + amount
        return found

    def followed(self, mineral: str, year: int) -> float:
        """Return the part of the coalition's primary tonnes of a year whose ore is followed.

        Some refiners take no ore from Mines (Needs ore: no). 1 where nothing primary is bought.
        """
        e, t = self.expanded, self.expanded.years.index(year)
        primary = [i for i in e.of_mineral[mineral] if e.sources[i].kind == PRIMARY]
        bought = {i: float(self._sold[i, :, t].sum()) for i in primary}
        whole = sum(bought.values())
        return sum(v for i, v in bought.items() if e.sources[i].needs_ore) / whole if whole else 1.0

    def stock(self, mineral: str, when: int | None, buyer: Buyer) -> float | None:
        """Return what a buyer has in stock when a year ends [t], before the opening stock.

        None where it has no stockpile.
        """
        names = {self.expanded.members[j] for j in buyer.members}
        piles = [s for s in self.case.stockpiles if s.mineral == mineral and s.member in names]
        if not piles:
            return None
        if when is None:
            return sum(pile.opening for pile in piles)
        return sum(self.plan.value(STOCK, (mineral, pile.member, when)) for pile in piles)

    @cached_property
    def left(self) -> dict[tuple[str, int], tuple[str, float, float]]:
        """N-1 of the plan by (mineral, year): the country lost, over all, over the rest."""
        rows = n_minus_1(self.plan, self.first).to_dict("records")
        return {
            (row["mineral"], row["year"]): (row["largest"], row["over_all"], row["over_rest"])
            for row in rows
        }

    def is_inside(self, country: str, buyer: Buyer) -> bool:
        """Whether a country is of a buyer's own bloc."""
        return country != REST_OF_WORLD and buyer.bloc in self.case.blocs_of(country)


def summed(tonnes: Tonnes, name: Callable[[Source], str]) -> dict[str, float]:
    """Return the tonnes of sources by a name of theirs."""
    found: dict[str, float] = {}
    for source, amount in tonnes:
        found[name(source)] = found.get(name(source), 0.0) + amount
    return found


def country_of(source: Source) -> str:
    """Return where a source stands."""
    return source.country


def owner_of(source: Source) -> str:
    """Return the country of a source's owner."""
    return source.owner
