"""The program as bytes: every array in its smallest type, one after another, and where each is."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.plan.sliders import Adjustable, Basis
from models.program import TONNES
from models.program.families import security, shortage

_ALIGNED = 8
"""Bytes that every array begins at a multiple of, as typed arrays ask for."""
_WHOLE = ("i1", "u1", "i2", "u2", "i4")
_FLOW, _SHORT, _TIER = 1, 2, 3
"""What a column is, for who reads a plan: tonnes bought, short, or short of one tier."""


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
        "layers": [
            {"slider": of.slider, "array": of.array, "scales": of.scales}
            | ({"below_floors": True} if of.is_below_floors else {})
            for of in of.layers
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

    Of a delivery also its cost or price [money/t], its tariff, a fraction of that, and its levy
    [money/t].
    """
    e, program = of.expanded, of.program
    names = ("kind", "mineral", "member", "country", "year")
    found = {name: np.zeros(len(program.rows.cost), dtype=np.int64) for name in names}
    flow, d = program.flow, e.deliveries
    found["kind"][flow] = _FLOW
    found["country"][flow] = of.country_of_column[flow]
    prices = {name: np.zeros(len(program.rows.cost)) for name in ("price", "tariff", "levy")}
    prices["price"][flow], prices["tariff"][flow], prices["levy"][flow] = d.cost, d.tariff, d.levy
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
