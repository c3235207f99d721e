"""A sweep from the command line: its run, and what a person and a program hear of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pandas as pd

from models import checks
from models.schema import PURCHASES
from planner.cli.answer import Answer, sorted_out, told
from planner.cli.halt import Halt, counts, halt_in, marked, tell_not_run
from planner.cli.knob import knob_of
from planner.cli.whatifs import Asked
from planner.render.text import plain
from planner.render.words import number_of, span
from planner.run import Start, start_file
from planner.sheets.frontier import SMALLEST, Swept, sweep_pictures, sweep_tables
from planner.sheets.study import write_study
from planner.studies import Tell, Where
from planner.studies.frontier import ALL
from planner.studies.knobs import percent
from planner.studies.sweep import Sweep, grid, sweep, title_of
from planner.workbook.sentence import sentence

_MILLIONS_FROM = 1e7
"""Plans that cost this much are told in millions."""
_WARNINGS = 5
"""Warnings told at most; the sheet About has them all."""

Span = tuple[float | None, float | None, float | None]
"""First point, last point and step; None where the knob's own is taken."""


@dataclass(frozen=True)
class Swung:
    """A sweep of a workbook: what it began with, what came of it; ``seconds`` by stage."""

    start: Start
    sweep: Sweep
    seconds: dict[str, float]

    @property
    def halt(self) -> Halt | None:
        """What ended the study before its time; None where all runs had their turn."""
        return halt_in(self.sweep.outcomes)

    @property
    def known(self) -> str:
        """How many points have a plan."""
        planned = sum(outcome.planned for outcome in self.sweep.outcomes.every[1:])
        return f"{planned:,} of {len(self.sweep.points):,} points planned"

    @property
    def options(self) -> dict[str, str]:
        """What was asked for, as rows of options."""
        swept = self.sweep
        said = {} if self.halt is None else self.halt.option(self.known)
        said |= {"Sweep": title_of(swept.knob, swept.points), "Over": swept.knob.said}
        said |= self.start.options
        against = "the same case without caps on single countries"
        said["Premiums are against"] = against if swept.knob.is_cap else "the case as given"
        if swept.trouble:
            said["Trouble"] = swept.trouble
        return said

    @property
    def swept(self) -> Swept:
        """What its sheets are made from."""
        case, of = self.start.case, self.sweep
        return Swept(
            title=of.knob.title,
            is_cap=of.knob.is_cap,
            is_factor=of.knob.kind.is_factor,
            whole=ALL,
            rows=of.rows,
            reference=of.reference,
            smallest=of.smallest,
            currency=case.settings.currency,
            basis=case.settings.share_basis,
            horizon=span(case.years),
        )


def swing(  # noqa: PLR0913 - what the command line says
    file: Path,
    *,
    over: str,
    span: Span,
    scenario: str,
    asked: Asked,
    where: Where,
    tell: Callable[[str], None],
    watch: Tell,
) -> Swung:
    """Read a workbook, and sweep over a knob of the case that scenario and what-ifs make.

    Raises InputError where the workbook has errors, or what is made of it; UsageError for an
    unknown scenario, what-if or knob, or points that make no sense.
    """
    start = start_file(file, scenario=scenario, what_ifs=asked, tell=tell)
    case = start.case
    knob = knob_of(case, over)
    first, last, step = (
        own if said is None else said
        for said, own in zip(span, (knob.kind.first, knob.kind.last, knob.kind.step), strict=True)
    )
    points = grid(knob, first, last, step)
    errors = checks.errors(case)
    if errors:
        raise start.placed(errors)
    tell(f"Planning {number_of(len(points), 'point')}")
    began = time.perf_counter()
    found = sweep(case, knob, points, where, watch)
    return Swung(start, found, {"read": start.seconds, "solve": time.perf_counter() - began})


# ---- files -------------------------------------------------------------------------------------


def write_to(path: Path, swung: Swung) -> None:
    """Write the workbook of a sweep."""
    swept = swung.swept
    book = swung.start.book
    tables = sweep_tables(swept)
    title = swung.start.case.settings.plan_title or (book.path.stem if book.path else "Sweep")
    write_study(
        path,
        tables,
        sweep_pictures(swept),
        book,
        title=marked("; ".join([f"{title}: {_what(swung)}", *_asked(swung)]), swung.halt),
        options=swung.options,
        runs=swung.sweep.outcomes.every,
        charts_before=tables[1].name,
    )


def _what(swung: Swung) -> str:
    return title_of(swung.sweep.knob, swung.sweep.points)


def _asked(swung: Swung) -> list[str]:
    """Return scenario and what-ifs in words."""
    return [f"{name[:1].lower()}{name[1:]} {value}" for name, value in swung.start.options.items()]


# ---- JSON --------------------------------------------------------------------------------------

_KEYS = {
    "objective_usd": "objective",
    "purchases_usd": "purchases",
    "cash_usd": "cash",
    "tonnes": "tonnes",
    "shortage_t": "short",
    "shortage_beyond_t": "lost",
    "served_share": "served",
    "slope_usd_per_point": "slope",
    "premium_usd_per_t": "premium",
    "premium_like_for_like_usd_per_t": "like_for_like",
    "dearer_like_for_like": "dearer",
    "premium_with_shortage_usd_per_t": "with_shortage",
}
"""A row's keys, and the columns of the sweep's rows that they are."""


def answer(swung: Swung, written: Path | None) -> Answer:
    """Return what a program hears."""
    of, case = swung.sweep, swung.start.case
    rows: list[Answer] = []
    for value in of.points:
        at = of.rows[of.rows["value"] == value]
        turned = {"cap": value} if of.knob.is_cap else {"over": of.knob.said, "value": value}
        rows.append({**turned, **_object(at), "error": _trouble(at)})
    smallest = of.smallest if of.knob.is_cap else pd.DataFrame({"mineral": [], "smallest": []})
    caps = zip(smallest["mineral"], smallest["smallest"], strict=True)
    return {
        "status": "optimal",
        "over": of.knob.said,
        "scenario": case.scenario,
        "what_ifs": [told(what_if) for what_if in swung.start.variant.what_ifs],
        "currency": case.settings.currency,
        "rows": rows,
        **counts(of.outcomes.every, swung.halt),
        "reference": _object(of.reference),
        "smallest_cap": {m: cap for m, cap in caps if m != ALL and not math.isnan(cap)},
        "output": None if written is None else str(written),
        "warnings": sorted_out(swung.start.book.warnings)["warnings"],
        "trouble": of.trouble or None,
        "seconds": {stage: round(took, 6) for stage, took in swung.seconds.items()},
        "errors": [],
    }


def _object(rows: pd.DataFrame) -> Answer:
    """Return the object of one point: all minerals, and each by name; null where no plan is."""
    by_mineral = {str(row["mineral"]): row for row in rows.to_dict("records")}
    whole = by_mineral.pop(ALL, {})
    return {
        **{key: whole.get(name) for key, name in _KEYS.items()},
        "max_country_share": {m: row["share"] for m, row in by_mineral.items()},
        "by_mineral": {
            m: {
                **{key: row.get(name) for key, name in _KEYS.items()},
                "max_country_share": row["share"],
                "largest_country": row["country"] or None,
            }
            for m, row in by_mineral.items()
        },
    }


def _trouble(rows: pd.DataFrame) -> str | None:
    return next((said for said in rows["trouble"] if said), None)


# ---- words -------------------------------------------------------------------------------------


def show_sweep(file: Path, swung: Swung, written: Path | None) -> None:
    """Tell in a line each what the points cost and leave short, and where it all stands."""
    case, of = swung.start.case, swung.sweep
    money = case.settings.currency
    click.secho(plain(case.settings.plan_title or file.stem), bold=True, err=True)
    said = "; ".join([_what(swung), *_asked(swung)])
    click.echo(f"{'Sweep':<13} {plain(said)}", err=True)
    rows = of.rows[of.rows["mineral"] == ALL]
    head = "Cap" if of.knob.is_cap else "Value"
    beyond = "by the cap, t" if of.knob.is_cap else "beyond, t"
    size, unit = (1e6, f"{money} m") if rows["cash"].max() >= _MILLIONS_FROM else (1.0, money)
    sign, does, how = 1.0, "saves", "if the cap is a point looser"
    if not of.knob.is_cap:
        sign, does, how = -1.0, "costs", "by one point more; below 0: it saves"
    heads = (f"cash, {unit}", "dearer", "short, t", beyond, "served", f"a point {does}")
    click.echo(f"  {head:>7}" + "".join(f"{h:>15}" for h in heads), err=True)
    not_run: dict[str, list[str]] = {}
    for row, outcome in zip(rows.to_dict("records"), of.outcomes.every[1:], strict=True):
        shown = percent(row["value"]).replace(" ", "")
        if not outcome.ran:
            not_run.setdefault(outcome.error, []).append(percent(row["value"]))
            continue
        if row["trouble"]:
            why = click.style(f"no plan: {plain(row['trouble'])}", fg="yellow")
            click.echo(f"  {shown:>7}  {why}", err=True)
            continue
        # rounded down, so that 100 % means that nothing is short
        served = math.floor(row["served"] * 1e4) / 1e2 if row["short"] > 0 else 100.0
        cells = (
            f"{row['cash'] / size:,.1f}",
            _or_dash(row["dearer"], "+z.2%"),
            f"{row['short']:z,.0f}",
            _or_dash(row["lost"], "+z,.0f"),
            f"{served:.2f} %",
            _or_dash(sign * row["slope"] / size, "z,.1f"),
        )
        click.echo(f"  {shown:>7}" + "".join(f"{cell:>15}" for cell in cells), err=True)
    click.echo(
        f"  dearer: cash cost of the tonnes bought, against {_against(of)};"
        f" a point {does}: {unit} of total cost, {how}",
        err=True,
    )
    _show_smallest(swung)
    for why, points in not_run.items():
        tell_not_run(points, why)
    if of.trouble:
        click.echo(f"{'Note':<13} {click.style(plain(of.trouble), fg='yellow')}", err=True)
    _show_warnings(swung)
    if written is not None:
        seconds = sum(swung.seconds.values())
        click.echo(f"{'Frontier':<13} {written}  ({seconds:.1f} s)", err=True)


def _against(of: Sweep) -> str:
    return "no cap at all" if of.knob.is_cap else "the case as given"


def _or_dash(number: float, look: str) -> str:
    return "-" if math.isnan(number) else format(number, look)


def _show_smallest(swung: Swung) -> None:
    """Tell the smallest cap of each mineral that costs no tonne of supply."""
    table = swung.sweep.smallest
    if table.empty:
        return
    if swung.start.case.settings.share_basis == PURCHASES:
        said = "not known: a share of purchases moves with the plan"
        click.echo(f"{SMALLEST:<13} {said}", err=True)
        return
    found = [
        (mineral, cap)
        for mineral, cap in zip(table["mineral"], table["smallest"], strict=True)
        if mineral != ALL and not math.isnan(cap)
    ]
    if found:
        click.echo(f"{SMALLEST:<13} that need cost no tonne of supply, by mineral", err=True)
        wide = max(len(plain(mineral)) for mineral, _ in found)
        for mineral, cap in found:
            click.echo(f"  {plain(mineral):<{wide}}  {cap:7.1%}", err=True)


def _show_warnings(swung: Swung) -> None:
    found = swung.start.book.warnings
    if not found:
        return
    click.echo(f"{'Warnings':<13} {click.style(f'{len(found):,}', fg='yellow')}", err=True)
    for finding in found[:_WARNINGS]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(found) > _WARNINGS:
        click.echo(f"  and {len(found) - _WARNINGS:,} more, on the sheet About", err=True)
