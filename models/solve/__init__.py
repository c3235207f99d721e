"""HiGHS behind one small interface, Rows in, Solution out; and the proof of what comes back.

``certificate`` shows, from a program's arrays and the solution alone, that the plan keeps every
limit and that none is cheaper. Nothing takes the solver's word.
"""

from models.solve.certificate import (
    MOST_GAP,
    MOST_MIP_GAP,
    MOST_VIOLATION,
    Certificate,
    Certificates,
    certificate_of,
    certify,
    certify_blocks,
    fits,
    worst_name,
)
from models.solve.highs import ATTEMPTS, INFINITE, Attempt, Held, check_numbers, solve, version
from models.solve.rows import Floats, Ints, Keys, Rows, Solution

__all__ = [
    "ATTEMPTS",
    "INFINITE",
    "MOST_GAP",
    "MOST_MIP_GAP",
    "MOST_VIOLATION",
    "Attempt",
    "Certificate",
    "Certificates",
    "Floats",
    "Held",
    "Ints",
    "Keys",
    "Rows",
    "Solution",
    "certificate_of",
    "certify",
    "certify_blocks",
    "check_numbers",
    "fits",
    "solve",
    "version",
    "worst_name",
]
