"""Writing a file whole or not at all, and noticing when another program has saved one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event

from xlsxwriter.exceptions import FileCreateError

from models.errors import InputError, WriteError
from planner.scratch import scratch_file


def save(
    path: Path, write: Callable[[Path], object], *, beside: bool = True, over: bool = True
) -> Path:
    """Let ``write`` fill a file, put it at ``path`` in one step, and return where it stands.

    A missing folder is made. Where a file is there that cannot be replaced (open in Excel or
    LibreOffice, or read-only, or ``over`` is false) the new one goes beside it as
    ``name (2).xlsx``, unless ``beside`` is false. WriteError says that there is nowhere to write;
    then nothing has changed.
    """
    target = behind_links(path)
    with told_as_write_error(path):
        refuse_no_file(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(target.parent, target.suffix) as scratch:
            write(scratch)
            _settle(scratch, target)
            if not is_in_use(target) and (over or not target.exists()):
                # Windows refuses to replace a file that another program holds open.
                with contextlib.suppress(PermissionError):
                    scratch.replace(target)
                    names_to_disk(target.parent)
                    return path
            if not beside:
                msg = f"{path} is open in another program or read-only"
                raise WriteError(msg)
            other = _put_beside(scratch, target)
            names_to_disk(target.parent)
            return path.with_name(other.name) if path.parent.resolve() == other.parent else other


def save_text(path: Path, text: str) -> Path:
    """Put a text at a path as ``save`` does; half a letter, which no file holds, is a ``?``."""

    def write(scratch: Path) -> None:
        scratch.write_text(text, encoding="utf-8", errors="replace", newline="\n")

    return save(path, write)


@contextlib.contextmanager
def told_as_write_error(path: Path) -> Iterator[None]:
    """Tell what the system has against writing to a path as a WriteError."""
    try:
        yield
    except (OSError, FileCreateError) as error:
        raise WriteError(_why(path, error)) from error


def refuse_no_file(path: Path, word: str = "file") -> None:
    """Raise WriteError where what stands at a path is no file: a folder, a pipe, a device."""
    try:
        mode = behind_links(path).stat().st_mode
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise WriteError(_why(path, error)) from error
        return  # nothing is there, or writing will say why
    if stat.S_ISDIR(mode):
        msg = f"{path} is a folder: name a file{'' if word == 'file' else f' for the {word}'}"
        raise WriteError(msg)
    if not stat.S_ISREG(mode):
        msg = f"{path} is a pipe, device or socket, which nothing is written to: name a file"
        raise WriteError(msg)


def lock_of(path: Path) -> Path | None:
    """Return the file by which Excel or LibreOffice says that it has a file open; None if not."""
    locks = (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"))
    return next((lock for lock in locks if _is_there(lock)), None)


def _is_there(path: Path) -> bool:
    """Return whether a file exists; a name that is too long for one is of none."""
    with contextlib.suppress(OSError):
        return path.exists()
    return False


def is_in_use(path: Path) -> bool:
    """Return whether a file is open in Excel or LibreOffice, or may not be written to."""
    if lock_of(path) is not None:
        return True
    if not path.exists():
        return False
    # The permission bits count for an administrator, too, whom the system would refuse nothing.
    marked = not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    return marked or not os.access(path, os.W_OK)


def behind_links(path: Path) -> Path:
    """Follow symbolic links, so that a link stays one and its file is replaced."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links; no name of a file
        raise WriteError(_why(path, error)) from error


def _settle(scratch: Path, target: Path) -> None:
    """Write the file durably, with the permissions of the one it replaces."""
    to_disk(scratch)
    if target.exists() and not is_in_use(target):
        scratch.chmod(stat.S_IMODE(target.stat().st_mode))
    else:
        share(scratch, 0o666)


def share(scratch: Path, mode: int) -> None:
    """Give a scratch file or folder the permissions of any new one: it was kept from all others."""
    mask = os.umask(0)
    os.umask(mask)
    scratch.chmod(mode & ~mask)


def to_disk(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def names_to_disk(folder: Path) -> None:
    """Write the names in a folder durably, where the system can do so."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_beside(scratch: Path, target: Path) -> Path:
    """Move the file to the first free ``name (2).xlsx``; never over a file that is there."""
    for number in count(2):
        other = target.with_name(f"{target.stem} ({number}){target.suffix}")
        if other.exists() or is_in_use(other):
            continue
        try:
            os.link(scratch, other)
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            scratch.replace(other)
        return other
    raise AssertionError


def _why(path: Path, error: Exception) -> str:
    cause = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return f"{path} cannot be written: {reason}"


# ---- when another program has saved a workbook ---------------------------------------------------
#
# Excel writes a temporary file, renames the old workbook away and the new one into its place;
# LibreOffice copies over it; others write in place, in pieces. All of them touch the file more than
# once, and beside it come and go lock files (``~$case.xlsx``, ``.~lock.case.xlsx#``). So the folder
# is watched, the file is read once it has come to rest, and what it holds decides.

_LOOK = 2_000
"""Milliseconds after which the file is looked at even if the system told of nothing (a share)."""
_GATHERED, _STEP = 400, 100
"""Milliseconds over which the system's messages are taken together, and that none comes in."""
_REST = 0.2
"""Seconds in which a file at rest does not change."""
_PATIENCE = 3.0
"""Seconds that a file has to become whole; one that does not is read as it is."""

_Seen = tuple[tuple[int, int, int], ...]


def saves(path: Path, last: str = "", stop: Event | None = None) -> Iterator[None]:
    """Yield each time a workbook, or a folder of CSV files, holds something else.

    It ends when ``stop`` is set.

    ``last`` is the SHA-256 of what is known of it already ("" nothing). A file that is not there
    is waited for.
    """
    from watchfiles import Change, watch

    real = Path(os.path.realpath(path))
    is_folder = real.is_dir()
    place = real if is_folder else real.parent

    def is_it(_: Change, name: str) -> bool:
        return name.lower().endswith(".csv") if is_folder else Path(name).name == real.name

    seen: _Seen | None = None
    for _ in watch(
        place, watch_filter=is_it, debounce=_GATHERED, step=_STEP, recursive=False,
        rust_timeout=_LOOK, yield_on_timeout=True, stop_event=stop,
    ):  # fmt: skip
        if _seen(real) in {None, seen}:
            continue
        seen, digest = _at_rest(real)
        if digest not in {"", last}:
            last = digest
            yield


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of what a file holds, or the CSV files of a folder."""
    if path.is_dir():
        from planner.workbook.csv_folder import folder_fingerprint

        return folder_fingerprint(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _seen(path: Path) -> _Seen | None:
    """Return by what a change of a file shows, or of a folder's files; None where there is none."""
    try:
        states = [each.stat() for each in (path, *(path.glob("*") if path.is_dir() else ()))]
    except OSError:
        return None
    return tuple((s.st_ino, s.st_size, s.st_mtime_ns) for s in states)


def _at_rest(path: Path) -> tuple[_Seen | None, str]:
    """Wait until a file is whole and at rest; return how it looks, and its SHA-256, "" none."""
    end = time.monotonic() + _PATIENCE
    while True:
        before = _seen(path)
        time.sleep(_REST)
        is_late = time.monotonic() > end
        try:
            is_whole = is_late or path.is_dir() or zipfile.is_zipfile(path)
            if _seen(path) == before and is_whole:
                return before, fingerprint(path)
        except (OSError, InputError):  # gone again, or held by whoever writes it
            pass
        if is_late:
            return before, ""
