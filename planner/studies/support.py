"""Support: what each idle plant has to be paid so that it runs, and what support costs whom.

Payments are found by planning again with them, gaps are read from the prices of two plans: with
share limits and without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models import measures, schema
from models.answers import RUNS, Needed, TariffEquivalent, payments, tariffs
from models.case import Case
from models.plan import Plan, bills, paid_of
from models.results import CountryShares, Look, Result, ShareLimits, common, field
from models.results.supply import Refiners
from models.schema import Support as Contract
from planner.render.chart import Form, Picture, Role, Series, numbers, short
from planner.render.palette import COLOURS
from planner.render.table import COALITION_BUYER
from planner.render.words import amount, clean, counted, cut, few, share, tariff_words
from planner.scenarios import drop_share_limits
from planner.studies.engine import Outcome, Run, Study, Tell, run_study
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables

if TYPE_CHECKING:
    from planner.studies.places import Where

HOME, AWAY = "yes", "no"
ALL_YEARS, SOME_YEARS, NEVER, UNKNOWN = (
    "in all years", "in some years", "no payment helps", "not known",
)  # fmt: skip
"""Whether payments make a plant run."""
_MOST_BARS, _LITTLE = 12, 0.01
"""Plants of a chart at most; the part of the price that is little."""


# ---- tables --------------------------------------------------------------------------------------

_PLANT = field.text("Plant", "A refiner, or a project.")
_RUNS = (
    f"A plant runs that sells at least {share(RUNS)} of what it could: a refiner in each year, a"
    " project that is nowhere built in all years together."
)
_HELPS = "No payment helps where all that a tonne costs at its gate is not enough."


class Plants(Result):
    """What each idle plant has to be paid for each tonne so that it runs; the cheapest first.

    Each payment was planned with, as the action set support makes it: rounded up to three digits,
    with a step less the plant stays idle.
    """

    TABLE, GRAIN, BOOK = "Support needed", ("mineral", "plant", "country"), "support"
    mineral = common.MINERAL
    plant = _PLANT
    country = common.COUNTRY
    home = field.text("At home", "yes: in a country of the coalition's own.")
    years = field("Years idle", Look.COUNT, f"In how many years it does not run. {_RUNS}")
    payment = field.price(
        "Payment in all years",
        "The least payment for each tonne, the same in all years, with which it runs in every year"
        " that it could. Blank: there is none.",
    )
    of_price = field.share(
        "Payment over price", "That payment over the mineral's price, on average of the years."
    )
    tonnes = field.tonnes(
        "Brings in", "What it then sells in all years, more than planned.", key="brings_in_t"
    )
    helps = field.text(
        "A payment helps",
        f"{ALL_YEARS}: one price makes it run; {SOME_YEARS}: only in the years of the sheet Gaps"
        f" that have a payment. {_HELPS}",
    )
    least = field.price(
        "Least payment", "The least payment in one year alone that makes it run in that year."
    )
    most = field.price(
        "Largest payment", "The same of the year that needs most, of those that one helps in."
    )
    gap = Refiners.gap.like(
        header="Average gap",
        meaning="Of the years in which it is idle. Less than the gap is surely not enough; more may"
        " be needed.",
    )
    free = Refiners.gap.like(
        header="Average gap without limits",
        meaning="The same in the plan without share limits, 0 in years in which it is used there.",
        optional=True,
    )


class CostGaps(Result):
    """What each plant lacks for each tonne by year: those with capacity left, and not built."""

    TABLE, GRAIN, BOOK = "Gaps", ("year", "mineral", "plant", "country"), "support"
    year = common.YEAR
    mineral = common.MINERAL
    plant = _PLANT
    country = common.COUNTRY
    capacity = common.CAPACITY.like(
        meaning="What could be used; of a project that is not built all of it."
    )
    tonnes = common.TONNES.like(meaning="What is bought there as planned.")
    payment = field.price(
        "Payment in this year",
        "The least payment for each tonne of this year alone that makes it run, found by planning"
        " again with it. Blank: it runs as planned, or no payment helps; a project that is nowhere"
        " built needs one in all years (Support needed).",
    )
    runs = field.tonnes(
        "Sells with it", "What it sells with that payment; where none helps, at most."
    )
    member = common.MEMBER.like(
        header="Nearest buyer", meaning="Who comes nearest to buying a tonne more."
    )
    landed = field.price("Landed with ore", "What a tonne costs that member, its ore included.")
    worth = field.price("Worth to it", "The marginal price of supply there.")
    gap = Refiners.gap
    of_price = field.share("Gap over price", "The gap over the mineral's price of the year.")
    free = Refiners.gap.like(
        header="Gap without limits",
        meaning="The gap in the plan without share limits; 0: it is used there.",
        optional=True,
    )


class Tariffs(Result):
    """The tariff on a capped country that would do what the cap does, where the cap binds.

    Without the cap and with the tariff the plan is among the cheapest; its cost is that of the
    capped plan and the tariff's revenue.
    """

    TABLE, GRAIN, BOOK = "Tariffs for caps", ("year", "mineral", "buyer", "country"), "support"
    year = common.YEAR
    mineral = common.MINERAL
    buyer = CountryShares.buyer
    country = common.COUNTRY.like(meaning="The country that the cap holds.")
    share = ShareLimits.limit
    tonnes = common.TONNES.like(meaning="What the buyer has from there.")
    tariff = field.price("Tariff in its place", "The shadow price of the cap.")
    of_cost = field.share(
        "Tariff over cost", "The tariff over the average cost of these tonnes at the plants' gates."
    )
    revenue = field.money("Revenue", f"The tariff on these tonnes. {common.UNDISCOUNTED}")
    floor = field.price(
        "Price floor in its place",
        "The price floor of the coalition, all other countries exempt, that does the same. Blank:"
        " no one floor does, as where tonnes from there land at different costs.",
        optional=True,
    )


class SupportBills(Result):
    """What each row of Supports costs by year: a contract for difference on the planned tonnes."""

    TABLE, GRAIN, BOOK = "Support bills", ("year", "plant", "mineral", "payer"), "support"
    year = common.YEAR
    plant = _PLANT
    mineral = common.MINERAL
    payer = field.text("Payer", "A member or a group; Coalition: all members by demand.")
    tonnes = common.TONNES
    strike = field.price(Contract.column_of("strike").header, "What a tonne gets at least.")
    reference = field.price(Contract.column_of("reference").header, "What the market pays.")
    each = field.price("Paid for a tonne", "Strike less reference; below 0: the plant pays back.")
    total = field.money("Bill", f"Tonnes x what is paid for one. {common.UNDISCOUNTED}")


class Payers(Result):
    """What the rows of Supports cost each member by year."""

    TABLE, GRAIN, BOOK = "Who pays support", ("year", "member"), "support"
    year = common.YEAR
    member = common.MEMBER.like(meaning="The member that pays.")
    total = SupportBills.total.like(meaning=f"Its part of all bills. {common.UNDISCOUNTED}")


# ---- what is read of plans -----------------------------------------------------------------------


def read(plan: Plan) -> object:
    """Return the plan itself; runs with payments read something else."""
    return plan


def gaps_table(plan: Plan, free: Plan | None, needed: Sequence[Needed]) -> CostGaps:
    """Return a row a plant and year with a gap or idle; ``free`` is the plan without limits."""
    e, case, of, rows = plan.expanded, plan.case, plan.gaps, list[dict[str, Any]]()
    by_year = {(n.source, e.years.index(y)): got for n in needed for y, got in n.by_year.items()}
    for r, t in sorted({*map(tuple, np.argwhere(np.isfinite(of.gap)).tolist()), *by_year}):
        source, year, gap = e.sources[r], e.years[t], float(of.gap[r, t])
        price, has_gap = case.mineral_of[source.mineral].price.value(year), np.isfinite(gap)
        row: dict[str, Any] = {
            "year": year, "mineral": source.mineral, "plant": source.project or source.name,
            "country": source.country,
            "capacity": float(e.usable[r, t] or e.nameplate[r, t]),
            "tonnes": float(plan.sold[r, t]),
        }  # fmt: skip
        if has_gap:
            row |= {
                "member": e.members[of.member[r, t]], "landed": float(of.landed[r, t]),
                "worth": float(of.worth[r, t]), "gap": gap, "of_price": measures.part(gap, price),
            }  # fmt: skip
        if (r, t) in by_year:
            row["payment"], row["runs"] = by_year[r, t]
        if free is not None and has_gap:
            gap = float(free.gaps.gap[r, t])
            row["free"] = 0.0 if free.sold[r, t] > 0 else gap if np.isfinite(gap) else None
        rows.append(row)
    rows.sort(key=lambda row: (row["year"], row["mineral"]))
    made = CostGaps.of_rows(rows, words=common.words_of(case))
    return made if free is not None else made.without(CostGaps.free)


def plants_table(
    plan: Plan, of: CostGaps, needed: Sequence[Needed], unknown: Sequence[str]
) -> Plants:
    """Return a row an idle plant, the smallest part of the price first.

    Of ``unknown`` minerals no payments are known; their plants are those with a gap.
    """
    case, rows = plan.case, list[dict[str, Any]]()
    gaps = of.frame()
    places = ["mineral", "plant", "country"]
    by_plant: dict[Any, pd.DataFrame] = dict(iter(gaps.groupby(places))) if len(gaps) else {}
    left = {key for key, own in by_plant.items() if key[0] in unknown and _mean(own["gap"])}
    for each in needed:
        source = plan.expanded.sources[each.source]
        key = source.mineral, source.project or source.name, source.country
        row = _plant_row(case, key, each, plan.sold[each.source].tolist())
        rows.append(row | _gaps_of(by_plant.get(key), {*each.years}))
    for key in sorted(left):
        own = by_plant[key]
        years = {int(y) for y, gap in zip(own["year"], own["gap"], strict=True) if gap > 0}
        row = {"helps": UNKNOWN, "home": _home(case, key[2]), "years": len(years)}
        rows.append(dict(zip(places, key, strict=True)) | row | _gaps_of(own, years))
    rows.sort(key=lambda row: (row.get("of_price") is None, row.get("of_price") or 0.0))
    made = Plants.of_rows(rows, words=common.words_of(case))
    return made if CostGaps.free in of.fields or not rows else made.without(Plants.free)


def _home(case: Case, country: str) -> str:
    return HOME if schema.COALITION in case.blocs_of(country) else AWAY


def _plant_row(
    case: Case, key: tuple[str, str, str], of: Needed, planned: Sequence[float]
) -> dict[str, Any]:
    """Return what a plant needs: one payment for all years, and those of single years."""
    paid = [payment for payment, _ in of.by_year.values() if payment is not None]
    row: dict[str, Any] = {
        "mineral": key[0], "plant": key[1], "country": key[2], "home": _home(case, key[2]),
        "years": len(of.years), "helps": SOME_YEARS if paid else NEVER,
        "least": min(paid, default=None), "most": max(paid, default=None),
    }  # fmt: skip
    if of.payment is not None:
        price = case.mineral_of[key[0]].price
        every = (measures.part(of.payment, price.value(year)) for year in of.tonnes)
        parts = [each for each in every if each is not None]
        row |= {"payment": of.payment, "helps": ALL_YEARS}
        row["of_price"] = sum(parts) / len(parts) if parts else None
        before = dict(zip(case.years, planned, strict=True))
        row["tonnes"] = sum(tonnes - before[year] for year, tonnes in of.tonnes.items())
    return row


def _gaps_of(rows: pd.DataFrame | None, years: set[int]) -> dict[str, float | None]:
    """Return a plant's mean gaps of some years."""
    if rows is None:
        return {}
    own = rows[rows["year"].isin(years)]
    return {name: _mean(own[name]) for name in ("gap", "free") if name in own}


def _mean(values: pd.Series[Any]) -> float | None:
    """Return the mean of what is known; None where nothing is."""
    mean = float(values.astype(float).mean())
    return mean if np.isfinite(mean) else None


def attributes(of: type[Result], each: object) -> dict[str, Any]:
    """Return a row of a table whose fields are an object's attributes."""
    return {f.name: getattr(each, f.name) for f in of.FIELDS}


def tariffs_table(of: Sequence[TariffEquivalent], case: Case) -> Tariffs:
    rows = [attributes(Tariffs, each) for each in of]
    made = Tariffs.of_rows(rows, words=common.words_of(case))
    return made if any(each.floor for each in of) else made.without(Tariffs.floor)


def bill_tables(plan: Plan) -> tuple[SupportBills, Payers]:
    """Return the bills of the rows of Supports, and what each member pays of them."""
    case, paid = plan.case, dict[tuple[int, str], float]()
    for member, bill, part_of_it in paid_of(plan):
        paid[bill.year, member] = paid.get((bill.year, member), 0.0) + part_of_it
    rows = [
        attributes(SupportBills, bill) | {"payer": bill.payer or COALITION_BUYER}
        for bill in bills(plan)
    ]
    each = [
        {"year": year, "member": member, "total": paid[year, member]}
        for year, member in sorted(paid)
    ]
    return SupportBills.of_rows(rows, words=common.words_of(case)), Payers.of_rows(
        each, words=common.words_of(case)
    )


# ---- the kind ------------------------------------------------------------------------------------


class SupportStudy(StudyKind):
    """Find the payment that each idle plant needs in order to run, and who pays for support.

    For each idle refiner and unbuilt project, the study finds the least payment per tonne that
    makes it run. It gives one payment for each year and one for all years, and plans again with
    each. It also shows the gap: a tonne's landed cost less its value to the nearest buyer. It shows
    the tariff that has the same effect as each cap, and the bills of the sheet Supports by year,
    plant and payer.

    \b
    planner support case.xlsx
    planner support case.xlsx --what-if "set support; refiner=Umicore Olen; value=25"
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "support", "Support of plants", "support"
    QUESTION = "Which idle plants at home could be brought in, and at what price?"
    HEADING = "What idle plants need: {named}"
    LACKING = "nothing was planned"
    RESULTS = (Plants, CostGaps, Tariffs, SupportBills, Payers)
    LIMIT = "Cap one country's share of each mineral, 0 to 1. Applied last."
    task = "the case, with share limits and without, then payments by mineral"

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case with share limits and without, then with payments, mineral by mineral."""
        del say
        case = self.start.case
        self.limited = bool(case.share_limits)
        runs = [Run("The plan")]
        if self.limited:
            runs.append(Run("Without share limits", drop_share_limits))
        names = [m.name for m in case.minerals]
        each = [(Run(name, read=partial(payments, mineral=name)),) for name in names]
        found = run_study(Study(case, (tuple(runs), *each), read), where, tell)
        self.outcomes, self.stopped = found.every, found.stopped

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        return self.outcomes[:1]

    @property
    def paid(self) -> Mapping[str, Outcome[Any]]:
        return {o.name: o for o in self.outcomes[1 + self.limited :]}

    @property
    def known(self) -> str:
        """How many of the plans and of the minerals' payments there are."""
        return f"{sum(o.planned for o in self.outcomes)} of {counted(len(self.outcomes), 'run')}"

    @property
    def tariffs(self) -> str:
        plan: Any = self.outcomes[0].found
        return tariff_words({"the plan": plan.cash_cost}, plan.case.settings.currency)

    @property
    def what(self) -> str:
        years = self.start.case.years
        return f"{years[0]} to {years[-1]}" if years else "no years"

    @property
    def trouble(self) -> str:
        """Why the gaps without share limits, or some payments, are not known."""
        free = [o.error for o in self.outcomes[1 : 1 + self.limited] if not o.planned]
        failed = [f"{name} ({o.error})" for name, o in self.paid.items() if not o.planned]
        told = [f"the gaps without share limits are not known: {free[0]}"] if free else []
        told += [f"payments are not known of {few(failed)}"] if failed else []
        return "; ".join(told)

    def tables(self) -> list[Result]:
        """Return the plants, their gaps by year, tariffs, bills, and who pays them."""
        plan: Any = self.outcomes[0].found
        free: Any = self.outcomes[1].found if self.limited else None
        needed = [each for o in self.paid.values() if o.planned for each in o.found or ()]
        unknown = [name for name, o in self.paid.items() if not o.planned]
        gaps = gaps_table(plan, free, needed)
        more = (tariffs_table(tariffs(plan), plan.case), *bill_tables(plan))
        plants = plants_table(plan, gaps, needed, unknown)
        return [plants, gaps, *(table for table in more if len(table))]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a plant, a gap, a tariff, a bill and a payer."""
        keys = ("plants", "gaps", "tariffs", "bills", "payers")
        found = zip(keys, map(tables.records, self.RESULTS), strict=True)
        return {
            "scenario": self.start.case.scenario,
            **dict(found),
            "trouble": self.trouble or None,
        }

    def screen(self, tables: Tables) -> Iterator[Numbers]:
        """Return the plants at home that need least, and the bills."""
        of = tables[Plants]
        at = [i for i, home in enumerate(of.home) if home == HOME][:_MOST_BARS]
        if at:
            kept = of.where([i in at for i in range(len(of))])
            names = ("mineral", "plant", "years", "payment", "of_price", "tonnes", "helps")
            fields = tuple(f for f in of.fields if f.name in names)
            yield Numbers(kept, fields, "Plants at home that need least")
        if SupportBills in tables:
            yield Numbers(tables[SupportBills], heading=SupportBills.TABLE)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say how many plants at home are idle, how many run for little, which is the dearest."""
        rows = _at_home(tables)
        count = {what: int((rows["helps"] == what).sum()) for what in (NEVER, UNKNOWN)}
        priced = rows[rows["of_price"].notna()]
        little = int((priced["of_price"].astype(float) <= _LITTLE).sum())
        if rows.empty:
            finding = "No plant at home is idle, and each that could be built is."
        else:
            idle = counted(len(rows), "idle plant")
            cheap = f"for at most {share(_LITTLE)} of the mineral's price, each by itself"
            finding = f"Of {idle} at home, {little or 'none'} would run {cheap}."
        if len(priced):
            far, money = priced.iloc[-1], tables[Plants].words.get("money", "")
            finding += (
                f" The dearest that a payment brings in is {far['plant']} ({far['mineral']}):"
                f" {float(far['payment']):,.6g} {money}/t,"
                f" {share(float(far['of_price']))} of the price."
            )
        remark = f"they sell less than {share(RUNS)} of what they could in some year."
        figures = [
            KeyFigure("Idle plants at home", str(len(rows)), remark),
            KeyFigure(
                f"Run for at most {share(_LITTLE)} of the price", str(little),
                "one payment for each tonne, the same in all years.",
            ),
            KeyFigure(
                "No payment helps", str(count[NEVER]), "not even all that a tonne costs there."
            ),
        ]  # fmt: skip
        if count[UNKNOWN]:
            finding += f" Of {counted(count[UNKNOWN], 'plant')} the payment is not known."
        if SupportBills in tables:
            bill = amount(
                float(sum(tables[SupportBills].total)), tables[SupportBills].words.get("money", "")
            )
            figures.append(KeyFigure("Bill of all Supports", bill, "all years, undiscounted."))
            finding += f" The contracts for difference cost {bill} in all years."
        return Headline(finding, tuple(figures))

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return what plants at home need of the price, and the tariffs for caps by year."""
        made = []
        rows = _at_home(tables)
        rows = rows[rows["of_price"].notna()]
        years = tables.option(YEARS)
        if len(rows):
            title = f"The idle plant at home that needs least, by mineral, {years}"
            made.append(_bars(title, rows.drop_duplicates("mineral")))
            title = f"The {min(len(rows), _MOST_BARS)} idle plants at home that need least, {years}"
            made.append(_bars(title, rows.head(_MOST_BARS)))
        if Tariffs in tables:
            made.append(_tariffs_by_year(tables[Tariffs].frame(), years))
        return tuple(picture for picture in made if picture.series)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the plants, then the bills."""
        if Plants not in tables:
            return ()
        lead = f"Each payment was planned with. {_RUNS} {_HELPS}"
        needs = Numbers(tables[Plants]).view(*cls.pictures(tables))
        paid = (tables[of] for of in (SupportBills, Payers) if of in tables)
        blocks = tuple(Numbers(of, heading=of.TABLE) for of in paid)
        return (Section("support", "What idle plants need", lead, needs, blocks=blocks),)


def _at_home(tables: Tables) -> pd.DataFrame:
    rows = tables[Plants].frame() if Plants in tables else _NO_PLANTS
    return rows[rows["home"] == HOME]


_NAME = 46
"""Letters of a plant and its mineral beside its bar."""
_NO_PLANTS = pd.DataFrame(columns=[f.name for f in Plants.FIELDS])


def _bars(title: str, rows: pd.DataFrame) -> Picture:
    """Return the payments of plants as a part of their minerals' prices."""
    # beside its name its number: a bar may be too short to be seen beside the longest
    names = [
        f"{cut(clean(f'{m}: {p}'), _NAME)}, {share(float(of))}"
        for m, p, of in rows[["mineral", "plant", "of_price"]].to_numpy()
    ]
    parts = tuple(100.0 * rows["of_price"].astype(float))
    axis = "Payment, % of the mineral's price"  # with a decimal, which an axis of shares has not
    series = (Series(Plants.payment.header, Role.PLAN, parts),)
    return Picture(title, Form.BARS, tuple(names), series, axis, "", look=Look.DAYS)


def _tariffs_by_year(rows: pd.DataFrame, years: str) -> Picture:
    """Return the largest tariff of each mineral by year, a line a mineral."""
    rows = rows.assign(of_cost=pd.to_numeric(rows["of_cost"], errors="coerce"))
    most = rows.pivot_table(index="year", columns="mineral", values="of_cost", aggfunc="max")
    highest = most.max().sort_values(ascending=False, kind="stable").index[: len(COLOURS)]
    kept = [name for name in most.columns if name in highest]
    left = len(most.columns) - len(kept)
    some = f" (the {len(kept)} highest of {len(most.columns)})" if left else ""
    series = tuple(
        Series(short(str(name)), Role.ONE_OF_MANY, numbers(of)) for name, of in most[kept].items()
    )
    # one line has no legend
    of = f" for {kept[0]}" if len(kept) == 1 else ""
    title = f"The tariff{of} that would do what the cap does, {years}{some}"
    across, axis = common.YEAR.header, "Tariff over cost at the gate"
    return Picture(title, Form.LINES, tuple(most.index), series, axis, across)
