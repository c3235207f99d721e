"""What a person and a program hear of a stress test: the worst losses, or an object a loss."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pandas as pd

from planner.cli.answer import Answer, sorted_out, told
from planner.cli.words import number_of, plain

if TYPE_CHECKING:
    from planner.run import Start
    from planner.sheets.stress import Tested
    from planner.study.stress import Stress

WORST = 5
"""Losses told on the terminal; the workbook has them all."""
_LONGEST = 32
"""A longer name is cut in a line on the terminal."""


def tested_of(found: Stress) -> Tested:
    """Return a stress test as its sheets take it."""
    from planner.sheets.stress import Tested

    return Tested(
        case=found.case,
        losses=found.by_loss,
        minerals=found.by_mineral,
        detail=found.detail,
        embargoes=found.embargoes,
        n_minus_1=found.n_minus_1,
        years=found.years,
        is_capped=found.free is not None,
    )


def options_of(found: Stress) -> dict[str, str]:
    """Return the rules of a stress test as rows of options."""
    rules, money = found.rules, found.case.settings.currency
    first, last = found.years[0], found.years[-1]
    limits = "kept" if rules.keep_caps else "waived, maximums and minimums, while the loss lasts"
    said = {
        "Loss": f"from {first} to {last}; countries, or refiners, that sell in the agreed plan",
        "Surge": f"{rules.surge * 100:g} % of usable capacity beyond what was agreed, each year",
        "Share limits": limits if found.case.share_limits else "none in the workbook",
        "Demand": "what the agreed plan meets: Short is on top of what that plan is short itself",
        "Stocks": "may be drawn below what was agreed, at the target's penalty",
        "Plants": "built as agreed; their capital is no part of the extra cost",
        "Extra cost": "against the same rules with nothing lost",
    }
    cash = found.cash_of_rules
    if cash is not None:
        more, size = ("more" if cash > 0 else "less"), abs(cash)
        said["Nothing lost"] = (
            f"by these rules alone the agreed plan costs {size:,.0f} {money} {more} in cash"
        )
    return said


def answer_of(
    start: Start, found: Stress, output: Path | None, seconds: dict[str, float]
) -> Answer:
    """Return what a program hears."""
    return {
        "status": "optimal",
        "scenario": found.case.scenario,
        "currency": found.case.settings.currency,
        "surge": found.rules.surge,
        "keep_caps": found.rules.keep_caps,
        "first_year": found.years[0],
        "last_year": found.years[-1],
        "what_ifs": [told(what_if) for what_if in start.variant.what_ifs],
        "rows": _rows(found),
        "n_minus_1": found.n_minus_1.to_dict("records"),
        "output": None if output is None else str(output),
        "warnings": sorted_out(start.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in seconds.items()},
        "errors": [],
    }


def _rows(found: Stress) -> list[Answer]:
    """Return an object a loss, worst first, all with the same keys; null where nothing is known."""
    short: dict[tuple[str, str], dict[str, float]] = {}
    for row in found.by_mineral.to_dict("records"):
        short.setdefault((row["kind"], row["lost"]), {})[row["mineral"]] = row["short_t"]
    return [
        {
            "kind": row["kind"],
            "lost": row["lost"],
            "country": row["country"] or None,
            "refiner": row["refiner"] or None,
            "member": row["member"] or None,
            "lost_t": row["lost_t"],
            "replaced_t": row["replaced_t"],
            "stock_t": row["stock_t"],
            "short_t": row["short_t"],
            "short_by_mineral_t": short.get((row["kind"], row["lost"]), {}),
            "worst_mineral": row["worst"] or None,
            "worst_share_short": row["worst_share"],
            "extra_cash_usd": row["cash"],
            "extra_cost_usd": row["cost"],
            "marginal_price_usd_per_t": row["price"],
            "marginal_price_over_price": row["price_over"],
            "marginal_price_at": row["price_at"] or None,
            "stock_days": row["stock_days"],
            "days_to_survive": row["survived"],
            "uncapped_lost_t": row["free_lost_t"],
            "uncapped_short_t": row["free_short_t"],
            "uncapped_extra_cost_usd": row["free_cost"],
            "error": row["error"] or None,
        }
        for row in found.by_loss.to_dict("records")
    ]


def show_stress(
    file: Path, start: Start, found: Stress, output: Path | None, seconds: float
) -> None:
    """Tell the worst losses in a line each, and where all of them stand."""
    case = found.case
    rules, money = found.rules, case.settings.currency
    click.secho(plain(case.settings.plan_title or file.stem), bold=True, err=True)
    caps = "share limits kept" if rules.keep_caps else "share limits waived"
    click.echo(
        f"{len(found.losses):,} losses, one at a time, {found.years[0]} to"
        f" {found.years[-1]}; surge {rules.surge * 100:g} %, {caps}; cost in {money} m",
        err=True,
    )
    table = found.by_loss
    rows = table.head(WORST).to_dict("records")
    wide = max([len(_cut(row["lost"])) for row in rows] + [len("Worst losses")])
    heads = ["lost, t", "replaced, t", "short, t"]
    heads += ["uncapped, t"] if found.free is not None else []
    heads += ["extra cost", "days", "worst of it"]
    click.echo(f"  {'Worst losses':<{wide}}" + "".join(f"{h:>14}" for h in heads), err=True)
    for row in rows:
        if row["error"] and math.isnan(row["cost"]):
            said = click.style(f"no plan: {plain(row['error'])}", fg="yellow")
            click.echo(f"  {_cut(row['lost']):<{wide}}  {said}", err=True)
            continue
        tonnes = [row["lost_t"], row["replaced_t"] + row["stock_t"], row["short_t"]]
        tonnes += [row["free_short_t"]] if found.free is not None else []
        days = "-" if pd.isna(row["survived"]) else f"{row['survived']:,.0f}"
        share = f"{row['worst_share']:.1%} {plain(row['worst'])}" if row["worst"] else "none short"
        click.echo(
            f"  {_cut(row['lost']):<{wide}}"
            + "".join(f"{_tonnes(t):>14}" for t in tonnes)
            + f"{row['cost'] / 1e6:>14,.0f}{days:>14}  {share:>12}",
            err=True,
        )
    if len(table) > WORST:
        click.echo(f"  and {len(table) - WORST:,} more, on the sheet Stress", err=True)
    lacking = sum(bool(row) for row in table["error"])
    if lacking:
        click.secho(
            f"{lacking:,} of them without a plan, see the sheet Runs", fg="yellow", err=True
        )
    if table.empty:
        click.echo("Nobody sells in the agreed plan: there is nothing to lose", err=True)
    if start.book.warnings:
        counted = number_of(len(start.book.warnings), "warning")
        click.secho(f"{counted} on the input, on the sheet About", fg="yellow", err=True)
    if output is not None:
        click.echo(f"Stress test   {output}  ({seconds:.1f} s)", err=True)


def _cut(name: str) -> str:
    text = plain(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _tonnes(amount: float) -> str:
    return "?" if math.isnan(amount) else f"{amount:,.0f}"
