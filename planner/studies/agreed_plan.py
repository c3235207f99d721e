"""An agreed plan as a case of its own, in which a supplier is then lost.

The plan's builds, orders, opening stocks and met demand are kept. After the loss the remaining
suppliers may sell more (a surge), stocks may be drawn, and share limits are waived unless they are
kept.

If a scenario comes as a surprise in a year, decisions of earlier years are kept
(``decisions_before``), and later ones are free (``Unforeseen``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, FixedDecisions, Selection
from models.measures import SURGE
from models.plan import BUILT, REST, SHORTAGE, STOCK, Plan
from models.plan.tiers import tier_short
from models.program.component import columns_named
from models.resolve import Rights, budget_year, start_years, stock_target, unbuilt
from models.schema import (
    ACTION_CELLS,
    Built,
    ByYear,
    Demand,
    Project,
    ScenarioStep,
    ShareLimit,
    Stockpile,
)
from planner.scenarios import Variant, set_max_country_share, steps_of
from planner.scenarios.actions import DrawnDelays, apply_steps, delayed_projects


@dataclass(frozen=True)
class Rules:
    """What the coalition may do after a loss, and when the loss begins.

    ``surge`` is how much more than agreed a supplier may sell, as a fraction of its usable capacity
    of the year; ``keep_caps`` keeps share limits; ``first_year`` is the year in which the loss
    begins (None: the first of the horizon). With ``solidarity`` members share the supply that
    remains. Without it, each member buys from a supplier no more than agreed, and its share of the
    surge by ``Rights``.
    """

    surge: float = SURGE
    keep_caps: bool = False
    first_year: int | None = None
    solidarity: bool = True


def case_before_loss(plan: Plan, rules: Rules, late: Collection[str] = ()) -> Case:
    """Return the agreed plan's case under the rules of a loss, before any supplier is lost.

    Demand is the demand that the agreed plan meets, so every shortage in this case is due to the
    loss. Share limits that are kept allow, or require, as many tonnes as before. The years begin
    with the loss, so nothing is stored because of it. Capital and switching costs are left out,
    because they are spent as agreed. The surge replaces limits on growth. The rows of the sheet
    Security do not apply. The builds of the projects ``late`` are rows of Built, so that they can
    be delayed.
    """
    case = plan.case
    years = tuple(y for y in case.years if rules.first_year is None or y >= rules.first_year)
    settings = replace(case.settings, switching_cost=0.0, whole_projects=False)
    alone = () if rules.solidarity else tuple(_member_ceilings(plan, rules.surge, years))
    running: dict[str, dict[int, float]] = {p.name: {} for p in case.projects}
    for row in plan.projects.to_dict("records"):
        running[row["project"]][int(row["year"])] = float(row["capacity"])
    return case.change(
        years=years,
        settings=settings,
        refiners=tuple(replace(r, max_growth=None) for r in case.refiners),
        demand=tuple(_with_met_demand(plan, row, years) for row in case.demand),
        share_limits=case.share_limits if rules.keep_caps else (),
        security=(),
        projects=tuple(
            replace(p, capex=0.0, first_year=years[-1] + 1, built_in=None)
            if p.name in late
            else _as_built(p, running[p.name], years)
            for p in case.projects
        ),
        built=tuple(
            Built(project=name, year=start, fraction=min(part, 1.0))
            for (name, start), part in plan.amounts(BUILT).items()
            if name in late
        ),
        budget=(),
        stockpiles=tuple(_as_stored(plan, stockpile, years) for stockpile in case.stockpiles),
        ceilings=_ceilings(plan, rules.surge, years),
        member_ceilings=alone,
        scenarios=(),
        risks=(),
    )


def unmet_demand(plan: Plan, row: Demand, year: int) -> float:
    """Return the shortage of one row of demand in a year [t]."""
    key = (row.mineral, row.member, year)
    if key in plan.case.tiers_of:
        return tier_short(plan, key, row.tier)
    return plan.value(SHORTAGE, key)


def _with_met_demand(plan: Plan, row: Demand, years: tuple[int, ...]) -> Demand:
    """Return a row with the demand that the agreed plan meets, and its shortage as ``unmet``."""
    met = [(y, t, t - unmet_demand(plan, row, y)) for y, t in row.tonnes if y in years]
    tonnes = tuple((y, left if left > tolerances.USED_UP * t else 0.0) for y, t, left in met)
    unmet = tuple((y, t - left) for (y, t, _), (_, left) in zip(met, tonnes, strict=True))
    return replace(row, tonnes=tonnes, unmet=unmet)


def _ceilings(
    plan: Plan, surge: float, years: tuple[int, ...]
) -> tuple[tuple[str, str, str, int, float], ...]:
    """Return the most that each source may sell: the agreed tonnes and the surge.

    There is no entry where capacity is smaller than that. A source without agreed sales may surge,
    too.
    """
    rows = plan.sources.assign(most=plan.sources["tonnes"] + surge * plan.sources["usable"])
    rows = rows[rows["year"].isin(years) & (rows["most"] < rows["usable"])]
    columns = ["refiner", "project", "mineral", "year", "most"]
    return tuple(rows[columns].itertuples(index=False, name=None))


def _member_ceilings(
    plan: Plan, surge: float, years: tuple[int, ...]
) -> Iterator[tuple[str, str, str, str, int, float]]:
    """Yield the most that each member may buy from each source: agreed, and part of the surge."""
    e, d = plan.expanded, plan.expanded.deliveries
    bought = np.zeros((len(e.sources), len(e.members), len(e.years)))
    np.add.at(bought, (d.source, d.member, d.year), plan.delivered)
    parts = Rights(e).source_shares
    usable = plan.sources.set_index(["refiner", "project", "mineral", "year"])["usable"].to_dict()
    for r, source in enumerate(e.sources):
        for t, year in enumerate(e.years):
            key = (source.name, source.project, source.mineral)
            more = surge * usable[*key, year]
            for j, member in enumerate(e.members) if year in years else ():
                most = float(bought[r, j, t] + more * parts[r, t, j])
                yield (*key, member, year, most)


def _as_built(project: Project, running: dict[int, float], years: tuple[int, ...]) -> Project:
    """Return a project as a built plant, with the capacity that the agreed plan runs each year."""
    first, life = years[0], years[-1] - years[0] + 1
    capacity = ByYear(running[first], tuple((y, running[y]) for y in years))
    return replace(
        project, capacity=capacity, capex=0.0, first_year=first, life=life, built_in=first
    )


def _as_stored(plan: Plan, stockpile: Stockpile, years: tuple[int, ...]) -> Stockpile:
    """Return a reserve as it is when the loss begins, with the agreed stock as its target.

    The target is the reserve's own target, or the agreed stock if that is less. Falling below it
    costs the target's penalty. Nobody fills a reserve beyond the agreed stock.
    """
    case, first = plan.case, plan.case.years.index(years[0])
    held = [plan.value(STOCK, (stockpile.mineral, stockpile.member, y)) for y in case.years]
    kept = zip(years, held[first:], strict=True)
    target = ByYear(None, tuple((y, min(stock_target(case, stockpile, y), t)) for y, t in kept))
    opening = min(held[first - 1] if first else stockpile.opening, stockpile.max)
    return replace(stockpile, opening=opening, target=target, target_days=None)


# ---- decisions before a year are kept, all others are free ---------------------------------------


def decisions_before(plan: Plan, year: int) -> FixedDecisions:
    """Return the decisions that a plan makes before a year.

    Each component of the program that is a decision declares its year. Flows, ore and stocks are
    decided in their own year; a plant in the year in which building begins and is paid for.
    Shortages, refused tonnes, missing reserves and exceeded limits follow from these decisions.
    """
    case, decisions = plan.case, dict[tuple[str, Any], float]()
    due = {(p.name, start): year for p in case.projects for start, year in p.late}
    for group in plan.program.variables:
        columns = columns_named(group.component)
        if columns.decided is None:
            continue
        amounts = np.maximum(plan.x[group.at], 0.0)
        index = np.flatnonzero(amounts)
        for key, amount in zip(group.keys(index), amounts[index].tolist(), strict=True):
            kept = _rounded_build(case, key, amount) if columns in {BUILT, REST} else amount
            if kept > 0.0 and columns.decided(case, key) < year:
                stable = columns.stable_key(case, key)
                if columns is BUILT and key in due:  # begun for its own year
                    stable = key[0], due[key]
                decided = columns.name, stable
                decisions[decided] = decisions.get(decided, 0.0) + kept
    return FixedDecisions(year, tuple((*decided, amount) for decided, amount in decisions.items()))


def _rounded_build(case: Case, key: Any, amount: float) -> float:
    """Return a built fraction; rounded to 0, the unbuilt rest or 1 if projects are integer."""
    project = next(p for p in case.projects if p.name == key[0])
    if not case.settings.whole_projects or key[1] in dict(project.begun):
        return amount
    wholes = (0.0, unbuilt(project), 1.0)
    near = min(wholes, key=lambda whole: abs(amount - whole))
    return near if abs(amount - near) < tolerances.SAME_SHARE else amount


@dataclass(frozen=True)
class Unforeseen:
    """A change that comes as a surprise in a year: a scenario or what-ifs that nobody knew before.

    Before the year ``fixed_decisions.before`` the original case applies, and the decisions in
    ``fixed_decisions`` are kept; from that year on the variant applies. If it is the first year of
    the horizon, the result is the variant itself. Two changes name no year. A share limit that is
    set or removed changes in that year. A plant that the variant builds is built only if building
    begins in that year or later, and if it was not begun before. A plant that it delays is late if
    its output is due in that year or later, also if the agreed plan has begun it. With ``is_known``
    the same events are known from the first year, and no decision is kept.
    """

    variant: Variant
    fixed_decisions: FixedDecisions
    is_known: bool = False

    def __call__(self, case: Case) -> Case:
        """Return the changed case. A variant that removes a member is not supported."""
        year = self.fixed_decisions.before
        if year <= case.years[0]:
            return self.variant(case)
        steps = [s for s in self.steps(case) if s.last_year is None or s.last_year >= year]
        delays = [(s, max(s.first_year or year, year)) for s in steps if s.is_once]
        steps = [_step_from(s, year, case.years) for s in steps if not s.is_once]
        changed, fixed_decisions = self._with_delays(apply_steps(case, steps), delays)
        if self.variant.max_country_share is not None:
            changed = set_max_country_share(changed, self.variant.max_country_share)
        built = {(row.project, row.year) for row in case.built}
        amounts = self.fixed_decisions.amounts
        begun = {key[0] for name, key, _ in amounts if name == BUILT.name and key not in built}
        too_early = {
            p.name
            for p in changed.projects
            if p.built_in is not None and budget_year(p, p.built_in, case.years) < year
        }
        # a surprise builds neither what is begun by then, nor what it would have begun earlier
        unbuilt = begun | too_early
        return changed.change(
            projects=tuple(
                replace(p, built_in=None) if p.name in unbuilt else p for p in changed.projects
            ),
            share_limits=_limits_before_and_after(case.share_limits, changed.share_limits, year),
            scenario=self.variant(case).scenario,
            fixed_decisions=None if self.is_known else fixed_decisions,
        )

    def _with_delays(
        self, case: Case, delays: Iterable[tuple[ScenarioStep, int]]
    ) -> tuple[Case, FixedDecisions]:
        """Return the case and the agreed decisions after delays, each from a year on."""
        late = {name for step, _ in delays for name in delayed_projects(case, step)}
        rows, built = list[Built](), {(row.project, row.year) for row in case.built}
        projects, first, paid = {p.name: p for p in case.projects}, case.years[0], 0.0
        for name, key, amount in self.fixed_decisions.amounts if late and not self.is_known else ():
            if name == BUILT.name and key[0] in late and key not in built:
                rows.append(Built(project=key[0], year=key[1], fraction=amount))
                project = projects[key[0]]
                paid += project.capex * amount if key[1] - project.lead_time < first else 0.0
        if rows:  # what the agreed plan has begun is as the sheet Built has it
            budget = (
                replace(row, committed=row.committed + paid) if row.year == first else row
                for row in case.budget
            )
            case = case.change(built=(*case.built, *rows), budget=tuple(budget))
        case = DrawnDelays(tuple(delays))(case, Selection())
        moved = {(r.project, r.due): (r.project, r.year) for r in case.built if r.due is not None}
        amounts = tuple(
            (name, moved.get(key, key) if name == BUILT.name else key, amount)
            for name, key, amount in self.fixed_decisions.amounts
            if name != REST.name or key[0] not in late
        )
        return case, replace(
            self.fixed_decisions, amounts=amounts
        ) if late else self.fixed_decisions

    def has_effect(self, case: Case) -> bool:
        return replace(self, is_known=True)(case).change(scenario=case.scenario) != case

    def has_effect_before(self, case: Case) -> bool:
        """Return whether the variant changes or may build anything before the year."""
        whole, year = self.variant(case), self.fixed_decisions.before
        begun = (
            budget_year(project, min(start_years(project, case.years)), case.years)
            for project, built in zip(case.projects, whole.projects, strict=True)
            if built.built_in is not None and start_years(project, case.years)
        )
        late = replace(self, is_known=True)(case)
        return late != whole or (year > case.years[0] and any(begins < year for begins in begun))

    def steps(self, case: Case) -> list[ScenarioStep]:
        """Return the steps of the variant, without its limit on countries' shares."""
        what_ifs = (step for what_if in self.variant.what_ifs for step in what_if.steps)
        return [*steps_of(case, self.variant.scenario), *what_ifs]


def _step_from(step: ScenarioStep, year: int, years: tuple[int, ...]) -> ScenarioStep:
    """Return a step that does nothing before a year, if its action has years."""
    is_early = any((step.first_year or years[0]) <= y < year for y in years)
    if not is_early or "last_year" not in ACTION_CELLS[step.action].selectors:
        return step
    return replace(step, first_year=max(step.first_year or year, year))


def _limits_before_and_after(
    before: Iterable[ShareLimit], after_: Iterable[ShareLimit], year: int
) -> tuple[ShareLimit, ...]:
    """Return share limits that hold until a year, and others that hold from that year on."""
    gone, new = Counter(before), Counter(after_)
    both = gone & new
    gone, new = gone - both, new - both
    ended = (
        replace(row, last_year=min(row.last_year or year, year - 1))
        for row in gone.elements()
        if row.first_year is None or row.first_year < year
    )
    begun = (
        replace(row, first_year=max(row.first_year or year, year))
        for row in new.elements()
        if row.last_year is None or row.last_year >= year
    )
    return (*both.elements(), *ended, *begun)
