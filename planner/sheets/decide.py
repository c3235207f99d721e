"""What to decide now: the costliest decisions of the sheet Decide now, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from models.results import DecideNow
from models.results.decisions import Kind
from planner.render.claims import Sentence, SheetRows, say, told

_WORDS: tuple[Mapping[Kind, str], ...] = (
    {Kind.BEGIN: "Begin {top[what]} ({top[mineral]}): {top}."},
    {
        Kind.CONTRACT: "Buy {top[mineral]} for {top[member]} from {top[what]} as agreed: {top}.",
        Kind.FILL: "Fill {top[mineral]} in {top[member]}: {top}.",
        Kind.DRAW: "Draw {top[mineral]} from stock in {top[member]}.",
    },
    {Kind.BUY: "Buy {top[mineral]} for {top[member]} from {top[what]}: {top}."},
)
"""The sentence of each kind of decision; of the kinds in one entry only the costliest is named."""


def decided(rows: SheetRows) -> tuple[Sentence, ...]:
    """Return the costliest decision of each kind: plants to begin, contracts, purchases.

    ``rows`` are those of the sheet Decide now, or of one of its cases.
    """
    return told(*(partial(_costliest, rows, words) for words in _WORDS))


def _costliest(rows: SheetRows, words: Mapping[Kind, str]) -> Iterator[Sentence]:
    top = rows.where(decision=[*map(str, words)]).largest(DecideNow.cost)
    yield say("decide", words[Kind(top["decision"])], top=top)
