"""The report of one plan: its headlines, and a part for each question that a reader has."""

from __future__ import annotations

from models.results import ByMineral, Checks, Figure
from models.results.common import NOTE
from models.results.overall import OPTION
from planner.render.words import NAMED, known, listed, money, percent, tonnes, word
from planner.report.part import Facts, Headline, Page, facts
from planner.report.plan.paid import costs, prices
from planner.report.plan.shares import shares
from planner.report.plan.shortage import shortage
from planner.report.plan.supply import flows, supply
from planner.workbook.plan_file import PlanFile, bare, edited

PARTS = (supply, flows, shares, shortage, prices, costs)
"""The parts in order; None where the plan has nothing to show of it."""
_ESTIMATE = "Estimate:"
_ALIKE = 1e-6
"""Shares that differ by less are the same."""
_ABOUT = (
    Figure.PRICE_YEAR, Figure.MINERALS, Figure.MEMBERS, Figure.SHARE_BASIS, Figure.WHOLE_PROJECTS,
    Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER, Figure.SOLVER, Figure.WRITTEN,
)  # fmt: skip


def plan_page(plan: PlanFile) -> Page:
    """Return the report of a plan."""
    said, sound = verdict(plan)
    scenario, years = (word(plan.measure(name)) for name in (Figure.SCENARIO, Figure.YEARS))
    return Page(
        "Plan",
        plan.title,
        "; ".join(filter(None, (scenario and f"Scenario: {scenario}", years))),
        said,
        sound,
        headlines(plan),
        tuple(made for made in (part(plan) for part in PARTS) if made is not None),
        about(plan),
        notes(plan),
    )


def headlines(plan: PlanFile) -> tuple[Headline, ...]:
    """Return cost, served share, and the largest share of one country beside its limit."""
    return (_cost(plan), _served(plan), _largest(plan))


def _cost(plan: PlanFile) -> Headline:
    cash, total = plan.number(Figure.CASH_COST), plan.number(Figure.TOTAL_COST)
    said = f"paid for purchases and projects; {money(total, plan.currency)} in the objective"
    said += ", which is discounted and prices shortage"
    limits = plan.number(Figure.LIMITS_COST_CASH)
    if known(limits) and limits:
        does = "add {} to" if limits > 0 else "take {} off"
        said += f". The share limits {does.format(money(abs(limits), plan.currency))} what is paid"
    return Headline("Cost", money(cash, plan.currency) if known(cash) else "unknown", f"{said}.")


def _served(plan: PlanFile) -> Headline:
    short, demand = plan.number(Figure.SHORTAGE), plan.number(Figure.DEMAND)
    served = plan.number(Figure.SERVED_SHARE)
    said = f"{tonnes(short)} of {tonnes(demand)} are short" if short > 0 else "nothing is short"
    shown = percent(served, 2) if known(served) else "no demand"
    return Headline("Demand served", shown, f"{said}.")


def _largest(plan: PlanFile) -> Headline:
    """The largest share in any year, and that of the last year."""
    name, found = "Largest share of one country", plan.result(ByMineral)
    table = found.frame()
    table = table[table[ByMineral.share.name].notna()]
    if table.empty:
        return Headline(name, "none", "nothing is bought from any country.")
    top = table["share"].max()
    first = table[table["share"] >= top - _ALIKE]
    row = first.iloc[0]
    country = plan.country(row["country"])
    where = f"{country}: {listed([word(m) for m in first['mineral']], NAMED)}"
    where += f", {row['year']:.0f}" if known(row["year"]) else ""
    limit = f"limit {percent(row['limit'])}" if known(row["limit"]) else "no limit on it"
    said = f"{where}; {limit}.{_last(plan)}"
    return Headline(f"{name}, of {found.words['basis']}", percent(top), said)


def _last(plan: PlanFile) -> str:
    """Return the same for the last year, in a sentence."""
    found = plan.result(ByMineral)
    table = found.frame()
    table = table[table["last_share"].notna()]
    if table.empty:
        return ""
    row = table.sort_values("last_share", ascending=False, kind="stable").iloc[0]
    limit = f"limit {percent(row['last_limit'])}" if known(row["last_limit"]) else "no limit"
    country = plan.country(row["last_country"])
    return (
        f" In {found.words['last']}: {percent(row['last_share'])} ({country},"
        f" {word(row['mineral'])}; {limit})."
    )


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
    checks = plan.result(Checks).frame()
    failed = checks[(checks["passed"] == "no") & (checks["check"] != "verdict")]
    said += [f"Check failed: {word(what)}." for what in failed["what"]]
    warned = int((checks["check"] == "warning").sum())
    if warned:
        said.append(f"{_rows(warned, 'warning')} on the input: see the sheet Checks of the plan.")
    taken = int((checks["check"] == "default").sum())
    if taken:
        said.append(
            f"Blank cells took the default in {_rows(taken, 'column')}: see the sheet Checks."
        )
    estimates = sum(
        int(table[NOTE.header].astype(str).str.startswith(_ESTIMATE).sum())
        for name, table in plan.tables.items()
        if NOTE.header in table and name != Checks.TABLE
    )
    if estimates:
        said.append(
            f"{_rows(estimates, 'row')} of the plan's sheets rest on an estimate, marked Estimate: "
            "in the Note there."
        )
    return tuple(said)


def _rows(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def about(plan: PlanFile) -> Facts:
    """Return where the plan comes from: scenario, options, input, versions."""
    options = [name for name in plan.measures if name.startswith(OPTION)]
    rows = {"Plan": plan.path.name, "SHA-256 of the plan": plan.sha256}
    rows |= {name: word(plan.measure(name)) for name in (Figure.SCENARIO, *options, *_ABOUT)}
    rows = {bare(name): value for name, value in rows.items() if value}
    return facts({"What": rows.keys(), "Value": rows.values()})
