"""Roll a plan: the workbook of the next plan, with the edits that follow from past years."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import errors, resolve, schema, tolerances
from models.case import Case, begun_capital, normalize
from models.checks.advice import begun_beyond_the_budget
from models.plan import BUILT, Plan, past
from models.results import ChangedBuilds, ChangedOrders, DecideNow
from models.results.rounds import CarriedOver, SupplierVariance
from models.schema import Record
from models.schema.rounds import PreviousBuild, PreviousOrder
from planner.documents.folder import copy_case
from planner.going_on.outcome import NOTE, WHOLE_ROW, PastYears, Story, story, variance_by_supplier
from planner.render.front import FirstPage, first_columns, front_alone
from planner.render.table import table_of
from planner.render.words import capitalized, listed, year_span
from planner.scratch import is_folder, scratch_folder
from planner.workbook import Book, findings, read
from planner.workbook.edit import AddedPage, EditedBook, EditedCase, EditedFolder, fitted
from planner.workbook.excel import as_input_error
from planner.workbook.headers import PAST, REMARKS, header_text
from planner.workbook.package import EditedSheet

if TYPE_CHECKING:
    from planner.documents.orders import Orders


def refuse_year(plan: Plan, to: int) -> None:
    """Raise UsageError for a year that is not a later year of the plan."""
    years = plan.expanded.years
    if to not in years[1:]:
        later = ", ".join(map(str, years[1:]))
        choice = f"choose from {later}" if later else "the plan has only one year"
        msg = f"--to {to} is not a year of the plan after its first, {years[0]}; {choice}"
        raise errors.UsageError(msg)


def rolled(
    plan: Plan, orders: Orders, book: Book, outcome: PastYears, names: tuple[str, str]
) -> RolledPlan:
    """Return a rolled plan; ``names`` are the names of the plan's file and of its input."""
    to = outcome.to
    later = orders.table[orders.table["year"] >= to]
    previous = tuple(
        PreviousOrder(
            year=int(row["year"]), mineral=row["mineral"], refiner=row["refiner"],
            project=row["project"], member=row["member"], contract=row["contract"],
            tonnes=float(row["tonnes"]), landed=float(row["unit_landed"]),
        )
        for row in later.to_dict("records")
    )  # fmt: skip
    builds = tuple(
        PreviousBuild(project=project, year=year, part=min(part, 1.0))
        for (project, year), part in sorted(plan.amounts(BUILT).items())
        if year >= to and part > tolerances.LEAST_FLOW
    )
    edits, dropped = edits_of(plan, book.case, outcome), past.cost_before(plan, to)
    return RolledPlan(plan, book, outcome, edits, dropped, names, previous, builds)


FIRST = "Rolled"
"""The first sheet of the next workbook."""
_TABLES = (CarriedOver, SupplierVariance, ChangedOrders, ChangedBuilds, DecideNow)
"""The sheets on which its sentences are claims."""
_SHOWN = (
    SupplierVariance.mineral, SupplierVariance.refiner, SupplierVariance.country,
    SupplierVariance.planned, SupplierVariance.delivered, SupplierVariance.change,
    SupplierVariance.money, SupplierVariance.by_price, SupplierVariance.by_quantity,
)  # fmt: skip
"""The fields in its table."""
_LAST_PLAN = {*map(normalize, (PreviousOrder.SHEET, PreviousBuild.SHEET))}
_STORY = {normalize(FIRST), *(normalize(each.TABLE) for each in _TABLES)}
"""Sheets that a roll adds: of the plan that is rolled, and of what happened."""
_TITLE = ": planned and actual figures"
_TITLES = (_TITLE, ": what was planned, and what came")
"""Endings of the first sheet's title, now and in earlier versions, by which it is recognised."""
_AFTER = {
    schema.Built: (schema.Project, schema.Built),
    schema.CurrentSupply: (schema.Stockpile, schema.Mine, schema.Refiner, schema.Tier),
}
"""Sheets after which a new sheet is inserted."""


@dataclass(frozen=True)
class RolledPlan:
    """A rolled plan: the outcome of past years, and the edits that follow from it.

    ``dropped`` is the plan's cost in past years, discounted to its first year [money]. ``orders``
    and ``builds`` are the plan's decisions for later years.
    """

    plan: Plan
    book: Book
    outcome: PastYears
    edits: Edits
    dropped: float
    names: tuple[str, str]
    orders: tuple[PreviousOrder, ...]
    builds: tuple[PreviousBuild, ...]

    @property
    def currency(self) -> str:
        return self.book.case.settings.currency

    @property
    def variances(self) -> SupplierVariance:
        return variance_by_supplier(self.outcome.purchases, self.currency)

    @cached_property
    def story(self) -> Story:
        """The findings, and the sheets that they are about: the next workbook is planned.

        InputError if it cannot be planned.
        """
        with scratch_folder() as folder:
            suffix = "" if is_folder(self._path) else self._path.suffix
            carried = self._write(folder / f"{FIRST}{suffix}", None)
            book = read(folder / f"{FIRST}{suffix}")
        return story(carried, self.variances, self.plan, book, self.outcome)

    @cached_property
    def page(self) -> FirstPage:
        """The first page of the next workbook; InputError if it cannot be planned."""
        years = sorted({y for y in self.book.case.years if y < self.outcome.to})
        table, country = self.variances, self.book.case.country_name
        return FirstPage(
            f"{year_span(years)}{_TITLE}",
            "What happened, and what now?",
            self.story.sentences,
            first_columns(table_of(table, country), table, _SHOWN) if len(table) else None,
            made_by=f"Rolled from {self.names[0]}, the plan of {self.names[1]}.",
            table_note="Sorted by difference in cost. By quantity: at planned landed cost.",
        )

    @property
    def _path(self) -> Path:
        if self.book.path is None:
            msg = "a case that was not read from a workbook cannot be rolled"
            raise ValueError(msg)
        return self.book.path

    def write(self, path: Path) -> None:
        """Write the next workbook, or folder of CSV files; InputError if it cannot be planned.

        ValueError if the case was not read from a workbook or folder.
        """
        self._write(path, self.page)

    def _write(self, path: Path, page: FirstPage | None) -> CarriedOver:
        """Write the next workbook, without a ``page`` its input alone; return what changed."""
        if is_folder(self._path):
            folder = EditedFolder(self._path)
            carried = _Writer(self, folder).edit(page)
            copy_case(self._path, path, *folder.written(), read)
            return carried
        with as_input_error(self._path):
            book = EditedBook(self._path)
            carried = _Writer(self, book).edit(page)
            made = book.finished_copy(path.suffix, show="" if page is None else book.titles[0])
        path.write_bytes(made)
        read(path)
        return carried


class _Writer:
    """Makes the edits."""

    def __init__(self, rolled: RolledPlan, target: EditedCase) -> None:
        self.rolled, self.target = rolled, target
        self.case: Case = rolled.book.case
        self.places = deepcopy(rolled.book.layout.sheets)
        self.listed: list[dict[str, object]] = []

    def edit(self, front: FirstPage | None) -> CarriedOver:
        """Make all edits in the planned case's workbook; return the list of the changes.

        With the first page come the sheets that it speaks of.
        """
        self._remove_rolled_sheets()
        tables = []
        if front is not None:
            made = self.rolled.story.tables.values()
            tables = [table_of(each, self.case.country_name) for each in made]
            self.target.add_drawn_page(FIRST, front_alone(front, tables))
        self._past_years()
        for cell in self.rolled.edits.cells:
            self._cell(cell)
        for row in self.rolled.edits.rows:
            self._row(row)
        for each in self.rolled.edits.removed:
            sheet = self._sheet(each.record)
            sheet.clear(each.row)
            self._list(
                sheet.grid.title, f"A{each.row}", each.what, "", WHOLE_ROW, None, each.reason
            )
        self._before(PreviousOrder, self.rolled.orders)
        self._before(PreviousBuild, self.rolled.builds)
        for name, place, value in self.target.fix():
            reason = "the formula depends on a changed cell, so it is replaced by its value"
            self._list(name, place, "", "", "a formula", value, reason)
        for text in self.rolled.edits.warnings:
            self._list("", "", NOTE, "", None, None, f"{capitalized(text)}.")
        for at, table in enumerate(tables, start=1):
            page = AddedPage(self.target.add_page(table.name, at), len(table.columns))
            page.widths(*(fitted([c.header, *c.values]) for c in table.columns))
            page.write_table(table)
            page.add_filter(1)
        return CarriedOver.of_rows(self.listed)

    def _remove_rolled_sheets(self) -> None:
        """Remove the sheets of an earlier roll; InputError for one's own sheets with their names.

        The findings name these sheets, so they can't have others.
        """
        titles = [*self.target.titles]
        is_rolled = any(str(self._header(each).get(1, "")).endswith(_TITLES) for each in titles)
        for title in titles:
            if normalize(title) in (_STORY | _LAST_PLAN if is_rolled else _LAST_PLAN):
                self.target.remove(title)
        own = [title for title in self.target.titles if normalize(title) in _STORY]
        if own:
            found = "the next workbook gets a sheet of this name"
            raise errors.InputError(
                errors.Finding(title, found=found, hint="rename or delete it") for title in own
            )

    def _header(self, title: str) -> Mapping[int, object]:
        return self.target.grid(title).header

    # ---- cells of the input ---------------------------------------------------------------------

    def _sheet(self, record: type[Record]) -> EditedSheet:
        return self.target.sheet(record.SHEET) or self._new_sheet(record)

    def _past_years(self) -> None:
        """Mark the headers of past years on the sheet Demand: their columns are no longer read."""
        layout = self.places[schema.Demand.SHEET]
        sheet = self._sheet(schema.Demand)
        for year in (y for y in self.case.years if y < self.rolled.outcome.to):
            column = layout.columns[str(year)]
            typed = sheet.grid.header.get(column)
            header = typed if isinstance(typed, str) else str(year)  # with its unit
            sheet.put(layout.header_row, column, f"{PAST} {header}")
            cell, what = findings.address(column, layout.header_row), "all rows"
            reason = "the year is over: the column stays as a record, and is not read"
            self._list(sheet.grid.title, cell, what, header, header, f"{PAST} {header}", reason)

    def _cell(self, edit: CellEdit) -> None:
        """Change a cell of the workbook, and list it."""
        sheet = self._sheet(edit.record)
        column = self._column(sheet, edit.record, edit.field)
        if not column:
            return
        value = self._converted(edit.record, edit.field, edit.value)
        sheet.put(edit.row, column, value)
        cell, header = findings.address(column, edit.row), _header(edit.record, edit.field)
        self._list(sheet.grid.title, cell, edit.what, header, edit.before, edit.value, edit.reason)

    def _row(self, new: NewRow) -> None:
        """Add a row to the workbook, and list it."""
        sheet = self._sheet(new.record)
        cells = {
            self._column(sheet, new.record, name): self._converted(new.record, name, value)
            for name, value in new.cells.items()
            if value not in {"", None}
        }
        cells.pop(0, None)
        row = sheet.add_row(cells)
        cell = findings.address(self._column(sheet, new.record, new.field), row)
        header, value = _header(new.record, new.field), new.cells[new.field]
        self._list(sheet.grid.title, cell, new.what, header, None, value, new.reason)

    def _column(self, sheet: EditedSheet, record: type[Record], name: str) -> int:
        """Return the column of a field, added if it is missing; 0 for a missing remark."""
        layout = self.places[record.SHEET]
        header = normalize(_header(record, name))
        if header not in layout.columns and name not in REMARKS:
            text = header_text(record.column_of(name), self.rolled.currency)
            column = sheet.add_column(text)
            layout.columns[header] = column
        return layout.columns.get(header, 0)

    def _converted(self, record: type[Record], name: str, value: object) -> object:
        """Return a number in the unit of the workbook's column; other values unchanged."""
        unit = self.rolled.book.layout.unit(record.SHEET, _header(record, name))
        if unit is None or not isinstance(value, float | int):
            return value
        return value / unit.factor

    def _new_sheet(self, record: type[Record]) -> EditedSheet:
        """Add a sheet of the input that the workbook does not have yet."""
        behind = [normalize(each.SHEET) for each in _AFTER.get(record, ())]
        sheet = self._with_headers(record, [REMARKS["source"]], behind)
        names = [*(c.header for c in record.columns()), REMARKS["source"]]
        places = {normalize(name): i for i, name in enumerate(names, start=1)}
        self.places[record.SHEET] = findings.SheetLayout(1, places)
        return sheet

    def _with_headers(
        self, record: type[Record], more: Sequence[str] = (), behind: Sequence[str] = ()
    ) -> EditedSheet:
        """Add a sheet with the headers of a record."""
        headers = [*(header_text(c, self.rolled.currency) for c in record.columns()), *more]
        return self.target.add_sheet(record.SHEET, headers, behind)

    def _before(self, record: type[Record], rows: Sequence[Record]) -> None:
        """Add a sheet with rows of the last plan, with which the next one is compared."""
        names, sheet = [c.field for c in record.columns()], self._with_headers(record)
        for line, row in enumerate(rows, start=2):
            for column, name in enumerate(names, start=1):
                value = getattr(row, name)
                if value not in {"", None}:
                    sheet.put(line, column, value)

    def _list(  # noqa: PLR0913, PLR0917 - the columns of the list
        self, sheet: str, cell: str, what: str, column: str,
        before: object, after: object, reason: str,
    ) -> None:  # fmt: skip
        row = {"sheet": sheet, "cell": cell, "what": what, "column": column, "reason": reason}
        self.listed.append(row | {"before": _text_of_value(before), "after": _text_of_value(after)})


def _header(record: type[Record], name: str) -> str:
    return REMARKS[name] if name in REMARKS else record.column_of(name).header


def _text_of_value(value: object) -> str | None:
    if value is None or value == "":
        return None
    return f"{value:z,.10g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class CellEdit:
    """A changed cell of an existing row: its field, its new value and its old value."""

    record: type[schema.Record]
    row: int
    field: str
    value: object
    before: object
    what: str
    reason: str


@dataclass(frozen=True)
class NewRow:
    """An added row: its cells by field."""

    record: type[schema.Record]
    cells: Mapping[str, object]
    field: str
    what: str
    reason: str


@dataclass(frozen=True)
class RemovedRow:
    """A row that is removed, since all its years are over."""

    record: type[schema.Record]
    row: int
    what: str
    reason: str


@dataclass(frozen=True)
class Edits:
    """All edits, with warnings about them in sentences."""

    cells: tuple[CellEdit, ...]
    rows: tuple[NewRow, ...]
    removed: tuple[RemovedRow, ...]
    warnings: tuple[str, ...]


_ROLLED = "planner roll"


def edits_of(plan: Plan, case: Case, outcome: PastYears) -> Edits:
    """Return the edits to a case's workbook; ``plan`` is a plan of the case or of a scenario."""
    cells: list[CellEdit] = []
    rows: list[NewRow] = []
    warnings: list[str] = []
    if plan.case != case:
        options = f"the scenario {plan.case.scenario}"
        if plan.case.scenario == case.scenario:
            options = "what-ifs, or with --max-country-share"
        warnings.append(
            f"the plan was made with {options}: its decisions are carried over, but this workbook"
            " is the base case"
        )
    for edit in (
        *_stock_edits(plan, case, outcome, warnings),
        *_sales(plan, case, outcome, warnings),
        *_built_rows(case, outcome),
        *_budget_rows(plan, case, outcome, warnings),
    ):
        (cells if isinstance(edit, CellEdit) else rows).append(edit)  # type: ignore[arg-type]
    warnings += _beyond_budgets(case, outcome, cells)
    return Edits(tuple(cells), tuple(rows), tuple(_removed_rows(case, outcome.to)), tuple(warnings))


# ---- stocks --------------------------------------------------------------------------------------


def _stock_edits(
    plan: Plan, case: Case, outcome: PastYears, warnings: list[str]
) -> Iterator[CellEdit]:
    """Yield opening stocks, targets that were blank, and each Max below its opening stock."""
    for stockpile in case.stockpiles:
        key = stockpile.mineral, stockpile.member
        if key not in outcome.stocks:  # a scenario removed the member
            continue
        closing, whose = outcome.stocks[key], f"{stockpile.mineral}, {stockpile.member}"
        why = f"{'actual' if key in outcome.actual else 'planned'}, end of {outcome.last}"
        if stockpile.max < closing <= stockpile.max * (1.0 + tolerances.SAME_SUM):
            closing = stockpile.max  # the solver's rounding
        if closing != stockpile.opening:
            yield CellEdit(
                schema.Stockpile, stockpile.row, "opening", closing, stockpile.opening, whose, why
            )
        if stockpile.target.base is None and stockpile.target_days is None:
            reason = f"the cell was blank: the opening stock of {plan.expanded.years[0]}"
            target = stockpile.opening
            yield CellEdit(schema.Stockpile, stockpile.row, "target", target, None, whose, reason)
        if closing > stockpile.max:
            text = "the stock at the end of the year exceeds this maximum"
            yield CellEdit(
                schema.Stockpile, stockpile.row, "max", closing, stockpile.max, whose, text
            )
            warnings.append(
                f"Max of the reserve of {whose} is raised from {stockpile.max:z,.6g} t to"
                f" {closing:z,.6g} t, the stock at the end of {outcome.last}"
            )


# ---- current supply ------------------------------------------------------------------------------


def _sales(
    plan: Plan, case: Case, outcome: PastYears, warnings: list[str]
) -> Iterator[CellEdit | NewRow]:
    """Yield the rows of Current supply: sales of each refiner in the last past year."""
    sold = _sales_of_last_year(plan, outcome, warnings)
    grown = [refiner for refiner in case.refiners if refiner.max_growth is not None]
    if outcome.last < outcome.to - 1 and grown:
        warnings.append(
            f"{outcome.to - 1} is not planned: Max growth uses the sales of {outcome.last} instead"
        )
    rows = {(row.refiner, row.mineral, row.member, row.plant): row for row in case.current_supply}
    reason = f"bought in {outcome.last}"
    if outcome.unreported == outcome.rows:
        reason += ", as planned"
    known = {mineral for _, mineral, *_ in {*rows, *sold}}
    for r in grown:
        if r.mineral not in known and case.members:  # 0: the current supply is known to be none
            sold[r.name, r.mineral, case.members[0].name, ""] = 0.0
            known.add(r.mineral)
    for key in sorted({*rows, *sold}):
        refiner, mineral, member, plant = key
        tonnes, what = sold.get(key, 0.0), f"{refiner}, {mineral}, {member or plant}"
        row = rows.get(key)
        if row is None:
            names = {"refiner": refiner, "mineral": mineral, "member": member, "plant": plant}
            cells = {**names, "tonnes": tonnes, "source": f"{_ROLLED}: {reason}"}
            yield NewRow(schema.CurrentSupply, cells, "tonnes", what, reason)
            continue
        record, source = schema.CurrentSupply, f"{_ROLLED}: {reason}"
        if row.tonnes != tonnes:
            yield CellEdit(record, row.row, "tonnes", tonnes, row.tonnes, what, reason)
        is_rolled = row.source.startswith(_ROLLED)
        if row.source != source and (is_rolled or row.tonnes != tonnes):
            yield CellEdit(record, row.row, "source", source, row.source or None, what, reason)


def _sales_of_last_year(
    plan: Plan, outcome: PastYears, warnings: list[str]
) -> dict[tuple[str, str, str, str], float]:
    """Return the sales in the last past year by refiner, mineral, member and plant [t].

    A buyer of an earlier past year that no longer buys has 0.
    """
    refiners = {(r.name, r.mineral) for r in plan.case.refiners}
    sold = defaultdict[tuple[str, str, str, str], float](float)
    others = defaultdict[str, float](float)
    for each in outcome.purchases:
        tonnes = each.delivered if each.year == outcome.last else 0.0
        if each.project or (each.refiner, each.mineral) not in refiners:
            others[each.mineral] += tonnes
        else:
            sold[each.refiner, each.mineral, each.member, ""] += tonnes
    inputs = plan.inputs
    for row in inputs[inputs["year"] <= outcome.last].to_dict("records"):
        if row["refiner"] and not row["project"]:
            tonnes = row["tonnes"] if row["year"] == outcome.last else 0.0
            sold[row["refiner"], row["mineral"], "", row["plant"]] += tonnes
    for mineral, tonnes in sorted(others.items()):
        if tonnes > tolerances.LEAST_FLOW:
            warnings.append(
                f"projects sold {tonnes:z,.6g} t of {mineral} in {outcome.last}: these are not in"
                f" {schema.CurrentSupply.SHEET}, which lists only refiners"
            )
    return sold


# ---- plants --------------------------------------------------------------------------------------


def _built_rows(case: Case, outcome: PastYears) -> Iterator[CellEdit | NewRow]:
    """Yield the rows of Built: the fractions begun in past years, also 0."""
    rows = {(row.project, row.year): row for row in case.built}
    for (project, year), part in sorted(outcome.built.items()):
        reason = "actual" if (project, year) in outcome.actual else "planned"
        if (project, year) not in outcome.actual and part == 0:
            reason = "no part was begun"
        what, row = f"{project}, {year}", rows.get((project, year))
        if row is None:
            source = f"{_ROLLED}: {reason}"
            cells = {"project": project, "year": year, "fraction": part, "source": source}
            yield NewRow(schema.Built, cells, "fraction", what, reason)
        elif row.fraction != part:
            yield CellEdit(schema.Built, row.row, "fraction", part, row.fraction, what, reason)


# ---- budgets -------------------------------------------------------------------------------------


def _budget_rows(
    plan: Plan, case: Case, outcome: PastYears, warnings: list[str]
) -> Iterator[CellEdit]:
    """Yield the rows of carried-over budgets.

    The last past year gets the money that is left, earlier past years get 0. If more was spent than
    budgeted, the next budgets are reduced by the excess.
    """
    rows = sorted(case.budget, key=lambda row: row.year)
    past = [row for row in rows if row.year < outcome.to]
    if not case.settings.carry_over_budget or not past:
        return
    left = sum(row.capex for row in past) - _spent(plan, outcome, {row.year for row in past})
    reason = f"the unspent budget at the end of {outcome.last}"
    values = {row.year: 0.0 for row in past}
    if left >= 0:
        values[past[-1].year] = left
    for row in rows[len(past) :]:
        excess = min(row.capex, max(0.0, -left))
        left += excess
        values[row.year] = row.capex - excess
    for row in rows:
        capex = values[row.year]
        if capex != row.capex:
            why = reason if row.year < outcome.to else "more was spent before than was budgeted"
            year = str(row.year)
            yield CellEdit(schema.BudgetYear, row.row, "capex", capex, row.capex, year, why)
            if row.year >= outcome.to:
                warnings.append(
                    f"the budget of {row.year} is reduced by {row.capex - capex:z,.6g} million,"
                    " because earlier years spent more than their budgets"
                )


def _spent(plan: Plan, outcome: PastYears, years: set[int]) -> float:
    """Return the spending on plants from the budgets of some years [money m]."""
    case, horizon = plan.case, plan.expanded.years
    due = begun_capital(case.projects, case.years)
    spent = sum(money for year, money in due.items() if year in years)
    for project in case.projects:
        if project.built_in is not None:
            continue
        begun = dict(project.begun)
        for (name, start), part in outcome.built.items():
            is_new = name == project.name and start not in begun
            if is_new and resolve.budget_year(project, start, horizon) in years:
                spent += part * project.capex
    return spent


def _beyond_budgets(case: Case, outcome: PastYears, cells: Iterable[CellEdit]) -> Iterator[str]:
    """Yield a warning for each budget of the next plan that begun plants exceed."""
    capex: dict[int, Any] = {e.row: e.value for e in cells if e.record is schema.BudgetYear}
    built = [row for row in case.built if (row.project, row.year) not in outcome.built]
    built += [
        schema.Built(project=project, year=year, fraction=part)
        for (project, year), part in outcome.built.items()
    ]
    following = case.change(
        demand=[
            replace(row, tonnes=tuple(each for each in row.tonnes if each[0] >= outcome.to))
            for row in case.demand
        ],
        built=built,
        budget=[replace(row, capex=capex.get(row.row, row.capex)) for row in case.budget],
    )
    for finding in begun_beyond_the_budget(following):
        yield f"{capitalized(finding.found)}: {finding.hint}"


# ---- rows of past years --------------------------------------------------------------------------


def _removed_rows(case: Case, to: int) -> Iterator[RemovedRow]:
    """Yield the rows of Scenarios and Risks that only apply in past years."""
    steps: Iterable[schema.ScenarioStep | schema.EventStep] = (*case.scenarios, *case.risks)
    for step in steps:
        last = step.first_year if step.action == "build project" else step.last_year
        if last is not None and last < to:
            country = case.country_name(step.country)
            selected = [step.mineral, country, step.refiner, step.member, step.tier, step.plant]
            names = listed([each for each in selected if each]) or "all"
            what = f"{step.name}: {step.action}, {names}"
            yield RemovedRow(type(step), step.row, what, f"its last year was {last}")
