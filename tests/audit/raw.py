"""Ways to tamper with the XML of a plan, which no library that writes workbooks would use.

Each takes the parts of a plan's archive, as a list of name and bytes, and says where it was
changed: sheet, row and cell, as the others do.
"""

from __future__ import annotations

import re
import zipfile

SUMMARY, BOOK, LINKS = "xl/worksheets/sheet2.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
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


def renamed(parts):
    """Call the workbook's part by another name, and put a formula in."""
    place = instead('<c r="{at}" {look}><f>1+1</f><v>{number}</v></c>')(parts)
    names = {BOOK: "xl/book.xml", LINKS: "xl/_rels/book.xml.rels"}
    parts[:] = [(names.get(name, name), content) for name, content in parts]
    for name in ("_rels/.rels", "[Content_Types].xml"):
        change(parts, name, lambda text: text.replace(b"xl/workbook.xml", b"xl/book.xml"))
    return place


def listed(old, new, place):
    """Change the list of sheets."""

    def tamper(parts):
        change(parts, BOOK, lambda text: text.replace(old, new, 1))
        return place

    return tamper


def chartsheet(parts):
    """Add a sheet that is nothing but a chart."""
    place = listed(
        b"</sheets>", b'<sheet name="Approved" sheetId="99" r:id="rId99"/></sheets>',
        ("Approved", 0, ""),
    )(parts)  # fmt: skip
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    link = f'<Relationship Id="rId99" Type="{kind}chartsheet" Target="chartsheets/sheet1.xml"/>'
    change(parts, LINKS, lambda t: t.replace(b"</Relation", link.encode() + b"</Relation"))
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"
    empty = f'<chartsheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"/></sheetViews>'
    parts += [
        ("xl/chartsheets/sheet1.xml", f"{empty}</chartsheet>".encode()),
        ("xl/chartsheets/_rels/sheet1.xml.rels", f'<Relationships xmlns="{rels}"/>'.encode()),
    ]
    return place


def text(old, new, sheet):
    """Change a text that is kept once for the workbook."""

    def tamper(parts):
        change(parts, "xl/sharedStrings.xml", lambda t: t.replace(old, new, 1))
        return sheet, 0, ""

    return tamper


def in_summary(old, new, place):
    """Change the XML of Summary."""

    def tamper(parts):
        change(parts, SUMMARY, lambda t: t.replace(old, new, 1))
        return place

    return tamper


def unseen(parts):
    """Give a row no height."""
    change(
        parts,
        SUMMARY,
        lambda t: re.sub(
            rb'<row r="3"([^>]*?)(?: ht="[^"]*")?([ />])', rb'<row r="3" ht="0"\1\2', t
        ),
    )
    return "Summary", 3, ""


def elsewhere(parts):
    """Let a cell say that it stands in another row."""
    sheet, row, _ = instead('<c r="B1{row}" {look}><v>{number}</v></c>')(parts)
    return sheet, 0, f"B1{row}"


_CELL = '<c r="{at}" {look}><f>1+1</f><v>{number}</v></c>'
FORMULAS = {
    "as written": instead(_CELL),
    "without an address": instead("<c {look}><f>1+1</f><v>{number}</v></c>"),
    "in single quotes": instead("<c r='{at}' {look}><f>1+1</f><v>{number}</v></c>"),
    "behind its value": instead('<c r="{at}" {look}><v>{number}</v><f>1+1</f></c>'),
    "behind a comment": instead('<c r="{at}" {look}><!-- --><f>1+1</f><v>{number}</v></c>'),
    "with a prefix": instead(
        f'<q:c xmlns:q="{_MAIN}" r="{{at}}" {{look}}><q:f>1+1</q:f><q:v>{{number}}</q:v></q:c>'
    ),
    "in a part by ./": instead(
        _CELL, (LINKS, b'"worksheets/sheet2.xml"', b'"./worksheets/sheet2.xml"')
    ),
    "in a part by ../": instead(
        _CELL, (LINKS, b'"worksheets/sheet2.xml"', b'"../xl/worksheets/sheet2.xml"')
    ),
    "in a workbook of another name": renamed,
}
"""A formula beside the right value, in every way that a program reads."""

SHOWN = {
    "a cell twice": instead('<c r="{at}" {look}><v>1</v></c>{was}'),
    "a cell of another row": elsewhere,
    "a sheet of a chart": chartsheet,
    "a hidden sheet": listed(
        b'<sheet name="Shortages"', b'<sheet state="veryHidden" name="Shortages"',
        ("Shortages", 0, ""),
    ),
    "a hidden row": in_summary(b'<row r="12"', b'<row hidden="1" r="12"', ("Summary", 12, "")),
    "a row without height": unseen,
    "a hidden column": in_summary(b"<col ", b'<col hidden="true" ', ("Summary", 0, "")),
    "words behind the verdict": text(
        b"every rule of the case.", b"every rule of the case., at all times certified", "Checks"
    ),
    "words behind a default": text(b"Blank. Used: ", b"Blank. Used: 1, at the request of ", ""),
    "words behind the worst constraint": text(
        b"Largest violation of any constraint", b"Largest violation of any constraint, at peace",
        "Checks",
    ),
    "a stage of the run": text(b"Time: solve", b"Time: approved on 1 May", "Summary"),
    "a version": text(b"HiGHS ", b"approved by HiGHS ", "Summary"),
}  # fmt: skip
"""What is shown beside right values."""

REFUSED = {
    "a sheet twice": listed(
        b"</sheets>", b'<sheet name="Plan" sheetId="99" r:id="rId2"/></sheets>', None
    ),
    "a sheet twice but for its case": listed(
        b"</sheets>", b'<sheet name="PLAN" sheetId="99" r:id="rId2"/></sheets>', None
    ),
    "a part twice": lambda parts: parts.insert(0, parts[-1]),
}
"""What is read in one way or another."""
