"""The scorecard of a plan: every measure of each mineral and buyer, before the plan and with it.

A measure has a title, a formula, a source and a computation.

S_c is a country's share of supply. With the plan, supply is the coalition's purchases. Before the
plan, it is today's purchases if Current supply has them, else the world's nameplate capacity. Rest
of world counts in the total but not as a country, since it is many small ones. D is the buyer's
demand.

The benchmarks come from the European Critical Raw Materials Act, as far as a workbook has the data.
Regulation (EU) 2024/1252, Art. 5(1), sets them for 2030: Union capacity able to extract the ores
for at least 10 %, to process at least 40 % and to recycle at least 25 % of the Union's annual
consumption of strategic raw materials, overall; and of each such material, at any relevant stage
of processing, no more than 65 % of annual consumption from a single third country. Here each is
measured for each mineral, by the flows of the plan (before the plan, by capacity). Consumption is
the workbook's demand. The coalition is measured as if it were the Union; the EU is measured too, if
the workbook has a group of members and a bloc called EU. A plant or a mine is inside if its country
is in the buyer's bloc (column Bloc of Countries), whoever owns it. Members' countries that are not
listed there are in the coalition's bloc. All other countries are third countries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from models import measures, schema, tolerances
from models.plan import Plan
from models.results import Format, Stocks
from models.scorecard.supplied import (
    Buyer,
    PlanSupply,
    Supply,
    home_demand,
    largest_country,
    scored_buyers,
)

DUE = 2030
"""The first year in which the benchmarks must be met."""
NO_DEMAND, NOTHING_SUPPLIED = "no demand", "nothing supplied"
WORST = 10.0
"""The weight of the worst governance; the weight of the best is 0."""
_SCALE = 2.5
"""The Worldwide Governance Indicators run from -2.5 (worst) to 2.5 (best)."""
_ALL = 0.9995
"""Shares from here on are 100 % when rounded to per cent."""


@dataclass(frozen=True)
class Value:
    """A number, or None; ``remark`` names the countries it is about, or why it is None."""

    amount: float | None
    remark: str = ""


@dataclass(frozen=True)
class Required:
    """A benchmark: at least, or at most (``is_most``), this share of consumption.

    A share limit with this ``group`` and ``stage`` requires the same.
    """

    share: float
    group: str
    stage: str
    is_most: bool = False

    def is_met(self, reached: float) -> bool:
        missed_by = reached - self.share if self.is_most else self.share - reached
        return missed_by <= tolerances.LIMIT_KEPT

    def worst(self, reached: Mapping[int, float]) -> tuple[int, float]:
        """Return the year and share that miss the benchmark by most, or keep it by least."""
        pick = max if self.is_most else min
        return pick(reached.items(), key=lambda each: each[1])


@dataclass(frozen=True)
class Measure:
    """A measure of a mineral's supply to a buyer, in a year of a plan or before the plan.

    ``value`` computes it if the workbook has the data; ``missing_data`` names missing data, if any.
    ``required`` is its benchmark. ``before`` names the base of the value before the plan; "" means
    today's purchases if known, else nameplate capacity. ``of_coalition`` measures are only for the
    coalition, not for the EU.
    """

    name: str
    title: str
    formula: str
    source: str
    value: Callable[[Supply], Value]
    unit: str = "share of consumption"
    fmt: Format = Format.SHARE
    before: str = ""
    required: Required | None = None
    missing_data: Callable[[Supply], str] = lambda _: ""
    of_coalition: bool = False

    def __call__(self, supply: Supply) -> Value:
        missing = self.missing_data(supply)
        return Value(None, missing) if missing else self.value(supply)

    def benchmark_for(self, supply: Supply) -> Required | None:
        """Return the measure's benchmark; None if it has none.

        For a mineral whose refiners act as mines (``is_first_stage``), its stage is refining, since
        share limits on those refiners require the same.
        """
        if self.required is not None and supply.is_first_stage:
            return replace(self.required, stage=schema.REFINING)
        return self.required


def _ratio_or_remark(
    amount: float, whole: float, remark: str = "", missing_data: str = NO_DEMAND
) -> Value:
    """Return amount / whole; without a number, but with a remark, if the whole is 0."""
    share = measures.ratio(amount, whole)
    return Value(None, missing_data) if share is None else Value(share, remark)


# ---- concentration: higher values are worse ------------------------------------------------------


def _largest_share_of(number: int) -> Callable[[Supply], Value]:
    def value(supply: Supply) -> Value:
        amounts = supply.by_country
        top = measures.largest_countries(amounts, number)
        remark = supply.country_words(country for country, _ in top)
        return _ratio_or_remark(
            sum(t for _, t in top), sum(amounts.values()), remark, NOTHING_SUPPLIED
        )

    return value


def _hhi(amounts: dict[str, float]) -> Value:
    index = measures.hhi(amounts)
    return Value(index, NOTHING_SUPPLIED if index is None else "")


def _hhi_governance(supply: Supply) -> Value:
    """Return the concentration index weighted by governance.

    The World Bank's scores from -2.5 (worst) to 2.5 (best) become weights from 10 to 0, as in the
    Commission's method. If a supplier has no score, there is no value; the remark then gives the
    range from the best to the worst possible scores.
    """
    amounts = supply.by_country
    whole = sum(amounts.values())
    if whole <= 0:
        return Value(None, NOTHING_SUPPLIED)
    scores = {c.code: c.governance for c in supply.overall.case.countries}
    rated, unknown, odd = 0.0, dict[str, float](), []
    for country, amount in measures.without_rest_of_world(amounts).items():
        score, share = scores.get(country), amount / whole
        if score is None:
            unknown[country] = share
        elif abs(score) > _SCALE:
            odd.append(country)
        else:
            rated += share**2 * (WORST * (_SCALE - score) / (2 * _SCALE))
    if odd:
        return Value(None, f"Governance beyond -2.5 to 2.5 for {supply.country_words(odd)}")
    if unknown:
        lacking = supply.country_words(sorted(unknown, key=lambda c: (-unknown[c], c)), 2)
        high = rated + WORST * sum(share**2 for share in unknown.values())
        return Value(None, f"between {rated:z.2f} and {high:z.2f}: no Governance for {lacking}")
    return Value(rated)


# ---- the benchmarks ------------------------------------------------------------------------------


def _extraction(supply: Supply) -> Value:
    if supply.is_first_stage:
        return replace(_processing(supply), remark="first stage: sales of plants in the bloc")
    inside = sum(t for country, t in supply.ore.items() if supply.is_inside(country))
    followed = supply.ore_known_share
    remark = "" if followed > _ALL else f"ore is known for {followed:z.0%} of primary tonnes"
    return _ratio_or_remark(inside, supply.demand, remark)


def _processing(supply: Supply) -> Value:
    return _ratio_or_remark(
        sum(t for s, t in supply.tonnes if supply.is_inside(s.country)), supply.consumed
    )


def _recycling(supply: Supply) -> Value:
    recycled = ((s, t) for s, t in supply.tonnes if s.kind == schema.RECYCLED)
    return _ratio_or_remark(
        sum(t for s, t in recycled if supply.is_inside(s.country)), supply.consumed
    )


def _largest_outside(supply: Supply, amounts: dict[str, float], missing_data: str) -> Value:
    """Return the largest third country's share of demand; before the plan, of all amounts."""
    top = measures.largest_countries({c: t for c, t in amounts.items() if not supply.is_inside(c)})
    remark, tonnes = supply.country_words(c for c, _ in top), sum(t for _, t in top)
    if supply.year is None:
        return _ratio_or_remark(tonnes, sum(amounts.values()), remark, missing_data)
    return _ratio_or_remark(tonnes, supply.demand, remark)


def _not_mined(supply: Supply) -> str:
    return "" if supply.is_first_stage else _no_mines(supply)


def _not_processed(supply: Supply) -> str:
    return "first stage: see Extraction at home" if supply.is_first_stage else ""


def _no_mines(supply: Supply) -> str:
    is_mined = supply.mineral in supply.overall.mined_minerals
    return "" if is_mined else "no mines of it in the workbook"


def _no_recycling(supply: Supply) -> str:
    is_recycled = supply.mineral in supply.overall.recycled
    return "" if is_recycled else "no recycled supply of it in the workbook"


# ---- reliance and cover --------------------------------------------------------------------------


def _import_reliance(supply: Supply) -> Value:
    inside = _processing(supply)
    return inside if inside.amount is None else Value(max(0.0, 1.0 - inside.amount))


def _cover(supply: Supply) -> Value:
    stock = supply.stock
    if stock is None:  # the coalition's row says it, so the EU has none
        return Value(None, "" if supply.buyer.name else "no stockpile")
    days = measures.days_of_cover(stock, supply.demand)
    return Value(days, NO_DEMAND if days is None else "")


def _n_1(field: str) -> Callable[[Supply], Value]:
    """Return N-1; ``field`` is its column in ``n_minus_1``."""

    def value(supply: Supply) -> Value:
        case = supply.overall.case
        if supply.year is not None:
            row = supply.overall.without_largest[supply.mineral, supply.year]
            amount, lost = row[field], row["largest"]
            if math.isnan(amount):
                return Value(None, NO_DEMAND)
            return Value(amount, case.country_name(lost) if lost else "")
        lost, most = largest_country(supply.usable)
        demand = supply.demand
        if field == "over_rest":
            demand -= home_demand(case, supply.mineral, case.years[0], lost)
        remark = case.country_name(lost) if lost else ""
        return _ratio_or_remark(sum(supply.usable.values()) - most, demand, remark)

    return value


# ---- all of them ---------------------------------------------------------------------------------

_ART_5 = "Regulation (EU) 2024/1252, Art. 5(1)"
_IEA = "N-1 of IEA, Global Critical Minerals Outlook 2025"

CR1 = Measure(
    "cr1",
    "Share of the largest country (CR1)",
    "max over c of S_c",
    "concentration ratio; Curry & George, J. Ind. Econ. 31 (1983), 203-255",
    _largest_share_of(1),
    unit="share of supply",
    of_coalition=True,
)
CR3 = replace(
    CR1,
    name="cr3",
    title="Share of the three largest countries (CR3)",
    formula="S_1 + S_2 + S_3, the largest first",
    source="as CR1; the top three of IEA, Global Critical Minerals Outlook 2025",
    value=_largest_share_of(3),
)
HHI_COUNTRY = Measure(
    "hhi_country",
    "Concentration by country (HHI)",
    "sum over c of (100 S_c)^2",
    "Hirschman (1945), Herfindahl (1950); above 1,800 highly concentrated: US merger guidelines,"
    " 2023",
    lambda supply: _hhi(supply.by_country),
    unit="index, 0 to 10,000",
    fmt=Format.INDEX,
    of_coalition=True,
)
HHI_OWNER = Measure(
    "hhi_owner",
    "Concentration by country of the owner (HHI by owner)",
    "sum over o of (100 S_o)^2, S_o the share of refiners with owner country o, wherever they are",
    "as HHI; owner from the column Owner country, blank: country of the refiner",
    lambda supply: _hhi(supply.by_owner),
    unit="index, 0 to 10,000",
    fmt=Format.INDEX,
    of_coalition=True,
)
HHI_GOVERNANCE = Measure(
    "hhi_governance",
    "Concentration weighted by governance (HHI-WGI)",
    "sum over c of S_c^2 g_c, g_c = 2 (2.5 - Governance_c): 0 best governed, 10 worst; lower is"
    " better",
    "HHI_WGI of EC, Methodology for establishing the EU list of critical raw materials (2017), its"
    " trade parameter t_c = 1; Blengini et al., EUR 28654 EN",
    _hhi_governance,
    unit="index, 0 to 10",
    fmt=Format.SECONDS,
    of_coalition=True,
)
EXTRACTION = Measure(
    "extraction",
    "Extraction at home",
    "(metal contained in ore from mines of the bloc, whoever refines and buys it)"
    " / D; before: mine capacity of the bloc / D",
    f"{_ART_5}(a)(i): at least 10 %, to the extent that reserves allow",
    _extraction,
    before="nameplate",
    required=Required(0.10, schema.BY_BLOC, schema.MINING),
    missing_data=_not_mined,
)
PROCESSING = Measure(
    "processing",
    "Processing at home",
    "tonnes bought from refiners in the bloc / D; before: their nameplate"
    " capacity, or today's purchases from them, / D",
    f"{_ART_5}(a)(ii): at least 40 %",
    _processing,
    required=Required(0.40, schema.BY_BLOC, schema.REFINING),
    missing_data=_not_processed,
)
RECYCLING = Measure(
    "recycling",
    "Recycling at home",
    "tonnes bought from refiners of Kind recycled in the bloc / D; before: as Processing at home",
    f"{_ART_5}(a)(iii): at least 25 %",
    _recycling,
    required=Required(0.25, schema.BY_KIND, schema.REFINING),
    missing_data=_no_recycling,
)
ONE_COUNTRY = Measure(
    "one_country",
    "Refined in one country outside",
    "max over countries outside the bloc of (tonnes bought from their refiners /"
    " D); before: divided by the world's capacity, or by all purchases of today",
    f"{_ART_5}(b): at most 65 % at any relevant stage of processing",
    lambda supply: _largest_outside(supply, supply.by_country, NOTHING_SUPPLIED),
    required=Required(0.65, schema.BY_COUNTRY, schema.REFINING, is_most=True),
)
ONE_COUNTRY_ORE = Measure(
    "one_country_ore",
    "Mined in one country outside",
    "max over countries outside the bloc of (metal contained in their ore / D);"
    " before: their mine capacity / capacity of all mines",
    f"{_ART_5}(b), at the stage of mining: at most 65 %",
    lambda supply: _largest_outside(supply, supply.ore, "no mine is open"),
    before="nameplate",
    required=Required(0.65, schema.BY_COUNTRY, schema.MINING, is_most=True),
    missing_data=_no_mines,
    of_coalition=True,
)
IMPORT_RELIANCE = Measure(
    "import_reliance",
    "Import reliance",
    "(D - supply of refiners in the bloc) / D, at least 0; shortage and stock"
    " drawn count as imported",
    "own definition; the net import reliance of USGS is (imports - exports + stock"
    " changes) / apparent consumption instead",
    _import_reliance,
    unit="share of demand",
)
COVER = Measure(
    "cover",
    Stocks.days.header,
    "stock at the end of the year / (D / 365); before: the opening stock and the first year's D",
    "days of consumption, as for oil stocks in Council Directive 2009/119/EC",
    _cover,
    unit="days",
    fmt=Format.DAYS,
    before="opening",
)
N_1_ALL = Measure(
    "n_1_all",
    "N-1, all demand",
    "(S - Smax) / D, S the capacity open to the coalition, Smax the largest"
    f" country's part of it; before: without projects. {measures.BY_CAPACITY}",
    f"{_IEA}, with all demand",
    _n_1("over_all"),
    unit="share of demand",
    before="usable",
    of_coalition=True,
)
N_1_REST = replace(
    N_1_ALL,
    name="n_1_rest",
    title="N-1, demand of the others",
    formula="(S - Smax) / (D - Dmax), Dmax the demand of members in that country",
    source=_IEA,
    value=_n_1("over_rest"),
)

MEASURES = (
    CR1, CR3, HHI_COUNTRY, HHI_OWNER, HHI_GOVERNANCE, EXTRACTION, PROCESSING, RECYCLING,
    ONE_COUNTRY, ONE_COUNTRY_ORE, IMPORT_RELIANCE, COVER, N_1_ALL, N_1_REST,
)  # fmt: skip
"""The measures, in the order of the sheet."""


# ---- scores -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """One measure of one mineral and buyer ("": the coalition).

    ``before``, ``first`` and ``last`` are the values before the plan, in its first and in its last
    year. ``before_is`` names the base of ``before``. ``due`` has the values of the years in which
    the benchmark applies. ``exceeded_by_purchases`` has the workbook's limits on countries that
    shares of demand keep but shares of purchases exceed, the largest excess first.
    """

    measure: Measure
    mineral: str
    buyer: Buyer
    before: Value
    before_is: str
    first: Value
    last: Value
    due: tuple[tuple[int, Value], ...]
    required: Required | None
    exceeded_by_purchases: tuple[measures.OverByPurchases, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether the benchmark is met in every year in which it applies and a share is known.

        None without a benchmark or a known share. A year without demand has no share.
        """
        return not self.missed if self.required is not None and self.share_by_year else None

    @property
    def share_by_year(self) -> dict[int, float]:
        """The known shares by year, in the years in which the benchmark applies."""
        return {year: v.amount for year, v in self.due if v.amount is not None}

    @property
    def missed(self) -> tuple[int, ...]:
        """The years in which the benchmark applies but is missed."""
        required = self.required
        if required is None:
            return ()
        return tuple(year for year, s in self.share_by_year.items() if not required.is_met(s))


def due_years(years: tuple[int, ...]) -> tuple[int, ...]:
    """Return the years in which benchmarks apply: all from 2030 on, else the last year."""
    return tuple(y for y in years if y >= DUE) or years[-1:]


def scorecard(plan: Plan) -> tuple[Score, ...]:
    """Return every measure of every buyer and mineral; nothing if the plan has no years."""
    if not plan.case.years:
        return ()
    supply = PlanSupply(plan)
    rows = (
        _score(supply, measure, mineral, buyer)
        for measure in MEASURES
        for buyer in scored_buyers(plan.case)
        if not (buyer.name and measure.of_coalition)
        for mineral in supply.expanded.minerals
    )
    return tuple(score for score in rows if score is not None)


def _score(supply: PlanSupply, measure: Measure, mineral: str, buyer: Buyer) -> Score | None:
    years = supply.case.years
    due = due_years(years) if measure.required is not None else ()
    moments = dict.fromkeys((None, years[0], years[-1], *due))
    values = {year: measure(supply.supply_of(mineral, buyer, year)) for year in moments}
    before, first, last = values[None], values[years[0]], values[years[-1]]
    if (before, first, last) == (Value(None),) * 3:
        return None
    today = "today" if mineral in supply.bought_today else "nameplate"
    required = measure.benchmark_for(supply.supply_of(mineral, buyer, None))
    measured = measure.before if required == measure.required else ""
    before_is = "" if before.amount is None else measured or today
    each = tuple((year, values[year]) for year in due)
    is_outside = measure is ONE_COUNTRY
    over = supply.exceeded_by_purchases.get((mineral, buyer.name), ()) if is_outside else ()
    return Score(measure, mineral, buyer, before, before_is, first, last, each, required, over)
