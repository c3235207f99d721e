"""The parts of a workbook's archive, to change them as no library that writes workbooks does."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

Parts = dict[str, bytes]


def parts_of(source: Path | str | io.BytesIO) -> Parts:
    """Read all parts by their name; each is there once, and whole."""
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
        assert len(names) == len({*names})
        return {name: archive.read(name) for name in names}


def write_parts(path: Path, parts: Parts, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def parts_of_book(book) -> Parts:
    """Return the parts of a workbook of openpyxl."""
    made = io.BytesIO()
    book.save(made)
    return parts_of(made)
