"""The tables of a plan under risk: three ways to plan, decisions, futures, and shortages."""

from __future__ import annotations

from typing import Any

from models.program import component
from models.results import Field, Format, Result, field
from models.results.common import CHANGE, MEASURE, MINERAL, NEED, UNIT, YEAR
from planner.render import words

YES, LEAST_CHANGE = "yes", 0.01
"""Value of the column Changes, and the least part of an amount by which a decision changes."""
KINDS = {kind.name: kind for kind in component.listed_kinds()}


def _discounted(header: str, meaning: str, key: str, **more: Any) -> Field:
    return field.millions(header, f"{meaning} Discounted.", key=key, **more)


class PlansUnderRisk(Result):
    """The costs of three ways to plan over all futures, and what each way saves.

    Costs are discounted; shortage and penalties count at their prices.
    """

    TABLE, GRAIN, BOOK, FILTERED = "Under risk", ("measure",), "under risk", False
    measure = MEASURE.like(fmt=Format.TEXT)
    informed = _discounted(
        "Each future known",
        "Each future planned as if it were known: no plan can cost less.",
        "known_usd",
    )
    risky = _discounted(
        "Plan under risk",
        "One plan for all futures. Builds are the same in all futures; other decisions are the same"
        " until the futures' events differ.",
        "under_risk_usd",
    )
    plain = _discounted(
        "Plain plan",
        "The plan without events. Its builds are kept to the end, its other decisions until the"
        " first event; later decisions are planned as under risk.",
        "plain_usd",
    )
    evpi = _discounted(
        "Knowing would save",
        "Plan under risk minus each future known. For the expected cost this is the expected value"
        " of perfect information (EVPI).",
        "evpi_usd",
    )
    vss = _discounted(
        "Planning under risk saves",
        "Plain plan minus plan under risk. For the expected cost this is the value of the"
        " stochastic solution (VSS).",
        "vss_usd",
    )
    error = _discounted(
        "Give or take",
        "Half of the 95 % confidence interval of the saving by planning under risk, from"
        " independent batches of futures. Blank: too few futures.",
        "vss_error_usd",
        optional=True,
    )


class Batches(Result):
    """One row per independent batch of futures; each batch is planned separately."""

    TABLE, GRAIN, BOOK = "Batches", ("batch",), "under risk"
    batch = field("Batch", Format.COUNT, "Futures are in the order in which they were drawn.")
    futures = field("Futures drawn", Format.COUNT)
    informed, risky, plain = PlansUnderRisk.informed, PlansUnderRisk.risky, PlansUnderRisk.plain
    evpi, vss = PlansUnderRisk.evpi, PlansUnderRisk.vss


class EarlyDecisions(Result):
    """Decisions before the first event, in the plain plan and under risk.

    They are all builds, stocks at the end of each year, and the first year's purchases (of members
    and plants) and contract deliveries. Years that come after an event in every future are left
    out.
    """

    TABLE, GRAIN, BOOK = "Decisions", ("kind", "mineral", "who", "year"), "under risk"
    kind = field.text(
        "Decision",
        f"{', '.join(KINDS)}. Deliveries under a contract are part of purchases, too.",
        key="what",
    )
    mineral = MINERAL
    who = field.text(
        "Of whom",
        "The project that is built, the member that stores or supplies, the country that sells,"
        " or the contract.",
    )
    year = YEAR.like(meaning="For what is built, the year in which its output starts.")
    unit = UNIT.like(meaning="")
    plain = field(
        "Plain plan",
        Format.TONNES,
        "Of the cheapest plans without events, one whose first-year purchases are near those under"
        " risk. Futures follow the plan that planner solve writes.",
        key="plain_t",
    )
    risky = field("Plan under risk", Format.TONNES, key="under_risk_t")
    change = CHANGE.like(meaning="Plan under risk minus plain plan.", key="change_t")
    changes = field.text(
        "Changes",
        f"{YES}: the plans differ by at least {words.share_words(LEAST_CHANGE)} of the larger"
        " amount.",
    )
    size = field.share(
        "Size of the change (share of need)",
        "The change without its sign / the mineral's need in all years; without a need, / the"
        " larger amount.",
    )


class Futures(Result):
    """One row per future: its events, its probability, and the cost of each way to plan."""

    TABLE, GRAIN, BOOK = "Futures", ("future",), "under risk"
    future = field("Future", Format.COUNT)
    chance = field.share("Probability", "The share of draws with these events.")
    informed, risky, plain = PlansUnderRisk.informed, PlansUnderRisk.risky, PlansUnderRisk.plain
    short_informed = field.tonnes("Missing, future known", key="short_known")
    short_risky = field.tonnes("Missing, plan under risk")
    short_plain = field.tonnes("Missing, plain plan")
    events = field("Events", Format.REMARK, "The events of the future, with their years.")


class Expected(Result):
    """One row per mineral: what is missing on average, in all years; shares are of the need."""

    TABLE, GRAIN, BOOK = "Missing on average", ("mineral",), "under risk"
    mineral = MINERAL
    demand = NEED.like(meaning="Without events.", key="demand_t")
    informed = Futures.short_informed.like(header="Each future known", key="known_t")
    risky = Futures.short_risky.like(header="Plan under risk", key="under_risk_t")
    plain = Futures.short_plain.like(header="Plain plan", key="plain_t")
    risky_share = field.share("Missing under risk (share)", optional=True)
    plain_share = field.share("Missing in the plain plan (share)", optional=True)
    spared = field.share(
        "Spared under risk (share)", "Missing in the plain plan minus missing under risk.",
        optional=True,
    )  # fmt: skip
