"""Differences of two tables, row by row, and the sheets that show those of two plans."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from models import measures, tolerances
from models.results import common, members, overall, supply
from models.results.field import Field, Format, Result, field

if TYPE_CHECKING:
    import pandas as pd

    Columns = Mapping[Any, Any] | pd.DataFrame
    """A table by column, such as ``Result.data``; all columns have the same length."""


BOOK = "difference"

_OLD = field.text("Old")
_NEW = field.text("New")
_CHANGE = common.CHANGE.like(fmt=Format.TEXT)
_PART = field.share(
    "Change (%)", "The change divided by the old figure; blank if that is 0 or a share."
)


class Difference(Result):
    """The figures of both Summary sheets side by side."""

    TABLE, BOOK, FILTERED = "Difference", BOOK, False

    measure = overall.Summary.measure
    old = _OLD.like(fmt=Format.LONG)
    new = _NEW.like(fmt=Format.LONG)
    change = _CHANGE.like(
        fmt=Format.LONG,
        meaning="New minus old; for shares in percentage points; for text, whether the two"
        " differ. Blank: the two can't be compared, and the remark says why.",
    )
    part = _PART
    unit = common.UNIT
    remark = overall.Summary.remark


class InputChanges(Result):
    """Every input that differs, with its cell in each workbook."""

    TABLE, BOOK = "Inputs", BOOK

    sheet = common.SHEET
    what = field(
        "Input",
        Format.LONG,
        "The names in the row, then the column, with the years that differ.",
    )
    old = _OLD.like("Blank: the old workbook has no such row, or its cell is empty.")
    new = _NEW.like("removed: the new workbook has no such row.")
    old_cell = field.text("Cell in old workbook")
    new_cell = field.text("Cell in new workbook")


_PAID = members.PAID.like(fmt=Format.MONEY, unit="{money}")
_LANDED = supply.Flows.landed.like(unit="{money} per t")


def _triple(field: Field, *, printed: bool = True) -> tuple[Field, Field, Field]:
    """Declare the fields of a column's old value, new value and change."""
    plain = Field("", field.fmt, unit=field.unit, printed=printed)
    old, new, change = (plain.like(header=f"{field.header}, {w}") for w in ("old", "new", "change"))
    return old, new, change


class MineralChanges(Result):
    """One row for each mineral.

    Amounts are sums over the years that both plans have; the largest country share is the largest
    in any of these years.
    """

    TABLE, BOOK, GRAIN = "By mineral", BOOK, ("mineral",)

    mineral = common.MINERAL
    demand_old, demand_new, demand_change = _triple(common.DEMAND)
    purchased_old, purchased_new, purchased_change = _triple(common.PURCHASES)
    short_old, short_new, short_change = _triple(common.SHORT)
    paid_old, paid_new, paid_change = _triple(_PAID)
    landed_old, landed_new, landed_change = _triple(_LANDED)
    share_old, share_new, share_change = _triple(field.share("Largest country share"))
    country_old = overall.ByMineral.country.like(header=f"{overall.ByMineral.country.header}, old")
    country_new = overall.ByMineral.country.like(header=f"{overall.ByMineral.country.header}, new")
    unit = common.UNIT


class MemberChanges(Result):
    """One row for each member and mineral: purchases, shortage and payments."""

    TABLE, BOOK, GRAIN = "By member", BOOK, ("member", "mineral")

    member = common.MEMBER
    mineral = common.MINERAL
    purchased_old, purchased_new, purchased_change = _triple(common.PURCHASES)
    short_old, short_new, short_change = _triple(common.SHORT)
    paid_old, paid_new, paid_change = _triple(_PAID)
    landed_old, landed_new, landed_change = _triple(_LANDED, printed=False)
    unit = common.UNIT.like(printed=False)


class WhoPaysMore(Result):
    """One row for each member: payments, extra cash for the same tonnes, and shortage cost.

    The figures are for the years that both plans have. Shortage costs are shown if both plans have
    the same years.
    """

    TABLE, BOOK, GRAIN = "Who pays", BOOK, ("member",)

    member = common.MEMBER
    paid_old, paid_new, paid_change = _triple(_PAID)
    extra = field.money(
        common.EXTRA_COST.header,
        f"{common.EXTRA_COST.meaning} The reference is the old plan. Minerals counted in different"
        " units are left out.",
    )
    dearer = members.WhoPays.dearer.like(
        "That extra cost divided by the cost of the same tonnes in the old plan.",
    )
    shortage_old, shortage_new, shortage_change = _triple(field.money("Shortage at its cost"))


class Moves(Result):
    """The purchases that changed most, over the years that both plans have."""

    TABLE, BOOK, GRAIN = "Moves", BOOK, ("mineral", "seller", "buyer")

    mineral = common.MINERAL
    seller = common.FROM.like(
        "The ten largest changes of each mineral are listed; a row below them counts the others."
        " The last row names minerals whose cost and shortage are the same in each year: both"
        " plans are equally cheap, and only the choice of suppliers differs.",
        key="from",
    )
    buyer = field.text("To", key="to")
    old = _OLD.like(
        fmt=Format.TONNES,
        meaning="Tonnes in the years that both plans have.",
        unit="t",
        key="old_t",
    )
    new = _NEW.like(
        fmt=Format.TONNES,
        meaning="Tonnes in the years that both plans have.",
        unit="t",
        key="new_t",
    )
    change = common.CHANGE.like("New minus old.", unit="t", key="change_t")
    unit = common.UNIT


class PriceChanges(Result):
    """The prices that differ, one row for each year, mineral and member."""

    TABLE, BOOK, GRAIN = "Prices", BOOK, ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    marginal_old, marginal_new, marginal_change = _triple(
        supply.Prices.marginal.like(unit="{money} per t")
    )
    landed_old, landed_new, landed_change = _triple(_LANDED)
    unit = common.UNIT


T = TypeVar("T")
Pair = tuple[int | None, int | None]
"""Positions of a row in the tables before and after; None: the table has no such row."""
SIDES = ("old", "new", "change")


# ---- what differs between two tables, row by row -------------------------------------------------


@dataclass(frozen=True)
class TableChange:
    """A cell that differs, or a row that only one of two tables has.

    ``row`` and ``row_after`` are positions of the row in the table before and after (None: it has
    no such row); ``column`` is None for a row.
    """

    row: int | None
    row_after: int | None
    column: Hashable | None = None
    before: object = None
    after: object = None


def paired_rows(
    before: Sequence[T],
    after: Sequence[T],
    keys: Iterable[Callable[[T], Hashable]] = (lambda row: row,),
    *,
    in_order: bool = False,
) -> list[Pair]:
    """Match the rows of two tables by one key after another; of equal keys, the n-th are matched.

    ``keys`` are functions of a row; each matches what those before it left. With ``in_order``, rows
    that are left in the end are matched in their order if there are as many in both tables: their
    keys were changed. The matched rows come first, in the order of ``before``.
    """
    if before == after:
        return [(i, i) for i in range(len(before))]
    pairs, gone, left = list[Pair](), [*range(len(before))], [*range(len(after))]
    for key in keys:
        places: dict[Hashable, list[int]] = defaultdict(list)
        for place in reversed(left):
            places[key(after[place])].append(place)
        rows, gone = gone, []
        for row in rows:
            if found := places.get(key(before[row])):
                pairs.append((row, found.pop()))
            else:
                gone.append(row)
        left = sorted(place for others in places.values() for place in others)
        if not gone:
            break
    if in_order and len(gone) == len(left):
        pairs += zip(gone, left, strict=True)
        gone, left = [], []
    pairs.sort()
    return [*pairs, *((row, None) for row in gone), *((None, place) for place in left)]


@dataclass(frozen=True)
class TableDifference:
    """The difference of two tables: ``rows`` has amounts side by side, ``cells`` what differs.

    Rows are matched by the columns ``grain`` (``paired_rows``, with ``in_order``); the columns
    ``amounts`` are compared.
    """

    before: Columns
    after: Columns
    grain: Sequence[Hashable]
    amounts: Sequence[Hashable]
    in_order: bool = False

    @cached_property
    def _keys(self) -> tuple[list[tuple[Any, ...]], ...]:
        sides = ([_as_list(side[c]) for c in self.grain] for side in (self.before, self.after))
        return tuple([*zip(*columns, strict=True)] for columns in sides)

    @cached_property
    def pairs(self) -> list[Pair]:
        """The matched rows, then those of only one table."""
        return paired_rows(self._keys[0], self._keys[1], in_order=self.in_order)

    def cells(
        self, is_same: Callable[[Hashable, int, Any, Any], bool] = lambda *_: False
    ) -> Iterator[TableChange]:
        """Yield each row that only one table has, then each cell that differs, column by column.

        ``is_same`` tells whether two cells that aren't equal count as the same, such as numbers
        that differ by rounding: a function of column, position of the row before, and both cells.
        """
        both = list[tuple[int, int]]()
        for row, row_after in self.pairs:
            if row is None or row_after is None:
                yield TableChange(row, row_after)
            else:
                both.append((row, row_after))
        in_place = all(row == row_after for row, row_after in both)
        for column in self.amounts:
            old, new = _as_list(self.before[column]), _as_list(self.after[column])
            if in_place and old == new:
                continue
            for row, row_after in both:
                was, now = old[row], new[row_after]
                if was != now and not is_same(column, row, was, now):
                    yield TableChange(row, row_after, column, was, now)

    def rows(
        self, absent: Mapping[Any, float], noise: float = tolerances.SAME_COST
    ) -> list[dict[str, Any]]:
        """Return the rows of either table, sorted by key, with each amount old, new and changed.

        The columns of an amount are ``<amount>_old``, ``_new`` and ``_change``, or ``old``, ``new``
        and ``change`` if it has no name. The change is 0 if it is at most ``noise`` x the larger
        amount, None if one is blank. ``absent`` has the amounts of a row that a table doesn't have.
        """
        names = {a: [f"{a}_{side}" if a else side for side in SIDES] for a in self.amounts}
        old, new = ({a: _as_list(t[a]) for a in self.amounts} for t in (self.before, self.after))
        (keys_before, keys_after), rows = self._keys, list[dict[str, Any]]()
        keyed = ((keys_after[j or 0] if i is None else keys_before[i], i, j) for i, j in self.pairs)
        for key, row, row_after in sorted(keyed, key=lambda each: each[0]):
            cells = dict(zip(map(str, self.grain), key, strict=True))
            for amount, columns in names.items():
                was = absent.get(amount) if row is None else _as_float(old[amount][row])
                now = absent.get(amount) if row_after is None else _as_float(new[amount][row_after])
                cells |= zip(columns, (was, now, measures.net_change(now, was, noise)), strict=True)
            rows.append(cells)
        return rows


def _as_list(column: Any) -> Any:
    return column.tolist() if hasattr(column, "tolist") else column


def _as_float(cell: Any) -> float | None:
    return None if cell is None or math.isnan(cell) else float(cell)
