"""Components: what the program is made of, declared once; a family declares its columns and rows.

All that reasons about them reads the declaration: costs, causes of shortages, explanations, the
least change, blocks, the glossary. So what is shown of them is the same everywhere.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from models import resolve, schema
from models.case import Case, in_force

if TYPE_CHECKING:
    from models.program.builder import Builder
    from models.program.decisions import DecisionKind
    from models.program.division import Division
    from models.program.solved import Flow, Solved
    from models.program.sourcing import Frame

# ---- what is told of a row ---------------------------------------------------------------------

COALITION_WORDS = "the coalition"
Where = tuple[str, str, int]
"""A mineral, member and year."""


@dataclass(frozen=True)
class CellAddress:
    """A cell of the workbook by sheet, row and header; ``planner.workbook`` knows its letter.

    ``step`` is the year of the column in force (``Share 2030``), None for the plain one.
    """

    sheet: str
    row: int
    header: str
    step: int | None = None

    @property
    def column(self) -> str:
        """The header as it stands in the sheet, unit left out."""
        return self.header if self.step is None else f"{self.header} {self.step}"


@dataclass(frozen=True)
class Label:
    """What a row is: words for people, and its cell; ``kind`` where it is not its component's.

    ``unit`` is what the cell counts: "t", "point" (a hundredth of a share) or "money m".
    """

    what: str
    place: CellAddress | None = None
    unit: str = "t"
    kind: str = ""


@dataclass(frozen=True)
class PriceTerm:
    """One part of a marginal price [money/t]; ``kind`` is a word for programs.

    ``times`` is a second cell, where the amount is the product of the two.
    """

    kind: str
    what: str
    amount: float
    place: CellAddress | None = None
    times: CellAddress | None = None


@dataclass(frozen=True)
class LimitStep:
    """What one unit more of a limit is in the program.

    ``right`` is added to the limit of ``row``, ``entries`` (column, amount) to its coefficients.
    """

    row: int
    right: float = 0.0
    entries: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Stop:
    """What keeps a supplier from selling more to a member that is short.

    ``what`` is told before the names of all suppliers that it stops (``name`` is this one's), or as
    often as there are suppliers where ``many`` says it of several, or else once, as it stands.
    ``named`` are things to name in brackets, with their size.
    """

    what: str
    name: str = ""
    many: str = ""
    named: tuple[tuple[str, float], ...] = ()


def limit_words(case: Case, cap: resolve.Cap) -> str:
    """Return a cap in words: ``the limit in row 2 of Share limits (at most 65 % from China ...)``.

    A limit that a scenario made has no row.
    """
    supplier = case.supplier_name(cap.record.group, cap.supplier)
    if cap.record.group != schema.BY_COUNTRY:
        supplier = f"{cap.record.group} {supplier}"
    buyer = cap.buyer or COALITION_WORDS
    stage = " (ore)" if cap.record.stage == schema.MINING else ""
    at = f" in row {cap.record.row} of Share limits" if cap.record.row else ""
    most = "most" if cap.is_max else "least"
    return f"the limit{at} (at {most} {cap.share * 100:.4g} % from {supplier}{stage}, for {buyer})"


def row_words(case: Case, row: schema.ShareLimit, share: float) -> str:
    """Return a row of Share limits in words: all that it limits, not one supplier alone."""
    supplier = case.supplier_name(row.group, row.supplier) or f"each {row.group}"
    buyer = {"": COALITION_WORDS, schema.EACH: "each member"}.get(row.buyer, row.buyer)
    stage = " (ore)" if row.stage == schema.MINING else ""
    of = f" of {row.mineral}" if row.mineral else ""
    return f"row {row.row}: at most {share * 100:.4g} %{of} from {supplier}{stage}, for {buyer}"


def lane_words(case: Case, row: schema.Lane) -> str:
    """Return the lanes that a row of Lanes is about."""
    seller = row.refiner or row.company or case.country_name(row.country) or "every country"
    return f"row {row.row}: lanes from {seller} to {row.member or 'every member'}"


def step_in_force(series: schema.ByYear, year: int) -> int | None:
    """Return the year of the column whose value applies in a year; None: that without a year."""
    return next((start for start, _ in reversed(series.steps) if start <= year), None)


def place_of(record: schema.Record, field: str, year: int) -> CellAddress | None:
    """Return the cell that a record's field has its value of a year from; None without a row."""
    if not record.row:
        return None
    series = getattr(record, field)
    step = step_in_force(series, year) if isinstance(series, schema.ByYear) else None
    return CellAddress(record.SHEET, record.row, type(record).column_of(field).header, step)


def short_cost(
    case: Case, mineral: str, tier: str, year: int
) -> tuple[str, CellAddress | None, CellAddress | None]:
    """Return how a tonne short comes to cost what it does, and the cells that say it.

    Of a tier ("" is none) that is price times its multiple, else the shortage cost as stated, else
    price times the multiple of Settings, which has no row: its cell is found by its name.
    """
    of = case.mineral_of[mineral]
    record = next((row for row in case.tiers if row.name == tier), None)
    if record is not None:
        times, place = record.multiple, place_of(record, "multiple", year)
    elif of.shortage_cost.at(year) is not None:
        return "", place_of(of, "shortage_cost", year), None
    else:
        header = schema.Settings.column_of("shortage_cost_multiple").header
        times = case.settings.shortage_cost_multiple
        place = CellAddress(schema.Settings.SHEET, 0, header)
    name = "" if place is None else place.header[0].lower() + place.header[1:]
    return f" (price x {name} {times:g})", place_of(of, "price", year), place


def lane_row(
    rows: Sequence[schema.Lane], field: str, lane: tuple[str, str, str, str, int], company: str = ""
) -> schema.Lane | None:
    """Return the row of Lanes that decides a field of a lane: the last that matches and says it.

    The lane is (mineral, country, refiner, member, year); for Max of a country the refiner is "".
    ``company`` owns the supplier: rows that a scenario adds may select by it.
    """
    mineral, country, refiner, member, year = lane
    matching = (
        row
        for row in reversed(rows)
        if getattr(row, field) is not None
        and (field != "max" or bool(row.refiner) == bool(refiner))
        and row.mineral in {"", mineral}
        and row.country in {"", country}
        and row.refiner in {"", refiner}
        and row.company in {"", company}
        and row.member in {"", member}
        and in_force(row, year)
    )
    return next(matching, None)


# ---- components ----------------------------------------------------------------------------------

TONNES, FRACTION, MONEY = 0, 1, 2
"""What a column or row counts."""

MINERAL, MEMBER, YEAR = "mineral", "member", "year"
REFINER, PROJECT, COUNTRY, CONTRACT = "refiner", "project", "country", "contract"
TIER, LIMIT, STAGE, BUYER, SUPPLIER = "tier", "limit", "stage", "buyer", "supplier"
SECURITY = "security"
INPUT, PLANT, PLANT_PROJECT, PRODUCT = "input", "plant", "plant project", "product"
"""What the parts of a key are; the product of a plant's joint input is ""."""
SOURCE, MINE, CALENDAR, INTAKE = "source", "mine", "calendar", "intake"
"""Positions of several parts of a key (``Spelling``); a calendar year is its own position."""
_STANDS_FOR = {CONTRACT: {REFINER, MINERAL, MEMBER}, REFINER: {PROJECT, MINERAL}}

NOT_RELAXABLE = ""
"""What rows declare that no change of the input relaxes to end a shortage."""

_COMPONENTS: dict[str, Component] = {}


@dataclass(frozen=True)
class CostHeading:
    """A heading of cost; a penalty is not paid in cash. ``rank`` orders headings of one sort.

    ``remark`` says what a reader may not expect. A rare one is shown only where it is charged.
    """

    name: str
    is_penalty: bool = False
    is_rare: bool = False
    rank: int = 0
    remark: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Component:
    """The columns, or the rows, of one name.

    ``key`` says what the parts of a key are, in their order; ``index`` what positions stand for it
    in the arrays, if not ``positions``; ``meaning`` is a sentence for readers; ``cell`` the sheet
    and field of the input that states the price or limit, None where it follows from others.
    """

    ASKS: ClassVar[tuple[str, ...]] = ()
    """A field, and the fields that have to be declared with it."""
    name: str
    key: tuple[str, ...]
    index: tuple[str, ...] = ()
    meaning: str
    cell: tuple[type[schema.Record], str] | None = None
    unit: int = TONNES

    def __post_init__(self) -> None:
        """Enter the component in the list of all; ValueError if declared twice or not in full."""
        if self.name in _COMPONENTS:
            msg = f"component {self.name!r} is declared twice"
            raise ValueError(msg)
        for asked in self.ASKS[1:]:
            if getattr(self, self.ASKS[0]) and getattr(self, asked) is None:
                msg = f"component {self.name!r} has {self.ASKS[0]}: declare {asked}"
                raise ValueError(msg)
        _COMPONENTS[self.name] = self

    @property
    def positions(self) -> tuple[str, ...]:
        """Of what the positions are that stand for a key: a source for a refiner, for instance."""
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
        """Return the cell of a record that states the limit or price of a year."""
        return None if self.cell is None else place_of(record, self.cell[1], year)


@dataclass(frozen=True, eq=False, kw_only=True)
class Columns(Component):
    """Variables of the program.

    ``headings`` are those that their cost falls under; ``balance`` is 1 where they enter a member's
    balance and -1 where they leave it. ``move`` says in words what changes when one does: a text
    with the parts of the key in braces (``{of}`` names another mineral than the one asked about),
    or a function of the key and that mineral, which returns it and the same whoever gets it.
    ``is_move`` is false of columns that add up others. ``serves`` is what one tonne more is where
    it comes from here. ``terms`` splits so many times the cost of a unit [money of the first year]
    for an explanation, by key and position; ``spent`` are the kinds of these terms that are money
    spent. ``decided`` is the year in which one is decided, by the case and its key; None where it
    follows from others, as a shortage does. ``is_first_stage`` says whether it is decided before
    the future is known, and is the same in all futures; ``decision`` what it is listed as.
    ``gives_way`` says that they leave the room they take to whatever else wants it. ``divided``
    says what of their bounds is each member's where members plan apart
    (``models.program.division``); None where they are 0 and infinite whoever is there.
    """

    ASKS = ("decided", "is_first_stage", "decision")
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

    def agreed(self, case: Case, key: Any) -> float | None:
        """Return what an earlier plan decided of one, None where it is free."""
        of = case.agreed
        if of is None or self.decided is None or self.decided(case, key) >= of.before:
            return None
        return of.amount(self.name, self.lasting(case, key))

    def lasting(self, case: Case, key: Any) -> Any:
        """Return a key that is the same in a part of a case.

        For a contract's position it has the contract, and which of those that say the same.
        """
        if CONTRACT not in self.key:
            return key
        at = self.key.index(CONTRACT)
        return (*key[:at], case.signed[key[at]], *key[at + 1 :])


def in_its_year(_: Case, key: Any) -> int:
    """Return the year of a key that ends with it: what flows, or is kept, is decided then."""
    year: int = key[-1]
    return year


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows(Component):
    """Constraints of the program.

    ``label`` tells what one is a limit of; ``bears_on`` whether one bears on a mineral, member and
    year, None for rows that limit nothing themselves. ``stops`` yields what keeps a supplier from
    selling more to a member that is short, given the full rows and the equations in which all it
    sells there stands (``stops_beyond``: without any, too); where it is None, and the rows bear on
    anything, that is each row that is full. Of several that stop one the lowest ``stop_rank`` is
    told. ``holds_back`` tells what keeps a member that is short from more of what is its own.
    ``through`` are the columns that a row adds up, by which a price is followed. ``step``
    tells what its cell says, and what a unit of that is in the program; ``slope`` by how much its
    limit rises with a tonne of demand. ``relaxable`` names the input whose change may end a
    shortage by relaxing the rows (the family's ``Loosening``), or is NOT_RELAXABLE. ``is_scarce``
    says that it may be what is scarcest, ``is_neutral`` that its price is neither the scarcity of
    something nor a credit for it, ``is_capacity`` that it holds all that a source sells in a year
    to what it can. ``divided`` says what of a limit is each member's where members plan apart
    (``models.program.division``).
    """

    ASKS = ("bears_on", "relaxable")
    kind: str
    divided: Division
    label: Callable[[Solved, Any], Label]
    bears_on: Callable[[Solved, Rows, Any, Where], bool] | None = None
    stops: Callable[[Solved, Flow, Sequence[int]], Iterable[Stop]] | None = None
    stops_beyond: bool = False
    stop_rank: int = 2
    holds_back: Callable[[Solved, Where], Stop | None] | None = None
    through: Columns | None = None
    step: Callable[[Solved, Any, int], tuple[float, LimitStep]] | None = None
    slope: Callable[[Solved, Any, Where], float] | None = None
    relaxable: str | None = None
    is_scarce: bool = False
    is_neutral: bool = False
    is_capacity: bool = False


def by_key(of: Solved, rows: Rows, key: Any, cell: Where) -> bool:
    """Return whether a row bears on a mineral, member and year by what its key names.

    A supplier that it names must be able to deliver to the member.
    """
    mineral, member, year = cell
    named = ((MINERAL, mineral), (MEMBER, member), (YEAR, year))
    if any(rows.part(key, what, name) != name for what, name in named):
        return False
    if REFINER not in rows.key or MEMBER in rows.key:
        return True
    return of.reaches(rows.part(key, REFINER), rows.part(key, PROJECT), cell)


def when_full(
    told: Callable[[Solved, Flow], Stop],
) -> Callable[[Solved, Flow, Sequence[int]], Iterator[Stop]]:
    """Return the ``stops`` of rows of which a supplier is told, not each, where one is full."""

    def stops(of: Solved, flow: Flow, at: Sequence[int]) -> Iterator[Stop]:
        if any(of.room[row] <= flow.nothing for row in at):
            yield told(of, flow)

    return stops


C = TypeVar("C", bound=Component)


def _named(of: Component | str, sort: type[C]) -> C:
    found = _COMPONENTS.get(of) if isinstance(of, str) else of
    if not isinstance(found, sort):
        msg = f"no component {of!r}"
        raise KeyError(msg)
    return found


def columns_named(of: Component | str) -> Columns:
    """Return the columns of a name; KeyError for one that no component has."""
    return _named(of, Columns)


def rows_named(of: Component | str) -> Rows:
    """Return the rows of a name; KeyError for one that no component has."""
    return _named(of, Rows)


def components() -> tuple[Component, ...]:
    """Return all components, in the order in which they are declared."""
    return tuple(_COMPONENTS.values())


def headings() -> tuple[CostHeading, ...]:
    """Return the headings of cost, those paid in cash first."""
    found = {h: None for c in components() if isinstance(c, Columns) for h in c.headings}
    return tuple(sorted(found, key=lambda heading: (heading.is_penalty, heading.rank)))


@dataclass(frozen=True)
class Family:
    """A family of constraints: its mathematics twice, and what it ties.

    ``model`` adds it to a Pyomo model, ``arrays`` to the program as arrays; the two are compared.
    ``ties`` are the minerals whose years it ties, ``joins`` groups of minerals that it ties to one
    another.
    """

    model: Callable[[Frame], None]
    arrays: Callable[[Builder], None]
    ties: Callable[[Case], Iterable[str]] = lambda _: ()
    joins: Callable[[Case], Iterable[tuple[str, ...]]] = lambda _: ()
    loosening: Loosening | None = None


# ---- what may be loosened ------------------------------------------------------------------------

SHARE, OPEN = "share", "open"
"""Units of a change beside "t/yr" and "money m"."""
_MOST = 1e9
"""How many times its size an amount may grow at most."""
_PLANT = 1.0001
"""What a change of a capacity counts: of two equal changes the one that needs no plant is told."""


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
    """A cell that may be changed: what it says, and what a unit of change (``size``) loosens.

    ``most`` is how many units it may change by.
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
    """The rows that it loosens: component, key, and by how much for each unit of what it says."""
    lanes: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    """(source, member, year), by position, that are opened."""

    @property
    def weight(self) -> float:
        return _PLANT if self.field == "capacity" else 1.0


class Levers:
    """The cells of a case of one mineral that bear on a year; made once, each cell once.

    A change is measured by what the cell says now: 1 is as much again. Where it says 0, or opens a
    lane, 1 is ``need`` [t], the member's demand. Cells that hold only after the year are left out.
    """

    def __init__(self, case: Case, year: int, need: float) -> None:
        """Start with none."""
        self.case, self.year, self.need = case, year, need
        self.e = resolve.Expanded(case)
        self.mineral = case.minerals[0].name
        self.found: dict[tuple[str, CellAddress], InputCell] = {}
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
        loosens: tuple[Rows, Any] | None = None,
        times: float = 1.0,
    ) -> InputCell | None:
        """Return the cell that a record's field has its value of a year from, None without one.

        A change of it loosens a row, by component and key, so many ``times``.
        """
        place = place_of(record, name, year)
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

    def is_first(self, rows: Rows, key: Any) -> bool:
        """Return whether a row is asked about for the first time: one cell alone decides it."""
        is_new = (rows, key) not in self._seen
        self._seen.add((rows, key))
        return is_new

    def by_step(self, series: schema.ByYear, years: Iterable[int]) -> Iterator[tuple[int, float]]:
        """Yield the years of a series whose column begins to hold no later than the year asked."""
        for year in years:
            value, step = series.at(year), step_in_force(series, year)
            if value is not None and (step is None or step <= self.year):
                yield year, value


@dataclass(frozen=True)
class Loosening:
    """How the limits of a family may be loosened, for the least change.

    ``levers`` collects the cells that would; ``fills`` are the records, and their fields, in which
    nothing becomes a little, so that a change can make more of it; ``right`` yields the limits of
    the case as it is, which such a wide one has lost. ``rank`` orders the families.
    """

    levers: Callable[[Levers], None]
    fills: tuple[str, tuple[str, ...]] = ("", ())
    right: Callable[[resolve.Expanded], Iterator[tuple[Rows, Any, float]]] = lambda _: iter(())
    rank: int = 9

    def wide(self, case: Case) -> Case:
        """Return a case in which all exists that a cell can bring about, however little of it."""
        name, fields = self.fills
        if not name:
            return case
        records = (
            dataclasses.replace(r, **{f: _filled(getattr(r, f), case.years) for f in fields})
            if r.row
            else r
            for r in getattr(case, name)
        )
        return case.change(**{name: tuple(records)})


def _filled(value: Any, years: tuple[int, ...]) -> Any:
    """Return an amount with something where it says 0, and what is not open as if unsaid."""
    if isinstance(value, schema.ByYear):
        return value.map(years, lambda _, of_year: 1.0 if of_year == 0 else of_year)
    if value is False:
        return None
    return 1.0 if value == 0 else value
