"""The end of a process whose threads may hang on."""

from __future__ import annotations

import os
import sys
import threading
import time


def leave(code: int, *, grace: float) -> int:
    """Return the exit code when all other threads ended; end the process by it if they do not in `grace` seconds.

    All of ours are daemons, which Python does not wait for: it would take itself to pieces under those that are not done,
    and one that logs just then aborts the process. So nothing may be left to be done whose end matters to anybody.
    """
    if not _threads_ended(grace):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _threads_ended(seconds: float) -> bool:
    """Return whether all other threads ended, within so many seconds together."""
    end = time.monotonic() + seconds
    others = [one for one in threading.enumerate() if one is not threading.current_thread()]
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    return not any(thread.is_alive() for thread in others)
