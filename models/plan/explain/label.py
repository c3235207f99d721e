"""Rows of a program in words: what each is a limit of, and the cell that says it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.account import Laid, Program
from models.expand import Cap, starts
from models.plan.explain.facts import Place
from models.plan.explain.words import lane_row, limit_words, place_of
from models.schema import BudgetYear, Mine, Record, Refiner

if TYPE_CHECKING:
    from models.plan.plan import Plan

_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True)
class Label:
    """What a row is: a word for programs, words for people, and its cell."""

    kind: str
    what: str
    place: Place | None = None
    unit: str = "t"


class Labels:
    """The rows and columns of a plan's program, named when asked for."""

    def __init__(self, plan: Plan) -> None:
        """Keep the plan."""
        self.plan, self.case, self.e = plan, plan.case, plan.expanded
        self.program: Program = plan.program

    @cached_property
    def caps(self) -> dict[Any, Cap]:
        """Every cap by its key in the model."""
        return {cap.key: cap for cap in self.plan.caps}

    def row(self, at: int) -> tuple[str, Any]:
        """Return the component and the key of a row."""
        return _named(self.program.row_parts, at)

    def column(self, at: int) -> tuple[str, Any]:
        """Return the component and the key of a column."""
        return _named(self.program.column_parts, at)

    def label(self, at: int) -> Label:
        """Return what a row is."""
        name, key = self.row(at)
        return self.of(name, key)

    def of(self, name: str, key: Any) -> Label:
        """Return what a row is, by its component and key."""
        make = _LABELS.get(name)
        return (
            Label(name.replace("_", " "), name.replace("_", " "))
            if make is None
            else make(self, key)
        )

    def country(self, code: str) -> str:
        """Return a country's name."""
        return self.case.country_name(code)

    def record(self, name: str, project: str, mineral: str) -> Record:
        """Return the record of a source."""
        return next(
            s.record for s in self.e.sources
            if (s.name, s.project, s.mineral) == (name, project, mineral)
        )  # fmt: skip

    def who(self, name: str, project: str, mineral: str) -> str:
        """Return a source's name and country: ``Jin (China)``."""
        record: Any = self.record(name, project, mineral)
        return f"{project or name} ({self.country(record.country)})"


def _named(parts: tuple[Laid, ...], at: int) -> tuple[str, Any]:
    for laid in parts:
        i = int(np.searchsorted(laid.at, at))
        if i < len(laid.at) and laid.at[i] == at:
            return laid.part.name, laid.part.spelled(np.array([i]))[0]
    msg = f"nothing stands at {at}"
    raise LookupError(msg)


def opened(refiner: Refiner, year: int) -> float:
    """Return the part of a refiner's capacity that is open to the coalition."""
    share = refiner.available_share.at(year)
    return 1.0 if share is None else share


def _capacity(of: Labels, key: Any) -> Label:
    name, mineral, year = key
    record: Any = of.record(name, "", mineral)
    share = opened(record, year)
    part = f", {share * 100:.4g} % of it open to the coalition" if share < 1 else ""
    what = f"capacity of {of.who(name, '', mineral)}{part}"
    return Label("capacity", what, place_of(record, "capacity", year))


def _project(of: Labels, key: Any) -> Label:
    name, project, mineral, year = key
    record: Any = of.record(name, project, mineral)
    built = sum(
        of.plan.value("built", (project, start)) for start in starts(record, of.e.years, year)
    )
    part = f", {built * 100:.4g} % of it built" if built < _WHOLE else ""
    place = place_of(record, "capacity", year)
    return Label("project capacity", f"capacity of project {project}{part}", place)


def _country_lane(of: Labels, key: Any) -> Label:
    country, mineral, member, year = key
    row = lane_row(of.case.lanes, "max", (mineral, country, "", member, year))
    what = f"the lane from {of.country(country)} to {member}"
    return Label("lane", what, None if row is None else place_of(row, "max", year))


def _refiner_lane(of: Labels, key: Any) -> Label:
    name, project, mineral, member, year = key
    record: Any = of.record(name, project, mineral)
    row = lane_row(of.case.lanes, "max", (mineral, record.country, name, member, year))
    what = f"the lane from {project or name} to {member}"
    return Label("lane", what, None if row is None else place_of(row, "max", year))


def _limit(of: Labels, key: Any) -> Label:
    cap = of.caps[key]
    kind = "share limit" if cap.is_max else "minimum share"
    return Label(kind, limit_words(of.case, cap), place_of(cap.record, "share", cap.year), "point")


def _contract(field: str) -> Any:
    def make(of: Labels, key: Any) -> Label:
        record = of.case.contracts[key[0]]
        named = record.name or f"with {record.refiner}"
        place = place_of(record, field, key[4])
        return Label(f"contract {field}", f"the {field} of the contract {named}", place)

    return make


def _growth(of: Labels, key: Any) -> Label:
    name, mineral, year = key
    place = place_of(of.record(name, "", mineral), "max_growth", year)
    return Label("growth", f"the sales of {name} that Max growth allows in {year}", place)


def _agreed(of: Labels, key: Any) -> Label:
    del of
    return Label("agreed", f"what {key[1] or key[0]} may sell beyond what was agreed")


def _switching(of: Labels, key: Any) -> Label:
    place = next(
        (
            place_of(s, "tonnes", of.case.years[0])
            for s in of.case.current_supply
            if (s.refiner, s.mineral, s.member) == key
        ),
        None,
    )
    return Label("switching", f"what leaving {key[0]} costs", place)


def _mine(of: Labels, key: Any) -> Label:
    country, mineral, year = key
    mine: Mine = next(
        n for n in of.case.mines if (n.country, n.mineral) == (country, mineral)
    )  # fmt: skip
    return Label("mine", f"mines of {of.country(country)}", place_of(mine, "capacity", year))


def _ore(of: Labels, key: Any) -> Label:
    return Label("ore", f"ore at {of.who(key[0], key[1], key[2])}")


def _budget(of: Labels, year: int) -> Label:
    row: BudgetYear = next(b for b in of.case.budget if b.year == year)
    return Label("budget", f"the budget of {year}", place_of(row, "capex", year), "money m")


def _fair(of: Labels, key: Any) -> Label:
    del of, key
    return Label("fair share", "its part in sharing the shortage fairly")


def _tier(of: Labels, key: Any) -> Label:
    del of, key
    return Label("tier", "the demand that goes short")


def _target(of: Labels, key: Any) -> Label:
    pile = of.case.stockpile_of[key[:2]]
    field = "target_days" if pile.target_days is not None else "target"
    return Label("stock target", f"the reserve's target in {key[2]}", place_of(pile, field, key[2]))


def _balance(of: Labels, key: Any) -> Label:
    del of
    return Label("other year", f"what a tonne is worth to {key[1]} in {key[2]}")


def _total(of: Labels, key: Any) -> Label:
    del of, key
    return Label("purchases", "what more purchases let the limits on shares of them take")


_LABELS: dict[str, Any] = {
    "refining_capacity": _capacity,
    "project_capacity": _project,
    "country_lane_max": _country_lane,
    "refiner_lane_max": _refiner_lane,
    "share_limit": _limit,
    "contract_minimum": _contract("min"),
    "contract_maximum": _contract("max"),
    "sales_growth": _growth,
    "agreed_sales": _agreed,
    "switching": _switching,
    "mine_capacity": _mine,
    "ore_balance": _ore,
    "budget": _budget,
    "fair_shortage": _fair,
    "shortage_total": _fair,
    "tier_total": _tier,
    "stock_target": _target,
    "balance": _balance,
    "purchases_total": _total,
}
