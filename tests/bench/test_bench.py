"""All ways of the benchmark solve one program: a tiny case, with stocks and without."""

from __future__ import annotations

import importlib
from dataclasses import replace
from itertools import pairwise

import click
import numpy as np
import pandas as pd
import pytest

from models.plan import solve
from planner.cli import planner
from planner.workbook import read
from tests.bench import report
from tests.bench.__main__ import _measured
from tests.bench.cases import CAP_ALL, SIZES, SWEEP, make, write_workbook
from tests.bench.chart import Line, chart
from tests.bench.clock import Clock
from tests.bench.facts import of_case, of_sheets
from tests.bench.jobs import BOOK, COMMAND, EXAMPLE, JOB, JOBS, PLANNER, SOLVE, TARGETS, Job
from tests.bench.jobs import SWEEP as SWEEPS
from tests.bench.measure import ROOT, run
from tests.bench.results import Result
from tests.budget import few


def answers(job: Job, size: str) -> list[float]:
    """The objectives of a job's way, run here."""
    for name in job.needs:
        pytest.importorskip(name)
    module = importlib.import_module(job.command[1])
    way = module.build if job.name == "bare" else module.solve
    with Clock() as clock:
        found = way(make(SIZES[size]), clock)
    assert found.proof in {"", "passed"}
    assert found.seconds["total"] > 0
    return found.objectives


@pytest.fixture(scope="module")
def expected():
    """What the arrays find."""
    return {size: answers(JOB["arrays"], size) for size in ("XS", "XS-stocks")}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the rivals' own
@pytest.mark.parametrize("size", few(["XS", "XS-stocks"], 1))
@pytest.mark.parametrize("job", [j for j in JOBS if j.task == SOLVE], ids=lambda j: j.name)
def test_every_way_finds_the_same_cost(job, size, expected) -> None:
    """To a millionth; the one that solves nothing finds none."""
    found = answers(job, size)
    assert found == ([] if job.name == "bare" else pytest.approx(expected[size], rel=1e-6))


@pytest.mark.parametrize("job", [j for j in JOBS if j.task == SWEEPS], ids=lambda j: j.name)
def test_every_sweep_finds_the_same_costs(job) -> None:
    """At each of the caps, which cost the more the lower they are."""
    found = answers(job, "XS")
    assert len(found) == len(SWEEP)
    assert found == pytest.approx(answers(JOB["sweep-arrays"], "XS"), rel=1e-6)
    assert found[-1] > found[0] * 1.001
    assert all(b >= a * (1 - 1e-9) for a, b in pairwise(found))


@pytest.mark.filterwarnings("ignore")  # of the rivals' own
@pytest.mark.parametrize("job", [j for j in JOBS if j.task == BOOK and not j.ours],
                         ids=lambda j: j.name)  # fmt: skip
def test_every_way_from_workbook_to_workbook_finds_the_same_cost(job, expected, tmp_path) -> None:
    """And writes what it found: all that is needed is bought or short, at that cost."""
    for name in job.needs:
        pytest.importorskip(name)
    case, out = make(SIZES["XS"]), tmp_path / "out"
    out.mkdir()
    write_workbook(case, tmp_path / "case.xlsx")
    found = importlib.import_module(job.command[1]).run(tmp_path / "case.xlsx", out)
    assert found == pytest.approx(expected["XS"][0], rel=1e-6)
    (book,) = out.iterdir()
    sheets = pd.read_excel(book, sheet_name=None, engine="openpyxl")
    bought, short = sheets["Plan"]["Tonnes"].sum(), sheets["Shortages"]["Short"].sum()
    assert bought + short == pytest.approx(of_case(case).demand.sum())
    assert short > 0
    assert sheets["Country shares"]["Share"].max() == pytest.approx(CAP_ALL)  # it binds
    assert len(sheets["Prices"]) == of_case(case).demand.size


@pytest.mark.parametrize("job", [j for j in JOBS if j.task == COMMAND], ids=lambda j: j.name)
def test_the_planner_takes_every_command_that_is_measured(job) -> None:
    """With its options, as its parser reads them."""
    said = job.command[len(PLANNER) :]
    name, *words = [w.format(book=EXAMPLE, plan=EXAMPLE, folder="out") for w in said]
    command = planner.get_command(click.Context(planner), name)
    assert command.make_context(name, words).params["as_json"]


def test_a_plain_program_finds_the_cost_of_a_workbook() -> None:
    """Of the smaller example; so does the planner."""
    module = importlib.import_module(JOB["example-scipy"].command[1])
    path = ROOT / "inputs" / "plain.xlsx"
    assert module.run(path) == pytest.approx(solve(read(path).case).objective, rel=1e-6)


@pytest.mark.slow
def test_a_plan_to_verify_is_made_before_it_is_measured(monkeypatch, tmp_path) -> None:
    """Of the example, here a smaller one; verify says by its exit code that it is the plan."""
    job, small = JOB["command-verify"], "inputs/plain.xlsx"
    monkeypatch.setattr("tests.bench.__main__.EXAMPLE", small)
    command = tuple(small if part == EXAMPLE else part for part in job.command)
    found = _measured(replace(job, command=command), "example", 0, 600, tmp_path)
    assert not found.failure
    assert found.objectives[0] > 0


def test_the_case_is_the_same_in_memory_and_as_a_workbook(tmp_path) -> None:
    """For the planner's reader, and for pandas."""
    case, path = make(SIZES["XS-stocks"]), tmp_path / "case.xlsx"
    write_workbook(case, path)
    back = read(path).case
    for sheet in case.SHEET_FIELDS:
        assert back.records(sheet) == case.records(sheet), sheet
    plain = make(SIZES["XS"])
    write_workbook(plain, path)
    sheets = pd.read_excel(path, sheet_name=None, engine="openpyxl")
    ours, theirs = vars(of_case(plain)), vars(of_sheets(sheets))
    for name, value in ours.items():
        assert np.array_equal(value, theirs[name]), name


def test_the_same_seed_gives_the_same_case() -> None:
    """And another seed another one."""
    assert make(SIZES["XS"]) == make(SIZES["XS"])
    assert make(SIZES["XS"], seed=1) != make(SIZES["XS"])


# ---- the report ----------------------------------------------------------------------------------


def result(job: str, size: str = "S", turn: int = 0, **known: object) -> Result:
    """A run of one second, of one plan that costs a million."""
    fields: dict[str, object] = {
        "wall": 1.0,
        "memory": 100.0,
        "objectives": (1e6,),
        "seconds": {"build": 0.5},
        "proof": "passed" if JOB[job].ours else "",
        "failure": "",
        "code": "",
        "when": "2026-11-25",
    }
    return Result(job=job, size=size, run=turn, **(fields | known))  # type: ignore[arg-type]


def row(found: list[Result], label: str) -> str:
    """The row of the page that begins with a label."""
    page = report.page(found, with_chart=False)
    return next(line for line in page.splitlines() if line.startswith(f"| {label} |"))


def test_ratios_pair_the_runs_of_a_turn() -> None:
    """Median of the turns' ratios: 1/2, 3/4 and 8/4."""
    times = zip((1.0, 3.0, 8.0), (2.0, 4.0, 4.0), strict=True)
    found = [
        r
        for turn, (ours, theirs) in enumerate(times)
        for r in (
            result("planner", "L", turn, wall=ours),
            result("arrays", "L", turn, wall=theirs),
        )
    ]
    ratio = row(found, "L, time / arrays, one program, one process")
    assert "| 0.750 |" in ratio
    assert row(found, "this planner, one process").endswith("| 3.00 | 100 |")


def test_another_objective_makes_a_row_void() -> None:
    """As does a proof that fails; the page says so at the top."""
    found = [result("arrays", "L"), result("planner", "L")]
    found += [result("pyomo", "L", objectives=(1e6 + 2,))]
    assert "void: another objective" in row(found, "plain Pyomo + appsi_highs")
    assert "**Void rows: plain Pyomo + appsi_highs at L" in report.page(found, with_chart=False)
    found = [result("arrays", "L"), result("planner", "L", proof="failed: gap")]
    assert "**Void rows: this planner, one process at L (void: failed: gap)" in report.page(
        found, with_chart=False
    )


def test_what_is_wanted_stands_beside_what_was_measured() -> None:
    """Met, missed, and not measured."""
    found = [result("book", wall=1.3), result("book-linopy", wall=2.6)]
    assert row(found, "S, workbook to workbook") == (
        "| S, workbook to workbook | 1 s | 1.30 s | **missed** |"
    )
    assert row(found, "S, workbook to workbook / linopy").endswith("| 1 | 0.50 | met |")
    assert row(found, TARGETS[0].words).endswith("| not measured |")
    found = [result("command-solve", "example"), result("command-exit", "example", wall=5.0)]
    assert row(found, f"`planner exit {EXAMPLE} --country China` / solve").endswith(
        "| 4 | 5.00 | **missed** |"
    )
    found = [result("command-solve", "example"), result("embargo", "example", wall=3.0)]
    page = report.page(found, with_chart=False)
    assert f"- `planner stress {EXAMPLE} --pairs` / solve: A third of it is HiGHS" in page
    assert "- L, time" not in page
    late = [result("planner", "L"), result("arrays", "L", failure="over 240 s", objectives=())]
    assert "| over 240 s |" in row(late, "arrays, one program")


def test_the_chart_names_every_line_once_and_apart() -> None:
    """However close their ends are."""
    lines = [Line(f"way {k}", [(1e3, 1.0), (1e5, 2.0 + k / 100)]) for k in range(6)]
    picture = chart("Time & size", lines)
    assert "Time &amp; size" in picture
    heights = []
    for k in range(6):
        (where,) = [line for line in picture.splitlines() if f">way {k}</text>" in line]
        heights.append(float(where.split('y="')[1].split('"')[0]))
    heights.sort()
    assert min(b - a for a, b in pairwise(heights)) >= 12


# ---- measuring -----------------------------------------------------------------------------------


def test_a_run_that_takes_too_long_is_stopped() -> None:
    """With all that it started, and it is said."""
    found = run(["-c", "import time; time.sleep(600)"], 0.3)
    assert found.failure == "over 0 s"


def test_a_run_tells_its_memory_and_its_answer() -> None:
    """A hundred megabytes more are seen; a fault gives its last line."""
    small = run(["-c", "import time; time.sleep(0.3); print('{\"objectives\": [1.5]}')"], 60)
    large = run(["-c", "import time; x = bytearray(100 * 2**20); time.sleep(0.3); print('{}')"], 60)
    assert small.answer == {"objectives": [1.5]}
    assert 90 < large.memory - small.memory < 120
    assert run(["-c", "raise ValueError('no')"], 60).failure == "ValueError: no"
