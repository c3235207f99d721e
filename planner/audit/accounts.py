"""Whose figures each sheet of a plan holds, and its rows, to be left out and changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from models import results
from models.case import fold
from planner.render.palette import PALE
from planner.render.table import Cell, Table, TableColumn
from planner.workbook.grid import Fault, Grid
from planner.workbook.parts import MOST_ROWS, CellFormats
from planner.workbook.plan_columns import PART


@dataclass(frozen=True)
class Account:
    """What of a sheet stays, and what a reader learns from it about the members taken out.

    Every column of numbers has one place: ``of_row`` ones are of the row's own member, of the
    input or of another plan; ``implied`` ones follow from the sums that ``known_sums`` columns have
    in the reader's program; ``money`` ones follow from what is paid for a mineral, which is in it,
    too; ``never`` ones are blank in every redacted plan, for they say more.

    ``goes`` are the columns that are blank where a mineral's totals are withheld (None: the rows
    go). ``sums`` are added up in a row of all members taken out in a year; ``tells_one`` says
    whether a row without figures replaces a sum that is withheld, which it doesn't where the row
    itself is a figure. ``known_sums`` are the columns that a reader is taken to know in sum, by the
    columns ``by``: from rows of the sheet, or from totals less all others. ``read`` are others that
    redacting has to find.
    """

    result: type[results.Result]
    of_row: tuple[results.Field, ...] = ()
    implied: tuple[results.Field, ...] = ()
    money: tuple[results.Field, ...] = ()
    never: tuple[results.Field, ...] = ()
    goes: tuple[results.Field, ...] | None = ()
    sums: tuple[results.Field, ...] = ()
    tells_one: bool = False
    known_sums: tuple[results.Field, ...] = ()
    by: tuple[str, ...] = ("year",)
    read: tuple[results.Field, ...] = ()

    @cached_property
    def kept(self) -> tuple[results.Field, ...]:
        """The columns that stay in rows of a mineral whose totals are withheld."""
        goes = self.result.FIELDS if self.goes is None else (*self.goes, *self.never)
        return tuple(f for f in self.result.FIELDS if f not in goes)

    @property
    def needed(self) -> set[str]:
        """The fields without which the sheet cannot be redacted."""
        names = {f.name for f in (*self.sums, *self.known_sums)}
        keys = {*self.by, "mineral", "member"} if names else set()
        return names | keys | {f.name for f in self.read}


def _account(
    result: type[results.Result],
    *,
    goes: str | None = "",
    by: tuple[str, ...] = ("year",),
    tells_one: bool = False,
    **columns: str,
) -> Account:
    """Return the account of a sheet, its columns by the names of its fields."""

    def fields(names: str) -> tuple[results.Field, ...]:
        return tuple(getattr(result, name) for name in names.split())

    kinds: dict[str, Any] = {kind: fields(names) for kind, names in columns.items()}
    kinds["goes"] = None if goes is None else fields(goes)
    return Account(result, by=by, tells_one=tells_one, **kinds)


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
        goes=_TOTALS,
        read="mineral",
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
        tells_one=True,
        known_sums="tonnes",
        by=("year", "refiner", "project"),
        read="total",
    ),
    _account(
        results.PlantInputs,
        of_row="tonnes cost tariff freight support levy landed total",
        implied="worth unused",
        goes=None,
        sums="tonnes",
        known_sums="tonnes",
        by=("year", "plant", "plant_project", "product"),
    ),
    _account(results.Shortages, of_row="demand short share", goes="cause", sums="demand short"),
    _account(results.CountryShares, implied="tonnes of_demand of_purchases limit headroom over"),
    _account(
        results.ShareLimits,
        of_row="row limit",
        implied="share shadow_price tonnes base room excess",
        goes="binding shadow_price",
    ),
    _account(
        results.Refiners,
        of_row="capacity nameplate",
        implied="tonnes utilization rent gap",
        goes="tonnes utilization rent gap",
    ),
    _account(
        results.Prices,
        of_row=f"landed {_NEED}",
        implied="marginal",
        goes="marginal",
        sums=_NEED,
        tells_one=True,
        known_sums=_NEED,
    ),
    _account(
        results.Contracts,
        of_row="min minimum maximum taken untaken price paid row",
        implied="worth",
        goes="worth",
        known_sums="untaken",
    ),
    _account(
        results.Stocks,
        of_row=f"{_STOCK} days",
        implied=_STOCK_PRICES,
        goes=_STOCK_PRICES,
        sums="opening change closing most",
        known_sums=_STOCK,
    ),
    _account(
        results.Projects,
        of_row="started running capacity capex spent_in charge",
        implied="tonnes rent",
        goes="tonnes rent",
    ),
    _account(results.Tiers, of_row=f"{_TIERS} share cost", known_sums=_TIERS, by=("year", "tier")),
    _account(results.Changes, of_row="today planned change", known_sums="today", by=("refiner",)),
    _account(results.Ore, of_row="premium freight mine_capacity", implied="tonnes rent", goes=None),
    _account(
        results.Scorecard, of_row="required", implied="before after_first after_last", goes=None
    ),
    _account(results.Summary, read="measure value remark"),
    _account(results.Checks, read="check sheet what"),
    _account(results.Glossary),
)
"""By sheet; any other sheet is left out. Totals are in the sheets without members and in the rows
of the coalition. Shadow prices, and causes in words, go with the totals: they say which capacity
or limit is reached, and that is a total. Who depends most on a country, and how many do, is said of
all members at once: it would bound the shares of each one taken out. So would what a member pays
against the average of all, what the limits cost, sums of targets, which may be days of demand,
and what they pay together in a year. What is served through all stages, or taken by all plants,
would tell where those bought what they hand to plants, and how much that is."""


def account_of(sheet: str) -> Account | None:
    """Return the account of a sheet, or of the table that it is a further sheet of."""
    part = PART.fullmatch(sheet)
    names = {sheet, part[1] if part else sheet}
    return next((account for account in _ACCOUNTS if account.result.TABLE in names), None)


@dataclass(frozen=True)
class AccountRow:
    """A row: its cells by field, their looks where a column mixes several."""

    cells: Mapping[str, Cell]
    looks: Mapping[str, results.Look] = field(default_factory=dict)
    is_section: bool = False

    def having(self, **cells: Cell) -> AccountRow:
        return replace(self, cells={**self.cells, **cells})


@dataclass(frozen=True)
class AccountSheet:
    """A sheet of a plan: the table that it was written from, and the field of each column."""

    table: Table
    account: Account
    fields: Mapping[str, results.Field]

    @property
    def is_whole(self) -> bool:
        """Whether the sheet has the columns that are read of it, and no header twice."""
        headers = self.table.headers
        folded = {fold(header) for header in headers}
        return len(folded) == len(headers) and self.account.needed <= self.fields.keys()

    @cached_property
    def whose(self) -> str:
        """The field that says whose a row is, "" where none does."""
        grain, kinds = self.account.result.GRAIN, {results.Name.MEMBER, results.Name.BUYER}
        buyers = (n for n, f in self.fields.items() if f.names in kinds and n in grain)
        return next(buyers, "")

    @property
    def lines(self) -> Iterator[AccountRow]:
        """The rows."""
        named = list(zip(self.fields, self.table.columns, strict=True))
        for i, values in enumerate(zip(*(c.values for _, c in named), strict=True)):
            looks = {name: c.looks[i] for name, c in named if c.looks is not None}
            yield AccountRow(
                dict(zip(self.fields, values, strict=True)), looks, i in self.table.sections
            )

    def texts(self, *names: str) -> Iterator[tuple[str, ...]]:
        """Yield the cells of some columns, the first a text; none where a column is missing."""
        if self.fields.keys() >= set(names):
            for line in self.lines:
                if isinstance(line.cells[names[0]], str):
                    yield tuple(str(line.cells[name]) for name in names)

    def of_lines(self, lines: Iterable[AccountRow]) -> Table:
        """Return the table with other rows; a group without rows goes with its heading."""
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


# ---- a sheet read back with the looks that it was written with ---------------------------------

_LOOKS = {
    "0.0%": results.Look.SHARE,
    "0": results.Look.YEAR,
    "#,##0": results.Look.COUNT,
    "#,##0.0": results.Look.MILLIONS,
    "#,##0.00": results.Look.SECONDS,
    "[=0]0;[>=0.01]#,##0.00;0.0E+00": results.Look.TINY,
}
"""The look of a number by its format; any other is one of tonnes or of prices, shown alike."""
_ROOM = re.compile(r"_.")
"""Room that a format leaves beside a number."""


def sheet_of(grid: Grid, shown: CellFormats) -> AccountSheet | None:
    """Return a sheet as a table whose header is the first row; None where it has no account."""
    account = account_of(grid.title)
    if account is None or grid.header_row != 1:
        return None
    places = sorted(grid.header)
    headers = [str(grid.header[place]) for place in places]
    names = {index: name for name, index in account.result.positions(headers).items()}
    declared = {f.name: f for f in account.result.FIELDS}
    spread = next((f for f in account.result.FIELDS if f.spread), results.Field.text(""))
    fields = {  # a column of nobody's gets a name that is no field's
        names.get(i, f"?{i}"): declared.get(names.get(i, ""), spread.like(header=header))
        for i, header in enumerate(headers)
    }
    of_columns = zip(headers, fields.values(), places, strict=True)
    columns = tuple(_column(grid, shown, *column) for column in of_columns)
    unprinted = (i for i, f in enumerate(fields.values()) if not f.printed)
    pale = PALE.lstrip("#").upper()
    table = Table(
        grid.title,
        columns,
        frozenset(i for i, row in enumerate(grid.rows) if shown.fills.get(row, "").upper() == pale),
        printed=next(unprinted, None),
    )
    return AccountSheet(table, account, fields)


def _column(
    grid: Grid, shown: CellFormats, header: str, declared: results.Field, place: int
) -> TableColumn:
    """Return a column with the look of its field, or with a look each cell where it mixes some."""
    values = [_cell(value) for value in grid.values(place)]
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


def _cell(value: object) -> Cell:
    if isinstance(value, Fault):
        return value.text
    return value if value is None or isinstance(value, str | int | float) else str(value)
