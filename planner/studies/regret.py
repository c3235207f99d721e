"""Regret: what it costs not to have known of a scenario, and to have planned for it in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

import pandas as pd

from models.case import BASE, Case
from models.measures import beyond, part
from models.results import Figure as Measure
from models.results import Result, field
from models.results.common import words_of
from models.units import MILLION
from planner.render.words import known, money, percent
from planner.studies.agreed import Unforeseen, decided_before
from planner.studies.cases import UNFORESEEN, Compared, Planned
from planner.studies.engine import Outcomes, Run, Study, run_study
from planner.studies.kind import Figure, Tables

if TYPE_CHECKING:
    from planner.studies.places import Where


class Regret(Result):
    """What it costs not to have known of a scenario, and to have planned for it in vain."""

    TABLE, GRAIN, BOOK = "Regret", ("scenario",), "compare"
    scenario = field.text(Measure.SCENARIO, "As it is foreseen.")
    foreseen = field.millions(
        "Foreseen", "Total cost of the scenario, known from the first year. Discounted."
    )
    unforeseen = field.millions(
        "Unforeseen",
        "Total cost of the scenario where nobody knew before the year in About. Discounted.",
    )
    surprise = field.millions("Not knowing costs", "Unforeseen less foreseen. Discounted.")
    vain = field.millions(
        "Planned for, stays away",
        "Total cost where all that is decided before that year is decided as if the scenario came,"
        " and it does not come: from the year on the inputs are the base's. Discounted.",
    )
    regret = field.millions(
        "Planning in vain costs", "The same less the total cost of the base. Discounted."
    )
    likely = field.share(
        "Worth planning for from",
        "The probability of the scenario from which on planning for it costs less on average than"
        " not doing so: planning in vain costs / (planning in vain costs + not knowing costs)."
        " Blank where neither costs anything.",
    )


def in_vain(
    case: Case, cases: Sequence[Compared], planned: Outcomes[Planned], where: Where | None
) -> Outcomes[float]:
    """Return what the base costs where a scenario was planned for that then does not come.

    One outcome for each case that comes unforeseen, of its name; what was decided before its year
    is that of the same scenario foreseen. Without that one's plan nothing is planned.
    """
    plans, chains = {outcome.name: outcome.found for outcome in planned}, []
    for each in cases:
        found = plans.get(each.foreseen)
        if isinstance(each.variant, Unforeseen) and found is not None:
            agreed = decided_before(found.plan, each.variant.agreed.before)
            chains.append((Run(each.name, partial(Case.change, agreed=agreed)),))
    if planned.stopped or not chains:
        return Outcomes((), planned.stopped)
    return run_study(Study(case, tuple(chains), attrgetter("objective")), where)


def regrets(
    case: Case,
    entries: Iterable[tuple[str, str, float | None]],
    vain: Mapping[str, float | None],
) -> Regret | None:
    """Return a row a scenario that comes unforeseen; None without one that is planned in vain.

    ``entries`` are the base and others by name, with the name of the same foreseen where they are
    not, and total cost [money]; ``vain`` is by an unforeseen one's name what it costs if the
    scenario stays away.
    """
    every = list(entries)
    total = {name: cost for name, _, cost in every}
    rows = []
    for name, foreseen, late in every:
        lost, early, base = vain.get(name), total.get(foreseen), total[BASE]
        if lost is not None and early is not None and base is not None and late is not None:
            surprise, regret = beyond(late, early, early), beyond(lost, base, base)
            rows.append({
                "scenario": foreseen, "foreseen": early, "unforeseen": late, "surprise": surprise,
                "vain": lost, "regret": regret, "likely": part(regret, regret + surprise),
            })  # fmt: skip
    return Regret.of_rows(rows, words=words_of(case)) if rows else None


def in_vain_costs(tables: Tables, currency: str) -> tuple[list[Figure], str]:
    """Return what it costs most to plan for a scenario that stays away, and that in a sentence."""
    of = Regret
    rows = tables[of].rows(of.scenario, of.regret, of.likely) if of in tables else ()
    known_of = [row for row in rows if known(row[1])]
    if not known_of:
        return [], ""
    name, cost, likely = max(known_of, key=lambda row: float(row[1]))
    if not cost > 0:
        return [], "To plan for any and have it stay away costs nothing."
    amount = f"+{money(cost, currency)}"
    worth = f"; worth it from a probability of {percent(likely)} on" if known(likely) else ""
    said = f"To plan for {name} and have it stay away costs most: {amount}{worth}."
    return [Figure("Planning in vain costs at most", amount, f"{name}{worth}.")], said


def not_knowing(late: pd.DataFrame, year: str, currency: str) -> tuple[list[Figure], str]:
    """Return what it costs most not to know a scenario before a year, and that in a sentence."""
    late = late.assign(surprise=pd.to_numeric(late["surprise"], errors="coerce"))
    late = late[late["surprise"].notna()]
    if late.empty:
        return [], ""
    worst = late.sort_values("surprise", ascending=False, kind="stable").iloc[0]
    cost, name = float(worst["surprise"]) * MILLION, str(worst["scenario"])
    if not cost > 0:
        said = f"Not to know before {year} costs nothing in any scenario."
        return [Figure(_COSTS, money(0.0, currency), f"in no scenario, before {year}.")], said
    name, amount = name.removesuffix(f" ({UNFORESEEN})"), f"+{money(cost, currency)}"
    said = f"Not to know before {year} costs most of {name}: {amount} against knowing."
    return [Figure(_COSTS, amount, f"{name}, against knowing it from the first year.")], said


_COSTS = "Not knowing costs at most"
