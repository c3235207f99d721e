"""The page as one HTML file: the program as bytes, the solver and the page's words, all inside."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models import measures, plan, schema, tolerances
from models.plan.sliders import Adjustable, Basis
from models.plan.solving import check
from models.program import TONNES
from models.program.families import security, shortage
from planner._version import __version__
from planner.page.highs import Highs
from planner.page.sliders import adjustable, cells_of, grid
from planner.render.html import hash_of, json_of, render
from planner.render.sentences import PAGE
from planner.render.words import NAMED, clean
from planner.sheets.survival import asked_of, tests_of
from planner.studies.sweep import path_of

if TYPE_CHECKING:
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

    Raises InputError where its records contradict one another, SolverError where the plan as it
    stands cannot be proved.
    """
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
        "sentences": PAGE,
        "named": NAMED,
    }


def _least(shares: Iterable[schema.ByYear]) -> float:
    """Return where a slider stands before it is moved: the least of some shares, in per cent."""
    return round(min((share for of in shares for share in of.numbers()), default=1.0), 2)


def _own(name: str) -> str:
    return files("planner.page").joinpath(name).read_text(encoding="utf-8")


def _zipped(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()


# ---- the program as bytes ------------------------------------------------------------------------

_ALIGNED = 8
"""Bytes that every array begins at a multiple of, as typed arrays ask for."""
_WHOLE = ("i1", "u1", "i2", "u2", "i4")
_FLOW, _SHORT, _TIER = 1, 2, 3
"""What a column is, for who reads a plan: tonnes bought, short, or short of one tier."""
_TOLERANCES = {
    "violation": tolerances.MOST_VIOLATION,
    "gap": tolerances.MOST_GAP,
    "mip_gap": tolerances.MOST_MIP_GAP,
    "terms": tolerances.FINEST_TERMS,
    "price": tolerances.NEGLIGIBLE_PRICE,
    "missing": tolerances.MISSING_PART,
    "share": tolerances.SHOWN_SHARE,
    "flow": tolerances.LEAST_FLOW,
}
"""The tolerances of ``engine.js`` and ``page.js``, by the names that these have for them."""


def packed(arrays: dict[str, NDArray[Any]]) -> tuple[dict[str, tuple[str, int, int]], bytes]:
    """Return type, offset and length of each array, and their bytes."""
    places, parts, at = dict[str, tuple[str, int, int]](), list[bytes](), 0
    for name, array in arrays.items():
        small = _smallest(array)
        raw = small.tobytes()
        places[name] = (small.dtype.str[1:], at, small.size)
        parts += [raw, b"\0" * (-len(raw) % _ALIGNED)]
        at += len(parts[-2]) + len(parts[-1])
    return places, b"".join(parts)


def sealed(said: str, raw: bytes) -> str:
    """Return the seal of what the page says and of its arrays' bytes, as ``engine.js`` makes it."""
    return hashlib.sha256(said.encode() + raw).hexdigest()


def _smallest(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in the smallest type that holds it; numbers with fractions as they are."""
    if array.dtype.kind == "f":
        return array.astype("<f8")
    fits = (t for t in _WHOLE if array.size == 0 or np.array_equal(array.astype(f"<{t}"), array))
    return array.astype(f"<{next(fits)}")


def program(of: Adjustable, bases: list[Basis]) -> tuple[dict[str, Any], bytes]:
    """Return what is said of a program and the bytes of its arrays, as ``engine.js`` reads them."""
    case, rows, scaling = of.case, of.base, of.scaling
    arrays: dict[str, NDArray[Any]] = {
        "cost": rows.cost, "lower": rows.lower, "upper": rows.upper,
        "row_lower": rows.row_lower, "row_upper": rows.row_upper, "values": rows.values,
        "starts": rows.starts, "columns": rows.columns,
        "column_starts": of.program.column_starts, "row_starts": of.program.row_starts,
        "measure": of.solver.measure,
        "tonnes_column": of.program.column_unit == TONNES,
        "tonnes_row": of.program.row_unit == TONNES,
        "whole": np.flatnonzero(rows.whole),
    }  # fmt: skip
    for name in ("column", "row", "price", "dual"):
        arrays[f"scale_{name}"] = np.round(np.log2(getattr(scaling, name))).astype(np.int64)
    for i, layer in enumerate(of.layers):
        for name in ("at", "part", "const", "slope", "const_d", "slope_d"):
            values = getattr(layer, name)
            if name in {"at", "const"} or values.any():
                arrays[f"layer{i}_{name}"] = values
    arrays |= _read(of) | _losses(of)
    stored = np.array([basis.statuses for basis in bases], dtype=np.uint8)
    stored[1:] ^= stored[:-1].copy()
    arrays["bases"] = stored.ravel()
    places, raw = packed(arrays)
    pieces = [(piece[0], piece[-1]) for piece in of.pieces]
    said = {
        "arrays": places,
        "tolerances": _TOLERANCES,
        "layers": [
            {"slider": of.slider, "array": of.array, "scales": of.scales} for of in of.layers
        ],
        "pieces": [{"columns": _ends(of.program.columns_of(*piece)),
                    "rows": _ends(of.program.rows_of(*piece))} for piece in pieces],
        "bases": [_told(basis) for basis in bases],
        "minerals": [m.name for m in case.minerals],
        "members": [m.name for m in case.members],
        "countries": [case.country_name(code) for code in of.countries],
        "codes": list(of.countries),
        "years": list(case.years),
        "discounts": [case.discount(year) for year in case.years],
    }  # fmt: skip
    return said, raw


def _ends(of: slice) -> tuple[int, int]:
    return int(of.start), int(of.stop)


def _told(basis: Basis) -> dict[str, list[float | None]]:
    """Return the settings of a basis; null where a slider is not moved."""
    return {
        name: [None if np.isnan(value) else value for value in values]
        for name, values in basis.settings.items()
    }


def _read(of: Adjustable) -> dict[str, NDArray[Any]]:
    """Return what each column is, of which mineral, member, country and year.

    Of a delivery also its cost or price [money/t] and its tariff, a fraction of that.
    """
    e, program = of.expanded, of.program
    names = ("kind", "mineral", "member", "country", "year")
    found = {name: np.zeros(len(program.rows.cost), dtype=np.int64) for name in names}
    flow, d = program.flow, e.deliveries
    found["kind"][flow] = _FLOW
    found["country"][flow] = of.country_of_column[flow]
    prices = {"price": np.zeros(len(program.rows.cost)), "tariff": np.zeros(len(program.rows.cost))}
    prices["price"][flow], prices["tariff"][flow] = d.cost, d.tariff
    for name in ("mineral", "member", "year"):
        found[name][flow] = getattr(d, name)
    for group in program.variables:
        if group.component is shortage.OF_TIER:
            found["kind"][group.at] = _TIER
        elif group.component is shortage.SHORTAGE:
            keys = group.keys(np.arange(len(group)))
            at = [(e.mineral_at[m], e.member_at[j], e.years.index(y)) for m, j, y in keys]
            found["kind"][group.at] = _SHORT
            for i, name in enumerate(("mineral", "member", "year")):
                found[name][group.at] = [place[i] for place in at]
    return {**found, **prices, "demand": e.demand.astype(float).ravel()}


def _losses(of: Adjustable) -> dict[str, NDArray[Any]]:
    """Return of each loss that Security tests the column of what is missing, and what it is of.

    ``lost_most`` is the part that may be short as the workbook has it.
    """
    e, most = of.expanded, {s.key: s.most_short for s in security.asked(of.expanded)}
    rows = [
        (at, e.mineral_at[m], of.countries.index(country), e.years.index(year), most[key])
        for group in of.program.variables
        if group.component is security.MISSING
        for at, key in zip(group.at.tolist(), group.keys(np.arange(len(group))), strict=True)
        for _, m, country, year in [key]
    ]
    names = ("column", "mineral", "country", "year")
    found = {f"lost_{name}": np.array([r[i] for r in rows], int) for i, name in enumerate(names)}
    return {**found, "lost_most": np.array([r[-1] for r in rows], float)}
