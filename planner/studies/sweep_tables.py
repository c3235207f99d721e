"""A sweep: its tables (points, smallest caps, the reference), and findings made of their rows."""

from __future__ import annotations

from collections.abc import Iterator

from models import schema, tolerances
from models.results import Figure, Format, Name, common, field
from models.results.field import Result
from models.results.numbers import ALL, PlanNumbers
from planner.render.claims import Claim, Place, Sentence, SheetRows, collect_sentences, say
from planner.render.table import ALL_MINERALS
from planner.render.words import known
from planner.studies.kind import Tables
from planner.studies.source import AS_IN_WORKBOOK, NOT_TESTED
from planner.studies.variant_tables import RunTable, RunTotals, with_named_costs

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
        " sweep. Above 100 %: purchases for stock exceed a year's need: more is missing even at a"
        " cap of 100 %. 100,000 %: no cap is loose enough, because that year has no need. Years in"
        " which a missing tonne costs nothing are not counted. Blank: the mineral has no supplier.",
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


# ---- findings, made from the tables alone --------------------------------------------------------


SMALL, REST = tolerances.MISSING_PART, {"not": ALL_MINERALS}
LITTLE = 0.01
"""Up to this share of a mineral's need, a tighter cap counts as leaving little more missing."""


def sweep_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of a sweep's first page."""
    return _SweepFindings(tables).sentences()


class _SweepFindings:
    """The points of a sweep; those with a plan are named from the loosest to the tightest."""

    def __init__(self, tables: Tables) -> None:
        self.tables, points = tables, tables[Frontier]
        self.t, self.rows = type(points), SheetRows(points)
        self.axis = points.words.get("axis", "")
        cells = points.rows(self.t.value, self.t.mineral, self.t.need)
        self.values = [float(v) for v, m, need in cells if m == ALL and known(v) and known(need)]
        self.named = with_named_costs(points, self.t.value)
        self.before = tables.option("Compared with").removeprefix("the case ")

    def sentences(self) -> tuple[Sentence, ...]:
        if not self.values:
            return (say("answer", "The points of this sweep could not be planned."),)
        if self.axis == "Cap":
            return collect_sentences(self.smallest, self.at_caps, self.extra, self.warnings)
        if self.t is FloorFrontier:
            return collect_sentences(self.floors, self.at_ends)
        if self.t.lost.name in self.tables[Frontier].data:
            return collect_sentences(self.levels, self.extra, self.untested)
        return collect_sentences(self.at_ends, self.cash)

    def whole(self, value: float) -> tuple[SheetRows, Claim]:
        """Return the row of all minerals at a point, and the claim of its value."""
        row = self.rows.where(mineral=ALL_MINERALS, value=value)
        return row, row.value(self.t.value)

    # ---- over the cap ----------------------------------------------------------------------------

    def smallest(self) -> Iterator[Sentence]:
        """Yield down to which cap on every mineral nothing is further missing."""
        caps = SheetRows(self.tables[SmallestCaps])
        least = caps.value(SmallestCaps.smallest, mineral=ALL_MINERALS)
        if not 0 < least.number <= 1:
            return
        for value in sorted(self.values):
            loose = self.rows.where(mineral=REST, value=[v for v in self.values if v >= value])
            most = loose.largest(self.t.further_missing_share)
            if most.number < LITTLE:
                break
        else:
            yield say("answer", "Below a cap of {least}, more is missing.", least=least)
            return
        text = f"no mineral is further missing than {self.before}"
        if value >= least.number:
            # raises if a looser point lacks a tonne, so that there is no sentence then
            none = loose.none(self.t.further_missing_share, ">", SMALL)
            yield say("answer", f"Down to a cap of {{least}}, {text}.", least=least, none=none)
            return
        none = loose.none(self.t.further_missing_share, ">=", LITTLE)
        _, at = self.whole(value)
        text = f"under {{none[test]}} of any mineral's need is further missing than {self.before}"
        yield say("answer", f"Down to {{at}}, {text}.", none=none, at=at)

    def at_caps(self) -> Iterator[Sentence]:
        """Yield what is missing at the workbook's own cap and at the tightest point."""
        own, tight = self.own_cap, min(self.values)
        if path := self.tables.option(AS_IN_WORKBOOK):
            rows = self.rows.where(mineral=REST, point=f"{AS_IN_WORKBOOK}: {path}")
            most = rows.largest(self.t.missing_share)
            if most.number > SMALL:
                yield say("answer", "With the workbook's own caps, {most} of the need for"
                                    " {most[mineral]} is missing.", most=most)  # fmt: skip
        if own is not None and own != tight:
            yield self.missing("At the workbook's cap of {at}", own)
            yield self.missing("At a cap of {at}", tight, "figure")
            return
        yield self.missing("At a cap of {at}", tight)

    @property
    def own_cap(self) -> float | None:
        words = self.tables.option("The workbook's cap").removesuffix(" %")
        cap = round(float(words) / 100, 12) if words else None
        return cap if cap in self.values else None

    def missing(self, start: str, value: float, place: Place = "answer") -> Sentence:
        """Return the mineral with the largest missing share at a point."""
        rows = self.rows.where(mineral=REST, value=value)
        most = rows.largest(self.t.missing_share)
        at = self.rows.where(mineral=most["mineral"], value=value).value(self.t.value)
        if most.number <= SMALL:
            none = rows.none(self.t.missing_share, ">", SMALL)
            return say("answer", f"{start}, no mineral is missing.", none=none, at=at)
        text = f"{start}, {{most}} of the need for {{most[mineral]}} is missing."
        name, large = (self.t.missing_share.header, "most") if place == "figure" else ("", "")
        return say(place, text, name=name, large=large, most=most, at=at)

    def extra(self) -> Iterator[Sentence]:
        """Yield the extra cost of the same tonnes at the workbook's cap and the tightest point."""
        for value in dict.fromkeys((self.own_cap, min(self.values))):
            if value is None:
                continue
            row, cap = self.whole(value)
            if value not in self.named:
                yield say("care", "At {cap}, too much is missing to say how much more the same"
                                  f" tonnes cost than {self.before}.", cap=cap)  # fmt: skip
                continue
            dearer = row.value(self.t.extra_cost_share)
            costs = "{extra}" if dearer.number < 0 else "{extra} more"
            text = f"At {{cap}}, the same tonnes cost {costs} than {self.before}."
            name = self.t.extra_cost.header
            yield say("figure", text, name=name, large="extra", extra=dearer, cap=cap)

    def warnings(self) -> Iterator[Sentence]:
        if self.tables.option(Figure.SHARE_BASIS) == schema.DEMAND:
            yield say("care", "Where supply is missing, a single country can sell a larger share of"
                              " what is bought than the cap.")  # fmt: skip
        if self.tables.option(AS_IN_WORKBOOK):
            yield say("care", "The workbook's own caps differ by year, mineral or buyer. Each point"
                              " sets a single cap.")  # fmt: skip

    # ---- over other numbers ----------------------------------------------------------------------

    def at_ends(self) -> Iterator[Sentence]:
        """Yield what is missing at the first and the last point."""
        for value in dict.fromkeys((self.values[0], self.values[-1])):
            yield self.missing("At {at}", value)

    def cash(self) -> Iterator[Sentence]:
        """Yield what buyers pay at both ends."""
        for value in dict.fromkeys((self.values[0], self.values[-1])):
            row, at = self.whole(value)
            yield say("figure", "At {at}, buyers pay {paid}.", name=self.t.cash.header,
                      large="paid", paid=row.value(self.t.cash), at=at)  # fmt: skip

    def floors(self) -> Iterator[Sentence]:
        """Yield what is paid, levies and purchases outside, at the lowest and highest floor."""
        t = self.t
        for value in dict.fromkeys((min(self.values), max(self.values))):
            row, at = self.whole(value)
            paid, levies = row.value(t.cash), row.value(t.levies)
            yield say("answer", "At a floor of {at}, buyers pay {paid}. Levies are {levies} of it.",
                      paid=paid, levies=levies, at=at)  # fmt: skip
            outside = row.value(t.outside)
            yield say("figure", "At a floor of {at}, {outside} is bought outside the coalition.",
                      name=t.outside.header, large="outside", outside=outside, at=at)  # fmt: skip

    def levels(self) -> Iterator[Sentence]:
        """Yield, for up to three levels, what it costs to survive the loss of any one country."""
        t, levels = self.t, [v for v in sorted(self.values, reverse=True) if v < 1.0]
        chosen = dict.fromkeys(levels[i] for i in (0, len(levels) // 2, -1)) if levels else ()
        for value in chosen:
            tested = self.rows.where(mineral=REST, value=value)
            start = "If up to {at} of demand may be short after the loss of a country"
            short = tested.largest(t.lost)
            if short.number > 0:
                at = self.rows.where(mineral=short["mineral"], value=value).value(t.value)
                text = f"{start}, {{short}} of {{short[mineral]}} is missing then."
                yield say("answer", text, short=short, at=at)
                continue
            none = tested.none(t.lost, ">", 0.0)
            row, at = self.whole(value)
            if value not in self.named:
                text = f"{start}, no tested mineral is missing then, but so much is missing in the"
                text += " plan that costs can't be compared."
                yield say("answer", text, at=at, none=none)
                continue
            dearer = row.value(t.extra_cost)
            costs = "{extra}" if dearer.number < 0 else "{extra} more"
            text = f"{start}, the same tonnes cost {costs} and no tested mineral is missing then."
            yield say("answer", text, extra=dearer, at=at, none=none)

    def untested(self) -> Iterator[Sentence]:
        if self.tables.option(NOT_TESTED):
            yield say("care", "Not tested: some minerals or years, which the sheet About names.")
