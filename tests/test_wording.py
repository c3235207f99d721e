"""Names and years in words."""

from __future__ import annotations

from models.units import spelled
from planner.render.words import each_year, least, listed, percent, share, span


def test_names() -> None:
    """One more than the most is named, two more are counted."""
    assert [listed("abcd"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed("abcd", 3) == "a, b, c and d"
    assert listed("abcde", 3) == "a, b, c and 2 more"


def test_from_when_to_when() -> None:
    """Whatever is between, in whatever order."""
    assert span(()) == "no years"
    assert span([2030]) == "2030"
    assert span((2035, 2026, 2027)) == "2026 to 2035"


def test_just_which_years() -> None:
    """Runs of three are joined, two are listed; each counts once."""
    assert each_year([]) == ""
    assert each_year([2030, 2030]) == "2030"
    assert each_year([2035, 2030, 2031, 2032]) == "2030 to 2032, 2035"
    assert each_year([2030, 2031, 2033], " and ") == "2030, 2031 and 2033"


def test_a_least_share_is_never_rounded_down() -> None:
    """But for a number's own last bits: 0.65 in binary is no more than 65 %."""
    assert [least(part) for part in (0.7885, 0.78801, 0.65, 0.1 + 0.2, 0.0)] == [
        "78.9 %", "78.9 %", "65.0 %", "30.0 %", "0.0 %",
    ]  # fmt: skip


def test_no_zero_has_a_sign() -> None:
    assert (percent(-0.0001), share(-0.0001), share(-0.02)) == ("0.0 %", "-0.1 to 0 %", "-2 %")


def test_a_bound_is_spelled() -> None:
    said = [spelled(number) for number in (0.0, 1e3, 1e8, 2.5e9, -1e10)]
    assert said == ["0", "1000", "100 million", "2.5 billion", "-10 billion"]
