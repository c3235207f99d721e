"""Results as JSON: an object a row, a key a field, countries by their codes, blank as null."""

from __future__ import annotations

import math
from typing import Any

from models.results import Field, Result

Record = dict[str, object]


def records(result: Result, *fields: Field) -> list[Record]:
    """Return the rows of a result, of some fields or of all that it has."""
    chosen = fields or result.fields
    keys = [f.json_key for f in chosen]
    return [
        {key: _plain(value) for key, value in zip(keys, row, strict=True)}
        for row in result.rows(*chosen)
    ]


def _plain(value: Any) -> object:
    """Return a value as JSON holds it: it has neither NaN nor infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
