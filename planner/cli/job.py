"""One job of the server, in a process of its own: commands one after another, within limits.

Called as ``python -m planner.cli.job ORDER``; ORDER is JSON with ``commands`` and ``memory``
[bytes]. What the commands answer to a program is written to ``result.json``, what they say to a
person goes to stderr.
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
from planner.cli import main, progress
from planner.cli.answer import INTERRUPTED
from planner.server.jobs import MADE

if TYPE_CHECKING:
    from planner.workbook.grid import Grid

_OFTEN = 1.0
"""Seconds from line to line of how far a study is: someone watches."""
_CELLS, _MOST = 40, 500
"""Columns of a row shown beside a finding, and findings with a row."""


def work(order: dict[str, Any]) -> dict[str, Any]:
    """Run the commands until one fails; return the code, and what each answered."""
    progress.A_LINE = _OFTEN
    answers, code, workbook = [], 0, ""
    for command in order["commands"]:
        if code:
            break
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = main([workbook if word == MADE else word for word in command])
        workbook = _brought_up() or workbook
        answer = {}
        with contextlib.suppress(ValueError):
            answer = json.loads(output.getvalue())
        if command[0] == "check":
            has_findings = answer.get("errors") or answer.get("warnings")
            grids = _grids(Path(command[1])) if has_findings else {}
            answer |= {"beside": beside(grids, answer)}
            answer |= {} if code else _choices(Path(command[1]))
        if command[0] == "solve" and answer.get("output"):
            _spell(answer, workbook)
        answers.append(answer)
    return {"code": code, "answers": answers}


def _brought_up() -> str:
    """Bring up what a command wrote from the folder that it chose; return its workbook's name.

    What stands beside that has a longer name.
    """
    files = Path("outputs").iterdir() if Path("outputs").is_dir() else ()
    names = [shutil.move(file, file.name) for file in files]
    return min((name for name in names if name.endswith(".xlsx")), key=len, default="")


def _spell(answer: dict[str, Any], workbook: str) -> None:
    """Spell countries as the plan does."""
    from planner.run import open_plan

    plan = open_plan(Path(workbook))
    for row in answer["minerals"]:
        row["supplier"] = row["supplier"] and plan.country(row["supplier"])


def _grids(file: Path) -> dict[str, Grid]:
    """Return the sheets of a workbook by title; none of what is no workbook."""
    from models.errors import InputError
    from planner.workbook.excel import open_excel

    with contextlib.suppress(InputError):
        return {grid.title: grid for grid in open_excel(file).grids}
    return {}


def _choices(file: Path) -> dict[str, list[str]]:
    """Return what can be chosen of a workbook: its scenarios, and the countries that sell."""
    from planner import scenarios
    from planner.workbook import read

    case = read(file).case
    sellers = {*(r.country for r in case.refiners), *(p.country for p in case.projects)}
    countries = sorted(case.country_name(code) for code in sellers - {schema.REST_OF_WORLD})
    return {"scenarios": [*scenarios.names(case)], "countries": countries}


def beside(grids: dict[str, Grid], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each finding with the header and the row that it stands in, as far as there is one."""
    from planner.workbook.findings import address

    shown: list[dict[str, Any]] = []
    for kind in ("errors", "warnings"):
        for each in answer.get(kind, ()):
            row: list[dict[str, Any]] = []
            grid = grids.get(each["sheet"])
            number = int("".join(c for c in each["cell"] if c.isdigit()) or 0)
            if grid is not None and number in grid.rows and len(shown) < _MOST:
                position = grid.rows.index(number)
                row = [
                    {
                        "header": str(header),
                        "value": ""
                        if (value := grid.values(place)[position]) is None
                        else str(value),
                        "is_it": address(place, number) == each["cell"],
                    }
                    for place, header in list(grid.header.items())[:_CELLS]
                ]
            shown.append({**each, "kind": kind.removesuffix("s"), "row": row})
    return shown


def limit(memory: int) -> None:
    """Keep this process within so much memory, where the system can do so."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(arguments: Sequence[str]) -> int:
    """Do the job; return the exit code of its last command."""
    order = json.loads(arguments[0])
    limit(int(order["memory"]))
    try:
        result = work(order)
    except KeyboardInterrupt:
        result = {"code": INTERRUPTED, "answers": []}
    try:
        Path("result.json").write_text(json.dumps(result), encoding="utf-8")
    except OSError:  # a full disk: whoever started this process says so
        Path("result.json").unlink(missing_ok=True)
        return errors.WriteError.exit_code
    return int(result["code"])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
