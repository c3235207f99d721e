"""The stress test: the shortage and the extra cost if a supplier of the agreed plan is lost.

``losses`` plans the losses. This module has the tables, and the finding and charts, which are made
from the tables alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from models import errors, results, tolerances
from models.case import Case
from models.measures import HELD_TO_ORDERS, ratio, sums
from models.results import About, Benchmarks, Colour, Field, Look, Name, Result, Runs, field
from models.results import common as shared
from models.results.common import COUNTRY, MEMBER, MINERAL, YEAR
from models.results.field import matrix_of
from models.scorecard.supplied import n_minus_1
from planner.options import Share
from planner.render import chart
from planner.render.chart import Picture, Role, bars, short
from planner.render.sentences import in_years, missing, number_short
from planner.render.table import Table, records, table_of
from planner.render.words import counted, known, listed, money, scale, share, span, word
from planner.studies.agreed import Rules
from planner.studies.engine import NOT_RUN, Tell, outcomes_not_run
from planner.studies.kind import Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.losses import AgreedPlans, DearestPrice, Loss, LossKind, Stress, agree, stress
from planner.workbook.countries import country_code

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.run import Start
    from planner.studies.places import Where

_UNCAPPED = "The same loss in the plan without share limits."

_LOSS_FIELDS = (
    field.text(
        "Lost",
        "First countries, then refiners; each with the largest extra cost with shortage first.",
    ),
    field.text(
        "What",
        "country: its refiners and projects sell nothing to the coalition. refiner: this one"
        " refiner sells nothing. embargo: the country's lanes to one member are closed.",
        key="kind",
    ),
)
_TONNES = (
    field.tonnes(
        "Lost",
        "What the agreed plan buys from the lost supplier after the loss begins. All minerals are"
        " added by weight; ore, metal and products made from them all count.",
    ),
    field.tonnes(
        "Replaced",
        "Additional purchases from the other suppliers. Below 0: fewer purchases, for example"
        " because a member leaves tonnes to others. Lost = replaced + from stock + short + plants"
        " take less.",
    ),
    field.tonnes(
        "From stock",
        "Additional tonnes drawn from stock or not stored, minus tonnes refilled, over all years.",
    ),
    shared.SHORT.like(
        meaning="Demand that the agreed plan meets and that is missing after the loss. The agreed"
        " plan's own shortage is not included."
    ),
)
PLANTS_LESS = field.tonnes(
    "Plants take less",
    "How much less of the mineral plants take than agreed, bought or supplied by members. Lost"
    " includes what plants buy.",
    optional=True,
)
_SIZES = (
    field(
        "Time to survive",
        Look.DAYS,
        "Days from the loss to the coalition's first shortage, if members draw on stocks first and"
        " lend them to each other. A year has 365 days, and its gap is spread evenly. Blank: never"
        " short.",
        unit="days",
        key="days_to_survive",
    ),
    field(
        "Stock used",
        Look.DAYS,
        "How far stocks fall at most, compared with the same rules and no loss, in days of the"
        " coalition's demand. Stocks that are refilled later count, so From stock may still be 0.",
        unit="days",
    ),
    Benchmarks.extra_cash.like(
        meaning="Additional payments, compared with the same rules and no loss. Below 0: less is"
        " bought. Undiscounted, without capital.",
        key="extra_cash_usd",
    ),
    Benchmarks.extra_cost.like(
        meaning="Extra cash cost + stock to refill + new shortage at the shortage cost."
        " Undiscounted.",
        key="extra_cost_usd",
    ),
    field.millions(
        "Stock to refill",
        "The value of the tonnes that stocks hold less at the end, compared with the same rules and"
        " no loss. A tonne counts at the highest price paid there in the last year, or at the"
        " mineral's price if that is higher. Below 0: stocks hold more. Undiscounted.",
        key="refill_usd",
        printed=False,
    ),
)
PRICE, PRICE_OVER = (
    field.price(
        "Highest marginal price",
        "The marginal price of supply where it is the largest multiple of the mineral's price,"
        " among the minerals that the loss hits.",
        key="marginal_price_usd_per_t",
    ),
    field(
        "Times the mineral's price",
        Look.DAYS,
        "Highest marginal price / the mineral's price.",
        key="marginal_price_over_price",
    ),
)
LOST_T, SHORT, COST = _TONNES[0], _TONNES[3], _SIZES[3]
NEED = shared.DEMAND.like(meaning="All demand, also the part that the agreed plan leaves short.")
SHARE = shared.SHARE_SHORT.like(
    meaning=f"Short / demand of the coalition. Blank: no demand. {HELD_TO_ORDERS}",
    colour=Colour.HEAT,
)
FREE_LOST, FREE_SHORT, FREE_COST = (
    field.tonnes(
        "Lost, uncapped plan",
        "Purchases from the lost supplier in the plan without share limits.",
        key="uncapped_lost_t",
    ),
    field.tonnes("Short, uncapped plan", _UNCAPPED, key="uncapped_short_t"),
    COST.like(
        header="Extra cost with shortage, uncapped plan",
        meaning=f"{_UNCAPPED} {shared.UNDISCOUNTED}",
        key="uncapped_extra_cost_usd",
    ),
)


class _OfLosses(Result):
    """One row per loss. ``plan`` in ``words`` names the agreed plan if there are two plans."""

    lost, kind = _LOSS_FIELDS
    country = COUNTRY.like(optional=True)
    refiner = shared.REFINER.like(meaning="", optional=True)
    member = MEMBER.like(optional=True)
    lost_t, replaced_t, stock_t = _TONNES[:3]
    short_t = SHORT.like(header="Short{plan}")
    less_t = PLANTS_LESS
    free_lost_t = FREE_LOST.like(optional=True)
    free_short_t = FREE_SHORT.like(optional=True)
    worst = field.text(
        "Worst mineral",
        "The mineral with the largest share of demand short because of the loss.",
        names=Name.MINERAL,
        key="worst_mineral",
    )
    worst_share = field.share(
        "Share short of it",
        "Short / demand of the coalition, for the worst mineral.",
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
    """One row per lost country or refiner, the worst first."""

    TABLE, GRAIN, BOOK = "Stress", ("lost", "kind"), "stress"


class Embargoes(_OfLosses):
    """One row per country and member between which lanes are closed, the worst first."""

    TABLE, GRAIN, BOOK = "Embargoes", ("country", "member"), "stress"

    lost, kind = (f.like(optional=True) for f in _LOSS_FIELDS)
    own_short_t = field.tonnes(
        "Short of the member itself",
        "Shortage of the embargoed member. Other members may also be short.",
    )
    own_share = field.share(
        "Member's demand short, by value",
        "The member's new shortage / its demand; minerals are weighted by their prices.",
    )


class LossByMineral(Result):
    """One row per loss and mineral that it hits.

    Minerals made from a lost mineral, and their inputs, have a row if their shortage or cost
    changes.
    """

    TABLE, GRAIN, BOOK = "Stress by mineral", ("lost", "kind", "mineral"), "stress"

    lost, kind = _LOSS_FIELDS
    mineral = MINERAL
    demand = NEED
    agreed_short_t = field.tonnes(
        "Short in the agreed plan", "Shortage of the agreed plan without a loss."
    )
    lost_t, replaced_t, stock_t, short_t = _TONNES
    less_t = PLANTS_LESS
    share = SHARE
    short_from = field("Short from", Look.YEAR, "The first year with a shortage.")
    survived, stock_days, cash, cost, refill = _SIZES
    price, price_over = PRICE, PRICE_OVER
    price_member = field.text("Highest for", names=Name.MEMBER)
    price_year = field("Highest in", Look.YEAR)


class CappedOrNot(Result):
    """One row per loss and mineral: the agreed plan, and the plan without share limits."""

    TABLE, GRAIN, BOOK = "Capped or not", ("lost", "kind", "mineral"), "stress"

    lost, kind = _LOSS_FIELDS
    mineral = MINERAL
    lost_t = LOST_T.like(header="Lost, capped plan")
    free_lost_t = FREE_LOST
    short_t = SHORT.like(header="Short, capped plan")
    free_short_t = FREE_SHORT
    share = SHARE.like(header="Share short, capped plan")
    free_share = field.share("Share short, uncapped plan", _UNCAPPED, colour=Colour.HEAT)
    agreed_share = field.share(
        "Short before the loss, capped plan", "The agreed plan's own shortage / demand."
    )
    free_agreed_share = field.share(
        "Short before the loss, uncapped plan",
        "The own shortage of the plan without share limits / demand.",
    )


class NMinusOne(Result):
    """One row per mineral and year: supply without its largest country / demand."""

    TABLE, GRAIN, BOOK = "N-1", ("mineral", "year"), "stress"

    mineral = MINERAL
    year = YEAR
    demand = NEED
    need = field.tonnes("Needed by members", "Demand without the inputs of plants.", optional=True)
    supply = field.tonnes(
        "Supply open to the coalition",
        "Usable capacity of refiners, and of projects that the agreed plan has built.",
    )
    largest = results.ByMineral.country.like(
        meaning="The country with the most supply. Rest of world does not count.", printed=True
    )
    largest_supply = field.tonnes("Supply of the largest")
    largest_demand = field.tonnes(
        "Demand of the largest", "Demand of members in this country; 0 if there are none."
    )
    over_all = field.share(
        "Supply left over all demand",
        "(S - Smax) / D: supply without its largest country / demand of the coalition.",
    )
    over_rest = field.share(
        "Supply left over the rest's demand",
        "(S - Smax) / (D - Dmax): supply and demand without the country with most supply. This"
        " is the N-1 of the International Energy Agency, for the supply open to the coalition.",
    )
    bought = field.tonnes("Bought in the agreed plan")
    seller = field.text("Largest seller in it", names=Name.COUNTRY)
    seller_sold = field.tonnes("Sold by the largest seller")
    bought_over_all = field.share(
        "Bought of others over all demand",
        "Agreed purchases from all but the largest seller / demand.",
    )


_EXTRA_COST = (
    "Extra cost of all members, new shortage at its cost included, compared with the same rules"
    f" and no loss. {shared.UNDISCOUNTED}"
)


class Solidarity(Result):
    """The value of sharing the remaining supply: one row per loss, and per member that it affects.

    Shared: members share the remaining supply and the surge. Unshared: each member buys from a
    supplier no more than agreed, and its share of the surge.
    """

    TABLE, GRAIN, BOOK = "Solidarity", ("lost", "kind", "member"), "stress"

    lost, kind = _LOSS_FIELDS
    member = MEMBER.like(meaning="Coalition: all members together.", names=Name.BUYER)
    short_t = SHORT.like(header="Short, shared", meaning="New shortage if members share.")
    alone_short_t = SHORT.like(
        header="Short, unshared", meaning="New shortage if they do not share.", key="alone_short_t"
    )
    worth = field.money(
        "Sharing spares it",
        "New shortage unshared minus new shortage shared, at the shortage cost. Below 0: the member"
        f" gives tonnes to others. {shared.UNDISCOUNTED}",
        key="sharing_spares_usd",
    )
    cost = COST.like(header="Extra cost, shared", meaning=_EXTRA_COST)
    alone_cost = COST.like(
        header="Extra cost, unshared", meaning=_EXTRA_COST, key="alone_extra_cost_usd"
    )


class Detail(Result):
    """One row per loss, mineral, member and year that the loss affects."""

    TABLE, GRAIN, BOOK = "Stress detail", ("lost", "kind", "mineral", "member", "year"), "stress"

    lost, kind = _LOSS_FIELDS
    mineral = MINERAL
    member = MEMBER
    year = YEAR
    demand = NEED
    lost_t, replaced_t, stock_t, short_t = _TONNES
    less_t = PLANTS_LESS.like(
        meaning=f"{PLANTS_LESS.meaning} A row without a member has all plants together."
    )
    replaced_t = replaced_t.like(
        header="Replaced, less what it gives up",
        meaning="Additional purchases of the member from the other suppliers. Below 0: it buys"
        " less, because others get its tonnes. Lost = replaced + from stock + short + plants take"
        " less.",
    )


_HEAT = SHARE.like(
    meaning="New shortage / demand of the coalition. Blank: the loss does not affect the mineral."
)
_MATRICES = (
    (
        "Embargo matrix",
        Embargoes.own_share.like(
            meaning="New shortage / this member's demand, minerals weighted by their prices, if the"
            " country stops selling to it. Blank: they do not trade in the agreed plan.",
            colour=Colour.HEAT,
        ),
    ),
    (
        "Embargo cost",
        Embargoes.cost.like(
            meaning="The coalition's extra cost with shortage if the country stops selling to this"
            " member. Blank: they do not trade in the agreed plan.",
            colour=Colour.HEAT,
        ),
    ),
)
"""Sheets with one row per country and one column per member, and their field of Embargoes."""


# ---- the tables of a result ----------------------------------------------------------------------
#
# Tonnes and money are sums over the years from the loss on; money is undiscounted. Several minerals
# are added by weight. A loss without a plan has no numbers.


Row = dict[str, object]


def tables_of(result: Stress) -> list[Result]:
    texts = shared.words_of(result.case) | {"plan": ", capped plan" if result.free else ""}
    ranked = _ranked(result)
    minerals = [row for loss in ranked for row in _minerals(result, loss)]
    embargoes = [loss for loss in ranked if loss.kind is LossKind.EMBARGO]
    tables: dict[type[Result], list[Row] | list[dict[Hashable, Any]]] = {
        Losses: [row for loss, row in ranked.items() if loss not in embargoes],
        LossByMineral: minerals,
    }
    if result.free:
        tables[CappedOrNot] = [row for row in minerals if row["kind"] != LossKind.EMBARGO]
    if result.alone:
        tables[Solidarity] = _sharing(result, ranked)
    tables |= {
        Embargoes: [ranked[loss] | _of_member(result, loss) for loss in embargoes],
        NMinusOne: n_minus_1(result.capped.plan, result.years[0]),
        Detail: [row for loss in ranked for row in _detail(result, loss)],
    }
    every = [kind.of_rows(rows, words=texts) for kind, rows in tables.items()]
    if result.capped.plan.expanded.intakes:
        return every
    return [table.without(Losses.less_t, NMinusOne.need) for table in every]


def _ranked(result: Stress) -> dict[Loss, Row]:
    """Return the losses by kind, the dearest of each kind first, those without a plan last."""
    kinds, rows = list(LossKind), {loss: _loss(result, loss) for loss in result.losses}
    amounts = ("cost", "short_t", "lost_t")

    def rank(loss: Loss) -> tuple[Any, ...]:
        sizes: list[Any] = [rows[loss].get(name) for name in amounts]
        return (kinds.index(loss.kind), *((size is None, -(size or 0.0)) for size in sizes))

    return {loss: rows[loss] for loss in sorted(rows, key=rank)}


def _who(result: Stress, loss: Loss) -> Row:
    where = {"country": loss.country, "refiner": loss.refiner, "member": loss.member}
    named = {name: value or None for name, value in where.items()}
    return {"kind": str(loss.kind), "lost": loss.name(result.case), **named}


def _priced(price: DearestPrice | None) -> Row:
    names = ("price", "price_over", "price_member", "price_year")
    return dict(zip(names, astuple(price), strict=True)) if price is not None else {}


def _loss(result: Stress, loss: Loss) -> Row:
    """Return the row of a loss over all minerals: most stock used, shortest time to survive."""
    row, side, effect = _who(result, loss), result.capped, result.capped.effects[loss]
    free = result.free.effects[loss] if result.free else None
    if effect is None:
        return row | {"error": side.error_of(loss)}
    hit, shares, minerals = effect.affected, effect.share, side.plan.expanded.minerals
    share, m = max(((shares[m], -m) for m in hit), default=(0.0, 0))
    worst = minerals[-m] if share else None
    prices = [(price, m) for m in hit if (price := effect.dearest[m]) is not None]
    price, m = max(prices, key=lambda each: each[0].multiple, default=(None, -1))
    row |= effect.tonnes(hit) | {
        "short_t": float(effect.short.sum()),
        "worst": worst,
        "worst_share": share,
        "stock_days": max((effect.stock_days[m] for m in hit), default=0.0),
        "survived": min((days for days in effect.survived if days is not None), default=None),
        "price_at": f"{minerals[m]}, {price.member}, {price.year}" if price else None,
        **{name: float(getattr(effect, name).sum()) for name in ("cash", "refill", "cost")},
        **_priced(price),
    }
    if free is not None:
        row |= {f"free_{name}": tonnes for name, tonnes in free.tonnes(...).items()}
        row["free_cost"] = float(free.cost.sum())
    elif result.free is not None:
        row["error"] = result.free.error_of(loss) or None
    return row


def _minerals(result: Stress, loss: Loss) -> Iterator[Row]:
    side, effect = result.capped, result.capped.effects[loss]
    free = result.free.effects[loss] if result.free else None
    if effect is None:
        return
    hit = sorted({*effect.affected, *(free.affected if free is not None else ())})
    agreed, is_needed = side.share(side.agreed.short), side.demand.sum(axis=(1, 2)) > 0
    for m in sorted(hit, key=lambda m: -effect.share[m]):
        years = np.flatnonzero(effect.short[m].any(axis=0))
        sizes = ("cash", "refill", "cost", "stock_days", "survived")
        row = _who(result, loss) | effect.tonnes(m) | _priced(effect.dearest[m])
        row |= {name: getattr(effect, name)[m] for name in sizes}
        row |= {
            "mineral": side.plan.expanded.minerals[m],
            "demand": float(side.demand[m].sum()),
            "agreed_short_t": float(side.agreed.short[m].sum()),
            "short_from": side.base.years[int(years[0])] if len(years) else None,
        }
        if is_needed[m]:
            row |= {"share": effect.share[m], "agreed_share": agreed[m]}
        if free is not None and result.free is not None:
            row |= {f"free_{name}": tonnes for name, tonnes in free.tonnes(m).items()}
            if is_needed[m]:
                before = result.free.share(result.free.agreed.short)[m]
                row |= {"free_share": free.share[m], "free_agreed_share": before}
        yield row


def _of_member(result: Stress, loss: Loss) -> Row:
    side, effect = result.capped, result.capped.effects[loss]
    if effect is None:
        return {}
    e = side.plan.expanded
    prices, j = e.prices[:, -len(side.base.years) :], e.member_at[loss.member]
    short, need = (
        float(np.einsum("mjt,mt->j", tonnes, prices)[j]) for tonnes in (effect.short, side.demand)
    )
    return {"own_short_t": float(effect.short[:, j].sum()), "own_share": ratio(short, need)}


def _sharing(result: Stress, losses: Iterable[Loss]) -> list[Row]:
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
        for j in np.flatnonzero(np.maximum(shared_t, alone_t) > tolerances.LEAST_FLOW).tolist():
            of_member = {name: float(amount[j]) for name, amount in amounts.items()}
            rows.append(who | of_member | {"member": case.members[j].name})
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
    for m in effect.affected:
        cells = np.argwhere(touched[m])
        values = np.array([tonnes[m][touched[m]] for tonnes in amounts.values()]) + 0.0  # no -0
        for (j, t), row in zip(cells.tolist(), values.T.tolist(), strict=True):
            key = {"mineral": e.minerals[m], "member": buyers[j], "year": side.base.years[t]}
            yield who | key | dict(zip(amounts, row, strict=True))


# ---- the sheets ----------------------------------------------------------------------------------
def sheets(tables: Tables, case: Case) -> list[Table]:
    name, losses = case.country_name, tables[Losses]
    without = [] if any(losses.refiner) else [Losses.country]
    shown = [
        table_of(_shown(losses, Losses.refiner, Losses.member, *without), name),
        *map(table_of, (heat_map(tables), tables[LossByMineral])),
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
    """Return losses with the columns of a sheet; the uncapped plan's only if it differs."""
    free = [] if losses.words["plan"] else [_OfLosses.free_short_t, _OfLosses.free_cost]
    unknown = [] if any(losses.error) else [_OfLosses.error]
    return losses.without(*left_out, _OfLosses.free_lost_t, *free, *unknown)


def heat_map(tables: Tables) -> Result:
    """Return the new shortage as a share of demand: one row per loss, one column per mineral."""
    losses, by = tables[Losses], LossByMineral
    rows = tables[by].rows(by.lost, by.kind, by.mineral, by.share)
    cells = {tuple(key): share for *key, share in rows}
    lead = {Losses.lost: losses.lost, Losses.kind: losses.kind}
    return matrix_of("Heat map", lead, _every_mineral(tables), cells, _HEAT, losses.words)


def _by_pair(tables: Tables, title: str, cell: Field, members: Sequence[str]) -> Result:
    """Return one row per country, the dearest first, and one column per member."""
    rows = tables[Embargoes].frame()
    rows = rows[rows["cost"].notna()].sort_values(["country", "member"], kind="stable")
    codes = list(rows.groupby("country", sort=True)["cost"].sum().sort_values().index[::-1])
    cells: dict[Any, Any] = rows.set_index(["country", "member"])[cell.name].to_dict()
    lead, texts = {Embargoes.country: codes}, tables[Embargoes].words
    return matrix_of(title, lead, members, cells, cell, texts)


def _every_mineral(tables: Tables) -> list[str]:
    """Return the minerals that members need, or all minerals if they need none."""
    need = _need(tables)
    needed = dict.fromkeys(mineral for (mineral, _), tonnes in need.items() if tonnes > 0)
    return list(needed or dict.fromkeys(mineral for mineral, _ in need))


def _need(tables: Tables) -> dict[tuple[str, int], float]:
    table, left = tables[NMinusOne], NMinusOne
    need = left.need if left.need.name in table.data else left.demand
    return {(str(m), int(year)): t for m, year, t in table.rows(left.mineral, left.year, need)}


# ---- charts, made from the tables alone ----------------------------------------------------------
_MOST_BARS, _MOST_LINES, _MOST_LOSSES, _MOST_ROWS = 10, 6, 6, 30
"""How many losses, minerals, small charts and rows of the heat map are drawn at most."""
_LEAST_BAR, _LEAST_CHART = 5e-3, 0.02
"""The least share of a mineral that gets a bar, and the least of a loss that gets a chart."""
_WITHOUT_DECIMALS = 20.0
"""An axis of money that reaches this number has no decimals."""


def _horizon(tables: Tables) -> str:
    return span(int(year) for year in set(tables[NMinusOne].year))


def _missing_chart(tables: Tables, losses: pd.DataFrame) -> Picture | None:
    rows = losses[losses["worst_share"] > _LEAST_BAR]
    rows = rows.sort_values("worst_share", ascending=False, kind="stable").head(_MOST_BARS)
    names = [f"{short(lost)}: {m}" for lost, m in zip(rows["lost"], rows["worst"], strict=True)]
    title = "Missing part of need of the mineral hit hardest, by lost country,"
    title += f" {_horizon(tables)}{chart.some_of(len(rows), len(losses), 'worst')}"
    axis = "Share of the mineral's need, beyond what the agreed plan leaves missing"
    sides = {SHARE.header: (Role.SHORT, Losses.worst_share)}
    return bars(title, rows, names, sides, axis, form=chart.Form.BARS)


def _costs_chart(tables: Tables, losses: pd.DataFrame) -> Picture | None:
    dear = losses[losses["cost"] > 0]
    rows = dear.head(_MOST_BARS)
    size, unit = scale(rows["cost"].max(), tables[Losses].words["money"])
    some = chart.some_of(len(rows), len(losses), "dearest")
    if len(rows) == len(dear) < len(losses):
        some = f" ({len(rows)} of {len(losses)}; the others cost nothing)"
    title = f"What losing a country costs, {_horizon(tables)}{some}"
    sides = {COST.header: (Role.SHORT, rows["cost"] / size)}
    axis = f"Extra cost, shortage at its price ({unit})"
    look = Look.COUNT if rows["cost"].max() / size >= _WITHOUT_DECIMALS else Look.MILLIONS
    return bars(title, rows, Losses.lost, sides, axis, form=chart.Form.BARS, look=look)


def _n_minus_1_chart(tables: Tables) -> Picture | None:
    table = tables[NMinusOne].frame()
    minerals = table.groupby("mineral", sort=False)["over_rest"]
    left = {str(m): chart.numbers(shares) for m, shares in minerals if any(map(known, shares))}
    return chart.lines(
        "N-1: supply without its largest country",
        sorted({int(year) for year in table["year"]}),
        left,
        "Share of the other countries' demand",
        across=YEAR.header,
        most=_MOST_LINES,
        rank=lambda values: -min(value for value in values if value is not None),
        which="lowest",
    )


def _loss_chart(tables: Tables, lost: str, rank: str) -> Picture | None:
    """Return a chart of one lost country: new shortage by mineral, with and without limits."""
    kind = CappedOrNot if CappedOrNot in tables else LossByMineral
    sides = {"Agreed plan": (Role.PLAN, kind.share)}
    if kind is CappedOrNot:
        sides["Plan without share limits"] = Role.FREE, CappedOrNot.free_share
    rows = tables[kind].frame()
    rows = rows[(rows["kind"] == LossKind.COUNTRY) & (rows["lost"] == lost)]
    shares = rows[[share.name for _, share in sides.values()]]
    if not (shares > _LEAST_CHART).any(axis=None):
        return None
    order = {name: i for i, name in enumerate(_every_mineral(tables))}
    rows = rows[(shares > _LEAST_BAR).any(axis=1)]
    rows = rows.sort_values("mineral", key=lambda names: names.map(order), kind="stable")
    out = len(order) - len(rows)
    if out:
        rank += f"; {out} of {len(order)} minerals are left out: at most {_LEAST_BAR * 100:g} %"
    title, axis = f"{short(lost)} lost: new shortage", "Share of coalition demand"
    return bars(title, rows, kind.mineral, sides, axis, across=rank, small=True)


def _heat_picture(heat: Result) -> Picture:
    """Return the heat map as a chart; losses with equal values share a row."""
    losses, _, *minerals = heat.fields
    alike = defaultdict[tuple[float | None, ...], list[str]](list)
    for name, *values in heat.rows(losses, *minerals):
        alike[*(float(v) if known(v) and v > 0 else None for v in values),].append(str(name))
    rows = list(alike.items())[:_MOST_ROWS]
    title = "Share of demand short, beyond the agreed plan's shortage"
    if len(rows) < len(alike):
        title += f": the worst {sum(len(names) for _, names in rows)} of {len(heat)} losses"
    names = tuple(mineral.title({}) for mineral in minerals)
    sides = (chart.Series(listed(lost, 1), Role.SHORT, cells) for cells, lost in rows)
    return Picture(title, chart.Form.HEAT, names, tuple(sides), "short", "")


def _loss_names(losses: pd.DataFrame) -> list[str]:
    """Return the names of losses; two with the same name also have their kind."""
    lost = [word(v) for v in losses["lost"]]
    return [
        f"{name} ({word(kind)})" if lost.count(name) > 1 else name
        for name, kind in zip(lost, losses["kind"], strict=True)
    ]


_MOST_SHARED = 20
"""How many losses the report shows at most in its section on sharing."""
_CHEAP = 0.01
"""Resale undoes an embargo if its cost is at most this fraction of its cost without sharing."""
_RESOLD = (
    "In an embargo on one member, the other members can resell to it at no extra cost; --solidarity"
    " none tests it without resale."
)


def _sharing_sentence(tables: Tables) -> str:
    """Say how much sharing saves, and which embargoes on one member it makes almost free."""
    if Solidarity not in tables:
        return _RESOLD if Embargoes in tables else ""
    currency, rows = tables[Losses].words["money"], tables[Solidarity].frame()
    rows = rows[(rows["member"] == "") & (rows["alone_cost"] > rows["cost"])]
    rows = rows.assign(spared=rows["alone_cost"] - rows["cost"])
    rows = rows.sort_values("spared", ascending=False, kind="stable")
    is_embargo, sentences = rows["kind"] == LossKind.EMBARGO, list[str]()
    for _, worst in rows[~is_embargo].head(1).iterrows():
        sentences.append(
            f"If members did not share the remaining supply, the loss of {word(worst['lost'])}"
            f" would cost {money(worst['alone_cost'], currency)} instead of"
            f" {money(worst['cost'], currency)}."
        )
    embargoes = rows[is_embargo & ~rows["lost"].map(_is_one_country).astype(bool)]
    cheap = embargoes[embargoes["cost"] <= _CHEAP * embargoes["alone_cost"]]
    for _, worst in cheap.head(1).iterrows():
        sentences.append(
            f"{len(cheap)} of {len(embargoes)} embargoes on one member cost almost nothing, because"
            f" the others resell to it. For example, {word(worst['lost'])} costs"
            f" {money(max(worst['cost'], 0.0), currency)}; without resale it would cost"
            f" {money(worst['alone_cost'], currency)}."
        )
    return " ".join(sentences)


def _is_one_country(lost: object) -> bool:
    country, _, member = str(lost).partition(" to ")
    return len({country_code(name) or name for name in (country, member)}) == 1


# ---- the study -----------------------------------------------------------------------------------
_WORST = 5
"""How many losses of a kind the terminal shows; the workbook has all."""
_HEADINGS = {
    LossKind.COUNTRY: "Worst losses",
    LossKind.REFINER: "Worst refiners",
    LossKind.EMBARGO: "Worst embargoes",
}
_COMPARED = {
    "lost", "lost_t", "replaced_t", "stock_t", "short_t", "less_t", "free_short_t", "worst",
    "worst_share", "survived", "cost",
}  # fmt: skip
"""The columns of losses on the terminal and in the report."""
_STAGES = (
    "Tonnes lost are added up over all stages: ore, metal and products made from them all count."
)


def _compared(losses: _OfLosses) -> tuple[Field, ...]:
    left_out = set() if losses.words.get("plan") else {"free_short_t"}
    return tuple(f for f in losses.fields if f.name in _COMPARED - left_out)


def _missing_parts(tables: Tables) -> dict[tuple[str, str, str, int], float]:
    """Return the missing part of need by lost supplier, kind, mineral and year."""
    need, years = _need(tables), ["lost", "kind", "mineral", "year"]
    short = sums(tables[Detail].frame(), "short_t", *years) if Detail in tables else {}
    return {
        (lost, kind, mineral, int(year)): ratio(tonnes, need[mineral, int(year)]) or 0.0
        for (lost, kind, mineral, year), tonnes in short.items()
    }


def _more(amount: float, currency: str) -> str:
    return f"{money(abs(amount), currency)} {'more' if amount > 0 else 'less'}"


class StressTest(StudyKind):
    """Remove each supplier country of the agreed plan in turn, and see what replaces it.

    The agreed plan is made first, with the scenario, what-ifs and limits. Then each supplier is
    removed in turn, from the first year (or --year) to the last. The other suppliers sell the
    agreed tonnes, and a surge. Plants are built as agreed, and members may draw on stocks. Share
    limits are waived unless --keep-caps is given. The same losses are also tested in the plan
    without share limits, to show the benefit of diversification. With --solidarity none, they are
    also tested with members that do not share.

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
    MONEY = (
        "all amounts are undiscounted, from the first year of the loss; total cost in planner"
        " compare is a present value"
    )
    task = "the agreed plan"
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
            " usable capacity, as far as it is free [the setting Surge].",
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
            help="With none, also test members that do not share: each buys at most the agreed"
            " tonnes and its share of the surge [full].",
        ),
        click.option(
            "--year", type=int, metavar="Y", help="First year of the loss [the first planned year]."
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
        super().__init__(start)
        years = start.case.years
        if year is not None and year not in years:
            close = min(years, key=lambda y: abs(y - year), default=None)
            hint = f"; did you mean {close}?" if close is not None else ""
            msg = f"--year {year} is not a year of the sheet Demand{hint}"
            raise errors.UsageError(msg)
        surge = start.case.settings.surge if surge is None else surge
        self.rules = Rules(surge, keep_caps, year, solidarity == "full")
        asked = {LossKind.COUNTRY: True, LossKind.REFINER: refiners, LossKind.EMBARGO: pairs}
        self.kinds = [kind for kind, is_asked in asked.items() if is_asked]

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        case = self.start.case
        try:
            plans = agree(case, where)
        except (KeyboardInterrupt, SystemExit) as stop:
            none = outcomes_not_run(AgreedPlans.run_names(case), stop)
            self.outcomes, self.stopped = none.every, none.stopped
            return
        self.result = stress(
            case, self.rules, self.kinds, where=where, tell=tell, say=say, plans=plans
        )
        self.outcomes, self.stopped = self.result.outcomes, self.result.stopped

    @property
    def planned(self) -> bool:
        begun = any(outcome.ran for outcome in self.outcomes)
        return begun and self.result.capped.without_loss.result is not None

    @property
    def progress_label(self) -> str:
        capped, free = self.result.capped, self.result.free
        without = f", {free.progress} without share limits" if free is not None else ""
        return f"{capped.progress} losses known{without}"

    @property
    def subject(self) -> str:
        rules, result = self.rules, self.result
        if not result.losses:
            return "No country sells anything in the agreed plan, so no supplier can be lost"
        return (
            f"{len(result.losses):,} losses of suppliers, one at a time, {span(result.years)};"
            f" the others may sell {rules.surge * 100:g} % of capacity more than agreed; share"
            f" limits are {'kept' if rules.keep_caps else 'waived'};"
            f" cost in {result.case.settings.currency} m"
        )

    @property
    def options(self) -> dict[str, str]:
        rules, result, currency = self.rules, self.result, self.start.case.settings.currency
        waived = "maximums and minimums are waived while the loss lasts"
        limits = "kept" if rules.keep_caps else waived
        options = {
            "Loss": f"from {result.years[0]} to {result.years[-1]}; of countries and refiners that"
            " sell in the agreed plan. The plan's Overview has another test: the supply that"
            " remains in the last year if nothing replaces the lost supply.",
            "Surge": f"{rules.surge * 100:g} % of usable capacity beyond the agreed sales, each"
            " year, as far as it is free",
            "Share limits": limits if result.case.share_limits else "none in the workbook",
            shared.DEMAND.header: "demand that the agreed plan meets. Short is the part of it that"
            " is missing after the loss.",
            "Stocks": "They may be drawn below the agreed level, at the target's penalty. Tonnes"
            " missing at the end must be refilled, and count in the extra cost.",
            "Plants": "built as agreed; the extra cost does not include their capital",
            "Extra cost": "compared with the same rules and no loss",
        }
        if not rules.solidarity:
            options[Solidarity.TABLE] = (
                "Shared: members share the remaining supply. Unshared: each buys from a supplier no"
                " more than agreed, and its share of the surge by its rights (sheet and setting"
                " Rights)."
            )
        calm = result.capped.without_loss.result
        if calm is not None:  # waived limits and a surge of cheap suppliers lower the cost
            more = _more(float(calm.cash.sum() - result.capped.agreed.cash.sum()), currency)
            options["Nothing lost"] = (
                f"Under these rules, the agreed plan costs {more} in cash even without a loss."
            )
        return {**self.start.options, **options}

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the agreed plan": self.result.capped.plan}

    @property
    def tariff_sentence(self) -> str:
        effects = {loss: each for loss, each in self.result.capped.effects.items() if each}
        dear = max(effects, key=lambda loss: effects[loss].cash.sum(), default=None)
        more = float(effects[dear].duties.sum()) if dear is not None else 0.0
        if dear is None or not more:
            return super().tariff_sentence
        case = self.result.case
        kinds = "tariffs and levies" if case.price_floors else "tariffs"
        by = f"{kinds} are {_more(more, case.settings.currency)}"
        lost = f"If {dear.name(case)} is lost, {by}. The extra cash includes this."
        return f"{super().tariff_sentence} {lost}".strip()

    def tables(self) -> list[Result]:
        return tables_of(self.result)

    def sheets(self, tables: Tables) -> list[Table]:
        return sheets(tables, self.start.case)

    def answer(self, tables: Tables) -> dict[str, object]:
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
            "rows": [row | {"short_by_mineral_t": short[row["kind"], row["lost"]]} for row in rows],
            "n_minus_1": tables.records(NMinusOne),
            "solidarity": tables.records(Solidarity),
        }

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        for table in (tables[losses] for losses in (Losses, Embargoes) if losses in tables):
            rows = table.frame()
            errors = rows["error"].astype(object).fillna("")
            has_run = rows["cost"].notna() | ~errors.str.startswith(NOT_RUN)
            for kind, every in Counter(table.kind).items():
                planned = has_run & (rows["kind"] == kind)
                shown = table.where(planned & (planned.cumsum() <= _WORST))
                rest = f", {len(shown)} of {every:,}; the sheet {table.TABLE} has all"
                head = _HEADINGS[LossKind(kind)] + (rest if len(shown) < every else "")
                yield Numbers(shown, _compared(table), head)

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        rows = tables[Losses].frame().dropna(subset="short_t")
        if rows.empty:
            why = "no country sells anything in the agreed plan"
            if len(tables[Losses]):
                why = "no loss has a proven plan"
            none = KeyFigure("Losses", "none", f"{why}.")
            return Headline(f"Losses could not be tested: {why}.", (none,))
        countries = rows[rows["kind"] == LossKind.COUNTRY]
        rows = countries if len(countries) else rows
        rows = rows.sort_values("worst_share", ascending=False, kind="stable")
        worst, *others = rows.to_dict("records")
        lost, mineral, horizon = word(worst["lost"]), word(worst["worst"]), _horizon(tables)
        surge = tables.option("Surge").partition(" %")[0] if About in tables else ""
        more = f"{surge} % of their capacity" if surge else "the surge"
        rules = (
            f"One supplier at a time is lost, from {horizon[:4]} on. The others sell the agreed"
            f" tonnes, and up to {more} more if they have it free. Shortage that the agreed plan"
            " already has is not counted."
        )
        stages = _STAGES if "less_t" in tables[Losses].data else ""
        care = tuple(filter(None, (rules, _sharing_sentence(tables), stages)))
        name = "Largest part of a mineral's need missing"
        if not mineral:
            none = KeyFigure(name, "none", "no loss leaves any mineral short.")
            finding = "No loss leaves more of any mineral missing than in the agreed plan."
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
        short, number = f"{mineral} runs short", number_short(parts)
        if len(parts) > 1:
            verb = "runs" if number.startswith("1 ") else "run"
            short = f"{number} minerals {verb} short, {mineral}"
        finding = f"The loss of {lost} is the worst: {short} by {in_years(years)}."
        if others:
            lesser = {(row["lost"], row["kind"]) for row in others}
            most = max((size for key, size in every.items() if key[:2] in lesser), default=0.0)
            left = "more missing than in the agreed plan"
            if most > tolerances.MISSING_PART:
                left = f"more than {share(most)} of any mineral's need missing in any year"
            finding += f" No other loss leaves {left}."
        days = worst["survived"] if known(worst["survived"]) else None
        first = "never" if days is None else "at once" if days < 1 else counted(round(days), "day")
        hardest = max(years, key=lambda year: years[year])
        beyond = f"{missing(parts, f' beyond the agreed plan, {horizon}')}."
        remark = f"of the need for {mineral}, in {hardest}. Missing if {lost} is lost:"
        remark += f" {in_years(years)}."
        stocks = "after the loss, if members draw on stocks first and lend them to each other."
        figures = (
            KeyFigure("Matters most", lost, beyond),
            KeyFigure(name, share(years[hardest]), remark),
            KeyFigure(f"First shortage after the loss of {lost}", first, stocks),
        )
        return Headline(finding, figures, care)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        losses = tables[Losses].frame()  # a loss without a cost has no plan
        countries = losses[(losses["kind"] == LossKind.COUNTRY) & losses["cost"].notna()]
        ranked = [str(lost) for lost in countries["lost"]]
        small = (
            _loss_chart(tables, lost, f"No. {rank} of {len(ranked)} by cost")
            for rank, lost in enumerate(ranked[:_MOST_LOSSES], start=1)
        )
        charts = _missing_chart(tables, countries), _costs_chart(tables, countries)
        return chart.drawn(*charts, _n_minus_1_chart(tables), *small)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        losses, heat = tables[Losses], heat_map(tables)
        rows = losses.frame()
        heat.data[Losses.lost.name] = _loss_names(rows)
        lost, _, *minerals = heat.fields
        lead = "Each row is a loss, the worst first; each column is a mineral. Blank: the supplier"
        lead += " sells none of the mineral."
        views = Numbers(heat, (lost, *minerals)).view(_heat_picture(heat))
        sections = [Section("heat-map", "What each loss leaves short", lead, views)]
        if Solidarity in tables:
            shared = tables[Solidarity]
            lead = "Shortage if members share the remaining supply after a loss, and if they don't."
            worths = [*shared.rows(Solidarity.worth, Solidarity.member)]
            sizes = sorted((abs(worth) for worth, member in worths if not member), reverse=True)
            least = sizes[:_MOST_SHARED][-1] if sizes else 0.0
            is_large = [not member and abs(worth) >= least for worth, member in worths]
            heading = "Losses for which sharing changes most"
            most = Numbers(shared.where(is_large), heading=heading)
            sections.append(Section("sharing", shared.TABLE, lead, most.view(), blocks=(most,)))
        priced = rows.dropna(subset="cost")
        costs = _costs_chart(tables, priced.assign(lost=_loss_names(priced)))
        if costs is not None:
            lead = "Compared with the agreed plan under the same rules and no loss."
            views = Numbers(losses, _compared(losses)).view(costs)
            sections.append(Section("losses", "What each loss costs", lead, views))
        return tuple(sections)
