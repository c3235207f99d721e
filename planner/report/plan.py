"""The report of one plan: its headlines, and a section for each question of a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pandas as pd

from models import measures, program, schema
from models.results import common
from models.results.field import Result, field
from models.results.inputs import PlantInputs
from models.results.members import Members
from models.results.overall import COST, OPTION, ByMineral, Figure, Summary
from models.results.proof import About, Checks
from models.results.supply import CountryShares, Flows, ShareLimits, ShortageCauses
from planner.render import palette, plotly, words
from planner.render.chart import Form, Picture, Role, bars
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
from planner.sheets.findings import result_rows
from planner.sheets.front import SHOWN, first_page
from planner.sheets.pictures import ChartSource, charts_of
from planner.studies.kind import Numbers, Section, section_of
from planner.workbook.plan_file import PlanFile, bare

_ABOUT = (
    Figure.PRICE_YEAR, Figure.MINERALS, Figure.MEMBERS, Figure.SHARE_BASIS, Figure.WHOLE_PROJECTS,
    Figure.CARRY_OVER_BUDGET, Figure.SURGE, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER,
    Figure.SOLVER, Figure.WRITTEN,
)  # fmt: skip
_PENALTY = "A penalty, not paid"


def plan_page(plan: PlanFile) -> ReportPage:
    proof, is_sound = proof_verdict(plan)
    scenario, years = (word(plan.measure(name)) for name in (Figure.SCENARIO, Figure.YEARS))
    front = front_of(plan)
    return ReportPage(
        "Plan",
        (front_section(front),),
        "; ".join(filter(None, (scenario and f"Scenario: {scenario}", years))),
        proof,
        is_sound,
        tuple(
            each if isinstance(each, ReportSection) else part_of(each, front, plan.country_name)
            for each in plan_sections(plan)
        ),
        about_facts(plan),
        report_notes(plan),
    )


def front_of(plan: PlanFile) -> FirstPage:
    """Return the plan's first page, made again from the tables of its workbook."""
    asked = word(plan.measure(Figure.QUESTION))
    return first_page(SheetTables(plan.result, plan.country_name), plan.title, asked)


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


# ---- its tables, with their charts ---------------------------------------------------------------


def charts(plan: PlanFile) -> dict[str, tuple[Picture, ...]]:
    """Return the charts of a plan, by what they show, as its workbook has them."""
    sold = plan.result(CountryShares).frame()
    sold = sold[sold["buyer"] == ""]
    rows = [row for row in result_rows(plan.result(ByMineral)) if known(row["need"])]
    return charts_of(ChartSource(
        rows, plan.result(Members), sold, tuple(sorted(map(int, sold["year"].unique()))),
        plan.country_name, str(plan.measure(Figure.SHARE_BASIS) or schema.DEMAND),
        word(plan.measure(Figure.YEARS)),
    ))  # fmt: skip


def plan_sections(plan: PlanFile) -> Iterator[Section | ReportSection]:
    """Yield the sections of a plan: its charts, and the tables of their numbers."""
    drawn, minerals, members = charts(plan), plan.result(ByMineral), plan.result(Members)
    if not drawn:
        return
    stages = measures.TIED_INPUTS if ByMineral.served_through.name in minerals.data else ""
    lead = "One row for each mineral, over all years. If its largest supplier stops:"
    lead = f"{lead} {uncapitalized(measures.IF_IT_STOPS)} {measures.SEE_MORE} {stages}".rstrip()
    yield replace(section_of(minerals, *drawn["supply"], *drawn["largest"]), lead=lead)
    if flows := flows_section(plan):
        yield flows
    yield section_of(members, *drawn["members"], *drawn["payers"])
    limits = plan.result(ShareLimits)
    limits = limits.where([is_binding == "yes" for is_binding in limits.binding])
    if len(limits) or drawn["years"]:
        yield section_of(limits.ordered(ShareLimits.shadow_price), *drawn["years"])
    causes = plan.result(ShortageCauses)
    if len(causes):
        yield section_of(causes, *drawn["shortage"])
    yield costs_section(plan)


class CostHeadings(Result):
    """The headings of cost."""

    heading = field.text("Heading")
    amount = field.money("Amount")
    remark = common.REMARK


def costs_section(plan: PlanFile) -> Section:
    """Draw the headings of cost: payments, and penalties, which nobody pays."""
    figures = plan.result(Summary).rows(Summary.measure, Summary.value, Summary.remark)
    rows: list[dict[str, Any]] = [
        {"heading": str(name).removeprefix(COST).capitalize(), "amount": float(value),
         "remark": word(remark)}
        for name, value, remark in figures
        if str(name).startswith(COST) and known(value)
    ]  # fmt: skip
    rows.sort(key=lambda row: -row["amount"])
    amounts = {is_fine: [row["amount"] if row["remark"].startswith(_PENALTY) is is_fine else None
                         for row in rows] for is_fine in (False, True)}  # fmt: skip
    parts = {"Paid": (Role.PLAN, amounts[False]), "Penalty, not paid": (Role.SHORT, amounts[True])}
    table = CostHeadings.of_rows(rows, words={"money": plan.currency})
    picture = bars(
        "Cost by kind, all years, undiscounted", table.frame(), table.heading, parts, "{unit}",
        form=Form.BARS,
    )  # fmt: skip
    lead = (
        "Purchases, freight, tariffs and projects are paid in cash. Shortage and other penalties"
        f" are not paid; their cost is the price that the plan puts on them. {in_all(plan)}"
    )
    drawn = picture and picture.in_money(plan.currency)
    return Section("costs", "What it costs", lead, Numbers(table).view(drawn))


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


def _flows_by_country_name(plan: PlanFile) -> pd.DataFrame:
    table = plan.result(Flows).frame()
    return table.assign(country=table["country"].map(plan.country_name))


def _sold_to_all(plan: PlanFile) -> pd.DataFrame:
    """Return what members buy, and what the plants of each country buy as inputs."""
    inputs = plan.result(PlantInputs).frame()
    inputs = inputs[inputs["member"].fillna("") == ""]  # a member's own were bought before
    buyers = "plants in " + inputs["plant_country"].map(plan.country_name).astype(str)
    inputs = inputs.assign(member=buyers, country=inputs["country"].map(plan.country_name))
    return (
        pd.concat([_flows_by_country_name(plan), inputs], ignore_index=True)
        if len(inputs)
        else _flows_by_country_name(plan)
    )


def supplier_colours(plan: PlanFile) -> dict[str, str]:
    """Return the countries that supply the most, each with its colour in every chart.

    Tonnes of different minerals are not added up: countries are ranked by the sum of their shares
    of each mineral.
    """
    sums = _flows_by_country_name(plan).groupby(["mineral", "country"])["tonnes"].sum()
    parts = sums / sums.groupby(level="mineral").transform("sum")
    weight = (
        parts.groupby(level="country")
        .sum()
        .drop(plan.country_name(schema.REST_OF_WORLD), errors="ignore")
    )
    first = sorted(weight.index, key=lambda name: (-round(weight[name], 9), name))
    return dict(zip(first[:_MOST_COLOURED], palette.COLOURS, strict=False))


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
            views[m, p] = _flow_view(rows, mineral, period, unit, colours)
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


def _flow_view(
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
        (_summed_by_name([(f.source, f.amount) for f in every]), OTHERS),
        (_summed_by_name([(f.target, f.amount) for f in every]), OTHER_MEMBERS),
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


def _summed_by_name(pairs: list[tuple[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, 0.0) + amount
    return dict(sorted(sums.items(), key=lambda each: (-each[1], each[0])))
