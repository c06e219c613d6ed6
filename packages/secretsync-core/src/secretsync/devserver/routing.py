"""HTTP without a network: a request that came, the answer that goes, and which endpoint gives it (kms-api §8).

An endpoint takes a `Call` and returns JSON, or raises a `Refusal`. The server hands calls in from its connections, and
a simulation from inside the process.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from attrs import field

from ..classes import frozen
from . import wire
from .entropy import Entropy
from .feed import Subscription
from .refusals import Refusal, bad_request

_NOT_MODIFIED: Final = 304


@frozen
class Call:
    """One request, read to its end. Header names are in lower case; `place` holds the named parts of the path."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = field(default={}, repr=False)
    body: bytes = field(default=b"", repr=False)
    place: Mapping[str, str] = {}
    address: str = ""
    """Of who asks; "" for a request from inside this process."""


@frozen
class Reply:
    """One answer; a `stream` is sent instead of a body, for as long as it lasts."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    stream: Subscription | None = None


Answer = wire.Json | Subscription | Reply
"""JSON, a stream, or a whole reply where it is neither."""

Endpoint = Callable[[Call], Answer]


@frozen
class Route:
    """Paths as `/projects/{id}`; `{name:path}` takes slashes too."""

    method: str
    path: str
    endpoint: Endpoint
    pattern: re.Pattern[str] = field(init=False, repr=False)

    @pattern.default
    def _compiled(self) -> re.Pattern[str]:
        named = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", self.path)
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", named))


class Router:
    """As thread-safe as its endpoints."""

    def __init__(self, routes: Iterable[Route], *, entropy: Entropy) -> None:
        self._routes = tuple(routes)
        self._entropy = entropy

    def answer(self, call: Call) -> Reply:
        """Return the JSON of the endpoint with an ETag, 304 to who has it already, or what was refused."""
        try:
            body = self._find(call)
        except Refusal as refusal:
            return written(wire.refusal(refusal, f"req-{self._entropy(7).hex()}"), status=refusal.status)
        if body is None:
            return written(wire.unknown_route(call.method, call.path), status=404)
        if isinstance(body, Subscription):
            return Reply(200, {}, stream=body)
        reply = body if isinstance(body, Reply) else written(body)
        known = call.headers.get("if-none-match", "").removeprefix("W/")
        return Reply(_NOT_MODIFIED, {"etag": known}) if known and reply.headers.get("etag") == known else reply

    def _find(self, call: Call) -> Answer | None:
        for route in self._routes:
            if route.method == call.method and (found := route.pattern.fullmatch(call.path)):
                return route.endpoint(
                    Call(call.method, call.path, call.query, call.headers, call.body, found.groupdict(), call.address)
                )
        return None


def json_body(call: Call) -> dict[str, object]:
    """Return the JSON object in a request's body.

    Raises:
        Refusal: 400 when there is none. The body is not shown.
    """
    try:
        body = json.loads(call.body)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair has no bytes
    except ValueError:
        body = None  # refused below, because the original error carries the body
    if not isinstance(body, dict):
        raise bad_request("Body is not a JSON object")
    return body


def written(body: wire.Json, *, status: int = 200) -> Reply:
    """Return JSON as it goes back, with its ETag."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.sha1(raw, usedforsecurity=False).digest()
    etag = f'"{base64.b64encode(digest).decode()}"'
    return Reply(status, {"etag": etag, "content-type": "application/json"}, raw)
