"""The commands; what they compute stands elsewhere."""

from __future__ import annotations

import click

from planner._version import __version__
from planner.cli.commands.diff import diff
from planner.cli.commands.documents import orders, page, report
from planner.cli.commands.explain import explain
from planner.cli.commands.model import model
from planner.cli.commands.serve import serve
from planner.cli.commands.solve import solve
from planner.cli.commands.verify import redact, verify
from planner.cli.commands.watch import watch
from planner.cli.commands.workbook import check, new
from planner.cli.study import StudyCommand
from planner.studies import STUDIES


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="planner", message="%(prog)s %(version)s")
def planner() -> None:
    """Plan who buys how much of a critical mineral from which refiner, in which year.

    A workbook goes in and a procurement plan comes out: the cheapest that keeps every limit on what
    one country may supply. What cannot be met is shown as a shortage, with its cause.

    \b
    planner new case.xlsx      a template to fill in
    planner check case.xlsx    every error and warning, each with its cell
    planner solve case.xlsx    the plan, at outputs/case-plan.xlsx
    planner explain case.xlsx  why a price is what it is, and what would end a shortage
    planner compare case.xlsx  every scenario beside the base
    planner sweep case.xlsx    what a tighter cap on single countries costs
    planner stress case.xlsx   what the loss of each supplier does to the agreed plan
    planner risk case.xlsx     events drawn year by year
    planner ranges case.xlsx   what of the plan is a choice, what is a fact
    planner page case.xlsx     a page that plans again while a slider is moved
    planner support case.xlsx  what each idle plant needs to be used

    Exit codes: 0 done; 1 the workbook has errors; 2 wrong usage; 3 no proven optimum; 4 nowhere to
    write; 130 stopped by Ctrl-C: what is finished is written.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are


COMMANDS = (
    new,
    check,
    solve,
    explain,
    *(StudyCommand(name, listed) for name, listed in STUDIES.items() if not listed.asked),
    orders,
    diff,
    verify,
    redact,
    report,
    model,
    watch,
    page,
    serve,
)
"""Every command, in the order in which they are met."""

for command in COMMANDS:
    planner.add_command(command)
