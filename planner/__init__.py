"""The planner: workbooks in, what-ifs, procurement plans out.

The Python API, with the functions that the command line uses::

    from pathlib import Path

    import planner

    # planner new case.xlsx --example tutorial
    book = planner.read(Path("case.xlsx"))
    tight = planner.set_max_country_share(book.case, 0.5)
    plan = planner.solve(tight)
    print(plan.objective, plan.served_share, plan.max_country_share)
    plan.flows  # a pandas DataFrame, as are supply, shortages, limits, sources, countries
    planner.write_plan(Path("tight.xlsx"), plan, book)

Many variants of one case::

    session = planner.Session(book.case)  # each solve starts from the last one
    for cap in (0.6, 0.5, 0.4):
        print(cap, session.solve(planner.set_max_country_share(book.case, cap)).objective)

Constraints that a workbook cannot express, in Pyomo (docs/model.md)::

    import pyomo.environ as pyo

    def at_most_three(model):  # at most three plants are built
        model.few = pyo.Constraint(expr=sum(model.built.values()) <= 3)

    plan = planner.solve(book.case, extend=at_most_three)
    plan.extension.words, plan.extension.duals

``run_study`` plans a ``Study``, made of chains of ``Run``, on all cores or on a cluster.

Names are loaded at their first use, so importing the package takes no time.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # signal itself takes 5 ms to load
import os
import sys


def _is_command() -> bool:
    """Return whether this process is the command ``planner``, or ``python -m`` one of its files."""
    started = os.path.splitext(os.path.basename(sys.argv[0]))[0]  # noqa: PTH119, PTH122
    if started != "-m":
        return started == "planner"
    words = sys.orig_argv
    return "planner" in words and words[words.index("planner") - 1].endswith("m")  # -m or -Im


if _is_command() and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    # nothing is begun yet: without this, Ctrl-C would print a traceback of the imports below
    _signal.signal(_signal.SIGINT, lambda *_: os._exit(128 + _signal.SIGINT))

from planner._version import __version__  # noqa: E402


def _load_models() -> None:
    """Load the package ``models`` beside this one, though the current folder may have another."""
    home = __file__.rpartition("planner")[0]
    sys.path.insert(0, home)
    try:
        import models
    finally:
        sys.path.remove(home)
    found = models.__file__ or ""
    if not found.startswith(f"{home}models"):
        msg = (
            f"the planner needs its own package 'models', but this program has loaded {found}:"
            " import planner first, or give that one another name"
        )
        raise ImportError(msg)


_load_models()

TYPE_CHECKING = False  # as in typing, which takes longer to load than all the rest here
if TYPE_CHECKING:
    from typing import Any

    from models.case import Case
    from models.plan import Plan, Session, model, solve
    from planner.documents.folder import write_csv
    from planner.scenarios import apply, drop_share_limits, set_max_country_share
    from planner.sheets import tables, write_plan
    from planner.studies import Run, Study, run_study
    from planner.workbook import Book, read, read_tables

_NAMES = {
    "models.case": ("Case",),
    "models.plan": ("Plan", "Session", "model", "solve"),
    "planner.documents.folder": ("write_csv",),
    "planner.scenarios": ("apply", "drop_share_limits", "set_max_country_share"),
    "planner.sheets": ("tables", "write_plan"),
    "planner.studies": ("Run", "Study", "run_study"),
    "planner.workbook": ("Book", "read", "read_tables"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "Book",
    "Case",
    "Plan",
    "Run",
    "Session",
    "Study",
    "__version__",
    "apply",
    "drop_share_limits",
    "model",
    "read",
    "read_tables",
    "run_study",
    "set_max_country_share",
    "solve",
    "tables",
    "write_csv",
    "write_plan",
]


def __getattr__(name: str) -> Any:
    """Load a name of the API at its first use."""
    from importlib import import_module

    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)
