"""What the API says when it says no (kms-api §8), read once for logins and for reads.

Only names are taken over into our errors: the status, the `error` word, the request id, and the paths of what a 422
complains about. The server's `message` may quote what was sent, so it is looked at and never repeated.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import field

from ..classes import frozen
from ..errors import BackendError, RateLimited, Unavailable, WrongEndpoint
from ..http import Response

OK: Final = 200
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
NO_ROUTE: Final = frozenset({NOT_FOUND, 405})
REQUEST_TIMEOUT: Final = 408
UNPROCESSABLE: Final = 422
TOO_MANY: Final = 429
SERVER_ERRORS: Final = 500

RETRY_AFTER_CAP: Final = 60.0
"""Seconds: no server keeps a host waiting for longer (kms-api §9)."""

_ADDRESS: Final = "IP address"
"""Stands in what servers say of an address that is not on a list; their word for it says no more than forbidden."""

_NAME: Final = re.compile(r"[\w .-]{1,64}", re.ASCII)


@frozen
class Refusal:
    """An answer without success.

    Attributes:
        asked: Method and URL, without query.
        error: The server's word for it, "" where it gave none.
        message: For telling kinds apart; never for our texts.
        issues: What a 422 complains about, by path.
        spoken: The body has the form in which the API refuses; a proxy or another program has not.
    """

    status: int
    asked: str
    error: str = ""
    message: str = field(default="", repr=False)
    request_id: str = ""
    issues: tuple[str, ...] = ()
    retry_after: float = 0.0
    spoken: bool = False

    @property
    def unknown_route(self) -> bool:
        """Whether there is no such route: the framework says so, or nobody there speaks this API."""
        return self.status in NO_ROUTE and (not self.spoken or self.message.startswith("Route "))

    @property
    def elsewhere(self) -> bool:
        """Whether who asks may not do so from its IP address."""
        return _ADDRESS in self.message

    def described(self, what: str) -> str:
        """Return what happened, with the request and the server's word."""
        return f"{what} ({self.asked}{', ' if self.error else ''}{self.error})"

    def raised(self, kind: type[BackendError], what: str, *, host: str, operation: str) -> BackendError:
        """Return an error of this kind that carries the refusal's facts."""
        return kind(host, operation, self.described(what), status=self.status, request_id=self.request_id)

    def anywhere(self, *, host: str, operation: str) -> BackendError | None:
        """Return the error where the status means the same whatever was asked, else None."""
        if self.status == TOO_MANY:
            detail = self.described("too many requests")
            wait = self.retry_after
            return RateLimited(host, operation, detail, status=TOO_MANY, request_id=self.request_id, retry_after=wait)
        if self.status == REQUEST_TIMEOUT or self.status >= SERVER_ERRORS:
            return self.raised(Unavailable, "the server failed", host=host, operation=operation)
        if self.unknown_route or self.status < BAD_REQUEST:
            return self.raised(
                WrongEndpoint, "this is not the KMS API; check the address", host=host, operation=operation
            )
        return None


def refusal(response: Response) -> Refusal:
    """Return what an answer other than a success tells."""
    body = _object(response)
    error, message = body.get("error"), body.get("message")
    return Refusal(
        status=response.status,
        asked=f"{response.method} {response.url}",
        error=_name(error),
        message=message if isinstance(message, str) else "",
        request_id=_name(body.get("reqId")),
        issues=_issues(message),
        retry_after=_seconds(response.header("retry-after")),
        spoken=isinstance(error, str) and isinstance(message, str | list),
    )


def _object(response: Response) -> dict[str, object]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _name(value: object) -> str:
    """Return the value if it is a short name: anything longer might quote what was sent."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def _issues(message: object) -> tuple[str, ...]:
    found = [item.get("path") for item in message if isinstance(item, dict)] if isinstance(message, list) else []
    paths = [".".join(map(str, path)) for path in found if isinstance(path, list)]
    return tuple(dict.fromkeys(path for path in paths if _name(path)))


def _seconds(text: str) -> float:
    return min(float(text), RETRY_AFTER_CAP) if text.isascii() and text.isdigit() else 0.0
