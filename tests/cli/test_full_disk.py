"""A disk without room for what a command writes: exit code 4, one sentence, no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.budget import few
from tests.cli.roll.book import three_rows, write_three
from tests.csv_book import write_csv_book
from tests.disk import small_disk

LINES = {
    "solve": "solve three.xlsx -o {}/next.xlsx",
    "solve to CSV": "solve three.xlsx -o plan.xlsx --csv {}/tables",
    "roll": "roll three-plan.xlsx three.xlsx --to 2027 -o {}/next.xlsx",
    "roll a folder": "roll case-plan.xlsx case --to 2027 -o {}/next",
    "actuals": "new --actuals three-plan.xlsx -o {}/actuals.xlsx",
    "marked": "check three.xlsx --marked {}/marked.xlsx",
    "a new folder": "new {}/case --csv",
    "SQLite": "data three-plan.xlsx -o {}/plans.sqlite",
    "Parquet": "data three-plan.xlsx -o {}/tables",
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A workbook and a folder, each with its plan."""
    folder = tmp_path_factory.mktemp("full")
    write_three(folder / "three.xlsx")
    write_csv_book(folder / "case", three_rows())
    for name in ("three.xlsx", "case"):
        done = run(folder, f"solve {name} -o {Path(name).stem}-plan.xlsx")
        assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, line: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-m", "planner", *line.split()], cwd=folder, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path, **env}, capture_output=True,
    )  # fmt: skip


ONE_BY_ONE = """
import sys
from planner.cli import main
codes = [main(line.split()) for line in sys.argv[1:]]
sys.exit(0 if set(codes) == {4} else str(codes))
"""


@pytest.mark.slow
def test_a_disk_that_files_of_others_fill(planned, tmp_path) -> None:
    """A library that still has its file open can't close it, and nobody hears of that."""
    pytest.importorskip("pyarrow")
    folder = shutil.copytree(planned, tmp_path / "here")
    with small_disk(tmp_path / "disk", "4k") as disk:
        (disk / "other").write_bytes(b"x" * 4096)
        done = subprocess.run(
            [sys.executable, "-c", ONE_BY_ONE, *(line.format(disk) for line in LINES.values())],
            cwd=folder, text=True, check=False, capture_output=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = done.stderr.count("cannot be written: No space left on device")
        assert said == len(LINES), done.stderr
        assert "Traceback" not in done.stderr
        left = [path for path in disk.rglob("*") if path.is_file() and path.name != "other"]
        assert not left


@pytest.mark.slow
@pytest.mark.parametrize("name", few(["roll", "actuals", "marked", "solve"], 2))
def test_a_full_folder_for_temporary_files(planned, tmp_path, name) -> None:
    """Room for the 4 KB by which Python finds the folder, not for what openpyxl puts there."""
    folder = shutil.copytree(planned, tmp_path / "here")
    with small_disk(tmp_path / "disk", "4k") as disk:
        done = run(folder, LINES[name].format(folder), TMPDIR=str(disk))
        assert done.returncode in {0, 4}, done.stderr
        assert (done.returncode == 4) == ("No space left on device" in done.stderr)
        assert name != "roll" or done.returncode == 4
        assert "Traceback" not in done.stderr
