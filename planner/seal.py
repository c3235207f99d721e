"""The seal of a plan or study: a fingerprint of its numbers, to the last digit of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from models.results import Duals, Field, Flows, Result, Values

SEAL = "Seal of the sheets Plan, Values and Duals"
"""What the row of Checks says that holds it."""
SEALED: tuple[tuple[type[Result], Field], ...] = (
    (Flows, Flows.tonnes),
    (Values, Values.value),
    (Duals, Duals.dual),
)
"""The columns of numbers that are sealed."""


def seal(columns: Iterable[Iterable[float]], texts: Iterable[str] = ()) -> str:
    """Return the fingerprint of columns of numbers, and of texts that say what they are of."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)} {text}\n".encode())
    for numbers in columns:
        digest.update(" ".join(float(number).hex() for number in numbers).encode() + b"\n")
    return digest.hexdigest()[:32]


def is_short(columns: Iterable[Iterable[float]]) -> bool:
    """Return whether a program that keeps sixteen digits of a number wrote them: no seal holds."""
    return all(float(f"{n:.16g}") == n for numbers in columns for n in numbers)
