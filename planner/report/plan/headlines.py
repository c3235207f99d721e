"""The three numbers at the top, what the plan's proof says, and where the plan comes from."""

from __future__ import annotations

import pandas as pd

from planner.report.part import Facts, Headline
from planner.report.tables import Tables, facts
from planner.report.text import NAMED, known, money, percent, tonnes, word
from planner.wording import listed
from planner.workbook.plan_file import PlanFile, bare, edited

_ALIKE = 1e-6
"""Shares that differ by less are the same."""
_ABOUT = (
    "Price year", "Minerals", "Members", "Share basis", "Whole projects", "Input file",
    "Input SHA-256", "Planner version", "Solver version", "Written",
)  # fmt: skip


def headlines(plan: PlanFile, tables: Tables) -> tuple[Headline, ...]:
    """Return cost, served share, and the largest share of one country beside its limit."""
    return (_cost(plan), _served(plan), _largest(tables))


def _cost(plan: PlanFile) -> Headline:
    cash, total = plan.number("Cash cost"), plan.number("Total cost")
    said = f"paid for purchases and projects; {money(total, plan.currency)} in the objective"
    said += ", which is discounted and prices shortage"
    limits = plan.number("Limits cost in cash")
    if known(limits) and limits:
        does = "add {} to" if limits > 0 else "take {} off"
        said += f". The share limits {does.format(money(abs(limits), plan.currency))} what is paid"
    return Headline("Cost", money(cash, plan.currency) if known(cash) else "unknown", f"{said}.")


def _served(plan: PlanFile) -> Headline:
    short, demand = plan.number("Shortage"), plan.number("Demand")
    served = plan.number("Served share")
    said = f"{tonnes(short)} of {tonnes(demand)} are short" if short > 0 else "nothing is short"
    shown = percent(served, 2) if known(served) else "no demand"
    return Headline("Demand served", shown, f"{said}.")


def _largest(tables: Tables) -> Headline:
    """The largest share in any year, and that of the last year."""
    name, shares = "Largest share of one country", _starting(tables, "Largest share of ")
    basis = shares.removeprefix("Largest share of ")
    table = tables.part(
        "By mineral", mineral="Mineral", share=shares,
        limit="Limit on it", country="Largest country", year="In year",
    )  # fmt: skip
    table = table[pd.to_numeric(table["share"], errors="coerce").notna()]
    if table.empty:
        return Headline(name, "none", "nothing is bought from any country.")
    top = table["share"].max()
    first = table[table["share"] >= top - _ALIKE]
    row = first.iloc[0]
    where = f"{word(row['country'])}: {listed([word(m) for m in first['mineral']], NAMED)}"
    where += f", {row['year']:.0f}" if known(row["year"]) else ""
    limit = f"limit {percent(row['limit'])}" if known(row["limit"]) else "no limit on it"
    return Headline(f"{name}, of {basis}", percent(top), f"{where}; {limit}.{_last(tables)}")


def _starting(tables: Tables, words: str) -> str:
    """Return the header of By mineral that starts so: it names the basis, or the last year."""
    if "By mineral" not in tables:
        return ""
    headers = (str(h) for h in tables.sheets["By mineral"].columns)
    return next((h for h in headers if h.startswith(words)), "")


def _last(tables: Tables) -> str:
    """Return the same for the last year, in a sentence."""
    share = _starting(tables, "Largest share in ")
    year = share.removeprefix("Largest share in ")
    table = tables.part(
        "By mineral", share=share, limit=f"Limit in {year}", country=f"Largest country in {year}",
        mineral="Mineral",
    )  # fmt: skip
    table = table[pd.to_numeric(table["share"], errors="coerce").notna()]
    if not share or table.empty:
        return ""
    row = table.sort_values("share", ascending=False, kind="stable").iloc[0]
    limit = f"limit {percent(row['limit'])}" if known(row["limit"]) else "no limit"
    return (
        f" In {year}: {percent(row['share'])} ({word(row['country'])}, {word(row['mineral'])}; "
        f"{limit})."
    )


def verdict(tables: Tables, plan: PlanFile) -> tuple[str, bool]:
    """Return what the plan's own checks say, and whether they passed."""
    checks = tables.part("Checks", check="Check", passed="Passed", what="What")
    rows = checks[checks["check"] == "verdict"]
    if rows.empty:
        return f"Status: {word(plan.measure('Status')) or 'unknown'}; no checks in the file", False
    if edited(plan):
        return "Edited since it was written: its sheets do not carry its own sums.", False
    return word(rows.iloc[0]["what"]), word(rows.iloc[0]["passed"]) == "yes"


def notes(plan: PlanFile, tables: Tables) -> tuple[str, ...]:
    """Return what a reader must know before the numbers: failed checks, warnings, estimates."""
    said = [f"Edited since it was written: {found.message}" for found in edited(plan)]
    checks = tables.part("Checks", check="Check", passed="Passed", what="What")
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
        int(table["Note"].astype(str).str.startswith("Estimate:").sum())
        for name, table in plan.tables.items()
        if "Note" in table and name != "Checks"
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
    options = [name for name in plan.measures if name.startswith("Option: ")]
    rows = {"Plan": plan.path.name, "SHA-256 of the plan": plan.sha256}
    rows |= {name: word(plan.measure(name)) for name in ("Scenario", *options, *_ABOUT)}
    rows = {bare(name): value for name, value in rows.items() if value}
    return facts({"What": rows.keys(), "Value": rows.values()})
