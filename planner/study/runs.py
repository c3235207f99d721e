"""One map over Cases: the runs of a study, in chains whose order the study fixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.errors import UsageError
from planner.study.board import Board, Progress, Tell
from planner.study.chain import NOT_RUN, Change, Outcome, Outcomes, Run, Stop, Study, T
from planner.study.where import ThisMachine, Where

__all__ = ["Change", "Outcome", "Outcomes", "Run", "Study", "run_studies", "run_study"]

_STOPPED = f"{NOT_RUN}the study was stopped before"


def _nobody(_: Progress) -> None:
    """Tell nobody."""


def run_study(study: Study[T], where: Where | None = None, tell: Tell | None = None) -> Outcomes[T]:
    """Return the outcomes of all runs, in the order of the chains and of the runs in each.

    ``where`` is this machine unless given; the outcomes do not depend on it. ``tell`` hears of each
    finished run.

    A run that fails does not lose the others: its outcome says why. Nor does Ctrl-C: the outcomes
    then hold what was finished, say of the others that they were not run, and ``stopped`` is set;
    a command writes what there is and ends with the code of the stop.

    Raises UsageError where the place is not there (a cluster's address at which nothing listens),
    TypeError where a change or ``read`` is no function that can be sent to another process.
    """
    board = Board(study, tell or _nobody)
    stopped: Stop | None = None
    try:
        board.notify()
        (where or ThisMachine()).run(study, board)
    except (KeyboardInterrupt, SystemExit) as stop:
        stopped = stop
    return _outcomes(board, stopped)


def run_studies(
    studies: Sequence[Study[T]], where: Where | None = None, tell: Tell | None = None
) -> list[Outcomes[T]]:
    """Return the outcomes of studies that are parts of one, each in turn; see ``run_study``.

    ``tell`` hears of them as of one. What comes after a stop is not run, and has it as its own; nor
    is what comes after the place was lost, which costs none of what is finished.
    """
    total, done = sum(study.runs for study in studies), 0
    found: list[Outcomes[T]] = []
    stopped: Stop | None = None
    unrun = ""
    for study in studies:
        onwards = _onwards(tell or _nobody, done, total)
        if not unrun:
            try:
                found.append(run_study(study, where, onwards))
            except UsageError as error:  # the place was there before
                if not found:
                    raise
                unrun = f"{NOT_RUN}{error}"
        if unrun:
            found.append(_outcomes(Board(study, _nobody), stopped, unrun))
        done, stopped = done + study.runs, found[-1].stopped
        unrun = unrun or next((outcome.error for outcome in found[-1] if not outcome.ran), "")
    return found


def _onwards(tell: Tell, done: int, total: int) -> Tell:
    """Return who hears of a study that is a part of a longer one."""
    return lambda progress: tell(Progress(done + progress.done, total, progress.notice))


def _outcomes(board: Board, stopped: Stop | None, unrun: str = _STOPPED) -> Outcomes[Any]:
    """Return what is known of each run; one that is not known had no turn, and why is said."""
    return Outcomes(
        tuple(
            board.kept.get((at, i)) or Outcome(run.name, error=unrun, ran=False)
            for at, chain in enumerate(board.study.chains)
            for i, run in enumerate(chain)
        ),
        stopped,
    )
