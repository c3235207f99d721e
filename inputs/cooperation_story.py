"""What cooperation is worth: ``python -m inputs.cooperation_story`` writes ``docs/cooperation.md``.

For each example workbook the coalition's plan stands beside those of its members, each alone with
its pro-rata part of every plant (``inputs.cooperation``): in sum, by mineral, by member, and where
the difference comes from. The chart is ``docs/cooperation.svg``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from inputs.cooperation import home_first, whole_world
from inputs.cooperation_chart import Bar, Panel, chart
from inputs.cooperation_sums import (
    MILLION,
    Result,
    Sum,
    added,
    ladder,
    members,
    oversold,
    result,
)
from inputs.cooperation_tables import (
    by_member,
    by_mineral,
    member_minerals,
    noticed,
    signed,
    step_table,
    totals,
)
from inputs.story import CASES
from models.plan import solve
from planner.workbook import read

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PICTURE = "cooperation.svg"
TITLES = ("60 % of the world's demand", "What members' industries buy")
PANELS = dict(zip(CASES, TITLES, strict=True))

HEAD = f"""# What cooperation is worth

Written by `python -m inputs.cooperation_story`; do not edit by hand. The coalition as one buyer is
set beside its members, each planning alone. Sums are over 2026 to 2035; money is undiscounted
unless the row says otherwise.

![Short of demand by mineral, each member alone and the coalition together]({PICTURE})
"""

TERMS = """**What alone means.** The plants of the world are divided, none is counted twice. A
member alone has of every plant and mine its share of the coalition's demand for that mineral and
year: with 10 % of the demand, 10 % of what each plant could sell to the coalition, its own
country's plants too. The parts add up to the whole.

- *Projects*: a plant is built once, so a member's part of its capacity and of its capital is one
  number for all years, its share of the demand of all years. It decides alone what to build of its
  parts. The budget is divided as the capital of all projects is.
- *Shares*: a limit on the coalition or on each member holds for the member alone, its demand
  being the base; a limit on another member is gone, one on its group counts the member only.
- *Its own*: freight, closed lanes, a lane's Max, stockpiles with their targets, contracts, today's
  supply. (Neither workbook has contracts or a Max. A contract beyond the member's part of a plant
  would shrink to it.)
- *Blocs* stay as they are: the plants of the other members are still the coalition's. Nobody
  resells, and a member without demand for a mineral has no part of its plants.
- *Unfair shortage*: the penalty on a member's shortage beyond its part by demand means nothing to
  a member alone, so the whole cost is without it, alone and together.

**The law.** The plans of the members alone, side by side, are a plan of the coalition: parts of
plants, of projects and of the budget add up to no more than the whole, and members that each keep
to a share keep to it together. So the coalition planned together, fairness not priced, never costs
more than its members alone, whatever the workbook; a test holds it on random ones. Pooling can only
gain; the question is how much, and why. (Whole projects, limits on a plant's growth and contracts
can break the law, since a part of a plant is then not a plant in small; the example workbooks have
none of these.)

**What it must be zero for.** Members that differ in size only, with the same freight, open lanes,
no reserves and no projects, gain nothing at all: each one's plan alone is the coalition's in
small. So whatever is gained below comes from what sets members apart. That also makes it a low
reading: a fair part of every plant is given to each member for nothing, which is what a coalition
would have to bargain for.

*How to read it.* Cash falls where less is bought, so cost is read together with the tonnes short.
Shortage is priced at ten times the mineral's price, so the whole cost is a ranking and no bill.
Whole cost is unique; a member's purchases in the plan together are those of one of several equally
cheap plans, and capital of projects is nobody's in particular there, so it is in the sums only.
"""


# ---- words -------------------------------------------------------------------------------------


def in_short(name: str, r: Result) -> str:
    """Return a workbook in one sentence."""
    short = [s.total("short") for s in (r.apart, r.together)]
    freight = [s.money["freight"] for s in (r.apart, r.together)]
    return (
        f"- **{name}**: together the coalition is short of {short[1]:,.0f} t instead of "
        f"{short[0]:,.0f} t ({_less(short)} less, {(short[0] - short[1]) / _demand(r):.2%} of "
        f"demand), pays {_less(freight)} less freight, and {_cash(r)} cash in all."
    )


def _less(pair: list[float]) -> str:
    return f"{1 - pair[1] / pair[0]:.1%}"


def _demand(r: Result) -> float:
    return r.together.total("demand")


def _cash(r: Result) -> str:
    """Return how much more or less cash is paid together."""
    change = r.together.cash - r.apart.cash
    return f"{abs(change) / r.apart.cash:.2%} {'less' if change < 0 else 'more'}"


def words(r: Result, unweighed: Sum) -> str:
    """Return what the tables say, in sentences whose every number is computed."""
    unit = f"{r.case.settings.currency} m"
    gain, lose = _fewer_and_more(r)
    below = [s.money["stock shortfall"] / MILLION for s in (r.apart, r.together)]
    holders = _listed(dict.fromkeys(s.member for s in r.case.stockpiles))
    drawn = (
        "So part of the shortage avoided is taken out of what reserves should hold"
        if below[1] > below[0]
        else "So the shortage avoided is not taken out of reserves"
    )
    return f"""Short of fewer tonnes together: {_listed(gain)}. Short of more: {_listed(lose)}.

Reserves are held by {holders}. Alone they serve their owner. Together, what fills them and
what is drawn from them counts as everybody's supply, and shortage is spread by demand, so a member
with reserves may end up giving to the others. The plan has no side payments; a member that loses
would ask for one. Reserves below target cost, at their price, {below[0]:,.0f} {unit} alone and
{below[1]:,.0f} together. {drawn}.

The law in numbers, whole cost with fairness not priced: {unweighed.whole / MILLION:,.0f} {unit}
together, {r.apart.whole / MILLION:,.0f} alone. (Spreading the shortage fairly costs the plan
together {signed((r.together.whole - unweighed.whole) / MILLION)} {unit}; the tables include it.)
"""


def _fewer_and_more(r: Result) -> tuple[list[str], list[str]]:
    """Return the members that are short of fewer tonnes together, and of more."""
    change = {
        m.name: r.together.total("short", member=m.name) - r.apart.total("short", member=m.name)
        for m in r.case.members
    }
    return [m for m, t in change.items() if t <= -1], [m for m, t in change.items() if t >= 1]


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    if len(found) < 2:  # noqa: PLR2004 - one or none needs no and
        return "".join(found) or "nobody"
    return f"{', '.join(found[:-1])} and {found[-1]}"


WHENCE = """Where the difference comes from: what being together saves, beginning with members that
differ in size only and ending with the workbook. The order of the steps is a choice; another order
would part the saving otherwise.
"""


def sources(found: list[tuple[str, Result]]) -> str:
    """Return what the steps mean."""
    short = [_avoided(r) for _, r in found]
    whole = [(r.apart.whole - r.together.whole) / MILLION for _, r in found]
    unit = f"{found[0][1].case.settings.currency} m"
    freight = [s.money["freight"] for s in (found[1][1].apart, found[1][1].together)]
    return f"""- *Freight*: alone a member takes a slice of every plant, near and far; together each
  is served from the plants nearest to it ({_less(freight)} less freight at this step). A market in
  which members trade their parts would do the same without a coalition.
- *Closed lanes*: some members may not buy from some plants (Russian copper and nickel, Cuban
  nickel and cobalt, Iranian copper). Alone, their parts of these stand idle; together others take
  them and leave them their own parts of other plants (short avoided: {_steps(short, 2)}). This
  is how the plants were divided more than a gain: the market would hardly leave such metal unsold.
- *The cap*: whether it holds for the coalition or for each alone makes little difference
  ({signed(whole[3] - whole[2])} {unit} of whole cost saved), since all choose from the same plants.
- *Projects*: together the budget goes where it saves most; alone each member spreads its own over
  its parts of plants (short avoided: {_steps(short, 4)}).
- *Reserves*: those who have them share them (short avoided: {_steps(short, 5)}).
"""


def _avoided(r: Result) -> dict[str, float]:
    return {
        m.name: r.apart.total("short", mineral=m.name) - r.together.total("short", mineral=m.name)
        for m in r.case.minerals
    }


def _steps(short: list[dict[str, float]], step: int) -> str:
    """Return by how much a step changes the tonnes short that are avoided, by mineral."""
    change = {m: t - short[step - 1][m] for m, t in short[step].items()}
    said = [f"{signed(t)} t of {m.lower()}" for m, t in change.items() if abs(t) >= 1]
    return _listed(said) if said else "nothing"


def other_readings(r: Result) -> str:
    """Return two readings of alone that are no comparison, each with its number."""
    unit = f"{r.case.settings.currency} m"
    free = list(members(r.case, whole_world).values())
    world, home = added(free), added(members(r.case, home_first).values())
    apart, together = (s.whole / MILLION for s in (world, r.together))
    return f"""Two other readings of alone, and why they are not used:

- *The whole world to each member.* With every plant to themselves members would be short of
  {world.total("short"):,.0f} t in sum, at a whole cost of {apart:,.0f} {unit} against
  {together:,.0f} together, as if cooperation did harm. It is no comparison: every plant is counted
  {len(r.case.members)} times, and the plans buy {oversold(free):,.0f} t more than plants can sell.
- *Home plants kept at home.* With the plants and mines of its own country wholly its own (a member
  of several countries: those of the coalition that are no other member's), all others pro rata,
  and nothing sold to one another, members would be short of {home.total("short"):,.0f} t, at a
  whole cost of {home.whole / MILLION:,.0f} {unit}. That speaks for cooperation, and too loudly:
  members sell refined metal to one another today, so this is the price of an embargo among
  friends, not of planning alone.
"""


# ---- the page ----------------------------------------------------------------------------------


def section(name: str, r: Result) -> str:
    """Return the part of the page on one workbook."""
    fair = dataclasses.replace(r.case.settings, fair_shortage_weight=0.0)
    unweighed = added([solve(r.case.change(settings=fair))])
    found = ladder(r)
    return "\n".join(
        [
            f"## {name}\n",
            totals(r) + "\n",
            words(r, unweighed),
            "By mineral:\n",
            by_mineral(r) + "\n",
            "By member, all minerals in one sum (most of the tonnes are copper):\n",
            by_member(r) + "\n",
            "Short of demand by member, alone → together:\n",
            member_minerals(r) + "\n",
            WHENCE,
            step_table(found) + "\n",
            sources(found),
            other_readings(r),
        ]
    )


def picture(results: dict[str, Result]) -> str:
    """Return the chart: a panel a workbook."""
    panels = []
    for name, r in results.items():
        shown = noticed(r)
        bars = [
            Bar(
                mineral,
                r.together.total("demand", mineral=mineral),
                r.apart.total("short", mineral=mineral),
                r.together.total("short", mineral=mineral),
            )
            for mineral in shown
        ]
        rest = [m.name.lower() for m in r.case.minerals if m.name not in shown]
        note = f"Not short either way: {_listed(rest)}." if rest else ""
        panels.append(Panel(PANELS[name], bars, note))
    subtitle = "Share of the coalition's demand of 2026 to 2035 that is not met, and tonnes"
    return chart("Short of supply: members alone and together", subtitle, panels)


def main() -> None:
    """Write the page and its chart."""
    results = {name: result(read(HERE / f"{name}.xlsx").case) for name in CASES}
    brief = "\n".join(in_short(name, r) for name, r in results.items())
    parts = [HEAD, f"{brief}\n", TERMS, *(section(name, r) for name, r in results.items())]
    (DOCS / "cooperation.md").write_text("\n".join(parts), encoding="utf-8")
    (DOCS / PICTURE).write_text(picture(results), encoding="utf-8")


if __name__ == "__main__":
    main()
