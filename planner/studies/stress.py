"""The stress test: what each supplier that is lost leaves short, and what that costs.

What is lost and what it does stands in ``losses``; here are the tables that come of it, and the
finding, the charts and the lines that are made of these tables alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from models import errors, tolerances
from models.case import Case
from models.measures import HELD_TO_ORDERS, missing_in_each, part
from models.results import About, Benchmarks, Colour, Field, Look, Name, Result, Runs, field
from models.results import ByMineral as Minerals
from models.results import common as shared
from models.results.common import COUNTRY, MEMBER, MINERAL, YEAR
from models.results.field import crossed
from models.scorecard.supplied import n_minus_1
from planner.options import Share
from planner.render.chart import Form, Picture, Role, Series, drawn, numbers, short
from planner.render.table import Table, records, table_of
from planner.render.words import known, listed, money, plain, scale, share, span, tariff_words, word
from planner.sheets.findings import number_short
from planner.sheets.missing import in_years, missing
from planner.studies.agreed import Rules
from planner.studies.engine import NOT_RUN, Tell
from planner.studies.kind import Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.losses import DearestPrice, Effect, Loss, LossKind, Stress, stress
from planner.workbook.countries import country_code

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

_UNCAPPED_SAYS = "The same loss, hitting the plan of the same case without share limits."

_WHO = (
    field.text(
        "Lost",
        "Who is lost: countries, then refiners, the worst first by extra cost with shortage.",
    ),
    field.text(
        "What",
        "country: its refiners and projects make nothing for the coalition; refiner: that one;"
        " embargo: the country's lanes to the member are closed.",
        key="kind",
    ),
)
_TONNES = (
    field.tonnes("Lost", "Agreed purchases from the lost supplier, from the loss on."),
    field.tonnes(
        "Replaced",
        "Additional purchases from the remaining suppliers. Below 0: fewer, for example"
        " if a member gives tonnes up to others. Lost = replaced + from stock + short.",
    ),
    field.tonnes(
        "From stock",
        "Additional tonnes drawn from stock, or not stored; over all years, net of refilling.",
    ),
    shared.SHORT.like(
        meaning="Demand that the agreed plan meets and that nothing meets after the loss. What the"
        " agreed plan is short itself comes on top."
    ),
)
_SIZES = (
    field(
        "Time to survive",
        Look.DAYS,
        "Days from the loss on until the coalition as one is short, if stocks are drawn first and"
        " lent among members: 365 a year, a year's gap spread evenly over it. Blank: never short.",
        unit="days",
        key="days_to_survive",
    ),
    field(
        "Stock used",
        Look.DAYS,
        "The most by which stocks fall below those under the same rules with nothing lost, in days"
        " of the coalition's demand. What is refilled later counts, too: From stock may be 0.",
        unit="days",
    ),
    Benchmarks.extra_cash.like(
        meaning="Additional payments compared with the same rules and no loss. Below 0: less is"
        " bought. Undiscounted, without capital.",
        key="extra_cash_usd",
    ),
    Benchmarks.extra_cost.like(
        meaning="Extra cash cost, stock to refill, and what is newly short at its shortage cost."
        " Undiscounted.",
        key="extra_cost_usd",
    ),
    field.millions(
        "Stock to refill",
        "What stocks hold less at the end than under the same rules with nothing lost, at what the"
        " dearest tonne costs there in the last year, the mineral's price at least. Below 0: they"
        " hold more. Undiscounted.",
        key="refill_usd",
        printed=False,
    ),
)
PRICE, PRICE_OVER = (
    field.price(
        "Highest marginal price",
        "The highest marginal price of supply of a mineral of which something is lost, of those"
        " that stand highest over the mineral's price.",
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
    meaning=f"Short over all demand of the coalition. {HELD_TO_ORDERS}", colour=Colour.HEAT
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
    free_lost_t = FREE_LOST.like(optional=True)
    free_short_t = FREE_SHORT.like(optional=True)
    worst = field.text(
        "Worst mineral",
        "The mineral with the largest share of demand newly short.",
        names=Name.MINERAL,
        key="worst_mineral",
    )
    worst_share = field.share(
        "Share short of it",
        "Short over all demand of the coalition for that mineral.",
        key="worst_share_short",
    )
    survived, stock_days = (
        f.like(meaning=f"Of the mineral with the {which}. {f.meaning}")
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
        "The member's shortage over its demand, minerals weighted by their prices.",
    )


class LossByMineral(Result):
    """One row a loss and mineral of which something is lost."""

    TABLE, GRAIN, BOOK = "Stress by mineral", ("lost", "kind", "mineral"), "stress"

    lost, kind = _WHO
    mineral = MINERAL
    demand = NEED
    agreed_short_t = field.tonnes("Short in the agreed plan", "Shortage without any loss.")
    lost_t, replaced_t, stock_t, short_t = _TONNES
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
        "What the agreed plan is short itself, over all demand.",
    )
    free_agreed_share = field.share(
        "Short before the loss, uncapped plan",
        "What the plan without share limits is short itself.",
    )


class NMinusOne(Result):
    """One row a mineral and year: supply without its largest country, over demand."""

    TABLE, GRAIN, BOOK = "N-1", ("mineral", "year"), "stress"

    mineral = MINERAL
    year = YEAR
    demand = NEED
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
        "Agreed purchases without the largest seller, over all demand.",
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
        "What it is short unshared less shared, at the shortage cost; below 0: it gives to others."
        f" {shared.UNDISCOUNTED}",
        key="sharing_spares_usd",
    )
    cost = COST.like(
        header="Extra cost, shared",
        meaning="Of all members, shortage priced, against the same rules with nothing lost."
        f" {shared.UNDISCOUNTED}",
    )
    alone_cost = COST.like(
        header="Extra cost, unshared",
        meaning="Of all members, shortage priced, against the same rules with nothing lost."
        f" {shared.UNDISCOUNTED}",
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
    replaced_t = replaced_t.like(
        header="Replaced, less what it gives up",
        meaning="What the member buys more of the suppliers that are left; below 0: it buys less,"
        " as others get its tonnes. Lost = replaced + from stock + short.",
        key="replaced_t",
    )


_HEAT = SHARE.like(
    meaning="Share of the coalition's demand newly short; blank where nothing is lost."
)
_MATRICES = (
    (
        "Embargo matrix",
        Embargoes.own_share.like(
            meaning="Share of this member's demand newly short if the country's lanes to it are"
            " closed, minerals weighted by their prices; blank where they do not trade in the"
            " agreed plan.",
            colour=Colour.HEAT,
        ),
    ),
    (
        "Embargo cost",
        Embargoes.cost.like(
            meaning="Extra cost with shortage, of the coalition, if the country's lanes to this"
            " member are closed; blank where they do not trade in the agreed plan.",
            colour=Colour.HEAT,
        ),
    ),
)
"""The matrices of a country and a member, and the field of Embargoes that each spreads."""


# ---- the tables, of what was found ---------------------------------------------------------------
#
# Tonnes and money are sums over the years from the loss on, money undiscounted; where several
# minerals are added up, tonnes are by weight. A loss whose run has no plan has no numbers.


Row = dict[str, object]


def tables_of(found: Stress) -> list[Result]:
    """Return the tables of a stress test: losses by kind, of each the worst first."""
    words = shared.words_of(found.case) | {"plan": ", capped plan" if found.free else ""}
    ranked = _ranked(found)
    minerals = [row for loss, _ in ranked for row in _minerals(found, loss)]
    whole = [row for loss, row in ranked if loss.kind is not LossKind.EMBARGO]
    pairs = [row | _own(found, loss) for loss, row in ranked if loss.kind is LossKind.EMBARGO]
    either = [row for row in minerals if row["kind"] != LossKind.EMBARGO]
    detail = [row for loss, _ in ranked for row in _detail(found, loss)]
    left = n_minus_1(found.capped.plan, found.years[0]).to_dict("records")
    return [
        Losses.of_rows(whole, words=words),
        LossByMineral.of_rows(minerals, words=words),
        *([CappedOrNot.of_rows(either, words=words)] if found.free is not None else ()),
        *([Solidarity.of_rows(_sharing(found, ranked), words=words)] if found.alone else ()),
        Embargoes.of_rows(pairs, words=words),
        NMinusOne.of_rows(left, words=words),
        Detail.of_rows(detail, words=words),
    ]


def _ranked(found: Stress) -> list[tuple[Loss, Row]]:
    """Return the losses by kind, of each the dearest first and those without a plan last.

    A country is more than its refiners: ranked together, each would stand there twice.
    """
    rows = [(loss, _loss(found, loss)) for loss in found.losses]
    by = ["cost", "short_t", "lost_t"]
    table = pd.DataFrame([row for _, row in rows], columns=["kind", *by])
    table = table.sort_values(by, ascending=False, kind="stable", na_position="last")
    order = (
        table["kind"].map([str(kind) for kind in LossKind].index).sort_values(kind="stable").index
    )
    return [rows[i] for i in order]


def _who(found: Stress, loss: Loss) -> Row:
    return {
        "kind": str(loss.kind),
        "lost": loss.name(found.case),
        "country": loss.country or None,
        "refiner": loss.refiner or None,
        "member": loss.member or None,
    }


def _effects(found: Stress, loss: Loss) -> tuple[Effect | None, Effect | None]:
    return found.capped.effects[loss], found.free.effects[loss] if found.free else None


def _free(effect: Effect, at: Any) -> Row:
    return {f"free_{name}": tonnes for name, tonnes in effect.tonnes(at).items()}


def _priced(price: DearestPrice | None) -> Row:
    if price is None:
        return {}
    return {"price": price.price} | {f"price_{name}": value for name, value in vars(price).items()}


def _loss(found: Stress, loss: Loss) -> Row:
    """Return a loss in all: stock used of the mineral with the most, survived with the least."""
    row, side, (effect, free) = _who(found, loss), found.capped, _effects(found, loss)
    if effect is None:
        return row | {"error": side.trouble(loss)}
    hit, shares, minerals = effect.hit, effect.share, side.plan.expanded.minerals
    worst = max(hit, key=lambda m: (shares[m], -m), default=None)
    share = 0.0 if worst is None else shares[worst]
    dearest = [(price, m) for m in hit if (price := effect.dearest[m]) is not None]
    price, at = max(dearest, key=lambda found: found[0].over, default=(None, -1))
    row |= effect.tonnes(hit) | {
        "short_t": float(effect.short.sum()),
        "cash": float(effect.cash.sum()),
        "refill": float(effect.refill.sum()),
        "cost": float(effect.cost.sum()),
        "worst": minerals[worst] if worst is not None and share else None,
        "worst_share": share,
        "stock_days": max((effect.stock_days[m] for m in hit), default=0.0),
        "survived": min((d for d in effect.survived if d is not None), default=None),
        "price_at": f"{minerals[at]}, {price.member}, {price.year}" if price else None,
        **_priced(price),
    }
    if free is not None:
        row |= _free(free, ...) | {"free_cost": float(free.cost.sum())}
    elif found.free is not None:
        row["error"] = found.free.trouble(loss) or None
    return row


def _minerals(found: Stress, loss: Loss) -> Iterator[Row]:
    """Yield a row for each mineral that a loss hits, in either plan, the worst first."""
    side, (effect, free) = found.capped, _effects(found, loss)
    if effect is None:
        return
    hit = sorted({*effect.hit, *(free.hit if free is not None else ())})
    agreed = side.share(side.agreed.short)
    for m in sorted(hit, key=lambda m: -effect.share[m]):
        years = np.flatnonzero(effect.short[m].any(axis=0))
        row = _who(found, loss) | effect.tonnes(m) | _priced(effect.dearest[m])
        row |= {
            "mineral": side.plan.expanded.minerals[m],
            "demand": float(side.demand[m].sum()),
            "share": effect.share[m],
            "agreed_short_t": float(side.agreed.short[m].sum()),
            "agreed_share": agreed[m],
            "cash": float(effect.cash[m]),
            "refill": float(effect.refill[m]),
            "cost": float(effect.cost[m]),
            "stock_days": effect.stock_days[m],
            "survived": effect.survived[m],
            "short_from": side.base.years[int(years[0])] if len(years) else None,
        }
        if free is not None and found.free is not None:
            before = found.free.share(found.free.agreed.short)[m]
            row |= _free(free, m) | {"free_share": free.share[m], "free_agreed_share": before}
        yield row


def _own(found: Stress, loss: Loss) -> Row:
    """Return what the member of an embargo is short itself, by weight and by value."""
    side, effect = found.capped, found.capped.effects[loss]
    if effect is None:
        return {}
    e, years = side.plan.expanded, side.base.years
    of_year = [[found.case.mineral_of[m].price.value(y) for y in years] for m in e.minerals]
    prices = np.array(of_year).reshape(len(e.minerals), len(years))
    j = e.member_at[loss.member]
    short, worth = (
        float(np.einsum("mjt,mt->j", of, prices)[j]) for of in (effect.short, side.demand)
    )
    share = short / worth if worth > 0 else None
    return {"own_short_t": float(effect.short[:, j].sum()), "own_share": share}


def _sharing(found: Stress, ranked: Sequence[tuple[Loss, Row]]) -> list[Row]:
    """Return by loss what is short and costs shared and unshared, of all and of each member."""
    case, years, rows = found.case, found.years, list[Row]()
    worth = np.array([[case.shortage_cost(m.name, y) for y in years] for m in case.minerals])
    worth = worth.reshape(len(case.minerals), len(years))
    for loss, _ in ranked:
        effect, alone = found.capped.effects[loss], found.alone and found.alone.effects[loss]
        if effect is None or not alone:
            continue
        spared = np.einsum("mjt,mt->j", alone.short - effect.short, worth)
        tonnes = [of.short.sum(axis=(0, 2)) for of in (effect, alone)]
        amounts = zip(case.members, *tonnes, spared, strict=True)
        each = [
            (m.name, *map(float, of)) for m, *of in amounts if max(of[:2]) > tolerances.LEAST_FLOW
        ]
        whole = ("", *(float(of.sum()) for of in (*tonnes, spared)))
        for name, *of in (whole, *each):
            row = dict(zip(("short_t", "alone_short_t", "worth"), of, strict=True))
            costs = {"cost": float(effect.cost.sum()), "alone_cost": float(alone.cost.sum())}
            rows.append(_who(found, loss) | row | {"member": name} | ({} if name else costs))
    return rows


def _detail(found: Stress, loss: Loss) -> Iterator[Row]:
    side, effect = found.capped, found.capped.effects[loss]
    if effect is None:
        return
    e, who = side.plan.expanded, _who(found, loss)
    touched = (effect.lost > tolerances.LEAST_FLOW) | (effect.short > tolerances.LEAST_FLOW)
    for m in effect.hit:
        for j, t in np.argwhere(touched[m]).tolist():
            at = {"mineral": e.minerals[m], "member": e.members[j], "year": side.base.years[t]}
            demand = {"demand": float(side.demand[m, j, t])}
            yield who | at | demand | effect.tonnes((m, j, t))


# ---- the sheets ----------------------------------------------------------------------------------
def sheets(tables: Tables, case: Case) -> list[Table]:
    """Return the sheets in order; those of embargoes where some were asked for."""
    name, losses = case.country_name, tables[Losses]
    without = [] if any(losses.refiner) else [Losses.country]
    found = [
        table_of(_shown(losses, Losses.refiner, Losses.member, *without), name),
        table_of(heat_map(tables)),
        table_of(tables[LossByMineral]),
    ]
    if CappedOrNot in tables.results:
        found.append(table_of(tables[CappedOrNot]))
    if Solidarity in tables:
        found.append(table_of(tables[Solidarity]))
    if Embargoes in tables:
        of = _shown(tables[Embargoes], Embargoes.lost, Embargoes.kind, Embargoes.refiner)
        found.append(replace(table_of(of, name), printed=None))
        members = [m.name for m in case.members]
        found += [table_of(_by_pair(tables, *each, members), name) for each in _MATRICES]
    return [*found, table_of(tables[NMinusOne], name), table_of(tables[Detail])]


def _shown(of: _OfLosses, *left_out: Field) -> _OfLosses:
    """Return the columns of losses that a sheet has: of the plan without limits if it differs."""
    free = [] if of.words["plan"] else [_OfLosses.free_short_t, _OfLosses.free_cost]
    unknown = [] if any(of.error) else [_OfLosses.error]
    return of.without(*left_out, _OfLosses.free_lost_t, *free, *unknown)


def heat_map(tables: Tables) -> Result:
    """Rows lost, columns minerals: the share of the coalition's demand that is newly short."""
    losses, of = tables[Losses], LossByMineral
    rows = tables[of].rows(of.lost, of.kind, of.mineral, of.share)
    cells = {tuple(at): share for *at, share in rows}
    lead = {Losses.lost: losses.lost, Losses.kind: losses.kind}
    return crossed("Heat map", lead, _every_mineral(tables), cells, _HEAT, losses.words)


def _by_pair(tables: Tables, title: str, of: Field, members: Sequence[str]) -> Result:
    """Rows countries, the dearest first, columns members; blank where they do not trade."""
    rows = tables[Embargoes].frame()
    rows = rows[rows["cost"].notna()].sort_values(["country", "member"], kind="stable")
    codes = list(rows.groupby("country", sort=True)["cost"].sum().sort_values().index[::-1])
    values: dict[Any, Any] = rows.set_index(["country", "member"])[of.name].to_dict()
    return crossed(title, {Embargoes.country: codes}, members, values, of, tables[Embargoes].words)


def _every_mineral(tables: Tables) -> list[str]:
    return list(dict.fromkeys(tables[NMinusOne].mineral))


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
    hit = losses[losses["worst_share"] > _SEEN]
    rows = hit.sort_values("worst_share", ascending=False, kind="stable").head(_MOST_BARS)
    if rows.empty:
        return None
    some = f" (the {len(rows)} worst of {len(losses)})" if len(rows) < len(losses) else ""
    return Picture(
        f"Missing part of the mineral hit hardest, by country lost, {_horizon(tables)}{some}",
        Form.BARS,
        tuple(
            f"{short(lost)}: {mineral}"
            for lost, mineral in zip(rows["lost"], rows["worst"], strict=True)
        ),
        (Series(SHARE.header, Role.SHORT, numbers(rows["worst_share"])),),
        "Share of the mineral's need, beyond the agreed plan",
        "",
    )


def _costs(tables: Tables, losses: pd.DataFrame) -> Picture | None:
    """The countries whose loss costs most, shortage priced."""
    dear = losses[losses["cost"] > 0]
    rows = dear.head(_MOST_BARS)
    if rows.empty:
        return None
    size, unit = scale(rows["cost"].max(), tables[Losses].words["money"])
    some = ""
    if len(rows) < len(dear):
        some = f" (the {len(rows)} dearest of {len(losses)})"
    elif len(rows) < len(losses):
        some = f" ({len(rows)} of {len(losses)}, the others nothing)"
    return Picture(
        f"What losing a country costs, {_horizon(tables)}{some}",
        Form.BARS,
        tuple(short(name) for name in rows["lost"]),
        (Series(COST.header, Role.SHORT, tuple(rows["cost"] / size)),),
        f"Extra cost, shortage priced ({unit})",
        "",
        look=Look.COUNT if rows["cost"].max() / size >= _WHOLE else Look.MILLIONS,
    )


def _n_minus_1(tables: Tables) -> Picture | None:
    """N-1 over the years, a line a mineral: those with the least left."""
    table = tables[NMinusOne].frame()
    years = sorted(int(year) for year in set(table["year"]))
    if len(years) < 2:  # noqa: PLR2004 - one year is no line
        return None
    lines = {
        str(mineral): numbers(own["over_rest"])
        for mineral, own in table.groupby("mineral", sort=False)
        if own["over_rest"].notna().any()
    }
    least = sorted(lines, key=lambda m: min(v for v in lines[m] if v is not None))[:_MOST_LINES]
    if not least:
        return None
    some = f" (the {len(least)} lowest of {len(lines)} minerals)" if len(least) < len(lines) else ""
    return Picture(
        f"N-1: supply without its largest country{some}",
        Form.LINES,
        tuple(years),
        tuple(Series(short(m), Role.ONE_OF_MANY, v) for m, v in lines.items() if m in least),
        "Share of the demand of the others",
        YEAR.header,
    )


def _single(tables: Tables, lost: str, rank: str) -> Picture | None:
    """One country lost: the share of demand newly short by mineral, capped against uncapped."""
    sides = {"share": ("Agreed plan", Role.PLAN)}
    if CappedOrNot in tables:
        sides["free_share"] = ("Plan without share limits", Role.FREE)
    rows = tables[CappedOrNot if CappedOrNot in tables else LossByMineral].frame()
    own = rows[(rows["kind"] == LossKind.COUNTRY) & (rows["lost"] == lost)]
    shares = own[list(sides)]
    if not (shares > _TALL).any(axis=None):
        return None
    order = {name: i for i, name in enumerate(_every_mineral(tables))}
    shown = own[(shares > _SEEN).any(axis=1)]
    shown = shown.sort_values("mineral", key=lambda c: c.map(order), kind="stable")
    out = len(order) - len(shown)
    left_out = f"; left out: {out} of {len(order)} minerals, up to {_SEEN * 100:g} %" if out else ""
    return Picture(
        f"{short(lost)} lost: demand newly short",
        Form.GROUPED,
        tuple(short(m) for m in shown["mineral"]),
        tuple(Series(name, role, numbers(shown[key])) for key, (name, role) in sides.items()),
        "Share of coalition demand",
        f"{rank}{left_out}",
        small=True,
    )


def _heat_picture(heat: Result) -> Picture:
    """Return the heat map as a chart; losses that say the same are one row of it."""
    lost, _, *minerals = heat.fields
    alike: dict[tuple[float | None, ...], list[str]] = {}
    for name, *values in heat.rows(lost, *minerals):
        cells = tuple(float(v) if known(v) and v > 0 else None for v in values)
        alike.setdefault(cells, []).append(str(name))
    drawn = list(alike.items())[:_MOST_ROWS]
    title = "Part of demand short on top of the agreed plan"
    if len(drawn) < len(alike):
        title += f": the worst {sum(len(names) for _, names in drawn)} of {len(heat)} losses"
    return Picture(
        title,
        Form.HEAT,
        tuple(f.title({}) for f in minerals),
        tuple(Series(listed(names, 1), Role.SHORT, cells) for cells, names in drawn),
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


_MOST_TOLD = 20
"""Losses at most of which the report tells what sharing is worth."""
_CHEAP = 0.01
"""An embargo that costs up to this part of what it does unshared is undone by resale."""


def _resale(tables: Tables) -> str:
    """Return what sharing spares, and where it makes an embargo on one member next to nothing."""
    if Solidarity not in tables:
        shared = (
            " Embargoes on one member count what the others resell to it, without friction;"
            " --solidarity none leaves that out."
        )
        return shared if Embargoes in tables else ""
    currency, rows = tables[Losses].words["money"], tables[Solidarity].frame()
    of = rows[(rows["member"] == "") & (rows["alone_cost"] > rows["cost"])]
    of = of.assign(spared=of["alone_cost"] - of["cost"])
    of = of.sort_values("spared", ascending=False, kind="stable")
    lost, said = of[of["kind"] != LossKind.EMBARGO], ""
    if len(lost):
        worst = lost.iloc[0]
        said = (
            f" If members did not share what is left, losing {word(worst['lost'])} would cost"
            f" {money(worst['alone_cost'], currency)}, not {money(worst['cost'], currency)}."
        )
    embargoes = of[(of["kind"] == LossKind.EMBARGO) & ~of["lost"].map(_at_home).astype(bool)]
    cheap = embargoes[embargoes["cost"] <= _CHEAP * embargoes["alone_cost"]]
    if len(cheap):
        worst = cheap.iloc[0]
        said += (
            f" {len(cheap)} of {len(embargoes)} embargoes on one member cost next to nothing, since"
            f" the others resell to it: {word(worst['lost'])}"
            f" {money(max(worst['cost'], 0.0), currency)},"
            f" {money(worst['alone_cost'], currency)} without resale."
        )
    return said


def _at_home(lost: object) -> bool:
    country, _, member = str(lost).partition(" to ")
    return len({country_code(name) or name for name in (country, member)}) == 1


# ---- what a person reads on the terminal, of the tables alone ------------------------------------
WORST = 5
"""Losses of a kind told on the terminal; the workbook has them all."""
_HEADS = {
    LossKind.COUNTRY: "Worst losses",
    LossKind.REFINER: "Worst refiners",
    LossKind.EMBARGO: "Worst embargoes",
}  # fmt: skip
_LONGEST = 32
"""A longer name is cut in a line on the terminal."""


def _lines(table: pd.DataFrame, *, is_capped: bool) -> Iterator[str]:
    """Yield the worst losses of each kind, a line each, under what the columns are."""
    heads = ["lost, t", "replaced, t", "from stock, t", "short, t"]
    heads += ["uncapped, t"] if is_capped else []
    heads += ["cost, priced", "days to short", "worst of it"]
    is_unknown = table["error"].astype(object).fillna("").str.startswith(NOT_RUN)
    lists: dict[str, pd.DataFrame] = {}
    for kind, of in table[~is_unknown | table["cost"].notna()].groupby("kind", sort=False):
        every = int((table["kind"] == kind).sum())
        some = f", of {len(of):,} of {every:,}" if len(of) < every else ""
        lists[_HEADS[LossKind(str(kind))] + some] = of
    names = [_cut(lost) for of in lists.values() for lost in of["lost"].head(WORST)]
    wide = max(map(len, [*names, *lists]), default=0)
    for head, of in lists.items():
        yield f"  {head:<{wide}}" + "".join(f"{h:>14}" for h in heads)
        for row in of.head(WORST).to_dict("records"):
            yield f"  {_cut(row['lost']):<{wide}}{_line(row, is_capped=is_capped)}"
        if len(of) > WORST:
            sheet = (Embargoes if (of["kind"] == LossKind.EMBARGO).any() else Losses).TABLE
            yield f"  and {len(of) - WORST:,} more, on the sheet {sheet}"


def _line(row: Mapping[Hashable, Any], *, is_capped: bool) -> str:
    """Return what a loss does, behind its name."""
    if not known(row["cost"]):
        return f"  no plan: {plain(word(row['error']))}"
    amounts = [row["lost_t"], row["replaced_t"], row["stock_t"], row["short_t"]]
    amounts += [row["free_short_t"]] if is_capped else []
    days = f"{row['survived']:z,.0f}" if known(row["survived"]) else "-"
    worst = plain(word(row["worst"]))
    share = f"{row['worst_share']:z.1%} {worst}" if worst else "none short"
    said = "".join(f"{f'{t:z,.0f}' if known(t) else '?':>14}" for t in amounts)
    return f"{said}{row['cost'] / 1e6:>z14,.0f}{days:>14}  {share:>12}"


def _cut(name: str) -> str:
    text = plain(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


# ---- the study -----------------------------------------------------------------------------------
_TOLD = (
    _OfLosses.kind, _OfLosses.lost, _OfLosses.country, _OfLosses.refiner, _OfLosses.member,
    _OfLosses.lost_t, _OfLosses.replaced_t, _OfLosses.stock_t, _OfLosses.short_t, _OfLosses.worst,
    _OfLosses.worst_share, _OfLosses.cash, _OfLosses.refill, _OfLosses.cost,
    _OfLosses.price, _OfLosses.price_over,
    _OfLosses.price_at, _OfLosses.stock_days, _OfLosses.survived, _OfLosses.free_lost_t,
    _OfLosses.free_short_t, _OfLosses.free_cost, _OfLosses.error,
)  # fmt: skip
"""What JSON tells of a loss."""
_COMPARED = (
    Losses.lost, Losses.lost_t, Losses.replaced_t, Losses.short_t, Losses.free_short_t,
    Losses.worst, Losses.worst_share, Losses.survived, Losses.cost,
)  # fmt: skip
"""What the report compares losses by."""


def _lacking(tables: Tables, lost: str, kind: str) -> dict[str, float]:
    """Return what part of each mineral's need is short beyond the agreed plan if one is lost."""
    every = tables[NMinusOne].mineral if NMinusOne in tables else ()
    of = LossByMineral
    rows = tables[of].rows(of.mineral, of.share, of.lost, of.kind) if of in tables else ()
    short = {str(m): float(part) for m, part, *who in rows if who == [lost, kind] and known(part)}
    return dict.fromkeys(map(str, every), 0.0) | short


def _severity(tables: Tables, who: tuple[str, str], mineral: str) -> dict[int, float]:
    """Return what part of a mineral's need is newly short by year; ``who`` is lost, and kind."""
    of, left = Detail, NMinusOne
    short, need = dict[int, float](), dict[int, float]()
    for of_it, year, demand in tables[left].rows(left.mineral, left.year, left.demand):
        if of_it == mineral:
            need[int(year)], short[int(year)] = float(demand), 0.0
    rows = (
        tables[of].rows(of.lost, of.kind, of.mineral, of.year, of.short_t) if of in tables else ()
    )
    for *at, year, tonnes in rows:
        if at == [*who, mineral]:
            short[int(year)] += float(tonnes)
    return missing_in_each(short, need)


def _worst_year(tables: Tables, losses: pd.DataFrame) -> float:
    """Return the largest part of any mineral's need that any of these losses takes in a year."""
    of, left = Detail, NMinusOne
    need = {(m, y): float(t) for m, y, t in tables[left].rows(left.mineral, left.year, left.demand)}
    who, short = {*zip(losses["lost"], losses["kind"], strict=True)}, defaultdict[Any, float](float)
    rows = (
        tables[of].rows(of.lost, of.kind, of.mineral, of.year, of.short_t) if of in tables else ()
    )
    for lost, kind, mineral, year, tonnes in rows:
        if (lost, kind) in who:
            short[lost, kind, mineral, year] += float(tonnes)
    return max((part(t, need[at[2:]]) or 0.0 for at, t in short.items()), default=0.0)


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
    HEADING = "Stress test: {named}"
    LACKING = "no loss planned"
    MONEY = "undiscounted, from the first year of the loss; planner compare discounts total cost"
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
            " usable capacity [the setting Surge].",
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
        self.found = stress(
            self.start.case, self.rules, self.kinds, where=where, tell=tell, say=say
        )
        self.outcomes, self.stopped = self.found.outcomes, self.found.stopped

    @property
    def planned(self) -> bool:
        """Whether there is a plan of the rules alone, which losses are measured against."""
        return self.found.capped.nothing.found is not None

    @property
    def known(self) -> str:
        """Of how many losses it is known what they do."""
        capped, free = self.found.capped, self.found.free
        without = f", {free.known} without share limits" if free is not None else ""
        return f"{capped.known} losses known{without}"

    @property
    def what(self) -> str:
        """The losses and the rules."""
        rules, found = self.rules, self.found
        if not found.losses:
            return "Nobody sells in the agreed plan: there is nothing to lose"
        caps = "share limits kept" if rules.keep_caps else "share limits waived"
        return (
            f"{len(found.losses):,} losses, one at a time, {span(found.years)};"
            f" surge {rules.surge * 100:g} %, {caps}; cost in {found.case.settings.currency} m"
        )

    @property
    def options(self) -> dict[str, str]:
        """Scenario and what-ifs, and the rules of a loss."""
        rules, found, currency = self.rules, self.found, self.start.case.settings.currency
        limits = (
            "kept" if rules.keep_caps else "waived, maximums and minimums, while the loss lasts"
        )
        said = {
            "Loss": f"from {found.years[0]} to {found.years[-1]}; countries, or refiners, that sell"
            " in the agreed plan. The plan's own Overview asks what is left in the last year if"
            " nothing is bought instead: another question",
            "Surge": f"{rules.surge * 100:g} % of usable capacity beyond what was agreed, each"
            " year",
            "Share limits": limits if found.case.share_limits else "none in the workbook",
            shared.DEMAND.header: "what the agreed plan meets: Short is on top of what that plan is"
            " short itself",
            "Stocks": "may be drawn below what was agreed, at the target's penalty; what they hold"
            " less at the end is to be refilled, and counts in the extra cost",
            "Plants": "built as agreed; their capital is no part of the extra cost",
            "Extra cost": "against the same rules with nothing lost",
        }
        if not rules.solidarity:
            said[Solidarity.TABLE] = (
                "members share what is left; beside it each buys of a supplier no more than agreed"
                " and its part of the surge, by its rights (sheet and setting Rights)"
            )
        calm = found.capped.nothing.found
        if calm is not None:  # share limits waived, and a surge of cheaper suppliers, cost less
            cash = float(calm.cash.sum() - found.capped.agreed.cash.sum())
            more = f"{money(abs(cash), currency)} {'more' if cash > 0 else 'less'} in cash"
            said["Nothing lost"] = f"these rules alone make the agreed plan cost {more}"
        return {**self.start.options, **said}

    @property
    def tariffs(self) -> str:
        """Those of the agreed plan, and those in the extra cash of the loss that costs most."""
        side, currency = self.found.capped, self.start.case.settings.currency
        said = tariff_words({"the agreed plan": side.plan.cash_cost}, currency)
        known = {loss: of for loss, of in side.effects.items() if of is not None}
        dear = max(known, key=lambda loss: known[loss].cash.sum(), default=None)
        more = float(known[dear].duties.sum()) if dear is not None else 0.0
        if dear is None or not more:
            return said
        by = f"{money(abs(more), currency)} {'more' if more > 0 else 'less'}"
        what = "tariffs and levies" if side.plan.case.price_floors else "tariffs"
        lost = f"Without {dear.name(self.found.case)} {what} are {by}, a part of the extra cash."
        return f"{said} {lost}".strip()

    def tables(self) -> list[Result]:
        """Return the losses, by mineral, against the plan without limits, N-1 and the detail."""
        return tables_of(self.found)

    def sheets(self, tables: Tables) -> list[Table]:
        return sheets(tables, self.start.case)

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return the rules, an object a loss, and one a mineral and year of N-1."""
        of, by_mineral = LossByMineral, defaultdict[tuple[object, object], dict[str, float]](dict)
        for *whose, mineral, tonnes in tables[of].rows(of.kind, of.lost, of.mineral, of.short_t):
            by_mineral[*whose,][mineral] = tonnes
        losses = [row for of in (Losses, Embargoes) for row in records(tables[of], *_TOLD)]
        return {
            "scenario": self.start.case.scenario,
            "surge": self.rules.surge,
            "keep_caps": self.rules.keep_caps,
            "first_year": self.found.years[0],
            "last_year": self.found.years[-1],
            "rows": [
                row | {"short_by_mineral_t": by_mineral.get((row["kind"], row["lost"]), {})}
                for row in losses
            ],
            "n_minus_1": tables.records(NMinusOne),
            "solidarity": tables.records(Solidarity),
        }

    def screen(self, tables: Tables) -> Iterator[str]:
        """Return the worst losses of each kind."""
        every = [tables[of].frame() for of in (Losses, Embargoes) if of in tables]
        if every:
            yield from _lines(pd.concat(every), is_capped=bool(tables[Losses].words["plan"]))

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Return the loss that leaves most missing, when, and how soon the first shortage comes."""
        losses = tables[Losses]
        rows = losses.frame().dropna(subset="short_t")
        if rows.empty:
            why = "no loss has a proven plan" if len(losses) else "nobody sells in the agreed plan"
            none = KeyFigure("Losses", "none", f"{why}.")
            return Headline(f"Nothing is known of losses: {why}.", (none,))
        countries = rows[rows["kind"] == LossKind.COUNTRY]
        ranked = (countries if len(countries) else rows).sort_values(
            "worst_share", ascending=False, kind="stable"
        )
        top, lost = ranked.iloc[0].to_dict(), word(ranked.iloc[0]["lost"])
        parts, mineral = _lacking(tables, top["lost"], top["kind"]), word(top["worst"])
        begins, years = _horizon(tables)[:4], _severity(tables, (top["lost"], top["kind"]), mineral)
        surge = tables.option("Surge").partition(" %")[0] if About in tables else ""
        held = f"a surge of {surge} %" if surge else "a surge"
        said = (
            f"Each is lost from {begins} on, one at a time; the others are held to what was agreed"
            f" and {held}. What the plan is short itself comes on top."
        )
        care = [text for text in (said, _resale(tables).strip()) if text]
        if not mineral:
            said = "No loss leaves any mineral shorter than the agreed plan."
            none = KeyFigure(
                "Largest part of a mineral missing", "none", "no loss leaves any short."
            )
            return Headline(said, (none,), tuple(care))
        short = f"{mineral} runs short"
        if len(parts) > 1:
            many = number_short(parts)
            verb = "runs" if many.startswith("1 ") else "run"
            short = f"{many} minerals {verb} short, {mineral}"
        finding = f"{lost} matters most: without it {short} by {in_years(years)}."
        if len(ranked) > 1:
            most, of = _worst_year(tables, ranked.iloc[1:]), "anything missing"
            if most > tolerances.MISSING_PART:
                of = f"more than {share(most)} of a mineral missing in any year"
            finding += f" No other loss leaves {of}."
        days = top["survived"]
        first = (
            "at once"
            if known(days) and days < 1
            else f"{days:z,.0f} days"
            if known(days)
            else "never"
        )
        lacks = f"{missing(parts, f' beyond the agreed plan, {_horizon(tables)}')}."
        return Headline(
            finding,
            (
                KeyFigure("Matters most", lost, lacks),
                KeyFigure("Largest part of a mineral missing", share(max(years.values())),
                       f"{mineral} without {lost} in {max(years, key=lambda y: years[y])}:"
                       f" {in_years(years)}."),
                KeyFigure(f"First shortage without {lost}", first,
                       "after the loss, if stocks are drawn first and lent among members."),
            ),
            tuple(care),
        )  # fmt: skip

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
        """Return the heat map, and what the losses cost."""
        losses, heat = tables[Losses], heat_map(tables)
        rows = losses.frame()
        heat.data[Losses.lost.name] = _named(rows)
        lost, _, *minerals = heat.fields
        lead = (
            "Losses in rows, the worst on top; minerals in columns. Blank: none of the mineral"
            " comes from there."
        )
        told = Numbers(heat, (lost, *minerals)).view(_heat_picture(heat))
        found = [Section("heat-map", "What each loss leaves short", lead, told)]
        if Solidarity in tables:
            of = tables[Solidarity]
            lead = "Where members share what is left, and where they do not."
            worth = [*of.rows(Solidarity.worth, Solidarity.member)]
            spares = sorted((abs(w) for w, member in worth if not member), reverse=True)
            least = spares[:_MOST_TOLD][-1] if spares else 0.0
            largest = [not member and abs(w) >= least for w, member in worth]
            shared = Numbers(of.where(largest), heading="Losses of which sharing changes most")
            found.append(Section("sharing", of.TABLE, lead, shared.view(), blocks=(shared,)))
        priced = rows.dropna(subset="cost")
        costs = _costs(tables, priced.assign(lost=_named(priced)))
        if costs is not None:
            lead = "Against the agreed plan by the same rules with nothing lost."
            told = Numbers(losses, tuple(f for f in _COMPARED if f in losses.fields)).view(costs)
            found.append(Section("losses", "What each loss costs", lead, told))
        return tuple(found)
