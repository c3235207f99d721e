"""A folder of CSV files that is edited like a workbook, and then saved as another folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from openpyxl import Workbook

from planner.workbook.csv_folder import csv_bytes, csv_name, edited_file, open_folder, sheet_of
from planner.workbook.edit import EditedBook
from planner.workbook.grid import lines


@dataclass
class EditedFolder(EditedBook):
    """The sheets of a folder; ``files`` are the names of their CSV files by title."""

    folder: Path = field(default_factory=Path)
    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, source: Path) -> Self:
        """Read the cells of a folder's sheets; of files with other names, the headers."""
        book, files = Workbook(), dict[str, str]()
        del book[book.sheetnames[0]]
        for grid in open_folder(source).grids:
            sheet = book.create_sheet(grid.title)
            files[sheet.title] = grid.file
            header = [(grid.header_row or 1, grid.header.items())] if grid.header else []
            for row, cells in (*header, *lines(grid)):
                for position, value in cells:
                    if value is not None:
                        cell = sheet.cell(row, position)
                        cell.value = value
                        cell.data_type = "s" if isinstance(value, str) else cell.data_type
        return cls(book, folder=source, files=files)

    def written(self) -> tuple[dict[str, bytes], set[str]]:
        """Return the contents of the files that are new or changed, and the names of those gone."""
        contents: dict[str, bytes] = {}
        kept = set[str]()
        for sheet in self.book.worksheets:
            name = self.files.get(sheet.title, "")
            changed = self.changed.get(sheet.title, set())
            kept.add(name)
            if not name:
                contents[csv_name(sheet.title)] = csv_bytes(sheet.iter_rows(values_only=True))
            elif changed:
                cells: dict[tuple[int, int], Any] = {p: sheet.cell(*p).value for p in changed}
                contents |= [edited_file(self.folder, sheet_of(name), cells)]
        return contents, {*self.files.values()} - kept
