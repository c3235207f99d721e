"""Ways in which programs write an archive, from the parts of a workbook: names and bytes."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace

NEEDED, DEFLATED, MIDNIGHT, DAY = 20, 8, 0, 33
DESCRIBED = 8


@dataclass
class Part:
    """A part: what its own header says and what the directory says of it."""

    name: bytes
    packed: bytes
    header: dict = field(default_factory=dict)
    entry: dict = field(default_factory=dict)
    before: bytes = b""
    behind: bytes = b""
    is_listed: bool = True
    is_there: bool = True


def part(name, content):
    """Return a part as any program writes it."""
    unpacked = content if isinstance(content, bytes) else content.encode()
    made = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = made.compress(unpacked) + made.flush()
    said = {
        "name": name.encode(), "flags": 0, "method": DEFLATED, "crc": zlib.crc32(unpacked),
        "packed": len(packed), "unpacked": len(unpacked), "extra": b"",
    }  # fmt: skip
    return Part(name.encode(), packed, dict(said), {**said, "comment": b"", "disk": 0})


def _header(said):
    return struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", NEEDED, said["flags"], said["method"], MIDNIGHT, DAY,
        said["crc"], said["packed"], said["unpacked"], len(said["name"]), len(said["extra"]),
    ) + said["name"] + said["extra"]  # fmt: skip


def _entry(said, at):
    return struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", NEEDED, NEEDED, said["flags"], said["method"], MIDNIGHT, DAY,
        said["crc"], said["packed"], said["unpacked"], len(said["name"]), len(said["extra"]),
        len(said["comment"]), said["disk"], 0, 0, said.get("at", at),
    ) + said["name"] + said["extra"] + said["comment"]  # fmt: skip


@dataclass
class Laid:
    """An archive in pieces: its parts, its directory and its end."""

    body: bytes
    directory: bytes
    count: int

    def end(self, comment=b"", **other):
        """Return the record at the end, which says where the directory is."""
        said = {
            "disk": 0, "of_disk": 0, "here": self.count, "count": self.count,
            "size": len(self.directory), "start": len(self.body), **other,
        }  # fmt: skip
        numbers = said.values()
        return struct.pack("<4s4H2LH", b"PK\x05\x06", *numbers, len(comment)) + comment

    def end_64(self, start=None, size=None, count=None, *, at=None):
        """Return the record at the end of a large archive, and what says where that is."""
        count = self.count if count is None else count
        size = len(self.directory) if size is None else size
        start = len(self.body) if start is None else start
        at = len(self.body) + len(self.directory) if at is None else at
        record = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start
        )
        return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)

    @property
    def whole(self):
        """The archive as any program writes it."""
        return self.body + self.directory + self.end()


def laid(parts, start=0):
    """Lay out parts, the first of them at a place of the file."""
    body, directory, count = bytearray(), bytearray(), 0
    for each in parts:
        body += each.before
        at = start + len(body)
        if each.is_there:
            body += _header(each.header) + each.packed + each.behind
        if each.is_listed:
            directory += _entry(each.entry, at)
            count += 1
    return Laid(bytes(body), bytes(directory), count)


def parts_of(parts):
    """Return parts that are as any program writes them."""
    return [part(*each) for each in parts]


def _wide(*numbers):
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def _descriptor(one, crc=0):
    entry = one.entry
    return struct.pack(
        "<4s3L", b"PK\x07\x08", entry["crc"] ^ crc, entry["packed"], entry["unpacked"]
    )


def described(good):
    """Give each part its sizes behind it, as programs do that write in one go."""
    parts = parts_of(good)
    for one in parts:
        one.header |= {"flags": DESCRIBED, "packed": 0, "unpacked": 0, "crc": 0}
        one.entry["flags"], one.behind = DESCRIBED, _descriptor(one)
    return laid(parts).whole


def bare_descriptors(good):
    """Give each part its sizes behind it, without the mark that some programs put before them."""
    parts = parts_of(good)
    for one in parts:
        one.header |= {"flags": DESCRIBED, "packed": 0, "unpacked": 0, "crc": 0}
        one.entry["flags"], one.behind = DESCRIBED, _descriptor(one)[4:]
    return laid(parts).whole


def wide(good):
    """Write every size with eight bytes, as programs do that can write files of any size."""
    parts = parts_of(good)
    most = 0xFFFFFFFF
    for one in parts:
        sizes = one.entry["unpacked"], one.entry["packed"]
        for record in (one.header, one.entry):
            record |= {"packed": most, "unpacked": most, "extra": _wide(*sizes)}
    made = laid(parts)
    return (
        made.body
        + made.directory
        + made.end_64()
        + made.end(here=0xFFFF, count=0xFFFF, size=most, start=most)
    )


def reserved(good):
    """Leave room in the header of a part, as Excel does."""
    parts = parts_of(good)
    parts[0].header["extra"] = struct.pack("<4H", 0xA220, 6 + 8, 0xA028, 4) + bytes(10)
    return laid(parts).whole


def shuffled(good):
    """List the parts in another order than they have in the file."""
    parts = parts_of(good)
    made = laid(parts)
    ends, at = [], 0
    for one in parts:
        size = len(_entry(one.entry, 0))
        ends.append(made.directory[at : at + size])
        at += size
    return replace(made, directory=b"".join(reversed(ends))).whole


SOUND = {
    "plain": lambda good: laid(parts_of(good)).whole,
    "sizes behind the parts": described,
    "sizes behind the parts, without a mark": bare_descriptors,
    "sizes of eight bytes": wide,
    "room in a header": reserved,
    "parts in another order": shuffled,
}
"""Archives as programs write them: all are read."""
