"""Regret: the cost of a surprise, and of preparing for a scenario that does not happen."""

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
from planner.render.words import known, money, percent, uncapitalized
from planner.studies.agreed import Unforeseen, decisions_before
from planner.studies.cases import UNFORESEEN, ComparedCase, Planned
from planner.studies.engine import Outcomes, Run, Study, run_study
from planner.studies.kind import KeyFigure, Tables

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.studies.places import Where


class Regret(Result):
    """The cost of each scenario as a surprise, and of preparing for it in vain."""

    TABLE, GRAIN, BOOK = "Regret", ("scenario",), "compare"
    scenario = field.text(
        Measure.SCENARIO, "The scenario, as if it were known from the first year."
    )
    foreseen = field.millions(
        "Foreseen", "Total cost if the scenario is known from the first year. Discounted."
    )
    unforeseen = field.millions(
        "Unforeseen",
        "Total cost if nobody knows of the scenario before the year in About. Discounted.",
    )
    surprise = field.millions("Not knowing costs", "Unforeseen minus foreseen. Discounted.")
    vain = field.millions(
        "Planned for, stays away",
        "Total cost if the coalition prepares for the scenario until the year in About, and the"
        " scenario then does not happen. Discounted.",
    )
    regret = field.millions(
        "Planning in vain costs", "The column before minus the base's total cost. Discounted."
    )
    likely = field.share(
        "Worth planning for from",
        "If the scenario is at least this likely, preparing for it costs less on average than not"
        " preparing: planning in vain costs / (planning in vain costs + not knowing costs). Blank:"
        " neither costs anything.",
    )


Short = dict[tuple[str, int], float]
"""Shortage [t] by mineral and year."""


def short_of(plan: Plan) -> Short:
    """Return the shortage of a plan [t], by mineral and year."""
    return sums(plan.supply, "short", "mineral", "year")


def absent_name(name: str) -> str:
    """Return the name of a case in which a scenario is planned for and does not happen."""
    return f"{name} (planned for, stays away)"


def plan_absent(
    case: Case, cases: Sequence[ComparedCase], planned: Outcomes[Planned], where: Where | None
) -> Outcomes[Short]:
    """Plan the base case after the coalition has prepared for a scenario that does not happen.

    There is one outcome per surprise whose foreseen case has a plan, under the surprise's name. The
    decisions before its year are those of the foreseen case.
    """
    plans, chains = {outcome.name: outcome.result for outcome in planned}, []
    for each in cases:
        foreseen = plans.get(each.foreseen)
        if isinstance(each.variant, Unforeseen) and foreseen is not None:
            agreed = decisions_before(foreseen.plan, each.variant.agreed.before)
            chains.append((Run(each.name, partial(Case.change, agreed=agreed)),))
    if planned.stopped or not chains:
        return Outcomes((), planned.stopped)
    return run_study(Study(case, tuple(chains), short_of), where)


def regret_table(
    case: Case,
    entries: Iterable[tuple[str, str, float | None]],
    absent: Mapping[str, float | None],
) -> Regret | None:
    """Return one row per surprise with a plan for its absence, or None.

    ``entries`` have each case's name, for a surprise the name of its foreseen case (else ""), and
    total cost [money]. ``absent`` has, by a surprise's name, the total cost if the scenario was
    planned for and does not happen [money].
    """
    every = list(entries)
    total = {name: cost for name, _, cost in every}
    rows = []
    for name, foreseen, late in every:
        lost, early, base = absent.get(name), total.get(foreseen), total[BASE]
        if lost is not None and early is not None and base is not None and late is not None:
            surprise, regret = difference(late, early, early), difference(lost, base, base)
            rows.append({
                "scenario": foreseen, "foreseen": early, "unforeseen": late, "surprise": surprise,
                "vain": lost, "regret": regret, "likely": ratio(regret, regret + surprise),
            })  # fmt: skip
    return Regret.of_rows(rows, words=words_of(case)) if rows else None


def vain_preparation(
    tables: Tables, currency: str, missing: Callable[[str, str], str]
) -> tuple[KeyFigure, ...]:
    """Return the scenario for which preparing in vain costs most, or ().

    ``missing`` says what is missing in one case beyond another.
    """
    rows = tables.rows(Regret, Regret.scenario, Regret.regret, Regret.likely)
    costs = [row for row in rows if known(row[1])]
    if not costs:
        return ()
    name, cost, likely = max(costs, key=lambda row: float(row[1]))
    remark = "preparing for a scenario that does not happen costs nothing extra."
    if cost > 0:
        worth = (
            f" Preparing pays off if the scenario is at least {percent(likely)} likely."
            if known(likely)
            else ""
        )
        shortage = missing(absent_name(str(name)), BASE)
        remark = (
            f'if the coalition prepares for "{name}", and it then does not happen. {_PRICED}'
            f" {shortage}.{worth}"
        )
    return (KeyFigure("Preparing in vain costs at most", money(max(cost, 0.0), currency), remark),)


def surprise_cost(
    late: pd.DataFrame, year: str, currency: str, missing: Callable[[str, str], str]
) -> tuple[tuple[KeyFigure, ...], str]:
    """Return the scenario whose surprise costs most, as a key figure and as a sentence.

    ``missing`` says what is missing in one case beyond another.
    """
    late = late.assign(surprise=pd.to_numeric(late["surprise"], errors="coerce"))
    late = late[late["surprise"].notna()]
    if late.empty:
        return (), ""
    worst = late.sort_values("surprise", ascending=False, kind="stable").iloc[0]
    cost, late_name = float(worst["surprise"]) * MILLION, str(worst["scenario"])
    if not cost > 0:
        sentence = f"A surprise in {year} costs nothing extra, whichever scenario comes."
        none = KeyFigure(
            _COSTS, money(0.0, currency), f"for every scenario that is a surprise in {year}."
        )
        return (none,), sentence
    name, amount = late_name.removesuffix(f" ({UNFORESEEN})"), money(cost, currency)
    shortage = missing(late_name, name)
    sentence = (
        f'As a surprise in {year}, "{name}" costs {amount} more than if it were known from the'
        f" first year, with shortage at its price; {uncapitalized(shortage)}."
    )
    return (
        KeyFigure(
            _COSTS,
            amount,
            f'if "{name}" comes as a surprise, compared with knowing of it. {_PRICED} {shortage}.',
        ),
    ), sentence


_COSTS = "A surprise costs at most"
_PRICED = "The amount is total cost, with shortage at its price."
