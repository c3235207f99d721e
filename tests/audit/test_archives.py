"""Archives that are not what their directory lists: nothing is read of them, as plan or input."""

from __future__ import annotations

import io
import zipfile

import pytest

from models.errors import InputError
from planner.audit.file import open_plan
from planner.cli import main
from planner.workbook import read
from planner.workbook.plan_file import read_plan
from tests.audit.archives import ARCHIVES, SOUND

SAID = r"damaged|not a single zip archive"


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


@pytest.fixture(scope="module")
def books(made):
    """Parts of plan and input, and of each with numbers changed."""
    found = {}
    for name in ("plan", "case"):
        good = parts(made / f"{name}.xlsx")
        other = [(n, c.replace(b"<v>4", b"<v>5") if "sheet" in n else c) for n, c in good]
        found[name] = (good, other)
    return found


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_may_be_read_in_two_ways_is_refused_as_plan_and_as_input(
    made, books, tmp_path, name, capsys
):
    forged = tmp_path / "forged.xlsx"
    for kind, readers in (("plan", (read_plan, open_plan)), ("case", (read,))):
        forged.write_bytes(ARCHIVES[name](*books[kind]))
        for reader in readers:
            with pytest.raises(InputError, match=SAID):
                reader(forged)
        plan, case = (
            forged if kind == each else made / f"{each}.xlsx" for each in ("plan", "case")
        )
        assert main(["verify", str(plan), str(case)]) == 1
        assert "forged.xlsx" in capsys.readouterr().err


@pytest.mark.parametrize("name", SOUND)
def test_archives_as_programs_write_them_are_read(made, books, tmp_path, name, capsys):
    content = {kind: SOUND[name](*book) for kind, book in books.items()}
    for kind, data in content.items():
        (tmp_path / f"{kind}.xlsx").write_bytes(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
    assert read(tmp_path / "case.xlsx").case == read(made / "case.xlsx").case
    assert main(["verify", str(tmp_path / "plan.xlsx"), str(made / "case.xlsx")]) == 0
    assert "every part of the file" in capsys.readouterr().err
