"""One map over Cases: the runs of a study, in chains whose order the study fixes."""

from __future__ import annotations

from planner.study.board import Board, Progress, Tell
from planner.study.chain import Change, Outcome, Outcomes, Run, Stop, Study, T
from planner.study.where import ThisMachine, Where

__all__ = ["Change", "Outcome", "Outcomes", "Run", "Study", "run_study"]

NOT_RUN = "not run: the study was stopped before"


def _nobody(_: Progress) -> None:
    """Tell nobody."""


def run_study(study: Study[T], where: Where | None = None, tell: Tell | None = None) -> Outcomes[T]:
    """Return the outcomes of all runs, in the order of the chains and of the runs in each.

    ``where`` is this machine unless given; the outcomes do not depend on it. ``tell`` hears of each
    finished run.

    A run that fails does not lose the others: its outcome says why. Nor does Ctrl-C: the outcomes
    then hold what was finished, say of the others that they were not run, and ``stopped`` is set;
    a command writes what there is and calls ``raise_if_stopped``.

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
    return Outcomes(
        tuple(
            board.kept.get((at, i)) or Outcome(run.name, error=NOT_RUN, ran=False)
            for at, chain in enumerate(study.chains)
            for i, run in enumerate(chain)
        ),
        stopped,
    )
