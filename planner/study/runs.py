"""One map over Cases: the runs of a study, in chains whose order the study fixes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.case import Case
from models.errors import PlannerError
from models.plan import Plan, Proof, Session

T = TypeVar("T")

Change = Callable[[Case], Case]
"""From the base case to a variant; pure, and picklable: a function of a module, a partial of one,
or a frozen dataclass that can be called."""


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


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What came of a run: what was read of its plan and the proof, or why there is none."""

    name: str
    found: T | None = None
    objective: float | None = None
    proof: Proof | None = None
    error: str = ""


def run_study(study: Study[T]) -> tuple[Outcome[T], ...]:
    """Return the outcomes of all runs, in the order of the chains and of the runs in each.

    A run that fails does not lose the others: its outcome says why.
    """
    session = Session(study.base)
    return tuple(
        outcome for chain in study.chains for outcome in run_chain(session, chain, study.read)
    )


def run_chain(
    session: Session, chain: tuple[Run, ...], read: Callable[[Plan], T]
) -> list[Outcome[T]]:
    """Return the outcomes of one chain."""
    session.restart()
    found: list[Outcome[T]] = []
    for run in chain:
        try:
            plan = session.solve(run.change(session.case))
            found.append(Outcome(run.name, read(plan), plan.objective, plan.proof))
        except PlannerError as error:
            found.append(Outcome(run.name, error=str(error)))
    return found
