"""A family of constraints: its mathematics in Pyomo and as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.case import Case
from models.program.component import Relaxation

if TYPE_CHECKING:
    from models.program.builder import Builder
    from models.program.frame import Frame


@dataclass(frozen=True)
class Family:
    """A family of constraints, written twice: for Pyomo and as arrays.

    ``model`` adds it to a Pyomo model, ``arrays`` to the program; the two are compared. ``ties``
    are the minerals whose years it links; ``joins`` are groups of minerals that it links with each
    other.
    """

    model: Callable[[Frame], None]
    arrays: Callable[[Builder], None]
    ties: Callable[[Case], Iterable[str]] = lambda _: ()
    joins: Callable[[Case], Iterable[tuple[str, ...]]] = lambda _: ()
    relaxation: Relaxation | None = None
