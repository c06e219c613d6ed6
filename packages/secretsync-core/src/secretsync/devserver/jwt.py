"""The compact form of signed claims (RFC 7515, RFC 7519): the shape of access tokens and of most proofs."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Final

from attrs import field

from ..classes import frozen
from .refusals import invalid_token

Claims = Mapping[str, object]

_HS256: Final = {"alg": "HS256", "typ": "JWT"}


@frozen
class Signed:
    """A token taken apart; nobody has checked it yet.

    Attributes:
        text: What the signature is of.
        key_id: Which key has signed it, by the token's own word.
    """

    claims: Claims
    text: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    key_id: str


def parsed(token: str) -> Signed:
    """Return the parts of a token with RS256.

    Raises:
        Refusal: 403 TokenError.
    """
    text, _, signature = token.rpartition(".")
    header, _, claims = text.partition(".")
    try:
        said, claimed = _decoded(header), _decoded(claims)
        raw = _bytes(signature)
    except ValueError:
        raise invalid_token("jwt malformed") from None
    if said.get("alg") != "RS256":
        raise invalid_token("invalid algorithm")
    return Signed(claimed, text.encode(), raw, str(said.get("kid", "")))


def signed(claims: Claims, *, key: bytes) -> str:
    """Return the claims with an HMAC-SHA256."""
    text = f"{encoded(_HS256)}.{encoded(claims)}"
    return f"{text}.{base64url(hmac.digest(key, text.encode(), 'sha256'))}"


def encoded(part: Claims) -> str:
    """Return one part of a token: JSON in base64url."""
    return base64url(json.dumps(part, separators=(",", ":")).encode())


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, object]:
    found = json.loads(_bytes(part))
    if isinstance(found, dict):
        return found
    msg = "it is no JSON object"
    raise ValueError(msg)


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
