"""The page as one HTML file: the program, the solver and what is said, all inside."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from models import measures, plan, schema
from models.errors import UsageError
from models.plan.solving import check
from planner._version import __version__
from planner.page.highs import Highs
from planner.page.pack import program, sealed
from planner.page.sliders import adjustable, cells_of, grid
from planner.render.html import hash_of, json_of, render
from planner.render.words import clean
from planner.sheets.survival import asked_of, tests_of
from planner.studies.sweep import path_of

if TYPE_CHECKING:
    from models.plan.sliders import Adjustable
    from planner.workbook import Book


_WITH_NOTHING_MOVED = (
    "The command below may show another."
    " “With nothing moved” is this page's own plan of the workbook."
)


@dataclass(frozen=True)
class PlanningPage:
    """A page, what it lacks in words, and what the plan as it stands costs [money]."""

    html: str
    notes: tuple[str, ...]
    objective: float


def page_of(book: Book, name: str, solver: Highs, tell: Callable[[str], None]) -> PlanningPage:
    """Return the page of a workbook called ``name``.

    Raises InputError where its records contradict one another, UsageError where minerals are made
    from others, SolverError where the plan as it stands cannot be proved.
    """
    if any(row.tonnes > 0 for row in book.case.inputs):
        msg = "a page can't show minerals that are made from others; planner solve and sweep can"
        raise UsageError(msg)
    check(book.case)
    tell("Reading what each slider changes")
    of, notes = adjustable(book.case)
    wanted = grid(of)
    bases = []
    for number, basis in enumerate(of.bases(wanted), 1):
        tell(f"Planning {number} of {len(wanted)} settings to start from")
        bases.append(basis)
    known = bases[:1] and bases[0].settings is wanted[0]
    objective = bases[0].objective if known else plan.solve(book.case).objective
    said, raw = program(of, bases)
    said |= _words(book, name, of) | {"objective": objective}
    return PlanningPage(_html(book, said, raw, solver, notes), notes, objective)


def _html(
    book: Book, said: dict[str, Any], raw: bytes, solver: Highs, notes: tuple[str, ...]
) -> str:
    """Return the page's HTML.

    Its policy lets run only its own script, known by its hash, a worker from a Blob of what it
    brings, and WebAssembly; and fetch nothing: whatever a name of the input says, it is text. The
    script holds the seal of the page's words and arrays, without which nothing is planned.
    """
    told = json_of(said)
    script = f'const SEAL = "{sealed(told, raw)}";\n{_own("page.js")}'
    worker = "\n".join((solver.loader, _own("engine.js"), _own("worker.js")))
    style = files("planner.report").joinpath("page.css").read_text(encoding="utf-8")
    return render(
        "page.html",
        title=said["title"],
        made_from=f"Made from {said['file']} by planner {__version__}",
        policy=(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; worker-src blob:; "
            f"script-src {hash_of(script)} 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
        ),
        style=style + _own("page.css"),
        notes=(*notes, f"SHA-256 of the workbook: {book.sha256}"),
        planned_again=measures.PLANNED_AGAIN,
        ties=f"{measures.SAME_COST} {_WITH_NOTHING_MOVED}",
        solver=solver.title,
        licence=solver.licence,
        said=told,
        program=_zipped(raw),
        wasm=_zipped(solver.wasm),
        worker=base64.b64encode(worker.encode()).decode(),
        script=script,
    )


def _words(book: Book, name: str, of: Adjustable) -> dict[str, Any]:
    """Return what the page says of the case."""
    settings, caps = of.case.settings, [r for r in of.case.share_limits if r.caps_each_country]
    return {
        "title": clean(settings.plan_title) or name,
        "file": name,
        "currency": settings.currency,
        "basis": settings.share_basis,
        "caps": [
            _least(
                r.share
                for r in caps
                if r.mineral in {"", m.name} and m.name not in r.except_minerals
            )
            for m in of.case.minerals
        ],
        "path": path_of(of.case, is_one=True),
        "tests": vars(tests_of(of.case, asked_of(of.case))),
        "security": _least(row.max_short for row in of.case.security),
        "cells": cells_of(book, of.countries),
    }


def _least(shares: Iterable[schema.ByYear]) -> float:
    """Return where a slider stands before it is moved: the least of some shares, in per cent."""
    return round(min((share for of in shares for share in of.numbers()), default=1.0), 2)


def _own(name: str) -> str:
    return files("planner.page").joinpath(name).read_text(encoding="utf-8")


def _zipped(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()
