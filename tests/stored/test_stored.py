"""Plans that earlier versions stored are read and proved by this one: `python -m tests.stored`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from planner import __version__
from planner.cli import main
from tests.books import editing

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
VERSIONS = sorted(folder.name for folder in HERE.glob("[0-9]*"))
INPUTS = {"plain": "plain.xlsx", "folder": "folder", "chain": "chain.xlsx"}
EARLIER = (HERE.parents[1] / "docs" / "earlier-names.csv").read_text(encoding="utf-8")
NAME = re.compile(r"(['\"])(.*?)(?:, \d+| in \d+|: .*)?\1 is not")
"""The name of a column or measure that is gone, without its year or its mineral."""
NEW, GONE = "what this version writes", "is not written by this version"


@pytest.fixture(params=VERSIONS)
def stored(request, tmp_path, monkeypatch):
    """A copy of what a version stored, read as any later version reads it."""
    shutil.copytree(HERE / request.param, tmp_path / "stored")
    monkeypatch.chdir(tmp_path / "stored")
    monkeypatch.setattr("planner._version.__version__", f"{__version__}.post1")
    return request.param


def asked(capsys, *args: str) -> tuple[int, dict]:
    code = main([*args, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_first_release_is_stored():
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("name", INPUTS)
def test_plan_is_proved_and_its_cells_agree(stored, name, capsys):
    """Each cell of a header that both versions have is equal; a header that went is listed."""
    _, answer = asked(capsys, "verify", f"{name}-plan.xlsx", INPUTS[name])
    assert answer["proven"]
    assert answer["made_by"] == stored
    assert answer["compared"] in {"part by part", "field by field"}
    others = [e["message"] for e in answer["errors"] if NEW not in e["message"]]
    gone = {m: NAME.search(m)[2] for m in others if GONE in m}
    assert [m for m in others if gone.get(m, m) not in EARLIER] == []


def test_what_is_edited_is_found(stored, capsys):
    """The comparison would see a number that differs."""

    with editing("plain-plan.xlsx") as book:
        book["By mineral"]["B3"] = 7
    code, answer = asked(capsys, "verify", "plain-plan.xlsx", "plain.xlsx")
    assert (code, answer["compared"]) == (1, "field by field")
    others = [e for e in answer["errors"] if NEW not in e["message"] and GONE not in e["message"]]
    assert [e["cell"] for e in others] == ["B3"]


def test_a_new_plan_is_the_same(stored, capsys):
    assert main(["solve", "plain.xlsx", "-o", "new.xlsx"]) == 0
    capsys.readouterr()
    code, answer = asked(capsys, "diff", "plain-plan.xlsx", "new.xlsx")
    assert (code, answer["equal"]) == (0, True)


def test_the_next_round_is_made(stored, capsys):
    roll = ("roll", "folder-plan.xlsx", "folder", "--to", "2027", "-o", "next")
    assert asked(capsys, *roll)[0] == 0
    assert asked(capsys, "check", "next")[0] == 0


@pytest.mark.parametrize(
    ("command", "output"), [("report", "r.html"), ("brief", "b.pptx"), ("data", "d.sqlite")]
)
def test_plan_is_shown(stored, command, output, capsys):
    code, answer = asked(capsys, command, "chain-plan.xlsx", "-o", output)
    assert (code, answer["status"]) == (0, "ok")
    assert Path(output).stat().st_size > 10_000
