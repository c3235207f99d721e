"""What a program hears of the difference of two plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.results.difference import Moves
from planner.cli.answer import Answer
from planner.cli.difference.words import KEYS, differing_words
from planner.render.records import records
from planner.render.table import Cell
from planner.sheets.difference import moves_of

if TYPE_CHECKING:
    import pandas as pd

    from planner.documents.difference import Inputs, PlanDifference


def answer_of(found: PlanDifference, inputs: Inputs, output: Path | None, seconds: float) -> Answer:
    """Return what a program hears."""
    pair = found.pair
    figures = {line.measure: line for line in found.lines}
    return {
        "status": "ok",
        "old": str(pair.old.path),
        "new": str(pair.new.path),
        "equal": found.is_equal,
        "currency": pair.new.currency,
        "years": list(pair.years),
        "notes": list(pair.notes()),
        "totals": {
            key: _triple(figures[name].old, figures[name].new, figures[name].change)
            for name, key in KEYS.items()
            if name in figures
        },
        "words": [
            {"what": line.measure, "old": line.old, "new": line.new}
            for line in differing_words(found)
        ],
        "minerals": list(_rows(found.minerals, ("mineral",))),
        "members": list(_rows(found.members, ("member", "mineral"))),
        "moves": records(
            moves_of(found.moves.table, {}),
            Moves.mineral,
            Moves.seller,
            Moves.buyer,
            Moves.old,
            Moves.new,
            Moves.change,
        ),
        "among_equals": list(found.moves.among_equals),
        "prices_differ": len(found.prices) if pair.same_money else None,
        "inputs": {
            "compared": inputs.are_compared,
            "said": inputs.reason,
            "notes": list(inputs.notes),
            "rows": [
                {
                    "sheet": line.sheet,
                    "old_cell": line.old_cell,
                    "new_cell": line.new_cell,
                    "what": line.what,
                    "old": line.old,
                    "new": line.new,
                }
                for line in inputs.lines
            ],
        },
        "output": None if output is None else str(output),
        "warnings": [],
        "errors": [],
        "seconds": round(seconds, 6),
    }


def _triple(old: Cell, new: Cell, change: Cell) -> Answer:
    return {"old": old, "new": new, "change": change}


def _rows(table: pd.DataFrame, keys: Sequence[str]) -> Iterator[Answer]:
    """Yield an object a row: its names, then old, new and change of each amount."""
    whats = [name.removesuffix("_change") for name in table.columns if name.endswith("_change")]
    for row in table.to_dict("records"):
        found: Answer = {key: row[key] for key in keys}
        for what in whats:
            found[what] = _triple(*(row[f"{what}_{word}"] for word in ("old", "new", "change")))
        yield found
