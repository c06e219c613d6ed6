"""Azure auth: tokens of v1 for the configured resource."""

from __future__ import annotations

from ..methods import Azure
from ..refusals import invalid_token, unauthorized
from .globs import allows
from .means import Means, Sent
from .signed import audiences


def check(settings: Azure, sent: Sent, means: Means) -> None:
    """Refuse what is not the token of an allowed service principal."""
    claims = means.authority.claims(sent["jwt"], keys=settings.keys)
    if claims.get("iss") != f"https://sts.windows.net/{settings.tenant_id}/":
        raise invalid_token("jwt issuer invalid")
    if settings.resource.rstrip("/") not in {audience.rstrip("/") for audience in audiences(claims)}:
        raise invalid_token("jwt audience invalid")
    if not allows(settings.allowed_service_principals, str(claims.get("oid", ""))):
        raise unauthorized("Access denied: Azure service principal not allowed.")
