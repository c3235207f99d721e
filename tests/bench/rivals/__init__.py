"""Ways to solve the same case, each a module that runs by itself: ``python -m <module> M``.

Each is written as one who knows the tool well would write it, from the arrays of
``tests.bench.facts``; only those named planner import the planner.
"""
