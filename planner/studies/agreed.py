"""A plan already agreed as a case of its own: what a loss then hits, and what may answer it.

What is agreed is kept: which plants are built and when, what each supplier sells, what was in stock
when the loss begins, and what demand was to be met. What answers a loss is a surge of the suppliers
that are left, the stocks and, unless they are kept, the share limits waived.

Where a scenario comes unforeseen in a year, what was decided before is kept (``decided_before``),
and all that is decided from then on is free (``Unforeseen``).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, FixedDecisions
from models.measures import SURGE
from models.plan import BUILT, OF_TIER, REST, SHORTAGE, STOCK, Plan
from models.program.component import columns_named
from models.resolve import Rights, budget_year, start_years, stock_target, unbuilt
from models.schema import TAKES, ByYear, Demand, Project, ScenarioStep, ShareLimit, Stockpile
from planner.scenarios import Variant, set_max_country_share, steps_of
from planner.scenarios.actions import after


@dataclass(frozen=True)
class Rules:
    """What may answer a loss, and when it begins.

    ``surge`` is the part of its usable capacity of a year that a supplier may sell beyond what was
    agreed; ``keep_caps`` says that share limits stay; ``first_year`` is the year in which the loss
    begins (None: the first of the horizon). With ``solidarity`` members share what is left; without
    each buys of a supplier no more than agreed and its part of the surge, as Rights divides it.
    """

    surge: float = SURGE
    keep_caps: bool = False
    first_year: int | None = None
    solidarity: bool = True


def stressed(plan: Plan, rules: Rules) -> Case:
    """Return the case of an agreed plan under the rules of a loss, with nothing lost yet.

    Its demand is what the agreed plan meets, so that its shortage is what a loss adds; share limits
    that are kept allow, or ask for, as many tonnes as before. Its years are those from the loss on,
    so that nothing is stored in expectation of it. Capital and the cost of leaving suppliers of
    today are spent as agreed, and left out; limits on growth give way to the surge, and security
    against a loss is no concern any more.
    """
    case = plan.case
    years = tuple(y for y in case.years if rules.first_year is None or y >= rules.first_year)
    settings = dataclasses.replace(case.settings, switching_cost=0.0, whole_projects=False)
    running: dict[str, dict[int, float]] = {p.name: {} for p in case.projects}
    for row in plan.projects.to_dict("records"):
        running[row["project"]][int(row["year"])] = float(row["capacity"])
    return case.change(
        years=years,
        settings=settings,
        refiners=tuple(dataclasses.replace(r, max_growth=None) for r in case.refiners),
        demand=tuple(_met(plan, row, years) for row in case.demand),
        share_limits=case.share_limits if rules.keep_caps else (),
        security=(),
        projects=tuple(_as_built(p, running[p.name], years) for p in case.projects),
        built=(),
        budget=(),
        stockpiles=tuple(_as_stored(plan, pile, years) for pile in case.stockpiles),
        ceilings=_ceilings(plan, rules.surge, years),
        member_ceilings=()
        if rules.solidarity
        else tuple(_member_ceilings(plan, rules.surge, years)),
        scenarios=(),
        risks=(),
    )


def unmet(plan: Plan, row: Demand, year: int) -> float:
    """Return what a plan leaves short of one row of demand in a year [t]."""
    key = (row.mineral, row.member, year)
    if key in plan.case.tiers_of:
        return plan.value(OF_TIER, (row.mineral, row.member, row.tier, year))
    return plan.value(SHORTAGE, key)


def _met(plan: Plan, row: Demand, years: tuple[int, ...]) -> Demand:
    """Return a row of demand, and beside it what the agreed plan leaves short."""
    met = [(y, t, t - unmet(plan, row, y)) for y, t in row.tonnes if y in years]
    tonnes = tuple((y, left if left > tolerances.DEMAND_MET * t else 0.0) for y, t, left in met)
    apart = tuple((y, t - left) for (y, t, _), (_, left) in zip(met, tonnes, strict=True))
    return dataclasses.replace(row, tonnes=tonnes, unmet=apart)


def _ceilings(
    plan: Plan, surge: float, years: tuple[int, ...]
) -> tuple[tuple[str, str, str, int, float], ...]:
    """Return what each source may sell: as agreed and the surge; none where capacity binds first.

    A source of which nothing is agreed may surge too, up to that part of its capacity.
    """
    ceilings = []
    for row in plan.sources.to_dict("records"):
        most = row["tonnes"] + surge * row["usable"]
        if row["year"] in years and most < row["usable"]:
            key = (row["refiner"], row["project"], row["mineral"], row["year"])
            ceilings.append((*key, float(most)))
    return tuple(ceilings)


def _member_ceilings(
    plan: Plan, surge: float, years: tuple[int, ...]
) -> Iterator[tuple[str, str, str, str, int, float]]:
    """Yield what each member may buy of each source: as agreed, and its part of the surge."""
    e, d = plan.expanded, plan.expanded.deliveries
    bought = np.zeros((len(e.sources), len(e.members), len(e.years)))
    np.add.at(bought, (d.source, d.member, d.year), plan.delivered)
    parts = Rights(e).sources
    usable = {
        (row["refiner"], row["project"], row["mineral"], row["year"]): row["usable"]
        for row in plan.sources.to_dict("records")
    }
    for r, source in enumerate(e.sources):
        for t, year in enumerate(e.years):
            key = (source.name, source.project, source.mineral)
            more = surge * usable[*key, year]
            for j, member in enumerate(e.members) if year in years else ():
                most = float(bought[r, j, t] + more * parts[r, t, j])
                yield (*key, member, year, most)


def _as_built(project: Project, running: dict[int, float], years: tuple[int, ...]) -> Project:
    """Return a project as a built plant: of each year what the agreed plan has running."""
    first, last = years[0], years[-1]
    return dataclasses.replace(
        project,
        capacity=ByYear(running[first], tuple((y, running[y]) for y in years)),
        capex=0.0,
        first_year=first,
        life=last - first + 1,
        built_in=first,
    )


def _as_stored(plan: Plan, pile: Stockpile, years: tuple[int, ...]) -> Stockpile:
    """Return a reserve as it is when the loss begins, to be held as far as was agreed.

    Its target is that of all demand, or what the agreed plan holds if that is less: to fall below
    it costs the target's penalty, and nobody fills a reserve beyond what was agreed.
    """
    case, first = plan.case, plan.case.years.index(years[0])
    held = [plan.value(STOCK, (pile.mineral, pile.member, y)) for y in case.years]
    agreed = [
        (y, min(stock_target(case, pile, y), kept))
        for y, kept in zip(case.years, held, strict=True)
        if y in years
    ]
    return dataclasses.replace(
        pile,
        opening=min(held[first - 1] if first else pile.opening, pile.max),
        target=ByYear(None, tuple(agreed)),
        target_days=None,
    )


# ---- what was decided before a year is kept, all else is free ----------------------------------


def decided_before(plan: Plan, year: int) -> FixedDecisions:
    """Return what a plan decides before a year.

    Each component of the program that is a decision says in which year it is decided: flows, ore
    and stocks in their own, a plant in the year in which building it begins, and is paid for. What
    is short, not taken, lacking of a target or beyond a limit follows from these.
    """
    case, decisions = plan.case, list[tuple[str, object, float]]()
    for group in plan.program.variables:
        columns = columns_named(group.component)
        if columns.decided is None:
            continue
        amounts = np.maximum(plan.x[group.at], 0.0)
        index = np.flatnonzero(amounts)
        for key, amount in zip(group.keys(index), amounts[index].tolist(), strict=True):
            kept = _whole(case, key, amount) if columns in {BUILT, REST} else amount
            if kept > 0.0 and columns.decided(case, key) < year:
                decisions.append((columns.name, columns.stable_key(case, key), kept))
    return FixedDecisions(year, tuple(decisions))


def _whole(case: Case, key: Any, amount: float) -> float:
    """Return a part of a project, with the solver's rounding off it where it is built whole."""
    project = next(p for p in case.projects if p.name == key[0])
    if not case.settings.whole_projects or key[1] in dict(project.begun):
        return amount
    wholes = (0.0, unbuilt(project), 1.0)
    near = min(wholes, key=lambda whole: abs(amount - whole))
    return near if abs(amount - near) < tolerances.SAME_SHARE else amount


@dataclass(frozen=True)
class Unforeseen:
    """A change: a scenario or what-ifs from a year on, of which nobody knew before.

    Before ``agreed.before`` the case is the one that is changed, and what ``agreed`` says was
    decided then is kept; from that year on it is the variant. In the first year of the horizon that
    is the variant itself. Two changes have no year of their own: a limit on shares, set or removed,
    holds from the year on; and a plant that the variant builds is built so only if building begins
    in that year or later, and if nothing of it was begun before. With ``is_known`` the same events
    are known from the first year, and nothing is kept.
    """

    variant: Variant
    agreed: FixedDecisions
    is_known: bool = False

    def __call__(self, case: Case) -> Case:
        """Return the case that is planned. A variant that removes a member has no year."""
        year = self.agreed.before
        if year <= case.years[0]:
            return self.variant(case)
        steps = [
            step for step in self.steps(case) if step.last_year is None or step.last_year >= year
        ]
        changed = after(case, [_from(step, year, case.years) for step in steps])
        if self.variant.max_country_share is not None:
            changed = set_max_country_share(changed, self.variant.max_country_share)
        built = {(row.project, row.year) for row in case.built}
        begun = {
            key[0]
            for name, key, _ in self.agreed.amounts
            if name == BUILT.name and key not in built
        }
        return changed.change(
            projects=tuple(_built_late(p, year, begun, case.years) for p in changed.projects),
            share_limits=_joined_limits(case.share_limits, changed.share_limits, year),
            scenario=self.variant(case).scenario,
            agreed=None if self.is_known else self.agreed,
        )

    def acts(self, case: Case) -> bool:
        """Return whether the variant changes anything in a case."""
        return replace(self, is_known=True)(case).change(scenario=case.scenario) != case

    def acts_before(self, case: Case) -> bool:
        """Return whether the variant does, or may build, anything before the year."""
        whole, year = self.variant(case), self.agreed.before
        begun = (
            budget_year(project, min(start_years(project, case.years)), case.years)
            for project, built in zip(case.projects, whole.projects, strict=True)
            if built.built_in is not None and start_years(project, case.years)
        )
        late = replace(self, is_known=True)(case)
        return late != whole or (year > case.years[0] and any(begins < year for begins in begun))

    def steps(self, case: Case) -> list[ScenarioStep]:
        """Return all that the variant does, but for a limit on countries' shares."""
        what_ifs = (step for what_if in self.variant.what_ifs for step in what_if.steps)
        return [*steps_of(case, self.variant.scenario), *what_ifs]


def _from(step: ScenarioStep, year: int, years: tuple[int, ...]) -> ScenarioStep:
    """Return a step that does nothing before a year, as far as it knows years."""
    first = step.first_year or years[0]
    if "last_year" not in TAKES[step.action].selectors or not any(first <= y < year for y in years):
        return step
    return dataclasses.replace(step, first_year=max(step.first_year or year, year))


def _built_late(
    project: Project, year: int, begun: Collection[str], years: tuple[int, ...]
) -> Project:
    """Return a project without a build by the scenario that would have begun before a year."""
    start = project.built_in
    if start is None or (project.name not in begun and budget_year(project, start, years) >= year):
        return project
    return dataclasses.replace(project, built_in=None)


def _joined_limits(
    before: Iterable[ShareLimit], after_: Iterable[ShareLimit], year: int
) -> tuple[ShareLimit, ...]:
    """Return the share limits of one case before a year, and of another one from then on."""
    gone, new = Counter(before), Counter(after_)
    both = gone & new
    gone, new = gone - both, new - both
    ended = (
        dataclasses.replace(row, last_year=min(row.last_year or year, year - 1))
        for row in gone.elements()
        if row.first_year is None or row.first_year < year
    )
    begun = (
        dataclasses.replace(row, first_year=max(row.first_year or year, year))
        for row in new.elements()
        if row.last_year is None or row.last_year >= year
    )
    return (*both.elements(), *ended, *begun)
