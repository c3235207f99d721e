"""A sweep: its tables (points, smallest caps, the reference), and findings made of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from models import schema, tolerances
from models.results import Figure, Format, Name, common, field
from models.results.field import Result
from models.results.numbers import ALL, PlanNumbers
from planner.render.claims import Claim, Place, Sentence, SheetRows, collect_sentences, say
from planner.render.table import ALL_MINERALS
from planner.render.words import known
from planner.sheets.findings import nothing_needed
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
        "Missing, all tested losses added up",
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
        " cap of 100 %. 100,000 %: no cap is loose enough, because that year has no need."
        " Blank: the mineral has no supplier.",
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


CHANGED = "Number that is changed"
"""The row of About that names the number which points set, other than the cap."""
SMALL, REST = tolerances.MISSING_PART, {"not": ALL_MINERALS}
LITTLE = 0.01
"""Up to this share of a mineral's need, a tighter cap counts as leaving little more missing."""


def sweep_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of a sweep's first page."""
    return _SweepFindings(tables).sentences()


class _SweepFindings:
    """The points of a sweep; those with a plan are named from the loosest to the tightest.

    ``start`` begins a sentence about a point, with its value as ``at`` and the claims ``named``.
    ``part`` is what is further missing, and ``short`` says so; without a plan to compare with,
    they are what is missing.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables, points = tables, tables[Frontier]
        self.t, self.rows = type(points), SheetRows(points)
        self.axis = points.words.get("axis", "")
        cells = points.rows(self.t.value, self.t.mineral, self.t.need)
        self.values = [float(v) for v, m, need in cells if m == ALL and known(v) and known(need)]
        self.named_costs = with_named_costs(points, self.t.value)
        before = tables.option("Compared with")
        without = before.removeprefix("the case ")
        self.before = without if without.startswith("without ") else f"in {before}"
        self.part, self.short = self.t.further_missing_share, f"further missing than {self.before}"
        if not any(map(known, self.rows.cells(self.part))):
            self.part, self.short = self.t.missing_share, "missing"
        self.start, self.named = self._start()

    def _start(self) -> tuple[str, dict[str, Any]]:
        if self.axis == "Cap":
            return "At a cap of {at}: ", {}
        if self.t is FloorFrontier:
            return "At a floor of {at}: ", {}
        if self.is_security:
            return "If up to {at} of demand may be short after the loss of a country: ", {}
        return "{over} at {at}: ", {"over": self.tables.asked(CHANGED)}

    @property
    def is_security(self) -> bool:
        return self.t.kept.name in self.tables[Frontier].data

    def sentences(self) -> tuple[Sentence, ...]:
        nothing = partial(nothing_needed, self.rows.where(mineral=REST), self.t.missing_share)
        if not self.values:
            return (say("answer", "The points of this sweep could not be planned."),)
        if self.axis == "Cap":
            return collect_sentences(nothing, self.at_caps, self.extra, self.warnings)
        if self.t is FloorFrontier:
            return collect_sentences(nothing, self.floors, self.at_ends)
        if self.is_security:
            return collect_sentences(nothing, self.levels, self.extra, self.untested)
        return collect_sentences(nothing, self.at_ends, self.cash)

    def whole(self, value: float) -> tuple[SheetRows, dict[str, Any]]:
        """Return the row of all minerals at a point, and the claims of ``start``."""
        row = self.rows.where(mineral=ALL_MINERALS, value=value)
        return row, {"at": row.value(self.t.value), **self.named}

    # ---- what is missing -------------------------------------------------------------------------

    def missing_at(self, *points: tuple[float, str, Place]) -> Iterator[Sentence]:
        """Yield what is further missing at some points: value, start of the sentence, place."""
        every = self.rows.where(mineral=REST)
        if every.largest(self.part).number <= SMALL:
            none = every.none(self.part, ">", SMALL)
            yield say("answer", f"At no point of the sweep is a mineral {self.short}.", none=none)
            return
        for value, start, place in points:
            yield self.missing(self.rows.where(mineral=REST, value=value), start, place, value)

    def missing(
        self, rows: SheetRows, start: str, place: Place = "answer", value: float | None = None
    ) -> Sentence:
        """Return the mineral with the largest further missing share in the rows of a point."""
        most = rows.largest(self.part)
        if most.number <= SMALL:
            at = {} if value is None else self.whole(value)[1]
            none = rows.none(self.part, ">", SMALL)
            return say("answer", f"{start}no mineral is {self.short}.", none=none, **at)
        at = {} if value is None else {"at": rows.row_of(most).value(self.t.value), **self.named}
        text = f"{start}{{most}} of the need for {{most[mineral]}} is {self.short}."
        name, large = (self.part.header, "most") if place == "figure" else ("", "")
        return say(place, text, name=name, large=large, most=most, **at)

    # ---- over the cap ----------------------------------------------------------------------------

    def smallest(self) -> Iterator[Sentence]:
        """Yield down to which cap on every mineral nothing, or little, is further missing."""
        caps = SheetRows(self.tables[SmallestCaps])
        least = caps.value(SmallestCaps.smallest, mineral=ALL_MINERALS)
        if not 0 < least.number <= 1:
            return
        share = self.t.further_missing_share
        loose = self._at_or_above(least.number)
        little = [v for v in self.values if self._at_or_above(v).largest(share).number < LITTLE]
        if len(loose) and (not little or min(little) >= least.number):
            # raises if a tonne is missing at one of these points: other limits may be the cause
            none = loose.none(share, ">", SMALL)
            yield say("answer", "Down to a cap of {least}, no mineral is further missing than"
                                f" {self.before}.", least=least, none=none)  # fmt: skip
        elif little:
            none = self._at_or_above(min(little)).none(share, ">=", LITTLE)
            yield say("answer", "Down to a cap of {at}: under {none[test]} of any mineral's need is"
                                f" further missing than {self.before}.",
                      none=none, **self.whole(min(little))[1])  # fmt: skip
        else:
            yield say("answer", "Below a cap of {least}, more is missing than without a cap.",
                      least=least)  # fmt: skip

    def _at_or_above(self, value: float) -> SheetRows:
        return self.rows.where(mineral=REST, value=[v for v in self.values if v >= value])

    def at_caps(self) -> Iterator[Sentence]:
        """Yield the smallest cap, then what is missing at the workbook's cap and the tightest."""
        yield from (first := collect_sentences(self.smallest))
        if first and self.rows.where(mineral=REST).largest(self.part).number <= SMALL:
            return
        if path := self.tables.option(AS_IN_WORKBOOK):
            rows = self.rows.where(mineral=REST, point=f"{AS_IN_WORKBOOK}: {path}")
            yield self.missing(rows, "With the workbook's own caps: ")
        own, tight = self.own_cap, min(self.values)
        points: list[tuple[float, str, Place]] = []
        if own is not None:
            points.append((own, "At the workbook's cap of {at}: ", "answer"))
        if own != tight:
            points.append((tight, self.start, "figure" if path or points else "answer"))
        yield from self.missing_at(*points)

    @property
    def own_cap(self) -> float | None:
        words = self.tables.option("The workbook's cap").removesuffix(" %")
        cap = round(float(words) / 100, 12) if words else None
        return cap if cap in self.values else None

    def extra(self) -> Iterator[Sentence]:
        """Yield the extra cost of the same tonnes at the workbook's cap and the tightest point."""
        for value in dict.fromkeys((self.own_cap, min(self.values))):
            if value is None:
                continue
            row, at = self.whole(value)
            if value not in self.named_costs:
                yield say("care", f"{self.start}too much is missing to compare costs.", **at)
                continue
            dearer = row.value(self.t.extra_cost_share)
            if _is_zero(dearer):
                continue
            text = f"{self.start}the same tonnes cost {self.costs(dearer)}."
            name = self.t.extra_cost.header
            yield say("figure", text, name=name, large="extra", extra=dearer, **at)

    def costs(self, extra: Claim) -> str:
        """Return what the same tonnes cost, as a template with the slot ``extra``."""
        if _is_zero(extra):
            return f"as much as {self.before}"
        more = "" if extra.number < 0 else " more"
        return f"{{extra}}{more} than {self.before}"

    def warnings(self) -> Iterator[Sentence]:
        if self.tables.option(AS_IN_WORKBOOK):
            yield say("care", "The workbook's own caps differ by year, mineral or buyer. Each point"
                              " sets a single cap.")  # fmt: skip
        most = self.rows.where(mineral=REST).largest(self.t.missing_share)
        if self.tables.option(Figure.SHARE_BASIS) == schema.DEMAND and most.number > SMALL:
            yield say("care", "Where supply is missing, a country's share of what is bought can"
                              " exceed the cap.")  # fmt: skip

    # ---- over other numbers ----------------------------------------------------------------------

    def at_ends(self) -> Iterator[Sentence]:
        """Yield what is further missing at the first and the last point."""
        ends = dict.fromkeys((self.values[0], self.values[-1]))
        yield from self.missing_at(*((value, self.start, "answer") for value in ends))

    def cash(self) -> Iterator[Sentence]:
        """Yield what buyers pay at both ends."""
        for value in dict.fromkeys((self.values[0], self.values[-1])):
            row, at = self.whole(value)
            if not _is_zero(paid := row.value(self.t.cash)):
                yield say("figure", f"{self.start}buyers pay {{paid}}.", name=self.t.cash.header,
                          large="paid", paid=paid, **at)  # fmt: skip

    def floors(self) -> Iterator[Sentence]:
        """Yield what is paid, levies and purchases outside, at the lowest and highest floor."""
        t, changed = self.t, self.tables.option(CHANGED)
        for value in dict.fromkeys((min(self.values), max(self.values))):
            row, at = self.whole(value)
            paid, levied = row.value(t.cash), row.value(t.levies)
            more = "" if _is_zero(levied) else " Levies are {levies} of it."
            if not _is_zero(paid):
                yield say("answer", f"{self.start}buyers pay {{paid}}.{more}",
                          paid=paid, levies=levied, **at)  # fmt: skip
            minerals = [str(m) for m in self.rows.cells(t.mineral) if changed.endswith(f", {m}")]
            own = self.rows.where(mineral=minerals, value=value)
            outside = own.value(t.outside)
            yield say("figure", f"{self.start}{{outside}} of {{outside[mineral]}} is bought outside"
                                " the coalition.", name=t.outside.header, large="outside",
                      outside=outside, at=own.value(t.value))  # fmt: skip

    def levels(self) -> Iterator[Sentence]:
        """Yield, for up to three levels, what it costs to survive the loss of any one country."""
        if not any(map(known, self.rows.where(mineral=REST).cells(self.t.kept))):
            none = self.rows.where(mineral=REST).none(self.t.kept, ">=", 0.0)
            yield say("answer", "No loss of a country is tested.", none=none)
        t, levels = self.t, [v for v in sorted(self.values, reverse=True) if v < 1.0]
        chosen = dict.fromkeys(levels[i] for i in (0, len(levels) // 2, -1)) if levels else ()
        for value in chosen:
            tested = self.rows.where(mineral=REST, value=value)
            kept = tested.smallest(t.kept)
            if kept.number < 1.0:
                text = f"{self.start}the plan survives {{kept}} of the losses tested for"
                of = tested.row_of(kept).value(t.value)
                yield say("answer", f"{text} {{kept[mineral]}}.", kept=kept, at=of)
                continue
            every = tested.where(kept={"not": None}).all(t.kept, ">=", 1.0)
            row, at = self.whole(value)
            extra = row.value(t.extra_cost)
            costs = f"the same tonnes cost {self.costs(extra)}"
            if value not in self.named_costs:
                costs = "so much is missing in the plan that costs can't be compared"
            text = f"{self.start}the plan survives every tested loss, and {costs}."
            yield say("answer", text, every=every, extra=extra, **at)

    def untested(self) -> Iterator[Sentence]:
        if self.tables.option(NOT_TESTED):
            yield say("care", "Not tested: some minerals or years, which the sheet About names.")


def _is_zero(claim: Claim) -> bool:
    """Return whether a number is written as 0."""
    return f"{claim}".partition(" ")[0] == "0"
