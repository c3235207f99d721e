"""The scorecard of a plan: how concentrated, how reliant, which benchmarks are met.

Pure functions of a Plan: numbers and the names of who they are about, no words of a sheet.
"""

from models.scorecard.n_minus_1 import n_minus_1
from models.scorecard.score import (
    MEASURES,
    MET_WITHIN,
    REQUIRED,
    Required,
    Score,
    Told,
    due_years,
    scorecard,
    told,
)
from models.scorecard.supplied import Buyer, Supplied, buyers
from models.scorecard.value import Measure, Value

__all__ = [
    "MEASURES",
    "MET_WITHIN",
    "REQUIRED",
    "Buyer",
    "Measure",
    "Required",
    "Score",
    "Supplied",
    "Told",
    "Value",
    "buyers",
    "due_years",
    "n_minus_1",
    "scorecard",
    "told",
]
