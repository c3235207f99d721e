"""The recount of what reaches beyond one year or stage: stocks, projects, ore, continuity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.expand import (
    Expanded,
    budget_year,
    capital_charge,
    growth,
    mine_capacity,
    ore_lane,
    starts,
    stock_target,
    target_penalty,
)
from models.schema import Project, Refiner


class Stages:
    """Rows and cost of a block's stocks, projects and ore at a point."""

    def __init__(
        self,
        e: Expanded,
        cells: Sequence[tuple[int, int]],
        named: Mapping[str, Mapping[Any, float]],
        by_source_year: Mapping[tuple[int, ...], float],
        by_lane: Mapping[tuple[int, ...], float],
    ) -> None:
        """Compute the cost."""
        self.by_lane = by_lane
        self.first = {e.minerals[m] for m, t in cells if t == 0}
        self.e, self.case = e, e.case
        case = self.case
        self.minerals = {e.minerals[m] for m, _ in cells}
        self.named = named
        self.sold = by_source_year
        self.cost = self._stock_cost() + self._capital() + self._ore_cost()
        self.cost += case.settings.switching_cost * sum(self._of("switched").values())

    def add(self, row: Callable[..., None]) -> None:
        """Note every row."""
        self._stocks(row)
        self._projects(row)
        self._ore(row)
        self._continuity(row)

    def _of(self, name: str) -> Mapping[Any, float]:
        return self.named.get(name, {})

    def _stocks(self, row: Callable[..., None]) -> None:
        stock, lacking = self._of("stock"), self._of("stock_shortfall")
        for (mineral, member), pile in self.case.stockpile_of.items():
            for year in self.e.years if mineral in self.minerals else ():
                key = (mineral, member, year)
                target = stock_target(self.case, pile, year)
                if target > 0:
                    held = stock.get(key, 0.0) + lacking.get(key, 0.0)
                    row("stock_target", key, held, least=target)

    def _stock_cost(self) -> float:
        case, total = self.case, 0.0
        for (m, j, year), tonnes in self._of("stock").items():
            total += tonnes * case.stockpile_of[m, j].holding_cost * case.discount(year)
        for (m, j, year), tonnes in self._of("stock_shortfall").items():
            price = target_penalty(case, case.stockpile_of[m, j], year)
            total += tonnes * price * case.discount(year)
        return total

    def _projects(self, row: Callable[..., None]) -> None:
        built, years = self._of("built"), self.e.years
        for r, t in self.sold:
            source = self.e.sources[r]
            if isinstance(source.record, Project):
                key = (source.name, source.project, source.mineral, years[t])
                share = sum(
                    built.get((source.project, y), 0.0)
                    for y in starts(source.record, years, years[t])
                )
                left = self.sold[r, t] - self.e.nameplate[r, t] * share
                row("project_capacity", key, left, most=0.0)
        spent: dict[int, float] = {}
        limits = {b.year: b.capex for b in self.case.budget}
        for p in self.case.projects:
            if p.mineral not in self.minerals:
                continue
            mine = {y: b for (name, y), b in built.items() if name == p.name}
            if mine:
                row("project_once", p.name, sum(mine.values()), most=1.0)
            for y, b in mine.items():
                paid = budget_year(p, y, years)
                if p.built_in is None and paid in limits and p.capex > 0:
                    spent[paid] = spent.get(paid, 0.0) + p.capex * b
        for year, money in spent.items():
            row("budget", year, money, most=limits[year])

    def _capital(self) -> float:
        projects = {p.name: p for p in self.case.projects}
        total = 0.0
        for (name, start), b in self._of("built").items():
            p = projects[name]
            worth = sum(self.case.discount(y) for y in self.e.years if start <= y < start + p.life)
            total += b * capital_charge(self.case, p) * worth
        return total

    def _ore(self, row: Callable[..., None]) -> None:
        case, ore = self.case, self._of("ore")
        mined: dict[tuple[str, str, int], float] = {}
        arrived: dict[tuple[str, str, str, int], float] = {}
        for (country, name, project, mineral, year), z in ore.items():
            mined[country, mineral, year] = mined.get((country, mineral, year), 0.0) + z
            at = (name, project, mineral, year)
            arrived[at] = arrived.get(at, 0.0) + z
        with_mines = {m.mineral for m in case.mines}
        for (r, t), tonnes in self.sold.items():
            source = self.e.sources[r]
            if source.needs_ore and source.mineral in with_mines:
                at = (source.name, source.project, source.mineral, self.e.years[t])
                row("ore_balance", at, arrived.get(at, 0.0) - tonnes / source.recovery, 0.0, 0.0)
        for mine in case.mines:
            for year in self.e.years:
                key = (mine.country, mine.mineral, year)
                if key in mined:
                    row("mine_capacity", key, mined[key], most=mine_capacity(mine, year))

    def _ore_cost(self) -> float:
        case, total = self.case, 0.0
        premium = {(m.mineral, m.country): m.premium for m in case.mines}
        place = {(s.name, s.project, s.mineral): s.country for s in self.e.sources}
        for (country, name, project, mineral, year), z in self._of("ore").items():
            freight, _ = ore_lane(case, mineral, country, place[name, project, mineral], year)
            total += z * (premium[mineral, country] + freight) * case.discount(year)
        return total

    def _continuity(self, row: Callable[..., None]) -> None:
        case, e = self.case, self.e
        for s in case.current_supply:
            if case.settings.switching_cost > 0 and s.tonnes > 0 and s.mineral in self.first:
                at = (e.source_of_refiner[s.refiner, s.mineral], e.member_at[s.member], 0)
                left = self.by_lane.get(at, 0.0)
                key = (s.refiner, s.mineral, s.member)
                row("switching", key, left + self._of("switched").get(key, 0.0), least=s.tonnes)
        ceilings = {c[:4]: c[4] for c in case.ceilings}
        for (r, t), tonnes in self.sold.items():
            source, year = e.sources[r], e.years[t]
            own = (source.name, source.project, source.mineral, year)
            if own in ceilings:
                row("agreed_sales", own, tonnes, most=ceilings[own])
            if isinstance(source.record, Refiner):
                allowed = growth(case, source.record, year, float(e.usable[r, t]))
                if allowed is not None:
                    before = self.sold.get((r, t - 1), 0.0) if allowed.before is not None else 0.0
                    grown = (source.name, source.mineral, year)
                    row("sales_growth", grown, tonnes - allowed.times * before, most=allowed.most)
