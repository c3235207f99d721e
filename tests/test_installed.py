"""The package as it is installed, and imported from folders that have packages of their own."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import planner
from planner._version import __version__, pip_install
from planner.cli import main
from tests.waiting import HANG

ROOT = Path(__file__).parents[1]


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, which comes before this project on its path."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=HANG,
    )  # fmt: skip


@pytest.mark.parametrize("file", ["__init__.py", "errors.py", "../models.py"])
def test_a_folder_with_models_of_its_own(tmp_path, file) -> None:
    """A package, a folder without ``__init__``, a module: the planner loads its own."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / file).write_text("raise RuntimeError('not the planner')")
    ran = python(tmp_path, "-m", "planner", "new", "x.xlsx")
    assert (ran.returncode, ran.stderr) == (0, "Wrote x.xlsx. Next: planner check x.xlsx\n")
    ran = python(tmp_path, "-m", "planner", "check", "x.xlsx")
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    ran = python(tmp_path, "-c", "import planner; print(planner.read)")
    assert ran.returncode == 0, ran.stderr


def test_models_of_another_program_that_are_loaded_before(tmp_path) -> None:
    (tmp_path / "models.py").write_text("")
    ran = python(tmp_path, "-c", "import models, planner")
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("ImportError: the planner needs its own package 'models'")
    assert last.endswith("models.py: import planner first, or give that one another name")


@pytest.mark.slow
def test_what_help_prints_runs(tmp_path, monkeypatch) -> None:
    """All its code, one block after the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    doc = planner.__doc__ or ""
    (words,) = re.findall(r"# planner (.+)", doc)
    assert main(words.split()) == 0
    blocks = re.findall(r"::\n\n((?:    .*\n|\n)+)", doc)
    code = textwrap.dedent("\n".join(blocks))
    names: dict[str, object] = {}
    exec(code, names)
    assert len(blocks) == 3
    assert (tmp_path / "tight.xlsx").is_file()
    assert names["plan"].extension.words


@pytest.fixture(scope="module")
def started(tmp_path_factory) -> tuple[Path, dict[str, object]]:
    """A folder in which examples run, and the names that they begin with."""
    folder = tmp_path_factory.mktemp("api")
    names: dict[str, object] = {}
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (begin,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    with contextlib.chdir(folder):
        assert main(["new", "case.xlsx", "--example", "plain"]) == 0
        exec(begin, names)
    return folder, names


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in planner.__all__ if name[0] != "_"])
def test_examples_of_the_manual_run(started, monkeypatch, name) -> None:
    """Each function has its parameters in its docstring, and an example that runs."""
    folder, names = started
    monkeypatch.chdir(folder)
    of = getattr(planner, name)
    (found,) = doctest.DocTestFinder(recurse=False).find(of, name, module=False, globs=names)
    assert doctest.DocTestRunner().run(found).failed == 0
    assert found.examples or name in {"Book", "Run", "Study"}  # in those of read and run_study
    if inspect.isfunction(of):
        said = (inspect.getdoc(of) or "").partition("Args:")[2]
        listed = re.findall(r"^    \*{0,2}(\w+): ", said, re.MULTILINE)
        assert {*inspect.signature(of).parameters} <= {*listed}


def test_types_are_shipped() -> None:
    for package in ("planner", "models"):
        assert files(package).joinpath("py.typed").is_file()


def test_the_name_of_the_package_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in project["optional-dependencies"]:
        assert pip_install(extra) == f'pip install "{project["name"]}[{extra}]"'
    assert __version__ not in (ROOT / "CITATION.cff").read_text()


def test_no_hint_names_a_folder() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("planner/**/*.py")]
    assert [page for page in pages if 'install ".[' in page.read_text(encoding="utf-8")] == []
