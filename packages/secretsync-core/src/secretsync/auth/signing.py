"""Claims signed with a private key, as JWTs (RFC 7515)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from ..values import SecretValue
from .method import Means
from .rs256 import sign


def jwt(means: Means, claims: Mapping[str, object], *, key: SecretValue, key_id: str) -> SecretValue:
    """Return the claims, signed by RS256.

    Args:
        means: Of the login, for errors.
        claims: What is signed.
        key: In PEM.
        key_id: By which the reader finds the public one.

    Raises:
        AuthenticationFailed: The key is no RSA key.
        MissingExtra: cryptography is not installed.
    """
    header = {"alg": "RS256", "typ": "JWT", "kid": key_id}
    text = b".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return SecretValue(text + b"." + _encoded(signature(means, text, key=key)))


def signature(means: Means, message: bytes, *, key: SecretValue) -> bytes:
    """Return the RSA signature of a message; raises as `jwt` does."""
    try:
        return sign(key, message)
    except ValueError as error:
        raise means.useless(f"the private key cannot be used: {error}") from None


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
