"""Threads that wait for a host, so that the engine does not.

Those of the standard library's pool take turns, each with memory that has gone cold since its last one, and wake up while
whoever called them still holds the interpreter. With ten folders that are polled each second this is a sixth of what a
poll costs (`bench/agent.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final, final

Job = Callable[[], None]


@final
class Workers:
    """At most so many threads; the one that waits the shortest has the next job. Safe to call from several threads.

    They are daemons: a host that hangs does not hold up the end of a program.

    Args:
        most: How many.
        name: Of each thread.
    """

    def __init__(self, most: int, *, name: str) -> None:
        self._most: Final = most
        self._name: Final = name
        self._lock = Lock()
        self._count = 0
        self._closed = False
        self._idle: list[SimpleQueue[Job | None]] = []
        """The way to each thread that waits, the longest first."""
        self._queued: deque[Job] = deque()

    def do(self, job: Job) -> None:
        """Have a thread do it, when one has time; it must not raise."""
        thread: Thread | None = None
        with self._lock:
            if self._idle:
                way = self._idle.pop()
            elif self._count < self._most:
                self._count += 1
                way = SimpleQueue()
                thread = Thread(target=self._work, args=(way,), name=self._name, daemon=True)
            else:
                self._queued.append(job)
                return
        way.put(job)
        if thread is not None:
            thread.start()

    def close(self) -> None:
        """End the threads, each after the job that it does; what is still queued is dropped."""
        with self._lock:
            self._closed = True
            self._queued.clear()
            idle, self._idle = self._idle, []
        for way in idle:
            way.put(None)

    def _work(self, way: SimpleQueue[Job | None]) -> None:
        mine = way.get()
        while mine is not None:
            mine()
            mine = None  # or what it holds, which may be secret values, stays as long as this thread waits
            mine = self._next(way)

    def _next(self, way: SimpleQueue[Job | None]) -> Job | None:
        with self._lock:
            if self._queued:
                return self._queued.popleft()
            if self._closed:
                return None
            self._idle.append(way)
        return way.get()
