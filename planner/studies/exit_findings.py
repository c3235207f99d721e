"""The findings of an exit: how far the coalition gets away from a country, by when, and first."""

from __future__ import annotations

from collections.abc import Iterator

from models import tolerances
from models.results import DecideNow, Field, Figure
from planner.render.claims import Claim, NoRowsError, Sentence, SheetRows, collect_sentences, say
from planner.sheets.decide import changed_decisions
from planner.studies.exit_tables import MORE, NEW, NONE, OF, SELLERS, Builds, Exits
from planner.studies.kind import Tables

_A_POINT = 0.01
"""A difference of the fall at the last stage and through all stages that is named."""
_T = Exits


def exit_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of an exit's first page."""
    rows, country = tables.sheet(Exits), tables.asked(OF)
    bought = [
        mineral
        for mineral, tonnes in tables[Exits].rows(_T.mineral, _T.planned)
        if tonnes > tolerances.LEAST_FLOW
    ]
    if not bought:
        none = rows.none(_T.planned, ">", tolerances.LEAST_FLOW)
        why = ": the workbook has no plant and no mine there"
        why = why if tables.option(SELLERS) == NONE else ""
        return (say("answer", f"The plan buys nothing from {{of}}{why}.", of=country, none=none),)
    return _ExitFindings(tables, rows.where(mineral=bought), country).sentences()


class _ExitFindings:
    """``rows`` are the minerals that the plan buys from the country, ``of`` is its name."""

    def __init__(self, tables: Tables, rows: SheetRows, of: Claim) -> None:
        self.tables, self.rows, self.of = tables, rows, of

    def sentences(self) -> tuple[Sentence, ...]:
        return collect_sentences(
            self.first_plant, self.cash, self.gone, self.furthest, self.more_than_plan,
            self.decisions, self.warnings,
        )  # fmt: skip

    def gone(self) -> Iterator[Sentence]:
        """Yield how many minerals need nothing of the country in the last year, at any stage."""
        gone = self.rows.count(_T.left_depends, "<=", tolerances.SAME_SHARE)
        left, end = self.rows.smallest(_T.left_depends), self.tables.asked(Figure.LAST_YEAR)
        if not gone.number:
            none = self.rows.none(_T.left_depends, "<=", tolerances.SAME_SHARE)
            text = "No mineral bought from {of} can do without it in {last}."
            if len(self.rows) > 1:
                text += " Least is left of {least[mineral]}: {least} of its purchases."
            yield say("answer", text, least=left, none=none, of=self.of, last=end)
            return
        text = "In {last}, {without} of {every} minerals bought from {of} can do without it"
        text += ": {least[mineral]}" if gone.number == 1 else ""
        bought = self.rows.count(_T.left_depends, ">=", 0.0)
        clear = self.rows.smallest(_T.none)
        yield say(
            "answer", f"{text}.", least=left, without=gone, every=bought, of=self.of, last=end
        )
        text = "Soonest without {of} at the last stage is {soon[mineral]}, from {soon} on."
        yield say(
            "figure", text, name="Bought elsewhere from", large="soon", soon=clear, of=self.of
        )

    def furthest(self) -> Iterator[Sentence]:
        """Yield the mineral whose dependence falls most, through all stages."""
        most = self.rows.largest(_T.depends_fall)
        if most.number <= tolerances.SHOWN_SHARE:
            none = self.rows.none(_T.depends_fall, ">", tolerances.SHOWN_SHARE)
            text = "In the last planned year, the dependence on {of} can fall for no mineral."
            yield say("answer", text, of=self.of, none=none)
        else:
            row = self.rows.where(mineral=most["mineral"])
            last = self._of(row, _T.fall)
            parts = row.value(_T.depends), row.value(_T.left_depends)
            differs = last is not None and abs(last.number - most.number) > _A_POINT
            through = " through all stages" if differs else ""
            text = (
                f"The dependence of {{top[mineral]}}{through} falls most: from {{planned}} of its"
                " purchases in the plan to {left}."
            )
            yield say("answer", text, top=most, planned=parts[0], left=parts[1], of=self.of)
        yield from self.last_stage()

    def last_stage(self) -> Iterator[Sentence]:
        """Yield the largest fall at the last stage if the fall through all stages is another."""
        most = self.rows.largest(_T.fall)
        row = self.rows.where(mineral=most["mineral"])
        through = self._of(row, _T.depends_fall)
        if through is not None and abs(most.number - through.number) > _A_POINT:
            text = (
                "{top[mineral]}: purchases from {of} fall most at the last stage, by {top}; through"
                " the stages before it, too, by {whole}."
            )
            name = "Fall at the last stage"
            yield say("figure", text, name=name, large="top", top=most, whole=through, of=self.of)

    @staticmethod
    def _of(row: SheetRows, field: Field) -> Claim | None:
        try:
            return row.value(field)
        except NoRowsError:
            return None

    def first_plant(self) -> Iterator[Sentence]:
        """Yield the plant that must be begun first, of those not in the plan."""
        soon = self.tables.sheet(Builds).where(more_than_plan=[NEW, MORE]).smallest(Builds.begin)
        yield say("figure", "Building has to begin in {soon}, with {soon[project]} for"
                            " {soon[mineral]}.", name=Builds.begin.header, large="soon",
                  soon=soon)  # fmt: skip

    def more_than_plan(self) -> Iterator[Sentence]:
        """Yield how many steps of building are earlier or larger than planned, and how many new."""
        rows = self.tables.sheet(Builds)
        more, new = (rows.count(Builds.more_than_plan, "=", kind) for kind in (MORE, NEW))
        yield say("care", "Steps of building that are not in the plan: {more} earlier or larger,"
                          " {new} of new plants.", more=more, new=new)  # fmt: skip

    def cash(self) -> Iterator[Sentence]:
        """Yield the extra cash over the planned years."""
        cash = self.rows.sum(_T.cash)
        if cash.number == 0:
            return
        more = " more" if cash.number >= 0 else ""
        text = f"The exit path costs {{extra}}{more} cash than the plan, over the planned years."
        yield say("figure", text, name=_T.cash.header, large="extra", extra=cash)

    def decisions(self) -> Iterator[Sentence]:
        """Yield what to decide now otherwise than in the plan."""
        yield from changed_decisions(self.tables.sheet(DecideNow), "the plan")

    def warnings(self) -> Iterator[Sentence]:
        yield say("care", "As much is missing as in the plan.")
