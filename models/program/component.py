"""Components: what the program is made of, declared once, and what is told of each.

A family of constraints declares its columns and rows here. All that reasons about them reads the
declaration: costs, causes of shortages, explanations, the least change, blocks, the glossary. So a
family that is added is told of as truly as it is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.program.facts import Label, Place, Step, Stop, Term, Where, place_of
from models.schema import Record

if TYPE_CHECKING:
    from models.case import Case
    from models.program.builder import Builder
    from models.program.frame import Frame
    from models.program.levers import Levers
    from models.program.solved import Flow, Solved
    from models.resolve import Expanded

TONNES, FRACTION, MONEY = 0, 1, 2
"""What a column or row counts."""

MINERAL, MEMBER, YEAR = "mineral", "member", "year"
REFINER, PROJECT, COUNTRY, CONTRACT = "refiner", "project", "country", "contract"
TIER, LIMIT, STAGE, BUYER, SUPPLIER = "tier", "limit", "stage", "buyer", "supplier"
"""What the parts of a key are."""

_COMPONENTS: dict[str, Component] = {}


@dataclass(frozen=True)
class Heading:
    """A heading of cost; a penalty is not paid in cash. ``rank`` orders headings of one sort.

    ``remark`` says what a reader may not expect of it.
    """

    name: str
    is_penalty: bool = False
    rank: int = 0
    remark: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Component:
    """The columns, or the rows, of one name.

    ``key`` says what the parts of a key are, in their order; ``meaning`` is a sentence for readers;
    ``cell`` the sheet and field of the input that states the price or limit, None where it follows
    from others.
    """

    name: str
    key: tuple[str, ...]
    meaning: str
    cell: tuple[type[Record], str] | None
    unit: int = TONNES

    def __post_init__(self) -> None:
        """Enter the component in the list of all: a name stands for one thing."""
        if self.name in _COMPONENTS:
            msg = f"component {self.name!r} is declared twice"
            raise ValueError(msg)
        _COMPONENTS[self.name] = self

    @property
    def words(self) -> str:
        """The name as a reader sees it."""
        return self.name.replace("_", " ")

    def part(self, key: Any, what: str, default: Any = "") -> Any:
        """Return a part of a key, such as its YEAR; the default where the key has none."""
        parts = key if isinstance(key, tuple) else (key,)
        return parts[self.key.index(what)] if what in self.key else default

    def place(self, record: Record, year: int) -> Place | None:
        """Return the cell of a record that states the limit or price of a year."""
        return None if self.cell is None else place_of(record, self.cell[1], year)


@dataclass(frozen=True, eq=False, kw_only=True)
class Columns(Component):
    """Variables of the program.

    ``headings`` are those that their cost falls under; ``balance`` is 1 where they enter a member's
    balance and -1 where they leave it. ``move`` says in words what changes when one does: a text
    with the parts of the key in braces (``{of}`` names another mineral than the one asked about),
    or a function of the key and that mineral, which returns it and the same whoever gets it.
    ``is_move`` says that someone moves or does without them, rather than that they add up others.
    ``serves`` is what one tonne more is where it comes from here. ``terms`` splits so many times
    the cost of a unit [money of the first year] for an explanation, by key and position; ``spent``
    are the kinds of these terms that are money spent.
    """

    headings: tuple[Heading, ...] = ()
    balance: int = 0
    is_delivery: bool = False
    is_move: bool = True
    move: str | Callable[[Solved, Any, str], tuple[str, str]]
    serves: str | Callable[[Solved, Any], str] = ""
    terms: Callable[[Solved, Any, int, float], list[Term]] | None = None
    spent: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows(Component):
    """Constraints of the program.

    ``label`` tells what one is a limit of; ``bears_on`` whether one bears on a mineral, member and
    year, None for rows that limit nothing themselves. ``stops`` yields what keeps a supplier from
    selling more to a member that is short, given the full rows and the equations in which all it
    sells there stands (``stops_beyond``: without any, too); where it is None, and the rows bear on
    anything, that is each row that is full. ``through`` are the columns that a row adds up, by
    which a price is followed. ``step`` tells what its cell says, and
    what a unit of that is in the program; ``slope`` by how much its limit rises with a tonne of
    demand. ``is_scarce`` says that it may be what is scarcest, ``is_neutral`` that its price is
    neither the scarcity of something nor a credit for it.
    """

    kind: str
    label: Callable[[Solved, Any], Label]
    bears_on: Callable[[Solved, Rows, Any, Where], bool] | None
    stops: Callable[[Solved, Flow, Sequence[int]], Iterable[Stop]] | None = None
    stops_beyond: bool = False
    through: Columns | None = None
    step: Callable[[Solved, Any, int], tuple[float, Step]] | None = None
    slope: Callable[[Solved, Any, Where], float] | None = None
    is_scarce: bool = False
    is_neutral: bool = False


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


def columns_named(of: Component | str) -> Columns:
    """Return the columns of a name; KeyError for one that no component has."""
    found = _COMPONENTS.get(of) if isinstance(of, str) else of
    if not isinstance(found, Columns):
        msg = f"no component {of!r}"
        raise KeyError(msg)
    return found


def rows_named(of: Component | str) -> Rows:
    """Return the rows of a name; KeyError for one that no component has."""
    found = _COMPONENTS.get(of) if isinstance(of, str) else of
    if not isinstance(found, Rows):
        msg = f"no component {of!r}"
        raise KeyError(msg)
    return found


def components() -> tuple[Component, ...]:
    """Return all components, in the order in which they are declared."""
    return tuple(_COMPONENTS.values())


def headings() -> tuple[Heading, ...]:
    """Return the headings of cost, those paid in cash first."""
    found = {h: None for c in components() if isinstance(c, Columns) for h in c.headings}
    return tuple(sorted(found, key=lambda heading: (heading.is_penalty, heading.rank)))


def _none(_: Case) -> Iterable[str]:
    return ()


def _nothing(_: Expanded) -> Iterator[tuple[Rows, Any, float]]:
    yield from ()


@dataclass(frozen=True)
class Loosening:
    """How the limits of a family may be loosened, for the least change.

    ``levers`` collects the cells that would; ``wide`` makes a case in which all exists that they
    can bring about, however little of it; ``right`` yields the limits of the case as it is, which a
    wide one has lost. ``rank`` orders the families.
    """

    levers: Callable[[Levers], None]
    wide: Callable[[Case], Case] | None = None
    right: Callable[[Expanded], Iterator[tuple[Rows, Any, float]]] = _nothing
    rank: int = 9


@dataclass(frozen=True)
class Family:
    """A family of constraints: its mathematics twice, and what it ties.

    ``model`` adds it to a Pyomo model, ``arrays`` to the program as arrays; the two are compared.
    ``ties`` are the minerals whose years it ties, ``joins`` those that it ties to one another.
    """

    model: Callable[[Frame], None]
    arrays: Callable[[Builder], None]
    ties: Callable[[Case], Iterable[str]] = field(default=_none)
    joins: Callable[[Case], Iterable[str]] = field(default=_none)
    loosening: Loosening | None = None
