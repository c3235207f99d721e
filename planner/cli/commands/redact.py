"""The command redact: a plan that can be passed on without some members' figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import UsageError
from planner.cli.answer import Answer, Command, Key, end
from planner.cli.commands.common import JSON, WORKBOOK, output_option, progress, tell_where
from planner.cli.paths import plan_path
from planner.cli.words import line
from planner.render.words import listed, number_of, plain

if TYPE_CHECKING:
    from planner.audit.intervals import Known
    from planner.audit.redact import Redacted

_NAMED = 3
"""Minerals named of those that can be computed."""


@click.command(cls=Command)
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
    "--protection",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    metavar="SHARE",
    help="What part of a figure the interval must be wide at least that it can be told to lie in.",
)
@click.option(
    "--keep-totals", is_flag=True, help="Keep all totals, and tell what can be computed from them."
)
@click.option(
    "--unless-computable",
    is_flag=True,
    help="Write nothing where --keep-totals lets a member's figure be computed.",
)
@JSON
def redact(  # noqa: PLR0913, PLR0917 - an argument each option
    plan: Path,
    members: tuple[str, ...],
    output: Path | None,
    protection: float,
    keep_totals: bool,
    unless_computable: bool,
    as_json: bool,
) -> int:
    """Copy PLAN without the stocks, contracts, prices and purchases of some members.

    What several members have together stands as "Others (redacted)". Totals stay as planned for
    each mineral whose totals, less all others, leave every figure of every member an interval of
    at least the protection. Of any other mineral they are withheld, and with them what is summed
    over minerals. Of a member taken out alone all totals go; take out others that buy and stock
    the same, and they stay. First page and charts are left out.

    \b
    planner redact outputs/case-plan.xlsx --member Japan --member "South Korea"

    A redacted plan cannot be verified. PLAN is never written to.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    wanted = plan.with_name(f"{plan.stem}-redacted.xlsx") if output is None else output
    target = plan_path(plan, wanted, None, suffix="redacted plan")
    tell = progress(as_json)
    from planner.audit.redact import named, write_redacted
    from planner.audit.redact import redact as redacted
    from planner.run import open_sheets
    from planner.workbook.save import save

    sheets = open_sheets(plan, tell)
    if sheets.recorded.redacted:
        msg = f"{plan} is redacted already: redact the plan as it was written"
        raise UsageError(msg)
    found = redacted(sheets, named(sheets, members), protection, keep_totals=keep_totals)
    known = _known(found)
    if known and keep_totals and unless_computable:
        raise UsageError("\n".join(_computable(found, known)))
    written = save(target, lambda path: write_redacted(path, found))
    tell_where(target, written)
    if not as_json:
        _show(found, known, written)
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        Key.MEMBERS: list(found.members),
        "rows_removed": dict(found.rows),
        "totals_withheld": sorted(found.withheld.totals),
        "stocks_withheld": sorted(found.withheld.stocks),
        "computable": known if keep_totals else [],
        Key.ERRORS: [],
    }
    return end(answer, as_json=as_json)


def _show(found: Redacted, known: list[str], written: Path) -> None:
    names = plain(" and ".join(found.members))
    click.secho(f"Without orders, stocks, contracts and prices of {names}", bold=True, err=True)
    for sheet, rows in found.rows.items():
        click.echo(f"  {sheet:<16} {number_of(rows, 'row')} fewer", err=True)
    for text in _computable(found, known):
        click.secho(plain(text), fg="yellow", err=True)
    click.echo(
        "Whoever has the input workbook can plan it again and has every number back.", err=True
    )
    line("Plan", str(written))


def _computable(found: Redacted, known: list[str]) -> list[str]:
    """Return what the totals tell of what is taken out, and what was done about it."""
    if not known:
        return []
    lines = [f"  {figures}" for figures in known]
    if not found.withheld.is_partial:
        return [
            "What is taken out can be computed, the total less all other members:",
            *lines,
            "Without --keep-totals the totals that tell it are withheld.",
        ]
    return [
        *found.withheld.sentences,
        "Withheld, too, is what is summed over all minerals. From it could be computed:",
        *lines,
        "Take out others that buy and stock the same, and more can stay.",
    ]


def _known(found: Redacted) -> list[str]:
    """Return of each member what totals tell: minerals, how many figures, how closely."""
    every = [known for of in found.withheld.told.values() for known in of]
    return [
        _of_member(member, [known for known in every if known.figure.member == member])
        for member in found.members
        if any(known.figure.member == member for known in every)
    ]


def _of_member(member: str, of: list[Known]) -> str:
    minerals = list(dict.fromkeys(known.mineral for known in of))
    wide = max(((k.most - k.least) / abs(k.figure.value) for k in of if k.figure.value), default=0)
    what = f"{number_of(len(of), 'figure')} of {listed(minerals, _NAMED)}"
    return f"{member}: {what}, each known to within {wide:.0%}"
