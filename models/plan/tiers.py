"""Tiers of demand in a plan: who serves each of them, how much is missing, and its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from models import tolerances
from models.plan.supply import tier_duals
from models.program.component import Where
from models.program.families.shortage import OF_TIER, SHORTAGE
from models.program.families.stockpiles import STOCK
from models.program.market import BALANCE
from models.resolve import Pattern, pattern_of

if TYPE_CHECKING:
    from models.program import Solved

TIERS = "year mineral member tier demand served suppliers from_stock short share cost price closed"
"""The columns of ``rows_of_tiers``."""


def rows_of_tiers(plan: Solved) -> list[tuple[Any, ...]]:
    """Return one row per tier, with the columns ``TIERS``; none if demand has no tiers.

    demand, served, from_stock, short [t], share (short / demand; None without demand), cost (of a
    tonne short) and price (what one more tonne costs) [money/t]. ``suppliers`` are named with their
    tonnes; ``closed`` are those that may serve other tiers of the member only ("": none).
    Suppliers that may serve the fewest tiers come first, tiers in the order of the rows;
    suppliers that may serve the same tiers serve each in proportion to their tonnes.
    """
    case, rows, duals = plan.case, [], tier_duals(plan)
    for where, demand in sorted(case.tiers_of.items()):
        mineral, member, year = where
        base = plan.dual(BALANCE, where)
        for tier, tonnes in _served(plan, where).items():
            sold = plan.cached(served_by)[where][tier]
            rest = tonnes - sum(sold.values())
            short = tier_short(plan, where, tier)
            rows.append((
                year, mineral, member, tier, demand[tier], tonnes,
                ", ".join(_sources_in_words(plan, sold)),
                rest if rest > tolerances.LEAST_FLOW else 0.0,
                short, short / demand[tier] if demand[tier] > 0 else None,
                case.tier_cost(mineral, tier, year),
                base + duals.get(where, {}).get(tier, 0.0),
                ", ".join(closed_to(plan, where, tier)),
            ))  # fmt: skip
    return rows


def tier_short(plan: Solved, where: Where, tier: str) -> float:
    """Return the tonnes that a tier is short; by demand where it doesn't matter which is."""
    mineral, member, year = where
    if where in plan.expanded.split_tiers:
        return plan.value(OF_TIER, (mineral, member, tier, year))
    tiers = plan.case.tiers_of[where]
    demand = sum(tiers.values())
    return plan.value(SHORTAGE, where) * tiers[tier] / demand if demand > 0 else 0.0


def closed_to(plan: Solved, where: Where, tier: str) -> list[str]:
    """Return the suppliers that may serve other tiers of a member, but not this one."""
    e, (mineral, member, year) = plan.expanded, where
    m, j, t = e.mineral_at[mineral], e.member_at[member], e.years.index(year)
    if (m, j, t) not in e.cut_off:
        return []
    can_sell = [r for r in e.of_mineral[mineral] if e.startable[r, t]]
    tiers = {e.sources[r]: pattern_of(e, r, j, t) for r in can_sell}
    closed = [source for source, open_to in tiers.items() if open_to and tier not in open_to]
    return [plan.supplier_words(*s.key) for s in closed]


def _sources_in_words(plan: Solved, tonnes: Mapping[int, float]) -> Iterator[str]:
    for r, amount in tonnes.items():
        source = plan.expanded.sources[r]
        if amount > tolerances.LEAST_FLOW:
            yield f"{source.project or source.name} {amount:,.6g} t"


def served_by(plan: Solved) -> dict[Where, dict[str, dict[int, float]]]:
    """Return the tonnes of each source (by position) for each tier of each demand [t].

    By mineral, member and year, where demand has tiers; largest first.
    """
    return {where: _allotted(plan, where, _served(plan, where)) for where in plan.case.tiers_of}


def _served(plan: Solved, where: Where) -> dict[str, float]:
    demand = sorted(plan.case.tiers_of[where].items())
    short = {tier: tier_short(plan, where, tier) for tier, _ in demand}
    return {tier: max(0.0, tonnes - short[tier]) for tier, tonnes in demand}


def _allotted(
    plan: Solved, where: Where, served: Mapping[str, float]
) -> dict[str, dict[int, float]]:
    sold = _purchases_by_tiers(plan, where)
    supply = {pattern: sum(tonnes.values()) for pattern, tonnes in sold.items()}
    found: dict[str, dict[int, float]] = {tier: {} for tier in served}
    for pattern, tier, part in _served_parts(supply, served, _most_from_stock(plan, where)):
        found[tier] |= {r: tonnes * part for r, tonnes in sold[pattern].items()}
    return {
        tier: dict(sorted(each.items(), key=lambda item: (-item[1], item[0])))
        for tier, each in found.items()
    }


def _purchases_by_tiers(plan: Solved, where: Where) -> dict[Pattern, dict[int, float]]:
    """Return a member's purchases by the tiers that their suppliers may serve, and by source."""
    e = plan.expanded
    m, j, t = e.mineral_at[where[0]], e.member_at[where[1]], e.years.index(where[2])
    cell, sold = e.positions_of_cell(m, t), dict[Pattern, dict[int, float]]()
    inside = slice(cell.start, cell.stop)
    tonnes = plan.delivered[inside]
    mine = (e.deliveries.member[inside] == j) & (tonnes > tolerances.LEAST_FLOW)
    for r, amount in zip(
        e.deliveries.source[inside][mine].tolist(), tonnes[mine].tolist(), strict=True
    ):
        by_source = sold.setdefault(pattern_of(e, r, j, t), {})
        by_source[r] = by_source.get(r, 0.0) + amount
    return sold


def _most_from_stock(plan: Solved, where: Where) -> float:
    """Return the most that a reserve can give to tiers in a year [t]."""
    mineral, member, year = where
    stockpile = plan.case.stockpile_of.get((mineral, member))
    if stockpile is None:
        return 0.0
    before = [y for y in plan.case.years if y < year][-1:]
    held = plan.value(STOCK, (mineral, member, before[0])) if before else stockpile.opening
    return held if stockpile.max_draw is None else min(held, stockpile.max_draw)


def _served_parts(
    supply: Mapping[Pattern, float], served: Mapping[str, float], stock: float
) -> Iterator[tuple[Pattern, str, float]]:
    """Yield which part of each pattern's supply serves which tier, fewest tiers first.

    Each takes as much as it can so that the rest still serves the other tiers as planned (Hall's
    condition: for any set of tiers, what may serve one of them is at least what they get).
    """
    left, need = dict(supply), dict(served)
    for pattern in sorted(left, key=lambda each: (len(each), each)):
        for tier in served:
            if tier not in pattern or left[pattern] <= 0.0:
                continue
            most = min(left[pattern], need[tier])
            for others in _sets(served, without=tier):
                if not others.isdisjoint(pattern) and len(left) > 1:
                    may = sum(
                        tonnes for each, tonnes in left.items() if not others.isdisjoint(each)
                    )
                    most = min(most, may + stock - sum(need[other] for other in others))
            if most > 0.0:
                yield pattern, tier, most / supply[pattern]
                left[pattern] -= most
                need[tier] -= most


def _sets(tiers: Mapping[str, float], without: str) -> Iterator[frozenset[str]]:
    names: Sequence[str] = [tier for tier in tiers if tier != without]
    for size in range(1, len(names) + 1):
        yield from map(frozenset, combinations(names, size))
