"""Regret: what it costs not to have known of a scenario, and to have planned for it in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from models.case import BASE, Case
from models.measures import difference, ratio, sums
from models.results import Figure as Measure
from models.results import Result, field
from models.results.common import words_of
from models.units import MILLION
from planner.render.words import inner, known, money, percent
from planner.studies.agreed import Unforeseen, decided_before
from planner.studies.cases import UNFORESEEN, ComparedCase, Planned
from planner.studies.engine import Outcomes, Run, Study, run_study
from planner.studies.kind import KeyFigure, Tables

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.studies.places import Where


class Regret(Result):
    """What it costs not to have known of a scenario, and to have planned for it in vain."""

    TABLE, GRAIN, BOOK = "Regret", ("scenario",), "compare"
    scenario = field.text(Measure.SCENARIO, "The scenario as it is foreseen.")
    foreseen = field.millions(
        "Foreseen", "Total cost if the scenario is known from the first year. Discounted."
    )
    unforeseen = field.millions(
        "Unforeseen",
        "Total cost if nobody knows of the scenario before the year in About. Discounted.",
    )
    surprise = field.millions("Not knowing costs", "Unforeseen less foreseen. Discounted.")
    vain = field.millions(
        "Planned for, stays away",
        "Total cost if everything before that year is decided for the scenario, and it does not"
        " come: from the year on the inputs are the base's. Discounted.",
    )
    regret = field.millions(
        "Planning in vain costs", "Planned for, stays away, less the base. Discounted."
    )
    likely = field.share(
        "Worth planning for from",
        "From this probability of the scenario on, planning for it costs less on average than not"
        " planning for it: planning in vain costs / (planning in vain costs + not knowing costs)."
        " Blank: neither costs anything.",
    )


Short = dict[tuple[str, int], float]
"""What is short [t] by mineral and year."""


def short_of(plan: Plan) -> Short:
    """Return what a plan leaves short [t], by mineral and year."""
    return sums(plan.supply, "short", "mineral", "year")


def stays_away(name: str) -> str:
    """Return what a scenario is called where it is planned for and does not come."""
    return f"{name} (planned for, stays away)"


def in_vain(
    case: Case, cases: Sequence[ComparedCase], planned: Outcomes[Planned], where: Where | None
) -> Outcomes[Short]:
    """Return what the base leaves short where a scenario was planned for that then stays away.

    One outcome for each case that comes unforeseen, of its name; what was decided before its year
    is that of the same scenario foreseen. Without that one's plan nothing is planned.
    """
    plans, chains = {outcome.name: outcome.found for outcome in planned}, []
    for each in cases:
        foreseen = plans.get(each.foreseen)
        if isinstance(each.variant, Unforeseen) and foreseen is not None:
            agreed = decided_before(foreseen.plan, each.variant.agreed.before)
            chains.append((Run(each.name, partial(Case.change, agreed=agreed)),))
    if planned.stopped or not chains:
        return Outcomes((), planned.stopped)
    return run_study(Study(case, tuple(chains), short_of), where)


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
            surprise, regret = difference(late, early, early), difference(lost, base, base)
            rows.append({
                "scenario": foreseen, "foreseen": early, "unforeseen": late, "surprise": surprise,
                "vain": lost, "regret": regret, "likely": ratio(regret, regret + surprise),
            })  # fmt: skip
    return Regret.of_rows(rows, words=words_of(case)) if rows else None


def in_vain_costs(
    tables: Tables, currency: str, missing: Callable[[str, str], str]
) -> tuple[KeyFigure, ...]:
    """Return the scenario that it costs most to plan for and have it stay away; () of none.

    ``missing`` says what one case leaves missing more than another.
    """
    rows = tables.rows(Regret, Regret.scenario, Regret.regret, Regret.likely)
    costs = [row for row in rows if known(row[1])]
    if not costs:
        return ()
    name, cost, likely = max(costs, key=lambda row: float(row[1]))
    remark = "no scenario is costly to prepare for in vain."
    if cost > 0:
        worth = (
            f" Preparing pays off from a probability of {percent(likely)} on."
            if known(likely)
            else ""
        )
        lacks = missing(stays_away(str(name)), BASE)
        remark = (
            f"if the coalition prepares for {name}, and it then does not come. {_PRICED}"
            f" {lacks}.{worth}"
        )
    return (KeyFigure("Preparing in vain costs at most", money(max(cost, 0.0), currency), remark),)


def not_knowing(
    late: pd.DataFrame, year: str, currency: str, missing: Callable[[str, str], str]
) -> tuple[tuple[KeyFigure, ...], str]:
    """Return the scenario of which it costs most not to know before a year, and a sentence.

    ``missing`` says what one case leaves missing more than another.
    """
    late = late.assign(surprise=pd.to_numeric(late["surprise"], errors="coerce"))
    late = late[late["surprise"].notna()]
    if late.empty:
        return (), ""
    worst = late.sort_values("surprise", ascending=False, kind="stable").iloc[0]
    cost, late_name = float(worst["surprise"]) * MILLION, str(worst["scenario"])
    if not cost > 0:
        sentence = f"In every scenario, not knowing of it before {year} costs nothing."
        none = KeyFigure(
            _COSTS, money(0.0, currency), f"in every scenario that nobody knows of before {year}."
        )
        return (none,), sentence
    name, amount = late_name.removesuffix(f" ({UNFORESEEN})"), money(cost, currency)
    lacks = missing(late_name, name)
    sentence = (
        f"If {name} comes as a surprise in {year}, it costs {amount} more than if it were known"
        f" from the first year, with shortage at its price; {inner(lacks)}."
    )
    return (
        KeyFigure(
            _COSTS,
            amount,
            f"if {name} comes as a surprise, compared with knowing of it. {_PRICED} {lacks}.",
        ),
    ), sentence


_COSTS = "Not knowing costs at most"
_PRICED = "This is total cost, with shortage at its price."
