"""Tokens of service accounts, as a TokenRequest gives them: the form of a JWT, and nobody's signature."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from .status import Cause, Json, Named, invalid

AUDIENCE: Final = "https://kubernetes.default.svc"
_HOUR: Final = 3600
_LEAST: Final = 600


def answer(request: Json, account: Json, *, now: datetime, chance: int) -> Json:
    """Return the TokenRequest with its token in the status.

    Args:
        account: The stored ServiceAccount.
        chance: 128 random bits; they become the token's id.

    Raises:
        ApiError: 422, the expiry is under ten minutes.
    """
    spec = request.get("spec") or {}
    seconds = spec.get("expirationSeconds") or _HOUR
    if seconds < _LEAST:
        cause = Cause(
            "spec.expirationSeconds", f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        )
        raise invalid(Named("authentication.k8s.io", "tokenrequests", "TokenRequest"), [cause])
    audiences = spec.get("audiences") or [AUDIENCE]
    until = now.replace(microsecond=0) + timedelta(seconds=seconds)
    claims = _claims(account["metadata"], audiences, since=now, until=until, chance=chance)
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": account["metadata"]["name"], "namespace": account["metadata"]["namespace"]},
        "spec": {**spec, "audiences": audiences, "expirationSeconds": seconds},
        "status": {"token": _token(claims), "expirationTimestamp": until.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }


def _claims(account: Json, audiences: list[str], *, since: datetime, until: datetime, chance: int) -> Json:
    namespace, name = account["namespace"], account["name"]
    return {
        "aud": audiences,
        "exp": int(until.timestamp()),
        "iat": int(since.timestamp()),
        "nbf": int(since.timestamp()),
        "iss": AUDIENCE,
        "jti": str(UUID(int=chance, version=4)),
        "sub": f"system:serviceaccount:{namespace}:{name}",
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": account["uid"]}},
    }


def _token(claims: Json) -> str:
    parts: tuple[Any, ...] = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = [urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts]
    return ".".join(part.rstrip(b"=").decode() for part in encoded) + ".unsigned"
