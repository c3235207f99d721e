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
from planner.render.words import known
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
_DEPENDENCE = (_T.depends, _T.planned_share), (_T.left_depends, _T.left_share)


def _is_own_share(tables: Tables) -> bool:
    """Return whether minerals depend on the country through its own share alone."""
    return all(
        not known(depends) or abs(depends - (share or 0.0)) <= tolerances.SHOWN_SHARE
        for pair in _DEPENDENCE
        for depends, share in tables.rows(Exits, *pair)
    )


def exit_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of an exit's first page."""
    rows, country = tables.sheet(Exits), tables.asked(OF)
    if not any(tonnes > tolerances.LEAST_FLOW for (tonnes,) in tables[Exits].rows(_T.planned)):
        none = rows.none(_T.planned, ">", tolerances.LEAST_FLOW)
        why = ": the workbook has no plant and no mine there"
        why = why if tables.option(SELLERS) == NONE else ""
        return (say("answer", f"The plan buys nothing from {{of}}{why}.", of=country, none=none),)
    return _ExitFindings(tables, rows, country).sentences()


class _ExitFindings:
    """``rows`` are all minerals, ``of`` is the country's name.

    ``dependent`` are the minerals that depend on it in the plan's last year, at any stage.
    """

    def __init__(self, tables: Tables, rows: SheetRows, of: Claim) -> None:
        self.tables, self.rows, self.of = tables, rows, of
        depends = tables[Exits].rows(_T.mineral, _T.depends)
        names = [m for m, part in depends if known(part) and part > tolerances.SAME_SHARE]
        self.dependent = rows.where(mineral=names)

    def sentences(self) -> tuple[Sentence, ...]:
        return collect_sentences(
            self.first_plant, self.cash, self.gone, self.furthest, self.more_than_plan,
            self.decisions, self.warnings,
        )  # fmt: skip

    def gone(self) -> Iterator[Sentence]:
        """Yield how many minerals need nothing of the country in the last year, at any stage."""
        rows, end = self.dependent, self.tables.asked(Figure.LAST_YEAR)
        if not len(rows):
            none = self.rows.none(_T.depends, ">", tolerances.SAME_SHARE)
            text = "In {last}, no mineral depends on {of} in the plan."
            yield say("answer", text, none=none, of=self.of, last=end)
            return
        gone = rows.count(_T.left_depends, "<=", tolerances.SAME_SHARE)
        left = rows.smallest(_T.left_depends)
        if not gone.number:
            none = rows.none(_T.left_depends, "<=", tolerances.SAME_SHARE)
            text = "No mineral that depends on {of} can do without it in {last}."
            if rows.stands_out(left, _T.left_depends):
                text += " Least is left of {least[mineral]}: {least} of its purchases."
            yield say("answer", text, least=left, none=none, of=self.of, last=end)
            return
        if len(rows) == 1:
            text = "In {last}, {least[mineral]} can do without {of}."
        else:
            text = "In {last}, {without} of {every} minerals that depend on {of} can do without it"
            text += ": {least[mineral]}." if gone.number == 1 else "."
        every = rows.count(_T.depends, ">", tolerances.SAME_SHARE)
        yield say("answer", text, least=left, without=gone, every=every, of=self.of, last=end)
        yield from self.soonest()

    def soonest(self) -> Iterator[Sentence]:
        """Yield from which year the first mineral is bought elsewhere, of those bought there."""
        sold = self.tables[Exits].rows(_T.mineral, _T.planned_share)
        names = [m for m, part in sold if known(part) and part > tolerances.SAME_SHARE]
        rows = self.rows.where(mineral=names)
        soon = rows.smallest(_T.none)
        is_first = rows.count(_T.none, "=", soon.number).number == 1 < len(rows)
        stage = "" if _is_own_share(self.tables) else " at the last stage"
        text = f"{{soon[mineral]}} can do without {{of}}{stage} from {{soon}} on."
        if is_first:
            text = f"Soonest without {{of}}{stage} is {{soon[mineral]}}, from {{soon}} on."
        yield say("figure", text, name="Bought elsewhere from", large="soon", soon=soon, of=self.of)

    def furthest(self) -> Iterator[Sentence]:
        """Yield the mineral whose dependence falls most, through all stages."""
        rows, end = self.dependent, self.tables.asked(Figure.LAST_YEAR)
        most = rows.largest(_T.depends_fall)
        if most.number <= tolerances.SHOWN_SHARE:
            none = rows.none(_T.depends_fall, ">", tolerances.SHOWN_SHARE)
            text = "In {last}, the dependence on {of} can fall for no mineral."
            yield say("answer", text, of=self.of, none=none, last=end)
        else:
            row = rows.row_of(most)
            last = self._of(row, _T.fall)
            was, stays = row.value(_T.depends), row.value(_T.left_depends)
            differs = last is not None and abs(last.number - most.number) > _A_POINT
            through = " through all stages" if differs else ""
            falls = "falls most" if rows.stands_out(most, _T.depends_fall) else "falls"
            text = f"In {{end}}, the dependence of {{top[mineral]}} on {{of}}{through} {falls}:"
            text = f"{text} from {{was}} of its purchases in the plan to {{stays}}."
            yield say("answer", text, top=most, was=was, stays=stays, of=self.of, end=end)
        yield from self.last_stage()

    def last_stage(self) -> Iterator[Sentence]:
        """Yield the largest fall at the last stage if the fall through all stages is another."""
        most, end = self.rows.largest(_T.fall), self.tables.asked(Figure.LAST_YEAR)
        through = self._of(self.rows.row_of(most), _T.depends_fall)
        if most.number <= tolerances.SHOWN_SHARE or through is None:
            return
        if abs(most.number - through.number) > _A_POINT:
            whole = "; through all stages, {whole}" if through.number > 0 else ""
            yield say("figure", "At the last stage, {top} of {top[mineral]} purchases in {last}"
                                f" move away from {{of}}, against the plan{whole}.",
                      name="Fall at the last stage", large="top", top=most, whole=through,
                      of=self.of, last=end)  # fmt: skip

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
        counts = (("{steps} earlier or larger", more), ("{plants} of new plants", new))
        steps = ", ".join(text for text, count in counts if count.number)
        if steps:
            text = f"Steps of building that are not in the plan: {steps}."
            yield say("care", text, steps=more, plants=new)

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
        left_out = [depends for depends, _ in _DEPENDENCE if _is_own_share(tables)]
        return Numbers(tables[Exits], tuple(f for f in cls.SHOWN if f not in left_out))

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        dependence = "" if _is_own_share(tables) else " Dependence: share of purchases."
        return f"“It” is {tables.option(OF)}.{dependence} Extra cash: against the plan."

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return drawn(
            _panel(tables, "the plan", WayOut.planned_share),
            _panel(tables, "the exit path", WayOut.left_share),
        )
