"""Sends requests over httpcore's connections.

They lie below `httpx.Client`, because a client does things that a reader of secrets must not do: it keeps cookies of one
identity for the next, logs whole URLs, and is easily told to follow redirects. They lie below httpx's transports, too,
whose requests and answers cost as much again as the exchange. What is left to do here is small: headers, time-outs, a
cap, redirects inside one origin, and errors of our own.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import Any, Final

import httpcore
import httpx

from ..client_policy import ClientPolicy
from ..clock import Clock, Deadline
from ..errors import AuthenticationFailed, DeadlineExceeded, TLSError, Unavailable, WrongEndpoint
from ..values import SecretValue
from .connections import Connections, Direct, Line
from .exchange import Address, Request, Response, Stream, content
from .places import address_of, moved, onward, origin_of, path_of, proxy_of, target_of, url_of
from .trouble import FAILURES, translated

_MAX_REDIRECTS: Final = 5
_SUCCESS: Final = range(200, 300)
_SCHEMES: Final = frozenset({"http", "https"})
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
"""Say how long their body is though they have none."""
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
        self._connections: dict[tuple[str, str, Address | None], Connections] = {}

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`."""
        deadline = request.deadline or Deadline(self._clock)
        try:
            return self._followed(url_of(request.url), request, deadline)
        except (*FAILURES, httpx.InvalidURL) as exc:
            error = translated(exc, request.url, request.operation)
        raise error  # out here, or the original would be its context, and its request holds the token

    @contextmanager
    def stream(self, request: Request, *, silence: float) -> Iterator[Stream]:
        """See `StreamClient.stream`."""
        url = url_of(request.url)
        deadline = request.deadline or Deadline(self._clock)
        sent = self._made(url, target_of(url, request.params), request, deadline)
        sent.extensions["timeout"]["read"] = silence
        with self._to(url, request).one() as line:
            answer = _opened(line, sent, request)
            try:
                headers = _checked(answer, request, origin=origin_of(url))
                pieces = _pieces(answer, request, cap=self._policy.response_cap)
                place = f"{origin_of(url)}{path_of(url)}"
                yield Stream(answer.status, headers, request.method, place, pieces, partial(_cut, answer))
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
            response = self._exchange(url, target, asked, deadline)
            elsewhere = onward(response, url, asked)
            if elsewhere is None:
                return response
            url, target = elsewhere, elsewhere.raw_path
        raise WrongEndpoint(origin_of(url), asked.operation, "its redirects do not end")

    def _exchange(self, url: httpx.URL, target: bytes, asked: Request, deadline: Deadline) -> Response:
        origin = origin_of(url)
        if not deadline.remaining():
            raise DeadlineExceeded(f"{asked.operation} at {origin}: the time was over before it was asked")
        sent = self._made(url, target, asked, deadline)
        with self._to(url, asked).one() as line:
            answer = line.handle_request(sent)
            try:
                headers = _checked(answer, asked, origin=origin)
                body = self._body(answer, asked, deadline, origin=origin)
            finally:
                answer.close()
        return Response(answer.status, headers, body, asked.method, f"{origin}{path_of(url)}")

    def _body(self, answer: httpcore.Response, asked: Request, deadline: Deadline, *, origin: str) -> bytes:
        body = bytearray()
        for piece in answer.iter_stream():
            body += piece
            if len(body) > self._policy.response_cap:
                detail = f"its answer is larger than {self._policy.response_cap} bytes"
                raise WrongEndpoint(origin, asked.operation, detail)
            if not deadline.remaining():
                raise Unavailable(origin, asked.operation, "its answer did not end in time")
        return bytes(body)

    def _made(self, url: httpx.URL, target: bytes, asked: Request, deadline: Deadline) -> httpcore.Request:
        """Return the request, with its time-outs, and sent to where `resolve` says."""
        body = content(asked) or b""
        headers = self._headers(url, asked)
        if body or asked.method in _WRITES:
            headers["content-length"] = str(len(body))
        connect, read = deadline.within(self._policy.connect_timeout), deadline.within(self._policy.read_timeout)
        place = self._resolved(url)
        extensions: dict[str, Any] = {"timeout": {"connect": connect, "read": read, "write": read, "pool": connect}}
        if place is not url:  # only the connection goes elsewhere; the certificate is to be that of the name
            extensions["sni_hostname"] = url.host
        return httpcore.Request(
            asked.method, _raw(place, target), headers=[*headers.items()], content=body, extensions=extensions
        )

    def _headers(self, url: httpx.URL, asked: Request) -> dict[str, str]:
        sent = {"host": url.netloc.decode("ascii"), "accept": "application/json"}
        sent |= {name.lower(): value for name, value in asked.headers.items()}
        sent["user-agent"] = self._policy.user_agent
        # Uncompressed: a few bytes of gzip can unpack to more than the cap before anybody counts them.
        sent["accept-encoding"] = "identity"
        if asked.json is not None:
            sent["content-type"] = "application/json"
        elif asked.form is not None:
            sent["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        if asked.token is not None:
            sent["authorization"] = _bearer(asked.token, origin=origin_of(url), operation=asked.operation)
        return sent

    def _resolved(self, url: httpx.URL) -> httpx.URL:
        address = self._resolve.get(address_of(url))
        return url if address is None else moved(url, address)

    # -- connections

    def _to(self, url: httpx.URL, asked: Request) -> Connections:
        key = origin_of(url), asked.trust, self._resolve.get(address_of(url))
        with self._lock:  # nothing under it touches the network
            connections = self._connections.get(key)
            if connections is None:
                connections = self._connections[key] = self._none_yet(url, asked)
        return connections

    def _none_yet(self, url: httpx.URL, asked: Request) -> Connections:
        if url.scheme not in _SCHEMES:
            raise translated(httpcore.UnsupportedProtocol(), asked.url, asked.operation)
        place, context = self._resolved(url), self._context(url, asked)
        proxy = proxy_of(url) if place is url else None
        # The caller limits what is in flight; a second limit here could only make requests fail.
        make = partial(_through, proxy, context) if proxy else partial(Direct, partial(_connection, place, context))
        return Connections(make, clock=self._clock, keep=_KEEP_SECONDS, most=self._policy.in_flight)

    def _context(self, url: httpx.URL, asked: Request) -> ssl.SSLContext | None:
        """Return what to trust; made when first needed, because reading the system's roots takes tens of ms."""
        if url.scheme != "https":
            return None
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


def _raw(url: httpx.URL, target: bytes) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=target)


def _connection(place: httpx.URL, context: ssl.SSLContext | None) -> httpcore.HTTPConnection:
    return httpcore.HTTPConnection(_raw(place, b"/").origin, ssl_context=context, keepalive_expiry=_KEEP_SECONDS)


def _through(proxy: str, context: ssl.SSLContext | None) -> httpcore.HTTPProxy:
    """Return a line to whatever lies behind a proxy, whose URL may hold a user and a password."""
    named = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(
        _raw(named.url, b"/"),
        proxy_auth=named.raw_auth,
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=1,
        keepalive_expiry=_KEEP_SECONDS,
    )


def _opened(line: Line, sent: httpcore.Request, asked: Request) -> httpcore.Response:
    try:
        return line.handle_request(sent)
    except FAILURES as exc:
        error = translated(exc, asked.url, asked.operation)
    raise error  # out here, as in `send`


def _checked(answer: httpcore.Response, asked: Request, *, origin: str) -> dict[str, str]:
    """Return the headers of an answer that is not compressed: one piece of that may unpack to more than memory holds."""
    headers: dict[str, str] = {}
    for raw, value in answer.headers:
        name, text = raw.decode("ascii").lower(), _text(value)
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise WrongEndpoint(origin, asked.operation, "its answer is compressed, which was not asked for")
    return headers


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")  # which is what HTTP once said that headers are


def _pieces(answer: httpcore.Response, asked: Request, *, cap: int) -> Iterator[bytes]:
    """Yield what comes; of an answer that is no success, no more than the cap."""
    size, refused = 0, answer.status not in _SUCCESS
    try:
        for piece in answer.iter_stream():
            size += len(piece)
            if refused and size > cap:
                raise WrongEndpoint(origin_of(httpx.URL(asked.url)), asked.operation, "its answer is too large")
            yield piece
    except FAILURES as exc:
        error = translated(exc, asked.url, asked.operation)
    else:
        return
    raise error


def _cut(answer: httpcore.Response) -> None:
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
