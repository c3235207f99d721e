"""What a scenario changes: inputs, flows and projects that differ from the base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from models import tolerances
from models.measures import sums
from models.results import Result
from models.results.changes import SIDES, TableDifference
from models.results.common import units_of, words_of
from models.results.field import Format
from planner.render.table import COALITION_BUYER
from planner.sheets import changes
from planner.sheets.context import Context, once
from planner.studies import compare_tables
from planner.studies.variant_tables import Row

if TYPE_CHECKING:
    from planner.studies.compare import Entry

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


# ---- flows that differ ---------------------------------------------------------------------------


LEVELS = ("country to member", "country to plants", "refiner to coalition")
COUNTRY_TO_MEMBER, COUNTRY_TO_PLANTS, REFINER_TO_COALITION = LEVELS


def _flows_that_differ(
    base: Context, context: Context, projects: Iterable[Row]
) -> Iterator[dict[str, object]]:
    """Yield the rows of ``FlowDifferences``; ``projects`` are the ``differing_projects``."""
    groups = defaultdict[tuple[str, str], list[dict[Any, Any]]](list)
    keys = ["mineral", "level", "seller", "buyer"]
    for row in changes.changed_amounts(_flow_tonnes(base), _flow_tonnes(context), keys, 2):
        groups[row["mineral"], row["level"]].append(row)
    differ = changes.minerals_that_differ(
        zip(_cost_and_shortage(base), _cost_and_shortage(context), strict=True)
    )
    units = units_of(base.case)
    same = [m.name for m in base.case.minerals if m.name not in differ]
    for mineral in (m.name for m in base.case.minerals if m.name in differ):
        for level in LEVELS:
            names = {"mineral": mineral, "level": level, "unit": units.get(mineral, "")}
            yield from ({**row, **names} for row in changes.largest_moves(groups[mineral, level]))
    if same:
        yield {"seller": f"Same cost and shortage as in the base: {', '.join(same)}"}
    if base.case.budget and len({row["mineral"] for row in projects}) > 1:
        shared = "Projects of several minerals change, and they share one budget"
        yield {"seller": f"{shared}: see the sheet {compare_tables.ProjectsBuilt.TABLE}"}


@once
def _flow_tonnes(context: Context) -> changes.Amounts:
    """Return the tonnes of all years by mineral, level, seller and buyer."""
    sold = _sales(context)
    names = {code: context.country_name(code) for code in sold["country"].unique()}
    plants = sold["project"].where(sold["project"] != "", sold["refiner"])
    by_country = sold.assign(seller=sold["country"].map(names))
    by_plant = sums(sold.assign(seller=plants), "tonnes", "mineral", "seller")
    return {
        **sums(by_country, "tonnes", "mineral", "level", "seller", "buyer"),
        **{(m, REFINER_TO_COALITION, s, COALITION_BUYER): t for (m, s), t in by_plant.items()},
    }


def _sales(context: Context) -> pd.DataFrame:
    """Return the flows to members and to plants; inputs that members supply are not sold."""
    flows = context.plan.flows
    flows = flows.assign(level=COUNTRY_TO_MEMBER, buyer=flows["member"])
    if not context.plan.expanded.plant_inputs:
        return flows
    inputs = context.plan.inputs[context.plan.inputs["member"] == ""]
    plants = "plants in " + inputs["plant_country"].map(context.country_name)
    inputs = inputs.assign(level=COUNTRY_TO_PLANTS, buyer=plants)
    return pd.concat([flows, inputs], ignore_index=True)


@once
def _cost_and_shortage(context: Context) -> list[dict[tuple[str, int], float]]:
    """Return the cost of purchases and the shortage, by mineral and year."""
    tables = ((_sales(context), "total"), (context.plan.supply, "short"))
    return [sums(table, amount, "mineral", "year") for table, amount in tables]


# ---- tables --------------------------------------------------------------------------------------


def scenario_inputs(entries: Sequence[Entry]) -> compare_tables.ScenarioInputs | None:
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
    return compare_tables.ScenarioInputs.of_rows(
        rows, formats={"before": formats, "after": formats}
    )


def difference_tables(
    base: Context, planned: Mapping[str, Context], changed: Mapping[str, list[Row]]
) -> Iterator[Result]:
    """Yield the flows that change most, and the projects ``changed`` by scenario."""
    flows, projects = list[Row](), list[Row]()
    for name, context in planned.items():
        rows = changed[name]
        flows += ({"scenario": name, **row} for row in _flows_that_differ(base, context, rows))
        if rows:
            rows = [*rows, *_side_by_side(_all_projects(base), _all_projects(context))]
        projects += ({"scenario": name, **row} for row in rows)
    yield compare_tables.FlowDifferences.of_rows(flows)
    if projects:
        yield compare_tables.ProjectsBuilt.of_rows(projects, words=words_of(base.case))
