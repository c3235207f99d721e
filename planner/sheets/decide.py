"""What to decide now: the costliest decisions of the sheet Decide now, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from models.results import DecideNow
from models.results.decisions import Kind
from planner.render.claims import Sentence, SheetRows, say, told

Words = Mapping[Kind, str]
_WORDS: tuple[Words, ...] = (
    {Kind.BEGIN: "Begin {top[what]} ({top[mineral]}): {top}."},
    {
        Kind.CONTRACT: "Buy {top[mineral]} for {top[member]} from {top[what]} as agreed: {top}.",
        Kind.FILL: "Fill {top[mineral]} in {top[member]}: {top}.",
        Kind.DRAW: "Draw {top[mineral]} from stock in {top[member]}.",
    },
    {Kind.BUY: "Buy {top[mineral]} for {top[member]} from {top[what]}: {top}."},
)
"""The sentence of each kind of decision; of the kinds in one entry only the costliest is named."""
_AMOUNT = "{amount} {top[unit]}"
_CHANGED: tuple[Words, ...] = (
    {Kind.BEGIN: f"begin {_AMOUNT} {{top[what]}} ({{top[mineral]}})"},
    {
        Kind.CONTRACT: f"buy {_AMOUNT} of {{top[mineral]}} for {{top[member]}} from {{top[what]}}"
        " as agreed",
        Kind.FILL: f"fill {_AMOUNT} of {{top[mineral]}} in {{top[member]}}",
        Kind.DRAW: f"draw {_AMOUNT} of {{top[mineral]}} from stock in {{top[member]}}",
    },
    {Kind.BUY: f"buy {_AMOUNT} of {{top[mineral]}} for {{top[member]}} from {{top[what]}}"},
)
"""The same for decisions that differ from those of another plan."""


def decided(rows: SheetRows) -> tuple[Sentence, ...]:
    """Return the costliest decision of each kind: plants to begin, contracts, purchases.

    ``rows`` are those of a plan's sheet Decide now.
    """
    return told(*(partial(_costliest, rows, words) for words in _WORDS))


def changed(rows: SheetRows, base: str, *, is_one: bool = True) -> tuple[Sentence, ...]:
    """Return the costliest changed decision of each kind, with its amount in both plans.

    ``base`` is the other plan in words. With ``is_one`` the rows are of a single plan, and its name
    is not said.
    """

    def whole(text: str) -> str:
        verb, rest = text.split(" ", 1)
        start = verb.capitalize() if is_one else "{top[case]}: {top[decision]}"
        return f"{start} {rest}, {{before}} in {base}."

    named = [{kind: whole(text) for kind, text in words.items()} for words in _CHANGED]
    return told(*(partial(_costliest, rows, words, changes=True) for words in named))


def _costliest(rows: SheetRows, words: Words, *, changes: bool = False) -> Iterator[Sentence]:
    of_kind = rows.where(decision=[*map(str, words)])
    top = of_kind.largest(DecideNow.cost)
    text = words[Kind(top["decision"])]
    if not changes:
        yield say("decide", text, top=top)
        return
    row = of_kind.of(top)
    amount, before = row.value(DecideNow.amount), row.value(DecideNow.before)
    yield say("decide", text, top=top, amount=amount, before=before)
