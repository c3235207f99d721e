"""The command redact: a plan that can be passed on without some members' figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, UsageError
from planner.cli.answer import print_json, refused
from planner.cli.commands.common import JSON, WORKBOOK, output_option, progress, tell_where
from planner.cli.paths import plan_path
from planner.render.words import each_year

if TYPE_CHECKING:
    from planner.audit.redacted import Redacted

_NAMED = 3
"""Minerals named of those that can be computed."""


@click.command()
@click.argument("plan", type=WORKBOOK)
@click.option(
    "--member",
    "members",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A member whose figures go, as the plan names it. Repeatable.",
)
@output_option("The redacted plan [<PLAN's name>-redacted.xlsx].", "COPY")
@click.option(
    "--unless-computable",
    is_flag=True,
    help="Write nothing where a member's figures are the totals less those of the others.",
)
@JSON
def redact(
    plan: Path,
    members: tuple[str, ...],
    output: Path | None,
    unless_computable: bool,
    as_json: bool,
) -> int:
    """Copy PLAN without the stocks, contracts, prices and purchases of some members.

    Totals stay as planned. What several members have together stands as "Others (redacted)"; what
    one has alone is withheld. Who is the only one of them to buy a mineral in a year can be
    computed all the same, the total less all others: you are told, or, with --unless-computable,
    refused. Take out two that buy the same and neither can be.

    \b
    planner redact outputs/case-plan.xlsx --member Japan --member "South Korea"

    A redacted plan cannot be verified. PLAN is never written to.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    wanted = plan.with_name(f"{plan.stem}-redacted.xlsx") if output is None else output
    target = plan_path(plan, wanted, None, suffix="redacted plan")
    tell = progress(as_json)
    from planner.audit.redacted import named, write_redacted
    from planner.audit.redacted import redact as redacted
    from planner.run import open_sheets
    from planner.workbook.save import save

    try:
        sheets = open_sheets(plan, tell)
    except InputError as error:
        return refused(plan, error, as_json=as_json)
    if sheets.recorded.redacted:
        msg = f"{plan} is redacted already: redact the plan as it was written"
        raise UsageError(msg)
    found = redacted(sheets, named(sheets, members))
    computable = [_alone(who, of) for who, of in found.alone.items()]
    if computable and unless_computable:
        raise UsageError("\n".join(_computable(computable)))
    written = save(target, lambda path: write_redacted(path, found))
    tell_where(target, written)
    if as_json:
        print_json({
            "status": "ok",
            "output": str(written),
            "members": list(found.members),
            "rows_removed": dict(found.rows),
            "computable": computable,
            "errors": [],
        })  # fmt: skip
    else:
        _show(found, computable, written)
    return 0


def _show(found: Redacted, computable: list[str], written: Path) -> None:
    from planner.render.text import plain
    from planner.render.words import number_of

    names = plain(" and ".join(found.members))
    click.secho(f"Without orders, stocks, contracts and prices of {names}", bold=True, err=True)
    for sheet, rows in found.rows.items():
        click.echo(f"  {sheet:<16} {number_of(rows, 'row')} fewer", err=True)
    for line in _computable(computable):
        click.secho(plain(line), fg="yellow", err=True)
    click.echo(
        "Whoever has the input workbook can plan it again and has every number back.", err=True
    )
    click.echo(f"Plan          {written}", err=True)


def _computable(lines: list[str]) -> list[str]:
    """Return the warning that what is taken out can be had all the same; none where it cannot."""
    if not lines:
        return []
    return [
        "What is taken out can be computed, the total less all other members:",
        *(f"  {line}" for line in lines),
        "Take out another member that buys the same, and nobody can.",
    ]


def _alone(who: str, of: dict[str, list[int]]) -> str:
    """Return what of a member can be computed: minerals and years."""
    said = [f"{mineral} {each_year(years, ' and ')}" for mineral, years in of.items()]
    more = f" and {len(said) - _NAMED} more minerals" if len(said) > _NAMED + 1 else ""
    return f"{who}: {', '.join(said[:_NAMED] if more else said)}{more}"
