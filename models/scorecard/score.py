"""The scorecard: every measure of every mineral and buyer, before the plan and after."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from models.plan import Plan
from models.scorecard import concentration, eu_benchmarks, reliance
from models.scorecard.supplied import Buyer, Supplied, buyers
from models.scorecard.value import UNTOLD, Measure, Value

MEASURES: tuple[Measure, ...] = (
    concentration.cr1,
    concentration.cr3,
    concentration.hhi_country,
    concentration.hhi_owner,
    concentration.hhi_governance,
    eu_benchmarks.extraction,
    eu_benchmarks.processing,
    eu_benchmarks.recycling,
    eu_benchmarks.one_country,
    eu_benchmarks.one_country_ore,
    reliance.import_reliance,
    reliance.cover,
    reliance.n_1_all,
    reliance.n_1_rest,
)
"""The measures, in the order of the sheet."""

_OF_ALL = frozenset(MEASURES[:5])
"""Measures of the coalition's supply alone, not of the EU's own."""

MET_WITHIN = 1e-6
"""A share beyond its benchmark by less is met: the rounding of a plan."""


@dataclass(frozen=True)
class Required:
    """What a benchmark asks: at least, or at most, a share of consumption."""

    share: float
    is_most: bool = False

    def is_met(self, reached: float) -> bool:
        """Return whether a share keeps it."""
        beyond = reached - self.share if self.is_most else self.share - reached
        return beyond <= MET_WITHIN

    def worst(self, reached: list[float]) -> float:
        """Return the share that is farthest from it, or least inside it."""
        return max(reached) if self.is_most else min(reached)


REQUIRED: dict[Measure, Required] = {
    eu_benchmarks.extraction: Required(eu_benchmarks.EXTRACTION),
    eu_benchmarks.processing: Required(eu_benchmarks.PROCESSING),
    eu_benchmarks.recycling: Required(eu_benchmarks.RECYCLING),
    eu_benchmarks.one_country: Required(eu_benchmarks.ONE_COUNTRY, is_most=True),
    eu_benchmarks.one_country_ore: Required(eu_benchmarks.ONE_COUNTRY, is_most=True),
}
"""The measures that have a benchmark."""


@dataclass(frozen=True)
class Told:
    """What a measure's docstring says: its title, its formula, its unit, where it comes from."""

    title: str
    formula: str
    unit: str
    source: str


@dataclass(frozen=True)
class Score:
    """One measure of one mineral and buyer ("" the coalition).

    ``before``, ``first`` and ``last`` are before the plan, in its first and its last year; of
    benchmarks, ``due`` are the shares of the years in which they are to be met, ``met`` says
    whether all that are known keep it (None: there is no benchmark, or no share is known).
    """

    measure: Measure
    mineral: str
    buyer: Buyer
    before: Value
    first: Value
    last: Value
    required: Required | None
    due: tuple[tuple[int, Value], ...]
    is_of_today: bool

    @property
    def met(self) -> bool | None:
        """Whether the benchmark is met in all years in which it is to be and a share is known.

        A year without demand has no share, and is skipped; None where no year has one.
        """
        found = self.reached
        if self.required is None or not found:
            return None
        return all(self.required.is_met(share) for share in found.values())

    @property
    def reached(self) -> dict[int, float]:
        """The share by year of the years in which a benchmark is to be met."""
        return {year: v.amount for year, v in self.due if v.amount is not None}

    @property
    def missed(self) -> tuple[int, ...]:
        """The years in which the benchmark is to be met and is not."""
        required = self.required
        if required is None:
            return ()
        return tuple(year for year, share in self.reached.items() if not required.is_met(share))


def told(measure: Measure) -> Told:
    """Return what a measure's docstring says."""
    text = inspect.getdoc(measure) or ""
    title = text.partition("\n")[0].rstrip(".")
    said = dict(line.split(": ", 1) for line in text.splitlines()[1:] if ": " in line)
    return Told(title, said.get("formula", ""), said.get("unit", ""), said.get("source", ""))


def due_years(years: tuple[int, ...]) -> tuple[int, ...]:
    """Return the years in which benchmarks are to be met: from 2030 on, else the last."""
    return tuple(y for y in years if y >= eu_benchmarks.DUE) or years[-1:]


def scorecard(plan: Plan) -> tuple[Score, ...]:
    """Return every measure of every buyer and mineral of a plan; nothing of one without years."""
    if not plan.case.years:
        return ()
    of = Supplied(plan)
    found = (
        _score(of, measure, mineral, buyer)
        for measure in MEASURES
        for buyer in buyers(plan.case)
        if not (buyer.name and measure in _OF_ALL)
        for mineral in of.expanded.minerals
    )
    return tuple(score for score in found if score is not None)


def _score(of: Supplied, measure: Measure, mineral: str, buyer: Buyer) -> Score | None:
    before, first, last = (measure(of, mineral, buyer, w) for w in (None, of.first, of.last))
    if (before, first, last) == (UNTOLD,) * 3:
        return None
    required = REQUIRED.get(measure)
    years = due_years(of.case.years) if required is not None else ()
    due = tuple((year, measure(of, mineral, buyer, year)) for year in years)
    today = of.is_of_today(mineral)
    return Score(measure, mineral, buyer, before, first, last, required, due, today)
