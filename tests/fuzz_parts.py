"""Random damage to a workbook as a file: to its bytes, its parts and the XML of these."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random

Parts = list[tuple[str, bytes]]
Damage = Callable[[Parts, Random], str]

GARBAGE = (
    b"", b"\0" * 100, b"garbage", b"<", b"<x/>", b"<?xml version='1.0'?><x></x>",
    b"<html><body><table></table></body></html>", bytes(range(256)) * 4, b"<a>" * 20_000,
    b"<a>" * 5_000 + b"</a>" * 5_000, b"\xff\xfe<\0x\0/\0>\0", b"{}", b"PK\x03\x04",
)  # fmt: skip
DOCTYPES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9))
    + b"]>",
    b'<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>',
    b'<!DOCTYPE x [<!ENTITY j "1">]>',
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
)

TOKENS: tuple[bytes, ...] = (
    *b" 0 -1 1 7 9999999 99999999999999999999 1e999 nan abc A0 A1 XFD1048576 XFE1 ZZZZ9 a1 $A$1 1A"
    b" s str e b d n inlineStr rId1 rId99 &j; &bogus; &#0; &#x1F4A9; &#55357; &lt; < true External"
    b" 2026-03-04T00:00:00 2026-13-99 ../../../../etc/hostname /xl/worksheets/sheet1.xml"
    b" xl/workbook.xml http://127.0.0.1:9/x".split(b" "),
    b'"', b"\x00", b"\x0b", b"\xff\xff", "é🪨".encode(), b"x" * 40_000,
)  # fmt: skip

_ATTRIBUTE = re.compile(rb'(?<=[a-zA-Z])="([^"]*)"')
_CONTENT = re.compile(rb"(?<=>)([^<>]+)(?=<)")
_TAG = re.compile(rb"<[^<>]+>")


# ---- which ---------------------------------------------------------------------------------------


def _pick(parts: Parts, rng: Random, *kinds: str) -> int:
    """The place of a part; one that the reader reads, as a rule."""
    read = ("worksheets/sheet", "workbook.xml", "sharedStrings", "styles", "rels", "")
    wanted = kinds or (rng.choice(read),)
    found = [i for i, (name, _) in enumerate(parts) if any(k in name for k in wanted)]
    return rng.choice(found or range(len(parts)))


def _change(
    parts: Parts, rng: Random, pattern: re.Pattern[bytes], new: Callable[[bytes], bytes]
) -> str:
    """Replace one thing that a pattern finds, in a part that the reader reads."""
    at = _pick(parts, rng)
    name, content = parts[at]
    found = list(pattern.finditer(content))
    if not found:
        return f"{name}: nothing to change"
    match = rng.choice(found)
    group = 1 if pattern.groups else 0
    put = new(match[group])
    parts[at] = (name, content[: match.start(group)] + put + content[match.end(group) :])
    return f"{name}: {match[0][:60]!r} with {put[:60]!r} ({len(put)})"


# ---- damage to parts -----------------------------------------------------------------------------


def attribute(parts: Parts, rng: Random) -> str:
    """The value of an attribute by another."""
    return _change(parts, rng, _ATTRIBUTE, lambda _: rng.choice(TOKENS))


def content(parts: Parts, rng: Random) -> str:
    """The text of an element by another."""
    return _change(parts, rng, _CONTENT, lambda _: rng.choice(TOKENS))


def tag(parts: Parts, rng: Random) -> str:
    """A tag out, twice, or by another name."""
    how = rng.choice(
        [lambda _: b"", lambda t: t + t, lambda t: b"<x" + t[2:], lambda t: t.replace(b">", b"/>")]
    )
    return _change(parts, rng, _TAG, how)


def remove(parts: Parts, rng: Random) -> str:
    """A part out."""
    name, _ = parts.pop(_pick(parts, rng))
    return f"{name}: out"


def no_shared_strings(parts: Parts, rng: Random) -> str:
    """The texts of the cells missing, or fewer of them."""
    at = _pick(parts, rng, "sharedStrings")
    name, text = parts[at]
    if rng.random() < 0.3:
        del parts[at]
        return f"{name}: out"
    entries = re.findall(rb"<si>.*?</si>", text, re.DOTALL)
    kept = entries[: rng.randrange(len(entries) or 1)]
    rng.shuffle(kept)
    head = text.partition(b"<si>")[0]
    parts[at] = (name, head + b"".join(kept) + b"</sst>")
    return f"{name}: {len(kept)} of {len(entries)} left, in another order"


def garbage(parts: Parts, rng: Random) -> str:
    """A part by what is none, or by another part."""
    at = _pick(parts, rng)
    name = parts[at][0]
    new = rng.choice([*GARBAGE, rng.choice(parts)[1], rng.randbytes(500)])
    parts[at] = (name, new)
    return f"{name}: is now {new[:40]!r} ({len(new)})"


def flipped(parts: Parts, rng: Random) -> str:
    """A few bytes of a part by others."""
    at = _pick(parts, rng)
    name, text = parts[at]
    new = bytearray(text)
    for _ in range(rng.choice([1, 1, 2, 10])):
        if new:
            new[rng.randrange(len(new))] = rng.randrange(256)
    parts[at] = (name, bytes(new))
    return f"{name}: bytes flipped"


def cut(parts: Parts, rng: Random) -> str:
    """A part cut off."""
    at = _pick(parts, rng)
    name, text = parts[at]
    length = rng.randrange(len(text) + 1)
    parts[at] = (name, text[:length])
    return f"{name}: cut off at {length} of {len(text)}"


def entities(parts: Parts, rng: Random) -> str:
    """A part with entities of its own: nested ones, a file, a page of the network."""
    at = _pick(parts, rng)
    name, text = parts[at]
    doctype = rng.choice(DOCTYPES)
    head, mark, rest = text.partition(b"?>")
    new = head + mark + doctype + rest if mark else doctype + text
    texts = list(_CONTENT.finditer(new))
    texts = [t for t in texts if t.start() > len(head) + len(mark) + len(doctype)]
    if texts:
        one = rng.choice(texts)
        new = new[: one.start()] + b"&j;" + new[one.end() :]
    parts[at] = (name, new)
    return f"{name}: {doctype[:50]!r}"


def encoded(parts: Parts, rng: Random) -> str:
    """A part in another encoding than it says."""
    at = _pick(parts, rng)
    name, text = parts[at]
    how = rng.choice(["utf-16", "utf-8-sig", "latin-1", "utf-7", "bogus"])
    if how == "bogus":
        parts[at] = (name, text.replace(b"UTF-8", b"x-none", 1))
    else:
        try:
            parts[at] = (name, text.decode().encode(how, errors="replace"))
        except UnicodeDecodeError:
            return f"{name}: left as it is"
    return f"{name}: in {how}"


def twice(parts: Parts, rng: Random) -> str:
    """A part there twice, the second one the same, garbage or another."""
    at = _pick(parts, rng)
    name, text = parts[at]
    new = rng.choice([text, b"", b"<x/>", rng.choice(parts)[1]])
    parts.insert(rng.choice([0, len(parts)]), (name, new))
    return f"{name}: twice"


def renamed(parts: Parts, rng: Random) -> str:
    """A part under another name."""
    at = _pick(parts, rng)
    name, text = parts[at]
    others = (name.upper(), f"/{name}", name.replace("/", "\\"), f"../{name}", f"{name}\n", "🪨")
    new = rng.choice([*others, "x" * 300])
    parts[at] = (new, text)
    return f"{name}: under the name {new[:40]!r}"


def large(parts: Parts, rng: Random) -> str:
    """A sheet with much of nothing, or of cells, in it."""
    at = _pick(parts, rng, "worksheets/sheet")
    name, text = parts[at]
    filler = rng.choice(
        [
            b" " * 2_000_000,
            b'<row r="900000"><c r="A900000"/></row>' * 20_000,
            b"".join(
                b'<row r="%d"><c r="Z%d"><v>1</v></c></row>' % (r, r) for r in range(90, 9000)
            ),
            b"<!--" + b"x" * 1_000_000 + b"-->",
        ]
    )
    parts[at] = (name, text.replace(b"</sheetData>", filler + b"</sheetData>"))
    return f"{name}: {len(filler)} bytes more, {filler[:30]!r}"


def book(parts: Parts, rng: Random) -> str:
    """The list of sheets and what holds for all of them."""
    at = _pick(parts, rng, "xl/workbook.xml")
    name, text = parts[at]
    names = re.findall(rb'<sheet name="([^"]*)"', text) or [b""]
    was = rng.choice(names)
    old = b'<sheet name="%s"' % was
    first, second = rng.choice(
        [
            (old, b'<sheet name="%s"' % rng.choice(names)),
            (old, b'<sheet name="%s"' % (b"n" * 300)),
            (old, b"<sheet"),
            (old, b'<sheet name="  %s"' % was.upper()),
            (old, b'<sheet state="veryHidden" name="%s"' % was),
            (old, b'<sheet state="odd" name="%s"' % was),
            (b"<workbookPr", b'<workbookPr date1904="1"'),
            (b"<workbookPr", b'<workbookPr date1904="x"'),
            (b"<calcPr", b'<calcPr x="1"'),
            (b"<sheets>", b"<sheets/><sheets>"),
            (b"</sheets>", b'<sheet name="Tail" sheetId="9999" r:id="rId9999"/></sheets>'),
            (
                b"<sheets>",
                b'<definedNames><definedName name="x">#REF!</definedName></definedNames><sheets>',
            ),
        ]
    )
    parts[at] = (name, text.replace(first, second, 1))
    return f"{name}: {first[:40]!r} with {second[:60]!r}"


PARTS: tuple[Damage, ...] = (
    attribute, attribute, attribute, content, content, tag, remove, no_shared_strings, garbage,
    flipped, cut, entities, encoded, twice, renamed, large, book,
)  # fmt: skip


# ---- damage to the file --------------------------------------------------------------------------


def _file(content: bytes, rng: Random) -> tuple[bytes, str]:
    """Bytes of the file as a whole flipped, cut, put in or taken out."""
    how = rng.choice(["flip", "flip", "flip near the end", "cut", "in", "out", "head", "tail"])
    size = len(content)
    if how.startswith("flip"):
        new = bytearray(content)
        least = max(0, size - 3000) if how.endswith("end") else 0
        for _ in range(rng.choice([1, 1, 2, 5, 50])):
            new[rng.randrange(least, size)] = rng.randrange(256)
        return bytes(new), how
    at = rng.randrange(size)
    if how == "cut":
        return content[:at], f"cut off at {at} of {size}"
    if how == "in":
        return content[:at] + rng.randbytes(rng.choice([1, 7, 500])) + content[at:], f"in at {at}"
    if how == "out":
        return content[:at] + content[at + rng.choice([1, 7, 500]) :], f"out at {at}"
    if how == "head":
        return rng.choice([b"junk", b"\0" * 9, b"PK\x03\x04", b"\xef\xbb\xbf"]) + content, how
    return content + rng.choice([b"junk", b"\0" * 70_000, content]), how


def _zipped(parts: Parts, rng: Random) -> bytes:
    made = BytesIO()
    kind = rng.choice([zipfile.ZIP_DEFLATED] * 8 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two parts of one name
        with zipfile.ZipFile(made, "w", kind, compresslevel=1) as archive:
            for name, text in parts:
                archive.writestr(name, text)
    return made.getvalue()


def mutated(path: Path, base: bytes, seed: str, *, only: frozenset[int] | None = None) -> list[str]:
    """Write a damaged copy of a workbook and return what was done to it.

    Every damage draws from a seed of its own, so that ``only`` some of them can be done again.
    """
    rng = Random(f"{seed} how many")
    with zipfile.ZipFile(BytesIO(base)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    whole = rng.random() < 0.25
    count = rng.choice([1, 1, 1, 2, 3])
    said: list[str] = []
    if whole:
        made = base
        for number in range(count):
            if only is None or number in only:
                made, words = _file(made, Random(f"{seed} {number}")) if made else (made, "")
                said.append(f"file: {words}")
    else:
        for number in range(count):
            if (only is None or number in only) and parts:
                own = Random(f"{seed} {number}")
                said.append(own.choice(PARTS)(parts, own))
        made = _zipped(parts, rng)
    path.write_bytes(made)
    return said


def flipped_bit(content: bytes, seed: str) -> tuple[bytes, str]:
    """Return a file with one bit turned, and which."""
    at = Random(seed).randrange(8 * len(content))
    new = bytearray(content)
    new[at // 8] ^= 1 << (at % 8)
    return bytes(new), f"bit {at % 8} of byte {at // 8} of {len(content)}"
