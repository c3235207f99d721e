"""The tables of a comparison of scenarios: inputs and projects that differ, sheets of all plans.

A comparison's workbook has the rows in which a plan differs from the base. Its CSV files have all
rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models import tolerances
from models.case import Case
from models.measures import ratio, sums
from models.plan import Plan
from models.resolve import Bools, Floats, Ints
from models.results import Checks, Figure, Members, Result, Scorecard, Tiers, common, field
from models.results import difference as difference_of_files
from models.results.common import COUNTRY, MINERAL, YEAR, PlanTable, words_of
from models.results.difference import SIDES, TableDifference
from models.results.field import Format
from models.results.numbers import PlanNumbers
from planner.render import words
from planner.render.table import Cell, Table, TableColumn, table_of
from planner.sheets import STACKED, changes, result_of
from planner.sheets.context import Context, once
from planner.sheets.figures import scorecard_of
from planner.studies.variant_tables import Row, RunTable, RunTotals

if TYPE_CHECKING:
    from planner.studies.compare import Entry


_AGAINST = "The scenario minus the base; 0 where they differ only by rounding."
_OVER_YEARS = "Over all years."
_STARTS = "The share of the project that starts in each year. Blank: it is not built."
_OUTPUT = "Over all years. All projects are added by weight."
_millions = partial(field.millions, scale=1.0)
SCENARIO = field.text(
    Figure.SCENARIO,
    "Base is the workbook as it is. Each scenario makes its own changes to the base.",
)
_SCENARIO = SCENARIO.like(meaning="")


class Comparison(RunTotals):
    """What each scenario costs, what is missing, and how that differs from the base."""

    TABLE, BOOK = "Comparison", "compare"
    foresight = field.text(
        "Foresight",
        "foreseen: the scenario is known from the first year. unforeseen: nobody knows of it before"
        " the year in About, so the base plan's decisions of earlier years are kept.",
        optional=True,
    )
    changes = field(
        "What it changes",
        Format.LONG,
        "Its rows of the sheet Scenarios, or its what-ifs, with years.",
        optional=True,
    )
    more = field.money(
        "Total cost against base", f"{_AGAINST} Discounted, like total cost.", key="difference_usd"
    )
    surprise = field.money(
        "Not knowing costs",
        "Total cost if unforeseen minus total cost if foreseen (the row above). A scenario that"
        " starts before the year in About has one more row, in which it starts in that year, so"
        " that both rows have the same events. Discounted.",
        key="surprise_usd",
        optional=True,
    )
    cash_more = field.money(
        "Cash cost against base", f"{_AGAINST} Below 0: less cash is paid. Undiscounted."
    )
    binding = field(
        "Binding share limits", Format.COUNT, "One per buyer, supplier, mineral and year."
    )


_OF_NEED = (
    PlanNumbers.need,
    PlanNumbers.missing,
    PlanNumbers.missing_share.like(key="missing_share"),
    PlanNumbers.further_missing,
    PlanNumbers.further_missing_share,
)
"""What is missing of a need, and how much more than in the base."""


def row_of_need(need: float, missing: float, more: float | None) -> Row:
    """Return the cells of a need [t], of what is missing and of what is further missing [t]."""
    further = None if more is None else ratio(more, need)
    names = (f.name for f in _OF_NEED)
    return dict(zip(names, (need, missing, ratio(missing, need), more, further), strict=True))


class MissingByYear(Result):
    """One row per scenario, mineral and year: the missing part of need.

    Minerals of which nothing is missing in any year are left out. The severity of a loss that
    begins in 2029 shows in the years from 2029 on; over all years it would look smaller.
    """

    TABLE, GRAIN, BOOK = "Missing by year", ("run", "mineral", "year"), "compare"
    run = RunTable.run
    mineral = MINERAL
    year = YEAR
    need, missing, missing_share, further_missing, further_missing_share = _OF_NEED


class MissingByTier(Result):
    """One row per scenario, mineral, member and tier of demand, over all years."""

    TABLE, GRAIN, BOOK = "Missing by tier", ("run", "mineral", "member", "tier"), "compare"
    run = RunTable.run
    mineral = MINERAL
    member = common.MEMBER
    tier = Tiers.tier
    need, missing, missing_share, further_missing, further_missing_share = _OF_NEED


class ScenarioInputs(Result):
    """Inputs of a scenario that differ from the base; years with the same change share a row.

    Rows that a scenario adds (a closed lane, a share limit) have no cell.
    """

    TABLE, BOOK = "Changes", "compare"
    scenario = _SCENARIO
    sheet = difference_of_files.InputChanges.sheet
    cell = Checks.cell.like(
        meaning="The input's cell in the workbook; added: a row that only the scenario has."
    )
    what = difference_of_files.InputChanges.what.like(
        meaning="The row and the column that differ, with the years in which they do."
    )
    before = field.text("Base value", "Blank: the base has no such row, or no number in it.")
    after = field.text(
        "Scenario value", "The value in the scenario. removed: the scenario does not have the row."
    )


class ProjectsBuilt(Result):
    """Projects that a scenario builds differently from the base, the largest change of capex first.

    All minerals share one budget, so a scenario for one mineral can leave another one short: its
    plant is built smaller, later or not at all.
    """

    TABLE, BOOK = "Projects built", "compare"
    scenario = _SCENARIO
    project = common.PROJECT.like(
        meaning="A project that the scenario builds differently, the largest change of capex first."
        " All projects: the sum of all projects, changed or not."
    )
    mineral = MINERAL.like(
        meaning="All minerals share the sheet Budget, if there is one: a larger or earlier plant"
        " for one mineral can leave too little money for another."
    )
    country = COUNTRY
    capex_old = _millions("Base capex", _OVER_YEARS)
    capex_new = _millions("Capex in the scenario", _OVER_YEARS)
    capex_change = _millions("Change of capex", _AGAINST)
    starts_old = field.text("Base output starts", _STARTS)
    starts_new = field.text("Output starts in the scenario", _STARTS)
    tonnes_change = field.tonnes("Change of output", _AGAINST)
    tonnes_old = field.tonnes("Base output", _OUTPUT, printed=False)
    tonnes_new = field.tonnes("Output in the scenario", _OUTPUT)


MOST_CHANGES = 2_000
"""How many changes of one scenario are listed; a last row counts the others."""

# ---- projects built differently ------------------------------------------------------------------

ALL_PROJECTS = "All projects"
"""The name of the row that sums all projects of a scenario, changed or not."""
_AMOUNTS = ["capex", "tonnes"]


def differing_projects(base: Context, context: Context) -> list[Row]:
    """Return the projects that a scenario builds differently, the largest change of capex first.

    Rows have the fields of ``ProjectsBuilt``: capex [money m], tonnes [t over all years].
    """
    contexts = base, context
    built = (sums(c.plan.projects, "built", "project", "year") for c in contexts)
    differing = {row["project"] for row in changes.differing_builds(*built)}
    projects = {p.name: p for c in reversed(contexts) for p in c.case.projects}
    totals = (c.plan.projects.groupby("project", as_index=False)[_AMOUNTS].sum() for c in contexts)
    rows = [
        {**row, "mineral": project.mineral, "country": project.country,
         **{f"starts_{side}": _starts(c).get(project.name, "")
            for side, c in zip(SIDES, contexts, strict=False)}}
        for row in _side_by_side(*totals) if row["project"] in differing
        for project in [projects[row["project"]]]
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-abs(row["capex_change"]), row["project"]))


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame) -> list[Row]:
    """Return capex and tonnes of each project in the base and in a scenario; 0 where it is not."""
    difference = TableDifference(before, after, ["project"], _AMOUNTS)
    return difference.rows(dict.fromkeys(_AMOUNTS, 0.0), noise=tolerances.REMAINDER)


def _all_projects(context: Context) -> pd.DataFrame:
    """Return the sum of all projects as a table of one row."""
    return pd.DataFrame([{"project": ALL_PROJECTS, **context.plan.projects[_AMOUNTS].sum()}])


@once
def _starts(context: Context) -> dict[str, str]:
    """Return when each project that is built starts: ``50% in 2027, 50% in 2029``."""
    starts = defaultdict[str, list[str]](list)
    columns = (context.plan.projects[n].tolist() for n in ("year", "project", "built"))
    for year, name, part in sorted(zip(*columns, strict=True)):
        if part > tolerances.SAME_SHARE:
            starts[name].append(f"{part:z.0%} in {year}" if round(part, 2) else f"<1% in {year}")
    return {name: ", ".join(each) for name, each in starts.items()}


# ---- inputs that differ --------------------------------------------------------------------------


def scenario_inputs(
    entries: Sequence[Entry], address: Callable[[str, int, str], str]
) -> ScenarioInputs | None:
    """Return the inputs that differ; ``address`` finds a cell by sheet, row and column."""
    if len(entries) <= 1:
        return None
    base = entries[0].case
    rows: list[dict[str, Any]] = []
    for entry in entries[1:]:
        inputs = list(changes.input_differences(base, entry.case))
        for each in inputs[:MOST_CHANGES]:
            cell = address(each.sheet, each.row, each.column) if each.row else changes.ADDED
            rows.append({**vars(each), "scenario": entry.name, "cell": cell})
        left = len(inputs) - MOST_CHANGES
        if left > 0 or not inputs:
            name = f"and {left:,} more" if left > 0 else "nothing differs from the base"
            rows.append({"scenario": entry.name, "what": name, "fmt": Format.TEXT})
    formats = [row["fmt"] for row in rows]
    return ScenarioInputs.of_rows(rows, formats={"before": formats, "after": formats})


def projects_built(base: Context, planned: Mapping[str, Context]) -> ProjectsBuilt:
    """Return the projects that each scenario builds differently, and the sum of all."""
    rows = list[Row]()
    for name, context in planned.items():
        differing = differing_projects(base, context)
        if differing:
            differing += _side_by_side(_all_projects(base), _all_projects(context))
        rows += ({"scenario": name, **row} for row in differing)
    return ProjectsBuilt.of_rows(rows, words=words_of(base.case))


# ---- the sheets of several plans, each as one sheet with the column Scenario first ---------------


MUCH = 0.01
"""A row differs if its tonnes do, by more than this fraction of the mineral's need in the year."""
_MUCH_DEARER = 0.1
"""A row also differs if its marginal price differs by more than this fraction."""
_COMPARED = ("tonnes", "short", "closing", "taken", "missing")
"""The column that is compared: the first of these that a sheet has."""
MOST_UNCUT_ROWS = 1_000
"""A sheet with up to this many rows shows all of them."""
_WIDEST = 40

PlanSheets = Mapping[type[Result], Result | None]
"""Sheets of a plan; None if a sheet has no rows."""
Plans = Sequence[tuple[str, Context, PlanSheets]]
"""The name of each case that has a plan, its plan, and its ``plan_sheets``; the base first."""


def plan_sheets(plan: Plan) -> PlanSheets:
    """Return the sheets that take longest, without a comparison with the plan without limits.

    They are best made in the process that solved the plan, which has its program.
    """
    members = Members.from_plan(plan, None)
    members = members.without(Members.extra, Members.dearer, Members.extra_shortage)
    return {Members: members, Scorecard: scorecard_of(plan)}


def stacked(plans: Plans, *, are_all: bool) -> Iterator[Table]:
    """Yield the sheets of several plans, each as one sheet with the column Scenario first.

    Long sheets have only the rows that differ from the base, unless ``are_all``.
    """
    for result in STACKED:
        every = [
            (name, known[result] if result in known else result_of(result, context))
            for name, context, known in plans
        ]
        there = [(name, own) for name, own in every if own is not None]
        count, left_out = sum(len(own) for _, own in there), 0
        is_cut = not are_all and count > MOST_UNCUT_ROWS and issubclass(result, PlanTable)
        if is_cut and there and there[0][0] == plans[0][0]:  # only if the base has rows
            kept = _rows_that_differ(plans[0][1].case, [own for _, own in there])
            left_out = count - sum(map(len, kept))
            there = [(name, own) for (name, _), own in zip(there, kept, strict=True)]
        if there:
            country = plans[0][1].country_name
            table = _joined_table([(name, table_of(own, country)) for name, own in there])
            yield _with_note(table, left_out, plans[0][0]) if left_out else table


# ---- rows that differ ----------------------------------------------------------------------------


def _rows_that_differ(base: Case, results: Sequence[Result]) -> list[Result]:
    """Return the rows that differ between the first table and any of the others.

    Rows differ in tonnes relative to the mineral's need in the year, in marginal price, or in
    whether a limit binds.
    """
    first, *_ = results
    names = dict.fromkeys((*first.GRAIN, "mineral", "year"))
    shared = [name for name in names if all(name in result.data for result in results)]
    parts_of_all = [pd.DataFrame({name: r.data[name] for name in shared}) for r in results]
    every = pd.concat(parts_of_all, ignore_index=True)
    by_key = every.groupby([n for n in first.GRAIN if n in shared], sort=False, dropna=False)
    keys: Ints = np.asarray(by_key.ngroup(), dtype=np.int64)
    needs, ends = _need_of_rows(base, every), np.cumsum([*map(len, results)])[:-1]
    parts = zip(results, np.split(keys, ends), np.split(needs, ends), strict=True)
    count = int(keys.max(initial=-1)) + 1
    base_rows, *others = (_KeyedRows(*part, count) for part in parts)
    differs = [base_rows.differ_from(rows) for rows in others]
    kept = np.any(differs, axis=0) if differs else np.zeros(len(first), dtype=bool)
    pairs = zip(results[1:], others, strict=True)
    return [first.where(kept), *(r.where(rows.differ_from(base_rows)) for r, rows in pairs)]


def _need_of_rows(base: Case, rows: pd.DataFrame) -> Floats:
    """Return the need of each row's mineral in its year, at least 1 t; 1 where it has no year."""
    names = ["mineral", "year"]
    if not {*names} <= {*rows}:
        return np.ones(len(rows))
    cells = pd.MultiIndex.from_product(([m.name for m in base.minerals], base.years))
    needs = pd.Series([max(1.0, base.coalition_demand(*cell)) for cell in cells], cells)
    needed = needs.reindex(pd.MultiIndex.from_frame(rows[names]), fill_value=1.0)
    return np.asarray(needed, dtype=float)


class _KeyedRows:
    """The rows of a table: amount, price and binding limit to compare, and the need."""

    def __init__(self, result: Result, keys: Ints, needs: Floats, count: int) -> None:
        data, zeros = result.data, np.zeros(len(keys))
        amount = next((name for name in _COMPARED if name in data), "")
        compared = [data.get(name, zeros) for name in (amount, "marginal", "binding")]
        self.keys, self.needs, self.numbers = keys, needs, np.array(compared, dtype=float)
        self.by_key = np.zeros((len(compared), count))  # 0 where a key is missing
        self.by_key[:, keys] = self.numbers

    def differ_from(self, other: _KeyedRows) -> Bools:
        """Return which rows differ from the other table's row with the same key, or have none."""
        amount, price, binds = self.numbers
        was, price_was, bound = other.by_key[:, self.keys]
        dearer = _MUCH_DEARER * np.maximum(np.abs(price), np.abs(price_was))
        differs = (np.abs(amount - was) > MUCH * self.needs) | (binds != bound)
        return np.asarray(differs | (np.abs(price - price_was) > dearer))


# ---- one sheet of several ------------------------------------------------------------------------


def _joined_table(parts: Sequence[tuple[str, Table]]) -> Table:
    first = parts[0][1]
    names = [words.clean_text(name) for name, table in parts for _ in range(len(table))]
    columns = [TableColumn(SCENARIO.header, Format.TEXT, names)]
    for header in dict.fromkeys(header for _, table in parts for header in table.headers):
        named = ({column.header: column for column in table.columns} for _, table in parts)
        sides = [
            (len(t), columns.get(header)) for (_, t), columns in zip(parts, named, strict=True)
        ]
        some = next(column for _, column in sides if column is not None)
        values = [v for rows, c in sides for v in ([None] * rows if c is None else c.values)]
        formats = [fmt for rows, c in sides for fmt in (c and c.formats) or [some.fmt] * rows]
        columns.append(replace(some, values=values, formats=some.formats and formats))
    printed = None if first.printed is None else first.printed + 1
    # a plan's sheet Changes compares it with today; a comparison's sheet Changes has its inputs
    name = "Changes from today" if first.name == ScenarioInputs.TABLE else first.name
    return replace(first, name=name, columns=tuple(columns), printed=printed)


def _with_note(table: Table, count: int, base: str) -> Table:
    """Return a table with a last row that says how many rows are left out, and why."""
    note: Cell = (
        f"{count:,} rows are left out, because their tonnes differ from {base} by at most"
        f" {MUCH:z.0%} of the mineral's need in the year. --csv DIR writes all rows."
    )
    lead, *others = table.columns
    columns = [replace(lead, values=[*lead.values, note], widest=_WIDEST)]
    for column in others:
        formats = column.formats and [*column.formats, Format.TEXT]
        columns.append(replace(column, values=[*column.values, None], formats=formats))
    return replace(table, columns=tuple(columns))
