"""Settings of sliders drawn at random, and the case that a command line makes of its options."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from models.case import Case
from models.plan.sliders import Adjustable
from planner.cli.common import WhatIfOptions
from planner.scenarios import Variant

Settings = dict[str, list[float | None]]


def unmoved(case: Case, countries: int) -> Settings:
    """Nothing moved."""
    none: list[float | None] = [None] * countries
    each: list[float | None] = [None] * len(case.minerals)
    return {
        "demand": [1], "budget": [1], "cap": each, "security": [*each], "tariff": none,
        "lost": [*none],
    }  # fmt: skip


def draw(of: Adjustable, rng: np.random.Generator) -> Settings:
    """Some sliders moved, each to a value as the page has them; not those that the case lacks."""
    case, codes, has = of.case, of.countries, {layer.slider for layer in of.layers}
    found: dict[str, Any] = unmoved(case, len(codes))
    chance = rng.random(6)
    if chance[0] < 0.7:
        one = round(rng.uniform(0.2, 1.0), 2)
        each = [round(rng.uniform(0.2, 1.0), 2) for _ in case.minerals]
        some = [v if rng.random() < 0.5 else None for v in each]
        found["cap"] = some if rng.random() < 0.4 else [one] * len(case.minerals)
    if chance[1] < 0.5 and codes:
        at = int(rng.integers(len(codes)))
        found["lost"] = [1 if i == at and c != "ROW" else None for i, c in enumerate(codes)]
    if chance[2] < 0.5:
        found["demand"] = [round(rng.uniform(0.7, 1.3), 2)]
    if chance[3] < 0.4:
        found["tariff"] = [
            round(rng.uniform(0, 1), 2) if rng.random() < 0.3 else None for _ in codes
        ]
    if chance[4] < 0.4:
        found["budget"] = [round(rng.uniform(0, 3), 2)]
    if chance[5] < 0.5:
        found["security"] = [round(rng.uniform(0, 1), 2)] * len(case.minerals)
    return {k: v if k in has else unmoved(case, len(codes))[k] for k, v in found.items()}


def variant_of(case: Case, command: str) -> Case:
    """The case that the options of a command ``planner solve FILE ...`` make."""
    words = shlex.split(command)
    assert words[:2] == ["planner", "solve"]
    options = list(zip(words[3::2], words[4::2], strict=True))
    every = {name: tuple(v for n, v in options if n == name) for name, _ in options}
    share = every.pop("--max-country-share", ())
    asked = WhatIfOptions(losses=every.pop("--lose", ()), changes=every.pop("--what-if", ()))
    assert not every
    return Variant("Base", asked(case), float(share[0].rstrip("%")) / 100 if share else None)(case)
