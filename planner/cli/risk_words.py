"""What a person reads of a risk study on stderr: a line a measure, the rest is in its workbook."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.render.text import plain
from planner.render.words import number_of
from planner.studies.risk import AGREED
from planner.workbook.sentence import sentence

if TYPE_CHECKING:
    from planner.cli.risk import Gambled

_WARNINGS = 5
"""Warnings told at most; the sheet About has them all."""


def show_risk(file: Path, gambled: Gambled, written: Path | None) -> None:
    """Tell what both plans come to, who is likely to be short, and where it all stands."""
    case, of = gambled.start.case, gambled.risk
    money = case.settings.currency
    click.secho(plain(case.settings.plan_title or file.stem), bold=True, err=True)
    chances = of.chances
    limits = "kept" if chances.keep_caps else "waived in years with an event"
    said = [
        f"{number_of(len(of.draws), 'draw')} ({of.distinct:,} differ), seed {chances.seed}",
        f"surge {chances.surge:.0%}",
        f"share limits {limits}",
        *(f"{name.lower()} {value}" for name, value in gambled.start.options.items()),
    ]
    _line("Drawn", plain("; ".join(said)))
    heads = ("no event", "mean", "+/-", "median", "95th", "CVaR 95")
    click.echo(f"  {'':<35}" + "".join(f"{head:>14}" for head in heads), err=True)
    for row in gambled.drawn.measures.to_dict("records"):
        click.echo(_measure(row, money), err=True)
    click.echo(
        "  +/-: standard error of the mean; CVaR 95: mean of the worst 5 % of the draws", err=True
    )
    _show_short(gambled)
    _show_warnings(gambled)
    if written is not None:
        _line("Risk", f"{written}  ({sum(gambled.seconds.values()):.1f} s)")


def _measure(row: dict[Any, Any], money: str) -> str:
    """Return a measure in a line."""
    scale, form = {
        "money": (1e-6, ",.0f"),
        "t": (1.0, ",.0f"),
        "share": (1.0, ".2%"),
        "chance": (1.0, ".1%"),
    }[row["kind"]]
    unit = {"money": f", {money} m", "t": ", t"}.get(row["kind"], "")
    name = f"{row['measure']}{unit}" if row["plan"] == AGREED else ""
    if row["kind"] == "share":
        name = "  share of demand" if row["plan"] == AGREED else ""
    if row["kind"] == "chance":
        name = "Shorter than no event" if row["plan"] == AGREED else ""
    names = ("base", "mean", "error", "middle", "high", "tail")
    cells = [
        "" if row["kind"] == "chance" and key == "base" else _cell(row.get(key), scale, form)
        for key in names
    ]
    shown = f"{name:<23} {row['plan'].lower():<11}"
    return f"  {shown}" + "".join(f"{cell:>14}" for cell in cells)


def _cell(value: object, scale: float, form: str) -> str:
    known = isinstance(value, float | int) and math.isfinite(value)
    return format(value * scale, form) if known and isinstance(value, float | int) else ""


def _show_short(gambled: Gambled) -> None:
    """Tell which minerals are the likeliest to be shorter than without events, as agreed."""
    rows = gambled.drawn.minerals
    rows = rows[(rows["plan"] == AGREED) & (rows["more"] > 0)].sort_values("more", ascending=False)
    if rows.empty:
        _line("Shorter", "no mineral in any draw, as agreed")
        return
    _line("Shorter", "chance by mineral, and the shortage expected, as agreed", warn=True)
    wide = max(len(plain(name)) for name in rows["mineral"])
    for row in rows.to_dict("records"):
        click.echo(
            f"  {plain(row['mineral']):<{wide}}  {row['more']:6.1%}  "
            f"{row['mean']:,.0f} t ({row['share']:.2%} of demand), "
            f"{row['base']:,.0f} t without events",
            err=True,
        )


def _show_warnings(gambled: Gambled) -> None:
    found = gambled.start.book.warnings
    if not found:
        return
    _line("Warnings", f"{len(found):,}", warn=True)
    for finding in found[-_WARNINGS:]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(found) > _WARNINGS:
        click.echo(f"  and {len(found) - _WARNINGS:,} more, on the sheet About", err=True)


def _line(head: str, text: str, *, warn: bool = False) -> None:
    shown = click.style(text, fg="yellow") if warn else text
    click.echo(f"{head:<13} {shown}", err=True)
