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
    Floats,
    Ints,
    Keys,
    Rows,
    Solution,
    certify,
    certify_alone,
    certify_blocks,
    fits,
    name_at,
)
from models.solve.highs import (
    ATTEMPTS,
    LISTENER,
    ONWARDS,
    Attempt,
    Found,
    Held,
    solve,
    statuses,
    version,
)

__all__ = [
    "ATTEMPTS",
    "LISTENER",
    "MOST_GAP",
    "MOST_MIP_GAP",
    "MOST_VIOLATION",
    "ONWARDS",
    "Attempt",
    "Certificate",
    "Certificates",
    "Floats",
    "Found",
    "Held",
    "Ints",
    "Keys",
    "Rows",
    "Solution",
    "certify",
    "certify_alone",
    "certify_blocks",
    "fits",
    "name_at",
    "solve",
    "statuses",
    "version",
]
