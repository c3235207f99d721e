"""The command report: a plan, or a study, to read in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from models.errors import InputError, UsageError
from planner.cli.answer import print_json, refused, sorted_out
from planner.cli.commands.common import JSON, PLACE, WORKBOOK, progress, tell_where
from planner.cli.paths import is_folder, target

_EXTRA = 'a report needs Plotly, which is not installed here: pip install ".[report]"'


@click.command()
@click.argument("file", metavar="PLAN", type=WORKBOOK)
@click.argument("studies", metavar="[STUDY]...", type=WORKBOOK, nargs=-1)
@click.option(
    "-o",
    "--output",
    type=PLACE,
    metavar="REPORT",
    help="The report [beside PLAN, with .html].",
)
@JSON
def report(file: Path, studies: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Make a report to read in a browser, from a plan's workbook.

    PLAN is what solve wrote, or the workbook of sweep, stress, compare or risk. Each STUDY, the
    workbook of one of these, is added below it. The report is one HTML file with charts that needs
    no network: mail it, open it, print it.

    \b
    planner report outputs/case-plan.xlsx
    planner report outputs/case-stress.xlsx -o stress.html
    planner report outputs/case-plan.xlsx outputs/case-sweep.xlsx outputs/case-stress.xlsx
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    place = target(_html(file, output), "report")
    _require_plotly()
    from planner.render.words import plain
    from planner.report import read_report, report_html
    from planner.workbook.plan_file import PlanFile, edited
    from planner.workbook.save import save

    tell = progress(as_json)
    found = []
    for path in (file, *studies):
        tell(f"Reading {path}")
        try:
            found.append(read_report(path))
        except InputError as error:
            return refused(path, error, as_json=as_json)
        if len(found) > 1 and not found[-1].is_study:
            msg = f"{path} is a plan: after the first workbook come studies, from sweep, stress, "
            msg += "compare or risk"
            raise UsageError(msg)
    changed = [
        f for each in found if isinstance(each.source, PlanFile) for f in edited(each.source)
    ]
    for finding in changed if not as_json else ():
        click.echo(
            f"{click.style('Warning', fg='yellow')}       {plain(finding.message)}", err=True
        )
    tell("Drawing")
    text = report_html(*found)
    written = save(place, lambda path: _write(path, text))
    tell_where(place, written)
    if as_json:
        print_json({"status": "ok", "output": str(written), **sorted_out(tuple(changed))})
    else:
        click.echo(f"Report        {written}", err=True)
    return 0


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _html(file: Path, output: Path | None) -> Path:
    """Return where the report goes: a page for a browser."""
    if output is None and not file.name:
        msg = f"{file} is a folder: name the workbook of a plan"
        raise UsageError(msg)
    page = file.with_suffix(".html") if output is None else output
    if is_folder(page):
        return page
    if not page.suffix:
        page = page.with_name(f"{page.name}.html")
    if page.suffix.casefold() not in {".html", ".htm"}:
        msg = f"--output must end in .html, not {page.suffix}: a page for a browser is written"
        raise UsageError(msg)
    return page


def _require_plotly() -> None:
    from importlib.util import find_spec

    if find_spec("plotly") is None:
        raise UsageError(_EXTRA)
