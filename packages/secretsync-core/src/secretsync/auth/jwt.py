"""OIDC and JWT auth: a token that somebody else has signed for this program (kms-api §2.1)."""

from __future__ import annotations

from typing import ClassVar

from ..classes import frozen
from ..http import Body
from ..values import SecretValue
from .method import Means, Method


@frozen(kw_only=True)
class JwtAuth(Method):
    """The proof is what a file or a variable holds at each login; without these the credential `jwt`.

    Attributes:
        identity_id: Of the identity in the KMS.
        token_path: The file.
        token_variable: The name of the variable.
    """

    name: ClassVar[str] = "jwt"
    segment: ClassVar[str] = "jwt-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        ("ubject", "the token's subject is not the one that the identity allows"),
        ("udience", "the token is not for an audience that the identity allows"),
        ("laim", "the token has not the claims that the identity asks for"),
        ("401 ", "the KMS does not accept the token; check its issuer, key and end"),
    )
    identity_id: str
    token_path: str = ""
    token_variable: str = ""

    def prove(self, means: Means) -> Body:
        return {"identityId": self.identity_id, "jwt": self._token(means)}

    def _token(self, means: Means) -> SecretValue:
        if self.token_path:
            return means.file(self.token_path)
        if self.token_variable:
            return means.variable(self.token_variable)
        return means.require("jwt")["jwt"]


@frozen(kw_only=True)
class OidcAuth(JwtAuth):
    """The same proof, which the KMS checks with the keys that the issuer publishes."""

    name: ClassVar[str] = "oidc"
    segment: ClassVar[str] = "oidc-auth"
