"""The sheets of a sweep: what each point costs, the smallest caps, and their charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from planner.sheets.picture import Form, Picture, Role, Series, short
from planner.sheets.table import Column, Look, Table, column

FRONTIER, SMALLEST, REFERENCE = "Frontier", "Smallest caps", "As given"

_MOST_LINES = 6
"""Lines of a chart at most: those that rise highest."""
_MOST_SMALL = 12
"""Minerals with a chart of their own at most: those that cost most."""
_SEEN = 5e-4
"""A line of shares that stays below this everywhere is not worth a line."""
_MONEY = ((1e9, "bn"), (1e6, "m"))


@dataclass(frozen=True)
class Swept:
    """A sweep as its sheets take it.

    ``title`` is what was turned, ``is_cap`` whether it is the cap on single countries,
    ``is_factor`` whether it multiplies what stands. ``rows`` and ``reference`` have the columns
    that a study's sweep gives them, ``smallest`` (empty for other knobs) those of its smallest
    caps; the rows of the mineral ``whole`` are of all together. ``basis`` is what shares are of,
    ``horizon`` the years in words.
    """

    title: str
    is_cap: bool
    is_factor: bool
    whole: str
    rows: pd.DataFrame
    reference: pd.DataFrame
    smallest: pd.DataFrame
    currency: str
    basis: str
    horizon: str

    @property
    def minerals(self) -> list[str]:
        """All minerals together, then each, in the case's order; as far as any point has a plan."""
        return list(dict.fromkeys(self.rows["mineral"]))


def sweep_tables(swept: Swept) -> list[Table]:
    """Return the sheets of a sweep: the frontier, and the smallest caps or the case as given."""
    return [frontier(swept), smallest(swept) if swept.is_cap else as_given(swept)]


def frontier(swept: Swept) -> Table:
    """One row a mineral and point: all minerals together first, each in the order of the sweep."""
    money, per_t = swept.currency, f"{swept.currency}/t"
    parts = [swept.rows[swept.rows["mineral"] == name] for name in swept.minerals]
    rows = pd.concat(parts) if parts else swept.rows
    if swept.is_cap:
        turned = [column("Cap", Look.SHARE, rows["value"])]
    else:
        turned = [
            column("Knob", Look.TEXT, [swept.title] * len(rows)),
            column("Value", Look.SHARE, rows["value"]),
        ]
    beyond = "by the cap" if swept.is_cap else "beyond as given"
    found = [
        *turned,
        _minerals(swept, rows),
        column(f"Objective ({money})", Look.MONEY, rows["objective"]),
        column(f"Purchases ({money})", Look.MONEY, rows["purchases"]),
        column(f"Cash cost ({money})", Look.MONEY, rows["cash"]),
        column("Tonnes", Look.TONNES, rows["tonnes"]),
        column("Short (t)", Look.TONNES, rows["short"]),
        column(f"Short {beyond} (t)", Look.TONNES, rows["lost"]),
        column("Served share", Look.SHARE, rows["served"]),
        column("Largest country share", Look.SHARE, rows["share"]),
        column("Largest country", Look.TEXT, rows["country"]),
        column(f"Slope ({money}/point)", Look.MONEY, rows["slope"]),
        column(f"Premium ({per_t})", Look.PRICE, rows["premium"]),
        column(f"Premium like for like ({per_t})", Look.PRICE, rows["like_for_like"]),
        column("Dearer like for like", Look.SHARE, rows["dearer"]),
        column(f"Premium with shortage ({per_t})", Look.PRICE, rows["with_shortage"]),
    ]
    if any(rows["trouble"]):
        found.append(column("Trouble", Look.LONG, rows["trouble"]))
    return Table(FRONTIER, tuple(found))


def _minerals(swept: Swept, rows: pd.DataFrame) -> Column:
    said = ["all" if mineral == swept.whole else mineral for mineral in rows["mineral"]]
    return column("Mineral", Look.TEXT, said)


def smallest(swept: Swept) -> Table:
    """One row a mineral: its smallest cap, the first point that costs tonnes, and no cap at all."""
    caps, free = swept.smallest, swept.reference
    return Table(
        SMALLEST,
        (
            _minerals(swept, caps),
            column("Smallest cap", Look.SHARE, caps["smallest"]),
            column("First point that costs tonnes", Look.SHARE, caps["costs_from"]),
            column("Short by the cap there (t)", Look.TONNES, caps["lost"]),
            column("Largest country without caps", Look.TEXT, free["country"]),
            column("Its share without caps", Look.SHARE, free["share"]),
            column(f"Cash cost without caps ({swept.currency})", Look.MONEY, free["cash"]),
            column("Tonnes without caps", Look.TONNES, free["tonnes"]),
            column("Short without caps (t)", Look.TONNES, free["short"]),
        ),
    )


def as_given(swept: Swept) -> Table:
    """One row a mineral: the case with the knob as it stands, which the premiums are against."""
    money, free = swept.currency, swept.reference
    return Table(
        REFERENCE,
        (
            _minerals(swept, free),
            column(f"Objective ({money})", Look.MONEY, free["objective"]),
            column(f"Purchases ({money})", Look.MONEY, free["purchases"]),
            column(f"Cash cost ({money})", Look.MONEY, free["cash"]),
            column("Tonnes", Look.TONNES, free["tonnes"]),
            column("Short (t)", Look.TONNES, free["short"]),
            column("Served share", Look.SHARE, free["served"]),
            column("Largest country share", Look.SHARE, free["share"]),
            column("Largest country", Look.TEXT, free["country"]),
        ),
    )


# ---- charts ------------------------------------------------------------------------------------


def sweep_pictures(swept: Swept) -> tuple[Picture, ...]:
    """Return the charts: cost, room for a cap, who gets dearer, who goes short; each mineral alone.

    Over a cap the tight end stands on the right; else the scale runs as the sweep does.
    """
    whole = swept.rows[swept.rows["mineral"] == swept.whole]
    values = [float(v) for v in whole["value"]]
    if swept.is_cap:
        values.sort(reverse=True)
    if len(values) < 2:  # noqa: PLR2004 - one point is no line
        return ()
    by = "by the cap" if swept.is_cap else "beyond as given"
    made = [
        _money(swept, values),
        _room(swept),
        _lines(
            swept,
            values,
            "dearer",
            "How much dearer a tonne becomes",
            f"Above its cash cost {_before(swept)}",
        ),
        _lines(
            swept, values, "lost share", f"Demand that goes short {by}", "Share of coalition demand"
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
    nothing = 0.0 if name == "extra" else _SEEN
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
    """What is bought costs so much more than the same tonnes would, all minerals together."""
    extra = _at(swept, values, swept.whole, "extra")
    most = max((abs(v) for v in extra if v is not None), default=0.0)
    if not most:
        return None
    size, unit = next((s for s in _MONEY if most >= s[0]), (1.0, ""))
    what = "What the cap adds to the" if swept.is_cap else f"{swept.title}: extra"
    return Picture(
        f"{what} cost of what is still bought, {swept.horizon}",
        Form.LINES,
        tuple(values),
        (Series("Extra cost", Role.PLAN, tuple(None if v is None else v / size for v in extra)),),
        f"Extra cash cost ({' '.join(filter(None, (swept.currency, unit)))})",
        _across(swept),
        look=Look.MILLIONS,
        scale=Look.SHARE,
    )


def _room(swept: Swept) -> Picture | None:
    """How far a cap can go down before it costs tonnes, beside the largest share without caps."""
    caps, free = swept.smallest, swept.reference
    if caps.empty or caps["smallest"].isna().all():
        return None
    shares = dict(zip(free["mineral"], free["share"], strict=True))
    told = [
        (mineral, float(least), float(shares[mineral]))
        for mineral, least in zip(caps["mineral"], caps["smallest"], strict=True)
        if mineral != swept.whole and not pd.isna(least)
    ][:_MOST_SMALL]
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
    some = "" if len(kept) == told else f" ({len(kept)} of {told} minerals)"
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
