"""The families of constraints, one per file: components, mathematics (twice) and descriptions.

``FAMILIES`` has them in the order in which they are added and their components are declared.
"""

from importlib import import_module

from models.program.family import Family

_NAMES = (
    "refining",
    "lanes",
    "contracts",
    "stockpiles",
    "projects",
    "ore",
    "continuity",
    "shortage",
    "tiers",
    "inputs",
    "security",
    "diversification",
)
FAMILIES: tuple[Family, ...] = tuple(import_module(f"{__name__}.{name}").FAMILY for name in _NAMES)
"""All families; diversification comes last, since it limits columns of the others."""
