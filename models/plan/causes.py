"""Why a member is short: the obstacle of each supplier that could still serve it, in words.

Obstacles follow from the slack of a supplier's rows, not from duals, which are not unique. Each
component of the program declares them (``Rows.obstacles``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.background import BackgroundProcess, can_fork
from models.program import Flow, Solved
from models.program.component import Obstacle, Rows, components

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 3
"""The number of names in a list before the rest is counted."""
_OPEN = "no open lane from"
_DEAR = "too dear: a tonne costs more than it saves"
_TOO_DEAR = Obstacle(f"supplier is {_DEAR}", many=f"suppliers are {_DEAR}")
_LAST = 9
_MANY = 20_000
"""From this number of suppliers of short members on, causes are found in the background."""


def causes_in_background(plan: Solved, short: pd.DataFrame) -> BackgroundProcess[list[str]] | None:
    """Start ``causes`` in a background process; None if there is too little to compute."""
    suppliers = len(short) * len(plan.expanded.sources) // max(1, len(plan.expanded.minerals))
    if suppliers <= _MANY or not can_fork():
        return None
    return BackgroundProcess(lambda: causes(plan, short))


def causes(plan: Solved, short: pd.DataFrame) -> list[str]:
    """Return a sentence for each short row (year, mineral, member)."""
    return [
        _sentence(list(_obstacles_of_all(plan, int(year), str(mineral), str(member))))
        for year, mineral, member in zip(
            short["year"], short["mineral"], short["member"], strict=True
        )
    ]


RankedObstacle = tuple[int, Obstacle]
"""A supplier's obstacle, and the rank that orders several."""
_LimitingRows = tuple[list[tuple[int, Rows]], list[int]]
_Declaring = list[tuple[int, list[Rows]]]


def _obstacles_of_all(
    plan: Solved, year: int, mineral: str, member: str
) -> Iterator[RankedObstacle]:
    e = plan.expanded
    t, j = e.years.index(year), e.member_at[member]
    deliveries: dict[int, list[tuple[int, int]]] = {}
    cell = e.positions_of_cell(e.mineral_at[mineral], t)
    inside = np.arange(cell.start, cell.stop)
    inside = inside[e.deliveries.member[inside] == j]
    columns = (inside, plan.program.flow[inside], e.deliveries.source[inside])
    for p, column, r in zip(*(numbers.tolist() for numbers in columns), strict=True):
        deliveries.setdefault(r, []).append((p, column))
    nothing = plan.tolerance(mineral, year)
    limiting, declaring = plan.cached(_limiting_rows), plan.cached(_declaring)
    for r in e.of_mineral[mineral]:
        source = e.sources[r]
        if r in deliveries:
            mine, its = zip(*deliveries[r], strict=True)
            flow = Flow(r, j, t, mine[-1], its, nothing)
            yield from _first_obstacles(plan, flow, limiting, declaring)
        elif e.startable[r, t]:
            country = plan.case.country_name(source.country)
            yield _LAST, Obstacle(_OPEN, f"{source.project or source.name} ({country})")
    for rows in components():
        if isinstance(rows, Rows) and rows.holds_back is not None:
            obstacle = rows.holds_back(plan, (mineral, member, year))
            yield from () if obstacle is None else ((_LAST, obstacle),)


def _first_obstacles(
    plan: Solved, flow: Flow, limiting: _LimitingRows, declaring: _Declaring
) -> list[RankedObstacle]:
    """Return the obstacles of a source that have the lowest rank."""
    limits, starts = limiting
    rows: dict[Rows, list[int]] = {}
    first, *others = (limits[starts[c] : starts[c + 1]] for c in flow.columns)
    for row, declared in sorted(set(first).intersection(*others)) if others else first:
        rows.setdefault(declared, []).append(row)
    for rank, telling in declaring:
        obstacles = [
            (rank, obstacle)
            for declared in telling
            if declared in rows or declared.is_always_asked
            for obstacle in _row_obstacles(plan, flow, declared, rows.get(declared, ()))
        ]
        if obstacles:
            return obstacles[:1] if obstacles[0][1].name or obstacles[0][1].many else obstacles
    return [(_LAST, _TOO_DEAR)]


def _declaring(_: Solved) -> _Declaring:
    rows_of: dict[int, list[Rows]] = {}
    for rows in (each for each in components() if isinstance(each, Rows)):
        if rows.obstacles is not None or rows.bears_on is not None:
            rows_of.setdefault(rows.obstacle_rank, []).append(rows)
    return sorted(rows_of.items())


def _limiting_rows(plan: Solved) -> _LimitingRows:
    """Return for each column the rows without slack for more of it, and each column's start.

    Each row comes with its component. Equations are always included, since they must hold. The
    tolerance is the loosest of all cells; the caller applies a finer one.
    """
    arrays, e = plan.program.rows, plan.expanded
    nothing = max((plan.tolerance(m, year) for m in e.minerals for year in e.years), default=0.0)
    entry_rows = arrays.entry_rows()
    is_full = (plan.slack <= nothing)[entry_rows] & (arrays.values > 0)
    entries = np.flatnonzero(is_full | (arrays.row_lower == arrays.row_upper)[entry_rows])
    entries = entries[np.argsort(arrays.columns[entries], kind="stable")]
    starts = np.searchsorted(arrays.columns[entries], np.arange(len(arrays.cost) + 1))
    rows = entry_rows[entries].tolist()
    limits = {row: (row, plan.component_of(row)) for row in set(rows)}
    return [limits[row] for row in rows], starts.tolist()


def _row_obstacles(plan: Solved, flow: Flow, rows: Rows, full: Sequence[int]) -> Iterator[Obstacle]:
    """Yield a component's obstacles, given its rows that contain all sales of a source there."""
    if rows.obstacles is not None:
        yield from rows.obstacles(plan, flow, full)
    elif rows.bears_on is not None:
        for row in full:
            if plan.slack[row] <= flow.tolerance:
                yield Obstacle(f"{rows.label(plan, plan.row_key(row)[1]).what} binds")


def _sentence(obstacles: list[RankedObstacle]) -> str:
    """Return obstacles as a sentence: suppliers by name, limits, more names, then numbers."""
    listed: dict[str, list[str]] = {}
    counted: dict[Obstacle, int] = {}
    named: dict[str, dict[str, float]] = {}
    once: dict[str, None] = {}
    rank = {obstacle.what: each_rank for each_rank, obstacle in obstacles}
    for _, obstacle in obstacles:
        if obstacle.name:
            listed.setdefault(obstacle.what, []).append(obstacle.name)
        elif obstacle.many:
            stopped = Obstacle(obstacle.what, many=obstacle.many)
            counted[stopped] = counted.get(stopped, 0) + 1
            named.setdefault(obstacle.what, {}).update(obstacle.named)
        else:
            once[obstacle.what] = None
    sentences = [
        (rank[words], _names_in_words(names, f"{words} ")) for words, names in listed.items()
    ]
    # limits come after used-up capacities and before all others
    phrases = [text for each_rank, text in sorted(sentences, key=lambda s: s[0]) if each_rank <= 0]
    phrases += list(once)
    phrases += [text for each_rank, text in sorted(sentences, key=lambda s: s[0]) if each_rank > 0]
    for stopped, number in counted.items():
        sizes = named[stopped.what]
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))
        text = f"{number} {stopped.what if number == 1 else stopped.many}"
        phrases.append(f"{text} ({_names_in_words(largest)})" if largest else text)
    if not phrases:
        return "No supplier can run in this year."
    text = "; ".join(phrases)
    return text[0].upper() + text[1:] + "."


def _names_in_words(names: list[str], words: str = "") -> str:
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{words}{shown}{more}"
