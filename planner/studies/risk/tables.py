"""The tables of a risk study: a row a measure, a mineral, a member, an event or a draw.

Money is in the case's currency, amounts in t of contained metal over all years, shares and chances
are fractions. ``plan`` says which plan a row is of. NaN: not known.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from models.resolve import Bools, Floats
from planner.scenarios.events import events
from planner.studies.risk.spread import Chance, added, chance, spread
from planner.studies.risk.study import Risk, Sample

COST, CASH, SHORT, SHARE = "Total cost", "Cash cost", "Shortage", "Shortage, share of demand"
MORE = "Any shortage beyond the base's"
KINDS = {COST: "money", CASH: "money", SHORT: "t", SHARE: "share", MORE: "chance"}
"""What each measure is in."""


def measures(risk: Risk) -> pd.DataFrame:
    """One row a measure and plan: what it is over all draws.

    measure, kind (of ``KINDS``), plan, base (the case without any event), mean, error (its standard
    error), low, middle, high (5th, 50th, 95th percentile), high_from and high_to (its 95 %
    interval, NaN: too few draws), tail (mean of the worst 5 %), tail_error. Of a chance: mean and
    error alone, high_from and high_to being the ends of its own 95 % interval.
    """
    demand = risk.base.case.total_demand
    base = {
        COST: risk.reading.objective,
        CASH: risk.reading.cash,
        SHORT: float(risk.reading.short.sum()),
        SHARE: _share(float(risk.reading.short.sum()), demand),
    }
    rows: list[dict[str, object]] = []
    for name, without in base.items():
        for sample in risk.samples:
            of = spread(_of(sample, name, demand))
            row = {"measure": name, "kind": KINDS[name], "plan": sample.name, "base": without}
            rows.append(row | dataclasses.asdict(of))
    for sample in risk.samples:
        said = _chance(beyond(risk, sample))
        rows.append(
            {"measure": MORE, "kind": KINDS[MORE], "plan": sample.name, "base": 0.0}
            | {
                "mean": said.share,
                "error": said.error,
                "high_from": said.least,
                "high_to": said.most,
            }
        )
    return pd.DataFrame(rows)


def minerals(risk: Risk) -> pd.DataFrame:
    """One row a mineral and plan, of the coalition: as ``members``, whose member is ""."""
    names = risk.base.expanded.minerals
    return pd.DataFrame(
        _shortages(risk, sample, m, "", slice(None))
        for m in range(len(names))
        for sample in risk.samples
    )


def members(risk: Risk) -> pd.DataFrame:
    """One row a mineral, a member with demand for it, and a plan: how likely it is short.

    mineral, member, plan, demand, base (short without any event), mean (short, expected), error,
    share (of demand), middle, high, tail; chance of being short at all, more: chance of being
    shorter than in the base, least and most: its 95 % interval.
    """
    e = risk.base.expanded
    return pd.DataFrame(
        [
            _shortages(risk, sample, m, member, j)
            for m in range(len(e.minerals))
            for j, member in enumerate(e.members)
            if e.demand[m, j].sum() > 0
            for sample in risk.samples
        ],
        columns=list(_SHORTAGE),
    )


_SHORTAGE = (
    "mineral", "member", "plan", "demand", "base", "mean", "error", "share", "middle", "high",
    "tail", "short", "more", "least", "most",
)  # fmt: skip


def _shortages(
    risk: Risk, sample: Sample, mineral: int, member: str, at: int | slice
) -> dict[str, object]:
    e = risk.base.expanded
    known = sample.short[sample.known][:, mineral, at]
    tonnes: Floats = known if known.ndim == 1 else known.sum(axis=1)
    base = float(np.sum(risk.reading.short[mineral, at]))
    demand = float(np.sum(e.demand[mineral, at]))
    least = _tolerance(risk)[mineral]
    of = spread(tonnes)
    more = _chance(tonnes > base + least)
    return {
        "mineral": e.minerals[mineral],
        "member": member,
        "plan": sample.name,
        "demand": demand,
        "base": base,
        "mean": of.mean,
        "error": of.error,
        "share": _share(of.mean, demand),
        "middle": of.middle,
        "high": of.high,
        "tail": of.tail,
        "short": _chance(tonnes > least).share,
        "more": more.share,
        "least": more.least,
        "most": more.most,
    }


def happenings(risk: Risk) -> pd.DataFrame:
    """One row an event: how often it was drawn, and what a year of it adds.

    event, probability, duration; drawn (share of draws with it), years (under way, a draw); for
    each plan cost_*, short_*: what a year of it adds (money, t), and cost_error_*, short_error_*
    their standard errors. NaN for an event that was never drawn, or in all years of all draws.
    """
    every = events(risk.base.case)
    lasted = [[len(dict(draw.under_way).get(e.name, ())) for e in every] for draw in risk.draws]
    years = np.array(lasted, dtype=float).reshape(len(risk.draws), len(every))
    columns: dict[str, object] = {
        "event": [event.name for event in every],
        "probability": [event.probability for event in every],
        "duration": [event.duration for event in every],
        "drawn": (years > 0).mean(axis=0),
        "years": years.mean(axis=0),
    }
    for key, sample in zip(("agreed", "anew"), risk.samples, strict=True):
        known = sample.known
        short: Floats = sample.short.sum(axis=(1, 2))
        for name, of in (("cost", sample.objective), ("short", short)):
            adds, errors = added(of[known], years[known])
            columns[f"{name}_{key}"], columns[f"{name}_error_{key}"] = adds, errors
    return pd.DataFrame(columns)


def every_draw(risk: Risk) -> pd.DataFrame:
    """One row a draw: draw (from 1), events (with their years), and of each plan what it comes to.

    cost_*, cash_*, short_* and share_* (of demand), * being agreed and anew.
    """
    demand = risk.base.case.total_demand
    columns: dict[str, object] = {
        "draw": list(range(1, len(risk.draws) + 1)),
        "events": [draw.said for draw in risk.draws],
    }
    for key, sample in zip(("agreed", "anew"), risk.samples, strict=True):
        short = sample.short.sum(axis=(1, 2))
        columns[f"cost_{key}"] = sample.objective
        columns[f"cash_{key}"] = sample.cash
        columns[f"short_{key}"] = short
        columns[f"share_{key}"] = short / demand if demand > 0 else np.zeros(len(short))
    return pd.DataFrame(columns)


def beyond(risk: Risk, sample: Sample) -> Bools:
    """Return of each known draw whether it leaves any mineral shorter than the base does."""
    short, base = sample.short[sample.known].sum(axis=2), risk.reading.short.sum(axis=1)
    more: Bools = (short > base + _tolerance(risk)).any(axis=1)
    return more


def _tolerance(risk: Risk) -> Floats:
    """What counts as nothing short, by mineral, over all years [t]."""
    e = risk.base.expanded
    return np.array([sum(risk.base.tolerance(name, y) for y in e.years) for name in e.minerals])


def _of(sample: Sample, measure: str, demand: float) -> Floats:
    """Return what a measure is in each known draw."""
    if measure == COST:
        return sample.objective[sample.known]
    if measure == CASH:
        return sample.cash[sample.known]
    short: Floats = sample.short[sample.known].sum(axis=(1, 2))
    if measure == SHORT:
        return short
    return short / demand if demand > 0 else np.zeros(len(short))


def _share(tonnes: float, demand: float) -> float:
    return tonnes / demand if demand > 0 else 0.0


def _chance(happened: Bools) -> Chance:
    return chance(int(np.sum(happened)), len(happened))
