"""Why a plan is as it is: one mineral, member and year explained, and the limits that bind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from models import measures, tolerances
from models.answers.least_change import plan_or_none
from models.answers.price import MarginalPrice, Pricing
from models.plan.supply import tier_duals
from models.plan.tiers import closed_to, tier_short
from models.program.component import MINERAL, YEAR, CellAddress, LimitStep, Rows, Where, rows_named
from models.program.families import projects
from models.program.families.shortage import OF_TIER, SHORTAGE
from models.program.families.tiers import TIER_NEED
from models.program.market import BALANCE
from models.resolve import Floats

if TYPE_CHECKING:
    from models.plan.plan import Plan
    from models.program import Solved


@dataclass(frozen=True)
class Bound:
    """A limit that binds, its shadow price, and how far that price holds.

    ``limit`` is the value of its cell in ``unit``: "point" (a hundredth of a share), "t" or "money
    m". ``shadow_price`` [money of the year per unit] is the saving at the margin if the limit is
    one unit looser: higher where ``direction`` is 1, lower where it is -1 (a minimum). It is valid
    while the limit is between ``low`` and ``high`` (None: not known). One full unit looser saves
    ``saves``, and one full unit tighter costs ``costs`` [money of the year] (None: no such plan).
    ``rent`` is limit x shadow price [money]. All figures are for one mineral (``is_common``: all
    minerals) and year, with everything else unchanged.
    """

    kind: str
    words: str
    limit: float
    unit: str
    shadow_price: float
    rent: float
    year: int
    is_common: bool
    place: CellAddress | None = None
    direction: int = 1
    low: float | None = None
    high: float | None = None
    saves: float | None = None
    costs: float | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a mineral costs a member what it does in a year, and why it is short.

    ``demand``, ``purchased`` and ``short`` are in t. ``price`` is None if the member has no supply
    balance for the mineral. ``demand_costs`` [money/t] are the costs of one more tonne of demand,
    by tier ("": without tiers). ``unpaid`` are the mineral's plants that the budget keeps from
    being built by then. ``idle`` are its idle or unbuilt plants with the gap of each [money/t],
    smallest first. ``tier_prices`` [money/t] are those of the member's tiers where some suppliers
    may not serve all of them ({}: elsewhere); ``price`` is then that of the dearest tier.
    ``closed`` has the suppliers that may not serve a tier, ``tier_short`` the tonnes that it is
    short. ``members_short`` is the number of
    members short for the same cause, or 0 unless all that need it are.
    """

    mineral: str
    member: str
    year: int
    demand: float
    purchased: float
    short: float
    nothing: float
    price: MarginalPrice | None
    binding: tuple[Bound, ...]
    cause: str = ""
    demand_costs: Mapping[str, float] = field(default_factory=dict)
    unpaid: tuple[projects.UnaffordablePlant, ...] = ()
    idle: tuple[tuple[str, float], ...] = ()
    members_short: int = 0
    tier_prices: Mapping[str, float] = field(default_factory=dict)
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tier_short: Mapping[str, float] = field(default_factory=dict)

    @property
    def dearest_tier(self) -> str | None:
        """The tier whose price ``price`` is; None where all suppliers may serve the same tiers."""
        return max(self.tier_prices, key=lambda t: (self.tier_prices[t], t), default=None)

    @property
    def is_short(self) -> bool:
        return self.short > self.nothing

    @property
    def is_wholly_short(self) -> bool:
        """Whether nothing of the demand is met, so one more tonne of demand is short, too."""
        return self.is_short and self.short >= self.demand - self.nothing

    @property
    def demand_cost(self) -> float | None:
        """The cost of one more tonne of demand [money/t]; None if it depends on the tier."""
        return None if len(self.demand_costs) > 1 else self.demand_costs.get("")

    @property
    def one_tonne_more(self) -> float | None:
        """The cost of one tonne more [money]; None where there is no plan.

        All limits stay as they are. Where the member is wholly short, no supply could be given up
        for it: it is then a tonne of demand, at the margin, and the limits change with demand.
        """
        if self.is_wholly_short:
            return self.demand_cost
        return None if self.price is None else self.price.more


def members_short_together(plan: Plan, mineral: str, year: int) -> int:
    """Return how many members are short of a mineral if all that need it are; otherwise 0.

    All members with demand for it in that year must be short, and with the same ``cause`` in
    ``Plan.shortages``.
    """
    table = plan.shortages
    rows = table[(table["mineral"] == mineral) & (table["year"] == year)]
    demand = plan.case.demand_of.items()
    need = sum(tonnes > 0 and key[::2] == (mineral, year) for key, tonnes in demand)
    return len(rows) if rows["cause"].nunique() == 1 and len(rows) >= need else 0


def explain(plan: Plan, mineral: str, member: str, year: int) -> Explanation:
    """Return what sets the price of a mineral for a member in a year, and the limits that bind.

    The names are the case's own, and the year is one of its years; KeyError or ValueError if not.
    Without demand and without a stockpile there is no price, and no limit binds.
    """
    e, d = plan.expanded, plan.expanded.deliveries
    m, j, t = e.mineral_at[mineral], e.member_at[member], e.years.index(year)
    mine = (d.mineral == m) & (d.member == j) & (d.year == t)
    short = plan.shortages
    keys = zip(short["mineral"], short["member"], short["year"], strict=True)
    causes = dict(zip(keys, short["cause"], strict=True))
    where = (mineral, member, year)
    tiers = tier_duals(plan).get(where, {})
    dearest = max(tiers, key=lambda tier: (tiers[tier], tier), default="")
    need = (plan.row_at(TIER_NEED, (mineral, member, dearest, year)),) if tiers else ()
    pricing = Pricing(plan, {column for at in need for column, _ in plan.row_entries(at)})
    row = plan.row_at(BALANCE, where)
    price = pricing.price(row, year, need) if row >= 0 else None
    is_wanted = price is not None and e.demand[m, j, t] > 0
    return Explanation(
        mineral=mineral,
        member=member,
        year=year,
        demand=float(e.demand[m, j, t]),
        purchased=float(plan.delivered[mine].sum()),
        short=plan.value(SHORTAGE, where),
        nothing=plan.tolerance(mineral, year),
        price=price,
        binding=() if price is None else binding_limits(pricing, mineral, member, year),
        cause=causes.get(where, ""),
        members_short=members_short_together(plan, mineral, year),
        demand_costs=_demand_costs(pricing, where) if is_wanted else {},
        tier_prices={tier: plan.dual(BALANCE, where) + dual for tier, dual in tiers.items()},
        closed={tier: who for tier in tiers if (who := tuple(closed_to(plan, where, tier)))},
        tier_short={tier: tier_short(plan, where, tier) for tier in tiers},
        unpaid=() if price is None else _unaffordable_plants(plan, mineral, year),
        idle=() if price is None else _plants_with_gap(plan, mineral, t),
    )


def _plants_with_gap(plan: Plan, mineral: str, year: int) -> tuple[tuple[str, float], ...]:
    """Return the plants of a mineral with a gap in a year (by position), and their gaps."""
    e, gaps = plan.expanded, plan.gaps.gap[:, year]
    idle = (r for r in e.of_mineral[mineral] if gaps[r] > 0)
    named = ((plan.supplier_words(*e.sources[r].key), float(gaps[r])) for r in idle)
    return tuple(sorted(named, key=lambda each: (each[1], each[0])))


def _unaffordable_plants(
    plan: Plan, mineral: str, year: int
) -> tuple[projects.UnaffordablePlant, ...]:
    """Return the plants that the budget keeps from being built by a year.

    Prices say nothing about integer plants: these are named if a plan without budgets builds them.
    """
    plants = projects.unaffordable_plants(plan, mineral, year)
    if not (plants and plan.case.settings.whole_projects):
        return plants
    free = plan_or_none(plan.case.change(budget=()))
    if free is None:
        return ()
    return tuple(u for u in plants if projects.running_fraction(free, u.project, year) > u.built)


def _demand_costs(pricing: Pricing, where: Where) -> dict[str, float]:
    """Return by tier ("": without) the slope of total cost in demand [money of the year/t].

    It differs from the marginal price of supply, because demand enters other limits than the
    balance (``Rows.slope``): a limit on a share of demand allows more, a fair part of a shortage
    grows, and the target of a reserve in days rises. Where all of the demand is short, the shortage
    may grow with it, so bounds on it count as well. Tiers without demand are left out.
    """
    plan = pricing.plan
    same = sum(
        float(pricing.duals[row]) * rows.slope(plan, key, where)
        for rows, key, row in rows_with_dual(plan, "slope", pricing.duals)
        if rows.slope is not None
    )
    same += _bound_price(pricing, plan.column_at(SHORTAGE, where))
    mineral, member, year = where
    costs = {
        tier: same
        + _bound_price(pricing, plan.column_at(OF_TIER, (mineral, member, tier, year)))
        + _dual_of_need(pricing, (mineral, member, tier, year))
        for tier, tonnes in plan.case.tiers_of.get(where, {}).items()
        if tonnes > 0
    } or {"": same}
    return {tier: cost / plan.case.discount(year) for tier, cost in costs.items()}


def _dual_of_need(pricing: Pricing, key: tuple[str, str, str, int]) -> float:
    """Return the dual of a tier's need [money of the first year/t]; 0 where none is cut off."""
    row = pricing.plan.row_at(TIER_NEED, key)
    return float(pricing.duals[row]) if row >= 0 else 0.0


def _bound_price(pricing: Pricing, column: int) -> float:
    """Return the change of total cost per unit of a column's upper bound; 0 without a bound."""
    if column < 0 or not np.isfinite(pricing.rows.upper[column]):
        return 0.0
    entries = pricing.plan.column_entries(column)
    priced = sum(a * float(pricing.duals[row]) for row, a in entries)
    return min(0.0, float(pricing.rows.cost[column]) - priced)


# ---- binding limits ----------------------------------------------------------------------------


def binding_limits(pricing: Pricing, mineral: str, member: str, year: int) -> tuple[Bound, ...]:
    """Return the limits on a mineral, member and year with a positive shadow price.

    The largest rent comes first; limits on all minerals, such as budgets, come last.
    """
    plan = pricing.plan
    least = tolerances.NO_DUAL * float(np.max(np.abs(plan.prices), initial=0.0))
    bounds = [
        bound_of(pricing, rows, key, row)
        for rows, key, row in rows_with_dual(plan, "bears_on", plan.prices, least)
        if rows.bears_on is not None and rows.bears_on(plan, rows, key, (mineral, member, year))
    ]
    priced = [b for b in bounds if b.shadow_price > least]
    return tuple(sorted(priced, key=lambda b: (b.is_common, -b.rent, b.words)))


def bound_of(pricing: Pricing, rows: Rows, key: Any, row: int) -> Bound:
    """Return a binding limit, in the units of its cell, and its shadow price.

    If only half of a capacity is open, or half of a plant is built, one tonne in the cell relaxes
    the row by half a tonne.
    """
    plan = pricing.plan
    label, (limit, step, sign) = rows.label(plan, key), limit_of(plan, rows, key, row)
    year = rows.part(key, YEAR)
    discount = plan.case.discount(year)
    reach = pricing.local_program(row).reach(step)
    saves, costs = (reach.more, reach.less)[::sign]
    unit = measures.POINT if label.unit == "point" else 1.0
    return Bound(
        kind=label.kind or rows.kind,
        words=label.what,
        limit=limit,
        unit=label.unit,
        shadow_price=abs(reach.rate) / discount,
        rent=abs(reach.rate) / discount * limit / unit,
        year=year,
        is_common=MINERAL not in rows.key,
        place=label.place,
        direction=sign,
        low=None if reach.down is None else _from_nothing(limit - unit * reach.down, limit),
        high=None if reach.up is None else limit + unit * reach.up,
        saves=None if saves is None else max(0.0, -saves / discount),
        costs=None if costs is None else max(0.0, costs / discount),
    )


def limit_of(plan: Solved, rows: Rows, key: Any, row: int) -> tuple[float, LimitStep, int]:
    """Return the value of a row's cell, one of its units in the program, and a direction.

    ``row`` is the row's position. The direction relaxes the row: 1 for a higher value, -1 for a
    lower one (a minimum).
    """
    high, low = (float(plan.program.rows.row_upper[row]), float(plan.program.rows.row_lower[row]))
    sign = 1 if np.isfinite(high) else -1
    limit = (high if sign > 0 else low), LimitStep(row, 1.0)
    return (*(limit if rows.step is None else rows.step(plan, key, row)), sign)


def _from_nothing(low: float, limit: float) -> float:
    return low if low > tolerances.NO_DUAL * limit else 0.0


def rows_with_dual(
    plan: Solved, attribute: str, duals: Floats, least: float = 0.0
) -> Iterator[tuple[Rows, Any, int]]:
    """Yield the rows with a dual above ``least``, with key and position.

    Only components that declare the attribute ``declared`` are considered.
    """
    for group in plan.program.constraints:
        rows = rows_named(group.component)
        if getattr(rows, attribute):
            inside = np.flatnonzero(np.abs(duals[group.at]) > least)
            keyed = zip(group.at[inside].tolist(), group.keys(inside), strict=True)
            yield from ((rows, key, row) for row, key in keyed)
