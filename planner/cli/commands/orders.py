"""The command orders: what each member orders, from a plan workbook."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError
from planner.cli.answer import Answer, print_json, refused, sorted_out
from planner.cli.commands.common import JSON, PLACE, WORKBOOK, progress
from planner.cli.paths import folder_target

if TYPE_CHECKING:
    from planner.documents.folder import Written
    from planner.documents.orders import Orders

_SHOWN = 40
"""Members told on the terminal; the folder has them all."""
_LONGEST = 32
_MILLION = 1e6


@click.command()
@click.argument("plan", type=WORKBOOK)
@click.argument("folder", type=PLACE, metavar="DIR")
@JSON
def orders(plan: Path, folder: Path, as_json: bool) -> int:
    """Split a plan workbook into orders: a workbook for each member, and one CSV of all.

    PLAN is a workbook that solve wrote; it is read as it stands and nothing is solved. DIR gets one
    workbook a member (its orders, contract obligations, stock movements and what is short),
    orders.csv for other systems, README.txt and orders.json.

    \b
    planner orders outputs/case-plan.xlsx orders

    An order keeps its id in every later plan that has it. A second run replaces what the first
    wrote in DIR and nothing else: where a file of another hand is in the way, nothing is written.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from planner.documents.folder import ORDERS

    folder_target(folder, ORDERS)
    from planner.documents.order_files import write_orders
    from planner.documents.orders import orders_of
    from planner.run import open_plan

    tell = progress(as_json)
    began = time.perf_counter()
    try:
        found = orders_of(open_plan(plan, tell))
    except InputError as error:
        return refused(plan, error, as_json=as_json)
    tell(f"Writing {folder}")
    written, names = write_orders(found, folder)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(_answer(found, folder, written, names, seconds))
    else:
        _show(found, folder, written, seconds)
    return 0


def _answer(
    found: Orders, folder: Path, written: Written, names: dict[str, str], seconds: float
) -> Answer:
    """Return what a program hears."""
    table = found.table
    return {
        "status": "ok",
        "plan": str(found.plan.path),
        "plan_sha256": found.plan.sha256,
        "plan_id": found.plan_id,
        "scenario": found.scenario,
        "currency": found.plan.currency,
        "orders": len(table),
        "tonnes": float(table["tonnes"].sum()),
        "total": float(table["total_amount"].sum()),
        "take_or_pay": sum(m.take_or_pay for m in found.members),
        "members": [
            {
                "member": m.member,
                "file": str(folder / names[m.member]),
                "orders": len(m.orders),
                "tonnes": m.tonnes,
                "price": float(m.orders["price_amount"].sum()),
                "tariff": float(m.orders["tariff_amount"].sum()),
                "freight": float(m.orders["freight_amount"].sum()),
                "total": m.total,
                "untaken_t": m.untaken,
                "take_or_pay": m.take_or_pay,
                "short_t": m.short,
            }
            for m in found.members
        ],
        "output": str(folder),
        "files": [str(path) for path in written.files],
        "removed": list(written.removed),
        "kept": list(written.kept),
        **sorted_out(found.warnings),
        "seconds": round(seconds, 6),
    }


def _show(found: Orders, folder: Path, written: Written, seconds: float) -> None:
    """Tell what each member orders, and where it all stands."""
    from models.results import Figure
    from planner.render.words import number_of, plain

    table, money = found.table, found.plan.currency
    scale, decimals = 1.0, 0
    if max((m.total for m in found.members), default=0.0) >= _MILLION:
        scale, decimals, money = _MILLION, 1, f"{money} m"
    click.secho(plain(found.plan.title), bold=True, err=True)
    click.echo(
        f"{number_of(len(table), 'order')} of {number_of(len(found.members), 'member')},"
        f" {found.plan.measure(Figure.YEARS)}; scenario {plain(found.scenario)}; money in {money}",
        err=True,
    )
    if found.members:
        _show_members(found, scale, decimals)
    for finding in found.warnings:
        click.echo(
            f"{click.style('Warning', fg='yellow')}       {plain(finding.message)}", err=True
        )
    for name in written.removed:
        click.echo(f"Removed       {name}, which an earlier run wrote", err=True)
    for name in written.kept:
        said = "changed since an earlier run wrote it, or open"
        click.echo(f"Kept          {name}: {said}", err=True)
    workbooks = number_of(len(found.members), "workbook")
    click.echo(f"Orders        {folder}: {workbooks}, orders.csv  ({seconds:.1f} s)", err=True)


def _show_members(found: Orders, scale: float, decimals: int) -> None:
    """Tell what each member orders, and all of them."""
    from models.results.common import MEMBER
    from planner.render.words import plain

    shown = found.members[:_SHOWN]
    names = [_cut(plain(m.member)) for m in shown]
    wide = max((len(name) for name in [*names, MEMBER.header, "All"]), default=0)
    heads = ("orders", "tonnes", "total", "take or pay", "short, t")
    click.echo(f"  {MEMBER.header:<{wide}}" + "".join(f"{head:>15}" for head in heads), err=True)
    lines = [
        (name, len(m.orders), m.tonnes, m.total, m.take_or_pay, m.short)
        for name, m in zip(names, shown, strict=True)
    ]
    if len(found.members) > 1:
        sums = [
            sum(values)
            for values in zip(
                *((m.tonnes, m.total, m.take_or_pay, m.short) for m in found.members), strict=True
            )
        ]
        lines.append(("All", len(found.table), sums[0], sums[1], sums[2], sums[3]))
    for name, count, tonnes, total, paid, short in lines:
        cells = (
            f"{count:,}",
            f"{tonnes:,.0f}",
            f"{total / scale:,.{decimals}f}",
            f"{paid / scale:,.{decimals}f}" if paid else "-",
            f"{short:,.0f}" if short else "-",
        )
        click.echo(f"  {name:<{wide}}" + "".join(f"{cell:>15}" for cell in cells), err=True)
    if len(found.members) > _SHOWN:
        click.echo(f"  and {len(found.members) - _SHOWN:,} more members", err=True)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"
