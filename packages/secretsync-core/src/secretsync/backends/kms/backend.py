"""Reads tokens, projects, folders and secrets of a KMS."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ...auth.logins import Logins
from ...auth.refusal import NO_ROUTE, OK, refusal
from ...auth.token import Token
from ...client_policy import ClientPolicy
from ...clock import Deadline
from ...errors import (
    AuthenticationFailed,
    Forbidden,
    NotFound,
    SecretSyncError,
    Unavailable,
    ValueHidden,
    WrongEndpoint,
)
from ...http import HttpClient, Request, Response
from ...ports import AnyQuery, AnyWire, Proofs
from ...queries import UNCHANGED, Absent, Found
from ...retry import Chance
from ...values import NO_VERSION, SecretValue, Version
from .decode import Hidden, Malformed
from .errors import failure, refused
from .queries import Folder, Project, ProjectSlug, Read, Secret, TokenProject
from .routes import Route, operation, routes

_NOT_MODIFIED: Final = 304
_ELSEWHERE: Final = frozenset({OK, *NO_ROUTE})
"""Statuses with which another program answers where the API should be: a page for everything, or nothing there."""


class KMSBackend:
    """Answers `Token`, `Project`, `ProjectSlug`, `TokenProject`, `Folder` and `Secret`. Safe to call from several threads.

    Every request is sent once, logins and idempotent reads too: the engine owns back-off, and a second try in here
    would escape its limits and its verdict about the host.

    Attributes:
        logins: The tokens it got.
    """

    answers: Collection[type[AnyQuery]] = frozenset({Token, Project, ProjectSlug, TokenProject, Folder, Secret})

    def __init__(self, http: HttpClient, policy: ClientPolicy, chance: Chance, *, proofs: Proofs) -> None:
        self._http = http
        self.logins: Logins = Logins(http, policy, chance=chance, proofs=proofs)
        self._spoken: dict[tuple[str, type[AnyQuery]], int] = {}
        """Which of the routes a host knows. Written without a lock: every writer has just seen its value work."""

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """Answer every query with a request of its own; see `ports.Backend`.

        Args:
            queries: Tokens, projects, folders and single secrets.
            known: Sent as `If-None-Match`.
            credential: Of a `Token` the credentials by key, None if it takes none; else the token.
            deadline: For all of it.
        """
        return {query: self._answer(query, known.get(query, NO_VERSION), credential, deadline) for query in queries}

    def _answer(self, query: AnyQuery, known: Version, credential: Found[Any] | None, deadline: Deadline) -> AnyWire:
        if not isinstance(query, Token | Read):
            raise TypeError(f"{type(query).__name__} is not for this backend")
        try:
            if isinstance(query, Token):
                return self.logins.token(query.identity, credential.value if credential else {}, deadline=deadline)
            if credential is None:
                raise TypeError(f"{type(query).__name__} came without its token")
            return self._ask(query, known, credential.value, deadline)
        except NotFound as error:
            return Absent(error)
        except WrongEndpoint as error:
            return failure(self._recognised(error, query, deadline), query)
        except SecretSyncError as error:
            return failure(error, query)

    def _ask(self, query: Read, known: Version, token: SecretValue, deadline: Deadline) -> AnyWire:
        route, response = self._routed(query, known, token, deadline)
        if response.status == _NOT_MODIFIED and known:
            return UNCHANGED
        if response.status != OK:
            error = refused(refusal(response), query)
            if isinstance(error, AuthenticationFailed | Forbidden):
                self.logins.refused(query.identity, token)
            raise error
        return Found(_decoded(route, response, query), version=_version(response))

    def _routed(self, query: Read, known: Version, token: SecretValue, deadline: Deadline) -> tuple[Route, Response]:
        """Return the first answer of a route that the server knows, beginning with the one that worked last."""
        ways, key = routes(query), (query.host, type(query))
        worked = self._spoken.get(key, 0)
        for n in sorted(range(len(ways)), key=lambda n: n != worked):
            response = self._get(query, ways[n], known=known, token=token, deadline=deadline)
            if response.status in {OK, _NOT_MODIFIED}:
                self._spoken[key] = n
                break
            if not refusal(response).unknown_route:
                break
        return ways[n], response

    def _get(self, query: Read, route: Route, *, known: Version, token: SecretValue, deadline: Deadline) -> Response:
        return self._http.send(
            Request(
                "GET",
                f"{query.host}/api{route.path}",
                operation=operation(query),
                params=route.params,
                headers={"If-None-Match": known} if known else {},
                token=token,
                trust=query.identity.trust,
                deadline=deadline,
            )
        )

    def _recognised(self, error: WrongEndpoint, query: Token | Read, deadline: Deadline) -> WrongEndpoint:
        """Return the error, or a better one where the other dialect answers (kms-api §13)."""
        if error.status not in _ELSEWHERE:
            return error
        health, trust = f"{query.host}/v1/kms/health", query.identity.trust
        try:
            found = self._http.send(Request("GET", health, operation=error.operation, trust=trust, deadline=deadline))
        except SecretSyncError:
            return error
        if found.status != OK or "html" in found.header("content-type"):  # the web interface answers every path
            return error
        detail = "it speaks the dialect /v1/kms, which is not supported yet"
        return WrongEndpoint(query.host, error.operation, detail, status=error.status)


def _version(response: Response) -> Version:
    """Return the ETag, if it can be sent back."""
    tag = response.header("etag")
    return Version(tag) if tag.isascii() and tag.isprintable() else NO_VERSION


def _decoded(route: Route, response: Response, query: Read) -> object:
    host, wanted = query.host, operation(query)
    try:
        body = response.json()
    except ValueError:
        if "json" in response.header("content-type"):
            raise Unavailable(host, wanted, "its answer breaks off", status=OK) from None
        detail = "this is not the KMS API: its answer is not JSON; check the address"
        raise WrongEndpoint(host, wanted, detail, status=OK) from None
    try:
        return route.decode(body)
    except Hidden as keys:
        raise ValueHidden(host, wanted, f"forbidden: the server hides the value of {keys}", status=OK) from None
    except Malformed as problem:
        raise WrongEndpoint(host, wanted, f"this is not the KMS API: {problem}") from None
