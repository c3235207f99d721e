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
from models.resolve import by_stage
from models.results import Figure
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


def page_of(
    book: Book, name: str, solver: Highs, tell: Callable[[str], None], sure: str = ""
) -> PlanningPage:
    """Return the page of a workbook called ``name``.

    ``sure`` is what a study says of how sure the plan is, "" where there is none.

    Raises InputError where its records contradict one another, SolverError where the plan as it
    stands cannot be proved.
    """
    check(book.case)
    tell("Reading what each slider changes")
    sliders, notes = adjustable(book.case)
    wanted = grid(sliders)
    bases = []
    for number, basis in enumerate(sliders.bases(wanted), 1):
        tell(f"Planning {number} of {len(wanted)} settings to start from")
        bases.append(basis)
    is_planned = bases[:1] and bases[0].settings is wanted[0]
    objective = bases[0].objective if is_planned else plan.solve(book.case).objective
    data, raw = program(sliders, bases)
    data |= _words(book, name, sliders) | {"objective": objective}
    return PlanningPage(_html(book, data, raw, solver, notes, sure), notes, objective)


def _html(  # noqa: PLR0913, PLR0917 - the parts of a page
    book: Book, data: dict[str, Any], raw: bytes, solver: Highs, notes: tuple[str, ...], sure: str
) -> str:
    """Return the page's HTML.

    Its policy lets run only its own script, known by its hash, a worker from a Blob of what it
    brings, and WebAssembly; and fetch nothing: whatever a name of the input says, it is text. The
    script holds the seal of the page's words and arrays, without which nothing is planned.
    """
    text = json_of(data)
    script = f'const SEAL = "{sealed(text, raw)}";\n{_own("page.js")}'
    worker = "\n".join((solver.loader, _own("engine.js"), _own("worker.js")))
    style = files("planner.report").joinpath("page.css").read_text(encoding="utf-8")
    return render(
        "page.html",
        title=data["title"],
        made_from=f"Made from {data['file']} by planner {__version__}",
        sure=f"{Figure.SURE}: {sure}" if sure else "",
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
        said=text,
        program=_zipped(raw),
        wasm=_zipped(solver.wasm),
        worker=base64.b64encode(worker.encode()).decode(),
        script=script,
    )


def _words(book: Book, name: str, sliders: Adjustable) -> dict[str, Any]:
    """Return what the page says of the case."""
    settings, caps = (
        sliders.case.settings,
        [r for r in sliders.case.share_limits if r.caps_each_country],
    )
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
            for m in sliders.case.minerals
        ],
        "path": path_of(sliders.case, is_one=True),
        "tests": vars(tests_of(sliders.case, asked_of(sliders.case))),
        "security": _least(row.max_short for row in sliders.case.security),
        "cells": cells_of(book, sliders.countries),
        "sentences": PAGE,
        "named": NAMED,
    }


def _least(shares: Iterable[schema.ByYear]) -> float:
    """Return where a slider stands before it is moved: the least of some shares, in per cent."""
    return round(min((share for series in shares for share in series.numbers()), default=1.0), 2)


def _own(name: str) -> str:
    return files("planner.page").joinpath(name).read_text(encoding="utf-8")


def _zipped(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()


# ---- the program as bytes ------------------------------------------------------------------------

_ALIGNED = 8
"""Bytes that every array begins at a multiple of, as typed arrays ask for."""
_WHOLE = ("i1", "u1", "i2", "u2", "i4")
_FLOW, _SHORT, _TIER, _TAKEN, _HANDED, _STOCK, _ORE, _BEYOND = range(1, 9)
"""What a column is, for who reads a plan.

Tonnes that a member buys, is short, or short of one tier, that a plant buys, that a member hands to
it or holds at a year's end; ore; what the base of limits on an input has beside demand.
"""
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
    places, parts, offset = dict[str, tuple[str, int, int]](), list[bytes](), 0
    for name, array in arrays.items():
        small = _smallest(array)
        raw = small.tobytes()
        places[name] = (small.dtype.str[1:], offset, small.size)
        parts += [raw, b"\0" * (-len(raw) % _ALIGNED)]
        offset += len(parts[-2]) + len(parts[-1])
    return places, b"".join(parts)


def sealed(text: str, raw: bytes) -> str:
    """Return the seal of what the page says and of its arrays' bytes, as ``engine.js`` makes it."""
    return hashlib.sha256(text.encode() + raw).hexdigest()


def _smallest(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in the smallest type that holds it; numbers with fractions as they are."""
    if array.dtype.kind == "f":
        return array.astype("<f8")
    fits = (t for t in _WHOLE if array.size == 0 or np.array_equal(array.astype(f"<{t}"), array))
    return array.astype(f"<{next(fits)}")


def program(sliders: Adjustable, bases: list[Basis]) -> tuple[dict[str, Any], bytes]:
    """Return what is said of a program and the bytes of its arrays, as ``engine.js`` reads them."""
    case, rows, scaling = sliders.case, sliders.base, sliders.scaling
    arrays: dict[str, NDArray[Any]] = {
        "cost": rows.cost, "lower": rows.lower, "upper": rows.upper,
        "row_lower": rows.row_lower, "row_upper": rows.row_upper, "values": rows.values,
        "starts": rows.starts, "columns": rows.columns,
        "column_starts": sliders.program.column_starts, "row_starts": sliders.program.row_starts,
        "measure": sliders.solver.measure,
        "tonnes_column": sliders.program.column_unit == TONNES,
        "tonnes_row": sliders.program.row_unit == TONNES,
        "whole": np.flatnonzero(rows.whole),
    }  # fmt: skip
    for name in ("column", "row", "price", "dual"):
        arrays[f"scale_{name}"] = np.round(np.log2(getattr(scaling, name))).astype(np.int64)
    for i, layer in enumerate(sliders.layers):
        for name in ("at", "part", "const", "slope", "const_d", "slope_d", "least"):
            values = getattr(layer, name)
            if values is not None and (name in {"at", "const", "least"} or values.any()):
                arrays[f"layer{i}_{name}"] = values
    arrays |= _read(sliders) | _losses(sliders)
    if sliders.expanded.intakes:
        arrays |= _read_stages(sliders, arrays)
    stored = np.array([basis.statuses for basis in bases], dtype=np.uint8)
    stored[1:] ^= stored[:-1].copy()
    arrays["bases"] = stored.ravel()
    places, raw = packed(arrays)
    pieces = [(piece[0], piece[-1]) for piece in sliders.pieces]
    data = {
        "arrays": places,
        "tolerances": _TOLERANCES,
        "layers": [
            {"slider": layer.slider, "array": layer.array, "scales": layer.scales}
            for layer in sliders.layers
        ],
        "pieces": [{"columns": _ends(sliders.program.columns_of(*piece)),
                    "rows": _ends(sliders.program.rows_of(*piece))} for piece in pieces],
        "bases": [_told(basis) for basis in bases],
        "minerals": [m.name for m in case.minerals],
        "members": [m.name for m in case.members],
        "countries": [case.country_name(code) for code in sliders.countries],
        "codes": list(sliders.countries),
        "years": list(case.years),
        "discounts": [case.discount(year) for year in case.years],
        "stages": _stages(sliders),
    }  # fmt: skip
    return data, raw


def _ends(piece: slice) -> tuple[int, int]:
    return int(piece.start), int(piece.stop)


def _told(basis: Basis) -> dict[str, list[float | None]]:
    """Return the settings of a basis; null where a slider is not moved."""
    return {
        name: [None if np.isnan(value) else value for value in values]
        for name, values in basis.settings.items()
    }


def _read(sliders: Adjustable) -> dict[str, NDArray[Any]]:
    """Return what each column is, of which mineral, member, country and year.

    Of a delivery also its cost or price [money/t], its tariff, a fraction of that, and its levy
    [money/t].
    """
    e, program = sliders.expanded, sliders.program
    names = ("kind", "mineral", "member", "country", "year")
    arrays = {name: np.zeros(len(program.rows.cost), dtype=np.int64) for name in names}
    flow, d = program.flow, e.deliveries
    arrays["kind"][flow] = _FLOW
    arrays["country"][flow] = sliders.country_of_column[flow]
    prices = {name: np.zeros(len(program.rows.cost)) for name in ("price", "tariff", "levy")}
    prices["price"][flow], prices["tariff"][flow], prices["levy"][flow] = d.cost, d.tariff, d.levy
    for name in ("mineral", "member", "year"):
        arrays[name][flow] = getattr(d, name)
    for group in program.variables:
        if group.component is plan.OF_TIER:
            arrays["kind"][group.at] = _TIER
        elif group.component is plan.SHORTAGE:
            keys = group.keys(np.arange(len(group)))
            places = [(e.mineral_at[m], e.member_at[j], e.years.index(y)) for m, j, y in keys]
            arrays["kind"][group.at] = _SHORT
            for i, name in enumerate(("mineral", "member", "year")):
                arrays[name][group.at] = [place[i] for place in places]
    return {**arrays, **prices, "demand": e.demand.astype(float).ravel()}


def _read_stages(sliders: Adjustable, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return ``arrays`` of ``_read`` with inputs, stocks and ore; ``source`` and ``intake``, too.

    These are positions, of which source a column is and to which plant it brings an input. Of ore
    the country is that of the mine.
    """
    e, program, number = sliders.expanded, sliders.program, sliders.countries.index
    flows, hand, taken = e.input_flows, e.hand_overs, sliders.program.sold[len(e.deliveries) :]
    found = {name: np.zeros_like(arrays["kind"]) for name in ("source", "intake")}
    arrays = arrays | found

    def put(kind: int, at: Any, **values: Any) -> None:
        arrays["kind"][at] = kind
        for name, of in values.items():
            arrays[name][at] = of

    found["source"][program.flow] = e.deliveries.source
    country = sliders.country_of_column[taken]
    put(_TAKEN, taken, mineral=flows.mineral, year=flows.year, source=flows.source,
        intake=flows.intake, country=country, price=flows.cost, tariff=flows.tariff,
        levy=flows.levy)  # fmt: skip
    put(_HANDED, program.handed, mineral=hand.mineral, member=hand.member, year=hand.year,
        intake=hand.intake)  # fmt: skip
    for group in program.variables:
        if group.component is plan.BEYOND:
            put(_BEYOND, group.at, **dict(zip(("mineral", "year"), group.index, strict=True)))
        elif group.component is plan.STOCK:
            index = zip(("mineral", "member", "year"), group.index, strict=True)
            put(_STOCK, group.at, **dict(index))
        elif group.component is plan.ORE:
            mine, source, year = group.index
            home = np.array([number(of.country) for of in sliders.case.mines], dtype=np.int64)
            put(_ORE, group.at, country=home[mine], source=source, year=year)
    return arrays


def _stages(sliders: Adjustable) -> dict[str, Any] | None:
    """Return who makes what of what, by position; None where no mineral is made from another.

    ``intakes`` are mineral, country and products' sources, those of the first stage first,
    ``home`` the coalition's countries, ``members`` those of members, ``stocks`` the opening ones.
    """
    e, case, countries = sliders.expanded, sliders.case, sliders.countries
    if not e.intakes:
        return None
    stage = [*reversed(by_stage(case))]
    order = sorted(range(len(e.intakes)), key=lambda i: stage.index(e.intakes[i].mineral))
    home = {code for code in countries if schema.COALITION in case.blocs_of(code)}
    lands = {member.country for member in case.members}
    return {
        "order": order,
        "intakes": [[e.mineral_at[of.mineral], countries.index(of.country),
                     [r for r, _ in of.needs]] for of in e.intakes],
        "sources": [[e.mineral_at[s.mineral], countries.index(s.country)] for s in e.sources],
        "home": [i for i, c in enumerate(countries) if c in {*home, schema.REST_OF_WORLD}],
        "members": [i for i, c in enumerate(countries) if c in lands],
        "stocks": [[e.mineral_at[pile.mineral], e.member_at[pile.member], pile.opening]
                   for pile in case.stockpiles],
    }  # fmt: skip


def _losses(sliders: Adjustable) -> dict[str, NDArray[Any]]:
    """Return of each loss that Security tests the column of what is missing, and what it is of.

    ``lost_most`` is the part that may be short as the workbook has it.
    """
    e, most = (
        sliders.expanded,
        {s.key: s.most_short for s in plan.security_requirements(sliders.expanded)},
    )
    rows = [
        (column, e.mineral_at[m], sliders.countries.index(country), e.years.index(year), most[key])
        for group in sliders.program.variables
        if group.component is plan.MISSING
        for column, key in zip(group.at.tolist(), group.keys(np.arange(len(group))), strict=True)
        for _, m, country, year in [key]
    ]
    names = ("column", "mineral", "country", "year")
    arrays = {f"lost_{name}": np.array([r[i] for r in rows], int) for i, name in enumerate(names)}
    return {**arrays, "lost_most": np.array([r[-1] for r in rows], float)}
