"""Compare: the base case and scenarios of it, each planned in full and compared with the base."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from models import tolerances
from models.background import result_getter
from models.case import BASE, Case
from models.errors import InputError, Mistakes, PlannerError, UsageError
from models.measures import net_change
from models.results import DecideNow, Result
from planner import scenarios
from planner.render import words
from planner.render.claims import NoRowsError, Sentence, SheetRows, collect_sentences, say
from planner.render.keys import ABSENT, AnswerKey, answered
from planner.render.table import Record, Table, records
from planner.scenarios import Variant, WhatIf, scenario_name
from planner.sheets.context import Context
from planner.sheets.figures import binding
from planner.sheets.findings import decide_now, hit_apart, nothing_needed
from planner.studies import cases
from planner.studies.cases import UNFORESEEN
from planner.studies.compare_tables import (
    SCENARIO,
    Comparison,
    MissingByTier,
    MissingByYear,
    plan_sheets,
    projects_built,
    row_of_need,
    scenario_inputs,
    stacked,
)
from planner.studies.engine import OnProgress, OnStage, Outcome
from planner.studies.kind import Tables
from planner.studies.places import builds_in_background
from planner.studies.variant_kind import VariantStudy
from planner.studies.variant_tables import Harm, Row, RunMinerals, table_from, with_named_costs
from planner.workbook.findings import sentence

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.scenarios.start import Start
    from planner.studies.places import Where

_MOST_ERRORS = 3
"""How many errors a scenario's row shows; JSON and the command's last lines show all."""
YEAR_OPTION = "--unforeseen"
UNFORESEEN_BEFORE = "Unforeseen before"
"""The row of About with the year in which scenarios come as a surprise, if they do."""
DISCOUNT_RATE = "Discount rate"
"""The row of About with the discount rate, if there is one."""
HOW_TO_ADD_SCENARIOS = (
    "There is no scenario to compare with the base. Add rows to the sheet Scenarios (planner new"
    ' --with Scenarios shows how), or add a what-if to the command, such as --lose "China"'
)


@dataclass(frozen=True)
class Entry:
    """One case of a comparison, with its outcome; ``context`` holds its plan, if there is one."""

    of: cases.ComparedCase
    case: Case
    outcome: Outcome[cases.Planned]
    context: Context | None = None

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def planned(self) -> cases.Planned | None:
        """What is kept of the plan."""
        return self.outcome.result


_BESIDE = tuple(f.json_key for f in (Comparison.more, Comparison.foresight, Comparison.surprise))
"""Keys of a scenario that not every comparison has."""


def _by_tier(plan: Plan) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return need and missing tonnes over all years by (mineral, member, tier)."""
    sums = plan.tiers.groupby(["mineral", "member", "tier"])[["demand", "short"]].sum()
    return {key: (float(need), float(short)) for key, need, short in sums.itertuples()}


class Compare(VariantStudy):
    """Plan a workbook's base case and every scenario, and compare them.

    The workbook shows each scenario's cost and shortage against the base case, its changed inputs
    and the projects that it builds differently. It also has the sheets of all plans, with the
    column Scenario first. Each scenario is planned as if it were known from the first year.

    What-ifs and --max-country-share make one more case: the base case with these changes.

    \b
    planner compare case.xlsx
    planner compare case.xlsx --scenario "Export ban" --lose COD
    planner compare case.xlsx --unforeseen 2030

    A scenario that contradicts the workbook's rules, or has no proven optimum, is listed with its
    reason. The other scenarios are planned and written. The exit code is then 1 or 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "compare", "Comparison of scenarios", "comparison"
    QUESTION = "What does each scenario cost and leave missing?"
    HEADING = "{plan}: comparison"
    MONEY = "total cost is a present value; the other amounts are undiscounted"
    TOTALS, RUN_HEADER, BEFORE = Comparison, SCENARIO.header, "the base"
    RESULTS = (Comparison, RunMinerals, MissingByYear, MissingByTier, DecideNow)
    ANSWER = (
        AnswerKey("rows", "the scenarios", lambda study, tables: study.scenario_rows(tables),
                  ("scenario", *VariantStudy.entry_of(()), *_BESIDE), _BESIDE),
        AnswerKey("unforeseen", "the year of the surprise",
                  lambda study, _: ABSENT if study.unforeseen is None else study.unforeseen,
                  when="with `--unforeseen`"),
    )  # fmt: skip
    SCENARIO = False
    LIMIT = "Also compare a case with this cap on one country's share of each mineral, 0 to 1."
    OPTIONS = (
        click.option(
            "--scenario",
            "chosen",
            multiple=True,
            metavar="NAME",
            help="Compare this scenario only. Repeatable.",
        ),
        click.option(
            YEAR_OPTION,
            type=int,
            metavar="YEAR",
            help="Also plan each scenario as a surprise in YEAR: earlier decisions, begun builds"
            " included, stay as in the base plan.",
        ),
    )

    def __init__(
        self,
        start: Start,
        *,
        chosen: tuple[str, ...],
        asked: Callable[[Case], tuple[WhatIf, ...]],
        max_country_share: float | None,
        unforeseen: int | None,
    ) -> None:
        wrong, names = Mistakes(), list[str]()
        for name in chosen:
            with wrong.collect():
                names.append(scenario_name(start.book.case, name))
        with wrong.collect():
            if unforeseen is not None and unforeseen not in start.book.case.years:
                years = words.each_year(start.book.case.years)
                msg = f"{YEAR_OPTION} {unforeseen} is not a year of the plan, which has {years}"
                raise UsageError(msg)
        with wrong.collect():
            what_ifs = asked(start.book.case)
            self.asked = Variant(what_ifs=what_ifs, max_country_share=max_country_share)
        wrong.raise_if_any()
        self.chosen = tuple(dict.fromkeys(names))
        every = self.chosen or scenarios.scenario_names(start.book.case)
        self.cases = cases.compared_cases(start.book.case, tuple(every), self.asked)
        self.unforeseen = unforeseen
        if unforeseen is not None:
            nothing = f"{YEAR_OPTION} {unforeseen}: nothing can come as a surprise."
            if len(self.cases) == 1:
                msg = f"{nothing} {HOW_TO_ADD_SCENARIOS}"
                raise UsageError(msg)
            self.cases = cases.with_unforeseen(start.book.case, self.cases, unforeseen)
            if not any(each.foreseen for each in self.cases):
                warnings = (finding.found for each in self.cases for finding in each.warnings)
                msg = f"{nothing} {'; '.join(w for w in warnings if cases.UNFORESEEN in w)}"
                raise UsageError(msg)
        self.task = words.number_of(len(self.cases), "case")
        warned = [*start.book.warnings, *(f for case in self.cases for f in case.warnings)]
        book = dataclasses.replace(start.book, warnings=start.book.layout.sorted_by_cell(warned))
        super().__init__(dataclasses.replace(start, book=book))

    @classmethod
    def take_case_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Return no arguments for ``start_file``: options make the compared cases."""
        del options
        return {}

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        del on_stage
        case = self.start.book.case
        self.cases, outcomes = cases.plan_cases(case, self.cases, where, on_progress)
        self.outcomes = outcomes.of_runs
        by_name = {outcome.name: outcome for outcome in outcomes}
        self.entries = [self._entry(each, by_name.get(each.name)) for each in self.cases]
        self.compared = [entry.outcome for entry in self.entries]
        late = builds_in_background(where, [case])
        self.differing = result_getter(lambda: sheets_of_plans(self.entries), in_background=late)
        self.stopped = outcomes.stopped

    def _entry(self, of: cases.ComparedCase, outcome: Outcome[cases.Planned] | None) -> Entry:
        """Return a case with its outcome; one with errors in its input has an outcome of these."""
        book = self.start.book
        if outcome is None:
            placed = book.layout.sorted_by_cell(of.errors)
            why = " ".join(f"{f.place}: {sentence(f)}" for f in placed[:_MOST_ERRORS])
            more = f" (and {len(placed) - _MOST_ERRORS} more)" if len(placed) > _MOST_ERRORS else ""
            outcome = Outcome(of.name, error=why + more)
        planned = outcome.result
        context = None if planned is None else Context(planned.plan, book)
        return Entry(of, of.variant(book.case), outcome, context)

    @property
    def errors(self) -> PlannerError | None:
        """The errors in the input of all cases, in the order of the workbook; None without any."""
        findings = (
            finding
            for case in self.cases
            if isinstance(case.variant, Variant)  # a surprise has the same errors
            for finding in case.variant.with_origin(case.errors)
        )
        placed = self.start.book.layout.sorted_by_cell(findings)
        return InputError(placed) if placed else None

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        """The outcomes of all cases; a case with an error in its input has one that says so."""
        return self.compared

    runs = required_outcomes

    @property
    def options(self) -> dict[str, str]:
        rate, year = self.start.case.settings.discount_rate, self.unforeseen
        return {
            "Scenarios": ", ".join(self.chosen),
            **self.asked.changes,
            UNFORESEEN_BEFORE: "" if year is None else str(year),
            DISCOUNT_RATE: words.percent(rate) if rate > 0 else "",
            "Loss of a supplier": "The loss is known from the scenario's first year, so the"
            " coalition chooses all its purchases again. planner stress keeps the purchases of an"
            " agreed plan instead.",
        }

    @property
    def what_ifs(self) -> tuple[WhatIf, ...]:
        return self.asked.what_ifs

    @property
    def trouble(self) -> str:
        return HOW_TO_ADD_SCENARIOS if len(self.cases) == 1 else ""

    # ---- tables ----------------------------------------------------------------------------------

    def further_cells(self, outcome: Outcome[Any]) -> Row:
        entry = next(e for e in self.entries if e.name == outcome.name)
        objectives = {o.name: o.objective for o in self.compared}
        now, base = (None if e.context is None else e.context.plan
                     for e in (entry, self.entries[0]))  # fmt: skip
        row: Row = {
            "more": net_change(outcome.objective, None if base is None else base.objective),
            "cash_more": None if now is None or base is None else net_change(now.cash, base.cash),
            "binding": None if now is None else len(binding(now)),
            "changes": cases.changes_in_words(self.start.book.case, entry.of.variant),
        }  # fmt: skip
        if self.unforeseen is not None:
            foreseen = entry.of.foreseen
            row["foresight"] = cases.UNFORESEEN if foreseen else "foreseen"
            if foreseen:
                row["surprise"] = net_change(outcome.objective, objectives.get(foreseen))
        return row

    def tables(self) -> list[Result]:
        main, *others = super().tables()
        base, *later = self.entries
        planned = {e.name: e.context for e in later if e.context is not None}
        built = None if base.context is None else projects_built(base.context, planned)
        more: list[Result | None] = [
            self._missing_by_year(),
            self._missing_by_tier(),
            self._decide_now(),
            scenario_inputs(self.entries, self.start.book.layout.address),
            built if built is not None and len(built) else None,
        ]
        return [main, *others, *(table for table in more if table is not None)]

    def _decide_now(self) -> DecideNow | None:
        """Return the first year's decisions that differ from the base; None if none does."""
        changes = {e.name: e.planned.decisions for e in self.entries[1:] if e.planned}
        table = DecideNow.of_changes(changes, self.entries[0].case)
        return table if len(table) else None

    def _missing_by_year(self) -> Result | None:
        """Return one row per scenario, mineral and year; None if no case has a plan."""
        base = self.numbers(self.compared[0])
        named, rows = [(o.name, o.result) for o in self.compared], list[Row]()
        for name, kept in named:
            if kept is None:
                continue
            missing = kept.numbers.missing_by_year(base)
            ever = {m for (m, _), (_, t, more) in missing.items() if t > 0 or (more or 0.0) < 0}
            rows += [
                {"run": name, "mineral": mineral, "year": year, **row_of_need(*tonnes)}
                for (mineral, year), tonnes in missing.items()
                if mineral in ever
            ]
        return table_from(MissingByYear, rows, self.texts) if named[0][1] or rows else None

    def _missing_by_tier(self) -> Result | None:
        """Return one row per scenario, mineral, member and tier; None without tiers."""
        sums = {e.name: _by_tier(e.context.plan) for e in self.entries if e.context is not None}
        base = sums.get(self.entries[0].name, {})
        rows: list[Row] = []
        for name, tiers in sums.items():
            for key, (need, missing) in tiers.items():
                more = net_change(missing, base.get(key, (0.0, 0.0))[1]) or 0.0
                of_tier = dict(zip(("mineral", "member", "tier"), key, strict=True))
                rows.append({"run": name, **of_tier, **row_of_need(need, missing, more)})
        return table_from(MissingByTier, rows, self.texts) if rows else None

    def sheets(self, tables: Tables, of_plans: list[Table] | None = None) -> list[Table]:
        return [*super().sheets(tables), *(of_plans or self.differing())]

    def all_rows(self, tables: Tables) -> list[Table]:
        return self.sheets(tables, sheets_of_plans(self.entries, are_all=True))

    def scenario_rows(self, tables: Tables) -> list[Record]:
        """Return the scenarios in JSON: their numbers, and their difference from the base."""
        rows, beside = self.rows, (Comparison.foresight, Comparison.surprise)
        has = [f for f in (Comparison.more, *beside) if f.name in tables[Comparison].data]
        pairs = zip(self.compared, records(tables[Comparison], *has), strict=True)
        return [
            {"scenario": o.name, **self.entry_of(rows[o.name], o.error), **more}
            for o, more in pairs
        ]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return its keys; there is no one scenario."""
        return answered(self.ANSWER, self, tables)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        return _ComparisonFindings(tables).sentences()


def sheets_of_plans(entries: Sequence[Entry], *, are_all: bool = False) -> list[Table]:
    """Return the sheets of all plans, with the rows that differ, or all rows if ``are_all``."""
    plans = [
        (e.name, e.context, e.planned.sheets if e.planned else plan_sheets(e.context.plan))
        for e in entries
        if e.context is not None
    ]
    return list(stacked(plans, are_all=are_all)) if plans else []


SMALL = tolerances.MISSING_PART
_HARDEST = "Hardest is the scenario"


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
        self.foreseen_word = " foreseen" if self.surprises else ""

    def sentences(self) -> tuple[Sentence, ...]:
        if RunMinerals not in self.tables:
            return (say("answer", "The base has no plan, so nothing could be compared."),)
        if not self.foreseen:
            alone = say("answer", "Only the base is planned, without a scenario.")
            return (*collect_sentences(self.nothing, self.base), alone)
        return collect_sentences(
            self.nothing, self.hardest, self.tiers, self.next_hardest, self.surprised, self.base,
            self.dearest, self.decisions, self.warnings,
        )  # fmt: skip

    def _missing(self, names: Sequence[str]) -> SheetRows:
        return self.tables.sheet(RunMinerals).where(run=list(names))

    def nothing(self) -> Iterator[Sentence]:
        """Yield that no case needs anything."""
        yield from nothing_needed(self.tables.sheet(RunMinerals), RunMinerals.missing_share)

    def _harm(self, names: Sequence[str], hardest: str = _HARDEST) -> Harm:
        return Harm(
            self._missing(names), RunMinerals.further_missing_share,
            hardest=f"{hardest} {{most[run]}}", plain="In {most[run]}", next="Next is {most[run]}",
            same="As much is missing in {most[run]}", than="than in the base",
        )  # fmt: skip

    def hardest(self) -> Iterator[Sentence]:
        """Yield the scenario that leaves most further missing, and how many minerals it hits."""
        rows, fields = self._missing(self.foreseen), RunMinerals
        start = "Of the foreseen scenarios, hardest is" if self.surprises else _HARDEST
        harm = self._harm(self.foreseen, start)
        if (most := harm.most(rows)) is None:
            if not self._hits_a_tier(self.foreseen):
                none = rows.none(fields.further_missing_share, ">", SMALL)
                text = (
                    f"In no{self.foreseen_word} scenario is a mineral further missing than in the"
                    " base."
                )
                yield say("answer", text, none=none)
            least = rows.smallest(fields.further_missing_share)
            need = rows.row_of(least).value(fields.need)
            base = self._missing([BASE]).value(fields.need, mineral=least["mineral"])
            # of another need, fewer tonnes may be any share
            if least.number < -SMALL and math.isclose(need.number, base.number):
                yield say("answer", "In {least[run]}, {least} of the need for {least[mineral]} is"
                                    " missing than in the base.", least=least)  # fmt: skip
            return
        yield harm.of_hardest(most)
        hit = self._missing([most["run"]]).count(fields.further_missing_share, ">", SMALL)
        asked = self._missing([most["run"]]).count(fields.need, ">", 0.0)
        are = "is" if hit.number == 1 else "are"
        yield say("figure", f"In {{most[run]}}, {{hit}} of {{asked}} minerals {are} further missing"
                            " than in the base.", name="Minerals that run shorter", large="hit",
                  hit=hit, asked=asked, most=most)  # fmt: skip

    def next_hardest(self) -> Iterator[Sentence]:
        harm = self._harm(self.foreseen)
        if (most := harm.most(harm.rows)) is None:
            return
        rest = [name for name in self.foreseen if name != most["run"]]
        others = self._missing(rest)
        if (follows := harm.most(others)) is not None:
            yield harm.of_next(most, follows, others)
        elif not self._hits_a_tier(rest):
            none = others.none(RunMinerals.further_missing_share, ">", SMALL)
            yield say("answer", f"In no other{self.foreseen_word} scenario is a mineral further"
                                " missing than in the base.", none=none)  # fmt: skip

    def surprised(self) -> Iterator[Sentence]:
        """Yield the surprise that leaves most further missing."""
        harm = self._harm(self.surprises, "Of the surprises, hardest is")
        if (most := harm.most(harm.rows)) is not None:
            yield harm.of_hardest(most, "figure", "As a surprise")

    def _hits_a_tier(self, names: Sequence[str]) -> bool:
        """Return whether more of a tier is missing: others may get its tonnes, and the sum stay."""
        try:
            rows = self.tables.sheet(MissingByTier).where(run=list(names), tier={"not": None})
            return rows.largest(MissingByTier.further_missing_share).number > SMALL
        except NoRowsError:
            return False

    def tiers(self) -> Iterator[Sentence]:
        """Yield the use of which most is further missing, if other uses miss less."""
        fields, names = MissingByTier, [*self.foreseen, *self.surprises]
        rows = self.tables.sheet(fields).where(run=names)
        most, *_ = hit_apart(
            rows, fields.further_missing_share, fields.run, fields.mineral, fields.member
        )
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
        yield from decide_now(self.tables.sheet(DecideNow), "the base", is_one=False)

    def warnings(self) -> Iterator[Sentence]:
        text = "Each scenario is planned as if it were known from the beginning."
        if self.surprises:
            text += " Surprises keep what the base plan decides before they come."
        yield say("care", text)
