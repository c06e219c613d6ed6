"""Faults on demand and the record of what was asked: what tests steer and look at. Safe to call from several threads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from functools import cache
from threading import Lock
from typing import Any, Final, Literal

import attrs
from attrs import field

from ..classes import frozen

Route = Literal[
    "login",
    "renew",
    "revoke",
    "list",
    "read",
    "slug",
    "project",
    "folders",
    "leases",
    "events",
    "status",
    "other",
    "*",
]

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
_BODIES: Final = {
    "route": _NO_ROUTE,
    "truncated": b'{"secrets":[{"id":"',
    "approval": b'{"approval":{"id":"fault","slug":"fault","status":"open","hasMerged":false}}',
}
_MEGABYTE: Final = 1_000_000
_HUGE: Final = 100
MASK: Final = "<hidden-by-infisical>"
"""What stands for a value that is not shown; clients compare it."""

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


Spoilt = Literal["json", "html", "route", "truncated", "huge", "bomb", "approval", "empty", "short", "hidden"]
"""What a body may be instead of the real one; the last three are made of that."""

_LIES: Final = frozenset({"empty", "short", "hidden"})


@frozen
class Fault:
    """What goes wrong on a route; with a `delay` or a `trickle` alone the request is answered as usual, only later.

    Attributes:
        route: Which requests; `*` is all of them.
        count: How many requests, None for all until it is cleared.
        writes: Only requests that are no reads, as in maintenance mode.
        status: Answered instead of the real answer; without a number 200 if there is a `body`.
        retry_after: Seconds, sent as `Retry-After`.
        location: Sent as `Location`.
        body: What the answer holds: the API's error, a proxy's page, the framework's word for a route that it does not
            know, JSON that breaks off with the connection, a hundred million bytes, as many in a few of gzip, or an
            approval in place of what was changed. Or what is left out of the real answer: all rows of a list, the
            second half of them, or the values.
        delay: Seconds of real time before anything else.
        trickle: Seconds of real time between two of the ten pieces in which the real answer comes.
        reset: The connection is reset without an answer, and nothing is done.
        lost: What is asked for is done, and the connection is reset in place of the answer.
        hang: No answer comes until the client or the server goes.
    """

    route: Route = "*"
    count: int | None = None
    writes: bool = False
    status: int | None = None
    retry_after: int | None = None
    location: str | None = None
    body: Spoilt | None = None
    delay: float = 0.0
    trickle: float = 0.0
    reset: bool = False
    lost: bool = False
    hang: bool = False

    @property
    def passes(self) -> bool:
        """The real answer is given, if late."""
        return self.status is None and self.body is None and not (self.reset or self.lost or self.hang)

    @property
    def lies(self) -> bool:
        """The answer is a real one, changed."""
        return self.body in _LIES

    def meets(self, route: str, method: str) -> bool:
        return self.route in ("*", route) and self.count != 0 and not (self.writes and method == "GET")


@frozen
class WrongAnswer:
    """What goes back in place of the real answer; the body so many `times`."""

    status: int
    body: bytes = field(repr=False)
    kind: str = "application/json"
    headers: Mapping[str, str] = {}
    times: int = 1


def wrong_answer(fault: Fault) -> WrongAnswer:
    """Return the answer in place of the real one."""
    status = fault.status or _OK
    headers = {"retry-after": str(fault.retry_after)} if fault.retry_after is not None else {}
    if fault.location is not None:
        headers["location"] = fault.location
    match fault.body:
        case "html":
            return WrongAnswer(status, _PAGE, "text/html", headers)
        case "huge":
            return WrongAnswer(status, b" " * _MEGABYTE, headers=headers, times=_HUGE)
        case "bomb":
            return WrongAnswer(status, _bomb(), headers={**headers, "content-encoding": "gzip"})
        case _:
            return WrongAnswer(status, _BODIES.get(fault.body or "") or _error(status), headers=headers)


def _error(status: int) -> bytes:
    error = _WORDS.get(status, "InternalServerError")
    body = {"reqId": "req-fault", "statusCode": status, "message": "Something went wrong", "error": error}
    return json.dumps(body).encode()


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(_HUGE * _MEGABYTE), mtime=0)


def lie(fault: Fault, raw: bytes) -> bytes:
    """Return the real answer to a read, changed; of anything else, the answer as it is."""
    body = json.loads(raw)
    if fault.body == "hidden":
        return json.dumps(_masked(body)).encode()
    if "secrets" not in body:
        return raw
    rows = body["secrets"] if fault.body == "short" else []
    return json.dumps({**body, "secrets": rows[: len(rows) // 2], "imports": []}).encode()


def _masked(body: Any) -> Any:
    match body:
        case {"secretValue": _}:
            return {**body, "secretValue": MASK, "secretValueHidden": True}
        case dict():
            return {name: _masked(value) for name, value in body.items()}
        case list():
            return [_masked(item) for item in body]
        case _:
            return body


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

    def take(self, route: str, method: str = "GET") -> Fault | None:
        """Return the fault that a request to the route meets, and count it."""
        with self._lock:
            for n, fault in enumerate(self._faults):
                if fault.meets(route, method):
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
