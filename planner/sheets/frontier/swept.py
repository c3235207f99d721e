"""A sweep as its sheets take it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Swept:
    """A sweep as its sheets take it.

    ``title`` is what was turned, ``is_cap`` whether it is the cap on single countries,
    ``is_factor`` whether it multiplies what stands. ``rows`` and ``reference`` have the columns
    that a study's sweep gives them, ``smallest`` (empty for other knobs) those of its smallest
    caps; the rows of the mineral ``whole`` are of all together. ``basis`` is what shares are of,
    ``horizon`` the years in words.
    """

    title: str
    is_cap: bool
    is_factor: bool
    whole: str
    rows: pd.DataFrame
    reference: pd.DataFrame
    smallest: pd.DataFrame
    currency: str
    basis: str
    horizon: str

    @property
    def minerals(self) -> list[str]:
        """All minerals together, then each, in the case's order; as far as any point has a plan."""
        return list(dict.fromkeys(self.rows["mineral"]))
