"""What a marginal price is made of, from complementary slackness.

A column of the program that is used has no reduced cost: what it costs is what the rows it enters
are worth. Read for the balance of a member, that gives the price of supply there as the landed cost
of a delivery and the rents of what limits it. Rows that only add up (ore at a refiner, what a buyer
purchases, the tiers of a shortage) are followed to what they add up.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.expand import SPOT, Floats, Ints, ore_lane
from models.plan.explain.facts import Price, Term
from models.plan.explain.label import Labels
from models.plan.explain.local import REDUCED, Local, Step
from models.plan.explain.response import response
from models.plan.explain.words import place_of, short_cost

if TYPE_CHECKING:
    from models.plan.plan import Plan

_NEGLIGIBLE = 1e-8
"""Prices below this part of the largest are rounding."""
_FOLLOWED = {
    "ore_balance": ("ore",),
    "purchases_total": ("base",),
    "tier_total": ("tier_shortage",),
    "shortage_total": ("coalition_shortage",),
}
"""Rows that only add up, and the columns through which they are followed."""
_DELIVERIES = {"spot", "contracted"}


class Pricing:
    """The duals of a plan's program, and what columns make of them."""

    def __init__(self, labels: Labels) -> None:
        """Keep the plan and its names."""
        self.labels = labels
        self.plan: Plan = labels.plan
        self.rows = labels.program.rows
        self._local: dict[int, Local] = {}

    @cached_property
    def duals(self) -> Floats:
        """The dual of every row, in money of the first year."""
        return np.concatenate([np.zeros(0), *(block.duals for block in self.plan.blocks)])

    @cached_property
    def reduced(self) -> Floats:
        """The reduced cost of every column as a part of the prices that make it up.

        Prices next to nothing beside their block's largest are rounding themselves.
        """
        prices = np.abs(self.rows.cost) + self.rows.absolute().priced(np.abs(self.duals))
        program = self.labels.program
        for b in range(len(program.blocks)):
            mine = prices[program.columns_of(b)]
            np.maximum(mine, _NEGLIGIBLE * mine.max(initial=1e-290), out=mine)
        cost = self.rows.cost - self.rows.priced(self.duals)
        return np.asarray(cost / prices)

    @cached_property
    def entry_rows(self) -> Ints:
        """The row of each entry."""
        return self.rows.entry_rows()

    def local(self, row: int) -> Local:
        """Return the program around the plan of the block that a row stands in."""
        block = int(np.searchsorted(self.labels.program.row_starts, row, side="right")) - 1
        if block not in self._local:
            self._local[block] = Local(self, block)
        return self._local[block]

    def entries_of(self, row: int) -> list[tuple[int, float]]:
        """Return the columns that a row has, with its coefficients."""
        inside = slice(int(self.rows.starts[row]), int(self.rows.starts[row + 1]))
        at, values = self.rows.columns[inside], self.rows.values[inside]
        return list(zip(at.tolist(), values.tolist(), strict=True))

    def entries(self, column: int) -> list[tuple[int, float]]:
        """Return the rows that a column enters, with its coefficients."""
        at = np.flatnonzero(self.rows.columns == column)
        return list(zip(self.entry_rows[at].tolist(), self.rows.values[at].tolist(), strict=True))

    def tight(self, row: int) -> list[int]:
        """Return the columns of a row that cost what they are worth."""
        inside = slice(int(self.rows.starts[row]), int(self.rows.starts[row + 1]))
        at = self.rows.columns[inside]
        return [int(c) for c in at[np.abs(self.reduced[at]) <= REDUCED].tolist()]

    def price(self, row: int, year: int) -> Price:
        """Return the price of a balance, in money of its year."""
        worth = self.plan.case.discount(year)
        amount = float(self.duals[row]) / worth
        best = min(
            (self._candidate(row, column, worth) for column in self.tight(row)),
            key=lambda found: found[0],
            default=None,
        )
        if best is None:
            return Price(amount, "", "", ())
        (rank, *_), column, terms = best
        name, key = self.labels.column(column)
        setter = "delivery" if name in _DELIVERIES else name
        words, scarce = self._in_words(name, key, column), rank == 2  # noqa: PLR2004
        reach = self.local(row).reach(Step(row, 1.0))
        return Price(
            amount, setter, words, terms, scarce, *response(self, row, year),
            down=reach.down or 0.0,
            up=reach.up or 0.0,
            more=None if reach.more is None else reach.more / worth,
            less=None if reach.less is None else -reach.less / worth,
        )  # fmt: skip

    def _candidate(
        self, row: int, column: int, worth: float
    ) -> tuple[tuple[int, float, float, int], int, tuple[Term, ...]]:
        """Return how good a column is as what would serve one tonne more, and its terms.

        A shortage there is comes first; then a delivery that no limit of its own holds; then one
        that other buyers would have to give up, or a stock; then a shortage there is not yet.
        """
        name, _ = self.labels.column(column)
        used = float(self.plan.x[column])
        terms = self._terms(row, column, worth)
        own = sum(abs(t.amount) for t in terms if t.kind not in _COSTS)
        scarce = own > REDUCED * max(abs(float(self.duals[row])) / worth, 1e-300)
        if name == "shortage":
            rank = 0 if used > 0 else 5
        elif name in _DELIVERIES:
            rank = (2 if scarce else 1) if used > 0 else (4 if scarce else 3)
        else:
            rank = 3
        return (rank, own if rank > 0 else 0.0, -used, column), column, terms

    def _terms(self, row: int, column: int, worth: float) -> tuple[Term, ...]:
        """Return a row's dual by way of one of its columns, in money of a year."""
        costs: list[Term] = []
        rents: dict[int, float] = {}
        self._follow(row, column, 1.0 / worth, costs, rents, frozenset())
        merged: dict[tuple[str, str], Term] = {}
        for at, amount in rents.items():
            if amount == 0.0:
                continue
            label = self.labels.label(at)
            before = merged.get((label.kind, label.what))
            total = amount + (before.amount if before else 0.0)
            merged[label.kind, label.what] = Term(label.kind, label.what, total, label.place)
        return (*costs, *(t for t in merged.values() if t.amount != 0.0))

    def _follow(  # noqa: PLR0913, PLR0917 - one step of a walk
        self,
        row: int,
        column: int,
        times: float,
        costs: list[Term],
        rents: dict[int, float],
        seen: frozenset[int],
    ) -> None:
        """Add ``times`` a row's dual as a column has it: its cost less its other rows' duals."""
        entries = self.entries(column)
        own = sum(a for at, a in entries if at == row)
        costs += self._costs(column, times / own)
        for at, coefficient in entries:
            if at == row or self.duals[at] == 0.0:
                continue
            share = -times * coefficient / own
            through = self._through(at, seen | {row})
            if through is not None:
                self._follow(at, through, share, costs, rents, seen | {row})
            else:
                rents[at] = rents.get(at, 0.0) + share * float(self.duals[at])

    def _through(self, row: int, seen: frozenset[int]) -> int | None:
        """Return the column through which a row that only adds up is followed."""
        name, _ = self.labels.row(row)
        if row in seen or name not in _FOLLOWED:
            return None
        found = [c for c in self.tight(row) if self.labels.column(c)[0] in _FOLLOWED[name]]
        return max(found, key=lambda c: (float(self.plan.x[c]), -c), default=None)

    def _costs(self, column: int, times: float) -> list[Term]:
        """Return what a column costs in money of the first year, by its parts."""
        name, key = self.labels.column(column)
        if name in _DELIVERIES:
            found = self._landed(column, times)
        elif name == "ore":
            found = self._ore(key, times)
        else:
            found = [self._cost(name, key, times * float(self.rows.cost[column]))]
        return [term for i, term in enumerate(found) if term.amount != 0.0 or term.kind == "cost"]

    def _landed(self, column: int, times: float) -> list[Term]:
        case, e = self.plan.case, self.plan.expanded
        d = e.deliveries
        i = int(np.flatnonzero(self.labels.program.flow == column)[0])
        source, year = e.sources[d.source[i]], e.years[d.year[i]]
        worth, cost = times * case.discount(year), float(d.cost[i])
        who = self.labels.who(source.name, source.project, source.mineral)
        said, place = f"cost at {who}", place_of(source.record, "cost", year)
        if d.contract[i] != SPOT:
            record = case.contracts[d.contract[i]]
            said = f"price of the contract {record.name or 'with ' + record.refiner}, {who}"
            place = place_of(record, "price", year)
        tariff, member = float(d.tariff[i]), e.members[d.member[i]]
        return [
            Term("cost", said, worth * cost, place),
            Term("tariff", f"tariff, {tariff * 100:.4g} % of it", worth * cost * tariff),
            Term("freight", f"freight to {member}", worth * float(d.freight[i])),
        ]

    def _ore(self, key: tuple[Any, ...], times: float) -> list[Term]:
        case = self.plan.case
        country, refiner, project, mineral, year = key
        worth, where = times * case.discount(year), self.labels.country(country)
        mine = next(n for n in case.mines if (n.country, n.mineral) == (country, mineral))
        plant: Any = self.labels.record(refiner, project, mineral)
        freight, _ = ore_lane(case, mineral, country, plant.country, year)
        place = place_of(mine, "premium", year)
        return [
            Term("ore premium", f"premium of ore from {where}", worth * mine.premium, place),
            Term("ore freight", f"freight of ore from {where}", worth * freight),
        ]

    def _cost(self, name: str, key: tuple[Any, ...], amount: float) -> Term:
        """Return the cost of a column that has one price."""
        case = self.plan.case
        kind, what, place, times = name.replace("_", " "), name.replace("_", " "), None, None
        if name == "shortage":
            said, place, times = short_cost(case, key[0], "", key[2])
            what = f"the cost of a tonne short{said}"
        elif name == "tier_shortage":
            kind = "shortage"
            said, place, times = short_cost(case, key[0], key[2], key[3])
            what = f"the cost of a tonne short of {key[2] or 'demand without a tier'}{said}"
        elif name == "stock":
            kind, what = "holding", f"holding a tonne in {key[2]}"
            place = place_of(case.stockpile_of[key[:2]], "holding_cost", key[2])
        return Term(kind, what, amount, place, times)

    def move_words(self, name: str, key: Any, column: int, mineral: str) -> tuple[str, str]:
        """Return what a column is in words, whose value moves, and what it is whoever gets it.

        Another mineral than the one asked about is named.
        """
        if name in _DELIVERIES:
            e = self.plan.expanded
            i = int(np.flatnonzero(self.labels.program.flow == column)[0])
            to, year = e.members[e.deliveries.member[i]], e.years[e.deliveries.year[i]]
            own = e.sources[e.deliveries.source[i]].mineral
            of = "" if own == mineral else f"{own} from "
            who = f"{of}{self._in_words(name, key, column)}"
            return f"{who} to {to}, {year}", f"{who}, {year}"
        if name == "ore":
            who, where = self.labels.who(key[1], key[2], key[3]), self.labels.country(key[0])
            return f"ore from {where} to {who}, {key[4]}", f"ore from {where}, {key[4]}"
        said = _MOVES.get(name)
        if said is None:
            return name.replace("_", " "), name.replace("_", " ")
        if name not in _OF_MEMBER:
            return said.format(*key), said.format(*key)
        of = "" if key[0] == mineral else f" of {key[0]}"
        every = (key[0], "all members", *key[2:])
        return said.format(*key, of=of), said.format(*every, of=of)

    def _in_words(self, name: str, key: tuple[str, ...], column: int) -> str:
        if name == "shortage":
            return "a tonne more would be short"
        if name == "stock":
            return f"the reserve at the end of {key[2]}"
        if name not in _DELIVERIES:
            return name.replace("_", " ")
        e = self.plan.expanded
        i = int(np.flatnonzero(self.labels.program.flow == column)[0])
        source = e.sources[e.deliveries.source[i]]
        who = self.labels.who(source.name, source.project, source.mineral)
        return f"{who}, under contract" if name == "contracted" else who


_MOVES = {
    "built": "of project {0} built for {1}",
    "shortage": "short{of}: {1}, {2}",
    "tier_shortage": "short{of}: {1}, tier {2}, {3}",
    "unfair_shortage": "short{of} beyond its part: {1}, {2}",
    "stock": "in the reserve{of} of {1} at the end of {2}",
    "stock_shortfall": "lacking in the reserve{of} of {1} in {2}",
    "untaken": "not taken of the contract with {1}: {3}, {4}",
    "excess": "beyond the limit on {3}, {4}",
    "switched": "no longer bought from {0}: {2}",
}
"""What other columns are, by the names of their key."""
_OF_MEMBER = {"shortage", "tier_shortage", "unfair_shortage", "stock", "stock_shortfall"}
"""Columns of a mineral and a member, the first names of their key."""
_COSTS = {
    "cost", "tariff", "freight", "ore premium", "ore freight", "shortage", "holding",
}  # fmt: skip
"""Kinds of terms that are money spent, not rents."""
