"""What an API server says when it says no: `ApiError`, and the words that Kubernetes uses for each case."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from secretsync.classes import frozen

Json = dict[str, Any]
"""A JSON object. Those that come out of the store are shared: copy before changing one."""


def copied(value: Any) -> Any:
    """Return a copy of what is made of JSON; `deepcopy`, which looks for much more in it, takes five times as long."""
    if isinstance(value, dict):
        return {name: copied(part) for name, part in value.items()}
    if isinstance(value, list):
        return [copied(part) for part in value]
    return value


_REASONS: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ApiError(Exception):
    """The API server refuses.

    Attributes:
        status: The HTTP status.
        reason: One of the CamelCase words of `metav1.StatusReason`.
        message: For people.
        details: As in `metav1.Status`; may be empty.
    """

    def __init__(self, status: int, reason: str, message: str, *, details: Json | None = None) -> None:
        super().__init__(status, reason, message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}"

    def to_json(self) -> Json:
        """Return the `v1.Status` that goes over the wire."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.status,
        }


@frozen
class Cause:
    """One thing that is wrong with an object; `field` is its path, `message` says what without the path."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@frozen
class Named:
    """Names an object, or a kind of objects, in errors."""

    group: str
    plural: str
    kind: str
    name: str = ""

    @property
    def resource(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def details(self, kind: str) -> Json:
        return {k: v for k, v in {"name": self.name, "group": self.group, "kind": kind}.items() if v}


def plain(status: int, message: str = "") -> ApiError:
    """Return an error that is about no object in particular."""
    return ApiError(status, _REASONS.get(status, ""), message or HTTPStatus(status).phrase)


def planned(status: int, retry_after: int) -> ApiError:
    """Return the error that a test has asked for, with the seconds after which a client may try again (0: unsaid)."""
    details = {"retryAfterSeconds": retry_after} if retry_after else {}
    return ApiError(status, _REASONS.get(status, ""), "a fault that the test planned", details=details)


def not_found(what: Named) -> ApiError:
    message = f'{what.resource} "{what.name}" not found'
    return ApiError(404, "NotFound", message, details=what.details(what.plural))


def already_exists(what: Named) -> ApiError:
    message = f'{what.resource} "{what.name}" already exists'
    return ApiError(409, "AlreadyExists", message, details=what.details(what.plural))


def conflict(what: Named, why: str = "") -> ApiError:
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {what.resource} "{what.name}": {why}'
    return ApiError(409, "Conflict", message, details=what.details(what.plural))


def forbidden(what: Named, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    message = f'{what.resource} "{what.name}" is forbidden: {why}'
    return ApiError(403, "Forbidden", message, details={**what.details(what.plural), **_causes(causes)})


def invalid(what: Named, causes: Sequence[Cause]) -> ApiError:
    """Return the error that lists every cause."""
    kind = f"{what.kind}.{what.group}" if what.group else what.kind
    listed = ", ".join(str(cause) for cause in causes)
    message = f'{kind} "{what.name}" is invalid: {listed if len(causes) == 1 else f"[{listed}]"}'
    return ApiError(422, "Invalid", message, details={**what.details(what.kind), **_causes(causes)})


def expired(version: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {version} ({oldest})")


def success(what: Named, uid: str) -> Json:
    """Return what a delete that is over answers."""
    details = {**what.details(what.plural), "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _causes(causes: Sequence[Cause]) -> Json:
    listed = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
    return {"causes": listed} if listed else {}
