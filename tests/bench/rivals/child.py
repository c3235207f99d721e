"""How a rival runs as a process of its own, and what it says at the end: one line of JSON."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from models.case import Case
from tests.bench.cases import SIZES, make
from tests.bench.clock import Clock

SOLVER = {"solver": "simplex", "presolve": "off"}
"""The settings that suit this program best, given to every rival: dual simplex, no presolve."""


@dataclass(frozen=True)
class Answer:
    """What a way found: an objective a run, seconds by stage, and what its own proof says."""

    objectives: list[float]
    seconds: dict[str, float] = field(default_factory=dict)
    proof: str = ""


Way = Callable[[Case, Clock], Answer]


def cores() -> int:
    """Return how many processes can run at once here."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such call on this system
        return os.cpu_count() or 1


def main(way: Way) -> None:
    """Run a way on the size that the command line names, and print its answer."""
    warnings.simplefilter("ignore")
    with Clock() as clock:
        say(way(make(SIZES[sys.argv[1]]), clock))


def say(answer: Answer) -> None:
    """Print an answer as the last line."""
    sys.stdout.write("\n" + json.dumps(asdict(answer)) + "\n")
    sys.stdout.flush()


def book_and_folder() -> tuple[Path, Path]:
    """Return the workbook to read and the folder to write to, from the command line."""
    return Path(sys.argv[1]), Path(sys.argv[2])
