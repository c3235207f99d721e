"""Case in, Plan out: check, split, build, solve, prove, join.

``solve`` takes the ``map`` to run blocks with: the built-in one, a process pool's, a cluster's;
with what an analyst adds to the model in Pyomo, or another solver, it solves that model itself
(``by_model``). A ``Session`` plans a case and its variants one after another.
"""

from models.plan.block_solver import Proof
from models.plan.by_model import Extension, block_models, model
from models.plan.plan import OPTIMAL, PENALTIES, Plan, status_of
from models.plan.session import Session
from models.plan.solving import Map, solve

__all__ = [
    "OPTIMAL",
    "PENALTIES",
    "Extension",
    "Map",
    "Plan",
    "Proof",
    "Session",
    "block_models",
    "model",
    "solve",
    "status_of",
]
