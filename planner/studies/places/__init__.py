"""Where the runs of a study take place: here, on the cores of this machine, or on a cluster.

A place is a small value with one method, chosen once, where a study is begun; what the runs give
does not depend on it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from models.case import Case
from models.plan import Map
from planner.studies.engine import Board, Planner, Study

WORTH_PROCESSES = 2_000_000
"""Routes to plan, of all runs, from which on worker processes are started.

A run plans one route a refiner or project, member and year; a variant with some 20,000 of them
takes 0.03 to 0.1 s, a case of a million 3 s. A process takes 1.5 s to start, and plans the base
case first, so that fewer are done sooner in this process.
"""


class Where(Protocol):
    """A place where chains run."""

    def run(self, study: Study[Any], board: Board) -> None:
        """Plan all chains, and put each outcome on the board as soon as it is known.

        A KeyboardInterrupt or SystemExit passes through once no process that was started for the
        study is left. Raises UsageError where the place is not there.
        """

    def mapping(self, case: Case, notify: Callable[[str], None]) -> AbstractContextManager[Map]:
        """Give the map that the parts of one case are solved with; it keeps their order.

        ``notify`` hears what there is to say of the place. Raises UsageError where it is not there.
        """


@dataclass(frozen=True)
class Here:
    """This process, one chain after another."""

    def mapping(self, case: Case, notify: Callable[[str], None]) -> AbstractContextManager[Map]:
        """Give the built-in map."""
        del case, notify
        return contextlib.nullcontext(map)

    def run(self, study: Study[Any], board: Board) -> None:
        """Plan all chains in turn."""
        planner = Planner(study.base, study.read)
        for at, chain in enumerate(study.chains):
            for i, outcome in enumerate(planner.outcomes(chain)):
                board.keep(at, i, outcome)


@dataclass(frozen=True)
class ThisMachine:
    """Processes on this machine, as many as cores unless told; this one alone for little work."""

    workers: int | None = None

    def run(self, study: Study[Any], board: Board) -> None:
        """Plan all chains in as many processes as the study is worth."""
        count = self.processes(study)
        if count == 1:
            Here().run(study, board)
            return
        from planner.studies.places.processes import Processes

        Processes(count).run(study, board)

    def mapping(self, case: Case, notify: Callable[[str], None]) -> AbstractContextManager[Map]:
        """Give a map over processes where the case is worth them, else the built-in one."""
        count = cores() if self.workers is None else self.workers
        if count == 1 or routes_of(case) < WORTH_PROCESSES:
            return Here().mapping(case, notify)
        from planner.studies.places.processes import Processes

        return Processes(count).mapping(case)

    def processes(self, study: Study[Any]) -> int:
        """Return how many processes a study is worth: no more than chains, one for little work."""
        count = min(cores() if self.workers is None else self.workers, len(study.chains))
        return count if count > 1 and routes(study) >= WORTH_PROCESSES else 1


def routes(study: Study[Any]) -> int:
    """Return how many routes the runs of a study plan in all."""
    return study.runs * routes_of(study.base)


def routes_of(case: Case) -> int:
    """Return how many routes a case has: one a refiner or project, member and year."""
    sources = Counter(row.mineral for row in case.refiners)
    sources.update(row.mineral for row in case.projects)
    of_case = sum(sources[mineral.name] for mineral in case.minerals)
    return of_case * len(case.members) * len(case.years)


def cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
