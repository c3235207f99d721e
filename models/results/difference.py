"""What differs between two plans: figures, inputs, minerals, members, flows, prices."""

from __future__ import annotations

from models.results import common, members, overall, supply
from models.results.field import Field, Look, Result, field

BOOK = "difference"

_OLD = field.text("Old")
_NEW = field.text("New")
_CHANGE = common.CHANGE.like(look=Look.TEXT)
_PART = field.share(
    "Change (%)", "The change over the old figure; blank where that is 0 or a share."
)


class Difference(Result):
    """The figures of both Summaries side by side, and what was compared."""

    TABLE, BOOK, FILTERED = "Difference", BOOK, False

    measure = overall.Summary.measure
    old = _OLD.like(look=Look.LONG)
    new = _NEW.like(look=Look.LONG)
    change = _CHANGE.like(
        look=Look.LONG,
        meaning="New less old; for shares in percentage points, for words whether they differ."
        " Blank: the two can't be compared, and the remark says why.",
    )
    part = _PART
    unit = common.UNIT
    remark = overall.Summary.remark


class InputChanges(Result):
    """Every input that differs, and its cell in each workbook."""

    TABLE, BOOK = "Inputs", BOOK

    sheet = common.SHEET
    what = field(
        "Input",
        Look.LONG,
        "The names of the row, then the column, with the years in which it differs.",
    )
    old = _OLD.like(meaning="Blank: there is no such row, or its cell is empty.")
    new = _NEW.like(meaning="removed: the new workbook has no such row.")
    old_cell = field.text("Cell in old workbook")
    new_cell = field.text("Cell in new workbook")


class MineralChanges(Result):
    """One row a mineral and figure, the figures of a mineral under one another."""

    TABLE, BOOK, GRAIN = "By mineral", BOOK, ("mineral", "figure")

    mineral = common.MINERAL
    figure = field.text(
        "Figure",
        "Amounts are sums over the years that both plans have; the largest country share is the"
        " largest in any of these years.",
    )
    old = _OLD
    new = _NEW
    change = _CHANGE.like(
        meaning="New less old; for shares in percentage points. Blank: the two can't be compared."
    )
    part = _PART
    unit = common.UNIT


def _triple(
    header: str, look: Look, unit: str, *, printed: bool = True
) -> tuple[Field, Field, Field]:
    """Declare the old and the new value of a column and its change."""
    old, new, change = (
        field(f"{header}, {word}", look, unit=unit, printed=printed)
        for word in ("old", "new", "change")
    )
    return old, new, change


class MemberChanges(Result):
    """One row a member and mineral: what it buys, is short of and pays."""

    TABLE, BOOK, GRAIN = "By member", BOOK, ("member", "mineral")

    member = common.MEMBER
    mineral = common.MINERAL
    purchased_old, purchased_new, purchased_change = _triple(
        common.PURCHASES.header, Look.TONNES, common.PURCHASES.unit
    )
    short_old, short_new, short_change = _triple(
        common.SHORT.header, Look.TONNES, common.SHORT.unit
    )
    paid_old, paid_new, paid_change = _triple("Paid", Look.MONEY, "{money}")
    landed_old, landed_new, landed_change = _triple(
        supply.Flows.landed.header, Look.PRICE, "{money} per t", printed=False
    )
    unit = common.UNIT.like(printed=False)


class WhoPaysMore(Result):
    """One row a member: cash, landed cost like for like, and shortage at its cost, in both plans.

    Of the years that both plans have; shortage at its cost where they plan the same years.
    """

    TABLE, BOOK, GRAIN = "Who pays", BOOK, ("member",)

    member = common.MEMBER
    paid_old, paid_new, paid_change = _triple("Paid", Look.MONEY, "{money}")
    extra = field.money(
        "Extra cash like for like",
        "What the new plan's purchases cost, less what the same tonnes cost in the old plan: at"
        " the member's own landed cost there of each mineral and year, or at the coalition's"
        " where it buys none there. Below 0: it pays less. Minerals counted in other units are"
        " left out.",
    )
    dearer = members.WhoPays.dearer.like(
        meaning="Extra cash over what the same tonnes cost in the old plan.",
    )
    shortage_old, shortage_new, shortage_change = _triple(
        "Shortage at its cost", Look.MONEY, "{money}"
    )


class Moves(Result):
    """The flows that moved most, over the years that both plans have."""

    TABLE, BOOK, GRAIN = "Moves", BOOK, ("mineral", "seller", "buyer")

    mineral = common.MINERAL
    seller = field.text(
        "From",
        "The ten largest changes of each mineral are listed; a row below them counts the others."
        " The last row names minerals with the same cost and the same shortage in each year:"
        " their flows differ only by a choice among equally cheap ones.",
        key="from",
    )
    buyer = field.text("To", key="to")
    old = _OLD.like(
        look=Look.TONNES, meaning="Over the years that both plans have.", unit="t", key="old_t"
    )
    new = _NEW.like(
        look=Look.TONNES, meaning="Over the years that both plans have.", unit="t", key="new_t"
    )
    change = common.CHANGE.like(meaning="New less old.", unit="t", key="change_t")
    unit = common.UNIT


class PriceChanges(Result):
    """The prices that differ, a row a year, mineral and member."""

    TABLE, BOOK, GRAIN = "Prices", BOOK, ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    marginal_old, marginal_new, marginal_change = _triple(
        supply.Prices.marginal.header, Look.PRICE, "{money} per t"
    )
    landed_old, landed_new, landed_change = _triple(
        supply.Flows.landed.header, Look.PRICE, "{money} per t"
    )
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
"""What is compared of a mineral."""
