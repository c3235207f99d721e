"""Results on a terminal: a table whose numbers stand under one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table
from rich.text import Text

from models.results import Field, Look, Name, Result
from planner.render.table import COALITION_BUYER
from planner.render.text import plain
from planner.render.words import known, number, percent


def grid(result: Result, *fields: Field, country: Callable[[str], str] = str) -> Table:
    """Return rows of a result, of some fields or of all that it has, headers above them."""
    chosen = fields or result.fields
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for field in chosen:
        justify = "left" if field.look.is_text else "right"
        table.add_column(Text(field.title(result.words)), justify=justify)  # type: ignore[arg-type]
    for row in result.rows(*chosen):
        cells = zip(chosen, row, strict=True)
        table.add_row(*(Text(_cell(field, value, country)) for field, value in cells))
    return table


def _cell(field: Field, value: Any, country: Callable[[str], str]) -> str:
    if field.names is Name.COUNTRY and value is not None:
        return plain(country(value))
    if field.names is Name.BUYER:
        return plain(value or COALITION_BUYER)
    return plain(shown(value, field.look))


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
