"""How the tests run: hypothesis without deadlines, the same examples on every run in CI.

And with signals heard by what they start, in the background, too.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import none

from models.results import ByMineral, Result
from planner.render import claims
from tests import budget

_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile("local", deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.load_profile("ci" if os.environ.get("CI") else "local")


# Looking for garbage takes a third of the time in which all tests are collected: done less often.
gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count among the long random runs whatever tries more in them; begin with what takes longest.

    A test that takes a minute says so in its marker, so that no process waits for it at the end.
    """
    items.sort(key=lambda of: -sum(sum(mark.args) for mark in of.iter_markers("slow")))
    for item in items if budget.IS_LONG else ():
        if {"few", "at_length"} & vars(getattr(item, "module", None)).keys():
            item.add_marker("fuzz")


@settings(max_examples=1, database=None)
@given(nothing=none())
def _tries_nothing(nothing: None) -> None:
    """Let hypothesis make its own random numbers, which it looks for with the garbage collector."""


def pytest_collection_finish() -> None:
    """Never look for garbage among the tests that were collected and the modules: they stay."""
    _tries_nothing()
    gc.freeze()


_OF_LOSSES = {"Losses", "LossByMineral", "CappedOrNot", "Embargoes"}
"""Results of a stress test: their rows serve several tables, and lack what no loss has."""
_of_rows = Result.of_rows.__func__


def _may_be_blank(cls: type[Result], row: Mapping[Any, Any]) -> bool:
    """Return whether rows lack fields on purpose; By mineral does in a case without years."""
    return cls.__name__ in _OF_LOSSES or (cls is ByMineral and row["last_taken"] is None)


def _of_named_rows(cls: type[Result], rows: Sequence[Mapping[Any, Any]], **more: Any) -> Result:
    """Return ``of_rows``, unless an attribute of the rows was renamed: then raise a TypeError.

    That is a field that no row names, beside a name that no field has. It is an error in tests; in
    a user's run the column is blank.
    """
    due = {f.name for f in cls.FIELDS if not f.optional}
    named = set[Any]().union(*rows)
    blank, unknown = due - named, named - {"fmt"} - {f.name for f in cls.FIELDS}
    if rows and blank and unknown and not _may_be_blank(cls, rows[0]):
        listed = [", ".join(sorted(map(str, names))) for names in (blank, unknown)]
        msg = f"{cls.__name__}: no row names {listed[0]}; no field is named {listed[1]}"
        raise TypeError(msg)
    return _of_rows(cls, rows, **more)


Result.of_rows = classmethod(_of_named_rows)

# A sentence that no claim covers is an error in tests; in a user's run it is left out.
claims.LEFT_OUT = (claims.NoRowsError,)


def _unheard(_: int, __: object) -> None:
    """Hear a signal and do nothing: as if it were ignored, but for the processes started here."""


# A shell has its commands in the background ignore Ctrl-C, and nohup a terminal that has gone. What
# is ignored stays so in each process that they start; what has a handler does not.
if threading.current_thread() is threading.main_thread():
    for _name in ("SIGINT", "SIGHUP"):
        _number = getattr(signal, _name, None)
        if _number is not None and signal.getsignal(_number) == signal.SIG_IGN:
            signal.signal(_number, _unheard)
