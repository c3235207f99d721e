"""What goes from each sheet with a member, and what stands for several members together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from models.case import fold
from models.results import Scorecard
from models.results.overall import OPTION
from planner.audit.file import CHECKS
from planner.audit.redacted.lines import Line, lines_of, table_of
from planner.audit.redacted.names import Telling
from planner.audit.redacted.tables import Cell
from planner.render.table import COALITION_BUYER
from planner.sheets import Table
from planner.workbook.plan_columns import SUMMARY, bare

OTHERS, WITHHELD, GONE = "Others (redacted)", "Withheld (redacted)", "(redacted)"
"""Who stands for several members together, and for one alone; what stands for a text that names
one."""

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


@dataclass(frozen=True)
class _Together:
    """The rows of several members as one: what they share, and what is added up.

    ``tells_one`` says whether a row without figures stands for a single member: not where that it
    has a row is a figure of its own.
    """

    shared: tuple[str, ...]
    sums: tuple[str, ...]
    tells_one: bool = True


_TOGETHER = {
    "Plan": _Together(("Year", "Mineral"), ("Tonnes", "Total")),
    "Prices": _Together(("Year", "Mineral"), ("Demand", "Purchases", "Short")),
    "Shortages": _Together(("Year", "Mineral"), ("Demand", "Short")),
    "Stocks": _Together(
        ("Year", "Mineral"),
        ("Opening", "Change", "Closing", "Target", "Below target", "Max"),
        tells_one=False,
    ),
    "Tiers": _Together(("Year", "Mineral", "Tier"), ("Demand", "Short")),
    "Changes": _Together(("Mineral",), ("Today", "Planned", "Change")),
}
_NEEDED = {name: (*of.shared, "Member") for name, of in _TOGETHER.items()} | {
    SUMMARY: ("Measure", "Value", "Remark"),
    CHECKS: ("Check", "Sheet", "What"),
}
"""Columns without which a sheet cannot be redacted."""
_PER_MINERAL = "Unit"
_YEAR = re.compile(r" \d{4}$")


@dataclass(frozen=True)
class Rules:
    """The rules of one redaction.

    ``gone`` are the members that are taken out, ``members`` all that the plan has; ``telling``
    matches a text that gives one of them away.
    """

    gone: frozenset[str]
    members: frozenset[str]
    telling: Telling

    def redacted(self, table: Table) -> Table:
        """Return a table without the members' rows, and without texts that name them."""
        heads = [bare(header) for header in table.headers]
        whose = next((i for i, head in enumerate(heads) if head in _OF_WHOM), -1)
        kept: list[Line] = []
        taken: dict[tuple[Cell, ...], list[Line]] = {}
        below: dict[tuple[Cell, ...], int] = {}
        rule = _TOGETHER.get(table.name)
        shared = [heads.index(name) for name in rule.shared] if rule else []
        for line in lines_of(table):
            who = line.cells[whose] if whose >= 0 else None
            key = tuple(line.cells[i] for i in shared)
            if isinstance(who, str) and (who in self.gone or self._is_group(heads[whose], who)):
                if who in self.gone:
                    taken.setdefault(key, []).append(line)
                    below.setdefault(key, len(kept))
                continue
            cleaned = self._cleaned(line, heads, table.name)
            if cleaned is not None:
                kept.append(cleaned)
                below[key] = len(kept)
        if rule is not None:
            order = {key: i for i, key in enumerate(taken)}
            # below those who stay: among them its place would tell a name by the order
            for key in sorted(taken, key=lambda key: (below[key], order[key]), reverse=True):
                joined = _joined(taken[key], heads, rule, whose)
                if joined is not None:
                    kept.insert(below[key], joined)
        return table_of(table, kept)

    def names(self, text: str) -> bool:
        """Return whether a text gives away a member that is taken out."""
        return self.telling.search(text)

    def _is_group(self, head: str, who: str) -> bool:
        """Return whether a buyer is a group, which may be a single one of its members."""
        return head == "Buyer" and who != COALITION_BUYER and who not in self.members

    def _cleaned(self, line: Line, heads: list[str], sheet: str) -> Line | None:
        """Return a sheet's line without texts that name a member; None where it is of one."""
        cells = list(line.cells)
        if sheet == CHECKS:
            said = dict(zip(heads, cells, strict=True))
            if said["Check"] == "run":  # options as typed serve to verify, which is over
                return None
            if said["Check"] == "warning":  # it may quote any cell of the input
                cells[heads.index("What")] = GONE
        if sheet == SUMMARY and str(cells[0] or "").startswith(OPTION):
            cells[heads.index("Value")] = GONE
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


def _joined(lines: Iterable[Line], heads: list[str], rule: _Together, whose: int) -> Line | None:
    """Return the row of several members together, or one that says that figures are withheld.

    A sum to which one alone adds would be that member's own figure: it is left blank.
    """
    every = list(lines)
    is_one = len({line.cells[whose] for line in every}) == 1
    if is_one and not rule.tells_one:
        return None
    cells: list[Cell] = []
    for i, head in enumerate(heads):
        values = [line.cells[i] for line in every]
        if i == whose:
            cells.append(WITHHELD if is_one else OTHERS)
        elif head in rule.shared or head == _PER_MINERAL:
            cells.append(values[0])
        elif _YEAR.sub("", head) in rule.sums and not is_one:
            cells.append(_sum([(line.cells[whose], line.cells[i]) for line in every]))
        else:
            cells.append(None)
    return Line(tuple(cells), every[0].looks)


def _sum(of: list[tuple[Cell, Cell]]) -> float | None:
    adding = {who for who, value in of if isinstance(value, int | float) and value}
    if len(adding) == 1:
        return None
    return float(sum(value for _, value in of if isinstance(value, int | float)))


def is_whole(table: Table) -> bool:
    """Return whether a table has the columns that are read of it, and none twice."""
    heads = [bare(header) for header in table.headers]
    folded = {fold(header) for header in table.headers}
    return len(folded) == len(heads) and set(heads) >= set(_NEEDED.get(table.name, ()))


def alone(tables: Iterable[Table], gone: AbstractSet[str]) -> dict[str, dict[str, list[int]]]:
    """Return by member and mineral the years in which it is the only one of those taken out.

    What the coalition has in all, less what the others have, is then its own.
    """
    active: dict[tuple[str, int], set[str]] = {}
    for table in tables:
        if table.name not in {"Prices", "Stocks"}:
            continue
        heads = [bare(header) for header in table.headers]
        at = [heads.index(name) for name in ("Year", "Mineral", "Member")]
        counted = [i for i, head in enumerate(heads) if head in _ACTIVE]
        for line in lines_of(table):
            year, mineral, member = (line.cells[i] for i in at)
            if member in gone and any(line.cells[i] for i in counted):
                active.setdefault((str(mineral), int(str(year))), set()).add(str(member))
    found: dict[str, dict[str, list[int]]] = {}
    for (mineral, year), members in sorted(active.items()):
        if len(members) == 1:
            found.setdefault(next(iter(members)), {}).setdefault(mineral, []).append(year)
    return found


_ACTIVE = {"Demand", "Purchases", "Short", "Opening", "Closing", "Target", "Max"}
