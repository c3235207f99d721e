"""Tiers: a supplier may sell to some tiers of a member's demand, and not to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models import schema
from models.program import builder, component
from models.program.family import Family
from models.program.market import by_member, to_nobody
from models.resolve import Ints, Pattern, pattern, pattern_of, tier_words

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved

_AND = " + "


def pattern_key(tiers: Pattern) -> str:
    """Return the part of a key that names a set of tiers; ``tiers_named`` is its inverse."""
    return _AND.join(tier.replace("+", "++") for tier in tiers)


def tiers_named(key: str) -> Pattern:
    return tuple(tier.replace("++", "+") for tier in key.split(_AND))


def _pattern_label(_: Solved, key: Any) -> component.Label:
    listed = " and ".join(map(tier_words, tiers_named(key[2])))
    return component.Label(f"the tonnes that may serve only {listed}")


def _tier_label(_: Solved, key: Any) -> component.Label:
    return component.Label(f"the need of {key[1]}'s {tier_words(key[2])}")


_PARTS = (component.MINERAL, component.MEMBER)


def _closed_to_the_short(
    plan: Solved, flow: Flow, _: Sequence[int]
) -> Iterator[component.Obstacle]:
    """Yield that a supplier may sell to none of the tiers of which a member is short."""
    e, source = plan.expanded, plan.expanded.sources[flow.source]
    m = e.mineral_at[source.mineral]
    if (m, flow.member, flow.year) not in e.cut_off:
        return
    where = source.mineral, e.members[flow.member], e.years[flow.year]
    short = [
        tier
        for tier in sorted(plan.case.tiers_of[where])
        if _tonnes_short(plan, (*where[:2], tier, where[2])) > flow.tolerance
    ]
    if short and {*short}.isdisjoint(pattern_of(e, flow.source, flow.member, flow.year)):
        country = plan.case.country_name(source.country)
        name = f"{source.project or source.name} ({country})"
        yield component.Obstacle(
            f"no lane open to {' and '.join(map(tier_words, short))} from", name
        )


def _tonnes_short(plan: Solved, key: tuple[str, str, str, int]) -> float:
    """Return the tonnes that a tier is short: what its need gets neither bought nor from stock."""
    columns = (column for column, _ in plan.row_entries(plan.row_at(TIER_NEED, key)))
    served = {ALLOTTED, FROM_STOCK}
    return sum(float(plan.x[at]) for at in columns if plan.column_key(at)[0] not in served)


ALLOTTED = component.Columns(
    name="allotted",
    key=(*_PARTS, component.PATTERN, component.TIER, component.YEAR),
    meaning="Tonnes for a tier from the suppliers that may sell to the same tiers of a member.",
    is_move=False,
    move="for {tier}{of}: {member}, {year}",
)
FROM_STOCK = component.Columns(
    name="tier_stock",
    key=(*_PARTS, component.TIER, component.YEAR),
    meaning="Tonnes for a tier from a member's reserve.",
    is_move=False,
    move="from the reserve for {tier}{of}: {member}, {year}",
)
_of_tiers = partial(component.Rows, kind="tier", divided=by_member)
PATTERN_SUPPLY = _of_tiers(
    name="pattern_supply",
    key=(*_PARTS, component.PATTERN, component.YEAR),
    meaning="Tiers get at most what the suppliers sell that may sell to them.",
    label=_pattern_label,
    obstacles=_closed_to_the_short,
    is_always_asked=True,
    obstacle_rank=-1,
    through=(ALLOTTED,),
    is_neutral=True,
    divided=to_nobody,
)
TIER_NEED = _of_tiers(
    name="tier_need",
    key=(*_PARTS, component.TIER, component.YEAR),
    meaning="A tier's demand is met from suppliers that may sell to it, or from stock, or short.",
    cell=(schema.Lane, "tier"),
    label=_tier_label,
    is_neutral=True,
)
TIER_STOCK = _of_tiers(
    name="tier_opening_stock",
    key=(*_PARTS, component.YEAR),
    meaning="Tiers get from a reserve at most what it held at the end of the year before.",
    label=lambda _, key: component.Label(f"what {key[1]}'s reserve held before {key[2]}"),
    through=(FROM_STOCK,),
    is_neutral=True,
)
TIER_DRAW = _of_tiers(
    name="tier_stock_draw",
    key=(*_PARTS, component.YEAR),
    meaning="Tiers get from a reserve at most Max draw in a year.",
    cell=(schema.Stockpile, "max_draw"),
    label=lambda plan, key: component.Label(
        f"Max draw of the reserve, for tiers, in {key[2]}",
        component.address_of(plan.case.stockpile_of[key[:2]], "max_draw", key[2]),
    ),
    is_neutral=True,
)


def model(f: Frame) -> None:
    r"""A tier's demand is met by suppliers that may sell to it, by the reserve, or short.

    A pattern P is the set of tiers to which the lanes from some suppliers to a member are open.

    .. math:: \sum_{q \in P} a_{m,j,P,q,t} \le \sum_{r \in P} (x + y)_{r,m,j,t}, \qquad
              \sum_{P \ni q} a_{m,j,P,q,t} + d_{m,j,q,t} + u_{m,j,q,t} \ge demand_{m,j,q,t}
    .. math:: \sum_q d_{m,j,q,t} \le s_{m,j,t-1}, \qquad \sum_q d_{m,j,q,t} \le draw_{m,j}   [t]

    They exist only for a member, mineral and year in which a supplier may sell to some tiers of the
    member and not to others. The reserve serves every tier, and may be filled by any supplier. All
    other constraints count a member's sums.

    variables   tonnes a of a pattern's suppliers for a tier [t]; tonnes d of the reserve for a
                tier [t]; u is the tier's shortage
    posts       none
    dual        of a tier: what one more tonne for it costs beyond the member's balance [money/t]
    source      multicommodity flow with commodity-restricted arcs, Ahuja, Magnanti & Orlin (1993),
                ch. 17
    """
    e = f.expanded
    cells = {at: of for at, of in e.cut_off.items() if at[::2] in f.cells}
    if not cells:
        return
    demand = {f.key(*at): sorted(f.case.tiers_of[f.key(*at)].items()) for at in cells}
    patterned = ((f.key(*at), of) for at, patterns in cells.items() for of in patterns)
    keys = [(m, j, pattern_key(of), q, t) for (m, j, t), of in patterned for q in of]
    allotted = f.variables(ALLOTTED, keys)
    stored = [(m, j, q, t) for (m, j, t), tiers in demand.items()
              if (m, j) in f.case.stockpile_of for q, _ in tiers]  # fmt: skip
    from_stock, short = f.variables(FROM_STOCK, stored), f.tier_short
    sold: dict[Any, list[Any]] = defaultdict(list)
    for (r, member, year), columns in f.by_source_member_year.items():
        at = (e.mineral_at[e.sources[r].mineral], member, year)
        if at in cells:
            sold[f.key(*at), pattern_of(e, r, member, year)] += columns
    supply: dict[Any, Row] = {}
    need: dict[Any, Row] = {}
    for at, patterns in cells.items():
        m, j, t = cell = f.key(*at)
        for of in patterns:
            mine = [allotted[m, j, pattern_key(of), q, t] for q in of]
            signs = [1.0] * len(mine) + [-1.0] * len(sold[cell, of])
            supply[m, j, pattern_key(of), t] = None, [*mine, *sold[cell, of]], signs, 0.0
        for q, tonnes in demand[cell]:
            given = [allotted[m, j, pattern_key(of), q, t] for of in patterns if q in of]
            given += [from_stock[m, j, q, t]] if (m, j) in f.case.stockpile_of else []
            need[m, j, q, t] = tonnes, [*given, short[m, j, q, t]], None, None
    f.constraints(PATTERN_SUPPLY, supply)
    f.constraints(TIER_NEED, need)
    _stock_rows(f, from_stock, stored)


def _stock_rows(f: Frame, from_stock: Any, stored: Sequence[tuple[str, str, str, int]]) -> None:
    held: dict[tuple[str, str, int], list[Any]] = defaultdict(list)
    for m, j, q, t in stored:
        held[m, j, t].append(from_stock[m, j, q, t])
    stock: dict[Any, Row] = {}
    draw: dict[Any, Row] = {}
    for (m, j, t), columns in held.items():
        stockpile, before = f.case.stockpile_of[m, j], [y for y in f.case.years if y < t][-1:]
        signs = [1.0] * len(columns) + [-1.0] * len(before)
        last = [f.stock[m, j, year] for year in before]
        stock[m, j, t] = None, [*columns, *last], signs, 0.0 if before else stockpile.opening
        if stockpile.max_draw is not None:
            draw[m, j, t] = None, columns, None, stockpile.max_draw
    f.constraints(TIER_STOCK, stock)
    f.constraints(TIER_DRAW, draw)


def arrays(b: builder.Builder) -> None:
    """Add the rows of ``model`` as arrays, after the shortages of tiers."""
    e, number = b.expanded, b.names.number
    if not e.cut_off:
        return
    supply: dict[tuple[int, ...], int] = {}  # the position of each row, by its key
    need: dict[tuple[int, ...], int] = {}
    allotted, stored, tonnes = list[tuple[int, ...]](), list[tuple[int, ...]](), list[float]()
    for (m, j, t), patterns in e.cut_off.items():
        of_cell = b.expanded.case.tiers_of[e.minerals[m], e.members[j], e.years[t]]
        for of in patterns:
            key = number(pattern_key(of))
            supply[m, j, key, t] = len(supply)
            allotted += [(m, j, key, number(tier), t) for tier in of]
        for tier, amount in of_cell.items():
            key = number(tier)
            need[m, j, key, t] = len(need)
            tonnes.append(amount)
            stored += [(m, j, key, t)] if e.has_stock[m, j] else []
    columns = b.add_columns(ALLOTTED, builder.key_arrays(allotted, 5))
    from_stock = b.add_columns(FROM_STOCK, builder.key_arrays(stored, 4))
    rows = b.add_rows(PATTERN_SUPPLY, builder.key_arrays([*supply], 4), most=0.0)
    b.add_entries(rows[[supply[m, j, of, t] for m, j, of, _, t in allotted]], columns, 1.0)
    of_delivery, deliveries = _supply_of_deliveries(b, supply)
    b.add_entries(rows[of_delivery], b.flow[deliveries], -1.0)
    rows = b.add_rows(TIER_NEED, builder.key_arrays([*need], 4), least=np.array(tonnes))
    b.add_entries(rows[[need[m, j, tier, t] for m, j, _, tier, t in allotted]], columns, 1.0)
    b.add_entries(rows[[need[key] for key in stored]], from_stock, 1.0)
    short = _columns_by_key(b.tier_short)
    b.add_entries(rows, builder.integers([short[key] for key in need]), 1.0)
    _stock_arrays(b, stored, from_stock)


def _supply_of_deliveries(
    b: builder.Builder, supply: Mapping[tuple[int, ...], int]
) -> tuple[Ints, Ints]:
    """Return the deliveries of the cells with tiers cut off, and the row of each in ``supply``."""
    e, d = b.expanded, b.expanded.deliveries
    cells = np.zeros(e.demand.shape, dtype=bool)
    cells[builder.key_arrays([*e.cut_off], 3)] = True
    every = np.flatnonzero(cells[d.mineral, d.member, d.year])
    found = np.zeros(len(every), dtype=np.int64)
    for m in np.unique(d.mineral[every]).tolist():
        inside = np.flatnonzero(d.mineral[every] == m)
        at, lanes = every[inside], e.lanes[e.minerals[m]]
        place = d.source[at] - lanes.sources[0], d.member[at], d.year[at]
        codes = lanes.patterns[place]
        keys = {
            code: b.names.number(pattern_key(pattern(lanes, code))) for code in {*codes.tolist()}
        }
        index = zip(codes.tolist(), place[1].tolist(), place[2].tolist(), strict=True)
        found[inside] = [supply[m, j, keys[code], t] for code, j, t in index]
    return found, every


def _columns_by_key(columns: tuple[Ints, ...]) -> dict[tuple[int, ...], int]:
    """Return columns by their keys; the last array has the columns."""
    *key, at = (part.tolist() for part in columns)
    return dict(zip(zip(*key, strict=True), at, strict=True))


def _stock_arrays(b: builder.Builder, stored: Sequence[tuple[int, ...]], columns: Ints) -> None:
    """Add the rows that limit what tiers get from a reserve: ``columns``, with keys ``stored``."""
    case, e = b.expanded.case, b.expanded
    index, of = builder.unique_keys(*builder.key_arrays([(m, j, t) for m, j, _, t in stored], 3))
    cells = list(zip(*(part.tolist() for part in index), strict=True))
    stockpiles = [case.stockpile_of[e.minerals[m], e.members[j]] for m, j, _ in cells]
    opening = [
        0.0 if t else stockpile.opening
        for stockpile, (*_, t) in zip(stockpiles, cells, strict=True)
    ]
    rows = b.add_rows(TIER_STOCK, index, most=np.array(opening, dtype=float))
    b.add_entries(rows[of], columns, 1.0)
    stock = _columns_by_key(b.stock)
    later = [i for i, (*_, t) in enumerate(cells) if t]
    before = [stock[m, j, t - 1] for m, j, t in (cells[i] for i in later)]
    b.add_entries(rows[later], builder.integers(before), -1.0)
    most = np.array([np.inf if p.max_draw is None else p.max_draw for p in stockpiles], dtype=float)
    at = np.flatnonzero(np.isfinite(most))
    rows = b.add_rows(TIER_DRAW, tuple(part[at] for part in index), most=most[at])
    place = np.full(len(cells), -1)
    place[at] = np.arange(len(at))
    limited = np.flatnonzero(place[of] >= 0)
    b.add_entries(rows[place[of[limited]]], columns[limited], 1.0)


FAMILY = Family(model, arrays)
