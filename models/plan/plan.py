"""A Plan: decisions, costs and the proof, as tables of plain columns.

All amounts are in tonnes of contained metal; all money is undiscounted, in the case's currency,
unless a name says otherwise. Countries are codes; ``case.country_name`` returns their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.background import BackgroundProcess
from models.case import Case, in_force
from models.errors import Finding
from models.measures import largest_country_shares, served_share
from models.plan import block_solver, countries, secured, stages, supply, supports, tiers
from models.plan.causes import causes, causes_in_background
from models.plan.gaps import Gaps, gaps_of
from models.plan.supply import names_at
from models.program import TONNES, CashCost, Program, Solved, build_program
from models.program.component import columns_named, cost_headings
from models.program.families.contracts import MINIMUM, UNTAKEN
from models.program.families.diversification import EXCESS, SHARE
from models.program.families.ore import CAPACITY as MINE_CAPACITY
from models.program.families.ore import ORE
from models.program.families.projects import BUILT, charged_part, running_fraction
from models.program.families.projects import CAPACITY as PROJECT_CAPACITY
from models.program.families.refining import CAPACITY as REFINING_CAPACITY
from models.program.families.security import ORE as SURGE_ORE
from models.program.families.security import SURGE
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import (
    DRAW,
    FILL,
    SHORTFALL,
    STOCK,
    TARGET,
    valid_upper_bounds,
)
from models.resolve import (
    Cell,
    Expanded,
    Floats,
    buyers_of,
    capital_charge,
    contract_price,
    daily_demand,
    mine_capacity,
    ore_lane,
    stock_target,
)
from models.schema import PURCHASES, Project
from models.solve import summed_at

if TYPE_CHECKING:
    import pandas as pd

PENALTIES = tuple(heading.name for heading in cost_headings() if heading.is_penalty)
"""The cost headings that are penalties, not paid in cash."""


def _frame(columns: Any, names: list[str] | None = None) -> pd.DataFrame:
    import pandas as pd  # here, since plans without tables are solved without it

    return pd.DataFrame(columns, columns=names)


def _table(rows: Iterable[tuple[Any, ...]], columns: str, order: str = "") -> pd.DataFrame:
    table = _frame(list(rows), columns.split())
    return table.sort_values(order.split(), kind="stable", ignore_index=True) if order else table


@dataclass(frozen=True)
class Extension:
    """An analyst's additions to the model of a case, and their solution.

    ``values`` are of added variables by name and key, ``duals`` of added constraints [money of the
    first year per unit of the right-hand side as written]. ``integer_count`` is the number of
    integer variables, ``cost`` [money, discounted] the cost of the added variables.
    """

    values: dict[str, dict[Any, float]]
    duals: dict[str, dict[Any, float]]
    integer_count: int
    cost: float

    @property
    def words(self) -> str:
        """The additions in words: ``2 constraints (most_open 2), 1 variable (open 1)``."""
        parts = (("constraint", self.duals), ("variable", self.values))
        return (
            ", ".join(_counts_in_words(sort, values) for sort, values in parts if values)
            or "nothing"
        )


def _counts_in_words(sort: str, values: dict[str, dict[Any, float]]) -> str:
    number = sum(map(len, values.values()))
    named = ", ".join(f"{name} {len(each):,}" for name, each in values.items())
    return f"{number:,} {sort}{'' if number == 1 else 's'} ({named})"


class Plan(Solved):
    """The optimal plan of a Case; with integer builds, the best found if the search ended early.

    Made by ``solve`` and by sessions. Tables are pandas DataFrames with one row per flow, member,
    plant and so on; a table is made when it is first asked for. Money is undiscounted unless it
    says otherwise, in the case's currency.

    Attributes:
        case: What was planned.
        status: "optimal", or "feasible" if a search for integer builds ended without a proof.
        objective: Discounted total cost, with penalties and priced shortage [money].
        cash: What buyers pay, without shortages and other penalties [money].
        shortage: What is missing of all minerals [t].
        served_share: The share of demand that is met [fraction].
        max_country_share: The largest share of one country, by mineral [fraction].
        flows: Purchases: year, mineral, refiner, country, member, tonnes [t], landed [money/t] ...
        supply: By mineral, member and year: demand, stock, shortage [t], price [money/t] ...
        shortages: The rows of supply with a shortage, and its cause in words.
        sources: By refiner or project and year: capacity, sales [t] ...
        countries: Shares of each country, by buyer, mineral and year [fraction].
        limits, stocks, projects, contracts, inputs, ore: The rows of other sheets.
        extension: What an analyst added to the model (None: nothing).

    Example:
        >>> plan = planner.solve(book.case)
        >>> plan.shortages.groupby("mineral")["short"].sum().round().to_dict()
        {'Rare earths': 20733.0}
    """

    extension: Extension | None = None
    _causes: BackgroundProcess[list[str]] | None = None

    @property
    def status(self) -> str:
        """``optimal``, or ``feasible`` if a search for integer builds ended without a proof."""
        return block_solver.status_of(self.proof.mip_gap)

    def __init__(
        self,
        case: Case,
        blocks: Sequence[block_solver.BlockResult],
        expanded: Expanded | None = None,
        program: Program | None = None,
    ) -> None:
        """Join the results of a case's blocks.

        ``expanded`` and ``program`` are the case's, if known; otherwise they are made when a table
        needs them.
        """
        self.case = case
        self.blocks = tuple(sorted(blocks, key=lambda result: result.block))
        if expanded is not None and program is not None:
            self.__dict__.update(expanded=expanded, program=program)

    def with_columns(self, x: Floats) -> Plan:
        """Return a plan with these values of its program's columns, and this plan's duals."""
        spans = map(self.program.columns_of, range(len(self.program.blocks)))
        pairs = zip(self.blocks, spans, strict=True)
        results = [replace(block, x=x[span]) for block, span in pairs]
        return Plan(self.case, results, self.expanded, self.program)

    def __getstate__(self) -> tuple[Any, ...]:
        """Send the case, the results, the program's layout, and the cached results."""
        import pandas as pd

        named, kinds = (
            {"values", "delivered", "delivered_to_plants", "transferred"},
            pd.DataFrame | float,
        )
        tables = {n: v for n, v in vars(self).items() if n in named or isinstance(v, kinds)}
        return self.case, self.blocks, self._layout, self.extension, tables

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.case, self.blocks, self.__dict__["_layout"], self.extension, tables = state
        self.__dict__.update(tables)

    @cached_property
    def _layout(self) -> tuple[tuple[Any, ...], tuple[tuple[Cell, ...], ...] | None]:
        """The numbered names in the program's keys, and its blocks (None: as the case splits)."""
        is_known = "program" in self.__dict__
        return (self.program.names, self.program.blocks) if is_known else ((), None)

    @cached_property
    def expanded(self) -> Expanded:  # type: ignore[override]
        """The case with its wildcards resolved."""
        return Expanded(self.case)

    @cached_property
    def program(self) -> Program:  # type: ignore[override]
        return build_program(self.expanded, *self._layout)

    # ---- values and duals, joined ---------------------------------------------------------------

    @cached_property
    def x(self) -> Floats:  # type: ignore[override]
        """The value of every column of the program; the solver's rounding errors are set to 0."""
        program, x = self.program, self.solver_x
        need = np.repeat(program.least_need, np.diff(program.column_starts))
        dust = tolerances.SOLVED_VALUE * np.where(program.column_unit == TONNES, need, 1.0)
        return np.where(np.abs(x) > dust, x, 0.0)

    @cached_property
    def prices(self) -> Floats:  # type: ignore[override]
        """The undiscounted dual of every row of the program (d cost / d right-hand side)."""
        return np.asarray(self.discounted / block_solver.discount_factors(self.case, self.program))

    @property
    def solver_x(self) -> Floats:
        """The value of every column from the solver; a new array at each call."""
        return np.concatenate([np.zeros(0), *(block.x for block in self.blocks)])

    @property
    def discounted(self) -> Floats:  # type: ignore[override]
        """The dual of every row in money of the first year; a new array at each call."""
        return np.concatenate([np.zeros(0), *(block.duals for block in self.blocks)])

    @cached_property
    def valid_upper_bounds(self) -> Floats:
        """Upper bounds of columns that are valid in any plan, not only in cheapest ones."""
        return valid_upper_bounds(self.expanded, self.program)

    # ---- who buys how much from whom ------------------------------------------------------------

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row per flow above 1e-6 t.

        year, mineral, refiner, project, country, owner, company, kind, member, contract (position
        in case.contracts, -1 for spot), tonnes, cost, tariff (fraction), freight, landed [money/t],
        support (only if a scenario pays any), levy (only if there is one), total [money].
        """
        e, d = self.expanded, self.expanded.deliveries
        used = np.flatnonzero(self.delivered > tolerances.LEAST_FLOW)
        same = {n: n for n in ("project", "country", "owner", "company", "kind")}
        names = {"mineral": "mineral", "refiner": "name"} | same
        columns: dict[str, Any] = {"year": np.array(e.years, dtype=np.int64)[d.year[used]]}
        for header, name in names.items():
            columns[header] = names_at([getattr(s, name) for s in e.sources], d.source[used])
        columns["member"] = names_at(e.members, d.member[used])
        columns |= {"contract": d.contract[used], "tonnes": self.delivered[used]}
        columns |= {n: getattr(d, n)[used] for n in ("cost", "tariff", "freight", "landed")}
        if self.expanded.supports.any():
            columns["support"] = d.support[used]
        if d.levy.any():
            columns["levy"] = d.levy[used]
        return _frame({**columns, "total": columns["tonnes"] * columns["landed"]})

    @cached_property
    def support_paid(self) -> dict[str, float]:
        """The subsidies that each member pays in total [money]."""
        return supports.support_paid(self)

    @cached_property
    def supply(self) -> pd.DataFrame:
        """One row per mineral, member and year with demand, stock or flow: ``supply_columns``."""
        return _frame(supply.supply_columns(self))

    @cached_property
    def missing(self) -> Floats:  # type: ignore[override]
        """The part of demand that is not met [t], by (mineral, member, year)."""
        found, (index, tonnes) = (
            np.zeros(self.expanded.demand.shape),
            self.component_arrays(SHORTAGE),
        )
        if index:  # () if no demand can be short
            found[index] = tonnes
        return found

    @cached_property
    def short(self) -> pd.DataFrame:
        """The rows of supply with a shortage, and its ``share`` of demand."""
        table = self.supply
        nothing = [*map(self.short_tolerance, table["mineral"], table["year"])]
        short = table[table["short"] > np.array(nothing, dtype=float)]
        return short.assign(share=short["short"] / short["demand"]).reset_index(drop=True)

    def foresee(self) -> None:
        """Start to compute the causes of shortages in a background process."""
        self._causes = self._causes or causes_in_background(self, self.short)

    @cached_property
    def shortages(self) -> pd.DataFrame:
        """The rows of ``short``, with the column ``cause``: why the member is short, in words."""
        reasons = self._causes.result() if self._causes else causes(self, self.short)
        return self.short.assign(cause=reasons)

    @cached_property
    def sources(self) -> pd.DataFrame:
        """One row per refiner or project and year.

        year, refiner, project, mineral, country, owner, kind, nameplate, usable, tonnes [t/yr],
        rent (the saving of one more tonne of capacity), gap (see ``Gaps``) [money/t], to_plants
        (tonnes sold to other plants) [t/yr].
        """
        e, rows, surge = self.expanded, [], self.case.settings.surge
        flows = e.input_flows
        to_plants = summed_at((flows.source, flows.year), self.delivered_to_plants, self.sold.shape)
        capacity, of_project, of_surge = (
            self.duals.get(of.name, {}) for of in (REFINING_CAPACITY, PROJECT_CAPACITY, SURGE)
        )
        every = (e.nameplate, e.usable, self.sold, self.gaps.gap, to_plants)
        for s, *by_year in zip(e.sources, *(amounts.tolist() for amounts in every), strict=True):
            whose = (*s.key, s.country, s.owner, s.kind)
            for year, nameplate, usable, sold, *prices in zip(e.years, *by_year, strict=True):
                key = (*s.key, year)
                most, rent = usable, capacity.get((s.name, s.mineral, year), 0.0)
                if isinstance(s.record, Project):
                    most = nameplate * running_fraction(self, s.record, year)
                    rent = of_project.get(key, 0.0)
                rent += surge * of_surge.get(key, 0.0)
                rows.append((year, *whose, nameplate, most, sold, abs(rent), *prices))
        columns = "year refiner project mineral country owner kind nameplate usable tonnes rent gap"
        return _table(rows, f"{columns} to_plants", "year mineral refiner project")

    @cached_property
    def gaps(self) -> Gaps:
        return gaps_of(self)

    @cached_property
    def countries(self) -> pd.DataFrame:
        """One row per country that sells or is limited: year, mineral, buyer ("": the coalition).

        country, tonnes, demand (the base of limits: for an input with the use of plants), purchased
        (including purchases of plants) [t], limit (the tightest share; NaN: none), of_demand and
        of_purchases (shares; NaN if the base is 0).
        """
        return _frame(countries.country_shares(self)).astype({"year": "int64"})

    # ---- contracts, stocks, projects and ore ----------------------------------------------------

    @cached_property
    def contracts(self) -> pd.DataFrame:
        """One row per contract and year in force.

        contract (position), year, minimum (force majeure applied), maximum (NaN: none), taken,
        untaken [t], price [money/t], worth (the saving of one tonne less minimum) [money/t].
        """
        e, d = self.expanded, self.expanded.deliveries
        of_contract, rows = d.contract >= 0, []
        at = (d.contract[of_contract], d.year[of_contract])
        shape = (len(self.case.contracts), len(e.years))
        taken = summed_at(at, self.delivered[of_contract], shape)
        for k, record in enumerate(self.case.contracts):
            for t, year in enumerate(e.years):
                if in_force(record, year):
                    key = (k, record.refiner, record.mineral, record.member, year)
                    limits = (
                        e.minimums.get((k, t), 0.0),
                        np.nan if record.max is None else record.max,
                    )
                    tonnes = (float(taken[k, t]), self.value(UNTAKEN, key))
                    money = (contract_price(e, k, year), self.dual(MINIMUM, key))
                    rows.append((k, year, *limits, *tonnes, *money))
        return _table(rows, "contract year minimum maximum taken untaken price worth")

    @cached_property
    def stocks(self) -> pd.DataFrame:
        """One row per stockpile and year.

        opening, closing, target, shortfall [t], worth (the saving of one tonne less target)
        [money/t], days (of cover; NaN without demand), day_worth (the saving of one day less)
        [money], fill_worth, draw_worth (the saving of one more tonne per year of Max fill or Max
        draw) [money/t].
        """
        rows = []
        for (mineral, member), stockpile in self.case.stockpile_of.items():
            before = stockpile.opening
            for year in self.expanded.years:
                key = (mineral, member, year)
                after, worth = self.value(STOCK, key), self.dual(TARGET, key)
                day = daily_demand(self.case, mineral, member, year)
                target = (
                    stock_target(self.case, stockpile, year),
                    self.value(SHORTFALL, key),
                    worth,
                )
                days = after / day if day > 0 else np.nan
                paces = (0.0 - self.dual(FILL, key), 0.0 - self.dual(DRAW, key))
                cell = (year, mineral, member, before, after)
                rows.append((*cell, *target, days, worth * day, *paces))
                before = after
        columns = "year mineral member opening closing target shortfall worth days day_worth"
        return _table(rows, f"{columns} fill_worth draw_worth")

    @cached_property
    def projects(self) -> pd.DataFrame:
        """One row per project and year.

        built (fraction started), running (fraction), capacity [t/yr], tonnes, capex [money m],
        charge [money], rent [money/t].
        """
        sources = self.sources[self.sources["project"] != ""]
        sold = {(row["project"], row["year"]): row for row in sources.to_dict("records")}
        rows = []
        for p in self.case.projects:
            for year in self.expanded.years:
                built, at_work = self.value(BUILT, (p.name, year)), running_fraction(self, p, year)
                tonnes = sold[p.name, year]
                charged = charged_part(self, p, year) if p.late else at_work
                money = (p.capex * built, capital_charge(self.case, p) * charged, tonnes["rent"])
                whose = (p.name, p.refiner, p.mineral, p.country)
                amounts = (tonnes["usable"], tonnes["tonnes"])
                rows.append((year, *whose, built, at_work, *amounts, *money))
        columns = "year project refiner mineral country built running capacity tonnes"
        return _table(rows, f"{columns} capex charge rent")

    @cached_property
    def ore(self) -> pd.DataFrame:
        """One row per flow of ore: year, mineral, mine_country, refiner, project, country, tonnes.

        tonnes contained; premium and freight [money/t]; rent of the mine [money/t].
        """
        mines = {(m.mineral, m.country): m for m in self.case.mines}
        rows = []
        for key, tonnes in sorted(self.amounts(ORE).items()):
            country, refiner, project, mineral, year = key
            place, mine = self.source(refiner, project, mineral).country, mines[mineral, country]
            freight, _ = ore_lane(self.case, mineral, country, place, year)
            rent = abs(
                self.dual(MINE_CAPACITY, (country, mineral, year))
                + self.dual(SURGE_ORE, (mineral, year))
            )
            of_mine = (mine_capacity(mine, year), mine.premium, freight, rent)
            rows.append((year, mineral, country, refiner, project, place, tonnes, *of_mine))
        columns = "year mineral mine_country refiner project country tonnes mine_capacity premium"
        order = "year mineral mine_country refiner project"
        return _table(rows, f"{columns} freight rent", order)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """One row per flow of an input above 1e-6 t, bought or passed on: see ``stages.inputs``."""
        order = "year mineral refiner project member plant" if self.expanded.plant_inputs else ""
        table = _table(stages.inputs(self), stages.INPUTS, order)
        return table.drop(columns=[c for c in ("support", "levy") if not table[c].any()])

    @property
    def input_cost(self) -> Floats:
        """The cost of inputs per tonne sold [money/t], by (source, year)."""
        return self.cached(stages.input_cost)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Warnings about plants that take more of a joint input than any of their products needs.

        A joint input serves several products of a refiner at once (column Joint of the sheet
        Inputs).
        """
        return tuple(stages.input_above_need(self)) if self.expanded.plant_inputs else ()

    def served_if_lost(self, year: int) -> dict[str, dict[str, tuple[float, float]]]:
        """Return the share of demand served if an outside country stops, by mineral and country.

        The first number counts only its own sales to members as lost, the second also what others
        make from its ore and inputs, through all stages.
        """
        return stages.served_if_lost(self, year)

    # ---- share limits, changes against today, and tiers of demand --------------------------------

    @cached_property
    def reached(self) -> tuple[Floats, Floats]:  # type: ignore[override]
        """The tonnes that count under each cap, and its base [t], in the order of ``caps``."""
        return countries.reached_shares(self)

    @cached_property
    def limits(self) -> pd.DataFrame:
        """One row per cap: one limit for one buyer, supplier, mineral and year.

        limit (position in case.share_limits), kind, stage, mineral, buyer ("": the coalition),
        group, supplier, year, tonnes, base [t], share (reached), allowed (share), room (slack) and
        excess [t], binding, shadow_price (the saving if the cap were one tonne looser) [money/t].
        """
        caps, (tonnes, base) = self.caps, self.reached
        is_any = np.array([bool(cap.flows or cap.ore) for cap in caps], dtype=bool)
        whose = [
            (cap.limit, cap.record.limit, cap.record.stage, cap.mineral, cap.buyer,
             cap.record.group, cap.supplier, cap.year) for cap in caps
        ]  # fmt: skip
        share = np.array([cap.share for cap in caps], dtype=float)
        nothing = np.array([self.tolerance(cap.mineral, cap.year) for cap in caps], dtype=float)
        room = np.where([cap.is_max for cap in caps], share * base - tonnes, tonnes - share * base)
        prices, excess_of = self.duals.get(SHARE.name, {}), self.amounts(EXCESS)
        return _table(whose, "limit kind stage mineral buyer group supplier year").assign(
            tonnes=tonnes,
            base=base,
            share=np.divide(tonnes, base, out=np.zeros_like(base), where=base > 0),
            allowed=share,
            room=room,
            excess=[excess_of.get(cap.key, 0.0) for cap in caps],
            binding=is_any & (room <= nothing),
            shadow_price=[abs(prices.get(cap.key, 0.0)) for cap in caps],
        )

    @cached_property
    def cap_savings(self) -> dict[str, float]:
        """The saving by mineral if all caps on single countries were looser, where any binds.

        It is the sum of each cap's dual x its base, discounted: money per 100 % of share.
        """
        e, limits, names = self.expanded, self.case.share_limits, self.program.names
        of_purchases = self.case.settings.share_basis == PURCHASES
        tonnes, d = e.limit_base_demand, e.deliveries
        if of_purchases:
            tonnes = summed_at((d.mineral, d.member, d.year), self.delivered, tonnes.shape)
        savings = np.zeros(len(e.minerals))
        for group in (each for each in self.program.constraints if each.component is SHARE):
            prices, limit, (_, m, buyer, _, t) = (
                self.prices[group.at],
                group.limit_numbers,
                group.index,
            )
            for row, number in {*zip(limit.tolist(), buyer.tolist(), strict=True)}:
                if not limits[row].caps_each_country:
                    continue
                name, mine = names[number], (limit == row) & (buyer == number) & (prices != 0)
                who = dict(buyers_of(e, limits[row]))[name]
                base, own = tonnes[:, who, :].sum(axis=1), who if name else ()
                for i, y in np.ndindex(base.shape):
                    base[i, y] += self.base_of_plants(i, own, y, of_purchases=of_purchases)
                worth = np.abs(prices) * (base * e.discounts)[m, t]
                savings += np.bincount(m[mine], worth[mine], len(e.minerals))
        return {e.minerals[m]: float(savings[m]) for m in np.flatnonzero(savings).tolist()}

    @cached_property
    def changes(self) -> pd.DataFrame:
        """One row per refiner and member, for minerals with a known supply of today.

        mineral, refiner, country, member, today, planned (in the first year), change [t/yr].
        """
        first = self.expanded.years[0]
        place = {(s.name, s.mineral): s.country for s in self.expanded.sources}
        minerals = {s.mineral for s in self.case.current_supply if s.member}
        tonnes: dict[tuple[str, str, str], list[float]] = {}
        for s in (s for s in self.case.current_supply if s.member):
            tonnes.setdefault((s.mineral, s.refiner, s.member), [0.0, 0.0])[0] += s.tonnes
        flows = self.flows[self.flows["year"] == first]
        columns = (flows[name] for name in ("mineral", "refiner", "member", "tonnes"))
        for mineral, refiner, member, planned in zip(*columns, strict=True):
            if mineral in minerals:
                tonnes.setdefault((mineral, refiner, member), [0.0, 0.0])[1] += planned
        rows = [
            (mineral, refiner, place[refiner, mineral], member, today, planned, planned - today)
            for (mineral, refiner, member), (today, planned) in sorted(tonnes.items())
        ]
        return _table(rows, "mineral refiner country member today planned change")

    @cached_property
    def tiers(self) -> pd.DataFrame:
        """One row per tier, as ``models.plan.tiers`` has them; empty if demand has no tiers."""
        return _table(tiers.rows_of_tiers(self), tiers.TIERS, "year mineral member tier")

    @cached_property
    def security(self) -> pd.DataFrame:
        """One row per country lost under Security, mineral and year, in the order of its rows.

        row (position in case.security), demand, lost (the country's sales), left (sales and
        possible extra sales of others, and stocks that count) [t], served and target (shares of
        demand), missing [t], binding, point (the cost of one more point of target) [money].
        """
        return _table(secured.secured_rows(self), secured.SECURED, "row mineral year country")

    # ---- costs and totals -----------------------------------------------------------------------

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Cost by heading, in order: ``money`` (undiscounted) and ``discounted``."""
        every = self.charges.items()
        rows = ((name, *map(float, by_mineral.sum(axis=1))) for name, by_mineral in every)
        return _table(rows, "heading money discounted")

    @cached_property
    def mineral_costs(self) -> pd.DataFrame:
        """Cost by mineral and heading: ``money`` (undiscounted) and ``discounted``."""
        rows = (
            (mineral, heading, *by_mineral[:, m].tolist())
            for m, mineral in enumerate(self.expanded.minerals)
            for heading, by_mineral in self.charges.items()
        )
        return _table(rows, "mineral heading money discounted")

    @cached_property
    def charges(self) -> dict[str, Floats]:
        """Cost by heading: undiscounted and discounted, each by mineral [money]."""
        e, worth = self.expanded, self.expanded.discounts
        charges = {heading: np.zeros((2, len(e.minerals))) for heading in cost_headings()}
        rare = {heading for heading in charges if heading.is_rare}
        for group in self.program.variables:
            x = self.x[group.at]
            used = np.flatnonzero(x > 0.0 if columns_named(group.component).is_delivery else x)
            units, mineral = x[used], group.cell[used] // len(e.years)
            for charge in group.charges:
                if charge.heading in rare and charge.price.any():
                    rare.remove(charge.heading)
                money = units * charge.price[used]
                every = (money, money * worth[charge.year[used]])
                charges[charge.heading] += [np.bincount(mineral, a, len(e.minerals)) for a in every]
        return {heading.name: sums for heading, sums in charges.items() if heading not in rare}

    @cached_property
    def objective(self) -> float:
        """Discounted total cost [money]."""
        return float(sum(block.certificate.primal for block in self.blocks))

    @cached_property
    def purchases(self) -> float:
        """Cost or price, tariff, levy and freight of all flows and inputs [money, undiscounted]."""
        bought = float((self.delivered * self.expanded.deliveries.landed).sum())
        return bought + float((self.delivered_to_plants * self.expanded.input_flows.landed).sum())

    @cached_property
    def cash(self) -> float:
        """All cash cost: without shortages and other penalties [money, undiscounted]."""
        paid = (sums[0].sum() for name, sums in self.charges.items() if name not in PENALTIES)
        return float(sum(paid))

    @property
    def cash_cost(self) -> CashCost:
        return CashCost(self.cash, self.tariffs, self.levies)

    @cached_property
    def tonnes(self) -> float:
        """All purchases of members [t], without those of plants."""
        return float(self.delivered.sum())

    @cached_property
    def shortage(self) -> float:
        """The shortage of all minerals, members and years [t]."""
        return float(self.component_arrays(SHORTAGE)[1].sum())

    @cached_property
    def served_share(self) -> float:
        """The share of demand that is met; 1 if there is no demand."""
        return served_share(self.case.total_demand, self.shortage)

    @cached_property
    def max_country_share(self) -> dict[str, float]:
        """The largest share of one country in the coalition's base over all years, by mineral.

        The base is demand, or purchases if Share basis says so. The rest of the world is not a
        country.
        """
        tops = largest_country_shares(self.countries, self.case.settings.share_basis)
        return {name: tops[name].share if name in tops else 0.0 for name in self.expanded.minerals}

    @cached_property
    def proof(self) -> block_solver.Proof:
        return block_solver.proof_of(self.case, self.blocks, lambda: self.program)

    @property
    def timings(self) -> dict[str, float]:
        """Seconds of building, solving and proving, summed over blocks."""
        return {
            "build": sum(b.build_seconds for b in self.blocks),
            "solve": sum(b.solve_seconds for b in self.blocks),
        }
