"""The recount: every constraint and cost evaluated from the Case, apart from the model.

Given tonnes for every flow, group sums over the Case's own arrays say what each row's activity and
limits ought to be, and what the plan ought to cost. Compared at a random point this shows that the
arrays handed to the solver are the Case's problem (a dropped row, a swapped cost or a wrong
coefficient differs almost surely); compared at the solution, that the plan keeps to the Case.
Nothing here reads the Pyomo model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.expand import Expanded, Floats, Ints, caps, contract_price
from models.proof.recount_stages import Stages
from models.solver import Keys, Rows

INFINITY = float("inf")


@dataclass(frozen=True)
class Point:
    """A value for every column of a block: deliveries as an array, the rest by name and key."""

    delivered: Floats
    named: Mapping[str, Mapping[Any, float]]

    def of(self, name: str) -> Mapping[Any, float]:
        """Return a component's values."""
        return self.named.get(name, {})


@dataclass
class Recount:
    """What the Case says at a point: (activity, least, most) by row, and the discounted cost."""

    rows: dict[str, dict[Any, tuple[float, float, float]]] = field(default_factory=dict)
    cost: float = 0.0

    def row(
        self, name: str, key: Any, activity: float, least: float = -INFINITY, most: float = INFINITY
    ) -> None:
        """Note a row."""
        self.rows.setdefault(name, {})[key] = (float(activity), float(least), float(most))


def recount(e: Expanded, cells: Sequence[tuple[int, int]], at: Ints, point: Point) -> Recount:
    """Evaluate a block's rows and cost at a point; ``at`` are its deliveries' positions."""
    found = Recount()
    sums = _Sums(e, at, point.delivered)
    discount = np.array([e.case.discount(y) for y in e.years])
    d = e.deliveries
    found.cost = float((point.delivered * d.landed[at] * discount[d.year[at]]).sum())
    _supply(e, found, sums)
    _contracts(e, cells, found, sums, point)
    stages = Stages(e, cells, point.named, sums.by_source_year, sums.by_lane)
    stages.add(found.row)
    found.cost += stages.cost
    _demand(e, cells, found, sums, point)
    _limits(e, cells, at, found, point)
    for name, price in _prices(e).items():
        found.cost += sum(price(key) * value for key, value in point.of(name).items())
    return found


class _Sums:
    """Group sums of a block's deliveries."""

    def __init__(self, e: Expanded, at: Ints, tonnes: Floats) -> None:
        d, years = e.deliveries, len(e.years)
        source, member, year = d.source[at], d.member[at], d.year[at]
        members = len(e.members)
        self.by_source_year = _grouped(source * years + year, tonnes, years)
        self.by_lane = _grouped((source * members + member) * years + year, tonnes, members, years)
        self.by_buyer = _grouped(
            (d.mineral[at] * members + member) * years + year, tonnes, members, years
        )
        contract = d.contract[at]
        signed = contract >= 0
        self.by_contract = _grouped(contract[signed] * years + year[signed], tonnes[signed], years)


def _grouped(code: Ints, tonnes: Floats, *sizes: int) -> dict[tuple[int, ...], float]:
    codes, inverse = np.unique(code, return_inverse=True)
    sums = np.bincount(inverse, weights=tonnes, minlength=len(codes))
    parts: list[Ints] = []
    for size in reversed(sizes):
        codes, last = np.divmod(codes, size)
        parts.insert(0, last)
    keys = zip(codes.tolist(), *(p.tolist() for p in parts), strict=True)
    return dict(zip(keys, sums.tolist(), strict=True))


def _supply(e: Expanded, found: Recount, sums: _Sums) -> None:
    for (r, t), tonnes in sums.by_source_year.items():
        source = e.sources[r]
        if not source.project:
            key = (source.name, source.mineral, e.years[t])
            found.row("refining_capacity", key, tonnes, most=e.usable[r, t])
    by_country: dict[tuple[str, str, str, int], list[float]] = {}
    for (r, j, t), tonnes in sums.by_lane.items():
        source, member, year = e.sources[r], e.members[j], e.years[t]
        refiner_max, country_max = e.lane_max(r, j, t)
        own = (source.name, source.project, source.mineral, member, year)
        if np.isfinite(refiner_max):
            found.row("refiner_lane_max", own, tonnes, most=refiner_max)
        if np.isfinite(country_max):
            lane = (source.country, source.mineral, member, year)
            by_country.setdefault(lane, [country_max, 0.0])[1] += tonnes
    for lane, (most, tonnes) in by_country.items():
        found.row("country_lane_max", lane, tonnes, most=most)


def _contracts(
    e: Expanded, cells: Sequence[tuple[int, int]], found: Recount, sums: _Sums, point: Point
) -> None:
    untaken, inside = point.of("untaken"), set(cells)
    for (k, t), least in e.minimums.items():
        record = e.case.contracts[k]
        if (e.mineral_at[record.mineral], t) in inside:
            signed = (k, record.refiner, record.mineral, record.member, e.years[t])
            paid = sums.by_contract.get((k, t), 0.0) + untaken.get(signed, 0.0)
            found.row("contract_minimum", signed, paid, least=least)
    for (k, t), tonnes in sums.by_contract.items():
        record = e.case.contracts[k]
        if record.max is not None:
            signed = (k, record.refiner, record.mineral, record.member, e.years[t])
            found.row("contract_maximum", signed, tonnes, most=record.max)


def _demand(
    e: Expanded, cells: Sequence[tuple[int, int]], found: Recount, sums: _Sums, point: Point
) -> None:
    short, stock = point.of("shortage"), point.of("stock")
    total, unfair = point.of("coalition_shortage"), point.of("unfair_shortage")
    tiers = point.of("tier_shortage")
    for m, t in cells:
        mineral, year = e.minerals[m], e.years[t]
        demand = e.demand[m, :, t]
        all_short = sum(short.get((mineral, j, year), 0.0) for j in e.members)
        for i, member in enumerate(e.members):
            key = (mineral, member, year)
            if demand[i] <= 0 and not e.has_stock[m, i]:
                continue
            before = stock.get((mineral, member, e.years[t - 1]), 0.0) if t else 0.0
            arrives = sums.by_buyer.get((m, i, t), 0.0) + before + short.get(key, 0.0)
            opening = 0.0
            if t == 0 and e.has_stock[m, i]:
                opening = e.case.stockpile_of[mineral, member].opening
            need = demand[i] - opening
            found.row("balance", key, arrives - stock.get(key, 0.0), need, need)
            if key in e.case.tiers_of and key in short:
                parts = [
                    tiers.get((mineral, member, tier, year), 0.0) for tier in e.case.tiers_of[key]
                ]
                found.row("tier_total", key, sum(parts) - short[key], 0.0, 0.0)
            if key in unfair:
                part = demand[i] / demand.sum() * total.get((mineral, year), 0.0)
                excess = short.get(key, 0.0) - part - unfair[key]
                found.row("fair_shortage", key, excess, most=0.0)
        if (mineral, year) in total:
            key2 = (mineral, year)
            found.row("shortage_total", key2, all_short - total[key2], 0.0, 0.0)


def _limits(
    e: Expanded, cells: Sequence[tuple[int, int]], at: Ints, found: Recount, point: Point
) -> None:
    place = {int(p): i for i, p in enumerate(at)}
    excess, base, ore = point.of("excess"), point.of("base"), point.of("ore")
    d = e.deliveries
    for cell in cells:
        for cap in caps(e, *cell):
            if cap.is_mining:
                of_mineral = [
                    (k, z) for k, z in ore.items() if (k[3], k[4]) == (cap.mineral, cap.year)
                ]
                inside_group = [z for k, z in of_mineral if k[0] in cap.ore]
                empty, flow = not inside_group, sum(inside_group)
                bought = sum(z for _, z in of_mineral)
            else:
                empty, flow = not cap.flows, sum(point.delivered[place[p]] for p in cap.flows)
                bought = 0.0
                if cap.of_purchases:
                    inside = np.array(e.cell(*cell), dtype=np.int64)
                    mine = inside[np.isin(d.member[inside], cap.buyers)]
                    bought = sum(point.delivered[place[int(p)]] for p in mine)
            if empty and cap.penalty is None:
                continue  # nothing can flow, nothing to limit
            over = excess.get(cap.key, 0.0)
            activity = flow - over if cap.is_max else flow + over
            limit = cap.share * cap.demand
            if cap.of_purchases:
                stage = (cap.record.stage, cap.mineral, cap.buyer, cap.year)
                activity, limit = activity - cap.share * base.get(stage, 0.0), 0.0
                if stage in base:
                    found.row("purchases_total", stage, bought - base[stage], 0.0, 0.0)
            if cap.is_max:
                found.row("share_limit", cap.key, activity, most=limit)
            else:
                found.row("share_limit", cap.key, activity, least=limit)


def _prices(e: Expanded) -> dict[str, Any]:
    """What a unit of each of the simpler columns costs, discounted, by its key."""
    case = e.case
    weight = case.settings.fair_shortage_weight

    def short(key: Any) -> float:
        return case.shortage_cost(key[0], key[2]) * case.discount(key[2])

    def untiered(key: Any) -> float:
        return 0.0 if key in case.tiers_of else short(key)

    def penalty(key: Any) -> float:
        record = case.share_limits[key[0]]
        stated = record.penalty
        price = case.shortage_cost(key[1], key[4]) if stated is None else stated
        return price * case.discount(key[4])

    return {
        "shortage": untiered,
        "tier_shortage": lambda key: case.tier_cost(key[0], key[2], key[3]) * case.discount(key[3]),
        "unfair_shortage": lambda key: weight * short(key),
        "excess": penalty,
        "untaken": lambda key: contract_price(e, key[0], key[4]) * case.discount(key[4]),
    }


def differences(rows: Rows, point: Floats, counted: Recount) -> list[str]:
    """Return where arrays and recount differ at a point, in words; none is what is wanted."""
    said: list[str] = []
    activity = rows.activity(point)
    terms = rows.row_sums(np.abs(rows.values * point[rows.columns]))
    seen: set[tuple[str, Any]] = set()
    for keys in rows.row_keys:
        said += _differing(keys, activity, terms, rows, counted, seen)
    for name, entries in counted.rows.items():
        for key, (value, least, most) in entries.items():
            if (name, key) not in seen and (value != 0 or least > 0 or most < 0):
                said.append(f"{name}{key} is missing")
    cost = float(rows.cost @ point)
    if not _close(cost, counted.cost, max(abs(cost), abs(counted.cost))):
        said.append(f"the cost is {cost:.9g}, counted {counted.cost:.9g}")
    return said


def _differing(  # noqa: PLR0913, PLR0917 - the parts of a comparison
    keys: Keys,
    activity: Floats,
    terms: Floats,
    rows: Rows,
    counted: Recount,
    seen: set[tuple[str, Any]],
) -> list[str]:
    said = []
    entries = counted.rows.get(keys.name, {})
    for i, key in enumerate(keys.index, start=keys.start):
        seen.add((keys.name, key))
        if key not in entries:
            said.append(f"{keys.name}{key} is no row of the case")
            continue
        value, least, most = entries[key]
        scale = max(abs(value), terms[i], 1e-9)
        if not (
            _close(activity[i], value, scale)
            and _close(rows.row_lower[i], least, abs(least))
            and _close(rows.row_upper[i], most, abs(most))
        ):
            said.append(f"{keys.name}{key} differs")
    return said


def _close(a: float, b: float, scale: float) -> bool:
    if np.isinf(a) or np.isinf(b):
        return bool(a == b)
    return bool(abs(a - b) <= 1e-9 * max(scale, 1e-300))
