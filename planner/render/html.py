"""Pages for a browser, from templates: every text of the input is escaped, wherever it stands."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from planner.render.words import clean

_PERCENT = re.compile(r"(?<=\d) %")


def render(template: str, **what: object) -> str:
    """Return a page made of one of ``planner/render/templates``."""
    return environment().get_template(template).render(**what)


@cache
def environment() -> Environment:
    """Return what all templates are rendered in."""
    return Environment(
        loader=PackageLoader("planner.render"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        keep_trailing_newline=True,
    )


def _finalized(value: Any) -> Any:
    """Return a text as a page can hold it; no line ends before a per cent sign."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _PERCENT.sub("\u00a0%", clean(value))
    return value
