"""Reads everything in a workbook but the values of cells: sheets, tables, formulas."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from models import case, schema
from models.schema.rounds import ClosingStock, Delivery
from planner.workbook import excel, findings, grid, scan
from planner.workbook.archive import BROKEN, Archive, SheetPart

# ---- the kind of a workbook ---------------------------------------------------------------------

FINDINGS = "Findings"
"""The first sheet of a marked copy."""
_INPUT = {case.fold(record.SHEET) for record in (schema.Mineral, schema.Refiner, schema.Demand)}
_PLAN = {"summary", "plan"}
_ACTUALS = {case.fold(record.SHEET) for record in (Delivery, ClosingStock)}


def is_input(path: Path) -> bool:
    names = {case.fold(name) for name in sheet_names(path)}
    return names >= _INPUT and not names >= _PLAN


def is_plan(path: Path) -> bool:
    return {case.fold(name) for name in sheet_names(path)} >= _PLAN


def is_actuals(path: Path) -> bool:
    """Return whether a file is a workbook of actuals, or a CSV file of deliveries."""
    if path.suffix.casefold() == ".csv" and path.is_file():
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return case.fold(Delivery.column_of("delivered").header) in case.fold(file.readline())
    names = {case.fold(name) for name in sheet_names(path)}
    return bool(names & _ACTUALS) and not names & _INPUT


def is_marked(path: Path) -> bool:
    return FINDINGS in sheet_names(path)[:1]


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets in order; none if the file is not a workbook."""
    try:
        with Archive(path) as archive:
            return [sheet.title for sheet in archive.sheets()]
    except BROKEN:
        return []


def title_of(path: Path) -> str:
    """Return the title in a workbook's properties, "" if it has none."""
    try:
        with Archive(path) as archive:
            titles = archive.elements("docProps/core.xml", "title")
            return next((each.text or "" for each in titles), "")
    except BROKEN:
        return ""


# ---- sheets and their tables --------------------------------------------------------------------


def sheet_parts(path: Path) -> tuple[SheetPart, ...]:
    """Return all sheets in the workbook's list, in order; InputError if the file is damaged."""
    with excel.as_input_error(path), Archive(path) as archive:
        return archive.sheets()


class TablePlace(NamedTuple):
    """An Excel table and its area: its name stays if the sheet is renamed or rows are inserted."""

    name: str
    area: grid.Area


def table_places(path: Path) -> dict[str, TablePlace]:
    """Return the first table of each sheet by the sheet's title; none if a part is damaged."""
    places: dict[str, TablePlace] = {}
    try:
        with Archive(path) as archive:
            for sheet in archive.sheets():
                for kind, part in archive.links(sheet.part):
                    if kind != "table" or part not in archive.NameToInfo:
                        continue
                    table = next(archive.elements(part, "table"))
                    area = grid.area_of(table.get("ref", ""))
                    name = table.get("displayName") or table.get("name") or ""
                    if area and name:
                        places[sheet.title] = TablePlace(name, area)
                        break
    except BROKEN:
        return {}
    return places


# ---- formulas, and hidden rows and columns ------------------------------------------------------

_DIGITS = "0123456789"


class Anatomy:
    """Formulas, duplicate or misplaced cells, and hidden rows and columns of a sheet.

    ``rows`` and ``columns`` are hidden; a column is given by its letters. The sheet is parsed as a
    stream, since one with a million rows would not fit into memory.
    """

    def __init__(self, path: Path, part: str) -> None:
        """Parse a sheet's part. Raises ExpatError if it is not XML."""
        self.formulas, self.misplaced, self.columns = list[str](), list[str](), list[str]()
        self.rows: list[int] = []
        self._at = self._place = 0
        self._is_in_cell = self._are_rows_hidden = False
        parser = expat.ParserCreate(namespace_separator="}")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.EntityDeclHandler = self._refuse
        with Archive(path) as archive, archive.open(part) as source:
            parser.ParseFile(source)

    def _refuse(self, *_: object) -> None:
        msg = "a sheet declares an entity"
        raise ValueError(msg)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition("}")[2]
        if tag == "c":
            self._cell(attributes.get("r", ""))
        elif tag == "f" and self._is_in_cell:
            self.formulas.append(findings.address(self._place, self._at))
        elif tag == "row":
            self._row(attributes)
        elif tag == "col":
            for ends in scan.hidden_columns(attributes):
                self.columns.append(":".join(dict.fromkeys(map(findings.letters, ends))))
        elif tag == "sheetFormatPr":
            self._are_rows_hidden = scan.is_yes(attributes.get("zeroHeight", ""))

    def _end(self, name: str) -> None:
        if name.rpartition("}")[2] == "c":
            self._is_in_cell = False

    def _row(self, attributes: dict[str, str]) -> None:
        number = int(float(attributes["r"])) if "r" in attributes else self._at + 1
        if number <= self._at:
            self.misplaced.append(f"A{number}")
        self._at, self._place = number, 0
        if scan.is_hidden_row(attributes, are_all=self._are_rows_hidden):
            self.rows.append(number)

    def _cell(self, cell: str) -> None:
        self._is_in_cell = True
        column = cell.rstrip(_DIGITS)
        place = findings.column_number(column) if column else self._place + 1
        is_here = not cell or cell[len(column) :] == str(self._at)
        if place <= self._place or not is_here:
            self.misplaced.append(cell or findings.address(place, self._at))
        self._place = place
