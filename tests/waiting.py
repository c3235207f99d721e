"""How tests wait: for what they need to see, however long a loaded machine takes over it.

No test asserts that something happens within a time that other processes can take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

HANG = 600.0
"""Seconds after which a machine is not loaded but stuck. It ends a hang, and asserts nothing."""

T = TypeVar("T")


def wait_until(fmt: Callable[[], T], why: Callable[[], object] = lambda: "nothing to see") -> T:
    """Look again and again; return the first answer that is true. ``why`` says what is missing."""
    end = time.monotonic() + HANG
    while not (found := fmt()):
        assert time.monotonic() < end, why()
        time.sleep(0.05)
    return found
