"""A plan with its workbook and its run: all that sheets are made from."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from models.case import Case, in_force
from models.errors import Finding
from models.plan import Plan
from models.schema import COALITION, EACH_OUTSIDE, Settings, is_estimate
from models.solve.highs import version
from planner import _version, workbook
from planner.render.words import counted, share_words, year_span

T = TypeVar("T")


@dataclass(frozen=True)
class RunRecord:
    """What a run records of itself: versions, and the time [UTC], which differs between runs."""

    planner: str = _version.__version__
    solver: str = field(default_factory=version)
    python: str = field(default_factory=platform.python_version)
    written: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


@dataclass(frozen=True)
class Context:
    """A plan with everything that its sheets show.

    ``without_limits`` is the plan of the same case without share limits; ``timings`` are in
    seconds; ``made_with`` are the run's options, name and value as typed.
    """

    plan: Plan
    book: workbook.Book
    without_limits: Plan | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    made_with: Sequence[tuple[str, str]] = ()
    record: RunRecord = field(default_factory=RunRecord)
    cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """Results that ``once`` keeps, by function."""

    @property
    def case(self) -> Case:
        return self.plan.case

    @property
    def warnings(self) -> tuple[Finding, ...]:
        own = self.plan.findings
        return (
            self.book.layout.sorted_by_cell((*self.book.warnings, *own))
            if own
            else self.book.warnings
        )

    @property
    def currency(self) -> str:
        return self.case.settings.currency

    @property
    def per_tonne(self) -> str:
        return f"{self.currency}/t"

    @property
    def title(self) -> str:
        return self.case.settings.plan_title or self.book.title or "Plan"

    @property
    def basis(self) -> str:
        """What share limits are shares of, a buyer's ``demand`` or its ``purchases``."""
        return self.case.settings.share_basis

    def country_name(self, code: str) -> str:
        return self.case.country_name(code)

    @property
    def made_by(self) -> str:
        """The scenario and the run's options in words: ``Base; max country share 30 %``."""
        words = made_by_words(self.case.scenario, self.options)
        extension = self.plan.extension
        return words if extension is None else f"{words}; extended by {extension.words}"

    @property
    def is_as_given(self) -> bool:
        """Whether the plan is of the unchanged workbook: no scenario and no option."""
        as_read = self.case.scenario == self.book.case.scenario and not self.options
        return as_read and self.plan.extension is None

    @property
    def horizon(self) -> str:
        return year_span(self.case.years) if self.case.years else "none"


def made_by_words(scenario: str, options: Mapping[str, str]) -> str:
    given = ((f"{name[:1].lower()}{name[1:]}", value) for name, value in options.items())
    words = [f"{name} {_percent_text(value)}" for name, value in given if name != "scenario"]
    return "; ".join((scenario, *words))


def _percent_text(value: str) -> str:
    """Return a share in per cent, and other text unchanged."""
    try:
        share = float(value)
    except ValueError:
        return value
    return f"{share * 100:.4g} %" if 0.0 <= share <= 1.0 else value


def once(make: Callable[[Context], T]) -> Callable[[Context], T]:
    """Cache a function's result in its context (a decorator)."""

    @wraps(make)
    def cached(context: Context) -> T:
        if make not in context.cache:
            context.cache[make] = make(context)
        result: T = context.cache[make]
        return result

    return cached


# ---- what its sheets ask of a case ---------------------------------------------------------------


def question(case: Case) -> str:
    """Return the question that a plan answers: whether need can be met within the share limits.

    A single cap on each country for all minerals is named; if it changes over the years, the last
    value is, with its first year. The answer covers all years.
    """
    asked, limits = "Can the coalition get what it needs", case.share_limits
    if not limits or not case.years:
        return f"{asked}?"
    paths = {
        tuple(row.share.value(year) if in_force(row, year) else None for year in case.years)
        for row in limits
    }
    path = paths.pop()
    is_cap = all(r.caps_each_country and not (r.mineral or r.except_minerals) for r in limits)
    of_all = any(not row.buyer for row in limits)
    suppliers = {row.supplier for row in limits}
    if not (is_cap and of_all) or paths or len(suppliers) > 1 or path[-1] is None:
        return f"{asked} within its share limits?"
    outside = " outside it" if suppliers == {f"{EACH_OUTSIDE}{COALITION}"} else ""
    steps = [year for year, cap in zip(case.years, path, strict=True) if cap != path[-1]]
    later = [year for year in case.years if steps and year > steps[-1]]
    since = f" (from {later[0]})" if later else ""
    most = f"{share_words(path[-1])} of {case.settings.share_basis}"
    return f"{asked} with at most {most} from any one country{outside}{since}?"


def estimates(case: Case, *sheets: str) -> str:
    """Return how many rows of a workbook, or of some sheets, are estimates; "" for none.

    ``430 of 538 rows``: a row's Grade or Note marks it. The sheet Settings doesn't count.
    """
    marked, rows = marked_rows(case, *sheets)
    return f"{marked:,} of {counted(rows, 'row')}" if marked else ""


def marked_rows(case: Case, *sheets: str) -> tuple[int, int]:
    """Return how many rows of a workbook, or of some sheets, are estimates, and how many all."""
    sheet_names = sheets or tuple(sheet for sheet in case.SHEET_FIELDS if sheet != Settings.SHEET)
    rows = [row for sheet in sheet_names for row in case.records(sheet)]
    return sum(is_estimate(row.note, row.grade) for row in rows), len(rows)
