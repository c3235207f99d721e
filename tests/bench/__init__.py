"""The benchmark: this planner beside other ways to build and solve the same program.

``python -m tests.bench`` (or ``make bench``) makes seeded cases of four sizes, runs every way on
them as a process of its own, and writes ``docs/benchmarks.md``. Nothing here is a test but
``test_bench.py``, which holds that all ways reach the same objective.
"""
