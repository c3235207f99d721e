"""One family of constraints a file: its components, its mathematics twice, and what is told of it.

``FAMILIES`` is the order in which they are added, and their components declared.
"""

from importlib import import_module

from models.program.component import Family

_NAMES = (
    "refining",
    "lanes",
    "contracts",
    "stockpiles",
    "projects",
    "ore",
    "continuity",
    "shortage",
    "inputs",
    "security",
    "diversification",
)
FAMILIES: tuple[Family, ...] = tuple(import_module(f"{__name__}.{name}").FAMILY for name in _NAMES)
"""What the program is made of; diversification last, since it limits what the others made."""
