"""A job of the server or a call of an assistant, in a separate process with limited memory.

``python -m planner.cli.job ORDER`` runs commands one after another; ORDER is JSON with ``commands``
and ``memory`` [bytes]. The JSON answers of the commands are written to ``result.json``; their
messages go to stderr.

``python -P -m planner.cli.job call`` runs a command, or reads a file. It gets the call on stdin and
writes the answer to stdout, both as JSON. It reports progress on stderr, one line per step. Texts
come from cells or contain text from cells: they are shortened, have no control characters, and are
marked as data for the assistant.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import errors, schema
from planner.cli import common, main
from planner.cli.answer import INTERRUPTED, Key, failure_answer, refuse
from planner.render.words import proven_words, search_words, terminal_safe, truncated
from planner.server.jobs import MADE, MOST_SLICE, STEP
from planner.studies import STUDIES

if TYPE_CHECKING:
    from planner.workbook.grid import Grid

_MOST_CELLS, _MOST_FINDINGS = 40, 500
"""Most cells shown of a finding's row, and most findings whose row is shown."""


def run_commands(request: dict[str, Any]) -> dict[str, Any]:
    """Run the commands until one fails; return the exit code and all answers."""
    from planner.workbook.excel import open_excel

    common.SECONDS_PER_LINE = 1.0  # a visitor watches
    answers, code, workbook, first_page = [], 0, "", ""
    for command in request["commands"]:
        if code:
            break
        code, answer = run_command([workbook if word == MADE else word for word in command])
        # Files that a command writes beside its workbook have longer names.
        files = Path("outputs").iterdir() if Path("outputs").is_dir() else ()
        moved = [shutil.move(file, file.name) for file in files]
        books = (name for name in moved if name.endswith(".xlsx"))
        workbook = min(books, key=len, default=workbook)
        if command[0] == "check":
            grids: dict[str, Grid] = {}
            if answer.get("errors") or answer.get("warnings"):
                with contextlib.suppress(errors.InputError):  # the file may be no workbook
                    grids = {grid.title: grid for grid in open_excel(Path(command[1])).grids}
            answer |= {"beside": with_rows(grids, answer)}
            answer |= {} if code else _choices(Path(command[1]))
        if command[0] == "report" and not code:
            first_page = _first_page(Path(workbook))
        answers.append(answer)
    return {"code": code, "answers": answers, "page": first_page}


def _first_page(file: Path) -> str:
    """Return the HTML of the first page of a plan or of a study."""
    from planner.render.html import first_page_html
    from planner.report import first_page_of, read_plan_or_study

    return first_page_html(first_page_of(read_plan_or_study(file))[0])


def run_command(arguments: list[str]) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit code, and the JSON that it prints ({} if it prints none)."""
    output, answer = io.StringIO(), dict[str, Any]()
    with contextlib.redirect_stdout(output):
        code = main(arguments)
    with contextlib.suppress(ValueError):
        answer = json.loads(output.getvalue())
    return code, answer


def _choices(file: Path) -> dict[str, list[str]]:
    """Return the choices that the page offers: scenarios, and countries that sell."""
    from planner import scenarios
    from planner.workbook import read

    case = read(file).case
    sellers = {*(r.country for r in case.refiners), *(p.country for p in case.projects)}
    countries = sorted(case.country_name(code) for code in sellers - {schema.REST_OF_WORLD})
    return {"scenarios": [*scenarios.scenario_names(case)], "countries": countries}


def with_rows(grids: dict[str, Grid], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each finding with the cells of its row and their headers, if it has a row."""
    from planner.workbook.findings import address

    shown: list[dict[str, Any]] = []
    for kind in ("errors", "warnings"):
        for each in answer.get(kind, ()):
            row: list[dict[str, Any]] = []
            grid = grids.get(each["sheet"])
            number = int("".join(c for c in each["cell"] if c.isdigit()) or 0)
            if grid is not None and number in grid.rows and len(shown) < _MOST_FINDINGS:
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


def run_job(request: dict[str, Any]) -> int:
    """Run the commands of one job; return the exit code of the last one that ran."""
    limit_memory(int(request["memory"]))
    try:
        result = run_commands(request)
    except KeyboardInterrupt:
        result = {"code": INTERRUPTED, "answers": []}
    try:
        Path("result.json").write_text(json.dumps(result), encoding="utf-8")
    except OSError:  # the disk is full: the process that started this one reports it
        Path("result.json").unlink(missing_ok=True)
        return errors.WriteError.exit_code
    return int(result["code"])


# ---- a call of an assistant ----------------------------------------------------------------------

MOST_ROWS, MOST_TEXT = 20, 400
"""Most rows per table of an answer; most characters of a text."""
_WORKBOOKS = (".xlsx", ".xlsm", ".csv")
_HIDDEN_OPTIONS = {"json", "workers", "cluster", "help"}
_COLUMN_FACTS = ("header", "unit", "required", "default", "choices", "meaning")
_NOTHING_TO_PROVE = "The call makes no plan, so there is nothing to prove."


def answer_call(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a call; return the shortened answer, with the proof of its plan."""
    if request["what"] == "command":
        return _command(request)
    try:
        read = _READERS[request["what"]](*request["of"])
    except errors.PlannerError as error:
        return {"code": error.exit_code, "answer": trimmed(failure_answer("error", str(error)))}
    return {"code": 0, "answer": trimmed(read, most=MOST_SLICE)}


# ---- commands ------------------------------------------------------------------------------------


def _command(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a command with --json; return its command line, proof and answer."""
    try:
        words = arguments_of(request)
    except errors.UsageError as error:
        refused = failure_answer("usage_error", str(error))
        return {"code": error.exit_code, "answer": trimmed(refused)}
    code, answer = run_command([*words, "--json"])
    proven, says = None, _NOTHING_TO_PROVE
    if not code or request["name"] == "verify":
        proven, says = _proof_words(request, answer)
    if not code and request["name"] in STUDIES:
        answer = {"first_page": overview(str(answer[Key.OUTPUT])), **answer}
    return {
        "code": code,
        "command": shlex.join(["planner", *words]),
        "proof": {"proven": proven, "says": says},
        "answer": trimmed(answer),
        "output": str(answer.get(Key.OUTPUT) or "") if not code else "",
    }


def arguments_of(request: Mapping[str, Any]) -> list[str]:
    """Return the arguments of a command, each option as ``--name=value``.

    UsageError if the command has no such option, or if the option names a file.
    """
    from planner.cli.commands import planner

    listed = STUDIES.get(request["name"])
    name, *more = (listed.asked if listed and listed.asked else request["name"]).split()
    hidden = _HIDDEN_OPTIONS | {word.lstrip("-") for word in more}
    options = {
        opt.lstrip("-"): parameter
        for parameter in planner.commands[name].params
        if isinstance(parameter, click.Option) and not isinstance(parameter.type, click.Path)
        for opt in parameter.opts
        if opt.startswith("--") and opt.lstrip("-") not in hidden
    }
    words = [name, *request["files"], *more]
    for option, value in request["options"].items():
        if option not in options:
            refuse(
                f"{name} has no option {truncated(option, 40)!r} here; it has {', '.join(options)}"
            )
        if options[option].is_flag:
            words += [f"--{option}"] if str(value).casefold() not in {"false", "no"} else []
            continue
        words += [f"--{option}={each}" for each in (value if isinstance(value, list) else [value])]
    return [*words, *(["-o", request["output"]] if request.get("output") else [])]


def _proof_words(request: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Return whether a plan is proven, and a sentence without any text of the workbook."""
    name = request["name"]
    if name == "verify":
        proven = bool(answer.get("proven"))
        return proven, "Verified." if proven and not answer.get(Key.ERRORS) else "Not verified."
    if name in STUDIES:
        from planner.report import first_page_of, read_plan_or_study
        from planner.workbook.plan_file import PlanFile

        source = read_plan_or_study(Path(str(answer[Key.OUTPUT])))
        if isinstance(source, PlanFile):
            return True, f"{proven_words()}."
        _, text, all_passed = first_page_of(source)
        return all_passed, text
    if name in {"diff", "brief"}:
        from planner.report.plan import proof_verdict
        from planner.workbook.read import open_plan

        files = request["files"][: 1 + (name == "diff")]
        all_passed = all(proof_verdict(open_plan(Path(file)))[1] for file in files)
        said = "All plans passed their checks." if all_passed else "A plan failed its checks."
        return all_passed, said
    if name in {"solve", "explain"}:
        gap = float(answer.get("search_gap") or 0.0)
        return not gap, search_words(gap) if gap else f"{proven_words()}."
    return None, _NOTHING_TO_PROVE


# ---- reading -------------------------------------------------------------------------------------


def overview(file: str) -> dict[str, Any]:
    """Return the first page of a plan or of a study."""
    from planner.report import first_page_of, read_plan_or_study
    from planner.report.plan import report_notes
    from planner.workbook.plan_file import PlanFile

    source = read_plan_or_study(Path(file))
    front, proof, _ = first_page_of(source)
    further = report_notes(source) if isinstance(source, PlanFile) else ()
    return {
        "title": source.title,
        "question": front.question,
        "answer": " ".join(each.text for each in front.of("answer")),
        "figures": [
            {"name": f.name, "value": f.number, "says": f.text} for f in front.of("figure")
        ],
        "decide": [each.text for each in front.of("decide")],
        "care": [*(each.text for each in front.of("care")), *further],
        "findings": [each.json() for each in front.findings],
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
        refuse(f"{file} has no sheet {truncated(sheet, 40)!r}; it has {', '.join(grids)}")
    grid = grids[sheet]
    positions = sorted(grid.header)
    columns = [grid.values(position)[max(first, 1) - 1 :][:MOST_SLICE] for position in positions]
    return {
        "sheet": sheet,
        "headers": [str(grid.header[position]) for position in positions],
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
        refuse(f"the input has no sheet {truncated(sheet, 40)!r}; it has {', '.join(records)}")
    return {
        "sheet": sheet,
        "meaning": _doc(records[sheet]),
        "columns": [
            {fact: getattr(column, fact) for fact in _COLUMN_FACTS}
            for column in records[sheet].columns()
        ],
    }


def _doc(record: type) -> str:
    """Return the first paragraph of a record's docstring."""
    return (record.__doc__ or "").partition("\n\n")[0].strip()


def glossary() -> dict[str, Any]:
    from planner.sheets.glossary import TERMS

    return {"terms": [{"term": term.name, "meaning": term.meaning} for term in TERMS]}


_READERS: dict[str, Callable[..., dict[str, Any]]] = {
    read.__name__: read for read in (overview, table, catalogue, glossary)
}


# ---- guard ---------------------------------------------------------------------------------------


def block_files_outside(folder: Path) -> None:
    """Block every workbook and CSV file outside a folder, except the example.

    The paths in a call were checked before, but a command may open other files, such as the input
    beside a plan. Temporary files have a folder that belongs to the call.
    """
    folders = (folder, tempfile.gettempdir(), Path(__file__).parents[2])
    allowed = [Path(os.path.realpath(folder)) for folder in folders]

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
        return (
            terminal_safe(value)
            if others <= 0
            else f"{terminal_safe(value[:MOST_TEXT])}… ({others:,} more)"
        )
    if isinstance(value, Mapping):
        pairs = list(value.items())
        kept = {trimmed(str(key)): trimmed(each, most) for key, each in pairs[:MOST_SLICE]}
        return kept | ({"left_out": len(pairs) - MOST_SLICE} if len(pairs) > MOST_SLICE else {})
    if isinstance(value, list | tuple):
        kept_rows = [trimmed(each, most) for each in value[:most]]
        return [*kept_rows, {"left_out": len(value) - most}] if len(value) > most else kept_rows
    return (
        value
        if value is None or isinstance(value, bool | int | float)
        else terminal_safe(str(value))
    )


def run_call() -> int:
    """Run the call on stdin; return 0 if it was answered."""
    request = json.load(sys.stdin)
    limit_memory(int(request["memory"]))
    block_files_outside(Path.cwd())

    def report(text: str, done: int, total: int) -> None:
        step = json.dumps({"says": trimmed(text), "done": done, "total": total})
        print(f"{STEP}{step}", file=sys.stderr, flush=True)  # noqa: T201 - to the process above

    common.listener = report
    try:
        answer = answer_call(request)
    except KeyboardInterrupt:
        return INTERRUPTED
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(run_call() if sys.argv[1] == "call" else run_job(json.loads(sys.argv[1])))
