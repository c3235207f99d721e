"""What a person and a program hear of the difference of two plans."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.results import Figure, Look
from models.results.difference import InputChanges
from planner.cli.answer import Answer
from planner.render.table import Cell, records
from planner.render.words import number_of, plain
from planner.sheets.inputs import ADDED, REMOVED

if TYPE_CHECKING:
    import pandas as pd

    from planner.documents.difference import Inputs, PlanDifference
    from planner.documents.difference.compare import Line

_SHOWN_INPUTS, _SHOWN_MOVES, _SHOWN_ROWS = 8, 8, 12
"""Lines of a kind told on the terminal; the workbook has them all."""
_NAME, _LONG = 28, 60
_MILLION = 1e6
_INPUT = (
    InputChanges.sheet, InputChanges.old_cell, InputChanges.new_cell, InputChanges.what,
    InputChanges.old, InputChanges.new,
)  # fmt: skip
_PAID = ("paid", 1.0, 0)


def show_difference(
    found: PlanDifference, inputs: Inputs, output: Path | None, seconds: float
) -> None:
    """Tell what differs in a few lines, the figures aligned, and where the rest stands."""
    pair = found.pair
    click.secho(f"{plain(pair.old.path.name)} -> {plain(pair.new.path.name)}", bold=True, err=True)
    for line in differing_words(found):
        said = f"{plain(str(line.old or 'none'))} -> {plain(str(line.new or 'none'))}"
        click.echo(f"{line.measure:<13} {said}", err=True)
    _show_inputs(inputs)
    for said in (*pair.notes(), *inputs.notes):
        click.echo(f"{click.style('Note', fg='yellow')}          {plain(said)}", err=True)
    if found.verdict:
        click.echo(found.verdict, err=True)
    if not found.is_equal:
        _show_totals(found)
        _show_minerals(found)
        _show_members(found)
        _show_moves(found)
    if not pair.same_money:
        click.echo(f"Prices        not compared: they are in {pair.money}", err=True)
    elif len(found.prices):
        said = f"{number_of(len(found.prices), 'row')} of {found.prices_in_all:,} differ"
        click.echo(f"Prices        {said} (year, mineral, member)", err=True)
    if output is not None:
        click.echo(f"Difference    {output}  ({seconds:.1f} s)", err=True)


def _show_inputs(inputs: Inputs) -> None:
    if not inputs.are_compared:
        click.echo(f"Inputs        {plain(inputs.reason)}", err=True)
        return
    every = len(inputs.changes)
    count = number_of(every, "input")
    said = f"{count} {'differs' if every == 1 else 'differ'}" if every else "no input differs"
    click.echo(f"Inputs        {said}: {plain(inputs.reason)}", err=True)
    rows = zip(
        inputs.changes.rows(*_INPUT), inputs.changes.looks[InputChanges.old.name], strict=True
    )
    for (sheet, old_cell, new_cell, what, old, new), look in islice(rows, _SHOWN_INPUTS):
        cell = new_cell or old_cell
        place = f"{sheet}!{cell}" if cell else sheet
        place += " (old)" if old_cell and not new_cell else ""
        change = f"  {_value(old, look)} -> {_value(new, look)}"
        if old is None and new in {None, ADDED, REMOVED}:  # of a row, not of a cell
            change = f"  {new}" if new else ""
        click.echo(f"  {plain(place):<22} {_cut(plain(what), _LONG)}{change}", err=True)
    if every > _SHOWN_INPUTS:
        click.echo(f"  and {every - _SHOWN_INPUTS:,} more, on the sheet Inputs", err=True)


def _value(value: Cell, look: Look) -> str:
    if value is None:
        return "blank"
    if isinstance(value, str):
        return _cut(plain(value), _NAME)
    if look is Look.SHARE:
        return f"{value * 100:.4g} %"
    return f"{value:g}" if look is Look.YEAR else f"{value:,.6g}"


def _show_totals(found: PlanDifference) -> None:
    click.echo(f"  {'Totals':<{_NAME}}{'old':>16}{'new':>16}{'change':>16}", err=True)
    millions = _in_millions(found)
    for line in found.lines:
        if line.measure not in {*KEYS, Figure.COST_PER_TONNE} or line.is_title:
            continue
        scale, unit, decimals = 1.0, line.unit, 0
        if line.look is Look.MONEY and millions:
            scale, unit, decimals = _MILLION, f"{line.unit} m", 1
        elif line.look is Look.SHARE:
            scale, unit, decimals = 0.01, "%", 2
        elif line.look is Look.PRICE:
            decimals = 1
        part = "" if line.part is None or not line.change else f"  {_part(line.part)}"
        cells = [_amount(v, scale, decimals) for v in (line.old, line.new)]
        cells.append(_amount(line.change, scale, decimals, signed=True))
        name = f"{line.measure}, {unit}"
        click.echo(f"  {name:<{_NAME}}" + "".join(f"{c:>16}" for c in cells) + part, err=True)


def _in_millions(found: PlanDifference) -> bool:
    """Whether money is told in millions."""
    amounts = found.minerals[["paid_old", "paid_new"]].to_numpy()
    return bool((amounts >= _MILLION).any())


def _part(part: float) -> str:
    return f"{part:+,.0%}" if abs(part) >= 10 else f"{part:+.1%}"  # noqa: PLR2004


def _show_minerals(found: PlanDifference) -> None:
    table = found.minerals
    paid, head = (("paid", _MILLION, 1), "paid, m") if _in_millions(found) else (_PAID, "paid")
    whats = [("purchased", 1.0, 0), ("short", 1.0, 0), paid, ("share", 0.01, 1)]
    heads = ("bought, t", "short, t", head, "top share, %")
    _show_rows("Change by mineral", table, "mineral", whats, heads)


def _show_members(found: PlanDifference) -> None:
    paid, head = (("paid", _MILLION, 1), "paid, m") if _in_millions(found) else (_PAID, "paid")
    whats = [("purchased", 1.0, 0), ("short", 1.0, 0), paid]
    changes = [f"{what}_change" for what, _, _ in whats]
    # a member with a change that is not known has no known sum
    of_member = found.members.frame().groupby("member")
    known = of_member[changes].count().eq(of_member.size(), axis=0)
    sums = of_member[changes].sum().where(known)
    _show_rows(
        "Change by member",
        sums.reset_index(),
        "member",
        whats,
        ("bought, t", "short, t", head),
    )


def _show_rows(
    title: str,
    table: pd.DataFrame,
    key: str,
    whats: Sequence[tuple[str, float, int]],
    heads: Sequence[str],
) -> None:
    """Tell the changes of rows, those that have any."""
    rows = [
        row for row in table.to_dict("records") if any(_changes(row, what) for what, _, _ in whats)
    ]
    if not rows:
        return
    click.echo(f"  {title:<{_NAME}}" + "".join(f"{head:>16}" for head in heads), err=True)
    for row in rows[:_SHOWN_ROWS]:
        cells = [
            _amount(row[f"{what}_change"], scale, decimals, signed=True)
            for what, scale, decimals in whats
        ]
        name = _cut(plain(str(row[key])), _NAME - 2)
        click.echo(f"    {name:<{_NAME - 2}}" + "".join(f"{c:>16}" for c in cells), err=True)
    left = len(rows) - _SHOWN_ROWS
    same = len(table) - len(rows)
    if left > 0:
        click.echo(f"    and {left:,} more", err=True)
    if same > 0:
        click.echo(f"    {same:,} without any change", err=True)


def _changes(row: Mapping[Hashable, float], what: str) -> bool:
    """Return whether an amount of a row changes, or may: one that is not known in both does not."""
    change = row[f"{what}_change"]
    if change == change:  # noqa: PLR0124 - NaN is not known
        return bool(change)
    sides = (row.get(f"{what}_{word}", 0.0) for word in ("old", "new"))
    return any(side == side for side in sides)  # noqa: PLR0124


def _show_moves(found: PlanDifference) -> None:
    table = found.moves.frame()
    named = table[table["buyer"] != ""]
    named = named.assign(by=named["change"].abs()).sort_values("by", ascending=False, kind="stable")
    rows = named.head(_SHOWN_MOVES).to_dict("records")
    names = [_cut(plain(f"{r['mineral']}: {r['seller']} to {r['buyer']}"), _LONG) for r in rows]
    wide = max([_NAME, *(len(name) + 2 for name in names)])
    if rows:
        count = f" ({len(rows)} of {found.moved:,})"
        heads = "".join(f"{head:>14}" for head in ("old, t", "new, t", "change, t"))
        click.echo(f"  {f'Largest moves{count}':<{wide}}{heads}", err=True)
    for name, row in zip(names, rows, strict=True):
        cells = [_amount(row[w], 1.0, 0, signed=w == "change") for w in ("old", "new", "change")]
        click.echo(f"    {name:<{wide - 2}}" + "".join(f"{c:>14}" for c in cells), err=True)
    if found.among_equals:
        said = ", ".join(found.among_equals)
        click.echo(f"    Equally cheap, flows not told: {plain(said)}", err=True)


def _amount(value: object, scale: float, decimals: int, *, signed: bool = False) -> str:
    """Return a number in a scale; a dash for what is not known, a plain 0 for none."""
    if not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        return "-"
    if not value:
        return "0"
    scaled, least = value / scale, 10.0**-decimals
    if abs(scaled) < least / 2:
        sign = "-" if value < 0 else "+" if signed else ""
        return f"{sign}<{least:g}"
    return f"{scaled:+,.{decimals}f}" if signed else f"{scaled:,.{decimals}f}"


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def answer_of(found: PlanDifference, inputs: Inputs, output: Path | None, seconds: float) -> Answer:
    """Return what a program hears."""
    pair = found.pair
    figures = {line.measure: line for line in found.lines}
    return {
        "status": "ok",
        "old": str(pair.old.path),
        "new": str(pair.new.path),
        "equal": found.is_equal,
        "currency": pair.new.currency,
        "years": list(pair.years),
        "notes": list(pair.notes()),
        "totals": {
            key: _triple(figures[name].old, figures[name].new, figures[name].change)
            for name, key in KEYS.items()
            if name in figures
        },
        "words": [
            {"what": line.measure, "old": line.old, "new": line.new}
            for line in differing_words(found)
        ],
        "minerals": list(_rows(found.minerals, ("mineral",))),
        "members": list(_rows(found.members.frame(), ("member", "mineral"))),
        "moves": records(found.moves, *(f for f in found.moves.fields if f.name != "unit")),
        "among_equals": list(found.among_equals),
        "prices_differ": len(found.prices) if pair.same_money else None,
        "inputs": {
            "compared": inputs.are_compared,
            "said": inputs.reason,
            "notes": list(inputs.notes),
            "rows": records(inputs.changes, *_INPUT),
        },
        "output": None if output is None else str(output),
        "warnings": [],
        "errors": [],
        "seconds": round(seconds, 6),
    }


def _triple(old: Cell, new: Cell, change: Cell) -> Answer:
    return {"old": old, "new": new, "change": change}


def _rows(table: pd.DataFrame, keys: Sequence[str]) -> Iterator[Answer]:
    """Yield an object a row: its names, then old, new and change of each amount."""
    whats = [name.removesuffix("_change") for name in table.columns if name.endswith("_change")]
    for row in table.to_dict("records"):
        found: Answer = {key: row[key] for key in keys}
        for what in whats:
            found[what] = _triple(*(row[f"{what}_{word}"] for word in ("old", "new", "change")))
        yield found


KEYS = {
    Figure.TOTAL_COST: "objective",
    Figure.CASH_COST: "cash",
    Figure.PURCHASES_COST: "purchases",
    Figure.DEMAND: "demand_t",
    Figure.TONNES: "tonnes",
    Figure.SHORTAGE: "shortage_t",
    Figure.SERVED_SHARE: "served_share",
}
"""Figures that a program hears of by a name of their own."""


def differing_words(found: PlanDifference) -> Iterator[Line]:
    """Yield scenario, years, options and the like where they differ."""
    for line in found.lines:
        is_figure = isinstance(line.old, float) or isinstance(line.new, float)
        if line.counts and not line.is_title and not is_figure and not line.is_same:
            yield line
