"""Share limits and security targets resolved, to single suppliers, minerals and years.

After this, diversification is one loop: each cap limits a sum of flows to a share of a base.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np

from models import schema
from models.case import Case, in_force
from models.resolve.expanded import Expanded
from models.resolve.sources import Floats, Source
from models.resolve.stages import TO_PLANT


class Cap(NamedTuple):  # there are thousands
    """One share limit on one supplier of one buyer, mineral and year.

    ``limit`` is its row's position in ``case.share_limits``. ``buyer`` is "" for the coalition,
    else a member or a group. ``flows`` are positions in the sales; ``ore`` are the mine countries
    that count in stage mining. ``demand`` [t] is the buyer's. With ``of_purchases`` the base is the
    buyer's purchases. ``penalty`` [USD/t] is None for a hard limit.
    """

    limit: int
    record: schema.ShareLimit
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
        return self.record.limit == schema.MAX

    @property
    def is_mining(self) -> bool:
        return self.record.stage == schema.MINING

    @property
    def key(self) -> tuple[int, str, str, str, int]:
        return (self.limit, self.mineral, self.buyer, self.supplier, self.year)


def caps(expanded: Expanded, mineral: int, year: int, stage: str = "") -> Iterator[Cap]:
    """Yield the caps of one mineral and year (by position), in the order of the limits' rows.

    An empty ``stage`` means both stages.
    """
    case = expanded.case
    name, when = expanded.minerals[mineral], expanded.years[year]
    flows: dict[str, dict[str, dict[int, list[int]]]] = {}
    for i, row in enumerate(case.share_limits):
        if stage not in {"", row.stage} or not _limits_cell(expanded, row, name, when):
            continue
        mining = row.stage == schema.MINING
        ore = _ore_suppliers(case, row.group, name) if mining else {}
        if not mining and row.group not in flows:
            flows[row.group] = _sales_by_supplier(expanded, mineral, year, row.group)
        is_max, share = row.limit == schema.MAX, row.share.value(when)
        of_purchases = is_max and case.settings.share_basis == schema.PURCHASES
        is_unpriced = row.penalty is None and not is_max
        penalty = case.shortage_cost(name, when) if is_unpriced else row.penalty
        names = _limited_suppliers(case, row, ore if mining else flows[row.group])
        for buyer, buyers in buyers_of(expanded, row):
            demand = float(sum(expanded.limit_base_demand[mineral, j, year] for j in buyers))
            if not buyer:  # no other buyer needs inputs of products left short by an agreed plan
                demand += float(expanded.inputs_of_fixed_shortages[mineral, year])
            takers = buyers if buyer else (*buyers, TO_PLANT)
            for supplier in names:
                sold = {} if mining else flows[row.group].get(supplier, {})
                each = chain.from_iterable(map(sold.get, takers, repeat(())))
                yield Cap(
                    i, row, name, buyer, buyers, supplier, when, share, demand, of_purchases,
                    penalty, tuple(sorted(each)), tuple(sorted(ore.get(supplier, ()))),
                )  # fmt: skip


def _limits_cell(expanded: Expanded, row: schema.ShareLimit, mineral: str, year: int) -> bool:
    """Return whether a row limits a mineral in a year.

    A row with a blank Mineral applies only to minerals of the named refiner or company, or of any
    mine.
    """
    if not in_force(row, year) or mineral in row.except_minerals:
        return False
    if row.mineral:
        return row.mineral == mineral
    if row.stage == schema.MINING:
        return any(mine.mineral == mineral for mine in expanded.case.mines)
    if row.group in schema.OF_NAMES and row.supplier:
        sources = (expanded.sources[i] for i in expanded.of_mineral[mineral])
        return any(row.supplier in supplier_names(expanded.case, s, row.group) for s in sources)
    return True


def buyers_of(expanded: Expanded, row: schema.ShareLimit) -> Iterator[tuple[str, tuple[int, ...]]]:
    at = expanded.member_at
    if not row.buyer:
        yield "", tuple(at.values())
    elif row.buyer == schema.EACH:
        yield from ((member, (j,)) for member, j in at.items())
    else:
        members = (row.buyer,) if row.buyer in at else expanded.case.groups.get(row.buyer, ())
        yield row.buyer, tuple(at[m] for m in members)


def supplier_names(case: Case, record: Source | schema.Mine, group: str) -> tuple[str, ...]:
    """Return the suppliers of a group to which a source or a mine belongs.

    A source without a company belongs to no company.
    """
    if group == schema.BY_BLOC:
        return case.blocs_of(record.country)
    name: str = getattr(record, "name" if group == schema.BY_REFINER else group)
    return (name,) if name or group != schema.BY_COMPANY else ()


def _sales_by_supplier(
    expanded: Expanded, mineral: int, year: int, group: str
) -> dict[str, dict[int, list[int]]]:
    """Sales of a cell by supplier name and member, in one pass."""
    sales, positions = expanded.sales, expanded.sales_in(mineral, year)
    case, sources = expanded.case, expanded.of_mineral[expanded.minerals[mineral]]
    names = {i: supplier_names(case, expanded.sources[i], group) for i in sources}
    found = defaultdict[str, dict[int, list[int]]](lambda: defaultdict(list))
    sellers, takers = (numbers[[*positions]].tolist() for numbers in (sales.source, sales.member))
    for position, seller, taker in zip(positions, sellers, takers, strict=True):
        for name in names[seller]:
            found[name][taker].append(position)
    return found


def _ore_suppliers(case: Case, group: str, mineral: str) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for mine in case.mines if group in {schema.BY_COUNTRY, schema.BY_BLOC} else ():
        for name in supplier_names(case, mine, group) if mine.mineral == mineral else ():
            found[name].append(mine.country)
    return found


def _limited_suppliers(
    case: Case, row: schema.ShareLimit, known: Mapping[str, object]
) -> list[str]:
    """Return the suppliers that a row limits: the one it names, or each one that can sell.

    The rest of the world is limited only if it is named.
    """
    if row.single_supplier:
        return [row.single_supplier]
    is_country = row.group in schema.OF_COUNTRIES
    return single_countries(case, row.supplier, known) if is_country else sorted(known)


def single_countries(case: Case, selector: str, known: Iterable[str]) -> list[str]:
    """Return the known countries that "" (all) or ``each outside BLOC`` selects.

    The rest of the world is not a country.
    """
    bloc = selector.removeprefix(schema.EACH_OUTSIDE)
    countries = (name for name in known if name != schema.REST_OF_WORLD)
    return sorted(name for name in countries if not (bloc and bloc in case.blocs_of(name)))


def tightest_on_countries(expanded: Expanded) -> tuple[list[str], Floats]:
    """Return countries that sell or are named in limits, and the tightest limit on each alone.

    Limits are shares by (year, mineral, buyer, country), infinite for none: buyer 0 is the
    coalition, then the members. Limits on ore or on groups of countries are left out.
    """
    e, sales = expanded, expanded.sales
    on_country = (row for row in e.case.share_limits if row.group == schema.BY_COUNTRY)
    rows = [r for r in on_country if r.limit == schema.MAX and r.stage != schema.MINING]
    limited = {row.single_supplier for row in rows}
    countries = sorted({s.country for s in e.sources} | limited - {""})
    at = {name: c for c, name in enumerate(countries)}
    of_source = np.array([at[s.country] for s in e.sources], dtype=np.int64)
    sells = np.zeros((len(e.years), len(e.minerals), len(countries)), dtype=bool)
    sells[sales.year, sales.mineral, of_source[sales.source]] = True
    found = np.full((*sells.shape[:2], 1 + len(e.members), len(countries)), np.inf)
    for row in rows:
        which = [at[name] for name in _limited_suppliers(e.case, row, at)]
        alone = np.isin(np.arange(len(countries)), which)
        holds = np.array(
            [[_limits_cell(e, row, name, year) for name in e.minerals] for year in e.years]
        )
        share = np.array([row.share.value(year) for year in e.years])[:, None, None]
        sells_any = bool(row.single_supplier) | sells
        limit = np.where(holds[:, :, None] & alone & sells_any, share, np.inf)
        for buyer, _ in buyers_of(e, row):
            if not buyer or buyer in e.member_at:
                found_for = found[:, :, 1 + e.member_at[buyer] if buyer else 0]
                np.minimum(found_for, limit, out=found_for)
    return countries, found


# ---- security: the countries that may be lost, one at a time -------------------------------------

ONCE_IN = 10.0
"""A blank penalty prices a shortage as if the loss happened once in this many years."""


@dataclass(frozen=True)
class Survival:
    """The requirement of a row of Security for a mineral and year if one country is lost.

    ``row`` is its position in ``case.security``. ``demand`` [t] is the coalition's, ``most_short``
    the share of it that may be short. ``opening`` [t] are the opening stocks that count, in the
    first year. ``penalty`` [money/t] is the cost of a missing tonne. ``is_input``: plants may use
    the mineral, too.
    """

    row: int
    record: schema.SecurityTarget
    mineral: str
    country: str
    year: int
    most_short: float
    demand: float
    opening: float
    penalty: float
    is_input: bool = False

    @property
    def least(self) -> float:
        """The supply required without the country, besides opening stocks [t].

        It may be below 0. For an input, the use of plants is added in the program.
        """
        left = (1.0 - self.most_short) * self.demand - self.opening
        return left if self.is_input else max(0.0, left)

    @property
    def key(self) -> tuple[int, str, str, int]:
        return (self.row, self.mineral, self.country, self.year)


def sellers(expanded: Expanded, mineral: int, year: int) -> list[int]:
    """Return the sources that can sell a mineral in a year, all by position."""
    sources = expanded.of_mineral[expanded.minerals[mineral]]
    return [r for r in sources if expanded.can_sell[r, year]]


def survivals(expanded: Expanded, mineral: int, year: int) -> Iterator[Survival]:
    """Yield the requirements of Security for a mineral and year (by position), by row and country.

    Countries that can sell there count. The rest of the world, being many, is never lost.
    """
    case, name, when = expanded.case, expanded.minerals[mineral], expanded.years[year]
    demand = case.coalition_demand(name, when)
    every = enumerate(case.security)
    rows = [(i, row) for i, row in every if row.mineral in {"", name} and in_force(row, when)]
    is_input = expanded.is_input(name)
    if not rows or (demand <= 0 and not is_input):
        return
    selling = {expanded.sources[r].country for r in sellers(expanded, mineral, year)}
    stockpiles = (stockpile.opening for stockpile in case.stockpiles if stockpile.mineral == name)
    opening = sum(stockpiles) if year == 0 else 0.0
    usual = case.shortage_cost(name, when) / ONCE_IN
    for i, row in rows:
        selector = row.lost_country or f"{schema.EACH_OUTSIDE}{schema.COALITION}"
        is_one = not selector.startswith(schema.EACH_OUTSIDE)
        named = sorted(selling & {selector} - {schema.REST_OF_WORLD})
        for country in named if is_one else single_countries(case, selector, selling):
            yield Survival(
                row=i,
                record=row,
                mineral=name,
                country=country,
                year=when,
                most_short=row.max_short.value(when),
                demand=demand,
                opening=opening if row.count_stocks else 0.0,
                penalty=usual if row.penalty is None else row.penalty,
                is_input=is_input,
            )
