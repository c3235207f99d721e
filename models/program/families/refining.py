"""Refining: a refiner's sales are at most the capacity that it offers to the coalition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from models import case, resolve, schema
from models.program import builder, component, market
from models.program.family import Family

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved


def _label(plan: Solved, key: Any) -> component.Label:
    name, mineral, year = key
    record: Any = plan.record(name, "", mineral)
    share = _open_part(record, year)
    part = f", {share * 100:.4g} % of it open to the coalition" if share < 1 else ""
    what = f"capacity of {plan.supplier_words(name, '', mineral)}{part}"
    return component.Label(what, CAPACITY.place(record, year))


def _step(plan: Solved, key: Any, at: int) -> tuple[float, component.LimitStep]:
    """Return the capacity, and one tonne of it, times the share open to the coalition."""
    name, mineral, year = key
    refiner: Any = plan.record(name, "", mineral)
    open_part = _open_part(refiner, year)
    if open_part > 0:
        return refiner.capacity.value(year), component.LimitStep(at, open_part)
    return float(plan.program.rows.row_upper[at]), component.LimitStep(at, 1.0)


def _open_part(refiner: schema.Refiner, year: int) -> float:
    share = refiner.available_share.at(year)
    return 1.0 if share is None else share


def _fully_used(plan: Solved, flow: Flow) -> component.Obstacle:
    source = plan.expanded.sources[flow.source]
    return component.Obstacle(
        "capacity open to the coalition is used up at", source.project or source.name
    )


CAPACITY = component.Rows(
    name="refining_capacity",
    key=(component.REFINER, component.MINERAL, component.YEAR),
    meaning="A refiner's sales are at most its capacity that is open to the coalition.",
    cell=(schema.Refiner, "capacity"),
    kind="capacity",
    label=_label,
    bears_on=component.key_matches,
    relaxable="capacities and the part of them that is open",
    is_capacity=True,
    obstacles=component.obstacle_when_full(_fully_used),
    obstacle_rank=0,
    step=_step,
    divided=market.by_right,
)


def model(f: Frame) -> None:
    r"""A refiner's sales in a year are at most its usable capacity.

    .. math:: \sum_{j} \Bigl( x_{r,m,j,t} + \sum_{k \in K_{r,j}} y_{k,t} \Bigr) + \sum_p f_{r,p,t}
              \le capacity_{r,m,t} \cdot available_{r,m,t}                       [t/yr]

    Spot x, contracted y and sales to plants f are variables that all families share. A source's
    sales include f, also in Projects, Ore, Continuity and Security.

    variables   none
    posts       into the member's balance x and y; cost headings "purchase" and "support" (a
                scenario's payment per tonne: negative)
    dual        the scarcity rent: the saving of one more tonne of usable capacity [money/t]
    source      capacitated transportation problem, Ahuja, Magnanti & Orlin (1993), ch. 1.2
    """
    e = f.expanded
    rows: dict[Any, Row] = {}
    for (r, t), columns in f.by_source_year.items():
        source = e.sources[r]
        if not source.project:
            most = float(e.usable[r, t])
            rows[source.name, source.mineral, e.years[t]] = (None, columns, None, most)
    f.constraints(CAPACITY, rows)
    minerals, members, years = (f.of_deliveries(n).tolist() for n in ("mineral", "member", "year"))
    for column, m, j, t in zip(f.delivery, minerals, members, years, strict=True):
        f.into(f.key(m, j, t), column)
    f.add_cost(market.PURCHASE, f.delivery, f.of_deliveries("cost"), f.years_of_deliveries)
    f.add_cost(market.SUPPORT, f.delivery, -f.of_deliveries("support"), f.years_of_deliveries)


def arrays(b: builder.Builder) -> None:
    e, d = b.expanded, b.expanded.sales
    own = np.array([not s.project for s in e.sources], dtype=bool)
    at = np.flatnonzero(own[d.source])
    b.upper_limit(CAPACITY, at, e.usable[d.source[at], d.year[at]])


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    for r in cells.case.refiners:
        running = [y for y in cells.case.years if case.in_force(r, y)]
        who = f"{r.name} ({cells.case.country_name(r.country)})"
        for year, was in cells.values_in_force(r.capacity, running):
            cells.add_cell(
                r, "capacity", year, what=f"capacity of {who}", unit="t/yr", was=was,
                loosens=(CAPACITY, (r.name, r.mineral, year)), times=_open_part(r, year),
            )  # fmt: skip
        for year, was in cells.values_in_force(r.available_share, running):
            what = f"the part of {who} that is open to the coalition"
            cells.add_cell(
                r, "available_share", year, what=what, unit=component.SHARE, was=was, most=1.0,
                loosens=(CAPACITY, (r.name, r.mineral, year)), times=r.capacity.value(year),
            )  # fmt: skip


def _right(e: resolve.Expanded) -> Iterator[tuple[component.Rows, Any, float]]:
    for r, source in enumerate(e.sources):
        for t, year in enumerate(e.years):
            if not source.project:
                yield CAPACITY, (source.name, source.mineral, year), float(e.usable[r, t])


FAMILY = Family(
    model,
    arrays,
    relaxation=component.Relaxation(
        _relaxable_cells, ("refiners", ("capacity", "available_share")), _right, rank=1
    ),
)
