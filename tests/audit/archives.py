"""Ways to forge an archive: what a program reads of it depends on where it begins to read.

Each takes the parts of a workbook and those of another one, as lists of name and bytes, and returns
the bytes of a file.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace

NEEDED, DEFLATED, MIDNIGHT, DAY = 20, 8, 0, 33
DESCRIBED, UTF8, ENCRYPTED = 8, 1 << 11, 1


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


def changed(where=-1, **how):
    """Forge one part: what its header (``header_``) and the directory say (``entry_``), or it."""

    def forge(good, _):
        parts = parts_of(good)
        one = parts[where]
        for key, value in how.items():
            record, _, name = key.partition("_")
            new = value(one) if callable(value) else value
            if record in {"header", "entry"}:
                getattr(one, record)[name] = new
            else:
                setattr(one, key, new)
        return laid(parts).whole

    return forge


def _both(**how):
    return changed(
        **{f"{record}_{key}": v for key, v in how.items() for record in ("header", "entry")}
    )


def _wide(*numbers):
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def _descriptor(one, crc=0):
    entry = one.entry
    return struct.pack(
        "<4s3L", b"PK\x07\x08", entry["crc"] ^ crc, entry["packed"], entry["unpacked"]
    )


def before(good, other):
    """Put another archive before this one."""
    return laid(parts_of(other)).whole + laid(parts_of(good)).whole


def before_and_told(good, other):
    """Put another archive before this one, whose directory says where its parts are by now."""
    first = laid(parts_of(other)).whole
    made = laid(parts_of(good), len(first))
    return first + made.body + made.directory + made.end(start=len(first) + len(made.body))


def two_directories(good, other):
    """Let the zip64 record name another directory than the end does."""
    one = laid(parts_of(good))
    two = laid(parts_of(other), len(one.body))
    body = one.body + two.body
    end = len(body) + len(one.directory) + len(two.directory)
    wide = two.end_64(len(body) + len(one.directory), at=end)
    return body + one.directory + two.directory + wide + one.end(start=len(body))


def two_directories_of_one_size(good, other):
    """Let the zip64 record begin the directory at another place."""
    one = laid(parts_of(good))
    two = laid(parts_of(other), len(one.body))
    body = one.body + two.body
    end = len(body) + len(one.directory) + len(two.directory)
    wide = one.end_64(len(body), at=end)
    return (
        body + one.directory + two.directory + wide + two.end(start=len(body) + len(one.directory))
    )


def record_away(good, other):
    """Let the zip64 record be in the midst of the file, between parts."""
    one = laid(parts_of(good))
    two = laid(parts_of(other), len(one.body))
    record = two.end_64(len(one.body) + len(two.body))[:56]
    body = one.body + two.body + two.directory + record
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(body) - len(record), 1)
    return body + one.directory + locator + one.end(start=len(body))


def with_end(**how):
    """Forge the record at the end."""

    def forge(good, _):
        made = laid(parts_of(good))
        said = {key: value(made) if callable(value) else value for key, value in how.items()}
        return made.body + made.directory + made.end(**said)

    return forge


def two_ends(good, other):
    """Keep the end of another archive in the comment of this one."""
    made, second = laid(parts_of(good)), laid(parts_of(other))
    end = second.end(start=len(made.body))
    return made.body + made.directory + made.end(comment=b"approved " + end)


def unlisted(good, other):
    """Keep a part of the other workbook that no directory lists, before the listed one."""
    one, two = parts_of(good), dict(other)
    place = next(i for i, each in enumerate(one) if each.name.startswith(b"xl/worksheets/sheet2"))
    name = one[place].name.decode()
    one.insert(place, replace(part(name, two[name]), is_listed=False))
    return laid(one).whole


def one_header(good, _):
    """Let two entries be one part."""
    parts = parts_of(good)
    parts[-1].is_there, parts[-1].entry["at"] = False, 0
    return laid(parts).whole


ARCHIVES = {
    "another archive before it": before,
    "another archive before it, the directory's places moved": before_and_told,
    "a program before it": lambda good, _: b"PK\x03\x04 run me " + laid(parts_of(good)).whole,
    "bytes after its end": lambda good, _: laid(parts_of(good)).whole + b"approved",
    "an empty line after its end": lambda good, _: laid(parts_of(good)).whole + b"\r\n",
    "another archive after its end": lambda good, other: before(other, good),
    "a comment of the archive": with_end(comment=b"approved"),
    "the end of another archive in its comment": two_ends,
    "a zip64 record that names another directory": two_directories,
    "a zip64 record that begins the directory elsewhere": two_directories_of_one_size,
    "a zip64 record in the midst of it": record_away,
    "a directory of fewer entries than its end says": with_end(
        here=lambda made: made.count + 1, count=lambda made: made.count + 1
    ),
    "a directory of more entries than its end says": with_end(
        here=lambda made: made.count - 1, count=lambda made: made.count - 1
    ),
    "a directory on several disks": with_end(here=1),
    "an end on another disk": with_end(disk=1),
    "a part that no directory lists": unlisted,
    "a last part that no directory lists": changed(is_listed=False),
    "bytes between two parts": changed(before=b"approved"),
    "bytes before the directory": changed(behind=b"approved"),
    "bytes before the first part": changed(0, before=b"PK\x03\x04approved"),
    "two parts in one place": one_header,
    "another name in the part's header": changed(header_name=b"xl/other.xml"),
    "another size in the part's header": changed(header_unpacked=7),
    "another packed size in the part's header": changed(header_packed=7),
    "another checksum in the part's header": changed(header_crc=7),
    "another packing in the part's header": changed(header_method=0),
    "a password in the part's header": changed(header_flags=ENCRYPTED),
    "another alphabet in the part's header": changed(header_flags=UTF8),
    "no size in the part's header": changed(header_packed=0, header_unpacked=0, header_crc=0),
    "a descriptor that differs": changed(
        header_flags=DESCRIBED, entry_flags=DESCRIBED, behind=lambda one: _descriptor(one, 1)
    ),
    "bytes behind a descriptor": changed(
        header_flags=DESCRIBED, entry_flags=DESCRIBED, behind=lambda one: _descriptor(one) + b"ok"
    ),
    "bytes behind what is packed": changed(
        packed=lambda one: one.packed + b"PK\x03\x04",
        header_packed=lambda one: len(one.packed) + 4 * (not one.packed.endswith(b"\x03\x04")),
        entry_packed=lambda one: len(one.packed) + 4 * (not one.packed.endswith(b"\x03\x04")),
    ),
    "a second name of a part": _both(extra=struct.pack("<2HBL", 0x7075, 9, 1, 0) + b"look"),
    "two sizes of a part": _both(extra=_wide(7, 7)),
    "two places of a part": changed(entry_extra=_wide(7)),
    "a part said to be elsewhere": changed(entry_at=7),
}  # fmt: skip
"""Archives of which nothing is read, by what is odd about them."""


def described(good, _):
    """Give each part its sizes behind it, as programs do that write in one go."""
    parts = parts_of(good)
    for one in parts:
        one.header |= {"flags": DESCRIBED, "packed": 0, "unpacked": 0, "crc": 0}
        one.entry["flags"], one.behind = DESCRIBED, _descriptor(one)
    return laid(parts).whole


def bare_descriptors(good, _):
    """Give each part its sizes behind it, without the mark that some programs put before them."""
    parts = parts_of(good)
    for one in parts:
        one.header |= {"flags": DESCRIBED, "packed": 0, "unpacked": 0, "crc": 0}
        one.entry["flags"], one.behind = DESCRIBED, _descriptor(one)[4:]
    return laid(parts).whole


def wide(good, _):
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


def reserved(good, _):
    """Leave room in the header of a part, as Excel does."""
    parts = parts_of(good)
    parts[0].header["extra"] = struct.pack("<4H", 0xA220, 6 + 8, 0xA028, 4) + bytes(10)
    return laid(parts).whole


def shuffled(good, _):
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
    "plain": lambda good, _: laid(parts_of(good)).whole,
    "sizes behind the parts": described,
    "sizes behind the parts, without a mark": bare_descriptors,
    "sizes of eight bytes": wide,
    "room in a header": reserved,
    "parts in another order": shuffled,
}
"""Archives as programs write them: all are read."""
