"""GCP auth: identity tokens of machines, and tokens that service accounts sign."""

from __future__ import annotations

import re
from typing import Final

from ..jwt import Claims
from ..methods import Gcp
from ..refusals import invalid_token, unauthorized
from .globs import allows
from .means import Means, Sent
from .signed import audiences

_ACCOUNT: Final = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com")


def check(settings: Gcp, sent: Sent, means: Means) -> None:
    """Refuse what is not the token of an allowed service account for this identity."""
    claims = means.authority.claims(sent["jwt"], keys=settings.keys)
    if sent["identityId"] not in audiences(claims):
        raise invalid_token("jwt audience invalid")
    account = _machine(settings, claims) if settings.type == "gce" else str(claims.get("sub", ""))
    if not _ACCOUNT.fullmatch(account) or not allows(settings.allowed_service_accounts, account):
        raise unauthorized("Access denied: GCP service account not allowed.")


def _machine(settings: Gcp, claims: Claims) -> str:
    """Return the account of a machine that is where it may be."""
    if claims.get("iss") != "https://accounts.google.com":
        raise invalid_token("jwt issuer invalid")
    google = claims.get("google")
    engine = google.get("compute_engine") if isinstance(google, dict) else None
    where = engine if isinstance(engine, dict) else {}
    if not allows(settings.allowed_projects, str(where.get("project_id", ""))):
        raise unauthorized("Access denied: GCP project not allowed.")
    if not allows(settings.allowed_zones, str(where.get("zone", ""))):
        raise unauthorized("Access denied: GCP zone not allowed.")
    return str(claims.get("email", ""))
