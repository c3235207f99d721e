"""What a reader can compute of the members taken out if the totals of a mineral stay.

A reader knows what they have together: the total less all others. Each of their figures then lies
between the least and the most that it can be, by the sums and the balances of the plan (cell
suppression: Fischetti and Salazar-Gonzalez, Management Science 47, 2001). The reader is taken to
know who of them buys, needs and stocks a mineral in a year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np

from models import tolerances
from models.errors import SolverError
from models.results import Changes, Field, Flows, PlantInputs, Prices, Stocks, Tiers
from models.results.inputs import PRODUCTS
from models.solve import Floats, LinearProgram, PersistentSolver
from planner.audit.accounts import AccountSheet
from planner.render import table, words

PROTECTION = 0.2
"""How wide, as a part of a figure, the interval must be that it is known to lie in."""

_LEVELS = (Stocks.opening, Stocks.change, Stocks.closing, Stocks.target)
"""What a stock is, and how it moves: known as closely as the largest of them is."""
_MOST = 10.0
"""No figure is larger than the mineral's largest times this: a reader knows that much."""

_BALANCES: tuple[tuple[float, Mapping[Field, float]], ...] = (
    (0, {Prices.purchased: 1, Prices.short: 1, Prices.demand: -1,
         Stocks.opening: 1, Stocks.closing: -1, PlantInputs.tonnes: -1}),
    (0, {Flows.tonnes: 1, Prices.purchased: -1}),
    (0, {Stocks.closing: 1, Stocks.opening: -1, Stocks.change: -1}),
    (0, {Tiers.demand: 1, Prices.demand: -1}),
    (0, {Tiers.short: 1, Prices.short: -1}),
    (np.inf, {Prices.demand: 1, Prices.short: -1}),
    (np.inf, {Stocks.most: 1, Stocks.closing: -1}),
    (np.inf, {Stocks.target: 1, Stocks.shortfall: -1}),
    (np.inf, {Stocks.closing: 1, Stocks.shortfall: 1, Stocks.target: -1}),
)  # fmt: skip
"""What holds of each member in each year: the sum of columns is 0, or at least 0."""

_Row = tuple[dict[int, float], float]
"""Coefficients by figure, and the room above what is known: none, or any."""


@dataclass(frozen=True)
class WithheldCell:
    """A withheld cell of a member: its column, the member, what it is by, and its value."""

    column: Field
    member: str
    by: tuple[table.Cell, ...]
    value: float
    price: float = 0.0
    """What a tonne of it costs landed, if it is a flow."""

    @property
    def year(self) -> table.Cell:
        """The year that it is of, None where it is of none."""
        return self.by[0] if self.by else None

    @property
    def is_stock(self) -> bool:
        return self.column.table == Stocks.TABLE


@dataclass(frozen=True)
class Known:
    """A figure of a mineral, and the least and the most that it can be, as a reader knows."""

    mineral: str
    figure: WithheldCell
    least: float
    most: float


@dataclass(frozen=True)
class Withheld:
    """What is withheld: ``computable`` are the figures that totals give away, by mineral.

    Of some minerals it is enough to withhold what is paid for them (``money``), or their stocks
    (``stocks``), even in sum; of the others all totals are withheld (``totals``). Those of
    ``chained`` are made from one another: what a tonne of them costs landed, with its inputs, would
    tell how much of these is handed over.
    """

    computable: dict[str, list[Known]]
    money: frozenset[str] = frozenset()
    stocks: frozenset[str] = frozenset()
    totals: frozenset[str] = frozenset()
    chained: frozenset[str] = frozenset()

    @property
    def is_partial(self) -> bool:
        """Whether tonnes of some mineral are withheld: then so is every sum over all minerals."""
        return bool(self.totals or self.stocks)

    @property
    def sentences(self) -> list[str]:
        """Which totals are withheld, and which stocks, a sentence each."""
        totals, money, stocks = (
            words.listed(sorted(names)) for names in (self.totals, self.money, self.stocks)
        )
        return [
            *([f"Totals of {totals} are withheld."] if totals else []),
            *([f"What is paid for {money} is not shown in sum."] if money else []),
            *([f"Stocks of {stocks} are not shown in sum."] if stocks else []),
        ]


def withheld(
    sheets: Iterable[AccountSheet], gone: AbstractSet[str], protection: float, *, keep_totals: bool
) -> Withheld:
    """Return the figures of members that totals give away, and what is withheld for that."""
    sheets = [*sheets]
    figures = _figures(sheets, gone)

    def known(names: Iterable[str], *withheld: str) -> dict[str, list[Known]]:
        """Return the figures known too closely where some kinds of sums are withheld."""
        programs = {name: _ReaderProgram(name, figures[name], withheld) for name in names}
        closely = {name: program.too_close(protection) for name, program in programs.items()}
        return {name: each for name, each in closely.items() if each}

    computable = known(sorted(figures))
    if keep_totals:
        return Withheld(computable)
    money, stocks, totals = set[str](), set[str](), set(computable)
    for kinds in ((_MONEY,), (_STOCKS,), (_MONEY, _STOCKS)):
        is_enough = totals - known(sorted(totals), *kinds).keys()
        totals -= is_enough
        money |= is_enough if _MONEY in kinds else set()
        stocks |= is_enough if _STOCKS in kinds else set()
    chained = _chained(sheets, totals)
    totals |= chained
    money, stocks = money - totals, stocks - totals
    return Withheld(computable, *map(frozenset, (money, stocks, totals, chained)))


_MONEY, _STOCKS = "money", "stocks"
"""Sums that may be withheld without the others."""


def _chained(sheets: Iterable[AccountSheet], minerals: AbstractSet[str]) -> set[str]:
    """Return the minerals of chains that have any of some in them, made from one another.

    What a plant takes in tells what it makes, and so what is withheld of a mineral is told by what
    stays of those before and after it.
    """
    inputs = (sheet for sheet in sheets if sheet.account.result is PlantInputs)
    rows = [row for sheet in inputs for row in sheet.texts("mineral", "product")]
    links = [{mineral, *product.split(PRODUCTS)} for mineral, product in rows]
    found = {name for link in links for name in link if name in minerals}
    while more := [link for link in links if link & found and not link <= found]:
        found.update(*more)
    return found


def _figures(
    sheets: Iterable[AccountSheet], gone: AbstractSet[str]
) -> dict[str, list[WithheldCell]]:
    """Return the figures of members of which a reader knows the sum, by mineral."""
    totals: dict[tuple[str, Field, str, tuple[table.Cell, ...]], float] = defaultdict(float)
    paid: dict[tuple[str, Field, str, tuple[table.Cell, ...]], float] = defaultdict(float)
    for sheet in sheets:
        account = sheet.account
        for line in sheet.lines if account.known_sums else ():
            if line.cells["member"] in gone:
                mineral, member = str(line.cells["mineral"]), str(line.cells["member"])
                by = tuple(line.cells[name] for name in account.by)
                for column in account.known_sums:
                    totals[mineral, column, member, by] += _number(line.cells[column.name])
                if account.result is Flows:
                    key = (mineral, Flows.tonnes, member, by)
                    paid[key] += _number(line.cells[Flows.total.name])
    figures: dict[str, list[WithheldCell]] = defaultdict(list)
    for key, value in totals.items():
        mineral, column, member, by = key
        price = paid[key] / value if value and key in paid else 0.0
        figures[mineral].append(WithheldCell(column, member, by, value, price))
    return figures


def _number(value: table.Cell) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


class _ReaderProgram:
    """A reader's linear program of one mineral: a column each figure, rows of what is known."""

    def __init__(
        self, mineral: str, figures: list[WithheldCell], withheld: Container[str] = ()
    ) -> None:
        self.mineral, self.withheld = mineral, withheld
        self.figures = list(_held(figures))
        self.true = np.array([f.value for f in self.figures], dtype=float)
        self.unit = float(np.abs(self.true).max(initial=0)) or 1.0
        self.least, self.most = self.true.copy(), self.true.copy()

    def too_close(self, protection: float) -> list[Known]:
        """Return the figures that are known more closely than the protection."""
        needed = self._needed(protection)
        if not needed.any():
            return []
        self._known = self._rows()
        self._solved = PersistentSolver().load(self._known)
        for member in sorted({f.member for f in self.figures}):
            part = np.array([f.member == member for f in self.figures]) & (needed > 0)
            self._look(
                np.where(
                    part,
                    self.unit / np.maximum(needed, self.unit * tolerances.WITHHELD_FIGURE),
                    0.0,
                )
            )
        for i in np.flatnonzero(needed):
            if self.most[i] - self.least[i] < needed[i]:
                self._look((np.arange(len(needed)) == i).astype(float))
        slack = 1 - tolerances.WITHHELD_FIGURE
        return [
            Known(self.mineral, self.figures[i], self.least[i], self.most[i])
            for i in np.flatnonzero(self.most - self.least < slack * needed)
        ]

    def _look(self, weights: Floats) -> None:
        """Widen all intervals by the solutions with the least and the most of a weighted sum."""
        for cost in (weights, -weights):
            self._solved.change(replace(self._known, cost=cost))
            try:
                x = self._solved.run_with_fallbacks().x * self.unit
            except SolverError:  # nothing new is known of what can be: the interval stays narrow
                continue
            np.minimum(self.least, x, out=self.least)
            np.maximum(self.most, x, out=self.most)

    def _needed(self, protection: float) -> Floats:
        """Return how wide each interval must be: that a reserve is empty is a figure, too."""
        size = np.abs(self.true)
        levels: dict[tuple[str, table.Cell], float] = defaultdict(float)
        for f, value in zip(self.figures, size, strict=True):
            if f.column in _LEVELS:
                levels[f.member, f.year] = max(levels[f.member, f.year], value)
        for i, f in enumerate(self.figures):
            if f.column in _LEVELS:
                size[i] = levels[f.member, f.year]
        return np.where(size > tolerances.WITHHELD_FIGURE * self.unit, protection * size, 0.0)

    def _rows(self) -> LinearProgram:
        """Return what is known: sums over the members, balances of each, stocks carried over."""
        rows = [*self._sums(), *self._paid(), *self._balances(), *self._carried()]
        true = np.array([sum(v * self.true[i] for i, v in row.items()) for row, _ in rows])
        room = np.array([room for _, room in rows], dtype=float)
        count = len(self.figures)
        return LinearProgram(
            cost=np.zeros(count),
            lower=np.where([f.column is Stocks.change for f in self.figures], -_MOST, 0.0),
            upper=np.full(count, _MOST),
            # what is not quite kept by the figures, rounded, is kept by nothing better
            row_lower=np.where(room > 0, np.minimum(true, 0.0), true) / self.unit,
            row_upper=np.where(room > 0, np.inf, true / self.unit),
            starts=np.cumsum([0, *(len(row) for row, _ in rows)]).astype(np.int64),
            columns=np.array([i for row, _ in rows for i in row], dtype=np.int64),
            values=np.array([v for row, _ in rows for v in row.values()], dtype=float),
            whole=np.zeros(count, dtype=bool),
        )

    def _sums(self) -> Iterator[_Row]:
        sums: dict[tuple[Field, tuple[table.Cell, ...]], dict[int, float]] = defaultdict(dict)
        for i, f in enumerate(self.figures):
            if not (f.is_stock and _STOCKS in self.withheld):
                sums[f.column, f.by][i] = 1.0
        return ((row, 0.0) for row in sums.values())

    def _paid(self) -> Iterator[_Row]:
        """Yield what all of them pay in all years: a reader knows what a tonne costs each."""
        prices = {i: f.price for i, f in enumerate(self.figures) if f.price}
        if prices and _MONEY not in self.withheld:
            typical = max(prices.values())
            yield {i: price / typical for i, price in prices.items()}, 0.0

    def _balances(self) -> Iterator[_Row]:
        each: dict[tuple[str, table.Cell], list[int]] = defaultdict(list)
        for i, f in enumerate(self.figures):
            each[f.member, f.year].append(i)
        for places in each.values():
            columns = {i: self.figures[i].column for i in places}
            for room, terms in _BALANCES:
                row = {i: terms[each] for i, each in columns.items() if each in terms}
                first = next(iter(terms))  # demand without tiers adds up to none
                if row and (first in columns.values() or first.table != Tiers.TABLE):
                    yield row, room

    def _carried(self) -> Iterator[_Row]:
        """Yield that each stock opens as it closed in the year before."""
        stocks: dict[tuple[Field, str], list[int]] = defaultdict(list)
        for i in sorted(range(len(self.figures)), key=lambda i: str(self.figures[i].year)):
            stocks[self.figures[i].column, self.figures[i].member].append(i)
        for (column, member), closing in list(stocks.items()):
            if column is Stocks.closing:
                later = stocks[Stocks.opening, member][1:]
                yield from (({i: 1.0, j: -1.0}, 0.0) for i, j in zip(closing, later, strict=False))


def _held(figures: list[WithheldCell]) -> Iterator[WithheldCell]:
    """Yield the figures that the members may have: of all refiners, where one buys at all.

    A tonne that a member could have bought costs it what it costs those who bought there.
    """
    active = {(f.column.table, f.member, f.by) for f in figures if f.value}
    stocked = {f.member for f in figures if f.is_stock and f.value}
    buyers = [(f.member, f.by) for f in figures if f.column.table == Prices.TABLE and f.value]
    today = [(f.member, ()) for f in figures if f.column is Changes.today and f.value]
    for column, members in ((Flows.tonnes, buyers), (Changes.today, today)):
        bought = {(f.member, f.by): f for f in figures if f.column is column}
        prices: dict[tuple[table.Cell, ...], list[float]] = defaultdict(list)
        for (_, by), f in bought.items():
            prices[by].append(f.price)
        for member, when in dict.fromkeys(members):
            for by, prices_there in prices.items():
                if by[: len(when)] == when:
                    average = sum(prices_there) / len(prices_there)
                    other = WithheldCell(column, member, by, 0.0, average)
                    yield bought.get((member, by), other)
    for f in figures:
        is_active = (f.column.table, f.member, f.by) in active
        if f.column not in _BY_SITE and (is_active or (f.is_stock and f.member in stocked)):
            yield f


_BY_SITE = (Flows.tonnes, Changes.today)
"""Figures that a member may have of every refiner that one of those taken out buys from."""
