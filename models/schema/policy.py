"""The sheets that say what is limited, signed, built and stored, what if, and what may happen."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.schema.column import (
    MOST_MULTIPLE,
    MOST_PRICE,
    MOST_TARIFF,
    MOST_TONNES,
    ByYear,
    CellKind,
    Record,
    choice,
    column,
    country_code,
    fraction,
    named,
    number,
    selector,
    series,
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
    MEANING = "The most or the least that a country or group may supply of what a buyer needs."

    limit: str = choice("Limit", "max: at most this share. min: at least this share.", MAX, MIN)
    mineral: str = selector("Mineral", "Which mineral.", "Minerals", default="each mineral alone")
    buyer: str = named(
        "Buyer",
        "each (every member alone), one member, or a group of members.",
        or_group=True,
        value="",
        default="the coalition as one",
    )
    group: str = choice(
        "Supplier group",
        "How suppliers are grouped.",
        *(BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER, BY_COMPANY),
    )
    supplier: str = named(
        "Supplier",
        "A name of that group; country and owner also take `each outside BLOC`. A"
        " company is an Owner of Refiners or Projects.",
        value="",
        default="each one alone",
    )
    share: ByYear = fraction(
        "Share", "The share. The setting Share basis says of what.", by_year=True
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")
    penalty: float | None = number(
        "Penalty",
        "Cost of a tonne above a max or below a min.",
        "USD/t",
        value=None,
        default="a max is hard; a min costs the mineral's shortage cost",
    )
    stage: str = choice(
        "Stage",
        "Whether the limit counts refined tonnes or their ore.",
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
class SecurityTarget(Record):
    """How much may be short if a country is lost."""

    SHEET = "Security"
    MEANING = "How much demand may be short if a country is lost. The plan prepares for that loss."

    mineral: str = selector("Mineral", "Which mineral.", "Minerals", default="each mineral alone")
    lost_country: str = named(
        "Lost country",
        "The country that is lost. `each outside BLOC` loses each of those countries in turn.",
        value="",
        default=f"{EACH_OUTSIDE}{COALITION}",
    )
    max_short: ByYear = fraction(
        "Max short",
        "Part of the coalition's demand of the year that may be short without the country.",
        by_year=True,
    )
    count_stocks: bool = column(
        "Count stocks",
        CellKind.YES_NO,
        "Whether members' stocks at the start of the year count.",
        value=True,
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")
    penalty: float | None = number(
        "Penalty",
        "Cost of a tonne short beyond Max short.",
        "USD/t",
        value=None,
        default="a tenth of the mineral's shortage cost, for a loss once in ten years",
    )


@dataclass(frozen=True, kw_only=True)
class Contract(Record):
    """A tranche that a member has signed with a refiner."""

    SHEET = "Contracts"
    MEANING = "Offtake contracts: take-or-pay tranches at their own price."

    name: str = named("Contract", "Name of the contract.", value="", default="none")
    refiner: str = named("Refiner", "The refiner.", "Refiners")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    member: str = named("Member", "Who buys.", "Members")
    min: float = number("Min", "Tonnes that must be paid for, taken or not.", "t/yr", value=0.0)
    max: float | None = number(
        "Max", "Most tonnes that can be taken.", "t/yr", value=None, default="none"
    )
    price: float | None = number(
        "Price",
        "Price of a tonne.",
        "USD/t",
        value=None,
        default="the refiner's cost of the year",
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")


@dataclass(frozen=True, kw_only=True)
class Project(Record):
    """A plant that could be built."""

    SHEET = "Projects"
    MEANING = (
        "Plants that could be built. Each plant is a separate source under its refiner's name."
    )

    name: str = named("Project", "The project.", key=True)
    refiner: str = named("Refiner", "Refiner that it belongs to, existing or new.")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    country: str = country_code("Country", "Country of the plant.")
    capacity: ByYear = number(
        "Capacity", "Tonnes that it could refine in a year when built in full.", "t/yr",
        is_fact=True,
    )  # fmt: skip
    capex: float = number("Capex", "Capital to build it in full.", "USD m", is_fact=True)
    cost: ByYear = number(
        "Cost", "Cost of a tonne at its gate, without capital.", "USD/t", is_fact=True
    )
    first_year: int = column("First year", CellKind.YEAR, "Earliest first year of output.")
    lead_time: int = column(
        "Lead time",
        CellKind.WHOLE,
        "Years from spending to output.",
        value=0,
        unit="yr",
        most=100,
    )
    kind: str = plant_kind()
    owner: str = plant_owner()
    company: str = plant_company()
    life: int = column(
        "Life", CellKind.WHOLE, "Years of output.", value=20, unit="yr", least=1, most=1000
    )
    built_in: int | None = None
    """The year in which a scenario has it built in full, outside the budget; no column."""
    support: ByYear = ByYear(0.0)
    """What a scenario has paid for each tonne that is sold [money/t]; no column."""
    begun: tuple[tuple[int, float], ...] = field(default=(), compare=False)
    """(first year of output, fraction) of each row of Built; a Case fills it, no column."""


@dataclass(frozen=True, kw_only=True)
class Built(Record):
    """A part of a project that stands or is begun."""

    IS_PLANNED = False  # a Case enters it in its projects
    SHEET = "Built"
    MEANING = (
        "Parts of projects that are built or begun. The rest can still be built in other years."
    )

    project: str = named("Project", "The project.", key=True)
    year: int = column(
        "Year", CellKind.YEAR, "First year of output, also before the first year.", key=True
    )
    fraction: float = fraction("Fraction", "Part of the project that starts output in the year.")


@dataclass(frozen=True, kw_only=True)
class Support(Record):
    """A contract for difference: what a plant is paid where its market pays less."""

    SHEET = "Supports"
    IS_PLANNED = False
    MEANING = (
        "Contracts for difference: plants are paid if the market pays less than the strike price."
    )

    plant: str = named("Plant", "A refiner or a project.")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    strike: float = number("Strike price", "Least amount that the plant gets for a tonne.", "USD/t")
    reference: float | None = number(
        "Reference price",
        "Market price of a tonne, as the contract defines it.",
        "USD/t",
        value=None,
        default="the mineral's price of the year",
    )
    clawback: float | None = number(
        "Clawback above",
        "The plant pays back any market price above this. At least the strike price.",
        "USD/t",
        value=None,
        default="none: the plant keeps it",
    )
    payer: str = named(
        "Payer",
        "A member, or a group whose members pay by their demand.",
        or_group=True,
        value="",
        default="all members, by their demand",
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")


@dataclass(frozen=True, kw_only=True)
class PriceFloor(Record):
    """What a tonne must cost at least at a border: a levy lifts cheaper ones to it."""

    SHEET = "Price floors"
    MEANING = "Price floors at the border: imports that land below the floor pay a levy up to it."

    mineral: str = named("Mineral", "The mineral.", "Minerals")
    zone: str = named(
        "Zone",
        "The bloc with the floor. Its members pay the levy on what suppliers outside it sell them.",
        value=COALITION,
    )
    floor: ByYear = series(
        "Floor",
        "Least cost of a tonne: cost or price, tariff and freight. The levy lifts it to that.",
        "USD/t",
    )
    exempt: tuple[str, ...] = named(
        "Exempt",
        "Countries or blocs, with ; between them, on whose supply no levy is paid.",
        value=(),
        several=True,
        default="none",
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")


@dataclass(frozen=True, kw_only=True)
class BudgetYear(Record):
    """The capital that can be committed in a year."""

    SHEET = "Budget"
    MEANING = "Capital for projects by year. A year without a row has no limit."

    year: int = column("Year", CellKind.YEAR, "The year.", key=True)
    capex: float = number("Capex", "Capital that may be spent in the year.", "USD m")
    taken: float = field(default=0.0, compare=False)
    """What begun plants take of it that a part of a case does not have [money m]; no column."""


@dataclass(frozen=True, kw_only=True)
class Stockpile(Record):
    """A member's reserve of a mineral."""

    SHEET = "Stockpiles"
    MEANING = "Members' reserves, their size and target."

    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    member: str = named("Member", "The member.", "Members", key=True)
    max: float = number("Max", "Most tonnes that can be stored.", "t")
    opening: float = number("Opening", "Stock before the first year, at most Max.", "t", value=0.0)
    target: ByYear = number(
        "Target",
        "Stock to hold at the end of each year.",
        "t",
        value=ByYear(),
        default="the opening stock",
    )
    target_days: float | None = number(
        "Target (days)",
        "Stock to hold as days of the year's demand (t x days / 365). It replaces Target (t).",
        value=None,
        most=36500.0,
        default="the target in t",
    )
    target_penalty: float | None = number(
        "Target penalty",
        "Yearly cost of a tonne below target.",
        "USD/t/yr",
        value=None,
        default="1/50 of the shortage cost; in the last year half of it",
    )
    holding_cost: float = number(
        "Holding cost", "Cost of storing a tonne for a year.", "USD/t/yr", value=0.0
    )
    max_fill: float | None = number(
        "Max fill", "The most that can be added to the stock in a year.", "t/yr",
        value=None, default="none", carried=True,
    )  # fmt: skip
    max_draw: float | None = number(
        "Max draw", "The most that can be drawn from the stock in a year.", "t/yr",
        value=None, default="none", carried=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Right(Record):
    """What part of a plant or a mine a member may count as its own."""

    SHEET = "Rights"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "The part of a plant's or mine's capacity that a member counts as its own when members"
        " plan alone."
    )

    member: str = named("Member", "The member.", "Members")
    refiner: str = selector("Refiner", "Which refiner or project.", "Refiners", "Projects")
    mineral: str = selector("Mineral", "Which mineral.", "Minerals")
    country: str = selector("Country", "Country of the refiners, projects and mines.")
    share: float = fraction(
        "Share",
        "Its part of the capacity. The setting Rights divides the rest among members"
        " that no row names.",
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
    "set price floor": Takes(("mineral", *_YEARS), "money/t", MOST_PRICE),
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
    "it changes all years, but an event lasts only for some: use the sheet Scenarios and --scenario"
)


@dataclass(frozen=True, kw_only=True)
class ActionRow(Record):
    """What a row of a what-if or of an event changes: an action, what it selects, its value."""

    name: str = named("Name", "What it belongs to.")
    action: str = choice("Action", "What it does.", *ACTIONS)
    mineral: str = selector("Mineral", "Which mineral.", "Minerals")
    country: str = selector("Country", "Which country.")
    refiner: str = selector("Refiner", "Which refiner.", "Refiners", "Projects")
    company: str = named("Owner", "Which company's refiners and projects.", value="", default="all")
    member: str = selector("Member", "Which member.", "Members")
    first_year: int | None = years("First year", "First year of the change.")
    last_year: int | None = years("Last year", "Last year of the change.")
    value: float | None = number(
        "Value",
        "A factor, t/yr, t, share or money/t, depending on the action. Only add capacity"
        " takes negative numbers.",
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
class ScenarioStep(ActionRow):
    """One change of a what-if; the steps of a name apply top to bottom."""

    SHEET = "Scenarios"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "What-ifs. The rows of one scenario apply from top to bottom. The workbook"
        " itself never changes."
    )

    name: str = named("Scenario", "The scenario.")


@dataclass(frozen=True, kw_only=True)
class EventStep(ActionRow):
    """One change that an event makes in the years in which it is under way."""

    SHEET = "Risks"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "Events that may happen. All rows of an event happen together; `planner risk` draws when."
    )

    name: str = named("Event", "The event.")
    action: str = choice(
        "Action",
        "What the event does in each of its years.",
        *EVENT_ACTIONS,
        hints=tuple((action, _LASTING) for action in ACTIONS if action not in EVENT_ACTIONS),
    )
    first_year: int | None = years("First year", "The row changes nothing before this year.")
    last_year: int | None = years("Last year", "The row changes nothing after this year.")
    probability: float = fraction(
        "Yearly probability",
        "Chance that the event begins in a year of Demand. Same in all rows of an event.",
    )
    duration: int = column(
        "Duration",
        CellKind.WHOLE,
        "Years that the event lasts, the first included. Same in all rows of an event.",
        unit="yr",
        value=1,
        least=1,
        most=100,
    )
