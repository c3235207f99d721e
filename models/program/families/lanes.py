"""Lanes: refined mineral moves from a refiner's country to a member, at a cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models import resolve, schema
from models.case import Case, in_force
from models.program import builder, component, market
from models.program.family import Family
from models.program.market import by_member

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved


def _lane_row(
    rows: Sequence[schema.Lane],
    field: str,
    lane: tuple[str, str, str, str, int],
    company: str = "",
    tier: str = "",
) -> schema.Lane | None:
    """Return the last row of Lanes that matches a lane and fills the given field.

    The lane is (mineral, country, refiner, member, year); the refiner is "" for the Max of a
    country. ``company`` is the supplier's owner: rows that a scenario adds may select by it. Rows
    with another tier than ``tier`` don't match.
    """
    mineral, country, refiner, member, year = lane
    matching = (
        row
        for row in reversed(rows)
        if getattr(row, field) is not None
        and (field != "max" or bool(row.refiner) == bool(refiner))
        and row.mineral in {"", mineral}
        and row.country in {"", country}
        and row.refiner in {"", refiner}
        and row.company in {"", company}
        and row.member in {"", member}
        and row.tier in {"", tier}
        and in_force(row, year)
    )
    return next(matching, None)


def _country_label(plan: Solved, key: Any) -> component.Label:
    country, mineral, member, year = key
    row = _lane_row(plan.case.lanes, "max", (mineral, country, "", member, year))
    what = f"the lane from {plan.case.country_name(country)} to {member}"
    return component.Label(what, None if row is None else COUNTRY_MAX.place(row, year))


def _refiner_label(plan: Solved, key: Any) -> component.Label:
    name, project, mineral, member, year = key
    record: Any = plan.record(name, project, mineral)
    row = _lane_row(plan.case.lanes, "max", (mineral, record.country, name, member, year))
    what = f"the lane from {project or name} to {member}"
    return component.Label(what, None if row is None else REFINER_MAX.place(row, year))


def _reached(plan: Solved, flow: Flow) -> component.Obstacle:
    source = plan.expanded.sources[flow.source]
    return component.Obstacle("the lane's Max is reached from", source.project or source.name)


_most_on_lanes = partial(
    component.Rows,
    cell=(schema.Lane, "max"),
    kind="lane",
    bears_on=component.key_matches,
    relaxable="lanes",
    obstacles=component.obstacle_when_full(_reached),
    obstacle_rank=1,
    divided=by_member,
)
COUNTRY_MAX = _most_on_lanes(
    name="country_lane_max",
    key=(component.COUNTRY, component.MINERAL, component.MEMBER, component.YEAR),
    meaning="Shipments from one country to a member are at most the lane's Max.",
    label=_country_label,
)
REFINER_MAX = _most_on_lanes(
    name="refiner_lane_max",
    key=(component.REFINER, component.PROJECT, component.MINERAL, component.MEMBER, component.YEAR),
    meaning="Shipments from one refiner to a member are at most the lane's Max.",
    label=_refiner_label,
)


def model(f: Frame) -> None:
    r"""Shipments from one country, or one refiner, to a member are at most the lane's Max.

    .. math:: \sum_{r \in R_{c}} (x_{r,m,j,t} + y_{r,m,j,t}) \le max_{m,c,j,t}, \qquad
              x_{r,m,j,t} + y_{r,m,j,t} \le max_{r,m,j,t}                        [t/yr]

    variables   none; a closed lane has no column
    posts       cost headings "tariff" (a fraction of cost or price), "freight" and "levy" (which
                raises the price of imports to a price floor, at the border of its zone)
    dual        the saving of one more tonne of lane capacity [money/t]
    source      minimum-cost multicommodity flow, Ahuja, Magnanti & Orlin (1993), ch. 17
    """
    e = f.expanded
    of_country: dict[tuple[str, str, str, int], tuple[list[Any], float]] = {}
    of_refiner: dict[Any, Row] = {}
    has_max = any(e.lanes[e.minerals[m]].has_max for m, _ in f.cells)
    for (r, j, t), columns in f.by_source_member_year.items() if has_max else ():
        source, member, year = e.sources[r], e.members[j], e.years[t]
        refiner_max, country_max = e.lane_max(r, j, t)
        if math.isfinite(refiner_max):
            of_refiner[*source.key, member, year] = (None, columns, None, refiner_max)
        if math.isfinite(country_max):
            at = (source.country, source.mineral, member, year)
            of_country.setdefault(at, ([], country_max))[0].extend(columns)
    f.constraints(COUNTRY_MAX, {k: (None, c, None, most) for k, (c, most) in of_country.items()})
    f.constraints(REFINER_MAX, of_refiner)
    years = f.years_of_deliveries
    tariff = f.of_deliveries("cost") * f.of_deliveries("tariff")
    f.add_cost(market.TARIFF, f.delivery, tariff, years)
    f.add_cost(market.FREIGHT, f.delivery, f.of_deliveries("freight"), years)
    f.add_cost(market.LEVY, f.delivery, f.of_deliveries("levy"), years)


def arrays(b: builder.Builder) -> None:
    e, d = b.expanded, b.expanded.deliveries
    shape = (len(e.sources), len(e.members), len(e.years))
    of_refiner, of_country = np.full(shape, np.inf), np.full(shape, np.inf)
    for name in e.minerals:
        found = e.lanes[name]
        if found.sources:
            # the sources of a mineral are neighbours among all sources
            mine = slice(found.sources[0], found.sources[-1] + 1)
            place = [found.countries.index(e.sources[i].country) for i in found.sources]
            of_refiner[mine], of_country[mine] = found.refiner_max, found.country_max[place]
    for rows, every in ((REFINER_MAX, of_refiner), (COUNTRY_MAX, of_country)):
        most = every[d.source, d.member, d.year]
        at = np.flatnonzero(np.isfinite(most))
        b.upper_limit(rows, at, most[at])


def _lane_words(case: Case, row: schema.Lane) -> str:
    seller = row.refiner or row.company or case.country_name(row.country) or "every country"
    return f"row {row.row}: lanes from {seller} to {row.member or 'every member'}"


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    """Closed lanes may be opened, and the Max of others raised."""
    mine = [row for row in cells.case.lanes if row.mineral in {"", *cells.e.minerals}]
    opens = [row for row in mine if row.open is not None]
    widths = [row for row in mine if row.max is not None]
    if all(row.open for row in opens):
        opens = []
    if not opens and not widths:
        return
    sizes = (len(cells.e.sources), len(cells.e.members), len(cells.e.years))
    for r, j, t in itertools.product(*map(range, sizes)):
        source, member, year = cells.e.sources[r], cells.e.members[j], cells.e.years[t]
        mineral, country, name = source.mineral, source.country, source.name
        tiers = cells.case.demand_tiers.get((mineral, member), ("",))
        only = tiers[0] if len(tiers) == 1 else ""  # a row for the only tier is one for all
        row = _lane_row(opens, "open", (mineral, country, name, member, year), source.company, only)
        if row is not None and not row.open:
            words = _lane_words(cells.case, row)
            cell = cells.add_cell(row, "open", year, what=words, unit=component.OPEN, was=0.0)
            if cell is not None:
                cell.lanes.append((r, j, t))
        elif (cells.e.mineral_at[mineral], j, t) in cells.e.cut_off:
            _openable_tiers(cells, opens, (r, j, t))
        limits: tuple[tuple[str, component.Rows, Any], ...] = (
            ("", COUNTRY_MAX, (country, mineral, member, year)),
            (name, REFINER_MAX, (name, source.project, mineral, member, year)),
        )
        for refiner, *limit in limits:
            row = _lane_row(widths, "max", (mineral, country, refiner, member, year))
            if row is not None and row.max is not None and cells.is_new(*limit):
                words, loosens = _lane_words(cells.case, row), tuple(limit)
                cells.add_cell(
                    row, "max", year, what=words, unit="t/yr", was=row.max, loosens=loosens
                )


def _openable_tiers(
    cells: component.RelaxableCells, opens: Sequence[schema.Lane], at: tuple[int, int, int]
) -> None:
    """Add the rows that close a lane, open to other tiers of the member, to a tier."""
    e, source = cells.e, cells.e.sources[at[0]]
    member, year = e.members[at[1]], e.years[at[2]]
    served = resolve.pattern_of(e, *at)
    for tier in cells.case.tiers_of[source.mineral, member, year]:
        lane = (source.mineral, source.country, source.name, member, year)
        row = _lane_row(opens, "open", lane, source.company, tier)
        if served and tier not in served and row is not None and row.tier:
            words = f"{_lane_words(cells.case, row)}, for {tier}"
            cell = cells.add_cell(row, "open", year, what=words, unit=component.OPEN, was=0.0)
            if cell is not None:
                cell.tiers.append((*at, tier))


def _right(e: resolve.Expanded) -> Iterator[tuple[component.Rows, Any, float]]:
    for r, s in enumerate(e.sources):
        for t, year in enumerate(e.years):
            for j, member in enumerate(e.members):
                own, of_country = e.lane_max(r, j, t)
                if math.isfinite(own):
                    yield REFINER_MAX, (*s.key, member, year), own
                if math.isfinite(of_country):
                    yield COUNTRY_MAX, (s.country, s.mineral, member, year), of_country


FAMILY = Family(
    model,
    arrays,
    relaxation=component.Relaxation(_relaxable_cells, ("lanes", ("open", "max")), _right, rank=3),
)
