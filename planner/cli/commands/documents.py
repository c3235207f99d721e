"""Commands that write files for other people and programs, or read theirs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import units
from planner.cli import common
from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.words import line, print_row, show_warnings
from planner.options import IntegerOption
from planner.render.words import number_of, terminal_safe, truncated, year_span
from planner.scratch import input_stem, is_folder

if TYPE_CHECKING:
    from models.case import Case
    from planner.documents.data_in import Pulled
    from planner.documents.folder import Written
    from planner.documents.orders import Orders

_SHOWN = 40
"""Most members or cells that the terminal lists; a folder, or --json, has them all."""
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

    common.refuse_other_folder(folder, ORDERS)
    from planner.documents.orders import orders_of, write_orders
    from planner.workbook.read import open_plan

    on_stage = common.stage_reporter(as_json)
    began = time.perf_counter()
    split = orders_of(open_plan(plan, on_stage))
    on_stage(f"Writing {folder}")
    written, names = write_orders(split, folder, periods or "")
    seconds = time.perf_counter() - began
    if not as_json:
        _print_orders(split, folder, written, seconds)
    answer = _orders_answer(split, folder, written, names, seconds)
    return finish({**answer, "periods": periods}, as_json=as_json)


def _orders_answer(
    split: Orders, folder: Path, written: Written, names: dict[str, str], seconds: float
) -> Answer:
    table = split.table
    return {
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
        Key.SECONDS: round(seconds, 6),
    }


def _print_orders(split: Orders, folder: Path, written: Written, seconds: float) -> None:
    from planner.documents.folder import ORDERS

    money, scale, decimals = split.plan.currency, 1.0, 0
    if max((m.total for m in split.members), default=0.0) >= units.MILLION:
        money, scale, decimals = f"{money} m", units.MILLION, 1
    click.secho(terminal_safe(split.plan.title), bold=True, err=True)
    click.echo(
        f"{split.headline}; scenario {terminal_safe(split.scenario)}; money in {money}", err=True
    )
    if split.members:
        _show_members(split, scale, decimals)
    if split.inputs:
        line("Inputs", split.inputs)
    for name in written.removed:
        line("Removed", f"{name}: an earlier run wrote it")
    for name in written.kept:
        line("Kept", f"{name}: it was changed after an earlier run wrote it, or is open")
    workbooks = number_of(len(split.members), "workbook")
    line(ORDERS.contents.capitalize(), f"{folder}: {workbooks}, orders.csv  ({seconds:z.1f} s)")


def _show_members(split: Orders, scale: float, decimals: int) -> None:
    from models.results.common import MEMBER

    shown = split.members[:_SHOWN]
    names = [truncated(terminal_safe(m.member), _LONGEST_NAME) for m in shown]
    wide = max(len(name) for name in [*names, MEMBER.header, "All"]) + 2
    print_row(
        f"  {MEMBER.header}", ("orders", "tonnes", "total", "take or pay", "short, t"), wide, 15
    )
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
        print_row(f"  {name}", cells, wide, 15)
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
    You can mail it, open it offline and print it. It shows what is in the workbooks: only planner
    verify finds out whether a plan was edited.

    \b
    planner report outputs/case-plan.xlsx
    planner report outputs/case-stress.xlsx -o stress.html
    planner report outputs/case-plan.xlsx outputs/case-sweep.xlsx outputs/case-stress.xlsx
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    if output is None and not file.name:
        refuse(f"{file} is a folder: name the workbook of a plan")
    path = common.output_file(common.html_path(output or file.with_suffix(".html")), "report")
    common.require("report", "a report needs Plotly, which is", "plotly")
    from planner.report import report_html

    on_stage = common.stage_reporter(as_json)
    sources = _opened((file, *studies), on_stage)
    on_stage("Drawing")
    written = common.save_output(path, report_html(*sources))
    if not as_json:
        line("Report", str(written))
    answer: Answer = {
        Key.OUTPUT: str(written),
    }
    return finish(answer, as_json=as_json)


def _opened(files: Sequence[Path], on_stage: Callable[[str], None]) -> list[Any]:
    """Return workbooks to show; UsageError if another than the first is a plan."""
    from planner.report import read_plan_or_study
    from planner.workbook.plan_file import PlanFile

    sources = list[Any]()
    for path in files:
        on_stage(f"Reading {path}")
        with errors_in(path):
            sources.append(read_plan_or_study(path))
        if len(sources) > 1 and isinstance(sources[-1], PlanFile):
            is_plan = f"{path} is a plan: only the first workbook may be a plan, the others must be"
            refuse(f"{is_plan} studies, such as those by sweep, stress, compare or risk")
    return sources


# ---- brief ---------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", metavar="PLAN", type=common.WORKBOOK)
@click.argument("studies", metavar="[STUDY]...", type=common.WORKBOOK, nargs=-1)
@common.output_option("Write the slides here [beside PLAN, with -brief.pptx].", "SLIDES")
@common.JSON
def brief(file: Path, studies: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Make at most six slides of a plan, with charts that can be edited.

    PLAN is a workbook from planner solve. Each STUDY workbook of the same input adds its finding to
    the slide that asks its question. With a study by sensitivity, risk or solve --under-risk, one
    more slide says how sure the plan is. Speaker notes name the sheets with the numbers.

    \b
    planner brief outputs/case-plan.xlsx
    planner brief outputs/case-plan.xlsx outputs/case-stress.xlsx -o brief.pptx

    A plan that failed its checks when it was made is refused. The slides show what is in the
    workbooks: only planner verify finds out whether a plan was edited.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    wanted = output or file.with_name(f"{file.stem}-brief.pptx")
    path = common.output_file(common.with_suffix(wanted, (".pptx",), "slides"), "brief")
    common.require("brief", "slides need python-pptx and Plotly, which are", "pptx", "plotly")
    from planner.render.slides import write_slides
    from planner.report.brief import brief as slides_of
    from planner.workbook.plan_file import PlanFile

    on_stage = common.stage_reporter(as_json)
    plan, *added = _opened((file, *studies), on_stage)
    if not isinstance(plan, PlanFile):
        refuse(f"{file} is a study: the first workbook must be a plan")
    slides = slides_of(plan, added)
    on_stage("Drawing")
    written = common.save_output(path, partial(write_slides, slides=slides, title=plan.title))
    seconds = time.perf_counter() - began
    if not as_json:
        line("Brief", f"{written}: {len(slides)} slides  ({seconds:z.1f} s)")
    answer: Answer = {
        Key.OUTPUT: str(written),
        "slides": [{"topic": slide.topic, "words": list(slide.words)} for slide in slides],
        Key.SECONDS: round(seconds, 6),
    }
    return finish(answer, as_json=as_json)


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

    \b
    planner page case.xlsx -o case.html

    The page contains all data of the workbook: share it only with people who may have the workbook.
    The page needs npm's package highs, a solver. npm downloads it once and keeps it in a cache.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    wanted = output or Path("outputs", f"{input_stem(file)}-page.html")
    path = common.output_file(common.html_path(wanted), "page")
    from planner.page import highs, page_of
    from planner.run import solve_file

    on_stage = common.stage_reporter(as_json)
    solver = highs.fetch_highs(on_stage)
    on_stage(f"Reading {file}")
    run = solve_file(file, on_stage=on_stage)
    book = run.book
    sliders = page_of(book, file.name, solver, on_stage, run.front, run.plan.objective)
    written = common.save_output(path, sliders.html)
    seconds = time.perf_counter() - began
    if not as_json:
        show_warnings(book.warnings, file)
        for note in sliders.notes:
            line("Note", note, "yellow")
        line("Page", f"{written}  ({len(sliders.html) / 1e6:z.1f} MB, {seconds:z.1f} s)")
    answer: Answer = {
        Key.OUTPUT: str(written),
        Key.OBJECTIVE_USD: sliders.objective,
        Key.NOTES: list(sliders.notes),
        **findings_by_severity(book.warnings),
        Key.SECONDS: round(seconds, 6),
    }
    return finish(answer, as_json=as_json)


# ---- model ---------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.case_options
@common.output_option(
    "Write the model here, as .lp or .mps [outputs/<FILE's name>[-<scenario> or"
    " -what-if]-model.lp].",
    "MODEL",
)
@common.JSON
def model(file: Path, variation: dict[str, Any], output: Path | None, as_json: bool) -> int:
    """Write the model of a workbook as a file for other solvers: LP or MPS.

    The file contains the Pyomo model that planner solve solves. It minimises the discounted cost,
    in the workbook's currency; amounts are in tonnes. Comments at the top of the file explain its
    names. Nothing is solved.

    \b
    planner model case.xlsx -o model.lp
    planner model case.xlsx --lose COD -o model.mps
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    def output_path(name: str = "") -> Path:
        parts = (input_stem(file), common.case_part(file, variation, name), "model.lp")
        default = Path("outputs") / "-".join(filter(None, parts))
        return common.output_file(output or default, "model")

    form = output_path().suffix.casefold().removeprefix(".")
    from models.plan import model as model_of
    from models.program.outside import FORMATS, write_model
    from planner.scenarios.start import start_file

    if form not in FORMATS:
        refuse(f"--output must end in .lp or .mps, unlike {output}")
    on_stage = common.stage_reporter(as_json)
    start = start_file(file, **variation, on_stage=on_stage)
    on_stage("Building")
    path = output_path(start.case.scenario)
    about = _comment_lines(start.case, file)
    written = common.save_output(
        path, partial(write_model, model_of(start.case), form=form, about=about)
    )
    if not as_json:
        show_warnings(start.book.warnings, file)
        line("Model", str(written))
    answer: Answer = {
        Key.SCENARIO: start.case.scenario,
        Key.OUTPUT: [str(written)],
        Key.WARNINGS: findings_by_severity(start.book.warnings)[Key.WARNINGS],
    }
    return finish(answer, as_json=as_json)


def _comment_lines(case: Case, file: Path) -> tuple[str, str]:
    """Return the first lines of a model's file: what it minimizes, and how names are formed."""
    years, money = year_span(case.years) if case.years else "no year", case.settings.currency
    objective = (
        f"{file.name}, scenario {case.scenario}, {years}: least cost in {money}, discounted to the"
    )
    names = "Names have the form component(key). The components and their keys are:"
    return f"{objective} first year. Amounts in t.", names


# ---- data ----------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("files", metavar="PLAN_OR_STUDY...", type=common.WORKBOOK, nargs=-1, required=True)
@common.output_option("Write the tables here [outputs/plans.sqlite].", "FILE_OR_DIR")
@common.JSON
def data(files: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Put the tables of plans and studies into one file for Power BI, Tableau, pandas or SQL.

    Each PLAN_OR_STUDY is a workbook that planner wrote. The output is an SQLite file if it ends in
    .sqlite or .db, else a folder of Parquet files. Runs are added to an
    output that exists already; a run that it already contains is replaced.

    \b
    planner data outputs/case-plan.xlsx outputs/case-stress.xlsx -o plans.sqlite
    planner data outputs/*.xlsx -o tables
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = Path("outputs", "plans.sqlite") if output is None else output
    suffix = target.suffix.casefold()
    is_sqlite = suffix in {".sqlite", ".sqlite3", ".db"} and not is_folder(target)
    if is_folder(target):
        common.refuse_source(target)
    else:
        common.output_file(target, "file")
    if suffix and not is_sqlite and not is_folder(target):
        refuse(f"--output is an SQLite file such as plans.sqlite, or a folder, not {suffix}")
    if not is_sqlite and common.is_file(target):
        refuse(f"{target} is a file: name a folder, or an SQLite file such as plans.sqlite")
    if not is_sqlite:
        common.require("data", "a folder of Parquet files needs pyarrow, which is", "pyarrow")
    from planner.documents import data_out

    on_stage = common.stage_reporter(as_json)
    runs = []
    for path in files:
        on_stage(f"Reading {path}")
        with errors_in(path):
            runs.append(data_out.data_of(path))
    on_stage("Writing")
    write = data_out.write_sqlite if is_sqlite else data_out.write_parquet
    others = write(target, runs)
    if not as_json:
        for run in runs:
            rows = sum(map(len, run.tables))
            text = f"{number_of(len(run.tables), 'table')}, {number_of(rows, 'row')}"
            line(truncated(run.facts["kind"], 13), f"{terminal_safe(run.facts['title'])}: {text}")
        for name in others:
            line(
                "Note",
                f"the table {terminal_safe(name)} is not from planner data: it stays as it is",
            )
        line("Tables", str(target))
    answer: Answer = {
        Key.OUTPUT: str(target),
        Key.RUNS: [run.as_json for run in runs],
    }
    return finish(answer, as_json=as_json)


# ---- pull ----------------------------------------------------------------------------------------

_WIDE = 60
"""Most characters of a cell shown on a line."""
_OF_JSON = (str, int, float, bool, type(None))


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.output_option(
    "Write a copy of FILE that has the new values to this path; FILE is never changed.", "NEW"
)
@click.option(
    "--seconds",
    type=IntegerOption(min=1, max=3600),
    default=60,
    metavar="N",
    help="Longest time to wait for each source, in seconds [60].",
)
@click.option("--force", is_flag=True, help="Replace NEW if it exists.")
@common.JSON
def pull(file: Path, output: Path | None, seconds: int, force: bool, as_json: bool) -> int:
    """Fill sheets from other sources, and show what would change, cell by cell.

    The sheet Sources says where rows come from: a CSV, Excel, Parquet or SQLite file beside FILE,
    or a database with its URL in an environment variable. Rows are matched by their key. Rows that
    are in no source stay as they are, and so do notes, formats and formulas. The column Source of
    each changed row gets the source and the date. The command only reads sources.

    \b
    planner pull case.xlsx                  show what would change
    planner pull case.xlsx -o new.xlsx      also write the changed copy
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    path = None if output is None else _new_place(file, output, force=force)
    from planner.documents.data_in import pull as pull_sources
    from planner.documents.data_in import write_pulled

    pulled = pull_sources(file, float(seconds), on_stage=common.stage_reporter(as_json))
    if not as_json:
        _show_pulled(pulled)
    answer: Answer = {
        Key.FILE: str(file),
        Key.OUTPUT: None,
        Key.CELLS: [
            {Key.SHEET: c.sheet, "cell": c.cell, Key.ROW: c.name, "column": c.header,
             "before": c.before if isinstance(c.before, _OF_JSON) else str(c.before),
             "after": c.after, "source": c.source, "is_new_row": c.is_new_row, "note": c.note}
            for c in pulled.cells
        ],
        Key.SHEETS: {
            name: {Key.ROWS: given, Key.NEW: new, "only_here": only}
            for name, (given, new, only) in pulled.rows.items()
        },
    }  # fmt: skip
    if path is not None:
        written = write_pulled(pulled, path)
        answer[Key.OUTPUT] = str(written)
        if not as_json:
            common.report_path(path, written)
            line("Copy", f"{written}. Next: planner check {written}")
    elif pulled.edits and not as_json:
        line("No copy", "name a copy to write: -o NEW")
    return finish(answer, as_json=as_json)


def _new_place(file: Path, output: Path, *, force: bool) -> Path:
    """Return the path of the copy: same file type as the input, and never the input itself."""
    if is_folder(file):
        if common.is_file(output):
            refuse(f"{output} is a file: {file} is a folder, so name a folder")
        common.refuse_source(output)
        return output
    path = common.output_file(output, "workbook")
    if path.suffix.casefold() != file.suffix.casefold():
        refuse(f"--output must end in {file.suffix}, as {file} does")
    common.refuse_existing(path, force=force)
    return path


def _show_pulled(pulled: Pulled) -> None:
    for cell in pulled.cells[:_SHOWN]:
        before = "blank" if cell.before is None else _cell_text(cell.before)
        note = f" ({cell.note})" if cell.note else " (new row)" if cell.is_new_row else ""
        change = f"{_cell_text(f'{cell.name} {cell.header}')}: {before} -> {_cell_text(cell.after)}"
        click.echo(f"  {cell.sheet}!{cell.cell}  {change}{note}", err=True)
    if len(pulled.cells) > _SHOWN:
        click.echo(f"  and {len(pulled.cells) - _SHOWN:,} more; --json lists all", err=True)
    for sheet, (given, new, only) in pulled.rows.items():
        count = sum(cell.sheet == sheet and not cell.note for cell in pulled.cells)
        text = f"{number_of(given, 'row')} read, {number_of(new, 'row')} new"
        text += f", {number_of(only, 'row')} only here"
        text += f"; {number_of(count, 'cell')} differ{'s' if count == 1 else ''}"
        line(truncated(sheet, 13), text)
    if pulled.edits and pulled.formulas:
        cells = number_of(pulled.formulas, "cell")
        text = f"in {cells}: open the copy in Excel and save it, so that they are calculated"
        line("Formulas", text, "yellow")


def _cell_text(value: object) -> str:
    return terminal_safe(
        truncated(f"{value:.10g}" if isinstance(value, float) else str(value), _WIDE)
    )
