"""The command verify: proves a plan for its input, and compares every cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models import errors
from planner._version import __version__
from planner.cli import common
from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.words import line, show_some
from planner.render.words import few, number_of, search_words, terminal_safe

if TYPE_CHECKING:
    from planner.audit.file import PlanSheets, Recorded
    from planner.audit.verify import Verdict
    from planner.scenarios.start import Start

DIFFERS = 1
"""Exit code if a plan does not match."""
_CASE_OPTIONS = {"scenario", "blocks", "losses", "changes", "max_country_share", "seconds", "gap"}
"""Parameters of solve that select the case."""
_MOST_SHOWN, _FEW = 20, 3
"""Most findings shown; and if the input differs, which is the reason for all others."""
_MAKE_ROOM = (
    "to compare the plan, the planner writes a second copy there: free some space, or set TMPDIR to"
    " another folder"
)
_BY_PART, _BY_CELL, _BY_FIELD = "part by part", "cell by cell", "field by field"
_HEAD = {
    _BY_PART: "is the proven plan of {}: every part of the file is as the planner wrote it",
    _BY_CELL: "was saved by another program; its cells equal the proven plan of {}",
    _BY_FIELD: "was written by another version; its fields equal the proven plan of {}",
}
_UNSEEN = {
    _BY_CELL: "how cells look (formats, colours), charts, and anything else in the file",
    _BY_FIELD: "first page, sentences, Checks, the glossary, and how charts and cells look",
}


@dataclass(frozen=True)
class _Outcome:
    """The outcome of a verification: findings, and the verdict unless it was impossible."""

    plan: Path
    file: Path
    findings: tuple[errors.Finding, ...]
    most: int = _MOST_SHOWN
    verdict: Verdict | None = None
    made_by: str = ""
    currency: str = ""

    def show(self, *, as_json: bool) -> int:
        code = 0 if self.verdict is not None and not self.findings else DIFFERS
        if as_json:
            finish(self._answer(), as_json=True)
            return code
        if self.verdict is None:
            head = f"{self.plan} cannot be verified"
        elif self.findings:
            head = f"{self.plan} differs from the plan that the planner makes from {self.file}"
        else:
            head = f"{self.plan} {_HEAD[self.verdict.compared].format(self.file)}"
        click.secho(head, fg="red" if code else "green", bold=True, err=True)
        show_some(self.findings, self.most, "; --json lists all")
        for name, text in self._lines(self.verdict) if self.verdict else ():
            line(name, text)
        return code

    def _answer(self) -> Answer:
        verdict = self.verdict
        status = "cannot_verify" if verdict is None else "differs" if self.findings else "verified"
        answer: Answer = {Key.STATUS: status, Key.PLAN: str(self.plan), "input": str(self.file)}
        if verdict is not None:
            answer |= {
                "made_by": self.made_by,
                "verified_by": __version__,
                Key.COMPARED: str(verdict.compared),
                "input_file": verdict.input_file,
                Key.CELLS: verdict.cells,
                Key.SHEETS: verdict.sheets,
                "not_checked": verdict.records,
                "proven": verdict.is_proven,
                Key.OBJECTIVE_USD: verdict.objective,
                Key.CURRENCY: self.currency,
                "violation_t": verdict.violation,
                "dual_infeasibility": verdict.dual_infeasibility,
                "gap": verdict.gap,
                "whole_projects": verdict.whole_projects,
                "not_proven": list(_not_proven(verdict)),
            }
        return {**answer, **findings_by_severity(self.findings)}

    def _lines(self, verdict: Verdict) -> Iterator[tuple[str, str]]:
        cells, sheets = number_of(verdict.cells, "cell"), number_of(verdict.sheets, "sheet")
        records = f"{number_of(verdict.records, 'cell')} and the times, which record the run"
        yield "Compared", f"{verdict.compared}: {cells} on {sheets}. Not compared: {records}"
        if verdict.input_file not in {"", self.file.name}:  # nothing proves a name
            yield (
                "Input name",
                f"the plan was made from a file named {terminal_safe(verdict.input_file)}",
            )
        if verdict.is_proven:
            scope = "holds for the flows, values and duals in the file: " if self.findings else ""
            broken = f"no constraint is broken by more than {verdict.violation:.2g} t"
            cheaper = f"no plan is cheaper by more than {verdict.gap:.1g} of the total cost"
            yield "Proof", f"{scope}{broken}, {cheaper}"
        else:
            yield "Proof", "none: see the findings above"
        yield from (("Not proven", text) for text in _not_proven(verdict))
        if self.made_by != __version__:
            written = (
                f"the plan says it was written by planner {terminal_safe(self.made_by) or '(none)'}"
            )
            this = f"this is planner {__version__}, which may write other sheets and words"
            yield "Versions", f"{written}; {this}. The proof does not depend on them"


def _not_proven(verdict: Verdict) -> Iterator[str]:
    """Yield what the proof of a plan does not cover."""
    if verdict.is_proven and verdict.whole_projects:
        left = f"; {search_words(verdict.search_gap)}" if verdict.search_gap else ""
        proven = f"the proof takes the projects that are built as given{left}"
        yield f"that no other choice of projects is cheaper: {proven}"
    if verdict.compared in _UNSEEN:
        yield _UNSEEN[verdict.compared]
    if verdict.unknown:
        sheets = "the sheet" if len(verdict.unknown) == 1 else "the sheets"
        yield f"{sheets} {terminal_safe(few(verdict.unknown))}, which the planner does not write"


@click.command(cls=Command)
@click.argument("plan", type=common.WORKBOOK)
@click.argument("file", type=common.WORKBOOK)
@common.JSON
def verify(plan: Path, file: Path, as_json: bool) -> int:
    """Prove that PLAN is the cheapest plan of the input FILE, and check every part of it.

    Nothing is solved, and neither workbook is changed. The command checks that FILE is the plan's
    input. It proves that the plan keeps every constraint and that no plan is cheaper. Then it
    writes the plan's workbook a second time and compares the two files. It lists each cell that
    differs. If another program saved the plan, only the cells are compared, not formats or charts.

    \b
    planner verify outputs/case-plan.xlsx case.xlsx

    The exit code is 0 if everything matches, and 1 if anything differs.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    on_stage = common.stage_reporter(as_json)
    from planner.audit.file import open_sheets
    from planner.audit.verify import is_other_input
    from planner.audit.verify import verify as verified

    outcome, sheets = _Outcome(plan, file, ()), open_sheets(plan, on_stage)
    recorded = sheets.recorded
    if problems := missing_for_proof(sheets):
        return replace(outcome, findings=tuple(problems)).show(as_json=as_json)
    start = start_of(recorded, file, "planner verify PLAN INPUT")
    if isinstance(start, errors.Finding):
        return replace(outcome, findings=(start,)).show(as_json=as_json)
    on_stage("Proving the plan and comparing every cell")
    try:
        verdict = verified(sheets, start.book, start.case, start.variant)
    except errors.WriteError as error:
        no_room = errors.Finding(found=str(error), hint=_MAKE_ROOM)
        return replace(outcome, findings=(no_room,)).show(as_json=as_json)
    others = [other_input_finding(file, recorded)] if is_other_input(sheets, start.book) else []
    return replace(
        outcome,
        findings=(*others, *verdict.findings),
        most=_FEW if others else _MOST_SHOWN,
        verdict=verdict,
        made_by=recorded.record.planner,
        currency=start.case.settings.currency,
    ).show(as_json=as_json)


def start_of(recorded: Recorded, file: Path, usage: str) -> Start | errors.Finding:
    """Read the input and apply the plan's options; a finding says why that is impossible.

    UsageError with the right ``usage`` if the file is a plan. Options of solve that don't select
    the case can't be applied: a plan may not print help or name a file to write.
    """
    from models.case import SearchLimits
    from planner.cli.commands.solve import solve
    from planner.scenarios.start import start_file
    from planner.workbook.archive import is_plan

    typed = recorded.made_with
    words = [f"{option}={text}" for option, text in typed if option.startswith("--")]
    parameters = [p for p in solve.params if p.name in _CASE_OPTIONS]
    parser = click.Command("solve", params=parameters, add_help_option=False)
    with errors_in(file):
        if is_plan(file):
            refuse(f"{file} is a plan, not an input workbook. Use: {usage}")
        try:
            if len(words) < len(typed):
                refuse("an option begins with --")
            given = parser.make_context("solve", words).params
            return start_file(
                file,
                scenario=given["scenario"],
                what_ifs=common.WhatIfOptions(given["blocks"], given["losses"], given["changes"]),
                max_country_share=given["max_country_share"],
                search=SearchLimits(given["seconds"], given["gap"]),
            )
        except (click.ClickException, errors.UsageError) as error:
            why = error.format_message() if isinstance(error, click.ClickException) else str(error)
            made_with = " ".join(f"{option} {text!r}" for option, text in typed)
            message = f"the options {made_with} cannot be applied to {file.name}: {why}"
            return errors.Finding("Checks", column="What", found=message)


def other_input_finding(file: Path, recorded: Recorded) -> errors.Finding:
    message = f"the plan was made from another file than {file.name}, or from another version of it"
    expected = f"a file with the SHA-256 {recorded.input_sha256 or '(none)'}"
    return errors.Finding("Summary", found=message, expected=expected)


def missing_for_proof(sheets: PlanSheets) -> list[errors.Finding]:
    """Return findings on what a proof needs: the solution's sheets, and the model's extension."""
    hint = "Without this sheet nothing can be proven: plan again, or ask for the original workbook."
    missing = [name for name in ("Values", "Duals") if name not in sheets.grids]
    findings = [errors.Finding(name, found="this sheet is missing", hint=hint) for name in missing]
    if sheets.recorded.extended:
        message = f"Python code extended the model of this plan: {sheets.recorded.extended}"
        hint = "The plan does not contain that code: plan again with it, and use planner diff."
        findings.append(errors.Finding("Summary", found=message, hint=hint))
    return findings
