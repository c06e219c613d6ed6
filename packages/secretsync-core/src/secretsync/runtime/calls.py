"""What the main thread waits for: signals, and what other threads want of it.

A handler runs when the main thread comes round, and a wait for a lock, an event or a queue is not let go of by a signal
that comes after the interpreter last looked but before the wait begins, or that the system hands to another thread: the
process would not hear of it until something else wakes it, and be killed for not ending. So a thread of its own reads from
a pipe which signals came; a byte in there stays until it is read.
"""

from __future__ import annotations

import os
import signal
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Generic, Self, TypeVar, final

T = TypeVar("T")

_MANY: Final = 1 << 12
_OVER: Final = 0
"""No signal has this number."""


@final
class Calls(Generic[T]):
    """Calls for the main thread, one after the other, until it is closed. Only one at a time in a process.

    `put` may be called from any thread, all else from the main thread.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()
        self._meaning: dict[int, T] = {}
        self._hears, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        Thread(target=self._hear, name="signals", daemon=True).start()

    def on(self, number: int, call: T) -> None:
        """Have a signal be a call from now on."""
        self._meaning[number] = call
        signal.signal(number, _heard)

    def put(self, call: T) -> None:
        self._queue.put(call)

    def get(self, timeout: float | None = None) -> T | None:
        """Return the next call, None if there is none within so many seconds; without a time-out it waits on."""
        try:
            return self._queue.get(timeout=timeout)
        except Empty:
            return None

    def close(self) -> None:
        """End the thread; signals are heard no more, nor do they do what they would without a handler."""
        os.write(self._bell, bytes([_OVER]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hear(self) -> None:
        """Pass on which signals came: the byte that each writes into the pipe is its number."""
        while True:
            for number in os.read(self._hears, _MANY):
                if number == _OVER:
                    return
                if number in self._meaning:
                    self._queue.put(self._meaning[number])


def _heard(*_: object) -> None:
    """What has no handler is not written into the pipe either."""
