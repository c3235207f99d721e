"""The page of the Python functions, from their docstrings: `planner.__all__`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import planner

START = """\
# planner new case.xlsx --example plain
from pathlib import Path
import planner

book = planner.read(Path("case.xlsx"))
"""
"""What the examples begin with; a test runs them."""

_HEAD = f"""\
# The Python functions

Made from the docstrings by `python -m docs.assemble`; do not edit by hand. The examples begin with:

```python
{START}```

`help(planner)` has longer ones. The package is typed. `InputError`, `SolverError`, `WriteError` and
`UsageError` are in `models.errors`; all are a `PlannerError`.
"""
_SECTION = re.compile(
    r"^(Args|Attributes|Returns|Raises|Example):\n((?:    .*\n|\n)+)", re.MULTILINE
)
_ENTRY = re.compile(r"^(\*{0,2}\w[\w, .]*): (.+(?:\n    .+)*)", re.MULTILINE)
_TITLES = {"Args": "Parameters"}


def functions() -> Iterator[tuple[str, object]]:
    """Yield the public functions and classes by name."""
    for name in planner.__all__:
        if not name.startswith("_"):
            yield name, getattr(planner, name)


def api_page() -> str:
    """Return the page."""
    return "\n".join((_HEAD, *(_function(*each) for each in functions())))


def _function(name: str, of: object) -> str:
    text = f"{inspect.getdoc(of)}\n"
    head = _SECTION.split(text, maxsplit=1)[0].strip().replace("``", "`")
    parts = [f"## {name}\n\n`{_signature(name, of)}`\n\n{head}\n"]
    for title, body in _SECTION.findall(text):
        parts.append(_section(title, inspect.cleandoc(body)))
    return "\n".join(parts)


def _signature(name: str, of: object) -> str:
    """Return how a function is called; a class that a function makes has only its name."""
    if not inspect.isfunction(of) and "Args:" not in (of.__doc__ or ""):
        return f"planner.{name}"
    signature, empty = inspect.signature(of), inspect.Parameter.empty  # type: ignore[arg-type]
    bare = [each.replace(annotation=empty) for each in signature.parameters.values()]
    text = str(signature.replace(parameters=bare, return_annotation=empty))
    text = re.sub(r"<(?:class|function) '?(\w+)[^>]*>", r"\1", text)  # a default's name alone
    return f"planner.{name}{text}"


def _section(title: str, body: str) -> str:
    if title == "Example":
        return f"```pycon\n{body}\n```\n"
    entries = _ENTRY.findall(body)
    if title == "Returns" or not entries:
        return f"**{title}**: {' '.join(body.split())}\n".replace("``", "`")
    lines = (f"- `{name}`: {' '.join(text.split())}" for name, text in entries)
    listed = "\n".join(lines).replace("``", "`")
    return f"**{_TITLES.get(title, title)}**\n\n{listed}\n"
