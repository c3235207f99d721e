"""The page: what was measured, beside what is wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.cases import SIZES
from tests.bench.chart import Line, chart
from tests.bench.jobs import (
    ARRAYS,
    BARE,
    BLOCKS,
    BOOK,
    COMMAND,
    CORES,
    EXAMPLE,
    FLOWS,
    JOB,
    JOBS,
    MAGNETS,
    ONE,
    PLAIN,
    SOLVE,
    START,
    SWEEP,
    TARGETS,
    Job,
    Target,
)
from tests.bench.results import Result, machine, of, versions

LISTED = ("L", "XL", "M-stocks")
"""Sizes with a table in memory; the chart has the others, too."""
SAME = 1e-6
"""Objectives that differ by more than this, relatively, make a row void."""

HEAD = """# Benchmarks

Written by `make bench`; do not edit by hand. Each run is a process of its own, measured with the
start of Python and imports. A ratio is this planner's figure over the other's in the same turn:
below 1 this planner is better. Figures are medians over turns. Memory is the peak of the process
and its workers.
"""

CASES = """\
One country refines about half of each mineral. It may supply at most 30 % of the coalition's
demand and 40 % of each member's, and supply is a little short. Only in `M-stocks` do reserves tie
the years.
"""

WAYS = """\
Each way is written as one who knows the tool would write it, with dual simplex and no presolve.
*Arrays* are numpy with one `passModel`, *blocks* a program for each mineral and year. *Bare arrays*
are passed to HiGHS and not solved. Only this planner checks the case and proves each plan.
"""


def write(found: Sequence[Result], folder: Path) -> None:
    """Write the page and the chart into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = _lines(found)
    if lines:
        picture = chart("Time to plan a case, by its size", lines)
        (folder / "benchmarks.svg").write_text(picture, encoding="utf-8")
    (folder / "benchmarks.md").write_text(page(found, with_chart=bool(lines)), encoding="utf-8")


def page(found: Sequence[Result], *, with_chart: bool) -> str:
    """Return the page of the results found."""
    days = sorted({r.when for r in found})
    when = " to ".join(sorted({days[0], days[-1]})) if days else "nothing measured"
    parts = [HEAD, f"{when}. {machine()}. {versions()}.\n"]
    if with_chart:
        parts.append("![Time to plan a case, by its size](benchmarks.svg)\n")
    parts += ["## Wanted and measured\n", _targets(found), f"\n{_verdict(found)}\n"]
    parts += ["## In memory, from case to plan\n", CASES, WAYS]
    for size in LISTED:
        jobs = [j for j in JOBS if j.task == SOLVE and j.name != BARE and of(found, j.name, size)]
        if jobs:
            parts += [f"### {size}: {_size(size)}\n", _table(found, jobs, size)]
    for title, task, words in (
        ("A sweep of 50 caps", SWEEP, _SWEEP),
        ("Workbook to workbook", BOOK, _BOOK),
        ("The example by a plain program", PLAIN, ""),
        ("Start", START, ""),
    ):
        of_task = [j for j in JOBS if j.task == task]
        tables = [
            _table(found, jobs, size)
            for size in dict.fromkeys(s for j in of_task for s in j.sizes)
            if (jobs := [j for j in of_task if of(found, j.name, size)])
        ]
        if tables:
            parts += [f"## {title}\n", *([words] if words else []), *tables]
    if any(JOB[r.job].task == COMMAND for r in found):
        most = max(r.measure("memory") or 0 for r in found if JOB[r.job].task == COMMAND)
        parts.append(f"## Commands\n\n{_COMMANDS}They take at most {most:,.0f} MB.\n")
    return "\n".join(parts)


_SWEEP = """\
The cap on the coalition's share goes from 40 % to 16 % in 50 steps. The arrays change right-hand
sides and keep the basis; Pyomo keeps its model. Only this planner proves each plan.
"""
_BOOK = """\
The others write bare tables. `planner solve` also checks the input, plans without share limits,
proves both plans, and writes all its sheets.
"""
_COMMANDS = f"""\
The commands above go from workbook to workbook, with `--json`. `{EXAMPLE}`: 10 minerals, 12
members, 10 years, one budget. `{MAGNETS}`: six minerals made from one another, 39 plants, 19
projects, all one program. `desk`: 10 minerals, 12 members, 10 years, 30 refiners of each mineral.
`lanes`: 400 refiners and 400 members of one mineral, a row of Lanes for each pair. `facilities`: 50
whole projects, 100 members, each lane with a freight of its own. `{{plan}}` is the example's plan.
"""


def _size(name: str) -> str:
    s = SIZES[name]
    return (
        f"{s.flows:,} flows ({s.minerals} minerals, {s.years} years, {s.refiners} refiners each, "
        f"{s.members} members), {s.blocks:,} blocks"
    )


# ---- tables ----------------------------------------------------------------------------------


def _table(found: Sequence[Result], jobs: Sequence[Job], size: str) -> str:
    """Return a table of a size, with a row for each job."""
    lines = [f"| {size if size in SIZES else ''} | whole, s | memory, MB |", "|---|---:|---:|"]
    for job in jobs:
        runs = of(found, job.name, size)
        failure = next((r.failure for r in runs if r.failure), "")
        label = re.sub(r" --json[^`]*", "", job.label)
        whole = failure or _void(found, job, size) or _middle([r.measure("wall") for r in runs], 2)
        memory = _middle([r.measure("memory") for r in runs], 0)
        lines.append(f"| {label} | {whole} | {memory} |")
    return "\n".join(lines) + "\n"


def _ratios(
    found: Sequence[Result], top: tuple[str, str], bottom: tuple[str, str], measure: str
) -> list[float | None]:
    """Return the ratio of each turn in which both ran; across turns where they share none."""
    above = {r.run: value for r in of(found, *top) if (value := r.measure(measure)) is not None}
    below = {r.run: value for r in of(found, *bottom) if (value := r.measure(measure))}
    shared = sorted(set(above) & set(below))
    if top[1] != bottom[1] and above and below:  # of two sizes: medians, turns are not the same
        return [median(above.values()) / median(below.values())]
    return [above[run] / below[run] for run in shared]


def _middle(values: Sequence[float | None], digits: int) -> str:
    """Return the median, "" of no values."""
    numbers = [v for v in values if v is not None]
    return f"{median(numbers):,.{digits}f}" if numbers else ""


# ---- whether rows count ------------------------------------------------------------------------


def _reference(found: Sequence[Result], task: str, size: str) -> tuple[float, ...]:
    """Return the objectives that others of a task and size are held against."""
    others = [j.name for j in sorted(JOBS, key=lambda j: j.ours) if j.task == task]
    names = [*(["sweep-arrays"] if task == SWEEP else [ARRAYS, BLOCKS]), *others]
    every = (r.objectives for name in names for r in of(found, name, size) if r.objectives)
    return next(every, ())


def _void(found: Sequence[Result], job: Job, size: str) -> str:
    """Return why a row does not count, "" if it does."""
    if job.task not in {SOLVE, SWEEP, BOOK} or job.name == BARE:
        return ""
    expected = _reference(found, job.task, size)
    for run in of(found, job.name, size):
        if run.failure:
            return ""
        if len(run.objectives) != len(expected) or any(
            abs(a - b) > SAME * abs(b) for a, b in zip(run.objectives, expected, strict=True)
        ):
            return "void: another objective"
        if run.proof not in {"", "passed"}:
            return f"void: {run.proof}"
    return ""


def _verdict(found: Sequence[Result]) -> str:
    """Say whether all objectives agree and all proofs pass."""
    void = [
        f"{job.label} at {size} ({note})"
        for job in JOBS
        for size in job.sizes
        if of(found, job.name, size) and (note := _void(found, job, size))
    ]
    proved = [r for r in found if JOB[r.job].ours and JOB[r.job].task in {SOLVE, SWEEP, BOOK}]
    plans = sum(len(r.objectives) for r in proved)
    if void:
        return f"**Void rows: {'; '.join(void)}.**"
    return (
        f"Every way reaches the same objective within {SAME:g} in every row, else the row would be "
        f"void. All {plans:,} plans of this planner passed their proof."
    )


# ---- wanted --------------------------------------------------------------------------------------


def _targets(found: Sequence[Result]) -> str:
    lines = ["| | wanted, at most | measured | |", "|---|---:|---:|---|"]
    missed: list[str] = []
    for target in TARGETS:
        values = _measured(found, target)
        numbers = [v for v in values if v is not None]
        unit = "" if target.over else " s"
        met = "not measured"
        if bad := next((r for r in of(found, target.job, target.size) if r.failure), None):
            met = f"**{'missed' if bad.late else 'failed'}**: {bad.failure}"
        elif numbers:
            met = "met" if median(numbers) <= target.most else "**missed**"
        text = _middle(numbers, 3 if target.most < 1 else 2) + (unit if numbers else "")
        lines.append(f"| {target.words} | {target.most:g}{unit} | {text} | {met} |")
        if "missed" in met and target.why:
            missed.append(f"- {target.words}: {target.why}")
    return "\n".join([*lines, *(["", "What is missed, and why:", "", *missed] if missed else [])])


def _measured(found: Sequence[Result], target: Target) -> list[float | None]:
    job, size = JOB[target.job], target.size
    if _void(found, job, size) or (target.over and _void(found, JOB[target.over[0]], size)):
        return []
    if target.over is None:
        return [r.measure(target.measure) for r in of(found, target.job, size)]
    return _ratios(found, (target.job, size), target.over, target.measure)


# ---- the chart ----------------------------------------------------------------------------------


def _lines(found: Sequence[Result]) -> list[Line]:
    """Return the chart's lines: sizes without stocks, at least two of them."""
    lines = []
    for job in JOBS:
        if job.task != SOLVE or job.name in {BARE, FLOWS}:
            continue
        points = []
        for name, size in SIZES.items():
            walls = [w for r in of(found, job.name, name) if (w := r.measure("wall")) is not None]
            if walls and not size.stocks:
                points.append((float(size.flows), median(walls)))
        if len(points) > 1:
            lines.append(Line(job.label, points, ours=job.name in {ONE, CORES}))
    return lines
