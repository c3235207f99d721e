"""A source of variants: the runs that a study plans, the first of which is the reference.

A study of variants asks the same of each run: what is missing, what the same tonnes cost, whom the
coalition depends on. It only has to say which runs there are; tables, charts, findings, JSON and
report follow from its ``Source``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models.case import Case
from models.plan import Plan
from models.results.numbers import PlanNumbers
from planner.studies.engine import Outcome, Outcomes, Run, Study, split_chains


@dataclass(frozen=True)
class RunSource:
    """The runs of a study of variants, and the case that they change.

    ``runs`` begin with the reference, with which the others are compared. ``values`` are the values
    of the number that runs after the reference set, in the unit of ``axis``; a run without a value
    (None) is drawn as a level. ``beside`` are runs that are planned but not compared. ``base`` is
    the case that the runs change; for losses, the case that is left after an agreed plan. ``chain``
    is the largest number of runs that warm-start one another; ``chains``, if given, are the runs to
    plan instead. ``read`` returns what is kept of a plan, with its numbers.
    """

    base: Case
    runs: tuple[Run, ...]
    values: tuple[float | None, ...] = ()
    axis: str = ""
    beside: tuple[Run, ...] = ()
    chain: int = 1
    read: Callable[[Plan], Any] = PlanNumbers.of
    chains: tuple[tuple[Run, ...], ...] = ()
    is_near: bool = False
    is_compared: bool = True

    @property
    def study(self) -> Study[Any]:
        """The runs in chains: reference, runs beside it and runs without a value are on their own.

        Chains are fixed, so results don't depend on where they are planned.
        """
        if self.chains:
            return Study(self.base, self.chains, self.read, self.is_near, self.is_compared)
        reference, *others = self.runs
        alone = sum(value is None for value in self.values)
        own = [(run,) for run in (reference, *self.beside, *others[:alone])]
        chains = (*own, *split_chains(others[alone:], self.chain))
        return Study(self.base, chains, self.read, self.is_near, self.is_compared)

    def split_outcomes(self, outcomes: Outcomes[Any]) -> PlannedRuns:
        """Return the outcomes of the study, apart by what they are for."""
        count = 1 + len(self.beside)
        compared = (outcomes[0], *outcomes.every[count:])
        return PlannedRuns(self, compared, outcomes.every[1:count], outcomes)


@dataclass(frozen=True)
class PlannedRuns:
    """A source with the outcome of each run: ``compared`` begin with the reference."""

    source: RunSource
    compared: Sequence[Outcome[Any]]
    beside: Sequence[Outcome[Any]]
    outcomes: Outcomes[Any]
