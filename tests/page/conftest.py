"""What the tests of the page share: the solver as npm brings it, the page's engine in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from planner.page import seal_of, serialized_program
from planner.page.sliders import starting_settings, with_sliders
from tests.page.solver import solver_or_skip
from tests.report.browser import chromium


@pytest.fixture(scope="session")
def solver():
    """HiGHS for the page."""
    return solver_or_skip()


@pytest.fixture(scope="session")
def loader(solver, tmp_path_factory):
    """The solver's loader as a file, its WebAssembly beside it."""
    folder = tmp_path_factory.mktemp("highs")
    (folder / "highs.wasm").write_bytes(solver.wasm)
    (folder / "highs.js").write_text(solver.loader, encoding="utf-8")
    return folder / "highs.js"


@pytest.fixture
def planned(loader, tmp_path):
    """Plan settings of a case with the page's own engine, in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")

    def plan(case, settings, *, bases=True, file="case.xlsx"):
        of, _ = with_sliders(case)
        said, raw = serialized_program(
            of, list(of.bases(starting_settings(of)[:9])) if bases else []
        )
        files = [tmp_path / name for name in ("data.json", "arrays.bin", "settings.json")]
        told = json.dumps(said | {"file": file})
        files[0].write_text(told)
        files[1].write_bytes(raw)
        files[2].write_text(json.dumps(settings))
        run = Path(__file__).with_name("run.cjs")
        done = subprocess.run(
            [node, run, loader, *files, seal_of(told, raw)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-1500:]
        return json.loads(done.stdout)

    return plan


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    """A headless Chromium."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
