"""Where the runs of a command take place, and how far they are.

A command gets the keyword ``where`` of ``study_options``, and plans within ``progress_reporter``.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from models.errors import UsageError
from planner.cli.words import line
from planner.options import IntegerOption

if TYPE_CHECKING:
    from planner.studies import Progress, Tell, Where

listener: Callable[[str, int, int], None] | None = None
"""What hears of stages, and of runs that are done, of how many: where a program waits for them."""
A_LINE = 60.0
"""Seconds from line to line where no bar is shown."""


def study_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add ``--workers`` and ``--cluster``; the command gets the keyword ``where``."""

    @click.option(
        "--workers",
        type=IntegerOption(min=1),
        metavar="N",
        help="Number of processes to plan with; 1 plans in this process alone [all cores of"
        " this machine].",
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


def place(workers: int | None, cluster: str | None) -> Where:
    """Return where the runs take place.

    Raises UsageError where both options are given, or where the cluster's is no address.
    """
    if workers is not None and cluster is not None:
        msg = "--workers is for this machine, --cluster for others: give one of them"
        raise UsageError(msg)
    if cluster is not None:
        from planner.studies.places.cluster import Cluster

        return Cluster(cluster)
    from planner.studies import LocalProcesses

    return LocalProcesses(workers)


@contextmanager
def progress_reporter(as_json: bool) -> Iterator[Tell]:
    """Yield the ``tell`` callback of ``run_study``: a bar on stderr if stderr is a terminal.

    Otherwise a line a minute says how far the study is. A notice (a worker that died, a cluster
    without workers) is a line of its own. With --json nothing is written.
    """
    if as_json:
        hear = listener
        yield (lambda p: hear(p.notice, p.done, p.total)) if hear else lambda _: None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _Lines()


class _Lines:
    """Says how far a study is in a line a minute, and each notice."""

    def __init__(self) -> None:
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
        return f"{seconds:z.0f} s"
    minutes = seconds / 60
    return f"{minutes:z.0f} min" if minutes < 90 else f"{minutes / 60:z.1f} h"  # noqa: PLR2004


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
