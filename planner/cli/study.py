"""The command of every kind of study: reads, plans, writes, prints and returns an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import PlannerError, SolverError
from planner.cli import answer, common
from planner.cli.answer import Answer, Command, Key
from planner.cli.words import line, show_front, warned
from planner.render.keys import AnswerKey, AnswerKeys
from planner.render.words import few, terminal_safe
from planner.stops import Stop, exit_code, mark_handled

if TYPE_CHECKING:
    from planner.studies import StudyEntry, Where
    from planner.studies.kind import StudyKind, Tables

_MOST_NAMED = 3
"""Largest number of failed runs that are named; the sheet Runs lists all."""


class StudyCommand(click.Command):
    """The command of a kind of study; its options are loaded when they are first needed."""

    def __init__(self, name: str, listed: StudyEntry) -> None:
        self._loaded: click.Command | None = None
        self.listed = listed
        super().__init__(name, short_help=listed.summary)

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute; those that need the kind of study load it."""
        attribute = super().__getattribute__
        if name in {"callback", "params", "help", "epilog", "make_context"}:
            if attribute("_loaded") is None:
                self._loaded = command_of(attribute("listed").kind)
            return getattr(attribute("_loaded"), name)
        return attribute(name)


def command_of(kind: type[StudyKind]) -> click.Command:
    """Return the command of a kind of study, with its own options and the shared options."""
    shared = [click.argument("file", type=common.WORKBOOK), *kind.OPTIONS]
    shared += [common.SCENARIO] if kind.SCENARIO else []
    shared += [common.what_if_options] if kind.WHAT_IFS else []
    shared += [common.share_limit(kind.LIMIT)] if kind.LIMIT else []
    written = f"Write the {kind.WRITES} here [outputs/<FILE's name>-{kind.PART}{kind.NAME}.xlsx]."
    shared += [common.output_option(written), common.CSV, common.study_options, common.VERBOSE]
    shared += [common.JSON]
    command: Any = partial(run_study_command, kind)
    for option in reversed(shared):
        command = option(command)
    built: click.Command = click.command(kind.NAME, cls=Command, help=kind.__doc__)(command)
    return built


def run_study_command(  # noqa: PLR0913 - what a command line says
    kind: type[StudyKind],
    *,
    file: Path,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    verbose: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Read the workbook, plan, write and print the study; return the exit code."""
    from planner.studies import engine

    of_case, own = {"what_ifs": options.get("asked"), **options}, kind.file_part(options)

    def output_path(scenario: str = "") -> Path:
        parts = common.case_part(file, of_case, scenario), own and common.short_part(own)
        return common.plan_path(file, output, csv_folder, kind.NAME, "-".join(filter(None, parts)))

    output_path()  # an unusable path is an error before any work is done
    on_stage = common.stage_reporter(as_json)
    with common.progress_reporter(as_json) as watch:
        study, seconds, confirm = _planned(kind, file, options, (where, watch, on_stage))
    target = output_path(study.start.variant.scenario if kind.SCENARIO else "")
    if (study.stopped and not study.outcomes) or not study.has_plan:
        return _nothing(study, study.errors or _failure_of(study), as_json=as_json)
    files, shown = (target, csv_folder), None if as_json else verbose
    try:
        return _write_study(study, seconds, files, study.stopped, confirm, shown)
    except engine.UnconfirmedError as late:
        return _write_study(study, seconds, files, late.stop, confirm, shown)


def _write_study(  # noqa: PLR0913, PLR0917 - a study, and how it is written
    study: StudyKind,
    seconds: dict[str, float],
    files: tuple[Path, Path | None],
    stop: Stop | None,
    confirm: Callable[[], None],
    verbose: bool | None,
) -> int:
    """Write and print a study, as a partial one if it was stopped; return the exit code.

    ``verbose`` says how much is printed (None: the answer in JSON). ``files`` are the workbook, and
    where the study and its CSV files are written. Nothing is written over an older file, or
    printed, before ``confirm`` has returned.
    """
    from planner.studies.kind import Tables
    from planner.studies.workbook import about_of, write_study

    as_json = verbose is None
    (target, csv_folder), failed = files, study.errors or _failure_of(study)
    is_partial, stopped = stop is not None, dict[str, str]()  # a row of the sheet About
    if is_partial:
        stopped = {"Stopped": f"{_finished(study)}; the sheet Runs names the others"}
    results = [*study.tables(), about_of(study, stopped)]
    tables = Tables(results, study.start.case.country_name)
    sheets, title, wanted = study.sheets(tables), study.title, target
    if is_partial:  # a partial result does not replace a complete one
        title = f"{title} (stopped: {_finished(study)})"
        target = target.with_name(f"{target.stem}-partial{target.suffix}")
        csv_folder = common.partial_folder(csv_folder)

    def write(path: Path) -> None:
        write_study(path, study, tables, sheets, title)
        confirm()

    written, problem = common.write_workbook_and_tables(
        target,
        write,
        csv_folder,
        lambda: study.all_rows(tables),
        seconds,
        over=not is_partial,
    )
    confirm()  # if the workbook could not be written
    if is_partial and csv_folder is not None and problem is None:
        click.echo(f"The tables of the finished runs are in {csv_folder}", err=True)
    if verbose is not None:
        _print_study(study, tables, written, sum(seconds.values()), verbose=verbose)
    if written is not None and is_partial:
        partial_to = f"it was written to {written}, not to {wanted}"
        click.echo(f"The study is not finished, so {partial_to}", err=True)
    elif written is not None:
        common.report_path(target, written)
    result = _study_answer(study, tables, written, seconds) if as_json else {}
    if is_partial:
        line("Stopped", _finished(study), "yellow")
        result[Key.STATUS] = "stopped"
    code = answer.finish(result, as_json=as_json, failed=problem or failed)
    return code if stop is None else exit_code(stop)


def _finished(study: StudyKind) -> str:
    ran = [outcome.ran for outcome in study.outcomes]
    return f"{sum(ran):,} of {len(ran):,} runs finished"


def _failure_of(study: StudyKind) -> SolverError | None:
    """Return the error that names the runs without a plan; None if all runs have one.

    Runs that did not start because the study was stopped are no failure.
    """
    outcomes, is_whole = study.required_outcomes, study.stopped is None
    missing = [o for o in outcomes if not o.is_planned and (o.ran or is_whole)]
    if not missing:
        return None
    more = f" (and {len(missing) - _MOST_NAMED} more)" if len(missing) > _MOST_NAMED else ""
    return SolverError("; ".join(f"{o.name}: {o.error}" for o in missing[:_MOST_NAMED]) + more)


def _nothing(study: StudyKind, failed: PlannerError | None, *, as_json: bool) -> int:
    """Report a study without any result to write; return the exit code."""
    counts = _run_counts(study)
    if study.stopped is None:
        why = failed or SolverError("nothing was planned")
        return answer.report_failure(why, as_json=as_json, result=counts)
    text = f"Stopped: {_finished(study)}. Nothing was written"
    click.secho(text, fg="yellow", err=True)
    if as_json:
        answer.print_json({Key.STATUS: "stopped", **counts, Key.OUTPUT: None, Key.ERRORS: []})
    return exit_code(study.stopped)


def _planned(
    kind: type[StudyKind], file: Path, options: dict[str, Any], how: tuple[Where, Any, Any]
) -> tuple[StudyKind, dict[str, float], Callable[[], None]]:
    """Return the planned study, its seconds, and a function that confirms it.

    See ``engine.confirmed_later``.
    """
    from models import checks
    from planner.scenarios.start import start_file
    from planner.studies import LocalProcesses, engine

    where, watch, on_stage = how
    if isinstance(where, LocalProcesses):
        where.preload()
    start = start_file(file, **kind.take_case_options(options), on_stage=on_stage)
    study = kind(start, **options)
    errors = checks.errors(start.case)
    if errors:
        raise start.input_error(errors)
    on_stage(f"Planning {study.task}")
    began = time.perf_counter()
    with engine.confirmed_later(where) as confirm:
        try:
            study.plan(where, watch, on_stage)
        except (KeyboardInterrupt, SystemExit) as stop:  # before its first run
            mark_handled()
            study.stopped = stop
    return study, {"read": start.seconds, "solve": time.perf_counter() - began}, confirm


# ---- terminal ------------------------------------------------------------------------------------


def _print_study(
    study: StudyKind, tables: Tables, written: Path | None, seconds: float, *, verbose: bool
) -> None:
    """Print the study's first page, what is odd, and where its workbook is."""
    last = list(_not_planned(study))
    if study.trouble:
        last.append(f"Note: {terminal_safe(study.trouble)}")
    if study.start.book.warnings:
        last.append(warned(study.start.book.warnings, study.start.book.path))
    if written is not None:
        last.append(f"{study.WRITES.capitalize()}: {written}  ({seconds:z.1f} s)")
    show_front(study.page(tables, study.title), last, verbose=verbose)


def _not_planned(study: StudyKind) -> Iterator[str]:
    """Yield the runs without a plan, each reason once."""
    not_run: dict[str, list[str]] = {}
    for outcome in study.required_outcomes:
        if not outcome.is_planned:
            why = outcome.error.removeprefix("not run: ")
            start = "No plan" if outcome.ran else "Not run"
            not_run.setdefault(f"{start}: {{}}: {terminal_safe(why)}", []).append(
                study.name_of_run(outcome)
            )
    for text, names in not_run.items():
        yield text.format(few(list(map(terminal_safe, names))))


# ---- JSON ----------------------------------------------------------------------------------------

KEYS: AnswerKeys = (
    AnswerKey(Key.STOPPED, "whether it ended early"),
    AnswerKey(Key.RUNS, "the number of its runs"),
    AnswerKey("runs_finished", "how many of them finished"),
)
"""Keys that the answers of all studies have, beyond those of every command that plans."""


def _study_answer(
    study: StudyKind, tables: Tables, written: Path | None, seconds: dict[str, float]
) -> Answer:
    case = study.start.case
    return {
        Key.STATUS: study.status,
        Key.WHAT_IFS: [answer.what_if_facts(what_if) for what_if in study.what_ifs],
        Key.CURRENCY: case.settings.currency,
        **study.answer(tables),
        **_run_counts(study),
        Key.FINDINGS: [each.json() for each in study.front(tables, study.title).findings],
        Key.OUTPUT: None if written is None else str(written),
        Key.WARNINGS: answer.findings_by_severity(study.start.book.warnings)[Key.WARNINGS],
        Key.SECONDS: {stage: round(took, 6) for stage, took in seconds.items()},
        Key.ERRORS: [],
    }


def _run_counts(study: StudyKind) -> Answer:
    return {
        Key.STOPPED: study.stopped is not None,
        Key.RUNS: len(study.outcomes),
        "runs_finished": sum(outcome.ran for outcome in study.outcomes),
    }
