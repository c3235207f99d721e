"""The charts of a plan again, from the numbers that stand behind them."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from models.results.field import Look
from planner.audit.redacted.tables import Cell, rows
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.table import Table

BY_MEMBER = "Demand served by member"
"""How the title of the chart with a bar for each member begins."""


@dataclass(frozen=True)
class _Kind:
    """How a chart is drawn that a title's pattern stands for."""

    title: str
    form: Form
    axis: str
    across: str
    small: bool = False
    is_labelled: bool = False


_KINDS = (
    _Kind(
        r"Largest (.+): share of coalition (\w+), .*", Form.GROUPED, "Share of coalition {1}",
        "Mineral and its largest {0}",
    ),
    _Kind(r"Who supplies the coalition, .*", Form.STACKED, "Share of coalition demand", "Mineral"),
    _Kind(
        rf"{BY_MEMBER}, .*", Form.BARS, "Share of the value of demand, at the minerals' prices",
        "Member",
    ),
    _Kind(r"Use of the refining capacity .*", Form.STACKED, "Share of usable capacity", "Mineral"),
    _Kind(r"Short, and why, .*", Form.BARS, "Share of coalition demand", "Mineral", small=True),
    _Kind(
        r"Who serves the coalition's need, .*", Form.BARS, "", "", is_labelled=True
    ),
    _Kind(r".+: largest .+", Form.AGAINST, "Share of coalition {basis}", "Year", small=True),
)  # fmt: skip
_ANY = _Kind(r".*", Form.GROUPED, "", "")
_ROLES = {
    "This plan": Role.PLAN,
    "Served": Role.PLAN,
    "Without limits": Role.FREE,
    "Limit": Role.LIMIT,
    "The limits forbid it": Role.LIMIT,
    "Short": Role.SHORT,
    "Not served": Role.SHORT,
    "From stock": Role.STOCK,
    "Other countries": Role.OTHER,
    "The coalition itself": Role.HOME,
    "Supply can't give it": Role.OTHER,
    "Used, in the coalition": Role.INSIDE,
    "Idle, in the coalition": Role.INSIDE_IDLE,
    "Used, outside": Role.OUTSIDE,
    "Idle, outside": Role.OUTSIDE_IDLE,
}
"""What a series stands for; any other is one of many."""


_HEADS = ("Chart", "Series", "Category", "Value")


def is_even(data: Table) -> bool:
    """Return whether the table is one of charts: all series of one have the same categories."""
    if data.headers != _HEADS:
        return False
    found: dict[tuple[str, str], list[Cell]] = {}
    for title, name, category, _ in rows(data):
        found.setdefault((str(title), str(name)), []).append(category)
    alike: dict[str, list[Cell]] = {}
    return all(alike.setdefault(title, of) == of for (title, _), of in found.items())


def pictures(data: Table, members: AbstractSet[str]) -> list[Picture]:
    """Return the charts of the table Chart data, without the bars of some members."""
    found: dict[str, dict[str, list[tuple[Cell, float | None]]]] = {}
    hidden = {short(name) for name in members}
    for title, name, category, value in rows(data):
        chart = found.setdefault(str(title), {})
        if str(title).startswith(BY_MEMBER) and category in hidden:
            continue
        number = float(value) if isinstance(value, int | float) else None
        chart.setdefault(str(name), []).append((category, number))
    told = (re.search(r": share of coalition (\w+), ", title) for title in found)
    basis = next((m[1] for m in told if m), "demand")
    return [p for p in (_picture(title, of, basis) for title, of in found.items()) if len(p)]


def _picture(title: str, of: dict[str, list[tuple[Cell, float | None]]], basis: str) -> Picture:
    kind, match = next(
        (k, m) for k in (*_KINDS, _ANY) if (m := re.fullmatch(k.title, title)) is not None
    )
    said = match.groups()
    first = next(iter(of.values()), [])
    return Picture(
        title,
        kind.form,
        tuple(category for category, _ in first),
        tuple(
            Series(name, _ROLES.get(name, Role.ONE_OF_MANY), tuple(v for _, v in values))
            for name, values in of.items()
        ),
        kind.axis.format(*said, basis=basis),
        kind.across.format(*said),
        look=Look.SHARE,
        small=kind.small,
        is_labelled=kind.is_labelled,
    )
