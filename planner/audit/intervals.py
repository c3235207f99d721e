"""What a reader can infer about the removed members if the totals of a mineral stay.

A reader knows their sum: the total minus all other members. By the sums and balances of the plan,
each of their figures then lies in an interval (cell suppression: Fischetti and Salazar-Gonzalez,
Management Science 47, 2001). The reader is assumed to know which of them buy, need and stock a
mineral in a year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np

from models import errors, solve, tolerances
from models.results import Changes, Field, Flows, PlantInputs, Prices, Stocks, Tiers
from models.results.inputs import PRODUCTS
from models.solve.highs import PersistentSolver
from planner.audit.accounts import AccountSheet
from planner.render import table, words

PROTECTION = 0.2
"""Least width, over the figure, of the interval in which a reader can locate a figure."""

_LEVELS = (Stocks.opening, Stocks.change, Stocks.closing, Stocks.target)
"""Levels and changes of a stock: their intervals have the width for the largest of them."""
_MOST = 10.0
"""Bound of figures: a reader is assumed to know that none exceeds the largest times this."""

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
"""Balances of each member in each year: a weighted sum of columns is 0 (0), or at least 0 (inf)."""

_Row = tuple[dict[int, float], float]
"""Coefficients by figure, and the slack above the known sum: 0 or infinite."""


@dataclass(frozen=True)
class WithheldCell:
    """A withheld cell of a member: column, member, the key of its row, and value."""

    column: Field
    member: str
    by: tuple[table.Cell, ...]
    value: float
    price: float = 0.0
    """Its landed cost per tonne, if it is a flow."""

    @property
    def year(self) -> table.Cell:
        return self.by[0] if self.by else None

    @property
    def is_stock(self) -> bool:
        return self.column.table == Stocks.TABLE


@dataclass(frozen=True)
class Known:
    """A figure of a mineral, with the least and the largest value that a reader can infer."""

    mineral: str
    figure: WithheldCell
    least: float
    most: float


@dataclass(frozen=True)
class Withheld:
    """What is withheld, and why: ``computable`` has the figures that totals reveal, by mineral.

    For some minerals it is enough to withhold total payments (``money``) or total stocks
    (``stocks``); for others all totals are withheld (``totals``). The minerals in ``chained`` are
    made from one another: their landed costs, which include inputs, would reveal the tonnes of
    inputs.
    """

    computable: dict[str, list[Known]]
    money: frozenset[str] = frozenset()
    stocks: frozenset[str] = frozenset()
    totals: frozenset[str] = frozenset()
    chained: frozenset[str] = frozenset()

    @property
    def is_partial(self) -> bool:
        """Whether tonnes of any mineral are withheld; then all sums over minerals are, too."""
        return bool(self.totals or self.stocks)

    @property
    def sentences(self) -> list[str]:
        totals, money, stocks = (
            words.listed(sorted(names)) for names in (self.totals, self.money, self.stocks)
        )
        return [
            *([f"Totals of {totals} are withheld."] if totals else []),
            *([f"Total payments for {money} are withheld."] if money else []),
            *([f"Total stocks of {stocks} are withheld."] if stocks else []),
        ]


def withheld(
    sheets: Iterable[AccountSheet], gone: AbstractSet[str], protection: float, *, keep_totals: bool
) -> Withheld:
    """Return the figures of members that totals would reveal, and what is withheld against it."""
    sheets = [*sheets]
    figures = _figures(sheets, gone)

    def known(names: Iterable[str], *withheld: str) -> dict[str, list[Known]]:
        """Return the figures known too closely even if some kinds of sums are withheld."""
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
    """Return all minerals that are linked to some minerals as inputs or products.

    A plant's inputs reveal its products and the reverse. So if a mineral's totals are withheld,
    those of its inputs and products must be, too.
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
    """Return the figures whose sum over the removed members a reader knows, by mineral."""
    totals: dict[tuple[str, Field, str, tuple[table.Cell, ...]], float] = defaultdict(float)
    paid = totals.copy()
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
    """A reader's linear program for a mineral: one column per figure, rows for known facts."""

    def __init__(
        self, mineral: str, figures: list[WithheldCell], withheld: Container[str] = ()
    ) -> None:
        self.mineral, self.withheld = mineral, withheld
        self.figures = list(_possible(figures))
        self.true = np.array([f.value for f in self.figures], dtype=float)
        self.unit = float(np.abs(self.true).max(initial=0)) or 1.0
        self.least, self.most = self.true.copy(), self.true.copy()

    def too_close(self, protection: float) -> list[Known]:
        """Return the figures whose interval is narrower than the protection requires."""
        needed = self._needed(protection)
        if not needed.any():
            return []
        self._known = self._rows()
        self._solved = PersistentSolver().load(self._known)
        for member in sorted({f.member for f in self.figures}):
            part = np.array([f.member == member for f in self.figures]) & (needed > 0)
            least = np.maximum(needed, self.unit * tolerances.WITHHELD_FIGURE)
            self._widen(np.where(part, self.unit / least, 0.0))
        for i in np.flatnonzero(needed):
            if self.most[i] - self.least[i] < needed[i]:
                self._widen((np.arange(len(needed)) == i).astype(float))
        slack = 1 - tolerances.WITHHELD_FIGURE
        return [
            Known(self.mineral, self.figures[i], self.least[i], self.most[i])
            for i in np.flatnonzero(self.most - self.least < slack * needed)
        ]

    def _widen(self, weights: solve.Floats) -> None:
        """Widen all intervals by the two solutions that minimize and maximize a weighted sum."""
        for cost in (weights, -weights):
            self._solved.change(replace(self._known, cost=cost))
            try:
                x = self._solved.run_with_fallbacks().x * self.unit
            except errors.SolverError:  # the intervals stay as they are, so more may be withheld
                continue
            np.minimum(self.least, x, out=self.least)
            np.maximum(self.most, x, out=self.most)

    def _needed(self, protection: float) -> solve.Floats:
        """Return the required width of each interval; an empty reserve is protected as well."""
        size = np.abs(self.true)
        levels: dict[tuple[str, table.Cell], float] = defaultdict(float)
        for f, value in zip(self.figures, size, strict=True):
            if f.column in _LEVELS:
                levels[f.member, f.year] = max(levels[f.member, f.year], value)
        for i, f in enumerate(self.figures):
            if f.column in _LEVELS:
                size[i] = levels[f.member, f.year]
        return np.where(size > tolerances.WITHHELD_FIGURE * self.unit, protection * size, 0.0)

    def _rows(self) -> solve.LinearProgram:
        """Return the known facts: sums over members, payments, balances, stocks carried over."""
        sums: dict[tuple[Field, tuple[table.Cell, ...]], dict[int, float]] = defaultdict(dict)
        for i, f in enumerate(self.figures):
            if not (f.is_stock and _STOCKS in self.withheld):
                sums[f.column, f.by][i] = 1.0
        rows = [(row, 0.0) for row in sums.values()]
        prices = {i: f.price for i, f in enumerate(self.figures) if f.price}
        if prices and _MONEY not in self.withheld:  # a reader knows the cost of a tonne
            typical = max(prices.values())
            rows.append(({i: price / typical for i, price in prices.items()}, 0.0))
        rows += [*self._balances(), *self._carried()]
        true = np.array([sum(v * self.true[i] for i, v in row.items()) for row, _ in rows])
        room = np.array([room for _, room in rows], dtype=float)
        count = len(self.figures)
        return solve.LinearProgram(
            cost=np.zeros(count),
            lower=np.where([f.column is Stocks.change for f in self.figures], -_MOST, 0.0),
            upper=np.full(count, _MOST),
            # rounded figures may break a fact a little: its bound is set so that they satisfy it
            row_lower=np.where(room > 0, np.minimum(true, 0.0), true) / self.unit,
            row_upper=np.where(room > 0, np.inf, true / self.unit),
            starts=np.cumsum([0, *(len(row) for row, _ in rows)]).astype(np.int64),
            columns=np.array([i for row, _ in rows for i in row], dtype=np.int64),
            values=np.array([v for row, _ in rows for v in row.values()], dtype=float),
            whole=np.zeros(count, dtype=bool),
        )

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
        """Yield the rows by which each opening stock is the last year's closing stock."""
        stocks: dict[tuple[Field, str], list[int]] = defaultdict(list)
        for i in sorted(range(len(self.figures)), key=lambda i: str(self.figures[i].year)):
            stocks[self.figures[i].column, self.figures[i].member].append(i)
        for (column, member), closing in list(stocks.items()):
            if column is Stocks.closing:
                later = stocks[Stocks.opening, member][1:]
                yield from (({i: 1.0, j: -1.0}, 0.0) for i, j in zip(closing, later, strict=False))


def _possible(figures: list[WithheldCell]) -> Iterator[WithheldCell]:
    """Yield the figures that may be positive: if a member buys at all, from every refiner.

    If a member did not buy from a refiner, its price there is the average of those who did.
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
"""Figures that a removed member may have for each refiner from which any of them buys."""
