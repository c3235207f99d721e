"""What-ifs from the command line: the options ``--block``, ``--lose`` and ``--what-if``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from models.errors import Mistakes, UsageError
from planner.cli.commands.common import SCENARIO, share_limit
from planner.options import late_mistakes

if TYPE_CHECKING:
    from models.case import Case
    from planner.scenarios import WhatIf

BLOCK, LOSE, WHAT_IF = "--block", "--lose", "--what-if"


@dataclass(frozen=True)
class WhatIfOptions:
    """The what-ifs of a command line as typed; called with a case, told in its names.

    ``wrong`` says what is wrong with other options, to be told with what is wrong with these.
    """

    blocks: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.blocks or self.losses or self.changes)

    @property
    def words(self) -> tuple[str, ...]:
        """What is asked as it was typed, for the name of a file."""
        each = ((LOSE, self.losses), (BLOCK, self.blocks), ("", self.changes))
        typed = (f"{option.lstrip('-')} {text}" for option, texts in each for text in texts)
        return tuple(" ".join(text.replace(";", ",").replace("=", " ").split()) for text in typed)

    def __call__(self, case: Case) -> tuple[WhatIf, ...]:
        """Return the what-ifs: blocks, losses, changes, each kind in the order typed.

        Raises UsageError that says of every option what is wrong with it.
        """
        from planner.cli import phrases
        from planner.scenarios import WhatIf
        from planner.scenarios.named import Named

        named, what_ifs, wrong = Named(case), list[WhatIf](), Mistakes()
        for option, texts, read in (
            (BLOCK, self.blocks, phrases.block),
            (LOSE, self.losses, phrases.lose),
            (WHAT_IF, self.changes, phrases.change),
        ):
            for text in texts:
                with wrong.collect(f"{option} {text!r}: "):
                    words, steps = read(text, named)
                    findings, errors = named.checked(steps)
                    if errors:
                        raise UsageError("\n".join(errors))
                    what_if = WhatIf(option, text, words, steps)
                    placed = (replace(f, found=f"`{what_if.typed}`: {f.found}") for f in findings)
                    what_ifs.append(replace(what_if, findings=tuple(placed)))
        wrong.lines += self.wrong
        wrong.raise_if_any()
        return tuple(what_ifs)


def what_if_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add ``--block``, ``--lose`` and ``--what-if``; the command gets the keyword ``asked``."""

    @click.option(
        BLOCK,
        "blocks",
        multiple=True,
        metavar="FROM:TO[:MINERAL]",
        help='Close lanes from a country, company or refiner to a member; "*" means all.'
        " Repeatable.",
    )
    @click.option(
        LOSE,
        "losses",
        multiple=True,
        metavar="WHO",
        help="Remove a country's refiners, projects and ore, or a company or refiner by its"
        " name or a part of its name. Repeatable.",
    )
    @click.option(
        WHAT_IF,
        "changes",
        multiple=True,
        metavar="ACTION;...",
        help='Apply an action of the sheet Scenarios, such as "scale capacity; country=China;'
        ' years=2027-2030; value=0.7". Repeatable.',
    )
    @functools.wraps(command)
    def asking(
        *arguments: object,
        blocks: tuple[str, ...],
        losses: tuple[str, ...],
        changes: tuple[str, ...],
        **options: object,
    ) -> int:
        asked = WhatIfOptions(blocks, losses, changes, late_mistakes())
        if asked.wrong and not asked:
            raise click.UsageError("\n".join(asked.wrong))
        return command(*arguments, asked=asked, **options)

    return asking


def case_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add what makes a case of a workbook: scenario, what-ifs and the limit on countries' shares.

    The command gets them as the keyword ``variation``, as ``start_file`` takes them.
    """

    @SCENARIO
    @what_if_options
    @share_limit()
    @functools.wraps(command)
    def of_case(
        *arguments: object,
        scenario: str,
        asked: WhatIfOptions,
        max_country_share: float | None,
        **options: object,
    ) -> int:
        variation = {
            "scenario": scenario,
            "what_ifs": asked,
            "max_country_share": max_country_share,
        }
        return command(*arguments, variation=variation, **options)

    return of_case
