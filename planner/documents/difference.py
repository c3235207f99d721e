"""Compares two plan workbooks: figures, minerals, members, flows and prices.

The tables have old value, new value and change side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models import measures, schema, tolerances
from models.measures import SAME_COST, Top, largest_country_shares, net_change, ratio
from models.measures.same_tonnes import NOTHING, Purchases
from models.results import CountryShares, Figure, Flows, Format, Members, Name, Prices, Result
from models.results import difference as sheets
from models.results.common import NOTE
from models.results.difference import SIDES, TableDifference
from models.results.overall import COST, HHI_BY, OPTION
from models.results.supply import PlantInputs
from planner.documents.inputs import Inputs
from planner.documents.pair import Pair
from planner.render.table import Cell, table_of
from planner.render.words import each_year, known, money_words, percent, tonnes_words
from planner.sheets.changes import Amounts, changed_amounts, largest_moves, minerals_that_differ
from planner.workbook.plan_file import PlanFile

Row = dict[str, Any]
"""A row by column."""

_TOTALS = (
    Figure.TOTAL_COST, Figure.CASH_COST, Figure.PURCHASES_COST, Figure.COST_PER_TONNE,
    Figure.DEMAND, Figure.TONNES, Figure.SHORTAGE, Figure.SERVED_SHARE, Figure.KEEP_ENOUGH,
    Figure.LIMITS_COST, Figure.LIMITS_COST_CASH, Figure.BINDING_LIMITS,
)  # fmt: skip
KEYS = {
    Figure.TOTAL_COST: "objective",
    Figure.CASH_COST: "cash",
    Figure.PURCHASES_COST: "purchases",
    Figure.DEMAND: "demand_t",
    Figure.TONNES: "tonnes",
    Figure.SHORTAGE: "shortage_t",
    Figure.SERVED_SHARE: "served_share",
}
"""Keys of the figures in JSON."""
_FAMILIES = (("Cost by heading", COST), ("Concentration (HHI)", HHI_BY))
_WORDS = {
    Figure.SCENARIO, Figure.STATUS, Figure.YEARS, Figure.PRICE_YEAR, Figure.SHARE_BASIS,
    Figure.WHOLE_PROJECTS, Figure.CARRY_OVER_BUDGET,
}  # fmt: skip
_FILES = (Figure.TITLE, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER, Figure.SOLVER)


@dataclass(frozen=True)
class MeasurePair:
    """A figure or a text of two plans; without any value it is the title of a group.

    ``counts`` is false if equal plans may differ in it (file names); ``is_known`` is false if the
    two cannot be compared, which ``remark`` then explains.
    """

    measure: str
    old: Cell = None
    new: Cell = None
    fmt: Format = Format.LONG
    unit: str = ""
    remark: str = ""
    counts: bool = True
    is_known: bool = True

    @property
    def is_title(self) -> bool:
        return self.old is None and self.new is None

    @property
    def is_figure(self) -> bool:
        return isinstance(self.old, float) or isinstance(self.new, float)

    @property
    def change(self) -> float | None:
        """New minus old, 0 if they differ only by rounding; None for a text."""
        if not self.is_known or not isinstance(self.old, float) or not isinstance(self.new, float):
            return None
        return net_change(self.new, self.old)

    @property
    def relative_change(self) -> float | None:
        """The change over the old figure; None if that is 0, and for shares."""
        by = self.change
        if by is None or not isinstance(self.old, float) or not self.old:
            return None
        return None if self.fmt is Format.SHARE else by / abs(self.old)

    @property
    def change_cell(self) -> Cell:
        """The change of a figure; for a text "differs" if it does."""
        if self.is_figure:
            return self.change
        return "differs" if not self.is_title and not self.is_same else None

    @property
    def is_same(self) -> bool:
        return self.change == 0.0 if isinstance(self.old, float) else self.old == self.new


@dataclass(frozen=True)
class PlanDifference:
    """The comparison of two plans.

    ``lines`` are figures of Summary. ``minerals`` has one row per mineral, with the cells
    ``<amount>_old``, ``<amount>_new`` and ``<amount>_change`` (None: cannot be compared); so have
    the tables by member and of prices. ``prices`` are those that differ, ``moved`` counts the flows
    that differ. ``among_equals`` are minerals whose flows differ although each year has the same
    cost and shortage: each plan has one of several equally cheap solutions.
    """

    pair: Pair
    lines: tuple[MeasurePair, ...]
    minerals: list[Row]
    members: sheets.MemberChanges
    who_pays: sheets.WhoPaysMore
    prices: sheets.PriceChanges
    moves: sheets.Moves
    moved: int
    among_equals: tuple[str, ...]

    @property
    def words(self) -> tuple[MeasurePair, ...]:
        """Scenario, years, options and the like, if they differ."""
        words = (line for line in self.lines if line.counts and not line.is_title)
        return tuple(line for line in words if not line.is_figure and not line.is_same)

    @property
    def same_totals(self) -> bool:
        """Whether all figures of Summary, minerals and members are the same."""
        members: list[Any] = self.members.frame().to_dict("records")
        return all(line.is_same for line in self.lines if line.counts) and all(
            _has_no_change(row, amounts)
            for rows, amounts in ((self.minerals, _MINERAL), (members, _MEMBER))
            for row in rows
        )

    @property
    def is_equal(self) -> bool:
        return self.same_totals and not len(self.prices) and not self.moved

    @property
    def verdict(self) -> str:
        """A sentence if the plans are equal or equally good; "" if they differ."""
        if self.is_equal:
            return "The two plans are equal: every figure, flow and price is the same"
        if self.same_totals and not len(self.moves) and self.among_equals:
            return (
                "The two plans have the same cost and the same shortage; they only differ in which"
                " of several equally cheap flows they use"
            )
        return ""

    @property
    def headline(self) -> str:
        """A sentence with the changes of cost and shortage."""
        if self.verdict:
            return f"{self.verdict}."
        figures = {line.measure: line for line in self.lines if line.is_figure}
        short, total = figures.get(Figure.SHORTAGE), figures.get(Figure.TOTAL_COST)
        if self.pair.same_years:
            who = "The new plan"
            clauses = _clause(total, "costs the same", "costs {}, with shortage at its price,")
        else:
            years = each_year(self.pair.years)
            who = f"Over the years that are in both plans ({years}), the new plan"
            paid = figures.get(Figure.PURCHASES_COST)
            clauses = _clause(paid, "pays as much for purchases", "pays {} for purchases")
        as_much = short is not None and bool(short.new)
        same = f"leaves {'as much missing' if as_much else 'nothing missing, like the old one'}"
        clauses += _clause(short, same, "leaves {} missing")
        return f"{who} {' and '.join(clauses)}." if clauses else "The totals can't be compared."

    @property
    def not_shown(self) -> str:
        """A sentence with the minerals whose flows are left out; "" if there is none."""
        names = ", ".join(self.among_equals)
        lead = "These minerals cost the same in both plans, so their flows are not shown"
        return f"{lead}: {names}" if names else ""

    @property
    def flows(self) -> list[tuple[str, float, float, float]]:
        """The listed flows, largest change first: description, then old, new and change [t]."""
        kind = sheets.Moves
        fields = (kind.mineral, kind.seller, kind.buyer, kind.old, kind.new, kind.change)
        flows = [
            (f"{mineral}: {seller} to {buyer}", *tonnes)
            for mineral, seller, buyer, *tonnes in self.moves.rows(*fields)
            if buyer  # the row that counts the other flows has none
        ]
        return sorted(flows, key=lambda flow: -abs(flow[-1]))


def _clause(line: MeasurePair | None, same: str, differs: str) -> list[str]:
    """Return a clause on the change of a figure, with the change in ``differs``; [] if unknown.

    A change of cost is in per cent, or in money if that would be printed as 0 %.
    """
    if line is None or line.change is None:
        return []
    share = abs(line.relative_change or 0.0)
    by = (
        percent(share)
        if share >= tolerances.SHOWN_SHARE
        else money_words(abs(line.change), line.unit)
    )
    if line.measure == Figure.SHORTAGE:
        by = tonnes_words(abs(line.change))
    by += " more" if line.change > 0 else " less"
    return [differs.format(by) if line.change else same]


def compare_plans(old: PlanFile, new: PlanFile) -> PlanDifference:
    """Compare two plans; InputError if they count money or a mineral's tonnes in other units."""
    pair = Pair(old, new)
    pair.refuse_other_units()
    sides = (pair.old, pair.new)
    by_mineral, keys = _by_mineral_rows(pair), ["member", "mineral"]
    members = _compared_amounts(
        pair, [_sums_by_keys(pair, plan, keys) for plan in sides], keys, _MEMBER
    )
    grain = ["year", "mineral", "member"]
    prices = _compared_amounts(pair, [pair.rows(plan, Prices) for plan in sides], grain, _PRICES)
    names = ["mineral", "seller", "buyer"]
    changed = changed_amounts(_compared_flows(pair, old), _compared_flows(pair, new), names, 1)
    flows = [row for row in changed if pair.is_in_both(row["mineral"])]
    moved = sorted({row["mineral"] for row in flows})
    equal = _among_equals(pair, moved)
    rows = [
        {**row, "mineral": mineral, "unit": pair.unit(mineral)}
        for mineral in moved
        if mineral not in equal
        for row in largest_moves(row for row in flows if row["mineral"] == mineral)
    ]
    return PlanDifference(
        pair=pair,
        lines=tuple(_figure_lines(pair, by_mineral)),
        minerals=by_mineral,
        members=sheets.MemberChanges.of_rows(members, words={"money": pair.currency}),
        who_pays=_by_member_rows(pair),
        prices=sheets.PriceChanges.of_rows(
            [row for row in prices if not _has_no_change(row, _PRICES)],
            words={"money": pair.currency},
        ),
        moves=sheets.Moves.of_rows(rows),
        moved=len(flows),
        among_equals=tuple(equal),
    )


def _has_no_change(row: Row, amounts: Iterable[str]) -> bool:
    return all(
        row[f"{amount}_change"] == 0.0
        or not (known(row[f"{amount}_old"]) or known(row[f"{amount}_new"]))
        for amount in amounts
    )


# ---- figures of Summary -----------------------------------------------------------------------


def _figure_lines(pair: Pair, by_mineral: Sequence[Row]) -> Iterator[MeasurePair]:
    old, new, common = pair.old, pair.new, _of_common_years(pair, by_mineral)
    yield MeasurePair("The plans")
    yield MeasurePair("Plan file", old.path.name, new.path.name, counts=False)
    for file in _FILES:
        yield MeasurePair(file, _summary_text(old, file), _summary_text(new, file), counts=False)
    for name in dict.fromkeys([*old.measures, *new.measures]):
        if name in _WORDS or name.startswith(OPTION):
            yield MeasurePair(name, _summary_text(old, name), _summary_text(new, name))
    yield MeasurePair("Totals")
    for total in _TOTALS:
        yield from _compared_figure(pair, total, common=common.get(total))
    for title, start in _FAMILIES:
        names = dict.fromkeys(n for p in (old, new) for n in p.measures if n.startswith(start))
        if names:
            yield MeasurePair(title)
        for name in names:
            yield from _compared_figure(pair, name, absent=0.0 if start == COST else None)


def _of_common_years(pair: Pair, by_mineral: Sequence[Row]) -> dict[str, list[float | None]]:
    """Return totals (old, new) over the years in both plans; none if the plans' years are equal."""
    if pair.same_years or not pair.years:
        return {}
    amounts, sides = ("demand", "purchased", "short", "paid"), []
    for side in ("old", "new"):
        columns = ([row[f"{name}_{side}"] for row in by_mineral] for name in amounts)
        demand, bought, short, paid = (float(np.sum(column)) for column in columns)
        sides.append({
            Figure.DEMAND: demand, Figure.TONNES: bought, Figure.SHORTAGE: short,
            Figure.PURCHASES_COST: paid, Figure.COST_PER_TONNE: ratio(paid, bought),
            Figure.SERVED_SHARE: measures.served_share(demand, short),
        })  # fmt: skip
    old, new = sides
    return {figure: [old[figure], new[figure]] for figure in old}


def _compared_figure(
    pair: Pair, name: str, absent: float | None = None, common: list[float | None] | None = None
) -> Iterator[MeasurePair]:
    """Yield a figure that at least one plan has; ``common``: its values over the common years."""
    values: list[float | None] = []
    for plan in (pair.old, pair.new):
        value = plan.measure(name)
        values.append(float(value) if isinstance(value, int | float) else absent)
    if values == [None, None]:
        return
    unit = pair.new.unit(name) or pair.old.unit(name)
    fmt, remark, is_known = Format.INDEX if unit else Format.COUNT, "", True
    if unit and unit.partition("/")[0] == pair.currency:
        fmt = Format.PRICE if "/" in unit else Format.MONEY
    elif unit == "t":
        fmt = Format.TONNES
    elif unit.startswith("of "):
        fmt, remark = Format.SHARE, "The change is in percentage points."
    if common:
        years = each_year(pair.years)
        values, remark = common, remark or f"Over the years that are in both plans: {years}."
    elif not pair.same_years and not (name == Figure.KEEP_ENOUGH and pair.same_last_year):
        is_known, remark = False, remark or "Not compared: the plans cover different years."
    if None in values:
        is_known, remark = False, f"Only the {'new' if values[0] is None else 'old'} plan has it."
    yield MeasurePair(name, values[0], values[1], fmt, unit, remark, is_known=is_known)


def _summary_text(plan: PlanFile, name: str) -> str | None:
    value = plan.measure(name)
    return None if value is None else str(value)


# ---- rows -------------------------------------------------------------------------------------

_MINERAL = ("demand", "purchased", "short", "paid", "landed", "share")
_MEMBER = ("purchased", "short", "paid", "landed")
_PRICES = ("marginal", "landed")
_ABSENT = dict.fromkeys(("demand", "purchased", "short", "paid"), 0.0)
"""Amounts that count as 0 if a plan does not have the row."""


def _by_mineral_rows(pair: Pair) -> list[Row]:
    """Return one row per mineral: demand, purchases, shortage, cost, largest country's share."""
    sides, tops = list[pd.DataFrame](), list[dict[Any, Top]]()
    for plan in (pair.old, pair.new):
        side = _sums_by_keys(pair, plan, ["mineral"])
        basis = str(plan.measure(Figure.SHARE_BASIS) or schema.DEMAND)
        top = largest_country_shares(pair.rows(plan, CountryShares), basis)
        side["share"] = [
            top[mineral].share if mineral in top else None for mineral in side["mineral"]
        ]
        sides.append(side)
        tops.append(top)
    rows = _compared_amounts(pair, sides, ["mineral"], _MINERAL)
    for row in rows:
        for word, top in zip(("old", "new"), tops, strict=True):
            largest = top.get(row["mineral"])
            row[f"country_{word}"] = largest and pair.country_name(largest.country)
    return rows


def _by_member_rows(pair: Pair) -> sheets.WhoPaysMore:
    """Return one row per member: payments, premium for the same tonnes, cost of its shortage."""
    sides = pair.old, pair.new
    old, new = (pair.rows(plan, Prices)["member"] for plan in sides)
    names = [*dict.fromkeys([*new, *old])]
    bought = [_purchases(pair, plan) for plan in sides]
    premiums = bought[1].against(bought[0]).by_buyer() if pair.years else {}
    tables = []
    for plan in sides:
        paid = measures.sums(_sums_by_keys(pair, plan, ["member"]), "paid", "member")
        lost = _shortage_costs(pair, plan)
        shortage = [None if lost is None else lost.get(name, 0.0) for name in names]
        table = {"member": names, "paid": [paid.get(name, 0.0) for name in names]}
        tables.append(table | {"shortage": shortage})
    rows = TableDifference(tables[0], tables[1], ["member"], ["paid", "shortage"]).rows({})
    for row in rows:
        basket = premiums.get((row["member"], ""), NOTHING) if pair.years else None
        row |= {"extra": basket and basket.extra, "dearer": basket and basket.share}
    rows.sort(key=lambda row: names.index(row["member"]))
    return sheets.WhoPaysMore.of_rows(rows, words={"money": pair.currency})


def _purchases(pair: Pair, plan: PlanFile) -> Purchases:
    flows = pair.rows(plan, Flows)
    columns = (flows[name].tolist() for name in ("mineral", "year", "tonnes", "landed"))
    buyers = ((member, "") for member in flows["member"].tolist())
    return Purchases.of_rows(zip(buyers, *columns, strict=True))


def _shortage_costs(pair: Pair, plan: PlanFile) -> dict[str, float] | None:
    """Return the cost of each member's shortage; None if the plan does not state it.

    The sheet Members only has it for all years of the plan together.
    """
    if Members not in plan or not pair.same_years:
        return None
    rows = plan.result(Members).rows(Members.member, Members.paid_short)
    costs = ((pair.spelling(Name.MEMBER, name), cost) for name, cost in rows)
    return {name: float(cost) * len(pair.years) for name, cost in costs}


def _sums_by_keys(pair: Pair, plan: PlanFile, keys: list[str]) -> pd.DataFrame:
    table = pair.rows(plan, Prices).groupby(keys)[["demand", "purchased", "short"]].sum()
    if PlantInputs in plan:  # the buyers of products pay for the inputs
        bought = pair.rows(plan, Prices)
        table["paid"] = (
            bought.assign(paid=measures.payment_by_row(bought)).groupby(keys)["paid"].sum()
        )
    else:
        table["paid"] = pair.rows(plan, Flows).groupby(keys)["total"].sum()
    table["paid"] = table["paid"].fillna(0.0)
    table["landed"] = table["paid"] / table["purchased"].where(table["purchased"] > 0)
    return table.reset_index()


def _compared_amounts(
    pair: Pair, sides: Sequence[pd.DataFrame], grain: Sequence[str], amounts: Sequence[str]
) -> list[Row]:
    """Return old, new and change of every amount, one row per key in either plan.

    The change of shares is None if their bases differ.
    """
    rows = TableDifference(sides[0], sides[1], grain, amounts).rows(_ABSENT)
    for row in rows:
        row["unit"] = pair.unit(row["mineral"])
        if "share" in amounts and not pair.same_share_basis:
            row["share_change"] = None
    return rows


def _compared_flows(pair: Pair, plan: PlanFile) -> Amounts:
    table = _flows_to_buyers(pair, plan)
    table = table.assign(seller=table["country"].map(pair.country_name))
    return measures.sums(table, "tonnes", "mineral", "seller", "buyer")


def _flows_to_buyers(pair: Pair, plan: PlanFile) -> pd.DataFrame:
    """Return the flows to members, and the flows of inputs to the plants of each country."""
    flows = pair.rows(plan, Flows)
    flows = flows.assign(buyer=flows["member"])
    if PlantInputs not in plan:
        return flows
    inputs = pair.rows(plan, PlantInputs)
    inputs = inputs[inputs["member"].fillna("") == ""]  # a member's own were bought before
    inputs = inputs.assign(buyer="plants in " + inputs["plant_country"].map(pair.country_name))
    return pd.concat([flows, inputs], ignore_index=True)


def _among_equals(pair: Pair, minerals: list[str]) -> list[str]:
    """Return the minerals with the same cost and shortage in every year of both plans."""
    old, new = (
        [
            measures.sums(table, amount, "mineral", "year")
            for table, amount in (
                (_flows_to_buyers(pair, plan), "total"),
                (pair.rows(plan, Prices), "short"),
            )
        ]
        for plan in (pair.old, pair.new)
    )
    differ = minerals_that_differ(zip(old, new, strict=True))
    return [mineral for mineral in minerals if mineral not in differ]


# ---- sheets -----------------------------------------------------------------------------------


def write_difference(path: Path, result: PlanDifference, inputs: Inputs, title: str) -> None:
    """Write the sheets in order; sheets without rows are left out, except the first."""
    from planner.render.xlsx import write_workbook

    moves = result.moves
    if result.not_shown:  # in the last row: the minerals whose flows are left out
        rows = moves.frame().to_dict("records")
        moves = sheets.Moves.of_rows([*rows, {"seller": result.not_shown}])
    by_mineral = sheets.MineralChanges.of_rows(
        result.minerals, words={"money": result.pair.currency}
    )
    further: tuple[Result, ...] = (
        inputs.changes, by_mineral, result.members, result.who_pays, moves,
        result.prices,
    )  # fmt: skip
    results = (_figure_table(result, inputs), *(each for each in further if len(each)))
    tables = tuple(map(table_of, results))
    write_workbook(path, tables, (), f"Difference: {title}", title, charts_before="")


def _figure_table(result: PlanDifference, inputs: Inputs) -> sheets.Difference:
    notes = [*result.pair.notes(), *inputs.notes]
    if not result.is_equal:
        notes.append(SAME_COST)
    lines = [MeasurePair(result.headline), MeasurePair("What was compared")]
    lines.append(MeasurePair("Inputs", remark=inputs.reason))
    lines += [MeasurePair(NOTE.header, remark=note) for note in notes]
    if result.pair.years:
        lines.append(MeasurePair("Years of the other sheets", remark=each_year(result.pair.years)))
    lines += result.lines
    return sheets.Difference(
        measure=[line.measure for line in lines],
        remark=[line.remark or None for line in lines],
        sections=[i for i, line in enumerate(lines) if line.is_title and not line.remark],
        old=[line.old for line in lines],
        new=[line.new for line in lines],
        change=[line.change_cell for line in lines],
        part=[line.relative_change for line in lines],
        unit=[line.unit or None for line in lines],
        formats={side: [line.fmt for line in lines] for side in SIDES},
    )
