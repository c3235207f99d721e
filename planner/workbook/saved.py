"""Each time a workbook is saved, however a program does that.

Excel writes a temporary file, renames the old workbook away and the new one into its place;
LibreOffice copies over it; others write in place, in pieces. All of them touch the file more
than once, and beside it come and go lock files (``~$case.xlsx``, ``.~lock.case.xlsx#``). So the
folder is watched, the file is looked at once it has come to rest, and what it holds decides.
"""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event

_LOOK = 2_000
"""Milliseconds after which the file is looked at even if the system told of nothing (a share)."""
_GATHERED, _STEP = 400, 100
"""Milliseconds over which the system's messages are taken together, and that none comes in."""
_REST = 0.2
"""Seconds in which a file at rest does not change."""
_PATIENCE = 3.0
"""Seconds that a file has to become whole; one that does not is read as it is."""

_Seen = tuple[int, int, int]


def saves(path: Path, known: str = "", stop: Event | None = None) -> Iterator[None]:
    """Yield each time a workbook holds something else, until ``stop`` is set.

    ``known`` is the SHA-256 of what is known of it already ("" nothing). A file that is not there
    is waited for.
    """
    from watchfiles import Change, watch

    real = Path(os.path.realpath(path))

    def is_it(_: Change, name: str) -> bool:
        return Path(name).name == real.name

    seen: _Seen | None = None
    for _ in watch(
        real.parent, watch_filter=is_it, debounce=_GATHERED, step=_STEP, recursive=False,
        rust_timeout=_LOOK, yield_on_timeout=True, stop_event=stop,
    ):  # fmt: skip
        if _seen(real) in {None, seen}:
            continue
        seen, digest = _at_rest(real)
        if digest not in {"", known}:
            known = digest
            yield


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of what a file holds."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _seen(path: Path) -> _Seen | None:
    """Return by what a change of a file shows; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _at_rest(path: Path) -> tuple[_Seen | None, str]:
    """Wait until a file is whole and at rest; return how it looks, and its SHA-256, "" none."""
    end = time.monotonic() + _PATIENCE
    while True:
        before = _seen(path)
        time.sleep(_REST)
        is_late = time.monotonic() > end
        try:
            if _seen(path) == before and (is_late or zipfile.is_zipfile(path)):
                return before, fingerprint(path)
        except OSError:  # gone again, or held by whoever writes it
            pass
        if is_late:
            return before, ""
