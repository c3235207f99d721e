"""Fields that several results share, and the words that fill placeholders in headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from models.case import Case
from models.results.field import Field, Format, Name, Result, field
from models.schema import CellKind, Column, Record

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan

UNDISCOUNTED = "Undiscounted."
IN_CASH = f"Included in the cash cost; members' own treasuries receive it. {UNDISCOUNTED}"
LESS_TARIFFS = f"Cash cost minus tariffs. {UNDISCOUNTED}"

YEAR = field(
    "Year",
    Format.YEAR,
    "The year of the plan. Only stocks, projects and growth link one year to the next.",
)
MINERAL = field.text("Mineral", "The mineral, as named in the sheet Minerals.", names=Name.MINERAL)
MEMBER = field.text("Member", "The member that buys.", names=Name.MEMBER)
BUYER = field.text(
    "Buyer", "The coalition as a whole, a group of members, or one member.", names=Name.BUYER
)
REFINER = field.text(
    "Refiner", "The refiner, as named in the sheets Refiners and Projects.", names=Name.REFINER
)
PROJECT = field.text(
    "Project", "The project, if the plant is one; blank for existing refiners.", names=Name.PROJECT
)
COUNTRY = field.country("Country", "Country of the refiner.")
OWNER = field.country(
    "Owner country",
    "Country of the refiner's owner, or of the refiner itself if no owner is given.",
)
COMPANY = field.text("Owner", "The company that owns the refiner or project.", printed=False)
KIND = field.text("Kind", "primary: from ore; recycled: from scrap.")
PLANT = field.text("Plant", "A refiner or a project.")
CONTRACT = field.text(
    "Contract",
    "Contract under which the tonnes are bought; blank if they are bought spot.",
    names=Name.CONTRACT,
)
LIMIT_KIND = field.text("Limit kind", "max: at most this share. min: at least this share.")
MEASURE = field("Measure", Format.LONG)
VALUE = field("Value", Format.LONG)
WHAT = field("What", Format.LONG)
ACCEPTED = field("Accepted up to", Format.TINY)
REMARK = field("Remark", Format.LONG)
MEANING = field("Meaning", Format.LONG)
SHEET = field.text("Sheet")
COLUMN = field.text("Column")
CHANGE = field("Change", Format.TONNES)
MAX = field("Max", Format.TONNES)
UNIT = field.text(
    "Unit", "The substance that a tonne of this mineral counts, such as t Li content."
)
NOTE = field("Note", Format.REMARK, "The note of the row in the input workbook.", printed=False)
SOURCE = field(
    "Source", Format.REMARK, "The source of the row in the input workbook.", printed=False
)
ROW = field.count(
    "Row in input", "Row in the sheet of the same name in the input workbook.", key="row"
)

TONNES = field("Tonnes", Format.TONNES, "Tonnes in that year, as the column Unit defines them.")
DEMAND = field.tonnes("Demand", "Tonnes needed over the years of the row.")
PURCHASES = field.tonnes("Purchases", "Tonnes bought, including those for stock.")
SHORT = field.tonnes("Short", "Demand that is neither bought nor drawn from stock.")
FROM = field.text("From", "Who delivers.")
MARGINAL_PRICE = field.price("Marginal price", "What one more tonne costs.")
MISSING = "Missing"
"""The header for missing tonnes, and for the missing share of need."""
SHARE_SHORT = field.share("Share short", "Shortage divided by demand.")

# ---- a plan's numbers by mineral: one header and one base each, the same in every table ---------

NEED = field.tonnes("Need", "What members need over the years of the row.")
MISSING_TONNES = field.tonnes("Missing", "The part of the need that is not met.")
MISSING_SHARE = field.share(
    "Missing (share)", "Missing tonnes / need of the same years. Blank: nothing is needed."
)
FURTHER_MISSING = field.tonnes(
    "Further missing", "Missing tonnes minus the tonnes missing in the reference."
)
FURTHER_MISSING_SHARE = field.share(
    "Further missing (share)",
    "Missing tonnes minus the tonnes missing in the reference, as a share of need.",
)
MISSING_BECAUSE_OF_LIMITS = field.tonnes(
    "Missing because of limits",
    "Missing tonnes minus the tonnes missing without share limits. Below 0: the limits move supply"
    " to this mineral.",
)
MISSING_WITHOUT_LIMITS = field.tonnes(
    "Missing without share limits", "Tonnes missing in the plan without share limits."
)
MISSING_WITHOUT_LIMITS_SHARE = field.share(
    "Missing without share limits (share)", "The same tonnes / need. Blank: nothing is needed."
)
HOW_COMPARED = (
    "For each member and year, with n the smaller of the tonnes bought here and in the reference:"
    " the cost of the n cheapest tonnes here minus that of the n cheapest there. The plants that"
    " make one product are one buyer. Below 0: another member buys the dear tonnes."
)
EXTRA_COST = field.money("Extra cost of the same tonnes", f"{HOW_COMPARED} {UNDISCOUNTED}")
EXTRA_COST_PER_T = EXTRA_COST.like(
    "That extra cost, divided by the tonnes compared.", fmt=Format.PRICE, unit="{money}/t"
)
EXTRA_COST_SHARE = field.share(
    "Extra cost of the same tonnes (share)",
    "That extra cost, as a share of the cost of these tonnes in the reference.",
)
COST_OF_SAME_TONNES = field.money(
    "Cost of the same tonnes in the reference",
    f"The cost of the tonnes compared, where they are cheapest in the reference. {UNDISCOUNTED}",
)
TONNES_COMPARED = field.share(
    "Tonnes compared (share)",
    "The tonnes whose cost is compared, as a share of all that the reference buys. Below half, the"
    " extra cost says little, and no sentence names it.",
)
SUPPLIER = field.country(
    "Largest supplier in {last}",
    "The country outside the coalition that sells most to members and plants in the last year."
    " Rest of world is many countries, so it does not count. Blank: no country sells.",
)
SUPPLIER_SHARE = field.share(
    "Its share of purchases in {last}",
    "That country's tonnes / all tonnes that members and plants buy in that year.",
)
SUPPLIER_OF_DEMAND = field.share(
    "Its share of demand in {last}",
    "That country's tonnes / the base of the coalition's limits: demand, with the inputs that"
    " plants take and that unmet demand would have taken.",
)
LANDED = field.price(
    "Average landed cost",
    f"Cost or price, tariff and freight, divided by tonnes bought. {UNDISCOUNTED}",
)
SHORT_PRICE = (
    "If a member has a shortage, the price is the shortage cost, raised or lowered by binding"
    " limits and by the fair shortage weight; planner explain shows each part."
)
"""The meaning of a marginal price if there is a shortage."""
FREIGHT = field.price("Freight", "Freight from the refiner's country to the member.")
LIMIT = field.share("Limit", "The allowed share: the largest for a max, the smallest for a min.")
CAPACITY = field("Capacity", Format.TONNES, unit="t/yr")
RENT = field.price(
    "Scarcity rent",
    "Saving of the coalition from one more tonne of capacity in that year; 0 if"
    " capacity is left unused.",
)


def words_of(case: Case) -> dict[str, str]:
    """Return the words that fill placeholders in the headers of a case's results."""
    years, settings = case.years, case.settings
    return {
        "money": settings.currency,
        "basis": settings.share_basis,
        "discounted": "discounted" if settings.discount_rate > 0 else "undiscounted",
        "first": str(years[0]) if years else "the first year",
        "last": str(years[-1]) if years else "the last year",
    }


def units_of(case: Case) -> dict[str, str]:
    """Return the unit of each mineral's tonnes, such as ``t LCE``; ``t`` if it has none."""
    return {m.name: m.unit or "t" for m in case.minerals}


_FORMAT_OF_UNIT = {
    "t": Format.TONNES,
    "t/yr": Format.TONNES,
    "USD/t": Format.PRICE,
    "USD/t/yr": Format.PRICE,
    "USD m": Format.MILLIONS,
}
_FORMAT_OF_KIND = {
    CellKind.SHARE: Format.SHARE,
    CellKind.YEAR: Format.YEAR,
    CellKind.WHOLE: Format.YEAR,
}


def format_of(column: Column) -> Format:
    return _FORMAT_OF_KIND.get(column.kind) or _FORMAT_OF_UNIT.get(column.unit, Format.FACTOR)


def carried_field(column: Column) -> Field:
    """Return the result field that repeats an input column, for the screen only.

    A table leaves it out if all of its cells are blank.
    """
    is_number = column.unit or column.kind in {CellKind.NUMBER, *_FORMAT_OF_KIND}
    return Field(
        column.header,
        format_of(column) if is_number else Format.TEXT,
        column.meaning,
        unit=column.unit.replace("USD", "{money}"),
        names=Name.COUNTRY if column.kind is CellKind.COUNTRY else None,
        printed=False,
        optional=True,
    )


class PlanTable(Result):
    """A result that is made from one table of a plan; the table's columns are its fields.

    ``PLAN_TABLE`` is the name of the plan's table. The column Unit comes after these fields, and is
    not printed unless the class declares it.
    """

    unit: ClassVar[Field]
    PLAN_TABLE: ClassVar[str]
    SHOWN_FOR: ClassVar[str] = ""
    """The sheet is shown if this field of the Case has records; "" shows it in every plan."""
    INPUTS: ClassVar[tuple[type[Record], ...]] = ()
    """The input records of the rows, whose carried columns, notes and sources come last."""

    def __init_subclass__(cls) -> None:
        """Declare the fields that are carried from the input."""
        every = (column for record in cls.INPUTS for column in record.columns() if column.carried)
        carried = {column.field: carried_field(column) for column in every}
        unit = {"unit": vars(cls).get("unit", UNIT.like(printed=False))}
        last = {"note": NOTE, "source": SOURCE} if cls.INPUTS else {}
        for name, declared in (unit | carried | last).items():
            setattr(cls, name, declared)
        super().__init_subclass__()

    @classmethod
    def is_shown(cls, plan: Plan, given: Case) -> bool:
        """Return whether a plan has the sheet; ``given`` is its case before a scenario."""
        return not cls.SHOWN_FOR or any(getattr(case, cls.SHOWN_FOR) for case in (plan.case, given))

    @classmethod
    def from_plan(cls, plan: Plan) -> Self:
        table = cls.table(plan)
        data: dict[str, Any] = {f.name: table[f.name] for f in cls.FIELDS if f.name in table}
        data["unit"] = [*map(units_of(plan.case).__getitem__, table["mineral"].tolist())]
        more = cls._more(plan, table)
        if "inputs" in more:
            rows = more.pop("inputs")
            columns = (column for record in cls.INPUTS for column in record.columns())
            names = {column.field for column in columns if column.carried}
            for name in (*names, "note", "source"):
                cells = [getattr(r, name, None) if r else "" for r in rows]
                if name not in names or any(cell not in {None, ""} for cell in cells):
                    more[name] = cells
        return cls(words=words_of(plan.case), **{**data, **more})

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(plan, cls.PLAN_TABLE)
        return frame

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        """Return the columns that the plan's table does not have.

        ``inputs`` are the input records of its rows, from which columns are carried.
        """
        del plan, table
        return {}
