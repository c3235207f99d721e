"""Scratch files and folders, which are removed even if the run that made them was killed.

The process that made one locks it until the process ends. If nobody locks one, its run was killed:
the next run that writes into the folder removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def is_folder(path: Path) -> bool:
    """Return whether a path is an existing folder; False for an invalid path."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir may raise


def input_name(path: Path) -> str:
    """Return the name of an input file, or of a folder of CSV files."""
    return path.name if path.name.strip(".") else Path(os.path.realpath(path)).name


def input_stem(path: Path) -> str:
    """Return the beginning of the names of files made from an input file or folder."""
    name = input_name(path)
    return name if os.path.isdir(path) else Path(name).stem  # noqa: PTH112 - is_dir may raise


PREFIX = ".planner-scratch-"
_DAY = 86_400.0
"""On systems without such locks: age in seconds after which a scratch file is removed."""


@contextlib.contextmanager
def scratch_file(folder: Path, suffix: str) -> Iterator[Path]:
    """Make an empty file in a folder; it is removed at the end unless it was moved."""

    def make() -> Path:
        handle, name = tempfile.mkstemp(suffix=suffix, prefix=PREFIX, dir=folder)
        os.close(handle)
        return Path(name)

    with _locked(folder, make) as path:
        yield path


@contextlib.contextmanager
def scratch_folder(folder: Path | None = None) -> Iterator[Path]:
    """Make an empty folder in a folder, or in the system's folder for temporary files.

    It is removed at the end unless it was moved.
    """
    place = Path(tempfile.gettempdir()) if folder is None else folder
    with _locked(place, lambda: Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))) as path:
        yield path


@contextlib.contextmanager
def _locked(folder: Path, make: Callable[[], Path]) -> Iterator[Path]:
    """Remove scratch files of killed runs, then make one and lock it."""
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            _remove_unlocked(path)
    path = make()
    lock: int | None = None
    try:
        with contextlib.suppress(OSError):  # a file system without locks: nothing is removed there
            # None: another run removed the file before it was locked
            while fcntl is not None and (lock := _lock(path)) is None:
                path = make()
        yield path
    except BaseException:
        _empty(path)
        raise
    finally:
        _unlock(lock)
        _remove(path)


def _remove_unlocked(path: Path) -> None:
    if fcntl is None:
        if time.time() - path.stat().st_mtime > _DAY:
            _remove(path)
    elif (lock := _lock(path)) is not None:
        _remove(path)
        _unlock(lock)


def _lock(path: Path) -> int | None:
    """Lock a file or folder until the process ends; None if another process has, or it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    is_locked = False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_locked = os.path.samestat(os.fstat(handle), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return None
    finally:
        if not is_locked:
            os.close(handle)
    return handle if is_locked else None


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _empty(scratch: Path) -> None:
    """Free the space of files that could not be written.

    After a full disk, the writer still has its file open; it can then be closed without an error.
    """
    for path in [*scratch.iterdir()] if scratch.is_dir() else [scratch]:
        with contextlib.suppress(OSError):
            if path.stat().st_nlink == 1:  # the file was not given another name
                os.truncate(path, 0)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
