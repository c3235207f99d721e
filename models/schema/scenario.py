"""The sheet of what-ifs."""

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


@dataclass(frozen=True, kw_only=True)
class ScenarioStep(Record):
    """One change of a what-if; the steps of a name apply top to bottom."""

    SHEET = "Scenarios"
    MEANING = "What-ifs: the rows of one name apply top to bottom; the workbook never changes."

    name: str = column("Scenario", Kind.NAME, "The scenario.")
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
        """Return whether the step's selectors match a refiner, project or mine (no refiner)."""
        return (
            self.mineral in {"", mineral}
            and self.country in {"", country}
            and (refiner is None or self.refiner in {"", refiner})
        )
