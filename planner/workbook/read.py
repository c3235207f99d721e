"""Reads an input workbook to a Case, and reports all findings at once."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from models import checks, schema
from models.case import Case, clean_name, normalize
from models.checks import common
from models.checks.spelling import misspelt_at_home
from models.errors import Finding, InputError, Severity, warning
from models.garbage import paused_gc
from models.schema import SHEETS, Member, Record, Settings
from models.schema.rounds import PreviousBuild, PreviousOrder
from planner.scratch import input_name, input_stem
from planner.workbook.archive import are_of_plan
from planner.workbook.cells import closest_country, member_meant, parse_country
from planner.workbook.csv_folder import csv_name, open_source
from planner.workbook.findings import CellError, DefaultUsed, Layout, ReadingContext, at_cell
from planner.workbook.grid import Grid, columns_from_rows, filled_rows, from_rows
from planner.workbook.headers import (
    RECORDS,
    SUCH_AS,
    YEARS,
    known_headers,
    not_a_member,
    parse_header,
)
from planner.workbook.records import Parsed, read_settings, read_sheet

if TYPE_CHECKING:
    from planner.workbook.plan_file import PlanFile


CLOSE_SHEET = 0.75
_COLUMNS, _OFFERED = 3, 2
"""Least columns that identify a sheet with an unknown name, and most sheets a hint names."""
MOST_TITLES = 20
"""Rows below the first that are searched for the header."""


@dataclass(frozen=True)
class PreviousPlan:
    """Orders and builds of the previous plan, for years that are planned again."""

    orders: tuple[PreviousOrder, ...] = ()
    builds: tuple[PreviousBuild, ...] = ()


_BEFORE = {normalize(record.SHEET): record for record in (PreviousOrder, PreviousBuild)}


@dataclass(frozen=True)
class Book:
    """An input that was read; made by ``read`` and ``read_tables``.

    Attributes:
        case: What the workbook says.
        warnings: Findings that are no errors, each with its cell.
        defaults: The values that blank cells got.
        layout: Finds the cell of a sheet, row and column.
        sha256: Of the file's bytes, or of the rows if there was no file.
        path: The file or folder; None for rows.
        before: The previous plan's orders and builds, if ``planner roll`` wrote the workbook.
    """

    case: Case
    warnings: tuple[Finding, ...] = ()
    defaults: tuple[DefaultUsed, ...] = ()
    layout: Layout = field(default_factory=Layout)
    sha256: str = ""
    path: Path | None = None
    before: PreviousPlan | None = None

    @property
    def title(self) -> str:
        named = self.case.settings.plan_title
        return named or (input_stem(self.path) if self.path is not None else "")

    @property
    def file_name(self) -> str:
        return input_name(self.path) if self.path is not None else ""


def read(path: Path) -> Book:
    """Read an input workbook (.xlsx, .xlsm), or a folder of CSV files, one per sheet.

    Args:
        path: The workbook or the folder.

    Returns:
        Its case, with warnings.

    Raises:
        InputError: The input has errors, or can't be read. ``findings`` has all errors and
            warnings, each with its sheet and cell. If the file is a plan, the only one says so.

    Example:
        >>> book = planner.read(Path("case.xlsx"))
        >>> book.title, book.case.years
        ('Two minerals, three buyers', (2026, 2027, 2028))
    """
    with paused_gc():
        file = open_source(Path(path))
        try:
            return _read_grids(file.grids, file.sha256, Path(path))
        except InputError as error:
            grids = {grid.title: grid for grid in file.grids}
            if not are_of_plan(grids):
                raise
            from planner.workbook.plan_file import refuse_redacted

            refuse_redacted(path, grids)
            expected = "the plan's input workbook: see Input file on the sheet Summary"
            plan = Finding(found="this workbook is a plan", expected=expected)
            raise InputError([plan]) from error


def read_tables(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> Book:
    """Read an input that is given as rows, by the rules for a file.

    Args:
        tables: The rows of each sheet; a row has values by header, as in the workbook. In
            messages, the header counts as row 1, the first row as row 2.

    Returns:
        The case, with warnings.

    Raises:
        InputError: The input has errors, as for ``read``.

    Example:
        >>> bangka = {"Refiner": "Bangka", "Mineral": "Tin", "Country": "Indonesia"}
        >>> bangka |= {"Capacity (t/yr)": 80, "Cost (USD/t)": 25_000}
        >>> rows = {
        ...     "Settings": [{"Setting": "Default freight (USD/t)", "Value": 100}],
        ...     "Minerals": [{"Mineral": "Tin", "Price (USD/t)": 30_000}],
        ...     "Members": [{"Member": "Japan", "Country": "Japan"}],
        ...     "Refiners": [bangka],
        ...     "Demand": [{"Mineral": "Tin", "Member": "Japan", "2026": 100}],
        ... }
        >>> planner.solve(planner.read_tables(rows).case).shortage
        20.0
    """
    grids = [from_rows(title, rows) for title, rows in tables.items()]
    text = repr([(title, [list(row.items()) for row in rows]) for title, rows in tables.items()])
    return _read_grids(grids, hashlib.sha256(text.encode()).hexdigest(), None)


def _read_grids(grids: Iterable[Grid], sha256: str, path: Path | None) -> Book:
    context = ReadingContext()
    listed = list(grids)
    known_sheets = _sheets_by_name(
        (g for g in listed if normalize(g.title) not in _BEFORE), context
    )
    settings = read_settings(known_sheets.get(Settings.SHEET), context)
    parsed: dict[str, Parsed] = {}
    for record in SHEETS:
        grid = known_sheets.get(record.SHEET)
        if record is not Settings and grid is not None and grid.header_row:
            parsed[record.SHEET] = read_sheet(record, grid, context)
            if record is Member:
                names = parsed[Member.SHEET]
                # if two names differ only in case, the second is an error, and the first counts
                context.members = {normalize(n): n for n in reversed(names.fields["name"]) if n}
                context.members_sure = not names.unread
                pairs = zip(names.fields["country"], names.fields["name"], strict=True)
                alone = Counter(names.fields["country"])
                context.members_of = {c: n for c, n in pairs if n and c and alone[c] == 1}
    _beginnings(parsed, context)
    unify(parsed, context)
    names_of = tuple((code, context.country_name(code)) for code in sorted(context.spellings))
    rows: dict[str, Any] = {Case.SHEET_FIELDS[s]: part.records() for s, part in parsed.items()}
    case = Case(years=context.years, settings=settings, country_names=names_of, **rows)
    before = _before(listed, context)
    findings = _checked(case, parsed, context)
    context.findings += findings
    context.findings += context.overflows()
    ordered = context.layout.sorted_by_cell(context.findings)
    if any(f.severity is Severity.ERROR for f in ordered):
        raise InputError(ordered)
    return Book(case, ordered, tuple(context.defaults), context.layout, sha256, path, before)


def _before(grids: Iterable[Grid], context: ReadingContext) -> PreviousPlan | None:
    """Return the previous plan's rows in a rolled workbook; None if it is not rolled."""
    rows: dict[type[Record], Any] = {}
    count_before = len(context.defaults)
    for grid in grids:
        record = _BEFORE.get(normalize(grid.title))
        if record is not None and grid.header_row:
            rows[record] = read_sheet(record, grid, context).records()
    del context.defaults[count_before:]  # blanks that the planner itself left
    return PreviousPlan(rows.get(PreviousOrder, ()), rows.get(PreviousBuild, ())) if rows else None


def _sheets_by_name(grids: Iterable[Grid], context: ReadingContext) -> dict[str, Grid]:
    """Return the known sheets by their name in the catalogue; report unknown and missing ones."""
    names = {normalize(name): name for name in RECORDS}
    sheets: dict[str, Grid] = {}
    unknown: list[Grid] = []
    for grid in grids:
        name = names.get(normalize(grid.title))
        if name is None:
            unknown.append(grid)
        elif name in sheets:
            message = f"{sheets[name].name} and {grid.name} have the same name"
            context.findings.append(Finding(name, found=message, expected="each sheet once"))
        else:
            sheets[name] = _below_titles(RECORDS[name], grid, context)
    files = {grid.title: grid.file for grid in (*unknown, *sheets.values()) if grid.file}
    if files:
        context.layout.files |= {name: csv_name(name) for name in RECORDS} | files
    for grid in unknown:
        meant = _sheets_meant(
            grid, names, {normalize(name) for name in names.values() if name in sheets}
        )
        if meant:
            message = f"{grid.name} is not known and not read"
            hint = f"did you mean {' or '.join(map(csv_name if grid.file else repr, meant))}?"
            context.findings.append(warning(grid.title, found=message, hint=hint))
        if len(meant) == 1 and meant[0] not in sheets:
            context.misspelt[meant[0]] = grid.title, grid.name
    for record in SHEETS:
        if not record.REQUIRED:
            continue
        if record.SHEET in context.misspelt:
            context.refuse_misspelt(record.SHEET)
        elif absence := _absence(record, sheets.get(record.SHEET), context.layout):
            context.findings.append(absence)
    return sheets


def _sheets_meant(grid: Grid, names: Mapping[str, str], there: Container[str]) -> list[str]:
    """Return the sheets that may be meant by an unknown name.

    It is the sheet with a similar spelling; else one missing in the workbook whose name has the
    words of this one, or the reverse; else one with these columns.
    """
    title = normalize(grid.title)
    if close := difflib.get_close_matches(title, names, n=1, cutoff=CLOSE_SHEET):
        return [names[close[0]]]
    absent = {key: name for key, name in names.items() if key not in there}
    within = [key for key in absent if common.names_containing(key, [title], beginnings=False)]
    meant = [absent[key] for key in common.names_containing(title, absent) or within]
    meant = meant or [name for name in absent.values() if _has_columns_of(RECORDS[name], grid)]
    return meant[:_OFFERED]


def _has_columns_of(record: type[Record], grid: Grid) -> bool:
    """Whether a sheet has the required columns of a record, and most of its columns are known."""
    texts = [clean_name(value) for value in grid.header.values() if isinstance(value, str)]
    heads = [parse_header(record, text, {}).column for text in texts]
    there = [column for column in heads if column is not None]
    needs = [column for column in record.columns() if column.required]
    enough = len(there) >= _COLUMNS and len(there) * 2 > len(texts)
    return enough and all(column in there for column in needs)


def _below_titles(record: type[Record], grid: Grid, context: ReadingContext) -> Grid:
    """Return a sheet from its header on; rows above the header are reported as one error."""
    if not grid.header_row or known_headers(record, grid.header.values()):
        return grid
    enough = min(2, len(record.columns()))
    rows = filled_rows(grid) if len(grid.rows) + len(grid.stray) else []
    for i, (row, cells) in enumerate(rows[:MOST_TITLES]):
        if known_headers(record, (value for _, value in cells)) >= enough:
            message = f"the header seems to be in row {row}: clear the rows above"
            first = min(grid.header)
            context.findings.append(at_cell(record.SHEET, first, grid.header_row, message))
            return replace(
                columns_from_rows(grid.title, rows[i:]), merged=grid.merged, file=grid.file
            )
    return grid


def _absence(record: type[Record], grid: Grid | None, layout: Layout) -> Finding | None:
    """Return a finding if a required sheet is missing, empty or without rows."""
    file = layout.files.get(record.SHEET, "")
    name = f"the file {file}" if file else f"the sheet {record.SHEET}"
    names = ", ".join(c.header for c in record.columns() if c.required)
    if record.SPREAD == YEARS:
        names += f", and a column for each year, such as {SUCH_AS}"
    if grid is None:
        expected = f"a {'file' if file else 'sheet'} with the columns {names}"
        return Finding(record.SHEET, found=f"{name} is missing", expected=expected)
    if not grid.header_row:
        expected = f"a header row with the columns {names}"
        return Finding(record.SHEET, found=f"{name} is empty", expected=expected)
    if not grid.rows:
        return warning(record.SHEET, grid.header_row, found="there is no row below the header")
    return None


def _beginnings(parsed: Mapping[str, Parsed], context: ReadingContext) -> None:
    """Report required columns that are given only by year, and begin after the first year."""
    for sheet, rows in parsed.items():
        for header, year in rows.begins.items():
            is_missing = (sheet, header) in context.missing
            if context.years and year > context.years[0] and not is_missing:
                message = f"there is no value for the years before the column {header} {year}"
                expected = f"a column {header} without a year, or {header} {context.years[0]}"
                row = context.layout.sheets[sheet].header_row
                context.findings.append(Finding(sheet, row, f"{header} {year}", message, expected))
                context.missing.add((sheet, header))


def _checked(case: Case, parsed: Mapping[str, Parsed], context: ReadingContext) -> list[Finding]:
    """Run the rules on the case, without findings that only follow from unread cells."""
    unread = [f for f in context.findings if f.severity is Severity.ERROR]
    findings = _as_members(
        _without_followers(checks.RULES, case, parsed, context, unread), case, context
    )
    wrong = [f for f in findings if f.severity is Severity.ERROR]
    if any(f.sheet == Member.SHEET for f in wrong):  # one that Members misspells is named there
        reported = {not_a_member(name) for name in misspelt_at_home(case)}
        context.findings = [f for f in context.findings if f.found not in reported]
    for finding in wrong:
        context.bad.setdefault((finding.sheet, finding.row), set()).add(finding.column)
    findings += _without_followers(checks.ADVICE, case, parsed, context, unread + wrong)
    if not wrong and all(f.severity is not Severity.ERROR for f in context.findings):
        findings += checks.check_rules(case, checks.FORESIGHT)
    return findings


def _as_members(findings: list[Finding], case: Case, context: ReadingContext) -> list[Finding]:
    """Return the findings; where a country is given instead of a member, hint at the member."""
    rows: dict[str, dict[int, Record]] = {}
    hinted = []
    for finding in findings:
        columns = {c.header: c for c in RECORDS[finding.sheet].columns()}
        column = columns.get(finding.column)
        is_name = Member.SHEET in _HOMES.get((finding.sheet, finding.column), set())
        hint = ""
        if column and is_name and not finding.hint.startswith("did you mean"):
            by_row = rows.setdefault(finding.sheet, {r.row: r for r in case.records(finding.sheet)})
            typed = getattr(by_row.get(finding.row), column.field, "")
            hint = member_meant(str(typed or ""), context.members_of)
        hinted.append(replace(finding, hint=hint) if hint else finding)
    return hinted


def _without_followers(
    rules: Iterable[common.Rule],
    case: Case,
    parsed: Mapping[str, Parsed],
    context: ReadingContext,
    errors: list[Finding],
) -> list[Finding]:
    """Return the findings of rules that do not just follow from earlier errors."""
    failed = {f.sheet for f in errors}
    headless = {f.sheet for f in errors if f.row <= context.layout.sheet(f.sheet).header_row}
    findings: list[Finding] = []
    for rule in rules:
        needs = checks.RULE_INPUTS.get(rule, checks.RuleInputs())
        if needs.sheets & failed or needs.headers & headless:
            continue
        if rule is checks.FREIGHT_RULE and not _freight_is_sure(parsed, errors, headless):
            continue
        for finding in rule(case):
            if absent := _rests_on(rule, finding, needs) & context.misspelt.keys():
                if finding.severity is Severity.ERROR:
                    for name in sorted(absent):
                        context.refuse_misspelt(name)
                continue
            is_reported = (finding.sheet, finding.column) in context.missing or (
                finding.sheet in headless and (needs.fields or finding.severity is Severity.WARNING)
            )
            follows = bool(errors) and _follows(finding, parsed)
            if is_reported or follows or _rests_on_bad(finding, needs, context):
                continue
            if context.has_room(finding.sheet, finding.column, finding.severity):
                findings.append(finding)
    return findings


def _rests_on(rule: common.Rule, finding: Finding, needs: checks.RuleInputs) -> set[str]:
    """Return the sheets without which a rule may have the finding."""
    if rule is checks.FREIGHT_RULE:
        return {schema.Freight.SHEET, Settings.SHEET}
    return _HOMES.get((finding.sheet, finding.column), set()) | needs.sheets


def _rests_on_bad(finding: Finding, needs: checks.RuleInputs, context: ReadingContext) -> bool:
    """Whether a finding is at a cell that could not be read, or follows from one in its row."""
    bad = context.bad.get((finding.sheet, finding.row), set())
    if needs.others:
        bad = bad.union(*(each for (s, _), each in context.bad.items() if s == finding.sheet))
    if bad and (finding.severity is Severity.WARNING or finding.column in bad):
        return True
    declared = RECORDS[finding.sheet].columns()
    return any(c.header in bad for c in declared if c.field in needs.fields)


def _freight_is_sure(
    parsed: Mapping[str, Parsed], errors: Iterable[Finding], headless: set[str]
) -> bool:
    """Whether all cells that may give freight could be read: else none is reported as missing."""
    members = parsed.get(Member.SHEET)
    if members is None or members.unread or Member.SHEET in headless:
        return False
    settings = {c.header for c in Settings.columns()} - {_DEFAULT_FREIGHT}
    return not any(
        f.sheet == schema.Freight.SHEET or (f.sheet == Settings.SHEET and f.column not in settings)
        for f in errors
    )


_DEFAULT_FREIGHT = Settings.column_of("default_freight").header


def _follows(finding: Finding, parsed: Mapping[str, Parsed]) -> bool:
    """Whether a name seems undefined only because the sheet that defines it could not be read."""
    homes = _HOMES.get((finding.sheet, finding.column), set())
    read = [parsed.get(home) for home in homes if RECORDS[home].REQUIRED]
    missing = any(home is None or len(home.lost) == len(home.rows) for home in read)
    unread = any(parsed[home].unread for home in homes & parsed.keys())
    return missing or (unread and not finding.hint.startswith("did you mean"))


_HOMES = {(r.SHEET, c.header): {*c.refers} for r in SHEETS for c in r.columns()} | {
    (record.SHEET, record.column_of(field).header): {home.SHEET for home in homes}
    for record, field, homes in (
        (schema.ShareLimit, "buyer", (Member,)),
        (schema.ShareLimit, "supplier", (schema.Refiner, schema.Country)),
        (schema.SecurityTarget, "lost_country", (schema.Country,)),
    )
}
"""The sheets that define the names in a column, by (sheet, header)."""


# ---- one spelling per name -----------------------------------------------------------------------

Spelling = Mapping[str, str]
"""A spelling by normalized name."""


def unify(sheets: Mapping[str, Parsed], context: ReadingContext) -> None:
    """Spell every name in the parsed sheets as in the sheet that defines it."""

    def values(sheet: str, field: str) -> list[Any]:
        return sheets[sheet].fields[field] if sheet in sheets else []

    refiner, project, member, support = (
        r.SHEET for r in (schema.Refiner, schema.Project, Member, schema.Support)
    )
    companies = _least_name([*values(refiner, "company"), *values(project, "company")])
    refiners = _least_name(values(project, "refiner")) | _least_name(values(refiner, "name"))
    groups = _least_name(values(member, "group"))
    blocs = _least_name(bloc for row in values(schema.Country.SHEET, "blocs") for bloc in row)
    blocs |= {normalize(bloc): bloc for bloc in (schema.COALITION, schema.OTHER)}
    buyers = groups | _by_normalized_name(values(member, "name")) | {schema.EACH: schema.EACH}
    spellings: dict[tuple[str, str], Spelling] = {
        (sheet, column.field): refiners
        if column.refers[0] == refiner
        else _by_normalized_name(values(column.refers[0], "name"))
        for sheet, parsed in sheets.items()
        for column in parsed.record.columns()
        if column.refers
    }
    projects = _by_normalized_name(values(project, "name"))
    spellings |= {(refiner, "name"): refiners, (project, "refiner"): refiners}
    spellings |= {(sheet, "company"): companies for sheet in (refiner, project)}
    spellings |= {(member, "group"): groups, (schema.ShareLimit.SHEET, "buyer"): buyers}
    spellings |= {(schema.PriceFloor.SHEET, "zone"): blocs}
    spellings |= {(schema.Built.SHEET, "project"): projects, (support, "payer"): buyers}
    spellings[support, "plant"] = projects | refiners
    for steps in (schema.ScenarioStep.SHEET, schema.EventStep.SHEET):
        spellings[steps, "name"] = _by_normalized_name(values(steps, "name"))
        spellings[steps, "company"] = companies
    for (sheet, column), spelling in spellings.items():
        if sheet in sheets:
            cells = values(sheet, column)
            spelt = {value: spelling.get(normalize(value), value) for value in set(cells)}
            sheets[sheet].fields[column] = [spelt[value] for value in cells]
    if schema.Country.SHEET in sheets:
        blocs_of = values(schema.Country.SHEET, "blocs")
        sheets[schema.Country.SHEET].fields["blocs"] = [
            tuple(sorted({blocs[normalize(bloc)] for bloc in row})) for row in blocs_of
        ]
    if schema.ShareLimit.SHEET in sheets:
        named = {
            schema.BY_BLOC: blocs,
            schema.BY_KIND: {kind: kind for kind in (schema.PRIMARY, schema.RECYCLED)},
            schema.BY_REFINER: refiners,
            schema.BY_COMPANY: companies,
        }
        _spell_suppliers(sheets[schema.ShareLimit.SHEET], blocs, named, context)
    if schema.PriceFloor.SHEET in sheets:
        _exempt(sheets[schema.PriceFloor.SHEET], blocs, context)
    for i, _ in enumerate(values(schema.SecurityTarget.SHEET, "lost_country")):
        hint = "leave the cell blank for each country outside the coalition"
        lost = sheets[schema.SecurityTarget.SHEET]
        _country(lost, "lost_country", i, blocs, hint, context)


def _spell_suppliers(
    limits: Parsed, blocs: Spelling, named: Mapping[str, Spelling], context: ReadingContext
) -> None:
    """Spell the supplier of each limit as the country, bloc or refiner that it names."""
    sheet, suppliers = limits.record.SHEET, limits.fields["supplier"]
    header = limits.record.column_of("group").header
    for i, (group, supplier) in enumerate(zip(limits.fields["group"], suppliers, strict=True)):
        if header in context.bad.get((sheet, limits.rows[i]), set()):
            continue
        if group in schema.OF_COUNTRIES:
            hint = "leave the cell blank to limit each country alone"
            _country(limits, "supplier", i, blocs, hint, context)
        elif supplier:
            suppliers[i] = named[group].get(normalize(supplier), supplier)


def _exempt(floors: Parsed, blocs: Spelling, context: ReadingContext) -> None:
    """Replace the exempt names of each floor by blocs as spelt, or by codes of countries."""
    cells, header = floors.fields["exempt"], floors.record.column_of("exempt").header
    for i, names in enumerate(cells):
        known = {blocs[normalize(name)] for name in names if normalize(name) in blocs}
        for name in (name for name in names if normalize(name) not in blocs):
            try:
                code = parse_country(name)
            except CellError:
                hint = common.name_hint(name, blocs) or closest_country(name)
                hint = hint or common.did_you_mean(name, blocs.values())
                message = f"{name!r} is neither a country nor a bloc"
                wrong = CellError(message, "countries or blocs", hint)
                context.error(floors.record.SHEET, floors.rows[i], header, wrong)
            else:
                context.add_spelling(code, name)
                known.add(code)
        cells[i] = tuple(sorted(known))


def _country(  # noqa: PLR0913, PLR0917 - a cell, and what is known of names
    parsed: Parsed, field: str, i: int, blocs: Spelling, hint: str, context: ReadingContext
) -> None:
    """Read a cell with a country or ``each outside BLOC``; ``hint`` is for the word each alone."""
    cells, outside = parsed.fields[field], schema.EACH_OUTSIDE
    name, normalized = cells[i], normalize(cells[i])
    if normalized.startswith(outside):
        bloc = blocs.get(normalized.removeprefix(outside), name[len(outside) :])
        cells[i] = f"{outside}{bloc}"
    elif normalized:
        try:
            cells[i] = parse_country(name)
            context.add_spelling(cells[i], name)
        except CellError as error:
            advice = hint if normalized == schema.EACH else error.hint
            header = parsed.record.column_of(field).header
            wrong = CellError(error.found, error.expected, advice)
            context.error(parsed.record.SHEET, parsed.rows[i], header, wrong)
            cells[i] = ""


def _by_normalized_name(names: Iterable[object]) -> dict[str, str]:
    spelt = [str(name) for name in names if name]
    return {normalize(name): name for name in reversed(spelt)}


def _least_name(names: Iterable[object]) -> dict[str, str]:
    return _by_normalized_name(sorted({str(name) for name in names if name}))


T = TypeVar("T")

MIN_SIMILARITY = 0.6
"""Smallest similarity of a file name that is suggested for a missing file."""


def open_plan(path: Path, on_stage: Callable[[str], None] = lambda _: None) -> PlanFile:
    """Read a plan workbook.

    InputError if the file is not one; if it is missing, the error suggests a similar name.
    """
    from planner.workbook.plan_file import read_plan

    on_stage(f"Reading {path}")
    return with_suggestion(path, read_plan)


def open_input(path: Path) -> Book:
    """Read an input workbook; InputError with all findings if it has errors.

    If the file is missing, the error suggests a similar name.
    """
    return with_suggestion(path, read)


def with_suggestion(path: Path, reader: Callable[[Path], T]) -> T:
    """Read a file; if it is missing, suggest the most similar name in its folder."""
    try:
        return reader(path)
    except InputError as error:
        close = None if path.exists() else _similar(path)
        if close is None:
            raise
        hint = f"did you mean {close}?"
        raise InputError(dataclasses.replace(f, hint=hint) for f in error.findings) from error


def _similar(path: Path) -> Path | None:
    """Return the workbook in the same folder that has the most similar name."""
    try:
        there = [each.name for each in path.parent.iterdir()]
    except (OSError, ValueError):
        return None
    names = [n for n in there if n.casefold().endswith((".xlsx", ".xlsm"))]
    names = [n for n in names if not n.startswith(("~$", "."))]
    stems = {Path(name).stem.casefold(): name for name in sorted(names, reverse=True)}
    close = difflib.get_close_matches(path.stem.casefold(), stems, n=1, cutoff=MIN_SIMILARITY)
    return path.with_name(stems[close[0]]) if close else None
