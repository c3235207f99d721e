"""Share limits resolved to single caps: one buyer, one supplier, one mineral, one year.

After this, diversification is one loop: whoever a cap binds, it is a sum of flows against a share
of a base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.case import Case, in_force
from models.resolve.expanded import Expanded
from models.schema import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    BY_OWNER,
    BY_REFINER,
    EACH,
    EACH_OUTSIDE,
    MAX,
    MINING,
    PURCHASES,
    REST_OF_WORLD,
    ShareLimit,
)


@dataclass(frozen=True)
class Cap:
    """One share limit on one supplier of one buyer, mineral and year.

    ``limit`` is its row's position in ``case.share_limits``; ``buyer`` is "" for the coalition,
    else a member or a group; ``flows`` are positions in the deliveries; ``ore`` are the mine
    countries that count in stage mining; ``demand`` [t] is the buyer's; ``of_purchases`` says that
    the base is what the buyer purchases; ``penalty`` [USD/t] is None for a hard one.
    """

    limit: int
    record: ShareLimit
    mineral: str
    buyer: str
    buyers: tuple[int, ...]
    supplier: str
    year: int
    share: float
    demand: float
    of_purchases: bool
    penalty: float | None
    flows: tuple[int, ...] = ()
    ore: tuple[str, ...] = ()

    @property
    def is_max(self) -> bool:
        """Whether it is a most, not a least."""
        return self.record.limit == MAX

    @property
    def is_mining(self) -> bool:
        """Whether ore counts, not refined tonnes."""
        return self.record.stage == MINING

    @property
    def key(self) -> tuple[int, str, str, str, int]:
        """What the cap's row in the model is known by."""
        return (self.limit, self.mineral, self.buyer, self.supplier, self.year)


def caps(expanded: Expanded, mineral: int, year: int, stage: str = "") -> Iterator[Cap]:
    """Yield the caps of one mineral and year (by position), in the order of the limits' rows.

    ``stage`` "" is both.
    """
    case = expanded.case
    name, when = expanded.minerals[mineral], expanded.years[year]
    rows = [
        (i, row)
        for i, row in enumerate(case.share_limits)
        if row.mineral in {"", name}
        and name not in row.except_minerals
        and stage in {"", row.stage}
        and in_force(row, when)
        and _counts(expanded, row, name)
    ]
    flows: dict[str, dict[str, dict[int, list[int]]]] = {}
    for i, row in rows:
        if row.group not in flows and row.stage != MINING:
            flows[row.group] = _by_supplier(expanded, mineral, year, row.group)
        names = _suppliers(expanded, row, name, flows)
        for buyer, buyers in _buyers(case, row, expanded):
            demand = float(sum(expanded.demand[mineral, j, year] for j in buyers))
            for supplier in names:
                yield _cap(
                    expanded, (i, row), (name, when), (buyer, buyers), demand, supplier, flows
                )


def _cap(  # noqa: PLR0913, PLR0917 - the parts of a cap
    expanded: Expanded,
    limit: tuple[int, ShareLimit],
    cell: tuple[str, int],
    buyer: tuple[str, tuple[int, ...]],
    demand: float,
    supplier: str,
    flows: dict[str, dict[str, dict[int, list[int]]]],
) -> Cap:
    (i, row), (mineral, year), case = limit, cell, expanded.case
    penalty = row.penalty
    if penalty is None and row.limit != MAX:
        penalty = case.shortage_cost(mineral, year)
    mining = row.stage == MINING
    by_member = {} if mining else flows[row.group].get(supplier, {})
    return Cap(
        limit=i,
        record=row,
        mineral=mineral,
        buyer=buyer[0],
        buyers=buyer[1],
        supplier=supplier,
        year=year,
        share=row.share.value(year),
        demand=demand,
        of_purchases=row.limit == MAX and case.settings.share_basis == PURCHASES,
        penalty=penalty,
        flows=tuple(sorted(p for j in buyer[1] for p in by_member.get(j, ()))),
        ore=tuple(_ore_of(case, row, mineral, supplier)) if mining else (),
    )


def _counts(expanded: Expanded, row: ShareLimit, mineral: str) -> bool:
    """A row with blank Mineral counts only where the named refiner, or any mine, is."""
    if row.mineral:
        return True
    if row.stage == MINING:
        return any(mine.mineral == mineral for mine in expanded.case.mines)
    if row.group == BY_REFINER and row.supplier:
        return any(expanded.sources[i].name == row.supplier for i in expanded.of_mineral[mineral])
    return True


def _buyers(
    case: Case, row: ShareLimit, expanded: Expanded
) -> Iterator[tuple[str, tuple[int, ...]]]:
    if not row.buyer:
        yield "", tuple(range(len(expanded.members)))
    elif row.buyer == EACH:
        for j, member in enumerate(expanded.members):
            yield member, (j,)
    elif row.buyer in expanded.member_at:
        yield row.buyer, (expanded.member_at[row.buyer],)
    else:
        yield row.buyer, tuple(expanded.member_at[m] for m in case.groups.get(row.buyer, ()))


def supplier_names(expanded: Expanded, source: int, group: str) -> tuple[str, ...]:
    """Return the names that a source counts under in a supplier group."""
    found = expanded.sources[source]
    if group == BY_COUNTRY:
        return (found.country,)
    if group == BY_OWNER:
        return (found.owner,)
    if group == BY_BLOC:
        return expanded.case.blocs_of(found.country)
    if group == BY_KIND:
        return (found.kind,)
    return (found.name,)


def _by_supplier(
    expanded: Expanded, mineral: int, year: int, group: str
) -> dict[str, dict[int, list[int]]]:
    """Deliveries of a cell by supplier name and member, in one pass."""
    members = expanded.deliveries.member
    sources = expanded.deliveries.source
    names = {
        i: supplier_names(expanded, i, group)
        for i in expanded.of_mineral[expanded.minerals[mineral]]
    }
    found: dict[str, dict[int, list[int]]] = {}
    for position in expanded.cell(mineral, year):
        for name in names[int(sources[position])]:
            by_member = found.setdefault(name, {})
            by_member.setdefault(int(members[position]), []).append(position)
    return found


def _suppliers(
    expanded: Expanded,
    row: ShareLimit,
    mineral: str,
    flows: dict[str, dict[str, dict[int, list[int]]]],
) -> list[str]:
    """Return the suppliers that a row limits: the one it names, or each alone that can sell.

    Rest of world is no country: it is capped only by its name.
    """
    case = expanded.case
    each_outside = row.supplier.startswith(EACH_OUTSIDE)
    if row.supplier and not each_outside:
        return [row.supplier]
    if row.stage == MINING:
        countries = [m.country for m in case.mines if m.mineral == mineral]
        known = (
            {b for c in countries for b in case.blocs_of(c)}
            if row.group == BY_BLOC
            else set(countries)
        )
    else:
        known = set(flows[row.group])
    if row.group in {BY_COUNTRY, BY_OWNER}:
        known.discard(REST_OF_WORLD)
    if each_outside:
        bloc = row.supplier.removeprefix(EACH_OUTSIDE)
        known = {c for c in known if bloc not in case.blocs_of(c)}
    return sorted(known)


def _ore_of(case: Case, row: ShareLimit, mineral: str, supplier: str) -> list[str]:
    """Return the mine countries that count under a supplier in stage mining."""
    return sorted(
        m.country
        for m in case.mines
        if m.mineral == mineral
        and (
            m.country == supplier
            if row.group == BY_COUNTRY
            else supplier in case.blocs_of(m.country)
        )
    )
