"""What a reader can compute of the members taken out where the totals of a mineral stand.

A reader knows what they have together: the total less all others. Each of their figures is then
known to lie between the least and the most that it can be, by the sums and the balances of the plan
(cell suppression: Fischetti and Salazar-Gonzalez, Management Science 47, 2001). Who of them buys,
needs and stocks a mineral in a year, the reader is taken to know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np

from models.errors import SolverError
from models.solve import Floats, Held, Rows
from planner.audit.redacted.account import ACCOUNTS
from planner.audit.redacted.lines import lines_of
from planner.audit.redacted.tables import Cell
from planner.sheets import Table
from planner.workbook.plan_columns import bare

PROTECTION = 0.2
"""How wide, as a part of a figure, the interval must be that it is known to lie in."""
NOTHING = 1e-6
"""A figure of no more than this part of the mineral's largest counts as none: it needs no room."""

_LEVELS = ("Opening", "Change", "Closing", "Target")
"""What a stock is, and how it moves: known as closely as the largest of them is."""
_MOST = 10.0
"""No figure is larger than the mineral's largest times this: a reader knows that much."""

_BALANCES: tuple[tuple[float, dict[tuple[str, str], float]], ...] = (
    (0, {("Prices", "Purchases"): 1, ("Prices", "Short"): 1, ("Prices", "Demand"): -1,
         ("Stocks", "Opening"): 1, ("Stocks", "Closing"): -1}),
    (0, {("Plan", "Tonnes"): 1, ("Prices", "Purchases"): -1}),
    (0, {("Stocks", "Closing"): 1, ("Stocks", "Opening"): -1, ("Stocks", "Change"): -1}),
    (0, {("Tiers", "Demand"): 1, ("Prices", "Demand"): -1}),
    (0, {("Tiers", "Short"): 1, ("Prices", "Short"): -1}),
    (np.inf, {("Prices", "Demand"): 1, ("Prices", "Short"): -1}),
    (np.inf, {("Stocks", "Max"): 1, ("Stocks", "Closing"): -1}),
    (np.inf, {("Stocks", "Target"): 1, ("Stocks", "Below target"): -1}),
    (np.inf, {("Stocks", "Closing"): 1, ("Stocks", "Below target"): 1, ("Stocks", "Target"): -1}),
)  # fmt: skip
"""What holds of each member in each year: the sum of columns is 0, or at least 0."""
_ALWAYS = {name for _, terms in _BALANCES for name in terms if name[0] != "Tiers"}


@dataclass(frozen=True)
class Figure:
    """A cell of a member's that is withheld: its sheet, column, what it is by, and its value."""

    sheet: str
    head: str
    member: str
    by: tuple[Cell, ...]
    value: float

    @property
    def year(self) -> Cell:
        """The year that it is of, None where it is of none."""
        return self.by[0] if self.by else None


@dataclass(frozen=True)
class Known:
    """A figure of a mineral, and the least and the most that a reader can tell it to be."""

    mineral: str
    figure: Figure
    least: float
    most: float


@dataclass(frozen=True)
class Withheld:
    """What must not be told: figures that totals tell too closely, by mineral.

    Of some it is enough that stocks are not told, even in sum (``stocks``); of the others all
    totals are withheld (``totals``).
    """

    told: dict[str, list[Known]]
    stocks: frozenset[str] = frozenset()
    totals: frozenset[str] = frozenset()


def withheld(
    tables: Iterable[Table], gone: AbstractSet[str], protection: float, *, keep_totals: bool
) -> Withheld:
    """Return the figures of members that totals tell too closely, and what is withheld for that."""
    found: dict[str, list[Figure]] = defaultdict(list)
    for mineral, figure in _figures(tables, gone):
        found[mineral].append(figure)
    told = {name: _Adversary(name, of).told(protection) for name, of in sorted(found.items())}
    told = {name: of for name, of in told.items() if of}
    if keep_totals:
        return Withheld(told)
    totals = {
        name for name in told if _Adversary(name, found[name], knows_stocks=False).told(protection)
    }
    return Withheld(told, frozenset(told) - totals, frozenset(totals))


def _figures(tables: Iterable[Table], gone: AbstractSet[str]) -> Iterator[tuple[str, Figure]]:
    """Yield the figures of members of which a reader knows the sum, with their minerals."""
    for table in tables:
        account = ACCOUNTS.get(table.name)
        if account is None or not account.known:
            continue
        heads = [bare(header) for header in table.headers]
        totals: dict[tuple[str, str, str, tuple[Cell, ...]], float] = defaultdict(float)
        for line in lines_of(table):
            cells = dict(zip(heads, line.cells, strict=True))
            if cells["Member"] not in gone:
                continue
            by = tuple(cells[head] for head in account.by)
            for head in account.known:
                value = cells[head]
                number = float(value) if isinstance(value, int | float) else 0.0
                totals[str(cells["Mineral"]), head, str(cells["Member"]), by] += number
        for (mineral, head, member, by), value in totals.items():
            yield mineral, Figure(table.name, head, member, by, value)


class _Adversary:
    """A reader's linear program of one mineral: a column each figure, rows of what is known."""

    def __init__(self, mineral: str, figures: list[Figure], *, knows_stocks: bool = True) -> None:
        self.mineral, self.knows_stocks = mineral, knows_stocks
        self.figures = list(_held(figures))
        self.true = np.array([f.value for f in self.figures], dtype=float)
        self.unit = float(np.abs(self.true).max(initial=0)) or 1.0
        self.least, self.most = self.true.copy(), self.true.copy()

    def told(self, protection: float) -> list[Known]:
        """Return the figures that are known more closely than the protection."""
        needed = self._needed(protection)
        if not needed.any():
            return []
        self._known = self._rows()
        self._solved = Held().load(self._known)
        for member in sorted({f.member for f in self.figures}):
            part = np.array([f.member == member for f in self.figures]) & (needed > 0)
            self._look(np.where(part, self.unit / np.maximum(needed, self.unit * NOTHING), 0.0))
        for i in np.flatnonzero(needed):
            if self.most[i] - self.least[i] < needed[i]:
                self._look((np.arange(len(needed)) == i).astype(float))
        slack = 1 - NOTHING
        return [
            Known(self.mineral, self.figures[i], self.least[i], self.most[i])
            for i in np.flatnonzero(self.most - self.least < slack * needed)
        ]

    def _look(self, weights: Floats) -> None:
        """Widen all intervals by the solutions with the least and the most of a weighted sum."""
        for cost in (weights, -weights):
            self._solved.change(replace(self._known, cost=cost))
            try:
                x = self._solved.run().x * self.unit
            except SolverError:  # nothing new is known of what can be: the interval stays narrow
                continue
            np.minimum(self.least, x, out=self.least)
            np.maximum(self.most, x, out=self.most)

    def _needed(self, protection: float) -> Floats:
        """Return how wide each interval must be: that a reserve is empty is a figure, too."""
        size = np.abs(self.true)
        stocks = {(f.member, f.by, f.head): f.value for f in self.figures if f.sheet == "Stocks"}
        for i, f in enumerate(self.figures):
            if f.head in _LEVELS:
                around = (stocks.get((f.member, f.by, head), 0.0) for head in _LEVELS)
                size[i] = max(map(abs, around))
        return np.where(size > NOTHING * self.unit, protection * size, 0.0)

    def _rows(self) -> Rows:
        """Return what is known: sums over the members, balances of each, stocks carried over."""
        rows = [*self._sums(), *self._balances(), *self._carried()]
        columns = [i for row, _ in rows for i in row]
        values = np.array([value for row, _ in rows for value in row.values()], dtype=float)
        starts = np.cumsum([0, *(len(row) for row, _ in rows)])
        true = np.array([sum(v * self.true[i] for i, v in row.items()) for row, _ in rows])
        room = np.array([room for _, room in rows], dtype=float)
        count = len(self.figures)
        return Rows(
            cost=np.zeros(count),
            lower=np.where([f.head == "Change" for f in self.figures], -_MOST, 0.0),
            upper=np.full(count, _MOST),
            # what is not quite kept by the figures, rounded, is kept by nothing better
            row_lower=np.where(room > 0, np.minimum(true, 0.0), true) / self.unit,
            row_upper=np.where(room > 0, np.inf, true / self.unit),
            starts=starts.astype(np.int64),
            columns=np.array(columns, dtype=np.int64),
            values=values,
            whole=np.zeros(count, dtype=bool),
        )

    def _sums(self) -> Iterator[tuple[dict[int, float], float]]:
        sums: dict[tuple[Cell, ...], dict[int, float]] = defaultdict(dict)
        for i, f in enumerate(self.figures):
            if self.knows_stocks or f.sheet != "Stocks":
                sums[f.sheet, f.head, *f.by][i] = 1.0
        return ((row, 0.0) for row in sums.values())

    def _balances(self) -> Iterator[tuple[dict[int, float], float]]:
        of: dict[tuple[str, Cell], list[int]] = defaultdict(list)
        for i, f in enumerate(self.figures):
            of[f.member, f.year].append(i)
        for every in of.values():
            names = {i: (self.figures[i].sheet, self.figures[i].head) for i in every}
            for room, terms in _BALANCES:
                row = {i: terms[name] for i, name in names.items() if name in terms}
                # demand without tiers adds up to none
                if row and next(iter(terms)) in {*names.values(), *_ALWAYS}:
                    yield row, room

    def _carried(self) -> Iterator[tuple[dict[int, float], float]]:
        stocks: dict[tuple[str, str], list[tuple[Cell, int]]] = defaultdict(list)
        for i, f in enumerate(self.figures):
            if f.sheet == "Stocks" and f.head in {"Opening", "Closing"}:
                stocks[f.member, f.head].append((f.year, i))
        for (member, head), of in stocks.items():
            if head == "Closing":
                later = sorted(stocks[member, "Opening"], key=_year)[1:]
                for (_, i), (_, j) in zip(sorted(of, key=_year), later, strict=False):
                    yield {i: 1.0, j: -1.0}, 0.0


def _held(figures: list[Figure]) -> Iterator[Figure]:
    """Yield the figures that the members may have: of all refiners, where one buys at all."""
    active = {(f.sheet, f.member, f.by) for f in figures if f.value}
    stocked = {f.member for f in figures if f.sheet == "Stocks" and f.value}
    buyers = {(f.member, f.year) for f in figures if f.sheet == "Prices" and f.value}
    sites = {f.by for f in figures if f.sheet == "Plan"}
    bought = {(f.member, f.by): f.value for f in figures if f.sheet == "Plan"}
    for member, year in buyers:
        for by in sites:
            if by[0] == year:
                yield Figure("Plan", "Tonnes", member, by, bought.get((member, by), 0.0))
    for f in figures:
        is_stock = f.sheet == "Stocks" and f.member in stocked
        if is_stock or (f.sheet != "Plan" and (f.sheet, f.member, f.by) in active):
            yield f


def _year(of: tuple[Cell, int]) -> str:
    return str(of[0])
