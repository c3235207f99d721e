"""Where the time of a run goes: watched functions count for their stage, the rest for another."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

BUILD, SOLVE, READ, PROOF = "build", "solve", "read", "proof"
STAGES = (BUILD, SOLVE, READ, PROOF)
"""Building and handing over, until HiGHS holds the program; HiGHS itself; values and duals back in
Python; the proof, which only this planner has."""


class Clock:
    """A stop watch from ``start`` to ``stop``.

    Time inside HiGHS is ``solve``, time inside a watched function that function's stage. Of the
    rest, what comes before the first solve is ``build`` and what comes after the last is ``read``,
    unless ``rest`` names the stage of all of it.
    """

    def __init__(self, rest: str = "") -> None:
        """Watch HiGHS; the import of it is done before the clock starts."""
        import highspy

        self.rest = rest
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.inside = False
        self.watched: list[tuple[Any, str, Any]] = []
        self.began = self.first = self.last = 0.0
        self.watch(highspy.Highs, "run", SOLVE)

    def watch(self, owner: Any, name: str, stage: str) -> None:
        """Count the time inside ``owner.name`` for a stage."""
        watched: Callable[..., Any] = getattr(owner, name)
        self.watched.append((owner, name, vars(owner).get(name)))

        @functools.wraps(watched)
        def timed(*args: Any, **named: Any) -> Any:
            with self.counting(stage):
                return watched(*args, **named)

        setattr(owner, name, timed)

    @contextmanager
    def counting(self, stage: str) -> Iterator[None]:
        """Count the time inside for a stage; within another stage's time it is that one's."""
        if self.inside:
            yield
            return
        self.inside = True
        began = time.perf_counter()
        self.first = self.first or began
        try:
            yield
        finally:
            self.last = time.perf_counter()
            self.seconds[stage] += self.last - began
            self.inside = False

    def __enter__(self) -> Self:
        """Watch until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Put back what was watched."""
        for owner, name, before in reversed(self.watched):
            if before is None:  # it was inherited
                delattr(owner, name)
            else:
                setattr(owner, name, before)

    def start(self) -> None:
        """Start."""
        self.began = time.perf_counter()

    def stop(self) -> dict[str, float]:
        """Return the seconds of each stage, and of all of them."""
        ended = time.perf_counter()
        total = ended - self.began
        if self.rest:
            self.seconds[self.rest] += total - sum(self.seconds.values())
        else:
            if not self.first:  # nothing was solved: all of it was building
                self.first = self.last = ended
            self.seconds[BUILD] += self.first - self.began
            self.seconds[READ] += ended - self.last
        return {**self.seconds, "total": total}
