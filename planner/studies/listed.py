"""The list of all kinds of study, light enough for a command line that only shows its help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.studies.kind import StudyKind


@dataclass(frozen=True)
class Listed:
    """A kind as it is listed, known without what it needs: its module and its command's summary."""

    module: str
    summary: str
    loaded: dict[str, type[StudyKind]] = field(default_factory=dict, compare=False)

    @property
    def kind(self) -> type[StudyKind]:
        """The kind itself, the one that its module defines."""
        if not self.loaded:
            from planner.studies.kind import StudyKind

            made = vars(import_module(self.module)).values()
            own = (k for k in made if isinstance(k, type) and k.__module__ == self.module)
            self.loaded["kind"] = next(k for k in own if issubclass(k, StudyKind))
        return self.loaded["kind"]


STUDIES = {
    "compare": Listed("planner.studies.compare", "Set the base and every scenario side by side."),
    "sweep": Listed("planner.studies.sweep", "Plan at each of many caps: cost against cap."),
    "stress": Listed(
        "planner.studies.stress",
        "Lose each supplier country that sells in the agreed plan, and see what is replaced.",
    ),
    "risk": Listed(
        "planner.studies.risk",
        "Draw the events of the sheet Risks many times, and see what becomes of the plan.",
    ),
    "scorecard": Listed(
        "planner.studies.scorecard",
        "Score a plan before and after, and price each benchmark that it misses.",
    ),
}
"""Every kind by its command."""


def kind_of(sheets: Iterable[str]) -> type[StudyKind] | None:
    """Return the kind whose workbook has these sheets; None where it is none's."""
    names = set(sheets)
    kinds = (each.kind for each in STUDIES.values())
    return next((kind for kind in kinds if kind.RESULTS[0].TABLE in names), None)
