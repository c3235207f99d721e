"""Says which tests are slow, in processor seconds of theirs and of the processes they wait for.

``make times`` runs all tests, and lists each function whose marker ``slow`` is missing, and each
that bears it and is quick now; of these the ones that start browsers or servers may keep it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

import pytest

ONE, TOGETHER = 1.0, 3.0
"""Seconds from which a test is slow, or a function with all its cases."""
_began = 0.0
_cases: dict[tuple[str, bool], list[float]] = defaultdict(list)


def _spent() -> float:
    return sum(os.times()[:4])


def pytest_runtest_logstart() -> None:
    global _began  # noqa: PLW0603 - one test runs at a time
    _began = _spent()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tell the seconds with the last report of a test, which reaches the process that sums up."""
    if call.when == "teardown":
        item.user_properties.append(("seconds", _spent() - _began))
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":
        name = report.nodeid.partition("[")[0]
        seconds = dict(report.user_properties).get("seconds", 0.0)
        _cases[name, "slow" in report.keywords].append(float(seconds))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for (name, is_marked), cases in sorted(_cases.items(), key=lambda of: -sum(of[1])):
        is_slow = max(cases) > ONE or sum(cases) > TOGETHER
        if is_slow != is_marked:
            said = "takes" if is_slow else "marked slow, takes"
            terminalreporter.line(f"{name} {said} {sum(cases):.1f} s, at most {max(cases):.1f}")
    total = sum(map(sum, _cases.values()))
    terminalreporter.line(f"{total / 60:.1f} processor minutes")
