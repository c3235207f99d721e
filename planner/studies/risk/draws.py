"""Draws: in which years each event is under way, by chance that a seed fixes.

A draw has a generator of its own, seeded by the seed and the draw's number: draw 17 is the same
whether ten or a thousand are drawn, and whoever draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.case import Case
from planner.scenarios.events import Event, Hits, events, hits


@dataclass(frozen=True)
class Draw:
    """One possible course of things: the years in which each event is under way.

    ``under_way`` are (event, years), events that never begin left out; ``hits`` are the rows of the
    sheet that hold, with their years.
    """

    under_way: tuple[tuple[str, tuple[int, ...]], ...]
    hits: Hits

    @property
    def said(self) -> str:
        """The draw in words: ``Export stop 2027-2028, Drought 2030``."""
        return ", ".join(f"{name} {stretches(years)}" for name, years in self.under_way)


def draws(case: Case, number: int, seed: int) -> tuple[Draw, ...]:
    """Return so many draws of a case's events over its years."""
    every = events(case)
    return tuple(_draw(case, every, seed, i) for i in range(number))


def _draw(case: Case, every: Sequence[Event], seed: int, number: int) -> Draw:
    """Draw each event and year on its own; an event that begins again while under way goes on."""
    source = np.random.SeedSequence(seed, spawn_key=(number,))
    chances = np.random.Generator(np.random.PCG64(source)).random((len(every), len(case.years)))
    found: list[tuple[str, tuple[int, ...]]] = []
    for event, of in zip(every, chances.tolist(), strict=True):
        begins = [y for y, chance in zip(case.years, of, strict=True) if chance < event.probability]
        lasts = {year + i for year in begins for i in range(event.duration)}
        years = tuple(year for year in case.years if year in lasts)
        if years:
            found.append((event.name, years))
    return Draw(tuple(found), hits(case, dict(found)))


def stretches(years: Sequence[int]) -> str:
    """Return years in words: ``2026, 2028-2030``."""
    found: list[list[int]] = []
    for year in years:
        if found and year == found[-1][-1] + 1:
            found[-1].append(year)
        else:
            found.append([year])
    return ", ".join(f"{of[0]}-{of[-1]}" if len(of) > 1 else f"{of[0]}" for of in found)
