"""Case in, Plan out: check, split, build, solve, prove, join.

``solve`` takes the ``map`` to run blocks with: the built-in one, a process pool's, a cluster's. A
``Session`` plans a case and its variants one after another.
"""

from models.plan.block_solver import Proof
from models.plan.plan import PENALTIES, Plan
from models.plan.session import Session
from models.plan.solving import Map, solve

__all__ = ["PENALTIES", "Map", "Plan", "Proof", "Session", "solve"]
