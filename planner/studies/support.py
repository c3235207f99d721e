"""Support: what each idle plant needs to be used, and what supporting plants costs whom.

Read from the prices of two plans, with share limits and without: no plan is made for any plant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.answers import TariffEquivalent, bills, tariffs
from models.case import Case
from models.measures import part
from models.plan import Plan
from models.resolve import paying
from models.results import CountryShares, Look, Result, ShareLimits, field
from models.results.common import (
    CAPACITY,
    COUNTRY,
    MEMBER,
    MINERAL,
    TONNES,
    UNDISCOUNTED,
    YEAR,
    words_of,
)
from models.results.supply import Refiners
from models.schema import COALITION
from models.schema import Support as Contract
from planner.render.chart import Form, Picture, Role, Series, numbers, short
from planner.render.palette import COLOURS
from planner.render.table import COALITION_BUYER
from planner.render.words import amount, clean, counted, cut, known, percent, share
from planner.scenarios import drop_share_limits
from planner.studies.engine import Outcome, Run, Study, Tell, run_study, whole
from planner.studies.kind import YEARS, Figure, Headline, Numbers, Section, StudyKind, Tables

if TYPE_CHECKING:
    from planner.studies.places import Where

HOME, AWAY = "yes", "no"
_MOST_BARS, _LITTLE, _MUCH = 12, 0.01, 0.1
"""Plants of a chart at most; parts of the price that are little, and much."""


# ---- tables --------------------------------------------------------------------------------------

_PLANT = field.text("Plant", "A refiner, or a project.")


class Plants(Result):
    """What each plant that is idle or not built lacks for each tonne, over its years; least first.

    By the gap as a part of the mineral's price, on average of the years in which the plant is idle.
    """

    TABLE, GRAIN, BOOK = "Support needed", ("mineral", "plant", "country"), "support"
    mineral = MINERAL
    plant = _PLANT
    country = COUNTRY
    home = field.text("At home", "yes: in a country of the coalition's own.")
    years = field("Years idle", Look.COUNT, "In how many years it could be used and is not.")
    least = Refiners.gap.like(header="Least gap", meaning="The gap of the year with the least.")
    mean = Refiners.gap.like(header="Average gap", meaning="Of the years in which it is idle.")
    most = Refiners.gap.like(header="Most gap", meaning="The gap of the year with the most.")
    of_price = field.share(
        "Gap over price", "The average gap over the mineral's price of the year."
    )
    free = Refiners.gap.like(
        header="Average gap without limits",
        meaning="The same in the plan without share limits, 0 in years in which it is used there.",
        optional=True,
    )


class Gaps(Result):
    """What each plant lacks for each tonne by year: those with capacity left, and not built."""

    TABLE, GRAIN, BOOK = "Gaps", ("year", "mineral", "plant", "country"), "support"
    year = YEAR
    mineral = MINERAL
    plant = _PLANT
    country = COUNTRY
    capacity = CAPACITY.like(
        meaning="What could be used; of a project that is not built all of it."
    )
    tonnes = TONNES.like(meaning="What is bought there as planned.")
    member = MEMBER.like(
        header="Nearest buyer", meaning="Who comes nearest to buying a tonne more."
    )
    landed = field.price("Landed with ore", "What a tonne costs that member, its ore included.")
    worth = field.price("Worth to it", "The marginal price of supply there.")
    gap = Refiners.gap
    of_price = Plants.of_price.like(meaning="The gap over the mineral's price of the year.")
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
    year = YEAR
    mineral = MINERAL
    buyer = CountryShares.buyer
    country = COUNTRY.like(meaning="The country that the cap holds.")
    share = ShareLimits.limit
    tonnes = TONNES.like(meaning="What the buyer has from there.")
    tariff = field.price("Tariff in its place", "The shadow price of the cap.")
    of_cost = field.share(
        "Tariff over cost", "The tariff over the average cost of these tonnes at the plants' gates."
    )
    revenue = field.money("Revenue", f"The tariff on these tonnes. {UNDISCOUNTED}")


class Bills(Result):
    """What each row of Supports costs by year: a contract for difference on the planned tonnes."""

    TABLE, GRAIN, BOOK = "Support bills", ("year", "plant", "mineral", "payer"), "support"
    year = YEAR
    plant = _PLANT
    mineral = MINERAL
    payer = field.text("Payer", "A member or a group; Coalition: all members by demand.")
    tonnes = TONNES
    strike = field.price(Contract.column_of("strike").header, "What a tonne gets at least.")
    reference = field.price(Contract.column_of("reference").header, "What the market pays.")
    each = field.price("Paid for a tonne", "Strike less reference; below 0: the plant pays back.")
    total = field.money("Bill", f"Tonnes x what is paid for one. {UNDISCOUNTED}")


class Payers(Result):
    """What the rows of Supports cost each member by year."""

    TABLE, GRAIN, BOOK = "Who pays support", ("year", "member"), "support"
    year = YEAR
    member = MEMBER.like(meaning="The member that pays.")
    total = Bills.total.like(meaning=f"Its part of all bills. {UNDISCOUNTED}")


# ---- what is read of two plans -------------------------------------------------------------------


def gaps_table(plan: Plan, free: Plan | None) -> Gaps:
    """Return a row a plant and year with a gap; ``free`` is the plan without share limits."""
    e, case, of, rows = plan.expanded, plan.case, plan.gaps, list[dict[str, Any]]()
    for r, t in np.argwhere(np.isfinite(of.gap)).tolist():
        source, year = e.sources[r], e.years[t]
        price = case.mineral_of[source.mineral].price.value(year)
        row: dict[str, Any] = {
            "year": year, "mineral": source.mineral, "plant": source.project or source.name,
            "country": source.country,
            "capacity": float(e.usable[r, t] or e.nameplate[r, t]),
            "tonnes": float(plan.sold[r, t]), "member": e.members[of.member[r, t]],
            "landed": float(of.landed[r, t]), "worth": float(of.worth[r, t]),
            "gap": float(of.gap[r, t]), "of_price": part(float(of.gap[r, t]), price),
        }  # fmt: skip
        if free is not None:
            gap = float(free.gaps.gap[r, t])
            row["free"] = 0.0 if free.sold[r, t] > 0 else gap if np.isfinite(gap) else None
        rows.append(row)
    rows.sort(key=lambda row: (row["year"], row["mineral"]))
    made = Gaps.of_rows(rows, words=words_of(case))
    return made if free is not None else made.without(Gaps.free)


def plants_table(of: Gaps, case: Case) -> Plants:
    """Return a row a plant that is idle in some year, the smallest part of the price first."""
    rows: list[dict[str, Any]] = []
    idle = of.frame()
    idle = idle[idle["gap"].astype(float) > 0]
    for (mineral, plant, country), own in idle.groupby(["mineral", "plant", "country"]):
        gaps = own["gap"].astype(float)
        row = {
            "mineral": mineral, "plant": plant, "country": country,
            "home": HOME if COALITION in case.blocs_of(str(country)) else AWAY,
            "years": len(own), "least": float(gaps.min()), "mean": float(gaps.mean()),
            "most": float(gaps.max()), "of_price": _mean(own["of_price"]),
        }  # fmt: skip
        if "free" in own:
            row["free"] = _mean(own["free"])
        rows.append(row)
    rows.sort(key=lambda row: (row["of_price"] is None, row["of_price"] or 0.0))
    made = Plants.of_rows(rows, words=words_of(case))
    return made if Gaps.free in of.fields or not rows else made.without(Plants.free)


def _mean(values: pd.Series[Any]) -> float | None:
    """Return the mean of what is known; None where nothing is."""
    mean = float(values.astype(float).mean())
    return mean if np.isfinite(mean) else None


def attributes(of: type[Result], each: object) -> dict[str, Any]:
    """Return a row of a table whose fields are an object's attributes."""
    return {f.name: getattr(each, f.name) for f in of.FIELDS}


def tariffs_table(of: Sequence[TariffEquivalent], case: Case) -> Tariffs:
    """Return a row a cap that binds."""
    return Tariffs.of_rows([attributes(Tariffs, each) for each in of], words=words_of(case))


def bill_tables(plan: Plan) -> tuple[Bills, Payers]:
    """Return the bills of the rows of Supports, and what each member pays of them."""
    case, found = plan.case, bills(plan)
    paid: dict[tuple[int, str], float] = {}
    for bill in found:
        for member, of in paying(case, bill.payer, bill.mineral, bill.year).items():
            paid[bill.year, member] = paid.get((bill.year, member), 0.0) + of * bill.total
    rows = [attributes(Bills, bill) | {"payer": bill.payer or COALITION_BUYER} for bill in found]
    each = [
        {"year": year, "member": member, "total": paid[year, member]}
        for year, member in sorted(paid)
    ]
    return Bills.of_rows(rows, words=words_of(case)), Payers.of_rows(each, words=words_of(case))


# ---- the kind ------------------------------------------------------------------------------------


class SupportStudy(StudyKind):
    """Tell what each idle plant needs to be used, and what supporting plants costs whom.

    Of each refiner with capacity left and each project that is not built the gap: what a tonne
    costs landed less what it is worth to the buyer that comes nearest, with share limits and
    without. Beside it the tariff that would do what each cap does, and the bills of the contracts
    for difference of the sheet Supports, by year, plant and payer.

    \b
    planner support case.xlsx
    planner support case.xlsx --what-if "set support; refiner=Umicore Olen; value=25"
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "support", "Support of plants", "support"
    QUESTION = "What price or payment does each idle plant need to be used?"
    HEADING = "What idle plants need: {named}"
    LACKING = "nothing was planned"
    RESULTS = (Plants, Gaps, Tariffs, Bills, Payers)
    LIMIT = "Limit of one country's share of each mineral, 0 to 1; applied last."
    task = "the case, with share limits and without"

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case with share limits and without."""
        del say
        case = self.start.case
        runs = [Run("The plan")]
        if case.share_limits:
            runs.append(Run("Without share limits", drop_share_limits))
        found = run_study(Study(case, (tuple(runs),), whole), where, tell)
        self.outcomes, self.stopped = found.every, found.stopped

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """The plan."""
        return self.outcomes[:1]

    @property
    def known(self) -> str:
        """Which plans there are."""
        return f"{sum(o.planned for o in self.outcomes)} of {counted(len(self.outcomes), 'plan')}"

    @property
    def what(self) -> str:
        """The years."""
        years = self.start.case.years
        return f"{years[0]} to {years[-1]}" if years else "no years"

    @property
    def trouble(self) -> str:
        """Why the gaps without share limits are not known."""
        failed = [o.error for o in self.outcomes[1:] if not o.planned]
        return f"the gaps without share limits are not known: {failed[0]}" if failed else ""

    def tables(self) -> list[Result]:
        """Return the plants, their gaps by year, tariffs, bills, and who pays them."""
        plans: list[Any] = [outcome.found for outcome in self.outcomes]
        plan, free = (*plans, None)[:2]
        case, gaps = self.start.case, gaps_table(plan, free)
        more = (tariffs_table(tariffs(plan), case), *bill_tables(plan))
        return [plants_table(gaps, case), gaps, *(table for table in more if len(table))]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a plant, a gap, a tariff, a bill and a payer."""
        keys = ("plants", "gaps", "tariffs", "bills", "payers")
        found = zip(keys, map(tables.records, self.RESULTS), strict=True)
        return {"scenario": self.start.case.scenario, **dict(found)}

    def screen(self, tables: Tables) -> Iterator[Numbers]:
        """Return the plants at home that lack least, and the bills."""
        of = tables[Plants]
        at = [i for i, home in enumerate(of.home) if home == HOME][:_MOST_BARS]
        kept = of.where([i in at for i in range(len(of))])
        fields = tuple(f for f in of.fields if f.name not in {"home", "least", "most"})
        yield Numbers(kept, fields, "Plants at home that lack least")
        if Bills in tables:
            yield Numbers(tables[Bills], heading=Bills.TABLE)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say how many plants at home are idle, which lacks least and which most."""
        rows = tables[Plants].frame() if Plants in tables else pd.DataFrame(columns=["home"])
        rows = rows[rows["home"] == HOME]
        said = []
        if rows.empty:
            said.append("No plant at home is idle, and each that could be built is")
        else:
            money = tables[Plants].words.get("money", "")
            near, far = rows.iloc[0], rows.iloc[-1]
            little = int((rows["of_price"].astype(float) <= _LITTLE).sum())
            much = int((rows["of_price"].astype(float) > _MUCH).sum())
            said.append(
                f"{counted(len(rows), 'plant')} at home {'is' if len(rows) == 1 else 'are'} idle or"
                f" not built in some year: {little} would be used for {share(_LITTLE)} of their"
                f" mineral's price or less, {much} for more than {share(_MUCH)}; least lacks"
                f" {_named(near, money)}, most {_named(far, money)}"
            )
        figures = [Figure("Idle plants at home", str(len(rows)), "in some year; projects too.")]
        if Bills in tables:
            bill = amount(float(sum(tables[Bills].total)), tables[Bills].words.get("money", ""))
            figures.append(Figure("Bill of all Supports", bill, "all years, undiscounted."))
            said.append(f"the contracts for difference cost {bill} in all years")
        return Headline("; ".join(said) + ".", tuple(figures))

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return what plants at home lack of the price, and the tariffs for caps by year."""
        made = []
        rows = tables[Plants].frame() if Plants in tables else _NO_PLANTS
        rows = rows[(rows["home"] == HOME) & rows["of_price"].notna()]
        years = tables.option(YEARS)
        if len(rows):
            title = f"The idle plant at home that lacks least, by mineral, {years}"
            made.append(_bars(title, rows.drop_duplicates("mineral")))
            title = f"The {min(len(rows), _MOST_BARS)} idle plants at home that lack least, {years}"
            made.append(_bars(title, rows.head(_MOST_BARS)))
        if Tariffs in tables:
            made.append(_tariffs_by_year(tables[Tariffs].frame(), years))
        return tuple(picture for picture in made if picture.series)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the plants, then the bills."""
        if Plants not in tables:
            return ()
        lead = "Payments for each tonne beyond the gap make a plan that uses the plant cheaper."
        needs = Numbers(tables[Plants]).view(*cls.pictures(tables))
        paid = (tables[of] for of in (Bills, Payers) if of in tables)
        blocks = tuple(Numbers(of, heading=of.TABLE) for of in paid)
        return (Section("support", "What idle plants need", lead, needs, blocks=blocks),)


_NAME = 46
"""Letters of a plant and its mineral beside its bar."""
_NO_PLANTS = pd.DataFrame(columns=[f.name for f in Plants.FIELDS])


def _named(row: pd.Series[Any], money: str) -> str:
    """Return a plant with its average gap in words."""
    each = f"{float(row['mean']):z,.0f} {money}/t"
    if known(row["of_price"]):
        each += f", {percent(row['of_price'])} of the price"
    return f"{row['plant']} ({row['mineral']}: {each})"


def _bars(title: str, rows: pd.DataFrame) -> Picture:
    """Return the gaps of plants as a part of their minerals' prices."""
    # beside its name its number: a bar may be too short to be seen beside the longest
    names = [
        f"{cut(clean(f'{m}: {p}'), _NAME)}, {share(float(of))}"
        for m, p, of in rows[["mineral", "plant", "of_price"]].to_numpy()
    ]
    gaps = Series(Refiners.gap.header, Role.PLAN, tuple(100.0 * rows["of_price"].astype(float)))
    axis = "Gap, % of the mineral's price"  # with a decimal, which an axis of shares has not
    return Picture(title, Form.BARS, tuple(names), (gaps,), axis, "", look=Look.DAYS)


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
    across, axis = YEAR.header, "Tariff over cost at the gate"
    return Picture(title, Form.LINES, tuple(most.index), series, axis, across)
