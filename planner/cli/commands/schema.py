"""The command schema: what programs can rely on, as JSON schema."""

from __future__ import annotations

import json

import click

from models.errors import UsageError


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> int:
    """Print the JSON schema of every --json answer and of a case.

    With NAME, a command such as solve, or case, print that schema alone.

    \b
    planner schema > planner.schema.json
    planner schema solve
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from models.checks.common import did_you_mean
    from planner.cli import schema as schemas

    if name is not None and name not in schemas.names():
        msg = f"no schema {name!r}; {did_you_mean(name, schemas.names())}"
        raise UsageError(msg)
    shown = schemas.whole_schema() if name is None else schemas.schema_of(name)
    click.echo(json.dumps(shown, indent=2))
    return 0
