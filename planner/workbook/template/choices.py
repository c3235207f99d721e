"""Drop-downs and bounds of cells: what Excel offers and refuses while a planner types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from models.schema import COALITION, EACH, EACH_OUTSIDE, OTHER, PRIMARY, RECYCLED, Column, Kind
from models.schema.column import MOST_TONNES
from planner.workbook.template.help import bounds
from planner.workbook.template.layout import Heading

LISTS = "Lists"
"""The hidden sheet of drop-downs that no cell holds: too long, or words before names."""

LONGEST_LITERAL = 255
"""Excel refuses a file whose drop-down spells out more characters than this."""

ROWS = 1000
"""Rows below the header that drop-downs and bounds reach at least."""

Rule = dict[str, Any]

_WORDS = {
    "Buyer": ((EACH,), "Members"),
    "Supplier": (
        (f"{EACH_OUTSIDE}{COALITION}", COALITION, OTHER, PRIMARY, RECYCLED),
        "Countries",
    ),
}
"""Columns that take words as well as names: the words, and the sheet of the names."""


class Choices:
    """Makes the validation rules of one workbook, and the hidden sheet that feeds some of them."""

    def __init__(self, layouts: Mapping[str, Sequence[Heading]], rows: Mapping[str, int]) -> None:
        """Take the columns of each sheet and the number of its rows."""
        self._layouts = layouts
        self._rows = rows
        self.lists: list[list[str]] = []
        """Columns of the hidden sheet; an entry that begins with ``=`` is a formula."""

    def last_row(self, sheet: str) -> int:
        """Return the last row (from 1) of a sheet that rules and drop-downs reach."""
        return 1 + max(ROWS, 2 * self._rows.get(sheet, 0))

    def rule(self, sheet: str, heading: Heading) -> Rule | None:
        """Return what a column's cells offer or allow, None where anything goes."""
        column = heading.column
        if heading.spread:
            return _number(Column(heading.text, Kind.NUMBER, "", unit="t", most=MOST_TONNES))
        if column is None:
            return None
        if column.header in _WORDS:
            words, home = _WORDS[column.header]
            return self._words_and_names(words, home)
        if column.refers:
            return self._names(column)
        if column.kind is Kind.COUNTRY and sheet != "Countries":
            return self._offer("Countries")
        return self.cell_rule(column)

    def cell_rule(self, column: Column) -> Rule | None:
        """Return what a cell offers or allows by its own declaration (a setting's value, too)."""
        if column.kind is Kind.YES_NO:
            return _list(["yes", "no"], "yes or no")
        if column.choices:
            said = ", ".join(column.choices)
            if len(",".join(column.choices)) <= LONGEST_LITERAL:
                return _list(list(column.choices), said)
            self.lists.append(list(column.choices))
            return _list(self._list_range(), said)
        return _number(column)

    def _names(self, column: Column) -> Rule | None:
        """Offer the names of another sheet; refuse others where one sheet alone defines them."""
        home = column.refers[0]
        if len(column.refers) > 1:
            return self._offer(home)
        source = self._source(home)
        return _list(source, f"a name of the sheet {home}: add it there first") if source else None

    def _offer(self, sheet: str) -> Rule | None:
        """Offer names without refusing others: any country may be written, listed or not."""
        source = self._source(sheet)
        return {"validate": "list", "source": source, "show_error": False} if source else None

    def _words_and_names(self, words: Sequence[str], sheet: str) -> Rule | None:
        """Offer a few words, then the names of a sheet, without refusing others."""
        names = self._names_at(sheet)
        if names is None:
            return None
        letter, last = names
        cells = [f"{sheet}!${letter}${row}" for row in range(2, last + 1)]
        self.lists.append([*words, *(f'=IF({cell}="","",{cell})' for cell in cells)])
        here = xl_col_to_name(len(self.lists) - 1)
        filled = f"COUNTA({sheet}!${letter}$2:${letter}${last})"
        source = f"=OFFSET({LISTS}!${here}$1,0,0,{len(words)}+{filled},1)"
        return {"validate": "list", "source": source, "show_error": False}

    def _source(self, sheet: str) -> str | None:
        """Write the filled part of a sheet's names: no blank lines below the last one."""
        names = self._names_at(sheet)
        if names is None:
            return None
        letter, last = names
        filled = f"COUNTA({sheet}!${letter}$2:${letter}${last})"
        return f"=OFFSET({sheet}!${letter}$2,0,0,MAX(1,{filled}),1)"

    def _names_at(self, sheet: str) -> tuple[str, int] | None:
        """Return the letter and the last row of the column that defines a sheet's names."""
        for i, heading in enumerate(self._layouts.get(sheet, ())):
            if heading.column is not None and heading.column.key:
                return str(xl_col_to_name(i)), self.last_row(sheet)
        return None

    def _list_range(self) -> str:
        letter = xl_col_to_name(len(self.lists) - 1)
        return f"={LISTS}!${letter}$1:${letter}${len(self.lists[-1])}"


def _list(source: list[str] | str, said: str) -> Rule:
    return {
        "validate": "list",
        "source": source,
        "error_title": "Not in the list",
        "error_message": f"Expected {said}."[:LONGEST_LITERAL],
    }


def _number(column: Column) -> Rule | None:
    """Refuse what the planner would: text, negative numbers, a share of 65."""
    if column.kind not in (Kind.NUMBER, Kind.SHARE, Kind.YEAR, Kind.WHOLE):
        return None
    whole = column.kind in (Kind.YEAR, Kind.WHOLE)
    rule: Rule = {
        "validate": "integer" if whole else "decimal",
        "error_title": "Not a number that fits",
        "error_message": f"Expected {column.kind.value}, {bounds(column) or 'not negative'}.",
    }
    if column.most == float("inf"):
        return rule | {"criteria": ">=", "value": column.least}
    return rule | {"criteria": "between", "minimum": column.least, "maximum": column.most}
