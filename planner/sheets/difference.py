"""The difference of two plans as sheets: figures, inputs, minerals, members, flows, prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.results.field import Look
from planner.render.table import Cell, Column, Table, column
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
    return tuple(table for table in made if table is not None)


def write_difference(path: Path, of: Sides, title: str) -> None:
    """Write the workbook of a difference to a file."""
    from planner.render.xlsx import write_workbook
    from planner.sheets.notes import noted

    write_workbook(
        path, noted(difference_tables(of)), (), f"Difference: {title}", title, charts_before=""
    )


def _figures(of: Sides) -> Table:
    lines = [Line("What was compared"), Line("Inputs", None, None, remark=of.inputs)]
    lines += [Line("Note", None, None, remark=said) for said in of.notes]
    if of.years:
        lines.append(Line("Years of the other sheets", None, None, remark=of.years))
    lines += of.lines
    looks = [line.look for line in lines]
    titles = [i for i, line in enumerate(lines) if line.is_title and not line.remark]
    return Table(
        "Difference",
        (
            Column("Measure", Look.LONG, [clean(line.measure) for line in lines]),
            Column("Old", Look.LONG, [_cell(line.old) for line in lines], looks),
            Column("New", Look.LONG, [_cell(line.new) for line in lines], looks),
            Column("Change", Look.LONG, [_change(line) for line in lines], looks),
            column("Change (%)", Look.SHARE, [line.part for line in lines]),
            Column("Unit", Look.TEXT, [clean(line.unit) or None for line in lines]),
            Column("Remark", Look.LONG, [clean(line.remark) or None for line in lines]),
        ),
        frozenset(titles),
        filtered=False,
    )


def _cell(value: Cell) -> Cell:
    return clean(value) if isinstance(value, str) else value


def _change(line: Line) -> Cell:
    """Return the change of a figure; of words whether they differ."""
    if isinstance(line.old, float) or isinstance(line.new, float):
        return line.change
    return "differs" if not line.is_title and not line.is_same else None


def _inputs(of: Sides) -> Table:
    lines = of.input_lines
    looks = [line.look for line in lines]
    return Table(
        "Inputs",
        (
            column("Sheet", Look.TEXT, [line.sheet for line in lines]),
            column("Input", Look.LONG, [line.what for line in lines]),
            Column("Old", Look.TEXT, [_cell(line.old) for line in lines], looks),
            Column("New", Look.TEXT, [_cell(line.new) for line in lines], looks),
            column("Cell in old workbook", Look.TEXT, [line.old_cell for line in lines]),
            column("Cell in new workbook", Look.TEXT, [line.new_cell for line in lines]),
        ),
    )


def _minerals(of: Sides) -> Table:
    """One row a mineral and figure, the figures of a mineral under one another."""
    lines: list[tuple[str, Line]] = []
    for row in of.minerals.to_dict("records"):
        name = str(row["mineral"])
        unit = of.units.get(name, "")
        for what, said, look, own in (
            ("demand", "Demand", Look.TONNES, unit),
            ("purchased", "Purchases", Look.TONNES, unit),
            ("short", "Short", Look.TONNES, unit),
            ("paid", "Paid for purchases", Look.MONEY, of.money),
            ("landed", "Average landed cost", Look.PRICE, f"{of.money} per {unit}"),
            ("share", "Largest country share", Look.SHARE, ""),
        ):
            old, new, by = (_number(row[f"{what}_{word}"]) for word in ("old", "new", "change"))
            lines.append((name, Line(said, old, new, look, own, is_known=by is not None)))
        was, now = (_word(row[f"country_{word}"]) for word in ("old", "new"))
        lines.append((name, Line("Largest country", was, now)))
    looks = [line.look for _, line in lines]
    return Table(
        "By mineral",
        (
            column("Mineral", Look.TEXT, [name for name, _ in lines]),
            column("Figure", Look.TEXT, [line.measure for _, line in lines]),
            Column("Old", Look.TEXT, [_cell(line.old) for _, line in lines], looks),
            Column("New", Look.TEXT, [_cell(line.new) for _, line in lines], looks),
            Column("Change", Look.TEXT, [_change(line) for _, line in lines], looks),
            column("Change (%)", Look.SHARE, [line.part for _, line in lines]),
            column("Unit", Look.TEXT, [line.unit for _, line in lines]),
        ),
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: float) -> float | None:
    return None if value != value else float(value)  # noqa: PLR0124 - NaN is a blank cell


def _members(of: Sides) -> Table:
    table = of.members
    return Table(
        "By member",
        (
            column("Member", Look.TEXT, table["member"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            *_amounts(table, of.money),
            _unit(of, table),
        ),
        printed=11,
    )


def _amounts(table: pd.DataFrame, money: str) -> tuple[Column, ...]:
    return (
        *_triple(table, "purchased", "Purchases", "t", Look.TONNES),
        *_triple(table, "short", "Short", "t", Look.TONNES),
        *_triple(table, "paid", "Paid", money, Look.MONEY),
        *_triple(table, "landed", "Landed cost", f"{money} per t", Look.PRICE),
    )


def _moves(of: Sides) -> Table:
    table = of.moves
    minerals, sellers = list(table["mineral"]), list(table["seller"])
    buyers = list(table["buyer"])
    amounts = {what: [float(v) for v in table[what]] for what in ("old", "new", "change")}
    if of.among_equals:
        said = f"Equally cheap plans, flows not told: {', '.join(of.among_equals)}"
        minerals.append("")
        sellers.append(said)
        buyers.append("")
        for values in amounts.values():
            values.append(float("nan"))
    return Table(
        "Moves",
        (
            column("Mineral", Look.TEXT, minerals),
            column("From", Look.TEXT, sellers),
            column("To", Look.TEXT, buyers),
            column("Old (t)", Look.TONNES, amounts["old"]),
            column("New (t)", Look.TONNES, amounts["new"]),
            column("Change (t)", Look.TONNES, amounts["change"]),
            column("Unit", Look.TEXT, [of.units.get(mineral, "") for mineral in minerals]),
        ),
    )


def _prices(of: Sides) -> Table:
    table = of.prices
    return Table(
        "Prices",
        (
            column("Year", Look.YEAR, [int(year) for year in table["year"]]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Member", Look.TEXT, table["member"]),
            *_triple(table, "marginal", "Marginal price", f"{of.money} per t", Look.PRICE),
            *_triple(table, "landed", "Landed cost", f"{of.money} per t", Look.PRICE),
            _unit(of, table),
        ),
    )


def _triple(
    table: pd.DataFrame, what: str, header: str, unit: str, look: Look
) -> tuple[Column, ...]:
    """Return the old and new value and the change of a column."""
    tail = f" ({unit})" if unit else ""
    return tuple(
        column(f"{header}, {word}{tail}", look, table[f"{what}_{word}"])
        for word in ("old", "new", "change")
    )


def _unit(of: Sides, table: pd.DataFrame) -> Column:
    return column("Unit", Look.TEXT, [of.units.get(mineral, "") for mineral in table["mineral"]])
