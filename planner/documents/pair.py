"""Two plans to compare: their common years and names, and what cannot be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from models import results
from models.case import normalize
from planner.render.words import each_year, few
from planner.workbook.findings import refused
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

YEAR_FIELD = "year"
"""The field of the year in results."""
_SPELT = (results.Name.MINERAL, results.Name.MEMBER)
"""Kinds of names that two plans may spell differently; countries are compared by their codes."""
_MOST = 5
"""Most names in a note; the others are counted."""


@dataclass(frozen=True)
class Pair:
    """Two plans; their rows are matched by names, without regard to case and spaces.

    Amounts by mineral, member and flow are for ``years``, the years that are in both plans.
    """

    old: PlanFile
    new: PlanFile

    @cached_property
    def years(self) -> tuple[int, ...]:
        return tuple(sorted({*self.old.years} & {*self.new.years}))

    @property
    def same_years(self) -> bool:
        return self.old.years == self.new.years

    @property
    def same_last_year(self) -> bool:
        return self.old.years[-1:] == self.new.years[-1:]

    @property
    def currency(self) -> str:
        return self.new.currency

    def both(self, figure: results.Figure) -> list[object]:
        """Return a figure of Summary in the old and in the new plan."""
        return [plan.measure(figure) for plan in (self.old, self.new)]

    @property
    def same_share_basis(self) -> bool:
        old, new = self.both(results.Figure.SHARE_BASIS)
        return old == new

    @cached_property
    def _units(self) -> tuple[dict[str, str], ...]:
        """Each mineral's unit, such as ``t Li content``, in the old and in the new plan."""
        return tuple(_units(plan) for plan in (self.old, self.new))

    def unit(self, mineral: str) -> str:
        old, new = self._units
        return new.get(normalize(mineral)) or old.get(normalize(mineral), "")

    def is_in_both(self, mineral: str) -> bool:
        return all(normalize(mineral) in each for each in self._units)

    def refuse_other_units(self) -> None:
        """Raise InputError if the plans count money, or tonnes of a mineral, in other units."""
        old, new = self._units
        units = [("money", self.old.currency, self.new.currency)]
        units += [
            (self.spelling(results.Name.MINERAL, mineral), old[mineral], new[mineral])
            for mineral in sorted(old.keys() & new.keys())
        ]
        differ = [f"{what} is in {was}, now in {now}" for what, was, now in units
                  if normalize(was) != normalize(now)]  # fmt: skip
        if differ:
            wanted = "two plans with the same units"
            raise refused(self.new.path, few(differ, _MOST), wanted, "plan one of them again")

    def rows(self, plan: PlanFile, kind: type[results.Result]) -> pd.DataFrame:
        """Return a sheet's rows for the common years, with one spelling per name."""
        table = plan.result(kind).frame()
        kept = table[table[YEAR_FIELD].isin(self.years)]
        return kept.assign(
            **{
                field.name: kept[field.name].map(
                    {n: self.spelling(field.names, n) for n in kept[field.name].dropna().unique()}
                )
                for field in kind.FIELDS
                if field.names in _SPELT
            }
        )

    def spelling(self, kind: results.Name, name: object) -> str:
        """Return the spelling of a mineral or member in the new plan, else in the old one."""
        return self._spellings.get((kind, normalize(str(name))), str(name))

    def country_name(self, code: str) -> str:
        """Return the spelling of a country in the new plan, else in the old one."""
        return self.new.countries.get(code) or self.old.country_name(code)

    @cached_property
    def _spellings(self) -> dict[tuple[results.Name, str], str]:
        spellings: dict[tuple[results.Name, str], str] = {}
        for plan in (self.new, self.old):
            for result in (results.Prices, results.Flows, results.CountryShares):
                for field in result.FIELDS:
                    if field.names in _SPELT:
                        for name in dict.fromkeys(_names_in(plan, result, field)):
                            spellings.setdefault((field.names, normalize(name)), name)
        return spellings

    def notes(self) -> Iterator[str]:
        """Yield sentences on what cannot be compared, or only with care."""
        old, new = self.both(results.Figure.PRICE_YEAR)
        if old != new:
            years = [year or "no stated year" for year in (old, new)]
            yield (
                f"Prices are in money of {years[0]} in the old plan and of {years[1]} in the new"
                " one"
            )
        if not self.same_years:
            spans = [years or "none" for years in self.both(results.Figure.YEARS)]
            common = each_year(self.years) or "none"
            yield (
                f"The plans cover different years ({spans[0]}; {spans[1]}). Only the years in both"
                f" plans ({common}) are compared, and of the totals only demand, purchases and"
                " shortage. All other totals are for all years of a plan and are not compared"
            )
        yield from self._alone(results.Name.MINERAL, "mineral")
        yield from self._alone(results.Name.MEMBER, "member")
        if not self.same_share_basis:
            bases = self.both(results.Figure.SHARE_BASIS)
            yield f"Shares are of {bases[0]} in the old plan and of {bases[1]} in the new one"
        rates = [_discount(plan) for plan in (self.old, self.new)]
        if rates[0] != rates[1]:
            yield f"Total cost is {rates[0]} in the old plan and {rates[1]} in the new one"

    def _alone(self, kind: results.Name, noun: str) -> Iterator[str]:
        """Yield which names only the old or only the new plan has."""
        names = [{normalize(n): n for n in _all_names(p, kind)} for p in (self.old, self.new)]
        for word, mine, other in (("old", names[0], names[1]), ("new", names[1], names[0])):
            alone = sorted(name for key, name in mine.items() if key not in other)
            if alone:
                nouns = noun if len(alone) == 1 else f"{noun}s"
                yield f"Only the {word} plan has the {nouns} {few(alone, _MOST)}"


def _names_in(plan: PlanFile, result: type[results.Result], field: results.Field) -> Iterator[str]:
    yield from map(str, plan.result(result).frame()[field.name].dropna())


def _units(plan: PlanFile) -> dict[str, str]:
    units: dict[str, str] = {}
    for mineral, unit in (
        *plan.result(results.ByMineral).rows(results.ByMineral.mineral, results.ByMineral.unit),
        *plan.result(results.Prices).rows(results.Prices.mineral, results.Prices.unit),
        *plan.result(results.Flows).rows(results.Flows.mineral, results.Flows.unit),
    ):
        units.setdefault(normalize(str(mineral)), str(unit or "t"))
    return units


def _all_names(plan: PlanFile, kind: results.Name) -> Iterator[str]:
    for result in (results.ByMineral, results.Prices, results.Flows):
        for field in result.FIELDS:
            # who depends most on a country may be "3 of 12 members"
            if field.names is kind and field is not results.ByMineral.dependent:
                yield from dict.fromkeys(_names_in(plan, result, field))


def _discount(plan: PlanFile) -> str:
    remarks = plan.result(results.Summary).rows(results.Summary.measure, results.Summary.remark)
    text = " ".join(str(remark) for name, remark in remarks if name == results.Figure.TOTAL_COST)
    match = re.search(r"discounted at [^.,;]+(?:\.\d+)?[^.,;]*", text)
    return match[0].strip() if match else "not discounted"
