"""A small study, and runs that go wrong; in a module, so that they can be sent to workers."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from models.errors import SolverError, UsageError
from planner.scenarios import set_max_country_share
from planner.studies import Run, Study
from planner.studies.engine import ChainPlanner, JoinedStudies
from tests.models.desk import jin, make, read, refiner, sur

BASE = read(
    make(
        jin(),
        sur(60),
        refiner("Oz", "AUS", 50, 35),
        demand={"A": [80.0, 90.0, 100.0], "B": [40.0, 30.0, 20.0]},
        years=(2026, 2027, 2028),
        settings={"Discount rate": 0.07},
        Share_limits=[{"Limit": "max", "Supplier group": "country", "Share": 0.9}],
    )
)


def figures(plan):
    """What a plan is, to the last bit: cost, tonnes, the other columns and the shadow prices."""
    return plan.objective, plan.delivered.tobytes(), plan.values, plan.duals


def capped(share, name=""):
    """A run with a cap on one country."""
    return Run(name or f"cap {share}", partial(set_max_country_share, share=share))


def slow(share, seconds):
    """A run that takes a while."""
    return Run(f"cap {share}", Slowly(share, seconds))


@dataclass(frozen=True)
class Slowly:
    share: float
    seconds: float

    def __call__(self, case):
        time.sleep(self.seconds)
        return set_max_country_share(case, self.share)


def unproven(case):
    msg = f"no proven optimum for {case.minerals[0].name}"
    raise SolverError(msg)


def contradicting(case):
    """A case that the checks refuse: demand of members that are not there."""
    return case.change(members=())


def faulty(case):
    msg = f"division by {len(case.years)}"
    raise ZeroDivisionError(msg)


def unreadable(plan):
    """What is read of a plan, but where its cap is 0.2."""
    if plan.case.share_limits[0].share.at(2026) == 0.2:
        msg = "nothing to read"
        raise LookupError(msg)
    return figures(plan)


def unsendable(plan):
    """What is read of a plan, which cannot be sent where its cap is 0.2."""
    return threading.Lock() if plan.case.share_limits[0].share.at(2026) == 0.2 else figures(plan)


@dataclass
class Falling:
    """A place that is lost after so many runs, and not there any more later."""

    left: int

    def run(self, study, board):
        if self.left <= 0:
            msg = "no scheduler answers"
            raise UsageError(msg)
        for task in board.tasks():
            chain, of = study.chains[task.chain], study.studies[study.study_of_chain[task.chain]]
            planner = ChainPlanner(of)
            for i, outcome in enumerate(planner.outcomes(chain)):
                self.left -= 1
                if self.left < 0:
                    break
                board.add(task.chain, i, outcome)
            board.fail(task, "not run: the cluster was lost", ran=False)


@dataclass(frozen=True)
class Deadly:
    """A run that ends its process the way an operating system does that has no memory left.

    Or stops it with another signal.

    ``mark`` is a file: the first time it is written, and later times nothing happens. None: always.
    """

    mark: Path | None
    share: float = 0.45
    signal: int = signal.SIGKILL

    def __call__(self, case):
        if self.mark is None or not self.mark.exists():
            if self.mark is not None:
                self.mark.write_text(str(os.getpid()))
            time.sleep(0.5)  # in the middle of the run, not as it begins
            os.kill(os.getpid(), self.signal)
        return set_max_country_share(case, self.share)


def study(*chains, read=figures):
    return Study(BASE, tuple(tuple(chain) for chain in chains), read)


def joined(*chains):
    """A study alone, as a place plans it."""
    return JoinedStudies((study(*chains),))


FAULTS = (
    [capped(0.8), Run("unproven", unproven), capped(0.7)],
    [Run("contradicting", contradicting), capped(0.6), Run("faulty", faulty), capped(0.5)],
    [capped(0.4), capped(0.2, "unread"), capped(0.3)],
    [capped(0.35)],
    [],
)
"""Chains with runs that fail at each stage."""
