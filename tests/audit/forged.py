"""Ways to forge a package: what is shown changes, what a library reads of its cells may not.

Each changes the parts of a plan's archive, a list of name and bytes. ``REFUSED`` are packages that
programs show in different ways: nothing is read of them, be it a plan or an input. ``DIFFERS`` are
found by comparing parts: each with the part that is told, or the sheet and cell.
"""

from __future__ import annotations

import re

from tests.audit.raw import BOOK, LINKS, SUMMARY, change, instead

KINDS, ROOT, STRINGS, STYLES = (
    "[Content_Types].xml", "_rels/.rels", "xl/sharedStrings.xml", "xl/styles.xml",
)  # fmt: skip
FIRST, CORE, APP = "xl/worksheets/sheet1.xml", "docProps/core.xml", "docProps/app.xml"
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MC = b'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def put(name, old, new):
    """Replace a piece of a part once."""

    def tamper(parts):
        change(parts, name, lambda text: text.replace(old, new, 1))

    return tamper


def swap(name, pattern, new):
    """Replace what a pattern finds first in a part."""

    def tamper(parts):
        change(parts, name, lambda text: re.sub(pattern, new, text, count=1, flags=re.DOTALL))

    return tamper


def also(*steps):
    """Do one after the other."""

    def tamper(parts):
        for step in steps:
            step(parts)

    return tamper


def add(name, content):
    """Add a part."""
    return lambda parts: parts.append((name, content))


def copied(name, to, old=b"", new=b""):
    """Add a part that is another's copy, a little changed."""

    def tamper(parts):
        content = dict(parts)[name]
        assert old in content
        parts.append((to, content.replace(old, new, 1)))

    return tamper


def kind_of(part, kind):
    """Say in the list of kinds what a part is."""
    line = f'<Override PartName="/{part}" ContentType="{_TYPE}.{kind}+xml"/>'.encode()
    return put(KINDS, b"</Types>", line + b"</Types>")


def link(part, number, kind, target):
    """Add a relation."""
    line = f'<Relationship Id="{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'.encode()
    return put(part, b"</Relationships>", line + b"</Relationships>")


_SECOND = also(
    copied(BOOK, "xl/other.xml"), copied(LINKS, "xl/_rels/other.xml.rels"),
    kind_of("xl/other.xml", "sheet.main"),
)  # fmt: skip
_OTHER_STRINGS = also(
    copied(STRINGS, "xl/strings2.xml"), kind_of("xl/strings2.xml", "sharedStrings")
)


def format_of(code):
    """Give every number format of the workbook's own another code."""

    def tamper(parts):
        change(parts, STYLES, lambda t: re.sub(rb'(formatCode=")[^"]*', rb"\g<1>" + code, t))

    return tamper


REFUSED = {
    "a second workbook, named by the relations": also(
        _SECOND, put(ROOT, b"xl/workbook.xml", b"xl/other.xml")
    ),
    "a second workbook, named beside the first": also(
        _SECOND, link(ROOT, "rId9", "officeDocument", "xl/other.xml")
    ),
    "a second workbook that only the list of kinds names": _SECOND,
    "a second list of texts, named by the relations": also(
        _OTHER_STRINGS, put(LINKS, b"sharedStrings.xml", b"strings2.xml")
    ),
    "a second list of texts, named beside the first": also(
        _OTHER_STRINGS, link(LINKS, "rId98", "sharedStrings", "strings2.xml")
    ),
    "a format given twice": swap(
        STYLES, rb"(<numFmt numFmtId=\"\d+\") formatCode=\"[^\"]*\"/>",
        rb'\1 formatCode="0&quot;00&quot;"/>\g<0>',
    ),
    "a second list of formats": also(
        copied(STYLES, "xl/styles2.xml"), put(LINKS, b'"styles.xml"', b'"styles2.xml"')
    ),
    "a sheet that is another's part": put(
        LINKS, b"worksheets/sheet3.xml", b"worksheets/sheet2.xml"
    ),
    "a text of two forms": put(STRINGS, b"<si><t>", b"<si><t>approved</t><t>"),
    "an alternative text": put(STRINGS, b"<si>", b"<si><mc:AlternateContent " + _MC + b"/>"),
    "alternative sheets": swap(
        BOOK, rb"<sheets>(.*?)</sheets>",
        rb"<mc:AlternateContent " + _MC + rb'><mc:Choice Requires="x14"><sheets>\1</sheets>'
        rb"</mc:Choice></mc:AlternateContent><sheets>\1</sheets>",
    ),
    "two lists of sheets": swap(
        BOOK, rb"<sheets>.*?</sheets>", rb"\g<0>\g<0>"
    ),
    "rows within alternative content": also(
        put(SUMMARY, b"<sheetData>", b"<sheetData><mc:AlternateContent " + _MC + b"><mc:Choice>"),
        put(SUMMARY, b"</sheetData>", b"</mc:Choice></mc:AlternateContent></sheetData>"),
    ),
    "rows within what is to be ignored": also(
        put(SUMMARY, b"<worksheet ", b'<worksheet xmlns:q="urn:q" ' + _MC
            + b' mc:Ignorable="q" mc:ProcessContent="q:w" '),
        put(SUMMARY, b"<sheetData>", b"<sheetData><q:w>"),
        put(SUMMARY, b"</sheetData>", b"</q:w></sheetData>"),
    ),
    "a part that appears twice": lambda parts: parts.insert(0, parts[-1]),
}  # fmt: skip
"""Packages of which nothing is read."""

DIFFERS = {
    "two values in a cell": (
        instead('<c r="{at}" {look}><v>{number}</v><v>1</v></c>'), "Summary!",
    ),
    "a value and a text in a cell": (
        instead('<c r="{at}" {look}><v>{number}</v><is><t>1</t></is></c>'), "Summary!",
    ),
    "a number kept as a text": (
        instead('<c r="{at}" {look} t="str"><v>{number}</v></c>'), "Summary!",
    ),
    "another look of a cell": (
        swap(SUMMARY, rb'(<c r="B10" s=")\d+', rb"\g<1>1"), "Summary!B10",
    ),
    "white on white": (swap(STYLES, rb"<color [^>]*/>", b'<color rgb="FFFFFFFF"/>'), STYLES),
    "a format that prints another number": (format_of(b"&quot;500&quot;"), "Plan!"),
    "a format that adds digits": (format_of(b"0&quot;00&quot;"), "Plan!"),
    "a format that prints percent": (format_of(b"0&quot;%&quot;"), "Plan!"),
    "a format that prints a text": (format_of(b"&quot;as agreed&quot;"), STYLES),
    "a format that hides": (format_of(b";;;"), STYLES),
    "a format in thousands": (format_of(b"#,##0,"), STYLES),
    "rows merged over": (
        put(SUMMARY, b"</sheetData>",
            b'</sheetData><mergeCells count="1"><mergeCell ref="A2:D9"/></mergeCells>'), "Summary",
    ),
    "a number kept in a chart": (
        swap("xl/charts/chart1.xml", rb"(<c:numCache>.*?<c:v>)[^<]*", rb"\g<1>0.5"),
        "xl/charts/chart1.xml",
    ),
    "a chart's title": (
        swap("xl/charts/chart1.xml", rb"(<a:t>)[^<]*", rb"\g<1>Approved"), "xl/charts/chart1.xml",
    ),
    "the cells of a chart": (
        swap("xl/charts/chart1.xml", rb"(<c:numRef><c:f>)[^<]*", rb"\g<1>Plan!$A$2:$A$9"),
        "xl/charts/chart1.xml",
    ),
    "the scale of a chart": (
        put("xl/charts/chart1.xml", b"<c:scaling>", b'<c:scaling><c:logBase val="10"/>'),
        "xl/charts/chart1.xml",
    ),
    "a text box over the page": (
        put("xl/drawings/drawing1.xml", b"</xdr:wsDr>",
            b"<xdr:absoluteAnchor><xdr:pos x='0' y='0'/><xdr:ext cx='9' cy='9'/><xdr:sp/>"
            b"<xdr:clientData/></xdr:absoluteAnchor></xdr:wsDr>"), "xl/drawings/drawing1.xml",
    ),
    "macros": (add("xl/vbaProject.bin", b"macro"), "xl/vbaProject.bin"),
    "a link to another file": (
        also(add("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
             link(LINKS, "rId97", "externalLink", "externalLinks/externalLink1.xml")),
        "xl/externalLinks/externalLink1.xml",
    ),
    "a picture": (add("xl/media/image1.png", b"png"), "xl/media/image1.png"),
    "a hidden row": (put(SUMMARY, b'<row r="12"', b'<row hidden="1" r="12"'), "Summary!"),
    "a hidden column": (put(SUMMARY, b"<col ", b'<col hidden="1" '), "Summary"),
    "a hidden sheet": (
        put(BOOK, b'<sheet name="Prices"', b'<sheet state="hidden" name="Prices"'), "Prices",
    ),
    "a name for a formula": (
        put(BOOK, b"<definedNames>",
            b'<definedNames><definedName name="Total">1+1</definedName>'), BOOK,
    ),
    "a drop-down with a message": (
        put(SUMMARY, b"</sheetData>",
            b'</sheetData><dataValidations count="1"><dataValidation sqref="A2"'
            b' showInputMessage="1" prompt="approved"/></dataValidations>'), "Summary",
    ),
    "a comment": (swap("xl/comments2.xml", rb"(<t[^>]*>)[^<]*", rb"\g<1>Approved"),
                  "xl/comments2.xml"),
    "the foot of a page": (swap(SUMMARY, rb"(<oddFooter>)[^<]*", rb"\g<1>Approved"), "Summary"),
    "a conditional format": (
        put(SUMMARY, b"</sheetData>",
            b'</sheetData><conditionalFormatting sqref="A1:D9"><cfRule type="expression" dxfId="0"'
            b' priority="1"><formula>TRUE</formula></cfRule></conditionalFormatting>'), "Summary",
    ),
    "the file's title": (swap(CORE, rb"(<dc:title>)[^<]*", rb"\g<1>Approved"), CORE),
    "when the file was made": (swap(CORE, rb"(<dcterms:created[^>]*>)\d{4}", rb"\g<1>2001"), CORE),
    "the program that made the file": (
        put(APP, b"Microsoft Excel", b"LibreOffice/24.2"), APP,
    ),
    "a text that nobody shows": (put(STRINGS, b"</sst>", b"<si><t>approved</t></si></sst>"),
                                 STRINGS),
    "a text in bold runs": (
        swap(STRINGS, rb"<si><t>([^<]*)</t></si>", rb"<si><r><rPr><b/></rPr><t>\1</t></r></si>"),
        STRINGS,
    ),
    "a table's header": (
        swap("xl/tables/table2.xml", rb'(<tableColumn id="1" name=")[^"]*', rb"\g<1>Approved"),
        "xl/tables/table2.xml",
    ),
    "frozen panes elsewhere": (swap(SUMMARY, rb'(<pane [^>]*topLeftCell=")A2', rb"\g<1>A40"),
                               "Summary"),
    "a part that nobody names": (add("xl/note.xml", b"<note>approved</note>"), "xl/note.xml"),
}  # fmt: skip
"""Packages that are not the planner's own, with what is told: a part, a sheet or a cell."""
