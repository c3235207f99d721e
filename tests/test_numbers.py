"""A number is never shown as -0, whatever it is and wherever it is shown."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.results.field import Format
from planner.cli.answer import print_json
from planner.documents.folder import write_rows
from planner.render.style import mixed_format, number_format
from planner.render.table import formatted
from planner.render.words import (
    amount_words,
    formatted_number,
    money_words,
    percent,
    share_words,
    signed,
    tonnes_words,
)
from planner.sheets.explain import plain_amount

ROOT = Path(__file__).resolve().parents[1]
NEGATIVE_ZERO = re.compile(r"(?<![\w.])[-+]0(?:\.0+)?(?![\d.])")
EXPONENT = re.compile(r"\de[-+]\d")

near_nothing = st.one_of(
    st.floats(-1.0, 1.0),
    st.floats(-1e15, 1e15),
    st.sampled_from([-0.0, -5e-324, -1e-12, -0.0004, -0.04, -0.4, -0.49999, 2.7e-05, -2.7e-05]),
)


@given(near_nothing)
def test_words(value: float) -> None:
    said = [
        amount_words(value, "t"), money_words(value, "USD"), formatted_number(value),
        percent(value), percent(value, 0), share_words(value), tonnes_words(value),
        plain_amount(value), signed(value, ",.0f"), signed(value, ".1%"), signed(value, ",.4g"),
        *(formatted(value, fmt) for fmt in Format),
    ]  # fmt: skip
    assert [text for text in said if NEGATIVE_ZERO.search(text)] == []


@given(st.floats(-1e6, 1e6))
def test_no_amount_is_said_with_an_exponent(value: float) -> None:
    said = (
        amount_words(value, "t"),
        money_words(value, "USD"),
        formatted_number(value),
        tonnes_words(value),
    )
    assert [text for text in (*said, plain_amount(value)) if EXPONENT.search(text)] == []


def test_amounts_next_to_nothing() -> None:
    assert tonnes_words(2.7e-05) == "under 0.001 t"
    assert amount_words(-2.7e-05, "t") == "above -0.001 t"
    assert money_words(-0.0004, "USD") == "above -0.001 USD"
    assert (signed(-0.4, ".0f"), signed(0.6, ".0f"), signed(-0.6, ".0f")) == ("0", "+1", "-1")


def test_json_and_csv(tmp_path: Path) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        print_json({"a": -0.0, "b": [-0.0, {"c": -0.0}]})
    assert "-" not in out.getvalue()
    assert json.loads(out.getvalue()) == {"a": 0, "b": [0, {"c": 0}]}
    path = tmp_path / "rows.csv"
    write_rows(path, ["A"], [[-0.0], [-1.5]])
    assert path.read_text(encoding="utf-8-sig").split() == ['"A"', "0.0", "-1.5"]


@pytest.mark.parametrize("fmt", [fmt for fmt in Format if not fmt.is_text])
@given(st.lists(near_nothing, min_size=1, max_size=4))
def test_number_formats_leave_the_sign_to_the_program(fmt: Format, values: list[float]) -> None:
    """Excel and LibreOffice show -0.3 as 0 where a format writes no minus of its own."""
    for form in (number_format(fmt, values), mixed_format(fmt, values[0], 1e9)):
        assert "-" not in form.replace("E-", "")


# ---- every format in the code --------------------------------------------------------------------


def formats(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the formats of numbers in a module's f-strings, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            parts = (
                part.value if isinstance(part, ast.Constant) else "0"
                for part in node.format_spec.values
            )
            yield node.lineno, "".join(map(str, parts))


@pytest.mark.slow
def test_each_format_of_decimals_rounds_to_0_without_a_sign() -> None:
    """``{value:z,.1f}``: the option z makes a -0 that rounding leaves a 0."""
    found = [
        f"{path.relative_to(ROOT)}:{line} {form}"
        for folder in ("models", "planner")
        for path in (ROOT / folder).rglob("*.py")
        for line, form in formats(path)
        if form[-1:] in {"f", "%", "e"} and "z" not in form
    ]
    assert found == []
