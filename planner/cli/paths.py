"""Where a command may write: refused before any work is done, and never over an input."""

from __future__ import annotations

from pathlib import Path

from models.errors import UsageError, WriteError


def plan_path(
    file: Path, output: Path | None, csv_folder: Path | None, suffix: str = "plan"
) -> Path:
    """Return where the plan goes, or what another command makes: ``suffix`` is the word for it.

    UsageError where that is the input itself or another one; WriteError where a folder stands in
    the place of the plan, or a file in that of the folder for the tables.
    """
    path = Path("outputs") / f"{file.stem}-{suffix}.xlsx" if output is None else output
    path = xlsx(path, "--output")
    _not_the_input(path, file)
    if path.is_dir():
        msg = f"{path} is a folder: name a file for the {suffix}"
        raise WriteError(msg)
    if csv_folder is not None and csv_folder.exists() and not csv_folder.is_dir():
        msg = f"{csv_folder} is a file: name a folder for the tables"
        raise WriteError(msg)
    if path.is_file():
        from planner.workbook.kind import is_input

        if is_input(path):
            msg = f"{path} is itself an input workbook, no {suffix}: choose another --output"
            raise UsageError(msg)
    return path


def copy_path(file: Path, copy: Path) -> Path:
    """Return where the marked copy goes; refused as for a plan, but an earlier copy is replaced."""
    path = xlsx(copy, "--marked")
    _not_the_input(path, file)
    if path.is_dir():
        msg = f"{path} is a folder: name a file for the copy"
        raise WriteError(msg)
    if path.is_file():
        from planner.workbook.kind import is_input, is_marked

        if is_input(path) and not is_marked(path):
            msg = f"{path} is itself an input workbook, no marked copy: choose another --marked"
            raise UsageError(msg)
    return path


def _not_the_input(path: Path, file: Path) -> None:
    if _same(path, file):
        msg = f"the output {path} is the input {file}, which is never written to"
        raise UsageError(msg)


def _same(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, by whatever links or spelling."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return one.absolute() == other.absolute()


def xlsx(path: Path, what: str) -> Path:
    """Return a path that ends in .xlsx, as what is written is a workbook of that kind."""
    if not path.name:
        msg = f"{what} must name a file, such as case.xlsx"
        raise UsageError(msg)
    if not path.suffix:
        return path if path.is_dir() else path.with_name(f"{path.name}.xlsx")
    if path.suffix.casefold() != ".xlsx":
        msg = f"{what} must end in .xlsx, not {path.suffix}: a workbook of that kind is written"
        raise UsageError(msg)
    return path
