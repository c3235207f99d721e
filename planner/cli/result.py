"""What a person reads of a plan on stderr: a few lines, the rest stands in its workbook."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.results import Figure
from models.results.common import PURCHASES
from planner.cli.shares import country_shares, share_base
from planner.render.words import number_of, plain, span
from planner.workbook.findings import sentence

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.run import Run

WARNINGS = 5
"""Warnings told at most; the sheet Checks has them all."""


def show_plan(file: Path, run: Run, output: Path | None) -> None:
    """Tell what was planned, what is short, what was odd in the input and where the plan stands."""
    plan = run.plan
    case, money = plan.case, plan.case.settings.currency
    said = {Figure.SCENARIO: case.scenario, **run.options}
    options = ", ".join(f"{name.lower()} {value}" for name, value in said.items())
    click.secho(plain(case.settings.plan_title or file.stem), bold=True, err=True)
    _line(
        "Planned",
        f"{number_of(len(case.minerals), 'mineral')}, {number_of(len(case.members), 'member')}, "
        f"{span(case.years)}; {plain(options)}",
    )
    _line(PURCHASES.header, f"{plan.tonnes:,.0f} t for {plan.purchases:,.0f} {money}")
    short = not plan.shortages.empty
    # Rounded down, so that 100 % means that nothing is short.
    served = math.floor(plan.served_share * 1e4) / 1e2 if short else 100.0
    _line(Figure.SHORTAGE, f"{plan.shortage:,.0f} t ({served:.2f} % of demand served)", warn=short)
    if short and len(case.minerals) > 1:
        _show_short(plan)
    discounted = "discounted, " if case.settings.discount_rate else ""
    _line("Objective", f"{plan.objective:,.0f} {money}, {discounted}penalties included")
    shares = list(country_shares(plan))
    if shares:
        _line("Country share", f"the largest of the coalition's {share_base(plan)}, by mineral")
        width = max(len(name) for name, _ in shares)
        for name, share in shares:
            click.echo(f"  {plain(name):<{width}}  {plain(share)}", err=True)
    _show_warnings(run)
    if run.trouble:
        _line("Note", run.trouble, warn=True)
    if output is not None:
        _line("Plan", f"{output}  ({sum(run.seconds.values()):.1f} s)")


def _show_short(plan: Plan) -> None:
    """Tell of each mineral that is short how much [t], and which part of its demand."""
    by_mineral = plan.supply.groupby("mineral", sort=False)[["short", "demand"]].sum()
    by_mineral = by_mineral[by_mineral["short"] > 0]
    width = max(len(plain(str(name))) for name in by_mineral.index)
    for name, (tonnes, demand) in by_mineral.iterrows():
        said = f"{tonnes:,.0f} t, {tonnes / demand:.1%} of its demand"
        click.echo(f"  {plain(str(name)):<{width}}  {said}", err=True)


def _show_warnings(run: Run) -> None:
    found = run.warnings
    if not found:
        return
    _line("Warnings", f"{len(found):,}", warn=True)
    for finding in found[:WARNINGS]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(found) > WARNINGS:
        click.echo(f"  and {len(found) - WARNINGS:,} more, on the sheet Checks", err=True)


def _line(head: str, text: str, *, warn: bool = False) -> None:
    shown = click.style(text, fg="yellow") if warn else text
    click.echo(f"{head:<13} {shown}", err=True)
