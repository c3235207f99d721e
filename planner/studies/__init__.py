"""Studies: many Cases to many Plans; what each asks, and where its runs take place.

A study is a base case and chains of runs. A run is a pure function from the base Case to a variant;
only what the study reads of each plan is kept. Modules load on first use: ``planner --help`` lists
the studies and makes no plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.studies.engine import OnProgress, OnStage, Outcome, Outcomes, Progress, Run, Study
    from planner.studies.engine import run_studies as run_studies
    from planner.studies.engine import run_study as run_study
    from planner.studies.kind import StudyKind
    from planner.studies.places import Here, LocalProcesses, Where

__all__ = [
    "STUDIES",
    "Here",
    "LocalProcesses",
    "OnProgress",
    "OnStage",
    "Outcome",
    "Outcomes",
    "Progress",
    "Run",
    "Study",
    "StudyEntry",
    "Where",
    "kind_of",
    "run_studies",
    "run_study",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a name from ``engine`` or ``places`` when it is first used."""
    for home in () if name.startswith("_") else ("engine", "places"):
        module = import_module(f"planner.studies.{home}")
        if hasattr(module, name):
            return getattr(module, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


@dataclass(frozen=True)
class StudyEntry:
    """A kind's module and summary. ``asked`` is the command that makes it, if not its own."""

    module: str
    summary: str
    asked: str = ""

    @cached_property
    def kind(self) -> type[StudyKind]:
        from planner.studies.kind import StudyKind

        names = vars(import_module(self.module)).values()
        classes = (k for k in names if isinstance(k, type) and k.__module__ == self.module)
        return next(k for k in classes if issubclass(k, StudyKind))


STUDIES = {
    "compare": StudyEntry("planner.studies.compare", "Compare every scenario with the base case."),
    "sweep": StudyEntry(
        "planner.studies.sweep",
        "Find what a tighter cap on single countries costs and leaves missing.",
    ),
    "stress": StudyEntry(
        "planner.studies.stress",
        "Remove each supplier country of the agreed plan in turn, and see what replaces it.",
    ),
    "risk": StudyEntry(
        "planner.studies.risk",
        "Draw the events of the sheet Risks many times, and test the plan against each draw.",
    ),
    "exit": StudyEntry(
        "planner.studies.exit",
        "Find how far purchases from a country can fall, by which year, and at what cost.",
    ),
    "scorecard": StudyEntry(
        "planner.studies.scorecard",
        "Score today's supply and the plan, and find what each missed benchmark would cost.",
    ),
    "ranges": StudyEntry(
        "planner.studies.ranges",
        "Find the least and the most that each supplier could sell at nearly the same cost.",
    ),
    "sensitivity": StudyEntry(
        "planner.studies.sensitivity",
        "Find which numbers matter, and which to look up first.",
    ),
    "bills": StudyEntry(
        "planner.studies.bills",
        "Find who gains from planning together, and who should pay what.",
    ),
    "support": StudyEntry(
        "planner.studies.support",
        "Find the payment that each idle plant needs in order to run, and who pays for support.",
    ),
    "under-risk": StudyEntry(
        "planner.studies.under_risk",
        "Make one plan for many futures, drawn from the events of the sheet Risks.",
        asked="solve --under-risk",
    ),
}
"""Every kind by the suffix of its workbook's file name, which is its command if it has one."""


def kind_of(sheets: Iterable[str]) -> type[StudyKind] | None:
    """Return the kind of study whose workbook has these sheets, or None."""
    names = set(sheets)
    kinds = (each.kind for each in STUDIES.values())
    return next((kind for kind in kinds if kind.RESULTS[0].TABLE in names), None)
