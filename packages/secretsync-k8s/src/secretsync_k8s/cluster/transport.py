"""The seam to the API server: JSON in, JSON out, and what a refusal means.

    request ──▶ Json                   2xx
            ├── Unavailable, TLSError  no answer, or 5xx: worth another try
            ├── RateLimited            429
            ├── AuthenticationFailed   401
            ├── Forbidden              403
            └── ApiError               every other refusal; `status` and `reason` say which

The server's own message is dropped at the door: for an invalid Secret it quotes the values it was sent, and so may the
message of an admission webhook. What remains is the reason and the paths of the fields, which are names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

from secretsync.errors import AuthenticationFailed, BackendError, Forbidden, RateLimited, Unavailable

Json = dict[str, Any]
Body = Json | list[Json]
"""What is sent: an object, or the operations of a JSON patch."""

API: Final = "the kubernetes API"
"""How errors name the API server; its address is the business of who connected."""

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
METADATA: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

TIMEOUT: Final = 15.0
"""Seconds for an ordinary request."""


class Stream(Protocol):
    """Objects as the server sends them. Iterated by one thread; `close` may come from any other and ends it."""

    def __iter__(self) -> Iterator[Json]: ...

    def close(self) -> None: ...


class Transport(Protocol):
    """Speaks to one API server. Safe to call from several threads."""

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Body | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = TIMEOUT,
    ) -> Json:
        """Return the object that the server answers with.

        Args:
            timeout: Seconds until the server begins to answer, those for the connection included, and then without a
                byte from it. What was sent by then may have been done, and is not sent on.

        Raises:
            BackendError: One of the classes above.
        """
        ...

    def stream(self, path: str, *, query: Mapping[str, str], accept: str = JSON, timeout: float) -> Stream:
        """Return the objects of a watch, once the server has accepted it.

        Args:
            timeout: Seconds without a byte from the server, after which the iteration raises `Unavailable`.

        Raises:
            BackendError: As for `request`; from the iteration too.
        """
        ...


class ApiError(BackendError):
    """The API server refuses, for a reason that the caller has to weigh.

    Attributes:
        reason: The server's word: `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Expired`, …
        causes: `field: reason` of what is invalid, never a value.
    """

    code = "api_error"

    def __init__(self, operation: str, reason: str, *, status: int, causes: tuple[str, ...] = ()) -> None:
        super().__init__(API, operation, f"{reason} ({', '.join(causes)})" if causes else reason, status=status)
        self.reason = reason
        self.causes = causes


def refused(operation: str, status: int, answer: Json, *, retry_after: float = 0.0) -> BackendError:
    """Return the error for an answer that is no success.

    Args:
        operation: What was tried, in words without values.
        answer: The server's `Status` object, {} if it sent something else.
        retry_after: Seconds, 0.0 if the server named none.
    """
    reason = str(answer.get("reason") or f"status {status}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(API, operation, "too many requests", status=status, retry_after=retry_after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unavailable(API, operation, reason, status=status)
    if known := _REFUSALS.get(status):
        return known(operation)
    return ApiError(operation, reason, status=status, causes=tuple(_causes(answer)))


def _causes(answer: Json) -> Iterator[str]:
    details = answer.get("details") or {}
    for cause in details.get("causes") or ():
        yield f"{cause.get('field') or '?'}: {cause.get('reason') or 'invalid'}"


def _unauthenticated(operation: str) -> BackendError:
    return AuthenticationFailed(API, operation, "the cluster does not accept our credentials", status=401)


def _forbidden(operation: str) -> BackendError:
    return Forbidden(API, operation, "forbidden; grant it to our service account by RBAC", status=403)


_REFUSALS: Final[Mapping[int, Callable[[str], BackendError]]] = {401: _unauthenticated, 403: _forbidden}
