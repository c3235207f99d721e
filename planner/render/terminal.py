"""Results on a terminal: a table whose numbers stand under one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from models.results import Field, Look, Name, Result
from planner.render.table import WHOLE
from planner.render.words import known, number, percent, plain, share

_MILLIONS_FROM = 1e7
"""Tables with so much money in a cell are told in millions."""


def grid(result: Result, *fields: Field, country: Callable[[str], str] = str) -> Table:
    """Return rows of a result, of some fields or of all that it has, headers above them."""
    chosen = fields or result.fields
    size, words = _money(result, chosen)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for field in chosen:
        justify = "left" if field.look.is_text else "right"
        table.add_column(Text(field.title(words)), justify=justify)  # type: ignore[arg-type]
    for row in result.rows(*chosen):
        cells = zip(chosen, row, strict=True)
        table.add_row(*(Text(_cell(field, value, size, country)) for field, value in cells))
    return table


def _money(result: Result, chosen: Sequence[Field]) -> tuple[float, dict[str, str]]:
    """Return what amounts of money are divided by, and the words with the unit they are then in."""
    rows = result.rows(*(f for f in chosen if f.look is Look.MONEY))
    most = max((abs(v) for row in rows for v in row if known(v)), default=0.0)
    words = dict(result.words)
    if most < _MILLIONS_FROM:
        return 1.0, words
    return 1e6, words | {"money": f"{words.get('money', '')} m"}


def _cell(field: Field, value: Any, size: float, country: Callable[[str], str]) -> str:
    if field.names is Name.COUNTRY and value is not None:
        return plain(country(value))
    if field.names in WHOLE and not value:
        return WHOLE[field.names]
    if field.look is Look.SHARE and known(value):
        return _share(value)
    if field.look is Look.MONEY and known(value):
        return f"{value / size:,.1f}" if size > 1 else number(value)
    return plain(shown(field.scaled(value), field.look))


def shown(value: object, look: Look) -> str:
    """Return what a cell of a look says where there is no number format, "" where it is blank."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if look is Look.SHARE:
        return percent(value)
    if look is Look.YEAR:
        return f"{value:.0f}" if known(value) else ""
    return number(value)


def _share(value: float) -> str:
    """Return a share in per cent with two decimals at most: 100 % where nothing lacks."""
    rounded = round(value * 100, 2)
    return share(value) if rounded in {0.0, 100.0} else f"{rounded:g} %"
