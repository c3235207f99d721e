"""``python -m planner`` is the command ``planner``."""

import gc
import sys

from planner.stops import exit_code, listening


def run() -> int:
    """Run the command that the process is for; a request to stop is heard from here on.

    What is left goes with the process: to look it through for circles takes as long as a tenth of
    planning the larger example.
    """
    with listening():
        try:
            from planner.cli import main  # a second's work, within which no request may be lost

            code = main()
        except (KeyboardInterrupt, SystemExit) as stop:
            code = exit_code(stop)
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
