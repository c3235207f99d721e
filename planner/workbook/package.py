"""The structure of a workbook's package: what is read of it is what Excel and LibreOffice show.

A package says twice where its parts are, by their kinds in ``[Content_Types].xml`` and by
relations. Programs follow the one or the other: a package in which they differ is refused.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element

from planner.workbook.archive import Archive

_KINDS, _ROOT, _STYLES = "[Content_Types].xml", "_rels/.rels", "xl/styles.xml"
_DOCUMENT, _STRINGS, _FORMATS = "officeDocument", "sharedStrings", "styles"
_BOOK = re.compile(r".*(?:spreadsheetml\.(?:sheet|template)|\.macroEnabled)\.main\+xml")
_OF_STRINGS = re.compile(r".*spreadsheetml\.sharedStrings\+xml")
_OF_STYLES = re.compile(r".*spreadsheetml\.styles\+xml")
_TWO_TEXTS = re.compile(rb"</(?:\w+:)?t>\s*<(?:\w+:)?t[ />]|AlternateContent|<!DOCTYPE")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OTHER = re.compile(rb"<\w[\w.-]*:|\sxmlns|<!")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]')
_PIECE, _OVERLAP = 1 << 20, 64
_DIGITS = re.compile(r"[\d.,\s]*\d[\d.,\s]*")


def ambiguous(archive: Archive) -> Iterator[str]:
    """Yield what programs would read in different ways: each of these is reason to refuse."""
    names = Counter(name.casefold() for name in archive.namelist())
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        yield f"its part {twice[0]} stands there twice"
        return
    package = _Package(archive)
    yield from package.of_documents()
    yield from package.of_book()
    yield from package.of_strings()
    yield from package.of_formats()
    yield from package.of_sheets()


class _Package:
    """The parts of a package by kind, and what its workbook refers to."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.names = archive, set(archive.namelist())
        self.kinds = self._kinds()
        self.documents = [t for kind, t in self._links(_ROOT) if kind == _DOCUMENT]
        self.book = self.documents[0] if self.documents else "xl/workbook.xml"
        folder, name = posixpath.split(self.book)
        self.links = list(self._links(posixpath.join(folder, "_rels", f"{name}.rels")))

    def of_documents(self) -> Iterator[str]:
        """Yield where not one workbook alone is named."""
        books = self._of(_BOOK)
        if len(self.documents) > 1:
            yield f"{_ROOT} names {len(self.documents)} workbooks: {', '.join(self.documents)}"
        elif self.documents and books != self.documents:
            said = ", ".join(books) or "none"
            yield f"{_ROOT} names the workbook {self.book}, {_KINDS} names {said}"
        shown = [t for k, t in self.links if k in {"worksheet", "chartsheet", "dialogsheet"}]
        for part, count in Counter(shown).items():
            if count > 1:
                yield f"two sheets are the same part, {part}"

    def of_book(self) -> Iterator[str]:
        """Yield where the list of sheets can be read in two ways."""
        if self.book not in self.names:
            return
        lists = 0
        for each in self._xml(self.book).iter():
            tag = _local(each)
            lists += tag == "sheets"
            inside = {_local(e) for e in each.iter()} if tag == "AlternateContent" else set()
            if inside & {"sheet", "sheets", "definedName"}:
                yield f"{self.book} lists alternative sheets"
        if lists > 1:
            yield f"{self.book} lists its sheets twice"

    def of_strings(self) -> Iterator[str]:
        """Yield where there is more than one list of texts, or a text has two forms."""
        yield from self._one(_STRINGS, _OF_STRINGS, "list of texts")
        for part in self._of(_OF_STRINGS):
            if part in self.names:
                with self.archive.texts(part) as source:
                    if _has(_TWO_TEXTS, source):
                        yield f"a text in {part} stands there in two forms"

    def of_formats(self) -> Iterator[str]:
        """Yield where there is more than one list of formats, or a format prints other digits."""
        yield from self._one(_FORMATS, _OF_STYLES, "list of formats")
        found = [t for kind, t in self.links if kind == _FORMATS]
        if found and found != [_STYLES] and _STYLES in self.names:
            yield f"{_STYLES} is not the list of formats that the workbook names, {found[0]}"
        for part in self._of(_OF_STYLES):
            if part in self.names:
                for code in filter(_prints_other, _used(self._xml(part))):
                    yield f"the number format {code} prints digits that are none of the number's"

    def of_sheets(self) -> Iterator[str]:
        """Yield sheets whose rows hold elements that programs read in different ways."""
        for kind, part in self.links:
            if kind == "worksheet" and part in self.names and _is_odd(self.archive, part):
                yield f"rows of {part} hold what is neither a row nor a cell"

    def _one(self, link: str, kind: re.Pattern[str], what: str) -> Iterator[str]:
        named, there = [t for k, t in self.links if k == link], self._of(kind)
        if max(len(named), len(there)) > 1 or (named and there and named != there):
            yield f"there is more than one {what}: {', '.join(sorted({*named, *there}))}"

    def _of(self, kind: re.Pattern[str]) -> list[str]:
        return [part for part, of in self.kinds if kind.fullmatch(of)]

    def _kinds(self) -> list[tuple[str, str]]:
        """Return each part that is given a kind, with the kind; by its ending or by its name."""
        found: list[tuple[str, str]] = []
        ends: dict[str, str] = {}
        for each in self._xml(_KINDS).iter() if _KINDS in self.names else ():
            kind = each.get("ContentType", "")
            if _local(each) == "Override":
                found.append((each.get("PartName", "").lstrip("/"), kind))
            elif _local(each) == "Default":
                ends[each.get("Extension", "").casefold()] = kind
        given = {part for part, _ in found}
        for name in sorted(self.names - given):
            kind = ends.get(name.rpartition(".")[2].casefold(), "")
            found.append((name, kind))
        return found

    def _links(self, part: str) -> Iterator[tuple[str, str]]:
        """Yield kind and target of what a part of relations names inside of the package."""
        if part not in self.names:
            return
        base = posixpath.dirname(posixpath.dirname(part))
        for each in self._xml(part).iter():
            if _local(each) == "Relationship" and each.get("TargetMode") != "External":
                target = each.get("Target", "")
                whole = target if target.startswith("/") else f"/{posixpath.join(base, target)}"
                kind = each.get("Type", "").rpartition("/")[2]
                yield kind, posixpath.normpath(whole).lstrip("/")

    def _xml(self, part: str) -> Element:
        from openpyxl.xml.functions import fromstring

        root: Element = fromstring(self.archive.read(part))
        return root


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _used(styles: Element) -> Iterator[str]:
    """Yield the number formats of a workbook's own that cells have."""
    cells = (each for each in styles if _local(each) == "cellXfs")
    used = {look.get("numFmtId") for each in cells for look in each}
    for each in styles.iter():
        if _local(each) == "numFmt" and each.get("numFmtId") in used:
            yield each.get("formatCode", "")


def _prints_other(code: str) -> bool:
    """Return whether a number format prints digits of its own, beside or instead of a number's."""
    return any(_DIGITS.fullmatch("".join(text)) for text in _LITERAL.findall(code))


def _has(wanted: re.Pattern[bytes], source: IO[bytes]) -> bool:
    """Return whether a pattern of few letters is found anywhere in a part."""
    rest = b""
    while piece := source.read(_PIECE):
        text = rest + piece
        if wanted.search(text):
            return True
        rest = text[-_OVERLAP:]
    return False


def _is_odd(archive: Archive, part: str) -> bool:
    """Return whether a sheet's rows hold elements that are none of a workbook's.

    Nearly all sheets have no prefix, comment or name space among their rows: those need no parser.
    """
    with archive.open(part) as source:
        if not _may_be_odd(source):
            return False
    with archive.open(part) as source:
        return _has_strangers(source)


def _may_be_odd(source: IO[bytes]) -> bool:
    """Return whether anything but plain elements stands between the rows' beginning and end."""
    rest, is_in = b"", False
    while piece := source.read(_PIECE):
        text = rest + piece
        start = 0 if is_in else text.find(b"<sheetData") + 1
        end = text.find(b"</sheetData")
        is_in = is_in or start > 0
        if is_in and _OTHER.search(text, start, end if end >= 0 else len(text)):
            return True
        if end >= 0:
            return False
        rest = text[-_OVERLAP:]
    return True


def _has_strangers(source: IO[bytes]) -> bool:
    """Return whether rows hold elements of another name space; what extends them counts not."""
    from xml.parsers import expat

    open_tags: list[str] = []
    found: list[str] = []

    def begin(name: str, _: object) -> None:
        space, _, tag = name.rpartition("}")
        if open_tags and space not in {_MAIN, _STRICT} and "extLst" not in open_tags:
            found.append(tag)
        if open_tags or tag == "sheetData":
            open_tags.append(tag)

    def finish(_: str) -> None:
        if open_tags:
            open_tags.pop()

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.ParseFile(source)
    return bool(found)
