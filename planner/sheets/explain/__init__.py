"""An explanation in plain words: what sets a price, what binds, what would end a shortage."""

from planner.sheets.explain.cells import Cells
from planner.sheets.explain.facts import facts
from planner.sheets.explain.plan import scarce_words, shortage_words
from planner.sheets.explain.told import told

__all__ = ["Cells", "facts", "scarce_words", "shortage_words", "told"]
