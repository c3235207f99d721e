"""What differs between the results of two plans, as tables with old, new and change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.measures import largest_country_shares
from models.results import CountryShares, Figure, Flows, Look, Prices
from models.results.overall import COST, HHI_BY, OPTION
from models.schema import DEMAND
from planner.documents.difference.inputs import Inputs
from planner.documents.difference.pair import Pair
from planner.render.words import each_year
from planner.sheets.difference import Line, Sides
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

_SAME_ROW = 1e-7
"""Prices and flows that differ by a smaller part, the solver's tolerance, are the same."""

_TOTALS = (
    Figure.TOTAL_COST, Figure.CASH_COST, Figure.PURCHASES_COST, Figure.COST_PER_TONNE,
    Figure.DEMAND, Figure.TONNES, Figure.SHORTAGE, Figure.SERVED_SHARE, Figure.IF_EACH_STOPS,
    Figure.LIMITS_COST, Figure.LIMITS_COST_CASH, Figure.BINDING_LIMITS,
)  # fmt: skip
_FAMILIES = (("Cost by heading", COST), ("Concentration (HHI)", HHI_BY))
_WORDS = {
    Figure.SCENARIO, Figure.STATUS, Figure.YEARS, Figure.PRICE_YEAR, Figure.SHARE_BASIS,
    Figure.WHOLE_PROJECTS,
}  # fmt: skip
_FILES = (Figure.TITLE, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER, Figure.SOLVER)


@dataclass(frozen=True)
class PlanDifference:
    """Two plans compared.

    ``lines`` are figures of Summary. ``minerals``, ``members`` and ``prices`` have a row a mineral,
    member and mineral, year and mineral and member (those prices alone that differ; all of them
    where the currencies do, and nothing of them is compared), with columns
    ``<what>_old``, ``<what>_new`` and ``<what>_change`` (NaN: cannot be compared).
    """

    pair: Pair
    lines: tuple[Line, ...]
    minerals: pd.DataFrame
    members: pd.DataFrame
    prices: pd.DataFrame
    prices_in_all: int
    moves: Moves

    @property
    def same_totals(self) -> bool:
        """Whether no figure of Summary differs, and no mineral and member."""
        told = all(line.is_same for line in self.lines if line.counts)
        rows = all(
            bool(_is_same(table, what).all())
            for table, whats in ((self.minerals, _MINERAL), (self.members, _MEMBER))
            for what in whats
        )
        return told and rows

    @property
    def is_equal(self) -> bool:
        """Whether the two plans say the same, to the flow."""
        return self.same_totals and self.prices.empty and not self.moves.differing


def compare_plans(old: PlanFile, new: PlanFile) -> PlanDifference:
    """Compare the results of two plans."""
    pair = Pair(old, new)
    prices = _prices(pair)
    same = _is_same(prices, "marginal") & _is_same(prices, "landed")
    return PlanDifference(
        pair=pair,
        lines=tuple(_lines(pair)),
        minerals=_minerals(pair),
        members=_members(pair),
        prices=prices[~same].reset_index(drop=True),
        prices_in_all=len(prices),
        moves=moves(pair),
    )


def _is_same(table: pd.DataFrame, what: str) -> pd.Series:
    """Return which rows say the same: no change, or nothing in both plans."""
    old, new = table[f"{what}_old"], table[f"{what}_new"]
    return (table[f"{what}_change"] == 0.0) | (old.isna() & new.isna())


# ---- figures of Summary -----------------------------------------------------------------------


def _lines(pair: Pair) -> Iterator[Line]:
    """Yield the figures of both Summaries, side by side."""
    old, new = pair.old, pair.new
    yield Line("The plans")
    yield Line("Plan file", old.path.name, new.path.name, counts=False)
    for file in _FILES:
        yield Line(file, _word(old, file), _word(new, file), counts=False)
    for name in dict.fromkeys([*old.measures, *new.measures]):
        if name in _WORDS or name.startswith(OPTION):
            yield Line(name, _word(old, name), _word(new, name))
    yield Line("Totals")
    for total in _TOTALS:
        yield from _figure(pair, total)
    for title, start in _FAMILIES:
        names = dict.fromkeys(n for p in (old, new) for n in p.measures if n.startswith(start))
        if names:
            yield Line(title)
        for name in names:
            yield from _figure(pair, name, absent=0.0 if start == COST else None)


def _figure(pair: Pair, name: str, absent: float | None = None) -> Iterator[Line]:
    """Yield a figure that at least one plan has."""
    values = []
    for plan in (pair.old, pair.new):
        value = plan.measure(name)
        values.append(float(value) if isinstance(value, int | float) else absent)
    if values == [None, None]:
        return
    unit = pair.new.unit(name) or pair.old.unit(name)
    is_money = bool(unit) and unit.partition("/")[0] in {pair.old.currency, pair.new.currency}
    look, remark, known = Look.COUNT, "", True
    if is_money:
        look = Look.PRICE if "/" in unit else Look.MONEY
        known, unit = pair.same_money, unit if pair.same_money else pair.money
        remark = "" if known else "Not in one currency."
    elif unit == "t":
        look, known = Look.TONNES, pair.all_comparable
        remark = "" if known else "Not all minerals are counted in one unit."
    elif unit.startswith("of "):
        look, remark = Look.SHARE, "The change is in percentage points."
    elif unit:
        look = Look.INDEX
    if None in values:
        known, remark = False, f"Only the {'new' if values[0] is None else 'old'} plan says it."
    yield Line(name, values[0], values[1], look, unit, remark, is_known=known)


def _word(plan: PlanFile, name: str) -> str | None:
    value = plan.measure(name)
    return None if value is None else str(value)


# ---- rows -------------------------------------------------------------------------------------

_MINERAL = ("demand", "purchased", "short", "paid", "landed", "share")
_MEMBER = ("purchased", "short", "paid", "landed")
_TONNES = {"demand", "purchased", "short"}
_AMOUNTS = {*_TONNES, "paid"}


def _minerals(pair: Pair) -> pd.DataFrame:
    """Return a row a mineral: demand, purchases, shortage, cost, largest share of a country."""
    sides = []
    for plan in (pair.old, pair.new):
        side = _amounts(pair, plan, ["mineral"])
        side["share"], side["country"] = _largest(pair, plan)
        sides.append(side)
    table = _joined(pair, sides, _MINERAL, ["mineral"], absent=0.0)
    if not pair.same_basis:
        table["share_change"] = float("nan")
    return table


def _members(pair: Pair) -> pd.DataFrame:
    """Return a row a member and mineral: purchases, shortage, cost."""
    keys = ["member", "mineral"]
    sides = [_amounts(pair, plan, keys) for plan in (pair.old, pair.new)]
    return _joined(pair, sides, _MEMBER, keys, absent=0.0)


def _prices(pair: Pair) -> pd.DataFrame:
    """Return a row a year, mineral and member: the price of one tonne more, and the average."""
    import pandas as pd

    keys, sides = ["year", "mineral", "member"], []
    for plan in (pair.old, pair.new):
        table = pair.rows(plan, Prices)
        side = table[["marginal", "landed"]]
        sides.append(side.set_index(pd.MultiIndex.from_frame(table[keys])))
    return _joined(pair, sides, ("marginal", "landed"), keys)


def _amounts(pair: Pair, plan: PlanFile, keys: list[str]) -> pd.DataFrame:
    """Return what is needed, bought, short and paid, by keys, in the common years."""
    table = pair.rows(plan, Prices).groupby(keys)[["demand", "purchased", "short"]].sum()
    table["paid"] = pair.rows(plan, Flows).groupby(keys)["total"].sum()
    table["paid"] = table["paid"].fillna(0.0)
    table["landed"] = table["paid"] / table["purchased"].where(table["purchased"] > 0)
    return table


def _largest(pair: Pair, plan: PlanFile) -> tuple[pd.Series, pd.Series]:
    """Return each mineral's largest share of one country in any year, and the country."""
    import pandas as pd

    basis = str(plan.measure(Figure.SHARE_BASIS) or DEMAND)
    tops = largest_country_shares(pair.rows(plan, CountryShares), basis)
    shares = {mineral: top.share for mineral, top in tops.items()}
    countries = {mineral: pair.country(top.country) for mineral, top in tops.items()}
    return pd.Series(shares, dtype=float), pd.Series(countries, dtype=object)


def _joined(
    pair: Pair,
    sides: list[pd.DataFrame],
    whats: tuple[str, ...],
    keys: list[str],
    absent: float = float("nan"),
) -> pd.DataFrame:
    """Return old, new and change of every column, a row a key that either plan has.

    ``absent`` is the amount of a key that a plan lacks.
    """
    import pandas as pd

    old, new = sides
    both = new.index.union(old.index).sort_values()
    made: dict[str, pd.Series] = {}
    for what in whats:
        fill = absent if what in _AMOUNTS else float("nan")
        was, now = (
            side[what].reindex(both, fill_value=fill).astype("float64") for side in (old, new)
        )
        made[f"{what}_old"], made[f"{what}_new"] = was, now
        by = now - was
        made[f"{what}_change"] = by.where(by.abs() > _SAME_ROW * _larger(was, now), by * 0.0)
    table = pd.DataFrame(made)
    for word, side in (("country_old", old), ("country_new", new)):
        if "country" in side:
            table[word] = side["country"].reindex(both)
    table = table.reset_index(names=keys)
    off = ~table["mineral"].map(pair.comparable)
    for what in whats:
        money = what not in _TONNES and what != "share"
        if money and not pair.same_money:
            table[f"{what}_change"] = float("nan")
        if what not in {"paid", "share"}:
            table.loc[off, f"{what}_change"] = float("nan")
    return table


def _larger(was: pd.Series, now: pd.Series) -> pd.Series:
    return was.abs().where(was.abs() > now.abs(), now.abs())


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
        _largest_moves(mine)
        for name, mine in both.groupby("mineral", sort=True)
        if name not in equal
    ]
    names = {"country": "seller", "member": "buyer"}
    table = pd.concat([both.head(0), *parts], ignore_index=True).rename(columns=names)
    return Moves(table, len(both), tuple(equal))


def _flows(pair: Pair, plan: PlanFile) -> pd.Series:
    table = pair.rows(plan, Flows)
    table = table.assign(country=table["country"].map(pair.country))
    return table.groupby(["mineral", "country", "member"])["tonnes"].sum()


def _largest_moves(table: pd.DataFrame) -> pd.DataFrame:
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


EQUAL = "The two plans are equal: every figure, flow and price is the same"
TIES = "The two plans cost and lack the same; only the choice among equally cheap flows differs"


def sides_of(found: PlanDifference, inputs: Inputs) -> Sides:
    """Return a difference as its sheets take it."""
    pair = found.pair
    minerals = {*found.minerals["mineral"], *found.moves.table["mineral"]}
    verdict = verdict_of(found)
    return Sides(
        lines=found.lines,
        notes=(*((verdict,) if verdict else ()), *pair.notes(), *inputs.notes),
        inputs=inputs.reason,
        input_lines=inputs.lines,
        minerals=found.minerals,
        members=found.members,
        prices=found.prices,
        prices_in_all=found.prices_in_all,
        moves=found.moves.table,
        among_equals=found.moves.among_equals,
        units={mineral: pair.unit(mineral) for mineral in minerals},
        money=pair.money,
        years=each_year(pair.years),
    )


def verdict_of(found: PlanDifference) -> str:
    """Say that two plans are equal, or as good as; "" where they differ."""
    if found.is_equal:
        return EQUAL
    only_ties = found.same_totals and len(found.moves.table) == 0
    return TIES if only_ties and found.moves.among_equals else ""
