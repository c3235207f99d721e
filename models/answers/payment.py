"""What has to be paid for each tonne of an idle plant so that it runs, found by planning with it.

A plant's gap is surely not enough: it says when the first tonne is used, and where more limits bind
than are needed it is one price of several. So each payment that is given out here was planned with,
in the program that the action ``set support`` makes: with it the plant runs, with a step less it
does not. Tonnes grow with the payment, whatever the program: two plans, each the cheapest at its
own payment, say so when their costs are added up. The payment at which both cost the same is what
is asked next (Eisner & Severance (1976), Journal of the ACM 23(4)).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models import tolerances
from models.answers.search import Onwards
from models.plan.plan import Plan
from models.program.families.projects import running
from models.resolve import Floats, Ints
from models.schema import Project

RUNS = 0.1
"""A plant runs that sells at least this part of what it could: of a refiner in each year paid for,
of a project that is nowhere built in all years together."""
_COARSE, _AT_TEN, _UP = 10.0, -900, 1.0 - tolerances.ROUNDED_UP
"""Payments below the first are asked for in tenths, and its number; a step is itself a step."""


_NO_STEP = -(10**6)
"""Below the number of any payment: that of none."""


@dataclass(frozen=True)
class Needed:
    """What an idle plant has to be paid for each tonne, and what it then sells.

    ``source`` is its position. ``by_year`` has, for each year in which the plant is idle, the least
    payment [money/t] in that year alone that makes it run, and its tonnes there; None and the
    tonnes at most where none up to its whole cost does. It is empty for a project that is nowhere
    built, which one year does not pay for. ``payment`` is the least that makes it run if paid in
    every year, ``tonnes`` what it then sells by year.
    """

    source: int
    years: tuple[int, ...]
    by_year: dict[int, tuple[float | None, float]]
    payment: float | None
    tonnes: dict[int, float]


def payments(plan: Plan, mineral: str) -> tuple[Needed, ...]:
    """Return what each idle plant of a mineral needs; SolverError where no plan is proven."""
    asked = _Asked(plan)
    return tuple(
        asked.needed(r, years)
        for r in plan.expanded.of_mineral[mineral]
        if (years := asked.idle(r))
    )


def rooms(plan: Plan) -> Floats:
    """Return what each source could sell [t], by (source, year); of unbuilt projects all."""
    e = plan.expanded
    found = e.usable.copy()
    for r, source in enumerate(e.sources):
        if isinstance(source.record, Project):
            runs = np.array([running(plan, source.record, year) for year in e.years])
            found[r] = e.nameplate[r] * (runs if runs.any() else e.startable[r])
    return found


@dataclass(frozen=True)
class Steps:
    """The payments that are asked for, numbered: of three digits, below 10 of a tenth at least.

    So they are printed. ``is_fine`` are those of three digits throughout.
    """

    is_fine: bool = False

    def number(self, payment: float) -> int:
        """Return the number of the smallest payment that is at least so much."""
        if payment < _COARSE and not self.is_fine:
            return _AT_TEN - 100 + math.ceil(10.0 * payment * _UP)
        power = math.floor(math.log10(payment / 100.0))
        return 900 * power + math.ceil(payment / math.pow(10.0, power) * _UP) - 100

    def above(self, payment: float) -> int:
        """Return the number of the smallest payment above one, at which no tie is left."""
        return (
            self.number(payment * (1.0 + 3.0 * tolerances.PAYMENT_TIE))
            if payment > 0.0
            else _NO_STEP
        )

    def payment(self, number: int) -> float:
        """Return the payment of a number."""
        if number < _AT_TEN and not self.is_fine:
            return (number - _AT_TEN + 100) / 10.0
        power, digits = divmod(number, 900)
        return float(f"{digits + 100}e{power}")


@dataclass(frozen=True)
class _SalesByYear:
    """A plan with a payment: tonnes of the plant by year, all of them discounted, and the cost.

    The cost is without the payment, beyond that of the plan without it; all discounted.
    """

    tonnes: Floats
    weighed: float
    cost: float


class _Asked:
    """The plan's program, planned again with payments for one plant at a time."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.room = plan, rooms(plan)
        self.measure = plan.program.measure(plan.case.tolerance_scale)
        self._programs: dict[int, Onwards] = {}
        e = plan.expanded
        self.nothing = np.array(
            [[plan.tolerance(s.mineral, year) for year in e.years] for s in e.sources]
        ).reshape(self.room.shape)

    def idle(self, r: int) -> tuple[int, ...]:
        """Return the years, by position, in which a plant could run and does not."""
        if not self._runs(r, self.plan.sold[r], range(len(self.plan.expanded.years))):
            could = self.room[r] > self.nothing[r]
            low = self.plan.sold[r] < RUNS * self.room[r] - self.nothing[r]
            return tuple(np.flatnonzero(could & low).tolist())
        return ()

    def needed(self, r: int, idle: tuple[int, ...]) -> Needed:
        """Return what a plant needs that is idle in some years."""
        e = self.plan.expanded
        every: list[int] = np.flatnonzero(self.room[r] > self.nothing[r]).tolist()
        gaps = np.nan_to_num(self.plan.gaps.gap[r])
        by_year = dict[int, tuple[float | None, float]]()
        # with whole projects prices are those of the builds chosen: no gap is a bound
        is_bound = not self.plan.program.rows.whole.any()
        if self._is_unbuilt(r):
            guess = float(gaps.max())
            sure = guess if is_bound else 0.0
        else:
            for t in idle:
                gap = float(gaps[t])
                payment, sold = self._least(r, [t], gap, gap if is_bound else 0.0)
                by_year[e.years[t]] = payment, float(sold.tonnes[t])
            guess, sure = max((p or 0.0) * (1.0 - 1e-9) for p, _ in by_year.values()), 0.0
        payment, sold = self._least(r, every, guess, sure)
        tonnes = {e.years[t]: float(sold.tonnes[t]) for t in every}
        return Needed(r, tuple(e.years[t] for t in idle), by_year, payment, tonnes)

    def _is_unbuilt(self, r: int) -> bool:
        record = self.plan.expanded.sources[r].record
        years = self.plan.expanded.years
        return isinstance(record, Project) and not any(running(self.plan, record, y) for y in years)

    def _runs(self, r: int, tonnes: Floats, years: Sequence[int]) -> bool:
        at, asked = list(years), RUNS * self.room[r] - self.nothing[r]
        if self._is_unbuilt(r):
            return bool(tonnes[at].sum() >= max(asked[at].sum(), 0.0) and tonnes[at].any())
        return bool(np.all(tonnes[at] >= asked[at]))

    def _least(
        self, r: int, years: list[int], guess: float, sure: float
    ) -> tuple[float | None, _SalesByYear]:
        """Return the least payment in some years that makes a plant run, and what it then sells.

        ``sure`` is surely not enough, ``guess`` may be. None where the whole cost is not enough;
        then what it sells with all of that paid.
        """
        e = self.plan.expanded
        whole, paid = float(e.costs[r, years].max()), float(e.supports[r, years].max())
        planned = _SalesByYear(self.plan.sold[r], self._weighed(years, self.plan.sold[r]), 0.0)
        if whole <= 0.0:
            return None, planned
        steps = Steps(is_fine=whole < 1.0)  # a tenth of it may be all that it takes
        most, floor = steps.number(whole), steps.number(max(tolerances.LEAST_PAYMENT * whole, paid))
        low, plans = max(floor, steps.above(sure + paid)) - 1, {_NO_STEP: planned}

        def works(number: int) -> bool:
            if number not in plans:
                plans[number] = self._sold(
                    r, years, steps.payment(number) * (1.0 - tolerances.PAYMENT_TIE)
                )
            return self._runs(r, plans[number].tonnes, years)

        first = min(max(steps.above(guess + paid), low + 1), most)
        if low >= most or not works(first):
            low, first = max(low, first), most
            if not works(most):
                return None, plans[most]
        high = self._closed(low, first, plans, works, steps)
        return steps.payment(high), plans[high]

    @staticmethod
    def _closed(
        low: int,
        high: int,
        plans: dict[int, _SalesByYear],
        works: Callable[[int], bool],
        steps: Steps,
    ) -> int:
        """Return the least payment that works, between one too low and one that does.

        Asked by turns are the payment at which the plans at both ends cost the same, the one just
        below what works, and the middle; first the one below, where what works was a good guess.
        """
        turn = 0 if low in plans else 1
        while high - low > 1:
            few, many = plans.get(low, plans[_NO_STEP]), plans[high]
            more = many.weighed - few.weighed
            same = (many.cost - few.cost) / more if more > 0.0 else 0.0
            asked = (steps.above(same), high - 1, (low + high) // 2)[turn % 3]
            number = min(max(asked, low + 1), high - 1)
            low, high = (low, number) if works(number) else (number, high)
            turn += 1
        return high

    def _weighed(self, years: list[int], tonnes: Floats) -> float:
        return float(np.sum(self.plan.expanded.discounts[years] * tonnes[years]))

    def _sold(self, r: int, years: list[int], payment: float) -> _SalesByYear:
        """Plan again with a payment for each tonne of a plant in some years."""
        plan, of = self.plan, self.plan.program
        d, tonnes, cost = plan.expanded.sales, plan.sold[r].copy(), 0.0
        deliveries, inputs = plan.expanded.deliveries, plan.expanded.input_flows
        own_cost = np.concatenate([deliveries.cost, inputs.cost])
        support = np.concatenate([deliveries.support, inputs.support])
        own: Ints = np.flatnonzero((d.source == r) & np.isin(d.year, years))
        tonnes[years] = 0.0
        blocks = np.searchsorted(of.column_starts, of.sold[own], side="right") - 1
        for b in np.unique(blocks).tolist():
            at = own[blocks == b]
            columns, base = of.sold[at] - of.columns_of(b).start, of.block(b)
            more = np.minimum(payment, own_cost[at]) - support[at]
            price = base.cost.copy()
            price[columns] -= more * plan.expanded.discounts[d.year[at]]
            x = self._program(b).solved(dataclasses.replace(base, cost=price))[0].x
            np.add.at(tonnes, d.year[at], x[columns])
            cost += float(np.sum(base.cost * (x - plan.blocks[b].x)))
        return _SalesByYear(tonnes, self._weighed(years, tonnes), cost)

    def _program(self, b: int) -> Onwards:
        """Return what plans a block again, begun with the plan itself."""
        if b not in self._programs:
            of = self.plan.program
            units = (of.column_unit[of.columns_of(b)], of.row_unit[of.rows_of(b)])
            need, measure = float(of.need[b]), float(self.measure[b])
            made = Onwards(of.block(b), "payment", need=need, measure=measure, units=units)
            made.solved(of.block(b))
            self._programs[b] = made
        return self._programs[b]
