"""Between the operator and the API server: no write without the Lease, and none that is waited for past its gap.

A write is sent only while this process leads, but it may take effect later: behind a slow admission webhook, or in a
network that holds it back. So it is given up, and its connection reset, before another process may have taken over.
A leader that renews has most of its time left, hence a write more time than webhooks are usually given (10 s); only one
that is in doubt waits less. What arrives still later, out of the hands of this machine, meets the version it was
decided on: each change of a Secret names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from secretsync.classes import frozen
from secretsync.errors import Unavailable

from ..cluster.lease import LAST_REQUEST
from ..cluster.transport import API, JSON, TIMEOUT, Body, Json, Stream, Transport

_READ: Final = "GET"


@frozen
class Fenced:
    """A transport that sends a write only while this process leads, and waits for it no longer than is safe.

    All that an operator writes goes through one: Secrets, statuses, events, finalizers, the install key. So a process
    that was paused finds out before it writes, whatever part of it was about to. Thread-safe.

    Attributes:
        remaining: Returns the seconds for which this process surely leads, 0.0 if it does not; asked at each write.
    """

    transport: Transport
    remaining: Callable[[], float]

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Body | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = TIMEOUT,
    ) -> Json:
        """See `Transport.request`.

        Raises:
            Unavailable: It is a write, and another process may lead by now.
        """
        if method != _READ:
            timeout = min(timeout, self._patience(f"{method} {path}"))
        return self.transport.request(
            method, path, query=query, body=body, content_type=content_type, accept=accept, timeout=timeout
        )

    def stream(self, path: str, *, query: Mapping[str, str], accept: str = JSON, timeout: float) -> Stream:
        """See `Transport.stream`."""
        return self.transport.stream(path, query=query, accept=accept, timeout=timeout)

    def _patience(self, operation: str) -> float:
        remaining = self.remaining()
        if remaining <= 0.0:
            raise Unavailable(API, operation, "not sent: the lease is not ours any more")
        return remaining + LAST_REQUEST
