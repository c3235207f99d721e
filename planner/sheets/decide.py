"""What to decide now: the costliest decisions of the sheet Decide now, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from models.results import DecideNow
from models.results.decisions import Kind
from planner.render.claims import Claim, Sentence, SheetRows, say, told

Words = Mapping[Kind, str]
_AMOUNT = "{amount} {top[unit]}"
_WORDS: tuple[Words, ...] = (
    {Kind.BEGIN: "Begin {top[what]} ({top[mineral]}) in {first}: {top}."},
    {
        Kind.CONTRACT: f"Buy {_AMOUNT} of {{top[mineral]}} for {{top[member]}} from {{top[what]}}"
        " as agreed in {first}: {top}.",
        Kind.FILL: f"Fill {_AMOUNT} of {{top[mineral]}} in {{top[member]}} in {{first}}: {{top}}.",
        Kind.DRAW: f"Draw {_AMOUNT} of {{top[mineral]}} from stock in {{top[member]}}, in"
        " {first}.",
    },
    {
        Kind.BUY: f"Buy {_AMOUNT} of {{top[mineral]}} for {{top[member]}} from {{top[what]}} in"
        " {first}: {top}."
    },
)
"""The sentence of each kind of decision; of the kinds in one entry only the costliest is named."""
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


def decided(rows: SheetRows, first: Claim) -> tuple[Sentence, ...]:
    """Return the costliest decision of each kind: plants to begin, contracts, purchases.

    ``rows`` are those of a plan's sheet Decide now, ``first`` is the plan's first year.
    """
    return told(*(partial(_costliest, rows, words, first=first) for words in _WORDS))


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
    return told(*(partial(_costliest, rows, words) for words in named))


def _costliest(rows: SheetRows, words: Words, first: Claim | None = None) -> Iterator[Sentence]:
    of_kind = rows.where(decision=[*map(str, words)])
    top = of_kind.largest(DecideNow.cost)
    row = of_kind.of(top)
    text, amount = words[Kind(top["decision"])], row.value(DecideNow.amount)
    if first is not None:
        yield say("decide", text, top=top, amount=amount, first=first)
        return
    yield say("decide", text, top=top, amount=amount, before=row.value(DecideNow.before))
