"""Types of options on a command line, with messages for likely mistakes."""

from __future__ import annotations

import errno
import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

_LATE = "planner.mistakes"
"""Key of errors in options that are reported together with errors in what-ifs."""

_READABLE = 10**9
"""Largest bound of a range that messages show: a larger one tells a reader nothing."""
BLOCK, LOSE, WHAT_IF = "--block", "--lose", "--what-if"
"""Options that change the case."""
EXAMPLE = "critical-minerals"
"""The example that is written where none is named."""
CAP_HELP = "Cap the share of each mineral that one country supplies, 0 to 1. Applied last."
"""Help of ``--max-country-share``."""


class NeededOption(click.Option):
    """A required option: the command itself reports that it is missing, and lists the choices."""


def fraction_of(text: str) -> float:
    """Return a number such as 0.65, or a percentage such as 65%, as a fraction; NaN if neither."""
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return math.nan


class Share(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A fraction from 0 to 1, or a percentage with its sign."""

    name = "share"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read 0.65 or 65%; for 65, ask whether 65% is meant.

        In a command with what-ifs, errors wait for ``postponed_errors``.
        """
        text = str(value).strip()
        share = fraction_of(text)
        if 0 <= share <= 1:
            return share
        slip = 1 < share <= 100 and not text.endswith("%")  # noqa: PLR2004
        usual = param.default if param is not None and isinstance(param.default, float) else 0.65
        hint = f"did you mean {share / 100:g} ({share:g} %)?" if slip else f"such as {usual:g}"
        message = f"{text!r} is not a share from 0 to 1; {hint}"
        if ctx is None or param is None or "blocks" not in {p.name for p in ctx.command.params}:
            self.fail(message, param, ctx)
        ctx.meta.setdefault(_LATE, []).append(f"{param.opts[0]} {message}")
        return math.nan


class IntegerOption(click.IntRange):
    """A whole number within a range; messages write it as people do: 1,000."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read 1000; for 1e3 or 1,000, ask whether 1000 is meant."""
        text = str(value).strip()
        try:
            number = float(text.replace(",", "").replace("_", ""))
        except ValueError:
            number = math.nan
        least, most = self.min or 0, math.inf if self.max is None else self.max
        fits = number.is_integer() and least <= number <= most
        if not (fits and text.isdecimal()):
            upward = self.max is None
            span = f"of {least:,} or more" if upward else f"from {least:,} to {most:,}"
            hint = f"; did you mean {number:z.0f}?" if fits else ""
            self.fail(f"{text!r} is not a whole number {span}{hint}", param, ctx)
        return int(text)

    def _describe_range(self) -> str:
        """Return the range as in help, without a bound that is too large to be read."""
        is_open = self.max is None or self.max > _READABLE
        return f"{self.min or 0:,} {'or more' if is_open else f'to {self.max:,}'}"


class DecimalOption(click.FloatRange):
    """A number within a range, which help and messages name in words."""

    def _describe_range(self) -> str:
        least = f"{self.min or 0.0:g}"
        if self.max is None:
            return f"{least} or more"
        return f"{'more than ' if self.min_open else ''}{least}, at most {self.max:g}"


def draw_options(default: int, of_draws: str, of_seed: str) -> tuple[Any, Any]:
    """Return the options ``--draws`` and ``--seed``, with their helps."""
    draws, seed = IntegerOption(1, 100_000), IntegerOption(0, 2**63 - 1)
    shown: dict[str, Any] = {"show_default": True}
    return (
        click.option("--draws", type=draws, metavar="N", help=of_draws, default=default, **shown),
        click.option("--seed", type=seed, metavar="S", help=of_seed, default=1, **shown),
    )


def postponed_errors() -> tuple[str, ...]:
    """Return the errors in options that the running command has not reported yet."""
    return tuple(click.get_current_context().meta.pop(_LATE, ()))


class _FileName(click.Path):
    """A path; a name that no file can have is an error."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse a NUL character and an unpaired surrogate: the operating system takes neither."""
        is_name = False
        with suppress(UnicodeError):
            is_name = b"\0" not in os.fsencode(value)
        if not is_name:
            self.fail(f"{str(value)!r} is not a possible name of a file", param, ctx)
        return super().convert(value, param, ctx)


class OutputPath(_FileName):
    """A path that a command writes to."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Resolve ``..`` after folders that do not exist yet.

        The system finds no file at ``nosuch/../in.xlsx``, even if ``in.xlsx`` exists. But writing
        makes the folder ``nosuch``, and would then replace ``in.xlsx``. All checks of the path must
        see that file.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        parent = path if path.name == ".." else path.parent
        if ".." not in path.parts or parent.exists():
            return path
        real, here = Path(os.path.realpath(path)), Path(os.path.realpath(Path()))
        return real.relative_to(here) if real.is_relative_to(here) else real


class FilePath(_FileName):
    """A path of a file that a command reads."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse also a name that is too long for the file system."""
        path = super().convert(value, param, ctx)
        try:
            os.lstat(path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                name = Path(os.fspath(value)).name
                shown = f"{name[:40]}..." if len(name) > 40 else name  # noqa: PLR2004
                self.fail(f"the name {shown!r} is too long for a file", param, ctx)
        return path
