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
from .places import Destination, destination_of, moved, onward, proxy_of
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
            return self._followed(destination_of(request.url), request, deadline)
        except (*FAILURES, httpx.InvalidURL) as exc:
            error = translated(exc, request.url, request.operation)
        raise error  # out here, or the original would be its context, and its request holds the token

    @contextmanager
    def stream(self, request: Request, *, silence: float) -> Iterator[Stream]:
        """See `StreamClient.stream`."""
        to = destination_of(request.url)
        place = self._resolved(to)
        sent = self._made(to, place, to.target(request.params), request, request.deadline or Deadline(self._clock))
        sent.extensions["timeout"]["read"] = silence
        with self._to(to, place, request).one() as line:
            answer = _opened(line, sent, request)
            try:
                headers = _checked(answer, request, origin=to.origin)
                pieces = _pieces(answer, request, origin=to.origin, cap=self._policy.response_cap)
                url = f"{to.origin}{to.path}"
                yield Stream(answer.status, headers, request.method, url, pieces, partial(_cut, answer))
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

    def _followed(self, to: Destination, asked: Request, deadline: Deadline) -> Response:
        """Return the answer at the end of the redirects."""
        target = to.target(asked.params)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._exchange(to, target, asked, deadline)
            elsewhere = onward(response, to, asked)
            if elsewhere is None:
                return response
            to, target = elsewhere, elsewhere.url.raw_path
        raise WrongEndpoint(to.origin, asked.operation, "its redirects do not end")

    def _exchange(self, to: Destination, target: bytes, asked: Request, deadline: Deadline) -> Response:
        if not deadline.remaining():
            raise DeadlineExceeded(f"{asked.operation} at {to.origin}: the time was over before it was asked")
        place = self._resolved(to)
        sent = self._made(to, place, target, asked, deadline)
        with self._to(to, place, asked).one() as line:
            answer = line.handle_request(sent)
            try:
                headers = _checked(answer, asked, origin=to.origin)
                body = self._body(answer, asked, deadline, origin=to.origin)
            finally:
                answer.close()
        return Response(answer.status, headers, body, asked.method, f"{to.origin}{to.path}")

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

    def _made(
        self, to: Destination, place: Destination, target: bytes, asked: Request, deadline: Deadline
    ) -> httpcore.Request:
        """Return the request, with its time-outs, and sent to a place that may be another one."""
        body = content(asked) or b""
        headers = self._headers(to, asked)
        if body or asked.method in _WRITES:
            headers[b"content-length"] = b"%d" % len(body)
        connect, read = deadline.within(self._policy.connect_timeout), deadline.within(self._policy.read_timeout)
        extensions: dict[str, Any] = {"timeout": {"connect": connect, "read": read, "write": read, "pool": connect}}
        if place is not to:  # only the connection goes elsewhere; the certificate is to be that of the name
            extensions["sni_hostname"] = to.url.host
        url = httpcore.URL(scheme=place.raw.scheme, host=place.raw.host, port=place.raw.port, target=target)
        made = httpcore.Request(asked.method, url, content=body or (), extensions=extensions)
        made.headers = [*headers.items()]  # given above, the type of each would be looked at, which takes its time
        return made

    def _headers(self, to: Destination, asked: Request) -> dict[bytes, bytes]:
        sent = {b"host": to.host, b"accept": b"application/json"}
        sent |= {name.lower().encode("ascii"): value.encode() for name, value in asked.headers.items()}
        sent[b"user-agent"] = self._policy.user_agent.encode("ascii")
        # Uncompressed: a few bytes of gzip can unpack to more than the cap before anybody counts them.
        sent[b"accept-encoding"] = b"identity"
        if asked.json is not None:
            sent[b"content-type"] = b"application/json"
        elif asked.form is not None:
            sent[b"content-type"] = b"application/x-www-form-urlencoded; charset=utf-8"
        if asked.token is not None:
            sent[b"authorization"] = _bearer(asked.token, origin=to.origin, operation=asked.operation)
        return sent

    def _resolved(self, to: Destination) -> Destination:
        address = self._resolve.get(to.address)
        return to if address is None else moved(to, address)

    # -- connections

    def _to(self, to: Destination, place: Destination, asked: Request) -> Connections:
        key = to.origin, asked.trust, place.address
        with self._lock:  # nothing under it touches the network
            connections = self._connections.get(key)
            if connections is None:
                connections = self._connections[key] = self._none_yet(to, place, asked)
        return connections

    def _none_yet(self, to: Destination, place: Destination, asked: Request) -> Connections:
        if to.url.scheme not in _SCHEMES:
            raise translated(httpcore.UnsupportedProtocol(), asked.url, asked.operation)
        context = self._context(to, asked)
        proxy = proxy_of(to) if place is to else None
        # The caller limits what is in flight; a second limit here could only make requests fail.
        make = partial(_through, proxy, context) if proxy else partial(Direct, partial(_connection, place, context))
        return Connections(make, clock=self._clock, keep=_KEEP_SECONDS, most=self._policy.in_flight)

    def _context(self, to: Destination, asked: Request) -> ssl.SSLContext | None:
        """Return what to trust; made when first needed, because reading the system's roots takes tens of ms."""
        if to.url.scheme != "https":
            return None
        if asked.trust not in self._contexts:
            self._contexts[asked.trust] = self._trusting(to, asked)
        return self._contexts[asked.trust]

    def _trusting(self, to: Destination, asked: Request) -> ssl.SSLContext:
        if not asked.trust:
            return httpx.create_ssl_context()
        bundle = self._bundles.get(asked.trust)
        if bundle is None:
            raise TLSError(to.origin, asked.operation, "the CA bundle to trust is not at hand")
        try:
            return ssl.create_default_context(cadata=bundle.decode("ascii"))
        except (ssl.SSLError, ValueError):
            pass  # raised anew below, because the original may quote the bundle
        raise TLSError(to.origin, asked.operation, "the CA bundle holds no certificate in PEM")


def _connection(place: Destination, context: ssl.SSLContext | None) -> httpcore.HTTPConnection:
    return httpcore.HTTPConnection(place.raw.origin, ssl_context=context, keepalive_expiry=_KEEP_SECONDS)


def _through(proxy: str, context: ssl.SSLContext | None) -> httpcore.HTTPProxy:
    """Return a line to whatever lies behind a proxy, whose URL may hold a user and a password."""
    named = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(
        Destination.of(named.url).raw,
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


def _pieces(answer: httpcore.Response, asked: Request, *, origin: str, cap: int) -> Iterator[bytes]:
    """Yield what comes; of an answer that is no success, no more than the cap."""
    size, refused = 0, answer.status not in _SUCCESS
    try:
        for piece in answer.iter_stream():
            size += len(piece)
            if refused and size > cap:
                raise WrongEndpoint(origin, asked.operation, "its answer is too large")
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


def _bearer(token: SecretValue, *, origin: str, operation: str) -> bytes:
    raw = token.reveal()
    # Checked here, because the parser below would quote the header in its complaint.
    if not _PRINTABLE.fullmatch(raw):
        raise AuthenticationFailed(origin, operation, "authentication failed: the token does not fit into a header")
    return b"Bearer " + raw
