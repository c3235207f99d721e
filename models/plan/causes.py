"""Why a member is short: what stops each supplier that could still serve it, in words.

What stops one is read from what its rows leave, not from duals, which are not unique. Each
component of the program says what is told of it (``Rows.stops``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from models.beside import Beside, can_fork
from models.program import Flow, Solved
from models.program.component import Rows, Stop, components

_NAMED = 3
"""How many of a kind are named before the rest is counted."""
_OPEN = "no open lane from"
_DEAR = "whose tonnes cost more than they save"
_TOO_DEAR = Stop(f"supplier {_DEAR}", many=f"suppliers {_DEAR}")
_LAST = 9
_MANY = 20_000
"""Suppliers of members that are short; to say what stops each takes a tenth of a second."""


def causes_beside(plan: Solved, short: pd.DataFrame) -> Beside[list[str]] | None:
    """Begin ``causes`` in a process beside; None where that would not be worth it."""
    suppliers = len(short) * len(plan.expanded.sources) // max(1, len(plan.expanded.minerals))
    return Beside(lambda: causes(plan, short)) if suppliers > _MANY and can_fork() else None


def causes(plan: Solved, short: pd.DataFrame) -> list[str]:
    """Return a sentence for each short row (year, mineral, member)."""
    return [
        _sentence(list(_stops_of_all(plan, int(year), str(mineral), str(member))))
        for year, mineral, member in zip(
            short["year"], short["mineral"], short["member"], strict=True
        )
    ]


Told = tuple[int, Stop]
"""What stops a supplier, and its rank: what is told of several, and in which order."""


def _stops_of_all(plan: Solved, year: int, mineral: str, member: str) -> Iterator[Told]:
    """Yield what stops the suppliers of a mineral, one after another."""
    e = plan.expanded
    t, j = e.years.index(year), e.member_at[member]
    deliveries: dict[int, list[tuple[int, int]]] = {}
    cell = e.cell(e.mineral_at[mineral], t)
    inside = np.arange(cell.start, cell.stop)
    inside = inside[e.deliveries.member[inside] == j]
    columns = (inside, plan.program.flow[inside], e.deliveries.source[inside])
    for p, column, r in zip(*(of.tolist() for of in columns), strict=True):
        deliveries.setdefault(r, []).append((p, column))
    nothing = plan.tolerance(mineral, year)
    for r in e.of_mineral[mineral]:
        source = e.sources[r]
        if r in deliveries:
            mine, its = zip(*deliveries[r], strict=True)
            yield from _first(plan, Flow(r, j, t, mine[-1], its, nothing))
        elif e.startable[r, t]:
            country = plan.case.country_name(source.country)
            yield _LAST, Stop(_OPEN, f"{source.project or source.name} ({country})")
    for of in components():
        if isinstance(of, Rows) and of.holds_back is not None:
            stop = of.holds_back(plan, (mineral, member, year))
            yield from () if stop is None else ((_LAST, stop),)


def _first(plan: Solved, flow: Flow) -> list[Told]:
    """Return what stops a source: of all that does, what is told first."""
    limits, starts = plan.once(_limits)
    rows: dict[Rows, list[int]] = {}
    first, *others = (limits[starts[c] : starts[c + 1]] for c in flow.columns)
    for at, of in sorted(set(first).intersection(*others)) if others else first:
        rows.setdefault(of, []).append(at)
    for rank, telling in plan.once(_telling):
        found = [
            (rank, stop)
            for of in telling
            if of in rows or of.stops_beyond
            for stop in _stops(plan, flow, of, rows.get(of, ()))
        ]
        if found:
            return found[:1] if found[0][1].name or found[0][1].many else found
    return [(_LAST, _TOO_DEAR)]


def _telling(_: Solved) -> list[tuple[int, list[Rows]]]:
    """Return the components that may say what stops a source, by the rank of what they say."""
    found: dict[int, list[Rows]] = {}
    for of in components():
        if isinstance(of, Rows) and (of.stops is not None or of.bears_on is not None):
            found.setdefault(of.stop_rank, []).append(of)
    return sorted(found.items())


def _limits(plan: Solved) -> tuple[list[tuple[int, Rows]], list[int]]:
    """Return, column by column, the rows that have no room for more of it, and where each begins.

    Beside each row stands its component. Equations are among them, whatever the sign: they have to
    be kept. What counts as nothing is the least strict of all cells' here; who asks knows its own.
    """
    of, e = plan.program.rows, plan.expanded
    nothing = max((plan.tolerance(m, year) for m in e.minerals for year in e.years), default=0.0)
    entry_rows = of.entry_rows()
    is_full = (plan.room <= nothing)[entry_rows] & (of.values > 0)
    at = np.flatnonzero(is_full | (of.row_lower == of.row_upper)[entry_rows])
    at = at[np.argsort(of.columns[at], kind="stable")]
    starts = np.searchsorted(of.columns[at], np.arange(len(of.cost) + 1))
    rows = entry_rows[at].tolist()
    known = {row: (row, plan.component_of(row)) for row in set(rows)}
    return [known[row] for row in rows], starts.tolist()


def _stops(plan: Solved, flow: Flow, of: Rows, at: Sequence[int]) -> Iterator[Stop]:
    """Yield what a component says of rows in which all stands that a source sells there."""
    if of.stops is not None:
        yield from of.stops(plan, flow, at)
    elif of.bears_on is not None:
        for row in at:
            if plan.room[row] <= flow.nothing:
                yield Stop(f"{of.label(plan, plan.row(row)[1]).what} binds")


def _sentence(stops: list[Told]) -> str:
    """Return what stops suppliers as a sentence: names, limits, names again, then numbers."""
    listed: dict[str, list[str]] = {}
    counted: dict[Stop, int] = {}
    named: dict[str, dict[str, float]] = {}
    once: dict[str, None] = {}
    rank = {stop.what: of for of, stop in stops}
    for _, stop in stops:
        if stop.name:
            listed.setdefault(stop.what, []).append(stop.name)
        elif stop.many:
            of = Stop(stop.what, many=stop.many)
            counted[of] = counted.get(of, 0) + 1
            named.setdefault(stop.what, {}).update(stop.named)
        else:
            once[stop.what] = None
    said = [(rank[what], _listed(names, f"{what} ")) for what, names in listed.items()]
    # limits are told after what is used up and before all else
    told = [text for of, text in sorted(said, key=lambda s: s[0]) if of == 0]
    told += list(once)
    told += [text for of, text in sorted(said, key=lambda s: s[0]) if of > 0]
    for of, number in counted.items():
        sizes = named[of.what]
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))
        text = f"{number} {of.what if number == 1 else of.many}"
        told.append(f"{text} ({_listed(largest)})" if largest else text)
    if not told:
        return "No supplier can run in this year."
    text = "; ".join(told)
    return text[0].upper() + text[1:] + "."


def _listed(names: list[str], what: str = "") -> str:
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{what}{shown}{more}"
