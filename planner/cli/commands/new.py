"""The command new: a workbook to start from."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from models.errors import UsageError
from planner.cli.answer import print_json
from planner.cli.commands.common import JSON, PLACE, tell_where
from planner.cli.paths import is_file, target, xlsx


class New(click.Command):
    """The command new, whose help names the sheets of the catalogue, read when asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name the sheets that --with takes."""
        del ctx
        from planner.workbook.template import EVERY_CASE

        with formatter.section("Sheets that --with takes"):
            formatter.write_text(", ".join(n for n in _catalogue() if n not in EVERY_CASE))


@click.command(cls=New)
@click.argument("file", type=PLACE)
@click.option("--example", is_flag=True, help="Copy the critical-minerals case, ready to solve.")
@click.option("--all", "every", is_flag=True, help="Add every optional sheet.")
@click.option(
    "--with",
    "wanted",
    metavar="SHEET,...",
    multiple=True,
    help='Add optional sheets by name: --with "Projects,Stockpiles".',
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@JSON
def new(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path, example: bool, every: bool, wanted: tuple[str, ...], force: bool, as_json: bool
) -> int:
    """Write a workbook to start from, with drop-downs, notes and example rows.

    The example rows solve as they are. FILE is never replaced unless --force says so.
    """
    from planner.workbook.save import save

    path = target(xlsx(file, "FILE"), "workbook", *([_example()] if example else []))
    if example and (every or wanted):
        msg = "--example copies a whole case: leave out --all and --with"
        raise UsageError(msg)
    if is_file(path) and not force:
        msg = f"{path} is there already: choose another name, or replace it with --force"
        raise UsageError(msg)
    if example:
        content = _example().read_bytes()
        written = save(path, lambda made: _copy(content, made))
        sheets: list[str] = []
    else:
        from planner.workbook.template import template_tables, write_book

        sheets = _sheets(wanted, every=every)
        tables = template_tables()
        written = save(path, lambda made: write_book(made, tables, sheets=sheets))
    if as_json:
        print_json({"status": "ok", "output": str(written), "errors": []})
    else:
        tell_where(path, written)
        click.echo(f"Wrote {written}. Next: planner check {written}", err=True)
    return 0


def _catalogue() -> tuple[str, ...]:
    from models.schema import SHEETS

    return tuple(record.SHEET for record in SHEETS)


def _sheets(wanted: tuple[str, ...], *, every: bool) -> list[str]:
    """Return the sheets of a template; UsageError names the closest to an unknown one."""
    from models.case import fold
    from planner.workbook.template import EVERY_CASE

    names = {fold(name): name for name in _catalogue()}
    known = ", ".join(name for name in names.values() if name not in EVERY_CASE)
    found = list(EVERY_CASE)
    for words in wanted:
        said = [word for word in words.split(",") if word.strip()]
        if not said:
            msg = f"--with {words!r} names no sheet; there is {known}"
            raise UsageError(msg)
        for word in said:
            if fold(word) not in names:
                close = difflib.get_close_matches(fold(word), names, n=1, cutoff=0.5)
                hint = f"did you mean {names[close[0]]!r}?" if close else f"there is {known}"
                msg = f"no sheet {word.strip()!r}; {hint}"
                raise UsageError(msg)
            found.append(names[fold(word)])
    return list(names.values()) if every else found


def _example() -> Path:
    """Return the example case: beside the package in a checkout, else inside it."""
    package = Path(__file__).resolve().parent.parent.parent
    for path in (
        package.parent / "inputs" / "critical-minerals.xlsx",
        package / "example.xlsx",
    ):
        if path.is_file():
            return path
    msg = "the example case is not part of this installation"
    raise UsageError(msg)


def _copy(content: bytes, made: Path) -> None:
    made.write_bytes(content)
