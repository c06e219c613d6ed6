"""Faults on demand and the record of what was asked: what tests steer and look at. Safe to call from several threads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final, Literal

import attrs
from attrs import frozen

Route = Literal["login", "list", "read", "slug", "project", "folders", "leases", "events", "status", "other", "*"]

_OK: Final = 200
_WORDS: Final = {
    401: "UnauthorizedError",
    403: "PermissionDenied",
    404: "NotFound",
    429: "RateLimitExceeded",
    504: "GatewayTimeoutError",
}
_PAGE: Final = b"<html><body><h1>Bad Gateway</h1></body></html>"
_NO_ROUTE: Final = b'{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}'
_BROKEN_OFF: Final = b'{"secrets":[{"id":"'
_KEPT: Final = 10_000
_REDACTED: Final = "…"
_SHOWN: Final = frozenset(
    {
        "environment",
        "expandSecretReferences",
        "includeImports",
        "include_imports",
        "includePersonalOverrides",
        "projectId",
        "projectSlug",
        "recursive",
        "secretPath",
        "tagSlugs",
        "type",
        "viewSecretValue",
        "workspaceId",
        "workspaceSlug",
    }
)
"""Parameters whose values are recorded; others might carry what nobody may see."""


@frozen
class Fault:
    """What goes wrong on a route; with a `delay` alone the request is answered as usual, only later.

    Attributes:
        route: Which requests; `*` is all of them.
        count: How many requests, None for all until it is cleared.
        status: Answered instead of the real answer; without a number 200 if there is a `body`.
        retry_after: Seconds, sent as `Retry-After`.
        body: What the answer holds: the API's error, a proxy's page, the framework's word for a route that it does not
            know, JSON that breaks off with the connection, or of a list no rows at all, or the first half of them.
        delay: Seconds of real time before anything else.
        reset: The connection is reset without an answer.
        hang: No answer comes until the client or the server goes.
    """

    route: Route = "*"
    count: int | None = None
    status: int | None = None
    retry_after: int | None = None
    body: Literal["json", "html", "route", "truncated", "empty", "short"] | None = None
    delay: float = 0.0
    reset: bool = False
    hang: bool = False

    @property
    def passes(self) -> bool:
        """The real answer is given after the delay."""
        return self.status is None and self.body is None and not (self.reset or self.hang)

    @property
    def lies(self) -> bool:
        """The answer is a real one with rows left out."""
        return self.body in ("empty", "short")


def wrong_answer(fault: Fault) -> tuple[int, bytes, str]:
    """Return the status, body and content type of an answer in place of the real one."""
    status = fault.status or _OK
    if fault.body == "html":
        return status, _PAGE, "text/html"
    if fault.body == "truncated":
        return status, _BROKEN_OFF, "application/json"
    if fault.body == "route":
        return status, _NO_ROUTE, "application/json"
    error = _WORDS.get(status, "InternalServerError")
    body = {"reqId": "req-fault", "statusCode": status, "message": "Something went wrong", "error": error}
    return status, json.dumps(body).encode(), "application/json"


def lie(fault: Fault, raw: bytes) -> bytes:
    """Return the real answer to a list with rows left out; of anything else, the answer as it is."""
    body = json.loads(raw)
    if "secrets" not in body:
        return raw
    rows = body["secrets"] if fault.body == "short" else []
    return json.dumps({**body, "secrets": rows[: len(rows) // 2], "imports": []}).encode()


class Faults:
    """The faults in force, the oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def discard(self, fault: Fault) -> None:
        """Take this very fault back, if it is still in force."""
        with self._lock:
            self._faults = [one for one in self._faults if one is not fault]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    @property
    def any(self) -> bool:
        """Whether some are in force."""
        return bool(self._faults)

    def take(self, route: str) -> Fault | None:
        """Return the fault that a request to the route meets, and count it."""
        with self._lock:
            for n, fault in enumerate(self._faults):
                if fault.route in ("*", route) and fault.count != 0:
                    if fault.count is not None:
                        self._faults[n] = attrs.evolve(fault, count=fault.count - 1)
                    return fault
        return None


@frozen
class Asked:
    """One request that came; `status` is 0 as long as no answer has begun."""

    method: str
    path: str
    query: Mapping[str, str]
    route: str
    user_agent: str
    status: int = 0


class Journal:
    """The last requests, oldest first, without headers and bodies: neither tokens nor credentials are in it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: dict[int, Asked] = {}
        self._next = 0

    def add(self, asked: Asked) -> int:
        """Note a request that has come; return its number."""
        with self._lock:
            self._next += 1
            self._asked[self._next] = asked
            self._asked.pop(self._next - _KEPT, None)
            return self._next

    def answered(self, number: int, status: int) -> None:
        with self._lock:
            if number in self._asked:
                self._asked[number] = attrs.evolve(self._asked[number], status=status)

    def clear(self) -> None:
        with self._lock:
            self._asked.clear()

    def asked(self, route: str = "*") -> tuple[Asked, ...]:
        """Return what came on a route, `*` for all."""
        with self._lock:
            return tuple(one for one in self._asked.values() if route in ("*", one.route))


def redacted(query: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return a query with the values of unknown parameters left out."""
    return {name: value if name in _SHOWN else _REDACTED for name, value in query}
