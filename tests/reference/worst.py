"""The largest violation of a given plan."""

from __future__ import annotations

from math import inf, isnan


class Worst:
    """The largest violation seen, in t, and its name."""

    def __init__(self) -> None:
        self.amount, self.name = 0.0, ""

    def note(self, over: float, name: str) -> None:
        """A constraint exceeded by `over` t (nothing if it is not positive)."""
        if isnan(over):
            over = inf
        if over > self.amount:
            self.amount, self.name = over, name
