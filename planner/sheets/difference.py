"""The difference of two plans as sheets: figures, inputs, minerals, members, flows, prices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.results import Look, Result
from models.results.common import NOTE
from models.results.difference import (
    FIGURES,
    Difference,
    InputChanges,
    MemberChanges,
    MineralChanges,
    Moves,
    PriceChanges,
)
from planner.render.table import Cell, Table, table_of
from planner.render.text import clean

if TYPE_CHECKING:
    import pandas as pd

_DUST = 1e-9
"""A difference below this part of what it is of is rounding."""


@dataclass(frozen=True)
class Line:
    """A figure or a word of two plans; without any value it heads a group.

    ``counts`` is false of what may differ between equal plans (file names); ``is_known`` is false
    where the two cannot be compared, which ``remark`` then explains.
    """

    measure: str
    old: Cell = None
    new: Cell = None
    look: Look = Look.LONG
    unit: str = ""
    remark: str = ""
    counts: bool = True
    is_known: bool = True

    @property
    def is_title(self) -> bool:
        """Whether it heads a group."""
        return self.old is None and self.new is None

    @property
    def change(self) -> float | None:
        """New less old, 0 where they differ by rounding alone; None of words."""
        if not self.is_known or not isinstance(self.old, float) or not isinstance(self.new, float):
            return None
        by = self.new - self.old
        return by if abs(by) > _DUST * max(abs(self.old), abs(self.new)) else 0.0

    @property
    def part(self) -> float | None:
        """The change as a part of the old figure; None where that is 0, and of shares."""
        by = self.change
        if by is None or not isinstance(self.old, float) or not self.old:
            return None
        return None if self.look is Look.SHARE else by / abs(self.old)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.change == 0.0 if isinstance(self.old, float) else self.old == self.new


@dataclass(frozen=True)
class InputLine:
    """An input that differs: where it stands in each workbook ("": nowhere), what it is."""

    sheet: str
    old_cell: str
    new_cell: str
    what: str
    old: Cell
    new: Cell
    look: Look = Look.TEXT


@dataclass(frozen=True)
class Sides:
    """What the sheets of a difference are made from.

    ``notes`` say what cannot be compared; ``minerals``, ``members`` and ``prices`` have columns
    ``<what>_old``, ``<what>_new``, ``<what>_change``; ``units`` are by mineral, ``years`` the years
    that rows are of. ``inputs`` says what was compared of the inputs, in a sentence.
    """

    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    inputs: str
    input_lines: tuple[InputLine, ...]
    minerals: pd.DataFrame
    members: pd.DataFrame
    prices: pd.DataFrame
    prices_in_all: int
    moves: pd.DataFrame
    among_equals: tuple[str, ...]
    units: dict[str, str]
    money: str
    years: str


def difference_tables(of: Sides) -> tuple[Table, ...]:
    """Return the sheets in order; those without a row are left out, but for the first."""
    made = [
        _figures(of),
        _inputs(of) if of.input_lines else None,
        _minerals(of) if len(of.minerals) else None,
        _members(of) if len(of.members) else None,
        _moves(of) if len(of.moves) or of.among_equals else None,
        _prices(of) if len(of.prices) else None,
    ]
    return tuple(table_of(result) for result in made if result is not None)


def write_difference(path: Path, of: Sides, title: str) -> None:
    """Write the workbook of a difference to a file."""
    from planner.render.xlsx import write_workbook

    made = difference_tables(of)
    write_workbook(path, made, (), f"Difference: {title}", title, charts_before="")


def _figures(of: Sides) -> Difference:
    lines = [Line("What was compared"), Line("Inputs", None, None, remark=of.inputs)]
    lines += [Line(NOTE.header, None, None, remark=said) for said in of.notes]
    if of.years:
        lines.append(Line("Years of the other sheets", None, None, remark=of.years))
    lines += of.lines
    looks = [line.look for line in lines]
    return Difference(
        measure=[clean(str(line.measure)) for line in lines],
        old=[_cell(line.old) for line in lines],
        new=[_cell(line.new) for line in lines],
        change=[_change(line) for line in lines],
        part=[line.part for line in lines],
        unit=[clean(line.unit) or None for line in lines],
        remark=[clean(line.remark) or None for line in lines],
        looks={"old": looks, "new": looks, "change": looks},
        sections=[i for i, line in enumerate(lines) if line.is_title and not line.remark],
    )


def _cell(value: Cell) -> Cell:
    return clean(value) if isinstance(value, str) else value


def _change(line: Line) -> Cell:
    """Return the change of a figure; of words whether they differ."""
    if isinstance(line.old, float) or isinstance(line.new, float):
        return line.change
    return "differs" if not line.is_title and not line.is_same else None


def _inputs(of: Sides) -> InputChanges:
    lines = of.input_lines
    looks = [line.look for line in lines]
    return InputChanges(
        sheet=[line.sheet for line in lines],
        what=[line.what for line in lines],
        old=[_cell(line.old) for line in lines],
        new=[_cell(line.new) for line in lines],
        old_cell=[line.old_cell for line in lines],
        new_cell=[line.new_cell for line in lines],
        looks={"old": looks, "new": looks},
    )


def _minerals(of: Sides) -> MineralChanges:
    lines: list[tuple[str, Line]] = []
    for row in of.minerals.to_dict("records"):
        name = str(row["mineral"])
        unit = of.units.get(name, "")
        for what, look, own in (
            ("demand", Look.TONNES, unit),
            ("purchased", Look.TONNES, unit),
            ("short", Look.TONNES, unit),
            ("paid", Look.MONEY, of.money),
            ("landed", Look.PRICE, f"{of.money} per {unit}"),
            ("share", Look.SHARE, ""),
        ):
            old, new, by = (_number(row[f"{what}_{word}"]) for word in ("old", "new", "change"))
            line = Line(FIGURES[what], old, new, look, own, is_known=by is not None)
            lines.append((name, line))
        was, now = (_word(row[f"country_{word}"]) for word in ("old", "new"))
        lines.append((name, Line(FIGURES["country"], was, now)))
    looks = [line.look for _, line in lines]
    return MineralChanges(
        mineral=[name for name, _ in lines],
        figure=[line.measure for _, line in lines],
        old=[_cell(line.old) for _, line in lines],
        new=[_cell(line.new) for _, line in lines],
        change=[_change(line) for _, line in lines],
        part=[line.part for _, line in lines],
        unit=[line.unit for _, line in lines],
        looks={"old": looks, "new": looks, "change": looks},
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: float) -> float | None:
    return None if value != value else float(value)  # noqa: PLR0124 - NaN is a blank cell


def _members(of: Sides) -> MemberChanges:
    return MemberChanges(
        words={"money": of.money},
        **_columns(of.members, MemberChanges),
        unit=_units(of, of.members),
    )


def _prices(of: Sides) -> PriceChanges:
    return PriceChanges(
        words={"money": of.money}, **_columns(of.prices, PriceChanges), unit=_units(of, of.prices)
    )


def _columns(table: pd.DataFrame, of: type[Result]) -> dict[str, Any]:
    return {f.name: table[f.name] for f in of.FIELDS if f.name in table}


def _units(of: Sides, table: pd.DataFrame) -> list[str]:
    return [of.units.get(mineral, "") for mineral in table["mineral"]]


def moves_of(table: pd.DataFrame, units: Mapping[str, str]) -> Moves:
    """Return flows that moved."""
    data: dict[str, Any] = {f.name: list(table[f.name]) for f in Moves.FIELDS if f.name in table}
    return Moves(**data, unit=[units.get(mineral, "") for mineral in data["mineral"]])


def _moves(of: Sides) -> Moves:
    made = moves_of(of.moves, of.units)
    if of.among_equals:
        said = f"Equally cheap plans, flows not told: {', '.join(of.among_equals)}"
        last = {"mineral": "", "seller": said, "buyer": "", "unit": ""}
        data: dict[str, Any] = {
            name: [*values, last.get(name, math.nan)] for name, values in made.data.items()
        }
        made = Moves(**data)
    return made
