"""The charts of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from models.results.field import Look
from planner.render.chart import Form, Picture, Role, Series, short
from planner.sheets.frontier.swept import Swept

_MOST_LINES = 6
"""Lines of a chart at most: those that rise highest."""
_MOST_SMALL = 12
"""Minerals with a chart of their own at most: those that cost most."""
_SEEN = 5e-4
"""A line of shares that stays below this everywhere is not worth a line."""
_MONEY = ((1e9, "bn"), (1e6, "m"))
_AMOUNTS = {"extra", "cash", "short"}
"""Figures that are no shares: in money or tonnes."""


def sweep_pictures(swept: Swept) -> tuple[Picture, ...]:
    """Return the charts: cost, room for a cap, who gets dearer, who goes short; each mineral alone.

    Over a cap the tight end stands on the right, and cost and shortage are what the cap adds. Of
    another knob, which changes how much is bought, they are all that is paid, and all that is
    short; the scale runs as the sweep does.
    """
    whole = swept.rows[swept.rows["mineral"] == swept.whole]
    values = [float(v) for v in whole["value"]]
    if swept.is_cap:
        values.sort(reverse=True)
    if len(values) < 2:  # noqa: PLR2004 - one point is no line
        return ()
    lost, lacking = ("lost share", " by the cap") if swept.is_cap else ("short share", "")
    made = [
        _money(swept, values),
        _room(swept) if swept.is_cap else _tonnes_short(swept, values),
        _lines(
            swept,
            values,
            "dearer",
            "How much dearer a tonne becomes",
            f"Above its cash cost {_before(swept)}",
        ),
        _lines(
            swept, values, lost, f"Demand that goes short{lacking}", "Share of coalition demand"
        ),
        *(_of_mineral(swept, values, name) for name in _small(swept)),
    ]
    return tuple(p for p in made if p is not None)


def _before(swept: Swept) -> str:
    return "without caps" if swept.is_cap else "as given"


def _across(swept: Swept, *, small: bool = False) -> str:
    if not swept.is_cap:
        of = "100 % = as given" if swept.is_factor else "share of the cost at the refiner's gate"
        return f"{swept.title} ({of})"
    if small:
        return "Cap on any one country: loose → tight"
    return f"Cap on any one country's share of coalition {swept.basis}: loose → tight"


def _at(swept: Swept, values: Sequence[float], mineral: str, name: str) -> tuple[float | None, ...]:
    """Return a mineral's figures at the values, nothing seen as 0; None where there is no plan."""
    own = swept.rows[swept.rows["mineral"] == mineral]
    figures = _figures(own, name)
    nothing = 0.0 if name in _AMOUNTS else _SEEN
    found = {
        float(value): None if pd.isna(y) else float(y) if abs(y) >= nothing else 0.0
        for value, y in zip(own["value"], figures, strict=True)
    }
    return tuple(found.get(value) for value in values)


def _figures(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    if name == "lost share":
        return rows["lost"] / rows["demand"].where(rows["demand"] > 0)
    if name == "short share":
        return 1.0 - rows["served"]
    if name == "extra":
        return rows["like_for_like"] * rows["tonnes"]
    return rows[name]


def _money(swept: Swept, values: Sequence[float]) -> Picture | None:
    """What the cap adds to the cost of the tonnes bought; of another knob all that is paid."""
    if swept.is_cap:
        name, what, axis = "extra", "What the cap adds to the cost of what is still bought", "Extra"
    else:
        name, what, axis = "cash", f"{swept.title}: what is paid for what is bought", "Paid"
    money = _at(swept, values, swept.whole, name)
    most = _peak(money)
    if not most:
        return None
    size, unit = next((s for s in _MONEY if most >= s[0]), (1.0, ""))
    return Picture(
        f"{what}, {swept.horizon}",
        Form.LINES,
        tuple(values),
        (Series(f"{axis} cost", Role.PLAN, tuple(None if v is None else v / size for v in money)),),
        f"{axis}, cash cost ({' '.join(filter(None, (swept.currency, unit)))})",
        _across(swept),
        look=Look.MILLIONS,
        scale=Look.SHARE,
    )


def _tonnes_short(swept: Swept, values: Sequence[float]) -> Picture | None:
    """What is short in all: a cost that falls for want of supply is no gain."""
    short_t = _at(swept, values, swept.whole, "short")
    if not _peak(short_t):
        return None
    return Picture(
        f"{swept.title}: what is short, all minerals by weight, {swept.horizon}",
        Form.LINES,
        tuple(values),
        (Series("Short", Role.SHORT, short_t),),
        "Short",
        _across(swept),
        look=Look.TONNES,
        scale=Look.SHARE,
    )


def _room(swept: Swept) -> Picture | None:
    """How far a cap can go down before it costs tonnes, beside the largest share without caps."""
    caps, free = swept.smallest, swept.reference
    shares = dict(zip(free["mineral"], free["share"], strict=True))
    told = [
        (mineral, float(least), float(shares[mineral]))
        for mineral, least in zip(caps["mineral"], caps["smallest"], strict=True)
        if mineral != swept.whole and not pd.isna(least) and not pd.isna(shares[mineral])
    ][:_MOST_SMALL]
    if not told:  # of a mineral that nobody sells there is no share to compare with
        return None
    return Picture(
        f"How tight a cap can be before supply is lost, {swept.horizon}",
        Form.GROUPED,
        tuple(short(mineral) for mineral, _, _ in told),
        (
            Series("Largest country without caps", Role.FREE, tuple(of for _, _, of in told)),
            Series("Smallest cap that need cost no tonne", Role.PLAN, tuple(c for _, c, _ in told)),
        ),
        f"Share of coalition {swept.basis}",
        "Mineral",
    )


def _lines(
    swept: Swept, values: Sequence[float], name: str, title: str, axis: str
) -> Picture | None:
    """Return a chart of one figure, a line a mineral: the same minerals in the same colours."""
    kept, told = _chosen(swept, values)
    lines = {mineral: _at(swept, values, mineral, name) for mineral in kept}
    if all(_peak(line) < _SEEN for line in lines.values()):
        return None
    some = "" if len(kept) == told else f" (the {len(kept)} of {told} that change most)"
    return Picture(
        f"{title}, {swept.horizon}{some}",
        Form.LINES,
        tuple(values),
        tuple(Series(short(m), Role.ONE_OF_MANY, line) for m, line in lines.items()),
        axis,
        _across(swept),
        scale=Look.SHARE,
    )


def _chosen(swept: Swept, values: Sequence[float]) -> tuple[list[str], int]:
    """Return the minerals that rise highest in cost or shortage, and how many rise at all."""
    rise: dict[str, float] = {}
    peaks = {
        name: {
            mineral: _peak(_at(swept, values, mineral, name))
            for mineral in swept.minerals
            if mineral != swept.whole
        }
        for name in ("dearer", "lost share")
    }
    for of in peaks.values():
        most = max(of.values(), default=0.0)
        for mineral, peak in of.items():
            if peak >= _SEEN:
                rise[mineral] = rise.get(mineral, 0.0) + peak / most
    highest = sorted(rise, key=lambda m: -rise[m])[:_MOST_LINES]
    return [m for m in swept.minerals if m in highest], len(rise)


def _peak(values: Sequence[float | None]) -> float:
    return max((abs(v) for v in values if v is not None), default=0.0)


def _small(swept: Swept) -> list[str]:
    """Return the minerals with a chart of their own: with demand, those that cost most."""
    of = {m: swept.rows[swept.rows["mineral"] == m] for m in swept.minerals if m != swept.whole}
    named = [m for m, rows in of.items() if rows["demand"].max() > 0]
    kept = sorted(named, key=lambda m: -float(of[m]["cash"].max()))[:_MOST_SMALL]
    return [m for m in named if m in kept]


def _of_mineral(swept: Swept, values: Sequence[float], mineral: str) -> Picture:
    """One mineral: how much dearer, and how much is short."""
    return Picture(
        _said(swept, mineral),
        Form.LINES,
        tuple(values),
        (
            Series(
                f"Dearer than {_before(swept)}, of cost",
                Role.PLAN,
                _at(swept, values, mineral, "dearer"),
            ),
            Series("Short, of demand", Role.SHORT, _at(swept, values, mineral, "short share")),
        ),
        "",
        _across(swept, small=True),
        small=True,
        scale=Look.SHARE,
    )


def _said(swept: Swept, mineral: str) -> str:
    """Return a mineral's title, with its smallest cap where that is known."""
    known = dict(
        zip(swept.smallest.get("mineral", ()), swept.smallest.get("smallest", ()), strict=True)
    )
    least = known.get(mineral)
    if least is None or pd.isna(least):
        return short(mineral)
    return f"{short(mineral)}: no tonne need be lost down to {least * 100:.1f} %"
