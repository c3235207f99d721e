"""A page that plans a workbook again while a slider is moved: one HTML file with all it needs."""

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
from models.measures import TIED_INPUTS
from models.measures.same_tonnes import NAMED_FROM
from models.plan.sliders import Adjustable, Basis
from models.program import TONNES
from models.resolve import by_stage
from models.results.common import MISSING
from planner._version import __version__
from planner.page.highs import Highs
from planner.page.sliders import slider_cells, starting_settings, with_sliders
from planner.render.html import first_page_html, hash_of, json_of, render
from planner.render.words import NAMED, TARIFFS, clean_text
from planner.studies.source import cap_path_words, tests_of, years_tested

if TYPE_CHECKING:
    from planner.render.front import FirstPage
    from planner.workbook import Book

_TIES = (
    f"{measures.SAME_COST} So the plan of the command below may differ from this one."
    " “With nothing moved” is this page's own plan of the workbook."
)


@dataclass(frozen=True)
class PlanningPage:
    """A page's HTML, notes on the sliders that it lacks, and its plan's cost with no slider moved.

    ``objective``, the cost, is in money.
    """

    html: str
    notes: tuple[str, ...]
    objective: float


def page_of(  # noqa: PLR0913, PLR0917 - the parts of a page
    book: Book,
    name: str,
    solver: Highs,
    on_stage: Callable[[str], None],
    front: FirstPage,
    objective: float,
) -> PlanningPage:
    """Return the page of a workbook called ``name``.

    ``front`` is the first page of its plan, which is shown until a slider moves, and ``objective``
    the plan's total cost [money].

    Raises SolverError if the plan with nothing moved cannot be proven.
    """
    on_stage("Finding what each slider changes")
    sliders, notes = with_sliders(book.case)
    wanted = starting_settings(sliders)
    bases = []
    for number, basis in enumerate(sliders.bases(wanted), 1):
        on_stage(f"Computing starting plan {number} of {len(wanted)}")
        bases.append(basis)
    data, raw = serialized_program(sliders, bases)
    data |= _page_data(book, name, sliders) | {"objective": objective}
    html = _html(book, data, raw, solver, notes, front=front)
    return PlanningPage(html, notes, objective)


def _html(  # noqa: PLR0913 - the parts of a page
    book: Book,
    data: dict[str, Any],
    raw: bytes,
    solver: Highs,
    notes: tuple[str, ...],
    *,
    front: FirstPage,
) -> str:
    """Return the page's HTML.

    Its Content-Security-Policy allows only its own script, by its hash, a worker from a Blob, and
    WebAssembly, but no network access: text from the input can never run. The script contains the
    seal of the page's data and arrays; if they don't match it, nothing is planned.
    """
    text = json_of(data)
    script = f'const SEAL = "{seal_of(text, raw)}";\n{_packaged_text("page.js")}'
    worker = "\n".join((solver.loader, _packaged_text("engine.js"), _packaged_text("worker.js")))
    style = files("planner.report").joinpath("page.css").read_text(encoding="utf-8")
    return render(
        "page.html",
        title=data["title"],
        made_from=f"Made from {data['file']} by planner {__version__}",
        policy=(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; worker-src blob:; "
            f"script-src {hash_of(script)} 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
        ),
        style=style + _packaged_text("page.css"),
        first_page=first_page_html(front, 2),
        notes=(*notes, f"SHA-256 of the workbook: {book.sha256}"),
        planned_again=measures.PLANNED_AGAIN,
        ties=_TIES,
        solver=solver.title,
        licence=solver.licence,
        page_data=text,
        program=_zipped(raw),
        wasm=_zipped(solver.wasm),
        worker=base64.b64encode(worker.encode()).decode(),
        script=script,
    )


def _page_data(book: Book, name: str, sliders: Adjustable) -> dict[str, Any]:
    """Return the page's data on the case: names, limits, cells and sentences."""
    settings = sliders.case.settings
    caps = [r for r in sliders.case.share_limits if r.caps_each_country]
    return {
        "title": clean_text(settings.plan_title) or name,
        "file": name,
        "currency": settings.currency,
        "basis": settings.share_basis,
        "caps": [
            _smallest_share(
                r.share
                for r in caps
                if r.mineral in {"", m.name} and m.name not in r.except_minerals
            )
            for m in sliders.case.minerals
        ],
        "path": cap_path_words(sliders.case, is_one=True),
        "tests": tests_of(sliders.case, years_tested(sliders.case)),
        "security": _smallest_share(row.max_short for row in sliders.case.security),
        "cells": slider_cells(book, sliders.countries),
        "sentences": PAGE,
        "named": NAMED,
        "namedFrom": NAMED_FROM,
    }


def _smallest_share(shares: Iterable[schema.ByYear]) -> float:
    """Return a slider's initial position: the smallest of some shares, to the nearest per cent."""
    return round(min((share for series in shares for share in series.numbers()), default=1.0), 2)


def _packaged_text(name: str) -> str:
    return files("planner.page").joinpath(name).read_text(encoding="utf-8")


def _zipped(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()


# ---- the program as bytes ------------------------------------------------------------------------

_ALIGNED = 8
"""Every array begins at a multiple of this many bytes, as typed arrays require."""
_WHOLE = ("i1", "u1", "i2", "u2", "i4")
_FLOW, _SHORT, _TIER, _TO_PLANTS, _TRANSFERRED, _STOCK, _ORE, _PLANT_DEMAND = range(1, 9)
"""Kinds of columns of the program, for reading a plan.

They are tonnes: purchases of a member, its shortage, its shortage in one tier; purchases of a
plant, tonnes that a member transfers to a plant, a member's stock at the end of a year; ore; and
the base of limits on an input, less demand.
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
"""The tolerances of ``engine.js`` and ``page.js``, by their names there."""


def pack(arrays: dict[str, NDArray[Any]]) -> tuple[dict[str, tuple[str, int, int]], bytes]:
    """Return type, offset and length of each array, and their bytes."""
    places, parts, offset = dict[str, tuple[str, int, int]](), list[bytes](), 0
    for name, array in arrays.items():
        small = _smallest_integers(array)
        raw = small.tobytes()
        places[name] = (small.dtype.str[1:], offset, small.size)
        parts += [raw, b"\0" * (-len(raw) % _ALIGNED)]
        offset += len(parts[-2]) + len(parts[-1])
    return places, b"".join(parts)


def seal_of(text: str, raw: bytes) -> str:
    """Return the hash of the page's data and arrays, as ``engine.js`` computes it."""
    return hashlib.sha256(text.encode() + raw).hexdigest()


def _smallest_integers(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in the smallest integer type that holds it; fractions stay 8-byte floats."""
    if array.dtype.kind == "f":
        return array.astype("<f8")
    fits = (t for t in _WHOLE if array.size == 0 or np.array_equal(array.astype(f"<{t}"), array))
    return array.astype(f"<{next(fits)}")


def serialized_program(sliders: Adjustable, bases: list[Basis]) -> tuple[dict[str, Any], bytes]:
    """Return the description of a program and the bytes of its arrays, for ``engine.js``."""
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
    arrays |= _column_kinds(sliders) | _losses(sliders)
    if sliders.expanded.plant_inputs:
        arrays |= _read_stages(sliders, arrays)
    stored = np.array([basis.statuses for basis in bases], dtype=np.uint8)
    stored[1:] ^= stored[:-1].copy()
    arrays["bases"] = stored.ravel()
    places, raw = pack(arrays)
    pieces = [(piece[0], piece[-1]) for piece in sliders.pieces]
    data = {
        "arrays": places,
        "tolerances": _TOLERANCES,
        "layers": [
            {"slider": layer.slider, "array": layer.array, "scales": layer.scales}
            for layer in sliders.layers
        ],
        "pieces": [{"columns": _start_and_stop(sliders.program.columns_of(*piece)),
                    "rows": _start_and_stop(sliders.program.rows_of(*piece))} for piece in pieces],
        "bases": [_settings(basis) for basis in bases],
        "minerals": [m.name for m in case.minerals],
        "members": [m.name for m in case.members],
        "countries": [case.country_name(code) for code in sliders.countries],
        "codes": list(sliders.countries),
        "years": list(case.years),
        "discounts": [case.discount(year) for year in case.years],
        "stages": _stages(sliders),
    }  # fmt: skip
    return data, raw


def _start_and_stop(part: slice) -> tuple[int, int]:
    return int(part.start), int(part.stop)


def _settings(basis: Basis) -> dict[str, list[float | None]]:
    """Return the settings of a basis for JSON, which has no NaN."""
    return {
        name: [None if np.isnan(value) else value for value in values]
        for name, values in basis.settings.items()
    }


def _column_kinds(sliders: Adjustable) -> dict[str, NDArray[Any]]:
    """Return each column's kind, mineral, member, country and year.

    A delivery also has its cost or price [money/t], its tariff as a fraction of that, and its levy
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
    by = ("mineral", "member", "year")
    for name in by:
        arrays[name][flow] = getattr(d, name)
    for group in program.variables:
        if group.component is plan.OF_TIER:
            arrays["kind"][group.at] = _TIER
        elif group.component is plan.SHORTAGE:
            keys = group.keys(np.arange(len(group)))
            places = [(e.mineral_at[m], e.member_at[j], e.years.index(y)) for m, j, y in keys]
            arrays["kind"][group.at] = _SHORT
            for i, name in enumerate(by):
                arrays[name][group.at] = [place[i] for place in places]
    return {**arrays, **prices, "demand": e.demand.astype(float).ravel()}


def _read_stages(sliders: Adjustable, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the ``arrays`` of ``_column_kinds`` with columns of inputs, stocks and ore.

    ``source`` is the position of a column's source, ``plant_input`` of the plant's input to which
    it brings an input. The country of ore is the mine's.
    """
    e, program, number = sliders.expanded, sliders.program, sliders.countries.index
    flows, transfers, to_plants = (
        e.input_flows,
        e.plant_transfers,
        sliders.program.sold[len(e.deliveries) :],
    )
    arrays |= {name: np.zeros_like(arrays["kind"]) for name in ("source", "plant_input")}

    def set_columns(kind: int, at: Any, **values: Any) -> None:
        """Set the kind, and the fields named by keywords, of the program's columns ``at``.

        ``at`` are positions in ``arrays``; each keyword's values are in the same order.
        """
        arrays["kind"][at] = kind
        for name, numbers in values.items():
            arrays[name][at] = numbers

    arrays["source"][program.flow] = e.deliveries.source
    country = sliders.country_of_column[to_plants]
    set_columns(
        _TO_PLANTS, to_plants, mineral=flows.mineral, year=flows.year, source=flows.source,
        plant_input=flows.plant_input, country=country, price=flows.cost, tariff=flows.tariff,
        levy=flows.levy,
    )  # fmt: skip
    set_columns(
        _TRANSFERRED, program.transferred, mineral=transfers.mineral, member=transfers.member,
        year=transfers.year, plant_input=transfers.plant_input,
    )  # fmt: skip
    for group in program.variables:
        if group.component is plan.PLANT_DEMAND:
            index = zip(("mineral", "year"), group.index, strict=True)
            set_columns(_PLANT_DEMAND, group.at, **dict(index))
        elif group.component is plan.STOCK:
            index = zip(("mineral", "member", "year"), group.index, strict=True)
            set_columns(_STOCK, group.at, **dict(index))
        elif group.component is plan.ORE:
            mine, source, year = group.index
            home = np.array([number(each.country) for each in sliders.case.mines], dtype=np.int64)
            set_columns(_ORE, group.at, country=home[mine], source=source, year=year)
    return arrays


def _stages(sliders: Adjustable) -> dict[str, Any] | None:
    """Return the links between stages, by position; None if no mineral is made from another.

    ``plant_inputs`` are mineral, country and the products' sources, ``order`` their positions from
    the first stage on; ``home`` are the coalition's countries, ``members`` the members' countries,
    ``stocks`` the opening stocks.
    """
    e, case, countries = sliders.expanded, sliders.case, sliders.countries
    if not e.plant_inputs:
        return None
    stage = [*reversed(by_stage(case))]
    order = sorted(range(len(e.plant_inputs)), key=lambda i: stage.index(e.plant_inputs[i].mineral))
    home = {code for code in countries if schema.COALITION in case.blocs_of(code)}
    lands = {member.country for member in case.members}
    return {
        "order": order,
        "plant_inputs": [[e.mineral_at[each.mineral], countries.index(each.country),
                     [r for r, _ in each.needs]] for each in e.plant_inputs],
        "sources": [[e.mineral_at[s.mineral], countries.index(s.country)] for s in e.sources],
        "home": [i for i, c in enumerate(countries) if c in {*home, schema.REST_OF_WORLD}],
        "members": [i for i, c in enumerate(countries) if c in lands],
        "stocks": [[e.mineral_at[row.mineral], e.member_at[row.member], row.opening]
                   for row in case.stockpiles],
    }  # fmt: skip


def _losses(sliders: Adjustable) -> dict[str, NDArray[Any]]:
    """Return the column of each loss that Security tests, with its mineral, country and year.

    ``lost_most`` is the fraction of need that the workbook allows to be missing.
    """
    e = sliders.expanded
    most = {s.key: s.most_short for s in plan.security_requirements(e)}
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


# ---- sentences that the page fills itself --------------------------------------------------------


_MISSING = MISSING + "{compared}, as a share of need: {minerals}"
_NOTHING = "Nothing{more} is missing{compared}"
SAME_TONNES = "The tonnes bought cost {more}."
WITHOUT = "Without {lost}, {bound} {part} of the need for {minerals} is missing."
WORST_LOSS = (
    "The worst case: without {country}, {short} of the need for {mineral} is missing in {year};"
    " at most {most} is allowed."
)
STAGES = (
    "Share of demand still met in {year} if the country whose loss leaves least stops, and nothing"
    " is bought instead. At the last stage, only its sales to members are lost. Through all stages,"
    f" plants also lose what they make from its inputs and ore. {TIED_INPUTS}"
)
PAGE = {
    "missing": _MISSING, "nothing": _NOTHING, "same tonnes": SAME_TONNES, "tariffs": TARIFFS,
    "without": WITHOUT, "worst loss": WORST_LOSS, "stages": STAGES,
}  # fmt: skip
"""Sentence templates that ``page.js`` fills as ``str.format`` does, by the names used there."""
