"""What can be lost: a supplier country, a refiner, or a country's lanes to one member."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.case import Case
from models.plan import Plan
from models.resolve import Floats
from models.schema import REST_OF_WORLD, ScenarioStep
from planner.scenarios import ACTIONS

LEAST_SOLD = 1e-6
"""Who sells no more than this in all sells nothing [t]."""


class Kind(StrEnum):
    """What is lost."""

    NOTHING = "nothing"
    COUNTRY = "country"
    REFINER = "refiner"
    EMBARGO = "embargo"


@dataclass(frozen=True)
class Loss:
    """A loss, and the function from the case of an agreed plan to that in which it has happened.

    ``country`` is a code; of a refiner it is where it stands ("" if in several).
    """

    kind: Kind
    country: str = ""
    refiner: str = ""
    member: str = ""

    def __call__(self, case: Case) -> Case:
        """Return the case without what is lost, from its first year on."""
        if self.kind is Kind.NOTHING:
            return case
        if self.kind is Kind.EMBARGO:
            step = ScenarioStep(
                name="Loss", action="block lanes", country=self.country, member=self.member
            )
        elif self.kind is Kind.COUNTRY:
            step = ScenarioStep(
                name="Loss", action="scale capacity", country=self.country, value=0.0
            )
        else:
            step = ScenarioStep(
                name="Loss", action="scale capacity", refiner=self.refiner, value=0.0
            )
        return ACTIONS[step.action](case, step)

    def name(self, case: Case) -> str:
        """Return what a reader calls it."""
        if self.kind is Kind.NOTHING:
            return "Nothing lost"
        if self.kind is Kind.REFINER:
            return self.refiner
        country = case.country_name(self.country)
        return f"{country} to {self.member}" if self.kind is Kind.EMBARGO else country

    def sold(self, plan: Plan) -> Floats:
        """Return what a plan buys of what is lost [t], by (mineral, member, year)."""
        e, d = plan.expanded, plan.expanded.deliveries
        hit = np.array([self._is(s.country, s.name) for s in e.sources], dtype=bool)
        found = np.zeros(e.demand.shape)
        chosen = hit[d.source] if len(hit) else np.zeros(0, dtype=bool)
        if self.kind is Kind.EMBARGO:
            chosen = chosen & (d.member == e.member_at[self.member])
        np.add.at(
            found, (d.mineral[chosen], d.member[chosen], d.year[chosen]), plan.delivered[chosen]
        )
        return found

    def _is(self, country: str, refiner: str) -> bool:
        if self.kind is Kind.REFINER:
            return refiner == self.refiner
        return self.kind is not Kind.NOTHING and country == self.country


NOTHING = Loss(Kind.NOTHING)


def losses(plan: Plan, *, first_year: int, refiners: bool, pairs: bool) -> tuple[Loss, ...]:
    """Return every loss of someone who sells in a plan in a year from ``first_year`` on.

    Countries, then refiners and pairs of a country and a member where asked for. ``Rest of world``
    is several countries, which nothing takes out together; its refiners can be lost.
    """
    e, d = plan.expanded, plan.expanded.deliveries
    later = np.array([year >= first_year for year in e.years], dtype=bool)[d.year]
    by_country: dict[str, float] = {}
    by_refiner: dict[str, float] = {}
    by_pair: dict[tuple[str, str], float] = {}
    sales = zip(
        d.source[later].tolist(), d.member[later].tolist(), plan.delivered[later].tolist(),
        strict=True,
    )  # fmt: skip
    for s, j, tonnes in sales:
        source, pair = e.sources[s], (e.sources[s].country, e.members[j])
        by_country[source.country] = by_country.get(source.country, 0.0) + tonnes
        by_refiner[source.name] = by_refiner.get(source.name, 0.0) + tonnes
        by_pair[pair] = by_pair.get(pair, 0.0) + tonnes
    homes: dict[str, set[str]] = {}
    for source in e.sources:
        homes.setdefault(source.name, set()).add(source.country)
    found = [
        Loss(Kind.COUNTRY, country=code)
        for code, tonnes in sorted(by_country.items())
        if tonnes > LEAST_SOLD and code != REST_OF_WORLD
    ]
    if refiners:
        found += [
            Loss(Kind.REFINER, refiner=name, country=min(at) if len(at := homes[name]) == 1 else "")
            for name, tonnes in sorted(by_refiner.items())
            if tonnes > LEAST_SOLD
        ]
    if pairs:
        found += [
            Loss(Kind.EMBARGO, country=code, member=member)
            for (code, member), tonnes in sorted(by_pair.items())
            if tonnes > LEAST_SOLD and code != REST_OF_WORLD
        ]
    return tuple(found)
