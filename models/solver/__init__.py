"""HiGHS behind one small interface: Rows in, Solution out."""

from models.solver.highs import ATTEMPTS, INFINITE, Attempt, Held, check_numbers, solve, version
from models.solver.rows import Floats, Ints, Keys, Rows, Solution

__all__ = [
    "ATTEMPTS",
    "INFINITE",
    "Attempt",
    "Floats",
    "Held",
    "Ints",
    "Keys",
    "Rows",
    "Solution",
    "check_numbers",
    "solve",
    "version",
]
