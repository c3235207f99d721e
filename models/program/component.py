"""Components: the kinds of columns and rows of the program, each declared once by its family.

Everything that describes the program reads these declarations: costs, causes of shortages,
explanations, the least change, blocks, the glossary. So every surface shows the same.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from models import resolve, schema
from models.case import Case
from models.resolve import Floats, Ints

if TYPE_CHECKING:
    from models.program.solved import Flow, Solved

# ---- descriptions of rows ---------------------------------------------------------------------

Where = tuple[str, str, int]
"""A mineral, member and year."""


@dataclass(frozen=True)
class CellAddress:
    """A cell of the workbook by sheet, row and header; ``planner.workbook`` knows its letter.

    ``step`` is the year of the column in force (``Share 2030``); None: the column without a year.
    """

    sheet: str
    row: int
    header: str
    step: int | None = None

    @property
    def column(self) -> str:
        return self.header if self.step is None else f"{self.header} {self.step}"


@dataclass(frozen=True)
class Label:
    """The description of a row and its cell; ``kind`` only if it differs from the component's.

    ``unit`` is the unit of the cell: "t", "point" (a hundredth of a share) or "money m".
    """

    what: str
    place: CellAddress | None = None
    unit: str = "t"
    kind: str = ""


@dataclass(frozen=True)
class PriceTerm:
    """One part of a marginal price [money/t]; ``kind`` is for programs to read.

    If the amount is a product of two cells, ``times`` is the second.
    """

    kind: str
    what: str
    amount: float
    place: CellAddress | None = None
    times: CellAddress | None = None


@dataclass(frozen=True)
class LimitStep:
    """How the program changes if a limit is raised by one unit.

    ``right`` is added to the limit of ``row``, by its position in the program, and of the rows
    ``along`` (such as a tier's need), and ``entries`` (column, amount) to the coefficients of
    ``row``.
    """

    row: int
    right: float = 0.0
    entries: tuple[tuple[int, float], ...] = ()
    along: tuple[int, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        return (self.row, *self.along)


@dataclass(frozen=True)
class Obstacle:
    """The reason that a supplier cannot sell more to a member that is short.

    The sentence begins with ``what``. If there is a ``name``, the names of all suppliers with this
    reason follow. Otherwise the number of suppliers comes before ``what``, or before ``many`` for
    several; without ``many``, ``what`` is used once. ``named`` are things to name in brackets, with
    their size.
    """

    what: str
    name: str = ""
    many: str = ""
    named: tuple[tuple[str, float], ...] = ()


def step_in_force(series: schema.ByYear, year: int) -> int | None:
    """Return the year of the column whose value applies in a year; None: the one without a year."""
    return next((start for start, _ in reversed(series.steps) if start <= year), None)


def address_of(record: schema.Record, field: str, year: int) -> CellAddress | None:
    """Return the cell that holds the value of a record's field in a year; None without a row."""
    if not record.row:
        return None
    series = getattr(record, field)
    step = step_in_force(series, year) if isinstance(series, schema.ByYear) else None
    return CellAddress(record.SHEET, record.row, type(record).column_of(field).header, step)


# ---- parts of a limit, if members plan apart -----------------------------------------------------


@dataclass(frozen=True)
class Owners:
    """The owners in a case: its members' rights, and the names in keys of its program."""

    expanded: resolve.Expanded
    rights: resolve.Rights
    names: tuple[Any, ...]


At = Mapping[str, Ints]
"""The positions from which keys are made, by kind of position."""
Division = Callable[[Owners, At, Floats], Floats]
"""Divides limits [their unit] into one part per member, by (limit, member), which add up to them.

The positions are those of the limits' keys.
"""


# ---- components ----------------------------------------------------------------------------------

TONNES, FRACTION, MONEY = 0, 1, 2
"""The unit of a column or row."""

MINERAL, MEMBER, YEAR = "mineral", "member", "year"
REFINER, PROJECT, COUNTRY, CONTRACT = "refiner", "project", "country", "contract"
TIER, LIMIT, STAGE, BUYER, SUPPLIER = "tier", "limit", "stage", "buyer", "supplier"
PATTERN = "pattern"
"""The set of tiers that a supplier may serve."""
SECURITY = "security"
INPUT, PLANT, PLANT_PROJECT, PRODUCT = "input", "plant", "plant project", "product"
"""Parts of a key; the product of a plant's joint input is ""."""
SOURCE_YEAR, PLANT_YEAR = (REFINER, PROJECT, MINERAL, YEAR), (PLANT, PLANT_PROJECT, PRODUCT, YEAR)
CONTRACT_YEAR = (CONTRACT, REFINER, MINERAL, MEMBER, YEAR)
"""Keys, or ends of keys, of several components."""
SOURCE, MINE, CALENDAR, PLANT_INPUT = "source", "mine", "calendar", "plant_input"
"""Kinds of positions that give several parts of a key; a calendar year is its own position."""
_STANDS_FOR = {CONTRACT: {REFINER, MINERAL, MEMBER}, REFINER: {PROJECT, MINERAL}}

NOT_RELAXABLE = ""
"""Declared by rows that no change of the input can relax to end a shortage."""

_COMPONENTS: dict[str, Component] = {}


@dataclass(frozen=True)
class CostHeading:
    """A heading of cost; a penalty is not paid in cash. ``rank`` orders headings of one kind.

    ``remark`` says what may surprise a reader. A rare heading is shown only if it has a cost.
    """

    name: str
    is_penalty: bool = False
    is_rare: bool = False
    rank: int = 0
    remark: str = ""


@dataclass(frozen=True)
class DecisionKind:
    """A kind of decision, declared by its columns; ``rank`` orders the lists.

    With ``lasts`` (a stock) each year is listed, otherwise only the first.
    """

    rank: int
    name: str
    lasts: bool = False


BUILDING = DecisionKind(0, "built", lasts=True)
STORING = DecisionKind(1, "in stock at the end of the year", lasts=True)
BUYING = DecisionKind(2, "bought")
TAKING = DecisionKind(3, "taken")
"""Purchases under contracts, by contract."""
BUYING_FOR_PLANTS = DecisionKind(4, "bought by plants")
TRANSFERRING = DecisionKind(5, "handed to plants")
NOT_LISTED = DecisionKind(6, "")
"""For columns that follow from listed ones, such as the ore behind a refiner's sales."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Component:
    """The columns, or the rows, of one name.

    ``key`` names the parts of a key, in order. ``index`` names the kinds of positions from which
    the key is made in the arrays, if they are not the default (``positions``). ``meaning`` is a
    sentence for readers. ``cell`` is the sheet and field of the input with the price or limit
    (None: it follows from others).
    """

    REQUIRES: ClassVar[tuple[str, ...]] = ()
    """A field, and the fields that must be declared with it."""
    name: str
    key: tuple[str, ...]
    index: tuple[str, ...] = ()
    meaning: str
    cell: tuple[type[schema.Record], str] | None = None
    unit: int = TONNES

    def __post_init__(self) -> None:
        """Add the component to the list of all; ValueError if declared twice or incompletely."""
        if self.name in _COMPONENTS:
            msg = f"component {self.name!r} is declared twice"
            raise ValueError(msg)
        for asked in self.REQUIRES[1:]:
            if getattr(self, self.REQUIRES[0]) and getattr(self, asked) is None:
                msg = f"component {self.name!r} has {self.REQUIRES[0]}: declare {asked}"
                raise ValueError(msg)
        _COMPONENTS[self.name] = self

    @cached_property
    def positions(self) -> tuple[str, ...]:
        """The kinds of positions from which a key is made: a source for a refiner, for instance."""
        implied = {part for what in self.key for part in _STANDS_FOR.get(what, ())}
        parts = (SOURCE if what == REFINER else what for what in self.key if what not in implied)
        return self.index or tuple(parts)

    @property
    def words(self) -> str:
        return self.name.replace("_", " ")

    def part(self, key: Any, what: str, default: Any = "") -> Any:
        """Return a part of a key, such as its YEAR; the default where the key has none."""
        parts = key if isinstance(key, tuple) else (key,)
        return parts[self.key.index(what)] if what in self.key else default

    def place(self, record: schema.Record, year: int) -> CellAddress | None:
        return None if self.cell is None else address_of(record, self.cell[1], year)


@dataclass(frozen=True, eq=False, kw_only=True)
class Columns(Component):
    """Variables of the program.

    - ``headings``: the headings of their cost.
    - ``balance``: 1 if they enter a member's balance, -1 if they leave it.
    - ``move``: describes a change of one: a text with the parts of the key in braces (``{of}``
      names a mineral other than the one asked about), or a function of the key and that mineral.
      The function returns the text with and without the receiving member.
    - ``is_move``: false for columns that are a sum of others; ``serves``: the origin of one more
      tonne if this column supplies it.
    - ``terms``: splits a multiple of the unit cost [money of the first year] for an explanation, by
      key and position; ``spent``: the kinds of these terms that are money spent.
    - ``decided``: the year of its decision, by case and key; None if it follows from others.
    - ``is_first_stage``: whether it is decided before the future is known, so that all futures
      share it; ``decision``: the kind of decision under which it is listed.
    - ``gives_way``: others may use the capacity that these columns take.
    - ``divided``: how their bounds are divided if members plan apart (``models.program.market``);
      None if the bounds are 0 and infinite for any members.
    """

    REQUIRES = ("decided", "is_first_stage", "decision")
    headings: tuple[CostHeading, ...] = ()
    balance: int = 0
    is_delivery: bool = False
    is_move: bool = True
    move: str | Callable[[Solved, Any, str], tuple[str, str]]
    serves: str | Callable[[Solved, Any], str] = ""
    terms: Callable[[Solved, Any, int, float], list[PriceTerm]] | None = None
    spent: tuple[str, ...] = ()
    decided: Callable[[Case, Any], int] | None = None
    is_first_stage: bool | None = None
    decision: DecisionKind | None = None
    gives_way: bool = False
    divided: Division | None = None

    def fixed_value(self, case: Case, key: Any) -> float | None:
        """Return the value that an earlier plan fixed for a column; None if it is free."""
        decisions = case.fixed_decisions
        if decisions is None or self.decided is None or self.decided(case, key) >= decisions.before:
            return None
        return decisions.amount(self.name, self.stable_key(case, key))

    def stable_key(self, case: Case, key: Any) -> Any:
        """Return a key that stays the same if the case is reduced to some minerals.

        A contract's position is replaced by the contract and its number among identical ones.
        """
        if CONTRACT not in self.key:
            return key
        at = self.key.index(CONTRACT)
        return (*key[:at], case.numbered_contracts[key[at]], *key[at + 1 :])


def year_of_key(_: Case, key: Any) -> int:
    year: int = key[-1]
    return year


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows(Component):
    """Constraints of the program.

    - ``label``: describes one of them.
    - ``bears_on``: whether one concerns a mineral, member and year; None for rows that limit
      nothing themselves.
    - ``obstacles``: yields reasons that a supplier cannot sell more to a member that is short,
      given the full rows and the equations that contain all its sales there. Without it, each full
      row is a reason. ``is_always_asked``: it is called even if there are no such rows. Of several
      reasons the one with the lowest ``obstacle_rank`` is shown.
    - ``holds_back``: returns the reason that a member that is short cannot use more of its stock.
    - ``through``: the columns of which a row is the sum; a price is followed through them.
    - ``step``: the value of a row's cell, and one of its units in the program; ``slope``: the rise
      of its limit per tonne of demand.
    - ``relaxable``: the input whose change may end a shortage by relaxing the rows (the family's
      ``Relaxation``), or NOT_RELAXABLE.
    - ``is_neutral``: its price is neither a scarcity rent nor a credit; ``is_capacity``: it limits
      the total sales of a source in a year.
    - ``divided``: how a limit is divided if members plan apart (``models.program.market``).
    """

    REQUIRES = ("bears_on", "relaxable")
    kind: str
    divided: Division
    label: Callable[[Solved, Any], Label]
    bears_on: Callable[[Solved, Rows, Any, Where], bool] | None = None
    obstacles: Callable[[Solved, Flow, Sequence[int]], Iterable[Obstacle]] | None = None
    is_always_asked: bool = False
    obstacle_rank: int = 2
    holds_back: Callable[[Solved, Where], Obstacle | None] | None = None
    through: tuple[Columns, ...] = ()
    step: Callable[[Solved, Any, int], tuple[float, LimitStep]] | None = None
    slope: Callable[[Solved, Any, Where], float] | None = None
    relaxable: str | None = None
    is_neutral: bool = False
    is_capacity: bool = False


def key_matches(plan: Solved, rows: Rows, key: Any, cell: Where) -> bool:
    """Return whether a row's key names the mineral, member and year, as far as it has them.

    A supplier in the key must be able to deliver to the member.
    """
    mineral, member, year = cell
    named = ((MINERAL, mineral), (MEMBER, member), (YEAR, year))
    if any(rows.part(key, what, name) != name for what, name in named):
        return False
    if REFINER not in rows.key or MEMBER in rows.key:
        return True
    return plan.reaches(rows.part(key, REFINER), rows.part(key, PROJECT), cell)


def obstacle_when_full(
    obstacle_of: Callable[[Solved, Flow], Obstacle],
) -> Callable[[Solved, Flow, Sequence[int]], Iterator[Obstacle]]:
    """Return ``Rows.obstacles`` with one reason per supplier if any of its rows is full."""

    def obstacles(plan: Solved, flow: Flow, at: Sequence[int]) -> Iterator[Obstacle]:
        if any(plan.slack[row] <= flow.tolerance for row in at):
            yield obstacle_of(plan, flow)

    return obstacles


C = TypeVar("C", bound=Component)


def _component_named(component: Component | str, sort: type[C]) -> C:
    found = _COMPONENTS.get(component) if isinstance(component, str) else component
    if not isinstance(found, sort):
        msg = f"no component {component!r}"
        raise KeyError(msg)
    return found


def columns_named(component: Component | str) -> Columns:
    return _component_named(component, Columns)


def rows_named(component: Component | str) -> Rows:
    return _component_named(component, Rows)


def components() -> tuple[Component, ...]:
    return tuple(_COMPONENTS.values())


def listed_kinds() -> tuple[DecisionKind, ...]:
    """Return the kinds that the program's columns declare, and purchases under contracts."""
    declared = {c.decision for c in components() if isinstance(c, Columns) and c.decision}
    kinds = (declared | {TAKING}) - {NOT_LISTED}
    return tuple(sorted(kinds, key=lambda kind: (kind.rank, kind.name)))


def cost_headings() -> tuple[CostHeading, ...]:
    found = {h: None for c in components() if isinstance(c, Columns) for h in c.headings}
    return tuple(sorted(found, key=lambda heading: (heading.is_penalty, heading.rank)))


# ---- relaxations, for the least change -----------------------------------------------------------

SHARE, OPEN = "share", "open"
"""Units of a change, besides "t/yr" and "money m"."""
_MOST = 1e9
"""The most by which an amount may grow, as a multiple of its size."""
_PLANT = 1.0001
"""The weight of a change of capacity: an equally large change of another cell is preferred."""


@dataclass(frozen=True)
class Bounds:
    """The bounds of the least change, by key of the model.

    ``right`` has limits that replace the model's [the row's unit], ``most`` the largest values of
    columns [t], both by (component, key). ``short`` [t] is the shortage allowed by (mineral,
    member, year); in ``served`` it may be larger by the part that no change removes.
    """

    right: Mapping[tuple[Rows, Any], float]
    most: Mapping[tuple[Columns, Any], float]
    short: Mapping[tuple[str, str, int], float]
    served: frozenset[tuple[str, str, int]]


@dataclass
class InputCell:
    """A cell that may be changed: its value, and the rows that one unit of change relaxes.

    A unit is ``size``; ``most`` is the largest change in units.
    """

    place: CellAddress
    field: str
    what: str
    unit: str
    was: float
    size: float
    most: float = _MOST
    years: dict[int, None] = dataclasses.field(default_factory=dict)
    limits: list[tuple[Rows, Any, float]] = dataclasses.field(default_factory=list)
    """The rows that the change relaxes: component, key, and by how much per unit of the cell."""
    lanes: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    """The lanes that the change opens, as positions of (source, member, year or ``to_plant``)."""
    tiers: list[tuple[int, int, int, str]] = dataclasses.field(default_factory=list)
    """The lanes that it opens to a tier, as positions of (source, member, year), and the tier."""

    @property
    def weight(self) -> float:
        """The cost of one unit of change in the search for the least change."""
        return _PLANT if self.field == "capacity" else 1.0


class RelaxableCells:
    """The cells of a case that may be changed to end a shortage in a year, each cell once.

    A change is measured relative to the cell's present value: 1 doubles it. If that value is 0, or
    the change opens a lane, a change of 1 is ``need`` [t], the member's demand. Cells that hold
    only after the year are left out.
    """

    def __init__(self, case: Case, year: int, need: float) -> None:
        self.case, self.year, self.need = case, year, need
        self.e = resolve.Expanded(case)
        self.found: dict[tuple[str, CellAddress], InputCell] = {}
        self._seen: set[tuple[Rows, Any]] = set()

    def usable(self) -> list[InputCell]:
        """Return the cells that relax a row in the year or earlier."""
        relaxing = (c for c in self.found.values() if c.limits or c.lanes or c.tiers)
        return [cell for cell in relaxing if min(cell.years) <= self.year and cell.most > 0]

    def add_cell(  # noqa: PLR0913 - what a cell is, all of it named
        self,
        record: Any,
        name: str,
        year: int,
        *,
        what: str,
        unit: str,
        was: float,
        most: float = math.inf,
        loosens: tuple[Rows, Any] | None = None,
        times: float = 1.0,
    ) -> InputCell | None:
        """Return the cell that holds the value of a record's field in a year; None without one.

        A change of it relaxes the row ``loosens`` (component and key), multiplied by ``times``.
        """
        place = address_of(record, name, year)
        if place is None:
            return None
        size = was if was > 0 and unit != OPEN else (1.0 if unit == SHARE else self.need)
        cell = self.found.setdefault(
            (name, place),
            InputCell(place, name, what, unit, was, size, min(_MOST, (most - was) / size)),
        )
        cell.years[year] = None
        if loosens is not None and times > 0:
            cell.limits.append((*loosens, times))
        return cell

    def is_new(self, rows: Rows, key: Any) -> bool:
        """Return whether a row is offered for the first time; only its first cell may relax it."""
        is_new = (rows, key) not in self._seen
        self._seen.add((rows, key))
        return is_new

    def values_in_force(
        self, series: schema.ByYear, years: Iterable[int]
    ) -> Iterator[tuple[int, float]]:
        """Yield years and values of a series whose column is in force by the year asked about."""
        for year in years:
            value, step = series.at(year), step_in_force(series, year)
            if value is not None and (step is None or step <= self.year):
                yield year, value


@dataclass(frozen=True)
class Relaxation:
    """How the limits of a family may be relaxed, for the least change.

    ``collect`` adds the cells whose change relaxes them. ``fills`` names records and fields in
    which 0 becomes a small amount, so that a change can increase it (``with_all_options``).
    ``right`` yields the limits of the case as it is, which that wider case has lost. ``rank``
    orders the families.
    """

    collect: Callable[[RelaxableCells], None]
    fills: tuple[str, tuple[str, ...]] = ("", ())
    right: Callable[[resolve.Expanded], Iterator[tuple[Rows, Any, float]]] = lambda _: iter(())
    rank: int = 9

    def with_all_options(self, case: Case) -> Case:
        """Return a case in which every option that a cell could open exists, in a small amount."""
        name, fields = self.fills
        if not name:
            return case
        # where lanes are open to some tiers only, they are opened by columns of their own
        has_cut_off = name == "lanes" and bool(resolve.Expanded(case).cut_off)
        records = (
            dataclasses.replace(
                r, **{f: _default_filled(getattr(r, f), case.years) for f in fields}
            )
            if r.row and not (has_cut_off and r.tier)
            else r
            for r in getattr(case, name)
        )
        return case.change(**{name: tuple(records)})


def _default_filled(value: Any, years: tuple[int, ...]) -> Any:
    if isinstance(value, schema.ByYear):
        return value.map(years, lambda _, of_year: 1.0 if of_year == 0 else of_year)
    if value is False:
        return None
    return 1.0 if value == 0 else value
