"""What a person and a program hear of a stress test: the worst losses, or an object a loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from planner.cli.answer import Answer, sorted_out, told
from planner.cli.halt import counts, halt_of, tell_not_run
from planner.render.text import plain
from planner.render.words import number_of, span

if TYPE_CHECKING:
    from planner.run import Start
    from planner.sheets.stress import Tested
    from planner.studies.stress import Side, Stress

WORST = 5
"""Losses of a kind told on the terminal; the workbook has them all."""
_KINDS = {
    "country": ("Worst losses", "Stress"),
    "refiner": ("Worst refiners", "Stress"),
    "embargo": ("Worst embargoes", "Embargoes"),
}
"""What the losses of a kind are headed, and the sheet that has them all."""
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
        **counts(found.outcomes, halt_of(found.outcomes, found.stopped)),
        "rows": _rows(found),
        "n_minus_1": found.n_minus_1.to_dict("records"),
        "output": None if output is None else str(output),
        "warnings": sorted_out(start.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in seconds.items()},
        "errors": [],
    }


def _rows(found: Stress) -> list[Answer]:
    """Return an object a loss, by kind, worst first; all with the same keys, null where unknown."""
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
        f"{len(found.losses):,} losses, one at a time, {span(found.years)};"
        f" surge {rules.surge * 100:g} %, {caps}; cost in {money} m",
        err=True,
    )
    table = found.by_loss
    heads = ["lost, t", "replaced, t", "from stock, t", "short, t"]
    heads += ["uncapped, t"] if found.free is not None else []
    heads += ["extra cost", "days", "worst of it"]
    unrun = {
        (str(loss.kind), loss.name(case)): outcome.error
        for loss, outcome in found.capped.outcomes.items()
        if not outcome.ran
    }
    has_turn = [key not in unrun for key in zip(table["kind"], table["lost"], strict=True)]
    shown = table.loc[has_turn].groupby("kind", sort=False)
    lists = {_head(table, str(kind), of): (of, _KINDS[str(kind)][1]) for kind, of in shown}
    names = [
        _cut(row["lost"]) for of, _ in lists.values() for row in of.head(WORST).to_dict("records")
    ]
    wide = max(map(len, [*names, *lists]), default=0)
    for head, (of, sheet) in lists.items():
        click.echo(f"  {head:<{wide}}" + "".join(f"{h:>14}" for h in heads), err=True)
        for row in of.head(WORST).to_dict("records"):
            click.echo(f"  {_cut(row['lost']):<{wide}}{_line(found, row)}", err=True)
        if len(of) > WORST:
            click.echo(f"  and {len(of) - WORST:,} more, on the sheet {sheet}", err=True)
    if found.missing:
        lacking = number_of(len(found.missing), "run")
        click.secho(f"{lacking} without a plan, see the sheet Runs", fg="yellow", err=True)
    for why in dict.fromkeys(unrun.values()):
        tell_not_run([name for (_, name), error in unrun.items() if error == why], why)
    if table.empty:
        click.echo("Nobody sells in the agreed plan: there is nothing to lose", err=True)
    if start.book.warnings:
        counted = number_of(len(start.book.warnings), "warning")
        click.secho(f"{counted} on the input, on the sheet About", fg="yellow", err=True)
    if output is not None:
        click.echo(f"Stress test   {output}  ({seconds:.1f} s)", err=True)


def known(found: Stress) -> str:
    """Return of how many losses it is known what they do."""
    said = f"{_planned(found.capped)} losses known"
    return said if found.free is None else f"{said}, {_planned(found.free)} without share limits"


def _planned(side: Side) -> str:
    """Return how many losses of those that hit a plan have one: ``12 of 42``."""
    done = sum(of.planned for of in side.outcomes.values()) if side.nothing.planned else 0
    return f"{done:,} of {len(side.outcomes):,}"


def _head(table: pd.DataFrame, kind: str, known: pd.DataFrame) -> str:
    """Return what the losses of a kind are headed, which says of how many the worst are told."""
    every = int((table["kind"] == kind).sum())
    return _KINDS[kind][0] + (f", of {len(known):,} of {every:,}" if len(known) < every else "")


def _line(found: Stress, row: Mapping[Any, Any]) -> str:
    """Return what a loss does, behind its name."""
    if row["error"] and math.isnan(row["cost"]):
        return "  " + click.style(f"no plan: {plain(row['error'])}", fg="yellow")
    tonnes = [row["lost_t"], row["replaced_t"], row["stock_t"], row["short_t"]]
    tonnes += [row["free_short_t"]] if found.free is not None else []
    days = "-" if pd.isna(row["survived"]) else f"{row['survived']:,.0f}"
    share = f"{row['worst_share']:.1%} {plain(row['worst'])}" if row["worst"] else "none short"
    amounts = "".join(f"{_tonnes(t):>14}" for t in tonnes)
    return f"{amounts}{row['cost'] / 1e6:>z14,.0f}{days:>14}  {share:>12}"


def _cut(name: str) -> str:
    text = plain(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _tonnes(amount: float) -> str:
    return "?" if math.isnan(amount) else f"{amount:z,.0f}"
