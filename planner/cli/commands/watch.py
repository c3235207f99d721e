"""The command watch: plans again each time the workbook is saved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import InputError, PlannerError, UsageError
from planner.cli import paths, whatifs, words
from planner.cli.answer import (
    Answer,
    Command,
    Key,
    failure_answer,
    findings_by_severity,
    print_json,
)
from planner.cli.commands import common
from planner.cli.commands.solve import show_plan, write_run
from planner.render.words import amount, known, listed, number_of, plain, signed, uncapitalized
from planner.stops import mark_handled, raise_pending_stop

if TYPE_CHECKING:
    from planner.documents.difference import PlanDifference
    from planner.documents.inputs import Inputs
    from planner.run import PlanRun
    from planner.workbook.plan_file import PlanFile

_NAMED = 2
"""Largest number of changes named on a line; the others are counted."""


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@whatifs.case_options
@common.output_option("Write the plan here [where planner solve writes it].", "PLAN")
@common.JSON
def watch(file: Path, variation: dict[str, Any], output: Path | None, as_json: bool) -> int:
    """Plan again each time the workbook is saved, and say what changed.

    The command writes the plan to the same file as planner solve. Three lines compare each plan
    with the one before it: cells of the workbook, minerals, flows. If the workbook has errors, they
    are listed, and the command waits for the next save. Press Ctrl-C to stop (exit code 0). With
    --json, the command prints one line of JSON per plan.

    \b
    planner watch case.xlsx
    planner watch case.xlsx --scenario Embargo
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    common.require("watch", "watch needs watchfiles, which is", "watchfiles")
    target = paths.plan_path(file, output, None, part=paths.case_part(file, variation))
    desk = _Desk(file, variation, target, as_json)
    from planner.workbook.save import fingerprint, watch_saves

    digest = ""
    with suppress(OSError, InputError):
        digest = fingerprint(file)
    with suppress(KeyboardInterrupt):
        for _ in chain([None], watch_saves(file, digest)):
            desk.plan()
    mark_handled()
    if not as_json:
        click.echo(f"Ended: {number_of(desk.plans, 'plan')} of {file}", err=True)
    return 0


@dataclass
class _Desk:
    """The workbook that is planned, its last plan with the run, and the number of plans."""

    file: Path
    variation: dict[str, Any]
    target: Path
    as_json: bool
    last: tuple[PlanRun, PlanFile] | None = None
    plans: int = 0

    def plan(self) -> None:
        """Plan, write and show changes; an error is shown, and the command goes on."""
        try:
            self._plan()
        except InputError as error:
            raise_pending_stop()
            if self.as_json:
                _print({Key.STATUS: "input_error", **findings_by_severity(error.findings)})
            else:
                words.show_findings(self.file, error.findings, err=True)
        except PlannerError as error:
            raise_pending_stop()
            if isinstance(error, UsageError) and not self.plans:
                raise
            if self.as_json:
                _print(failure_answer("error", str(error)))
            else:
                click.echo(f"Error: {error}", err=True)
        if not self.as_json:
            words.line("Watching", f"{self.file}; Ctrl-C stops")

    def _plan(self) -> None:
        from planner.run import open_plan, solve_file

        tell = common.progress(self.as_json)
        run = solve_file(self.file, **self.variation, in_background=True, tell=tell)
        written, problem = write_run(run, self.target)
        if written is None or problem is not None:
            raise problem or PlannerError(f"{self.target} was not written")
        common.report_path(self.target, written)
        plan, lines = open_plan(written), dict[str, str]()
        if self.last is not None:
            from planner.documents.difference import compare_plans
            from planner.documents.inputs import compare_inputs

            before, old = self.last
            inputs = compare_inputs(old, plan, (before.book, run.book))
            lines = dict(changes(compare_plans(old, plan), inputs))
        elif not self.as_json:
            show_plan(self.file, run, written)
        self.last, self.plans = (run, plan), self.plans + 1
        if self.as_json:
            changed = {head.casefold(): text for head, text in lines.items()}
            warnings = findings_by_severity(run.warnings)[Key.WARNINGS]
            _print({Key.STATUS: run.plan.status, Key.OUTPUT: str(written), "changes": changed,
                    Key.WARNINGS: warnings})  # fmt: skip
            return
        if lines:
            click.echo(f"Planned at {time.strftime('%H:%M:%S')}", err=True)
        for head, text in lines.items():
            words.line(head, plain(text))


def _print(answer: Answer) -> None:
    print_json(answer, indent=None)


# ---- what changed, in three lines ----------------------------------------------------------------


def changes(result: PlanDifference, inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Yield label and text of the changes in the workbook, of minerals, and of flows."""
    from models.results import Figure

    cells = [
        f"{place} {name}{': ' if new else ''}{f'{old} to ' if old else ''}{new}"
        for place, name, old, new in inputs.in_words
    ]
    yield "Workbook", f"{inputs.count}: {listed(cells, _NAMED)}" if cells else inputs.count
    if result.verdict:
        yield "Plan", result.verdict
        return
    yield Figure.MINERALS, _minerals(result)
    yield "Flows", _flows(result)


def _minerals(result: PlanDifference) -> str:
    changed = []
    rows = result.minerals.to_dict("records")
    rows.sort(key=lambda row: -abs(_number(row["paid_change"])))
    for row in rows:
        parts = [
            f"{name} {_change(change, unit)}"
            for name, change, unit in (
                ("short", _number(row["short_change"]), "t"),
                ("paid", _number(row["paid_change"]), result.pair.money),
            )
            if change
        ]
        if share := _number(row["share_change"]):
            parts.append(f"largest share {signed(share * 100, '.1f')} points")
        if parts:
            changed.append(f"{row['mineral']} {', '.join(parts)}")
    if not changed:
        return "no amount changes"
    others = len(rows) - len(changed)
    return _few(changed) + (f" ({others:,} without any change)" if others else "")


def _flows(result: PlanDifference) -> str:
    flows = [f"{name} {_change(change, 't')}" for name, _, _, change in result.flows]
    if result.not_shown:
        flows.append(uncapitalized(result.not_shown))
    return _few(flows) if flows else "none differs"


def _few(parts: Sequence[str]) -> str:
    more = [f"and {len(parts) - _NAMED:,} more"] if len(parts) > _NAMED else []
    return "; ".join([*parts[:_NAMED], *more])


def _change(value: float, unit: str) -> str:
    return f"{'+' if value > 0 else ''}{amount(value, unit)}"


def _number(value: object) -> float:
    return float(value) if known(value) else 0.0
