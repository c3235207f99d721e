"""What the tests of the report share: a small case, its workbooks, and a browser."""

from __future__ import annotations

import pytest

from planner.cli import main
from planner.report import read_plan_or_study, report_html
from tests.books import write_book
from tests.report.browser import chromium
from tests.report.cases import HOSTILE, case

COMMANDS = {
    "solve": (),
    "sweep": ("--from", "0.9", "--to", "0.3", "--step", "0.3"),
    "stress": (),
    "compare": (),
    "risk": ("--draws", "20"),
    "exit": ("--country", "China"),
}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The workbook that a command makes of the small case."""
    folder = tmp_path_factory.mktemp("report")
    write_book(folder / "case.xlsx", case(), sheets=case())
    write_book(folder / "hostile.xlsx", case(HOSTILE), sheets=case(HOSTILE))

    def make(command="solve", book="case"):
        path = folder / f"{book}-{command}.xlsx"
        if not path.exists():
            of = folder / f"{book}.xlsx"
            code = main([command, str(of), "--output", str(path), *COMMANDS[command]])
            assert code == 0
        return path

    return make


@pytest.fixture(scope="session")
def written(made):
    """The report of such a workbook, as a file."""

    def write(command="solve", book="case"):
        source = made(command, book)
        path = source.with_suffix(".html")
        if not path.exists():
            path.write_text(report_html(read_plan_or_study(source)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def together(made):
    """One report of a plan and all studies, as a file."""
    path = made().with_name("together.html")
    reports = [read_plan_or_study(made(command)) for command in COMMANDS]
    path.write_text(report_html(*reports), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    """A headless Chromium."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
