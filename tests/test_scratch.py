"""Scratch files: those of a run that was killed are cleared, those of one that runs are not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.scratch import PREFIX, scratch_file, scratch_folder
from planner.workbook.save import save_file

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name != "posix", reason="locks that end with their process")
RUN = """
import sys, time
from pathlib import Path
from planner.scratch import scratch_file, scratch_folder

folder = Path(sys.argv[1])
with scratch_file(folder, ".xlsx") as file, scratch_folder(folder) as made:
    (made / "refiners.csv").write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that is in the middle of writing."""
    command = [sys.executable, "-c", RUN, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@POSIX
def test_the_next_run_clears_what_a_killed_one_left(tmp_path):
    for _ in range(3):
        with running(tmp_path):
            pass
    assert len(names(tmp_path)) == 2  # each run clears what the one before left
    save_file(tmp_path / "plan.xlsx", lambda path: path.write_text("new"))
    assert names(tmp_path) == ["plan.xlsx"]


@POSIX
def test_parts_of_large_workbooks_are_cleared_too(tmp_path):
    """XlsxWriter keeps them where the system has its scratch files."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "import xlsxwriter.packager as packager\n"
        "from planner.workbook.template import template_tables, write_book\n"
        "def last(self):\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(float(sys.argv[2]))\n"
        "packager.Packager._write_theme_file = last\n"
        "write_book(Path(sys.argv[1]), template_tables())\n"
    )
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    left = []
    for seconds in (600, 0):
        command = [sys.executable, "-c", code, str(tmp_path / "book.xlsx"), str(seconds)]
        env = {**os.environ, "TMPDIR": str(scratch)}
        with subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "writing\n"
            if seconds:
                process.send_signal(signal.SIGKILL)
        left.append(sum(path.is_file() for path in scratch.rglob("*")))
    assert left[0] > 0
    assert (left[1], names(scratch)) == (0, [])


@POSIX
def test_what_a_run_writes_to_is_left_alone(tmp_path):
    with running(tmp_path):
        before = names(tmp_path)
        save_file(tmp_path / "plan.xlsx", lambda path: path.write_text("new"))
        with scratch_file(tmp_path, ".xlsx"), scratch_folder(tmp_path):
            pass
        assert names(tmp_path) == [*before, "plan.xlsx"]
        assert len(before) == 2


@POSIX
def test_what_is_somebody_elses_is_left_alone(tmp_path):
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "me").write_text("mine")
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "keep")
    (tmp_path / ".planner-settings.xlsx").write_text("mine")
    save_file(tmp_path / "plan.xlsx", lambda path: path.write_text("new"))
    assert (tmp_path / "keep" / "me").read_text() == "mine"
    assert (tmp_path / ".planner-settings.xlsx").read_text() == "mine"


def test_a_result_put_beside_survives_a_stop_right_after(tmp_path, monkeypatch):
    """The scratch file and the file beside are one for an instant; emptying one empties both."""
    (tmp_path / "plan.xlsx").write_text("open")
    (tmp_path / "~$plan.xlsx").touch()

    def stop(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.workbook.save.sync_folder", stop)
    with pytest.raises(KeyboardInterrupt):
        save_file(tmp_path / "plan.xlsx", lambda path: path.write_text("new"))
    assert (tmp_path / "plan (2).xlsx").read_text() == "new"
    assert names(tmp_path) == ["plan (2).xlsx", "plan.xlsx", "~$plan.xlsx"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all workers are spawned")
def test_where_no_server_of_workers_can_start_they_are_spawned(tmp_path):
    """The path of its socket may have 107 characters."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    code = "from planner.studies import forkserver as f; f.preload(); print(type(f.context()))"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for folder, kind in ((deep, "SpawnContext"), (tempfile.gettempdir(), "ForkServerContext")):
        ran = subprocess.run(
            [sys.executable, "-c", code], env=env | {"TMPDIR": str(folder)}, capture_output=True,
            check=True, text=True,
        )  # fmt: skip
        assert kind in ran.stdout, ran.stderr
