"""Random legal books: hypothesis strategies and bulk random runs (contract section 2)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from hypothesis import strategies as st

from .cases_continuity import days, supply, tiers
from .cases_end_use import end_use
from .cases_rules import companies, contracts, lanes, limits, ore_lanes, security
from .cases_sheets import (
    BookT,
    Draft,
    carried_budget,
    countries,
    demand,
    freight,
    members,
    minerals,
    mines,
    projects,
    refiners,
    settings,
    stockpiles,
)
from .cases_stages import built, fill_and_draw, floors, input_lanes, sold_to_plants, stages
from .dice import Chooser, Dice, HypothesisDice, NumpyDice

CORE = frozenset(
    {
        "lanes",
        "limits",
        "purchases basis",
        "discount",
        "by year",
        "recycled",
        "owners",
        "groups",
        "blocs",
        "ROW",
    }
)
CONTINUITY = frozenset({"days", "tiers", "switching", "growth"})
PROJECTS = frozenset({"projects", "whole projects", "carried budget"})
ALL = CORE | CONTINUITY | PROJECTS | {"contracts", "stockpiles", "mines"}
SECURE = ALL | {"security"}
OWNED = SECURE | {"companies"}
STAGED = OWNED | {"stages"}
FLOORED = OWNED | {"floors"}
BEGUN = OWNED | {"built", "fill and draw"}
EVERYTHING = STAGED | FLOORED | BEGUN
END_USE = EVERYTHING | {"end use"}


def draw_book(dice: Dice, features: Collection[str], size: int) -> BookT:
    """A legal book; size 3 is at most 3 minerals, 4 members, 6 refiner names, 4 years."""
    unknown = set(features) - END_USE
    assert not unknown, unknown
    scale = Chooser(dice)
    choose = Chooser(dice, scale.pick([1.0, 1.0, 1.0, 1000.0]), scale.pick([1.0, 1.0, 10.0]))
    draft = Draft(choose, frozenset(features), size)
    for step in (
        settings,
        minerals,
        members,
        refiners,
        projects,
        countries,
        demand,
        freight,
        mines,
        stockpiles,
        lanes,
        contracts,
        limits,
        ore_lanes,
        days,
        tiers,
        supply,
        carried_budget,
        security,
        companies,
        stages,
        input_lanes,
        sold_to_plants,
        floors,
        built,
        fill_and_draw,
        end_use,
    ):
        step(draft)
    return draft.book()


@st.composite
def books(draw: st.DrawFn, features: Collection[str] = ALL, size: int = 3) -> BookT:
    """Legal books with what the features allow."""
    return draw_book(HypothesisDice(draw), features, size)


def random_book(rng: np.random.Generator, size: int = 3, features: Collection[str] = ALL) -> BookT:
    """A legal book for bulk runs outside hypothesis; `size` as in draw_book."""
    return draw_book(NumpyDice(rng), features, size)
