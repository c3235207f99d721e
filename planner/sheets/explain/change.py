"""The smallest change of a workbook that ends a shortage, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.answers import OPEN, SHARE
from planner.render.words import each_year
from planner.sheets.explain.amounts import amount, typed
from planner.sheets.explain.cells import Cells

if TYPE_CHECKING:
    from models.answers import Change, Explanation, LeastChange

MEASURE = (
    "Smallest: each change counts by what its cell says now (from 100 to 150 is half), a closed "
    "lane or a cell at 0 by the member's demand; few cells rather than many."
)
KINDS = "share limits, capacities and the part of them that is open, lanes, mines and budgets"


def change_told(found: Explanation, change: LeastChange, cells: Cells) -> Iterator[str]:
    """Yield what removes the shortage, cell by cell, or that nothing does and what would."""
    if not change.changes:
        yield from _nothing_does(found, change)
        return
    if change.is_dear:
        yield "Supply is there, but a tonne of it costs more than a tonne short. It is bought with:"
    else:
        whose = {
            "member": "",
            "mineral and year": f" of all members in {found.year}, who share it",
            "mineral": " of all members in all years, which share what there is",
        }[change.scope]
        yield f"The smallest change of the workbook that ends the shortage{whose}:"
    for each in change.changes:
        yield f"  {change_words(each, cells)}"
        years = each_year({*each.years} - {found.year}, " and ")
        also = f"; the cell also holds for {years}" if found.year in each.years and years else ""
        yield f"    {each.what}{also}"
        if cells.is_of_scenario(each.place):
            yield (
                "    (the scenario or what-if says that, not the workbook: it has to change there)"
            )
    yield f"  {_scope(change, found)}"
    if not change.is_dear:
        yield f"  {MEASURE}"


def change_words(change: Change, cells: Cells) -> str:
    """Return ``Share limits!F3: 65 % -> 71.4 %``: amounts as they are typed into the cell."""
    unit = typed_unit(change, cells)
    was, to = cells.typed(change.place, change.was), cells.typed_up(change.place, change.to)
    return f"{cells.cell(change.place)}: {typed(was, unit)} -> {typed(to, unit)}"


def typed_unit(change: Change, cells: Cells) -> str:
    """Return the unit of a change as its cell has it; "share" and "open" have none there."""
    return change.unit if change.unit in {SHARE, OPEN} else cells.unit(change.place)


def _nothing_does(found: Explanation, change: LeastChange) -> Iterator[str]:
    if change.is_dear:
        yield (
            "Supply can be had, but the cheapest plan leaves the shortage all the same: what "
            f"{KINDS} would let in costs more than a tonne short."
        )
    else:
        yield (
            f"No change of {KINDS} ends this shortage: whatever they are, {amount(change.left)} t "
            "stay short."
        )
    if change.newcomer is not None:
        tonnes, country = amount(change.newcomer.capacity), change.newcomer.country
        yield (
            f"What would: a new refiner in {country} that makes {tonnes} t in {found.year} and "
            f"needs no ore (tried: {found.member} is then not short), or so much less demand."
        )
    else:
        yield "A new refiner would not end it either; less demand would."


def _scope(change: LeastChange, found: Explanation) -> str:
    who = "nobody" if change.scope == "mineral and year" and not change.is_dear else found.member
    served = f"{who} is {'' if who == 'nobody' else 'not '}short of {found.mineral} in {found.year}"
    more = change.elsewhere
    elsewhere = f"; elsewhere {amount(more)} t more are short" if more > 0 else ""
    return f"Planned again with it, {served}{elsewhere}."
