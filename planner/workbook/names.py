"""Names that mean the same get one spelling: that of the sheet in which they are defined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models import schema
from models.case import fold
from models.checks.common import did_you_mean, near
from planner.workbook.cells import country
from planner.workbook.countries import closest_country
from planner.workbook.findings import CellError, ReadingContext
from planner.workbook.records import Parsed

Spelling = Mapping[str, str]
"""A spelling by folded name."""


def unify(sheets: Mapping[str, Parsed], context: ReadingContext) -> None:
    """Give every name in the parsed sheets the spelling of its home sheet, where it matches."""

    def values(sheet: str, field: str) -> list[Any]:
        return sheets[sheet].fields[field] if sheet in sheets else []

    refiner, project, member = (r.SHEET for r in (schema.Refiner, schema.Project, schema.Member))
    companies = _least([*values(refiner, "company"), *values(project, "company")])
    refiners = _least(values(project, "refiner")) | _least(values(refiner, "name"))
    groups = _least(values(member, "group"))
    blocs = _least(bloc for row in values(schema.Country.SHEET, "blocs") for bloc in row)
    blocs |= {fold(bloc): bloc for bloc in (schema.COALITION, schema.OTHER)}
    buyers = groups | _first(values(member, "name")) | {schema.EACH: schema.EACH}
    spellings: dict[tuple[str, str], Spelling] = {
        (sheet, column.field): refiners
        if column.refers[0] == refiner
        else _first(values(column.refers[0], "name"))
        for sheet, parsed in sheets.items()
        for column in parsed.record.columns()
        if column.refers
    }
    spellings |= {(refiner, "name"): refiners, (project, "refiner"): refiners}
    spellings |= {(sheet, "company"): companies for sheet in (refiner, project)}
    spellings |= {(member, "group"): groups, (schema.ShareLimit.SHEET, "buyer"): buyers}
    plants = _first(values(project, "name")) | refiners
    spellings |= {(schema.PriceFloor.SHEET, "zone"): blocs}
    spellings |= {(schema.Built.SHEET, "project"): _first(values(project, "name"))}
    spellings |= {(schema.Support.SHEET, "plant"): plants, (schema.Support.SHEET, "payer"): buyers}
    for steps in (schema.ScenarioStep.SHEET, schema.EventStep.SHEET):
        spellings[steps, "name"] = _first(values(steps, "name"))
        spellings[steps, "company"] = companies
    for (sheet, field), spelling in spellings.items():
        known = {value: spelling.get(fold(value), value) for value in set(values(sheet, field))}
        if sheet in sheets:
            sheets[sheet].fields[field] = [known[value] for value in values(sheet, field)]
    if schema.Country.SHEET in sheets:
        sheets[schema.Country.SHEET].fields["blocs"] = [
            tuple(sorted({blocs[fold(bloc)] for bloc in row}))
            for row in values(schema.Country.SHEET, "blocs")
        ]
    if schema.ShareLimit.SHEET in sheets:
        named = {
            schema.BY_BLOC: blocs,
            schema.BY_KIND: {kind: kind for kind in (schema.PRIMARY, schema.RECYCLED)},
            schema.BY_REFINER: refiners,
            schema.BY_COMPANY: companies,
        }
        _suppliers(sheets[schema.ShareLimit.SHEET], blocs, named, context)
    if schema.PriceFloor.SHEET in sheets:
        _exempt(sheets[schema.PriceFloor.SHEET], blocs, context)
    if schema.SecurityTarget.SHEET in sheets:
        lost = sheets[schema.SecurityTarget.SHEET]
        for i in range(len(lost.rows)):
            hint = "leave the cell blank for each country outside the coalition"
            _country(lost, "lost_country", i, blocs, hint, context)


def _suppliers(
    limits: Parsed, blocs: Spelling, named: Mapping[str, Spelling], context: ReadingContext
) -> None:
    """Give each limit's supplier the spelling of what its group is made of."""
    sheet, suppliers = limits.record.SHEET, limits.fields["supplier"]
    header = limits.record.column_of("group").header
    for i, (group, supplier) in enumerate(zip(limits.fields["group"], suppliers, strict=True)):
        if header in context.bad.get((sheet, limits.rows[i]), set()):
            continue
        if group in schema.OF_COUNTRIES:
            hint = "leave the cell blank to limit each country alone"
            _country(limits, "supplier", i, blocs, hint, context)
        elif supplier:
            suppliers[i] = named[group].get(fold(supplier), supplier)


def _exempt(floors: Parsed, blocs: Spelling, context: ReadingContext) -> None:
    """Give the exempt of each floor their bloc's spelling, or their country's code."""
    for i, names in enumerate(floors.fields["exempt"]):
        floors.fields["exempt"][i] = tuple(
            sorted({_country_or_bloc(name, floors, i, blocs, context) for name in names} - {""})
        )


def _country_or_bloc(
    name: str, floors: Parsed, i: int, blocs: Spelling, context: ReadingContext
) -> str:
    """Return a bloc as it is spelt, or a country's code; "" where a name is neither: an error."""
    if fold(name) in blocs:
        return blocs[fold(name)]
    try:
        code = country(name)
    except CellError:
        sheet, header = floors.record.SHEET, floors.record.column_of("exempt").header
        hint = near(name, blocs) or closest_country(name) or did_you_mean(name, blocs.values())
        wrong = CellError(f"{name!r} is neither a country nor a bloc", "countries or blocs", hint)
        context.error(sheet, floors.rows[i], header, wrong)
        return ""
    context.spell(code, name)
    return code


def _country(  # noqa: PLR0913, PLR0917 - a cell, and what is known of names
    of: Parsed, field: str, i: int, blocs: Spelling, hint: str, context: ReadingContext
) -> None:
    """Read a cell that names a country, or each outside a bloc; ``hint`` is for the word each."""
    cells, outside = of.fields[field], schema.EACH_OUTSIDE
    said, folded = cells[i], fold(cells[i])
    if folded.startswith(outside):
        bloc = blocs.get(folded.removeprefix(outside), said[len(outside) :])
        cells[i] = f"{outside}{bloc}"
    elif folded:
        try:
            cells[i] = country(said)
            context.spell(cells[i], said)
        except CellError as error:
            told = hint if folded == schema.EACH else error.hint
            header = of.record.column_of(field).header
            wrong = CellError(error.found, error.expected, told)
            context.error(of.record.SHEET, of.rows[i], header, wrong)
            cells[i] = ""


def _first(names: Iterable[object]) -> dict[str, str]:
    spelt = [str(name) for name in names if name]
    return {fold(name): name for name in reversed(spelt)}


def _least(names: Iterable[object]) -> dict[str, str]:
    return _first(sorted({str(name) for name in names if name}))
