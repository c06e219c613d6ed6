"""Refusals as errors of ours, and how far each reaches (kms-api §8, §9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...auth.refusal import BAD_REQUEST, FORBIDDEN, NOT_FOUND, UNAUTHORIZED, UNPROCESSABLE, Refusal
from ...auth.token import Token
from ...errors import (
    AddressForbidden,
    AuthenticationFailed,
    BackendError,
    EnvironmentNotFound,
    Forbidden,
    InvalidRequest,
    NotFound,
    PathNotFound,
    ProjectNotFound,
    RateLimited,
    SecretNotFound,
    SecretSyncError,
    Unavailable,
    ValueHidden,
)
from ...queries import Failed, Query, Scope
from .queries import Project, ProjectSlug, Read, Secret, TokenProject
from .routes import operation

_ABSENT: Final[tuple[tuple[str, type[NotFound], str], ...]] = (
    ("Project with ", ProjectNotFound, "project not found"),
    ("Project not found", ProjectNotFound, "project not found"),
    ("Environment with slug", EnvironmentNotFound, "path not found: there is no such environment"),
    ("Folder with path", PathNotFound, "path not found"),
    ("Secret with name", SecretNotFound, "secret not found"),
    ("Secret with ID", SecretNotFound, "secret not found"),
    ("Dynamic secret with", SecretNotFound, "dynamic secret not found"),
)
"""How the server's message begins, and what is absent then; its `error` word is the same for most of them."""


Missing = tuple[type[NotFound], str]
"""The error of something that is not there, and how it is said."""

PATH: Final[Missing] = (PathNotFound, "path not found")
_OF_QUERY: Final[Mapping[type[object], Missing]] = {
    Project: (ProjectNotFound, "project not found"),
    ProjectSlug: (ProjectNotFound, "project not found"),
    TokenProject: (ProjectNotFound, "project not found"),
    Secret: (SecretNotFound, "secret not found"),
}
"""What an unknown 404 means, by what was asked; of a list it is the path."""


def refused(said: Refusal, query: Read) -> BackendError:
    """Return the error that a read's refusal means."""
    missing = _OF_QUERY.get(type(query), PATH)
    return told(said, host=query.host, operation=operation(query), missing=missing, forbidden="read this")


def told(said: Refusal, *, host: str, operation: str, missing: Missing, forbidden: str) -> BackendError:
    """Return the error that a refusal means.

    Args:
        missing: What an unknown 404 means.
        forbidden: What the identity may not do, in a few words.
    """
    kind, what = _meaning(said, missing, forbidden)
    return said.anywhere(host=host, operation=operation) or said.raised(kind, what, host=host, operation=operation)


def failure(error: SecretSyncError, query: Query[object]) -> Failed:
    """Return the failed answer of this query."""
    wait = error.retry_after if isinstance(error, RateLimited) else 0.0
    return Failed(error, _scope(error, query), wait)


def _meaning(said: Refusal, missing: Missing, forbidden: str) -> tuple[type[BackendError], str]:
    # An expired token is a 403 on most servers; only the word tells it from missing rights.
    if said.status == UNAUTHORIZED or (said.status == FORBIDDEN and said.error == "TokenError"):
        return AuthenticationFailed, "authentication failed: the token is not accepted"
    if said.status == FORBIDDEN and said.elsewhere:
        return AddressForbidden, "forbidden: the identity's tokens are not trusted from this program's IP address"
    if said.status == FORBIDDEN:
        return Forbidden, f"forbidden: the identity may not {forbidden}"
    if said.status in {BAD_REQUEST, NOT_FOUND} and (absent := _absent(said, missing)):
        return absent
    if said.status == UNPROCESSABLE:
        return InvalidRequest, f"the server rejects {', '.join(said.issues) or 'the request'}"
    return InvalidRequest, "the server rejects the request"


def _absent(said: Refusal, missing: Missing) -> Missing | None:
    for start, kind, what in _ABSENT:
        # Old servers say 400, and only for a project.
        if said.message.startswith(start) and (said.status == NOT_FOUND or start == "Project not found"):
            return kind, what
    return missing if said.status == NOT_FOUND else None


def _scope(error: SecretSyncError, query: Query[object]) -> Scope:
    match error:
        case AuthenticationFailed() if not isinstance(query, Token):
            return Scope.CREDENTIAL  # a login uses no token that could be exchanged
        case ValueHidden() | AddressForbidden():
            return Scope.QUERY  # the token is accepted, and another one of this identity is worth as much
        case Forbidden():
            return Scope.SUSPECT
        case RateLimited():
            return Scope.HOST
        case Unavailable() if error.nobody_there:
            return Scope.HOST
        case _:
            return Scope.QUERY
