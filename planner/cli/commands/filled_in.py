"""Check a workbook of actuals: against its plan if that is found, otherwise on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import Finding, InputError, Severity, UsageError
from planner.cli.answer import errors_in
from planner.cli.paths import is_file
from planner.render.words import span
from planner.run import open_sheets

if TYPE_CHECKING:
    from planner.going_on.actuals import Actuals

_OUTPUTS = Path("outputs")


@dataclass(frozen=True)
class ActualsCheck:
    """Findings on a file of actuals, the plan it was compared with, and a sentence about that."""

    findings: tuple[Finding, ...]
    plan: Path | None
    words: str

    @property
    def failed(self) -> InputError | None:
        is_wrong = any(f.severity is Severity.ERROR for f in self.findings)
        return InputError(self.findings) if is_wrong else None


def check_actuals(
    file: Path, plan: Path | None, to: int | None, tell: Callable[[str], None]
) -> ActualsCheck:
    """Check a file of actuals as ``planner roll`` does.

    Its plan is ``plan``, otherwise the one that its first page names; the plan names its input. If
    plan or input is not found, the file is checked on its own; UsageError if ``plan`` was given.
    """
    from planner.going_on.actuals import check_alone, read_actuals

    actuals = read_actuals(file)
    year = actuals.to if to is None else to
    folders = (file.parent, file.parent / _OUTPUTS, Path(), _OUTPUTS)
    path = plan or _beside(actuals.plan, folders) or _beside(Path(actuals.plan).name, folders)
    name, source = ("", None) if path is None else _input_of(path, file.parent)
    if path is not None and source is not None:
        return _compared(actuals, path, source, year, tell)
    if plan is not None:
        msg = (
            f"{plan} was made from {name or 'a file'}, which was not found: put it beside the plan"
        )
        raise UsageError(msg)
    missing = name or actuals.plan or "its plan"
    words = f"on its own, as {missing} was not found. --plan PLAN compares it with a plan"
    return ActualsCheck(check_alone(actuals, year), None, words)


def _compared(
    actuals: Actuals, plan: Path, source: Path, to: int | None, tell: Callable[[str], None]
) -> ActualsCheck:
    from planner.cli.commands.roll import read_plan_to_roll
    from planner.going_on.roll import refuse_year

    past = read_plan_to_roll(plan, source, tell)
    first, *later = past.plan.expanded.years
    over = min(later, default=first + 1) if to is None else to
    refuse_year(past.plan, over)
    context = actuals.context
    findings = [f for f in context.findings if f.severity is Severity.WARNING]
    try:
        past.actual(actuals.path, over)
    except InputError as error:
        findings = [*error.findings]
    years = span(year for year in past.plan.expanded.years if year < over)
    words = f"with {plan}, orders of {years}"
    return ActualsCheck(context.layout.in_order(findings), plan, words)


def _input_of(plan: Path, folder: Path) -> tuple[str, Path | None]:
    """Return the name of a plan's input workbook, and its path (None: not found)."""
    with errors_in(plan):
        name = open_sheets(plan).recorded.input_file
    return name, _beside(name, (plan.parent, plan.parent.parent, folder, Path()))


def _beside(name: str, folders: Iterable[Path]) -> Path | None:
    places = (folder / name for folder in folders if name)
    return next((place for place in places if is_file(place)), None)
