"""What studies share on the command line: where runs take place, how far they are, and a stop.

A command gets the keyword ``where`` of ``study_options``, plans within ``watched``, and ends by
``end``, whether the study was stopped before its time or not.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from models.errors import PlannerError, SolverError, UsageError
from planner.cli import answer
from planner.cli.answer import INTERRUPTED, Answer, Key, fail, print_json
from planner.cli.words import line
from planner.options import Whole
from planner.render.words import few, plain

if TYPE_CHECKING:
    from planner.studies import Outcome, Progress, Tell, Where
    from planner.studies.engine import Stop

A_LINE = 60.0
"""Seconds from line to line where no bar is shown."""
_SHOWN = 3
"""Runs without a plan named at most; the sheet Runs has them all."""


def study_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add ``--workers`` and ``--cluster``; the command gets the keyword ``where``."""

    @click.option(
        "--workers",
        type=Whole(min=1),
        metavar="N",
        help="Processes to plan with, 1 for this one alone [all cores of this machine].",
    )
    @click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Plan on the workers of a Dask scheduler, such as tcp://host:8786.",
    )
    @functools.wraps(command)
    def chosen(
        *arguments: object, workers: int | None, cluster: str | None, **options: object
    ) -> int:
        return command(*arguments, where=place(workers, cluster), **options)

    return chosen


def place(workers: int | None, cluster: str | None) -> Where | None:
    """Return where the runs take place; None for all cores of this machine.

    Raises UsageError where both options are given, or where the cluster's is no address.
    """
    if workers is not None and cluster is not None:
        msg = "--workers is for this machine, --cluster for others: give one of them"
        raise UsageError(msg)
    if cluster is not None:
        from planner.studies.places.cluster import Cluster

        return Cluster(cluster)
    if workers is None:
        return None
    from planner.studies import ThisMachine

    return ThisMachine(workers)


@contextmanager
def watched(as_json: bool) -> Iterator[Tell]:
    """Show a bar on stderr where someone watches; the value is the ``tell`` of ``run_study``.

    Where nobody does, a line a minute says how far the study is. A notice (a worker that died, a
    cluster without workers) is a line of its own, bar or not; with --json there is nothing.
    """
    if as_json:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _Lines()


def _nothing(_: Progress) -> None:
    """Show nothing."""


class _Lines:
    """Says how far a study is in a line a minute, and each notice."""

    def __init__(self) -> None:
        """Begin to count the time."""
        self.began = self.told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Show a notice, and the line that is due."""
        if progress.notice:
            click.echo(progress.notice, err=True)
        now = time.monotonic()
        if now - self.told < A_LINE or progress.done == progress.total:
            return
        self.told, gone = now, now - self.began
        left = "time left unknown"
        if progress.done:
            left = f"about {_lasting(gone * (progress.total / progress.done - 1))} left"
        done = f"{progress.done:,} of {progress.total:,} runs finished, {_lasting(gone)} gone"
        line("Planning", f"{done}, {left}")


def _lasting(seconds: float) -> str:
    """Return a time in words: 40 s, 12 min, 3.5 h."""
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


@contextmanager
def _bar() -> Iterator[Tell]:
    """Show a bar that goes when it is done: runs finished of all, time gone and left."""
    from rich import progress as bars
    from rich.console import Console
    from rich.text import Text

    columns = (
        bars.TextColumn("Planning"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("runs,"),
        bars.TimeElapsedColumn(),
        bars.TextColumn("gone,"),
        bars.TimeRemainingColumn(),
        bars.TextColumn("left"),
    )
    console = Console(stderr=True, highlight=False)
    bar = bars.Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=None)

    def tell(progress: Progress) -> None:
        bar.update(task, completed=progress.done, total=progress.total)
        bar.start()  # with the first word, so that what a command says before stands above it
        if progress.notice:
            bar.console.print(Text(progress.notice, style="yellow"))

    try:
        yield tell
    finally:
        bar.stop()


# ---- a study that was stopped before its time, or that lacks runs --------------------------------


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


def counts(outcomes: Sequence[Outcome[Any]], halt: Halt | None) -> Answer:
    """Return what a program hears of how far a study came."""
    return {
        Key.STOPPED: halt is not None,
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
    more = f" (and {len(missing) - _SHOWN} more)" if len(missing) > _SHOWN else ""
    return SolverError("; ".join(f"{o.name}: {o.error}" for o in missing[:_SHOWN]) + more)


def tell_halt(halt: Halt | None, *said: str) -> None:
    """Say that the study was stopped, how far it came, and what that means."""
    if halt is not None:
        text = "; ".join([halt.words, *filter(None, said)])
        line("Stopped", plain(text), "yellow")


def tell_not_run(names: Sequence[str], why: str) -> None:
    """Name in one line what had no turn, the first few."""
    if names:
        shown = few(list(map(plain, names)))
        line("Not run", f"{shown}: {plain(why.removeprefix('not run: '))}", "yellow")


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
        said = {Key.STATUS: "stopped", **counts(outcomes, halt), Key.OUTPUT: None, Key.ERRORS: []}
        print_json(said)
    return halt.code


def end(halt: Halt | None, failed: PlannerError | None, said: Answer, *, as_json: bool) -> int:
    """Tell a program, and return the exit code: of the stop, else of the failure, else 0."""
    if halt is not None:
        said = {**said, Key.STATUS: "stopped"}
    code = answer.end(said, as_json=as_json, failed=failed)
    return code if halt is None else halt.code
