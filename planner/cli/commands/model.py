"""The command model: the linear program as a file that any solver reads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import UsageError
from planner.cli import paths, whatifs, words
from planner.cli.answer import Answer, Command, Key, end, sorted_out
from planner.cli.commands.common import JSON, WORKBOOK, output_option, progress, tell_where
from planner.render.words import number_of, span

if TYPE_CHECKING:
    from models.case import Case

_LONGEST_PART = 60


@click.command(cls=Command)
@click.argument("file", type=WORKBOOK)
@whatifs.case_options
@output_option(
    "Write the model here, as .lp or .mps [outputs/<FILE's name>[-<scenario> or"
    " -what-if]-model.lp].",
    "MODEL",
)
@click.option(
    "--by-block", is_flag=True, help="Write a file for each independent block of the model."
)
@JSON
def model(
    file: Path, of: dict[str, Any], output: Path | None, by_block: bool, as_json: bool
) -> int:
    """Write the model of a workbook as a file for other solvers: LP or MPS.

    It is the Pyomo model that planner solve solves: least discounted cost, in tonnes and the
    workbook's currency. Names are readable, and comments at the top explain them. Nothing is
    solved.

    \b
    planner model case.xlsx -o model.lp
    planner model case.xlsx --lose COD -o model.mps
    planner model case.xlsx --by-block -o model.lp    model-Cobalt 2026.lp and so on
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    def target_of(name: str = "") -> Path:
        stem = "-".join(filter(None, (file.stem, paths.case_part(file, of, name), "model.lp")))
        return paths.target(output or Path("outputs") / stem, "model")

    form = target_of().suffix.casefold().removeprefix(".")
    from models.program.outside import FORMATS, write_model
    from planner.run import start_file
    from planner.workbook.save import save

    if form not in FORMATS:
        msg = f"--output must end in .lp or .mps, not {output}: these formats are written"
        raise UsageError(msg)
    tell = progress(as_json)
    start = start_file(file, **of, tell=tell)
    tell("Building")
    wanted, written = target_of(start.case.scenario), []
    for place, made in _models(start.case, wanted, by_block=by_block).items():
        write = partial(write_model, made, form=form, about=_about(start.case, file))
        written.append(save(paths.target(place, "model"), write))
        tell_where(place, written[-1])
    if not as_json:
        words.show_warnings(start.book.warnings, "Checks")
        more = f" and {number_of(len(written) - 1, 'more file')}" if len(written) > 1 else ""
        words.line("Model", f"{written[0]}{more}" if written else "nothing is planned: no file")
    answer: Answer = {
        Key.STATUS: "ok",
        Key.SCENARIO: start.case.scenario,
        Key.OUTPUT: [str(path) for path in written],
        Key.WARNINGS: sorted_out(start.book.warnings)[Key.WARNINGS],
        Key.ERRORS: [],
    }
    return end(answer, as_json=as_json)


def _models(case: Case, wanted: Path, *, by_block: bool) -> dict[Path, object]:
    """Return the models to write, each by its file."""
    from models.plan import block_models
    from models.plan import model as whole
    from planner.documents.folder import file_part

    if not by_block:
        return {wanted: whole(case)}
    return {
        wanted.with_stem(f"{wanted.stem}-{file_part(name, _LONGEST_PART)}"): made
        for name, made in block_models(case).items()
    }


def _about(case: Case, file: Path) -> tuple[str, str]:
    years, money = span(case.years) if case.years else "no year", case.settings.currency
    of = f"{file.name}, scenario {case.scenario}, {years}: least cost in {money}, discounted to the"
    names = "Names are component(key): what each component is, and its key."
    return f"{of} first year. Amounts in t.", names
