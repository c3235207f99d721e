"""What differs between two plans: figures, inputs, minerals, members, flows, prices."""

from __future__ import annotations

from models.results.common import (
    CHANGE,
    DEMAND,
    LANDED,
    MEMBER,
    MINERAL,
    PURCHASES,
    SHEET,
    SHORT,
    UNIT,
    YEAR,
)
from models.results.field import Field, Look, Result, field
from models.results.members import WhoPays
from models.results.overall import ByMineral, Summary
from models.results.supply import Flows, Prices

BOOK = "difference"

_OLD = field.text("Old")
_NEW = field.text("New")
_CHANGE = CHANGE.like(look=Look.TEXT)
_PART = field.share(
    "Change (%)", "The change over the old figure; blank where that is 0 or a share."
)


class Difference(Result):
    """The figures of both Summaries side by side, and what was compared."""

    TABLE, BOOK, FILTERED = "Difference", BOOK, False

    measure = Summary.measure
    old = _OLD.like(look=Look.LONG)
    new = _NEW.like(look=Look.LONG)
    change = _CHANGE.like(
        look=Look.LONG,
        meaning="New less old, of shares in percentage points; of words whether they differ. Blank:"
        " not to be compared, the remark says why.",
    )
    part = _PART
    unit = UNIT
    remark = Summary.remark


class InputChanges(Result):
    """Every input that differs, and where it stands in each workbook."""

    TABLE, BOOK = "Inputs", BOOK

    sheet = SHEET
    what = field(
        "Input",
        Look.LONG,
        "The row by what it is of, then the column, with the years in which it differs.",
    )
    old = _OLD.like(meaning="Blank: no such row, or nothing in the cell.")
    new = _NEW.like(meaning="removed: the new workbook has no such row.")
    old_cell = field.text("Cell in old workbook")
    new_cell = field.text("Cell in new workbook")


class MineralChanges(Result):
    """One row a mineral and figure, the figures of a mineral under one another."""

    TABLE, BOOK, GRAIN = "By mineral", BOOK, ("mineral", "figure")

    mineral = MINERAL
    figure = field.text(
        "Figure",
        "Amounts are sums over the years that both plans have; the largest country share is that of"
        " any of these years.",
    )
    old = _OLD
    new = _NEW
    change = _CHANGE.like(
        meaning="New less old, of shares in percentage points. Blank: not comparable."
    )
    part = _PART
    unit = UNIT


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

    member = MEMBER
    mineral = MINERAL
    purchased_old, purchased_new, purchased_change = _triple(
        PURCHASES.header, Look.TONNES, PURCHASES.unit
    )
    short_old, short_new, short_change = _triple(SHORT.header, Look.TONNES, SHORT.unit)
    paid_old, paid_new, paid_change = _triple("Paid", Look.MONEY, "{money}")
    landed_old, landed_new, landed_change = _triple(
        Flows.landed.header, Look.PRICE, "{money} per t", printed=False
    )
    unit = UNIT.like(printed=False)


class WhoPaysMore(Result):
    """One row a member: cash, landed cost like for like, and shortage at its cost, in both plans.

    Of the years that both plans have; shortage at its cost where they plan the same years.
    """

    TABLE, BOOK, GRAIN = "Who pays", BOOK, ("member",)

    member = MEMBER
    paid_old, paid_new, paid_change = _triple("Paid", Look.MONEY, "{money}")
    extra = field.money(
        "Extra cash like for like",
        "What the new plan's purchases cost more than the same tonnes cost in the old plan, at the"
        " member's own landed cost there of each mineral and year (where it buys none there, at the"
        " coalition's). Below 0: it pays less. Minerals that are counted in other units are left"
        " out.",
    )
    dearer = WhoPays.dearer.like(
        meaning="Extra cash over what the same tonnes cost in the old plan.",
    )
    shortage_old, shortage_new, shortage_change = _triple(
        "Shortage at its cost", Look.MONEY, "{money}"
    )


class Moves(Result):
    """The flows that moved most, over the years that both plans have."""

    TABLE, BOOK, GRAIN = "Moves", BOOK, ("mineral", "seller", "buyer")

    mineral = MINERAL
    seller = field.text(
        "From",
        "The ten largest changes of each mineral are listed; a row below them counts the others. A"
        " mineral that costs and lacks the same in each year is named in the last row: its flows"
        " differ by a choice among equally cheap ones.",
        key="from",
    )
    buyer = field.text("To", key="to")
    old = _OLD.like(
        look=Look.TONNES, meaning="Over the years that both plans have.", unit="t", key="old_t"
    )
    new = _NEW.like(
        look=Look.TONNES, meaning="Over the years that both plans have.", unit="t", key="new_t"
    )
    change = CHANGE.like(meaning="New less old.", unit="t", key="change_t")
    unit = UNIT


class PriceChanges(Result):
    """The prices that differ, a row a year, mineral and member."""

    TABLE, BOOK, GRAIN = "Prices", BOOK, ("year", "mineral", "member")

    year = YEAR
    mineral = MINERAL
    member = MEMBER
    marginal_old, marginal_new, marginal_change = _triple(
        Prices.marginal.header, Look.PRICE, "{money} per t"
    )
    landed_old, landed_new, landed_change = _triple(
        Flows.landed.header, Look.PRICE, "{money} per t"
    )
    unit = UNIT


FIGURES = {
    "demand": DEMAND.header,
    "purchased": PURCHASES.header,
    "short": SHORT.header,
    "paid": "Paid for purchases",
    "landed": LANDED.header,
    "share": "Largest country share",
    "country": ByMineral.country.header,
}
"""What is compared of a mineral."""
