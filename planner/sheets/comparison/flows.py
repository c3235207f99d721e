"""Differences: the flows that change most from the base to each scenario.

Refiners of one country cost the same on the way, often at the gate too, and equally cheap plans
split a member's purchases between them in many ways. So what is compared is what each country sells
each member, and what each refiner sells the coalition; a mineral whose cost and shortage are the
base's is left out, for its flows differ, if they do, by a choice among equals alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from models.results.field import Look
from planner.render.table import COALITION_BUYER, Table, column
from planner.sheets.comparison.builds import NAME as PROJECTS_BUILT
from planner.sheets.comparison.builds import shares_a_budget
from planner.sheets.comparison.entry import Entry
from planner.sheets.context import Context

MOST_FLOWS = 10
"""Flows listed at most of one scenario, mineral and level; a row below counts the others."""
_SAME = 1e-7
"""Costs, and shortages over demand, that differ by a smaller part are the same."""
_NOTHING = 1e-6
"""A change below this part of a mineral's largest flow is none."""

COUNTRY_TO_MEMBER, REFINER_TO_COALITION = "country to member", "refiner to coalition"


def differences(entries: Sequence[Entry]) -> Table | None:
    """One row a flow over all years, by scenario, mineral and level, the largest changes first.

    None where there is no base plan or no scenario's.
    """
    base = entries[0].context
    planned = [(e.name, e.context) for e in entries[1:] if e.context is not None]
    if base is None or not planned:
        return None
    table = pd.concat([_of(base, context, name) for name, context in planned], ignore_index=True)
    return Table(
        "Differences",
        (
            column("Scenario", Look.TEXT, table["scenario"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Level", Look.TEXT, table["level"]),
            column("From", Look.TEXT, table["seller"]),
            column("To", Look.TEXT, table["buyer"]),
            column("Base (t)", Look.TONNES, table["before"]),
            column("In the scenario (t)", Look.TONNES, table["after"]),
            column("Change (t)", Look.TONNES, table["after"] - table["before"]),
            column("Unit", Look.TEXT, [base.units.get(m, "") for m in table["mineral"]]),
        ),
    )


def _of(base: Context, context: Context, name: str) -> pd.DataFrame:
    """Return the rows of one scenario."""
    before, after = _flows(base), _flows(context)
    parts = []
    same = _same(base, context)
    for mineral in (m.name for m in base.case.minerals):
        if mineral in same:
            continue
        for level in (COUNTRY_TO_MEMBER, REFINER_TO_COALITION):
            totals = [f[(f["mineral"] == mineral) & (f["level"] == level)] for f in (before, after)]
            parts.append(_largest(_changes(*totals), mineral, level))
    if same:
        said = f"As in the base in cost and shortage: {', '.join(same)}"
        parts.append(_row("", "", said))
    if shares_a_budget(base, context):
        said = f"Projects of several minerals share a budget and change: see {PROJECTS_BUILT}"
        parts.append(_row("", "", said))
    table = pd.concat(parts, ignore_index=True)
    table["scenario"] = name
    return table


def _flows(context: Context) -> pd.DataFrame:
    """Return the tonnes of all years by mineral, level, seller and buyer."""
    flows = context.plan.flows
    plants = flows["project"].where(flows["project"] != "", flows["refiner"])
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "mineral": flows["mineral"],
                    "level": level,
                    "seller": seller,
                    "buyer": buyer,
                    "tonnes": flows["tonnes"],
                }
            )
            for level, seller, buyer in (
                (COUNTRY_TO_MEMBER, flows["country"].map(context.country), flows["member"]),
                (REFINER_TO_COALITION, plants, COALITION_BUYER),
            )
        ],
        ignore_index=True,
    )


def _same(base: Context, context: Context) -> list[str]:
    """Return the minerals that cost, and leave short, what they do in the base, year by year."""
    there, here = (_by_year(c) for c in (base, context))
    found = []
    for mineral in (m.name for m in base.case.minerals):
        scale = max(1.0, *(abs(v) for key, v in there.items() if key[0] == mineral), 0.0)
        keys = [key for key in {**there, **here} if key[0] == mineral]
        if all(abs(here.get(k, 0.0) - there.get(k, 0.0)) <= _SAME * scale for k in keys):
            found.append(mineral)
    return found


def _by_year(context: Context) -> dict[tuple[str, str, int], float]:
    """Return what is paid for purchases and what is short, by mineral and year."""
    found: dict[tuple[str, str, int], float] = {}
    for word, table, amount in (
        ("paid", context.plan.flows, "total"),
        ("short", context.plan.supply, "short"),
    ):
        sums = table.groupby(["mineral", "year"], as_index=False)[amount].sum()
        for mineral, year, value in zip(sums["mineral"], sums["year"], sums[amount], strict=True):
            found[str(mineral), word, int(year)] = float(value)
    return found


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the flows that differ, the largest change first."""
    totals = [
        table.groupby(["seller", "buyer"])["tonnes"].sum().rename(when)
        for table, when in ((before, "before"), (after, "after"))
    ]
    both = pd.concat(totals, axis=1).fillna(0.0).reset_index()
    both["by"] = (both["after"] - both["before"]).abs()
    most = float(both[["before", "after"]].to_numpy().max(initial=0.0))
    both = both[both["by"] > _NOTHING * most]
    return both.sort_values(["by", "seller", "buyer"], ascending=[False, True, True])


def _largest(changes: pd.DataFrame, mineral: str, level: str) -> pd.DataFrame:
    """Return the largest changes, and a row for what is left out."""
    listed = changes.head(MOST_FLOWS).assign(mineral=mineral, level=level)
    rest = changes.iloc[MOST_FLOWS:]
    if rest.empty:
        return listed
    said = "1 other flow" if len(rest) == 1 else f"{len(rest)} other flows"
    amounts = (float(rest["before"].sum()), float(rest["after"].sum()))
    return pd.concat([listed, _row(mineral, level, said, amounts)], ignore_index=True)


def _row(
    mineral: str, level: str, said: str, amounts: tuple[float, float] | None = None
) -> pd.DataFrame:
    before, after = amounts or (float("nan"), float("nan"))
    return pd.DataFrame(
        {
            "mineral": [mineral],
            "level": [level],
            "seller": [said],
            "buyer": [""],
            "before": [before],
            "after": [after],
        }
    )
