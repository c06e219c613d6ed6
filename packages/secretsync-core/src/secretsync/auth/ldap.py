"""LDAP auth: a user's name and password in a directory that the KMS knows (kms-api §2.1)."""

from __future__ import annotations

from typing import ClassVar

from ..classes import frozen
from ..http import Body
from .method import Means, Method


@frozen(kw_only=True)
class LdapAuth(Method):
    """The credentials are `username` and `password`.

    Attributes:
        identity_id: Of the identity in the KMS.
    """

    name: ClassVar[str] = "ldap"
    segment: ClassVar[str] = "ldap-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        ("401 ", "the directory does not accept the user's name or password, or the identity does not allow the user"),
    )
    identity_id: str

    def prove(self, means: Means) -> Body:
        return {"identityId": self.identity_id, **means.require("username", "password")}
