"""A workbook that is saved as Excel, LibreOffice and others save it: seen each time, once."""

from __future__ import annotations

import hashlib
import io
import os
import queue
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest

from planner.workbook.save import watch_saves
from tests.cli.desk import POSIX
from tests.waiting import HANG

PLAIN = Path(__file__).parents[1] / "inputs" / "plain.xlsx"


def book(number: float) -> bytes:
    """Return the example's workbook with another capacity."""
    opened = openpyxl.load_workbook(PLAIN)
    opened["Refiners"]["D2"] = number
    held = io.BytesIO()
    opened.save(held)
    return held.getvalue()


def as_excel(path: Path, data: bytes) -> None:
    """A lock file, a temporary file, the old one renamed away, the new one into its place."""
    lock = path.with_name(f"~${path.name}")
    lock.write_bytes(b"\x08Somebody")
    made, old = path.with_name("5F3A2C10"), path.with_name("6B4D1E22.tmp")
    made.write_bytes(data)
    path.rename(old)
    made.rename(path)
    old.unlink()
    lock.unlink()


def as_libreoffice(path: Path, data: bytes) -> None:
    """A lock file, a temporary file, and its bytes copied over the workbook."""
    lock, made = path.with_name(f".~lock.{path.name}#"), path.with_name("lu1a2b3c.tmp")
    lock.write_text(",somebody,desk,27.11.2026 08:00,file:///;", encoding="utf-8")
    made.write_bytes(data)
    shutil.copyfile(made, path)
    made.unlink()
    lock.unlink()


def in_pieces(path: Path, data: bytes) -> None:
    """Written in place, slowly: for a while it is half a workbook."""
    with path.open("wb") as file:
        for start in range(0, len(data), len(data) // 4 + 1):
            file.write(data[start : start + len(data) // 4 + 1])
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.4)


def replaced(path: Path, data: bytes) -> None:
    """Gone for a while, as a program or a person does that deletes first."""
    path.unlink()
    time.sleep(0.7)
    path.write_bytes(data)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Path, queue.Queue[str]]]:
    """A workbook under watch, and what it held each time that it was seen."""
    path = tmp_path / "case.xlsx"
    path.write_bytes(book(1))
    with following(path, hashlib.sha256(path.read_bytes()).hexdigest()) as seen:
        yield path, seen


@contextmanager
def following(path: Path, first: str) -> Iterator[queue.Queue[str]]:
    """Watch a workbook whose content is known; the queue has what it held each time."""
    stop, seen = threading.Event(), queue.Queue[str]()

    def follow() -> None:
        for _ in watch_saves(path, first, stop):
            seen.put(hashlib.sha256(path.read_bytes()).hexdigest())

    thread = threading.Thread(target=follow)
    thread.start()
    time.sleep(0.5)
    yield seen
    stop.set()
    thread.join(HANG)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a workbook is waited for, however long its writer is kept from going on."""
    monkeypatch.setattr("planner.workbook.save._PATIENCE", HANG)


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def as_link_to_pipe(path: Path) -> None:
    as_pipe(path.with_name("pipe"))
    path.symlink_to("pipe")


def as_link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def as_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def as_link_to_no_folder(path: Path) -> None:
    path.symlink_to("no/folder/case.xlsx")


def as_link_to_another(path: Path) -> None:
    path.with_name("another.xlsx").write_bytes(book(1))
    path.symlink_to("another.xlsx")


@POSIX
@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "odd", [as_pipe, as_socket, as_link_to_pipe, as_link_to_nothing, as_device]
)
def test_what_is_no_file_for_a_while_does_not_end_the_watch(
    watched: tuple[Path, queue.Queue[str]], odd: Callable[[Path], None]
) -> None:
    path, seen = watched
    path.unlink()
    odd(path)
    time.sleep(0.7)
    path.unlink()
    data = book(2)
    path.write_bytes(data)
    assert seen.get(timeout=HANG) == hashlib.sha256(data).hexdigest()


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
@POSIX
@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "odd", [as_pipe, as_link_to_nothing, as_device, as_link_to_no_folder, as_link_to_another]
)
def test_what_is_no_file_as_the_watch_begins(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    """Where a link leads at that moment is not what is watched from then on."""
    path, data = tmp_path / "case.xlsx", book(2)
    odd(path)
    known = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    with following(path, known) as seen:
        path.unlink()
        path.write_bytes(data)
        assert seen.get(timeout=HANG) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("save", [as_excel, as_libreoffice, in_pieces, replaced])
def test_each_way_of_saving_is_seen_once(
    watched: tuple[Path, queue.Queue[str]], save: Callable[[Path, bytes], None]
) -> None:
    """What is seen is whole; a touch, a lock file and the same again are nothing."""
    path, seen = watched
    for number in (2, 3):
        data = book(number)
        save(path, data)
        assert seen.get(timeout=HANG) == hashlib.sha256(data).hexdigest()
    save(path, data)
    path.touch()
    path.with_name("other.xlsx").write_bytes(b"other")
    time.sleep(1.5)
    assert seen.empty()


@pytest.mark.slow
def test_half_a_workbook_is_waited_for_and_then_read_all_the_same(
    watched: tuple[Path, queue.Queue[str]],
) -> None:
    """One that stays broken is told: its findings are."""
    path, seen = watched
    path.write_bytes(book(2)[:2000])
    began = time.monotonic()
    assert seen.get(timeout=HANG)
    assert time.monotonic() - began > 2
