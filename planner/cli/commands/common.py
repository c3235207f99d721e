"""Options that several commands have, and how commands report progress and write files."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.errors import WriteError
from planner.cli.answer import refuse
from planner.options import CAP_HELP, Share

if TYPE_CHECKING:
    from planner.render.table import Table

Callback = TypeVar("Callback", bound=Callable[..., Any])


class _FileName(click.Path):
    """A path; a name that no file can have is an error."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Refuse a NUL character and an unpaired surrogate: the operating system takes neither."""
        try:
            is_name = b"\0" not in os.fsencode(value)
        except UnicodeError:
            is_name = False
        if not is_name:
            self.fail(f"{str(value)!r} is not a possible name of a file", param, ctx)
        return super().convert(value, param, ctx)


class OutputPath(_FileName):
    """A path that a command writes to."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Resolve ``..`` after folders that do not exist yet.

        The system finds no file at ``nosuch/../in.xlsx``, even if ``in.xlsx`` exists. But writing
        makes the folder ``nosuch``, and would then replace ``in.xlsx``. All checks of the path must
        see that file.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        parent = path if path.name == ".." else path.parent
        if ".." not in path.parts or parent.exists():
            return path
        real, here = Path(os.path.realpath(path)), Path(os.path.realpath(Path()))
        return real.relative_to(here) if real.is_relative_to(here) else real


class FilePath(_FileName):
    """A path of a file that a command reads."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Refuse also a name that is too long for the file system."""
        path = super().convert(value, param, ctx)
        try:
            os.lstat(path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                name = Path(os.fspath(value)).name
                shown = f"{name[:40]}..." if len(name) > 40 else name  # noqa: PLR2004
                self.fail(f"the name {shown!r} is too long for a file", param, ctx)
        return path


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
    """Return a decorator that adds the option --max-country-share, with the help ``text``."""
    return click.option("--max-country-share", type=Share(), metavar="S", help=text)


def require(extra: str, needs: str, *packages: str) -> None:
    """Raise UsageError if a package is missing; ``needs`` begins the message.

    An example of ``needs``: "a report needs Plotly, which is".
    """
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in packages):
        refuse(f'{needs} not installed here: pip install ".[{extra}]"')


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
    from planner.workbook.save import save

    began = time.perf_counter()
    written: Path | None = None
    problem: WriteError | None = None
    try:
        written = save(target, write, over=over)
        if folder is not None:
            write_csv(folder, tables())
    except WriteError as error:
        problem = error
    seconds["write"] = time.perf_counter() - began
    return written, problem


def progress(as_json: bool) -> Callable[[str], None]:
    """Return a function that reports a stage of the work.

    The process that waits for the command gets the stage, if there is one (``listener``). Otherwise
    it is a line on stderr, unless stderr is no terminal or the answer is in JSON (``as_json``).
    """
    from planner.cli import progress as stages

    listener = stages.listener
    if listener is not None:
        return lambda text: listener(text, 0, 0)
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.secho(f"{text} ...", dim=True, err=True)


def certainty_words(target: Path, sha256: str, options: Mapping[str, str]) -> str:
    """Return how sure a plan is by its sensitivity study; "" without a study of the same case.

    The study's workbook is in the folder of the plan or page: ``case-sensitivity.xlsx`` is looked
    for beside ``case-plan.xlsx``.
    """
    from planner.cli import paths

    name = target.stem.removesuffix("-plan").removesuffix("-page")
    study = target.with_name(f"{name}-sensitivity.xlsx")
    if not paths.is_file(study):
        return ""
    from planner.studies.sensitivity import how_sure

    return how_sure(study, sha256, options)


def report_path(wanted: Path, written: Path) -> None:
    """Print where a workbook was written, and why, if that is not the path that was wanted."""
    if written == wanted:
        return
    from planner.workbook.save import lock_file

    lock = lock_file(wanted)
    why = "open in another program or read-only"
    if lock is not None:
        why = f"open in another program (see its lock file {lock.name})"
    click.echo(f"{wanted} is {why}: written to {written}", err=True)
