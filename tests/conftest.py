"""How the tests run: hypothesis without deadlines, the same examples on every run in CI.

And with signals heard by what they start, in the background, too.
"""

from __future__ import annotations

import gc
import os
import signal
import threading

from hypothesis import HealthCheck, settings

from models.results import Result

_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile("local", deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.load_profile("ci" if os.environ.get("CI") else "local")


# Looking for garbage takes a third of the time in which all tests are collected: done less often.
gc.set_threshold(50_000, 20, 20)

# A column that is blank because an attribute was renamed is an error here, not in a user's run.
Result.is_strict = True


def _unheard(_: int, __: object) -> None:
    """Hear a signal and do nothing: as if it were ignored, but for the processes started here."""


# A shell has its commands in the background ignore Ctrl-C, and nohup a terminal that has gone. What
# is ignored stays so in each process that they start; what has a handler does not.
if threading.current_thread() is threading.main_thread():
    for _name in ("SIGINT", "SIGHUP"):
        _number = getattr(signal, _name, None)
        if _number is not None and signal.getsignal(_number) == signal.SIG_IGN:
            signal.signal(_number, _unheard)
