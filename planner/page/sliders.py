"""The sliders of the page: each changes a case as an option of ``planner solve`` does."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from models import schema
from models.case import Case, SortedRecords, begun_capital
from models.checks.common import plants
from models.plan import sliders, variation
from planner.render.words import counted, listed
from planner.scenarios import set_max_country_share
from planner.scenarios.actions import apply_steps
from planner.workbook.findings import Layout, address

if TYPE_CHECKING:
    from planner.workbook import Book


def with_cap(case: Case, share: float, _: str = "") -> Case:
    """Return the case with every cap on single countries set to a share.

    Same as ``set max country share``, but rows keep their positions and added limits come last, so
    that a program's rows have the same names for each share.
    """
    rows = set_max_country_share(case, share).share_limits
    changed = [
        dataclasses.replace(row, share=schema.ByYear(share)) if row.caps_each_country else row
        for row in case.share_limits
    ]
    added = [row for row in rows if row not in changed]
    return case.change(share_limits=SortedRecords([*changed, *added]))


def _secured(case: Case, share: float, _: str) -> Case:
    """Return the case in which the loss of a country may leave at most a ``share`` missing."""
    rows = (dataclasses.replace(row, max_short=schema.ByYear(share)) for row in case.security)
    return case.change(security=SortedRecords(rows))


def _with_step(action: str, case: Case, value: float | None, country: str) -> Case:
    step = schema.ScenarioStep(name=action, action=action, country=country, value=value)
    return apply_steps(case, [step])


def _scaled_budget(case: Case, value: float, _: str) -> Case:
    """Return the case with its budgets scaled.

    A budget counts as at least what plants in the sheet Built take from it. If budgets are carried
    over, this holds for sums of budgets, and a year's part of a sum is not linear in the slider:
    NotLinearError.
    """
    paid = begun_capital(case.projects, case.years)
    if case.settings.carry_over_budget and any(
        (*paid.values(), *(b.committed for b in case.budget))
    ):
        raise sliders.NotLinearError
    return _with_step("scale budget", case, value, "")


def _lost(case: Case, _: float, country: str) -> Case:
    """Return the case in which a country has neither capacity nor ore."""
    return _with_step("block ore", _with_step("scale capacity", case, 0.0, country), None, country)


_FACTORS_ABOVE_BUILT = (100.0, 200.0)
"""Factors between which the budget slider is measured: so large that Built never takes more."""
SLIDERS = (
    sliders.Slider(
        sliders.DEMAND,
        partial(_with_step, "scale demand"),
        between=(0.7, 1.3),
        tried=1.1,
        scales=True,
    ),
    sliders.Slider(
        "budget",
        _scaled_budget,
        between=_FACTORS_ABOVE_BUILT,
        tried=1.5,
        straight=lambda case: case,
    ),
    sliders.Slider("cap", with_cap, parts=sliders.MINERAL),
    sliders.Slider("security", _secured, between=(0.0, 1.0), tried=0.3, parts=sliders.MINERAL),
    sliders.Slider(
        "tariff",
        partial(_with_step, "raise tariff"),
        parts=sliders.COUNTRY,
        straight=lambda case: case.change(price_floors=()),
    ),
    sliders.Slider("lost", _lost, parts=sliders.COUNTRY, is_loss=True),
)
"""Every slider, in the order in which they apply: demand first, because others set shares of it;
losses last, because they override the others."""


INSTEAD = {
    sliders.DEMAND: "planner sweep --over demand",
    "budget": 'planner solve --what-if "scale budget; value=..."',
    "cap": "planner sweep",
    "security": "planner sweep --over security",
    "tariff": "planner sweep --over tariff",
    "lost": "planner solve --lose, or planner stress",
}
"""For each slider, the command to use if the page can't have it."""


def with_sliders(case: Case) -> tuple[sliders.Adjustable, tuple[str, ...]]:
    """Return the case's program with its sliders, and a sentence on each slider that is missing."""
    suppliers = {mine.country for mine in case.mines} | {plant.country for plant in plants(case)}
    program = sliders.Adjustable(case, with_cap(case, 0.5), tuple(sorted(suppliers)))
    missing = []
    for slider in SLIDERS:
        try:
            program.add(slider)
        except variation.NoVectorsError:
            name = slider.name
            missing.append(f"{name.capitalize()} can't be moved here; use {INSTEAD[name]}.")
    return program, tuple(missing)


# ---- settings to start from ----------------------------------------------------------------------

_CAPS = tuple(cap / 100 for cap in range(100, 15, -5))
_DEMANDS, _TARIFFS = (0.7, 0.85, 1.15, 1.3), (0.3, 1.0)
_LARGE, _LARGEST = 8, 3
"""Number of the largest suppliers whose loss, and whose tariffs, are among these settings."""


def starting_settings(program: sliders.Adjustable) -> list[sliders.Settings]:
    """Return the settings whose solver bases the page contains; the unchanged case comes first."""
    nothing: dict[str, Sequence[float]] = {
        sliders.DEMAND: (1.0,),
        "budget": (1.0,),
        "cap": (np.nan,) * len(program.case.minerals),
        "security": (np.nan,) * len(program.case.minerals),
        "tariff": (np.nan,) * len(program.countries),
        "lost": (np.nan,) * len(program.countries),
    }

    def with_one(slider: str, country: str, value: float) -> sliders.Settings:
        values = [value if code == country else np.nan for code in program.countries]
        return {**nothing, slider: values}

    large = _countries_by_share(program)
    return [
        nothing,
        *({**nothing, "cap": (cap,) * len(program.case.minerals)} for cap in _CAPS),
        *({**nothing, sliders.DEMAND: (demand,)} for demand in _DEMANDS),
        *(with_one("lost", country, 1.0) for country in large[:_LARGE]),
        *(with_one("tariff", country, t) for country in large[:_LARGEST] for t in _TARIFFS),
    ]


def _countries_by_share(program: sliders.Adjustable) -> list[str]:
    """Return the countries, sorted by their largest share of any mineral's usable capacity."""
    usable, part = program.expanded.usable.sum(axis=1), dict[str, float]()
    usable_of, total = Counter[str](), Counter[tuple[str, str]]()
    for source, tonnes in zip(program.expanded.sources, usable.tolist(), strict=True):
        usable_of[source.mineral] += tonnes
        total[source.mineral, source.country] += tonnes
    for (mineral, country), tonnes in total.items():
        if country != schema.REST_OF_WORLD and tonnes > 0:
            part[country] = max(part.get(country, 0.0), tonnes / usable_of[mineral])
    return sorted(part, key=lambda country: (-part[country], country))


# ---- the cells of the workbook that a slider changes: Demand!C2:L97 ------------------------------

_RAISED = "rows of its own in Lanes, each with its previous tariff plus the rise"
_NAMED = 6
"""Most cells that are named one by one; more are counted."""


def slider_cells(book: Book, countries: tuple[str, ...]) -> dict[str, list[str]]:
    """Return for each slider the cells that it changes, in words, by mineral or country."""
    case, layout = book.case, book.layout
    return {
        "demand": [_block(layout, case.demand, schema.Demand, r"\d{4}")],
        "budget": [_block(layout, case.budget, schema.BudgetYear, "capex")],
        "cap": [_caps(layout, case, m.name) for m in case.minerals],
        "security": [_block(layout, case.security, schema.SecurityTarget, r"max short( \d{4})?")],
        "tariff": [_RAISED] * len(countries),
        "lost": [_capacity_cells(layout, case, country) for country in countries],
    }


def _block(
    layout: Layout, rows: Iterable[schema.Record], sheet: type[schema.Record], pattern: str
) -> str:
    """Return the block of cells of some columns in the given rows."""
    column_of, lines = layout.sheet(sheet.SHEET).columns, [row.row for row in rows]
    columns = sorted(place for header, place in column_of.items() if re.fullmatch(pattern, header))
    if not columns or not lines:
        return ""
    first, last = address(columns[0], min(lines)), address(columns[-1], max(lines))
    return f"{sheet.SHEET}!{first}" if first == last else f"{sheet.SHEET}!{first}:{last}"


def _caps(layout: Layout, case: Case, mineral: str) -> str:
    """Return the cells of a mineral's caps on single countries."""
    rows = [r for r in case.share_limits if r.caps_each_country and r.mineral in {"", mineral}]
    cells = [_block(layout, [row], schema.ShareLimit, r"share( \d{4})?") for row in rows]
    return listed([cell for cell in cells if cell]) or "a row of its own in Share limits"


def _capacity_cells(layout: Layout, case: Case, country: str) -> str:
    """Return the cells of the capacities of a country's plants, and of its ore."""
    own_plants = [plant for plant in plants(case) if plant.country == country]
    cells = [_block(layout, [plant], type(plant), r"capacity( \d{4})?") for plant in own_plants]
    more = len(cells) - _NAMED
    named = [*cells[:_NAMED], *([counted(more, "other cell")] if more > 0 else [])]
    if any(mine.country == country for mine in case.mines):
        named.append("rows of its own in Ore lanes")
    return listed(named)
