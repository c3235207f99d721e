"""The charts of a stress test: the worst losses, what diversification buys, and N-1."""

from __future__ import annotations

import pandas as pd

from models.results.field import Look
from planner.render.chart import Form, Picture, Role, Series, short
from planner.sheets.stress.tables import Tested

_MOST_BARS, _MOST_LINES, _MOST_LOSSES = 10, 6, 6
"""Losses, minerals and small charts that are drawn at most."""
_SEEN, _TALL = 5e-3, 0.02
"""A share that is nowhere above the first is not worth a bar; a loss without one above the second
is not worth a chart."""
_WHOLE = 20.0
"""From here on an axis of money needs no decimals."""
_MONEY = ((1e9, "bn"), (1e6, "m"))


def stress_pictures(tested: Tested) -> tuple[Picture, ...]:
    """Return the charts, the large ones first; of single losses those that cost most.

    Each says its place among the losses, and how many minerals it leaves out.
    """
    losses = tested.losses  # a loss without a cost has no plan: nothing is known of it
    countries = losses[(losses["kind"] == "country") & losses["cost"].notna()]
    made = [_costs(tested, countries), _lines(tested)]
    ranked = [str(lost) for lost in countries["lost"]]
    small = [
        picture
        for rank, lost in enumerate(ranked[:_MOST_LOSSES], start=1)
        if (picture := _loss(tested, lost, f"No. {rank} of {len(ranked)} by cost")) is not None
    ]
    return tuple(p for p in [*made, *small] if p is not None)


def _horizon(tested: Tested) -> str:
    first, last = tested.years[0], tested.years[-1]
    return f"{first} to {last}" if first != last else str(first)


def _costs(tested: Tested, losses: pd.DataFrame) -> Picture | None:
    """The countries whose loss costs most, shortage priced."""
    dear = losses[losses["cost"] > 0]
    rows = dear.head(_MOST_BARS)
    if rows.empty:
        return None
    size, unit = next((s for s in _MONEY if rows["cost"].max() >= s[0]), (1.0, ""))
    some = ""
    if len(rows) < len(dear):
        some = f" (the {len(rows)} dearest of {len(losses)})"
    elif len(rows) < len(losses):
        some = f" ({len(rows)} of {len(losses)}, the others nothing)"
    return Picture(
        f"What losing a country costs, {_horizon(tested)}{some}",
        Form.BARS,
        tuple(short(name) for name in rows["lost"]),
        (Series("Extra cost with shortage", Role.SHORT, tuple(rows["cost"] / size)),),
        f"Extra cost, shortage priced ({' '.join(filter(None, (tested.money, unit)))})",
        "",
        look=Look.COUNT if rows["cost"].max() / size >= _WHOLE else Look.MILLIONS,
    )


def _lines(tested: Tested) -> Picture | None:
    """N-1 over the years, a line a mineral: those with the least left."""
    table = tested.n_minus_1
    if len(tested.years) < 2 or table.empty:  # noqa: PLR2004 - one year is no line
        return None
    lines: dict[str, tuple[float | None, ...]] = {}
    for mineral in dict.fromkeys(table["mineral"]):
        own = table[table["mineral"] == mineral]
        if own["over_rest"].notna().any():
            found = tuple(None if pd.isna(v) else float(v) for v in own["over_rest"])
            lines[str(mineral)] = found
    least = sorted(lines, key=lambda m: min(v for v in lines[m] if v is not None))[:_MOST_LINES]
    if not least:
        return None
    some = f" (the {len(least)} lowest of {len(lines)} minerals)" if len(least) < len(lines) else ""
    return Picture(
        f"N-1: supply without its largest country{some}",
        Form.LINES,
        tested.years,
        tuple(Series(short(m), Role.ONE_OF_MANY, v) for m, v in lines.items() if m in least),
        "Share of the demand of the others",
        "Year",
    )


def _loss(tested: Tested, lost: str, rank: str) -> Picture | None:
    """One country lost: the share of demand newly short by mineral, capped against uncapped."""
    rows = tested.minerals
    own = rows[(rows["kind"] == "country") & (rows["lost"] == lost)]
    shown = own[(own["share"] > _SEEN) | (own["free_share"] > _SEEN)]
    if not (shown[["share", "free_share"]] > _TALL).any(axis=None):
        return None
    order = {m.name: i for i, m in enumerate(tested.case.minerals)}
    shown = shown.sort_values("mineral", key=lambda c: c.map(order), kind="stable")
    series = [Series("Agreed plan", Role.PLAN, tuple(shown["share"]))]
    if tested.is_capped:
        found = tuple(None if pd.isna(v) else float(v) for v in shown["free_share"])
        series.append(Series("Plan without share limits", Role.FREE, found))
    out = len(order) - len(shown)
    left_out = f"; left out: {out} of {len(order)} minerals, up to {_SEEN * 100:g} %" if out else ""
    return Picture(
        f"{short(lost)} lost: demand newly short",
        Form.GROUPED,
        tuple(short(m) for m in shown["mineral"]),
        tuple(series),
        "Share of coalition demand",
        f"{rank}{left_out}",
        small=True,
    )
