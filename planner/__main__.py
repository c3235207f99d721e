"""``python -m planner`` is the command ``planner``."""

import gc
import os
import sys

from planner.stops import exit_code, handling_stops


def run() -> int:
    """Run the command line; stop requests are handled from here on.

    Garbage is not collected at exit: that would take a tenth of the time to plan the larger
    example. Numpy starts no threads of its own: nothing here needs them, and they take a tenth of a
    second of a core.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with handling_stops():
        try:
            from planner.cli import main  # takes a second, in which no stop request may be lost

            code = main()
        except (KeyboardInterrupt, SystemExit) as stop:
            code = exit_code(stop)
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
