"""The requests of logins, renewals and revocation, and what they bring (kms-api §2.1, §2.4)."""

from __future__ import annotations

from math import isfinite
from typing import Final

from ..classes import frozen
from ..clock import FOREVER
from ..errors import AuthenticationFailed, BackendError, Unavailable, WrongEndpoint
from ..http import Response
from ..values import SecretValue
from .method import GivenToken, Means, Method, Server
from .refusal import FORBIDDEN, OK, SERVER_ERRORS, UNAUTHORIZED, Refusal, refusal

ASSUMED_LIFE: Final = 3600.0
"""Seconds, where the server names none: a token without a stated end may still have one."""


@frozen
class Granted:
    """A token.

    Attributes:
        life: Seconds until it ends.
        budget: Seconds from its login that renewals can reach; FOREVER without a limit, 0.0 where none is possible.
    """

    token: SecretValue
    life: float = ASSUMED_LIFE
    budget: float = 0.0


def log_in(method: Method, means: Means) -> Granted:
    """Return the token of a login, which is tried once; waiting and trying again is the caller's business.

    No token goes with it: the server would check that first, and refuse the login for an expired one.

    Raises:
        CredentialsNotFound: What the proof is made of is not there.
        AuthenticationFailed: The server does not accept the proof, or it cannot be sent.
        RateLimited: The server asks for patience.
        Unavailable: No answer, or one of a server in trouble.
        WrongEndpoint: What answers is not the API.
    """
    method, means = method.prepared(means)
    if isinstance(method, GivenToken):
        token = method.token(means)
        life = method.renewable_for(token, means.server.deadline.clock.now())
        return Granted(token, life, FOREVER) if life else Granted(token)
    scope = {"organizationSlug": method.organization} if method.organization else {}
    proof = method.prove(means)
    response = means.server.post(f"{method.segment}/login", {**proof, **scope}, operation=method.operation)
    if response.status == OK:
        return _granted(response, means.server, method.operation)
    said = refusal(response)
    if said.status >= SERVER_ERRORS and method.trouble:
        detail = f"the server failed; {method.trouble}"
        raise said.raised(Unavailable, detail, host=means.server.host, operation=method.operation)
    raise _refused(said, means.server, method.operation, f"authentication failed: {method.remedy(said)}")


def renew(token: SecretValue, server: Server) -> Granted:
    """Return the token that takes the place of another one of the same login.

    Raises:
        AuthenticationFailed: The server renews it no more.
        RateLimited, Unavailable, WrongEndpoint: As for a login.
    """
    operation = "renew the access token"
    response = server.post("token/renew", {"accessToken": token}, operation=operation)
    if response.status != OK:
        raise _refused(refusal(response), server, operation, "the token can be renewed no more")
    return _granted(response, server, operation)


def revoke(token: SecretValue, server: Server) -> None:
    """Have the server refuse a token from now on; one that it refuses already is no error.

    Raises:
        RateLimited, Unavailable, WrongEndpoint: As for a login; the token may still be good.
    """
    operation = "revoke the access token"
    response = server.post("token/revoke", {"accessToken": token}, operation=operation)
    if response.status in {OK, UNAUTHORIZED, FORBIDDEN}:
        return
    raise _refused(refusal(response), server, operation, "the token was not revoked")


def _refused(said: Refusal, server: Server, operation: str, meaning: str) -> BackendError:
    # Every other 4xx is about the credentials, 404 and 422 too: servers name an unknown identity so (kms-api §2.2).
    return said.anywhere(host=server.host, operation=operation) or said.raised(
        AuthenticationFailed, meaning, host=server.host, operation=operation
    )


def _granted(response: Response, server: Server, operation: str) -> Granted:
    try:
        body = response.json()
    except ValueError:
        body = None
    token = body.get("accessToken") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(token, str) or not token or not token.isascii():
        detail = "this is not the KMS API: it answers a login without a token; check the address"
        raise WrongEndpoint(server.host, operation, detail, status=response.status)
    life, most = _seconds(body.get("expiresIn")), _seconds(body.get("accessTokenMaxTTL"))
    return Granted(SecretValue(token), life or ASSUMED_LIFE, 0.0 if most is None else most or FOREVER)


def _seconds(stated: object) -> float | None:
    """Return what is stated, None where nothing is that could be a time."""
    known = isinstance(stated, int | float) and not isinstance(stated, bool) and isfinite(stated) and stated >= 0
    return float(stated) if known else None  # type: ignore[arg-type]
