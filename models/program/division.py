"""How a limit of the program is divided among members that plan apart; families choose the way.

Where each limit is a sum of one part per member, the joint cost is a linear production game (Owen
1975, Mathematical Programming 9): no group of members gains by dividing the limits, and the shadow
prices of the limits give bills that give no group a reason to leave.
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
    """The owners in a case: its members' rights, and the names in keys of its program."""

    expanded: Expanded
    rights: Rights
    names: tuple[Any, ...]

    def members_of_buyer(self, buyer: int) -> Floats:
        """Return 1 for each member of a buyer, else 0 [member].

        ``buyer`` is its number in ``names``; "" is the coalition, so all members.
        """
        case, name = self.expanded.case, self.names[buyer]
        inside = {name, *case.groups.get(name, ())} if name else {*self.expanded.members}
        return np.array([float(member in inside) for member in self.expanded.members])


At = Mapping[str, Ints]
"""The positions from which keys are made, by kind of position."""
Division = Callable[[Owners, At, Floats], Floats]
"""Divides limits [their unit] into one part per member, by (limit, member), which add up to them.

The positions are those of the limits' keys.
"""


def by_member(owners: Owners, at: At, limit: Floats) -> Floats:
    """Give each limit to the member in its key, or of its contract."""
    if CONTRACT in at:
        of_contract = [owners.expanded.member_at[c.member] for c in owners.expanded.case.contracts]
        member = np.array(of_contract, dtype=np.int64)[at[CONTRACT]]
    else:
        member = at[MEMBER]
    return np.asarray(limit[:, None] * np.eye(len(owners.expanded.members))[member])


def by_right(owners: Owners, at: At, limit: Floats) -> Floats:
    """Divide limits of a plant, a project or a mine by the rights to it."""
    if SOURCE in at:
        parts = owners.rights.sources[at[SOURCE], at[YEAR]]
    elif MINE in at:
        parts = owners.rights.mines[at[MINE], at[YEAR]]
    else:
        parts = owners.rights.projects[at[PROJECT]]
    return np.asarray(limit[:, None] * parts)


def by_capital(owners: Owners, at: At, limit: Floats) -> Floats:
    del at
    return np.asarray(limit[:, None] * owners.rights.capital)


def by_demand(owners: Owners, at: At, limit: Floats) -> Floats:
    """Divide limits in proportion to demand: among a buyer's members, or all members."""
    demand = owners.expanded.demand[at[MINERAL], :, at[YEAR]]
    if BUYER in at:
        demand = demand * np.array([owners.members_of_buyer(buyer) for buyer in at[BUYER].tolist()])
    whole = demand.sum(axis=1, keepdims=True)
    return np.asarray(limit[:, None] * demand / np.where(whole > 0, whole, 1.0))


def to_nobody(owners: Owners, at: At, limit: Floats) -> Floats:
    """Give every member 0, for a limit that is 0 whichever members take part."""
    del at
    return np.zeros((len(limit), len(owners.expanded.members)))
