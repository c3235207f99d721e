"""The stress test: what each supplier that is lost leaves short, and what that costs.

``losses`` says what is lost and what that does. Here are the tables that come of it, and the
finding, the charts and the lines that are made of these tables alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from models import errors, tolerances
from models.case import Case
from models.measures import HELD_TO_ORDERS, part, sums
from models.results import About, Benchmarks, Colour, Field, Look, Name, Result, Runs, field
from models.results import ByMineral as Minerals
from models.results import common as shared
from models.results.common import COUNTRY, MEMBER, MINERAL, YEAR
from models.results.field import crossed
from models.scorecard.supplied import n_minus_1
from planner.options import Share
from planner.render.chart import (
    Form,
    Picture,
    Role,
    Series,
    bars,
    drawn,
    lines,
    numbers,
    short,
    some_of,
)
from planner.render.sentences import in_years, missing, number_short
from planner.render.table import Table, records, table_of
from planner.render.words import counted, known, listed, money, scale, share, span, word
from planner.studies.agreed import Rules
from planner.studies.engine import NOT_RUN, Tell, unbegun
from planner.studies.kind import Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.losses import (
    AgreedPlans,
    DearestPrice,
    Effect,
    Loss,
    LossKind,
    Stress,
    agree,
    stress,
)
from planner.workbook.countries import country_code

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.run import Start
    from planner.studies.places import Where

_UNCAPPED_SAYS = "The same loss, hitting the plan of the same case without share limits."

_WHO = (
    field.text(
        "Lost",
        "Countries, then refiners; the largest extra cost with shortage first.",
    ),
    field.text(
        "What",
        "country: its refiners and projects make nothing for the coalition. refiner: that one makes"
        " nothing. embargo: the country's lanes to the member are closed.",
        key="kind",
    ),
)
_TONNES = (
    field.tonnes(
        "Lost",
        "What the agreed plan buys from the lost supplier, from the loss on. All minerals are added"
        " by weight: ore, metal and products made from one another count each.",
    ),
    field.tonnes(
        "Replaced",
        "What is bought more from the other suppliers. Below 0: less, for example because a member"
        " leaves tonnes to others. Lost = replaced + from stock + short + what plants take less.",
    ),
    field.tonnes(
        "From stock",
        "What is drawn more from stock, or stored less, over all years, less what is refilled.",
    ),
    shared.SHORT.like(
        meaning="Demand that the agreed plan meets, and that nothing meets after the loss. The"
        " agreed plan's own shortage comes on top."
    ),
)
LESS = field.tonnes(
    "Plants take less",
    "What plants take less of it than agreed: bought, or handed to them. Lost counts what plants"
    " buy, too.",
    optional=True,
)
_SIZES = (
    field(
        "Time to survive",
        Look.DAYS,
        "Days from the loss until the coalition is first short, if members draw on stocks first and"
        " lend them to one another. A year has 365 days, and its gap is spread evenly. Blank: never"
        " short.",
        unit="days",
        key="days_to_survive",
    ),
    field(
        "Stock used",
        Look.DAYS,
        "How far stocks fall, at most, below those with nothing lost under the same rules; in days"
        " of the coalition's demand. Stocks refilled later count, too, so From stock may be 0.",
        unit="days",
    ),
    Benchmarks.extra_cash.like(
        meaning="What is paid more than with nothing lost under the same rules. Below 0: less is"
        " bought. Undiscounted, without capital.",
        key="extra_cash_usd",
    ),
    Benchmarks.extra_cost.like(
        meaning="Extra cash cost, stock to refill, and new shortage at its shortage cost."
        " Undiscounted.",
        key="extra_cost_usd",
    ),
    field.millions(
        "Stock to refill",
        "What stocks hold less at the end than with nothing lost under the same rules. A tonne"
        " counts at the dearest price paid there in the last year, at least at the mineral's price."
        " Below 0: they hold more. Undiscounted.",
        key="refill_usd",
        printed=False,
    ),
)
PRICE, PRICE_OVER = (
    field.price(
        "Highest marginal price",
        "The marginal price of supply, of the minerals that the loss hits, where it is highest as a"
        " multiple of the mineral's price.",
        key="marginal_price_usd_per_t",
    ),
    field(
        "Times the mineral's price",
        Look.DAYS,
        "The highest marginal price over the mineral's price.",
        key="marginal_price_over_price",
    ),
)
LOST_T, SHORT, COST = _TONNES[0], _TONNES[3], _SIZES[3]
NEED = shared.DEMAND.like(meaning="All demand, including what the agreed plan leaves short.")
SHARE = shared.SHARE_SHORT.like(
    meaning=f"Short over all demand of the coalition; blank: it needs none. {HELD_TO_ORDERS}",
    colour=Colour.HEAT,
)
FREE_LOST, FREE_SHORT, FREE_COST = (
    field.tonnes(
        "Lost, uncapped plan",
        "Purchases from the lost supplier in the plan without share limits.",
        key="uncapped_lost_t",
    ),
    field.tonnes("Short, uncapped plan", _UNCAPPED_SAYS, key="uncapped_short_t"),
    COST.like(
        header="Extra cost with shortage, uncapped plan",
        meaning=f"{_UNCAPPED_SAYS} {shared.UNDISCOUNTED}",
        key="uncapped_extra_cost_usd",
    ),
)


class _OfLosses(Result):
    """One row a loss. ``plan`` of the words names the agreed plan where there is another."""

    lost, kind = _WHO
    country = COUNTRY.like(optional=True)
    refiner = shared.REFINER.like(meaning="", optional=True)
    member = MEMBER.like(optional=True)
    lost_t, replaced_t, stock_t = _TONNES[:3]
    short_t = SHORT.like(header="Short{plan}")
    less_t = LESS
    free_lost_t = FREE_LOST.like(optional=True)
    free_short_t = FREE_SHORT.like(optional=True)
    worst = field.text(
        "Worst mineral",
        "The mineral of which the largest share of demand is newly short.",
        names=Name.MINERAL,
        key="worst_mineral",
    )
    worst_share = field.share(
        "Share short of it",
        "Short over all demand of the coalition for that mineral.",
        key="worst_share_short",
    )
    survived, stock_days = (
        f.like(meaning=f"For the mineral with the {which}. {f.meaning}")
        for f, which in zip(_SIZES, ("least", "most"), strict=False)
    )
    cash, cost, refill = _SIZES[2:]
    free_cost = FREE_COST.like(printed=False, optional=True)
    price = PRICE.like(printed=False)
    price_over = PRICE_OVER
    price_at = field.text("Highest where", key="marginal_price_at")
    error = Runs.trouble.like(meaning="Why this loss has no plan.", optional=True)


class Losses(_OfLosses):
    """One row a country or refiner lost, the worst first."""

    TABLE, GRAIN, BOOK = "Stress", ("lost", "kind"), "stress"


class Embargoes(_OfLosses):
    """One row a country and member whose lanes are closed, the worst first."""

    TABLE, GRAIN, BOOK = "Embargoes", ("country", "member"), "stress"

    lost, kind = (f.like(optional=True) for f in _WHO)
    own_short_t = field.tonnes(
        "Short of the member itself",
        "Shortage of the embargoed member; others may be short, too.",
    )
    own_share = field.share(
        "Member's demand short, by value",
        "The member's new shortage over its demand, minerals weighted by their prices.",
    )


class LossByMineral(Result):
    """One row a loss and mineral of which something is lost.

    Of a mineral made from it, or into it, there is a row, too, if it is short or costs other money.
    """

    TABLE, GRAIN, BOOK = "Stress by mineral", ("lost", "kind", "mineral"), "stress"

    lost, kind = _WHO
    mineral = MINERAL
    demand = NEED
    agreed_short_t = field.tonnes("Short in the agreed plan", "Shortage without any loss.")
    lost_t, replaced_t, stock_t, short_t = _TONNES
    less_t = LESS
    share = SHARE
    short_from = field("Short from", Look.YEAR, "The first year with a shortage.")
    survived, stock_days, cash, cost, refill = _SIZES
    price, price_over = PRICE, PRICE_OVER
    price_member = field.text("Highest for", names=Name.MEMBER)
    price_year = field("Highest in", Look.YEAR)


class CappedOrNot(Result):
    """One row a country or refiner lost and mineral: the agreed plan, and that without limits."""

    TABLE, GRAIN, BOOK = "Capped or not", ("lost", "kind", "mineral"), "stress"

    lost, kind = _WHO
    mineral = MINERAL
    lost_t = LOST_T.like(header="Lost, capped plan")
    free_lost_t = FREE_LOST
    short_t = SHORT.like(header="Short, capped plan")
    free_short_t = FREE_SHORT
    share = SHARE.like(header="Share short, capped plan")
    free_share = field.share("Share short, uncapped plan", _UNCAPPED_SAYS, colour=Colour.HEAT)
    agreed_share = field.share(
        "Short before the loss, capped plan",
        "The shortage of the agreed plan itself, over all demand.",
    )
    free_agreed_share = field.share(
        "Short before the loss, uncapped plan",
        "The shortage of the plan without share limits itself, over all demand.",
    )


class NMinusOne(Result):
    """One row a mineral and year: supply without its largest country, over demand."""

    TABLE, GRAIN, BOOK = "N-1", ("mineral", "year"), "stress"

    mineral = MINERAL
    year = YEAR
    demand = NEED
    need = field.tonnes(
        "Needed by members", "Demand counts what plants take of it, too.", optional=True
    )
    supply = field.tonnes(
        "Supply open to the coalition",
        "Usable capacity of refiners, and of projects what the agreed plan has built.",
    )
    largest = Minerals.country.like(
        meaning="The country with the most supply. Rest of world does not count.", printed=True
    )
    largest_supply = field.tonnes("Supply of the largest")
    largest_demand = field.tonnes(
        "Demand of the largest", "Demand of the members whose country it is; 0 for others."
    )
    over_all = field.share(
        "Supply left over all demand",
        "(S - Smax) / D: supply without the largest country, over all demand of the coalition.",
    )
    over_rest = field.share(
        "Supply left over the rest's demand",
        "(S - Smax) / (D - Dmax): the same, over demand without that of the largest country; the"
        " N-1 of the International Energy Agency, here of the supply open to the coalition and its"
        " demand.",
    )
    bought = field.tonnes("Bought in the agreed plan")
    seller = field.text("Largest seller in it", names=Name.COUNTRY)
    seller_sold = field.tonnes("Sold by the largest seller")
    bought_over_all = field.share(
        "Bought of others over all demand",
        "FixedDecisions purchases without the largest seller, over all demand.",
    )


class Solidarity(Result):
    """What sharing what is left is worth: a row a loss, for all and for each member it matters to.

    Shared: members share what suppliers and a surge leave. Unshared: each buys of a supplier no
    more than was agreed and its part of the surge.
    """

    TABLE, GRAIN, BOOK = "Solidarity", ("lost", "kind", "member"), "stress"

    lost, kind = _WHO
    member = MEMBER.like(meaning="Coalition: all members together.", names=Name.BUYER)
    short_t = SHORT.like(header="Short, shared", meaning="New shortage if members share.")
    alone_short_t = SHORT.like(
        header="Short, unshared", meaning="New shortage if they do not share.", key="alone_short_t"
    )
    worth = field.money(
        "Sharing spares it",
        "Its new shortage unshared less shared, at the shortage cost. Below 0: it gives tonnes to"
        f" others. {shared.UNDISCOUNTED}",
        key="sharing_spares_usd",
    )
    cost = COST.like(
        header="Extra cost, shared",
        meaning="Of all members, with new shortage at its cost, against the same rules with nothing"
        f" lost. {shared.UNDISCOUNTED}",
    )
    alone_cost = COST.like(
        header="Extra cost, unshared",
        meaning="Of all members, with new shortage at its cost, against the same rules with nothing"
        f" lost. {shared.UNDISCOUNTED}",
        key="alone_extra_cost_usd",
    )


class Detail(Result):
    """One row a loss, mineral, member and year that the loss touches."""

    TABLE, GRAIN, BOOK = "Stress detail", ("lost", "kind", "mineral", "member", "year"), "stress"

    lost, kind = _WHO
    mineral = MINERAL
    member = MEMBER
    year = YEAR
    demand = NEED
    lost_t, replaced_t, stock_t, short_t = _TONNES
    less_t = LESS.like(meaning=f"{LESS.meaning} A row without a member is of all plants.")
    replaced_t = replaced_t.like(
        header="Replaced, less what it gives up",
        meaning="What the member buys more from the other suppliers. Below 0: it buys less, because"
        " others get its tonnes. Lost = replaced + from stock + short + what plants take less.",
        key="replaced_t",
    )


_HEAT = SHARE.like(
    meaning="New shortage over the coalition's demand. Blank: the loss does not touch it."
)
_MATRICES = (
    (
        "Embargo matrix",
        Embargoes.own_share.like(
            meaning="New shortage over this member's demand, minerals weighted by their prices, if"
            " the country's lanes to it are closed. Blank: they do not trade in the agreed plan.",
            colour=Colour.HEAT,
        ),
    ),
    (
        "Embargo cost",
        Embargoes.cost.like(
            meaning="Extra cost with shortage, of the coalition, if the country's lanes to this"
            " member are closed. Blank: they do not trade in the agreed plan.",
            colour=Colour.HEAT,
        ),
    ),
)
"""The matrices of a country and a member, and the field of Embargoes that each spreads."""


# ---- the tables of a result ----------------------------------------------------------------------
#
# Tonnes and money are sums over the years from the loss on, money undiscounted; where several
# minerals are added up, tonnes are by weight. A loss whose run has no plan has no numbers.


Row = dict[str, object]


def tables_of(result: Stress) -> list[Result]:
    """Return the tables of a stress test: losses by kind, of each the worst first."""
    texts = shared.words_of(result.case) | {"plan": ", capped plan" if result.free else ""}
    ranked = _ranked(result)
    minerals = [row for loss in ranked for row in _minerals(result, loss)]
    embargoes = [loss for loss in ranked if loss.kind is LossKind.EMBARGO]
    tables: dict[type[Result], list[Row] | list[dict[Hashable, Any]]] = {
        Losses: [row for loss, row in ranked.items() if loss not in embargoes],
        LossByMineral: minerals,
        CappedOrNot: [row for row in minerals if row["kind"] != LossKind.EMBARGO],
        Solidarity: _sharing(result, ranked) if result.alone else [],
        Embargoes: [ranked[loss] | _of_member(result, loss) for loss in embargoes],
        NMinusOne: n_minus_1(result.capped.plan, result.years[0]),
        Detail: [row for loss in ranked for row in _detail(result, loss)],
    }
    absent = ([] if result.free else [CappedOrNot]) + ([] if result.alone else [Solidarity])
    every = [k.of_rows(rows, words=texts) for k, rows in tables.items() if k not in absent]
    if result.capped.plan.expanded.intakes:
        return every
    return [table.without(Losses.less_t, NMinusOne.need) for table in every]


def _ranked(result: Stress) -> dict[Loss, Row]:
    """Return the losses by kind, of each the dearest first and those without a plan last.

    A country is more than its refiners: ranked together, each would be there twice.
    """
    kinds, rows = list(LossKind), {loss: _loss(result, loss) for loss in result.losses}
    amounts = ("cost", "short_t", "lost_t")

    def place(loss: Loss) -> tuple[Any, ...]:
        sizes: list[Any] = [rows[loss].get(name) for name in amounts]
        return (kinds.index(loss.kind), *((size is None, -(size or 0.0)) for size in sizes))

    return {loss: rows[loss] for loss in sorted(rows, key=place)}


def _who(result: Stress, loss: Loss) -> Row:
    return {
        "kind": str(loss.kind),
        "lost": loss.name(result.case),
        "country": loss.country or None,
        "refiner": loss.refiner or None,
        "member": loss.member or None,
    }


def _effects(result: Stress, loss: Loss) -> tuple[Effect | None, Effect | None]:
    return result.capped.effects[loss], result.free.effects[loss] if result.free else None


def _free(effect: Effect, cells: Any) -> Row:
    return {f"free_{name}": tonnes for name, tonnes in effect.tonnes(cells).items()}


def _priced(price: DearestPrice | None) -> Row:
    if price is None:
        return {}
    return {"price": price.price} | {f"price_{name}": value for name, value in vars(price).items()}


def _loss(result: Stress, loss: Loss) -> Row:
    """Return a loss in all: stock used of the mineral with the most, survived with the least."""
    row, side, (effect, free) = _who(result, loss), result.capped, _effects(result, loss)
    if effect is None:
        return row | {"error": side.trouble(loss)}
    hit, shares, minerals = effect.hit, effect.share, side.plan.expanded.minerals
    worst = max(hit, key=lambda m: (shares[m], -m), default=None)
    share = 0.0 if worst is None else shares[worst]
    prices = [(price, m) for m in hit if (price := effect.dearest[m]) is not None]
    price, m = max(prices, key=lambda each: each[0].over, default=(None, -1))
    row |= effect.tonnes(hit) | {
        "short_t": float(effect.short.sum()),
        "worst": minerals[worst] if worst is not None and share else None,
        "worst_share": share,
        "stock_days": max((effect.stock_days[m] for m in hit), default=0.0),
        "survived": min((days for days in effect.survived if days is not None), default=None),
        "price_at": f"{minerals[m]}, {price.member}, {price.year}" if price else None,
        **{name: float(getattr(effect, name).sum()) for name in ("cash", "refill", "cost")},
        **_priced(price),
    }
    if free is not None:
        row |= _free(free, ...) | {"free_cost": float(free.cost.sum())}
    elif result.free is not None:
        row["error"] = result.free.trouble(loss) or None
    return row


def _minerals(result: Stress, loss: Loss) -> Iterator[Row]:
    """Yield a row for each mineral that a loss hits, in either plan, the worst first."""
    side, (effect, free) = result.capped, _effects(result, loss)
    if effect is None:
        return
    hit = sorted({*effect.hit, *(free.hit if free is not None else ())})
    agreed = side.share(side.agreed.short)
    is_needed = side.demand.sum(axis=(1, 2)) > 0
    for m in sorted(hit, key=lambda m: -effect.share[m]):
        years = np.flatnonzero(effect.short[m].any(axis=0))
        row = _who(result, loss) | effect.tonnes(m) | _priced(effect.dearest[m])
        row |= {
            "mineral": side.plan.expanded.minerals[m],
            "demand": float(side.demand[m].sum()),
            "agreed_short_t": float(side.agreed.short[m].sum()),
            "short_from": side.base.years[int(years[0])] if len(years) else None,
        }
        row |= {
            name: getattr(effect, name)[m]
            for name in ("cash", "refill", "cost", "stock_days", "survived")
        }
        if is_needed[m]:
            row |= {"share": effect.share[m], "agreed_share": agreed[m]}
        if free is not None and result.free is not None:
            before = result.free.share(result.free.agreed.short)[m]
            row |= _free(free, m)
            if is_needed[m]:
                row |= {"free_share": free.share[m], "free_agreed_share": before}
        yield row


def _of_member(result: Stress, loss: Loss) -> Row:
    """Return what the member of an embargo is short itself, by weight and by value."""
    side, effect = result.capped, result.capped.effects[loss]
    if effect is None:
        return {}
    e = side.plan.expanded
    prices = e.prices[:, len(e.years) - len(side.base.years) :]
    j = e.member_at[loss.member]
    short, need = (
        float(np.einsum("mjt,mt->j", tonnes, prices)[j]) for tonnes in (effect.short, side.demand)
    )
    return {"own_short_t": float(effect.short[:, j].sum()), "own_share": part(short, need)}


def _sharing(result: Stress, losses: Iterable[Loss]) -> list[Row]:
    """Return by loss what is short and costs shared and unshared, of all and of each member."""
    case, rows = result.case, list[Row]()
    price = np.array([[case.shortage_cost(m.name, y) for y in result.years] for m in case.minerals])
    price = price.reshape(len(case.minerals), len(result.years))
    for loss in losses:
        effect, alone = result.capped.effects[loss], result.alone and result.alone.effects[loss]
        if effect is None or not alone:
            continue
        spared = np.einsum("mjt,mt->j", alone.short - effect.short, price)
        shared_t, alone_t = (each.short.sum(axis=(0, 2)) for each in (effect, alone))
        amounts = {"short_t": shared_t, "alone_short_t": alone_t, "worth": spared}
        costs = {"cost": float(effect.cost.sum()), "alone_cost": float(alone.cost.sum())}
        who = _who(result, loss)
        rows.append(who | {n: float(a.sum()) for n, a in amounts.items()} | {"member": ""} | costs)
        rows += [
            who | {name: float(amount[j]) for name, amount in amounts.items()} | {"member": m.name}
            for j, m in enumerate(case.members)
            if max(shared_t[j], alone_t[j]) > tolerances.LEAST_FLOW
        ]
    return rows


def _detail(result: Stress, loss: Loss) -> Iterator[Row]:
    side, effect = result.capped, result.capped.effects[loss]
    if effect is None:
        return
    e, who = side.plan.expanded, _who(result, loss)
    touched = (effect.lost > tolerances.LEAST_FLOW) | (effect.short > tolerances.LEAST_FLOW)
    buyers, plants = [*e.members, None], touched.shape[1] - len(e.members)
    demand = np.pad(side.demand, ((0, 0), (0, plants), (0, 0)))
    amounts = {"demand": demand, **effect.amounts}
    for m in effect.hit:
        cells = np.argwhere(touched[m])
        values = np.array([tonnes[m][touched[m]] for tonnes in amounts.values()]) + 0.0  # no -0
        for (j, t), row in zip(cells.tolist(), values.T.tolist(), strict=True):
            key = {"mineral": e.minerals[m], "member": buyers[j], "year": side.base.years[t]}
            yield who | key | dict(zip(amounts, row, strict=True))


# ---- the sheets ----------------------------------------------------------------------------------
def sheets(tables: Tables, case: Case) -> list[Table]:
    """Return the sheets in order; those of embargoes where some were asked for."""
    name, losses = case.country_name, tables[Losses]
    without = [] if any(losses.refiner) else [Losses.country]
    shown = [
        table_of(_shown(losses, Losses.refiner, Losses.member, *without), name),
        table_of(heat_map(tables)),
        table_of(tables[LossByMineral]),
    ]
    shown += [table_of(tables[CappedOrNot])] if CappedOrNot in tables.results else []
    shown += [table_of(tables[Solidarity])] if Solidarity in tables else []
    if Embargoes in tables:
        pairs = _shown(tables[Embargoes], Embargoes.lost, Embargoes.kind, Embargoes.refiner)
        members = [member.name for member in case.members]
        shown.append(replace(table_of(pairs, name), printed=None))
        shown += [table_of(_by_pair(tables, *each, members), name) for each in _MATRICES]
    return [*shown, table_of(tables[NMinusOne], name), table_of(tables[Detail])]


def _shown(losses: _OfLosses, *left_out: Field) -> _OfLosses:
    """Return the columns of losses that a sheet has: of the plan without limits if it differs."""
    free = [] if losses.words["plan"] else [_OfLosses.free_short_t, _OfLosses.free_cost]
    unknown = [] if any(losses.error) else [_OfLosses.error]
    return losses.without(*left_out, _OfLosses.free_lost_t, *free, *unknown)


def heat_map(tables: Tables) -> Result:
    """Rows lost, columns minerals: the share of the coalition's demand that is newly short."""
    losses, by = tables[Losses], LossByMineral
    rows = tables[by].rows(by.lost, by.kind, by.mineral, by.share)
    cells = {tuple(key): share for *key, share in rows}
    lead = {Losses.lost: losses.lost, Losses.kind: losses.kind}
    return crossed("Heat map", lead, _every_mineral(tables), cells, _HEAT, losses.words)


def _by_pair(tables: Tables, title: str, cell: Field, members: Sequence[str]) -> Result:
    """Rows countries, the dearest first, columns members; blank where they do not trade."""
    rows = tables[Embargoes].frame()
    rows = rows[rows["cost"].notna()].sort_values(["country", "member"], kind="stable")
    codes = list(rows.groupby("country", sort=True)["cost"].sum().sort_values().index[::-1])
    cells: dict[Any, Any] = rows.set_index(["country", "member"])[cell.name].to_dict()
    return crossed(title, {Embargoes.country: codes}, members, cells, cell, tables[Embargoes].words)


def _every_mineral(tables: Tables) -> list[str]:
    """Return the minerals that members need, or all if they need none: shares short are of it."""
    need = _need(tables)
    needed = dict.fromkeys(mineral for (mineral, _), tonnes in need.items() if tonnes > 0)
    return list(needed or dict.fromkeys(mineral for mineral, _ in need))


def _need(tables: Tables) -> dict[tuple[str, int], float]:
    """Return what members need [t], by (mineral, year)."""
    table, left = tables[NMinusOne], NMinusOne
    need = left.need if left.need.name in table.data else left.demand
    return {(str(m), int(year)): t for m, year, t in table.rows(left.mineral, left.year, need)}


# ---- charts, of the tables alone -----------------------------------------------------------------
_MOST_BARS, _MOST_LINES, _MOST_LOSSES, _MOST_ROWS = 10, 6, 6, 30
"""Losses, minerals, small charts and rows of the heat map that are drawn at most."""
_SEEN, _TALL = 5e-3, 0.02
"""A share that is nowhere above the first is not worth a bar; a loss without one above the second
is not worth a chart."""
_WHOLE = 20.0
"""From here on an axis of money needs no decimals."""


def _horizon(tables: Tables) -> str:
    return span(int(year) for year in set(tables[NMinusOne].year))


def _missing(tables: Tables, losses: pd.DataFrame) -> Picture | None:
    """The countries whose loss leaves most of a mineral missing, and of which mineral."""
    rows = losses[losses["worst_share"] > _SEEN]
    rows = rows.sort_values("worst_share", ascending=False, kind="stable").head(_MOST_BARS)
    lost = zip(rows["lost"], rows["worst"], strict=True)
    return bars(
        "Missing part of the mineral hit hardest, by lost country,"
        f" {_horizon(tables)}{some_of(len(rows), len(losses), 'worst')}",
        rows,
        [f"{short(name)}: {mineral}" for name, mineral in lost],
        {SHARE.header: (Role.SHORT, Losses.worst_share)},
        "Share of the mineral's need, beyond what the agreed plan leaves missing",
        form=Form.BARS,
    )


def _costs(tables: Tables, losses: pd.DataFrame) -> Picture | None:
    """The countries whose loss costs most, shortage priced."""
    dear = losses[losses["cost"] > 0]
    rows = dear.head(_MOST_BARS)
    size, unit = scale(rows["cost"].max(), tables[Losses].words["money"])
    some = some_of(len(rows), len(losses), "dearest")
    if len(rows) == len(dear) < len(losses):
        some = f" ({len(rows)} of {len(losses)}, the others nothing)"
    return bars(
        f"What losing a country costs, {_horizon(tables)}{some}",
        rows,
        Losses.lost,
        {COST.header: (Role.SHORT, rows["cost"] / size)},
        f"Extra cost, shortage priced ({unit})",
        form=Form.BARS,
        look=Look.COUNT if rows["cost"].max() / size >= _WHOLE else Look.MILLIONS,
    )


def _n_minus_1(tables: Tables) -> Picture | None:
    """N-1 over the years, a line a mineral: those with the least left."""
    table = tables[NMinusOne].frame()
    left = {str(m): numbers(rows["over_rest"]) for m, rows in table.groupby("mineral", sort=False)}
    return lines(
        "N-1: supply without its largest country",
        sorted({int(year) for year in table["year"]}),
        {mineral: values for mineral, values in left.items() if any(map(known, values))},
        "Share of the demand of the others",
        across=YEAR.header,
        most=_MOST_LINES,
        rank=lambda values: -min(value for value in values if value is not None),
        which="lowest",
    )


def _single(tables: Tables, lost: str, rank: str) -> Picture | None:
    """One country lost: the share of demand newly short by mineral, capped against uncapped."""
    kind = CappedOrNot if CappedOrNot in tables else LossByMineral
    sides = {"FixedDecisions plan": (Role.PLAN, kind.share)}
    if kind is CappedOrNot:
        sides["Plan without share limits"] = Role.FREE, CappedOrNot.free_share
    rows = tables[kind].frame()
    rows = rows[(rows["kind"] == LossKind.COUNTRY) & (rows["lost"] == lost)]
    shares = rows[[share.name for _, share in sides.values()]]
    if not (shares > _TALL).any(axis=None):
        return None
    order = {name: i for i, name in enumerate(_every_mineral(tables))}
    rows = rows[(shares > _SEEN).any(axis=1)]
    rows = rows.sort_values("mineral", key=lambda names: names.map(order), kind="stable")
    out = len(order) - len(rows)
    left_out = f"; left out: {out} of {len(order)} minerals, up to {_SEEN * 100:g} %" if out else ""
    title, axis = f"{short(lost)} lost: demand newly short", "Share of coalition demand"
    return bars(title, rows, kind.mineral, sides, axis, across=f"{rank}{left_out}", small=True)


def _heat_picture(heat: Result) -> Picture:
    """Return the heat map as a chart; losses that say the same are one row of it."""
    lost, _, *minerals = heat.fields
    alike: dict[tuple[float | None, ...], list[str]] = {}
    for name, *values in heat.rows(lost, *minerals):
        cells = tuple(float(v) if known(v) and v > 0 else None for v in values)
        alike.setdefault(cells, []).append(str(name))
    rows = list(alike.items())[:_MOST_ROWS]
    some = f": the worst {sum(len(names) for _, names in rows)} of {len(heat)} losses"
    return Picture(
        f"Part of demand short on top of the agreed plan{some if len(rows) < len(alike) else ''}",
        Form.HEAT,
        tuple(mineral.title({}) for mineral in minerals),
        tuple(Series(listed(names, 1), Role.SHORT, cells) for cells, names in rows),
        "short",
        "",
    )


def _named(losses: pd.DataFrame) -> list[str]:
    """Return what is lost; a refiner that is named as another row is says that it is one."""
    lost = [word(v) for v in losses["lost"]]
    return [
        f"{name} ({word(kind)})" if lost.count(name) > 1 else name
        for name, kind in zip(lost, losses["kind"], strict=True)
    ]


_MOST_SHARED = 20
"""Losses at most of which the report shows what sharing is worth."""
_CHEAP = 0.01
"""An embargo that costs up to this part of what it does unshared is undone by resale."""


def _resale(tables: Tables) -> str:
    """Return what sharing spares, and where it makes an embargo on one member next to nothing."""
    if Solidarity not in tables:
        return (
            "In an embargo on one member, the others can resell to it at no extra cost;"
            " --solidarity none rules that out."
            if Embargoes in tables
            else ""
        )
    currency, rows = tables[Losses].words["money"], tables[Solidarity].frame()
    rows = rows[(rows["member"] == "") & (rows["alone_cost"] > rows["cost"])]
    rows = rows.assign(spared=rows["alone_cost"] - rows["cost"])
    rows = rows.sort_values("spared", ascending=False, kind="stable")
    is_embargo, sentences = rows["kind"] == LossKind.EMBARGO, list[str]()
    for _, worst in rows[~is_embargo].head(1).iterrows():
        sentences.append(
            f"If members did not share what is left, the loss of {word(worst['lost'])} would cost"
            f" {money(worst['alone_cost'], currency)} in place of"
            f" {money(worst['cost'], currency)}."
        )
    embargoes = rows[is_embargo & ~rows["lost"].map(_at_home).astype(bool)]
    cheap = embargoes[embargoes["cost"] <= _CHEAP * embargoes["alone_cost"]]
    for _, worst in cheap.head(1).iterrows():
        sentences.append(
            f"{len(cheap)} of {len(embargoes)} embargoes on one member cost next to nothing, since"
            f" the others resell to it. For example, {word(worst['lost'])} costs"
            f" {money(max(worst['cost'], 0.0), currency)}; without resale it would cost"
            f" {money(worst['alone_cost'], currency)}."
        )
    return " ".join(sentences)


def _at_home(lost: object) -> bool:
    country, _, member = str(lost).partition(" to ")
    return len({country_code(name) or name for name in (country, member)}) == 1


# ---- the study -----------------------------------------------------------------------------------
_WORST = 5
"""Losses of a kind on the terminal; the workbook has them all."""
_HEADS = {
    LossKind.COUNTRY: "Worst losses",
    LossKind.REFINER: "Worst refiners",
    LossKind.EMBARGO: "Worst embargoes",
}
_COMPARED = {
    "lost", "lost_t", "replaced_t", "stock_t", "short_t", "less_t", "free_short_t", "worst",
    "worst_share", "survived", "cost",
}  # fmt: skip
"""What the terminal and the report compare losses by."""


def _compared(losses: _OfLosses) -> tuple[Field, ...]:
    left_out = set() if losses.words.get("plan") else {"free_short_t"}
    return tuple(f for f in losses.fields if f.name in _COMPARED - left_out)


def _by_weight(tables: Tables) -> str:
    """Say that tonnes of all stages are added up, "" where nothing is made from anything."""
    if "less_t" not in tables[Losses].data:
        return ""
    return (
        "Tonnes lost are added up over all stages: ore, metal and products made from one another"
        " count each."
    )


def _missing_parts(tables: Tables) -> dict[tuple[str, str, str, int], float]:
    """Return what part of need each loss takes, by what is lost, kind, mineral and year."""
    need, years = _need(tables), ["lost", "kind", "mineral", "year"]
    short = sums(tables[Detail].frame(), "short_t", *years) if Detail in tables else {}
    return {
        (lost, kind, mineral, int(year)): part(tonnes, need[mineral, int(year)]) or 0.0
        for (lost, kind, mineral, year), tonnes in short.items()
    }


def _more(amount: float, currency: str) -> str:
    return f"{money(abs(amount), currency)} {'more' if amount > 0 else 'less'}"


class StressTest(StudyKind):
    """Remove each supplier country of the agreed plan in turn, and see what replaces it.

    The agreed plan is made first, with the scenario, what-ifs and limits. Then each supplier is
    removed in turn, from the first year (or --year) to the last. The other suppliers sell what was
    agreed and a surge. Plants are built as agreed, and members may draw on stocks. Share limits are
    waived unless --keep-caps is given. The same losses also hit the plan without share limits, to
    show what diversification buys. With --solidarity none, they also hit members that do not share.

    \b
    planner stress case.xlsx
    planner stress case.xlsx --refiners --pairs
    planner stress case.xlsx --pairs --solidarity none
    planner stress case.xlsx --surge 0 --keep-caps --year 2030

    A run without a proven plan is listed with its reason. The exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "stress", "Stress test", "stress test"
    QUESTION = "What if a supplier is lost after the plan is agreed?"
    HEADING = "Stress test: {plan}"
    LACKING = "no loss planned"
    READ_IN = LossKind.__module__
    MONEY = (
        "all amounts are undiscounted, from the first year of the loss; total cost in planner"
        " compare is a present value"
    )
    task = "what is agreed"
    RESULTS = (Losses, LossByMineral, CappedOrNot, Solidarity, Embargoes, NMinusOne, Detail)
    LIMIT = "Cap one country's share of each mineral in the agreed plan, 0 to 1. Applied last."
    OPTIONS = (
        click.option(
            "--refiners", is_flag=True, help="Also test the loss of each refiner that sells."
        ),
        click.option(
            "--pairs",
            is_flag=True,
            help="Also close each supplier country's lanes to each member (the embargo matrix).",
        ),
        click.option(
            "--surge",
            type=Share(),
            metavar="S",
            help="How much more the other suppliers can sell than agreed, as a share of their"
            " usable capacity, as far as that is free [the setting Surge].",
        ),
        click.option(
            "--keep-caps",
            is_flag=True,
            help="Keep the share limits, which are otherwise waived after a loss.",
        ),
        click.option(
            "--solidarity",
            type=click.Choice(["full", "none"]),
            default="full",
            help="With none, also test members that do not share: each buys at most what was"
            " agreed and its part of the surge [full].",
        ),
        click.option(
            "--year",
            type=int,
            metavar="Y",
            help="First year of the loss [the first planned year].",
        ),
    )

    def __init__(  # noqa: PLR0913 - the options of the command
        self,
        start: Start,
        *,
        refiners: bool,
        pairs: bool,
        surge: float | None,
        keep_caps: bool,
        solidarity: str,
        year: int | None,
    ) -> None:
        """Take the rules; UsageError for a year that is not planned."""
        super().__init__(start)
        years = start.case.years
        if year is not None and year not in years:
            close = min(years, key=lambda y: abs(y - year), default=None)
            hint = f"; did you mean {close}?" if close is not None else ""
            msg = f"--year {year} is no year of the sheet Demand{hint}"
            raise errors.UsageError(msg)
        surge = start.case.settings.surge if surge is None else surge
        self.rules = Rules(surge, keep_caps, year, solidarity == "full")
        asked = {LossKind.COUNTRY: True, LossKind.REFINER: refiners, LossKind.EMBARGO: pairs}
        self.kinds = [kind for kind, is_asked in asked.items() if is_asked]

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan what is agreed, and each loss."""
        case = self.start.case
        try:
            plans = agree(case, where)
        except (KeyboardInterrupt, SystemExit) as stop:
            none = unbegun(AgreedPlans.runs(case), stop)
            self.outcomes, self.stopped = none.every, none.stopped
            return
        self.result = stress(
            case, self.rules, self.kinds, where=where, tell=tell, say=say, plans=plans
        )
        self.outcomes, self.stopped = self.result.outcomes, self.result.stopped

    @property
    def planned(self) -> bool:
        """Whether there is a plan of the rules alone, which losses are measured against."""
        begun = any(outcome.ran for outcome in self.outcomes)
        return begun and self.result.capped.nothing.found is not None

    @property
    def progress_label(self) -> str:
        """Of how many losses it is known what they do."""
        capped, free = self.result.capped, self.result.free
        without = f", {free.progress} without share limits" if free is not None else ""
        return f"{capped.progress} losses known{without}"

    @property
    def subject(self) -> str:
        """The losses and the rules."""
        rules, result = self.rules, self.result
        if not result.losses:
            return "No country sells anything in the agreed plan, so there is nothing to lose"
        return (
            f"{len(result.losses):,} losses of suppliers, one at a time, {span(result.years)};"
            f" the others may sell {rules.surge * 100:g} % of capacity more than agreed, share"
            f" limits {'kept' if rules.keep_caps else 'waived'};"
            f" cost in {result.case.settings.currency} m"
        )

    @property
    def options(self) -> dict[str, str]:
        """Scenario and what-ifs, and the rules of a loss."""
        rules, result, currency = self.rules, self.result, self.start.case.settings.currency
        limits = (
            "kept" if rules.keep_caps else "waived, maximums and minimums, while the loss lasts"
        )
        options = {
            "Loss": f"from {result.years[0]} to {result.years[-1]}; countries, or refiners, that"
            " sell in the agreed plan. The plan's own Overview asks what is left in the last year"
            " if nothing is bought instead: another question",
            "Surge": f"{rules.surge * 100:g} % of usable capacity beyond what was agreed, each"
            " year, and no more than is free of it",
            "Share limits": limits if result.case.share_limits else "none in the workbook",
            shared.DEMAND.header: "what the agreed plan serves. Short is the part of it that is no"
            " longer served after the loss",
            "Stocks": "may be drawn below what was agreed, at the target's penalty; what they hold"
            " less at the end is to be refilled, and counts in the extra cost",
            "Plants": "built as agreed; their capital is no part of the extra cost",
            "Extra cost": "against the same rules with nothing lost",
        }
        if not rules.solidarity:
            options[Solidarity.TABLE] = (
                "members share what is left; beside it each buys of a supplier no more than agreed"
                " and its part of the surge, by its rights (sheet and setting Rights)"
            )
        calm = result.capped.nothing.found
        if calm is not None:  # share limits waived, and a surge of cheaper suppliers, cost less
            cash = float(calm.cash.sum() - result.capped.agreed.cash.sum())
            more = f"{_more(cash, currency)} in cash"
            options["Nothing lost"] = (
                f"under these rules the agreed plan costs {more}, even if nothing is lost"
            )
        return {**self.start.options, **options}

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the agreed plan": self.result.capped.plan}

    @property
    def tariff_sentence(self) -> str:
        """Those of the agreed plan, and those in the extra cash of the loss that costs most."""
        effects = {loss: each for loss, each in self.result.capped.effects.items() if each}
        dear = max(effects, key=lambda loss: effects[loss].cash.sum(), default=None)
        more = float(effects[dear].duties.sum()) if dear is not None else 0.0
        if dear is None or not more:
            return super().tariff_sentence
        by = _more(more, self.start.case.settings.currency)
        name = dear.name(self.result.case)
        kinds = "tariffs and levies" if self.result.case.price_floors else "tariffs"
        lost = f"If {name} is lost, {kinds} are {by}; the extra cash includes that."
        return f"{super().tariff_sentence} {lost}".strip()

    def tables(self) -> list[Result]:
        """Return the losses, by mineral, against the plan without limits, N-1 and the detail."""
        return tables_of(self.result)

    def sheets(self, tables: Tables) -> list[Table]:
        return sheets(tables, self.start.case)

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return the rules, an object a loss, and one a mineral and year of N-1."""
        by, short = LossByMineral, defaultdict[tuple[object, ...], dict[str, float]](dict)
        for *who, mineral, tonnes in tables.rows(by, by.kind, by.lost, by.mineral, by.short_t):
            short[*who,][mineral] = tonnes
        has = [f for f in _OfLosses.FIELDS if f.name in tables[Losses].data]
        rows = [r for kind in (Losses, Embargoes) for r in records(tables[kind], *has)]
        return super().answer(tables) | {
            "surge": self.rules.surge,
            "keep_caps": self.rules.keep_caps,
            "first_year": self.result.years[0],
            "last_year": self.result.years[-1],
            "rows": [
                row | {"short_by_mineral_t": short.get((row["kind"], row["lost"]), {})}
                for row in rows
            ],
            "n_minus_1": tables.records(NMinusOne),
            "solidarity": tables.records(Solidarity),
        }

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        """Return the worst losses of each kind; those that had no time to run are left out."""
        for table in (tables[losses] for losses in (Losses, Embargoes) if losses in tables):
            rows = table.frame()
            errors = rows["error"].astype(object).fillna("")
            has_run = rows["cost"].notna() | ~errors.str.startswith(NOT_RUN)
            for kind in dict.fromkeys(table.kind):
                planned = has_run & (rows["kind"] == kind)
                shown = table.where(planned & (planned.cumsum() <= _WORST))
                every = int((rows["kind"] == kind).sum())
                rest = f", {len(shown)} of {every:,}; the sheet {table.TABLE} has all"
                head = _HEADS[LossKind(kind)] + (rest if len(shown) < every else "")
                yield Numbers(shown, _compared(table), head)

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Return the loss that leaves most missing, when, and how soon the first shortage comes."""
        rows = tables[Losses].frame().dropna(subset="short_t")
        if rows.empty:
            why = "no loss has a proven plan" if len(tables[Losses]) else (
                "no country sells anything in the agreed plan"
            )  # fmt: skip
            none = KeyFigure("Losses", "none", f"{why}.")
            return Headline(f"Losses could not be tested: {why}.", (none,))
        countries = rows[rows["kind"] == LossKind.COUNTRY]
        ranked = (countries if len(countries) else rows).sort_values(
            "worst_share", ascending=False, kind="stable"
        )
        worst, *others = ranked.to_dict("records")
        lost, mineral, horizon = word(worst["lost"]), word(worst["worst"]), _horizon(tables)
        surge = tables.option("Surge").partition(" %")[0] if About in tables else ""
        more = f"{surge} % of their capacity" if surge else "the surge"
        rules = (
            f"One supplier at a time is lost, from {horizon[:4]} on. The others sell what was"
            f" agreed and at most {more} more, as far as that is free. Not counted: what is missing"
            " in the agreed plan anyway."
        )
        care = tuple(filter(None, (rules, _resale(tables), _by_weight(tables))))
        name = "Largest part of a mineral's need missing"
        if not mineral:
            none = KeyFigure(name, "none", "no loss leaves any mineral short.")
            finding = "No loss leaves more of any mineral missing than the agreed plan."
            return Headline(finding, (none,), care)
        every, minerals = _missing_parts(tables), _every_mineral(tables)
        years = {
            int(year): every.get((worst["lost"], worst["kind"], mineral, int(year)), 0.0)
            for year in sorted(set(tables[NMinusOne].year))
        }
        by = LossByMineral
        parts = dict.fromkeys(minerals, 0.0) | {
            str(m): float(share)
            for m, share, *who in tables.rows(by, by.mineral, by.share, by.lost, by.kind)
            if who == [worst["lost"], worst["kind"]] and known(share)
        }
        short = f"{mineral} runs short"
        if len(parts) > 1:
            number = number_short(parts)
            verb = "runs" if number.startswith("1 ") else "run"
            short = f"{number} minerals {verb} short, {mineral}"
        finding = f"The loss of {lost} is the worst: {short} by {in_years(years)}."
        if others:
            lesser = {(row["lost"], row["kind"]) for row in others}
            most = max((size for key, size in every.items() if key[:2] in lesser), default=0.0)
            left = "more missing than the agreed plan"
            if most > tolerances.MISSING_PART:
                left = f"more than {share(most)} of any mineral's need missing in any year"
            finding += f" No other loss leaves {left}."
        days = worst["survived"] if known(worst["survived"]) else None
        first = "never" if days is None else "at once" if days < 1 else counted(round(days), "day")
        hardest = max(years, key=lambda year: years[year])
        beyond = f"{missing(parts, f' beyond the agreed plan, {horizon}')}."
        remark = (
            f"of the need for {mineral}, in {hardest}. Missing if {lost} is lost:"
            f" {in_years(years)}."
        )
        stocks = "after the loss, if members draw on stocks first and lend them to one another."
        figures = (
            KeyFigure("Matters most", lost, beyond),
            KeyFigure(name, share(years[hardest]), remark),
            KeyFigure(f"First shortage after the loss of {lost}", first, stocks),
        )
        return Headline(finding, figures, care)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return what losses leave missing and cost, N-1 by year, and the dearest single losses.

        Each says its place among the losses, and how many minerals it leaves out.
        """
        losses = tables[Losses].frame()  # a loss without a cost has no plan: nothing is known of it
        countries = losses[(losses["kind"] == LossKind.COUNTRY) & losses["cost"].notna()]
        ranked = [str(lost) for lost in countries["lost"]]
        small = (
            _single(tables, lost, f"No. {rank} of {len(ranked)} by cost")
            for rank, lost in enumerate(ranked[:_MOST_LOSSES], start=1)
        )
        return drawn(
            _missing(tables, countries), _costs(tables, countries), _n_minus_1(tables), *small
        )

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the heat map, what sharing spares, and what the losses cost."""
        losses, heat = tables[Losses], heat_map(tables)
        rows = losses.frame()
        heat.data[Losses.lost.name] = _named(rows)
        lost, _, *minerals = heat.fields
        lead = (
            "Each row is a loss, the worst on top; each column is a mineral. Blank: none of the"
            " mineral comes from there."
        )
        views = Numbers(heat, (lost, *minerals)).view(_heat_picture(heat))
        sections = [Section("heat-map", "What each loss leaves short", lead, views)]
        if Solidarity in tables:
            shared = tables[Solidarity]
            lead = "What each loss leaves short if members share what is left, and if they do not."
            worths = [*shared.rows(Solidarity.worth, Solidarity.member)]
            sizes = sorted((abs(worth) for worth, member in worths if not member), reverse=True)
            least = sizes[:_MOST_SHARED][-1] if sizes else 0.0
            is_large = [not member and abs(worth) >= least for worth, member in worths]
            heading = "Losses for which sharing changes most"
            most = Numbers(shared.where(is_large), heading=heading)
            sections.append(Section("sharing", shared.TABLE, lead, most.view(), blocks=(most,)))
        priced = rows.dropna(subset="cost")
        costs = _costs(tables, priced.assign(lost=_named(priced)))
        if costs is not None:
            lead = "Compared with the agreed plan under the same rules, with nothing lost."
            views = Numbers(losses, _compared(losses)).view(costs)
            sections.append(Section("losses", "What each loss costs", lead, views))
        return tuple(sections)
