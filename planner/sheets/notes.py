"""What the headers mean: the notes that readers see when they point at one, all in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from models.results import (
    CATALOGUE,
    Benchmarks,
    Changes,
    Duals,
    Field,
    Scorecard,
    Summary,
    Values,
    common,
)
from models.results.common import UNDISCOUNTED
from models.results.field import meaning_of
from planner.render.table import Table
from planner.sheets.comparison_notes import comparison_note
from planner.sheets.difference_notes import DIFFERENCE_NOTES
from planner.sheets.orders.notes import ORDER_NOTES

BY_WEIGHT = "All minerals by weight; see By mineral."

_TOTAL = (
    "What the program minimises: cash, shortage and other penalties, discounted to the first year."
)
_PREMIUM_SHORT = " It falls below 0 where tonnes that cannot be had are not paid for."
_OF_A_SHEET = {
    "Frontier: Cap": "The most that one country may supply of the coalition's base in a year, set"
    " for all minerals as --max-country-share of solve does.",
    "Frontier: Knob": "What is turned.",
    "Frontier: Value": "What it is set to: of a factor 100 % is the case as given.",
    "Frontier: Mineral": "all: the coalition's whole plan, its tonnes by weight.",
    "Frontier: Total cost": _TOTAL,
    "Frontier: Purchases": "Cost or price, tariff and freight of all flows. " + UNDISCOUNTED,
    "Frontier: Cash cost": "All that is paid: purchases, ore, capital charges, holding, take or"
    " pay; no shortage, no penalties. " + UNDISCOUNTED,
    "Frontier: Tonnes": "What is bought over all years, for stock too.",
    "Frontier: Short": "Demand neither bought nor taken from stock, all years together.",
    "Frontier: Short by the cap": "Short, less what is short without any cap on single countries.",
    "Frontier: Short beyond as given": "Short, less what is short in the case as given.",
    "Frontier: Served share": "1 less what is short over demand.",
    "Frontier: Largest country share": "The largest share of one country in any year, Rest of world"
    " left out. Countries that the cap leaves alone (the coalition's own, where the workbook says"
    " so) count, too.",
    "Frontier: A point looser saves": "What a cap looser by one percentage point saves in total"
    " cost: its shadow prices x base, over all countries and years; at a kink any value between the"
    " slopes on both sides.",
    "Frontier: A point more costs": "What one percentage point more adds to total cost, as the"
    " difference to the point before; below 0: it saves.",
    "Frontier: Premium": "Cash cost less that of the reference (no cap on single countries; of"
    " another knob the case as given), over tonnes bought." + _PREMIUM_SHORT,
    "Frontier: Premium like for like": "Cash cost of a tonne bought, less what a tonne of that"
    " mineral costs in the reference; of all minerals the sum over tonnes bought.",
    "Frontier: Dearer like for like": "The premium like for like over what the same tonnes cost in"
    " the reference.",
    "Frontier: Premium with shortage": "Total cost less that of the reference, over demand:"
    " shortage counts at its stated cost. Of all minerals it never falls as a cap tightens.",
    "Frontier: Trouble": "Why this point has no plan.",
    "As given: Total cost": _TOTAL,
    "Runs: Objective": "Total cost: " + _TOTAL[:1].lower() + _TOTAL[1:],
    "As given: Purchases": "Cost or price, tariff and freight of all flows. " + UNDISCOUNTED,
    "As given: Cash cost": "All that is paid: no shortage, no penalties. " + UNDISCOUNTED,
    "As given: Tonnes": "What is bought over all years, for stock too.",
    "As given: Short": "Demand neither bought nor taken from stock, all years together.",
    "As given: Largest country share": "The largest share of one country in any year, Rest of world"
    " left out.",
    "Smallest caps: Mineral": "all: the largest of the minerals' smallest caps.",
    "Smallest caps: Smallest cap": "The smallest cap on single countries at which no more need be"
    " short than without any, in every year; exact, not from the grid. The cheapest plan at that"
    " cap may still leave tonnes short that cost more than a shortage. Minerals that a budget ties"
    " share it out. Blank: not known, as where shares are of purchases.",
    "Smallest caps: First point that costs tonnes": "The loosest cap of this sweep at which more is"
    " short than without any; blank: none is.",
    "Smallest caps: Short by the cap there": "What is short at that point beyond what is short"
    " without any cap.",
    "Smallest caps: Its share without caps": "Its largest share in any year; purchases for stock"
    " count, so that it may exceed 100 % of demand.",
}


_OF_THEIR_OWN = {Benchmarks, Changes, Scorecard, Summary, Values, Duals}
"""Results whose headers mean something else in other sheets."""


def _shared() -> dict[str, str]:
    """Return what a header means wherever it stands: as shared fields say, else a plan's sheets."""
    found = {f.header: f.meaning for f in vars(common).values() if isinstance(f, Field)}
    for result in CATALOGUE.values():
        for each in result.FIELDS if result not in _OF_THEIR_OWN else ():
            found.setdefault(each.header, each.meaning)
    return found


_SHARED = _shared()


def note(sheet: str, header: str) -> str:
    """Return what a header means, "" where it speaks for itself."""
    bare = header.partition(" (")[0]
    place = f"{sheet}: {bare}"
    return (
        comparison_note(sheet, header)
        or ORDER_NOTES.get(place)
        or DIFFERENCE_NOTES.get(place)
        or _OF_A_SHEET.get(place)
        or meaning_of(sheet, header)
        or _SHARED.get(bare, "")
    )


def noted(tables: Iterable[Table]) -> list[Table]:
    """Return tables of which every column says what it means, declared or not."""
    return [
        replace(
            table,
            columns=tuple(
                c if c.meaning else replace(c, meaning=note(table.name, c.header))
                for c in table.columns
            ),
        )
        for table in tables
    ]
