"""A result of which a column is spread: one column for each of several names, a mineral or member.

Which columns there are is known with the data alone; what they mean is declared once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.results.field import Field, Result


def crossed(  # noqa: PLR0913, PLR0917 - the parts of a matrix
    name: str,
    lead: Mapping[Field, Sequence[Any]],
    across: Sequence[str],
    cells: Mapping[tuple[Any, ...], Any],
    of: Field,
    words: Mapping[str, str],
) -> Result:
    """Return a matrix: a row for each of ``lead``, then a column for each name ``across``.

    ``cells`` are by the row's lead and the name; what is not among them is blank.
    """
    fields = {f.name: f for f in lead}
    spread = {f"of_{i}": _named(of, each) for i, each in enumerate(across)}
    kind: type[Result] = type(name, (Result,), {"__doc__": of.meaning, **fields, **spread})
    rows = list(zip(*lead.values(), strict=True))
    columns: dict[str, Any] = {f.name: list(values) for f, values in lead.items()}
    for at, each in enumerate(across):
        columns[f"of_{at}"] = [cells.get((*row, each)) for row in rows]
    made = kind(words=words, **columns)
    kind.TABLE = name  # once the class is made: which columns it has is no part of the catalogue
    return made


def _named(of: Field, name: str) -> Field:
    """Return a field of one of the names that it is spread over."""
    return of.like(header=name.replace("{", "{{").replace("}", "}}"), optional=False)
