"""Redact: a plan's workbook without some members' orders, stocks, contracts and prices.

The workbook is made again from its tables, so that nothing of what goes is left in any of its
parts. Totals stay where they tell nothing of a member; first page and charts, whose sentences and
shares nobody can account for, do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from models.case import fold
from models.errors import UsageError
from planner.audit.file import PlanSheets
from planner.audit.redacted.account import account_of
from planner.audit.redacted.intervals import PROTECTION, Known, Withheld, withheld
from planner.audit.redacted.lines import Line, lines_of, table_of
from planner.audit.redacted.names import telling
from planner.audit.redacted.rules import GONE, OTHERS, WITHHELD, Rules, is_whole
from planner.audit.redacted.tables import Cell, table
from planner.render.words import listed
from planner.render.xlsx import write_workbook
from planner.sheets import Look, Table
from planner.sheets.notes import noted
from planner.workbook.plan_columns import REDACTED, SUMMARY
from planner.workbook.worn import worn

__all__ = [
    "GONE",
    "OTHERS",
    "PROTECTION",
    "WITHHELD",
    "Known",
    "Redacted",
    "Withheld",
    "members_of",
    "named",
    "redact",
    "write_redacted",
]

_TITLE, _SCENARIO = "Plan title", "Scenario"
_PRICES, _BY_MINERAL = "Prices", "By mineral"


@dataclass(frozen=True)
class Redacted:
    """A plan's workbook without some members.

    ``rows`` counts what went by sheet; ``withheld`` tells of which minerals totals are withheld.
    """

    tables: tuple[Table, ...]
    title: str
    made_by: str
    members: tuple[str, ...]
    rows: dict[str, int]
    withheld: Withheld


def members_of(file: PlanSheets) -> tuple[str, ...]:
    """Return the members that a plan has, in the order of the sheet Prices."""
    found = (line.cells[0] for line in file.lines(_PRICES, ("Member",)))
    return tuple(dict.fromkeys(str(name) for name in found if name is not None))


def redact(
    file: PlanSheets,
    members: tuple[str, ...],
    protection: float = PROTECTION,
    *,
    keep_totals: bool = False,
) -> Redacted:
    """Return a plan without members, who are named as in its sheets.

    Raises UsageError where the plan lacks one of its own sheets, or tables are not as written.
    """
    shown = worn(file.path)
    made = {
        title: table(grid, shown[title])
        for title, grid in file.grids.items()
        if grid.header_row == 1 and account_of(title) is not None
    }
    lacks = [name for name in (SUMMARY, _BY_MINERAL, _PRICES) if name not in made]
    if lacks:
        msg = f"{file.path} has no sheet {lacks[0]}: redact a plan as planner solve wrote it"
        raise UsageError(msg)
    _refuse_changed(file, made.values())
    gone, every = frozenset(members), frozenset(members_of(file))
    of = withheld(made.values(), gone, protection, keep_totals=keep_totals)
    minerals = frozenset(str(name) for name in made[_BY_MINERAL].column("Mineral").values)
    rules = Rules(gone, every, telling(made.values(), gone, every), minerals, of)
    kept: list[Table] = []
    rows: dict[str, int] = {}
    for name, as_planned in made.items():
        new = rules.redacted(as_planned)
        if len(as_planned) > len(new):
            rows[name] = len(as_planned) - len(new)
        kept.append(_marked(new, rules) if name == SUMMARY else new)
    title, made_by = (_said(kept, measure) for measure in (_TITLE, _SCENARIO))
    return Redacted(
        tables=tuple(kept),
        title=f"{title} {GONE}" if title != GONE else f"Plan {GONE}",
        made_by=f"{made_by}; redacted",
        members=members,
        rows=rows,
        withheld=of,
    )


def _refuse_changed(file: PlanSheets, made: Iterable[Table]) -> None:
    """Refuse tables that cannot be read: a header that stands twice, or one that lacks."""
    for of in made:
        if not is_whole(of):
            msg = f"{file.path}: the sheet {of.name} is not as planner solve wrote it"
            raise UsageError(msg)


def named(file: PlanSheets, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return members as the plan spells them; UsageError names the closest to an unknown one."""
    from models.checks.common import did_you_mean

    known = {fold(name): name for name in members_of(file)}
    for name in wanted:
        if fold(name) not in known:
            hint = did_you_mean(name, known.values()) or f"there is {', '.join(known.values())}"
            msg = f"{name!r} is not a member in {file.path}; {hint}"
            raise UsageError(msg)
    return tuple(dict.fromkeys(known[fold(name)] for name in wanted))


def write_redacted(path: Path, of: Redacted) -> None:
    """Write a redacted plan to a file."""
    write_workbook(path, noted(of.tables), (), of.title, of.made_by, charts_before="")


def _what(members: int) -> str:
    count = f"{members} member{'s' if members > 1 else ''}"
    return f"orders, stocks, contracts and prices of {count}"


def _marked(summary: Table, rules: Rules) -> Table:
    """Return Summary with what tells, near its top, that and what was redacted."""
    said = {
        "Measure": REDACTED,
        "Value": _what(len(rules.gone)),
        "Remark": f"{OTHERS} stands for several members together, {WITHHELD} for figures that are"
        f" not told: where cells are blank, rows do not add up to the totals. {_lacks(rules)}",
    }
    cells: tuple[Cell, ...] = tuple(said.get(header) for header in summary.headers)
    lines = lines_of(summary)
    looks = tuple(None if c.looks is None else Look.LONG for c in summary.columns)
    at = 1 if lines and lines[0].is_section else 0
    new = table_of(summary, [*lines[:at], Line(cells, looks), *lines[at:]])
    return replace(new, name=summary.name)


def _lacks(rules: Rules) -> str:
    """Return which totals a redacted plan lacks, as a sentence."""
    if not rules.is_partial:
        return "Totals are as planned and still count what is taken out."
    of = rules.withheld
    totals = f"Totals of {listed(sorted(of.totals))} are withheld. " if of.totals else ""
    stocks = f"Stocks of {listed(sorted(of.stocks))} are not told in sum. " if of.stocks else ""
    return f"{totals}{stocks}Nor is what is summed over minerals: it would tell what is taken out."


def _said(tables: list[Table], measure: str) -> str:
    summary = next(t for t in tables if t.name == SUMMARY)
    values = dict(zip(summary.columns[0].values, summary.column("Value").values, strict=True))
    return str(values.get(measure) or "Plan")
