"""Projects built: what each scenario builds otherwise than the base.

A budget of capital is shared by the projects of all minerals, so that a scenario of one mineral can
leave another one short: its plant is built smaller, later or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from models.results.field import Look
from planner.render.table import Table, column
from planner.sheets.comparison.entry import Entry, difference
from planner.sheets.context import Context

NAME = "Projects built"
ALL_PROJECTS = "All projects"
"""In the place of a project's name: what all of a scenario's take, those that do not change too."""
_SAME = 1e-6
"""Parts of a project that differ by less are the same."""
_MOST_NAMED = 2
"""Projects named in a line at most."""
_AMOUNTS = ["capex", "tonnes"]


def builds(entries: Sequence[Entry]) -> Table | None:
    """One row a scenario and project that it builds otherwise, the largest change of capex first.

    None where there is no such project.
    """
    base = entries[0].context
    if base is None:
        return None
    planned = [(e.name, e.context) for e in entries[1:] if e.context is not None]
    parts = [_with_total(base, context).assign(scenario=name) for name, context in planned]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        return None
    money = base.currency
    return Table(
        NAME,
        (
            column("Scenario", Look.TEXT, table["scenario"]),
            column("Project", Look.TEXT, table["project"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Country", Look.TEXT, table["country"].map(base.country)),
            column(f"Base capex ({money} m)", Look.MILLIONS, table["capex_before"]),
            column(f"Capex in the scenario ({money} m)", Look.MILLIONS, table["capex_after"]),
            column(f"Change of capex ({money} m)", Look.MILLIONS, _change(table, "capex")),
            column("Base output starts", Look.TEXT, table["starts_before"]),
            column("Output starts in the scenario", Look.TEXT, table["starts_after"]),
            column("Change of output (t)", Look.TONNES, _change(table, "tonnes")),
            column("Base output (t)", Look.TONNES, table["tonnes_before"]),
            column("Output in the scenario (t)", Look.TONNES, table["tonnes_after"]),
        ),
        printed=10,
    )


def moved(base: Context, context: Context) -> pd.DataFrame:
    """Return the projects that a scenario builds otherwise, the largest change of capex first.

    project, mineral, country, and before and after: capex [money m], tonnes [t over all years],
    starts (which part starts in which year, in words).
    """
    before, after = _built(base).add_suffix("_before"), _built(context).add_suffix("_after")
    both = before.join(after, how="outer")
    for name in ("mineral", "country"):
        both[name] = both[f"{name}_before"].fillna(both[f"{name}_after"])
    for name in ("capex_before", "capex_after", "tonnes_before", "tonnes_after"):
        both[name] = both[name].fillna(0.0).astype(float)
    for name in ("starts_before", "starts_after"):
        both[name] = both[name].fillna("").astype(str)
    parts = [_parts(c) for c in (base, context)]
    by = parts[1].sub(parts[0], fill_value=0.0).abs().groupby(level="project").max()
    both = both[by.reindex(both.index, fill_value=0.0) > _SAME]
    both["by"] = _change(both, "capex").abs()
    return both.reset_index().sort_values(
        ["by", "project"], ascending=[False, True], ignore_index=True
    )


def told(base: Context, context: Context) -> str:
    """Return in a line which projects' capex changes most [money m], "" where none does.

    ``Nolans +819.1, Becancour -705.5 and 4 more``
    """
    table = moved(base, context)
    if table.empty:
        return ""
    named = [
        f"{project} {change:+,.1f}" if round(change, 1) else f"{project} at another time"
        for project, change in zip(table["project"], _change(table, "capex"), strict=True)
    ]
    left = len(named) - _MOST_NAMED
    more = f" and {left} more" if left > 0 else ""
    return f"{', '.join(named[:_MOST_NAMED])}{more}"


def _change(table: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return scenario less base, 0 where they differ by rounding alone."""
    pairs = zip(table[f"{name}_after"], table[f"{name}_before"], strict=True)
    return pd.Series([difference(*pair) for pair in pairs], index=table.index, dtype=float)


def shares_a_budget(base: Context, context: Context) -> bool:
    """Return whether projects of more than one mineral change within a budget."""
    return bool(base.case.budget) and moved(base, context)["mineral"].nunique() > 1


def _parts(context: Context) -> pd.Series[float]:
    """Return which part of each project starts, by project and year."""
    table = context.plan.projects
    return table.groupby(["project", "year"])["built"].sum()


def _built(context: Context) -> pd.DataFrame:
    """Return each project's mineral, country, capex, tonnes and starts, by its name."""
    rows = context.plan.projects
    groups = rows.groupby("project")
    found = groups[["mineral", "country"]].first().join(groups[_AMOUNTS].sum())
    starting = rows[rows["built"] > _SAME].sort_values("year")
    words = [
        f"{part:.0%} in {year}" if round(part, 2) else f"<1% in {year}"
        for part, year in zip(starting["built"], starting["year"], strict=True)
    ]
    said = starting.assign(starts=words).groupby("project")["starts"].agg(", ".join)
    return found.assign(starts=[said.get(name, "") for name in found.index])


def _with_total(base: Context, context: Context) -> pd.DataFrame:
    """Return the projects that move, and below them what all of both plans take."""
    table = moved(base, context)
    if table.empty:
        return table
    sums = {
        f"{name}_{when}": [float(c.plan.projects[name].sum())]
        for name in _AMOUNTS
        for when, c in (("before", base), ("after", context))
    }
    words = {name: [""] for name in ("mineral", "country", "starts_before", "starts_after")}
    total = pd.DataFrame({"project": [ALL_PROJECTS], **words, **sums})
    return pd.concat([table, total], ignore_index=True)
