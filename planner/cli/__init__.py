"""The command line: ``planner new``, ``check`` and ``solve``.

Heavy imports stand inside the commands, so that ``planner --help`` is quick.
"""

from planner.cli.outcome import main

__all__ = ["main"]
