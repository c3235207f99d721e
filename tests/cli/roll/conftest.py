"""The plan of three years and its actuals, made once and copied for each test."""

from __future__ import annotations

import os
import shutil

import pytest

from planner.cli import main
from tests.cli.roll.book import PLAN, write_three


@pytest.fixture(scope="session")
def planned(tmp_path_factory):
    """A folder with the workbook, its plan, and the actuals to fill in."""
    folder, before = tmp_path_factory.mktemp("three"), os.getcwd()  # noqa: PTH109 - as chdir
    os.chdir(folder)
    try:
        write_three(folder / "three.xlsx")
        assert main(["solve", "three.xlsx"]) == 0
        assert main(["new", "--actuals", PLAN, "-o", "actuals.xlsx"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def three(planned, folder):
    """The same in a test's own folder: the actuals' path."""
    shutil.copytree(planned, folder, dirs_exist_ok=True)
    return folder / "actuals.xlsx"
