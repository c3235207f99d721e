"""``python -m tests.bench``: run what has no result yet, then write the page and the chart."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from tests.bench import report, results
from tests.bench.cases import BOOKS, SIZES, make, write_workbook
from tests.bench.jobs import EXAMPLE, JOB, JOBS, PLANNER, Job
from tests.bench.measure import ROOT, run

LARGEST = "XL"
LIMIT, LIMIT_LARGEST = 240.0, 900.0
QUICK = ("S", "M", "start", "example")
"""The sizes of a quick run; the last two are those of jobs without a size of their own."""


def _names(_: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...]:
    """Split a list of names; refuse unknown ones."""
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    known = set(JOB) if option.name == "only" else {s for job in JOBS for s in job.sizes}
    unknown = sorted(set(names) - known)
    if unknown:
        msg = f"{', '.join(unknown)}: not one of {', '.join(sorted(known))}"
        raise click.BadParameter(msg)
    return names


@click.command()
@click.option("--sizes", callback=_names, help="Only these sizes, such as S,M.")
@click.option("--only", callback=_names, help="Only these jobs, such as planner,arrays.")
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True)
@click.option("--largest-runs", type=click.IntRange(1), default=1, show_default=True,
              help=f"Runs of size {LARGEST}.")  # fmt: skip
@click.option("--limit", type=click.FloatRange(1.0), default=LIMIT, show_default=True,
              help=f"Seconds a process may take ({LARGEST}: {LIMIT_LARGEST:.0f}).")  # fmt: skip
@click.option("--quick", is_flag=True, help="Sizes S and M, one run each.")
@click.option("--fresh", is_flag=True, help="Forget the results kept in outputs/bench.")
def main(  # noqa: PLR0917 - a command has the parameters that it has
    sizes: tuple[str, ...],
    only: tuple[str, ...],
    runs: int,
    largest_runs: int,
    limit: float,
    quick: bool,
    fresh: bool,
) -> None:
    """Measure this planner beside other ways to build and solve the same program.

    Results are kept in outputs/bench and taken up again while the code, the libraries and the
    machine stay the same. The whole benchmark writes docs/benchmarks.md; a part of it writes
    outputs/bench/benchmarks.md.
    """
    if fresh:
        results.drop()
    whole = not (sizes or only or quick)
    wanted = sizes or (QUICK if quick else ())
    runs = 1 if quick else runs
    found = results.load()
    done = {(r.job, r.size, r.run) for r in found}
    failed = {(r.job, r.size) for r in found if r.failure}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(runs):
            for job, size in _turn(wanted, only):
                late = turn >= largest_runs if size == LARGEST else False
                if late or (job.name, size, turn) in done or (job.name, size) in failed:
                    continue
                most = LIMIT_LARGEST if size == LARGEST else limit
                result = _measured(job, size, turn, most, Path(folder))
                found.append(result)
                if result.failure:
                    failed.add((job.name, size))
                if not result.failure or result.late:  # another fault may be gone next time
                    results.keep(result)
    target = ROOT / "docs" if whole else results.FOLDER
    report.write(found, target)
    click.echo(f"Wrote {target / 'benchmarks.md'}", err=True)


def _turn(sizes: tuple[str, ...], only: tuple[str, ...]) -> list[tuple[Job, str]]:
    """Return what a turn runs: every job once, small sizes first."""
    order = [*SIZES, "start", *BOOKS, "example", "magnets"]
    able = [job for job in JOBS if (not only or job.name in only) and _can_run(job)]
    pairs = [(job, s) for job in able for s in job.sizes if not sizes or s in sizes]
    return sorted(pairs, key=lambda pair: order.index(pair[1]))


def _can_run(job: Job) -> bool:
    """Return whether a job's libraries are installed, and its command is there."""
    if not all(importlib.util.find_spec(name) for name in job.needs):
        click.echo(f"{job.name}: left out, needs {', '.join(job.needs)}", err=True)
        return False
    return True


def _measured(job: Job, size: str, turn: int, limit: float, folder: Path) -> results.Result:
    """Run a job once."""
    book, plan, asked = folder / f"{size}.xlsx", folder / "example-plan.xlsx", " ".join(job.command)
    if "{book}" in asked and not book.exists():
        write_workbook(make(SIZES[size]) if size in SIZES else BOOKS[size](), book)
    if "{plan}" in asked and not plan.exists():
        run([*PLANNER, "solve", EXAMPLE, "--output", str(plan)], limit)
    out = folder / "out"
    out.mkdir()
    filled = [part.format(size=size, book=book, plan=plan, folder=out) for part in job.command]
    found = run(filled, limit)
    shutil.rmtree(out)
    answer = found.answer
    objective = answer.get("objective_usd")
    objectives = answer.get("objectives", [] if objective is None else [objective])
    note = found.failure or f"{found.wall:.2f} s, {found.memory:.0f} MB"
    click.echo(f"{turn + 1}  {size:9} {job.name:14} {note}", err=True)
    return results.Result(
        job=job.name,
        size=size,
        run=turn,
        wall=found.wall,
        memory=found.memory,
        objectives=tuple(objectives),
        seconds=answer.get("seconds", {}),
        proof=answer.get("proof", ""),
        failure=found.failure,
        code=results.fingerprint(job),
        when=datetime.now(UTC).date().isoformat(),
    )


if __name__ == "__main__":
    main()
