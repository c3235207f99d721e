"""The report of one plan: its headlines, and a section for each question of a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd

from models import measures, program, schema, tolerances, units
from models.results import common
from models.results.field import Format, Result, field, matrix_of
from models.results.inputs import PlantInputs
from models.results.members import Members
from models.results.overall import COST, OPTION, ByMineral, Figure, Summary
from models.results.proof import About, Checks
from models.results.supply import (
    CountryShares,
    Flows,
    Prices,
    ShareLimits,
    ShortageCauses,
    Shortages,
)
from planner.render import palette, plotly, words
from planner.render.chart import Form, Picture, Role, Series, series_values
from planner.render.claims import SheetTables
from planner.render.facts import Facts, facts_of
from planner.render.front import FirstPage
from planner.render.words import chart_label, known, percent, tonnes_words, uncapitalized, word
from planner.report.page import (
    Choice,
    Plot,
    ReportPage,
    ReportSection,
    View,
    front_section,
    part_of,
)
from planner.sheets.findings import present_fields, result_rows, supplier_chart
from planner.sheets.front import SHOWN, first_page
from planner.studies.kind import Numbers, Section
from planner.workbook.plan_file import PlanFile, bare

_ABOUT = (
    Figure.PRICE_YEAR, Figure.MINERALS, Figure.MEMBERS, Figure.SHARE_BASIS, Figure.WHOLE_PROJECTS,
    Figure.CARRY_OVER_BUDGET, Figure.SURGE, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER,
    Figure.SOLVER, Figure.WRITTEN,
)  # fmt: skip
_MOST_BINDING = 40
_MOST_CAUSES = 3
"""Most causes of shortage listed for a mineral, the largest first."""
_PENALTY = "A penalty, not paid"
_DRAWN = (
    ByMineral.mineral, ByMineral.supplier_free_share, ByMineral.supplier_share,
    ByMineral.supplier_of_demand, ByMineral.supplier_limit, ByMineral.supplier_today_share,
    ByMineral.today_by,
)  # fmt: skip
_MEMBERS_DRAWN = (Members.member, Members.extra, Members.extra_shortage)
_STOPPED = (
    ByMineral.mineral, ByMineral.supplier, ByMineral.served_without, ByMineral.surged,
    ByMineral.stage_country, ByMineral.served_through, ByMineral.supplier_today,
    ByMineral.today_by, ByMineral.served_without_today, ByMineral.surged_today,
)  # fmt: skip


def plan_page(plan: PlanFile) -> ReportPage:
    proof, is_sound = proof_verdict(plan)
    scenario, years = (word(plan.measure(name)) for name in (Figure.SCENARIO, Figure.YEARS))
    front, sections = front_of(plan), (make(plan) for make in SECTIONS)
    return ReportPage(
        "Plan",
        (front_section(front),),
        "; ".join(filter(None, (scenario and f"Scenario: {scenario}", years))),
        proof,
        is_sound,
        tuple(
            each if isinstance(each, ReportSection) else part_of(each, front, plan.country)
            for each in sections
            if each is not None
        ),
        about_facts(plan),
        report_notes(plan),
    )


def front_of(plan: PlanFile) -> FirstPage:
    """Return the plan's first page, made again from the tables of its workbook."""
    asked = word(plan.measure(Figure.QUESTION))
    return first_page(SheetTables(plan.result, plan.country), plan.title, asked)


def proof_verdict(plan: PlanFile) -> tuple[str, bool]:
    """Return the verdict of the plan's own checks, and whether they passed, as the file has it."""
    checks = plan.result(Checks).frame()
    rows = checks[checks["check"] == "verdict"]
    if rows.empty:
        status = word(plan.measure(Figure.STATUS)) or "unknown"
        return f"Status: {status}; no checks in the file", False
    return word(rows.iloc[0]["what"]), word(rows.iloc[0]["passed"]) == "yes"


def report_notes(plan: PlanFile) -> tuple[str, ...]:
    """Return the notes above all numbers: failed checks, warnings, estimates."""
    lines: list[str] = []
    headers = list(plan.tables.get(ByMineral.TABLE, pd.DataFrame()).columns)
    if {f.name for f in SHOWN if not f.optional} - ByMineral.positions(headers).keys():
        version = word(plan.measure(Figure.PLANNER)) or "of another version"
        lines.append(
            f"Written by planner {version}: its sheet {ByMineral.TABLE} has no columns for some"
            " findings. These findings and their sections are left out. Plan the workbook again to"
            " see them."
        )
    checks = plan.result(Checks).frame()
    failed = checks[(checks["passed"] == "no") & (checks["check"] != "verdict")]
    lines += [f"Check failed: {word(check)}." for check in failed["what"]]
    warned, defaults = (int((checks["check"] == kind).sum()) for kind in ("warning", "default"))
    if warned:
        warnings = words.counted(warned, "warning")
        lines.append(f"{warnings} on the input: see the sheet Checks of the plan.")
    if defaults:
        columns = words.counted(defaults, "column")
        lines.append(f"Blank cells in {columns} got the default: see the sheet Checks.")
    return tuple(lines)


def about_facts(plan: PlanFile) -> Facts:
    options = [name for name in plan.measures if name.startswith(OPTION)]
    rows = {"Plan": plan.path.name, "SHA-256 of the plan": plan.sha256}
    rows |= {name: word(plan.measure(name)) for name in (Figure.SCENARIO, *options, *_ABOUT)}
    rows = {bare(name): value for name, value in rows.items() if value}
    return facts_of(About(what=list(rows), value=list(rows.values())))


# ---- mineral by mineral --------------------------------------------------------------------------


def minerals_section(plan: PlanFile) -> Section | None:
    """Draw the largest supplier's share of each mineral, and list key numbers by mineral.

    A second table says what is served if the largest supplier stops. None if nothing is needed.
    """
    table = plan.result(ByMineral)
    rows = [row for row in result_rows(table) if known(row["need"])]
    if not any(row["demand"] or row["purchased"] for row in rows):
        return None
    table = table.where([known(need) for need in table.need])
    note = f"{measures.IF_IT_STOPS} {measures.WITH_SURGE} {measures.SEE_MORE}"
    if ByMineral.served_through.name in table.data:
        note = f"{note} {measures.TIED_INPUTS}"
    return Section(
        "minerals",
        table.TABLE,
        "The largest supplier of each mineral is the country outside the coalition that refines"
        " most of what is bought. Shortages, and the cost of limits per tonne, are over all years.",
        Numbers(table, _DRAWN).view(supplier_chart(rows, table.words)),
        blocks=(
            Numbers(table, present_fields(table, _STOPPED), "If the largest supplier stops", note),
        ),
    )


def members_section(plan: PlanFile) -> Section | None:
    """Draw the cost of the limits by member; list what each member pays and depends on."""
    table = plan.result(Members)
    if not any(known(need) and need > 0 for need in table.need):
        return None
    costs = (
        ("In cash, for the same tonnes", Role.PLAN, table.extra),
        ("For missing tonnes, at their price (nobody pays it)", Role.SHORT, table.extra_shortage),
    )
    series = tuple(
        Series(name, role, series_values(values, units.MILLION))
        for name, role, values in costs
        if any(known(v) and v for v in values)
    )
    unit = f"{plan.currency} m a year"
    kind = f" {words.uncapitalized(series[0].name)}" if len(series) == 1 else ""
    title = f"What the share limits cost each member{kind} ({unit})"
    names = tuple(map(str, table.member))
    picture = Picture(title, Form.ROWS, names, series, unit, "", Format.MONEY) if series else None
    return Section(
        "members",
        table.TABLE,
        "What each member pays, what the share limits cost it in cash and in shortage at its price,"
        " and the mineral for which it depends most on one country outside the coalition. "
        f"{measures.SAME_COST}",
        Numbers(table, _MEMBERS_DRAWN).view(picture),
        blocks=(_member_by_member(table),),
    )


def _member_by_member(table: Members) -> Numbers:
    """Return the table of all members, with its remarks below it, each once."""
    names_of: dict[str, list[str]] = {}
    for name, remark in table.rows(Members.member, Members.remark):
        names_of.setdefault(word(remark), []).append(word(name))
    names_of.pop("", None)
    note = " ".join(f"{words.listed(names)}: {remark}" for remark, names in names_of.items())
    fields = tuple(f for f in table.fields if f.name != Members.remark.name)
    return Numbers(table, fields, "Member by member", note)


# ---- shares against limits -----------------------------------------------------------------------


class LargestShares(Result):
    """The largest country of each mineral and year, and whether its limit is reached."""

    mineral, year, country = common.MINERAL, common.YEAR, common.COUNTRY
    share = field.share("Share of {basis}")
    limit = ByMineral.limit
    reached = field.text("At the limit")


class DearestLimits(Result):
    """The binding limits: on whom, when, and what one tonne more would save."""

    kind, mineral, buyer = common.LIMIT.like(fmt=Format.TEXT), common.MINERAL, common.BUYER
    supplier, stage = ShareLimits.supplier.like(names=None), ShareLimits.stage
    years, limit = field.text("Binds in"), field.text("Limit there")
    saves = field.price("One tonne more room saves at most")
    row = common.ROW.like(fmt=Format.TEXT)


def shares_section(plan: PlanFile) -> Section | None:
    """Draw a small chart per mineral: the largest country's share in each year, and its limit."""
    table = plan.result(CountryShares).frame()
    table = table[table["buyer"] == ""]
    basis = str(plan.measure(Figure.SHARE_BASIS) or schema.DEMAND)
    tops = _tops(table, basis)
    if not tops:
        return None
    years = tuple(sorted({int(year) for year in table["year"]}))
    rows = [
        {"mineral": mineral, "reached": "yes" if is_reached else "", **vars(top)}
        for mineral, by_year in tops.items()
        for top in by_year.values()
        for is_reached in [top.limit is not None and top.share >= top.limit - tolerances.SAME_SHARE]
    ]
    return Section(
        "shares",
        "Shares against limits",
        f"The country with the largest share of the coalition's {basis}, and the limit on it."
        " If some countries have a limit, only these countries are compared.",
        Numbers(LargestShares.of_rows(rows, words={"basis": basis})).view(
            *(_share_chart(plan, mineral, years, by_year) for mineral, by_year in tops.items())
        ),
        blocks=_binding(plan),
    )


def _tops(table: pd.DataFrame, basis: str) -> dict[str, dict[int, measures.Top]]:
    """Return each mineral and year's largest country, among those with a limit if any has one."""
    tops: dict[str, dict[int, measures.Top]] = {}
    single = table["country"] != schema.REST_OF_WORLD
    for (mineral, year), rows in table[single].groupby(["mineral", "year"], sort=False):
        limited = rows[rows["limit"].notna() & measures.shares_of(rows, basis).notna()]
        some = limited if len(limited) else rows
        top = measures.largest_country_share(some, basis, idle=True)
        if top is not None:
            tops.setdefault(str(mineral), {})[int(str(year))] = top
    return {m: dict(sorted(tops[m].items())) for m in sorted(tops, key=str.casefold)}


def _share_chart(
    plan: PlanFile, mineral: str, years: tuple[int, ...], by_year: Mapping[int, measures.Top]
) -> Picture:
    tops = [by_year.get(year) for year in years]
    countries = [plan.country(top.country) if top else "" for top in tops]
    line, limits = ([getattr(top, name, None) for top in tops] for name in ("share", "limit"))
    series = [Series(ByMineral.country.header, Role.PLAN, line, hints=countries)]
    if any(limit is not None for limit in limits):
        series.append(Series(common.LIMIT.header, Role.LIMIT, limits))
    names = {*countries} - {""}
    title = f"{mineral}: {names.pop() if len(names) == 1 else 'largest country'}"
    return Picture(title, Form.GROUPED, years, tuple(series), "", "", small=True)


def _binding(plan: PlanFile) -> tuple[Numbers, ...]:
    """Return the table of binding limits, the dearest first."""
    table = plan.result(ShareLimits).frame()
    table = table[table["binding"] == "yes"]
    if table.empty:
        return ()
    rows: list[dict[Any, Any]] = []
    for _, limits in table.groupby(
        ["kind", "mineral", "buyer", "supplier", "stage"], sort=False, dropna=False
    ):
        row = limits.sort_values("shadow_price", ascending=False, kind="stable").iloc[0]
        years, values = words.year_span(limits["year"].unique()), _range(limits["limit"])
        estimate = ", an estimate" if schema.is_estimate(row["note"]) else ""
        rows.append({
            **row, "kind": "at most" if row["kind"] == "max" else "at least", "years": years,
            "limit": values, "saves": row["shadow_price"],
            "row": f"{row['row']:z.0f}{estimate}" if known(row["row"]) else "",
        })  # fmt: skip
    rows.sort(key=lambda row: -abs(row["saves"]) if known(row["saves"]) else float("inf"))
    dearest = DearestLimits.of_rows(rows[:_MOST_BINDING], words={"money": plan.currency})
    note = _more(len(rows) - len(dearest), "", ShareLimits.TABLE)
    return (Numbers(dearest, heading="Binding limits, the dearest first", note=note),)


def _more(number: int, noun: str, sheet: str) -> str:
    return f"{number:,} more{noun} are in the sheet {sheet}." if number else ""


def _range(values: pd.Series) -> str:
    low, high = words.percent(values.min()), words.percent(values.max())
    return low if low == high else f"{low} to {high}"


# ---- shortage ------------------------------------------------------------------------------------


class LargestCauses(Result):
    """The causes of shortage, by mineral, the largest first."""

    mineral = common.MINERAL
    years = field.text(Figure.YEARS)
    short = common.SHORT
    members = field.text("For")
    cause = Shortages.cause


def shortage_section(plan: PlanFile) -> Section | None:
    """Draw the missing share of demand by mineral and member, and list the causes."""
    table = plan.result(Prices).frame()
    table = table[table["demand"] > 0]
    if not (table["short"] > 0).any():
        return None
    title = Figure.SHORTAGE.value
    sums = table.groupby(["member", "mineral"])[["short", "demand"]].sum()
    parts: dict[Any, float] = (sums["short"] / sums["demand"]).to_dict()
    names, across = (sorted({key[i] for key in parts}, key=str.casefold) for i in (0, 1))
    series = [Series(m, Role.SHORT, [parts.get((m, each)) for each in across]) for m in names]
    heading = "Share of demand that is missing, by member and mineral, all years"
    axis = common.SHORT.header.lower()
    whose = Picture(heading, Form.HEAT, tuple(across), tuple(series), axis, "")
    matrix = matrix_of(title, {Members.member: names}, across, parts, field.share(""), {})
    return Section(
        "shortage",
        title,
        "The demand that is not met, over all years. Blank: no demand.",
        Numbers(matrix).view(shortfall(plan) if ByMineral in plan else None, whose),
        blocks=_causes(plan),
    )


def shortfall(plan: PlanFile) -> Picture:
    """Return the chart of each mineral's shortage: of supply, and because of the limits."""
    table = plan.result(ByMineral).frame().set_index("mineral")
    table = table[table["short"] > 0]
    can_t, forbidden = (
        series_values(table[name] / table["demand"])
        for name in ("short_of_supply", "short_by_limits")
    )
    series = (
        Series("Supply can't give it", Role.ONE_OF_MANY, can_t, palette.ORANGE),
        Series("The limits forbid it", Role.SHORT, forbidden),
    )
    title = "Share of demand that is missing, and why"
    return Picture(title, Form.BARS, tuple(table.index), series, CountryShares.of_demand.header, "")


def _causes(plan: PlanFile) -> tuple[Numbers, ...]:
    """Return the table of causes of shortage, by mineral, the largest first."""
    table = plan.result(Shortages).frame()
    if table.empty:
        return ()
    groups = table.groupby(["mineral", "cause"], sort=False, dropna=False)
    every = groups.agg(
        years=("year", lambda years: words.year_span(years.unique())),
        short=("short", "sum"),
        members=(
            "member", lambda names: words.listed(sorted(set(names), key=str.casefold), words.NAMED)
        ),
    ).reset_index()  # fmt: skip
    every = every.sort_values("short", ascending=False, kind="stable")
    every = every.sort_values("mineral", key=lambda names: names.map(str.casefold), kind="stable")
    causes = every.groupby("mineral", sort=False).head(_MOST_CAUSES)
    causes = causes.assign(cause=causes["cause"].astype(object).where(causes["cause"].notna(), ""))
    note = _more(len(every) - len(causes), " causes", ShortageCauses.TABLE)
    rows = LargestCauses.of_rows(causes.to_dict("records"))
    return (Numbers(rows, heading="The largest causes of each mineral", note=note),)


# ---- costs ---------------------------------------------------------------------------------------


class MineralPrices(Result):
    """A mineral's prices in a year: the landed cost of a tonne, and of one tonne more."""

    mineral, year, landed, marginal = common.MINERAL, common.YEAR, Prices.landed, Prices.marginal
    lowest = field.price("Lowest of a member")
    highest = field.price("Highest of a member")


class CostHeadings(Result):
    """The headings of cost, and whether each is paid or a penalty."""

    heading, kind = field.text("Heading"), common.KIND
    amount = field.money("Amount")


def prices_section(plan: PlanFile) -> Section | None:
    """Draw a small chart per mineral: average landed cost and marginal price in each year."""
    table = plan.result(Prices).frame()
    if table.empty or not (table["demand"] > 0).any():
        return None
    rows: list[dict[str, Any]] = []
    for (mineral, year), bought in table.groupby(["mineral", "year"]):
        marginal = bought.loc[bought["demand"] > 0, "marginal"].dropna()
        rows.append({
            "mineral": str(mineral), "year": int(str(year)),
            "landed": _mean(bought, "landed", "purchased"),
            "marginal": _mean(bought, "marginal", "demand"),
            "lowest": marginal.min(), "highest": marginal.max(),
        })  # fmt: skip
    rows.sort(key=lambda row: (row["mineral"].casefold(), row["year"]))
    charts = [
        _price_chart(mineral, [row for row in rows if row["mineral"] == mineral], plan.currency)
        for mineral in dict.fromkeys(row["mineral"] for row in rows)
    ]
    return Section(
        "prices",
        "Prices",
        "The average landed cost of a tonne that the coalition buys, and the average saving from "
        "one more tonne of supply, weighted by demand. One more tonne of demand also changes "
        f"limits that are shares of demand, so it may cost more or less. {common.SHORT_PRICE}",
        Numbers(MineralPrices.of_rows(rows, words={"money": plan.currency})).view(*charts),
    )


def _mean(rows: pd.DataFrame, name: str, weight: str) -> float | None:
    rows = rows[rows[name].notna() & (rows[weight] > 0)]
    return measures.ratio(float((rows[name] * rows[weight]).sum()), float(rows[weight].sum()))


def _price_chart(mineral: str, rows: Sequence[Mapping[str, Any]], currency: str) -> Picture:
    landed, marginal = ([row[name] for row in rows] for name in ("landed", "marginal"))
    series = (
        Series(Prices.landed.header, Role.PLAN, landed),
        Series(Prices.marginal.header, Role.ONE_OF_MANY, marginal, palette.ORANGE),
    )
    title, years = f"{mineral} ({currency}/t)", tuple(row["year"] for row in rows)
    return Picture(title, Form.LINES, years, series, "", "", Format.PRICE, small=True)


def costs_section(plan: PlanFile) -> Section | None:
    """Draw the headings of cost: payments, and penalties, which nobody pays."""
    figures = plan.result(Summary).rows(Summary.measure, Summary.value, Summary.remark)
    headings = [
        (name.removeprefix(COST).capitalize(), float(value), str(remark).startswith(_PENALTY))
        for name, value, remark in figures
        if str(name).startswith(COST) and known(value)
    ]
    if not headings:
        return None
    headings.sort(key=lambda heading: -heading[1])
    names = tuple(name for name, *_ in headings)
    size, unit = words.unit_scale(max(abs(amount) for _, amount, _ in headings), plan.currency)
    series = tuple(
        Series(name, role, [v / size if is_fine is fine else None for _, v, is_fine in headings])
        for name, role, fine in (
            ("Paid", Role.PLAN, False), ("Penalty, not paid", Role.SHORT, True)
        )
        if any(is_fine is fine for *_, is_fine in headings)
    )  # fmt: skip
    title = f"Cost by kind, all years, undiscounted ({unit})"
    table = CostHeadings(
        heading=names,
        kind=["penalty, not paid" if is_fine else "paid" for *_, is_fine in headings],
        amount=[amount for _, amount, _ in headings],
        words={"money": plan.currency},
    )
    return Section(
        "costs",
        "What it costs",
        "Purchases, freight, tariffs and projects are paid in cash. Shortage and other penalties"
        f" are not paid; their cost is the price that the plan puts on them. {in_all(plan)}",
        Numbers(table).view(Picture(title, Form.BARS, names, series, unit, "", Format.MONEY)),
    )


def in_all(plan: PlanFile) -> str:
    """Return what is paid in total, and what the plan minimises."""
    cash, total = plan.number(Figure.CASH_COST), plan.number(Figure.TOTAL_COST)
    if not known(cash):
        return ""
    tariffs, levies = plan.number(Figure.TARIFFS), plan.number(Figure.LEVIES)
    cost = program.CashCost(cash, tariffs, levies if known(levies) else 0.0)
    net = words.tariff_words({"": cost}, plan.currency) if known(tariffs) else ""
    paid, objective = (words.money_words(amount, plan.currency) for amount in (cash, total))
    return (
        f"Over all years the coalition pays {paid}. The plan minimizes the discounted cost,"
        f" including shortage at its price: {objective}. {net}"
    ).rstrip()


# ---- who supplies each mineral -------------------------------------------------------------------

_MOST_COLOURED = 5
_MOST = 12
"""Most countries, and most members, that are drawn; the smaller ones are merged into one."""
OTHERS, OTHER_MEMBERS, ALL_YEARS = "Other countries", "Other members", "All years"
_Pairs = dict[tuple[str, str], float]


def _sold(plan: PlanFile) -> pd.DataFrame:
    table = plan.result(Flows).frame()
    return table.assign(country=table["country"].map(plan.country))


def _sold_to_all(plan: PlanFile) -> pd.DataFrame:
    """Return what members buy, and what the plants of each country buy as inputs."""
    inputs = plan.result(PlantInputs).frame()
    inputs = inputs[inputs["member"].fillna("") == ""]  # a member's own were bought before
    buyers = "plants in " + inputs["plant_country"].map(plan.country).astype(str)
    inputs = inputs.assign(member=buyers, country=inputs["country"].map(plan.country))
    return pd.concat([_sold(plan), inputs], ignore_index=True) if len(inputs) else _sold(plan)


def supplier_colours(plan: PlanFile) -> dict[str, str]:
    """Return the countries that supply the most, each with its colour in every chart.

    Tonnes of different minerals are not added up: countries are ranked by the sum of their shares
    of each mineral.
    """
    sums = _sold(plan).groupby(["mineral", "country"])["tonnes"].sum()
    parts = sums / sums.groupby(level="mineral").transform("sum")
    weight = (
        parts.groupby(level="country")
        .sum()
        .drop(plan.country(schema.REST_OF_WORLD), errors="ignore")
    )
    first = sorted(weight.index, key=lambda name: (-round(weight[name], 9), name))
    return dict(zip(first[:_MOST_COLOURED], palette.COLOURS, strict=False))


def supply_section(plan: PlanFile) -> Section | None:
    """Draw each mineral as a bar: its supplier countries, and its shortage."""
    table = plan.result(ByMineral).frame().set_index("mineral")
    table = table[(table["demand"] > 0) | (table["purchased"] > 0)]
    if table.empty:
        return None
    whole = table["demand"].where(table["demand"] > 0, table["purchased"])
    sums = _sold(plan).groupby(["mineral", "country"])["tonnes"].sum().unstack(fill_value=0)
    share = sums.reindex(table.index, fill_value=0.0).div(whole, axis=0)
    colours = supplier_colours(plan)
    series = [Series(c, Role.ONE_OF_MANY, list(share[c]), colours[c]) for c in colours]
    rest, short = share.drop(columns=[*colours]).sum(axis=1), table["short"] / whole
    series += [
        Series(OTHERS, Role.OTHER, [*rest]),
        Series(common.SHORT.header, Role.SHORT, [*short]),
    ]
    series = [s for s in series if any((v or 0.0) > tolerances.SHOWN_SHARE for v in s.values)]
    lengths = (sum(s.values[i] or 0.0 for s in series) for i in range(len(table)))
    is_more = max(lengths, default=0.0) > 1.0 + tolerances.SHOWN_SHARE
    title, axis = "Shares of the coalition's demand, all years", CountryShares.of_demand.header
    axis += " (above 100 %: bought for stock)" if is_more else ""
    minerals = tuple(map(str, table.index))
    picture = Picture(title, Form.BARS, minerals, tuple(series), axis, "")
    cells = {
        (m, s.name): value for s in series for m, value in zip(minerals, s.values, strict=True)
    }
    lead, names = {ByMineral.mineral: minerals}, [s.name for s in series]
    return Section(
        "supply",
        "Who supplies the coalition",
        "Each mineral's demand over all years, by the country that refines it, and its shortage."
        " A bar above 100 % includes purchases for stock. If a bar is below 100 %, the rest comes"
        " from stock.",
        Numbers(matrix_of("Supply", lead, names, cells, field.share(""), {})).view(picture),
    )


def flows_section(plan: PlanFile) -> ReportSection | None:
    """Draw the flows from countries to members, with selectors of the mineral and the year."""
    sold = _sold_to_all(plan)
    sold = sold[sold["tonnes"] > 0]
    if sold.empty:
        return None
    minerals = sorted(sold["mineral"].unique(), key=str.casefold)
    years = [str(year) for year in sorted(sold["year"].unique())]
    periods = [ALL_YEARS, *years] if len(years) > 1 else years
    colours = supplier_colours(plan)
    views: dict[Choice, View] = {}
    for m, mineral in enumerate(minerals):
        bought = sold[sold["mineral"] == mineral]
        unit = str(bought["unit"].dropna().max() or "t")
        for p, period in enumerate(periods):
            rows = bought if period == ALL_YEARS else bought[bought["year"] == int(period)]
            views[m, p] = _view(rows, mineral, period, unit, colours)
    return ReportSection(
        "flows",
        "Flows from refiner country to buyer",
        "Flows go from the country of refining, on the left, to the buyer, on the right;"
        " widths show tonnes. Grey countries supply less than the coloured ones, over all minerals."
        " Plants buy the minerals from which they make others.",
        views,
        {common.MINERAL.header: tuple(minerals), common.YEAR.header: tuple(periods)},
    )


class FlowParts(Result):
    """A mineral's flows with their parts of the total, the largest first."""

    source, target = field.text("From country"), field.text("To member or plants")
    amount, part = common.TONNES.like(unit="{unit}"), field.share("Part of all")


class NothingBought(Result):
    """The note shown for a mineral that is not bought."""

    note = common.NOTE


def _view(
    rows: pd.DataFrame, mineral: str, period: str, unit: str, colours: dict[str, str]
) -> View:
    sums = cast("_Pairs", rows.groupby(["country", "member"])["tonnes"].sum().to_dict())
    every = [plotly.SankeyLink(*key, amount) for key, amount in sums.items()]
    every.sort(key=lambda f: (-f.amount, f.source, f.target))
    when = uncapitalized(period)
    if not every:
        note = f"No {mineral} is bought in {when}."
        return View((), facts_of(NothingBought(note=[note])))
    total, first = sum(f.amount for f in every), every[0]
    alt = (
        f"Flows of {mineral}, {when}: {tonnes_words(total)} in {len(every)} flows. The largest goes"
        f" from {first.source} to {first.target}: {tonnes_words(first.amount)}, "
        f"{percent(first.amount / total)} of the total."
    )
    links = _gathered(every)
    high = max(len({f.source for f in links}), len({f.target for f in links}))
    figure = plotly.sankey(links, colours, unit=chart_label(unit))
    table = [{**vars(f), "part": f.amount / total} for f in every]
    plot = Plot(f"{mineral}, {when} ({unit})", figure, alt, 220 + 30 * high)
    return View((plot,), facts_of(FlowParts.of_rows(table, words={"unit": unit})))


def _gathered(every: list[plotly.SankeyLink]) -> list[plotly.SankeyLink]:
    """Return the flows with small countries and small members merged."""
    sides = (
        (_summed([(f.source, f.amount) for f in every]), OTHERS),
        (_summed([(f.target, f.amount) for f in every]), OTHER_MEMBERS),
    )
    (large, others), (buyers, other_buyers) = (
        ([*sums] if len(sums) <= _MOST else [*sums][: _MOST - 1], name) for sums, name in sides
    )
    sums: _Pairs = {}
    for f in every:
        source = f.source if f.source in large else others
        key = source, f.target if f.target in buyers else other_buyers
        sums[key] = sums.get(key, 0.0) + f.amount
    return [plotly.SankeyLink(*key, amount) for key, amount in sums.items()]


def _summed(pairs: list[tuple[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, 0.0) + amount
    return dict(sorted(sums.items(), key=lambda each: (-each[1], each[0])))


SECTIONS = (
    minerals_section,
    members_section,
    supply_section,
    flows_section,
    shares_section,
    shortage_section,
    prices_section,
    costs_section,
)
"""Functions that make the sections, in order; None if a plan has nothing to show there."""
