"""The sliders of the page: each does to a case what an option of ``planner solve`` does."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np

from models.case import Case, InOrder
from models.checks.common import plants
from models.plan.sliders import (
    COUNTRY,
    DEMAND,
    MINERAL,
    Adjustable,
    NotStraightError,
    Settings,
    Slider,
)
from models.schema import REST_OF_WORLD, ByYear, ScenarioStep
from planner.scenarios import set_max_country_share
from planner.scenarios.actions import after


def capped(case: Case, share: float, _: str = "") -> Case:
    """Return the case with every max on countries, each alone, at a share; rows keep their places.

    What ``set max country share`` does, but that limits it adds stand after those that were there:
    so a program's rows have the same names whatever the share.
    """
    rows = set_max_country_share(case, share).share_limits
    mine = [
        dataclasses.replace(row, share=ByYear(share)) if row.caps_each_country else row
        for row in case.share_limits
    ]
    added = [row for row in rows if row not in mine]
    return case.change(share_limits=InOrder([*mine, *added]))


def _secured(case: Case, share: float, _: str) -> Case:
    """Return the case with every Max short at a share, as ``set max short`` does; likewise."""
    rows = (dataclasses.replace(row, max_short=ByYear(share)) for row in case.security)
    return case.change(security=InOrder(rows))


def _demand(case: Case, value: float, _: str) -> Case:
    return after(case, [ScenarioStep(name=DEMAND, action="scale demand", value=value)])


def _tariff(case: Case, value: float, country: str) -> Case:
    return after(
        case, [ScenarioStep(name="tariff", action="set tariff", country=country, value=value)]
    )


def _budget(case: Case, value: float, _: str) -> Case:
    return after(case, [ScenarioStep(name="budget", action="scale budget", value=value)])


def _lost(case: Case, _: float, country: str) -> Case:
    """Lose a country as ``--lose`` does."""
    lose = ScenarioStep(name="lost", action="scale capacity", country=country, value=0.0)
    return after(case, [lose, ScenarioStep(name="lost", action="block ore", country=country)])


SLIDERS = (
    Slider(DEMAND, _demand, between=(0.7, 1.3), tried=1.1, scales=True),
    Slider("budget", _budget, between=(0.0, 3.0), tried=1.5, scales=True),
    Slider("cap", capped, parts=MINERAL),
    Slider("security", _secured, between=(0.0, 1.0), tried=0.3, parts=MINERAL),
    Slider("tariff", _tariff, parts=COUNTRY),
    Slider("lost", _lost, parts=COUNTRY, is_loss=True),
)
"""Every slider; demand first, for others set parts of it, and losses last, for they hold anyway."""


def adjustable(case: Case) -> tuple[Adjustable, tuple[str, ...]]:
    """Return the case's program with the sliders that it has, and why it lacks any other."""
    found = Adjustable(case, capped(case, 0.5), _suppliers(case))
    lacking = []
    for slider in SLIDERS:
        try:
            found.add(slider)
        except NotStraightError as error:
            lacking.append(f"There is no slider for {slider.name}: {error}.")
    return found, tuple(lacking)


def _suppliers(case: Case) -> tuple[str, ...]:
    """Return the countries with refiners, projects or mines."""
    mines = {mine.country for mine in case.mines}
    return tuple(sorted(mines | {plant.country for plant in plants(case)}))


# ---- settings to start from ----------------------------------------------------------------------

_CAPS = tuple(cap / 100 for cap in range(100, 15, -5))
_DEMANDS, _TARIFFS = (0.7, 0.85, 1.15, 1.3), (0.3, 1.0)
_LARGE, _LARGEST = 8, 3
"""How many of the largest suppliers are lost, and how many have tariffs, in turn."""


def grid(of: Adjustable) -> list[Settings]:
    """Return settings whose bases a browser may start from: the case as it stands comes first."""
    nothing: dict[str, Sequence[float]] = {
        DEMAND: (1.0,),
        "budget": (1.0,),
        "cap": (np.nan,) * len(of.case.minerals),
        "security": (np.nan,) * len(of.case.minerals),
        "tariff": (np.nan,) * len(of.countries),
        "lost": (np.nan,) * len(of.countries),
    }

    def alone(slider: str, country: str, value: float) -> Settings:
        values = [value if code == country else np.nan for code in of.countries]
        return {**nothing, slider: values}

    large = _largest(of)
    return [
        nothing,
        *({**nothing, "cap": (cap,) * len(of.case.minerals)} for cap in _CAPS),
        *({**nothing, DEMAND: (demand,)} for demand in _DEMANDS),
        *(alone("lost", country, 1.0) for country in large[:_LARGE]),
        *(alone("tariff", country, t) for country in large[:_LARGEST] for t in _TARIFFS),
    ]


def _largest(of: Adjustable) -> list[str]:
    """Return the countries by the largest part of any mineral's usable capacity that they have."""
    usable, part = of.expanded.usable.sum(axis=1), dict[str, float]()
    every = Counter[str]()
    own = Counter[tuple[str, str]]()
    for source, tonnes in zip(of.expanded.sources, usable.tolist(), strict=True):
        every[source.mineral] += tonnes
        own[source.mineral, source.country] += tonnes
    for (mineral, country), tonnes in own.items():
        if country != REST_OF_WORLD and tonnes > 0:
            part[country] = max(part.get(country, 0.0), tonnes / every[mineral])
    return sorted(part, key=lambda country: (-part[country], country))
