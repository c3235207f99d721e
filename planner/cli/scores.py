"""What the command scorecard makes of its study: rows for the sheets, lines, and the answer."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.results import Benchmarks as Missed
from models.schema import PURCHASES
from models.scorecard import Score, told
from planner.cli.answer import Answer, sorted_out
from planner.render.text import plain
from planner.render.words import number_of
from planner.sheets.eu_benchmarks import Price
from planner.sheets.scorecard import before_is, remark

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.eu_benchmarks import Benchmarks, Priced

_PROVEN = 1e-7
"""A plan's cost is proven to this part of it: differences below it are no difference."""
_DUST = 1e-9
"""A difference of two shortages below this part of all demand is rounding."""


def prices_of(found: Benchmarks) -> list[Price]:
    """Return a row for each missed benchmark; differences that are not proven are 0."""
    return [_price(found, priced) for priced in found.priced]


def _price(found: Benchmarks, priced: Priced) -> Price:
    score, base, other = priced.score, found.base, priced.found
    required = score.required
    cash = cost = short = others = None
    if other is not None:
        least = max(_PROVEN * abs(found.plan.objective), other.open)
        few = _DUST * found.plan.case.total_demand
        cash = _beyond(other.cash - base.cash, least)
        cost = _beyond(other.cost - base.cost, least)
        lost = {name: other.short[name] - base.short[name] for name in base.short}
        short = _beyond(lost.pop(score.mineral), few)
        others = _beyond(sum(lost.values()), few)
    return Price(
        benchmark=priced.title,
        mineral=score.mineral,
        buyer=score.buyer.name,
        required=0.0 if required is None else required.share,
        is_most=required is not None and required.is_most,
        worst=priced.worst,
        reached=priced.worst_asked,
        is_kept=priced.is_kept,
        is_moved=priced.is_moved,
        years=0 if other is None else len(other.reached),
        kept=len(priced.kept),
        cash=cash,
        cost=cost,
        short=short,
        short_others=others,
        reason=priced.reason,
        is_of_purchases=found.plan.case.settings.share_basis == PURCHASES,
    )


def _beyond(difference: float, least: float) -> float:
    return difference if abs(difference) > least else 0.0


def show_scorecard(
    file: Path, start: Start, found: Benchmarks, output: Path | None, seconds: float
) -> None:
    """Tell on stderr which benchmarks are missed by how much, and what keeping each would cost."""
    settings = start.case.settings
    click.secho(plain(settings.plan_title or file.stem), bold=True, err=True)
    asked = [s for s in found.scores if s.required is not None]
    kept = sum(s.met is True for s in asked)
    untold = sum(s.met is None for s in asked)
    more = f", {untold} without data" if untold else ""
    _line("Benchmarks", f"{kept} of {len(asked) - untold} met{more} (Regulation (EU) 2024/1252)")
    prices = prices_of(found)
    own = [p for p in prices if not p.buyer]
    if own:
        _line(
            "Missed",
            f"in the worst year; and if asked for: how far, extra cash {settings.currency} m",
        )
    width = max((len(p.mineral) for p in own), default=0)
    for title, rows in groupby(own, key=lambda p: p.benchmark):
        each = list(rows)
        bound = "at most" if each[0].is_most else "at least"
        click.echo(f"  {title}, {bound} {each[0].required:.0%}", err=True)
        for p in each:
            click.echo(
                f"    {plain(p.mineral):<{width}} {p.worst[1]:>6.1%}  {_priced(p)}", err=True
            )
    others = [p for p in prices if p.buyer]
    if others:
        _line(
            "EU's own",
            f"{number_of(len(others), 'benchmark')} missed: see the sheet {Missed.TABLE}",
        )
    _line("Warnings", f"{len(start.book.warnings):,}") if start.book.warnings else None
    if output is not None:
        _line("Scorecard", f"{output}  ({number_of(len(found.outcomes), 'plan')}, {seconds:.1f} s)")


def _priced(price: Price) -> str:
    """Return what asking for a benchmark comes to, in a few words."""
    if price.reached is None or price.cash is None:
        return price.reason
    money = millions(price.cash) if price.cash else "no cost"
    if price.is_kept:
        said = f"can be met: {money}"
    elif price.is_moved:
        some = f", met in {price.kept} of {price.years} years" if price.kept else ""
        said = f"reaches {price.reached[1]:.1%}, no more{some}: {money}"
    else:
        said = "cannot be raised"
    if price.short:
        said += f"; {price.short:+,.0f} t short"
    if price.short_others:
        said += f"; {price.short_others:+,.0f} t short of other minerals"
    return said


def millions(money: float) -> str:
    """Return money in millions with its sign: whole from ten on, else what matters of it."""
    millions = money / 1e6
    if abs(millions) >= 10:  # noqa: PLR2004
        return f"{millions:+,.0f}"
    if abs(millions) >= 0.005:  # noqa: PLR2004 - less is not told in hundredths
        return f"{millions:+.2g}"
    return "+<0.01" if money > 0 else "-<0.01"


def _line(head: str, text: str) -> None:
    click.echo(f"{head:<13} {text}", err=True)


def answer_of(
    start: Start, found: Benchmarks, output: Path | None, seconds: dict[str, float]
) -> Answer:
    """Return what a program hears."""
    years = start.case.years
    return {
        "status": "optimal",
        "scenario": start.case.scenario,
        "currency": start.case.settings.currency,
        "first_year": years[0] if years else None,
        "last_year": years[-1] if years else None,
        "scores": [_score(start, score) for score in found.scores],
        "benchmarks": [_told(price) for price in prices_of(found)],
        "output": None if output is None else str(output),
        "warnings": sorted_out(start.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in seconds.items()},
        "errors": [],
    }


def _score(start: Start, score: Score) -> Answer:
    return {
        "measure": told(score.measure).title,
        "mineral": score.mineral,
        "buyer": score.buyer.name,
        "before": score.before.amount,
        "before_is": before_is(score) or "",
        "after_first": score.first.amount,
        "after_last": score.last.amount,
        "required": None if score.required is None else score.required.share,
        "met": score.met,
        "missed_years": list(score.missed),
        "unit": told(score.measure).unit,
        "remark": remark(score, start.case),
    }


def _told(price: Price) -> Answer:
    return {
        "benchmark": price.benchmark,
        "mineral": price.mineral,
        "buyer": price.buyer,
        "required": price.required,
        "worst_year": price.worst[0],
        "worst_share": price.worst[1],
        "share_if_asked": None if price.reached is None else price.reached[1],
        "can_be_met": price.is_kept,
        "years_asked": price.years,
        "years_met": price.kept,
        "extra_cash": price.cash,
        "extra_cost": price.cost,
        "extra_short_t": price.short,
        "extra_short_others_t": price.short_others,
        "remark": price.says,
    }
