"""The tables of a comparison of scenarios, and the rows of inputs and projects that differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from models import tolerances
from models.measures import sums
from models.results import Checks, Figure, Result, Tiers, common, field
from models.results import difference as difference_of_files
from models.results.common import COUNTRY, MINERAL, YEAR, words_of
from models.results.difference import SIDES, TableDifference
from models.results.field import Format
from models.results.numbers import PlanNumbers
from planner.sheets import changes
from planner.sheets.context import Context, once
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


class MissingByYear(Result):
    """One row per scenario, mineral and year: the missing part of need.

    Minerals of which nothing is missing in any year are left out. The severity of a loss that
    begins in 2029 shows in the years from 2029 on; over all years it would look smaller.
    """

    TABLE, GRAIN, BOOK = "Missing by year", ("run", "mineral", "year"), "compare"
    run = RunTable.run
    mineral = MINERAL
    year = YEAR
    need = PlanNumbers.need
    missing = PlanNumbers.missing
    missing_share = PlanNumbers.missing_share.like(key="missing_share")
    further_missing = PlanNumbers.further_missing
    further_missing_share = PlanNumbers.further_missing_share


class MissingByTier(Result):
    """One row per scenario, mineral, member and tier of demand, over all years."""

    TABLE, GRAIN, BOOK = "Missing by tier", ("run", "mineral", "member", "tier"), "compare"
    run = RunTable.run
    mineral = MINERAL
    member = common.MEMBER
    tier = Tiers.tier
    need = PlanNumbers.need
    missing = PlanNumbers.missing
    missing_share = PlanNumbers.missing_share.like(key="missing_share")
    further_missing = PlanNumbers.further_missing
    further_missing_share = PlanNumbers.further_missing_share


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


def scenario_inputs(entries: Sequence[Entry]) -> ScenarioInputs | None:
    if len(entries) <= 1:
        return None
    base = entries[0].case
    rows: list[dict[str, Any]] = []
    for entry in entries[1:]:
        inputs = list(changes.input_differences(base, entry.case))
        for each in inputs[:MOST_CHANGES]:
            cell = entry.cell_of(each.sheet, each.row, each.column) if each.row else changes.ADDED
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
