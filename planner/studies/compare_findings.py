"""The findings of a comparison: sentences made from the rows of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models import tolerances
from models.case import BASE
from models.results import DecideNow
from planner.render.claims import Claim, NoRowsError, Sentence, SheetRows, collect_sentences, say
from planner.sheets.decide import changed_decisions
from planner.sheets.findings import hit_apart
from planner.studies.cases import UNFORESEEN
from planner.studies.compare_tables import Comparison, MissingByTier
from planner.studies.kind import Tables
from planner.studies.variant_tables import RunMinerals, with_named_costs

SMALL = tolerances.MISSING_PART


def compare_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of a comparison's first page."""
    return _ComparisonFindings(tables).sentences()


class _ComparisonFindings:
    """The rows of a comparison; scenarios are apart from the same ones as surprises."""

    def __init__(self, tables: Tables) -> None:
        self.tables, main = tables, tables[Comparison]
        self.main = SheetRows(main)
        names = [str(name) for name in main.run]
        late = main.foresight if Comparison.foresight.name in main.data else [""] * len(names)
        is_late = [each == UNFORESEEN for each in late]
        pairs = list(zip(names, is_late, strict=True))[1:]
        self.foreseen = [name for name, each in pairs if not each]
        self.surprises = [name for name, each in pairs if each]
        self.minerals = SheetRows(tables[RunMinerals]) if RunMinerals in tables else None

    def sentences(self) -> tuple[Sentence, ...]:
        if self.minerals is None:
            return (say("answer", "The base has no plan, so nothing could be compared."),)
        if not self.foreseen:
            alone = say("answer", "Only the base is planned: the workbook is without scenarios.")
            return (*collect_sentences(self.base), alone)
        return collect_sentences(
            self.hardest, self.tiers, self.next_hardest, self.surprised, self.base, self.dearest,
            self.decisions, self.warnings,
        )  # fmt: skip

    def _missing(self, names: Sequence[str]) -> SheetRows:
        assert self.minerals is not None  # noqa: S101 - sentences() has made sure
        return self.minerals.where(run=list(names))

    def hardest(self) -> Iterator[Sentence]:
        """Yield the scenario that leaves most further missing, and how many minerals it hits."""
        rows, t = self._missing(self.foreseen), RunMinerals
        most = rows.largest(t.further_missing_share)
        if most.number <= SMALL:
            if not self._hits_a_tier(self.foreseen):
                none = rows.none(t.further_missing_share, ">", SMALL)
                text = "In no scenario is a mineral further missing than in the base."
                yield say("answer", text, none=none)
            least = rows.smallest(t.further_missing_share)
            if least.number < -SMALL:
                yield say("answer", "In {least[run]}, {least} of the need for {least[mineral]} is"
                                    " missing than in the base.", least=least)  # fmt: skip
            return
        yield say("answer", "{most[run]} leaves most missing: {most} of the need for"
                            " {most[mineral]} is further missing than in the base.",
                  most=most)  # fmt: skip
        hit = self._missing([most["run"]]).count(t.further_missing_share, ">", SMALL)
        asked = self._missing([most["run"]]).count(t.need, ">", 0.0)
        are = "is" if hit.number == 1 else "are"
        yield say("figure", f"In {{most[run]}}, {{hit}} of {{asked}} minerals {are} further missing"
                            " than in the base.", name="Minerals that run shorter", large="hit",
                  hit=hit, asked=asked, most=most)  # fmt: skip

    def next_hardest(self) -> Iterator[Sentence]:
        t = RunMinerals
        first = self._missing(self.foreseen).largest(t.further_missing_share)
        rest = [name for name in self.foreseen if name != first["run"]]
        most = self._missing(rest).largest(t.further_missing_share)
        if first.number > SMALL and most.number > SMALL:
            yield say("answer", "Next is {most[run]}: {most} of the need for {most[mineral]} is"
                                " further missing than in the base.", most=most)  # fmt: skip
        elif first.number > SMALL and not self._hits_a_tier(rest):
            none = self._missing(rest).none(t.further_missing_share, ">", SMALL)
            yield say("answer", "In no other scenario is a mineral further missing than in the"
                                " base.", none=none)  # fmt: skip

    def surprised(self) -> Iterator[Sentence]:
        """Yield the surprise that leaves most further missing."""
        most = self._missing(self.surprises).largest(RunMinerals.further_missing_share)
        if most.number > SMALL:
            yield say("figure", "Of the surprises, {most[run]} leaves most missing: {most} of the"
                                " need for {most[mineral]} is further missing than in the base.",
                      name="As a surprise", large="most", most=most)  # fmt: skip

    def _tier(self, names: Sequence[str]) -> Claim:
        """Return the tier of demand of which most is further missing; NoRowsError without any."""
        if MissingByTier not in self.tables:
            raise NoRowsError
        rows = SheetRows(self.tables[MissingByTier]).where(run=list(names), tier={"not": None})
        return rows.largest(MissingByTier.further_missing_share)

    def _hits_a_tier(self, names: Sequence[str]) -> bool:
        """Return whether more of a tier is missing: others may get its tonnes, and the sum stay."""
        try:
            return self._tier(names).number > SMALL
        except NoRowsError:
            return False

    def tiers(self) -> Iterator[Sentence]:
        """Yield the use of which most is further missing, if other uses miss less."""
        t = MissingByTier
        if t not in self.tables:
            return
        rows = SheetRows(self.tables[t]).where(
            run=[*self.foreseen, *self.surprises], tier={"not": None}
        )
        most = hit_apart(rows, t.further_missing_share, t.run, t.mineral, t.member)
        if most.number > SMALL:
            yield say("answer", "By use, in {most[run]}: {most} of the need for {most[mineral]}"
                                " for {most[tier]} in {most[member]} is further missing than in the"
                                " base.", most=most)  # fmt: skip

    def base(self) -> Iterator[Sentence]:
        most = self._missing([BASE]).largest(RunMinerals.missing_share)
        if most.number > SMALL:
            yield say("figure", "In the base, {most} of the need for {most[mineral]} is missing.",
                      name="Missing in the base", large="most", most=most)  # fmt: skip
        else:
            none = self._missing([BASE]).none(RunMinerals.missing_share, ">", SMALL)
            yield say("answer", "In the base, no mineral is missing.", none=none)

    def dearest(self) -> Iterator[Sentence]:
        """Yield the scenario with the largest extra cost, of those that buy enough to name one."""
        named = with_named_costs(self.tables[RunMinerals])
        runs = [name for name in self.foreseen if name in named]
        most = self.main.where(run=runs).largest(Comparison.extra_cost_share)
        if most.number > SMALL:
            yield say("figure", "In {most[run]}, the same tonnes cost {most} more than in the"
                                " base.",
                      name=Comparison.extra_cost.header, large="most", most=most)  # fmt: skip

    def decisions(self) -> Iterator[Sentence]:
        """Yield what to decide now otherwise than in the base."""
        yield from changed_decisions(self.tables.sheet(DecideNow), "the base", is_one=False)

    def warnings(self) -> Iterator[Sentence]:
        text = "Each scenario is planned as if it were known from the beginning."
        if self.surprises:
            text += " Surprises keep what the base plan decides before they come."
        yield say("care", text)
