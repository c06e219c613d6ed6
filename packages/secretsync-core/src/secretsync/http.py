"""HTTP for every backend, and the only module that imports httpx.

It works on httpx's transports, one layer below `httpx.Client`, because a client does things that a reader of secrets
must not do: it keeps cookies of one identity for the next, logs whole URLs, and is easily told to follow redirects.
What is left to do here is small: time-outs, a cap, redirects inside one origin, and errors of our own.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from threading import Lock
from typing import Final, Protocol, Union
from urllib.parse import urlencode
from urllib.request import getproxies, proxy_bypass

import httpx
from attrs import field, frozen

from .client_policy import ClientPolicy
from .clock import Clock, Deadline
from .errors import (
    AuthenticationFailed,
    BackendError,
    DeadlineExceeded,
    InvalidInput,
    TLSError,
    Unavailable,
    WrongEndpoint,
)
from .values import SecretValue

Address = tuple[str, int]
"""A host, by name or number, and a port."""

Sent = Union["str | int | bool | SecretValue | None", "Sequence[Sent]", "Mapping[str, Sent]"]
Body = Mapping[str, Sent]
"""A body to send; its secrets are revealed where it becomes bytes."""

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_READS: Final = frozenset({"GET", "HEAD"})
_MAX_REDIRECTS: Final = 5
_KEEP_SECONDS: Final = 4.0
"""Shorter than the five seconds after which Node closes an idle connection, so that no request meets it closing."""

_NEAR: Final = frozenset({"localhost", "metadata.google.internal", "fd00:ec2::254"})

_VERIFY_WORDS: Final = {
    10: "its certificate has expired",
    18: "its certificate is self-signed and not in the trusted bundle",
    19: "its certificate's authority is not in the trusted bundle",
    20: "its certificate's authority is not in the trusted bundle",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}


@frozen
class Response:
    """An answer, read to its end.

    Attributes:
        headers: By lower-case name; `header` looks any spelling up.
        method: Of the request that was answered.
        url: Of that request, without its query.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "GET"
    url: str = ""

    def header(self, name: str) -> str:
        """Return the header's value, "" where there is none."""
        return self.headers.get(name.lower(), "")

    def json(self) -> object:
        """Return the body, decoded.

        Raises:
            ValueError: It is not JSON. The message holds nothing of the body.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            pass  # raised anew below, because the original carries the body
        msg = "the body is not JSON"
        raise ValueError(msg)


@frozen
class Request:
    """What is asked of a server.

    Attributes:
        method: In capitals.
        url: Without query; `params` are it.
        operation: What this is, in the user's words; for errors.
        params: Encoded here.
        json: The body, as JSON.
        form: The body, as a form; instead of `json`.
        headers: Beside those that every request has.
        token: Sent as bearer.
        trust: Digest of the CA bundle to trust instead of the system's; "" for the system's.
        deadline: For all of it. It is looked at between two pieces of the body; a server that sends nothing is left at
            the read time-out, which the deadline only shortens.
    """

    method: str
    url: str
    operation: str = field(kw_only=True)
    params: Mapping[str, str] = field(factory=dict, kw_only=True, repr=False)
    json: Body | None = field(default=None, kw_only=True, repr=False)
    form: Body | None = field(default=None, kw_only=True, repr=False)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True, repr=False)
    token: SecretValue | None = field(default=None, kw_only=True)
    trust: str = field(default="", kw_only=True)
    deadline: Deadline | None = field(default=None, kw_only=True)


@frozen
class Stream:
    """An answer that is read as it comes. Belongs to one thread, but for `cut`.

    Attributes:
        pieces: What comes; ends when the server ends it, raises `Unavailable` when it breaks off or falls silent.
        cut: Ends it from any thread.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    method: str
    url: str
    pieces: Iterator[bytes] = field(repr=False)
    cut: Callable[[], None] = field(repr=False)

    def whole(self) -> Response:
        """Return it read to its end."""
        return Response(self.status, self.headers, b"".join(self.pieces), self.method, self.url)


class HttpClient(Protocol):
    """What backends ask of a client for HTTP. Safe to call from several threads."""

    def send(self, request: Request) -> Response:
        """Return the server's answer, whatever its status.

        Reads (GET, HEAD) follow up to five redirects inside the origin; nothing is ever sent to another one.

        Raises:
            Unavailable: No connection, no answer in time, or one that breaks off.
            TLSError: No trust in the server, or its bundle is missing or broken.
            WrongEndpoint: A redirect to another origin, a body above the cap, or a URL that is none.
            AuthenticationFailed: The token cannot be sent in a header.
            DeadlineExceeded: The time was over before anything was sent.
            InvalidInput: The environment names a proxy that cannot be used.
        """
        ...


class StreamClient(Protocol):
    """What listeners ask of a client for HTTP. Safe to call from several threads."""

    def stream(self, request: Request, *, silence: float) -> AbstractContextManager[Stream]:
        """Return an answer that is read as it comes, whatever its status; redirects are not followed.

        Args:
            silence: Seconds without a byte after which nobody waits for another.

        Raises:
            Unavailable, TLSError, WrongEndpoint, AuthenticationFailed, InvalidInput: As for `HttpClient.send`, when it
                is opened; `Unavailable` when it breaks off or falls silent.
        """
        ...


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
        self._transports: dict[tuple[str, str], httpx.HTTPTransport] = {}

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`."""
        deadline = request.deadline or Deadline(self._clock)
        try:
            return self._followed(_url(request.url, request.params), request, deadline)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            error = _translated(exc, request.url, request.operation)
        raise error  # out here, or the original would be its context, and its request holds the token

    @contextmanager
    def stream(self, request: Request, *, silence: float) -> Iterator[Stream]:
        """See `StreamClient.stream`."""
        url = _url(request.url, request.params)
        sent = httpx.Request(
            request.method, url, headers=self._headers(request, origin=_origin(url)), content=_content(request)
        )
        sent = self._addressed(sent, request.deadline or Deadline(self._clock))
        sent.extensions["timeout"]["read"] = silence
        answer = self._opened_stream(sent, request, url)
        try:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            pieces = _pieces(answer, request, cap=self._policy.response_cap)
            place = f"{_origin(url)}{_path(url)}"
            yield Stream(answer.status_code, headers, request.method, place, pieces, partial(_cut, answer))
        finally:
            answer.close()

    def _opened_stream(self, sent: httpx.Request, request: Request, url: httpx.URL) -> httpx.Response:
        try:
            return self._transport(url, request).handle_request(sent)
        except httpx.HTTPError as exc:
            error = _translated(exc, request.url, request.operation)
        raise error  # out here, as in `send`

    def close(self) -> None:
        """Give all connections back. A later request opens new ones."""
        with self._lock:
            transports = list(self._transports.values())
            self._transports.clear()
            self._contexts.clear()
        for transport in transports:
            transport.close()

    # -- one exchange

    def _followed(self, url: httpx.URL, asked: Request, deadline: Deadline) -> Response:
        """Return the answer at the end of the redirects."""
        sent, content = self._headers(asked, origin=_origin(url)), _content(asked)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._exchange(httpx.Request(asked.method, url, headers=sent, content=content), asked, deadline)
            onward = _redirect(response, url, asked)
            if onward is None:
                return response
            url = onward
        raise WrongEndpoint(_origin(url), asked.operation, "its redirects do not end")

    def _exchange(self, request: httpx.Request, asked: Request, deadline: Deadline) -> Response:
        url, origin = request.url, _origin(request.url)
        if not deadline.remaining():
            raise DeadlineExceeded(f"{asked.operation} at {origin}: the time was over before it was asked")
        answer = self._transport(url, asked).handle_request(self._addressed(request, deadline))
        try:
            body = self._body(answer, asked, deadline, origin=origin)
        finally:
            answer.close()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, body, asked.method, f"{origin}{_path(url)}")

    def _body(self, response: httpx.Response, asked: Request, deadline: Deadline, *, origin: str) -> bytes:
        _check_plain(response, asked, origin=origin)
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._policy.response_cap:
                detail = f"its answer is larger than {self._policy.response_cap} bytes"
                raise WrongEndpoint(origin, asked.operation, detail)
            if not deadline.remaining():
                raise Unavailable(origin, asked.operation, "its answer did not end in time")
        return bytes(body)

    def _headers(self, asked: Request, *, origin: str) -> httpx.Headers:
        sent = httpx.Headers(asked.headers)
        sent["User-Agent"] = self._policy.user_agent
        sent.setdefault("Accept", "application/json")
        # Uncompressed: a few bytes of gzip can unpack to more than the cap before anybody counts them.
        sent["Accept-Encoding"] = "identity"
        if asked.json is not None:
            sent["Content-Type"] = "application/json"
        elif asked.form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        if asked.token is not None:
            sent["Authorization"] = _bearer(asked.token, origin=origin, operation=asked.operation)
        return sent

    def _addressed(self, request: httpx.Request, deadline: Deadline) -> httpx.Request:
        """Return the request with its time-outs, and sent to where `resolve` says."""
        connect, read = deadline.within(self._policy.connect_timeout), deadline.within(self._policy.read_timeout)
        request.extensions["timeout"] = {"connect": connect, "read": read, "write": read, "pool": connect}
        address = self._resolve.get(_address(request.url))
        if address is not None:
            # The Host header was made from the original URL; only the connection goes elsewhere.
            request.extensions["sni_hostname"] = request.url.host
            request.url = request.url.copy_with(host=address[0], port=address[1])
        return request

    # -- connections

    def _transport(self, url: httpx.URL, asked: Request) -> httpx.HTTPTransport:
        key = _origin(url), asked.trust
        with self._lock:  # nothing under it touches the network
            transport = self._transports.get(key)
            if transport is None:
                transport = self._transports[key] = self._opened(url, asked)
        return transport

    def _opened(self, url: httpx.URL, asked: Request) -> httpx.HTTPTransport:
        # The caller limits what is in flight; a second limit here could only make requests fail.
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=self._policy.in_flight, keepalive_expiry=_KEEP_SECONDS
        )
        proxy = None if _address(url) in self._resolve else _proxy(url)
        return httpx.HTTPTransport(verify=self._context(url, asked), limits=limits, proxy=proxy, trust_env=False)

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
            raise TLSError(_origin(url), asked.operation, "the CA bundle to trust is not at hand")
        try:
            return ssl.create_default_context(cadata=bundle.decode("ascii"))
        except (ssl.SSLError, ValueError):
            pass  # raised anew below, because the original may quote the bundle
        raise TLSError(_origin(url), asked.operation, "the CA bundle holds no certificate in PEM")


def _check_plain(response: httpx.Response, asked: Request, *, origin: str) -> None:
    """Refuse what is compressed all the same: one piece of it may unpack to more than fits into memory."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise WrongEndpoint(origin, asked.operation, "its answer is compressed, which was not asked for")


# -- streams


def _pieces(answer: httpx.Response, asked: Request, *, cap: int) -> Iterator[bytes]:
    """Yield what comes; of an answer that is no success, no more than the cap."""
    size, refused = 0, not answer.is_success
    _check_plain(answer, asked, origin=_origin(httpx.URL(asked.url)))
    try:
        for piece in answer.iter_bytes():
            size += len(piece)
            if refused and size > cap:
                raise WrongEndpoint(_origin(httpx.URL(asked.url)), asked.operation, "its answer is too large")
            yield piece
    except httpx.HTTPError as exc:
        error = _translated(exc, asked.url, asked.operation)
    else:
        return
    raise error


def _cut(answer: httpx.Response) -> None:
    """End a stream under whoever reads it: closing alone would leave them waiting."""
    with suppress(OSError):
        answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)


# -- URLs


def _address(url: httpx.URL) -> Address:
    return url.host, url.port or _PORTS.get(url.scheme, 0)


def _url(url: str, params: Mapping[str, str]) -> httpx.URL:
    return httpx.URL(url, params=params) if params else httpx.URL(url)


def _origin(url: httpx.URL) -> str:
    """Return scheme, host and port; without the user and password that a URL may hold."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _path(url: httpx.URL) -> str:
    """Return the path as it is sent: `URL.path` is decoded."""
    return url.raw_path.partition(b"?")[0].decode("ascii")


def _redirect(response: Response, url: httpx.URL, asked: Request) -> httpx.URL | None:
    """Return where to ask next, None when this is the answer."""
    location = response.header("location")
    if response.status not in _REDIRECTS or not location:
        return None
    origin, target = _origin(url), url.join(location)
    if _origin(target) != origin:
        detail = f"it redirects to {_origin(target)}, where nothing is sent; if the API is there, use that address"
        raise WrongEndpoint(origin, asked.operation, detail, status=response.status)
    if asked.method not in _READS:
        raise WrongEndpoint(origin, asked.operation, "it redirects a write; check the address", status=response.status)
    return target


def _proxy(url: httpx.URL) -> str | None:
    """Return the proxy that the environment names for this URL."""
    if _is_near(url.host) or proxy_bypass("{}:{}".format(*_address(url))):
        return None
    named = getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    if not proxy:
        return None
    full = proxy if "://" in proxy else f"http://{proxy}"
    if not full.startswith(("http://", "https://")):
        raise InvalidInput(
            [f"{url.scheme}_proxy: only http:// and https:// proxies are supported; correct or unset it"]
        )
    return full


def _is_near(host: str) -> bool:
    """Whether no proxy could stand between: this machine, and the metadata service of its cloud."""
    try:
        address = ip_address(host)
    except ValueError:
        return host in _NEAR or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local or host in _NEAR


# -- secrets on their way out


def _bearer(token: SecretValue, *, origin: str, operation: str) -> str:
    raw = token.reveal()
    # Checked here, because the parser below would quote the header in its complaint.
    if not raw or any(not 0x20 < byte < 0x7F for byte in raw):  # noqa: PLR2004 - the printable range of ASCII
        raise AuthenticationFailed(origin, operation, "authentication failed: the token does not fit into a header")
    return f"Bearer {token.text()}"


def _content(asked: Request) -> bytes | None:
    if asked.json is not None:
        return json.dumps(revealed(asked.json)).encode()
    return None if asked.form is None else urlencode(revealed(asked.form)).encode()


def revealed(body: Body) -> dict[str, object]:
    """Return a body as it is sent."""
    return {name: _revealed(value) for name, value in body.items()}


def _revealed(value: Sent) -> object:
    match value:
        case SecretValue():
            return value.text()
        case Mapping():
            return revealed(value)
        case list() | tuple():
            return [_revealed(item) for item in value]
        case _:
            return value


# -- errors


def _translated(exc: Exception, url: str, operation: str) -> BackendError:
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return WrongEndpoint("its address", operation, "it is not a URL that can be asked; check the scheme and host")
    origin, chain = _origin(httpx.URL(url)), _chain(exc)
    tls = next((link for link in chain if isinstance(link, ssl.SSLError)), None)
    if isinstance(exc, httpx.ConnectError) and tls is not None:
        return TLSError(origin, operation, _tls_words(tls))
    return Unavailable(origin, operation, _words(chain))


def _chain(exc: BaseException) -> list[BaseException]:
    """Return the exception and what lies below it; httpcore hides some causes from tracebacks, but not from here."""
    chain = [exc]
    while (below := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(below)
    return chain


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_WORDS.get(error.verify_code, "its certificate does not verify")
    return "the TLS handshake failed; does it speak https on this port?"


def _words(chain: list[BaseException]) -> str:
    for kind, words in _TROUBLE:
        if any(isinstance(link, kind) for link in chain):
            return words
    return "the connection broke off"


_TROUBLE: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.TimeoutException, "no answer in time"),
    (httpx.ProxyError, "the proxy refused"),
    (socket.gaierror, "its name does not resolve"),
    (ConnectionRefusedError, "the connection was refused"),
    (httpx.ConnectError, "no connection"),
)
"""What httpx or what lies below it says, in order of precedence."""
