"""A workbook as its parts: sheets, styles and comments changed as XML, all else as it is."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple

from lxml import etree
from openpyxl.cell.text import RichText, Text
from openpyxl.comments.comment_sheet import CommentRecord, CommentSheet
from openpyxl.comments.shape_writer import ShapeWriter
from openpyxl.formula.translate import Translator

from models.case import normalize
from planner.workbook.archive import Archive, relations_of
from planner.workbook.findings import Place, address, area_of, column_number, parse_address
from planner.workbook.grid import Grid


class CellColours(NamedTuple):
    """Colours of a marked cell's fill and font, as ARGB; None for no colour."""

    fill: str | None = None
    ink: str | None = None


@dataclass
class EditedSheet:
    """A sheet of an input, and its changes; rows after ``last`` are new, and formatted like it.

    ``cells`` are the new values; None is a blank. ``shaped`` are formatted like their neighbours,
    ``colours_of`` get other colours, ``fixed`` lose their formula and keep its value. ``notes`` are
    the new comments; None removes one.
    """

    grid: Grid
    last: int = 0
    cells: dict[Place, object] = field(default_factory=dict)
    shaped: set[Place] = field(default_factory=set)
    colours_of: dict[Place, CellColours] = field(default_factory=dict)
    fixed: set[Place] = field(default_factory=set)
    notes: dict[Place, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, grid: Grid) -> EditedSheet:
        stray = (row for row, _, _ in grid.stray)
        return cls(grid, max([grid.header_row, *grid.rows, *stray]))

    @property
    def is_changed(self) -> bool:
        return bool(self.cells or self.shaped or self.colours_of or self.fixed or self.notes)

    def put(self, row: int, column: int, value: object) -> None:
        """Set a cell's value and keep its format."""
        self.cells[row, column] = value

    def clear(self, row: int) -> None:
        index = self.grid.rows.index(row)
        filled = (p for p in self.grid.columns if self.grid.values(p)[index] is not None)
        stray = (column for at, column, _ in self.grid.stray if at == row)
        self.cells |= {(row, column): None for column in (*filled, *stray)}

    def add_row(self, cells: Mapping[int, object]) -> int:
        """Add a row below the last, formatted like it; return its number."""
        row = max([self.last, *(row for row, _ in self.cells)]) + 1
        self.cells |= {(row, column): value for column, value in cells.items()}
        self.shaped |= {(row, column) for column in self.grid.header}
        return row

    def add_column(self, title: str) -> int:
        """Add a column right of the last header, formatted like it; return its number."""
        top = self.grid.header_row
        added = (column for row, column in self.cells if row == top)
        position = max([*self.grid.header, *added]) + 1
        self.shaped |= {(row, position) for row in self.grid.rows}
        self.put(top, position, title)
        return position


# ---- the package ---------------------------------------------------------------------------------

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "[Content_Types].xml"
_KIND = "application/vnd.openxmlformats-officedocument."
_BOOK = f"{_KIND}spreadsheetml.sheet.main+xml"
_WITH_MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_NO_LINKS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
_NO_COMMENTS = f'<comments xmlns="{_MAIN}"><authors/><commentList/></comments>'.encode()
_NO_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts><font/></fonts><fills><fill><patternFill/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders><border/></borders>'
    "<cellXfs><xf/></cellXfs></styleSheet>"
).encode()
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def child(parent: Any, tag: str, **attributes: str) -> Any:
    """Add an element in the namespace of its parent."""
    return etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{tag}", attributes)


def bytes_of(tree: Any) -> bytes:
    made: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True, standalone=True)
    return made


class WorkbookPackage:
    """The parts of a workbook: those that change as bytes or trees, the others as they are."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.book, self.sheets = archive, archive.book, archive.sheets()
        self.contents: dict[str, bytes] = {}
        self._trees: dict[str, Any] = {}
        self._gone: set[str] = set()
        self.names: dict[str, list[str]] = {}
        for each in archive.elements(self.book, "definedName"):
            self.names.setdefault(normalize(each.get("name", "")), []).append(each.text or "")

    def content(self, part: str) -> bytes:
        return self.contents.get(part) or self.archive.read(part)

    def tree(self, part: str, blank: bytes = b"") -> Any:
        """Return a part that is changed, or made, as a tree."""
        if part not in self._trees:
            content = self.archive.read(part) if part in self.archive.NameToInfo else blank
            self._trees[part] = etree.fromstring(content, _PARSER)
        return self._trees[part]

    def linked(self, part: str, kind: str) -> str:
        """Return the part of a kind to which a part links, "" if none."""
        return next((target for each, target in self.archive.links(part) if each == kind), "")

    def add(self, source: str, name: str, kind: str, content_type: str) -> tuple[str, str]:
        """Add a part, such as ``xl/comments{}.xml``, to which a source links; return it and the id.

        ``kind`` is that of the relationship.
        """
        in_use = {*self.archive.NameToInfo, *self.contents, *self._trees}
        part = next(p for p in (name.format(f"Added{n}") for n in count(1)) if p not in in_use)
        child(self.tree(_TYPES), "Override", PartName=f"/{part}", ContentType=content_type)
        links = self.tree(relations_of(source), _NO_LINKS)
        ids = {each.get("Id") for each in links}
        key = next(k for k in (f"rId{n}" for n in count(1)) if k not in ids)
        child(links, "Relationship", Id=key, Type=f"{_OFFICE}/{kind}", Target=f"/{part}")
        return part, key

    def drop(self, part: str) -> None:
        """Drop a part of the workbook and the relationship to it."""
        keys = {key for key, _, target in self.archive.relations(self.book) if target == part}
        links = self.tree(relations_of(self.book))
        for each in [e for e in links if e.get("Id") in keys]:
            links.remove(each)
        types = self.tree(_TYPES)
        for each in [e for e in types if e.get("PartName") == f"/{part}"]:
            types.remove(each)
        self._gone |= {part, relations_of(part)}

    @cached_property
    def styles(self) -> _Styles:
        part = self.linked(self.book, "styles")
        if not part:
            part, _ = self.add(
                self.book, "xl/styles{}.xml", "styles", f"{_KIND}spreadsheetml.styles+xml"
            )
        return _Styles(self.tree(part, _NO_STYLES))

    # ---- the list of sheets ----------------------------------------------------------------------

    @property
    def _list(self) -> Any:
        """Return the element that lists the sheets."""
        return self.tree(self.book).find("{*}sheets")

    def insert(self, at: int, title: str, content: bytes) -> None:
        """Insert a worksheet at a place of the list."""
        kind = f"{_KIND}spreadsheetml.worksheet+xml"
        part, key = self.add(self.book, "xl/worksheets/sheet{}.xml", "worksheet", kind)
        self.contents[part] = content
        sheets = self._list
        number = max((int(each.get("sheetId", "0")) for each in sheets), default=0) + 1
        made = child(sheets, "sheet", name=title, sheetId=str(number))
        made.set(f"{{{_OFFICE}}}id", key)
        sheets.insert(at, made)
        self._renumber(lambda place: place + (place >= at))

    def remove(self, at: int, part: str) -> None:
        """Remove a worksheet, and the names that are its own."""
        sheets = self._list
        sheets.remove(sheets[at])
        for name in [*self.tree(self.book).iter("{*}definedName")]:
            if name.get("localSheetId") == str(at):
                name.getparent().remove(name)
        self.drop(part)
        self._renumber(lambda place: place - (place > at))

    def _renumber(self, moved: Callable[[int], int]) -> None:
        """Move places in the list: of names that are a sheet's own, and of the sheet shown."""
        for each in self.tree(self.book).iter("{*}definedName", "{*}workbookView"):
            for key in ("localSheetId", "activeTab", "firstSheet"):
                if key in each.attrib:
                    each.set(key, str(moved(int(each.get(key)))))

    def define_name(self, name: str, text: str, at: int, *, only_old: bool = False) -> None:
        """Define a name of a sheet's own, or only change one that is defined."""
        book = self.tree(self.book)
        key, names = {"name": name, "localSheetId": str(at)}, book.find("{*}definedNames")
        if names is None and not only_old:
            names = child(book, "definedNames")
            before = [*book.iter("{*}sheets", "{*}functionGroups", "{*}externalReferences")]
            before[-1].addnext(names)
        old = (
            [e for e in names if key.items() <= dict(e.attrib).items()] if names is not None else []
        )
        for each in old or ([] if only_old else [child(names, "definedName", **key)]):
            each.text = text

    def select_sheet(self, at: int) -> None:
        """Select one sheet, at which the workbook opens; two selected ones are edited together."""
        for sheet in self.sheets:
            is_there = sheet.part and sheet.part not in self._gone
            content = self.content(sheet.part) if is_there else b""
            head, data, rest = content.partition(b"<sheetData")
            shown = re.sub(rb'\btabSelected="(?:1|true)"', b'tabSelected="0"', head)
            if shown != head:
                self.contents[sheet.part] = shown + data + rest
        for view in self.tree(self.book).iter("{*}workbookView"):
            view.set("activeTab", str(at))
            view.set("firstSheet", "0")

    def set_kind(self, *, has_macros: bool) -> None:
        """Make a template a workbook, and drop macros unless the file's name may have them."""
        kinds = {each.get("PartName"): each for each in self.archive.elements(_TYPES, "Override")}
        kind = kinds[f"/{self.book}"].get("ContentType") if f"/{self.book}" in kinds else _BOOK
        wanted = kind if has_macros and kind == _WITH_MACROS else _BOOK
        if kind != wanted:
            for each in self.tree(_TYPES):
                if each.get("PartName") == f"/{self.book}":
                    each.set("ContentType", wanted)
            for part in [p for p in self.archive.NameToInfo if "/vbaProject" in p]:
                self.drop(part)

    # ---- comments --------------------------------------------------------------------------------

    def comment(self, sheet: str, notes: Mapping[Place, str | None]) -> str:
        """Change comments of a sheet; return the id of the drawing of their boxes if it is new.

        A text that begins with the old one keeps the formats of the old one.
        """
        part, drawing, key = self.linked(sheet, "comments"), self.linked(sheet, "vmlDrawing"), ""
        if not part:
            part, _ = self.add(sheet, "xl/comments{}.xml", "comments", CommentSheet.mime_type)
        if not drawing:
            kind = f"{_KIND}vmlDrawing"
            drawing, key = self.add(sheet, "xl/drawings/vmlDrawing{}.vml", "vmlDrawing", kind)
            self.contents[drawing] = b"<xml/>"
        there: Any = CommentSheet.from_tree(self.tree(part, _NO_COMMENTS))
        authors = there.authors.author
        records = {parse_address(each.ref): each for each in there.commentList}
        boxes = etree.fromstring(self.content(drawing), etree.XMLParser(recover=True))
        writer: Any = ShapeWriter(())
        if boxes.find("{*}shapetype[@id='_x0000_t202']") is None:
            writer.add_comment_shapetype(boxes)
        for box in boxes.findall("{*}shape"):
            row, column = map(box.findtext, (".//{*}Row", ".//{*}Column"))
            if row and column and (int(row) + 1, int(column) + 1) in notes:
                boxes.remove(box)
        for place, text in notes.items():
            old = records.pop(place, None)
            if text is None:
                continue
            if _AUTHOR not in authors:
                authors.append(_AUTHOR)
            cell = address(place[1], place[0])
            new = old or CommentRecord(ref=cell, authorId=authors.index(_AUTHOR))
            kept = new.content if text.startswith(new.content) else ""
            plain = [RichText(t=new.text.t)] if new.text.t else []
            runs = [*plain, *new.text.r] if kept else []
            new.text = Text(r=[*runs, RichText(t=text[len(kept) :])])
            records[place] = new
            lines = 1 + sum(1 + len(line) // _LETTERS for line in text.split("\n"))
            writer.add_comment_shape(boxes, 0, cell, min(_HEIGHT, lines * _LINE), _WIDTH)
            boxes[-1].set("id", f"planner_{place[0]}_{place[1]}")
        there.commentList = [records[place] for place in sorted(records)]
        self.contents |= {part: bytes_of(there.to_tree()), drawing: etree.tostring(boxes)}
        return key

    # ---- saving ----------------------------------------------------------------------------------

    def packed(self) -> bytes:
        chain = self.linked(self.book, "calcChain")
        if chain and any(part.startswith("xl/worksheets/") for part in self.contents):
            self.drop(chain)  # Excel makes it again; one with a cell that has no formula is damage
        changed = {part: bytes_of(tree) for part, tree in self._trees.items()} | self.contents
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
            for part in dict.fromkeys([*self.archive.NameToInfo, *changed]):
                if part not in self._gone:
                    content = changed[part] if part in changed else self.archive.read(part)
                    copy.writestr(part, content)
        return target.getvalue()


_AUTHOR = "planner"
_WIDTH, _LETTERS, _LINE, _HEIGHT = 340, 52, 17, 420
"""Points: width of a comment's box; letters and height of a line; most height."""

# ---- formats -------------------------------------------------------------------------------------


class _Styles:
    """The formats of a workbook's cells; new ones are added behind those that are there."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self._marked: dict[tuple[int, CellColours], int] = {}

    def _group(self, name: str) -> Any:
        group = self.tree.find(f"{{*}}{name}")
        if group is None:
            group = child(self.tree, name)
            if name == "numFmts":
                self.tree.insert(0, group)
        group.attrib.pop("count", None)
        return group

    def _add(self, group: str, element: Any) -> str:
        every = self._group(group)
        every.append(element)
        return str(len(every) - 1)

    def marked(self, style: int, colours: CellColours) -> int:
        """Return a style with other colours of fill and font."""
        if (style, colours) not in self._marked:
            xf = copy(self._group("cellXfs")[style])
            font = copy(self._group("fonts")[int(xf.get("fontId", "0"))])
            for each in [*font.iter("{*}color")]:
                font.remove(each)
            if colours.ink:
                colour = child(font, "color", rgb=colours.ink)
                later = font.find("{*}name")  # Excel writes a font's elements in this order
                if later is not None:
                    later.addprevious(colour)
            fill = child(self.tree, "fill")
            pattern = child(fill, "patternFill", patternType="solid" if colours.fill else "none")
            if colours.fill:
                child(pattern, "fgColor", rgb=colours.fill)
            parts = {"fontId": self._add("fonts", font), "fillId": self._add("fills", fill)}
            xf.attrib.update(parts | {"applyFont": "1", "applyFill": "1"})
            self._marked[style, colours] = int(self._add("cellXfs", xf))
        return self._marked[style, colours]

    def graft(self, other: Any) -> int:
        """Add all styles of another workbook; return by how much their numbers grow."""
        groups = {"fontId": "fonts", "fillId": "fills", "borderId": "borders"}
        start = len(self._group("cellXfs"))
        moved = {key: len(self._group(name)) for key, name in groups.items()}
        formats = other.find("{*}numFmts")
        in_use = [int(each.get("numFmtId")) for each in self.tree.iter("{*}numFmt")]
        number = max([163, *in_use]) + 1
        for name in groups.values():
            self._group(name).extend(other.find(f"{{*}}{name}"))
        ids: dict[str, str] = {}
        for each in [] if formats is None else [*formats]:
            ids[each.get("numFmtId")] = str(number + len(ids))
            each.set("numFmtId", ids[each.get("numFmtId")])
            self._group("numFmts").append(each)
        for xf in [*other.find("{*}cellXfs")]:
            for key, by in moved.items():
                xf.set(key, str(int(xf.get(key, "0")) + by))
            xf.set("numFmtId", ids.get(xf.get("numFmtId"), xf.get("numFmtId", "0")))
            xf.set("xfId", "0")
            self._add("cellXfs", xf)
        return start


def grafted(pages: Any, styles: _Styles) -> dict[str, bytes]:
    """Return sheets as openpyxl writes them, with their styles added to another workbook's."""
    plain = io.BytesIO()
    pages.save(plain)
    contents = {}
    with Archive(plain) as made:
        start = styles.graft(etree.fromstring(made.read("xl/styles.xml"), _PARSER))
        for sheet in made.sheets():
            tree = etree.fromstring(made.read(sheet.part), _PARSER)
            for each in tree.iter("{*}c", "{*}row", "{*}col"):
                for key in {"s", "style"} & set(each.attrib):
                    each.set(key, str(int(each.get(key)) + start))
            contents[sheet.title] = bytes_of(tree)
    return contents


# ---- a sheet -------------------------------------------------------------------------------------


class SheetTree:
    """The XML of a sheet, with its rows and cells by their place."""

    def __init__(self, content: bytes) -> None:
        self.tree = etree.fromstring(content, _PARSER)
        self.data = self.tree.find("{*}sheetData")
        self.rows: dict[int, Any] = {}
        self.cells: dict[Place, Any] = {}
        row = 0
        for line in () if self.data is None else self.data.iterchildren("{*}row"):
            row, column = int(line.get("r", row + 1)), 0
            self.rows[row] = line
            for cell in line.iterchildren("{*}c"):
                name = cell.get("r", "").rstrip("0123456789")
                column = column_number(name) if name else column + 1
                cell.set("r", address(column, row))
                self.cells[row, column] = cell
        self._bottom = max(self.rows, default=0)

    def merged_origin(self, place: Place) -> Place:
        """Return the cell that is shown for one: the first of merged cells."""
        every = (area_of(each.get("ref", "")) for each in self.tree.iter("{*}mergeCell"))
        areas = (area for area in every if area is not None and area.contains(*place))
        return next(((area.top, area.left) for area in areas), place)

    def formulas(self) -> Iterator[tuple[Place, str]]:
        """Yield the cells with a formula, those of a shared formula each with its own."""
        firsts: dict[str, Translator] = {}
        for place, cell in self.cells.items():
            formula = cell.find("{*}f")
            if formula is None:
                continue
            text, here = formula.text or "", address(place[1], place[0])
            if formula.get("t") == "shared":
                key = formula.get("si", "")
                if text:
                    firsts[key] = Translator(f"={text}", here)
                elif key in firsts:
                    text = firsts[key].translate_formula(here)[1:]
            yield place, text

    def value(self, place: Place) -> str | float | bool | None:
        """Return the value of a formula's cell; None if none is saved."""
        text, kind = self.cells[place].findtext("{*}v"), self.cells[place].get("t", "n")
        if not text or kind in {"str", "e"}:
            return text or None
        return text == "1" if kind == "b" else float(text)

    def style(self, place: Place, edit: EditedSheet) -> str:
        """Return the style of a cell; of a new one, that of the last row or of the cell left."""
        (row, column), header = place, edit.grid.header
        rows = (row, edit.last) if row > edit.last else (row,)
        columns = (column, column - 1) if header and column > max(header) else (column,)
        places = ((each, at) for at in columns for each in rows)
        return next((self.cells[p].get("s", "") for p in places if p in self.cells), "")

    def write_edit(self, edit: EditedSheet, package: WorkbookPackage) -> None:
        """Change cells; other colours are added to the styles of a package."""
        if any(
            self.cells[place].find("{*}f[@t='shared']") is not None
            for place in {*edit.cells, *edit.fixed} & self.cells.keys()
        ):  # the cell with the text of a shared formula may go
            for place, text in [*self.formulas()]:
                formula = self.cells[place].find("{*}f[@t='shared']")
                if formula is not None:
                    formula.attrib.clear()
                    formula.text = text
        for place in sorted(edit.cells.keys() | (edit.shaped - self.cells.keys())):
            self._put(place, edit.cells.get(place), edit)
        for place in edit.fixed:
            self.cells[place].remove(self.cells[place].find("{*}f"))
        for place, colours in edit.colours_of.items():
            cell = self.cells.get(place)
            if cell is None:
                cell = self._put(place, None, edit)
            cell.set("s", str(package.styles.marked(int(cell.get("s", "0")), colours)))

    def _put(self, place: Place, value: object, edit: EditedSheet) -> Any:
        (row, column), style = place, self.style(place, edit)
        cell = self.cells.get(place)
        if cell is None:
            line = self._row(row)
            cell = self.cells[place] = child(line, "c", r=address(column, row))
            at = next((e for e in line if (row, column) < parse_address(e.get("r", "A1"))), None)
            if at is not None:
                at.addprevious(cell)
        cell[:] = []
        for key in {"t", "cm", "vm"} & set(cell.attrib):
            del cell.attrib[key]
        if style:
            cell.set("s", style)
        if isinstance(value, int | float) and not isinstance(value, bool):
            child(cell, "v").text = repr(value)
        elif value is not None:
            cell.set("t", "inlineStr")
            text = child(child(cell, "is"), "t")
            text.text = _ILLEGIBLE.sub("?", str(value))
            text.set(_SPACE, "preserve")
        return cell

    def _row(self, row: int) -> Any:
        if row not in self.rows:
            self.rows[row] = child(self.data, "row", r=str(row))
            if row < self._bottom:
                later = min(each for each in self.rows if each > row)
                self.rows[later].addprevious(self.rows[row])
            self._bottom = max(self._bottom, row)
        return self.rows[row]

    def link_notes(self, key: str) -> None:
        """Link the sheet to the drawing of its first comments."""
        link = child(self.tree, "legacyDrawing")
        link.set(f"{{{_OFFICE}}}id", key)
        after = (e for e in self.tree if etree.QName(e).localname in _BEHIND_NOTES)
        if (first := next(after, None)) is not None:
            first.addprevious(link)


_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_ILLEGIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BEHIND_NOTES = {
    "legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
    "extLst",
}  # fmt: skip
"""Elements of a sheet that come after the link to its comments."""


def grow(tree: Any, edit: EditedSheet, bottom: int) -> None:
    """Extend a table, or a sheet's filter, over new rows and columns next to it."""
    area, top = area_of(tree.get("ref", "")), edit.grid.header_row
    if area is None:
        return
    columns = tree.find("{*}tableColumns")
    right = area.right
    while (
        columns is not None
        and area.top == top
        and ((top, right + 1) in edit.cells and right + 1 not in edit.grid.header)
    ):
        right += 1
        number = max(int(each.get("id", "0")) for each in columns) + 1
        child(columns, "tableColumn", id=str(number), name=str(edit.cells[top, right]))
        columns.set("count", str(len(columns)))
    lower = bottom if area.bottom == edit.last else area.bottom
    for each in (tree, *tree.iter("{*}autoFilter")):
        each.set("ref", str(area._replace(bottom=lower, right=right)))
