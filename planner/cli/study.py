"""One command for every kind of study: from the workbook to files, words, JSON and an exit code."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from models.errors import PlannerError, SolverError, WriteError
from planner.cli.answer import Command, Key, sorted_out, what_if_facts
from planner.cli.commands.common import (
    CSV,
    JSON,
    SCENARIO,
    WORKBOOK,
    output_option,
    progress,
    share_limit,
    tell_where,
    write_all,
)
from planner.cli.paths import name_part, plan_path
from planner.cli.progress import (
    Halt,
    counts,
    end,
    failure_of,
    halt_of,
    marked,
    nothing,
    study_options,
    tell_halt,
    tell_not_run,
    watched,
)
from planner.cli.whatifs import what_if_options
from planner.cli.words import console, line, show_warnings
from planner.render.words import plain

if TYPE_CHECKING:
    from planner.studies import Listed, Where
    from planner.studies.kind import StudyKind, Tables

_WIDE = 100
"""Characters of the finding on a line."""


class StudyCommand(click.Command):
    """The command of a kind of study, whose options are known once it is asked for."""

    def __init__(self, name: str, listed: Listed) -> None:
        """Know the name and the summary; the kind loads what makes plans."""
        self._made: click.Command | None = None
        self.listed = listed
        super().__init__(name, short_help=listed.summary)

    def __getattribute__(self, name: str) -> Any:
        """Return what the command itself has, once the kind is loaded."""
        own = super().__getattribute__
        if name in {"callback", "params", "help", "epilog", "make_context"}:
            if own("_made") is None:
                self._made = command_of(own("listed").kind)
            return getattr(own("_made"), name)
        return own(name)


def command_of(kind: type[StudyKind]) -> click.Command:
    """Return the command of a kind: its own options among those that all studies share."""
    shared = [click.argument("file", type=WORKBOOK), *kind.OPTIONS]
    shared += [SCENARIO] if kind.SCENARIO else []
    shared += [what_if_options] if kind.WHAT_IFS else []
    shared += [share_limit(kind.LIMIT)] if kind.LIMIT else []
    written = f"The {kind.WRITES} [outputs/<FILE's name>-{kind.PART}{kind.NAME}.xlsx]."
    shared += [output_option(written), CSV, study_options, JSON]
    command: Any = partial(run_kind, kind)
    for option in reversed(shared):
        command = option(command)
    made: click.Command = click.command(kind.NAME, cls=Command, help=kind.__doc__)(command)
    return made


def run_kind(  # noqa: PLR0913 - what a command line says
    kind: type[StudyKind],
    *,
    file: Path,
    output: Path | None,
    csv_folder: Path | None,
    where: Where | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Read, plan, write, tell; return the exit code."""
    from planner.studies.kind import Tables
    from planner.studies.workbook import about_of, write_study

    target = plan_path(file, output, csv_folder, kind.NAME, name_part(kind.part(options)))
    tell = progress(as_json)
    with watched(as_json) as watch:
        study, seconds = _planned(kind, file, options, (where, watch, tell))
    halt = halt_of(study.outcomes, study.stopped)
    failed: PlannerError | None = study.errors or failure_of(study.judged, halt)
    if not study.planned:
        why = failed or SolverError("nothing was planned")
        return nothing(halt, why, kind.LACKING, study.outcomes, as_json=as_json)
    stopped = halt.option(study.known) if halt is not None else {}
    tables = Tables([*study.tables(), about_of(study, stopped)])
    sheets = study.sheets(tables)
    written, trouble = write_all(
        target,
        lambda path: write_study(path, study, tables, sheets, marked(study.title, halt)),
        csv_folder,
        lambda: sheets,
        seconds,
        halt,
    )
    if not as_json:
        _show(study, tables, written, sum(seconds.values()))
    if written is not None:
        tell_where(target, written, halt)
    plan, lacking = _beside(file, study, written)
    if plan is not None and not as_json:
        line("Plan", str(plan))
    tell_halt(halt, study.known)
    trouble = trouble or lacking
    answer = _answer(study, tables, halt, written, seconds)
    if plan is not None:
        answer[Key.PLAN] = str(plan)
    return end(halt, trouble or failed, answer, as_json=as_json)


def _beside(
    file: Path, study: StudyKind, written: Path | None
) -> tuple[Path | None, WriteError | None]:
    """Write the plan beside a study's workbook; return where it stands, and what went wrong."""
    from planner.workbook.save import save

    made = study.beside()
    if made is None or written is None:
        return None, None
    end, write = made
    try:
        path = plan_path(file, written.with_name(f"{written.stem}-{end}.xlsx"), None)
        return save(path, write), None
    except WriteError as error:
        return None, error


def _planned(
    kind: type[StudyKind],
    file: Path,
    options: dict[str, Any],
    how: tuple[Where | None, Any, Any],
) -> tuple[StudyKind, dict[str, float]]:
    """Return the study when it is planned, and the seconds that reading and planning took."""
    from models import checks
    from planner.run import start_file
    from planner.studies import ThisMachine

    given, watch, tell = how
    start = start_file(file, **kind.base(options), tell=tell)
    where = given or ThisMachine()
    if isinstance(where, ThisMachine):
        where.expect(start.case, kind.__module__)
    study = kind(start, **options)
    errors = checks.errors(start.case)
    if errors:
        raise start.placed(errors)
    tell(f"Planning {study.task}")
    began = time.perf_counter()
    study.plan(where, watch, tell)
    return study, {"read": start.seconds, "solve": time.perf_counter() - began}


# ---- words ---------------------------------------------------------------------------------------


def _show(study: StudyKind, tables: Tables, written: Path | None, seconds: float) -> None:
    """Tell the figures, the finding, what has no plan, and where it all stands."""
    click.secho(plain(study.named), bold=True, err=True)
    line(study.TITLE, plain(study.what))
    _show_tables(study, tables)
    line("Finding", f"\n{' ' * 14}".join(wrap(plain(study.headline(tables).finding), _WIDE)))
    not_run: dict[str, list[str]] = {}
    for outcome in study.judged:
        if not outcome.ran:
            not_run.setdefault(outcome.error, []).append(study.label(outcome))
        elif not outcome.planned:
            missing = f"  {plain(study.label(outcome))}: no plan: {plain(outcome.error)}"
            click.secho(missing, fg="yellow", err=True)
    for why, names in not_run.items():
        tell_not_run(names, why)
    if study.trouble:
        line("Note", plain(study.trouble), "yellow")
    show_warnings(study.start.book.warnings, "About")
    if written is not None:
        line(study.WRITES.capitalize(), f"{written}  ({seconds:.1f} s)")


def _show_tables(study: StudyKind, tables: Tables) -> None:
    """Show the tables as they fit, whole where no terminal sets a width."""
    from planner.render.table import grid

    screen, country = console(sys.stderr), study.start.case.country_name
    for each in study.screen(tables):
        if isinstance(each, str):
            click.echo(each, err=True)
            continue
        if not len(each.result):
            continue
        if each.heading:
            click.echo(each.heading, err=True)
        screen.print(grid(each.result, *each.fields, country=country))


# ---- JSON ----------------------------------------------------------------------------------------


def _answer(
    study: StudyKind,
    tables: Tables,
    halt: Halt | None,
    written: Path | None,
    seconds: dict[str, float],
) -> dict[str, object]:
    """Return what a program hears."""
    case = study.start.case
    return {
        Key.STATUS: study.status,
        Key.WHAT_IFS: [what_if_facts(what_if) for what_if in study.what_ifs],
        Key.CURRENCY: case.settings.currency,
        **study.answer(tables),
        **counts(study.outcomes, halt),
        Key.OUTPUT: None if written is None else str(written),
        Key.WARNINGS: sorted_out(study.start.book.warnings)[Key.WARNINGS],
        Key.SECONDS: {stage: round(took, 6) for stage, took in seconds.items()},
        Key.ERRORS: [],
    }
