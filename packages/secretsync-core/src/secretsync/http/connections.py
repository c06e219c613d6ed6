"""Connections that are kept open for the next request; the one that was used last is used first.

httpcore would keep them in one pool, and looks at every idle one of it, by a system call, when a request begins and again
when it ends. With sixteen of them that takes as long as a third of the request, so here each line has one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol, final

import httpcore

from ..clock import Clock


class Line(Protocol):
    """What carries requests to one origin, one after the other. Touches no network before the first."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response: ...
    def close(self) -> None: ...


@final
class Direct:
    """A `Line` that is one connection, another one when that has ended. Belongs to one thread at a time.

    Args:
        make: Returns a connection that is yet to be opened.
    """

    def __init__(self, make: Callable[[], httpcore.HTTPConnection]) -> None:
        self._make = make
        self._connection = make()

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        if self._connection.is_closed() or self._connection.has_expired():  # or the server has closed it meanwhile
            self._connection.close()
            self._connection = self._make()
        return self._connection.handle_request(request)

    def close(self) -> None:
        self._connection.close()


@final
class Connections:
    """To one origin. Safe to call from several threads.

    Args:
        make: Returns a line.
        clock: Tells how long one was not used.
        keep: Seconds after which one that is not used is closed, when the next request ends.
        most: How many are kept that are not used.
    """

    def __init__(self, make: Callable[[], Line], *, clock: Clock, keep: float, most: int) -> None:
        self._make = make
        self._clock = clock
        self._keep = keep
        self._most = most
        self._lock = Lock()
        self._closed = False
        self._idle: deque[tuple[float, Line]] = deque()
        """With the time since when, the longest first."""

    @contextmanager
    def one(self) -> Iterator[Line]:
        """Lend a line for one exchange."""
        with self._lock:
            line = self._idle.pop()[1] if self._idle else self._make()
        try:
            yield line
        finally:
            self._take_back(line)

    def close(self) -> None:
        """Close what is not used now, and the others when they come back."""
        with self._lock:
            self._closed = True
            outworn = self._outworn(0.0)
        for line in outworn:
            line.close()

    def _take_back(self, line: Line) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._idle.append((now, line))
            outworn = self._outworn(now)
        for each in outworn:
            each.close()

    def _outworn(self, now: float) -> list[Line]:
        """Take out what is not to be kept."""
        outworn = []
        while self._idle and (self._closed or len(self._idle) > self._most or self._idle[0][0] + self._keep <= now):
            outworn.append(self._idle.popleft()[1])
        return outworn
