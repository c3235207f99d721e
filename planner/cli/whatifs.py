"""What-ifs from the command line: ``--block``, ``--lose`` and ``--what-if``.

Each becomes steps of a scenario in the workbook's own names; the actions of the sheet Scenarios run
them. What a row of that sheet would be refused for is refused here, too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from models.errors import Mistakes, UsageError
from planner.options import late_mistakes

if TYPE_CHECKING:
    from models.case import Case
    from models.schema import ScenarioStep
    from planner.scenarios import WhatIf
    from planner.scenarios.named import Named

BLOCK, LOSE, WHAT_IF = "--block", "--lose", "--what-if"


@dataclass(frozen=True)
class Asked:
    """The what-ifs of a command line as typed; called with a case, told in its names.

    ``wrong`` says what is wrong with other options, to be told with what is wrong with these.
    """

    blocks: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is asked."""
        return bool(self.blocks or self.losses or self.changes)

    def __call__(self, case: Case) -> tuple[WhatIf, ...]:
        """Return the what-ifs: blocks, losses, changes, each kind in the order typed.

        Raises UsageError that says of every option what is wrong with it.
        """
        from planner.scenarios import WhatIf
        from planner.scenarios.named import Named

        named, made, wrong = Named(case), list[WhatIf](), Mistakes()
        for option, texts, read in (
            (BLOCK, self.blocks, _block),
            (LOSE, self.losses, _lose),
            (WHAT_IF, self.changes, _change),
        ):
            for text in texts:
                with wrong.kept(f"{option} {text!r}: "):
                    words, steps = read(text, named)
                    findings, errors = named.checked(steps)
                    if errors:
                        raise UsageError("\n".join(errors))
                    what_if = WhatIf(option, text, words, steps)
                    told = (replace(f, found=f"`{what_if.typed}`: {f.found}") for f in findings)
                    made.append(replace(what_if, findings=tuple(told)))
        wrong.said += self.wrong
        wrong.tell()
        return tuple(made)


def what_if_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add ``--block``, ``--lose`` and ``--what-if``; the command gets the keyword ``asked``."""

    @click.option(
        BLOCK,
        "blocks",
        multiple=True,
        metavar="FROM:TO[:MINERAL]",
        help='Close lanes: FROM a country or refiner, TO a member; "*" is all of them. Repeatable.',
    )
    @click.option(
        LOSE,
        "losses",
        multiple=True,
        metavar="WHO",
        help="Lose a country, its refiners, projects and ore, or a refiner. Repeatable.",
    )
    @click.option(
        WHAT_IF,
        "changes",
        multiple=True,
        metavar="ACTION;...",
        help="An action of the sheet Scenarios, as in "
        '"scale capacity; country=China; years=2027-2030; value=0.7". Repeatable.',
    )
    @functools.wraps(command)
    def asking(
        *arguments: object,
        blocks: tuple[str, ...],
        losses: tuple[str, ...],
        changes: tuple[str, ...],
        **options: object,
    ) -> int:
        asked = Asked(blocks, losses, changes, late_mistakes())
        if asked.wrong and not asked:
            raise click.UsageError("\n".join(asked.wrong))
        return command(*arguments, asked=asked, **options)

    return asking


Told = tuple[str, tuple["ScenarioStep", ...]]
"""What an option does in words, and its steps."""


def _block(text: str, named: Named) -> Told:
    """``CHN:JPN``, ``*:JPN``, ``"Lynas*:Japan:Rare earths"``."""
    from models.schema import ScenarioStep

    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in {2, 3} or not all(parts):
        msg = "say from whom to whom, as in CHN:JPN or CHN:JPN:Graphite"
        raise UsageError(msg)
    wrong = Mistakes()
    with wrong.kept():
        sellers = named.sellers(parts[0])
    with wrong.kept():
        members = _buyers(parts[0], parts[1], named)
    with wrong.kept():
        minerals = named.minerals(parts[2]) if len(parts) > 2 else ("",)  # noqa: PLR2004
    wrong.tell()
    steps = tuple(
        ScenarioStep(
            name=BLOCK, action="block lanes", mineral=mineral, member=member, **seller.selectors
        )
        for seller in sellers
        for member in members
        for mineral in minerals
    )
    words = f"{_all_of(s.words for s in sellers)} to {_all_of(members)}"
    return words if minerals == ("",) else f"{words}, {_all_of(minerals)}", steps


def _buyers(seller: str, buyer: str, named: Named) -> tuple[str, ...]:
    """Return the members of a lane; where none is meant, ask whether the two were turned round."""
    try:
        return named.members(buyer)
    except UsageError as error:
        try:
            named.sellers(buyer)
            named.members(seller)
        except UsageError:
            raise error from None
        msg = f"{buyer!r} is not a member of the workbook; did you mean {buyer}:{seller}?"
        raise UsageError(msg) from None


def _lose(text: str, named: Named) -> Told:
    """A country: its refiners and projects make nothing, its ore goes nowhere; or a refiner."""
    from models.schema import ScenarioStep

    if not text.strip(" *"):
        msg = "name a country or a refiner"
        raise UsageError(msg)
    steps: list[ScenarioStep] = []
    sellers = named.sellers(text.strip())
    for seller in sellers:
        steps.append(
            ScenarioStep(name=LOSE, action="scale capacity", value=0.0, **seller.selectors)
        )
        if seller.country:
            steps.append(ScenarioStep(name=LOSE, action="block ore", country=seller.country))
    return _all_of(seller.words for seller in sellers), tuple(steps)


def _change(text: str, named: Named) -> Told:
    """``ACTION; selector=...; years=...; value=...``, the headers of the sheet Scenarios."""
    from planner.cli.phrase import read

    step, words = read(text, named)
    steps = [
        replace(step, mineral=mineral, refiner=refiner, member=member)
        for mineral in named.minerals(step.mineral)
        for refiner in named.refiners(step.refiner)
        for member in named.members(step.member)
    ]
    return words, tuple(steps)


def _all_of(words: Iterator[str] | tuple[str, ...]) -> str:
    """Return names joined; a blank one is all."""
    return " and ".join(word or "all" for word in words)
