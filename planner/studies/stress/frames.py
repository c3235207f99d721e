"""The results of a stress test as tables of plain columns, worst loss first.

Tonnes and money are sums over the years from the loss on, money undiscounted; where several
minerals are added up, tonnes are by weight. A loss whose run has no plan has NaN for its numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.resolve import Floats
from planner.studies.stress.effect import Effect, Side
from planner.studies.stress.losses import Kind, Loss
from planner.studies.stress.seen import DAYS, Price

if TYPE_CHECKING:
    from planner.studies.stress import Stress

LOSSES = (
    "kind", "lost", "country", "refiner", "member", "lost_t", "replaced_t", "stock_t", "short_t",
    "cash", "cost", "worst", "worst_share", "price", "price_over", "price_at", "stock_days",
    "survived", "free_lost_t", "free_short_t", "free_cost", "error",
)  # fmt: skip
MINERALS = (
    "kind", "lost", "country", "refiner", "member", "mineral", "demand", "lost_t", "replaced_t",
    "stock_t", "short_t", "share", "agreed_short_t", "agreed_share", "cash", "cost", "price",
    "price_over", "price_member", "price_year", "stock_days", "survived", "short_from",
    "free_lost_t", "free_short_t", "free_share", "free_agreed_short_t", "free_agreed_share",
)  # fmt: skip
EMBARGOES = ("country", "member", "short_share", "own_short_t", "own_share", "cost")
DETAIL = (
    "kind", "lost", "mineral", "member", "year", "demand", "lost_t", "replaced_t", "stock_t",
    "short_t",
)  # fmt: skip

_NOTHING = 1e-6
"""Tonnes up to this are left out of the detail."""

Row = dict[str, object]


def by_loss(found: Stress) -> pd.DataFrame:
    """Return one row a loss, countries, refiners and embargoes apart, worst first: ``LOSSES``.

    The worst costs most with shortage priced. ``worst`` is the mineral with the largest
    ``worst_share`` of demand newly short; ``price_at`` says where the marginal price is the highest
    multiple, ``price_over``, of its mineral's price; ``stock_days`` is the largest and ``survived``
    the smallest of the minerals (NaN: nothing is short). ``free_`` columns are of the plan without
    share limits (NaN: there are none).
    """
    rows = [_loss(found, loss) for loss in found.losses]
    return _ranked(pd.DataFrame(rows, columns=LOSSES), ["cost", "short_t", "lost_t"])


def by_mineral(found: Stress) -> pd.DataFrame:
    """Return one row a loss and mineral of which something is lost: the columns ``MINERALS``.

    ``share`` is short over all demand; ``agreed_short_t`` what the agreed plan is short itself;
    ``short_from`` the first year with a shortage. Ordered as the losses are, worst mineral first.
    """
    rows: list[Row] = []
    for loss in _in_order(found):
        effect = found.capped.effect(loss)
        if effect is None:
            continue
        free = found.free.effect(loss) if found.free is not None else None
        hit = {*effect.hit, *(free.hit if free is not None else ())}
        of_loss = [_mineral(found, loss, effect, free, m) for m in sorted(hit)]
        rows += sorted(of_loss, key=lambda row: -float(str(row["share"])))
    return pd.DataFrame(rows, columns=MINERALS)


def detail(found: Stress) -> pd.DataFrame:
    """Return one row a loss, mineral, member and year that the loss touches: ``DETAIL``."""
    e, years = found.capped.plan.expanded, found.capped.base.years
    demand, rows = found.capped.demand, list[Row]()
    for loss in _in_order(found):
        effect = found.capped.effect(loss)
        if effect is None:
            continue
        touched = (effect.lost > _NOTHING) | (effect.short > _NOTHING)
        for m in effect.hit:
            for j, t in np.argwhere(touched[m]).tolist():
                rows.append(
                    {
                        "kind": str(loss.kind),
                        "lost": loss.name(found.case),
                        "mineral": e.minerals[m],
                        "member": e.members[j],
                        "year": years[t],
                        "demand": float(demand[m, j, t]),
                        "lost_t": float(effect.lost[m, j, t]),
                        "replaced_t": float(effect.replaced[m, j, t]),
                        "stock_t": float(effect.stocked[m, j, t]),
                        "short_t": float(effect.short[m, j, t]),
                    }
                )
    return pd.DataFrame(rows, columns=DETAIL)


def embargoes(found: Stress) -> pd.DataFrame:
    """Return one row a pair of a country and a member that were parted: ``EMBARGOES``.

    ``own_short_t`` is what the member itself is short, ``own_share`` that over its demand, and
    ``short_share`` what the whole coalition is short over the member's demand; both with minerals
    weighted by their prices (NaN: the member needs nothing).
    """
    side, rows = found.capped, list[Row]()
    case, e = found.case, side.plan.expanded
    of_year = [[case.mineral_of[m].price.value(y) for y in side.base.years] for m in e.minerals]
    prices = np.array(of_year).reshape(len(e.minerals), len(side.base.years))
    worth = np.einsum("mjt,mt->j", side.demand, prices)
    for loss in found.losses:
        effect = side.effect(loss) if loss.kind is Kind.EMBARGO else None
        if effect is None:
            continue
        j = e.member_at[loss.member]
        short = np.einsum("mjt,mt->j", effect.short, prices)
        needs = worth[j] > 0
        rows.append(
            {
                "country": loss.country,
                "member": loss.member,
                "short_share": short.sum() / worth[j] if needs else np.nan,
                "own_short_t": effect.short[:, j].sum(),
                "own_share": short[j] / worth[j] if needs else np.nan,
                "cost": effect.cost.sum(),
            }
        )
    return pd.DataFrame(rows, columns=EMBARGOES)


def _in_order(found: Stress) -> list[Loss]:
    """Return the losses, worst first."""
    known = {(str(o.kind), o.country, o.refiner, o.member): o for o in found.losses}
    keys = found.by_loss[["kind", "country", "refiner", "member"]].itertuples(index=False)
    return [known[tuple(key)] for key in keys]


def _who(found: Stress, loss: Loss) -> Row:
    return {
        "kind": str(loss.kind),
        "lost": loss.name(found.case),
        "country": loss.country,
        "refiner": loss.refiner,
        "member": loss.member,
    }


def _loss(found: Stress, loss: Loss) -> Row:
    row = _who(found, loss)
    effect = found.capped.effect(loss)
    if effect is None:
        return row | {"worst": "", "price_at": "", "error": found.capped.trouble(loss)}
    hit, side = list(effect.hit), found.capped
    shares = _share(effect.short, side)
    worst = max(hit, key=lambda m: (shares[m], -m), default=None)
    dearest = [(p, m) for m in hit if (p := effect.dearest[m]) is not None]
    price, at = max(dearest, key=lambda found: found[0].over, default=(None, -1))
    free = found.free.effect(loss) if found.free is not None else None
    row |= {
        "lost_t": effect.lost[hit].sum(),
        "replaced_t": effect.replaced[hit].sum(),
        "stock_t": effect.stocked[hit].sum(),
        "short_t": effect.short.sum(),
        "cash": effect.cash.sum(),
        "cost": effect.cost.sum(),
        "worst": side.plan.expanded.minerals[worst] if worst is not None and shares[worst] else "",
        "worst_share": shares[worst] if worst is not None else 0.0,
        "price": price.price if price is not None else np.nan,
        "price_over": price.over if price is not None else np.nan,
        "price_at": _where(side, price, at),
        "stock_days": max((_days(side, effect, m) for m in hit), default=0.0),
        "survived": min((d for d in effect.survived if d is not None), default=np.nan),
        "error": "",
    }
    if free is not None:
        row |= {
            "free_lost_t": free.lost.sum(),
            "free_short_t": free.short.sum(),
            "free_cost": free.cost.sum(),
        }
    elif found.free is not None:
        row["error"] = found.free.trouble(loss)
    return row


def _mineral(found: Stress, loss: Loss, effect: Effect, free: Effect | None, m: int) -> Row:
    side, price = found.capped, effect.dearest[m]
    years = np.flatnonzero(effect.short[m].any(axis=0))
    survived = effect.survived[m]
    row = _who(found, loss) | {
        "mineral": side.plan.expanded.minerals[m],
        "demand": side.demand[m].sum(),
        "lost_t": effect.lost[m].sum(),
        "replaced_t": effect.replaced[m].sum(),
        "stock_t": effect.stocked[m].sum(),
        "short_t": effect.short[m].sum(),
        "share": _share(effect.short, side)[m],
        "agreed_short_t": side.agreed.short[m].sum(),
        "agreed_share": _share(side.agreed.short, side)[m],
        "cash": effect.cash[m],
        "cost": effect.cost[m],
        "price": price.price if price is not None else np.nan,
        "price_over": price.over if price is not None else np.nan,
        "price_member": price.member if price is not None else "",
        "price_year": price.year if price is not None else None,
        "stock_days": _days(side, effect, m),
        "survived": np.nan if survived is None else survived,
        "short_from": side.base.years[int(years[0])] if len(years) else None,
    }
    if free is not None and found.free is not None:
        row |= {
            "free_lost_t": free.lost[m].sum(),
            "free_short_t": free.short[m].sum(),
            "free_share": _share(free.short, found.free)[m],
            "free_agreed_short_t": found.free.agreed.short[m].sum(),
            "free_agreed_share": _share(found.free.agreed.short, found.free)[m],
        }
    return row


def _share(short: Floats, side: Side) -> list[float]:
    """Return by mineral what is short over all demand; 0 where there is none."""
    demand = side.demand.sum(axis=(1, 2))
    lacking = short.sum(axis=(1, 2))
    found = np.divide(lacking, demand, out=np.zeros(len(demand)), where=demand > 0)
    return [float(v) for v in found]


def _days(side: Side, effect: Effect, m: int) -> float:
    """Return the stock used in days of the coalition's demand in the year of the loss."""
    a_day = float(side.demand[m, :, 0].sum()) / DAYS
    return float(effect.used[m]) / a_day if a_day > 0 else 0.0


def _where(side: Side, price: Price | None, m: int) -> str:
    if price is None:
        return ""
    return f"{side.plan.expanded.minerals[m]}, {price.member}, {price.year}"


def _ranked(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return rows by kind, of each the largest first and those without a number last.

    A country is more than its refiners: ranked together, each would stand there twice.
    """
    kinds = [str(kind) for kind in Kind]
    ranked = table.sort_values(by, ascending=False, kind="stable", na_position="last")
    return ranked.sort_values(
        "kind", kind="stable", key=lambda of: of.map(kinds.index), ignore_index=True
    )
