"""Ids of orders: made from what an order is of, and from nothing else in the plan."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from models.case import fold
from models.results import Contracts
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

KEY = ("mineral", "refiner", "project", "member", "contract")
"""The names that an order is known by, beside its year."""

_NO_NAME = "\x00"
"""Stands for the name of a contract that has none: no cell can hold it."""
_BY_PLACE = re.compile(r"row \d+ of Contracts|contract \d+")
"""What the sheet Plan calls a contract without a name."""
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: nothing that is taken for something else when it is read out."""
_EXACT = Context(prec=64, rounding=ROUND_HALF_EVEN)
_TAKEN = 1e-6
"""The sheet Plan has flows above this [t]."""

Names = tuple[int, tuple[str, ...]]
"""Year and folded names."""


def order_id(year: int, key: Iterable[str], tranche: int = 0) -> str:
    """Return the id of an order: of its year and its names, whatever else the plan holds.

    Names count as the workbook reads them, without regard to case and spaces. ``tranche`` tells
    apart contracts that have all names in common, from 0 on.
    """
    said = "\x1f".join([str(year), *_folded(key), *([str(tranche)] if tranche else [])])
    return f"ORD-{year}-{code(said, 12)}"


def code(text: str, length: int) -> str:
    """Return a code of a text, of letters and digits."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return "".join(_LETTERS[number >> 5 * i & 31] for i in range(length))


def rounded(value: float, decimals: int, digits: int = 12) -> Decimal:
    """Return a number to so many decimals, the last bits of a float without a say.

    It is rounded to ``digits`` significant ones first: 106.1085 and 106.10849999999999 are one, as
    a workbook that another program saved has the other.
    """
    return Decimal(f"{value:.{digits}g}").quantize(Decimal(1).scaleb(-decimals), context=_EXACT)


def order_ids(plan: PlanFile, table: pd.DataFrame) -> list[str]:
    """Return the id of each row of orders, no two alike.

    ``table`` has the columns ``year``, those of KEY, ``tonnes`` and ``unit_price``. Contracts that
    have all names in common are told apart by their price, minimum and maximum, and not by the
    place of their row.
    """
    tranches = _tranches(plan)
    keys, found = _keys(table, tranches), [""] * len(table)
    seen: set[tuple[Names, int]] = set()
    for key, places in _alike(keys, table).items():
        ranks = tranches.get(key, [])
        if len(ranks) != len(places):  # no such sheet, or somebody changed it
            ranks = list(range(len(places)))
        for place, rank in zip(places, ranks, strict=True):
            while (key, rank) in seen:
                rank += 1  # noqa: PLW2901 - the next that is free
            seen.add((key, rank))
            found[place] = order_id(*key, rank)
    return found


def _folded(names: Iterable[str]) -> list[str]:
    return [unicodedata.normalize("NFC", fold(name)) for name in names]


def _keys(table: pd.DataFrame, tranches: dict[Names, list[int]]) -> list[Names]:
    """Return year and names of each order, contracts without a name called as such."""
    found: list[Names] = []
    for year, *names, contract in zip(table["year"], *(table[n] for n in KEY), strict=True):
        key = int(year), tuple(_folded([*names, contract]))
        bare = int(year), tuple(_folded([*names, _NO_NAME]))
        is_named = key in tranches or not _BY_PLACE.fullmatch(contract)
        found.append(key if is_named else bare)
    return found


def _alike(keys: Sequence[Names], table: pd.DataFrame) -> dict[Names, list[int]]:
    """Return the rows of each key, by price and tonnes where there are several."""
    order = table.reset_index(drop=True).sort_values(["unit_price", "tonnes"], kind="stable")
    found: dict[Names, list[int]] = {}
    for place in order.index:
        found.setdefault(keys[place], []).append(int(place))
    return found


def _tranches(plan: PlanFile) -> dict[Names, list[int]]:
    """Return which of the contracts that have all names in common are taken, by price and tonnes.

    Their ranks are by price, minimum and maximum, whether they are taken or not.
    """
    alike: dict[Names, list[tuple[float, float, float, float]]] = {}
    for key, terms in _terms(plan):
        alike.setdefault(key, []).append(terms)
    found = {}
    for key, several in alike.items():
        ranked = sorted(range(len(several)), key=several.__getitem__)
        taken = [(several[at][0], several[at][3], rank) for rank, at in enumerate(ranked)]
        found[key] = [rank for _, tonnes, rank in sorted(taken) if tonnes > _TAKEN]
    return found


def _terms(plan: PlanFile) -> Iterator[tuple[Names, tuple[float, float, float, float]]]:
    """Yield year and names of each contract, and its price, minimum, maximum and what is taken."""
    found = plan.result(Contracts)
    names = (Contracts.mineral, Contracts.refiner, Contracts.member)
    terms = (Contracts.price, Contracts.min, Contracts.maximum, Contracts.taken)
    for year, contract, mineral, refiner, member, *numbers in found.rows(
        Contracts.year, Contracts.contract, *names, *terms
    ):
        own = contract if isinstance(contract, str) and contract else _NO_NAME
        key = int(year), tuple(_folded([str(mineral), str(refiner), "", str(member), own]))
        price, least, most, taken = map(_or_most, numbers)
        yield key, (price, least, most, taken)


def _or_most(number: float | None) -> float:
    """Return a number, infinity where there is none."""
    return math.inf if number is None or math.isnan(number) else float(number)
