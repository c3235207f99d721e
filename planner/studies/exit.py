"""Exit: how far purchases from a country can fall, by which year, and at what cost.

The exit path is the cheapest plan that buys the fewest tonnes from the country;
``models.answers.exit`` defines and proves it, ``exit_tables`` has its tables. Findings and charts
are made from the tables alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import click

from models import answers, errors, tolerances
from models.plan import Plan
from models.results import DecideNow, Field, Figure, Result
from planner.options import CAP_HELP, NeededOption
from planner.render import chart, words
from planner.render.chart import Picture, drawn, series_values, shortened
from planner.render.claims import Claim, NoRowsError, Sentence, SheetRows, collect_sentences, say
from planner.render.keys import AnswerKey, table_key
from planner.render.palette import COLOURS
from planner.scenarios.named import Named
from planner.sheets import explain
from planner.sheets.findings import decide_now
from planner.studies.engine import Outcome, Run, Study
from planner.studies.exit_tables import (
    DECLARED,
    MORE,
    NEW,
    NONE,
    OF,
    SELLERS,
    BindingLimits,
    Builds,
    Exits,
    WayOut,
    tables_of,
)
from planner.studies.kind import BASIS, TROUBLE, Numbers, StudyKind, Tables
from planner.workbook.cells import iso3_code

if TYPE_CHECKING:
    from planner.scenarios.start import Start

# ---- charts and words, made from the tables alone ------------------------------------------------

_MOST_LINES = len(COLOURS)
"""How many minerals get a line: those with the country's largest shares."""


def _panel(tables: Tables, plan: str, share_of: Field) -> Picture | None:
    """Return a chart of the country's share by year in one of the plans.

    It has a line for each of the minerals with the country's largest shares in the plan.
    """
    by_mineral, least = tables[WayOut].frame().groupby("mineral", sort=False), tolerances.LEAST_FLOW
    sold = {str(mineral): years for mineral, years in by_mineral if years["planned"].max() > least}
    largest = {mineral: chart.peak(years["planned_share"]) for mineral, years in sold.items()}
    minerals = {mineral: sold[mineral] for mineral in chart.top(largest, _MOST_LINES)}
    years = sorted({int(year) for year in tables[WayOut].year})
    title = f"{shortened(tables.option(OF))}'s share of {tables.option(BASIS)} by year: {plan}"
    shares = {mineral: series_values(rows[share_of.name]) for mineral, rows in minerals.items()}
    picture = chart.lines(title, years, shares, "Share", is_panel=True)
    return picture and picture.with_merged_lines


# ---- findings ------------------------------------------------------------------------------------

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
        yield from decide_now(self.tables.sheet(DecideNow), "the plan")

    def warnings(self) -> Iterator[Sentence]:
        yield say("care", "As much is missing as in the plan.")


# ---- the kind ------------------------------------------------------------------------------------


class ExitStudy(StudyKind):
    """Find how far purchases from a country can fall, by which year, and at what cost.

    The plan is first made as planner solve makes it. For each mineral, the study then finds the
    fewest tonnes from the country over all years, with no more shortage in any year than in the
    plan. The exit path is the cheapest such plan, with all minerals under one budget. It shows from
    which year the country's share stays at or below 50, 25, 10 and 0 %, which plants must be begun
    first, and which limits prevent a lower share.

    \b
    planner exit case.xlsx --country China
    planner exit case.xlsx --country CHN --scenario "Export ban" --csv tables

    If a country sells nothing in the plan, the coalition has already left it. Without a proven
    plan, nothing is written and the exit code is 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    SHOWN = (
        Exits.mineral, Exits.planned_share, Exits.left_share, Exits.depends, Exits.left_depends,
        Exits.half, Exits.quarter, Exits.none, Exits.cash,
    )  # fmt: skip
    NAME, TITLE, WRITES = "exit", "Exit", "exit path"
    QUESTION = "How far can we get away from a country, by when, and what must we build first?"
    RESULTS = (*DECLARED, DecideNow)
    ANSWER = (
        AnswerKey("country", "the country that is left", "country"),
        AnswerKey("objective_usd", "total cost without it", "result.path.objective"),
        AnswerKey("plan_objective_usd", "total cost of the plan", "result.plan.objective"),
        table_key("rows", Exits),
        table_key("path", WayOut),
        table_key("builds", Builds),
        table_key("limits", BindingLimits),
        *TROUBLE,
    )
    PART, findings = "<C>-", staticmethod(exit_findings)
    LIMIT = CAP_HELP
    OPTIONS = (
        click.option(
            "--country",
            cls=NeededOption,
            metavar="C",
            help="The country to leave: a name or code  [required]",
        ),
    )
    task = "the case and its exit path"

    def __init__(self, start: Start, *, country: str | None) -> None:
        super().__init__(start)
        names = Named(start.case)
        if country is None:
            raise errors.UsageError(words.missing_option("--country", names.countries_outside()))
        self.country = names.country_code(country.strip())
        if not self.country:
            msg = "--country: name one country"
            raise errors.UsageError(msg)
        self.name = names.country_name(self.country, country.strip())
        self.sells = names.sells(self.country)

    @classmethod
    def file_part(cls, options: Mapping[str, Any]) -> str:
        """Return the country for the workbook's name: its code, or as typed if it is not known."""
        typed = str(options["country"] or "").strip()
        return iso3_code(typed) or typed

    def study(self) -> Study[answers.Exit]:
        leave = partial(answers.exit_from, country=self.country)
        return Study(self.start.case, ((Run("The plan"),),), leave)

    @property
    def result(self) -> answers.Exit:
        return cast("answers.Exit", self.outcomes[0].result)

    @property
    def trouble(self) -> str:
        if not self.has_plan:
            return ""
        result, fewest = self.result, "the fewest tonnes of {} with first call on the budget are"
        unknown = {f"the exit path of {m} is": why for m, why in result.unknown.items()}
        unknown |= {fewest.format(m): why for m, why in result.failed.items()}
        return "; ".join(f"{what} not known: {why}" for what, why in unknown.items())

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan": self.result.plan, "the exit path": self.result.path}

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        least: list[Outcome[Any]] = [
            Outcome(f"Fewest tonnes: {mineral or 'all minerals together'}", proof=proof)
            for mineral, proof in self.result.proofs.items()
        ]
        path = self.result.path
        last = Outcome[Any]("The exit path", objective=path.objective, proof=path.proof)
        return (*self.outcomes, *least, last)

    @property
    def what_is_studied(self) -> str:
        return f"how to leave {self.name}, {super().what_is_studied}"

    @property
    def options(self) -> dict[str, str]:
        return {
            OF: self.name,
            **({} if self.sells else {SELLERS: NONE}),
            **self.start.options,
            "Counted": "Sales of its refiners and projects to the coalition, purchases for stock"
            " included. Its ore that other countries refine does not count.",
            "Kept": "Every limit of the workbook. Compared with the plan, no mineral is shorter in"
            " any year, no reserve is further below its target, no soft limit is exceeded by more,"
            " and no mineral is bought there more over all years.",
            "All minerals": "They share one budget. First the sum over minerals of the country's"
            " shares of demand is minimized, then cost.",
            "Zero share": "A share of at most 0.0001 % counts as 0.",
        }

    def tables(self) -> list[Result]:
        layout = self.start.book.layout
        cells = explain.Cells(self.start.book.case, self.start.case, layout.known_cell, layout.unit)
        return tables_of(self.result, cells, self.name)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the minerals; without the dependence where it is just the country's own share."""
        fields = Exits
        pairs = ((fields.depends, fields.planned_share), (fields.left_depends, fields.left_share))
        same = all(
            a is None or abs(a - (b or 0.0)) <= tolerances.SHOWN_SHARE
            for pair in pairs
            for a, b in tables.rows(fields, *pair)
        )
        left_out = [depends.name for depends, _ in pairs if same]
        return Numbers(tables[fields], tuple(f for f in cls.SHOWN if f.name not in left_out))

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        dependence = "Dependence: share of purchases. Extra cash: against the plan."
        return f"“It” is {tables.option(OF)}. {dependence}"

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return drawn(
            _panel(tables, "the plan", WayOut.planned_share),
            _panel(tables, "the exit path", WayOut.left_share),
        )
