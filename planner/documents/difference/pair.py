"""Two plans side by side: what they have in common, and what cannot be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from models.case import fold
from models.schema import REST_OF_WORLD
from planner.render.words import each_year
from planner.workbook.countries import country_code
from planner.workbook.plan_columns import PLAN, PRICES, SHARES, SUMMARY
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

COALITION = "Coalition"
_TOLD = 5


@dataclass(frozen=True)
class Pair:
    """Two plans; rows of both are matched by names without regard to case and spaces.

    Amounts by mineral, member and flow are of ``years``, those that both plan.
    """

    old: PlanFile
    new: PlanFile

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years that both plans have."""
        old, new = (set(_years(plan)) for plan in (self.old, self.new))
        return tuple(sorted(old & new))

    @property
    def same_years(self) -> bool:
        """Whether both plan the same years."""
        return _years(self.old) == _years(self.new)

    @property
    def same_money(self) -> bool:
        """Whether both count in one currency."""
        return self.old.currency == self.new.currency

    @property
    def money(self) -> str:
        """The currency; both where they differ."""
        if self.same_money:
            return self.new.currency
        return f"{self.old.currency} and {self.new.currency}"

    @property
    def same_basis(self) -> bool:
        """Whether share limits are a share of the same."""
        return self.old.measure("Share basis") == self.new.measure("Share basis")

    @cached_property
    def units(self) -> dict[str, tuple[str, str]]:
        """What a tonne of a mineral is a tonne of, in the old and in the new plan; "" is none."""
        both = [_units(plan) for plan in (self.old, self.new)]
        return {key: (both[0].get(key, ""), both[1].get(key, "")) for key in {**both[1], **both[0]}}

    def unit(self, mineral: str) -> str:
        """Return a mineral's unit; both where they differ."""
        old, new = self.units.get(fold(mineral), ("", ""))
        return new or old if self.comparable(mineral) else f"{old} and {new}"

    def comparable(self, mineral: str) -> bool:
        """Return whether a mineral's tonnes are of the same in both plans."""
        old, new = self.units.get(fold(mineral), ("", ""))
        return not old or not new or fold(old) == fold(new)

    def in_both(self, mineral: str) -> bool:
        """Return whether both plans have a mineral, in one unit."""
        return all(self.units.get(fold(mineral), ("", ""))) and self.comparable(mineral)

    @property
    def all_comparable(self) -> bool:
        """Whether tonnes of all minerals are."""
        return all(self.comparable(mineral) for mineral in self.units)

    def named(self, table: pd.DataFrame, *headers: str) -> pd.DataFrame:
        """Return a sheet's rows of the common years, names spelt as this pair spells them."""
        kept = table[table["Year"].isin(self.years)]
        return kept.assign(
            **{
                header: kept[header].map(
                    {n: self.spelling(header, n) for n in kept[header].dropna().unique()}
                )
                for header in headers
            }
        )

    def spelling(self, header: str, name: object) -> str:
        """Return a name of a column as the new plan spells it, else as the old one does."""
        return self._spellings.get(_key(header, name), str(name))

    @cached_property
    def _spellings(self) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for plan in (self.new, self.old):
            for sheet, header in (
                (PRICES, "Mineral"), (PRICES, "Member"), (PLAN, "Mineral"), (PLAN, "Member"),
                (PLAN, "Country"), (SHARES, "Country"), (SHARES, "Mineral"),
            ):  # fmt: skip
                if sheet in plan.tables and header in plan.tables[sheet]:
                    for name in plan.tables[sheet][header].dropna().unique():
                        found.setdefault(_key(header, name), str(name))
        return found

    def notes(self) -> tuple[str, ...]:
        """Return in sentences what cannot be compared, or is compared with care."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        if not self.same_money:
            yield (
                f"Money is in {self.old.currency} in the old plan and in {self.new.currency} in the"
                " new one: it is not compared"
            )
        elif self.old.measure("Price year") != self.new.measure("Price year"):
            years = [p.measure("Price year") or "no stated year" for p in (self.old, self.new)]
            yield f"Prices are of {years[0]} in the old plan and of {years[1]} in the new one"
        if not self.same_years:
            spans = [str(plan.measure("Years") or "none") for plan in (self.old, self.new)]
            common = each_year(self.years) or "none"
            yield (
                f"The years planned differ ({spans[0]}; {spans[1]}): totals are of each plan's own"
                f" years, what stands by mineral, member and flow of those of both ({common})"
            )
        for mineral, (old, new) in sorted(self.units.items()):
            if not self.comparable(mineral):
                name = self.spelling("Mineral", mineral)
                yield f"{name} is counted in {old} and in {new}: its tonnes are not compared"
        yield from self._alone("Mineral", "minerals")
        yield from self._alone("Member", "members")
        if not self.same_basis:
            bases = [plan.measure("Share basis") for plan in (self.old, self.new)]
            yield f"Shares are of {bases[0]} in the old plan and of {bases[1]} in the new one"
        rates = [_discount(plan) for plan in (self.old, self.new)]
        if rates[0] != rates[1]:
            yield f"Total cost is {rates[0]} in the old plan and {rates[1]} in the new one"

    def _alone(self, header: str, what: str) -> Iterator[str]:
        """Yield which minerals or members only one of the plans has."""
        names = [{fold(n): n for n in _names(p, header)} for p in (self.old, self.new)]
        for word, mine, other in (("old", names[0], names[1]), ("new", names[1], names[0])):
            alone = sorted(name for key, name in mine.items() if key not in other)
            if alone:
                more = f" and {len(alone) - _TOLD} more" if len(alone) > _TOLD else ""
                yield f"Only the {word} plan has the {what} {', '.join(alone[:_TOLD])}{more}"


def _key(header: str, name: object) -> tuple[str, str]:
    """Return what a name of a column is recognised by; a country by its code, however spelt.

    Only a country: minerals called Co and Ga are neither Colombia nor Gabon.
    """
    code = country_code(str(name)) if header == "Country" else None
    return header, fold(str(name)) if code is None or code == REST_OF_WORLD else code


def _years(plan: PlanFile) -> tuple[int, ...]:
    found: set[int] = set()
    for sheet in (PLAN, PRICES, "Refiners"):
        if sheet in plan.tables:
            found |= {int(year) for year in plan.tables[sheet]["Year"].dropna()}
    return tuple(sorted(found))


def _units(plan: PlanFile) -> dict[str, str]:
    found: dict[str, str] = {}
    for sheet in ("By mineral", PRICES, PLAN):
        table = plan.tables.get(sheet)
        if table is not None and {"Mineral", "Unit"} <= set(table.columns):
            pairs = table[["Mineral", "Unit"]].drop_duplicates()
            for mineral, unit in zip(pairs["Mineral"], pairs["Unit"], strict=True):
                found.setdefault(fold(str(mineral)), str(unit or "t"))
    return found


def _names(plan: PlanFile, header: str) -> Iterable[str]:
    sheets = ("By mineral", PRICES, PLAN) if header == "Mineral" else (PRICES, PLAN)
    for sheet in sheets:
        if sheet in plan.tables and header in plan.tables[sheet]:
            yield from (str(n) for n in plan.tables[sheet][header].dropna().unique())


def _discount(plan: PlanFile) -> str:
    """Return how a plan's total cost is discounted: its remark in Summary says so."""
    table = plan.tables[SUMMARY]
    if "Remark" not in table:
        return "not discounted"
    remarks = table.loc[table["Measure"] == "Total cost", "Remark"].dropna()
    found = re.search(r"discounted at [^.,;]+(?:\.\d+)?[^.,;]*", " ".join(map(str, remarks)))
    return found[0].strip() if found else "not discounted"
