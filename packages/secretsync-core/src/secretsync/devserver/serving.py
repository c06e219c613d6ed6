"""uvicorn, made quiet and able to break connections on purpose. The only module that imports uvicorn."""

from __future__ import annotations

import asyncio
import socket
import struct
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from threading import Event
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..classes import frozen
from ..runtime.travel import Travel
from ..values import SecretValue
from .api import routes
from .control import control_routes
from .entropy import Entropy
from .faults import Faults, Journal
from .gate import CONNECTION, App, Gate, Receive, Scope, Send, parameters
from .metadata.services import routes as cloud_services
from .model import KMS
from .routing import Call, Router
from .streaming import stream

_AUTH: Final = "/api/v1/auth/"
_KEEP_ALIVE: Final = 5
_PATIENCE: Final = 2
"""Seconds for requests under way at a stop; what waits on purpose is ended by the gate before."""

_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, 0 seconds. A close then sends RST instead of FIN."""


def gated(
    kms: KMS, *, clock: Travel, faults: Faults, journal: Journal, entropy: Entropy, control_token: SecretValue | None
) -> Gate:
    """Return the whole application: gate, API, and the control API if there is a token for it."""
    control = (
        control_routes(kms, clock=clock, faults=faults, journal=journal, token=control_token) if control_token else ()
    )
    router = Router([*control, *routes(kms)], entropy=entropy)
    return Gate(application(router, kms), faults=faults, journal=journal)


def gated_clouds(kms: KMS, *, entropy: Entropy) -> Gate:
    """Return the services of the clouds; they know no faults, and nobody reads their journal."""
    means = kms.means
    served = cloud_services(means.clouds, clock=means.clock, authority=means.authority, entropy=entropy)
    return Gate(application(Router(served, entropy=entropy), kms), faults=Faults(), journal=Journal())


def application(router: Router, kms: KMS) -> App:
    """Return the ASGI application that answers as the router does, with what time it is."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        query = dict(parameters(scope["query_string"]))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        address = (scope.get("client") or ("",))[0]
        call = Call(scope["method"], scope["path"], query, headers, await _body(receive), address=address)
        # A login may ask another server who somebody is; everything else is answered from memory.
        reply = await asyncio.to_thread(router.answer, call) if call.path.startswith(_AUTH) else router.answer(call)
        if reply.stream is not None:
            await stream(kms.feed, reply.stream, scope, receive, send)
            return
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        sent.append((b"content-length", str(len(reply.body)).encode()))
        sent.append((b"date", _date(kms.now().replace(microsecond=0))))
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": reply.body})

    return answer


@lru_cache(maxsize=1)
def _date(now: datetime) -> bytes:
    return format_datetime(now, usegmt=True).encode()


async def _body(receive: Receive) -> bytes:
    """Return the request's body; what a client that goes in the middle of it has sent."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


class Serving(uvicorn.Server):
    """One run of the server; `ready` is set once it accepts."""

    def __init__(self, gate: Gate, *, backlog: int) -> None:
        self.ready: Event = Event()
        self._gate = gate
        super().__init__(
            uvicorn.Config(
                gate,
                http=_Breakable,
                loop="asyncio",
                ws="none",
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                date_header=False,  # its time is the machine's; ours may have travelled
                backlog=backlog,
                log_config=None,
                access_log=False,  # its lines hold whole queries
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_PATIENCE,
            )
        )

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.ready.set()  # whoever waits for a start that failed must not wait for ever

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gate.close()
        await super().shutdown(sockets)


@frozen
class _TCPConnection:
    transport: asyncio.Transport

    def reset(self) -> None:
        if self.transport.is_closing():
            return
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def close(self) -> None:
        self.transport.close()


class _Breakable(H11Protocol):
    """Hands each request its connection, because ASGI has no word for a broken one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        app, connection = self.app, _TCPConnection(transport)

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "extensions": {CONNECTION: connection}}, receive, send)

        self.app = with_connection
