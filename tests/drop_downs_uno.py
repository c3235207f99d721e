"""Tells the drop-downs of a workbook as LibreOffice sees them; run by a Python that has ``uno``.

``python drop_downs_uno.py PIPE BOOK CELLS ADDED``: the name of the pipe at which an office listens,
the workbook, the cells asked for as JSON, each ``[sheet, address]``, and the texts to add, each
``[sheet, address, text]``. Prints one JSON object: for each cell the kind of its validation, its
formula, whether others are refused and the entries that it offers, ``before`` the texts were added
and ``after``. The office ends with it.
"""

import json
import os
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

DEADLINE = 600
SCRATCH = "Scratch"
MOST = 200
"""Entries of a list that are looked at."""


def main() -> None:
    """Open, ask, add, ask again, close."""
    pipe, path, *rest = sys.argv[1:]
    cells, added = map(json.loads, rest)
    desktop = _desktop(pipe)
    try:
        hidden = PropertyValue("Hidden", 0, True, 0)
        book = desktop.loadComponentFromURL(Path(path).resolve().as_uri(), "_blank", 0, (hidden,))
        book.Sheets.insertNewByName(SCRATCH, book.Sheets.Count)
        before = [_told(book, *cell) for cell in cells]
        for sheet, address, text in added:
            book.Sheets.getByName(sheet).getCellRangeByName(address).setString(text)
        book.calculateAll()
        after = [_told(book, *cell) for cell in cells]
        json.dump({"before": before, "after": after}, sys.stdout)
        sys.stdout.flush()
        book.close(True)
    finally:
        desktop.terminate()


def _desktop(pipe: str):
    """The office that listens, as soon as it does."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    address = f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext"
    until = time.monotonic() + DEADLINE
    while True:
        try:
            context = resolver.resolve(address)
        except NoConnectException:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            make = context.ServiceManager.createInstanceWithContext
            return make("com.sun.star.frame.Desktop", context)


def _told(book, sheet: str, address: str) -> dict:
    """What one cell offers."""
    rule = book.Sheets.getByName(sheet).getCellRangeByName(address).Validation
    kind, formula = rule.Type.value, rule.getFormula1()
    return {
        "type": kind,
        "formula": formula,
        "refuses": rule.ShowErrorMessage,
        "shown": rule.ShowList > 0,
        "entries": _entries(book, formula) if kind == "LIST" else [],
    }


def _entries(book, formula: str) -> list:
    """The entries of a list: the words spelled out, or what the office makes of its formula."""
    if formula.startswith('"'):
        return [word.strip('"') for word in formula.split(";")]
    scratch = book.Sheets.getByName(SCRATCH)
    area = scratch.getCellRangeByPosition(0, 0, 0, MOST - 1)
    area.setArrayFormula(f"={formula}")
    count = scratch.getCellByPosition(1, 0)
    count.setFormula(f"=ROWS({formula})")
    entries = [row[0] for row in area.getDataArray()][: int(count.getValue())]
    area.setArrayFormula("")
    return entries


main()
os._exit(0)  # when the office has ended, threads of uno's may crash as Python is torn down
