"""Levers: the cells of a workbook whose change may remove a shortage, and what each loosens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as listed
from typing import Any

from models.case import Case
from models.program.component import Columns, Rows
from models.program.facts import Place, place_of, step_in_force
from models.resolve import Expanded
from models.schema import ByYear

SHARE, OPEN = "share", "open"
"""Units of a change beside "t/yr" and "money m"."""
_MOST = 1e9
"""How many times its size an amount may grow at most."""
_PLANT = 1.0001
"""What a change of a capacity counts: of two equal changes the one that needs no plant is told."""


@dataclass(frozen=True)
class Lever:
    """What may be loosened, and by how much.

    A unit of it adds ``amounts`` to the limits of rows, given as (component, key, amount [the row's
    unit]), and opens so many tonnes of the deliveries ``opens`` together. At most ``most`` units.
    """

    most: float
    amounts: tuple[tuple[Rows, Any, float], ...] = ()
    opens: tuple[int, ...] = ()
    opened: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True)
class Bounds:
    """What the least change must keep to, by key of the model.

    ``right`` are limits [the row's unit] in place of the model's, by (component, key); ``most`` the
    largest value of columns [t], by (component, key); ``short`` [t] the shortage allowed by
    (mineral, member, year), that in ``served`` besides what is left over at the end.
    """

    right: Mapping[tuple[Rows, Any], float]
    most: Mapping[tuple[Columns, Any], float]
    short: Mapping[tuple[str, str, int], float]
    served: frozenset[tuple[str, str, int]]


@dataclass
class InputCell:
    """A cell that may be changed: what it says, and what a unit of change (``size``) loosens."""

    place: Place
    field: str
    what: str
    unit: str
    was: float
    size: float
    most: float = _MOST
    years: dict[int, None] = listed(default_factory=dict)
    limits: list[tuple[Rows, Any, float]] = listed(default_factory=list)
    """The rows that it loosens: component, key, and by how much for each unit of what it says."""
    lanes: list[tuple[int, int, int]] = listed(default_factory=list)
    """(source, member, year), by position, that are opened."""

    def loosens(self, rows: Rows, key: Any, times: float = 1.0) -> None:
        """Have a change of the cell loosen a row."""
        self.limits.append((rows, key, times))

    def lever(self, wide: Expanded) -> Lever:
        """Return what the program may loosen."""
        d, wanted = wide.deliveries, set(self.lanes)
        places = zip(d.source.tolist(), d.member.tolist(), d.year.tolist(), strict=True)
        opens = tuple(i for i, at in enumerate(places) if at in wanted) if wanted else ()
        amounts = tuple((rows, key, times * self.size) for rows, key, times in self.limits)
        return Lever(
            self.most, amounts, opens, self.size, _PLANT if self.field == "capacity" else 1.0
        )


class Levers:
    """The cells of a case of one mineral that bear on a year; made once, each cell once.

    A change is measured by what the cell says now: 1 is as much again. Where it says 0, or opens a
    lane, 1 is ``need`` [t], the member's demand. Cells that hold only after the year are left out.
    """

    def __init__(self, case: Case, year: int, need: float) -> None:
        """Start with none."""
        self.case, self.year, self.need = case, year, need
        self.e = Expanded(case)
        self.mineral = case.minerals[0].name
        self.found: dict[tuple[str, Place], InputCell] = {}
        self._seen: set[tuple[Rows, Any]] = set()

    def usable(self) -> list[InputCell]:
        """Return the cells that loosen something no later than in the year."""
        return [
            cell
            for cell in self.found.values()
            if (cell.limits or cell.lanes) and min(cell.years) <= self.year and cell.most > 0
        ]

    def cell(  # noqa: PLR0913 - what a cell is, all of it named
        self,
        record: Any,
        name: str,
        year: int,
        *,
        what: str,
        unit: str,
        was: float,
        most: float = math.inf,
    ) -> InputCell | None:
        """Return the cell that a record's field has its value of a year from, None without one."""
        place = place_of(record, name, year)
        if place is None:
            return None
        size = was if was > 0 and unit != OPEN else (1.0 if unit == SHARE else self.need)
        cell = self.found.setdefault(
            (name, place),
            InputCell(place, name, what, unit, was, size, min(_MOST, (most - was) / size)),
        )
        cell.years[year] = None
        return cell

    def is_first(self, rows: Rows, key: Any) -> bool:
        """Return whether a row is asked about for the first time: one cell alone decides it."""
        is_new = (rows, key) not in self._seen
        self._seen.add((rows, key))
        return is_new

    def by_step(self, series: ByYear, years: Iterable[int]) -> Iterator[tuple[int, float]]:
        """Yield the years of a series whose column begins to hold no later than the year asked."""
        for year in years:
            value, step = series.at(year), step_in_force(series, year)
            if value is not None and (step is None or step <= self.year):
                yield year, value


def filled(series: ByYear, years: tuple[int, ...]) -> ByYear:
    """Return a series with something where it says 0."""
    return series.map(years, lambda _, value: 1.0 if value == 0 else value)
