"""What a person and a program hear of a comparison: a line, or an object, a scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.cli.answer import Answer
from planner.cli.halt import tell_not_run
from planner.render.text import plain
from planner.render.words import number_of, span

if TYPE_CHECKING:
    from planner.run import Comparison
    from planner.sheets.comparison import Entry

_WARNINGS = 5
_LONGEST = 40
"""A longer name is cut in a line on the terminal."""


def rows(entries: Sequence[Entry]) -> list[Answer]:
    """Return an object a scenario, Base first, all with the same keys; null where no plan is."""
    base = entries[0].context
    found: list[Answer] = []
    for entry in entries:
        plan = entry.context.plan if entry.context is not None else None
        differs = None if plan is None or base is None else plan.objective - base.plan.objective
        found.append(
            {
                "scenario": entry.name,
                "objective_usd": None if plan is None else plan.objective,
                "difference_usd": differs,
                "cash_usd": None if plan is None else plan.cash,
                "purchases_usd": None if plan is None else plan.purchases,
                "tonnes": None if plan is None else plan.tonnes,
                "shortage_t": None if plan is None else plan.shortage,
                "served_share": None if plan is None else plan.served_share,
                "max_country_share": None if plan is None else dict(plan.max_country_share),
                "error": entry.error or None,
            }
        )
    return found


def show_comparison(
    file: Path, run: Comparison, entries: Sequence[Entry], output: Path | None
) -> None:
    """Tell in a line each what the scenarios cost and leave short, and where it all stands."""
    case = run.book.case
    money = case.settings.currency
    click.secho(plain(case.settings.plan_title or file.stem), bold=True, err=True)
    count = number_of(len(entries) - 1, "scenario")
    click.echo(
        f"Base and {count}, {span(case.years)}; cost in {money} m, penalties included", err=True
    )
    base = entries[0].context
    not_run: dict[str, list[str]] = {}
    unrun = {outcome.name for outcome in run.outcomes if not outcome.ran}
    wide = max(*(len(_name(entry)) for entry in entries), len("Scenario"))
    heads = ("total cost", "against base", "short, t", "against base", "served")
    click.echo(f"  {'Scenario':<{wide}}" + "".join(f"{head:>16}" for head in heads), err=True)
    for entry in entries:
        if entry.name in unrun:
            not_run.setdefault(entry.error, []).append(entry.name)
            continue
        if entry.context is None:
            said = click.style(f"no plan: {plain(entry.error)}", fg="yellow")
            click.echo(f"  {_name(entry):<{wide}}  {said}", err=True)
            continue
        plan = entry.context.plan
        more = short = ""
        if base is not None and base is not entry.context:
            more = _signed(plan.objective, base.plan.objective, 1e6, 1)
            short = _signed(plan.shortage, base.plan.shortage, 1.0, 0)
        # rounded down, so that 100 % means that nothing is short
        served = math.floor(plan.served_share * 1e4) / 1e2 if plan.shortage > 0 else 100.0
        cells = (
            f"{plan.objective / 1e6:,.1f}",
            more,
            f"{plan.shortage:,.0f}",
            short,
            f"{served:.2f} %",
        )
        click.echo(f"  {_name(entry):<{wide}}" + "".join(f"{c:>16}" for c in cells), err=True)
    for why, names in not_run.items():
        tell_not_run(names, why)
    _warnings(run)
    if output is not None:
        seconds = sum(run.seconds.values())
        click.echo(f"Comparison    {output}  ({seconds:.1f} s)", err=True)


def _signed(here: float, there: float, unit: float, decimals: int) -> str:
    """Return by how much a figure differs from the base's; a plain 0 where by rounding alone."""
    from planner.sheets.comparison.entry import difference

    by = (difference(here, there) or 0.0) / unit
    least = 10.0**-decimals
    if by and abs(by) < least / 2:
        return f"{'+' if by > 0 else '-'}<{least:g}"
    return f"{by:+,.{decimals}f}" if by else "0"


def _name(entry: Entry) -> str:
    name = plain(entry.name)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def _warnings(run: Comparison) -> None:
    from planner.workbook.sentence import sentence

    found = run.book.warnings
    if not found:
        return
    click.echo(f"Warnings      {click.style(f'{len(found):,}', fg='yellow')}", err=True)
    for finding in found[:_WARNINGS]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(found) > _WARNINGS:
        click.echo(f"  and {len(found) - _WARNINGS:,} more, on the sheet About", err=True)
