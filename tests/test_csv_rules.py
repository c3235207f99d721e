"""CSV files of inputs, of actuals and of pulled sources are read by the same rules."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.errors import InputError, Severity
from planner.documents.data_in import pull
from planner.going_on.actuals import read_actuals
from planner.workbook import read
from tests.csv_book import write_csv_book
from tests.pull.desk import write
from tests.small_book import small_book

LONG = "x" * 40_000


def input_of(folder: Path) -> tuple[Path, str, str]:
    return (
        write_csv_book(folder / "case", small_book()) / "minerals.csv",
        "Mineral",
        "Price (USD/t)",
    )


def read_input(path: Path) -> object:
    (copper,) = (m for m in read(path.parent).case.minerals if m.name == "Copper")
    return copper.price.base


def actuals_of(folder: Path) -> tuple[Path, str, str]:
    return folder / "came.csv", "Order", "Delivered (t)"


def read_deliveries(path: Path) -> object:
    actuals = read_actuals(path, "USD")
    every = actuals.context.layout.sorted_by_cell(actuals.context.findings)
    findings = [f for f in every if f.severity is Severity.ERROR]
    if findings:
        raise InputError(findings)
    return actuals.deliveries[0].delivered


def source_of(folder: Path) -> tuple[Path, str, str]:
    write(folder / "case.xlsx", ("Minerals", "came.csv", None, "name=Mineral; price=Price"))
    return folder / "came.csv", "name", "price"


def pull_price(path: Path) -> object:
    cells = pull(path.parent / "case.xlsx").cells
    (change,) = (c for c in cells if (c.name, c.header) == ("Copper", "Price (USD/t)"))
    return change.after


READERS = {
    "input": (input_of, read_input),
    "actuals": (actuals_of, read_deliveries),
    "pull": (source_of, pull_price),
}
READ = {
    "decimal comma": ("{a};{b}\nCopper;203,5\nLithium;1\n", "utf-8", 203.5),
    "decimal comma of a European Excel": ("{a};{b}\r\nCopper;203,5\r\nLithium;1\r\n", "utf-8-sig",
                                          203.5),
    "the mark of another row": ("{a};{b}\nCopper;1,234\nLithium;0,65\n", "utf-8", 1.234),
    "a point, as commas separate": ("{a},{b}\nCopper,1.234\nLithium,1\n", "utf-8", 1.234),
    "tabs": ("{a}\t{b}\nCopper\t203,5\nLithium\t1\n", "utf-8", 203.5),
    "sep=": ("sep=;\n{a};{b}\nCopper;203.5\nLithium;1\n", "utf-8", 203.5),
    "sep= of another sign": ("sep=|\n{a}|{b}\nCopper|203.5\nLithium|1\n", "utf-8", 203.5),
    "blank first lines": ("\n;\n{a};{b}\nCopper;203.5\nLithium;1\n", "utf-8", 203.5),
    "UTF-16": ("{a};{b}\nCopper;203,5\nLithium;1\n", "utf-16", 203.5),
    "a quote in a quoted text": ('{a};{b};c\nCopper;203.5;"5"" pipe; old"\nLithium;1;\n', "utf-8",
                                 203.5),
    "an exponent": ("{a};{b}\nCopper;2,035E+02\nLithium;1\n", "utf-8", 203.5),
}  # fmt: skip
WRONG = {
    "unclosed quote": ('{a};{b}\n"Copper;203.5\nLithium;1\n', "utf-8", 2, "a quote is opened"),
    "unclosed quote of a number": ('{a};{b}\nCopper;"203.5\nLithium;1\n', "utf-8", 2,
                                   "a quote is opened"),
    "text behind a quote": ('{a};{b}\n"Copper"s;203.5\nLithium;1\n', "utf-8", 2,
                            "the row cannot be read"),
    "thousands or decimals": ("{a};{b}\nCopper;1.234\nLithium;1\n", "utf-8", 2,
                              "may separate thousands or decimals"),
    "thousands among commas": ('{a},{b}\nCopper,"1,234"\nLithium,1\n', "utf-8", 2, "'1,234'"),
    "thousands and decimals": ("{a};{b}\nCopper;1.234,5\nLithium;0,5\n", "utf-8", 2, "1.234,5"),
    "comma of a decimal among commas": ("{a},{b}\nCopper,203,5\nLithium,1\n", "utf-8", 2,
                                        "the row has 3 cells, the header 2"),
    "a formula": ("{a};{b}\nCopper;=1+1\nLithium;1\n", "utf-8", 2, "the formula '=1+1'"),
    "an error value": ("{a};{b}\nCopper;#REF!\nLithium;1\n", "utf-8", 2, "#REF!"),
    "a long cell": ("{a};{b};c\nCopper;1;" + LONG + "\nLithium;1;\n", "utf-8", 2,
                    "a cell has more than 32,767 characters"),
    "a letter of Windows": ("{a};{b}\nCôpper;1\nLithium;1\n", "cp1252", 2, "is not valid UTF-8"),
    "UTF-16 without its mark": ("{a};{b}\nCopper;1\nLithium;1\n", "utf-16-le", 0,
                                "UTF-16 or UTF-32 text without a byte order mark"),
    "NUL": ("{a};{b}\nCop\0per;1\nLithium;1\n", "utf-8", 0, "this is not text"),
}  # fmt: skip


def message_of(reader, path: Path) -> str:
    with pytest.raises(InputError) as caught:
        reader(path)
    return "\n".join(f"{f.file} row {f.row}: {f.place} {f.message}" for f in caught.value.findings)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(("text", "encoding", "number"), READ.values(), ids=READ)
def test_a_number_is_read_alike(tmp_path, kind, text, encoding, number) -> None:
    make, reader = READERS[kind]
    path, a, b = make(tmp_path)
    path.write_bytes(text.format(a=a, b=b).encode(encoding))
    assert reader(path) == number


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(("text", "encoding", "row", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_alike_at_its_row(  # noqa: PLR0917 - a fixture, and a case
    tmp_path, kind, text, encoding, row, words
) -> None:
    make, reader = READERS[kind]
    path, a, b = make(tmp_path)
    path.write_bytes(text.format(a=a, b=b).encode(encoding))
    message = message_of(reader, path)
    assert words in message
    if row:
        assert f"row {row}" in message


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("special", "words"),
    [("pipe", "not a regular file"), ("/dev/zero", "not a regular file"),
     ("/dev/null", "not a regular file"), ("folder", "this is a folder")],
)  # fmt: skip
@pytest.mark.skipif(os.name != "posix", reason="pipes and devices with paths")
def test_what_is_no_file_is_refused_alike(tmp_path, kind, special, words) -> None:
    """A source may not be outside the workbook's folder: a link to a device is refused as that."""
    make, reader = READERS[kind]
    path, *_ = make(tmp_path)
    path.unlink(missing_ok=True)
    if special == "pipe":
        os.mkfifo(path)
    elif special == "folder":
        path.mkdir()
    else:
        path.symlink_to(special)
    message = message_of(reader, path)
    assert words in message or (kind == "pull" and "not in the workbook's folder" in message)


def test_other_columns_of_a_source_do_not_decide_its_mark(tmp_path) -> None:
    """A version 1.5 beside a price of 1,234: the price's own mark is not clear."""
    path, a, b = source_of(tmp_path)
    path.write_text(f"{a};{b};version\nCopper;1,234;1.5\n", encoding="utf-8")
    assert "may separate thousands or decimals" in message_of(pull_price, path)
