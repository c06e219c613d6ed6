"""JWT and OIDC auth: tokens of an issuer, by their signature and by what they claim."""

from __future__ import annotations

from ..jwt import Claims
from ..methods import Signed
from ..refusals import unauthorized
from .globs import allows
from .means import Means, Sent


def check(settings: Signed, sent: Sent, means: Means) -> None:
    """Refuse what is not a token that the issuer signed for this identity."""
    claims = means.authority.claims(sent["jwt"], keys=settings.keys)
    if settings.issuer and claims.get("iss") != settings.issuer:
        raise unauthorized("Access denied: issuer not allowed.")
    if not allows(settings.subject, str(claims.get("sub", ""))):
        raise unauthorized("Access denied: subject not allowed.")
    if settings.audiences and not set(settings.audiences) & set(audiences(claims)):
        raise unauthorized("Access denied: audience not allowed.")
    for name, pattern in settings.claims.items():
        if not allows(pattern, str(claims.get(name, ""))):
            raise unauthorized(f"Access denied: claim {name} not allowed.")


def audiences(claims: Claims) -> tuple[str, ...]:
    """Return for whom a token is."""
    found = claims.get("aud", ())
    return (found,) if isinstance(found, str) else tuple(map(str, found)) if isinstance(found, list | tuple) else ()
