"""Where random choices come from: hypothesis (which shrinks them) or a numpy generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

T = TypeVar("T")


class Dice(Protocol):
    """A source of choices; small values and first entries are the simple ones."""

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        ...


class HypothesisDice:
    """Choices drawn by hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return self.draw(st.integers(low, high))


class NumpyDice:
    """Choices drawn from a numpy generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return int(self.rng.integers(low, high + 1))


class Chooser:
    """Choices of all sorts on top of integers."""

    def __init__(self, dice: Dice, mass: float = 1.0, money: float = 1.0) -> None:
        self.dice = dice
        self.mass = mass
        self.money = money

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high, both included."""
        return self.dice.integer(low, high)

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 cases; shrinks to False."""
        return percent > 0 and self.dice.integer(0, 99) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.dice.integer(0, len(options) - 1)]

    def some(self, options: Sequence[T], percent: int) -> list[T]:
        """Each option with its own chance."""
        return [option for option in options if self.chance(percent)]

    def maybe(self, percent: int, options: Sequence[T]) -> T | None:
        """One of the options, or a blank."""
        return self.pick(options) if self.chance(percent) else None

    def amount(self, top: int = 1000) -> float:
        """t: now and then 0 or a round figure, mostly two decimals up to `top`."""
        kind = self.dice.integer(0, 9)
        if kind == 0:
            return 0.0
        if kind <= 2:
            return self.pick([100.0, 1.0, 10.0, float(top)]) * self.mass
        return self.dice.integer(1, top * 100) / 100 * self.mass

    def cost(self, top: int = 1000) -> float:
        """USD/t: now and then 0 or a tie with others, mostly three decimals up to `top`."""
        kind = self.dice.integer(0, 19)
        if kind == 0:
            return 0.0
        if kind <= 2:
            return self.pick([top / 2, top / 4]) * self.money
        return self.dice.integer(1, top * 1000) / 1000 * self.money

    def share(self) -> float:
        """Fraction 0..1: round or nasty."""
        kind = self.dice.integer(0, 3)
        if kind == 0:
            return self.pick([0.65, 0.5, 1.0, 0.0, 0.3, 1 / 3])
        return self.dice.integer(0, 1000) / 1000
