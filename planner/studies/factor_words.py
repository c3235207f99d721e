"""Factors in words: their names and cells, and what a plan would do at an end of a range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models import schema, tolerances
from models.case import Case
from models.plan import Plan
from models.resolve import Floats
from models.resolve.uncertainty import Factor, Number
from planner.render.words import clean_text, share_words, tonnes_words
from planner.studies.factors import PlanFigures
from planner.workbook.findings import ranges_of

if TYPE_CHECKING:
    from planner.workbook.findings import Layout

_MOST_CHANGES = 2
_LEAST_BUILT = 0.01


def factor_cells(factor: Factor, case: Case, layout: Layout) -> str:
    """Return the cells of a factor's numbers, as ranges: ``D2:M2``.

    If it has several rows, the name of the sheet comes first: ``Demand!D2:M9, Mines!C4``.
    """
    cells: dict[str, list[str]] = {}
    records: dict[str, dict[int, Any]] = {}
    for number in factor.numbers:
        sheet = number.sheet
        if sheet not in records:
            records[sheet] = {record.row: record for record in case.records(sheet)}
        own = _cells_of_number(number, records[sheet][number.row], layout)
        cells.setdefault(sheet, []).extend(own)
    is_one = len({(number.sheet, number.row) for number in factor.numbers}) == 1
    ranges = [
        f"{'' if is_one else f'{sheet}!'}{r}" for sheet in cells for r in ranges_of(cells[sheet])
    ]
    return ", ".join(ranges)


def _cells_of_number(number: Number, record: Any, layout: Layout) -> list[str]:
    """Return the cells of a number: one per year if the sheet has a column per year."""
    value, header = getattr(record, number.field), number.column.header
    if isinstance(value, tuple):
        heads = [str(name) for name, n in value if n and number.member in {"", name}]
    elif isinstance(value, schema.ByYear):
        heads = [header] if value.base is not None else []
        heads += [f"{header} {year}" for year, step in value.steps if step is not None]
    else:
        heads = [header]
    cells = (layout.known_cell(number.sheet, number.row, head) for head in heads)
    return [cell for cell in cells if cell]


def name_of(factor: Factor, case: Case) -> str:
    """Return the name of a factor: ``Usable capacity of Jiangxi for Copper``, or its assumption."""
    if factor.together:
        return factor.together
    number = factor.first
    if number.sheet == schema.Settings.SHEET:
        return number.column.header
    record: Any = next(r for r in case.records(number.sheet) if r.row == number.row)
    at, mineral = number.column.header, getattr(record, "mineral", "")
    if factor.is_usable:
        at = f"Usable {at.casefold()}"
    country = case.country_name(str(getattr(record, "country", "")))
    if isinstance(record, schema.Mine):
        whose = f"mines in {country}"
    elif isinstance(record, schema.Demand):
        whose = f"{record.member}{f' ({record.tier})' if record.tier else ''}"
    elif isinstance(record, schema.Freight):
        whose = f"{country} to {number.member}"
    elif isinstance(record, schema.Input):
        whose = f"{record.input}{f' at {record.refiner}' if record.refiner else ''}"
    elif isinstance(record, schema.CurrentSupply):
        whose = f"{record.refiner} to {record.member or record.plant}"
    elif hasattr(record, "name"):
        whose = str(record.name) or f"row {record.row}"
    else:
        names = ("refiner", "country", "member", "year")
        parts = [str(getattr(record, name, "") or "") for name in names]
        whose = ", ".join(filter(None, parts)) or f"row {record.row}"
    named = mineral and mineral.casefold() not in whose.casefold()
    return clean_text(f"{at} of {whose}{f' for {mineral}' if named else ''}")


def builds_in_words(base: PlanFigures, end: PlanFigures, plan: Plan) -> list[str]:
    """Return in words what a plan builds differently from the base plan, the largest first."""
    builds = list[tuple[float, str]]()
    if np.array_equal(base.built, end.built):
        return []
    for p, project in enumerate(plan.case.projects):
        before, after = float(base.built[p].sum()), float(end.built[p].sum())
        if abs(after - before) > _LEAST_BUILT:
            now, planned = (
                share_words(min(1.0, each)) if each > tolerances.SAME_SHARE else "nothing"
                for each in (after, before)
            )
            words = f"{project.name}: {now} built instead of {planned}"
            builds.append((abs(after - before), words))
        elif after > 0 and _first_built(end.built[p]) != _first_built(base.built[p]):
            years = plan.expanded.years
            first, year = (years[_first_built(each[p])] for each in (base.built, end.built))
            builds.append((_LEAST_BUILT, f"{project.name} from {year} instead of {first}"))
    return [text for _, text in sorted(builds, key=lambda pair: -pair[0])[:_MOST_CHANGES]]


def differences_in_words(base: PlanFigures, end: PlanFigures, plan: Plan) -> str:
    """Return in words what a plan decides differently from the base plan."""
    case, e = plan.case, plan.expanded
    same = ("built", "sold", "short")
    if all(np.array_equal(getattr(base, name), getattr(end, name)) for name in same):
        return ""
    parts = builds_in_words(base, end, plan)
    for sign, word in ((-1.0, "less"), (1.0, "more")):
        changes = sign * (end.sold - base.sold)
        for s in np.argsort(-changes, kind="stable")[:_MOST_CHANGES]:
            if changes[s] > tolerances.LEAST_MOVE * max(1.0, float(base.sold.sum())):
                source = e.sources[s]
                plant = source.project or source.name
                parts.append(
                    f"{tonnes_words(float(changes[s]))} {word} {source.mineral} from {plant}"
                )
    for m in np.argsort(-np.abs(end.short - base.short), kind="stable")[:_MOST_CHANGES]:
        change = float(end.short[m] - base.short[m])
        if abs(change) > tolerances.LEAST_MOVE * max(1.0, case.total_demand):
            word = "more" if change > 0 else "less"
            parts.append(f"{tonnes_words(abs(change))} {word} {e.minerals[m]} missing")
    return "; ".join(parts)


def _first_built(built: Floats) -> int:
    return int(np.argmax(built > tolerances.SAME_SHARE))
