"""Where a command may write: refused before any work is done, and never over what it reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import UsageError
from planner.cli.commands.common import OutputPath
from planner.scratch import input_stem

if TYPE_CHECKING:
    from planner.documents.folder import FolderKind

_LONGEST = 255
"""Bytes of a file's name that every system takes."""


# ---- every command's targets --------------------------------------------------------------------


def target(path: Path, word: str, *also_read: Path) -> Path:
    """Return where a command may write a file; ``word`` is the word for it.

    UsageError where the file is one that the command reads, by whatever links or spelling;
    WriteError where a folder, a pipe or a device stands there.
    """
    _refuse_source(path, also_read)
    from planner.workbook.save import refuse_special_file

    refuse_special_file(path, word)
    return path


def apart(folder: Path) -> Path:
    """Return a folder that is written to; UsageError where the command reads it."""
    _refuse_source(folder, ())
    return folder


def folder_target(folder: Path, kind: FolderKind) -> Path:
    """Return a folder that a command may fill: new, empty, or filled by an earlier run."""
    _refuse_source(folder, ())
    from planner.documents.folder import earlier_files

    earlier_files(folder, kind)
    return folder


def _refuse_source(path: Path, also_read: Iterable[Path]) -> None:
    for source in chain(_sources(), also_read):
        if _same(path, source):
            msg = f"the output {path} is the input {source}, which is never written to"
            raise UsageError(msg)


def _sources() -> Iterator[Path]:
    """Yield every file that the running command was told to read."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if isinstance(parameter.type, click.Path) and not isinstance(parameter.type, OutputPath):
            paths = context.params.get(parameter.name or "") or ()
            yield from (paths,) if isinstance(paths, Path) else paths


def _same(path: Path, source: Path) -> bool:
    """Return whether what is written to a path replaces a file that is read.

    The system knows best, as it sees through hard links and letters' case; it is asked of the path
    that writing leads to, since ``new/../in.xlsx`` is nothing to it unless ``new`` is there.
    """
    written = os.path.realpath(path)
    try:
        return source.samefile(written)
    except (OSError, ValueError):  # one of them is not there
        return os.path.normcase(written) == os.path.normcase(os.path.realpath(source))


# ---- what is finished of a study that was stopped ------------------------------------------------


def partial_file(path: Path) -> Path:
    """Return where the workbook of what is finished goes; the path is for a whole result."""
    return path.with_name(f"{path.stem}-partial{path.suffix}")


def partial_folder(folder: Path | None) -> Path | None:
    """Return where the tables of what is finished go: a folder that is not there yet."""
    if folder is None:
        return None
    whole = folder if folder.name not in {"", ".."} else Path(os.path.realpath(folder))
    numbers = chain([""], (f" ({number})" for number in count(2)))
    paths = (whole.with_name(f"{whole.name}-partial{number}") for number in numbers)
    return next(path for path in paths if not os.path.lexists(path))


# ---- workbooks ----------------------------------------------------------------------------------


def plan_path(
    file: Path, output: Path | None, csv_folder: Path | None, suffix: str = "plan", part: str = ""
) -> Path:
    """Return where the plan goes, or what another command makes: ``suffix`` is the word for it.

    Unless ``output`` says it, the name is that of the input, then ``part`` what case it is.
    UsageError where that is an input; WriteError where nothing can be written there, or where the
    folder for the tables is somebody's.
    """
    if output is None:
        output = Path("outputs") / "-".join(
            filter(None, (input_stem(file), part, f"{suffix}.xlsx"))
        )
    path = target(xlsx(output, "--output"), suffix)
    if csv_folder is not None:
        _refuse_csv_folder(csv_folder, path)
    if is_file(path):
        from planner.workbook.parts import is_input

        if is_input(path):
            msg = f"{path} is itself an input workbook, not a {suffix}: choose another --output"
            raise UsageError(msg)
    return path


def _refuse_csv_folder(folder: Path, workbook: Path) -> None:
    from planner.documents.folder import TABLES

    folder_target(folder, TABLES)
    if Path(os.path.realpath(workbook)).is_relative_to(os.path.realpath(folder)):
        msg = f"--csv {folder} holds the output {workbook}: name a folder for the tables alone"
        raise UsageError(msg)


def case_part(file: Path, options: Mapping[str, Any], scenario: str = "") -> str:
    """Return what tells a result of some case from that of the base: "" where that is planned.

    It is the scenario's name, then ``what-if`` and the what-ifs and the cap, as they were typed. It
    is short, so that what is made of the plan can have a name, too. ``options`` are the case's, as
    far as the command has them, ``scenario`` its name as the workbook spells it, where known.
    """
    from models.case import fold
    from planner.documents.folder import file_part
    from planner.scenarios import BASE

    scenario = " ".join((scenario or options.get("scenario") or BASE).split())
    scenario = "" if fold(scenario) == fold(BASE) else scenario
    asked, cap = options.get("what_ifs"), options.get("max_country_share")
    words = list(asked.words) if asked else []
    words += [f"cap {cap * 100:.10g}"] if cap is not None else []
    if words:
        words.insert(0, _WHAT_IF)
    if not scenario and not words:
        return ""
    room = _LONGEST - len(os.fsencode(f"{input_stem(file)}--plan.xlsx"))
    is_taken = _WHAT_IF in fold(scenario)
    return file_part(" ".join(filter(None, [scenario, *words])), min(room, _LONGEST_PART), is_taken)


def study_part(file: Path, options: Mapping[str, Any], part: str, scenario: str = "") -> str:
    """Return what tells a study's workbook from others of the same input: case, then its own."""
    return "-".join(filter(None, (case_part(file, options, scenario), name_part(part))))


def name_part(words: str) -> str:
    """Return words as a part of a file's name; "" where there are none."""
    from planner.documents.folder import file_part

    return file_part(words, _LONGEST_PART) if words else ""


_WHAT_IF = "what-if"
_LONGEST_PART = 100
"""Bytes of a case's name in that of a file."""


def copy_path(copy: Path) -> Path:
    """Return where the marked copy goes; refused as for a plan, but an earlier copy is replaced."""
    path = target(xlsx(copy, "--marked"), "copy")
    if is_file(path):
        from planner.workbook.parts import is_input, is_marked

        if is_input(path) and not is_marked(path):
            msg = f"{path} is itself an input workbook, not a marked copy: choose another --marked"
            raise UsageError(msg)
    return path


def is_folder(path: Path) -> bool:
    """Return whether a folder stands at a path; what is no path is none."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir may raise


def is_file(path: Path) -> bool:
    """Return whether a file stands at a path; where the system does not say, none does."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file may raise


def html(page: Path) -> Path:
    """Return a path that ends in .html, as what is written is a page for a browser."""
    return _ending(page, (".html", ".htm"), "a page for a browser is written")


def pptx(slides: Path) -> Path:
    """Return a path that ends in .pptx, as what is written are slides."""
    return _ending(slides, (".pptx",), "slides are written")


def _ending(path: Path, suffixes: tuple[str, ...], what: str) -> Path:
    if is_folder(path):
        return path
    if not path.suffix:
        path = path.with_name(f"{path.name}{suffixes[0]}")
    if path.suffix.casefold() not in suffixes:
        msg = f"--output must end in {suffixes[0]}, not {path.suffix}: {what}"
        raise UsageError(msg)
    return path


def xlsx(path: Path, name: str) -> Path:
    """Return a path that ends in .xlsx, as what is written is a workbook of that kind."""
    if not path.name:
        msg = f"{name} must name a file, such as case.xlsx"
        raise UsageError(msg)
    if not path.suffix:
        return path if is_folder(path) else path.with_name(f"{path.name}.xlsx")
    if path.suffix.casefold() != ".xlsx":
        msg = f"{name} must end in .xlsx, not {path.suffix}: a workbook of that kind is written"
        raise UsageError(msg)
    return path
