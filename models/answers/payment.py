"""The payment for each tonne at which an idle plant runs, found by planning with it.

A plant's gap is a lower bound: the first tonne is used from there on, and where more limits bind
than are needed it is only one of several prices. So each payment that is given out was planned
with, in the program that the action ``set support`` makes. With the payment the plant runs, with a
step less it does not. Tonnes grow with the payment, which follows from adding up the costs of two
plans, each the cheapest at its own payment. The next payment that is tried is the one at which both
cost the same (Eisner & Severance (1976), Journal of the ACM 23(4)).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models import tolerances
from models.answers.search import WarmStartedSequence
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
class NeededPayment:
    """The payment for each tonne that an idle plant needs, and what it then sells.

    ``source`` is its position. ``by_year`` has the least payment [money/t] that makes it run if
    paid in that year alone, and its tonnes there; None, and the most tonnes, where no payment up to
    its whole cost does. It is empty for a project that is not built at all, since one year does not
    pay for it. ``payment`` is the least that makes it run if paid in every year; ``tonnes`` are by
    year.
    """

    source: int
    years: tuple[int, ...]
    by_year: dict[int, tuple[float | None, float]]
    payment: float | None
    tonnes: dict[int, float]


def payments(plan: Plan, mineral: str) -> tuple[NeededPayment, ...]:
    """Return what each idle plant of a mineral needs; SolverError where no plan is proven."""
    asked = _Asked(plan)
    return tuple(
        asked.needed(r, years)
        for r in plan.expanded.of_mineral[mineral]
        if (years := asked.idle(r))
    )


def headroom(plan: Plan) -> Floats:
    """Return what each source could sell [source, year, t]; of unbuilt projects their capacity."""
    e = plan.expanded
    sellable = e.usable.copy()
    for r, source in enumerate(e.sources):
        if isinstance(source.record, Project):
            runs = np.array([running(plan, source.record, year) for year in e.years])
            sellable[r] = e.nameplate[r] * (runs if runs.any() else e.startable[r])
    return sellable


@dataclass(frozen=True)
class Steps:
    """The payments that are tried, numbered in the steps in which they are printed.

    They have three digits, but steps of a tenth below 10 unless ``is_fine``.
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
    """A plan with a payment: tonnes of the plant by year, their discounted sum, and its cost.

    The cost is discounted, leaves the payment out, and is relative to the plan without it.
    """

    tonnes: Floats
    weighed: float
    cost: float


class _Asked:
    """The plan's program, planned again with payments for one plant at a time."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.headroom = plan, headroom(plan)
        self.measure = plan.program.measure(plan.case.tolerance_scale)
        self._programs: dict[int, WarmStartedSequence] = {}
        e = plan.expanded
        self.nothing = np.array(
            [[plan.tolerance(s.mineral, year) for year in e.years] for s in e.sources]
        ).reshape(self.headroom.shape)

    def idle(self, r: int) -> tuple[int, ...]:
        """Return the years, by position, in which a plant could run and does not."""
        if not self._runs(r, self.plan.sold[r], range(len(self.plan.expanded.years))):
            could = self.headroom[r] > self.nothing[r]
            low = self.plan.sold[r] < RUNS * self.headroom[r] - self.nothing[r]
            return tuple(np.flatnonzero(could & low).tolist())
        return ()

    def needed(self, r: int, idle: tuple[int, ...]) -> NeededPayment:
        """Return what a plant needs that is idle in some years."""
        e = self.plan.expanded
        every: list[int] = np.flatnonzero(self.headroom[r] > self.nothing[r]).tolist()
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
        return NeededPayment(r, tuple(e.years[t] for t in idle), by_year, payment, tonnes)

    def _is_unbuilt(self, r: int) -> bool:
        record = self.plan.expanded.sources[r].record
        years = self.plan.expanded.years
        return isinstance(record, Project) and not any(running(self.plan, record, y) for y in years)

    def _runs(self, r: int, tonnes: Floats, years: Sequence[int]) -> bool:
        sold, asked = (
            amounts[list(years)] for amounts in (tonnes, RUNS * self.headroom[r] - self.nothing[r])
        )
        if self._is_unbuilt(r):
            return bool(sold.sum() >= max(asked.sum(), 0.0) and sold.any())
        return bool(np.all(sold >= asked))

    def _least(
        self, r: int, years: list[int], guess: float, sure: float
    ) -> tuple[float | None, _SalesByYear]:
        """Return the least payment in some years that makes a plant run, and what it then sells.

        ``sure`` is surely not enough, ``guess`` may be enough. None where the plant's whole cost is
        not enough, with what it sells at that payment.
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

        Tried in turn: the payment at which the plans at both ends cost the same, the one just below
        what works, and the middle. After a good guess the one just below comes first.
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
        plan, program = self.plan, self.plan.program
        d, tonnes, cost = plan.expanded.sales, plan.sold[r].copy(), 0.0
        own_cost, support = map(plan.expanded.of_sales, ("cost", "support"))
        sales: Ints = np.flatnonzero((d.source == r) & np.isin(d.year, years))
        tonnes[years] = 0.0
        blocks = np.searchsorted(program.column_starts, program.sold[sales], side="right") - 1
        for b in np.unique(blocks).tolist():
            inside = sales[blocks == b]
            columns, base = program.sold[inside] - program.columns_of(b).start, program.block(b)
            more = np.minimum(payment, own_cost[inside]) - support[inside]
            price = base.cost.copy()
            price[columns] -= more * plan.expanded.discounts[d.year[inside]]
            x = self._program(b).solved(dataclasses.replace(base, cost=price))[0].x
            np.add.at(tonnes, d.year[inside], x[columns])
            cost += float(np.sum(base.cost * (x - plan.blocks[b].x)))
        return _SalesByYear(tonnes, self._weighed(years, tonnes), cost)

    def _program(self, b: int) -> WarmStartedSequence:
        """Return the sequence that plans a block again, started from the plan itself."""
        if b not in self._programs:
            program = self.plan.program
            columns, rows = program.columns_of(b), program.rows_of(b)
            sequence = WarmStartedSequence(
                program.block(b), "payment",
                need=float(program.need[b]), measure=float(self.measure[b]),
                units=(program.column_unit[columns], program.row_unit[rows]),
            )  # fmt: skip
            sequence.solved(program.block(b))
            self._programs[b] = sequence
        return self._programs[b]
