"""The sheets on limits, contracts, projects, stockpiles, what-ifs and risks."""

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
    yes_no,
)
from models.schema.market import COALITION, plant_company, plant_kind, plant_owner

MAX, MIN = "max", "min"
BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER = "country", "owner", "bloc", "kind", "refiner"
BY_COMPANY = "company"
OF_COUNTRIES = frozenset({BY_COUNTRY, BY_OWNER})
"""Supplier groups whose suppliers are countries."""
OF_NAMES = frozenset({BY_REFINER, BY_COMPANY})
"""Supplier groups whose suppliers are names in Refiners and Projects."""
REFINING, MINING = "refining", "mining"
EACH = "each"
EACH_OUTSIDE = "each outside "

# ---- limits, contracts, projects, stockpiles ---------------------------------------------------


class ShareLimit(Record):
    """A maximum or minimum share of a buyer's demand that some suppliers may cover."""

    SHEET = "Share limits"
    MEANING = "The largest or smallest share of a buyer's need that a country or group may supply."

    limit: str = choice("Limit", "max: at most this share. min: at least this share.", MAX, MIN)
    mineral: str = selector("Mineral", "The mineral.", "Minerals", default="each mineral alone")
    buyer: str = named(
        "Buyer",
        "each (every member on its own), one member, or a group of members.",
        or_group=True,
        default="the coalition as one",
    )
    group: str = choice(
        "Supplier group",
        "The kind of supplier that the limit is on.",
        *(BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER, BY_COMPANY),
    )
    supplier: str = named(
        "Supplier",
        "A name of the kind given in Supplier group. For country and owner, `each"
        " outside BLOC` is possible too. A company is an Owner in Refiners or Projects.",
        default="each one alone",
    )
    share: ByYear = fraction(
        "Share",
        "The share that is allowed, of demand or of purchases (setting Share basis).",
        by_year=True,
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")
    penalty: float | None = number(
        "Penalty",
        "Cost of a tonne above a max or below a min.",
        "USD/t",
        default="a max is hard; a min costs the mineral's shortage cost",
    )
    stage: str = choice(
        "Stage",
        "Whether the limit counts refined tonnes or their ore.",
        *(REFINING, MINING),
        value=REFINING,
    )
    except_minerals: tuple[str, ...] = ()
    """Minerals that a scenario excludes from a row on all minerals; no column."""

    @property
    def single_supplier(self) -> str:
        """The only supplier that is limited; "" if each supplier is limited on its own."""
        return "" if self.supplier.startswith(EACH_OUTSIDE) else self.supplier

    @property
    def caps_each_country(self) -> bool:
        """Whether the row caps each country's share of refining on its own: "the cap"."""
        refining = self.stage == REFINING and self.group == BY_COUNTRY
        return self.limit == MAX and refining and not self.single_supplier


class SecurityTarget(Record):
    """The largest shortage that is accepted if a country is lost."""

    SHEET = "Security"
    MEANING = "How much demand may go unmet if a country is lost. The plan prepares for that loss."

    mineral: str = selector("Mineral", "The mineral.", "Minerals", default="each mineral alone")
    lost_country: str = named(
        "Lost country",
        "The country that is lost. With `each outside BLOC`, every country outside the"
        " bloc is lost, one at a time.",
        default=f"{EACH_OUTSIDE}{COALITION}",
    )
    max_short: ByYear = fraction(
        "Max short",
        "Largest share of the coalition's demand of the year that may go unmet without"
        " the country.",
        by_year=True,
    )
    count_stocks: bool = yes_no(
        "Count stocks", "Whether members' stocks at the start of the year can be used.", value=True
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")
    penalty: float | None = number(
        "Penalty",
        "Cost of each tonne of shortage above Max short.",
        "USD/t",
        default="a tenth of the mineral's shortage cost, for a loss once in ten years",
    )


class Contract(Record):
    """A member's offtake contract with a refiner."""

    SHEET = "Contracts"
    MEANING = "Offtake contracts: tonnes to take or pay for, at the contract's own price."

    name: str = named("Contract", "Name of the contract.", default="none")
    refiner: str = named("Refiner", "The refiner.", "Refiners")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    member: str = named("Member", "Who buys.", "Members")
    min: float = number("Min", "Tonnes that must be paid for, taken or not.", "t/yr", value=0.0)
    max: float | None = number("Max", "Most tonnes that can be taken.", "t/yr", default="none")
    price: float | None = number(
        "Price", "Price of a tonne.", "USD/t", default="the refiner's cost of the year"
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")


class Project(Record):
    """A plant that could be built."""

    SHEET = "Projects"
    MEANING = (
        "Plants that could be built. Each plant is a separate source, which sells"
        " under its refiner's name."
    )

    name: str = named("Project", "The project.", key=True)
    refiner: str = named("Refiner", "Refiner that the plant belongs to, existing or new.")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    country: str = country_code("Country", "Country of the plant.")
    capacity: ByYear = number(
        "Capacity",
        "Tonnes that the plant can refine in a year when built in full.",
        "t/yr",
        is_fact=True,
    )
    capex: float = number("Capex", "Capital to build the plant in full.", "USD m", is_fact=True)
    cost: ByYear = number(
        "Cost", "Cost of a tonne at the plant's gate, without capital.", "USD/t", is_fact=True
    )
    first_year: int = column("First year", CellKind.YEAR, "Earliest first year of output.")
    lead_time: int = column(
        "Lead time",
        CellKind.WHOLE,
        "Years from spending the capital to the first output.",
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
    """Year in which a scenario builds the project in full, outside the budget; no column."""
    support: ByYear = ByYear(0.0)
    """Payment of a scenario for each tonne that is sold [money/t]; no column."""
    begun: tuple[tuple[int, float], ...] = field(default=(), compare=False)
    """(first year of output, fraction) of each row of Built, filled by a Case; no column."""
    late: tuple[tuple[int, int], ...] = field(default=(), compare=False)
    """(first year of output, the same before a scenario delayed it) of rows of Built; no column."""
    barred: tuple[int, ...] = ()
    """Years in which no output can begin, since an event delays it; no column."""
    shifts: tuple[tuple[int, int], ...] = ()
    """(year, years of delay) of events that delay the output due from the year on, if one plan for
    all futures has decided what is built; no column."""


class Built(Record):
    """A part of a project that is built or under construction."""

    IS_PLANNED = False  # a Case enters it in its projects
    SHEET = "Built"
    MEANING = "Parts of projects that are built or under construction. The rest can still be built."

    project: str = named("Project", "The project.", key=True)
    year: int = column(
        "Year", CellKind.YEAR, "First year of output; it may be before the planned years.", key=True
    )
    fraction: float = fraction(
        "Fraction", "Fraction of the project that starts output in the year."
    )
    due: int | None = None
    """The row's year before a scenario delayed it (None: not delayed); no column."""


class Support(Record):
    """A contract for difference, which pays a plant the market price's gap to the strike price."""

    SHEET = "Supports"
    IS_PLANNED = False
    MEANING = (
        "Contracts for difference: a plant is paid if the market pays less than the strike price."
    )

    plant: str = named("Plant", "A refiner or a project.")
    mineral: str = named("Mineral", "The mineral.", "Minerals")
    strike: float = number(
        "Strike price", "The plant gets at least this amount for a tonne.", "USD/t"
    )
    reference: float | None = number(
        "Reference price",
        "Market price of a tonne, as the contract defines it.",
        "USD/t",
        default="the mineral's price of the year",
    )
    clawback: float | None = number(
        "Clawback above",
        "The plant pays back the part of the market price above this price, which is"
        " at least the strike price.",
        "USD/t",
        default="none: the plant pays nothing back",
    )
    payer: str = named(
        "Payer",
        "The member that pays, or a group whose members pay in proportion to their demand.",
        or_group=True,
        default="all members, in proportion to their demand",
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")


class PriceFloor(Record):
    """The minimum price of a tonne at a border: a levy raises cheaper imports to it."""

    SHEET = "Price floors"
    MEANING = (
        "Minimum prices at the border. A levy raises the cost of cheaper imports to the floor."
    )

    mineral: str = named("Mineral", "The mineral.", "Minerals")
    zone: str = named(
        "Zone",
        "The bloc with the floor. Its members pay the levy on purchases from suppliers outside it.",
        value=COALITION,
    )
    floor: ByYear = series(
        "Floor",
        "Least cost of a tonne, with tariff and freight. The levy raises a lower cost to this.",
        "USD/t",
        is_fact=True,
    )
    exempt: tuple[str, ...] = named(
        "Exempt",
        "Countries or blocs, with ; between them. No levy is paid on their supply.",
        value=(),
        several=True,
        default="none",
    )
    first_year: int | None = years("First year", "First year in force.")
    last_year: int | None = years("Last year", "Last year in force.")


class BudgetYear(Record):
    """The capital that can be committed in a year."""

    SHEET = "Budget"
    MEANING = "Capital for projects by year. In a year without a row, capital has no limit."

    year: int = column("Year", CellKind.YEAR, "The year.", key=True)
    capex: float = number("Capex", "Capital that may be spent in the year.", "USD m")
    committed: float = field(default=0.0, compare=False)
    """Budget that plants under construction use, if this part of a case does not include them.

    In money m; no column.
    """


class Stockpile(Record):
    """A member's stockpile of a mineral."""

    SHEET = "Stockpiles"
    MEANING = "Members' stockpiles, with their size and target."

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
        "Stock to hold at the end of each year, in days of that year's demand (t x"
        " days / 365). It replaces Target (t).",
        most=36500.0,
        default="the target in t",
    )
    target_penalty: float | None = number(
        "Target penalty",
        "Yearly cost of each tonne below the target.",
        "USD/t/yr",
        default="1/50 of the shortage cost; in the last year half of it",
    )
    holding_cost: float = number(
        "Holding cost", "Cost of storing a tonne for a year.", "USD/t/yr", value=0.0
    )
    max_fill: float | None = number(
        "Max fill",
        "The most that can be added to the stock in a year.",
        "t/yr",
        default="none",
        carried=True,
    )
    max_draw: float | None = number(
        "Max draw",
        "The most that can be drawn from the stock in a year.",
        "t/yr",
        default="none",
        carried=True,
    )


class Right(Record):
    """The share of a plant or a mine that a member may count as its own."""

    SHEET = "Rights"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "The share of a plant's or mine's capacity that belongs to a member, when"
        " members plan alone."
    )

    member: str = named("Member", "The member.", "Members")
    refiner: str = selector(
        "Refiner", "The refiner or project that is shared.", "Refiners", "Projects"
    )
    mineral: str = selector("Mineral", "The mineral.", "Minerals")
    country: str = selector("Country", "Country of the refiners, projects and mines.")
    share: float = fraction(
        "Share",
        "The member's share of the capacity. The setting Rights divides the rest among"
        " members that no row names.",
    )


# ---- what-ifs and risks ------------------------------------------------------------------------


@dataclass(frozen=True)
class ActionCells:
    """The cells that an action needs: its selectors, and what its Value is.

    ``value`` names the unit of Value ("": no Value); ``least`` and ``most`` are its bounds.
    ``is_once``: an event does it once, when it begins; other actions hold in all its years.
    """

    selectors: tuple[str, ...]
    value: str = ""
    most: float = 0.0
    least: float = 0.0
    is_once: bool = False


_YEARS = ("first_year", "last_year")
_PLACES = ("mineral", "country", "refiner", "company")
SELECTORS = (*_PLACES, "member", "tier", "plant", *_YEARS)
_LANES = tuple(name for name in SELECTORS if name not in {"tier", "plant"})
_LANES_ALONE = tuple(name for name in _LANES if name != "company")
_PLANTS, _MINES, _MEMBERS = (
    (*_PLACES, *_YEARS), ("mineral", "country", *_YEARS), ("mineral", "member", *_YEARS)
)  # fmt: skip
WHOLE_YEARS, MOST_DELAY = "whole years", 100.0
ACTION_CELLS = {
    "block lanes": ActionCells(SELECTORS),
    "set lane max": ActionCells(_LANES_ALONE, "t/yr", MOST_TONNES),
    "set tariff": ActionCells(_LANES, "a fraction", MOST_TARIFF),
    "raise tariff": ActionCells(_LANES, "a fraction", MOST_TARIFF),
    "set price floor": ActionCells(("mineral", *_YEARS), "money/t", MOST_PRICE),
    "scale freight": ActionCells(_LANES, "a factor", MOST_MULTIPLE),
    "scale capacity": ActionCells(_PLANTS, "a factor", MOST_MULTIPLE),
    "add capacity": ActionCells(_PLANTS, "t/yr", MOST_TONNES, -MOST_TONNES),
    "scale cost": ActionCells(_PLANTS, "a factor", MOST_MULTIPLE),
    "set support": ActionCells(_PLANTS, "money/t", MOST_PRICE),
    "scale demand": ActionCells(_MEMBERS, "a factor", MOST_MULTIPLE),
    "scale shortage cost": ActionCells(("mineral", *_YEARS), "a factor", MOST_MULTIPLE),
    "scale mines": ActionCells(_MINES, "a factor", MOST_MULTIPLE),
    "block ore": ActionCells(_MINES),
    "build project": ActionCells((*_PLACES, "first_year")),
    "delay project": ActionCells(
        (*_PLACES, "first_year"), WHOLE_YEARS, MOST_DELAY, 1.0, is_once=True
    ),
    "scale budget": ActionCells(_YEARS, "a factor", MOST_MULTIPLE),
    "set stock target": ActionCells(_MEMBERS, "t", MOST_TONNES),
    "set max short": ActionCells(("mineral", *_YEARS), "a fraction", 1.0),
    "set max country share": ActionCells(("mineral",), "a share", 1.0),
    "drop share limits": ActionCells(("mineral",)),
    "remove member": ActionCells(("member",)),
}
"""The cells that each action of Scenarios and Risks needs."""
ACTIONS = tuple(ACTION_CELLS)
EVENT_ACTIONS = tuple(
    a
    for a, cells in ACTION_CELLS.items()
    if cells.is_once or {"mineral", "last_year"} <= {*cells.selectors}
)
"""Actions that can apply to single years, or happen once, as events need."""
_LASTING = (
    "it changes all years, but an event lasts only for some: use the sheet Scenarios and --scenario"
)


class ActionRow(Record):
    """A row of Scenarios or Risks: an action, the records that it selects, and its value."""

    name: str = named("Name", "The scenario or event of the row.")
    action: str = choice("Action", "The change that the row makes.", *ACTIONS)
    mineral: str = selector("Mineral", "The mineral to change.", "Minerals")
    country: str = selector("Country", "The country of the refiners, projects or mines to change.")
    refiner: str = selector("Refiner", "The refiner to change.", "Refiners", "Projects")
    company: str = named("Owner", "The company whose refiners and projects change.", default="all")
    member: str = selector("Member", "The member to change.", "Members")
    tier: str = named("Tier", "The tier of demand that is cut off.", "Tiers", default="all")
    plant: str = selector(
        "Plant",
        "The refiner that no longer gets an input, with its projects. The mineral is the input.",
        "Refiners",
        "Projects",
    )
    first_year: int | None = years("First year", "First year of the change.")
    last_year: int | None = years("Last year", "Last year of the change.")
    value: float | None = number(
        "Value",
        "A factor, t/yr, t, share, money/t or years, depending on the action. It may be"
        " negative only for `add capacity`.",
        least=-MOST_TONNES,
        most=MOST_TONNES,
        default="none",
    )

    @property
    def is_once(self) -> bool:
        """Whether an event does it once, when it begins."""
        return ACTION_CELLS[self.action].is_once

    def selects(
        self, mineral: str, country: str, refiner: str | None = None, company: str = ""
    ) -> bool:
        """Return whether the selectors match a refiner, a project, or a mine (``refiner`` None)."""
        return (
            self.mineral in {"", mineral}
            and self.country in {"", country}
            and (
                refiner is None or (self.refiner in {"", refiner} and self.company in {"", company})
            )
        )


class ScenarioStep(ActionRow):
    """One change of a scenario; its rows apply from top to bottom."""

    SHEET = "Scenarios"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "What-ifs. The rows of one scenario apply from top to bottom. The workbook"
        " itself does not change."
    )

    name: str = named("Scenario", "The scenario.")


class EventStep(ActionRow):
    """One change that an event makes while it lasts."""

    SHEET = "Risks"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "Events that may happen. All rows of an event happen together, in random years"
        " that `planner risk` draws."
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
        "Chance that the event begins in any one year of Demand. It is the same in all"
        " rows of an event.",
    )
    duration: int = column(
        "Duration",
        CellKind.WHOLE,
        "Number of years that the event lasts, with its first year. It is the same in"
        " all rows of an event. A delay happens once, so it has no effect there.",
        unit="yr",
        value=1,
        least=1,
        most=100,
    )
