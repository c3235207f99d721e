"""What a scenario changes: inputs, flows and projects that differ from the base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from models import tolerances
from models.measures import change, sums
from models.results import Result
from models.results.common import units_of, words_of
from models.results.field import Look
from planner.render import words
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
_MOST_NAMED = 2
"""How many projects one line names at most."""
_AMOUNTS = ["capex", "tonnes"]


def differing_projects(base: Context, context: Context) -> list[Row]:
    """Return the projects that a scenario builds differently, the largest change of capex first.

    Rows have the fields of ``ProjectsBuilt``: capex [money m], tonnes [t over all years].
    """
    before, after, rows = _builds_of(base), _builds_of(context), list[Row]()
    for name in {**before, **after}:
        sides = before.get(name, {}), after.get(name, {})
        was, now = (side.get("parts", {}) for side in sides)
        by = (abs(now.get(year, 0.0) - was.get(year, 0.0)) for year in {**was, **now})
        if max(by) > tolerances.SAME_SHARE:
            rows.append(_side_by_side(name, *sides))
    return sorted(rows, key=lambda row: (-abs(row["capex_more"]), row["project"]))


@once
def _builds_of(context: Context) -> dict[str, dict[str, Any]]:
    """Return each project's mineral, country, capex, tonnes and starts, and fractions by year."""
    table = context.plan.projects
    totals: Any = table.groupby("project")[_AMOUNTS].sum()
    builds: dict[str, dict[str, Any]] = totals.to_dict("index")
    columns = (table[n].tolist() for n in ("project", "mineral", "country", "year", "built"))
    for name, mineral, country, year, part in zip(*columns, strict=True):
        builds[name] |= {"mineral": mineral, "country": country}
        builds[name].setdefault("parts", {})[year] = part
    for build in builds.values():
        build["starts"] = ", ".join(
            f"{part:z.0%} in {year}" if round(part, 2) else f"<1% in {year}"
            for year, part in sorted(build["parts"].items())
            if part > tolerances.SAME_SHARE
        )
    return builds


def _side_by_side(project: str, before: Row, after: Row) -> Row:
    """Return a project in the base and in a scenario as one row; {} where it does not exist."""
    either = before or after
    row: Row = {"project": project} | {n: either.get(n, "") for n in ("mineral", "country")}
    for when, side in (("before", before), ("after", after)):
        row |= {f"{name}_{when}": side.get(name, 0.0) for name in _AMOUNTS}
        row[f"starts_{when}"] = side.get("starts", "")
    for name in _AMOUNTS:
        row[f"{name}_more"] = change(row[f"{name}_after"], row[f"{name}_before"])
    return row


def largest_changes(differing: Iterable[Row]) -> str:
    """Return the projects whose capex changes most: ``Nolans +819.1, Becancour -705.5``."""
    names = [
        f"{row['project']} {words.signed(row['capex_more'], ',.1f')}"
        if round(row["capex_more"], 1)
        else f"{row['project']} in other years"
        for row in differing
    ]
    return words.few(names, _MOST_NAMED)


# ---- flows that differ ---------------------------------------------------------------------------


LEVELS = ("country to member", "country to plants", "refiner to coalition")
COUNTRY_TO_MEMBER, COUNTRY_TO_PLANTS, REFINER_TO_COALITION = LEVELS


def _flows_that_differ(
    base: Context, context: Context, projects: Iterable[Row]
) -> Iterator[dict[str, object]]:
    """Yield the rows of ``FlowDifferences``; ``projects`` are the ``differing_projects``."""
    groups = defaultdict[tuple[str, str], list[dict[Any, Any]]](list)
    keys = ["mineral", "level", "seller", "buyer"]
    for row in changes.changed_amounts(_flows(base), _flows(context), keys, 2):
        groups[row["mineral"], row["level"]].append(row)
    differ = changes.minerals_that_differ(zip(_by_year(base), _by_year(context), strict=True))
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
def _flows(context: Context) -> changes.Amounts:
    """Return the tonnes of all years by mineral, level, seller and buyer."""
    sold = _sales(context)
    names = {code: context.country(code) for code in sold["country"].unique()}
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
    if not context.plan.expanded.intakes:
        return flows
    inputs = context.plan.inputs[context.plan.inputs["member"] == ""]
    plants = "plants in " + inputs["plant_country"].map(context.country)
    inputs = inputs.assign(level=COUNTRY_TO_PLANTS, buyer=plants)
    return pd.concat([flows, inputs], ignore_index=True)


@once
def _by_year(context: Context) -> list[dict[tuple[str, int], float]]:
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
            rows.append({"scenario": entry.name, "what": name, "look": Look.TEXT})
    looks = [row["look"] for row in rows]
    return compare_tables.ScenarioInputs.of_rows(rows, looks={"before": looks, "after": looks})


def against_base(
    base: Context, planned: Mapping[str, Context], changed: Mapping[str, list[Row]]
) -> Iterator[Result]:
    """Yield the flows that change most, and the projects ``changed`` by scenario."""
    flows, projects = list[Row](), list[Row]()
    for name, context in planned.items():
        rows = changed[name]
        flows += ({"scenario": name, **row} for row in _flows_that_differ(base, context, rows))
        if rows:
            every = [
                {n: float(c.plan.projects[n].sum()) for n in _AMOUNTS} for c in (base, context)
            ]
            rows = [*rows, _side_by_side(ALL_PROJECTS, *every)]
        projects += ({"scenario": name, **row} for row in rows)
    yield compare_tables.FlowDifferences.of_rows(flows)
    if projects:
        yield compare_tables.ProjectsBuilt.of_rows(projects, words=words_of(base.case))
