"""Members who plan alone: the program of a part of the coalition (contract section 6, Bills).

Readings: pro rata, a member has of every plant and mine its part of the mineral's demand of the
year; of a year without demand that of all years, and without any the same as each other. Of a
project it has the part of all years; of the budgets that of all projects by their capital. What
follows from the whole stays as it is: blocs, contracts that lapse or shrink, countries that are
lost, refiners whose sales of today are known. So every right-hand side is a sum over members.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from .cells import filled, must
from .model import Model
from .neutral import Book, Row
from .reading import Case, Source

OWN = ("Stockpiles", "Current supply")
"""Sheets whose rows go with their member."""


class Part(Case):
    """Some members' own demand, stocks, contracts and limits, and their part of all else."""

    whole_projects = False

    def __init__(self, whole: Case, members: Collection[str]) -> None:
        super().__init__(whole.book)
        self.all, self.own = whole, members

    @property
    def whole(self) -> Case:
        """The case of all members."""
        return self.all

    @cached_property
    def members(self) -> dict[str, Row]:
        """The members who plan, with their rows."""
        return {name: row for name, row in self.all.members.items() if name in self.own}

    def sheet(self, name: str) -> list[Row]:
        """The rows of a sheet, of some only those of these members."""
        rows = super().sheet(name)
        return [row for row in rows if name not in OWN or row["Member"] in self.own]

    def setting(self, name: str, default: float) -> float:
        """A setting; nobody's shortage is unfair."""
        return 0.0 if name == "Fair shortage weight" else super().setting(name, default)

    def blocs(self, country: str) -> set[str]:
        """Blocs as all members make them."""
        return self.all.blocs(country)

    def right(self, mineral: str, years: Collection[int]) -> float:
        """The part of a mineral's plants, by demand of these years."""
        for span in (years, self.years):
            whole = sum(self.all.demand_of(mineral, tuple(self.all.members), t) for t in span)
            if whole > 0:
                own = sum(self.all.demand_of(mineral, tuple(self.members), t) for t in span)
                return own / whole
        return len(self.members) / len(self.all.members)

    def usable(self, source: Source, year: int) -> float:
        """t/yr of a refiner that these members may count as their own."""
        return self.all.usable(source, year) * self.right(source.mineral, [year])

    def mine_capacity(self, mineral: str, country: str, year: int) -> float:
        """t/yr of a mine that these members may count as their own."""
        return self.all.mine_capacity(mineral, country, year) * self.right(mineral, [year])

    def part_of_project(self, project: str) -> float:
        """How much of a project these members may build."""
        return self.right(must(self.project_rows[project], "Mineral"), self.years)

    @cached_property
    def budgets(self) -> dict[int, tuple[list[int], float]]:
        """The part of the budgets, as of the capital of all projects."""
        capex = {p: filled(row, "Capex (USD m)", 0.0) for p, row in self.project_rows.items()}
        own = sum(self.part_of_project(p) * usd for p, usd in capex.items())
        part = own / (sum(capex.values()) or 1.0)
        return {year: (years, usd * part) for year, (years, usd) in self.all.budgets.items()}


def cost(book: Book, members: Collection[str]) -> float:
    """c(S): discounted USD of the members S planning alone, with rights by demand (pro rata)."""
    return Model(Part(Case(book), members)).solve().objective
