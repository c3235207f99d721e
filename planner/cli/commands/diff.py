"""The command diff: what differs between two plan workbooks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import errors
from planner.cli import answer, common
from planner.cli.answer import Answer, Command, Key
from planner.cli.common import plan_path
from planner.cli.words import line
from planner.render import words
from planner.render.words import terminal_safe
from planner.stops import raise_pending_stop

if TYPE_CHECKING:
    from planner.documents.difference import PlanDifference
    from planner.documents.inputs import Inputs
    from planner.workbook.plan_file import PlanFile

_NAMED = 2
"""Largest number of changes named on a line; the others are counted."""


@click.command(cls=Command)
@click.argument("old", type=common.WORKBOOK)
@click.argument("new", type=common.WORKBOOK)
@click.option(
    "--inputs",
    type=common.WORKBOOK,
    nargs=2,
    metavar="OLD_IN NEW_IN",
    help="The input workbooks of both plans [those found beside the plans, if unchanged].",
)
@common.output_option("Write the difference here [outputs/<NEW's name>-diff.xlsx].")
@common.JSON
def diff(
    old: Path, new: Path, inputs: tuple[Path, Path] | None, output: Path | None, as_json: bool
) -> int:
    """Compare two plan workbooks: inputs, costs, shortages, flows, prices.

    OLD and NEW are plans that planner solve wrote; nothing is solved again. Inputs are compared
    cell by cell if the input workbooks are beside the plans, or are named with --inputs.

    \b
    planner diff last-month-plan.xlsx outputs/case-plan.xlsx
    planner diff old-plan.xlsx new-plan.xlsx --inputs old.xlsx new.xlsx

    If the plans differ in years or minerals, only the common part is compared, and a note says so.
    The exit code is 0 whether or not the plans differ.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(new, output, None, "diff")
    from planner.documents.difference import compare_plans, write_difference
    from planner.workbook.read import open_plan

    on_stage = common.stage_reporter(as_json)
    began = time.perf_counter()
    with answer.errors_in(old):
        before = open_plan(old, on_stage)
    with answer.errors_in(new):
        after = open_plan(new, on_stage)
    compared = _inputs(before, after, inputs)
    on_stage("Comparing")
    result = compare_plans(before, after)
    title = f"{old.name} to {new.name}"
    failed: errors.PlannerError | None = None
    written: Path | None = None
    try:
        written = common.save_output(
            target, lambda path: write_difference(path, result, compared, title)
        )
    except errors.PlannerError as error:
        raise_pending_stop()
        failed = error  # the difference is shown nevertheless
    seconds = time.perf_counter() - began
    if not as_json:
        _print_difference(result, compared, written, seconds)
    return answer.finish(
        _json_answer(result, compared, written, seconds), as_json=as_json, failed=failed
    )


def _inputs(old: PlanFile, new: PlanFile, named: tuple[Path, Path] | None) -> Inputs:
    """Compare the inputs of two plans: the named workbooks, else those beside the plans."""
    from models.results import Figure
    from planner.documents.inputs import compare_inputs, find_input, not_compared
    from planner.workbook.read import open_input

    if named is None:
        if old.measure(Figure.INPUT_SHA256) == new.measure(Figure.INPUT_SHA256):
            return not_compared(old, new, (None, None))
        old_input, new_input = find_input(old), find_input(new)
        if old_input is None or new_input is None:
            return not_compared(old, new, (old_input, new_input))
        named = (old_input, new_input)
    books = []
    for path in named:
        with answer.errors_in(path):
            books.append(open_input(path))
    return compare_inputs(old, new, (books[0], books[1]))


# ---- terminal ------------------------------------------------------------------------------------


def _print_difference(
    result: PlanDifference, inputs: Inputs, output: Path | None, seconds: float
) -> None:
    pair = result.pair
    names = (terminal_safe(plan.path.name) for plan in (pair.old, pair.new))
    click.secho(" -> ".join(names), bold=True, err=True)
    click.echo(result.headline, err=True)
    for word in result.words:
        line(word.measure, terminal_safe(f"{word.old or 'none'} -> {word.new or 'none'}"))
    for head, text in changes(result, inputs):
        if text != result.verdict:  # the headline
            line(head, terminal_safe(text))
    for note in (*pair.notes(), *inputs.notes):
        line("Note", terminal_safe(note), "yellow", of_label=True)
    if output is not None:
        line("Difference", f"{output}  ({seconds:z.1f} s)")


# ---- what changed, in three lines ----------------------------------------------------------------


def changes(result: PlanDifference, inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Yield label and text of the changes in the workbook, of minerals, and of flows."""
    from models.results import Figure

    changed = [
        f"{place} {name}{': ' if new else ''}{f'{old} to ' if old else ''}{new}"
        for place, name, old, new in inputs.in_words
    ]
    listed = f"{inputs.count}: {words.listed(changed, _NAMED)}" if changed else inputs.count
    yield "Workbook", listed if inputs.are_compared else inputs.reason
    if result.verdict:
        yield "Plan", result.verdict
        return
    yield Figure.MINERALS, _mineral_changes(result)
    yield "Flows", _flow_changes(result)


def _mineral_changes(result: PlanDifference) -> str:
    changed = []
    rows = sorted(result.minerals, key=lambda row: -abs(_cell_number(row["paid_change"])))
    for row in rows:
        parts = [
            f"{name} {_signed_change(change, unit)}"
            for name, change, unit in (
                ("short", _cell_number(row["short_change"]), "t"),
                ("paid", _cell_number(row["paid_change"]), result.pair.currency),
            )
            if change
        ]
        if share := _cell_number(row["share_change"]):
            parts.append(f"largest share {words.signed(share * 100, '.1f')} points")
        if parts:
            changed.append(f"{row['mineral']} {', '.join(parts)}")
    if not changed:
        return "no amount changes"
    others = len(rows) - len(changed)
    return _first_few(changed) + (f" ({others:,} without any change)" if others else "")


def _flow_changes(result: PlanDifference) -> str:
    flows = [f"{name} {_signed_change(change, 't')}" for name, _, _, change in result.flows]
    if result.not_shown:
        flows.append(words.uncapitalized(result.not_shown))
    return _first_few(flows) if flows else "none differs"


def _first_few(parts: Sequence[str]) -> str:
    more = [f"and {len(parts) - _NAMED:,} more"] if len(parts) > _NAMED else []
    return "; ".join([*parts[:_NAMED], *more])


def _signed_change(value: float, unit: str) -> str:
    return f"{'+' if value > 0 else ''}{words.amount_words(value, unit)}"


def _cell_number(value: object) -> float:
    """Return a cell's number; 0 if it is blank or unknown."""
    return float(value) if words.known(value) else 0.0


# ---- JSON ----------------------------------------------------------------------------------------


def _json_answer(
    result: PlanDifference, inputs: Inputs, output: Path | None, seconds: float
) -> Answer:
    from planner.documents.difference import KEYS
    from planner.documents.inputs import CHANGE
    from planner.render.table import records

    pair = result.pair
    figures = {line.measure: line for line in result.lines}
    return {
        "old": str(pair.old.path),
        Key.NEW: str(pair.new.path),
        "equal": result.is_equal,
        Key.CURRENCY: pair.new.currency,
        "years": list(pair.years),
        Key.NOTES: list(pair.notes()),
        "totals": {
            key: _sides(figures[name].old, figures[name].new, figures[name].change)
            for name, key in KEYS.items()
            if name in figures
        },
        Key.WORDS: [{"what": word.measure, **_sides(word.old, word.new)} for word in result.words],
        Key.MINERALS: list(_json_rows(result.minerals, ("mineral",))),
        Key.MEMBERS: list(
            _json_rows(result.members.frame().to_dict("records"), ("member", "mineral"))
        ),
        "who_pays": records(result.who_pays),
        "moves": records(result.moves, *(f for f in result.moves.fields if f.name != "unit")),
        "among_equals": list(result.among_equals),
        "prices_differ": len(result.prices),
        "inputs": {
            Key.COMPARED: inputs.are_compared,
            "said": inputs.reason,
            Key.NOTES: list(inputs.notes),
            Key.ROWS: records(inputs.changes, *CHANGE),
        },
        Key.OUTPUT: None if output is None else str(output),
        Key.SECONDS: round(seconds, 6),
    }


def _sides(*values: object) -> Answer:
    """Return the values of a comparison under the keys old, new and change."""
    return dict(zip(("old", "new", "change"), values, strict=False))


def _json_rows(rows: Iterable[Mapping[Any, Any]], keys: Sequence[str]) -> Iterator[Answer]:
    """Yield one object per row: its names, then old, new and change of each amount."""
    for each in rows:
        values = {key: each[key] for key in keys}
        for name in (name.removesuffix("_change") for name in each if name.endswith("_change")):
            values[name] = _sides(*(each[f"{name}_{side}"] for side in ("old", "new", "change")))
        yield values
