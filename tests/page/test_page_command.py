"""The command page: what it writes, and what it refuses."""

from __future__ import annotations

import json

import pytest

from planner.cli import main
from planner.page import highs
from tests.books import write_book
from tests.report.cases import case


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small workbook, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "case.xlsx", case(), sheets=case())
    return tmp_path / "case.xlsx"


@pytest.fixture
def no_npm(monkeypatch, tmp_path):
    """Neither a cache nor npm."""
    monkeypatch.setattr(highs, "_cache", lambda: tmp_path / "empty")
    monkeypatch.setattr(highs, "_npm", list)


def test_a_page_of_its_own_name(solver, book, capsys):
    """One file; the plan as it stands costs what `planner solve` says."""
    assert main(["page", "case.xlsx", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["output"] == "outputs/case-page.html"
    text = (book.parent / told["output"]).read_text(encoding="utf-8")
    assert f"highs {solver.title.split()[1]} (MIT licence)" in text
    assert "Copyright (c)" in text
    assert main(["solve", "case.xlsx", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert told["objective_usd"] == pytest.approx(plan["objective_usd"], rel=1e-9)


def test_the_same_page_twice(solver, book):
    assert main(["page", "case.xlsx", "-o", "one.html"]) == 0
    assert main(["page", "case.xlsx", "-o", "two.html"]) == 0
    assert (book.parent / "one.html").read_bytes() == (book.parent / "two.html").read_bytes()


def test_a_plan_is_refused(solver, book, capsys):
    assert main(["solve", "case.xlsx", "--output", "plan.xlsx"]) == 0
    capsys.readouterr()
    assert main(["page", "plan.xlsx", "-o", "page.html"]) == 1
    assert "orkbook is a plan" in capsys.readouterr().err
    assert not (book.parent / "page.html").exists()


def test_without_npm_it_says_what_to_do(no_npm, book, capsys):
    assert main(["page", "case.xlsx", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == "usage_error"
    for said in (
        "npm is not installed",
        'pip install "coalition-sourcing-planner[page]"',
        "npm pack highs@",
    ):
        assert said in err
    assert not (book.parent / "outputs").exists()


def test_npm_that_fails_is_quoted(no_npm, monkeypatch, book, capsys):
    import sys

    fails = [sys.executable, "-c", "import sys; sys.exit('npm error code\\nnpm error no network')"]
    monkeypatch.setattr(highs, "_npm", lambda: fails)
    assert main(["page", "case.xlsx"]) == 2
    assert "(no network)" in capsys.readouterr().err


def test_another_package_than_the_pinned_one_is_refused(no_npm, monkeypatch, book, capsys):
    import sys

    other = (
        "import pathlib, sys; pathlib.Path(sys.argv[-1], sys.argv[2].replace('@', '-') + '.tgz')"
        ".write_bytes(b'other')"
    )
    monkeypatch.setattr(highs, "_npm", lambda: [sys.executable, "-c", other])
    assert main(["page", "case.xlsx"]) == 2
    assert "its hash is not sha512-" in capsys.readouterr().err


def test_what_is_kept_is_checked_each_time(solver, tmp_path, monkeypatch):
    """A file of the cache that somebody changed is not used."""
    monkeypatch.setattr(highs, "_cache", lambda: tmp_path)
    (tmp_path / "highs-1.15.3.tgz").write_bytes(b"changed")
    assert highs.fetch_highs().wasm == solver.wasm


def test_a_page_ends_in_html(book, capsys):
    assert main(["page", "case.xlsx", "-o", "case.pdf"]) == 2
    assert "must end in .html" in capsys.readouterr().err
