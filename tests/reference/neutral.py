"""Neutral forms: what goes into the reference and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Row = Mapping[str, object]
Book = Mapping[str, Sequence[Row]]
Plant = tuple[str, str | None, str | None]
"""Refiner, project or None, product or None for a joint line."""


@dataclass
class Flows:
    """A plan, free of any formulation: amounts in t, builds as fractions 0..1.

    Entries that are left out are 0; entries with the same key add up (stock excepted: one each).
    """

    #: (refiner, project or None, mineral, member, year, t)
    spot: list[tuple[str, str | None, str, str, int, float]] = field(default_factory=list)
    #: (index of the row in book["Contracts"], year, t)
    contracts: list[tuple[int, int, float]] = field(default_factory=list)
    #: (mineral, member, year, t at year end)
    stock: list[tuple[str, str, int, float]] = field(default_factory=list)
    #: (project, first year of output, fraction)
    builds: list[tuple[str, int, float]] = field(default_factory=list)
    #: (mine country, refiner, project or None, mineral, year, t)
    ore: list[tuple[str, str, str | None, str, int, float]] = field(default_factory=list)
    #: ((refiner, project or None, mineral) that sells the input, plant, year, t)
    inputs: list[tuple[tuple[str, str | None, str], Plant, int, float]] = field(
        default_factory=list
    )
    #: (member, input, plant, year, t) that a member hands over
    handed: list[tuple[str, str, Plant, int, float]] = field(default_factory=list)


@dataclass
class Totals:
    """Undiscounted totals over the horizon.

    purchases_usd: USD, cost or price, tariff and freight of all flows (contract section 5).
    tonnes: t, all spot and contract flows. shortage_t, demand_t: t. served_share: 1 where nothing
    is demanded. shortage_by_mineral: t for each mineral of the book, zeros included.
    shortage_by_tier: (mineral, member, tier or None) -> t for each row of Demand, zeros included.
    inputs_t: t that plants buy. tariffs_usd, levies_usd: USD that members and plants in their
    countries pay at their borders. net_cost_usd: USD of cash without those two.
    """

    purchases_usd: float
    tonnes: float
    shortage_t: float
    demand_t: float
    shortage_by_mineral: dict[str, float]
    shortage_by_tier: dict[tuple[str, str, str | None], float] = field(default_factory=dict)
    inputs_t: float = 0.0
    tariffs_usd: float = 0.0
    levies_usd: float = 0.0
    net_cost_usd: float = 0.0

    @property
    def served_share(self) -> float:
        """1 - shortage / demand; 1 where nothing is demanded."""
        return 1.0 if self.demand_t <= 0 else 1.0 - self.shortage_t / self.demand_t


@dataclass
class Optimum:
    """The proven optimum of a book: objective in discounted USD, totals, the plan itself."""

    objective: float
    totals: Totals
    flows: Flows


@dataclass
class Evaluation:
    """A given plan, priced and checked straight from the book.

    objective: discounted USD. costs: its parts, discounted USD, their sum is the objective.
    money: (kind of cost, mineral, year) -> undiscounted USD.
    violation: the largest violation of any hard constraint in t (0 if none); violated names it.
    shortage: (mineral, member, year) -> t. max_country_share: by mineral, the largest over years
    of a country's tonnes to the coalition over the base (Rest of world is no country).
    """

    objective: float
    totals: Totals
    costs: dict[str, float]
    money: dict[tuple[str, str, int], float]
    violation: float
    violated: str
    shortage: dict[tuple[str, str, int], float]
    max_country_share: dict[str, float]
