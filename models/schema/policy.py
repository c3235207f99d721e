"""The sheets that say what is limited, signed, stored and built."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import ByYear, Kind, Record, column, years
from models.schema.market import PRIMARY, RECYCLED

MAX, MIN = "max", "min"
BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER = "country", "owner", "bloc", "kind", "refiner"
REFINING, MINING = "refining", "mining"
EACH = "each"
EACH_OUTSIDE = "each outside "


@dataclass(frozen=True, kw_only=True)
class ShareLimit(Record):
    """A most or a least that a group of suppliers may have of a buyer's demand."""

    SHEET = "Share limits"
    MEANING = "The most, or the least, that a country or group may supply of what a buyer needs."

    limit: str = column(
        "Limit",
        Kind.CHOICE,
        "max: at most the share; min: at least the share.",
        choices=(MAX, MIN),
    )
    mineral: str = column(
        "Mineral",
        Kind.NAME,
        "Which mineral.",
        value="",
        default="each mineral alone",
        refers=("Minerals",),
    )
    buyer: str = column(
        "Buyer",
        Kind.NAME,
        "each (member alone), a member, or a group of members.",
        value="",
        default="the coalition as one",
    )
    group: str = column(
        "Supplier group",
        Kind.CHOICE,
        "How suppliers are put together.",
        choices=(BY_COUNTRY, BY_OWNER, BY_BLOC, BY_KIND, BY_REFINER),
    )
    supplier: str = column(
        "Supplier",
        Kind.NAME,
        "A name of that group, or `each outside BLOC` for country and owner.",
        value="",
        default="each one alone",
    )
    share: ByYear = column(
        "Share",
        Kind.SHARE,
        "The share; of what, the setting Share basis says.",
        by_year=True,
    )
    first_year: int | None = years("First year", "First year in which it holds.")
    last_year: int | None = years("Last year", "Last year in which it holds.")
    penalty: float | None = column(
        "Penalty",
        Kind.NUMBER,
        "What a tonne beyond a max, or missing from a min, costs.",
        value=None,
        unit="USD/t",
        default="a max is hard; a min costs the mineral's shortage cost",
    )
    stage: str = column(
        "Stage",
        Kind.CHOICE,
        "Whether refined tonnes count, or the ore behind them.",
        value=REFINING,
        choices=(REFINING, MINING),
        default="refining",
    )
    except_minerals: tuple[str, ...] = ()
    """Minerals that a scenario takes out of a row for all of them; no column."""

    @property
    def caps_each_country(self) -> bool:
        """Whether it is a refining max on countries, each alone: what one calls "the cap"."""
        each_alone = not self.supplier or self.supplier.startswith(EACH_OUTSIDE)
        refining = self.stage == REFINING and self.group == BY_COUNTRY
        return self.limit == MAX and refining and each_alone


@dataclass(frozen=True, kw_only=True)
class Contract(Record):
    """A tranche that a member has signed with a refiner."""

    SHEET = "Contracts"
    MEANING = "Offtake contracts: tranches at their own price, take or pay."

    name: str = column("Contract", Kind.NAME, "A name for it.", value="", default="none")
    refiner: str = column("Refiner", Kind.NAME, "The refiner.", refers=("Refiners",))
    mineral: str = column("Mineral", Kind.NAME, "The mineral.", refers=("Minerals",))
    member: str = column("Member", Kind.NAME, "Who buys.", refers=("Members",))
    min: float = column(
        "Min",
        Kind.NUMBER,
        "What is paid for whether taken or not.",
        value=0.0,
        unit="t/yr",
        default="0",
    )
    max: float | None = column(
        "Max", Kind.NUMBER, "Most that can be taken.", value=None, unit="t/yr", default="none"
    )
    price: float | None = column(
        "Price",
        Kind.NUMBER,
        "Price of a tonne.",
        value=None,
        unit="USD/t",
        default="the refiner's cost of the year",
    )
    first_year: int | None = years("First year", "First year in which it holds.")
    last_year: int | None = years("Last year", "Last year in which it holds.")


@dataclass(frozen=True, kw_only=True)
class Project(Record):
    """A plant that could be built."""

    SHEET = "Projects"
    MEANING = "Plants that could be built: a source of their own under their refiner's name."

    name: str = column("Project", Kind.NAME, "The project.", key=True)
    refiner: str = column("Refiner", Kind.NAME, "The refiner it belongs to, existing or new.")
    mineral: str = column("Mineral", Kind.NAME, "The mineral.", refers=("Minerals",))
    country: str = column("Country", Kind.COUNTRY, "Where it would stand.")
    capacity: ByYear = column(
        "Capacity", Kind.NUMBER, "What it could refine in a year, built in full.", unit="t/yr"
    )
    capex: float = column("Capex", Kind.NUMBER, "Capital to build it in full.", unit="USD m")
    cost: ByYear = column(
        "Cost", Kind.NUMBER, "What a tonne costs at its gate, without capital.", unit="USD/t"
    )
    first_year: int = column("First year", Kind.YEAR, "First year of output at the earliest.")
    lead_time: int = column(
        "Lead time",
        Kind.WHOLE,
        "Whole years from spending to output.",
        value=0,
        unit="yr",
        most=100,
        default="0",
    )
    kind: str = column(
        "Kind",
        Kind.CHOICE,
        "From ore (primary) or from scrap (recycled).",
        value=PRIMARY,
        choices=(PRIMARY, RECYCLED),
        default="primary",
    )
    owner: str = column(
        "Owner country",
        Kind.COUNTRY,
        "The country of whoever controls it.",
        value="",
        default="its country",
    )
    life: int = column(
        "Life",
        Kind.WHOLE,
        "Whole years of output.",
        value=20,
        unit="yr",
        least=1,
        most=1000,
        default="20",
    )
    built_in: int | None = None
    """The year in which a scenario has it built in full, outside the budget; no column."""


@dataclass(frozen=True, kw_only=True)
class BudgetYear(Record):
    """The capital that can be committed in a year."""

    SHEET = "Budget"
    MEANING = "Capital that projects may take in a year; a year without a row is not limited."

    year: int = column("Year", Kind.YEAR, "The year.", key=True)
    capex: float = column("Capex", Kind.NUMBER, "Capital that may be spent.", unit="USD m")


@dataclass(frozen=True, kw_only=True)
class Stockpile(Record):
    """A member's reserve of a mineral."""

    SHEET = "Stockpiles"
    MEANING = "Reserves that members hold, their size and their target."

    mineral: str = column("Mineral", Kind.NAME, "The mineral.", key=True, refers=("Minerals",))
    member: str = column("Member", Kind.NAME, "The member.", key=True, refers=("Members",))
    max: float = column("Max", Kind.NUMBER, "Most that can be stored.", unit="t")
    opening: float = column(
        "Opening",
        Kind.NUMBER,
        "Stock before the first year (at most Max).",
        value=0.0,
        unit="t",
        default="0",
    )
    target: ByYear = column(
        "Target",
        Kind.NUMBER,
        "Stock to hold at the end of each year.",
        value=ByYear(),
        unit="t",
        default="the opening stock",
    )
    target_days: float | None = column(
        "Target (days)",
        Kind.NUMBER,
        "Stock to hold, in days of that year's demand (t x days / 365); instead of Target (t).",
        value=None,
        most=36500.0,
        default="the target in t",
    )
    target_penalty: float | None = column(
        "Target penalty",
        Kind.NUMBER,
        "What a tonne below target costs in a year.",
        value=None,
        unit="USD/t/yr",
        default="1/50 of the shortage cost; in the last year half of it",
    )
    holding_cost: float = column(
        "Holding cost",
        Kind.NUMBER,
        "What it costs to store a tonne for a year.",
        value=0.0,
        unit="USD/t/yr",
        default="0",
    )
