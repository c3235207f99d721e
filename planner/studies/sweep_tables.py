"""The declared tables of the command sweep: over a cap, another number, or security."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from models.case import Case
from models.measures import rounded
from models.results import ByMineral, Look, Name, Ore, Result, Runs, WhoPays, common, field
from models.results import Figure as Measure
from models.results.common import DEMAND, MINERAL, PURCHASES, SHORT, TONNES, UNDISCOUNTED
from planner.render.words import known, listed, share
from planner.scenarios.parameters import CAP, FLOOR, SECURITY, Parameter, ParameterKind
from planner.scenarios.parameters import percent as percent_of
from planner.sheets.survival import EVERY_YEAR, NOT_TESTED, Cells, tests_of, years_tested
from planner.studies.kind import KeyFigure, Tables

_TOP = "The largest share of one country in any year. Rest of world does not count."
_UNTESTED = "Blank: the sheet Security has no test for this mineral."


_money = partial(field.money, key="{name}_usd")
_a_tonne = partial(field.price, key="{name}_usd_per_t")


class Frontier(Result):
    """One row per cap and mineral: cost and shortage; all minerals together come first."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep"
    knob = field.text("Knob", "The number that the sweep changes.", optional=True)
    point = field.text(
        "Point",
        "One cap for all years, or the workbook's own caps if they differ by year.",
        optional=True,
    )
    value = field.share(
        "Cap",
        "The largest share that any one country may supply in a year. It holds for all minerals,"
        " like --max-country-share of planner solve.",
        key="cap",
    )
    mineral = MINERAL.like(
        meaning="all: all minerals together, added by weight.", names=Name.MINERALS
    )
    objective = _money(
        f"{Measure.TOTAL_COST}, {{discounted}}",
        "What the program minimises: cash, shortage and other penalties. If the workbook has a"
        " discount rate, total cost is discounted to the first year, and may then be below the"
        " undiscounted cash cost.",
    )
    purchases = _money(
        PURCHASES.header, f"Cost or price, tariff and freight of all purchases. {UNDISCOUNTED}"
    )
    cash = _money(
        f"{Measure.CASH_COST}, undiscounted",
        "All payments: purchases, ore, capital charges, holding, take or pay. Shortage and"
        f" penalties are not included. {UNDISCOUNTED}",
    )
    tonnes = TONNES.like(meaning="Purchases over all years, also for stock.")
    short = SHORT.like(
        meaning="Demand that is neither bought nor taken from stock, over all years.",
        key="shortage_t",
    )
    lost = field.tonnes(
        "Short by the limits",
        "Shortage here minus shortage without share limits.",
        key="shortage_beyond_t",
    )
    served = field.share(Measure.SERVED_SHARE, "Served demand / demand.", key="served_share")
    share = field.share(
        "Largest country share",
        f"{_TOP} Countries without a cap count, for example the coalition's own.",
        key="max_country_share",
    )
    country = ByMineral.country.like(names=None, key="largest_country", printed=True)
    slope = field.money(
        "A point looser saves",
        "Saving in total cost if the cap were one percentage point looser: the cap's dual values"
        " times its base, over all countries and years. Where the cost curve has a kink, it may be"
        " any value between the slopes on both sides.",
        key="slope_usd_per_point",
    )
    premium = _a_tonne(
        Ore.premium.header,
        "(Cash cost - the reference's cash cost) / tonnes bought. The reference is the same case"
        " without share limits, or the case as given if another number is changed. Below 0: less is"
        " paid, because less can be bought.",
    )
    like_for_like = _a_tonne(
        "Premium like for like",
        "Average landed cost of the tonnes bought, minus the cost of the same tonnes in the"
        " reference, at the member's landed cost of the mineral and year there. Charges for new"
        " plants are left out.",
        key="premium_like_for_like_usd_per_t",
    )
    dearer = WhoPays.dearer.like(
        meaning="Premium like for like / cost of the same tonnes in the reference.",
        key="dearer_like_for_like",
    )
    with_shortage = _a_tonne(
        "Premium with shortage",
        "(Total cost - the reference's total cost) / demand. Shortage counts at its shortage cost."
        " For all minerals together, it never falls as the cap tightens.",
        key="premium_with_shortage_usd_per_t",
    )
    tariffs = _money(Measure.TARIFFS, common.IN_CASH)
    levies = _money(Measure.LEVIES, common.IN_CASH, optional=True)
    net_cost = _money(Measure.NET_COST, common.LESS_TARIFFS)
    inputs = field.tonnes(
        "Bought by plants",
        "What plants buy from each other over all years. Its cost is charged to the buyers of the"
        " products, by tonnes.",
        key="inputs_t",
        optional=True,
    )  # fmt: skip
    demand = DEMAND.like(meaning="Demand over all years.", optional=True)
    trouble = Runs.trouble.like(meaning="Why the point has no plan.", key="error", optional=True)


class ParameterFrontier(Frontier):
    """One row per value of another number and mineral, compared with the case as given."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep of another number"
    value = field.share(
        "Value", "The value of the number. For a factor, 100 % is the case as given."
    )
    lost = Frontier.lost.like(
        header="Short beyond as given",
        meaning="Shortage here minus shortage in the case as given.",
    )
    slope = Frontier.slope.like(
        header="A point more costs",
        meaning="Change of total cost for each percentage point by which the number rises, between"
        " the previous row and this one. Below 0: a saving.",
    )


class SmallestCaps(Result):
    """One row per mineral: the smallest cap without more shortage, and the plan without a cap."""

    TABLE, GRAIN, BOOK = "Smallest caps", ("mineral",), "sweep"
    mineral = Frontier.mineral.like(meaning="all: the largest of the smallest caps.")
    smallest = field.share(
        "Smallest cap",
        "The smallest cap on single countries at which a plan exists with no more shortage in any"
        " year than without a cap. Each mineral has its own cap; if minerals share a budget, the"
        " sum of their caps is smallest. It is computed exactly, not from the points of the sweep."
        " The cheapest plan at this cap may still choose a shortage, if supply costs more than the"
        " shortage. Blank: not known, for example because shares are of purchases.",
    )
    costs_from = field.share(
        "First point that costs tonnes",
        "The loosest cap of this sweep with more shortage than without a cap. It may be above the"
        " mineral's smallest cap, because a point caps all minerals, and another mineral may then"
        " take more of the shared budget. Blank: no point has more shortage.",
    )
    lost = field.tonnes(
        "Short by the cap there",
        "Shortage at that point minus shortage without a cap.",
    )
    country = field.text("Largest country without caps")
    share = field.share(
        "Its share without caps",
        "Its largest share in any year. Purchases for stock count, so it may exceed 100 % of"
        " demand.",
    )
    cash = _money("Cash cost without caps, undiscounted")
    tonnes = field("Tonnes without caps", Look.TONNES)
    short = field.tonnes("Short without caps")


class SecurityCurve(ParameterFrontier):
    """One row per allowed shortage and mineral: the cost of surviving the loss of any one country.

    Costs are compared with the case without security.
    """

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep over security"
    premium = Frontier.premium.like(
        meaning="(Cash cost - cash cost without security) / tonnes bought."
    )
    value = field.share(
        "Max short",
        "The share of demand that may be short if a country is lost. The sweep sets it in all rows"
        " of the sheet Security.",
    )
    lost = Frontier.lost.like(
        header="Short beyond without security",
        meaning="Shortage if nothing is lost, minus shortage without security.",
    )
    slope = Frontier.slope.like(
        header="A point tighter costs",
        meaning="Increase in total cost per percentage point by which Max short falls, from the"
        " previous row to this one. Below 0: a saving.",
    )
    missing = field.tonnes(
        "Missing if a country is lost",
        "How far the remaining supply falls below what must remain, added up over years and over"
        f" the countries that are lost one at a time. {_UNTESTED}",
        key="missing_if_lost_t",
    )
    kept = field.share(
        "Losses survived",
        "The share of tested cases (a country lost, a mineral, a year) in which nothing is missing."
        f" {_UNTESTED}",
        key="losses_survived",
    )
    tested = field.text(
        "Years tested",
        "The years in which Max short is set for the mineral. Blank: no loss is tested.",
    )


class FloorCurve(ParameterFrontier):
    """One row per price floor and mineral: cost, levies, purchases outside the coalition."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep over a price floor"
    value = field.price("Price floor", "The floor in all zones, or in the coalition.")
    slope = Frontier.slope.like(
        header="A unit more costs",
        meaning="Increase in total cost per unit by which the floor rises, from the previous row to"
        " this one. Below 0: a saving.",
        key="slope_usd_per_unit",
    )
    levies = Frontier.levies.like(optional=False)
    outside = field.tonnes(
        "Bought outside",
        "Purchases from countries outside the coalition, also by plants, all years together.",
        key="outside_t",
    )


class AsGiven(Result):
    """The case as given, with which premiums are compared."""

    TABLE, GRAIN, BOOK = "As given", ("mineral",), "sweep of another number"
    mineral, objective, purchases = Frontier.mineral, Frontier.objective, Frontier.purchases
    cash = Frontier.cash.like(
        meaning=f"All payments, without shortage and penalties. {UNDISCOUNTED}"
    )
    tonnes, short, served = Frontier.tonnes, Frontier.short, Frontier.served
    share, country = Frontier.share.like(meaning=_TOP), Frontier.country


class WithoutSecurity(AsGiven):
    """The case without security, with which premiums are compared."""

    TABLE, BOOK = "Without security", "sweep"


class WhoPaysByCap(WhoPays):
    """One row per cap and member: what it pays more a year than without share limits.

    Extra cash compares the same tonnes in both plans. Tonnes that are missing are counted at the
    shortage cost, in a column of their own.
    """

    TABLE, BOOK = "Who pays", "sweep"
    point = Frontier.point
    case = Frontier.value


WhoPaysByCap.FIELDS = (WhoPaysByCap.point, *(f for f in WhoPaysByCap.FIELDS if f.name != "point"))


class WhoPaysByFloor(WhoPaysByCap):
    """One row per price floor and member: what it pays more a year than in the case as given."""

    TABLE, BOOK = "Who pays", "sweep over a price floor"
    case = FloorCurve.value


class WhoPaysByValue(WhoPaysByCap):
    """One row per value and member: what it pays more a year than in the case as given."""

    TABLE, BOOK = "Who pays", "sweep of another number"
    case = ParameterFrontier.value


RESULTS = (
    Frontier, ParameterFrontier, SecurityCurve, FloorCurve, SmallestCaps, AsGiven, WithoutSecurity,
    WhoPaysByCap, WhoPaysByValue, WhoPaysByFloor,
)  # fmt: skip


def tables_of(kind: ParameterKind) -> tuple[type[Frontier], type[Result], type[WhoPaysByCap]]:
    """Return the tables of a sweep over a kind of number: points, what is beside them, payers."""
    of = {
        CAP: (Frontier, SmallestCaps, WhoPaysByCap),
        SECURITY: (SecurityCurve, WithoutSecurity, WhoPaysByValue),
        FLOOR: (FloorCurve, AsGiven, WhoPaysByFloor),
    }
    return of.get(kind, (ParameterFrontier, AsGiven, WhoPaysByValue))


# ---- what a sweep over security covers, and what it finds ----------------------------------------

_NAMED = 2
"""How many minerals a sentence names; the rest are only counted."""
_LOSES = "Country that is lost"
"""The row of About that names the countries whose loss is tested."""


def tested_cells(case: Case, parameter: Parameter) -> Cells:
    """Return the minerals and years whose allowed shortage a sweep over security sets."""
    aimed = {aim.mineral for aim in parameter.aims}
    cells = years_tested(case) if parameter.kind == SECURITY else {}
    return {m: years for m, years in cells.items() if aimed & {"", m}}


def tested_losses(case: Case, parameter: Parameter) -> dict[str, str]:
    """Return rows of About that say which losses a sweep over security tests, and which not."""
    if parameter.kind != SECURITY:
        return {}
    tests = tests_of(case, tested_cells(case, parameter))
    untested = tests.untested.removeprefix(f"{NOT_TESTED}: ").removesuffix(".")
    return {_LOSES: tests.lost, NOT_TESTED: untested}


def with_tested_years(rows: pd.DataFrame, tested: Mapping[str, str]) -> pd.DataFrame:
    """Return a sweep's rows with the tested years; results of untested minerals are blank.

    ``tested`` has the years of each mineral, in words.
    """
    is_tested = rows["mineral"].isin(["", *tested])
    claims = {name: rows[name].where(is_tested) for name in ("missing", "kept")}
    return rows.assign(tested=rows["mineral"].map(tested).fillna(""), **claims)


def safe_limits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by mineral how far Max short can be lowered with nothing missing.

    ``safe`` is the lowest point for which nothing is missing there or at any point above. ``next``
    is the next lower point, at which supply is missing (NaN: at no point).
    """
    tested = rows[rows["value"] < 1.0].sort_values("value", ascending=False)
    is_safe = tested.groupby("mineral", sort=False)["missing"].cummax() <= 0
    safe = tested[is_safe].groupby("mineral", sort=False)["value"].min()
    missed = tested[~is_safe].groupby("mineral", sort=False)["value"].max()
    ends = safe.to_frame("safe").assign(next=missed.reindex(safe.index))
    return ends.sort_values("safe", kind="stable")


def price_of_security(points: pd.DataFrame, ends: str, tables: Tables) -> tuple[KeyFigure, str]:
    """Return how far Max short can be lowered for each tested mineral, as a key figure and words.

    The words also name the mineral that becomes dearest, and the minerals and years not tested.
    """
    rows = points[(points["mineral"] != "") & (points["tested"] != "")]
    name = "Nothing is missing if a country is lost"
    lost, gaps = tables.option(_LOSES), tables.option(NOT_TESTED)
    untested = f" {NOT_TESTED}: {gaps}." if gaps else ""
    years, safe = dict(zip(rows["mineral"], rows["tested"], strict=True)), safe_limits(rows)
    each = [
        f"{percent_of(value)} of {mineral}"
        f"{'' if years[mineral] == EVERY_YEAR else f' in {years[mineral]}'}"
        for mineral, value in safe["safe"].items()
    ]
    left, value = "some supply is missing at every point", "at no point"
    if each:
        left = f"no supply is missing down to {listed(each, _NAMED)}"
        bounds = map(percent_of, (safe["safe"].min(), safe["safe"].max()))
        value = f"down to {' to '.join(dict.fromkeys(bounds))}"
    finding = f"{ends}: without {lost}, {left}"
    steps = sorted({point for point in safe["next"] if known(point)}, reverse=True)
    if steps:  # what happens between the two points is not known
        finding += (
            f", but some is missing at the next point, {listed(map(percent_of, steps), _NAMED)}"
        )
    columns = (rows[column].tolist() for column in ("dearer", "mineral", "value"))
    more = [row for row in zip(*columns, strict=True) if known(row[0]) and rounded(row[0]) > 0]
    if more:
        dearer, mineral, point = max(more, key=lambda row: row[0])
        finding += (
            f"; {mineral} {'becomes dearest: ' if len(years) > 1 else 'costs '}{share(dearer)} more"
            f" at {percent_of(point)}"
        )
    remark = f"Shortage allowed without {lost}: {listed(each) or 'no mineral tested'}.{untested}"
    return KeyFigure(name, value, remark), f"{finding}.{untested}".removesuffix(".")
