"""A kind of study: a question that many plans of one workbook answer. Each kind has its own file.

A kind declares its runs, what is kept of each, and its tables. Charts and the finding are made from
these tables alone, so a report that is made later from the workbook says the same. One command runs
every kind (``planner.cli.study``).

``planner.render.chart`` makes charts of a table (``bars``, ``lines``) and of its largest
rows (``top``, ``some_of``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from models.errors import PlannerError
from models.plan import OPTIMAL
from models.program import CashCost
from models.results import About, Field, Figure, Name, Result
from planner.render.chart import Picture, drawn, is_worth_drawing
from planner.render.claims import Sentence, SheetTables, collect_sentences
from planner.render.front import FirstPage, first_columns
from planner.render.keys import AnswerKey, AnswerKeys, answered
from planner.render.table import Record, Table, records, table_of
from planner.render.words import tariff_words, year_span
from planner.stops import Stop
from planner.studies.engine import OnProgress, OnStage, Outcome, Study, run_study
from planner.workbook.plan_file import code_of, read_back

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan
    from planner.scenarios import WhatIf
    from planner.scenarios.start import Start
    from planner.studies.places import Where

R = TypeVar("R", bound=Result)

BASIS = Figure.SHARE_BASIS
"""A row of About that charts and findings of several kinds read."""
ASSUMED = ("Money", "Tariffs", str(Figure.ESTIMATES))
"""Rows of About that every first page shows: whether money is discounted, tariffs, estimates."""

PARTIAL = "The study was stopped: what is said here is only of the runs that finished."
"""What the first page of a stopped study says."""

_REPORTED = 200
"""Most rows of a table in the report."""


class Tables(SheetTables):
    """The declared tables of a study by their classes, computed or read back from a workbook."""

    def __init__(self, results: Iterable[Result], country: Callable[[str], str] = str) -> None:
        super().__init__(self._with_rows, country)
        self.results = {type(result): result for result in results}

    def _with_rows(self, kind: type[Result]) -> Result | None:
        filled = (r for each, r in self.results.items() if issubclass(each, kind) and len(r))
        return next(filled, None)

    def __getitem__(self, kind: type[R]) -> R:
        results = (r for each, r in self.results.items() if issubclass(each, kind))
        return cast("R", next(results, None) or self.results[kind])

    def rows(self, kind: type[Result], *fields: Field) -> Iterable[tuple[Any, ...]]:
        """Return the values of some fields of a table row by row; () if there is no such table."""
        return self[kind].rows(*fields) if kind in self else ()

    def __contains__(self, kind: type[Result]) -> bool:
        return self._with_rows(kind) is not None

    def option(self, name: str) -> str:
        """Return the value of a row of About; "" if the row or the table is missing."""
        return self[About].option(name) if About in self else ""

    @property
    def years(self) -> str:
        """The planned years: ``2026 to 2035``."""
        return year_span(
            int(y) for y in map(self.option, (Figure.FIRST_YEAR, Figure.LAST_YEAR)) if y
        )

    def records(self, kind: type[Result]) -> list[Record]:
        """Return the rows of a table in JSON; [] if there is no such table."""
        return records(self[kind]) if kind in self else []

    @classmethod
    def read(cls, sheets: Mapping[str, pd.DataFrame], declared: Iterable[type[Result]]) -> Tables:
        """Return the tables that a study's workbook holds, with countries named as there.

        If several tables are declared for one sheet, the one with most headers on it is used.
        """
        best: dict[str, Result] = {}
        for result in (read_back(sheets[k.TABLE], k) for k in declared if k.TABLE in sheets):
            best[result.TABLE] = max(best.get(result.TABLE, result), result, key=_filled_columns)
        names = {code_of(str(v)): str(v) for v in _country_names(sheets, best.values())}
        return cls(best.values(), lambda code: names.get(code, code))


def _country_names(sheets: Mapping[str, pd.DataFrame], results: Iterable[Result]) -> Iterable[Any]:
    """Yield the names of countries on the sheets of some tables."""
    for result in results:
        position_of = result.positions([str(header) for header in sheets[result.TABLE].columns])
        for f in result.FIELDS:
            if f.names is Name.COUNTRY and f.name in position_of:
                yield from sheets[result.TABLE].iloc[:, position_of[f.name]].dropna().unique()


def _filled_columns(result: Result) -> int:
    return sum(any(v is not None for v in result.data[f.name]) for f in result.fields)


@dataclass(frozen=True)
class Numbers:
    """A table shown as numbers: some fields of a result, or all."""

    result: Result
    fields: tuple[Field, ...] = ()

    def view(self, *pictures: Picture | None) -> View:
        """Return charts and these numbers, for a section of the report."""
        return drawn(*pictures), self


View = tuple[Sequence[Picture], Numbers]
"""Charts, and the numbers behind them."""


@dataclass(frozen=True)
class Section:
    """A part of the report: charts, and the numbers behind them."""

    key: str
    heading: str
    lead: str
    view: View


TROUBLE: AnswerKeys = (
    AnswerKey("trouble", "results that are not known, in words", lambda s, _: s.trouble or None),
)
"""A key that several kinds have."""


class StudyKind:
    """A study of a workbook: its question, its runs and its results.

    A class's docstring is the help of its command. ``start`` is the workbook, with the case after
    the command's options are applied. ``plan`` sets ``outcomes`` and ``stopped``.
    """

    NAME: ClassVar[str]
    """The command's name, which is also the suffix of the workbook's file name."""
    TITLE: ClassVar[str]
    """The name of a study of this kind."""
    QUESTION: ClassVar[str]
    WRITES: ClassVar[str]
    """The name of its workbook in sentences, for example ``frontier``."""
    RESULTS: ClassVar[tuple[type[Result], ...]]
    """The declared tables from which findings and charts are made, the main one first."""
    HEADING: ClassVar[str] = "{plan}: {what_is_studied}"
    """The title of its workbook, built from the plan's name and what is studied."""
    PART: ClassVar[str] = ""
    """The word in the help for what ``file_part`` adds to the name of the workbook."""
    OPTIONS: ClassVar[tuple[Callable[[Any], Any], ...]] = ()
    """The click options beyond those that all studies share."""
    SCENARIO: ClassVar[bool] = True
    """Whether ``--scenario`` chooses the case that is studied."""
    WHAT_IFS: ClassVar[bool] = True
    """Whether the command takes what-ifs."""
    ANSWER: ClassVar[AnswerKeys] = ()
    """The keys of its JSON answer beyond those of every kind; the manual lists them."""
    MONEY: ClassVar[str] = ""
    """Whether its money is discounted, in words; "" if it shows no money."""
    SHOWN: ClassVar[tuple[Field, ...]] = ()
    """The fields of the first page's table, at most nine."""
    NOTE: ClassVar[str] = ""
    """What stands below the first page's table: its order, its reference, its terms."""
    TOPICS: ClassVar[tuple[Callable[[Tables], Iterable[Sentence]], ...]] = ()
    """Functions that yield the sentences of its first page, in their order."""
    LIMIT: ClassVar[str] = ""
    """The help of ``--max-country-share``; "" if there is no such option."""

    task: str = ""
    """The runs to plan, in words: ``13 points``."""
    outcomes: Sequence[Outcome[Any]] = ()
    stopped: Stop | None = None

    def __init__(self, start: Start) -> None:
        self.start = start

    @classmethod
    def take_case_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Remove from ``options`` those that change the case, and return them for ``start_file``.

        The keys of what is returned are names of its arguments.
        """
        used_names = {
            "asked": "what_ifs",
            "scenario": "scenario",
            "max_country_share": "",
            "search": "",
        }
        return {to or name: options.pop(name) for name, to in used_names.items() if name in options}

    @classmethod
    def file_part(cls, options: Mapping[str, Any]) -> str:
        """Return the part of the file name that distinguishes studies of the same input, or ""."""
        del options
        return ""

    # ---- planning --------------------------------------------------------------------------------

    def study(self) -> Study[Any]:
        """Return the runs; a kind that plans more than one study has a ``plan`` of its own."""
        raise NotImplementedError

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        """Plan the study at a place, and set ``outcomes`` and ``stopped``."""
        del on_stage
        outcomes = run_study(self.study(), where, on_progress)
        self.outcomes, self.stopped = outcomes.of_runs, outcomes.stopped

    # ---- results ---------------------------------------------------------------------------------

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        """The outcomes that must have a plan; otherwise the command has failed."""
        return self.outcomes

    @property
    def has_plan(self) -> bool:
        """Whether anything is planned, so that there is a workbook to write."""
        return any(outcome.is_planned for outcome in self.required_outcomes)

    @property
    def errors(self) -> PlannerError | None:
        """Errors other than runs without a plan."""
        return None

    @property
    def status(self) -> str:
        """The status that the command reports once it is planned: optimal or feasible."""
        return OPTIMAL

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """The outcomes that the sheet Runs lists."""
        return self.outcomes

    @property
    def what_is_studied(self) -> str:
        """What is studied, for the title (``HEADING``); by default the years."""
        return year_span(self.start.case.years)

    @property
    def title(self) -> str:
        plan = self.start.book.title or self.TITLE
        return self.HEADING.format(plan=plan, what_is_studied=self.what_is_studied)

    @property
    def options(self) -> dict[str, Any]:
        """The study's options and assumptions: rows of About, by name."""
        return self.start.options

    @property
    def what_ifs(self) -> tuple[WhatIf, ...]:
        return self.start.variant.what_ifs

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plans whose costs it shows, by their names in sentences."""
        return {}

    @property
    def paid(self) -> Mapping[str, CashCost]:
        """The cash costs that it shows, by the names of plans in sentences."""
        return {name: plan.cash_cost for name, plan in self.plans.items()}

    @property
    def tariff_sentence(self) -> str:
        """A sentence on tariffs and levies in its costs, and the net costs; "" without any."""
        return tariff_words(self.paid, self.start.case.settings.currency)

    @property
    def trouble(self) -> str:
        """Results that were asked for and are not known, in words."""
        return ""

    def tables(self) -> list[Result]:
        """Return the declared tables, the main one first."""
        raise NotImplementedError

    def sheets(self, tables: Tables) -> list[Table]:
        """Return the sheets of its workbook, without About."""
        country = self.start.case.country_name
        return [table_of(r, country) for kind, r in tables.results.items() if kind is not About]

    def all_rows(self, tables: Tables) -> list[Table]:
        """Return the sheets with all rows, for CSV files; a workbook may have fewer rows."""
        return self.sheets(tables)

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return the fields of the JSON answer that only this kind has, and the scenario."""
        return {"scenario": self.start.case.scenario, **answered(self.ANSWER, self, tables)}

    def name_of_run(self, outcome: Outcome[Any]) -> str:
        """Return a run's name as messages say it."""
        return outcome.name

    # ---- made from the tables alone --------------------------------------------------------------

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        """Return the sentences of the first page, from the tables alone."""
        return collect_sentences(*(partial(make, tables) for make in cls.TOPICS))

    @classmethod
    def front(cls, tables: Tables, title: str) -> FirstPage:
        """Return the first page: findings, the first charts, some columns of the main table."""
        pictures = [*filter(is_worth_drawing, cls.pictures(tables))]
        panels = list(takewhile(lambda picture: picture.is_panel, pictures))
        drawn = panels or pictures[:1]
        shown = cls.main_table(tables)
        table = None
        if shown is not None:
            whole = table_of(shown.result, tables.country)
            table = first_columns(whole, shown.result, shown.fields)
        page = FirstPage(title, cls.QUESTION, cls.findings(tables), table, tuple(drawn))
        return replace(page, table_note=cls.table_note(tables) if shown else "")

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the rows and the fields of the first page's table, by default of the main one."""
        main = cls.RESULTS[0]
        return Numbers(tables[main], cls.SHOWN) if main in tables else None

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        """Return the note below the first page's table, if there is one (``NOTE``)."""
        del tables
        return cls.NOTE

    def page(self, tables: Tables, title: str) -> FirstPage:
        """Return the first page; if the study was stopped, it says that runs are missing."""
        return replace(self.front(tables, title), proof=PARTIAL if self.stopped else "")

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return the charts of its workbook, those of the first page first."""
        del tables
        return ()

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the parts of its report: its tables, the charts above the first of them."""
        tables_with_rows = [
            t for t in tables.results.values() if isinstance(t, cls.RESULTS) and len(t)
        ]
        charts = cls.pictures(tables)
        return tuple(section_of(t, *(() if i else charts)) for i, t in enumerate(tables_with_rows))


def section_of(table: Result, *pictures: Picture | None) -> Section:
    """Return a table as a part of the report: its first rows, without what is not printed."""
    lead, rows = " ".join((table.__doc__ or "").replace("``", "").split()), table
    if len(table) > _REPORTED:
        rows = table.take([*range(_REPORTED)])
        lead = f"{lead} The first {_REPORTED} of {len(table):,} rows; the workbook has all."
    numbers = Numbers(rows, tuple(f for f in table.fields if f.printed))
    key = "-".join(table.TABLE.lower().split())
    return Section(key, table.TABLE, lead, numbers.view(*pictures))
