"""The three questions: without the largest supplier, the largest share, what the limits cost."""

from __future__ import annotations

from dataclasses import replace

from models.case import in_force
from planner.render.front import Asked, Number
from planner.render.words import amount, counted, large_form, listed, share, share_form, solid
from planner.sheets.context import Context
from planner.sheets.figures import figures
from planner.sheets.front.shares import (
    Served,
    Today,
    full_in_plan,
    full_today,
    in_plan,
    today,
    when_lost,
)

_SHARE = "0 %"
NOT_KNOWN = "not known"
_NONE_OUTSIDE = "no single country outside"
_SAME = 1e-9
"""Cash that differs by less than this part of it is the same."""
BY_VALUE = "by value at the workbook's prices"


def asked(context: Context) -> tuple[Asked, ...]:
    """Return the three questions in order."""
    return (_without_largest(context), _largest(context), _cost(context))


def basis_of(of: Today) -> str:
    """Return in words where today's shares of supply come from."""
    said = []
    if of.from_input:
        whom = "" if not of.others else f" ({listed(of.from_input)})"
        said.append(f"the sheet Current supply{whom}")
    if of.others:
        whom = "" if not of.from_input else f" ({listed(of.others)})"
        said.append(f"the world's refining capacity{whom}")
    return " and of ".join(said)


def _without(context: Context, head: str, of: Served | None, country: str) -> Number:
    if of is None:
        return Number(head, None, _SHARE, NOT_KNOWN)
    said = f"without {context.country(country)}" if country else _NONE_OUTSIDE
    return Number(head, of.share, share_form(of.share), said)


def _without_largest(context: Context) -> Asked:
    now, years = today(context), context.horizon
    country, left = when_lost(context)
    worst = []
    for when, of in (("today", now.left if now else None), ("in the plan", left)):
        mineral, least = of.least_served if of is not None else ("", 1.0)
        if mineral:
            worst.append(f"{when} {mineral}, {share(least)}")
    said = [f"Of one mineral the least: {'; '.join(worst)}."] if worst else []
    if country and context.lost is None:
        said.append("Nothing is bought in its stead here: planner stress says what could be.")
    elif country:
        said += _where_from(context, now)
    name = context.country(country) if country else ""
    is_one = now is None or now.lost == country
    who = name if name and is_one else "the largest supplier outside the coalition"
    return Asked(
        f"If {who} stops: how much of the need is still served?",
        (
            _without(context, "Today", now.left if now else None, now.lost if now else ""),
            _without(context, f"In the plan, {years}", left, country),
        ),
        tuple(said),
        "Summary",
    )


def _where_from(context: Context, now: Today | None) -> list[str]:
    """Return what the others give as agreed, what they and the stocks add to it, and why less."""
    country, left = when_lost(context)
    parts = [(in_plan(context).others(country), left.share)]
    if now is not None:
        parts.append((now.served.others(now.lost), now.left.share))
    (agreed, more), *before = ((kept, max(0.0, solid(whole - kept, 1.0))) for kept, whole in parts)
    then = [f" (today {share(part)})" for part in before[0]] if before else ["", ""]
    first = (
        f"What the others sell anyway is {share(agreed)} of the need{then[0]}; a surge of theirs,"
        f" and stocks, add {share(more)}{then[1]}."
    )
    if now is not None and now.lost == country and solid(now.left.share - left.share, 1.0) > 0:
        return [first, *_why_less(context, country, before[0], (agreed, more))]
    return [first]


def _why_less(
    context: Context, country: str, before: tuple[float, float], after: tuple[float, float]
) -> list[str]:
    """Return why the plan is worse off than today, as far as it can be counted.

    ``before`` and ``after`` are what the others sell anyway, and what is added to it.
    """
    fewer, lower = before[0] - after[0], before[1] - after[1]
    if fewer >= lower:
        points = f"{fewer * 100:.1f} points"
        return [f"Less than today, for in the plan the others sell {points} less of the need."]
    full = full_in_plan(context, country), full_today(context, country)
    if full[0] <= full[1]:
        return []
    said = (
        "Less than today, for plants that run full have no surge to give: they are"
        f" {share(full[0])} of the others' capacity in the plan (today {share(full[1])})."
    )
    return [said]


def _largest(context: Context) -> Asked:
    now, plan = today(context), in_plan(context)
    said = []
    for when, of in (("today", now.served if now else None), ("in the plan", plan)):
        mineral, top, most = of.most_concentrated if of is not None else ("", "", 0.0)
        if mineral:
            said.append(f"{when} {mineral}, {share(most)} from {context.country(top)}")
    sentences = (f"Of one mineral the most: {'; '.join(said)}." if said else "", _tightest(context))
    return Asked(
        "How much of the need comes from the largest single country outside the coalition?",
        (
            _from_largest(context, "Today", now.served if now else None),
            _from_largest(context, f"In the plan, {context.horizon}", plan),
        ),
        tuple(sentence for sentence in sentences if sentence),
        "Country shares",
    )


def _from_largest(context: Context, head: str, of: Served | None) -> Number:
    if of is None:
        return Number(head, None, _SHARE, NOT_KNOWN)
    country, part = of.largest
    return Number(head, part, share_form(part), context.country(country) or _NONE_OUTSIDE)


def _tightest(context: Context) -> str:
    """Return what the coalition's limit on single countries ends at."""
    case = context.case
    ends = sorted(
        {
            limit.share.value(case.years[-1])
            for limit in case.share_limits
            if case.years
            and limit.caps_each_country
            and not limit.buyer
            and in_force(limit, case.years[-1])
        }
    )
    if not ends:
        return ""
    to = share(ends[0]) if len(ends) == 1 else f"{share(ends[0])} to {share(ends[-1])}"
    last = case.years[-1]
    return f"The limit on one country is {to} of each mineral's {context.basis} in {last}."


def _cost(context: Context) -> Asked:
    plan, free, money = context.plan, context.without_limits, context.currency
    years = max(1, len(context.case.years))
    need = context.case.total_demand
    lacking = 0.0 if plan.shortages.empty else solid(plan.shortage, need)
    short = lacking / years
    lacks = Number("Short a year", short, large_form(short, "t"), "all minerals, by weight")
    question, head = "What do the share limits cost?", "Extra cash a year"
    if not context.case.share_limits:
        none = Number(head, 0.0, large_form(0.0, money), "the case has no share limits")
        said = f"In {counted(years, 'year')} {amount(lacking, 't')} that supply cannot give."
        return Asked(question, (none, lacks), (said,) if short else (), "Summary")
    if free is None:
        return Asked(question, (Number(head, None, "0", NOT_KNOWN), lacks), (), "Summary")
    extra, usual = (plan.cash - free.cash) / years, free.cash / years
    if abs(extra) <= _SAME * usual:
        extra = 0.0
    number = Number(head, extra, large_form(extra, money), _against(context, extra, usual))
    of_supply = 0.0 if free.shortages.empty else solid(min(free.shortage, lacking), need)
    forbidden = solid(lacking - of_supply, need)
    if lacking:
        parts = (
            f"{amount(forbidden / years, 't')} forbidden by the limits,"
            f" {amount(of_supply / years, 't')} that supply cannot give; by weight"
        )
        lacks = replace(lacks, of=parts)
    said = (
        f"In {counted(years, 'year')} {amount(lacking, 't')} are short:"
        f" {amount(of_supply, 't')} that supply cannot give,"
        f" {amount(forbidden, 't')} that the limits forbid."
        if lacking
        else f"In {counted(years, 'year')} no tonne is short."
    )
    return Asked(question, (number, lacks), (said, _like_for_like(context, years)), "Summary")


def _against(context: Context, extra: float, usual: float) -> str:
    """Return what the extra cash is of the cash without limits, and why where it is less."""
    if not extra or usual <= 0:
        return "no more than without limits" if not extra else "nothing is paid without limits"
    part = share(abs(extra) / usual)
    if extra > 0:
        return f"{part} more than without limits"
    free = context.without_limits
    is_less = free is not None and context.plan.tonnes < free.tonnes
    return f"{part} less: less is bought" if is_less else f"{part} less than without limits"


def _like_for_like(context: Context, years: int) -> str:
    """Return what the tonnes bought cost more than the same tonnes cost without limits."""
    known = [(of.extra, of.purchased) for of in figures(context) if of.extra is not None]
    more = sum(extra * bought for extra, bought in known) / years
    if abs(more) <= _SAME * context.plan.cash:
        return "Like for like, mineral by mineral, the tonnes bought cost the same."
    word = "more" if more >= 0 else "less"
    return (
        f"Like for like, mineral by mineral, the tonnes bought cost"
        f" {amount(abs(more), context.currency)} a year {word}; what is not bought is not paid for."
    )
