"""What-ifs from the command line: the options ``--block``, ``--lose`` and ``--what-if``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from models.errors import Mistakes, UsageError
from planner.cli.commands.common import SCENARIO, share_limit
from planner.options import postponed_errors

if TYPE_CHECKING:
    from models.case import Case
    from planner.scenarios import WhatIf

BLOCK, LOSE, WHAT_IF = "--block", "--lose", "--what-if"


@dataclass(frozen=True)
class WhatIfOptions:
    """The what-ifs of a command line, as typed; call it with a case to apply them.

    ``wrong`` are the errors in other options, which are reported together with errors in these.
    """

    blocks: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.blocks or self.losses or self.changes)

    @property
    def words(self) -> tuple[str, ...]:
        """The what-ifs as typed, for the name of a file."""
        each = ((LOSE, self.losses), (BLOCK, self.blocks), ("", self.changes))
        typed = (f"{option.lstrip('-')} {text}" for option, texts in each for text in texts)
        return tuple(" ".join(text.replace(";", ",").replace("=", " ").split()) for text in typed)

    def __call__(self, case: Case) -> tuple[WhatIf, ...]:
        """Return the what-ifs, in the case's names: blocks, then losses, then changes.

        UsageError lists the errors of all options.
        """
        from planner.cli import phrases
        from planner.scenarios import WhatIf
        from planner.scenarios.parameters import Named

        named, what_ifs, wrong = Named(case), list[WhatIf](), Mistakes()
        for option, texts, read in (
            (BLOCK, self.blocks, phrases.read_block),
            (LOSE, self.losses, phrases.read_lose),
            (WHAT_IF, self.changes, phrases.read_what_if),
        ):
            for text in texts:
                with wrong.collect(f"{option} {text!r}: "):
                    words, steps = read(text, named)
                    findings, errors = named.check_steps(steps)
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
        help='Stop all deliveries from a country, company or refiner to a member. "*" means all'
        " sellers or all members. Repeatable.",
    )
    @click.option(
        LOSE,
        "losses",
        multiple=True,
        metavar="WHO",
        help="Remove the refiners, projects and ore of the country WHO, or the companies and"
        " refiners whose names contain WHO. Repeatable.",
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
    def with_what_ifs(
        *arguments: object,
        blocks: tuple[str, ...],
        losses: tuple[str, ...],
        changes: tuple[str, ...],
        **options: object,
    ) -> int:
        asked = WhatIfOptions(blocks, losses, changes, postponed_errors())
        if asked.wrong and not asked:
            raise click.UsageError("\n".join(asked.wrong))
        return command(*arguments, asked=asked, **options)

    return with_what_ifs


def case_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that select a case: scenario, what-ifs and the limit on countries' shares.

    The command gets them as the keyword ``variation``, a dict of keywords for ``start_file``.
    """

    @SCENARIO
    @what_if_options
    @share_limit()
    @functools.wraps(command)
    def with_case(
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

    return with_case
