"""The sheets that say what is limited, signed, built and stored, what if, and what may happen."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import (
    MOST_MULTIPLE,
    MOST_PRICE,
    MOST_TARIFF,
    MOST_TONNES,
    ByYear,
    Kind,
    Record,
    choice,
    column,
    country_code,
    fraction,
    named,
    number,
    selector,
    years,
)
from models.schema.market import COALITION, plant_company, plant_kind, plant_owner

MAX, MIN = "max", "min"
BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER = "country", "owner", "bloc", "kind", "refiner"
BY_COMPANY = "company"
OF_COUNTRIES = frozenset({BY_COUNTRY, BY_OWNER})
"""Groups whose suppliers are countries."""
OF_NAMES = frozenset({BY_REFINER, BY_COMPANY})
"""Groups whose suppliers are names of the sheets Refiners and Projects."""
REFINING, MINING = "refining", "mining"
EACH = "each"
EACH_OUTSIDE = "each outside "

# ---- what is limited, signed, built and stored -------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ShareLimit(Record):
    """A most or a least that a group of suppliers may have of a buyer's demand."""

    SHEET = "Share limits"
    MEANING = "The most, or the least, that a country or group may supply of what a buyer needs."

    limit: str = choice("Limit", "max: at most the share; min: at least the share.", MAX, MIN)
    mineral: str = selector("Mineral", "Which mineral.", "Minerals", default="each mineral alone")
    buyer: str = named(
        "Buyer",
        "each (member alone), a member, or a group of members.",
        value="",
        default="the coalition as one",
    )
    group: str = choice(
        "Supplier group",
        "How suppliers are put together.",
        *(BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER, BY_COMPANY),
    )
    supplier: str = named(
        "Supplier",
        "A name of that group, or `each outside BLOC` for country and owner; a company is an"
        " Owner of Refiners or Projects.",
        value="",
        default="each one alone",
    )
    share: ByYear = fraction(
        "Share", "The share; of what, the setting Share basis says.", by_year=True
    )
    first_year: int | None = years("First year", "First year in which it holds.")
    last_year: int | None = years("Last year", "Last year in which it holds.")
    penalty: float | None = number(
        "Penalty",
        "What a tonne beyond a max, or missing from a min, costs.",
        "USD/t",
        value=None,
        default="a max is hard; a min costs the mineral's shortage cost",
    )
    stage: str = choice(
        "Stage",
        "Whether refined tonnes count, or the ore behind them.",
        *(REFINING, MINING),
        value=REFINING,
    )
    except_minerals: tuple[str, ...] = ()
    """Minerals that a scenario takes out of a row for all of them; no column."""

    @property
    def named(self) -> str:
        """The one supplier that it is on; "" where it is on each alone."""
        return "" if self.supplier.startswith(EACH_OUTSIDE) else self.supplier

    @property
    def caps_each_country(self) -> bool:
        """Whether it is a refining max on countries, each alone: what one calls "the cap"."""
        refining = self.stage == REFINING and self.group == BY_COUNTRY
        return self.limit == MAX and refining and not self.named


@dataclass(frozen=True, kw_only=True)
class Security(Record):
    """How much may be short if a country is lost."""

    SHEET = "Security"
    MEANING = (
        "How much of demand may be short if a country is lost: the plan is made to survive it."
    )

    mineral: str = selector("Mineral", "Which mineral.", "Minerals", default="each mineral alone")
    lost_country: str = named(
        "Lost country",
        "The country that is lost, or `each outside BLOC`: each of them, one at a time.",
        value="",
        default=f"{EACH_OUTSIDE}{COALITION}",
    )
    max_short: ByYear = fraction(
        "Max short",
        "The part of the coalition's demand of the year that may be short without the country.",
        by_year=True,
    )
    count_stocks: bool = column(
        "Count stocks",
        Kind.YES_NO,
        "Whether what members have in stock when the year begins counts.",
        value=True,
    )
    first_year: int | None = years("First year", "First year in which it holds.")
    last_year: int | None = years("Last year", "Last year in which it holds.")
    penalty: float | None = number(
        "Penalty",
        "What a tonne costs that lacks of it.",
        "USD/t",
        value=None,
        default="a tenth of the mineral's shortage cost, as if the loss came once in ten years",
    )


@dataclass(frozen=True, kw_only=True)
class Contract(Record):
    """A tranche that a member has signed with a refiner."""

    SHEET = "Contracts"
    MEANING = "Offtake contracts: tranches at their own price, take or pay."

    name: str = named("Contract", "A name for it.", value="", default="none")
    refiner: str = named("Refiner", "The refiner.", "Refiners")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    member: str = named("Member", "Who buys.", "Members")
    min: float = number("Min", "What is paid for whether taken or not.", "t/yr", value=0.0)
    max: float | None = number("Max", "Most that can be taken.", "t/yr", value=None, default="none")
    price: float | None = number(
        "Price",
        "Price of a tonne.",
        "USD/t",
        value=None,
        default="the refiner's cost of the year",
    )
    first_year: int | None = years("First year", "First year in which it holds.")
    last_year: int | None = years("Last year", "Last year in which it holds.")


@dataclass(frozen=True, kw_only=True)
class Project(Record):
    """A plant that could be built."""

    SHEET = "Projects"
    MEANING = "Plants that could be built: a source of their own under their refiner's name."

    name: str = named("Project", "The project.", key=True)
    refiner: str = named("Refiner", "The refiner it belongs to, existing or new.")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    country: str = country_code("Country", "Where it would stand.")
    capacity: ByYear = number("Capacity", "What it could refine in a year, built in full.", "t/yr")
    capex: float = number("Capex", "Capital to build it in full.", "USD m")
    cost: ByYear = number("Cost", "What a tonne costs at its gate, without capital.", "USD/t")
    first_year: int = column("First year", Kind.YEAR, "First year of output at the earliest.")
    lead_time: int = column(
        "Lead time",
        Kind.WHOLE,
        "Whole years from spending to output.",
        value=0,
        unit="yr",
        most=100,
    )
    kind: str = plant_kind()
    owner: str = plant_owner()
    company: str = plant_company()
    life: int = column(
        "Life", Kind.WHOLE, "Whole years of output.", value=20, unit="yr", least=1, most=1000
    )
    built_in: int | None = None
    """The year in which a scenario has it built in full, outside the budget; no column."""
    support: ByYear = ByYear(0.0)
    """What a scenario has paid for each tonne that is sold [money/t]; no column."""


@dataclass(frozen=True, kw_only=True)
class Support(Record):
    """A contract for difference: what a plant is paid where its market pays less."""

    SHEET = "Supports"
    MEANING = "Contracts for difference: what plants are paid where the market pays less."

    plant: str = named("Plant", "A refiner, or a project.")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    strike: float = number("Strike price", "What the plant gets for a tonne at least.", "USD/t")
    reference: float | None = number(
        "Reference price",
        "What the market pays for a tonne, by the contract.",
        "USD/t",
        value=None,
        default="the mineral's price of the year",
    )
    clawback: float | None = number(
        "Clawback above",
        "The plant pays back what the market pays beyond this; at least the strike price.",
        "USD/t",
        value=None,
        default="none: it keeps what is beyond",
    )
    payer: str = named(
        "Payer",
        "A member or a group of members, each by its demand.",
        value="",
        default="all members, each by its demand",
    )
    first_year: int | None = years("First year", "First year in which it holds.")
    last_year: int | None = years("Last year", "Last year in which it holds.")


@dataclass(frozen=True, kw_only=True)
class BudgetYear(Record):
    """The capital that can be committed in a year."""

    SHEET = "Budget"
    MEANING = "Capital that projects may take in a year; a year without a row is not limited."

    year: int = column("Year", Kind.YEAR, "The year.", key=True)
    capex: float = number("Capex", "Capital that may be spent.", "USD m")


@dataclass(frozen=True, kw_only=True)
class Stockpile(Record):
    """A member's reserve of a mineral."""

    SHEET = "Stockpiles"
    MEANING = "Reserves that members hold, their size and their target."

    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    member: str = named("Member", "The member.", "Members", key=True)
    max: float = number("Max", "Most that can be stored.", "t")
    opening: float = number("Opening", "Stock before the first year (at most Max).", "t", value=0.0)
    target: ByYear = number(
        "Target",
        "Stock to hold at the end of each year.",
        "t",
        value=ByYear(),
        default="the opening stock",
    )
    target_days: float | None = number(
        "Target (days)",
        "Stock to hold, in days of that year's demand (t x days / 365); instead of Target (t).",
        value=None,
        most=36500.0,
        default="the target in t",
    )
    target_penalty: float | None = number(
        "Target penalty",
        "What a tonne below target costs in a year.",
        "USD/t/yr",
        value=None,
        default="1/50 of the shortage cost; in the last year half of it",
    )
    holding_cost: float = number(
        "Holding cost", "What it costs to store a tonne for a year.", "USD/t/yr", value=0.0
    )


@dataclass(frozen=True, kw_only=True)
class Right(Record):
    """What part of a plant or a mine a member may count as its own."""

    SHEET = "Rights"
    MEANING = "What part of whose capacity a member counts as its own where members plan alone."

    member: str = named("Member", "The member.", "Members")
    refiner: str = selector("Refiner", "Which refiner or project.", "Refiners", "Projects")
    mineral: str = selector("Mineral", "Which mineral.", "Minerals")
    country: str = selector("Country", "Which country's refiners, projects and mines.")
    share: float = fraction(
        "Share",
        "Its whole part of the capacity; what is left is divided by the setting Rights among the"
        " members that no row names for it.",
    )


# ---- what-ifs, and events that may happen ------------------------------------------------------


@dataclass(frozen=True)
class Takes:
    """What an action takes: the selectors that may be filled, and the bounds of its Value.

    ``value`` is what the Value is, "" where there is none.
    """

    selectors: tuple[str, ...]
    value: str = ""
    most: float = 0.0
    least: float = 0.0


_YEARS = ("first_year", "last_year")
_PLACES = ("mineral", "country", "refiner", "company")
SELECTORS = (*_PLACES, "member", *_YEARS)
_LANES_ALONE = tuple(name for name in SELECTORS if name != "company")
_PLANTS, _MINES, _MEMBERS = (
    (*_PLACES, *_YEARS), ("mineral", "country", *_YEARS), ("mineral", "member", *_YEARS)
)  # fmt: skip
TAKES = {
    "block lanes": Takes(SELECTORS),
    "set lane max": Takes(_LANES_ALONE, "t/yr", MOST_TONNES),
    "set tariff": Takes(SELECTORS, "a fraction", MOST_TARIFF),
    "raise tariff": Takes(SELECTORS, "a fraction", MOST_TARIFF),
    "scale freight": Takes(SELECTORS, "a factor", MOST_MULTIPLE),
    "scale capacity": Takes(_PLANTS, "a factor", MOST_MULTIPLE),
    "add capacity": Takes(_PLANTS, "t/yr", MOST_TONNES, -MOST_TONNES),
    "scale cost": Takes(_PLANTS, "a factor", MOST_MULTIPLE),
    "set support": Takes(_PLANTS, "money/t", MOST_PRICE),
    "scale demand": Takes(_MEMBERS, "a factor", MOST_MULTIPLE),
    "scale mines": Takes(_MINES, "a factor", MOST_MULTIPLE),
    "block ore": Takes(_MINES),
    "build project": Takes((*_PLACES, "first_year")),
    "scale budget": Takes(_YEARS, "a factor", MOST_MULTIPLE),
    "set stock target": Takes(_MEMBERS, "t", MOST_TONNES),
    "set max short": Takes(("mineral", *_YEARS), "a fraction", 1.0),
    "set max country share": Takes(("mineral",), "a share", 1.0),
    "drop share limits": Takes(("mineral",)),
    "remove member": Takes(("member",)),
}
"""What each action of the sheets Scenarios and Risks takes."""
ACTIONS = tuple(TAKES)
EVENT_ACTIONS = tuple(a for a in ACTIONS if {"mineral", "last_year"} <= {*TAKES[a].selectors})
"""Actions on a market that can hold in one year alone, as an event's do."""
_LASTING = (
    "it holds for all years, an event for some: say it in Scenarios, and plan with --scenario"
)


@dataclass(frozen=True, kw_only=True)
class Step(Record):
    """What a row of a what-if or of an event changes: an action, what it selects, its value."""

    name: str = named("Name", "What it belongs to.")
    action: str = choice("Action", "What it does.", *ACTIONS)
    mineral: str = selector("Mineral", "Which mineral.", "Minerals")
    country: str = selector("Country", "Which country.")
    refiner: str = selector("Refiner", "Which refiner.", "Refiners", "Projects")
    company: str = named("Owner", "Which company's refiners and projects.", value="", default="all")
    member: str = selector("Member", "Which member.", "Members")
    first_year: int | None = years("First year", "From when.")
    last_year: int | None = years("Last year", "Until when.")
    value: float | None = number(
        "Value",
        "A factor, t/yr, t, a share or money/t, as the action says; may be negative in add"
        " capacity.",
        value=None,
        least=-MOST_TONNES,
        most=MOST_TONNES,
        default="none",
    )

    def selects(
        self, mineral: str, country: str, refiner: str | None = None, company: str = ""
    ) -> bool:
        """Return whether the selectors match a refiner, project or mine (no refiner)."""
        return (
            self.mineral in {"", mineral}
            and self.country in {"", country}
            and (
                refiner is None or (self.refiner in {"", refiner} and self.company in {"", company})
            )
        )


@dataclass(frozen=True, kw_only=True)
class ScenarioStep(Step):
    """One change of a what-if; the steps of a name apply top to bottom."""

    SHEET = "Scenarios"
    MEANING = "What-ifs: the rows of one name apply top to bottom; the workbook never changes."

    name: str = named("Scenario", "The scenario.")


@dataclass(frozen=True, kw_only=True)
class EventStep(Step):
    """One change that an event makes in the years in which it is under way."""

    SHEET = "Risks"
    MEANING = "What may happen: the rows of one event happen together; `planner risk` draws when."

    name: str = named("Event", "The event.")
    action: str = choice(
        "Action",
        "What it does, in each year in which the event is under way.",
        *EVENT_ACTIONS,
        hints=tuple((action, _LASTING) for action in ACTIONS if action not in EVENT_ACTIONS),
    )
    first_year: int | None = years("First year", "Before this year the row changes nothing.")
    last_year: int | None = years("Last year", "After this year the row changes nothing.")
    probability: float = fraction(
        "Yearly probability",
        "How likely the event is to begin in a year of Demand; the same in all rows of an event.",
    )
    duration: int = column(
        "Duration",
        Kind.WHOLE,
        "How many years the event lasts, the one it begins in included; the same in all its rows.",
        unit="yr",
        value=1,
        least=1,
        most=100,
    )
