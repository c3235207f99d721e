"""What a plan decides in its first year: what is bought, filled, drawn, contracted and begun."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from models import tolerances, units
from models.results import common
from models.results.field import Field, Format, Name, Result, field
from models.results.members import WhoPays
from models.results.supply import Flows

if TYPE_CHECKING:
    from pandas import DataFrame

    from models.case import Case
    from models.plan import Plan


class Kind(StrEnum):
    """What is decided."""

    BUY = "buy"
    CONTRACT = "contract"
    FILL = "fill"
    DRAW = "draw"
    BEGIN = "begin"


TONNES, OF_PLANT = "t", "of the plant"
"""Units of amounts: tonnes, and the fraction of a plant."""
Key = tuple[str, str, str, str, str]
"""Decision, mineral, what (a refiner or project), country and member."""
KEY_FIELDS = ("decision", "mineral", "what", "country", "member")
"""The names of a key's fields."""
Row = dict[str, Any]
"""A decision by the names of its fields."""
_LEAST_CHANGE = {TONNES: tolerances.SAME_ORDER, OF_PLANT: tolerances.LEAST_FLOW}
"""By unit, up to which difference an amount counts as the same, rounding aside."""


class DecideNow(Result):
    """The decisions of the first planned year, the largest cost first.

    Projects in the sheet Built are decided already. Compared with another plan, only the decisions
    that differ are listed. Purchases that could be alike in both plans, all of them together and at
    the same cost, are left out.
    """

    TABLE, PLACE = "Decide now", 5
    GRAIN = ("case", *KEY_FIELDS)

    case = WhoPays.case.like("The plan whose decisions are compared.", optional=True)
    year = common.YEAR.like("The first planned year.")
    decision = field.text(
        "Decision",
        "buy: spot purchases of a member or a plant. contract: purchases under a contract. fill,"
        " draw: tonnes put into a stockpile or taken from it. begin: the part of a plant whose"
        " capital is first spent in the first year, which is its year of output less its lead"
        " time.",
    )
    mineral = common.MINERAL
    what = common.WHAT.like(
        "The refiner or the project; blank for a stockpile.", fmt=Format.TEXT, names=Name.REFINER
    )
    country = common.COUNTRY.like("Country of the refiner or the project.")
    member = common.MEMBER.like("The member that buys or stores; for inputs, the plant that buys.")
    amount = field(
        "Amount", Format.FACTOR, "Tonnes of the first year, or the fraction of the plant."
    )
    unit = common.UNIT.like(f"{TONNES}, or the fraction {OF_PLANT}.")
    cost = Flows.cost.like(
        "Landed cost of the tonnes; of a plant its capital; 0 for tonnes drawn."
        f" {common.UNDISCOUNTED}",
        fmt=Format.MONEY,
        unit="{money}",
    )
    before = field(
        "In the base plan", Format.FACTOR, "The same amount in the base plan.", optional=True
    )
    change = common.CHANGE.like(
        "Amount minus the amount in the base plan.", fmt=Format.FACTOR, optional=True
    )

    def __init__(self, *, formats: Any = None, **more: Any) -> None:
        """Take columns, as ``Result`` does; a part of a plant is shown in per cent."""
        super().__init__(**more)
        fmts = [Format.SHARE if unit == OF_PLANT else Format.FACTOR for unit in self.data["unit"]]
        amounts = (f.name for f in (type(self).amount, *_COMPARED) if f.fmt is Format.FACTOR)
        self.formats = (formats or {}) | {name: fmts for name in amounts if name in self.data}

    @classmethod
    def from_plan(cls, plan: Plan) -> Self:
        """Return all decisions of a plan's first year."""
        rows = [{**_names_of_key(key), **vars(each)} for key, each in decisions_of(plan).items()]
        return cls._of(rows, plan.case).without(*_COMPARED)

    @classmethod
    def of_changes(cls, changes: Mapping[str, Iterable[Row]], case: Case) -> Self:
        """Return the ``changes_of`` some plans, by case; a dropped decision has the amount 0."""
        rows = [{"case": name, **row} for name, each in changes.items() for row in each]
        return cls._of(rows, case)

    @classmethod
    def _of(cls, rows: list[dict[str, Any]], case: Case) -> Self:
        rows = [{"year": case.years[0], **row} for row in rows]
        rows.sort(key=lambda row: -row["cost"])
        return cls.of_rows(rows, words=common.words_of(case))


_COMPARED: tuple[Field, ...] = (DecideNow.case, DecideNow.before, DecideNow.change)


@dataclass(frozen=True)
class DecidedAmount:
    """An amount with its unit, and what it costs [money]."""

    amount: float
    unit: str
    cost: float


Decisions = Mapping[Key, DecidedAmount]


def _names_of_key(key: Key) -> dict[str, str]:
    return dict(zip(KEY_FIELDS, key, strict=True))


def decisions_of(plan: Plan, year: int | None = None) -> Decisions:
    """Return the decisions of a plan's year, by default its first; purchases from one are added."""
    found: dict[Key, DecidedAmount] = {}
    for key, each in _every(plan, year or plan.case.years[0]) if plan.case.years else ():
        before = found.get(key, DecidedAmount(0.0, each.unit, 0.0))
        found[key] = DecidedAmount(before.amount + each.amount, each.unit, before.cost + each.cost)
    least = tolerances.LEAST_FLOW
    return {key: found[key] for key in sorted(found) if found[key].amount > least}


def changes_of(now: Decisions, was: Decisions, kept: Container[Key]) -> tuple[Row, ...]:
    """Return the decisions that differ from those of a base plan.

    ``kept`` are purchases that differ only by an exchange that costs nothing; they are left out.
    """
    return tuple(
        {**_names_of_key(key), **vars(each), "before": before, "change": each.amount - before}
        for key in {**now, **was}
        for each in [now.get(key) or DecidedAmount(0.0, was[key].unit, 0.0)]
        for before in [was[key].amount if key in was else 0.0]
        if key not in kept and differ(each.amount, before, each.unit)
    )


def differ(amount: float, before: float, unit: str = TONNES) -> bool:
    """Return whether two amounts differ by more than rounding and the least change of the unit."""
    least = _LEAST_CHANGE[unit] + tolerances.PLAN_DIFFERENCE * max(amount, before)
    return abs(amount - before) > least


def _rows_of(table: DataFrame, year: int, columns: tuple[str, ...]) -> Iterator[Any]:
    """Yield the cells of some columns, row by row, of a year's rows."""
    of_year = table["year"] == year
    return zip(*(table.loc[of_year, name].tolist() for name in columns), strict=True)


def _every(plan: Plan, first: int) -> Iterator[tuple[Key, DecidedAmount]]:
    of_sale = ("mineral", "project", "refiner", "country", "tonnes", "total")
    paid, bought = dict[Any, float](), dict[Any, float]()
    for mineral, project, refiner, country, tonnes, cost, contract, buyer in _rows_of(
        plan.flows, first, (*of_sale, "contract", "member")
    ):
        kind = Kind.CONTRACT if contract >= 0 else Kind.BUY
        yield (
            (kind, mineral, project or refiner, country, buyer),
            DecidedAmount(tonnes, TONNES, cost),
        )
        paid[mineral, buyer] = paid.get((mineral, buyer), 0.0) + cost
        bought[mineral, buyer] = bought.get((mineral, buyer), 0.0) + tonnes
    if plan.expanded.plant_inputs:
        for mineral, project, refiner, country, tonnes, cost, plant, of_plant in _rows_of(
            plan.inputs, first, (*of_sale, "plant", "plant_project")
        ):
            if refiner:
                key = (Kind.BUY, mineral, project or refiner, country, of_plant or plant)
                yield key, DecidedAmount(tonnes, TONNES, cost)
    for mineral, buyer, opening, closing in _rows_of(
        plan.stocks, first, ("mineral", "member", "opening", "closing")
    ):
        change, cell = closing - opening, (mineral, buyer)
        price = paid.get(cell, 0.0) / bought[cell] if bought.get(cell) else 0.0
        kind, cost = (Kind.FILL, change * price) if change > 0 else (Kind.DRAW, 0.0)
        yield (kind, mineral, "", "", buyer), DecidedAmount(abs(change), TONNES, cost)
    projects = {p.name: p for p in plan.case.projects}
    for row in plan.projects[plan.projects["built"] > 0].to_dict("records"):
        project, year = projects[row["project"]], int(row["year"])
        begin = max(year - project.lead_time, plan.case.years[0])
        if begin != first or year in dict(project.begun):
            continue
        capital = float(row["capex"]) * units.MILLION
        amount = DecidedAmount(float(row["built"]), OF_PLANT, capital)
        yield (Kind.BEGIN, row["mineral"], row["project"], row["country"], ""), amount
