"""Random changes to the cells of a workbook: what people, programs and slips put into them.

A workbook is a ``Sheets``, title to rows of cells; a change alters it where it is and says what it
did. ``write`` makes a file of it without refusing anything that Excel itself would let a cell hold.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import openpyxl
import xlsxwriter


@dataclass(frozen=True)
class Formula:
    """A formula with the value saved beside it; "" is none."""

    text: str
    saved: object = ""


Sheets = dict[str, list[list[object]]]
Change = Callable[[Sheets, Random], str]

LONGEST = 32_767
"""Characters that a cell of Excel holds at most."""

NUMBERS: tuple[object, ...] = (
    0, -1, -0.0, 1e-300, 1e-9, 0.5, 1, 1.0000001, 2.5, 65, 100, 1900, 2027, 2300, 99_999, 1e8, 1e10,
    10_000_000_001, 1e20, 1e30, 1.7e308, 2**31, 2**53 + 1, 5e-324,
)  # fmt: skip

WORDS: tuple[str, ...] = (
    "=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "-", "@SUM(A1)", "{=A1}", "'1000", "1000", "1,200",
    "1.200,5", "1 200", "65%", "n/a", "N/A", "-", "#REF!", "TRUE", "yes", "no", "nan", "inf", "1e5",
    "0x10", "٣٤", "½", "2026-01-01", "each", "coalition", "each outside coalition", "Base", "other",
    "max", "recycled", "China", "chn", "Chna", "ROW", "Atlantis", "[red]x[/red]", "[/]",
    "%s %d {0} {name}", "a;b", "a|b", "\\N", "<b>&amp;</b>", "]]>", "_x0041_", "_x0000_", "a\nb",
    "a\r\n\tb", "\x07bell", "\x1b[31mred", "\u200bzero\u200dwidth", "\u00a0", "\ufeff", "\ufffe",
    "🪨⛏️ 銅", "👩‍👩‍👧‍👦", "مصفاة النحاس", "\u202eevil\u202c", "é" + "\u0301" * 40, "ﬀ ß İ ı",
    "CON", "../../x", "a/b:c*d?e[f]", "http://example.org/" + "x" * 2100, "x" * 300,
    "ab " * 85 + "end", "y" * LONGEST, "=" * 400,
)  # fmt: skip

ODD: tuple[object, ...] = (
    *NUMBERS, *WORDS, None, "", "   ", True, False, dt.datetime(2026, 3, 4),
    dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31, 23, 59), Formula("=1+1"), Formula("=1+1", 2),
    Formula("=500*2", 1000), Formula('="a"', "a"), Formula("=1/0", "#DIV/0!"),
    Formula("=NA()", "#N/A"), Formula("=A99999+1", "#REF!"), Formula("=TRUE()", "TRUE"),
)  # fmt: skip

HEADERS = ("Note", "Source", "2027", "2031", "2026.5", "Max", "First year", "(t)", "Capcity")
UNITS = ("t", "kt/yr", "MT", "mt", "lb", "USD/t", "EUR/t", "USD/lb", "USD m", "%", "")


# ---- to and from files ---------------------------------------------------------------------------


def sheets_of(content: bytes) -> Sheets:
    """Read the plain cells of a workbook."""
    book = openpyxl.load_workbook(BytesIO(content), read_only=True)
    try:
        return {
            sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)]
            for sheet in book.worksheets
            if sheet.title not in {"Read me", "Lists"}
        }
    finally:
        book.close()


def write(path: Path, sheets: Sheets, merges: list[tuple[str, int, int, int, int]]) -> None:
    """Write every cell by its own type; ``merges`` are title, first row and column, last."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for of, *area in merges:
                if of == title and (area[0], area[1]) != (area[2], area[3]):
                    sheet.merge_range(*area, "")
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    _put(sheet, i, j, value, date)


def _put(sheet: xlsxwriter.worksheet.Worksheet, i: int, j: int, value: object, date) -> None:
    if isinstance(value, Formula):
        sheet.write_formula(i, j, value.text, None, value.saved)
    elif isinstance(value, dt.datetime):
        sheet.write_datetime(i, j, value, date)
    elif isinstance(value, bool):
        sheet.write_boolean(i, j, value)
    elif isinstance(value, int | float):
        sheet.write_number(i, j, value)
    elif isinstance(value, str) and value:
        sheet.write_string(i, j, value[:LONGEST])


# ---- where ---------------------------------------------------------------------------------------


def _title(sheets: Sheets, rng: Random) -> str:
    """A sheet with cells."""
    return rng.choice([title for title, rows in sheets.items() if _filled(rows)] or list(sheets))


def _filled(rows: list[list[object]]) -> list[tuple[int, int]]:
    return [(i, j) for i, row in enumerate(rows) for j, v in enumerate(row) if v is not None]


def _cell(sheets: Sheets, rng: Random, *, body: bool = False) -> tuple[str, int, int]:
    """A cell, a filled one as a rule."""
    title = _title(sheets, rng)
    rows = sheets[title] or [[None]]
    sheets[title] = rows
    places = [(i, j) for i, j in _filled(rows) if i or not body] if rng.random() < 0.75 else []
    if not places:
        places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    if not places:
        rows[0] = [None]
        places = [(0, 0)]
    return (title, *rng.choice(places))


def _column(sheets: Sheets, rng: Random) -> tuple[str, int]:
    title, _, j = _cell(sheets, rng)
    return title, j


def _at(title: str, i: int, j: int) -> str:
    return f"{title} R{i + 1}C{j + 1}"


def _shown(value: object) -> str:
    said = ascii(value)
    return said if len(said) <= 60 else f"{said[:50]}... ({len(said)})"


# ---- changes -------------------------------------------------------------------------------------


def odd_value(sheets: Sheets, rng: Random) -> str:
    """Anything anywhere."""
    title, i, j = _cell(sheets, rng)
    new = rng.choice(ODD)
    was, sheets[title][i][j] = sheets[title][i][j], new
    return f"{_at(title, i, j)}: {_shown(was)} -> {_shown(new)}"


def other_number(sheets: Sheets, rng: Random) -> str:
    """A number by another: scaled, negative, huge."""
    title = _title(sheets, rng)
    places = [
        (i, j)
        for i, j in _filled(sheets[title])
        if i and isinstance(sheets[title][i][j], int | float)
    ]
    if not places:
        return odd_value(sheets, rng)
    i, j = rng.choice(places)
    was = sheets[title][i][j]
    factor = rng.choice([-1, 0, 1e-12, 1e-6, 1e-3, 0.5, 2, 1e3, 1e6, 1e9])
    new = rng.choice(NUMBERS) if rng.random() < 0.4 else was * factor
    sheets[title][i][j] = new if math.isfinite(new) else 0
    return f"{_at(title, i, j)}: {was!r} -> {new!r}"


def rename_everywhere(sheets: Sheets, rng: Random) -> str:
    """A name by an odd one wherever it stands: the workbook may stay valid."""
    homes = [t for t in ("Minerals", "Members", "Refiners", "Contracts", "Projects") if t in sheets]
    names = [row[0] for t in homes for row in sheets[t][1:] if row and isinstance(row[0], str)]
    if "Scenarios" in sheets:
        names += [row[0] for row in sheets["Scenarios"][1:] if row and isinstance(row[0], str)]
    if not names:
        return odd_value(sheets, rng)
    was, new = rng.choice(names), rng.choice(WORDS)
    if rng.random() < 0.3:
        new = f"{new}{was}"[:LONGEST]
    for rows in sheets.values():
        for row in rows:
            row[:] = [new if cell == was else cell for cell in row]
    return f"every {_shown(was)} -> {_shown(new)}"


def merge_into_name(sheets: Sheets, rng: Random) -> str:
    """A text with another put in."""
    title, i, j = _cell(sheets, rng)
    was = sheets[title][i][j]
    if not isinstance(was, str):
        return odd_value(sheets, rng)
    at, word = rng.randrange(len(was) + 1), rng.choice(WORDS)
    new = (was[:at] + word + was[at:])[:LONGEST]
    sheets[title][i][j] = rng.choice([new, was.upper(), f"  {was} ", was[1:], was + was])
    return f"{_at(title, i, j)}: {_shown(was)} -> {_shown(sheets[title][i][j])}"


def swap_columns(sheets: Sheets, rng: Random) -> str:
    """Two columns change places, headers with them or not."""
    title, a = _column(sheets, rng)
    b = rng.randrange(len(sheets[title][0]) or 1)
    body = rng.random() < 0.5
    for row in sheets[title][1 if body else 0 :]:
        if max(a, b) < len(row):
            row[a], row[b] = row[b], row[a]
    return f"{title}: columns {a + 1} and {b + 1} swapped{' below the header' if body else ''}"


def rename_header(sheets: Sheets, rng: Random) -> str:
    """A header by a typo, another unit, another case, another header."""
    title, j = _column(sheets, rng)
    row = sheets[title][0]
    if j >= len(row):
        return odd_value(sheets, rng)
    was = str(row[j] or "")
    name = was.partition(" (")[0]
    row[j] = rng.choice(
        [
            f"  {was.upper().replace(' ', '   ')} ",
            was[:-1],
            name,
            f"{name} ({rng.choice(UNITS)})",
            f"{name} {rng.choice((2026, 2027, 1800, 9999))} ({rng.choice(UNITS)})",
            rng.choice(HEADERS),
            rng.choice(row),
            rng.choice(ODD),
        ]
    )
    return f"{title}: header {was!r} -> {_shown(row[j])}"


def rows_changed(sheets: Sheets, rng: Random) -> str:
    """A row out, twice, blank, elsewhere, or many of them."""
    title, i, _ = _cell(sheets, rng)
    rows = sheets[title]
    how = rng.choice(["out", "twice", "blank", "moved", "on top", "many"])
    if how == "out":
        del rows[i]
    elif how == "twice":
        rows.insert(rng.randrange(len(rows) + 1), list(rows[i]))
    elif how == "blank":
        rows[i] = [None] * len(rows[i])
    elif how == "moved":
        rows.insert(rng.randrange(len(rows)), rows.pop(i))
    elif how == "on top":
        rows[:0] = [[rng.choice(ODD)] if rng.random() < 0.5 else [] for _ in range(3)]
    else:
        rows.extend([list(rows[i]) for _ in range(100)])
    return f"{title}: row {i + 1} {how}"


def columns_changed(sheets: Sheets, rng: Random) -> str:
    """A column out, twice, blank, or all the same."""
    title, j = _column(sheets, rng)
    how = rng.choice(["out", "twice", "blank", "odd"])
    value = rng.choice(ODD)
    for i, row in enumerate(sheets[title]):
        if j >= len(row):
            continue
        if how == "out":
            del row[j]
        elif how == "twice":
            row.append(row[j])
        elif i:
            row[j] = None if how == "blank" else value
    return f"{title}: column {j + 1} {how}{f' {_shown(value)}' if how == 'odd' else ''}"


def sheets_changed(sheets: Sheets, rng: Random) -> str:
    """A sheet out, empty, under another name, or with the rows of another."""
    title = rng.choice(list(sheets))
    how = rng.choice(["out", "empty", "header alone", "renamed", "another's rows", "beside"])
    if how == "out" and len(sheets) > 1:
        del sheets[title]
    elif how == "empty":
        sheets[title] = []
    elif how == "header alone":
        sheets[title] = sheets[title][:1]
    elif how == "renamed":
        new = rng.choice([title.upper(), title[:-1] or "x", f"{title} 2", f" {title}", "🪨"])
        if new.casefold().strip() not in {t.casefold() for t in sheets if t != title}:
            renamed = {new if t == title else t: rows for t, rows in sheets.items()}
            sheets.clear()
            sheets.update(renamed)
    elif how == "another's rows":
        sheets[title] = [list(row) for row in sheets[rng.choice(list(sheets))]]
    else:
        sheets.setdefault("Notes", [[rng.choice(ODD) for _ in range(3)] for _ in range(3)])
    return f"{title}: sheet {how}"


def stray(sheets: Sheets, rng: Random) -> str:
    """A cell far from the others."""
    title = _title(sheets, rng)
    rows = sheets[title]
    i, j = rng.choice([(0, 40), (300, 0), (5, 60), (200, 200)])
    rows.extend([] for _ in range(i + 1 - len(rows)))
    rows[i].extend([None] * (j + 1 - len(rows[i])))
    rows[i][j] = rng.choice(ODD)
    return f"{_at(title, i, j)}: stray {_shown(rows[i][j])}"


def swap_cells(sheets: Sheets, rng: Random) -> str:
    """Two cells of any sheets change places."""
    one, two = _cell(sheets, rng), _cell(sheets, rng)
    (s, i, j), (t, k, m) = one, two
    sheets[s][i][j], sheets[t][k][m] = sheets[t][k][m], sheets[s][i][j]
    return f"{_at(*one)} and {_at(*two)} swapped"


def scenario(sheets: Sheets, rng: Random) -> str:
    """A cell of a row of rules by a word or number that some rule knows."""
    titles = [
        t for t in ("Scenarios", "Share limits", "Security", "Lanes", "Settings") if t in sheets
    ]
    if not titles:
        return odd_value(sheets, rng)
    title = rng.choice(titles)
    places = [(i, j) for i, row in enumerate(sheets[title]) for j in range(len(row)) if i]
    if not places:
        return odd_value(sheets, rng)
    i, j = rng.choice(places)
    words = ["block lanes", "scale demand", "remove member", "build project", "drop share limits"]
    new = rng.choice([*words, "min", "max", "each", "bloc", "owner", 0, 1, 0.3, 2, 2027, None])
    sheets[title][i][j] = new
    return f"{_at(title, i, j)} -> {new!r}"


CHANGES: tuple[Change, ...] = (
    odd_value, odd_value, odd_value, other_number, other_number, other_number, rename_everywhere,
    rename_everywhere, rename_everywhere, merge_into_name, swap_columns, rename_header,
    rows_changed, columns_changed, sheets_changed, stray, swap_cells, scenario,
)  # fmt: skip


def merge(sheets: Sheets, rng: Random) -> tuple[str, int, int, int, int]:
    """An area of merged cells."""
    title, i, j = _cell(sheets, rng)
    return title, i, j, i + rng.randrange(3), j + rng.randrange(3)


def mutated(path: Path, base: bytes, seed: str, *, only: frozenset[int] | None = None) -> list[str]:
    """Write a changed copy of a workbook and return what was changed.

    Every change draws from a seed of its own, so that ``only`` some of them can be made again.
    """
    rng = Random(f"{seed} how many")
    sheets = sheets_of(base)
    said = []
    merges = []
    for number in range(rng.choice([1, 1, 1, 2, 2, 3, 5])):
        own = Random(f"{seed} {number}")
        if only is not None and number not in only:
            continue
        if own.random() < 0.03:
            merges = [merge(sheets, own)]
            said.append(f"merged {merges[0]}")
        else:
            said.append(own.choice(CHANGES)(sheets, own))
    write(path, sheets, merges)
    return said
