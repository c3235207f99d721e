"""The command explain: the parts of a price, binding limits, and how to end a shortage."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import InputError, Mistakes
from planner.cli.answer import Command, Key, findings_by_severity, finish, what_if_facts
from planner.cli.common import JSON, WORKBOOK, case_options, progress
from planner.render.words import missing_option, terminal_safe

if TYPE_CHECKING:
    from models.answers.explain import Explanation
    from models.answers.least_change import LeastChange
    from models.case import Case
    from planner.scenarios.start import Start
    from planner.sheets.explain import Cells


@click.command(cls=Command)
@click.argument("file", type=WORKBOOK)
@click.option("--mineral", metavar="NAME", help="A mineral of the sheet Minerals  [required]")
@click.option(
    "--member",
    metavar="NAME",
    help="A member of the sheet Members, by name or country  [required]",
)
@click.option("--year", type=int, metavar="Y", help="A year of the sheet Demand  [required]")
@case_options
@JSON
def explain(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    mineral: str | None,
    member: str | None,
    year: int | None,
    variation: dict[str, Any],
    as_json: bool,
) -> int:
    """Explain what a member pays for a mineral in a year, and the cause of a shortage.

    The command splits the marginal price of supply into its parts. Then it lists the binding
    limits, and how much one more unit of each limit would save. If the member has a shortage, the
    command shows the smallest change of the workbook that removes it. It writes no file.

    \b
    planner explain case.xlsx --mineral lithium --member Japan --year 2028
    planner explain case.xlsx --mineral Cobalt --member JPN --year 2030 --lose COD
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from planner.scenarios.start import start_file

    tell = progress(as_json)
    start = start_file(file, **variation, tell=tell)
    cell = _cell(start.case, mineral, member, year)
    began = time.perf_counter()
    from planner.sheets import explain as words

    layout = start.book.layout
    cells = words.Cells(start.book.case, start.case, layout.known_cell, layout.unit)
    explanation, change = _explained(start, cell, cells, tell)
    without = _without(start, cell, change, tell)
    if not as_json:
        for name, value in start.options.items():
            click.echo(terminal_safe(f"{name}: {value}"))
        for text in words.explained(explanation, change, cells, without):
            click.echo(terminal_safe(text))
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    answer = {
        Key.STATUS: "optimal",
        **words.explanation_json(explanation, change, cells),
        "short_without_what_ifs_t": without,
        Key.CURRENCY: start.case.settings.currency,
        Key.SCENARIO: start.case.scenario,
        Key.WHAT_IFS: [what_if_facts(what_if) for what_if in start.variant.what_ifs],
        Key.WARNINGS: findings_by_severity(start.book.warnings)[Key.WARNINGS],
        Key.SECONDS: {stage: round(took, 6) for stage, took in seconds.items()},
    }
    return finish(answer, as_json=as_json)


def _explained(
    start: Start, cell: tuple[str, str, int], cells: Cells, tell: Callable[[str], None]
) -> tuple[Explanation, LeastChange | None]:
    from models.answers.explain import explain
    from models.answers.least_change import least_change
    from models.plan import solve

    tell("Planning")
    try:
        plan = solve(start.case)
    except InputError as error:
        raise start.input_error(error.findings) from error
    explanation = explain(plan, *cell)
    if explanation.is_short:
        tell("Looking for the smallest change that removes the shortage")
    return explanation, least_change(plan, *cell, cells.is_overridden)


def _without(
    start: Start,
    cell: tuple[str, str, int],
    change: LeastChange | None,
    tell: Callable[[str], None],
) -> float | None:
    """Return the shortage without scenario and what-ifs [t], if no change ends the shortage.

    None if a change does, or if no scenario or what-if is applied.
    """
    mineral, member, year = cell
    book = start.book.case
    if change is None or change.changes or not start.options or year not in book.years:
        return None
    if mineral not in book.mineral_of or member not in book.member_of:
        return None
    from models.plan import SHORTAGE, solve

    tell("Planning without scenario and what-ifs")
    return solve(book).value(SHORTAGE, (mineral, member, year))


def _cell(
    case: Case, mineral: str | None, member: str | None, year: int | None
) -> tuple[str, str, int]:
    """Return the names as the workbook spells them; UsageError says what is wrong with each.

    For a missing option it lists the possible values.
    """
    from planner.scenarios.named import Named

    named, spelt, wrong = Named(case), list[str](), Mistakes()
    for option, text, names, choices in (
        ("--mineral", mineral, named.minerals, [m.name for m in case.minerals]),
        ("--member", member, named.members, [m.name for m in case.members]),
    ):
        if text is None:
            wrong.lines.append(missing_option(option, choices))
            continue
        with wrong.collect(f"{option}: "):
            several = names(text)
            spelt.append(several[0])
            if len(several) > 1 or not several[0]:
                which = f", such as {several[0]}" if several[0] else ""
                wrong.lines.append(f"{option} {text!r} names several: name one{which}")
    if year is None:
        wrong.lines.append(missing_option("--year", list(map(str, case.years))))
    elif year not in case.years:
        close = min(case.years, key=lambda y: abs(y - year), default=None)
        hint = "" if close is None else f"; did you mean {close}?"
        wrong.lines.append(f"--year {year} is not a year of the sheet Demand{hint}")
    wrong.raise_if_any()
    return spelt[0], spelt[1], year or 0
