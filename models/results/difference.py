"""The tables of two plans' differences: figures, inputs, minerals, members, flows, prices."""

from __future__ import annotations

from models.results import common, members, overall, supply
from models.results.field import Field, Format, Result, field

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


class MineralChanges(Result):
    """One row for each mineral and figure, grouped by mineral."""

    TABLE, BOOK, GRAIN = "By mineral", BOOK, ("mineral", "figure")

    mineral = common.MINERAL
    figure = field.text(
        "Figure",
        "Amounts are sums over the years that both plans have. The largest country"
        " share is the largest in any of these years.",
    )
    old = _OLD
    new = _NEW
    change = _CHANGE.like(
        "New minus old; for shares in percentage points. Blank: the two can't be compared."
    )
    part = _PART
    unit = common.UNIT


_PAID = members.PAID.like(fmt=Format.MONEY, unit="{money}")
_LANDED = supply.Flows.landed.like(unit="{money} per t")


def _triple(field: Field, *, printed: bool = True) -> tuple[Field, Field, Field]:
    """Declare the fields of a column's old value, new value and change."""
    plain = Field("", field.fmt, unit=field.unit, printed=printed)
    old, new, change = (plain.like(header=f"{field.header}, {w}") for w in ("old", "new", "change"))
    return old, new, change


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


FIGURES = {
    "demand": common.DEMAND.header,
    "purchased": common.PURCHASES.header,
    "short": common.SHORT.header,
    "paid": "Paid for purchases",
    "landed": common.LANDED.header,
    "share": "Largest country share",
    "country": overall.ByMineral.country.header,
}
"""The figures of a mineral that are compared."""
