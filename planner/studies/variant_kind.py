"""A study of variants: what all of them do with the runs of their source.

A kind says which runs there are (``source``) and names its main sheet. It may add tables and
findings of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from models import tolerances
from models.program import CashCost
from models.results import Field, Result
from models.results.common import words_of
from models.results.numbers import ALL, PlanNumbers
from planner.render import words
from planner.render.chart import Picture
from planner.render.claims import Sentence, SheetRows, collect_sentences, say
from planner.render.keys import AnswerKey
from planner.render.table import Record, Table, json_value, table_of
from planner.studies import variant_charts
from planner.studies.engine import OnProgress, OnStage, Outcome, run_study
from planner.studies.kind import Numbers, Section, StudyKind, Tables
from planner.studies.source import PlannedRuns, RunSource
from planner.studies.variant_tables import (
    OF_MINERALS,
    Row,
    RunMinerals,
    RunTable,
    RunTotals,
    hardest_hit,
    heat_map,
    mineral_rows,
    table_from,
    with_named_costs,
)

if TYPE_CHECKING:
    from planner.studies.places import Where


class VariantStudy(StudyKind):
    """A study whose runs come from a ``Source``; the first run is the reference."""

    TOTALS: ClassVar[type[RunTotals]]
    """The main sheet, with one row per run."""
    RUN_HEADER: ClassVar[str] = "Run"
    """The header of the column that names a run."""
    BEFORE: ClassVar[str] = "the reference"
    """The reference in sentences: ``the base``."""

    MORE_NUMBERS: ClassVar[tuple[Field, ...]] = ()
    """Numbers of a run in JSON beside those of every study."""

    planned_source: PlannedRuns

    def __init_subclass__(cls) -> None:
        """List the tables of a kind that names only its main sheet."""
        super().__init_subclass__()
        if "TOTALS" in vars(cls) and "RESULTS" not in vars(cls):
            cls.RESULTS = (cls.TOTALS, RunMinerals)

    def source(self) -> RunSource:
        """Return the runs, the reference first."""
        raise NotImplementedError

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        del on_stage
        source = self.source()
        outcomes = run_study(source.study, where, on_progress)
        self.planned_source = source.split_outcomes(outcomes)
        self.outcomes, self.stopped = outcomes.every, outcomes.stopped

    # ---- tables ----------------------------------------------------------------------------------

    def numbers(self, outcome: Outcome[Any]) -> PlanNumbers | None:
        """Return the numbers of a run's plan; None without a plan."""
        kept = outcome.result
        return kept if kept is None or isinstance(kept, PlanNumbers) else kept.numbers

    def more(self, outcome: Outcome[Any]) -> Row:
        """Return what the main sheet's row of a run has beside its numbers."""
        del outcome
        return {}

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        """The rows of each run by mineral, all minerals together first; [] without a plan."""
        compared = self.planned_source.compared
        reference = self.numbers(compared[0])
        return {o.name: mineral_rows(o.name, self.numbers(o), reference) for o in compared}

    def tables(self) -> list[Result]:
        texts = words_of(self.start.case) | {"run": self.RUN_HEADER}
        rows, outcomes = self.rows, self.planned_source.compared
        totals = [
            {"run": o.name, "trouble": o.error} | (rows[o.name] or [{}])[0]
            | hardest_hit(rows[o.name]) | self.more(o)
            for o in outcomes
        ]  # fmt: skip
        by_run = [row for each in rows.values() for row in each if row["mineral"] != ALL]
        order = {name: i for i, name in enumerate(dict.fromkeys(r["mineral"] for r in by_run))}
        by_run.sort(key=lambda row: order[row["mineral"]])
        return [
            table_from(self.TOTALS, totals, texts),
            table_from(RunMinerals, by_run, texts),
        ]

    def sheets(self, tables: Tables) -> list[Table]:
        sheets = super().sheets(tables)
        if RunMinerals in tables:
            sheets.insert(1, table_of(self.heat(tables)))
        return sheets

    @classmethod
    def heat(cls, tables: Tables) -> Result:
        """Return what is further missing by run and mineral, as a matrix."""
        t = RunMinerals
        first = next(iter(tables[cls.TOTALS].run), "")
        rows = tables[t].where([run != first for run in tables[t].run])
        return heat_map(rows, (t.run,), t.mineral, t.further_missing_share)

    # ---- other surfaces --------------------------------------------------------------------------

    @property
    def tariff_sentence(self) -> str:
        costs = {
            o.name: CashCost(row["cash"], row["tariffs"], row["levies"])
            for o in self.planned_source.compared
            if (kept := self.numbers(o)) is not None
            for row in [kept.row()]
        }
        most = sorted(costs, key=lambda name: -costs[name].duties)[:1]
        shown = dict.fromkeys((*list(costs)[:1], *most))
        return words.tariff_words({n: costs[n] for n in shown}, self.start.case.settings.currency)

    @classmethod
    def entry_of(cls, rows: Sequence[Row], error: str = "") -> dict[str, object]:
        """Return a run in JSON: its numbers in all and by mineral; null without a plan.

        ``rows`` are its rows by mineral, all minerals together first.
        """
        total, minerals = (rows[0], rows[1:]) if rows else ({}, ())
        of_all = [f for f in RunTable.FIELDS if f.name not in OF_MINERALS and not f.fmt.is_text]
        of_one = [f for f in RunTable.FIELDS if f.name in OF_MINERALS and f.name != "mineral"]

        def numbers(row: Row, *more: Field) -> dict[str, object]:
            fields = (*of_all, *cls.MORE_NUMBERS, *more)
            values = {f.json_key: json_value(row.get(f.name)) for f in fields}
            return {**values, "served_share": served(row)}

        shares = {row["mineral"]: row["share"] for row in minerals if row["share"] is not None}
        return {
            **numbers(total),
            RunTable.share.json_key: shares,
            "by_mineral": {row["mineral"]: numbers(row, *of_one) for row in minerals},
            "error": error or None,
        }

    # ---- made from the tables alone --------------------------------------------------------------

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        """Return the sentences of the first page."""
        return collect_sentences(lambda: cls.hardest(tables), lambda: cls.dearest(tables))

    @classmethod
    def hardest(cls, tables: Tables) -> Iterable[Sentence]:
        """Yield which run leaves most further missing, and of which mineral."""
        t = RunMinerals
        first = next(iter(tables[cls.TOTALS].run), "")
        rows = SheetRows(tables[t]).where(run={"not": str(first)})
        most = rows.largest(t.further_missing_share)
        if most.number <= tolerances.MISSING_PART:
            none = rows.none(t.further_missing_share, ">", tolerances.MISSING_PART)
            yield say("answer", f"No run leaves more missing than {cls.BEFORE}.", none=none)
            return
        yield say(
            "answer",
            "{most[run]} leaves most missing: {most} of the need for {most[mineral]} is further"
            f" missing than in {cls.BEFORE}.",
            most=most,
        )

    @classmethod
    def dearest(cls, tables: Tables) -> Iterable[Sentence]:
        """Yield the run with the largest extra cost, of those that buy enough to name one."""
        t, named = cls.TOTALS, with_named_costs(tables[RunMinerals])
        runs = [name for name in list(tables[t].run)[1:] if name in named]
        most = SheetRows(tables[t]).where(run=runs).largest(t.extra_cost_share)
        if most.number > 0:
            text = f"In {{most[run]}} the same tonnes cost {{most}} more than in {cls.BEFORE}."
            yield say("figure", text, name=t.extra_cost.header, large="most", most=most)

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        t = cls.TOTALS
        fields = (t.run, t.cash, t.extra_cost_share, t.hit, t.hit_share)
        return Numbers(tables[t], fields) if t in tables else None

    @classmethod
    def legend(cls, tables: Tables) -> str:
        del tables
        return f"Extra cost and further missing: compared with {cls.BEFORE}."

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return variant_charts.charts(tables[cls.TOTALS])

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        first, *others = super().sections(tables)
        heat = [heat_section(cls.heat(tables))] if RunMinerals in tables else []
        return (first, *heat, *others)


def heat_section(heat: Result) -> Section:
    """Return a heat map as a part of the report."""
    lead = "What is further missing. Blank: nothing is."
    view = Numbers(heat).view(variant_charts.heat_picture(heat))
    return Section("heat-map", "Heat map", lead, view)


def served(row: Row) -> float | None:
    """Return the share of need that is met; None without a plan, 1 where nothing is needed."""
    if not row:
        return None
    return 1.0 - (row["missing_share"] or 0.0)


def _runs(study: VariantStudy, _: Tables) -> list[Record]:
    runs = study.planned_source.compared
    return [{"run": o.name, **study.entry_of(study.rows[o.name], o.error)} for o in runs]


VariantStudy.ANSWER = (AnswerKey("rows", "the runs", _runs, ("run", *VariantStudy.entry_of(()))),)
