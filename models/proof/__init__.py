"""The proof that a plan is what the Case asks for, and that no plan is cheaper.

``recount`` shows, from the Case alone, that the arrays handed over are the Case's problem and that
the plan keeps to it; ``certificate`` shows, from the arrays and the solution alone, that the plan
is optimal. Neither takes the solver's word.
"""

from models.proof.bounds import wrong_bounds
from models.proof.certificate import (
    MOST_GAP,
    MOST_MIP_GAP,
    MOST_VIOLATION,
    Certificate,
    certify,
    fits,
)
from models.proof.recount import Point, differences, recount

__all__ = [
    "MOST_GAP",
    "MOST_MIP_GAP",
    "MOST_VIOLATION",
    "Certificate",
    "Point",
    "certify",
    "differences",
    "fits",
    "recount",
    "wrong_bounds",
]
