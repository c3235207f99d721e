"""Two workbooks cell by cell: the plan as it lies there, and the plan as it was computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from models.errors import Finding
from models.results.field import Look
from planner.audit.file import CHECKS
from planner.render.table import Table
from planner.workbook.grid import Fault, Grid, lines
from planner.workbook.layout import letters
from planner.workbook.plan_columns import PART, SUMMARY, is_number

MOST_APART = 1e-9
"""Numbers may differ by this part of themselves: sums are not added up alike everywhere."""
_DUST = 1e-13
"""They may differ by this part of the largest number of their kind in the column, too: what is left
when numbers cancel."""
_NOISE = 1e-6
"""A figure of the proof that is none of rounding may differ by this part of what is accepted."""
_MISSING = "this row is missing"
_SENTENCES = {CHECKS, "Chart data", "Glossary"}
_SAID = {Look.LONG, Look.SENTENCE, Look.REMARK}
_FARTHEST, _SEARCHES = 25, 50
"""Rows that may be too many or missing at one place, and vain searches for them on a sheet."""

_Row = Sequence[object]


def compare(
    found: Mapping[str, Grid],
    expected: Mapping[str, Grid],
    tables: Mapping[str, Table],
) -> list[Finding]:
    """Return what differs on all sheets; ``tables``, made anew, say what each number is."""
    missing = (title for title in expected if title not in found)
    told = [Finding(title, found="this sheet is missing") for title in missing]
    for title, grid in found.items():
        if title in expected:
            part = PART.fullmatch(title)
            table = tables.get(title) or tables.get(part[1] if part else "")
            if table is None:
                _page(grid, expected[title], told)
            else:
                _Sheets(grid, expected[title], table, told).compare()
        else:
            said = "this sheet is none that the planner wrote into this plan"
            told.append(Finding(title, found=said))
    kept = [title for title in found if title in expected]
    wanted = [title for title in expected if title in found]
    if kept != wanted:
        moved = next(f for f, e in zip(kept, wanted, strict=True) if f != e)
        told.append(Finding(moved, found="this sheet does not stand in its place"))
    return told


def in_common(
    found: Mapping[str, Grid], expected: Mapping[str, Grid], tables: Mapping[str, Table]
) -> tuple[dict[str, Grid], dict[str, Grid]]:
    """Return what two versions of the planner say alike of a plan: fields, not sentences.

    Those are numbers and names, by their headers and, in Summary, by their measures. Pages, charts,
    the glossary and Checks are sentences, or say of the version what it checks.
    """
    here: dict[str, Grid] = {}
    due: dict[str, Grid] = {}
    for title in (t for t in found if t in expected and t in tables and t not in _SENTENCES):
        there, wanted = found[title], expected[title]
        at = {header: place for place, header in there.header.items()}
        places = {
            place: at[header]
            for place, header in wanted.header.items()
            if header in at and tables[title].columns[place - 1].look not in _SAID
        }
        here[title] = _fields(there, places, wanted)
        due[title] = _fields(wanted, dict(zip(places, places, strict=True)), wanted)
        if title == SUMMARY:
            both = {*here[title].values(1)} & {*due[title].values(1)}
            here[title], due[title] = (_measures(g[title], both) for g in (here, due))
    return here, due


def _fields(grid: Grid, places: Mapping[int, int], like: Grid) -> Grid:
    """Return some columns of a sheet, as those of another."""
    header = {place: like.header[place] for place in places}
    columns = {place: grid.values(at) for place, at in places.items()}
    return Grid(grid.title, like.header_row, header, grid.rows, columns)


def _measures(summary: Grid, names: AbstractSet[object]) -> Grid:
    """Return the rows of Summary that are of some measures, with a value."""
    filled = zip(summary.values(1), summary.values(2), strict=True)
    kept = [i for i, (name, value) in enumerate(filled) if name in names and value is not None]
    columns = {place: [values[i] for i in kept] for place, values in summary.columns.items()}
    rows = [summary.rows[i] for i in kept]
    return Grid(summary.title, summary.header_row, summary.header, rows, columns)


def _page(found: Grid, expected: Grid, told: list[Finding]) -> None:
    """Compare a sheet that is no table, cell by cell."""
    there, wanted = _cells(found), _cells(expected)
    for row, place in sorted({*there, *wanted}):
        here, due = there.get((row, place)), wanted.get((row, place))
        if here != due and not near(here, due):
            cell = f"{letters(place)}{row}"
            told.append(Finding(found.title, row, "", _shown(here), _shown(due), cell=cell))


def _cells(grid: Grid) -> dict[tuple[int, int], object]:
    found = {(grid.header_row, place): value for place, value in grid.header.items()}
    for row, cells in lines(grid):
        found |= {(row, place): value for place, value in cells}
    return found


def near(here: object, due: object, dust: float = _DUST) -> bool:
    """Return whether two cells hold numbers that differ by no more than rounding."""
    if not is_number(here) or not is_number(due):
        return False
    one, other = float(here), float(due)
    return abs(one - other) <= MOST_APART * max(abs(one), abs(other)) + dust


class _Sheets:
    """One sheet, found and expected."""

    def __init__(
        self,
        found: Grid,
        expected: Grid,
        table: Table,
        told: list[Finding],
    ) -> None:
        self.found, self.expected, self.told = found, expected, told
        self.title = found.title
        self.places = sorted(expected.header)
        self.scales = {place: _Scales(table, place, expected) for place in self.places}
        at = {str(header): place for place, header in expected.header.items()}
        self.value, self.accepted = at.get("Value", 0), at.get("Accepted up to", 0)
        self.searches = 0

    def compare(self) -> None:
        """Compare header, then rows; a row too many or too few is told once."""
        self._headers()
        there, wanted = _rows(self.found, self.places), _rows(self.expected, self.places)
        i, k = 0, 0
        while i < len(there) or k < len(wanted):
            if k >= len(wanted):
                self._extra(i)
                i += 1
                continue
            if i >= len(there):
                self._tell(self._row(i), 0, _MISSING, _said(wanted[k]))
                k += 1
                continue
            differing = self._differing(there[i], wanted[k], k)
            extra, lacking = self._shifted(there, wanted, i, k) if differing else (0, 0)
            for _ in range(extra):
                self._extra(i)
                i += 1
            for _ in range(lacking):
                self._tell(self._row(i), 0, _MISSING + " above", _said(wanted[k]))
                k += 1
            if extra or lacking:
                continue
            for n in differing:
                self._tell(self._row(i), self.places[n], _shown(there[i][n]), _shown(wanted[k][n]))
            i, k = i + 1, k + 1

    def _shifted(
        self, there: Sequence[_Row], wanted: Sequence[_Row], i: int, k: int
    ) -> tuple[int, int]:
        """Return how many rows from here on are too many, or how many are missing; 0 and 0: none.

        Rows that go on alike below were changed in their cells; a table that is different
        throughout is not searched for ever.
        """
        if self.searches >= _SEARCHES or self._match(there, wanted, i + 1, k + 1):
            return 0, 0
        for step in range(1, _FARTHEST + 1):
            if self._match(there, wanted, i + step, k):
                return step, 0
            if self._match(there, wanted, i, k + step):
                return 0, step
        self.searches += 1
        return 0, 0

    def _match(self, there: Sequence[_Row], wanted: Sequence[_Row], i: int, k: int) -> bool:
        return i < len(there) and k < len(wanted) and not self._differing(there[i], wanted[k], k)

    def _headers(self) -> None:
        found, expected = self.found, self.expected
        if found.header_row != expected.header_row and expected.header_row:
            said = f"the header stands in row {found.header_row or 'none'}"
            self.told.append(Finding(self.title, found.header_row, found=said, expected="row 1"))
        for place in sorted({*found.header, *expected.header}):
            here, due = found.header.get(place), expected.header.get(place)
            if here != due:
                self._tell(found.header_row, place, _shown(here), _shown(due))
        for row, place, value in found.stray:
            if (row, place, value) not in expected.stray:
                self._tell(row, place, _shown(value), "a blank cell")
        for row, place, value in expected.stray:
            if not any((r, p) == (row, place) for r, p, _ in found.stray):
                self._tell(row, place, "a blank cell", _shown(value))

    def _extra(self, i: int) -> None:
        self._tell(self._row(i), 0, "this row is none of the plan's", "")

    def _row(self, i: int) -> int:
        rows = self.found.rows
        if i < len(rows):
            return rows[i]
        return (rows[-1] if rows else self.found.header_row) + 1

    def _tell(self, row: int, place: int, found: str, expected: str) -> None:
        cell = f"{letters(place)}{row}" if place else ""
        header = str(self.expected.header.get(place, ""))
        self.told.append(Finding(self.title, row, header, found, expected, cell=cell))

    def _differing(self, found: Sequence[object], due: Sequence[object], k: int) -> list[int]:
        """Return which cells of a row differ from what they should be."""
        if found == due:
            return []
        differing = []
        for n, (here, wanted) in enumerate(zip(found, due, strict=True)):
            if here != wanted and not self._same(n, here, wanted, due, k):
                differing.append(n)
        return differing

    def _same(self, n: int, here: object, wanted: object, due: Sequence[object], k: int) -> bool:
        place = self.places[n]
        below = self.expected.rows[k] - self.expected.header_row - 1
        if not is_number(here) or not is_number(wanted):
            return False
        room = _DUST * self.scales[place].most_of(below)
        if self.title == CHECKS and place == self.value and wanted:
            accepted = due[self.places.index(self.accepted)] if self.accepted else None
            room += _NOISE * float(accepted) if is_number(accepted) else 0.0
        return near(here, wanted, room)


class _Scales:
    """The largest number of a cell's kind in its column."""

    def __init__(self, table: Table, place: int, grid: Grid) -> None:
        self.looks: Sequence[Look] | None = None
        self.most: dict[Look | None, float] = {}
        column = table.columns[place - 1] if place <= len(table.columns) else None
        if column is not None and column.looks is not None:
            self.looks = column.looks
            pairs: Iterator[tuple[Look | None, object]] = iter(
                zip(column.looks, column.values, strict=True)
            )
        else:
            pairs = ((None, value) for value in grid.values(place))
        for look, value in pairs:
            if is_number(value):
                self.most[look] = max(self.most.get(look, 0.0), abs(float(value)))

    def most_of(self, k: int) -> float:
        """Return that of the cell in row k of the table."""
        look = self.looks[k] if self.looks is not None and k < len(self.looks) else None
        return self.most.get(look, 0.0)


def _rows(grid: Grid, places: Sequence[int]) -> list[tuple[object, ...]]:
    return list(zip(*(grid.values(place) for place in places), strict=True))


def _shown(value: object) -> str:
    if value is None:
        return "a blank cell"
    if isinstance(value, Fault):
        return value.text
    if isinstance(value, float):
        return f"{value:.15g}"
    return repr(value) if isinstance(value, str) else str(value)


def _said(row: Sequence[object]) -> str:
    """Return a row in words, its first cells only."""
    told = [str(v) if not isinstance(v, float) else f"{v:.6g}" for v in row if v is not None]
    return ", ".join(told[:6])
