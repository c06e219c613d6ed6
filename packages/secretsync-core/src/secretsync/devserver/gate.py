"""What every request passes first: forgiving paths, faults, and the journal. Plain ASGI."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from .faults import Asked, Fault, Faults, Journal, lie, redacted, wrong_answer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONNECTION: Final = "secretsync.connection"
"""The extension of a scope under which the server puts the request's connection."""

CLOSING: Final = "secretsync.closing"
"""The extension of a scope under which answers that do not end find the event that ends them."""

CONTROL: Final = "/_emulator/"

_PIECES: Final = 10
"""In which an answer that trickles comes."""

_ROUTES: Final = (
    ("login", re.compile(r"/api/v1/auth/[^/]+/login")),
    ("renew", re.compile(r"/api/v1/auth/token/renew")),
    ("revoke", re.compile(r"/api/v1/auth/token/revoke")),
    ("list", re.compile(r"/api/v3/secrets/raw|/api/v4/secrets")),
    ("read", re.compile(r"/api/v3/secrets/raw/.+|/api/v4/secrets/.+")),
    ("slug", re.compile(r"/api/v1/projects/slug/[^/]+|/api/v2/workspace/[^/]+|/api/v1/workspace/slug/[^/]+")),
    ("events", re.compile(r"/api/v1/events/subscribe/project-events")),
    ("folders", re.compile(r"/api/v[12]/(folders|secret-imports)(/.*)?")),
    ("leases", re.compile(r"/api/v1/dynamic-secrets(/.*)?")),
    ("project", re.compile(r"/api/v1/projects/[^/]+")),
    ("status", re.compile(r"/api/status")),
)
_log = logging.getLogger("secretsync.devserver")


class Connection(Protocol):
    """How a fault ends a connection: `reset` at once, `close` when what was sent is out."""

    def reset(self) -> None: ...

    def close(self) -> None: ...


class Gate:
    """Wraps an ASGI application. Belongs to one event loop; faults and journal may be used from other threads."""

    def __init__(self, app: App, *, faults: Faults, journal: Journal) -> None:
        self._app = app
        self._faults = faults
        self._journal = journal
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        extensions = {**scope.get("extensions", {}), CLOSING: self._closing}
        scope = {**scope, "path": _lenient(scope["path"]), "extensions": extensions}
        if scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        route = route_of(scope["path"])
        number = self._journal.add(_asked(scope, route))

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._journal.answered(number, message["status"])
            await send(message)

        await self._answer(self._faults.take(route, scope["method"]), scope, receive, noting)

    def close(self) -> None:
        """End what waits, so that a stop does not wait for it."""
        self._closing.set()

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        if fault and fault.delay:
            await first(self._closing.wait(), seconds=fault.delay)
        if fault and fault.trickle:
            await self._trickle(fault, scope, receive, send)
        elif fault is None or fault.passes:
            await self._app(scope, receive, send)
        elif fault.lies:
            await self._lie(fault, scope, receive, send)
        elif fault.hang or fault.reset or fault.lost:
            await self._no_answer(fault, scope, receive)
        else:
            await _wrong_answer(fault, scope, receive, send)

    async def _trickle(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        start, raw = await self._real(scope, receive)
        await send(start)
        size = len(raw) // _PIECES + 1
        for at in range(0, len(raw), size):
            if await first(self._closing.wait(), seconds=fault.trickle):
                break
            await send({"type": "http.response.body", "body": raw[at : at + size], "more_body": at + size < len(raw)})

    async def _real(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Return the real answer, whole: how it starts, and its body."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        asked = [header for header in scope["headers"] if header[0] != b"if-none-match"]
        await self._app({**scope, "headers": asked}, receive, keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages)

    async def _lie(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        start, real = await self._real(scope, receive)
        raw = lie(fault, real)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    async def _no_answer(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        if fault.hang:
            await first(self._closing.wait(), gone(receive), seconds=None)
        if fault.lost:
            await self._real(scope, receive)
        _connection(scope).reset()
        await gone(receive)


@lru_cache(maxsize=256)
def parameters(query: bytes) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a query; kept, because clients ask the same over and over."""
    return tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def route_of(path: str) -> str:
    """Return the name of a path's route, as faults and the journal know it."""
    return next((name for name, pattern in _ROUTES if pattern.fullmatch(path)), "other")


async def _wrong_answer(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    wrong, truncated = wrong_answer(fault), fault.body == "truncated"
    length = len(wrong.body) * wrong.times * (2 if truncated else 1)
    headers = {"content-type": wrong.kind, "content-length": str(length), **wrong.headers}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": wrong.status, "headers": encoded})
    for n in range(wrong.times):
        more = truncated or n + 1 < wrong.times
        await send({"type": "http.response.body", "body": wrong.body, "more_body": more})
    if truncated:
        _connection(scope).close()
        await gone(receive)


def _connection(scope: Scope) -> Connection:
    connection: Connection = scope["extensions"][CONNECTION]
    return connection


async def first(*ends: Awaitable[object], seconds: float | None) -> bool:
    """Return True when one of these has ended, False after so many seconds; None waits for ever."""
    tasks = [asyncio.ensure_future(end) for end in ends]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    return bool(done)


async def gone(receive: Receive) -> None:
    """Return when the connection is no more; until then nothing that arrives counts."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _lenient(path: str) -> str:
    """Return the path without a trailing slash and, as badly normalised addresses make it, a second `/api`."""
    lenient = re.sub(r"^(/api)+(?=/)", "/api", path.rstrip("/") or "/")
    if path.startswith("/api/api/"):
        _log.warning("a client asks under /api/api: its address should end without /api")
    return lenient


def _asked(scope: Scope, route: str) -> Asked:
    query = redacted(parameters(scope["query_string"]))
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    return Asked(scope["method"], scope["path"], query, route, agent)
