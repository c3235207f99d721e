"""What the tests of the commands share: a folder to run in, workbooks, and ways to call."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import pytest

from planner.cli import main
from planner.workbook.template import EVERY_CASE, template_tables, write_book
from tests.disk import small_disk
from tests.order_book import PLAN, write_order_book

PLAIN = Path(__file__).parents[2] / "inputs" / "plain.xlsx"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that the commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The example of the template as a workbook, written once; nobody changes it."""
    path = tmp_path_factory.mktemp("template") / "case.xlsx"
    write_book(path, template_tables())
    return path


@pytest.fixture
def case(folder, template):
    """A workbook with every sheet, scenarios among them."""
    shutil.copy(template, folder / "case.xlsx")
    return folder / "case.xlsx"


@pytest.fixture(scope="session")
def template_plan(template):
    """A plan of the template, made once; nobody changes it."""
    path = template.with_name("case-plan.xlsx")
    assert main(["solve", str(template), "--output", str(path)]) == 0
    return path


@pytest.fixture
def plain(folder):
    """The plain example, where the command runs."""
    shutil.copy(PLAIN, folder / "plain.xlsx")
    return folder / "plain.xlsx"


@pytest.fixture
def broken(folder):
    """A workbook with a few errors."""
    tables = template_tables()
    tables["Refiners"][0]["Capacity (t/yr)"] = "n/a"
    tables["Refiners"][1]["Country"] = "Chille"
    tables["Share limits"][0]["Share"] = 65
    write_book(folder / "broken.xlsx", tables, sheets=EVERY_CASE)
    return folder / "broken.xlsx"


@pytest.fixture(scope="session")
def two_planned(tmp_path_factory):
    """A folder with the tiny case and its plan, made once; nobody changes them."""
    folder = tmp_path_factory.mktemp("two")
    write_order_book(folder / "two.xlsx")
    with contextlib.chdir(folder):
        assert main(["solve", "two.xlsx"]) == 0
    return folder


@pytest.fixture
def plan(two_planned, folder):
    """The plan workbook of the tiny case, beside it, where the command runs."""
    shutil.copytree(two_planned, folder, dirs_exist_ok=True)
    return folder / PLAN


@pytest.fixture
def call(capsys):
    """Run a command here; returns exit code, stdout and stderr."""

    def run_here(*arguments: object) -> tuple[int, str, str]:
        code = main([str(a) for a in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_here


@pytest.fixture
def ask(call):
    """Run a command with --json; returns exit code and the one object on stdout."""

    def run_here(*arguments: object) -> tuple[int, dict[str, object]]:
        code, out, _ = call(*arguments, "--json")
        return code, json.loads(out, parse_constant=pytest.fail)

    return run_here


@pytest.fixture
def full(tmp_path):
    """A disk with room for a page of 4 KB."""
    with small_disk(tmp_path / "disk", "4k") as disk:
        yield disk
