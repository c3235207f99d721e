"""Archives as programs write them are read alike, as plan and as input."""

from __future__ import annotations

import io
import zipfile

import pytest

from planner.cli import main
from planner.workbook import read
from tests.audit.archives import SOUND


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


@pytest.fixture(scope="module")
def books(made):
    """Parts of plan and input."""
    return {name: parts(made / f"{name}.xlsx") for name in ("plan", "case")}


@pytest.mark.parametrize("name", SOUND)
def test_archives_as_programs_write_them_are_read(made, books, tmp_path, name, capsys):
    content = {kind: SOUND[name](book) for kind, book in books.items()}
    for kind, data in content.items():
        (tmp_path / f"{kind}.xlsx").write_bytes(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
    assert read(tmp_path / "case.xlsx").case == read(made / "case.xlsx").case
    assert main(["verify", str(tmp_path / "plan.xlsx"), str(made / "case.xlsx")]) == 0
    assert "every part of the file" in capsys.readouterr().err
