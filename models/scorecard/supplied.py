"""The supply of each buyer, before a plan and in it: the data of every measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from models.case import Case, normalize
from models.measures import (
    OverByPurchases,
    largest_countries,
    over_by_purchases,
    ratio,
    sums_within,
)
from models.plan import Plan
from models.program.families.ore import ORE
from models.program.families.stockpiles import STOCK
from models.resolve import TO_PLANT, Floats, Source, mine_capacity
from models.schema import COALITION, PRIMARY, RECYCLED, REST_OF_WORLD

EU = "EU"
"""The name of the group of members, and of the bloc, that stand for the European Union."""
_NAMED = 3
"""Most countries listed by name; any others are counted."""


@dataclass(frozen=True)
class Buyer:
    """The coalition (""), or the EU, as a consumer: its members, and the bloc that is inside."""

    name: str
    members: tuple[int, ...]
    bloc: str

    @property
    def takers(self) -> list[int]:
        """Its members, and for the coalition plants, too: what they buy is the coalition's."""
        return [*self.members, *([] if self.name else [TO_PLANT])]


def scored_buyers(case: Case) -> tuple[Buyer, ...]:
    """Return the coalition, and the EU if there are a group and a bloc called EU."""
    position = {m.name: j for j, m in enumerate(case.members)}
    chosen = [Buyer("", tuple(range(len(position))), COALITION)]
    group = next((name for name in case.groups if normalize(name) == normalize(EU)), None)
    bloc = next((name for name in case.blocs if normalize(name) == normalize(EU)), None)
    if group is not None and bloc is not None:
        chosen.append(Buyer(group, tuple(position[m] for m in case.groups[group]), bloc))
    return tuple(chosen)


class PlanSupply:
    """The supply of a case before the plan, and of the plan year by year.

    "Before the plan" means today, as given in the workbook. If a mineral has rows in Current
    supply, these are its purchases of today. Otherwise its supply is the nameplate capacity of all
    its refiners in the first year, including capacity closed to the coalition.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.case, self.expanded = plan, plan.case, plan.expanded
        self._supplies: dict[tuple[str, str, int | None], Supply] = {}

    def supply_of(self, mineral: str, buyer: Buyer, year: int | None) -> Supply:
        """Return a buyer's supply of a mineral in a year, or before the plan (None)."""
        key = (mineral, buyer.name, year)
        if key not in self._supplies:
            self._supplies[key] = Supply(self, mineral, buyer, year)
        return self._supplies[key]

    @cached_property
    def sold(self) -> Floats:
        """Tonnes that the plan buys by (source, member, year); the last member is all plants."""
        e, sales = self.expanded, self.expanded.sales
        sold = np.zeros((len(e.sources), len(e.members) + 1, len(e.years)))
        np.add.at(sold, (sales.source, sales.member, sales.year), self.plan.all_sold)
        return sold

    @cached_property
    def bought(self) -> dict[str, list[Floats]]:
        """Tonnes that the plan sells to a buyer, by its name: for each year an array by source."""
        sold, years = self.sold, range(len(self.expanded.years))
        return {
            buyer.name: [sold[:, buyer.takers, t].sum(axis=1) for t in years]
            for buyer in scored_buyers(self.case)
        }

    @cached_property
    def today(self) -> Floats:
        """Tonnes of Current supply by (source, member); the last member is all plants."""
        e = self.expanded
        today = np.zeros((len(e.sources), len(e.members) + 1))
        for row in self.case.current_supply:
            buyer = e.member_at[row.member] if row.member else TO_PLANT
            today[e.source_of_refiner[row.refiner, row.mineral], buyer] += row.tonnes
        return today

    @cached_property
    def bought_today(self) -> frozenset[str]:
        return frozenset(row.mineral for row in self.case.current_supply if row.tonnes > 0)

    @cached_property
    def first_stages(self) -> set[str]:
        """Minerals whose refiners act as mines: only inputs, made from nothing, not in Mines."""
        made = {row.mineral for row in self.case.needed_inputs}
        needed = {mineral for (mineral, *_), tonnes in self.case.demand_of.items() if tonnes > 0}
        return {row.input for row in self.case.needed_inputs} - made - self.mined_minerals - needed

    @cached_property
    def mined_minerals(self) -> set[str]:
        """Minerals in Mines."""
        return {mine.mineral for mine in self.case.mines}

    @cached_property
    def recycled(self) -> set[str]:
        """Minerals with recycled supply."""
        return {source.mineral for source in self.expanded.sources if source.kind == RECYCLED}

    @cached_property
    def inside(self) -> dict[str, set[str]]:
        """The countries of plants and mines by bloc; Rest of world is in none."""
        countries = defaultdict[str, set[str]](set)
        every = {source.country for source in self.expanded.sources}
        for country in (every | {mine.country for mine in self.case.mines}) - {REST_OF_WORLD}:
            for bloc in self.case.blocs_of(country):
                countries[bloc].add(country)
        return countries

    @cached_property
    def ore(self) -> dict[tuple[str, int | None], dict[str, float]]:
        """Contained metal [t/yr] by (mineral, year) and mine country; year None: mine capacity."""
        by_cell = defaultdict[tuple[str, int | None], dict[str, float]](lambda: defaultdict(float))
        first, ore = self.case.years[0], self.plan.amounts(ORE)
        rows: list[tuple[str, int | None, str, float]] = [
            *((m.mineral, None, m.country, mine_capacity(m, first)) for m in self.case.mines),
            *((name, year, country, t) for (country, _, _, name, year), t in ore.items()),
        ]
        for mineral, year, country, amount in rows:
            if amount > 0:
                by_cell[mineral, year][country] += amount
        return by_cell

    @cached_property
    def exceeded_by_purchases(self) -> dict[tuple[str, str], tuple[OverByPurchases, ...]]:
        """Limits that shares of demand keep but shares of purchases exceed, by (mineral, buyer)."""
        by_buyer = defaultdict[tuple[str, str], tuple[OverByPurchases, ...]](tuple)
        for each in over_by_purchases(self.plan.countries, self.case.settings.share_basis):
            by_buyer[each.mineral, each.buyer] += (each,)
        return by_buyer

    @cached_property
    def without_largest(self) -> dict[tuple[str, int], dict[str, Any]]:
        """N-1 of the plan by (mineral, year)."""
        return n_minus_1(self.plan)


@dataclass(frozen=True)
class Supply:
    """A buyer's supply of a mineral in a year of a plan, or before the plan (``year`` None)."""

    overall: PlanSupply
    mineral: str
    buyer: Buyer
    year: int | None

    @cached_property
    def tonnes(self) -> tuple[tuple[Source, float], ...]:
        """Supply of each source [t/yr]: the plan's; before it, today's or else its capacity."""
        e = self.overall.expanded
        sources = list(e.of_mineral[self.mineral])
        if self.year is not None:
            amounts = self.overall.bought[self.buyer.name][e.years.index(self.year)][sources]
        elif self.mineral in self.overall.bought_today:
            amounts = self.overall.today[sources][:, self.buyer.takers].sum(axis=1)
        else:
            is_project = [bool(e.sources[i].project) for i in sources]
            amounts = np.where(is_project, 0.0, e.nameplate[sources, 0])
        supplied = zip(sources, amounts.tolist(), strict=True)
        return tuple((e.sources[i], amount) for i, amount in supplied if amount > 0)

    @cached_property
    def by_country(self) -> dict[str, float]:
        return summed((source.country, amount) for source, amount in self.tonnes)

    @cached_property
    def by_owner(self) -> dict[str, float]:
        return summed((source.owner, amount) for source, amount in self.tonnes)

    @property
    def ore(self) -> dict[str, float]:
        """Contained metal [t/yr] by mine country in all ore of the plan, not only this buyer's.

        Before the plan, it is the capacity of the mines in the first year.
        """
        return self.overall.ore.get((self.mineral, self.year), {})

    @cached_property
    def demand(self) -> float:
        """The buyer's demand [t]; before the plan, the demand of the first year.

        The coalition's demand includes the inputs of plants, and the inputs that products in
        shortage would have needed.
        """
        e, plan = self.overall.expanded, self.overall.plan
        t = 0 if self.year is None else e.years.index(self.year)
        own = float(e.demand[e.mineral_at[self.mineral], list(self.buyer.members), t].sum())
        return own if self.buyer.name else own + plan.plant_demand[e.mineral_at[self.mineral], t]

    @property
    def is_first_stage(self) -> bool:
        return self.mineral in self.overall.first_stages

    @property
    def consumed(self) -> float:
        """The buyer's demand [t]; before the plan, all its purchases of today, if known."""
        if self.year is None and self.mineral in self.overall.bought_today:
            return sum(t for _, t in self.tonnes)
        return self.demand

    @property
    def ore_known_share(self) -> float:
        """Share of the coalition's primary tonnes for which the workbook has the ore's origin.

        These come from refiners that take ore from the sheet Mines. It is 1 before the plan, and if
        nothing primary is bought.
        """
        if self.year is None:
            return 1.0
        coalition, *_ = scored_buyers(self.overall.case)
        every = self.overall.supply_of(self.mineral, coalition, self.year).tonnes
        bought = summed((str(s.needs_ore), amount) for s, amount in every if s.kind == PRIMARY)
        whole = sum(bought.values())
        return bought.get(str(True), 0.0) / whole if whole else 1.0

    @property
    def stock(self) -> float | None:
        """The buyer's stock at the end of the year [t]; before the plan, the opening stock.

        None if it has no stockpile.
        """
        case = self.overall.case
        members = {case.members[j].name for j in self.buyer.members}
        stockpiles = [
            s for s in case.stockpiles if s.mineral == self.mineral and s.member in members
        ]
        if not stockpiles:
            return None
        if self.year is None:
            return sum(stockpile.opening for stockpile in stockpiles)
        value, year = self.overall.plan.value, self.year
        return sum(value(STOCK, (self.mineral, stockpile.member, year)) for stockpile in stockpiles)

    @property
    def usable(self) -> dict[str, float]:
        """Capacity open to the coalition in the first year [t/yr] by country, without projects."""
        e = self.overall.expanded
        return summed(
            (e.sources[i].country, float(e.usable[i, 0])) for i in e.of_mineral[self.mineral]
        )

    def is_inside(self, country: str) -> bool:
        return country in self.overall.inside[self.buyer.bloc]

    def country_words(self, codes: Iterable[str], most: int = _NAMED) -> str:
        """Return countries in words: the first few by name, then the number of others."""
        spelt = [self.overall.case.country_name(code) for code in codes]
        more = f" and {len(spelt) - most} more" if len(spelt) > most else ""
        return ", ".join(spelt[:most]) + more


def summed(amounts: Iterable[tuple[str, float]]) -> dict[str, float]:
    totals = defaultdict[str, float](float)
    for name, amount in amounts:
        totals[name] += amount
    return totals


# ---- N-1: supply without its largest country -----------------------------------------------------
#
# The International Energy Agency (Global Critical Minerals Outlook 2025) removes the largest
# supplier together with its own demand: (S - Smax) / (D - Dmax). The simpler form keeps all demand:
# (S - Smax) / D. The agency measures the world. Here supply is the capacity open to the coalition
# and demand the coalition's, so Dmax is 0 unless the largest supplier is a member's country.


def n_minus_1(plan: Plan) -> dict[tuple[str, int], dict[str, Any]]:
    """Return N-1 by mineral and year of a plan; NaN if the demand is 0.

    Supply S is the usable capacity of refiners and built projects; ``largest``, the country with
    the largest capacity Smax (never Rest of world); Dmax, the demand of its members; ``over_all``,
    (S - Smax) / D; ``over_rest``, (S - Smax) / (D - Dmax).
    """
    case, rows = plan.case, dict[tuple[str, int], dict[str, Any]]()
    usable = sums_within(plan.sources, "usable", "mineral", "year", "country")
    for (m, mineral), (t, year) in product(
        enumerate(plan.expanded.minerals), enumerate(case.years)
    ):
        here = usable[mineral, year]
        lost, most = largest_country(here)
        left = float(np.sum([*here.values()])) - most
        demand = case.coalition_demand(mineral, year) + float(plan.plant_demand[m, t])
        at_home = home_demand(case, mineral, year, lost)
        rows[mineral, year] = {
            "largest": lost,
            "over_all": _ratio_or_nan(left, demand),
            "over_rest": _ratio_or_nan(left, demand - at_home),
        }
    return rows


def largest_country(by_country: Mapping[Any, float]) -> tuple[str, float]:
    """Return the country with the largest amount; "" if all are 0; ties by name."""
    return next((top for top in largest_countries(by_country) if top[1] > 0), ("", 0.0))


def home_demand(case: Case, mineral: str, year: int, country: str) -> float:
    """Return the demand of the members in a country [t]."""
    home = (m.name for m in case.members if country and m.country == country)
    return sum((case.demand_of.get((mineral, name, year), 0.0) for name in home), 0.0)


def _ratio_or_nan(supplied: float, demand: float) -> float:
    share = ratio(supplied, demand)
    return np.nan if share is None else share
