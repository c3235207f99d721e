"""What a study is made of, what comes of it, and how one chain of its runs is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from models.case import Case
from models.errors import PlannerError
from models.plan import Plan, Proof, Session

T = TypeVar("T")

Change = Callable[[Case], Case]
"""From the base case to a variant; pure, and picklable: a function of a module, a partial of one,
or a frozen dataclass that can be called."""

NOT_RUN = "not run: "
"""What the error of a run begins with that had no turn."""

Stop = KeyboardInterrupt | SystemExit
"""What ends a study before its time: Ctrl-C, or a request to end the process."""


@dataclass(frozen=True)
class Run:
    """One variant of a study's base case."""

    name: str
    change: Change


@dataclass(frozen=True)
class Study(Generic[T]):
    """A base case, chains of runs, and what is read of each plan.

    The first run of a chain starts from the base case's plan, each next from the one before; chains
    are independent of one another, and the unit that is sent to a worker. ``read`` is picklable as
    a change is, and takes a plan.
    """

    base: Case
    chains: tuple[tuple[Run, ...], ...]
    read: Callable[[Plan], T]

    @property
    def runs(self) -> int:
        """The number of runs in all chains."""
        return sum(len(chain) for chain in self.chains)


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What came of a run: what was read of its plan and the proof, or why there is none.

    ``ran`` is False where the study ended before the run had its turn.
    """

    name: str
    found: T | None = None
    objective: float | None = None
    proof: Proof | None = None
    error: str = ""
    ran: bool = True

    @property
    def planned(self) -> bool:
        """Whether there is a proven plan, and ``found`` what was read of it."""
        return not self.error


@dataclass(frozen=True)
class Outcomes(Generic[T]):
    """One outcome a run, in the order of the chains and of the runs in each.

    ``stopped`` is what ended the study before its time, None where all runs had their turn.
    """

    every: tuple[Outcome[T], ...]
    stopped: Stop | None = None

    def __iter__(self) -> Iterator[Outcome[T]]:
        """Iterate over all outcomes, failed ones among them."""
        return iter(self.every)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.every)

    def __getitem__(self, at: int) -> Outcome[T]:
        """Return the outcome of one run."""
        return self.every[at]

    @property
    def found(self) -> tuple[Outcome[T], ...]:
        """The runs with a proven plan."""
        return tuple(outcome for outcome in self.every if outcome.planned)

    @property
    def missing(self) -> tuple[Outcome[T], ...]:
        """The runs without a plan: those that failed and those that never had their turn."""
        return tuple(outcome for outcome in self.every if not outcome.planned)

    def raise_if_stopped(self) -> None:
        """Go on with the Ctrl-C, or the request to end, that the study was stopped by.

        To be called when what is finished has been written.
        """
        if self.stopped is not None:
            raise self.stopped


class Planner(Generic[T]):
    """What one worker keeps of a study: a session of its base case, for all chains sent to it."""

    def __init__(self, base: Case, read: Callable[[Plan], T]) -> None:
        """Keep the base case and what is read of each plan."""
        self.base = base
        self.read = read

    @cached_property
    def session(self) -> Session:
        """The session, begun with the first run."""
        return Session(self.base, is_compared=False)

    def outcomes(self, chain: tuple[Run, ...]) -> Iterator[Outcome[T]]:
        """Plan the runs of a chain one after another, each when it is asked for.

        The first starts from the base case's plan. So does the one after a run that failed, since
        a session is restarted then: that a run failed changes what the next starts from, but in the
        same way wherever the chain runs.
        """
        fresh = True
        for run in chain:
            try:
                if fresh:
                    self.session.restart()
                plan = self.session.solve(run.change(self.base))
                outcome = Outcome(run.name, self.read(plan), plan.objective, plan.proof)
                fresh = False
            except PlannerError as error:
                outcome, fresh = Outcome(run.name, error=str(error)), True
            except Exception as error:  # noqa: BLE001 - one faulty run must not lose the others
                outcome, fresh = Outcome(run.name, error=fault(error)), True
            yield outcome


def fault(error: BaseException) -> str:
    """Return an exception nobody foresaw in words: its type and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
