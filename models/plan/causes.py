"""Why a member is short: which limits and capacities bind there, in words.

A supplier that could still serve the member is asked what stops it: its capacity, its lane, a share
limit, its ore, or that it costs more than the shortage. What stops it is read from slacks, not from
duals, which are not unique.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.expand import Cap, growth, mine_capacity, ore_lane
from models.plan.explain.words import limit_words
from models.schema import MAX, Project, Refiner

if TYPE_CHECKING:
    from models.plan.plan import Plan

_NAMED = 3
"""How many of a kind are named before the rest is counted."""
_UNBUILT = "not built"
_NO_ORE = "without ore: the mines within reach are used up"


def causes(plan: Plan, short: pd.DataFrame) -> list[str]:
    """Return a sentence for each short row (year, mineral, member)."""
    asked = _Asked(plan)
    return [
        asked.why(int(year), str(mineral), str(member))
        for year, mineral, member in zip(
            short["year"], short["mineral"], short["member"], strict=True
        )
    ]


class _Asked:
    """A plan's slacks, looked up once."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.e = plan, plan.expanded
        e, d = plan.expanded, plan.expanded.deliveries
        self.sold = np.zeros((len(e.sources), len(e.years)))
        np.add.at(self.sold, (d.source, d.year), plan.delivered)
        self.used = {
            (
                row["project"] or row["refiner"],
                row["mineral"],
                row["year"],
                row["project"] != "",
            ): row
            for row in plan.sources.to_dict("records")
        }
        self.by_lane: dict[tuple[int, int, int], float] = {}
        for s, j, t, tonnes in zip(
            d.source.tolist(), d.member.tolist(), d.year.tolist(), plan.delivered, strict=True
        ):
            self.by_lane[s, j, t] = self.by_lane.get((s, j, t), 0.0) + float(tonnes)
        self.binding: dict[tuple[str, int], list[Cap]] = {}
        bound = plan.limits["binding"].tolist()
        for cap, binds in zip(plan.caps, bound, strict=True):
            if binds and cap.record.limit == MAX:
                self.binding.setdefault((cap.mineral, cap.year), []).append(cap)
        self.mined: dict[tuple[str, str, int], float] = {}
        for key, z in plan.values.get("ore", {}).items():
            of = (key[0], key[3], key[4])  # mine country, mineral, year
            self.mined[of] = self.mined.get(of, 0.0) + z
        self.capping = {
            cap.key: frozenset(cap.flows) for caps in self.binding.values() for cap in caps
        }

    def why(self, year: int, mineral: str, member: str) -> str:
        """Return the sentence of one shortage."""
        e, plan = self.e, self.plan
        t, j = e.years.index(year), e.member_at[member]
        nothing = plan.tolerance(mineral, year)
        at = {
            int(e.deliveries.source[p]): p
            for p in e.cell(e.mineral_at[mineral], t)
            if e.deliveries.member[p] == j
        }
        full: list[str] = []
        lanes: list[str] = []
        closed: list[str] = []
        limits: dict[str, None] = {}  # in the order found
        others: Counter[str] = Counter()
        mines: dict[str, float] = {}  # used up, and how much they have
        for r in e.of_mineral[mineral]:
            source = e.sources[r]
            name = source.project or source.name
            if r not in at:
                if e.startable[r, t]:
                    closed.append(f"{name} ({plan.case.country_name(source.country)})")
                continue
            if self._room(r, t) <= nothing:
                unbuilt = isinstance(source.record, Project) and self.sold[r, t] <= nothing
                (others.update([_UNBUILT]) if unbuilt else full.append(name))
                continue
            if self._lane_room(r, j, t) <= nothing:
                lanes.append(name)
                continue
            caps = [
                cap
                for cap in self.binding.get((mineral, year), ())
                if at[r] in self.capping[cap.key] or (cap.is_mining and source.needs_ore)
            ]
            if caps:
                limits.update(dict.fromkeys(limit_words(plan.case, cap) for cap in caps))
            else:
                stopped = self._stopped(r, t, nothing)
                others[stopped] += 1
                if stopped == _NO_ORE:
                    mines |= self._open_mines(r, t)
        said = [
            _listed(full, "capacity open to the coalition is used up at"),
            *(f"{text} binds" for text in limits),
            _listed(lanes, "the lane's Max is reached from"),
            _listed(closed, "no open lane from"),
            *(f"{_counted(n, text)}{self._mines_named(text, mines)}" for text, n in others.items()),
        ]
        kept = [text for text in said if text]
        if not kept:
            return "No supplier can run in this year."
        text = "; ".join(kept)
        return text[0].upper() + text[1:] + "."

    def _stopped(self, r: int, t: int, nothing: float) -> str:
        """Return what stops a source that no capacity, lane or share limit stops."""
        source = self.e.sources[r]
        if source.needs_ore and any(m.mineral == source.mineral for m in self.plan.case.mines):
            open_mines = self._open_mines(r, t)
            if not open_mines:
                return "to which no mine with an open lane ships ore"
            if all(
                self._mine_room(country, source.mineral, t) <= nothing for country in open_mines
            ):
                return _NO_ORE
        if self._growth_room(r, t) <= nothing:
            return "whose sales can't grow faster than agreed"
        return "whose tonnes cost more than they save"

    def _open_mines(self, r: int, t: int) -> dict[str, float]:
        """Return what the mines have whose ore may go to a source [t/yr], by country."""
        source, year, case = self.e.sources[r], self.e.years[t], self.plan.case
        return {
            m.country: mine_capacity(m, year)
            for m in case.mines
            if m.mineral == source.mineral
            and mine_capacity(m, year) > 0
            and ore_lane(case, m.mineral, m.country, source.country, year)[1]
        }

    def _mines_named(self, text: str, mines: dict[str, float]) -> str:
        """Return the mines that are used up, the largest first, where that is what stops it."""
        if text != _NO_ORE:
            return ""
        largest = sorted(mines, key=lambda country: (-mines[country], country))
        named = _listed([self.plan.case.country_name(c) for c in largest], "")
        return f" ({named.strip()})"

    def _mine_room(self, country: str, mineral: str, t: int) -> float:
        year = self.e.years[t]
        capacity = sum(
            mine_capacity(m, year)
            for m in self.plan.case.mines
            if (m.mineral, m.country) == (mineral, country)
        )
        return capacity - self.mined.get((country, mineral, year), 0.0)

    def _room(self, r: int, t: int) -> float:
        source = self.e.sources[r]
        key = (
            source.project or source.name, source.mineral, self.e.years[t], source.project != "",
        )  # fmt: skip
        return float(self.used[key]["usable"] - self.sold[r, t])

    def _lane_room(self, r: int, j: int, t: int) -> float:
        refiner_max, country_max = self.e.lane_max(r, j, t)
        source = self.e.sources[r]
        shipped = sum(
            self.by_lane.get((i, j, t), 0.0)
            for i in self.e.of_mineral[source.mineral]
            if self.e.sources[i].country == source.country
        )
        return min(refiner_max - self.by_lane.get((r, j, t), 0.0), country_max - shipped)

    def _growth_room(self, r: int, t: int) -> float:
        """Return how much more a source may sell by Max growth and what was agreed [t]."""
        source, case, year = self.e.sources[r], self.plan.case, self.e.years[t]
        own = (source.name, source.project, source.mineral, year)
        room = min((c[4] for c in case.ceilings if c[:4] == own), default=math.inf)
        if isinstance(source.record, Refiner):
            allowed = growth(case, source.record, year, float(self.e.usable[r, t]))
            if allowed is not None:
                before = self.sold[r, t - 1] if allowed.before is not None else 0.0
                room = min(room, allowed.most + allowed.times * before)
        return room - float(self.sold[r, t])


def _counted(number: int, text: str) -> str:
    """Return how many suppliers something stops, in words."""
    if text == _UNBUILT:
        is_one = number == 1
        return f"{number} planned {'plant that is' if is_one else 'plants that are'} not built"
    return f"{number} supplier{'s' if number > 1 else ''} {text}"


def _listed(names: list[str], what: str) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{what} {shown}{more}"
