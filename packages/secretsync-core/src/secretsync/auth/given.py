"""Tokens that were made in the KMS and are used as they are: token auth and service tokens (kms-api §1, §2.1).

They live as long as the KMS lets them, because no login brings another. An access token that says of itself that it is
of a server which never destroys what it does not renew is renewed; of any other only the KMS knows how old it is, and a
renewal past its maximum might be its end.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from ..classes import frozen
from ..values import SecretValue
from .method import GivenToken, Means

_PARTS: Final = 3
"""Of a service token; the fourth, which users are handed too, is a key that no server wants."""


@frozen(kw_only=True)
class TokenAuth(GivenToken):
    """The credential is `token`, an access token of an identity."""

    name: ClassVar[str] = "token-auth"

    def token(self, means: Means) -> SecretValue:
        return means.require("token")["token"]

    def renewable_for(self, token: SecretValue, now: datetime) -> float:
        claims = _claims(token)
        ends = claims.get("exp")
        if "creationEpoch" not in claims or not isinstance(ends, int):
            return 0.0
        return max(0.0, ends - now.timestamp())


@frozen(kw_only=True)
class ServiceToken(GivenToken):
    """The credential is a token whose rights are written in the KMS.

    Attributes:
        keys: Under which it may stand; the first that is there counts.
    """

    name: ClassVar[str] = "service-token"

    keys: tuple[str, ...] = ("serviceToken",)

    def token(self, means: Means) -> SecretValue:
        key = next((key for key in self.keys if key in means.credentials), self.keys[0])
        parts = means.require(key)[key].text().replace(" ", "").split(".")
        if parts[0] != "st" or len(parts) < _PARTS:
            raise means.useless(f'{key} of {means.source} is no service token: these begin with "st."')
        return SecretValue(".".join(parts[:_PARTS]))


def _claims(token: SecretValue) -> Mapping[str, object]:
    """Return what a token says of itself, {} if it says nothing; nobody is to trust it."""
    try:
        _, payload, _ = token.text().split(".")
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
