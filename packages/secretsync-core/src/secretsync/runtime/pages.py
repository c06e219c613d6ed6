"""What a kubelet, a scraper and a KMS that tells of changes ask: small pages over plain HTTP, IPv4 and IPv6.

See kmssecret §8.4 and kms-api §11.2.
"""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import Any, Final, Self

from attrs import field

from ..classes import frozen
from ..errors import InvalidInput

_log = logging.getLogger("secretsync.runtime")

_TEXT: Final = "text/plain; charset=utf-8"
_SILENCE: Final = 10.0
"""Seconds a client may take for its request."""
_POLL: Final = 0.05
_PORTS: Final = range(1 << 16)
_MOST_CONNECTIONS: Final = 64
"""Each has a thread of its own; more are closed unheard."""

Check = Callable[[], tuple[bool, str]]
"""Whether all is well, and what there is to say about it."""


@frozen
class Page:
    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = _TEXT


Route = Callable[[], Page]


@frozen
class Posted:
    """What somebody sends.

    Attributes:
        headers: By their names in lower case.
        body: None: more than the receiver takes, and not read.
    """

    headers: Mapping[str, str]
    body: bytes | None = field(repr=False)


@frozen
class Receiver:
    """Takes bodies of up to `largest` bytes; called from several threads."""

    largest: int
    take: Callable[[Posted], Page]


def probes(*, healthz: Check, readyz: Check) -> Mapping[str, Route]:
    """Return the pages `/healthz` and `/readyz`: 200 if all is well, else 503, with the check's own text."""
    return {"/healthz": _page(healthz), "/readyz": _page(readyz)}


def _page(check: Check) -> Route:
    def page() -> Page:
        ok, text = check()
        return Page(f"{text}\n".encode(), HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)

    return page


class Pages:
    """Serves pages at an address, in threads of its own, until it is closed.

        with Pages(":8081", probes(healthz=…, readyz=…), flag="--health-probe-bind-address"):
            …

    Args:
        address: `host:port` as in Go: no host means every address of both families, port 0 any free one.
        routes: A page for each path that is asked for, or who takes what is posted there; called at each request, from
            several threads.
        flag: Where the address comes from, for the error.

    Raises:
        InvalidInput: The address cannot be used.
    """

    def __init__(self, address: str, routes: Mapping[str, Route | Receiver], *, flag: str) -> None:
        self._server = _Server(_listen(address, flag), routes)
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL,), name=f"pages {address}", daemon=True)
        self._thread.start()
        _log.info("serving %s on port %d", ", ".join(routes), self.port)

    @property
    def port(self) -> int:
        return int(self._server.socket.getsockname()[1])

    def close(self) -> None:
        """Stop listening; requests under way are not waited for."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _listen(address: str, flag: str) -> socket.socket:
    host, port = _split(address, flag)
    both = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except OSError as error:
        why = _WHY.get(error.errno or 0, "this machine does not have that address")
        raise InvalidInput([f"{flag}: cannot listen on {address}: {why}; name another address with {flag}"]) from None


_WHY: Final = {
    errno.EADDRINUSE: "another process listens there",
    errno.EACCES: "ports below 1024 need a privilege",
}


def _split(address: str, flag: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) not in _PORTS:
        raise InvalidInput([f'{flag}: "{address}" is no address; write host:port or :port, such as :8081'])
    return host.removeprefix("[").removesuffix("]"), int(port)


_NOT_FOUND: Final = Page(b"not found\n", HTTPStatus.NOT_FOUND)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket, routes: Mapping[str, Route | Receiver]) -> None:
        # Bound by `_listen`: binding in the base class knows one family only, and looks its own name up.
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.routes = routes
        self._free = BoundedSemaphore(_MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class's name
        _log.debug("a client of a probe or of the metrics went away")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SILENCE
    server: _Server

    def do_GET(self) -> None:
        route = self._route
        self._send(_NOT_FOUND if route is None or isinstance(route, Receiver) else self._answer(route))

    def do_POST(self) -> None:
        self.close_connection = True  # what was not read of the body would be taken for the next request
        route = self._route
        if not isinstance(route, Receiver):
            self._send(_NOT_FOUND)
            return
        posted = Posted({name.lower(): value for name, value in self.headers.items()}, self._body(route.largest))
        self._send(self._answer(lambda: route.take(posted)))

    @property
    def _route(self) -> Route | Receiver | None:
        return self.server.routes.get(self.path.partition("?")[0])

    def _body(self, largest: int) -> bytes | None:
        """Return the body, None where its length is not told or is too much."""
        length = self.headers.get("Content-Length", "")
        return self.rfile.read(int(length)) if length.isdecimal() and int(length) <= largest else None

    def _send(self, page: Page) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(page.body)

    def _answer(self, route: Route) -> Page:
        try:
            return route()
        except Exception as error:  # noqa: BLE001 - a failed check is an answer too: the kubelet must get one
            _log.exception("the page %s failed", self.path.partition("?")[0])
            return Page(f"failed: {type(error).__name__}\n".encode(), HTTPStatus.INTERNAL_SERVER_ERROR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        _log.debug(format, *args)
