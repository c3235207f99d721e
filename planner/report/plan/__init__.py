"""The report of one plan: its headlines, and a part for each question that a reader has."""

from __future__ import annotations

from planner.render.text import word
from planner.report.part import Page, Part
from planner.report.plan.costs import costs
from planner.report.plan.flows import flows
from planner.report.plan.headlines import about, headlines, notes, verdict
from planner.report.plan.prices import prices
from planner.report.plan.shares import shares
from planner.report.plan.shortage import shortage
from planner.report.plan.supply import supply
from planner.report.tables import Tables
from planner.workbook.plan_file import PlanFile

PARTS = (supply, flows, shares, shortage, prices, costs)
"""The parts in order; None where the plan has nothing to show of it."""


def plan_page(plan: PlanFile) -> Page:
    """Return the report of a plan."""
    tables = Tables(plan.tables)
    made = (part(plan, tables) for part in PARTS)
    found: tuple[Part, ...] = tuple(part for part in made if part is not None)
    said, sound = verdict(tables, plan)
    scenario = word(plan.measure("Scenario"))
    years = word(plan.measure("Years"))
    made_by = "; ".join(filter(None, (scenario and f"Scenario: {scenario}", years)))
    return Page(
        "Plan",
        plan.title,
        made_by,
        said,
        sound,
        headlines(plan, tables),
        found,
        about(plan),
        notes(plan, tables),
    )
