"""What the headers of a difference of two plans mean."""

from __future__ import annotations

DIFFERENCE_NOTES = {
    "Difference: Change": "New less old, of shares in percentage points; of words whether they"
    " differ. Blank: not to be compared, the remark says why.",
    "Difference: Change (%)": "The change over the old figure; blank where that is 0 or a share.",
    "Inputs: Input": "The row by what it is of, then the column, with the years in which it"
    " differs.",
    "Inputs: Old": "Blank: no such row, or nothing in the cell.",
    "Inputs: New": "removed: the new workbook has no such row.",
    "By mineral: Figure": "Amounts are sums over the years that both plans have; the largest"
    " country share is that of any of these years.",
    "By mineral: Change": "New less old, of shares in percentage points. Blank: not comparable.",
    "Moves: From": "The ten largest changes of each mineral are listed; a row below them counts the"
    " others. A mineral that costs and lacks the same in each year is named in the last row: its"
    " flows differ by a choice among equally cheap ones.",
    "Moves: Old": "Over the years that both plans have.",
    "Moves: New": "Over the years that both plans have.",
    "Moves: Change": "New less old.",
}
"""Notes by sheet and header without its unit."""
