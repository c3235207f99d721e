"""What redaction keeps, blanks and adds up in each sheet of a plan, and the sheets' rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from models import case, results
from planner.render.palette import PALE
from planner.render.table import Cell, Table, TableColumn
from planner.workbook.grid import Fault, Grid
from planner.workbook.parts import MOST_ROWS, CellFormats
from planner.workbook.plan_file import PART


@dataclass(frozen=True)
class Account:
    """What redaction keeps of a sheet, and what a reader learns from it about removed members.

    Every column of numbers is in one of four groups. ``of_row``: about the row's own member, the
    input or another plan. ``implied``: follows from the sums of ``known_sums`` columns, which are
    in the reader's linear program. ``money``: follows from the payments for a mineral, which are
    also in that program. ``never``: reveals more, so it is blank in every redacted plan.

    ``blanked`` columns are blank if a mineral's totals are withheld (None: its rows are removed).
    ``sums`` columns are added up in one row for all members removed in a year. If that sum is
    withheld, and ``has_withheld_row``, a row without figures is shown instead; not if even the
    presence of a row reveals something. ``known_sums``: columns for which a reader knows the sum
    over removed members, by the columns ``by``, from rows of the sheet or as the total minus all
    others. ``also_needed``: further columns that redaction needs.
    """

    result: type[results.Result]
    of_row: tuple[results.Field, ...] = ()
    implied: tuple[results.Field, ...] = ()
    money: tuple[results.Field, ...] = ()
    never: tuple[results.Field, ...] = ()
    blanked: tuple[results.Field, ...] | None = ()
    sums: tuple[results.Field, ...] = ()
    has_withheld_row: bool = False
    known_sums: tuple[results.Field, ...] = ()
    by: tuple[str, ...] = ("year",)
    also_needed: tuple[results.Field, ...] = ()

    @cached_property
    def kept(self) -> tuple[results.Field, ...]:
        """The columns that stay in rows of a mineral whose totals are withheld."""
        blanked = self.result.FIELDS if self.blanked is None else (*self.blanked, *self.never)
        return tuple(f for f in self.result.FIELDS if f not in blanked)

    @property
    def needed(self) -> set[str]:
        """The fields without which the sheet cannot be redacted."""
        names = {f.name for f in (*self.sums, *self.known_sums)}
        keys = {*self.by, "mineral", "member"} if names else set()
        return names | keys | {f.name for f in self.also_needed}


def _account(
    result: type[results.Result],
    *,
    blanked: str | None = "",
    by: tuple[str, ...] = ("year",),
    has_withheld_row: bool = False,
    **columns: str,
) -> Account:
    def fields(names: str) -> tuple[results.Field, ...]:
        return tuple(getattr(result, name) for name in names.split())

    kinds: dict[str, Any] = {kind: fields(names) for kind, names in columns.items()}
    kinds["blanked"] = None if blanked is None else fields(blanked)
    return Account(result, by=by, has_withheld_row=has_withheld_row, **kinds)


_NEED, _TIERS = "demand purchased short", "demand short"
_STOCK = "opening change closing target shortfall most"
_STOCK_PRICES = "worth day_worth fill_worth draw_worth"
_TOTALS = " ".join(
    f.name for f in results.ByMineral.FIELDS if f.name not in {"mineral", "hhi_capacity", "unit"}
)
_ACCOUNTS = (
    _account(
        results.ByMineral,
        of_row="hhi_capacity supplier_limit last_limit limit year short_of_supply"
        " supplier_free_share",
        implied="need demand purchased short served supplier_today_share supplier_share"
        " supplier_of_demand served_without_today served_without surged_today"
        " surged last_share share hhi_purchases years_at_limit short_by_limits",
        money="landed paid",
        never="taken last_taken stage_country served_through dependent dependent_country"
        " dependent_share alike wholly_dependent bound_on_members limits_kept extra"
        " shortage_by_limits",
        blanked=_TOTALS,
        also_needed="mineral",
    ),
    _account(
        results.Members,
        of_row="need paid_a_year levies support extra extra_shortage short short_of_it"
        " depends_share dependent paid dearer paid_short",
        never="against_coalition floors floors_of",
    ),
    _account(
        results.Flows,
        of_row="tonnes cost tariff freight support levy landed total",
        sums="tonnes",
        has_withheld_row=True,
        known_sums="tonnes",
        by=("year", "refiner", "project"),
        also_needed="total",
    ),
    _account(
        results.PlantInputs,
        of_row="tonnes cost tariff freight support levy landed total",
        implied="worth unused",
        blanked=None,
        sums="tonnes",
        known_sums="tonnes",
        by=("year", "plant", "plant_project", "product"),
    ),
    _account(results.Shortages, of_row="demand short share", blanked="cause", sums="demand short"),
    _account(results.CountryShares, implied="tonnes of_demand of_purchases limit headroom over"),
    _account(
        results.ShareLimits,
        of_row="row limit",
        implied="share shadow_price tonnes base room excess",
        blanked="binding shadow_price",
    ),
    _account(
        results.Refiners,
        of_row="capacity nameplate",
        implied="tonnes utilization rent gap",
        blanked="tonnes utilization rent gap",
    ),
    _account(
        results.Prices,
        of_row=f"landed {_NEED}",
        implied="marginal",
        blanked="marginal",
        sums=_NEED,
        has_withheld_row=True,
        known_sums=_NEED,
    ),
    _account(
        results.Contracts,
        of_row="min minimum maximum taken untaken price paid row",
        implied="worth",
        blanked="worth",
        known_sums="untaken",
    ),
    _account(
        results.Stocks,
        of_row=f"{_STOCK} days",
        implied=_STOCK_PRICES,
        blanked=_STOCK_PRICES,
        sums="opening change closing most",
        known_sums=_STOCK,
    ),
    _account(
        results.Projects,
        of_row="started running capacity capex spent_in charge",
        implied="tonnes rent",
        blanked="tonnes rent",
    ),
    _account(results.Tiers, of_row=f"{_TIERS} share cost", known_sums=_TIERS, by=("year", "tier")),
    _account(results.Changes, of_row="today planned change", known_sums="today", by=("refiner",)),
    _account(
        results.Ore, of_row="premium freight mine_capacity", implied="tonnes rent", blanked=None
    ),
    _account(
        results.Scorecard, of_row="required", implied="before after_first after_last", blanked=None
    ),
    _account(results.Summary, also_needed="measure value remark"),
    _account(results.Checks, also_needed="check sheet what"),
    _account(results.Glossary),
)
"""The account of each sheet that a redacted plan has; all other sheets are removed.

Totals are in the sheets without members, and in the rows of the coalition. Shadow prices and causes
are withheld with the totals: they reveal which capacity or limit is reached, which is a total.

Some columns are always blank, since they would bound the figures of each removed member: who
depends most on a country and how many do, what a member pays compared with the average, what the
limits cost, sums of targets (which may be days of demand), and payments of all members in a year.
The columns on all stages and on all plants' purchases are blank, too: they would reveal where the
removed members bought inputs for plants, and how much.
"""


def account_of(sheet: str) -> Account | None:
    """Return the account of a sheet, or of the table that the sheet continues."""
    part = PART.fullmatch(sheet)
    names = {sheet, part[1] if part else sheet}
    return next((account for account in _ACCOUNTS if account.result.TABLE in names), None)


@dataclass(frozen=True)
class AccountRow:
    """A row: its cells by field, and their number formats if a column has several."""

    cells: Mapping[str, Cell]
    looks: Mapping[str, results.Look] = field(default_factory=dict)
    is_section: bool = False

    def with_cells(self, **cells: Cell) -> AccountRow:
        return replace(self, cells={**self.cells, **cells})


@dataclass(frozen=True)
class AccountSheet:
    """A sheet of a plan: its table, and the field of each column."""

    table: Table
    account: Account
    fields: Mapping[str, results.Field]

    @property
    def is_complete(self) -> bool:
        """Whether the sheet has all needed columns, and no header twice."""
        headers = self.table.headers
        folded = {case.fold(header) for header in headers}
        return len(folded) == len(headers) and self.account.needed <= self.fields.keys()

    @cached_property
    def member_field(self) -> str:
        """The field with the member or buyer of a row, "" if there is none."""
        grain, kinds = self.account.result.GRAIN, {results.Name.MEMBER, results.Name.BUYER}
        buyers = (n for n, f in self.fields.items() if f.names in kinds and n in grain)
        return next(buyers, "")

    @property
    def lines(self) -> Iterator[AccountRow]:
        named = list(zip(self.fields, self.table.columns, strict=True))
        for i, values in enumerate(zip(*(c.values for _, c in named), strict=True)):
            looks = {name: c.looks[i] for name, c in named if c.looks is not None}
            yield AccountRow(
                dict(zip(self.fields, values, strict=True)), looks, i in self.table.sections
            )

    def texts(self, *names: str) -> Iterator[tuple[str, ...]]:
        """Yield some columns' cells as texts, of rows in which the first is a text.

        Nothing if a column is missing.
        """
        if self.fields.keys() >= set(names):
            for line in self.lines:
                if isinstance(line.cells[names[0]], str):
                    yield tuple(str(line.cells[name]) for name in names)

    def with_lines(self, lines: Iterable[AccountRow]) -> Table:
        """Return the table with other rows; the heading of a group without rows is removed."""
        kept: list[AccountRow] = []
        for line in [*lines, AccountRow({}, is_section=True)]:
            if line.is_section and kept and kept[-1].is_section:
                kept.pop()
            kept.append(line)
        kept.pop()
        columns = tuple(
            replace(
                c,
                values=[line.cells.get(name) for line in kept],
                looks=None if c.looks is None else [line.looks.get(name, c.look) for line in kept],
            )
            for name, c in zip(self.fields, self.table.columns, strict=True)
        )
        sections = frozenset(i for i, line in enumerate(kept) if line.is_section)
        return replace(self.table, columns=columns, sections=sections)


# ---- reading a sheet with its formats ----------------------------------------------------------

_LOOKS = {
    "0.0%": results.Look.SHARE,
    "0": results.Look.YEAR,
    "#,##0": results.Look.COUNT,
    "#,##0.0": results.Look.MILLIONS,
    "#,##0.00": results.Look.SECONDS,
    "[=0]0;[>=0.01]#,##0.00;0.0E+00": results.Look.TINY,
}
"""The kind of a number by its format; all other formats are those of tonnes and of prices."""
_ROOM = re.compile(r"_.")
"""The part of a format that leaves a space next to a number."""


def sheet_of(grid: Grid, shown: CellFormats) -> AccountSheet | None:
    """Return a sheet as a table; None if it has no account, or its header is not in row 1."""
    account = account_of(grid.title)
    if account is None or grid.header_row != 1:
        return None
    places = sorted(grid.header)
    headers = [str(grid.header[place]) for place in places]
    names = {index: name for name, index in account.result.positions(headers).items()}
    declared = {f.name: f for f in account.result.FIELDS}
    spread = next((f for f in account.result.FIELDS if f.spread), results.Field.text(""))
    fields = {  # a column without a field gets a name that is not a field's
        names.get(i, f"?{i}"): declared.get(names.get(i, ""), spread.like(header=header))
        for i, header in enumerate(headers)
    }
    of_columns = zip(headers, fields.values(), places, strict=True)
    columns = tuple(_column(grid, shown, *column) for column in of_columns)
    unprinted = (i for i, f in enumerate(fields.values()) if not f.printed)
    fills, pale = (shown.fills.get(row, "").upper() for row in grid.rows), PALE.lstrip("#").upper()
    sections = frozenset(i for i, fill in enumerate(fills) if fill == pale)
    table = Table(grid.title, columns, sections, printed=next(unprinted, None))
    return AccountSheet(table, account, fields)


def _column(
    grid: Grid, shown: CellFormats, header: str, declared: results.Field, place: int
) -> TableColumn:
    """Return a column with its field's format, or with a format per cell if it has several."""
    values: list[Cell] = []
    for value in grid.values(place):
        cell = value.text if isinstance(value, Fault) else value
        values.append(cell if cell is None or isinstance(cell, str | int | float) else str(cell))
    number = results.Look.TONNES if declared.look.is_text else declared.look
    looks = [
        declared.look if value is None or isinstance(value, str)
        else _LOOKS.get(_ROOM.sub("", shown.formats.get((row, place), "")), number)
        for row, value in zip(grid.rows, values, strict=True)
    ]  # fmt: skip
    is_long = bool(grid.rows) and grid.rows[-1] > MOST_ROWS
    is_mixed = not is_long and set(looks) - {declared.look}
    kept = looks if is_mixed else None
    more = (declared.meaning, declared.colour, declared.widest)
    return TableColumn(header, declared.look, values, kept, *more)
