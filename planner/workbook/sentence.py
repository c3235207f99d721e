"""A finding in one or two sentences, for people."""

from __future__ import annotations

import re

from models.errors import Finding

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\([^)]*\)")
_VERB = re.compile(
    r"\b(?:is|are|has|have|was|stands?|lies?|would|does|do|stays?|holds?|changes?|match(?:es)?"
    r"|must|appl(?:y|ies)|cannot|exceeds?)\b"
)
_THING = re.compile(r"(?:the|an?) ")
_OURS = re.compile(r"(?:the|an?|no|in|found|expected|this|nothing|did|it) ")
"""Words that a sentence begins with; a name or a path keeps its spelling."""


def sentence(finding: Finding) -> str:
    """Say what is there and what is expected, and then the nearest fix."""
    return " ".join(part for part in (statement(finding), advice(finding)) if part)


def statement(finding: Finding, expected: str | None = None) -> str:
    """Say what is there and what is expected; ``expected`` replaces the finding's own."""
    found = finding.found.strip()
    wanted = finding.expected.strip() if expected is None else expected
    if not found:
        return _ended(f"expected {wanted}") if wanted else ""
    if not wanted:
        return _ended(found)
    # A thing that stands there is told with a verb, what is said of it already has one.
    bare = _THING.match(found) and not _VERB.search(_QUOTED.sub("", found))
    return _ended(f"{'found ' if bare else ''}{found}; expected {wanted}")


def advice(finding: Finding) -> str:
    """Say the nearest fix; "" where none is known."""
    hint = finding.hint.strip()
    # "did you mean 0.65? it is stored as text" holds two sentences
    parts = [part for part in re.split(r"(?<=[?.!])\s+", hint) if part]
    return " ".join(_ended(part[:1].upper() + part[1:]) for part in parts)


def _ended(text: str) -> str:
    text = text.strip()
    end = "" if text.endswith((".", "?", "!")) else "."
    return f"{text[:1].upper() if _OURS.match(text) else text[:1]}{text[1:]}{end}"
