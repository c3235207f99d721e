"""Risk: what a plan costs and leaves short when events strike by chance.

Events of the sheet Risks are drawn for every year; each draw is planned twice, as agreed and anew.
"""

from planner.studies.risk.draws import Draw, draws
from planner.studies.risk.spread import Chance, Spread, chance, conditional_value_at_risk, spread
from planner.studies.risk.study import AGREED, ANEW, Chances, Reading, Risk, Sample, risk

__all__ = [
    "AGREED",
    "ANEW",
    "Chance",
    "Chances",
    "Draw",
    "Reading",
    "Risk",
    "Sample",
    "Spread",
    "chance",
    "conditional_value_at_risk",
    "draws",
    "risk",
    "spread",
]
