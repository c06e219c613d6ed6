"""Connections that are kept open for the next request; the one that was used last is used first.

httpx would keep them in one pool, and looks at every idle one of it, by a system call, when a request begins and again
when it ends. With sixteen of them that takes as long as a third of the request, so here each transport has one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import final

import httpx

from ..clock import Clock


@final
class Connections:
    """To one origin. Safe to call from several threads.

    Args:
        make: Returns a transport, which keeps at most one connection; touches no network.
        clock: Tells how long one was not used.
        keep: Seconds after which one that is not used is closed, when the next request ends.
        most: How many are kept that are not used.
    """

    def __init__(self, make: Callable[[], httpx.HTTPTransport], *, clock: Clock, keep: float, most: int) -> None:
        self._make = make
        self._clock = clock
        self._keep = keep
        self._most = most
        self._lock = Lock()
        self._closed = False
        self._idle: deque[tuple[float, httpx.HTTPTransport]] = deque()
        """With the time since when, the longest first."""

    @contextmanager
    def one(self) -> Iterator[httpx.HTTPTransport]:
        """Lend a transport for one exchange."""
        with self._lock:
            transport = self._idle.pop()[1] if self._idle else self._make()
        try:
            yield transport
        finally:
            self._take_back(transport)

    def close(self) -> None:
        """Close what is not used now, and the others when they come back."""
        with self._lock:
            self._closed = True
            outworn = self._outworn(0.0)
        for transport in outworn:
            transport.close()

    def _take_back(self, transport: httpx.HTTPTransport) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._idle.append((now, transport))
            outworn = self._outworn(now)
        for each in outworn:
            each.close()

    def _outworn(self, now: float) -> list[httpx.HTTPTransport]:
        """Take out what is not to be kept."""
        outworn = []
        while self._idle and (self._closed or len(self._idle) > self._most or self._idle[0][0] + self._keep <= now):
            outworn.append(self._idle.popleft()[1])
        return outworn
