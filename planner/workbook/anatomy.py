"""What a workbook's archive holds beside the values of its cells: formulas, what is hidden."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from planner.workbook.archive import Archive, package_of, refuse_odd
from planner.workbook.layout import letters

WORKSHEET = "worksheet"
"""The kind of a sheet of cells."""
_VISIBLE = "visible"
_YES = {"1", "true", "on"}
_SEEN = 1.0
"""A row of fewer points or a column of fewer characters cannot be seen."""
_DIGITS = "0123456789"


@dataclass(frozen=True)
class SheetPart:
    """A sheet as the workbook lists it.

    ``part`` is the file in the archive that it is in, "" where there is none; ``kind`` is what its
    relation says it is, such as ``worksheet`` or ``chartsheet``.
    """

    title: str
    part: str
    kind: str
    is_hidden: bool


@dataclass(frozen=True)
class Anatomy:
    """Of one sheet: the cells that hold a formula, rows and cells that stand twice or out of place.

    ``rows`` and ``columns`` are those that are hidden, a column by its letters.
    """

    formulas: tuple[str, ...] = ()
    misplaced: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()


def parts_twice(path: Path) -> list[str]:
    """Return the names that an archive holds twice: programs differ in which one they read."""
    with Archive(path) as archive:
        names = Counter(name.casefold() for name in archive.namelist())
    return [name for name, count in names.items() if count > 1]


def sheet_parts(path: Path) -> tuple[SheetPart, ...]:
    """Return all sheets that the workbook lists, in order.

    The workbook's part and its sheets are found as the cells' reader finds them, whatever they are
    called. Raises what that reader raises on a damaged file.
    """
    refuse_odd(path)
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = package_of(file, read_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        names, links = set(reader.valid_files), reader.parser.rels
        return tuple(_sheet(each, links.get(each.id), names) for each in reader.parser.sheets)


def _sheet(listed: Any, link: Any, names: set[str]) -> SheetPart:
    there = link is not None and link.target in names
    return SheetPart(
        title=listed.name or "",
        part=link.target if there else "",
        kind=link.Type.rpartition("/")[2] if there else "",
        is_hidden=listed.state != _VISIBLE,
    )


def anatomy(path: Path, part: str) -> Anatomy:
    """Return what stands in a sheet's part. Raises ExpatError where it is no XML."""
    found = _Scan()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.EntityDeclHandler = _refuse
    with Archive(path) as archive, archive.open(part) as source:
        parser.ParseFile(source)
    return Anatomy(
        tuple(found.formulas), tuple(found.misplaced), tuple(found.rows), tuple(found.columns)
    )


def _refuse(*_: object) -> None:
    msg = "a sheet declares an entity"
    raise ValueError(msg)


@dataclass
class _Scan:
    """The elements of a sheet, one at a time: a sheet of a million rows is never in memory."""

    formulas: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    row: int = 0
    place: int = 0
    is_in_cell: bool = False
    are_rows_hidden: bool = False
    _places: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, said: dict[str, str]) -> None:
        """Hear of an element; of names only what stands behind the namespace counts."""
        tag = name.rpartition("}")[2]
        if tag == "c":
            self._cell(said.get("r", ""))
        elif tag == "f" and self.is_in_cell:
            self.formulas.append(f"{letters(self.place)}{self.row}")
        elif tag == "row":
            self._row(said)
        elif tag == "col":
            self._column(said)
        elif tag == "sheetFormatPr":
            self.are_rows_hidden = said.get("zeroHeight", "").lower() in _YES

    def end(self, name: str) -> None:
        """Hear that an element ends."""
        if name.rpartition("}")[2] == "c":
            self.is_in_cell = False

    def _row(self, said: dict[str, str]) -> None:
        number = int(float(said["r"])) if "r" in said else self.row + 1
        if number <= self.row:
            self.misplaced.append(f"A{number}")
        self.row, self.place = number, 0
        hidden = said.get("hidden", "1" if self.are_rows_hidden and "ht" not in said else "")
        if hidden.lower() in _YES or float(said.get("ht", _SEEN)) < _SEEN:
            self.rows.append(number)

    def _cell(self, address: str) -> None:
        self.is_in_cell = True
        column = address.rstrip(_DIGITS)
        place = self._place(column) if column else self.place + 1
        is_here = not address or address[len(column) :] == str(self.row)
        if place <= self.place or not is_here:
            self.misplaced.append(address or f"{letters(place)}{self.row}")
        self.place = place

    def _place(self, column: str) -> int:
        place = self._places.get(column)
        if place is None:
            from openpyxl.utils import column_index_from_string

            place = self._places[column] = column_index_from_string(column)
        return place

    def _column(self, said: dict[str, str]) -> None:
        is_narrow = float(said.get("width", _SEEN)) < _SEEN
        if said.get("hidden", "").lower() in _YES or is_narrow:
            first, last = int(said.get("min", "1")), int(said.get("max", "1"))
            self.columns.append(
                letters(first) if first == last else f"{letters(first)}:{letters(last)}"
            )
