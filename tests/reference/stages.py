"""Minerals made from other minerals: the sheets Inputs and Input lanes (contract section 7.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .cells import company, filled, in_years, must, text, yes

if TYPE_CHECKING:
    from .reading import Case, Source

NOBODY = "-"
"""Owner, in a row of Input lanes that a scenario is written down as, of sources without one."""


@dataclass(frozen=True)
class Line:
    """One input of a plant, and its outputs with the tonnes of input that a tonne of each needs.

    A joint line belongs to a refiner and has all its joint products; any other has one output.
    """

    input: str
    refiner: str
    project: str | None
    country: str
    joint: bool
    outputs: tuple[tuple[Source, float], ...]

    @property
    def product(self) -> str | None:
        """The product; None for a joint line."""
        return None if self.joint else self.outputs[0][0].mineral

    @property
    def plant(self) -> tuple[str, str | None, str | None]:
        """Refiner, project or None, product or None for a joint line."""
        return self.refiner, self.project, self.product

    def __str__(self) -> str:
        name = self.refiner if self.project is None else f"{self.refiner}/{self.project}"
        return f"{self.input} for {name} {self.product or 'joint'}"


@dataclass(frozen=True)
class InputLane:
    """What holds for an input flow in a year: USD/t, fraction, whether it is open."""

    freight: float
    tariff: float
    open: bool


class Stages:
    """Look-ups over the sheets Inputs and Input lanes."""

    def __init__(self, case: Case) -> None:
        self.case = case
        #: (product, input) -> tonnes per tonne of the row without a refiner
        self.general: dict[tuple[str, str], float] = {}
        #: (product, input) -> refiner -> (tonnes per tonne, whether joint)
        self.own: dict[tuple[str, str], dict[str, tuple[float, bool]]] = defaultdict(dict)
        for row in case.sheet("Inputs"):
            key = must(row, "Mineral"), must(row, "Input")
            ratio, refiner = filled(row, "Tonnes per tonne", 0.0), text(row, "Refiner")
            if refiner is None:
                self.general[key] = ratio
            else:
                self.own[key][refiner] = ratio, yes(row, "Joint") is True
        self._lanes: dict[tuple[Source, str, str, int], InputLane] = {}
        self._sells: dict[tuple[Source, int], bool] = {}

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """All (product, input), in the order of the sheet."""
        return list(dict.fromkeys([*self.general, *self.own]))

    def need(self, source: Source, name: str) -> tuple[float, bool]:
        """(tonnes of an input per tonne that a source makes, whether it is a joint need).

        A row that names the refiner replaces the general one, which holds for primary sources.
        """
        key = source.mineral, name
        if source.refiner in self.own.get(key, {}):
            ratio, joint = self.own[key][source.refiner]
            return ratio, joint and source.project is None
        return (self.general.get(key, 0.0) if source.kind == "primary" else 0.0), False

    @cached_property
    def lines(self) -> list[Line]:
        """All inputs of all plants; the joint products of a refiner share one line."""
        result: list[Line] = []
        joint: dict[tuple[str, str], list[tuple[Source, float]]] = defaultdict(list)
        for source in self.case.sources:
            for product, name in self.pairs:
                ratio, together = self.need(source, name)
                if product != source.mineral or ratio == 0:
                    continue
                if together:
                    joint[name, source.refiner].append((source, ratio))
                    continue
                outputs = ((source, ratio),)
                result.append(
                    Line(name, source.refiner, source.project, source.country, False, outputs)
                )
        for (name, refiner), outputs_of in joint.items():
            country = outputs_of[0][0].country
            assert all(source.country == country for source, _ in outputs_of), refiner
            result.append(Line(name, refiner, None, country, True, tuple(outputs_of)))
        return result

    def lane(self, source: Source, line: Line, year: int) -> InputLane:
        """What holds from a source to a plant: Input lanes from top down."""
        country = line.country
        key = source, country, line.refiner, year
        if key not in self._lanes:
            freight, tariff, is_open = 0.0, 0.0, True
            for row in self.case.sheet("Input lanes"):
                if (
                    text(row, "Input") in (None, source.mineral)
                    and text(row, "From country") in (None, source.country)
                    and text(row, "Refiner") in (None, source.refiner)
                    and company(row) in (None, source.company or NOBODY)
                    and text(row, "To country") in (None, country)
                    and text(row, "To plant") in (None, line.refiner)
                    and in_years(row, year)
                ):
                    freight = filled(row, "Freight (USD/t)", freight)
                    tariff = filled(row, "Tariff", tariff)
                    switch = yes(row, "Open")
                    is_open = is_open if switch is None else switch
            self._lanes[key] = InputLane(freight, tariff, is_open)
        return self._lanes[key]

    def sells(self, source: Source, year: int) -> bool:
        """Whether a source can sell: it has capacity, and an open lane with room to a member with
        demand or stock of its mineral, or an open input lane to a plant that can sell."""
        key = source, year
        if key not in self._sells:
            self._sells[key] = self.case.size(source, year) > 0 and (
                self._to_members(source, year)
                or any(
                    line.input == source.mineral
                    and self.lane(source, line, year).open
                    and self.runs(line, year)
                    for line in self.lines
                )
            )
        return self._sells[key]

    def _to_members(self, source: Source, year: int) -> bool:
        for member in self.case.members:
            lane = self.case.lane(source, member, year)
            wanted = self.case.demand(source.mineral, member, year) > 0
            wanted = wanted or (source.mineral, member) in self.case.stock_rows
            if wanted and lane.open and min(lane.max_country, lane.max_source) > 0:
                return True
        return False

    def runs(self, line: Line, year: int) -> bool:
        """Whether some product of a line can be sold."""
        return any(self.sells(source, year) for source, _ in line.outputs)

    def flows(self, year: int) -> Iterator[tuple[Source, Line]]:
        """Who may sell an input to whom in a year."""
        for line in self.lines:
            if self.runs(line, year):
                for source in self.case.sources:
                    open_to = source.mineral == line.input and self.case.size(source, year) > 0
                    if open_to and self.lane(source, line, year).open:
                        yield source, line

    def handed(self, year: int) -> Iterator[tuple[str, Line]]:
        """Which member may hand an input to which plant in a year."""
        for line in self.lines:
            if self.runs(line, year):
                for member, row in self.case.members.items():
                    home = text(row, "Country") == line.country
                    if home and (line.input, member) in self.case.stock_rows:
                        yield member, line

    def ratio(self, product: str, name: str) -> float:
        """Tonnes of an input that a tonne of unmet demand would have taken, of one stage."""
        if (product, name) in self.general:
            return self.general[product, name]
        own = self.own.get((product, name), {})
        return min((ratio for ratio, _ in own.values() if ratio > 0), default=0.0)

    @cached_property
    def unmet(self) -> dict[str, dict[str, float]]:
        """Input -> product -> tonnes of input per tonne of product short, through all stages."""
        result: dict[str, dict[str, float]] = {}

        def of(name: str) -> dict[str, float]:
            if name not in result:
                found: dict[str, float] = defaultdict(float)
                for product, used in self.pairs:
                    ratio = self.ratio(product, used) if used == name else 0.0
                    if ratio == 0:
                        continue
                    found[product] += ratio
                    for later, more in of(product).items():
                        found[later] += ratio * more
                result[name] = dict(found)
            return result[name]

        return {name: of(name) for name in self.case.minerals}
