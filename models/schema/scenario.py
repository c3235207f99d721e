"""The sheets of what-ifs and of events that may happen."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import Kind, Record, column, years

ACTIONS = (
    "block lanes",
    "set lane max",
    "set tariff",
    "scale freight",
    "scale capacity",
    "add capacity",
    "scale cost",
    "scale demand",
    "scale mines",
    "block ore",
    "build project",
    "set stock target",
    "set max country share",
    "drop share limits",
    "remove member",
)
LASTING = ("build project", "set max country share", "drop share limits", "remove member")
"""Actions that hold for good or for all years: no event of a year can do them."""
EVENT_ACTIONS = tuple(action for action in ACTIONS if action not in LASTING)
"""Actions that can hold in one year alone, as an event's do."""

_TOLD = "it holds for all years, an event for some: say it in Scenarios, and plan with --scenario"


@dataclass(frozen=True, kw_only=True)
class Step(Record):
    """What a row of a what-if or of an event changes: an action, what it selects, its value."""

    name: str = column("Name", Kind.NAME, "What it belongs to.")
    action: str = column("Action", Kind.CHOICE, "What it does.", choices=ACTIONS)
    mineral: str = column(
        "Mineral", Kind.NAME, "Which mineral.", value="", default="all", refers=("Minerals",)
    )
    country: str = column("Country", Kind.COUNTRY, "Which country.", value="", default="all")
    refiner: str = column(
        "Refiner",
        Kind.NAME,
        "Which refiner.",
        value="",
        default="all",
        refers=("Refiners", "Projects"),
    )
    member: str = column(
        "Member", Kind.NAME, "Which member.", value="", default="all", refers=("Members",)
    )
    first_year: int | None = years("First year", "From when.")
    last_year: int | None = years("Last year", "Until when.")
    value: float | None = column(
        "Value",
        Kind.NUMBER,
        "A factor, t/yr, t or a share, as the action says; may be negative in add capacity.",
        value=None,
        least=-1e10,
        most=1e10,
        default="none",
    )

    def selects(self, mineral: str, country: str, refiner: str | None = None) -> bool:
        """Return whether the selectors match a refiner, project or mine (no refiner)."""
        return (
            self.mineral in {"", mineral}
            and self.country in {"", country}
            and (refiner is None or self.refiner in {"", refiner})
        )


@dataclass(frozen=True, kw_only=True)
class ScenarioStep(Step):
    """One change of a what-if; the steps of a name apply top to bottom."""

    SHEET = "Scenarios"
    MEANING = "What-ifs: the rows of one name apply top to bottom; the workbook never changes."

    name: str = column("Scenario", Kind.NAME, "The scenario.")


@dataclass(frozen=True, kw_only=True)
class EventStep(Step):
    """One change that an event makes in the years in which it is under way."""

    SHEET = "Risks"
    MEANING = "What may happen: the rows of one event happen together; `planner risk` draws when."

    name: str = column("Event", Kind.NAME, "The event.")
    action: str = column(
        "Action",
        Kind.CHOICE,
        "What it does, in each year in which the event is under way.",
        choices=EVENT_ACTIONS,
        hints=tuple((action, _TOLD) for action in LASTING),
    )
    first_year: int | None = years("First year", "Before this year the row changes nothing.")
    last_year: int | None = years("Last year", "After this year the row changes nothing.")
    probability: float = column(
        "Yearly probability",
        Kind.SHARE,
        "How likely the event is to begin in a year of Demand; the same in all rows of an event.",
    )
    duration: int = column(
        "Duration",
        Kind.WHOLE,
        "How many years the event lasts, the one it begins in included; the same in all its rows.",
        unit="yr",
        value=1,
        default="1",
        least=1,
        most=100,
    )
