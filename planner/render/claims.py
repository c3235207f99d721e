"""Findings: sentences whose every number, name and superlative is a claim on a declared table.

A claim says which rule picks which cell of which sheet, so that anybody can compute it again. A
``SheetRows`` holds rows of a table as its sheet shows them, and makes claims; ``say`` fills a
template with claims, and refuses what no claim covers.

>>> from models.results import ByMineral
>>> minerals = SheetRows(ByMineral.of_rows([], words={}))  # doctest: +SKIP
>>> hardest = minerals.largest(ByMineral.share_short)  # doctest: +SKIP
>>> say("answer", "{top[mineral]} is hit hardest: {top} is missing.", top=hardest)  # doctest: +SKIP
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from string import Formatter
from typing import Any, Literal

from models import tolerances
from models.results import About, Field, Format, Result
from planner.render.table import Cell, Table, table_of
from planner.render.words import known, whole_share

Place = Literal["answer", "figure", "decide", "care"]
"""The part of a first page in which a sentence stands."""
Condition = str | float | Sequence[Cell] | Mapping[str, Cell]
"""What a cell must be: a value, one of several values, or not a value: ``{"not": value}``."""
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


class NoRowsError(LookupError):
    """No row has a value from which a claim could be made."""


class UncoveredError(ValueError):
    """A template says something that none of its claims covers."""


# ---- claims --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """One number, name or superlative of a sentence, and how it follows from a sheet.

    ``rule`` is value, largest, smallest, first, last, count, all, none, sum or difference.
    ``column`` is a header of ``sheet``; ``row`` maps headers to cells that name one row; ``where``
    holds the conditions on the rows that are compared; ``test`` is a header, an operator and a
    bound; ``minus`` is the cell that a difference subtracts. ``value`` is the sheet's, unrounded.
    ``position`` is the row's position on the sheet, None if the claim is about several rows.
    """

    rule: str
    sheet: str
    column: str
    value: Cell
    fmt: Format
    unit: str = ""
    row: Mapping[str, Cell] = field(default_factory=dict)
    where: Mapping[str, Condition] = field(default_factory=dict)
    test: tuple[str, str, float | str] | None = None
    minus: Mapping[str, Any] | None = None
    position: int | None = None
    cells: Mapping[str, tuple[str, Cell, Format]] = field(default_factory=dict, repr=False)
    """Header, cell and format of each column of the row, by the field's name."""
    bound: tuple[Format, str] = (Format.TEXT, "")
    """Look and unit of the bound of its test."""
    names: frozenset[str] = field(default=frozenset(), repr=False)
    """The names of the rows of the sheet."""

    @property
    def number(self) -> float:
        """The value as a number; TypeError if it is a text."""
        if isinstance(self.value, str) or self.value is None:
            msg = f"{self.sheet}: {self.column} is no number"
            raise TypeError(msg)
        return self.value

    def __format__(self, spec: str) -> str:
        return text_of(self.value, self.fmt, self.unit)

    def __getitem__(self, name: str) -> str:
        """Return a cell of the claim's row as text; ``test`` is the bound of its test."""
        if name == "test":
            return text_of(self.test[2] if self.test else None, *self.bound)
        if name not in self.cells:
            msg = f"{self.sheet} has no field {name} in the row of {self.column}"
            raise UncoveredError(msg)
        header, cell, fmt = self.cells[name]
        if not fmt.is_text and fmt is not Format.YEAR:
            msg = f"{header} is a number: it needs a claim of its own"
            raise UncoveredError(msg)
        return text_of(cell, fmt)

    def minus_cell(self, other: Claim) -> Claim:
        """Return the difference of two cells: this one less the other."""
        same = (self.sheet, self.column) == (other.sheet, other.column)
        elsewhere = {"sheet": other.sheet, "column": other.column, "row": dict(other.row)}
        minus = dict(other.row) if same else elsewhere
        less = self.number - other.number
        return replace(self, rule="difference", value=less, minus=minus, where={}, test=None)

    def naming(self, *names: str) -> Claim:
        """Return the claim with further cells in its row: those that a sentence names."""
        more = {self.cells[n][0]: self.cells[n][1] for n in names if n in self.cells}
        more = {header: cell for header, cell in more.items() if cell is not None}
        return replace(self, row={**self.row, **more})

    def json(self) -> dict[str, object]:
        """Return the claim as JSON has it; what its rule doesn't need is left out."""
        parts = {name: getattr(self, name) for name in _OF_CLAIM}
        left_out = {"row", "test", "minus"}
        return {name: v for name, v in parts.items() if v or name not in left_out}


_OF_CLAIM = ("rule", "sheet", "column", "row", "where", "test", "minus", "value")
_SCALES = ((1e9, "bn"), (1e6, "million"), (1e3, "thousand"))
_PLAIN_TO = 1e4
"""Below this, an amount is written in full."""
_WHOLE = 100.0
"""From here on, per cents have no decimals."""
SMALLEST = 0.001
"""Amounts below this are written ``under 0.001``; shares below it ``under 0.1 %``."""


def text_of(value: Cell, fmt: Format, unit: str = "") -> str:
    """Return a cell as sentences show it: three digits, scaled, with its unit.

    Below 0 the amount is followed by ``less``: ``5.2 million USD less``.
    """
    if isinstance(value, str):
        return value
    if not known(value):
        return ""
    if fmt is Format.YEAR:
        return f"{value:z.0f}"
    size = abs(value)
    if fmt is Format.SHARE:
        words = _percent(size)
    else:
        if unit.endswith(" m"):
            size, unit = size * 1e6, unit.removesuffix(" m")
        words = f"{_scaled(size)} {unit}".rstrip()
    return f"{words} less" if value < 0 else words


def _percent(part: float) -> str:
    """Return a share with at most one decimal: 0 % and 100 % only for 0 and 1."""
    part = whole_share(part)
    if 0.0 < part < SMALLEST:
        return "under 0.1 %"
    if 1.0 - SMALLEST < part < 1.0:
        return "over 99.9 %"
    percent = part * 100
    return f"{_digits(percent if percent >= _WHOLE else float(f'{percent:z.1f}'))} %"


def _scaled(size: float) -> str:
    if 0 < size < SMALLEST:
        return f"under {SMALLEST:zg}"
    rounded = float(f"{size:z.3g}")
    for scale, word in _SCALES:
        if rounded >= max(scale, _PLAIN_TO):
            return f"{_digits(rounded / scale)} {word}"
    return _digits(rounded)


def _digits(size: float) -> str:
    """Return a number with three significant digits: ``1,230``, ``16.4``, ``0.042``."""
    rounded = float(f"{size:z.3g}")
    decimals = max(0, 2 - math.floor(math.log10(rounded))) if rounded else 0
    text = f"{rounded:z,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# ---- rows ----------------------------------------------------------------------------------------


class SheetRows:
    """Rows of a declared table, with headers and cells as its sheet shows them.

    ``country`` turns a country's code into its name.
    """

    def __init__(self, result: Result, country: Callable[[str], str] = str) -> None:
        self._result = result = _with_formats(result)
        self._table: Table = table_of(result, country)
        columns = zip(result.fields, self._table.columns, strict=True)
        self._columns = {f.name: column for f, column in columns}
        self._units = {f.name: f.unit.format_map(result.words) for f in result.fields if f.unit}
        self.rows: Sequence[int] = range(len(result))
        self._where: dict[str, Condition] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, **cells: Condition) -> SheetRows:
        """Return the rows whose cells are as given: a value, one of a list, or ``{"not": value}``.

        Keys are names of fields, values are cells as the sheet shows them.
        """
        chosen = object.__new__(SheetRows)
        vars(chosen).update(vars(self))
        wanted = [(self._cells(name), condition) for name, condition in cells.items()]
        chosen.rows = [
            row for row in self.rows if all(_meets(column[row], each) for column, each in wanted)
        ]
        more = {self._columns[name].header: condition for name, condition in cells.items()}
        chosen._where = {**self._where, **more}
        return chosen

    def row_of(self, claim: Claim) -> SheetRows:
        """Return the row of a claim on one of these rows."""
        one = self.where()
        one.rows = [row for row in self.rows if row == claim.position]
        return one

    def cells(self, field: Field) -> list[Cell]:
        """Return the cells of a column in these rows."""
        column = self._cells(field.name)
        return [column[row] for row in self.rows]

    def value(self, field: Field, **row: Cell) -> Claim:
        """Return the cell of the one row that is selected, or of the only one with these cells."""
        rows = (self.where(**{k: v for k, v in row.items() if v is not None}) if row else self).rows
        if len(rows) != 1 or self._cells(field.name)[rows[0]] is None:
            msg = f"{self._table.name}: {len(rows)} rows for the value of {field.header}"
            raise NoRowsError(msg)
        return replace(self._claim("value", field, rows[0]), where={})

    def largest(self, field: Field) -> Claim:
        """Return the row with the largest value; of equal ones the first."""
        return self._claim("largest", field, max(self._known(field), key=self._number(field)))

    def smallest(self, field: Field) -> Claim:
        """Return the row with the smallest value; of equal ones the first."""
        return self._claim("smallest", field, min(self._known(field), key=self._number(field)))

    def first(self, field: Field) -> Claim:
        """Return the cell of the first row that has one."""
        return self._at_end("first", field, 0)

    def last(self, field: Field) -> Claim:
        """Return the cell of the last row that has one."""
        return self._at_end("last", field, -1)

    def count(self, field: Field, op: str, bound: float | str) -> Claim:
        """Return how many rows pass a test: a column, an operator and a number or a text."""
        return self._tested("count", field, op, bound)

    def all(self, field: Field, op: str, bound: float | str) -> Claim:
        """Return the claim that every row passes a test; NoRowsError if one does not."""
        return self._tested("all", field, op, bound)

    def none(self, field: Field, op: str, bound: float | str) -> Claim:
        """Return the claim that no row passes a test; NoRowsError if one does."""
        return self._tested("none", field, op, bound)

    def sum(self, field: Field) -> Claim:
        """Return the sum of a column over these rows."""
        column = self._cells(field.name)
        total = math.fsum(v for r in self._known(field) if known(v := column[r]))
        return self._claim("sum", field, None, value=total)

    def stands_out(self, top: Claim, field: Field) -> bool:
        """Return whether the largest or smallest value of a column looks like no other.

        A superlative would say of one row what holds for several. The rows are all that somebody
        may compare it with, also those among which it was not looked for.
        """
        sign = 1 if top.rule == "largest" else -1
        values = [sign * float(str(value)) for value in self.cells(field) if known(value)]
        bound = sign * top.number - tolerances.SHOWN_SHARE * max(abs(top.number), 1.0)
        return sum(value >= bound for value in values) == 1 < len(values)

    # ---- how -----------------------------------------------------------------------------------

    def _cells(self, name: str) -> Sequence[Cell]:
        if name not in self._columns:
            msg = f"{self._table.name} has no column {name}"
            raise NoRowsError(msg)
        return self._columns[name].values

    def _filled(self, field: Field) -> list[int]:
        """Return the rows with a value in a column; NoRowsError if there is none."""
        column = self._cells(field.name)
        return self._or_no_rows([row for row in self.rows if column[row] is not None], field)

    def _at_end(self, rule: str, field: Field, at: int) -> Claim:
        """Return the claim on the first or last row (``at``) that has a value."""
        row = self._filled(field)[at]
        claim = self._claim(rule, field, row)
        filled = {} if row == self.rows[at] else {claim.column: {"not": None}}
        return replace(claim, where={**self._where, **filled})

    def _known(self, field: Field) -> list[int]:
        """Return the rows with a number in a column; NoRowsError if there is none."""
        column = self._cells(field.name)
        return self._or_no_rows([row for row in self.rows if known(column[row])], field)

    def _or_no_rows(self, rows: list[int], field: Field) -> list[int]:
        """Return the rows; NoRowsError if there is none."""
        if not rows:
            msg = f"{self._table.name}: no row has a value of {field.header}"
            raise NoRowsError(msg)
        return rows

    def _number(self, field: Field) -> Callable[[int], float]:
        """Return a function from a row to its number in a column."""
        column = self._cells(field.name)
        return lambda row: float(str(column[row]))

    def _tested(self, rule: str, field: Field, op: str, bound: float | str) -> Claim:
        """Return the claim on how many rows pass a test, or that all or none do."""
        column = self._cells(field.name)
        rows = self._or_no_rows(list(self.rows), field)
        passed = sum(passes(column[row], op, bound) for row in rows)
        if (rule == "all" and passed < len(rows)) or (rule == "none" and passed):
            msg = (
                f"{self._table.name}: {passed} of {len(rows)} rows pass {field.header} {op} {bound}"
            )
            raise NoRowsError(msg)
        value = passed if rule == "count" else True
        header = self._columns[field.name].header
        claim = self._claim(rule, field, None, value=value)
        formats = claim.fmt, claim.unit
        return replace(claim, test=(header, op, bound), bound=formats, fmt=Format.COUNT, unit="")

    def _claim(self, rule: str, field: Field, row: int | None, value: Cell = None) -> Claim:
        """Return a claim on a column: on the cell in ``row``, or on a ``value`` of all rows."""
        column = self._columns[field.name]
        grain = [self._columns[name] for name in self._result.GRAIN if name in self._columns]
        names = frozenset(str(v) for c in grain if c.fmt.is_text for v in c.values if v is not None)
        claim = Claim(
            rule, self._table.name, column.header, value, column.fmt,
            self._units.get(field.name, ""), where=self._where, names=names,
        )  # fmt: skip
        if row is None:
            return claim
        return replace(
            claim,
            value=column.values[row],
            fmt=column.formats[row] if column.formats else column.fmt,
            row=self._named(row),
            position=row,
            cells={n: (c.header, c.values[row], c.fmt) for n, c in self._columns.items()},
        )

    def _named(self, row: int) -> dict[str, Cell]:
        """Return headers and cells that name a row, and no other row of the sheet."""
        fields = {f.name: f for f in self._result.fields}
        grain = [n for n in self._result.GRAIN if n in fields]
        # a word such as buy is no name: it is used only if the names are not enough
        names = [n for n in grain if fields[n].names or not fields[n].fmt.is_text]
        columns = [self._columns[n] for n in names or grain]
        more = [c for c in self._table.columns if c.fmt.is_text or c.fmt is Format.YEAR]
        more = [c for c in more if c not in columns]
        for count in range(len(more) + 1):
            for further in combinations(more, count):
                chosen = [c for c in (*columns, *further) if c.values[row] is not None]
                key = [c.values[row] for c in chosen]
                same = (r for r in range(len(self._table)) if [c.values[r] for c in chosen] == key)
                if chosen and list(same) == [row]:
                    return {c.header: c.values[row] for c in chosen}
        msg = f"{self._table.name}: nothing names the row {row}"
        raise NoRowsError(msg)


def _with_formats(result: Result) -> Result:
    """Return a table in which numbers in columns of text have a format, also if it is read back."""
    formats = dict(result.formats)
    for each in result.fields:
        values = list(result.data[each.name])
        if each.fmt.is_text and each.name not in formats and any(map(known, values)):
            formats[each.name] = [
                _format_of(value) if known(value) else each.fmt for value in values
            ]
    if formats == result.formats:
        return result
    return type(result)(
        words=result.words, formats=formats, sections=result.sections, **result.data
    )


def _format_of(value: float) -> Format:
    if float(value).is_integer() and value in _YEARS:
        return Format.YEAR
    return Format.SHARE if 0 < abs(value) < 1 else Format.FACTOR


_YEARS = range(1900, 2200)


def passes(cell: Cell, op: str, bound: float | str) -> bool:
    """Return whether a cell passes a test; a blank cell, or a text against a number, does not."""
    if cell is None or isinstance(cell, str) != isinstance(bound, str):
        return False
    return _OPERATORS[op](cell, bound)


def _meets(cell: Cell, condition: Condition) -> bool:
    """Return whether a cell is as a condition of ``where`` says."""
    if isinstance(condition, Mapping):
        return cell != condition["not"]
    if isinstance(condition, str | int | float):
        return cell == condition
    return cell in condition


# ---- sentences -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentence:
    """A sentence of a first page, with the claims that it makes.

    ``template`` has a slot for each cell: ``{0}`` is the value of the first claim, ``{0[Mineral]}``
    a cell of its row. A figure has a ``name``, and a ``number`` in large print that repeats a slot.
    """

    text: str
    place: Place
    template: str
    claims: tuple[Claim, ...] = ()
    name: str = ""
    number: str = ""

    def json(self) -> dict[str, object]:
        """Return the sentence as JSON has it; only a figure has a name and a number."""
        parts = {"sentence": self.text, **{name: getattr(self, name) for name in _OF_SENTENCE}}
        return {name: v for name, v in parts.items() if v} | {
            "claims": [*map(Claim.json, self.claims)]
        }

    @property
    def behind(self) -> Claim | None:
        """The claim whose cell the sentence is linked to: the first that is about one row."""
        of_rows = (c for c in self.claims if c.position is not None and c.sheet != "About")
        return next(of_rows, next(iter(self.claims), None))


_OF_SENTENCE = ("place", "template", "name", "number")
_NUMBER_WORDS = re.compile(
    r"(?i)\b(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|bn|dozen|half"
    r"|twice|double|both|pair)\b"
)
_SUPERLATIVES: dict[str, frozenset[str]] = {
    "worst": frozenset({"first"}),
    **dict.fromkeys(
        ("hardest", "largest", "most", "highest", "greatest", "costliest", "dearest", "biggest"),
        frozenset({"largest"}),
    ),
    **dict.fromkeys(("least", "smallest", "lowest", "fewest", "cheapest"), frozenset({"smallest"})),
    **dict.fromkeys(
        ("no", "none", "nothing", "nobody", "every", "all"), frozenset({"none", "all", "count"})
    ),
}
"""Superlatives, and the rules one of which a claim of the sentence must have."""
_WORD = re.compile(r"[^\W\d_]+")


def say(
    place: Place, template: str, *, name: str = "", large: str = "", **claims: Claim
) -> Sentence:
    """Return the sentence of a template whose slots are claims: ``{top}``, ``{top[mineral]}``.

    In brackets is the name of a field of the claim's row, or ``test``. A claim without a slot
    covers words, such as "no mineral". ``name`` and ``large`` are the name of a figure, and
    the claim that its large print repeats. UncoveredError if the template has a digit, a number
    word, a name of a row or a superlative that no claim covers, or if its claims are about
    different rows.
    """
    order, made, parts, outside = list(claims), [], [], []
    for literal, slot, _, _ in Formatter().parse(template):
        made.append(literal)
        parts.append(literal)
        outside.append(literal)
        if slot is None:
            continue
        key, _, cell = slot.rstrip("]").partition("[")
        claim = claims[key]
        if cell and cell != "test":
            claims[key] = claim = claim.naming(cell)
        parts.append(claim[cell] if cell else f"{claim}")
        header = cell if cell == "test" else claim.cells[cell][0] if cell else ""
        made.append(f"{{{order.index(key)}{f'[{header}]' if cell else ''}}}")
        outside.append(" \x00 ")
    _check_claims("".join(outside), tuple(claims.values()))
    _check_claims(name, ())
    number = f"{claims[large]}" if large else ""
    return Sentence("".join(parts), place, "".join(made), tuple(claims.values()), name, number)


def _check_claims(outside: str, claims: Sequence[Claim]) -> None:
    """Raise UncoveredError if a text says what no claim covers."""
    wrong = re.search(r"\d", outside) or _NUMBER_WORDS.search(outside)
    if wrong:
        msg = f"{wrong[0]!r} stands outside the slots: {outside}"
        raise UncoveredError(msg)
    rules = {claim.rule for claim in claims}
    own = {word.casefold() for claim in claims for word in _WORD.findall(claim.column)}
    for word in _WORD.findall(outside):
        needed = _SUPERLATIVES.get(word.casefold())
        if needed and not needed & rules and word.casefold() not in own:
            msg = f"{word!r} needs a claim of the rule {' or '.join(sorted(needed))}: {outside}"
            raise UncoveredError(msg)
    for each in {each for claim in claims for each in claim.names if each != each.casefold()}:
        # a capital within a sentence is a name; at its beginning it may be any word
        if each in outside and re.search(rf"(?<=[^.?!\s] ){re.escape(each)}(?!\w)", outside):
            msg = f"{each!r} stands outside the slots: {outside}"
            raise UncoveredError(msg)
    of_rows = [claim.row for claim in claims if claim.sheet != "About"]
    for one, other in combinations(of_rows, 2):
        if any(one[header] != other[header] for header in one.keys() & other.keys()):
            msg = f"two rows in one sentence: {dict(one)} and {dict(other)}"
            raise UncoveredError(msg)


class SheetTables:
    """The declared tables of a plan, or of a study, as their sheets show them.

    ``get`` returns a table by its class, None or empty if there is none; ``country`` turns a
    country's code into its name.
    """

    def __init__(
        self, get: Callable[[type[Result]], Result | None], country: Callable[[str], str] = str
    ) -> None:
        self.get, self.country = get, country

    def sheet(self, kind: type[Result]) -> SheetRows:
        """Return the rows of a sheet; NoRowsError if there are none."""
        result = self.get(kind)
        if result is None or not len(result):
            raise NoRowsError(kind.TABLE)
        return SheetRows(result, self.country)

    def asked(self, name: str) -> Claim:
        """Return a row of the sheet About; NoRowsError if it is blank."""
        return self.sheet(About).where(what=str(name)).value(About.value)


LEFT_OUT: tuple[type[Exception], ...] = (NoRowsError, UncoveredError)
"""Why a sentence is left out. In tests one that no claim covers is an error: a plan with a sentence
fewer is worth more to its user than none, but the sentence has to be written again."""


def collect_sentences(*sentences: Callable[[], Iterable[Sentence]]) -> tuple[Sentence, ...]:
    """Return the sentences of several functions, without those whose rows are not there."""
    collected: list[Sentence] = []
    for make in sentences:
        try:
            collected += make()
        except LEFT_OUT:
            continue
    return tuple(collected)
