"""The findings of a stress test: sentences made from the rows of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models import tolerances
from models.results import Figure
from planner.render.claims import NoRowsError, Sentence, SheetRows, collect_sentences, say
from planner.render.table import COALITION_BUYER
from planner.studies.kind import Tables
from planner.studies.losses import LossKind
from planner.studies.stress_tables import Embargoes, LossByMineral, Losses, Solidarity

SMALL = tolerances.MISSING_PART
FIRST_YEAR = "First year of the loss"
LIMITS, SURGE = "Share limits", "Surge"
"""Rows of the sheet About: when a loss begins, whether share limits hold, what others may sell."""
WAIVED = "maximums and minimums are waived while the loss lasts"
_A_POINT = 0.01
"""A difference of dependence at the last stage and through all stages that is named."""


def stress_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of a stress test's first page."""
    if not len(tables[Losses]):
        return (say("answer", "The agreed plan buys from countries that can't be lost."),)
    if LossByMineral not in tables:
        return (say("answer", "The losses could not be planned."),)
    return _StressFindings(tables).sentences()


class _StressFindings:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.rows = SheetRows(tables[LossByMineral])
        kinds = set(tables[LossByMineral].kind)
        self.kind = str(LossKind.COUNTRY if LossKind.COUNTRY in kinds else min(kinds))

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

    def hardest(self) -> Iterator[Sentence]:
        """Yield the loss that leaves most further missing, and how many minerals run short."""
        t, rows = LossByMineral, self.rows.where(kind=self.kind)
        most = rows.largest(t.share)
        if most.number <= SMALL:
            none = rows.none(t.share, ">", SMALL)
            text = f"If a {self.kind} is lost, no mineral is further missing than in the agreed"
            yield say("answer", f"{text} plan.", none=none)
            return
        when, years = self.years
        yield say("answer", f"Without {{most[lost]}}{when}, most is missing: {{most}} of the need"
                            " for {most[mineral]} is further missing than in the agreed plan.",
                  most=most, **years)  # fmt: skip
        hit = rows.where(lost=most["lost"]).count(t.share, ">", SMALL)
        are = "mineral is" if hit.number == 1 else "minerals are"
        yield say("figure", f"Without {{most[lost]}}, {{hit}} {are} further missing than in the"
                            " agreed plan.", name="Minerals that run shorter", large="hit",
                  hit=hit, most=most)  # fmt: skip

    def next_hardest(self) -> Iterator[Sentence]:
        t, rows = LossByMineral, self.rows.where(kind=self.kind)
        most = rows.largest(t.share)
        if most.number <= SMALL:
            return
        kinds, what = [self.kind], f"another {self.kind} is lost"
        if LossKind.END_USE in self.tables[t].kind:
            kinds.append(str(LossKind.END_USE))
            what += ", or closed to a use"
        others = self.rows.where(kind=kinds, lost={"not": most["lost"]})
        follows = others.largest(t.share)
        if follows.number > SMALL:
            yield say("answer", "Next is {follows[lost]}: {follows} of the need for"
                                " {follows[mineral]} is further missing than in the agreed plan.",
                      follows=follows)  # fmt: skip
        else:
            none = others.none(t.share, ">", SMALL)
            text = f"If {what}, no mineral is further missing than in the agreed plan."
            yield say("answer", text, none=none)

    def pairs(self) -> Iterator[Sentence]:
        """Yield the embargo on a single member that leaves most missing."""
        if Embargoes not in self.tables:
            return
        rows = SheetRows(self.tables[Embargoes], self.tables.country)
        most = rows.largest(Embargoes.own_share)
        if most.number > SMALL:
            yield say("figure", "If {most[country]} stops selling to {most[member]}, {most} of that"
                                " member's need is further missing than in the agreed plan, by"
                                " value.",
                      name=Embargoes.own_share.header, large="most", most=most)  # fmt: skip

    def uses(self) -> Iterator[Sentence]:
        """Yield the country and the use between which closed lanes leave most missing.

        It is left out if it is the next loss that the answer names.
        """
        t, named = (
            LossByMineral,
            [claim for s in collect_sentences(self.next_hardest) for claim in s.claims],
        )
        most = self.rows.where(kind=str(LossKind.END_USE)).largest(t.share)
        if most.number > SMALL and most.position not in {claim.position for claim in named}:
            yield say("figure", "With lanes closed from {most[lost]}, {most} of the need for"
                                " {most[mineral]} is further missing than in the agreed plan.",
                      name="A country closed to a use", large="most", most=most)  # fmt: skip

    def first_short(self) -> Iterator[Sentence]:
        """Yield after how many days need is not met any more."""
        rows = SheetRows(self.tables[Losses], self.tables.country).where(kind=self.kind)
        least = rows.smallest(Losses.survived)
        text = "Without {days[lost]}, members' shared stocks put off the first shortage by {days}."
        yield say("figure", text, name=Losses.survived.header, large="days", days=least)

    def stages(self) -> Iterator[Sentence]:
        """Yield the mineral that depends most on a country through all stages.

        It is named if that is more than what the country sells at the last stage.
        """
        t, rows = LossByMineral, self.rows.where(kind=self.kind)
        most = rows.largest(t.depends)
        last = rows.where(lost=most["lost"], mineral=most["mineral"]).value(t.depends_last)
        if most.number - last.number > _A_POINT:
            yield say("figure", "Most dependent is {most[mineral]} on {most[lost]}: {most} of"
                                " purchases through all stages, {last} at the last stage.",
                      name="Dependence with inputs", large="most", most=most,
                      last=last)  # fmt: skip

    def sharing(self) -> Iterator[Sentence]:
        """Yield for which loss sharing what is left is worth most."""
        if Solidarity not in self.tables:
            return
        rows = SheetRows(self.tables[Solidarity]).where(member=COALITION_BUYER, kind=self.kind)
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
