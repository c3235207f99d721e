"""The tables of a sweep: what each point costs, and the smallest caps or the case as given."""

from __future__ import annotations

import pandas as pd

from models.results.field import Look
from planner.render.table import Column, Table, column
from planner.sheets.frontier.swept import Swept

FRONTIER, SMALLEST, REFERENCE = "Frontier", "Smallest caps", "As given"


def sweep_tables(swept: Swept) -> list[Table]:
    """Return the sheets of a sweep: the frontier, and the smallest caps or the case as given."""
    return [frontier(swept), smallest(swept) if swept.is_cap else as_given(swept)]


def frontier(swept: Swept) -> Table:
    """One row a mineral and point: all minerals together first, each in the order of the sweep."""
    per_t = f"{swept.currency}/t"
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
        *_amounts(swept, rows),
        column(f"Short {beyond} (t)", Look.TONNES, rows["lost"]),
        *_shares(rows),
        _slope(swept, rows),
        column(f"Premium ({per_t})", Look.PRICE, rows["premium"]),
        column(f"Premium like for like ({per_t})", Look.PRICE, rows["like_for_like"]),
        column("Dearer like for like", Look.SHARE, rows["dearer"]),
        column(f"Premium with shortage ({per_t})", Look.PRICE, rows["with_shortage"]),
    ]
    if any(rows["trouble"]):
        found.append(column("Trouble", Look.LONG, rows["trouble"]))
    return Table(FRONTIER, tuple(found))


def _amounts(swept: Swept, rows: pd.DataFrame) -> list[Column]:
    """Return what is paid, bought and short."""
    money = swept.currency
    return [
        column(f"Total cost ({money})", Look.MONEY, rows["objective"]),
        column(f"Purchases ({money})", Look.MONEY, rows["purchases"]),
        column(f"Cash cost ({money})", Look.MONEY, rows["cash"]),
        column("Tonnes", Look.TONNES, rows["tonnes"]),
        column("Short (t)", Look.TONNES, rows["short"]),
    ]


def _shares(rows: pd.DataFrame) -> list[Column]:
    """Return what is served, and who supplies most of it."""
    return [
        column("Served share", Look.SHARE, rows["served"]),
        column("Largest country share", Look.SHARE, rows["share"]),
        column("Largest country", Look.TEXT, rows["country"]),
    ]


def _slope(swept: Swept, rows: pd.DataFrame) -> Column:
    """Say a slope the way round in which it is looked for: a looser cap saves, more demand costs.

    The table's slope is what one point more saves.
    """
    if swept.is_cap:
        header, worth = "A point looser saves", rows["slope"]
    else:
        header, worth = "A point more costs", 0.0 - rows["slope"]  # not -0.0
    return column(f"{header} ({swept.currency})", Look.MONEY, worth)


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
    free = swept.reference
    return Table(REFERENCE, (_minerals(swept, free), *_amounts(swept, free), *_shares(free)))
