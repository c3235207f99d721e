"""Archives as programs write them are read alike, as plan and as input."""

from __future__ import annotations

import io
import zipfile

import pytest

from planner.cli import main
from planner.workbook import read


class Pipe(io.RawIOBase):
    """A file without a way back: sizes are written behind the parts."""

    def __init__(self, path):
        self.file = path.open("wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)

    def close(self):
        self.file.close()


def written(source, target, kind):
    """Copy the parts of a workbook as a program does that writes archives in its own way."""
    made = Pipe(target) if kind == "sizes behind the parts" else target.open("wb")
    with zipfile.ZipFile(source) as old, made, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        for name in reversed(names) if kind == "another order" else names:
            part = zipfile.ZipInfo(name)
            part.compress_type = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
            if kind == "room in a header":  # as Excel leaves it
                part.extra = bytes((0x20, 0xA2, 14, 0, 0x28, 0xA0, 4, 0)) + bytes(10)
            with new.open(part, "w", force_zip64=kind == "sizes of eight bytes") as opened:
                opened.write(old.read(name))


@pytest.mark.parametrize(
    "kind",
    ["sizes behind the parts", "sizes of eight bytes", "room in a header", "another order",
     "stored"],
)  # fmt: skip
def test_archives_as_programs_write_them_are_read(made, tmp_path, kind, capsys):
    for name in ("plan.xlsx", "case.xlsx"):
        written(made / name, tmp_path / name, kind)
        assert (tmp_path / name).read_bytes() != (made / name).read_bytes()
    assert read(tmp_path / "case.xlsx").case == read(made / "case.xlsx").case
    assert main(["verify", str(tmp_path / "plan.xlsx"), str(made / "case.xlsx")]) == 0
    assert "every part of the file" in capsys.readouterr().err
