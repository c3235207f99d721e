"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from models.errors import WriteError


def save(path: Path, write: Callable[[Path], None], *, beside: bool = True) -> Path:
    """Have ``write`` fill a file, put it at ``path`` in one step, and return where it stands.

    A missing folder is made. Where a file is there that cannot be replaced (open in Excel or
    LibreOffice, or read-only) the new one goes beside it as ``name (2).xlsx``, unless ``beside`` is
    false. WriteError says that there is nowhere to write; then nothing has changed.
    """
    target = _behind_links(path)
    try:
        if target.is_dir():
            msg = f"{path} is a folder: name a file"
            raise WriteError(msg)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _scratch(target) as made:
            write(made)
            _settle(made, target)
            if not is_in_use(target):
                # Windows refuses to replace a file that another program holds open.
                with contextlib.suppress(PermissionError):
                    made.replace(target)
                    _settle_folder(target.parent)
                    return path
            if not beside:
                msg = f"{path} is open in another program or read-only"
                raise WriteError(msg)
            other = _put_beside(made, target)
            _settle_folder(target.parent)
            return path.with_name(other.name) if path.parent.resolve() == other.parent else other
    except (OSError, FileCreateError) as error:
        raise WriteError(_why(path, error)) from error


def lock_of(path: Path) -> Path | None:
    """Return the file by which Excel or LibreOffice says that it has a file open; None if not."""
    locks = (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"))
    return next((lock for lock in locks if lock.exists()), None)


def is_in_use(path: Path) -> bool:
    """Return whether a file is open in Excel or LibreOffice, or may not be written to."""
    if lock_of(path) is not None:
        return True
    if not path.exists():
        return False
    # The permission bits count for an administrator, too, whom the system would refuse nothing.
    marked = not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    return marked or not os.access(path, os.W_OK)


@contextlib.contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """Make an empty file in the target's folder; it is gone at the end unless it was moved."""
    handle, name = tempfile.mkstemp(suffix=target.suffix, prefix=".planner-", dir=target.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            made.unlink(missing_ok=True)


def _behind_links(path: Path) -> Path:
    """Follow symbolic links, so that a link stays one and its file is replaced."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # a circle of links
        raise WriteError(_why(path, error)) from error


def _settle(made: Path, target: Path) -> None:
    """Have the file reach the disk, with the permissions of the one it replaces."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    if target.exists() and not is_in_use(target):
        made.chmod(stat.S_IMODE(target.stat().st_mode))
    else:  # those of any new file: mkstemp keeps its files from everyone else
        mask = os.umask(0)
        os.umask(mask)
        made.chmod(0o666 & ~mask)


def _settle_folder(folder: Path) -> None:
    """Have the new name reach the disk, where the system can say so of a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_beside(made: Path, target: Path) -> Path:
    """Move the file to the first free ``name (2).xlsx``; never over a file that is there."""
    for number in count(2):
        other = target.with_name(f"{target.stem} ({number}){target.suffix}")
        if other.exists() or is_in_use(other):
            continue
        try:
            os.link(made, other)
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            made.replace(other)
        return other
    raise AssertionError


def _why(path: Path, error: Exception) -> str:
    cause = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    said = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return f"{path} cannot be written: {said}"
