"""A study that was stopped before its time, or that lacks runs: what everyone hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from models.errors import PlannerError, SolverError
from planner.cli.answer import INTERRUPTED, Answer, fail, print_json
from planner.render.words import plain

if TYPE_CHECKING:
    from planner.studies import Outcome, Outcomes
    from planner.studies.engine import Stop

_TOLD = 3
"""Runs without a plan told by name at most; the sheet Runs has them all."""


@dataclass(frozen=True)
class Halt:
    """What ended a study before its time, and how many of its runs had had their turn by then."""

    finished: int
    total: int
    by: Stop

    @property
    def code(self) -> int:
        """The exit code: that of Ctrl-C, or of the request to end."""
        asked = self.by.code if isinstance(self.by, SystemExit) else INTERRUPTED
        return asked if isinstance(asked, int) else INTERRUPTED

    @property
    def words(self) -> str:
        """How far it came: ``56 of 2,027 runs finished``."""
        return f"{self.finished:,} of {self.total:,} runs finished"

    def option(self, more: str = "") -> dict[str, str]:
        """Return the row that the sheet About has of it."""
        said = "the sheet Runs names the others"
        return {"Stopped": "; ".join(filter(None, (self.words, more, said)))}


def marked(title: str, halt: Halt | None) -> str:
    """Return the title of a workbook, which stands above its charts, with how far it came."""
    return title if halt is None else f"{title} (stopped: {halt.words})"


def halt_of(outcomes: Iterable[Outcome[Any]], stopped: Stop | None) -> Halt | None:
    """Return what ended a study before its time; None where all runs had their turn."""
    if stopped is None:
        return None
    had_turn = [outcome.ran for outcome in outcomes]
    return Halt(sum(had_turn), len(had_turn), stopped)


def halt_in(outcomes: Outcomes[Any]) -> Halt | None:
    """Return what ended a study of one part before its time; see ``halt_of``."""
    return halt_of(outcomes, outcomes.stopped)


def counts(outcomes: Sequence[Outcome[Any]], halt: Halt | None) -> Answer:
    """Return what a program hears of how far a study came."""
    return {
        "stopped": halt is not None,
        "runs": len(outcomes),
        "runs_finished": sum(outcome.ran for outcome in outcomes),
    }


def failure_of(outcomes: Iterable[Outcome[Any]], halt: Halt | None) -> SolverError | None:
    """Return why a command fails though what has a plan is told; None where all runs have one.

    Runs that a stop left no time for are no failure.
    """
    missing = [o for o in outcomes if not o.planned and (o.ran or halt is None)]
    if not missing:
        return None
    more = f" (and {len(missing) - _TOLD} more)" if len(missing) > _TOLD else ""
    return SolverError("; ".join(f"{o.name}: {o.error}" for o in missing[:_TOLD]) + more)


def tell_halt(halt: Halt | None, *said: str) -> None:
    """Say that the study was stopped, how far it came, and what that means."""
    if halt is not None:
        text = "; ".join([halt.words, *filter(None, said)])
        click.secho(f"{'Stopped':<13} {plain(text)}", fg="yellow", err=True)


def tell_not_run(names: Sequence[str], why: str) -> None:
    """Name in one line what had no turn, the first few."""
    if names:
        from planner.cli.words import few

        said = f"{few(list(map(plain, names)))}: {plain(why.removeprefix('not run: '))}"
        click.secho(f"{'Not run':<13} {said}", fg="yellow", err=True)


def nothing(
    halt: Halt | None,
    failed: PlannerError,
    lacking: str,
    outcomes: Sequence[Outcome[Any]],
    *,
    as_json: bool,
) -> int:
    """End a study of which nothing can be written; ``lacking`` says what it lacks."""
    if halt is None:
        return fail(failed, as_json=as_json, result=counts(outcomes, halt))
    text = f"Stopped: {halt.words}, {lacking}; nothing is written"
    click.secho(text, fg="yellow", err=True)
    if as_json:
        said = {"status": "stopped", **counts(outcomes, halt), "output": None, "errors": []}
        print_json(said)
    return halt.code


def end(halt: Halt | None, failed: PlannerError | None, said: Answer, *, as_json: bool) -> int:
    """Tell a program, and return the exit code: of the stop, else of the failure, else 0."""
    if halt is not None:
        said = {**said, "status": "stopped"}
    code = 0
    if failed is not None:
        code = fail(failed, as_json=as_json, result=said)
    elif as_json:
        print_json(said)
    return code if halt is None else halt.code
