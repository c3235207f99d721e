"""The proof that no plan is cheaper than the one found.

``certificate`` shows, from a program's arrays and the solution alone, that the plan keeps every
limit and is optimal; the arrays are the case's own account (``models.account``). Nothing takes the
solver's word.
"""

from models.proof.certificate import (
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

__all__ = [
    "MOST_GAP",
    "MOST_MIP_GAP",
    "MOST_VIOLATION",
    "Certificate",
    "Certificates",
    "certificate_of",
    "certify",
    "certify_blocks",
    "fits",
    "worst_name",
]
