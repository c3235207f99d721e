"""What goes from each sheet with members, and what stands for those members together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.case import fold
from models.results import Contracts, Scorecard, Stocks
from models.results.overall import OPTION
from planner.audit.file import CHECKS, TIME
from planner.audit.redacted.account import ACCOUNTS, OF_A_MEMBER, OF_THE_RUN, Account, account_of
from planner.audit.redacted.intervals import Withheld
from planner.audit.redacted.lines import Line, lines_of, table_of
from planner.audit.redacted.names import Telling
from planner.audit.redacted.tables import Cell
from planner.render.table import COALITION_BUYER
from planner.sheets import Table
from planner.workbook.plan_columns import SUMMARY, bare

OTHERS, WITHHELD, GONE = "Others (redacted)", "Withheld (redacted)", "(redacted)"
"""Who stands for several members together, and where no sum is told; what stands for a text that
names one."""

_OF_WHOM = ("Member", "Buyer")
_SUPPLY = {
    "Country", "Owner country", "Mine country", "Refiner country", "Refiner", "Project", "Mineral",
    "Unit", "Kind", "Supplier", "Supplier group", "Check", "Sheet", "Column", "Member", "Buyer",
}  # fmt: skip
"""Columns whose texts say who supplies what: a country that is a member's name, too, stays."""
_FREE = {"Note", "Source"}
"""Columns of the input that hold whatever somebody wrote: no pattern finds every name in it. Those
of the scorecard are the planner's own."""
_ROW_GOES = {"Measure", "What"}
"""Columns whose text says what the row is of."""
_NEEDED = {
    name: (*of.shared, *of.by, *of.known, "Mineral", "Member")
    for name, of in ACCOUNTS.items()
    if of.known
} | {
    "By mineral": ("Mineral",),
    SUMMARY: ("Measure", "Value", "Remark"),
    CHECKS: ("Check", "Sheet", "What"),
}
"""Columns without which a sheet cannot be redacted."""
_IN_FORCE, _UNTAKEN = "Min in force", ("Min in force", "Untaken", "Paid for untaken")
_OF_STOCKS = {Stocks.TABLE, Scorecard.TABLE}
"""Sheets that tell of stocks in sum."""
_PER_MINERAL = "Unit"
_YEAR = re.compile(r" \d{4}$")


@dataclass(frozen=True)
class Rules:
    """The rules of one redaction.

    ``gone`` are the members that are taken out, ``members`` all that the plan has; ``telling``
    matches a text that gives one of them away. ``minerals`` are all of the plan; of some of them
    totals are ``withheld``.
    """

    gone: frozenset[str]
    members: frozenset[str]
    telling: Telling
    minerals: frozenset[str]
    withheld: Withheld

    @property
    def is_partial(self) -> bool:
        """Whether the totals of some mineral are withheld: no sum over all of them may be told."""
        return bool(self.withheld.totals or self.withheld.stocks)

    def redacted(self, table: Table) -> Table:
        """Return a table without the members' rows, and without texts that name them."""
        account = account_of(table.name) or Account()
        heads = [bare(header) for header in table.headers]
        whose = next((i for i, head in enumerate(heads) if head in _OF_WHOM), -1)
        kept: list[Line] = []
        taken: dict[tuple[Cell, ...], list[Line]] = {}
        below: dict[tuple[Cell, ...], int] = {}
        shared = [heads.index(name) for name in account.shared]
        for line in lines_of(table):
            who = line.cells[whose] if whose >= 0 else None
            key = tuple(line.cells[i] for i in shared)
            if isinstance(who, str) and (who in self.gone or self._is_group(heads[whose], who)):
                if who in self.gone:
                    taken.setdefault(key, []).append(line)
                    below.setdefault(key, len(kept))
                continue
            cleaned = self._cleaned(line, heads, table.name)
            if cleaned is not None and self._lacks_totals(line, heads, table.name):
                cleaned = _without_totals(cleaned, heads, account, is_total=who == COALITION_BUYER)
            if cleaned is not None:
                kept.append(cleaned)
                below[key] = len(kept)
        if account.shared:
            order = {key: i for i, key in enumerate(taken)}
            # below those who stay: among them its place would tell a name by the order
            for key in sorted(taken, key=lambda key: (below[key], order[key]), reverse=True):
                told = not self._lacks_totals(taken[key][0], heads, table.name)
                joined = _joined(taken[key], heads, account, whose, told=told)
                if joined is not None:
                    kept.insert(below[key], joined)
        return table_of(table, kept)

    def names(self, text: str) -> bool:
        """Return whether a text gives away a member that is taken out."""
        return self.telling.search(text)

    def _is_group(self, head: str, who: str) -> bool:
        """Return whether a buyer is a group, which may be a single one of its members."""
        return head == "Buyer" and who != COALITION_BUYER and who not in self.members

    def _lacks_totals(self, line: Line, heads: list[str], sheet: str) -> bool:
        """Return whether a line is of a mineral of which the sheet's totals are withheld."""
        of = self.withheld.totals
        if sheet in _OF_STOCKS:
            of |= self.withheld.stocks
        return "Mineral" in heads and line.cells[heads.index("Mineral")] in of

    def _cleaned(self, line: Line, heads: list[str], sheet: str) -> Line | None:
        """Return a sheet's line without texts that name a member; None where it is of one."""
        said = dict(zip(heads, line.cells, strict=True))
        cells = list(line.cells)

        def blank(*gone: str, by: Cell = None) -> None:
            for head in gone:
                if head in heads:
                    cells[heads.index(head)] = by

        if sheet == CHECKS:
            if said["Check"] == "run":  # options as typed serve to verify, which is over
                return None
            if said["Check"] == "warning":  # it may quote any cell of the input
                blank("What", by=GONE)
                blank("Cell", "Column", "Value")
            if said.get("Unit") == "t":  # a part of the largest demand, whose ever that is
                blank("Accepted up to")
        measure = str(said.get("Measure") or "")
        if sheet == SUMMARY and not (line.is_section or self._stays(measure)):
            return None
        if sheet == SUMMARY and measure.startswith(OPTION):
            blank("Value", by=GONE)
        if sheet == Scorecard.TABLE and measure.startswith(OF_A_MEMBER):
            return None
        if sheet == Contracts.TABLE and said.get(_IN_FORCE) != said.get("Min"):
            blank(*_UNTAKEN)  # by how much minimums shrink tells what all of them are together
        for i, (head, value) in enumerate(zip(heads, tuple(cells), strict=True)):
            if head in _FREE and sheet != Scorecard.TABLE and value is not None:
                cells[i] = GONE
                continue
            is_supply = head in _SUPPLY or head.startswith("Largest country")
            if is_supply or not isinstance(value, str) or not self.names(value):
                continue
            if head in _ROW_GOES:
                return None
            cells[i] = GONE
        return replace(line, cells=tuple(cells))

    def _stays(self, measure: str) -> bool:
        """Return whether a measure of Summary has no total in it that is withheld.

        What is summed over minerals would tell the one that is withheld, less all the others.
        """
        if not self.is_partial or measure in OF_THE_RUN or measure.startswith((OPTION, TIME)):
            return True
        of = {mineral for mineral in self.minerals if measure.endswith(f": {mineral}")}
        lacks = self.withheld.totals
        if "stocks" in measure:
            lacks |= self.withheld.stocks
        return bool(of) and not of & lacks


def _without_totals(
    line: Line, heads: list[str], account: Account, *, is_total: bool
) -> Line | None:
    """Return a line of a mineral whose totals are withheld; None where it is nothing but those."""
    if is_total or not account.stays:
        return None
    stays = [_YEAR.sub("", head) in account.stays for head in heads]
    cells = (cell if stay else None for cell, stay in zip(line.cells, stays, strict=True))
    return replace(line, cells=tuple(cells))


def _joined(
    lines: Iterable[Line], heads: list[str], account: Account, whose: int, *, told: bool
) -> Line | None:
    """Return the row of several members together, or one that says that figures are withheld."""
    every = list(lines)
    told = told and len({line.cells[whose] for line in every}) > 1
    if not told and not account.tells_one:
        return None
    cells: list[Cell] = []
    for i, head in enumerate(heads):
        if i == whose:
            cells.append(OTHERS if told else WITHHELD)
        elif head in account.shared or head == _PER_MINERAL:
            cells.append(every[0].cells[i])
        elif _YEAR.sub("", head) in account.sums and told:
            values = (line.cells[i] for line in every)
            cells.append(float(sum(v for v in values if isinstance(v, int | float))))
        else:
            cells.append(None)
    return Line(tuple(cells), every[0].looks)


def is_whole(table: Table) -> bool:
    """Return whether a table has the columns that are read of it, and none twice."""
    heads = [bare(header) for header in table.headers]
    folded = {fold(header) for header in table.headers}
    return len(folded) == len(heads) and {_YEAR.sub("", head) for head in heads} >= set(
        _NEEDED.get(table.name, ())
    )
