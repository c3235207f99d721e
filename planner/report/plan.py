"""The report of one plan: its headlines, and a section for each question of a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from models import measures, program, schema
from models.results import common
from models.results.field import Result, field
from models.results.members import Members
from models.results.overall import COST, OPTION, ByMineral, Figure, Summary
from models.results.proof import About, Checks
from models.results.supply import CountryShares, ShareLimits, ShortageCauses
from planner.render import words
from planner.render.chart import Form, Picture, Role, bars
from planner.render.claims import SheetTables
from planner.render.front import FirstPage
from planner.render.table import Facts, facts_of
from planner.render.words import known, uncapitalized, word
from planner.report.page import ReportPage, front_section, part_of
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
    front = first_page_of_plan(plan)
    return ReportPage(
        "Plan",
        (front_section(front),),
        "; ".join(filter(None, (scenario and f"Scenario: {scenario}", years))),
        proof,
        is_sound,
        tuple(part_of(each, front, plan.country_name) for each in plan_sections(plan)),
        about_facts(plan),
        report_notes(plan),
    )


def first_page_of_plan(plan: PlanFile) -> FirstPage:
    """Return the plan's first page, made again from the tables of its workbook."""
    question = word(plan.measure(Figure.QUESTION))
    return first_page(SheetTables(plan.result, plan.country_name), plan.title, question)


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


def plan_sections(plan: PlanFile) -> Iterator[Section]:
    """Yield the sections of a plan: its charts, and the tables of their numbers."""
    drawn, minerals, members = charts(plan), plan.result(ByMineral), plan.result(Members)
    if not drawn:
        return
    stages = measures.TIED_INPUTS if ByMineral.served_through.name in minerals.data else ""
    lead = "One row for each mineral, over all years. If its largest supplier stops:"
    lead = f"{lead} {uncapitalized(measures.IF_IT_STOPS)} {measures.SEE_MORE} {stages}".rstrip()
    yield replace(section_of(minerals, *drawn["supply"], *drawn["largest"]), lead=lead)
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
