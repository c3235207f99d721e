"""The planner's version."""

__version__ = "0.2.0.dev0"


def pip_install(extra: str) -> str:
    """Return the command that installs what an extra needs, in a clone or anywhere else."""
    return f'pip install "coalition-sourcing-planner[{extra}]"'
