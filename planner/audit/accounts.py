"""Whose figures each sheet of a plan holds, and its rows, to be left out and changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from models.case import fold
from models.results import (
    ByMineral,
    Changes,
    Checks,
    Contracts,
    CountryShares,
    Field,
    Flows,
    Glossary,
    Look,
    Members,
    Name,
    Ore,
    Prices,
    Projects,
    Refiners,
    Result,
    Scorecard,
    ShareLimits,
    Shortages,
    Stocks,
    Summary,
    Tiers,
)
from planner.render.palette import PALE
from planner.render.table import Cell, Table, TableColumn
from planner.workbook.grid import Fault, Grid
from planner.workbook.parts import MOST_ROWS, CellFormats
from planner.workbook.plan_columns import PART


@dataclass(frozen=True)
class Account:
    """What of a sheet stays, and what a reader learns from it about the members taken out.

    Every column of numbers has one place: ``own`` ones are of the row's own member, of the input or
    of another plan; ``implied`` ones follow from the sums that ``known`` columns have in the
    reader's program; ``money`` ones follow from what is paid for a mineral, which is in it, too;
    ``never`` ones are blank in every redacted plan, for they tell more.

    ``goes`` are the columns that are blank where a mineral's totals are withheld (None: the rows
    go). ``sums`` are added up in a row of all those taken out in a year, and ``tells_one`` says
    whether a row without figures stands where no sum can be told: not where that there is one is a
    figure of its own. ``known`` are the columns that a reader is taken to know in sum, by the
    columns ``by``: from what stands there, or from totals less all others. ``read`` are others that
    redacting has to find.
    """

    of: type[Result]
    own: tuple[Field, ...] = ()
    implied: tuple[Field, ...] = ()
    money: tuple[Field, ...] = ()
    never: tuple[Field, ...] = ()
    goes: tuple[Field, ...] | None = ()
    sums: tuple[Field, ...] = ()
    tells_one: bool = False
    known: tuple[Field, ...] = ()
    by: tuple[str, ...] = ("year",)
    read: tuple[Field, ...] = ()

    @cached_property
    def kept(self) -> tuple[Field, ...]:
        """The columns that stay in rows of a mineral whose totals are withheld."""
        goes = self.of.FIELDS if self.goes is None else (*self.goes, *self.never)
        return tuple(f for f in self.of.FIELDS if f not in goes)

    @property
    def needed(self) -> set[str]:
        """The fields without which the sheet cannot be redacted."""
        found = {f.name for f in (*self.sums, *self.known)}
        keys = {*self.by, "mineral", "member"} if found else set()
        return found | keys | {f.name for f in self.read}


_TOTALS = {ByMineral.mineral, ByMineral.hhi_capacity, ByMineral.unit}
_NEED = (Prices.demand, Prices.purchased, Prices.short)
_STOCK = (
    Stocks.opening, Stocks.change, Stocks.closing, Stocks.target, Stocks.shortfall, Stocks.most,
)  # fmt: skip
_STOCK_PRICES = (Stocks.worth, Stocks.day_worth, Stocks.fill_worth, Stocks.draw_worth)
_TIERS = (Tiers.demand, Tiers.short)
_ACCOUNTS = (
    Account(
        ByMineral,
        own=(
            ByMineral.hhi_capacity,
            ByMineral.supplier_limit,
            ByMineral.last_limit,
            ByMineral.limit,
            ByMineral.year,
            ByMineral.short_of_supply,
            ByMineral.supplier_free_share,
        ),
        implied=(
            ByMineral.need,
            ByMineral.demand,
            ByMineral.purchased,
            ByMineral.short,
            ByMineral.served,
            ByMineral.supplier_today_share,
            ByMineral.supplier_share,
            ByMineral.supplier_of_demand,
            ByMineral.served_without_today,
            ByMineral.served_without,
            ByMineral.surged_today,
            ByMineral.surged,
            ByMineral.last_share,
            ByMineral.share,
            ByMineral.hhi_purchases,
            ByMineral.years_at_limit,
            ByMineral.short_by_limits,
        ),
        money=(ByMineral.landed, ByMineral.paid),
        never=(
            ByMineral.dependent,
            ByMineral.dependent_country,
            ByMineral.dependent_share,
            ByMineral.alike,
            ByMineral.wholly_dependent,
            ByMineral.bound_on_members,
            ByMineral.limits_kept,
            ByMineral.extra,
            ByMineral.shortage_by_limits,
        ),
        goes=tuple(f for f in ByMineral.FIELDS if f not in _TOTALS),
        read=(ByMineral.mineral,),
    ),
    Account(
        Members,
        own=(
            Members.need,
            Members.paid_a_year,
            Members.levies,
            Members.support,
            Members.extra,
            Members.extra_shortage,
            Members.short,
            Members.short_of_it,
            Members.depends_share,
            Members.dependent,
            Members.paid,
            Members.dearer,
            Members.paid_short,
        ),
        never=(Members.against_coalition, Members.floors, Members.floors_of),
    ),
    Account(
        Flows,
        own=(
            Flows.tonnes,
            Flows.cost,
            Flows.tariff,
            Flows.freight,
            Flows.support,
            Flows.levy,
            Flows.landed,
            Flows.total,
        ),
        sums=(Flows.tonnes,),
        tells_one=True,
        known=(Flows.tonnes,),
        by=("year", "refiner", "project"),
        read=(Flows.total,),
    ),
    Account(
        Shortages,
        own=(Shortages.demand, Shortages.short, Shortages.share),
        goes=(Shortages.cause,),
        sums=(Shortages.demand, Shortages.short),
    ),
    Account(
        CountryShares,
        implied=(
            CountryShares.tonnes,
            CountryShares.of_demand,
            CountryShares.of_purchases,
            CountryShares.limit,
            CountryShares.headroom,
            CountryShares.over,
        ),
    ),
    Account(
        ShareLimits,
        own=(ShareLimits.row, ShareLimits.limit),
        implied=(
            ShareLimits.share,
            ShareLimits.shadow_price,
            ShareLimits.tonnes,
            ShareLimits.base,
            ShareLimits.room,
            ShareLimits.excess,
        ),
        goes=(ShareLimits.binding, ShareLimits.shadow_price),
    ),
    Account(
        Refiners,
        own=(Refiners.capacity, Refiners.nameplate),
        implied=(Refiners.tonnes, Refiners.utilization, Refiners.rent, Refiners.gap),
        goes=(Refiners.tonnes, Refiners.utilization, Refiners.rent, Refiners.gap),
    ),
    Account(
        Prices,
        own=(Prices.landed, *_NEED),
        implied=(Prices.marginal,),
        goes=(Prices.marginal,),
        sums=_NEED,
        tells_one=True,
        known=_NEED,
    ),
    Account(
        Contracts,
        own=(
            Contracts.min,
            Contracts.minimum,
            Contracts.maximum,
            Contracts.taken,
            Contracts.untaken,
            Contracts.price,
            Contracts.paid,
            Contracts.row,
        ),
        implied=(Contracts.worth,),
        goes=(Contracts.worth,),
        known=(Contracts.untaken,),
    ),
    Account(
        Stocks,
        own=(*_STOCK, Stocks.days),
        implied=_STOCK_PRICES,
        goes=_STOCK_PRICES,
        sums=tuple(f for f in _STOCK if f not in {Stocks.target, Stocks.shortfall}),
        known=_STOCK,
    ),
    Account(
        Projects,
        own=(
            Projects.started,
            Projects.running,
            Projects.capacity,
            Projects.capex,
            Projects.spent_in,
            Projects.charge,
        ),
        implied=(Projects.tonnes, Projects.rent),
        goes=(Projects.tonnes, Projects.rent),
    ),
    Account(Tiers, own=(*_TIERS, Tiers.share, Tiers.cost), known=_TIERS, by=("year", "tier")),
    Account(
        Changes,
        own=(Changes.today, Changes.planned, Changes.change),
        known=(Changes.today,),
        by=("refiner",),
    ),
    Account(
        Ore,
        own=(Ore.premium, Ore.freight, Ore.mine_capacity),
        implied=(Ore.tonnes, Ore.rent),
        goes=None,
    ),
    Account(
        Scorecard,
        own=(Scorecard.required,),
        implied=(Scorecard.before, Scorecard.after_first, Scorecard.after_last),
        goes=None,
    ),
    Account(Summary, read=(Summary.measure, Summary.value, Summary.remark)),
    Account(Checks, read=(Checks.check, Checks.sheet, Checks.what)),
    Account(Glossary),
)
"""By sheet; any other sheet is left out. Totals are in the sheets without members and in the rows
of the coalition. Shadow prices, and causes in words, go with the totals: they say which capacity
or limit is reached, and that is a total. Who depends most on a country, and how many do, is said of
all members at once: it would bound the shares of each one taken out. So would what a member pays
against the average of all, what the limits cost, sums of targets, which may be days of demand,
and what they pay together in a year."""


def account_of(sheet: str) -> Account | None:
    """Return the account of a sheet, or of the table that it is a further sheet of."""
    part = PART.fullmatch(sheet)
    names = {sheet, part[1] if part else sheet}
    return next((account for account in _ACCOUNTS if account.of.TABLE in names), None)


@dataclass(frozen=True)
class AccountRow:
    """A row: its cells by field, their looks where a column mixes several."""

    cells: Mapping[str, Cell]
    looks: Mapping[str, Look] = field(default_factory=dict)
    is_section: bool = False

    def having(self, **cells: Cell) -> AccountRow:
        return replace(self, cells={**self.cells, **cells})


@dataclass(frozen=True)
class AccountSheet:
    """A sheet of a plan: the table that it was written from, and the field of each column."""

    table: Table
    account: Account
    fields: Mapping[str, Field]

    @property
    def is_whole(self) -> bool:
        """Whether the sheet has the columns that are read of it, and no header twice."""
        headers = self.table.headers
        folded = {fold(header) for header in headers}
        return len(folded) == len(headers) and self.account.needed <= self.fields.keys()

    @cached_property
    def whose(self) -> str:
        """The field that says whose a row is, "" where none does."""
        grain, kinds = self.account.of.GRAIN, {Name.MEMBER, Name.BUYER}
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
        """Yield the cells of some columns, the first of which is a text; none where one lacks."""
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
    "0.0%": Look.SHARE,
    "0": Look.YEAR,
    "#,##0": Look.COUNT,
    "#,##0.0": Look.MILLIONS,
    "#,##0.00": Look.SECONDS,
    "[=0]0;[>=0.01]#,##0.00;0.0E+00": Look.TINY,
}
"""The look of a number by its format; any other is one of tonnes or of prices, told alike."""
_ROOM = re.compile(r"_.")
"""Room that a format leaves beside a number."""


def sheet_of(grid: Grid, shown: CellFormats) -> AccountSheet | None:
    """Return a sheet as a table whose header is the first row; None where it has no account."""
    account = account_of(grid.title)
    if account is None or grid.header_row != 1:
        return None
    places = sorted(grid.header)
    headers = [str(grid.header[place]) for place in places]
    names = {at: name for name, at in account.of.positions(headers).items()}
    declared = {f.name: f for f in account.of.FIELDS}
    spread = next((f for f in account.of.FIELDS if f.spread), Field.text(""))
    fields = {  # a column of nobody's gets a name that is no field's
        names.get(i, f"?{i}"): declared.get(names.get(i, ""), spread.like(header=header))
        for i, header in enumerate(headers)
    }
    of_columns = zip(headers, fields.values(), places, strict=True)
    columns = tuple(_column(grid, shown, *of) for of in of_columns)
    unprinted = (i for i, f in enumerate(fields.values()) if not f.printed)
    pale = PALE.lstrip("#").upper()
    table = Table(
        grid.title,
        columns,
        frozenset(i for i, row in enumerate(grid.rows) if shown.fills.get(row, "").upper() == pale),
        printed=next(unprinted, None),
    )
    return AccountSheet(table, account, fields)


def _column(grid: Grid, shown: CellFormats, header: str, of: Field, place: int) -> TableColumn:
    """Return a column with the look of its field, or with a look each cell where it mixes some."""
    values = [_cell(value) for value in grid.values(place)]
    number = Look.TONNES if of.look.is_text else of.look
    looks = [
        of.look if value is None or isinstance(value, str)
        else _LOOKS.get(_ROOM.sub("", shown.formats.get((row, place), "")), number)
        for row, value in zip(grid.rows, values, strict=True)
    ]  # fmt: skip
    is_long = bool(grid.rows) and grid.rows[-1] > MOST_ROWS
    is_mixed = not is_long and set(looks) - {of.look}
    kept = looks if is_mixed else None
    return TableColumn(header, of.look, values, kept, of.meaning, of.colour, of.widest)


def _cell(value: object) -> Cell:
    if isinstance(value, Fault):
        return value.text
    return value if value is None or isinstance(value, str | int | float) else str(value)
