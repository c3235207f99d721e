"""Losses: what happens if a supplier is lost after a plan has been agreed.

The agreed plan is the proven plan of the case. ``planner.studies.agreed_plan`` turns it into a case
in which its decisions are fixed; each loss removes a supplier from that case, so a loss can never
lower its cost or its shortage. The same losses are also applied to the agreed plan without share
limits. The difference between the two shows the benefit of diversification.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, CaseStep, CaseSteps, Selection
from models.measures import DAYS, net_sums
from models.plan import OF_TIER, ORE, SHORTAGE, STOCK, UNTAKEN, Plan
from models.plan.tiers import served_by
from models.program.component import Columns
from models.resolve import Bools, Expanded, Floats, chain_of
from models.schema import REST_OF_WORLD, ScenarioStep
from models.solve import summed_at
from planner import scenarios, stops
from planner.scenarios.actions import ActionKind
from planner.studies.agreed_plan import Rules, case_before_loss
from planner.studies.engine import OnProgress, OnStage, Outcome, Run, run_studies
from planner.studies.places import Where, start_session
from planner.studies.source import RunSource


class LossKind(StrEnum):
    """The kinds of supplier that can be lost."""

    NOTHING = "nothing"
    COUNTRY = "country"
    REFINER = "refiner"
    EMBARGO = "embargo"
    END_USE = "end use"


_LOST = ActionKind(ScenarioStep(name="Loss", action="scale capacity", value=0.0))
_CLOSED = ActionKind(ScenarioStep(name="Loss", action="block lanes"))


@dataclass(frozen=True)
class Loss:
    """A supplier that is lost, and the change that removes it from the case of an agreed plan.

    ``country`` is a code; for a refiner, the country of its plants ("" if in several). ``tier`` is
    the tier of all members' demand that a country no longer serves.
    """

    kind: LossKind
    country: str = ""
    refiner: str = ""
    member: str = ""
    tier: str = ""

    @property
    def case_change(self) -> CaseSteps:
        """The change that removes the lost supplier in all years of the case."""
        if self.kind is LossKind.NOTHING:
            return CaseSteps()
        if self.kind is LossKind.END_USE:
            step = ScenarioStep(name="Loss", action="block lanes", tier=self.tier)
            return CaseSteps((CaseStep(ActionKind(step), Selection(country=self.country)),))
        lost = Selection(country=self.country, refiner=self.refiner, member=self.member)
        return CaseSteps((CaseStep(_CLOSED if self.kind is LossKind.EMBARGO else _LOST, lost),))

    def name(self, case: Case) -> str:
        """Return the loss's name in tables, such as ``China to Japan`` for an embargo."""
        if self.kind is LossKind.NOTHING:
            return "Nothing lost"
        country = case.country_name(self.country)
        if self.kind is LossKind.END_USE:
            return f"{country} to {self.tier}"
        return self.refiner or (f"{country} to {self.member}" if self.member else country)

    def purchases_lost(self, plan: Plan) -> Floats:
        """Return a plan's purchases from the lost supplier [t] by (mineral, buyer, year)."""
        if self.kind is LossKind.END_USE:
            return _for_tier(plan, self.country, self.tier)
        e, sales = plan.expanded, plan.expanded.sales
        hit = [self.country in {"", s.country} and self.refiner in {"", s.name} for s in e.sources]
        is_hit = np.array(hit, dtype=bool)[sales.source]
        if self.member:
            is_hit &= self._is_embargoed(e)
        return _purchases_by_buyer(plan, is_hit)

    def _is_embargoed(self, e: Expanded) -> Bools:
        """Return which sales an embargo stops: sales to the member and to plants in its country.

        If the member has no country, only sales to the member are stopped, as in ``block lanes``.
        """
        home = e.case.member_of[self.member].country
        at_home = np.array([plant.country == home != "" for plant in e.plant_inputs], dtype=bool)
        to_member = e.deliveries.member == e.member_at[self.member]
        return np.concatenate([to_member, at_home[e.input_flows.plant_input]])


def _shape(e: Expanded) -> tuple[int, int, int]:
    """Return the numbers of minerals, of buyers (as in ``Effect``) and of years."""
    minerals, members, years = e.demand.shape
    return minerals, members + bool(e.plant_inputs), years


NOTHING = Loss(LossKind.NOTHING)


def losses(plan: Plan, first_year: int, kinds: Sequence[LossKind]) -> tuple[Loss, ...]:
    """Return all losses, of the given kinds, of suppliers that sell in ``first_year`` or later.

    ``Rest of world`` stands for several countries, so it is not lost as a country; each of its
    refiners can be lost.
    """
    e = plan.expanded
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
        lost |= {Loss(LossKind.END_USE, country, tier=tier.name) for tier in plan.case.tiers}
    return tuple(
        loss
        for kind in kinds
        for loss in sorted(
            lost, key=lambda loss: (loss.refiner, loss.country, loss.member, loss.tier)
        )
        if loss.kind is kind and _is_bought(plan, loss, first_year)
    )


def _is_bought(plan: Plan, loss: Loss, first_year: int) -> bool:
    """Return whether the plan buys from the lost supplier in ``first_year`` or later."""
    later = [year >= first_year for year in plan.expanded.years]
    return bool(loss.purchases_lost(plan)[:, :, later].sum() > tolerances.LEAST_FLOW)


# ---- results read from the plan of a loss: arrays, since there are many losses ------------------


@dataclass(frozen=True)
class LossTotals:
    """The amounts and costs of one plan.

    By (mineral, buyer, year), buyers as in ``Effect`` [t]: ``bought``; ``short``, the shortage;
    ``stock`` at the end of the year; ``plant_use``, the inputs of plants, transferred by the member
    or bought by the plant. By (mineral, year) [money, undiscounted]: ``cash``, all payments but
    capital and the cost of leaving suppliers; ``duties``, the tariffs and levies in ``cash``;
    ``penalty``, the cost of shortage. By mineral: ``to_refill``, the cost of one tonne of stock in
    the last year [money/t]: the dearest tonne bought then, at least the mineral's price.
    """

    bought: Floats
    short: Floats
    stock: Floats
    plant_use: Floats
    cash: Floats
    duties: Floats
    penalty: Floats
    to_refill: Floats


def loss_totals(plan: Plan) -> LossTotals:
    """Return the totals of a plan. All plants together are the last buyer, after the members."""
    e, d, f = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    bought = _purchases_by_buyer(plan)
    plant_use = bought.copy()
    plant_use[:, : len(e.members)] = plan.transferred_by
    used, of_inputs = np.flatnonzero(plan.delivered), (f.mineral, f.year)
    tonnes, cells = plan.delivered[used], (d.mineral[used], d.year[used])
    # contracted tonnes not taken, storage and ore; then landed costs: price, tariff, freight, levy
    cash = plan.costs_of(UNTAKEN, STOCK, ORE)
    np.add.at(cash, cells, tonnes * d.landed[used])
    np.add.at(cash, of_inputs, plan.delivered_to_plants * f.landed)
    duties = summed_at(cells, tonnes * (d.cost * d.tariff + d.levy)[used], cash.shape)
    np.add.at(duties, of_inputs, plan.input_tariffs + plan.input_levies)
    return LossTotals(
        bought,
        short=_by_buyer(plan, SHORTAGE),
        stock=_by_buyer(plan, STOCK),
        plant_use=plant_use,
        cash=cash,
        duties=duties,
        penalty=plan.costs_of(SHORTAGE, OF_TIER),
        to_refill=_to_refill(plan),
    )


def _purchases_by_buyer(plan: Plan, selected: Any = slice(None)) -> Floats:
    """Return the tonnes of the selected sales by (mineral, buyer, year); plants come last."""
    sales, shape = plan.expanded.sales, _shape(plan.expanded)
    positions = (sales.mineral[selected], sales.member[selected] % shape[1], sales.year[selected])
    return summed_at(positions, plan.all_sold[selected], shape)


def _for_tier(plan: Plan, country: str, tier: str) -> Floats:
    """Return the tonnes from a country that serve a tier, by (mineral, buyer, year)."""
    e, tonnes = plan.expanded, np.zeros(_shape(plan.expanded))
    for (mineral, member, year), of_tier in plan.cached(served_by).items():
        sold = of_tier.get(tier, {}).items()
        positions = e.mineral_at[mineral], e.member_at[member], e.years.index(year)
        tonnes[positions] = sum(t for r, t in sold if e.sources[r].country == country)
    return tonnes


def _to_refill(plan: Plan) -> Floats:
    """Return what a tonne costs to refill a stock, by mineral: the dearest of the last year."""
    e, d = plan.expanded, plan.expanded.deliveries
    prices = e.prices[:, -1].copy()
    last = (d.year == len(e.years) - 1) & (plan.delivered > tolerances.LEAST_FLOW)
    landed = d.landed[last]
    if e.plant_inputs:
        landed = landed + plan.input_cost[d.source[last], d.year[last]]
    np.maximum.at(prices, d.mineral[last], landed)
    return prices


def _by_buyer(plan: Plan, component: Columns) -> Floats:
    """Return a component's tonnes by (mineral, buyer, year)."""
    amounts, (key, tonnes) = np.zeros(_shape(plan.expanded)), plan.component_arrays(component)
    if key:
        amounts[key] = tonnes
    return amounts


def days_until_short(
    gaps: Sequence[float], stock: float, rounding: Sequence[float]
) -> float | None:
    """Return for how many days after a loss a stock fills the gaps, None if it fills all gaps.

    ``gaps`` [t] are each year's demand minus purchases; a negative gap adds to the stock. A gap is
    spread evenly over its year. A gap of a year up to that year's ``rounding`` [t] is ignored.
    """
    days = 0.0
    for gap, error in zip(gaps, rounding, strict=True):
        if gap > error and gap > stock + error:
            return days + DAYS * max(0.0, stock) / gap
        stock -= gap
        days += DAYS
    return None


# ---- effects of a loss ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Effect:
    """How a loss changes the agreed plan.

    Buyers are the members and, if plants buy minerals as inputs, one further position for all
    plants together. Amounts by (mineral, buyer, year) [t], compared with the agreed plan:

    - ``lost``: the agreed purchases from the lost supplier; the sum of the next four.
    - ``replaced``: extra purchases from other suppliers.
    - ``stocked``: extra withdrawals from stock, or smaller additions to it.
    - ``short``: shortage.
    - ``input_cut``: the reduction of plants' inputs.

    By mineral, compared with the plan under the same rules in which nothing is lost:

    - ``cash``: extra payments [money]; ``duties``: the tariffs and levies in them.
    - ``refill``: the cost to refill stocks after the last year [money], see ``LossTotals``.
    - ``cost``: ``cash``, ``refill`` and the extra cost of shortage [money].
    - ``stock_used``: the largest reduction of stocks in any year [t]; ``stock_days``: the same in
      days of the coalition's demand in the first year of the loss.

    By mineral, with the loss: ``share``, shortage as a fraction of demand over all years;
    ``survived``, days until the coalition has a shortage (None: never).

    ``affected`` has the positions of the minerals with lost purchases, and of minerals in the same
    production chain whose cost changes or that have a shortage.
    """

    lost: Floats
    replaced: Floats
    stocked: Floats
    short: Floats
    input_cut: Floats
    cash: Floats
    duties: Floats
    refill: Floats
    cost: Floats
    stock_used: Floats
    stock_days: list[float]
    share: list[float]
    survived: tuple[float | None, ...]
    affected: list[int]

    @property
    def amounts(self) -> dict[str, Floats]:
        """The amounts by (mineral, buyer, year) [t], by the names of the result columns."""
        return {
            "lost_t": self.lost,
            "replaced_t": self.replaced,
            "stock_t": self.stocked,
            "short_t": self.short,
            "less_t": self.input_cut,
        }

    def tonnes(self, cells: Any) -> dict[str, float]:
        """Return the total amounts [t] of the selected (mineral, buyer, year)."""
        amounts = self.amounts.items()
        return {name: float(net_sums(tonnes[cells].ravel())) for name, tonnes in amounts}


@dataclass(frozen=True)
class AgreedCase:
    """One agreed plan, its case under the rules of a loss, and the outcome of each loss.

    ``base`` is the case in which the plan's decisions are fixed, ``without_loss`` the outcome of
    its run in which nothing is lost. If a supplier sells nothing in this plan, its loss has no
    effect and no outcome.
    """

    plan: Plan
    base: Case
    losses: tuple[Loss, ...]
    without_loss: Outcome[LossTotals]
    outcomes: Mapping[Loss, Outcome[LossTotals]]

    @cached_property
    def agreed_totals(self) -> LossTotals:
        """Amounts and costs of the agreed plan in the years from the loss on."""
        totals, first = loss_totals(self.plan), self._first
        yearly = ("bought", "short", "stock", "plant_use", "cash", "duties", "penalty")
        return replace(totals, **{name: getattr(totals, name)[..., first:] for name in yearly})

    @cached_property
    def demand(self) -> Floats:
        """Demand [t] by (mineral, member, year) from the loss on, whether it is met or not."""
        return self.plan.expanded.demand[:, :, self._first :]

    @cached_property
    def opening(self) -> Floats:
        """Opening stock [t] by (mineral, member) in the first year of the loss."""
        e = self.plan.expanded
        stocks = np.zeros((len(e.minerals), len(e.members)))
        for stockpile in self.base.stockpiles:
            stocks[e.mineral_at[stockpile.mineral], e.member_at[stockpile.member]] = (
                stockpile.opening
            )
        return stocks

    @property
    def _first(self) -> int:
        return self.plan.case.years.index(self.base.years[0])

    @cached_property
    def _base_demand(self) -> Floats:
        return Expanded(self.base).demand

    @cached_property
    def _rounding(self) -> Floats:
        """Amounts up to this are rounding [t], by (mineral, 1, year)."""
        e, years = self.plan.expanded, self.base.years
        least = [[self.plan.tolerance(m, year) for year in years] for m in e.minerals]
        return np.array(least).reshape(len(e.minerals), 1, len(years))

    def _without_rounding(self, tonnes: Floats) -> Floats:
        return np.where(np.abs(tonnes) > self._rounding, tonnes, 0.0)

    @cached_property
    def effects(self) -> dict[Loss, Effect | None]:
        """The effect of each loss, None if its run has no plan."""
        return {loss: self._effect(loss) for loss in self.losses}

    def _effect(self, loss: Loss) -> Effect | None:
        """Return the effect of a loss, None if its run has no plan."""
        lost = loss.purchases_lost(self.plan)[:, :, self._first :]
        outcome = self.outcomes.get(loss)
        if outcome is None:
            zero, count = np.zeros(lost.shape), len(lost)
            zeros, days, never = np.zeros(count), [0.0] * count, (None,) * count
            return Effect(*(zero,) * 5, *(zeros,) * 5, days, days, never, [])
        after, before, reference = outcome.result, self.agreed_totals, self.without_loss.result
        if after is None or reference is None:
            return None
        short = self._without_rounding(after.short)
        # stocks below the agreed ones were drawn in this year or in an earlier one
        stocked = np.diff(before.stock - after.stock, axis=2, prepend=0.0)
        (cash, duties, penalty), (reference_cash, reference_duties, reference_penalty) = (
            [amount.sum(axis=1) for amount in (each.cash, each.duties, each.penalty)]
            for each in (after, reference)
        )
        lower = self._without_rounding(reference.stock - after.stock)
        stock_used = lower.sum(axis=1).max(axis=1, initial=0.0)
        refill = lower[:, :, -1].sum(axis=1) * reference.to_refill
        cost = net_sums(np.array([cash, refill, penalty, -reference_cash, -reference_penalty]))
        members = slice(len(self.plan.expanded.members))
        return Effect(
            lost=lost,
            replaced=self._without_rounding(after.bought - (before.bought - lost)),
            stocked=self._without_rounding(stocked),
            short=short,
            input_cut=self._without_rounding(before.plant_use - after.plant_use),
            cash=net_sums(np.array([cash, -reference_cash])),
            duties=net_sums(np.array([duties, -reference_duties])),
            refill=refill,
            cost=cost,
            stock_used=stock_used,
            stock_days=_ratios(stock_used, self.demand[:, :, 0].sum(axis=1) / DAYS),
            share=self.share(short),
            survived=tuple(
                map(
                    self._survived,
                    self._base_demand + (after.plant_use - after.bought)[:, members],
                    short,
                    self.opening,
                    self._rounding[:, 0].tolist(),
                )
            ),
            affected=self._affected(lost, short, cost),
        )

    def _affected(self, lost: Floats, short: Floats, cost: Floats) -> list[int]:
        """Return the positions of the minerals that a loss affects."""
        is_lost = lost.sum(axis=(1, 2)) > tolerances.LEAST_FLOW
        is_other = np.abs(cost) > tolerances.REMAINDER * np.abs(cost).sum()
        is_other |= short.any(axis=(1, 2))
        return np.flatnonzero(is_lost | (self._linked[is_lost].any(axis=0) & is_other)).tolist()

    @cached_property
    def _linked(self) -> Bools:
        """Which minerals belong to the same production chain, by (mineral, mineral)."""
        case, names = self.plan.case, self.plan.expanded.minerals
        chains = [chain_of(case, name) for name in names]
        return np.array([[name in chain for name in names] for chain in chains], dtype=bool)

    def error_of(self, loss: Loss) -> str:
        """Return why a loss has no effect: the error of its run, else of the run without a loss."""
        outcome = self.outcomes.get(loss)
        return (outcome.error if outcome is not None else "") or self.without_loss.error

    @staticmethod
    def _survived(
        gaps: Floats, short: Floats, opening: Floats, rounding: list[float]
    ) -> float | None:
        """Return for how many days demand for a mineral is met if members lend their stocks.

        If all stocks together would suffice but a member still has a shortage, then the stock of
        each such member is counted alone, and the fewest days are returned. None: no shortage.
        """
        if not short.any():
            return None
        days = days_until_short(gaps.sum(axis=0).tolist(), float(opening.sum()), rounding)
        if days is not None:
            return days
        members = np.flatnonzero(short.any(axis=1)).tolist()
        each = (days_until_short(gaps[j].tolist(), float(opening[j]), rounding) for j in members)
        return min((days for days in each if days is not None), default=None)

    def share(self, short: Floats) -> list[float]:
        """Return by mineral the shortage as a fraction of demand, both over all years.

        A mineral without demand has 0.
        """
        return _ratios(short.sum(axis=(1, 2)), self.demand.sum(axis=(1, 2)))


def _ratios(amounts: Floats, totals: Floats) -> list[float]:
    """Return each amount divided by its total, 0 if the total is 0."""
    ratios = np.divide(amounts, totals, out=np.zeros(len(totals)), where=totals > 0)
    return [float(ratio) for ratio in ratios]


# ---- the stress test: all losses -----------------------------------------------------------------
UNCAPPED, ALONE = "without share limits: ", "without solidarity: "
"""Prefixes of run names: for the plan without share limits, and if members do not share supply."""


@dataclass(frozen=True)
class Stress:
    """The losses and their effects on each agreed plan.

    ``capped`` is the agreed plan of the case. ``free`` is the agreed plan without share limits,
    None if the case has none. ``alone`` is the agreed plan of the case if members do not share
    their remaining supply, None if that was not asked for. ``stopped`` is what ended the study
    early (such as Ctrl-C).
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
        return self.capped.plan.case

    @property
    def years(self) -> tuple[int, ...]:
        return self.capped.base.years


def stress(  # noqa: PLR0913 - the options of a stress test
    case: Case,
    rules: Rules,
    kinds: Sequence[LossKind] = (LossKind.COUNTRY,),
    *,
    where: Where | None = None,
    on_progress: OnProgress | None = None,
    on_stage: OnStage = lambda _: None,
) -> Stress:
    """Return the effect of each loss on the agreed plan of a case, with and without share limits.

    ``on_stage`` is called once with the number of losses, ``on_progress`` after each run. Raises
    InputError if the case's records contradict one another, SolverError if an agreed plan has no
    proof.
    """
    session = start_session(case, where)
    plan, uncapped = session.base, None
    if case.share_limits:
        uncapped = session.solve_cold(scenarios.drop_share_limits(case))
    first = rules.first_year if rules.first_year is not None else case.years[0]
    all_losses = losses(plan, first, kinds) if case.years else ()
    on_stage(f"Losing {len(all_losses)} suppliers")
    shared = replace(rules, solidarity=True)
    asked = {"": (plan, shared, all_losses)}
    if uncapped is not None:
        sold = tuple(loss for loss in all_losses if _is_bought(uncapped, loss, first))
        asked[UNCAPPED] = uncapped, shared, sold
    if not rules.solidarity:
        asked[ALONE] = plan, rules, all_losses
    sources = [loss_source(*of, name) for name, of in asked.items()]
    results = run_studies([source.study for source in sources], where, on_progress)
    session.confirm()
    sides = dict[str, AgreedCase]()
    for (name, (agreed, _, lost)), source, result in zip(
        asked.items(), sources, results, strict=True
    ):
        of_losses = dict(zip(lost, result.of_runs[1:], strict=True))
        sides[name] = AgreedCase(agreed, source.base, all_losses, result[0], of_losses)
    free, alone = (sides.get(name) for name in (UNCAPPED, ALONE))
    outcomes = tuple(outcome for result in results for outcome in result)
    return Stress(rules, all_losses, sides[""], free, alone, outcomes, results[-1].stopped)


def loss_source(plan: Plan, rules: Rules, lost: tuple[Loss, ...], before: str = "") -> RunSource:
    """Return the runs of losses: the reference, in which nothing is lost, and one for each loss.

    They change the case that is left of the agreed plan. ``before`` begins the runs' names.
    """
    runs = tuple(Run(before + loss.name(plan.case), loss.case_change) for loss in (NOTHING, *lost))
    is_new = before != UNCAPPED  # without share limits, the program is of the same kind
    return RunSource(case_before_loss(plan, rules), runs, read=loss_totals, is_compared=is_new)
