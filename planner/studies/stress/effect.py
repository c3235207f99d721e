"""What a loss does to an agreed plan: lost, replaced, drawn from stock, short; cost; days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.case import Case
from models.plan import Plan
from models.resolve import Expanded, Floats
from planner.studies.engine import Outcome
from planner.studies.stress.losses import LEAST_SOLD, Loss
from planner.studies.stress.seen import Price, Seen, days_until_short, read


@dataclass(frozen=True)
class Effect:
    """What a loss does, against the agreed plan; tonnes by (mineral, member, year).

    ``lost`` is what was bought of what is lost, ``replaced`` what is bought more of others,
    ``stocked`` what is drawn from stock more (or stored less), ``short`` what is then missing: lost
    is the sum of the three. By mineral: ``cash`` and ``cost`` [money], what is paid more than under
    the same rules with nothing lost, without and with shortage priced; ``used``, the most by which
    the stocks fall below those of the agreed plan [t]; ``survived``, the days until the coalition
    is short (None: it never is).
    """

    lost: Floats
    replaced: Floats
    stocked: Floats
    short: Floats
    cash: Floats
    cost: Floats
    used: Floats
    survived: tuple[float | None, ...]
    dearest: tuple[Price | None, ...]

    @cached_property
    def hit(self) -> tuple[int, ...]:
        """The minerals of which something is lost, by position."""
        return tuple(np.flatnonzero(self.lost.sum(axis=(1, 2)) > LEAST_SOLD).tolist())


@dataclass(frozen=True)
class Side:
    """One agreed plan, its case under the rules of a loss, and what came of each loss.

    A loss of somebody who sells nothing in this plan was not run: it takes nothing.
    """

    plan: Plan
    base: Case
    nothing: Outcome[Seen]
    outcomes: Mapping[Loss, Outcome[Seen]]

    @cached_property
    def agreed(self) -> Seen:
        """The agreed plan in numbers, of the years from the loss on."""
        seen, at = read(self.plan), self._first
        tables = (seen.bought, seen.short, seen.stock)
        bought, short, stock = (table[:, :, at:] for table in tables)
        return Seen(bought, short, stock, seen.cash[:, at:], seen.penalty[:, at:], seen.dearest)

    @cached_property
    def demand(self) -> Floats:
        """All demand [t] by (mineral, member, year) from the loss on, what is short included."""
        return self.plan.expanded.demand[:, :, self._first :]

    @cached_property
    def opening(self) -> Floats:
        """Stock [t] by (mineral, member) when the loss begins."""
        e = self.plan.expanded
        found = np.zeros((len(e.minerals), len(e.members)))
        for pile in self.base.stockpiles:
            found[e.mineral_at[pile.mineral], e.member_at[pile.member]] = pile.opening
        return found

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
        found = [[self.plan.tolerance(m, year) for year in years] for m in e.minerals]
        return np.array(found).reshape(len(e.minerals), 1, len(years))

    def _but_for_rounding(self, tonnes: Floats) -> Floats:
        return np.where(np.abs(tonnes) > self._nothing_counts, tonnes, 0.0)

    @cached_property
    def _kept(self) -> dict[Loss, Effect | None]:
        return {}

    def effect(self, loss: Loss) -> Effect | None:
        """Return what a loss does, None where its run has no plan."""
        if loss not in self._kept:
            self._kept[loss] = self._effect(loss)
        return self._kept[loss]

    def _effect(self, loss: Loss) -> Effect | None:
        lost = loss.sold(self.plan)[:, :, self._first :]
        outcome = self.outcomes.get(loss)
        if outcome is None:
            return self._none(lost)
        seen, before, calm = outcome.found, self.agreed, self.nothing.found
        if seen is None or calm is None:
            return None
        short = self._but_for_rounding(seen.short)
        # what is in stock less than agreed was drawn, in this year or in one before
        below = before.stock - seen.stock
        paid = [(s.cash.sum(axis=1), s.penalty.sum(axis=1)) for s in (seen, calm)]
        (cash, penalty), (usual, usual_penalty) = paid
        stocked = np.diff(below, axis=2, prepend=0.0)
        return Effect(
            lost=lost,
            replaced=self._but_for_rounding(seen.bought - (before.bought - lost)),
            stocked=self._but_for_rounding(stocked),
            short=short,
            cash=cash - usual,
            cost=cash + penalty - usual - usual_penalty,
            used=below.sum(axis=1).max(axis=1, initial=0.0),
            survived=self._survived(seen.bought, short),
            dearest=seen.dearest,
        )

    def trouble(self, loss: Loss) -> str:
        """Return why there is no effect: the error of the loss's run, or of that without a loss."""
        outcome = self.outcomes.get(loss)
        return (outcome.error if outcome is not None else "") or self.nothing.error

    def _survived(self, bought: Floats, short: Floats) -> tuple[float | None, ...]:
        """Return by mineral how long demand is met if stocks are drawn first and are lent.

        Where they would do if lent, and a member is short all the same, its own stock decides.
        """
        gaps = self._need - bought
        found: list[float | None] = []
        for m in range(len(gaps)):
            if not short[m].any():
                found.append(None)
                continue
            days = days_until_short(gaps[m].sum(axis=0).tolist(), float(self.opening[m].sum()))
            if days is None:
                own = [
                    days_until_short(gaps[m, j].tolist(), float(self.opening[m, j]))
                    for j in np.flatnonzero(short[m].any(axis=1)).tolist()
                ]
                days = min((d for d in own if d is not None), default=None)
            found.append(days)
        return tuple(found)

    def _none(self, lost: Floats) -> Effect:
        zero, minerals = np.zeros(lost.shape), len(lost)
        nothing = np.zeros(minerals)
        return Effect(
            lost=zero,
            replaced=zero,
            stocked=zero,
            short=zero,
            cash=nothing,
            cost=nothing,
            used=nothing,
            survived=(None,) * minerals,
            dearest=(None,) * minerals,
        )
