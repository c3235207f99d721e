"""The cells whose change may remove a shortage, and what each loosens in the program."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as listed
from typing import Any

from models.case import Case, in_force
from models.expand import Expanded, caps, mine_capacity
from models.plan.explain.facts import Place
from models.plan.explain.words import (
    lane_row,
    lane_words,
    place_of,
    row_words,
    step_in_force,
)
from models.plan.least_change.change import OPEN, SHARE, Change, rounded_up
from models.schema import MAX, ByYear, Lane, Mine, Refiner
from models.sourcing import Lever

_MOST = 1e9
"""How many times its size an amount may grow at most."""
_PLANT = 1.0001
"""What a change of a capacity counts: of two equal changes the one that needs no plant is told."""


@dataclass
class Cell:
    """A cell that may be changed: what it says, and what a unit of change (``size``) loosens."""

    place: Place
    field: str
    what: str
    unit: str
    was: float
    size: float
    most: float = _MOST
    years: dict[int, None] = listed(default_factory=dict)
    amounts: list[tuple[str, Any, float]] = listed(default_factory=list)
    lanes: list[tuple[int, int, int]] = listed(default_factory=list)
    """(source, member, year), by position, that are opened."""

    def change(self, units: float) -> Change:
        """Return the change by so many units."""
        least = self.was + units * self.size if self.unit != OPEN else 1.0
        to = max(rounded_up(least, self.unit), self.was)
        years = tuple(sorted(self.years))
        return Change(self.place, self.field, self.what, self.unit, self.was, least, to, years)

    def lever(self, wide: Expanded) -> Lever:
        """Return what the program may loosen."""
        d, wanted = wide.deliveries, set(self.lanes)
        opens = tuple(
            i
            for i, at in enumerate(
                zip(d.source.tolist(), d.member.tolist(), d.year.tolist(), strict=True)
            )
            if at in wanted
        ) if wanted else ()  # fmt: skip
        weight = _PLANT if self.field == "capacity" else 1.0
        return Lever(self.most, tuple(self.amounts), opens, self.size, weight)


class Cells:
    """The cells of a case of one mineral that bear on a year; made once, each cell once.

    A change is measured by what the cell says now: 1 is as much again. Where it says 0, or opens a
    lane, 1 is ``need`` [t], the member's demand.
    """

    def __init__(self, case: Case, year: int, need: float) -> None:
        """Collect them. ``case`` is of one mineral; cells that hold only after the year do not."""
        self.case, self.year, self.need = case, year, need
        self.e = Expanded(case)
        self.mineral = case.minerals[0].name
        self.found: dict[tuple[str, Place], Cell] = {}
        self.widened: set[tuple[str, Any]] = set()
        for collect in (self._limits, self._refiners, self._mines, self._lanes, self._budget):
            collect()

    def usable(self) -> list[Cell]:
        """Return the cells that loosen something no later than in the year."""
        return [
            cell
            for cell in self.found.values()
            if (cell.amounts or cell.lanes) and min(cell.years) <= self.year and cell.most > 0
        ]

    def wide(self) -> Case:
        """Return the case in which all that a cell can bring about exists, however little of it."""

        def refiner(r: Refiner) -> Refiner:
            capacity = self._filled(r.capacity, 1.0) if r.row else r.capacity
            share = self._filled(r.available_share, 1.0) if r.row else r.available_share
            return dataclasses.replace(r, capacity=capacity, available_share=share)

        def lane(row: Lane) -> Lane:
            if not row.row:
                return row
            return dataclasses.replace(
                row, open=row.open or None, max=1.0 if row.max == 0 else row.max
            )

        def mine(n: Mine) -> Mine:
            return dataclasses.replace(n, capacity=self._filled(n.capacity, 1.0)) if n.row else n

        return self.case.change(
            refiners=tuple(map(refiner, self.case.refiners)),
            lanes=tuple(map(lane, self.case.lanes)),
            mines=tuple(map(mine, self.case.mines)),
        )

    def right(self) -> dict[tuple[str, Any], float]:
        """Return the limits of the case as it is, which a wider one has lost."""
        case, e = self.case, self.e
        found: dict[tuple[str, Any], float] = {}
        for r, source in enumerate(e.sources):
            for t, year in enumerate(e.years):
                if not source.project:
                    own_key = (source.name, source.mineral, year)
                    found["refining_capacity", own_key] = float(e.usable[r, t])
                for j, member in enumerate(e.members):
                    own, of_country = e.lane_max(r, j, t)
                    key = (source.name, source.project, source.mineral, member, year)
                    if math.isfinite(own):
                        found["refiner_lane_max", key] = own
                    if math.isfinite(of_country):
                        lane = (source.country, source.mineral, member, year)
                        found["country_lane_max", lane] = of_country
        for mine in case.mines:
            for year in e.years:
                found["mine_capacity", (mine.country, mine.mineral, year)] = mine_capacity(
                    mine, year
                )
        return found

    def _filled(self, series: ByYear, least: float) -> ByYear:
        """Return a series with something where it says 0."""
        return series.map(self.case.years, lambda _, v: least if v == 0 else v)

    def _cell(  # noqa: PLR0913 - what a cell is, all of it named
        self,
        record: Any,
        name: str,
        year: int,
        *,
        what: str,
        unit: str,
        was: float,
        most: float = math.inf,
    ) -> Cell | None:
        """Return the cell that a record's field has its value of a year from, None without one."""
        place = place_of(record, name, year)
        if place is None:
            return None
        size = was if was > 0 and unit != OPEN else (1.0 if unit == SHARE else self.need)
        cell = self.found.setdefault(
            (name, place),
            Cell(place, name, what, unit, was, size, min(_MOST, (most - was) / size)),
        )
        cell.years[year] = None
        return cell

    def _by_step(self, series: ByYear, years: Iterable[int]) -> Iterator[tuple[int, float]]:
        """Yield the years of a series whose column begins to hold no later than the year asked."""
        for year in years:
            value, step = series.at(year), step_in_force(series, year)
            if value is not None and (step is None or step <= self.year):
                yield year, value

    def _refiners(self) -> None:
        for r in self.case.refiners:
            running = [y for y in self.case.years if in_force(r, y)]
            who = f"{r.name} ({self.case.country_name(r.country)})"
            for year, was in self._by_step(r.capacity, running):
                share = r.available_share.at(year)
                cell = self._cell(
                    r, "capacity", year, what=f"capacity of {who}", unit="t/yr", was=was
                )
                open_part = 1.0 if share is None else share
                if cell is not None and open_part > 0:
                    key = (r.name, r.mineral, year)
                    cell.amounts.append(("refining_capacity", key, open_part * cell.size))
            for year, was in self._by_step(r.available_share, running):
                what = f"the part of {who} that is open to the coalition"
                cell = self._cell(
                    r, "available_share", year, what=what, unit=SHARE, was=was, most=1.0
                )
                nameplate = r.capacity.value(year)
                if cell is not None and nameplate > 0:
                    key = (r.name, r.mineral, year)
                    cell.amounts.append(("refining_capacity", key, nameplate * cell.size))

    def _mines(self) -> None:
        for n in self.case.mines:
            running = [y for y in self.case.years if in_force(n, y)]
            for year, was in self._by_step(n.capacity, running):
                what = f"mines of {self.case.country_name(n.country)}"
                cell = self._cell(n, "capacity", year, what=what, unit="t/yr", was=was)
                if cell is not None:
                    key = (n.country, n.mineral, year)
                    cell.amounts.append(("mine_capacity", key, cell.size))

    def _limits(self) -> None:
        years = list(self.e.years)
        for t, year in enumerate(years):
            for cap in caps(self.e, 0, t):
                row = cap.record
                step = step_in_force(row.share, year)
                if row.limit != MAX or not (step is None or step <= self.year):
                    continue
                cell = self._cell(
                    row, "share", year, what=row_words(self.case, row, cap.share), unit=SHARE,
                    was=cap.share, most=1.0,
                )  # fmt: skip
                if cell is not None and cap.demand > 0:
                    cell.amounts.append(("share_limit", cap.key, cap.demand * cell.size))

    def _budget(self) -> None:
        dearest = max((p.capex for p in self.case.projects), default=0.0)
        for row in self.case.budget:
            cell = self._cell(
                row, "capex", row.year, what=f"budget of {row.year}", unit="money m", was=row.capex
            )
            if cell is not None and dearest > 0:
                cell.size = cell.was or dearest
                cell.amounts.append(("budget", row.year, cell.size))

    def _lanes(self) -> None:
        mine = [row for row in self.case.lanes if row.mineral in {"", self.mineral}]
        opens = [row for row in mine if row.open is not None]
        widths = [row for row in mine if row.max is not None]
        if all(row.open for row in opens):
            opens = []
        if not opens and not widths:
            return
        for r in range(len(self.e.sources)):
            for j in range(len(self.e.members)):
                for t in range(len(self.e.years)):
                    self._opened(opens, (r, j, t))
                    self._widened(widths, (r, j, t))

    def _opened(self, rows: list[Lane], at: tuple[int, int, int]) -> None:
        source, member, year = self.e.sources[at[0]], self.e.members[at[1]], self.e.years[at[2]]
        lane = (source.mineral, source.country, source.name, member, year)
        row = lane_row(rows, "open", lane)
        if row is not None and not row.open:
            what = lane_words(self.case, row)
            cell = self._cell(row, "open", year, what=what, unit=OPEN, was=0.0)
            if cell is not None:
                cell.lanes.append(at)

    def _widened(self, rows: list[Lane], at: tuple[int, int, int]) -> None:
        source, member, year = self.e.sources[at[0]], self.e.members[at[1]], self.e.years[at[2]]
        mineral, country, name = source.mineral, source.country, source.name
        for refiner in ("", name):
            row = lane_row(rows, "max", (mineral, country, refiner, member, year))
            if row is None or row.max is None:
                continue
            what = lane_words(self.case, row)
            cell = self._cell(row, "max", year, what=what, unit="t/yr", was=row.max)
            key: tuple[str, Any] = (
                ("refiner_lane_max", (name, source.project, mineral, member, year))
                if refiner
                else ("country_lane_max", (country, mineral, member, year))
            )
            if cell is not None and key not in self.widened:
                self.widened.add(key)
                cell.amounts.append((*key, cell.size))
