"""Saves a file completely or not at all, and watches for changes of a workbook."""

from __future__ import annotations

import contextlib
import errno
import gc
import hashlib
import os
import stat
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event

from xlsxwriter.exceptions import FileCreateError

from models.errors import InputError, WriteError
from planner.scratch import scratch_file


def save_file(
    path: Path, write: Callable[[Path], object], *, beside: bool = True, over: bool = True
) -> Path:
    """Save a file in one step, and return its path.

    ``write`` fills a scratch file, which then replaces the file at ``path``; a missing folder is
    made. If that file cannot be replaced (it is open in Excel or LibreOffice, or read-only, or
    ``over`` is false), the new one is saved next to it as ``name (2).xlsx``, unless ``beside`` is
    false. Raises WriteError if it cannot be saved; then nothing has changed.
    """
    target = behind_links(path)
    with as_write_error(path):
        refuse_special_file(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(target.parent, target.suffix) as scratch:
            write(scratch)
            sync_file(scratch)
            if target.exists() and not is_in_use(target):
                scratch.chmod(stat.S_IMODE(target.stat().st_mode))
            else:
                set_default_mode(scratch, 0o666)
            if not is_in_use(target) and (over or not target.exists()):
                # Windows refuses to replace a file that another program holds open.
                with contextlib.suppress(PermissionError):
                    scratch.replace(target)
                    sync_folder(target.parent)
                    return path
            if not beside:
                msg = f"{path} is open in another program or read-only"
                raise WriteError(msg)
            other = _put_beside(scratch, target)
            sync_folder(target.parent)
            return path.with_name(other.name) if path.parent.resolve() == other.parent else other


def save_text(path: Path, text: str) -> Path:
    """Save a text; lone surrogates, which cannot be encoded, become ``?``."""

    def write(scratch: Path) -> None:
        scratch.write_text(text, encoding="utf-8", errors="replace", newline="\n")

    return save_file(path, write)


@contextlib.contextmanager
def as_write_error(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_full_disk(error):
            _let_go(error)
            msg = f"{path} cannot be written: {os.strerror(errno.ENOSPC)}"
        elif isinstance(error, OSError | FileCreateError):
            msg = _why(path, error)
        else:
            raise
        raise WriteError(msg) from error


def is_full_disk(error: BaseException | None) -> bool:
    """Return whether an error, or one behind it, says that a disk or quota is full.

    lxml, to which openpyxl writes, has an error of its own.
    """
    while error is not None:
        is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
        if is_full or str(error) == "IO_ENOSPC":
            return True
        error = error.__cause__ or error.__context__
    return False


def _let_go(error: BaseException | None) -> None:
    """Close what a library left open; on a full disk it would say so again, with a traceback."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        while error is not None:
            traceback.clear_frames(error.__traceback__)
            error = error.__cause__ or error.__context__
        gc.collect()
    finally:
        sys.unraisablehook = hook


def refuse_special_file(path: Path, word: str = "file") -> None:
    """Raise WriteError if the path is a folder, a pipe or a device."""
    try:
        mode = behind_links(path).stat().st_mode
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise WriteError(_why(path, error)) from error
        return  # there is no file, or writing will raise the error
    msg = f"{path} is a pipe, device or socket, not a file: name a file"
    if stat.S_ISDIR(mode):
        msg = f"{path} is a folder: name a file{'' if word == 'file' else f' for the {word}'}"
    if not stat.S_ISREG(mode):
        raise WriteError(msg)


def lock_file(path: Path) -> Path | None:
    """Return the lock file that Excel or LibreOffice keeps while a file is open; None if none."""
    locks = (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"))
    # a name that is too long does not exist, but makes Path.exists raise
    return next((lock for lock in locks if os.path.exists(lock)), None)  # noqa: PTH110


def is_in_use(path: Path) -> bool:
    """Return whether a file is open in Excel or LibreOffice, or may not be written to."""
    if lock_file(path) is not None:
        return True
    if not path.exists():
        return False
    # The permission bits are checked since the system lets an administrator write in any case.
    marked = not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    return marked or not os.access(path, os.W_OK)


def behind_links(path: Path) -> Path:
    """Follow symbolic links, so that the file is replaced and the link stays."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, or an invalid name
        raise WriteError(_why(path, error)) from error


def set_default_mode(scratch: Path, mode: int) -> None:
    """Give a scratch file or folder, until now private, the default permissions of a new one."""
    mask = os.umask(0)
    os.umask(mask)
    scratch.chmod(mode & ~mask)


def sync_file(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of files to disk (fsync), if the system can do so."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_beside(scratch: Path, target: Path) -> Path:
    """Move the file to the first free ``name (2).xlsx``; never replace a file."""
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
    """Return why a file cannot be written."""
    cause = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return f"{path} cannot be written: {reason}"


# ---- watching a workbook that another program saves ----------------------------------------------
#
# Excel writes a temporary file and renames it to the workbook's name; LibreOffice copies over the
# workbook; others write in place, in pieces. Each touches the file more than once, and makes lock
# files next to it (``~$case.xlsx``, ``.~lock.case.xlsx#``). So the folder is watched, and the file
# is read once it no longer changes. It counts as saved if its content has changed.

_POLL = 2_000
"""Milliseconds between checks without a notification by the system, as on a network drive."""
_DEBOUNCE, _STEP = 400, 100
"""Milliseconds: longest time to collect a burst of notifications, and the silence that ends it."""
_REST = 0.2
"""Seconds without a change after which a file counts as completely written."""
_PATIENCE = 3.0
"""Most seconds to wait until a file is complete; after that it is read as it is."""

_State = tuple[tuple[int, int, int], ...]


def watch_saves(path: Path, last: str = "", stop: Event | None = None) -> Iterator[None]:
    """Yield each time the content of a workbook, or of a folder of CSV files, has changed.

    ``last`` is the SHA-256 of the content that is known already. A missing file is waited for.
    A link is followed anew at each check, for it may lead elsewhere for a moment. It ends when
    ``stop`` is set.
    """
    from watchfiles import Change, watch

    path, real = path.absolute(), Path(os.path.realpath(path))
    is_folder = real.is_dir()
    folders = filter(Path.is_dir, {real} if is_folder else {path.parent, real.parent})

    def is_watched(_: Change, name: str) -> bool:
        if is_folder:
            return name.lower().endswith(".csv")
        return Path(name).name in {path.name, real.name}

    state: _State | None = None
    for _ in watch(
        *folders, watch_filter=is_watched, debounce=_DEBOUNCE, step=_STEP, recursive=False,
        rust_timeout=_POLL, yield_on_timeout=True, stop_event=stop,
    ):  # fmt: skip
        if _file_state(path) in {None, state}:
            continue
        state, digest = _at_rest(path)
        if digest not in {"", last}:
            last = digest
            yield


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, or of the CSV files of a folder."""
    if path.is_dir():
        from planner.workbook.csv_folder import folder_fingerprint

        return folder_fingerprint(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _file_state(path: Path) -> _State | None:
    """Return inode, size and time of a file, or of a folder's files.

    None if it is missing, or a pipe or a device: reading one could wait for ever.
    """
    try:
        states = [each.stat() for each in (path, *(path.glob("*") if path.is_dir() else ()))]
    except OSError:
        return None
    if not (stat.S_ISREG(states[0].st_mode) or stat.S_ISDIR(states[0].st_mode)):
        return None
    return tuple((s.st_ino, s.st_size, s.st_mtime_ns) for s in states)


def _at_rest(path: Path) -> tuple[_State | None, str]:
    """Wait until a file is completely written; return its state and SHA-256 ("": unreadable)."""
    end = time.monotonic() + _PATIENCE
    while True:
        before = _file_state(path)
        time.sleep(_REST)
        is_late = time.monotonic() > end
        if before is None:
            return None, ""
        try:
            is_complete = is_late or path.is_dir() or zipfile.is_zipfile(path)
            if _file_state(path) == before and is_complete:
                return before, fingerprint(path)
        except (OSError, InputError):  # the file is gone again, or locked by its writer
            pass
        if is_late:
            return before, ""
