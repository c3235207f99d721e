"""Writes a folder, replaces its files once all are complete, and never replaces files of others.

A manifest lists each file with its fingerprint, so that the next run knows the files of the last.
If a file was changed since, or was not written by the planner, the run stops and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from models.case import normalize
from models.errors import WriteError
from planner.render.table import Table
from planner.render.words import few
from planner.scratch import scratch_folder
from planner.workbook import csv_folder, save

_MOST_MANIFEST = 1 << 24
_UNSAFE = re.compile(r"[^\w .,()&+'’-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""
_LONGEST = 200
"""Most bytes of a file name's stem: with a code and an extension, the name has at most 255."""
_OF_THE_SYSTEM = {"thumbs.db", "desktop.ini"}
"""Files that Windows adds to folders; files that other systems add begin with a dot."""

Write = Callable[[Path], object]


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder: its contents, the command that makes it, and the manifest's file name."""

    contents: str
    maker: str
    manifest: str


ORDERS = FolderKind("orders", "planner orders", "orders.json")
TABLES = FolderKind("tables", "planner --csv", "tables.json")


@dataclass(frozen=True)
class Written:
    """The files written to a folder, and the outdated files of an earlier run.

    ``removed`` are outdated files that were deleted; ``kept`` were not, since someone has changed
    them or has them open.
    """

    files: tuple[Path, ...]
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return a file's stem for each name: valid on every system, and unique.

    Letters of every alphabet stay, and apostrophes. Names that would give the same stem, or stems
    that differ only in case, get a code.
    """
    stems = {name: _stem(name) for name in names}
    counts = Counter(map(normalize, stems.values()))
    return {
        name: stem if counts[normalize(stem)] == 1 else f"{stem} {_code(name)}"
        for name, stem in stems.items()
    }


def file_part(name: str, most: int, is_taken: bool = False) -> str:
    """Return a name as part of a file name: valid on every system, and at most ``most`` bytes.

    If the name has to be changed, or ``is_taken``, a code is added, which makes it unique.
    """
    part = _stem(name, "scenario")
    if part != " ".join(name.split()) or is_taken or len(part.encode()) > most:
        code = _code(name)
        kept = part.encode()[: max(most - len(code) - 1, 0)].decode(errors="ignore").strip(" .")
        part = f"{kept} {code}".strip()
    return part


def _stem(name: str, kind: str = "member") -> str:
    """Return a name without characters that a system refuses, cut to ``_LONGEST`` bytes."""
    text = unicodedata.normalize("NFC", name)
    whole = " ".join(_UNSAFE.sub("-", text).split())
    safe = whole.encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    if not re.search(r"\w", safe) or _RESERVED.fullmatch(safe):
        safe = f"{kind} {safe}".strip(" .-")
    return safe if safe != kind else f"{kind} {_code(name)}"


def _code(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:6]


def earlier_files(folder: Path, kind: FolderKind) -> dict[str, frozenset[str]]:
    """Return the fingerprints of each file of an earlier run; none in a new or empty folder.

    Raises WriteError if the folder has files that the planner did not write.
    """
    with save.as_write_error(folder):
        if not folder.exists():
            return {}
        if not folder.is_dir():
            msg = f"{folder} is a file: name a folder for the {kind.contents}"
            raise WriteError(msg)
        if (folder / kind.manifest).exists():
            return _listed_in(folder / kind.manifest, kind)
        names = (path.name for path in folder.iterdir())
        foreign = sorted(n for n in names if n[0] != "." and n.lower() not in _OF_THE_SYSTEM)
    _refuse_foreign(folder, foreign, kind)
    return {}


def replace_files(
    folder: Path,
    files: Mapping[str, Write],
    kind: FolderKind,
    about: Mapping[str, str] | None = None,
) -> Written:
    """Write files into a folder; they replace those of an earlier run once all are complete.

    ``about`` goes into the manifest. Raises WriteError if a file in the way is from elsewhere, was
    changed, or is open; then nothing has changed.
    """
    target = save.behind_links(folder)
    with save.as_write_error(folder):
        earlier = earlier_files(folder, kind)
        _refuse(folder, files, earlier, kind)
        removed, kept = _stale(target, files, earlier)
        existing = target if target.exists() else target.parent
        existing.mkdir(parents=True, exist_ok=True)
        with scratch_folder(existing) as scratch:
            prints = {}
            for name, write in files.items():
                write(scratch / name)
                save.sync_file(scratch / name)
                prints[name] = save.fingerprint(scratch / name)
            about = {"made_by": kind.maker, **(about or {})}
            _Change(scratch, target, kind, about, prints).replace(earlier, removed)
    return Written(tuple(folder / name for name in files), tuple(removed), tuple(kept))


@dataclass(frozen=True)
class _Change:
    scratch: Path
    folder: Path
    kind: FolderKind
    about: Mapping[str, object]
    prints: Mapping[str, str]

    def replace(self, earlier: Mapping[str, frozenset[str]], removed: Iterable[str]) -> None:
        """Replace the files of an earlier run one by one; files of others stay.

        Meanwhile the manifest has the fingerprints of old and new files. So if this run is killed,
        the next run recognizes both as the planner's.
        """
        old = {name: earlier[name] for name in earlier if name in self.prints or name in removed}
        self._list(old, is_complete=False)
        try:
            self._swap(removed)
        except (KeyboardInterrupt, SystemExit):  # finish before the program ends
            self._swap(removed)
            raise

    def _swap(self, removed: Iterable[str]) -> None:
        """Replace old files by new ones; it may be called again after an interruption."""
        for name in self.prints:
            if (self.scratch / name).exists():
                (self.scratch / name).replace(self.folder / name)
        for name in removed:
            (self.folder / name).unlink(missing_ok=True)
        save.sync_folder(self.folder)
        self._list({}, is_complete=True)

    def _list(self, old: Mapping[str, frozenset[str]], *, is_complete: bool) -> None:
        """Write the list of files, with the fingerprints by which a later run knows its own."""
        new = {name: frozenset({each}) for name, each in self.prints.items()}
        files = {
            name: sorted(new.get(name, set()) | old.get(name, set())) for name in {**new, **old}
        }
        data = {**self.about, "complete": is_complete, "files": files}
        manifest = self.scratch / f"{self.kind.manifest}.new"
        text = json.dumps(data, indent=1, ensure_ascii=False)
        manifest.write_text(f"{text}\n", encoding="utf-8")
        save.sync_file(manifest)
        self.folder.mkdir(exist_ok=True)  # not before: a full disk leaves no folder without files
        manifest.replace(self.folder / self.kind.manifest)


def _stale(
    folder: Path, files: Iterable[str], earlier: Mapping[str, frozenset[str]]
) -> tuple[list[str], list[str]]:
    """Return the outdated files of an earlier run: those to remove, and those to keep."""
    stale = [name for name in earlier if name not in files and (folder / name).is_file()]
    removed = [
        name
        for name in stale
        if not save.is_in_use(folder / name) and save.fingerprint(folder / name) in earlier[name]
    ]
    return removed, [name for name in stale if name not in removed]


def _listed_in(path: Path, kind: FolderKind) -> dict[str, frozenset[str]]:
    """Return the fingerprints by file that a list holds; WriteError if another program wrote it."""
    try:
        small = path.is_file() and path.stat().st_size <= _MOST_MANIFEST
        manifest = json.loads(path.read_text(encoding="utf-8")) if small else None
    except (ValueError, RecursionError):
        manifest = None
    is_ours = isinstance(manifest, dict) and manifest.get("made_by") == kind.maker
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not is_ours or not isinstance(files, dict):
        msg = f"{path} is not from {kind.maker}: choose another folder"
        raise WriteError(msg)
    return {
        str(name): frozenset(map(str, prints))
        for name, prints in files.items()
        if isinstance(prints, list) and Path(str(name)).name == name
    }


def _refuse(
    folder: Path, files: Iterable[str], earlier: Mapping[str, frozenset[str]], kind: FolderKind
) -> None:
    """Raise WriteError if a file in the way is not an unchanged one of the earlier run."""
    paths = [folder / name for name in files]
    existing = [path for path in paths if path.exists() or path.is_symlink()]
    foreign = [path.name for path in existing if path.name not in earlier or not path.is_file()]
    _refuse_foreign(folder, foreign, kind)
    changed = [p.name for p in existing if save.fingerprint(p) not in earlier[p.name]]
    if changed:
        end = "move your version elsewhere, or choose another folder"
        msg = f"{few(changed)} in {folder} changed since {kind.maker} wrote it: {end}"
        raise WriteError(msg)
    used = [path.name for path in existing if save.is_in_use(path)]
    if used:
        msg = f"{few(used)} in {folder} is open in another program or read-only"
        raise WriteError(msg)


def _refuse_foreign(folder: Path, names: list[str], kind: FolderKind) -> None:
    if names:
        end = f"which {kind.maker} did not write: choose another folder, new or empty"
        msg = f"{folder} has {few(names)}, {end}"
        raise WriteError(msg)


def write_csv(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """Write each table as ``<sheet name>.csv``, in lower case with hyphens.

    All files are replaced together.

    Args:
        folder: The folder; it is made if it is not there.
        tables: The sheets, such as the values of ``planner.tables``.

    Returns:
        The files.

    Raises:
        WriteError: The folder has files from elsewhere, or cannot be written.

    Example:
        >>> sheets = planner.tables(planner.solve(book.case), book)
        >>> files = planner.write_csv(Path("tables"), sheets.values())
        >>> (Path("tables") / "plan.csv") in files
        True
    """
    files = {csv_folder.csv_name(table.name): partial(write_table, table) for table in tables}
    return list(replace_files(folder, files, TABLES).files)


def write_case(folder: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> None:
    """Write an input as a folder of CSV files: the rows of each sheet, its header first.

    CSV files of other sheets are removed; all other files stay. Raises WriteError.
    """
    for sheet, (header, *rows) in sheets.items():
        write = partial(write_rows, headers=map(str, header), rows=rows)
        save.save_file(folder / csv_folder.csv_name(sheet), write, beside=False)
    with save.as_write_error(folder):
        for each in list(folder.glob("*.[cC][sS][vV]")):
            sheet = csv_folder.sheet_of(each.name)
            written = folder / csv_folder.csv_name(sheet)  # maybe the same file, if case is ignored
            if sheet and not (sheet in sheets and each.samefile(written)):
                each.unlink()


def copy_case(
    source: Path,
    target: Path,
    files: Mapping[str, bytes],
    removed: Collection[str] = (),
    check: Callable[[Path], object] = lambda _: None,
) -> None:
    """Copy a folder of CSV files, some ``files`` with new contents and without those ``removed``.

    The target, a new or empty folder, appears in one step after the ``check`` of the copy. Raises
    WriteError, and the errors of the check.
    """
    target_folder = save.behind_links(target)
    with save.as_write_error(target):
        if target_folder.exists() and (not target_folder.is_dir() or any(target_folder.iterdir())):
            msg = f"{target} is there already: name a new folder"
            raise WriteError(msg)
        target_folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target_folder.parent) as scratch:
            paths = (each for each in source.iterdir() if each.suffix.lower() == ".csv")
            for each in (path for path in paths if path.is_file() and path.name not in removed):
                (scratch / each.name).write_bytes(each.read_bytes())
            for name, content in files.items():
                (scratch / name).write_bytes(content)
            check(scratch)
            save.set_default_mode(scratch, 0o777)
            if target_folder.exists():
                target_folder.rmdir()
            scratch.rename(target_folder)


def write_table(table: Table, path: Path) -> None:
    """Write a table as CSV, its headers first; see ``write_rows``."""
    write_rows(path, table.headers, zip(*(column.values for column in table.columns), strict=True))


def write_rows(path: Path, headers: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as a CSV file: see ``csv_folder.csv_bytes``."""
    path.write_bytes(csv_folder.csv_bytes([headers, *rows]))
