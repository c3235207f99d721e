"""Writing of workbooks: native Excel tables, formats, widths, printing."""

from __future__ import annotations

import contextlib
import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import repeat
from pathlib import Path
from types import FunctionType
from typing import Any

import xlsxwriter
from xlsxwriter.packager import Packager
from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from models.results.field import Colour, Format
from planner.render import native, palette, style
from planner.render.chart import Picture, spans
from planner.render.front import NAME, FirstPage, draw_front
from planner.render.table import Cell, Table, TableColumn
from planner.render.words import clean_text
from planner.scratch import scratch_folder

MOST_ROWS = 1_048_575
"""Rows that a sheet holds below its header."""
_IN_MEMORY = 2_000_000
"""Most cells of a workbook whose parts are kept in memory (some 90 bytes per cell). Larger ones use
scratch files; to create these takes longer than to write most plans."""
_PACKED = 5
"""Compression level: files are 2 % larger than at zlib's default of 6, in 65 % of the time."""
_NARROWEST_LONG = 30
"""Least width in characters of a column of sentences, if the page has no room for more."""
_ALL = "To print all: Page Layout, Print Area, Clear."
_APART, _FAR = 0.005, 0.1
"""Differences from the first row's share from which a share is coloured, and coloured darker."""
_NOTE_LINE, _NOTE_WIDTH = 42, 300
"""Characters on a line of a note, and its width in pixels."""


def write_workbook(  # noqa: PLR0913 - a workbook and its parts
    path: Path,
    tables: Sequence[Table],
    pictures: Sequence[Picture],
    title: str,
    made_by: str = "",
    *,
    charts_before: str = "Plan",
    front: FirstPage | None = None,
    created: datetime | None = None,
    is_packed: bool = True,
) -> None:
    """Write tables and charts to a file; every text is a text, never a formula.

    ``made_by``, scenario and options, is under the title and on every printed page. The charts come
    before the sheet ``charts_before``; they read from the table "Chart data". A table with more
    rows than a sheet holds continues on further sheets: ``Plan``, ``Plan 2``. ``front`` is the
    first page; those of its charts that are not in ``pictures`` come last in the table "Chart
    data". Without ``is_packed``, a workbook in memory is stored uncompressed.
    """
    in_memory = sum(len(t) * len(t.columns) for t in tables) <= _IN_MEMORY
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": in_memory,
        "default_format_properties": style.usual_font(),
    }
    parts = contextlib.nullcontext() if in_memory else scratch_folder()
    kind = _Workbook if is_packed or not in_memory else _Unpacked
    with parts as folder, kind(str(path), {**options, "tmpdir": folder}) as book:
        properties = {"title": title[:255], "subject": made_by[:255]}
        book.set_properties(properties if created is None else {**properties, "created": created})
        book.set_size(1920, 1200)
        styles = style.Styles(book)
        first = None if front is None else book.add_worksheet(NAME)
        drawn = None
        for table in tables:
            if table.name == charts_before:
                drawn = book.add_worksheet("Charts")
            for part in _sheet_parts(table):
                sheet = book.add_worksheet(part.name, worksheet_class=StreamedWorksheet)
                _write_table(sheet, part, styles, made_by)
        if drawn is not None:
            data = next(t for t in tables if t.name == "Chart data")
            native.draw_charts(book, drawn, pictures, data, styles, (title, made_by))
        if first is None or front is None:
            return
        shown = [*pictures, *(p for p in front.pictures if p not in pictures)]
        rows = spans(shown)
        data_of = [rows[shown.index(picture)] for picture in front.pictures]
        draw_front(book, first, front, tables, ("Chart data", data_of), styles)


class _Workbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """A workbook with the compression level ``_PACKED``; the library has no option for that.

    Parts in memory are compressed in threads, since that takes as long as writing them.
    """

    COMPRESSION = zipfile.ZIP_DEFLATED

    def _store_workbook(self) -> None:
        store = xlsxwriter.Workbook._store_workbook.__code__  # noqa: SLF001
        with ThreadPoolExecutor(2) as self.threads:
            FunctionType(store, {**vars(xlsxwriter.workbook), "ZipFile": self._open})(self)

    def _open(self, path: str, mode: Any, *, allowZip64: bool, **_: Any) -> zipfile.ZipFile:  # noqa: N803
        self.archive = zipfile.ZipFile(path, mode, self.COMPRESSION, allowZip64, _PACKED)
        return self.archive

    def _get_packager(self) -> _Packager:
        return _Packager()


class _Packager(Packager):  # type: ignore[misc]
    """Compresses each part in memory while the library writes the next ones.

    Neither the library nor ``zipfile`` has a public way to add a part that is compressed already.
    """

    def __init__(self) -> None:
        super().__init__()
        self.packed: list[tuple[str, Future[tuple[int, int, bytes]]]] = []

    def _filename(self, xml_filename: str) -> Any:
        if self.in_memory:
            self._pack_parts()
        return super()._filename(xml_filename)

    def _create_package(self) -> Any:
        """Return the parts that the library has still to store: none if they are in memory."""
        super()._create_package()
        if self.in_memory:
            self._pack_parts()
            for name, packed in self.packed:
                self._store(name, *packed.result())
        return self.filenames

    def _pack_parts(self) -> None:
        submit, kind = self.workbook.threads.submit, self.workbook.COMPRESSION
        self.packed += [(name, submit(_packed, part, kind)) for part, name, _ in self.filenames]
        self.filenames.clear()

    def _store(self, name: str, size: int, crc: int, packed: bytes) -> None:
        """Store a part as ``zipfile`` does, with the time stamp of 1980 that the library has."""
        archive, info = self.workbook.archive, zipfile.ZipInfo(name)
        info.compress_type, info.external_attr = archive.compression, 0o600 << 16
        info.file_size, info.CRC, info.compress_size = size, crc, len(packed)
        info.header_offset = archive.start_dir
        archive.filelist.append(info)
        archive.fp.write(info.FileHeader() + packed)
        archive.start_dir = archive.fp.tell()


def _packed(part: io.StringIO | io.BytesIO, compression: int) -> tuple[int, int, bytes]:
    """Return a part's size and checksum, and its bytes as an archive stores them."""
    content = part.getvalue()
    data = content.encode() if isinstance(content, str) else content
    if compression == zipfile.ZIP_STORED:
        return len(data), zlib.crc32(data), data
    packer = zlib.compressobj(_PACKED, zlib.DEFLATED, -zlib.MAX_WBITS)
    return len(data), zlib.crc32(data), packer.compress(data) + packer.flush()


class _Unpacked(_Workbook):
    """A workbook without compression, to be read at once and thrown away.

    Compression would take as long as writing it.
    """

    COMPRESSION = zipfile.ZIP_STORED


def _sheet_parts(table: Table) -> Iterator[Table]:
    """Yield a table, in parts if it has more rows than a sheet."""
    if len(table) <= MOST_ROWS:
        yield table
        return
    for number, first in enumerate(range(0, len(table), MOST_ROWS), start=1):
        rows = slice(first, first + MOST_ROWS)
        columns = tuple(
            replace(
                c, values=c.values[rows], formats=None if c.formats is None else c.formats[rows]
            )
            for c in table.columns
        )
        sections = {row - first for row in table.sections if first <= row < first + MOST_ROWS}
        name = table.name if number == 1 else f"{table.name} {number}"
        yield replace(table, name=name, columns=columns, sections=frozenset(sections))


def _write_table(
    sheet: StreamedWorksheet, table: Table, styles: style.Styles, made_by: str
) -> None:
    rows, last = len(table), len(table.columns) - 1
    sheet.set_default_row(style.ROW_HEIGHT)
    widths, lines = _column_widths(table)
    heights = _heights(table, widths)
    sheet.fill(_formatted_columns(table, styles), heights)
    heads = [styles.header_style(c.fmt, filtered=table.filtered) for c in table.columns]
    options = {
        "name": re.sub(r"\W", "_", table.name) + "_table",
        "style": style.TABLE_STYLE,
        "banded_rows": not table.sections,
        "autofilter": table.filtered,
        "columns": [
            {"header": header[:255], "header_format": head}
            for header, head in zip(table.headers, heads, strict=True)
        ],
    }
    sheet.add_tall_table(rows, last, options)
    for i, (column, wide) in enumerate(zip(table.columns, widths, strict=True)):
        sheet.set_column(i, i, wide)
        _add_note(sheet, i, column.meaning)
    _coloured(sheet, table, styles)
    sheet.set_row(0, style.header_height(lines))
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{max(rows, 1) + 1}"})
    columns = _printed(table)
    text = f"{table.name}: {made_by}" if made_by else table.name
    paper = style.Paper.fitting(table, widths[:columns])
    style.print_setup(sheet, text, paper)
    # If any sheet has a print area, some programs print only sheets that have one.
    if not columns:
        # The sheet is only for the screen. An area must not be empty, and verify refuses hidden
        # sheets. So the area is a blank cell: LibreOffice prints no page, Excel one page with only
        # this sentence.
        sheet.print_area(0, last + 1, 0, last + 1)
        sheet.set_header(f"&LNot printed: {rows:,} rows, for reading on the screen. {_ALL}")
        return
    shown = style.printed_rows(paper, heights, lines)
    sheet.print_area(0, 0, max(shown, 1), columns - 1)
    if shown < rows:
        text = f"Printed: {shown:,} of {rows:,} rows. The others are on the screen."
        sheet.set_header(f"&L{text} {_ALL}")


def _coloured(sheet: Any, table: Table, styles: style.Styles) -> None:
    """Colour cells by their values, as their columns say."""
    heated = [c for c in table.columns if c.colour is Colour.HEAT]
    numbers = [v for c in heated for v in c.values if isinstance(v, int | float)]
    for i, column in enumerate(table.columns):
        rules: Iterable[dict[str, Any]] = ()
        if column.colour is Colour.HEAT:
            rules = [_colour_scale(max(numbers, default=0.0))]
        elif column.colour is Colour.LIGHTS:
            rules = _lights(styles)
        elif column.colour is Colour.AGAINST_FIRST:
            rules = _against_first(xl_col_to_name(i), styles)
        for rule in rules:
            sheet.conditional_format(1, i, max(len(table), 1), i, rule)


def _colour_scale(most: float) -> dict[str, Any]:
    """Return the colour scale of shares: from 0 to 100 %, or to ``most`` if it is larger."""
    ends = {"min_type": "num", "max_type": "num", "min_value": 0, "max_value": max(most, 1.0)}
    colours = {"min_color": palette.WHITE, "max_color": palette.HEAT}
    return {"type": "2_color_scale", **ends, **colours}


def _lights(styles: style.Styles) -> Iterator[dict[str, Any]]:
    """Yield the colours of cells by their first sign: ✓ blue, ✗ red-brown."""
    good = styles.get(font_color=palette.GOOD, bg_color=palette.PALE_SKY)
    bad = styles.get(font_color=palette.BAD, bg_color=palette.PALE_ORANGE, bold=True)
    for sign, fmt in (("✓", good), ("✗", bad)):
        yield {"type": "text", "criteria": "begins with", "value": sign, "format": fmt}


def _against_first(name: str, styles: style.Styles) -> Iterator[dict[str, Any]]:
    """Yield the colours of shares above or below the first row's, darker if far from it."""
    formats = [
        (">=", _FAR, palette.HEAT), (">=", _APART, palette.PALE_ORANGE),
        ("<=", -_FAR, palette.COOL), ("<=", -_APART, palette.PALE_SKY),
    ]  # fmt: skip
    for sign, by, colour in formats:
        rule = f"=AND(ISNUMBER({name}2),ISNUMBER({name}$2),{name}2-{name}$2{sign}{by:g})"
        fmt = styles.get(bg_color=colour)
        yield {"type": "formula", "criteria": rule, "format": fmt, "stop_if_true": True}


def _printed(table: Table) -> int:
    """Return how many columns are printed: unless the table says, all up to the last non-remark."""
    if table.printed is not None:
        return table.printed
    shown = [i for i, column in enumerate(table.columns) if column.fmt is not Format.REMARK]
    return shown[-1] + 1


def _column_widths(table: Table) -> tuple[list[float], int]:
    """Return the columns' widths, and the number of lines of the header.

    If the table doesn't fit on A4, the header first gets more lines; then sentences get narrower.
    """
    count = _printed(table) or None
    widths_by_column = [
        style.column_widths(c, filtered=table.filtered, sections=table.sections)
        for c in table.columns
    ]
    widest: list[float] = []
    for lines, widths in zip(style.HEADER_LINES, zip(*widths_by_column, strict=True), strict=True):
        widest = list(widths)
        if sum(widest[:count]) <= style.WIDEST:
            return widest, lines
    long = [i for i, c in enumerate(table.columns[:count]) if _wraps(c)]
    for i in sorted(long, key=lambda i: -widest[i]):
        excess = max(0.0, sum(widest[:count]) - style.WIDEST)
        widest[i] = max(min(widest[i], _NARROWEST_LONG), widest[i] - excess)
    return widest, style.HEADER_LINES[-1]


def _wraps(column: TableColumn) -> bool:
    return column.fmt in {Format.LONG, Format.SENTENCE} or column.formats is not None


def _heights(table: Table, widths: Sequence[float]) -> list[float]:
    """Return the height of every row, since programs size rows differently if it is not set."""
    lines = [1] * len(table)
    for column, wide in zip(table.columns, widths, strict=True):
        if _wraps(column):
            formats = column.formats or repeat(column.fmt, len(table))
            cells = [
                (v, Format.LONG if fmt is Format.TEXT and not column.fmt.is_text else fmt)
                for v, fmt in zip(column.values, formats, strict=True)
            ]
            counts = {cell: style.line_count(cell[0], wide, cell[1]) for cell in set(cells)}
            lines = [max(most, counts[cell]) for most, cell in zip(lines, cells, strict=True)]
    heights = [style.ROW_HEIGHT + (most - 1) * style.LINE_HEIGHT for most in lines]
    for row in table.sections:
        heights[row] = style.SECTION_HEIGHT
    return heights


def _add_note(sheet: Any, column: int, text: str) -> None:
    if text:
        lines = sum(len(part) // _NOTE_LINE + 1 for part in text.split("\n"))
        size = {"width": _NOTE_WIDTH, "height": 18 + 16 * lines}
        sheet.write_comment(0, column, text, size | {"font_size": 9, "color": palette.NOTE})


# ---- cells with their formats -------------------------------------------------------------------


def _formatted_columns(table: Table, styles: style.Styles) -> Iterator[ColumnCells]:
    section = styles.get(
        bold=True, font_color=palette.NAVY, bg_color=palette.PALE, top=1, top_color=palette.NAVY
    )
    for column in table.columns:
        if column.formats is None and not table.sections:
            yield ColumnCells(column.values, styles.cell_style(column.fmt, column.values))
            continue
        values = list(column.values)
        formats = _format_of_each(column, styles)
        for row in table.sections:
            formats[row] = section
            values[row] = None if values[row] is None else str(values[row])
        yield ColumnCells(values, formats)


def _format_of_each(column: TableColumn, styles: style.Styles) -> list[Any]:
    if column.formats is None:
        fmt = styles.cell_style(column.fmt, column.values)
        return [None if value is None else fmt for value in column.values]
    formats, most = [], style.most_money(column)
    for value, fmt in zip(column.values, column.formats, strict=True):
        if isinstance(value, str) and not column.fmt.is_text:
            formats.append(styles.get(align="right", indent=1, text_wrap=True))
        elif isinstance(value, str):
            formats.append(styles.cell_style(fmt if fmt.is_text else Format.TEXT, ()))
        else:
            form = style.mixed_format(fmt, value, most)
            formats.append(None if value is None else styles.number_style(form))
    return formats


# ---- worksheets with rows that are written a column at a time -----------------------------------
#
# XlsxWriter keeps an object for every cell and converts each to XML by itself: for a plan of
# 200,000 rows this takes 14 s and a gigabyte, and its mode for large sheets refuses tables. Here
# the library writes everything else (table, widths, comments, printing, charts), and
# ``StreamedWorksheet`` converts the rows below the header to the same XML.

_CHUNK = 1024
"""Rows that are converted to XML at a time."""


@dataclass(frozen=True)
class ColumnCells:
    """A column's cells, from row 2 of the sheet on.

    ``formats`` is one format, or a list with a format for each cell. With a list, a blank cell with
    a format is written, and None leaves the cell out.
    """

    values: Sequence[Cell]
    formats: Any
    texts: dict[str, str] = field(default_factory=dict)
    """Index of each text in the workbook's list of texts; ``StreamedWorksheet.fill`` sets it."""


class StreamedWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet with a first row that is written cell by cell, and rows set by ``fill``."""

    def __init__(self) -> None:
        super().__init__()
        self._filled: list[ColumnCells] = []
        self._heights: Sequence[float] = ()

    def fill(self, columns: Iterable[ColumnCells], heights: Sequence[float]) -> None:
        """Set all cells below row 1, and the height of each of their rows in points.

        Raises TypeError for a number that is not finite.
        """
        self._filled, self._heights = list(columns), heights
        for column in self._filled:
            self._register(column)
        if heights:
            self._check_dimensions(len(heights), max(len(self._filled) - 1, 0))
        pixels = {height: _pixels(height) for height in set(heights)}
        odd = {height: n for height, n in pixels.items() if n != self.default_row_height}
        for row, points in enumerate(heights, start=1) if odd else ():
            if points in odd:
                self.row_sizes[row] = [odd[points], False]  # they position comments and charts

    def add_tall_table(self, rows: int, last: int, options: dict[str, Any]) -> None:
        """Make a table of columns 0 to ``last``: the header and ``rows`` rows below it.

        It is added with one row and then extended, since the library records every cell of a table
        to find overlapping ones.
        """
        self.add_table(0, 0, 1, last, options)
        whole = xl_range(0, 0, max(rows, 1), last)
        table = self.tables[-1]
        table |= {name: whole for name in ("range", "a_range", "autofilter") if table.get(name)}

    def _register(self, column: ColumnCells) -> None:
        """Enter a column's texts into the workbook's list, and check its numbers."""
        shared, kinds = self.str_table, set(map(type, column.values))
        if any(issubclass(kind, str) for kind in kinds):
            words = _all(str, column.values, kinds)
            for text in dict.fromkeys(words):
                index = shared._get_shared_string_index(clean_text(text))  # noqa: SLF001
                column.texts[text] = str(index)
            shared.count += len(words) - len(column.texts)
        if any(issubclass(kind, float) for kind in kinds):
            numbers = _all(float, column.values, kinds)
            if not math.isfinite(sum(numbers)) and not all(map(math.isfinite, numbers)):
                msg = "a cell cannot hold NaN or infinity"
                raise TypeError(msg)

    # ---- methods that the library calls when it writes the file --------------------------------

    def _write_rows(self) -> None:
        """Write the first row as the library does, and the others from the columns."""
        self.dim_rowmax: int | None = 0
        super()._write_rows()
        self.dim_rowmax = len(self._heights)
        for first in range(0, len(self._heights), _CHUNK):
            stop = min(first + _CHUNK, len(self._heights))
            self.fh.write("".join(self._chunk(first, stop)))

    def _chunk(self, first: int, stop: int) -> Iterator[str]:
        """Yield the rows from ``first`` to before ``stop``, counted from below the header."""
        numbers = [str(row + 2) for row in range(first, stop)]
        parts = [
            _xml_template(column, i, first, stop, numbers) for i, column in enumerate(self._filled)
        ]
        attributes = {
            height: f' ht="{_pixels(height) * 0.75:.16g}" customHeight="1"'
            for height in set(self._heights[first:stop])
        }
        heights = [attributes[height] for height in self._heights[first:stop]]
        cells = "".join(template for template, *_ in parts)
        given = [each for _, values, _ in parts for each in values]
        if any(is_full for *_, is_full in parts):
            row = f'<row r="%s"%s>{cells}</row>'
            return map(row.__mod__, zip(numbers, heights, *given, strict=True))
        filled = map(cells.__mod__, zip(*given, strict=True)) if given else repeat("", stop - first)
        return (
            f'<row r="{number}"{height}>{row}</row>' if row else f'<row r="{number}"{height}/>'
            for number, height, row in zip(numbers, heights, filled, strict=True)
        )

    def _get_range_data(
        self, row_start: int, col_start: int, row_end: int, col_end: int
    ) -> list[str | None]:
        """Return the cells of a column that a chart reads; the chart stores them, too."""
        if row_start:
            values = self._filled[col_start].values[row_start - 1 : row_end]
            return [v if v is None or isinstance(v, str) else f"{v:.16g}" for v in values]
        cells: list[str | None] = super()._get_range_data(row_start, col_start, row_end, col_end)
        return cells


def _all(kind: type, values: Sequence[Any], kinds: set[type]) -> Sequence[Any]:
    """Return the values of one type; ``kinds`` are the types that there are."""
    return values if kinds == {kind} else [v for v in values if isinstance(v, kind)]


def _xml_template(
    column: ColumnCells, place: int, first: int, stop: int, numbers: list[str]
) -> tuple[str, tuple[Sequence[Any], ...], bool]:
    """Return a template of a cell's XML, the values for it by row, and whether all rows have cells.

    Otherwise the values are complete cells, or "". The template has only values if all are texts,
    or all numbers.
    """
    values, texts = column.values[first:stop], column.texts
    start = f'<c r="{xl_col_to_name(place)}'
    if isinstance(column.formats, list):
        cells = zip(numbers, values, map(_style, column.formats[first:stop]), strict=True)
        written = [_cell_xml(start, *cell, texts) or _blank(start, *cell) for cell in cells]
        return "%s", (written,), False
    kinds = set(map(type, values))
    if kinds == {type(None)}:
        return "", (), False
    fmt = _style(column.formats)
    if all(issubclass(kind, str) for kind in kinds):
        indexes = [*map(texts.__getitem__, values)]  # type: ignore[arg-type]
        template = f'{start}%s{fmt} t="s"><v>%s</v></c>'
        return template, (numbers, indexes), True
    if all(issubclass(kind, int | float) for kind in kinds):
        return f"{start}%s{fmt}><v>%.17G</v></c>", (numbers, values), True
    rows = zip(numbers, values, strict=True)
    if fmt and not any(issubclass(kind, str) for kind in kinds):
        cell = f"{start}%s{fmt}><v>%.17G</v></c>"
        return "%s", (["" if row[1] is None else cell % row for row in rows],), False
    return "%s", ([_cell_xml(start, n, value, fmt, texts) for n, value in rows],), False


def _style(fmt: Any) -> str:
    """Return the end of a cell's tag with the format's number."""
    return "" if fmt is None else f'" s="{fmt._get_xf_index()}"'  # noqa: SLF001


def _cell_xml(start: str, number: str, value: Cell, fmt: str, texts: dict[str, str]) -> str:
    """Return a cell's XML, "" for a blank cell; ``texts`` are the numbers of shared texts."""
    if value is None or not fmt:
        return ""
    if isinstance(value, str):
        return f'{start}{number}{fmt} t="s"><v>{texts[value]}</v></c>'
    return f"{start}{number}{fmt}><v>{value:.17G}</v></c>"


def _blank(start: str, number: str, _: Cell, fmt: str) -> str:
    return f"{start}{number}{fmt}/>" if fmt else ""


def _pixels(points: float) -> int:
    """Return a height in whole pixels of 0.75 points, as the library rounds it."""
    return int(points * 4 / 3 + 0.5)
