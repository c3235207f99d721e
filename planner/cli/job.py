"""One job of the server, in a separate process: commands one after another, within limits.

Called as ``python -m planner.cli.job ORDER``; ORDER is JSON with ``commands`` and ``memory``
[bytes]. The JSON answers of the commands are written to ``result.json``; their messages go to
stderr.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import errors, schema
from planner.cli import main
from planner.cli.answer import INTERRUPTED
from planner.cli.commands import common
from planner.server.jobs import MADE

if TYPE_CHECKING:
    from planner.workbook.grid import Grid

_SECONDS_PER_LINE = 1.0
"""Seconds between lines of progress: a visitor watches."""
_MOST_CELLS, _MOST_ROWS = 40, 500
"""Most cells shown of a finding's row, and most findings whose row is shown."""


def run_commands(order: dict[str, Any]) -> dict[str, Any]:
    """Run the commands until one fails; return the exit code and all answers."""
    from planner.run import open_plan
    from planner.workbook.excel import open_excel

    common.SECONDS_PER_LINE = _SECONDS_PER_LINE
    answers, code, workbook = [], 0, ""
    for command in order["commands"]:
        if code:
            break
        code, answer = run_command([workbook if word == MADE else word for word in command])
        workbook = _moved_up() or workbook
        if command[0] == "check":
            grids: dict[str, Grid] = {}
            if answer.get("errors") or answer.get("warnings"):
                with contextlib.suppress(errors.InputError):  # the file may be no workbook
                    grids = {grid.title: grid for grid in open_excel(Path(command[1])).grids}
            answer |= {"beside": with_rows(grids, answer)}
            answer |= {} if code else _choices(Path(command[1]))
        if command[0] == "solve" and answer.get("output"):
            plan = open_plan(Path(workbook))
            for row in answer["minerals"]:
                row["supplier"] = row["supplier"] and plan.country(row["supplier"])
        answers.append(answer)
    return {"code": code, "answers": answers}


def run_command(arguments: list[str]) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit code, and the JSON that it prints ({} if it prints none)."""
    output, answer = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(output):
        code = main(arguments)
    with contextlib.suppress(ValueError):
        answer = json.loads(output.getvalue())
    return code, answer


def _moved_up() -> str:
    """Move a command's output files out of the folder outputs; return the workbook's name.

    Files that a command writes beside its workbook have longer names.
    """
    files = Path("outputs").iterdir() if Path("outputs").is_dir() else ()
    names = [shutil.move(file, file.name) for file in files]
    return min((name for name in names if name.endswith(".xlsx")), key=len, default="")


def _choices(file: Path) -> dict[str, list[str]]:
    """Return the choices that the page offers: scenarios, and countries that sell."""
    from planner import scenarios
    from planner.workbook import read

    case = read(file).case
    sellers = {*(r.country for r in case.refiners), *(p.country for p in case.projects)}
    countries = sorted(case.country_name(code) for code in sellers - {schema.REST_OF_WORLD})
    return {"scenarios": [*scenarios.names(case)], "countries": countries}


def with_rows(grids: dict[str, Grid], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each finding with the cells of its row and their headers, if it has a row."""
    from planner.workbook.findings import address

    shown: list[dict[str, Any]] = []
    for kind in ("errors", "warnings"):
        for each in answer.get(kind, ()):
            row: list[dict[str, Any]] = []
            grid = grids.get(each["sheet"])
            number = int("".join(c for c in each["cell"] if c.isdigit()) or 0)
            if grid is not None and number in grid.rows and len(shown) < _MOST_ROWS:
                position = grid.rows.index(number)
                for place, header in list(grid.header.items())[:_MOST_CELLS]:
                    value = grid.values(place)[position]
                    cell = {"header": str(header), "value": "" if value is None else str(value)}
                    row.append(cell | {"is_it": address(place, number) == each["cell"]})
            shown.append({**each, "kind": kind.removesuffix("s"), "row": row})
    return shown


def limit_memory(memory: int) -> None:
    """Limit the memory of this process, if the system supports it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(arguments: Sequence[str]) -> int:
    """Run the commands of one job, ORDER; return the exit code of the last one that ran."""
    order = json.loads(arguments[0])
    limit_memory(int(order["memory"]))
    try:
        result = run_commands(order)
    except KeyboardInterrupt:
        result = {"code": INTERRUPTED, "answers": []}
    try:
        Path("result.json").write_text(json.dumps(result), encoding="utf-8")
    except OSError:  # the disk is full: the process that started this one reports it
        Path("result.json").unlink(missing_ok=True)
        return errors.WriteError.exit_code
    return int(result["code"])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
