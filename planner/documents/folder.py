"""A folder of files that are replaced together, and never over files of somebody else.

``orders.json`` lists what was written with a fingerprint each, so that the next run knows what is
its own: a file that was changed since, or that was never its own, is left alone and stops the run.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.case import fold
from models.errors import WriteError
from planner.workbook.save import is_in_use

MANIFEST = "orders.json"
_MAKER = "planner orders"
_MOST_MANIFEST = 1 << 24
_UNSAFE = re.compile(r"[^\w .,()&+'’-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""
_LONGEST = 200
"""Bytes of a stem: with a code and an ending it is within the 255 that file systems take."""
_TOLD = 3

Write = Callable[[Path], None]


@dataclass(frozen=True)
class Written:
    """What became of a folder: files written, files of an earlier run that are gone or were kept.

    ``kept`` are files of an earlier run that nobody needs any more, and that somebody has changed
    or has open.
    """

    files: tuple[Path, ...]
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return a file's stem for each name: safe on every system, and no two alike.

    Letters of every alphabet stay, and apostrophes. Names that would give the same file, or files
    that differ by case alone, all get a code of their own, so that none is taken for another.
    """
    listed = list(names)
    stems = {name: _stem(name) for name in listed}
    counts: dict[str, int] = {}
    for stem in stems.values():
        counts[fold(stem)] = counts.get(fold(stem), 0) + 1
    return {
        name: stem if counts[fold(stem)] == 1 else f"{stem} {_code(name)}"
        for name, stem in stems.items()
    }


def _stem(name: str) -> str:
    text = unicodedata.normalize("NFC", name)
    whole = " ".join(_UNSAFE.sub("-", text).split())
    safe = whole.encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    if not re.search(r"\w", safe) or _RESERVED.fullmatch(safe):
        safe = f"member {safe}".strip(" .-")
    return safe if safe != "member" else f"member {_code(name)}"


def _code(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:6]


def replace_files(folder: Path, files: Mapping[str, Write], about: Mapping[str, str]) -> Written:
    """Write files into a folder, all or none, in place of those of an earlier run.

    ``about`` goes into ``orders.json``. Raises WriteError where a file of somebody else, or one
    that was changed or is open, stands in the way; then nothing has changed.
    """
    try:
        if folder.exists() and not folder.is_dir():
            msg = f"{folder} is a file: name a folder for the orders"
            raise WriteError(msg)
        earlier = _earlier(folder)
        _refuse(folder, files, earlier)
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".planner-", dir=folder))
        try:
            return _replace(folder, scratch, files, about, earlier)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror or error}"
        raise WriteError(msg) from error


def _replace(
    folder: Path,
    scratch: Path,
    files: Mapping[str, Write],
    about: Mapping[str, str],
    earlier: Mapping[str, frozenset[str]],
) -> Written:
    prints = {}
    for name, write in files.items():
        write(scratch / name)
        prints[name] = _fingerprint(scratch / name)
    stale = [name for name in earlier if name not in files and (folder / name).is_file()]
    removed = [
        name
        for name in stale
        if not is_in_use(folder / name) and _fingerprint(folder / name) in earlier[name]
    ]
    # both old and new are known as ours while they change places
    both = {name: sorted({*earlier.get(name, ()), prints[name]}) for name in files}
    both |= {name: sorted(earlier[name]) for name in removed}
    _put(folder, scratch, {**about, "files": both})
    for name in files:
        (scratch / name).replace(folder / name)
    for name in removed:
        (folder / name).unlink()
    _put(folder, scratch, {**about, "files": {name: [prints[name]] for name in files}})
    kept = tuple(name for name in stale if name not in removed)
    return Written(tuple(folder / name for name in files), tuple(removed), kept)


def _put(folder: Path, scratch: Path, data: Mapping[str, object]) -> None:
    made = scratch / MANIFEST
    text = json.dumps({"made_by": _MAKER, **data}, indent=1, ensure_ascii=False)
    made.write_text(text + "\n", encoding="utf-8")
    made.replace(folder / MANIFEST)


def _earlier(folder: Path) -> dict[str, frozenset[str]]:
    """Return the fingerprints of each file of an earlier run; none where there was none."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    foreign = f"{path} is not from planner orders: choose another folder"
    try:
        small = path.is_file() and path.stat().st_size <= _MOST_MANIFEST
        said = json.loads(path.read_text(encoding="utf-8")) if small else None
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("made_by") != _MAKER:
        raise WriteError(foreign)
    files = said.get("files")
    if not isinstance(files, dict):
        raise WriteError(foreign)
    return {
        str(name): frozenset(map(str, prints))
        for name, prints in files.items()
        if isinstance(prints, list) and Path(str(name)).name == name
    }


def _refuse(folder: Path, files: Iterable[str], earlier: Mapping[str, frozenset[str]]) -> None:
    """Refuse to write over what is not the earlier run's own."""
    there = [folder / name for name in files if (folder / name).exists()]
    foreign = [path.name for path in there if path.name not in earlier or path.is_dir()]
    if foreign:
        msg = (
            f"{folder} holds {_listed(foreign)}, which planner orders did not write:"
            " choose another folder"
        )
        raise WriteError(msg)
    changed = [p.name for p in there if _fingerprint(p) not in earlier[p.name]]
    if changed:
        msg = (
            f"{_listed(changed)} in {folder} changed since planner orders wrote it: move it away,"
            " or choose another folder"
        )
        raise WriteError(msg)
    used = [path.name for path in there if is_in_use(path)]
    if used:
        msg = f"{_listed(used)} in {folder} is open in another program or read-only"
        raise WriteError(msg)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
