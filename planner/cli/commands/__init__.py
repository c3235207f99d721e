"""The commands of the planner."""

from __future__ import annotations

import click

from planner._version import __version__
from planner.cli.answer import retired_command
from planner.cli.commands import diff, documents, serve, solve, verify, workbook
from planner.cli.study import StudyCommand
from planner.studies import STUDIES


class Commands(click.Group):
    """All commands; a command of an earlier version says what to use instead."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; UsageError if there is none."""
        if retired := retired_command(args[0]):
            raise click.UsageError(retired, ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="planner", message="%(prog)s %(version)s")
def planner() -> None:
    """Plan who buys how much of a critical mineral from which refiner, in which year.

    The planner reads a workbook of inputs and writes a workbook with the cheapest plan that keeps
    every limit on a country's share. If demand cannot be met, the plan shows the shortage and its
    cause.

    \b
    planner new case.xlsx      write a template to fill in
    planner check case.xlsx    list every error and warning, each with its cell
    planner solve case.xlsx    write the plan to outputs/case-plan.xlsx
    planner explain case.xlsx  explain a price or a shortage
    planner compare case.xlsx  compare every scenario with the base case
    planner sweep case.xlsx    show what a tighter cap on single countries costs
    planner stress case.xlsx   show what is missing if a supplier is lost
    planner risk case.xlsx     show what random events, such as embargoes, do to the plan
    planner ranges case.xlsx   show how much more or less each supplier could sell
    planner page case.xlsx     make a page with sliders that plans in the browser
    planner support case.xlsx  show the payment that each idle plant needs to run
    planner roll PLAN case.xlsx --to 2027   write the workbook of the next planning round

    Exit codes: 0 done; 1 the workbook has errors; 2 wrong usage; 3 no proven optimum; 4 the output
    cannot be written; 130 stopped by Ctrl-C, after writing the finished results.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are


COMMANDS = (
    workbook.new, workbook.check, solve.solve, solve.explain,
    *(StudyCommand(name, listed) for name, listed in STUDIES.items() if not listed.asked),
    documents.orders, workbook.roll, diff.diff, verify.verify, documents.report,
    documents.brief, documents.data, documents.pull, documents.model, solve.watch, documents.page,
    serve.serve, serve.mcp,
)  # fmt: skip
"""Every command, in the order in which a user needs them."""

for command in COMMANDS:
    planner.add_command(command)
