"""Losses: a supplier is lost when a plan has been agreed, and what that does to the plan.

The agreed plan is the proven plan of the case. It becomes a case of its own (``agreed``), of which
each loss takes something away; so every run starts from one base, and nothing a loss does can lower
the cost of that base or raise what it serves. The same losses hit the agreed plan of the same case
without share limits: the difference is what diversification buys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, CaseStep, CaseSteps, Selection
from models.measures import DAYS, net_sums
from models.plan import OF_TIER, ORE, SHORTAGE, STOCK, UNTAKEN, Plan, Session
from models.program.component import Columns
from models.program.market import BALANCE
from models.resolve import Bools, Expanded, Floats, chain_of
from models.schema import REST_OF_WORLD, ScenarioStep
from planner import scenarios, stops
from planner.scenarios.actions import ActionKind
from planner.studies.agreed import Rules, case_before_loss
from planner.studies.engine import Outcome, Run, Study, Tell, run_studies
from planner.studies.places import Where, begun


class LossKind(StrEnum):
    """What is lost."""

    NOTHING = "nothing"
    COUNTRY = "country"
    REFINER = "refiner"
    EMBARGO = "embargo"


_LOST = ActionKind(ScenarioStep(name="Loss", action="scale capacity", value=0.0))
_CLOSED = ActionKind(ScenarioStep(name="Loss", action="block lanes"))


@dataclass(frozen=True)
class Loss:
    """A loss, and the change from the case of an agreed plan to that in which it has happened.

    ``country`` is a code; of a refiner it is where its plants are ("" if in several).
    """

    kind: LossKind
    country: str = ""
    refiner: str = ""
    member: str = ""

    @property
    def change(self) -> CaseSteps:
        """The change to the case without what is lost, from its first year on."""
        if self.kind is LossKind.NOTHING:
            return CaseSteps()
        of = Selection(country=self.country, refiner=self.refiner, member=self.member)
        return CaseSteps((CaseStep(_CLOSED if self.kind is LossKind.EMBARGO else _LOST, of),))

    def name(self, case: Case) -> str:
        """Return what a reader calls it."""
        if self.kind is LossKind.NOTHING:
            return "Nothing lost"
        country = case.country_name(self.country)
        return self.refiner or (f"{country} to {self.member}" if self.member else country)

    def sold(self, plan: Plan) -> Floats:
        """Return what a plan buys of what is lost [t], by (mineral, buyer, year), as in Effect."""
        e, sales = plan.expanded, plan.expanded.sales
        sold = np.zeros(_shape(e))
        hit = [self.country in {"", s.country} and self.refiner in {"", s.name} for s in e.sources]
        is_hit = np.array(hit, dtype=bool)[sales.source]
        if self.member:
            is_hit &= self._reaches(e)
        keys = (sales.mineral[is_hit], sales.member[is_hit], sales.year[is_hit])
        np.add.at(sold, keys, plan.all_sold[is_hit])
        return sold

    def _reaches(self, e: Expanded) -> Bools:
        """Return which sales an embargo stops: those to its member, and to plants in its country.

        As ``block lanes`` has it, of a member without a country to no plant.
        """
        home = e.case.member_of[self.member].country
        lands = np.array([of.country == home != "" for of in e.intakes], dtype=bool)
        to_member = e.deliveries.member == e.member_at[self.member]
        return np.concatenate([to_member, lands[e.input_flows.intake]])


def _shape(e: Expanded) -> tuple[int, int, int]:
    """Return how many minerals, buyers and years there are, as in Effect."""
    minerals, members, years = e.demand.shape
    return minerals, members + bool(e.intakes), years


NOTHING = Loss(LossKind.NOTHING)


def losses(plan: Plan, first_year: int, kinds: Sequence[LossKind]) -> tuple[Loss, ...]:
    """Return every loss of some kinds of someone who sells in a plan from ``first_year`` on.

    ``Rest of world`` is several countries, which nothing takes out together; its refiners can be
    lost.
    """
    e = plan.expanded
    later = np.array([year >= first_year for year in e.years], dtype=bool)
    homes: dict[str, set[str]] = defaultdict(set)
    for source in e.sources:
        homes[source.name].add(source.country)
    lost = {
        Loss(LossKind.REFINER, next(iter(countries)) if len(countries) == 1 else "", name)
        for name, countries in homes.items()
    }
    for country in {source.country for source in e.sources} - {REST_OF_WORLD}:
        lost.add(Loss(LossKind.COUNTRY, country))
        lost |= {Loss(LossKind.EMBARGO, country, member=member) for member in e.members}
    return tuple(
        loss
        for kind in kinds
        for loss in sorted(lost, key=lambda loss: (loss.refiner, loss.country, loss.member))
        if loss.kind is kind and loss.sold(plan)[:, :, later].sum() > tolerances.LEAST_FLOW
    )


# ---- what is read of the plan of a loss: arrays, since there are many losses ---------------------


@dataclass(frozen=True)
class DearestPrice:
    """The marginal price of a mineral where it is the largest multiple of the mineral's price.

    ``price`` is that marginal price [money/t], ``over`` the multiple. ``member`` and ``year`` say
    whose demand has it, and when.
    """

    price: float
    over: float
    member: str
    year: int


@dataclass(frozen=True)
class LossTotals:
    """A plan in numbers.

    By (mineral, buyer, year), as in Effect: ``bought``, ``short``, ``stock`` at the year's end and
    ``taken`` by plants, handed over by members or bought by plants [t]. By (mineral, year):
    ``cash``, what is paid without capital and the cost of leaving suppliers, ``duties`` (tariffs
    and levies) in it, and ``penalty``, the cost of shortage [money, undiscounted]. By mineral:
    ``dearest``; ``to_refill``, what a tonne costs in the last year [money/t]: the dearest bought,
    the mineral's price at least.
    """

    bought: Floats
    short: Floats
    stock: Floats
    taken: Floats
    cash: Floats
    duties: Floats
    penalty: Floats
    to_refill: Floats
    dearest: tuple[DearestPrice | None, ...]


def read(plan: Plan) -> LossTotals:
    """Return a plan in numbers."""
    e, d = plan.expanded, plan.expanded.deliveries
    bought, taken, sales = np.zeros(_shape(e)), np.zeros(_shape(e)), e.sales
    np.add.at(bought, (sales.mineral, sales.member, sales.year), plan.all_sold)
    taken[:, : len(e.members)] = plan.handed_by
    taken[:, len(e.members) :] = bought[:, len(e.members) :]
    cash, duties = plan.costs_of(UNTAKEN, STOCK, ORE), np.zeros(e.demand.shape[::2])
    np.add.at(cash, (d.mineral, d.year), plan.delivered * d.landed)
    f = e.input_flows
    np.add.at(cash, (f.mineral, f.year), plan.taken * f.landed)
    np.add.at(duties, (d.mineral, d.year), plan.delivered * (d.cost * d.tariff + d.levy))
    np.add.at(duties, (f.mineral, f.year), plan.input_tariffs + plan.input_levies)
    return LossTotals(
        bought,
        short=_by_buyer(plan, SHORTAGE),
        stock=_by_buyer(plan, STOCK),
        taken=taken,
        cash=cash,
        duties=duties,
        penalty=plan.costs_of(SHORTAGE, OF_TIER),
        to_refill=_to_refill(plan),
        dearest=_dearest(plan),
    )


def _to_refill(plan: Plan) -> Floats:
    e, d = plan.expanded, plan.expanded.deliveries
    prices = e.prices[:, -1].copy()
    last = (d.year == len(e.years) - 1) & (plan.delivered > tolerances.LEAST_FLOW)
    landed = d.landed[last]
    if e.intakes:
        landed = landed + plan.input_cost[d.source[last], d.year[last]]
    np.maximum.at(prices, d.mineral[last], landed)
    return prices


def _by_buyer(plan: Plan, component: Columns) -> Floats:
    """Return a component's tonnes by (mineral, buyer, year)."""
    amounts = np.zeros(_shape(plan.expanded))
    key, tonnes = plan.part(component)
    if key:
        amounts[key] = tonnes
    return amounts


def _dearest(plan: Plan) -> tuple[DearestPrice | None, ...]:
    e = plan.expanded
    (m, j, t), prices = plan.row_part(BALANCE)
    # prices that differ by rounding alone are one: the first in order is named
    in_order = np.argsort(np.argsort(e.members))
    order = np.lexsort((t, in_order[j]))
    order = order[(e.demand[m, j, t] > 0)[order] & (prices != 0)[order]]
    with np.errstate(divide="ignore"):
        over = prices[order] / e.prices[m[order], t[order]]
    reach = np.where(np.isfinite(over), over + tolerances.SAME_MULTIPLE * np.abs(over), over)

    def dearest(mineral: int) -> DearestPrice | None:
        rows = np.flatnonzero(m[order] == mineral)
        if not len(rows):
            return None
        first = rows[reach[rows] >= over[rows].max()][0]
        i = order[first]
        return DearestPrice(float(prices[i]), float(over[first]), e.members[j[i]], e.years[t[i]])

    return tuple(map(dearest, range(len(e.minerals))))


def days_until_short(gaps: Sequence[float], stock: float, nothing: Sequence[float]) -> float | None:
    """Return how many days a stock fills the gaps of the years from a loss on, None if all.

    ``gaps`` [t] is what purchases leave of each year's demand, below 0 where they add to the stock;
    within a year a gap is spread evenly. Up to ``nothing`` [t] of a year is the rounding of sums.
    """
    days = 0.0
    for gap, least in zip(gaps, nothing, strict=True):
        if gap > least and gap > stock + least:
            return days + DAYS * max(0.0, stock) / gap
        stock -= gap
        days += DAYS
    return None


# ---- what a loss does ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Effect:
    """What a loss does, against the agreed plan; tonnes by (mineral, buyer, year).

    Buyers are the members; where minerals are made from one another, the last are all plants.
    ``lost`` is what was bought of what is lost, ``replaced`` what is bought more of others,
    ``stocked`` what is drawn from stock more (or stored less), ``short`` what is then missing,
    ``less`` what plants take less: lost is the sum of the four. By mineral [money], more than under
    the same rules with nothing lost: ``cash``, what is paid, ``duties`` in it; ``refill``, what it
    takes to refill the stock left at the end (see ``LossTotals``); ``cost``, cash, refill and what
    is short at its shortage cost. ``used``, the most by which the stocks fall below those with
    nothing lost [t], and ``stock_days`` that in days of the coalition's demand in the year of the
    loss; ``share``, what is short over all demand; ``survived``, the days until the coalition is
    short (None: it never is). ``hit`` are the minerals, by position, of which something is lost,
    and those made from one another with them of which something is short or costs something else.
    """

    lost: Floats
    replaced: Floats
    stocked: Floats
    short: Floats
    less: Floats
    cash: Floats
    duties: Floats
    refill: Floats
    cost: Floats
    used: Floats
    stock_days: list[float]
    share: list[float]
    survived: tuple[float | None, ...]
    dearest: tuple[DearestPrice | None, ...]
    hit: list[int]

    @property
    def amounts(self) -> dict[str, Floats]:
        """The tonnes by (mineral, buyer, year), by the names of the fields that have them."""
        return {
            "lost_t": self.lost,
            "replaced_t": self.replaced,
            "stock_t": self.stocked,
            "short_t": self.short,
            "less_t": self.less,
        }

    def tonnes(self, cells: Any) -> dict[str, float]:
        """Return the tonnes of some of (mineral, buyer, year)."""
        return {
            name: float(net_sums(tonnes[cells].ravel())) for name, tonnes in self.amounts.items()
        }


@dataclass(frozen=True)
class AgreedCase:
    """One agreed plan, its case under the rules of a loss, and what came of each loss.

    A loss of somebody who sells nothing in this plan was not run: it takes nothing.
    """

    plan: Plan
    base: Case
    losses: tuple[Loss, ...]
    nothing: Outcome[LossTotals]
    outcomes: Mapping[Loss, Outcome[LossTotals]]

    @cached_property
    def agreed(self) -> LossTotals:
        """The agreed plan in numbers, of the years from the loss on."""
        totals, first = read(self.plan), self._first
        yearly = ("bought", "short", "stock", "taken", "cash", "duties", "penalty")
        return replace(totals, **{name: getattr(totals, name)[..., first:] for name in yearly})

    @cached_property
    def demand(self) -> Floats:
        """All demand [t] by (mineral, member, year) from the loss on, what is short included."""
        return self.plan.expanded.demand[:, :, self._first :]

    @cached_property
    def opening(self) -> Floats:
        """Stock [t] by (mineral, member) when the loss begins."""
        e = self.plan.expanded
        stocks = np.zeros((len(e.minerals), len(e.members)))
        for pile in self.base.stockpiles:
            stocks[e.mineral_at[pile.mineral], e.member_at[pile.member]] = pile.opening
        return stocks

    @property
    def _first(self) -> int:
        return self.plan.case.years.index(self.base.years[0])

    @cached_property
    def _need(self) -> Floats:
        return Expanded(self.base).demand

    @cached_property
    def _nothing_counts(self) -> Floats:
        """What counts as nothing [t] by (mineral, 1, year)."""
        e, years = self.plan.expanded, self.base.years
        least = [[self.plan.tolerance(m, year) for year in years] for m in e.minerals]
        return np.array(least).reshape(len(e.minerals), 1, len(years))

    def _but_for_rounding(self, tonnes: Floats) -> Floats:
        return np.where(np.abs(tonnes) > self._nothing_counts, tonnes, 0.0)

    @cached_property
    def effects(self) -> dict[Loss, Effect | None]:
        """What each loss does, None where its run has no plan."""
        return {loss: self._effect(loss) for loss in self.losses}

    def _effect(self, loss: Loss) -> Effect | None:
        lost = loss.sold(self.plan)[:, :, self._first :]
        outcome = self.outcomes.get(loss)
        if outcome is None:
            zero, many = np.zeros(lost.shape), len(lost)
            none, days, never = np.zeros(many), [0.0] * many, (None,) * many
            return Effect(*(zero,) * 5, *(none,) * 5, days, days, never, never, [])
        after, before, calm = outcome.found, self.agreed, self.nothing.found
        if after is None or calm is None:
            return None
        short = self._but_for_rounding(after.short)
        # what is in stock less than agreed was drawn, in this year or in one before
        stocked = np.diff(before.stock - after.stock, axis=2, prepend=0.0)
        (cash, duties, penalty), (calm_cash, calm_duties, calm_penalty) = (
            [amount.sum(axis=1) for amount in (each.cash, each.duties, each.penalty)]
            for each in (after, calm)
        )
        lower = self._but_for_rounding(calm.stock - after.stock)
        used = lower.sum(axis=1).max(axis=1, initial=0.0)
        refill = lower[:, :, -1].sum(axis=1) * calm.to_refill
        cost = net_sums(np.array([cash, refill, penalty, -calm_cash, -calm_penalty]))
        members = slice(len(self.plan.expanded.members))
        return Effect(
            lost=lost,
            replaced=self._but_for_rounding(after.bought - (before.bought - lost)),
            stocked=self._but_for_rounding(stocked),
            short=short,
            less=self._but_for_rounding(before.taken - after.taken),
            cash=net_sums(np.array([cash, -calm_cash])),
            duties=net_sums(np.array([duties, -calm_duties])),
            refill=refill,
            cost=cost,
            used=used,
            stock_days=_over(used, self.demand[:, :, 0].sum(axis=1) / DAYS),
            share=self.share(short),
            survived=tuple(
                map(
                    self._survived,
                    self._need + (after.taken - after.bought)[:, members],
                    short,
                    self.opening,
                    self._nothing_counts[:, 0].tolist(),
                )
            ),
            dearest=after.dearest,
            hit=self._hit(lost, short, cost),
        )

    def _hit(self, lost: Floats, short: Floats, cost: Floats) -> list[int]:
        is_lost = lost.sum(axis=(1, 2)) > tolerances.LEAST_FLOW
        is_other = np.abs(cost) > tolerances.REMAINDER * np.abs(cost).sum()
        is_other |= short.any(axis=(1, 2))
        return np.flatnonzero(is_lost | (self._linked[is_lost].any(axis=0) & is_other)).tolist()

    @cached_property
    def _linked(self) -> Bools:
        """Which minerals are made from one another, by (mineral, mineral)."""
        case, names = self.plan.case, self.plan.expanded.minerals
        chains = [chain_of(case, name) for name in names]
        return np.array([[name in chain for name in names] for chain in chains], dtype=bool)

    @property
    def progress(self) -> str:
        """How many of the losses that hit the plan have a known effect: ``12 of 42``."""
        planned = sum(o.planned for o in self.outcomes.values()) if self.nothing.planned else 0
        return f"{planned:,} of {len(self.outcomes):,}"

    def trouble(self, loss: Loss) -> str:
        """Return why there is no effect: the error of the loss's run, or of that without a loss."""
        outcome = self.outcomes.get(loss)
        return (outcome.error if outcome is not None else "") or self.nothing.error

    @staticmethod
    def _survived(
        gaps: Floats, short: Floats, opening: Floats, nothing: list[float]
    ) -> float | None:
        """Return how long demand of a mineral is met if stocks are drawn first and are lent.

        Where they would do if lent, and a member is short all the same, its own stock decides.
        """
        if not short.any():
            return None
        days = days_until_short(gaps.sum(axis=0).tolist(), float(opening.sum()), nothing)
        if days is not None:
            return days
        members = np.flatnonzero(short.any(axis=1)).tolist()
        each = (days_until_short(gaps[j].tolist(), float(opening[j]), nothing) for j in members)
        return min((days for days in each if days is not None), default=None)

    def share(self, short: Floats) -> list[float]:
        """Return by mineral the shortage over all years as a part of demand; 0 without demand."""
        return _over(short.sum(axis=(1, 2)), self.demand.sum(axis=(1, 2)))


def _over(amounts: Floats, wholes: Floats) -> list[float]:
    parts = np.divide(amounts, wholes, out=np.zeros(len(wholes)), where=wholes > 0)
    return [float(part) for part in parts]


# ---- all of them ---------------------------------------------------------------------------------
UNCAPPED, ALONE = "without share limits: ", "without solidarity: "
"""What the names of the runs begin with on the plan without share limits, and where nobody shares.
"""


@dataclass(frozen=True)
class Stress:
    """The losses and what they do to the agreed plan, and to that without share limits.

    ``free`` is None where the case has no share limits: then it is the same plan. ``alone`` is the
    agreed plan where members do not share what is left, None where that is not asked. ``stopped``
    is what ended the study before its time.
    """

    rules: Rules
    losses: tuple[Loss, ...]
    capped: AgreedCase
    free: AgreedCase | None
    alone: AgreedCase | None
    outcomes: tuple[Outcome[LossTotals], ...]
    stopped: stops.Stop | None = None

    @property
    def case(self) -> Case:
        """The case of the agreed plan."""
        return self.capped.plan.case

    @property
    def years(self) -> tuple[int, ...]:
        """The years from the loss on."""
        return self.capped.base.years


@dataclass(frozen=True)
class AgreedPlans:
    """What a stress test plans before its runs, and the session that planned it."""

    session: Session
    plan: Plan
    free: Plan | None

    @staticmethod
    def runs(case: Case) -> list[str]:
        """Return the names of the runs with nothing lost: those made whatever plan is agreed."""
        calm = NOTHING.name(case)
        return [calm, *([UNCAPPED + calm] if case.share_limits else [])]


def agree(case: Case, where: Where | None = None) -> AgreedPlans:
    """Return the agreed plan of a case, and that without share limits if there are any."""
    session = begun(case, where)
    plan, free = session.base, None
    if case.share_limits:
        free = session.solve_cold(scenarios.drop_share_limits(case))
    return AgreedPlans(session, plan, free)


def stress(  # noqa: PLR0913 - what is lost, by which rules, where it is planned
    case: Case,
    rules: Rules,
    kinds: Sequence[LossKind] = (LossKind.COUNTRY,),
    *,
    where: Where | None = None,
    tell: Tell | None = None,
    say: Callable[[str], None] = lambda _: None,
    plans: AgreedPlans | None = None,
) -> Stress:
    """Return what each loss does to the agreed plan of a case, with and without share limits.

    ``say`` hears of what is lost, ``tell`` of each run; ``plans`` are the case's own. Raises
    InputError where the case's records contradict one another, SolverError where an agreed plan has
    no proof.
    """
    plans = plans or agree(case, where)
    plan, free = plans.plan, plans.free
    first = rules.first_year if rules.first_year is not None else case.years[0]
    every = losses(plan, first, kinds) if case.years else ()
    say(f"Losing {len(every)} suppliers")
    shared = replace(rules, solidarity=True)
    asked = [(plan, "", every, shared)]
    if free is not None:
        later = [y >= first for y in case.years]
        sold = tuple(s for s in every if s.sold(free)[:, :, later].sum() > tolerances.LEAST_FLOW)
        asked.append((free, UNCAPPED, sold, shared))
    if not rules.solidarity:
        asked.append((plan, ALONE, every, rules))
    studies = [_study(agreed, each, lost, name) for agreed, name, lost, each in asked]
    results = run_studies(studies, where, tell)
    plans.session.confirm()
    sides = [
        AgreedCase(
            agreed, study.base, every, result[0], dict(zip(lost, result.every[1:], strict=True))
        )
        for (agreed, _, lost, _), study, result in zip(asked, studies, results, strict=True)
    ]
    outcomes = tuple(outcome for result in results for outcome in result)
    free_side = sides[1] if free is not None else None
    alone = None if rules.solidarity else sides[-1]
    return Stress(rules, every, sides[0], free_side, alone, outcomes, results[-1].stopped)


def _study(plan: Plan, rules: Rules, lost: tuple[Loss, ...], before: str) -> Study[LossTotals]:
    runs = [Run(before + loss.name(plan.case), loss.change) for loss in (NOTHING, *lost)]
    is_new = before != UNCAPPED  # that without share limits is of the same kind
    return Study(
        case_before_loss(plan, rules), tuple((run,) for run in runs), read, is_compared=is_new
    )
