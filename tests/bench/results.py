"""Results as JSON lines in ``outputs/bench``: kept between runs, dropped when the code changes."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from tests.bench.jobs import JOB, Job
from tests.bench.measure import LATE, ROOT

FOLDER = ROOT / "outputs" / "bench"
LINES = FOLDER / "results.jsonl"
_OURS = ("models", "planner")
_BENCH = ("cases.py", "clock.py", "facts.py", "rivals")
_TESTED = ("highspy", "numpy", "pandas", "pyomo", "openpyxl", "xlsxwriter", "linopy", "pulp",
           "pypsa", "python-calamine")  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One run: ``wall`` [s], ``memory`` [MB], ``seconds`` by stage, an objective a plan."""

    job: str
    size: str
    run: int
    wall: float
    memory: float
    objectives: tuple[float, ...]
    seconds: dict[str, float]
    proof: str
    failure: str
    code: str
    when: str

    @property
    def late(self) -> bool:
        """Whether it was stopped for taking too long."""
        return self.failure.startswith(LATE)

    def measure(self, name: str) -> float | None:
        """Return a measure by name, None where the run has none."""
        if self.failure:
            return None
        return {"wall": self.wall, "memory": self.memory}.get(name, self.seconds.get(name))


@cache
def fingerprint(job: Job) -> str:
    """Return what a result depends on: the code that ran, the libraries, the machine."""
    here = Path(__file__).parent
    places = [here / name for name in _BENCH] + ([ROOT / n for n in _OURS] if job.ours else [])
    seen = hashlib.sha256(repr((machine(), versions())).encode())
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def load() -> list[Result]:
    """Return the results that the code as it stands would give again."""
    if not LINES.exists():
        return []
    found = []
    for line in LINES.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        fields["objectives"] = tuple(fields["objectives"])
        result = Result(**fields)
        if result.job in JOB and result.code == fingerprint(JOB[result.job]):
            found.append(result)
    return found


def keep(result: Result) -> None:
    """Add a result."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with LINES.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(asdict(result)) + "\n")


def drop() -> None:
    """Forget all results."""
    LINES.unlink(missing_ok=True)


@cache
def machine() -> str:
    """Return the machine in words."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next(x.partition(":")[2].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}"


@cache
def versions() -> str:
    """Return Python and the libraries that take part, with their versions."""
    found = [f"Python {platform.python_version()}"]
    for name in _TESTED:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def of(results: Iterable[Result], job: str, size: str) -> list[Result]:
    """Return the runs of a job and size, in order."""
    return sorted((r for r in results if (r.job, r.size) == (job, size)), key=lambda r: r.run)
