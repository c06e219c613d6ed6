"""Universal auth: a client id and a client secret for a token (kms-api §2)."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from ..client_policy import ClientPolicy
from ..clock import Deadline
from ..errors import AuthenticationFailed, CredentialsNotFound, WrongEndpoint
from ..http import HttpClient, Request, Response
from ..queries import Found, Identity
from ..retry import Chance
from ..values import SecretValue
from .refusal import OK, refusal

METHOD: Final = "universal-auth"
"""As `Identity.method` names it."""

KEYS: Final = ("clientId", "clientSecret")

_OPERATION: Final = "log in with universal auth"
_ASSUMED_LIFE: Final = 3600.0
"""Seconds, where the server names none: a token without a stated end may still have one."""
_JITTER: Final = 0.05


def login(
    http: HttpClient,
    identity: Identity,
    credentials: Mapping[str, SecretValue],
    *,
    policy: ClientPolicy,
    chance: Chance,
    deadline: Deadline,
) -> Found[SecretValue]:
    """Return a new access token, with the time to replace it and the time it ends.

    Tried once; waiting and trying again is the caller's business. No token goes with a login: the server would check
    it first, and refuse the login for an expired one. Safe to call from several threads.

    Raises:
        CredentialsNotFound: A key is missing or empty.
        AuthenticationFailed: The server does not accept the credentials, or they cannot be sent.
        RateLimited: The server asks for patience.
        Unavailable: No answer, or one of a server in trouble.
        WrongEndpoint: What answers is not the API.
    """
    body = _usable(credentials, identity)
    url = f"{identity.host}/api/v1/auth/{METHOD}/login"
    response = http.send(Request("POST", url, operation=_OPERATION, json=body, trust=identity.trust, deadline=deadline))
    if response.status != OK:
        raise _refused(response, identity)
    return _token(response, identity, renew_at=policy.renew_at, chance=chance)


def _usable(credentials: Mapping[str, SecretValue], identity: Identity) -> dict[str, SecretValue]:
    """Return both keys, without the white space that files and shells put around values."""
    found = {key: credentials[key].reveal().strip() for key in KEYS if key in credentials}
    if missing := [key for key in KEYS if not found.get(key)]:
        raise CredentialsNotFound(f"{' and '.join(missing)} missing or empty in {identity.source}")
    if broken := [key for key, raw in found.items() if not _is_text(raw)]:
        detail = f"authentication failed: {' and '.join(broken)} of {identity.source} not plain text"
        raise AuthenticationFailed(identity.host, _OPERATION, detail)
    return {key: SecretValue(raw) for key, raw in found.items()}


def _is_text(raw: bytes) -> bool:
    """Whether it is UTF-8 without control characters, which come from a wrong encoding or a pasted line break."""
    try:
        return raw.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _refused(response: Response, identity: Identity) -> Exception:
    said = refusal(response)
    # Every other 4xx is about the credentials, 404 and 422 too: servers name an unknown identity so (kms-api §2.2).
    return said.anywhere(host=identity.host, operation=_OPERATION) or said.raised(
        AuthenticationFailed, "authentication failed", host=identity.host, operation=_OPERATION
    )


def _token(response: Response, identity: Identity, *, renew_at: float, chance: Chance) -> Found[SecretValue]:
    try:
        body = response.json()
    except ValueError:
        body = None
    token = body.get("accessToken") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(token, str) or not token or not token.isascii():
        detail = "this is not the KMS API: it answers a login without a token; check the address"
        raise WrongEndpoint(identity.host, _OPERATION, detail, status=response.status)
    life = _life(body.get("expiresIn"))
    # Earlier by a little, so that tokens of one start are not replaced in one moment.
    return Found(SecretValue(token), renew_in=renew_at * life * (1.0 - _JITTER * chance()), expires_in=life)


def _life(seconds: object) -> float:
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool) and isfinite(seconds) and seconds > 0
    return float(seconds) if known else _ASSUMED_LIFE  # type: ignore[arg-type]
