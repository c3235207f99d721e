"""Studies: many Cases to many Plans; what each asks, and where its runs take place.

A study is a base case and chains of runs. A run is a pure function from the base Case to a variant;
of each plan only what the study reads is kept.
"""

from planner.study.runs import Outcome, Run, Study, run_study

__all__ = ["Outcome", "Run", "Study", "run_study"]
