"""The command mcp: the planner as tools of an assistant."""

from __future__ import annotations

from pathlib import Path

import click

from planner.cli.answer import Command, refuse
from planner.cli.commands.common import WORKBOOK, require


@click.command(cls=Command)
@click.argument("folder", type=WORKBOOK, metavar="FOLDER")
def mcp(folder: Path) -> int:
    """Serve the planner as tools to an assistant, through standard input and output.

    The assistant's program starts this command. It speaks the Model Context Protocol. The tools
    are new, check, plan, study, explain, diff, verify and brief.

    Only workbooks inside FOLDER are read, and files are only written to FOLDER/outputs. The company
    that runs the assistant's model sees every cell that the assistant reads. Keep only redacted
    workbooks there.

    \b
    planner mcp cases
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    require(
        "mcp", "an assistant's tools need mcp, python-pptx and Plotly, which are",
        "mcp", "pptx", "plotly",
    )  # fmt: skip
    if not folder.is_dir():
        refuse(f"{folder} is not a folder: name a folder of workbooks that an assistant may read")
    from planner.cli.assistant import server_of

    server_of(folder).run()
    return 0
