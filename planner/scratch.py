"""Scratch files and folders: gone when they are done with, even after the run that made them died.

Each is held with a lock that ends with its process, however that ends. What nobody holds is of a
run that was killed, and the next run that writes there clears it away.
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


def input_name(path: Path) -> str:
    """Return the name of a file that is read, or of a folder of CSV files."""
    return path.name if path.name.strip(".") else Path(os.path.realpath(path)).name


def input_stem(path: Path) -> str:
    """Return what names of files begin with that are made of a file, or of a folder."""
    name = input_name(path)
    return name if os.path.isdir(path) else Path(name).stem  # noqa: PTH112 - is_dir may raise


PREFIX = ".planner-scratch-"
_DAY = 86_400.0
"""Seconds after which a scratch file is of a dead run, where the system has no such locks."""


@contextlib.contextmanager
def scratch_file(folder: Path, suffix: str) -> Iterator[Path]:
    """Make an empty file in a folder; it is gone at the end unless it was moved."""

    def make() -> Path:
        handle, name = tempfile.mkstemp(suffix=suffix, prefix=PREFIX, dir=folder)
        os.close(handle)
        return Path(name)

    with _held(folder, make) as path:
        yield path


@contextlib.contextmanager
def scratch_folder(folder: Path | None = None) -> Iterator[Path]:
    """Make an empty folder in a folder, or where the system keeps such; it is gone at the end.

    Unless it was moved by then.
    """
    place = Path(tempfile.gettempdir()) if folder is None else folder
    with _held(place, lambda: Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))) as path:
        yield path


@contextlib.contextmanager
def _held(folder: Path, make: Callable[[], Path]) -> Iterator[Path]:
    """Clear what dead runs left, make something and hold it."""
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            _clear(left)
    path = make()
    lock: int | None = None
    try:
        with contextlib.suppress(OSError):  # a file system without locks: none is cleared there
            while (
                fcntl is not None and (lock := _lock(path)) is None
            ):  # another run took it for a dead one's
                path = make()
        yield path
    except BaseException:
        _empty(path)
        raise
    finally:
        _let_go(lock)
        _remove(path)


def _clear(left: Path) -> None:
    """Remove what no process holds."""
    if fcntl is None:
        if time.time() - left.stat().st_mtime > _DAY:
            _remove(left)
    elif (lock := _lock(left)) is not None:
        _remove(left)
        _let_go(lock)


def _lock(path: Path) -> int | None:
    """Hold a file or folder until the process ends; None where another does, or it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    held = False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(handle), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return None
    finally:
        if not held:
            os.close(handle)
    return handle if held else None


def _let_go(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _empty(path_held: Path) -> None:
    """Give back the room of what could not be written.

    A writer that found a disk full still holds its file open, and is to close it without a word.
    """
    for path in [*path_held.iterdir()] if path_held.is_dir() else [path_held]:
        with contextlib.suppress(OSError):
            if path.stat().st_nlink == 1:  # it has no other name by now
                os.truncate(path, 0)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
