"""Names and years as sentences say them, wherever they are told; imports nothing of ours."""

from __future__ import annotations

from collections.abc import Iterable

_PAIR = 2
"""Years in a row that are named one by one; more are joined."""


def listed(items: Iterable[str], most: int | None = None) -> str:
    """Return items as a sentence lists them: ``a, b and c``; beyond ``most``, ``a, b and 2 more``.

    One more than ``most`` is named, too: it takes no more room than its number.
    """
    found = list(items)
    if most is not None and len(found) > most + 1:
        found = [*found[:most], f"{len(found) - most} more"]
    return _joined(found, " and ")


def span(years: Iterable[int]) -> str:
    """Return from when to when years go, whatever is between: ``2026 to 2035``, ``no years``."""
    found = sorted(years)
    if not found:
        return "no years"
    first, last = found[0], found[-1]
    return str(first) if first == last else f"{first} to {last}"


def each_year(years: Iterable[int], last: str = ", ") -> str:
    """Return just which years: ``2026, 2027, 2030 to 2034``, ``last`` before the last; "" of none.

    Runs of three and more are joined.
    """
    runs: list[list[int]] = []
    for year in sorted(set(years)):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    words = [
        word
        for run in runs
        for word in (map(str, run) if len(run) <= _PAIR else [f"{run[0]} to {run[-1]}"])
    ]
    return _joined(words, last)


def _joined(words: list[str], last: str) -> str:
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
