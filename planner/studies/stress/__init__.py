"""Stress test: a supplier is lost when a plan has been agreed.

The agreed plan is the proven plan of the case. It becomes a case of its own (``agreed``), of which
each loss takes something away (``losses``); so every run starts from one base, and nothing a loss
does can lower the cost of that base or raise what it serves. The same losses hit the agreed plan of
the same case without share limits: the difference is what diversification buys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from models.case import Case
from models.plan import Plan, solve
from models.scorecard.n_minus_1 import n_minus_1
from planner.scenarios import drop_share_limits
from planner.studies import Outcome, Run, Study, Tell, Where, run_studies
from planner.studies.engine import Stop
from planner.studies.stress import frames
from planner.studies.stress.agreed import Rules, stressed
from planner.studies.stress.effect import Effect, Side
from planner.studies.stress.losses import LEAST_SOLD, NOTHING, Kind, Loss, losses
from planner.studies.stress.seen import Seen, read

__all__ = ["Effect", "Kind", "Loss", "Rules", "Side", "Stress", "stress"]

UNCAPPED = "without share limits: "
"""What the names of the runs on the plan without share limits begin with."""


@dataclass(frozen=True)
class Stress:
    """The losses and what they do to the agreed plan, and to that without share limits.

    ``free`` is None where the case has no share limits: then it is the same plan. ``stopped`` is
    what ended the study before its time.
    """

    rules: Rules
    losses: tuple[Loss, ...]
    capped: Side
    free: Side | None
    outcomes: tuple[Outcome[Seen], ...]
    stopped: Stop | None = None

    @property
    def case(self) -> Case:
        """The case whose plan was agreed."""
        return self.capped.plan.case

    @property
    def years(self) -> tuple[int, ...]:
        """The years from the loss on."""
        return self.capped.base.years

    @cached_property
    def by_loss(self) -> pd.DataFrame:
        """One row a loss, by kind, of each the worst first: see ``frames``."""
        return frames.by_loss(self)

    @cached_property
    def by_mineral(self) -> pd.DataFrame:
        """One row a loss and mineral of which something is lost: see ``frames``."""
        return frames.by_mineral(self)

    @cached_property
    def detail(self) -> pd.DataFrame:
        """One row a loss, mineral, member and year that the loss touches: see ``frames``."""
        return frames.detail(self)

    @cached_property
    def embargoes(self) -> pd.DataFrame:
        """One row a pair of a country and a member that were parted: see ``frames``."""
        return frames.embargoes(self)

    @cached_property
    def n_minus_1(self) -> pd.DataFrame:
        """One row a mineral and year: see ``n_minus_1``."""
        return n_minus_1(self.capped.plan, self.years[0])

    @cached_property
    def cash_of_rules(self) -> float | None:
        """What the rules alone change in cash, with nothing lost, against the agreed plan [money].

        Below 0: share limits waived, and a surge of cheaper suppliers. None: not known.
        """
        calm = self.capped.nothing.found
        return None if calm is None else float(calm.cash.sum() - self.capped.agreed.cash.sum())

    @property
    def missing(self) -> tuple[Outcome[Seen], ...]:
        """The runs that have no plan, though they had their turn."""
        return tuple(o for o in self.outcomes if o.ran and not o.planned)


def stress(  # noqa: PLR0913 - what is lost, by which rules, where it is planned
    case: Case,
    rules: Rules,
    *,
    refiners: bool = False,
    pairs: bool = False,
    where: Where | None = None,
    tell: Tell | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Stress:
    """Return what each loss does to the agreed plan of a case, with and without share limits.

    ``say`` hears of each stage, ``tell`` of each run. Raises InputError where the case's records
    contradict one another, SolverError where an agreed plan has no proof.
    """
    say("Planning what is agreed")
    plan = solve(case)
    free = solve(drop_share_limits(case)) if case.share_limits else None
    first = rules.first_year if rules.first_year is not None else case.years[0]
    every = losses(plan, first_year=first, refiners=refiners, pairs=pairs) if case.years else ()
    say(f"Losing {len(every)} suppliers")
    asked = [(plan, "", every)]
    if free is not None:
        later = [y >= first for y in case.years]
        sold = tuple(o for o in every if o.sold(free)[:, :, later].sum() > LEAST_SOLD)
        asked.append((free, UNCAPPED, sold))
    studies = [_study(of, rules, lost, before) for of, before, lost in asked]
    found = run_studies(studies, where, tell)
    sides = [
        Side(of, study.base, outcomes[0], dict(zip(lost, outcomes.every[1:], strict=True)))
        for (of, _, lost), study, outcomes in zip(asked, studies, found, strict=True)
    ]
    return Stress(
        rules=rules,
        losses=every,
        capped=sides[0],
        free=sides[1] if len(sides) > 1 else None,
        outcomes=tuple(outcome for outcomes in found for outcome in outcomes),
        stopped=found[-1].stopped,
    )


def _study(plan: Plan, rules: Rules, lost: tuple[Loss, ...], before: str) -> Study[Seen]:
    """Return the study of an agreed plan: nothing lost, then each loss, all from the base."""
    runs = [Run(before + loss.name(plan.case), loss) for loss in (NOTHING, *lost)]
    return Study(stressed(plan, rules), tuple((run,) for run in runs), read)
