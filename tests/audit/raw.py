"""Ways to tamper with the XML of a plan, which no library that writes workbooks would use.

Each takes the parts of a plan's archive, as a list of name and bytes, and says where it was
changed: sheet, row and cell, as the others do.
"""

from __future__ import annotations

import re
import zipfile

SUMMARY, BOOK, LINKS = "xl/worksheets/sheet3.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_NUMBER = re.compile(rb'<c r="(B(\d+))" (s="\d+")><v>(\d+\.\d+)</v></c>')
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def write(source, target, tamper):
    """Write a plan that was tampered with; returns the place."""
    with zipfile.ZipFile(source) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    place = tamper(parts)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return place


def change(parts, name, how):
    """Change a part, which has to become another."""
    at = next(i for i, (each, _) in enumerate(parts) if each == name)
    before = parts[at][1]
    parts[at] = (name, how(before))
    assert parts[at][1] != before


def instead(new, *more):
    """Put a pattern in the place of the first number of Summary; then change other parts."""

    def tamper(parts):
        content = dict(parts)[SUMMARY]
        found = _NUMBER.search(content)
        fields = {
            "at": found[1].decode(), "look": found[3].decode(), "number": found[4].decode(),
            "row": found[2].decode(), "was": found[0].decode(),
        }  # fmt: skip
        change(parts, SUMMARY, lambda text: text.replace(found[0], new.format(**fields).encode()))
        for name, old, other in more:
            change(parts, name, lambda text, old=old, other=other: text.replace(old, other, 1))
        return "Summary", int(found[2]), fields["at"]

    return tamper


def listed(old, new, place):
    """Change the list of sheets."""

    def tamper(parts):
        change(parts, BOOK, lambda text: text.replace(old, new, 1))
        return place

    return tamper


def swap(name, pattern, new):
    """Replace what a pattern finds first in a part."""

    def tamper(parts):
        change(parts, name, lambda text: re.sub(pattern, new, text, count=1, flags=re.DOTALL))

    return tamper


def add(name, content):
    """Add a part."""
    return lambda parts: parts.append((name, content))


_CHART, _STYLES, _TEXTS = "xl/charts/chart1.xml", "xl/styles.xml", "xl/sharedStrings.xml"
OTHER_LOOKS = {
    "a formula with the right value": instead('<c r="{at}" {look}><f>1+1</f><v>{number}</v></c>'),
    "white on white": swap(_STYLES, rb"<color [^>]*/>", b'<color rgb="FFFFFFFF"/>'),
    "a number kept in a chart": swap(_CHART, rb"(<c:numCache>.*?<c:v>)[^<]*", rb"\g<1>0.5"),
    "a hidden row": swap(SUMMARY, b'<row r="12"', b'<row hidden="1" r="12"'),
    "a large part that nobody names": add("xl/note.xml", b" " * 10_000_000),
    "a damaged part": swap("xl/worksheets/_rels/sheet1.xml.rels", b"<Relationships", b"<<"),
    "a text in bold runs": swap(
        _TEXTS, rb"<si><t>([^<]*)</t></si>", rb"<si><r><rPr><b/></rPr><t>\1</t></r></si>"
    ),
}
"""What a file may show or have beside the right cells."""

SHOWN = {
    "a text of a sheet": (_TEXTS, rb"every rule of the case\.", b"every rule that was agreed."),
    "a default": (_TEXTS, rb"Blank\. Used: ", b"Blank. Used, as agreed: "),
    "a stage of the run": (_TEXTS, rb"Time: solve", b"Time: approved on 1 May"),
    "a version": (_TEXTS, rb"HiGHS ", b"approved by HiGHS "),
    "a term": (_TEXTS, rb"(<t>)Marginal price(?=</t>)", rb"\g<1>Agreed price"),
}
"""Texts of cells that another one replaces."""

REFUSED = {
    "a sheet twice": listed(
        b"</sheets>", b'<sheet name="Plan" sheetId="99" r:id="rId2"/></sheets>', None
    ),
    "a sheet twice but for its case": listed(
        b"</sheets>", b'<sheet name="PLAN" sheetId="99" r:id="rId2"/></sheets>', None
    ),
}
"""What is read in one way or another."""
