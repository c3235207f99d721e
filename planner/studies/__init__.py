"""Studies: many Cases to many Plans; what each asks, and where its runs take place.

A study is a base case and chains of runs. A run is a pure function from the base Case to a variant;
of each plan only what the study reads is kept.
"""

from planner.studies.engine import (
    Outcome,
    Outcomes,
    Progress,
    Run,
    Study,
    Tell,
    run_studies,
    run_study,
)
from planner.studies.places import Here, ThisMachine, Where

__all__ = [
    "Here",
    "Outcome",
    "Outcomes",
    "Progress",
    "Run",
    "Study",
    "Tell",
    "ThisMachine",
    "Where",
    "run_studies",
    "run_study",
]
