"""``python -m planner`` is the command ``planner``."""

import gc
import sys

from planner.cli import main


def run() -> int:
    """Run the command that the process is for.

    What is left goes with the process: to look it through for circles takes as long as a tenth of
    planning the larger example.
    """
    code = main()
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
