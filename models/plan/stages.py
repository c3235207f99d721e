"""What plants buy of other plants, and what members hand to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.case import Case
from models.errors import Finding, warning
from models.measures import served_share, served_without
from models.program.families.inputs import JOINT_NEED, NEED
from models.program.families.ore import ORE
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import STOCK
from models.resolve import Floats, by_stage
from models.schema import COALITION, REST_OF_WORLD, Input

if TYPE_CHECKING:
    from models.plan.plan import Plan

INPUTS = (
    "year mineral refiner project country member plant plant_project product plant_country tonnes"
    " cost tariff freight levy landed total worth unused"
)


def inputs(plan: Plan) -> Iterator[tuple[Any, ...]]:
    """Yield ``INPUTS`` of every flow of an input, sold to a plant or handed to it.

    year, mineral (the input), refiner, project, country, member ("" where it is bought), plant,
    plant_project, product ("" where it is joint), plant_country, tonnes, cost, tariff (fraction),
    freight, levy, landed [money/t; 0 where it is handed over], total [money], worth (of a tonne
    more of the input to the plant) [money/t], unused (t beyond what a joint line needs).
    """
    e, flows, hand = plan.expanded, plan.expanded.input_flows, plan.expanded.hand_overs
    if not e.intakes:
        return
    unused = unused_of(plan)

    def plant(i: int, t: int, share: float) -> tuple[tuple[Any, ...], tuple[float, float]]:
        of, year = e.intakes[i], e.years[t]
        whose = (of.refiner, of.project, of.product, of.country)
        return whose, (worth(plan, i, year), share * unused[i, t])

    arriving = _arriving(plan)
    for k in np.flatnonzero(plan.taken > tolerances.LEAST_FLOW).tolist():
        source, i, t = e.sources[flows.source[k]], int(flows.intake[k]), int(flows.year[k])
        tonnes, landed = float(plan.taken[k]), float(flows.landed[k])
        whose, more = plant(i, t, tonnes / arriving[i, t])
        seller = (source.mineral, source.name, source.project, source.country, "")
        parts = (flows.cost, flows.tariff, flows.freight, flows.levy)
        money = tuple(float(of[k]) for of in parts)
        yield (e.years[t], *seller, *whose, tonnes, *money, landed, tonnes * landed, *more)
    for k in np.flatnonzero(plan.handed > tolerances.LEAST_FLOW).tolist():
        i, t, tonnes = int(hand.intake[k]), int(hand.year[k]), float(plan.handed[k])
        whose, more = plant(i, t, tonnes / arriving[i, t])
        member = e.members[hand.member[k]]
        giver = (e.intakes[i].mineral, "", "", "", member)
        yield (e.years[t], *giver, *whose, tonnes, *(0.0,) * 6, *more)


def input_cost(plan: Plan, spent: Floats | None = None) -> Floats:
    """Return what the inputs of a tonne cost that a source sells [money/t], by (source, year).

    Through all stages: what its plant paid for them landed, and what theirs cost in turn. A joint
    input is charged to its products by tonnes; what is handed over costs nothing here. ``spent`` is
    what each flow of an input costs in place of that.
    """
    e, flows = plan.expanded, plan.expanded.input_flows
    found = np.zeros((len(e.sources), len(e.years)))
    made = np.array([plan.sold[[r for r, _ in of.needs]].sum(axis=0) for of in e.intakes])
    spent = plan.taken * flows.landed if spent is None else spent
    for mineral in reversed(by_stage(plan.case)) if e.intakes else ():
        at = np.flatnonzero(flows.mineral == e.mineral_at[mineral])
        i, t = flows.intake[at], flows.year[at]
        paid = spent[at] + plan.taken[at] * found[flows.source[at], t]
        for k, money in zip(zip(i.tolist(), t.tolist(), strict=True), paid.tolist(), strict=True):
            if made[k] > 0:
                found[[r for r, _ in e.intakes[k[0]].needs], k[1]] += money / made[k]
    return found


def beyond_need(plan: Plan) -> Iterator[Finding]:
    """Yield a warning for each joint line that takes more of an input than its largest need."""
    e = plan.expanded
    unused = unused_of(plan).sum(axis=1)
    for of, tonnes in zip(e.intakes, unused.tolist(), strict=True):
        if tonnes > 0:
            rows = [
                row for row in plan.case.inputs
                if (row.refiner, row.input) == (of.refiner, of.mineral) and row.joint
            ]  # fmt: skip
            said = f"{of.refiner} takes {tonnes:,.6g} t of {of.mineral} beyond its largest need"
            hint = "the sheet Inputs of the plan has it by year"
            yield warning(Input.SHEET, rows[0].row, Input.column_of("joint").header,
                          found=said, hint=hint)  # fmt: skip


# ---- what is lost with a country, through all stages ---------------------------------------------


def lost_parts(plan: Plan, country: str) -> Floats:
    """Return which part of each source's tonnes goes when a country stops, by (source, year).

    All of what is in the country. Of others the largest part of any of their inputs, or of their
    ore, that comes from lost sources; of a tonne that a member hands over the part of what it
    bought in that year or drew from stock, which is not lost. Of what sells nothing, nothing.
    """
    e, flows, hand, d = (
        plan.expanded, plan.expanded.input_flows, plan.expanded.hand_overs, plan.expanded.deliveries
    )  # fmt: skip
    lost = _lost_ore(plan, country)
    lost[[s.country == country for s in e.sources]] = 1.0
    lost[plan.sold <= 0] = 0.0
    for mineral in reversed(by_stage(plan.case)) if e.intakes else ():
        m = e.mineral_at[mineral]
        gone, whole = np.zeros((2, len(e.intakes), len(e.years)))
        at = np.flatnonzero(flows.mineral == m)
        where = (flows.intake[at], flows.year[at])
        np.add.at(whole, where, plan.taken[at])
        np.add.at(gone, where, plan.taken[at] * lost[flows.source[at], flows.year[at]])
        own = np.flatnonzero(d.mineral == m)
        bought, bad = np.zeros((2, len(e.members), len(e.years)))
        np.add.at(bought, (d.member[own], d.year[own]), plan.delivered[own])
        np.add.at(
            bad, (d.member[own], d.year[own]),
            plan.delivered[own] * lost[d.source[own], d.year[own]],
        )  # fmt: skip
        has = bought + _drawn(plan, mineral)
        part = np.divide(bad, has, out=np.zeros_like(bad), where=has > 0)
        at = np.flatnonzero(hand.mineral == m)
        where = (hand.intake[at], hand.year[at])
        np.add.at(whole, where, plan.handed[at])
        np.add.at(gone, where, plan.handed[at] * part[hand.member[at], hand.year[at]])
        share = np.divide(gone, whole, out=np.zeros_like(gone), where=whole > 0)
        for i, of in enumerate(e.intakes):
            if of.mineral == mineral:
                for r, _ in of.needs:
                    lost[r] = np.where(plan.sold[r] > 0, np.maximum(lost[r], share[i]), 0.0)
    return lost


def _lost_ore(plan: Plan, country: str) -> Floats:
    """Return the part of each source's ore that the mines of a country ship, by (source, year)."""
    e = plan.expanded
    whole, gone = np.zeros((2, len(e.sources), len(e.years)))
    for group in plan.program.variables:
        if group.component is ORE:
            n, r, t = group.index
            ore = np.maximum(plan.x[group.at], 0.0)
            mine = np.array([of.country == country for of in plan.case.mines], dtype=bool)
            np.add.at(whole, (r, t), ore)
            np.add.at(gone, (r, t), ore * mine[n])
    return np.divide(gone, whole, out=np.zeros_like(gone), where=whole > 0)


def _drawn(plan: Plan, mineral: str) -> Floats:
    """Return what each member draws from its stock [t], by (member, year)."""
    e = plan.expanded
    found = np.zeros((len(e.members), len(e.years)))
    for j, member in enumerate(e.members):
        pile = plan.case.stockpile_of.get((mineral, member))
        before = 0.0 if pile is None else pile.opening
        for t, year in enumerate(e.years) if pile is not None else ():
            after = plan.value(STOCK, (mineral, member, year))
            found[j, t], before = max(0.0, before - after), after
    return found


def served_if_lost(plan: Plan, year: int) -> dict[str, dict[str, tuple[float, float]]]:
    """Return what is served of each mineral if a country outside stops, by mineral and country.

    At the last stage, where the country's own sales to members are lost, and through all stages.
    Of minerals that members need; nothing is bought instead, and stocks give what the plan draws.
    """
    e, d, case = plan.expanded, plan.expanded.deliveries, plan.case
    t = e.years.index(year)
    at = np.flatnonzero(d.year == t)
    sold = np.zeros(len(e.sources))
    np.add.at(sold, d.source[at], plan.delivered[at])
    home = {code for code in _countries(case) if COALITION in case.blocs_of(code)}
    lost = {c: lost_parts(plan, c)[:, t] for c in sorted(_countries(case) - home - {REST_OF_WORLD})}
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for m, name in enumerate(e.minerals):
        need, of = case.coalition_demand(name, year), [*e.of_mineral[name]]
        if need <= 0:
            continue
        short = sum(plan.value(SHORTAGE, (name, member, year)) for member in e.members)
        handed = float(plan.handed_by[m, :, t].sum())
        bought, served = float(sold[of].sum()), served_share(need, short)
        drawn = max(0.0, need + handed - short - bought)
        for country, parts in lost.items():
            own = np.array([e.sources[r].country == country for r in of], dtype=float)
            left = [float((sold[of] * (1.0 - part)).sum()) for part in (own, parts[of])]
            two = [served_without(others, drawn, need, served) or 0.0 for others in left]
            found.setdefault(name, {})[country] = (two[0], min(two))
    return found


def _countries(case: Case) -> set[str]:
    """Return the countries that refine or mine."""
    found = {of.country for of in case.refiners} | {of.country for of in case.projects}
    return found | {of.country for of in case.mines}


def worth(plan: Plan, i: int, year: int) -> float:
    """Return what a tonne more of an input is worth to a plant in a year [money/t]."""
    e, of = plan.expanded, plan.expanded.intakes[i]
    if not of.is_joint:
        return plan.dual(NEED, (of.mineral, of.refiner, of.project, of.product, year))
    keys = ((of.mineral, of.refiner, e.sources[r].mineral, year) for r, _ in of.needs)
    return sum(plan.dual(JOINT_NEED, key) for key in keys)


def _arriving(plan: Plan) -> Floats:
    """Return what arrives of each input [t], by (intake, year)."""
    e, flows, hand = plan.expanded, plan.expanded.input_flows, plan.expanded.hand_overs
    found = np.zeros((len(e.intakes), len(e.years)))
    np.add.at(found, (flows.intake, flows.year), plan.taken)
    np.add.at(found, (hand.intake, hand.year), plan.handed)
    return found


def unused_of(plan: Plan) -> Floats:
    """Return what joint lines take beyond their largest need [t], by (intake, year)."""
    e, found = plan.expanded, _arriving(plan)
    for i, of in enumerate(e.intakes):
        need = np.max([ratio * plan.sold[r] for r, ratio in of.needs], axis=0)
        nothing = [plan.tolerance(of.mineral, year) for year in e.years]
        found[i] = np.where(of.is_joint & (found[i] - need > nothing), found[i] - need, 0.0)
    return found
