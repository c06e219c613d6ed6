"""Tokens that were made in the KMS and are used as they are: token auth and service tokens (kms-api §1, §2.1).

Neither is renewed. Nobody but the KMS knows how old such a token is, and a renewal past its maximum destroys it on some
servers; it lives as long as the KMS lets it.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import frozen

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
