"""Between the operator and the API server: no write without the Lease, and whether the Lease can be asked about."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from secretsync.clock import Clock
from secretsync.errors import BackendError, Unavailable

from ..cluster.transport import API, JSON, TIMEOUT, ApiError, Body, Json, Stream, Transport

_log = logging.getLogger("secretsync.operator")

_READ: Final = "GET"


@frozen
class Fenced:
    """A transport that sends a write only if `leading` says so at that moment.

    All that an operator writes goes through one: Secrets, statuses, events, finalizers, the install key. So a process
    that was paused finds out before it writes, whatever part of it was about to. Thread-safe.
    """

    transport: Transport
    leading: Callable[[], bool]

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
        if method != _READ and not self.leading():
            raise Unavailable(API, f"{method} {path}", "not sent: the lease is not ours any more")
        return self.transport.request(
            method, path, query=query, body=body, content_type=content_type, accept=accept, timeout=timeout
        )

    def stream(self, path: str, *, query: Mapping[str, str], accept: str = JSON, timeout: float) -> Stream:
        """See `Transport.stream`."""
        return self.transport.stream(path, query=query, accept=accept, timeout=timeout)


class Monitored:
    """A transport that remembers whether the API server answers. Thread-safe: one thread asks, any may look.

    Attributes:
        heard: It answered at least once.
        failing_since: Since when (on the monotonic clock) no request succeeds; None while they do.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self.heard = False
        self.failing_since: float | None = None
        self._transport = transport
        self._clock = clock

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
        """See `Transport.request`. That something is not there, or was written by another, is an answer too."""
        try:
            answer = self._transport.request(
                method, path, query=query, body=body, content_type=content_type, accept=accept, timeout=timeout
            )
        except ApiError:
            self._answered()
            raise
        except BackendError as error:
            self._failed(error)
            raise
        self._answered()
        return answer

    def stream(self, path: str, *, query: Mapping[str, str], accept: str = JSON, timeout: float) -> Stream:
        """See `Transport.stream`."""
        return self._transport.stream(path, query=query, accept=accept, timeout=timeout)

    def _answered(self) -> None:
        self.heard = True
        if self.failing_since is not None:
            self.failing_since = None
            _log.info("the API server answers about the lease again")

    def _failed(self, error: BackendError) -> None:
        if self.failing_since is None:
            self.failing_since = self._clock.monotonic()
            _log.warning("waiting for the API server: %s", error)
