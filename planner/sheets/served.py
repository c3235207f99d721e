"""Who serves the coalition's need: shares by country, minerals weighted by value.

A tonne of copper and one of germanium do not add up; their values at the prices of the sheet
Minerals do. So a share here is of the value of what the coalition needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.case import Case, in_force
from models.measures import served_share
from models.plan import Plan
from models.schema import COALITION, REST_OF_WORLD, Refiner
from planner.sheets.context import Context, once
from planner.sheets.figures import coalition_purchases

Sold = Mapping[tuple[str, str, int], float]
"""Tonnes by (mineral, country, year)."""
Lacking = Mapping[tuple[str, int], float]
"""Tonnes by (mineral, year)."""

SURGE = 0.2
"""What suppliers that are left sell more, of their usable capacity, unless a plan says: the stress
test's own figure."""
_SAME = 1e-9
"""Shares that differ by less are equal: the first by name counts."""


@dataclass(frozen=True)
class Served:
    """Who serves each mineral's need: values [money] by mineral and country, over the years.

    ``needed`` and ``short`` are values by mineral; what is neither bought nor short comes out of
    stock. Purchases beyond need fill stocks and serve nobody yet: they are left out, of every
    supplier in proportion. ``home`` are the countries that are not suppliers to be feared: the
    coalition's own, and Rest of world, which is many.
    """

    needed: Mapping[str, float]
    short: Mapping[str, float]
    by_country: Mapping[str, Mapping[str, float]]
    home: frozenset[str] = frozenset()

    @cached_property
    def need(self) -> float:
        """The value of all that is needed."""
        return sum(self.needed.values())

    @property
    def share(self) -> float:
        """The share of need that is served; 1 where nothing is needed."""
        return served_share(self.need, sum(self.short.values()))

    def share_of(self, mineral: str) -> float:
        """Return the share of one mineral's need that is served; 1 where none is needed."""
        return served_share(self.needed.get(mineral, 0.0), self.short.get(mineral, 0.0))

    @cached_property
    def countries(self) -> dict[str, float]:
        """Each country's share of all need, the largest first."""
        found: dict[str, float] = defaultdict(float)
        for mineral in self.by_country.values():
            for country, value in mineral.items():
                found[country] += value / self.need if self.need > 0 else 0.0
        return dict(sorted(found.items(), key=lambda each: (-round(each[1], 9), each[0])))

    @property
    def from_stock(self) -> float:
        """The share of need that stocks give, on balance over the years."""
        left = 1.0 - sum(self.countries.values()) - (1.0 - self.share)
        return left if self.need > 0 and left > _SAME else 0.0

    @property
    def largest(self) -> tuple[str, float]:
        """The outside supplier with the largest share of all need; "" and 0 where none sells."""
        named = ((c, s) for c, s in self.countries.items() if c not in self.home and s > 0)
        return next(named, ("", 0.0))

    @property
    def most_concentrated(self) -> tuple[str, str, float]:
        """The mineral of which one outside country serves most: mineral, country, its share."""
        best = ("", "", 0.0)
        for mineral, sold in self.by_country.items():
            for country, value in sorted(sold.items()):
                share = value / self.needed[mineral]
                if country not in self.home and share > best[2] + _SAME:
                    best = (mineral, country, share)
        return best

    def others(self, country: str) -> float:
        """Return the share of all need that is served without a country, and nothing instead."""
        return max(0.0, self.share - self.countries.get(country, 0.0))

    @property
    def least_served(self) -> tuple[str, float]:
        """The mineral of which the smallest share is served; "" and 1 where all is."""
        worst = ("", 1.0)
        for mineral in self.needed:
            if self.share_of(mineral) < worst[1] - _SAME:
                worst = (mineral, self.share_of(mineral))
        return worst


def _served(case: Case, sold: Sold, short: Lacking) -> Served:
    """Put tonnes into values, and say whose they are of what a case needs."""
    needed = {m: value for (m,), value in _valued(case, _demand(case)).items() if value > 0}
    lacks = _valued(case, short).items()
    lacking = {m: min(value, needed[m]) for (m,), value in lacks if m in needed}
    bought: dict[str, dict[str, float]] = defaultdict(dict)
    for (mineral, country), value in _valued(case, sold).items():
        bought[mineral][country] = value
    by_country: dict[str, dict[str, float]] = {}
    for mineral, value in needed.items():
        of, served = bought.get(mineral, {}), value - lacking.get(mineral, 0.0)
        whole = sum(of.values())
        part = min(1.0, served / whole) if whole > 0 else 0.0
        by_country[mineral] = {country: worth * part for country, worth in of.items()}
    sellers = {country for of in by_country.values() for country in of}
    own = {country for country in sellers if COALITION in case.blocs_of(country)}
    return Served(needed, lacking, by_country, frozenset({REST_OF_WORLD, *own}))


def _valued(case: Case, tonnes: Mapping[Any, float]) -> dict[Any, float]:
    """Return values [money] by all of a key but its year, tonnes at that year's price."""
    found: dict[Any, float] = defaultdict(float)
    for key, amount in tonnes.items():
        found[key[:-1]] += amount * case.mineral_of[key[0]].price.value(key[-1])
    return found


def _demand(case: Case) -> dict[tuple[str, int], float]:
    every = ((m.name, year) for m in case.minerals for year in case.years)
    return {(mineral, year): case.coalition_demand(mineral, year) for mineral, year in every}


def served_by(*plans: Plan) -> Served:
    """Return who serves the need of all years in a plan.

    Of several plans in the last, and what the others lack is lacking there, too.
    """
    table = coalition_purchases(plans[-1])
    keys = zip(table["mineral"], table["country"], map(int, table["year"]), strict=True)
    sold = dict(zip(keys, map(float, table["tonnes"]), strict=True))
    short: dict[tuple[str, int], float] = defaultdict(float)
    for plan in plans:
        columns = (plan.supply[c] for c in ("mineral", "year", "short"))
        for mineral, year, tonnes in zip(*columns, strict=True):
            short[mineral, int(year)] += float(tonnes)
    return _served(plans[0].case, sold, short)


@once
def in_plan(context: Context) -> Served:
    """Return who serves the need of all years in the plan."""
    return served_by(context.plan)


@once
def without_limits(context: Context) -> Served | None:
    """Return who serves it in the plan without share limits; None where there is no such plan."""
    return None if context.without_limits is None else served_by(context.without_limits)


def largest_supplier(plan: Plan) -> str:
    """Return the code of the country outside the coalition that serves most of the need by value.

    "" where none sells.
    """
    return served_by(plan).largest[0]


@once
def when_lost(context: Context) -> tuple[str, Served]:
    """Return the largest supplier's code, and who serves the need when it has stopped.

    Where no plan of that is given, nothing is bought in its stead: what it sold is short. "" and
    the plan itself where no country outside the coalition sells.
    """
    if context.lost is not None:
        return context.lost.country, served_by(context.plan, context.lost.left)
    plan = in_plan(context)
    country, _ = plan.largest
    short = {m: plan.short.get(m, 0.0) + of.get(country, 0.0) for m, of in plan.by_country.items()}
    left = {
        m: {c: value for c, value in of.items() if c != country}
        for m, of in plan.by_country.items()
    }
    return country, Served(plan.needed, short, left, plan.home)


def surge_of(context: Context) -> float:
    """Return what suppliers that are left sell more, of their usable capacity.

    Nothing where a supplier stops in the plan and no plan is given of that: today is then told by
    the same rule.
    """
    if context.lost is not None:
        return context.lost.surge
    return 0.0 if in_plan(context).largest[0] else SURGE


# ---- today -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Today:
    """Who would serve the need of the years planned as they do today, and without the largest.

    Each refiner keeps today's share of what the coalition buys, as far as its capacity goes.
    ``lost`` is the largest supplier ("" none from outside the coalition). Of ``left`` the others
    sell more by the same part of their capacity as in the plan, up to what was met before: a loss
    does not mend what was short without it. ``from_input`` are the minerals whose supply of today
    the workbook gives; of the ``others`` refiners sell as they share the world's capacity.
    """

    served: Served
    lost: str
    left: Served
    from_input: tuple[str, ...]
    others: tuple[str, ...]


@once
def today(context: Context) -> Today | None:
    """Return today's supply of the workbook as it stands, before any scenario; None: no supply."""
    case = context.book.case
    sold = _kept(case, 0.0, "")
    lacking = _lacking(case, sold)
    served = _served(case, sold, lacking)
    if not any(served.countries.values()):
        return None
    lost = served.largest[0]
    left = _kept(case, surge_of(context), lost) if lost else sold
    lacks = {at: max(tonnes, lacking[at]) for at, tonnes in _lacking(case, left).items()}
    given = {s.mineral for s in case.current_supply if s.tonnes > 0}
    return Today(
        served,
        lost,
        _served(case, left, lacks),
        tuple(m for m in served.needed if m in given),
        tuple(m for m in served.needed if m not in given),
    )


def _todays_shares(case: Case) -> dict[tuple[str, str], float]:
    """Return by (refiner, mineral) its share of what the coalition buys today."""
    first = case.years[0]
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for flow in case.current_supply:
        sold[flow.refiner, flow.mineral] += flow.tonnes
    given = {mineral for (_, mineral), tonnes in sold.items() if tonnes > 0}
    for r in case.refiners:
        if r.mineral not in given and in_force(r, first):
            sold[r.name, r.mineral] = r.capacity.value(first)
    whole: dict[str, float] = defaultdict(float)
    for (_, mineral), tonnes in sold.items():
        whole[mineral] += tonnes
    return {key: tonnes / whole[key[1]] for key, tonnes in sold.items() if whole[key[1]] > 0}


def _plants(case: Case, lost: str) -> Iterator[tuple[Refiner, int, float, float]]:
    """Yield each refiner and year but those of a country that is lost.

    With them come its capacity open to the coalition, and what it sells at today's shares [t].
    """
    shares = _todays_shares(case) if case.years else {}
    for r in case.refiners:
        share = shares.get((r.name, r.mineral), 0.0)
        for year in case.years if r.country != lost else ():
            usable = 0.0
            if in_force(r, year):
                part = r.available_share.at(year)
                usable = r.capacity.value(year) * (1.0 if part is None else part)
            yield r, year, usable, share * case.coalition_demand(r.mineral, year)


def _kept(case: Case, surge: float, lost: str) -> dict[tuple[str, str, int], float]:
    """Return what is sold at today's shares, and a surge, without the country that is lost.

    Growth ends at the capacity open to the coalition; what is sold today goes on all the same.
    """
    found: dict[tuple[str, str, int], float] = defaultdict(float)
    at_first = 0.0
    for r, year, usable, wanted in _plants(case, lost):
        at_first = wanted if year == case.years[0] else at_first
        found[r.mineral, r.country, year] += min(wanted + surge * usable, max(usable, at_first))
    return found


def _lacking(case: Case, sold: Sold) -> dict[tuple[str, int], float]:
    bought: dict[tuple[str, int], float] = defaultdict(float)
    for (mineral, _, year), tonnes in sold.items():
        bought[mineral, year] += tonnes
    return {at: max(0.0, tonnes - bought[at]) for at, tonnes in _demand(case).items()}


# ---- what is used up ---------------------------------------------------------------------------


def full_in_plan(context: Context, lost: str) -> float:
    """Return the part of all suppliers' capacity but the lost country's that the plan uses up.

    Capacity is what is open to the coalition, of all years, by value; 0 where there is none.
    """
    plan = context.plan
    rows = plan.sources[(plan.sources["country"] != lost) & (plan.sources["usable"] > 0)]
    columns = (rows[c] for c in ("mineral", "year", "usable", "tonnes"))
    found = (
        (mineral, int(year), usable, usable - tonnes <= plan.tolerance(mineral, int(year)))
        for mineral, year, usable, tonnes in zip(*columns, strict=True)
    )
    return _full(context.case, found)


def full_today(context: Context, lost: str) -> float:
    """Return the same of today: the need of the years planned, at today's shares of supply."""
    case = context.book.case
    found = ((r.mineral, year, has, wants >= has) for r, year, has, wants in _plants(case, lost))
    return _full(case, found)


def _full(case: Case, plants: Iterable[tuple[str, int, float, bool]]) -> float:
    """Return the part of capacity that is full, by value: mineral, year, tonnes, whether full."""
    full = whole = 0.0
    for mineral, year, usable, is_full in plants:
        value = usable * case.mineral_of[mineral].price.value(year)
        whole += value
        full += value if is_full else 0.0
    return full / whole if whole > 0 else 0.0
