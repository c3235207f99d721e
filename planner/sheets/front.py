"""The first page: what a reader who has no time must know, in numbers, words and one chart.

Shares are of the value of what the coalition needs over all years: tonnes times the prices of the
sheet Minerals. A supplier is a country outside the coalition; Rest of world, being many, is none.

- If the largest supplier stops: it does so for good in the first year. The others sell what was
  agreed and a fifth of their capacity more, stocks are drawn, share limits are waived: what
  `planner stress` does to every supplier. A case of two million routes (refiners and projects x
  members x years) or more is not planned once more: what the supplier sold is then lost.
- How much comes from the largest single country: the supplier with the largest share of the need.
- What the share limits cost: the cash a year beyond that of the cheapest plan without them, and the
  tonnes short, of which some are short without limits, too.

Today is the same need at today's shares of supply, as far as capacity goes: those of the sheet
Current supply, of minerals that it leaves out those of the world's refining capacity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from models.answers import scarcest
from models.case import in_force
from models.schema import MAX, REST_OF_WORLD, Settings
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.front import Asked, Front, Light, Line, Number, State
from planner.render.words import (
    amount,
    built_in_steps,
    counted,
    large_form,
    listed,
    share,
    share_form,
    solid,
)
from planner.sheets.checks import checks
from planner.sheets.context import Context, once
from planner.sheets.explain import scarce_words, shortage_words
from planner.sheets.figures import binding, figures
from planner.sheets.served import (
    Served,
    Today,
    full_in_plan,
    full_today,
    in_plan,
    surge_of,
    today,
    when_lost,
    without_limits,
)

if TYPE_CHECKING:
    import pandas as pd

LEAST_SERVED = 0.9
"""Need of which less is served is not met."""
BY_VALUE = "by value at the workbook's prices"
_TODAY, _NOT_KNOWN, _NONE_OUTSIDE = "Today", "not known", "no single country outside"
_MOST_COUNTRIES = 5
_MOVES = 4
"""Countries named of those whose share changed."""
_IN_PART = 2
"""Plants named of those that are built in part, the smallest part first."""
_LEAST_MOVE = 0.0005
_ESTIMATE = "estimate:"
_SCARCEST = 2
_MUCH = 0.5
"""A mineral of more than this part of all value decides what is said by value."""
_LEAST_SHOWN = 0.005
"""A series of which no bar is larger is not drawn."""
_SAME = 1e-9
"""Shares, and parts of the cash paid, that differ by less are the same."""
_LEAST_FLOW = 1e-6
"""Tonnes, or parts of a plant, that count."""
_SHEET_OF = {
    "capacity": "Refiners", "mine": "Ore", "share limit": "Share limits", "budget": "Projects",
}  # fmt: skip


def overview(context: Context, sheets: Iterable[str]) -> Front:
    """Return the first page of a plan; ``sheets`` are the names of those that its links lead to."""
    names = [name for name in sheets if name != "Chart data"]
    if "Plan" in names:
        names.insert(names.index("Plan"), "Charts")
    return replace(_front(context), links=tuple(names))


@once
def _front(context: Context) -> Front:
    drawn, lights = front_pictures(context), (_need, _limits, _loss, _stocks, _contracts, _proof)
    return Front(
        title=context.title,
        made_by=context.made_by,
        asked=(_without_largest(context), _largest(context), _cost(context)),
        lights=tuple(light for ask in lights if (light := ask(context)) is not None),
        changed=tuple(_changed(context)),
        fragile=tuple(_fragile(context)),
        origin=tuple(_origin(context)),
        links=(),
        picture=drawn[0] if drawn else None,
    )


@once
def front_pictures(context: Context) -> tuple[Picture, ...]:
    """Return the page's chart: who serves the need today, in the plan, without the largest.

    Supplier countries outside the coalition, each alone; its own countries together.
    """
    plan, now = in_plan(context), today(context)
    country, left = when_lost(context)
    if not any(plan.countries.values()):
        return ()
    bars: list[tuple[str, Served]] = [("The plan", plan)]
    if now is not None:
        bars.insert(0, (_TODAY, now.served))
    if country:
        bars.append((f"The plan without {short(context.country(country))}", left))
    weight: dict[str, float] = {}
    home: set[str] = set()
    for _, served in bars:
        home |= served.home - {REST_OF_WORLD}
        for code, part in served.countries.items():
            weight[code] = max(weight.get(code, 0.0), part)
    named = sorted(weight.keys() - home - {REST_OF_WORLD}, key=lambda c: (-weight[c], c))
    leading = named[:_MOST_COUNTRIES]

    def sums(codes: set[str]) -> list[float]:
        return [sum(p for c, p in s.countries.items() if c in codes) for _, s in bars]

    series = [
        *(
            Series(
                short(context.country(code)),
                Role.ONE_OF_MANY,
                [served.countries.get(code, 0.0) for _, served in bars],
            )
            for code in leading
        ),
        Series("Other countries", Role.OTHER, sums(weight.keys() - {*leading, *home})),
        Series("The coalition itself", Role.HOME, sums(home)),
        Series("From stock", Role.STOCK, [s.from_stock for _, s in bars]),
        Series("Not served", Role.SHORT, [1.0 - s.share for _, s in bars]),
    ]
    return (
        Picture(
            f"Who serves the coalition's need, {context.horizon} (share by value)",
            Form.BARS,
            tuple(name for name, _ in bars),
            tuple(s for s in series if max(v or 0.0 for v in s.values) > _LEAST_SHOWN),
            "",
            "",
            is_labelled=True,
        ),
    )


# ---- three questions ---------------------------------------------------------------------------


def _pair(
    context: Context, sides: tuple[tuple[float, str] | None, tuple[float, str]]
) -> tuple[Number, Number]:
    """Return two shares in large print, today's (None: not known) and the plan's, with of whom."""
    heads = (_TODAY, f"In the plan, {context.horizon}")
    one, other = (
        Number(head, None, "0 %", _NOT_KNOWN)
        if side is None
        else Number(head, side[0], share_form(side[0]), side[1])
        for head, side in zip(heads, sides, strict=True)
    )
    return one, other


def _without_largest(context: Context) -> Asked:
    now, (country, left) = today(context), when_lost(context)
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
    is_one = country and (now is None or now.lost == country)
    who = context.country(country) if is_one else "the largest supplier outside the coalition"

    def without(served: Served, lost: str) -> tuple[float, str]:
        return served.share, f"without {context.country(lost)}" if lost else _NONE_OUTSIDE

    return Asked(
        f"If {who} stops: how much of the need is still served?",
        _pair(context, (without(now.left, now.lost) if now else None, without(left, country))),
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

    def top_of(served: Served) -> tuple[float, str]:
        country, part = served.largest
        return part, context.country(country) or _NONE_OUTSIDE

    return Asked(
        "How much of the need comes from the largest single country outside the coalition?",
        _pair(context, (top_of(now.served) if now else None, top_of(plan))),
        tuple(filter(None, sentences)),
        "Country shares",
    )


def _tightest(context: Context) -> str:
    """Return what the coalition's limit on single countries ends at."""
    case = context.case
    last = case.years[-1] if case.years else 0
    limits = (of for of in case.share_limits if case.years and of.caps_each_country)
    ends = sorted({of.share.value(last) for of in limits if not of.buyer and in_force(of, last)})
    if not ends:
        return ""
    to = share(ends[0]) if len(ends) == 1 else f"{share(ends[0])} to {share(ends[-1])}"
    return f"The limit on one country is {to} of each mineral's {context.basis} in {last}."


def _cost(context: Context) -> Asked:
    plan, free, money = context.plan, context.without_limits, context.currency
    years = max(1, len(context.case.years))
    need, when = context.case.total_demand, f"In {counted(years, 'year')}"
    lacking = 0.0 if plan.shortages.empty else solid(plan.shortage, need)
    lacks = Number(
        "Short a year", lacking / years, large_form(lacking / years, "t"), "all minerals, by weight"
    )
    question, head = "What do the share limits cost?", "Extra cash a year"
    if not context.case.share_limits:
        none = Number(head, 0.0, large_form(0.0, money), "the case has no share limits")
        said = f"{when} {amount(lacking, 't')} that supply cannot give."
        return Asked(question, (none, lacks), (said,) if lacking else (), "Summary")
    if free is None:
        return Asked(question, (Number(head, None, "0", _NOT_KNOWN), lacks), (), "Summary")
    extra, usual = (plan.cash - free.cash) / years, free.cash / years
    if abs(extra) <= _SAME * usual:
        extra = 0.0
    number = Number(head, extra, large_form(extra, money), _against(context, extra, usual))
    of_supply = 0.0 if free.shortages.empty else solid(min(free.shortage, lacking), need)
    forbidden = solid(lacking - of_supply, need)
    said = f"{when} no tonne is short."
    if lacking:
        parts = (
            f"{amount(forbidden / years, 't')} forbidden by the limits,"
            f" {amount(of_supply / years, 't')} that supply cannot give; by weight"
        )
        lacks = replace(lacks, of=parts)
        said = (
            f"{when} {amount(lacking, 't')} are short: {amount(of_supply, 't')} that supply cannot"
            f" give, {amount(forbidden, 't')} that the limits forbid."
        )
    return Asked(question, (number, lacks), (said, _like_for_like(context, years)), "Summary")


def _against(context: Context, extra: float, usual: float) -> str:
    """Return what the extra cash is of the cash without limits, and why where it is less."""
    if not extra or usual <= 0:
        return "no more than without limits" if not extra else "nothing is paid without limits"
    part, free = share(abs(extra) / usual), context.without_limits
    if extra > 0:
        return f"{part} more than without limits"
    is_less = free is not None and context.plan.tonnes < free.tonnes
    return f"{part} less: less is bought" if is_less else f"{part} less than without limits"


def _like_for_like(context: Context, years: int) -> str:
    """Return what the tonnes bought cost more than the same tonnes cost without limits."""
    known = [(of.extra, of.purchased) for of in figures(context) if of.extra is not None]
    more = sum(extra * bought for extra, bought in known) / years
    start = "Like for like, mineral by mineral, the tonnes bought cost"
    if abs(more) <= _SAME * context.plan.cash:
        return f"{start} the same."
    said = f"{amount(abs(more), context.currency)} a year {'more' if more >= 0 else 'less'}"
    return f"{start} {said}; what is not bought is not paid for."


# ---- yes, partly or no -------------------------------------------------------------------------


def _of_share(served: float) -> State:
    """Return how a share that is served answers the question whether need is met."""
    if served >= 1.0 - _SAME:
        return State.GOOD
    return State.CARE if served >= LEAST_SERVED else State.BAD


def _least(served: Served) -> str:
    mineral, least = served.least_served
    return f" Least of all {mineral}: {share(least)}." if mineral else ""


def _need(context: Context) -> Light:
    question, served = "Is the need met?", in_plan(context)
    if served.need <= 0:
        return Light(question, State.NONE, "The case has no demand.", "By mineral")
    if context.plan.shortages.empty:
        said = "All of it, in every year and for every member."
        return Light(question, State.GOOD, said, "By mineral")
    state = max(_of_share(served.share), State.CARE, key=[*State].index)
    said = f"{share(served.share)} is served by value.{_least(served)}"
    return Light(question, state, said, "Shortages")


def _limits(context: Context) -> Light:
    question, table = "Are the share limits kept?", context.plan.limits
    if table.empty:
        return Light(question, State.NONE, "The case has no share limits.", "Summary")
    over = table[table["excess"] > 0]
    cells = zip(over["mineral"], over["year"], strict=True)
    dust = [context.plan.tolerance(mineral, int(year)) for mineral, year in cells]
    broken = over["excess"][over["excess"] > dust]
    if broken.empty:
        reached = int((binding(context.plan)["kind"] == MAX).sum())
        said = (
            f"All {len(table):,}, one for each supplier, mineral and year; {reached:,} of them are"
            " used up to the last tonne."
        )
        return Light(question, State.GOOD, said, "Share limits")
    said = (
        f"{counted(len(broken), 'limit')} of {len(table):,} not, at their penalty:"
        f" {amount(float(broken.sum()), 't')} beyond them."
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
    question = f"Can it do without {context.country(country)}?"
    said = f"{share(served.share)} of need would still be served.{_least(served)}"
    return Light(question, _of_share(served.share), said, "Summary")


def _stocks(context: Context) -> Light | None:
    table = context.plan.stocks
    if table.empty or not (table["target"] > 0).any():
        return None
    question = "Are the reserves filled?"
    below = table[table["shortfall"] > _LEAST_FLOW]
    if below.empty:
        return Light(question, State.GOOD, "Every target, in every year.", "Stocks")
    last = context.case.years[-1]
    missed, held, at_end = (
        rows.groupby(["mineral", "member"]).ngroups
        for rows in (below, table, below[below["year"] == last])
    )
    said = (
        f"Below target in some year: {missed} of {counted(held, 'reserve')};"
        f" in {last}, the last: {at_end or 'none'}."
    )
    return Light(question, State.CARE, said, "Stocks")


def _contracts(context: Context) -> Light | None:
    table, question = context.plan.contracts, "Are the contracts taken?"
    if table.empty:
        return None
    unpaid = table[table["untaken"] > _LEAST_FLOW]
    if unpaid.empty:
        return Light(question, State.GOOD, "Every minimum in force.", "Contracts")
    cost = amount(float((unpaid["untaken"] * unpaid["price"]).sum()), context.currency)
    return Light(question, State.CARE, f"{cost} is paid for what is not taken.", "Contracts")


def _proof(context: Context) -> Light:
    passed = checks(context).passed[0] == "yes"
    said = (
        "It keeps every rule of the case, and no plan is cheaper by more than one part in ten"
        " million: computed apart from the solver."
        if passed
        else "See the rows that say no."
    )
    return Light("Is it proven?", State.GOOD if passed else State.BAD, said, "Checks")


# ---- what changed, what is fragile, where the figures come from --------------------------------


def _changed(context: Context) -> Iterator[Line]:
    plan, now, free = in_plan(context), today(context), without_limits(context)
    if plan.need <= 0:
        return
    before = (
        ("today", now.served if now else None),
        ("the cheapest plan without share limits", free),
    )
    for what, served in before:
        if served is not None:
            moves = _moves(context, served, plan)
            yield Line(f"Against {what}: {moves}.", "Country shares")
    table = context.plan.projects
    if table.empty:
        return
    started = table[table["built"] > _LEAST_FLOW]
    plants, all_of = started["project"].nunique(), table["project"].nunique()
    said = "no plant is built"
    if plants:
        cost = amount(float(started["capex"].sum()) * 1e6, context.currency)
        said = f"{plants} of {counted(all_of, 'plant')} built for {cost}{_in_part(started)}"
    yield Line(f"New plants: {said}.", "Projects")


def _in_part(started: pd.DataFrame) -> str:
    """Return the plants that are not built in full at once, "" where all are."""
    steps = started.sort_values("year").groupby("project")["built"].agg(list)
    said = [
        built_in_steps(str(project), parts)
        for project, parts in sorted(steps.items(), key=lambda of: (sum(of[1]), str(of[0])))
        if min(parts) < 1.0 - _LEAST_FLOW
    ]
    return f". In part or in steps: {listed(said, _IN_PART)}" if said else ""


def _moves(context: Context, before: Served, after: Served) -> str:
    """Return which countries' shares of need changed most, in points."""
    codes = {*before.countries, *after.countries}
    moved = {c: after.countries.get(c, 0.0) - before.countries.get(c, 0.0) for c in codes}
    large = [c for c in moved if abs(moved[c]) >= _LEAST_MOVE]
    large.sort(key=lambda c: (-round(abs(moved[c]), 9), c))
    said = [f"{context.country(c)} {moved[c] * 100:+.1f} points" for c in large[:_MOVES]]
    return listed(said) if said else "no country's share of need changes"


def _fragile(context: Context) -> Iterator[Line]:
    country, left = when_lost(context)
    if country:
        plan, (worst, least) = in_plan(context), left.least_served
        if worst and plan.share - left.share > _LEAST_MOVE:
            yield Line(
                f"Without {context.country(country)} the least is left of {worst}: {share(least)}"
                f" of its need is served ({share(plan.share_of(worst))} with it).",
                "Summary",
            )
    lacks = shortage_words(context.plan)
    if lacks:
        yield Line(lacks, "Shortages")
    for scarce in scarcest(context.plan, most=_SCARCEST - bool(lacks)):
        said, kind = scarce_words(scarce, context.currency), scarce.hardest.kind
        yield Line(said, _SHEET_OF.get(kind, "Duals"))


def _origin(context: Context) -> Iterator[str]:
    case, now = context.case, today(context)
    name = context.book.path.name if context.book.path is not None else "a case without a file"
    sheets = (sheet for sheet in case.SHEET_FIELDS if sheet != Settings.SHEET)
    rows = [r for sheet in sheets for r in context.book.case.records(sheet)]
    notes = (str(getattr(row, "note", "") or "") for row in rows)
    guessed = sum(note.casefold().startswith(_ESTIMATE) for note in notes)
    said = f"From {name}; its fingerprint, options and versions stand at the end of Summary."
    if guessed:
        said += f" {guessed:,} of its {counted(len(rows), 'row')} are marked as estimates."
    yield said
    price = f" of {case.settings.price_year}" if case.settings.price_year else ""
    yield (
        f"Shares of need are {BY_VALUE}, so that minerals add up{_weightiest(context)}. Suppliers"
        f" are countries, by where they refine. Money is {context.currency}{price}, undiscounted."
    )
    if now is not None:
        yield (
            f"Today: the need of {context.horizon} at today's shares of {_basis_of(now)}, as far as"
            " capacity goes."
        )
    surge = surge_of(context)
    if surge and (context.lost is not None or (now is not None and now.lost)):
        yield (
            f"A supplier that stops does so for good in {case.years[0]}. The others sell"
            f" what was agreed and {share(surge)} of their capacity more, share limits"
            " are waived; in the plan stocks are drawn, too. The command planner stress does the"
            " same to every supplier."
        )


def _basis_of(now: Today) -> str:
    """Return in words where today's shares of supply come from."""
    found = (
        ("the sheet Current supply", now.from_input),
        ("the world's refining capacity", now.others),
    )
    is_mixed = bool(now.from_input and now.others)
    return " and of ".join(
        f"{what} ({listed(of)})" if is_mixed else what for what, of in found if of
    )


def _weightiest(context: Context) -> str:
    """Return the mineral that decides most of a share by value, where one does."""
    plan = in_plan(context)
    name = max(plan.needed, key=lambda m: (round(plan.needed[m], 9), m), default="")
    part = plan.needed[name] / plan.need if name else 0.0
    return f"; {name} is {share(part)} of that value" if _MUCH <= part < 1.0 else ""
