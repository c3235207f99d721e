"""The commands orders, report and page: files for others, of a plan or a workbook."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models import errors, units
from planner.cli.answer import Answer, Command, Key, end, of_file, sorted_out
from planner.cli.commands import common
from planner.cli.paths import folder_target, html, target
from planner.cli.words import line, row, show_warnings
from planner.render.words import cut, number_of, plain

if TYPE_CHECKING:
    from planner.documents.folder import Written
    from planner.documents.orders import Orders

_SHOWN = 40
"""Members told on the terminal; the folder has them all."""
_LONGEST = 32


@click.command(cls=Command)
@click.argument("plan", type=common.WORKBOOK)
@click.argument("folder", type=common.PLACE, metavar="DIR")
@common.JSON
def orders(plan: Path, folder: Path, as_json: bool) -> int:
    """Split a plan workbook into orders: a workbook for each member, and one CSV of all.

    PLAN is a workbook that planner solve wrote; nothing is solved again. DIR gets one workbook for
    each member, with its orders, contract obligations, stock movements and shortages. It also gets
    orders.csv for other systems, README.txt and orders.json.

    \b
    planner orders outputs/case-plan.xlsx orders

    An order keeps its id in every later plan that contains it. A second run replaces only the files
    that the first run wrote. If another file is in the way, nothing is written.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from planner.documents.folder import ORDERS

    folder_target(folder, ORDERS)
    from planner.documents.orders import orders_of, write_orders
    from planner.run import open_plan

    tell = common.progress(as_json)
    began = time.perf_counter()
    found = orders_of(open_plan(plan, tell))
    tell(f"Writing {folder}")
    written, names = write_orders(found, folder)
    seconds = time.perf_counter() - began
    if not as_json:
        _show(found, folder, written, seconds)
    return end(_answer(found, folder, written, names, seconds), as_json=as_json)


def _answer(
    found: Orders, folder: Path, written: Written, names: dict[str, str], seconds: float
) -> Answer:
    """Return what a program hears."""
    table = found.table
    return {
        Key.STATUS: "ok",
        Key.PLAN: str(found.plan.path),
        "plan_sha256": found.plan.sha256,
        "plan_id": found.plan_id,
        Key.SCENARIO: found.scenario,
        Key.CURRENCY: found.plan.currency,
        Key.ORDERS: len(table),
        Key.TONNES: float(table["tonnes"].sum()),
        Key.TOTAL: float(table["total_amount"].sum()),
        Key.TAKE_OR_PAY: sum(m.take_or_pay for m in found.members),
        Key.MEMBERS: [
            {
                "member": m.member,
                Key.FILE: str(folder / names[m.member]),
                Key.ORDERS: len(m.orders),
                Key.TONNES: m.tonnes,
                "price": float(m.orders["price_amount"].sum()),
                "tariff": float(m.orders["tariff_amount"].sum()),
                "freight": float(m.orders["freight_amount"].sum()),
                "levy": float(m.orders["levy_amount"].sum()) if "levy_amount" in m.orders else 0.0,
                Key.TOTAL: m.total,
                "untaken_t": m.untaken,
                Key.TAKE_OR_PAY: m.take_or_pay,
                "short_t": m.short,
            }
            for m in found.members
        ],
        Key.OUTPUT: str(folder),
        "files": [str(path) for path in written.files],
        "removed": list(written.removed),
        "kept": list(written.kept),
        **sorted_out(found.warnings),
        Key.SECONDS: round(seconds, 6),
    }


def _show(found: Orders, folder: Path, written: Written, seconds: float) -> None:
    """Tell what each member orders, and where it all stands."""
    from planner.documents.folder import ORDERS

    money, scale, decimals = found.plan.currency, 1.0, 0
    if max((m.total for m in found.members), default=0.0) >= units.MILLION:
        money, scale, decimals = f"{money} m", units.MILLION, 1
    click.secho(plain(found.plan.title), bold=True, err=True)
    click.echo(
        f"{found.headline}; scenario {plain(found.scenario)}; money in {money}",
        err=True,
    )
    if found.members:
        _show_members(found, scale, decimals)
    for finding in found.warnings:
        line("Warning", plain(finding.message), "yellow", of_head=True)
    for name in written.removed:
        line("Removed", f"{name}, which an earlier run wrote")
    for name in written.kept:
        line("Kept", f"{name}: changed since an earlier run wrote it, or open")
    workbooks = number_of(len(found.members), "workbook")
    line(ORDERS.what.capitalize(), f"{folder}: {workbooks}, orders.csv  ({seconds:z.1f} s)")


def _show_members(found: Orders, scale: float, decimals: int) -> None:
    """Tell what each member orders, and all of them."""
    from models.results.common import MEMBER

    shown = found.members[:_SHOWN]
    names = [cut(plain(m.member), _LONGEST) for m in shown]
    wide = max(len(name) for name in [*names, MEMBER.header, "All"]) + 2
    row(f"  {MEMBER.header}", ("orders", "tonnes", "total", "take or pay", "short, t"), wide, 15)
    rows = [(len(m.orders), m.tonnes, m.total, m.take_or_pay, m.short) for m in found.members]
    lines = list(zip(names, rows, strict=False))
    if len(found.members) > 1:
        count, *sums = (sum(column) for column in zip(*rows, strict=True))
        lines.append(("All", (int(count), *sums)))
    for name, (count, tonnes, total, paid, short) in lines:
        cells = (
            f"{count:,}",
            f"{tonnes:z,.0f}",
            f"{total / scale:z,.{decimals}f}",
            f"{paid / scale:z,.{decimals}f}" if paid else "-",
            f"{short:z,.0f}" if short else "-",
        )
        row(f"  {name}", cells, wide, 15)
    if len(found.members) > _SHOWN:
        click.echo(f"  and {len(found.members) - _SHOWN:,} more members", err=True)


# ---- report --------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", metavar="PLAN", type=common.WORKBOOK)
@click.argument("studies", metavar="[STUDY]...", type=common.WORKBOOK, nargs=-1)
@common.output_option("Write the report here [beside PLAN, with .html].", "REPORT")
@common.JSON
def report(file: Path, studies: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Make a report to read in a browser, from a plan's workbook.

    PLAN is a workbook from planner solve, or from a study such as sweep, stress, compare, exit or
    risk. Each STUDY workbook is added below it. The report is one HTML file with charts. You can
    mail it, open it offline and print it.

    \b
    planner report outputs/case-plan.xlsx
    planner report outputs/case-stress.xlsx -o stress.html
    planner report outputs/case-plan.xlsx outputs/case-sweep.xlsx outputs/case-stress.xlsx
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    place = target(_html(file, output), "report")
    common.require("report", "a report needs Plotly, which is", "plotly")
    from planner.report import read_report, report_html
    from planner.workbook.plan_file import PlanFile, edited
    from planner.workbook.save import save_text

    tell = common.progress(as_json)
    found = []
    for path in (file, *studies):
        tell(f"Reading {path}")
        with of_file(path):
            found.append(read_report(path))
        if len(found) > 1 and not found[-1].is_study:
            msg = f"{path} is a plan: after the first workbook come studies, from sweep, stress, "
            msg += "compare or risk"
            raise errors.UsageError(msg)
    changed = [
        f for each in found if isinstance(each.source, PlanFile) for f in edited(each.source)
    ]
    for finding in changed if not as_json else ():
        line("Warning", plain(finding.message), "yellow", of_head=True)
    tell("Drawing")
    written = save_text(place, report_html(*found))
    common.tell_where(place, written)
    if not as_json:
        line("Report", str(written))
    answer: Answer = {Key.STATUS: "ok", Key.OUTPUT: str(written), **sorted_out(changed)}
    return end(answer, as_json=as_json)


def _html(file: Path, output: Path | None) -> Path:
    """Return where the report goes: a page for a browser."""
    if output is None and not file.name:
        msg = f"{file} is a folder: name the workbook of a plan"
        raise errors.UsageError(msg)
    return html(file.with_suffix(".html") if output is None else output)


# ---- page ----------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.output_option("Write the page here [outputs/<FILE's name>-page.html].", "PAGE")
@common.JSON
def page(file: Path, output: Path | None, as_json: bool) -> int:
    """Make a page with sliders that plans a workbook in the browser, offline.

    The page is one HTML file: double-click it to open it. It makes no network requests. Sliders
    change the cap on single countries, a lost country, demand, a tariff, the budget, and what may
    be short after a loss. The browser finds and proves the plan of each setting. The page compares
    it with the current plan and shows the command that does the same.

    \b
    planner page case.xlsx -o case.html

    The page holds the whole case, so share it only with people who may have the workbook. Its
    solver is npm's package highs. npm downloads it the first time and keeps it in a cache.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    place = target(html(output or Path("outputs", f"{file.stem}-page.html")), "page")
    from planner.page import highs, page_of
    from planner.run import open_input
    from planner.workbook.save import save_text

    tell = common.progress(as_json)
    tell(f"Reading {file}")
    book = open_input(file)
    solver = highs.fetched(tell)
    made = page_of(book, file.name, solver, tell)
    written = save_text(place, made.html)
    common.tell_where(place, written)
    seconds = time.perf_counter() - began
    if not as_json:
        show_warnings(book.warnings, "Checks")
        for note in made.notes:
            line("Note", note, "yellow")
        line("Page", f"{written}  ({len(made.html) / 1e6:z.1f} MB, {seconds:z.1f} s)")
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        Key.OBJECTIVE: made.objective,
        Key.NOTES: list(made.notes),
        **sorted_out(book.warnings),
        Key.SECONDS: round(seconds, 6),
    }
    return end(answer, as_json=as_json)
