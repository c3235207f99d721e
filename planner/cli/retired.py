"""Commands and options of earlier versions, and what to use instead of each."""

from __future__ import annotations

COMMANDS = {
    "redact": "send each member its own workbook, as planner orders writes it",
    "schema": "docs/csv.md and the page of each study list the keys of --json",
}
"""What to use instead of a command, by the command's name."""

_NO_DRAWS = "planner risk --draws draws random events"
_NO_GROUPS = "the split by dual prices gives no group a reason to leave, without planning every one"

OPTIONS: dict[str, dict[str, str]] = {
    "check": {"--marked": "each finding names its cell, and planner serve shows its row"},
    "bills": dict.fromkeys(("--exact", "--resume"), _NO_GROUPS),
    "sensitivity": dict.fromkeys(("--draws", "--seed"), _NO_DRAWS),
    "verify": {"--salt": "a redacted plan can't be verified: use the plan before redaction"},
}
"""What to use instead of an option, by the names of its command and of the option."""


def retired_command(name: str) -> str | None:
    """Return the message for a command of an earlier version; None for any other name."""
    return f"planner {name} no longer exists: {COMMANDS[name]}" if name in COMMANDS else None


def retired_option(command: str, option: str) -> str | None:
    """Return the message for an option that a command once had; None for any other option."""
    instead = OPTIONS.get(command, {}).get(option)
    return instead and f"planner {command} {option} no longer exists: {instead}"
