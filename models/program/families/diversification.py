"""Diversification: limits on suppliers' shares of a buyer's demand or purchases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, count, groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from models import measures, schema
from models.case import Case, in_force
from models.program import component
from models.program.builder import (
    STAGES,
    Builder,
    integers,
    key_arrays,
    positions_in_ranges,
    unique_keys,
)
from models.program.family import Family
from models.program.market import PLANT_DEMAND, TRANSFERRED, by_demand, to_nobody
from models.resolve import Bools, Cap, Floats, Ints, caps, supplier_names, whole_need

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved

PENALTY = component.CostHeading("limit penalty", is_penalty=True)
_COALITION = "the coalition"


def _limit_words(case: Case, cap: Cap) -> str:
    """Return a cap in words: ``the limit in row 2 of Share limits (at most 65 % ...)``."""
    supplier = case.supplier_name(cap.record.group, cap.supplier)
    if cap.record.group != schema.BY_COUNTRY:
        supplier = f"{cap.record.group} {supplier}"
    buyer = cap.buyer or _COALITION
    stage = " (ore)" if cap.record.stage == schema.MINING else ""
    at = f" in row {cap.record.row} of Share limits" if cap.record.row else ""
    most = "most" if cap.is_max else "least"
    return f"the limit{at} (at {most} {cap.share * 100:.4g} % from {supplier}{stage}, for {buyer})"


def _label(plan: Solved, key: Any) -> component.Label:
    cap = plan.cap_of[key]
    place = SHARE.place(cap.record, cap.year)
    kind = "" if cap.is_max else "minimum share"
    return component.Label(_limit_words(plan.case, cap), place, unit="point", kind=kind)


def _bears_on(plan: Solved, _: component.Rows, key: Any, where: component.Where) -> bool:
    cap = plan.cap_of[key]
    is_buyer = plan.expanded.member_at[where[1]] in cap.buyers
    return (cap.mineral, cap.year) == (where[0], where[2]) and is_buyer


def _obstacles(plan: Solved, flow: Flow, _: Sequence[int]) -> Iterator[component.Obstacle]:
    """Yield the limits that bind, on what the source sells or on the ore that it needs."""
    source, year = plan.expanded.sources[flow.source], plan.expanded.years[flow.year]
    found = plan.binding_caps.get(flow.delivery, [])
    if source.needs_ore:
        found = sorted([*found, *plan.binding_caps.get((source.mineral, year), [])])
    obstacles = plan.cached(_binding_obstacles) if found else {}
    yield from (obstacles[i] for i in found)


def _binding_obstacles(plan: Solved) -> dict[int, component.Obstacle]:
    every = {i for found in plan.binding_caps.values() for i in found}
    return {i: component.Obstacle(f"{_limit_words(plan.case, plan.caps[i])} binds") for i in every}


def _step(plan: Solved, key: Any, at: int) -> tuple[float, component.LimitStep]:
    """Return the share, and what a point more of it changes: a hundredth of the base.

    That is demand at the right, and the base's columns in the row.
    """
    cap = plan.cap_of[key]
    base = [
        column
        for column, _ in plan.row_entries(at)
        if plan.column_key(column)[0] in {PURCHASES_OF, PLANT_DEMAND, TRANSFERRED}
    ]
    demand = 0.0 if cap.of_purchases else cap.demand
    entries = tuple((column, -measures.POINT) for column in base)
    return cap.share, component.LimitStep(at, measures.POINT * demand, entries)


def _slope(plan: Solved, key: Any, where: component.Where) -> float:
    """Return the share of one more tonne of demand that the supplier may sell."""
    cap, (mineral, member, year) = plan.cap_of[key], where
    is_in_base = plan.expanded.member_at[member] in cap.buyers and not cap.of_purchases
    return cap.share if is_in_base and (cap.mineral, cap.year) == (mineral, year) else 0.0


EXCESS = component.Columns(
    name="excess",
    key=(component.LIMIT, component.MINERAL, component.BUYER, component.SUPPLIER, component.YEAR),
    meaning="Tonnes above a share limit that has a penalty.",
    cell=(schema.ShareLimit, "penalty"),
    headings=(PENALTY,),
    move="above the limit on {supplier}, {year}",
)
PURCHASES_OF = component.Columns(
    name="base",
    key=(component.STAGE, component.MINERAL, component.BUYER, component.YEAR),
    meaning="All purchases of a buyer, if limits are shares of purchases.",
    is_move=False,
    move="base",
)
SHARE = component.Rows(
    name="share_limit",
    key=(component.LIMIT, component.MINERAL, component.BUYER, component.SUPPLIER, component.YEAR),
    meaning="A supplier's share of a buyer's demand or purchases is within the limit.",
    cell=(schema.ShareLimit, "share"),
    kind="share limit",
    label=_label,
    bears_on=_bears_on,
    relaxable="share limits",
    obstacles=_obstacles,
    is_always_asked=True,
    step=_step,
    slope=_slope,
    divided=by_demand,
)
TOTAL = component.Rows(
    name="purchases_total",
    key=(component.STAGE, component.MINERAL, component.BUYER, component.YEAR),
    meaning="A buyer's purchases add up to their total.",
    kind="purchases",
    label=lambda _, __: component.Label(
        "the tonnes that share limits allow for one more tonne of purchases"
    ),
    through=(PURCHASES_OF,),
    divided=to_nobody,
)


def model(f: Frame) -> None:
    r"""The flow from a supplier group to a buyer is at most, or at least, a share of the base.

    .. math:: \sum_{r \in S, j \in B} (x + y)_{r,m,j,t} \le share \cdot base_{m,B,t} + e, \qquad
              \sum_{r \in S, j \in B} (x + y)_{r,m,j,t} \ge share \cdot base_{m,B,t} - e    [t/yr]

    The base is the buyer's demand; for a max in basis purchases it is a column Q, the total of the
    buyer's purchases. In stage mining the ore behind the flow counts. A hard max has no excess e.
    If the buyer is the coalition, sales to plants count as flows and as purchases, and the base of
    an input is demand + T (see Inputs). The base of another buyer is its demand and the inputs that
    it hands to plants.

    variables   excess e [t]; total purchases Q [t] in basis purchases, in stage mining of ore
    posts       cost heading "limit penalty" (e at the limit's penalty)
    dual        the saving if the limit were one tonne looser [money/t]
    source      the share of annual consumption of Regulation (EU) 2024/1252, Art. 5(1)(b)
    """
    every = ((cap, _capped_columns(f, cap)) for cap in f.caps)
    counted = {cap.key: (cap, found) for cap, found in every if cap.penalty is not None or found}
    soft = [cap for cap, _ in counted.values() if cap.penalty is not None]
    excess = f.variables(EXCESS, [cap.key for cap in soft])
    penalties = [cap.penalty or 0.0 for cap in soft]
    f.add_cost(PENALTY, [excess[cap.key] for cap in soft], penalties, [cap.year for cap in soft])
    purchases = _add_purchases(f, [cap for cap, _ in counted.values() if cap.of_purchases])
    rows: dict[Any, Row] = {}
    for cap, found in counted.values():
        columns, amounts, right = [*found], [1.0] * len(found), cap.share * cap.demand
        if cap.penalty is not None:
            columns.append(excess[cap.key])
            amounts.append(-1.0 if cap.is_max else 1.0)
        if cap.of_purchases:
            base, right = [purchases[_base_key(cap)]], 0.0
        else:
            base = _plant_demand(f, cap) if cap.share > 0 else []
        columns, amounts = [*columns, *base], [*amounts, *[-cap.share] * len(base)]
        limits = (None, columns, amounts, right) if cap.is_max else (right, columns, amounts, None)
        rows[cap.key] = limits
    f.constraints(SHARE, rows)


def _plant_demand(f: Frame, cap: Cap) -> list[Any]:
    """Return the columns in a cap's base that are added to its buyer's demand."""
    e = f.expanded
    m, t = e.mineral_at[cap.mineral], e.years.index(cap.year)
    if not cap.buyer:
        return [f.plant_demand[m, t]] if (m, t) in f.plant_demand else []
    return [
        column
        for (i, j, when), column in f.transferred.items()
        if when == t and j in cap.buyers and e.plant_inputs[i].mineral == cap.mineral
    ]


def _capped_columns(f: Frame, cap: Cap) -> list[Any]:
    """Return the columns that count under a cap: deliveries, or in stage mining the ore."""
    if not cap.is_mining:
        return f.columns_of(cap.flows)
    ore = (f.ore_of.get((country, cap.mineral, cap.year), ()) for country in cap.ore)
    return [*chain.from_iterable(ore)]


def _base_key(cap: Cap) -> tuple[str, str, str, int]:
    return (cap.record.stage, cap.mineral, cap.buyer, cap.year)


def _add_purchases(f: Frame, caps_on_purchases: list[Cap]) -> Any:
    """Add a column for each buyer's total purchases, so that a cap's row has few entries."""
    e, cap_of_base = f.expanded, {_base_key(cap): cap for cap in caps_on_purchases}
    delivered = f.deliveries_by("mineral", "member", "year") if cap_of_base else {}
    total = f.variables(PURCHASES_OF, cap_of_base)
    rows: dict[Any, Row] = {}
    for key, cap in cap_of_base.items():
        if cap.is_mining:
            ore = (columns for at, columns in f.ore_of.items() if at[1:] == (cap.mineral, cap.year))
            flows = [*chain.from_iterable(ore)]
        else:
            m, t = e.mineral_at[cap.mineral], e.years.index(cap.year)
            flows = [column for j in cap.buyers for column in delivered.get((m, j, t), ())]
            if not cap.buyer:  # sales to plants come after those to members
                flows += f.columns_of(e.sales_in(m, t)[len(e.positions_of_cell(m, t)) :])
        rows[key] = (0.0, [*flows, total[key]], [1.0] * len(flows) + [-1.0], 0.0)
    f.constraints(TOTAL, rows)
    return total


# A cap is one row of Share limits for one mineral, buyer, supplier and year. Rows are resolved in
# batches; ``row_of`` has the position in the batch of a cap's row. Minerals, years, members and
# sources are positions in the case's lists; buyers and suppliers are numbers of names
# (``Builder.names``), since a group of members or a bloc is in no list.

_CapKeys = tuple[Ints, ...]
"""Row in the batch, mineral, buyer's number, supplier's number, year: each with an entry a cap."""
_DELIVERIES_AT_ONCE = 4_000_000
"""A batch has so many rows that its arrays have about this many entries: rows x deliveries."""


def arrays(b: Builder) -> None:
    """Add the rows of ``model`` as arrays: a cap for each supplier of a row of Share limits."""
    limits = b.expanded.case.share_limits if b.years else ()
    numbers = list(map(b.names.number, _line_names(limits, b.expanded.years)))
    b.limit_of.update({number: i for i, number in enumerate(numbers)})
    rows_at_once = max(1, _DELIVERIES_AT_ONCE // max(1, len(b.expanded.deliveries)))
    capped: list[_Capped] = []
    start = 0
    for stage, same in groupby(row.stage for row in limits):
        end = start + len(list(same))
        step = 1 if stage == schema.MINING else rows_at_once
        for first in range(start, end, step):
            at = slice(first, min(first + step, end))
            capped += _add_caps(b, integers(numbers[at]), limits[at])
        start = end
    _bases(b, capped)


def _line_names(
    limits: Sequence[schema.ShareLimit], years: Sequence[int]
) -> Iterator[tuple[object, ...]]:
    """Yield a name for each row of Share limits: its years and its line.

    A line is a set of rows that differ only in years, share and penalty, at most one of them in
    force in a year. For example, a variant that waives a row in 2030 has two rows in its place,
    until 2029 and from 2031; they have the line of the base's row.
    """
    occupied: dict[tuple[object, ...], set[int]] = defaultdict(set)  # the years of each line
    for row in limits:
        of_whom = (row.limit, row.mineral, row.except_minerals, row.buyer)
        same = (*of_whom, row.group, row.supplier, row.stage)
        in_years = {year for year in years if in_force(row, year)} or {0}  # 0: beyond the horizon
        line = next(name for i in count() if occupied[name := (same, i)].isdisjoint(in_years))
        occupied[line] |= in_years
        yield row.first_year, row.last_year, line


def line_numbers(names: Sequence[Any], numbers: Ints) -> Ints:
    """Return for each row of Share limits (by number) the number of the first row of its line.

    ``names`` has the name of each row, with its line (``_line_names``), by its number.
    """
    found, at = np.unique(numbers, return_inverse=True)
    first: dict[Any, int] = {}
    same = [first.setdefault(names[i][-1], i) for i in found.tolist()]
    return integers(same)[at]


_Capped = tuple[Ints, list[tuple[int, ...]], Floats]
"""Rows whose limit is a share of purchases, with the base and the share of each.

A base is (which of ``STAGES``, mineral, buyer's number, year), by position.
"""


def _add_caps(b: Builder, numbers: Ints, limits: Sequence[schema.ShareLimit]) -> list[_Capped]:
    """Add the caps of some rows of Share limits with the same stage.

    ``numbers`` has the numbers of the rows' names. In the program, they are the first part of a
    cap's key, in place of the row's position.
    """
    e, case, stage = b.expanded, b.expanded.case, limits[0].stage
    # ``row_of`` and the parts of ``key`` have one entry a cap; ``cap_of`` and ``columns`` have one
    # entry for each column that counts under a cap
    (row_of, *key), cap_of, columns = (_mining if stage == schema.MINING else _refining)(
        b, numbers, limits
    )
    mineral, buyer, _, year = key
    shares = [[row.share.value(y) for y in e.years] for row in limits]  # by (row, year)
    share: Floats = np.array(shares, dtype=float).reshape(len(limits), -1)[row_of, year]
    is_max = np.array([row.limit == schema.MAX for row in limits])[row_of]
    of_purchases = is_max & (case.settings.share_basis == schema.PURCHASES)
    # a share of purchases is a share of a column (``_bases``), so its right-hand side is 0
    right = np.where(of_purchases, 0.0, share * _demand_of_caps(b, mineral, buyer, year))
    index = (numbers[row_of], *key)
    least, most = np.where(is_max, -np.inf, right), np.where(is_max, right, np.inf)
    caps_added = b.add_rows(SHARE, index, least=least, most=most)  # the row in the program, by cap
    b.add_entries(caps_added[cap_of], columns, 1.0)
    _enter_use_of_plants(b, caps_added, (mineral, buyer, year), np.where(of_purchases, 0.0, share))
    soft = np.flatnonzero(np.array([_is_soft(row) for row in limits])[row_of])
    priced = zip(*(part[soft].tolist() for part in (row_of, mineral, year)), strict=True)
    price = [
        case.shortage_cost(e.minerals[m], e.years[t])
        if limits[row].penalty is None
        else limits[row].penalty
        for row, m, t in priced
    ]
    of_soft = tuple(part[soft] for part in index)
    excess = b.add_columns(EXCESS, of_soft, price=np.array(price, dtype=float))
    b.add_entries(caps_added[soft], excess, np.where(is_max[soft], -1.0, 1.0))
    at = np.flatnonzero(of_purchases)
    bases = zip(*(part[at].tolist() for part in (mineral, buyer, year)), strict=True)
    return [(caps_added[at], [(STAGES.index(stage), *base) for base in bases], share[at])]


def _enter_use_of_plants(
    b: Builder, rows: Ints, base: tuple[Ints, Ints, Ints], share: Floats
) -> None:
    """Add the columns in the bases of caps besides demand: inputs that plants use.

    ``rows``, ``share`` and the three parts of ``base`` (mineral, buyer's number, year) have one
    entry a cap. The base of the coalition has one column for a mineral and year; that of another
    buyer has the inputs that its members pass on to plants.
    """
    (mineral, buyer, year), transfers = base, b.expanded.plant_transfers
    is_coalition = buyer == b.names.number("")
    at = np.flatnonzero(is_coalition & (b.plant_demand[mineral, year] >= 0) & (share > 0))
    b.add_entries(rows[at], b.plant_demand[mineral[at], year[at]], -share[at])
    for number in np.unique(buyer).tolist() if len(transfers) else ():
        if b.names.names[number]:
            is_own = np.isin(transfers.member, _member_positions(b, b.names.names[number]))
            # by (cap, flow that is passed on): whether the flow counts in the cap's base
            is_counted = (
                (mineral[:, None] == transfers.mineral)
                & (year[:, None] == transfers.year)
                & is_own
                & ((buyer == number) & (share > 0))[:, None]
            )
            cap, flow = np.nonzero(is_counted)
            b.add_entries(rows[cap], b.transferred[flow], -share[cap])


def _is_soft(row: schema.ShareLimit) -> bool:
    return row.penalty is not None or row.limit != schema.MAX


def _demand_of_caps(b: Builder, mineral: Ints, buyer: Ints, year: Ints) -> Floats:
    """Return the demand of each cap's buyer [t], including shortages fixed by an earlier plan."""
    e, numbers = b.expanded, np.unique(buyer)
    demand = e.limit_base_demand.transpose(0, 2, 1)  # by (mineral, year, member)
    of_buyer = np.zeros((len(numbers), *demand.shape[:2]))  # by (buyer, mineral, year)
    for i, number in enumerate(numbers.tolist()):
        members = _member_positions(b, b.names.names[number])
        # numpy adds in another order if members are not next to one another, with other last bits
        of_buyer[i] = np.ascontiguousarray(demand[:, :, members]).sum(axis=2)
        if number == b.names.number(""):
            of_buyer[i] += e.inputs_of_fixed_shortages
    return of_buyer[np.searchsorted(numbers, buyer), mineral, year]


def _member_positions(b: Builder, buyer: str) -> Ints:
    e = b.expanded
    if not buyer:
        return np.arange(len(e.members), dtype=np.int64)
    names = (buyer,) if buyer in e.member_at else e.case.groups.get(buyer, ())
    return integers([e.member_at[name] for name in names])


def _refining(
    b: Builder, _: Ints, limits: Sequence[schema.ShareLimit]
) -> tuple[_CapKeys, Ints, Ints]:
    """Return the caps on refined tonnes, and the columns that count, each with its cap.

    A sale is counted once for every row and supplier that it counts under. The keys of all these
    counts are made first; the caps are the distinct ones.
    """
    e, sales = b.expanded, b.expanded.sales
    has_mineral, in_force_in, buyers = _scope(b, limits)
    # [pair: a source of a supplier of a row]; rows ascend
    pair_row, pair_supplier, pair_source = _supplier_sources(b, limits)
    is_counted = has_mineral[pair_row, b.mineral_of[component.SOURCE][pair_source]]
    pair_row, pair_supplier, pair_source = (
        part[is_counted] for part in (pair_row, pair_supplier, pair_source)
    )
    # ``order`` has the sales sorted by source and year; those of source s in year t are
    # ``order[starts[s * years + t] : starts[s * years + t + 1]]``. A row's years in force are
    # consecutive, so a pair's sales in them are one range of ``order``
    order, starts = e.of_source_year
    first_year, years_in_force = in_force_in.argmax(axis=1), in_force_in.sum(axis=1)  # [row]
    begin = starts[pair_source * b.years + first_year[pair_row]]
    end = starts[pair_source * b.years + (first_year + years_in_force)[pair_row]]
    # [sale of a pair]; rows ascend here, too
    sale = order[positions_in_ranges(begin, end - begin)]
    sale_row, sale_supplier = (np.repeat(of, end - begin) for of in (pair_row, pair_supplier))
    sale_buyer = buyers[sale_row, sales.member[sale]]
    bought = np.flatnonzero(sale_buyer >= 0)  # by a buyer whom the row limits
    bought_sale = sale[bought]
    keys_of_sales = (
        sale_row[bought], sales.mineral[bought_sale], sale_buyer[bought], sale_supplier[bought],
        sales.year[bought_sale],
    )  # fmt: skip
    keys_without_sales: list[_CapKeys] = []
    for position, row in enumerate(limits):
        if _is_soft(row):  # without sales, other rows limit nothing
            of_row = slice(*np.searchsorted(sale_row, (position, position + 1)))
            sold = sale[of_row]
            mineral, supplier, year = _cells_of_suppliers(
                b, row, (has_mineral[position], in_force_in[position]),
                (sales.mineral[sold], sale_supplier[of_row], sales.year[sold]),
            )  # fmt: skip
            names = e.members if row.buyer == schema.EACH else (row.buyer,)
            buyer = integers([b.names.number(name) for name in names])
            # each mineral, supplier and year for every buyer
            mineral_of, supplier_of, year_of = (
                np.repeat(part, len(buyer)) for part in (mineral, supplier, year)
            )
            buyer_of, row_of = np.tile(buyer, len(mineral)), np.full(len(mineral_of), position)
            keys_without_sales.append((row_of, mineral_of, buyer_of, supplier_of, year_of))
    # the sales' keys come last, so the last entries of ``cap_of`` are theirs
    every = zip(*keys_without_sales, keys_of_sales, strict=True)
    keys, cap_of = unique_keys(*map(np.concatenate, every))
    return keys, cap_of[len(cap_of) - len(bought) :], b.sold[bought_sale]


def _scope(b: Builder, limits: Sequence[schema.ShareLimit]) -> tuple[Bools, Bools, Ints]:
    """Return the minerals and the years of rows, and the buyers by (row, member), -1 for none.

    The last entry of a row of buyers, after all members, is that of sales to plants: their member
    is -1, which indexes it.
    """
    e = b.expanded
    minerals_of: dict[tuple[str, str], set[str]] = {}
    for source in e.sources:
        for group in schema.OF_NAMES:
            for name in supplier_names(e.case, source, group):
                minerals_of.setdefault((group, name), set()).add(source.mineral)
    has_mineral = np.zeros((len(limits), len(e.minerals)), dtype=bool)
    in_force_in = np.zeros((len(limits), b.years), dtype=bool)
    buyers = np.full((len(limits), len(e.members) + 1), -1, dtype=np.int64)
    each = [b.names.number(name) for name in e.members]
    for position, row in enumerate(limits):
        # a row of a refiner or company, without a mineral, is of all minerals that it sells
        is_of_sold = not row.mineral and row.group in schema.OF_NAMES and row.supplier != ""
        sold = minerals_of.get((row.group, row.supplier), set())
        has_mineral[position] = [
            row.mineral in {"", name}
            and name not in row.except_minerals
            and (name in sold or not is_of_sold)
            for name in e.minerals
        ]
        in_force_in[position] = [in_force(row, year) for year in e.years]
        if row.buyer == schema.EACH:
            buyers[position, :-1] = each
        else:
            members = slice(None) if not row.buyer else _member_positions(b, row.buyer)
            buyers[position, members] = b.names.number(row.buyer)
    return has_mineral, in_force_in, buyers


def _cells_of_suppliers(
    b: Builder, row: schema.ShareLimit, scope: tuple[Bools, Bools], sold: tuple[Ints, Ints, Ints]
) -> tuple[Ints, Ints, Ints]:
    """Return the caps of a soft row, with or without sales: mineral, supplier's number and year.

    ``scope`` says which minerals and years the row has. ``sold`` has the mineral, the supplier's
    number and the year of each sale that counts.

    For a named supplier these are all minerals and years of the row, otherwise those in which the
    supplier can sell to anyone.
    """
    if not row.supplier or row.supplier.startswith(schema.EACH_OUTSIDE):
        mineral, supplier, year = unique_keys(*sold)[0]
        return mineral, supplier, year
    minerals, years = (np.flatnonzero(part) for part in scope)
    mineral, year = (grid.ravel() for grid in np.meshgrid(minerals, years, indexing="ij"))
    return mineral, np.full(len(mineral), b.names.number(row.supplier)), year


def _supplier_sources(b: Builder, limits: Sequence[schema.ShareLimit]) -> tuple[Ints, Ints, Ints]:
    """Return each row's suppliers and their sources: row, supplier's number, source."""
    by_group = {group: _by_name(b, group) for group in {row.group for row in limits}}
    found: list[tuple[int, int, int]] = []
    for position, row in enumerate(limits):
        sources_of = by_group[row.group]
        wanted = {*sources_of}
        if row.group in schema.OF_COUNTRIES:
            wanted.discard(schema.REST_OF_WORLD)
        if row.supplier.startswith(schema.EACH_OUTSIDE):
            bloc = row.supplier.removeprefix(schema.EACH_OUTSIDE)
            wanted = {c for c in wanted if bloc not in b.expanded.case.blocs_of(c)}
        elif row.supplier:
            wanted = {row.supplier}
        for name in sorted(wanted):
            number = b.names.number(name)
            found += [(position, number, source) for source in sources_of.get(name, ())]
    row_of, suppliers, sources = key_arrays(found, 3)
    return row_of, suppliers, sources


def _by_name(b: Builder, group: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i, source in enumerate(b.expanded.sources):
        for name in {*supplier_names(b.expanded.case, source, group)}:
            found.setdefault(name, []).append(i)
    return found


def _mining(
    b: Builder, numbers: Ints, limits: Sequence[schema.ShareLimit]
) -> tuple[_CapKeys, Ints, Ints]:
    """Return the caps of one row on ore, and the columns that count, each with its cap.

    The batch is this row alone, so its position in the batch is 0.
    """
    e, (row,), position = b.expanded, limits, b.limit_of[int(numbers[0])]
    keys: list[tuple[int, int, int, int, int]] = []
    counted: list[tuple[int, int]] = []
    with_mines = {mine.mineral for mine in e.case.mines}
    named = {row.mineral} & e.mineral_at.keys()  # also without a mine
    for mineral in sorted(e.mineral_at[name] for name in with_mines | named):
        for year in range(b.years):
            for cap in caps(e, mineral, year, schema.MINING):
                columns = [c for mine in cap.ore for c in b.ore.get((mine, mineral, year), ())]
                if cap.limit == position and (columns or cap.penalty is not None):
                    counted += [(len(keys), column) for column in columns]
                    buyer, supplier = b.names.number(cap.buyer), b.names.number(cap.supplier)
                    keys.append((0, mineral, buyer, supplier, year))
    cap_of, ore = key_arrays(counted, 2)
    return key_arrays(keys, 5), cap_of, ore


def _bases(b: Builder, capped: list[_Capped]) -> None:
    """Add the purchases of buyers that limits are a share of."""
    e, sales = b.expanded, b.expanded.sales
    every = list(dict.fromkeys(base for _, bases, _ in capped for base in bases))
    if not every:
        return
    index = key_arrays(every, 4)
    columns = b.add_columns(PURCHASES_OF, index)
    rows = b.add_rows(TOTAL, index, least=0.0, most=0.0)
    b.add_entries(rows, columns, -1.0)
    for row, (stage, mineral, buyer, year) in zip(rows.tolist(), every, strict=True):
        if STAGES[stage] == schema.MINING:
            ore = (of for key, of in b.ore.items() if key[1:] == (mineral, year))
            flows = integers([*chain.from_iterable(ore)])
        else:
            inside, name = np.array(e.sales_in(mineral, year), dtype=np.int64), b.names.names[buyer]
            member = sales.member[inside]  # -1 for a sale to a plant, a purchase of the coalition
            is_own = np.isin(member, _member_positions(b, name)) | (member < 0) & (not name)
            flows = b.sold[inside[is_own]]
        b.add_entries(np.full(len(flows), row), flows, 1.0)
    column_of = dict(zip(every, columns.tolist(), strict=True))
    for of_caps, bases, share in capped:
        b.add_entries(of_caps, integers([column_of[base] for base in bases]), -share)


def _row_words(case: Case, row: schema.ShareLimit, share: float) -> str:
    supplier = case.supplier_name(row.group, row.supplier) or f"each {row.group}"
    buyer = {"": _COALITION, schema.EACH: "each member"}.get(row.buyer, row.buyer)
    stage = " (ore)" if row.stage == schema.MINING else ""
    whose = f" of {row.mineral}" if row.mineral else ""
    return f"row {row.row}: at most {share * 100:.4g} %{whose} from {supplier}{stage}, for {buyer}"


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    """Add the share of each max in Share limits.

    For an input the share is taken of all that plants would take; planning again corrects it.
    """
    for m, name in enumerate(cells.e.minerals):
        for cap in (cap for t in range(len(cells.e.years)) for cap in caps(cells.e, m, t)):
            row, year = cap.record, cap.year
            base = cap.demand
            if not cap.buyer:
                base += whole_need(cells.case, name, year) - cells.case.coalition_demand(name, year)
            step = component.step_in_force(row.share, year)
            if row.limit != schema.MAX or not (step is None or step <= cells.year):
                continue
            cells.add_cell(
                row, "share", year, what=_row_words(cells.case, row, cap.share),
                unit=component.SHARE,
                was=cap.share, most=1.0, loosens=(SHARE, cap.key), times=base,
            )  # fmt: skip


FAMILY = Family(model, arrays, relaxation=component.Relaxation(_relaxable_cells, rank=0))
