"""What a plan is asked first, answered yes, partly or no."""

from __future__ import annotations

from models.schema import MAX
from planner.render.front import Light, State
from planner.render.words import amount, counted, share
from planner.sheets.checks import checks
from planner.sheets.context import Context
from planner.sheets.figures import binding
from planner.sheets.front.shares import in_plan, when_lost

LEAST_SERVED = 0.9
"""Need of which less is served is not met."""
_SAME = 1e-9


def lights(context: Context) -> tuple[Light, ...]:
    """Return the questions that the case gives reason to ask, in order."""
    asked = (_demand, _limits, _loss, _stocks, _contracts, _proof)
    return tuple(light for light in (ask(context) for ask in asked) if light is not None)


def of_share(served: float) -> State:
    """Return how a share that is served answers the question whether need is met."""
    if served >= 1.0 - _SAME:
        return State.GOOD
    return State.CARE if served >= LEAST_SERVED else State.BAD


def _demand(context: Context) -> Light:
    served = in_plan(context)
    question = "Is the need met?"
    if served.need <= 0:
        return Light(question, State.NONE, "The case has no demand.", "By mineral")
    if context.plan.shortages.empty:
        said = "All of it, in every year and for every member."
        return Light(question, State.GOOD, said, "By mineral")
    mineral, least = served.least_served
    state = of_share(served.share)
    worst = f" Least of all {mineral}: {share(least)}." if mineral else ""
    said = f"{share(served.share)} is served by value.{worst}"
    return Light(question, State.CARE if state is State.GOOD else state, said, "Shortages")


def _limits(context: Context) -> Light:
    question, table = "Are the share limits kept?", context.plan.limits
    if table.empty:
        return Light(question, State.NONE, "The case has no share limits.", "Summary")
    broken = table[table["excess"] > 0]
    broken = broken[
        [
            tonnes > context.plan.tolerance(mineral, int(year))
            for tonnes, mineral, year in zip(
                broken["excess"], broken["mineral"], broken["year"], strict=True
            )
        ]
    ]
    reached = int((binding(context.plan)["kind"] == MAX).sum())
    if broken.empty:
        said = (
            f"All {len(table):,}, one for each supplier, mineral and year; {reached:,} of them are"
            " used up to the last tonne."
        )
        return Light(question, State.GOOD, said, "Share limits")
    said = (
        f"{counted(len(broken), 'limit')} of {len(table):,} not, at their penalty:"
        f" {amount(float(broken['excess'].sum()), 't')} beyond them."
    )
    return Light(question, State.CARE, said, "Share limits")


def _loss(context: Context) -> Light | None:
    country, served = when_lost(context)
    if served.need <= 0:
        return None
    if not country:
        question = "Can it do without any one country?"
        said = "No single country outside the coalition sells."
        return Light(question, State.GOOD, said, "Country shares")
    name, state = context.country(country), of_share(served.share)
    mineral, least = served.least_served
    worst = f" Least of all {mineral}: {share(least)}." if mineral else ""
    said = f"{share(served.share)} of need would still be served.{worst}"
    return Light(f"Can it do without {name}?", state, said, "Summary")


def _stocks(context: Context) -> Light | None:
    table = context.plan.stocks
    if table.empty or not (table["target"] > 0).any():
        return None
    question = "Are the reserves filled?"
    below = table[table["shortfall"] > 1e-6]  # noqa: PLR2004 - what counts as a flow
    if below.empty:
        return Light(question, State.GOOD, "Every target, in every year.", "Stocks")
    each, last = ["mineral", "member"], context.case.years[-1]
    missed, held = below.groupby(each).ngroups, table.groupby(each).ngroups
    at_end = below[below["year"] == last].groupby(each).ngroups
    said = (
        f"Below target in some year: {missed} of {counted(held, 'reserve')};"
        f" in {last}, the last: {at_end or 'none'}."
    )
    return Light(question, State.CARE, said, "Stocks")


def _contracts(context: Context) -> Light | None:
    table = context.plan.contracts
    if table.empty:
        return None
    question = "Are the contracts taken?"
    unpaid = table[table["untaken"] > 1e-6]  # noqa: PLR2004 - what counts as a flow
    if unpaid.empty:
        return Light(question, State.GOOD, "Every minimum in force.", "Contracts")
    cost = float((unpaid["untaken"] * unpaid["price"]).sum())
    said = f"{amount(cost, context.currency)} is paid for what is not taken."
    return Light(question, State.CARE, said, "Contracts")


def _proof(context: Context) -> Light:
    passed = checks(context).passed[0] == "yes"
    said = (
        "It keeps every rule of the case, and no plan is cheaper by more than one part in ten"
        " million: computed apart from the solver."
        if passed
        else "See the rows that say no."
    )
    return Light("Is it proven?", State.GOOD if passed else State.BAD, said, "Checks")
