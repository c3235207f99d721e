"""A file is written whole or not at all, and never lost for a lock."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import xlsxwriter

from models.errors import WriteError
from planner.workbook.save import save_file
from tests.disk import small_disk
from tests.waiting import HANG

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX")


def words(text: str):
    return lambda path: path.write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in sorted(folder.iterdir()) if p.is_file()}


def unprivileged(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Run code as a user whom the system refuses something: root may write anywhere."""
    drop = "import os\nif os.getuid() == 0:\n"
    drop += "    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    script = "from planner.workbook.save import save_file\nimport sys\n"
    script += drop + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, args)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )


def test_a_new_file_in_a_new_folder(tmp_path):
    path = tmp_path / "a" / "b" / "plan.xlsx"
    assert save_file(path, words("new")) == path
    assert contents(path.parent) == {"plan.xlsx": "new"}


def test_an_old_file_is_replaced(tmp_path):
    path = tmp_path / "plan.xlsx"
    path.write_text("old")
    assert save_file(path, words("new")) == path
    assert contents(tmp_path) == {"plan.xlsx": "new"}


def test_the_writer_sees_another_file_of_the_same_kind(tmp_path):
    seen = []

    def write(path: Path) -> None:
        seen.append(path)
        path.write_text("x")

    save_file(tmp_path / "plan.xlsx", write)
    assert seen[0].parent == tmp_path
    assert seen[0].suffix == ".xlsx"
    assert seen[0].name != "plan.xlsx"


def test_a_relative_path_comes_back_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert save_file(Path("plan.xlsx"), words("new")) == Path("plan.xlsx")
    (tmp_path / "~$plan.xlsx").touch()
    assert save_file(Path("plan.xlsx"), words("newer")) == Path("plan (2).xlsx")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_writer_that_fails_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "plan.xlsx"
    path.write_text("old")

    def write(made: Path) -> None:
        made.write_text("half")
        raise error

    with pytest.raises(error):
        save_file(path, write)
    assert contents(tmp_path) == {"plan.xlsx": "old"}


def test_a_writer_that_finds_no_room(tmp_path):
    def write(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(WriteError, match=r"plan\.xlsx cannot be written: No space left on device"):
        save_file(tmp_path / "plan.xlsx", write)
    assert contents(tmp_path) == {}


def test_a_full_disk_seen_by_xlsxwriter(tmp_path):
    def write(_: Path) -> None:
        raise xlsxwriter.exceptions.FileCreateError(OSError(28, "No space left on device"))

    with pytest.raises(WriteError, match="No space left on device"):
        save_file(tmp_path / "plan.xlsx", write)


@pytest.mark.parametrize("lock", ["~$plan.xlsx", ".~lock.plan.xlsx#"])
def test_a_file_that_is_open_is_kept(tmp_path, lock):
    path = tmp_path / "plan.xlsx"
    path.write_text("open")
    (tmp_path / lock).touch()
    assert save_file(path, words("one")) == tmp_path / "plan (2).xlsx"
    assert save_file(path, words("two")) == tmp_path / "plan (3).xlsx"
    assert contents(tmp_path) == {
        lock: "",
        "plan.xlsx": "open",
        "plan (2).xlsx": "one",
        "plan (3).xlsx": "two",
    }


def test_beside_may_be_refused(tmp_path):
    path = tmp_path / "plan.xlsx"
    path.write_text("open")
    (tmp_path / "~$plan.xlsx").touch()
    with pytest.raises(WriteError, match="is open in another program or read-only"):
        save_file(path, words("new"), beside=False)
    assert path.read_text() == "open"


def test_a_file_that_the_system_will_not_replace(tmp_path, monkeypatch):
    path = tmp_path / "plan.xlsx"
    path.write_text("open")
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if Path(target).name == "plan.xlsx":
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    assert save_file(path, words("new")) == tmp_path / "plan (2).xlsx"


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    (tmp_path / "~$plan.xlsx").touch()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert save_file(tmp_path / "plan.xlsx", words("new")) == tmp_path / "plan (2).xlsx"
    assert sorted(contents(tmp_path)) == ["plan (2).xlsx", "~$plan.xlsx"]


def test_a_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError):
        save_file(tmp_path / "file" / "plan.xlsx", words("new"))
    with pytest.raises(WriteError):
        save_file(tmp_path / "file" / "more" / "plan.xlsx", words("new"))


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "plan.xlsx").mkdir()
    with pytest.raises(WriteError, match="is a folder"):
        save_file(tmp_path / "plan.xlsx", words("new"))


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(WriteError):
        save_file(tmp_path / ("x" * 300 + ".xlsx"), words("new"))
    assert contents(tmp_path) == {}


@POSIX
def test_a_read_only_file_is_kept_even_for_an_administrator(tmp_path):
    path = tmp_path / "plan.xlsx"
    path.write_text("kept")
    path.chmod(0o444)
    assert save_file(path, words("new")) == tmp_path / "plan (2).xlsx"
    assert path.read_text() == "kept"
    assert (tmp_path / "plan (2).xlsx").stat().st_mode & stat.S_IWUSR


@POSIX
def test_permissions_are_those_of_the_old_file_or_of_any_new_one(tmp_path):
    path = tmp_path / "plan.xlsx"
    old = os.umask(0o027)
    try:
        save_file(path, words("new"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o664)
        save_file(path, words("newer"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


@POSIX
def test_a_link_stays_a_link(tmp_path):
    real = tmp_path / "shared" / "real.xlsx"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "plan.xlsx"
    link.symlink_to(real)
    assert save_file(link, words("new")) == link
    assert link.is_symlink()
    assert real.read_text() == "new"


@POSIX
def test_a_circle_of_links(tmp_path):
    (tmp_path / "a.xlsx").symlink_to(tmp_path / "b.xlsx")
    (tmp_path / "b.xlsx").symlink_to(tmp_path / "a.xlsx")
    with pytest.raises(WriteError):
        save_file(tmp_path / "a.xlsx", words("new"))


@POSIX
def test_a_folder_that_refuses_us(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "plan.xlsx").write_text("kept")
    for place in (tmp_path, *tmp_path.parents[:3]):
        place.chmod(0o755)
    folder.chmod(0o555)
    code = """
        from pathlib import Path
        from models.errors import WriteError
        try:
            save_file(Path(sys.argv[1]), lambda p: p.write_text("new"))
        except WriteError as error:
            print(error)
    """
    for name in ("plan.xlsx", "other.xlsx", "deeper/plan.xlsx"):
        ran = unprivileged(code, folder / name)
        assert "cannot be written: Permission denied" in ran.stdout, ran.stderr
    folder.chmod(0o755)
    assert contents(folder) == {"plan.xlsx": "kept"}


@POSIX
def test_a_file_of_someone_else_is_kept(tmp_path):
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "plan.xlsx").write_text("theirs")
    for place in (tmp_path, *tmp_path.parents[:3]):
        place.chmod(0o755)
    (folder / "plan.xlsx").chmod(0o644)
    folder.chmod(0o777)
    if os.geteuid() != 0:
        pytest.skip("another user's file needs root to be made")
    code = "from pathlib import Path\nfile = Path(sys.argv[1])\n"
    code += "print(save_file(file, lambda p: p.write_text('new')))"
    ran = unprivileged(code, folder / "plan.xlsx")
    assert ran.stdout.strip() == str(folder / "plan (2).xlsx"), ran.stderr
    assert contents(folder) == {"plan.xlsx": "theirs", "plan (2).xlsx": "new"}


@POSIX
@pytest.mark.parametrize("old", [None, "old"])
def test_a_kill_in_the_middle(tmp_path, old):
    path = tmp_path / "plan.xlsx"
    if old is not None:
        path.write_text(old)
    code = """
        import sys, time
        from pathlib import Path
        from planner.workbook.save import save_file

        def write(made):
            with made.open("w") as file:
                file.write("half")
                file.flush()
                print("writing", flush=True)
                time.sleep(600)

        save_file(Path(sys.argv[1]), write)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert (path.read_text() if path.exists() else None) == old


@POSIX
def test_a_full_disk(tmp_path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "plan.xlsx").write_text("old")
        with pytest.raises(WriteError, match="No space left on device"):
            save_file(disk / "plan.xlsx", words("x" * 200_000))
        assert contents(disk) == {"plan.xlsx": "old"}
