"""``python -m planner`` is the command ``planner``."""

import gc
import os
import sys

from models.background import keep_memory
from models.errors import OUT_OF_MEMORY, OUT_OF_MEMORY_CODE, is_out_of_memory
from planner.stops import exit_code, handling_stops


def run() -> int:
    """Run the command line; stop requests are handled from here on.

    Garbage is not collected at exit: that would take a tenth of the time to plan the larger
    example. Numpy starts no threads of its own: nothing here needs them, and they take a tenth of a
    second of a core.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    keep_memory()
    with handling_stops():
        try:
            from planner.cli import main  # takes a second, in which no stop request may be lost

            code = main()
        except (KeyboardInterrupt, SystemExit) as stop:
            code = exit_code(stop)
        except (MemoryError, ImportError, OSError, RuntimeError, SystemError) as error:
            if not is_out_of_memory(error):
                raise
            code = OUT_OF_MEMORY_CODE
            os.write(2, f"Error: {OUT_OF_MEMORY}\n".encode())
        if code == OUT_OF_MEMORY_CODE:
            os._exit(code)  # modules that are half loaded may crash the end of Python
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
