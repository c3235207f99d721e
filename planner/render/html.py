"""Pages for a browser: filled templates, hashes of scripts, and JSON that is safe in a page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from planner.render.words import clean_text

_PERCENT = re.compile(r"(?<=\d) %")


def render(template: str, **values: object) -> str:
    """Return a page made of one of ``planner/render/templates``; every text is escaped."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    return Environment(
        loader=PackageLoader("planner.render"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        keep_trailing_newline=True,
    )


def _finalized(value: Any) -> Any:
    """Return a text without control characters; no line ends before a per cent sign."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _PERCENT.sub("\u00a0%", clean_text(value))
    return value


def hash_of(script: str) -> str:
    """Return the hash by which a page's Content-Security-Policy allows an inline script."""
    # A browser reads every line break as one line feed before it takes the hash.
    digest = hashlib.sha256(script.replace("\r\n", "\n").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def json_of(data: object) -> str:
    """Return JSON that can't end the script element that holds it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
