"""The report of one plan: its headlines, and a part for each question that a reader has."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pandas as pd

from models import tolerances
from models.measures import (
    IF_IT_STOPS,
    SAME_COST,
    SEE_MORE,
    WITH_SURGE,
    Top,
    largest_country_share,
    part,
    shares_of,
)
from models.program import CashCost
from models.results import (
    ByMineral,
    Checks,
    CountryShares,
    Figure,
    Look,
    Members,
    Prices,
    Security,
    ShareLimits,
    ShortageCauses,
    Shortages,
    Summary,
    field,
)
from models.results.common import BUYER, COUNTRY, KIND, LIMIT, MINERAL, ROW, SHORT, YEAR
from models.results.overall import COST, OPTION
from models.schema import DEMAND, REST_OF_WORLD
from models.units import MILLION
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, numbers
from planner.render.table import COALITION_BUYER
from planner.render.words import (
    NAMED,
    counted,
    inner,
    is_estimate,
    known,
    listed,
    money,
    number,
    percent,
    scale,
    span,
    tariff_words,
    word,
)
from planner.report.part import (
    Columns,
    Facts,
    Plot,
    ReportPage,
    ReportSection,
    View,
    facts,
    facts_of,
    plot,
)
from planner.report.study import plot_of
from planner.report.supply import flows, supply
from planner.sheets.findings import TOLD, answer, cautions, chart, findings, rows_of
from planner.sheets.survival import needed_in, survival
from planner.studies.kind import KeyFigure as Headline
from planner.workbook.plan_file import PlanFile, bare, edited

_ABOUT = (
    Figure.PRICE_YEAR, Figure.MINERALS, Figure.MEMBERS, Figure.SHARE_BASIS, Figure.WHOLE_PROJECTS,
    Figure.CARRY_OVER_BUDGET, Figure.SURGE, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER,
    Figure.SOLVER, Figure.WRITTEN,
)  # fmt: skip
_MOST_BINDING = 40
_MOST_CAUSES = 3
"""Causes of each mineral that are told, the largest first."""
_PENALTY = "A penalty, not paid"
_LOWEST = field.price("Lowest of a member")
_HIGHEST = field.price("Highest of a member")
_AMOUNT = field.money("Amount")
_SAVES = field.price("A tonne of relief saves at most")
_SHARE = field.share("Share of {basis}")
_DRAWN = (
    ByMineral.supplier_free_share, ByMineral.supplier_share, ByMineral.supplier_of_demand,
    ByMineral.supplier_limit, ByMineral.supplier_today_share, ByMineral.today_by,
)  # fmt: skip
_MEMBERS_DRAWN = (Members.member, Members.extra, Members.extra_shortage)
_STOPPED = (
    ByMineral.mineral, ByMineral.supplier, ByMineral.served_without, ByMineral.surged,
    ByMineral.supplier_today, ByMineral.today_by, ByMineral.served_without_today,
    ByMineral.surged_today,
)  # fmt: skip
_Prices = tuple[str, int, float | None, float | None, float | None, float | None]
Tops = dict[int, Top]
"""The largest country of a mineral by year."""


def plan_page(plan: PlanFile) -> ReportPage:
    """Return the report of a plan."""
    said, sound = verdict(plan)
    asked = answer(plan.result(ByMineral), word(plan.measure(Figure.QUESTION)))
    scenario, years = (word(plan.measure(name)) for name in (Figure.SCENARIO, Figure.YEARS))
    return ReportPage(
        "Plan",
        plan.title,
        "; ".join(filter(None, (scenario and f"Scenario: {scenario}", years))),
        said,
        sound,
        headlines(plan),
        tuple(made for made in (make(plan) for make in PARTS) if made is not None),
        about(plan),
        notes(plan),
        asked.question if asked else "",
        asked.said if asked else "",
    )


def headlines(plan: PlanFile) -> tuple[Headline, ...]:
    """Return the findings of the plan's first page, in the same words."""
    years = plan.result(Prices).frame()["year"].nunique()
    points = findings(plan.result(ByMineral), years, plan.country)
    found = [Headline(point.name, point.number, point.said) for point in points]
    needed = needed_in(plan.result(Prices).frame())
    light = survival(plan.result(Security), needed, plan.country)
    if light is not None:
        found.append(Headline(light.question, light.state.value[1], light.said))
    return tuple(found)


def verdict(plan: PlanFile) -> tuple[str, bool]:
    """Return what the plan's own checks say, and whether they passed."""
    checks = plan.result(Checks).frame()
    rows = checks[checks["check"] == "verdict"]
    if rows.empty:
        return (
            f"Status: {word(plan.measure(Figure.STATUS)) or 'unknown'}; no checks in the file",
            False,
        )
    if edited(plan):
        return "Edited since it was written: its sheets do not carry its own sums.", False
    return word(rows.iloc[0]["what"]), word(rows.iloc[0]["passed"]) == "yes"


def notes(plan: PlanFile) -> tuple[str, ...]:
    """Return what a reader must know before the numbers: failed checks, warnings, estimates."""
    said = [f"Edited since it was written: {found.message}" for found in edited(plan)]
    headers = list(plan.tables.get(ByMineral.TABLE, pd.DataFrame()).columns)
    if {f.name for f in TOLD} - ByMineral.positions(headers).keys():
        version = word(plan.measure(Figure.PLANNER)) or "of another version"
        said.append(
            f"Written by planner {version}, whose sheet {ByMineral.TABLE} lacks columns that"
            " findings are made of: they, and the parts made of them, are left out. Plan the"
            " workbook again to read them."
        )
    checks = plan.result(Checks).frame()
    failed = checks[(checks["passed"] == "no") & (checks["check"] != "verdict")]
    said += [f"Check failed: {word(what)}." for what in failed["what"]]
    warned = int((checks["check"] == "warning").sum())
    if warned:
        said.append(f"{counted(warned, 'warning')} on the input: see the sheet Checks of the plan.")
    taken = int((checks["check"] == "default").sum())
    if taken:
        said.append(
            f"Blank cells took the default in {counted(taken, 'column')}: see the sheet Checks."
        )
    if marked := word(plan.measure(Figure.ESTIMATES)):
        said.append(f"{Figure.ESTIMATES}: {marked} of the workbook.")
    return (*said, *cautions(plan.result(ByMineral), plan.country))


def about(plan: PlanFile) -> Facts:
    """Return where the plan comes from: scenario, options, input, versions."""
    options = [name for name in plan.measures if name.startswith(OPTION)]
    rows = {"Plan": plan.path.name, "SHA-256 of the plan": plan.sha256}
    rows |= {name: word(plan.measure(name)) for name in (Figure.SCENARIO, *options, *_ABOUT)}
    rows = {bare(name): value for name, value in rows.items() if value}
    return facts({"What": rows.keys(), "Value": rows.values()})


# ---- mineral by mineral --------------------------------------------------------------------------


def minerals(plan: PlanFile) -> ReportSection | None:
    """Draw the largest supplier's share of each mineral, and tell what depends on it."""
    made = plan.result(ByMineral)
    rows = [row for row in rows_of(made) if known(row["need"])]
    picture = chart(rows, made.words) if rows else None
    if picture is None:
        return None
    told = made.where([known(need) for need in made.need])
    note = f"{IF_IT_STOPS} {WITH_SURGE} {SEE_MORE}"
    each, stopped = (facts_of(told, *of, country=plan.country) for of in (TOLD, _STOPPED))
    return ReportSection(
        "minerals",
        made.TABLE,
        "Of each mineral the largest supplier, one country outside the coalition, by where it"
        " refines. What is short, and what limits cost a tonne, is of all years.",
        {(): View((plot_of(picture),), facts_of(told, ByMineral.mineral, *_DRAWN))},
        blocks=(
            replace(each, heading="Mineral by mineral"),
            replace(stopped, heading="If the largest supplier stops", note=note),
        ),
    )


def members(plan: PlanFile) -> ReportSection | None:
    """Draw what the limits cost each member, and tell what it pays and depends on."""
    made = plan.result(Members)
    if not any(known(need) and need > 0 for need in made.need):
        return None
    names = tuple(str(member) for member in made.member)
    costs = (
        ("In cash, like for like", Role.PLAN, made.extra),
        ("In priced shortage, not paid", Role.SHORT, made.extra_shortage),
    )
    series = tuple(
        Series(name, role, numbers(values, MILLION))
        for name, role, values in costs
        if any(known(v) and v for v in values)
    )
    unit = f"{plan.currency} m a year"
    what = f" {inner(series[0].name)}" if len(series) == 1 else ""
    title = f"What the share limits cost each member{what} ({unit})"
    picture = Picture(title, Form.ROWS, names, series, unit, "", Look.MONEY)
    return ReportSection(
        "members",
        made.TABLE,
        "What each member pays, what the share limits cost it in cash and in priced shortage, and"
        " the mineral of which it depends most on one country outside the coalition. "
        f"{SAME_COST}",
        {(): View((plot_of(picture),) if series else (), facts_of(made, *_MEMBERS_DRAWN))},
        blocks=(replace(facts_of(made, country=plan.country), heading="Member by member"),),
    )


# ---- shares against limits -----------------------------------------------------------------------


def shares(plan: PlanFile) -> ReportSection | None:
    """Draw a small chart a mineral: the largest country's share a year, and its limit."""
    table = plan.result(CountryShares).frame()
    table = table[table["buyer"] == ""]
    basis = str(plan.measure(Figure.SHARE_BASIS) or DEMAND)
    tops = _tops(table, basis)
    if not tops:
        return None
    years = tuple(sorted({int(year) for year in table["year"]}))
    plots = tuple(_share_plot(plan, mineral, years, of, basis) for mineral, of in tops.items())
    every = [(mineral, top) for mineral, of in tops.items() for top in of.values()]
    numbers: Columns = {
        MINERAL: [mineral for mineral, _ in every],
        YEAR: [top.year for _, top in every],
        COUNTRY: [plan.country(top.country) for _, top in every],
        _SHARE: [top.share for _, top in every],
        ByMineral.limit: [top.limit for _, top in every],
        "At the limit": ["yes" if _is_reached(top) else "" for _, top in every],
    }
    return ReportSection(
        "shares",
        "Shares against limits",
        f"The country with the largest share of the coalition's {basis}, of those under a limit "
        "where there are any, and the limit on it.",
        {(): View(plots, facts(numbers, basis=basis))},
        small=True,
        blocks=_binding(plan),
    )


def _is_reached(top: Top) -> bool:
    return top.limit is not None and top.share >= top.limit - tolerances.SAME_SHARE


def _tops(table: pd.DataFrame, basis: str) -> dict[str, Tops]:
    """Return the largest country of each mineral and year, of those under a limit if any is."""
    found: dict[str, Tops] = {}
    single = table["country"] != REST_OF_WORLD
    for (mineral, year), rows in table[single].groupby(["mineral", "year"], sort=False):
        limited = rows[rows["limit"].notna() & shares_of(rows, basis).notna()]
        top = largest_country_share(limited if len(limited) else rows, basis, idle=True)
        if top is not None:
            found.setdefault(str(mineral), {})[int(str(year))] = top
    return {m: dict(sorted(found[m].items())) for m in sorted(found, key=str.casefold)}


def _share_plot(plan: PlanFile, mineral: str, years: tuple[int, ...], at: Tops, basis: str) -> Plot:
    hints = [plan.country(at[y].country) if y in at else "" for y in years]
    line = [at[y].share if y in at else None for y in years]
    limits = [at[y].limit if y in at else None for y in years]
    series = [Series(ByMineral.country.header, Role.PLAN, line, hints=hints)]
    said = "No limit."
    if any(limit is not None for limit in limits):
        series.append(Series(LIMIT.header, Role.LIMIT, limits))
        reached = sum(map(_is_reached, at.values()))
        said = f"The limit is reached in {reached} of {len(at)} years."
    top, last = max(at.values(), key=lambda t: t.share), [*at.values()][-1]
    who = {plan.country(t.country) for t in at.values()}
    title = f"{mineral}: {who.pop() if len(who) == 1 else 'largest country'}"
    return plot(
        Picture(title, Form.GROUPED, years, tuple(series), "", "", small=True),
        f"{mineral}: the largest share of {basis} is {percent(top.share)} "
        f"({plan.country(top.country)}, {top.year}); {percent(last.share)} in {last.year}. {said}",
    )


def _binding(plan: PlanFile) -> tuple[Facts, ...]:
    """Return the limits that bind, the dearest first: on whom, when, and what relief saves."""
    table = plan.result(ShareLimits).frame()
    table = table[table["binding"] == "yes"]
    if table.empty:
        return ()
    rows = []
    for _, of in table.groupby(
        ["kind", "mineral", "buyer", "supplier", "stage"], sort=False, dropna=False
    ):
        dearest = of.sort_values("shadow_price", ascending=False, kind="stable").iloc[0]
        rows.append({**dearest, "years": span(of["year"].unique()), "range": _range(of["limit"])})
    limits = pd.DataFrame(rows)
    limits = limits.sort_values("shadow_price", key=abs, ascending=False, kind="stable")
    told = limits.head(_MOST_BINDING)
    numbers: Columns = {
        LIMIT.like(look=Look.TEXT): ["at most" if k == "max" else "at least" for k in told["kind"]],
        MINERAL: told["mineral"],
        BUYER: [buyer or COALITION_BUYER for buyer in told["buyer"]],
        ShareLimits.supplier: told["supplier"],
        ShareLimits.stage: told["stage"],
        "Binds in": told["years"],
        "Limit there": told["range"],
        _SAVES: told["shadow_price"],
        ROW.like(look=Look.TEXT): [
            _input_row(*each) for each in zip(told["row"], told["note"], strict=True)
        ],
    }
    more = len(limits) - len(told)
    note = f"{more:,} more stand in the sheet Share limits." if more else ""
    heading = "Limits that bind, the dearest first"
    return (replace(facts(numbers, money=plan.currency), heading=heading, note=note),)


def _input_row(row: object, note: object) -> str:
    estimate = ", an estimate" if is_estimate(note) else ""
    return f"{row:z.0f}{estimate}" if known(row) else ""


def _range(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return (
        percent(low) if high - low < tolerances.SAME_SHARE else f"{percent(low)} to {percent(high)}"
    )


# ---- what is short -------------------------------------------------------------------------------


def shortage(plan: PlanFile) -> ReportSection | None:
    """Draw the part of demand that is short by mineral and member, and tell the causes."""
    table = plan.result(Prices).frame()
    table = table[table["demand"] > 0]
    if table.empty:
        return None
    if not (table["short"] > 0).any():
        empty = View((), facts({"Note": ["All demand is served."]}))
        return ReportSection("shortage", Figure.SHORTAGE.value, "Nothing is short.", {(): empty})
    sums = table.groupby(["member", "mineral"])[["short", "demand"]].sum()
    parts = (sums["short"] / sums["demand"]).unstack()
    parts = parts.sort_index(key=_folded).sort_index(axis=1, key=_folded)
    cells = {(str(mineral), Look.SHARE): parts[mineral] for mineral in parts}
    numbers: Columns = {Members.member: parts.index, **cells}
    plots = (_why(plan), _whose(parts)) if ByMineral in plan else (_whose(parts),)
    return ReportSection(
        "shortage",
        Figure.SHORTAGE.value,
        "What demand is not met, over all years. Blank: no demand.",
        {(): View(plots, facts(numbers))},
        blocks=_causes(plan),
    )


def _folded(names: pd.Index) -> pd.Index:
    return names.map(str.casefold)


def _whose(parts: pd.DataFrame) -> Plot:
    """Draw the part of demand that is short by member, in rows, and mineral."""
    drawn = parts.astype(object).where(parts.notna(), None)
    series = [Series(m, Role.SHORT, list(drawn.loc[m])) for m in parts.index]
    member, mineral = cast("tuple[str, str]", parts.stack().idxmax())
    title = "Part of demand that is short, by member and mineral, all years"
    return plot(
        Picture(title, Form.HEAT, tuple(map(str, parts)), tuple(series), SHORT.header.lower(), ""),
        f"A map of {len(parts)} members and {len(parts.columns)} minerals. The most is short for "
        f"{member} of {mineral}: {percent(parts.loc[member, mineral])} of its demand.",
    )


def _why(plan: PlanFile) -> Plot:
    """Draw, by mineral, what no supply could give and what the limits forbid."""
    table = plan.result(ByMineral).frame().set_index("mineral")
    table = table[table["short"] > 0]
    can_t, forbidden = (
        numbers(table[name] / table["demand"]) for name in ("short_of_supply", "short_by_limits")
    )
    series = (
        Series("Supply can't give it", Role.ONE_OF_MANY, can_t, palette.ORANGE),
        Series("The limits forbid it", Role.SHORT, forbidden),
    )
    said = "; ".join(
        f"{m}: {percent(a)} cannot be supplied, {percent(b)} is forbidden"
        for m, a, b in zip(table.index, can_t, forbidden, strict=True)
    )
    title, axis = "Part of demand that is short, and why", "Part of demand"
    picture = Picture(title, Form.BARS, tuple(table.index), series, axis, "")
    return plot(picture, f"Bars by mineral. {said}.")


def _causes(plan: PlanFile) -> tuple[Facts, ...]:
    """Return the causes of shortage, by mineral, the largest first."""
    table = plan.result(Shortages).frame()
    if table.empty:
        return ()
    groups = table.groupby(["mineral", "cause"], sort=False, dropna=False)
    every = groups.agg(
        years=("year", lambda years: span(years.unique())),
        short=("short", "sum"),
        members=("member", lambda names: listed(sorted(set(names), key=str.casefold), NAMED)),
    ).reset_index()
    every = every.sort_values("short", ascending=False, kind="stable")
    every = every.sort_values("mineral", key=lambda names: names.map(str.casefold), kind="stable")
    told = every.groupby("mineral", sort=False).head(_MOST_CAUSES)
    numbers: Columns = {
        MINERAL: told["mineral"],
        Figure.YEARS: told["years"],
        SHORT: told["short"],
        "For": told["members"],
        Shortages.cause: [None if cause != cause else cause for cause in told["cause"]],  # noqa: PLR0124
    }
    more = len(every) - len(told)
    note = f"{more:,} more causes stand in the sheet {ShortageCauses.TABLE}." if more else ""
    return (replace(facts(numbers), heading="Causes, of each mineral the largest", note=note),)


# ---- what it costs -------------------------------------------------------------------------------


def prices(plan: PlanFile) -> ReportSection | None:
    """Draw a small chart a mineral: average landed cost and marginal price over the years."""
    table = plan.result(Prices).frame()
    if table.empty or not (table["demand"] > 0).any():
        return None
    rows: list[_Prices] = [
        (str(mineral), int(str(year)), _mean(of, "landed", "purchased"),
         _mean(of, "marginal", "demand"), *_ends(of))
        for (mineral, year), of in table.groupby(["mineral", "year"])
    ]  # fmt: skip
    rows.sort(key=lambda row: (row[0].casefold(), row[1]))
    fields = (MINERAL, YEAR, Prices.landed, Prices.marginal, _LOWEST, _HIGHEST)
    numbers: Columns = dict(zip(fields, zip(*rows, strict=True), strict=True))
    unit = f"{plan.currency}/t"
    plots = [
        _price_plot(mineral, [row for row in rows if row[0] == mineral], unit)
        for mineral in dict.fromkeys(row[0] for row in rows)
    ]
    return ReportSection(
        "prices",
        "Prices",
        "What the coalition pays landed, by tonnes bought, and what one tonne more of supply is "
        "worth, by demand. A tonne more of demand also moves limits that are shares of demand, so "
        "it may cost more or less. Where a mineral is short the marginal price is the cost of"
        " shortage.",
        {(): View(tuple(plots), facts(numbers, money=plan.currency))},
        small=True,
    )


def _mean(of: pd.DataFrame, name: str, weight: str) -> float | None:
    of = of[of[name].notna() & (of[weight] > 0)]
    return part(float((of[name] * of[weight]).sum()), float(of[weight].sum()))


def _ends(of: pd.DataFrame) -> tuple[float | None, float | None]:
    found = of.loc[of["demand"] > 0, "marginal"].dropna()
    return (float(found.min()), float(found.max())) if len(found) else (None, None)


def _price_plot(mineral: str, rows: list[_Prices], unit: str) -> Plot:
    years = tuple(row[1] for row in rows)
    landed, marginal = [row[2] for row in rows], [row[3] for row in rows]
    series = (
        Series(Prices.landed.header, Role.PLAN, landed),
        Series(Prices.marginal.header, Role.ONE_OF_MANY, marginal, palette.ORANGE),
    )
    first, last = (next((v for v in side if known(v)), None) for side in (landed, landed[::-1]))
    top = max((v for v in marginal if v is not None), default=None)
    return plot(
        Picture(f"{mineral} ({unit})", Form.LINES, years, series, "", "", Look.PRICE, small=True),
        f"{mineral}: average landed cost {number(first) or 'unknown'} {unit} in {years[0]}, "
        f"{number(last) or 'unknown'} in {years[-1]}; the marginal price reaches "
        f"{number(top) or 'no known value'}.",
    )


def costs(plan: PlanFile) -> ReportSection | None:
    """Draw the headings of cost: what is paid, and penalties, which are not."""
    figures = plan.result(Summary).rows(Summary.measure, Summary.value, Summary.remark)
    found = [
        (name.removeprefix(COST).capitalize(), float(value), str(remark).startswith(_PENALTY))
        for name, value, remark in figures
        if str(name).startswith(COST) and known(value)
    ]
    if not found:
        return None
    found.sort(key=lambda f: -f[1])
    names = tuple(name for name, *_ in found)
    size, unit = scale(max(abs(amount) for _, amount, _ in found), plan.currency)
    series = (
        Series("Paid", Role.PLAN, [None if p else v / size for _, v, p in found]),
        Series("Penalty, not paid", Role.SHORT, [v / size if p else None for _, v, p in found]),
    )
    drawn = tuple(s for s in series if any(v is not None for v in s.values))
    title = f"Cost by heading, all years, undiscounted ({unit})"
    said = "; ".join(f"{name}: {money(v, plan.currency)}" for name, v, _ in found)
    picture = Picture(title, Form.BARS, names, drawn, unit, "", Look.MONEY)
    numbers: Columns = {
        "Heading": names,
        KIND: ["penalty, not paid" if is_penalty else "paid" for *_, is_penalty in found],
        _AMOUNT: [amount for _, amount, _ in found],
    }
    made = facts(numbers, money=plan.currency)
    return ReportSection(
        "costs",
        "What it costs",
        "Purchases, freight, tariffs and projects are paid; the cost of shortage and other "
        f"penalties is what the plan weighs them with. {_in_all(plan)}",
        {(): View((plot(picture, f"Bars by heading. {said}."),), made)},
    )


def _in_all(plan: PlanFile) -> str:
    """Return what is paid in all, and what the plan minimises."""
    cash, total = plan.number(Figure.CASH_COST), plan.number(Figure.TOTAL_COST)
    if not known(cash):
        return ""
    tariffs, levies = plan.number(Figure.TARIFFS), plan.number(Figure.LEVIES)
    paid = CashCost(cash, tariffs, levies if known(levies) else 0.0)
    told = tariff_words({"": paid}, plan.currency) if known(tariffs) else ""
    return (
        f"In all years {money(cash, plan.currency)} is paid; {money(total, plan.currency)} is the"
        f" objective, which is discounted and prices shortage. {told}"
    ).rstrip()


PARTS = (minerals, members, supply, flows, shares, shortage, prices, costs)
"""The parts in order; None where the plan has nothing to show of it."""
