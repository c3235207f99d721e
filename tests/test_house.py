"""The house rules that a reader relies on, held by a test each."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import models.schema
from models.case import Case, normalize
from models.program.families import FAMILIES
from models.results import CATALOGUE, Figure
from models.schema import SHEETS
from models.schema.column import Record

ROOT = Path(__file__).parents[1]
LIBRARY = sorted([*(ROOT / "models").rglob("*.py"), *(ROOT / "planner").rglob("*.py")])
MOST_LINES = 700


# ---- families ----------------------------------------------------------------------------------

MODULES = [family.model.__module__ for family in FAMILIES]
PARTS = ("variables", "posts", "dual", "source")


def test_every_family_is_a_module_and_every_module_a_family() -> None:
    """FAMILIES and the folder say the same."""
    found = {p.stem for p in (ROOT / "models" / "program" / "families").glob("*.py")} - {"__init__"}
    assert [f"models.program.families.{module.rpartition('.')[2]}" for module in MODULES] == MODULES
    assert {module.rpartition(".")[2] for module in MODULES} == found
    assert len(FAMILIES) == len(found)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_of_a_family(name: str) -> None:
    """What it means, its formula with units, variables, what it posts, its dual, its source."""
    module = importlib.import_module(name)
    title = (module.__doc__ or "").strip()
    short = name.rpartition(".")[2].capitalize()
    assert re.fullmatch(rf"{short}: .+\.", title.splitlines()[0]), title
    said = module.model.__doc__ or ""
    assert re.match(r"\s*[A-Z].*\.\s*\n\s*\n", said), "a sentence first"
    assert ".. math::" in said
    formula = said[said.index(".. math::") : said.index("variables ")]
    assert re.search(r"\[.*(t|money).*\]", formula), "the unit in brackets"
    at = [re.search(rf"^\s*{part}\s+\S", said, re.MULTILINE) for part in PARTS]
    assert all(at), [part for part, found in zip(PARTS, at, strict=True) if not found]
    places = [found.start() for found in at if found]
    assert places == sorted(places)
    source = said[places[-1] :]
    assert re.search(r"\(?(1[89]|20)\d\d\)?", source), "a work with its year, or a law"


# ---- the catalogue -----------------------------------------------------------------------------


def test_no_two_sheets_of_a_plan_have_one_place() -> None:
    """Their order is that of their places."""
    places = [result.PLACE for result in CATALOGUE.values() if result.PLACE]
    assert len(set(places)) == len(places)


def test_every_sheet_declared_once() -> None:
    """Records, sheets and the fields of a Case."""
    names = [sheet.SHEET for sheet in SHEETS]
    assert len({normalize(name) for name in names}) == len(names)
    assert set(Case.SHEET_FIELDS) == set(names)
    assert len(set(Case.SHEET_FIELDS.values())) == len(names)
    records = {
        found
        for found in vars(models.schema).values()
        if isinstance(found, type) and issubclass(found, Record) and found is not Record
    }
    assert records == set(SHEETS)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda s: s.SHEET)
def test_every_column_declared_once(sheet: type[Record]) -> None:
    """No header twice in a sheet (unit apart), no field twice; each says what it means."""
    columns = sheet.columns()
    titles = [normalize(c.title) for c in columns]
    assert len(set(titles)) == len(titles)
    fields = [c.field for c in columns]
    assert len(set(fields)) == len(fields)
    assert re.fullmatch(r".+\.", sheet.MEANING)
    for column in columns:
        assert re.fullmatch(r"(?s).+[.:)]", column.meaning), column.header
        assert column.required or column.default, f"{column.header}: what a blank cell means"
        assert column.least <= column.most
        for name in column.refers:
            assert name in Case.SHEET_FIELDS, column.header


# ---- the code ----------------------------------------------------------------------------------


def place(path: Path) -> str:
    """Return where a file stands."""
    return path.relative_to(ROOT).as_posix()


@cache
def syntax(path: Path) -> ast.Module:
    """Return what a file says, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def test_files_are_short() -> None:
    """A file that grows beyond this becomes a package first."""
    lines = {place(p): len(p.read_text(encoding="utf-8").splitlines()) for p in LIBRARY}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_library_code_does_not_print() -> None:
    """Only the commands speak."""
    calls = [
        (place(path), node.lineno)
        for path in LIBRARY
        if "planner/cli" not in place(path)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert calls == []


def test_import_contracts() -> None:
    """The floors of the house: what may import what."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    linter = linter or shutil.which("lint-imports")
    if linter is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_models_knows_no_planner() -> None:
    """Also in imports that stand inside functions."""
    for path in (ROOT / "models").rglob("*.py"):
        for node in ast.walk(syntax(path)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [n for n in names if n.split(".")[0] in {"planner", "tests", "inputs"}], path


@cache
def imported(path: Path) -> set[str]:
    """Return the top packages that a file imports; examples in docstrings don't count."""
    names = set[str]()
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("highspy", {"models/solve/"}),
        (
            "pyomo",
            {f"models/program/{name}.py" for name in ("compile", "frame", "outside", "sourcing")},
        ),
        ("openpyxl", {"planner/workbook/", "planner/render/"}),
        ("xlsxwriter", {"planner/workbook/", "planner/render/"}),
    ],
)
def test_libraries_stay_in_their_rooms(library: str, rooms: set[str]) -> None:
    """HiGHS, Pyomo and Excel are each known in one place."""
    users = {place(p) for p in LIBRARY if library in imported(p)}
    assert users
    assert not {user for user in users if not user.startswith(tuple(rooms))}


# ---- tracked files -----------------------------------------------------------------------------


def tracked() -> list[Path]:
    """Return the tracked text files that exist; every file of the folders without git."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return [p for p in ROOT.rglob("*.py") if ".venv" not in p.parts]
    said = subprocess.run(
        [git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = [ROOT / name for name in said.stdout.split("\0") if name]
    return [p for p in found if p.is_file() and b"\0" not in p.read_bytes()[:8000]]


ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:work|tmp|root|home|Users)/\w")
NUMBERED = re.compile(
    r"(?i)\b(?:issue|ticket|pull request|PR|bug)s?\s*#?\s*\d+|(?<![\w&\"'])#\d+\b"
)


def test_no_paths_of_a_machine() -> None:
    """A path of someone's machine helps nobody else."""
    assert hits(ABSOLUTE) == []


def test_no_numbers_of_tickets() -> None:
    """What a line is for stands beside it, not behind a number."""
    assert [hit for hit in hits(NUMBERED) if "#,##0" not in hit] == []


def hits(pattern: re.Pattern[str]) -> list[str]:
    """Return the lines of tracked files that match."""
    return [
        f"{place(path)}:{n}: {line.strip()[:100]}"
        for path in tracked()
        if path != Path(__file__) and path.suffixes != [".min", ".js"]  # another's library
        for n, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


# ---- results -----------------------------------------------------------------------------------

TYPED_STILL = (
    "models/case.py", "models/checks/", "models/schema/",
    "planner/workbook/archive.py", "planner/workbook/marked.py",
)  # fmt: skip
"""Where headers of results may stand as text: those of inputs and of XML, which are other words of
the same spelling."""
OTHER_WORDS = {
    "Plan", "Cost", "Base", "Today", "Note", "What", "Value", "Run", "Objective", "From stock",
    "Binding share limits", "Missing", "Planned", "Difference", "Key", "Case",
    "Amount", "Decision", "Served",
}  # fmt: skip
"""Headers that are words of sentences and titles, too; Key is also a class of the command line."""


def literals(path: Path) -> set[str]:
    """The texts of a module that are no docstrings and not in its ``__all__``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out: set[int] = set()
    for node in ast.walk(tree):
        is_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if isinstance(node, ast.Expr) or is_all:
            left_out |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
            if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
                left_out -= {id(part) for part in ast.walk(node)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in left_out
    }


@pytest.mark.slow
def test_headers_of_results_are_typed_once() -> None:
    """A header, with its unit or without, and a figure of Summary stand in models/results alone."""
    results = [of for of in CATALOGUE.values() if of.__module__.startswith("models.results")]
    fields = [each for result in results for each in result.FIELDS]
    headers = {h for f in fields for h in (f.header, f.header_with_unit)} | {
        f.value for f in Figure
    }
    headers = {h for h in headers if h[:1].isupper()} - OTHER_WORDS
    allowed = ("models/results/", *TYPED_STILL)
    found = {
        place(path): sorted(headers & literals(path))
        for path in LIBRARY
        if not place(path).startswith(allowed)
    }
    assert {where: typed for where, typed in found.items() if typed} == {}
    stale = [where for where in TYPED_STILL if not any(place(p).startswith(where) for p in LIBRARY)]
    assert stale == []


def test_a_header_is_declared_once() -> None:
    """In models/results no header is written twice: what is the same is shared."""
    said = [
        call.args[0].value
        for path in sorted((ROOT / "models" / "results").glob("*.py"))
        for call in ast.walk(syntax(path))
        if isinstance(call, ast.Call) and re.fullmatch(r"field(\.\w+)?", ast.unparse(call.func))
        if isinstance(call.args[0], ast.Constant)
    ]
    assert len(said) > 100
    assert [header for header in dict.fromkeys(said) if said.count(header) > 1] == []


# ---- keys of JSON ------------------------------------------------------------------------------

GIVES_JSON = re.compile(r"\b(Answer|Record|dict\[str, object\])")
"""What functions return, and local names are, that end in a JSON document."""
KEYS_STILL = (
    "planner/sheets/explain.py", "planner/studies/", "planner/workbook/template.py",
    "planner/report/page.py",
)  # fmt: skip
"""Where keys may stand as text: objects of explanations and of studies, whose rows are not all
declared (the first two); what is no JSON of a command: formats of cells, what a template gets."""


def json_keys(path: Path) -> list[str]:
    """The keys typed in dict displays of functions that give JSON, each as often as it is typed."""
    found: dict[int, str] = {}
    for node in ast.walk(syntax(path)):
        said = getattr(node, "returns", None) or getattr(node, "annotation", None)
        is_json = said is not None and GIVES_JSON.search(ast.unparse(said))
        is_printed = isinstance(node, ast.Call) and ast.unparse(node.func) in {"print_json", "end"}
        if not is_json and not is_printed:
            continue
        displays = [part for part in ast.walk(node) if isinstance(part, ast.Dict)]
        stores = [part.slice for part in ast.walk(node) if isinstance(part, ast.Subscript)]
        for key in [*stores, *(key for display in displays for key in display.keys)]:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                found[id(key)] = key.value
    return list(found.values())


@pytest.mark.slow
def test_a_key_of_json_is_typed_once() -> None:
    """A key is a field's, or one of ``Key``, or stands in one object alone."""
    typed: dict[str, list[str]] = {}
    for path in LIBRARY:
        if not place(path).startswith(KEYS_STILL):
            for key in json_keys(path):
                typed.setdefault(key, []).append(place(path))
    assert len(typed) > 50
    assert {key: where for key, where in typed.items() if len(where) > 1} == {}


# ---- names and tolerances ----------------------------------------------------------------------

SMALLEST = 1e-3
SCALES = {"_STEP", "_TYPICAL", "_INSIDE", "_NEAR", "_PROBES", "SMALLEST", "_SMALLEST"}
"""Small numbers that are steps, weights or units, and guard nothing."""


@pytest.mark.slow
def test_a_class_name_has_one_meaning() -> None:
    """Each is used once in the code base."""
    places: dict[str, list[str]] = {}
    for path in LIBRARY:
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(place(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_tolerances_have_one_module() -> None:
    """No constant below a thousandth is declared anywhere else."""
    found = []
    for path in LIBRARY:
        if place(path) in {"models/tolerances.py", "models/solve/highs.py"}:  # HiGHS has its own
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            if not isinstance(node, ast.Assign | ast.AnnAssign):
                continue
            if not isinstance(node.value, ast.Constant | ast.BinOp | ast.Tuple):
                continue
            names = {n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)}
            small = [
                n.value
                for n in ast.walk(node.value)
                if isinstance(n, ast.Constant) and isinstance(n.value, float)
                if 0 < n.value <= SMALLEST
            ]
            if small and names and not names & SCALES:
                found.append((place(path), sorted(names), small))
    assert not found, "\n".join(map(str, found))
