"""A risk study from the command line: its run, its files, and what a program hears of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from models import checks
from models.errors import warning
from planner.cli.answer import Answer, sorted_out
from planner.cli.halt import Halt, counts, halt_of, marked
from planner.render.words import number_of, span
from planner.run import Start, start_file
from planner.sheets.risk import BY_MINERAL, Drawn, risk_pictures, risk_tables
from planner.sheets.study import write_study
from planner.studies import Tell, Where
from planner.studies.risk import AGREED, ANEW, Chances, Risk, risk
from planner.studies.risk.tables import (
    CASH,
    COST,
    MORE,
    SHARE,
    SHORT,
    every_draw,
    happenings,
    measures,
    members,
    minerals,
)

_ENOUGH = 20
"""Draws in the worst 5 % below which the tail says little."""


@dataclass(frozen=True)
class Gambled:
    """A risk study of a workbook: what it began with, what came of it; ``seconds`` by stage."""

    start: Start
    risk: Risk
    drawn: Drawn
    seconds: dict[str, float]

    @property
    def halt(self) -> Halt | None:
        """What ended the study before its time; None where all runs had their turn."""
        return halt_of(self.risk.outcomes, self.risk.stopped)

    @property
    def known(self) -> str:
        """Of how many draws the figures are, and that those finished early are no fair sample."""
        counted = [
            (of.name.lower(), int(of.known.sum()), len(of.known)) for of in self.risk.samples
        ]
        said = ", ".join(f"{name} {known:,} of {every:,} draws" for name, known, every in counted)
        partly = any(0 < known < every for _, known, every in counted)
        return f"figures are of: {said}{', no fair sample of all' if partly else ''}"

    @property
    def options(self) -> dict[str, str]:
        """What was asked for, as rows of options."""
        of, chances = self.risk, self.risk.chances
        limits = "kept in all years" if chances.keep_caps else "waived in years with an event"
        return {
            **(self.halt.option(self.known) if self.halt is not None else {}),
            **self.start.options,
            "Draws": f"{len(of.draws):,}, of which {of.distinct:,} differ",
            "Seed": str(chances.seed),
            "Surge": f"{chances.surge:.0%} of a supplier's usable capacity, from the first event",
            "Share limits, as agreed": limits,
            "Share limits, re-planned": "kept in all years",
            AGREED: "the plan without events, struck by them as they come: plants as built, "
            "each supplier within what was agreed and its surge",
            ANEW: "the cheapest plan had the events been known beforehand",
        }


def gamble(  # noqa: PLR0913 - what the command line says
    file: Path,
    chances: Chances,
    *,
    scenario: str,
    where: Where,
    tell: Callable[[str], None],
    watch: Tell,
) -> Gambled:
    """Read a workbook, and draw the events of the case that a scenario makes.

    Raises InputError where the workbook has errors, or what a scenario or an event makes of it;
    UsageError for an unknown scenario or a workbook without events.
    """
    start = start_file(file, scenario=scenario, tell=tell)
    case = start.case
    errors = checks.errors(case)
    if errors:
        raise start.placed(errors)
    tell(f"Planning {number_of(chances.draws, 'draw')}")
    began = time.perf_counter()
    found = risk(case, chances, where, watch)
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    caution = _caution(found)
    if caution:
        warnings = (*start.book.warnings, warning("", found=caution))
        start = dataclasses.replace(start, book=dataclasses.replace(start.book, warnings=warnings))
    drawn = Drawn(
        plans=(AGREED, ANEW),
        measures=measures(found),
        minerals=minerals(found),
        members=members(found),
        events=happenings(found),
        draws=every_draw(found),
        currency=case.settings.currency,
        horizon=span(case.years),
    )
    return Gambled(start, found, drawn, seconds)


def _caution(found: Risk) -> str:
    """Say what so few draws cannot tell; "" where there are enough."""
    parts = []
    for sample in found.samples:
        lost = int((~sample.known).sum())
        if lost:
            why = "without a plan" if found.stopped is None else "not finished when it was stopped"
            said = f"{number_of(lost, 'draw')} {why}, left out of the figures"
            parts.append(f"{sample.name.lower()}: {said}")
    known = int(max(sample.known.sum() for sample in found.samples))
    tail = known // 20
    if tail < _ENOUGH:
        parts.append(
            f"{number_of(known, 'draw')}: the worst 5 % are {number_of(tail, 'draw')}, too few to "
            f"trust the 95th percentile and CVaR; take --draws {20 * _ENOUGH} or more"
        )
    return "; ".join(parts)


# ---- files -------------------------------------------------------------------------------------


def write_to(path: Path, gambled: Gambled) -> None:
    """Write the workbook of a risk study."""
    book = gambled.start.book
    title = gambled.start.case.settings.plan_title or (book.path.stem if book.path else "Risk")
    write_study(
        path,
        risk_tables(gambled.drawn),
        risk_pictures(gambled.drawn),
        book,
        title=marked(f"{title}: events by chance", gambled.halt),
        options=gambled.options,
        runs=gambled.risk.outcomes,
        charts_before=BY_MINERAL,
    )


# ---- JSON --------------------------------------------------------------------------------------

_MEASURES = {
    "objective_usd": COST,
    "cash_usd": CASH,
    "shortage_t": SHORT,
    "shortage_share": SHARE,
}
_SPREAD = {
    "base": "base",
    "mean": "mean",
    "standard_error": "error",
    "p5": "low",
    "p50": "middle",
    "p95": "high",
    "p95_from": "high_from",
    "p95_to": "high_to",
    "cvar95": "tail",
    "cvar95_standard_error": "tail_error",
}
_SHORTAGE = {
    "demand_t": "demand",
    "base_t": "base",
    "expected_t": "mean",
    "standard_error_t": "error",
    "expected_share": "share",
    "p50_t": "middle",
    "p95_t": "high",
    "cvar95_t": "tail",
    "chance_short": "short",
    "chance_shorter_than_base": "more",
}


def answer(gambled: Gambled, written: Path | None) -> Answer:
    """Return what a program hears: a row a plan, that of the agreed plan first."""
    of, case = gambled.risk, gambled.start.case
    return {
        "status": "optimal",
        "scenario": case.scenario,
        "currency": case.settings.currency,
        "draws": len(of.draws),
        "distinct_draws": of.distinct,
        "plans": len(of.outcomes),
        **counts(of.outcomes, gambled.halt),
        "seed": of.chances.seed,
        "surge": of.chances.surge,
        "keep_caps": of.chances.keep_caps,
        "rows": [_row(gambled.drawn, plan) for plan in gambled.drawn.plans],
        "events": [_event(row) for row in gambled.drawn.events.to_dict("records")],
        "output": None if written is None else str(written),
        "warnings": sorted_out(gambled.start.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in gambled.seconds.items()},
        "errors": [],
    }


def _event(row: dict[Any, Any]) -> Answer:
    """Return the object of an event; what it adds is of a year in which it is under way."""
    adds = {
        key: {
            "cost_usd": row[f"cost_{of}"],
            "cost_standard_error_usd": row[f"cost_error_{of}"],
            "short_t": row[f"short_{of}"],
            "short_standard_error_t": row[f"short_error_{of}"],
        }
        for key, of in (("as_agreed", "agreed"), ("re_planned", "anew"))
    }
    return {
        "event": row["event"],
        "yearly_probability": row["probability"],
        "duration_yr": row["duration"],
        "share_of_draws": row["drawn"],
        "years_per_draw": row["years"],
        "a_year_adds": adds,
    }


def _row(drawn: Drawn, plan: str) -> Answer:
    measured = _of_plan(drawn.measures, plan, "measure")
    more = measured[MORE]
    by_mineral = _of_plan(drawn.minerals, plan, "mineral")
    by_member: dict[str, dict[str, object]] = {name: {} for name in by_mineral}
    for row in drawn.members.to_dict("records"):
        if row["plan"] == plan:
            by_member[row["mineral"]][row["member"]] = _keyed(row, _SHORTAGE)
    return {
        "plan": plan,
        **{key: _keyed(measured[name], _SPREAD) for key, name in _MEASURES.items()},
        "chance_of_shortage_beyond_base": {
            "mean": more["mean"],
            "standard_error": more["error"],
            "from": more["high_from"],
            "to": more["high_to"],
        },
        "by_mineral": {
            name: {**_keyed(row, _SHORTAGE), "by_member": by_member[name]}
            for name, row in by_mineral.items()
        },
    }


def _of_plan(rows: pd.DataFrame, plan: str, key: str) -> dict[str, dict[str, Any]]:
    found = rows[rows["plan"] == plan].to_dict("records")
    return {str(row[key]): {str(name): value for name, value in row.items()} for row in found}


def _keyed(row: dict[Any, Any], keys: dict[str, str]) -> dict[str, object]:
    return {key: row[name] for key, name in keys.items()}
