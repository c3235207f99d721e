"""The world's outlines and the map that is drawn on them, with no network."""

from __future__ import annotations

from planner.report.world.draw import world_map
from planner.report.world.outlines import outlines

__all__ = ["outlines", "world_map"]
