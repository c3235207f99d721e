"""The facts of an explanation: what makes a price, what binds and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

from models.program.component import Place, Term


@dataclass(frozen=True)
class Move:
    """A part of what serves one tonne more: so many units more of something, or fewer.

    ``amount`` is in t, of a project the fraction of it that is built; ``cost`` is what that costs
    in all [money of the year asked about]. ``source`` is what moves, whoever it goes to.
    """

    kind: str
    what: str
    amount: float
    cost: float
    source: str


@dataclass(frozen=True)
class Price:
    """A marginal price of supply and what it is made of.

    ``setter`` is what would serve one tonne more: "delivery", "shortage", "stock", or "" where
    nothing does. ``words`` name it. The terms add up to ``amount`` [money/t]. ``is_scarce`` says
    that the delivery's tonnes are scarce themselves: other buyers would go without. The costs of
    ``moves``, by which one tonne more is served, add up to ``amount``, too; ``has_room`` says
    whether the plan has room for them, or they are those of one tonne less.

    The price holds for ``up`` tonnes more and ``down`` tonnes less; ``more`` is what a whole tonne
    more costs, ``less`` what one less saves [money], None where the program gives no answer.
    """

    amount: float
    setter: str
    words: str
    terms: tuple[Term, ...]
    is_scarce: bool = False
    moves: tuple[Move, ...] = ()
    has_room: bool = True
    down: float = 0.0
    up: float = 0.0
    more: float | None = None
    less: float | None = None


@dataclass(frozen=True)
class Bound:
    """Something that binds: what it is, at how much, and what moving it is worth.

    ``at`` is what its cell says. ``unit`` is "point" (a hundredth of a share), "t" or "money m".
    ``worth`` is the money of that year that a unit saves at the margin, ``direction`` 1 where it is
    a unit more that saves, -1 where one less does (a minimum); this rate holds while the limit
    stands between ``low`` and ``high``, None where that is not known. ``saves`` is what a whole
    unit that way saves, ``costs`` what one the other way costs, None where there is no plan with
    it. ``rent`` is what the whole limit is worth at the rate [money]. All of it is of one mineral
    (``is_common``: of all) and year, all else as it stands.
    """

    kind: str
    what: str
    at: float
    unit: str
    worth: float
    rent: float
    year: int
    is_common: bool
    place: Place | None = None
    direction: int = 1
    low: float | None = None
    high: float | None = None
    saves: float | None = None
    costs: float | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a mineral costs a member what it does in a year, and why it is short.

    ``demand``, ``purchased`` and ``short`` in t; ``price`` is None without a balance to price;
    ``demand_cost`` is what a tonne more of demand costs [money/t], None where that has no answer.
    """

    mineral: str
    member: str
    year: int
    demand: float
    purchased: float
    short: float
    nothing: float
    price: Price | None
    binding: tuple[Bound, ...]
    cause: str = ""
    demand_cost: float | None = None

    @property
    def is_short(self) -> bool:
        """Whether the shortage is more than rounding."""
        return self.short > self.nothing
