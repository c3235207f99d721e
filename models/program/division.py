"""How a limit of the program is divided among members that plan apart; a family says which way.

Where all limits are sums of the members' own, what the members cost together is a linear production
game (Owen 1975, Mathematical Programming 9): no split of the limits is worth more than the whole,
and the prices of the limits give bills that leave no group a reason to go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.program.component import BUYER, CONTRACT, MEMBER, MINE, MINERAL, PROJECT, SOURCE, YEAR
from models.resolve import Expanded, Floats, Ints, Rights


@dataclass(frozen=True)
class Owners:
    """Who owns what: a case's rights, and the names that keys of its program are spelt with."""

    expanded: Expanded
    rights: Rights
    names: tuple[Any, ...]

    def buyers(self, buyer: int) -> Floats:
        """Return which members a numbered buyer is, as 0 and 1."""
        case, name = self.expanded.case, self.names[buyer]
        inside = {name, *case.groups.get(name, ())} if name else {*self.expanded.members}
        return np.array([float(member in inside) for member in self.expanded.members])


At = Mapping[str, Ints]
"""What the positions are that stand for keys, by sort of position."""
Division = Callable[[Owners, At, Floats], Floats]
"""From limits [their unit] to what of each is each member's, by (limit, member); they sum to it.

The positions are those of the limits' keys.
"""


def own(of: Owners, at: At, limit: Floats) -> Floats:
    """Return limits as those of the member that their key names, or whose contract it is."""
    if CONTRACT in at:
        of_contract = [of.expanded.member_at[c.member] for c in of.expanded.case.contracts]
        member = np.array(of_contract, dtype=np.int64)[at[CONTRACT]]
    else:
        member = at[MEMBER]
    return np.asarray(limit[:, None] * np.eye(len(of.expanded.members))[member])


def by_right(of: Owners, at: At, limit: Floats) -> Floats:
    """Divide limits of a plant, a project or a mine by the rights to it."""
    if SOURCE in at:
        parts = of.rights.sources[at[SOURCE], at[YEAR]]
    elif MINE in at:
        parts = of.rights.mines[at[MINE], at[YEAR]]
    else:
        parts = of.rights.projects[at[PROJECT]]
    return np.asarray(limit[:, None] * parts)


def by_capital(of: Owners, at: At, limit: Floats) -> Floats:
    """Divide budgets by the rights to all projects, weighed by their capital."""
    del at
    return np.asarray(limit[:, None] * of.rights.capital)


def by_demand(of: Owners, at: At, limit: Floats) -> Floats:
    """Divide limits that are shares of demand by it: a buyer's, or the coalition's."""
    demand = of.expanded.demand[at[MINERAL], :, at[YEAR]]
    if BUYER in at:
        demand = demand * np.array([of.buyers(buyer) for buyer in at[BUYER].tolist()])
    whole = demand.sum(axis=1, keepdims=True)
    return np.asarray(limit[:, None] * demand / np.where(whole > 0, whole, 1.0))


def nothing(of: Owners, at: At, limit: Floats) -> Floats:
    """Return nothing for anyone: the limit is 0 whoever is there."""
    del at
    return np.zeros((len(limit), len(of.expanded.members)))
