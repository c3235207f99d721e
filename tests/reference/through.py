"""What the loss of a country takes of a plan, at the last stage and through all stages (7.1)."""

from __future__ import annotations

from math import fsum

from .evaluation import Ledger
from .neutral import Book, Flows
from .reading import Source


class Loss:
    """The lost parts of a plan where a country stops in a year."""

    def __init__(self, book: Book, flows: Flows, country: str, year: int) -> None:
        self.ledger = Ledger(book, flows)
        self.ledger.balance()  # what is short bounds what is served
        self.case = self.ledger.case
        self.country, self.year = country, year

    def part(self, source: Source) -> float:
        """The part of a source's tonnes that goes: 1 in the country, else the largest over its
        inputs and its ore; 0 where it makes nothing."""
        if source.country == self.country:
            return 1.0
        if self.ledger.made(source, self.year) <= 0:
            return 0.0
        parts = [0.0]
        for line in self.case.stages.lines:
            if any(output == source for output, _ in line.outputs):
                fed = [
                    (t, self.part(seller))
                    for (seller, p, y), t in self.ledger.inputs.items()
                    if (p, y) == (line, self.year)
                ] + [
                    (t, self.bought(line.input, member))
                    for (member, p, y), t in self.ledger.handed.items()
                    if (p, y) == (line, self.year)
                ]
                parts.append(mean(fed))
        ore = [
            (t, float(mine == self.country))
            for (mine, user, y), t in self.ledger.ore.items()
            if (user, y) == (source, self.year)
        ]
        return max(*parts, mean(ore))

    def flows(self, mineral: str, member: str) -> list[tuple[float, Source]]:
        """What a member buys of a mineral."""
        return [
            (t, source)
            for (source, j, y), t in self.ledger.flow.items()
            if (source.mineral, j, y) == (mineral, member, self.year)
        ]

    def drawn(self, mineral: str, member: str) -> float:
        """What a member's stock gives in the year, less what it takes."""
        row = self.case.stock_rows.get((mineral, member))
        if row is None:
            return 0.0
        before = [t for t in self.case.years if t < self.year]
        opening = float(str(row.get("Opening (t)") or 0.0))
        stock = self.ledger.stock
        earlier = stock[mineral, member, before[-1]] if before else opening
        return earlier - stock[mineral, member, self.year]

    def bought(self, mineral: str, member: str) -> float:
        """The lost part of what a member has of an input; what its stock gives is not lost."""
        fed = [(t, self.part(source)) for t, source in self.flows(mineral, member)]
        return mean([*fed, (max(0.0, self.drawn(mineral, member)), 0.0)])

    def taken(self, mineral: str) -> tuple[float, float]:
        """What plants take of a mineral, and what is left of what they buy without the country."""
        sold = [
            (t, float(seller.country != self.country))
            for (seller, line, y), t in self.ledger.inputs.items()
            if (line.input, y) == (mineral, self.year)
        ]
        handed = [
            t
            for (_, line, y), t in self.ledger.handed.items()
            if (line.input, y) == (mineral, self.year)
        ]
        return fsum([*(t for t, _ in sold), *handed]), fsum(t * kept for t, kept in sold)

    def served(self, mineral: str, *, through: bool) -> float | None:
        """The part of a mineral's demand that is left, at most what is served; None without demand.

        At the last stage it is a part of the demand and of what plants take, and counts what they
        buy elsewhere. Through all stages, what members hand to plants is not theirs any more. A
        stock that is filled takes nothing off.
        """
        kept, bought = [], 0.0
        for member in self.case.members:
            for t, source in self.flows(mineral, member):
                gone = self.part(source) if through else float(source.country == self.country)
                kept.append(t * (1.0 - gone))
            kept.append(max(0.0, self.drawn(mineral, member)))
            if through:
                part = self.bought(mineral, member)
                kept += [
                    -t * (1.0 - part)
                    for (j, line, y), t in self.ledger.handed.items()
                    if (j, line.input, y) == (member, mineral, self.year)
                ]
        base = need = self.case.demand_of(mineral, tuple(self.case.members), self.year)
        if not through:
            taken, bought = self.taken(mineral)
            base += taken
        if need <= 0:
            return None
        short = fsum(
            t for (m, _, y), t in self.ledger.short.items() if (m, y) == (mineral, self.year)
        )
        return max(0.0, min(base - short, fsum(kept) + bought) / base)


def mean(amounts: list[tuple[float, float]]) -> float:
    """The average of parts, weighted by t; 0 of nothing."""
    whole = fsum(t for t, _ in amounts)
    return fsum(t * part for t, part in amounts) / whole if whole > 0 else 0.0
