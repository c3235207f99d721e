"""One call of an assistant, in a separate process: runs a command, or reads a file.

Called as ``python -P -m planner.cli.tool``. It gets the call on stdin and writes the answer to
stdout, both as JSON. It reports progress on stderr, one line per step.

Texts come from cells or contain text from cells: they are shortened, have no control characters,
and are marked as data for the assistant.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from models.errors import PlannerError, UsageError
from planner.cli import main, progress
from planner.cli.answer import Key, failure_answer, refuse
from planner.cli.job import limit_memory
from planner.render.words import cut, plain, proven_words, search_words
from planner.studies import STUDIES

STEP = "step "
"""Prefix of the lines on stderr that report progress."""
MOST_ROWS, MOST_SLICE = 20, 200
"""Largest number of rows per table of an answer, and of a slice of a table."""
MOST_TEXT = 400
"""Largest number of characters of a text."""
_WORKBOOKS = (".xlsx", ".xlsm", ".csv")
_HIDDEN_OPTIONS = {"json", "workers", "cluster", "help"}
_NOTHING_TO_PROVE = "The call makes no plan, so there is nothing to prove."


def answer_call(order: Mapping[str, Any]) -> dict[str, Any]:
    """Run a call; return the shortened answer, with the proof of its plan."""
    if order["what"] == "command":
        return _command(order)
    try:
        read = _READERS[order["what"]](*order["of"])
    except PlannerError as error:
        return {"code": error.exit_code, "answer": trimmed(failure_answer("error", str(error)))}
    return {"code": 0, "answer": trimmed(read, most=MOST_SLICE)}


# ---- commands ------------------------------------------------------------------------------------


def _command(order: Mapping[str, Any]) -> dict[str, Any]:
    """Run a command with --json; return its command line, proof and answer."""
    try:
        words = arguments_of(order)
    except UsageError as error:
        return {
            "code": error.exit_code,
            "answer": trimmed(failure_answer("usage_error", str(error))),
        }
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = main([*words, "--json"])
    answer: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        answer = json.loads(output.getvalue())
    proven, says = None, _NOTHING_TO_PROVE
    if not code or order["name"] == "verify":
        proven, says = _proof(order, answer)
    if not code and order["name"] in STUDIES:
        first_page = overview(str(answer[Key.OUTPUT]))
        answer = {"first_page": first_page, **answer}
    return {
        "code": code,
        "command": shlex.join(["planner", *words]),
        "proof": {"proven": proven, "says": says},
        "answer": trimmed(answer),
        "output": str(answer.get(Key.OUTPUT) or "") if not code else "",
    }


def arguments_of(order: Mapping[str, Any]) -> list[str]:
    """Return the arguments of a command, each option as ``--name=value``.

    UsageError if the command has no such option, or if the option names a file.
    """
    from planner.cli.commands import planner

    listed = STUDIES.get(order["name"])
    name, *more = (listed.asked if listed and listed.asked else order["name"]).split()
    hidden = _HIDDEN_OPTIONS | {word.lstrip("-") for word in more}
    options = {
        opt.lstrip("-"): parameter
        for parameter in planner.commands[name].params
        if isinstance(parameter, click.Option) and not isinstance(parameter.type, click.Path)
        for opt in parameter.opts
        if opt.startswith("--") and opt.lstrip("-") not in hidden
    }
    words = [name, *order["files"], *more]
    for option, value in order["options"].items():
        if option not in options:
            refuse(f"{name} has no option {cut(option, 40)!r} here; it has {', '.join(options)}")
        if options[option].is_flag:
            words += [f"--{option}"] if str(value).casefold() not in {"false", "no"} else []
            continue
        words += [f"--{option}={each}" for each in (value if isinstance(value, list) else [value])]
    return [*words, *(["-o", order["output"]] if order.get("output") else [])]


def _proof(order: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Return whether a plan is proven, and a sentence without any text of the workbook."""
    name = order["name"]
    if name == "verify":
        proven = bool(answer.get("proven"))
        return proven, "Verified." if proven and not answer.get(Key.ERRORS) else "Not verified."
    if name in STUDIES:
        from planner.report import read_report
        from planner.report.study import kind_and_tables, study_verdict
        from planner.workbook.plan_file import PlanFile

        source = read_report(Path(str(answer[Key.OUTPUT])))
        if isinstance(source, PlanFile):
            return True, f"{proven_words()}."
        text, sound = study_verdict(kind_and_tables(source)[1])
        return sound, text
    if name in {"diff", "brief"}:
        sound = all(_is_sound(Path(file)) for file in order["files"][: 1 + (name == "diff")])
        return sound, "All plans passed their checks." if sound else "A plan failed its checks."
    if name in {"solve", "explain"}:
        gap = float(answer.get("search_gap") or 0.0)
        return not gap, search_words(gap) if gap else f"{proven_words()}."
    return None, _NOTHING_TO_PROVE


def _is_sound(file: Path) -> bool:
    from planner.report.plan import verdict
    from planner.run import open_plan

    return verdict(open_plan(file))[1]


# ---- reading -------------------------------------------------------------------------------------


def overview(file: str) -> dict[str, Any]:
    """Return the first page of a plan or of a study."""
    from planner.report import read_report
    from planner.report.plan import headlines, notes, verdict
    from planner.report.study import kind_and_tables, study_verdict
    from planner.workbook.plan_file import PlanFile

    source = read_report(Path(file))
    if isinstance(source, PlanFile):
        from models.results import ByMineral, Figure
        from planner.sheets.findings import answer

        reply = answer(source.result(ByMineral), str(source.measure(Figure.QUESTION) or ""))
        question, finding = (reply.question, reply.text) if reply else ("", "")
        figures, care = headlines(source), notes(source)
        proof = verdict(source)[0]
    else:
        kind, tables = kind_and_tables(source)
        headline = kind.headline(tables)
        question, finding = kind.QUESTION, headline.finding
        figures, care, proof = headline.figures, headline.care, study_verdict(tables)[0]
    return {
        "title": source.title,
        "question": question,
        "answer": finding,
        "figures": [{"name": f.name, "value": f.value, "says": f.remark} for f in figures],
        "care": list(care),
        "proof": proof,
        "sheets": [*source.tables],
    }


def table(file: str, sheet: str, first: int) -> dict[str, Any]:
    """Return rows of a sheet, as written; without a sheet, the list of sheets."""
    from planner.workbook.plan_file import grids_of

    _, grids = grids_of(Path(file))
    if not sheet:
        return {"sheets": [{"sheet": name, "rows": len(grid.rows)} for name, grid in grids.items()]}
    if sheet not in grids:
        refuse(f"{file} has no sheet {cut(sheet, 40)!r}; it has {', '.join(grids)}")
    grid = grids[sheet]
    places = sorted(grid.header)
    columns = [grid.values(place)[max(first, 1) - 1 :][:MOST_SLICE] for place in places]
    return {
        "sheet": sheet,
        "headers": [str(grid.header[place]) for place in places],
        "first": max(first, 1),
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "rows_in_all": len(grid.rows),
    }


def catalogue(sheet: str) -> dict[str, Any]:
    """Return the columns of a sheet of the input; without a sheet, the list of sheets."""
    from models.schema import SHEETS

    records = {record.SHEET: record for record in SHEETS}
    if not sheet:
        return {"sheets": [{"sheet": name, "meaning": _doc(r)} for name, r in records.items()]}
    if sheet not in records:
        refuse(f"the input has no sheet {cut(sheet, 40)!r}; it has {', '.join(records)}")
    return {
        "sheet": sheet,
        "meaning": _doc(records[sheet]),
        "columns": [
            {
                "header": column.header,
                "unit": column.unit,
                "required": column.required,
                "default": column.default,
                "choices": list(column.choices),
                "meaning": column.meaning,
            }
            for column in records[sheet].columns()
        ],
    }


def _doc(record: type) -> str:
    return (record.__doc__ or "").partition("\n\n")[0].strip()


def glossary() -> dict[str, Any]:
    from planner.sheets.glossary import TERMS

    return {"terms": [{"term": term.name, "meaning": term.meaning} for term in TERMS]}


_READERS: dict[str, Callable[..., dict[str, Any]]] = {
    "overview": overview,
    "table": table,
    "catalogue": catalogue,
    "glossary": glossary,
}


# ---- guard ---------------------------------------------------------------------------------------


def block_files_outside(folder: Path) -> None:
    """Block every workbook and CSV file outside a folder, except the example.

    The paths in a call were checked before, but a command may open other files, such as the input
    beside a plan. Temporary files have a folder that belongs to the call.
    """
    places = (folder, tempfile.gettempdir(), Path(__file__).parents[2])
    allowed = [Path(os.path.realpath(place)) for place in places]

    def refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path = os.fsdecode(arguments[0])
        if not path.casefold().endswith(_WORKBOOKS):
            return
        real = Path(os.path.realpath(path))
        if not any(real.is_relative_to(place) for place in allowed):
            msg = "outside the folder"
            raise PermissionError(errno.EACCES, msg)

    sys.addaudithook(refuse_outside)


# ---- shortening ----------------------------------------------------------------------------------


def trimmed(value: Any, most: int = MOST_ROWS) -> Any:
    """Return an answer with short texts and lists, and counts of the parts left out."""
    if isinstance(value, str):
        others = len(value) - MOST_TEXT
        return plain(value) if others <= 0 else f"{plain(value[:MOST_TEXT])}… ({others:,} more)"
    if isinstance(value, Mapping):
        pairs = list(value.items())
        kept = {trimmed(str(key)): trimmed(each, most) for key, each in pairs[:MOST_SLICE]}
        return kept | ({"left_out": len(pairs) - MOST_SLICE} if len(pairs) > MOST_SLICE else {})
    if isinstance(value, list | tuple):
        kept_rows = [trimmed(each, most) for each in value[:most]]
        return [*kept_rows, {"left_out": len(value) - most}] if len(value) > most else kept_rows
    return value if value is None or isinstance(value, bool | int | float) else plain(str(value))


def run() -> int:
    """Run the call on stdin; return 0 if it was answered."""
    order = json.load(sys.stdin)
    limit_memory(int(order["memory"]))
    block_files_outside(Path.cwd())

    def report(text: str, done: int, total: int) -> None:
        step = json.dumps({"says": trimmed(text), "done": done, "total": total})
        print(f"{STEP}{step}", file=sys.stderr, flush=True)  # noqa: T201 - to the process above

    progress.listener = report
    try:
        answer = answer_call(order)
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(run())
