"""A kind of study: a question that many plans of one workbook answer; each is one file beside this.

A kind says which runs there are and what is kept of each, declares the tables that come of them,
and makes charts and the finding of these tables alone. So one command runs every kind
(``planner.cli.study``), and a report made later, of the workbook, says the same.

``StudyKind`` has a default for all that most kinds say alike: how many runs are planned, the rows
of its tables for a program (``RECORDS``), its first table for the terminal, and the share of
tariffs in its plans' costs. ``planner.render.chart`` makes charts of a table (``bars``, ``lines``,
``heat``), of the largest rows (``top``, ``some_of``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from models.errors import PlannerError
from models.plan import OPTIMAL
from models.results import About, Field, Result
from models.results import Figure as Measure
from planner.render.chart import Picture, drawn
from planner.render.table import Record, Table, records, table_of
from planner.render.words import counted, span, tariff_words
from planner.stops import Stop
from planner.studies.engine import Outcome, Tell
from planner.workbook.plan_file import read_back

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan
    from planner.run import Start
    from planner.scenarios import WhatIf
    from planner.studies.places import Where

R = TypeVar("R", bound=Result)

YEARS, BASIS = Measure.YEARS, Measure.SHARE_BASIS
"""Rows of About that charts and findings read, whichever the kind."""
ASSUMED = ("Money", "Tariffs", str(Measure.ESTIMATES))
"""Rows of About that every kind's first page shows, too: whether money is discounted, how much of
it is tariffs, and what is an estimate."""


class Tables:
    """The declared tables of a study, by their classes: as they were made, or read back."""

    def __init__(self, results: Iterable[Result]) -> None:
        self.results = {type(result): result for result in results}

    def __getitem__(self, kind: type[R]) -> R:
        results = (r for each, r in self.results.items() if issubclass(each, kind))
        return cast("R", next(results, None) or self.results[kind])

    def rows(self, kind: type[Result], *fields: Field) -> Iterable[tuple[Any, ...]]:
        """Return the values of some fields of a table row by row; none of one that is not there."""
        return self[kind].rows(*fields) if kind in self else ()

    def __contains__(self, kind: type[Result]) -> bool:
        return any(issubclass(each, kind) and len(r) for each, r in self.results.items())

    def option(self, name: str) -> str:
        """Return what was asked or assumed, by the name of its row in About."""
        return self[About].option(name)

    def records(self, kind: type[Result]) -> list[Record]:
        """Return the rows of a table as JSON has them; none of one that is not there."""
        return records(self[kind]) if kind in self else []

    @classmethod
    def read(cls, sheets: Mapping[str, pd.DataFrame], declared: Iterable[type[Result]]) -> Tables:
        """Return the tables that a study's workbook holds.

        Where several are declared of one sheet, it is the one most of whose headers it has.
        """
        best: dict[str, Result] = {}
        for kind in declared:
            if kind.TABLE in sheets:
                result = read_back(sheets[kind.TABLE], kind)
                if kind.TABLE not in best or _filled(result) > _filled(best[kind.TABLE]):
                    best[kind.TABLE] = result
        return cls(best.values())


def _filled(result: Result) -> int:
    return sum(any(v is not None for v in result.data[f.name]) for f in result.fields)


@dataclass(frozen=True)
class KeyFigure:
    """A number of the finding: what it is, the number in words, and what is said beside it."""

    name: str
    value: str
    remark: str


@dataclass(frozen=True)
class Headline:
    """The finding in a sentence or two, and the numbers that it rests on.

    ``care`` are the sentences that say how to read them: at most three. ``look_up`` are cells to
    look up first, each with what is there.
    """

    finding: str
    figures: tuple[KeyFigure, ...] = ()
    care: tuple[str, ...] = ()
    look_up: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Numbers:
    """A table to be read as such: some fields of a result, or all, under a heading."""

    result: Result
    fields: tuple[Field, ...] = ()
    heading: str = ""
    note: str = ""

    def view(self, *pictures: Picture | None) -> dict[str, View]:
        """Return the one view of a section without a choice: the numbers behind charts."""
        return {"": (drawn(*pictures), self)}


View = tuple[Sequence[Picture], Numbers]
"""Charts, and the numbers behind them."""


@dataclass(frozen=True)
class Section:
    """A part of the report: charts, and the numbers behind them, by what a reader may choose.

    ``views`` is by the option of the list ``choice``; "" alone where there is nothing to choose.
    """

    key: str
    heading: str
    lead: str
    views: Mapping[str, View]
    choice: str = ""
    blocks: tuple[Numbers, ...] = ()

    @staticmethod
    def views_by(
        table: R,
        field: Field,
        draw: Callable[[Any, R], Picture | None],
        name: Callable[[Any], str] = str,
    ) -> dict[str, View]:
        """Return a view for each value of a field: a chart of its rows, and their other fields.

        ``name`` says what a value is called.
        """
        fields, views = tuple(f for f in table.fields if f.name != field.name), dict[str, View]()
        for value in dict.fromkeys(table.data[field.name]):
            rows = table.where([each == value for each in table.data[field.name]])
            views[name(value)] = (drawn(draw(value, rows)), Numbers(rows, fields))
        return views


class StudyKind:
    """A study of a workbook: what it asks, how it is planned, and what comes of it.

    A class's docstring is the help of its command. ``start`` is the workbook with the case that the
    command's words make of it; ``outcomes`` and ``stopped`` are there once it is planned.
    """

    NAME: ClassVar[str]
    """The command, and the end of its workbook's name."""
    TITLE: ClassVar[str]
    """What a study of the kind is called."""
    QUESTION: ClassVar[str]
    WRITES: ClassVar[str]
    """What its workbook is called, as in: the frontier."""
    RESULTS: ClassVar[tuple[type[Result], ...]]
    """The declared tables of its workbook that findings and charts are made of, its own first."""
    HEADING: ClassVar[str] = "{plan}: {subject}"
    """The title of its workbook, of the plan's name and of what was studied."""
    PART: ClassVar[str] = ""
    """How help calls what ``part`` puts into the name of its workbook."""
    LACKING: ClassVar[str] = "no run planned"
    """What is said where nothing can be written."""
    OPTIONS: ClassVar[tuple[Callable[[Any], Any], ...]] = ()
    """The click options beyond those that all studies share."""
    SCENARIO: ClassVar[bool] = True
    """Whether ``--scenario`` says which case is studied."""
    WHAT_IFS: ClassVar[bool] = True
    """Whether what-ifs may be asked for."""
    RUN: ClassVar[str] = "run"
    """What one of its runs is called, and in ``PROGRESS`` how many are planned of how many."""
    PROGRESS: ClassVar[str] = "{count} planned"
    RECORDS: ClassVar[tuple[str, ...]] = ()
    """The keys in JSON of the rows of ``RESULTS``, in their order."""
    READ_IN: ClassVar[str] = ""
    """The module of the functions that read its plans, if not its own: what workers need of it."""
    MONEY: ClassVar[str] = ""
    """Whether its money is discounted, in words; "" where it shows none."""
    LIMIT: ClassVar[str] = ""
    """The help of ``--max-country-share``; "" where there is no such option."""

    task: str = ""
    """What is planned, in words: ``13 points``."""
    outcomes: Sequence[Outcome[Any]] = ()
    stopped: Stop | None = None

    def __init__(self, start: Start) -> None:
        self.start = start

    @classmethod
    def base(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Take those options that make the case that is studied, as ``start_file`` takes them."""
        taken = {"asked": "what_ifs", "scenario": "scenario", "max_country_share": "", "search": ""}
        return {to or name: options.pop(name) for name, to in taken.items() if name in options}

    @classmethod
    def part(cls, options: Mapping[str, Any]) -> str:
        """Return what tells its workbook from others that it makes of the same input, if any do."""
        del options
        return ""

    # ---- to be planned ---------------------------------------------------------------------------

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the study at a place; afterwards ``outcomes`` and ``stopped`` are known."""
        raise NotImplementedError

    # ---- what came of it -------------------------------------------------------------------------

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """The outcomes without which the command has failed."""
        return self.outcomes

    @property
    def planned(self) -> bool:
        """Whether anything is planned, so that there is a workbook to write."""
        return any(outcome.planned for outcome in self.judged)

    @property
    def errors(self) -> PlannerError | None:
        """What is wrong beside runs without a plan."""
        return None

    @property
    def status(self) -> str:
        """The status that the command reports once it is planned: optimal or feasible."""
        return OPTIMAL

    @property
    def progress_label(self) -> str:
        """How much of it is planned: ``3 of 13 points planned``."""
        planned = sum(outcome.planned for outcome in self.judged)
        return self.PROGRESS.format(count=f"{planned:,} of {counted(len(self.judged), self.RUN)}")

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """The outcomes that the sheet Runs lists."""
        return self.outcomes

    @property
    def subject(self) -> str:
        """What is studied, in words; the years, where the kind alone says it."""
        return span(self.start.case.years)

    @property
    def plan_name(self) -> str:
        """The plan's title, else the input file's name."""
        return self.start.book.title or self.TITLE

    @property
    def title(self) -> str:
        """The title of its workbook."""
        return self.HEADING.format(plan=self.plan_name, subject=self.subject)

    @property
    def options(self) -> dict[str, str]:
        """What was asked and assumed: the rows of About, by name."""
        return self.start.options

    @property
    def what_ifs(self) -> tuple[WhatIf, ...]:
        """The what-ifs that the command asked for."""
        return self.start.variant.what_ifs

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plans whose costs it shows, by what a sentence calls them."""
        return {}

    @property
    def tariff_sentence(self) -> str:
        """How much of its costs is tariffs and levies, and the costs net, once; "" of none."""
        costs = {name: plan.cash_cost for name, plan in self.plans.items()}
        return tariff_words(costs, self.start.case.settings.currency)

    @property
    def trouble(self) -> str:
        """What is not known though it was asked for."""
        return ""

    def tables(self) -> list[Result]:
        """Return the declared tables, the study's own first."""
        raise NotImplementedError

    def sheets(self, tables: Tables) -> list[Table]:
        """Return the tables of its workbook as they are written, without About."""
        country = self.start.case.country_name
        return [table_of(r, country) for kind, r in tables.results.items() if kind is not About]

    def all_rows(self, tables: Tables) -> list[Table]:
        """Return the sheets with all rows, as CSV files have them; a workbook may have fewer."""
        return self.sheets(tables)

    def beside(self) -> tuple[str, Callable[[Path], object]] | None:
        """Return the end of the name of a plan beside its workbook, and what writes it, if any."""
        return None

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return what a program hears beyond what it hears of every study."""
        rows = zip(self.RECORDS, map(tables.records, self.RESULTS), strict=False)
        return {"scenario": self.start.case.scenario, **dict(rows)}

    def terminal_tables(self, tables: Tables) -> Iterable[str | Numbers]:
        """Return what a person reads on the terminal: lines and tables, from top to bottom."""
        return (Numbers(tables[self.RESULTS[0]]),)

    def label(self, outcome: Outcome[Any]) -> str:
        """Return what messages call a run."""
        return outcome.name

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Return the finding, its key figures and how to read them, from the tables alone."""
        raise NotImplementedError

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return the charts of its workbook, the first page's first; none by default."""
        del tables
        return ()

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the parts of its report, from the tables alone."""
        raise NotImplementedError
