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
from planner.cli.answer import Answer, Command, Key, print_json, sorted_out
from planner.cli.commands import common
from planner.cli.commands.solve import show_plan, write_run
from planner.render.words import amount, counted, cut, known, listed, number_of, plain, signed
from planner.stops import heard, raise_lost

if TYPE_CHECKING:
    from models.results import Look
    from planner.documents.difference import PlanDifference
    from planner.documents.inputs import Inputs
    from planner.render.table import Cell
    from planner.run import PlanRun
    from planner.workbook.plan_file import PlanFile

_NAMED = 2
"""Changes named in a line; more are counted."""
_WIDE = 60


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@whatifs.case_options
@common.output_option("Write the plan here [where solve writes it].", "PLAN")
@common.JSON
def watch(file: Path, variation: dict[str, Any], output: Path | None, as_json: bool) -> int:
    """Plan again each time the workbook is saved, and say what changed.

    The plan goes where planner solve writes it. Three lines compare it with the last plan: cells of
    the workbook, minerals, flows. If the workbook has errors, they are listed, and the command
    waits for the next save. Press Ctrl-C to stop (exit code 0). With --json, each plan prints a
    line of JSON.

    \b
    planner watch case.xlsx
    planner watch case.xlsx --scenario Embargo
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    common.require("watch", "watch needs watchfiles, which is", "watchfiles")
    target = paths.plan_path(file, output, None, part=paths.case_part(file, variation))
    desk = _Desk(file, variation, target, as_json)
    from planner.workbook.save import fingerprint, saves

    digest = ""
    with suppress(OSError):
        digest = fingerprint(file)
    with suppress(KeyboardInterrupt):
        for _ in chain([None], saves(file, digest)):
            desk.plan()
    heard()
    if not as_json:
        click.echo(f"Ended: {number_of(desk.plans, 'plan')} of {file}", err=True)
    return 0


@dataclass
class _Desk:
    """What is planned, and the last plan of it with its run; ``plans`` counts them."""

    file: Path
    of: dict[str, Any]
    target: Path
    as_json: bool
    last: tuple[PlanRun, PlanFile] | None = None
    plans: int = 0

    def plan(self) -> None:
        """Plan, write, and tell what changed; what is wrong is told, and nothing ends."""
        try:
            self._plan()
        except InputError as error:
            raise_lost()
            if self.as_json:
                _print({Key.STATUS: "input_error", **sorted_out(error.findings)})
            else:
                words.show_findings(self.file, error.findings, err=True)
        except PlannerError as error:
            raise_lost()
            if isinstance(error, UsageError) and not self.plans:
                raise
            if self.as_json:
                _print({Key.STATUS: "error", Key.ERRORS: [str(error)]})
            else:
                click.echo(f"Error: {error}", err=True)
        if not self.as_json:
            words.line("Watching", f"{self.file}; Ctrl-C ends")

    def _plan(self) -> None:
        from planner.run import open_plan, solve_file

        run = solve_file(self.file, **self.of, beside=True, tell=common.progress(self.as_json))
        written, trouble = write_run(run, self.target)
        if written is None or trouble is not None:
            raise trouble or PlannerError(f"{self.target} is not written")
        common.tell_where(self.target, written)
        made, told = open_plan(written), dict[str, str]()
        if self.last is not None:
            told = dict(self._changes(run, made))
        elif not self.as_json:
            show_plan(self.file, run, written)
        self.last, self.plans = (run, made), self.plans + 1
        if self.as_json:
            said = {head.casefold(): text for head, text in told.items()}
            warnings = sorted_out(run.warnings)[Key.WARNINGS]
            _print({Key.STATUS: run.plan.status, Key.OUTPUT: str(written), "changes": said,
                    Key.WARNINGS: warnings})  # fmt: skip
            return
        if told:
            click.echo(f"Planned at {time.strftime('%H:%M:%S')}", err=True)
        for head, text in told.items():
            words.line(head, plain(text))

    def _changes(self, run: PlanRun, made: PlanFile) -> Iterator[tuple[str, str]]:
        from planner.documents.difference import compare_plans
        from planner.documents.inputs import compare_inputs

        assert self.last is not None  # noqa: S101 - there is a plan before
        before, old = self.last
        yield from changes(
            compare_plans(old, made), compare_inputs(old, made, (before.book, run.book))
        )


def _print(answer: Answer) -> None:
    print_json(answer, indent=None)


# ---- what changed, in three lines ----------------------------------------------------------------


def changes(found: PlanDifference, inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Yield head and text of what changed: in the workbook, by mineral, in flows."""
    from models.results import Figure

    yield "Workbook", _workbook(inputs)
    if found.verdict:
        yield "Plan", found.verdict
        return
    yield Figure.MINERALS, _minerals(found)
    yield "Flows", _flows(found)


def _workbook(inputs: Inputs) -> str:
    from models.results.difference import InputChanges
    from planner.documents.inputs import CHANGE

    every = inputs.changes
    looks = every.looks[InputChanges.old.name]
    said = [
        f"{sheet}!{new_cell or old_cell} {cut(what, _WIDE)}: {_cell(old, look)} to"
        f" {_cell(new, look)}"
        for (sheet, old_cell, new_cell, what, old, new), look in zip(
            every.rows(*CHANGE), looks, strict=True
        )
    ]
    if not said:
        return "no input differs"
    differs = "differs" if len(said) == 1 else "differ"
    return f"{counted(len(said), 'input')} {differs}: {listed(said, _NAMED)}"


def _cell(value: Cell, look: Look) -> str:
    from models.results import Look

    if value is None or isinstance(value, str):
        return value or "blank"
    return f"{value * 100:z.4g} %" if look is Look.SHARE else f"{value:z,.6g}"


def _minerals(found: PlanDifference) -> str:
    """Return what changes of minerals: what is short, what is paid, the largest share."""
    money, said = found.pair.money, []
    rows = found.minerals.to_dict("records")
    rows.sort(key=lambda row: -abs(_number(row["paid_change"])))
    for row in rows:
        parts = [
            f"{what} {'+' if change > 0 else ''}{amount(change, unit)}"
            for what, change, unit in (
                ("short", _number(row["short_change"]), "t"),
                ("paid", _number(row["paid_change"]), money),
            )
            if change
        ]
        if share := _number(row["share_change"]):
            parts.append(f"largest share {signed(share * 100, '.1f')} points")
        if parts:
            said.append(f"{row['mineral']} {', '.join(parts)}")
    return _few(said, len(rows) - len(said)) if said else "no amount of any changes"


def _few(said: Sequence[str], others: int) -> str:
    more = [f"and {len(said) - _NAMED:,} more"] if len(said) > _NAMED else []
    rest = f" ({others:,} without any change)" if others else ""
    return f"{'; '.join([*said[:_NAMED], *more])}{rest}"


def _flows(found: PlanDifference) -> str:
    """Return the flows that changed most; the row that counts others has no buyer."""
    names = ("mineral", "seller", "buyer", "change")
    moves = [move for move in zip(*(found.moves.data[n] for n in names), strict=True) if move[2]]
    moves.sort(key=lambda move: -abs(_number(move[-1])))
    said = [
        f"{mineral}: {seller} to {buyer} {'+' if change > 0 else ''}{amount(change, 't')}"
        for mineral, seller, buyer, change in moves
    ]
    if found.among_equals:
        said.append(f"equally cheap, not told: {', '.join(found.among_equals)}")
    return _few(said, 0) if said else "none differs"


def _number(value: object) -> float:
    return float(value) if known(value) else 0.0
