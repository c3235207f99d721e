"""The command: where the report goes, and what it refuses with a sentence."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from importlib.resources import files

import openpyxl
import pytest

from planner.cli import main


@pytest.fixture
def call(capsys):
    def run(*arguments):
        capsys.readouterr()  # what the fixtures said
        code = main(["report", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def plan(made, tmp_path):
    return shutil.copy(made(), tmp_path / "plan.xlsx")


def test_beside_the_plan(call, plan):
    code, out, err = call(plan)
    assert (code, out) == (0, "")
    assert err == f"Report        {plan.with_suffix('.html')}\n"
    assert plan.with_suffix(".html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_where_it_is_asked_for(call, plan, tmp_path):
    assert call(plan, "-o", tmp_path / "new" / "mine")[0] == 0
    assert (tmp_path / "new" / "mine.html").is_file()
    assert call(plan, "--output", tmp_path / "other.htm")[0] == 0
    assert (tmp_path / "other.htm").is_file()


def test_the_same_plan_gives_the_same_report(call, plan, tmp_path):
    for name in ("a.html", "b.html"):
        assert call(plan, "-o", tmp_path / name)[0] == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("there", "typed", "is_meant"),
    [
        ("mag-CHN-exit.xlsx", "mag-exit.xlsx", True),
        ("mag-stress.xlsx", "mag-stres.xlsx", True),
        ("mag-stress.xlsx", "MAG_Stress.xlsx", True),
        ("other.xlsx", "mag-exit.xlsx", False),
    ],
)
def test_a_study_that_is_missing_names_the_one_that_is_meant(
    call, plan, tmp_path, *, there, typed, is_meant
):
    shutil.copy(plan, tmp_path / there)
    for asked in ((tmp_path / typed,), (plan, tmp_path / typed)):
        code, _, err = call(*asked)
        assert code == 1
        assert "there is no such file" in err
        assert (f"Did you mean {tmp_path / there}?" in " ".join(err.split())) is is_meant


def test_another_workbook_is_no_plan(call, tmp_path):
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    code, _, err = call(tmp_path / "empty.xlsx")
    assert code == 1
    assert "this is not a plan" in err
    assert not (tmp_path / "empty.html").exists()


def test_no_workbook_at_all(call, tmp_path):
    (tmp_path / "words.xlsx").write_text("words")
    assert call(tmp_path / "words.xlsx")[0] == 1
    assert call(tmp_path / "missing.xlsx")[0] == 1


def test_json(call, plan, made, tmp_path):
    code, out, err = call(plan, "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said == {
        "status": "ok",
        "output": str(plan.with_suffix(".html")),
        "errors": [],
        "warnings": [],
    }
    code, out, _ = call(made().with_name("case.xlsx"), "--json")
    said = json.loads(out)
    assert (code, said["status"]) == (1, "input_error")
    assert "planner solve case.xlsx" in said["errors"][0]["message"]


def test_a_plan_with_studies(call, plan, made, tmp_path):
    target = tmp_path / "all.html"
    code, _, err = call(plan, made("sweep"), made("stress"), "-o", target)
    assert (code, err) == (0, f"Report        {target}\n")
    text = target.read_text(encoding="utf-8")
    assert text.count("plotly.js v") == written_alone(call, plan, tmp_path).count("plotly.js v")
    assert 'id="study1-frontier"' in text
    assert 'id="study2-heat-map"' in text


def written_alone(call, plan, folder):
    assert call(plan, "-o", folder / "alone.html")[0] == 0
    return (folder / "alone.html").read_text(encoding="utf-8")


def test_what_is_no_study_is_named(call, plan, made):
    code, _, err = call(plan, made("sweep"), plan)
    assert code == 2
    assert f"{plan} is a plan" in err
    case = made().with_name("case.xlsx")
    code, _, err = call(plan, case)
    assert code == 1
    assert str(case) in err
    assert not plan.with_suffix(".html").exists()


def test_a_study_without_its_rows(call, made, tmp_path):
    path = shutil.copy(made("stress"), tmp_path / "stress.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book["Stress"]
    sheet.tables.clear()
    sheet.delete_rows(1, sheet.max_row)
    book.save(path)
    code, _, err = call(path)
    assert code == 1
    assert "Stress" in err


def test_a_place_that_cannot_be(call, plan, tmp_path):
    code, _, err = call(plan, "-o", tmp_path / "plan.pdf")
    assert code == 2
    assert "must end in .html, not .pdf" in err
    assert call(plan, "-o", tmp_path)[0] == 4


def test_without_plotly(call, plan, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "plotly" else found(name, *a)
    )
    code, out, err = call(plan)
    assert (code, out) == (2, "")
    assert 'pip install "coalition-sourcing-planner[report]"' in err
    assert not plan.with_suffix(".html").exists()
    code, out, _ = call(plan, "--json")
    assert code == 2
    assert json.loads(out)["status"] == "usage_error"


def test_the_part_of_plotly_is_the_pinned_one():
    """Its hash and its version are those beside it, and its licences are there."""
    folder = files("planner.report") / "plotly"
    pinned = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    library = (folder / "plotly.min.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() == pinned["config"]["sha256"]
    version = pinned["dependencies"]["plotly.js"]
    assert library.startswith(f"/* plotly.js v{version} ".encode())
    assert f"plotly.js {version} (MIT)" in (folder / "LICENSES").read_text(encoding="utf-8")
    assert len(library) < 1.7e6
