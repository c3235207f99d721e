"""What runs on the workers of a Dask cluster."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from importlib.metadata import version
from typing import TypeAlias, TypeVar

from planner._version import __version__
from planner.studies.engine import Desk

T = TypeVar("T")
R = TypeVar("R")

TOPIC = "planner"
"""The topic under which workers say which run is finished: study, chain, run."""

LIBRARIES = ("highspy", "numpy", "pandas", "pyomo")
"""Whose version may change a plan in its last digits."""

DESKS = 4
"""Studies that a worker keeps at most; an older one is unpacked again if it is needed."""

Found: TypeAlias = dict[tuple[int, int], bytes]
"""Packed outcomes by the positions of chain and run."""

_desks: OrderedDict[str, Desk] = OrderedDict()
_ended: deque[str] = deque(maxlen=1000)
"""The studies that ended last: an errand of theirs that still comes, or waits here, is not run."""
_one_at_a_time = threading.Lock()
"""HiGHS runs in one thread of a process at a time."""


def versions() -> dict[str, str]:
    """Return what decides a plan, apart from the case."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {name: version(name) for name in LIBRARIES}
    return {"planner": __version__, "Python": python, **found}


def carry(study: bytes) -> bytes:
    """Return a packed study: the value that all its errands depend on, made anew if it is lost."""
    return study


def plan_errand(name: str, study: bytes, start: tuple[int, int], runs: bytes) -> Found:
    """Plan runs of a chain, from the position ``start`` (of the chain, of its first run) on.

    Says of each that it is finished, and leaves its outcome where ``end_study`` finds it.
    """
    from distributed import get_worker

    worker = get_worker()
    chain, first = start
    found: Found = {}
    with _one_at_a_time:
        if name in _ended:
            return {}
        desk = _desk(name, study)
        for i, outcome in enumerate(desk.outcomes(runs), first):
            found[chain, i] = desk.kept[chain, i] = outcome
            worker.log_event(TOPIC, [name, chain, i])
    return found


def alone(function: Callable[[T], R], item: T) -> R:
    """Return what a function makes of an item, while nothing else is planned in this process."""
    with _one_at_a_time:
        return function(item)


def end_study(name: str) -> Found:
    """Drop a study, let its running chain end with the run it is at, and return what was found."""
    _ended.append(name)
    desk = _desks.pop(name, None)
    if desk is None:
        return {}
    desk.ended = True
    return dict(desk.kept)


def _desk(name: str, study: bytes) -> Desk:
    """Return what this worker keeps of a study."""
    desk = _desks.setdefault(name, Desk(study))
    _desks.move_to_end(name)
    while len(_desks) > DESKS:
        _desks.popitem(last=False)
    return desk
