"""The tables of the command compare, and the sheets of all plans with the column Scenario first.

A comparison's workbook has the rows in which a plan differs from the base. Its CSV files have all
rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from models.case import Case
from models.measures import IF_IT_STOPS, TIED_INPUTS
from models.plan import Plan
from models.resolve import Bools, Floats, Ints
from models.results import ByMineral, Checks, Members, Result, Scorecard, WhoPays, common, field
from models.results import Figure as Measure
from models.results import difference as difference_of_files
from models.results.common import COUNTRY, DEMAND, MINERAL, SHORT, UNIT, YEAR, PlanTable
from models.results.field import Look
from planner.render import words
from planner.render.table import Cell, Table, TableColumn, table_of
from planner.sheets import STACKED, result_of
from planner.sheets.context import Context
from planner.sheets.scorecard import scorecard_of

_AGAINST = "The scenario minus the base; 0 where they differ only by rounding."
_WEIGHED = "All minerals are added by weight, so those with most tonnes count most."
_STARTS = "The share of the project that starts in each year. Blank: it is not built."
_OVER_YEARS = "Over all years."
_OUTPUT = "Over all years. All projects are added by weight."
SCENARIO = field.text(
    Measure.SCENARIO,
    "Base is the workbook as it is. Each scenario makes its own changes to the base.",
)
_SCENARIO = SCENARIO.like(meaning="")


_millions = partial(field.millions, scale=1.0)


class Comparison(Result):
    """What each scenario costs, what is short, and how that differs from the base."""

    TABLE, GRAIN, BOOK = "Comparison", ("scenario",), "compare"
    scenario = SCENARIO
    foresight = field.text(
        "Foresight",
        "foreseen: the scenario is known from the first year. unforeseen: nobody knows of it before"
        " the year in About, so the base plan's decisions of earlier years are kept.",
        optional=True,
    )
    total = _millions(
        Measure.TOTAL_COST,
        "What a plan minimises: cash, shortage and other penalties, discounted where the workbook"
        " has a rate.",
    )
    more = _millions("Total cost against base", f"{_AGAINST} Discounted, like total cost.")
    more_share = more.like(look=Look.SHARE, unit="%")
    surprise = _millions(
        "Not knowing costs",
        "Total cost if unforeseen minus total cost if foreseen (the row above). A scenario that"
        " starts before the year in About has one more row, in which it starts in that year, so"
        " that both rows have the same events. Discounted.",
        optional=True,
    )
    cash = _millions(
        Measure.CASH_COST, "What is paid, without shortage and penalties. Undiscounted."
    )
    short = SHORT.like(meaning="All minerals added by weight; the next sheets show each mineral.")
    short_more = field.tonnes("Short against base", _AGAINST)
    served = ByMineral.served.like(meaning=f"{ByMineral.served.meaning} {_WEIGHED}")
    keep_enough = field(
        Measure.KEEP_ENOUGH,
        Look.COUNT,
        f"In the last year; the sheet By mineral shows which. {IF_IT_STOPS}",
        key="minerals_that_keep_80_percent",
    )
    keep_through = field(
        "Minerals that keep 80 % through all stages",
        Look.COUNT,
        "The same count if plants also lose the output that they make from inputs of the country"
        f" that stops. {TIED_INPUTS}",
        key="minerals_that_keep_80_percent_through_all_stages",
        optional=True,
    )
    changes = field(
        "What it changes",
        Look.LONG,
        "Its rows of the sheet Scenarios, or its what-ifs, with years.",
    )
    demand = field.text(
        "Demand against base",
        "The least and the largest change of a mineral's demand over all years. Costs and served"
        " shares are then for the changed demand. Blank: no mineral's demand changes by more than"
        " 1 %.",
        optional=True,
    )
    result = field("Result", Look.LONG, "proven optimal, or why there is no plan.")
    moved = field(
        "Projects that change most, capex",
        Look.LONG,
        "Capex over all years, scenario minus base. The sheet Projects built lists all projects."
        " All minerals share the sheet Budget, so more capex for one mineral can leave less for"
        " another.",
        unit="{money} m",
        optional=True,
    )
    tonnes = field.tonnes(
        Measure.TONNES, "All minerals added by weight, purchases for stock included.", printed=False
    )
    purchases = _millions(
        Measure.PURCHASES_COST, "Cost or price, tariff and freight of all flows. Undiscounted."
    )
    tariffs = _millions(Measure.TARIFFS, common.IN_CASH)
    levies = _millions(Measure.LEVIES, common.IN_CASH, optional=True)
    net_cost = _millions(Measure.NET_COST, common.LESS_TARIFFS)
    cash_more = _millions(
        "Cash cost against base", f"{_AGAINST} Below 0: less cash is paid. Undiscounted."
    )
    binding = field(
        "Binding share limits", Look.COUNT, "One per buyer, supplier, mineral and year."
    )
    inputs = field("Inputs changed", Look.COUNT, "Rows of the sheet Changes.")
    paid = _millions(
        "Paid, discounted", "The part of total cost that is paid. Discounted.", optional=True
    )
    penalties = _millions(
        "Shortage and other penalties",
        "The part of total cost that nobody pays in cash. Discounted.",
        optional=True,
    )


class ScenarioMinerals(Result):
    """One row per mineral and scenario, grouped by mineral."""

    TABLE, GRAIN, BOOK = "By mineral", ("mineral", "scenario"), "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    demand = ByMineral.demand
    purchased = ByMineral.purchased
    taken = ByMineral.taken
    short = ByMineral.short
    short_more = Comparison.short_more
    served = ByMineral.served
    landed = ByMineral.landed
    landed_more = field.price("Landed cost against base", _AGAINST)
    last_country = ByMineral.last_country
    last_share = ByMineral.last_share
    last_limit = ByMineral.last_limit
    hhi_purchases = ByMineral.hhi_purchases
    hhi_purchases_more = field(
        "HHI against base", Look.INDEX, f"{_AGAINST} Above 0: more concentrated."
    )
    served_without = ByMineral.served_without
    stage_country = ByMineral.stage_country
    served_through = ByMineral.served_through
    unit = ByMineral.unit
    paid = ByMineral.paid
    share = ByMineral.share
    limit = ByMineral.limit
    country = ByMineral.country
    year = ByMineral.year
    worth_short = field.money(
        "Short at its price",
        "The shortage of each year times the mineral's price of that year. Undiscounted.",
        optional=True,
    )


class MissingByYear(Result):
    """One row per scenario, mineral and year: the missing part of need.

    Minerals of which nothing is missing in any year are left out. The severity of a loss that
    begins in 2029 shows in the years from 2029 on; over all years it would look smaller.
    """

    TABLE, GRAIN, BOOK = "Missing by year", ("scenario", "mineral", "year"), "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    year = YEAR
    need = DEMAND.like(meaning="What the coalition needs in the year.")
    short = SHORT.like(meaning="Demand of the year that is neither bought nor taken from stock.")
    short_more = Comparison.short_more.like(meaning="The scenario minus the base, in the year.")
    part = common.SHARE_SHORT.like(
        header=common.MISSING, meaning="Short / need, in the year.", key="missing_share"
    )
    part_more = field.share("Missing beyond the base", "Short against base / need, in the year.")


class WhoPaysByScenario(WhoPays):
    """One row per scenario and member: what the member pays more than in the base, a year.

    Extra cash compares the same tonnes in both plans. Tonnes that are missing are counted at the
    shortage cost, in a column of their own.
    """

    TABLE, BOOK = "Who pays", "compare"
    case = _SCENARIO.like(key="scenario")
    extra, dearer, extra_shortage = (
        f.like(meaning=f.meaning.replace("the reference", "the base"))
        for f in (WhoPays.extra, WhoPays.dearer, WhoPays.extra_shortage)
    )


class ScenarioInputs(Result):
    """Inputs of a scenario that differ from the base; years with the same change share a row.

    Rows that a scenario adds (a closed lane, a share limit) have no cell.
    """

    TABLE, BOOK = "Changes", "compare"
    scenario = _SCENARIO
    sheet = difference_of_files.InputChanges.sheet
    cell = Checks.cell.like(
        meaning="The input's cell in the workbook; added: a row that only the scenario has."
    )
    what = difference_of_files.InputChanges.what.like(
        meaning="The row and the column that differ, with the years in which they do."
    )
    before = field.text("Base value", "Blank: the base has no such row, or no number in it.")
    after = field.text(
        "Scenario value", "The value in the scenario. removed: the scenario does not have the row."
    )


class FlowDifferences(Result):
    """The flows that change most from the base to each scenario.

    Refiners of one country often have the same landed cost, so many equally cheap plans split a
    member's purchases between them. The sheet therefore compares the sales of each country to each
    member and to the plants of each country, and the total sales of each refiner. A mineral with
    the same cost and shortage as in the base is left out: its flows differ only between equally
    cheap plans.
    """

    TABLE, BOOK = "Differences", "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    level = field.text(
        "Level",
        "country to member: sales of one country to one member. country to plants: sales of one"
        " country to the plants of one country, as inputs. refiner to coalition: all sales of one"
        " refiner or project; these tonnes are also in the other two levels, so don't add them.",
    )
    seller = difference_of_files.Moves.seller.like(
        meaning="The ten largest changes of each scenario, mineral and level are listed; a row"
        " below them counts the others. The scenario's last row names the minerals with the same"
        " cost and shortage in each year as in the base."
    )
    buyer = difference_of_files.Moves.buyer
    old = field.tonnes("Base", _OVER_YEARS)
    new = field.tonnes("In the scenario", _OVER_YEARS)
    change = field.tonnes(common.CHANGE.header, "The scenario minus the base.")
    unit = UNIT


class ProjectsBuilt(Result):
    """Projects that a scenario builds differently from the base, the largest change of capex first.

    All minerals share one budget, so a scenario for one mineral can leave another one short: its
    plant is built smaller, later or not at all.
    """

    TABLE, BOOK = "Projects built", "compare"
    scenario = _SCENARIO
    project = common.PROJECT.like(
        meaning="A project that the scenario builds differently, the largest change of capex first."
        " All projects: the sum of all projects, changed or not."
    )
    mineral = MINERAL.like(
        meaning="All minerals share the sheet Budget, if there is one: a larger or earlier plant"
        " for one mineral can leave too little money for another."
    )
    country = COUNTRY
    capex_before = _millions("Base capex", _OVER_YEARS)
    capex_after = _millions("Capex in the scenario", _OVER_YEARS)
    capex_more = _millions("Change of capex", _AGAINST)
    starts_before = field.text("Base output starts", _STARTS)
    starts_after = field.text("Output starts in the scenario", _STARTS)
    tonnes_more = field.tonnes("Change of output", _AGAINST)
    tonnes_before = field.tonnes("Base output", _OUTPUT, printed=False)
    tonnes_after = field.tonnes("Output in the scenario", _OUTPUT)


_COLOURED = (
    " Coloured where it differs from the base: orange above it, blue below, darker from 10 points"
    " on."
)
SHORT_BY_MINERAL = (
    "Short by mineral",
    "Shortage / demand of the coalition, all years together." + _COLOURED,
)
LARGEST_SHARES = (
    "Largest shares",
    "The largest share of any one country in the last year, Rest of world left out. The sheet By"
    " mineral names the country and its limit." + _COLOURED,
)


# ---- the sheets of several plans, each as one sheet with the column Scenario first ---------------

MUCH = 0.01
"""A row differs if its tonnes do, by more than this fraction of the mineral's need in the year."""
_MUCH_DEARER = 0.1
"""A row also differs if its marginal price differs by more than this fraction."""
_AMOUNTS = ("tonnes", "short", "closing", "taken", "missing")
"""The column that is compared: the first of these that a sheet has."""
MOST_UNCUT_ROWS = 1_000
"""A sheet with up to this many rows shows all of them."""
_WIDEST = 40

PlanSheets = Mapping[type[Result], Result | None]
"""Sheets of a plan; None if a sheet has no rows."""
Plans = Sequence[tuple[str, Context, PlanSheets]]
"""The name of each case that has a plan, its plan, and its ``plan_sheets``; the base first."""


def plan_sheets(plan: Plan) -> PlanSheets:
    """Return the sheets that take longest, without a comparison with the plan without limits.

    They are best made in the process that solved the plan, which has its program.
    """
    members = Members.from_plan(plan, None)
    members = members.without(Members.extra, Members.dearer, Members.extra_shortage)
    return {Members: members, Scorecard: scorecard_of(plan)}


def stacked(plans: Plans, *, are_all: bool) -> Iterator[Table]:
    """Yield the sheets of several plans, each as one sheet with the column Scenario first.

    Long sheets have only the rows that differ from the base, unless ``are_all``.
    """
    for result in STACKED:
        every = [
            (name, known[result] if result in known else result_of(result, context))
            for name, context, known in plans
        ]
        there = [(name, of) for name, of in every if of is not None]
        count, left_out = sum(len(of) for _, of in there), 0
        is_cut = not are_all and count > MOST_UNCUT_ROWS and issubclass(result, PlanTable)
        if is_cut and there and there[0][0] == plans[0][0]:  # only if the base has rows
            kept = _rows_that_differ(plans[0][1].case, [of for _, of in there])
            left_out = count - sum(map(len, kept))
            there = [(name, of) for (name, _), of in zip(there, kept, strict=True)]
        if there:
            country = plans[0][1].country
            table = _joined([(name, table_of(of, country)) for name, of in there])
            yield _with_note(table, left_out, plans[0][0]) if left_out else table


# ---- rows that differ ----------------------------------------------------------------------------


def _rows_that_differ(base: Case, results: Sequence[Result]) -> list[Result]:
    """Return the rows that differ between the first table and any of the others.

    Rows differ in tonnes relative to the mineral's need in the year, in marginal price, or in
    whether a limit binds.
    """
    coded = _coded(results)
    keys, ends = _keys(results[0], coded), np.cumsum([len(result) for result in results])[:-1]
    parts = zip(results, np.split(keys, ends), np.split(_needs(base, coded), ends), strict=True)
    count = int(keys.max(initial=-1)) + 1
    first, *others = (_KeyedRows(*part, count) for part in parts)
    kept = sum((first.differ_from(rows) for rows in others), np.zeros(len(first.keys), dtype=bool))
    pairs = zip(results[1:], others, strict=True)
    return [results[0].where(kept), *(r.where(rows.differ_from(first)) for r, rows in pairs)]


Coded = Mapping[str, tuple[Ints, Any]]
"""Columns of all rows of several tables: the number of each row's value, and the values."""


def _coded(results: Sequence[Result]) -> Coded:
    """Return the columns that identify a row, its mineral and its year, where all tables have them.

    The rows of the tables follow one another.
    """
    names = dict.fromkeys((*results[0].GRAIN, "mineral", "year"))
    columns = {
        name: pd.concat([pd.Series(result.data[name]) for result in results])
        for name in names
        if all(name in result.data for result in results)
    }
    return {n: pd.factorize(column, use_na_sentinel=False) for n, column in columns.items()}


def _keys(result: Result, coded: Coded) -> Ints:
    """Return a number for each row's key; rows with equal keys have the same."""
    keys = np.zeros(len(next(iter(coded.values()))[0]), dtype=np.int64)
    for codes, values in (coded[name] for name in result.GRAIN if name in coded):
        keys = pd.factorize(keys * len(values) + codes)[0]
    return keys


def _needs(base: Case, coded: Coded) -> Floats:
    """Return the need of each row's mineral in its year, at least 1 t; 1 where it has no year."""
    minerals, years = [m.name for m in base.minerals], base.years
    needs = np.ones((len(minerals) + 1, len(years) + 1))  # the last ones: no mineral, no year
    for m, mineral in enumerate(minerals):
        needs[m, :-1] = [max(1.0, base.coalition_demand(mineral, year)) for year in years]
    return np.asarray(needs[_at(minerals, coded, "mineral"), _at(years, coded, "year")])


def _at(every: Sequence[Any], coded: Coded, name: str) -> Ints | int:
    """Return the position of each row's value among ``every``; -1 if it is not there."""
    if name not in coded:
        return -1
    codes, values = coded[name]
    return np.asarray(pd.Index(every).get_indexer(values)[codes])


class _KeyedRows:
    """The rows of a table: amount, price and binding limit to compare, and the need."""

    def __init__(self, result: Result, keys: Ints, needs: Floats, count: int) -> None:
        data, none = result.data, np.zeros(len(keys))
        amount = next((name for name in _AMOUNTS if name in data), "")
        compared = [data.get(name, none) for name in (amount, "marginal", "binding")]
        self.keys, self.needs, self.numbers = keys, needs, np.array(compared, dtype=float)
        self.by_key = np.zeros((len(compared), count))  # 0 where a key is missing
        self.by_key[:, keys] = self.numbers

    def differ_from(self, other: _KeyedRows) -> Bools:
        """Return which rows differ from the other table's row with the same key, or have none."""
        amount, price, binds = self.numbers
        was, price_was, bound = other.by_key[:, self.keys]
        dearer = _MUCH_DEARER * np.maximum(np.abs(price), np.abs(price_was))
        differs = (np.abs(amount - was) > MUCH * self.needs) | (binds != bound)
        return np.asarray(differs | (np.abs(price - price_was) > dearer))


# ---- one sheet of several ------------------------------------------------------------------------


def _joined(parts: Sequence[tuple[str, Table]]) -> Table:
    first = parts[0][1]
    names = [words.clean(name) for name, table in parts for _ in range(len(table))]
    columns = [TableColumn(SCENARIO.header, Look.TEXT, names)]
    for header in dict.fromkeys(header for _, table in parts for header in table.headers):
        named = ({column.header: column for column in table.columns} for _, table in parts)
        sides = [
            (len(t), columns.get(header)) for (_, t), columns in zip(parts, named, strict=True)
        ]
        some = next(column for _, column in sides if column is not None)
        values = [v for rows, c in sides for v in ([None] * rows if c is None else c.values)]
        looks = [look for rows, c in sides for look in (c and c.looks) or [some.look] * rows]
        columns.append(replace(some, values=values, looks=some.looks and looks))
    printed = None if first.printed is None else first.printed + 1
    # a plan's sheet Changes compares it with today; a comparison's sheet Changes has its inputs
    name = "Changes from today" if first.name == ScenarioInputs.TABLE else first.name
    return replace(first, name=name, columns=tuple(columns), printed=printed)


def _with_note(table: Table, count: int, base: str) -> Table:
    """Return a table with a last row that says how many rows are left out, and why."""
    note: Cell = (
        f"{count:,} rows are left out, because their tonnes differ from {base} by at most"
        f" {MUCH:z.0%} of the mineral's need in the year. --csv DIR writes all rows."
    )
    lead, *others = table.columns
    columns = [replace(lead, values=[*lead.values, note], widest=_WIDEST)]
    for column in others:
        looks = column.looks and [*column.looks, Look.TEXT]
        columns.append(replace(column, values=[*column.values, None], looks=looks))
    return replace(table, columns=tuple(columns))
