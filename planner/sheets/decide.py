"""What to decide now: the costliest decisions of the sheet Decide now, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from models import tolerances
from models.results import DecideNow
from models.results.decisions import Kind
from planner.render.claims import Claim, Sentence, SheetRows, collect_sentences, say

_KINDS: tuple[Mapping[Kind, str], ...] = (
    {Kind.BEGIN: "begin {top[what]} ({top[mineral]})"},
    {
        Kind.CONTRACT: "buy {top[mineral]} for {top[member]} from {top[what]} under its contract",
        Kind.FILL: "put {top[mineral]} into the stockpile of {top[member]}",
        Kind.DRAW: "draw {top[mineral]} from the stockpile of {top[member]}",
    },
    {Kind.BUY: "buy {top[mineral]} for {top[member]} from {top[what]}"},
)
"""Each kind of decision in words; of the kinds in one entry only the costliest is named."""
_PART, _TONNES = "{amount} of ", "{amount} {top[unit]} of "
_ALL_SHEET = f"All {{count}} decisions: sheet {DecideNow.TABLE}."


def decided(rows: SheetRows, first: Claim) -> tuple[Sentence, ...]:
    """Return the costliest decision of each kind: plants to begin, contracts, purchases.

    ``rows`` are those of a plan's sheet Decide now, ``first`` is the plan's first year.
    """
    made = [partial(_costliest, rows, words, " in {first}: {top}", first=first) for words in _KINDS]
    return collect_sentences(*made, partial(_count_of_decisions, rows))


def changed_decisions(rows: SheetRows, base: str, *, is_one: bool = True) -> tuple[Sentence, ...]:
    """Return the costliest changed decision of each kind, with its amount in both plans.

    ``base`` is the other plan in words. With ``is_one`` the rows are of a single plan, and its name
    is not shown.
    """
    case = "" if is_one else "In {top[case]}: "
    made = [partial(_costliest, rows, words, f", {{before}} in {base}", case) for words in _KINDS]
    return collect_sentences(*made, partial(_count_of_decisions, rows))


def _count_of_decisions(rows: SheetRows) -> Iterator[Sentence]:
    """Yield how many decisions there are; a page that names all of them leaves it out."""
    yield say("decide", _ALL_SHEET, count=rows.count(DecideNow.amount, ">=", 0.0))


def _costliest(
    rows: SheetRows, words: Mapping[Kind, str], more: str, case: str = "", **asked: Any
) -> Iterator[Sentence]:
    """Yield the costliest decision of some kinds; ``more`` ends its sentence, ``case`` begins it.

    A decision of the other plan that is dropped has the amount 0.
    """
    of_kind = rows.where(decision=[*map(str, words)])
    costliest = of_kind.largest(DecideNow.cost)
    row, kind = of_kind.row_of(costliest), Kind(costliest["decision"])
    now, amount_words = row.value(DecideNow.amount), _PART if kind is Kind.BEGIN else _TONNES
    verb, rest = words[kind].split(" ", 1)
    if not now.number:
        verb, amount_words = f"don't {verb}", ""
    elif kind is Kind.BEGIN and "first" in asked and now.number >= 1 - tolerances.SAME_SHARE:
        amount_words = ""  # the whole plant
    if "{before}" in more:
        asked["before"] = row.value(DecideNow.before)
    if kind is not Kind.BEGIN:
        more = more.replace("{before}", "{before} {top[unit]}")
    start = case + verb if case else verb.capitalize()
    yield say("decide", f"{start} {amount_words}{rest}{more}.", top=costliest, amount=now, **asked)
