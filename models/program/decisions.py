"""The kinds of decisions, and their words in lists of decisions."""

from __future__ import annotations

from dataclasses import dataclass

from models.program.component import Columns, components


@dataclass(frozen=True)
class DecisionKind:
    """A kind of decision, declared by its columns; ``rank`` orders the lists.

    ``noun`` names the object of the decision. ``verb`` and ``rest`` phrase a change of it as
    advice; ``rest`` has the fields ``{more}``, ``{mineral}``, ``{who}`` and ``{year}``. With
    ``lasts`` (a stock) each year is listed, otherwise only the first.
    """

    rank: int
    name: str
    noun: str
    verb: str
    rest: str
    lasts: bool = False


_FLOW = "{more} {mineral} from {who} in {year}"
BUILDING = DecisionKind(0, "built", "plant", "build", "{who}", lasts=True)
STORING = DecisionKind(
    1, "in stock at the end of the year", "stock", "keep", "{more} {mineral} in stock in {who}",
    lasts=True,
)  # fmt: skip
BUYING = DecisionKind(2, "bought", "supplier", "buy", _FLOW)
TAKING = DecisionKind(3, "taken", "contract", "take", _FLOW)
"""Purchases under contracts, by contract."""
BUYING_FOR_PLANTS = DecisionKind(
    4, "bought by plants", "supplier of plants", "let plants buy", _FLOW
)
HANDING_OVER = DecisionKind(5, "handed to plants", "hand-over", "hand plants", _FLOW)
NOT_LISTED = DecisionKind(6, "", "", "", "")
"""For columns that follow from listed ones, such as the ore behind a refiner's sales."""


def listed_kinds() -> tuple[DecisionKind, ...]:
    """Return the kinds that the program's columns declare, and purchases under contracts."""
    declared = {of.decision for of in components() if isinstance(of, Columns) and of.decision}
    kinds = (declared | {TAKING}) - {NOT_LISTED}
    return tuple(sorted(kinds, key=lambda kind: (kind.rank, kind.name)))
