"""Where commands write, over all of them: never over what they read, and only where a file can be.

The table is made from the list of commands: a new one is in it with all its paths.
"""

from __future__ import annotations

import importlib
import os
import shutil
import socket
from pathlib import Path

import click
import pytest

from planner.cli import main
from planner.cli.commands import COMMANDS
from planner.options import OutputPath
from planner.workbook.archive import is_input
from tests.books import write_book
from tests.cli.desk import LASTING, POSIX, python
from tests.page.solver import solver_or_skip
from tests.report.cases import case as one_mineral

READ = {"file", "folder", "plan", "old", "new", "inputs", "studies", "actuals", "files"}
"""Parameters that name what is read."""
NEEDS = {"risk": ("--draws", "2"), "sweep": ("--step", "0.3"),
         "exit": ("--country", "China"), "roll": ("--to", "2027")}  # fmt: skip
"""What a command cannot do without, or is quicker with."""
ENDS = {"report": ".html", "brief": ".pptx", "page": ".html", "model": ".lp",
        "data": ".sqlite"}  # fmt: skip


def paths(command: click.Command, *, written: bool) -> list[click.Parameter]:
    return [
        p
        for p in command.params
        if isinstance(p.type, click.Path) and isinstance(p.type, OutputPath) is written
    ]


WRITE = [(command, place) for command in COMMANDS for place in paths(command, written=True)]
OVER = [
    pytest.param(command, place, source, id=f"{command.name}-{place.name}-{source.name}")
    for command, place in WRITE
    for source in paths(command, written=False)
]


def argv(
    command: click.Command, given: dict[str | None, list[Path]], folder: Path
) -> list[str | Path]:
    """Return a command line with these paths; where another must be, it is a file of its own."""
    said: list[str | Path] = [command.name or "", *NEEDS.get(command.name or "", ())]
    words: list[str | Path] = []
    for parameter in command.params:
        values = given.get(parameter.name)
        if isinstance(parameter, click.Option):
            if values is not None:
                said += [parameter.opts[-1], *values]
        elif values is not None or parameter.required:
            words += values or [folder / f"own-{parameter.name}"]
    return [*said, "--", *words]


def test_every_path_is_known_to_be_read_or_written():
    for command in COMMANDS:
        for parameter in paths(command, written=False):
            assert parameter.name in READ, (command.name, parameter.name)
    assert {command.name for command, _ in WRITE} >= {"new", "check", "solve", "orders", "report"}


def spellings(source: Path) -> dict[str, Path]:
    """Return paths that all lead to one file."""
    folder, links = source.parent, source.parent / "links"
    links.mkdir()
    (folder / "here").symlink_to(folder)
    (links / f"soft{source.suffix}").symlink_to(source)
    os.link(source, links / f"hard{source.suffix}")
    return {
        "as it is": source,
        "relative": Path(source.name),
        "through a folder that is not there": folder / "nosuch" / ".." / source.name,
        "deeper": Path("nosuch/nor/../..") / source.name,
        "through a link of its folder": folder / "here" / source.name,
        "soft link": links / f"soft{source.suffix}",
        "hard link": links / f"hard{source.suffix}",
    }


@POSIX
@pytest.mark.parametrize(("command", "place", "source"), OVER)
def test_no_command_writes_over_what_it_reads(  # noqa: PLR0917 - fixtures, and a case
    case, call, folder, command, place, source
):
    ending = ENDS.get(command.name, ".xlsx")
    files = {
        parameter.name: [
            shutil.copy(case, folder / f"{parameter.name}{i}{ending}")
            for i in range(max(parameter.nargs, 1))
        ]
        for parameter in paths(command, written=False)
    }
    before = {path: path.read_bytes() for each in files.values() for path in each}
    for spelling, path in spellings(files[source.name][-1]).items():
        line = argv(command, {**files, place.name: [path]}, folder)
        code, _, err = call(*line)
        assert (code, spelling) == (2, spelling), err
        assert "is the input" in err, spelling
    assert {path: path.read_bytes() for path in before} == before
    assert not (folder / "nosuch").exists()


def test_the_example_is_not_written_over_by_its_copy(folder, case, call, monkeypatch):
    command = importlib.import_module("planner.cli.commands.workbook")
    monkeypatch.setattr(command, "_example", lambda _: case)
    code, _, err = call("new", "nosuch/../case.xlsx", "--example", "--force")
    assert code == 2
    assert "is the input" in err


FILES = [
    pytest.param(command, place, id=f"{command.name}-{place.name}")
    for command, place in WRITE
    if place.name not in {"csv_folder", "folder"}
]


def line_to(command: click.Command, place: click.Parameter, path: Path, case: Path) -> list:
    given = {p.name: [case] * max(p.nargs, 1) for p in paths(command, written=False)}
    given.pop("inputs", None)
    given.pop("actuals", None)
    if command.name == "new":  # actuals are another workbook
        given.pop("plan")
    return argv(command, {**given, place.name: [path]}, case.parent)


@POSIX
@pytest.mark.parametrize(("command", "place"), FILES)
@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
def test_what_is_no_file_is_not_written_to(  # noqa: PLR0917 - fixtures, and a case
    case, call, folder, command, place, kind
):
    path = folder / f"odd{ENDS.get(command.name, '.xlsx')}"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    else:  # a terminal's own: nothing is lost of the system where it is written over after all
        path.symlink_to(os.ttyname(os.openpty()[1]))
    before = path.lstat()
    line = line_to(command, place, path, case)
    code, _, err = call(*(["new", "--force", *line[1:]] if command.name == "new" else line))
    assert code == 4, err
    assert "is a pipe, device or socket" in err
    assert os.path.samestat(path.lstat(), before)


@pytest.mark.parametrize(("command", "place"), [pytest.param(*w, id=str(w[1].name)) for w in WRITE])
@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "y" * 300])
def test_names_that_no_file_can_have(  # noqa: PLR0917 - fixtures, and a case
    case, call, folder, command, place, name
):
    before = sorted(folder.iterdir())
    code, _, err = call(*line_to(command, place, Path(name + ENDS.get(command.name, "")), case))
    assert code == (4 if len(name) > 9 else 2), err
    assert "is not a possible name of a file" in err or "File name too long" in err
    assert sorted(folder.iterdir()) == before


def test_a_name_of_the_most_bytes_is_one(case, call):
    longest = f"{'y' * 250}.xlsx"
    assert call("solve", case, "--output", longest)[0] == 0
    assert Path(longest).is_file()


def test_a_damaged_file_is_replaced(case, call, folder):
    """Every byte of the list of sheets turned over, one after the other."""
    assert call("solve", case, "--output", "plan.xlsx")[0] == 0
    whole = Path("plan.xlsx").read_bytes()
    at = whole.index(b"xl/workbook.xml")
    for place in (*range(at - 30, at + 200), *range(len(whole) - 40, len(whole))):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        Path("plan.xlsx").write_bytes(damaged)
        assert not is_input(Path("plan.xlsx"))
    damaged[at + 30] ^= 0xFF
    Path("plan.xlsx").write_bytes(damaged)
    assert call("solve", case, "--output", "plan.xlsx")[0] == 0
    assert Path("plan.xlsx").read_bytes()[:2] == b"PK"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a case of one mineral and its plan."""
    folder = tmp_path_factory.mktemp("small")
    write_book(folder / "case.xlsx", one_mineral(), sheets=one_mineral())
    assert main(["solve", str(folder / "case.xlsx"), "--output", str(folder / "plan.xlsx")]) == 0
    return folder


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(
    ("command", "place"),
    [pytest.param(*w, id=f"{w[0].name}-{w[1].name}") for w in WRITE if w[0].name not in LASTING],
)
def test_a_full_disk(  # noqa: PLR0917 - fixtures, and a case
    case, small, call, folder, full, command, place
):
    if command.name == "page":
        solver_or_skip()
    plan = folder / "a-plan.xlsx"
    reads_a_plan = command.name in {"orders", "diff", "report", "brief", "data", "roll"}
    if reads_a_plan:
        shutil.copy(small / "plan.xlsx", plan)
    if command.name not in {"pull", "model"}:  # one needs its sheet of sources, one fills the disk
        shutil.copy(small / "case.xlsx", case)
    if command.name == "pull":
        (folder / "demand.csv").write_text("material,buyer,tons\nnickel,Germany,1\n", "utf-8")
    path = full / f"made{ENDS.get(command.name, '.xlsx' if command.name == 'pull' else '')}"
    line = line_to(command, place, path, plan if reads_a_plan else case)
    if command.name in {"report", "brief"}:
        line = [*line[: line.index("--") + 1], plan]
    if command.name == "roll":
        line = [*line[: line.index("--") + 1], plan, case]
    code, _, err = call(*line)
    assert code == 4, err
    assert "No space left on device" in err
    assert list(full.iterdir()) == []


CLOSED = (
    "solve case.xlsx --output closed/plan.xlsx",
    "solve case.xlsx --csv closed/tables",
    "check case.xlsx --marked closed/marked.xlsx",
    "new closed/new.xlsx",
    "report plan.xlsx -o closed/report.html",
    "orders plan.xlsx closed/orders",
)


@pytest.mark.slow
@POSIX
def test_a_folder_that_may_not_be_entered(small, folder):
    """Tried by a user whom the system refuses something: an administrator may write anywhere."""
    shutil.copytree(small, folder, dirs_exist_ok=True)
    (folder / "closed").mkdir(mode=0o700)
    script = (
        "import os, sys\n"
        "from planner.cli import main\n"
        "for words in sys.argv[1:]:  # imports what is late\n"
        "    main(words.replace('closed', 'open').split())\n"
        "os.chmod('closed', 0o000)\n"
        "if os.getuid() == 0:\n"
        "    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print('now', file=sys.stderr)\n"
        "print([main(words.split()) for words in sys.argv[1:]])\n"
    )
    for place in (folder, *folder.parents[:3]):
        place.chmod(0o755)
    folder.chmod(0o777)
    ran = python("-c", script, *CLOSED)
    assert ran.stdout.splitlines()[-1] == str([4] * len(CLOSED)), ran.stderr
    assert ran.stderr.partition("now\n")[2].count("Permission denied") == len(CLOSED), ran.stderr


BOOKS = [
    pytest.param(command, place, id=f"{command.name}-{place.name}")
    for command, place in WRITE
    if place.name not in {"csv_folder", "folder"} and command.name not in ENDS
]
"""Paths that workbooks are written to."""


@POSIX
@pytest.mark.parametrize(("command", "place"), BOOKS)
def test_no_command_writes_over_a_workbook_of_the_users(case, call, folder, command, place):
    """One that it does not read either, by whatever links or spelling."""
    mine = shutil.copy(case, folder / "mine.xlsx")
    before = mine.read_bytes()
    for spelling, path in spellings(mine).items():
        if spelling == "hard link":  # it is replaced, and what it was linked to is not
            continue
        code, _, err = call(*line_to(command, place, path, case))
        assert (code, spelling) == (2, spelling), err
        assert "is an input workbook" in err or "exists already" in err, spelling
        assert mine.read_bytes() == before
    assert not (folder / "nosuch").exists()


@POSIX
@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ("nosuch/../a.xlsx", "a.xlsx"),
        ("nosuch/nor/../../a.xlsx", "a.xlsx"),
        ("there/nosuch/../a.xlsx", "there/a.xlsx"),
        ("there/../a.xlsx", "there/../a.xlsx"),
        ("link/../a.xlsx", "link/../a.xlsx"),
        ("link/nosuch/../a.xlsx", "elsewhere/deep/a.xlsx"),
        ("nosuch/../../a.xlsx", "{up}/a.xlsx"),
        ("nosuch/..", "."),
        ("new/a.xlsx", "new/a.xlsx"),
        ("a..xlsx", "a..xlsx"),
    ],
)
def test_a_path_through_what_is_not_there_is_where_it_leads(folder, typed, leads_to):
    """So that whatever is asked of it is asked of the file that would be replaced."""
    (folder / "there").mkdir()
    (folder / "elsewhere/deep").mkdir(parents=True)
    (folder / "link").symlink_to(folder / "elsewhere/deep")
    path = OutputPath(path_type=Path).convert(typed, None, None)
    assert str(path) == leads_to.format(up=folder.parent)
    assert os.path.realpath(path) == os.path.realpath(typed)
