"""The actions of the sheets Scenarios and Risks: each a pure function from Case to Case.

``models.schema.ACTION_CELLS`` declares the selectors and value of each. The manual shows the first
line of each docstring.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from models import errors, resolve, schema, tolerances
from models.case import Case, Selection, in_force, normalize
from models.checks.common import seller
from models.checks.tiers import has_tier
from models.schema.policy import ActionRow

R = TypeVar("R", schema.Refiner, schema.Project, schema.Mine, schema.Demand, schema.Stockpile)


def apply_steps(case: Case, steps: Iterable[schema.ScenarioStep]) -> Case:
    """Return the case after applying the steps from top to bottom."""
    for step in steps:
        case = ACTIONS[step.action](case, step)
    return case


@dataclasses.dataclass(frozen=True)
class CaseChange:
    """A picklable function from Case to Case that applies steps from top to bottom."""

    steps: tuple[schema.ScenarioStep, ...]

    def __call__(self, case: Case) -> Case:
        return apply_steps(case, self.steps)


@dataclasses.dataclass(frozen=True)
class ActionKind:
    """A kind of change (``models.plan.variation``): a step, without the names that it applies to.

    A ``Selection`` gives the names, so one kind serves for all of them.
    """

    step: schema.ScenarioStep

    def __call__(self, case: Case, selection: Selection, value: float | None = None) -> Case:
        """Return the case after the step, applied to the selection, with another value if given."""
        changed = {name: one for name, one in selection.selectors.items() if name != "years"}
        changed |= {} if value is None else {"value": value}
        step = dataclasses.replace(self.step, **changed)
        if selection.years is None:
            return apply_steps(case, [step])
        chosen = {year for year in selection.years if in_force(step, year)}
        steps = (
            dataclasses.replace(step, first_year=first, last_year=last)
            for first, last in year_ranges(case.years, chosen)
        )
        return apply_steps(case, steps)


def changes_nothing(step: ActionRow) -> errors.Finding:
    return errors.warning(
        step.SHEET,
        step.row,
        "Action",
        found=f"`{step.action}` of {step.name} changes nothing",
        hint="no row matches its selectors and years, or the rows have this value already",
    )


def year_ranges(years: Iterable[int], chosen: Collection[int]) -> list[tuple[int, int]]:
    """Return chosen years as ranges (first, last) of consecutive years of a horizon."""
    runs = [[*run] for is_chosen, run in groupby(years, chosen.__contains__) if is_chosen]
    return [(run[0], run[-1]) for run in runs]


def _step_value(step: schema.ScenarioStep) -> float:
    """Return a step's Value; ValueError if it is blank."""
    if step.value is None:
        msg = f"`{step.action}` needs a Value"
        raise ValueError(msg)
    return step.value


def _is_selected(record: Any, step: ActionRow) -> bool:
    """Return whether a step selects a refiner, project, mine, demand or stockpile."""
    if isinstance(record, schema.Demand | schema.Stockpile):
        return step.mineral in {"", record.mineral} and step.member in {"", record.member}
    if isinstance(record, schema.Mine):
        return step.selects(record.mineral, record.country)
    return step.selects(record.mineral, record.country, seller(record), record.company)


def _change_matching(
    records: Iterable[R], step: schema.ScenarioStep, change: Callable[[R], R]
) -> tuple[R, ...]:
    return tuple(change(r) if _is_selected(r, step) else r for r in records)


def _change_by_year(
    case: Case,
    step: schema.ScenarioStep,
    change: Callable[[float | None], float | None],
    **series: str,
) -> Case:
    """Return the case with yearly values of the selected records changed in the step's years.

    ``series`` are the names of the fields to change, by table and separated by spaces.
    """
    new_value = _in_years(step, change)

    def change_fields(row: Any, names: str) -> Any:
        """Return the record with its fields ``names``, separated by spaces, changed by year."""
        values = {name: getattr(row, name).map(case.years, new_value) for name in names.split()}
        return dataclasses.replace(row, **values)

    return case.change(
        **{
            table: _change_matching(getattr(case, table), step, partial(change_fields, names=names))
            for table, names in series.items()
        }
    )


def _in_years(
    step: schema.ScenarioStep, change: Callable[[float | None], float | None]
) -> Callable[[int, float | None], float | None]:
    """Return a function of a year and a value: the value, changed in the step's years.

    None is a value that is not set, both before and after.
    """
    return lambda year, before: change(before) if in_force(step, year) else before


def _scaled(case: Case, step: schema.ScenarioStep, **series: str) -> Case:
    """Return the case with yearly values of the selected records multiplied by Value."""
    factor = _step_value(step)
    return _change_by_year(
        case, step, lambda before: None if before is None else before * factor, **series
    )


# ---- lanes -------------------------------------------------------------------------------------


def block_lanes(case: Case, step: schema.ScenarioStep) -> Case:
    """Close the matching lanes: no flow. With Tier, to that tier; with Plant, inputs to a plant."""
    if not step.plant:
        return _with_lane(case, step, schema.Lane(open=False))
    if not _sells(case, step):
        return case
    row = schema.InputLane(
        input=step.mineral,
        to_plant=step.plant,
        open=False,
        **{name: getattr(step, name) for name in _SELLER_AND_YEARS},
    )
    return case.change(input_lanes=(*case.input_lanes, row))


def set_lane_max(case: Case, step: schema.ScenarioStep) -> Case:
    """Set Max of each lane of the country, or of the refiner if named, to Value [t/yr]."""
    return _with_lane(case, step, schema.Lane(max=step.value))


def set_tariff(case: Case, step: schema.ScenarioStep) -> Case:
    """Set the tariff of the matching lanes to Value (a fraction)."""
    return _with_lane(case, step, schema.Lane(tariff=step.value))


def raise_tariff(case: Case, step: schema.ScenarioStep) -> Case:
    """Add Value (a fraction) to the tariff of the matching lanes."""
    return _with_lane(case, step, schema.Lane(tariff_added=_step_value(step)))


def set_price_floor(case: Case, step: schema.ScenarioStep) -> Case:
    """Set every price floor to Value. Add a floor for the coalition in years without one."""
    value = _step_value(step)
    chosen = [m.name for m in case.minerals if step.mineral in {"", m.name}]
    new_floor = _in_years(step, lambda _: value)
    rows = [
        dataclasses.replace(row, floor=row.floor.map(case.years, new_floor))
        if row.mineral in chosen
        else row
        for row in case.price_floors
    ]
    years = {year for year in case.years if in_force(step, year)} if value > 0 else set[int]()
    for name in chosen:
        floors = [r for r in rows if r.mineral == name and r.zone == schema.COALITION]
        without = {year for year in years if not any(in_force(row, year) for row in floors)}
        new = schema.PriceFloor(mineral=name, floor=schema.ByYear(value))
        rows += [
            dataclasses.replace(new, first_year=first, last_year=last)
            for first, last in year_ranges(case.years, without)
        ]
    return case.change(price_floors=tuple(rows))


def scale_freight(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the freight of the matching lanes by Value."""
    return _with_lane(case, step, schema.Lane(freight_factor=_step_value(step)))


_SELLER_AND_YEARS = ("country", "refiner", "company", "first_year", "last_year")


def _with_lane(case: Case, step: schema.ScenarioStep, lane: schema.Lane) -> Case:
    """Add a last row to Lanes, which overrides earlier rows of the lanes that it matches.

    Except for Max and tiers, it also applies to flows of inputs (``_with_input_lane``).
    """
    is_removed = step.member not in {"", *case.member_of}  # an earlier step removed the member
    if not _sells(case, step) or is_removed or lane == schema.Lane() or not has_tier(case, step):
        return case
    selectors = ("mineral", *_SELLER_AND_YEARS, "member", "tier")
    row = dataclasses.replace(lane, **{name: getattr(step, name) for name in selectors})
    changed = case.change(lanes=(*case.lanes, row))
    return changed if step.tier else _with_input_lane(changed, step, lane)


def _sells(case: Case, step: schema.ScenarioStep) -> bool:
    """Return whether a step selects a refiner or a project."""
    return any(_is_selected(plant, step) for plant in (*case.refiners, *case.projects))


def _with_input_lane(case: Case, step: schema.ScenarioStep, lane: schema.Lane) -> Case:
    """Add a last row to Input lanes, for flows of inputs to plants.

    If the step names a member, the row applies to plants in the member's country; without a member,
    to all plants outside the supplier's country.
    """
    to_country = case.member_of[step.member].country if step.member else ""
    changes = dataclasses.replace(lane, max=None)
    if not case.inputs or changes == schema.Lane() or (step.member and not to_country):
        return case
    names = ("freight", "tariff", "open", "freight_factor", "tariff_added")
    row = schema.InputLane(
        input=step.mineral,
        to_country=to_country,
        is_abroad=not step.member,
        **{name: getattr(step, name) for name in _SELLER_AND_YEARS},
        **{name: getattr(changes, name) for name in names},
    )
    return case.change(input_lanes=(*case.input_lanes, row))


# ---- supply ------------------------------------------------------------------------------------


def scale_capacity(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the capacity of the matching refiners and projects by Value."""
    # capacity that an earlier step added is also scaled
    return _scaled(case, step, refiners="capacity extra_usable", projects="capacity")


def add_capacity(case: Case, step: schema.ScenarioStep) -> Case:
    """Add Value [t/yr] of usable capacity to the matching refiners, in the years they run."""
    value = _step_value(step)

    def refiner(record: schema.Refiner) -> schema.Refiner:
        def with_extra(year: int, before: float | None) -> float:
            extra = before or 0.0
            if not in_force(step, year):
                return extra
            share = record.available_share.at(year)
            usable = record.capacity.value(year) * (1.0 if share is None else share)
            total = extra + value
            is_below_0 = total <= -usable * (1.0 - tolerances.USED_UP)
            return -usable if is_below_0 else total  # usable capacity is at least 0

        return dataclasses.replace(
            record, extra_usable=record.extra_usable.map(case.years, with_extra)
        )

    return case.change(refiners=_change_matching(case.refiners, step, refiner))


def scale_cost(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the cost of the matching refiners and projects by Value, but not contract prices."""
    return _scaled(case, step, refiners="cost", projects="cost")


def set_support(case: Case, step: schema.ScenarioStep) -> Case:
    """Pay Value for each tonne of the matching refiners and projects; buyers pay that much less.

    The seller still gets its cost or price in full, and a payment is at most that. The objective
    counts what buyers pay, not these payments.
    """
    return _change_by_year(case, step, lambda _: step.value, refiners="support", projects="support")


def build_project(case: Case, step: schema.ScenarioStep) -> Case:
    """Build matching projects fully in First year (blank: their own), outside the budget."""

    def with_build(record: schema.Project) -> schema.Project:
        # the project's first year may be before, after or between the years of the horizon
        planned = next((year for year in case.years if year >= record.first_year), None)
        built_in = step.first_year or planned
        if built_in is None or not resolve.unbuilt(record):
            return record
        return dataclasses.replace(record, built_in=built_in)

    return case.change(projects=_change_matching(case.projects, step, with_build))


def delay_project(case: Case, step: schema.ScenarioStep) -> Case:
    """Delay the projects by Value years, with rows of Built due in First year or later."""
    years, first = int(_step_value(step)), min(case.years, default=0)
    case = _with_late_rows(case, step, first if step.first_year is None else step.first_year)

    def later(record: schema.Project) -> schema.Project:
        built_in = None if record.built_in is None else record.built_in + years
        first_year = max(record.first_year, first) + years
        return dataclasses.replace(record, first_year=first_year, built_in=built_in)

    return case.change(projects=_change_matching(case.projects, step, later))


@dataclasses.dataclass(frozen=True)
class DrawnDelays:
    """A kind of change: events delay projects, each in the year in which it begins.

    ``delays`` are steps with these years. What is due from the year on comes later, and nothing can
    be begun that would be due before it could come. With ``is_decided``, one plan for all futures
    has decided what is built: it comes later, too (``Project.shifts``).
    """

    delays: tuple[tuple[schema.ScenarioStep, int], ...]
    is_decided: bool = False

    def __call__(self, case: Case, _: Selection) -> Case:
        for step, year in self.delays:
            change = self._shift if self.is_decided else self._bar
            case = case if self.is_decided else _with_late_rows(case, step, year)
            later = partial(change, year=year, years=int(_step_value(step)))
            case = case.change(projects=_change_matching(case.projects, step, later))
        return case

    @staticmethod
    def _shift(record: schema.Project, year: int, years: int) -> schema.Project:
        return dataclasses.replace(record, shifts=(*record.shifts, (year, years)))

    @staticmethod
    def _bar(record: schema.Project, year: int, years: int) -> schema.Project:
        first, built_in = max(record.first_year, year), record.built_in
        if built_in is not None and built_in >= year:
            built_in += years
        later = {y + years if y >= year else y for y in record.barred}
        barred = tuple(sorted({*later, *range(first, first + years)}))
        return dataclasses.replace(record, barred=barred, built_in=built_in)


def delayed_projects(case: Case, step: ActionRow) -> frozenset[str]:
    """Return the projects that a `delay project` selects."""
    return frozenset(p.name for p in case.projects if _is_selected(p, step))


def _with_late_rows(case: Case, step: schema.ScenarioStep, first: int) -> Case:
    """Return the case with rows of Built that are due in ``first`` or later Value years later."""
    names, years = delayed_projects(case, step), int(_step_value(step))
    built = tuple(
        dataclasses.replace(
            row, year=row.year + years, due=row.year if row.due is None else row.due
        )
        if row.project in names and row.year >= first
        else row
        for row in case.built
    )
    return case if built == case.built else case.change(built=built)


def scale_budget(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the budget of the matching years by Value."""
    factor = _step_value(step)
    rows = (
        dataclasses.replace(row, capex=row.capex * factor) if in_force(step, row.year) else row
        for row in case.budget
    )
    return case.change(budget=tuple(rows))


def scale_mines(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the capacity of the matching mines by Value."""
    return _scaled(case, step, mines="capacity")


def block_ore(case: Case, step: schema.ScenarioStep) -> Case:
    """Stop all ore from the mines of Country."""
    if not any(_is_selected(m, step) for m in case.mines):
        return case
    row = schema.OreLane(
        mineral=step.mineral,
        mine_country=step.country,
        open=False,
        first_year=step.first_year,
        last_year=step.last_year,
    )
    return case.change(ore_lanes=(*case.ore_lanes, row))


# ---- buyers ------------------------------------------------------------------------------------


def scale_demand(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the demand of the matching minerals and members by Value."""
    factor = _step_value(step)

    def scaled(tonnes: Iterable[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
        return tuple((year, t * factor if in_force(step, year) else t) for year, t in tonnes)

    def demand(row: schema.Demand) -> schema.Demand:
        return dataclasses.replace(row, tonnes=scaled(row.tonnes), unmet=scaled(row.unmet))

    return case.change(demand=_change_matching(case.demand, step, demand))


def scale_shortage_cost(case: Case, step: schema.ScenarioStep) -> Case:
    """Multiply the cost of a missing tonne by Value, for demand without a tier."""
    factor = _step_value(step)

    def mineral(row: schema.Mineral) -> schema.Mineral:
        if step.mineral not in {"", row.name}:
            return row

        def scaled(year: int, before: float | None) -> float | None:
            return case.shortage_cost(row.name, year) * factor if in_force(step, year) else before

        return dataclasses.replace(row, shortage_cost=row.shortage_cost.map(case.years, scaled))

    return case.change(minerals=tuple(map(mineral, case.minerals)))


def set_stock_target(case: Case, step: schema.ScenarioStep) -> Case:
    """Set the target of the matching stockpiles to Value [t]."""
    value = _step_value(step)
    return _change_by_year(case, step, lambda _: value, stockpiles="target")


def remove_member(case: Case, step: schema.ScenarioStep) -> Case:
    """Remove the member with every row that names it, and its column of Freight.

    Rows of a group are removed with its last member. Refiners stay, countries keep their blocs.
    """
    removed = {m.name for m in case.members if step.member in {"", m.name}}
    left = {m.group for m in case.members if m.name not in removed}
    removed_buyers = removed | {name for name in case.groups if name not in left}
    freight = tuple(
        dataclasses.replace(row, costs=tuple(cost for cost in row.costs if cost[0] not in removed))
        for row in case.freight
    )
    return case.change(
        members=tuple(m for m in case.members if m.name not in removed),
        freight=freight,
        **{
            table: tuple(
                row
                for row in getattr(case, table)
                if removed_buyers.isdisjoint(getattr(row, name) for name in names)
            )
            for table, names in _MEMBER_FIELDS.items()
        },
    )


_MEMBER_FIELDS = {
    Case.SHEET_FIELDS[record.SHEET]: names
    for record in schema.SHEETS
    if (names := [column.field for column in record.columns() if column.holds_member])
}
"""The fields of records that hold a member, or a group of members, by table of the case."""


# ---- security ----------------------------------------------------------------------------------


def set_max_short(case: Case, step: schema.ScenarioStep) -> Case:
    """Set Max short of the matching minerals in Security to Value."""
    value = _step_value(step)
    short = _in_years(step, lambda _: value)
    rows: list[schema.SecurityTarget] = []
    for row in case.security:
        changed = dataclasses.replace(row, max_short=row.max_short.map(case.years, short))
        if step.mineral in {"", row.mineral}:
            rows.append(changed)
        elif row.mineral or changed == row:
            rows.append(row)
        else:  # a row of all minerals: split it, so that the others keep their value
            rows += [
                dataclasses.replace(changed if m.name == step.mineral else row, mineral=m.name)
                for m in case.minerals
            ]
    return case.change(security=tuple(rows))


# ---- share limits ------------------------------------------------------------------------------


def set_max_country_share(case: Case, share: float, mineral: str = "") -> Case:
    """Return the case with every cap on the share of a single country set to ``share``.

    Existing refining caps keep their years, their penalty and the countries that they exempt. Each
    year without such a cap on the purchases of the coalition gets one without penalty.

    Args:
        case: The case; it stays as it is.
        share: The cap [fraction, 0 to 1].
        mineral: The mineral; "" means all.

    Raises:
        KeyError: The case does not have this mineral.

    Example:
        >>> tight = planner.set_max_country_share(book.case, 0.5)
        >>> max(planner.solve(tight).max_country_share.values()) <= 0.5 + 1e-9
        True
    """
    mineral = _known_mineral(case, mineral)
    chosen = [m.name for m in case.minerals if mineral in {"", m.name}]
    rows: list[schema.ShareLimit] = []
    for row in case.share_limits:
        if not row.caps_each_country or row.mineral not in {"", *chosen}:
            rows.append(row)
            continue
        capped = dataclasses.replace(row, share=schema.ByYear(share))
        if not row.mineral and mineral:  # the other minerals keep the row
            rows.append(_except_mineral(row, mineral))
            capped = dataclasses.replace(capped, mineral=mineral)
        if row.mineral or mineral not in row.except_minerals:
            rows.append(capped)
    for name in chosen:
        covered = {
            year
            for year in case.years
            for row in rows
            if row.caps_each_country
            and not row.buyer
            and row.mineral in {"", name}
            and name not in row.except_minerals
            and in_force(row, year)
        }
        new = schema.ShareLimit(
            limit=schema.MAX, mineral=name, group=schema.BY_COUNTRY, share=schema.ByYear(share)
        )
        if not covered:
            rows.append(new)
            continue
        rows += [
            dataclasses.replace(new, first_year=first, last_year=last)
            for first, last in year_ranges(case.years, {*case.years} - covered)
        ]
    return case.change(share_limits=tuple(rows))


def set_max_country_share_step(case: Case, step: schema.ScenarioStep) -> Case:
    """Set every cap on single countries to Value. Add a cap without penalty if there is none."""
    return set_max_country_share(case, _step_value(step), step.mineral)


def drop_share_limits(case: Case, mineral: str = "") -> Case:
    """Return the case without share limits.

    Args:
        case: The case; it stays as it is.
        mineral: The mineral; "" means all.

    Raises:
        KeyError: The case does not have this mineral.

    Example:
        >>> planner.solve(planner.drop_share_limits(book.case)).shortage
        0.0
    """
    mineral = _known_mineral(case, mineral)
    if not mineral:
        return case.change(share_limits=())
    rows = [
        row if row.mineral else _except_mineral(row, mineral)
        for row in case.share_limits
        if row.mineral != mineral
    ]
    minerals = {m.name for m in case.minerals}
    return case.change(
        share_limits=tuple(r for r in rows if r.mineral or minerals - {*r.except_minerals})
    )


def _known_mineral(case: Case, mineral: str) -> str:
    """Return a mineral's name as the case spells it ("" for all); KeyError if it is unknown."""
    names = {normalize(m.name): m.name for m in case.minerals} | {"": ""}
    return names[normalize(mineral)]


def _except_mineral(row: schema.ShareLimit, mineral: str) -> schema.ShareLimit:
    left_out = tuple(sorted({*row.except_minerals, mineral}))
    return dataclasses.replace(row, except_minerals=left_out)


def drop_share_limits_step(case: Case, step: schema.ScenarioStep) -> Case:
    """Remove the share limits."""
    return drop_share_limits(case, step.mineral)


def _function_of(action: str) -> Callable[[Case, schema.ScenarioStep], Case]:
    """Return the function of an action: the one of its name; KeyError if there is none."""
    name, here = action.replace(" ", "_"), globals()
    function: Callable[[Case, schema.ScenarioStep], Case] = here.get(f"{name}_step") or here[name]
    return function


ACTIONS = {action: _function_of(action) for action in schema.ACTION_CELLS}
"""The function of each action of the sheet Scenarios."""
