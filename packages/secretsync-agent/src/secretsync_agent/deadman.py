"""Ends a program, and all that it has started, when the agent is gone without having done so (agent §18).

A program of its own: `python deadman.py SIGNAL SECONDS`. On its standard input, a pipe whose other end only the agent
holds, comes whom to end as `kill` takes it, a process or a group with a minus; then nothing, until the agent is no
more. `PR_SET_PDEATHSIG` would need no process, but ends the head alone: a shell, say, without what it runs.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress

_LOOK = 0.05
"""Seconds between two looks whether somebody is left."""


def main(number: int, seconds: float) -> None:
    """Wait for the end of the pipe, and end whom it named."""
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # whoever ends the agent may send it to all that it has started
    named = sys.stdin.readline()
    sys.stdin.read()
    if named:
        with suppress(OSError):  # it is over, or belongs to somebody else by now
            end(int(named), number, seconds)


def end(target: int, number: int, seconds: float) -> None:
    """Ask for an end, and see to it once that many seconds are over."""
    with suppress(ProcessLookupError):  # the head may have gone before the others
        os.kill(target, number)
    for _ in range(round(seconds / _LOOK)):
        os.killpg(abs(target), 0)  # nobody is left: it raises
        select.select([], [], [], _LOOK)
    os.killpg(abs(target), signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
