"""The options of studies, and what is seen on stderr while one runs."""

from __future__ import annotations

import io
import sys
import time

import click
import pytest

from models.errors import UsageError
from planner.cli.common import place, progress_reporter, study_options
from planner.studies import LocalProcesses, Progress
from planner.studies.places.cluster import Cluster


class Terminal(io.StringIO):
    def isatty(self):
        return True


def given(*words):
    """Where a command runs a study that was called with these words."""

    @click.command()
    @study_options
    def command(where):
        return where

    return command.main(words, standalone_mode=False)


def test_where():
    assert given() == LocalProcesses(None)
    assert given("--workers", "1") == LocalProcesses(1)
    assert given("--cluster", "tcp://desk:8786") == Cluster("tcp://desk:8786")
    with pytest.raises(UsageError, match="give only one of them"):
        given("--workers", "2", "--cluster", "tcp://desk:8786")
    with pytest.raises(UsageError, match="tcp://host:8786"):
        place(None, "desk")
    with pytest.raises(click.BadParameter, match="'0' is not a whole number of 1 or more"):
        given("--workers", "0")


def told(as_json):
    with progress_reporter(as_json) as on_progress:
        on_progress(Progress(0, 4))
        on_progress(Progress(3, 4))
        on_progress(Progress(3, 4, "a worker [died]"))


def test_a_bar_where_someone_watches(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", Terminal())
    told(False)
    said = sys.stderr.getvalue()
    assert "3/4" in said
    assert "left" in said
    assert "a worker [died]" in said


def test_notices_alone_in_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    told(False)
    assert sys.stderr.getvalue() == "a worker [died]\n"


@pytest.mark.parametrize(
    ("seconds", "done", "said"),
    [
        (61, 40, "40 of 1,000 runs finished, 1 min elapsed, about 24 min left"),
        (70, 999, "999 of 1,000 runs finished, 1 min elapsed, about 0 s left"),
        (7200, 10, "10 of 1,000 runs finished, 2.0 h elapsed, about 198.0 h left"),
        (61, 0, "0 of 1,000 runs finished, 1 min elapsed, time left unknown"),
    ],
)
def test_a_line_a_minute_in_a_file(monkeypatch, seconds, done, said):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_reporter(False) as on_progress:
        on_progress(Progress(0, 1000))
        now[0] = seconds
        on_progress(Progress(done, 1000))
        on_progress(Progress(done, 1000))  # the same minute
        now[0] = 2 * seconds
        on_progress(Progress(1000, 1000))  # it is over
    assert sys.stderr.getvalue() == f"Planning      {said}\n"


def test_nothing_beside_json(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    told(True)
    assert not sys.stderr.getvalue()
