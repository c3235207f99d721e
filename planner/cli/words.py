"""What a person reads of a command: findings by sheet, and the plan in a few lines."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.errors import Finding, Severity
from models.schema import PURCHASES, SHEETS

if TYPE_CHECKING:
    from planner.run import Run
    from planner.workbook import DefaultTaken

SHOWN = 200
"""Findings listed at most; the rest is counted."""

NEARLY = 1e-6
"""A limit counts as reached within this part of it."""
ROUNDING = 1e-12
"""Two shares this close are one."""

ENDLESS = 10_000
"""Columns of a console that is no terminal: a finding keeps its one line, for grep."""

_ORDER = {record.SHEET: i for i, record in enumerate(SHEETS)}
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


class _Console(Console):
    """A console that leaves the end of a broken pipe to the command line."""

    def on_broken_pipe(self) -> None:
        """Raise on, where rich would exit with the code of a workbook with errors."""
        raise  # noqa: PLE0704 - rich calls this as it handles the BrokenPipeError


def show_findings(file: Path, findings: Iterable[Finding], *, err: bool = False) -> None:
    """List findings by sheet, errors and warnings marked, and count them in the last line."""
    stream = sys.stderr if err else sys.stdout
    console = _Console(file=stream, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = ENDLESS
    ordered = sorted(findings, key=_place)
    for sheet, group in groupby(ordered[:SHOWN], key=lambda f: f.sheet):
        console.print(Text(_plain(sheet) or "Workbook", style="bold"))
        console.print(_table(list(group)))
    if len(ordered) > SHOWN:
        console.print(f"... and {len(ordered) - SHOWN:,} more", markup=False)
    console.print(f"{file}: {counted(ordered)}", markup=False)


def show_defaults(defaults: Sequence[DefaultTaken]) -> None:
    """Count the blank cells that took a default; the plan's sheet Checks lists them by column."""
    cells = sum(default.cells for default in defaults)
    if cells:
        columns = _number_of(len(defaults), "column")
        click.echo(f"{_number_of(cells, 'blank cell')} in {columns} took the default")


def counted(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are."""
    errors = sum(f.severity is Severity.ERROR for f in findings)
    return f"{_number_of(errors, 'error')}, {_number_of(len(findings) - errors, 'warning')}"


def _number_of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else f"no {noun}s"


def _place(finding: Finding) -> tuple[int, str, int, int, str]:
    """Errors and warnings in the order of the sheets, rows and columns."""
    column = "".join(c for c in finding.cell if c.isalpha())
    sheet = _ORDER.get(finding.sheet, len(_ORDER))
    return sheet, finding.sheet, finding.row, len(column), column


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    hints = any(f.hint for f in findings)
    for head in ("  cell", "", "found", "expected", "hint")[: 5 if hints else 4]:
        table.add_column(head, overflow="fold", no_wrap=head in {"  cell", ""})
    for finding in findings:
        cells = [
            Text(f"  {_plain(finding.place) or '-'}"),
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            *(Text(_plain(t)) for t in (finding.found, finding.expected, finding.hint)),
        ]
        table.add_row(*cells[: 5 if hints else 4])
    return table


def _plain(text: str) -> str:
    """Return a text of the workbook without characters that could steer the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def show_plan(file: Path, run: Run, output: Path | None) -> None:
    """Tell in a few lines on stderr what was planned, what is short and where it stands."""
    plan = run.plan
    case, money = plan.case, plan.case.settings.currency
    years = f"{case.years[0]} to {case.years[-1]}" if case.years else "no years"
    title = case.settings.plan_title or file.stem
    said = {"Scenario": case.scenario, **run.options}
    options = ", ".join(f"{name.lower()} {value}" for name, value in said.items())
    click.secho(_plain(title), bold=True, err=True)
    _line(
        "Planned",
        f"{_number_of(len(case.minerals), 'mineral')}, {_number_of(len(case.members), 'member')}, "
        f"{years}; {_plain(options)}",
    )
    _line("Purchases", f"{plan.tonnes:,.0f} t for {plan.purchases:,.0f} {money}")
    short = not plan.shortages.empty
    # Rounded down, so that 100 % means that nothing is short.
    served = math.floor(plan.served_share * 1e4) / 1e2 if short else 100.0
    _line("Shortage", f"{plan.shortage:,.0f} t ({served:.2f} % of demand served)", warn=short)
    _line("Objective", f"{plan.objective:,.0f} {money}, discounted, penalties included")
    base = "purchases" if case.settings.share_basis == PURCHASES else "demand"
    shares = list(_largest_shares(run, base))
    if shares:
        _line("Country share", f"the largest of the coalition's {base}, by mineral")
        width = max(len(name) for name, _ in shares)
        for name, share in shares:
            click.echo(f"  {_plain(name):<{width}}  {share}", err=True)
    if run.warnings:
        _line("Warnings", f"{len(run.warnings):,}, on the sheet Checks of the plan", warn=True)
    if run.trouble:
        _line("Note", run.trouble, warn=True)
    if output is not None:
        _line("Plan", f"{output}  ({sum(run.seconds.values()):.1f} s)")


def _line(head: str, text: str, *, warn: bool = False) -> None:
    shown = click.style(text, fg="yellow") if warn else text
    click.echo(f"{head:<13} {shown}", err=True)


def _largest_shares(run: Run, base: str) -> Iterable[tuple[str, str]]:
    """Say, for each mineral, which country's share is the largest and how its limits bind."""
    plan = run.plan
    years = len(plan.case.years)
    column = "purchased" if base == "purchases" else "demand"
    table = plan.countries
    table = table[(table["buyer"] == "") & (table[column] > 0)]
    for mineral, share in plan.max_country_share.items():
        rows = table[table["mineral"] == mineral]
        largest = rows[abs(rows["tonnes"] / rows[column] - share) <= ROUNDING]
        if share <= 0 or largest.empty:
            continue
        row = largest.iloc[0]
        full = rows["tonnes"] >= rows["limit"] * rows[column] * (1.0 - NEARLY)
        reached = rows[full]["year"].nunique()
        limit = float(row["limit"])
        said = "no limit" if math.isnan(limit) else f"limit {limit:.1%}"
        if rows["limit"].notna().any():
            said += f"; limits reached in {reached} of {_number_of(years, 'year')}"
        country = _plain(plan.case.country_name(str(row["country"])))
        yield mineral, f"{share:6.1%}  {country}, {row['year']} ({said})"
