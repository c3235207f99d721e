"""Actions of a scenario as one would do them in the workbook by hand, cell by cell.

Written from the contract alone and on plain rows: nothing of the planner's own actions is used.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.reference.built import left
from tests.reference.cells import by_year, company, filled, in_years, must, number, text
from tests.reference.limits import minerals_of
from tests.reference.model import Model
from tests.reference.reading import NOBODY, Case

Row = dict[str, object]
BookT = dict[str, list[Row]]

PLACES = ("Mineral", "Country", "Refiner", "Owner")


@dataclass
class Edited:
    """A book edited by hand, and what no cell can say: (project -> the year it is built in)."""

    book: BookT
    decided: dict[str, int] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The book as it stands now, read by the reference."""
        return Case(self.book)

    def rows(self, sheet: str) -> list[Row]:
        """The filled rows of a sheet."""
        return [r for r in self.book.get(sheet, []) if any(v is not None for v in r.values())]

    def matching(self, sheet: str, step: Row, headers: Sequence[str]) -> Iterator[Row]:
        """The rows that a step's selectors match; a blank selector matches all."""
        for row in self.rows(sheet):
            if matches(row, step, headers):
                yield row

    def add(self, sheet: str, row: Row) -> None:
        """A row below all others."""
        self.book.setdefault(sheet, []).append(row)


def matches(row: Row, step: Row, headers: Sequence[str]) -> bool:
    """Whether a step's selectors match a row; companies are compared as the contract says."""
    names = (h for h in headers if h != "Owner")
    owner = "Owner" not in headers or company(step) in {None, company(row)}
    return owner and all(step.get(h) in {None, row.get(h)} for h in names)


def by_hand(book: BookT, steps: Sequence[Row]) -> Edited:
    """A copy of the book with the steps done to its cells, top to bottom."""
    edited = Edited(copy.deepcopy(book))
    for step in steps:
        EDITS[str(step["Action"])](edited, step)
    return edited


def optimum(edited: Edited) -> float:
    """The reference's objective of an edited book; decided builds are built in full, unbudgeted."""
    return decided(edited).solve().objective


def decided(edited: Edited) -> Model:
    """The reference's program of an edited book, with what is decided built."""
    return _Decided(edited)


class _Decided(Model):
    """The reference with all that is left of some projects built in a year, unbudgeted."""

    def __init__(self, edited: Edited) -> None:
        book = copy.deepcopy(edited.book)
        for project, start in edited.decided.items():
            row = next(r for r in book["Projects"] if r["Project"] == project)
            row["First year"] = min(start, int(filled(row, "First year", start)))
        super().__init__(Case(book))
        self.case.decided = self.decided = edited.decided

    def add_projects(self) -> None:
        super().add_projects()
        for project, start in self.decided.items():
            rest = left(self.case, project)
            if rest == 0:
                continue
            if start in self.case.years:
                self.program.row([(self.build[project, start], 1.0)], "=", 1.0, mass=False)
                continue
            # delayed to a year that is not planned: it runs in those that follow, if any
            for year in self.case.years:
                self.program.row([(self.build[project, year], 1.0)], "=", 0.0, mass=False)
            end = start + self.case.life(project)
            years = [year for year in self.case.years if start <= year < end]
            column = self.capital(project, years, 1.0, rest, whole=False)
            self.program.row([(column, 1.0)], "=", rest, mass=False)
            self.stands[project, start] = column


# ---- by-year cells -----------------------------------------------------------------------------


def put_by_year(row: Row, name: str, unit: str, values: dict[int, float]) -> None:
    """Fill a column for every year of the horizon; older by-year cells go."""
    pattern = re.compile(rf"{re.escape(name)} \d{{4}}{re.escape(unit)}")
    for header in [h for h in row if pattern.fullmatch(h)]:
        row[header] = None
    for year, value in values.items():
        row[f"{name} {year}{unit}"] = value


def _scale(row: Row, name: str, unit: str, step: Row, years: Sequence[int]) -> None:
    """A by-year quantity x Value in the step's years."""
    values = {}
    for year in years:
        before = by_year(row, name, unit, year)
        assert before is not None
        values[year] = before * _value(step) if in_years(step, year) else before
    put_by_year(row, name, unit, values)


def _value(step: Row) -> float:
    value = number(step, "Value")
    assert value is not None
    return value


def _always(step: Row, years: Sequence[int]) -> bool:
    """Whether a step holds in all years; a cell without a year can say nothing else."""
    return all(in_years(step, year) for year in years)


# ---- lanes -------------------------------------------------------------------------------------


def _lane_row(header: str) -> Callable[[Edited, Row], None]:
    """A last row of Lanes with one cell filled: it overrides what stood."""

    def edit(edited: Edited, step: Row) -> None:
        row = {
            "Mineral": step.get("Mineral"),
            "From country": step.get("Country"),
            "Refiner": step.get("Refiner"),
            "Owner": step.get("Owner"),
            "To member": step.get("Member"),
            "Tier": step.get("Tier"),
            "First year": step.get("First year"),
            "Last year": step.get("Last year"),
        }
        if step.get("Plant") is None:
            edited.add("Lanes", row | {header: "no" if header == "Open" else _value(step)})
        if header == "Open" and step.get("Tier") is None:
            _each_input_lane(edited, step, header, lambda _: "no")
        if header == "Tariff":
            _each_input_lane(edited, step, header, lambda _: _value(step))

    return edit


def _scale_freight(edited: Edited, step: Row) -> None:
    """A row of Lanes for each lane and year with the freight it had x Value."""
    _each_lane(edited, step, "Freight (USD/t)", lambda lane: lane.freight * _value(step))
    _each_input_lane(edited, step, "Freight (USD/t)", lambda lane: lane.freight * _value(step))


def _raise_tariff(edited: Edited, step: Row) -> None:
    """A row of Lanes for each lane and year with the tariff it had + Value."""
    _each_lane(edited, step, "Tariff", lambda lane: lane.tariff + _value(step))
    _each_input_lane(edited, step, "Tariff", lambda lane: lane.tariff + _value(step))


def _each_lane(edited: Edited, step: Row, header: str, change: Callable[[Any], float]) -> None:
    """A row of Lanes for each lane and year that the step selects."""
    case = edited.case
    rows: dict[tuple[object, ...], Row] = {}
    for source in case.sources:
        here = {"Mineral": source.mineral, "Country": source.country, "Refiner": source.refiner}
        here["Owner"] = source.company
        if not matches(here, step, PLACES):
            continue
        here["Owner"] = source.company or NOBODY
        for member in case.members:
            for year in case.years:
                if step.get("Member") not in {None, member} or not in_years(step, year):
                    continue
                key = (*here.values(), member, year)
                rows[key] = {
                    "Mineral": source.mineral,
                    "From country": source.country,
                    "Refiner": source.refiner,
                    "Owner": here["Owner"],
                    "To member": member,
                    "First year": year,
                    "Last year": year,
                    header: change(case.lane(source, member, year)),
                }
    for row in rows.values():
        edited.add("Lanes", row)


def _each_input_lane(edited: Edited, step: Row, header: str, change: Callable[[Any], Any]) -> None:
    """A row of Input lanes for each source, plant and year that the step selects.

    A member stands for plants in its country; without one, for those outside the source's own. A
    plant that is named stands for itself, its projects included, wherever it is.
    """
    case = edited.case
    member = text(step, "Member")
    home = None if member is None else text(case.members[member], "Country")
    rows: dict[tuple[object, ...], Row] = {}
    for source in case.sources:
        here: Row = {"Mineral": source.mineral, "Country": source.country}
        here |= {"Refiner": source.refiner, "Owner": source.company}
        if not matches(here, step, PLACES):
            continue
        for line in case.stages.lines:
            if step.get("Plant") is not None:
                meant = line.refiner == step["Plant"]
            else:
                meant = line.country == home if member else line.country != source.country
            if line.input != source.mineral or not meant:
                continue
            for year in case.years:
                if not in_years(step, year):
                    continue
                row: Row = {
                    "Input": source.mineral,
                    "From country": source.country,
                    "Refiner": source.refiner,
                    "Owner": source.company or NOBODY,
                    "To country": line.country,
                    "To plant": line.refiner,
                    "First year": year,
                    "Last year": year,
                }
                rows[tuple(row.values())] = row | {
                    header: change(case.stages.lane(source, line, year))
                }
    for row in rows.values():
        edited.add("Input lanes", row)


# ---- supply ------------------------------------------------------------------------------------


def _scale_supply(name: str, unit: str) -> Callable[[Edited, Row], None]:
    """Capacity or cost of refiners, by year, and of projects, which have one cell for all years."""

    def edit(edited: Edited, step: Row) -> None:
        years = edited.case.years
        for row in edited.matching("Refiners", step, PLACES):
            _scale(row, name, unit, step, years)
        for row in edited.matching("Projects", step, PLACES):
            assert _always(step, years), "a project has no cells by year"
            row[name + unit] = filled(row, name + unit, 0.0) * _value(step)

    return edit


def _set_support(edited: Edited, step: Row) -> None:
    """Cells that no workbook has and the second formulation reads: a payment by year."""
    for sheet in ("Refiners", "Projects"):
        for row in edited.matching(sheet, step, PLACES):
            for year in edited.case.years:
                if in_years(step, year):
                    row[f"Support {year} (USD/t)"] = _value(step)


def _add_capacity(edited: Edited, step: Row) -> None:
    """Capacity becomes the usable one, all of it open, and Value is added, down to 0 at most."""
    years = edited.case.years
    for row in edited.matching("Refiners", step, PLACES):
        values = {}
        for year in years:
            capacity, share = (
                by_year(row, "Capacity", " (t/yr)", year),
                by_year(row, "Available share", "", year),
            )
            assert capacity is not None
            usable = capacity * (1.0 if share is None else share)
            values[year] = max(0.0, usable + _value(step)) if in_years(step, year) else usable
        put_by_year(row, "Capacity", " (t/yr)", values)
        put_by_year(row, "Available share", "", {})
        row["Available share"] = None


def _scale_mines(edited: Edited, step: Row) -> None:
    for row in edited.matching("Mines", step, ("Mineral", "Country")):
        _scale(row, "Capacity", " (t/yr)", step, edited.case.years)


def _block_ore(edited: Edited, step: Row) -> None:
    edited.add(
        "Ore lanes",
        {
            "Mineral": step.get("Mineral"),
            "Mine country": step.get("Country"),
            "Open": "no",
            "First year": step.get("First year"),
            "Last year": step.get("Last year"),
        },
    )


def _build_project(edited: Edited, step: Row) -> None:
    """Decided for First year, or for the first year of the horizon not before its own."""
    years = edited.case.years
    for row in edited.matching("Projects", step, PLACES):
        own = int(filled(row, "First year", 0))
        named = number(step, "First year")
        starts = [year for year in years if year >= own] if named is None else [int(named)]
        if starts:  # its own first year may lie beyond the horizon
            edited.decided[must(row, "Project")] = starts[0]


def _delay_project(edited: Edited, step: Row) -> None:
    """First year, at least the first year of the horizon, is later; so is what is decided, and
    what is begun from the step's First year on, in a cell that no workbook has."""
    start, late = edited.case.years[0], int(_value(step))
    since = filled(step, "First year", start)
    for row in edited.matching("Projects", step, PLACES):
        row["First year"] = max(int(filled(row, "First year", 0)), start) + late
        if must(row, "Project") in edited.decided:
            edited.decided[must(row, "Project")] += late
        for begun in edited.matching("Built", row, ("Project",)):
            before = int(filled(begun, "Years late", 0.0))
            if filled(begun, "Year", 0.0) + before >= since:
                begun["Years late"] = before + late


# ---- buyers ------------------------------------------------------------------------------------


def _scale_demand(edited: Edited, step: Row) -> None:
    for row in edited.matching("Demand", step, ("Mineral", "Member")):
        for year in edited.case.years:
            tonnes = number(row, str(year))
            if tonnes is not None and in_years(step, year):
                row[str(year)] = tonnes * _value(step)


def _scale_shortage_cost(edited: Edited, step: Row) -> None:
    """A cost in each year: what the cells, or price x multiple, came to."""
    for row in edited.matching("Minerals", step, ("Mineral",)):
        costs = {
            year: edited.case.shortage_cost(str(row["Mineral"]), year)
            * (_value(step) if in_years(step, year) else 1.0)
            for year in edited.case.years
        }
        put_by_year(row, "Shortage cost", " (USD/t)", costs)


def _scale_budget(edited: Edited, step: Row) -> None:
    for row in edited.rows("Budget"):
        if in_years(step, int(must(row, "Year"))):
            row["Capex (USD m)"] = (number(row, "Capex (USD m)") or 0.0) * _value(step)


def _set_stock_target(edited: Edited, step: Row) -> None:
    for row in edited.matching("Stockpiles", step, ("Mineral", "Member")):
        assert _always(step, edited.case.years), "a target has no cells by year"
        row |= {"Target (t)": _value(step), "Target (days)": None}


def _remove_member(edited: Edited, step: Row) -> None:
    """Its rows go, and limits of it or of a group it leaves empty; countries keep their blocs."""
    case = edited.case
    years = case.years
    gone = {name for name in case.members if step.get("Member") in {None, name}}
    homes = {text(case.members[name], "Country") for name in gone} - {None}
    blocs = {str(country): case.blocs(str(country)) for country in homes}
    groups = {text(row, "Group") for name, row in case.members.items() if name in gone}
    groups -= {text(row, "Group") for name, row in case.members.items() if name not in gone}
    for sheet, header in (
        ("Members", "Member"),
        ("Demand", "Member"),
        ("Stockpiles", "Member"),
        ("Contracts", "Member"),
        ("Current supply", "Member"),
        ("Lanes", "To member"),
    ):
        if sheet in edited.book:
            edited.book[sheet] = [r for r in edited.rows(sheet) if r.get(header) not in gone]
    if not edited.book["Demand"]:  # the year columns stay
        edited.book["Demand"] = [{str(year): None for year in years}]
    own = (gone | groups) - {None}
    if "Share limits" in edited.book:
        kept = [row for row in edited.rows("Share limits") if row.get("Buyer") not in own]
        edited.book["Share limits"] = kept
    for country, names in blocs.items():
        listed = [row for row in edited.rows("Countries") if row["Country"] == country]
        if not listed:
            listed = [{"Country": country}]
            edited.add("Countries", listed[0])
        listed[0]["Bloc"] = "; ".join(sorted(names))


# ---- share limits ------------------------------------------------------------------------------


def _split(edited: Edited) -> list[Row]:
    """The share limits, a row for all minerals replaced by one for each that it counts for."""
    case, rows = edited.case, []
    for row in edited.rows("Share limits"):
        mining = (text(row, "Stage") or "refining") == "mining"
        named = text(row, "Mineral")
        counts = [named] if named else minerals_of(case, row, must(row, "Supplier group"), mining)
        rows += [row | {"Mineral": mineral} for mineral in counts]
    return rows


def caps_each_country(row: Row) -> bool:
    """Whether a row is a refining max on countries, each alone."""
    supplier = text(row, "Supplier")
    return (
        row["Limit"] == "max"
        and (text(row, "Stage") or "refining") == "refining"
        and row["Supplier group"] == "country"
        and (supplier is None or supplier.startswith("each outside "))
    )


def _set_max_country_share(edited: Edited, step: Row) -> None:
    case, rows = edited.case, _split(edited)
    minerals = [m for m in case.minerals if step.get("Mineral") in {None, m}]
    for mineral in minerals:
        capped = [r for r in rows if r["Mineral"] == mineral and caps_each_country(r)]
        for row in capped:
            put_by_year(row, "Share", "", {})
            row["Share"] = _value(step)
        coalition = [row for row in capped if row.get("Buyer") is None]
        for year in case.years:
            if not any(in_years(row, year) for row in coalition):
                rows.append(
                    {
                        "Limit": "max",
                        "Mineral": mineral,
                        "Supplier group": "country",
                        "Share": _value(step),
                        "First year": year,
                        "Last year": year,
                    }
                )
    edited.book["Share limits"] = rows


def _set_max_short(edited: Edited, step: Row) -> None:
    """Rows for all minerals become one for each; Max short is Value in the step's years."""
    case, rows = edited.case, []
    for row in edited.rows("Security"):
        for mineral in [row["Mineral"]] if row.get("Mineral") else case.minerals:
            rows.append(row | {"Mineral": mineral})
            if step.get("Mineral") in {None, mineral}:
                values = {
                    year: _value(step)
                    if in_years(step, year)
                    else by_year(row, "Max short", "", year)
                    for year in case.years
                }
                put_by_year(rows[-1], "Max short", "", values)
    if rows:
        edited.book["Security"] = rows


def _drop_share_limits(edited: Edited, step: Row) -> None:
    kept = [row for row in _split(edited) if step.get("Mineral") not in {None, row["Mineral"]}]
    edited.book["Share limits"] = kept


EDITS: dict[str, Callable[[Edited, Row], None]] = {
    "block lanes": _lane_row("Open"),
    "set lane max": _lane_row("Max (t/yr)"),
    "set tariff": _lane_row("Tariff"),
    "raise tariff": _raise_tariff,
    "scale freight": _scale_freight,
    "scale capacity": _scale_supply("Capacity", " (t/yr)"),
    "add capacity": _add_capacity,
    "scale cost": _scale_supply("Cost", " (USD/t)"),
    "set support": _set_support,
    "scale demand": _scale_demand,
    "scale shortage cost": _scale_shortage_cost,
    "scale mines": _scale_mines,
    "block ore": _block_ore,
    "build project": _build_project,
    "delay project": _delay_project,
    "scale budget": _scale_budget,
    "set stock target": _set_stock_target,
    "set max country share": _set_max_country_share,
    "drop share limits": _drop_share_limits,
    "set max short": _set_max_short,
    "remove member": _remove_member,
}
