"""The command verify: is this the proven plan of that input?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import Finding, InputError, UsageError
from planner._version import __version__
from planner.cli.answer import Answer, print_json, refused, sorted_out
from planner.cli.commands.common import JSON, WORKBOOK, progress

if TYPE_CHECKING:
    from planner.audit import PlanSheets, Verdict
    from planner.run import Start

DIFFERS = 1
"""The exit code where a plan does not match."""
_OF_CASE = {"scenario", "blocks", "losses", "changes", "max_country_share"}
"""Parameters of solve that say which case is planned."""
_SHOWN = 20
_HEAD = {
    "part by part": "is the proven plan of",
    "cell by cell": "was saved by another program; its cells are those of the proven plan of",
    "field by field": "was written by another version; its fields are those of the proven plan of",
}
_HOW = {
    "part by part": ": the planner's own file, part for part",
    "cell by cell": "",
    "field by field": "",
}
_UNSEEN = {
    "cell by cell": ("how cells look (formats, colours), charts, comments and printed pages",),
    "field by field": (
        "sentences, the first page, Checks, the glossary, charts and how cells look",
    ),
}


@click.command()
@click.argument("plan", type=WORKBOOK)
@click.argument("file", type=WORKBOOK)
@JSON
def verify(plan: Path, file: Path, as_json: bool) -> int:
    """Prove again that PLAN is the cheapest plan of the input FILE, and check every part of it.

    Nothing is solved and neither workbook is written to. From the two alone are recomputed: the
    input's fingerprint; that the plan keeps every constraint; that no plan is cheaper; and the
    whole file, which is written again and compared. What does not match is listed with part and
    cell. Of a plan that another program saved, the cells alone are compared.

    \b
    planner verify outputs/case-plan.xlsx case.xlsx

    Exit code 0 if everything matches, 1 if anything does not or the plan is redacted.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    tell = progress(as_json)
    from planner.run import open_sheets

    workbook = plan
    try:
        sheets = open_sheets(plan, tell)
        if sheets.recorded.redacted:
            return _told(plan, file, None, _redacted(sheets, file), as_json=as_json)
        lacking = tuple(_lacking(sheets))
        if lacking:
            return _told(plan, file, None, lacking, as_json=as_json)
        workbook = file
        _not_a_plan(file)
        start, trouble = _start(sheets, file)
    except InputError as error:
        return refused(workbook, error, as_json=as_json)
    if start is None:
        return _told(plan, file, None, (trouble,), as_json=as_json)
    tell("Proving the plan and comparing every cell")
    from planner.audit.verify import is_other_input
    from planner.audit.verify import verify as verified
    from planner.run import plans_its_loss

    try:
        verdict = verified(
            sheets, start.book, start.case, start.variant, lost_is_due=plans_its_loss(start.case)
        )
    except InputError as error:
        return refused(plan, error, as_json=as_json)
    findings = verdict.findings
    if is_other_input(sheets, start.book):
        findings = (_other(file, sheets.recorded.input_sha256), *findings)
    return _told(
        plan, file, verdict, findings, as_json=as_json, made_by=sheets.recorded.record.planner
    )


def _options(typed: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return what a plan was made with; click's error where it is nothing to plan with.

    Nothing else that solve takes is heard: a plan may not print help or name a place to write to.
    """
    from planner.cli.commands.solve import solve

    known = [p for p in solve.params if p.name in _OF_CASE]
    parser = click.Command("solve", params=known, add_help_option=False)
    words = [f"{option}={given}" for option, given in typed if option.startswith("--")]
    if len(words) < len(typed):
        msg = "an option begins with --"
        raise click.UsageError(msg)
    return parser.make_context("solve", words).params


def _start(sheets: PlanSheets, file: Path) -> tuple[Start | None, Finding]:
    """Read the input and apply what the plan was made with, or say why that cannot be done."""
    from planner.cli.whatifs import Asked
    from planner.run import start_file

    typed = sheets.recorded.made_with
    try:
        said = _options(typed)
        start = start_file(
            file,
            scenario=said["scenario"],
            what_ifs=Asked(said["blocks"], said["losses"], said["changes"]),
            max_country_share=said["max_country_share"],
        )
    except (click.ClickException, UsageError) as error:
        why = error.format_message() if isinstance(error, click.ClickException) else str(error)
        words = " ".join(f"{option} {given!r}" for option, given in typed)
        found = f"the options {words} cannot be applied to {file.name}: {why}"
        return None, Finding("Checks", column="What", found=found)
    return start, Finding()


def _other(file: Path, wanted: str) -> Finding:
    found = f"{file.name} is not the file that the plan says it was made from"
    return Finding("Summary", found=found, expected=f"a file of the SHA-256 {wanted or '(none)'}")


def _redacted(sheets: PlanSheets, file: Path) -> tuple[Finding, ...]:
    """Return that a plan is redacted, and whether it is of that input: no more can be checked."""
    from planner.workbook.excel import open_excel

    recorded = sheets.recorded
    is_its = recorded.input_sha256 == open_excel(file).sha256
    can = f"{file.name} is the file that it was made from" if is_its else "see the line above"
    redacted = Finding(
        "Summary",
        found=f"this plan is redacted ({recorded.redacted})",
        hint=f"Its input can be checked by its fingerprint ({can}), all else cannot: values and"
        " duals are taken out. Verify the plan as it was written.",
    )
    return (redacted,) if is_its else (_other(file, recorded.input_sha256), redacted)


def _lacking(sheets: PlanSheets) -> list[Finding]:
    """Return that the sheets of the solution lack, where they do."""
    lacks = [name for name in ("Values", "Duals") if name not in sheets.grids]
    hint = "Without it nothing can be proven: plan again, or ask for the workbook as written."
    return [Finding(name, found="this sheet is missing", hint=hint) for name in lacks]


def _not_a_plan(file: Path) -> None:
    from planner.workbook.parts import sheet_names

    if {"Summary", "Plan"} <= set(sheet_names(file)):
        msg = f"{file} is a plan, no input workbook: planner verify PLAN INPUT"
        raise UsageError(msg)


def _told(  # noqa: PLR0913 - what was verified, and what became of it
    plan: Path,
    file: Path,
    verdict: Verdict | None,
    findings: tuple[Finding, ...],
    *,
    as_json: bool,
    made_by: str = "",
) -> int:
    """Tell what was found, and return the exit code."""
    is_verified = verdict is not None and not findings
    if as_json:
        print_json(_answer(plan, file, verdict, findings, made_by))
    else:
        _show(plan, file, verdict, findings)
        if verdict is not None:
            _show_name(verdict, file)
            _show_proof(verdict, made_by, is_verified=is_verified)
    return 0 if is_verified else DIFFERS


def _answer(
    plan: Path, file: Path, verdict: Verdict | None, findings: tuple[Finding, ...], made_by: str
) -> Answer:
    status = "cannot_verify" if verdict is None else "differs" if findings else "verified"
    said: Answer = {"status": status, "plan": str(plan), "input": str(file)}
    if verdict is not None:
        said |= {
            "made_by": made_by,
            "verified_by": __version__,
            "compared": str(verdict.compared),
            "input_file": verdict.input_file,
            "cells": verdict.cells,
            "sheets": verdict.sheets,
            "not_checked": verdict.records,
            "proven": verdict.is_proven,
            "objective_usd": verdict.objective,
            "violation_t": verdict.violation,
            "dual_infeasibility": verdict.dual_infeasibility,
            "gap": verdict.gap,
            "whole_projects": verdict.whole_projects,
            "not_proven": list(_not_proven(verdict)),
        }
    return {**said, **sorted_out(findings)}


def _show(plan: Path, file: Path, verdict: Verdict | None, findings: tuple[Finding, ...]) -> None:
    from planner.render.words import number_of, plain
    from planner.workbook.findings import sentence

    if verdict is None:
        head, colour = f"{plan} cannot be verified", "red"
    elif findings:
        head, colour = f"{plan} is not the plan of {file} as the planner writes it", "red"
    else:
        head, colour = f"{plan} {_HEAD[verdict.compared]} {file}{_HOW[verdict.compared]}", "green"
    click.secho(head, fg=colour, bold=True, err=True)
    for finding in findings[:_SHOWN]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(findings) > _SHOWN:
        click.echo(f"  and {len(findings) - _SHOWN:,} more; --json lists all", err=True)
    if verdict is not None:
        click.echo(
            f"Compared      {verdict.compared}: {number_of(verdict.cells, 'cell')} on"
            f" {number_of(verdict.sheets, 'sheet')}; {number_of(verdict.records, 'cell')} and the"
            " times are the run's own record",
            err=True,
        )


def _show_name(verdict: Verdict, file: Path) -> None:
    """Tell what the plan calls its input, where that is another name: nothing proves it."""
    from planner.render.words import plain

    if verdict.input_file != file.name:
        click.echo(f"Input name    the plan calls it {plain(verdict.input_file)}", err=True)


def _show_proof(verdict: Verdict, made_by: str, *, is_verified: bool) -> None:
    """Tell what is proven of the solution, whatever other cells say, and by which version."""
    from planner.render.words import plain

    if verdict.is_proven:
        of = "" if is_verified else "holds for the flows, values and duals that stand there: "
        click.echo(
            f"Proof         {of}no constraint broken by more than {verdict.violation:.2g} t, no"
            f" plan cheaper by more than {verdict.gap:.1g} of the total cost",
            err=True,
        )
    else:
        click.echo("Proof         refused: see above", err=True)
    for said in _not_proven(verdict):
        click.echo(f"Not proven    {said}", err=True)
    if made_by != __version__:
        click.echo(
            f"Versions      the plan says it was written by planner {plain(made_by) or '(none)'};"
            f" this is {__version__}. Another version may write other sheets and words: the proof"
            " does not depend on them",
            err=True,
        )


def _not_proven(verdict: Verdict) -> Iterator[str]:
    """Yield what of a plan stands outside of its proof."""
    if verdict.is_proven and verdict.whole_projects:
        yield (
            "that no other set of whole projects is cheaper: the proof holds for the builds as they"
            " are"
        )
    yield from _UNSEEN.get(verdict.compared, ())
