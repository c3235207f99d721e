"""Sources, stocks, projects, ore and price floors resolved: the meaning of their blank cells."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import schema, tolerances, units
from models.case import Case, begun_capital, in_force

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAYS = 365.0
_MOST_GROWN = math.log(1e9)
"""Growth by a factor of a billion limits nothing; a solver could not take a larger number."""
_FOR_ROOM = 1e4
"""The multiple of the need that may be bought in order to allow other purchases."""


@dataclass(frozen=True)
class Source:
    """A refiner of one mineral, or a project.

    ``name`` is the refiner's; a project has the name of the refiner that it sells under. ``owner``
    is the country of the owner, ``company`` the owner itself ("" where none is stated).
    """

    name: str
    project: str
    mineral: str
    country: str
    owner: str
    company: str
    kind: str
    needs_ore: bool
    recovery: float
    cost: schema.ByYear
    record: schema.Refiner | schema.Project

    @property
    def key(self) -> tuple[str, str, str]:
        """The first parts of a key of the program: refiner, project and mineral."""
        return (self.name, self.project, self.mineral)

    def nameplate(self, year: int) -> float:
        """Return its capacity [t/yr], of a project if fully built; 0 outside its years."""
        if isinstance(self.record, schema.Refiner) and not in_force(self.record, year):
            return 0.0
        return self.record.capacity.value(year)

    def usable(self, year: int) -> float:
        """Return the capacity [t/yr] that is open to the coalition; 0 for a project."""
        record = self.record
        if isinstance(record, schema.Project) or not in_force(record, year):
            return 0.0
        share = record.available_share.at(year)
        open_part = record.capacity.value(year) * (1.0 if share is None else share)
        return max(0.0, open_part + (record.extra_usable.at(year) or 0.0))


def source_of(record: schema.Refiner | schema.Project) -> Source:
    """Return a refiner or a project as a source."""
    stated = record.needs_ore if isinstance(record, schema.Refiner) else None
    return Source(
        name=record.refiner if isinstance(record, schema.Project) else record.name,
        project=record.name if isinstance(record, schema.Project) else "",
        mineral=record.mineral,
        country=record.country,
        owner=record.owner or record.country,
        company=record.company,
        kind=record.kind,
        needs_ore=record.kind == schema.PRIMARY if stated is None else stated,
        recovery=record.recovery if isinstance(record, schema.Refiner) else 1.0,
        cost=record.cost,
        record=record,
    )


def sources_of(case: Case) -> list[Source]:
    return [*map(source_of, case.refiners), *map(source_of, case.projects)]


def running_starts(project: schema.Project, years: tuple[int, ...], year: int) -> list[int]:
    """Return the possible first years of a project's output that is still running in ``year``.

    These are years y with year - life < y <= year. They lie in the horizon from the project's first
    year on, or are the one year set by a scenario, or those of parts that are begun. If events
    shift output (``Project.shifts``), they are the years in which it was due.
    """
    begun = {y for y, part in project.begun if part > 0}
    every = sorted({*start_years(project, years), *begun})
    return [y for y in every if year - project.life < _shifted(project, y) <= year]


def _shifted(project: schema.Project, due: int) -> int:
    """Return the first year of output that is due in a year, after all shifts."""
    for first, years in project.shifts:
        due += years if due >= first else 0
    return due


def start_years(project: schema.Project, years: tuple[int, ...]) -> list[int]:
    """Return the possible first years of output for the unbuilt part of a project."""
    if unbuilt(project) <= 0.0:
        return []
    if project.built_in is not None:
        return [project.built_in]
    begun = dict(project.begun)
    barred = begun.keys() | project.barred
    return [y for y in years if y >= project.first_year and y not in barred]


def unbuilt(project: schema.Project) -> float:
    """Return the fraction of a project that is not in sheet Built, and can still be built."""
    left = 1.0 - math.fsum(part for _, part in project.begun)
    return left if left > tolerances.WHOLE_SUM else 0.0


def fixed_builds(project: schema.Project) -> dict[int, float]:
    """Return the fractions of a project that are decided, by first year of output.

    They are those of sheet Built, and the rest if a scenario builds it.
    """
    found = dict(project.begun)
    left = unbuilt(project)
    if project.built_in is not None and left > 0.0:
        found[project.built_in] = found.get(project.built_in, 0.0) + left
    return found


def free_budgets(case: Case) -> dict[int, float]:
    """Return the money that each year's budget leaves for new builds [money m], by year.

    Payments for sheet Built come first; if they exceed a budget, nothing is left. If budgets are
    carried over, this applies to the sums up to each year, and a year's number is the change of the
    sum: negative if it uses money left over from earlier years.
    """
    free, before = dict[int, float](), 0.0
    for row, budget, due in budgets_due(case):
        left = max(0.0, budget - due)
        free[row.year] = left - before
        before = left if case.settings.carry_over_budget else 0.0
    return free


def budgets_due(case: Case) -> Iterator[tuple[schema.BudgetYear, float, float]]:
    """Yield each row of Budget by year, its budget, and the payments due for Built [money m].

    If budgets are carried over, both are sums up to the year.
    """
    paid, budget, due = begun_capital(case.projects, case.years), 0.0, 0.0
    for row in sorted(case.budget, key=lambda row: row.year):
        if not case.settings.carry_over_budget:
            budget, due = 0.0, 0.0
        budget += row.capex
        due += paid.get(row.year, 0.0) + row.committed
        yield row, budget, due


def stock_target(case: Case, stockpile: schema.Stockpile, year: int) -> float:
    """Return the target at a year's end [t]: from the workbook (t or days), else the opening stock.

    A day is a 365th of the member's demand of that year.
    """
    stated = stockpile.target.at(year)
    if stated is not None:
        return stated
    if stockpile.target_days is not None:
        return stockpile.target_days * daily_demand(case, stockpile.mineral, stockpile.member, year)
    return stockpile.opening


def stock_room(case: Case, stockpile: schema.Stockpile) -> float:
    """Return the most that a stock can hold in a cheapest plan [t]: its maximum or less.

    It adds up the tonnes that may be useful: the opening stock, the target, all demand for the
    mineral, today's purchases (kept up to save switching costs), and once more the demand for each
    minimum share (bought to meet it, then stored) and for a country that may be lost. If sales grow
    from year to year, or shares are of purchases, buying more allows other purchases: there the
    need counts ten thousand times. A far larger maximum limits nothing, and is too large to compute
    with. The stock of a mineral that plants use, or make from others, may hold all possible
    purchases. For plans that do not minimise cost the maximum itself is the bound.
    """
    if any(stockpile.mineral in {row.input, row.mineral} for row in case.needed_inputs):
        sources = [source for source in sources_of(case) if source.mineral == stockpile.mineral]
        most = sum(max(s.usable(year), s.nameplate(year)) for s in sources for year in case.years)
        return min(stockpile.max, stockpile.opening + most)
    demand = sum(case.coalition_demand(stockpile.mineral, year) for year in case.years)
    leasts = sum(
        row.limit == schema.MIN and row.mineral in {"", stockpile.mineral}
        for row in case.share_limits
    )
    today = sum(s.tonnes for s in case.current_supply if s.mineral == stockpile.mineral)
    target = max(stock_target(case, stockpile, year) for year in case.years)
    again = 2 + leasts + any(row.mineral in {"", stockpile.mineral} for row in case.security)
    grows = any(r.max_growth is not None and r.mineral == stockpile.mineral for r in case.refiners)
    times = _FOR_ROOM if grows or case.settings.share_basis == schema.PURCHASES else 1.0
    return min(stockpile.max, times * (stockpile.opening + target + again * demand + today))


def daily_demand(case: Case, mineral: str, member: str, year: int) -> float:
    """Return a member's demand per day [t]."""
    return case.demand_of.get((mineral, member, year), 0.0) / DAYS


def target_penalty(case: Case, stockpile: schema.Stockpile, year: int) -> float:
    """Return the penalty for a tonne below target in a year [money/t/yr].

    The default is 2 % of the shortage cost, and 50 % in the last year: a reserve is for an
    emergency, so it is not sold at the end.
    """
    if stockpile.target_penalty is not None:
        return stockpile.target_penalty
    part = 1 / 2 if year == case.years[-1] else 1 / 50
    return part * case.shortage_cost(stockpile.mineral, year)


def capital_charge(case: Case, project: schema.Project) -> float:
    """Return the capital charge of a fully built project in each year of output [money].

    Capex x capital-recovery factor r / (1 - (1 + r)^-life), or capex / life at r = 0.
    """
    rate, life = case.settings.cost_of_capital, project.life
    factor = 1.0 / life if rate == 0 else rate / -math.expm1(-life * math.log1p(rate))
    return project.capex * units.MILLION * factor


def budget_year(project: schema.Project, start: int, years: tuple[int, ...]) -> int:
    """Return the year of the budget that pays for a build with output from ``start`` on.

    A row of Built that is late is paid as if it were not.
    """
    return max(dict(project.late).get(start, start) - project.lead_time, years[0])


def charged_fraction(
    project: schema.Project, start: int, year: int, years: tuple[int, ...]
) -> float:
    """Return the part of a build with output from ``start`` on that is charged in a year.

    It is 1 in the years of its life, and 0 in others. A row of Built that is late is charged as if
    it were not; what a scenario builds in the same year is charged from that year on. An event
    shifts the charges of what is not begun before it, too. ``years`` are the planned years.
    """
    due = dict(project.late).get(start, start)
    first = output = start
    for event, delay in project.shifts if start not in dict(project.begun) else ():
        is_moved = output >= event
        output += delay if is_moved else 0
        first += delay if is_moved and budget_year(project, first, years) >= event else 0
    charged = float(first <= year < first + project.life)
    if due == start:
        return charged
    begun = float(due <= year < due + project.life)
    part, whole = dict(project.begun)[start], fixed_builds(project)[start]
    return begun if whole == part else (begun * part + charged * (whole - part)) / whole


def mine_capacity(mine: schema.Mine, year: int) -> float:
    """Return the contained metal that a mine can yield in a year [t/yr]; 0 outside its years."""
    return mine.capacity.value(year) if in_force(mine, year) else 0.0


def ore_lane(
    case: Case, mineral: str, mine_country: str, refiner_country: str, year: int
) -> tuple[float, bool]:
    """Return freight [money/t contained] and whether the lane is open, after all Ore lanes."""
    freight, is_open = 0.0, True
    for row in case.ore_lanes:
        if (
            row.mineral in {"", mineral}
            and row.mine_country in {"", mine_country}
            and row.refiner_country in {"", refiner_country}
            and in_force(row, year)
        ):
            freight = freight if row.freight is None else row.freight
            is_open = is_open if row.open is None else row.open
    return freight, is_open


@dataclass(frozen=True)
class Growth:
    """A limit on a refiner's sales [t]: ``most`` plus ``times`` x its sales in the year ``before``.

    ``before`` is the previous year of the horizon. In the first year it is None, and ``most`` is
    the limit.
    """

    most: float
    times: float = 0.0
    before: int | None = None


def growth(case: Case, refiner: schema.Refiner, year: int, usable: float) -> Growth | None:
    """Return the limit that Max growth sets on a refiner in a year; None if it sets none.

    Sales may grow by the fraction per year from today's, or last year's, sales. If today's supply
    of the mineral is not given, the first year is free. A refiner that sells nothing today may add
    the setting Growth floor x its ``usable`` capacity [t/yr] each year.
    """
    if refiner.max_growth is None:
        return None
    today = [s for s in case.current_supply if s.mineral == refiner.mineral]
    own = sum(s.tonnes for s in today if s.refiner == refiner.name)
    floor = case.settings.growth_floor * usable if own <= 0 else 0.0
    at = case.years.index(year)
    if at == 0:
        return Growth(own * (1.0 + refiner.max_growth) + floor) if today else None
    before = case.years[at - 1]
    grown = (year - before) * math.log1p(refiner.max_growth)
    return Growth(floor, math.exp(min(grown, _MOST_GROWN)), before)


# ---- price floors -------------------------------------------------------------------------------


def buyer_blocs(case: Case, country: str) -> tuple[str, ...]:
    """Return the blocs of a buyer's country; one with no country is in the coalition."""
    return case.blocs_of(country) if country else (schema.COALITION,)


def applies(case: Case, row: schema.PriceFloor, seller: str, buyer: Collection[str]) -> bool:
    """Return whether a floor applies to sales from a country into some blocs, at any price.

    It applies if the buyer is in the zone, and the seller is neither in it nor exempt.
    """
    names = {seller, *case.blocs_of(seller)}
    return row.zone in buyer and row.zone not in names and names.isdisjoint(row.exempt)


def floors_that_apply(
    case: Case, mineral: str, sellers: Sequence[str], buyers: Sequence[Collection[str]]
) -> Floats:
    """Return the highest floor that applies [money/t], by (seller, buyer, year); 0: none.

    ``sellers`` are countries, ``buyers`` the blocs of each buyer.
    """
    floors = np.zeros((len(sellers), len(buyers), len(case.years)))
    for row in case.price_floors:
        if row.mineral == mineral:
            pairs = [applies(case, row, c, blocs) for c in sellers for blocs in buyers]
            is_met = np.array(pairs, dtype=bool).reshape(len(sellers), len(buyers), 1)
            floor = [row.floor.value(y) if in_force(row, y) else 0.0 for y in case.years]
            np.maximum(floors, np.where(is_met, floor, 0.0), out=floors)
    return floors


def levy(floor: Floats, landed: Floats) -> Floats:
    """Return the levy at the border [money/t]: the floor minus the landed cost, at least 0."""
    return np.maximum(0.0, floor - landed)


def deciding_row(
    case: Case, mineral: str, seller: str, buyer: Collection[str], year: int
) -> schema.PriceFloor | None:
    """Return the row with the highest floor that applies to a flow in a year; None: none does."""
    rows = (
        row
        for row in case.price_floors
        if row.mineral == mineral and in_force(row, year) and applies(case, row, seller, buyer)
    )
    return max(rows, key=lambda row: row.floor.value(year), default=None)
