"""Continuity: today's purchases, and agreed ones, cannot change overnight."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.program import builder, component, market
from models.program.family import Family
from models.resolve import Ints, growth
from models.schema import CurrentSupply, Refiner, Settings

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved

SWITCHING_COST = component.CostHeading("switching")


def _switching_label(plan: Solved, key: Any) -> component.Label:
    today = (s for s in plan.case.current_supply if (s.refiner, s.mineral, s.member) == key)
    places = (SWITCHING.place(s, plan.case.years[0]) for s in today)
    return component.Label(f"the cost of leaving {key[0]}", next(places, None))


def _growth_label(plan: Solved, key: Any) -> component.Label:
    name, mineral, year = key
    place = GROWTH.place(plan.record(name, "", mineral), year)
    return component.Label(f"the sales of {name} that Max growth allows in {year}", place)


def _growth_step(plan: Solved, _: Any, at: int) -> tuple[float, component.LimitStep]:
    sold = (a * float(plan.x[c]) for c, a in plan.row_entries(at) if a > 0)
    return sum(sold), component.LimitStep(at, 1.0)


def _no_faster(_: Solved, __: Flow) -> component.Obstacle:
    words = "at the sales that Max growth allows"
    return component.Obstacle(f"supplier {words}", many=f"suppliers {words}")


SWITCHED = component.Columns(
    name="switched",
    key=(component.REFINER, component.MINERAL, component.MEMBER),
    meaning="How far a flow in the first year is below today's.",
    cell=(Settings, "switching_cost"),
    headings=(SWITCHING_COST,),
    is_move=False,
    move="no longer bought from {refiner}: {member}",
)
SWITCHING = component.Rows(
    name="switching",
    key=(component.REFINER, component.MINERAL, component.MEMBER),
    meaning="Buying less from a supplier than today has a cost.",
    cell=(CurrentSupply, "tonnes"),
    kind="switching",
    label=_switching_label,
    divided=market.by_member,
)
GROWTH = component.Rows(
    name="sales_growth",
    key=(component.REFINER, component.MINERAL, component.YEAR),
    meaning="A refiner's sales to the coalition grow no faster than Max growth.",
    cell=(Refiner, "max_growth"),
    kind="growth",
    label=_growth_label,
    bears_on=component.key_matches,
    relaxable=component.NOT_RELAXABLE,
    obstacles=component.obstacle_when_full(_no_faster),
    obstacle_rank=4,
    step=_growth_step,
    divided=market.by_right,
)
_agreed_limit = partial(
    component.Rows,
    kind="agreed",
    bears_on=component.key_matches,
    relaxable=component.NOT_RELAXABLE,
    obstacles=component.obstacle_when_full(_no_faster),
    obstacle_rank=4,
)
AGREED_SALES = _agreed_limit(
    name="agreed_sales",
    key=component.SOURCE_YEAR,
    meaning="A supplier sells no more than its orders before an event allow.",
    label=lambda _, key: component.Label(
        f"the most that {key[1] or key[0]} may sell above its orders"
    ),
    divided=market.by_right,
)
AGREED_PURCHASES = _agreed_limit(
    name="agreed_purchases",
    key=(component.REFINER, component.PROJECT, component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A member buys no more from a supplier than its orders before an event allow.",
    label=lambda _, key: component.Label(
        f"the most that {key[1] or key[0]} may sell {key[3]} above its orders"
    ),
    divided=market.by_member,
)


def model(f: Frame) -> None:
    r"""Buying less than today from a supplier has a cost; growth of sales and orders are limited.

    .. math:: d_{r,j} \ge today_{r,j} - (x + y)_{r,j,t_0}, \qquad
              S_{r,t} \le (1 + g_r)^{t - t'} S_{r,t'} + floor_{r,t}, \qquad
              S_{r,t} \le agreed_{r,t}, \qquad (x + y)_{r,j,t} \le agreed_{r,j,t}       [t/yr]

    S are a refiner's sales to the coalition; t' is the year before (for the first year: today). The
    floor is for a refiner that sells nothing today (``models.resolve.growth``). After an event, a
    source, and each member's purchases from it, may not exceed the agreed orders and the surge.

    variables   switched d [t]: how far a flow in the first year is below today's
    posts       cost heading "switching" (d at the switching cost)
    dual        of growth and of agreed orders: the saving of one more tonne of sales [money/t]
    source      adjustment costs, Holt, Modigliani, Muth & Simon (1960), Planning Production,
                Inventories, and Work Force
    """
    _switching(f)
    _growth(f)
    _fixed_bounds(f)


def _switching(f: Frame) -> None:
    case, e = f.case, f.expanded
    price = case.settings.switching_cost
    first = [e.minerals[m] for m, t in f.cells if t == 0]
    today = {
        (s.refiner, s.mineral, s.member): s.tonnes
        for s in case.current_supply
        if price > 0 and s.tonnes > 0 and s.mineral in first and s.member
    }
    switched = f.variables(SWITCHED, today)
    rows: dict[Any, Row] = {}
    for key, tonnes in today.items():
        refiner, mineral, member = key
        at = (e.source_of_refiner[refiner, mineral], e.member_at[member], 0)
        flows = f.by_source_member_year.get(at, [])
        rows[key] = (tonnes, [*flows, switched[key]], None, None)
    f.constraints(SWITCHING, rows)
    prices, years = [price] * len(today), [e.years[0]] * len(today)
    f.add_cost(SWITCHING_COST, list(switched.values()), prices, years)


def _growth(f: Frame) -> None:
    e = f.expanded
    rows: dict[Any, Row] = {}
    for (r, t), columns in f.by_source_year.items():
        record = e.sources[r].record
        if not isinstance(record, Refiner):
            continue
        allowed = growth(f.case, record, e.years[t], float(e.usable[r, t]))
        if allowed is None:
            continue
        before = f.by_source_year.get((r, t - 1), []) if allowed.before is not None else []
        amounts = [1.0] * len(columns) + [-allowed.times] * len(before)
        key = (record.name, record.mineral, e.years[t])
        rows[key] = (None, [*columns, *before], amounts, allowed.most)
    f.constraints(GROWTH, rows)


def _fixed_bounds(f: Frame) -> None:
    e = f.expanded
    ceilings = {c[:4]: c[4] for c in f.case.ceilings}
    of_member = {c[:5]: c[5] for c in f.case.member_ceilings}
    bought: dict[Any, Row] = {}
    for (r, j, t), columns in f.by_source_member_year.items() if of_member else ():
        at = (*e.sources[r].key, e.members[j], e.years[t])
        if at in of_member:
            bought[at] = (None, columns, None, of_member[at])
    rows: dict[Any, Row] = {}
    for (r, t), columns in f.by_source_year.items():
        key = (*e.sources[r].key, e.years[t])
        if key in ceilings:
            rows[key] = (None, columns, None, ceilings[key])
    f.constraints(AGREED_SALES, rows)
    f.constraints(AGREED_PURCHASES, bought)


def arrays(b: builder.Builder) -> None:
    _switching_arrays(b)
    _growth_arrays(b)
    _agreed_arrays(b)


def _switching_arrays(b: builder.Builder) -> None:
    e, d, case = b.expanded, b.expanded.deliveries, b.expanded.case
    price = case.settings.switching_cost
    today = [
        (e.source_of_refiner[s.refiner, s.mineral], e.member_at[s.member], s.tonnes)
        for s in case.current_supply
        if price > 0 and s.tonnes > 0 and s.member
    ]
    r, j = builder.key_arrays([(r, j) for r, j, _ in today], 2)
    switched = b.add_columns(SWITCHED, (r, j), price=price)
    rows = b.add_rows(SWITCHING, (r, j), least=np.array([t for *_, t in today]))
    b.add_entries(rows, switched, 1.0)
    place = np.full((len(e.sources), len(e.members)), -1)
    place[r, j] = rows
    at = np.flatnonzero(d.year == 0)
    found = place[d.source[at], d.member[at]]
    b.add_entries(found[found >= 0], b.flow[at[found >= 0]], 1.0)


def _sales_by_source_year(b: builder.Builder) -> dict[tuple[int, int], Ints]:
    d = b.expanded.sales
    (r, t), inverse = builder.unique_keys(d.source, d.year)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse, minlength=len(r)))
    parts = np.split(b.sold[order], ends[:-1]) if len(r) else []
    return dict(zip(zip(r.tolist(), t.tolist(), strict=True), parts, strict=True))


def _growth_arrays(b: builder.Builder) -> None:
    e, case = b.expanded, b.expanded.case
    if all(r.max_growth is None for r in case.refiners):
        return
    sold = _sales_by_source_year(b)
    found = []
    for (r, t), columns in sold.items():
        record = e.sources[r].record
        if not isinstance(record, Refiner):
            continue
        allowed = growth(case, record, e.years[t], float(e.usable[r, t]))
        if allowed is not None:
            empty = columns[:0]
            before = empty if allowed.before is None else sold.get((r, t - 1), empty)
            found.append((r, t, allowed, columns, before))
    index = builder.key_arrays([(r, t) for r, t, *_ in found], 2)
    rows = b.add_rows(GROWTH, index, most=np.array([allowed.most for _, _, allowed, *_ in found]))
    for row, (_, _, allowed, columns, before) in zip(rows.tolist(), found, strict=True):
        b.add_entries(np.full(len(columns), row), columns, 1.0)
        b.add_entries(np.full(len(before), row), before, -allowed.times)


def _agreed_arrays(b: builder.Builder) -> None:
    e, d, case = b.expanded, b.expanded.sales, b.expanded.case
    if case.ceilings:
        most = e.ceilings[d.source, d.year]
        at = np.flatnonzero(np.isfinite(most))
        b.upper_limit(AGREED_SALES, at, most[at])
    if case.member_ceilings:
        known = {c[:5]: c[5] for c in case.member_ceilings}
        sizes = (len(e.sources), len(e.members), b.years)
        keys = b.keys_of(AGREED_PURCHASES, [part.ravel() for part in np.indices(sizes)])
        every = np.array([known.get(key, np.inf) for key in keys]).reshape(sizes)
        most = np.where(d.member < 0, np.inf, every[d.source, d.member, d.year])
        at = np.flatnonzero(np.isfinite(most))
        b.upper_limit(AGREED_PURCHASES, at, most[at])


def _ties(case: Case) -> Iterable[str]:
    return (r.mineral for r in case.refiners if r.max_growth is not None)


FAMILY = Family(model, arrays, ties=_ties)
