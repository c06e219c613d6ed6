"""A `MemoryCluster` without a socket: the `Transport` of our own code, to a cluster in the same process.

    cluster = MemoryCluster()
    transport = DirectTransport(cluster)
    transport.request("GET", "/api/v1/namespaces/default/secrets/env")

What goes over the wire elsewhere is the same bytes here, made and read by the same code. No time-out takes its time:
what would hang is `Unavailable` at once, so that a test on a manual clock need not wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from secretsync.errors import Unavailable

from ..cluster.transport import API, JSON, TIMEOUT, Body, Json, refused
from .cluster import MemoryCluster
from .watch import Hung
from .wire import Call, Reply, Stream, Wire


class DirectTransport:
    """A `Transport` to a cluster in this process. Thread-safe."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self._wire: Final = Wire(cluster, token=None)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Body | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = TIMEOUT,  # noqa: ARG002 - the protocol's; see above
    ) -> Json:
        """See `Transport.request`."""
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"accept": accept, "content-type": content_type}
        reply = self._answer(f"{method} {path}", Call(method, _target(path, query), headers, raw))
        assert isinstance(reply, Reply)  # noqa: S101 - only a watch goes on
        return _answer(f"{method} {path}", reply)

    def stream(
        self,
        path: str,
        *,
        query: Mapping[str, str],
        accept: str = JSON,
        timeout: float,  # noqa: ARG002 - as above
    ) -> Events:
        """See `Transport.stream`."""
        operation = f"watch {path}"
        reply = self._answer(operation, Call("GET", _target(path, query), {"accept": accept}))
        if isinstance(reply, Stream):
            return Events(operation, reply)
        _answer(operation, reply)
        raise ValueError(f"{operation}: the query asks for no watch")

    def _answer(self, operation: str, call: Call) -> Reply | Stream:
        try:
            return self._wire.answer(call)
        except Hung:
            raise Unavailable(API, operation, "no answer in time") from None
        except ConnectionResetError:
            raise Unavailable(API, operation, "the connection broke") from None


class Events:
    """The objects of a watch; a `Stream` of the transport."""

    def __init__(self, operation: str, stream: Stream) -> None:
        self._operation = operation
        self._stream = stream

    def __iter__(self) -> Iterator[Json]:
        try:
            for lines in self._stream:
                yield from map(json.loads, lines.splitlines())
        except Hung:
            raise Unavailable(API, self._operation, "no answer in time") from None

    def poll(self) -> list[Json] | None:
        """Return the events there are now, None when the watch is over; see `Watch.poll`."""
        lines = self._stream.poll()
        return None if lines is None else [json.loads(line) for line in lines.splitlines()]

    @property
    def wake_at(self) -> float:
        """See `Watch.wake_at`."""
        return self._stream.watch.wake_at

    def close(self) -> None:
        self._stream.watch.close()


def _target(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _answer(operation: str, reply: Reply) -> Json:
    answer: Json = json.loads(reply.body.decode())
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        seconds = float(reply.headers.get("Retry-After", 0.0))
        raise refused(operation, reply.status, answer, retry_after=seconds)
    return answer
