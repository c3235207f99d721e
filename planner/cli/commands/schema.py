"""The command schema: the JSON schema of every answer."""

from __future__ import annotations

import json

import click

from planner.cli.answer import refuse


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> int:
    """Print the JSON schemas of all --json answers and of a case.

    NAME is the name of a command, such as solve, or the word case: only its schema is printed.

    \b
    planner schema > planner.schema.json
    planner schema solve
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from models.checks.common import did_you_mean
    from planner.cli import schema as schemas

    if name is not None and name not in schemas.names():
        refuse(f"there is no schema {name!r}; {did_you_mean(name, schemas.names())}")
    shown = schemas.whole_schema() if name is None else schemas.schema_of(name)
    click.echo(json.dumps(shown, indent=2))
    return 0
