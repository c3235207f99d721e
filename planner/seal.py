"""The seal of a plan or study: a fingerprint of its numbers, to the last digit of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from models.results import Duals, Field, Flows, Result, Values

SEAL = "Seal of the sheets Plan, Values and Duals"
"""Text of the row on the sheet Checks that contains the seal."""
SEALED: tuple[tuple[type[Result], Field], ...] = (
    (Flows, Flows.tonnes),
    (Values, Values.value),
    (Duals, Duals.dual),
)
"""The columns of numbers that the seal covers."""


def seal(columns: Iterable[Iterable[float]]) -> str:
    """Return the fingerprint of columns of numbers."""
    digest = hashlib.sha256()
    for numbers in columns:
        digest.update(" ".join(float(number).hex() for number in numbers).encode() + b"\n")
    return digest.hexdigest()[:32]


def is_rounded(columns: Iterable[Iterable[float]]) -> bool:
    """Return whether all numbers have at most 16 digits: another program rounded them.

    Then the seal cannot match.
    """
    return all(float(f"{n:.16g}") == n for numbers in columns for n in numbers)
