"""The tables of a sweep: its points, the smallest caps, and the reference."""

from __future__ import annotations

from models.results import Format, Name, common, field
from models.results.field import Result
from models.results.numbers import PlanNumbers
from planner.studies.variant_tables import RunTable, RunTotals

_UNTESTED = "Blank: the sheet Security has no test for this mineral."


class Frontier(RunTable):
    """One row per point and mineral; all minerals together come first.

    Each point sets one number, such as the cap on single countries, to the value of the first
    column. The sheet Reference has the case with which points are compared.
    """

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep"
    LEAD = ("point", "value", "mineral")
    LEFT_OUT = frozenset({"run"})
    point = field.text(
        "Point",
        "One cap for all years, or the workbook's own caps in words if they differ by year.",
        optional=True,
    )
    value = field.share(
        "{axis}",
        "The number that the point sets. A cap is the largest share that any one country may supply"
        " in a year, for all minerals. For a factor, 100 % is the case as given.",
        key="value",
    )
    slope = field.money(
        "{step} costs",
        "Increase in total cost per percentage point (of a price: per unit). Of a cap, by its dual"
        " values times its base; of another number, between the previous point and this one. Below"
        " 0: a saving.",
        key="slope_usd_per_point",
        optional=True,
    )
    hit = RunTotals.hit.like(optional=True)
    hit_share = RunTotals.hit_share.like(optional=True)
    lost = field.tonnes(
        "Missing if a country is lost",
        "How far the remaining supply falls below what must remain, added up over years and over"
        f" the countries that are lost one at a time. {_UNTESTED}",
        key="missing_if_lost_t",
        optional=True,
    )
    kept = field.share(
        "Losses survived",
        "The share of tested cases (a country lost, a mineral, a year) in which nothing is missing."
        f" {_UNTESTED}",
        key="losses_survived",
        optional=True,
    )
    tested = field.text(
        "Years tested",
        "The years in which Max short is set for the mineral. Blank: no loss is tested.",
        optional=True,
    )


class FloorFrontier(Frontier):
    """One row per price floor and mineral; all minerals together come first."""

    TABLE, BOOK = "Frontier", "sweep over a price floor"
    value = Frontier.value.like(
        header="Price floor",
        fmt=Format.PRICE,
        unit="{money}/t",
        meaning="The floor in all zones, or in the coalition.",
    )


class Reference(RunTable):
    """The case with which the points of a sweep are compared, by mineral."""

    TABLE, GRAIN, BOOK = "Reference", ("mineral",), "sweep"
    LEAD = ("mineral",)
    LEFT_OUT = frozenset({
        "run", "trouble", "further_missing", "further_missing_share", "extra_cost",
        "extra_cost_per_t", "extra_cost_share", "tonnes_compared",
    })  # fmt: skip


class SmallestCaps(Result):
    """One row per mineral: the smallest cap at which nothing is further missing."""

    TABLE, GRAIN, BOOK = "Smallest caps", ("mineral",), "sweep"
    mineral = common.MINERAL.like(meaning="all: one cap on every mineral.", names=Name.MINERALS)
    smallest = field.share(
        "Smallest cap",
        "The smallest cap on single countries, on this mineral alone, at which no mineral is"
        " further missing than without a cap. It is computed exactly, not from the points of the"
        " sweep. Above 100 %: purchases for stock exceed the need. Blank: nobody sells the mineral,"
        " or more is missing with any cap.",
    )
    costs_from = field.share(
        "First point with more missing",
        "The loosest cap of this sweep with more missing than without a cap. It may be above the"
        " mineral's smallest cap, because a point caps all minerals at once. Blank: no point has"
        " more missing.",
    )
    further_missing = PlanNumbers.further_missing.like(
        header="Further missing there", meaning="Missing at that point minus missing without a cap."
    )
    country = field.country("Largest country without caps")
    share = field.share(
        "Its share without caps",
        "Its largest share in any year. Purchases for stock count, so it may exceed 100 % of"
        " demand.",
    )
    missing = PlanNumbers.missing.like(header="Missing without caps")


RESULTS = (Frontier, FloorFrontier, SmallestCaps, Reference)
