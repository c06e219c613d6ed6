"""The compact form of signed claims (RFC 7515, RFC 7519): the shape of access tokens and of most proofs."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Final

Claims = Mapping[str, object]

_HS256: Final = {"alg": "HS256", "typ": "JWT"}


def signed(claims: Claims, *, key: bytes) -> str:
    """Return the claims with an HMAC-SHA256."""
    text = f"{encoded(_HS256)}.{encoded(claims)}"
    return f"{text}.{base64url(hmac.digest(key, text.encode(), 'sha256'))}"


def encoded(part: Claims) -> str:
    """Return one part of a token: JSON in base64url."""
    return base64url(json.dumps(part, separators=(",", ":")).encode())


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
