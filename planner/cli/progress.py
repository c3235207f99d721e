"""Where the runs of a command are planned, and the report of their progress.

``study_options`` give a command the keyword ``where``; it plans within ``progress_reporter``.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from planner.cli.answer import refuse
from planner.cli.words import line
from planner.options import IntegerOption

if TYPE_CHECKING:
    from planner.studies import Progress, Tell, Where

listener: Callable[[str, int, int], None] | None = None
"""Called with each stage, the finished runs and the number of runs; set by a waiting program."""
SECONDS_PER_LINE = 60.0
"""Seconds between lines of progress if no bar is shown."""


def study_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add ``--workers`` and ``--cluster``; the command gets the keyword ``where``."""

    @click.option(
        "--workers",
        type=IntegerOption(min=1),
        metavar="N",
        help="Number of processes that plan at the same time [one per core of this machine].",
    )
    @click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Plan on the workers of a Dask scheduler, such as tcp://host:8786.",
    )
    @functools.wraps(command)
    def with_place(
        *arguments: object, workers: int | None, cluster: str | None, **options: object
    ) -> int:
        return command(*arguments, where=place(workers, cluster), **options)

    return with_place


def place(workers: int | None, cluster: str | None) -> Where:
    """Return where runs are planned.

    UsageError if both options are given, or if ``cluster`` is not an address.
    """
    if workers is not None and cluster is not None:
        refuse(
            "--workers plans on this machine, --cluster on other machines: give only one of them"
        )
    if cluster is not None:
        from planner.studies.places.cluster import Cluster

        return Cluster(cluster)
    from planner.studies import LocalProcesses

    return LocalProcesses(workers)


@contextmanager
def progress_reporter(as_json: bool) -> Iterator[Tell]:
    """Yield the ``tell`` callback of ``run_study``: a progress bar if stderr is a terminal.

    Otherwise, one line per minute reports progress. A notice, for example that a worker died or
    that a cluster has no workers, is a separate line. With --json nothing is written.
    """
    if as_json:
        report = listener
        yield (lambda p: report(p.notice, p.done, p.total)) if report else lambda _: None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _Lines()


class _Lines:
    """Prints one line of progress per minute, and each notice."""

    def __init__(self) -> None:
        self.began = self.last_line = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if progress.notice:
            click.echo(progress.notice, err=True)
        now = time.monotonic()
        if now - self.last_line < SECONDS_PER_LINE or progress.done == progress.total:
            return
        self.last_line, elapsed = now, now - self.began
        left = "time left unknown"
        if progress.done:
            left = f"about {_duration(elapsed * (progress.total / progress.done - 1))} left"
        done = (
            f"{progress.done:,} of {progress.total:,} runs finished, {_duration(elapsed)} elapsed"
        )
        line("Planning", f"{done}, {left}")


def _duration(seconds: float) -> str:
    """Return a time in words: 40 s, 12 min, 3.5 h."""
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:z.0f} s"
    minutes = seconds / 60
    return f"{minutes:z.0f} min" if minutes < 90 else f"{minutes / 60:z.1f} h"  # noqa: PLR2004


@contextmanager
def _bar() -> Iterator[Tell]:
    """Show a bar until the study is done: finished runs, time elapsed, time left."""
    from rich import progress as bars
    from rich.console import Console
    from rich.text import Text

    columns = (
        bars.TextColumn("Planning"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("runs,"),
        bars.TimeElapsedColumn(),
        bars.TextColumn("elapsed,"),
        bars.TimeRemainingColumn(),
        bars.TextColumn("left"),
    )
    console = Console(stderr=True, highlight=False)
    bar = bars.Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=None)

    def tell(progress: Progress) -> None:
        bar.update(task, completed=progress.done, total=progress.total)
        bar.start()  # with the first report, so that earlier lines are above the bar
        if progress.notice:
            bar.console.print(Text(progress.notice, style="yellow"))

    try:
        yield tell
    finally:
        bar.stop()
