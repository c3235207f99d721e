"""The payment per tonne at which an idle plant runs, and tariffs in place of caps.

A payment is found by planning with it. A plant's gap is a lower bound: at that payment its first
tonne is used, and if several shadow prices are optimal the gap is only one of several. So each
payment is tested by a plan with it, in the program that the action ``set support`` makes. With the
payment the plant runs; with one step less it does not. The plant's tonnes never fall when the
payment rises. The next payment to test is the one at which the plans at both ends cost the same
(Eisner & Severance (1976), Journal of the ACM 23(4)).

A cap on a country can be replaced by a tariff equal to the cap's shadow price. The capped plan is
then among the cheapest plans: prices and quantities are equivalent (Weitzman (1974), Review of
Economic Studies 41(4)). By duality the cost is the cost of the capped plan plus the tariff's
revenue.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import tolerances
from models.answers.search import WarmStartedSequence
from models.errors import SolverError
from models.plan.plan import Plan
from models.program.families.projects import running_fraction
from models.program.families.shortage import SHORTAGE
from models.resolve import SPOT, Floats, Ints, chain_of
from models.schema import BY_COUNTRY, MAX, REFINING, Project
from models.solve import LinearProgram

RUNS = 0.1
"""A plant counts as running if it sells at least this fraction of what it could. A refiner must do
so in each paid year, a project that is not built in the plan over all years together."""
_COARSE, _AT_TEN, _UP = 10.0, -900, 1.0 - tolerances.ROUNDED_UP
"""The payment below which steps are tenths, the number of that step, and a factor just below 1 that
keeps a payment that is a step from being rounded up."""


_NO_STEP = -(10**6)
"""The step number of no payment, below the number of every step."""


@dataclass(frozen=True)
class NeededPayment:
    """The payment per tonne that an idle plant needs, and its sales with it.

    ``source`` is its position. ``by_year`` has for each year the least payment [money/t] that makes
    the plant run if only that year is paid, and its tonnes then. If no payment up to its full cost
    makes it run, the payment is None and the tonnes are the most that it sells. ``by_year`` is
    empty for a project that is not built in the plan, since one year does not pay for it.
    ``payment`` is the least that makes the plant run if every year is paid; ``tonnes`` are by year.
    ``missing`` is how much more of its mineral is then missing than in the plan, in all years [t].
    """

    source: int
    years: tuple[int, ...]
    by_year: dict[int, tuple[float | None, float]]
    payment: float | None
    tonnes: dict[int, float]
    missing: float = 0.0


def payments(plan: Plan, mineral: str) -> tuple[NeededPayment, ...]:
    """Return the payment needed by each idle plant of a mineral; SolverError if not proven."""
    asked = _PaymentSearch(plan)
    idle = {r: asked.idle(r) for r in plan.expanded.of_mineral[mineral]}
    return tuple(asked.needed_payment(r, years) for r, years in idle.items() if years)


def headroom(plan: Plan) -> Floats:
    """Return the most that each source could sell [t], by (source, year), planned sales included.

    A refiner could sell its capacity that is open to the coalition, a project the capacity that is
    built. A project that is not built in any year could sell its capacity if built, in
    years for which it can still be built. Other limits, such as ore, lanes and caps, do not count.
    """
    e = plan.expanded
    sellable = e.usable.copy()
    for r, source in enumerate(e.sources):
        if isinstance(source.record, Project):
            runs = np.array([running_fraction(plan, source.record, year) for year in e.years])
            sellable[r] = e.nameplate[r] * (runs if runs.any() else e.startable[r])
    return sellable


@dataclass(frozen=True)
class Steps:
    """The payments that are tested, as numbered steps.

    Payments have three significant digits; below 10 the step is 0.1 unless ``is_fine``.
    """

    is_fine: bool = False

    def step_at_least(self, payment: float) -> int:
        if payment < _COARSE and not self.is_fine:
            return _AT_TEN - 100 + math.ceil(10.0 * payment * _UP)
        power = math.floor(math.log10(payment / 100.0))
        return 900 * power + math.ceil(payment / math.pow(10.0, power) * _UP) - 100

    def step_above(self, payment: float) -> int:
        """Return the number of the lowest step above a payment at which two plans may tie."""
        if payment <= 0.0:
            return _NO_STEP
        return self.step_at_least(payment * (1.0 + 3.0 * tolerances.PAYMENT_TIE))

    def payment_at(self, number: int) -> float:
        if number < _AT_TEN and not self.is_fine:
            return (number - _AT_TEN + 100) / 10.0
        power, digits = divmod(number, 900)
        return float(f"{digits + 100}e{power}")


@dataclass(frozen=True)
class _SalesByYear:
    """A plan with a payment: tonnes of the plant by year, their discounted sum, and its cost.

    The cost is discounted, without the payment. Cost and the plant's mineral ``missing``
    [t, all years] are relative to the plan without payments.
    """

    tonnes: Floats
    weighed: float
    cost: float
    missing: float = 0.0


@dataclass(frozen=True)
class _Part:
    """The columns of one supply chain in a block with others, whose columns are fixed as planned.

    ``columns`` are positions in the block. ``shared`` has the rows, by position in ``rows``, with
    columns of others, too, and their duals in the plan.
    """

    rows: LinearProgram
    columns: Ints
    shared: tuple[Ints, Floats]
    sequence: WarmStartedSequence


class _PaymentSearch:
    """Plans the plan's program again, with payments for one plant at a time."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.headroom = plan, headroom(plan)
        self.measure = plan.program.violation_scale(plan.case.tolerance_scale)
        self._programs: dict[int, WarmStartedSequence] = {}
        self._parts: dict[tuple[int, str], _Part | None] = {}
        e = plan.expanded
        self.nothing = np.array(
            [[plan.tolerance(s.mineral, year) for year in e.years] for s in e.sources]
        ).reshape(self.headroom.shape)

    def idle(self, r: int) -> tuple[int, ...]:
        """Return the years (by position) in which a plant could run and does not."""
        if not self._runs(r, self.plan.sold[r], range(len(self.plan.expanded.years))):
            could = self.headroom[r] > self.nothing[r]
            low = self.plan.sold[r] < RUNS * self.headroom[r] - self.nothing[r]
            return tuple(np.flatnonzero(could & low).tolist())
        return ()

    def needed_payment(self, r: int, idle: tuple[int, ...]) -> NeededPayment:
        e = self.plan.expanded
        every: list[int] = np.flatnonzero(self.headroom[r] > self.nothing[r]).tolist()
        gaps = np.nan_to_num(self.plan.gaps.gap[r])
        by_year = dict[int, tuple[float | None, float]]()
        # with integer projects, prices belong to the chosen builds: no gap is a bound
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
        years = tuple(e.years[t] for t in idle)
        return NeededPayment(r, years, by_year, payment, tonnes, sold.missing)

    def _is_unbuilt(self, r: int) -> bool:
        record, years = self.plan.expanded.sources[r].record, self.plan.expanded.years
        if not isinstance(record, Project):
            return False
        return not any(running_fraction(self.plan, record, year) for year in years)

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
        """Return the least payment in some years that makes a plant run, and its sales then.

        ``sure`` is surely not enough, ``guess`` may be enough. The payment is None if the plant's
        full cost is not enough; the sales are then those at that payment.
        """
        e = self.plan.expanded
        whole, paid = float(e.costs[r, years].max()), float(e.supports[r, years].max())
        planned = _SalesByYear(self.plan.sold[r], self._weighed(years, self.plan.sold[r]), 0.0)
        if whole <= 0.0:
            return None, planned
        steps = Steps(is_fine=whole < 1.0)  # a step of 0.1 may be too coarse
        most = steps.step_at_least(whole)
        floor = steps.step_at_least(max(tolerances.LEAST_PAYMENT * whole, paid))
        low, plans = max(floor, steps.step_above(sure + paid)) - 1, {_NO_STEP: planned}

        def runs_at(number: int) -> bool:
            if number not in plans:
                plans[number] = self._sold(
                    r, years, steps.payment_at(number) * (1.0 - tolerances.PAYMENT_TIE)
                )
            return self._runs(r, plans[number].tonnes, years)

        first = min(max(steps.step_above(guess + paid), low + 1), most)
        if low >= most or not runs_at(first):
            low, first = max(low, first), most
            if not runs_at(most):
                return None, plans[most]
        # tested in turn: the payment at which the plans at both ends cost the same, the step just
        # below the upper end, and the middle; after a good guess the step just below comes first
        high, turn = first, 0 if low in plans else 1
        while high - low > 1:
            few, many = plans.get(low, plans[_NO_STEP]), plans[high]
            more = many.weighed - few.weighed
            same = (many.cost - few.cost) / more if more > 0.0 else 0.0
            asked = (steps.step_above(same), high - 1, (low + high) // 2)[turn % 3]
            number = min(max(asked, low + 1), high - 1)
            low, high = (low, number) if runs_at(number) else (number, high)
            turn += 1
        return steps.payment_at(high), plans[high]

    def _weighed(self, years: list[int], tonnes: Floats) -> float:
        return float(np.sum(self.plan.expanded.discounts[years] * tonnes[years]))

    def _sold(self, r: int, years: list[int], payment: float) -> _SalesByYear:
        """Plan again with a payment for each tonne of a plant in some years."""
        plan, program = self.plan, self.plan.program
        d, tonnes, cost, missing = plan.expanded.sales, plan.sold[r].copy(), 0.0, 0.0
        own_cost, support = map(plan.expanded.of_sales, ("cost", "support"))
        sales: Ints = np.flatnonzero((d.source == r) & np.isin(d.year, years))
        tonnes[years] = 0.0
        mineral = plan.expanded.sources[r].mineral
        blocks = program.blocks_of(program.sold[sales])
        for b in np.unique(blocks).tolist():
            inside = sales[blocks == b]
            columns, base = program.sold[inside] - program.columns_of(b).start, program.block(b)
            more = np.minimum(payment, own_cost[inside]) - support[inside]
            price = base.cost.copy()
            price[columns] -= more * plan.expanded.discounts[d.year[inside]]
            x = self._solved(b, mineral, price)
            np.add.at(tonnes, d.year[inside], x[columns])
            change = x - plan.blocks[b].x
            cost += float(np.sum(base.cost * change))
            missing += float(np.sum(change[self._shortages(b, mineral)]))
        return _SalesByYear(tonnes, self._weighed(years, tonnes), cost, missing)

    def _shortages(self, b: int, mineral: str) -> Ints:
        """Return the columns of a block, by position, with what is missing of a mineral."""
        e, (short,) = self.plan.expanded, self.plan.program.groups(SHORTAGE, b)
        columns: Ints = short.at[short.cell // len(e.years) == e.mineral_at[mineral]]
        return columns

    def _solved(self, b: int, mineral: str, cost: Floats) -> Floats:
        """Return the optimal columns of a block in which a mineral's columns cost something else.

        If a budget links supply chains in the block, the mineral's is first planned alone: the
        others keep their plan, and shared rows their duals. If that is optimal, so is the block;
        if it is not, the whole block is planned.
        """
        part = self._part(b, mineral)
        if part is not None:
            rows = dataclasses.replace(part.rows, cost=cost[part.columns])
            proven = part.sequence.warm_started(rows, part.shared)
            if proven is not None:
                x = self.plan.blocks[b].x.copy()
                x[part.columns] = proven[0].x
                return x
        rows = dataclasses.replace(self.plan.program.block(b), cost=cost)
        return self._program(b).solved(rows)[0].x

    def _part(self, b: int, mineral: str) -> _Part | None:
        """Return the part of a mineral's chain; None if it is all of a block, or has integers."""
        if (b, mineral) not in self._parts:
            plan, program, result = self.plan, self.plan.program, self.plan.blocks[b]
            rows, years = program.block(b), len(plan.expanded.years)
            mine = np.zeros(len(rows.cost), dtype=bool)
            chain = [plan.expanded.mineral_at[name] for name in chain_of(plan.case, mineral)]
            for group in program.groups(block=b):
                mine[group.at] = np.isin(group.cell // years, chain)
            part = None
            if not mine.all() and not rows.whole.any():
                alone, kept = rows.restricted(mine, result.x)
                shared = np.isin(kept, rows.entry_rows()[~mine[rows.columns]])
                sequence = self._sequence(b, alone, mine, kept)
                prices = np.flatnonzero(shared), result.duals[kept[shared]]
                with contextlib.suppress(SolverError):  # the whole block is planned instead
                    sequence.solved(alone)
                    part = _Part(alone, np.flatnonzero(mine), prices, sequence)
            self._parts[b, mineral] = part
        return self._parts[b, mineral]

    def _program(self, b: int) -> WarmStartedSequence:
        if b not in self._programs:
            rows = self.plan.program.block(b)
            start = self.plan.blocks[b].basis
            is_shared = sum(result.basis is start for result in self.plan.blocks) > 1
            if is_shared or rows.whole.any():  # the basis is of several blocks, or of fixed builds
                start = None
            every = slice(None)
            self._programs[b] = self._sequence(b, rows, every, every, start)
            if start is None:
                self._programs[b].solved(rows)
        return self._programs[b]

    def _sequence(
        self, b: int, rows: LinearProgram, columns: Any, kept: Any, start: Any = None
    ) -> WarmStartedSequence:
        """Return a sequence of programs of some columns and rows of a block."""
        program = self.plan.program
        column_unit = program.column_unit[program.columns_of(b)][columns]
        row_unit = program.row_unit[program.rows_of(b)][kept]
        return WarmStartedSequence(
            rows, "payment",
            need=float(program.need[b]), measure=float(self.measure[b]),
            units=(column_unit, row_unit), start=start,
        )  # fmt: skip


# ---- tariffs in place of caps --------------------------------------------------------------------


@dataclass(frozen=True)
class TariffEquivalent:
    """The tariff on a country that would have the same effect as a cap on it.

    ``tariff`` [money/t] is the cap's shadow price. ``of_cost`` is the tariff relative to the
    average cost of the buyer's purchases from there. ``revenue`` [money] is the tariff on the
    plan's tonnes.
    """

    year: int
    mineral: str
    buyer: str
    country: str
    share: float
    tonnes: float
    tariff: float
    of_cost: float | None

    @property
    def revenue(self) -> float:
        return self.tariff * self.tonnes


def tariffs(plan: Plan) -> tuple[TariffEquivalent, ...]:
    """Return the tariffs that would have the same effect as the binding caps on countries.

    Only caps on demand are included. Caps on purchases, or on an input that plants take, have a
    base that changes with the plan: no fixed tariff has the same effect.
    """
    needed = []
    flows = plan.flows[plan.flows["contract"] == SPOT]
    places = flows.groupby(["year", "mineral", "country"]).indices
    costs, amounts = flows["cost"].to_numpy(), flows["tonnes"].to_numpy()
    for row in plan.limits[plan.limits["shadow_price"] > 0].to_dict("records"):
        is_cap = (row["kind"], row["stage"], row["group"]) == (MAX, REFINING, BY_COUNTRY)
        moves = plan.case.settings.share_basis != "demand" or plan.expanded.is_input(row["mineral"])
        if not is_cap or moves:
            continue
        at = places.get((row["year"], row["mineral"], row["supplier"]), [])
        cost = float(np.average(costs[at], weights=amounts[at])) if len(at) else 0.0
        needed.append(
            TariffEquivalent(
                row["year"], row["mineral"], row["buyer"], row["supplier"], row["allowed"],
                row["tonnes"], row["shadow_price"],
                row["shadow_price"] / cost if cost > 0 else None,
            )
        )  # fmt: skip
    return tuple(needed)
