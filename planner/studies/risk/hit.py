"""Cases that a draw makes: the agreed plan struck by its events, and the case planned anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from models.case import Case, in_force
from models.schema import ScenarioStep, ShareLimit
from planner.scenarios.events import happen

Ceilings = tuple[tuple[str, str, str, int, float], ...]


@dataclass(frozen=True)
class Foreseen:
    """A change: events happen, known before any plan is made; ``steps`` are what they do."""

    steps: tuple[ScenarioStep, ...]

    def __call__(self, case: Case) -> Case:
        """Return the case, struck."""
        return happen(case, self.steps)


@dataclass(frozen=True)
class Unforeseen:
    """A change: events strike an agreed plan.

    The case it changes is the agreed plan with no surge and all its share limits. Until the first
    year that is struck it stays so, and nothing is stored in expectation; from then on sources may
    sell up to ``surging``. In ``years``, those that are struck, the share limits are waived, unless
    ``keep_caps``.
    """

    steps: tuple[ScenarioStep, ...]
    years: frozenset[int]
    surging: Ceilings
    keep_caps: bool

    def __call__(self, case: Case) -> Case:
        """Return the agreed plan, struck."""
        if not self.years:
            return case
        struck, first = happen(case, self.steps), min(self.years)
        early = tuple(c for c in struck.ceilings if c[3] < first)
        late = tuple(c for c in self.surging if c[3] >= first)
        limits = struck.share_limits
        if not self.keep_caps:
            kept = tuple(year for year in case.years if year not in self.years)
            limits = tuple(row for limit in limits for row in _within(limit, case.years, kept))
        return struck.change(ceilings=(*early, *late), share_limits=limits)


def _within(
    limit: ShareLimit, years: tuple[int, ...], kept: tuple[int, ...]
) -> Iterator[ShareLimit]:
    """Yield a limit so that it holds in some of the horizon's years alone, a row a stretch."""
    holding = [year for year in kept if in_force(limit, year)]
    if len(holding) == sum(in_force(limit, year) for year in years):
        yield limit
        return
    stretch: list[int] = []
    for year in years:
        if year in holding:
            stretch.append(year)
        elif stretch:
            yield _stretch(limit, stretch)
            stretch = []
    if stretch:
        yield _stretch(limit, stretch)


def _stretch(limit: ShareLimit, years: list[int]) -> ShareLimit:
    return dataclasses.replace(limit, first_year=years[0], last_year=years[-1])
