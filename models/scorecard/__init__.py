"""The scorecard of a plan: its concentration, its import reliance and the benchmarks it meets.

It has every measure of every mineral and buyer, before the plan and with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.measures import OverByPurchases
from models.plan import Plan
from models.scorecard.measures import DUE, MEASURES, ONE_COUNTRY, Measure, Required, Value
from models.scorecard.supplied import Buyer, PlanSupply, buyers


@dataclass(frozen=True)
class Score:
    """One measure of one mineral and buyer ("": the coalition).

    ``before``, ``first`` and ``last`` are the values before the plan, in its first and in its last
    year. ``before_is`` names the base of ``before``. ``due`` has the values of the years in which
    the benchmark applies. ``exceeded_by_purchases`` has the workbook's limits on countries that
    shares of demand keep but shares of purchases exceed, the largest excess first.
    """

    measure: Measure
    mineral: str
    buyer: Buyer
    before: Value
    before_is: str
    first: Value
    last: Value
    due: tuple[tuple[int, Value], ...]
    required: Required | None
    exceeded_by_purchases: tuple[OverByPurchases, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether the benchmark is met in every year in which it applies and a share is known.

        None without a benchmark or a known share. A year without demand has no share.
        """
        return not self.missed if self.required is not None and self.share_by_year else None

    @property
    def share_by_year(self) -> dict[int, float]:
        """The known shares by year, in the years in which the benchmark applies."""
        return {year: v.amount for year, v in self.due if v.amount is not None}

    @property
    def missed(self) -> tuple[int, ...]:
        """The years in which the benchmark applies but is missed."""
        required = self.required
        if required is None:
            return ()
        return tuple(year for year, s in self.share_by_year.items() if not required.is_met(s))


def due_years(years: tuple[int, ...]) -> tuple[int, ...]:
    """Return the years in which benchmarks apply: all from 2030 on, else the last year."""
    return tuple(y for y in years if y >= DUE) or years[-1:]


def scorecard(plan: Plan) -> tuple[Score, ...]:
    """Return every measure of every buyer and mineral; nothing if the plan has no years."""
    if not plan.case.years:
        return ()
    supply = PlanSupply(plan)
    rows = (
        _score(supply, measure, mineral, buyer)
        for measure in MEASURES
        for buyer in buyers(plan.case)
        if not (buyer.name and measure.of_coalition)
        for mineral in supply.expanded.minerals
    )
    return tuple(score for score in rows if score is not None)


def _score(supply: PlanSupply, measure: Measure, mineral: str, buyer: Buyer) -> Score | None:
    years = supply.case.years

    due = due_years(years) if measure.required is not None else ()
    moments = dict.fromkeys((None, years[0], years[-1], *due))
    values = {year: measure(supply.supply_of(mineral, buyer, year)) for year in moments}
    before, first, last = values[None], values[years[0]], values[years[-1]]
    if (before, first, last) == (Value(None),) * 3:
        return None
    today = "today" if mineral in supply.bought_today else "nameplate"
    required = measure.benchmark_for(supply.supply_of(mineral, buyer, None))
    measured = measure.before if required == measure.required else ""
    before_is = "" if before.amount is None else measured or today
    each = tuple((year, values[year]) for year in due)
    exceeded = supply.exceeded_by_purchases.get((mineral, buyer.name), ())
    over = exceeded if measure is ONE_COUNTRY else ()
    return Score(measure, mineral, buyer, before, before_is, first, last, each, required, over)
