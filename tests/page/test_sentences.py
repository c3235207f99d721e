"""Sentences and tolerances of the page are Python's: its scripts type none of them again."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from planner.page import _TOLERANCES, PAGE

PAGE_JS, ENGINE_JS = (
    files("planner.page").joinpath(name).read_text(encoding="utf-8")
    for name in ("page.js", "engine.js")
)
FIELD = re.compile(r"\{(\w+)\}")
LEAST = 12
"""Letters of a piece of a sentence that other sentences hardly share."""


@pytest.mark.parametrize("name", PAGE)
def test_a_sentence_of_python_is_filled_by_the_page_and_not_typed(name):
    assert f'sentence("{name}"' in PAGE_JS
    pieces = FIELD.split(PAGE[name])[::2]
    assert [piece for piece in pieces if len(piece) >= LEAST and piece in PAGE_JS] == []


@pytest.mark.parametrize("name", _TOLERANCES)
def test_a_tolerance_of_python_is_read_from_the_page_s_data(name):
    own = re.compile(rf"(?:tolerances|accepted)\.{name}\b|[{{,] {name}[ ,:].*= \w+\.tolerances")
    assert own.search(ENGINE_JS) or own.search(PAGE_JS)


def test_the_engine_types_no_tolerance_of_a_plan():
    options = ENGINE_JS.index("const OPTIONS"), ENGINE_JS.index("const BY_MINERAL")
    others = ENGINE_JS[: options[0]] + ENGINE_JS[options[1] :]
    assert set(re.findall(r"\d*\.?\d+e-\d+|0\.99+\d*", others)) == {"1e-9", "1e-300"}
