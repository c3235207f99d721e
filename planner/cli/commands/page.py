"""The command page: a page for a browser that plans a workbook again while a slider is moved."""

from __future__ import annotations

import time
from pathlib import Path

import click

from planner.cli.answer import Answer, Command, Key, end, sorted_out
from planner.cli.commands.common import JSON, WORKBOOK, output_option, progress, tell_where
from planner.cli.paths import html, target
from planner.cli.words import line, show_warnings


@click.command(cls=Command)
@click.argument("file", type=WORKBOOK)
@output_option("The page [outputs/<FILE's name>-page.html].", "PAGE", "-o")
@JSON
def page(file: Path, output: Path | None, as_json: bool) -> int:
    """Make a page that plans a workbook again while a slider is moved, in a browser, offline.

    The page is one HTML file: a double click opens it, and it asks no network for anything. Sliders
    move the cap on single countries, a lost country, demand, a tariff, the budget, and what may be
    short if a country is lost; the plan of each setting is found and proved in the browser, told
    against the plan as it stands, with the command that does the same.

    \b
    planner page case.xlsx -o case.html

    The page holds the whole case: pass it on only to those who may have the workbook. The solver in
    it, npm's package highs, is fetched by npm the first time and kept in a cache.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    place = target(html(output or Path("outputs", f"{file.stem}-page.html")), "page")
    from planner.page import highs, page_of
    from planner.run import open_input
    from planner.workbook.save import save

    tell = progress(as_json)
    tell(f"Reading {file}")
    book = open_input(file)
    solver = highs.fetched(tell)
    made = page_of(book, file.name, solver, tell)
    written = save(place, lambda path: _write(path, made.html))
    tell_where(place, written)
    seconds = time.perf_counter() - began
    if not as_json:
        show_warnings(book.warnings, "Checks")
        for note in made.notes:
            line("Note", note, "yellow")
        line("Page", f"{written}  ({len(made.html) / 1e6:.1f} MB, {seconds:.1f} s)")
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        Key.OBJECTIVE: made.objective,
        Key.NOTES: list(made.notes),
        **sorted_out(book.warnings),
        Key.SECONDS: round(seconds, 6),
    }
    return end(answer, as_json=as_json)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
