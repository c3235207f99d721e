"""The salt of a redacted plan's fingerprint: it stays with the owner, in a file of its own.

The fingerprint of the input proves which input a plan was made from. It would also let a reader who
knows all of the input but one number try numbers until it fits.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from planner.workbook.save import as_write_error

SUFFIX = ".salt"
_SALT = re.compile(r"[0-9a-f]{64}")


def new_salt() -> str:
    return secrets.token_hex(32)


def salted(fingerprint: str, salt: str) -> str:
    """Return a fingerprint that fits the same input and says nothing without the salt."""
    return hmac.new(bytes.fromhex(salt), fingerprint.encode(), hashlib.sha256).hexdigest()


def salt_file(copy: Path) -> Path:
    """Return where the salt of a redacted plan is kept: beside it, unless the owner moves it."""
    return copy.with_suffix(SUFFIX)


def write_salt(path: Path, salt: str) -> None:
    """Write a salt for its owner alone to read."""
    with as_write_error(path):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            path.chmod(0o600)  # an earlier file keeps its mode
            file.write(f"{salt}\n")


def read_salt(path: Path) -> str:
    """Return the salt in a file; "" where there is none."""
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
    return text if _SALT.fullmatch(text) else ""
