"""What goes to a server and what comes back, as values, and who carries it. No httpx in here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, Union
from urllib.parse import urlencode

from attrs import field

from ..classes import frozen
from ..clock import Deadline
from ..values import SecretValue

Address = tuple[str, int]
"""A host, by name or number, and a port."""

Sent = Union["str | int | bool | SecretValue | None", "Sequence[Sent]", "Mapping[str, Sent]"]
Body = Mapping[str, Sent]
"""A body to send; its secrets are revealed where it becomes bytes."""


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
        repeatable: To send it twice does no more than to send it once.
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
    repeatable: bool = field(default=True, kw_only=True)


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


def content(asked: Request) -> bytes | None:
    """Return the body of a request, None where it has none. Here secrets are revealed."""
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
