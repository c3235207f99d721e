"""The flows that moved most from one plan to another: what a country sells a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.results import Flows, Prices
from planner.documents.difference.pair import Pair
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

MOST_MOVES = 10
"""Flows listed of one mineral; the others are counted."""
_NOTHING = 1e-6
"""A change below this part of a mineral's largest flow is none."""
_SAME = 1e-7
"""Amounts paid and short that differ by a smaller part are the same."""


@dataclass(frozen=True)
class Moves:
    """Flows that moved, over the years of both plans.

    ``table``: mineral, seller, buyer, old, new, change [t], the largest first, at most MOST_MOVES a
    mineral; then a row that counts the others. ``differing`` is how many flows differ in all.
    ``among_equals`` are minerals whose flows differ though each year costs and lacks the same:
    equally cheap plans, one of which was shown each time.
    """

    table: pd.DataFrame
    differing: int
    among_equals: tuple[str, ...]


def moves(pair: Pair) -> Moves:
    """Return the flows that moved most, of the minerals that both plans have in one unit."""
    import pandas as pd

    before, after = (_flows(pair, plan) for plan in (pair.old, pair.new))
    index = before.index.union(after.index)
    amounts = {
        "old": before.reindex(index, fill_value=0.0),
        "new": after.reindex(index, fill_value=0.0),
    }
    both = pd.DataFrame(amounts).reset_index()
    both = both[both["mineral"].map(pair.in_both).astype(bool)]
    both["change"] = both["new"] - both["old"]
    largest = both.groupby("mineral")[["old", "new"]].transform("max").max(axis=1)
    both = both[both["change"].abs() > _NOTHING * largest]
    equal = _equal(pair, sorted(both["mineral"].unique()))
    parts = [
        _largest(mine) for name, mine in both.groupby("mineral", sort=True) if name not in equal
    ]
    names = {"country": "seller", "member": "buyer"}
    table = pd.concat([both.head(0), *parts], ignore_index=True).rename(columns=names)
    return Moves(table, len(both), tuple(equal))


def _flows(pair: Pair, plan: PlanFile) -> pd.Series:
    table = pair.rows(plan, Flows)
    table = table.assign(country=table["country"].map(pair.country))
    return table.groupby(["mineral", "country", "member"])["tonnes"].sum()


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Return the largest changes of a mineral, and a row for what is left out."""
    import pandas as pd

    order = table.assign(by=table["change"].abs()).sort_values(
        ["by", "country", "member"], ascending=[False, True, True]
    )
    rows = order.drop(columns="by")
    rest = rows.iloc[MOST_MOVES:]
    if rest.empty:
        return rows
    said = "1 other flow" if len(rest) == 1 else f"{len(rest)} other flows"
    sums = rest[["old", "new", "change"]].sum().to_dict()
    last = {"mineral": rows["mineral"].iloc[0], "country": said, "member": "", **sums}
    return pd.concat([rows.head(MOST_MOVES), pd.DataFrame([last])], ignore_index=True)


def _equal(pair: Pair, minerals: list[str]) -> list[str]:
    """Return the minerals that cost and lack the same in every year of both plans."""
    if not pair.same_money:
        return []
    there, here = (_by_year(pair, plan) for plan in (pair.old, pair.new))
    found = []
    for mineral in minerals:
        pairs = [
            (a.get((mineral, year), 0.0), b.get((mineral, year), 0.0))
            for a, b in zip(there, here, strict=True)
            for year in pair.years
        ]
        if all(abs(a - b) <= _SAME * max(abs(a), abs(b), 1.0) for a, b in pairs):
            found.append(mineral)
    return found


def _by_year(pair: Pair, plan: PlanFile) -> list[dict[tuple[str, int], float]]:
    """Return what is paid and what is short, by mineral and year."""
    found = []
    for of, amount in ((Flows, Flows.total), (Prices, Prices.short)):
        table = pair.rows(plan, of)
        sums = table.groupby(["mineral", "year"], as_index=False)[amount.name].sum()
        rows = zip(sums["mineral"], sums["year"], sums[amount.name], strict=True)
        found.append({(str(m), int(y)): float(value) for m, y, value in rows})
    return found
