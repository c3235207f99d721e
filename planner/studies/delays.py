"""Plants that the events of the sheet Risks may delay: the table of a study of risk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from models import tolerances
from models.plan import BUILT
from models.results import Format, Result, common, field
from planner.render.claims import Sentence, say
from planner.render.words import known
from planner.scenarios.actions import delayed_projects
from planner.scenarios.events import events_of
from planner.studies.kind import Tables

if TYPE_CHECKING:
    from planner.studies.draws import RiskResults
    from planner.studies.risk_tables import Events


class Delays(Result):
    """One row per event and plant that it delays: how likely it is, and what it adds each time."""

    TABLE, GRAIN, BOOK = "Delays", ("event", "project"), "risk"

    event = field.text("Event")
    project = common.PROJECT.like(meaning="")
    mineral = common.MINERAL
    later = field(
        "Later by", Format.COUNT, "The sum of the event's delays.", unit="yr", key="late_yr"
    )
    due = field("Due", Format.YEAR, "First year of output in the plan without events.", key="due")
    probability = field.share("Yearly probability", key="yearly_probability")
    drawn = field.share("Draws with it", key="share_of_draws")
    short = field.tonnes(
        "A delay adds missing, as agreed",
        "What the event adds to shortage each time, with all its plants, as in the sheet Events.",
        key="short_t",
    )
    cost = field.millions(
        "A delay adds, as agreed",
        "What the event adds to total cost each time. Discounted.",
        key="cost_usd",
    )


def delays(risk: RiskResults, effects: Events) -> list[Delays]:
    """Return the table, most tonnes missing first; none if no event delays a plant."""
    case, due = risk.base.case, dict[str, int]()
    for name, year in risk.base.amounts(BUILT):
        due[name] = min(year, due.get(name, year))
    of_event = {row["event"]: row for row in effects.frame().to_dict("records")}
    rows = []
    for event in events_of(case):
        later = dict[str, int]()
        for step in (case.risks[i] for i in event.rows if case.risks[i].is_once):
            for name in delayed_projects(case, step):
                later[name] = later.get(name, 0) + int(step.value or 0)
        row = of_event[event.name]
        rows += [
            {
                "event": event.name, "project": p.name, "mineral": p.mineral,
                "later": later[p.name], "due": due.get(p.name), "probability": event.probability,
                "drawn": row["drawn"], "short": row["short_agreed"], "cost": row["cost_agreed"],
            }
            for p in case.projects if p.name in later
        ]  # fmt: skip
    rows.sort(key=lambda row: -row["short"] if known(row["short"]) else math.inf)
    return [Delays.of_rows(rows, words=common.words_of(case))] if rows else []


def costliest_delay(tables: Tables) -> Iterator[Sentence]:
    """Yield the plant whose delay leaves most missing each time."""
    if Delays in tables:
        most = tables.sheet(Delays).largest(Delays.short)
        if most.number > tolerances.LEAST_FLOW:
            text = (
                "Of plants that may be late, {top[project]} leaves most missing each time: {top}."
            )
            yield say("figure", text, name="Missing if it is late", large="top", top=most)
