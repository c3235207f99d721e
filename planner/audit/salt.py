"""The salt of a redacted plan's fingerprint, in a separate file that the owner keeps.

The fingerprint of the input proves from which input a plan was made. But a reader who knows all of
the input except one number could try numbers until the fingerprint matches. The salt prevents it.
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
    """Return a salted fingerprint: only who knows the salt can compare it with an input."""
    return hmac.new(bytes.fromhex(salt), fingerprint.encode(), hashlib.sha256).hexdigest()


def salt_file(copy: Path) -> Path:
    """Return the path of a redacted plan's salt: next to it, unless the owner moves it."""
    return copy.with_suffix(SUFFIX)


def write_salt(path: Path, salt: str) -> None:
    """Write a salt to a file that only its owner can read."""
    with as_write_error(path):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            path.chmod(0o600)  # an earlier file keeps its mode
            file.write(f"{salt}\n")


def read_salt(path: Path) -> str:
    """Return the salt in a file; "" if there is none."""
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
    return text if _SALT.fullmatch(text) else ""
