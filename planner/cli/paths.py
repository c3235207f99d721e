"""Paths that a command may write to: checked before any work, and never its own input."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.cli.answer import refuse
from planner.options import OutputPath
from planner.scratch import input_stem

if TYPE_CHECKING:
    from planner.documents.folder import FolderKind

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
    for source in chain(_sources(), also_read):
        if _same(path, source):
            refuse(f"the output {path} is the input {source}: choose another output")


def _sources() -> Iterator[Path]:
    context = click.get_current_context()
    for parameter in context.command.params:
        if isinstance(parameter.type, click.Path) and not isinstance(parameter.type, OutputPath):
            paths = context.params.get(parameter.name or "") or ()
            yield from (paths,) if isinstance(paths, Path) else paths


def _same(path: Path, source: Path) -> bool:
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
        from planner.workbook.parts import is_input

        if is_input(path):
            refuse(f"{path} is an input workbook, not a {suffix}: choose another --output")
    return path


def case_part(file: Path, options: Mapping[str, Any], scenario: str = "") -> str:
    """Return the part of a file name that names the case; "" for the base case.

    It is the scenario's name, then ``what-if``, the what-ifs and the cap, as they were typed. It is
    short, so that names of files made from the plan fit, too. ``options`` are the command's options
    for the case; ``scenario`` is the scenario's name as the workbook spells it, if known.
    """
    from models.case import fold
    from planner.documents.folder import file_part
    from planner.scenarios import BASE

    scenario = " ".join((scenario or options.get("scenario") or BASE).split())
    scenario = "" if fold(scenario) == fold(BASE) else scenario
    what_ifs, cap = options.get("what_ifs"), options.get("max_country_share")
    words = [*what_ifs.words] if what_ifs else []
    words += [f"cap {cap * 100:.10g}"] if cap is not None else []
    words = [_WHAT_IF, *words] if words else []
    if not scenario and not words:
        return ""
    bytes_left = _LONGEST - len(os.fsencode(f"{input_stem(file)}--plan.xlsx"))
    is_taken, text = _WHAT_IF in fold(scenario), " ".join(filter(None, [scenario, *words]))
    return file_part(text, min(bytes_left, _LONGEST_PART), is_taken)


def short_part(words: str) -> str:
    from planner.documents.folder import file_part

    return file_part(words, _LONGEST_PART)


_WHAT_IF = "what-if"
_LONGEST_PART = 100
"""Largest number of bytes that a case's name takes in a file name."""


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise UsageError for a file or filled folder, unless ``force`` replaces it."""
    if (any(path.iterdir()) if is_folder(path) else is_file(path)) and not force:
        refuse(f"{path} exists already: choose another name, or replace it with --force")


def is_folder(path: Path) -> bool:
    """Return whether a path is an existing folder; False for an invalid path."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir may raise


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
