"""The stress test: its tables (losses, minerals, members, solidarity), and its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from models import tolerances
from models.measures import HELD_TO_ORDERS, ratio
from models.plan.stages import dependence
from models.results import Benchmarks, Colour, Figure, Format, Name, Result, Runs, field
from models.results import common as shared
from models.results.common import COUNTRY, MEMBER, MINERAL, YEAR
from models.results.numbers import PlanNumbers
from models.schema import REST_OF_WORLD
from planner.render.claims import NoRowsError, Sentence, collect_sentences, say
from planner.render.table import COALITION_BUYER
from planner.studies.kind import Tables
from planner.studies.losses import Loss, LossKind, Stress
from planner.studies.variant_tables import Harm, Row, RunTotals, table_from

_UNCAPPED = "The same loss in the agreed plan without share limits."
_RUN = (
    field.text("Lost", "The supplier that is lost; for an embargo, the country and the member."),
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
        " because a member leaves tonnes to others. Lost = replaced + from stock + further missing"
        " + plants take less.",
    ),
    field.tonnes(
        "From stock",
        "Additional tonnes drawn from stock or not stored, minus tonnes refilled, over all years.",
    ),
)
FURTHER = PlanNumbers.further_missing.like(
    meaning="Need that the agreed plan meets and that is missing after the loss.", key="short_t"
)
FURTHER_SHARE = PlanNumbers.further_missing_share.like(
    meaning=f"Missing after the loss minus missing in the agreed plan, as a share of need."
    f" {HELD_TO_ORDERS}",
    colour=Colour.HEAT,
    key="share",
)
WITHOUT_LIMITS = (
    field.tonnes("Lost without share limits", _UNCAPPED, key="uncapped_lost_t", optional=True),
    field.tonnes(
        "Further missing without share limits", _UNCAPPED, key="uncapped_short_t", optional=True
    ),
    field.share(
        "Further missing without share limits (share)", _UNCAPPED, key="free_share", optional=True
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
        "Time to the first shortage",
        Format.DAYS,
        "Days from the loss to the coalition's first shortage, if members draw on stocks first and"
        " lend them to each other. A year has 365 days, and its gap is spread evenly. Blank: never"
        " short.",
        unit="days",
        key="days_to_survive",
    ),
    field(
        "Stock used",
        Format.DAYS,
        "How far stocks fall at most, compared with the same rules and no loss, in days of the"
        " coalition's demand. Stocks that are refilled later count, so From stock may still be 0.",
        unit="days",
    ),
    Benchmarks.extra_cash.like(
        header="Cash cost against no loss",
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


class _OfLosses(Result):
    """One row per loss."""

    lost, kind = _RUN
    country = COUNTRY.like(optional=True)
    refiner = shared.REFINER.like(meaning="", optional=True)
    member = MEMBER.like(optional=True)
    worst = RunTotals.hit.like(key="worst_mineral")
    worst_share = RunTotals.hit_share.like(key="worst_share_short")
    lost_t, replaced_t, stock_t = _TONNES
    short_t = FURTHER
    less_t = PLANTS_LESS
    free_lost_t, free_short_t, _ = WITHOUT_LIMITS
    survived, stock_days = (
        f.like(meaning=f"For the mineral with the {which}. {f.meaning}")
        for f, which in zip(_SIZES, ("least", "most"), strict=False)
    )
    cash, cost, refill = _SIZES[2:]
    free_cost = _SIZES[3].like(
        header="Extra cost with shortage, without share limits",
        meaning=f"{_UNCAPPED} {shared.UNDISCOUNTED}",
        key="uncapped_extra_cost_usd",
        printed=False,
        optional=True,
    )
    error = Runs.trouble.like(meaning="Why this loss has no plan.", optional=True)


class Losses(_OfLosses):
    """One row per lost country or refiner; by kind, those with the largest extra cost first."""

    TABLE, GRAIN, BOOK = "Stress", ("lost", "kind"), "stress"


class Embargoes(_OfLosses):
    """One row per country and member between which lanes are closed, the dearest first."""

    TABLE, GRAIN, BOOK = "Embargoes", ("country", "member"), "stress"

    lost, kind = (f.like(optional=True) for f in _RUN)
    own_short_t = field.tonnes(
        "Further missing of the member itself",
        "Further missing of the embargoed member. Other members may also miss tonnes.",
    )
    own_share = field.share(
        "Member's need further missing, by value",
        "The member's further missing tonnes / its need; minerals are weighted by their prices.",
        colour=Colour.HEAT,
    )


class LossByMineral(Result):
    """One row per loss and mineral that it hits.

    Minerals made from a lost mineral, and their inputs, have a row if what is missing or their cost
    changes.
    """

    TABLE, GRAIN, BOOK = "Stress by mineral", ("lost", "kind", "mineral"), "stress"

    lost, kind = _RUN
    mineral = MINERAL
    demand = PlanNumbers.need.like(key="demand")
    agreed_short_t = field.tonnes(
        "Missing in the agreed plan", "Missing without a loss.", key="agreed_short_t"
    )
    agreed_share = field.share(
        "Missing in the agreed plan (share)", "Missing without a loss / need."
    )
    missing = PlanNumbers.missing.like(meaning="Missing in all, after the loss.", key="missing_t")
    missing_share = PlanNumbers.missing_share
    short_t = FURTHER
    share = FURTHER_SHARE
    free_lost_t, free_short_t, free_share = WITHOUT_LIMITS
    free_agreed_share = shared.MISSING_WITHOUT_LIMITS_SHARE.like(
        meaning="Missing in the agreed plan without share limits, before the loss / need.",
        optional=True,
    )
    depends_last = field.share(
        "Share of purchases from it at the last stage, in {last}",
        "The lost country's tonnes / all tonnes that members and plants buy, in the agreed plan.",
        optional=True,
    )
    depends = field.share(
        "Dependence on it through all stages, in {last}",
        "The share of purchases that its loss takes, with what others make from its ore and inputs,"
        " in the agreed plan.",
        optional=True,
    )
    lost_t, replaced_t, stock_t = _TONNES
    less_t = PLANTS_LESS
    short_from = field("Further missing from", Format.YEAR, "The first year with more missing.")
    survived, stock_days, cash, cost, refill = _SIZES


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

    lost, kind = _RUN
    member = MEMBER.like(meaning="Coalition: all members together.", names=Name.BUYER)
    short_t = FURTHER.like(header="Further missing, shared", meaning="If members share.")
    alone_short_t = FURTHER.like(
        header="Further missing, unshared",
        meaning="If they do not share.",
        key="alone_short_t",
    )
    worth = field.money(
        "Sharing spares it",
        "New shortage unshared minus new shortage shared, at the shortage cost. Below 0: the member"
        f" gives tonnes to others. {shared.UNDISCOUNTED}",
        key="sharing_spares_usd",
    )
    cost = _SIZES[3].like(header="Extra cost, shared", meaning=_EXTRA_COST)
    alone_cost = _SIZES[3].like(
        header="Extra cost, unshared", meaning=_EXTRA_COST, key="alone_extra_cost_usd"
    )


class Detail(Result):
    """One row per loss, mineral, member and year that the loss affects."""

    TABLE, GRAIN, BOOK = "Stress detail", ("lost", "kind", "mineral", "member", "year"), "stress"

    lost, kind = _RUN
    mineral = MINERAL
    member = MEMBER
    year = YEAR
    demand = PlanNumbers.need.like(key="demand")
    lost_t, replaced_t, stock_t = _TONNES
    short_t = FURTHER
    less_t = PLANTS_LESS.like(
        meaning=f"{PLANTS_LESS.meaning} A row without a member has all plants together."
    )
    replaced_t = replaced_t.like(
        header="Replaced, less what it gives up",
        meaning="Additional purchases of the member from the other suppliers. Below 0: it buys"
        " less, because others get its tonnes. Lost = replaced + from stock + further missing +"
        " plants take less.",
    )


# ---- the tables of a result ----------------------------------------------------------------------
#
# Tonnes and money are sums over the years from the loss on; money is undiscounted. Several minerals
# are added by weight. A loss without a plan has no numbers.


def tables_of(result: Stress) -> list[Result]:
    texts = shared.words_of(result.case)
    ranked, depends = _ranked_losses(result), _dependence(result)
    embargoes = [loss for loss in ranked if loss.kind is LossKind.EMBARGO]
    tables: dict[type[Result], Sequence[Any]] = {
        Losses: [row for loss, row in ranked.items() if loss not in embargoes],
        LossByMineral: [
            row
            for loss in ranked
            for row in _loss_by_mineral_rows(result, loss, depends.get(_whole_country(loss), ()))
        ],
    }
    if result.alone:
        tables[Solidarity] = _sharing(result, ranked)
    tables |= {
        Embargoes: [ranked[loss] | _of_member(result, loss) for loss in embargoes],
        Detail: [row for loss in ranked for row in _detail(result, loss)],
    }
    every = [table_from(kind, rows, texts) for kind, rows in tables.items()]
    if result.capped.plan.expanded.plant_inputs:
        return every
    return [table.without(Losses.less_t) for table in every]


def _ranked_losses(result: Stress) -> dict[Loss, Row]:
    """Return the losses, those with the largest extra cost first, those without a plan last."""
    rows = {loss: _loss_row(result, loss) for loss in result.losses}

    def rank(loss: Loss) -> tuple[Any, ...]:
        sizes: list[Any] = [rows[loss].get(name) for name in ("cost", "short_t", "lost_t")]
        return tuple((size is None, -(size or 0.0)) for size in sizes)

    return {loss: rows[loss] for loss in sorted(rows, key=rank)}


def _whole_country(loss: Loss) -> str:
    return loss.country if loss.kind is LossKind.COUNTRY else ""


def _dependence(result: Stress) -> dict[str, list[list[float]]]:
    """Return by lost country the dependence of minerals on it: at the last stage, through all.

    It is that of the agreed plan in its last year.
    """
    plan = result.capped.plan
    ways = (False, True) if plan.expanded.plant_inputs else (False,)
    countries = {loss.country for loss in result.losses if loss.kind is LossKind.COUNTRY}
    return {
        c: [dependence(plan, c, through=way)[:, -1].tolist() for way in ways] for c in countries
    }


def _lost_names(result: Stress, loss: Loss) -> Row:
    """Return the cells that say who is lost: kind, name, country, refiner, member."""
    where = {"country": loss.country, "refiner": loss.refiner, "member": loss.member}
    named = {name: value or None for name, value in where.items()}
    return {"kind": str(loss.kind), "lost": loss.name(result.case), **named}


def _loss_row(result: Stress, loss: Loss) -> Row:
    """Return the row of a loss over all minerals: most stock used, shortest time to survive."""
    row, side, effect = _lost_names(result, loss), result.capped, result.capped.effects[loss]
    free = result.free.effects[loss] if result.free else None
    if effect is None:
        return row | {"error": side.error_of(loss)}
    hit, shares, minerals = effect.affected, effect.share, side.plan.expanded.minerals
    share, m = max(((shares[m], -m) for m in hit), default=(0.0, 0))
    worst = minerals[-m] if share else None
    row |= effect.tonnes(hit) | {
        "short_t": float(effect.short.sum()),
        "worst": worst,
        "worst_share": share,
        "stock_days": max((effect.stock_days[m] for m in hit), default=0.0),
        "survived": min((days for days in effect.survived if days is not None), default=None),
        **{name: float(getattr(effect, name).sum()) for name in ("cash", "refill", "cost")},
    }
    if free is not None:
        row |= {f"free_{name}": tonnes for name, tonnes in free.tonnes(...).items()}
        row["free_cost"] = float(free.cost.sum())
    elif result.free is not None:
        row["error"] = result.free.error_of(loss) or None
    return row


def _loss_by_mineral_rows(
    result: Stress, loss: Loss, depends: Sequence[Sequence[float]]
) -> Iterator[Row]:
    side, effect = result.capped, result.capped.effects[loss]
    free = result.free.effects[loss] if result.free else None
    if effect is None:
        return
    hit = sorted({*effect.affected, *(free.affected if free is not None else ())})
    agreed_totals, is_needed = (
        side.share(side.agreed_totals.short),
        side.demand.sum(axis=(1, 2)) > 0,
    )
    for m in sorted(hit, key=lambda m: -effect.share[m]):
        years = np.flatnonzero(effect.short[m].any(axis=0))
        sizes = ("cash", "refill", "cost", "stock_days", "survived")
        row = _lost_names(result, loss) | effect.tonnes(m)
        row |= {name: getattr(effect, name)[m] for name in sizes}
        row |= {
            "mineral": side.plan.expanded.minerals[m],
            "demand": float(side.demand[m].sum()),
            "agreed_short_t": float(side.agreed_totals.short[m].sum()),
            "missing": float(side.agreed_totals.short[m].sum()) + row["short_t"],
            "short_from": side.base.years[int(years[0])] if len(years) else None,
        }
        if is_needed[m]:
            row |= {"share": effect.share[m], "agreed_share": agreed_totals[m]}
            row["missing_share"] = effect.share[m] + agreed_totals[m]
        for name, shares in zip(("depends_last", "depends"), depends, strict=False):
            row[name] = shares[m]
        if free is not None and result.free is not None:
            row |= {f"free_{name}": tonnes for name, tonnes in free.tonnes(m).items()}
            if is_needed[m]:
                before = result.free.share(result.free.agreed_totals.short)[m]
                row |= {"free_share": free.share[m], "free_agreed_share": before}
        yield row


def _of_member(result: Stress, loss: Loss) -> Row:
    """Return what an embargoed member itself misses, in tonnes and as a share of its need."""
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
    """Return what is missing with stocks shared and alone: by loss, then by member."""
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
        who = _lost_names(result, loss)
        rows.append(who | {n: float(a.sum()) for n, a in amounts.items()} | {"member": ""} | costs)
        for j in np.flatnonzero(np.maximum(shared_t, alone_t) > tolerances.LEAST_FLOW).tolist():
            of_member = {name: float(amount[j]) for name, amount in amounts.items()}
            rows.append(who | of_member | {"member": case.members[j].name})
    return rows


def _detail(result: Stress, loss: Loss) -> Iterator[Row]:
    """Yield a row for each mineral, buyer and year that loses purchases or runs short."""
    side, effect = result.capped, result.capped.effects[loss]
    if effect is None:
        return
    e, who = side.plan.expanded, _lost_names(result, loss)
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


def nothing_to_lose(result: Stress) -> str:
    """Return why nothing can be missing after a loss, as a sentence; "" if something can."""
    side, (begin, *_, end) = result.capped, (result.years[0], *result.years)
    when = f"In {begin}" if begin == end else f"From {begin} to {end}"
    buys = side.agreed_totals.bought.sum() > tolerances.LEAST_FLOW
    if not side.demand.any():
        so = "" if buys else ", so the agreed plan buys nothing"
        return f"{when}, nothing is needed{so}."
    if not buys:
        return f"{when}, the agreed plan buys nothing, so no supplier can be lost."
    if not result.losses:
        several = "which stands for several countries and can't be lost as one"
        name = result.case.country_name(REST_OF_WORLD)
        return f"{when}, the agreed plan buys only from {name}, {several}."
    return ""


# ---- findings, made from the tables alone --------------------------------------------------------


SMALL = tolerances.MISSING_PART
FIRST_YEAR = "First year of the loss"
LIMITS, SURGE, STOCKS = "Share limits", "Surge", "Stocks"
"""Rows of the sheet About: when a loss begins, whether share limits hold, what others may sell.

That on stocks is there if members have any.
"""
WAIVED = "maximums and minimums are waived while the loss lasts"
_FURTHER = "further missing than in the agreed plan"
NOTHING_TO_LOSE = "Nothing to lose"
"""The row of About that says why nothing can be missing after a loss, if there is such a reason."""
_A_POINT = 0.01
"""A difference of dependence at the last stage and through all stages that is named."""


def stress_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of a stress test's first page."""
    why = collect_sentences(lambda: [say("answer", "{why}", why=tables.asked(NOTHING_TO_LOSE))])
    if not len(tables[Losses]):
        return why
    if LossByMineral not in tables:
        return (say("answer", "The losses could not be planned."),)
    return (*why, *_StressFindings(tables).sentences())


class _StressFindings:
    def __init__(self, tables: Tables) -> None:
        self.tables, self.rows = tables, tables.sheet(LossByMineral)
        kinds = set(tables[LossByMineral].kind)
        self.kind = str(LossKind.COUNTRY if LossKind.COUNTRY in kinds else min(kinds))
        self.lost = self.rows.where(kind=self.kind)

    def sentences(self) -> tuple[Sentence, ...]:
        return collect_sentences(
            self.stages, self.pairs, self.uses, self.hardest, self.next_hardest, self.first_short,
            self.sharing, self.warnings,
        )  # fmt: skip

    @property
    def years(self) -> tuple[str, dict[str, Any]]:
        """The years of the loss in words, and the claims that they make."""
        try:
            begin, end = self.tables.asked(FIRST_YEAR), self.tables.asked(Figure.LAST_YEAR)
        except NoRowsError:
            return "", {}
        if f"{begin}" == f"{end}":
            return " in {first}", {"first": begin}
        return " from {first} to {last}", {"first": begin, "last": end}

    @property
    def harm(self) -> Harm:
        return Harm(
            self.lost, LossByMineral.share,
            hardest="Hardest is the loss of {most[lost]}", plain="Without {most[lost]}",
            next="Next is {most[lost]}", same="As much is missing without {most[lost]}",
            than="than in the agreed plan", when=self.years[0],
        )  # fmt: skip

    def hardest(self) -> Iterator[Sentence]:
        """Yield the loss that leaves most further missing, and how many minerals run short."""
        fields, rows, harm = LossByMineral, self.lost, self.harm
        if (most := harm.most(rows)) is None:
            none = rows.none(fields.share, ">", SMALL)
            text = f"If a {self.kind} is lost, no mineral is {_FURTHER}."
            yield say("answer", text, none=none)
            return
        yield harm.of_hardest(most, **self.years[1])
        hit = rows.where(lost=most["lost"]).count(fields.share, ">", SMALL)
        are = "mineral is" if hit.number == 1 else "minerals are"
        yield say("figure", f"Without {{most[lost]}}, {{hit}} {are} {_FURTHER}.",
                  name="Minerals that run shorter", large="hit", hit=hit, most=most)  # fmt: skip

    def next_hardest(self) -> Iterator[Sentence]:
        if (most := self.harm.most(self.lost)) is None:
            return
        fields, others = LossByMineral, self.lost.where(lost={"not": most["lost"]})
        if (follows := self.harm.most(others)) is None:
            none = others.none(fields.share, ">", SMALL)
            text = f"If another {self.kind} is lost, no mineral is {_FURTHER}."
            yield say("answer", text, none=none)
            return
        yield self.harm.of_next(most, follows, others)

    def pairs(self) -> Iterator[Sentence]:
        """Yield the embargo on a single member that leaves most missing."""
        most = self.tables.sheet(Embargoes).largest(Embargoes.own_share)
        if most.number > SMALL:
            yield say("figure", "If {most[country]} stops selling to {most[member]}, {most} of that"
                                f" member's need is {_FURTHER}, by value.",
                      name=Embargoes.own_share.header, large="most", most=most)  # fmt: skip

    def uses(self) -> Iterator[Sentence]:
        """Yield the country and the use between which closed lanes leave most missing."""
        most = self.harm.most(self.rows.where(kind=str(LossKind.END_USE)))
        if most is not None:
            yield say("figure", "With lanes closed from {most[lost]}, {most} of the need for"
                                f" {{most[mineral]}} is {_FURTHER}.",
                      name="A country closed to a use", large="most", most=most)  # fmt: skip

    def first_short(self) -> Iterator[Sentence]:
        """Yield after how many days need is not met, if it is met until then."""
        rows = self.tables.sheet(Losses).where(kind=self.kind)
        least = rows.smallest(Losses.survived)
        if least.number > 0:
            shared = " if members share their stocks" if self.tables.option(STOCKS) else ""
            yield say("figure", "Without {days[lost]}, the coalition's first shortage comes after"
                                f" {{days}}{shared}.",
                      name=Losses.survived.header, large="days", days=least)  # fmt: skip

    def stages(self) -> Iterator[Sentence]:
        """Yield the mineral that depends most on a country through all stages.

        It is named if that is more than what the country sells at the last stage.
        """
        fields, rows, end = LossByMineral, self.lost, self.tables.asked(Figure.LAST_YEAR)
        most = rows.largest(fields.depends)
        last = rows.where(lost=most["lost"], mineral=most["mineral"]).value(fields.depends_last)
        if most.number - last.number > _A_POINT:
            is_single = rows.stands_out(most, fields.depends)
            what = "most dependent is {most[mineral]}" if is_single else "{most[mineral]} depends"
            yield say("figure", f"In {{end}}, {what} on {{most[lost]}}: {{most}} of purchases"
                                " through all stages, {last} at the last stage.",
                      name="Dependence with inputs", large="most", most=most, last=last,
                      end=end)  # fmt: skip

    def sharing(self) -> Iterator[Sentence]:
        """Yield for which loss sharing what is left is worth most."""
        rows = self.tables.sheet(Solidarity).where(member=COALITION_BUYER, kind=self.kind)
        most = rows.largest(Solidarity.worth)
        if most.number > 0:
            yield say("figure", "After the loss of {most[lost]}, sharing spares the members {most}"
                                " of shortage, at its price.", name="Sharing spares", large="most",
                      most=most)  # fmt: skip

    def warnings(self) -> Iterator[Sentence]:
        alone = "A single supplier is lost at a time. The other suppliers sell"
        if self.tables.option(SURGE).startswith("0 %"):
            yield say("care", f"{alone} only what was agreed.")
        else:
            yield say("care", f"{alone} what was agreed, and a part of their free capacity.")
