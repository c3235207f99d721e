"""Names and years in words."""

from __future__ import annotations

from planner.render.words import each_year, listed, span


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
