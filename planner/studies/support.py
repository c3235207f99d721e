"""Support: the payment per tonne at which each idle plant runs, and who pays for support.

Each payment is confirmed by a plan made with it. Gaps come from the shadow prices of two plans,
with share limits and without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from models import measures, schema, tolerances
from models.answers.payment import RUNS, NeededPayment, headroom, payments, tariffs
from models.case import Case
from models.plan import Plan
from models.plan import support_bills as bills_of
from models.results import CountryShares, Format, Result, ShareLimits, common, field
from models.results.supply import Refiners
from models.schema import Support as Contract
from planner.options import CAP_HELP
from planner.render.chart import Form, Picture, Role, bars, drawn
from planner.render.claims import Sentence, say
from planner.render.keys import table_key
from planner.render.table import COALITION_BUYER
from planner.render.words import clean_text, few, share_words, truncated
from planner.scenarios import drop_share_limits
from planner.studies.engine import Outcome, Run, Study, whole_plan
from planner.studies.kind import TROUBLE, Numbers, StudyKind, Tables

HOME, AWAY = "yes", "no"
ALL_YEARS, SOME_YEARS, NEVER, UNKNOWN = (
    "in all years", "in some years", "no payment helps", "not known",
)  # fmt: skip
"""Values of the column "Runs if paid"."""


# ---- tables --------------------------------------------------------------------------------------

_RUNS = (
    f"A plant runs if it sells at least {share_words(RUNS)} of what it could. That counts each year"
    " of a refiner, and the sum over all years of a project that is not built."
)
_HELPS = "No payment helps: even the plant's full cost per tonne is not enough."


class Plants(Result):
    """The payment per tonne at which each idle plant runs; the smallest share of the price first.

    Each payment is confirmed by a plan with it, made as by the action set support. It is rounded up
    to three digits; with one step less, the plant stays idle.
    """

    TABLE, GRAIN, BOOK = "Support needed", ("mineral", "plant", "country"), "support"
    mineral = common.MINERAL
    plant = common.PLANT
    country = common.COUNTRY
    home = field.text("At home", "yes: in a country of the coalition.")
    running = field(
        "Years running", Format.COUNT, "Years in which the plan uses it.", optional=True
    )
    years = field("Years idle", Format.COUNT, f"Years in which it does not run. {_RUNS}")
    payment = field.price(
        "Payment in all years",
        "The lowest payment per tonne, the same in all years, at which it runs in every year in"
        " which it could. Blank: there is no such payment.",
    )
    of_price = field.share(
        "Payment as a share of the price",
        "That payment divided by the mineral's price, mean over years.",
    )
    tonnes = field.tonnes(
        "Sells in addition",
        "What it then sells in addition to the plan, in all years. Other plants may sell less.",
        key="brings_in_t",
    )
    missing = field.tonnes(
        "Net missing with it",
        "Missing tonnes of its mineral with that payment minus missing tonnes in the plan, in all"
        " years. Below 0: less is missing.",
    )
    helps = field.text(
        "Runs if paid",
        f"In all years: one payment makes it run in every year. In some years: it runs only in the"
        f" years that have a payment in the sheet Gaps. {_HELPS}",
    )
    least = field.price(
        "Least payment", "The lowest payment in a single year at which it runs in that year."
    )
    most = field.price("Largest payment", "The same for the year with the highest payment.")
    gap = Refiners.gap.like(
        header="Average gap",
        meaning="The mean over the years in which it is idle. A payment below the gap is not"
        " enough, and a payment above it may not be enough either.",
    )
    free = Refiners.gap.like(
        header="Average gap without limits",
        meaning="The same in the plan without share limits. A year in which it sells counts as 0.",
        optional=True,
    )


class CostGaps(Result):
    """One row per year and plant with unused capacity, or not built: its gap and its payment."""

    TABLE, GRAIN, BOOK = "Gaps", ("year", "mineral", "plant", "country"), "support"
    year = common.YEAR
    mineral = common.MINERAL
    plant = common.PLANT
    country = common.COUNTRY
    capacity = common.CAPACITY.like(
        meaning="Usable capacity; for a project that is not built, its full capacity."
    )
    tonnes = common.TONNES.like(meaning="The plant's sales in the plan.")
    payment = field.price(
        "Payment in this year",
        "The lowest payment per tonne, in this year only, at which it runs; confirmed by a plan"
        " with it. Blank: it runs as planned, no payment helps, or it is a project that is not"
        " built, which needs one payment in all years (sheet Support needed).",
    )
    runs = field.tonnes(
        "Sells with it", "What it sells with that payment; if none helps, the most that it sells."
    )
    member = common.MEMBER.like(
        header="Nearest buyer",
        meaning="The member or plant with the smallest gap.",
    )
    landed = field.price(
        "Landed with ore", "What a tonne costs the nearest buyer, including its ore and inputs."
    )
    worth = field.price("Shadow price there", "What one more tonne is worth to the nearest buyer.")
    gap = Refiners.gap
    of_price = field.share("Gap over price", "The gap divided by the mineral's price in that year.")
    free = Refiners.gap.like(
        header="Gap without limits",
        meaning="The gap in the plan without share limits; 0: the plant sells there.",
        optional=True,
    )


class Tariffs(Result):
    """The tariff on a capped country that would have the same effect as its cap, if the cap binds.

    With the tariff in place of the cap, the capped plan is among the cheapest. Its cost then rises
    by the tariff's revenue.
    """

    TABLE, GRAIN, BOOK = "Tariffs for caps", ("year", "mineral", "buyer", "country"), "support"
    year = common.YEAR
    mineral = common.MINERAL
    buyer = CountryShares.buyer
    country = common.COUNTRY.like(meaning="The country that the cap limits.")
    share = ShareLimits.limit
    tonnes = common.TONNES.like(meaning="What the buyer buys from this country.")
    tariff = field.price("Tariff in its place", "The shadow price of the cap.")
    of_cost = field.share(
        "Tariff over cost",
        "The tariff divided by the mean cost of these tonnes at the gate.",
    )
    revenue = field.money("Revenue", f"The tariff on these tonnes. {common.UNDISCOUNTED}")


class SupportBills(Result):
    """The cost of each row of Supports by year: a contract for difference on the planned tonnes."""

    TABLE, GRAIN, BOOK = "Support bills", ("year", "plant", "mineral", "payer"), "support"
    year = common.YEAR
    plant = common.PLANT
    mineral = common.MINERAL
    payer = field.text("Payer", "A member, a group, or the coalition in proportion to demand.")
    tonnes = common.TONNES
    strike = field.price(
        Contract.column_of("strike").header, "The price that the contract guarantees."
    )
    reference = field.price(
        Contract.column_of("reference").header, "The price that the market pays."
    )
    each = field.price("Paid for a tonne", "Strike minus reference. Below 0: the plant pays back.")
    total = field.money("Bill", f"Tonnes times the amount paid for a tonne. {common.UNDISCOUNTED}")


# ---- tables from plans ---------------------------------------------------------------------------


def gaps_table(plan: Plan, uncapped: Plan | None, needed: Sequence[NeededPayment]) -> CostGaps:
    """Return one row per plant and year, idle or with a gap; ``uncapped``: without share limits."""
    e, gaps, rows = plan.expanded, plan.gaps, list[dict[str, Any]]()
    by_year = {(n.source, e.years.index(y)): pair for n in needed for y, pair in n.by_year.items()}
    for r, t in sorted({*map(tuple, np.argwhere(np.isfinite(gaps.gap)).tolist()), *by_year}):
        source, year, gap = e.sources[r], e.years[t], float(gaps.gap[r, t])
        row: dict[str, Any] = {
            "year": year, "mineral": source.mineral, "plant": source.project or source.name,
            "country": source.country,
            "capacity": float(e.usable[r, t] or e.nameplate[r, t]),
            "tonnes": float(plan.sold[r, t]),
        }  # fmt: skip
        row["payment"], row["runs"] = by_year.get((r, t), (None, None))
        if np.isfinite(gap):
            price = plan.case.mineral_of[source.mineral].price.value(year)
            row |= {
                "member": e.buyer_name(int(gaps.member[r, t])), "landed": float(gaps.landed[r, t]),
                "worth": float(gaps.worth[r, t]), "gap": gap,
                "of_price": measures.ratio(gap, price),
            }  # fmt: skip
            if uncapped is not None:
                row["free"] = (
                    0.0 if uncapped.sold[r, t] > 0 else _finite_or_none(uncapped.gaps.gap[r, t])
                )
        rows.append(row)
    rows.sort(key=lambda row: (row["year"], row["mineral"]))
    table = CostGaps.of_rows(rows, words=common.words_of(plan.case))
    return table if uncapped is not None else table.without(CostGaps.free)


def plants_table(
    plan: Plan, gaps: CostGaps, needed: Sequence[NeededPayment], unknown: Sequence[str]
) -> Plants:
    """Return one row per idle plant, the smallest share of the price first.

    The search for payments failed for ``unknown`` minerals: their rows are the plants with a gap.
    """
    case, rows, key = plan.case, list[dict[str, Any]](), ["mineral", "plant", "country"]
    usable_years = (headroom(plan) > 0).sum(axis=1).tolist()
    frame = gaps.frame()
    by_plant: dict[Any, pd.DataFrame] = dict(iter(frame.groupby(key)))
    for each in needed:
        source = plan.expanded.sources[each.source]
        plant = source.mineral, source.project or source.name, source.country
        row: dict[str, Any] = {**dict(zip(key, plant, strict=True)), "years": len(each.years)}
        row["running"] = usable_years[each.source] - len(each.years)
        row |= _payment_row(case, source.mineral, each, plan.sold[each.source].tolist())
        rows.append(row | _mean_gaps(by_plant.get(plant, frame.head(0)), {*each.years}))
    for plant, rows_of in sorted(by_plant.items()):
        each_gap = rows_of["gap"].astype(float)
        years = {int(y) for y, gap in zip(rows_of["year"], each_gap, strict=True) if gap > 0}
        if plant[0] in unknown and _finite_or_none(each_gap.mean()):
            row = dict(zip(key, plant, strict=True)) | {"helps": UNKNOWN, "years": len(years)}
            rows.append(row | _mean_gaps(rows_of, years))
    for row in rows:
        row["home"] = HOME if schema.COALITION in case.blocs_of(row["country"]) else AWAY
    rows.sort(key=lambda row: (row.get("of_price") is None, row.get("of_price") or 0.0))
    table = Plants.of_rows(rows, words=common.words_of(case))
    return table if CostGaps.free in gaps.fields or not rows else table.without(Plants.free)


def _payment_row(
    case: Case, mineral: str, needed: NeededPayment, planned: Sequence[float]
) -> dict[str, Any]:
    """Return the cells of a plant on its payment for all years and its payments in single years."""
    paid = [payment for payment, _ in needed.by_year.values() if payment is not None]
    row: dict[str, Any] = {
        "helps": SOME_YEARS if paid else NEVER,
        "least": min(paid, default=None), "most": max(paid, default=None),
    }  # fmt: skip
    if needed.payment is not None:
        price, before = case.mineral_of[mineral].price, dict(zip(case.years, planned, strict=True))
        parts = [measures.ratio(needed.payment, price.value(year)) for year in needed.tonnes]
        parts_known = [part for part in parts if part is not None]
        row |= {
            "payment": needed.payment, "helps": ALL_YEARS,
            "of_price": sum(parts_known) / len(parts_known) if parts_known else None,
            "tonnes": sum(tonnes - before[year] for year, tonnes in needed.tonnes.items()),
            "missing": needed.missing if abs(needed.missing) > tolerances.LEAST_FLOW else 0.0,
        }  # fmt: skip
    return row


def _mean_gaps(rows: pd.DataFrame, years: set[int]) -> dict[str, float | None]:
    """Return the mean cost gaps over some years, with and without share limits."""
    due = rows[rows["year"].isin(years)]
    return {n: _finite_or_none(due[n].astype(float).mean()) for n in ("gap", "free") if n in due}


def _finite_or_none(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def row_of(table: type[Result], record: object) -> dict[str, Any]:
    """Return the fields of a table that a record has as attributes."""
    return {f.name: getattr(record, f.name) for f in table.FIELDS}


def bill_table(plan: Plan) -> SupportBills:
    rows = [row_of(SupportBills, bill) for bill in bills_of(plan)]
    rows = [row | {"payer": row["payer"] or COALITION_BUYER} for row in rows]
    return SupportBills.of_rows(rows, words=common.words_of(plan.case))


# ---- findings ------------------------------------------------------------------------------------


def _nothing_idle(tables: Tables) -> Iterator[Sentence]:
    """Yield that no plant at home is idle."""
    text = "In the coalition, plants that can run do run."
    if Plants not in tables:
        yield say("answer", text)
        return
    yield say("answer", text, none=tables.sheet(Plants).none(Plants.home, "=", HOME))


def _cheapest(tables: Tables) -> Iterator[Sentence]:
    """Yield the idle plant at home with the smallest payment, as a share of the price."""
    fields, rows = Plants, tables.sheet(Plants).where(home=HOME)
    if ALL_YEARS not in rows.cells(fields.helps):
        none = rows.none(fields.helps, "=", ALL_YEARS)
        text = "For no idle plant in the coalition is a payment known that makes it run."
        yield say("answer", text, none=none)
        return
    least = rows.smallest(fields.of_price)
    row, text = rows.row_of(least), "{top[plant]} ({top[mineral]}) could be brought in for {top}"
    if rows.stands_out(least, fields.of_price):
        text = "Cheapest to bring in is {top[plant]} ({top[mineral]}), for {top}"
    yield say("answer", f"{text} of the price: {{payment}} in each year.",
              top=least, payment=row.value(fields.payment))  # fmt: skip
    net = row.value(fields.missing)
    if net.number < 0:
        yield say("answer", "With this payment, {net} of {top[mineral]} is missing.",
                  top=least, net=net)  # fmt: skip


def _dearest_plant(tables: Tables) -> Iterator[Sentence]:
    fields, rows = Plants, tables.sheet(Plants).where(home=HOME)
    most = rows.largest(fields.of_price)
    if rows.stands_out(most, fields.of_price):
        text = "Dearest is {top[plant]} ({top[mineral]}), for {top} of the price."
        yield say("answer", text, top=most)


def _idle_plants(tables: Tables) -> Iterator[Sentence]:
    """Yield how many plants at home are idle, and the longest time that one of them is."""
    fields, rows = Plants, tables.sheet(Plants).where(home=HOME)
    most, count = rows.largest(fields.years), rows.count(fields.home, "=", HOME)
    text, claims = "Idle in a year or more: {plants}.", {"plants": count}
    if rows.stands_out(most, fields.years):
        text, claims = f"{text} Most years idle: {{top[plant]}}, {{top}}.", claims | {"top": most}
    yield say("figure", text, name="Idle plants in the coalition", large="plants", **claims)


def _cheapest_sale(tables: Tables) -> Iterator[Sentence]:
    """Yield what the cheapest plant would sell."""
    fields, rows = Plants, tables.sheet(Plants).where(home=HOME)
    least = rows.smallest(fields.of_price)
    row = rows.row_of(least)
    tonnes, years = row.value(fields.tonnes), row.value(fields.years)
    if tonnes.number > 0:
        yield say("figure", "With its payment, {top[plant]} sells {tonnes} more over the planned"
                            " years; it is idle in {years} of them.", name=fields.tonnes.header,
                  large="tonnes", top=least, tonnes=tonnes, years=years)  # fmt: skip


def _never(tables: Tables) -> Iterator[Sentence]:
    never = tables.sheet(Plants).where(home=HOME).count(Plants.helps, "=", NEVER)
    if never.number:
        text = "Plants that stay idle even if their full cost is paid: {count}."
        yield say("figure", text, name="Plants that stay idle", large="count", count=never)


def _bill_for_all(tables: Tables) -> Iterator[Sentence]:
    bill = tables.sheet(SupportBills).sum(SupportBills.total)
    text = "The contracts of Supports cost {total} over the planned years, undiscounted."
    yield say("figure", text, name="Bill of Supports", large="total", total=bill)


def _warnings(tables: Tables) -> Iterator[Sentence]:
    unknown = tables.sheet(Plants).count(Plants.helps, "=", UNKNOWN)
    if unknown.number:
        text = "Plants whose payment is not known: {count}."
        yield say("care", text, count=unknown)
    yield say("care", "A plant that the plan builds or uses is listed if it is idle in other"
                      " years.")  # fmt: skip
    yield say("care", "Each plant is paid alone. What it sells may take the place of what other"
                      " plants sell.")  # fmt: skip


_NAME = 46
"""Most characters of a plant and its mineral next to a bar."""


def _at_home(tables: Tables) -> pd.DataFrame:
    rows = tables[Plants].frame()
    return rows[rows["home"] == HOME]


def _bars(title: str, rows: pd.DataFrame) -> Picture | None:
    parts = rows["of_price"].astype(float)
    # the share is part of the name, since some bars are too short to be seen
    plants = zip(rows["mineral"], rows["plant"], parts, strict=True)
    names = [
        f"{truncated(clean_text(f'{m}: {p}'), _NAME)}, {share_words(part)}" for m, p, part in plants
    ]
    axis = "Payment, % of the mineral's price"  # as numbers: an axis of shares shows no decimals
    series = {Plants.payment.header: (Role.PLAN, 100.0 * parts)}
    return bars(title, rows, names, series, axis, form=Form.BARS, fmt=Format.DAYS)


# ---- the kind ------------------------------------------------------------------------------------


class SupportStudy(StudyKind):
    """Find the payment that each idle plant needs in order to run, and who pays for support.

    For each idle refiner and unbuilt project, the study finds the least payment per tonne that
    makes it run. It gives one payment for each year and one for all years, and plans again with
    each. It also shows the gap: a tonne's landed cost minus its value to the nearest buyer. It
    shows the tariff that has the same effect as each cap, and the bills of the sheet Supports by
    year, plant and payer.

    \b
    planner support case.xlsx
    planner support case.xlsx --what-if "set support; refiner=Umicore Olen; value=25"
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "support", "Support of plants", "support"
    QUESTION = "Which idle plants in the coalition could be brought in, and at what price?"
    HEADING = "What idle plants need: {plan}"
    RESULTS = (Plants, CostGaps, Tariffs, SupportBills)
    ANSWER = (
        table_key("plants", Plants),
        table_key("gaps", CostGaps),
        table_key("tariffs", Tariffs),
        table_key("bills", SupportBills),
        *TROUBLE,
    )
    SHOWN = (
        Plants.mineral, Plants.plant, Plants.running, Plants.years, Plants.payment, Plants.of_price,
        Plants.tonnes,
    )  # fmt: skip
    NOTE = (
        f"Idle: used by less than {share_words(RUNS)} in a year. Sorted by the payment as a"
        " share of the price."
    )
    TOPICS = (
        _nothing_idle, _cheapest, _dearest_plant, _idle_plants, _cheapest_sale, _never,
        _bill_for_all, _warnings,
    )  # fmt: skip
    LIMIT = CAP_HELP
    task = "the case, with share limits and without, then payments by mineral"

    def study(self) -> Study[Any]:
        case = self.start.case
        self.limited = bool(case.share_limits)
        runs = (Run("The plan"), Run("Without share limits", drop_share_limits))
        each = [(Run(m.name, read=partial(payments, mineral=m.name)),) for m in case.minerals]
        return Study(case, (runs[: 1 + self.limited], *each), whole_plan)

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        return self.outcomes[:1]

    @property
    def by_mineral(self) -> Mapping[str, Outcome[Any]]:
        """The outcomes of the runs that find what idle plants need to be paid, by mineral."""
        return {o.name: o for o in self.outcomes[1 + self.limited :]}

    @property
    def plans(self) -> Mapping[str, Plan]:
        plan: Any = self.outcomes[0].result
        return {"the plan": plan}

    @property
    def trouble(self) -> str:
        free = [o.error for o in self.outcomes[1 : 1 + self.limited] if not o.is_planned]
        unknown = [f"gaps without share limits are not known: {why}" for why in free]
        failed = [f"{name} ({o.error})" for name, o in self.by_mineral.items() if not o.is_planned]
        unknown += [f"payments are not known for {few(failed)}"] if failed else []
        return "; ".join(unknown)

    def tables(self) -> list[Result]:
        plan: Any = self.outcomes[0].result
        uncapped: Any = self.outcomes[1].result if self.limited else None
        needed = [each for o in self.by_mineral.values() if o.is_planned for each in o.result or ()]
        unknown = [name for name, o in self.by_mineral.items() if not o.is_planned]
        gaps = gaps_table(plan, uncapped, needed)
        rows = [row_of(Tariffs, each) for each in tariffs(plan)]
        capped = Tariffs.of_rows(rows, words=common.words_of(plan.case))
        more = [table for table in (capped, bill_table(plan)) if len(table)]
        return [plants_table(plan, gaps, needed, unknown), gaps, *more]

    # ---- from the tables alone -------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        if Plants not in tables:
            return None
        plants = tables[Plants]
        return Numbers(plants.where([home == HOME for home in plants.home]), cls.SHOWN)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        years, rows = tables.years, _at_home(tables).dropna(subset="of_price")
        title = f"The coalition's idle plant that needs the lowest payment, by mineral, {years}"
        return drawn(_bars(title, rows.drop_duplicates("mineral")))
