"""What commands share: their common options and how they tell where they are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from models.errors import WriteError

WORKBOOK = click.Path(path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


class Share(click.ParamType[float]):
    """A fraction from 0 to 1, or a percentage with its sign."""

    name = "share"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read 0.65 or 65%; refuse 65 with the question that helps."""
        text = str(value).strip()
        percent = text.endswith("%")
        try:
            share = float(text.removesuffix("%")) / (100 if percent else 1)
        except ValueError:
            share = float("nan")
        if not 0 <= share <= 1:
            # A percentage without its sign is the likeliest slip.
            slip = 1 < share <= 100 and not percent  # noqa: PLR2004
            hint = f"did you mean {share / 100:g} ({share:g} %)?" if slip else "such as 0.65"
            self.fail(f"{text!r} is not a share from 0 to 1; {hint}", param, ctx)
        return share


def write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Write tables as CSV; WriteError where the folder takes none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror or error}"
        raise WriteError(msg) from error


def progress(as_json: bool) -> Callable[[str], None]:
    """Tell of each stage where someone watches."""
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.secho(f"{text} ...", dim=True, err=True)


def tell_where(wanted: Path, written: Path) -> None:
    """Say where a workbook went if that is not where it was wanted."""
    if written != wanted:
        click.echo(
            f"{wanted} is open in another program or read-only: written to {written}", err=True
        )
