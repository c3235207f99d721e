"""A Case: one workbook's worth of checked, typed, frozen records.

A scenario makes a new Case with ``change``; nothing changes a Case in place. The order of records
does not depend on the order of the workbook's rows, so that equal workbooks give equal plans to the
cell. Sheets whose order has a meaning keep it (``Record.IS_ORDERED``).
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar, TypeVar

from models import schema
from models.schema import COALITION, OF_COUNTRIES, OTHER, SHEETS, Record, Settings

R = TypeVar("R", bound=Record)

BASE = "Base"
"""The name of the workbook's own case; no scenario may have this name."""
_LABEL = {"is_label": True}
"""Marks a field with names only; no plan depends on it."""


@dataclass(frozen=True)
class FixedDecisions:
    """An earlier plan's decisions before a year; they stay fixed when later years are planned.

    ``amounts`` has the decisions other than 0: component, key and amount [t or fraction].
    """

    before: int
    amounts: tuple[tuple[str, Any, float], ...] = ()

    def amount(self, component: str, key: Any) -> float:
        return self._amount_of.get((component, key), 0.0)

    @cached_property
    def _amount_of(self) -> dict[tuple[str, Any], float]:
        return {(name, key): amount for name, key, amount in self.amounts}


@dataclass(frozen=True)
class SearchLimits:
    """When the search for integer builds ends; a case without them is solved to its optimum.

    It ends after ``seconds`` for each plan [s] (None: no limit), or at a relative ``gap`` between
    the plan's cost and the lower bound on it.
    """

    seconds: float | None = None
    gap: float = 0.0


NO_SEARCH_LIMITS = SearchLimits()
"""A search without a limit: it ends when the builds are proven to be the cheapest."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything the sourcing problem is computed from. A case never changes.

    A scenario or ``change`` makes a new one. Masses are in t, money is in the case's currency.

    Attributes:
        years: The years that are planned, ascending.
        settings: The sheet Settings.
        minerals, members, refiners, demand, ...: The rows of each other sheet, under its name in
            lower case with underscores; docs/workbook.md has their columns.
        country_names: Pairs of a country's code and its name in the workbook.
        scenario: The name of the scenario that made the case, "Base" if none.

    Example:
        >>> [mineral.name for mineral in book.case.minerals]
        ['Lithium', 'Rare earths']
    """

    SHEET_FIELDS: ClassVar[dict[str, str]] = {
        record.SHEET: record.SHEET.lower().replace(" ", "_") for record in SHEETS
    }
    """The field that holds the records of a sheet."""

    years: tuple[int, ...]
    settings: Settings = field(default_factory=Settings)
    minerals: tuple[schema.Mineral, ...] = ()
    members: tuple[schema.Member, ...] = ()
    countries: tuple[schema.Country, ...] = ()
    refiners: tuple[schema.Refiner, ...] = ()
    demand: tuple[schema.Demand, ...] = ()
    freight: tuple[schema.Freight, ...] = ()
    lanes: tuple[schema.Lane, ...] = ()
    share_limits: tuple[schema.ShareLimit, ...] = ()
    price_floors: tuple[schema.PriceFloor, ...] = ()
    security: tuple[schema.SecurityTarget, ...] = ()
    contracts: tuple[schema.Contract, ...] = ()
    projects: tuple[schema.Project, ...] = ()
    built: tuple[schema.Built, ...] = ()
    budget: tuple[schema.BudgetYear, ...] = ()
    supports: tuple[schema.Support, ...] = ()
    stockpiles: tuple[schema.Stockpile, ...] = ()
    mines: tuple[schema.Mine, ...] = ()
    ore_lanes: tuple[schema.OreLane, ...] = ()
    inputs: tuple[schema.Input, ...] = ()
    input_lanes: tuple[schema.InputLane, ...] = ()
    tiers: tuple[schema.Tier, ...] = ()
    current_supply: tuple[schema.CurrentSupply, ...] = ()
    rights: tuple[schema.Right, ...] = ()
    uncertainty: tuple[schema.Uncertainty, ...] = ()
    scenarios: tuple[schema.ScenarioStep, ...] = ()
    risks: tuple[schema.EventStep, ...] = ()
    sources: tuple[schema.DataSource, ...] = ()
    country_names: tuple[tuple[str, str], ...] = field(default=(), metadata=_LABEL)
    home_blocs: tuple[str, ...] | None = None
    """Countries in the coalition, fixed before scenarios apply (None: those of the members)."""
    ceilings: tuple[tuple[str, str, str, int, float], ...] = ()
    """(refiner, project, mineral, year, t): the most a source may sell in a year, by its orders."""
    member_ceilings: tuple[tuple[str, str, str, str, int, float], ...] = ()
    """(refiner, project, mineral, member, year, t): the most a member may buy from a source."""
    fixed_decisions: FixedDecisions | None = None
    """Decisions of an earlier plan that stay fixed, if any."""
    search: SearchLimits = NO_SEARCH_LIMITS
    scenario: str = field(default=BASE, metadata=_LABEL)

    def __post_init__(self) -> None:
        for record in SHEETS:
            name = self.SHEET_FIELDS[record.SHEET]
            records = getattr(self, name)  # after a change most are sorted already
            is_sorted = record.IS_ORDERED or isinstance(records, SortedRecords)
            if isinstance(records, tuple) and not is_sorted:
                object.__setattr__(self, name, _sorted_records(records))
        projects = _with_begun(self.projects, self.built)
        if projects is not self.projects:
            object.__setattr__(self, "projects", projects)
        years = tuple(sorted(self.years))
        if self.years != years:
            object.__setattr__(self, "years", years)
        if self.home_blocs is None:
            home = tuple(sorted({m.country for m in self.members if m.country}))
            object.__setattr__(self, "home_blocs", home)

    def change(self, **fields: Any) -> Case:
        """Return a new Case with some fields replaced; look-ups made from other fields are kept."""
        new = dataclasses.replace(self, **fields)
        valid = {name for name in _BUILT_FROM if _BUILT_FROM[name] not in fields}
        valid &= self.__dict__.keys()
        new.__dict__.update({name: self.__dict__[name] for name in valid})
        return new

    def of_minerals(self, names: Iterable[str]) -> Case:
        """Return the case of some minerals alone; limits, lanes and budget are unchanged."""
        kept = set(names)
        rows = {
            name: SortedRecords(r for r in getattr(self, name) if r.mineral in kept)
            for name in OF_MINERAL
        }
        rows["minerals"] = SortedRecords(m for m in self.minerals if m.name in kept)
        rows["uncertainty"] = SortedRecords()  # no plan reads it
        if self.built:
            own = {p.name for p in rows["projects"]}
            rows["built"] = SortedRecords(row for row in self.built if row.project in own)
            due = begun_capital([p for p in self.projects if p.name not in own], self.years)
            rows["budget"] = SortedRecords(
                dataclasses.replace(row, committed=row.committed + due.get(row.year, 0.0))
                for row in self.budget
            )
        return self.change(**rows)

    def records(self, sheet: str) -> tuple[Record, ...]:
        rows: tuple[Record, ...] | Settings = getattr(self, self.SHEET_FIELDS[sheet])
        return (rows,) if isinstance(rows, Settings) else rows

    # ---- look-ups ------------------------------------------------------------------------------

    @cached_property
    def mineral_of(self) -> dict[str, schema.Mineral]:
        return {m.name: m for m in self.minerals}

    @cached_property
    def member_of(self) -> dict[str, schema.Member]:
        return {m.name: m for m in self.members}

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        names = sorted({m.group for m in self.members if m.group})
        return {name: tuple(m.name for m in self.members if m.group == name) for name in names}

    @cached_property
    def refiner_names(self) -> frozenset[str]:
        return frozenset({r.name for r in self.refiners} | {p.refiner for p in self.projects})

    @cached_property
    def blocs(self) -> tuple[str, ...]:
        """All blocs: coalition, other, and those of sheet Countries."""
        return tuple(sorted({COALITION, OTHER} | {b for c in self.countries for b in c.blocs}))

    def blocs_of(self, country: str) -> tuple[str, ...]:
        """Return a country's listed blocs, or else coalition for a member's country, or other."""
        unlisted = (COALITION,) if country in (self.home_blocs or ()) else (OTHER,)
        return self._listed_blocs.get(country, unlisted)

    @cached_property
    def _listed_blocs(self) -> dict[str, tuple[str, ...]]:
        return {c.code: c.blocs for c in self.countries if c.blocs}

    def country_name(self, code: str) -> str:
        return self._spelling.get(code, code)

    def supplier_name(self, group: str, supplier: str) -> str:
        """Return the name of a supplier; a country's code becomes its name in the workbook."""
        return self.country_name(supplier) if group in OF_COUNTRIES else supplier

    @cached_property
    def _spelling(self) -> dict[str, str]:
        return dict(self.country_names)

    @cached_property
    def demand_of(self) -> dict[tuple[str, str, int], float]:
        """Demand [t] of all tiers by (mineral, member, year); a pair without a row is not in it."""
        parts: dict[tuple[str, str, int], list[float]] = {}
        for row in self.demand:
            for year, tonnes in row.tonnes:
                parts.setdefault((row.mineral, row.member, year), []).append(tonnes)
        # fsum: demand that is split into tiers is the same, to the bit, as before
        return {key: math.fsum(tonnes) for key, tonnes in parts.items()}

    @cached_property
    def tiers_of(self) -> dict[tuple[str, str, int], dict[str, float]]:
        """Demand [t] of each tier by (mineral, member, year), where any tier is named."""
        tiered = {(row.mineral, row.member) for row in self.demand if row.tier}
        tiers: dict[tuple[str, str, int], dict[str, float]] = {}
        for row in self.demand:
            if (row.mineral, row.member) in tiered:
                for year, tonnes in row.tonnes:
                    tiers.setdefault((row.mineral, row.member, year), {})[row.tier] = tonnes
        return tiers

    @cached_property
    def demand_tiers(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The tiers of each demand by (mineral, member), whatever the amounts; sorted."""
        found: dict[tuple[str, str], set[str]] = {}
        for row in self.demand:
            found.setdefault((row.mineral, row.member), set()).add(row.tier)
        return {key: tuple(sorted(tiers)) for key, tiers in found.items()}

    @cached_property
    def numbered_contracts(self) -> tuple[tuple[schema.Contract, int], ...]:
        """Each contract with the number of identical contracts before it."""
        seen: Counter[schema.Contract] = Counter()
        counted = []
        for row in self.contracts:
            counted.append((row, seen[row]))
            seen[row] += 1
        return tuple(counted)

    def tier_cost(self, mineral: str, tier: str, year: int) -> float:
        """Return the cost of a tonne short in a tier [USD/t]: price x the tier's multiple.

        Without a tier, or where its multiple is blank, it is the mineral's shortage cost.
        """
        multiple = next((row.multiple for row in self.tiers if row.name == tier), None)
        if multiple is None:
            return self.shortage_cost(mineral, year)
        return self.mineral_of[mineral].price.value(year) * multiple

    @cached_property
    def stockpile_of(self) -> dict[tuple[str, str], schema.Stockpile]:
        return {(s.mineral, s.member): s for s in self.stockpiles}

    def coalition_demand(self, mineral: str, year: int) -> float:
        return self._coalition_demand.get((mineral, year), 0.0)

    @cached_property
    def _coalition_demand(self) -> dict[tuple[str, int], float]:
        total: dict[tuple[str, int], float] = {}
        for (mineral, _, year), tonnes in self.demand_of.items():
            total[mineral, year] = total.get((mineral, year), 0.0) + tonnes
        return total

    @cached_property
    def needed_inputs(self) -> tuple[schema.Input, ...]:
        """The rows of Inputs above 0; a row of 0 only cancels another row."""
        return tuple(row for row in self.inputs if row.tonnes > 0)

    @cached_property
    def total_demand(self) -> float:
        """Demand of all members, minerals and years [t]."""
        return sum(self.demand_of.values())

    @cached_property
    def largest_demand(self) -> float:
        """The largest demand of one member, mineral and year [t]."""
        return max(self.demand_of.values(), default=0.0)

    @cached_property
    def tolerance_scale(self) -> float:
        """The tonnage that tolerances are relative to [t]: the largest demand.

        A billionth of the largest stockpile if that is more, since doubles are no finer; 1 t if
        there is neither demand nor stockpile.
        """
        stockpiles = [max(s.max, s.opening, *s.target.numbers()) for s in self.stockpiles]
        return max(self.largest_demand, 1e-9 * max(stockpiles, default=0.0)) or 1.0

    # ---- defaults that depend on other records -------------------------------------------------

    def shortage_cost(self, mineral: str, year: int) -> float:
        """Return the cost of a tonne short [USD/t]: as the workbook says, else price x multiple."""
        record = self.mineral_of[mineral]
        stated = record.shortage_cost.at(year)
        multiple = self.settings.shortage_cost_multiple
        return record.price.value(year) * multiple if stated is None else stated

    def discount(self, year: int) -> float:
        """Return the discount factor of a year: the value of its money in the first year."""
        return float((1.0 + self.settings.discount_rate) ** -(year - self.years[0]))


OF_MINERAL = tuple(
    Case.SHEET_FIELDS[record.SHEET]
    for record in SHEETS
    if any(column.field == "mineral" and column.required for column in record.columns())
)
"""The fields with records that each belong to one mineral."""


_BUILT_FROM = {
    **dict.fromkeys(("demand_of", "tiers_of", "_coalition_demand", "total_demand"), "demand"),
    **dict.fromkeys(("largest_demand", "demand_tiers"), "demand"),
    "mineral_of": "minerals",
    "needed_inputs": "inputs",
    **dict.fromkeys(("member_of", "groups"), "members"),
    "numbered_contracts": "contracts",
    "stockpile_of": "stockpiles",
}
"""The field from which each look-up is built."""


def begun_capital(projects: Iterable[schema.Project], years: tuple[int, ...]) -> dict[int, float]:
    """Return the capital due in each year of a horizon for the rows of sheet Built [money m].

    It is due one lead time before output, as it was before a delay. Capital due before the horizon
    is left out.
    """
    due: dict[int, float] = {}
    for project in projects:
        late = dict(project.late)
        for start, part in project.begun:
            year = late.get(start, start) - project.lead_time
            if years and years[0] <= year <= years[-1]:
                due[year] = due.get(year, 0.0) + part * project.capex
    return due


def in_force(record: Any, year: int) -> bool:
    """Return whether a year lies within a record's first and last year."""
    first, last = record.first_year, record.last_year
    return (first is None or first <= year) and (last is None or year <= last)


_MARKS = r"\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_UNSEEN = re.compile(f"[{_MARKS}]")
"""Invisible letters; joiners, as in Persian words and emoji, are not among them."""
_IGNORED = re.compile(
    rf"[{_MARKS}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0f\uffa0"
    r"\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point: names that differ only by these look the same."""


def clean_name(name: str) -> str:
    """Return a name as it is shown: without invisible letters, one space between words."""
    return " ".join((name if name.isascii() else _UNSEEN.sub("", name)).split())


def common_letters(text: str) -> str:
    """Return a text with full-width letters, ligatures and the like replaced by common letters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", clean_name(text))


def normalize(name: str) -> str:
    """Return the form in which names are compared; ``clean_name`` gives the form shown.

    Invisible letters are removed, full-width letters and ligatures become common letters, all is in
    lower case, and there is one space between words.
    """
    if name.isascii():
        return " ".join(name.split()).casefold()
    normalized = common_letters(_IGNORED.sub("", name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", normalized).split())


class SortedRecords(tuple[R, ...]):
    """Records that are sorted already."""

    __slots__ = ()


def _with_begun(
    projects: tuple[schema.Project, ...], built: Iterable[schema.Built]
) -> tuple[schema.Project, ...]:
    """Return the projects with their parts that are built or begun; unchanged if they have them."""
    rows: dict[str, list[schema.Built]] = {}
    for row in built:
        rows.setdefault(row.project, []).append(row)
    known = {}
    for p in projects:
        own = rows.get(p.name, ())
        late = tuple(sorted((row.year, row.due) for row in own if row.due is not None))
        known[p.name] = tuple(sorted((row.year, row.fraction) for row in own)), late
    if all((p.begun, p.late) == known[p.name] for p in projects):
        return projects
    parts = ((p, *known[p.name]) for p in projects)
    return SortedRecords(dataclasses.replace(p, begun=b, late=late) for p, b, late in parts)


def _sorted_records(records: Iterable[R]) -> SortedRecords[R]:
    """Sort records by their key, then by all their fields."""
    rows = list(records)
    if not rows:
        return SortedRecords()
    keys = [c.field for c in type(rows[0]).columns() if c.key]
    names = [f.name for f in dataclasses.fields(rows[0]) if f.compare]

    def sort_key(record: R) -> tuple[Any, ...]:
        return tuple(_sortable(getattr(record, name)) for name in keys)

    def full_sort_key(record: R) -> tuple[Any, ...]:
        """Return ``sort_key`` and all compared fields, to order records with equal keys."""
        return sort_key(record), tuple(repr(getattr(record, name)) for name in names)

    are_unique = len(set(map(sort_key, rows))) == len(rows)  # nearly always
    return SortedRecords(sorted(rows, key=sort_key if are_unique else full_sort_key))


def _sortable(value: object) -> tuple[str, str]:
    text = str(value)
    return _normalized(text), text


_normalized = lru_cache(maxsize=1 << 16)(normalize)


# ---- kinds of change -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Selection:
    """The records that a change applies to: mineral, country (a code), refiner, member; "": all.

    ``mine`` is the country of the mines. ``years`` are calendar years (None: all).
    """

    mineral: str = ""
    country: str = ""
    refiner: str = ""
    member: str = ""
    mine: str = ""
    years: frozenset[int] | None = None

    @property
    def selectors(self) -> dict[str, Any]:
        """The fields that select something, with their values."""
        every = ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))
        return {name: value for name, value in every if value not in {"", None}}


Kind = Callable[[Case, Selection], Case]
"""A kind of change: a function of a module, a partial of one, or a frozen dataclass; hashable."""


@dataclass(frozen=True)
class SetNumber:
    """A kind of change that sets one number; the program's numbers depend on it linearly."""

    turn: Callable[[Case, Selection, float], Case]
    value: float

    def __call__(self, case: Case, selection: Selection) -> Case:
        return self.turn(case, selection, self.value)


@dataclass(frozen=True)
class CaseStep:
    """A kind of change, applied to the selected records."""

    kind: Kind
    of: Selection = Selection()

    def __call__(self, case: Case) -> Case:
        return self.kind(case, self.of)


@dataclass(frozen=True)
class CaseSteps:
    """A change of a case that is made of several steps, applied in order."""

    parts: tuple[CaseStep, ...] = ()

    def __call__(self, case: Case) -> Case:
        for part in self.parts:
            case = part(case)
        return case
