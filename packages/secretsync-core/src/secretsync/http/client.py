"""Sends requests over httpx's transports.

They lie one layer below `httpx.Client`, because a client does things that a reader of secrets must not do: it keeps
cookies of one identity for the next, logs whole URLs, and is easily told to follow redirects. What is left to do here
is small: time-outs, a cap, redirects inside one origin, and errors of our own.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import Final

import httpx

from ..client_policy import ClientPolicy
from ..clock import Clock, Deadline
from ..errors import AuthenticationFailed, DeadlineExceeded, TLSError, Unavailable, WrongEndpoint
from ..values import SecretValue
from .connections import Connections
from .exchange import Address, Request, Response, Stream, content
from .places import address_of, moved, onward, origin_of, path_of, proxy_of, target_of, url_of
from .trouble import translated

_MAX_REDIRECTS: Final = 5
_PRINTABLE: Final = re.compile(rb"[!-~]+")
_KEEP_SECONDS: Final = 4.0
"""Shorter than the five seconds after which Node closes an idle connection, so that no request meets it closing."""


class Http:
    """Sends requests and keeps connections open, apart for every origin and trust. Safe to call from several threads.

    Nothing is tried twice: how often and when to try again is the caller's decision.
    """

    def __init__(
        self,
        policy: ClientPolicy,
        clock: Clock,
        *,
        resolve: Mapping[Address, Address] | None = None,
        bundles: Mapping[str, bytes] | None = None,
    ) -> None:
        """Make a client without connecting anywhere.

        Args:
            policy: Time-outs, cap and name.
            clock: For the default deadline only; a deadline brings its own.
            resolve: Where to connect instead, by the host and port of the URL. The name in the request and in the
                certificate check stays that of the URL, and no proxy is used.
            bundles: CA certificates in PEM by the digest that `Identity.trust` carries; looked up when a trust is
                first used, so that a live mapping may grow.
        """
        self._policy = policy
        self._clock = clock
        self._resolve = {} if resolve is None else resolve
        self._bundles = {} if bundles is None else bundles
        self._lock = Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._connections: dict[tuple[str, str], Connections] = {}

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`."""
        deadline = request.deadline or Deadline(self._clock)
        try:
            return self._followed(url_of(request.url), request, deadline)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            error = translated(exc, request.url, request.operation)
        raise error  # out here, or the original would be its context, and its request holds the token

    @contextmanager
    def stream(self, request: Request, *, silence: float) -> Iterator[Stream]:
        """See `StreamClient.stream`."""
        url = url_of(request.url)
        sent = self._made(url, target_of(url, request.params), request)
        sent = self._addressed(sent, request.deadline or Deadline(self._clock))
        sent.extensions["timeout"]["read"] = silence
        with self._to(url, request).one() as transport:
            answer = _opened(transport, sent, request)
            try:
                headers = _checked(answer, request, origin=origin_of(url))
                pieces = _pieces(answer, request, cap=self._policy.response_cap)
                place = f"{origin_of(url)}{path_of(url)}"
                yield Stream(answer.status_code, headers, request.method, place, pieces, partial(_cut, answer))
            finally:
                answer.close()

    def close(self) -> None:
        """Give all connections back. A later request opens new ones."""
        with self._lock:
            kept = list(self._connections.values())
            self._connections.clear()
            self._contexts.clear()
        for connections in kept:
            connections.close()

    # -- one exchange

    def _followed(self, url: httpx.URL, asked: Request, deadline: Deadline) -> Response:
        """Return the answer at the end of the redirects."""
        target = target_of(url, asked.params)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._exchange(self._made(url, target, asked), asked, deadline)
            elsewhere = onward(response, url, asked)
            if elsewhere is None:
                return response
            url, target = elsewhere, elsewhere.raw_path
        raise WrongEndpoint(origin_of(url), asked.operation, "its redirects do not end")

    def _made(self, url: httpx.URL, target: bytes, asked: Request) -> httpx.Request:
        headers, extensions = self._headers(asked, origin=origin_of(url)), {"target": target}
        return httpx.Request(asked.method, url, headers=headers, content=content(asked), extensions=extensions)

    def _exchange(self, request: httpx.Request, asked: Request, deadline: Deadline) -> Response:
        url, origin = request.url, origin_of(request.url)
        if not deadline.remaining():
            raise DeadlineExceeded(f"{asked.operation} at {origin}: the time was over before it was asked")
        with self._to(url, asked).one() as transport:
            answer = transport.handle_request(self._addressed(request, deadline))
            try:
                headers = _checked(answer, asked, origin=origin)
                body = self._body(answer, asked, deadline, origin=origin)
            finally:
                answer.close()
        return Response(answer.status_code, headers, body, asked.method, f"{origin}{path_of(url)}")

    def _body(self, response: httpx.Response, asked: Request, deadline: Deadline, *, origin: str) -> bytes:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._policy.response_cap:
                detail = f"its answer is larger than {self._policy.response_cap} bytes"
                raise WrongEndpoint(origin, asked.operation, detail)
            if not deadline.remaining():
                raise Unavailable(origin, asked.operation, "its answer did not end in time")
        return bytes(body)

    def _headers(self, asked: Request, *, origin: str) -> dict[str, str]:
        sent = {"accept": "application/json"} | {name.lower(): value for name, value in asked.headers.items()}
        sent["user-agent"] = self._policy.user_agent
        # Uncompressed: a few bytes of gzip can unpack to more than the cap before anybody counts them.
        sent["accept-encoding"] = "identity"
        if asked.json is not None:
            sent["content-type"] = "application/json"
        elif asked.form is not None:
            sent["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        if asked.token is not None:
            sent["authorization"] = _bearer(asked.token, origin=origin, operation=asked.operation)
        return sent

    def _addressed(self, request: httpx.Request, deadline: Deadline) -> httpx.Request:
        """Return the request with its time-outs, and sent to where `resolve` says."""
        connect, read = deadline.within(self._policy.connect_timeout), deadline.within(self._policy.read_timeout)
        request.extensions["timeout"] = {"connect": connect, "read": read, "write": read, "pool": connect}
        address = self._resolve.get(address_of(request.url))
        if address is not None:
            # The Host header was made from the original URL; only the connection goes elsewhere.
            request.extensions["sni_hostname"] = request.url.host
            request.url = moved(request.url, address)
        return request

    # -- connections

    def _to(self, url: httpx.URL, asked: Request) -> Connections:
        key = origin_of(url), asked.trust
        with self._lock:  # nothing under it touches the network
            connections = self._connections.get(key)
            if connections is None:
                connections = self._connections[key] = self._none_yet(url, asked)
        return connections

    def _none_yet(self, url: httpx.URL, asked: Request) -> Connections:
        proxy = None if address_of(url) in self._resolve else proxy_of(url)
        make = partial(
            _Forwarded if proxy and url.scheme == "http" else httpx.HTTPTransport,
            verify=self._context(url, asked),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=1, keepalive_expiry=_KEEP_SECONDS),
            proxy=proxy,
            trust_env=False,
        )
        # The caller limits what is in flight; a second limit here could only make requests fail.
        return Connections(make, clock=self._clock, keep=_KEEP_SECONDS, most=self._policy.in_flight)

    def _context(self, url: httpx.URL, asked: Request) -> ssl.SSLContext:
        """Return what to trust; made when first needed, because reading the system's roots takes tens of ms."""
        if url.scheme != "https":
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and costs nothing
        if asked.trust not in self._contexts:
            self._contexts[asked.trust] = self._trusting(url, asked)
        return self._contexts[asked.trust]

    def _trusting(self, url: httpx.URL, asked: Request) -> ssl.SSLContext:
        if not asked.trust:
            return httpx.create_ssl_context()
        bundle = self._bundles.get(asked.trust)
        if bundle is None:
            raise TLSError(origin_of(url), asked.operation, "the CA bundle to trust is not at hand")
        try:
            return ssl.create_default_context(cadata=bundle.decode("ascii"))
        except (ssl.SSLError, ValueError):
            pass  # raised anew below, because the original may quote the bundle
        raise TLSError(origin_of(url), asked.operation, "the CA bundle holds no certificate in PEM")


class _Forwarded(httpx.HTTPTransport):
    """To a proxy that reads what it passes on: it is asked for the whole URL."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["target"] = origin_of(request.url).encode("ascii") + request.extensions["target"]
        return super().handle_request(request)


def _opened(transport: httpx.HTTPTransport, sent: httpx.Request, asked: Request) -> httpx.Response:
    try:
        return transport.handle_request(sent)
    except httpx.HTTPError as exc:
        error = translated(exc, asked.url, asked.operation)
    raise error  # out here, as in `send`


def _checked(response: httpx.Response, asked: Request, *, origin: str) -> dict[str, str]:
    """Return the headers of an answer that is not compressed: one piece of that may unpack to more than memory holds."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise WrongEndpoint(origin, asked.operation, "its answer is compressed, which was not asked for")
    return headers


def _pieces(answer: httpx.Response, asked: Request, *, cap: int) -> Iterator[bytes]:
    """Yield what comes; of an answer that is no success, no more than the cap."""
    size, refused = 0, not answer.is_success
    try:
        for piece in answer.iter_bytes():
            size += len(piece)
            if refused and size > cap:
                raise WrongEndpoint(origin_of(httpx.URL(asked.url)), asked.operation, "its answer is too large")
            yield piece
    except httpx.HTTPError as exc:
        error = translated(exc, asked.url, asked.operation)
    else:
        return
    raise error


def _cut(answer: httpx.Response) -> None:
    """End a stream under whoever reads it: closing alone would leave them waiting."""
    with suppress(OSError):  # it has ended by itself
        # Of the plain socket's class: that of TLS would take its state from under the reader first.
        socket.socket.shutdown(answer.extensions["network_stream"].get_extra_info("socket"), socket.SHUT_RDWR)


def _bearer(token: SecretValue, *, origin: str, operation: str) -> str:
    raw = token.reveal()
    # Checked here, because the parser below would quote the header in its complaint.
    if not _PRINTABLE.fullmatch(raw):
        raise AuthenticationFailed(origin, operation, "authentication failed: the token does not fit into a header")
    return f"Bearer {token.text()}"
