"""The texts that a workbook keeps once for all its cells."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import iterparse

from planner.workbook.archive import MOST_CELLS, RefusedError
from planner.workbook.plain import MAIN

_ENTRY, _TEXT = f"{{{MAIN}}}si", f"{{{MAIN}}}t"


def shared_texts(package: Any) -> list[str]:
    """Return the texts by their number, as openpyxl reads them."""
    from openpyxl.xml.constants import SHARED_STRINGS

    part = package.package.find(SHARED_STRINGS)
    if part is None:
        return []
    found: list[str] = []
    with package.archive.texts(part.PartName[1:]) as source:
        events = iterparse(source)  # noqa: S314 - expat bounds what entities grow to
        for count, (_, node) in enumerate(events):
            if count > MOST_CELLS:
                msg = f"the texts of the file have more than {MOST_CELLS:,} elements"
                raise RefusedError(msg)
            if node.tag == _ENTRY:
                found.append(_text(node).replace("x005F_", ""))
                node.clear()
    return found


def _text(entry: Any) -> str:
    """Return an entry's text: nearly all are one element, others have formats within."""
    if not len(entry):
        return ""
    if len(entry) == 1 and entry[0].tag == _TEXT:
        return entry[0].text or ""
    from openpyxl.cell.text import Text

    read: Any = Text.from_tree(entry)
    return str(read.content)
