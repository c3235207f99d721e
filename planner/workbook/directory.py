"""Checks that a zip file's directory lists everything in the file, and agrees with each header.

Programs find the parts of an archive in three ways: by the directory at its end, by a zip64 record
before that, or by the header before each part. If these differ, or the file has bytes that none of
them lists, two programs may read two different workbooks from one file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_END = struct.Struct("<4s4H2LH")
_END_64, _LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_ENTRY, _HEADER = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_IS_END, _IS_END_64, _IS_LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_IS_ENTRY, _IS_HEADER, _IS_DESCRIPTOR = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_ELSEWHERE, _ELSEWHERE_SHORT = 0xFFFFFFFF, 0xFFFF
"""Placeholders for a number that is in the zip64 record or field instead."""
_ZIP64, _UNICODE_NAME = 0x0001, 0x7075
_ENCRYPTED, _DESCRIBED, _UTF8 = 1 << 0, 1 << 3, 1 << 11
"""Bits of a part's flags; ``_DESCRIBED``: a data descriptor after the part repeats its sizes."""
_LONGEST_DESCRIPTOR = 24


class MismatchError(ValueError):
    """An archive whose content does not match its directory; the text says where."""


class PartPlace(NamedTuple):
    """Where the packed bytes of a part are in the file, and how many there are."""

    start: int
    packed: int


class _Entry(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    start: int

    def __str__(self) -> str:
        return self.name.decode(errors="replace")


def places(file: BinaryIO) -> dict[int, PartPlace]:
    """Return the place of each part's bytes, by the offset of its header.

    Raises MismatchError if the directory does not list everything in the file, struct.error if the
    file is cut off, ValueError or OverflowError for an impossible offset.
    """
    start, end, count = _directory(file)
    entries = sorted(_entries(file, start, end, count), key=lambda entry: entry.start)
    located: dict[int, PartPlace] = {}
    follows = [entry.start for entry in entries[1:]] + [start] * bool(entries)
    reached = 0
    for entry, following in zip(entries, follows, strict=True):
        if entry.start != reached:
            unlisted = f"the bytes before {entry} belong to no part"
            msg = unlisted if entry.start > reached else f"the part {entry} overlaps another"
            raise MismatchError(msg)
        located[entry.start] = _place(file, entry, following)
        reached = following
    if reached != start:
        msg = "the bytes before the directory belong to no part"
        raise MismatchError(msg)
    return located


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


def _directory(file: BinaryIO) -> tuple[int, int, int]:
    last = file.seek(0, 2) - _END.size
    sign, *disks, here, count, size, start, comment = _END.unpack(_read(file, last, _END.size))
    if sign != _IS_END or comment:
        msg = "bytes follow its end record"
        raise MismatchError(msg)
    plain, end = (*disks, here, count, size, start), last
    locator = _read(file, last - _LOCATOR.size, _LOCATOR.size) if last >= _LOCATOR.size else b""
    if locator.startswith(_IS_LOCATOR):
        _, disk, end, total = _LOCATOR.unpack(locator)
        record = _END_64.unpack(_read(file, end, _END_64.size))
        sign, length, _, _, *wide = record
        is_whole = sign == _IS_END_64 and end + 12 + length == last - _LOCATOR.size
        stand_ins = (_ELSEWHERE_SHORT,) * 4 + (_ELSEWHERE,) * 2
        is_alike = all(n in {w, s} for n, w, s in zip(plain, wide, stand_ins, strict=True))
        if not is_whole or not is_alike or (disk, total) not in {(0, 1), (0, 0)}:
            msg = "its end record and its zip64 record name different directories"
            raise MismatchError(msg)
        plain = (wide[0], wide[1], wide[2], wide[3], wide[4], wide[5])
    *disks, here, count, size, start = plain
    if any(disks) or here != count or start + size != end:
        msg = "its directory is not where its end record says"
        raise MismatchError(msg)
    return start, end, count


def _entries(file: BinaryIO, start: int, end: int, count: int) -> Iterator[_Entry]:
    content, cursor = _read(file, start, end - start), 0
    for _ in range(count):
        (sign, _, _, flags, method, _, _, crc, packed, unpacked, of_name, of_extra, of_comment,
         disk, _, _, offset) = _ENTRY.unpack_from(content, cursor)  # fmt: skip
        cursor += _ENTRY.size
        fields = content[cursor : cursor + of_name + of_extra]
        name, extra = fields[:of_name], fields[of_name:]
        cursor += of_name + of_extra + of_comment
        if sign != _IS_ENTRY or disk not in {0, _ELSEWHERE_SHORT}:
            msg = "its directory contains something that is not an entry"
            raise MismatchError(msg)
        sizes = _wide(name, extra, (unpacked, packed, offset))
        yield _Entry(name, flags, method, crc, sizes[1], sizes[0], sizes[2])
    if cursor != len(content):
        msg = "its directory is longer than its entries"
        raise MismatchError(msg)


def _place(file: BinaryIO, entry: _Entry, following: int) -> PartPlace:
    """Return the place of a part's bytes; its header has to match the directory."""
    (sign, _, flags, method, _, _, crc, packed, unpacked, of_name, of_extra) = _HEADER.unpack(
        _read(file, entry.start, _HEADER.size)
    )
    content = _read(file, entry.start + _HEADER.size, of_name + of_extra)
    name, extra = content[:of_name], content[of_name:]
    sizes = _wide(name, extra, (unpacked, packed))
    given, due = (crc, sizes[1], sizes[0]), (entry.crc, entry.packed, entry.unpacked)
    is_later = bool(flags & _DESCRIBED) and given == (0, 0, 0)
    bits = _ENCRYPTED | _UTF8
    if (
        sign != _IS_HEADER
        or (name, method, flags & bits) != (entry.name, entry.method, entry.flags & bits)
        or not (is_later or given == due)
    ):
        msg = f"the header of {entry} differs from its entry in the directory"
        raise MismatchError(msg)
    start = entry.start + _HEADER.size + of_name + of_extra
    behind = following - start - entry.packed
    descriptor = _read(file, start + entry.packed, min(max(behind, 0), _LONGEST_DESCRIPTOR + 1))
    described = (
        {struct.pack(form, *due) for form in ("<3L", "<L2Q")} if max(due) <= _ELSEWHERE else set()
    )
    described |= {struct.pack("<L2Q", *due)}
    allowed = {b""} if not is_later else set()
    if flags & _DESCRIBED:
        allowed |= described | {_IS_DESCRIPTOR + each for each in described}
    if behind < 0 or descriptor not in allowed:
        msg = f"the bytes after {entry} belong to no part"
        raise MismatchError(msg)
    return PartPlace(start, entry.packed)


def _wide(name: bytes, extra: bytes, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes and the offset of a part, from the zip64 field if it has them."""
    for kind, field in _fields(extra):
        if kind == _UNICODE_NAME and field[5:] != name:
            msg = f"the part {name.decode(errors='replace')} has a second name"
            raise MismatchError(msg)
        if kind == _ZIP64:
            given = [each for (each,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8])]
            missing = [i for i, number in enumerate(numbers) if number == _ELSEWHERE]
            if len(given) >= len(missing) > 0:
                wide = dict(zip(missing, given, strict=False))
                numbers = tuple(wide.get(i, number) for i, number in enumerate(numbers))
            elif not {*given} <= {0, *numbers}:
                msg = f"the part {name.decode(errors='replace')} has two sizes"
                raise MismatchError(msg)
    return numbers


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:  # noqa: PLR2004 - kind and length
        kind, size = struct.unpack_from("<2H", extra)
        yield kind, extra[4 : 4 + size]
        extra = extra[4 + size :]
