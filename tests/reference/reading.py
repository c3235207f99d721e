"""The workbook as plain data, read into look-ups (contract section 2).

A book is a dict from sheet name to rows; each row is a dict from the header, with its unit, to a
python scalar. None or a missing key is a blank cell. Masses are t and money is USD throughout.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from .built import Standing, left, standing
from .cells import by_year, company, filled, in_years, must, number, text, yes
from .neutral import Book, Row
from .stages import Stages

ROW = "ROW"
Pattern = frozenset[str | None]
"""Tiers, among them None for demand without one."""
NOBODY = "-"
"""Owner, in a row of Lanes that a scenario is written down as, of sources without one."""


@dataclass(frozen=True)
class Source:
    """Who sells: a refiner's row, or a project under its refiner's name."""

    refiner: str
    project: str | None
    mineral: str
    country: str
    owner: str
    company: str | None
    kind: str
    needs_ore: bool
    recovery: float

    def __str__(self) -> str:
        name = self.refiner if self.project is None else f"{self.refiner}/{self.project}"
        return f"{name} {self.mineral}"


@dataclass(frozen=True)
class Lane:
    """What holds on a lane in a year: USD/t, fraction, open tiers, t/yr of both kinds of Max."""

    freight: float
    tariff: float
    open_to: frozenset[str | None]
    max_country: float
    max_source: float

    @property
    def open(self) -> bool:
        """Whether it is open to some tier of the member."""
        return bool(self.open_to)


class Case:
    """Look-ups over a book; every value is for one year of the horizon."""

    def __init__(self, book: Book) -> None:
        self.book = book
        #: project -> the one year in which a scenario has it built
        self.decided: dict[str, int] = {}
        self._lanes: dict[tuple[Source, str, int], Lane] = {}
        self._demand: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.sheet("Demand"):
            self._demand[must(row, "Mineral"), must(row, "Member")].append(row)

    @property
    def whole(self) -> Case:
        """The case of all members: itself, but for a part of it that plans alone."""
        return self

    def part_of_project(self, project: str) -> float:
        """How much of a project may be built, as a fraction of it."""
        return 1.0

    def sheet(self, name: str) -> list[Row]:
        """Rows of a sheet that are not wholly empty."""
        rows = self.book.get(name, ())
        return [row for row in rows if any(value is not None for value in row.values())]

    @cached_property
    def settings(self) -> dict[str, object]:
        """Setting -> value, as filled."""
        rows = self.sheet("Settings")
        return {must(row, "Setting"): row.get("Value") for row in rows}

    def setting(self, name: str, default: float) -> float:
        """Number of a setting."""
        value = self.settings.get(name)
        if value is None:
            return default
        assert isinstance(value, (int, float)), (name, value)
        return float(value)

    @cached_property
    def purchases_basis(self) -> bool:
        """Whether the base of a max is what the buyer purchases instead of its demand."""
        return str(self.settings.get("Share basis") or "demand").strip().lower() == "purchases"

    @cached_property
    def whole_projects(self) -> bool:
        """Whether a project is built in full or not at all."""
        return str(self.settings.get("Whole projects") or "no").strip().lower() == "yes"

    @cached_property
    def carry_over_budget(self) -> bool:
        """Whether what is left of a year's budget may be spent in later years."""
        return str(self.settings.get("Carry over budget") or "no").strip().lower() == "yes"

    @cached_property
    def budgets(self) -> dict[int, tuple[list[int], float]]:
        """Year of Budget -> the years whose spending is limited together, and to how much.

        Carried over, these are all years with a row up to it; else the year alone.
        """
        rows = self.sheet("Budget")
        own = {int(filled(row, "Year", 0)): filled(row, "Capex (USD m)", 0.0) for row in rows}
        if not self.carry_over_budget:
            return {year: ([year], money) for year, money in own.items()}
        up_to = {year: [y for y in own if y <= year] for year in own}
        return {year: (years, sum(own[y] for y in years)) for year, years in up_to.items()}

    @cached_property
    def years(self) -> list[int]:
        """Year columns of Demand, ascending."""
        keys = {key for row in self.book.get("Demand", ()) for key in row}
        return sorted(int(key) for key in keys if re.fullmatch(r"\d{4}", key))

    @cached_property
    def minerals(self) -> dict[str, Row]:
        """Mineral -> its row."""
        return {must(row, "Mineral"): row for row in self.sheet("Minerals")}

    @cached_property
    def members(self) -> dict[str, Row]:
        """Member -> its row."""
        return {must(row, "Member"): row for row in self.sheet("Members")}

    @cached_property
    def sources(self) -> list[Source]:
        """All refiners, then all projects as sources of their own (primary projects use ore)."""
        result = []
        for row in self.sheet("Refiners"):
            kind = (text(row, "Kind") or "primary").lower()
            ore = yes(row, "Needs ore")
            result.append(
                Source(
                    must(row, "Refiner"),
                    None,
                    must(row, "Mineral"),
                    must(row, "Country"),
                    text(row, "Owner country") or must(row, "Country"),
                    company(row),
                    kind,
                    kind == "primary" if ore is None else ore,
                    filled(row, "Recovery", 1.0),
                )
            )
        for row in self.sheet("Projects"):
            kind = (text(row, "Kind") or "primary").lower()
            result.append(
                Source(
                    must(row, "Refiner"),
                    must(row, "Project"),
                    must(row, "Mineral"),
                    must(row, "Country"),
                    text(row, "Owner country") or must(row, "Country"),
                    company(row),
                    kind,
                    kind == "primary",
                    1.0,
                )
            )
        return result

    @cached_property
    def refiner_rows(self) -> dict[tuple[str, str], Row]:
        """(refiner, mineral) -> its row of Refiners."""
        return {(must(r, "Refiner"), must(r, "Mineral")): r for r in self.sheet("Refiners")}

    @cached_property
    def project_rows(self) -> dict[str, Row]:
        """Project -> its row."""
        return {must(row, "Project"): row for row in self.sheet("Projects")}

    def discount(self, year: int) -> float:
        """(1 + discount rate)^-(year - first year), contract section 3, Objective."""
        return float((1.0 + self.setting("Discount rate", 0.0)) ** (self.years[0] - year))

    def shortage_cost(self, mineral: str, year: int) -> float:
        """USD/t: the cell, else price of the year x Shortage cost multiple."""
        row = self.minerals[mineral]
        given = by_year(row, "Shortage cost", " (USD/t)", year)
        if given is not None:
            return given
        return self.price(mineral, year) * self.setting("Shortage cost multiple", 10.0)

    def price(self, mineral: str, year: int) -> float:
        """USD/t of a mineral in a year."""
        price = by_year(self.minerals[mineral], "Price", " (USD/t)", year)
        assert price is not None
        return price

    def demand_rows(self, mineral: str, member: str) -> dict[str | None, Row]:
        """Tier, or None without one -> its row of Demand."""
        return {text(row, "Tier"): row for row in self._demand.get((mineral, member), ())}

    def tiers_of(self, mineral: str, member: str) -> Pattern:
        """Tiers of a member, whatever the year; one without a name where it has no row."""
        return frozenset(self.demand_rows(mineral, member)) or frozenset([None])

    def demand(self, mineral: str, member: str, year: int) -> float:
        """t of all tiers; 0 where the row or the cell is missing."""
        rows = self._demand.get((mineral, member), ())
        return sum(filled(row, str(year), 0.0) for row in rows)

    def demand_of(self, mineral: str, members: tuple[str, ...], year: int) -> float:
        """t, of several members together."""
        return sum(self.demand(mineral, member, year) for member in members)

    def blocs(self, country: str) -> set[str]:
        """Blocs of a country: those listed, else coalition for a member's country, else other."""
        for row in self.sheet("Countries"):
            listed = text(row, "Bloc")
            if must(row, "Country") == country and listed is not None:
                return {name.strip() for name in listed.split(";") if name.strip()}
        own = {text(row, "Country") for row in self.members.values()}
        return {"coalition"} if country in own and country != ROW else {"other"}

    def cost(self, source: Source, year: int) -> float:
        """USD/t at the refiner's or project's gate."""
        if source.project is not None:
            return filled(self.project_rows[source.project], "Cost (USD/t)", 0.0)
        row = self.refiner_rows[source.refiner, source.mineral]
        value = by_year(row, "Cost", " (USD/t)", year)
        assert value is not None
        return value

    def support(self, source: Source, year: int) -> float:
        """USD/t that a scenario has paid to a refiner or project, as its edit puts it down."""
        rows: dict[Any, Row] = {**self.refiner_rows, **self.project_rows}
        row = rows[source.project or (source.refiner, source.mineral)]
        return filled(row, f"Support {year} (USD/t)", 0.0)

    def usable(self, source: Source, year: int) -> float:
        """t/yr: a refiner's capacity x available share in its years, 0 outside them."""
        row = self.refiner_rows[source.refiner, source.mineral]
        if not in_years(row, year):
            return 0.0
        capacity = by_year(row, "Capacity", " (t/yr)", year)
        share = by_year(row, "Available share", "", year)
        assert capacity is not None
        return capacity * (1.0 if share is None else share)

    def size(self, source: Source, year: int) -> float:
        """t/yr of a source: of a refiner what is usable, of a project all where it can run."""
        if source.project is None:
            return self.usable(source, year)
        row = self.project_rows[source.project]
        first, life = filled(row, "First year", self.years[0]), self.life(source.project)
        decided = self.decided.get(source.project)
        taken = {part.start for part in self.standing if part.project == source.project}
        starts = [y for y in self.years if y >= first and y not in taken]
        starts = starts if decided is None else [decided]
        if left(self, source.project) == 0:
            starts = []
        runs = any(start <= year < start + life for start in starts) or any(
            part.fraction > 0 and part.runs(self, year)
            for part in self.standing
            if part.project == source.project
        )
        return filled(row, "Capacity (t/yr)", 0.0) if runs else 0.0

    @cached_property
    def standing(self) -> list[Standing]:
        """What is begun or stands."""
        return standing(self)

    @cached_property
    def stages(self) -> Stages:
        """What is made from what."""
        return Stages(self)

    @cached_property
    def homes(self) -> set[str]:
        """The members' countries."""
        return {str(row["Country"]).strip() for row in self.members.values() if row.get("Country")}

    def lane(self, source: Source, member: str, year: int) -> Lane:
        """The lane from a source to a member: the matrix of Freight, then Lanes from top down."""
        key = source, member, year
        if key not in self._lanes:
            self._lanes[key] = self._read_lane(source, member, year)
        return self._lanes[key]

    def _read_lane(self, source: Source, member: str, year: int) -> Lane:
        freight = self.setting("Default freight (USD/t)", inf)
        for row in self.sheet("Freight"):
            if must(row, "From country") == source.country:
                freight = filled(row, member, freight)
        tariff, max_country, max_source = 0.0, inf, inf
        open_to = set(self.tiers_of(source.mineral, member))
        for row in self.sheet("Lanes"):
            if not (
                text(row, "Mineral") in (None, source.mineral)
                and text(row, "From country") in (None, source.country)
                and text(row, "Refiner") in (None, source.refiner)
                and company(row) in (None, source.company or NOBODY)
                and text(row, "To member") in (None, member)
                and in_years(row, year)
            ):
                continue
            freight = filled(row, "Freight (USD/t)", freight)
            tariff = filled(row, "Tariff", tariff)
            named, switch = text(row, "Tier"), yes(row, "Open")
            meant = self.tiers_of(source.mineral, member)
            meant = meant if named is None else meant & {named}
            if switch is not None:
                open_to = open_to | meant if switch else open_to - meant
            if text(row, "Refiner") is None:
                max_country = filled(row, "Max (t/yr)", max_country)
            else:
                max_source = filled(row, "Max (t/yr)", max_source)
        return Lane(freight, tariff, frozenset(open_to), max_country, max_source)

    def patterns(self, mineral: str, member: str, year: int) -> dict[Pattern, list[Source]]:
        """Tiers that sources with an open lane are open to -> those sources; nothing where each of
        them is open to all tiers of the member."""
        found: dict[Pattern, list[Source]] = defaultdict(list)
        for source in self.sources:
            if source.mineral == mineral and self.lane(source, member, year).open:
                found[self.lane(source, member, year).open_to].append(source)
        return found if set(found) - {self.tiers_of(mineral, member)} else {}

    @cached_property
    def mine_rows(self) -> dict[tuple[str, str], Row]:
        """(mineral, mine country) -> its row of Mines."""
        return {(must(r, "Mineral"), must(r, "Country")): r for r in self.sheet("Mines")}

    def mines(self, mineral: str) -> list[str]:
        """Mine countries of a mineral; none: it has no ore stage."""
        return [country for name, country in self.mine_rows if name == mineral]

    def uses_ore(self, source: Source) -> bool:
        """Whether a source has to be fed with ore: it needs ore and its mineral has mines."""
        return source.needs_ore and bool(self.mines(source.mineral))

    def mine_capacity(self, mineral: str, country: str, year: int) -> float:
        """t/yr of contained metal, 0 outside the mine's years."""
        row = self.mine_rows[mineral, country]
        value = by_year(row, "Capacity", " (t/yr)", year) if in_years(row, year) else 0.0
        assert value is not None
        return value

    def ore_lane(self, mine: str, source: Source, year: int) -> tuple[float, bool]:
        """(premium of the mine + freight in USD/t, whether open) of ore from a mine country."""
        freight, is_open = 0.0, True
        for row in self.sheet("Ore lanes"):
            if (
                text(row, "Mineral") in (None, source.mineral)
                and text(row, "Mine country") in (None, mine)
                and text(row, "Refiner country") in (None, source.country)
                and in_years(row, year)
            ):
                freight = filled(row, "Freight (USD/t)", freight)
                switch = yes(row, "Open")
                is_open = is_open if switch is None else switch
        premium = filled(self.mine_rows[source.mineral, mine], "Premium (USD/t)", 0.0)
        return premium + freight, is_open

    def yearly_capital(self, project: str) -> float:
        """USD/yr of a project built in full: capex x capital-recovery factor."""
        row = self.project_rows[project]
        rate, life = self.setting("Cost of capital", 0.08), filled(row, "Life (yr)", 20.0)
        growth = (1.0 + rate) ** life
        factor = 1.0 / life if rate == 0 else rate * growth / (growth - 1.0)
        return filled(row, "Capex (USD m)", 0.0) * 1e6 * factor

    def budget_year(self, project: str, year: int) -> int:
        """Year whose budget a start of output in `year` counts against."""
        lead = int(filled(self.project_rows[project], "Lead time (yr)", 0.0))
        return max(year - lead, self.years[0])

    def life(self, project: str) -> int:
        """Years of output of a project."""
        return int(filled(self.project_rows[project], "Life (yr)", 20.0))

    @cached_property
    def stock_rows(self) -> dict[tuple[str, str], Row]:
        """(mineral, member) -> its row of Stockpiles."""
        return {(must(r, "Mineral"), must(r, "Member")): r for r in self.sheet("Stockpiles")}

    def stock_target(self, mineral: str, member: str, year: int) -> tuple[float, float]:
        """(target in t, penalty in USD/t/yr): defaults are the opening stock and a fiftieth of
        the shortage cost, half of the shortage cost in the last year of the horizon."""
        row = self.stock_rows[mineral, member]
        target = filled(row, "Target (t)", filled(row, "Opening (t)", 0.0))
        days = number(row, "Target (days)")
        if days is not None:
            target = days / 365.0 * self.demand(mineral, member, year)
        part = 0.5 if year == self.years[-1] else 1.0 / 50.0
        default = part * self.shortage_cost(mineral, year)
        return target, filled(row, "Target penalty (USD/t/yr)", default)
