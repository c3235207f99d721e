"""One command for every kind of study: from the workbook to files, words, JSON and an exit code."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from models.errors import PlannerError, SolverError, WriteError
from planner.cli import paths, progress, whatifs
from planner.cli.answer import (
    Answer,
    Command,
    Key,
    end,
    fail,
    findings_by_severity,
    print_json,
    what_if_facts,
)
from planner.cli.commands import common
from planner.cli.words import console, line, show_warnings
from planner.render.words import few, plain
from planner.stops import exit_code

if TYPE_CHECKING:
    from planner.stops import Stop
    from planner.studies import Outcome, StudyEntry, Where
    from planner.studies.kind import StudyKind, Tables

_WIDE = 100
"""Characters of the finding on a line."""
_SHOWN = 3
"""Runs without a plan named at most; the sheet Runs has them all."""


@dataclass(frozen=True)
class Halt:
    """What ended a study before its time, and how many of its runs had had their turn by then."""

    finished: int
    total: int
    by: Stop

    @property
    def code(self) -> int:
        """The exit code: that of Ctrl-C, or of the request to end."""
        return exit_code(self.by)

    @property
    def words(self) -> str:
        """How far it came: ``56 of 2,027 runs finished``."""
        return f"{self.finished:,} of {self.total:,} runs finished"

    def option(self, more: str) -> dict[str, str]:
        rest = "the sheet Runs names the others"
        return {"Stopped": "; ".join(filter(None, (self.words, more, rest)))}


class StudyCommand(click.Command):
    """The command of a kind of study, whose options are known once it is asked for."""

    def __init__(self, name: str, listed: StudyEntry) -> None:
        """Know the name and the summary; the kind loads what makes plans."""
        self._made: click.Command | None = None
        self.listed = listed
        super().__init__(name, short_help=listed.summary)

    def __getattribute__(self, name: str) -> Any:
        """Return what the command itself has, once the kind is loaded."""
        attribute = super().__getattribute__
        if name in {"callback", "params", "help", "epilog", "make_context"}:
            if attribute("_made") is None:
                self._made = command_of(attribute("listed").kind)
            return getattr(attribute("_made"), name)
        return attribute(name)


def command_of(kind: type[StudyKind]) -> click.Command:
    """Return the command of a kind: its own options among those that all studies share."""
    shared = [click.argument("file", type=common.WORKBOOK), *kind.OPTIONS]
    shared += [common.SCENARIO] if kind.SCENARIO else []
    shared += [whatifs.what_if_options] if kind.WHAT_IFS else []
    shared += [common.share_limit(kind.LIMIT)] if kind.LIMIT else []
    written = f"Write the {kind.WRITES} here [outputs/<FILE's name>-{kind.PART}{kind.NAME}.xlsx]."
    shared += [common.output_option(written), common.CSV, progress.study_options, common.JSON]
    command: Any = partial(run_kind, kind)
    for option in reversed(shared):
        command = option(command)
    built: click.Command = click.command(kind.NAME, cls=Command, help=kind.__doc__)(command)
    return built


def run_kind(  # noqa: PLR0913 - what a command line says
    kind: type[StudyKind],
    *,
    file: Path,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
    **options: Any,
) -> int:
    """Read, plan, write, tell; return the exit code."""
    from planner.studies.kind import Tables
    from planner.studies.workbook import about_of, write_study

    names = {"what_ifs": options.get("asked"), **options}, kind.file_part(options)

    def output_path(scenario: str = "") -> Path:
        part = paths.study_part(file, *names, scenario)
        return paths.plan_path(file, output, csv_folder, kind.NAME, part)

    output_path()  # refused before any work is done
    tell = common.progress(as_json)
    with progress.progress_reporter(as_json) as watch:
        study, seconds = _planned(kind, file, options, (where, watch, tell))
    target = output_path(study.start.variant.scenario if kind.SCENARIO else "")
    had_turn = [outcome.ran for outcome in study.outcomes]
    halt = None
    if study.stopped is not None:
        halt = Halt(sum(had_turn), len(had_turn), study.stopped)
    failed: PlannerError | None = study.errors or _failure_of(study.required_outcomes, halt)
    if not study.planned:
        return _nothing(study, halt, failed, as_json=as_json)
    stopped = halt.option(study.progress_label) if halt is not None else {}
    tables = Tables([*study.tables(), about_of(study, stopped)])
    sheets, title, wanted = study.sheets(tables), study.title, target
    if halt is not None:  # beside a whole result, under a name that says so
        title = f"{title} (stopped: {halt.words})"
        target, csv_folder = paths.partial_file(target), paths.partial_folder(csv_folder)
    written, trouble = common.write_all(
        target,
        lambda path: write_study(path, study, tables, sheets, title),
        csv_folder,
        lambda: study.all_rows(tables),
        seconds,
        over=halt is None,
    )
    if halt is not None and csv_folder is not None and trouble is None:
        click.echo(f"The tables of what is finished are in {csv_folder}", err=True)
    if not as_json:
        _show(study, tables, written, sum(seconds.values()))
    if written is not None and halt is not None:
        click.echo(f"{wanted} is for a whole result: this one is at {written}", err=True)
    elif written is not None:
        common.tell_where(target, written)
    plan, lacking = _beside(file, study, written)
    if plan is not None and not as_json:
        line("Plan", str(plan))
    answer = _answer(study, tables, halt, written, seconds)
    if plan is not None:
        answer[Key.PLAN] = str(plan)
    if halt is not None:
        line(
            "Stopped", plain("; ".join(filter(None, (halt.words, study.progress_label)))), "yellow"
        )
        answer[Key.STATUS] = "stopped"
    code = end(answer, as_json=as_json, failed=trouble or lacking or failed)
    return code if halt is None else halt.code


def _failure_of(outcomes: Iterable[Outcome[Any]], halt: Halt | None) -> SolverError | None:
    """Return why a command fails though what has a plan is told; None where all runs have one.

    Runs that a stop left no time for are no failure.
    """
    missing = [o for o in outcomes if not o.planned and (o.ran or halt is None)]
    if not missing:
        return None
    more = f" (and {len(missing) - _SHOWN} more)" if len(missing) > _SHOWN else ""
    return SolverError("; ".join(f"{o.name}: {o.error}" for o in missing[:_SHOWN]) + more)


def _nothing(
    study: StudyKind, halt: Halt | None, failed: PlannerError | None, *, as_json: bool
) -> int:
    """End a study of which nothing can be written."""
    if halt is None:
        why = failed or SolverError("nothing was planned")
        return fail(why, as_json=as_json, result=_counts(study.outcomes, halt))
    text = f"Stopped: {halt.words}, {study.LACKING}; nothing is written"
    click.secho(text, fg="yellow", err=True)
    if as_json:
        counts = _counts(study.outcomes, halt)
        print_json({Key.STATUS: "stopped", **counts, Key.OUTPUT: None, Key.ERRORS: []})
    return halt.code


def _beside(
    file: Path, study: StudyKind, written: Path | None
) -> tuple[Path | None, WriteError | None]:
    """Write the plan beside a study's workbook; return where it stands, and what went wrong."""
    from planner.workbook.save import save

    plan = study.extra_plan()
    if plan is None or written is None:
        return None, None
    end, write = plan
    try:
        path = paths.plan_path(file, written.with_name(f"{written.stem}-{end}.xlsx"), None)
        return save(path, write), None
    except WriteError as error:
        return None, error


def _planned(
    kind: type[StudyKind],
    file: Path,
    options: dict[str, Any],
    how: tuple[Where, Any, Any],
) -> tuple[StudyKind, dict[str, float]]:
    """Return the study when it is planned, and the seconds that reading and planning took."""
    from models import checks
    from planner.run import start_file
    from planner.studies import LocalProcesses

    where, watch, tell = how
    start = start_file(file, **kind.base(options), tell=tell)
    if isinstance(where, LocalProcesses):
        where.preload(start.case, kind.READ_IN or kind.__module__)
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
    click.secho(plain(study.plan_name), bold=True, err=True)
    line(study.TITLE, plain(study.subject))
    _show_tables(study, tables)
    headline = study.headline(tables)
    for head, text in (("Finding", headline.finding), ("With care", " ".join(headline.care))):
        if text:
            line(head, f"\n{' ' * 14}".join(wrap(plain(text), _WIDE)))
    if study.tariff_sentence:
        line("Tariffs", f"\n{' ' * 14}".join(wrap(plain(study.tariff_sentence), _WIDE)))
    not_run: dict[str, list[str]] = {}
    for outcome in study.required_outcomes:
        if not outcome.ran:
            not_run.setdefault(outcome.error, []).append(study.label(outcome))
        elif not outcome.planned:
            missing = f"  {plain(study.label(outcome))}: no plan: {plain(outcome.error)}"
            click.secho(missing, fg="yellow", err=True)
    for why, names in not_run.items():
        shown = few(list(map(plain, names)))
        line("Not run", f"{shown}: {plain(why.removeprefix('not run: '))}", "yellow")
    if study.trouble:
        line("Note", plain(study.trouble), "yellow")
    show_warnings(study.start.book.warnings, "About")
    if written is not None:
        line(study.WRITES.capitalize(), f"{written}  ({seconds:z.1f} s)")


def _show_tables(study: StudyKind, tables: Tables) -> None:
    """Show the tables as they fit, whole where no terminal sets a width."""
    from planner.render.table import grid

    screen, country = console(sys.stderr), study.start.case.country_name
    for each in study.terminal_tables(tables):
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
) -> Answer:
    """Return what a program hears."""
    case = study.start.case
    return {
        Key.STATUS: study.status,
        Key.WHAT_IFS: [what_if_facts(what_if) for what_if in study.what_ifs],
        Key.CURRENCY: case.settings.currency,
        **study.answer(tables),
        **_counts(study.outcomes, halt),
        Key.OUTPUT: None if written is None else str(written),
        Key.WARNINGS: findings_by_severity(study.start.book.warnings)[Key.WARNINGS],
        Key.SECONDS: {stage: round(took, 6) for stage, took in seconds.items()},
        Key.ERRORS: [],
    }


def _counts(outcomes: Sequence[Outcome[Any]], halt: Halt | None) -> Answer:
    """Return what a program hears of how far a study came."""
    return {
        Key.STOPPED: halt is not None,
        Key.RUNS: len(outcomes),
        "runs_finished": sum(outcome.ran for outcome in outcomes),
    }
