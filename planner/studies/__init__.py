"""Studies: many Cases to many Plans; what each asks, and where its runs take place.

A study is a base case and chains of runs. A run is a pure function from the base Case to a variant;
of each plan only what the study reads is kept. Loaded when first asked for: ``planner --help``
lists the studies and makes no plan.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.studies.engine import Outcome as Outcome
    from planner.studies.engine import Outcomes as Outcomes
    from planner.studies.engine import Progress as Progress
    from planner.studies.engine import Run as Run
    from planner.studies.engine import Study as Study
    from planner.studies.engine import Tell as Tell
    from planner.studies.engine import run_studies as run_studies
    from planner.studies.engine import run_study as run_study
    from planner.studies.places import Here as Here
    from planner.studies.places import ThisMachine as ThisMachine
    from planner.studies.places import Where as Where

_ENGINE = (
    "Outcome", "Outcomes", "Progress", "Run", "Study", "Tell", "run_studies", "run_study",
)  # fmt: skip
_PLACES = ("Here", "ThisMachine", "Where")


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    for home, names in (("engine", _ENGINE), ("places", _PLACES)):
        if name in names:
            return getattr(import_module(f"planner.studies.{home}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
