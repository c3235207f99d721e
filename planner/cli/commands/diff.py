"""The command diff: what differs between two plan workbooks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import errors, units
from planner.cli import answer, common
from planner.cli.answer import Answer, Command, Key
from planner.cli.common import plan_path
from planner.cli.words import line, print_row
from planner.render.words import known, signed, terminal_safe, truncated
from planner.stops import raise_pending_stop

if TYPE_CHECKING:
    from planner.documents.difference import PlanDifference
    from planner.documents.inputs import Inputs
    from planner.workbook.plan_file import PlanFile

_MOST_SHOWN, _MOST_ROWS = 8, 12
"""Most inputs and flows, and most rows of a table, on the terminal; the workbook has all."""
_NAME_WIDTH, _LONGEST_NAME = 28, 60
_FIRST_WIDTH = _NAME_WIDTH + 2
Amount = tuple[str, str, float, int]
"""An amount of a table: name of its columns, header shown, divisor, decimals."""
_AMOUNTS = (("purchased", "bought, t", 1.0, 0), ("short", "short, t", 1.0, 0))


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

    If the plans differ in years, currency, units or minerals, only the common part is compared, and
    a note says so. The exit code is 0 whether or not the plans differ.
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
    click.secho(
        f"{terminal_safe(pair.old.path.name)} -> {terminal_safe(pair.new.path.name)}",
        bold=True,
        err=True,
    )
    for word in result.words:
        line(
            word.measure,
            f"{terminal_safe(str(word.old or 'none'))} -> {terminal_safe(str(word.new or 'none'))}",
        )
    reason = terminal_safe(inputs.reason)
    line("Inputs", f"{inputs.count}: {reason}" if inputs.are_compared else reason)
    for place, name, before, after in islice(inputs.in_words, _MOST_SHOWN):
        change = f"  {before} -> {after}" if before else f"  {after}".rstrip()
        click.echo(f"  {place:<22} {name}{change}", err=True)
    more = len(inputs.changes) - _MOST_SHOWN
    if more > 0:
        click.echo(f"  and {more:,} more, on the sheet Inputs", err=True)
    for note in (*pair.notes(), *inputs.notes):
        line("Note", terminal_safe(note), "yellow", of_label=True)
    click.echo(result.headline, err=True)
    if not result.is_equal:
        largest = max((max(row["paid_old"], row["paid_new"]) for row in result.minerals), default=0)
        scale = (units.MILLION, " m", 1) if largest >= units.MILLION else (1.0, "", 0)
        size, suffix, decimals = scale
        _show_totals(result, scale)
        paid, extra, lost = (
            (amount, f"{head}{suffix.replace(' ', ', ')}", size, decimals)
            for amount, head in (("paid", "paid"), ("extra", "dearer"), ("shortage", "shortage"))
        )
        share = ("share", "top share, %", 0.01, 1)
        _show_rows("mineral", result.minerals, [*_AMOUNTS, paid, share])
        who = result.who_pays.frame().to_dict("records")
        _show_rows(
            "member", [row | {"extra_change": row["extra"]} for row in who], [paid, extra, lost]
        )
        from models.measures import SAME_COST  # which loads numpy

        click.echo(f"    {SAME_COST}", err=True)
        _show_moves(result)
    if not pair.same_money:
        line("Prices", f"not compared: the plans are in {pair.money}")
    elif len(result.prices):
        line("Prices", f"{len(result.prices):,} of {result.prices_in_all:,} differ (one price per"
                       " year, mineral and member)")  # fmt: skip
    if output is not None:
        line("Difference", f"{output}  ({seconds:z.1f} s)")


def _show_totals(result: PlanDifference, money: tuple[float, str, int]) -> None:
    """Print totals; ``money`` is a divisor, a suffix of the unit, and decimals."""
    from models.results import Figure, Format
    from planner.documents.difference import KEYS

    print_row("  Totals, minerals by weight", ("old", "new", "change"), _FIRST_WIDTH, 16)
    scales = {Format.MONEY: money, Format.SHARE: (0.01, "", 2), Format.PRICE: (1.0, "", 1)}
    for total in result.lines:
        if total.measure not in {*KEYS, Figure.COST_PER_TONNE} or total.is_title:
            continue
        scale, more, decimals = scales.get(total.fmt, (1.0, "", 0))
        cells = [_scaled_amount(value, scale, decimals) for value in (total.old, total.new)]
        cells.append(_scaled_amount(total.change, scale, decimals, is_change=True))
        unit = "%" if total.fmt is Format.SHARE else f"{total.unit}{more}"
        part = ""
        if total.relative_change is not None and total.change:
            form = ",.0%" if abs(total.relative_change) >= 10 else ".1%"  # noqa: PLR2004
            part = f"  {signed(total.relative_change, form)}"
        print_row(f"  {total.measure}, {unit}", cells, _FIRST_WIDTH, 16, part)


def _show_rows(key: str, every: Sequence[Mapping[Any, Any]], amounts: Sequence[Amount]) -> None:
    rows = [each for each in every if any(_may_change(each, name) for name, *_ in amounts)]
    if not rows:
        return
    print_row(f"  Change by {key}", (head for _, head, *_ in amounts), _FIRST_WIDTH, 16)
    for each in rows[:_MOST_ROWS]:
        cells = (
            _scaled_amount(each[f"{name}_change"], scale, decimals, is_change=True)
            for name, _, scale, decimals in amounts
        )
        print_row(
            f"    {truncated(terminal_safe(str(each[key])), _NAME_WIDTH - 2)}",
            cells,
            _FIRST_WIDTH,
            16,
        )
    others, same = len(rows) - _MOST_ROWS, len(every) - len(rows)
    if others > 0:
        click.echo(f"    and {others:,} more", err=True)
    if same > 0:
        click.echo(f"    {same:,} without any change", err=True)


def _may_change(amounts: Mapping[Any, Any], name: str) -> bool:
    """Return whether an amount changes, or may because only one plan has it."""
    change = amounts[f"{name}_change"]
    if known(change):
        return bool(change)
    return any(known(amounts.get(f"{name}_{side}", 0.0)) for side in ("old", "new"))


def _show_moves(result: PlanDifference) -> None:
    shown = [
        (truncated(terminal_safe(flow[0]), _LONGEST_NAME), *flow[1:])
        for flow in result.flows[:_MOST_SHOWN]
    ]
    wide = max([_NAME_WIDTH, *(len(name) + 2 for name, *_ in shown)]) + 2
    if shown:
        title = f"  Largest moves ({len(shown)} of {result.moved:,})"
        print_row(title, ("old, t", "new, t", "change, t"), wide, 14)
    for name, *sides, change in shown:
        cells = [_scaled_amount(side, 1.0, 0) for side in sides]
        print_row(f"    {name}", [*cells, _scaled_amount(change, 1.0, 0, is_change=True)], wide, 14)
    if result.not_shown:
        click.echo(f"    {terminal_safe(result.not_shown)}", err=True)


def _scaled_amount(value: object, scale: float, decimals: int, *, is_change: bool = False) -> str:
    """Return a number divided by ``scale``; a dash if it is unknown, a plain 0 if it is zero."""
    if not known(value) or not value:
        return "0" if known(value) else "-"
    scaled, least = value / scale, 10.0**-decimals
    if abs(scaled) < least / 2:
        sign = "-" if value < 0 else "+" if is_change else ""
        return f"{sign}<{least:g}"
    form = f",.{decimals}f"
    return signed(scaled, form) if is_change else f"{scaled:z{form}}"


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
        "prices_differ": len(result.prices) if pair.same_money else None,
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
    return dict(zip(("old", "new", "change"), values, strict=False))


def _json_rows(rows: Iterable[Mapping[Any, Any]], keys: Sequence[str]) -> Iterator[Answer]:
    """Yield one object per row: its names, then old, new and change of each amount."""
    for each in rows:
        values = {key: each[key] for key in keys}
        for name in (name.removesuffix("_change") for name in each if name.endswith("_change")):
            values[name] = _sides(*(each[f"{name}_{side}"] for side in ("old", "new", "change")))
        yield values
