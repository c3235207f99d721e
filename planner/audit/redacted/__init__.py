"""Redact: a plan's workbook without some members' orders, stocks, contracts and prices.

The workbook is made again from its tables, so that nothing of what goes is left in any of its
parts. Totals stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from models.case import fold
from models.errors import UsageError
from planner.audit.file import PlanSheets
from planner.audit.redacted.charts import is_even, pictures
from planner.audit.redacted.intervals import PROTECTION, Known, Withheld, withheld
from planner.audit.redacted.lines import Line, lines_of, table_of
from planner.audit.redacted.names import telling
from planner.audit.redacted.rules import GONE, OTHERS, WITHHELD, Rules, is_whole
from planner.audit.redacted.tables import Cell, table
from planner.sheets import Look, Table
from planner.sheets.duals import DUALS, VALUES
from planner.sheets.front import NAME as OVERVIEW
from planner.sheets.front.again import FrontAgain
from planner.sheets.picture import Picture, chart_table
from planner.sheets.write import write_workbook
from planner.workbook.page import read_page
from planner.workbook.plan_columns import REDACTED, SUMMARY
from planner.wording import listed
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

_CHART_DATA, _CHARTS = "Chart data", "Charts"
_TITLE, _SCENARIO = "Plan title", "Scenario"
_PRICES, _BY_MINERAL = "Prices", "By mineral"
_ON_FRONT = "Who serves the coalition's need"
"""How the title of the first page's chart begins."""


@dataclass(frozen=True)
class Redacted:
    """A plan's workbook without some members.

    ``rows`` counts what went by sheet; ``withheld`` tells of which minerals totals are withheld.
    """

    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    title: str
    made_by: str
    members: tuple[str, ...]
    rows: dict[str, int]
    withheld: Withheld
    front: FrontAgain | None = None


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
        if grid.header_row == 1 and title not in {VALUES, DUALS} and not _is_page(grid.header)
    }
    lacks = [name for name in (SUMMARY, _BY_MINERAL, _PRICES, _CHART_DATA) if name not in made]
    if lacks:
        msg = f"{file.path} has no sheet {lacks[0]}: redact a plan as planner solve wrote it"
        raise UsageError(msg)
    _refuse_changed(file, made.values())
    gone, every = frozenset(members), frozenset(members_of(file))
    of = withheld(made.values(), gone, protection, keep_totals=keep_totals)
    minerals = frozenset(str(name) for name in made[_BY_MINERAL].column("Mineral").values)
    rules = Rules(gone, every, telling(made.values(), gone, every), minerals, of)
    # charts and first page are of all minerals
    drawn = [] if rules.is_partial else pictures(made[_CHART_DATA], rules.gone)
    page = next((p for p in drawn if p.title.startswith(_ON_FRONT)), None)
    if page is not None and OVERVIEW in file.parts:
        drawn.remove(page)
    kept: list[Table] = []
    rows: dict[str, int] = {}
    for name, as_planned in made.items():
        if name == _CHART_DATA and not rules.is_partial:
            new: Table | None = chart_table([*drawn, *([page] if page else [])])
        else:
            new = rules.redacted(as_planned)
        if new is None:
            continue
        fewer = len(as_planned) - len(new)
        if fewer > 0:
            rows[name] = fewer
        kept.append(_marked(new, rules) if name == SUMMARY else new)
    title, made_by = (_said(kept, measure) for measure in (_TITLE, _SCENARIO))
    made_by = f"{made_by}; redacted"
    front = None
    if OVERVIEW in file.parts and not rules.is_partial:
        front = _front(file, rules, page, made_by, {t.name for t in kept})
    return Redacted(
        front=front,
        tables=tuple(kept),
        pictures=tuple(drawn),
        title=f"{title} {GONE}" if title != GONE else f"Plan {GONE}",
        made_by=made_by,
        members=members,
        rows=rows,
        withheld=of,
    )


def _refuse_changed(file: PlanSheets, made: Iterable[Table]) -> None:
    """Refuse tables that cannot be written again: a header twice or none, a chart with holes."""
    for of in made:
        if not is_whole(of) or (of.name == _CHART_DATA and not is_even(of)):
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
    before = "Plan" if any(t.name == _CHART_DATA for t in of.tables) else ""
    write_workbook(
        path, of.tables, of.pictures, of.title, of.made_by, front=of.front, charts_before=before
    )


def _front(
    file: PlanSheets, rules: Rules, picture: Picture | None, made_by: str, sheets: set[str]
) -> FrontAgain:
    """Return the first page without texts that name a member, and marked as redacted."""
    page = read_page(file.path, file.parts[OVERVIEW], OVERVIEW)
    cells = []
    for cell in page.cells:
        leads_to = cell.link.rpartition("!")[0].strip("'")
        if leads_to and leads_to not in sheets | {_CHARTS}:
            continue
        if isinstance(cell.value, str):
            text = GONE if rules.names(cell.value) else cell.value
            if cell.row == 0:
                text = f"{text} {GONE}" if text != GONE else f"Plan {GONE}"
            elif cell.row == 1:
                text = f"Scenario: {made_by}: {_what(len(rules.gone))} taken out"
            cells.append(replace(cell, value=text))
        else:
            cells.append(cell)
    said = f"{OVERVIEW}: {made_by}"
    return FrontAgain(cells, page.widths, page.heights, said, picture, page.chart)


def _what(members: int) -> str:
    count = f"{members} member{'s' if members > 1 else ''}"
    return f"orders, stocks, contracts and prices of {count}"


def _is_page(header: dict[int, object]) -> bool:
    """Return whether a sheet is a page of words and charts: nothing but a title in its row 1."""
    return len(header) == 1


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
