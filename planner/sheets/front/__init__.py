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

from models.answers import scarcest
from models.schema import REST_OF_WORLD, Settings
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.front import Front, Line
from planner.render.words import amount, counted, listed, share
from planner.sheets.context import Context, once
from planner.sheets.explain import scarce_words, shortage_words
from planner.sheets.front.lights import lights
from planner.sheets.front.questions import BY_VALUE, asked, basis_of
from planner.sheets.front.shares import (
    Served,
    in_plan,
    largest_supplier,
    surge_of,
    today,
    when_lost,
    without_limits,
)

__all__ = ["front_pictures", "largest_supplier", "overview"]

_MOST_COUNTRIES = 5
_MOVES = 4
"""Countries named of those whose share changed."""
_LEAST_MOVE = 0.0005
_ESTIMATE = "estimate:"
_SCARCEST = 2
_MUCH = 0.5
"""A mineral of more than this part of all value decides what is said by value."""
_LEAST_SHOWN = 0.005
"""A series of which no bar is larger is not drawn."""
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
    drawn = front_pictures(context)
    return Front(
        title=context.title,
        made_by=context.made_by,
        asked=asked(context),
        lights=lights(context),
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
        bars.insert(0, ("Today", now.served))
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
    among = {*leading, *home}
    series = [
        Series(
            short(context.country(code)),
            Role.ONE_OF_MANY,
            tuple(served.countries.get(code, 0.0) for _, served in bars),
        )
        for code in leading
    ]
    others = [sum(p for c, p in s.countries.items() if c not in among) for _, s in bars]
    own = [sum(p for c, p in s.countries.items() if c in home) for _, s in bars]
    series += [
        Series("Other countries", Role.OTHER, tuple(others)),
        Series("The coalition itself", Role.HOME, tuple(own)),
        Series("From stock", Role.STOCK, tuple(s.from_stock for _, s in bars)),
        Series("Not served", Role.SHORT, tuple(1.0 - s.share for _, s in bars)),
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


# ---- what changed ------------------------------------------------------------------------------


def _changed(context: Context) -> Iterator[Line]:
    plan, now, free = in_plan(context), today(context), without_limits(context)
    if plan.need <= 0:
        return
    if now is not None:
        moves = _moves(context, now.served, plan)
        yield Line(f"Against today: {moves}.", "Country shares")
    if free is not None:
        moves = _moves(context, free, plan)
        yield Line(f"Against the cheapest plan without share limits: {moves}.", "Country shares")
    yield from _built(context)


def _moves(context: Context, before: Served, after: Served) -> str:
    """Return which countries' shares of need changed most, in points."""
    codes = {*before.countries, *after.countries}
    moved = {c: after.countries.get(c, 0.0) - before.countries.get(c, 0.0) for c in codes}
    large = [c for c in moved if abs(moved[c]) >= _LEAST_MOVE]
    large.sort(key=lambda c: (-round(abs(moved[c]), 9), c))
    said = [f"{context.country(c)} {moved[c] * 100:+.1f} points" for c in large[:_MOVES]]
    return listed(said) if said else "no country's share of need changes"


def _built(context: Context) -> Iterator[Line]:
    table = context.plan.projects
    if table.empty:
        return
    started = table[table["built"] > 1e-6]  # noqa: PLR2004 - what counts as built
    plants, all_of = started["project"].nunique(), table["project"].nunique()
    capex = float(started["capex"].sum()) * 1e6
    said = "no plant is built" if not plants else ""
    if plants:
        said = f"{plants} of {counted(all_of, 'plant')} built, in part or whole, for"
        said += f" {amount(capex, context.currency)}"
    yield Line(f"New plants: {said}.", "Projects")


# ---- what is fragile ---------------------------------------------------------------------------


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
    short = shortage_words(context.plan)
    if short:
        yield Line(short, "Shortages")
    for scarce in scarcest(context.plan, most=_SCARCEST - bool(short)):
        said, kind = scarce_words(scarce, context.currency), scarce.hardest.kind
        yield Line(said, _SHEET_OF.get(kind, "Duals"))


# ---- where the figures come from ---------------------------------------------------------------


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
            f"Today: the need of {context.horizon} at today's shares of {basis_of(now)}, as far as"
            " capacity goes."
        )
    surge = surge_of(context)
    if surge and (context.lost is not None or (now is not None and now.lost)):
        yield (
            f"A supplier that stops does so for good in {context.case.years[0]}. The others sell"
            f" what was agreed and {share(surge)} of their capacity more, share limits"
            " are waived; in the plan stocks are drawn, too. The command planner stress does the"
            " same to every supplier."
        )


def _weightiest(context: Context) -> str:
    """Return the mineral that decides most of a share by value, where one does."""
    plan = in_plan(context)
    name = max(plan.needed, key=lambda m: (round(plan.needed[m], 9), m), default="")
    part = plan.needed[name] / plan.need if name else 0.0
    return f"; {name} is {share(part)} of that value" if _MUCH <= part < 1.0 else ""
