"""What decisions are called where they are listed, as those that risk does not change are."""

from __future__ import annotations

from dataclasses import dataclass

from models.program.component import Columns, components


@dataclass(frozen=True)
class DecisionKind:
    """A kind of decision: what its columns declare, in the order in which kinds are listed.

    ``noun`` names whom it is of; ``verb`` and ``rest`` say a change of it as advice, the rest with
    ``{more}``, ``{mineral}``, ``{who}`` and ``{year}`` filled in. Of what ``lasts`` each year is
    listed, of a flow the first.
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
"""What is bought under a contract, by the contract."""
BUYING_FOR_PLANTS = DecisionKind(
    4, "bought by plants", "supplier of plants", "let plants buy", _FLOW
)
HANDING_OVER = DecisionKind(5, "handed to plants", "hand-over", "hand plants", _FLOW)
NOT_LISTED = DecisionKind(6, "", "", "", "")
"""Of columns that follow from listed ones, as the ore of what a refiner sells."""


def listed() -> tuple[DecisionKind, ...]:
    """Return the kinds that columns of the program declare, and what is taken under contracts."""
    declared = {of.decision for of in components() if isinstance(of, Columns) and of.decision}
    kinds = (declared | {TAKING}) - {NOT_LISTED}
    return tuple(sorted(kinds, key=lambda kind: (kind.rank, kind.name)))
