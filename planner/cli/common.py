"""Options that several commands have, where they write, and how they report progress."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.errors import Mistakes, UsageError, WriteError
from planner._version import pip_install
from planner.cli.answer import refuse
from planner.cli.words import line
from planner.options import (
    BLOCK,
    CAP_HELP,
    LOSE,
    WHAT_IF,
    FilePath,
    IntegerOption,
    OutputPath,
    Share,
    postponed_errors,
)
from planner.scratch import input_stem, is_folder

if TYPE_CHECKING:
    from models.case import Case
    from planner.documents.folder import FolderKind
    from planner.render.table import Table
    from planner.scenarios import WhatIf
    from planner.studies import OnProgress, Progress, Where


_LONGEST = 255
"""Largest number of bytes of a file name that every system allows."""


# ---- outputs of every command -------------------------------------------------------------------


def output_file(path: Path, word: str, *also_read: Path) -> Path:
    """Return the path of a file that a command writes; messages call it ``word``, such as "plan".

    UsageError if it is a file that the command reads, under any link or spelling; WriteError if it
    is a folder, a pipe or a device.
    """
    refuse_source(path, *also_read)
    from planner.workbook.save import refuse_special_file

    refuse_special_file(path, word)
    return path


def refuse_other_folder(folder: Path, kind: FolderKind) -> None:
    """Refuse a folder unless it is new, empty, or filled by an earlier run of the command."""
    refuse_source(folder)
    from planner.documents.folder import earlier_files

    earlier_files(folder, kind)


def refuse_source(path: Path, *also_read: Path) -> None:
    """Raise UsageError for a path that the command reads."""
    for source in chain(_input_paths(), also_read):
        if _is_overwrite(path, source):
            refuse(f"the output {path} is the input {source}: choose another output")


def _input_paths() -> Iterator[Path]:
    """Yield the files and folders that the running command reads."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if isinstance(parameter.type, click.Path) and not isinstance(parameter.type, OutputPath):
            paths = context.params.get(parameter.name or "") or ()
            yield from (paths,) if isinstance(paths, Path) else paths


def _is_overwrite(path: Path, source: Path) -> bool:
    """Return whether writing to a path replaces a file that is read.

    The operating system compares the files, so hard links and upper or lower case make no
    difference. The path is resolved first: ``new/../in.xlsx`` is no file until ``new`` exists.
    """
    written = os.path.realpath(path)
    try:
        return source.samefile(written)
    except (OSError, ValueError):  # one of them does not exist
        return os.path.normcase(written) == os.path.normcase(os.path.realpath(source))


# ---- outputs of a study that was stopped ---------------------------------------------------------


def partial_folder(folder: Path | None) -> Path | None:
    """Return the folder for the tables of an unfinished study: one that does not exist yet."""
    if folder is None:
        return None
    named = folder if folder.name not in {"", ".."} else Path(os.path.realpath(folder))
    numbers = chain([""], (f" ({number})" for number in count(2)))
    paths = (named.with_name(f"{named.name}-partial{number}") for number in numbers)
    return next(path for path in paths if not os.path.lexists(path))


# ---- workbooks ----------------------------------------------------------------------------------


def plan_path(
    file: Path, output: Path | None, csv_folder: Path | None, suffix: str = "plan", part: str = ""
) -> Path:
    """Return the path of the plan, or of another command's workbook, which ``suffix`` names.

    Without ``output``, the file name is the input's name, then ``part`` (the case), then
    ``suffix``. UsageError if the path is an input; WriteError if it cannot be written, or if the
    folder for the tables has other files.
    """
    name = "-".join(filter(None, (input_stem(file), part, f"{suffix}.xlsx")))
    path = output_file(xlsx_path(output or Path("outputs", name), "--output"), suffix)
    if csv_folder is not None:
        from planner.documents.folder import TABLES

        refuse_other_folder(csv_folder, TABLES)
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(csv_folder)):
            holds = f"--csv {csv_folder} also contains the output {path}"
            refuse(f"{holds}: name a folder only for tables")
    if is_file(path):
        from planner.workbook.archive import is_input

        if is_input(path):
            refuse(f"{path} is an input workbook, not a {suffix}: choose another --output")
    return path


def case_part(file: Path, options: Mapping[str, Any], scenario: str = "") -> str:
    """Return the part of a file name that names the case; "" for the base case.

    It is the scenario's name, then ``what-if``, the what-ifs and the cap, as they were typed. It is
    short, so that names of files made from the plan fit, too. ``options`` are the command's options
    for the case; ``scenario`` is the scenario's name as the workbook spells it, if known.
    """
    from models.case import normalize
    from planner.documents.folder import file_part
    from planner.scenarios import BASE

    scenario = " ".join((scenario or options.get("scenario") or BASE).split())
    scenario = "" if normalize(scenario) == normalize(BASE) else scenario
    what_ifs, cap = options.get("what_ifs"), options.get("max_country_share")
    words = [*what_ifs.words] if what_ifs else []
    words += [f"cap {cap * 100:.10g}"] if cap is not None else []
    words = [_WHAT_IF, *words] if words else []
    if not scenario and not words:
        return ""
    bytes_left = _LONGEST - len(os.fsencode(f"{input_stem(file)}--plan.xlsx"))
    is_taken, text = _WHAT_IF in normalize(scenario), " ".join(filter(None, [scenario, *words]))
    return file_part(text, min(bytes_left, _LONGEST_PART), is_taken)


def short_part(words: str) -> str:
    """Return words as a part of a file name, cut to a length that every system allows."""
    from planner.documents.folder import file_part

    return file_part(words, _LONGEST_PART)


_WHAT_IF = "what-if"
_LONGEST_PART = 100
"""Largest number of bytes that a case's name takes in a file name."""


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise UsageError for a file or filled folder, unless ``force`` replaces it."""
    if (any(path.iterdir()) if is_folder(path) else is_file(path)) and not force:
        refuse(f"{path} exists already: choose another name, or replace it with --force")


def is_file(path: Path) -> bool:
    """Return whether a path is an existing file; False if the system cannot tell."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file may raise


def html_path(path: Path) -> Path:
    return with_suffix(path, (".html", ".htm"), "a web page")


def with_suffix(path: Path, suffixes: tuple[str, ...], what: str) -> Path:
    """Return a path with the first suffix if it has none; UsageError if it has another one."""
    if is_folder(path):
        return path
    if not path.suffix:
        path = path.with_name(f"{path.name}{suffixes[0]}")
    if path.suffix.casefold() not in suffixes:
        refuse(f"--output must end in {suffixes[0]}, not {path.suffix}: the command writes {what}")
    return path


def xlsx_path(path: Path, name: str) -> Path:
    """Return a path with the suffix .xlsx; messages call the option ``name``."""
    if not path.name:
        refuse(f"{name} must name a file, such as case.xlsx")
    if not path.suffix:
        return path if is_folder(path) else path.with_name(f"{path.name}.xlsx")
    if path.suffix.casefold() != ".xlsx":
        refuse(f"{name} must end in .xlsx, not {path.suffix}")
    return path


Callback = TypeVar("Callback", bound=Callable[..., Any])


WORKBOOK = FilePath(path_type=Path)
OUTPUT = OutputPath(path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
SCENARIO = click.option(
    "--scenario",
    default="Base",
    metavar="NAME",
    help="Plan this scenario of the sheet Scenarios [Base: no scenario].",
)
CSV = click.option(
    "--csv",
    "csv_folder",
    type=OUTPUT,
    metavar="DIR",
    help="Also write the tables as CSV files into the folder DIR.",
)


def share_limit(text: str = CAP_HELP) -> Callable[[Callback], Callback]:
    return click.option("--max-country-share", type=Share(), metavar="S", help=text)


def require(extra: str, needs: str, *packages: str) -> None:
    """Raise UsageError if a package is missing.

    ``needs`` begins the message, such as "a report needs Plotly, which is".
    """
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in packages):
        refuse(f"{needs} not installed here: {pip_install(extra)}")


def output_option(text: str, metavar: str = "BOOK") -> Callable[[Callback], Callback]:
    return click.option("-o", "--output", type=OUTPUT, metavar=metavar, help=text)


def write_workbook_and_tables(  # noqa: PLR0913 - what is written, and where
    target: Path,
    write: Callable[[Path], None],
    folder: Path | None,
    tables: Callable[[], Iterable[Table]],
    seconds: dict[str, float],
    *,
    over: bool = True,
) -> tuple[Path | None, WriteError | None]:
    """Write a workbook and, if a folder is named, its tables as CSV files.

    An existing workbook is replaced only if ``over``. The time is added to ``seconds``. Returns the
    path of the workbook (None: not written) and the error, if any.
    """
    from planner.documents.folder import write_csv
    from planner.workbook import save as saving

    began, written, problem = time.perf_counter(), None, None
    try:
        written = saving.save_file(target, write, over=over)
        if folder is not None:
            write_csv(folder, tables())
    except WriteError as error:
        problem = error
    seconds["write"] = time.perf_counter() - began
    return written, problem


def save_output(path: Path, file: str | Callable[[Path], object]) -> Path:
    """Save a text or a file in one step; return its path, and print it if it is another one."""
    from planner.workbook import save as saving

    written = (
        saving.save_text(path, file) if isinstance(file, str) else saving.save_file(path, file)
    )
    report_path(path, written)
    return written


def stage_reporter(as_json: bool) -> Callable[[str], None]:
    """Return a function that reports a stage of the work.

    The process that waits for the command gets the stage, if there is one (``listener``). Otherwise
    it is a line on stderr, unless stderr is no terminal or the answer is in JSON (``as_json``).
    """
    report = listener
    if report is not None:
        return lambda text: report(text, 0, 0)
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.secho(f"{text} ...", dim=True, err=True)


def report_path(wanted: Path, written: Path) -> None:
    """Print where a workbook was written, and why, if that is not the path that was wanted."""
    if written == wanted:
        return
    from planner.workbook.save import lock_file

    lock = lock_file(wanted)
    why = f"(see its lock file {lock.name})" if lock is not None else "or read-only"
    click.echo(f"{wanted} is open in another program {why}: written to {written}", err=True)


# ---- what-ifs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WhatIfOptions:
    """The what-ifs of a command line, as typed; call it with a case to apply them.

    ``wrong`` are the errors in other options, which are reported together with errors in these.
    """

    blocks: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.blocks or self.losses or self.changes)

    @property
    def words(self) -> tuple[str, ...]:
        """The what-ifs as typed, for the name of a file."""
        each = ((LOSE, self.losses), (BLOCK, self.blocks), ("", self.changes))
        typed = (f"{option.lstrip('-')} {text}" for option, texts in each for text in texts)
        return tuple(" ".join(text.replace(";", ",").replace("=", " ").split()) for text in typed)

    def __call__(self, case: Case) -> tuple[WhatIf, ...]:
        """Return the what-ifs, in the case's names: blocks, then losses, then changes.

        UsageError lists the errors of all options.
        """
        from planner.cli import phrases
        from planner.scenarios import WhatIf
        from planner.scenarios.named import Named

        named, what_ifs, wrong = Named(case), list[WhatIf](), Mistakes()
        for option, texts, read in (
            (BLOCK, self.blocks, phrases.read_block),
            (LOSE, self.losses, phrases.read_lose),
            (WHAT_IF, self.changes, phrases.read_what_if),
        ):
            for text in texts:
                with wrong.collect(f"{option} {text!r}: "):
                    words, steps = read(text, named)
                    findings, errors = named.check_steps(steps)
                    if errors:
                        raise UsageError("\n".join(errors))
                    what_if = WhatIf(option, text, words, steps)
                    placed = (replace(f, found=f"`{what_if.typed}`: {f.found}") for f in findings)
                    what_ifs.append(replace(what_if, findings=tuple(placed)))
        wrong.lines += self.wrong
        wrong.raise_if_any()
        return tuple(what_ifs)


def what_if_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add ``--block``, ``--lose`` and ``--what-if``; the command gets the keyword ``asked``."""

    @click.option(
        BLOCK,
        "blocks",
        multiple=True,
        metavar="FROM:TO[:MINERAL]",
        help='Stop all deliveries from a country, company or refiner to a member. "*" means all'
        " sellers or all members. Repeatable.",
    )
    @click.option(
        LOSE,
        "losses",
        multiple=True,
        metavar="WHO",
        help="Remove the refiners, projects and ore of the country WHO, or the companies and"
        " refiners whose names contain WHO. Repeatable.",
    )
    @click.option(
        WHAT_IF,
        "changes",
        multiple=True,
        metavar="ACTION;...",
        help='Apply an action of the sheet Scenarios, such as "scale capacity; country=China;'
        ' years=2027-2030; value=0.7". Repeatable.',
    )
    @functools.wraps(command)
    def with_what_ifs(*arguments: object, **options: Any) -> int:
        typed = {name: options.pop(name) for name in ("blocks", "losses", "changes")}
        asked = WhatIfOptions(**typed, wrong=postponed_errors())
        if asked.wrong and not asked:
            raise click.UsageError("\n".join(asked.wrong))
        return command(*arguments, asked=asked, **options)

    return with_what_ifs


def case_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that select a case: scenario, what-ifs and the limit on countries' shares.

    The command gets them as the keyword ``variation``, a dict of keywords for ``start_file``.
    """

    @SCENARIO
    @what_if_options
    @share_limit()
    @functools.wraps(command)
    def with_case(*arguments: object, asked: WhatIfOptions, **options: Any) -> int:
        variation = {name: options.pop(name) for name in ("scenario", "max_country_share")}
        return command(*arguments, variation=variation | {"what_ifs": asked}, **options)

    return with_case


# ---- where runs are planned, and the report of their progress ------------------------------------

listener: Callable[[str, int, int], None] | None = None
"""Called with each stage, the finished runs and the number of runs; set by a waiting program."""
SECONDS_PER_LINE = 60.0
"""Seconds between lines of progress if no bar is shown."""


VERBOSE = click.option(
    "-v", "--verbose", is_flag=True, help="Print figures, cautions and the whole table, too."
)


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
    def with_place(*arguments: object, **options: Any) -> int:
        where = place(options.pop("workers"), options.pop("cluster"))
        return command(*arguments, where=where, **options)

    return with_place


def place(workers: int | None, cluster: str | None) -> Where:
    """Return where runs are planned; UsageError for both options, or for a wrong address."""
    if workers is not None and cluster is not None:
        both = "--workers plans on this machine, --cluster on other machines"
        refuse(f"{both}: give only one of them")
    if cluster is not None:
        from planner.studies.places.cluster import Cluster

        return Cluster(cluster)
    from planner.studies import LocalProcesses

    return LocalProcesses(workers)


@contextmanager
def progress_reporter(as_json: bool) -> Iterator[OnProgress]:
    """Yield the ``on_progress`` callback of ``run_study``: a progress bar if stderr is a terminal.

    Otherwise, one line per minute reports progress. A notice, for example that a worker died or
    that a cluster has no workers, is a separate line. With --json nothing is written.
    """
    if as_json:
        report = listener
        yield (lambda p: report(p.notice, p.done, p.total)) if report else lambda _: None
    elif sys.stderr.isatty():
        with _bar() as on_progress:
            yield on_progress
    else:
        yield _progress_lines()


def _progress_lines() -> OnProgress:
    began = last_line = time.monotonic()

    def on_progress(progress: Progress) -> None:
        nonlocal last_line
        if progress.notice:
            click.echo(progress.notice, err=True)
        now = time.monotonic()
        if now - last_line < SECONDS_PER_LINE or progress.done == progress.total:
            return
        last_line, elapsed, left = now, now - began, "time left unknown"
        if progress.done:
            left = f"about {_duration(elapsed * (progress.total / progress.done - 1))} left"
        done = f"{progress.done:,} of {progress.total:,} runs finished"
        line("Planning", f"{done}, {_duration(elapsed)} elapsed, {left}")

    return on_progress


def _duration(seconds: float) -> str:
    """Return a time in words: 40 s, 12 min, 3.5 h."""
    if seconds < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:z.0f} s"
    minutes = seconds / 60
    return f"{minutes:z.0f} min" if minutes < 90 else f"{minutes / 60:z.1f} h"  # noqa: PLR2004


@contextmanager
def _bar() -> Iterator[OnProgress]:
    """Show a bar until the study is done: finished runs, time elapsed, time left."""
    from rich import progress as bars
    from rich.console import Console
    from rich.text import Text

    runs = ("Planning", bars.BarColumn(), bars.MofNCompleteColumn(), "runs,")
    times = (bars.TimeElapsedColumn(), "elapsed,", bars.TimeRemainingColumn(), "left")
    console = Console(stderr=True, highlight=False)
    bar = bars.Progress(*runs, *times, console=console, transient=True)
    task = bar.add_task("", total=None)

    def on_progress(progress: Progress) -> None:
        bar.update(task, completed=progress.done, total=progress.total)
        bar.start()  # with the first report, so that earlier lines are above the bar
        if progress.notice:
            bar.console.print(Text(progress.notice, style="yellow"))

    try:
        yield on_progress
    finally:
        bar.stop()
