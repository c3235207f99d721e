"""The commands orders, report, page and model: files for other people and programs."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import errors, units
from planner.cli import whatifs
from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.commands import common
from planner.cli.paths import case_part, fillable_folder, html_path, output_file
from planner.cli.words import line, row, show_warnings
from planner.render.words import cut, number_of, plain, span
from planner.scratch import input_stem

if TYPE_CHECKING:
    from models.case import Case
    from planner.documents.folder import Written
    from planner.documents.orders import Orders

_SHOWN = 40
"""Largest number of members listed on the terminal; the folder has them all."""
_LONGEST_NAME = 32


@click.command(cls=Command)
@click.argument("plan", type=common.WORKBOOK)
@click.argument("folder", type=common.OUTPUT, metavar="DIR")
@click.option(
    "--periods",
    type=click.Choice(["quarter", "month"]),
    help="Also split each order into deliveries by quarter or month.",
)
@common.JSON
def orders(plan: Path, folder: Path, periods: str | None, as_json: bool) -> int:
    """Write the orders of a plan: one workbook for each member, and one CSV file of all orders.

    PLAN is a workbook that planner solve wrote; nothing is solved again. The folder DIR gets one
    workbook for each member, with its orders, contract obligations, stock movements and shortages.
    It also gets orders.csv for other systems, README.txt and orders.json.

    \b
    planner orders outputs/case-plan.xlsx orders
    planner orders outputs/case-plan.xlsx orders --periods quarter

    --periods adds deliveries.csv, and a sheet Calendar to each workbook. The deliveries of an order
    add up to its tonnes. An order keeps its id in every later plan that contains it. A second run
    replaces only the files that the first run wrote. If DIR has another file with one of these
    names, nothing is written.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from planner.documents.folder import ORDERS

    fillable_folder(folder, ORDERS)
    from planner.documents.orders import orders_of, write_orders
    from planner.run import open_plan

    tell = common.progress(as_json)
    began = time.perf_counter()
    split = orders_of(open_plan(plan, tell))
    tell(f"Writing {folder}")
    written, names = write_orders(split, folder, periods or "")
    seconds = time.perf_counter() - began
    if not as_json:
        _show(split, folder, written, seconds)
    answer = _answer(split, folder, written, names, seconds)
    return finish({**answer, "periods": periods}, as_json=as_json)


def _answer(
    split: Orders, folder: Path, written: Written, names: dict[str, str], seconds: float
) -> Answer:
    table = split.table
    return {
        Key.STATUS: "ok",
        Key.PLAN: str(split.plan.path),
        "plan_sha256": split.plan.sha256,
        "plan_id": split.plan_id,
        Key.SCENARIO: split.scenario,
        Key.CURRENCY: split.plan.currency,
        Key.ORDERS: len(table),
        Key.TONNES: float(table["tonnes"].sum()),
        Key.TOTAL: float(table["total_amount"].sum()),
        Key.TAKE_OR_PAY: sum(m.take_or_pay for m in split.members),
        **({"paid_by_plants": split.inputs_total} if split.inputs else {}),
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
            for m in split.members
        ],
        Key.OUTPUT: str(folder),
        "files": [str(path) for path in written.files],
        "removed": list(written.removed),
        "kept": list(written.kept),
        **findings_by_severity(split.warnings),
        Key.SECONDS: round(seconds, 6),
    }


def _show(split: Orders, folder: Path, written: Written, seconds: float) -> None:
    from planner.documents.folder import ORDERS

    money, scale, decimals = split.plan.currency, 1.0, 0
    if max((m.total for m in split.members), default=0.0) >= units.MILLION:
        money, scale, decimals = f"{money} m", units.MILLION, 1
    click.secho(plain(split.plan.title), bold=True, err=True)
    click.echo(
        f"{split.headline}; scenario {plain(split.scenario)}; money in {money}",
        err=True,
    )
    if split.members:
        _show_members(split, scale, decimals)
    if split.inputs:
        line("Inputs", split.inputs)
    for finding in split.warnings:
        line("Warning", plain(finding.message), "yellow", of_label=True)
    for name in written.removed:
        line("Removed", f"{name}: an earlier run wrote it")
    for name in written.kept:
        line("Kept", f"{name}: it was changed after an earlier run wrote it, or is open")
    workbooks = number_of(len(split.members), "workbook")
    line(ORDERS.contents.capitalize(), f"{folder}: {workbooks}, orders.csv  ({seconds:z.1f} s)")


def _show_members(split: Orders, scale: float, decimals: int) -> None:
    from models.results.common import MEMBER

    shown = split.members[:_SHOWN]
    names = [cut(plain(m.member), _LONGEST_NAME) for m in shown]
    wide = max(len(name) for name in [*names, MEMBER.header, "All"]) + 2
    row(f"  {MEMBER.header}", ("orders", "tonnes", "total", "take or pay", "short, t"), wide, 15)
    rows = [(len(m.orders), m.tonnes, m.total, m.take_or_pay, m.short) for m in split.members]
    lines = list(zip(names, rows, strict=False))
    if len(split.members) > 1:
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
    if len(split.members) > _SHOWN:
        click.echo(f"  and {len(split.members) - _SHOWN:,} more members", err=True)


# ---- report --------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", metavar="PLAN", type=common.WORKBOOK)
@click.argument("studies", metavar="[STUDY]...", type=common.WORKBOOK, nargs=-1)
@common.output_option("Write the report here [beside PLAN, with .html].", "REPORT")
@common.JSON
def report(file: Path, studies: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Make a report to read in a browser, from a plan's workbook.

    PLAN is a workbook from planner solve, or from a study such as sweep, stress, compare, exit or
    risk. The report shows each STUDY workbook below it. The report is one HTML file with charts.
    You can mail it, open it offline and print it.

    \b
    planner report outputs/case-plan.xlsx
    planner report outputs/case-stress.xlsx -o stress.html
    planner report outputs/case-plan.xlsx outputs/case-sweep.xlsx outputs/case-stress.xlsx
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    place = output_file(_html(file, output), "report")
    common.require("report", "a report needs Plotly, which is", "plotly")
    from planner.report import report_html
    from planner.run import open_report
    from planner.workbook.plan_file import PlanFile, edited
    from planner.workbook.save import save_text

    tell = common.progress(as_json)
    sources = []
    for path in (file, *studies):
        tell(f"Reading {path}")
        with errors_in(path):
            sources.append(open_report(path))
        if len(sources) > 1 and not sources[-1].is_study:
            msg = f"{path} is a plan: only the first workbook may be a plan, the others must be"
            msg += " studies, such as those by sweep, stress, compare or risk"
            raise errors.UsageError(msg)
    changed = [
        f for each in sources if isinstance(each.source, PlanFile) for f in edited(each.source)
    ]
    for finding in changed if not as_json else ():
        line("Warning", plain(finding.message), "yellow", of_label=True)
    tell("Drawing")
    written = save_text(place, report_html(*sources))
    common.report_path(place, written)
    if not as_json:
        line("Report", str(written))
    answer: Answer = {Key.STATUS: "ok", Key.OUTPUT: str(written), **findings_by_severity(changed)}
    return finish(answer, as_json=as_json)


def _html(file: Path, output: Path | None) -> Path:
    if output is None and not file.name:
        refuse(f"{file} is a folder: name the workbook of a plan")
    return html_path(file.with_suffix(".html") if output is None else output)


# ---- page ----------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.output_option("Write the page here [outputs/<FILE's name>-page.html].", "PAGE")
@common.JSON
def page(file: Path, output: Path | None, as_json: bool) -> int:
    """Make a page with sliders that plans a workbook in the browser, offline.

    The page is one HTML file: double-click it to open it. It makes no network requests. Sliders
    set the cap on single countries, a lost country, demand, a tariff, the budget, and the share of
    demand that may be missing after a loss. The browser finds and proves the plan of each setting.
    The page compares it with the workbook's plan, and shows the command that gives the same plan.
    If `planner sensitivity` has written its workbook beside the page, the page says how sure the
    plan is.

    \b
    planner page case.xlsx -o case.html

    The page contains all data of the workbook: share it only with people who may have the workbook.
    The page needs npm's package highs, a solver. npm downloads it once and keeps it in a cache.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    place = output_file(
        html_path(output or Path("outputs", f"{input_stem(file)}-page.html")), "page"
    )
    from planner.page import highs, page_of
    from planner.run import open_input
    from planner.workbook.save import save_text

    tell = common.progress(as_json)
    tell(f"Reading {file}")
    book = open_input(file)
    solver = highs.fetch_highs(tell)
    sure = common.certainty_words(place, book.sha256, {})
    sliders = page_of(book, file.name, solver, tell, sure)
    written = save_text(place, sliders.html)
    common.report_path(place, written)
    seconds = time.perf_counter() - began
    if not as_json:
        show_warnings(book.warnings, "Checks")
        for note in sliders.notes:
            line("Note", note, "yellow")
        line("Page", f"{written}  ({len(sliders.html) / 1e6:z.1f} MB, {seconds:z.1f} s)")
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        Key.OBJECTIVE: sliders.objective,
        Key.NOTES: list(sliders.notes),
        **findings_by_severity(book.warnings),
        Key.SECONDS: round(seconds, 6),
    }
    return finish(answer, as_json=as_json)


# ---- model ---------------------------------------------------------------------------------------

_LONGEST_PART = 60


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@whatifs.case_options
@common.output_option(
    "Write the model here, as .lp or .mps [outputs/<FILE's name>[-<scenario> or"
    " -what-if]-model.lp].",
    "MODEL",
)
@click.option(
    "--by-block", is_flag=True, help="Write one file for each independent block of the model."
)
@common.JSON
def model(
    file: Path, variation: dict[str, Any], output: Path | None, by_block: bool, as_json: bool
) -> int:
    """Write the model of a workbook as a file for other solvers: LP or MPS.

    The file contains the Pyomo model that planner solve solves. It minimises the discounted cost,
    in the workbook's currency; amounts are in tonnes. Comments at the top of the file explain its
    names. Nothing is solved.

    \b
    planner model case.xlsx -o model.lp
    planner model case.xlsx --lose COD -o model.mps
    planner model case.xlsx --by-block -o model.lp    write model-Cobalt 2026.lp, ...
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    def output_path(name: str = "") -> Path:
        stem = "-".join(
            filter(None, (input_stem(file), case_part(file, variation, name), "model.lp"))
        )
        return output_file(output or Path("outputs") / stem, "model")

    form = output_path().suffix.casefold().removeprefix(".")
    from models.program.compile import FORMATS, write_model
    from planner.run import start_file
    from planner.workbook.save import save

    if form not in FORMATS:
        refuse(f"--output must end in .lp or .mps, unlike {output}")
    tell = common.progress(as_json)
    start = start_file(file, **variation, tell=tell)
    tell("Building")
    wanted, written = output_path(start.case.scenario), []
    for place, program in _models(start.case, wanted, by_block=by_block).items():
        write = partial(write_model, program, form=form, about=_about(start.case, file))
        written.append(save(output_file(place, "model"), write))
        common.report_path(place, written[-1])
    if not as_json:
        show_warnings(start.book.warnings, "Checks")
        more = f" and {number_of(len(written) - 1, 'more file')}" if len(written) > 1 else ""
        line("Model", f"{written[0]}{more}" if written else "none: there is nothing to plan")
    answer: Answer = {
        Key.STATUS: "ok",
        Key.SCENARIO: start.case.scenario,
        Key.OUTPUT: [str(path) for path in written],
        Key.WARNINGS: findings_by_severity(start.book.warnings)[Key.WARNINGS],
        Key.ERRORS: [],
    }
    return finish(answer, as_json=as_json)


def _models(case: Case, wanted: Path, *, by_block: bool) -> dict[Path, object]:
    from models.plan import block_models
    from models.plan import model as model_of
    from planner.documents.folder import file_part

    if not by_block:
        return {wanted: model_of(case)}
    return {
        wanted.with_stem(f"{wanted.stem}-{file_part(name, _LONGEST_PART)}"): program
        for name, program in block_models(case).items()
    }


def _about(case: Case, file: Path) -> tuple[str, str]:
    years, money = span(case.years) if case.years else "no year", case.settings.currency
    objective = (
        f"{file.name}, scenario {case.scenario}, {years}: least cost in {money}, discounted to the"
    )
    names = "Names have the form component(key). The components and their keys are:"
    return f"{objective} first year. Amounts in t.", names
