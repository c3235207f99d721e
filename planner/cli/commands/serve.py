"""The commands serve and mcp: the planner for browsers and for assistants."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from models.errors import UsageError
from planner.cli.answer import Command, refuse
from planner.cli.common import WORKBOOK, require
from planner.options import IntegerOption
from planner.stops import mark_handled, raise_pending_stop

_NEEDS = ("starlette", "uvicorn", "python_multipart", "plotly", "pptx", "watchfiles")


@click.command(cls=Command)
@click.argument("file", type=WORKBOOK, required=False)
@click.option(
    "--host", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on [127.0.0.1]."
)
@click.option(
    "--port", default=8765, type=IntegerOption(min=0), metavar="N", help="Port to listen on [8765]."
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A host name under which visitors may open the page. Repeatable.",
)
@click.option(
    "--token",
    default="",
    envvar="PLANNER_TOKEN",
    metavar="TEXT",
    help="Token that visitors need [random if other machines can connect, otherwise none].",
)
@click.option(
    "--upload",
    default=32,
    type=IntegerOption(min=1),
    metavar="MB",
    help="Largest workbook that visitors may upload, in MB [32].",
)
@click.option(
    "--memory",
    default=4096,
    type=IntegerOption(min=256),
    metavar="MB",
    help="Memory that each job may use, in MB [4096].",
)
@click.option(
    "--minutes",
    default=30,
    type=IntegerOption(min=1),
    metavar="N",
    help="Longest time for each job, in minutes [30].",
)
def serve(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path | None,
    host: str,
    port: int,
    names: tuple[str, ...],
    token: str,
    upload: int,
    memory: int,
    minutes: int,
) -> int:
    """Serve the planner as a web page, for colleagues without the command line.

    Visitors upload a workbook, read its findings, make plans and studies, and download them. Only
    this machine can open the page, unless you give --host. Then visitors need a token, which is in
    the printed address. Each job runs in a separate process. A visitor's files are deleted when the
    visit ends. With FILE, the page checks and plans FILE each time it is saved, as planner watch
    does. Press Ctrl-C to stop.

    \b
    planner serve
    planner serve case.xlsx
    planner serve --host 0.0.0.0 --name planner.example.org
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    require("serve", "serve needs packages that are", *_NEEDS)
    if file is not None and not file.is_file():
        is_folder = "is a folder: the page can watch only a workbook"
        refuse(f"{file} {is_folder if file.is_dir() else 'does not exist'}")
    import ipaddress
    import secrets
    import socket

    import uvicorn

    from planner.server import app, jobs

    jobs.kinds()  # they take a second to load; no visitor should wait for that

    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    if not token and not is_here:
        token = secrets.token_urlsafe(18)
    limits = jobs.ServerLimits(upload * 2**20, memory * 2**20, minutes * 60.0)
    config = app.Config(token, tuple(names), file and file.absolute(), limits)
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        msg = f"cannot listen at {host}, port {port}: {error.strerror or error}"
        raise UsageError(msg) from error
    with listening:
        shown = names[0] if names else f"[{host}]" if ":" in host else host
        asked = f"?token={token}" if token else ""
        where = f"http://{shown}:{listening.getsockname()[1]}/{asked}"
        click.echo(f"Serving at {where}; Ctrl-C stops it", err=True)
        server = app.Server(
            uvicorn.Config(
                app.application(config),
                log_level="warning",
                server_header=False,
                access_log=False,
                proxy_headers=False,
                timeout_graceful_shutdown=3,
                limit_concurrency=200,
            )
        )
        server.config.load()
        server.config.get_loop_factory()
        raise_pending_stop()  # all is imported: from here on the server handles stops
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
        mark_handled()
    return 0


@click.command(cls=Command)
@click.argument("folder", type=WORKBOOK, metavar="FOLDER")
def mcp(folder: Path) -> int:
    """Serve the planner as tools to an assistant, through standard input and output.

    The assistant's program starts this command. It speaks the Model Context Protocol. The tools
    are new, check, plan, study, explain, diff, verify and brief.

    Only workbooks inside FOLDER are read, and files are only written to FOLDER/outputs. The company
    that runs the assistant's model sees every cell that the assistant reads. Put only workbooks
    that it may see into FOLDER.

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
