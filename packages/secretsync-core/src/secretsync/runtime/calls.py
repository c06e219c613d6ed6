"""What the main thread waits for: signals, and what other threads want of it.

A lock, an event or a queue is not let go of by a signal that comes after the interpreter last looked for one, but before
the wait begins, or that the system hands to another thread: the process would not hear of it until something else wakes
it, and be killed for not ending. A pipe is: the byte that the signal writes into it stays there.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar, final

T = TypeVar("T")

_ALL: Final = 1 << 16
_LONGEST: Final = 86_400.0
"""Seconds; `poll` takes no more than some weeks."""


@final
class Calls(Generic[T]):
    """Calls for the main thread, one after the other. There is one for the whole life of a process.

    `put` may be called from any thread and in handlers of signals, all else from the main thread.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()
        self._hears, self._bell = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(self._bell, False)
        self._poll = select.poll()
        self._poll.register(self._hears, select.POLLIN)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)

    def on(self, number: int, call: T) -> None:
        """Have a signal be a call from now on."""
        signal.signal(number, lambda *_: self.put(call))

    def put(self, call: T) -> None:
        self._queue.put(call)
        with suppress(BlockingIOError):  # full of bytes that nobody has read: it rings already
            os.write(self._bell, b"\0")

    def get(self, timeout: float | None = None) -> T | None:
        """Return the next call, None if there is none within so many seconds; without a time-out it waits on."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with suppress(Empty):
                return self._queue.get_nowait()
            left = _LONGEST if end is None else min(_LONGEST, max(0.0, end - time.monotonic()))
            if not self._poll.poll(left * 1000.0) and left == 0.0:
                return None
            with suppress(BlockingIOError):
                os.read(self._hears, _ALL)
