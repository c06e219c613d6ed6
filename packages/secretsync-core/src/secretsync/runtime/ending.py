"""The end of a process whose threads may hang on."""

from __future__ import annotations

import os
import sys
import threading
import time


def leave(code: int, *, grace: float) -> int:
    """Return the exit code when all other threads ended; end the process by it if they do not in `grace` seconds.

    Python would wait for each of them, with a host that hangs as long as a read may take. So nothing may be left to
    be done whose end matters to anybody.
    """
    if not _threads_ended(grace):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _threads_ended(seconds: float) -> bool:
    """Return whether all other threads ended, within so many seconds together."""
    end = time.monotonic() + seconds
    # Daemons too: those of a pool are joined at the end all the same.
    others = [one for one in threading.enumerate() if one is not threading.current_thread()]
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    return not any(thread.is_alive() for thread in others)
