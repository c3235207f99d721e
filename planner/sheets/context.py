"""What every sheet is made from: a plan, where it came from, and how it was run."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from models.case import Case
from models.errors import Finding
from models.plan import Plan
from models.solve import version
from planner import _version, workbook
from planner.render.words import span

T = TypeVar("T")


@dataclass(frozen=True)
class RunRecord:
    """What a run writes of itself, and no two runs alike: versions, and the time [UTC]."""

    planner: str = _version.__version__
    solver: str = field(default_factory=version)
    python: str = field(default_factory=platform.python_version)
    written: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


@dataclass(frozen=True)
class Context:
    """A plan with what its sheets say about it.

    ``without_limits`` is the plan of the same case without share limits; ``timings`` in seconds;
    ``made_with`` are the run's options, name and value as typed; ``record`` is what the run says
    of itself; ``within`` what is proven of a plan that is not the cheapest of the case.
    """

    plan: Plan
    book: workbook.Book
    without_limits: Plan | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    made_with: Sequence[tuple[str, str]] = ()
    record: RunRecord = field(default_factory=RunRecord)
    within: str = ""
    kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What ``once`` has worked out."""

    @property
    def case(self) -> Case:
        return self.plan.case

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is odd in the input, and in the plan itself, each with its cell."""
        own = self.plan.findings
        return self.book.layout.in_order((*self.book.warnings, *own)) if own else self.book.warnings

    @property
    def currency(self) -> str:
        return self.case.settings.currency

    @property
    def per_tonne(self) -> str:
        return f"{self.currency}/t"

    @property
    def title(self) -> str:
        """The plan's title, else the input file's name."""
        named = self.case.settings.plan_title
        return named or (self.book.path.stem if self.book.path is not None else "Plan")

    @property
    def basis(self) -> str:
        return self.case.settings.share_basis

    def country(self, code: str) -> str:
        return self.case.country_name(code)

    @property
    def made_by(self) -> str:
        """The scenario and the run's options in words: ``Base; max country share 30 %``."""
        said = [self.case.scenario]
        for name, value in self.options.items():
            if name.casefold() != "scenario":
                said.append(f"{name[:1].lower()}{name[1:]} {_percent(value)}")
        if self.plan.extension is not None:
            said.append(f"extended by {self.plan.extension.words}")
        return "; ".join(said)

    @property
    def is_as_given(self) -> bool:
        """Whether the plan is of the workbook as it stands: no scenario, no option."""
        as_read = self.case.scenario == self.book.case.scenario and not self.options
        return as_read and self.plan.extension is None

    @property
    def horizon(self) -> str:
        return span(self.case.years) if self.case.years else "none"


def _percent(value: str) -> str:
    """Return a share in per cent, other words as they are."""
    try:
        share = float(value)
    except ValueError:
        return value
    return f"{share * 100:.4g} %" if 0.0 <= share <= 1.0 else value


def once(make: Callable[[Context], T]) -> Callable[[Context], T]:
    """Have a function of a context worked out once a context."""

    @wraps(make)
    def kept(context: Context) -> T:
        if make not in context.kept:
            context.kept[make] = make(context)
        found: T = context.kept[make]
        return found

    return kept
