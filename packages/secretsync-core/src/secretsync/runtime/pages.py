"""What a kubelet and a scraper ask: small pages over plain HTTP, IPv4 and IPv6 (kmssecret §8.4)."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, Self

from attrs import frozen

from ..errors import InvalidInput

_log = logging.getLogger("secretsync.runtime")

_TEXT: Final = "text/plain; charset=utf-8"
_SILENCE: Final = 10.0
"""Seconds a client may take for its request."""
_POLL: Final = 0.05
_PORTS: Final = range(1 << 16)

Check = Callable[[], tuple[bool, str]]
"""Whether all is well, and what there is to say about it."""


@frozen
class Page:
    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = _TEXT


Route = Callable[[], Page]


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
        routes: A page for each path; called at each request, from several threads.
        flag: Where the address comes from, for the error.

    Raises:
        InvalidInput: The address cannot be used.
    """

    def __init__(self, address: str, routes: Mapping[str, Route], *, flag: str) -> None:
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket, routes: Mapping[str, Route]) -> None:
        # Bound by `_listen`: binding in the base class knows one family only, and looks its own name up.
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.routes = routes

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class's name
        _log.debug("a client of a probe or of the metrics went away")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SILENCE
    server: _Server

    def do_GET(self) -> None:
        page = self._answer(self.path.partition("?")[0])
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def _answer(self, path: str) -> Page:
        route = self.server.routes.get(path)
        if route is None:
            return Page(b"not found\n", HTTPStatus.NOT_FOUND)
        try:
            return route()
        except Exception as error:  # noqa: BLE001 - a failed check is an answer too: the kubelet must get one
            _log.exception("the page %s failed", path)
            return Page(f"failed: {type(error).__name__}\n".encode(), HTTPStatus.INTERNAL_SERVER_ERROR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        _log.debug(format, *args)
