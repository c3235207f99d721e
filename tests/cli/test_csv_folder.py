"""--csv: a folder of its own, whole or not at all, its texts never formulas."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from planner.documents.folder import TABLES, replace_files, write_csv
from planner.render.words import guarded
from planner.sheets import Format, Table, TableColumn
from tests.budget import few

HEAVY = 1_500


def table(name: str, *cells: object) -> Table:
    return Table(name, (TableColumn("Refiner", Format.TEXT, list(cells)),))


def contents(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8-sig") for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", ["refiners.csv", "notes.txt", "tables.json"])
def test_a_folder_of_somebody_is_refused_before_any_work(case, call, monkeypatch, name):
    Path("theirs").mkdir()
    Path("theirs", name).write_text("mine")
    monkeypatch.setattr("planner.run.solve_file", None)  # no plan is made
    code, _, err = call("solve", case, "--csv", "theirs")
    assert code == 4
    assert "choose another folder" in err
    assert contents(Path("theirs")) == {name: "mine"}
    assert not Path("outputs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", few(["solve", "compare", "sweep", "stress", "scorecard"], 2))
def test_a_new_an_empty_and_its_own_folder_are_filled(case, call, command):
    Path("empty").mkdir()
    Path("empty/.DS_Store").touch()
    for folder in ("new", "empty", "new"):
        code, _, err = call(command, case, "--csv", folder)
        assert code == 0, err
        listed = json.loads(Path(folder, "tables.json").read_text())
        names = {p.name for p in Path(folder).iterdir()} - {"tables.json", ".DS_Store"}
        assert set(listed["files"]) == names != set()
        assert listed["complete"] is True


def test_the_tables_of_another_command_replace_those_that_no_longer_belong(case, call):
    assert call("solve", case, "--csv", "tables")[0] == 0
    Path("tables/mine.csv").write_text("mine")
    assert call("sweep", case, "--csv", "tables")[0] == 0
    names = {p.name for p in Path("tables").iterdir()}
    assert "plan.csv" not in names
    assert {"frontier.csv", "mine.csv"} <= names
    assert Path("tables/mine.csv").read_text() == "mine"


def test_a_table_that_somebody_changed_stops_the_run(tmp_path):
    write_csv(tmp_path / "t", [table("A", "x"), table("B", "y")])
    (tmp_path / "t" / "a.csv").write_text("mine")
    before = contents(tmp_path / "t")
    with pytest.raises(Exception, match=r"a\.csv in .* changed since planner --csv wrote it"):
        write_csv(tmp_path / "t", [table("A", "new"), table("B", "new")])
    assert contents(tmp_path / "t") == before


@pytest.mark.parametrize(("output", "tables"), [("t/plan.xlsx", "t"), ("t/a/plan.xlsx", "t")])
def test_the_folder_is_for_the_tables_alone(case, call, output, tables):
    code, _, err = call("solve", case, "--output", output, "--csv", tables)
    assert code == 2
    assert "name a folder only for tables" in err
    assert not Path("t").exists()


@pytest.mark.parametrize("at", range(1, 5))
def test_a_stop_while_names_change_ends_with_a_whole_folder(tmp_path, monkeypatch, at):
    folder = tmp_path / "t"
    write_csv(folder, [table("A", "old"), table("B", "old"), table("C", "old")])
    (folder / "mine.txt").write_text("keep")
    replace, calls = Path.replace, iter(range(1, 99))

    def stopped(self: Path, target: Path) -> Path:
        if next(calls) == at:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_csv(folder, [table("A", "new"), table("B", "new")])
    monkeypatch.undo()
    is_old = at == 1  # nothing had changed its place
    names = ["a.csv", "b.csv", "c.csv"] if is_old else ["a.csv", "b.csv"]
    assert sorted(p.name for p in folder.iterdir()) == [*names, "mine.txt", "tables.json"]
    wanted = "old" if is_old else "new"
    assert all(wanted in (folder / name).read_text(encoding="utf-8-sig") for name in names)
    write_csv(folder, [table("A", "newer")])
    assert sorted(p.name for p in folder.iterdir()) == ["a.csv", "mine.txt", "tables.json"]


def test_the_current_folder_stays_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("old", "new"):
        write_csv(Path(), [table("A", text)])
    assert Path.cwd().samefile(tmp_path)
    assert "new" in Path("a.csv").read_text(encoding="utf-8-sig")


def test_a_kill_while_names_change_is_mended_by_the_next_run(tmp_path, monkeypatch):
    folder = tmp_path / "t"
    write_csv(folder, [table("A", "old"), table("B", "old")])
    (folder / "mine.txt").write_text("keep")
    replace, calls = Path.replace, iter(range(1, 99))

    def killed(self: Path, target: Path) -> Path:
        if next(calls) > 2:
            raise ZeroDivisionError
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(ZeroDivisionError):
        write_csv(folder, [table("A", "new"), table("B", "new")])
    monkeypatch.undo()
    assert json.loads((folder / "tables.json").read_text())["complete"] is False
    write_csv(folder, [table("A", "newer"), table("B", "newer")])
    assert json.loads((folder / "tables.json").read_text())["complete"] is True


TEXTS = [
    "=1+1", "+1", "-1", "@a", "＝1", "a;=1+1", "a\t=1", "a\r\n@b", ' =1', '";=1', 'a;"=1', "a; +b",
    "'=1", "''=1", "a;'=1", "plain", "a;b", "it's", "", "65 % - 3", "a,=b",
]  # fmt: skip


def test_no_text_is_a_formula_however_the_file_is_cut(tmp_path):
    (file,) = write_csv(tmp_path / "t", [table("A", *TEXTS, 1.5, -2.0, 3, None)])
    raw = file.read_text(encoding="utf-8-sig")
    assert raw.endswith('1.5\n-2.0\n3\n""\n')
    with file.open(encoding="utf-8-sig", newline="") as opened:
        read = [row[0] for row in csv.reader(opened)][1:]
    assert read[: len(TEXTS)] == [guarded(text) for text in TEXTS]
    for text in TEXTS:
        line = guarded(text).replace('"', '""')
        for cell in re.split(r"[;\t\r\n]", f'"{line}"'):
            assert not re.match(r"[\"\s]*[=+\-@＝]", cell), (text, cell)


def test_the_guard_comes_off_wherever_it_stands():
    off = re.compile(r"(^|[;\t\r\n])'(?=['\"\s]*[=+\-@＝＋－＠])")
    assert [off.sub(r"\1", guarded(text)) for text in TEXTS] == TEXTS


def test_a_file_that_cannot_be_made_leaves_the_folder_as_it_was(tmp_path):
    def fail(_: Path) -> None:
        raise OSError(28, "No space left on device")

    for _ in range(2):
        with pytest.raises(Exception, match="No space left on device"):
            replace_files(tmp_path / "t", {"a.csv": lambda p: p.touch(), "b.csv": fail}, TABLES)
        assert not (tmp_path / "t").exists()
    assert list(tmp_path.iterdir()) == []
